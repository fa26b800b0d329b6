//! Rows in account order, added up eight at a time.

use super::super::legs::Legs as Plain;
use super::super::nets::{Numbers, Sum as Of};
use super::{FACTOR, LANES, LIMB, load, run, set, store, zero};
use std::arch::x86_64::*;
use std::ops::Range;

/// Rows of accounts beside each other.
pub(in crate::sweep::kernel) struct Rows<'a> {
    /// Where the rows of each account begin, and where those of the last one end.
    pub(in crate::sweep::kernel) starts: &'a [u32],
    /// Instrument or asset of every row of the table.
    pub(in crate::sweep::kernel) name: &'a [u8],
    /// Quantity or amount likewise.
    pub(in crate::sweep::kernel) value: &'a [i64],
}

/// The most rows that are added up together, so that no sum of what is below 2⁵² passes 63 bits.
const MOST_ROWS: usize = 2_048;
/// The most instruments or assets: each takes time for every row.
const MOST_ADDED: usize = 4;

/// Whether rows of these names can be added up here.
pub(in crate::sweep::kernel) fn adds_rows(legs: &Plain) -> bool {
    legs.instruments.len().max(legs.assets.len()) <= MOST_ADDED && legs.strange == 0
}

impl Rows<'_> {
    /// How many accounts there are; none where they have too many rows, or starts fall or are beyond a column.
    #[inline(always)]
    fn accounts(&self) -> Option<usize> {
        let [first, .., end] = *self.starts else { return Some(0) };
        let rises = self.starts.iter().zip(&self.starts[1..]).fold(true, |rises, (start, end)| rises & (start <= end));
        let columns = self.name.len().min(self.value.len());
        (rises && (end - first) as usize <= MOST_ROWS && end as usize <= columns).then_some(self.starts.len() - 1)
    }

    /// The most rows of an account.
    #[inline(always)]
    fn longest(&self) -> u64 {
        // They rise.
        let (starts, ends) = (self.starts, self.starts.get(1..).unwrap_or_default());
        starts.iter().zip(ends).fold(0, |longest, (start, end)| longest.max(end.wrapping_sub(*start))).into()
    }

    /// Where the rows of the eight accounts from one on begin, and where those of the last one end; those that there are
    /// not have none.
    #[inline(always)]
    fn of_block(&self, account: usize) -> [u32; LANES + 1] {
        let end = self.starts.last().copied().unwrap_or(0);
        match self.starts.get(account..).and_then(|starts| starts.first_chunk()) {
            Some(starts) => *starts,
            None => std::array::from_fn(|lane| *self.starts.get(account + lane).unwrap_or(&end)),
        }
    }
}

/// Adds up positions that say quantity and entry price alone, into blocks that are zero; all bits of their entry prices.
/// `most_traded` says how much may be traded where these are the bits of all entry prices. None, and anything in the
/// blocks, where there are too many rows or a number is too large.
pub(in crate::sweep::kernel) fn add_positions<const N: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    entry_price: &[i64],
    blocks: &mut [Numbers<N>],
    most_traded: impl Fn(u64) -> u64,
) -> Option<u64> {
    let (accounts, longest) = run(|| (rows.accounts(), rows.longest()));
    let blocks = blocks.get_mut(..accounts?.div_ceil(LANES))?;
    if entry_price.len() < rows.value.len() {
        return None;
    }
    // SAFETY: `run` has seen that the processor has the features; starts rise and are within the columns.
    let bits = unsafe {
        match legs.instruments.len() {
            0..=2 => positions::<N, 2>(legs, rows, entry_price, blocks),
            _ => positions::<N, MOST_ADDED>(legs, rows, entry_price, blocks),
        }
    };
    let Bits { sizes, changes, entries } = bits;
    if (sizes | changes) >= FACTOR {
        return None;
    }
    // No size is above all bits of all of them together. If this says too much, sizes are added up account by account.
    let traded = sizes * longest;
    let is_enough = traded <= most_traded(entries) && traded < FACTOR / 2;
    for (block, account) in blocks.iter_mut().zip((0..).step_by(LANES)) {
        *block.sum(Of::Traded) = [traded; LANES];
        if !is_enough {
            let starts = rows.of_block(account);
            let run = |lane: usize| starts[lane] as usize..starts[lane + 1] as usize;
            let sizes = |run: Range<usize>| rows.value[run].iter().map(|value| value.unsigned_abs()).sum();
            *block.sum(Of::Traded) = std::array::from_fn(|lane| sizes(run(lane)));
        }
    }
    Some(entries)
}

