//! Eight accounts side by side in AVX-512, products by the 52-bit multiplications of IFMA.
//!
//! A sum of products is kept in limbs of 52 bits: an account is taken only where its factors fit 52 bits, and no limb
//! of 62 names with their constants passes 60. Everything modulo 2¹²⁸ until the bounds are compared, integers only.
//!
//! [`close`] closes accounts, [`portfolio`] those of the portfolio model: from what each underlying is worth ([`value`])
//! and what the [`worst`] scenario makes of it; where underlyings are many ([`sparse`]) and for the [`tail`] one account
//! at a time, by [`columns`] of scenarios. [`rows`] adds their rows up, [`mod@runs`] finds where the rows of each begin.

mod close;
mod columns;
mod portfolio;
mod rows;
mod runs;
mod sparse;
mod tail;
mod value;
mod worst;

pub(super) use close::Legs;
pub(super) use portfolio::Portfolio;
pub(super) use rows::{Rows, add_balances, add_positions, adds_rows};
pub(in crate::sweep) use runs::runs;

use super::LANES;
use std::arch::x86_64::*;

/// Quantities and prices are below it.
const FACTOR: u64 = 1 << 52;
/// Bits of a limb.
const LIMB: u32 = 52;
const LIMB_MASK: u64 = (1 << LIMB) - 1;

/// Whether this processor has what this way needs.
pub(super) fn is_possible() -> bool {
    is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
        && is_x86_feature_detected!("avx512ifma")
}

/// Work that is compiled for this way.
#[inline(always)]
pub(super) fn run<R>(work: impl FnOnce() -> R) -> R {
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl")]
    fn compiled<R>(work: impl FnOnce() -> R) -> R {
        work()
    }
    assert!(is_possible());
    // SAFETY: the processor has these features.
    unsafe { compiled(work) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn load(lanes: &[u64; LANES]) -> __m512i {
    // SAFETY: eight numbers of 64 bits.
    unsafe { _mm512_loadu_si512(lanes.as_ptr().cast()) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn store(lanes: &mut [u64; LANES], numbers: __m512i) {
    // SAFETY: eight numbers of 64 bits.
    unsafe { _mm512_storeu_si512(lanes.as_mut_ptr().cast(), numbers) }
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn set(value: u64) -> __m512i {
    _mm512_set1_epi64(value as i64)
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn zero() -> __m512i {
    _mm512_setzero_si512()
}
