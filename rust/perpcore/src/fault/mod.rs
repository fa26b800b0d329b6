//! Errors as values: a [`Fault`] says what is wrong and where, a [`Failure`] is what a call returns.
//!
//! Every code is declared once in [`catalogue`]; the Python exceptions, the documentation and the reject codes
//! are generated from it.

mod catalogue;
mod nearest;

pub use catalogue::{Class, Code, Entry};
pub use nearest::nearest;

use crate::num::NotANumber;
use std::fmt;

/// A place in a text file, counted from 1.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, or the name of the text.
    pub file: String,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// One thing that is wrong with an input.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fault {
    /// Which of the catalogue's codes.
    pub code: Code,
    /// The table, or `rulebook`.
    pub table: Option<String>,
    /// The column, or the dotted path in a rulebook.
    pub column: Option<String>,
    /// The row in its table, from 0.
    pub row: Option<u64>,
    /// The offending value as text.
    pub value: Option<String>,
    /// What would have been accepted: the catalogue's text, or a more precise one.
    pub accepted: String,
    /// Where in a text file, for rulebooks.
    pub place: Option<Place>,
}

impl Fault {
    /// A fault with the catalogue's `accepted` text and no place yet.
    pub fn new(code: Code) -> Self {
        let accepted = code.entry().accepted.to_string();
        Fault { code, table: None, column: None, row: None, value: None, accepted, place: None }
    }

    /// Names the cell.
    #[must_use]
    pub fn at(mut self, table: &str, column: &str, row: usize) -> Self {
        self.row = Some(row as u64);
        self.in_column(table, column)
    }

    /// Names the column.
    #[must_use]
    pub fn in_column(mut self, table: &str, column: &str) -> Self {
        self.table = Some(table.to_string());
        self.column = Some(column.to_string());
        self
    }

    /// Shows the offending value.
    #[must_use]
    pub fn value(mut self, value: impl ToString) -> Self {
        self.value = Some(value.to_string());
        self
    }

    /// Says more precisely what is accepted.
    #[must_use]
    pub fn accepts(mut self, accepted: impl ToString) -> Self {
        self.accepted = accepted.to_string();
        self
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let entry = self.code.entry();
        if let Some(Place { file, line, column }) = &self.place {
            write!(
                f,
                "{file}:{line}:{column}  {} {}  {}",
                entry.number,
                entry.name,
                self.column.as_deref().unwrap_or("")
            )?;
            if let Some(value) = &self.value {
                write!(f, " = {value}")?;
            }
            return write!(f, "   accepted: {}", self.accepted);
        }
        write!(f, "{}", entry.text)?;
        if let Some(table) = &self.table {
            write!(f, ": {table}")?;
        }
        if let Some(column) = &self.column {
            write!(f, ".{column}")?;
        }
        if let Some(row) = self.row {
            write!(f, ", row {row}")?;
        }
        if let Some(value) = &self.value {
            write!(f, ", value {value}")?;
        }
        write!(f, "; accepted: {} [{} {}]", self.accepted, entry.number, entry.name)
    }
}

/// What a call that refused its input returns: the first fault is the error, the others stand beside it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Failure {
    first: Box<Fault>,
    others: Vec<Fault>,
}

/// How many faults a failure lists at most.
pub const LISTED: usize = 1_000;

impl Failure {
    /// A failure of these faults, first things first; `None` where there is none.
    pub fn of(faults: impl IntoIterator<Item = Fault>) -> Option<Self> {
        let mut faults = faults.into_iter().take(LISTED);
        let first = Box::new(faults.next()?);
        Some(Failure { first, others: faults.collect() })
    }

    /// The fault that names the error.
    pub fn first(&self) -> &Fault {
        &self.first
    }

    /// All listed faults, the first one included.
    pub fn problems(&self) -> impl Iterator<Item = &Fault> {
        std::iter::once(&*self.first).chain(&self.others)
    }
}

impl From<Fault> for Failure {
    fn from(fault: Fault) -> Self {
        Failure { first: Box::new(fault), others: Vec::new() }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first.place.is_some() {
            let mut between = "";
            for problem in self.problems() {
                write!(f, "{between}{problem}")?;
                between = "\n";
            }
            return Ok(());
        }
        write!(f, "{}", self.first)?;
        match self.others.len() {
            0 => Ok(()),
            n => write!(f, " (and {n} more in .problems)"),
        }
    }
}

impl std::error::Error for Failure {}

impl From<NotANumber> for Code {
    fn from(reason: NotANumber) -> Self {
        match reason {
            NotANumber::Malformed => Code::WrongType,
            NotANumber::NotFinite => Code::NotFinite,
            NotANumber::OffGrid => Code::OffGrid,
            NotANumber::OutOfRange => Code::OutOfRange,
        }
    }
}
