//! Limit, market, gtc, ioc, fok, post-only, and what the owner says.

use crate::desk::{Desk, rejected};
use crate::setting::{Judge, LOT, TICK, limit, market, terms};
use perpcore::book::owner::{Fill, Refused};
use perpcore::book::store::Store;
use perpcore::fault::Code;
use perpcore::message::*;

fn ioc(account: u32, lots: i64, price: i64) -> Place<'static> {
    Place { tif: Tif::Ioc, ..limit(account, lots, price) }
}

fn fok(account: u32, lots: i64, price: i64) -> Place<'static> {
    Place { tif: Tif::Fok, ..limit(account, lots, price) }
}

fn post(account: u32, lots: i64, price: i64, how: PostOnly) -> Place<'static> {
    Place { post_only: Some(how), ..limit(account, lots, price) }
}

behaviors! {
    what_is_left_of_a_limit_order_rests_at_its_limit(desk) {
        desk.rests(limit(1, -5, 100));
        assert_eq!(desk.place(limit(2, 8, 101)), ["accepted #2 8@101", "filled #2 with #1 5@100"]);
        assert_eq!(desk.queue(Side::Bid), [(2, 3, 101)]);
    }

    an_event_of_a_trade_names_both_sides(desk) {
        desk.account(1, 1, Class::MarketMaker);
        desk.rests(limit(1, -5, 100));
        desk.place(limit(2, 5, 100));
        let filled = desk.events[1];
        assert_eq!((filled.account, filled.other_account), (2, 1));
        assert_eq!((filled.class, filled.other_class), (Class::Professional, Class::MarketMaker));
        assert_eq!((filled.quantity, filled.price, filled.trade), (5 * LOT, 100 * TICK, 1));
        assert_eq!(filled.aggressor, Aggressor::Bid);
        assert_eq!((desk.judge.of(2, false), desk.judge.of(1, false)), (5, -5));
    }

    immediate_or_cancel_never_rests(desk) {
        desk.rests(limit(1, -5, 100));
        assert_eq!(desk.place(ioc(2, 8, 100)),
            ["accepted #2 8@100", "filled #2 with #1 5@100", "canceled unmatched #2 3@100"]);
        assert!(desk.book.is_empty());
    }

    a_market_order_without_a_mark_trades_at_any_price_and_says_none(desk) {
        desk.rests(limit(1, -5, 900_000));
        assert_eq!(desk.place(market(2, 8)),
            ["accepted #2 8@0", "filled #2 with #1 5@900000", "canceled unmatched #2 3@0"]);
        desk.rests(limit(1, 5, 1));
        assert_eq!(desk.place(market(2, -8))[1..], ["filled #4 with #3 -5@1", "canceled unmatched #4 -3@0"]);
    }

    a_market_order_is_canceled_at_the_edge_of_the_collar(desk) {
        // 1.25 % of 1,000 ticks: at most 1,012.5.
        desk.rests(limit(1, -5, 1_012));
        desk.rests(limit(1, -5, 1_013));
        desk.mark(1_000);
        assert_eq!(desk.place(market(2, 8))[1..], ["filled #3 with #1 5@1012", "canceled unmatched #3 3@0"]);
        assert_eq!(desk.queue(Side::Ask), [(2, 5, 1_013)]);
    }

    fill_or_kill_trades_all_or_is_refused(desk) {
        desk.rests(limit(1, -5, 100));
        desk.rests(limit(2, -5, 101));
        rejected(&desk.place(fok(3, 11, 101)), Code::NotFillable);
        rejected(&desk.place(fok(3, 6, 100)), Code::NotFillable);
        assert_eq!(desk.place(fok(3, 10, 101)).len(), 3);
        assert!(desk.book.is_empty());
    }

    a_refused_fill_or_kill_takes_no_number(desk) {
        rejected(&desk.place(fok(3, 11, 101)), Code::NotFillable);
        assert_eq!(desk.place(limit(1, 5, 100)), ["accepted #1 5@100"]);
        assert_eq!(desk.events[0].seq, 1, "numbers without gaps");
    }

    fill_or_kill_does_not_count_its_own_group(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(limit(1, -5, 100));
        desk.rests(limit(3, -5, 101));
        for stp in [Stp::Taker, Stp::Both, Stp::Decrement] {
            rejected(&desk.place(Place { stp, ..fok(2, 5, 101) }), Code::NotFillable);
        }
        assert_eq!(desk.place(Place { stp: Stp::Maker, ..fok(2, 5, 101) })[1..],
            ["canceled self_trade #1 -5@100", "filled #3 with #2 5@101"]);
    }

    fill_or_kill_ignores_its_own_group_beyond_what_it_needs(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(limit(3, -5, 100));
        desk.rests(limit(1, -5, 100));
        assert_eq!(desk.place(fok(2, 5, 101))[1..], ["filled #3 with #1 5@100"]);
    }

    post_only_is_refused_where_it_would_trade_and_rests_where_not(desk) {
        desk.rests(limit(1, -5, 100));
        rejected(&desk.place(post(2, 5, 100, PostOnly::Reject)), Code::WouldTake);
        assert_eq!(desk.place(post(2, 5, 99, PostOnly::Reject)), ["accepted #2 5@99"]);
        rejected(&desk.place(post(3, -5, 99, PostOnly::Reject)), Code::WouldTake);
    }

    post_only_slides_to_one_tick_beside_the_other_side(desk) {
        desk.rests(limit(1, -5, 100));
        assert_eq!(desk.place(post(2, 5, 105, PostOnly::Slide)), ["accepted #2 5@99"]);
        assert_eq!(desk.place(post(3, -5, 90, PostOnly::Slide)), ["accepted #3 -5@100"]);
        assert_eq!(desk.place(post(3, -5, 99, PostOnly::Slide)), ["accepted #4 -5@100"]);
        assert_eq!(desk.queue(Side::Ask), [(1, 5, 100), (3, 5, 100), (4, 5, 100)]);
    }

    post_only_cannot_slide_below_one_tick(desk) {
        desk.rests(limit(1, -5, 1));
        rejected(&desk.place(post(2, 5, 3, PostOnly::Slide)), Code::WouldTake);
    }

    what_does_not_fit_together_is_refused(desk) {
        let gtd = Place { tif: Tif::Gtd, ..limit(1, 5, 100) };
        for place in [
            Place { price: None, ..limit(1, 5, 100) },
            Place { post_only: Some(PostOnly::Slide), ..ioc(1, 5, 100) },
            gtd,
            Place { until: Some(5), ..limit(1, 5, 100) },
            Place { price: None, until: Some(5), ..gtd },
        ] {
            rejected(&desk.place(place), Code::ConflictingValues);
        }
        assert!(desk.book.is_empty());
    }

    cancels_end_one_order_or_all_of_a_scope(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::AffiliatedMarketMaker);
        desk.rests(limit(1, 5, 100));
        desk.rests(limit(2, 6, 101));
        desk.rests(limit(3, 7, 99));
        desk.rests(limit(1, -8, 110));
        assert_eq!(desk.cancel(1), ["canceled requested #1 5@100"]);
        rejected(&desk.cancel(1), Code::UnknownOrder);
        let all = |scope| Command::CancelAll(scope);
        let nothing = CancelAll::default();
        assert_eq!(desk.tell(&all(CancelAll { class: Some(Class::AffiliatedMarketMaker), ..nothing })),
            ["canceled requested #2 6@101"]);
        desk.rests(limit(2, 6, 101));
        assert_eq!(desk.tell(&all(CancelAll { group: Some(7), ..nothing })),
            ["canceled requested #4 -8@110", "canceled requested #5 6@101"]);
        assert_eq!(desk.tell(&all(CancelAll { account: Some(3), class: Some(Class::MarketMaker), ..nothing })), [""; 0]);
        desk.rests(limit(1, 6, 101));
        assert_eq!(desk.tell(&all(CancelAll { client: Some(7), ..nothing })), ["canceled requested #6 6@101"]);
        assert_eq!(desk.tell(&all(nothing)), ["canceled requested #3 7@99"]);
    }

    an_order_of_somebody_else_is_not_canceled(desk) {
        desk.rests(limit(1, 5, 100));
        let order = Named::Order(desk.ids[1]);
        rejected(&desk.tell(&Command::Cancel(Cancel { order, account: Some(2) })), Code::UnknownOrder);
        assert_eq!(desk.tell(&Command::Cancel(Cancel { order, account: Some(1) })).len(), 1);
    }

    a_place_that_is_used_again_gives_another_id(desk) {
        desk.rests(limit(1, 5, 100));
        desk.cancel(1);
        desk.rests(limit(1, 5, 100));
        assert_ne!(desk.ids[1], desk.ids[2]);
        rejected(&desk.cancel(1), Code::UnknownOrder);
    }

    time_that_runs_back_is_refused(desk) {
        desk.at(10);
        desk.time = 9;
        rejected(&desk.place(limit(1, 5, 100)), Code::TimeRunsBack);
        desk.time = 10;
        desk.rests(limit(1, 5, 100));
    }
}

