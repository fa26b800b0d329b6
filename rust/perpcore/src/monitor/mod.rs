//! A book that stays: positions, balances, orders and settings kept between calls, re-checked as prices and rows change.
//!
//! Between two ticks almost nobody can have crossed a line, so a tick looks only at accounts that prices have moved far
//! enough for ([`mod@reach`], [`queue`]). Whoever is looked at is valued by [`crate::margin::value`] from the columns of the
//! [`shelf`] it stands on, as in a batch. An update is one step: it is made as a whole, or nothing of it.

mod bound;
mod delta;
mod history;
mod preview;
mod queue;
mod reach;
mod shelf;
mod visit;
pub mod watch;

pub use crate::margin::admission::{Checked, Wish};
pub use shelf::{BalanceRow, OrderRow, PositionRow, Rows, SettingsRow};

use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::sweep::gather::RowFault;
use crate::sweep::inspect::Inspector;
use crate::sweep::snapshot::{Snapshot, Table};
use crate::sweep::stop::Stop;
use delta::Before;
use shelf::{ACCOUNTS, Shelf};
use std::sync::Arc;
pub use visit::{Difference, differences};

use visit::Seen;
use watch::{Concerned, Watch};

/// What made a status change.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cause {
    /// Prices, or whether they may be used.
    Prices,
    /// The account's positions.
    Positions,
    /// Its balances.
    Balances,
    /// Its orders.
    Orders,
    /// Its settings.
    Accounts,
}

impl Cause {
    /// Their names in the tables, in order.
    pub const NAMES: [&'static str; 5] = ["prices", "positions", "balances", "orders", "accounts"];
}

/// A bucket whose status is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Change {
    /// The account.
    pub account: u32,
    /// The instrument of an isolated position; none for cross.
    pub instrument: Option<u32>,
    /// The status before; what was not there was healthy.
    pub before: Status,
    /// The status now; what is no longer there is healthy.
    pub after: Status,
    /// Equity, in g.
    pub equity: i128,
    /// Maintenance margin, in g.
    pub maintenance_margin: i128,
    /// What made it change: of an account's own rows the first table that named it, else prices.
    pub cause: Cause,
}

/// A row that makes an update impossible.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refused {
    /// The account.
    pub account: u32,
    /// What is wrong, and in which table.
    pub fault: RowFault,
    /// The row of the update; none where the account's resident rows are at fault.
    pub row: Option<usize>,
    /// The instrument or asset of that row; none in the accounts table.
    pub name: Option<u32>,
}

/// Why an update was not made.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ended {
    /// Accounts could not be valued: what is wrong with them, in reporting order.
    Refused(Vec<Refused>),
    /// `stop` was asked for.
    Stopped,
}

/// How often the monitor did what; for whoever watches it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Updates that were made.
    pub updates: u64,
    /// Accounts that they looked at.
    pub visits: u64,
    /// Updates that looked at every account.
    pub sweeps: u64,
    /// Buckets whose status they changed.
    pub changes: u64,
}

/// A resident book.
#[derive(Clone, Debug)]
pub struct Monitor {
    terms: Arc<Terms>,
    market: Market,
    shelves: Vec<Shelf>,
    accounts: usize,
    watch: Watch,
    counters: Counters,
}

impl Monitor {
    /// A monitor of no accounts.
    pub fn new(terms: Arc<Terms>) -> Self {
        let market = Market::new(&terms);
        Monitor {
            watch: Watch::new(&market),
            terms,
            market,
            shelves: Vec::new(),
            accounts: 0,
            counters: Counters::default(),
        }
    }

    /// How many accounts there are.
    pub fn accounts(&self) -> usize {
        self.accounts
    }

