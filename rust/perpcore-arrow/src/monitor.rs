//! A resident book behind Arrow tables: updates in, changes out, its book as tables again.

use crate::assess::{AccountKey, Inputs, Options, Rules, batch};
use crate::contract::{self, Table as Declared};
use crate::decode::{AccountIds, Priced, Source, decode, prices, set};
use crate::encode::{self, IdColumn, Named};
use crate::residents::Residents;
use arrow_array::{RecordBatch, StructArray};
use arrow_schema::{Field, Schema};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::margin::line::Line;
use perpcore::margin::status::Status;
use perpcore::message::PriceState;
use perpcore::monitor::{Change, Checked, Counters, Ended, Monitor as Core, Refused, Wish};
use perpcore::sweep::stop::{Stop, stopped};
use std::sync::Arc;

/// A resident book.
pub struct Monitor {
    rules: Rules,
    core: Core,
    ids: Residents,
    /// What was given of each symbol: instruments first, then assets.
    prices: Vec<Option<(i64, PriceState)>>,
    threads: Option<usize>,
    /// The number of the last update that had one.
    seq: Option<i64>,
}

/// What an update changed.
pub struct Updated {
    /// The table `monitor.changes`.
    pub changes: RecordBatch,
    /// Whether a float64 came that two grid values share.
    pub shared_doubles: bool,
}

/// The book as tables: positions, balances, orders, accounts, prices.
pub struct Snapshot(pub [RecordBatch; 5]);

const TABLES: [&Declared; 4] = [&contract::POSITIONS, &contract::BALANCES, &contract::ORDERS, &contract::ACCOUNTS];

impl Monitor {
    /// A monitor without accounts, under supplied scenarios where there are any.
    ///
    /// # Errors
    /// What is wrong with the table of scenarios.
    pub fn new(rules: &Rules, scenarios: Option<Vec<StructArray>>, threads: Option<usize>) -> Result<Self, Failure> {
        let options = Options { mark_errors: false, ignore_extra: false, threads };
        let rules = match scenarios {
            Some(batches) => rules.under(batches, options, &Stop::default())?,
            None => rules.clone(),
        };
        let symbols = rules.terms.instruments.len() + rules.terms.assets.len();
        let core = Core::new(rules.terms.clone());
        Ok(Monitor { rules, core, ids: Residents::new(), prices: vec![None; symbols], threads, seq: None })
    }

    /// The number of the last update that had one.
    pub fn seq(&self) -> Option<i64> {
        self.seq
    }

