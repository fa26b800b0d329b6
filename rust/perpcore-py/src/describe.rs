//! Everything that is declared, for documentation, stubs and tables of codes.

use crate::batch::Schema;
use crate::raise::bad_argument;
use perpcore::fault::{Class, Code};
use perpcore::message::event::Kind as EventKind;
use perpcore::message::{Phase, Word};
use perpcore::num::bounds;
use perpcore::num::text::plain;
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use perpcore::sweep::assess::Way;
use perpcore::venue::permit::{Act, State, permitted};
use perpcore_arrow::contract::commands::{At, CommandKind, Reader};
use perpcore_arrow::contract::{COMMANDS, Kind, Need, TABLES, Table};
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

/// What the numbers of a reject are.
#[derive(IntoPyObject)]
struct Numbers {
    amount: &'static str,
    balance: &'static str,
}

/// The declarations: errors, rules, rulebook fields, tables, kinds of commands and events, bounds, the JSON schema of a rulebook.
#[pyfunction]
pub(crate) fn describe(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item(
        "errors",
        list(py, Code::ALL, |code, row| {
            let entry = code.entry();
            row.set_item("number", entry.number)?;
            row.set_item("name", entry.name)?;
            row.set_item("class", entry.class.exception())?;
            row.set_item("text", entry.text)?;
            row.set_item("accepted", entry.accepted)?;
            // What is wrong with a rulebook or a table as a whole refuses no command.
            let is_reject = matches!(entry.class, Class::Reject | Class::Input) || code.ground().parameter.is_some();
            row.set_item("rule", is_reject.then(|| code.ground().rule.id()))?;
            row.set_item("parameter", code.ground().parameter)?;
            row.set_item("numbers", code.numbers().map(|[amount, balance]| Numbers { amount, balance }))
        })?,
    )?;
    out.set_item(
        "rules",
        list(py, Rule::ALL, |rule, row| {
            let entry = rule.entry();
            row.set_item("id", entry.id)?;
            row.set_item("formula", entry.formula)?;
            row.set_item("source", entry.source)?;
            row.set_item("parameters", entry.parameters)
        })?,
    )?;
    out.set_item(
        "rulebook",
        list(py, Rulebook::fields(), |field, row| {
            row.set_item("path", &field.path)?;
            row.set_item("type", &field.form)?;
            row.set_item("unit", field.unit)?;
            row.set_item("default", &field.default)?;
            row.set_item("rules", field.rules().map(Rule::id).collect::<Vec<_>>())?;
            row.set_item("tightens", field.tightens())?;
            row.set_item("doc", field.doc)
        })?,
    )?;
    let permissions = PyList::empty(py);
    for (state, act) in State::ALL.iter().flat_map(|state| Act::ALL.iter().map(move |act| (*state, *act))) {
        let row = PyDict::new(py);
        row.set_item("state", state.text())?;
        row.set_item("act", act.text())?;
        for phase in Phase::ALL {
            row.set_item(phase.text(), permitted(act, *phase, state).map(|code| code.entry().name))?;
        }
        permissions.append(row)?;
    }
    out.set_item("permissions", permissions)?;
    out.set_item(
        "tables",
        list(py, TABLES, |table, row| {
            row.set_item("name", table.name)?;
            row.set_item("direction", if table.input { "in" } else { "out" })?;
            row.set_item("columns", columns(py, table)?)
        })?,
    )?;
    out.set_item(
        "commands",
        list(py, CommandKind::ALL, |kind, row| {
            let at = *kind as usize;
            let columns = |reader: Reader| {
                let used = CommandKind::columns(reader)[at];
                let columns = PyDict::new(py);
                for (at, column) in At::ALL.iter().zip(COMMANDS.columns) {
                    let bit = 1 << *at as u8;
                    if used.allowed & bit != 0 {
                        columns.set_item(column.name, if used.needed & bit != 0 { "needed" } else { "may" })?;
                    }
                }
                Ok::<_, PyErr>(used.is_carried_out().then_some(columns))
            };
            row.set_item("name", CommandKind::NAMES[at])?;
            row.set_item("columns", columns(Reader::Venue)?)?;
            row.set_item("book_columns", columns(Reader::Book)?)?;
            row.set_item("doc", CommandKind::DOCS[at])
        })?,
    )?;
    out.set_item(
        "events",
        list(py, EventKind::ALL, |kind, row| {
            row.set_item("name", kind.text())?;
            row.set_item("audience", kind.audience().text())?;
            row.set_item("doc", kind.doc())
        })?,
    )?;
    out.set_item(
        "bounds",
        list(py, bounds::ALL, |bound, row| {
            row.set_item("name", bound.name)?;
            row.set_item("min", plain(bound.min))?;
            row.set_item("max", plain(bound.max))?;
            row.set_item("accepted", bound.accepted)
        })?,
    )?;
    out.set_item("rulebook_schema", Rulebook::json_schema())?;
    Ok(out)
}

