//! The main job: Arrow tables in, an assessment out.

use crate::contract::{self, Table as Declared};
use crate::decode::{AccountIds, Source, Tables, decode, market, scenarios};
use crate::encode::{self, IdColumn, Lines};
use arrow_array::{ArrayRef, Decimal128Array, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::margin::figures::{Figures, MONEY_FIGURES};
use perpcore::margin::market::Market;
use perpcore::margin::terms::Terms;
use perpcore::num::text::plain;
use perpcore::rules::Rulebook;
use perpcore::sweep::assess::{IsolatedBucket, NO_SCENARIO, assess as sweep};
use perpcore::sweep::gather::RowFault;
use perpcore::sweep::inspect::{Explained, Inspector};
use perpcore::sweep::liquidation::{Ended, LiquidationPrice, Scope, Standing, ladder, liquidation_prices};
use perpcore::sweep::snapshot::{Grouped, Names, Snapshot, Table};
use perpcore::sweep::stop::{Stop, stopped};
use std::collections::{BTreeMap, HashSet};
use std::sync::Arc;

pub use crate::decode::AccountKey;

/// A rulebook laid out for valuing, made once and used by every call.
#[derive(Clone, Debug)]
pub struct Rules {
    /// The rulebook.
    pub rulebook: Rulebook,
    pub(crate) terms: Arc<Terms>,
}

impl Rules {
    /// Lays a rulebook out.
    pub fn new(rulebook: Rulebook) -> Self {
        let terms = Arc::new(Terms::new(&rulebook));
        // The first hasher of a process makes its seed under a lock. Made here, no fork can find that lock taken.
        let _ = AccountIds::new();
        Rules { rulebook, terms }
    }

    /// The same rules under supplied scenarios.
    ///
    /// # Errors
    /// `model_not_enabled`, and what is wrong with the table.
    pub(crate) fn under(&self, batches: Vec<StructArray>, options: Options, stop: &Stop) -> Result<Self, Failure> {
        let Some(portfolio) = &self.terms.portfolio else {
            let fault =
                Fault { table: Some(contract::SCENARIOS.name.to_string()), ..Fault::new(Code::ModelNotEnabled) };
            return Err(fault.accepts("a rulebook with portfolio.enabled").into());
        };
        let table = scenarios(&self.rulebook, batches, options.ignore_extra, stop)?;
        let terms = Terms { portfolio: Some(portfolio.under(table)), ..(*self.terms).clone() };
        Ok(Rules { rulebook: self.rulebook.clone(), terms: Arc::new(terms) })
    }
}

/// The batches of each table of a call; none where it was not given.
#[derive(Clone, Default)]
pub struct Inputs {
    /// Positions, balances, orders and accounts, in this order.
    pub tables: [Option<Vec<StructArray>>; 4],
    /// Prices.
    pub prices: Option<Vec<StructArray>>,
    /// Scenarios, in place of those that the rulebook generates.
    pub scenarios: Option<Vec<StructArray>>,
}

/// What a call may decide.
#[derive(Clone, Copy, Debug)]
pub struct Options {
    /// Mark the account of a bad row as unknown instead of refusing the call.
    pub mark_errors: bool,
    /// Leave columns that the contract does not know aside instead of refusing them.
    pub ignore_extra: bool,
    /// At most this many threads.
    pub threads: Option<usize>,
}

/// A valued book with what is needed to explain it.
pub struct Assessment {
    pub(crate) rules: Rules,
    pub(crate) market: Market,
    pub(crate) tables: Tables,
    pub(crate) ids: AccountIds,
    pub(crate) id_column: IdColumn,
    accounts: RecordBatch,
    isolated: RecordBatch,
    /// What the rows of `isolated` show.
    buckets: Vec<IsolatedBucket>,
    unknown: BTreeMap<u32, Code>,
    /// At most this many threads.
    pub(crate) threads: Option<usize>,
    /// Whether a float64 came that two grid values share: exact by its text, but worth a warning.
    pub shared_doubles: bool,
}

const TABLES: [&Declared; 4] = [&contract::POSITIONS, &contract::BALANCES, &contract::ORDERS, &contract::ACCOUNTS];

/// Values a book.
///
/// # Errors
/// What makes a table not one of its schema, at once; then the faults of prices by row; then those of scenarios; then
/// those of positions, balances, orders and accounts by row, unless they only mark their accounts. Where `stop` ended the work, any failure:
/// who stopped it knows why.
pub fn assess(rules: &Rules, inputs: Inputs, options: Options, stop: &Stop) -> Result<Assessment, Failure> {
    let Inputs { tables, prices, scenarios } = inputs;
    let open = |table: &'static Declared, batches: Option<Vec<StructArray>>| {
        batches.map(|batches| Source::open(table, batches, options.ignore_extra, stop)).transpose()
    };
    let mut at = TABLES.into_iter();
    let sources = tables.map(|batches| at.next().map_or(Ok(None), |table| open(table, batches)));
    let [positions, balances, orders, accounts] = sources;
    let sources = [positions?, balances?, orders?, accounts?];
    let prices = open(&contract::PRICES, prices)?;

    let mut ids = AccountIds::new();
    let tables = decode(&rules.rulebook, sources, &mut ids)?;
    let (market, shared_prices) = market(&rules.rulebook, &rules.terms, prices)?;
    let shared_doubles = tables.shared_doubles || shared_prices;
    let mut rules = rules.clone();
    if let Some(batches) = scenarios {
        rules = rules.under(batches, options, stop)?;
    }

    let grouped = Grouped::new(tables.snapshot());
    let mut book = sweep(&rules.terms, &market, &grouped, options.threads, stop).ok_or_else(stopped)?;
    let faults = faults(&rules, &ids, &market, &grouped, &tables.faults, &book.blocked);
    let mut unknown = BTreeMap::new();
    if !faults.is_empty() {
        if tables.nameless || !options.mark_errors {
            return Err(Failure::of(faults.into_iter().map(|(_, fault)| fault))
                .unwrap_or_else(|| Fault::new(Code::Internal).into()));
        }
        for (account, fault) in faults {
            unknown.entry(account).or_insert(fault.code);
        }
        for &account in unknown.keys() {
            book.accounts.status[account as usize] = perpcore::margin::status::Status::Unknown as i8;
            if let Some(place) = book.accounts.worst_scenario.get_mut(account as usize) {
                *place = NO_SCENARIO;
            }
        }
        book.isolated.retain(|bucket| !unknown.contains_key(&bucket.account));
    }
    drop(grouped);

    let id_column = IdColumn::new(&ids);
    let isolated = encode::isolated(&book.isolated, &id_column, &rules.rulebook);
    let scenarios = rules.terms.portfolio.as_ref().map_or(&[][..], |portfolio| &portfolio.scenarios.names);
    let accounts = encode::accounts(book.accounts, &book.isolated, &id_column, &unknown, scenarios);
    Ok(Assessment {
        accounts: batch(&contract::ACCOUNTS_OUT, accounts, &rules)?,
        isolated: batch(&contract::ISOLATED_OUT, isolated, &rules)?,
        buckets: book.isolated,
        rules,
        market,
        tables,
        ids,
        id_column,
        unknown,
        threads: options.threads,
        shared_doubles,
    })
}

