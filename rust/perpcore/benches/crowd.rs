//! What a book of 100,000 orders does at once: `cargo bench -p perpcore --bench crowd`.
//!
//! An auction is uncrossed, all orders of a class end, and the grid becomes another one. 2,000 accounts, two to a group, have 50
//! orders each; prices are spread evenly over 2 % around the mark, so that a quarter of what is bought and sold meets. The
//! auction also through a venue, whose gate is asked of every trade. A word after `--` runs only what has it in its name.
//! Printed are the least time by the clock, and the least and the median of what the processor worked on it; the sum goes over
//! all events, to see that they are the same.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{LOT, RULES, TICK, terms};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::book::terms::{Step, Terms};
use perpcore::fault::Code;
use perpcore::message::{
    CancelAll, Class, Command, Event, Kind, Phase, Place, PriceState, Settings, Stp, Tif, VenueCommand,
};
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;
use std::time::Instant;

const RUNS: usize = 9;
const ORDERS: i64 = 100_000;
const ACCOUNTS: u32 = 2_000;
/// The mark, in ticks.
const MARK: i64 = 1_000_000;
/// How far from it orders are.
const SPREAD: i64 = MARK / 100;

/// 64 bits a draw, the same ones in each run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, n: i64) -> i64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (((self.0 >> 32) as i64) * n) >> 32
    }
}

fn class_of(account: u32) -> Class {
    if account.is_multiple_of(100) { Class::AffiliatedMarketMaker } else { Class::Professional }
}

/// The orders: of accounts at random, half of them bought; in an auction they meet, else they are on both sides of the mark.
fn orders(crossed: bool) -> Vec<Place<'static>> {
    let mut draw = Draw(7);
    let mut order = |at: i64| {
        let sign = if at % 2 == 0 { 1 } else { -1 };
        let off = if crossed { draw.below(2 * SPREAD) - SPREAD } else { -sign * (1 + draw.below(SPREAD)) };
        Place {
            account: draw.below(ACCOUNTS.into()) as u32,
            client_id: None,
            quantity: sign * 2 * (1 + draw.below(10)) * LOT,
            price: Some((MARK + off) * TICK),
            sent: None,
            tif: Tif::Gtc,
            until: None,
            post_only: None,
            reduce_only: false,
            isolated: false,
            trigger: None,
            stp: Stp::Taker,
            liquidation: false,
        }
    };
    (0..ORDERS).map(&mut order).collect()
}

fn book(crossed: bool) -> (Book<Fast>, Positions) {
    let (mut book, mut owner, mut out) = (Book::<Fast>::new(terms()), Positions::default(), Vec::new());
    for account in 0..ACCOUNTS {
        let command = Command::Account { account, client: account, group: account / 2, class: class_of(account) };
        book.apply(&mut owner, 0, 0, &command, &mut out);
    }
    book.apply(&mut owner, 0, 0, &Command::Mark(MARK * TICK), &mut out);
    if crossed {
        book.apply(&mut owner, 0, 0, &Command::Phase(Phase::Auction), &mut out);
    }
    orders(crossed).iter().for_each(|order| book.apply(&mut owner, 0, 0, &Command::Place(*order), &mut out));
    (book, owner)
}

fn venue() -> Venue {
    let fees = "settlement = \"USD\"\nfees = { standard = { maker = \"0.02%\", taker = \"0.05%\" } }";
    let rules = Rulebook::parse(&RULES.replace("settlement = \"USD\"", fees), "venue.toml").expect("the rulebook");
    let (mut venue, mut out) = (Venue::new(&rules), Vec::new());
    let mut tell = |command| venue.apply(0, 0, &command, &mut out);
    for account in 0..ACCOUNTS {
        let (group, class) = (Some(account / 2), Some(class_of(account)));
        tell(VenueCommand::OpenAccount(account, Settings { group, class, approved: true, ..Settings::default() }));
        tell(VenueCommand::Deposit(account, 0, 100_000_000 * i128::from(ONE)));
    }
    tell(VenueCommand::Mark(0, MARK * TICK, PriceState::Live));
    tell(VenueCommand::Phase(0, Phase::Preopen));
    tell(VenueCommand::Phase(0, Phase::Auction));
    orders(true).iter().for_each(|order| tell(VenueCommand::Book(0, Command::Place(*order))));
    venue
}

