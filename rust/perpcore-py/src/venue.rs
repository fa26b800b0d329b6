//! The venue: one lock, calls from any thread, commands one by one or as a table.

use crate::assessment::key_of;
use crate::batch::Batch;
use crate::capsule::import;
use crate::command::{Given, events};
use crate::raise::warn_shared_doubles;
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::caught;
use crate::scalar::decimal;
use arrow_array::Array;
use perpcore::message::Word;
use perpcore_arrow::contract;
use perpcore_arrow::venue as core;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList};

/// A command of a table takes as long as so many rows of an assessment.
const ROWS_A_COMMAND: usize = 25;
/// So does an account that is valued or told.
const ROWS_AN_ACCOUNT: usize = 10;

/// A venue; `perpcore.Venue` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Venue(Resident<core::Venue>);

/// Price, quantity and how many orders.
type Level<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, u32);

#[pymethods]
impl Venue {
    /// A venue without accounts and prices.
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, Rulebook>) -> PyResult<Self> {
        let rules = &rules.get().0;
        let venue = crate::run::run(py, 0, |_| Ok(core::Venue::new(rules)))?;
        Ok(Venue(Resident::new(venue)))
    }

    /// Carries out one command; its events as tuples in the order of the table `events`, without `audience`.
    #[pyo3(signature = (kind, **cells))]
    fn act<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        cells: Option<&Bound<'py, PyDict>>,
    ) -> PyResult<Bound<'py, PyList>> {
        let given = Given::read(kind, cells)?;
        let said = self.0.work(py, 0, |venue, _| venue.one(given.kind, &given.cells()))?;
        caught(py, || events(py, &said))
    }

    /// Carries out a table of commands; the table `events`.
    fn apply(&self, py: Python<'_>, commands: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let batches = import(&contract::COMMANDS, commands)?;
        // A batch is done as a whole or not at all: a signal is looked for before it begins, and then waits for its end.
        py.check_signals()?;
        let rows: usize = batches.iter().map(Array::len).sum();
        // The producers' memory is let go of with the GIL.
        let _held = batches.clone();
        let applied = self.0.work(py, rows.saturating_mul(ROWS_A_COMMAND), |venue, _| venue.apply(batches))?;
        if applied.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        Ok(Batch(applied.events))
    }

    /// The table `accounts` of an assessment, of every open account.
    fn accounts(&self, py: Python<'_>) -> PyResult<Batch> {
        self.all(py, core::Venue::accounts)
    }

    /// The table `ledger`.
    fn ledger(&self, py: Python<'_>) -> PyResult<Batch> {
        self.all(py, core::Venue::ledger)
    }

    /// The table `venue_positions`.
    fn positions(&self, py: Python<'_>) -> PyResult<Batch> {
        self.all(py, core::Venue::positions)
    }

    /// An account line by line: its row of `accounts`, its isolated positions, its lines, its liquidation prices.
    fn explain(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<(Batch, Batch, Batch, Batch)> {
        let key = key_of(account)?;
        let core::Explained { accounts, isolated, lines, liquidation } =
            self.0.work(py, 0, |venue, _| venue.explain(&key.view()))?;
        Ok((Batch(accounts), Batch(isolated), Batch(lines), Batch(liquidation)))
    }

    /// What happened to an account since it last fell into liquidation, as `events`; its row of `accounts`, its isolated
    /// positions and its `liquidation_prices`.
    fn liquidation_story(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<(Batch, Batch, Batch, Batch)> {
        let key = key_of(account)?;
        let core::Story { events, accounts, isolated, liquidation } =
            self.0.work(py, 0, |venue, _| venue.liquidation_story(&key.view()))?;
        Ok((Batch(events), Batch(accounts), Batch(isolated), Batch(liquidation)))
    }

    /// What a report of deleveraging is about, as `events`.
    fn adl_report(&self, py: Python<'_>, number: u64) -> PyResult<Batch> {
        self.0.work(py, 0, |venue, _| venue.adl_report(number)).map(Batch)
    }

    /// The table `depth` of an instrument, of so many levels a side.
    #[pyo3(signature = (instrument, levels=None))]
    fn depth(&self, py: Python<'_>, instrument: &str, levels: Option<usize>) -> PyResult<Batch> {
        self.0.work(py, 0, |venue, _| venue.depth(instrument, levels)).map(Batch)
    }

    /// The table `l3` of an instrument.
    fn l3(&self, py: Python<'_>, instrument: &str) -> PyResult<Batch> {
        self.0.work(py, 0, |venue, _| venue.l3(instrument)).map(Batch)
    }

    /// The table `open_orders` of an account.
    fn orders(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let key = key_of(account)?;
        self.0.work(py, 0, |venue, _| venue.orders(&key.view())).map(Batch)
    }

    /// The best bid and ask of an instrument: price, quantity, orders.
    fn best<'py>(&self, py: Python<'py>, instrument: &str) -> PyResult<(Option<Level<'py>>, Option<Level<'py>>)> {
        let [bid, ask] = self.0.work(py, 0, |venue, _| venue.best(instrument))?;
        caught(py, || {
            let level = |found: Option<(i64, i64, u32)>| {
                found.map(|(price, quantity, orders)| {
                    Ok::<_, PyErr>((decimal(py, price.into())?, decimal(py, quantity.into())?, orders))
                })
            };
            Ok((level(bid).transpose()?, level(ask).transpose()?))
        })
    }

    /// The phase of an instrument.
    fn phase(&self, py: Python<'_>, instrument: &str) -> PyResult<&'static str> {
        self.0.work(py, 0, |venue, _| venue.phase(instrument).map(Word::text))
    }

    /// The table `rank_lights` of an instrument.
    fn rank_lights(&self, py: Python<'_>, instrument: &str) -> PyResult<Batch> {
        let rows = self.rows(py)?;
        self.0.work(py, rows, |venue, _| venue.rank_lights(instrument)).map(Batch)
    }

    /// The table `coverage` of some scenarios.
    fn coverage(&self, py: Python<'_>, scenarios: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let rows = self.rows(py)?;
        let scenarios = import(&contract::SCENARIOS, scenarios)?;
        self.0.work(py, rows, |venue, stop| venue.coverage(scenarios, stop)).map(Batch)
    }

    /// The table `dry_run` of another rulebook; None where it could not follow the one in force.
    fn dry_run(&self, py: Python<'_>, rules: &Bound<'_, Rulebook>) -> PyResult<Option<Batch>> {
        let rules = &rules.get().0;
        let rows = self.rows(py)?;
        self.0.work(py, rows, |venue, _| venue.dry_run(rules)).map(|found| found.map(Batch))
    }

    /// The rulebook in force.
    fn rules(&self, py: Python<'_>) -> PyResult<Rulebook> {
        self.0.work(py, 0, |venue, _| Ok(venue.rules().clone())).map(Rulebook)
    }

    /// What does not add up, in words.
    fn verify(&self, py: Python<'_>) -> PyResult<Vec<String>> {
        self.0.work(py, 0, |venue, _| Ok(venue.verify()))
    }

    /// How many commands came, how many accounts are open, and the time of the last command.
    fn counts(&self, py: Python<'_>) -> PyResult<(u64, usize, i64)> {
        self.0.work(py, 0, |venue, _| Ok(venue.counts()))
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = self.0.work(py, 0, |venue, _| Ok(venue.digest()))?;
        caught(py, || Ok(PyBytes::new(py, &digest)))
    }

    /// Panics inside a call, for the test that a venue of which nothing is known says so.
    fn _provoke_panic(&self, py: Python<'_>) -> PyResult<()> {
        #[expect(clippy::panic, reason = "what this method is for")]
        self.0.work(py, 0, |_, _| panic!("provoked"))
    }
}

impl Venue {
    /// A table of everybody.
    fn all(
        &self,
        py: Python<'_>,
        of: impl FnOnce(&core::Venue) -> Result<arrow_array::RecordBatch, perpcore::fault::Failure> + Send,
    ) -> PyResult<Batch> {
        let rows = self.rows(py)?;
        self.0.work(py, rows, |venue, _| of(venue)).map(Batch)
    }

    /// What a look at every account takes, in rows of an assessment.
    fn rows(&self, py: Python<'_>) -> PyResult<usize> {
        let (_, accounts, _) = self.0.work(py, 0, |venue, _| Ok(venue.counts()))?;
        Ok(accounts.saturating_mul(ROWS_AN_ACCOUNT))
    }
}
