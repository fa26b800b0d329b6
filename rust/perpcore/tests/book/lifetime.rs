//! The end of orders by time.

use crate::desk::rejected;
use crate::setting::{TICK, limit};
use perpcore::fault::Code;
use perpcore::message::*;

const S: i64 = 1_000_000_000;

fn until(account: u32, lots: i64, price: i64, until: i64) -> Place<'static> {
    Place { tif: Tif::Gtd, until: Some(until), ..limit(account, lots, price) }
}

behaviors! {
    good_till_a_time_is_live_while_time_is_before_it(desk) {
        desk.rests(until(1, 5, 100, S));
        assert_eq!(desk.at(S - 1), [""; 0]);
        assert_eq!(desk.at(S), ["expired until_reached #1 5@100"]);
        rejected(&desk.place(until(1, 5, 100, S)), Code::UntilReached);
        desk.rests(until(1, 5, 100, S + 1));
    }

    what_is_due_ends_before_the_command_of_that_time(desk) {
        desk.rests(until(1, 5, 100, S));
        desk.time = S;
        assert_eq!(desk.place(limit(2, -5, 100)), ["expired until_reached #1 5@100", "accepted #2 -5@100"]);
    }

    orders_end_in_the_sequence_in_which_they_are_due(desk) {
        desk.rests(until(1, 5, 100, 3 * S));
        desk.rests(until(2, 5, 100, 2 * S));
        desk.rests(until(3, 5, 100, 3 * S));
        desk.rests(until(4, 5, 100, 9 * S));
        assert_eq!(desk.at(3 * S), [
            "expired until_reached #2 5@100", "expired until_reached #1 5@100", "expired until_reached #3 5@100",
        ]);
        assert_eq!(desk.at(4 * S), ["expired too_old #4 5@100"]);
    }

    an_order_older_than_orders_may_become_ends(desk) {
        desk.rests(limit(1, 5, 100));
        desk.time = S;
        desk.rests(limit(2, 5, 100));
        assert_eq!(desk.at(4 * S - 1), [""; 0]);
        assert_eq!(desk.at(4 * S), ["expired too_old #1 5@100"]);
        assert_eq!(desk.at(5 * S), ["expired too_old #2 5@100"]);
    }

    an_amendment_does_not_make_an_order_younger(desk) {
        desk.rests(limit(1, 5, 100));
        desk.time = S;
        desk.rests(limit(2, 5, 100));
        desk.amend(1, None, Some(101));
        assert_eq!(desk.at(4 * S), ["expired too_old #1 5@101"]);
    }

    a_triggered_order_keeps_its_age_and_its_place_among_all(desk) {
        let trigger = Some(Trigger { price: 110 * TICK, by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove });
        desk.rests(Place { trigger, ..limit(1, 5, 100) });
        desk.time = S;
        desk.rests(limit(2, 5, 100));
        assert_eq!(desk.mark(110).len(), 2);
        assert_eq!(desk.at(4 * S), ["expired too_old #1 5@100"]);
        desk.rests(Place { trigger: None, ..limit(3, 5, 100) });
        let by_age = desk.tell(&Command::CancelAll(CancelAll::default()));
        assert_eq!(by_age, ["canceled requested #2 5@100", "canceled requested #3 5@100"]);
    }

    a_waiting_order_ends_by_time_too(desk) {
        let trigger = Some(Trigger { price: 110 * TICK, by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove });
        desk.rests(Place { trigger, ..until(1, 5, 100, S) });
        assert_eq!(desk.at(S), ["expired until_reached #1 5@100"]);
        assert_eq!(desk.mark(110).len(), 1);
    }
}
