//! Scenarios side by side: what one account loses in eight of them at a time.

use super::value::Value;
use super::{LANES, LIMB, load, set, store, zero};
use crate::margin::portfolio::multiples::Multiples;
use std::arch::x86_64::*;

/// How many vectors of scenarios are added up at a time.
pub(super) const VECTORS: usize = 4;

/// Multiples of as many vectors of scenarios.
type Multiple = [[u64; LANES]; VECTORS];

/// For each underlying the multiples of all scenarios, where V ≥ 0 and where V < 0. What is left of the last vectors
/// repeats the first scenario, which stands before it.
pub(super) struct Columns {
    columns: Vec<[Vec<Multiple>; 2]>,
    raised: Vec<u64>,
    /// The largest multiple of each underlying.
    largest: Vec<u64>,
    /// How many scenarios there are.
    pub(super) rows: usize,
}

/// What one account has in some of up to `U` underlyings.
pub(super) struct Parts<'a, const U: usize> {
    parts: [(__m512i, &'a [Multiple]); U],
    count: usize,
    /// By how much all its losses are raised.
    pub(super) raised: u128,
    /// None of them is above it.
    pub(super) most: u128,
}

/// |V| of eight accounts in each of up to `U` underlyings that any of them has something in.
pub(super) struct Sizes<'a, const U: usize> {
    sizes: [[u64; LANES]; U],
    values: &'a [Value; U],
    held: &'a [usize],
    /// By how much the losses of each account are raised, in limbs.
    raised: [[u64; LANES]; 2],
    /// None of them is above it.
    most: [[u64; LANES]; 2],
}

impl Columns {
    pub(super) fn new(found: &Multiples) -> Self {
        let (width, rows) = (found.underlyings.len(), found.rows.len());
        let column = |at: usize, side: usize| -> Vec<Multiple> {
            let multiple = |row: usize| found.multiples[if row < rows { row } else { 0 } * width + at][side];
            let lanes = |row: usize| std::array::from_fn(|lane| multiple(row + lane));
            let first = (0..rows).step_by(VECTORS * LANES);
            first.map(|row| std::array::from_fn(|vector| lanes(row + vector * LANES))).collect()
        };
        let columns: Vec<_> = (0..width).map(|at| [column(at, 0), column(at, 1)]).collect();
        let largest =
            columns.iter().map(|sides| sides.iter().flatten().flatten().flatten().copied().max().unwrap_or(0));
        Columns { largest: largest.collect(), columns, raised: found.raised.clone(), rows }
    }

    /// Lays out what the account of a lane has; false where that is nothing.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn lay_out<'a, const U: usize>(&'a self, of: &Sizes<'_, U>, lane: usize, to: &mut Parts<'a, U>) -> bool {
        let joined = |[low, high]: &[[u64; LANES]; 2]| (u128::from(high[lane]) << LIMB) + u128::from(low[lane]);
        (to.count, to.raised, to.most) = (0, joined(&of.raised), joined(&of.most));
        for (sizes, &at) in of.sizes.iter().zip(of.held) {
            let (size, side) = (sizes[lane], usize::from(of.values[at].negative >> lane & 1));
            to.parts[to.count] = (set(size), &self.columns[at][side]);
            to.count += usize::from(size != 0);
        }
        to.count != 0
    }

    /// What eight accounts have in the underlyings that any of them has something in.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn sizes<'a, const U: usize>(&self, values: &'a [Value; U], held: &'a [usize]) -> Sizes<'a, U> {
        let mut sizes = [[0; LANES]; U];
        let (mut raised, mut most) = ([zero(); 2], [zero(); 2]);
        for (sizes, &at) in sizes.iter_mut().zip(held) {
            let size = values[at].size;
            store(sizes, size);
            for (sum, by) in [(&mut raised, self.raised[at]), (&mut most, self.largest[at])] {
                *sum = [_mm512_madd52lo_epu64(sum[0], size, set(by)), _mm512_madd52hi_epu64(sum[1], size, set(by))];
            }
        }
        let stored = |limbs: [__m512i; 2]| {
            limbs.map(|limb| {
                let mut lanes = [0; LANES];
                store(&mut lanes, limb);
                lanes
            })
        };
        Sizes { sizes, values, held, raised: stored(raised), most: stored(most) }
    }

    /// How often [`VECTORS`] vectors hold all scenarios.
    pub(super) fn turns(&self) -> usize {
        self.rows.div_ceil(VECTORS * LANES)
    }
}

impl<const U: usize> Parts<'_, U> {
    /// Room for an account.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn new() -> Self {
        Parts { parts: [(zero(), &[]); U], count: 0, raised: 0, most: 0 }
    }

    /// The losses of some scenarios in limbs that are not yet carried.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn losses(&self, turn: usize) -> [[__m512i; 2]; VECTORS] {
        let mut losses = [[zero(); 2]; VECTORS];
        for (size, column) in &self.parts[..self.count] {
            for (loss, multiple) in losses.iter_mut().zip(&column[turn]) {
                let multiple = load(multiple);
                loss[0] = _mm512_madd52lo_epu64(loss[0], *size, multiple);
                loss[1] = _mm512_madd52hi_epu64(loss[1], *size, multiple);
            }
        }
        losses
    }
}
