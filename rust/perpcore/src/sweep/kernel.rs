//! The kernel of the common account: cross positions, assets owned, no orders, no chosen leverage, of ordinary size.
//!
//! It makes the totals of the cross bucket that [`crate::margin::value`] would make, a block of accounts at a time, in
//! 64-bit lanes; the figures follow from them by the same text ([`Figures::of`]). An account outside its limits is left
//! to the plain path. What it specializes, and why no bit differs:
//!
//! - Every exact sum is a [`Narrow`]: last 64 bits and a double near it, from which it is divided exactly. That holds
//!   up to [`REACH`], which is looked at for every account, and implies the bounds of an account, which are larger.
//! - `pnl.unrealized`: Σ Q·(M − entry) over rows, the same sum as Σ Q·M − κ.
//! - `margin.maintenance`, `margin.initial`: the tier of |Q|·M is found by |Q| against ⌊cap / M⌋, since for integers
//!   |Q|·M ≤ cap exactly where |Q| ≤ ⌊cap / M⌋; then the same line, notional × rate + constant, with the rate of
//!   `margin.maintenance_fee` added to it.
//! - `collateral.haircut`, `equity.net_value`: the same slices.
//!
//! The block is compiled twice, for any processor and for one with AVX-512, from one text.

use super::assess::Part;
use super::snapshot::{Grouped, PositionRows};
use crate::margin::collateral::Collateral;
use crate::margin::figures::{Figures, MONEY_FIGURES, Totals};
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::margin::tiers::Linear;
use crate::num::bounds::{BASE_E8, MONEY};
use crate::num::narrow::{Narrow, REACH};
use crate::num::{E8, E16, ONE};
use std::ops::Range;

/// The most rows of an account, in positions and in balances: 64 × 10¹⁷ g fits 64 bits, and so few parts stay within
/// what [`REACH`] allows.
const MOST_ROWS: usize = 64;
/// The most instruments, and assets: which of them an account has rows of is a bit each.
const MOST_NAMES: usize = 64;
/// Accounts in a block.
const BLOCK: usize = 128;
/// Tiers are padded to a multiple of it, so that they can be compared together.
const TIER_LANES: usize = 8;

const D8: i64 = E8 as i64;
const D16: i64 = E16 as i64;
/// [`REACH`] in 10⁻¹⁶ and in g.
const REACH_E16: f64 = REACH * ONE as f64;

/// One instrument at its mark.
struct Leg {
    /// 0 where there is none, or one that may not be used.
    mark: i64,
    /// Whether quantity and base quantity are the same.
    contract_of_one: bool,
    /// Where its tiers begin in [`Kernel::caps`] and [`Kernel::lines`].
    first_tier: usize,
    /// How many there are, padded.
    tiers: usize,
}

/// A requirement within one tier, for narrow lanes.
#[derive(Clone, Copy, Default)]
struct Line {
    rate: i64,
    constant: Narrow,
}

impl Line {
    /// With the rate of a fee on the same notional.
    fn new(linear: &Linear, fee: i64) -> Self {
        let constant = Narrow { low: linear.constant_e24 as i64, near: linear.constant_e24 as f64 };
        Line { rate: linear.rate + fee, constant }
    }

    #[inline(always)]
    fn of(&self, notional: Narrow) -> Narrow {
        notional.times(self.rate).plus(self.constant)
    }
}

/// One asset at its price.
struct Coin<'a> {
    /// 0 where the kernel cannot take the asset: not eligible, no price, or one that may not be used.
    price: i64,
    collateral: &'a Collateral,
}

/// One exact sum of every account of a block.
struct Lanes {
    low: [i64; BLOCK],
    near: [f64; BLOCK],
}

impl Lanes {
    const NONE: Lanes = Lanes { low: [0; BLOCK], near: [0.0; BLOCK] };

