//! Eight accounts of the portfolio model closed side by side.

use super::super::legs::{Legs as Plain, Line};
use super::super::nets::{Block, PORTFOLIO, Sum as Of};
use super::super::{LANES, Out};
use super::close::{
    Eight, Legs, Lines, MOST_STEPS, Sum, charge_from_e24, credit_from_e16, credit_from_e24, look_up, times_rate, write,
};
use super::columns::Columns;
use super::value::{Value, carried, magnitude};
use super::worst::{FEW, Risk};
use super::{FACTOR, LIMB, LIMB_MASK, load, set, store, zero};
use super::{sparse, tail, worst};
use crate::margin::figures::{Figures, Totals};
use crate::margin::portfolio::Exposures;
use crate::margin::portfolio::addons::Components;
use crate::margin::portfolio::tail::Tail;
use crate::margin::terms::Terms;
use crate::margin::tiers::Ladder;
use crate::margin::width::Width;
use crate::num::ONE;
use std::arch::x86_64::*;

/// The most underlyings that scenarios move.
const MOST_UNDERLYINGS: usize = 16;
/// A charge times its factor is at most this in g, so that both requirements are below 2⁵¹ with what is beside them.
const MOST_REQUIRED: i128 = 1 << 50;

/// The terms of the portfolio model, by the place of an underlying among those that scenarios move.
pub(in crate::sweep::kernel) struct Portfolio {
    /// The price and the fee of each instrument.
    instruments: Vec<(u64, u64)>,
    underlyings: Vec<Underlying>,
    losses: Losses,
    /// What 1 of a loss is in 10⁻²⁴.
    unit: u64,
    /// The rows of the scenarios.
    rows: Vec<u32>,
    minimum: u64,
    /// The names that are not taken, and those of which nothing may be had, since no scenario moves them.
    strange: u64,
    unmoved: u64,
    /// No charge is above it.
    most_charged: u64,
}

/// The losses of all scenarios, laid out by what is made of them and how many underlyings there are.
enum Losses {
    /// The worst of few underlyings.
    Few(worst::Losses),
    /// The worst of many.
    Many(Columns),
    /// The expected shortfall.
    Tail(Columns, Tail),
}

/// The terms of one underlying.
struct Underlying {
    basis: u64,
    concentration: Option<Slices>,
    /// The bits of its instruments, and of the assets that move with it.
    names: u64,
    /// Whether there are such assets.
    has_assets: bool,
}

/// The slices of a concentration charge.
struct Slices {
    /// The caps of all but the last in limbs of 10⁻¹⁶.
    caps: Vec<[u64; 2]>,
    first_rate: u64,
    lines: Lines,
}

impl Slices {
    fn new(ladder: &Ladder) -> Option<Self> {
        let steps = ladder.steps();
        let lines = steps.iter().map(|step| Line {
            rate: step.maintenance.rate.unsigned_abs(),
            constant: step.maintenance.constant_e24 as u128,
        });
        let caps = steps.iter().take(steps.len() - 1);
        let caps = caps.map(|step| [step.to_e16 as u64 & LIMB_MASK, (step.to_e16 >> LIMB) as u64]).collect();
        let first_rate = steps.first()?.maintenance.rate.unsigned_abs();
        (steps.len() <= MOST_STEPS).then(|| Slices { caps, first_rate, lines: Lines::new(lines) })
    }
}

/// What eight accounts have in one underlying, in limbs.
struct Held {
    /// Σ Q·M in 10⁻¹⁶, each limb with its sign.
    net: [__m512i; 2],
    /// Σ|Q|·M.
    gross: [__m512i; 2],
    /// The haircut value of assets in 10⁻²⁴.
    assets: [__m512i; 3],
}

