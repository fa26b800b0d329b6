//! The rows of accounts, added up by account and name.
//!
//! A block holds [`LANES`] accounts, each number of theirs side by side. There is no branch on what a row says and no
//! loop over one account's rows, which would end at another place each time.

use super::LANES;
use super::legs::Legs;
use crate::num::{ONE, times};
use crate::sweep::group::Rows;
use crate::sweep::snapshot::{Grouped, Money, PositionRows};
use std::ops::Range;

/// A cost of 2¹³ g counts as one g of quantity, and the largest entry price as at least 2¹³ whole units, so that Σ|κ| is
/// at most Σ|q| times that price.
const COST_SHIFT: u32 = 13;
/// Beyond every bound.
const BEYOND: u64 = u64::MAX;
/// The bit of [`Head::names`] that says whether the accounts table has a row.
const SETTINGS: u64 = 1 << 63;

/// The sums of one block that have no name.
#[derive(Clone, Copy, Debug, Default)]
#[repr(C, align(64))]
pub(super) struct Head {
    /// Σ q·(M − entry) in 10⁻¹⁶ modulo 2¹²⁸, its low and high halves.
    pub(super) pnl: [[u64; LANES]; 2],
    /// Σ|q|, at most; with ⌈|cost| ÷ 2¹³⌉ where a cost was given.
    pub(super) traded: [u64; LANES],
    /// Σ|amount|, at most.
    pub(super) owned: [u64; LANES],
    /// The instruments, then the assets, of which there are rows.
    pub(super) names: [u64; LANES],
}

/// The rows of some accounts, added up.
#[derive(Debug)]
pub(in crate::sweep) struct Nets {
    instruments: usize,
    assets: usize,
    heads: Vec<Head>,
    /// Σ quantity of each block and instrument.
    quantities: Vec<[i64; LANES]>,
    /// Σ amount of each block and asset.
    amounts: Vec<[i64; LANES]>,
    /// No entry price is above it.
    pub(super) entries: u64,
}

impl Head {
    /// Σ q·(M − entry) of a lane.
    #[inline(always)]
    pub(super) fn pnl_e16(&self, lane: usize) -> i128 {
        (u128::from(self.pnl[1][lane]) << 64 | u128::from(self.pnl[0][lane])) as i128
    }
}

impl Nets {
    /// Room for the rows of some accounts.
    pub(super) fn new(legs: &Legs, accounts: usize) -> Self {
        let (blocks, instruments, assets) =
            (accounts.div_ceil(LANES), legs.instruments.len(), legs.assets.len());
        Nets {
            instruments,
            assets,
            heads: vec![Head::default(); blocks],
            quantities: vec![[0; LANES]; blocks * instruments],
            amounts: vec![[0; LANES]; blocks * assets],
            entries: 0,
        }
    }

    /// How many accounts there is room for where a block takes that much.
    pub(super) fn accounts_in(legs: &Legs, bytes: usize) -> usize {
        let block = size_of::<Head>() + (legs.instruments.len() + legs.assets.len()) * size_of::<[i64; LANES]>();
        (bytes / block).max(1) * LANES
    }

    pub(super) fn head(&self, block: usize) -> &Head {
        &self.heads[block]
    }

    /// The quantities of a block by instrument.
    pub(super) fn quantities(&self, block: usize) -> &[[i64; LANES]] {
        &self.quantities[block * self.instruments..][..self.instruments]
    }

    /// The amounts of a block by asset.
    pub(super) fn amounts(&self, block: usize) -> &[[i64; LANES]] {
        &self.amounts[block * self.assets..][..self.assets]
    }

    /// Forgets all rows.
    pub(super) fn clear(&mut self) {
        self.heads.fill(Head::default());
        self.quantities.fill([0; LANES]);
        self.amounts.fill([0; LANES]);
        self.entries = (ONE as u64) << COST_SHIFT;
    }

    /// Adds the rows of the accounts from `first` on, as many as there is room for; each table from `near` on.
    pub(super) fn add(&mut self, legs: &Legs, data: &Grouped<'_>, first: usize, near: &mut [usize; 4]) {
        let accounts = first..first + self.heads.len() * LANES;
        let rows = |rows: &Rows<'_>, near: &mut usize| rows.of_all(accounts.clone(), near);
        let [positions, balances, orders, settings] = near;
        self.add_positions(legs, &data.snapshot.positions, rows(&data.positions, positions), first as u32);
        self.add_balances(data, rows(&data.balances, balances), first as u32);
        self.spoil_orders(data, rows(&data.orders, orders), first as u32);
        self.spoil_settings(data, rows(&data.settings, settings), first as u32);
    }