    /// One step: what the tables say is taken over, and every bucket whose status is another one is told. One whose number
    /// is not above the last is a repeat and changes nothing.
    ///
    /// # Errors
    /// As [`crate::assess::assess`]; then nothing has changed.
    pub fn update(&mut self, inputs: Inputs, seq: Option<i64>, stop: &Stop) -> Result<Updated, Failure> {
        if seq.is_some_and(|seq| self.seq.is_some_and(|last| seq <= last)) {
            return Ok(Updated { changes: self.changes(&[])?, shared_doubles: false });
        }
        let Inputs { tables, prices: price_batches, .. } = inputs;
        let open = |table: &'static Declared, batches: Option<Vec<StructArray>>| {
            batches.map(|batches| Source::open(table, batches, false, stop)).transpose()
        };
        let mut at = TABLES.into_iter();
        let [positions, balances, orders, accounts] =
            tables.map(|batches| at.next().map_or(Ok(None), |table| open(table, batches)));
        let sources = [positions?, balances?, orders?, accounts?];
        let named = sources.iter().any(Option::is_some);
        let price_source = open(&contract::PRICES, price_batches)?;
        let Rules { rulebook, terms } = &self.rules;
        let mut ids = AccountIds::new();
        let mut tables = decode(rulebook, sources, &mut ids)?;
        let priced = price_source.map(|source| prices(rulebook, terms, source)).transpose()?;
        let shared_doubles = tables.shared_doubles || priced.as_ref().is_some_and(|(_, shared)| *shared);
        let priced = priced.map(|(priced, _)| priced);
        if let Some(failure) = Failure::of(std::mem::take(&mut tables.faults)) {
            return Err(failure);
        }
        let market = priced.as_ref().filter(|priced| !priced.is_empty()).map(|priced| {
            let mut market = self.core.market().clone();
            priced.iter().for_each(|&priced| set(&mut market, terms, priced));
            market
        });
        let known = self.ids.len();
        if named {
            let accounts = self.ids.take(&ids)?;
            tables.renumber(&accounts, self.ids.len());
        }
        let outcome = {
            let snapshot = named.then(|| tables.snapshot());
            self.core.update(market, snapshot.as_ref(), self.threads, stop)
        };
        match outcome {
            Ok(changes) => {
                for (symbol, price, state) in priced.into_iter().flatten() {
                    self.prices[symbol] = Some((price, state));
                }
                self.seq = seq.or(self.seq);
                Ok(Updated { changes: self.changes(&changes)?, shared_doubles })
            }
            Err(ended) => {
                let failure = match ended {
                    Ended::Stopped => stopped(),
                    Ended::Refused(refused) => self.failure(&refused),
                };
                self.ids.truncate(known);
                Err(failure)
            }
        }
    }

    fn changes(&self, changes: &[Change]) -> Result<RecordBatch, Failure> {
        let accounts: Vec<u32> = changes.iter().map(|change| change.account).collect();
        let columns = encode::resident_ids(&self.ids, &accounts)
            .and_then(|ids| encode::changes(changes, ids, &self.rules.rulebook));
        batch(&contract::CHANGES_OUT, columns, &self.rules)
    }

    fn failure(&self, refused: &[Refused]) -> Failure {
        let rules = &self.rules.rulebook;
        let faults = refused.iter().map(|refused| {
            let fault = &refused.fault;
            let name = refused.name.map(|name| name as usize).and_then(|name| match fault.column {
                "instrument" => rules.instruments().get(name).map(|instrument| instrument.name.clone()),
                "asset" => rules.assets().get(name).map(|asset| asset.name.clone()),
                _ => None,
            });
            let found = Fault::new(fault.code).in_column(fault.table.name(), fault.column);
            let value = name.unwrap_or_else(|| self.ids.shown(refused.account));
            Fault { row: refused.row.map(|row| row as u64), ..found.value(value) }
        });
        Failure::of(faults).unwrap_or_else(|| Fault::new(Code::Internal).into())
    }

    /// Every account whose cross bucket, or one of whose isolated buckets, has one of these statuses; all of them without.
    pub fn accounts_with(&self, statuses: Option<&[Status]>) -> Vec<u32> {
        let has = |account: &u32| {
            statuses.is_none_or(|statuses| {
                let isolated = || self.core.isolated(*account).any(|(_, status)| statuses.contains(&status));
                statuses.contains(&self.core.status(*account)) || isolated()
            })
        };
        (0..self.core.accounts() as u32).filter(has).collect()
    }

    /// How many accounts there are.
    pub fn len(&self) -> usize {
        self.core.accounts()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.core.counters()
    }

    /// The account of an id.
    ///
    /// # Errors
    /// `unknown_account`.
    pub fn find(&self, key: &AccountKey<'_>) -> Result<u32, Failure> {
        self.ids.find(key).ok_or_else(|| Fault::new(Code::UnknownAccount).value(key).into())
    }

    /// The rows of some accounts, ascending, as tables that `assess` takes.
    ///
    /// # Errors
    /// Any failure where `stop` ended it.
    pub fn snapshot(&self, accounts: &[u32], stop: &Stop) -> Result<Snapshot, Failure> {
        let (mut positions, mut balances, mut orders, mut settings) = (vec![], vec![], vec![], vec![]);
        let mut owners: [Vec<u32>; 4] = Default::default();
        for (at, &account) in accounts.iter().enumerate() {
            if stop.asked_at(at) {
                return Err(stopped());
            }
            let rows = self.core.rows(account);
            let counts = [rows.positions.len(), rows.balances.len(), rows.orders.len(), rows.settings.len()];
            for (owner, count) in owners.iter_mut().zip(counts) {
                owner.extend(std::iter::repeat_n(account, count));
            }
            positions.extend(rows.positions);
            balances.extend(rows.balances);
            orders.extend(rows.orders);
            settings.extend(rows.settings);
        }
        let rules = &self.rules.rulebook;
        let [of_positions, of_balances, of_orders, of_settings] =
            owners.map(|owners| encode::resident_ids(&self.ids, &owners));
        let priced: Vec<Priced> = self
            .prices
            .iter()
            .enumerate()
            .filter_map(|(symbol, priced)| priced.map(|(price, state)| (symbol, price, state)))
            .collect();
        Ok(Snapshot([
            table(of_positions.and_then(|ids| encode::positions(&positions, ids, rules)))?,
            table(of_balances.and_then(|ids| encode::balances(&balances, ids, rules)))?,
            table(of_orders.and_then(|ids| encode::orders(&orders, ids, rules)))?,
            table(of_settings.and_then(|ids| encode::settings(&settings, ids, rules)))?,
            table(encode::prices(&priced, rules))?,
        ]))
    }

    /// The margin answer of the gate to an order of the cross account.
    ///
    /// # Errors
    /// `unknown_account`, `unknown_instrument`, `off_grid` or `out_of_range`; `missing_price`, `account_too_large`.
    pub fn check_order(&self, key: &AccountKey<'_>, order: &Order<'_>) -> Result<(u32, Wish, Checked), Failure> {
        let account = self.find(key)?;
        let wish = self.wish(order)?;
        let checked = self.core.check_order(account, &wish).map_err(|code| Fault::new(code).value(key))?;
        Ok((account, wish, checked))
    }

    fn wish(&self, order: &Order<'_>) -> Result<Wish, Failure> {
        let rulebook = &self.rules.rulebook;
        let Some(instrument) = rulebook.instrument_index(order.instrument) else {
            let mut fault = Fault::new(Code::UnknownInstrument).value(order.instrument);
            if let Some(near) = rulebook.suggest_instrument(order.instrument) {
                fault.accepted = format!("did you mean {near}?");
            }
            return Err(fault.into());
        };
        let base = self.rules.terms.instruments[instrument].base(order.quantity);
        let quantity = base.map_err(|code| Fault::new(code).in_column("order", "quantity"))?;
        Ok(Wish {
            instrument: instrument as u32,
            quantity,
            price: order.price,
            reduce_only: order.reduce_only,
            isolated: false,
        })
    }

    /// The lines of initial margin with an order: the table `assessment.lines` without account and bucket.
    ///
    /// # Errors
    /// As [`Monitor::check_order`].
    pub fn order_lines(&self, account: u32, wish: &Wish) -> Result<RecordBatch, Failure> {
        let lines: Vec<Line> = self.core.order_lines(account, wish).map_err(Fault::new)?;
        let mut table = encode::Lines::new(&self.rules.rulebook);
        lines.iter().for_each(|line| table.push(0, None, line));
        batch(&contract::LINES_OUT, table.columns(&IdColumn::new(&self.ids.ids(&[account]))), &self.rules)
    }
}

/// An order as a caller names it, in g.
pub struct Order<'a> {
    /// The instrument's name.
    pub instrument: &'a str,
    /// Contracts, signed.
    pub quantity: i64,
    /// The limit; none at the mark.
    pub price: Option<i64>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
}

/// A table of the columns that are read.
fn table(columns: Result<Vec<Named>, arrow_schema::ArrowError>) -> Result<RecordBatch, Failure> {
    let failed = |error: arrow_schema::ArrowError| Failure::from(Fault::new(Code::Internal).value(error));
    let columns = columns.map_err(failed)?;
    let fields: Vec<Field> =
        columns.iter().map(|(name, array)| Field::new(*name, array.data_type().clone(), true)).collect();
    let arrays = columns.into_iter().map(|(_, array)| array).collect();
    RecordBatch::try_new(Arc::new(Schema::new(fields)), arrays).map_err(failed)
}
