//! Hand cases: prices and quantities in whole units.

use super::*;
use crate::fault::Code;
use crate::num::ONE;

/// (bids, asks), each (price, quantity).
type Levels<'a> = (&'a [(i64, i64)], &'a [(i64, i64)]);

fn levels((bids, asks): Levels<'_>) -> Vec<Level> {
    let side = |side, levels: &[(i64, i64)]| -> Vec<Level> {
        levels.iter().map(|&(price, quantity)| Level::new(side, price * ONE, quantity * ONE).unwrap()).collect()
    };
    [side(Side::Bid, bids), side(Side::Ask, asks)].concat()
}

/// A spot feed.
struct Spot(Mirror);

impl Spot {
    fn new() -> Self {
        Spot(Mirror::new(Feed::Spot))
    }

    /// At update 100: 99 × 5 and 98 × 1 against 101 × 2 and 102 × 7.
    fn at_100() -> Self {
        let mut spot = Spot::new();
        spot.snapshot(100, (&[(99, 5), (98, 1)], &[(101, 2), (102, 7)]));
        spot
    }

    fn snapshot(&mut self, id: i64, of: Levels<'_>) {
        self.0.snapshot(id, &levels(of));
    }

    fn change(&mut self, first: i64, last: i64, of: Levels<'_>) {
        self.0.change(Span::of(Feed::Spot, first, last, None).unwrap(), &levels(of));
    }

    fn best(&self) -> (Option<i64>, Option<i64>) {
        let Best { bid, ask } = self.0.best();
        (bid.map(|(price, _)| price / ONE), ask.map(|(price, _)| price / ONE))
    }
}

const NOTHING: Levels<'_> = (&[], &[]);

#[test]
fn changes_set_add_and_remove_levels() {
    let mut spot = Spot::at_100();
    spot.change(101, 101, (&[(99, 0), (98, 3)], &[(100, 1)]));
    assert_eq!(spot.best(), (Some(98), Some(100)));
    let side = |side| spot.0.side(side).map(|(price, quantity)| (price / ONE, quantity / ONE)).collect::<Vec<_>>();
    assert_eq!(side(Side::Bid), [(98, 3)]);
    assert_eq!(side(Side::Ask), [(100, 1), (101, 2), (102, 7)]);
    assert_eq!((spot.0.state(), spot.0.last()), (State::Good, Some(101)));
}

#[test]
fn a_level_that_is_not_there_may_be_removed() {
    let mut spot = Spot::at_100();
    spot.change(101, 101, (&[(50, 0)], &[(500, 0)]));
    assert_eq!((spot.best(), spot.0.state()), ((Some(99), Some(101)), State::Good));
}

#[test]
fn a_missing_change_is_a_gap_and_nothing_is_served() {
    let mut spot = Spot::at_100();
    spot.change(101, 103, NOTHING);
    spot.change(107, 109, (&[(100, 1)], &[]));
    assert_eq!(spot.0.reason(), Reason::Missing { from: 104, to: 106 });
    assert_eq!(spot.0.reason().to_string(), "updates 104 to 106 are missing");
    assert_eq!((spot.0.state(), spot.best(), spot.0.mid()), (State::Gap, (None, None), None));
    assert_eq!((spot.0.impact(Side::Bid, 1), spot.0.side(Side::Ask).count()), (None, 0));
    // What was missing comes late: that the order was not kept stays so.
    spot.change(104, 106, NOTHING);
    assert_eq!((spot.0.state(), spot.0.pending(), spot.0.counters().gaps), (State::Gap, 2, 1));
}

#[test]
fn a_snapshot_that_covers_a_gap_makes_it_good_with_the_changes_since() {
    let mut spot = Spot::at_100();
    spot.change(104, 105, (&[(100, 9)], &[]));
    spot.change(106, 106, (&[(99, 4)], &[]));
    // Still too old: 103 is missing.
    spot.snapshot(102, (&[(90, 1)], &[(110, 1)]));
    assert_eq!(spot.0.reason(), Reason::Missing { from: 103, to: 103 });
    spot.snapshot(104, (&[(90, 1)], &[(110, 1)]));
    assert_eq!((spot.0.state(), spot.0.last(), spot.best()), (State::Good, Some(106), (Some(100), Some(110))));
    assert_eq!((spot.0.pending(), spot.0.counters().snapshots), (0, 3));
}

