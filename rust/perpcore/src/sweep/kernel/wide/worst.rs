//! The worst loss of eight accounts side by side, and the first scenario that attains it, where underlyings are few.

use super::value::Value;
use super::{LIMB, LIMB_MASK, set, zero};
use crate::margin::portfolio::multiples::Multiples;
use std::arch::x86_64::*;

/// How many underlyings are few.
pub(super) const FEW: usize = 2;

/// The worst loss of eight accounts.
pub(super) struct Worst {
    /// In limbs and units of the multiples; 0 where it is a profit.
    pub(super) loss: [__m512i; 2],
    /// The place of the first scenario that attains it.
    pub(super) place: __m512i,
}

/// The losses of all scenarios as multiples of what an account has.
pub(super) struct Losses {
    /// For each scenario the multiples of all underlyings, where V ≥ 0 and where V < 0; below 2⁵².
    multiples: Vec<[[u64; 2]; FEW]>,
    raised: [u64; FEW],
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

    /// The worst loss of what eight accounts have in each underlying.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn worst(&self, values: &[Value; FEW]) -> Worst {
        let mask = set(LIMB_MASK);
        // Below any loss.
        let (mut most, mut first) = ([set(u64::MAX); 2], zero());
        for (place, multiples) in self.multiples.iter().enumerate() {
            let mut loss = [zero(); 2];
            for (value, multiple) in values.iter().zip(multiples) {
                loss = value.add_loss(loss, multiple);
            }
            let high = _mm512_add_epi64(loss[1], _mm512_srli_epi64::<LIMB>(loss[0]));
            let low = _mm512_and_si512(loss[0], mask);
            let equal = _mm512_cmpeq_epi64_mask(high, most[1]);
            let more = _mm512_cmpgt_epi64_mask(high, most[1]) | _mm512_mask_cmpgt_epi64_mask(equal, low, most[0]);
            most = [_mm512_mask_mov_epi64(most[0], more, low), _mm512_mask_mov_epi64(most[1], more, high)];
            first = _mm512_mask_mov_epi64(first, more, set(place as u64));
        }
        let mut raised = [zero(); 2];
        for (value, &multiple) in values.iter().zip(&self.raised) {
            raised = value.add_loss(raised, &[multiple; 2]);
        }
        let low = _mm512_sub_epi64(most[0], raised[0]);
        let high = _mm512_add_epi64(_mm512_sub_epi64(most[1], raised[1]), _mm512_srai_epi64::<LIMB>(low));
        let loses = !_mm512_movepi64_mask(high);
        let loss = [_mm512_maskz_and_epi64(loses, low, mask), _mm512_maskz_mov_epi64(loses, high)];
        Worst { loss, place: first }
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