    #[inline(always)]
    fn set(&mut self, lane: usize, sum: Narrow) {
        self.low[lane] = sum.low;
        self.near[lane] = sum.near;
    }

    /// Divides every lane, down.
    #[inline(always)]
    fn floor<const D: i64>(&self, out: &mut [i64; BLOCK]) {
        for ((out, &low), &near) in out.iter_mut().zip(&self.low).zip(&self.near) {
            *out = Narrow { low, near }.floor::<D>();
        }
    }

    /// Divides every lane times a factor, up.
    #[inline(always)]
    fn ceil<const D: i64>(&self, factor: i64, out: &mut [i64; BLOCK]) {
        for ((out, &low), &near) in out.iter_mut().zip(&self.low).zip(&self.near) {
            *out = Narrow { low, near }.times(factor).ceil::<D>();
        }
    }
}

/// The exact sums of a block, and whether the kernel can take each account.
struct Block {
    taken: [bool; BLOCK],
    collateral_e24: Lanes,
    net_e24: Lanes,
    pnl_e16: Lanes,
    held_e24: Lanes,
    maintenance_e24: Lanes,
    notional_e16: Lanes,
}

/// What an account's sums and their parts amount to.
#[derive(Clone, Copy, Default)]
struct Account {
    taken: bool,
    collateral_e24: Narrow,
    net_e24: Narrow,
    pnl_e16: Narrow,
    held_e24: Narrow,
    maintenance_e24: Narrow,
    notional_e16: Narrow,
}

/// The totals and figures of a block.
struct Closed {
    collateral: [i64; BLOCK],
    net_assets: [i64; BLOCK],
    pnl: [i64; BLOCK],
    held: [i64; BLOCK],
    maintenance: [i64; BLOCK],
    kept: [i64; BLOCK],
    money: [[i64; BLOCK]; MONEY_FIGURES],
    status: [Status; BLOCK],
    margin_ratio: [f64; BLOCK],
}

/// The kernel for one book at one market.
pub(super) struct Kernel<'a> {
    terms: &'a Terms,
    data: &'a Grouped<'a>,
    legs: Vec<Leg>,
    caps: Vec<i64>,
    lines: Vec<(Line, Line)>,
    coins: Vec<Coin<'a>>,
    wide: bool,
    held: [i64; MOST_NAMES],
    owned: [i64; MOST_NAMES],
    block: Box<Block>,
    closed: Box<Closed>,
}

impl<'a> Kernel<'a> {
    /// The kernel, where the book is one for it: few names, account settings that choose neither leverage nor model.
    pub(super) fn new(terms: &'a Terms, market: &Market, data: &'a Grouped<'a>) -> Option<Self> {
        let settings = &data.snapshot.settings;
        if terms.instruments.len() > MOST_NAMES || terms.assets.len() > MOST_NAMES {
            return None;
        }
        // What a call factor beyond a hundred would make of a margin may not fit 64 bits.
        if terms.call_factor > 100 * ONE {
            return None;
        }
        if settings.leverage.is_some() || settings.portfolio.is_some() || data.settings.repeats() {
            return None;
        }
        let (mut caps, mut lines) = (Vec::new(), Vec::new());
        let legs = terms.instruments.iter().enumerate().map(|(at, contract)| {
            let quote = market.mark(at as u32);
            let mark = if quote.usable { quote.price } else { 0 };
            let first_tier = caps.len();
            for step in contract.ladder.steps() {
                caps.push((step.to_e16 / i128::from(mark.max(1))).min(i64::MAX.into()) as i64);
                let fee = contract.maintenance_fee;
                lines.push((Line::new(&step.maintenance, fee), Line::new(&step.initial, fee)));
            }
            caps.resize(caps.len().next_multiple_of(TIER_LANES), i64::MAX);
            lines.resize(caps.len(), (Line::default(), Line::default()));
            let contract_of_one = contract.contract_size == ONE;
            Leg { mark, contract_of_one, first_tier, tiers: caps.len() - first_tier }
        });
        let legs = legs.collect();
        let coins = terms.assets.iter().enumerate().map(|(at, collateral)| {
            let quote = market.asset(at as u32);
            Coin { price: if quote.usable && collateral.eligible { quote.price } else { 0 }, collateral }
        });
        Some(Kernel {
            terms,
            data,
            legs,
            caps,
            lines,
            coins: coins.collect(),
            wide: wide_lanes(),
            held: [0; MOST_NAMES],
            owned: [0; MOST_NAMES],
            block: Box::new(Block {
                taken: [false; BLOCK],
                collateral_e24: Lanes::NONE,
                net_e24: Lanes::NONE,
                pnl_e16: Lanes::NONE,
                held_e24: Lanes::NONE,
                maintenance_e24: Lanes::NONE,
                notional_e16: Lanes::NONE,
            }),
            closed: Box::new(Closed {
                collateral: [0; BLOCK],
                net_assets: [0; BLOCK],
                pnl: [0; BLOCK],
                held: [0; BLOCK],
                maintenance: [0; BLOCK],
                kept: [0; BLOCK],
                money: [[0; BLOCK]; MONEY_FIGURES],
                status: [Status::Healthy; BLOCK],
                margin_ratio: [0.0; BLOCK],
            }),
        })
    }

