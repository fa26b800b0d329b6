//! What a venue does in a second: `cargo bench -p perpcore --bench venue`.
//!
//! The matching workload MW-1A (10,000 accounts, two to a group, 1 % affiliated, client ids, a mark every 64 operations)
//! through gate, book, ledger and events; a mark that concerns nobody with 100,000 accounts; bytes an account. Each figure is
//! the median of some runs.

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, RULES, TICK, commands};
use perpcore::message::{Class, Command, Event, Kind, Phase, PriceState, Settings, VenueCommand};
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;
use std::time::Instant;
use workload::{PREFILL, Shape, Variant, stream};

const BATCH: usize = 256;
const RUNS: usize = 5;
const ACCOUNTS: u32 = 10_000;
/// Time between two commands: 100 a second of an account.
const STEP: i64 = 10_000;

fn rules() -> Rulebook {
    let fees = "settlement = \"USD\"\nfees = { standard = { maker = \"0.02%\", taker = \"0.05%\" } }";
    Rulebook::parse(&RULES.replace("settlement = \"USD\"", fees), "venue.toml").expect("the rulebook")
}

/// A venue with open accounts that have enough, and its instrument open.
fn venue(accounts: u32, money: i128) -> Venue {
    let (mut venue, mut out) = (Venue::new(&rules()), Vec::new());
    let mut tell = |command| venue.apply(0, 0, &command, &mut out);
    for account in 0..accounts {
        let class = if account % 100 == 0 { Class::AffiliatedMarketMaker } else { Class::Professional };
        let settings = Settings { group: Some(account / 2), class: Some(class), approved: true, ..Settings::default() };
        tell(VenueCommand::OpenAccount(account, settings));
        tell(VenueCommand::Deposit(account, 0, money));
    }
    tell(VenueCommand::Mark(0, 1_000_000 * TICK, PriceState::Live));
    tell(VenueCommand::Phase(0, Phase::Open));
    venue
}

/// The commands of the workload for the venue, and how many of them fill the book.
fn stream_of() -> (Vec<VenueCommand<'static>>, usize) {
    let steps = stream(Shape::published(Variant::Uniform));
    let filled = commands(&steps[..PREFILL], Accounts::Many).0.len();
    let commands = commands(&steps, Accounts::Many).0;
    let kept = |command: &Command<'static>| !matches!(command, Command::Account { .. });
    let before = commands[..filled].iter().filter(|command| kept(command)).count();
    let of = |command: Command<'static>| match command {
        Command::Mark(price) => VenueCommand::Mark(0, price, PriceState::Live),
        command => VenueCommand::Book(0, command),
    };
    (commands.into_iter().filter(kept).map(of).collect(), before)
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn trading() {
    let (commands, filled) = stream_of();
    let (before, measured) = commands.split_at(filled);
    let (mut runs, mut tail) = (Vec::new(), Vec::new());
    for run in 0..RUNS {
        let (mut venue, mut out) = (venue(ACCOUNTS, 100_000_000 * i128::from(ONE)), Vec::with_capacity(65_536));
        let mut time = 0;
        for command in before {
            out.clear();
            time += STEP;
            venue.apply(time, 0, command, &mut out);
            venue.settle_ids();
        }
        let (mut trades, mut rejected, start) = (0, 0, Instant::now());
        for batch in measured.chunks(BATCH) {
            out.clear();
            for command in batch {
                time += STEP;
                venue.apply(time, 0, command, &mut out);
            }
            let count = |kind: Kind| out.iter().filter(|event: &&Event| event.kind == kind).count();
            trades += count(Kind::Filled);
            rejected += count(Kind::Rejected);
            venue.settle_ids();
        }
        runs.push(start.elapsed().as_nanos() as f64 / measured.len() as f64);
        assert_eq!(venue.verify(), [""; 0]);
        if run == 0 {
            println!("{} commands, {trades} trades, {rejected} rejected", measured.len());
        }
        if run == 1 {
            tail = tails(before, measured);
        }
    }
    let ns = median(runs);
    println!("MW-1A {ns:.0} ns a command, {:.2} million a second; p50 p99 p99.9 ns: {tail:.0?}", 1e3 / ns);
}

fn tails(before: &[VenueCommand<'_>], measured: &[VenueCommand<'_>]) -> Vec<f64> {
    let (mut venue, mut out) = (venue(ACCOUNTS, 100_000_000 * i128::from(ONE)), Vec::with_capacity(65_536));
    let mut time = 0;
    let mut times = Vec::with_capacity(measured.len());
    for (at, command) in before.iter().chain(measured).enumerate() {
        out.clear();
        time += STEP;
        let start = Instant::now();
        venue.apply(time, 0, command, &mut out);
        if at >= before.len() {
            times.push(start.elapsed().as_nanos() as f64);
        }
        venue.settle_ids();
    }
    times.sort_by(f64::total_cmp);
    [0.5, 0.99, 0.999].map(|share| times[(times.len() as f64 * share) as usize]).to_vec()
}

fn main() {
    trading();
}
