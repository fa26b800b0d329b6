//! Faults as Python exceptions. The classes stand in `perpcore.errors`; which one a code becomes is in its catalogue.

use perpcore::fault::{Code, Failure, Fault};
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// The exception of a failure.
pub(crate) fn raise(py: Python<'_>, failure: &Failure) -> PyErr {
    exception(py, failure).unwrap_or_else(|error| error)
}

/// The exception of a single fault.
pub(crate) fn raise_fault(py: Python<'_>, fault: Fault) -> PyErr {
    raise(py, &fault.into())
}

/// `InternalError` with what a panic said.
pub(crate) fn raise_panic(py: Python<'_>, panic: &(dyn std::any::Any + Send)) -> PyErr {
    let text =
        panic.downcast_ref::<&str>().map(ToString::to_string).or_else(|| panic.downcast_ref::<String>().cloned());
    raise_fault(py, Fault::new(Code::Internal).value(text.unwrap_or_default()))
}

/// Warns that a float64 stands for two numbers on the grid.
pub(crate) fn warn_shared_doubles(py: Python<'_>) -> PyResult<()> {
    let class = py.import("perpcore.errors")?.getattr("PrecisionWarning")?;
    let text = c"a float64 beyond 2**26 stands for more than one number on the grid; \
                 the one of its shortest text was taken";
    // Two frames up: past the Python function that calls this one.
    PyErr::warn(py, &class, text, 2)
}

fn exception(py: Python<'_>, failure: &Failure) -> PyResult<PyErr> {
    let fault = failure.first();
    let class = py.import("perpcore.errors")?.getattr(fault.code.entry().class.exception())?;
    let problems = failure.problems().map(|problem| details(py, problem)).collect::<PyResult<Vec<_>>>()?;
    let details = details(py, fault)?;
    details.set_item("problems", PyList::new(py, problems)?)?;
    details.del_item("number")?;
    details.del_item("message")?;
    let value = class.call((failure.to_string(),), Some(&details))?;
    Ok(PyErr::from_value(value))
}

fn details<'py>(py: Python<'py>, fault: &Fault) -> PyResult<Bound<'py, PyDict>> {
    let dict = PyDict::new(py);
    let entry = fault.code.entry();
    dict.set_item("number", entry.number)?;
    dict.set_item("code", entry.name)?;
    dict.set_item("table", &fault.table)?;
    dict.set_item("column", &fault.column)?;
    dict.set_item("row", fault.row)?;
    dict.set_item("value", &fault.value)?;
    dict.set_item("accepted", &fault.accepted)?;
    dict.set_item("message", fault.to_string())?;
    Ok(dict)
}

/// A misused argument that is no input of the core.
pub(crate) fn bad_argument(name: &str, given: &str, accepted: &[&str]) -> PyErr {
    PyValueError::new_err(format!("{name}={given:?} is not accepted; accepted: {}", accepted.join(", ")))
}
