//! Which sources of an index count, and what their groups say: `index.value` up to the rounding.
//!
//! Little changes between two surveys, so only sources with a new quote, or whose time is over, are judged again, and what
//! follows from the set of sources that count is kept.

use super::health::{FEWEST, Sample};
use super::source::{Limits, Out, Quote, Source};
use super::weigh::{self, Shares, Voice};
use crate::num::bounds::PRICE;
use crate::num::round::{credit_from_e16, even_from_e16};
use crate::num::{ONE, times};
use crate::rules::{self, MOST_SOURCES, Underlying};

/// What a source is by the rulebook.
#[derive(Clone, Copy, Debug)]
struct Fixed {
    group: usize,
    /// In units of what all weights have in common.
    weight: i64,
    rank: u32,
    /// The rate that says what its currency is worth.
    rate: Option<usize>,
}

/// A source with its price in one number, so that their order is the order of prices: a price has 54 bits, a source 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Placed(i64);

impl Placed {
    #[inline(always)]
    fn new(price: i64, source: usize) -> Placed {
        Placed(price << 6 | source as i64)
    }

    #[inline(always)]
    fn price(self) -> i64 {
        self.0 >> 6
    }

    #[inline(always)]
    fn source(self) -> usize {
        (self.0 & 63) as usize
    }
}

/// What follows from the set of the sources that count.
#[derive(Clone, Copy, Debug)]
struct Plan {
    /// The set, a bit a source.
    counted: u64,
    groups: u32,
    shares: Shares,
}

/// Which of some sources count.
#[derive(Clone, Copy, Default)]
struct Dropped {
    counted: u64,
    beyond: u64,
    disagreeing: u64,
    /// Live groups; none where they disagree.
    groups: u32,
}

/// The sources of an index as they are.
#[derive(Clone, Debug)]
pub(super) struct Survey {
    rules: rules::Index,
    limits: Limits,
    fixed: Vec<Fixed>,
    /// The limits of the rates.
    rates: Vec<Limits>,
    ranks: Vec<u32>,
    /// The sources of the index, then those of rates.
    sources: Vec<Source>,
    /// Why a source does not count for what it is by itself; and the set of those that are live, a bit each.
    outs: Vec<Option<Out>>,
    live: u64,
    /// In the settlement currency, of those that are live.
    prices: Vec<i64>,
    /// Those that are live, by price, where that was needed.
    by_price: Vec<Placed>,
    unsorted: Vec<Placed>,
    /// Up to this time no source is other than it was judged, if no quote comes.
    until: i64,
    /// Sets of sources, a bit each: to be judged again, with a new quote, too far from the median, of a rank that was not asked.
    dirty: u64,
    quoted: u64,
    beyond: u64,
    standby: u64,
    /// Near the median, where most groups are not.
    disagreeing: u64,
    plan: Plan,
    groups: u32,
    /// What the groups of the plan say, by value.
    said: Vec<Voice>,
    /// What all groups say, by number; and which do, by the least price of each.
    voices: Vec<Voice>,
    spoke: Vec<usize>,
}

/// What a survey found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found {
    pub(super) sample: Sample,
    /// Whether a source that counts has a new quote.
    pub(super) quoted: bool,
    /// Whether other sources count than before.
    pub(super) recounted: bool,
    /// Whether other sources are out, or for another reason.
    pub(super) changed: bool,
}

