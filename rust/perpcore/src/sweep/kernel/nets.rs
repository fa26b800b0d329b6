//! The rows of accounts, added up by account and name.
//!
//! A block holds [`LANES`] accounts, each number of theirs side by side. There is no branch on what a row says and no
//! loop over one account's rows, which would end at another place each time.

use super::LANES;
use super::laid::{Beside, Tables as Laid};
use super::legs::{Legs, MOST_NAMES};
#[cfg(target_arch = "x86_64")]
use super::wide;
use crate::num::bounds::{ACCOUNT_E16, BASE_E8};
use crate::num::{E8, ONE, times};
use crate::sweep::group::{Rows as Table, holders_of};
use crate::sweep::snapshot::{Grouped, Money, Names, PositionRows};
use std::ops::Range;

/// A cost of 2¹³ g counts as one g of quantity, and the largest entry price as at least 2¹³ whole units, so that Σ|κ| is
/// at most Σ|q| times that price.
const COST_SHIFT: u32 = 13;
/// Beyond every bound.
const BEYOND: u64 = u64::MAX;
/// The bit of [`Sum::Names`] that says whether the accounts table has a row.
const SETTINGS: u64 = 1 << 63;
/// The bit of [`Sum::Names`] that says whether it chooses the portfolio model.
pub(super) const PORTFOLIO: u64 = 1 << 62;

/// One number of each account of a block.
type Each = [u64; LANES];

/// The numbers of a block that have no name, in this order.
#[derive(Clone, Copy)]
pub(super) enum Sum {
    /// Σ q·(M − entry) in 10⁻¹⁶ modulo 2¹²⁸, its low half.
    PnlLow,
    /// Its high half.
    PnlHigh,
    /// Σ|q|, at most; with ⌈|cost| ÷ 2¹³⌉ where a cost was given.
    Traded,
    /// Σ|amount|, at most.
    Owned,
    /// The instruments, then the assets, of which there are rows.
    Names,
}

/// How many they are.
const SUMS: usize = 5;

/// The numbers of a block where names are few, and where they are at most [`MOST_NAMES`].
pub(in crate::sweep) const FEW: usize = 16;
pub(in crate::sweep) const MANY: usize = SUMS + MOST_NAMES;

/// The rows of some accounts, added up: for each block the sums, the quantity of every instrument, the amount of every
/// asset, and what is left of `N`.
#[derive(Debug)]
pub(in crate::sweep) struct Nets<const N: usize> {
    blocks: Vec<Numbers<N>>,
    instruments: usize,
    /// Whether rows may be added up many at a time.
    #[cfg(target_arch = "x86_64")]
    wide: bool,
    /// The account of every row that is added up one by one.
    holders: Vec<u32>,
    /// Σ|q| of an account within the bounds is proved to be at most this: Σ|κ| ≤ Σ|q| × the largest entry price.
    most_traded: u64,
}

/// The numbers of a block, each in one line of the cache.
#[derive(Clone, Copy, Debug)]
#[repr(align(64))]
pub(super) struct Numbers<const N: usize>([Each; N]);

/// One block, to be read.
#[derive(Clone, Copy)]
pub(super) struct Block<'a> {
    numbers: &'a [Each],
    instruments: usize,
    /// As in [`Nets`].
    pub(super) most_traded: u64,
}

impl<'a> Block<'a> {
    #[inline(always)]
    pub(super) fn sum(&self, sum: Sum) -> &'a [u64; LANES] {
        &self.numbers[sum as usize]
    }

    /// Σ q·(M − entry) of a lane.
    #[inline(always)]
    pub(super) fn pnl_e16(&self, lane: usize) -> i128 {
        joined(self.sum(Sum::PnlLow)[lane], self.sum(Sum::PnlHigh)[lane]) as i128
    }

    /// The quantities of an instrument; two's complement.
    #[inline(always)]
    pub(super) fn quantities(&self, instrument: usize) -> &'a [u64; LANES] {
        &self.numbers[SUMS + instrument]
    }

    /// The amounts of an asset; two's complement.
    #[inline(always)]
    pub(super) fn amounts(&self, asset: usize) -> &'a [u64; LANES] {
        &self.numbers[SUMS + self.instruments + asset]
    }
}

