//! The states of an index: every way in and out against a plain model, exhaustively for small times; and what must hold on
//! any way, with any quotes.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/states.rs"]
mod states;
#[path = "pricing/walk.rs"]
mod walk;

use draw::{Draw, soak};
use perpcore::message::PriceState;
use perpcore::pricing::index::{Index, Quote, Value};
use perpcore::rules::{Rulebook, Underlying};
use states::States;
use walk::{Laws, Move, Walk, any_rules, carry_out, moments};

const ONE: i64 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
const YEAR: i64 = 365 * 86_400 * SECOND;

/// Groups of one source each.
fn rules(groups: usize, index: &str) -> Underlying {
    let source = |at: usize| format!("{{ id = \"s{at}\", group = \"g{at}\" }}");
    let sources = (0..groups).map(source).collect::<Vec<_>>().join(", ");
    let text =
        format!("venue.settlement = \"USD\"\n[underlying.X]\nsources = [{sources}]\n[underlying.X.index]\n{index}");
    Rulebook::parse(&text, "test").expect("a rulebook").underlyings()[0].clone()
}

/// A price of the first `groups` of all sources, and of the others what is no price.
fn sample(index: &mut Index, now: i64, price: i64, groups: usize) -> Value {
    let said = |source: usize| if source < groups { price } else { 0 };
    let all = index.rules().sources.len();
    let quotes: Vec<Quote> = (0..all).map(|source| Quote { source, price: Ok(said(source)), sent: now }).collect();
    index.update(now, &quotes).expect("time goes on")
}

#[derive(Clone, Copy, Debug)]
enum Step {
    Sample(i64, usize),
    Wait(i64),
    Halt,
    Resume,
    Restart,
}

const STEPS: [Step; 12] = [
    Step::Sample(100, 3),
    Step::Sample(100, 2),
    Step::Sample(100, 1),
    Step::Sample(110, 4),
    Step::Sample(112, 3),
    Step::Sample(90, 2),
    Step::Wait(SECOND),
    Step::Wait(2 * SECOND),
    Step::Wait(3 * SECOND + 1),
    Step::Halt,
    Step::Resume,
    Step::Restart,
];

fn follow(index: &Index, model: &States, now: i64, depth: u32, way: &mut Vec<Step>) {
    if depth == 0 {
        return;
    }
    for step in STEPS {
        let (mut index, mut model, mut now) = (index.clone(), model.clone(), now);
        way.push(step);
        match step {
            Step::Sample(price, groups) => {
                now += 2 * SECOND / 5;
                model.sample(now, (price * ONE, groups as u32));
                sample(&mut index, now, price * ONE, groups);
            }
            Step::Wait(time) => {
                now += time;
                model.pass(now);
                index.update(now, &[]).expect("time goes on");
            }
            Step::Halt => {
                model.halt(now);
                index.halt(now).expect("time goes on");
            }
            Step::Resume => {
                model.resume(now);
                index.resume(now).expect("time goes on");
            }
            Step::Restart => {
                model.restart(now);
                index.restart(now).expect("time goes on");
            }
        }
        let Value { state, value, .. } = index.value();
        assert_eq!((state, value), (model.state, model.held), "{way:?}");
        for (price, approval) in
            [(None, false), (Some(100), true), (Some(105), true), (Some(112), true), (Some(105), false)]
        {
            let price = price.map(|price| price * ONE);
            let expected = model.settle_price(now, price, approval);
            assert_eq!(index.settle_price(now, price, approval), expected, "{price:?} after {way:?}");
        }
        follow(&index, &model, now, depth - 1, way);
        way.pop();
    }
}