impl Portfolio {
    /// None where the book is not one for this way.
    pub(in crate::sweep::kernel) fn new(terms: &Terms, legs: &Plain, wide: &Legs) -> Option<Self> {
        let portfolio = terms.portfolio.as_ref()?;
        let multiples = portfolio.multiples(FACTOR)?;
        let moved = &multiples.underlyings;
        if moved.len() > MOST_UNDERLYINGS {
            return None;
        }
        let names = terms.instruments.len();
        let instruments = terms.instruments.iter().zip(&legs.instruments);
        let instruments = instruments.map(|(contract, leg)| (leg.price as u64, contract.maintenance_fee as u64));
        let of = terms.instruments.iter().map(|contract| Some(contract.underlying));
        let of: Vec<_> = of.chain(terms.assets.iter().map(|asset| asset.underlying)).collect();
        let bits = |holds: &dyn Fn(u32) -> bool| {
            let holds = |(at, of): (usize, &Option<u32>)| u64::from(of.is_some_and(holds)) << at;
            of.iter().enumerate().map(holds).fold(0, |bits, bit| bits | bit)
        };
        let mut underlyings = Vec::with_capacity(moved.len());
        for &underlying in moved {
            let (basis, ladder) = portfolio.charges(underlying);
            let concentration = match ladder {
                None => None,
                Some(ladder) => Some(Slices::new(ladder)?),
            };
            let names_of = bits(&|of| of == underlying);
            let has_assets = names_of >> names != 0;
            underlyings.push(Underlying { basis: basis as u64, concentration, names: names_of, has_assets });
        }
        let unmoved = bits(&|of| !moved.contains(&of));
        let factor = portfolio.im_factor.max(portfolio.mm_factor).max(ONE);
        let losses = match multiples.tail {
            Some(_) if multiples.rows.len() > tail::MOST_ROWS => return None,
            Some(tail) => Losses::Tail(Columns::new(&multiples), tail),
            None if underlyings.len() <= FEW => Losses::Few(worst::Losses::new(&multiples)),
            None => Losses::Many(Columns::new(&multiples)),
        };
        Some(Portfolio {
            instruments: instruments.collect(),
            underlyings,
            losses,
            unit: multiples.unit,
            rows: multiples.rows,
            minimum: portfolio.minimum as u64,
            strange: wide.strange & !PORTFOLIO,
            unmoved,
            most_charged: (MOST_REQUIRED * i128::from(ONE) / i128::from(factor)) as u64,
        })
    }

    /// Closes the accounts of a block that are of the portfolio model; bits of those that it took.
    #[inline(always)]
    pub(in crate::sweep::kernel) fn close(
        &self,
        terms: &Terms,
        legs: (&Plain, &Legs),
        block: Block<'_>,
        exposures: &mut Exposures,
        out: &mut Out<'_>,
        at: usize,
    ) -> u8 {
        // SAFETY: it is laid out only where legs are laid out for this way, which is where `is_possible` holds.
        unsafe {
            match &self.losses {
                Losses::Few(losses) => {
                    let risk = |values: &[Value; FEW], _: &[usize], _| losses.worst(self.unit, values);
                    self.block(terms, legs, block, risk, out, at)
                }
                losses if self.underlyings.len() <= FEW => {
                    let risk = |values: &[Value; FEW], held: &[usize], lanes| {
                        self.risk(losses, values, held, lanes, exposures.room())
                    };
                    self.block(terms, legs, block, risk, out, at)
                }
                losses => {
                    let risk = |values: &[Value; MOST_UNDERLYINGS], held: &[usize], lanes| {
                        self.risk(losses, values, held, lanes, exposures.room())
                    };
                    self.block(terms, legs, block, risk, out, at)
                }
            }
        }
    }

