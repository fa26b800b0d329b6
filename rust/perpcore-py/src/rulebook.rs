//! The rulebook as a Python class.

use crate::raise::{raise, raise_fault};
use crate::run::caught;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::rules::{self, Node, Value};
use perpcore_arrow::assess::Rules;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple, PyType};
use std::path::PathBuf;

/// Every number that a venue chooses: read, checked whole, never changed, named by its digest.
///
/// Made by `preset`, `read`, `parse` and `edit`. Two rulebooks are equal when their digests are; names and sources may
/// differ. It may be shared between threads, is hashable, and pickles.
///
/// ```python
/// >>> import perpcore as pc
/// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
/// >>> rules.name, rules.version, rules.settlement
/// ('hk-vatp-perp', 1, 'USD')
/// >>> rules == pc.Rulebook.parse(rules.to_toml())
/// True
///
/// ```
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Rulebook(pub(crate) Rules);

impl Rulebook {
    fn inner(&self) -> &rules::Rulebook {
        &self.0.rulebook
    }
}

/// Names in alphabetical order; the rulebook of a venue that changed its rules has them in another.
fn sorted<'a>(names: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut names: Vec<_> = names.collect();
    names.sort_unstable();
    names
}

/// What some work makes of a rulebook.
fn made(py: Python<'_>, work: impl FnOnce() -> Result<rules::Rulebook, Failure>) -> PyResult<Rulebook> {
    caught(py, || work().map(|rulebook| Rulebook(Rules::new(rulebook))).map_err(|failure| raise(py, &failure)))
}

#[pymethods]
impl Rulebook {
    /// A rulebook of the package, by name with or without its version.
    ///
    /// Raises RulebookError `unknown_preset`.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> pc.Rulebook.preset("hk-vatp-perp") == pc.Rulebook.preset("hk-vatp-perp@1")
    /// True
    ///
    /// ```
    #[staticmethod]
    fn preset(py: Python<'_>, name: &str) -> PyResult<Rulebook> {
        made(py, || rules::Rulebook::preset(name))
    }

    /// Reads a rulebook from a TOML text; `file` names the text in problems.
    ///
    /// Raises RulebookError with every problem of the text at once.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.parse('extends = "hk-vatp-perp@1"\nvenue.call_factor = 1.5')
    /// >>> rules.diff(pc.Rulebook.preset("hk-vatp-perp"))[0].path
    /// 'venue.call_factor'
    /// >>> try:
    /// ...     pc.Rulebook.parse('extends = "hk-vatp-perp@1"\nvenue.call_facto = 1.5', "my.toml")
    /// ... except pc.errors.RulebookError as error:
    /// ...     print(error)
    /// my.toml:2:7  1002 unknown_key  venue.call_facto = 1.5   accepted: did you mean call_factor? ...
    ///
    /// ```
    #[staticmethod]
    #[pyo3(signature = (text, file="<text>"))]
    fn parse(py: Python<'_>, text: &str, file: &str) -> PyResult<Rulebook> {
        made(py, || rules::Rulebook::parse(text, file))
    }

    /// Reads a rulebook from a TOML file.
    ///
    /// Raises OSError where the file cannot be read, RulebookError as `parse`.
    ///
    /// ```python
    /// >>> import pathlib, perpcore as pc
    /// >>> _ = pathlib.Path("my.toml").write_text('name = "my"\nextends = "hk-vatp-perp@1"')
    /// >>> pc.Rulebook.read("my.toml").name
    /// 'my'
    ///
    /// ```
    #[staticmethod]
    fn read(py: Python<'_>, path: PathBuf) -> PyResult<Rulebook> {
        let file = path.display().to_string();
        let bytes = std::fs::read(&path)?;
        let text = String::from_utf8(bytes).map_err(|_| {
            let fault = Fault { table: Some(file.clone()), ..Fault::new(Code::RulebookSyntax) };
            raise_fault(py, fault.accepts("a TOML text in UTF-8"))
        })?;
        made(py, || rules::Rulebook::parse(&text, &file))
    }

