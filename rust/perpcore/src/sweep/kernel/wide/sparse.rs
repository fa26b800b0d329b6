//! The worst loss of accounts that have little of many underlyings, one account at a time.
//!
//! Side by side, eight accounts would be asked about every underlying that any of them has something in.

use super::columns::{Columns, Parts, Sizes, VECTORS};
use super::worst::{Most, Risk};
use super::{LANES, LIMB, LIMB_MASK, load, set};
use std::arch::x86_64::*;

/// The risk of the accounts in `lanes`.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn worst<const U: usize>(columns: &Columns, unit: u64, sizes: &Sizes<'_, U>, lanes: u8) -> Risk {
    let (mut low, mut high, mut places) = ([0; LANES], [0; LANES], [0; LANES]);
    let (mut parts, mut left) = (Parts::new(), lanes);
    while left != 0 {
        let lane = left.trailing_zeros() as usize;
        left &= left - 1;
        if !columns.lay_out(sizes, lane, &mut parts) {
            continue;
        }
        // One for each vector of a turn, so that none waits for another.
        let mut mosts = [Most::new(); VECTORS];
        let mut place = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        for turn in 0..columns.turns() {
            for (most, loss) in mosts.iter_mut().zip(parts.losses(turn)) {
                most.meet(loss, place);
                place = _mm512_add_epi64(place, set(LANES as u64));
            }
        }
        let [mut most, others @ ..] = mosts;
        others.iter().for_each(|other| most.join(other));
        let (loss, place) = most.of_all();
        let loss = loss.saturating_sub(parts.raised);
        (low[lane], high[lane], places[lane]) = (loss as u64 & LIMB_MASK, (loss >> LIMB) as u64, place);
    }
    Risk::of_loss([load(&low), load(&high)], unit, load(&places))
}
