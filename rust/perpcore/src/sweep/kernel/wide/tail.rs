//! Expected shortfall of scenarios of equal weight, one account at a time.
//!
//! No loss is sorted. Every loss has a key of 64 bits, the highest of its bits: keys stand in the order of losses, or
//! are equal. Of the losses in groups, as many groups as the tail has losses, the largest keys are at least as many
//! losses; so what is below the smallest of these keys is not in the tail, or equal to what is. The others are rounded
//! up to g, each as the valuation does; rounding keeps the order, so the largest of the rounded losses are the tail
//! rounded. How large they are is found by halving.

use super::close::{divided_by_e16, times_rate};
use super::columns::{Columns, Parts, Sizes, VECTORS};
use super::worst::{Most, Risk};
use super::{FACTOR, LANES, LIMB, LIMB_MASK, load, set, store, zero};
use crate::margin::portfolio::tail::Tail;
use std::arch::x86_64::*;

/// The most scenarios: so many rounded losses, each below 2⁵¹, are below 2⁶³ together.
pub(super) const MOST_ROWS: usize = 4_000;
/// Bits of a key.
const KEY: u32 = 62;

type Lanes = [u64; LANES];

/// Room for the limbs and the places of losses, and the largest key of each group.
struct Room<'a> {
    low: &'a mut [Lanes],
    high: &'a mut [Lanes],
    place: &'a mut [Lanes],
    groups: &'a mut [Lanes],
}

/// The risk of the accounts in `lanes`. `room` is any room.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn shortfall<const U: usize>(
    columns: &Columns,
    tail: &Tail,
    unit: u64,
    sizes: &Sizes<'_, U>,
    lanes: u8,
    room: &mut Vec<Lanes>,
) -> Risk {
    let vectors = columns.turns() * VECTORS;
    let groups = tail.count().div_ceil(LANES).min(vectors);
    room.resize((3 * vectors + groups).max(room.len()), [0; LANES]);
    let (low, rest) = room.split_at_mut(vectors);
    let (high, rest) = rest.split_at_mut(vectors);
    let (place, rest) = rest.split_at_mut(vectors);
    let mut room = Room { low, high, place, groups: &mut rest[..groups] };
    let (mut amounts, mut right, mut places) = ([0; LANES], u8::MAX, [0; LANES]);
    let (mut parts, mut left) = (Parts::new(), lanes);
    while left != 0 {
        let lane = left.trailing_zeros() as usize;
        left &= left - 1;
        if !columns.lay_out(sizes, lane, &mut parts) {
            continue;
        }
        let key = Key::of(&parts);
        let least = room.lose(columns, &parts, &key);
        let count = room.keep(columns.rows, &key, least);
        places[lane] = room.worst(count);
        match room.round(count, parts.raised, unit) {
            true => amounts[lane] = room.mean(count, tail).max(0) as u64,
            false => right &= !(1 << lane),
        }
    }
    Risk { amount: load(&amounts), right, place: load(&places) }
}

/// How the key of a loss is made of its limbs.
struct Key {
    up: __m128i,
    down: __m128i,
}

impl Key {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn of<const U: usize>(parts: &Parts<'_, U>) -> Self {
        // Factors are below 2⁵² and underlyings at most sixteen, so that no more than 46 bits are cut.
        let cut = (u128::BITS - parts.most.leading_zeros()).saturating_sub(KEY).min(LIMB);
        Key { up: _mm_cvtsi64_si128(i64::from(LIMB - cut)), down: _mm_cvtsi64_si128(cut.into()) }
    }

    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn key(&self, low: __m512i, high: __m512i) -> __m512i {
        _mm512_or_si512(_mm512_sll_epi64(high, self.up), _mm512_srl_epi64(low, self.down))
    }
}

/// Which lanes of a vector are within so many places.
#[inline(always)]
fn within(places: usize, vector: usize) -> u8 {
    let left = places.saturating_sub(vector * LANES).min(LANES);
    ((1_u32 << left) - 1) as u8
}