    /// The names of the presets, without their versions.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> pc.Rulebook.presets()
    /// ['global-multi-collateral', 'hk-vatp-perp']
    ///
    /// ```
    #[staticmethod]
    fn presets() -> Vec<&'static str> {
        rules::Rulebook::preset_names().to_vec()
    }

    /// The JSON schema of a rulebook's TOML, for editors.
    ///
    /// ```python
    /// >>> import json, perpcore as pc
    /// >>> json.loads(pc.Rulebook.schema())["title"]
    /// 'perpcore rulebook'
    ///
    /// ```
    #[staticmethod]
    fn schema(py: Python<'_>) -> PyResult<String> {
        caught(py, || Ok(rules::Rulebook::json_schema()))
    }

    /// What the rulebook is called, or None; no part of the digest.
    #[getter]
    fn name(&self) -> Option<&str> {
        self.inner().name()
    }

    /// The version that its keeper counts.
    #[getter]
    fn version(&self) -> u32 {
        self.inner().version()
    }

    /// SHA-256 of `canonical()` in lowercase hexadecimal: two rulebooks of one digest give the same results.
    #[getter]
    fn digest(&self) -> &str {
        self.inner().digest()
    }

    /// The settlement currency: the unit of all money.
    #[getter]
    fn settlement(&self) -> &str {
        &self.inner().assets()[self.inner().venue().settlement].name
    }

    /// The names of the instruments, in alphabetical order.
    #[getter]
    fn instruments(&self) -> Vec<&str> {
        sorted(self.inner().instruments().iter().map(|instrument| &*instrument.name))
    }

    /// The names of the assets, the settlement currency among them, in alphabetical order.
    #[getter]
    fn assets(&self) -> Vec<&str> {
        sorted(self.inner().assets().iter().map(|asset| &*asset.name))
    }

    /// The names of the fee tiers, in alphabetical order; `standard` is everybody's who has no other.
    #[getter]
    fn fee_tiers(&self) -> Vec<&str> {
        sorted(self.inner().venue().fees.iter().map(|tier| &*tier.name))
    }

    /// The underlying of an instrument or asset; None where it has none or the rulebook does not know the symbol.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> rules.underlying("BTC-PERP"), rules.underlying("USD")
    /// ('BTC', None)
    ///
    /// ```
    fn underlying(&self, symbol: &str) -> Option<&str> {
        let rules = self.inner();
        let instrument = rules.instrument_index(symbol).map(|at| &*rules.instruments()[at].underlying);
        instrument.or_else(|| rules.assets()[rules.asset_index(symbol)?].underlying.as_deref())
    }

    /// The rulebook with changes by dotted path. A value replaces what stands there, tables too; None puts a key back to
    /// its default. All changes are made or none. A float counts as its shortest text.
    ///
    /// Raises RulebookError with every problem at once, TypeError and ValueError for what no rulebook holds.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> flat = rules.edit({"instrument.BTC-PERP.tiers": [[1_000_000, "1%", 20], ["rest", "5%", 10]]})
    /// >>> flat.diff(rules)[0].before
    /// '[[1000000, "1%", 20], ["rest", "5%", 10]]'
    ///
    /// ```
    fn edit(&self, py: Python<'_>, changes: &Bound<'_, PyDict>) -> PyResult<Rulebook> {
        let changes = changes.iter().map(|(path, value)| Ok((path.extract::<String>()?, tree(&value, 0)?)));
        let changes = changes.collect::<PyResult<Vec<_>>>()?;
        made(py, || self.inner().edit(&changes))
    }

    /// The whole rulebook as TOML: every value, defaults too, the name and the sources. It extends nothing and reads back
    /// to the same digest.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> pc.Rulebook.parse(rules.to_toml()).digest == rules.digest
    /// True
    ///
    /// ```
    fn to_toml(&self, py: Python<'_>) -> PyResult<String> {
        caught(py, || Ok(self.inner().to_toml()))
    }

    /// What the digest is taken over: a line `path = value` for every key that has a value, sorted by path; without name,
    /// sources and comments.
    ///
    /// ```python
    /// >>> import hashlib, perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> hashlib.sha256(rules.canonical().encode()).hexdigest() == rules.digest
    /// True
    ///
    /// ```
    fn canonical(&self, py: Python<'_>) -> PyResult<String> {
        caught(py, || Ok(self.inner().canonical()))
    }

    /// What differs in another rulebook, by path: objects with `path`, `before` and `after` (canonical TOML, None where
    /// nothing is set), `before_source` and `after_source`.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> [(one.path, one.before, one.after) for one in rules.diff(rules.edit({"venue.call_factor": 1.5}))]
    /// [('venue.call_factor', '1.25', '1.5')]
    ///
    /// ```
    fn diff(&self, py: Python<'_>, other: &Bound<'_, Rulebook>) -> PyResult<Vec<Change>> {
        caught(py, || Ok(self.inner().diff(other.get().inner()).into_iter().map(Change).collect()))
    }

    /// What differs in another rulebook and is not known to tighten, as `diff` has it: what lets somebody take more
    /// risk or money, asks somebody for less margin, or may. The version and the time from which it holds are no rules.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> rules = pc.Rulebook.preset("hk-vatp-perp")
    /// >>> other = rules.edit({"venue.call_factor": 1.5, "instrument.BTC-PERP.limits.open_orders": 300})
    /// >>> [(one.path, one.before, one.after) for one in rules.loosens(other)]
    /// [('instrument.BTC-PERP.limits.open_orders', '200', '300')]
    ///
    /// ```
    fn loosens(&self, py: Python<'_>, other: &Bound<'_, Rulebook>) -> PyResult<Vec<Change>> {
        caught(py, || Ok(self.inner().loosens(other.get().inner()).into_iter().map(Change).collect()))
    }

    /// Where a value comes from: the nearest `source` at or above its path, also of what the rulebook extends; None where
    /// there is none, or no such path.
    ///
    /// ```python
    /// >>> import perpcore as pc
    /// >>> pc.Rulebook.preset("hk-vatp-perp").source("asset.HKD.haircut")
    /// 'venue policy; stated in the preset table: haircut 0.5 %, close cost 0.1 %'
    ///
    /// ```
    fn source(&self, py: Python<'_>, path: &str) -> PyResult<Option<String>> {
        caught(py, || Ok(self.inner().source(path)))
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
        let arguments = (self.to_toml(py)?, self.name().unwrap_or("<text>"));
        (parse, arguments).into_pyobject(py)
    }
}