    /// The risk where it is found for one account at a time.
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn risk<const U: usize>(
        &self,
        losses: &Losses,
        values: &[Value; U],
        held: &[usize],
        lanes: u8,
        room: &mut Vec<[u64; LANES]>,
    ) -> Risk {
        match losses {
            Losses::Tail(columns, tail) => {
                tail::shortfall(columns, tail, self.unit, &columns.sizes(values, held), lanes, room)
            }
            Losses::Many(columns) => sparse::worst(columns, self.unit, &columns.sizes(values, held), lanes),
            Losses::Few(_) => Risk { amount: zero(), right: 0, place: zero() },
        }
    }

    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn block<const U: usize>(
        &self,
        terms: &Terms,
        (legs, wide): (&Plain, &Legs),
        block: Block<'_>,
        risk: impl FnOnce(&[Value; U], &[usize], u8) -> Risk,
        out: &mut Out<'_>,
        at: usize,
    ) -> u8 {
        let Some(model) = &terms.portfolio else { return 0 };
        let [traded, owned, names] = [Of::Traded, Of::Owned, Of::Names].map(|of| load(block.sum(of)));
        let mut taken = _mm512_cmple_epu64_mask(traded, set(block.most_traded.min(FACTOR / 2)))
            & _mm512_cmplt_epu64_mask(owned, set(FACTOR / 2))
            & _mm512_testn_epi64_mask(names, set(self.strange))
            & _mm512_test_epi64_mask(names, set(PORTFOLIO));
        if taken == 0 {
            return 0;
        }
        let any_name = _mm512_mask_reduce_or_epi64(taken, names) as u64;

        let (mut all, mut fees, mut worth) = (Sum::new(), [zero(); 3], Sum::new());
        let (mut basis, mut concentration) = ([zero(); 3], [zero(); 3]);
        let mut values = [Value { size: zero(), negative: 0 }; U];
        let (mut places, mut count) = ([0; U], 0);
        let mut others = any_name & (PORTFOLIO - 1) & !self.unmoved;
        let mut unmoved = any_name & self.unmoved;
        while unmoved != 0 {
            let name = unmoved.trailing_zeros() as usize;
            unmoved &= unmoved - 1;
            let asset = name.checked_sub(self.instruments.len());
            let had = load(asset.map_or_else(|| block.quantities(name), |asset| block.amounts(asset)));
            taken &= _mm512_testn_epi64_mask(had, had);
        }
        for (place, underlying) in self.underlyings.iter().enumerate() {
            let mut bits = any_name & underlying.names;
            if bits == 0 {
                continue;
            }
            others &= !bits;
            let mut held = Held { net: [zero(); 2], gross: [zero(); 2], assets: [zero(); 3] };
            while bits != 0 {
                let name = bits.trailing_zeros() as usize;
                bits &= bits - 1;
                if let Some(&(price, fee)) = self.instruments.get(name) {
                    let quantity = load(block.quantities(name));
                    let size = _mm512_abs_epi64(quantity);
                    let priced = held.hold(quantity, size, price);
                    if fee != 0 {
                        fees = times_rate(fees, priced, set(fee));
                    }
                    if price == 0 {
                        taken &= _mm512_testn_epi64_mask(size, size);
                    }
                } else {
                    let before = worth.e24[0];
                    taken &= own(&mut worth, wide, block, name - self.instruments.len());
                    for ((sum, after), before) in held.assets.iter_mut().zip(worth.e24[0]).zip(before) {
                        *sum = _mm512_add_epi64(*sum, _mm512_sub_epi64(after, before));
                    }
                }
            }
            let (net, short) = magnitude(held.net);
            let (value, right) = match underlying.has_assets {
                true => Value::with_assets(net, short, held.assets),
                false => Value::of_positions(net, short),
            };
            (places[count], count, values[place]) = (place, count + 1, value);
            taken &= right;
            let gross = carried(held.gross);
            for (sum, part) in all.priced.iter_mut().zip(gross) {
                *sum = _mm512_add_epi64(*sum, part);
            }
            if underlying.basis != 0 {
                basis = times_rate(basis, gross, set(underlying.basis));
            }
            if let Some(slices) = &underlying.concentration {
                concentration = slices.add(concentration, net);
            }
        }
        // What no scenario moves: assets alone.
        let mut cash = zero();
        let mut bits = others >> self.instruments.len();
        while bits != 0 {
            let asset = bits.trailing_zeros() as usize;
            bits &= bits - 1;
            if asset == legs.settlement {
                cash = load(block.amounts(asset));
            } else {
                taken &= own(&mut worth, wide, block, asset);
            }
        }
        taken &= worth.is_admitted();
        taken &= all.is_admitted();
        let notional = all.carried();

        let Risk { amount: risk, right: a, place } = risk(&values, &places[..count], taken);
        let (basis, b) = charge_from_e24(basis);
        let (concentration, c) = charge_from_e24(concentration);
        let (minimum, d) = charge_from_e24(times_rate([zero(); 3], notional, set(self.minimum)));
        let [risk, basis, concentration, minimum] = [risk, basis, concentration, minimum].map(Eight);
        let charge = Components { risk, basis, concentration, minimum };
        taken &= a & b & c & d & _mm512_cmple_epu64_mask(charge.total().0, set(self.most_charged));

        let (fee, a) = charge_from_e24(fees);
        let [(collateral, b), (net_assets, c)] = worth.e24.map(|sum| credit_from_e24(sum));
        let (pnl, d) = credit_from_e16([Of::PnlLow, Of::PnlHigh].map(|of| load(block.sum(of))));
        let (kept, e) = match terms.withdraw_ratio {
            0 => (zero(), u8::MAX),
            ratio => charge_from_e24(times_rate([zero(); 3], notional, set(ratio as u64))),
        };
        let [initial, maintenance] =
            [model.im_factor, model.mm_factor].map(|factor| charge.required(factor).plus(Eight(fee)));
        taken &= a & b & c & d & e;
        let totals = Totals {
            collateral: Eight(_mm512_add_epi64(collateral, cash)),
            pnl: Eight(pnl),
            accrued: Eight(zero()),
            held: initial,
            initial,
            maintenance,
            net_assets: Some(Eight(_mm512_add_epi64(net_assets, cash))),
            kept: Eight(kept),
        };
        let figures = Figures::of(terms, &totals, true);
        // Equity and maintenance margin are compared as factors; the latter is below 2⁵².
        taken &= _mm512_cmplt_epi64_mask(figures.equity.0, set(FACTOR));
        if taken != 0 {
            self.write(&figures, place, taken, out, at);
        }
        taken
    }

