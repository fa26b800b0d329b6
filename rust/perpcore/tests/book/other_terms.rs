//! Other terms for the same book, at random.

use super::setting::{LOT, TICK};
use super::stream::Random;
use perpcore::book::terms::{Step, Terms};
use perpcore::rules::CollarReference;

/// Terms like others, in any grid and with each limit as it was, tighter or looser.
pub fn other_terms(random: &mut Random, like: &Terms) -> Terms {
    let tick = random.pick(&[TICK, TICK, TICK / 2, TICK / 10, 2 * TICK, 3 * TICK]);
    let lot = random.pick(&[LOT, LOT, LOT, LOT / 2, LOT / 100, 2 * LOT, 3 * LOT]);
    let lots = |lots: i64| lots * LOT / lot;
    let mut around = |value: i64| random.pick(&[value, value, value / 2, 2 * value]);
    let mut terms = Terms {
        tick: Step::new(tick),
        lot: Step::new(lot),
        min_lots: lots(like.min_lots).max(1),
        max_lots: lots(like.max_lots),
        most_lots: i64::MAX / lot,
        collar_width: around(like.collar_width).min(99_000_000),
        position: lots(around(like.position)),
        open_orders: around(like.open_orders.into()) as u32,
        client_window: around(like.client_window),
        client_ids: around(like.client_ids.into()) as u32,
        max_age: around(like.max_age),
        ..like.clone()
    };
    if random.percent(30) {
        terms.collar_reference = random.pick(&[CollarReference::Mark, CollarReference::Touch, CollarReference::Index]);
    }
    terms
}