    /// The prices now.
    pub fn market(&self) -> &Market {
        &self.market
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// The rows of an account.
    pub fn rows(&self, account: u32) -> Rows {
        self.shelves[account as usize / ACCOUNTS].rows((account as usize % ACCOUNTS) as u32)
    }

    /// The status of an account's cross bucket.
    pub fn status(&self, account: u32) -> Status {
        self.shelves[account as usize / ACCOUNTS].status[account as usize % ACCOUNTS]
    }

    /// The statuses of an account's isolated buckets, by instrument.
    pub fn isolated(&self, account: u32) -> impl Iterator<Item = (u32, Status)> {
        let shelf = &self.shelves[account as usize / ACCOUNTS];
        let range = shelf.isolated_of((account as usize % ACCOUNTS) as u32);
        shelf.isolated[range].iter().map(|&(_, instrument, status)| (instrument, status))
    }

    /// One step: prices and rows are taken over, and every bucket whose status is another one afterwards is returned, by
    /// account, cross before isolated. Accounts from the present number on are new. `threads` is an upper limit.
    ///
    /// # Errors
    /// Where an account could not be valued, and where `stop` ended the work: then nothing has changed.
    pub fn update(
        &mut self,
        market: Option<Market>,
        rows: Option<&Snapshot<'_>>,
        threads: Option<usize>,
        stop: &Stop,
    ) -> Result<Vec<Change>, Ended> {
        let mut before = Before { market: self.market.clone(), accounts: self.accounts, rows: Vec::new() };
        let moves = market.is_some();
        if let Some(market) = market {
            self.market = market;
        }
        let named = rows.map(delta::by_account).unwrap_or_default();
        if let Some(rows) = rows {
            self.apply(rows, &named, &mut before);
        }
        let concerned = if before.accounts == 0 {
            Concerned::everyone()
        } else if moves {
            self.watch.concerned(&before.market, &self.market, before.accounts / 2)
        } else {
            Concerned::nobody()
        };
        let everyone = concerned.accounts().is_none();
        let round = match concerned.accounts() {
            None => self.visit_all(&named, threads, stop),
            Some(due) => {
                let mut accounts = due.to_vec();
                accounts.extend(before.rows.iter().map(|(account, _)| *account));
                accounts.sort_unstable();
                accounts.dedup();
                self.visit(&accounts, &named, threads, stop)
            }
        };
        let undo = |monitor: &mut Self, ended| {
            monitor.undo(before);
            Err(ended)
        };
        let Some(round) = round else { return undo(self, Ended::Stopped) };
        if !round.blocked.is_empty() {
            let refused = self.refusals(&round.blocked, rows, &named);
            return undo(self, Ended::Refused(refused));
        }
        if moves || everyone {
            self.watch.moved(&self.market, &concerned);
        }
        self.counters.updates += 1;
        self.counters.visits += round.seen.len() as u64;
        self.counters.sweeps += u64::from(everyone);
        self.counters.changes += round.changes.len() as u64;
        round.seen.into_iter().for_each(|seen| self.settle(seen));
        Ok(round.changes)
    }

    /// Takes over what a visit found.
    fn settle(&mut self, seen: Seen) {
        let Seen { account, status, horizon, isolated } = seen;
        let (shelf, local) = (&mut self.shelves[account as usize / ACCOUNTS], account % ACCOUNTS as u32);
        shelf.status[local as usize] = status;
        let range = shelf.isolated_of(local);
        if !(isolated.is_empty() && range.is_empty()) {
            shelf.isolated.splice(range, isolated.into_iter().map(|(instrument, status)| (local, instrument, status)));
        }
        self.watch.seen(account, horizon);
    }

    /// What is wrong with accounts that could not be valued, by the rows of the update as far as they are its rows.
    fn refusals(&self, blocked: &[u32], rows: Option<&Snapshot<'_>>, named: &[(u32, Table, u32)]) -> Vec<Refused> {
        let mut refused = Vec::new();
        for &account in blocked {
            let local = account as usize % ACCOUNTS;
            let data = self.shelves[account as usize / ACCOUNTS].grouped();
            let faults = Inspector::new(&self.terms, &self.market, &data).faults(local, |_, _| false);
            refused.extend(faults.into_iter().map(|fault| {
                let row = rows.and_then(|rows| delta::same_key(&data.snapshot, &fault, rows, account, named));
                let name = match fault.table {
                    Table::Positions => Some(data.snapshot.positions.instrument.get(fault.row)),
                    Table::Balances => Some(data.snapshot.balances.asset.get(fault.row)),
                    Table::Orders => Some(data.snapshot.orders.instrument.get(fault.row)),
                    Table::Accounts => None,
                };
                Refused { account, fault, row, name }
            }));
        }
        refused.sort_by_key(|refused| (refused.fault.table, refused.row.unwrap_or(usize::MAX), refused.account));
        refused
    }
}
