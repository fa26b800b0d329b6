//! A span of time: a whole number with its unit, held in nanoseconds.

use super::json::Json;
use super::kind::Leaf;
use super::node::Value;
use super::path::quoted;

/// A span of time above zero and at most so many nanoseconds.
pub(super) struct Duration(pub i64);

/// The units, the largest first, in nanoseconds.
const UNITS: [(&str, i64); 5] = [
    ("d", 86_400_000_000_000),
    ("h", 3_600_000_000_000),
    ("m", 60_000_000_000),
    ("s", 1_000_000_000),
    ("ms", 1_000_000),
];
/// Ten years: beyond it nothing is meant.
pub(super) const LONGEST: i64 = 3_650 * DAY;
/// A day.
pub(super) const DAY: i64 = UNITS[0].1;

/// A span in its largest whole unit.
fn span(held: i64) -> String {
    let whole = UNITS.iter().find(|(_, ns)| held % ns == 0 && held != 0);
    let (unit, ns) = whole.copied().unwrap_or(UNITS[4]);
    format!("{}{unit}", held / ns)
}

impl Leaf for Duration {
    type Held = i64;

    fn parse(&self, value: &Value) -> Option<i64> {
        let Value::Text(text) = value else { return None };
        let (count, unit) = text.split_at(text.find(|letter: char| !letter.is_ascii_digit())?);
        let (_, ns) = UNITS.iter().find(|(name, _)| *name == unit)?;
        let span = count.parse::<i64>().ok()?.checked_mul(*ns)?;
        (0 < span && span <= self.0).then_some(span)
    }

    fn text(&self, held: &i64) -> String {
        quoted(&span(*held))
    }

    fn form(&self) -> String {
        format!("a whole number above 0 with its unit, as \"10s\": ms, s, m, h or d, at most {}", span(self.0))
    }

    fn unit(&self) -> &'static str {
        "duration"
    }

    fn schema(&self) -> Json {
        Json::of_type("string").with("pattern", Json::text("^[0-9]+(ms|s|m|h|d)$"))
    }
}