    /// Writes the figures of the accounts that were taken, and no others.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn write(&self, figures: &Figures<Eight>, place: __m512i, taken: u8, out: &mut Out<'_>, at: usize) {
        let rows = LANES.min(out.rows() - at);
        if u32::from(taken).trailing_ones() as usize >= rows {
            write(figures, out, at);
        } else {
            let before = out.rows_from(at);
            write(figures, out, at);
            out.put_back(at, !taken, &before);
        }
        let mut places = [0; LANES];
        store(&mut places, place);
        for (lane, row) in out.worst_scenario.iter_mut().skip(at).take(rows).enumerate() {
            if taken >> lane & 1 != 0 {
                *row = self.rows[places[lane] as usize];
            }
        }
    }
}

impl Held {
    /// Adds a position; its |Q|·M.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn hold(&mut self, quantity: __m512i, size: __m512i, price: u64) -> [__m512i; 2] {
        let (mark, short) = (set(price), _mm512_movepi64_mask(quantity));
        let priced = [_mm512_madd52lo_epu64(zero(), size, mark), _mm512_madd52hi_epu64(zero(), size, mark)];
        for ((net, gross), part) in self.net.iter_mut().zip(&mut self.gross).zip(priced) {
            *gross = _mm512_add_epi64(*gross, part);
            *net = _mm512_mask_sub_epi64(_mm512_add_epi64(*net, part), short, *net, part);
        }
        priced
    }
}

/// Adds an asset to what assets are worth; the accounts for which it is one that they own.
#[inline]
#[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
fn own(worth: &mut Sum, wide: &Legs, block: Block<'_>, asset: usize) -> __mmask8 {
    let amount = load(block.amounts(asset));
    let Some(steps) = &wide.assets[asset] else { return u8::MAX };
    worth.add(steps, amount);
    match steps.price {
        0 => _mm512_testn_epi64_mask(amount, amount),
        _ => _mm512_cmpge_epi64_mask(amount, zero()),
    }
}

impl Slices {
    /// A sum in 10⁻²⁴ with the charge on |Σ Q·M|.
    #[inline]
    #[target_feature(enable = "avx512f,avx512dq,avx512ifma")]
    fn add(&self, sum: [__m512i; 3], net: [__m512i; 2]) -> [__m512i; 3] {
        let (mut below, mut any) = (zero(), 0);
        for &[low, high] in &self.caps {
            let equal = _mm512_cmpeq_epi64_mask(net[1], set(high));
            let above =
                _mm512_cmpgt_epu64_mask(net[1], set(high)) | _mm512_mask_cmpgt_epu64_mask(equal, net[0], set(low));
            below = _mm512_mask_add_epi64(below, above, below, set(1));
            any |= above;
            if any == 0 {
                break;
            }
        }
        if any == 0 {
            return if self.first_rate == 0 { sum } else { times_rate(sum, net, set(self.first_rate)) };
        }
        let [rate, constants @ ..] = self.lines.tables.each_ref().map(|table| look_up(table, below));
        let mut sum = times_rate(sum, net, rate);
        for (sum, constant) in sum.iter_mut().zip(constants) {
            *sum = _mm512_add_epi64(*sum, constant);
        }
        sum
    }
}
