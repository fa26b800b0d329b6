//! One account again, slowly: its lines, and which of its rows are at fault.

use super::assess::{IsolatedBucket, value_account};
use super::gather::{Gather, RowFault};
use super::snapshot::{Grouped, Table};
use crate::fault::Code;
use crate::margin::figures::Figures;
use crate::margin::line::{Keep, Line, Obstacle};
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::terms::Terms;

/// An account valued with its lines.
#[derive(Debug)]
pub struct Explained {
    /// The figures of the cross bucket.
    pub figures: Figures,
    /// The isolated buckets.
    pub isolated: Vec<IsolatedBucket>,
    /// Every line with its bucket: the instrument of an isolated position, none for cross.
    pub lines: Vec<(Option<u32>, Line)>,
}

/// Values accounts one by one, keeping their lines.
#[derive(Debug)]
pub struct Inspector<'a> {
    terms: &'a Terms,
    market: &'a Market,
    data: &'a Grouped<'a>,
    gather: Gather<'a>,
    exposures: Exposures,
}

impl<'a> Inspector<'a> {
    /// An inspector of a grouped snapshot.
    pub fn new(terms: &'a Terms, market: &'a Market, data: &'a Grouped<'a>) -> Self {
        Inspector { terms, market, data, gather: Gather::new(terms), exposures: Exposures::new() }
    }

    /// The account with its lines; none where it cannot be valued.
    pub fn explain(&mut self, account: usize) -> Option<Explained> {
        let mut refused = false;
        self.gather.account(self.data, account, |_, _| false, |_| refused = true);
        let (mut keep, mut isolated) = (Keep::default(), Vec::new());
        let Inspector { terms, market, gather, exposures, .. } = self;
        let figures = value_account(terms, market, gather, account, exposures, &mut keep, &mut isolated);
        if refused || !keep.obstacles.is_empty() {
            return None;
        }
        Some(Explained { figures, isolated, lines: keep.lines })
    }

    /// What is wrong with an account beside the cells for which `refused` holds, in reporting order.
    pub fn faults(&mut self, account: usize, refused: impl Fn(Table, usize) -> bool) -> Vec<RowFault> {
        let mut faults = Vec::new();
        self.gather.account(self.data, account, &refused, |fault| faults.push(fault));
        let mut keep = Keep::default();
        let Inspector { terms, market, gather, exposures, .. } = self;
        value_account(terms, market, gather, account, exposures, &mut keep, &mut Vec::new());
        let whole = faults.is_empty() && !self.any_refused(account, &refused);
        // Sums of an account that lacks a row say nothing; a price or a scenario is missing whatever the other rows are.
        let missing = |code| matches!(code, Code::MissingPrice | Code::MissingScenario);
        let telling = keep.obstacles.iter().filter(|obstacle| whole || missing(obstacle.code()));
        faults.extend(telling.map(|obstacle| self.place(account, *obstacle, &refused)));
        faults.sort_by_key(|fault| (fault.table, fault.row, fault.code == Code::NegativeBalance));
        // A mark that both the position and its order lack is missing once.
        faults.dedup();
        faults
    }

    fn any_refused(&self, account: usize, refused: &impl Fn(Table, usize) -> bool) -> bool {
        Table::ALL.iter().any(|&table| self.rows(table, account).any(|row| refused(table, row)))
    }

    fn rows(&self, table: Table, account: usize) -> Box<dyn Iterator<Item = usize> + '_> {
        match table {
            Table::Positions => Box::new(self.data.positions.of(account)),
            Table::Balances => Box::new(self.data.balances.of(account)),
            Table::Orders => Box::new(self.data.orders.of(account)),
            Table::Accounts => Box::new(self.data.settings.of(account)),
        }
    }

    /// The first row that an obstacle stands on.
    fn place(&self, account: usize, obstacle: Obstacle, refused: &impl Fn(Table, usize) -> bool) -> RowFault {
        let data = &self.data.snapshot;
        let mode = |modes: Option<&[bool]>, row: usize| modes.is_some_and(|modes| modes[row]);
        let first = |table: Table, holds: &dyn Fn(usize) -> bool| {
            self.rows(table, account).find(|&row| !refused(table, row) && holds(row))
        };
        let (table, column, row) = match obstacle {
            Obstacle::PositionPrice(instrument, isolated) | Obstacle::PositionScenario(instrument, isolated) => {
                let rows = &data.positions;
                let needs = |row: usize| {
                    rows.instrument.get(row) == instrument
                        && mode(rows.isolated, row) == isolated
                        && rows.quantity[row] != 0
                };
                (Table::Positions, "instrument", first(Table::Positions, &needs))
            }
            Obstacle::OrderPrice(instrument, isolated) | Obstacle::OrderScenario(instrument, isolated) => {
                let rows = &data.orders;
                let needs = |row: usize| {
                    rows.instrument.get(row) == instrument
                        && mode(rows.isolated, row) == isolated
                        && rows.quantity[row] != 0
                        && !mode(rows.reduce_only, row)
                };
                (Table::Orders, "instrument", first(Table::Orders, &needs))
            }
            Obstacle::AssetPrice(asset) | Obstacle::AssetScenario(asset) => {
                let needs = |row: usize| data.balances.asset.get(row) == asset && data.balances.amount.get(row) != 0;
                (Table::Balances, "asset", first(Table::Balances, &needs))
            }
            Obstacle::NegativeBalance(asset) => {
                let owed = |row: usize| data.balances.asset.get(row) == asset && data.balances.amount.get(row) < 0;
                (Table::Balances, "amount", first(Table::Balances, &owed))
            }
            Obstacle::PositionsTooLarge => (Table::Positions, "quantity", first(Table::Positions, &|_| true)),
            Obstacle::OrdersTooLarge => (Table::Orders, "quantity", first(Table::Orders, &|_| true)),
            Obstacle::AssetsTooLarge => (Table::Balances, "amount", first(Table::Balances, &|_| true)),
        };
        RowFault { table, row: row.unwrap_or(0), column, code: obstacle.code() }
    }
}