#[test]
fn changes_before_the_first_snapshot_wait_for_it() {
    let mut spot = Spot::new();
    spot.change(95, 98, (&[(97, 1)], &[]));
    spot.change(99, 102, (&[(98, 1)], &[]));
    spot.change(103, 103, (&[(98, 2)], &[]));
    assert_eq!((spot.0.state(), spot.0.pending(), spot.0.last()), (State::Waiting, 3, None));
    assert_eq!(spot.0.reason().to_string(), "there was no snapshot yet");
    spot.snapshot(100, (&[(96, 1)], &[(101, 1)]));
    // The first ended before the snapshot, the second spans 101.
    let Counters { applied, dropped, .. } = spot.0.counters();
    assert_eq!((spot.best(), applied, dropped), ((Some(98), Some(101)), 2, 1));
    assert_eq!(spot.0.reason().to_string(), "in order since the snapshot at 100");
}

#[test]
fn a_snapshot_older_than_all_changes_is_a_gap() {
    let mut spot = Spot::new();
    spot.change(95, 98, NOTHING);
    spot.snapshot(93, (&[(96, 1)], &[(101, 1)]));
    assert_eq!(spot.0.reason(), Reason::Missing { from: 94, to: 94 });
    spot.snapshot(94, (&[(96, 1)], &[(101, 1)]));
    assert_eq!((spot.0.state(), spot.0.last()), (State::Good, Some(98)));
}

#[test]
fn what_came_before_is_dropped_and_counted() {
    let mut spot = Spot::at_100();
    spot.change(101, 103, (&[(99, 1)], &[]));
    spot.change(101, 103, (&[(99, 8)], &[]));
    spot.change(90, 99, (&[(99, 9)], &[]));
    spot.snapshot(103, (&[(50, 1)], &[]));
    assert_eq!((spot.0.best().bid, spot.0.counters().dropped), (Some((99 * ONE, ONE)), 3));
}

#[test]
fn a_change_that_overlaps_the_one_before_is_a_gap() {
    let mut spot = Spot::at_100();
    // The first after a snapshot may.
    spot.change(98, 103, NOTHING);
    assert_eq!(spot.0.state(), State::Good);
    spot.change(103, 105, NOTHING);
    assert_eq!(spot.0.reason(), Reason::Overlap { last: 103, from: 103, to: 105 });
    assert_eq!(spot.0.reason().to_string(), "updates 103 to 105 do not follow 103, they overlap what came before");
}

#[test]
fn a_crossed_or_locked_book_is_not_served_until_a_snapshot() {
    for bid in [101, 102] {
        let mut spot = Spot::at_100();
        spot.change(101, 101, (&[(bid, 1)], &[]));
        assert_eq!(spot.0.reason(), Reason::Crossed { bid: bid * ONE, ask: 101 * ONE });
        assert_eq!((spot.0.state(), spot.best()), (State::Crossed, (None, None)));
        // That it would be uncrossed now is not known from a change.
        spot.change(102, 102, (&[(bid, 0)], &[]));
        assert_eq!(spot.0.state(), State::Crossed);
        spot.snapshot(101, (&[(99, 5)], &[(101, 2)]));
        assert_eq!((spot.0.state(), spot.0.last(), spot.best()), (State::Good, Some(102), (Some(99), Some(101))));
    }
}

#[test]
fn a_crossed_snapshot_is_crossed() {
    let mut spot = Spot::new();
    spot.snapshot(1, (&[(101, 1)], &[(100, 1)]));
    assert_eq!(spot.0.reason().to_string(), "the best bid 101 is not below the best ask 100");
    spot.snapshot(1, (&[(99, 1)], &[(100, 1)]));
    assert_eq!(spot.0.state(), State::Good);
}

#[test]
fn a_change_that_crosses_on_the_way_and_not_at_its_end_is_good() {
    let mut spot = Spot::at_100();
    spot.change(101, 101, (&[(101, 1)], &[(101, 0), (102, 1)]));
    assert_eq!((spot.0.state(), spot.best()), (State::Good, (Some(101), Some(102))));
}

