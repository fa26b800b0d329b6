//! What is let pass in two steps, or on two sides, of which each looks allowed.

use super::desk::*;
use perpcore::message::{Command, House, Kind, Place, PriceState, VenueCommand};

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

/// Who was met as a maker in one contract is still watched for his order in the other one: an order to sell 400 at 107 with
/// 4,300, met by a rise to 111.9 that makes it lose 400·4.9 and need 4,476.
#[test]
fn whose_order_was_met_is_watched_for_his_others() {
    for met in [false, true] {
        let mut desk = Desk::new(RULES);
        desk.open(5, 4_300.0);
        desk.rich(&[1]);
        desk.ok(VenueCommand::Book(ETH, Command::Place(limit(5, -400.0, 107.0))));
        if met {
            desk.place(limit(5, 9.0, 99.0));
            desk.place(limit(1, -9.0, 99.0));
        }
        let said = desk.mark(ETH, 111.9);
        let changed = kinds(&said, Kind::StatusChanged).iter().any(|event| event.account == 5);
        assert!(changed, "{met}: {:?}", desk.cross(5));
    }
}

/// Orders of two books may have equal ids: to amend one is no reason to leave out the other. 1,010 carry 50 of each at 100,
/// not 60.
#[test]
fn an_amendment_does_not_free_an_order_of_another_book() {
    let mut desk = Desk::new(RULES);
    desk.open(5, 1_010.0);
    desk.ok(VenueCommand::Book(ETH, Command::Place(limit(5, 50.0, 100.0))));
    let rests = order(&desk.place(limit(5, 50.0, 100.0)));
    assert_eq!(desk.cross(5).initial_margin, m(1_000.0));
    assert_eq!(refusal(&desk.amend(rests, Some(60.0), None)), Some(perpcore::fault::Code::InsufficientMargin));
    assert_eq!(refusal(&desk.amend(rests, Some(51.0), None)), None);
}
