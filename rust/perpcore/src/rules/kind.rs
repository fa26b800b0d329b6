//! What a key of the rulebook can hold. A kind reads a value, writes it canonically, and describes itself once
//! for the documentation, the JSON schema and the error texts.
//!
//! [`Leaf`] is a kind of one value; `section.rs` and `rows.rs` have those that hold more.

use super::json::Json;
use super::node::{Node, Value};
use super::path::quoted;
use super::problems::Problems;
use crate::num::bounds::{self, Bound};
use crate::num::text;
use crate::word::Word;
use std::marker::PhantomData;

/// A kind of value.
pub(super) trait Kind {
    /// The Rust type of the value. Its default stands in where a value is refused, never in a rulebook.
    type Held: Default;
    /// Reads a value; what is wrong with it goes to `problems`.
    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Self::Held;
    /// Writes a value canonically: `path = text`, one line or several, or none where nothing is set.
    fn write(&self, held: &Self::Held, path: &str, lines: &mut Lines);
    /// Adds the fields that this kind makes at a path.
    fn describe(&self, field: Field, fields: &mut Vec<Field>);
    /// Its JSON schema.
    fn schema(&self) -> Json;
}

/// Canonical lines, (path, TOML text of the value), in the order of the declarations.
pub(super) type Lines = Vec<(String, String)>;

/// One key of the rulebook, for documentation. Generated from the declarations.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Field {
    /// Its dotted path, `*` for any name: `instrument.*.tick`.
    pub path: String,
    /// What is written there, in words.
    pub form: String,
    /// The unit of the value; empty where it has none.
    pub unit: &'static str,
    /// The default in TOML, `required`, or empty where nothing is set unless written.
    pub default: String,
    /// What it means.
    pub doc: &'static str,
}

/// A kind of one value.
pub(super) trait Leaf {
    /// The Rust type of the value.
    type Held: Default;
    /// Reads a value; `None` where it is not of the [`form`](Leaf::form).
    fn parse(&self, value: &Value) -> Option<Self::Held>;
    /// The canonical TOML text.
    fn text(&self, held: &Self::Held) -> String;
    /// What is accepted, in words.
    fn form(&self) -> String;
    /// The unit.
    fn unit(&self) -> &'static str {
        ""
    }
    /// Its JSON schema.
    fn schema(&self) -> Json;
}

impl<L: Leaf> Kind for L {
    type Held = L::Held;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> L::Held {
        self.parse(&node.value).unwrap_or_else(|| {
            problems.refuse(path, node, self.form());
            L::Held::default()
        })
    }

    fn write(&self, held: &L::Held, path: &str, lines: &mut Lines) {
        lines.push((path.to_string(), self.text(held)));
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        fields.push(Field { form: self.form(), unit: self.unit(), ..field });
    }

    fn schema(&self) -> Json {
        Leaf::schema(self)
    }
}

/// A number in plain decimals with its bound and unit, held in g.
pub(super) struct Number(pub Bound, pub &'static str);

impl Leaf for Number {
    type Held = i64;

    fn parse(&self, value: &Value) -> Option<i64> {
        i64::try_from(Amount(self.0, self.1).parse(value)?).ok()
    }

    fn text(&self, held: &i64) -> String {
        text::plain(i128::from(*held))
    }

    fn form(&self) -> String {
        format!("a number of at most eight decimals, {}", self.0.accepted)
    }

    fn unit(&self) -> &'static str {
        self.1
    }

    fn schema(&self) -> Json {
        number_or(&self.0, &pattern(""))
    }
}

