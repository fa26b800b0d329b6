//! Just enough JSON to write a schema.

use std::fmt;

/// A JSON value; numbers are their own text.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Json {
    Text(String),
    Number(String),
    Bool(bool),
    Array(Vec<Json>),
    Object(Vec<(String, Json)>),
}

impl Json {
    /// A string.
    pub(super) fn text(text: impl Into<String>) -> Json {
        Json::Text(text.into())
    }

    /// An object of these members, in this order.
    pub(super) fn object<const N: usize>(members: [(&str, Json); N]) -> Json {
        Json::Object(members.into_iter().map(|(key, value)| (key.to_string(), value)).collect())
    }

    /// The schema of a type by its JSON name.
    pub(super) fn of_type(name: &str) -> Json {
        Json::object([("type", Json::text(name))])
    }

    /// An array of strings.
    pub(super) fn texts<'a>(texts: impl IntoIterator<Item = &'a str>) -> Json {
        Json::Array(texts.into_iter().map(Json::text).collect())
    }

    /// The same object with one member more.
    pub(super) fn with(mut self, key: &str, value: Json) -> Json {
        if let Json::Object(members) = &mut self {
            members.push((key.to_string(), value));
        }
        self
    }
}

impl fmt::Display for Json {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Json::Text(text) => write_text(f, text),
            Json::Number(text) => f.write_str(text),
            Json::Bool(flag) => write!(f, "{flag}"),
            Json::Array(items) => {
                let mut between = "[";
                for item in items {
                    write!(f, "{between}{item}")?;
                    between = ",";
                }
                f.write_str(if items.is_empty() { "[]" } else { "]" })
            }
            Json::Object(members) => {
                let mut between = "{";
                for (key, value) in members {
                    f.write_str(between)?;
                    write_text(f, key)?;
                    write!(f, ":{value}")?;
                    between = ",";
                }
                f.write_str(if members.is_empty() { "{}" } else { "}" })
            }
        }
    }
}

fn write_text(f: &mut fmt::Formatter<'_>, text: &str) -> fmt::Result {
    f.write_str("\"")?;
    for c in text.chars() {
        match c {
            '"' | '\\' => write!(f, "\\{c}")?,
            c if u32::from(c) < 0x20 => write!(f, "\\u{:04x}", u32::from(c))?,
            c => write!(f, "{c}")?,
        }
    }
    f.write_str("\"")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn json_is_written_with_its_escapes() {
        let value = Json::object([("a\"b", Json::texts(["x\n", "\\"])), ("n", Json::Number("0.5".into()))])
            .with("e", Json::Object(vec![]))
            .with("l", Json::Array(vec![]))
            .with("t", Json::Bool(true));
        assert_eq!(value.to_string(), r#"{"a\"b":["x\u000a","\\"],"n":0.5,"e":{},"l":[],"t":true}"#);
    }
}
