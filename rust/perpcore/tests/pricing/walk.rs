//! Any way of an index: quotes, time and commands, and what must hold on it.

use super::draw::Draw;
use perpcore::message::PriceState;
use perpcore::pricing::index::{Index, Quote, Value};
use perpcore::rules::{Rulebook, Underlying};

const ONE: i64 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
const YEAR: i64 = 365 * 86_400 * SECOND;

/// Rules that are quickly through, of two sources of one group, three of others, and one in a currency that has a rate.
pub fn any_rules(draw: &mut Draw) -> Underlying {
    let text = r#"
        venue.settlement = "USD"
        [underlying.X]
        sources = [
            { id = "a", group = "A" }, { id = "b", group = "A", weight = 3 }, { id = "c", group = "C" },
            { id = "d", group = "D", weight = 2 }, { id = "e", group = "E", rank = 1 },
            { id = "f", group = "F", rank = 1, currency = "T" },
        ]
        rates = [{ currency = "T", source = "t" }]
    "#;
    let mut rules = Rulebook::parse(text, "test").expect("a rulebook").underlyings()[0].clone();
    let millisecond = SECOND / 1_000;
    let index = &mut rules.index;
    index.min_sources = draw.within(1, 4) as u32;
    index.agree_samples = draw.within(1, 6) as u32;
    index.stale_after = draw.of(&[SECOND, 10 * SECOND, 180 * SECOND]);
    index.max_ahead = draw.of(&[millisecond, SECOND, 3_650 * 86_400 * SECOND]);
    index.max_jump = draw.of(&[0, ONE / 100, ONE / 10, ONE]);
    index.jump_window = draw.of(&[millisecond, SECOND, 20 * SECOND]);
    index.protected_for = draw.of(&[millisecond, 2 * SECOND, 60 * SECOND]);
    index.halt_after = draw.of(&[millisecond, 3 * SECOND, 180 * SECOND]);
    rules
}

/// How a walk goes on.
#[derive(Clone, Debug)]
pub enum Move {
    Update(Vec<Quote>),
    Halt,
    Resume,
    Restart,
}

pub struct Walk {
    pub draw: Draw,
    pub now: i64,
    pub price: i64,
}

impl Walk {
    pub fn next(&mut self, wild: bool) -> Move {
        let draw = &mut self.draw;
        let ways = [0, 1, SECOND / 10, SECOND / 10, SECOND / 3, SECOND / 3, SECOND, 5 * SECOND, 50 * SECOND];
        self.now += if draw.once_in(200) { draw.within(0, 10 * YEAR) } else { draw.of(&ways) };
        match draw.below(60) {
            0 => return Move::Halt,
            1..12 => return Move::Resume,
            12 => return Move::Restart,
            13..23 => return Move::Update(Vec::new()),
            _ => {}
        }
        let size = self.price / draw.of(&[1_000_000, 1_000, 9]);
        self.price = (self.price + draw.within(-size, size)).clamp(ONE, 1_000_000 * ONE);
        let all = draw.once_in(2);
        let mut quotes = Vec::new();
        for source in 0..8 {
            if !all && draw.once_in(2) || source == 7 && !wild {
                continue;
            }
            let near = if source == 6 { ONE } else { self.price };
            let mut quote = Quote { source, price: Ok(near + draw.within(-near / 500, near / 500)), sent: self.now };
            if wild && draw.once_in(6) {
                let any = draw.next() as i64;
                quote.price = Ok(draw.of(&[0, -1, any, i64::MIN, i64::MAX, 1, near / 2, 3 * near]));
                quote.sent = draw.of(&[self.now, self.now + SECOND, self.now - 5 * SECOND, i64::MIN, i64::MAX, any]);
            }
            quotes.push(quote);
        }
        Move::Update(quotes)
    }
}