#[test]
fn every_way_of_a_few_steps_is_the_one_of_the_table() {
    let few = "agree_samples = 2\nprotected_for = \"2s\"\nhalt_after = \"3s\"\nstale_after = \"180s\"";
    let rules = rules(4, few);
    let mut index = Index::new(&rules);
    index.update(SECOND, &[]).expect("the first update");
    // From frozen, and from live.
    let mut model = States::new(&rules.index, SECOND);
    let depth = if soak() { 6 } else { 4 };
    follow(&index, &model, SECOND, depth, &mut Vec::new());
    for at in 2..4 {
        sample(&mut index, at * SECOND, 100 * ONE, 3);
        model.sample(at * SECOND, (100 * ONE, 3));
    }
    assert_eq!(index.value().state, PriceState::Live);
    follow(&index, &model, 3 * SECOND, depth, &mut Vec::new());
}

#[test]
fn on_any_way_no_value_is_more_than_its_state_says_and_every_state_has_an_exit() {
    for seed in 0..if soak() { 100_000 } else { 600 } {
        let mut draw = Draw(seed);
        let (rules, wild) = (any_rules(&mut draw), !seed.is_multiple_of(3));
        let mut walk = Walk { draw, now: 1_700_000_000 * SECOND, price: 50_000 * ONE };
        let mut index = Index::new(&rules);
        let before = index.value();
        let mut laws = Laws { rules: rules.clone(), before, since: walk.now, accepted: Vec::new(), taken: 0 };
        for at in 0..walk.draw.within(1, 200) {
            let step = walk.next(wild);
            laws.since = if at == 0 { walk.now } else { laws.since };
            // Told of every moment by itself, nothing is left that a later step could hide.
            for moment in moments(&index, walk.now) {
                let (time, step) = (moment, Move::Update(Vec::new()));
                let value = carry_out(&mut index, time, &step);
                laws.check(&index, &step, time, value);
            }
            let first = (!matches!(step, Move::Update(_))).then(|| Move::Update(Vec::new()));
            for step in first.into_iter().chain([step]) {
                let value = carry_out(&mut index, walk.now, &step);
                laws.check(&index, &step, walk.now, value);
            }
            let (digest, past) = (index.digest(), walk.now - 1);
            assert!(index.update(past, &[]).is_err() && index.halt(past).is_err() && index.restart(past).is_err());
            assert_eq!(index.digest(), digest, "what is refused does nothing");
        }
        leads_to_live(&mut index, walk.now, seed);
    }
}

/// The exit of every state: when `max_ahead` is over (a stamp may be that far ahead), `agree_samples` quotes of every source,
/// at least two, with one price that is new (a repeated one may be out as unchanged); from halted, `resume` then.
fn leads_to_live(index: &mut Index, now: i64, seed: u64) {
    let (ahead, samples) = (index.rules().index.max_ahead, index.rules().index.agree_samples);
    let from = index.value().state;
    let mut now = now + ahead;
    for _ in 0..samples.max(2) {
        now += 1;
        let price = |source| if source == 6 { ONE } else { 77_777 * ONE + 7 };
        let quotes: Vec<_> = (0..7).map(|source| Quote { source, price: Ok(price(source)), sent: now }).collect();
        index.update(now, &quotes).expect("time goes on");
    }
    if index.value().state == PriceState::Halted {
        index.resume(now).expect("time goes on");
    }
    assert_eq!(index.value().state, PriceState::Live, "seed {seed}, from {from:?}: {}", index.why());
}

#[test]
fn how_often_time_is_told_changes_nothing_but_after_a_restart() {
    for seed in 0..if soak() { 20_000 } else { 300 } {
        let mut draw = Draw(seed);
        let mut rules = any_rules(&mut draw);
        rules.index.unchanged_for = draw.of(&[None, Some(SECOND / 2), Some(30 * SECOND)]);
        let mut walk = Walk { draw, now: 1_700_000_000 * SECOND, price: 50_000 * ONE };
        let mut seldom = Index::new(&rules);
        let mut often = seldom.clone();
        for index in [&mut seldom, &mut often] {
            index.update(walk.now, &[]).expect("the first update");
        }
        for at in 0..100 {
            let mut last = walk.now;
            let step = walk.next(true);
            for _ in 0..walk.draw.below(4) {
                last = walk.draw.within(last, walk.now);
                often.update(last, &[]).expect("time goes on");
            }
            if matches!(step, Move::Restart) {
                // It alone sees no time pass before it.
                seldom.update(walk.now, &[]).expect("time goes on");
                often.update(walk.now, &[]).expect("time goes on");
            }
            let [told, also] = [&mut seldom, &mut often].map(|index| carry_out(index, walk.now, &step));
            assert_eq!((told.value, told.state, told.groups), (also.value, also.state, also.groups), "{seed}, {at}");
            assert_eq!(seldom.digest(), often.digest(), "seed {seed}, step {at}: {step:?}");
        }
    }
}

