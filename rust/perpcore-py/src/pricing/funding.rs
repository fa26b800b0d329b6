//! The funding of an instrument.

use super::{ROWS_A_ROW, price, refused, state};
use crate::batch::Batch;
use crate::capsule::import;
use crate::raise::{raise, warn_shared_doubles};
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::{caught, run};
use crate::scalar::{Number, cell, decimal, decimal_at, grid, grid_units, number};
use arrow_array::Array;
use perpcore::fault::Fault;
use perpcore::message::Word;
use perpcore::num::bounds::PRICE;
use perpcore::pricing::funding::{Funding as Core, Slot, Update};
use perpcore_arrow::contract::{FUNDING_INPUTS, FUNDING_OUT, FUNDING_POSITIONS};
use perpcore_arrow::pricing::{funding as core, instrument};
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict, PyList, PyTuple};

/// A funding; `perpcore.Funding` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Funding {
    instrument: String,
    resident: Resident<Core>,
}

/// What a rate may be that is settled, either way, in g: beyond what a premium can make of it.
const MOST_RATE: i128 = 10_000_000_000;

#[pymethods]
impl Funding {
    /// The funding of an instrument.
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, Rulebook>, name: &str) -> PyResult<Self> {
        let found = instrument(&rules.get().0.rulebook, name);
        let (instrument, underlying) = found.map_err(|failure| raise(py, &failure))?;
        Ok(Funding { instrument: name.to_string(), resident: Resident::new(Core::new(instrument, underlying)) })
    }

    /// The instrument.
    #[getter]
    fn instrument(&self) -> &str {
        &self.instrument
    }

    /// Takes the slots up to now, then what is named, by the columns of `funding_inputs`; a tuple a slot.
    fn update<'py>(&self, py: Python<'py>, now: i64, named: &Bound<'_, PyDict>) -> PyResult<Bound<'py, PyList>> {
        let update = caught(py, || update(named))?;
        let slots = self.resident.work(py, 0, |funding, _| {
            let mut slots = Vec::new();
            funding.update(now, &update, &mut slots).map_err(|fault| refused(*fault, &FUNDING_INPUTS))?;
            Ok(slots)
        })?;
        told_all(py, &slots)
    }

    /// Works off the table `funding_inputs`; the table `funding`.
    fn run(&self, py: Python<'_>, table: &Bound<'_, PyAny>) -> PyResult<Batch> {
        self.resident.play(py, &FUNDING_INPUTS, table, ROWS_A_ROW, core::run)
    }

    /// Settles a rate at a mark: the table `funding.flows`, and what remains.
    #[staticmethod]
    fn settle<'py>(
        py: Python<'py>,
        positions: &Bound<'_, PyAny>,
        mark: &Bound<'_, PyAny>,
        rate: &Bound<'_, PyAny>,
    ) -> PyResult<(Batch, Number<'py>)> {
        let mark = caught(py, || grid("mark", mark, &PRICE))?;
        let rate = caught(py, || grid_units("rate", rate, -MOST_RATE, MOST_RATE))? as i64;
        let batches = import(&FUNDING_POSITIONS, positions)?;
        let rows = batches.iter().map(Array::len).sum();
        let _held = batches.clone();
        let flows = run(py, rows, |stop| core::settle(batches, mark, rate, stop))?;
        if flows.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        let rounding = caught(py, || flows.rounding.map(|rounding| decimal(py, rounding)).transpose())?;
        Ok((Batch(flows.table), rounding))
    }

    /// Takes over the cumulative index, at 10⁻¹⁶, of an earlier run.
    fn restore<'py>(
        &self,
        py: Python<'py>,
        now: i64,
        mark: &Bound<'_, PyAny>,
        cumulative_e16: i128,
    ) -> PyResult<Bound<'py, PyList>> {
        let mark = caught(py, || cell(mark, &PRICE, FUNDING_OUT.name, "mark", None))?;
        let slots = self.resident.work(py, 0, |funding, _| {
            let placed =
                |fault: Fault| if fault.column.is_some() { fault } else { fault.in_column(FUNDING_OUT.name, "time") };
            let mut slots = Vec::new();
            funding.restore(now, mark, cumulative_e16, &mut slots).map_err(|fault| placed(*fault))?;
            Ok(slots)
        })?;
        told_all(py, &slots)
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        super::digest(py, &self.resident, Core::digest)
    }
}

/// A tuple a slot.
fn told_all<'py>(py: Python<'py>, slots: &[Slot]) -> PyResult<Bound<'py, PyList>> {
    caught(py, || {
        let all = PyList::empty(py);
        slots.iter().try_for_each(|slot| all.append(told(py, slot)?))?;
        Ok(all)
    })
}

fn update(named: &Bound<'_, PyDict>) -> PyResult<Update> {
    let mut update = Update::default();
    for item in named.items() {
        let (name, value) = item.extract::<(String, Bound<'_, PyAny>)>()?;
        let price = || price(&value, &FUNDING_INPUTS, &name);
        match &*name {
            "index" => update.index = Some(price()?),
            "state" => update.state = Some(state(&value, &FUNDING_INPUTS)?),
            "impact_bid" => update.impact_bid = Some(price()?),
            "impact_ask" => update.impact_ask = Some(price()?),
            "mark" => update.mark = Some(price()?),
            _ => return Err(PyTypeError::new_err(format!("a funding is told no {name}"))),
        }
    }
    Ok(update)
}

fn told<'py>(py: Python<'py>, slot: &Slot) -> PyResult<Bound<'py, PyTuple>> {
    macro_rules! fields {
        ($($field:expr),* $(,)?) => { PyTuple::new(py, [$($field.into_pyobject(py)?.into_any()),*]) };
    }
    let (rate, outcome) = slot.settled.unzip();
    let cumulative = slot.cumulative_e16.map(|number| decimal_at(py, number, 16)).transpose()?;
    fields![
        slot.time,
        slot.slot,
        number(py, slot.premium.ok())?,
        slot.premium.is_ok().into_pyobject(py)?.to_owned(),
        slot.premium.err().map(Word::text),
        slot.valid,
        number(py, Some(slot.predicted))?,
        number(py, rate)?,
        outcome.map(Word::text),
        slot.missed,
        number(py, slot.inputs.index)?,
        slot.inputs.state.text(),
        number(py, slot.inputs.impact_bid)?,
        number(py, slot.inputs.impact_ask)?,
        cumulative,
    ]
}
