//! The rulebook: every number that a venue chooses, read once, checked whole, named by a digest.
//!
//! Each section is declared in a file of its own, a line a key; the typed struct, the reader, the canonical form,
//! the documentation and the JSON schema come from that line. Nothing here computes margin, and nothing above
//! may hold a value that a rulebook should.
//!
//! The way of a text: `read` (TOML to a plain tree with places) → `preset` (the tree over what it extends) → the
//! sections (typed, every problem noted) → `canonical` (one text for one meaning, and its digest).

mod asset;
mod book;
mod canonical;
mod client;
mod curve;
mod diff;
mod duration;
mod edit;
mod instant;
mod instrument;
mod json;
mod kind;
mod liquidation;
mod node;
mod numbers;
mod pair;
mod path;
mod portfolio;
mod preset;
mod pricing;
mod problems;
mod read;
mod rows;
mod section;
mod tighten;
mod underlying;
mod venue;

pub use asset::{Asset, AssetClass, Liability};
pub use client::{Class, Client, Requirement};
pub use diff::Change;
pub use instrument::{Collar, CollarReference, InitialMethod, Instrument, Limits};
pub use kind::Field;
pub use liquidation::{AdlPolicy, Fund, FundMode, Liquidation};
pub use node::{Node, Value};
pub use portfolio::{Extended, Families, Measure, Portfolio, PortfolioUnderlying};
pub use pricing::{Funding, Mark, MarkMethod};
pub use rows::{Charge, Slice, Tier};
pub use underlying::{ConversionRate, Index, IndexSource, MOST_SOURCES, Thin, Underlying};
pub use venue::{Breaker, Changes, ClientIdWindow, FeeTier, Rates, STANDARD, Venue};

use crate::fault::{Failure, nearest};
use crate::rule::Rule;
use book::Book;
use kind::Lines;
use numbers::Numbers;
use path::is_within;
use problems::Problems;
use section::{SOURCE, Section};
use std::sync::{Arc, LazyLock};

/// A rulebook that stands: read, checked and never changed. A clone is the same book at the cost of a pointer.
///
/// ```
/// use perpcore::rules::Rulebook;
/// let rules = Rulebook::preset("hk-vatp-perp")?;
/// let perp = rules.instrument_index("BTC-PERP").map(|index| &rules.instruments()[index]);
/// assert_eq!(perp.map(|perp| perp.tiers[0].initial), Some(5_000_000)); // 5 % in g: at most 20 times
/// let wider = rules.edit(&[("venue.call_factor".to_string(), perpcore::rules::Value::Number("1.5".to_string()))])?;
/// assert_eq!(rules.diff(&wider)[0].path, "venue.call_factor");
/// assert_eq!(rules.digest().len(), 64);
/// # Ok::<(), perpcore::fault::Failure>(())
/// ```
#[derive(Clone, Debug)]
pub struct Rulebook(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The name of the text, for places.
    file: String,
    /// What was written, laid over what it extends.
    tree: Node,
    book: Book,
    numbers: Numbers,
    lines: Lines,
    digest: String,
}

static FIELDS: LazyLock<Vec<Field>> = LazyLock::new(|| {
    let mut fields = Vec::new();
    Book::describe("", &mut fields);
    fields
});

impl Rulebook {
    /// Reads a rulebook; `file` names the text in places.
    ///
    /// # Errors
    /// Every problem of the text at once, from top to bottom: `rulebook_syntax` where it is not TOML; else
    /// `unknown_key`, `missing_key`, `invalid_value`, `inconsistent`, `unknown_preset`.
    pub fn parse(text: &str, file: &str) -> Result<Rulebook, Failure> {
        Rulebook::build(read::read(text, file)?, file, Problems::default())
    }

    /// A rulebook of the package, by name with or without its version: `hk-vatp-perp`, `hk-vatp-perp@1`.
    ///
    /// # Errors
    /// `unknown_preset`.
    pub fn preset(name: &str) -> Result<Rulebook, Failure> {
        let (tree, full) = preset::tree(name)?;
        Rulebook::build(tree, full, Problems::default())
    }

