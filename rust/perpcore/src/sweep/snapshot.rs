//! The columns of one call, as plain slices. Cells are already on the grid and within their own bounds.

use super::group::Rows;
use crate::num::{ONE, scaled, times};

/// A table of a snapshot, in the order in which faults are reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Table {
    /// Positions.
    Positions,
    /// Balances.
    Balances,
    /// Orders.
    Orders,
    /// Accounts.
    Accounts,
}

impl Table {
    /// All tables, in reporting order.
    pub const ALL: [Table; 4] = [Table::Positions, Table::Balances, Table::Orders, Table::Accounts];

    /// The table's name.
    pub const fn name(self) -> &'static str {
        ["positions", "balances", "orders", "accounts"][self as usize]
    }
}

/// Money in g: narrow where all of it fits.
#[derive(Clone, Copy, Debug)]
pub enum Money<'a> {
    /// Each value fits in 64 bits.
    Narrow(&'a [i64]),
    /// Any admitted value.
    Wide(&'a [i128]),
}

impl Money<'_> {
    /// The value of a row.
    #[inline(always)]
    pub fn get(&self, row: usize) -> i128 {
        match self {
            Money::Narrow(values) => i128::from(values[row]),
            Money::Wide(values) => values[row],
        }
    }
}

/// The account of every row of a table, by its place in order of first appearance in all of them.
#[derive(Clone, Copy, Debug)]
pub enum Holders<'a> {
    /// One a row.
    Each(&'a [u32]),
    /// Of rows in account order: where those of every account begin, and where those of the last one end.
    Runs(&'a [u32]),
}

impl Default for Holders<'_> {
    fn default() -> Self {
        Holders::Each(&[])
    }
}

impl Holders<'_> {
    /// How many rows there are.
    pub fn rows(&self) -> usize {
        match self {
            Holders::Each(accounts) => accounts.len(),
            Holders::Runs(starts) => starts.last().map_or(0, |&end| end as usize),
        }
    }

    /// The account of every row.
    pub fn each(&self) -> Vec<u32> {
        match self {
            Holders::Each(accounts) => accounts.to_vec(),
            Holders::Runs(starts) => {
                let mut accounts = Vec::with_capacity(self.rows());
                for (account, run) in (0..).zip(starts.windows(2)) {
                    accounts.resize(run[1] as usize, account);
                }
                accounts
            }
        }
    }

    /// The account of a row.
    pub fn of(&self, row: usize) -> u32 {
        match self {
            Holders::Each(accounts) => accounts[row],
            Holders::Runs(starts) => starts.partition_point(|&start| start as usize <= row) as u32 - 1,
        }
    }
}

/// The instrument or asset of every row, by the rulebook's index.
#[derive(Clone, Copy, Debug)]
pub enum Names<'a> {
    /// Of a rulebook of at most 256.
    Few(&'a [u8]),
    /// Of any.
    Many(&'a [u32]),
}

impl Default for Names<'_> {
    fn default() -> Self {
        Names::Few(&[])
    }
}

impl Names<'_> {
    /// The name of a row.
    #[inline(always)]
    pub fn get(&self, row: usize) -> u32 {
        match self {
            Names::Few(names) => names[row].into(),
            Names::Many(names) => names[row],
        }
    }
}

/// No fee tier named.
pub const NO_TIER: u32 = u32::MAX;

/// Rows of positions.
#[derive(Clone, Copy, Debug, Default)]
pub struct PositionRows<'a> {
    /// Account of each row.
    pub account: Holders<'a>,
    /// Instrument of each row.
    pub instrument: Names<'a>,
    /// Contracts in g, signed.
    pub quantity: &'a [i64],
    /// Entry price in g, 0 where `cost` says it.
    pub entry_price: Option<&'a [i64]>,
    /// Signed money paid, in g, where `entry_price` is 0 or absent.
    pub cost: Option<Money<'a>>,
    /// Whether the row's margin mode is isolated.
    pub isolated: Option<&'a [bool]>,
    /// Margin posted to an isolated position, in g.
    pub isolated_margin: Option<Money<'a>>,
    /// Chosen leverage in g, 0 for none.
    pub leverage: Option<&'a [i64]>,
    /// Funding owed, in g.
    pub accrued: Option<Money<'a>>,
}