fn list<'py, T>(
    py: Python<'py>,
    items: impl IntoIterator<Item = T>,
    fill: impl Fn(T, &Bound<'py, PyDict>) -> PyResult<()>,
) -> PyResult<Bound<'py, PyList>> {
    let rows = PyList::empty(py);
    for item in items {
        let row = PyDict::new(py);
        fill(item, &row)?;
        rows.append(row)?;
    }
    Ok(rows)
}

fn columns<'py>(py: Python<'py>, table: &Table) -> PyResult<Bound<'py, PyList>> {
    list(py, table.columns.iter().chain(&table.others), |column, row| {
        let (kind, unit) = words(table, column.kind);
        row.set_item("name", column.name)?;
        row.set_item("type", kind)?;
        row.set_item("unit", unit)?;
        let need = match column.need {
            Need::Required => "yes",
            Need::OneOf => "one of these",
            Need::Optional => "no",
            Need::Given => "always",
            Need::Nullable => "or null",
        };
        row.set_item("required", need)?;
        row.set_item("doc", column.doc)
    })
}

/// What a column holds, in words, and its unit.
fn words(table: &Table, kind: Kind) -> (String, String) {
    let plain = |text: &str| (text.to_string(), String::new());
    match kind {
        Kind::Account => plain("account id"),
        Kind::Order => plain("uint64"),
        Kind::ClientId => plain("text, or an integer"),
        Kind::Instrument => plain("instrument"),
        Kind::Asset => plain("asset"),
        Kind::Symbol => plain("instrument or asset"),
        Kind::FeeTier => plain("fee tier"),
        Kind::Word(words) if table.input => plain(&words.join(", ")),
        Kind::Word(_) => plain("dictionary<int8, string>"),
        Kind::Text => plain("text"),
        Kind::Bool => plain("bool"),
        Kind::Time => plain("timestamp, UTC"),
        Kind::Number(bound) => (String::from("number"), bound.accepted.to_string()),
        Kind::Money => (String::from("decimal128(28, 8)"), String::from("whole units")),
        Kind::Exact => (String::from("decimal128(38, 24)"), String::from("whole units")),
        Kind::Product => (String::from("decimal128(38, 16)"), String::from("whole units")),
        Kind::Ratio => plain("float64"),
        Kind::Count | Kind::UpdateId => plain("int64"),
    }
}

/// The Arrow schema of a table of the contract.
#[pyfunction]
pub(crate) fn schema(name: &str) -> PyResult<Schema> {
    let names: Vec<&str> = TABLES.iter().map(|table| table.name).collect();
    let table = Table::named(name).ok_or_else(|| bad_argument("name", name, &names))?;
    Ok(Schema(perpcore_arrow::schema(table)))
}

/// What was built: version, profile, target, features of the processor that are in use.
#[pyfunction]
pub(crate) fn build_info(py: Python<'_>) -> PyResult<Bound<'_, PyDict>> {
    let out = PyDict::new(py);
    out.set_item("version", env!("CARGO_PKG_VERSION"))?;
    out.set_item("profile", if cfg!(debug_assertions) { "debug" } else { "release" })?;
    out.set_item("kernel", Way::chosen().name())?;
    out.set_item("target", format!("{}-{}", std::env::consts::ARCH, std::env::consts::OS))?;
    Ok(out)
}