/// Every fault with its account, in reporting order: tables in order, rows in order, refused cells before the rest.
pub(crate) fn faults(
    rules: &Rules,
    ids: &AccountIds,
    market: &Market,
    grouped: &Grouped<'_>,
    cells: &[Fault],
    blocked: &[u32],
) -> Vec<(u32, Fault)> {
    if cells.is_empty() && blocked.is_empty() {
        return Vec::new();
    }
    let place = |fault: &Fault| {
        let table = Table::ALL.into_iter().find(|table| fault.table.as_deref() == Some(table.name()));
        (table.unwrap_or(Table::Accounts), fault.row.unwrap_or(0) as usize)
    };
    let account_of = |(table, row): (Table, usize)| {
        let snapshot = &grouped.snapshot;
        let account = match table {
            Table::Positions => snapshot.positions.account,
            Table::Balances => snapshot.balances.account,
            Table::Orders => snapshot.orders.account,
            Table::Accounts => snapshot.settings.account,
        };
        account.of(row)
    };
    let refused: HashSet<(Table, usize)> = cells.iter().map(place).collect();
    let mut all: Vec<(u32, Fault)> = cells.iter().map(|fault| (account_of(place(fault)), fault.clone())).collect();
    let mut accounts: Vec<u32> = all.iter().map(|(account, _)| *account).chain(blocked.iter().copied()).collect();
    accounts.sort_unstable();
    accounts.dedup();
    let mut inspector = Inspector::new(&rules.terms, market, grouped);
    for account in accounts {
        for fault in inspector.faults(account as usize, |table, row| refused.contains(&(table, row))) {
            let found = Fault::new(fault.code).at(fault.table.name(), fault.column, fault.row);
            let value = match fault.column {
                "account" => ids.shown(account),
                _ => value_at(&rules.rulebook, &grouped.snapshot, &fault),
            };
            all.push((account, Fault { value, ..found }));
        }
    }
    all.sort_by_key(|(_, fault)| place(fault));
    all
}