/// How deep a value may be nested, far deeper than any key: a list may hold itself.
const DEEPEST: usize = 16;

/// A Python value as a value of a rulebook. A float counts as its shortest text.
fn tree(value: &Bound<'_, PyAny>, depth: usize) -> PyResult<Value> {
    if depth == DEEPEST {
        return Err(PyValueError::new_err("a rulebook is not nested that deep"));
    }
    let nodes = |items: Vec<Bound<'_, PyAny>>| {
        items.iter().map(|item| tree(item, depth + 1).map(Node::from)).collect::<PyResult<Vec<_>>>().map(Value::Array)
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
        let entries =
            dict.iter().map(|(key, value)| Ok((key.extract::<String>()?, Node::from(tree(&value, depth + 1)?))));
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

/// One value that differs between two rulebooks; made by `Rulebook.diff` and `loosens`.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct Change(rules::Change);

#[pymethods]
impl Change {
    /// The dotted path.
    #[getter]
    fn path(&self) -> &str {
        &self.0.path
    }

    /// The value before in canonical TOML; None where nothing is set.
    #[getter]
    fn before(&self) -> Option<&str> {
        self.0.before.as_deref()
    }

    /// The value after in canonical TOML; None where nothing is set.
    #[getter]
    fn after(&self) -> Option<&str> {
        self.0.after.as_deref()
    }

    /// Where the value before comes from, if its rulebook says so.
    #[getter]
    fn before_source(&self) -> Option<&str> {
        self.0.before_source.as_deref()
    }

    /// Where the value after comes from, if its rulebook says so.
    #[getter]
    fn after_source(&self) -> Option<&str> {
        self.0.after_source.as_deref()
    }

    fn __repr__(&self) -> String {
        let shown = |value: Option<&str>| value.unwrap_or("–").to_string();
        format!("<Change {}: {} → {}>", self.0.path, shown(self.before()), shown(self.after()))
    }
}
