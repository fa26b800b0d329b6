//! The mark of an instrument.

use super::{ROWS_A_ROW, price, refused, state};
use crate::batch::Batch;
use crate::raise::raise;
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::caught;
use crate::scalar::{Number, number, on_grid};
use perpcore::message::Word;
use perpcore::pricing::mark::{Mark, Marked, Update};
use perpcore_arrow::contract::TOPS;
use perpcore_arrow::pricing::{instrument, mark as core};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyTuple};

/// A mark; `perpcore.MarkPrice` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct MarkPrice {
    instrument: String,
    resident: Resident<Mark>,
}

#[pymethods]
impl MarkPrice {
    /// The mark of an instrument.
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, Rulebook>, name: &str) -> PyResult<Self> {
        let found = instrument(&rules.get().0.rulebook, name);
        let (instrument, underlying) = found.map_err(|failure| raise(py, &failure))?;
        Ok(MarkPrice { instrument: name.to_string(), resident: Resident::new(Mark::new(instrument, underlying)) })
    }

    /// The instrument.
    #[getter]
    fn instrument(&self) -> &str {
        &self.instrument
    }

    /// Takes what is named, by the columns of `tops`, and makes the mark.
    fn update<'py>(&self, py: Python<'py>, now: i64, named: &Bound<'_, PyDict>) -> PyResult<Bound<'py, PyTuple>> {
        let update = caught(py, || update(named))?;
        let marked =
            self.resident.work(py, 0, |mark, _| mark.update(now, &update).map_err(|fault| refused(*fault, &TOPS)))?;
        told(py, &marked)
    }

    /// Works off the table `tops`; the table `mark`.
    fn run(&self, py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Batch> {
        self.resident.play(py, &TOPS, table, ROWS_A_ROW, core::run)
    }

    /// The latest mark.
    fn mark<'py>(&self, py: Python<'py>) -> PyResult<Number<'py>> {
        let mark = self.resident.work(py, 0, |mark, _| Ok(mark.mark()))?;
        number(py, mark)
    }

    /// Its state.
    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.resident.work(py, 0, |mark, _| Ok(mark.state().text()))
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        super::digest(py, &self.resident, Mark::digest)
    }
}

fn update(named: &Bound<'_, PyDict>) -> PyResult<Update> {
    let mut update = Update::default();
    for item in named.items() {
        let (name, value) = item.extract::<(String, Bound<'_, PyAny>)>()?;
        let price = || price(&value, &TOPS, &name);
        match &*name {
            "index" => update.index = Some(price()?),
            "state" => update.state = Some(state(&value, &TOPS)?),
            "bid" => update.bid = Some(price()?),
            "ask" => update.ask = Some(price()?),
            "impact_bid" => update.impact_bid = Some(price()?),
            "impact_ask" => update.impact_ask = Some(price()?),
            "last" => update.last = price()?,
            "funding_rate" if value.is_none() => {}
            "funding_rate" => update.funding_rate = Some(on_grid(&value, TOPS.name, &name)?),
            _ => return Err(PyTypeError::new_err(format!("a mark is told no {name}"))),
        }
    }
    Ok(update)
}

fn told<'py>(py: Python<'py>, marked: &Marked) -> PyResult<Bound<'py, PyTuple>> {
    fields![py;
        marked.time,
        number(py, marked.mark)?,
        marked.rule.map(Word::text),
        marked.bound.map(Word::text),
        marked.state.text(),
        marked.inputs,
        number(py, marked.index)?,
        marked.index_age,
        number(py, marked.carried)?,
        number(py, marked.basis)?,
        marked.samples,
        number(py, marked.book)?,
        number(py, marked.average)?,
    ]
}
