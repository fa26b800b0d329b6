//! Index, mark and funding, each behind its lock.

/// A tuple of what has types of its own.
macro_rules! fields {
    ($py:ident; $($field:expr),* $(,)?) => { PyTuple::new($py, [$($field.into_pyobject($py)?.into_any()),*]) };
}

mod funding;
mod index;
mod mark;

pub(crate) use funding::Funding;
pub(crate) use index::IndexPrice;
pub(crate) use mark::MarkPrice;

use crate::raise::raise_fault;
use crate::resident::Resident;
use crate::run::caught;
use crate::scalar::feed;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::message::{PriceState, Word};
use perpcore_arrow::contract::Table;
use perpcore_arrow::pricing::price_said;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyString};

/// A row of quotes, or of what a mark is told, takes as long as so many rows of an assessment.
const ROWS_A_ROW: usize = 10;

/// A refused update, with the column of its table.
fn refused(fault: Fault, table: &Table) -> Failure {
    fault.in_column(table.name, "time").into()
}

/// A price as a feed says it; none where it says none, or what is none.
fn price(value: &Bound<'_, PyAny>, table: &Table, column: &str) -> PyResult<Option<i64>> {
    if value.is_none() { Ok(None) } else { feed(value, table.name, column).map(price_said) }
}

/// The state of an index; live where none is said.
fn state(value: &Bound<'_, PyAny>, table: &Table) -> PyResult<PriceState> {
    if value.is_none() {
        return Ok(PriceState::Live);
    }
    let word = value.cast::<PyString>().ok().map(|text| text.to_string_lossy());
    word.as_ref().and_then(|word| PriceState::parse(word)).ok_or_else(|| {
        let code = if word.is_some() { Code::OutOfRange } else { Code::WrongType };
        let fault = Fault::new(code).in_column(table.name, "state").value(value);
        raise_fault(value.py(), fault.accepts(PriceState::NAMES.join(", ")))
    })
}

/// A state in 256 bits.
fn digest<'py, T: Send>(
    py: Python<'py>,
    resident: &Resident<T>,
    digest: impl FnOnce(&T) -> [u8; 32] + Send,
) -> PyResult<Bound<'py, PyBytes>> {
    let digest = resident.work(py, 0, |inner, _| Ok(digest(inner)))?;
    caught(py, || Ok(PyBytes::new(py, &digest)))
}
