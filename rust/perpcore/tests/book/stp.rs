//! Self-trade prevention by beneficial-owner group.

use crate::setting::{limit, market};
use perpcore::message::*;

/// Accounts 1 and 2 are of one group; 1 sells 4 at 100, 3 sells 4 at 101.
macro_rules! two_of_a_group {
    ($desk:ident) => {
        $desk.account(1, 7, Class::Professional);
        $desk.account(2, 7, Class::Professional);
        $desk.rests(limit(1, -4, 100));
        $desk.rests(limit(3, -4, 101));
    };
}

behaviors! {
    under_taker_what_is_left_of_the_incoming_order_is_canceled(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(limit(3, -4, 99));
        desk.rests(limit(1, -4, 100));
        assert_eq!(desk.place(limit(2, 10, 101))[1..], ["filled #3 with #1 4@99", "canceled self_trade #3 6@101"]);
        assert_eq!(desk.queue(Side::Ask), [(2, 4, 100)]);
        assert_eq!(desk.queue(Side::Bid), []);
    }

    under_maker_the_resting_order_is_canceled_and_the_other_goes_on(desk) {
        two_of_a_group!(desk);
        assert_eq!(desk.place(Place { stp: Stp::Maker, ..limit(2, 10, 101) })[1..],
            ["canceled self_trade #1 -4@100", "filled #3 with #2 4@101"]);
        assert_eq!(desk.queue(Side::Bid), [(3, 6, 101)]);
    }

    under_both_both_are_canceled(desk) {
        two_of_a_group!(desk);
        assert_eq!(desk.place(Place { stp: Stp::Both, ..limit(2, 10, 101) })[1..],
            ["canceled self_trade #1 -4@100", "canceled self_trade #3 10@101"]);
        assert_eq!(desk.queue(Side::Ask), [(2, 4, 101)]);
    }

    under_decrement_both_lose_the_smaller_quantity(desk) {
        two_of_a_group!(desk);
        assert_eq!(desk.place(Place { stp: Stp::Decrement, ..limit(2, 10, 100) })[1..],
            ["canceled self_trade #3 4@100", "canceled self_trade #1 -4@100"]);
        assert_eq!(desk.queue(Side::Bid), [(3, 6, 100)]);
        assert_eq!(desk.place(Place { stp: Stp::Decrement, ..limit(1, -5, 100) })[1..],
            ["canceled self_trade #4 -5@100", "canceled self_trade #3 5@100"]);
        assert_eq!(desk.queue(Side::Bid), [(3, 1, 100)]);
        let kept = desk.book.order(&Named::Order(desk.ids[3])).expect("it lives").order;
        assert_eq!((kept.left, kept.filled), (1, 0), "nothing of it is filled");
    }

    a_market_order_says_no_price_when_it_is_decremented(desk) {
        two_of_a_group!(desk);
        desk.mark(100);
        assert_eq!(desk.place(Place { stp: Stp::Decrement, ..market(2, 4) })[1..],
            ["canceled self_trade #3 4@0", "canceled self_trade #1 -4@100"]);
    }

    only_an_order_that_is_reached_matters(desk) {
        two_of_a_group!(desk);
        desk.rests(limit(3, -4, 99));
        assert_eq!(desk.place(limit(2, 4, 101))[1..], ["filled #4 with #3 4@99"]);
        assert_eq!(desk.place(limit(2, 10, 99)), ["accepted #5 10@99"]);
    }

    the_incoming_orders_prevention_counts_and_not_the_resting_ones(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(Place { stp: Stp::Maker, ..limit(1, -4, 100) });
        assert_eq!(desk.place(limit(2, 4, 100))[1..], ["canceled self_trade #2 4@100"]);
    }

    a_liquidation_cancels_the_maker_whatever_it_says(desk) {
        two_of_a_group!(desk);
        for stp in [Stp::Taker, Stp::Both, Stp::Decrement] {
            let order = desk.rests(limit(1, -4, 99));
            let said = desk.place(Place { stp, liquidation: true, tif: Tif::Ioc, ..limit(2, 4, 99) });
            assert_eq!(said[1], format!("canceled self_trade #{order} -4@99"));
            assert!(said[2].starts_with("canceled unmatched"));
        }
    }

    one_account_is_one_group_where_nothing_else_was_said(desk) {
        desk.rests(limit(1, -4, 100));
        assert_eq!(desk.place(limit(1, 4, 100))[1..], ["canceled self_trade #2 4@100"]);
    }

    orders_of_nobody_trade_with_each_other(desk) {
        desk.rests(limit(NOBODY, -4, 100));
        assert_eq!(desk.place(limit(NOBODY, 4, 100))[1..], ["filled #2 with #1 4@100"]);
    }
}
