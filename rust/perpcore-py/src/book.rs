//! The order book: one lock, calls from any thread, commands one by one or as a table.

use crate::assessment::key_of;
use crate::batch::Batch;
use crate::capsule::import;
use crate::command::{Given, events, word};
use crate::raise::warn_shared_doubles;
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::caught;
use crate::scalar::decimal;
use arrow_array::Array;
use perpcore::message::{Side, Word};
use perpcore_arrow::book as core;
use perpcore_arrow::contract;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

/// A command of a table takes as long as so many rows of an assessment.
const ROWS_A_COMMAND: usize = 5;

/// The book of one instrument; `perpcore.OrderBook` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct OrderBook(Resident<core::OrderBook>);

/// Price, quantity and how many orders.
type Level<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, u32);

#[pymethods]
impl OrderBook {
    /// The book of an instrument, without orders.
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, Rulebook>, instrument: &str) -> PyResult<Self> {
        let rules = &rules.get().0;
        let book = crate::run::run(py, 0, |_| core::OrderBook::new(rules, instrument))?;
        Ok(OrderBook(Resident::new(book)))
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
        let said = self.0.work(py, 0, |book, _| book.one(given.kind, &given.cells()))?;
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
        let applied = self.0.work(py, rows.saturating_mul(ROWS_A_COMMAND), |book, _| book.apply(batches))?;
        if applied.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        Ok(Batch(applied.events))
    }

    /// The table `depth`, of so many levels a side.
    #[pyo3(signature = (levels=None))]
    fn depth(&self, py: Python<'_>, levels: Option<usize>) -> PyResult<Batch> {
        self.0.work(py, 0, |book, _| book.depth(levels)).map(Batch)
    }

    /// The table `l3`.
    fn l3(&self, py: Python<'_>) -> PyResult<Batch> {
        self.0.work(py, 0, |book, _| book.l3()).map(Batch)
    }

    /// The table `open_orders` of an account.
    fn orders(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let key = key_of(account)?;
        self.0.work(py, 0, |book, _| book.orders(&key.view())).map(Batch)
    }

    /// The best bid and ask: price, quantity, orders.
    fn best<'py>(&self, py: Python<'py>) -> PyResult<(Option<Level<'py>>, Option<Level<'py>>)> {
        let [bid, ask] = self.0.work(py, 0, |book, _| Ok([Side::Bid, Side::Ask].map(|side| book.best(side))))?;
        caught(py, || {
            let level = |found: Option<(i64, i64, u32)>| {
                found.map(|(price, quantity, orders)| {
                    Ok::<_, PyErr>((decimal(py, price.into())?, decimal(py, quantity.into())?, orders))
                })
            };
            Ok((level(bid).transpose()?, level(ask).transpose()?))
        })
    }

    /// The price of so much notional, in g, walked through a side.
    fn impact_price<'py>(
        &self,
        py: Python<'py>,
        side: &Bound<'py, PyAny>,
        notional: i128,
    ) -> PyResult<Option<Bound<'py, PyAny>>> {
        let side: Side = word("side", side)?;
        let price = self.0.work(py, 0, |book, _| Ok(book.impact(side, notional)))?;
        price.map(|price| decimal(py, price.into())).transpose()
    }

    /// What stands before an order in its queue: how many orders and which quantity.
    fn queue_position<'py>(&self, py: Python<'py>, order: u64) -> PyResult<Option<(u32, Bound<'py, PyAny>)>> {
        let found = self.0.work(py, 0, |book, _| Ok(book.queue_position(order)))?;
        caught(py, || found.map(|(orders, quantity)| Ok((orders, decimal(py, quantity.into())?))).transpose())
    }

    /// What an auction would do now: price, quantity, surplus.
    fn indicative<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let found = self.0.work(py, 0, |book, _| Ok(book.indicative()))?;
        caught(py, || {
            let Some((price, quantity, surplus)) = found else { return Ok(None) };
            let told = [price, quantity, surplus].map(|number| decimal(py, number.into()));
            PyTuple::new(py, told.into_iter().collect::<PyResult<Vec<_>>>()?).map(Some)
        })
    }

    /// The phase.
    fn phase(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.0.work(py, 0, |book, _| Ok(book.phase().text()))
    }

    /// The instrument, how many orders there are and how many commands came.
    fn counts(&self, py: Python<'_>) -> PyResult<(String, usize, u64)> {
        self.0.work(py, 0, |book, _| Ok((book.instrument().to_string(), book.len(), book.count())))
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = self.0.work(py, 0, |book, _| Ok(book.digest()))?;
        caught(py, || Ok(PyBytes::new(py, &digest)))
    }

    /// Panics inside a call, for the test that a book of which nothing is known says so.
    fn _provoke_panic(&self, py: Python<'_>) -> PyResult<()> {
        #[expect(clippy::panic, reason = "what this method is for")]
        self.0.work(py, 0, |_, _| panic!("provoked"))
    }
}
