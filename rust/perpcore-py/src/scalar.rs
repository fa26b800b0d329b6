//! Scalar arguments that are money, prices or quantities: one way to read all of them (docs/numbers.md), and one way back.

use crate::raise::raise_fault;
use crate::run::caught;
use perpcore::fault::{Code, Fault};
use perpcore::num::bounds::Bound as Limits;
use perpcore::num::{NotANumber, ONE, float, text};
use perpcore_arrow::pricing::said;
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
    decimal_at(py, units, 8)
}

/// A number of units of 10 to the minus `decimals` as a `Decimal`, exactly whatever the context.
pub(crate) fn decimal_at<'py>(py: Python<'py>, units: i128, decimals: u32) -> PyResult<Bound<'py, PyAny>> {
    py.import("decimal")?.getattr("Decimal")?.call1((format!("{units}e-{decimals}"),))
}

/// A number as a `Decimal`, where there is one.
pub(crate) type Number<'py> = Option<Bound<'py, PyAny>>;

/// The same of a number of g.
pub(crate) fn number<'py>(py: Python<'py>, units: Option<i64>) -> PyResult<Number<'py>> {
    caught(py, || units.map(|units| decimal(py, units.into())).transpose())
}

/// As many characters of a refused value as help to find it.
const SHOWN: usize = 200;

/// A value of a table's column that came by itself, in g.
///
/// # Errors
/// As the column of a table: SchemaError for what is no number, InputError for one that is not accepted.
pub(crate) fn cell(
    value: &Bound<'_, PyAny>,
    bound: &Limits,
    table: &str,
    column: &str,
    row: Option<usize>,
) -> PyResult<i64> {
    let code = match units(value)? {
        None => Code::WrongType,
        Some(Err(reason)) => reason.into(),
        Some(Ok(number)) => match i64::try_from(number) {
            Ok(number) if bound.holds(number.into()) => return Ok(number),
            _ => Code::OutOfRange,
        },
    };
    let mut fault = shown(code, value, table, column);
    fault.row = row.map(|row| row as u64);
    let fault = if code == Code::OutOfRange { fault.accepts(bound.accepted) } else { fault };
    Err(raise_fault(value.py(), fault))
}

fn shown(code: Code, value: &Bound<'_, PyAny>, table: &str, column: &str) -> Fault {
    let text: String = value.to_string().chars().take(SHOWN).collect();
    Fault::new(code).in_column(table, column).value(text)
}

/// What a feed said, in g, as in a table: what is no number of the grid is said too, what is beyond 64 bits as far as they
/// reach.
///
/// # Errors
/// SchemaError for what is no number.
pub(crate) fn feed(value: &Bound<'_, PyAny>, table: &str, column: &str) -> PyResult<i64> {
    let is_negative = || match value.cast::<PyString>() {
        Ok(text) => text.to_string_lossy().starts_with('-'),
        Err(_) => value.lt(0).unwrap_or(false),
    };
    let read = units(value)?.and_then(|read| said(read, is_negative));
    read.ok_or_else(|| raise_fault(value.py(), shown(Code::WrongType, value, table, column)))
}

/// The same of a number that no feed says, so that it is one of the grid.
///
/// # Errors
/// SchemaError for what is no number, InputError for one off the grid.
pub(crate) fn on_grid(value: &Bound<'_, PyAny>, table: &str, column: &str) -> PyResult<i64> {
    match units(value)? {
        Some(Err(reason @ (NotANumber::NotFinite | NotANumber::OffGrid))) => {
            Err(raise_fault(value.py(), shown(reason.into(), value, table, column)))
        }
        _ => feed(value, table, column),
    }
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