/// Adds up balances, into blocks without any. False, and anything in their places, where there are too many rows or a
/// number is too large.
pub(in crate::sweep::kernel) fn add_balances<const N: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    blocks: &mut [Numbers<N>],
) -> bool {
    let blocks = run(|| rows.accounts()).and_then(|accounts| blocks.get_mut(..accounts.div_ceil(LANES)));
    let Some(blocks) = blocks else { return false };
    // SAFETY: `run` has seen that the processor has the features; starts rise and are within the columns.
    unsafe {
        match legs.assets.len() {
            0..=3 => balances::<N, 3>(legs, rows, blocks),
            _ => balances::<N, MOST_ADDED>(legs, rows, blocks),
        }
    }
}

/// What some rows of one account add: both limbs of Σ q·(M − entry), signed, then Σ q of all instruments, then of each but
/// the first.
type Added<const I: usize> = ([__m512i; 2], [__m512i; I]);

/// All bits of |q|, of |M − entry| and of entry prices.
struct Bits<T = u64> {
    sizes: T,
    changes: T,
    entries: T,
}

/// # Safety
/// Starts rise and are within the columns.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")]
unsafe fn positions<const N: usize, const I: usize>(
    legs: &Plain,
    rows: &Rows<'_>,
    entry_price: &[i64],
    blocks: &mut [Numbers<N>],
) -> Bits {
    let marks: &[i64] = &legs.marks[..LANES];
    // SAFETY: eight numbers of 64 bits.
    let marks = unsafe { _mm512_loadu_si512(marks.as_ptr().cast()) };
    let names = (1_u64 << legs.instruments.len()) - 1;
    let mut bits = Bits { sizes: zero(), changes: zero(), entries: zero() };
    for (block, account) in blocks.iter_mut().zip((0..).step_by(LANES)) {
        let starts = rows.of_block(account);
        let (mut sums, mut quantities) = ([[zero(); LANES]; 2], [[zero(); LANES]; I]);
        for lane in 0..LANES {
            let (mut from, to) = (starts[lane] as usize, starts[lane + 1] as usize);
            // SAFETY: from here to there are rows of the columns.
            let (mut sum, mut quantity) =
                unsafe { position::<I>(rows, entry_price, from, to.min(from + LANES), marks, &mut bits) };
            while to - from > LANES {
                from += LANES;
                // SAFETY: as above.
                let more = unsafe { position::<I>(rows, entry_price, from, to.min(from + LANES), marks, &mut bits) };
                sum.iter_mut().zip(more.0).for_each(|(sum, more)| *sum = _mm512_add_epi64(*sum, more));
                quantity.iter_mut().zip(more.1).for_each(|(sum, more)| *sum = _mm512_add_epi64(*sum, more));
            }
            sums.iter_mut().zip(sum).for_each(|(sums, sum)| sums[lane] = sum);
            quantities.iter_mut().zip(quantity).for_each(|(sums, sum)| sums[lane] = sum);
        }
        let [low, high] = sums;
        let (low, high) = (summed(low), summed(high));
        // Signed limbs to two's complement.
        let above = _mm512_slli_epi64::<LIMB>(high);
        let sum = _mm512_add_epi64(low, above);
        let carry = _mm512_cmplt_epu64_mask(sum, above);
        let high = _mm512_add_epi64(_mm512_srai_epi64::<12>(high), _mm512_srai_epi64::<63>(low));
        store(block.sum(Of::PnlLow), sum);
        store(block.sum(Of::PnlHigh), _mm512_mask_add_epi64(high, carry, high, set(1)));
        store(block.sum(Of::Names), set(names));
        let mut first = summed(quantities[0]);
        for (at, quantities) in quantities.iter().enumerate().skip(1) {
            let quantity = summed(*quantities);
            first = _mm512_sub_epi64(first, quantity);
            if at < legs.instruments.len() {
                store(block.number(at), quantity);
            }
        }
        if !legs.instruments.is_empty() {
            store(block.number(0), first);
        }
    }
    let all = |bits| _mm512_reduce_or_epi64(bits) as u64;
    Bits { sizes: all(bits.sizes), changes: all(bits.changes), entries: all(bits.entries) }
}

