//! The resident monitor.

use crate::assessment::{account_tables, key_of};
use crate::batch::Batch;
use crate::capsule::import;
use crate::raise::warn_shared_doubles;
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::{caught, run};
use crate::scalar::{decimal, grid};
use arrow_array::{Array, StructArray};
use perpcore::fault::{Code, Fault};
use perpcore::margin::status::Status;
use perpcore::monitor::{Checked, Wish};
use perpcore::num::bounds::{PRICE, QUANTITY};
use perpcore::num::text;
use perpcore_arrow::assess::Inputs;
use perpcore_arrow::contract;
use perpcore_arrow::monitor as core;
use perpcore_arrow::observed::{Observed, Told};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::PyDict;
use std::time::Instant;

/// A resident book; `perpcore.Monitor` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Monitor {
    resident: Resident<core::Monitor>,
    observed: Observed,
}

#[pymethods]
impl Monitor {
    /// A monitor of no accounts.
    #[new]
    #[pyo3(signature = (rules, scenarios=None, threads=None))]
    fn new(
        py: Python<'_>,
        rules: &Bound<'_, Rulebook>,
        scenarios: Option<&Bound<'_, PyAny>>,
        threads: Option<usize>,
    ) -> PyResult<Self> {
        let scenarios = scenarios.map(|table| import(&contract::SCENARIOS, table)).transpose()?;
        let rules = &rules.get().0;
        let monitor = run(py, 0, |_| core::Monitor::new(rules, scenarios, threads))?;
        Ok(Monitor { resident: Resident::new(monitor), observed: Observed::new() })
    }

    /// The number of the last update that had one.
    fn seq(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        self.resident.work(py, 0, |monitor, _| Ok(monitor.seq()))
    }

    /// One step; the table `monitor.changes`.
    #[pyo3(signature = (positions, balances, prices, orders, accounts, seq=None))]
    #[expect(clippy::too_many_arguments, reason = "the tables of one call")]
    fn update(
        &self,
        py: Python<'_>,
        positions: Option<&Bound<'_, PyAny>>,
        balances: Option<&Bound<'_, PyAny>>,
        prices: Option<&Bound<'_, PyAny>>,
        orders: Option<&Bound<'_, PyAny>>,
        accounts: Option<&Bound<'_, PyAny>>,
        seq: Option<i64>,
    ) -> PyResult<Batch> {
        let begun = Instant::now();
        let inputs = Inputs {
            tables: account_tables([positions, balances, orders, accounts])?,
            prices: prices.map(|prices| import(&contract::PRICES, prices)).transpose()?,
            scenarios: None,
        };
        let count = |batches: &Vec<StructArray>| batches.iter().map(Array::len).sum::<usize>();
        let rows: usize = inputs.tables.iter().flatten().map(count).sum();
        // As in `assess`: the producers' memory is let go of with the GIL.
        let _held = inputs.clone();
        // A tick over a large book may have to look at much of it.
        let known = self.observed.accounts();
        let size = rows + if inputs.prices.is_some() { known / 4 } else { 0 };
        let (updated, counters, accounts) = self.resident.work(py, size, |monitor, stop| {
            let updated = monitor.update(inputs, seq, stop)?;
            Ok((updated, monitor.counters(), monitor.len()))
        })?;
        self.observed.note(begun, rows, accounts, &counters);
        if updated.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        Ok(Batch(updated.changes))
    }

    /// Its book as tables that `assess` takes: positions, balances, orders, accounts, prices. Of one account, of those with
    /// a bucket in one of some statuses, or of all.
    #[pyo3(signature = (account=None, statuses=None))]
    fn snapshot(
        &self,
        py: Python<'_>,
        account: Option<&Bound<'_, PyAny>>,
        statuses: Option<Vec<String>>,
    ) -> PyResult<(Batch, Batch, Batch, Batch, Batch)> {
        let statuses = statuses.map(|names| names.iter().map(|name| status_of(name)).collect::<PyResult<Vec<_>>>());
        let statuses = statuses.transpose()?;
        let key = account.map(key_of).transpose()?;
        let rows = if account.is_some() { 0 } else { self.observed.accounts() };
        let core::Snapshot([positions, balances, orders, accounts, prices]) =
            self.resident.work(py, rows, |monitor, stop| {
                let accounts = match &key {
                    Some(key) => vec![monitor.find(&key.view())?],
                    None => monitor.accounts_with(statuses.as_deref()),
                };
                monitor.snapshot(&accounts, stop)
            })?;
        Ok((Batch(positions), Batch(balances), Batch(orders), Batch(accounts), Batch(prices)))
    }

