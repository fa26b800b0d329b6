//! Tables of the rulebook. [`section!`] declares one: a line a key, from which come the typed struct, the
//! reader, the canonical writer, the documentation and the JSON schema.

use super::json::Json;
use super::kind::{Field, Kind, Lines, Name};
use super::node::{Node, Value};
use super::path::join;
use super::problems::Problems;
use crate::fault::Code;
use crate::fault::nearest;
use std::collections::BTreeMap;
use std::marker::PhantomData;

/// A table with declared keys.
pub(super) trait Section: Default {
    /// Reads a table. Every key is read, whatever is wrong with the others.
    fn read(node: &Node, path: &str, problems: &mut Problems) -> Self;
    /// Writes every key canonically.
    fn write(&self, path: &str, lines: &mut Lines);
    /// Adds every key at a path.
    fn describe(path: &str, fields: &mut Vec<Field>);
    /// The schema of the table.
    fn schema() -> Json;
}

/// What a key means that is not written.
pub(super) enum Absent<T> {
    /// That is a problem.
    Required,
    /// This value.
    Is(T),
    /// A table without keys, which has its own defaults and required keys.
    Empty,
}

/// Declares a section: `"key" rust_name: type = when absent, kind, "doc";`, a line a key. `derived` fields are
/// filled in after reading; `check` names a function that looks for contradictions inside the section.
macro_rules! section {
    (
        $(#[$meta:meta])* $section:ident {
            $($key:literal $field:ident: $held:ty = $absent:expr, $kind:expr, $doc:literal;)*
        }
        $(derived { $($(#[$derived_meta:meta])* $derived:ident: $type:ty;)* })?
        $(check $check:path;)?
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        pub struct $section {
            $($($(#[$derived_meta])* pub $derived: $type,)*)?
            $(#[doc = $doc] pub $field: $held,)*
        }

        impl $crate::rules::section::Section for $section {
            fn read(
                node: &$crate::rules::node::Node,
                path: &str,
                problems: &mut $crate::rules::problems::Problems,
            ) -> Self {
                use $crate::rules::section::{Absent::*, read_key, refuse_unknown};
                refuse_unknown(node, path, &[$($key),*], problems);
                let section = $section {
                    $($($derived: Default::default(),)*)?
                    $($field: read_key(node, path, $key, $absent, &$kind, problems),)*
                };
                $($check(&section, node, path, problems);)?
                section
            }

            fn write(&self, path: &str, lines: &mut $crate::rules::kind::Lines) {
                use $crate::rules::{kind::Kind, path::join};
                $($kind.write(&self.$field, &join(path, $key), lines);)*
            }

            fn describe(path: &str, fields: &mut Vec<$crate::rules::kind::Field>) {
                use $crate::rules::section::{Absent::*, describe_key};
                $(describe_key(path, $key, $absent, &$kind, $doc, fields);)*
            }

            fn schema() -> $crate::rules::json::Json {
                use $crate::rules::section::{Absent::*, key_schema, table_schema};
                table_schema([$(key_schema($key, $absent, &$kind, $doc)),*])
            }
        }
    };
}
pub(super) use section;

/// The key that any table may have.
pub(super) const SOURCE: &str = "source";

/// Refuses what is no table, and keys that the table does not have.
pub(super) fn refuse_unknown(node: &Node, path: &str, known: &[&'static str], problems: &mut Problems) {
    let Some(table) = node.table() else {
        problems.refuse(path, node, format!("a table with {}", known.join(", ")));
        return;
    };
    for (key, entry) in table.iter().filter(|(key, _)| !known.contains(&key.as_str()) && *key != SOURCE) {
        let keys = format!("one of {}, {SOURCE}", known.join(", "));
        let accepted = match nearest(key, known.iter().copied()) {
            Some(meant) => format!("did you mean {meant}? {keys}"),
            None => keys,
        };
        problems.add(Code::UnknownKey, &join(path, key), entry.entry_place()).value(entry.show()).accepts(accepted);
    }
    refuse_bad_source(node, path, problems);
}

fn refuse_bad_source(node: &Node, path: &str, problems: &mut Problems) {
    if let Some(source) = node.get(SOURCE).filter(|source| source.text().is_none()) {
        problems.refuse(&join(path, SOURCE), source, "a text that says where the values of the table come from");
    }
}

/// Reads one key of a table, or takes what its absence means.
pub(super) fn read_key<K: Kind>(
    node: &Node,
    path: &str,
    key: &str,
    absent: Absent<K::Held>,
    kind: &K,
    problems: &mut Problems,
) -> K::Held {
    let path = join(path, key);
    match (node.get(key), absent) {
        (Some(entry), _) => kind.read(entry, &path, problems),
        (None, Absent::Is(value)) => value,
        (None, Absent::Empty) => {
            let empty = Node { place: node.entry_place().cloned(), ..Node::empty_table() };
            kind.read(&empty, &path, problems)
        }
        (None, Absent::Required) => {
            // A table of the wrong form has its own problem; what is missing in it is no second one.
            if node.table().is_some() {
                let mut fields = Vec::new();
                kind.describe(Field::default(), &mut fields);
                let form = fields.pop().map(|field| field.form).unwrap_or_default();
                problems.add(Code::MissingKey, &path, node.entry_place()).accepts(form);
            }
            K::Held::default()
        }
    }
}

/// Describes one key.
pub(super) fn describe_key<K: Kind>(
    path: &str,
    key: &str,
    absent: Absent<K::Held>,
    kind: &K,
    doc: &'static str,
    fields: &mut Vec<Field>,
) {
    let default = match absent {
        Absent::Required => "required".to_string(),
        Absent::Empty => String::new(),
        Absent::Is(value) => {
            let mut lines = Lines::new();
            kind.write(&value, "", &mut lines);
            lines.into_iter().map(|(_, text)| text).collect::<Vec<_>>().join(", ")
        }
    };
    // `*` stands for a name and is no key: it must not be quoted as one.
    let path = if path.is_empty() { key.to_string() } else { format!("{path}.{key}") };
    kind.describe(Field { path, default, doc, ..Field::default() }, fields);
}

/// The schema of one key. A required key may stand in what a rulebook extends, so it is only said to be required:
/// whether it is there the reader knows, an editor cannot.
pub(super) fn key_schema<K: Kind>(
    key: &'static str,
    absent: Absent<K::Held>,
    kind: &K,
    doc: &'static str,
) -> (&'static str, Json) {
    let required = if matches!(absent, Absent::Required) { " Required, here or in what is extended." } else { "" };
    (key, kind.schema().with("description", Json::text(format!("{doc}{required}"))))
}

/// The schema of a table of these keys.
pub(super) fn table_schema<const N: usize>(keys: [(&'static str, Json); N]) -> Json {
    let source = (SOURCE.to_string(), Json::of_type("string"));
    let properties = keys.into_iter().map(|(key, schema)| (key.to_string(), schema)).chain([source]).collect();
    Json::of_type("object").with("properties", Json::Object(properties)).with("additionalProperties", Json::Bool(false))
}

/// One section at a key.
pub(super) struct Nested<S>(PhantomData<S>);

/// One section `S`.
pub(super) const fn nested<S: Section>() -> Nested<S> {
    Nested(PhantomData)
}

impl<S: Section> Kind for Nested<S> {
    type Held = S;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> S {
        S::read(node, path, problems)
    }

    fn write(&self, held: &S, path: &str, lines: &mut Lines) {
        held.write(path, lines);
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        S::describe(&field.path, fields);
    }

    fn schema(&self) -> Json {
        S::schema()
    }
}

/// A section that has a name: one of many under one key.
pub(super) trait Named: Section {
    /// Its name.
    fn name(&self) -> &str;
    /// Gives it its name.
    fn set_name(&mut self, name: String);
}

/// Implements [`Named`] by the field `name`.
macro_rules! named {
    ($($section:ident),*) => {
        $(impl $crate::rules::section::Named for $section {
            fn name(&self) -> &str {
                &self.name
            }

            fn set_name(&mut self, name: String) {
                self.name = name;
            }
        })*
    };
}
pub(super) use named;

/// The index of a name in sections sorted by it.
pub(super) fn index_of<S: Named>(sections: &[S], name: &str) -> Option<usize> {
    sections.binary_search_by(|section| section.name().cmp(name)).ok()
}

/// Any number of sections, each under its name; read in the order of their names.
pub(super) struct ByName<S>(PhantomData<S>);

/// Any number of sections `S` by name.
pub(super) const fn by_name<S: Named>() -> ByName<S> {
    ByName(PhantomData)
}

impl<S: Named> Kind for ByName<S> {
    type Held = Vec<S>;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Vec<S> {
        let none = BTreeMap::new();
        if node.table().is_none() {
            problems.refuse(path, node, "tables by name");
        }
        refuse_bad_source(node, path, problems);
        let mut sections = Vec::new();
        for (name, entry) in node.table().unwrap_or(&none).iter().filter(|(key, _)| *key != SOURCE) {
            let path = join(path, name);
            if !Name::holds(name) {
                let accepted = super::kind::Leaf::form(&Name);
                problems.add(Code::InvalidValue, &path, entry.entry_place()).accepts(accepted);
            }
            let mut section = S::read(entry, &path, problems);
            section.set_name(name.clone());
            sections.push(section);
        }
        sections
    }

    fn write(&self, held: &Vec<S>, path: &str, lines: &mut Lines) {
        for section in held {
            section.write(&join(path, section.name()), lines);
        }
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        S::describe(&format!("{}.*", field.path), fields);
    }

    fn schema(&self) -> Json {
        Json::of_type("object")
            .with("properties", Json::object([(SOURCE, Json::of_type("string"))]))
            .with("additionalProperties", S::schema())
    }
}

/// Sections without names, in their order.
pub(super) struct Listed<S>(PhantomData<S>);

/// Sections `S` in their order.
pub(super) const fn listed<S: Section>() -> Listed<S> {
    Listed(PhantomData)
}

impl<S: Section> Listed<S> {
    fn form() -> String {
        let mut fields = Vec::new();
        S::describe("", &mut fields);
        let keys: Vec<_> = fields.into_iter().map(|field| format!("{}: {}", field.path, field.form)).collect();
        format!("tables in a list, each with {}", keys.join("; "))
    }
}

impl<S: Section> Kind for Listed<S> {
    type Held = Vec<S>;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Vec<S> {
        let Value::Array(items) = &node.value else {
            problems.refuse(path, node, Self::form());
            return Vec::new();
        };
        items.iter().map(|item| S::read(item, path, problems)).collect()
    }

    fn write(&self, held: &Vec<S>, path: &str, lines: &mut Lines) {
        let items = held.iter().map(|section| {
            let mut keys = Lines::new();
            section.write("", &mut keys);
            let keys: Vec<_> = keys.into_iter().map(|(key, text)| format!("{key} = {text}")).collect();
            format!("{{ {} }}", keys.join(", "))
        });
        lines.push((path.to_string(), format!("[{}]", items.collect::<Vec<_>>().join(", "))));
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        fields.push(Field { form: Self::form(), ..field });
    }

    fn schema(&self) -> Json {
        Json::of_type("array").with("items", S::schema())
    }
}

/// A value that need not be there and has no default.
pub(super) struct Maybe<K>(pub K);

impl<K: Kind> Kind for Maybe<K> {
    type Held = Option<K::Held>;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Option<K::Held> {
        Some(self.0.read(node, path, problems))
    }

    fn write(&self, held: &Option<K::Held>, path: &str, lines: &mut Lines) {
        if let Some(held) = held {
            self.0.write(held, path, lines);
        }
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        self.0.describe(field, fields);
    }

    fn schema(&self) -> Json {
        self.0.schema()
    }
}
