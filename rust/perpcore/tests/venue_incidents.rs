//! Incidents whose control is a line of the core that no rulebook switches off. Each is told once; with the control the
//! outcome is safe, and in a build without it, by the feature of that name, the harm is done. `make test` runs the safe
//! side, `tools/soak.sh incidents` the other, one feature at a time and, as in release, without debug assertions, which
//! are a second control.
//!
//! tests/venue/test_incidents.py has the whole of each incident; figures that are not given there are ours.

#![allow(clippy::expect_used, clippy::panic, reason = "a scenario that is not what it says is to stop the run")]

#[path = "venue_incidents/scene.rs"]
mod scene;

use perpcore::fault::Code;
use perpcore::message::{Class, Halted, House, Kind, Phase, VenueCommand};
use scene::{E8, HOUR, RULES, SECOND, Scene, X, g, of, refused};

/// mango-2022-10-11-mngo: a gain that is not settled does not leave.
#[test]
fn without_unsettled_gain() {
    let mut scene = Scene::new(RULES, "0.0382", &[5_000_000, 5_000_000]);
    scene.trade(1, 0, "483000000", "0.0382");
    for price in ["0.10", "0.30", "0.91"] {
        scene.price(price);
    }
    // 483,000,000 · 0.8718
    assert_eq!(scene.figures(1).unrealized_pnl, 421_079_400 * E8);
    let sent = scene.send(1, 5_000_000 * E8);
    scene.price("0.0381");
    let worth = scene.figures(1).net_value;
    if cfg!(feature = "without_unsettled_gain") {
        // The money is gone, the gain is gone, and 48,300 are missing.
        assert_eq!((sent, worth), (Ok(()), -48_300 * E8));
    } else {
        assert_eq!((sent, worth), (Err(Code::NotWithdrawable), (5_000_000 - 48_300) * E8));
    }
}

/// hyperliquid-2025-03-26-jelly: margin does not leave by a trade with oneself either, at a price that one chooses.
#[test]
fn without_fill_rule() {
    let mut scene = Scene::new(RULES, "100", &[10_000, 1_000_000, 100_000]);
    scene.trade(0, 1, "1000", "100");
    scene.price("91");
    // 1,000 of 10,000 are left. At 89, within the collar, 11,000 would be lost: 1,000 that nobody has.
    scene.place(2, "1000", "89");
    let told = scene.place(0, "-1000", "89");
    let codes: Vec<_> = told.iter().filter_map(|event| event.code).collect();
    let worth = [scene.figures(0).net_value, scene.figures(2).net_value];
    if cfg!(feature = "without_fill_rule") {
        assert_eq!((of(&told, Kind::Filled).len(), worth), (1, [-1_000 * E8, 102_000 * E8]));
    } else {
        assert_eq!((of(&told, Kind::Filled).len(), worth), (0, [1_000 * E8, 100_000 * E8]));
        assert_eq!(codes, [Code::FillRefused]);
    }
}

/// hyperliquid-2025-03-26-jelly: the last settlement is not at a price that the index did not have in the last hour.
#[test]
fn without_settlement_range() {
    let mut scene = Scene::new(RULES, "0.0095", &[1_000_000, 1_000_000]);
    scene.trade(0, 1, "1000000", "0.0095");
    for (number, price) in ["0.0125", "0.0150", "0.0250", "0.037555"].into_iter().enumerate() {
        scene.1 = (number as i64 + 1) * 1_200 * SECOND;
        scene.price(price);
    }
    scene.tell(VenueCommand::Phase(X, Phase::Settling));
    scene.tell(VenueCommand::Settle(X, Some(g("0.0095")), "first"));
    let told = scene.tell(VenueCommand::Settle(X, Some(g("0.0095")), "second"));
    let gained = scene.figures(0).equity - 1_000_000 * E8;
    if cfg!(feature = "without_settlement_range") {
        // Who is long gets nothing of what the index rose.
        assert_eq!((refused(&told), of(&told, Kind::Settlement)[0].price), (Ok(()), g("0.0095")));
        assert_eq!(gained, 0);
    } else {
        assert_eq!(refused(&told), Err(Code::SettlementPrice));
        assert_eq!(refused(&scene.tell(VenueCommand::Settle(X, None, ""))), Ok(()));
        // 1,000,000 · 0.028055
        assert_eq!((gained, scene.figures(0).equity), (28_055 * E8, 1_028_055 * E8));
    }
}