    /// The names of the presets, without their versions.
    pub fn preset_names() -> &'static [&'static str] {
        preset::NAMES
    }

    /// A rulebook from a tree; `problems` may already hold some.
    fn build(written: Node, file: &str, mut problems: Problems) -> Result<Rulebook, Failure> {
        let (tree, base_found) = preset::extended(written, &mut problems)?;
        let mut book = Book::read(&book::with_implied(tree.clone()), "", &mut problems);
        if !base_found {
            problems.forget_what_needs_a_base();
        }
        problems.into_result(file)?;
        book.link();
        let lines = canonical::lines(&book);
        let digest = canonical::digest(&canonical::text(&lines));
        Ok(Rulebook(Arc::new(Inner { file: file.to_string(), tree, book, numbers: Numbers::default(), lines, digest })))
    }

    /// The rulebook with changes: dotted paths as `instrument.BTC-PERP.tiers`, a part in quotes where it holds a
    /// dot. A value replaces what stands there, tables too; [`Value::Null`] removes a key, which puts it back to its
    /// default. All changes are made or none.
    ///
    /// # Errors
    /// Every problem at once, as [`parse`](Rulebook::parse); those of the changes have no place.
    pub fn edit(&self, changes: &[(String, Value)]) -> Result<Rulebook, Failure> {
        edit::edit(self, changes)
    }

    /// SHA-256 of [`canonical`](Rulebook::canonical) in lowercase hexadecimal.
    pub fn digest(&self) -> &str {
        &self.0.digest
    }

    /// What the digest is taken over: a line `path = value` for every key that has a value, written or by default
    /// or implied, sorted by path, each with its newline. Without `name`, `source` and `extends`. Rates are
    /// percentages, numbers the shortest plain decimals, times UTC. The text is itself a rulebook of this digest.
    pub fn canonical(&self) -> String {
        canonical::text(&self.0.lines)
    }

    /// The whole rulebook as TOML: every value, the name and the sources. It extends nothing and reads back to the
    /// same digest.
    pub fn to_toml(&self) -> String {
        canonical::to_toml(self.name(), &self.0.lines, &self.0.tree, &FIELDS)
    }

    /// What differs in another rulebook, by path.
    pub fn diff(&self, other: &Rulebook) -> Vec<Change> {
        diff::diff(self, other)
    }

    /// Where a value comes from: the nearest `source` at or above its path, also of what the rulebook extends.
    /// `None` where there is none, or no such path.
    pub fn source(&self, path: &str) -> Option<String> {
        let parts = path::parts(path)?;
        let source_of = |node: &Node| node.get(SOURCE)?.text().map(str::to_string);
        let mut node = Some(&self.0.tree);
        let mut nearest = source_of(&self.0.tree);
        for part in &parts {
            node = node.and_then(|above| above.get(part));
            nearest = node.and_then(source_of).or(nearest);
        }
        let path = path::joined(&parts);
        let exists = node.is_some() || self.0.lines.iter().any(|(line, _)| is_within(line, &path));
        nearest.filter(|_| exists)
    }

    /// What the rulebook is called.
    pub fn name(&self) -> Option<&str> {
        self.0.book.name.as_deref()
    }

    /// The version that its keeper counts.
    pub fn version(&self) -> u32 {
        self.0.book.version
    }

    /// From when it holds, in nanoseconds UTC.
    pub fn effective(&self) -> Option<i64> {
        self.0.book.effective
    }

    /// What holds for the venue as a whole.
    pub fn venue(&self) -> &Venue {
        &self.0.book.venue
    }

    /// The assets by name, the settlement currency among them; in another order after
    /// [`aligned_to`](Rulebook::aligned_to).
    pub fn assets(&self) -> &[Asset] {
        &self.0.book.assets
    }

    /// The underlyings by name, those too that are only referred to; in another order after
    /// [`aligned_to`](Rulebook::aligned_to).
    pub fn underlyings(&self) -> &[Underlying] {
        &self.0.book.underlyings
    }

    /// The instruments by name; in another order after [`aligned_to`](Rulebook::aligned_to).
    pub fn instruments(&self) -> &[Instrument] {
        &self.0.book.instruments
    }

    /// Who may trade.
    pub fn client(&self) -> &Client {
        &self.0.book.client
    }

    /// How buckets in liquidation are closed; none where nothing is.
    pub fn liquidation(&self) -> Option<&Liquidation> {
        self.0.book.liquidation.as_ref()
    }

    /// The portfolio margin model.
    pub fn portfolio(&self) -> &Portfolio {
        &self.0.book.portfolio
    }

    /// The instrument that was probably meant.
    pub fn suggest_instrument(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.instruments().iter().map(|instrument| instrument.name.as_str()))
    }

    /// The asset that was probably meant.
    pub fn suggest_asset(&self, wrong: &str) -> Option<&str> {
        nearest(wrong, self.assets().iter().map(|asset| asset.name.as_str()))
    }

    /// The JSON schema of a rulebook's TOML, for editors.
    pub fn json_schema() -> String {
        Book::schema()
            .with("$schema", json::Json::text("http://json-schema.org/draft-07/schema#"))
            .with("title", json::Json::text("perpcore rulebook"))
            .to_string()
    }

    /// Every key that a rulebook can have, in the order of the declarations.
    pub fn fields() -> impl Iterator<Item = &'static Field> {
        FIELDS.iter()
    }

    fn tree(&self) -> &Node {
        &self.0.tree
    }

    fn file(&self) -> &str {
        &self.0.file
    }

    fn lines(&self) -> &Lines {
        &self.0.lines
    }

    /// The keys right below a path that have a value.
    fn keys_below(&self, above: &str) -> Vec<String> {
        let depth = path::parts(above).map_or(0, |parts| parts.len());
        let below = self.0.lines.iter().filter(|(line, _)| is_within(line, above));
        below.filter_map(|(line, _)| path::parts(line)?.into_iter().nth(depth)).collect()
    }
}

impl PartialEq for Rulebook {
    /// Whether the rules are the same; names and sources may differ.
    fn eq(&self, other: &Self) -> bool {
        self.digest() == other.digest()
    }
}

impl Eq for Rulebook {}

impl Field {
    /// The rules that read this key, from the registry.
    pub fn rules(&self) -> impl Iterator<Item = Rule> + '_ {
        Rule::ALL.iter().copied().filter(|rule| rule.entry().parameters.iter().any(|p| is_within(&self.path, p)))
    }
}

#[cfg(test)]
mod tests;
