//! Stops and take-profits.

use crate::desk::rejected;
use crate::setting::{TICK, limit, market};
use perpcore::fault::Code;
use perpcore::message::*;

fn when(by: TriggerBy, when: TriggerWhen, price: i64) -> Option<Trigger> {
    Some(Trigger { price: price * TICK, by, when })
}

use TriggerBy::{Index, Last, Mark};
use TriggerWhen::{AtOrAbove, AtOrBelow};

behaviors! {
    an_order_waits_outside_the_book_until_its_price_is_reached(desk) {
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 110), ..limit(1, 5, 109) });
        assert_eq!((desk.queue(Side::Bid), desk.book.len()), (vec![], 1));
        assert_eq!(desk.mark(109).len(), 1);
        assert_eq!(desk.mark(110)[1..], ["triggered #1 5@110"]);
        assert_eq!(desk.queue(Side::Bid), [(1, 5, 109)]);
    }

    each_price_is_watched_for_itself(desk) {
        desk.rests(Place { trigger: when(Index, AtOrBelow, 90), ..limit(1, 5, 80) });
        desk.rests(Place { trigger: when(Last, AtOrBelow, 90), ..limit(2, 5, 80) });
        desk.rests(Place { trigger: when(Mark, AtOrBelow, 90), ..limit(3, 5, 80) });
        assert_eq!(desk.index(91).len(), 1);
        assert_eq!(desk.index(90)[1..], ["triggered #1 5@90"]);
        desk.rests(limit(4, -5, 89));
        assert_eq!(desk.place(limit(5, 5, 89))[1..], ["filled #5 with #4 5@89", "triggered #2 5@90"]);
        assert_eq!(desk.queue(Side::Bid), [(1, 5, 80), (2, 5, 80)]);
    }

    a_trigger_that_is_already_true_fires_at_once(desk) {
        desk.mark(100);
        let said = desk.place(Place { trigger: when(Mark, AtOrAbove, 100), ..limit(1, 5, 100) });
        assert_eq!(said, ["accepted #1 5@100", "triggered #1 5@100"]);
        let said = desk.place(Place { trigger: when(Mark, AtOrAbove, 101), ..limit(1, 5, 100) });
        assert_eq!(said, ["accepted #2 5@100"]);
    }

    what_is_reached_first_fires_first_and_of_equals_who_came_first(desk) {
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 112), ..limit(1, 5, 100) });
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 111), ..limit(2, 5, 100) });
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 111), ..limit(3, 5, 100) });
        assert_eq!(desk.mark(115)[1..], ["triggered #2 5@111", "triggered #3 5@111", "triggered #1 5@112"]);
        assert_eq!(desk.queue(Side::Bid), [(2, 5, 100), (3, 5, 100), (1, 5, 100)], "in the queue as they fired");
    }

    a_trade_of_a_fired_order_reaches_further_ones(desk) {
        desk.rests(limit(9, 5, 95));
        desk.rests(limit(9, 5, 90));
        desk.rests(Place { trigger: when(Last, AtOrBelow, 95), ..market(1, -5) });
        desk.rests(Place { trigger: when(Last, AtOrBelow, 100), ..market(2, -5) });
        desk.rests(limit(3, -5, 100));
        assert_eq!(desk.place(limit(4, 5, 100))[1..], [
            "filled #6 with #5 5@100", "triggered #4 -5@100", "filled #4 with #1 -5@95", "triggered #3 -5@95",
            "filled #3 with #2 -5@90",
        ]);
    }

    of_one_command_at_most_1_000_fire_and_the_others_at_the_next(desk) {
        for account in 0..1_003 {
            desk.rests(Place { trigger: when(Mark, AtOrAbove, 100), ..limit(account, 3, 50) });
        }
        assert_eq!(desk.mark(100).len(), 1_001);
        assert_eq!(desk.at(1).len(), 3);
        assert_eq!(desk.at(2).len(), 0);
    }

    a_stop_that_only_reduces_is_cut_when_it_fires(desk) {
        desk.rests(Place { reduce_only: true, trigger: when(Mark, AtOrBelow, 90), ..limit(1, -10, 80) });
        desk.rests(Place { reduce_only: true, trigger: when(Mark, AtOrBelow, 90), ..limit(2, -10, 80) });
        desk.hold(1, 4);
        assert_eq!(desk.mark(81)[1..], [
            "triggered #1 -10@90", "canceled beyond_position #1 -6@80",
            "triggered #2 -10@90", "canceled nothing_to_reduce #2 -10@80",
        ]);
    }

    a_fired_order_is_held_to_the_collar_post_only_and_fill_or_kill(desk) {
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 1_000), ..limit(1, 5, 1_013) });
        desk.rests(limit(9, -5, 1_000));
        desk.rests(Place {
            post_only: Some(PostOnly::Reject), trigger: when(Mark, AtOrAbove, 1_000), ..limit(2, 5, 1_000)
        });
        desk.rests(Place { tif: Tif::Fok, trigger: when(Mark, AtOrAbove, 1_000), ..limit(3, 6, 1_000) });
        assert_eq!(desk.mark(1_000)[1..], [
            "triggered #1 5@1000", "canceled outside_collar #1 5@1013",
            "triggered #3 5@1000", "canceled would_take #3 5@1000",
            "triggered #4 6@1000", "canceled not_fillable #4 6@1000",
        ]);
        assert_eq!(desk.book.len(), 1);
    }

    a_waiting_order_is_canceled_without_a_price_where_it_has_none(desk) {
        desk.mark(100);
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 110), ..market(1, 5) });
        assert_eq!(desk.cancel(1), ["canceled requested #1 5@0"]);
        assert_eq!(desk.mark(120).len(), 1);
    }

    while_orders_are_collected_nothing_fires(desk) {
        desk.rests(Place { trigger: when(Mark, AtOrAbove, 110), ..limit(1, 5, 109) });
        desk.phase(Phase::Auction);
        assert_eq!(desk.mark(110).len(), 1);
        assert_eq!(desk.phase(Phase::Open), ["phase open", "triggered #1 5@110"]);
    }

    a_trigger_that_is_no_price_is_refused(desk) {
        for price in [0, -1, i64::MIN, i64::MAX] {
            let trigger = Some(Trigger { price, by: Mark, when: AtOrAbove });
            rejected(&desk.place(Place { trigger, ..limit(1, 5, 100) }), Code::OutOfRange);
        }
    }
}
