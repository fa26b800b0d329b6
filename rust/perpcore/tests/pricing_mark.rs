//! What must hold of every mark, whatever the market says.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/market.rs"]
mod market;

use draw::{Draw, soak};
use market::{DAY, FARTHEST, ONE, SECOND, TOP, any_rules, instrument, later, named, number, state};
use perpcore::message::PriceState;
use perpcore::pricing::mark::{Bounded, Mark, MarkRule, Marked, Update};
use perpcore::rules::{Instrument, MarkMethod, Underlying};

fn any_update(draw: &mut Draw, near: i64, wild: bool) -> Update {
    if draw.once_in(5) {
        return Update::default();
    }
    let state = state(draw);
    Update {
        index: named(draw, near, wild),
        state: draw.of(&[None, Some(state)]),
        bid: named(draw, near - near / 2_000, wild),
        ask: named(draw, near + near / 2_000, wild),
        impact_bid: named(draw, near - near / 500, wild),
        impact_ask: named(draw, near + near / 500, wild),
        last: draw.once_in(3).then(|| number(draw, near, true)),
        funding_rate: draw.once_in(4).then(|| number(draw, 100_000, true)),
    }
}

/// The market as the updates left it, nothing forgotten.
struct Shadow {
    instrument: Instrument,
    underlying: Underlying,
    now: i64,
    /// Index with its time, state, bid, ask, after each update, with its second.
    past: Vec<(i64, Known)>,
    first: i64,
    marks: Vec<(i64, i64)>,
    funding_rate: i64,
}

#[derive(Clone, Copy, Default)]
struct Known {
    index: Option<i64>,
    index_time: i64,
    state: PriceState,
    bid: Option<i64>,
    ask: Option<i64>,
}

impl Known {
    fn twice_mid(&self) -> Option<i64> {
        self.bid.zip(self.ask).filter(|(bid, ask)| bid < ask).map(|(bid, ask)| bid + ask)
    }
}

/// A price so far from another one, half to even.
fn half_even(from: i64, over: i128, under: i128) -> i128 {
    let (floor, left) = (i128::from(from) + over.div_euclid(under), over.rem_euclid(under));
    floor + i128::from(2 * left > under || 2 * left == under && floor.rem_euclid(2) == 1)
}

impl Shadow {
    fn take(&mut self, now: i64, update: &Update) {
        let price = |given: Option<i64>| given.filter(|given| (1..=TOP).contains(given));
        let mut known = self.past.last().map_or_else(Known::default, |(_, known)| *known);
        if let Some(index) = update.index {
            (known.index, known.index_time) = (price(index), now);
        }
        known.state = update.state.unwrap_or(known.state);
        known.bid = update.bid.map_or(known.bid, price);
        known.ask = update.ask.map_or(known.ask, price);
        self.funding_rate = update.funding_rate.map_or(self.funding_rate, |rate| rate.clamp(-ONE, ONE));
        if self.past.is_empty() {
            self.first = now.div_euclid(SECOND);
        }
        self.now = now;
        self.past.push((now.div_euclid(SECOND), known));
    }

    /// The time to the next settlement.
    fn left(&self) -> i64 {
        self.instrument.funding.every - self.now.rem_euclid(self.instrument.funding.every)
    }

    fn known(&self) -> Known {
        self.past.last().map(|(_, known)| *known).unwrap_or_default()
    }

    /// Σ twice (mid − index) over the last seconds and how many there are: each second has what was known before it began.
    fn basis(&self) -> (i128, u32) {
        let second = self.now.div_euclid(SECOND);
        let from = (second - i64::from(self.instrument.mark.samples) + 1).max(self.first + 1);
        let slot = |slot: i64| {
            let before = self.past.partition_point(|(second, _)| *second < slot);
            let known = self.past[before - 1].1;
            let fresh = i128::from(slot) * i128::from(SECOND) - i128::from(known.index_time)
                <= i128::from(self.underlying.index.stale_after);
            let index = known.index.filter(|_| known.state <= PriceState::Thin && fresh);
            index.zip(known.twice_mid()).map(|(index, mid)| i128::from(mid - 2 * index))
        };
        (from..=second).filter_map(slot).fold((0, 0), |(sum, count), twice| (sum + twice, count + 1))
    }

