//! Scalar arguments that are money, prices or quantities: one way to read all of them (docs/numbers.md), and one way back.

use perpcore::num::bounds::Bound as Limits;
use perpcore::num::{NotANumber, ONE, float, text};
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyFloat, PyInt, PyString};

/// A scalar argument in g, exactly, from `least` to `most`: an integer, a float by its shortest text, text in plain decimal
/// notation, a Decimal by its value, or a NumPy scalar of these.
///
/// # Errors
/// TypeError for anything else, booleans among it; ValueError for what is no number of at most eight decimals, or beyond.
#[pyfunction]
pub(crate) fn grid_units(name: &str, value: &Bound<'_, PyAny>, least: i128, most: i128) -> PyResult<i128> {
    let Some(number) = units(value)? else {
        return Err(PyTypeError::new_err(format!("{name} is a number, not {}", value.get_type().name()?)));
    };
    number.ok().filter(|number| (least..=most).contains(number)).ok_or_else(|| {
        let (least, most) = (text::plain(least), text::plain(most));
        let found = value.repr().map_or_else(|_| String::from("?"), |repr| repr.to_string());
        PyValueError::new_err(format!(
            "{name} is a number from {least} to {most}, of at most eight decimals, not {found}"
        ))
    })
}

/// A scalar argument in g, within what a column of its kind holds.
pub(crate) fn grid(name: &str, value: &Bound<'_, PyAny>, bound: &Limits) -> PyResult<i64> {
    let number = grid_units(name, value, bound.min, bound.max)?;
    i64::try_from(number).map_err(|_| PyValueError::new_err(format!("{name} is {}", bound.accepted)))
}

/// A number of g as a `Decimal`.
pub(crate) fn decimal<'py>(py: Python<'py>, units: i128) -> PyResult<Bound<'py, PyAny>> {
    py.import("decimal")?.getattr("Decimal")?.call1((units,))?.call_method1("scaleb", (-8,))
}

/// A Python or NumPy number in g, or why it is not on the grid; none where it is no number.
pub(crate) fn units(value: &Bound<'_, PyAny>) -> PyResult<Option<Result<i128, NotANumber>>> {
    Ok(match read(value)? {
        Some(read) => Some(read),
        None => of_numpy(value)?.map(|value| read(&value)).transpose()?.flatten(),
    })
}

fn read(value: &Bound<'_, PyAny>) -> PyResult<Option<Result<i128, NotANumber>>> {
    Ok(Some(if value.is_instance_of::<PyBool>() {
        return Ok(None);
    } else if value.is_instance_of::<PyInt>() {
        let whole = value.extract::<i64>().ok().and_then(|whole| i128::from(whole).checked_mul(ONE.into()));
        whole.ok_or(NotANumber::OutOfRange)
    } else if value.is_instance_of::<PyFloat>() {
        float::from_f64(value.extract()?)
    } else if value.is_instance_of::<PyString>() {
        text::parse(&value.extract::<String>()?)
    } else if value.is_instance(&value.py().import("decimal")?.getattr("Decimal")?)? {
        // Written out only where it is not astronomically large or small.
        match value.call_method0("adjusted")?.extract::<i64>() {
            Ok(-40..=40) => text::parse(&value.call_method1("__format__", ("f",))?.extract::<String>()?),
            _ if !value.is_truthy()? => Ok(0),
            Ok(..=-41) => Err(NotANumber::OffGrid),
            _ => Err(NotANumber::OutOfRange),
        }
    } else {
        return Ok(None);
    }))
}

/// The Python value of a NumPy scalar.
fn of_numpy<'py>(value: &Bound<'py, PyAny>) -> PyResult<Option<Bound<'py, PyAny>>> {
    let Some(numpy) = value
        .py()
        .import("sys")?
        .getattr("modules")?
        .call_method1("get", ("numpy",))?
        .extract::<Option<Bound<'py, PyAny>>>()?
    else {
        return Ok(None);
    };
    if value.is_instance(&numpy.getattr("generic")?)? { value.call_method0("item").map(Some) } else { Ok(None) }
}
