//! Two who belong together trade far from the mark, so that one gains what the other one cannot pay.
//!
//! 1 has 110 and holds 10 at the mark of 100, long or short; 2 is rich. Between them 10 change hands 20 away from the mark:
//! a loss of 200.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{Command, Event, Phase, Place, Trigger, TriggerBy, TriggerWhen, VenueCommand};

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Way {
    Taker,
    Maker,
    ReduceOnly,
    Stop,
    Amend,
    Auction,
    Isolated,
}

const WAYS: [Way; 7] = [Way::Taker, Way::Maker, Way::ReduceOnly, Way::Stop, Way::Amend, Way::Auction, Way::Isolated];

fn desk(way: Way, sign: f64) -> Desk {
    let mut desk = Desk::new(RULES);
    desk.open(1, 110.0);
    desk.rich(&[2, 3]);
    desk.place(limit(3, -10.0 * sign, 100.0));
    desk.place(Place { isolated: way == Way::Isolated, ..limit(1, 10.0 * sign, 100.0) });
    assert_eq!(desk.held(1, BTC, way == Way::Isolated), g(10.0 * sign));
    desk
}

/// 1 sells to 2, or buys from him, 20 away from the mark.
fn close(desk: &mut Desk, way: Way, sign: f64, quantity: f64) -> Vec<Event> {
    let price = 100.0 - 20.0 * sign;
    let (own, others) = (limit(1, -quantity * sign, price), limit(2, quantity * sign, price));
    match way {
        Way::Maker => {
            desk.place(own);
            desk.place(others)
        }
        Way::Amend => {
            desk.place(others);
            let rests = desk.place(Place { price: Some(g(100.0 + 20.0 * sign)), ..own });
            desk.amend(order(&rests), None, Some(price))
        }
        Way::Auction => {
            desk.ok(VenueCommand::Phase(BTC, Phase::Auction));
            desk.place(others);
            desk.place(own);
            desk.ok(VenueCommand::Phase(BTC, Phase::Open))
        }
        _ => {
            desk.place(others);
            let (by, when) = (TriggerBy::Mark, TriggerWhen::AtOrAbove);
            desk.place(Place {
                reduce_only: way == Way::ReduceOnly,
                isolated: way == Way::Isolated,
                trigger: (way == Way::Stop).then_some(Trigger { price: g(100.0), by, when }),
                ..own
            })
        }
    }
}

#[test]
fn a_close_that_would_leave_a_loss_to_the_fund_is_refused_however_it_comes() {
    for (way, sign) in WAYS.into_iter().flat_map(|way| [(way, 1.0), (way, -1.0)]) {
        let mut desk = desk(way, sign);
        let said = close(&mut desk, way, sign, 10.0);
        assert_eq!((traded(&said), ended(&said)), (0, Some(Code::FillRefused)), "{way:?} {said:?}");
        assert_eq!(desk.held(1, BTC, way == Way::Isolated), g(10.0 * sign), "{way:?}");
        // Nobody else's order ends for it.
        let rests = desk.venue.book(BTC).unwrap().account(2).orders;
        assert_eq!(rests, if way == Way::Maker { 0 } else { 1 }, "{way:?}");
    }
}

/// In parts of 1: after k of them equity is 110 − 20·k and maintenance 5·(10 − k): 30 and 30 after the fourth, 10 and 25
/// would be after the fifth. An isolated position has 100: 40 and 35 after the third, 20 and 30 would be after the fourth.
#[test]
fn nor_does_it_pass_in_many_parts() {
    for (way, sign) in WAYS.into_iter().flat_map(|way| [(way, 1.0), (way, -1.0)]) {
        let mut desk = desk(way, sign);
        let isolated = way == Way::Isolated;
        for _ in 0..12 {
            close(&mut desk, way, sign, 1.0);
        }
        let (held, equity) = if isolated { (7.0, 40.0) } else { (6.0, 30.0) };
        assert_eq!(desk.held(1, BTC, isolated), g(held * sign), "{way:?}");
        let figures = if isolated { desk.isolated(1) } else { desk.cross(1) };
        assert_eq!(figures.equity, m(equity), "{way:?}");
        // In the smallest parts there are no other rules: 0.1 more makes 28 of 29.5, or 38 of 34.5.
        for _ in 0..300 {
            close(&mut desk, way, sign, 0.1);
        }
        let figures = if isolated { desk.isolated(1) } else { desk.cross(1) };
        assert!(figures.net_value >= 0 && figures.equity >= figures.maintenance_margin, "{way:?} {figures:?}");
        // What was lost was there: settlement waits for nobody.
        let said = desk.settle();
        assert!(said.iter().all(|event| event.kind != perpcore::message::Kind::SettlementDeferred), "{way:?}");
    }
}

/// Back and forth, so that no position is left to be seen: each round loses 40 on 1, of 110 two rounds and a half.
#[test]
fn nor_in_rounds() {
    for sign in [1.0, -1.0] {
        let mut desk = Desk::new(RULES);
        desk.open(1, 110.0);
        desk.rich(&[2]);
        for _ in 0..20 {
            for (quantity, price) in [(sign, 100.0 + 20.0 * sign), (-sign, 100.0 - 20.0 * sign)] {
                desk.place(limit(2, -quantity, price));
                desk.place(limit(1, quantity, price));
                desk.ok(VenueCommand::CancelAll(None, Default::default()));
            }
        }
        let figures = desk.cross(1);
        assert!(figures.net_value >= 0, "{figures:?}");
        desk.settle();
        assert_eq!(desk.cash(1) + desk.cash(2), m(1_000_110.0));
    }
}

/// In an auction of both contracts at once each passes by itself; what the first one lost counts for the second.
#[test]
fn nor_in_two_contracts() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 220.0);
    desk.rich(&[2, 3]);
    for of in [BTC, ETH] {
        desk.trade_in(of, 1, 3, 10.0, 100.0);
    }
    // 220 and 100 of maintenance; a loss of 120 leaves 100 of 50, twice leaves −20.
    for of in [BTC, ETH] {
        let tell = |place: Place<'static>| VenueCommand::Book(of, Command::Place(place));
        desk.ok(VenueCommand::Phase(of, Phase::Auction));
        desk.ok(tell(limit(2, 10.0, 88.0)));
        desk.ok(tell(limit(1, -10.0, 88.0)));
    }
    let first = desk.ok(VenueCommand::Phase(BTC, Phase::Open));
    assert_eq!(traded(&first), g(10.0));
    assert_eq!(desk.cross(1).equity, m(100.0));
    let second = desk.ok(VenueCommand::Phase(ETH, Phase::Open));
    assert_eq!((traded(&second), ended(&second)), (0, Some(Code::FillRefused)));
}

/// A price that cannot be closed at is not opened at either: 1 with 110 buys 1 at 129, which is 29 too dear and needs 10.
#[test]
fn what_is_opened_too_dear_is_reserved_for() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 38.9);
    desk.rich(&[2]);
    desk.place(limit(2, -1.0, 129.0));
    assert_eq!(ended(&desk.place(limit(1, 1.0, 129.0))), Some(Code::InsufficientMargin));
    desk.deposit(1, "USD", 0.1);
    assert_eq!(traded(&desk.place(limit(1, 1.0, 129.0))), g(1.0));
    assert_eq!(desk.cross(1).equity, m(10.0));
}