#[test]
fn a_gap_of_centuries_returns_at_once() {
    let rules = rules(3, "");
    let mut index = Index::new(&rules);
    let ends = [0, 1, 200 * YEAR, i64::MAX - 3 * 86_400 * SECOND];
    let expected = [PriceState::Frozen, PriceState::Frozen, PriceState::Halted, PriceState::Halted];
    for (now, expected) in ends.into_iter().zip(expected) {
        assert_eq!(sample(&mut index, now, 100 * ONE, 3).state, expected, "at {now}");
    }
    assert!(index.update(i64::MAX, &[]).is_err() && Index::new(&rules).update(-1, &[]).is_err());
}

/// Live at 5 s with three groups at 100.
fn live(index: &str) -> Index {
    let mut index = Index::new(&rules(3, index));
    for at in 1..=5 {
        sample(&mut index, at * SECOND, 100 * ONE, 3);
    }
    assert_eq!(index.value().state, PriceState::Live);
    index
}

#[test]
fn sources_grow_old_when_they_do() {
    let (mut seldom, mut often) = (live(""), live(""));
    assert_eq!(often.update(15 * SECOND + 1, &[]).expect("time goes on").state, PriceState::Frozen);
    let states = [&mut seldom, &mut often].map(|index| sample(index, 16 * SECOND, 100 * ONE, 3).state);
    assert_eq!(states, [PriceState::Frozen; 2]);
}

#[test]
fn a_restart_sees_no_time_pass_before_it() {
    let mut index = live("");
    sample(&mut index, 6 * SECOND, 100 * ONE, 1);
    // Halted since 186 s, for who would have looked.
    assert_eq!(index.restart(301 * SECOND).expect("time goes on").state, PriceState::Frozen);
    assert_eq!(index.update(481 * SECOND, &[]).expect("time goes on").state, PriceState::Frozen);
    assert_eq!(index.update(481 * SECOND + 1, &[]).expect("time goes on").state, PriceState::Halted);
    assert_eq!(index.restart(482 * SECOND).expect("time goes on").state, PriceState::Halted);
}

#[test]
fn the_last_value_in_quorum_is_no_other_price_when_it_is_named() {
    let index = live("");
    assert_eq!(index.settle_price(6 * SECOND, Some(100 * ONE), false), Some(100 * ONE));
    assert_eq!(index.settle_price(5_000 * SECOND, Some(100 * ONE), true), Some(100 * ONE));
}

#[test]
fn time_alone_leads_out_of_no_state() {
    let mut index = Index::new(&rules(3, "agree_samples = 2"));
    let quote = |source, sent| Quote { source, price: Ok(100 * ONE), sent };
    let quotes = [quote(0, 0), quote(1, SECOND), quote(2, SECOND)];
    assert_eq!(index.update(SECOND, &quotes).expect("time goes on").state, PriceState::Frozen);
    assert_eq!(index.update(10 * SECOND + 1, &[]).expect("time goes on").state, PriceState::Frozen);
}

#[test]
fn ranks_are_asked_until_there_is_an_index() {
    let mut rules = rules(2, "min_sources = 1\nagree_samples = 1");
    rules.sources[1].rank = 1;
    assert_eq!(sample(&mut Index::new(&rules), SECOND, 100 * ONE, 2).state, PriceState::Live);
}