/// The moments after the last update up to a time at which a source grows stale or is no longer ahead.
pub fn moments(index: &Index, now: i64) -> Vec<i64> {
    let Underlying { index: rules, rates, .. } = index.rules();
    let rated = rates.iter().map(|rate| rate.stale_after);
    let limits = index.rules().sources.iter().map(|_| rules.stale_after).chain(rated);
    let known = index.sources().zip(limits).filter_map(|(view, limit)| Some((view.sent?, view.arrived?, limit)));
    let both = known.flat_map(|(sent, arrived, limit)| {
        [sent.min(arrived).saturating_add(limit).saturating_add(1), sent.saturating_sub(rules.max_ahead)]
    });
    let last = index.value().time;
    let mut moments: Vec<i64> = both.filter(|moment| last < *moment && *moment <= now).collect();
    moments.sort_unstable();
    moments
}

pub fn carry_out(index: &mut Index, now: i64, step: &Move) -> Value {
    let told = match step {
        Move::Update(quotes) => index.update(now, quotes),
        Move::Halt => index.halt(now),
        Move::Resume => index.resume(now),
        Move::Restart => index.restart(now),
    };
    told.expect("time goes on")
}

fn is_usable(state: PriceState) -> bool {
    state <= PriceState::Thin
}

/// What must hold from one step to the next.
pub struct Laws {
    pub rules: Underlying,
    pub before: Value,
    pub since: i64,
    /// What was accepted since the price could be used last.
    pub accepted: Vec<(i64, i64)>,
    pub taken: u64,
}

impl Laws {
    pub fn check(&mut self, index: &Index, step: &Move, now: i64, value: Value) {
        let (rules, before) = (&self.rules.index, self.before);
        let told = Value { state_changed: false, sources_changed: false, ..value };
        assert_eq!(index.value(), told);
        assert_eq!(value.state_changed, value.state != before.state);
        let fewest = if value.state == PriceState::Live { rules.min_sources.max(2) } else { 2 };
        assert!(!is_usable(value.state) || value.groups >= fewest, "{value:?}");
        assert!(is_usable(value.state) || value.value == before.value, "a held value stays: {before:?}, {value:?}");
        assert!(before.value.is_none() || value.value.is_some());
        self.since = match (before.state, value.state) {
            (_, PriceState::Frozen) if matches!(step, Move::Restart) => now,
            (PriceState::Protected, PriceState::Frozen) => now.min(self.since + rules.protected_for),
            (before, state) if before == state => self.since,
            _ => now,
        };
        match value.state {
            PriceState::Protected => assert!(now - self.since < rules.protected_for),
            PriceState::Frozen => assert!(now - self.since <= rules.halt_after),
            _ => {}
        }
        for view in index.sources().filter(|view| view.group.is_some() && view.out.is_none()) {
            let age = view.sent.zip(view.arrived).map(|(sent, arrived)| now - sent.min(arrived));
            assert!(age.is_some_and(|age| age <= rules.stale_after) && view.price.is_some_and(|price| price > 0));
        }
        self.see_jumps(index.counters().taken, now, value);
        self.before = value;
    }

    /// No two values that were accepted within the window of a jump, the price being usable all the time, are one.
    fn see_jumps(&mut self, taken: u64, now: i64, value: Value) {
        let (usable, went_on) = (is_usable(value.state), is_usable(self.before.state));
        if !usable || !went_on {
            self.accepted.clear();
        }
        let sampled = std::mem::replace(&mut self.taken, taken) != taken || value.value != self.before.value;
        if let (true, true, Some(to)) = (usable, sampled, value.value) {
            let (window, most) = (self.rules.index.jump_window, self.rules.index.max_jump);
            for (_, from) in self.accepted.iter().filter(|(time, _)| now - time <= window) {
                let moved = i128::from((to - from).abs()) * i128::from(ONE);
                assert!(moved <= i128::from(*from) * i128::from(most), "a jump from {from} to {to} is not seen");
            }
            self.accepted.push((now, to));
        }
    }
}
