//! Amendments: what keeps its place, what loses it, what is refused.

use crate::desk::rejected;
use crate::setting::{TICK, limit};
use perpcore::fault::Code;
use perpcore::message::*;

behaviors! {
    a_smaller_quantity_keeps_the_place(desk) {
        desk.rests(limit(1, 10, 100));
        desk.rests(limit(2, 10, 100));
        assert_eq!(desk.amend(1, Some(4), None), ["amended #1 4@100"]);
        assert_eq!(desk.queue(Side::Bid), [(1, 4, 100), (2, 10, 100)]);
        assert_eq!(desk.amend(1, Some(4), Some(100)), ["amended #1 4@100"], "the same keeps it too");
        assert_eq!(desk.queue(Side::Bid), [(1, 4, 100), (2, 10, 100)]);
        let level = desk.book.best(Side::Bid).expect("a level");
        assert_eq!((level.lots, level.orders), (14, 2));
    }

    a_larger_quantity_or_another_price_loses_the_place(desk) {
        desk.rests(limit(1, 10, 100));
        desk.rests(limit(2, 10, 100));
        assert_eq!(desk.amend(1, Some(11), None), ["amended #1 11@100"]);
        assert_eq!(desk.queue(Side::Bid), [(2, 10, 100), (1, 11, 100)]);
        desk.amend(2, None, Some(99));
        desk.amend(2, None, Some(100));
        assert_eq!(desk.queue(Side::Bid), [(1, 11, 100), (2, 10, 100)]);
    }

    the_quantity_is_the_new_total_with_what_is_filled(desk) {
        desk.rests(limit(1, 10, 100));
        desk.rests(limit(2, 10, 100));
        desk.place(limit(3, -6, 100));
        rejected(&desk.amend(1, Some(6), None), Code::BelowFilled);
        assert_eq!(desk.amend(1, Some(7), None), ["amended #1 1@100"]);
        assert_eq!(desk.queue(Side::Bid), [(1, 1, 100), (2, 10, 100)]);
        assert_eq!(desk.amend(1, Some(10), None), ["amended #1 4@100"]);
        assert_eq!(desk.queue(Side::Bid), [(2, 10, 100), (1, 4, 100)]);
    }

    an_amendment_that_meets_the_other_side_trades(desk) {
        desk.rests(limit(1, -4, 105));
        desk.rests(limit(2, 10, 100));
        assert_eq!(desk.amend(2, None, Some(106)), ["amended #2 10@106", "filled #2 with #1 4@105"]);
        assert_eq!(desk.queue(Side::Bid), [(2, 6, 106)]);
        desk.rests(limit(1, -60, 107));
        assert_eq!(desk.amend(2, None, Some(107))[1..], ["filled #2 with #3 6@107"]);
        assert_eq!(desk.queue(Side::Bid), []);
    }

    what_is_wrong_with_an_amendment_changes_nothing(desk) {
        desk.rests(limit(1, 10, 100));
        rejected(&desk.amend(1, None, None), Code::NullValue);
        rejected(&desk.amend(1, Some(-10), None), Code::ConflictingValues);
        rejected(&desk.amend(1, Some(61), None), Code::AboveMaxSize);
        rejected(&desk.amend(1, Some(2), None), Code::BelowMinSize);
        rejected(&desk.amend(1, Some(0), None), Code::OffLot);
        rejected(&desk.amend(1, Some(11), Some(0)), Code::OutOfRange);
        let order = Named::Order(desk.ids[1]);
        let mut amend = Amend { order, account: None, quantity: None, price: Some(TICK + 1) };
        rejected(&desk.tell(&Command::Amend(amend)), Code::OffTick);
        (amend.price, amend.quantity) = (None, Some(i64::MIN));
        rejected(&desk.tell(&Command::Amend(amend)), Code::OutOfRange);
        (amend.account, amend.quantity) = (Some(2), Some(500_000));
        rejected(&desk.tell(&Command::Amend(amend)), Code::UnknownOrder);
        assert_eq!(desk.queue(Side::Bid), [(1, 10, 100)]);
    }

    an_amendment_beyond_the_collar_or_the_limit_is_refused(desk) {
        desk.rests(limit(1, 40, 1_000));
        desk.rests(limit(1, 40, 1_000));
        desk.mark(1_000);
        rejected(&desk.amend(1, None, Some(1_013)), Code::OutsideCollar);
        rejected(&desk.amend(1, Some(51), None), Code::PositionLimit);
        assert_eq!(desk.amend(1, Some(50), Some(1_012)), ["amended #1 50@1012"]);
    }

    an_amendment_that_would_reach_its_own_group_is_refused_under_taker_and_both(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(limit(3, -4, 105));
        desk.rests(limit(1, -4, 106));
        for stp in [Stp::Taker, Stp::Both] {
            let order = desk.rests(Place { stp, ..limit(2, 10, 100) });
            rejected(&desk.amend(order, None, Some(106)), Code::SelfTrade);
            rejected(&desk.amend(order, Some(5), Some(106)), Code::SelfTrade);
            assert_eq!(desk.queue(Side::Bid), [(order, 10, 100)]);
            desk.cancel(order);
        }
        let order = desk.rests(limit(2, 10, 100));
        assert_eq!(desk.amend(order, Some(4), Some(106))[1..], ["filled #5 with #1 4@105"], "not reached");
    }

    an_amendment_under_maker_or_decrement_passes_its_own_group(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        desk.rests(limit(1, -4, 105));
        desk.rests(Place { stp: Stp::Maker, ..limit(2, 10, 100) });
        assert_eq!(desk.amend(2, None, Some(106)), ["amended #2 10@106", "canceled self_trade #1 -4@105"]);
        desk.rests(limit(1, -4, 107));
        desk.cancel(2);
        desk.rests(Place { stp: Stp::Decrement, ..limit(2, 10, 100) });
        assert_eq!(desk.amend(4, None, Some(107)),
            ["amended #4 10@107", "canceled self_trade #4 4@107", "canceled self_trade #3 -4@107"]);
        assert_eq!(desk.queue(Side::Bid), [(4, 6, 107)]);
    }

    post_only_stays_in_force(desk) {
        desk.rests(limit(1, -4, 105));
        desk.rests(Place { post_only: Some(PostOnly::Reject), ..limit(2, 10, 100) });
        rejected(&desk.amend(2, None, Some(105)), Code::WouldTake);
        desk.rests(Place { post_only: Some(PostOnly::Slide), ..limit(2, 10, 99) });
        assert_eq!(desk.amend(3, None, Some(110)), ["amended #3 10@104"]);
        assert_eq!(desk.queue(Side::Bid), [(3, 10, 104), (2, 10, 100)]);
    }

    a_waiting_order_is_amended_where_it_waits(desk) {
        let trigger = Some(Trigger { price: 110 * TICK, by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove });
        desk.rests(limit(2, -5, 105));
        desk.rests(Place { trigger, ..limit(1, 10, 111) });
        desk.rests(Place { trigger, price: None, tif: Tif::Ioc, ..limit(1, 10, 111) });
        assert_eq!(desk.amend(2, Some(12), Some(110)), ["amended #2 12@110"]);
        assert_eq!(desk.amend(3, Some(12), None), ["amended #3 12@0"]);
        rejected(&desk.amend(3, None, Some(100)), Code::ConflictingValues);
        assert_eq!(desk.queue(Side::Bid), []);
        assert_eq!(desk.mark(110)[1..],
            ["triggered #2 12@110", "filled #2 with #1 5@105", "triggered #3 12@110", "canceled unmatched #3 12@0"]);
    }
}
