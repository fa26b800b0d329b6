//! The kernel of the common account: standard model, cross positions, balances owned, no orders, no chosen leverage.
//!
//! It makes the exact sums of the cross bucket that [`crate::margin::value`] would make, and they are closed by that
//! text; an account outside its bounds is left to the plain path. What it specializes, and why no bit differs:
//!
//! - `pnl.unrealized`: Σ Q·M − κ over rows of one key, the sums exact whatever their order.
//! - `margin.maintenance`, `margin.initial`: the tier of |Q|·M is found by |Q| against ⌊cap / M⌋, since for integers
//!   |Q|·M ≤ cap exactly where |Q| ≤ ⌊cap / M⌋; then the same line, notional × rate + constant.
//! - `collateral.haircut`, `equity.net_value`: the same slices; the settlement currency by one product, its price being
//!   1 and its haircut 0.
//! - Bounds: at most [`MOST_ROWS`] rows, so that no sum of rows passes 64 bits of quantity or 128 bits of cost; the
//!   bounds of an account are compared with the same totals. Products beyond them wrap and are thrown away.

use super::snapshot::Grouped;
use crate::margin::collateral::Collateral;
use crate::margin::market::Market;
use crate::margin::terms::Terms;
use crate::margin::tiers::Linear;
use crate::margin::value::Sums;
use crate::num::bounds::{ACCOUNT_E16, BASE_E8, MONEY};
use crate::num::{E8, E16, ONE, scaled, times};
use std::ops::Range;

/// The most rows of an account, in positions and in balances, that the kernel adds up: 64 × 10¹⁷ g fits 64 bits.
const MOST_ROWS: usize = 64;

/// The most instruments, and assets: which of them an account has rows of is a bit each.
const MOST_NAMES: usize = 64;

/// One instrument at its mark.
struct Leg {
    /// 0 where there is none, or one that may not be used.
    mark: i64,
    /// Whether quantity and base quantity are the same.
    contract_of_one: bool,
    /// The largest |Q| of each tier but the last, in [`Kernel::caps`].
    caps: Range<usize>,
    /// The first of its tiers in [`Kernel::tiers`].
    first_tier: usize,
}

/// One tier: a requirement is |Q|·M × rate + constant, in 10⁻²⁴ modulo 2¹²⁸.
#[derive(Clone, Copy)]
struct Tier {
    maintenance: (u64, u128),
    initial: (u64, u128),
}

impl Tier {
    /// A requirement with the rate of a fee on the same notional; neither rate is negative.
    fn requirement(linear: &Linear, fee: i64) -> (u64, u128) {
        (linear.rate.unsigned_abs() + fee.unsigned_abs(), linear.constant_e24 as u128)
    }
}

/// One asset at its price.
struct Coin<'a> {
    /// 0 where the kernel cannot take the asset: not eligible, no price, or one that may not be used.
    price: i64,
    collateral: &'a Collateral,
}

/// The rows of one account in one instrument, added up.
#[derive(Clone, Copy, Default)]
struct Held {
    quantity: i64,
    cost_e16: i128,
}

/// The kernel for one book at one market.
pub(super) struct Kernel<'a> {
    data: &'a Grouped<'a>,
    settlement: usize,
    legs: Vec<Leg>,
    caps: Vec<u64>,
    tiers: Vec<Tier>,
    coins: Vec<Coin<'a>>,
    held: [Held; MOST_NAMES],
    owned: [i128; MOST_NAMES],
}

