//! Changes by dotted path.

use super::Rulebook;
use super::kind::Field;
use super::node::{Node, Value};
use super::path::{is_within, join, joined, parts};
use super::problems::Problems;
use crate::fault::nearest;
use crate::fault::{Code, Failure};

/// A rulebook with changes, in their order.
///
/// # Errors
/// All problems of the changes and of the rulebook that they make.
pub(super) fn edit(before: &Rulebook, changes: &[(String, Value)]) -> Result<Rulebook, Failure> {
    let mut problems = Problems::default();
    let mut tree = before.tree().clone();
    for (path, value) in changes {
        let Some(parts) = parts(path) else {
            problems.add(Code::UnknownKey, path, None).accepts("a dotted path, as instrument.BTC-PERP.tiers");
            continue;
        };
        if parts == ["extends"] {
            let accepted = "no change: what it extends is already laid under a rulebook";
            problems.refuse(path, &value.clone().into(), accepted);
        } else if *value != Value::Null {
            set(&mut tree, &parts, value, &mut problems);
        } else if !remove(&mut tree, &parts) && !stands_at_default(before, &parts) {
            refuse_removal(before, path, &parts, &mut problems);
        }
    }
    Rulebook::build(tree, before.file(), problems)
}

fn refuse_removal(before: &Rulebook, path: &str, parts: &[String], problems: &mut Problems) {
    let Some((last, above)) = parts.split_last() else { return };
    let keys = before.keys_below(&joined(above));
    let accepted = match nearest(last, keys.iter().map(String::as_str)) {
        Some(meant) => format!("did you mean {meant}? a key of the rulebook"),
        None => "a key of the rulebook".to_string(),
    };
    problems.add(Code::UnknownKey, path, None).accepts(accepted);
}

/// Puts a value at a path, making the tables above it.
fn set(tree: &mut Node, parts: &[String], value: &Value, problems: &mut Problems) {
    let Some((last, above)) = parts.split_last() else { return };
    let mut table = tree;
    let mut path = String::new();
    for part in above {
        path = join(&path, part);
        match table.table_at(part) {
            Some(below) => table = below,
            None => {
                let full = join(&path, last);
                problems.add(Code::UnknownKey, &full, None).accepts(format!("{path} itself: it is no table"));
                return;
            }
        }
    }
    if let Some(entries) = table.table_mut() {
        entries.insert(last.clone(), Node::from(value.clone()).without_nulls());
    }
}

/// Takes a path out; whether it stood there.
fn remove(tree: &mut Node, parts: &[String]) -> bool {
    let Some((last, above)) = parts.split_last() else { return false };
    let mut table = tree;
    for part in above {
        match table.table_mut().and_then(|entries| entries.get_mut(part)) {
            Some(below) => table = below,
            None => return false,
        }
    }
    table.table_mut().is_some_and(|entries| entries.remove(last).is_some())
}

/// Whether a path that is not written is a key all the same: it has its default, and removing it changes nothing.
fn stands_at_default(book: &Rulebook, parts: &[String]) -> bool {
    let has_value = |parts: &[String]| book.lines().iter().any(|(line, _)| is_within(line, &joined(parts)));
    let declared = |field: &Field| {
        let pattern: Vec<_> = field.path.split('.').take(parts.len()).collect();
        let fits = |(part, pattern): (&String, &&str)| *pattern == "*" || part == pattern;
        // A name is no key: an instrument that is not there has no default, nor has a key of it.
        let names = pattern.iter().rposition(|key| *key == "*").map_or(0, |name| name + 1);
        let known = pattern.len() == parts.len() && parts.iter().zip(&pattern).all(fits);
        known && names < parts.len() && (names == 0 || has_value(&parts[..names]))
    };
    has_value(parts) || Rulebook::fields().any(declared)
}
