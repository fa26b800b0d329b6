//! What rows of a cap and a rate make of every size: lines that meet or jump at the caps. Two of them are compared at
//! all sizes at once, exactly. Only [`tighten`](super::tighten) asks; what is owed and counted is computed elsewhere.

use super::instrument::{InitialMethod, Instrument};
use super::rows::{Charge, Slice, Tier};
use crate::num::{ONE, scaled};

/// More rows of two rulebooks together are not compared: the time would grow with their cube.
const MOST_ROWS: usize = 400;

/// A piece of a curve: `size` × rate + constant, for sizes above those of the piece before and up to its own end.
#[derive(Clone, Copy, Debug)]
struct Piece {
    /// The last size of the piece in g; `None`: it does not end.
    up_to: Option<i128>,
    rate: i64,
    constant: i128,
}

impl Piece {
    fn at(&self, size: i128) -> i128 {
        scaled(size, self.rate) + self.constant
    }
}

/// A value for every size, by pieces; the last piece does not end.
#[derive(Clone, Debug)]
struct Curve(Vec<Piece>);

impl Curve {
    /// Each slice of a size at its own rate, what is beyond the last cap at `beyond`.
    fn marginal(rows: impl Iterator<Item = (Option<i128>, i64)>, beyond: i64) -> Curve {
        let mut pieces: Vec<Piece> = Vec::new();
        for (up_to, rate) in rows.chain([(None, beyond)]) {
            let from = pieces.last().and_then(|piece| piece.up_to);
            let below = pieces.last().zip(from).map_or(0, |(piece, from)| piece.at(from));
            pieces.push(Piece { up_to, rate, constant: below - scaled(from.unwrap_or(0), rate) });
            if up_to.is_none() {
                break;
            }
        }
        Curve(pieces)
    }

    /// The whole size at the rate of the row that it falls in; beyond the last cap each further unit in full.
    fn bracket(rows: impl Iterator<Item = (Option<i128>, i64)>) -> Curve {
        let mut pieces: Vec<Piece> = rows.map(|(up_to, rate)| Piece { up_to, rate, constant: 0 }).collect();
        if let Some(Piece { up_to: Some(cap), rate, .. }) = pieces.last().copied() {
            pieces.push(Piece { up_to: None, rate: ONE, constant: scaled(cap, rate - ONE) });
        }
        Curve(pieces)
    }

    /// The piece of a size, or the one that begins there.
    fn piece(&self, size: i128, begins: bool) -> &Piece {
        let ends_before = |piece: &Piece| piece.up_to.is_some_and(|end| end < size || begins && end == size);
        let place = self.0.partition_point(ends_before);
        &self.0[place.min(self.0.len() - 1)]
    }

    /// Whether no size has less here than there. Between the ends of pieces both are lines, so the ends decide, from
    /// both sides, and beyond the last end the rate.
    fn is_nowhere_below(&self, other: &Curve) -> bool {
        let ends = || self.0.iter().chain(&other.0).filter_map(|piece| piece.up_to);
        let holds = |size: i128, begins| self.piece(size, begins).at(size) >= other.piece(size, begins).at(size);
        let last = ends().max().unwrap_or(0);
        ends().all(|end| holds(end, false) && holds(end, true))
            && self.piece(last, true).rate >= other.piece(last, true).rate
    }
}

/// Whether at every notional, whatever leverage was chosen, `after` asks for no less margin than `before`.
pub(super) fn tiers_take_no_less(before: &Instrument, after: &Instrument) -> bool {
    if before.tiers.len() + after.tiers.len() > MOST_ROWS {
        return false;
    }
    let maintenance = |of: &Instrument| Curve::marginal(rates(&of.tiers, |tier| tier.maintenance), ONE);
    // Between two of these a requirement is linear in the rate of the leverage, so they decide for all.
    let initial = [before, after].into_iter().flat_map(|of| of.tiers.iter().map(|tier| tier.initial));
    let mut leverages: Vec<i64> = initial.chain([0, ONE]).collect();
    leverages.sort_unstable();
    leverages.dedup();
    maintenance(after).is_nowhere_below(&maintenance(before))
        && leverages.into_iter().all(|rate| initial_curve(after, rate).is_nowhere_below(&initial_curve(before, rate)))
}

/// `margin.initial` by notional, at the rate ⌈1/L⌉ of a leverage.
fn initial_curve(of: &Instrument, leverage: i64) -> Curve {
    let rows = rates(&of.tiers, |tier| tier.initial.max(leverage));
    match of.initial_method {
        InitialMethod::Bracket => Curve::bracket(rows),
        InitialMethod::Marginal => Curve::marginal(rows, ONE),
    }
}

fn rates(tiers: &[Tier], rate: impl Fn(&Tier) -> i64) -> impl Iterator<Item = (Option<i128>, i64)> {
    tiers.iter().map(move |tier| (tier.up_to, rate(tier)))
}

/// Whether of every quantity `after` counts no more than `before`: each slice less its haircut, what is beyond not.
pub(super) fn haircuts_take_no_less(before: &[Slice], after: &[Slice]) -> bool {
    let counts = |slices: &[Slice]| Curve::marginal(slices.iter().map(|slice| (slice.up_to, ONE - slice.rate)), 0);
    before.len() + after.len() <= MOST_ROWS && counts(before).is_nowhere_below(&counts(after))
}

/// Whether at every net notional `after` charges no less than `before`; without slices nothing is charged.
pub(super) fn charges_take_no_less(before: Option<&[Charge]>, after: Option<&[Charge]>) -> bool {
    let curve = |slices: Option<&[Charge]>| match slices {
        Some(slices) => Curve::marginal(slices.iter().map(|slice| (slice.up_to, slice.rate)), ONE),
        None => Curve::marginal(std::iter::empty(), 0),
    };
    let rows = [before, after].into_iter().flatten().map(<[Charge]>::len).sum::<usize>();
    rows <= MOST_ROWS && curve(after).is_nowhere_below(&curve(before))
}
