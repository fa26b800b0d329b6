//! What eight accounts have in one underlying: |V| in g, rounded half to even once, and its sign.

use super::close::{divided, times_rate};
use super::{LIMB, LIMB_MASK, set, zero};
use crate::num::ONE;
use std::arch::x86_64::*;

/// What eight accounts have in one underlying.
#[derive(Clone, Copy)]
pub(super) struct Value {
    /// |V| in g, below 2⁵².
    pub(super) size: __m512i,
    /// Where V is below 0.
    pub(super) negative: __mmask8,
}

impl Value {
    /// V of Σ Q·M alone, half to even; and where it is below 2⁷⁷, so that it is right.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn of_positions([low, high]: [__m512i; 2], negative: __mmask8) -> (Self, __mmask8) {
        let right = _mm512_cmplt_epu64_mask(high, set(1 << 25));
        let h = _mm512_or_si512(_mm512_srli_epi64::<25>(low), _mm512_slli_epi64::<27>(high));
        let m = _mm512_or_si512(_mm512_srli_epi64::<8>(low), _mm512_slli_epi64::<44>(high));
        let (quotient, left) = divided::<8, 25>(h, m);
        let rest = _mm512_or_si512(_mm512_slli_epi64::<8>(left), _mm512_and_si512(low, set(0xff)));
        (Value { size: to_even(quotient, rest, 10_u64.pow(8) / 2), negative }, right)
    }

    /// V of Σ Q·M, |Σ| and where it is negative, and the value of assets; and where it is right.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn with_assets(net: [__m512i; 2], short: __mmask8, assets: [__m512i; 3]) -> (Self, __mmask8) {
        let exact = times_rate([zero(); 3], net, set(ONE as u64));
        let mut sum = assets;
        for (sum, part) in sum.iter_mut().zip(exact) {
            *sum = _mm512_mask_sub_epi64(_mm512_add_epi64(*sum, part), short, *sum, part);
        }
        let carry = |[low, middle, high]: [__m512i; 3]| {
            let middle = _mm512_add_epi64(middle, _mm512_srai_epi64::<LIMB>(low));
            let high = _mm512_add_epi64(high, _mm512_srai_epi64::<LIMB>(middle));
            let mask = set(LIMB_MASK);
            [_mm512_and_si512(low, mask), _mm512_and_si512(middle, mask), high]
        };
        let sum = carry(sum);
        let negative = _mm512_movepi64_mask(sum[2]);
        let [low, middle, high] = carry(sum.map(|limb| _mm512_mask_sub_epi64(limb, negative, zero(), limb)));
        let m = _mm512_or_si512(_mm512_srli_epi64::<16>(low), _mm512_slli_epi64::<36>(middle));
        let (quotient, left) = divided::<16, LIMB>(middle, m);
        let rest = _mm512_or_si512(_mm512_slli_epi64::<16>(left), _mm512_and_si512(low, set(0xffff)));
        let size = to_even(quotient, rest, 10_u64.pow(16) / 2);
        (Value { size, negative }, _mm512_testn_epi64_mask(high, high))
    }
}

/// One more where the rest is above half, or half and the quotient odd.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn to_even(quotient: __m512i, rest: __m512i, half: u64) -> __m512i {
    let odd = _mm512_test_epi64_mask(quotient, set(1));
    let up = _mm512_cmpgt_epu64_mask(rest, set(half)) | _mm512_mask_cmpeq_epu64_mask(odd, rest, set(half));
    _mm512_mask_add_epi64(quotient, up, quotient, set(1))
}

/// Limbs that are carried.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn carried([low, high]: [__m512i; 2]) -> [__m512i; 2] {
    [_mm512_and_si512(low, set(LIMB_MASK)), _mm512_add_epi64(high, _mm512_srai_epi64::<LIMB>(low))]
}

/// |n| in limbs that are carried, of limbs with their signs; and where n is negative.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn magnitude(limbs: [__m512i; 2]) -> ([__m512i; 2], __mmask8) {
    let limbs = carried(limbs);
    let negative = _mm512_movepi64_mask(limbs[1]);
    (carried(limbs.map(|limb| _mm512_mask_sub_epi64(limb, negative, zero(), limb))), negative)
}