impl Room<'_> {
    /// Fills in the losses of all scenarios; the smallest of the groups' largest keys.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn lose<const U: usize>(&mut self, columns: &Columns, parts: &Parts<'_, U>, key: &Key) -> u64 {
        self.groups.fill([0; LANES]);
        let (mut vector, mut group) = (0, 0);
        for turn in 0..columns.turns() {
            for [low, high] in parts.losses(turn) {
                let high = _mm512_add_epi64(high, _mm512_srli_epi64::<LIMB>(low));
                let low = _mm512_and_si512(low, set(LIMB_MASK));
                store(&mut self.low[vector], low);
                store(&mut self.high[vector], high);
                let key = _mm512_maskz_mov_epi64(within(columns.rows, vector), key.key(low, high));
                let largest = _mm512_max_epu64(load(&self.groups[group]), key);
                store(&mut self.groups[group], largest);
                vector += 1;
                group = if group + 1 == self.groups.len() { 0 } else { group + 1 };
            }
        }
        let mut least = set(u64::MAX);
        for group in &*self.groups {
            least = _mm512_min_epu64(least, load(group));
        }
        _mm512_reduce_min_epu64(least)
    }

    /// Moves the losses whose key is not below `least` to the front, in their order; how many they are.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn keep(&mut self, rows: usize, key: &Key, least: u64) -> usize {
        let mut count = 0;
        let mut place = _mm512_setr_epi64(0, 1, 2, 3, 4, 5, 6, 7);
        let [low_to, high_to, place_to] =
            [&mut *self.low, &mut *self.high, &mut *self.place].map(<[_]>::as_flattened_mut);
        for vector in 0..rows.div_ceil(LANES) {
            let at = vector * LANES;
            let [low, high] = [&*low_to, &*high_to].map(|from| load_at(from, at));
            let kept = _mm512_cmpge_epu64_mask(key.key(low, high), set(least)) & within(rows, vector);
            // What is kept stands at or before what was read.
            for (to, from) in [(&mut *low_to, low), (&mut *high_to, high), (&mut *place_to, place)] {
                store_at(to, count, _mm512_maskz_compress_epi64(kept, from));
            }
            count += kept.count_ones() as usize;
            place = _mm512_add_epi64(place, set(LANES as u64));
        }
        count
    }

    /// The place of the first of the largest of so many losses.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn worst(&self, count: usize) -> u64 {
        let mut most = Most::new();
        for at in 0..count.div_ceil(LANES) {
            // Behind the last stands what repeats it: what is left there came before, or is no loss of this account.
            let lanes = within(count, at);
            let loss = [&self.low[at], &self.high[at]].map(|limb| _mm512_maskz_mov_epi64(lanes, load(limb)));
            let place = _mm512_mask_mov_epi64(set(u64::MAX >> 1), lanes, load(&self.place[at]));
            most.meet(loss, place);
        }
        most.of_all().1
    }

    /// Rounds so many losses up to g, in the place of their low limbs; whether all are right.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn round(&mut self, count: usize, raised: u128, unit: u64) -> bool {
        let raised = [set(raised as u64 & LIMB_MASK), set((raised >> LIMB) as u64)];
        let mut wrong = 0;
        for at in 0..count.div_ceil(LANES) {
            let low = _mm512_sub_epi64(load(&self.low[at]), raised[0]);
            let high = _mm512_sub_epi64(load(&self.high[at]), raised[1]);
            let (size, profit) = super::value::magnitude([low, high]);
            let (quotient, inexact, right) = divided_by_e16(times_rate([zero(); 3], size, set(unit)));
            let right = right & _mm512_cmplt_epu64_mask(size[1], set(FACTOR));
            let up = _mm512_mask_add_epi64(quotient, inexact & !profit, quotient, set(1));
            let loss = _mm512_mask_sub_epi64(up, profit, zero(), up);
            // What is no loss is below all.
            let lanes = within(count, at);
            store(&mut self.low[at], _mm512_mask_mov_epi64(set(NO_LOSS as u64), lanes, loss));
            wrong |= lanes & !right;
        }
        wrong == 0
    }

    /// The mean of the tail of so many rounded losses, among which it is.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn mean(&self, count: usize, tail: &Tail) -> i128 {
        let losses = &self.low[..count.div_ceil(LANES)];
        let (mut least, mut most) = (set(i64::MAX as u64), set(NO_LOSS as u64));
        for (at, loss) in losses.iter().enumerate() {
            least = _mm512_mask_min_epi64(least, within(count, at), least, load(loss));
            most = _mm512_max_epi64(most, load(loss));
        }
        // As many as the tail has are not below `from`, fewer are not below `to`.
        let (mut from, mut to) = (_mm512_reduce_min_epi64(least), _mm512_reduce_max_epi64(most) + 1);
        while to - from > 1 {
            let middle = from + (to - from) / 2;
            let mut found = 0;
            for loss in losses {
                found += _mm512_cmpge_epi64_mask(load(loss), set(middle as u64)).count_ones() as usize;
            }
            if found >= tail.count() {
                from = middle;
            } else {
                to = middle;
            }
            if found == tail.count() {
                break;
            }
        }
        let (mut end, mut sum) = (set(i64::MAX as u64), zero());
        for loss in losses.iter().map(|loss| load(loss)) {
            let among = _mm512_cmpge_epi64_mask(loss, set(from as u64));
            end = _mm512_mask_min_epi64(end, among, end, loss);
            sum = _mm512_mask_add_epi64(sum, among, sum, loss);
        }
        let end = _mm512_reduce_min_epi64(end);
        let found: usize =
            losses.iter().map(|loss| _mm512_cmpge_epi64_mask(load(loss), set(from as u64)).count_ones() as usize).sum();
        // Those at the end of the tail are equal, so it does not matter which of them are in it.
        let beyond = found - tail.full;
        let full = i128::from(_mm512_reduce_add_epi64(sum)) - beyond as i128 * i128::from(end);
        tail.mean(full, end.into())
    }
}

/// Below any rounded loss, and a sum of it is never made.
const NO_LOSS: i64 = i64::MIN / 2;

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn load_at(lanes: &[u64], at: usize) -> __m512i {
    let lanes = &lanes[at..at + LANES];
    // SAFETY: eight numbers of 64 bits.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn store_at(lanes: &mut [u64], at: usize, numbers: __m512i) {
    let lanes = &mut lanes[at..at + LANES];
    // SAFETY: eight numbers of 64 bits.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), numbers) }
}
