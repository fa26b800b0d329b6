//! What is let pass in two steps, or on two sides, of which each looks allowed.

use super::desk::*;
use perpcore::message::{House, Place, PriceState, VenueCommand};

/// Both sides of a trade must sell coins to fund isolated positions, and the converter has enough for one: the other must
/// not end with a position that has no margin. Each buys 10 at 100 for 100 of margin.
#[test]
fn two_sides_do_not_spend_the_same_money_of_the_converter() {
    let mut desk = Desk::new(RULES);
    for account in [1, 2] {
        desk.open(account, 0.0);
        desk.deposit(account, "COIN", 10.0);
    }
    desk.ok(VenueCommand::Topup(House::Converter, None, None, m(150.0)));
    desk.place(Place { isolated: true, ..limit(2, -10.0, 100.0) });
    desk.place(Place { isolated: true, ..limit(1, 10.0, 100.0) });
    for account in [1, 2] {
        let of = desk.valued(account).isolated;
        assert!(of.iter().all(|(_, figures)| figures.equity >= figures.maintenance_margin), "{account} {of:?}");
    }
}

/// A rebate is not paid from the fees of others where the taker pays nothing.
#[test]
fn a_taker_without_cash_does_not_let_a_maker_drain_the_fees() {
    let fees = r#"settlement = "USD"
profit_credit = 1
fees = { standard = { maker = "-0.05%", taker = "0.06%" } }"#;
    let mut desk = Desk::with(&[(r#"settlement = "USD""#, fees)]);
    desk.rich(&[2, 3, 4]);
    desk.open(1, 100.0);
    // Fees of others.
    for _ in 0..100 {
        desk.trade(3, 4, 100.0, 100.0);
        desk.trade(4, 3, 100.0, 100.0);
    }
    desk.trade(3, 4, 100.0, 100.0);
    desk.trade(1, 2, 9.0, 100.0);
    desk.mark(BTC, 200.0);
    // All cash leaves in fees; the profit of 900 counts.
    let before = desk.house("fees");
    for _ in 0..500 {
        desk.place(limit(2, -1.0, 200.0));
        desk.place(limit(1, 1.0, 200.0));
        desk.place(limit(2, 1.0, 200.0));
        desk.place(limit(1, -1.0, 200.0));
    }
    assert!(desk.house("fees") >= before);
}

/// Who may only reduce does not turn his position by two orders that each reduce: long 10 with equity between maintenance
/// and initial margin.
#[test]
fn who_may_only_reduce_does_not_turn_his_position() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 10.0, 100.0);
    // Equity 80, initial margin 98, maintenance 49.
    desk.mark(BTC, 98.0);
    desk.place(limit(1, -10.0, 98.0));
    desk.place(limit(1, -10.0, 98.0));
    desk.place(limit(2, 20.0, 98.0));
    assert!(desk.held(1, BTC, false) >= 0);
}

/// The same while the mark is frozen.
#[test]
fn nobody_opens_by_two_reducing_orders_while_the_mark_is_frozen() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1000.0);
    desk.rich(&[2, 3]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.trade(3, 2, 10.0, 100.0);
    desk.ok(VenueCommand::Mark(BTC, g(100.0), PriceState::Frozen));
    desk.place(limit(1, -10.0, 100.0));
    desk.place(limit(1, -10.0, 100.0));
    // The other one reduces his short of 10, in one order; what he wants more is refused.
    desk.place(limit(2, 10.0, 100.0));
    desk.place(limit(2, 10.0, 100.0));
    assert!(desk.held(1, BTC, false) >= 0);
}