    /// The margin answer of the gate to an order: (accepted, code, initial margin after it and opening equity in g).
    #[pyo3(signature = (account, instrument, quantity, price=None, reduce_only=false))]
    fn check_order(
        slf: &Bound<'_, Self>,
        py: Python<'_>,
        account: &Bound<'_, PyAny>,
        instrument: &str,
        quantity: &Bound<'_, PyAny>,
        price: Option<&Bound<'_, PyAny>>,
        reduce_only: bool,
    ) -> PyResult<OrderCheck> {
        let monitor = slf.get();
        let key = key_of(account)?;
        let quantity = grid("quantity", quantity, &QUANTITY)?;
        if quantity == 0 {
            return Err(PyValueError::new_err("quantity is not 0"));
        }
        let price = price.map(|price| grid("price", price, &PRICE)).transpose()?;
        let order = core::Order { instrument, quantity, price, reduce_only };
        let (found, updates) = monitor
            .resident
            .work(py, 0, |core, _| Ok((core.check_order(&key.view(), &order)?, core.counters().updates)))?;
        let (account, wish, checked) = found;
        Ok(OrderCheck { monitor: slf.clone().unbind(), account, wish, checked, updates })
    }

    /// Panics inside a call, for the test that a monitor of which nothing is known says so.
    fn _provoke_panic(&self, py: Python<'_>) -> PyResult<()> {
        #[expect(clippy::panic, reason = "what this method is for")]
        self.resident.work(py, 0, |_, _| panic!("provoked"))
    }

    /// What it did so far, and how long updates took in the last minute. Readable while another call is at work.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let Told { counters, latency_us } = self.observed.told();
        caught(py, || {
            let told = PyDict::new(py);
            counters.into_iter().try_for_each(|(name, count)| told.set_item(name, count))?;
            let histogram = PyDict::new(py);
            latency_us.into_iter().try_for_each(|(bound, count)| histogram.set_item(bound, count))?;
            told.set_item("latency_us", histogram)?;
            Ok(told)
        })
    }
}

/// A word of the statuses.
fn status_of(name: &str) -> PyResult<Status> {
    let found = Status::ALL.into_iter().find(|status| status.name() == name && *status != Status::Unknown);
    found.ok_or_else(|| PyValueError::new_err(format!("no status {name:?}")))
}

/// The margin answer of the gate.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct OrderCheck {
    monitor: Py<Monitor>,
    account: u32,
    wish: Wish,
    checked: Checked,
    /// How many updates had been made.
    updates: u64,
}

#[pymethods]
impl OrderCheck {
    /// Whether the margin of the account admits the order.
    #[getter]
    fn accepted(&self) -> bool {
        self.checked.refused.is_none()
    }

    /// Why it is refused; None where it is accepted.
    #[getter]
    fn code(&self) -> Option<&'static str> {
        self.checked.refused.map(|code| code.entry().name)
    }

    /// Initial margin of the account with the order: a Decimal.
    #[getter]
    fn initial_margin_after<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        caught(py, || decimal(py, self.checked.initial_margin_after))
    }

    /// What it is held against: a Decimal.
    #[getter]
    fn opening_equity<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyAny>> {
        caught(py, || decimal(py, self.checked.opening_equity))
    }

    /// The lines of the initial margin with the order.
    ///
    /// Raises StateError `inputs_changed` where the monitor was updated since.
    fn lines(&self, py: Python<'_>) -> PyResult<Batch> {
        let monitor = self.monitor.bind(py).get();
        let lines = monitor.resident.work(py, 0, |core, _| {
            if core.counters().updates != self.updates {
                return Err(Fault::new(Code::InputsChanged).accepts("an answer that is as new as the monitor").into());
            }
            core.order_lines(self.account, &self.wish)
        })?;
        Ok(Batch(lines))
    }

    fn __repr__(&self, py: Python<'_>) -> PyResult<String> {
        let amount = |units: i128| text::plain(units);
        let Checked { initial_margin_after, opening_equity, .. } = self.checked;
        caught(py, || {
            let answer = self.code().map_or(String::from("accepted"), |code| format!("refused, {code}"));
            Ok(format!(
                "<OrderCheck {answer}: initial margin after {}, opening equity {}>",
                amount(initial_margin_after),
                amount(opening_equity)
            ))
        })
    }
}