impl<'a> Kernel<'a> {
    /// The kernel, where the book is one for it: account settings choose no leverage.
    pub(super) fn new(terms: &'a Terms, market: &Market, data: &'a Grouped<'a>) -> Option<Self> {
        let settings = &data.snapshot.settings;
        if terms.instruments.len() > MOST_NAMES || terms.assets.len() > MOST_NAMES {
            return None;
        }
        if settings.leverage.is_some() || data.settings.repeats() {
            return None;
        }
        let (mut caps, mut tiers) = (Vec::new(), Vec::new());
        let legs = terms.instruments.iter().enumerate().map(|(at, contract)| {
            let quote = market.mark(at as u32);
            let mark = if quote.usable { quote.price } else { 0 };
            let (first_cap, first_tier, steps) = (caps.len(), tiers.len(), contract.ladder.steps());
            let largest = |to_e16: i128| (to_e16 / i128::from(mark.max(1))).min(BASE_E8) as u64;
            caps.extend(steps[..steps.len() - 1].iter().map(|step| largest(step.to_e16)));
            tiers.extend(steps.iter().map(|step| Tier {
                maintenance: Tier::requirement(&step.maintenance, contract.maintenance_fee),
                initial: Tier::requirement(&step.initial, contract.maintenance_fee),
            }));
            Leg { mark, contract_of_one: contract.contract_size == ONE, caps: first_cap..caps.len(), first_tier }
        });
        let legs = legs.collect();
        let coins = terms.assets.iter().enumerate().map(|(at, collateral)| {
            let quote = market.asset(at as u32);
            Coin { price: if quote.usable && collateral.eligible { quote.price } else { 0 }, collateral }
        });
        Some(Kernel {
            data,
            settlement: terms.settlement,
            legs,
            caps,
            tiers,
            coins: coins.collect(),
            held: [Held::default(); MOST_NAMES],
            owned: [0; MOST_NAMES],
        })
    }

    /// The sums of an account's cross bucket, where it is one for the kernel.
    #[inline(always)]
    pub(super) fn sums(&mut self, account: usize) -> Option<Sums> {
        if self.data.orders.count(account) != 0
            || self.data.positions.count(account) > MOST_ROWS
            || self.data.balances.count(account) > MOST_ROWS
            || self.portfolio(account)
        {
            return None;
        }
        let mut sums = Sums::new();
        // Both halves run to their end, since they also clear what the rows left.
        let taken = self.positions(account, &mut sums) & self.balances(account, &mut sums);
        taken.then_some(sums)
    }

    /// Whether an account chose the portfolio model.
    #[inline(always)]
    fn portfolio(&self, account: usize) -> bool {
        let chosen = self.data.snapshot.settings.portfolio;
        chosen.is_some_and(|chosen| self.data.settings.of(account).any(|row| chosen[row]))
    }

    #[inline(always)]
    fn positions(&mut self, account: usize, sums: &mut Sums) -> bool {
        let (plain, mut bits) = self.add_up_rows(account);
        let (mut taken, mut cost_e16) = (plain, 0);
        while bits != 0 {
            let at = bits.trailing_zeros() as usize % MOST_NAMES;
            bits &= bits - 1;
            let held = std::mem::take(&mut self.held[at]);
            let (fits, cost) = self.position(at, held, sums);
            taken &= fits;
            cost_e16 = add(cost_e16, cost);
        }
        taken & (sums.notional_e16 <= ACCOUNT_E16) & (cost_e16 <= ACCOUNT_E16)
    }

    /// Adds the rows of an account up by instrument: whether the kernel can take them, and the instruments.
    #[inline(always)]
    fn add_up_rows(&mut self, account: usize) -> (bool, u64) {
        let rows = &self.data.snapshot.positions;
        let mut bits = 0;
        let mut add = |instrument: u32, quantity: i64, cost_e16: i128| {
            let at = instrument as usize % MOST_NAMES;
            let held = &mut self.held[at];
            held.quantity = held.quantity.wrapping_add(quantity);
            held.cost_e16 = add(held.cost_e16, cost_e16);
            bits |= 1 << at;
        };
        if let (Some(entry_prices), Some(range), false) =
            (rows.entry_price, self.data.positions.beside(account), rows.has_details())
        {
            let names = &rows.instrument[range.clone()];
            let quantities = &rows.quantity[range.clone()];
            for ((&instrument, &quantity), &entry) in names.iter().zip(quantities).zip(&entry_prices[range]) {
                add(instrument, quantity, times(quantity, entry));
            }
            return (true, bits);
        }
        let mut plain = true;
        self.data.positions.each(account, |row| {
            plain &= !rows.is_isolated(row) && rows.leverage.is_none_or(|leverage| leverage[row] == 0);
            plain &= rows.isolated_margin.is_none_or(|margin| margin.get(row) == 0);
            plain &= rows.accrued.is_none_or(|accrued| accrued.get(row) == 0);
            add(rows.instrument[row], rows.quantity[row], rows.cost_e16(row, rows.quantity[row]));
        });
        (plain, bits)
    }

