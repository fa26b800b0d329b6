//! Single numbers: arguments to the grid and back, exactly.

use perpcore::num::bounds::Bound as Limits;
use perpcore::num::{NotANumber, ONE, float, text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

/// A Python number in g, or text in plain decimals; none where it is neither.
pub(crate) fn units(value: &Bound<'_, PyAny>) -> PyResult<Option<Result<i128, NotANumber>>> {
    Ok(Some(if value.is_instance_of::<PyString>() {
        text::parse(value.extract()?)
    } else if value.is_instance_of::<PyFloat>() {
        float::from_f64(value.extract()?)
    } else if value.is_instance_of::<PyBool>() {
        return Ok(None);
    } else if value.is_instance_of::<PyInt>() {
        let whole = value.extract::<i64>().ok().and_then(|whole| i128::from(whole).checked_mul(ONE.into()));
        whole.ok_or(NotANumber::OutOfRange)
    } else if value.hasattr("adjusted")? {
        // Written out only where it is not astronomically large or small.
        match value.call_method0("adjusted")?.extract::<i64>() {
            Ok(-40..=40) => text::parse(&value.call_method1("__format__", ("f",))?.extract::<String>()?),
            Ok(..=-41) => Err(NotANumber::OffGrid),
            _ => Err(NotANumber::OutOfRange),
        }
    } else {
        return Ok(None);
    }))
}

/// A scalar argument in g.
pub(crate) fn grid(name: &str, value: &Bound<'_, PyAny>, bound: &Limits) -> PyResult<i64> {
    let Some(number) = units(value)? else {
        return Err(PyTypeError::new_err(format!("{name} is a number, not {}", value.get_type().name()?)));
    };
    let number = number.ok().filter(|number| bound.holds(*number)).and_then(|number| i64::try_from(number).ok());
    number.ok_or_else(|| {
        let accepted = bound.accepted;
        PyValueError::new_err(format!("{name} is a number of at most eight decimals, {accepted}, not {value}"))
    })
}

/// A number of g as a `Decimal`.
pub(crate) fn decimal<'py>(py: Python<'py>, units: i128) -> PyResult<Bound<'py, PyAny>> {
    py.import("decimal")?.getattr("Decimal")?.call1((units,))?.call_method1("scaleb", (-8,))
}
