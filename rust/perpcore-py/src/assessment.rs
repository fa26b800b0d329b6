//! `assess` and what it returns.

use crate::batch::Batch;
use crate::capsule::import;
use crate::raise::{bad_argument, warn_shared_doubles};
use crate::rulebook::Rulebook;
use crate::run::{caught, releases, run};
use arrow_array::{Array, StructArray};
use perpcore::fault::Failure;
use perpcore::sweep::stop::Stop;
use perpcore_arrow::assess::{self as core, AccountKey, Inputs, Options};
use perpcore_arrow::contract;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;

/// About how many lines an account has: whether all of them are worth releasing the GIL need not be known exactly.
const LINES_AN_ACCOUNT: usize = 10;

/// A valued book, as the core made it; `perpcore.Assessment` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Assessment(core::Assessment);

/// Values a book; `perpcore.assess` is its front. A table is an Arrow producer, or None where there is none.
///
/// Raises SchemaError, InputError, and ValueError for `on_error` and `extra`.
#[pyfunction]
#[pyo3(signature = (rules, positions, balances, prices, orders, accounts, scenarios, on_error, extra, threads))]
#[expect(clippy::too_many_arguments, reason = "the tables of one call")]
pub(crate) fn assess(
    py: Python<'_>,
    rules: &Bound<'_, Rulebook>,
    positions: Option<&Bound<'_, PyAny>>,
    balances: Option<&Bound<'_, PyAny>>,
    prices: Option<&Bound<'_, PyAny>>,
    orders: Option<&Bound<'_, PyAny>>,
    accounts: Option<&Bound<'_, PyAny>>,
    scenarios: Option<&Bound<'_, PyAny>>,
    on_error: &str,
    extra: &str,
    threads: Option<usize>,
) -> PyResult<Assessment> {
    let options = Options {
        mark_errors: choice("on_error", on_error, ["raise", "mark"])?,
        ignore_extra: choice("extra", extra, ["refuse", "ignore"])?,
        threads,
    };
    let table = |table, object: Option<_>| object.map(|object| import(table, object)).transpose();
    let inputs = Inputs {
        tables: account_tables([positions, balances, orders, accounts])?,
        prices: table(&contract::PRICES, prices)?,
        scenarios: table(&contract::SCENARIOS, scenarios)?,
    };
    let count = |batches: &Vec<StructArray>| batches.iter().map(Array::len).sum::<usize>();
    let rows: usize = inputs.tables.iter().flatten().map(count).sum();
    let rules = &rules.get().0;
    // A producer's release function may need Python, which must not be asked from a thread that lost the GIL while the
    // interpreter shuts down: the last hold on its memory is let go of here, with the GIL.
    let _held = releases(rows).then(|| inputs.clone());
    let assessment = run(py, rows, |stop| core::assess(rules, inputs, options, stop))?;
    if assessment.shared_doubles {
        caught(py, || warn_shared_doubles(py))?;
    }
    Ok(Assessment(assessment))
}

/// Positions, balances, orders and accounts, as far as they were given.
pub(crate) fn account_tables(objects: [Option<&Bound<'_, PyAny>>; 4]) -> PyResult<[Option<Vec<StructArray>>; 4]> {
    let tables = [&contract::POSITIONS, &contract::BALANCES, &contract::ORDERS, &contract::ACCOUNTS];
    let mut found = [const { None }; 4];
    for ((found, table), object) in found.iter_mut().zip(tables).zip(objects) {
        *found = object.map(|object| import(table, object)).transpose()?;
    }
    Ok(found)
}

/// An account id as a caller names it.
pub(crate) enum Key {
    Text(String),
    Integer(u64),
}

impl Key {
    pub(crate) fn view(&self) -> AccountKey<'_> {
        match self {
            Key::Text(text) => AccountKey::Text(text),
            Key::Integer(id) => AccountKey::Integer(*id),
        }
    }
}

/// The id that an argument names.
pub(crate) fn key_of(account: &Bound<'_, PyAny>) -> PyResult<Key> {
    if let Ok(text) = account.extract::<String>() {
        return Ok(Key::Text(text));
    }
    let id = account.extract::<u64>();
    id.map(Key::Integer).map_err(|_| PyTypeError::new_err("an account is named by text or a non-negative integer"))
}