impl PositionRows<'_> {
    /// Whether a row's margin mode is isolated.
    #[inline(always)]
    pub fn is_isolated(&self, row: usize) -> bool {
        self.isolated.is_some_and(|isolated| isolated[row])
    }

    /// κ of a row whose base quantity is Q, in 10⁻¹⁶.
    #[inline(always)]
    pub fn cost_e16(&self, row: usize, base: i64) -> i128 {
        let entry = self.entry_price.map_or(0, |entry| entry[row]);
        match self.cost {
            Some(cost) if entry == 0 => scaled(cost.get(row), ONE),
            _ => times(base, entry),
        }
    }

    /// Whether a row is cross, chooses no leverage and owes no funding.
    #[inline(always)]
    pub fn is_plain(&self, row: usize) -> bool {
        !self.is_isolated(row)
            && self.leverage.is_none_or(|leverage| leverage[row] == 0)
            && self.isolated_margin.is_none_or(|margin| margin.get(row) == 0)
            && self.accrued.is_none_or(|accrued| accrued.get(row) == 0)
    }

    /// Whether rows may say more than quantity and entry price.
    pub fn has_details(&self) -> bool {
        self.cost.is_some()
            || self.isolated.is_some()
            || self.isolated_margin.is_some()
            || self.leverage.is_some()
            || self.accrued.is_some()
    }
}

/// Rows of balances.
#[derive(Clone, Copy, Debug)]
pub struct BalanceRows<'a> {
    /// Account of each row.
    pub account: Holders<'a>,
    /// Asset of each row.
    pub asset: Names<'a>,
    /// Amount in g, signed.
    pub amount: Money<'a>,
}

/// Rows of orders.
#[derive(Clone, Copy, Debug, Default)]
pub struct OrderRows<'a> {
    /// Account of each row.
    pub account: Holders<'a>,
    /// Instrument of each row.
    pub instrument: Names<'a>,
    /// Remaining contracts in g, signed.
    pub quantity: &'a [i64],
    /// Limit price in g.
    pub price: &'a [i64],
    /// Whether the order may only reduce.
    pub reduce_only: Option<&'a [bool]>,
    /// Whether the order is on the isolated position.
    pub isolated: Option<&'a [bool]>,
}

impl OrderRows<'_> {
    /// Whether an order is on the isolated position.
    #[inline(always)]
    pub fn is_isolated(&self, row: usize) -> bool {
        self.isolated.is_some_and(|isolated| isolated[row])
    }
}

/// Rows of account settings.
#[derive(Clone, Copy, Debug, Default)]
pub struct AccountRows<'a> {
    /// Account of each row.
    pub account: Holders<'a>,
    /// Whether the portfolio model is chosen.
    pub portfolio: Option<&'a [bool]>,
    /// Chosen leverage in g, 0 for none.
    pub leverage: Option<&'a [i64]>,
    /// Fee tier by the rulebook's index, [`NO_TIER`] for none.
    pub fee_tier: Option<&'a [u32]>,
}

/// The tables of one call.
#[derive(Clone, Copy, Debug)]
pub struct Snapshot<'a> {
    /// How many accounts appear.
    pub accounts: usize,
    /// Positions.
    pub positions: PositionRows<'a>,
    /// Balances.
    pub balances: BalanceRows<'a>,
    /// Orders.
    pub orders: OrderRows<'a>,
    /// Account settings.
    pub settings: AccountRows<'a>,
}

/// A snapshot with its rows grouped by account.
#[derive(Debug)]
pub struct Grouped<'a> {
    /// The columns.
    pub snapshot: Snapshot<'a>,
    pub(super) positions: Rows<'a>,
    pub(super) balances: Rows<'a>,
    pub(super) orders: Rows<'a>,
    pub(super) settings: Rows<'a>,
}

impl<'a> Grouped<'a> {
    /// Groups the rows of every table by account.
    pub fn new(snapshot: Snapshot<'a>) -> Self {
        let mut known = 0;
        // Accounts are numbered as they appear, so those of a table are known or follow what is known.
        let mut rows = |account: Holders<'a>| {
            let rows = Rows::new(account, snapshot.accounts, known);
            known = known.max(rows.accounts_named());
            rows
        };
        Grouped {
            positions: rows(snapshot.positions.account),
            balances: rows(snapshot.balances.account),
            orders: rows(snapshot.orders.account),
            settings: rows(snapshot.settings.account),
            snapshot,
        }
    }
}
