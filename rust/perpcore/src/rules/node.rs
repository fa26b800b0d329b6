//! The plain tree behind a rulebook: what stands in a text, or in an edit, before it means anything.
//!
//! Numbers stay the text they were written as, so that no float comes between a file and the grid.

use crate::fault::Place;
use std::collections::BTreeMap;

/// A value as written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Value {
    /// Nothing. TOML has no such value; in an edit it removes the key.
    Null,
    /// A string.
    Text(String),
    /// An integer or a decimal, as its own text without underscores: `12.5`.
    Number(String),
    /// `true` or `false`.
    Bool(bool),
    /// A date and time as its own text: `2026-12-01T00:00:00Z`.
    Datetime(String),
    /// Values in their order.
    Array(Vec<Node>),
    /// Values by key.
    Table(BTreeMap<String, Node>),
}

/// A value with the place where it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Node {
    /// What stands there.
    pub value: Value,
    /// Where the value begins; `None` if it is not from a text.
    pub place: Option<Place>,
    /// Where its key begins, if it has one.
    pub key_place: Option<Place>,
}

impl From<Value> for Node {
    fn from(value: Value) -> Self {
        Node { value, place: None, key_place: None }
    }
}

impl Node {
    /// A table without keys.
    pub(super) fn empty_table() -> Self {
        Value::Table(BTreeMap::new()).into()
    }

    /// The entries, if this is a table.
    pub(super) fn table(&self) -> Option<&BTreeMap<String, Node>> {
        match &self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The entries, if this is a table.
    pub(super) fn table_mut(&mut self) -> Option<&mut BTreeMap<String, Node>> {
        match &mut self.value {
            Value::Table(table) => Some(table),
            _ => None,
        }
    }

    /// The string, if this is one.
    pub(super) fn text(&self) -> Option<&str> {
        match &self.value {
            Value::Text(text) => Some(text),
            _ => None,
        }
    }

    /// The entry of a key, if this is a table that has it.
    pub(super) fn get(&self, key: &str) -> Option<&Node> {
        self.table()?.get(key)
    }

    /// The table of a key, made empty where the key is missing; `None` where something else stands.
    pub(super) fn table_at(&mut self, key: &str) -> Option<&mut Node> {
        let entry = self.table_mut()?.entry(key.to_string()).or_insert_with(Node::empty_table);
        entry.table().is_some().then_some(entry)
    }

    /// Where a problem of the entry as a whole is shown: at its key, else at its value.
    pub(super) fn entry_place(&self) -> Option<&Place> {
        self.key_place.as_ref().or(self.place.as_ref())
    }

    /// Lays `over` on top of this tree: tables merge, everything else is replaced.
    pub(super) fn merge(&mut self, over: Node) {
        let Node { value, place, key_place } = over;
        match (&mut self.value, value) {
            (Value::Table(below), Value::Table(above)) => {
                for (key, node) in above {
                    match below.get_mut(&key) {
                        Some(entry) => entry.merge(node),
                        None => {
                            below.insert(key, node);
                        }
                    }
                }
            }
            (below, above) => *below = above,
        }
        (self.place, self.key_place) = (place, key_place);
    }

    /// Takes out what is null, at every depth of tables.
    pub(super) fn without_nulls(mut self) -> Node {
        if let Value::Table(table) = self.value {
            let kept = table.into_iter().filter(|(_, node)| node.value != Value::Null);
            self.value = Value::Table(kept.map(|(key, node)| (key, node.without_nulls())).collect());
        }
        self
    }

    /// The value for a message: as written, cut where it is long.
    pub(super) fn show(&self) -> String {
        const LONGEST: usize = 60;
        let whole = match &self.value {
            Value::Null => "null".to_string(),
            Value::Text(text) => super::path::quoted(text),
            Value::Number(text) | Value::Datetime(text) => text.clone(),
            Value::Bool(flag) => flag.to_string(),
            Value::Array(items) => format!("[{}]", items.iter().map(Node::show).collect::<Vec<_>>().join(", ")),
            Value::Table(table) => {
                format!("{{ {} }}", table.keys().map(String::as_str).collect::<Vec<_>>().join(", "))
            }
        };
        match whole.char_indices().nth(LONGEST) {
            None => whole,
            Some((at, _)) => format!("{}…", &whole[..at]),
        }
    }
}
