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
use perpcore::fault::Failure;
use perpcore::message::Word;
use perpcore::num::bounds::PRICE;
use perpcore::pricing::funding::{Funding as Core, RATE, Slot, Update};
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
        self.sampled(py, |funding, slots| {
            funding.update(now, &update, slots).map_err(|fault| refused(*fault, &FUNDING_INPUTS))
        })
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
        let rate = caught(py, || grid_units("rate", rate, RATE.min, RATE.max))? as i64;
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

    /// Takes over the cumulative index, at 10⁻¹⁶, of an earlier run; a tuple a slot.
    fn restore<'py>(
        &self,
        py: Python<'py>,
        now: i64,
        mark: &Bound<'_, PyAny>,
        cumulative_e16: i128,
    ) -> PyResult<Bound<'py, PyList>> {
        let mark = caught(py, || cell(mark, &PRICE, FUNDING_OUT.name, "mark", None))?;
        self.sampled(py, |funding, slots| {
            let restored = funding.restore(now, mark, cumulative_e16, slots);
            // It names the column of what does not continue.
            restored.map_err(
                |fault| {
                    if fault.column.is_some() { (*fault).into() } else { refused(*fault, &FUNDING_OUT) }
                },
            )
        })
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        super::digest(py, &self.resident, Core::digest)
    }
}

impl Funding {
    fn sampled<'py>(
        &self,
        py: Python<'py>,
        call: impl FnOnce(&mut Core, &mut Vec<Slot>) -> Result<(), Failure> + Send,
    ) -> PyResult<Bound<'py, PyList>> {
        let slots = self.resident.work(py, 0, |funding, _| {
            let mut slots = Vec::new();
            call(funding, &mut slots)?;
            Ok(slots)
        })?;
        caught(py, || {
            let samples = PyList::empty(py);
            slots.iter().try_for_each(|slot| samples.append(told(py, slot)?))?;
            Ok(samples)
        })
    }
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
    let (rate, outcome) = slot.settled.unzip();
    let cumulative = slot.cumulative_e16.map(|number| decimal_at(py, number, 16)).transpose()?;
    fields![py;
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
        number(py, slot.mark)?,
        cumulative,
    ]
}