/// drift-2022-05-11-pnl-order: who won is paid with what those who lost have, or waits.
#[test]
fn without_check_of_payers() {
    // W sold at 110 what he bought at 100; L, who is short from 100, has 120,000. At 110 he lost 100,000 of it, at 113
    // 130,000, which is more than he has.
    let mut scene = Scene::new(RULES, "100", &[150_000, 120_000, 1_000_000]);
    scene.trade(0, 1, "10000", "100");
    scene.price("110");
    scene.trade(2, 0, "10000", "110");
    scene.price("113");
    scene.tell(VenueCommand::Topup(House::Fund, None, None, 500_000 * E8));
    assert_eq!(scene.send(0, 150_000 * E8), Ok(()));
    assert_eq!(scene.send(0, 1), Err(Code::InsufficientBalance));
    let told = scene.later(8 * HOUR);
    let waits: Vec<_> = of(&told, Kind::SettlementDeferred).iter().map(|event| event.account).collect();
    let sent = scene.send(0, 100_000 * E8);
    if cfg!(feature = "without_check_of_payers") {
        // W is paid his 100,000 and M 30,000; L had 120,000 to pay with: 10,000 came from nowhere.
        assert_eq!((waits.len(), sent, scene.adds_up()), (0, Ok(()), false));
    } else {
        assert_eq!((waits, sent, scene.adds_up()), (vec![1], Err(Code::InsufficientBalance), true));
    }
}

/// deribit-2020-03-12-fund-drain: a fund that is empty pays nothing.
#[test]
fn without_floor_of_cash() {
    let funding =
        "funding = { every = \"1h\", sample = \"20m\", interest_8h = \"8%\", dead_zone = \"8%\", impact_notional = 1 }";
    let tiers = "tiers = [[1_000_000_000_000, \"0.4%\", 200]]";
    let rules = RULES.replace("tiers = [[1_000_000_000_000, \"5%\", 10]]", &format!("{funding}\n{tiers}"));
    let mut scene = Scene::new(&rules, "101", &[1_000_000, 1_000_000]);
    scene.tell(VenueCommand::Topup(House::Fund, None, None, 391 * E8));
    // Six who bought at 101 with 1 for each: at 100 they have nothing left, and owe 1 % of it an hour.
    for (number, size) in ["60", "50", "40", "30", "20", "8"].into_iter().enumerate() {
        scene.join(2 + number as u32, Class::Professional, size.parse().expect("a number"));
        scene.trade(2 + number as u32, 0, size, "101");
    }
    scene.price("100");
    scene.place(1, "100", "99.99");
    scene.place(1, "-100", "100.01");
    let mut draws = Vec::new();
    for hour in 1..=2 {
        for minutes in [40, 20, 0] {
            scene.1 = hour * HOUR - minutes * 60 * SECOND - SECOND;
            scene.price("100");
        }
        let told = scene.later(hour * HOUR);
        draws.extend(of(&told, Kind::FundDraw).iter().map(|event| (event.amount, event.balance, event.code)));
    }
    if cfg!(feature = "without_floor_of_cash") {
        assert_eq!(draws, [(208 * E8, 183 * E8, None), (208 * E8, -25 * E8, None)]);
    } else {
        assert_eq!(draws, [(208 * E8, 183 * E8, None), (183 * E8, 0, Some(Code::FundShort))]);
    }
}

/// gmx-2025-07-09-aggregate-desync: what all positions add up to is known wherever positions change.
#[test]
fn without_open_interest() {
    let mut scene = Scene::new(&format!("{RULES}limits = {{ open_interest = 1_100 }}\n"), "2000", &[10_000_000; 3]);
    scene.trade(0, 1, "100", "2000");
    scene.price("1000");
    scene.trade(0, 2, "1000", "1000");
    let third = refused(&scene.place(2, "-100", "1000"));
    if cfg!(feature = "without_open_interest") {
        // 1,100 are open, and the limit has not been noticed.
        assert_eq!((third, scene.adds_up()), (Ok(()), false));
    } else {
        assert_eq!((third, scene.adds_up()), (Err(Code::OpenInterest), true));
    }
}

/// balancer-2025-11-03-rounding-direction: tiny trades, settled again and again, make nobody richer.
#[test]
fn without_rounding_against() {
    let rules = (RULES.replace("0.0001", "0.00000001").replace("0.01", "0.00000001")).replace("\"8h\"", "\"1m\"");
    let mut scene = Scene::new(&rules, "0.00000800", &[1, 1]);
    for round in 0..100 {
        // 9e-8 are bought at 8e-6, settled at 7e-6, sold at 8e-6 again and settled: 9e-14 each time, far below 1e-8.
        scene.trade(0, 1, "0.00000009", "0.00000800");
        scene.price("0.00000700");
        scene.later((2 * round + 1) * 60 * SECOND);
        scene.price("0.00000800");
        scene.trade(1, 0, "0.00000009", "0.00000800");
        scene.later((2 * round + 2) * 60 * SECOND);
    }
    let gained = [0, 1].map(|account| scene.figures(account).equity - E8);
    // Each of the two wins once and loses once a round.
    if cfg!(feature = "without_rounding_against") {
        assert_eq!((gained, scene.adds_up()), ([100, 100], false));
    } else {
        assert_eq!((gained, scene.adds_up()), ([-100, -100], true));
    }
}

