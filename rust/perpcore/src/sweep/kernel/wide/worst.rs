//! The worst loss of eight accounts side by side, and the first scenario that attains it, where underlyings are few.

use super::close::{charge_from_e24, times_rate};
use super::value::Value;
use super::{FACTOR, LIMB, LIMB_MASK, set, zero};
use crate::margin::portfolio::multiples::Multiples;
use std::arch::x86_64::*;

/// How many underlyings are few.
pub(super) const FEW: usize = 2;

/// The risk of eight accounts.
pub(super) struct Risk {
    /// In g.
    pub(super) amount: __m512i,
    /// Where it is right.
    pub(super) right: __mmask8,
    /// The place of the first scenario that attains the worst loss.
    pub(super) place: __m512i,
}

/// The largest loss so far, eight times, each with the first place that has it.
#[derive(Clone, Copy)]
pub(super) struct Most {
    loss: [__m512i; 2],
    place: __m512i,
}

/// The losses of all scenarios as multiples of what an account has.
pub(super) struct Losses {
    /// For each scenario the multiples of all underlyings, where V ≥ 0 and where V < 0; below 2⁵².
    multiples: Vec<[[u64; 2]; FEW]>,
    raised: [u64; FEW],
}

impl Risk {
    /// Of a worst loss in limbs and units, not below 0.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn of_loss(loss: [__m512i; 2], unit: u64, place: __m512i) -> Self {
        let fits = _mm512_cmplt_epu64_mask(loss[1], set(FACTOR));
        let (amount, right) = charge_from_e24(times_rate([zero(); 3], loss, set(unit)));
        Risk { amount, right: fits & right, place }
    }
}

impl Most {
    /// Below any loss.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn new() -> Self {
        Most { loss: [set(u64::MAX); 2], place: zero() }
    }

    /// A loss in limbs, at a place behind all before it.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn meet(&mut self, [low, high]: [__m512i; 2], place: __m512i) {
        let high = _mm512_add_epi64(high, _mm512_srli_epi64::<LIMB>(low));
        let low = _mm512_and_si512(low, set(LIMB_MASK));
        self.choose([low, high], place, 0);
    }

    /// The larger of both; of equal losses the one whose place is first.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn join(&mut self, other: &Most) {
        self.choose(other.loss, other.place, _mm512_cmplt_epi64_mask(other.place, self.place));
    }

    /// Takes another where it is larger, or equal and before this one.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn choose(&mut self, [low, high]: [__m512i; 2], place: __m512i, before: __mmask8) {
        let equal = _mm512_cmpeq_epi64_mask(high, self.loss[1]);
        let mut more =
            _mm512_cmpgt_epi64_mask(high, self.loss[1]) | _mm512_mask_cmpgt_epi64_mask(equal, low, self.loss[0]);
        if before != 0 {
            more |= _mm512_mask_cmpeq_epi64_mask(equal & before, low, self.loss[0]);
        }
        for (most, limb) in self.loss.iter_mut().zip([low, high]) {
            *most = _mm512_mask_mov_epi64(*most, more, limb);
        }
        self.place = _mm512_mask_mov_epi64(self.place, more, place);
    }

    /// The largest of the eight, and the first place that has it.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn of_all(&self) -> (u128, u64) {
        let [low, high] = self.loss;
        let highest = _mm512_reduce_max_epi64(high);
        let among = _mm512_cmpeq_epi64_mask(high, set(highest as u64));
        let lowest = _mm512_mask_reduce_max_epi64(among, low);
        let among = _mm512_mask_cmpeq_epi64_mask(among, low, set(lowest as u64));
        let loss = ((highest as u128) << LIMB) + lowest as u128;
        (loss, _mm512_mask_reduce_min_epi64(among, self.place) as u64)
    }
}

impl Losses {
    /// Laid out for [`FEW`] underlyings; one that is not there loses nothing.
    pub(super) fn new(found: &Multiples) -> Self {
        let (mut multiples, mut raised) = (vec![[[0; 2]; FEW]; found.rows.len()], [0; FEW]);
        let each = found.multiples.chunks(found.underlyings.len().max(1));
        for (places, multiples) in multiples.iter_mut().zip(each) {
            places.iter_mut().zip(multiples).for_each(|(place, multiple)| *place = *multiple);
        }
        raised.iter_mut().zip(&found.raised).for_each(|(place, raised)| *place = *raised);
        Losses { multiples, raised }
    }

    /// The risk of what eight accounts have in each underlying.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn worst(&self, unit: u64, values: &[Value; FEW]) -> Risk {
        let mut most = Most::new();
        for (place, multiples) in self.multiples.iter().enumerate() {
            let mut loss = [zero(); 2];
            for (value, multiple) in values.iter().zip(multiples) {
                loss = value.add_loss(loss, multiple);
            }
            most.meet(loss, set(place as u64));
        }
        let mut raised = [zero(); 2];
        for (value, &multiple) in values.iter().zip(&self.raised) {
            raised = value.add_loss(raised, &[multiple; 2]);
        }
        let low = _mm512_sub_epi64(most.loss[0], raised[0]);
        let high = _mm512_add_epi64(_mm512_sub_epi64(most.loss[1], raised[1]), _mm512_srai_epi64::<LIMB>(low));
        let loses = !_mm512_movepi64_mask(high);
        let loss = [_mm512_maskz_and_epi64(loses, low, set(LIMB_MASK)), _mm512_maskz_mov_epi64(loses, high)];
        Risk::of_loss(loss, unit, most.place)
    }
}

impl Value {
    /// A loss, in limbs that are not yet carried, with that in this underlying.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn add_loss(&self, [low, high]: [__m512i; 2], &[long, short]: &[u64; 2]) -> [__m512i; 2] {
        let multiple = _mm512_mask_mov_epi64(set(long), self.negative, set(short));
        [_mm512_madd52lo_epu64(low, self.size, multiple), _mm512_madd52hi_epu64(high, self.size, multiple)]
    }
}
