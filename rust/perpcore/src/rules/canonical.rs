//! The canonical form, what the digest is taken over, and the form for people to keep.

use super::book::Book;
use super::kind::{Field, Lines};
use super::node::Node;
use super::path::{join, joined, parts, quoted};
use super::section::{SOURCE, Section};
use sha2::{Digest, Sha256};

/// The canonical lines of a book, in the order of the declarations: everything but its name.
pub(super) fn lines(book: &Book) -> Lines {
    let mut lines = Lines::new();
    book.write("", &mut lines);
    lines.retain(|(path, _)| path != "name");
    lines
}

/// The lines as text: `path = value`, sorted by path, each with its newline.
pub(super) fn text(lines: &Lines) -> String {
    let mut sorted: Vec<_> = lines.iter().collect();
    sorted.sort_unstable();
    sorted.into_iter().map(|(path, value)| format!("{path} = {value}\n")).collect()
}

/// SHA-256 of a text in lowercase hexadecimal.
pub(super) fn digest(text: &str) -> String {
    Sha256::digest(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect()
}

/// The TOML text of canonical lines, with the name of the book and the sources that the tree holds.
pub(super) fn to_toml(name: Option<&str>, lines: &Lines, tree: &Node, fields: &[Field]) -> String {
    let mut lines = lines.clone();
    if let Some(name) = name {
        lines.insert(0, ("name".to_string(), quoted(name)));
    }
    sources(tree, "", &mut lines);
    let mut tables: Vec<(String, String)> = vec![(String::new(), String::new())];
    for (path, value) in &lines {
        let header = header_of(path, fields);
        let key = path.strip_prefix(&header).unwrap_or(path).trim_start_matches('.');
        let line = format!("{key} = {}\n", one_row_a_line(value));
        match tables.iter_mut().find(|(known, _)| *known == header) {
            Some((_, body)) => body.push_str(&line),
            None => tables.push((header, line)),
        }
    }
    let written = tables.into_iter().map(|(header, body)| match header.as_str() {
        "" => body,
        _ => format!("\n[{header}]\n{body}"),
    });
    written.collect()
}

/// The table under whose header a path is written: one part, or two where the second is a name.
fn header_of(path: &str, fields: &[Field]) -> String {
    let parts = parts(path).unwrap_or_default();
    let by_name = |first: &str| fields.iter().any(|field| field.path.starts_with(&format!("{first}.*.")));
    let depth = match parts.as_slice() {
        [first, _, _, ..] if by_name(first) => 2,
        [_, _, ..] => 1,
        _ => 0,
    };
    joined(&parts[..depth])
}

fn one_row_a_line(value: &str) -> String {
    match value.strip_prefix("[[").and_then(|rest| rest.strip_suffix("]]")) {
        Some(rows) => format!("[\n  [{}],\n]", rows.replace("], [", "],\n  [")),
        None => value.to_string(),
    }
}

/// The `source` of every table, as lines.
fn sources(node: &Node, path: &str, lines: &mut Lines) {
    let Some(table) = node.table() else { return };
    for (key, entry) in table {
        match entry.text() {
            Some(source) if key == SOURCE => lines.push((join(path, key), quoted(source))),
            _ => sources(entry, &join(path, key), lines),
        }
    }
}
