//! One account of a block at a time: its sums in 128 bits, closed in 64.

use super::legs::{Leg, Legs, Step};
use super::nets::{Block, PORTFOLIO, Sum as Of};
use crate::margin::figures::{Figures, Totals};
use crate::margin::portfolio::Exposures;
use crate::margin::terms::Terms;
use crate::num::bounds::ACCOUNT_E16;
use crate::num::round::{charge_from_e24, credit_from_e16, credit_from_e24};
use crate::num::{E8, scaled, times};

/// Σ|amount| of an account is below it, so that no sum of figures passes 64 bits: about 1.4 billion whole units.
const MOST_OWNED: u64 = 1 << 57;
/// The same for a total in 10⁻²⁴ and in 10⁻¹⁶.
const MOST_E24: i128 = 1 << 110;
const MOST_E16: i128 = 1 << 83;

/// The sums of one kind of legs: what they need or are worth, and x·price over all of them.
#[derive(Clone, Copy, Default)]
struct Sum {
    e24: [u128; 2],
    price_e16: u128,
}

impl Sum {
    #[inline(always)]
    fn add(&mut self, legs: &Legs, leg: &Leg, x: u64) {
        let below = legs.caps[leg.caps.clone()].iter().filter(|cap| **cap < x).count();
        let Step(lines) = &legs.steps[leg.steps.start + below];
        let price_e16 = u128::from(x).wrapping_mul(u128::from(leg.price as u64));
        for (sum, line) in self.e24.iter_mut().zip(lines) {
            let exact = price_e16.wrapping_mul(u128::from(line.rate)).wrapping_add(line.constant);
            *sum = sum.wrapping_add(exact);
        }
        self.price_e16 = self.price_e16.wrapping_add(price_e16);
    }

    /// Adds what a position is charged beside the portfolio charge; |Q|·M.
    #[inline(always)]
    fn add_fee(&mut self, leg: &Leg, size: u64, rate: i64) -> u128 {
        let price_e16 = u128::from(size).wrapping_mul(u128::from(leg.price as u64));
        self.e24 = self.e24.map(|sum| sum.wrapping_add(price_e16.wrapping_mul(rate as u128)));
        self.price_e16 = self.price_e16.wrapping_add(price_e16);
        price_e16
    }
}

/// The figures of an account, where it is proved to be within the bounds.
#[inline(always)]
pub(super) fn figures(
    terms: &Terms,
    legs: &Legs,
    block: Block<'_>,
    lane: usize,
    exposures: &mut Exposures,
) -> Option<Figures<i64>> {
    let [traded, owned, names] = [Of::Traded, Of::Owned, Of::Names].map(|of| block.sum(of)[lane]);
    let mut taken = (traded <= block.most_traded) & (owned < MOST_OWNED) & (names & legs.strange == 0);
    let portfolio = match names & PORTFOLIO {
        0 => None,
        // Not enabled: the valuation says so.
        _ => Some(terms.portfolio.as_ref()?),
    };
    if let Some(portfolio) = portfolio {
        // Exposures are added up with checks, so nothing unproved may come near them.
        if !taken {
            return None;
        }
        portfolio.clear(exposures);
    }

    let mut held = Sum::default();
    let mut bits = names & ((1 << legs.instruments.len()) - 1);
    while bits != 0 {
        let at = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        let (leg, quantity) = (&legs.instruments[at], block.quantities(at)[lane] as i64);
        let size = quantity.unsigned_abs();
        taken &= (leg.price != 0) | (size == 0);
        let Some(portfolio) = portfolio else {
            held.add(legs, leg, size);
            continue;
        };
        let contract = &terms.instruments[at];
        let notional_e16 = held.add_fee(leg, size, contract.maintenance_fee);
        if size != 0 {
            taken &= portfolio.moves(contract.underlying);
            exposures.at(contract.underlying).hold(times(quantity, leg.price), notional_e16 as i128);
        }
    }
    // A product of at most 10⁹ whole units and at most 10⁸ is below 2¹¹¹, so that 62 of them are added up as they are.
    taken &= held.price_e16 <= ACCOUNT_E16 as u128;

    let (mut worth, mut cash) = (Sum::default(), 0);
    let mut bits = (names & (PORTFOLIO - 1)) >> legs.instruments.len();
    while bits != 0 {
        let at = bits.trailing_zeros() as usize;
        bits &= bits - 1;
        let amount = block.amounts(at)[lane] as i64;
        if at == legs.settlement {
            cash = amount;
            continue;
        }
        let (leg, before) = (&legs.assets[at], worth.e24[0]);
        worth.add(legs, leg, amount as u64);
        // A debt, or an asset that does not count: the valuation knows what it needs.
        taken &= (amount == 0) | ((amount > 0) & (leg.price != 0));
        let counts = taken & (amount != 0);
        if let (Some(portfolio), Some(underlying), true) = (portfolio, terms.assets[at].underlying, counts) {
            taken &= portfolio.moves(underlying);
            exposures.at(underlying).assets_e24 += worth.e24[0].wrapping_sub(before) as i128;
        }
    }
    taken &= worth.price_e16.wrapping_add(u128::from(cash.unsigned_abs()) * E8 as u128) <= ACCOUNT_E16 as u128;

    let pnl_e16 = block.pnl_e16(lane);
    let [maintenance_e24, initial_e24] = held.e24.map(|sum| sum as i128);
    let [collateral_e24, net_e24] = worth.e24.map(|sum| sum as i128);
    let small = |sum: i128, most: i128| (-most..most).contains(&sum);
    taken &= small(pnl_e16, MOST_E16) & small(maintenance_e24, MOST_E24) & small(initial_e24, MOST_E24);
    taken &= small(collateral_e24, MOST_E24) & small(net_e24, MOST_E24);
    let kept_e24 = match terms.withdraw_ratio {
        0 => 0,
        ratio => scaled(held.price_e16.min(ACCOUNT_E16 as u128) as i128, ratio),
    };
    if !(taken & small(kept_e24, MOST_E24)) {
        return None;
    }
    let required = portfolio.map(|portfolio| portfolio.required(exposures));
    if required.is_some_and(|required| required.initial.max(required.maintenance) >= i128::from(MOST_OWNED)) {
        return None;
    }
    let charge = |exact_e24: i128, required: Option<i128>| {
        charge_from_e24(exact_e24) as i64 + required.map_or(0, |required| required as i64)
    };
    let initial = charge(initial_e24, required.map(|required| required.initial));
    let totals = Totals {
        collateral: credit_from_e24(collateral_e24) as i64 + cash,
        pnl: credit_from_e16(pnl_e16) as i64,
        accrued: 0,
        held: initial,
        initial,
        maintenance: charge(maintenance_e24, required.map(|required| required.maintenance)),
        net_assets: Some(credit_from_e24(net_e24) as i64 + cash),
        kept: charge_from_e24(kept_e24) as i64,
    };
    Some(Figures { worst_scenario: required.map(|required| required.worst), ..Figures::of(terms, &totals, true) })
}
