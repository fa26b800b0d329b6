//! Incidents whose control is a line of the core that no rulebook switches off. Each is told once; with the control the
//! outcome is safe, and in a build without it, by the feature of that name, the harm is done. `make test` runs the safe
//! side, `tools/soak.sh incidents` the other, one feature at a time and, as in release, without debug assertions, which
//! are a second control.
//!
//! tests/venue/test_incidents.py has the whole of each incident; figures that are not given there are ours.

#![allow(clippy::expect_used, clippy::panic, reason = "a scenario that is not what it says is to stop the run")]

use perpcore::fault::Code;
use perpcore::message::{
    Class, Command, Event, House, Kind, Phase, Place, PriceState, Priced, Settings, Stp, Tif, VenueCommand,
};
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;

const E8: i128 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
const HOUR: i64 = 3_600 * SECOND;
const USD: u32 = 0;
const X: u32 = 0;

const RULES: &str = r#"
[venue]
settlement = "USD"
settle_every = "8h"
[asset.USD]
class = "fiat"
eligible = true
[instrument.X-PERP]
underlying = "X"
tick = 0.0001
lot = 0.01
tiers = [[1_000_000_000_000, "5%", 10]]
"#;

/// A decimal of at most eight places in g.
fn g(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part:0<8}");
    digits.parse().expect("a number")
}

/// A venue whose prices are told, at midnight of the first day.
struct Scene(Venue, i64);

impl Scene {
    fn new(rules: &str, price: &str, cash: &[i128]) -> Scene {
        let mut scene = Scene(Venue::new(&Rulebook::parse(rules, "incident.toml").expect("the rulebook")), 1);
        for (account, &amount) in cash.iter().enumerate() {
            scene.join(account as u32, Class::Professional, amount);
        }
        scene.price(price);
        scene.tell(VenueCommand::Phase(X, Phase::Open));
        scene
    }

    fn tell(&mut self, command: VenueCommand<'_>) -> Vec<Event> {
        let mut out = Vec::new();
        self.0.apply(self.1, 0, &command, &mut out);
        out
    }

    fn join(&mut self, account: u32, class: Class, amount: i128) {
        let settings = Settings { class: Some(class), approved: true, ..Settings::default() };
        self.tell(VenueCommand::OpenAccount(account, settings));
        if amount > 0 {
            self.tell(VenueCommand::Deposit(account, USD, amount * E8));
        }
    }

    /// Index and mark.
    fn price(&mut self, price: &str) -> Vec<Event> {
        let mut told = self.tell(VenueCommand::Index(Priced::Underlying(0), g(price), PriceState::Live));
        told.extend(self.tell(VenueCommand::Mark(X, g(price), PriceState::Live)));
        told
    }

    fn later(&mut self, time: i64) -> Vec<Event> {
        self.1 = time + 1;
        self.tell(VenueCommand::AdvanceTime)
    }

    fn place(&mut self, account: u32, quantity: &str, price: &str) -> Vec<Event> {
        let (sign, size) = quantity.strip_prefix('-').map_or((1, quantity), |size| (-1, size));
        let place = Place {
            account,
            client_id: None,
            quantity: sign * g(size),
            price: Some(g(price)),
            sent: None,
            tif: Tif::Gtc,
            until: None,
            post_only: None,
            reduce_only: false,
            isolated: false,
            trigger: None,
            stp: Stp::Taker,
            liquidation: false,
        };
        self.tell(VenueCommand::Book(X, Command::Place(place)))
    }

    /// The first buys from the second.
    fn trade(&mut self, buyer: u32, seller: u32, size: &str, price: &str) -> Vec<Event> {
        self.place(seller, &format!("-{size}"), price);
        self.place(buyer, size, price)
    }

    /// A withdrawal in g that is asked for and confirmed, or why it is not.
    fn send(&mut self, account: u32, amount: i128) -> Result<(), Code> {
        let asked = self.tell(VenueCommand::Withdraw(account, USD, amount));
        refused(&asked)?;
        let number = asked.last().expect("an event").order;
        refused(&self.tell(VenueCommand::ConfirmWithdrawal(number)))
    }

    fn figures(&self, account: u32) -> perpcore::margin::figures::Figures {
        self.0.valued(account, false).expect("an account").cross
    }

    fn adds_up(&self) -> bool {
        self.0.verify().is_empty()
    }
}

fn refused(events: &[Event]) -> Result<(), Code> {
    match events.iter().find(|event| event.kind == Kind::Rejected) {
        Some(event) => Err(event.code.expect("a code")),
        None => Ok(()),
    }
}

fn of(events: &[Event], kind: Kind) -> Vec<&Event> {
    events.iter().filter(|event| event.kind == kind).collect()
}

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

/// dydx-v4-2025-10-10-stale-oracle-on-resume, paradex-2026-01-19-funding-index-reset: after a restart nothing opens on a
/// price of before.
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