impl Survey {
    pub(super) fn new(rules: &Underlying) -> Survey {
        let count = rules.sources.len();
        let mut groups: Vec<&str> = Vec::new();
        let unit = rules.weight_unit();
        let fixed = rules.sources.iter().map(|source| {
            let group = groups.iter().position(|group| *group == source.group).unwrap_or_else(|| {
                groups.push(&source.group);
                groups.len() - 1
            });
            let rate = rules.rates.iter().position(|rate| source.currency.as_ref() == Some(&rate.currency));
            Fixed { group, weight: source.weight / unit, rank: source.rank, rate }
        });
        let fixed: Vec<_> = fixed.collect();
        let mut ranks: Vec<_> = fixed.iter().map(|source| source.rank).collect();
        ranks.sort_unstable();
        ranks.dedup();
        let rules::Index { max_ahead, stale_after, unchanged_for, .. } = rules.index;
        let of_rate =
            |rate: &rules::ConversionRate| Limits { max_ahead, stale_after: rate.stale_after, unchanged_for: None };
        Survey {
            rules: rules.index.clone(),
            limits: Limits { max_ahead, stale_after, unchanged_for },
            rates: rules.rates.iter().map(of_rate).collect(),
            ranks,
            sources: vec![Source::NEW; count + rules.rates.len()],
            outs: vec![Some(Out::Missing); count],
            live: 0,
            prices: vec![0; count],
            by_price: Vec::with_capacity(count),
            unsorted: Vec::with_capacity(count),
            until: i64::MAX,
            dirty: 0,
            quoted: 0,
            beyond: 0,
            standby: 0,
            disagreeing: 0,
            plan: Plan { counted: 0, groups: 0, shares: Shares::Own },
            groups: 0,
            said: Vec::with_capacity(groups.len()),
            voices: vec![Voice::default(); groups.len()],
            spoke: Vec::with_capacity(groups.len()),
            fixed,
        }
    }

    /// Takes a quote; none where there is no such source, else whether it was not stamped before the latest one.
    #[inline]
    pub(super) fn take(&mut self, now: i64, quote: &Quote) -> Option<bool> {
        let source = self.sources.get_mut(quote.source)?;
        let taken = source.take(quote.price, quote.sent, now, self.limits.max_ahead);
        if quote.source < self.fixed.len() {
            self.dirty |= 1 << quote.source;
            self.quoted |= u64::from(taken) << quote.source;
        } else {
            let converted = self.fixed.iter().enumerate().filter(|(_, fixed)| fixed.rate.is_some());
            self.dirty |= converted.fold(0, |dirty, (at, _)| dirty | 1 << at);
        }
        Some(taken)
    }

    /// Forgets what the sources said.
    pub(super) fn forget(&mut self) {
        self.sources.fill(Source::NEW);
        self.dirty = self.all();
    }

    /// The next moment, up to `now`, at which a source is other than it was judged without a quote.
    #[inline]
    pub(super) fn lapses(&self, now: i64) -> Option<i64> {
        (self.until < now).then(|| self.until + 1)
    }

    /// Live groups.
    #[inline]
    pub(super) fn groups(&self) -> u32 {
        self.groups
    }

    /// Why a source does not count.
    pub(super) fn out(&self, source: usize) -> Option<Out> {
        let one = 1_u64 << source;
        let by_others =
            [(self.standby, Out::Standby), (self.beyond, Out::Beyond), (self.disagreeing, Out::Disagreement)];
        self.outs[source].or_else(|| by_others.iter().find(|(set, _)| set & one != 0).map(|(_, out)| *out))
    }

    /// What a currency is worth now, or why that is not known; and the last time at which that is so, if no quote comes.
    pub(super) fn judge_rate(&self, now: i64, rate: usize) -> (Result<i64, Out>, i64) {
        let source = &self.sources[self.fixed.len() + rate];
        let (judged, until) = source.judge(now, &self.rates[rate]);
        (judged.map(|()| source.price), until)
    }

