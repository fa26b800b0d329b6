//! Settlement and funding, where somebody cannot pay.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{Event, House, Kind, Phase, Place, VenueCommand};

/// An interest of 1 % in 8 hours, sampled once at their end, whatever the book.
const FUNDED: &str = "collar = { width = \"30%\" }
funding = { interest_8h = \"1%\", dead_zone = \"1%\", impact_notional = 1, every = \"8h\", sample = \"8h\" }";

fn instruments(said: &[Event], kind: Kind) -> Vec<u32> {
    kinds(said, kind).iter().map(|event| event.instrument).collect()
}

/// 1 holds 10 of BTC with 100; at 85 he is worth −50. BTC waits, ETH does not; when 1 has money again both settle.
#[test]
fn a_bankrupt_bucket_lets_its_own_contract_wait_and_no_other() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2, 3]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.trade_in(ETH, 2, 3, 10.0, 100.0);
    desk.mark(BTC, 85.0);
    desk.mark(ETH, 90.0);
    let said = desk.settle();
    assert_eq!(instruments(&said, Kind::SettlementDeferred), [BTC]);
    assert_eq!(kinds(&said, Kind::SettlementDeferred)[0].account, 1);
    assert_eq!(instruments(&said, Kind::Settlement), [ETH]);
    // 2 is short of BTC with a gain of 150, which waits, and long of ETH with a loss of 100.
    assert_eq!((desk.cash(1), desk.cash(2), desk.cash(3)), (m(100.0), m(999_900.0), m(1_000_100.0)));
    assert_eq!(desk.withdraw(2, 999_900.0 - 85.0 - 90.0 + 0.00000001), Some(Code::NotWithdrawable));
    desk.deposit(1, "USD", 50.0);
    let said = desk.settle();
    assert_eq!(instruments(&said, Kind::Settlement), [BTC]);
    assert_eq!((desk.cash(1), desk.cash(2)), (0, m(1_000_050.0)));
}

/// 1 is worth enough in coins, which nobody buys: his contract waits until the converter has what he owes.
#[test]
fn who_cannot_turn_coins_into_money_lets_settlement_wait() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 0.0);
    desk.deposit(1, "COIN", 10.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.mark(BTC, 95.0);
    assert_eq!(instruments(&desk.settle(), Kind::SettlementDeferred), [BTC]);
    // 50 ÷ 95 = 0.526315789… coins, 0.52631579, bring 50.00000005.
    desk.ok(VenueCommand::Topup(House::Converter, None, None, 5_000_000_004));
    assert_eq!(instruments(&desk.settle(), Kind::SettlementDeferred), [BTC]);
    desk.ok(VenueCommand::Topup(House::Converter, None, None, 1));
    assert_eq!(instruments(&desk.settle(), Kind::Settlement), [BTC]);
    assert_eq!((desk.cash(1), desk.house("converter")), (5, 0));
}

/// Who waits does not use up what others need: 1 would need 60 of the converter's 50, 2 needs 40.
#[test]
fn who_waits_takes_nothing_from_the_converter() {
    let mut desk = Desk::new(RULES);
    for account in [1, 2] {
        desk.open(account, 0.0);
        desk.deposit(account, "COIN", 10.0);
    }
    desk.rich(&[3]);
    desk.trade(1, 3, 12.0, 100.0);
    desk.trade_in(ETH, 2, 3, 8.0, 100.0);
    desk.ok(VenueCommand::Topup(House::Converter, None, None, m(50.0)));
    desk.mark(BTC, 95.0);
    desk.mark(ETH, 95.0);
    let said = desk.settle();
    assert_eq!(instruments(&said, Kind::SettlementDeferred), [BTC]);
    assert_eq!(instruments(&said, Kind::Settlement), [ETH]);
}

/// What rounding leaves over only grows: three hold thirds of 0.1 that end at 0.001 of a cent.
#[test]
fn the_rounding_account_never_falls() {
    let mut desk = Desk::with(&[("lot = 0.001", "lot = 0.00000001"), ("tick = 0.1", "tick = 0.00000001")]);
    desk.rich(&[1, 2, 3, 4]);
    let mut rounding = 0;
    for round in 0..40 {
        let price = 100.0 + f64::from(round) * 0.00000003;
        desk.mark(BTC, price);
        for (account, quantity) in [(1, 0.03333333), (2, 0.03333333), (3, 0.03333334)] {
            desk.trade(account, 4, if round % 3 == 2 { -quantity } else { quantity }, price + 0.00000001);
        }
        desk.mark(BTC, price + 0.00000002);
        desk.settle();
        assert!(desk.house("rounding") >= rounding);
        rounding = desk.house("rounding");
    }
    assert!(rounding > 0);
}

/// Four accounts that make one funding of 100 at the mark of 100 and a rate of 1 %: 1 is long 100, 2 and 3 are short
/// 66.66666666 and 33.33333334. 1 came with 1,130 at 111 and is worth 30.
fn funded(fund: f64) -> Desk {
    let mut desk = Desk::with(&[("collar = { width = \"30%\" }", FUNDED), ("lot = 0.001", "lot = 0.00000001")]);
    desk.open(1, 1_130.0);
    desk.rich(&[2, 3, 4]);
    desk.mark(BTC, 111.0);
    desk.trade(1, 2, 66.66666666, 111.0);
    desk.trade(1, 3, 33.33333334, 111.0);
    desk.mark(BTC, 100.0);
    if fund > 0.0 {
        desk.fund(fund);
    }
    // Both sides of the book, so that the sample is valid.
    desk.place(limit(4, 1.0, 99.0));
    desk.place(limit(4, -1.0, 101.0));
    desk.time = (desk.time / (8 * HOUR) + 1) * 8 * HOUR - 1;
    desk.index(BTC, 100.0);
    desk
}