    fn add_positions(&mut self, legs: &Legs, rows: &PositionRows<'_>, range: Range<usize>, first: u32) {
        let mut any_entry = self.entries;
        let columns = rows.account[range.clone()].iter().zip(&rows.instrument[range.clone()]);
        let columns = columns.zip(&rows.quantity[range.clone()]);
        match rows.entry_price.filter(|_| !rows.has_details()) {
            Some(entry_prices) => {
                for (((&account, &instrument), &quantity), &entry) in columns.zip(&entry_prices[range]) {
                    any_entry |= entry as u64;
                    let move_e8 = legs.mark(instrument).wrapping_sub(entry);
                    let traded = quantity.unsigned_abs();
                    self.add_position(account - first, instrument, quantity, times(quantity, move_e8), traded);
                }
            }
            None => {
                for (((&account, &instrument), &quantity), row) in columns.zip(range) {
                    let entry = rows.entry_price.map_or(0, |entry| entry[row]);
                    any_entry |= entry as u64;
                    let value_e16 = times(quantity, legs.mark(instrument));
                    let pnl_e16 = value_e16.wrapping_sub(rows.cost_e16(row, quantity));
                    let cost = rows.cost.map_or(0, |cost| cost.get(row).unsigned_abs());
                    let cost = u64::try_from(cost >> COST_SHIFT).map_or(BEYOND, |cost| cost.saturating_add(1));
                    let traded = quantity.unsigned_abs().saturating_add(cost);
                    let traded = if rows.is_plain(row) { traded } else { BEYOND };
                    self.add_position(account - first, instrument, quantity, pnl_e16, traded);
                }
            }
        }
        self.entries = any_entry;
    }

    #[inline(always)]
    fn add_position(&mut self, account: u32, instrument: u32, quantity: i64, pnl_e16: i128, traded: u64) {
        let (block, lane, instrument) = (account as usize / LANES, account as usize % LANES, instrument as usize);
        let head = &mut self.heads[block];
        let [low, high] = &mut head.pnl;
        let sum = (u128::from(high[lane]) << 64 | u128::from(low[lane])).wrapping_add(pnl_e16 as u128);
        (low[lane], high[lane]) = (sum as u64, (sum >> 64) as u64);
        head.traded[lane] = head.traded[lane].saturating_add(traded);
        head.names[lane] |= 1_u64.wrapping_shl(instrument as u32);
        let net = &mut self.quantities[block * self.instruments + instrument][lane];
        *net = net.wrapping_add(quantity);
    }

    fn add_balances(&mut self, data: &Grouped<'_>, range: Range<usize>, first: u32) {
        let rows = &data.snapshot.balances;
        let columns = rows.account[range.clone()].iter().zip(&rows.asset[range.clone()]);
        match rows.amount {
            Money::Narrow(amounts) => {
                for ((&account, &asset), &amount) in columns.zip(&amounts[range]) {
                    self.add_balance(account - first, asset, amount, amount.unsigned_abs());
                }
            }
            Money::Wide(amounts) => {
                for ((&account, &asset), &amount) in columns.zip(&amounts[range]) {
                    let owned = u64::try_from(amount.unsigned_abs()).unwrap_or(BEYOND);
                    self.add_balance(account - first, asset, amount as i64, owned);
                }
            }
        }
    }

    #[inline(always)]
    fn add_balance(&mut self, account: u32, asset: u32, amount: i64, owned: u64) {
        let (block, lane, asset) = (account as usize / LANES, account as usize % LANES, asset as usize);
        let head = &mut self.heads[block];
        head.owned[lane] = head.owned[lane].saturating_add(owned);
        head.names[lane] |= 1_u64.wrapping_shl((self.instruments + asset) as u32);
        let net = &mut self.amounts[block * self.assets + asset][lane];
        *net = net.wrapping_add(amount);
    }

    /// Leaves accounts with orders to the valuation.
    fn spoil_orders(&mut self, data: &Grouped<'_>, range: Range<usize>, first: u32) {
        for &account in &data.snapshot.orders.account[range] {
            self.spoil((account - first) as usize);
        }
    }

    /// Leaves accounts that choose leverage or model, or that have two rows, to the valuation.
    fn spoil_settings(&mut self, data: &Grouped<'_>, range: Range<usize>, first: u32) {
        let rows = &data.snapshot.settings;
        for row in range {
            let account = (rows.account[row] - first) as usize;
            let names = &mut self.heads[account / LANES].names[account % LANES];
            let again = *names & SETTINGS != 0;
            *names |= SETTINGS;
            let leverage = rows.leverage.is_some_and(|leverage| leverage[row] != 0);
            if again || leverage || rows.portfolio.is_some_and(|portfolio| portfolio[row]) {
                self.spoil(account);
            }
        }
    }

    fn spoil(&mut self, account: usize) {
        self.heads[account / LANES].traded[account % LANES] = BEYOND;
    }
}