/// Whether a choice of two is the second.
fn choice(name: &str, given: &str, accepted: [&str; 2]) -> PyResult<bool> {
    let found = accepted.iter().position(|word| *word == given);
    found.map(|at| at == 1).ok_or_else(|| bad_argument(name, given, &accepted))
}

#[pymethods]
impl Assessment {
    /// The table `assessment.accounts`: the cross bucket of every account.
    fn accounts(&self) -> Batch {
        Batch(self.0.accounts().clone())
    }

    /// The table `assessment.isolated`: every isolated position.
    fn isolated(&self) -> Batch {
        Batch(self.0.isolated().clone())
    }

    /// The table `assessment.lines`: every line of every account, computed now from the inputs.
    fn lines(&self, py: Python<'_>) -> PyResult<Batch> {
        let rows = self.0.accounts().num_rows();
        run(py, rows * LINES_AN_ACCOUNT, |stop| self.0.lines(None, stop)).map(Batch)
    }

    /// The table `assessment.liquidation_prices`, computed now from the inputs.
    fn liquidation_prices(&self, py: Python<'_>) -> PyResult<Batch> {
        run(py, self.0.rows(), |stop| self.0.liquidation_prices(None, stop)).map(Batch)
    }

    /// The table `assessment.ladder` of one instrument, in ranges of `step` in g.
    #[pyo3(signature = (instrument, step=None))]
    fn ladder(&self, py: Python<'_>, instrument: &str, step: Option<i64>) -> PyResult<Batch> {
        run(py, self.0.rows(), |stop| self.0.ladder(instrument, step, stop)).map(Batch)
    }

    /// The table `stress`: the book in every scenario; `fund` is what an insurance fund holds, in g.
    #[pyo3(signature = (scenarios, fund=None))]
    fn stress(&self, py: Python<'_>, scenarios: &Bound<'_, PyAny>, fund: Option<i128>) -> PyResult<Batch> {
        self.under(py, scenarios, |core, scenarios, stop| core.stress(scenarios, fund, stop)).map(Batch)
    }

    /// The table `stress.largest`: in every scenario the `count` bankrupt buckets with the largest deficits.
    fn largest_deficits(&self, py: Python<'_>, scenarios: &Bound<'_, PyAny>, count: usize) -> PyResult<Batch> {
        self.under(py, scenarios, |core, scenarios, stop| core.largest_deficits(scenarios, count, stop)).map(Batch)
    }

    /// The largest t up to which the deficit after t times the one scenario of `direction` is at most `amount`, in g: what is
    /// divided and by what, as little-endian bytes of signed integers; None where it never is more.
    fn reverse_stress(
        &self,
        py: Python<'_>,
        direction: &Bound<'_, PyAny>,
        amount: i128,
    ) -> PyResult<Option<(Vec<u8>, Vec<u8>)>> {
        let found = self.under(py, direction, |core, direction, stop| core.reverse_stress(direction, amount, stop))?;
        Ok(found.map(|ratio| (ratio.above.to_le_bytes(), ratio.below.to_le_bytes())))
    }

    /// One account, named by text or by a non-negative integer: its row in `accounts`, its rows in `isolated`, its lines,
    /// its liquidation prices.
    ///
    /// Raises StateError `unknown_account`, or `inputs_changed` where the inputs no longer give the figures of the result.
    fn explain(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<(u32, Vec<u32>, Batch, Batch)> {
        let key = key_of(account)?;
        run(py, self.0.rows(), |stop| {
            let (row, isolated) = self.0.find(&key.view())?;
            let lines = Batch(self.0.lines(Some(row), stop)?);
            Ok((row, isolated, lines, Batch(self.0.liquidation_prices(Some(row), stop)?)))
        })
    }
}

impl Assessment {
    /// Runs work over the whole book under a table of joint moves.
    fn under<T: Send>(
        &self,
        py: Python<'_>,
        scenarios: &Bound<'_, PyAny>,
        work: impl FnOnce(&core::Assessment, Vec<StructArray>, &Stop) -> Result<T, Failure> + Send,
    ) -> PyResult<T> {
        let scenarios = import(&contract::SCENARIOS, scenarios)?;
        let count: usize = scenarios.iter().map(Array::len).sum();
        let rows = self.0.rows().saturating_mul(count.max(1));
        // As in `assess`: the producer's memory is let go of with the GIL.
        let _held = releases(rows).then(|| scenarios.clone());
        run(py, rows, |stop| work(&self.0, scenarios, stop))
    }
}
