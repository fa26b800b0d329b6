//! Where the problems of a rulebook gather, so that all of them are reported at once and none twice.

use super::node::Node;
use super::path::{is_within, join};
use crate::fault::{Code, Failure, Fault, Place};

/// The table that a rulebook's faults name.
const TABLE: &str = "rulebook";

/// Problems found so far.
#[derive(Default)]
pub(super) struct Problems(Vec<Fault>);

/// The problem just added, to be completed.
pub(super) struct Added<'a>(&'a mut Fault);

impl Added<'_> {
    /// Says what would have been accepted.
    pub(super) fn accepts(self, accepted: impl Into<String>) -> Self {
        self.0.accepted = accepted.into();
        self
    }

    /// Shows the offending value.
    pub(super) fn value(self, value: impl Into<String>) -> Self {
        self.0.value = Some(value.into());
        self
    }

    /// Names the row of an array of rows, from 0.
    pub(super) fn row(self, row: usize) -> Self {
        self.0.row = Some(row as u64);
        self
    }
}

impl Problems {
    /// Adds a problem of a path.
    pub(super) fn add(&mut self, code: Code, path: &str, place: Option<&Place>) -> Added<'_> {
        let mut fault = Fault::new(code);
        fault.table = Some(TABLE.to_string());
        fault.column = (!path.is_empty()).then(|| path.to_string());
        fault.place = place.cloned();
        self.0.push(fault);
        let last = self.0.len() - 1;
        Added(&mut self.0[last])
    }

    /// Adds a value that its key does not accept.
    pub(super) fn refuse(&mut self, path: &str, node: &Node, accepted: impl Into<String>) -> Added<'_> {
        self.add(Code::InvalidValue, path, node.place.as_ref()).value(node.show()).accepts(accepted)
    }

    /// Adds a contradiction at the entry `key` of a table, unless that entry or one of `others` already has a
    /// problem: what could not be read contradicts nothing.
    pub(super) fn contradiction(&mut self, table: &Node, path: &str, key: &str, others: &[&str], accepted: String) {
        if std::iter::once(&key).chain(others).any(|key| self.any_at(&join(path, key))) {
            return;
        }
        let entry = table.get(key);
        let place = entry.map_or(table.entry_place(), |node| node.place.as_ref());
        let added = self.add(Code::Inconsistent, &join(path, key), place).accepts(accepted);
        if let Some(node) = entry {
            added.value(node.show());
        }
    }

    /// Whether a path, or something below it, has a problem.
    pub(super) fn any_at(&self, path: &str) -> bool {
        self.0.iter().any(|fault| fault.column.as_deref().is_some_and(|column| is_within(column, path)))
    }

    /// Forgets what may only look wrong because the preset that was meant is not known.
    pub(super) fn forget_what_needs_a_base(&mut self) {
        self.0.retain(|fault| !matches!(fault.code, Code::MissingKey | Code::Inconsistent));
    }

    /// The failure, if there is a problem: what is from no text first, then `main` from top to bottom, then what
    /// it extends.
    ///
    /// # Errors
    /// All problems that were added.
    pub(super) fn into_result(mut self, main: &str) -> Result<(), Failure> {
        self.0.sort_by(|a, b| order(a, main).cmp(&order(b, main)));
        match Failure::of(self.0) {
            Some(failure) => Err(failure),
            None => Ok(()),
        }
    }
}

fn order<'a>(fault: &'a Fault, main: &str) -> Option<(bool, &'a str, usize, usize)> {
    fault.place.as_ref().map(|place| (place.file != main, place.file.as_str(), place.line, place.column))
}
