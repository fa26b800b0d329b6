//! Eight accounts closed side by side.

use super::super::legs::{Leg, Legs as Plain, Line, MOST_NAMES, Step};
use super::super::nets::{Block, PORTFOLIO, Sum as Of};
use super::super::{LANES, Out};
use super::{FACTOR, LIMB, LIMB_MASK, load, set, zero};
use crate::margin::figures::{Figures, Totals};
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::margin::width::Width;
use crate::num::ONE;
use crate::num::bounds::ACCOUNT_E16;
use std::arch::x86_64::*;

/// The most steps of a leg: as many as a table that is looked into by one instruction.
pub(super) const MOST_STEPS: usize = 16;
/// The high limb of Σ x·price is below it: then the sum is within [`ACCOUNT_E16`], and a price-free 2⁵² beside it.
const PRICED_HIGH: u64 = 1 << 40;

const _: () = assert!((PRICED_HIGH as i128) << LIMB < ACCOUNT_E16 - (1 << 80));

/// The steps of a leg as tables to look into.
pub(super) struct Steps {
    pub(super) price: u64,
    caps: Vec<u64>,
    /// The lines of each of the two sums.
    lines: [Lines; 2],
}

/// The lines of all steps for one sum.
pub(super) struct Lines {
    /// The rate, where all lines are one without a constant.
    only: Option<u64>,
    /// Rate and three limbs of the constant.
    pub(super) tables: [Table; 4],
}

#[repr(align(64))]
#[derive(Clone, Copy)]
pub(super) struct Table([u64; MOST_STEPS]);

impl Steps {
    fn new(legs: &Plain, leg: &Leg) -> Option<Self> {
        let steps = &legs.steps[leg.steps.clone()];
        let price = leg.price as u64;
        if steps.len() > MOST_STEPS || price >= FACTOR {
            return None;
        }
        let lines = [0, 1].map(|sum| Lines::new(steps.iter().map(|Step(lines)| lines[sum])));
        Some(Steps { price, caps: legs.caps[leg.caps.clone()].to_vec(), lines })
    }
}

impl Lines {
    pub(super) fn new(lines: impl Iterator<Item = Line> + Clone) -> Self {
        let first = lines.clone().next().map_or(0, |line| line.rate);
        let mut tables = [Table([0; MOST_STEPS]); 4];
        for (at, Line { rate, constant }) in lines.clone().enumerate() {
            let high = (constant as i128 >> (2 * LIMB)) as u64;
            let limbs = [rate, constant as u64 & LIMB_MASK, (constant >> LIMB) as u64 & LIMB_MASK, high];
            tables.iter_mut().zip(limbs).for_each(|(table, limb)| table.0[at] = limb);
        }
        let only = lines.clone().all(|line| line.rate == first && line.constant == 0).then_some(first);
        Lines { only, tables }
    }
}

/// All legs as tables.
pub(in crate::sweep::kernel) struct Legs {
    pub(super) instruments: Vec<Option<Steps>>,
    pub(super) assets: Vec<Option<Steps>>,
    /// The names that are not taken, and the portfolio model.
    pub(super) strange: u64,
}

/// Eight numbers of 64 bits.
#[derive(Clone, Copy)]
pub(super) struct Eight(pub(super) __m512i);

/// x·price and two sums of lines, in limbs.
#[derive(Clone, Copy)]
pub(super) struct Sum {
    pub(super) priced: [__m512i; 2],
    pub(super) e24: [[__m512i; 3]; 2],
}

impl Legs {
    pub(in crate::sweep::kernel) fn new(legs: &Plain) -> Self {
        let steps = |of: &[Leg]| of.iter().map(|leg| Steps::new(legs, leg)).collect::<Vec<_>>();
        let (instruments, assets) = (steps(&legs.instruments), steps(&legs.assets));
        let missing = instruments.iter().chain(&assets).enumerate();
        let missing = missing.fold(0, |bits, (at, leg)| bits | u64::from(leg.is_none()) << at);
        Legs { instruments, assets, strange: legs.strange | missing | PORTFOLIO }
    }