/// As [`Number`], for money and for quantities as large as balances.
pub(super) struct Amount(pub Bound, pub &'static str);

impl Leaf for Amount {
    type Held = i128;

    fn parse(&self, value: &Value) -> Option<i128> {
        match value {
            Value::Number(number) | Value::Text(number) => {
                text::parse(number).ok().filter(|value| self.0.holds(*value))
            }
            _ => None,
        }
    }

    fn text(&self, held: &i128) -> String {
        text::plain(*held)
    }

    fn form(&self) -> String {
        Number(self.0, self.1).form()
    }

    fn unit(&self) -> &'static str {
        self.1
    }

    fn schema(&self) -> Json {
        Leaf::schema(&Number(self.0, self.1))
    }
}

/// A share of something: `"1%"` or `0.01`, held in g.
pub(super) struct Rate(pub Bound);

impl Leaf for Rate {
    type Held = i64;

    fn parse(&self, value: &Value) -> Option<i64> {
        match value {
            Value::Number(rate) | Value::Text(rate) => text::parse_rate(rate).ok().filter(|rate| self.0.holds(*rate)),
            _ => None,
        }
        .and_then(|rate| i64::try_from(rate).ok())
    }

    fn text(&self, held: &i64) -> String {
        quoted(&text::percent(*held))
    }

    fn form(&self) -> String {
        format!("\"1%\" or 0.01, at most eight decimals, {}", self.0.accepted)
    }

    fn unit(&self) -> &'static str {
        "rate"
    }

    fn schema(&self) -> Json {
        number_or(&self.0, &pattern("( *%)?"))
    }
}

/// A whole number from `.0` to `.1`.
pub(super) struct Count(pub u32, pub u32);

impl Leaf for Count {
    type Held = u32;

    fn parse(&self, value: &Value) -> Option<u32> {
        let Value::Number(number) = value else { return None };
        number.parse().ok().filter(|value| (self.0..=self.1).contains(value))
    }

    fn text(&self, held: &u32) -> String {
        held.to_string()
    }

    fn form(&self) -> String {
        format!("a whole number, {} to {}", self.0, self.1)
    }

    fn schema(&self) -> Json {
        let [minimum, maximum] = [self.0, self.1].map(|end| Json::Number(end.to_string()));
        Json::of_type("integer").with("minimum", minimum).with("maximum", maximum)
    }
}

/// `true` or `false`.
pub(super) struct Flag;

impl Leaf for Flag {
    type Held = bool;

    fn parse(&self, value: &Value) -> Option<bool> {
        match value {
            Value::Bool(flag) => Some(*flag),
            _ => None,
        }
    }

    fn text(&self, held: &bool) -> String {
        held.to_string()
    }

    fn form(&self) -> String {
        "true or false".to_string()
    }

    fn schema(&self) -> Json {
        Json::of_type("boolean")
    }
}

/// Words for people.
pub(super) struct Text;

impl Leaf for Text {
    type Held = String;

    fn parse(&self, value: &Value) -> Option<String> {
        match value {
            Value::Text(text) => Some(text.clone()),
            _ => None,
        }
    }

    fn text(&self, held: &String) -> String {
        quoted(held)
    }

    fn form(&self) -> String {
        "a text in quotes".to_string()
    }

    fn schema(&self) -> Json {
        Json::of_type("string")
    }
}

/// The name of an asset, an underlying, an instrument or a fee tier.
pub(super) struct Name;

/// The longest name, in bytes.
pub(super) const LONGEST_NAME: usize = 64;

impl Name {
    /// Whether a text can be a name.
    pub(super) fn holds(text: &str) -> bool {
        !text.is_empty() && text.len() <= LONGEST_NAME && !text.chars().any(char::is_control)
    }
}

impl Leaf for Name {
    type Held = String;

    fn parse(&self, value: &Value) -> Option<String> {
        Text.parse(value).filter(|text| Name::holds(text))
    }

    fn text(&self, held: &String) -> String {
        quoted(held)
    }

    fn form(&self) -> String {
        format!("a name: 1 to {LONGEST_NAME} bytes without control characters")
    }

    fn schema(&self) -> Json {
        Json::of_type("string")
            .with("minLength", Json::Number("1".into()))
            .with("maxLength", Json::Number(LONGEST_NAME.to_string()))
    }
}

