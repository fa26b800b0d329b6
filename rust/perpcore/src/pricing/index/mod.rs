//! `index.value` and `index.state`: the price of an underlying from sources that nobody controls alone.
//!
//! Whatever a feed can do wrong is a reason why a source does not count ([`Out`]) and, where too few are left, a state with
//! its own [`Reason`]; never an error. An update is a time with any number of quotes, and one sample. It may rely on the
//! rulebook, and must never show a value as live that fewer groups made than the rulebook asks for.
//!
//! With a minority of the groups arbitrarily wrong the value stays near the honest ones: docs/pricing.md says how near and
//! why, `tests/pricing_bound.rs` attacks it.

mod health;
mod reason;
mod source;
mod survey;
mod weigh;

pub use reason::Reason;
pub use source::{Out, Quote};

use crate::fault::Fault;
use crate::message::PriceState;
use crate::rules::Underlying;
use crate::word::Word;
use health::Health;
use std::fmt::Write;
use survey::{Found, Survey};

/// What an index is after an update.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Value {
    /// When.
    pub time: i64,
    /// The last value that was accepted, in g; none before the first.
    pub value: Option<i64>,
    /// Whether it may be used.
    pub state: PriceState,
    /// Live groups.
    pub groups: u32,
    /// Whether the state is another one than before.
    pub state_changed: bool,
    /// Whether other sources are out than before, or for another reason.
    pub sources_changed: bool,
}

/// One source as it is now.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SourceView<'a> {
    /// Its name.
    pub id: &'a str,
    /// The group behind it; none for a rate.
    pub group: Option<&'a str>,
    /// Its rank.
    pub rank: Option<u32>,
    /// Its weight in g.
    pub weight: Option<i64>,
    /// Its latest price as it was quoted, in g.
    pub price: Option<i64>,
    /// When the source stamped its latest quote.
    pub sent: Option<i64>,
    /// When that came.
    pub arrived: Option<i64>,
    /// Why it does not count; none where it does.
    pub out: Option<Out>,
}

/// What an index did so far.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Quotes that were taken, out ones included.
    pub taken: u64,
    /// Quotes that were stamped before the latest of their source.
    pub out_of_order: u64,
    /// Quotes of sources that the rulebook does not name.
    pub unknown: u64,
}

/// An index.
#[derive(Clone, Debug)]
pub struct Index {
    rules: Underlying,
    /// By name, for what reads names.
    names: Vec<(String, usize)>,
    time: Option<i64>,
    survey: Survey,
    health: Health,
    counters: Counters,
}

impl Index {
    /// The index of an underlying, frozen until its sources agree.
    ///
    /// ```
    /// use perpcore::pricing::index::{Index, Quote};
    /// use perpcore::rules::Rulebook;
    /// let text = r#"
    ///     venue.settlement = "USD"
    ///     underlying.BTC.sources = [{ id = "a", group = "A" }, { id = "b", group = "B" }, { id = "c", group = "C" }]
    /// "#;
    /// let rules = Rulebook::parse(text, "example")?;
    /// let mut index = Index::new(&rules.underlyings()[0]);
    /// let second = 1_000_000_000;
    /// for at in 0..5 {
    ///     let now = 1_800_000_000 * second + at * second;
    ///     let quotes = [100, 101, 102].map(|price| price * 100_000_000);
    ///     let quotes: Vec<_> = (0..).zip(quotes).map(|(source, price)| Quote { source, price: Ok(price), sent: now }).collect();
    ///     assert!(index.update(now, &quotes).is_ok());
    /// }
    /// assert_eq!(index.value().value, Some(101 * 100_000_000));
    /// # Ok::<(), perpcore::fault::Failure>(())
    /// ```
    pub fn new(rules: &Underlying) -> Index {
        let named = rules.sources.iter().map(|source| &source.id).chain(rules.rates.iter().map(|rate| &rate.source));
        let mut names: Vec<_> = named.cloned().zip(0..).collect();
        names.sort_unstable();
        Index {
            names,
            time: None,
            survey: Survey::new(rules),
            health: Health::new(&rules.index),
            counters: Counters::default(),
            rules: rules.clone(),
        }
    }

    /// The index under other rules: it holds its value, frozen until its sources agree, and remembers what was in quorum.
    pub fn succeed(rules: &Underlying, before: &Index) -> Index {
        let mut index = Index { time: before.time, ..Index::new(rules) };
        index.health.succeed(&before.health);
        index
    }

    /// The rulebook's section that it follows.
    pub fn rules(&self) -> &Underlying {
        &self.rules
    }

    /// The number of a source by its name, for [`Quote`].
    pub fn source(&self, name: &str) -> Option<usize> {
        let at = self.names.binary_search_by(|(known, _)| known.as_str().cmp(name)).ok()?;
        Some(self.names[at].1)
    }

