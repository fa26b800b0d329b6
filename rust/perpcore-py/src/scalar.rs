//! Scalar arguments and results: numbers on the grid as Python has them.

use perpcore::num::bounds::Bound as Limits;
use perpcore::num::{ONE, float, text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyFloat, PyInt, PyString};

/// A scalar argument in g.
pub(crate) fn grid(name: &str, value: &Bound<'_, PyAny>, bound: &Limits) -> PyResult<i64> {
    let number = if value.is_instance_of::<PyInt>() {
        value.extract::<i64>().ok().and_then(|whole| i128::from(whole).checked_mul(ONE.into()))
    } else if value.is_instance_of::<PyFloat>() {
        float::from_f64(value.extract()?).ok()
    } else if value.is_instance_of::<PyString>() {
        text::parse(value.extract()?).ok()
    } else if value.hasattr("adjusted")? {
        // Written out only where it is not astronomically large or small.
        match value.call_method0("adjusted")?.extract::<i64>() {
            Ok(-40..=40) => text::parse(&value.call_method1("__format__", ("f",))?.extract::<String>()?).ok(),
            _ => None,
        }
    } else {
        return Err(PyTypeError::new_err(format!("{name} is a number, not {}", value.get_type().name()?)));
    };
    let number = number.filter(|number| bound.holds(*number)).and_then(|number| i64::try_from(number).ok());
    number.ok_or_else(|| {
        let accepted = bound.accepted;
        PyValueError::new_err(format!("{name} is a number of at most eight decimals, {accepted}, not {value}"))
    })
}

/// Grid units as a Decimal.
pub(crate) fn decimal<'py>(py: Python<'py>, units: i128) -> PyResult<Bound<'py, PyAny>> {
    py.import("decimal")?.getattr("Decimal")?.call1((units,))?.call_method1("scaleb", (-8,))
}