    fn check(&mut self, marked: &Marked, seed: u64) {
        let (known, rules) = (self.known(), &self.instrument.mark);
        let told = |what: &str| format!("seed {seed}: {what}: {marked:?}");
        assert_eq!(marked.index, known.index, "{}", told("index"));
        assert_eq!(marked.mark.is_some(), marked.rule.is_some(), "{}", told("a mark has a rule"));
        assert_eq!(marked.mark.is_some(), marked.index.is_some(), "{}", told("a mark has an index"));
        let fresh = known.index.is_some() && self.now - known.index_time <= self.underlying.index.stale_after;
        let least = if fresh { known.state } else { known.state.max(PriceState::Frozen) };
        assert!(marked.state >= least, "{}", told("the state is no better than the index"));
        let (Some(index), Some(mark)) = (marked.index, marked.mark) else { return };
        assert!((1..=TOP).contains(&mark), "{}", told("a mark is a price"));

        // Twice the distance, so that half a unit is one.
        let twice = 2 * (i128::from(mark) - i128::from(index)).abs() * i128::from(ONE);
        let inside = twice <= 2 * i128::from(index) * i128::from(rules.band) + i128::from(ONE);
        let held = marked.bound == Some(Bounded::Speed) && marked.state >= PriceState::Protected;
        assert!(inside || held, "{}", told("outside of the band"));
        if let Some(speed) = rules.speed {
            let second = self.now.div_euclid(SECOND);
            if let Some((at, from)) = self.marks.iter().rev().find(|(at, _)| *at < second) {
                let most = i128::from(*from) * i128::from(speed) * i128::from(second - at);
                // A unit of the grid at least.
                let way = i128::from((mark - from).abs());
                assert!(way == 1 || way * i128::from(ONE) <= most, "{}", told("too fast"));
            }
        }
        self.marks.push((self.now.div_euclid(SECOND), mark));
        self.lineage(marked, index, &told);
    }

    /// The numbers that come with a mark of `median3` make it.
    fn lineage(&self, marked: &Marked, index: i64, told: &dyn Fn(&str) -> String) {
        let rules = &self.instrument.mark;
        let inputs = [marked.carried, marked.basis, marked.book];
        let rule = marked.rule.expect("a mark has a rule");
        if rules.method == MarkMethod::FairBasis {
            assert_eq!((rule, inputs), (MarkRule::FairBasis, [None; 3]), "{}", told("lineage"));
            return;
        }
        let part = i128::from(index) * i128::from(self.funding_rate);
        let (every, left) = (self.instrument.funding.every, self.left());
        let carried = half_even(index, part * i128::from(left), i128::from(every) * i128::from(ONE));
        assert_eq!(marked.carried.map(i128::from), Some(carried), "{}", told("carried"));
        let (sum, count) = self.basis();
        assert_eq!(marked.samples, count, "{}", told("samples"));
        let basis = (count > 0).then(|| half_even(index, sum, 2 * i128::from(count)));
        assert_eq!(marked.basis.map(i128::from), basis, "{}", told("basis"));
        let mut there: Vec<i64> = inputs.into_iter().flatten().collect();
        assert_eq!(usize::from(marked.inputs), there.len(), "{}", told("inputs"));
        assert_eq!(marked.average.is_some(), rule == MarkRule::Average, "{}", told("average"));
        there.extend(marked.average);
        there.sort_unstable();
        let (rule_by_count, twice) = match there[..] {
            [only] => (MarkRule::Single, 2 * i128::from(only)),
            [a, b] => (MarkRule::Mean, i128::from(a) + i128::from(b)),
            [_, middle, _] => {
                let rule = if marked.average.is_some() { MarkRule::Average } else { MarkRule::Median3 };
                (rule, 2 * i128::from(middle))
            }
            _ => unreachable!("{}", told("inputs")),
        };
        assert_eq!(rule, rule_by_count, "{}", told("rule"));
        assert!(rule != MarkRule::Single || marked.state >= PriceState::Thin, "{}", told("one input is thin"));
        if marked.bound.is_none() && twice > 0 {
            let mark = marked.mark.map_or(0, i128::from);
            let slack = if rule == MarkRule::Mean { 3 } else { 0 };
            assert!((2 * mark - twice).abs() <= slack, "{}", told("the mark is not what its inputs make"));
        }
        if let (Some(bid), Some(ask), Some(book)) = (self.known().bid, self.known().ask, marked.book) {
            assert!(bid >= ask || bid <= book && book <= ask, "{}", told("a trade moves the book's median out of it"));
        }
    }
}

#[test]
fn every_mark_has_its_lineage_and_stays_in_its_bounds() {
    for seed in 0..if soak() { 5_000 } else { 200 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let wild = draw.once_in(2);
        let near = draw.of(&[2, 999, 60_000 * ONE, TOP / 2]);
        let mut now = draw.of(&[0, SECOND / 2, 1_700_000_000 * SECOND + 7]);
        let mut mark = Mark::new(&instrument, &underlying);
        let mut shadow =
            Shadow { instrument, underlying, now, past: Vec::new(), first: 0, marks: Vec::new(), funding_rate: 0 };
        for _ in 0..150 {
            let update = any_update(&mut draw, near, wild);
            let marked = mark.update(now, &update).expect("time goes on");
            shadow.take(now, &update);
            shadow.check(&marked, seed);
            assert_eq!(marked.time, now);
            let digest = mark.digest();
            assert!(mark.update(now - 1, &update).is_err() && mark.update(i64::MIN, &update).is_err());
            assert_eq!(mark.digest(), digest, "what is refused does nothing");
            now = later(&mut draw, now, wild);
        }
    }
}