impl<const N: usize> Numbers<N> {
    /// The place of a sum.
    #[inline(always)]
    pub(super) fn sum(&mut self, sum: Sum) -> &mut Each {
        &mut self.0[sum as usize]
    }

    /// The place of what a name has.
    #[inline(always)]
    pub(super) fn number(&mut self, name: usize) -> &mut Each {
        &mut self.0[(SUMS + name) % N]
    }
}

fn joined(low: u64, high: u64) -> u128 {
    u128::from(high) << 64 | u128::from(low)
}

/// Whether a block of [`FEW`] numbers is enough.
pub(super) fn are_few(legs: &Legs) -> bool {
    SUMS + legs.instruments.len() + legs.assets.len() <= FEW
}

impl<const N: usize> Nets<N> {
    /// Room for the rows of so many blocks of accounts.
    pub(super) fn new(legs: &Legs, blocks: usize, wide: bool) -> Self {
        let _ = wide;
        Nets {
            blocks: vec![Numbers([[0; LANES]; N]); blocks],
            instruments: legs.instruments.len(),
            #[cfg(target_arch = "x86_64")]
            wide: wide && wide::adds_rows(legs),
            holders: Vec::new(),
            most_traded: 0,
        }
    }

    #[inline(always)]
    pub(super) fn block(&self, block: usize) -> Block<'_> {
        let &Nets { ref blocks, instruments, most_traded, .. } = self;
        Block { numbers: &blocks[block].0, instruments, most_traded }
    }

    /// The numbers of an account's block, and its lane; none where there is no room for the account.
    #[inline(always)]
    fn of(&mut self, account: u32) -> Option<(&mut [Each; N], usize)> {
        let account = account as usize;
        Some((&mut self.blocks.get_mut(account / LANES)?.0, account % LANES))
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.blocks.iter_mut().for_each(|block| block.0 = [[0; LANES]; N]);
    }

    /// Adds the rows of accounts for which there is room; each table from `near` on.
    pub(super) fn add(
        &mut self,
        legs: &Legs,
        (data, laid): (&Grouped<'_>, &Laid<'_>),
        all: Range<usize>,
        near: &mut [usize; 4],
    ) {
        let [positions, balances, orders, settings] = near;
        // Apart from the numbers, so that these can be written to meanwhile.
        let mut holders = std::mem::take(&mut self.holders);
        self.add_positions(legs, (data, laid), all.clone(), positions, &mut holders);
        self.add_balances(legs, (data, laid), all.clone(), balances, &mut holders);
        self.spoil_orders(&data.orders, all.clone(), orders, &mut holders);
        self.add_settings(data, all, settings, &mut holders);
        self.holders = holders;
    }

    fn add_positions(
        &mut self,
        legs: &Legs,
        (data, laid): (&Grouped<'_>, &Laid<'_>),
        all: Range<usize>,
        near: &mut usize,
        holders: &mut Vec<u32>,
    ) {
        let rows = &data.snapshot.positions;
        let mut entries = (ONE as u64) << COST_SHIFT;
        let plain = rows.entry_price.filter(|_| !rows.has_details());
        let beside = match (&laid.positions, data.positions.starts(), plain, rows.instrument) {
            (Some(laid), ..) => Some(laid.of(&all)),
            (None, Some(starts), Some(entry_price), Names::Few(names)) => {
                Some(Beside { starts, names, values: [rows.quantity, entry_price] }.of(all.clone()))
            }
            _ => None,
        };
        if let Some(beside) = beside {
            self.add_plain_positions(legs, beside, &mut entries, holders);
        } else {
            let found = data.positions.of_all(all.clone(), near);
            data.positions.holders(all, &found, holders);
            for (row, &account) in found.zip(&*holders) {
                let key = (account, rows.instrument.get(row));
                let entry = rows.entry_price.map_or(0, |entry| entry[row]);
                entries |= entry as u64;
                self.add_position(legs, key, rows.quantity[row], entry);
                if plain.is_none() {
                    self.add_details(rows, row, account, entry);
                }
            }
        }
        self.most_traded = most_traded(entries);
    }

    /// Adds positions of quantity and entry price alone, and the bits of these to `entries`.
    fn add_plain_positions(&mut self, legs: &Legs, beside: Beside<'_, 2>, entries: &mut u64, holders: &mut Vec<u32>) {
        let Beside { starts, names, values: [quantity, entry_price] } = beside;
        #[cfg(target_arch = "x86_64")]
        if self.add_positions_wide(legs, &wide::Rows { starts, name: names, value: quantity }, entry_price, entries) {
            return;
        }
        let rows = beside.rows();
        holders_of(starts, holders);
        let columns = holders.iter().zip(&names[rows.clone()]).zip(&quantity[rows.clone()]);
        *entries = entry_price[rows.clone()].iter().fold(*entries, |any, &entry| any | entry as u64);
        for (((&account, &instrument), &quantity), &entry) in columns.zip(&entry_price[rows]) {
            self.add_position(legs, (account, instrument.into()), quantity, entry);
        }
    }

    /// Adds plain rows many at a time; says whether it did.
    #[cfg(target_arch = "x86_64")]
    fn add_positions_wide(
        &mut self,
        legs: &Legs,
        rows: &wide::Rows<'_>,
        entry_prices: &[i64],
        entries: &mut u64,
    ) -> bool {
        if !self.wide {
            return false;
        }
        let most = |more| most_traded(*entries | more);
        let added = wide::add_positions(legs, rows, entry_prices, &mut self.blocks, most);
        if added.is_none() {
            self.clear();
        }
        *entries |= added.unwrap_or(0);
        added.is_some()
    }

    /// Adds balances many at a time; says whether it did.
    #[cfg(target_arch = "x86_64")]
    fn add_balances_wide(&mut self, legs: &Legs, rows: &wide::Rows<'_>) -> bool {
        if !self.wide {
            return false;
        }
        let added = wide::add_balances(legs, rows, &mut self.blocks);
        if !added {
            for block in &mut self.blocks {
                *block.sum(Sum::Owned) = [0; LANES];
                (0..legs.assets.len()).for_each(|asset| *block.number(self.instruments + asset) = [0; LANES]);
            }
        }
        added
    }

    #[inline(always)]
    fn add_position(&mut self, legs: &Legs, (account, instrument): (u32, u32), quantity: i64, entry: i64) {
        let pnl_e16 = times(quantity, legs.mark(instrument).wrapping_sub(entry));
        let Some((numbers, lane)) = self.of(account) else { return };
        add_wide(numbers, lane, pnl_e16);
        add_size(numbers, Sum::Traded, lane, quantity.unsigned_abs());
        add_named(numbers, instrument as usize, lane, quantity);
    }

    /// What a row says beside quantity and entry price: a cost, or something that leaves it to the valuation.
    #[inline(always)]
    fn add_details(&mut self, rows: &PositionRows<'_>, row: usize, account: u32, entry: i64) {
        let Some((numbers, lane)) = self.of(account) else { return };
        let cost = rows.cost.filter(|_| entry == 0).map_or(0, |cost| cost.get(row));
        add_wide(numbers, lane, cost.wrapping_mul(-E8));
        let size = u64::try_from(cost.unsigned_abs() >> COST_SHIFT).map_or(BEYOND, |size| size + u64::from(cost != 0));
        add_size(numbers, Sum::Traded, lane, if rows.is_plain(row) { size } else { BEYOND });
    }

    fn add_balances(
        &mut self,
        legs: &Legs,
        (data, laid): (&Grouped<'_>, &Laid<'_>),
        all: Range<usize>,
        near: &mut usize,
        holders: &mut Vec<u32>,
    ) {
        let rows = &data.snapshot.balances;
        let beside = match (&laid.balances, data.balances.starts(), rows.amount, rows.asset) {
            (Some(laid), ..) => Some(laid.of(&all)),
            (None, Some(starts), Money::Narrow(amounts), Names::Few(names)) => {
                Some(Beside { starts, names, values: [amounts] }.of(all.clone()))
            }
            _ => None,
        };
        if let Some(beside) = beside {
            let Beside { starts, names, values: [amounts] } = beside;
            #[cfg(target_arch = "x86_64")]
            if self.add_balances_wide(legs, &wide::Rows { starts, name: names, value: amounts }) {
                return;
            }
            let rows = beside.rows();
            holders_of(starts, holders);
            for ((&account, &asset), &amount) in holders.iter().zip(&names[rows.clone()]).zip(&amounts[rows]) {
                self.add_balance(account, asset.into(), amount, amount.unsigned_abs());
            }
            return;
        }
        let _ = legs;
        let found = data.balances.of_all(all.clone(), near);
        data.balances.holders(all, &found, holders);
        for (row, &account) in found.zip(&*holders) {
            let amount = rows.amount.get(row);
            let owned = u64::try_from(amount.unsigned_abs()).unwrap_or(BEYOND);
            self.add_balance(account, rows.asset.get(row), amount as i64, owned);
        }
    }

    #[inline(always)]
    fn add_balance(&mut self, account: u32, asset: u32, amount: i64, owned: u64) {
        let name = self.instruments + asset as usize;
        let Some((numbers, lane)) = self.of(account) else { return };
        add_size(numbers, Sum::Owned, lane, owned);
        add_named(numbers, name, lane, amount);
    }

    /// Leaves accounts with orders to the valuation.
    fn spoil_orders(&mut self, orders: &Table<'_>, all: Range<usize>, near: &mut usize, holders: &mut Vec<u32>) {
        let found = orders.of_all(all.clone(), near);
        orders.holders(all, &found, holders);
        holders.iter().for_each(|&account| self.spoil(account));
    }

    /// Marks the accounts of the portfolio model; leaves those that choose a leverage, or have two rows, to the valuation.
    fn add_settings(&mut self, data: &Grouped<'_>, all: Range<usize>, near: &mut usize, holders: &mut Vec<u32>) {
        let rows = &data.snapshot.settings;
        let found = data.settings.of_all(all.clone(), near);
        data.settings.holders(all, &found, holders);
        for (row, &account) in found.zip(&*holders) {
            let leverage = rows.leverage.is_some_and(|leverage| leverage[row] != 0);
            let portfolio = rows.portfolio.is_some_and(|portfolio| portfolio[row]);
            let Some((numbers, lane)) = self.of(account) else { continue };
            let names = &mut numbers[Sum::Names as usize][lane];
            let again = *names & SETTINGS != 0;
            *names |= SETTINGS | if portfolio { PORTFOLIO } else { 0 };
            if again || leverage {
                self.spoil(account);
            }
        }
    }

    fn spoil(&mut self, account: u32) {
        if let Some((numbers, lane)) = self.of(account) {
            add_size(numbers, Sum::Traded, lane, BEYOND);
        }
    }
}

