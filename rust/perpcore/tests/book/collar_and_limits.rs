//! Collars, sizes, counts and positions.

use crate::desk::{Desk, rejected};
use crate::setting::{Judge, LOT, TICK, limit, market, terms_around};
use perpcore::book::store::Store;
use perpcore::fault::Code;
use perpcore::message::*;

behaviors! {
    the_collar_holds_both_sides_to_the_tick(desk) {
        // 1.25 % of 1,000: 987.5 to 1,012.5; of 800: 790 to 810 exactly.
        desk.mark(1_000);
        rejected(&desk.place(limit(1, 5, 1_013)), Code::OutsideCollar);
        rejected(&desk.place(limit(1, -5, 987)), Code::OutsideCollar);
        desk.rests(limit(1, 5, 1_012));
        desk.cancel(1);
        desk.rests(limit(1, -5, 988));
        desk.cancel(2);
        desk.mark(800);
        rejected(&desk.place(limit(1, 5, 811)), Code::OutsideCollar);
        rejected(&desk.place(limit(1, -5, 789)), Code::OutsideCollar);
        desk.rests(limit(1, 5, 810));
        desk.cancel(3);
        desk.rests(limit(1, -5, 790));
    }

    only_the_aggressive_direction_is_held(desk) {
        desk.mark(1_000);
        desk.rests(limit(1, 5, 1));
        desk.rests(limit(1, -5, 100_000));
    }

    a_mark_that_is_no_price_is_refused_and_changes_nothing(desk) {
        desk.mark(1_000);
        for price in [0, -5, i64::MAX] {
            rejected(&desk.tell(&Command::Mark(price)), Code::OutOfRange);
            rejected(&desk.tell(&Command::Index(price)), Code::OutOfRange);
        }
        rejected(&desk.place(limit(1, 5, 1_013)), Code::OutsideCollar);
    }

    prices_and_quantities_are_on_their_grids(desk) {
        rejected(&desk.place(Place { price: Some(TICK + 1), ..limit(1, 5, 1) }), Code::OffTick);
        rejected(&desk.place(Place { quantity: 5 * LOT + 1, ..limit(1, 5, 1) }), Code::OffLot);
        rejected(&desk.place(limit(1, 0, 1)), Code::OffLot);
        for price in [0, -TICK, i64::MIN, i64::MAX] {
            rejected(&desk.place(Place { price: Some(price), ..limit(1, 5, 1) }), Code::OutOfRange);
        }
        for quantity in [i64::MIN, i64::MAX, 100_000_000_000_000_001] {
            rejected(&desk.place(Place { quantity, ..limit(1, 5, 1) }), Code::OutOfRange);
        }
    }

    sizes_are_within_minimum_and_maximum(desk) {
        rejected(&desk.place(limit(1, 2, 100)), Code::BelowMinSize);
        rejected(&desk.place(limit(1, 61, 100)), Code::AboveMaxSize);
        desk.rests(limit(1, 3, 100));
        desk.rests(limit(2, 60, 100));
    }

    the_minimum_spares_what_closes_a_position(desk) {
        desk.hold(1, 2);
        rejected(&desk.place(limit(1, -1, 100)), Code::BelowMinSize);
        rejected(&desk.place(limit(1, 2, 100)), Code::BelowMinSize);
        rejected(&desk.place(Place { isolated: true, ..limit(1, -2, 100) }), Code::BelowMinSize);
        desk.rests(limit(1, -2, 100));
    }

    an_account_has_at_most_so_many_orders(desk) {
        let trigger = Some(Trigger { price: TICK, by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
        for _ in 0..5 {
            desk.rests(limit(1, 3, 100));
        }
        desk.rests(Place { trigger, ..market(1, 3) });
        rejected(&desk.place(limit(1, 3, 100)), Code::TooManyOrders);
        rejected(&desk.place(Place { trigger, ..market(1, 3) }), Code::TooManyOrders);
        desk.rests(limit(2, -3, 101));
        assert_eq!(desk.place(market(1, 3))[1..], ["filled #8 with #7 3@101"], "what does not stay passes");
        desk.cancel(1);
        desk.rests(limit(1, 3, 100));
    }

    a_position_with_all_orders_of_a_side_is_within_the_limit(desk) {
        desk.rests(limit(1, 60, 100));
        desk.rests(limit(1, 30, 100));
        rejected(&desk.place(limit(1, 3, 100)), Code::PositionLimit);
        desk.rests(limit(1, -60, 110));
        desk.place(limit(2, -40, 100));
        assert_eq!(desk.judge.of(1, false), 40);
        rejected(&desk.place(limit(1, 3, 100)), Code::PositionLimit);
        rejected(&desk.place(Place { isolated: true, ..limit(1, 3, 100) }), Code::PositionLimit);
        desk.cancel(2);
        desk.rests(limit(1, 30, 100));
        // Sellers: −40 + 60 + 60 = 80; 11 more are 91.
        desk.rests(limit(1, -60, 110));
        rejected(&desk.place(limit(1, -11, 110)), Code::PositionLimit);
        desk.rests(limit(1, -10, 110));
    }

    a_repeated_client_id_brings_the_original_events(desk) {
        desk.rests(limit(2, -5, 100));
        let place = Place { client_id: Some(ClientId::Text("one")), ..limit(1, 8, 100) };
        desk.place(place);
        let first = desk.events.clone();
        assert_eq!(first.len(), 2);
        desk.time = 5;
        desk.place(place);
        assert_eq!(desk.events, first);
        rejected(&desk.place(Place { quantity: 9 * LOT, ..place }), Code::ClientIdReused);
        assert_eq!(desk.queue(Side::Bid), [(2, 3, 100)]);
        assert_eq!(desk.place(Place { account: 3, ..place })[..1], ["accepted #3 8@100"], "another's is another");
    }

    a_refused_order_is_remembered_by_its_id_too(desk) {
        let place = Place { client_id: Some(ClientId::Number(7)), ..limit(1, 61, 100) };
        desk.place(place);
        let first = desk.events.clone();
        desk.place(place);
        assert_eq!(desk.events, first);
        rejected(&desk.place(Place { quantity: 5 * LOT, ..place }), Code::ClientIdReused);
    }

    an_order_is_named_by_its_account_and_client_id(desk) {
        let id = ClientId::Number(7);
        desk.rests(Place { client_id: Some(id), ..limit(1, 5, 100) });
        let order = |account| Named::Client(account, id);
        rejected(&desk.tell(&Command::Cancel(Cancel { order: order(2), account: None })), Code::UnknownOrder);
        let amend = Amend { order: order(1), account: None, quantity: Some(4 * LOT), price: None };
        assert_eq!(desk.tell(&Command::Amend(amend)), ["amended #1 4@100"]);
        assert_eq!(desk.tell(&Command::Cancel(Cancel { order: order(1), account: None })).len(), 1);
        rejected(&desk.tell(&Command::Cancel(Cancel { order: order(1), account: None })), Code::UnknownOrder);
    }

    a_client_id_is_forgotten_after_its_time_but_not_while_the_order_lives(desk) {
        let place = |number| Place { client_id: Some(ClientId::Number(number)), ..limit(1, 5, 100) };
        desk.rests(place(1));
        desk.rests(place(2));
        desk.cancel(2);
        desk.time = 999_999_999;
        assert_eq!(desk.place(place(2)).len(), 1);
        assert_eq!(desk.events[0].seq, 1, "the original");
        desk.time = 1_000_000_000;
        desk.rests(place(2));
        desk.place(place(1));
        assert_eq!(desk.events[0].seq, 0, "the original: it lives");
        desk.cancel(1);
        desk.rests(place(1));
    }

    of_an_account_so_many_client_ids_are_remembered(desk) {
        let place = |number| Place { client_id: Some(ClientId::Number(number)), ..limit(1, 61, 100) };
        (1..=4).for_each(|number| { desk.place(place(number)); });
        desk.place(place(1));
        assert_eq!(desk.events[0].seq, 0);
        desk.place(place(5));
        desk.place(place(2));
        assert_eq!(desk.events[0].seq, 1);
        desk.place(place(1));
        assert_eq!(desk.events[0].seq, 5, "forgotten");
    }

    a_client_id_of_more_than_64_bytes_is_refused(desk) {
        let long = "x".repeat(65);
        let place = Place { client_id: Some(ClientId::Text(&long)), ..limit(1, 5, 100) };
        rejected(&desk.place(place), Code::OutOfRange);
        desk.rests(Place { client_id: Some(ClientId::Text(&long[1..])), ..limit(1, 5, 100) });
    }
}

fn collar_around_touch_and_index<S: Store>() {
    let mut desk = Desk::<S>::of(terms_around("touch"), Judge::lenient());
    desk.rests(limit(1, -5, 1_040));
    desk.mark(1_000);
    rejected(&desk.place(limit(2, 5, 1_054)), Code::OutsideCollar);
    assert_eq!(desk.place(limit(2, 5, 1_053)).len(), 2, "1.25 % above 1,040 is 1,053");
    let mut desk = Desk::<S>::of(terms_around("index"), Judge::lenient());
    desk.mark(500);
    desk.rests(limit(1, 5, 5_000));
    desk.index(1_000);
    rejected(&desk.place(limit(2, 5, 1_013)), Code::OutsideCollar);
}

#[test]
fn the_collar_goes_by_what_the_rulebook_says() {
    collar_around_touch_and_index::<perpcore::book::fast::Fast>();
    collar_around_touch_and_index::<perpcore::book::reference::Reference>();
}
