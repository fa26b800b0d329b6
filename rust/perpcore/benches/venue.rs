//! What a venue does in a second: `cargo bench -p perpcore --bench venue`.
//!
//! The matching workload MW-1A (10,000 accounts, two to a group, 1 % affiliated, client ids, a mark every 64 operations)
//! through gate, book, ledger and events; a mark that concerns nobody with 100,000 accounts; bytes an account. Each figure is
//! the median of some runs.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, LOT, RULES, TICK, commands};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::message::{Class, Command, Event, Kind, Phase, Place, PriceState, Settings, Stp, Tif, VenueCommand};
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
        let settings = Settings {
            group: Some(account / 2),
            class: Some(class_of(account)),
            approved: true,
            ..Settings::default()
        };
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

/// The same commands in a book alone: nanoseconds a command.
fn book_alone(before: &[VenueCommand<'_>], measured: &[VenueCommand<'_>]) -> f64 {
    let (mut book, mut owner) = (Book::<Fast>::new(commands::terms()), Positions::default());
    let mut out = Vec::with_capacity(65_536);
    let mut tell = |commands: &[VenueCommand<'_>], out: &mut Vec<Event>| {
        for batch in commands.chunks(BATCH) {
            out.clear();
            for command in batch {
                match command {
                    VenueCommand::Book(_, command) => book.apply(&mut owner, 0, 0, command, out),
                    VenueCommand::Mark(_, price, _) => book.apply(&mut owner, 0, 0, &Command::Mark(*price), out),
                    _ => {}
                }
            }
            book.settle();
        }
    };
    let account = |account| Command::Account { account, client: account, group: account / 2, class: class_of(account) };
    let accounts: Vec<_> = (0..ACCOUNTS).map(|at| VenueCommand::Book(0, account(at))).collect();
    tell(&accounts, &mut out);
    tell(before, &mut out);
    let start = Instant::now();
    tell(measured, &mut out);
    start.elapsed().as_nanos() as f64 / measured.len() as f64
}

fn class_of(account: u32) -> Class {
    if account.is_multiple_of(100) { Class::AffiliatedMarketMaker } else { Class::Professional }
}

fn trading() {
    let (commands, filled) = stream_of();
    let (before, measured) = commands.split_at(filled);
    let (mut runs, mut alone, mut tail) = (Vec::new(), Vec::new(), Vec::new());
    for run in 0..RUNS {
        alone.push(book_alone(before, measured));
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
    let least = runs.iter().copied().fold(f64::INFINITY, f64::min);
    let (ns, book) = (median(runs), median(alone));
    println!("least {least:.0} ns; the book alone {book:.0} ns, {:.2} times", ns / book);
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

/// A limit order of so many lots, sellers below 0.
fn limit(instrument: u32, account: u32, lots: i64, price: i64) -> VenueCommand<'static> {
    let place = Place {
        account,
        client_id: None,
        quantity: lots * LOT,
        price: Some(price * TICK),
        sent: None,
        tif: Tif::Gtc,
        until: None,
        post_only: None,
        reduce_only: false,
        isolated: false,
        trigger: None,
        stp: Stp::Taker,
        liquidation: false,
    };
    VenueCommand::Book(instrument, Command::Place(place))
}

/// Marks that concern nobody, with 100,000 accounts of which each holds a position: microseconds a mark.
fn marks() {
    const MANY: u32 = 100_000;
    let (mut venue, mut out) = (venue(MANY, 0), Vec::new());
    for pair in 0..MANY / 2 {
        let (buyer, seller) = (2 * pair, (2 * pair + 3) % MANY);
        // From 2 to 12 times the initial margin of 5 % of 1,000 contracts of 0.001 at 100,000.
        for account in [buyer, seller] {
            let money = i128::from(10_000 + i64::from(account % 50_000)) * i128::from(ONE);
            venue.apply(0, 0, &VenueCommand::Deposit(account, 0, money), &mut out);
        }
        venue.apply(0, 0, &limit(0, seller, -1_000, 1_000_000), &mut out);
        venue.apply(0, 0, &limit(0, buyer, 1_000, 1_000_000), &mut out);
        out.clear();
    }
    let held = venue.positions().count();
    let (mut times, mut time, mut changes) = (Vec::new(), 0, 0);
    for step in 0..4_000_i64 {
        // Up and down by 1 bp a step, within 2 %.
        let price = 1_000_000 + 100 * (200 - (step % 800 - 400).abs());
        time += STEP;
        out.clear();
        let start = Instant::now();
        venue.apply(time, 0, &VenueCommand::Mark(0, price * TICK, PriceState::Live), &mut out);
        times.push(start.elapsed().as_nanos() as f64 / 1e3);
        changes += out.iter().filter(|event| event.kind == Kind::StatusChanged).count();
    }
    println!("mark with {MANY} accounts, {held} positions: {:.1} µs, {changes} statuses changed", median(times));
}

/// Bytes of memory that the process holds.
fn resident() -> u64 {
    let pages = std::fs::read_to_string("/proc/self/statm").unwrap_or_default();
    pages.split(' ').nth(1).and_then(|pages| pages.parse::<u64>().ok()).unwrap_or(0) * 4_096
}

/// Bytes an account with two positions and five orders.
fn memory() {
    const MANY: u32 = 100_000;
    let rules = RULES.to_string() + &RULES[RULES.find("[underlying.BTC]").unwrap_or(0)..].replace("BTC", "ETH");
    let rules = Rulebook::parse(&rules, "two.toml").expect("the rulebook");
    let before = resident();
    let (mut venue, mut out) = (Venue::new(&rules), Vec::new());
    for instrument in 0..2 {
        venue.apply(0, 0, &VenueCommand::Mark(instrument, 1_000_000 * TICK, PriceState::Live), &mut out);
        venue.apply(0, 0, &VenueCommand::Phase(instrument, Phase::Open), &mut out);
    }
    for account in 0..MANY {
        venue.apply(0, 0, &VenueCommand::OpenAccount(account, Settings::default()), &mut out);
        venue.apply(0, 0, &VenueCommand::Deposit(account, 0, 1_000_000 * i128::from(ONE)), &mut out);
        out.clear();
    }
    for pair in 0..MANY / 2 {
        for instrument in 0..2 {
            venue.apply(0, 0, &limit(instrument, 2 * pair, -10, 1_000_000), &mut out);
            venue.apply(0, 0, &limit(instrument, 2 * pair + 1, 10, 1_000_000), &mut out);
        }
        out.clear();
    }
    for account in 0..MANY {
        for order in 0..5 {
            venue.apply(0, 0, &limit(order % 2, account, 1, 990_000 - i64::from(account % 5_000)), &mut out);
        }
        out.clear();
    }
    let orders: usize = (0..2).filter_map(|at| venue.book(at)).map(Book::len).sum();
    let bytes = (resident() - before) as f64 / f64::from(MANY);
    println!("memory: {bytes:.0} bytes an account, {} positions, {orders} orders", venue.positions().count());
}

fn main() {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let parts: [(&str, fn()); 3] = [("memory", memory), ("marks", marks), ("trading", trading)];
    for (name, part) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            part();
        }
    }
}
