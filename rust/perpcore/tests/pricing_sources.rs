//! Which sources of an index count and why the others do not, at every step of any way, against a plain model that judges all
//! of them anew from everything that they ever said.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/exact.rs"]
mod exact;
#[path = "pricing/naive.rs"]
mod naive;

use draw::{Draw, soak};
use naive::{Terms, Vote, Voter};
use perpcore::message::PriceState;
use perpcore::pricing::index::{Index, Out, Quote};
use perpcore::rules::{ConversionRate, IndexSource, Rulebook, Underlying};

const ONE: i64 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
const TOP: i64 = 10_000_000_000_000_000;

/// A quote that was taken.
#[derive(Clone, Copy)]
struct Taken {
    price: Result<i64, Out>,
    sent: i64,
    arrived: i64,
}

impl Taken {
    fn is_good(&self) -> bool {
        self.price.is_ok_and(|price| (1..=TOP).contains(&price))
    }

    /// The stamp that a later quote must not be before: one far ahead of its arrival binds no further than that.
    fn stamp(&self, max_ahead: i64) -> i64 {
        let far = i128::from(self.sent) > i128::from(self.arrived) + i128::from(max_ahead);
        if far { self.arrived } else { self.sent }
    }
}

struct Model {
    rules: Underlying,
    taken: Vec<Vec<Taken>>,
}

impl Model {
    fn take(&mut self, quote: &Quote, now: i64) {
        let Some(taken) = self.taken.get_mut(quote.source) else { return };
        let quote = Taken { price: quote.price, sent: quote.sent, arrived: now };
        let last = taken.last().map(|last| last.stamp(self.rules.index.max_ahead));
        if last.is_none_or(|last| quote.sent >= last) {
            taken.push(quote);
        }
    }

    /// What a source says, or why it does not count, for what it is by itself.
    fn own(&self, source: usize, now: i64, stale_after: i64, unchanged_for: Option<i64>) -> Result<i64, Out> {
        let taken = &self.taken[source];
        let last = taken.last().ok_or(Out::Missing)?;
        if i128::from(last.sent) > i128::from(now) + i128::from(self.rules.index.max_ahead) {
            return Err(Out::Ahead);
        }
        let price = match last.price? {
            price if price <= 0 => return Err(Out::NonPositive),
            price if price > TOP => return Err(Out::OffDomain),
            price => price,
        };
        let age = i128::from(now) - i128::from(last.sent.min(last.arrived));
        if age > i128::from(stale_after) {
            return Err(Out::Stale);
        }
        let good = taken.iter().rev().filter(|taken| taken.is_good());
        let first = good.take_while(|taken| taken.price == Ok(price)).last();
        let since = first.map_or(now, |first| first.arrived);
        match unchanged_for {
            Some(longest) if now - since > longest => Err(Out::Unchanged),
            _ => Ok(price),
        }
    }

    fn converted(&self, source: usize, now: i64) -> Result<i64, Out> {
        let Underlying { index, sources, rates, .. } = &self.rules;
        let price = self.own(source, now, index.stale_after, index.unchanged_for)?;
        let Some(currency) = &sources[source].currency else { return Ok(price) };
        let at = rates.iter().position(|rate| rate.currency == *currency).expect("a rate");
        let rate = self.own(sources.len() + at, now, rates[at].stale_after, None).map_err(|_| Out::NoRate)?;
        let over = exact::Ratio::new(price as u128 * rate as u128, ONE as u128).half_even();
        let converted = i64::try_from(over).ok().filter(|price| (1..=TOP).contains(price));
        converted.ok_or(Out::OffDomain)
    }

    /// Why each source is out, and how the others vote.
    fn survey(&self, now: i64) -> (Vec<Option<Out>>, Vote, Terms) {
        let rules = &self.rules.index;
        let terms = Terms {
            min_sources: rules.min_sources,
            drop_beyond: rules.drop_beyond,
            max_deviation: rules.max_deviation,
            max_group_weight: rules.max_group_weight,
        };
        let sources = &self.rules.sources;
        let group = |source: &IndexSource| sources.iter().position(|other| other.group == source.group).expect("one");
        let said: Vec<Result<Voter, Out>> = (0..sources.len())
            .map(|at| {
                let IndexSource { weight, rank, .. } = sources[at];
                Ok(Voter { group: group(&sources[at]), weight, rank, price: self.converted(at, now)? })
            })
            .collect();
        let live: Vec<Voter> = said.iter().filter_map(|said| said.ok()).collect();
        let vote = naive::vote(&live, &terms);
        let out = |said: &Result<Voter, Out>| match said {
            Err(reason) => Some(*reason),
            Ok(voter) if voter.rank > vote.last_rank => Some(Out::Standby),
            Ok(voter) if !vote.near.contains(voter) => Some(Out::Beyond),
            Ok(_) => (vote.groups == 0).then_some(Out::Disagreement),
        };
        (said.iter().map(out).collect(), vote, terms)
    }
}

