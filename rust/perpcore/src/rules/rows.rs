//! Open lists by size: an array of rows, each with the cap up to which it holds, the last one perhaps `"rest"`.

use super::json::Json;
use super::kind::{Amount, Field, Kind, Leaf, Lines, Number, Rate, positive};
use super::node::{Node, Value};
use super::path::quoted;
use super::problems::Problems;
use crate::fault::Code;
use crate::num::bounds::{self, Bound};
use crate::num::round::rate_of_leverage;
use crate::num::text;
use std::marker::PhantomData;

/// The word in place of the last cap.
pub(super) const REST: &str = "rest";

/// A row of an open list.
pub(super) trait Row: Clone {
    /// What the cells hold, in words.
    const COLUMNS: &'static [&'static str];
    /// Reads the cells; `None` if one of them is refused.
    fn read(cells: &mut Cells<'_>) -> Option<Self>;
    /// The cells in canonical TOML.
    fn texts(&self) -> Vec<String>;
    /// The schemas of the cells.
    fn schemas() -> Vec<Json>;
    /// The cap, inclusive; `None` for the rest.
    fn up_to(&self) -> Option<i128>;
    /// What contradicts the row's own cells, or the row before: the cell and what is accepted.
    fn contradictions(&self, before: Option<&Self>) -> Vec<(usize, String)>;
}

/// The cells of one row, and where their problems go.
pub(super) struct Cells<'a> {
    cells: &'a [Node],
    row: usize,
    path: &'a str,
    columns: &'static [&'static str],
    problems: &'a mut Problems,
}

impl Cells<'_> {
    /// Reads a cell.
    fn get<L: Leaf>(&mut self, column: usize, leaf: &L) -> Option<L::Held> {
        let held = leaf.parse(&self.cells[column].value);
        if held.is_none() {
            self.refuse(Code::InvalidValue, column, leaf.form());
        }
        held
    }

    /// Refuses a cell for what it is, or for what stands beside it.
    fn refuse(&mut self, code: Code, column: usize, accepted: String) {
        let (cell, accepted) = (&self.cells[column], format!("{}: {accepted}", self.columns[column]));
        self.problems.add(code, self.path, cell.place.as_ref()).value(cell.show()).accepts(accepted).row(self.row);
    }
}

/// The kind of an open list.
pub(super) struct Rows<R>(PhantomData<R>);

/// An open list of rows `R`.
pub(super) const fn rows<R: Row>() -> Rows<R> {
    Rows(PhantomData)
}

impl<R: Row> Rows<R> {
    fn form() -> String {
        format!("rows {}, at least one", Self::row_form())
    }

    fn row_form() -> String {
        format!("[{}]", R::COLUMNS.join(", "))
    }

    /// Reads one row and compares it with the row before, if that could be read.
    fn row(cells: &mut Cells<'_>, before: Option<&R>, last: bool) -> Option<R> {
        let row = R::read(cells)?;
        match (row.up_to(), before.and_then(R::up_to)) {
            (None, _) if !last => cells.refuse(Code::Inconsistent, 0, format!("\"{REST}\" only in the last row")),
            (Some(cap), Some(below)) if cap <= below => {
                cells.refuse(Code::Inconsistent, 0, format!("caps rise: more than {}", text::plain(below)));
            }
            _ => {}
        }
        for (column, accepted) in row.contradictions(before) {
            cells.refuse(Code::Inconsistent, column, accepted);
        }
        Some(row)
    }
}

impl<R: Row> Kind for Rows<R> {
    type Held = Vec<R>;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Vec<R> {
        let rows = match &node.value {
            Value::Array(rows) if !rows.is_empty() => rows,
            _ => {
                problems.refuse(path, node, Self::form());
                return Vec::new();
            }
        };
        let mut read: Vec<R> = Vec::new();
        for (number, row) in rows.iter().enumerate() {
            match &row.value {
                Value::Array(cells) if cells.len() == R::COLUMNS.len() => {
                    let mut cells = Cells { cells, row: number, path, columns: R::COLUMNS, problems: &mut *problems };
                    read.extend(Self::row(&mut cells, read.last(), number + 1 == rows.len()));
                }
                _ => {
                    problems.refuse(path, row, Self::row_form()).row(number);
                }
            }
        }
        read
    }

    fn write(&self, held: &Vec<R>, path: &str, lines: &mut Lines) {
        let rows: Vec<_> = held.iter().map(|row| format!("[{}]", row.texts().join(", "))).collect();
        lines.push((path.to_string(), format!("[{}]", rows.join(", "))));
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        fields.push(Field { form: Self::form(), ..field });
    }

    fn schema(&self) -> Json {
        let cells = Json::Number(R::COLUMNS.len().to_string());
        let row = Json::of_type("array")
            .with("items", Json::Array(R::schemas()))
            .with("minItems", cells.clone())
            .with("maxItems", cells);
        Json::of_type("array").with("minItems", Json::Number("1".to_string())).with("items", row)
    }
}

/// A slice of collateral of one asset: up to a quantity, a haircut.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Slice {
    /// Up to this quantity of the asset in g, inclusive; `None`: all the rest.
    pub up_to: Option<i128>,
    /// The haircut of the slice, a share in g, 0 to 1.
    pub rate: i64,
}

