//! TOML text to the plain tree, with the place of every key and value. The only file that knows the TOML reader.

use super::node::{Node, Value};
use super::problems::Problems;
use crate::fault::{Code, Failure, Place};
use std::ops::Range;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// Reads a TOML document; `file` names it in every place.
///
/// # Errors
/// [`Code::RulebookSyntax`] for every place where the text is not TOML.
pub(super) fn read(text: &str, file: &str) -> Result<Node, Failure> {
    let lines = Lines::of(text, file);
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut problems = Problems::default();
    for error in errors {
        let place = lines.place(error.span().map_or(text.len(), |span| span.start));
        problems.add(Code::RulebookSyntax, "", Some(&place)).accepts(format!("TOML; {}", error.message()));
    }
    problems.into_result(file)?;
    Ok(lines.node(None, 0..0, DeValue::Table(document.into_inner())))
}

/// Where the lines of a text begin, so that a byte becomes a line and a column without a scan from the top.
struct Lines<'a> {
    text: &'a str,
    file: &'a str,
    starts: Vec<usize>,
}

impl<'a> Lines<'a> {
    fn of(text: &'a str, file: &'a str) -> Self {
        let starts = std::iter::once(0).chain(text.match_indices('\n').map(|(at, _)| at + 1)).collect();
        Lines { text, file, starts }
    }

    fn place(&self, byte: usize) -> Place {
        let line = self.starts.partition_point(|start| *start <= byte).max(1);
        let start = self.starts[line - 1];
        let column = self.text.get(start..byte).map_or(0, |before| before.chars().count()) + 1;
        Place { file: self.file.to_string(), line, column }
    }

    fn node(&self, key: Option<Range<usize>>, span: Range<usize>, value: DeValue<'_>) -> Node {
        let value = match value {
            DeValue::String(text) => Value::Text(text.into_owned()),
            DeValue::Integer(number) => Value::Number(number.to_string()),
            DeValue::Float(number) => Value::Number(number.to_string()),
            DeValue::Boolean(flag) => Value::Bool(flag),
            DeValue::Datetime(time) => Value::Datetime(time.to_string()),
            DeValue::Array(items) => Value::Array(items.into_iter().map(|item| self.spanned(None, item)).collect()),
            DeValue::Table(table) => {
                let entry = |(key, item): (Spanned<_>, _)| {
                    let span = key.span();
                    (std::borrow::Cow::into_owned(key.into_inner()), self.spanned(Some(span), item))
                };
                Value::Table(table.into_iter().map(entry).collect())
            }
        };
        Node { value, place: Some(self.place(span.start)), key_place: key.map(|span| self.place(span.start)) }
    }

    fn spanned(&self, key: Option<Range<usize>>, item: Spanned<DeValue<'_>>) -> Node {
        let span = item.span();
        self.node(key, span, item.into_inner())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_and_values_know_their_line_and_column() {
        let tree = read("name = \"é\" \n[asset.USD]\nclass = 'fiat'\n", "f.toml").expect("TOML");
        let at = |node: &Node| {
            let place = |p: &Option<Place>| p.as_ref().map(|p| (p.line, p.column));
            (place(&node.key_place), place(&node.place))
        };
        assert_eq!(at(tree.get("name").expect("name")), (Some((1, 1)), Some((1, 8))));
        let usd = tree.get("asset").and_then(|assets| assets.get("USD")).expect("USD");
        assert_eq!(at(usd), (Some((2, 8)), Some((2, 1))));
        assert_eq!(at(usd.get("class").expect("class")), (Some((3, 1)), Some((3, 9))));
    }

    #[test]
    fn numbers_keep_their_text() {
        let tree = read("a = 1_000\nb = 0.10\nc = 1e3\nd = 0x10\ne = -inf\nf = 1_0.5", "f.toml").expect("TOML");
        for (key, text) in [("a", "1000"), ("b", "0.10"), ("c", "1e3"), ("d", "0x10"), ("e", "-inf"), ("f", "10.5")] {
            assert_eq!(tree.get(key).map(|n| n.value.clone()), Some(Value::Number(text.to_string())));
        }
    }

    #[test]
    fn every_syntax_error_is_reported() {
        let failure = read("a = \nb = 1\nb = 2\nc 3\n", "f.toml").expect_err("not TOML");
        let lines: Vec<_> = failure.problems().filter_map(|fault| fault.place.as_ref().map(|p| p.line)).collect();
        assert_eq!(lines, [1, 3, 4]);
        assert!(failure.problems().all(|fault| fault.code == Code::RulebookSyntax));
    }
}
