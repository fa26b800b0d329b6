//! The rulebook as a Python class.

use crate::raise::{raise, raise_fault};
use perpcore::fault::{Code, Fault};
use perpcore::rules::{self, Node, Value};
use perpcore_arrow::assess::Rules;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use std::path::PathBuf;

/// A rulebook: read, checked, never changed.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Rulebook(pub(crate) Rules);

impl Rulebook {
    fn inner(&self) -> &rules::Rulebook {
        &self.0.rulebook
    }
}

fn wrap(py: Python<'_>, outcome: Result<rules::Rulebook, perpcore::fault::Failure>) -> PyResult<Rulebook> {
    outcome.map(|rulebook| Rulebook(Rules::new(rulebook))).map_err(|failure| raise(py, &failure))
}

#[pymethods]
impl Rulebook {
    #[staticmethod]
    fn preset(py: Python<'_>, name: &str) -> PyResult<Rulebook> {
        wrap(py, rules::Rulebook::preset(name))
    }

    #[staticmethod]
    #[pyo3(signature = (text, file="<text>"))]
    fn parse(py: Python<'_>, text: &str, file: &str) -> PyResult<Rulebook> {
        wrap(py, rules::Rulebook::parse(text, file))
    }

    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Rulebook> {
        let file = path.display().to_string();
        let bytes = std::fs::read(&path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let fault = Fault { table: Some(file.clone()), ..Fault::new(Code::RulebookSyntax) };
            raise_fault(py, fault.accepts("a TOML text in UTF-8"))
        })?;
        wrap(py, rules::Rulebook::parse(&text, &file))
    }

    #[staticmethod]
    fn presets() -> Vec<&'static str> {
        rules::Rulebook::preset_names().to_vec()
    }

    #[staticmethod]
    fn schema() -> String {
        rules::Rulebook::json_schema()
    }

    #[getter]
    fn name(&self) -> Option<&str> {
        self.inner().name()
    }

    #[getter]
    fn version(&self) -> u32 {
        self.inner().version()
    }

    #[getter]
    fn digest(&self) -> &str {
        self.inner().digest()
    }

    #[getter]
    fn settlement(&self) -> &str {
        &self.inner().assets()[self.inner().venue().settlement].name
    }

    #[getter]
    fn instruments(&self) -> Vec<&str> {
        self.inner().instruments().iter().map(|instrument| &*instrument.name).collect()
    }

    #[getter]
    fn assets(&self) -> Vec<&str> {
        self.inner().assets().iter().map(|asset| &*asset.name).collect()
    }

    #[getter]
    fn fee_tiers(&self) -> Vec<&str> {
        self.inner().venue().fees.iter().map(|tier| &*tier.name).collect()
    }

    /// The underlying of an instrument or asset; none where it has none.
    fn underlying(&self, symbol: &str) -> Option<&str> {
        let rules = self.inner();
        let instrument = rules.instrument_index(symbol).map(|at| &*rules.instruments()[at].underlying);
        instrument.or_else(|| rules.assets()[rules.asset_index(symbol)?].underlying.as_deref())
    }

    fn edit(&self, py: Python<'_>, changes: &Bound<'_, PyDict>) -> PyResult<Rulebook> {
        let changes = changes.iter().map(|(path, value)| Ok((path.extract::<String>()?, tree(&value)?)));
        let changes = changes.collect::<PyResult<Vec<_>>>()?;
        wrap(py, self.inner().edit(&changes))
    }

    fn to_toml(&self) -> String {
        self.inner().to_toml()
    }

    fn canonical(&self) -> String {
        self.inner().canonical()
    }

    fn diff(&self, other: &Bound<'_, Rulebook>) -> Vec<Change> {
        self.inner().diff(other.get().inner()).into_iter().map(Change).collect()
    }

    fn source(&self, path: &str) -> Option<String> {
        self.inner().source(path)
    }

    fn __eq__(&self, other: &Bound<'_, PyAny>) -> bool {
        other.cast::<Rulebook>().is_ok_and(|other| other.get().inner() == self.inner())
    }

    fn __hash__(&self) -> u64 {
        // The digest is a hash already; any sixteen digits of it will do.
        u64::from_str_radix(&self.digest()[..16], 16).unwrap_or(0)
    }

    fn __repr__(&self) -> String {
        let name = self.name().unwrap_or("rulebook");
        format!("<Rulebook {name}@{} {}…>", self.version(), &self.digest()[..12])
    }

    fn __reduce__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyTuple>> {
        let parse = PyType::new::<Rulebook>(py).getattr("parse")?;
        let arguments = (self.to_toml(), self.name().unwrap_or("<text>"));
        (parse, arguments).into_pyobject(py)
    }
}

/// A Python value as a value of a rulebook. A float counts as its shortest text.
fn tree(value: &Bound<'_, PyAny>) -> PyResult<Value> {
    let nodes = |items: Vec<Bound<'_, PyAny>>| {
        items.iter().map(|item| tree(item).map(Node::from)).collect::<PyResult<Vec<_>>>().map(Value::Array)
    };
    if value.is_none() {
        Ok(Value::Null)
    } else if let Ok(flag) = value.cast::<PyBool>() {
        Ok(Value::Bool(flag.is_true()))
    } else if let Ok(text) = value.cast::<PyString>() {
        Ok(Value::Text(text.to_string()))
    } else if value.is_instance_of::<PyInt>() {
        Ok(Value::Number(value.str()?.to_string()))
    } else if let Ok(number) = value.cast::<PyFloat>() {
        if !number.value().is_finite() {
            return Err(PyValueError::new_err("a rulebook holds finite numbers"));
        }
        Ok(Value::Number(number.value().to_string()))
    } else if let Ok(list) = value.cast::<PyList>() {
        nodes(list.iter().collect())
    } else if let Ok(tuple) = value.cast::<PyTuple>() {
        nodes(tuple.iter().collect())
    } else if let Ok(dict) = value.cast::<PyDict>() {
        let entries = dict.iter().map(|(key, value)| Ok((key.extract::<String>()?, Node::from(tree(&value)?))));
        Ok(Value::Table(entries.collect::<PyResult<_>>()?))
    } else if value.hasattr("isoformat")? {
        Ok(Value::Datetime(value.call_method0("isoformat")?.extract()?))
    } else if value.hasattr("as_tuple")? {
        Ok(Value::Number(value.call_method1("__format__", ("f",))?.extract()?))
    } else {
        let kind = value.get_type().name()?.to_string();
        Err(PyTypeError::new_err(format!("a rulebook holds text, numbers, booleans, lists and tables, not {kind}")))
    }
}

/// One value that differs between two rulebooks.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Change(rules::Change);

#[pymethods]
impl Change {
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    #[getter]
    fn before(&self) -> Option<&str> {
        self.0.before.as_deref()
    }

    #[getter]
    fn after(&self) -> Option<&str> {
        self.0.after.as_deref()
    }

    #[getter]
    fn before_source(&self) -> Option<&str> {
        self.0.before_source.as_deref()
    }

    #[getter]
    fn after_source(&self) -> Option<&str> {
        self.0.after_source.as_deref()
    }

    fn __repr__(&self) -> String {
        let shown = |value: Option<&str>| value.unwrap_or("–").to_string();
        format!("<Change {}: {} → {}>", self.0.path, shown(self.before()), shown(self.after()))
    }
}
