//! Any quotes, markets and commands at any times: an index, the mark that follows it and the funding that follows both never
//! panic, keep their bounds, and say the same however the updates are put.

use crate::foreign::Feed;
use perpcore::message::PriceState;
use perpcore::pricing::funding::{self, Funding, Slot, payment, rounding};
use perpcore::pricing::index::{Index, Out, Quote, Value};
use perpcore::pricing::mark::{self, Bounded, Mark, Marked};
use perpcore::rules::Rulebook;
use std::sync::LazyLock;

const ONE: i64 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
/// The first time, and the last.
const TIMES: [i64; 2] = [1_700_000_000 * SECOND, i64::MAX - 3 * 86_400 * SECOND];

const HEAD: &str = r#"
venue.settlement = "USD"
[underlying.X]
sources = [
    { id = "a", group = "A" }, { id = "b", group = "A", weight = 3 }, { id = "c", group = "C" }, { id = "d", group = "D" },
    { id = "e", group = "E", weight = 2, rank = 1 }, { id = "f", group = "F", rank = 1, currency = "T" },
]
rates = [{ currency = "T", source = "t" }]
"#;
const PERP: &str = r#"
[instrument.P]
underlying = "X"
tick = 0.5
lot = 0.1
tiers = [["rest", "5%", 10]]
"#;
/// Rules of the index, then of the instrument.
const RULES: [(&str, &str); 4] = [
    ("index = {}", ""),
    (
        "index = { agree_samples = 1, min_sources = 2, max_group_weight = \"5%\", drop_beyond = 0.5, max_deviation = \"1%\" }",
        "mark = { method = \"fair_basis\", band = \"50%\", speed = \"1%\" }\nfunding = { every = \"1h\", cap = \"0.75%\" }",
    ),
    (
        "index = { agree_samples = 2, unchanged_for = \"2s\", stale_after = \"3s\", protected_for = \"1s\", halt_after = \"2s\" }",
        "mark = { samples = 2, ema = 0.5 }\nfunding = { every = \"1s\", sample = \"1s\", min_coverage = 0 }",
    ),
    (
        "index = { min_sources = 4, max_jump = 0, jump_window = \"20s\", thin = \"trade\" }",
        "mark = { speed = 0, last_for = \"1ms\" }\nfunding = { every = \"1d\", cap_factor_difference = 1.5 }",
    ),
];

static RULEBOOKS: LazyLock<[Rulebook; 4]> = LazyLock::new(|| {
    RULES.map(|(index, perp)| Rulebook::parse(&format!("{HEAD}{index}\n{PERP}{perp}\n"), "fuzz").expect("a rulebook"))
});

/// Eight bytes, or one that says which number.
fn number(feed: &mut Feed<'_>, near: i64) -> i64 {
    let way = i64::from(feed.byte() as i8);
    match feed.below(12) {
        0 => feed.bytes(8).iter().fold(0, |number, byte| number << 8 | i64::from(*byte)),
        1 => i64::MIN,
        2 => i64::MAX,
        3 => way,
        4 => 100_000_000 * ONE + way,
        5 => near.saturating_add(near / 10 * way),
        _ => near + near / 1_000 * way,
    }
}

fn named(feed: &mut Feed<'_>, near: i64) -> Option<Option<i64>> {
    match feed.below(8) {
        0 => Some(None),
        1..4 => None,
        _ => Some(Some(number(feed, near))),
    }
}

fn state(feed: &mut Feed<'_>) -> Option<PriceState> {
    use PriceState::{Frozen, Halted, Live, Protected, Thin};
    [Live, Thin, Protected, Frozen, Halted].get(feed.below(12)).copied()
}

fn later(feed: &mut Feed<'_>, now: i64) -> i64 {
    let (unit, count) = (feed.below(9), i64::from(feed.byte()));
    let unit = [0, 1, SECOND / 100, SECOND / 10, SECOND / 5, SECOND, 60 * SECOND, 3_600 * SECOND, i64::MAX / 512][unit];
    now.saturating_add(unit.saturating_mul(count)).min(TIMES[1])
}

