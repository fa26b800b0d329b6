//! Isolated positions and their margin.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::{Kind, Place, Settings, VenueCommand};

fn apart(quantity: f64, price: f64) -> Place<'static> {
    Place { isolated: true, ..limit(1, quantity, price) }
}

/// 2 stands on the other side, then 1 trades.
fn trade(desk: &mut Desk, quantity: f64, price: f64) {
    desk.place(limit(2, -quantity, price));
    let said = desk.place(apart(quantity, price));
    assert_eq!(traded(&said), g(quantity.abs()), "{said:?}");
}

#[test]
fn margin_moves_with_what_is_held() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1_000.0);
    desk.rich(&[2]);
    trade(&mut desk, 10.0, 100.0);
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(900.0), m(100.0)));
    // 5 more at 104: 50 of margin and 5·4 of loss.
    trade(&mut desk, 5.0, 104.0);
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(830.0), m(170.0)));
    // Bought too cheap nothing is given back: 5 more at 96 move 50.
    trade(&mut desk, 5.0, 96.0);
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(780.0), m(220.0)));
    // A reduction moves nothing.
    trade(&mut desk, -15.0, 100.0);
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(780.0), m(220.0)));
    // From 5 to −8 at 98: initial margin rises from 50 to 80, and 8·2 are lost against the mark.
    trade(&mut desk, -13.0, 98.0);
    assert_eq!((desk.held(1, BTC, true), desk.margin(1, BTC)), (g(-8.0), m(266.0)));
    assert_eq!(desk.cash(1), m(734.0));
    // From −8 to 4 initial margin falls: only the loss of 4·1.5 moves.
    trade(&mut desk, 12.0, 101.5);
    assert_eq!((desk.held(1, BTC, true), desk.margin(1, BTC)), (g(4.0), m(272.0)));
    trade(&mut desk, -4.0, 100.0);
    assert_eq!(desk.margin(1, BTC), m(272.0));
    // Bought for 1,000 + 520 + 480 + 1,218, sold for 1,500 + 1,274 + 400: 44 lost.
    desk.settle();
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(956.0), 0));
    assert!(desk.venue.positions().all(|row| row.account != 1));
}

/// 1 has 1,000 and puts 100 behind 10; at 85 that position lacks 50, and nothing of the other 900 is asked for it.
#[test]
fn a_bankrupt_position_does_not_touch_the_wallet() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1_000.0);
    desk.rich(&[2]);
    trade(&mut desk, 10.0, 100.0);
    let said = desk.mark(BTC, 85.0);
    let change = kinds(&said, Kind::StatusChanged)[0];
    assert_eq!((change.instrument, change.after, change.amount), (BTC, Status::Bankrupt as u8, m(-50.0)));
    assert_eq!(kinds(&desk.settle(), Kind::SettlementDeferred).len(), 1);
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(900.0), m(100.0)));
    assert_eq!(desk.cross(1).withdrawable, m(900.0));
    // It does not get worse by trading: no close at the mark, no more of it.
    desk.place(limit(2, 10.0, 85.0));
    let said = desk.place(apart(-10.0, 85.0));
    assert_eq!((traded(&said), ended(&said)), (0, Some(Code::FillRefused)));
    assert_eq!(desk.withdraw(1, 900.0), None);
}

/// 100 of margin for 10 at leverage 10, 200 at leverage 5; orders reserve it in the wallet, with their loss.
#[test]
fn an_order_for_it_is_reserved_in_the_wallet() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 250.0);
    desk.rich(&[2]);
    let (key, leverage) = (Some((BTC, true)), Some(g(5.0)));
    desk.ok(VenueCommand::SetAccount(1, Settings { key, leverage, ..Settings::default() }));
    assert_eq!(ended(&desk.place(apart(12.501, 100.0))), Some(Code::InsufficientMargin));
    // 200 and 10·5 of loss.
    let rests = order(&desk.place(Place { post_only: None, ..apart(10.0, 105.0) }));
    assert_eq!(desk.cross(1).initial_margin, m(250.0));
    assert_eq!(desk.withdraw(1, 0.00000001), Some(Code::NotWithdrawable));
    // Nothing else is opened with it.
    assert_eq!(ended(&desk.place(limit(1, 0.001, 90.0))), Some(Code::InsufficientMargin));
    assert_eq!(traded(&desk.place(limit(2, -10.0, 105.0))), g(10.0));
    assert_eq!((desk.cash(1), desk.margin(1, BTC), desk.isolated(1).equity), (0, m(250.0), m(200.0)));
    assert_ne!(rests, 0);
}

/// The money for a resting order may be gone when it is met: lost in the cross account, which leaves 20 of 220.
#[test]
fn a_fill_whose_margin_is_gone_is_refused() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 220.0);
    desk.rich(&[2, 3]);
    let ask = VenueCommand::Book(ETH, perpcore::message::Command::Place(limit(3, -11.0, 100.0)));
    desk.ok(ask);
    let buy = VenueCommand::Book(ETH, perpcore::message::Command::Place(limit(1, 11.0, 100.0)));
    desk.ok(buy);
    desk.place(apart(10.0, 100.0));
    // 110 and 100 are needed of 220; at 82 of ETH 22 are left, and the order is gone.
    let said = desk.mark(ETH, 82.0);
    assert_eq!(ended(&said), Some(Code::AccountRestricted));
    assert_eq!(traded(&desk.place(limit(2, -10.0, 100.0))), 0);
}