/// A kind of a fixed list of words.
pub(super) struct OneOf<W>(PhantomData<W>);

/// One word of the list `W`.
pub(super) const fn word<W: Word + Default>() -> OneOf<W> {
    OneOf(PhantomData)
}

impl<W: Word + Default> Leaf for OneOf<W> {
    type Held = W;

    fn parse(&self, value: &Value) -> Option<W> {
        let Value::Text(text) = value else { return None };
        W::parse(text)
    }

    fn text(&self, held: &W) -> String {
        quoted(held.text())
    }

    fn form(&self) -> String {
        W::ALL.iter().map(|word| quoted(word.text())).collect::<Vec<_>>().join(" or ")
    }

    fn schema(&self) -> Json {
        Json::object([("enum", Json::texts(W::ALL.iter().map(|word| word.text())))])
    }
}

/// A list of distinct items, each of another kind.
pub(super) struct ListOf<L>(pub L, pub &'static str);

impl<L: Leaf> Leaf for ListOf<L>
where
    L::Held: PartialEq,
{
    type Held = Vec<L::Held>;

    fn parse(&self, value: &Value) -> Option<Vec<L::Held>> {
        let Value::Array(items) = value else { return None };
        let held: Vec<_> = items.iter().map(|item| self.0.parse(&item.value)).collect::<Option<_>>()?;
        let distinct = (1..held.len()).all(|at| !held[..at].contains(&held[at]));
        distinct.then_some(held)
    }

    fn text(&self, held: &Vec<L::Held>) -> String {
        format!("[{}]", held.iter().map(|item| self.0.text(item)).collect::<Vec<_>>().join(", "))
    }

    fn form(&self) -> String {
        format!("a list of {}, each at most once", self.1)
    }

    fn schema(&self) -> Json {
        Json::of_type("array").with("items", self.0.schema())
    }
}

/// A limit, or the word `none`.
pub(super) struct OrNone<L>(pub L);

/// How no limit is written.
pub(super) const NO_LIMIT: &str = "none";

impl<L: Leaf> Leaf for OrNone<L> {
    type Held = Option<L::Held>;

    fn parse(&self, value: &Value) -> Option<Option<L::Held>> {
        if *value == Value::Text(NO_LIMIT.to_string()) {
            return Some(None);
        }
        self.0.parse(value).map(Some)
    }

    fn text(&self, held: &Option<L::Held>) -> String {
        held.as_ref().map_or_else(|| quoted(NO_LIMIT), |held| self.0.text(held))
    }

    fn form(&self) -> String {
        format!("{}, or {}", self.0.form(), quoted(NO_LIMIT))
    }

    fn unit(&self) -> &'static str {
        self.0.unit()
    }

    fn schema(&self) -> Json {
        let none = Json::object([("enum", Json::texts([NO_LIMIT]))]);
        Json::object([("anyOf", Json::Array(vec![none, self.0.schema()]))])
    }
}

/// A bound for what must be above zero.
pub(super) const fn positive(bound: Bound, accepted: &'static str) -> Bound {
    Bound { min: 1, accepted, ..bound }
}

/// A size in contracts: a lot, a contract size.
pub(super) const SIZE: Bound = positive(bounds::QUANTITY, "0 < quantity ≤ 10⁹");

/// The pattern of plain decimals with something after them.
fn pattern(after: &str) -> String {
    format!(r"^[+-]?([0-9]+\.?[0-9]*|\.[0-9]+){after}$")
}

fn number_or(bound: &Bound, pattern: &str) -> Json {
    let number = Json::of_type("number")
        .with("minimum", Json::Number(text::plain(bound.min)))
        .with("maximum", Json::Number(text::plain(bound.max)));
    let text = Json::of_type("string").with("pattern", Json::text(pattern));
    Json::object([("anyOf", Json::Array(vec![number, text]))])
}
