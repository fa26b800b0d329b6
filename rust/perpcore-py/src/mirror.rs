//! The book of an outside venue, rebuilt from its feed.

use crate::batch::Batch;
use crate::raise::{bad_argument, raise_fault};
use crate::resident::Resident;
use crate::run::caught;
use crate::scalar::{Number, cell, number};
use perpcore::fault::{Code, Fault};
use perpcore::num::bounds::{DEPTH, PRICE};
use perpcore::pricing::mirror::{Best, Feed, ID, Level, Mirror, Side, Span, State, snapshot_id};
use perpcore_arrow::contract;
use perpcore_arrow::pricing::mirror as core;
use pyo3::exceptions::{PyOverflowError, PyTypeError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyDict, PyString};

/// What faults name as their table: the streaming calls take what the columnar one reads.
const TABLE: &str = contract::DEPTH_UPDATES.name;

/// The best levels.
type Levels<'py> = (Number<'py>, Number<'py>, Number<'py>, Number<'py>);

/// A depth mirror; `perpcore.DepthMirror` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct DepthMirror {
    kind: Feed,
    resident: Resident<Mirror>,
}

#[pymethods]
impl DepthMirror {
    /// One that waits for its first snapshot.
    #[new]
    fn new(kind: &str) -> PyResult<Self> {
        let kind = Feed::named(kind).ok_or_else(|| bad_argument("kind", kind, &Feed::NAMES))?;
        Ok(DepthMirror { kind, resident: Resident::new(Mirror::new(kind)) })
    }

    /// How its feed numbers updates.
    #[getter]
    fn kind(&self) -> &'static str {
        Feed::NAMES[self.kind as usize]
    }

    /// Takes a snapshot over; the state then.
    fn snapshot(
        &self,
        py: Python<'_>,
        last_id: &Bound<'_, PyAny>,
        bids: &Bound<'_, PyAny>,
        asks: &Bound<'_, PyAny>,
    ) -> PyResult<&'static str> {
        let id = snapshot_id(integer("last_id", last_id)?).map_err(|fault| refused(py, *fault))?;
        let levels = caught(py, || levels(bids, asks))?;
        self.resident.work(py, 0, |mirror, _| {
            mirror.snapshot(id, &levels);
            Ok(mirror.state().name())
        })
    }

    /// Applies a change; the state then.
    #[pyo3(signature = (first_id, last_id, bids, asks, previous_id=None))]
    fn update(
        &self,
        py: Python<'_>,
        first_id: &Bound<'_, PyAny>,
        last_id: &Bound<'_, PyAny>,
        bids: &Bound<'_, PyAny>,
        asks: &Bound<'_, PyAny>,
        previous_id: Option<&Bound<'_, PyAny>>,
    ) -> PyResult<&'static str> {
        let (first, last) = (integer("first_id", first_id)?, integer("last_id", last_id)?);
        let previous = previous_id.map(|id| integer("previous_id", id)).transpose()?;
        let span = Span::of(self.kind, first, last, previous).map_err(|fault| refused(py, *fault))?;
        let levels = caught(py, || levels(bids, asks))?;
        self.resident.work(py, 0, |mirror, _| {
            mirror.change(span, &levels);
            Ok(mirror.state().name())
        })
    }

    /// Works off a table of messages; the table `mirror.states`.
    fn run(&self, py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Batch> {
        self.resident.play(py, &contract::DEPTH_UPDATES, table, 1, core::run)
    }

    /// Its state.
    fn state(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.resident.work(py, 0, |mirror, _| Ok(mirror.state().name()))
    }

    /// Why it is in that state.
    fn reason(&self, py: Python<'_>) -> PyResult<String> {
        self.resident.work(py, 0, |mirror, _| Ok(mirror.reason().to_string()))
    }

    /// The last update that it has.
    fn last_id(&self, py: Python<'_>) -> PyResult<Option<i64>> {
        self.resident.work(py, 0, |mirror, _| Ok(mirror.last()))
    }

    /// Best bid, its quantity, best ask, its quantity: each a Decimal or None. None where the state is not good.
    fn best<'py>(&self, py: Python<'py>) -> PyResult<Option<Levels<'py>>> {
        let best = |mirror: &mut Mirror| (mirror.state() == State::Good).then(|| mirror.best());
        let Some(Best { bid, ask }) = self.resident.work(py, 0, |mirror, _| Ok(best(mirror)))? else {
            return Ok(None);
        };
        let (bid, bid_quantity) = bid.unzip();
        let (ask, ask_quantity) = ask.unzip();
        Ok(Some((number(py, bid)?, number(py, bid_quantity)?, number(py, ask)?, number(py, ask_quantity)?)))
    }

    /// The mean of best bid and best ask.
    fn mid<'py>(&self, py: Python<'py>) -> PyResult<Number<'py>> {
        let mid = self.resident.work(py, 0, |mirror, _| Ok(mirror.mid()))?;
        number(py, mid)
    }

    /// The table `mirror.depth`: at most `count` levels of each side.
    #[pyo3(signature = (count=None))]
    fn depth(&self, py: Python<'_>, count: Option<usize>) -> PyResult<Batch> {
        self.resident.work(py, 0, |mirror, _| core::depth(mirror, count.unwrap_or(usize::MAX))).map(Batch)
    }

    /// The price of so much quote notional, in g, through a side.
    fn impact_price<'py>(&self, py: Python<'py>, side: &str, notional: i128) -> PyResult<Number<'py>> {
        let side = Side::named(side).ok_or_else(|| bad_argument("side", side, &Side::NAMES))?;
        let price = self.resident.work(py, 0, |mirror, _| Ok(mirror.impact(side, notional)))?;
        number(py, price)
    }

    /// What it did so far.
    fn counters<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let (counters, waiting) =
            self.resident.work(py, 0, |mirror, _| Ok((mirror.counters(), mirror.pending() as u64)))?;
        let told = PyDict::new(py);
        for (name, count) in [
            ("snapshots", counters.snapshots),
            ("applied", counters.applied),
            ("dropped", counters.dropped),
            ("waiting", waiting),
            ("gaps", counters.gaps),
            ("crossings", counters.crossings),
        ] {
            told.set_item(name, count)?;
        }
        Ok(told)
    }
}