    /// Adds a position; whether the kernel can take it, and |κ|.
    #[inline(always)]
    fn position(&self, instrument: usize, held: Held, sums: &mut Sums) -> (bool, i128) {
        let leg = &self.legs[instrument];
        let (size, mark) = (held.quantity.unsigned_abs(), leg.mark.unsigned_abs());
        let below = self.caps[leg.caps.clone()].iter().filter(|cap| **cap < size).count();
        let tier = &self.tiers[leg.first_tier + below];
        let notional_e16 = u128::from(size) * u128::from(mark);
        let requirement =
            |(rate, constant): (u64, u128)| notional_e16.wrapping_mul(rate.into()).wrapping_add(constant) as i128;
        sums.maintenance_e24 = add(sums.maintenance_e24, requirement(tier.maintenance));
        sums.held_e24 = add(sums.held_e24, requirement(tier.initial));
        sums.notional_e16 = add(sums.notional_e16, notional_e16 as i128);
        sums.pnl_e16 = add(sums.pnl_e16, times(held.quantity, leg.mark).wrapping_sub(held.cost_e16));
        let priced = (mark != 0) | (size == 0);
        let fits = leg.contract_of_one & priced & (size <= BASE_E8 as u64) & (notional_e16 <= ACCOUNT_E16 as u128);
        (fits, held.cost_e16.wrapping_abs())
    }

    #[inline(always)]
    fn balances(&mut self, account: usize, sums: &mut Sums) -> bool {
        let rows = &self.data.snapshot.balances;
        let mut bits = 0_u64;
        self.data.balances.each(account, |row| {
            let at = rows.asset[row] as usize % MOST_NAMES;
            self.owned[at] = add(self.owned[at], rows.amount.get(row));
            bits |= 1 << at;
        });
        let (mut taken, mut assets_e16) = (true, 0_i128);
        while bits != 0 {
            let at = bits.trailing_zeros() as usize % MOST_NAMES;
            bits &= bits - 1;
            let amount = std::mem::take(&mut self.owned[at]);
            let fits = MONEY.holds(amount);
            if at == self.settlement {
                let value_e24 = amount.wrapping_mul(E16);
                sums.collateral_e24 = add(sums.collateral_e24, value_e24);
                sums.net_e24 = add(sums.net_e24, value_e24);
                assets_e16 = add(assets_e16, amount.wrapping_abs().wrapping_mul(E8));
                taken &= fits;
                continue;
            }
            let coin = &self.coins[at];
            // A debt, or an asset that does not count: the plain path knows what it needs.
            if !fits || amount < 0 || coin.price == 0 {
                taken &= amount == 0;
                continue;
            }
            let value_e16 = scaled(amount, coin.price);
            assets_e16 = add(assets_e16, value_e16);
            sums.net_e24 = add(sums.net_e24, scaled_wrapping(value_e16, ONE - coin.collateral.close_cost));
            for (quantity, share) in coin.collateral.slices(amount) {
                let value_e24 = scaled_wrapping(scaled(quantity, coin.price), share);
                sums.collateral_e24 = add(sums.collateral_e24, value_e24);
            }
        }
        taken & (assets_e16 <= ACCOUNT_E16)
    }
}

/// As [`scaled`], but may wrap: the bounds are compared only once an account is added up.
#[inline(always)]
fn scaled_wrapping(amount: i128, factor: i64) -> i128 {
    amount.wrapping_mul(i128::from(factor))
}

#[inline(always)]
fn add(a: i128, b: i128) -> i128 {
    a.wrapping_add(b)
}