#[test]
fn a_perpetual_feed_is_chained_by_the_id_before() {
    let span = |first, last, previous| Span::of(Feed::Perpetual, first, last, Some(previous)).unwrap();
    let mut mirror = Mirror::new(Feed::Perpetual);
    mirror.snapshot(100, &levels((&[(99, 1)], &[(101, 1)])));
    mirror.change(span(97, 100, 90), &[]);
    mirror.change(span(98, 110, 90), &[]);
    assert_eq!((mirror.state(), mirror.counters().dropped, mirror.counters().applied), (State::Good, 1, 1));
    // Ids in between belong to other books.
    mirror.change(span(140, 150, 110), &[]);
    assert_eq!(mirror.state(), State::Good);
    mirror.change(span(170, 180, 160), &[]);
    assert_eq!(mirror.reason(), Reason::Missing { from: 151, to: 160 });
    mirror.snapshot(165, &levels((&[(99, 1)], &[(101, 1)])));
    assert_eq!((mirror.state(), mirror.last()), (State::Good, Some(180)));
    mirror.change(span(181, 190, 179), &[]);
    assert_eq!(mirror.reason(), Reason::Overlap { last: 180, from: 180, to: 190 });
}

#[test]
fn ids_that_contradict_each_other_are_refused() {
    use Feed::{Perpetual, Spot};
    for (feed, first, last, previous, code, column) in [
        (Spot, -1, 1, None, Code::OutOfRange, "first_id"),
        (Spot, 1, -1, None, Code::OutOfRange, "last_id"),
        (Perpetual, 1, 1, Some(i64::MIN), Code::OutOfRange, "previous_id"),
        (Spot, 2, 1, None, Code::ConflictingValues, "last_id"),
        (Spot, 1, 1, Some(0), Code::ConflictingValues, "previous_id"),
        (Perpetual, 1, 1, Some(1), Code::ConflictingValues, "previous_id"),
        (Perpetual, 1, 1, None, Code::NullValue, "previous_id"),
    ] {
        let fault = Span::of(feed, first, last, previous).unwrap_err();
        assert_eq!((fault.code, fault.column.as_deref()), (code, Some(column)), "{first} {last} {previous:?}");
    }
    assert_eq!(snapshot_id(-1).unwrap_err().code, Code::OutOfRange);
}

#[test]
fn the_largest_ids_and_numbers_are_taken() {
    let most = i64::MAX;
    let mut mirror = Mirror::new(Feed::Spot);
    mirror.snapshot(0, &[]);
    mirror.change(Span::of(Feed::Spot, most, most, None).unwrap(), &[]);
    assert_eq!(mirror.reason(), Reason::Missing { from: 1, to: most - 1 });
    mirror.snapshot(most, &[Level::new(Side::Bid, 100_000_000 * ONE, 90_000_000_000 * ONE).unwrap()]);
    assert_eq!((mirror.state(), mirror.pending(), mirror.mid()), (State::Good, 0, None));
    mirror.change(Span::of(Feed::Spot, 0, most, None).unwrap(), &[]);
    // The change that waited, and this one.
    assert_eq!(mirror.counters().dropped, 2);
    for (price, quantity) in [(0, 1), (-1, 1), (100_000_000 * ONE + 1, 1), (1, -1), (1, most), (most, most)] {
        assert_eq!(Level::new(Side::Bid, price, quantity), None, "{price} × {quantity}");
    }
}

#[test]
fn what_waits_is_bounded_and_forgotten_from_the_old_end() {
    let mut spot = Spot::new();
    let many: Vec<(i64, i64)> = (1..=(PENDING / 4) as i64).map(|price| (price, 1)).collect();
    for id in 1..=5 {
        spot.change(id, id, (&many, &[]));
    }
    assert_eq!(spot.0.pending(), 3);
    spot.snapshot(1, NOTHING);
    assert_eq!(spot.0.reason(), Reason::Missing { from: 2, to: 2 });
    spot.snapshot(2, NOTHING);
    assert_eq!((spot.0.state(), spot.0.last()), (State::Good, Some(5)));
}