fn refuses_price_100(fill: &Fill) -> Option<Refused> {
    (fill.price == 100).then_some(if fill.taker == 5 { Refused::Taker } else { Refused::Maker })
}

fn a_refusal_stops_the_taker_and_cancels_the_maker_that_may_not<S: Store>() {
    let mut desk = Desk::<S>::of(terms(), Judge::new(refuses_price_100));
    desk.rests(limit(1, -5, 99));
    desk.rests(limit(2, -5, 100));
    desk.rests(limit(3, -5, 100));
    assert_eq!(
        desk.place(limit(4, 15, 101))[1..],
        ["filled #4 with #1 5@99", "canceled fill_refused #2 -5@100", "canceled fill_refused #4 10@101"]
    );
    assert_eq!(desk.queue(Side::Ask), [(3, 5, 100)]);
    // Who may not trade himself takes nobody off the book.
    assert_eq!(desk.place(limit(5, 15, 101))[1..], ["canceled fill_refused #5 15@101"]);
    assert_eq!(desk.queue(Side::Ask), [(3, 5, 100)]);
    let asked = desk.judge.asked[1];
    assert_eq!((asked.taker, asked.maker, asked.lots, asked.side), (4, 2, 5, Side::Bid));
    assert_eq!(desk.judge.of(2, false), 0);
}

#[test]
fn an_owner_who_refuses_stops_the_taker_and_cancels_the_maker_that_may_not() {
    a_refusal_stops_the_taker_and_cancels_the_maker_that_may_not::<perpcore::book::fast::Fast>();
    a_refusal_stops_the_taker_and_cancels_the_maker_that_may_not::<perpcore::book::reference::Reference>();
}