/// What at most eight rows add.
///
/// # Safety
/// `from` to `to` are at most eight rows of every column.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")]
unsafe fn position<const I: usize>(
    rows: &Rows<'_>,
    entry_price: &[i64],
    from: usize,
    to: usize,
    marks: __m512i,
    bits: &mut Bits<__m512i>,
) -> Added<I> {
    let lanes = ((1_u32 << (to - from)) - 1) as u8;
    // SAFETY: each reads as many numbers as there are rows.
    let (instrument, quantity, entry) = unsafe {
        (
            _mm512_cvtepu8_epi64(_mm_maskz_loadu_epi8(lanes.into(), rows.name.as_ptr().add(from).cast())),
            _mm512_maskz_loadu_epi64(lanes, rows.value.as_ptr().add(from)),
            _mm512_maskz_loadu_epi64(lanes, entry_price.as_ptr().add(from)),
        )
    };
    let gain = _mm512_maskz_sub_epi64(lanes, _mm512_permutexvar_epi64(instrument, marks), entry);
    let (size, change) = (_mm512_abs_epi64(quantity), _mm512_abs_epi64(gain));
    let negative = _mm512_movepi64_mask(_mm512_xor_si512(quantity, gain));
    let products = [_mm512_madd52lo_epu64(zero(), size, change), _mm512_madd52hi_epu64(zero(), size, change)];
    let low = _mm512_mask_sub_epi64(products[0], negative, zero(), products[0]);
    let high = _mm512_mask_sub_epi64(products[1], negative, zero(), products[1]);
    bits.sizes = _mm512_or_si512(bits.sizes, size);
    bits.changes = _mm512_or_si512(bits.changes, change);
    bits.entries = _mm512_or_si512(bits.entries, entry);
    let mut quantities = [quantity; I];
    for (at, of) in quantities.iter_mut().enumerate() {
        if at > 0 {
            *of = _mm512_maskz_mov_epi64(_mm512_cmpeq_epi64_mask(instrument, set(at as u64)), quantity);
        }
    }
    ([low, high], quantities)
}

/// Two accounts side by side, four rows of each at a time: most have no more balances.
///
/// # Safety
/// Starts rise and are within the columns.
#[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512ifma")]
unsafe fn balances<const N: usize, const A: usize>(legs: &Plain, rows: &Rows<'_>, blocks: &mut [Numbers<N>]) -> bool {
    const HALF: usize = LANES / 2;
    let (instruments, assets) = (legs.instruments.len(), legs.assets.len());
    let names = ((1_u64 << assets) - 1) << instruments;
    let mut sizes = zero();
    for (block, account) in blocks.iter_mut().zip((0..).step_by(LANES)) {
        let starts = rows.of_block(account);
        let (mut owned, mut amounts) = ([zero(); HALF], [[zero(); HALF]; A]);
        for pair in 0..HALF {
            let (mut from, middle) = (starts[2 * pair] as usize, starts[2 * pair + 1] as usize);
            let (mut from_second, to) = (middle, starts[2 * pair + 2] as usize);
            loop {
                let (end, end_second) = (middle.min(from + HALF), to.min(from_second + HALF));
                // SAFETY: from here to there are rows of the columns, at most four.
                let ((asset, amount), (second_asset, second_amount)) =
                    unsafe { (four(rows, from, end), four(rows, from_second, end_second)) };
                (from, from_second) = (end, end_second);
                let asset = _mm512_cvtepu8_epi64(_mm_unpacklo_epi32(asset, second_asset));
                let amount = _mm512_inserti64x4::<1>(_mm512_castsi256_si512(amount), second_amount);
                let size = _mm512_abs_epi64(amount);
                sizes = _mm512_or_si512(sizes, size);
                owned[pair] = _mm512_add_epi64(owned[pair], size);
                for (at, sum) in amounts.iter_mut().enumerate() {
                    let same = _mm512_cmpeq_epi64_mask(asset, set(at as u64));
                    sum[pair] = _mm512_mask_add_epi64(sum[pair], same, sum[pair], amount);
                }
                if from == middle && from_second == to {
                    break;
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
///
/// # Safety
/// `from` to `to` are at most four rows of every column.
#[inline]
#[target_feature(enable = "avx512f,avx512bw,avx512vl")]
unsafe fn four(rows: &Rows<'_>, from: usize, to: usize) -> (__m128i, __m256i) {
    let lanes = ((1_u32 << (to - from)) - 1) as u8;
    // SAFETY: each reads as many numbers as there are rows.
    unsafe {
        (
            _mm_maskz_loadu_epi8(lanes.into(), rows.name.as_ptr().add(from).cast()),
            _mm256_maskz_loadu_epi64(lanes, rows.value.as_ptr().add(from)),
        )
    }
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
