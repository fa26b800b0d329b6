//! Orders that only reduce.

use crate::desk::rejected;
use crate::setting::{LOT, limit, market};
use perpcore::fault::Code;
use perpcore::message::*;

fn reducing(account: u32, lots: i64, price: i64) -> Place<'static> {
    Place { reduce_only: true, ..limit(account, lots, price) }
}

behaviors! {
    without_a_position_against_it_it_is_refused(desk) {
        rejected(&desk.place(reducing(1, -5, 100)), Code::NothingToReduce);
        desk.hold(1, 10);
        rejected(&desk.place(reducing(1, 5, 100)), Code::NothingToReduce);
        rejected(&desk.place(Place { isolated: true, ..reducing(1, -5, 100) }), Code::NothingToReduce);
        desk.rests(reducing(1, -5, 100));
    }

    it_is_cut_to_the_position_when_it_comes(desk) {
        desk.hold(1, 10);
        assert_eq!(desk.place(reducing(1, -15, 100)), ["accepted #1 -15@100", "canceled beyond_position #1 -5@100"]);
        assert_eq!(desk.queue(Side::Ask), [(1, 10, 100)]);
    }

    it_never_turns_a_position(desk) {
        desk.hold(1, 10);
        desk.rests(limit(2, 50, 100));
        assert_eq!(desk.place(Place { reduce_only: true, ..market(1, -30) }),
            ["accepted #2 -30@0", "canceled beyond_position #2 -20@0", "filled #2 with #1 -10@100"]);
        assert_eq!(desk.judge.of(1, false), 0);
    }

    the_least_aggressive_is_cut_first_and_of_equals_the_last(desk) {
        desk.hold(1, 20);
        desk.rests(reducing(1, -5, 100));
        desk.rests(reducing(1, -5, 102));
        desk.rests(reducing(1, -5, 101));
        desk.rests(reducing(1, -5, 102));
        assert_eq!(desk.place(reducing(1, -8, 100))[1..],
            ["canceled beyond_position #4 -5@102", "canceled beyond_position #2 -3@102"]);
        assert_eq!(desk.queue(Side::Ask), [(1, 5, 100), (5, 8, 100), (3, 5, 101), (2, 2, 102)]);
    }

    a_trade_of_another_order_cuts_what_rests(desk) {
        desk.hold(1, 10);
        desk.rests(reducing(1, -8, 110));
        desk.rests(limit(1, -6, 100));
        assert_eq!(desk.place(limit(2, 6, 100))[1..],
            ["filled #3 with #2 6@100", "canceled beyond_position #1 -4@110"]);
        desk.rests(limit(3, 9, 90));
        assert_eq!(desk.place(limit(1, -9, 90))[1..],
            ["filled #5 with #4 -9@90", "canceled beyond_position #1 -4@110"], "turned: nothing is left to reduce");
    }

    its_own_trade_leaves_as_much_as_the_position(desk) {
        desk.hold(1, 10);
        desk.rests(reducing(1, -10, 100));
        assert_eq!(desk.place(limit(2, 4, 100)).len(), 2, "filled, nothing is cut");
        assert_eq!(desk.queue(Side::Ask), [(1, 6, 100)]);
    }

    isolated_and_cross_positions_are_reduced_apart(desk) {
        desk.hold(1, 10);
        desk.judge.held.insert((1, true), 5 * LOT);
        desk.judge.held.insert((98, true), -5 * LOT);
        assert_eq!(desk.place(Place { isolated: true, ..reducing(1, -8, 100) })[1..],
            ["canceled beyond_position #1 -3@100"]);
        desk.rests(reducing(1, -10, 100));
    }

    a_position_that_changes_elsewhere_cuts_too(desk) {
        desk.hold(1, 10);
        desk.rests(reducing(1, -10, 100));
        desk.hold(1, -4);
        desk.events.clear();
        desk.book.position_changed(&mut desk.judge, 9, 1, &mut desk.events);
        assert_eq!((desk.events.len(), desk.events[0].code), (1, Some(Code::BeyondPosition)));
        assert_eq!(desk.queue(Side::Ask), [(1, 6, 100)]);
    }

    an_amendment_does_not_go_beyond_the_position(desk) {
        desk.hold(1, 10);
        desk.rests(reducing(1, -5, 100));
        assert_eq!(desk.amend(1, Some(-12), None), ["amended #1 -12@100", "canceled beyond_position #1 -2@100"]);
        assert_eq!(desk.queue(Side::Ask), [(1, 10, 100)]);
    }

    in_reduce_only_no_other_order_passes_and_resting_ones_end(desk) {
        desk.hold(1, 10);
        desk.rests(limit(2, 5, 90));
        desk.rests(reducing(1, -5, 100));
        assert_eq!(desk.phase(Phase::ReduceOnly), ["canceled phase_refused #1 5@90", "phase reduce_only"]);
        rejected(&desk.place(limit(2, 5, 100)), Code::PhaseRefused);
        desk.hold(3, -5);
        assert_eq!(desk.place(reducing(3, 5, 100))[1..], ["filled #3 with #2 5@100"]);
    }
}