/// What may be traded, by all bits of the entry prices: none of them is above all bits of all of them together.
fn most_traded(entries: u64) -> u64 {
    (ACCOUNT_E16 as u128 / u128::from(entries)).min(BASE_E8 as u128) as u64
}

/// Adds to Σ q·(M − entry).
#[inline(always)]
fn add_wide<const N: usize>(numbers: &mut [Each; N], lane: usize, pnl_e16: i128) {
    let [low, high] = [Sum::PnlLow, Sum::PnlHigh].map(|sum| sum as usize);
    let sum = joined(numbers[low][lane], numbers[high][lane]).wrapping_add(pnl_e16 as u128);
    (numbers[low][lane], numbers[high][lane]) = (sum as u64, (sum >> 64) as u64);
}

/// Adds to a sum of sizes, which stays at the largest number where it would pass it.
#[inline(always)]
fn add_size<const N: usize>(numbers: &mut [Each; N], sum: Sum, lane: usize, size: u64) {
    let sum = &mut numbers[sum as usize][lane];
    *sum = sum.saturating_add(size);
}

/// Adds to the number of a name, which the account then has.
#[inline(always)]
fn add_named<const N: usize>(numbers: &mut [Each; N], name: usize, lane: usize, value: i64) {
    numbers[Sum::Names as usize][lane] |= 1_u64.wrapping_shl(name as u32);
    // There are at most N numbers, so this changes no place; it spares the look whether the place exists.
    let net = &mut numbers[(SUMS + name) % N][lane];
    *net = net.wrapping_add(value as u64);
}
