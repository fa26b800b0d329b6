//! The worst loss of accounts that have little of many underlyings: one account at a time, eight scenarios side by side.
//!
//! Side by side, eight accounts would be asked about every underlying that any of them has something in.

use super::value::Value;
use super::worst::Worst;
use super::{LANES, LIMB, LIMB_MASK, load, set, store, zero};
use crate::margin::portfolio::multiples::Multiples;
use std::arch::x86_64::*;

/// How many vectors of scenarios are added up at a time.
const VECTORS: usize = 4;

/// The losses of all scenarios as multiples of what an account has.
pub(super) struct Losses {
    /// For each underlying the multiples of all scenarios where V ≥ 0, then where V < 0. What is left of the last
    /// vectors repeats the first scenario, which stands before it.
    columns: Vec<[Vec<[[u64; LANES]; VECTORS]>; 2]>,
    raised: Vec<u64>,
}

impl Losses {
    pub(super) fn new(found: &Multiples) -> Self {
        let (width, rows) = (found.underlyings.len(), found.rows.len());
        let column = |at: usize, side: usize| {
            let multiple = |row: usize| found.multiples[if row < rows { row } else { 0 } * width + at][side];
            let each = (0..rows).step_by(VECTORS * LANES);
            each.map(|row| {
                std::array::from_fn(|vector| std::array::from_fn(|lane| multiple(row + vector * LANES + lane)))
            })
            .collect()
        };
        let columns = (0..width).map(|at| [column(at, 0), column(at, 1)]).collect();
        Losses { columns, raised: found.raised.clone() }
    }

    /// As [`super::worst::Losses::worst`], of the accounts in `lanes`.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn worst<const U: usize>(&self, values: &[Value; U], held: &[usize], lanes: u8) -> Worst {
        let mut sizes = [[0; LANES]; U];
        for (sizes, &at) in sizes.iter_mut().zip(held) {
            store(sizes, values[at].size);
        }
        let (mut low, mut high, mut place) = ([0; LANES], [0; LANES], [0; LANES]);
        let mut left = lanes;
        while left != 0 {
            let lane = left.trailing_zeros() as usize;
            left &= left - 1;
            let mut parts: [(__m512i, &[[[u64; LANES]; VECTORS]]); U] = [(zero(), &[]); U];
            let (mut count, mut raised) = (0, 0);
            for (sizes, &at) in sizes.iter().zip(held) {
                let (size, side) = (sizes[lane], usize::from(values[at].negative >> lane & 1));
                parts[count] = (set(size), &self.columns[at][side]);
                count += usize::from(size != 0);
                raised += u128::from(size) * u128::from(self.raised[at]);
            }
            let Some((&(_, first), _)) = parts[..count].split_first() else { continue };
            let (most, first) = Self::most(&parts[..count], first.len());
            let loss = (u128::from(most[1]) << LIMB) + u128::from(most[0]);
            let loss = loss.saturating_sub(raised);
            (low[lane], high[lane], place[lane]) = (loss as u64 & LIMB_MASK, (loss >> LIMB) as u64, first);
        }
        Worst { loss: [load(&low), load(&high)], place: load(&place) }
    }

    /// The largest loss in limbs and the first place that has it.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn most(parts: &[(__m512i, &[[[u64; LANES]; VECTORS]])], count: usize) -> ([u64; 2], u64) {
        let mask = set(LIMB_MASK);
        // Below any loss.
        let (mut most, mut first) = ([set(u64::MAX); 2], zero());
        let mut place = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        for at in 0..count {
            let mut losses = [[zero(); 2]; VECTORS];
            for (size, column) in parts {
                for (loss, multiple) in losses.iter_mut().zip(&column[at]) {
                    let multiple = load(multiple);
                    loss[0] = _mm512_madd52lo_epu64(loss[0], *size, multiple);
                    loss[1] = _mm512_madd52hi_epu64(loss[1], *size, multiple);
                }
            }
            for [low, high] in losses {
                let high = _mm512_add_epi64(high, _mm512_srli_epi64::<LIMB>(low));
                let low = _mm512_and_si512(low, mask);
                let equal = _mm512_cmpeq_epi64_mask(high, most[1]);
                let more = _mm512_cmpgt_epi64_mask(high, most[1]) | _mm512_mask_cmpgt_epi64_mask(equal, low, most[0]);
                most = [_mm512_mask_mov_epi64(most[0], more, low), _mm512_mask_mov_epi64(most[1], more, high)];
                first = _mm512_mask_mov_epi64(first, more, place);
                place = _mm512_add_epi64(place, set(LANES as u64));
            }
        }
        let [low, high] = most;
        let highest = _mm512_reduce_max_epi64(high);
        let among = _mm512_cmpeq_epi64_mask(high, set(highest as u64));
        let lowest = _mm512_mask_reduce_max_epi64(among, low);
        let among = _mm512_mask_cmpeq_epi64_mask(among, low, set(lowest as u64));
        ([lowest as u64, highest as u64], _mm512_mask_reduce_min_epi64(among, first) as u64)
    }
}
