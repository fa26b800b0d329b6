//! `[portfolio]`: margin by scenarios over the whole account.

use super::json::Json;
use super::kind::{Amount, Count, Field, Flag, Kind, Leaf, Lines, Number, Rate};
use super::node::{Node, Value};
use super::path::{join, quoted};
use super::problems::Problems;
use super::rows::{Charge, rows};
use super::section::{Maybe, by_name, listed, named, nested, refuse_unknown, section};
use crate::num::bounds::{Bound, MOVE, POSTED, SHARE};
use crate::num::{E8, ONE, text, times};

section! {
    /// The portfolio margin model. Rates, moves and factors are in g, 10⁻⁸.
    Portfolio {
        "enabled" enabled: bool = Is(false), Flag, "Whether accounts may choose the model.";
        "min_equity" min_equity: i128 = Is(0), Amount(POSTED, "settlement currency"), "Equity that choosing the model takes; no valuation reads it.";
        "offset_credit" offset_credit: i64 = Is(0), Rate(SHARE), "Share of the profit in one underlying that counts against the loss in others.";
        "im_factor" im_factor: i64 = Is(ONE), Number(MARGIN_FACTOR, "factor"), "Initial margin is this multiple of the charge.";
        "mm_factor" mm_factor: i64 = Is(80_000_000), Number(MARGIN_FACTOR, "factor"), "Maintenance margin is this multiple of the charge, at most im_factor.";
        "minimum" minimum: i64 = Is(0), Rate(SHARE), "The charge is at least this share of the gross notional.";
        "measure" measure: Measure = Is(Measure::Worst), MeasureKind, "What is taken of the losses in all scenarios: the worst, or the expected shortfall at a level.";
        "families" families: Families = Empty, nested::<Families>(), "What each family of generated scenarios takes of the ranges.";
        "steps" steps: u32 = Is(4), Count(1, MOST_STEPS), "Steps a side of each family.";
        "underlying" underlyings: Vec<PortfolioUnderlying> = Is(vec![]), by_name::<PortfolioUnderlying>(), "The underlyings that generated scenarios move.";
        "extended" extended: Vec<Extended> = Is(vec![]), listed::<Extended>(), "Scenarios of one large move of all underlyings, of which a part counts.";
    }
    check Portfolio::check;
}

section! {
    /// What each family of generated scenarios takes of the ranges.
    Families {
        "correlated" correlated: i64 = Is(ONE), Rate(SCALE), "Scale of the moves of all underlyings in one direction.";
        "single" single: i64 = Is(70_000_000), Rate(SCALE), "Scale of the moves of one underlying.";
        "opposite" opposite: i64 = Is(35_000_000), Rate(SCALE), "Scale of the moves of one underlying against all others.";
    }
}

section! {
    /// One underlying in the portfolio model.
    PortfolioUnderlying {
        "range" range: i64 = Required, Rate(SHARE), "The largest move of the generated scenarios.";
        "basis" basis: i64 = Is(0), Rate(SHARE), "Charge on the gross notional for contracts that part from each other.";
        "concentration" concentration: Option<Vec<Charge>> = Is(None), Maybe(rows::<Charge>()), "Charge on the net notional by slices; beyond the last cap 100 %.";
    }
    derived {
        /// The name of the underlying.
        name: String;
    }
}

section! {
    /// One large move of all underlyings.
    Extended {
        "move" moved: i64 = Required, Rate(MOVE), "The move.";
        "factor" factor: Option<i64> = Is(None), Maybe(Rate(SHARE)), "The share of its profit and loss that counts; without it the effective move of each underlying is its range.";
    }
    check Extended::check;
}

named!(PortfolioUnderlying);

/// A factor of the whole charge: within it no requirement of an admitted account passes 128 bits.
const MARGIN_FACTOR: Bound = Bound { name: "margin factor", min: 0, max: 4 * E8, accepted: "0 ≤ factor ≤ 4" };
/// A scale of ranges.
const SCALE: Bound = Bound { name: "scale", min: 0, max: 10 * E8, accepted: "0 ≤ scale ≤ 10" };
/// More steps say nothing: between two steps nothing binds but in expected shortfall.
const MOST_STEPS: u32 = 50;
/// The most moves of a generated table, scenarios × underlyings: 32 MB.
const MOST_MOVES: u64 = 4_000_000;