fn sum(events: &[Event]) -> u64 {
    events.iter().fold(0, |sum: u64, event: &Event| {
        let Event { seq, order, other_order, quantity, price, account, balance, .. } = *event;
        let code = event.code.map_or(0, |code| u64::from(code.entry().number));
        let parts = [seq, order, other_order, quantity as u64, price as u64, account.into(), balance as u64, code];
        parts.iter().fold(sum, |sum, part| sum.wrapping_mul(0x100_0000_01B3).wrapping_add(*part))
    })
}

/// How long this thread has run, in ns, where the system says it: what others take away does not count.
fn ran() -> f64 {
    std::thread::yield_now();
    let said = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    said.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0)
}

/// Prints how long some runs of something took, each on something fresh, and what it said.
fn measure<T>(name: &str, runs: usize, fresh: impl Fn() -> T, run: impl Fn(&mut T, &mut Vec<Event>)) {
    let (mut walls, mut times, mut last) = (Vec::new(), Vec::new(), Vec::new());
    for _ in 0..runs {
        let (mut of, mut out) = (fresh(), Vec::new());
        let (before, start) = (ran(), Instant::now());
        run(&mut of, &mut out);
        walls.push(start.elapsed().as_nanos() as f64 / 1e6);
        times.push((ran() - before) / 1e6);
        last = out;
    }
    [&mut walls, &mut times].iter_mut().for_each(|times| times.sort_by(f64::total_cmp));
    let count = |kind: Kind| last.iter().filter(|event| event.kind == kind).count();
    let (trades, ends, sum) = (count(Kind::Filled), count(Kind::Canceled), sum(&last));
    let [wall, least, median] = [walls[0], times[0], times[runs / 2]];
    println!("{name:20} {wall:8.2} {least:8.2} {median:8.2} ms; {trades} trades, {ends} ends, sum {sum:016x}");
}

fn main() {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with("--")).unwrap_or_default();
    let is = |name: &str| name.contains(&only);
    let (crossed, quiet) = (book(true), book(false));
    println!("{:20} {:>8} {:>8} {:>8}", "", "wall", "cpu", "median");
    if is("uncross") {
        measure(
            "uncross",
            RUNS,
            || crossed.clone(),
            |(book, owner), out| {
                book.apply(owner, 0, 0, &Command::Phase(Phase::Open), out);
            },
        );
    }
    if is("halt") {
        let scope = CancelAll { class: Some(Class::Professional), ..CancelAll::default() };
        measure(
            "halt of a class",
            RUNS,
            || quiet.clone(),
            |(book, owner), out| {
                book.withdraw_scope(owner, 0, &scope, Code::Requested, out);
            },
        );
    }
    if is("terms") {
        let grid = |tick: i64, lot: i64| Terms { tick: Step::new(tick), lot: Step::new(lot), ..terms() };
        for (name, terms) in [
            ("terms: finer grid", grid(TICK / 2, LOT / 2)),
            ("terms: coarser grid", grid(2 * TICK, 2 * LOT)),
            ("terms: wider collar", Terms { collar_width: 2 * terms().collar_width, ..terms() }),
        ] {
            measure(
                name,
                RUNS,
                || quiet.clone(),
                |(book, owner), out| {
                    book.change_terms(owner, 0, terms.clone(), out);
                },
            );
        }
    }
    if is("venue") {
        measure("venue: uncross", 3, venue, |venue, out| {
            venue.apply(0, 0, &VenueCommand::Phase(0, Phase::Open), out);
        });
    }
}