/// The value of the cell that a row fault names.
fn value_at(rules: &Rulebook, snapshot: &Snapshot<'_>, fault: &RowFault) -> Option<String> {
    let row = fault.row;
    let instrument =
        |at: Names<'_>| rules.instruments().get(at.get(row) as usize).map(|instrument| instrument.name.clone());
    let number = |value: i128| Some(plain(value));
    let (positions, orders) = (&snapshot.positions, &snapshot.orders);
    match (fault.table, fault.column) {
        (Table::Positions, "instrument") => instrument(positions.instrument),
        (Table::Positions, "quantity") => number(positions.quantity[row].into()),
        (Table::Positions, "isolated_margin") => number(positions.isolated_margin?.get(row)),
        (Table::Positions, "leverage") => number(positions.leverage?[row].into()),
        (Table::Orders, "instrument") => instrument(orders.instrument),
        (Table::Orders, "quantity") => number(orders.quantity[row].into()),
        (Table::Balances, "asset") => {
            rules.assets().get(snapshot.balances.asset.get(row) as usize).map(|asset| asset.name.clone())
        }
        (Table::Balances, "amount") => number(snapshot.balances.amount.get(row)),
        (Table::Accounts, "model") => Some(String::from("portfolio")),
        _ => None,
    }
}

/// A table of the contract, under a rulebook.
///
/// # Errors
/// As [`encode::written`].
pub(crate) fn batch(
    table: &Declared,
    columns: Result<Vec<ArrayRef>, ArrowError>,
    rules: &Rules,
) -> Result<RecordBatch, Failure> {
    encode::written(table, columns, Some(rules.rulebook.digest()))
}

/// The place of an instrument in a rulebook.
///
/// # Errors
/// `unknown_instrument`.
pub(crate) fn instrument_named(rules: &Rulebook, name: &str) -> Result<usize, Failure> {
    rules.instrument_index(name).ok_or_else(|| {
        let mut fault = Fault::new(Code::UnknownInstrument).value(name);
        if let Some(near) = rules.suggest_instrument(name) {
            fault.accepted = format!("did you mean {near}?");
        }
        fault.into()
    })
}

impl Assessment {
    /// The rulebook that it was made under.
    pub fn rulebook(&self) -> &Rulebook {
        &self.rules.rulebook
    }

    /// How many rows its inputs have.
    pub fn rows(&self) -> usize {
        self.tables.rows()
    }

    /// The cross bucket of every account.
    pub fn accounts(&self) -> &RecordBatch {
        &self.accounts
    }

    /// The isolated buckets.
    pub fn isolated(&self) -> &RecordBatch {
        &self.isolated
    }

    /// Every line of every account, or of one by its row.
    ///
    /// # Errors
    /// `inputs_changed` where the inputs no longer give the figures of the result; any failure where `stop` ended it.
    pub fn lines(&self, account: Option<u32>, stop: &Stop) -> Result<RecordBatch, Failure> {
        if !self.tables.within_bounds() {
            return Err(Fault::new(Code::InputsChanged).into());
        }
        let grouped = Grouped::new(self.tables.snapshot());
        let mut inspector = Inspector::new(&self.rules.terms, &self.market, &grouped);
        let accounts = account.map_or(0..self.accounts.num_rows() as u32, |account| account..account + 1);
        let mut lines = Lines::new(&self.rules.rulebook);
        for account in accounts.filter(|account| !self.unknown.contains_key(account)) {
            if stop.asked() {
                return Err(stopped());
            }
            let explained = inspector.explain(account as usize).filter(|explained| self.shows(account, explained));
            let explained = explained.ok_or_else(|| Fault::new(Code::InputsChanged))?;
            explained.lines.iter().for_each(|(bucket, line)| lines.push(account, *bucket, line));
        }
        batch(&contract::LINES_OUT, lines.columns(&self.id_column), &self.rules)
    }

