//! Dotted paths: `instrument.BTC-PERP.tiers`, a part in quotes where it is not a bare TOML key.

use toml::de::DeValue;

/// The path of a key below a path; the root is the empty path.
pub(super) fn join(path: &str, key: &str) -> String {
    match path {
        "" => bare_or_quoted(key),
        _ => format!("{path}.{}", bare_or_quoted(key)),
    }
}

/// The path of these parts.
pub(super) fn joined(parts: &[String]) -> String {
    parts.iter().fold(String::new(), |path, part| join(&path, part))
}

/// Whether `path` is `above` or stands below it.
pub(super) fn is_within(path: &str, above: &str) -> bool {
    path.strip_prefix(above).is_some_and(|rest| above.is_empty() || rest.is_empty() || rest.starts_with('.'))
}

/// A string as TOML writes it on one line. Only what a basic string must escape is escaped.
pub(super) fn quoted(text: &str) -> String {
    let mut out = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => out.extend(['\\', c]),
            c if c.is_control() => out.push_str(&format!("\\u{:04X}", u32::from(c))),
            c => out.push(c),
        }
    }
    out.push('"');
    out
}

fn bare_or_quoted(key: &str) -> String {
    let bare = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
    if !key.is_empty() && key.bytes().all(bare) { key.to_string() } else { quoted(key) }
}

/// The most parts of a path, far more than any key has: what is nested is walked by recursion.
const MOST_PARTS: usize = 16;

/// The parts of a dotted path; `None` where a part is empty, a quote is not closed, or there are too many.
pub(super) fn parts(path: &str) -> Option<Vec<String>> {
    let mut parts = Vec::new();
    let mut rest = path;
    loop {
        let end = if rest.starts_with('"') { closing_quote(rest)? + 1 } else { rest.find('.').unwrap_or(rest.len()) };
        let (part, after) = rest.split_at(end);
        if parts.len() == MOST_PARTS {
            return None;
        }
        parts.push(match part.starts_with('"') {
            true => unquoted(part)?,
            false if part.is_empty() => return None,
            false => part.to_string(),
        });
        match after.strip_prefix('.') {
            Some(next) => rest = next,
            None if after.is_empty() => return Some(parts),
            None => return None,
        }
    }
}

/// The index of the quote that closes the one at index 0.
fn closing_quote(text: &str) -> Option<usize> {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        match c {
            '"' if !escaped => return Some(at),
            _ => escaped = c == '\\' && !escaped,
        }
    }
    None
}

fn unquoted(part: &str) -> Option<String> {
    match DeValue::parse(part).ok()?.into_inner() {
        DeValue::String(text) => Some(text.into_owned()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_splits_at_dots_outside_quotes() {
        let rows: [(&str, Option<&[&str]>); 9] = [
            ("venue", Some(&["venue"])),
            ("instrument.BTC-PERP.tiers", Some(&["instrument", "BTC-PERP", "tiers"])),
            ("asset.\"A.B\".class", Some(&["asset", "A.B", "class"])),
            ("asset.\"a\\\"b\"", Some(&["asset", "a\"b"])),
            ("asset.BTC/USD.class", Some(&["asset", "BTC/USD", "class"])),
            ("", None),
            ("a..b", None),
            ("a.\"b", None),
            ("a.\"b\"c", None),
        ];
        assert_eq!(parts(&["a"; MOST_PARTS].join(".")).map(|parts| parts.len()), Some(MOST_PARTS));
        assert_eq!(parts(&["a"; MOST_PARTS + 1].join(".")), None);
        for (path, wanted) in rows {
            let wanted = wanted.map(|parts| parts.iter().map(ToString::to_string).collect::<Vec<_>>());
            assert_eq!(parts(path), wanted, "{path}");
        }
    }

    #[test]
    fn what_join_writes_parts_reads() {
        for key in ["USD", "A.B", "a \"quoted\" \\ name", "代幣", "", "a\u{7}b"] {
            assert_eq!(parts(&join("asset", key)), Some(vec!["asset".to_string(), key.to_string()]), "{key}");
        }
    }
}
