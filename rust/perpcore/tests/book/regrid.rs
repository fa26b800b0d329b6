//! The book goes by other terms, and orders end by their scope. Lines of events say lots and ticks of the terms at first.

use crate::desk::rejected;
use crate::setting::{LOT, TICK, limit, market, terms};
use perpcore::book::owner::Positions;
use perpcore::book::terms::{Step, Terms};
use perpcore::book::{Book, fast::Fast};
use perpcore::fault::Code;
use perpcore::message::*;

/// The same limits in a grid of so many g.
fn grid(tick: i64, lot: i64) -> Terms {
    let like = terms();
    let lots = |lots: i64| lots * LOT / lot;
    Terms {
        tick: Step::new(tick),
        lot: Step::new(lot),
        min_lots: lots(like.min_lots).max(1),
        max_lots: lots(like.max_lots),
        most_lots: i64::MAX / lot,
        position: lots(like.position),
        ..like
    }
}

/// An order that waits until the mark rises to 2,000 ticks.
fn waits(place: Place<'static>) -> Place<'static> {
    let trigger = Trigger { price: 2_000 * TICK, by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove };
    Place { trigger: Some(trigger), ..place }
}

behaviors! {
    orders_off_the_new_tick_end_in_the_order_of_acceptance(desk) {
        desk.rests(limit(1, 5, 101));
        desk.rests(limit(2, 5, 100));
        desk.rests(waits(limit(3, 5, 103)));
        desk.rests(waits(market(4, 5)));
        desk.rests(limit(5, -5, 105));
        desk.rests(waits(limit(6, 5, 104)));
        let said = desk.change_terms(grid(2 * TICK, LOT));
        assert_eq!(said, ["canceled off_tick #1 5@101", "canceled off_tick #3 5@103", "canceled off_tick #5 -5@105"]);
        assert_eq!((desk.queue(Side::Bid), desk.queue(Side::Ask)), (vec![(2, 5, 50)], vec![]));
        let ids = [desk.ids[4], desk.ids[6]].map(|id| desk.book.order(&Named::Order(id)).expect("it waits"));
        assert_eq!(ids.map(|rested| rested.order.price), [0, 52]);
        assert_eq!(desk.mark(2_000)[1..2], ["triggered #4 5@2000"]);
    }

    orders_of_which_what_is_left_or_filled_is_off_the_new_lot_end(desk) {
        desk.rests(limit(1, 4, 100));
        desk.rests(limit(2, 5, 100));
        desk.rests(limit(3, 10, 102));
        desk.rests(limit(4, 6, 101));
        desk.rests(waits(market(5, 3)));
        // Of #3 3 are filled and 6 are left.
        desk.place(Place { tif: Tif::Ioc, ..limit(9, -3, 102) });
        desk.amend(3, Some(9), None);
        assert_eq!(desk.change_terms(grid(TICK, 2 * LOT)),
            ["canceled off_lot #2 5@100", "canceled off_lot #3 6@102", "canceled off_lot #5 3@0"]);
        assert_eq!(desk.queue(Side::Bid), [(4, 3, 101), (1, 2, 100)]);
        assert_eq!((desk.book.account(4).open, desk.book.account(3).open), ([3, 0], [0, 0]));
    }

    an_order_off_both_is_off_the_tick(desk) {
        desk.rests(limit(1, 5, 101));
        assert_eq!(desk.change_terms(grid(2 * TICK, 2 * LOT)), ["canceled off_tick #1 5@101"]);
    }

    all_others_keep_id_queue_place_times_and_what_is_filled(desk) {
        desk.account(3, 3, Class::AffiliatedMarketMaker);
        desk.rests(limit(3, 5, 100));
        desk.rests(limit(1, 8, 100));
        desk.time = 7;
        desk.rests(Place { client_id: Some(ClientId::Number(4)), until: Some(90), tif: Tif::Gtd, ..limit(2, 5, 100) });
        desk.place(Place { tif: Tif::Ioc, ..limit(9, -3, 100) });
        let before: Vec<_> = desk.book.resting(Side::Bid).collect();
        assert_eq!(desk.change_terms(grid(TICK / 2, LOT / 4)), [""; 0]);
        let after: Vec<_> = desk.book.resting(Side::Bid).collect();
        let of = |lots: i64| lots * 4;
        let expected = before.iter().map(|rested| {
            let order = rested.order;
            let (left, filled) = (of(order.left), of(order.filled));
            let order = perpcore::book::store::Order { price: order.price * 2, left, filled, ..order };
            perpcore::book::Rested { order, ..*rested }
        });
        assert_eq!(after, expected.collect::<Vec<_>>());
        assert_eq!(desk.queue(Side::Bid), [(2, 20, 200), (3, 20, 200), (1, 20, 200)]);
        let named = Named::Client(2, ClientId::Number(4));
        assert_eq!(desk.book.order(&named).map(|rested| rested.order.id), Some(desk.ids[3]));
        assert_eq!(desk.place(Place { tif: Tif::Ioc, ..limit(9, -12, 100) }),
            ["accepted #5 -12@100", "filled #5 with #2 -5@100", "filled #5 with #3 -5@100", "filled #5 with #1 -2@100"]);
        assert_eq!(desk.at(90), [""; 0], "#3 is filled");
    }

    sizes_limits_and_the_collar_follow(desk) {
        desk.mark(1_000);
        desk.rests(limit(1, 60, 1_000));
        desk.rests(limit(1, 20, 1_000));
        desk.change_terms(grid(TICK / 2, 2 * LOT));
        // 80 of 90 lots are open; the collar of 1.25 % ends at 1,012.5.
        rejected(&desk.place(limit(1, 12, 1_000)), Code::PositionLimit);
        rejected(&desk.place(limit(1, 9, 1_000)), Code::OffLot);
        desk.rests(limit(1, 10, 1_000));
        let half = Place { price: Some(1_012 * TICK + TICK / 2), ..limit(2, 4, 0) };
        desk.rests(half);
        rejected(&desk.place(limit(2, 4, 1_013)), Code::OutsideCollar);
        desk.change_terms(Terms { collar_width: 2_000_000, open_orders: 2, ..grid(TICK, 2 * LOT) });
        assert_eq!(desk.queue(Side::Bid).len(), 3, "1,012.5 is off the tick");
        desk.rests(limit(2, 4, 1_020));
        desk.rests(limit(2, 4, 1_000));
        rejected(&desk.place(limit(2, 4, 1_000)), Code::TooManyOrders);
    }

    ages_follow(desk) {
        let second = 1_000_000_000;
        desk.rests(limit(1, 5, 100));
        desk.rests(Place { until: Some(3 * second), tif: Tif::Gtd, ..limit(1, 5, 99) });
        desk.at(second);
        desk.change_terms(Terms { max_age: 10 * second, ..terms() });
        assert_eq!(desk.book.find_next_end(), 3 * second);
        assert_eq!(desk.at(5 * second), ["expired until_reached #2 5@99"]);
        desk.change_terms(Terms { max_age: 6 * second, ..terms() });
        assert_eq!(desk.book.find_next_end(), 6 * second);
        assert_eq!(desk.at(6 * second - 1), [""; 0]);
        desk.change_terms(Terms { max_age: second, ..terms() });
        assert_eq!(desk.at(6 * second - 1), ["expired too_old #1 5@100"]);
    }

    the_last_trade_stays_what_it_was(desk) {
        desk.rests(limit(1, 5, 101));
        desk.place(limit(2, -5, 101));
        desk.change_terms(grid(4 * TICK, LOT));
        assert_eq!(desk.book.last_trade(), (1, 101 * TICK));
        desk.phase(Phase::Auction);
        desk.rests(limit(1, 5, 112));
        desk.rests(limit(2, -5, 80));
        assert_eq!(desk.book.indicative().map(|found| found.price), Some(25), "100 is nearest to 101");
    }

    client_ids_follow(desk) {
        let named = |id: u64| Place { client_id: Some(ClientId::Number(id)), tif: Tif::Ioc, ..limit(1, 5, 100) };
        let again = |said: &[String]| said[0].starts_with("accepted");
        for id in 1..=4 {
            desk.place(named(id));
        }
        desk.change_terms(Terms { client_ids: 2, ..terms() });
        let known = |desk: &crate::desk::Desk<S>, id| desk.book.remembers(1, &ClientId::Number(id), desk.time);
        assert_eq!([1, 2, 3, 4].map(|id| known(&desk, id)), [false, false, true, true]);
        // What a second has made forgotten does not come back by a longer window.
        desk.at(1_000_000_000);
        desk.change_terms(Terms { client_window: 9_000_000_000, ..terms() });
        assert_eq!([3, 4].map(|id| known(&desk, id)), [false, false]);
        assert!(again(&desk.place(named(3))));
        desk.at(9_000_000_000);
        assert!(known(&desk, 3));
    }

    the_same_terms_change_nothing(desk) {
        desk.rests(limit(1, 5, 101));
        let before = desk.book.digest(&desk.judge);
        assert_eq!(desk.change_terms(terms()), [""; 0]);
        assert_eq!(desk.book.digest(&desk.judge), before);
    }

    a_book_in_a_new_grid_is_one_that_was_in_it_from_the_start(desk) {
        let mut other = crate::desk::Desk::<S>::of(grid(TICK / 2, LOT / 2), crate::setting::Judge::lenient());
        other.judge.lot = LOT / 2;
        for desk in [&mut desk, &mut other] {
            desk.mark(100);
            desk.rests(Place { client_id: Some(ClientId::Number(1)), ..limit(1, 5, 100) });
            desk.rests(limit(2, 7, 100));
            desk.rests(limit(3, -7, 101));
            desk.rests(waits(market(4, 5)));
            desk.rests(waits(limit(4, 5, 103)));
            desk.place(limit(5, -6, 100));
        }
        assert_ne!(desk.book.digest(&desk.judge), other.book.digest(&other.judge));
        assert_eq!(desk.change_terms(grid(TICK / 2, LOT / 2)), [""; 0]);
        other.cause = desk.cause;
        assert_eq!(desk.book.digest(&desk.judge), other.book.digest(&other.judge));
        for desk in [&mut desk, &mut other] {
            assert_eq!(desk.place(limit(6, -6, 99))[1..], ["filled #7 with #2 -6@100"]);
        }
        assert_eq!(desk.book.digest(&desk.judge), other.book.digest(&other.judge));
    }

    orders_of_a_scope_end_for_a_reason_in_the_order_of_acceptance(desk) {
        desk.account(1, 7, Class::MarketMaker);
        desk.account(2, 7, Class::Professional);
        desk.account(3, 3, Class::MarketMaker);
        desk.rests(limit(3, 5, 100));
        desk.rests(limit(1, 5, 100));
        desk.rests(limit(2, -5, 110));
        desk.rests(waits(market(1, 5)));
        let class = CancelAll { class: Some(Class::MarketMaker), ..CancelAll::default() };
        let said = desk.withdraw_scope(&CancelAll { client: Some(7), ..class }, Code::Requested);
        assert_eq!(said, ["canceled requested #2 5@100", "canceled requested #4 5@0"]);
        assert_eq!(desk.withdraw_scope(&class, Code::Deadman), ["canceled deadman #1 5@100"]);
        assert_eq!(desk.withdraw_scope(&class, Code::Deadman), [""; 0]);
        assert_eq!(desk.queue(Side::Ask), [(3, 5, 110)]);
    }
}

/// The largest orders at the largest prices in the finest grid, and back in the coarsest.
#[test]
fn a_change_of_the_grid_stays_within_64_bits() {
    let whole = 100_000_000;
    let wide = |tick: i64, lot: i64| {
        let most_lots = i64::MAX / lot;
        Terms { min_lots: 1, max_lots: most_lots, position: i64::MAX, open_orders: 200, ..grid(tick, lot) }
    };
    let mut book = Book::<Fast>::new(wide(whole, whole));
    let (mut owner, mut out) = (Positions::default(), Vec::new());
    for at in 0..100 {
        let largest = Place { quantity: 1_000_000_000 * whole, price: Some(100_000_000 * whole), ..limit(1, 0, 0) };
        let price = if at % 2 == 0 { largest.price } else { Some(whole) };
        book.apply(&mut owner, 0, at, &Command::Place(Place { price, ..largest }), &mut out);
    }
    assert_eq!(book.len(), 92, "what a side may hold is below 2⁶³ g");
    out.clear();
    for (tick, lot) in [(1, 1), (whole, whole), (1, whole), (10_000_000_000_000_000, 100_000_000_000_000_000)] {
        book.change_terms(&mut owner, 0, wide(tick, lot), &mut out);
        let open = book.account(1).open[0];
        let levels: i64 = book.levels(Side::Bid).map(|level| level.lots).sum();
        assert_eq!((levels, open * lot), (open, book.len() as i64 * 1_000_000_000 * whole));
    }
    let off: Vec<_> = out.iter().map(|event| event.code).collect();
    assert_eq!((book.len(), off), (46, vec![Some(Code::OffTick); 46]), "the cheap ones are off the coarsest tick");
}
