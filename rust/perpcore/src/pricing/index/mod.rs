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
mod weigh;

pub use reason::Reason;
pub use source::{Out, Quote};

use crate::fault::Fault;
use crate::message::PriceState;
use crate::num::bounds::PRICE;
use crate::num::round::div_even;
use crate::num::{E8, ONE, times};
use crate::rules::Underlying;
use crate::word::Word;
use health::{FEWEST, Health, Sample};
use source::Source;
use std::fmt::Write;
use weigh::Voice;

/// What a source is by the rulebook.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    group: usize,
    /// In units of what all weights have in common.
    weight: i64,
    rank: u32,
    /// The source that says what its currency is worth, and how old that may be.
    rate: Option<(usize, i64)>,
}

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
    fixed: Vec<Fixed>,
    /// By name, for what reads names.
    names: Vec<(String, usize)>,
    ranks: Vec<u32>,

    time: Option<i64>,
    /// The sources of the index, then those of the rates.
    sources: Vec<Source>,
    health: Health,
    /// Of the latest survey: why each source is out, how many groups count, and whether a source counts.
    outs: Vec<Option<Out>>,
    groups: u32,
    counted: u64,
    counters: Counters,

    // What a survey works with.
    prices: Vec<i64>,
    by_price: Vec<usize>,
    candidates: Vec<usize>,
    voices: Vec<Voice>,
    rising: Vec<usize>,
    said: Vec<Voice>,
    outs_before: Vec<Option<Out>>,
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
    ///     index.update(now, &quotes).unwrap();
    /// }
    /// assert_eq!(index.value().value, Some(101 * 100_000_000));
    /// # Ok::<(), perpcore::fault::Failure>(())
    /// ```
    pub fn new(rules: &Underlying) -> Index {
        let count = rules.sources.len();
        let mut groups: Vec<&str> = Vec::new();
        let unit = rules.weight_unit();
        let fixed = rules.sources.iter().map(|source| {
            let group = groups.iter().position(|group| *group == source.group).unwrap_or_else(|| {
                groups.push(&source.group);
                groups.len() - 1
            });
            let rate = rules.rates.iter().position(|rate| source.currency.as_ref() == Some(&rate.currency));
            let rate = rate.map(|at| (count + at, rules.rates[at].stale_after));
            Fixed { group, weight: source.weight / unit, rank: source.rank, rate }
        });
        let fixed: Vec<_> = fixed.collect();
        let named = rules.sources.iter().map(|source| &source.id).chain(rules.rates.iter().map(|rate| &rate.source));
        let mut names: Vec<_> = named.cloned().zip(0..).collect();
        names.sort_unstable();
        let mut ranks: Vec<_> = fixed.iter().map(|source| source.rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        Index {
            fixed,
            ranks,
            time: None,
            sources: vec![Source::NEW; names.len()],
            names,
            health: Health::new(&rules.index),
            outs: vec![Some(Out::Missing); count],
            groups: 0,
            counted: 0,
            counters: Counters::default(),
            prices: vec![0; count],
            by_price: (0..count).collect(),
            candidates: Vec::with_capacity(count),
            voices: vec![Voice::default(); groups.len()],
            rising: Vec::with_capacity(groups.len()),
            said: Vec::with_capacity(groups.len()),
            outs_before: Vec::with_capacity(count),
            rules: rules.clone(),
        }
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

    /// Counts a quote of a source that the rulebook does not name; nothing else changes.
    pub fn unknown(&mut self) {
        self.counters.unknown += 1;
    }

    /// Takes the quotes of one time as one sample; without any, time passes.
    ///
    /// # Errors
    /// `time_order` where the time is before that of an earlier update; then nothing has changed.
    #[inline]
    pub fn update(&mut self, now: i64, quotes: &[Quote]) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let max_ahead = self.rules.index.max_ahead;
        let mut taken = false;
        for quote in quotes {
            let Some(source) = self.sources.get_mut(quote.source) else {
                self.counters.unknown += 1;
                continue;
            };
            if source.take(quote.price, quote.sent, now, max_ahead) {
                self.counters.taken += 1;
                taken = true;
            } else {
                self.counters.out_of_order += 1;
            }
        }
        Ok(self.settle(now, taken))
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

    /// Begins anew after a stop of whatever runs it: frozen, without what its sources said; a halt stays one.
    ///
    /// # Errors
    /// As [`update`](Index::update).
    pub fn restart(&mut self, now: i64) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let before = self.health.state();
        self.sources.fill(Source::NEW);
        self.outs_before.clone_from(&self.outs);
        (self.groups, self.counted) = (0, 0);
        self.outs.fill(Some(Out::Missing));
        self.health.restart(now);
        Ok(self.told(now, before))
    }

    /// The price at which an instrument may be settled (`settle.price`): the last value in quorum; or `price`, if that is
    /// approved and within the values in quorum of the last hour, ends included. None where it may not.
    pub fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        self.health.settle_price(now, price, approval)
    }

    /// What it is since the latest update.
    pub fn value(&self) -> Value {
        let (value, state) = (self.health.held(), self.health.state());
        let time = self.time.unwrap_or(0);
        Value { time, value, state, groups: self.groups, state_changed: false, sources_changed: false }
    }

    /// Why it is in its state.
    pub fn reason(&self) -> Reason {
        self.health.reason()
    }

    /// Why it is in its state, and which sources are out why, in words.
    pub fn account(&self) -> String {
        let mut text = self.reason().to_string();
        for (source, out) in self.rules.sources.iter().zip(&self.outs) {
            if let Some(out) = out.filter(|out| *out != Out::Standby) {
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
        let view = move |id, source: &Source| SourceView {
            id,
            group: None,
            rank: None,
            weight: None,
            price: (source.price != 0).then_some(source.price),
            sent: known(source.sent),
            arrived: known(source.arrived),
            out: None,
        };
        let count = self.rules.sources.len();
        let own = self.rules.sources.iter().zip(&self.sources).zip(&self.outs).map(move |((rules, source), out)| {
            SourceView {
                group: Some(&rules.group),
                rank: Some(rules.rank),
                weight: Some(rules.weight),
                out: *out,
                ..view(&rules.id, source)
            }
        });
        let now = self.time.unwrap_or(0);
        let rates = self.rules.rates.iter().zip(&self.sources[count..]);
        let rates = rates.map(move |(rules, source)| SourceView {
            out: source.out(now, rules.stale_after, None),
            ..view(&rules.source, source)
        });
        own.chain(rates)
    }

    /// What it did so far.
    pub fn counters(&self) -> Counters {
        self.counters
    }

    /// SHA-256 over everything that a further call could depend on.
    pub fn digest(&self) -> [u8; 32] {
        let sources = self.sources.iter().flat_map(Source::numbers);
        let known = [i64::from(self.time.is_some()), self.time.unwrap_or(0), self.counted as i64];
        super::digest(known.into_iter().chain(sources).chain(self.health.numbers()))
    }

    /// Checks that time does not run back.
    #[inline]
    fn passes(&mut self, now: i64) -> Result<(), Box<Fault>> {
        super::passes(&mut self.time, now)
    }

    /// Surveys the sources and tells the states; `taken` says whether a quote came.
    #[inline]
    fn settle(&mut self, now: i64, taken: bool) -> Value {
        let before = self.health.state();
        self.health.advance(now);
        let counted = self.counted;
        let sample = self.survey(now);
        if taken || self.counted != counted {
            self.health.sample(now, sample);
        }
        self.told(now, before)
    }

    fn command(&mut self, now: i64, command: impl FnOnce(&mut Health)) -> Result<Value, Box<Fault>> {
        self.passes(now)?;
        let before = self.health.state();
        self.settle(now, false);
        command(&mut self.health);
        Ok(self.told(now, before))
    }

    #[inline]
    fn told(&self, now: i64, before: PriceState) -> Value {
        let state = self.health.state();
        let sources_changed = self.outs != self.outs_before;
        let value = self.health.held();
        Value { time: now, value, state, groups: self.groups, state_changed: state != before, sources_changed }
    }

    /// Finds out which sources count, and what their groups say.
    fn survey(&mut self, now: i64) -> Sample {
        self.judge(now);
        let (min_sources, drop_beyond) = (self.rules.index.min_sources, self.rules.index.drop_beyond);
        // Nearly in order already: few prices changed since.
        sort(&mut self.by_price, |source| self.prices[source]);
        for rank in 0..self.ranks.len() {
            let rank = self.ranks[rank];
            let alive = self.by_price.iter().filter(|&&at| self.outs[at].is_none_or(|out| out == Out::Beyond));
            self.candidates.clear();
            self.candidates.extend(alive.filter(|&&at| self.fixed[at].rank <= rank));
            let (groups, voted) = self.count(drop_beyond);
            // Where most groups were too far from the median of the sources, it was no median of theirs.
            self.groups = if 2 * groups < voted { 0 } else { groups };
            if self.groups >= min_sources {
                break;
            }
        }
        self.stand_by();
        let value = if self.groups < FEWEST { 0 } else { self.weigh() };
        Sample { value, groups: self.groups }
    }

    /// What each source is by itself, and its price in the settlement currency.
    fn judge(&mut self, now: i64) {
        self.outs_before.clone_from(&self.outs);
        let rules = &self.rules.index;
        for (at, fixed) in self.fixed.iter().enumerate() {
            let source = &self.sources[at];
            self.prices[at] = source.price;
            self.outs[at] = source.out(now, rules.stale_after, rules.unchanged_for);
            if let (Some((rate, stale_after)), None) = (fixed.rate, self.outs[at]) {
                let rate = &self.sources[rate];
                let price = div_even(times(source.price, rate.price), E8);
                match rate.out(now, stale_after, None) {
                    None if PRICE.holds(price) => self.prices[at] = price as i64,
                    None => self.outs[at] = Some(Out::OffDomain),
                    Some(_) => self.outs[at] = Some(Out::NoRate),
                }
            }
        }
    }

    /// Drops the candidates that are too far from their median; how many groups are left, and of how many.
    fn count(&mut self, drop_beyond: i64) -> (u32, u32) {
        let prices = self.candidates.iter().map(|&at| self.prices[at]);
        let middle = self.candidates.len() / 2;
        let twice = match (self.candidates.len() % 2, prices.clone().nth(middle)) {
            (_, None) => 0,
            (1, Some(price)) => 2 * price,
            (_, Some(price)) => price + self.prices[self.candidates[middle - 1]],
        };
        let (mut groups, mut voted, mut counted) = (0_u64, 0_u64, 0_u64);
        for &at in &self.candidates {
            let group = 1 << self.fixed[at].group;
            voted |= group;
            let beyond = times((2 * self.prices[at] - twice).abs(), ONE) > times(twice, drop_beyond);
            self.outs[at] = beyond.then_some(Out::Beyond);
            if !beyond {
                groups |= group;
                counted |= 1 << at;
            }
        }
        self.counted = counted;
        (groups.count_ones(), voted.count_ones())
    }

    /// Names those that were not asked.
    fn stand_by(&mut self) {
        let asked = self.candidates.iter().fold(0_u64, |asked, at| asked | 1 << at);
        for (at, out) in self.outs.iter_mut().enumerate() {
            if out.is_none() && asked & 1 << at == 0 {
                *out = Some(Out::Standby);
            }
        }
    }

    /// The value of what counts.
    fn weigh(&mut self) -> i64 {
        self.rising.clear();
        self.voices.fill(Voice::default());
        for &at in self.candidates.iter().filter(|&&at| self.counted & 1 << at != 0) {
            let Fixed { group, weight, .. } = self.fixed[at];
            let voice = &mut self.voices[group];
            if voice.weight == 0 {
                self.rising.push(group);
            }
            voice.sum += times(self.prices[at], weight);
            voice.weight += weight;
        }
        self.said.clear();
        self.said.extend(self.rising.iter().map(|&group| self.voices[group]));
        // One source a group came in the order of the prices.
        if self.counted.count_ones() as usize != self.said.len() {
            self.said.sort_unstable_by(Voice::cmp);
        }
        weigh::value(&self.said, self.rules.index.max_deviation, self.rules.index.max_group_weight)
    }
}

/// Sorts what is nearly sorted.
fn sort(order: &mut [usize], price: impl Fn(usize) -> i64) {
    for end in 1..order.len() {
        let mut at = end;
        while at > 0 && price(order[at - 1]) > price(order[at]) {
            order.swap(at - 1, at);
            at -= 1;
        }
    }
}