/// A slice of a charge on a notional: up to it, a rate.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Charge {
    /// Up to this notional in g of the settlement currency, inclusive; `None`: all the rest.
    pub up_to: Option<i128>,
    /// The rate of the slice in g, 0 to 1.
    pub rate: i64,
}

/// Rows of a cap and a rate, whose contradictions with the row before are those of `$contradictions`.
macro_rules! cap_and_rate {
    ($row:ident, $columns:expr, $contradictions:expr) => {
        impl Row for $row {
            const COLUMNS: &'static [&'static str] = &$columns;

            fn read(cells: &mut Cells<'_>) -> Option<Self> {
                let (up_to, rate) = (cells.get(0, &Cap), cells.get(1, &Rate(bounds::SHARE)));
                Some($row { up_to: up_to?, rate: rate? })
            }

            fn texts(&self) -> Vec<String> {
                vec![Cap.text(&self.up_to), Rate(bounds::SHARE).text(&self.rate)]
            }

            fn schemas() -> Vec<Json> {
                vec![Leaf::schema(&Cap), Leaf::schema(&Rate(bounds::SHARE))]
            }

            fn up_to(&self) -> Option<i128> {
                self.up_to
            }

            fn contradictions(&self, before: Option<&Self>) -> Vec<(usize, String)> {
                let found: Option<String> = before.and_then(|before| $contradictions(before.rate, self.rate));
                found.map(|accepted| (1, accepted)).into_iter().collect()
            }
        }
    };
}

// A haircut may be any after any other.
cap_and_rate!(Slice, ["up to quantity", "haircut"], |_, _| None);
cap_and_rate!(Charge, ["up to notional", "rate"], |before, rate| {
    (rate < before).then(|| format!("rates do not fall: at least {}", text::percent(before)))
});

/// A tier of an instrument: up to a notional, what margin it takes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tier {
    /// Up to this notional in g of the settlement currency, inclusive; `None`: all the rest.
    pub up_to: Option<i128>,
    /// The maintenance margin rate in g, 0 to 1.
    pub maintenance: i64,
    /// The largest leverage in g, at least 1.
    pub max_leverage: i64,
    /// The initial margin rate ⌈1 / max_leverage⌉ in g.
    pub initial: i64,
}

const LEVERAGE: Number = Number(bounds::LEVERAGE, "leverage");

impl Row for Tier {
    const COLUMNS: &'static [&'static str] = &["up to notional", "maintenance rate", "max leverage"];

    fn read(cells: &mut Cells<'_>) -> Option<Self> {
        let (up_to, maintenance) = (cells.get(0, &Cap), cells.get(1, &Rate(bounds::SHARE)));
        let max_leverage = cells.get(2, &LEVERAGE)?;
        Some(Tier { up_to: up_to?, maintenance: maintenance?, max_leverage, initial: rate_of_leverage(max_leverage) })
    }

    fn texts(&self) -> Vec<String> {
        vec![Cap.text(&self.up_to), Rate(bounds::SHARE).text(&self.maintenance), LEVERAGE.text(&self.max_leverage)]
    }

    fn schemas() -> Vec<Json> {
        vec![Leaf::schema(&Cap), Leaf::schema(&Rate(bounds::SHARE)), Leaf::schema(&LEVERAGE)]
    }

    fn up_to(&self) -> Option<i128> {
        self.up_to
    }

    fn contradictions(&self, before: Option<&Self>) -> Vec<(usize, String)> {
        let mut found = Vec::new();
        if self.maintenance > self.initial {
            found.push((1, format!("at most the initial rate ⌈1 / max leverage⌉ = {}", text::percent(self.initial))));
        }
        if let Some(before) = before {
            if self.maintenance < before.maintenance {
                found.push((1, format!("rates do not fall: at least {}", text::percent(before.maintenance))));
            }
            if self.max_leverage > before.max_leverage {
                let most = text::plain(i128::from(before.max_leverage));
                found.push((2, format!("initial rates do not fall: at most {most}")));
            }
        }
        found
    }
}

/// The cap of a row: a number above zero, or the word for the rest.
struct Cap;

/// Money and quantities of an asset share their bound.
const CAP: Bound = positive(bounds::POSTED, "0 < cap ≤ 10¹²");

impl Leaf for Cap {
    type Held = Option<i128>;

    fn parse(&self, value: &Value) -> Option<Option<i128>> {
        match value {
            Value::Text(word) if word == REST => Some(None),
            _ => Amount(CAP, "").parse(value).map(Some),
        }
    }

    fn text(&self, held: &Option<i128>) -> String {
        match held {
            None => quoted(REST),
            Some(cap) => text::plain(*cap),
        }
    }

    fn form(&self) -> String {
        format!("{}, or \"{REST}\"", Amount(CAP, "").form())
    }

    fn schema(&self) -> Json {
        let rest = Json::object([("const", Json::text(REST))]);
        Json::object([("anyOf", Json::Array(vec![Leaf::schema(&Amount(CAP, "")), rest]))])
    }
}