/// dydx-v4-2025-10-10-stale-oracle-on-resume, paradex-2026-01-19-funding-index-reset: after a restart nothing opens and
/// nobody is liquidated on a price of before.
#[test]
fn without_frozen_restart() {
    let mut scene = Scene::new(RULES, "100", &[100_000, 100_000]);
    scene.place(0, "-100", "100");
    scene.1 = 28_800 * SECOND;
    scene.tell(VenueCommand::Restart);
    let told = scene.place(1, "100", "100");
    scene.1 = 28_830 * SECOND;
    scene.price("112");
    let gained = scene.figures(1).unrealized_pnl;
    if cfg!(feature = "without_frozen_restart") {
        assert_eq!((refused(&told), gained), (Ok(()), 1_200 * E8));
    } else {
        assert_eq!((refused(&told), gained), (Err(Code::PhaseRefused), 0));
    }

    // Halted at 100; then the first one, long 1 with 11, had 4 at 93, which is less than 5 % of it. By now it is 112.
    let mut scene = Scene::new(&format!("{RULES}[liquidation]\n"), "100", &[11, 100_000]);
    scene.trade(0, 1, "1", "100");
    scene.tell(VenueCommand::Halt(Some(X)));
    scene.price("93");
    scene.1 = 28_800 * SECOND;
    scene.tell(VenueCommand::Restart);
    let mut told = scene.tell(VenueCommand::Resume(Some(X)));
    told.extend(scene.tell(VenueCommand::Phase(X, Phase::Open)));
    let closed = of(&told, Kind::LiquidationStep).iter().any(|event| event.account == 0);
    scene.1 = 28_830 * SECOND;
    scene.price("112");
    let has = scene.figures(0).equity;
    if cfg!(feature = "without_frozen_restart") {
        // Closed on the price of hours ago it has nothing of the rise.
        assert!(closed && has <= 4 * E8);
    } else {
        assert_eq!((closed, refused(&told), has), (false, Err(Code::PriceUnusable), 23 * E8));
    }
}

/// ftx-2019-2022-allow-negative: nobody's orders pass without margin.
#[test]
fn without_equal_accounts() {
    let mut scene = Scene::new(RULES, "100", &[]);
    scene.join(0, Class::AffiliatedMarketMaker, 0);
    scene.join(1, Class::Professional, 0);
    // A notional of 1,000,000.
    let [house, user] = [0, 1].map(|account| refused(&scene.place(account, "10000", "100")));
    if cfg!(feature = "without_equal_accounts") {
        assert_eq!((house, user), (Ok(()), Err(Code::InsufficientMargin)));
    } else {
        assert_eq!((house, user), (Err(Code::InsufficientMargin), Err(Code::InsufficientMargin)));
    }
}

/// hyperliquid-2025-03-26-jelly: nobody alone says at which price positions end.
#[test]
fn without_second_approval() {
    let mut scene = Scene::new(RULES, "0.0095", &[1_000_000, 1_000_000]);
    scene.trade(0, 1, "1000000", "0.0095");
    scene.1 = 1_200 * SECOND;
    scene.price("0.037555");
    scene.tell(VenueCommand::Phase(X, Phase::Settling));
    // 0.0095 is within the hour's range. Who approves it again is still one.
    let told = [0, 1].map(|_| scene.tell(VenueCommand::Settle(X, Some(g("0.0095")), "first")));
    let (settled, again) = (of(&told[0], Kind::Settlement).len(), refused(&told[1]));
    let gained = scene.figures(0).equity - 1_000_000 * E8;
    if cfg!(feature = "without_second_approval") {
        // Who is long has lost the 28,055 that he had gained.
        assert_eq!((settled, again, gained), (1, Err(Code::PhaseRefused), 0));
    } else {
        // 1,000,000 · 0.028055
        assert_eq!((settled, again, gained), (0, Err(Code::SecondApproval), 28_055 * E8));
        let told = scene.tell(VenueCommand::Settle(X, Some(g("0.0095")), "second"));
        assert_eq!((refused(&told), of(&told, Kind::Settlement)[0].price), (Ok(()), g("0.0095")));
    }
}