    /// Closes the accounts of a block; bits of those that it took.
    #[inline(always)]
    pub(in crate::sweep::kernel) fn close(
        &self,
        terms: &Terms,
        legs: &Plain,
        block: Block<'_>,
        out: &mut Out<'_>,
        at: usize,
    ) -> u8 {
        // SAFETY: legs are laid out for this way only where `is_possible` holds.
        unsafe { self.block(terms, legs, block, out, at) }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn block(&self, terms: &Terms, legs: &Plain, block: Block<'_>, out: &mut Out<'_>, at: usize) -> u8 {
        let [traded, owned, names] = [Of::Traded, Of::Owned, Of::Names].map(|of| load(block.sum(of)));
        let mut taken = _mm512_cmple_epu64_mask(traded, set(block.most_traded.min(FACTOR / 2)))
            & _mm512_cmplt_epu64_mask(owned, set(FACTOR / 2))
            & _mm512_testn_epi64_mask(names, set(self.strange));
        if taken == 0 {
            return 0;
        }
        let any_name = _mm512_reduce_or_epi64(names) as u64;

        let mut held = Sum::new();
        let instruments = self.instruments.len() as u32;
        let mut bits = any_name & ((1 << instruments) - 1);
        while bits != 0 {
            let leg = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let Some(steps) = &self.instruments[leg] else { continue };
            let size = _mm512_abs_epi64(load(block.quantities(leg)));
            held.add(steps, size);
            if steps.price == 0 {
                taken &= _mm512_testn_epi64_mask(size, size);
            }
        }
        taken &= held.is_admitted();

        let (mut worth, mut cash) = (Sum::new(), zero());
        let mut bits = (any_name & (PORTFOLIO - 1)) >> instruments;
        while bits != 0 {
            let leg = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            let amount = load(block.amounts(leg));
            if leg == legs.settlement {
                cash = amount;
                continue;
            }
            let Some(steps) = &self.assets[leg] else { continue };
            worth.add(steps, amount);
            taken &= match steps.price {
                0 => _mm512_testn_epi64_mask(amount, amount),
                _ => _mm512_cmpge_epi64_mask(amount, zero()),
            };
        }
        taken &= worth.is_admitted();

        let [(maintenance, a), (initial, b)] = held.e24.map(|sum| charge_from_e24(sum));
        let [(collateral, c), (net_assets, d)] = worth.e24.map(|sum| credit_from_e24(sum));
        let (pnl, e) = credit_from_e16([Of::PnlLow, Of::PnlHigh].map(|of| load(block.sum(of))));
        taken &= a & b & c & d & e;
        let mut kept = zero();
        if terms.withdraw_ratio != 0 {
            let ratio = set(terms.withdraw_ratio as u64);
            let (charge, f) = charge_from_e24(times_rate([zero(); 3], held.carried(), ratio));
            kept = charge;
            taken &= f;
        }
        let totals = Totals {
            collateral: Eight(collateral).plus(Eight(cash)),
            pnl: Eight(pnl),
            accrued: Eight(zero()),
            held: Eight(initial),
            initial: Eight(initial),
            maintenance: Eight(maintenance),
            net_assets: Some(Eight(net_assets).plus(Eight(cash))),
            kept: Eight(kept),
        };
        let figures = Figures::of(terms, &totals, true);
        // Each part of it is below 2⁵², but it is compared as a factor.
        taken &= _mm512_cmplt_epi64_mask(figures.equity.0, set(FACTOR));
        if taken != 0 {
            write(&figures, out, at);
        }
        taken
    }
}

impl Sum {
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn new() -> Self {
        Sum { priced: [zero(); 2], e24: [[zero(); 3]; 2] }
    }

    /// Adds a leg at x, which is from 0 and below 2⁵² where the account is taken.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn add(&mut self, steps: &Steps, x: __m512i) {
        let mut below = zero();
        for &cap in &steps.caps {
            let above = _mm512_cmpgt_epu64_mask(x, set(cap));
            below = _mm512_mask_add_epi64(below, above, below, set(1));
        }
        let price = set(steps.price);
        let priced = [_mm512_madd52lo_epu64(zero(), x, price), _mm512_madd52hi_epu64(zero(), x, price)];
        for (sum, part) in self.priced.iter_mut().zip(priced) {
            *sum = _mm512_add_epi64(*sum, part);
        }
        for (sum, lines) in self.e24.iter_mut().zip(&steps.lines) {
            if let Some(rate) = lines.only {
                *sum = times_rate(*sum, priced, set(rate));
                continue;
            }
            let [rate, constants @ ..] = lines.tables.each_ref().map(|table| look_up(table, below));
            *sum = times_rate(*sum, priced, rate);
            for (sum, constant) in sum.iter_mut().zip(constants) {
                *sum = _mm512_add_epi64(*sum, constant);
            }
        }
    }

