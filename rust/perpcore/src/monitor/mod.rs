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

pub use preview::{Checked, Wish};
pub use shelf::{BalanceRow, OrderRow, PositionRow, Rows, SettingsRow};

use crate::margin::market::{Market, Quote};
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::sweep::gather::RowFault;
use crate::sweep::inspect::Inspector;
use crate::sweep::snapshot::{Snapshot, Table};
use crate::sweep::stop::Stop;
use bound::Bound;
use delta::Before;
use history::History;
use queue::{Due, Queue};
use shelf::{ACCOUNTS, Shelf};
use std::sync::Arc;
use visit::Seen;

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
    queue: Queue,
    history: History,
    counters: Counters,
}

impl Monitor {
    /// A monitor of no accounts.
    pub fn new(terms: Arc<Terms>) -> Self {
        let market = Market::new(&terms);
        let mut history = History::new();
        history.push(&market);
        Monitor {
            terms,
            market,
            shelves: Vec::new(),
            accounts: 0,
            queue: Queue::new(),
            history,
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
        // Everyone is looked at where a price came, or may be used that could not before, or the other way round, and where
        // more are due than it pays to look up one by one.
        let mut everyone = self.accounts == 0;
        if let Some(market) = market {
            // A price that was not there is as far from one that is as any.
            let flips = |(new, old): (&Quote, &Quote)| new.usable != old.usable || new.given != old.given;
            let quotes = || market.quotes().zip(self.market.quotes()).zip(self.history.used());
            everyone |= quotes().any(|(quotes, used)| *used && flips(quotes));
            self.market = market;
        }
        let named = rows.map(delta::by_account).unwrap_or_default();
        if let Some(rows) = rows {
            self.apply(rows, &named, &mut before);
        }
        let mut due = Due::default();
        if moves && !everyone {
            match self.queue.due(&mut self.history, &self.market, before.accounts / 2) {
                Some(found) => due = found,
                None => everyone = true,
            }
        }
        let round = if everyone {
            self.visit_all(&named, threads, stop)
        } else {
            let mut accounts = std::mem::take(&mut due.left);
            accounts.extend(before.rows.iter().map(|(account, _)| *account));
            accounts.sort_unstable();
            accounts.dedup();
            self.visit(&accounts, &named, threads, stop)
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
        if moves {
            self.history.push(&self.market);
        }
        let market = self.history.now();
        if everyone {
            self.queue.settle_all(market);
        } else {
            self.queue.settle(&due, market);
        }
        self.counters.updates += 1;
        self.counters.visits += round.seen.len() as u64;
        self.counters.sweeps += u64::from(everyone);
        self.counters.changes += round.changes.len() as u64;
        let mut bounds = round.bounds.into_iter().peekable();
        for seen in round.seen {
            let bound = bounds.next_if(|(account, _)| *account == seen.account);
            self.settle(seen, bound.map(|(_, bound)| bound));
        }
        Ok(round.changes)
    }

    /// Takes over what a visit found.
    fn settle(&mut self, seen: Seen, bound: Option<Bound>) {
        let Seen { account, status, reach, isolated } = seen;
        let (shelf, local) = (&mut self.shelves[account as usize / ACCOUNTS], account % ACCOUNTS as u32);
        shelf.status[local as usize] = status;
        let range = shelf.isolated_of(local);
        if !(isolated.is_empty() && range.is_empty()) {
            shelf.isolated.splice(range, isolated.into_iter().map(|(instrument, status)| (local, instrument, status)));
        }
        self.queue.value(account, reach, bound, self.history.now());
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
