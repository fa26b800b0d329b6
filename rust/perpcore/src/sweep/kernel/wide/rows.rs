//! Rows in account order, added up eight at a time.

use super::super::legs::Legs as Plain;
use super::super::nets::{Numbers, Sum as Of};
use super::{FACTOR, LANES, LIMB, is_possible, load, set, store, zero};
use std::arch::x86_64::*;
use std::ops::Range;

/// Rows that are added up together, in account order.
pub(in crate::sweep::kernel) struct Rows<'a> {
    pub(in crate::sweep::kernel) account: &'a [u32],
    /// Instrument or asset.
    pub(in crate::sweep::kernel) name: &'a [u32],
    /// Quantity or amount.
    pub(in crate::sweep::kernel) value: &'a [i64],
}

/// The most rows that are added up together, so that no sum of what is below 2⁵² passes 63 bits.
const MOST_ROWS: usize = 2_048;
/// The most instruments or assets: each takes time for every row.
const MOST_ADDED: usize = 4;

/// Where the rows of each account begin, and one place more.
pub(in crate::sweep::kernel) type Starts = [u32; MOST_ROWS + 4 * LANES];

/// Nowhere.
pub(in crate::sweep::kernel) const NO_STARTS: Starts = [0; MOST_ROWS + 4 * LANES];

/// Whether rows of these names can be added up here.
pub(in crate::sweep::kernel) fn adds_rows(legs: &Plain) -> bool {
    legs.instruments.len().max(legs.assets.len()) <= MOST_ADDED && legs.strange == 0
}

/// Adds up positions of the accounts from `first` on that say quantity and entry price alone, into blocks that are
/// zero; all bits of their entry prices. None, and anything in the blocks, where there are too many rows or a number is
/// too large.
pub(in crate::sweep::kernel) fn add_positions<const N: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    entry_price: &[i64],
    first: u32,
    starts: &mut Starts,
    blocks: &mut [Numbers<N>],
) -> Option<u64> {
    assert!(is_possible());
    let accounts =
        found(rows, first, starts, blocks.len() * LANES).filter(|_| entry_price.len() == rows.value.len())?;
    // SAFETY: the processor has the features.
    unsafe {
        match legs.instruments.len() {
            0..=2 => positions::<N, 2>(legs, rows, entry_price, starts, &mut blocks[..accounts.div_ceil(LANES)]),
            _ => positions::<N, MOST_ADDED>(legs, rows, entry_price, starts, &mut blocks[..accounts.div_ceil(LANES)]),
        }
    }
}

/// Adds up balances of the accounts from `first` on, into blocks without any. False, and anything in their places, where
/// there are too many rows or a number is too large.
pub(in crate::sweep::kernel) fn add_balances<const N: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    first: u32,
    starts: &mut Starts,
    blocks: &mut [Numbers<N>],
) -> bool {
    assert!(is_possible());
    let Some(accounts) = found(rows, first, starts, blocks.len() * LANES) else { return false };
    // SAFETY: the processor has the features.
    unsafe {
        match legs.assets.len() {
            0..=3 => balances::<N, 3>(legs, rows, starts, &mut blocks[..accounts.div_ceil(LANES)]),
            _ => balances::<N, MOST_ADDED>(legs, rows, starts, &mut blocks[..accounts.div_ceil(LANES)]),
        }
    }
}

/// Finds where the rows of each account begin; how many accounts there are up to the last one with rows, and so many
/// places are right, as those of a block behind them are. None where there are too many rows.
fn found(rows: &Rows<'_>, first: u32, starts: &mut Starts, most: usize) -> Option<usize> {
    let count = rows.account.len();
    let Some(&last) = rows.account.last() else { return Some(0) };
    let accounts = last.wrapping_sub(first) as usize + 1;
    if count > MOST_ROWS || rows.name.len() != count || rows.value.len() != count || accounts > most.min(MOST_ROWS) {
        return None;
    }
    // SAFETY: the processor has the features.
    let mut groups = unsafe { begins(rows.account, starts) };
    if groups != accounts {
        // Some have no rows: each group goes to the place of its account, the last one first.
        let mut end = accounts;
        while let Some(group) = groups.checked_sub(1) {
            let start = starts[group];
            let account = rows.account[start as usize].wrapping_sub(first) as usize;
            if account >= end {
                return None;
            }
            let after = if end == accounts { count as u32 } else { starts[end] };
            starts[account + 1..end].fill(after);
            starts[account] = start;
            (end, groups) = (account, group);
        }
        starts[..end].fill(0);
    }
    starts[accounts..accounts + LANES + 1].fill(count as u32);
    Some(accounts)
}

