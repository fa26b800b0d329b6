//! Runs of codes, sixteen at a time.

use super::is_possible;
use crate::sweep::runs::Runs;
use std::arch::x86_64::*;

/// As [`crate::sweep::runs::runs`], sixteen codes at a time.
pub(in crate::sweep) fn runs(codes: &[u32], most: usize) -> Option<Runs> {
    assert!(is_possible());
    // SAFETY: the processor has these features.
    unsafe { found(codes, most) }
}

#[target_feature(enable = "avx512f")]
fn found(codes: &[u32], most: usize) -> Option<Runs> {
    const CODES: usize = 16;
    let most = most.min(codes.len());
    let mut numbers: Vec<u32> = Vec::with_capacity(most + CODES);
    let mut starts: Vec<u32> = Vec::with_capacity(most + CODES);
    let mut row = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
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
        // SAFETY: there is room for sixteen behind `most`.
        unsafe {
            _mm512_storeu_si512(numbers.as_mut_ptr().add(found).cast(), _mm512_maskz_compress_epi32(new, code));
            _mm512_storeu_si512(starts.as_mut_ptr().add(found).cast(), _mm512_maskz_compress_epi32(new, row));
        }
        found += new.count_ones() as usize;
        if found > most {
            return None;
        }
        last = code;
        row = _mm512_add_epi32(row, _mm512_set1_epi32(CODES as i32));
    }
    // SAFETY: so many of each were written.
    unsafe {
        numbers.set_len(found);
        starts.set_len(found);
    }
    starts.push(codes.len() as u32);
    Some(Runs { numbers, starts })
}