#[test]
fn the_fund_pays_what_a_payer_is_not_worth() {
    let mut desk = funded(1_000.0);
    let said = desk.settle();
    let funding = kinds(&said, Kind::Funding)[0];
    assert_eq!((funding.amount, funding.price), (1_000_000, g(100.0)), "{said:?}");
    // Settled first: 1 pays 1,100 and has 30; then 30 of 100.
    assert_eq!(desk.cash(1), 0);
    let draw = kinds(&said, Kind::FundDraw)[0];
    assert_eq!((draw.amount, draw.balance, draw.code), (m(70.0), m(930.0), None));
    assert_eq!(desk.cash(2), m(1e6) + m(66.66666666 * 11.0) + 6_666_666_666);
    assert_eq!(desk.cash(3), m(1e6) + m(33.33333334 * 11.0) + 3_333_333_334);
}

/// A fund of 50 leaves 20 to be cut: 20 · 66.66666666 ÷ 100 up to 13.33333334, 20 · 33.33333334 ÷ 100 up to 6.66666667; 1e-8
/// is left over.
#[test]
fn what_the_fund_lacks_is_cut_from_the_receivers() {
    let mut desk = funded(50.0);
    let said = desk.settle();
    let draw = kinds(&said, Kind::FundDraw)[0];
    assert_eq!((draw.amount, draw.balance, draw.code), (m(50.0), 0, Some(Code::FundShort)));
    assert_eq!(desk.cash(1), 0);
    assert_eq!(desk.cash(2), m(1e6) + m(66.66666666 * 11.0) + 6_666_666_666 - 1_333_333_334);
    assert_eq!(desk.cash(3), m(1e6) + m(33.33333334 * 11.0) + 3_333_333_334 - 666_666_667);
    assert_eq!(desk.house("rounding"), 1);
}

/// Without a fund 70 are cut, 46.666666662 up and 23.333333338 up, and a payer who is bankrupt pays nothing at all.
#[test]
fn nobody_pays_what_he_has_not() {
    let mut desk = funded(0.0);
    desk.settle();
    assert_eq!(desk.cash(2), m(1e6) + m(66.66666666 * 11.0) + 6_666_666_666 - 4_666_666_667);
    assert_eq!(desk.cash(3), m(1e6) + m(33.33333334 * 11.0) + 3_333_333_334 - 2_333_333_334);
    assert_eq!(desk.house("rounding"), 1);
    let had = desk.cash(2) + desk.cash(3);
    // Now 1 has nothing; at 99 he is worth −100, and the next funding of 99 is nobody's.
    desk.mark(BTC, 99.0);
    desk.time = (desk.time / (8 * HOUR) + 1) * 8 * HOUR - 1;
    desk.index(BTC, 99.5);
    let said = desk.settle();
    assert_eq!(kinds(&said, Kind::Funding)[0].amount, 1_000_000, "{said:?}");
    assert_eq!(instruments(&said, Kind::SettlementDeferred), [BTC]);
    assert_eq!((desk.cash(1), desk.cash(2) + desk.cash(3)), (0, had));
}

/// An isolated position pays from its margin, down to an equity of 0, and nothing of the wallet.
#[test]
fn an_isolated_position_pays_funding_of_its_own_margin() {
    let mut desk = Desk::with(&[("collar = { width = \"30%\" }", FUNDED)]);
    desk.open(1, 5_000.0);
    desk.rich(&[2, 4]);
    desk.place(limit(2, -100.0, 100.0));
    desk.place(Place { isolated: true, ..limit(1, 100.0, 100.0) });
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(4_000.0), m(1_000.0)));
    // At 90.5 its equity is 50, of 90.5 owed.
    desk.mark(BTC, 90.5);
    desk.place(limit(4, 1.0, 90.0));
    desk.place(limit(4, -1.0, 91.0));
    desk.fund(10.0);
    desk.time = (desk.time / (8 * HOUR) + 1) * 8 * HOUR - 1;
    desk.index(BTC, 90.5);
    let said = desk.settle();
    assert_eq!(kinds(&said, Kind::FundDraw)[0].amount, m(10.0));
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(4_000.0), 0));
    // 950 settled, then 50 + 10.
    assert_eq!(desk.cash(2), m(1e6) + m(950.0) + m(60.0));
}

/// An isolated position that is worth less than nothing at the settlement price, though not at the mark, makes the last
/// settlement wait: 10 at 100 with margin 100; at the index 80 it lacks 100.
#[test]
fn the_last_settlement_waits_for_an_isolated_position_that_is_bankrupt_at_its_price() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2]);
    desk.place(limit(2, -10.0, 100.0));
    desk.place(Place { isolated: true, ..limit(1, 10.0, 100.0) });
    assert_eq!(desk.held(1, BTC, true), g(10.0));
    desk.index(BTC, 80.0);
    desk.ok(VenueCommand::Phase(BTC, Phase::Settling));
    let said = desk.ok(VenueCommand::Settle(BTC, None, ""));
    assert_eq!(kinds(&said, Kind::SettlementDeferred).len(), 1, "{said:?}");
    assert_eq!(desk.cash(2), m(1e6));
}
