//! Nanoseconds an operation of both books on the matching workload: `cargo bench -p perpcore --bench book`.
//!
//! Each figure is the median of some runs over the measured million operations after the 20,000 that fill the book; the books
//! take turns. Events are produced and read: a checksum goes over them.

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, Packed, commands, packed, terms};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::book::reference::Reference;
use perpcore::book::store::Store;
use perpcore::message::Event;
use std::time::Instant;
use workload::{PREFILL, Shape, Variant, stream};

/// How many commands come between two readings of the events.
const BATCH: usize = 256;
/// Turns of each book.
const RUNS: usize = 7;

struct Run {
    ns: f64,
    sum: u64,
}

fn timed<S: Store>(commands: &[Packed], filled: usize) -> Run {
    let (mut book, mut owner, mut events) = (Book::<S>::new(terms()), Positions::default(), Vec::with_capacity(65_536));
    let (before, measured) = commands.split_at(filled);
    for (cause, command) in before.iter().enumerate() {
        book.apply(&mut owner, 0, cause as u64, &command.command(), &mut events);
    }
    let (mut sum, start) = (0_u64, Instant::now());
    for batch in measured.chunks(BATCH) {
        events.clear();
        for command in batch {
            book.apply(&mut owner, 0, 0, &command.command(), &mut events);
        }
        sum = events
            .iter()
            .fold(sum, |sum: u64, event: &Event| sum.wrapping_mul(31).wrapping_add(event.order ^ event.seq));
        book.settle();
    }
    Run { ns: start.elapsed().as_nanos() as f64 / measured.len() as f64, sum }
}

fn least(values: &[f64]) -> f64 {
    values.iter().copied().fold(f64::INFINITY, f64::min)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// The p-th of a thousand of single operations, the time of reading the clock taken off.
fn tails(commands: &[Packed], filled: usize) -> [f64; 4] {
    let (mut book, mut owner, mut events) =
        (Book::<Fast>::new(terms()), Positions::default(), Vec::with_capacity(65_536));
    let (before, measured) = commands.split_at(filled);
    for command in before {
        book.apply(&mut owner, 0, 0, &command.command(), &mut events);
    }
    let mut times = Vec::with_capacity(measured.len());
    let mut empty = Vec::with_capacity(10_000);
    for _ in 0..10_000 {
        let start = Instant::now();
        empty.push(start.elapsed().as_nanos() as f64);
    }
    let clock = median(empty);
    for command in measured {
        events.clear();
        let start = Instant::now();
        book.apply(&mut owner, 0, 0, &command.command(), &mut events);
        times.push(start.elapsed().as_nanos() as f64 - clock);
        book.settle();
    }
    times.sort_by(f64::total_cmp);
    [0.5, 0.99, 0.999, 0.9999].map(|share| times[(times.len() as f64 * share) as usize])
}

fn main() {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let wide = Shape { wide_percent: 25, wide_ticks: 30_000, ..Shape::published(Variant::Uniform) };
    let cases = [
        ("MW-1 u", Shape::published(Variant::Uniform), Accounts::Nobody),
        ("MW-1 h", Shape::published(Variant::Hot), Accounts::Nobody),
        ("wide", wide, Accounts::Nobody),
        ("MW-1A", Shape::published(Variant::Uniform), Accounts::Many),
    ];
    println!(
        "{:8} {:>6} {:>9} {:>11} {:>6} {:>7} {:>7} {:>7} {:>8}",
        "", "least", "fast ns", "reference", "ratio", "p50", "p99", "p99.9", "p99.99"
    );
    for (name, shape, accounts) in cases {
        if only.as_deref().is_some_and(|only| only != name) {
            continue;
        }
        let steps = stream(shape);
        let filled = commands(&steps[..PREFILL], accounts).0.len();
        let commands = packed(&commands(&steps, accounts).0);
        let (mut fast, mut reference) = (Vec::new(), Vec::new());
        for _ in 0..RUNS {
            let (run, other) = (timed::<Fast>(&commands, filled), timed::<Reference>(&commands, filled));
            assert_eq!(run.sum, other.sum, "both books say the same");
            fast.push(run.ns);
            reference.push(other.ns);
        }
        let (least, fast, reference) = (least(&fast), median(fast), median(reference));
        let [p50, p99, p999, p9999] = tails(&commands, filled);
        println!(
            "{name:8} {least:6.1} {fast:9.1} {reference:11.1} {:6.2} {p50:7.0} {p99:7.0} {p999:7.0} {p9999:8.0}",
            reference / fast
        );
    }
}