    /// Σ x·price with its carry.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn carried(&self) -> [__m512i; 2] {
        let [low, high] = self.priced;
        let carry = _mm512_srli_epi64::<LIMB>(low);
        [_mm512_and_si512(low, set(LIMB_MASK)), _mm512_add_epi64(high, carry)]
    }

    /// Whether Σ x·price is within the bounds of an account.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    pub(super) fn is_admitted(&self) -> __mmask8 {
        _mm512_cmplt_epu64_mask(self.carried()[1], set(PRICED_HIGH))
    }
}

/// A sum with x·price × rate added to its limbs: the limbs of x·price and the rate are below 2⁵².
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn times_rate([a, b, c]: [__m512i; 3], [low, high]: [__m512i; 2], rate: __m512i) -> [__m512i; 3] {
    [
        _mm512_madd52lo_epu64(a, low, rate),
        _mm512_madd52lo_epu64(_mm512_madd52hi_epu64(b, low, rate), high, rate),
        _mm512_madd52hi_epu64(c, high, rate),
    ]
}

/// ⌊n / 10ᴷ⌋, and where something is left, by h = ⌊n / 2ˢ⌋ < 2⁵² and the low 52 bits of m = ⌊n / 2ᴷ⌋; S is `SHIFT`.
///
/// With c = ⌊2⁵²⁺ˢ / 10ᴷ⌋ < 2⁵², h·c / 2⁵² is never above n / 10ᴷ, and below it by less than 2ˢ / 10ᴷ for what h lost, the
/// fraction of 2⁵²⁺ˢ / 10ᴷ for what c lost, and 1 for its own fraction. Where these three are below 2 together, the
/// quotient is short by at most 1. What it leaves of m is below 2·5ᴷ < 2⁵², so it is known by its low 52 bits, and it
/// says whether the quotient is short, since ⌊m / 5ᴷ⌋ is the same quotient.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn divided<const K: u32, const SHIFT: u32>(h: __m512i, m: __m512i) -> (__m512i, __m512i) {
    let five: u64 = const { 5_u64.pow(K) };
    let reciprocal: u64 = const {
        let (whole, ten) = (1_u128 << (LIMB + SHIFT), 10_u128.pow(K));
        // 2ˢ / 10ᴷ and the fraction of 2⁵²⁺ˢ / 10ᴷ.
        assert!((1 << SHIFT) + whole % ten < ten);
        (whole / ten) as u64
    };
    let quotient = _mm512_madd52hi_epu64(zero(), h, set(reciprocal));
    let taken = _mm512_madd52lo_epu64(zero(), quotient, set(five));
    let left = _mm512_and_si512(_mm512_sub_epi64(m, taken), set(LIMB_MASK));
    let short = _mm512_cmpge_epu64_mask(left, set(five));
    (_mm512_mask_add_epi64(quotient, short, quotient, set(1)), _mm512_mask_sub_epi64(left, short, left, set(five)))
}

/// ⌊n / 10¹⁶⌋ of a sum in 10⁻²⁴, where something is left, and where n is from 0 and below 2¹⁰⁴, so that it is right.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn divided_by_e16([low, middle, high]: [__m512i; 3]) -> (__m512i, __mmask8, __mmask8) {
    let mask = set(LIMB_MASK);
    let middle = _mm512_add_epi64(middle, _mm512_srli_epi64::<LIMB>(low));
    let high = _mm512_add_epi64(high, _mm512_srli_epi64::<LIMB>(middle));
    let (low, middle) = (_mm512_and_si512(low, mask), _mm512_and_si512(middle, mask));
    let m = _mm512_or_si512(_mm512_srli_epi64::<16>(low), _mm512_slli_epi64::<36>(middle));
    let (quotient, left) = divided::<16, LIMB>(middle, m);
    let rest = _mm512_or_si512(left, _mm512_and_si512(low, set(0xffff)));
    (quotient, _mm512_test_epi64_mask(rest, rest), _mm512_testn_epi64_mask(high, high))
}

