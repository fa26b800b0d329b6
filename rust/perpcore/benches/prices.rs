//! Nanoseconds an update of index, mark and funding: `cargo bench -p perpcore --bench prices`.
//!
//! Index: one quote an update, the sources in turn, 10 ms apart, each price a step of a random walk; with 15 groups of one
//! source and equal weights, with sources in pairs, and with weights of which some pass the cap. Mark: an index or a book in
//! turn, 10 ms apart. A word after `--` runs only what has it in its name. Each figure is the median of some runs over a million updates; results are read: a sum goes over them.

use perpcore::pricing::funding::{self, Funding};
use perpcore::pricing::index::{Index, Quote};
use perpcore::pricing::mark::{Mark, Update};
use perpcore::rules::Rulebook;
use std::fmt::Write;
use std::time::Instant;

const UPDATES: usize = 1_000_000;
const RUNS: usize = 7;
const START: i64 = 1_800_000_000_000_000_000;
const STEP: i64 = 10_000_000;

/// 64 bits a draw, the same ones in each run.
struct Draw(u64);

impl Draw {
    fn next(&mut self) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) as i64
    }
}

/// A price near 58,000 that wanders by at most a basis point a step, on ticks of a cent.
fn walk() -> Vec<i64> {
    let (mut draw, mut price) = (Draw(1), 5_800_000_i64);
    (0..UPDATES)
        .map(|_| {
            price += draw.next() % 401 - 200 + (5_800_000 - price) / 1_000;
            price * 1_000_000
        })
        .collect()
}

#[expect(clippy::panic, reason = "a benchmark without its rules is none")]
fn rules(method: &str, source: impl Fn(usize) -> (usize, usize)) -> Rulebook {
    let mut sources = String::new();
    for at in 0..15 {
        let (group, weight) = source(at);
        let _ = write!(sources, "{{ id = \"s{at}\", group = \"g{group}\", weight = {weight} }}, ");
    }
    let text = format!(
        r#"
        extends = "hk-vatp-perp"
        underlying.BTC.sources = [{sources}]
        instrument.BTC-PERP.mark.method = "{method}"
        "#
    );
    Rulebook::parse(&text, "bench").unwrap_or_else(|failure| panic!("{failure}"))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The median of some runs, and the sum of each, which is the same.
fn timed(name: &str, mut run: impl FnMut() -> i64) {
    if std::env::args().skip(1).any(|word| !word.starts_with("--") && !name.contains(&word)) {
        return;
    }
    let (mut times, mut sums) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let start = Instant::now();
        sums.push(run());
        times.push(start.elapsed().as_nanos() as f64 / UPDATES as f64);
    }
    assert!(sums.windows(2).all(|pair| pair[0] == pair[1]), "{name}: runs differ");
    println!("{name:<44} {:>7.1} ns", median(times));
}

fn index(name: &str, walk: &[i64], source: impl Fn(usize) -> (usize, usize)) {
    let rules = rules("median3", source);
    let underlying = &rules.underlyings()[rules.underlying_index("BTC").unwrap_or_default()];
    timed(name, || {
        let (mut index, mut sum) = (Index::new(underlying), 0_i64);
        for (at, price) in walk.iter().enumerate() {
            let now = START + at as i64 * STEP;
            let value = index.update(now, &[Quote { source: at % 15, price: Ok(*price), sent: now }]);
            sum = sum.wrapping_add(value.ok().and_then(|value| value.value).unwrap_or(0));
        }
        sum
    });
}

/// Ten sources in pairs that all say something, once a second.
fn index_wide(walk: &[i64]) {
    let rules = rules("median3", |at| (at / 2, 1));
    let underlying = &rules.underlyings()[rules.underlying_index("BTC").unwrap_or_default()];
    timed("index, 10 of 15 sources in one update", || {
        let (mut index, mut sum) = (Index::new(underlying), 0_i64);
        let mut quotes = Vec::with_capacity(10);
        for (at, price) in walk.iter().enumerate() {
            let now = START + at as i64 * 1_000_000_000;
            quotes.clear();
            quotes.extend((0..10).map(|source| {
                let off = walk[(at + source * 7_919) % UPDATES] % 10_000_000;
                Quote { source, price: Ok(price + off), sent: now }
            }));
            let value = index.update(now, &quotes);
            sum = sum.wrapping_add(value.ok().and_then(|value| value.value).unwrap_or(0));
        }
        sum
    });
}

fn mark(method: &str, walk: &[i64]) {
    let rules = rules(method, |at| (at, 1));
    let underlying = &rules.underlyings()[rules.underlying_index("BTC").unwrap_or_default()];
    let instrument = &rules.instruments()[rules.instrument_index("BTC-PERP").unwrap_or_default()];
    timed(&format!("mark, {method}"), || {
        let (mut mark, mut sum) = (Mark::new(instrument, underlying), 0_i64);
        for (at, price) in walk.iter().enumerate() {
            let now = START + at as i64 * STEP;
            let [bid, ask] = [-5, 5].map(|off| Some(Some(price + off * 10_000_000)));
            let book = Update { bid, ask, impact_bid: bid, impact_ask: ask, last: Some(*price), ..Update::default() };
            let told = Update { index: Some(Some(*price)), funding_rate: Some(12_345), ..Update::default() };
            let marked = mark.update(now, if at % 2 == 0 { &told } else { &book });
            sum = sum.wrapping_add(marked.ok().and_then(|marked| marked.mark).unwrap_or(0));
        }
        sum
    });
}

fn funding(walk: &[i64]) {
    let rules = rules("median3", |at| (at, 1));
    let underlying = &rules.underlyings()[rules.underlying_index("BTC").unwrap_or_default()];
    let instrument = &rules.instruments()[rules.instrument_index("BTC-PERP").unwrap_or_default()];
    timed("funding, a sample every 5 s", || {
        let (mut funding, mut slots) = (Funding::new(instrument, underlying), Vec::new());
        let mut sum = 0_i64;
        for (at, price) in walk.iter().enumerate() {
            let [bid, ask] = [-5, 6].map(|off| Some(Some(price + off * 10_000_000)));
            let index = Some(Some(*price));
            let update = funding::Update { index, impact_bid: bid, impact_ask: ask, ..funding::Update::default() };
            let _ = funding.update(START + at as i64 * STEP, &update, &mut slots);
            sum = slots.drain(..).fold(sum, |sum, slot| sum.wrapping_add(slot.predicted));
        }
        sum
    });
}

fn main() {
    let walk = walk();
    index("index, 15 groups of one source", &walk, |at| (at, 1));
    index("index, 8 groups of one or two sources", &walk, |at| (at / 2, 1));
    index("index, 3 groups, one above the cap", &walk, |at| (at % 3, if at % 3 == 0 { 8 } else { 1 }));
    index_wide(&walk);
    mark("median3", &walk);
    mark("fair_basis", &walk);
    funding(&walk);
}