/// bitget-2025-04-20-voxel: whoever is halted makes no more trades, as maker either.
#[test]
fn without_halt() {
    let mut scene = Scene::new(&format!("{RULES}collar = {{ width = \"50%\" }}\n"), "0.125", &[100_000_000]);
    scene.join(1, Class::MarketMaker, 2_500_000);
    // What it sold it buys back: what would open is asked about once more as it trades, what reduces is not.
    scene.trade(0, 1, "5000000", "0.125");
    assert_eq!(refused(&scene.place(1, "5000000", "0.138")), Ok(()));
    scene.tell(VenueCommand::HaltOrders(Halted::Class(Class::MarketMaker)));
    let again = refused(&scene.place(1, "5000000", "0.138"));
    let filled = of(&scene.place(0, "-5000000", "0.138"), Kind::Filled).len();
    let lost = 2_500_000 * E8 - scene.figures(1).equity;
    assert_eq!(again, Err(Code::AccountHalted));
    if cfg!(feature = "without_halt") {
        // 5,000,000 · 0.013, after the halt.
        assert_eq!((filled, lost), (1, 65_000 * E8));
    } else {
        assert_eq!((filled, lost), (0, 0));
    }
}

/// binance-2025-04-01-act-limit-change: a change of rules closes no positions that nobody looked at.
#[test]
fn without_dry_run() {
    let mut scene = Scene::new(RULES, "1", &[450_000, 410_000, 2_000_000]);
    scene.trade(0, 2, "4400000", "1");
    scene.trade(1, 2, "4100000", "1");
    // 12 % of 4,400,000 are 528,000, of 4,100,000 492,000 and of 8,500,000 1,020,000; 5 % were 220,000 and 205,000.
    let stricter = RULES.replace("\"5%\", 10", "\"12%\", 8");
    let told = scene.tell(VenueCommand::ActivateRulebook(&stricter, false));
    let closed = of(&told, Kind::StatusChanged).len();
    if cfg!(feature = "without_dry_run") {
        assert_eq!((refused(&told), closed), (Ok(()), 2));
    } else {
        let refusal = told.last().expect("an event");
        assert_eq!((refusal.code, refusal.amount, closed), (Some(Code::RulebookForces), 8_500_000 * E8, 0));
        // Confirmed it comes into force.
        let told = scene.tell(VenueCommand::ActivateRulebook(&stricter, true));
        assert_eq!((refused(&told), of(&told, Kind::StatusChanged).len()), (Ok(()), 2));
    }
}

/// hyperliquid-2025-10-10-adl-cascade: who is deleveraged gives what the bankrupt one has, and no more.
#[test]
fn without_exact_deleveraging() {
    let mut scene = Scene::new(&format!("{RULES}[liquidation]\n"), "1000", &[1_100, 1_000_000, 1_000_000]);
    scene.trade(0, 1, "10", "1000");
    scene.trade(2, 1, "270", "1000");
    // The first has 1,100 − 1,200 = −100: its bankruptcy price is 890. The second, short 280, gained 33,600.
    let told = scene.price("880");
    let cut = of(&told, Kind::Adl);
    let taken = (cut[0].account, i128::from(cut[0].quantity), cut[0].amount);
    let left = scene.figures(1).equity - 1_033_600 * E8;
    if cfg!(feature = "without_exact_deleveraging") {
        // 280 · 10 for a deficit of 100: 28 times as much.
        assert_eq!((taken, left), ((1, 280 * E8, 2_800 * E8), -2_800 * E8));
    } else {
        assert_eq!((cut.len(), taken, left), (1, (1, 10 * E8, 100 * E8), -100 * E8));
    }
}

/// hyperliquid-2025-10-10-adl-cascade: nobody who is deleveraged loses more than it gained, and all that it has.
#[test]
fn without_cap_of_losses() {
    let rules = format!("{RULES}[instrument.Y-PERP]\nunderlying = \"Y\"\ntick = 0.0001\nlot = 0.01\n[liquidation]\n");
    let rules = rules.replace("[liquidation]", "tiers = [[1_000_000_000_000, \"5%\", 10]]\n[liquidation]");
    let mut scene = Scene::new(&rules, "1000", &[5_500, 1_000, 100_000]);
    scene.price_of(1, "1000");
    scene.tell(VenueCommand::Phase(1, Phase::Open));
    scene.trade(0, 1, "10", "1000");
    scene.trade_in(1, 0, 2, "10", "1000");
    // The first has 5,500 − 7,500 = −2,000. By maintenance margin, 500 and 125, X bears 1,600 of it: at 1,160. The second is
    // short 10 X, gained nothing and has 1,000.
    let told = scene.price_of(1, "250");
    let fell = of(&told, Kind::StatusChanged).iter().any(|event| event.account == 1);
    let has = [0, 1, 2].map(|account| scene.figures(account).equity);
    if cfg!(feature = "without_cap_of_losses") {
        // The second lost 1,600: all that it had, and 600 are cut from the gain of the third, who lost 400 in Y.
        assert_eq!((fell, has), (true, [0, 0, 106_500 * E8]));
    } else {
        // The third gained 7,500, lost 400 in Y, and 1,600 are cut from the rest.
        assert_eq!((fell, has), (false, [0, 1_000 * E8, 105_500 * E8]));
    }
}