    /// Takes the quotes of one time as one sample; without any, time passes.
    ///
    /// # Errors
    /// `time_order` where the time is before that of an earlier update, `implausible_time` beyond 2262; then nothing has
    /// changed.
    #[inline]
    pub fn update(&mut self, now: i64, quotes: &[Quote]) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let before = self.health.state();
        let lapsed = self.lapse(now);
        let mut any = false;
        for quote in quotes {
            let taken = self.survey.take(now, quote);
            let count = match taken {
                None => &mut self.counters.unknown,
                Some(true) => &mut self.counters.taken,
                Some(false) => &mut self.counters.out_of_order,
            };
            *count += 1;
            any |= taken == Some(true);
        }
        let Found { sample, quoted, recounted, changed } = self.survey.at(now);
        if quoted {
            self.health.sample(now, sample);
        } else if any || recounted {
            self.health.lapse(now, sample);
        }
        Ok(self.told(now, before, lapsed || changed))
    }

    /// Stops the price by command.
    ///
    /// # Errors
    /// As [`update`](Index::update).
    pub fn halt(&mut self, now: i64) -> Result<Value, Box<Fault>> {
        self.command(now, |health| health.halt(now))
    }

    /// Leads out of a halt, if the latest sample since was in quorum and still is; else nothing changes.
    ///
    /// # Errors
    /// As [`update`](Index::update).
    pub fn resume(&mut self, now: i64) -> Result<Value, Box<Fault>> {
        self.command(now, |health| {
            health.resume(now);
        })
    }

    /// Begins anew after a stop of whatever runs it: frozen, without what its sources said; a halt stays one. What time
    /// would have done since the latest update it did not do: nobody was there to see it.
    ///
    /// # Errors
    /// As [`update`](Index::update).
    pub fn restart(&mut self, now: i64) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let before = self.health.state();
        self.survey.forget();
        let Found { changed, .. } = self.survey.at(now);
        self.health.restart(now);
        Ok(self.told(now, before, changed))
    }

    /// The price at which an instrument may be settled (`settle.price`): the last value in quorum; or `price`, if that is
    /// approved and within the values in quorum of the last hour, ends included. None where it may not. A time before the
    /// latest update is that of the update.
    pub fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        self.health.settle_price(now.max(self.time.unwrap_or(now)), price, approval)
    }

    /// Whether a price is within the values in quorum of the last hour, ends included.
    pub fn spans(&self, now: i64, price: i64) -> bool {
        self.health.spans(now.max(self.time.unwrap_or(now)), price)
    }

    /// The average of the values in quorum at the whole seconds that end with the one at hand, so many of them (`settle.price`).
    pub fn average(&self, now: i64, seconds: i64) -> Option<i64> {
        self.health.average(now.max(self.time.unwrap_or(now)), seconds)
    }

    /// What it is since the latest update.
    pub fn value(&self) -> Value {
        let (value, state) = (self.health.held(), self.health.state());
        let time = self.time.unwrap_or(0);
        Value { time, value, state, groups: self.survey.groups(), state_changed: false, sources_changed: false }
    }

    /// Why it is in its state.
    pub fn reason(&self) -> Reason {
        self.health.reason()
    }

    /// Why it is in its state, and which sources are out why, in words.
    pub fn why(&self) -> String {
        let mut text = self.reason().to_string();
        for (at, source) in self.rules.sources.iter().enumerate() {
            if let Some(out) = self.survey.out(at).filter(|out| *out != Out::Standby) {
                let mark = if text.contains("; out: ") { ", " } else { "; out: " };
                // Writing to a text cannot fail.
                let _ = write!(text, "{mark}{} {}", source.id, out.text());
            }
        }
        text
    }

    /// Its sources as they are, those of rates last.
    pub fn sources(&self) -> impl Iterator<Item = SourceView<'_>> {
        let known = |time: i64| (time != i64::MIN).then_some(time);
        let view = move |id, at| {
            let source = self.survey.source(at);
            let price = (source.price != 0).then_some(source.price);
            let (sent, arrived) = (known(source.sent), known(source.arrived));
            SourceView { id, group: None, rank: None, weight: None, price, sent, arrived, out: None }
        };
        let own = self.rules.sources.iter().enumerate().map(move |(at, rules)| SourceView {
            group: Some(&rules.group),
            rank: Some(rules.rank),
            weight: Some(rules.weight),
            out: self.survey.out(at),
            ..view(&rules.id, at)
        });
        let (now, count) = (self.time.unwrap_or(0), self.rules.sources.len());
        let rates = self.rules.rates.iter().enumerate().map(move |(at, rules)| {
            let out = self.survey.judge_rate(now, at).0.err();
            SourceView { out, ..view(&rules.source, count + at) }
        });
        own.chain(rates)
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// SHA-256 over everything that a further call could depend on.
    pub fn digest(&self) -> [u8; 32] {
        super::digest(super::optional(self.time).into_iter().chain(self.survey.numbers()).chain(self.health.numbers()))
    }

    /// Checks that time does not run back.
    #[inline]
    fn passes(&mut self, now: i64) -> Result<(), Box<Fault>> {
        super::passes(&mut self.time, now)
    }

    /// Lets time pass up to `now`, with what it does to sources, each at its moment; whether it did something.
    #[inline]
    fn lapse(&mut self, now: i64) -> bool {
        let mut changed = false;
        while let Some(moment) = self.survey.lapses(now) {
            self.health.advance(moment);
            let found = self.survey.at(moment);
            if found.recounted {
                self.health.lapse(moment, found.sample);
            }
            changed |= found.changed;
        }
        self.health.advance(now);
        changed
    }

    fn command(&mut self, now: i64, command: impl FnOnce(&mut Health)) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let before = self.health.state();
        let lapsed = self.lapse(now);
        command(&mut self.health);
        Ok(self.told(now, before, lapsed))
    }

    #[inline]
    fn told(&self, now: i64, before: PriceState, sources_changed: bool) -> Value {
        let (value, state) = (self.health.held(), self.health.state());
        let groups = self.survey.groups();
        Value { time: now, value, state, groups, state_changed: state != before, sources_changed }
    }
}