    /// A source, those of rates last.
    pub(super) fn source(&self, at: usize) -> &Source {
        &self.sources[at]
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> impl Iterator<Item = i64> {
        self.sources.iter().flat_map(Source::numbers).chain([self.plan.counted as i64])
    }

    /// Judges what may be other than before, and lets the groups speak.
    #[inline]
    pub(super) fn at(&mut self, now: i64) -> Found {
        let (counted, out) = (self.plan.counted, (self.beyond, self.standby, self.disagreeing));
        let mut changed = false;
        if now > self.until {
            self.dirty = self.all();
            self.until = i64::MAX;
        }
        while self.dirty != 0 {
            let source = self.dirty.trailing_zeros() as usize;
            self.dirty &= self.dirty - 1;
            changed |= self.judge(now, source);
        }
        let value = match self.calm() {
            Some(value) => {
                (self.beyond, self.standby, self.disagreeing, self.groups) = (0, 0, 0, self.plan.groups);
                value
            }
            None => {
                self.sort();
                self.count();
                if self.groups < FEWEST { 0 } else { self.weigh() }
            }
        };
        Found {
            sample: Sample { value, groups: self.groups },
            quoted: std::mem::take(&mut self.quoted) & self.plan.counted != 0,
            recounted: self.plan.counted != counted,
            changed: changed || out != (self.beyond, self.standby, self.disagreeing),
        }
    }

    fn all(&self) -> u64 {
        self.fixed.iter().enumerate().fold(0, |all, (at, _)| all | 1 << at)
    }

    /// The value where all live sources are near each other, so that none can be dropped and no group bounded, and their
    /// groups have the weights that are theirs.
    ///
    /// Every median of prices from least to greatest lies between them, so none is further from it than greatest − least. If
    /// that is at most a share of the least, it is at most that share of the median. Then the value is the weighted mean of
    /// all, whatever their order: there is nothing to sort. What counts must have counted before, too.
    #[inline]
    fn calm(&self) -> Option<i64> {
        let Plan { counted, groups, shares } = self.plan;
        if self.ranks.len() != 1 || counted != self.live || groups < FEWEST || shares != Shares::Own {
            return None;
        }
        let (mut least, mut greatest, mut all) = (i64::MAX, 0, Voice::default());
        for (at, (price, fixed)) in self.prices.iter().zip(&self.fixed).enumerate() {
            if counted & 1 << at != 0 {
                (least, greatest) = (least.min(*price), greatest.max(*price));
                all.add(*price, fixed.weight);
            }
        }
        let share = self.rules.drop_beyond.min(self.rules.max_deviation);
        (times(greatest - least, ONE) <= times(least, share)).then(|| all.mean())
    }

    /// What a source is by itself, and its price in the settlement currency; whether it is out for another reason.
    #[inline]
    fn judge(&mut self, now: i64, at: usize) -> bool {
        let (judged, mut until) = self.sources[at].judge(now, &self.limits);
        let mut judged = judged.map(|()| self.sources[at].price);
        if let (Some(rate), Ok(price)) = (self.fixed[at].rate, judged) {
            let (rated, rate_until) = self.judge_rate(now, rate);
            until = until.min(rate_until);
            judged = match rated.map(|rate| even_from_e16(times(price, rate))) {
                Err(_) => Err(Out::NoRate),
                Ok(price) if PRICE.holds(price) => Ok(price as i64),
                Ok(_) => Err(Out::OffDomain),
            };
        }
        self.until = self.until.min(until);
        match judged {
            Ok(price) => {
                self.prices[at] = price;
                self.live |= 1 << at;
            }
            Err(_) => self.live &= !(1 << at),
        }
        let before = std::mem::replace(&mut self.outs[at], judged.err());
        before != self.outs[at]
    }

    /// Puts all live sources in order: each where as many are as are below it. No branch depends on a price, so that
    /// prices that cross each other all the time cost no more than others.
    fn sort(&mut self) {
        self.unsorted.clear();
        let live = self.prices.iter().enumerate().filter(|(at, _)| self.live & 1 << at != 0);
        self.unsorted.extend(live.map(|(at, price)| Placed::new(*price, at)));
        self.by_price.clear();
        self.by_price.resize(self.unsorted.len(), Placed(0));
        let mut below = [0_u8; MOST_SOURCES];
        for (at, placed) in self.unsorted.iter().enumerate() {
            let mut own = 0;
            for (other, below) in self.unsorted[..at].iter().zip(&mut below) {
                let is_below = u8::from(other < placed);
                own += is_below;
                *below += 1 - is_below;
            }
            below[at] = own;
        }
        for (placed, below) in self.unsorted.iter().zip(below) {
            self.by_price[usize::from(below)] = *placed;
        }
    }

    /// Finds the sources that count: of as few ranks as make enough groups, without those too far from the median of all.
    #[inline]
    fn count(&mut self) {
        let mut found = Dropped::default();
        self.standby = 0;
        if self.ranks.len() == 1 {
            found = self.drop_beyond(&self.by_price);
        } else {
            for &rank in &self.ranks {
                let asked = self.by_price.iter().copied().filter(|placed| self.fixed[placed.source()].rank <= rank);
                let asked: Vec<Placed> = asked.collect();
                self.standby = set(&self.by_price) & !set(&asked);
                found = self.drop_beyond(&asked);
                if found.groups >= self.rules.min_sources.max(FEWEST) {
                    break;
                }
            }
        }
        (self.beyond, self.disagreeing, self.groups) = (found.beyond, found.disagreeing, found.groups);
        if found.counted != self.plan.counted {
            self.plan = Plan { counted: found.counted, groups: self.groups_of(found.counted), shares: Shares::Own };
            self.speak();
            self.plan.shares = weigh::shares(&self.said, self.rules.max_group_weight);
        }
    }

    /// Drops those of the candidates, which rise, that are too far from their median.
    #[inline]
    fn drop_beyond(&self, candidates: &[Placed]) -> Dropped {
        let middle = candidates.len() / 2;
        let Some(upper) = candidates.get(middle).map(|placed| placed.price()) else {
            return Dropped::default();
        };
        // Twice the median, and the most that twice a price may be away from it.
        let twice = upper + if candidates.len() % 2 == 1 { upper } else { candidates[middle - 1].price() };
        let most = credit_from_e16(times(twice, self.rules.drop_beyond)) as i64;
        let is_beyond = |placed: &&Placed| (2 * placed.price() - twice).abs() > most;
        let beyond = set(candidates.iter().take_while(is_beyond).chain(candidates.iter().rev().take_while(is_beyond)));
        let all = set(candidates);
        let counted = all & !beyond;
        let groups = if counted == self.plan.counted { self.plan.groups } else { self.groups_of(counted) };
        // Where most groups are too far from the median of the sources, it is no median of theirs.
        if beyond != 0 && 2 * groups < self.groups_of(all) {
            return Dropped { beyond, disagreeing: counted, ..Dropped::default() };
        }
        Dropped { counted, beyond, groups, disagreeing: 0 }
    }

    fn groups_of(&self, sources: u64) -> u32 {
        let group = |(at, fixed): (usize, &Fixed)| if sources & 1 << at == 0 { 0 } else { 1_u64 << fixed.group };
        self.fixed.iter().enumerate().map(group).fold(0, |groups, group| groups | group).count_ones()
    }

    /// What the groups say, by value.
    #[inline]
    fn speak(&mut self) {
        let Plan { counted, groups, .. } = self.plan;
        let counts = |placed: &&Placed| counted & 1 << placed.source() != 0;
        self.said.clear();
        if counted.count_ones() == groups {
            // One source a group: in the order of the prices.
            let voice = |placed: &Placed| Voice::new(placed.price(), self.fixed[placed.source()].weight);
            self.said.extend(self.by_price.iter().filter(counts).map(voice));
            return;
        }
        self.voices.fill(Voice::default());
        self.spoke.clear();
        for placed in self.by_price.iter().filter(counts) {
            let Fixed { group, weight, .. } = self.fixed[placed.source()];
            if self.voices[group].weight == 0 {
                self.spoke.push(group);
            }
            self.voices[group].add(placed.price(), weight);
        }
        // Nearly in order: by the least price of each.
        self.said.extend(self.spoke.iter().map(|&group| self.voices[group]));
        self.said.sort_unstable_by(Voice::cmp);
    }

    /// The value of what counts.
    #[inline]
    fn weigh(&mut self) -> i64 {
        self.speak();
        weigh::value(&self.said, self.rules.max_deviation, self.plan.shares)
    }
}

/// A set of sources, a bit each.
fn set<'a>(sources: impl IntoIterator<Item = &'a Placed>) -> u64 {
    sources.into_iter().fold(0, |set, placed| set | 1 << placed.source())
}
