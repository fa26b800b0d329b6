//! The numbering of codes, sixteen at a time.

use super::is_possible;
use std::arch::x86_64::*;

/// As [`crate::sweep::number::numbered`], sixteen codes at a time.
pub(in crate::sweep) fn numbered(codes: &[u32], most: usize, numbers: &mut Vec<u32>) -> Option<Vec<u32>> {
    assert!(is_possible());
    // SAFETY: the processor has these features.
    unsafe { number(codes, most, numbers) }
}

#[target_feature(enable = "avx512f,avx512vpopcntdq")]
fn number(codes: &[u32], most: usize, numbers: &mut Vec<u32>) -> Option<Vec<u32>> {
    const CODES: usize = 16;
    let mut places: Vec<u32> = Vec::with_capacity(most + CODES);
    let old = numbers.len();
    numbers.reserve(codes.len() + CODES);
    // Of lane n, the lanes up to it.
    let up_to = _mm512_sub_epi32(
        _mm512_sllv_epi32(
            _mm512_set1_epi32(2),
            _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15),
        ),
        _mm512_set1_epi32(1),
    );
    let (mut last, mut found) = (_mm512_set1_epi32(codes.first().copied()? as i32), 0);
    for (at, these) in codes.chunks(CODES).enumerate() {
        let lanes = u16::MAX >> (CODES - these.len());
        // SAFETY: reads the codes of this chunk alone.
        let code = unsafe { _mm512_maskz_loadu_epi32(lanes, these.as_ptr().cast()) };
        let before = _mm512_alignr_epi32::<15>(code, last);
        if _mm512_mask_cmplt_epu32_mask(lanes, code, before) != 0 {
            return None;
        }
        // The first code of all is new.
        let new = _mm512_mask_cmpneq_epu32_mask(lanes, code, before) | u16::from(at == 0);
        let place = _mm512_maskz_compress_epi32(new, code);
        let rank = _mm512_popcnt_epi32(_mm512_and_si512(_mm512_set1_epi32(new.into()), up_to));
        let number = _mm512_add_epi32(rank, _mm512_set1_epi32(found as i32 - 1));
        // SAFETY: there is room for sixteen numbers behind those of the chunks before, and behind `most` places.
        unsafe {
            _mm512_storeu_si512(places.as_mut_ptr().add(found).cast(), place);
            _mm512_storeu_si512(numbers.as_mut_ptr().add(old + at * CODES).cast(), number);
        }
        found += new.count_ones() as usize;
        if found > most {
            return None;
        }
        last = code;
    }
    // SAFETY: so many were written, of places `found` and of numbers one a code.
    unsafe {
        places.set_len(found);
        numbers.set_len(old + codes.len());
    }
    Some(places)
}