/// ⌊n / 10⁸⌋ of 128 bits in two halves, and where something is left, for n < 2⁷⁷.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn divided_by_e8([low, high]: [__m512i; 2]) -> (__m512i, __mmask8) {
    let h = _mm512_or_si512(_mm512_srli_epi64::<25>(low), _mm512_slli_epi64::<39>(high));
    let m = _mm512_or_si512(_mm512_srli_epi64::<8>(low), _mm512_slli_epi64::<56>(high));
    let (quotient, left) = divided::<8, 25>(h, m);
    let rest = _mm512_or_si512(left, _mm512_and_si512(low, set(0xff)));
    (quotient, _mm512_test_epi64_mask(rest, rest))
}

/// 10⁻²⁴ to g, up, and where it is right.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn charge_from_e24(sum: [__m512i; 3]) -> (__m512i, __mmask8) {
    let (quotient, inexact, right) = divided_by_e16(sum);
    (_mm512_mask_add_epi64(quotient, inexact, quotient, set(1)), right)
}

/// 10⁻²⁴ to g, down, and where it is right.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn credit_from_e24(sum: [__m512i; 3]) -> (__m512i, __mmask8) {
    let (quotient, _, right) = divided_by_e16(sum);
    (quotient, right)
}

/// 10⁻¹⁶ to g, down, of either sign; and where its size is below 2⁷⁷, so that it is right.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn credit_from_e16([low, high]: [__m512i; 2]) -> (__m512i, __mmask8) {
    let negative = _mm512_movepi64_mask(high);
    let borrow = _mm512_test_epi64_mask(low, low);
    let minus_high = _mm512_mask_sub_epi64(_mm512_sub_epi64(zero(), high), borrow, set(0_u64.wrapping_sub(1)), high);
    let size = [_mm512_mask_sub_epi64(low, negative, zero(), low), _mm512_mask_blend_epi64(negative, high, minus_high)];
    let (quotient, inexact) = divided_by_e8(size);
    let up = _mm512_mask_add_epi64(quotient, inexact & negative, quotient, set(1));
    let credit = _mm512_mask_sub_epi64(up, negative, zero(), up);
    (credit, _mm512_cmplt_epu64_mask(size[1], set(1 << 13)))
}

#[expect(clippy::undocumented_unsafe_blocks, reason = "only `Legs::block` makes an `Eight`: the features are there")]
impl Width for Eight {
    type Holds = __mmask8;
    type Status = __m512i;

    #[inline(always)]
    fn of(amount: i64) -> Self {
        Eight(unsafe { _mm512_set1_epi64(amount) })
    }
    #[inline(always)]
    fn plus(self, other: Self) -> Self {
        Eight(unsafe { _mm512_add_epi64(self.0, other.0) })
    }
    #[inline(always)]
    fn minus(self, other: Self) -> Self {
        Eight(unsafe { _mm512_sub_epi64(self.0, other.0) })
    }
    #[inline(always)]
    fn larger(self, other: Self) -> Self {
        Eight(unsafe { _mm512_max_epi64(self.0, other.0) })
    }
    #[inline(always)]
    fn below(self, other: Self) -> __mmask8 {
        unsafe { _mm512_cmplt_epi64_mask(self.0, other.0) }
    }
    /// Both products in limbs; what is below 0 is below all.
    #[inline(always)]
    fn below_times(self, other: Self, factor: i64) -> __mmask8 {
        unsafe {
            let [low, high] = self.times(ONE);
            let [other_low, other_high] = other.times(factor);
            let equal = _mm512_cmpeq_epi64_mask(high, other_high) & _mm512_cmplt_epu64_mask(low, other_low);
            _mm512_movepi64_mask(self.0) | _mm512_cmplt_epu64_mask(high, other_high) | equal
        }
    }
    /// The product is below 2⁷⁷: a gain is below 2⁷⁷ ÷ 10⁸ and a rate of it at most 10⁸.
    #[inline(always)]
    fn charge_of(self, rate: i64) -> Self {
        if rate == ONE {
            return self;
        }
        unsafe {
            let [low, high] = self.times(rate);
            let low = _mm512_or_si512(low, _mm512_slli_epi64::<LIMB>(high));
            let (quotient, inexact) = divided_by_e8([low, _mm512_srli_epi64::<12>(high)]);
            Eight(_mm512_mask_add_epi64(quotient, inexact, quotient, _mm512_set1_epi64(1)))
        }
    }
    #[inline(always)]
    fn status(status: Status) -> __m512i {
        unsafe { _mm512_set1_epi64(status as i64) }
    }
    #[inline(always)]
    fn choose(holds: __mmask8, yes: __m512i, no: __m512i) -> __m512i {
        unsafe { _mm512_mask_blend_epi64(holds, no, yes) }
    }
}