/// Where each group of equal accounts begins; how many there are.
#[target_feature(enable = "avx512f")]
fn begins(account: &[u32], starts: &mut Starts) -> usize {
    const ROWS: usize = 2 * LANES;
    let mut row = _mm512_setr_epi32(0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15);
    let (mut last, mut found) = (_mm512_set1_epi32(account.first().map_or(0, |&account| !account) as i32), 0);
    for these in account.chunks(ROWS) {
        let lanes = u16::MAX >> (ROWS - these.len());
        // SAFETY: reads the accounts of this chunk alone.
        let these = unsafe { _mm512_maskz_loadu_epi32(lanes, these.as_ptr().cast()) };
        let new = _mm512_mask_cmpneq_epu32_mask(lanes, these, _mm512_alignr_epi32::<15>(these, last));
        let begin = _mm512_maskz_compress_epi32(new, row);
        let room = &mut starts[found..found + ROWS];
        // SAFETY: room for sixteen.
        unsafe { _mm512_storeu_si512(room.as_mut_ptr().cast(), begin) };
        found += new.count_ones() as usize;
        row = _mm512_add_epi32(row, _mm512_set1_epi32(ROWS as i32));
        last = these;
    }
    found
}

/// What some rows of one account add: both limbs of Σ q·(M − entry), signed, Σ|q|, then Σ q of each instrument.
type Added<const I: usize> = ([__m512i; 3], [__m512i; I]);

/// All bits of sizes and of entry prices.
struct Bits([__m512i; 2]);

#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn positions<const N: usize, const I: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    entry_price: &[i64],
    starts: &Starts,
    blocks: &mut [Numbers<N>],
) -> Option<u64> {
    let marks: &[i64] = &legs.marks[..LANES];
    // SAFETY: eight numbers of 64 bits.
    let marks = unsafe { _mm512_loadu_si512(marks.as_ptr().cast()) };
    let names = (1_u64 << legs.instruments.len()) - 1;
    let mut bits = Bits([zero(); 2]);
    for (block, starts) in blocks.iter_mut().zip(starts.windows(LANES + 1).step_by(LANES)) {
        let (mut sums, mut quantities) = ([[zero(); LANES]; 3], [[zero(); LANES]; I]);
        for lane in 0..LANES {
            let (mut from, to) = (starts[lane] as usize, starts[lane + 1] as usize);
            let (mut sum, mut quantity) =
                position::<I>(rows, entry_price, from, to.min(from + LANES), marks, &mut bits);
            while to - from > LANES {
                from += LANES;
                let more = position::<I>(rows, entry_price, from, to.min(from + LANES), marks, &mut bits);
                sum.iter_mut().zip(more.0).for_each(|(sum, more)| *sum = _mm512_add_epi64(*sum, more));
                quantity.iter_mut().zip(more.1).for_each(|(sum, more)| *sum = _mm512_add_epi64(*sum, more));
            }
            sums.iter_mut().zip(sum).for_each(|(sums, sum)| sums[lane] = sum);
            quantities.iter_mut().zip(quantity).for_each(|(sums, sum)| sums[lane] = sum);
        }
        let [low, high, traded] = sums;
        let (low, high, traded) = (summed(low), summed(high), summed(traded));
        // Signed limbs to two's complement.
        let above = _mm512_slli_epi64::<LIMB>(high);
        let sum = _mm512_add_epi64(low, above);
        let carry = _mm512_cmplt_epu64_mask(sum, above);
        let high = _mm512_add_epi64(_mm512_srai_epi64::<12>(high), _mm512_srai_epi64::<63>(low));
        store(block.sum(Of::PnlLow), sum);
        store(block.sum(Of::PnlHigh), _mm512_mask_add_epi64(high, carry, high, set(1)));
        store(block.sum(Of::Traded), traded);
        store(block.sum(Of::Names), set(names));
        for (at, quantities) in quantities.into_iter().enumerate().take(legs.instruments.len()) {
            store(block.number(at), summed(quantities));
        }
    }
    let [sizes, entries] = bits.0.map(|bits| _mm512_reduce_or_epi64(bits) as u64);
    (sizes < FACTOR).then_some(entries)
}

/// What at most eight rows add.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn position<const I: usize>(
    rows: &Rows<'_>,
    entry_price: &[i64],
    from: usize,
    to: usize,
    marks: __m512i,
    Bits([sizes, entries]): &mut Bits,
) -> Added<I> {
    let (instrument, quantity, entry) = (&rows.name[from..to], &rows.value[from..to], &entry_price[from..to]);
    let lanes = ((1_u32 << quantity.len()) - 1) as u8;
    // SAFETY: each reads as many numbers as its slice has.
    let (instrument, quantity, entry) = unsafe {
        (
            _mm512_cvtepu32_epi64(_mm256_maskz_loadu_epi32(lanes, instrument.as_ptr().cast())),
            _mm512_maskz_loadu_epi64(lanes, quantity.as_ptr()),
            _mm512_maskz_loadu_epi64(lanes, entry.as_ptr()),
        )
    };
    let gain = _mm512_maskz_sub_epi64(lanes, _mm512_permutexvar_epi64(instrument, marks), entry);
    let (size, change) = (_mm512_abs_epi64(quantity), _mm512_abs_epi64(gain));
    let negative = _mm512_movepi64_mask(_mm512_xor_si512(quantity, gain));
    let products = [_mm512_madd52lo_epu64(zero(), size, change), _mm512_madd52hi_epu64(zero(), size, change)];
    let [low, high] = products.map(|product| _mm512_mask_sub_epi64(product, negative, zero(), product));
    // Any bit of one of the three.
    *sizes = _mm512_ternarylogic_epi64::<0xfe>(*sizes, size, change);
    *entries = _mm512_or_si512(*entries, entry);
    let of = |at| _mm512_maskz_mov_epi64(_mm512_cmpeq_epi64_mask(instrument, set(at as u64)), quantity);
    ([low, high, size], std::array::from_fn(of))
}