/// Prices of anything.
pub fn pricing(data: &[u8]) {
    let mut feed = Feed(data);
    let rules = &RULEBOOKS[feed.below(RULEBOOKS.len())];
    let (underlying, perp) = (&rules.underlyings()[0], &rules.instruments()[0]);
    let mut index = (Index::new(underlying), Index::new(underlying));
    let mut mark = Mark::new(perp, underlying);
    let mut funding = (Funding::new(perp, underlying), Funding::new(perp, underlying));
    let (mut slots, mut others) = (Vec::new(), Vec::new());
    let mut now = TIMES[0];
    for _ in 0..1 + feed.below(48) {
        let before = index.0.value();
        let value = told(&mut feed, &mut index, now);
        let least = if value.state == PriceState::Live { underlying.index.min_sources.max(2) } else { 2 };
        assert!(value.state > PriceState::Thin || value.groups >= least, "no value of fewer groups: {value:?}");
        assert!(value.state <= PriceState::Thin || before.value.is_none() || value.value.is_some());

        let near = value.value.unwrap_or(50_000 * ONE);
        let own = feed.below(3) > 0;
        let (price, also) = (named(&mut feed, near), state(&mut feed));
        let (price, state) = if own { (Some(value.value), Some(value.state)) } else { (price, also) };
        let [bid, ask, impact_bid, impact_ask] =
            [near - near / 999, near + near / 999, near - near / 99, near + near / 99]
                .map(|near| named(&mut feed, near));
        let last = (feed.below(3) == 0).then(|| number(&mut feed, near));
        let funding_rate = (feed.below(5) == 0).then(|| number(&mut feed, ONE / 1_000));
        let update = mark::Update { index: price, state, bid, ask, impact_bid, impact_ask, last, funding_rate };
        let marked = mark.update(now, &update).expect("time goes on");
        is_bounded(&marked, perp.mark.band);

        let update = funding::Update { index: price, state, impact_bid, impact_ask, mark: Some(marked.mark) };
        funding.0.update(now, &update, &mut slots).expect("time goes on");
        funding.1.update(now, &update, &mut others).expect("time goes on");
        assert_eq!(funding.0.digest(), funding.1.digest(), "how often time is told shows in no funding");
        if feed.below(16) == 0 {
            let (mark, cumulative) = (number(&mut feed, near), i128::from(number(&mut feed, near)) << feed.below(60));
            let restored = funding.0.restore(now, mark, cumulative, &mut slots).is_ok();
            assert_eq!(funding.1.restore(now, mark, cumulative, &mut others).is_ok(), restored);
        }

        let next = later(&mut feed, now);
        let between = now + (next - now) / 2;
        index.1.update(between, &[]).expect("time goes on");
        funding.1.update(between, &funding::Update::default(), &mut others).expect("time goes on");
        now = next;
    }
    is_settled(&mut feed, &slots, perp.funding.cap_e16(&perp.tiers[0]));
}

/// Carries out an update or a command on two indices; the second has the quotes of each source together.
fn told(feed: &mut Feed<'_>, index: &mut (Index, Index), now: i64) -> Value {
    let near = index.0.value().value.unwrap_or(50_000 * ONE);
    let command = feed.below(24);
    let count = if feed.below(4) == 0 { 0 } else { feed.below(10) };
    let quotes: Vec<Quote> = (0..count)
        .map(|_| {
            let source = feed.below(9);
            let price = number(feed, if source == 6 { ONE } else { near });
            let price = if feed.below(16) == 0 { Err(Out::OffGrid) } else { Ok(price) };
            let sent = if feed.below(4) == 0 { now.saturating_add(number(feed, SECOND)) } else { now };
            Quote { source, price, sent }
        })
        .collect();
    let mut together = quotes.clone();
    together.sort_by_key(|quote| std::cmp::Reverse(quote.source));
    let [first, second] = [(&mut index.0, &quotes), (&mut index.1, &together)].map(|(index, quotes)| match command {
        0 => index.halt(now),
        1 | 2 => index.resume(now),
        // It alone sees no time pass before it.
        3 => index.update(now, &[]).and_then(|_| index.restart(now)),
        _ => index.update(now, quotes),
    });
    let (first, second) = (first.expect("time goes on"), second.expect("time goes on"));
    let told = |value: Value| Value { state_changed: false, sources_changed: false, ..value };
    assert_eq!(told(first), told(second), "whose quote comes first, and how often time is told, shows nowhere");
    assert_eq!(index.0.digest(), index.1.digest());
    assert_eq!(index.0.why(), index.1.why());
    first
}

fn is_bounded(marked: &Marked, band: i64) {
    assert_eq!(marked.mark.is_some(), marked.index.is_some() && marked.rule.is_some());
    let (Some(index), Some(mark)) = (marked.index, marked.mark) else { return };
    let twice = 2 * (i128::from(mark) - i128::from(index)).abs() * i128::from(ONE);
    let inside = twice <= 2 * i128::from(index) * i128::from(band) + i128::from(ONE);
    let held = marked.bound == Some(Bounded::Speed) && marked.state >= PriceState::Protected;
    assert!(inside || held, "{marked:?}");
}

fn is_settled(feed: &mut Feed<'_>, slots: &[Slot], cap_e16: Option<i128>) {
    for slot in slots {
        let size = 2 * i128::from(slot.predicted).abs() * i128::from(ONE);
        assert!(cap_e16.is_none_or(|cap_e16| size <= 2 * cap_e16 + i128::from(ONE)), "{slot:?}");
    }
    let Some((rate, _)) = slots.iter().rev().find_map(|slot| slot.settled) else { return };
    let mut quantities: Vec<i64> = (0..feed.below(6)).map(|_| i64::from(feed.byte() as i8) * ONE + 1).collect();
    quantities.push(-quantities.iter().sum::<i64>());
    let paid = |quantity: &i64| payment(*quantity, 60_000 * ONE + 7, rate).expect("a small amount");
    let paid: Vec<i128> = quantities.iter().map(paid).collect();
    let left = rounding(quantities.iter().copied(), paid).expect("a balance");
    assert!(0 <= left && left < quantities.len() as i128);
}
