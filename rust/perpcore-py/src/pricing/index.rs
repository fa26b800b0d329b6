//! The index of an underlying.

use super::{ROWS_A_ROW, refused};
use crate::batch::Batch;
use crate::raise::bad_argument;
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::caught;
use crate::scalar::{Number, feed, grid, number, units};
use perpcore::fault::Fault;
use perpcore::message::Word;
use perpcore::num::NotANumber;
use perpcore::num::bounds::PRICE;
use perpcore::pricing::index::{Index, Out, Quote, Value};
use perpcore_arrow::contract::QUOTES;
use perpcore_arrow::pricing::{self, index as core};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyString};

/// An index; `perpcore.IndexPrice` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct IndexPrice {
    underlying: String,
    /// As it was made: it knows the numbers of the sources.
    new: Index,
    resident: Resident<Index>,
}

/// A sample: time, value, state, groups, reason.
type Sample<'py> = (i64, Number<'py>, &'static str, u32, Option<String>);

/// A quote that no source of the rulebook gave.
const STRANGER: usize = usize::MAX;

#[pymethods]
impl IndexPrice {
    /// The index of an underlying, frozen until its sources agree.
    #[new]
    fn new(rules: &Bound<'_, Rulebook>, underlying: &str) -> PyResult<Self> {
        let rules = &rules.get().0.rulebook;
        let names = || rules.underlyings().iter().map(|underlying| &*underlying.name).collect::<Vec<_>>();
        let found = pricing::underlying(rules, underlying);
        let new = Index::new(found.ok_or_else(|| bad_argument("underlying", underlying, &names()))?);
        Ok(IndexPrice { underlying: underlying.to_string(), resident: Resident::new(new.clone()), new })
    }

    /// The underlying.
    #[getter]
    fn underlying(&self) -> &str {
        &self.underlying
    }

    /// Takes the quotes of one time as one sample: prices by source, stamped at `sent` or by source in `stamps`.
    #[pyo3(signature = (now, quotes=None, sent=None, stamps=None))]
    fn update<'py>(
        &self,
        py: Python<'py>,
        now: i64,
        quotes: Option<&Bound<'_, PyDict>>,
        sent: Option<i64>,
        stamps: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Sample<'py>> {
        let quotes = caught(py, || self.quotes(now, quotes, sent, stamps))?;
        self.sampled(py, |index| index.update(now, &quotes))
    }

    /// Stops the price.
    fn halt<'py>(&self, py: Python<'py>, now: i64) -> PyResult<Sample<'py>> {
        self.sampled(py, |index| index.halt(now))
    }

    /// Leads out of a halt.
    fn resume<'py>(&self, py: Python<'py>, now: i64) -> PyResult<Sample<'py>> {
        self.sampled(py, |index| index.resume(now))
    }

    /// Begins anew.
    fn restart<'py>(&self, py: Python<'py>, now: i64) -> PyResult<Sample<'py>> {
        self.sampled(py, |index| index.restart(now))
    }

    /// Works off a table of quotes; the table `index`.
    fn run(&self, py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Batch> {
        self.resident.play(py, &QUOTES, table, ROWS_A_ROW, core::run)
    }

    /// The table `index.sources`.
    fn sources(&self, py: Python<'_>) -> PyResult<Batch> {
        self.resident.work(py, 0, |index, _| core::sources(index)).map(Batch)
    }

    /// The latest sample, and why it is in its state.
    fn latest<'py>(&self, py: Python<'py>) -> PyResult<Sample<'py>> {
        let (value, reason) = self.resident.work(py, 0, |index, _| Ok((index.value(), index.why())))?;
        told(py, &value, Some(reason))
    }

    /// The price at which an instrument may be settled.
    #[pyo3(signature = (now, price=None, approval=false))]
    fn settle_price<'py>(
        &self,
        py: Python<'py>,
        now: i64,
        price: Option<&Bound<'_, PyAny>>,
        approval: bool,
    ) -> PyResult<Number<'py>> {
        let price = caught(py, || price.map(|price| grid("price", price, &PRICE)).transpose())?;
        let found = self.resident.work(py, 0, |index, _| Ok(index.settle_price(now, price, approval)))?;
        number(py, found)
    }

    /// What it did so far.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let counters = self.resident.work(py, 0, |index, _| Ok(index.counters()))?;
        let told = PyDict::new(py);
        let counts =
            [("taken", counters.taken), ("out_of_order", counters.out_of_order), ("unknown", counters.unknown)];
        counts.into_iter().try_for_each(|(name, count)| told.set_item(name, count))?;
        Ok(told)
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        super::digest(py, &self.resident, Index::digest)
    }
}

impl IndexPrice {
    fn quotes(
        &self,
        now: i64,
        quotes: Option<&Bound<'_, PyDict>>,
        sent: Option<i64>,
        stamps: Option<&Bound<'_, PyDict>>,
    ) -> PyResult<Vec<Quote>> {
        let Some(quotes) = quotes else { return Ok(Vec::new()) };
        let mut found = Vec::with_capacity(quotes.len());
        // A copy: what a value does when it is read may change the original.
        for item in quotes.items() {
            let (name, value) = item.extract::<(Bound<'_, PyAny>, Bound<'_, PyAny>)>()?;
            let Ok(source) = name.cast::<PyString>() else {
                let kind = name.get_type().name()?;
                return Err(PyTypeError::new_err(format!("quotes: the name of a source is text, not {kind}")));
            };
            if value.is_none() {
                continue;
            }
            let source = source.to_string_lossy();
            // A text that is no number is what its source said, and no matter of the others.
            let price = match units(&value)? {
                Some(Err(NotANumber::Malformed)) if value.is_instance_of::<PyString>() => Err(Out::OffGrid),
                _ => pricing::quoted(feed(&value, QUOTES.name, &source)?),
            };
            let stamped = stamps.map(|stamps| stamps.get_item(&name)).transpose()?.flatten();
            let sent = stamped.map(|stamp| stamp.extract()).transpose()?.or(sent).unwrap_or(now);
            found.push(Quote { source: self.new.source(&source).unwrap_or(STRANGER), price, sent });
        }
        Ok(found)
    }

    fn sampled<'py>(
        &self,
        py: Python<'py>,
        call: impl FnOnce(&mut Index) -> Result<Value, Box<Fault>> + Send,
    ) -> PyResult<Sample<'py>> {
        let (value, reason) = self.resident.work(py, 0, |index, _| {
            let value = call(index).map_err(|fault| refused(*fault, &QUOTES))?;
            let reason = core::reason(index, &value);
            Ok((value, reason))
        })?;
        told(py, &value, reason)
    }
}

fn told<'py>(py: Python<'py>, value: &Value, reason: Option<String>) -> PyResult<Sample<'py>> {
    Ok((value.time, number(py, value.value)?, value.state.text(), value.groups, reason))
}