/// Two accounts side by side, four rows of each at a time: most have no more balances.
#[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512ifma")]
fn balances<const N: usize, const A: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    starts: &Starts,
    blocks: &mut [Numbers<N>],
) -> bool {
    const HALF: usize = LANES / 2;
    let (instruments, assets) = (legs.instruments.len(), legs.assets.len());
    let names = ((1_u64 << assets) - 1) << instruments;
    let mut sizes = zero();
    for (block, starts) in blocks.iter_mut().zip(starts.windows(LANES + 1).step_by(LANES)) {
        let (mut owned, mut amounts) = ([zero(); HALF], [[zero(); HALF]; A]);
        for pair in 0..HALF {
            let [mut from, middle, to] = [0, 1, 2].map(|at| starts[2 * pair + at] as usize);
            let (mut from_second, mut left) = (middle, true);
            while left {
                let [first, second] = [(from, middle), (from_second, to)].map(|(from, to)| from..to.min(from + HALF));
                (from, from_second) = (first.end, second.end);
                left = from < middle || from_second < to;
                let ((asset, amount), (second_asset, second_amount)) = (four(rows, first), four(rows, second));
                let asset = _mm512_cvtepu32_epi64(_mm256_set_m128i(second_asset, asset));
                let amount = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(amount), second_amount);
                let size = _mm512_abs_epi64(amount);
                sizes = _mm512_or_si512(sizes, size);
                owned[pair] = _mm512_add_epi64(owned[pair], size);
                for (at, sum) in amounts.iter_mut().enumerate() {
                    let same = _mm512_cmpeq_epi64_mask(asset, set(at as u64));
                    sum[pair] = _mm512_mask_add_epi64(sum[pair], same, sum[pair], amount);
                }
            }
        }
        store(block.sum(Of::Owned), halves_summed(owned));
        let named = _mm512_or_si512(load(block.sum(Of::Names)), set(names));
        store(block.sum(Of::Names), named);
        for (at, amounts) in amounts.into_iter().enumerate().take(assets) {
            store(block.number(instruments + at), halves_summed(amounts));
        }
    }
    (_mm512_reduce_or_epi64(sizes) as u64) < FACTOR
}

/// Assets and amounts of at most four rows.
#[inline]
#[target_feature(enable = "avx512f,avx512vl")]
fn four(rows: &Rows<'_>, part: Range<usize>) -> (__m128i, __m256i) {
    let (asset, amount) = (&rows.name[part.clone()], &rows.value[part]);
    let lanes = ((1_u32 << amount.len()) - 1) as u8;
    // SAFETY: each reads as many numbers as its slice has.
    unsafe { (_mm_maskz_loadu_epi32(lanes, asset.as_ptr().cast()), _mm256_maskz_loadu_epi64(lanes, amount.as_ptr())) }
}

/// The sum of each half of each of four, in order.
#[inline]
#[target_feature(enable = "avx512f")]
fn halves_summed([a, b, c, d]: [__m512i; LANES / 2]) -> __m512i {
    // Of two: the sums of two lanes as a, b, a, b …, each pair from one quarter.
    let [ab, cd] =
        [(a, b), (c, d)].map(|(a, b)| _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)));
    let evens = _mm512_shuffle_i64x2::<0x88>(ab, cd);
    let sums = _mm512_add_epi64(evens, _mm512_shuffle_i64x2::<0xdd>(ab, cd));
    // Now a's and b's first halves, their second ones, then c's and d's.
    _mm512_permutex_epi64::<0b11_01_10_00>(sums)
}

/// The sum of the lanes of each of eight.
#[inline]
#[target_feature(enable = "avx512f")]
fn summed([a, b, c, d, e, f, g, h]: [__m512i; LANES]) -> __m512i {
    let pairs = [(a, b), (c, d), (e, f), (g, h)]
        .map(|(a, b)| _mm512_add_epi64(_mm512_unpacklo_epi64(a, b), _mm512_unpackhi_epi64(a, b)));
    let halves = |a, b| _mm512_add_epi64(_mm512_shuffle_i64x2::<0x88>(a, b), _mm512_shuffle_i64x2::<0xdd>(a, b));
    halves(halves(pairs[0], pairs[1]), halves(pairs[2], pairs[3]))
}