/// What is taken of the losses in all scenarios.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Measure {
    /// The worst.
    #[default]
    Worst,
    /// The expected shortfall at this level in g: the mean of the worst 1 − level.
    Shortfall(i64),
}

/// `"worst"`, or `{ shortfall = "97.5%" }`.
struct MeasureKind;

const WORST: &str = "worst";
const SHORTFALL: &str = "shortfall";
const LEVEL: Rate = Rate(Bound { max: SHARE.max - 1, accepted: "0 ≤ level < 1 (100 %)", ..SHARE });

impl Kind for MeasureKind {
    type Held = Measure;

    fn read(&self, node: &Node, path: &str, problems: &mut Problems) -> Measure {
        match &node.value {
            Value::Text(word) if word == WORST => Measure::Worst,
            Value::Table(table) => {
                refuse_unknown(node, path, &[SHORTFALL], problems);
                match table.get(SHORTFALL) {
                    Some(level) => Measure::Shortfall(LEVEL.read(level, &join(path, SHORTFALL), problems)),
                    None => {
                        problems.refuse(path, node, self.form());
                        Measure::Worst
                    }
                }
            }
            _ => {
                problems.refuse(path, node, self.form());
                Measure::Worst
            }
        }
    }

    fn write(&self, held: &Measure, path: &str, lines: &mut Lines) {
        match held {
            Measure::Worst => lines.push((path.to_string(), quoted(WORST))),
            Measure::Shortfall(level) => {
                let path = if path.is_empty() { SHORTFALL.to_string() } else { join(path, SHORTFALL) };
                lines.push((path, LEVEL.text(level)));
            }
        }
    }

    fn describe(&self, field: Field, fields: &mut Vec<Field>) {
        fields.push(Field { form: self.form(), ..field });
    }

    fn schema(&self) -> Json {
        let worst = Json::object([("const", Json::text(WORST))]);
        let level = Json::of_type("object")
            .with("properties", Json::object([(SHORTFALL, Leaf::schema(&LEVEL)), ("source", Json::of_type("string"))]))
            .with("required", Json::texts([SHORTFALL]))
            .with("additionalProperties", Json::Bool(false));
        Json::object([("anyOf", Json::Array(vec![worst, level]))])
    }
}

impl MeasureKind {
    fn form(&self) -> String {
        format!("\"{WORST}\", or {{ {SHORTFALL} = {} }}", LEVEL.form())
    }
}

impl Portfolio {
    /// How many scenarios the rulebook generates.
    pub fn scenarios(&self) -> u64 {
        let sides = 2 * u64::from(self.steps);
        1 + sides * (1 + 2 * self.underlyings.len() as u64) + self.extended.len() as u64
    }

    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if self.mm_factor > self.im_factor {
            let most = text::plain(self.im_factor.into());
            problems.contradiction(node, path, "mm_factor", &["im_factor"], format!("at most im_factor, {most}"));
        }
        let Families { correlated, single, opposite } = self.families;
        let widest = correlated.max(single).max(opposite);
        for underlying in self.underlyings.iter().filter(|u| times(u.range, widest) > times(ONE, ONE)) {
            let (above, path) = (node.get("underlying"), join(path, "underlying"));
            let Some(entry) = above.and_then(|above| above.get(&underlying.name)) else { continue };
            let accepted = format!("a range that is at most 100 % at the largest scale, {}", text::percent(widest));
            problems.contradiction(entry, &join(&path, &underlying.name), "range", &[], accepted);
        }
        let moves = self.scenarios() * self.underlyings.len() as u64;
        if moves > MOST_MOVES {
            let accepted = format!("scenarios × underlyings of at most {MOST_MOVES}");
            problems.contradiction(node, path, "steps", &["underlying"], accepted);
        }
    }
}

impl Extended {
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if self.moved == 0 && self.factor.is_none() {
            let accepted = "a move other than 0, or a factor: the range needs a direction".to_string();
            problems.contradiction(node, path, "move", &["factor"], accepted);
        }
    }
}