#[test]
fn a_trade_alone_moves_no_mark_beyond_the_band_nor_the_book_out_of_its_spread() {
    for seed in 0..if soak() { 20_000 } else { 500 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let near = draw.of(&[999, 60_000 * ONE, TOP / 2]);
        let mut mark = Mark::new(&instrument, &underlying);
        let mut now = 1_700_000_000 * SECOND;
        let mut update = any_update(&mut draw, near, false);
        update.index = Some(Some(near));
        for _ in 0..20 {
            mark.update(now, &update).expect("time goes on");
            let mut traded = mark.clone();
            for _ in 0..5 {
                let last = Some(number(&mut draw, near, true));
                let marked = traded.update(now, &Update { last, ..Update::default() }).expect("time goes on");
                let (index, price) = (i128::from(near), marked.mark.map_or(0, i128::from));
                let way = index * i128::from(instrument.mark.band) + i128::from(ONE / 2);
                let inside = (price - index).abs() * i128::from(ONE) <= way;
                assert!(inside || marked.bound == Some(Bounded::Speed), "seed {seed}, {last:?}: {marked:?}");
            }
            now = later(&mut draw, now, false);
            update = any_update(&mut draw, near, false);
            update.index = None;
        }
    }
}

/// `median3` without its average and without a limit of speed: those depend on when they are told, by their rule.
#[test]
fn how_often_time_is_told_changes_nothing_but_averages_and_the_speed() {
    for seed in 0..if soak() { 20_000 } else { 300 } {
        let mut draw = Draw(seed);
        let (mut instrument, underlying) = any_rules(&mut draw);
        (instrument.mark.method, instrument.mark.speed) = (MarkMethod::Median3, None);
        let mut seldom = Mark::new(&instrument, &underlying);
        let mut often = seldom.clone();
        let (mut now, wild) = (1_700_000_000 * SECOND, draw.once_in(2));
        for _ in 0..60 {
            let update = any_update(&mut draw, 50_000 * ONE, wild);
            let [told, also] = [&mut seldom, &mut often].map(|mark| mark.update(now, &update).expect("time goes on"));
            let plain = |marked: Marked| match marked.rule {
                Some(MarkRule::Average) => Marked { mark: None, average: None, bound: None, ..marked },
                _ => marked,
            };
            assert_eq!(plain(told), plain(also), "seed {seed}");
            let next = later(&mut draw, now, wild);
            for _ in 0..draw.below(4) {
                now = draw.within(now, next);
                often.update(now, &Update::default()).expect("time goes on");
            }
            now = next;
        }
    }
}

/// An index of 101 units, a book of 101 and 102, as it was a second before.
fn of_halves() -> Marked {
    let (instrument, underlying) = instrument("mark.band = \"50%\"\n");
    let mut mark = Mark::new(&instrument, &underlying);
    let update = Update { index: Some(Some(101)), bid: Some(Some(101)), ask: Some(Some(102)), ..Update::default() };
    mark.update(0, &update).expect("the first update");
    mark.update(SECOND, &update).expect("time goes on")
}

#[test]
fn halves_of_inputs_go_to_the_even_neighbor() {
    let marked = of_halves();
    assert_eq!((marked.basis, marked.book, marked.mark), (Some(102), Some(102), Some(102)));
}

#[test]
fn a_mark_is_a_price() {
    for (index, away) in [(1, 1), (TOP, TOP)] {
        let (instrument, underlying) = instrument("mark.band = \"50%\"\n");
        let mut mark = Mark::new(&instrument, &underlying);
        let rate = if index == 1 { -ONE } else { ONE };
        let update =
            Update { index: Some(Some(index)), last: Some(away), funding_rate: Some(rate), ..Update::default() };
        let marked = mark.update(0, &update).expect("the first update").mark;
        assert!(marked.is_some_and(|mark| (1..=TOP).contains(&mark)), "{marked:?} for {index}");
    }
}

#[test]
fn any_number_in_any_field_at_any_time_is_taken() {
    for seed in 0..if soak() { 20_000 } else { 1_000 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let mut mark = Mark::new(&instrument, &underlying);
        let mut now = draw.of(&[i64::MIN, 0, FARTHEST, draw.clone().next() as i64]);
        for _ in 0..40 {
            let mut any = || {
                let any = draw.next() as i64;
                let short = any >> draw.below(63);
                draw.of(&[any, short, i64::MIN, i64::MAX, 0, 1, TOP, -1])
            };
            let [index, bid, ask, impact_bid, impact_ask] = std::array::from_fn(|_| Some(Some(any())));
            let (last, funding_rate) = (Some(any()), Some(any()));
            let update = Update { index, state: None, bid, ask, impact_bid, impact_ask, last, funding_rate };
            let before = mark.digest();
            if mark.update(now, &update).is_err() {
                assert_eq!(mark.digest(), before, "what is refused does nothing");
            }
            let _ = mark.update(any(), &update);
            now = draw.of(&[now, now.saturating_add(DAY), now.saturating_add(i64::MAX)]);
        }
    }
}