fn refused(py: Python<'_>, fault: Fault) -> PyErr {
    raise_fault(py, Fault { table: Some(TABLE.to_string()), ..fault })
}

/// An update id.
fn integer(name: &str, value: &Bound<'_, PyAny>) -> PyResult<i64> {
    let py = value.py();
    let wrong = || -> PyResult<PyErr> {
        Ok(PyTypeError::new_err(format!("{name} is an integer, not {}", value.get_type().name()?)))
    };
    if value.is_instance_of::<PyBool>() {
        return Err(wrong()?);
    }
    caught(py, || match value.extract::<i64>() {
        Ok(id) => Ok(id),
        Err(error) if error.is_instance_of::<PyOverflowError>(py) => {
            let fault = Fault::new(Code::OutOfRange).in_column(TABLE, name).value(value).accepts(ID);
            Err(raise_fault(py, fault))
        }
        Err(error) if error.is_instance_of::<PyTypeError>(py) => Err(wrong()?),
        Err(error) => Err(error),
    })
}

/// The levels of both sides: pairs of price and quantity.
fn levels(bids: &Bound<'_, PyAny>, asks: &Bound<'_, PyAny>) -> PyResult<Vec<Level>> {
    let mut levels = Vec::new();
    for (side, name, given) in [(Side::Bid, "bids", bids), (Side::Ask, "asks", asks)] {
        for (row, pair) in given.try_iter()?.enumerate() {
            let pair = pair?;
            let text = pair.is_instance_of::<PyString>() || pair.is_instance_of::<PyBytes>();
            if text || pair.len().ok() != Some(2) {
                let fault = Fault::new(Code::WrongType).at(TABLE, name, row).value(&pair);
                return Err(raise_fault(pair.py(), fault.accepts("a pair of price and quantity")));
            }
            let price = cell(&pair.get_item(0)?, &PRICE, TABLE, name, Some(row))?;
            let quantity = cell(&pair.get_item(1)?, &DEPTH, TABLE, name, Some(row))?;
            // Both are within their bounds.
            levels.extend(Level::new(side, price, quantity));
        }
    }
    Ok(levels)
}
