//! What differs between two rulebooks.

use super::Rulebook;
use std::collections::{BTreeMap, BTreeSet};

/// One value that differs between two rulebooks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The dotted path.
    pub path: String,
    /// The value before in canonical TOML; `None` where nothing is set.
    pub before: Option<String>,
    /// The value after in canonical TOML; `None` where nothing is set.
    pub after: Option<String>,
    /// Where the value before comes from, if its rulebook says so.
    pub before_source: Option<String>,
    /// Where the value after comes from, if its rulebook says so.
    pub after_source: Option<String>,
}

/// Every canonical line that differs, by path.
pub(super) fn diff(before: &Rulebook, after: &Rulebook) -> Vec<Change> {
    let [old, new] = [before, after].map(|book| {
        let lines = book.lines().iter().map(|(path, value)| (path.as_str(), value.as_str()));
        lines.collect::<BTreeMap<_, _>>()
    });
    let paths: BTreeSet<_> = old.keys().chain(new.keys()).copied().collect();
    let changed = paths.into_iter().filter(|path| old.get(path) != new.get(path));
    changed
        .map(|path| Change {
            path: path.to_string(),
            before: old.get(path).map(ToString::to_string),
            after: new.get(path).map(ToString::to_string),
            before_source: before.source(path),
            after_source: after.source(path),
        })
        .collect()
}