    /// Values the accounts of `part`, which begin at `first`; those it leaves are handed to `left` by their place.
    pub(super) fn run(&mut self, first: usize, part: &mut Part<'_>, mut left: impl FnMut(usize, &mut Part<'_>)) {
        let accounts = part.status.len();
        for from in (0..accounts).step_by(BLOCK) {
            let range = from..accounts.min(from + BLOCK);
            #[cfg(target_arch = "x86_64")]
            if self.wide {
                // SAFETY: `wide` says that the processor has what the function is compiled for.
                unsafe { self.block_avx512(first, range.clone(), part) };
            } else {
                self.block(first, range.clone(), part);
            }
            #[cfg(not(target_arch = "x86_64"))]
            self.block(first, range.clone(), part);
            for at in range {
                if !self.block.taken[at - from] {
                    left(at, part);
                }
            }
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512dq,avx512vl,avx512bw,bmi1,bmi2,lzcnt,popcnt,fma")]
    fn block_avx512(&mut self, first: usize, range: Range<usize>, part: &mut Part<'_>) {
        self.block(first, range, part);
    }

    #[inline(always)]
    fn block(&mut self, first: usize, range: Range<usize>, part: &mut Part<'_>) {
        for (lane, at) in range.clone().enumerate() {
            let account = self.account(first + at);
            self.block.taken[lane] = account.taken;
            self.block.collateral_e24.set(lane, account.collateral_e24);
            self.block.net_e24.set(lane, account.net_e24);
            self.block.pnl_e16.set(lane, account.pnl_e16);
            self.block.held_e24.set(lane, account.held_e24);
            self.block.maintenance_e24.set(lane, account.maintenance_e24);
            self.block.notional_e16.set(lane, account.notional_e16);
        }
        close(self.terms, &self.block, &mut self.closed);
        let lanes = range.len();
        for (column, figures) in part.money.iter_mut().zip(&self.closed.money) {
            let column = &mut column[range.clone()];
            for (cell, &figure) in column.iter_mut().zip(&figures[..lanes]) {
                *cell = i128::from(figure);
            }
        }
        part.status[range.clone()].copy_from_slice(&self.closed.status[..lanes]);
        part.margin_ratio[range.clone()].copy_from_slice(&self.closed.margin_ratio[..lanes]);
        part.isolated_status[range].fill(None);
    }

    /// The sums of an account's cross bucket.
    #[inline(always)]
    fn account(&mut self, account: usize) -> Account {
        if self.data.orders.count(account) != 0
            || self.data.positions.count(account) > MOST_ROWS
            || self.data.balances.count(account) > MOST_ROWS
        {
            return Account::default();
        }
        let mut sums = Account::default();
        // Both halves run to their end, since they also clear what the rows left.
        sums.taken = self.positions(account, &mut sums) & self.balances(account, &mut sums);
        sums
    }

    #[inline(always)]
    fn positions(&mut self, account: usize, sums: &mut Account) -> bool {
        let (mut taken, mut bits, gross_e16) = self.add_up_rows(account, &mut sums.pnl_e16);
        while bits != 0 {
            let at = bits.trailing_zeros() as usize % MOST_NAMES;
            bits &= bits - 1;
            let size = std::mem::take(&mut self.held[at]).unsigned_abs() as i64;
            let leg = &self.legs[at];
            let caps = &self.caps[leg.first_tier..leg.first_tier + leg.tiers];
            let below: usize = caps.iter().map(|&cap| usize::from(cap < size)).sum();
            let (maintenance, initial) = &self.lines[leg.first_tier + below];
            let notional_e16 = Narrow::of(size).times(leg.mark);
            sums.maintenance_e24 = sums.maintenance_e24.plus(maintenance.of(notional_e16));
            sums.held_e24 = sums.held_e24.plus(initial.of(notional_e16));
            sums.notional_e16 = sums.notional_e16.plus(notional_e16);
            let priced = (leg.mark != 0) | (size == 0);
            taken &= leg.contract_of_one & priced & (i128::from(size) <= BASE_E8);
        }
        taken & (gross_e16 <= REACH_E16)
    }

    /// Adds the rows of an account up: whether the kernel can take them, the instruments, and Σ|Q|·(M + entry).
    #[inline(always)]
    fn add_up_rows(&mut self, account: usize, pnl_e16: &mut Narrow) -> (bool, u64, f64) {
        let rows = &self.data.snapshot.positions;
        let (mut bits, mut gross_e16, mut pnl) = (0, 0.0, Narrow::default());
        let (legs, held) = (&self.legs, &mut self.held);
        let mut add = |instrument: u32, quantity: i64, entry: i64| {
            let at = instrument as usize % MOST_NAMES;
            let mark = legs[at].mark;
            held[at] = held[at].wrapping_add(quantity);
            bits |= 1 << at;
            pnl = pnl.plus(Narrow::of(quantity).times(mark - entry));
            gross_e16 += quantity.unsigned_abs() as i64 as f64 * (mark + entry) as f64;
        };
        if let (Some(entry_prices), Some(range), false) =
            (rows.entry_price, self.data.positions.beside(account), rows.has_details())
        {
            let names = &rows.instrument[range.clone()];
            let quantities = &rows.quantity[range.clone()];
            for ((&instrument, &quantity), &entry) in names.iter().zip(quantities).zip(&entry_prices[range]) {
                add(instrument, quantity, entry);
            }
            *pnl_e16 = pnl;
            return (true, bits, gross_e16);
        }
        let mut plain = true;
        self.data.positions.each(account, |row| {
            plain &= is_plain(rows, row);
            add(rows.instrument[row], rows.quantity[row], rows.entry_price.map_or(0, |entry| entry[row]));
        });
        *pnl_e16 = pnl;
        (plain, bits, gross_e16)
    }

    #[inline(always)]
    fn balances(&mut self, account: usize, sums: &mut Account) -> bool {
        let rows = &self.data.snapshot.balances;
        let (mut bits, mut taken) = (0_u64, true);
        self.data.balances.each(account, |row| {
            let at = rows.asset[row] as usize % MOST_NAMES;
            let amount = rows.amount.get(row);
            taken &= i128::from(amount as i64) == amount;
            self.owned[at] = self.owned[at].wrapping_add(amount as i64);
            bits |= 1 << at;
        });
        let mut gross_e16 = 0.0;
        while bits != 0 {
            let at = bits.trailing_zeros() as usize % MOST_NAMES;
            bits &= bits - 1;
            let amount = std::mem::take(&mut self.owned[at]);
            gross_e16 += amount.unsigned_abs() as f64 * self.coins[at].price as f64;
            if at == self.terms.settlement {
                let value_e24 = Narrow::of(amount).times(D16);
                sums.collateral_e24 = sums.collateral_e24.plus(value_e24);
                sums.net_e24 = sums.net_e24.plus(value_e24);
                continue;
            }
            let coin = &self.coins[at];
            // A debt, or an asset that does not count: the plain path knows what it needs.
            if amount < 0 || coin.price == 0 {
                taken &= amount == 0;
                continue;
            }
            let value_e16 = Narrow::of(amount).times(coin.price);
            sums.net_e24 = sums.net_e24.plus(value_e16.times(ONE - coin.collateral.close_cost));
            for (quantity, share) in coin.collateral.slices(amount.into()) {
                // A slice of an amount of 64 bits.
                let value_e24 = Narrow::of(quantity as i64).times(coin.price).times(share);
                sums.collateral_e24 = sums.collateral_e24.plus(value_e24);
            }
        }
        taken & (gross_e16 <= REACH_E16)
    }
}

/// Whether a row says no more than quantity and entry price.
#[inline(always)]
fn is_plain(rows: &PositionRows<'_>, row: usize) -> bool {
    !rows.is_isolated(row)
        && rows.entry_price.is_some_and(|entry| entry[row] != 0)
        && rows.leverage.is_none_or(|leverage| leverage[row] == 0)
        && rows.isolated_margin.is_none_or(|margin| margin.get(row) == 0)
        && rows.accrued.is_none_or(|accrued| accrued.get(row) == 0)
}

/// Rounds the totals of a block and derives its figures, every lane alike.
#[inline(always)]
fn close(terms: &Terms, block: &Block, closed: &mut Closed) {
    block.collateral_e24.floor::<D16>(&mut closed.collateral);
    block.net_e24.floor::<D16>(&mut closed.net_assets);
    block.pnl_e16.floor::<D8>(&mut closed.pnl);
    block.held_e24.ceil::<D16>(1, &mut closed.held);
    block.maintenance_e24.ceil::<D16>(1, &mut closed.maintenance);
    block.notional_e16.ceil::<D16>(terms.withdraw_ratio, &mut closed.kept);
    for lane in 0..BLOCK {
        let totals = Totals {
            collateral: closed.collateral[lane],
            pnl: closed.pnl[lane],
            accrued: 0,
            held: closed.held[lane],
            initial: closed.held[lane],
            maintenance: closed.maintenance[lane],
            net_assets: Some(closed.net_assets[lane]),
            kept: closed.kept[lane],
        };
        let figures = Figures::of(terms, &totals, true);
        for (column, figure) in closed.money.iter_mut().zip(figures.money()) {
            column[lane] = figure;
        }
        closed.status[lane] = figures.status;
        let ratio = figures.maintenance_margin as f64 / figures.equity as f64;
        closed.margin_ratio[lane] = if figures.equity > 0 { ratio } else { f64::NAN };
    }
}

/// Whether the processor has the wide lanes that the block is compiled for beside the common ones.
fn wide_lanes() -> bool {
    #[cfg(target_arch = "x86_64")]
    {
        is_x86_feature_detected!("avx512f")
            && is_x86_feature_detected!("avx512dq")
            && is_x86_feature_detected!("avx512vl")
            && is_x86_feature_detected!("avx512bw")
            && is_x86_feature_detected!("bmi1")
            && is_x86_feature_detected!("bmi2")
            && is_x86_feature_detected!("lzcnt")
            && is_x86_feature_detected!("popcnt")
            && is_x86_feature_detected!("fma")
    }
    #[cfg(not(target_arch = "x86_64"))]
    false
}

const _: () = assert!(MONEY.max as f64 * ONE as f64 > REACH_E16);