    /// The liquidation prices of every position that is not flat, or of those of one account by its row.
    ///
    /// # Errors
    /// `inputs_changed` where the inputs no longer give the figures of the result; any failure where `stop` ended it.
    pub fn liquidation_prices(&self, account: Option<u32>, stop: &Stop) -> Result<RecordBatch, Failure> {
        let rows = self.thresholds(account, stop)?;
        let columns = encode::liquidation_prices(&rows, &self.id_column, &self.rules.rulebook);
        batch(&contract::LIQUIDATION_PRICES_OUT, columns, &self.rules)
    }

    /// The notional of one instrument by the price that liquidates it, in ranges of `step` from the mark; without one, of
    /// 1 % of the mark, down to a tick.
    ///
    /// # Errors
    /// `unknown_instrument`; what [`Assessment::liquidation_prices`] fails with.
    pub fn ladder(&self, instrument: &str, step: Option<i64>, stop: &Stop) -> Result<RecordBatch, Failure> {
        let rulebook = &self.rules.rulebook;
        let Some(place) = rulebook.instrument_index(instrument) else {
            return Err(Fault::new(Code::UnknownInstrument).value(instrument).into());
        };
        let (mark, tick) = (self.market.mark(place as u32).price, rulebook.instruments()[place].tick);
        let step = step.unwrap_or_else(|| (mark / 100 / tick).max(1) * tick);
        let rungs = ladder(&self.thresholds(None, stop)?, place as u32, step);
        batch(&contract::LADDER_OUT, encode::ladder(&rungs, place as u32, rulebook), &self.rules)
    }

    fn thresholds(&self, account: Option<u32>, stop: &Stop) -> Result<Vec<LiquidationPrice>, Failure> {
        let changed = || Fault::new(Code::InputsChanged).into();
        if !self.tables.within_bounds() {
            return Err(changed());
        }
        let grouped = Grouped::new(self.tables.snapshot());
        let columns = ["equity", "maintenance_margin"].map(|name| {
            let column = self.accounts.column_by_name(name)?;
            Some(column.as_any().downcast_ref::<Decimal128Array>()?.values())
        });
        let agrees = |standing: &Standing| match (standing.first_row, columns) {
            (None, [Some(equity), Some(maintenance)]) => {
                let account = standing.account as usize;
                (equity[account], maintenance[account]) == (standing.equity, standing.maintenance)
            }
            (Some(first_row), _) => self.shown_at(first_row).is_some_and(|shown| {
                let Figures { equity, maintenance_margin, .. } = shown.figures;
                (shown.account, equity, maintenance_margin) == (standing.account, standing.equity, standing.maintenance)
            }),
            _ => false,
        };
        let scope = Scope {
            terms: &self.rules.terms,
            market: &self.market,
            data: &grouped,
            valued: &|account| self.unknown.is_empty() || !self.unknown.contains_key(&account),
            agrees: &agrees,
        };
        let accounts = account.map_or(0..self.accounts.num_rows(), |at| at as usize..at as usize + 1);
        liquidation_prices(&scope, accounts, self.threads, stop).map_err(|ended| match ended {
            Ended::Disagreed => changed(),
            Ended::Stopped => stopped(),
        })
    }

    /// Where an account stands: its row in `accounts`, and its rows in `isolated`.
    ///
    /// # Errors
    /// `unknown_account`.
    pub fn find(&self, key: &AccountKey<'_>) -> Result<(u32, Vec<u32>), Failure> {
        let account = self.ids.find(key).ok_or_else(|| Fault::new(Code::UnknownAccount).value(key))?;
        let of_account = (0_u32..).zip(&self.buckets).filter(|(_, bucket)| bucket.account == account);
        Ok((account, of_account.map(|(row, _)| row).collect()))
    }

    /// Whether these are the figures that the result shows.
    fn shows(&self, account: u32, explained: &Explained) -> bool {
        let columns = &self.accounts.columns()[1..=MONEY_FIGURES];
        let cross = columns.iter().zip(explained.figures.money()).all(|(column, figure)| {
            let column = column.as_any().downcast_ref::<Decimal128Array>();
            column.is_some_and(|column| column.value(account as usize) == figure)
        });
        cross && explained.isolated.iter().all(|bucket| self.shown(bucket) == Some(bucket))
    }

    /// What the result shows of an isolated bucket.
    fn shown(&self, bucket: &IsolatedBucket) -> Option<&IsolatedBucket> {
        self.shown_at(bucket.first_row)
    }

    fn shown_at(&self, first_row: u32) -> Option<&IsolatedBucket> {
        let at = self.buckets.binary_search_by_key(&first_row, |shown| shown.first_row).ok()?;
        self.buckets.get(at)
    }
}