impl Eight {
    /// Limbs of the product, both factors from 0 and below 2⁵².
    #[inline(always)]
    fn times(self, factor: i64) -> [__m512i; 2] {
        // SAFETY: as in `Width`.
        unsafe {
            let (none, factor) = (_mm512_setzero_si512(), _mm512_set1_epi64(factor));
            [_mm512_madd52lo_epu64(none, self.0, factor), _mm512_madd52hi_epu64(none, self.0, factor)]
        }
    }
}

/// Writes the figures of eight accounts, or as many as there are rows.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn write(figures: &Figures<Eight>, out: &mut Out<'_>, at: usize) {
    let rows = LANES.min(out.rows() - at);
    // Each figure with its sign beside it.
    let order = [_mm512_setr_epi64(0, 8, 1, 9, 2, 10, 3, 11), _mm512_setr_epi64(4, 12, 5, 13, 6, 14, 7, 15)];
    let wide = |figure| order.map(|order| _mm512_permutex2var_epi64(figure, order, _mm512_srai_epi64::<63>(figure)));
    for (column, Eight(figure)) in out.money.iter_mut().zip(figures.money()) {
        let halves = wide(figure);
        if rows == LANES {
            // SAFETY: every column has eight rows from `at` on, two times 64 bytes.
            unsafe {
                let start = column.as_mut_ptr().add(at).cast::<__m512i>();
                _mm512_storeu_si512(start, halves[0]);
                _mm512_storeu_si512(start.add(1), halves[1]);
            }
        } else {
            // SAFETY: any bits are numbers.
            let figures: [i128; LANES] = unsafe { std::mem::transmute(halves) };
            column[at..].copy_from_slice(&figures[..rows]);
        }
    }
    let (equity, maintenance) = (figures.equity.0, figures.maintenance_margin.0);
    let ratio = _mm512_div_pd(_mm512_cvtepi64_pd(maintenance), _mm512_cvtepi64_pd(equity));
    let positive = _mm512_cmpgt_epi64_mask(equity, zero());
    let ratio = _mm512_mask_blend_pd(positive, _mm512_set1_pd(f64::NAN), ratio);
    let (mut ratios, mut codes) = ([0.0; LANES], [0; LANES]);
    // SAFETY: both have room for eight.
    unsafe {
        _mm512_storeu_pd(ratios.as_mut_ptr(), ratio);
        _mm_storel_epi64(codes.as_mut_ptr().cast(), _mm512_cvtepi64_epi8(figures.status));
    }
    out.margin_ratio[at..][..rows].copy_from_slice(&ratios[..rows]);
    out.status[at..][..rows].copy_from_slice(&codes[..rows]);
}

#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
pub(super) fn look_up(table: &Table, at: __m512i) -> __m512i {
    // SAFETY: a table is two times 64 bytes, aligned.
    let halves = unsafe {
        let start = table.0.as_ptr().cast::<__m512i>();
        [_mm512_load_si512(start), _mm512_load_si512(start.add(1))]
    };
    _mm512_permutex2var_epi64(halves[0], at, halves[1])
}

const _: () = assert!(1 << MOST_NAMES == PORTFOLIO);