fn any_rules(draw: &mut Draw) -> Underlying {
    let rulebook = Rulebook::parse("venue.settlement = \"USD\"\n[underlying.X]\n", "test").expect("a rulebook");
    let mut rules = rulebook.underlyings()[0].clone();
    let count = draw.of(&[3, 5, 8, 64]);
    let groups = draw.of(&[count, count / 2 + 1, 3]);
    let most = draw.of(&[0, 0, 2]);
    rules.sources = (0..count)
        .map(|at| IndexSource {
            id: format!("s{at}"),
            group: format!("g{}", at % groups),
            weight: draw.of(&[1, 1, 2, 7]) * ONE,
            rank: draw.below(most + 1) as u32,
            currency: draw.of(&[None, None, Some("T"), Some("V")]).map(str::to_string),
        })
        .collect();
    let rate = |(currency, source, stale_after): (&str, &str, i64)| ConversionRate {
        currency: currency.to_string(),
        source: source.to_string(),
        stale_after,
    };
    rules.rates = [("T", "t", 3 * SECOND), ("V", "v", 60 * SECOND)].map(rate).to_vec();
    let index = &mut rules.index;
    index.min_sources = draw.within(1, 4) as u32;
    index.agree_samples = draw.within(1, 2) as u32;
    index.stale_after = draw.of(&[SECOND, 10 * SECOND, 180 * SECOND]);
    index.max_ahead = draw.of(&[SECOND / 1_000, SECOND]);
    index.unchanged_for = draw.of(&[None, Some(2 * SECOND), Some(20 * SECOND)]);
    index.drop_beyond = draw.of(&[0, ONE / 100, ONE / 10, ONE]);
    index.max_jump = ONE;
    rules
}

fn any_quote(draw: &mut Draw, sources: usize, price: i64, now: i64) -> Quote {
    let source = draw.below(sources as u64 + 3) as usize;
    let near = if source >= sources { ONE } else { price };
    let any = draw.next() as i64;
    let moved = near + near / 1_000 * draw.within(-9, 9);
    let price = match draw.below(12) {
        0 => draw.of(&[0, -1, any, i64::MIN, i64::MAX, 1, TOP, TOP + 1]),
        1 => near / 2,
        2..6 => moved,
        _ => near,
    };
    let price = draw.of(&[Ok(price), Ok(price), Ok(price), Ok(price), Ok(price), Err(Out::OffGrid)]);
    let stamps = [now, now - SECOND / 3, now + SECOND, now + SECOND + 1, now - 12 * SECOND, any, i64::MIN, i64::MAX];
    let sent = if draw.once_in(6) { draw.of(&stamps) } else { now };
    Quote { source, price, sent }
}

fn walk(seed: u64) {
    let mut draw = Draw(seed);
    let rules = any_rules(&mut draw);
    let sources = rules.sources.len();
    let mut index = Index::new(&rules);
    let mut model = Model { taken: vec![Vec::new(); sources + 2], rules };
    let (mut now, mut price) = (1_700_000_000 * SECOND, draw.of(&[3, 1_000, 50_000 * ONE, TOP - 9]));
    let mut before = vec![Some(Out::Missing); sources];
    let busy = draw.once_in(2);
    for step in 0..120 {
        let ways = [0, 1, SECOND / 9, SECOND / 2, SECOND, 4 * SECOND, 11 * SECOND];
        now += draw.of(&ways[..if busy { 5 } else { 7 }]);
        price = (price + draw.within(-price / 200, price / 200)).clamp(1, TOP);
        let count = if draw.once_in(4) { 0 } else { draw.below(2 * sources as u64) };
        let quotes: Vec<Quote> = (0..count).map(|_| any_quote(&mut draw, sources, price, now)).collect();
        let restarts = draw.once_in(40);
        let taken = index.counters().taken;
        let value = if restarts { index.restart(now) } else { index.update(now, &quotes) }.expect("time goes on");
        let counted = index.counters();
        if restarts {
            model.taken.iter_mut().for_each(Vec::clear);
        } else {
            quotes.iter().for_each(|quote| model.take(quote, now));
        }
        let (outs, vote, terms) = model.survey(now);
        let told: Vec<Option<Out>> = index.sources().take(sources).map(|view| view.out).collect();
        let at = || format!("seed {seed}, step {step}, {:?}", model.rules.index);
        assert_eq!(told, outs, "why sources are out; {}", at());
        assert_eq!(value.groups, vote.groups, "groups; {}", at());
        if !restarts {
            assert!(value.sources_changed || outs == before, "that this changed; {}", at());
        }
        if counted.taken > taken && value.state <= PriceState::Thin {
            let expected = naive::exact(&vote.near, &terms).half_even() as i64;
            assert_eq!(value.value, Some(expected), "the value; {}", at());
        }
        before = outs;
    }
    let rates: Vec<_> = index.sources().skip(sources).map(|view| view.out).collect();
    let expected = [0, 1].map(|at| model.own(sources + at, now, model.rules.rates[at].stale_after, None).err());
    assert_eq!(rates, expected);
}

#[test]
fn every_source_counts_or_is_out_for_the_first_reason_that_applies() {
    let seeds = if soak() { 5_000 } else { 80 };
    (0..seeds).for_each(walk);
}
