//! What a liquidation costs: `cargo bench -p perpcore --bench liquidation [cascade|adl|calm]`.
//!
//! A cascade: 20,000 accounts that are long 1,000 lots of BTC-PERP at 100,000 with 10,500 of cash each fall below maintenance
//! margin with one mark, against a book that takes them; all of it, over the commands that it needs. The deleveraging of one
//! deficit among 100,000 counterparties, by policy. A mark update with 100,000 accounts, none of which falls. Each figure is the
//! median of some runs, the least in brackets: of the time that this thread was on the processor, and by the wall.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "controls/setting.rs"]
mod setting;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{LOT, TICK};
use perpcore::message::{Event, Kind, Phase, PriceState, VenueCommand};
use perpcore::num::ONE;
use perpcore::venue::Venue;
use setting::{MARK, limit, professional, rules, timed, venue};

/// The rules of the workload, which closes what falls.
fn closing(policy: &str) -> String {
    format!("{}\n[liquidation]\nadl = \"{policy}\"\n", rules())
}

/// Everybody but the last account trades some lots with it at the mark.
fn traded(rules: &str, others: u32, cash: i64, lots: i64) -> Venue {
    let (mut venue, mut out) = (venue(rules, others + 1, 1, cash, professional, Phase::Open), Vec::new());
    let rich = VenueCommand::Deposit(others, 0, 500_000_000_000 * i128::from(ONE));
    venue.apply(0, 0, &rich, &mut out);
    for account in 0..others {
        venue.apply(0, 0, &VenueCommand::Book(0, limit(account, account, lots, MARK)), &mut out);
        venue.apply(0, 0, &VenueCommand::Book(0, limit(others, account, -lots, MARK)), &mut out);
    }
    assert_eq!(out.iter().filter(|event| event.kind == Kind::Filled).count(), others as usize);
    venue
}

fn count(out: &[Event], kind: Kind) -> usize {
    out.iter().filter(|event| event.kind == kind).count()
}

const FALLEN: u32 = 20_000;

fn cascade() {
    let make = || {
        let (mut venue, mut out) = (traded(&closing("score"), FALLEN, 10_500, 1_000), Vec::with_capacity(400_000));
        // At 90,000 each is worth 500 above bankruptcy and needs 450: at 89,900 it falls.
        for at in 0..50 {
            let order = limit(FALLEN, FALLEN + at, i64::from(FALLEN) * 1_000 / 50, MARK * 899 / 1_000 - i64::from(at));
            venue.apply(0, 0, &VenueCommand::Book(0, order), &mut out);
        }
        assert_eq!(count(&out, Kind::Rejected), 0);
        out.clear();
        (venue, out)
    };
    let (mut commands, mut filled) = (0, 0);
    let runs = timed(make, |(venue, out)| {
        venue.apply(1, 0, &VenueCommand::Mark(0, MARK * TICK * 899 / 1_000, PriceState::Live), out);
        commands = 1;
        while out.iter().filter(|event| event.kind == Kind::LiquidationStep).count() < FALLEN as usize {
            venue.apply(1, 0, &VenueCommand::AdvanceTime, out);
            commands += 1;
        }
        filled = count(out, Kind::Filled);
    });
    println!("{FALLEN} accounts fall at once, {filled} fills over {commands} commands: {}", runs.told("ms", 1e6));
}

const COUNTERPARTIES: u32 = 100_000;

fn adl() {
    for policy in ["score", "pro_rata", "minimax"] {
        let make = || {
            let (mut venue, mut out) = (traded(&closing(policy), COUNTERPARTIES, 100_000, 10), Vec::new());
            // One more is short 1,000 lots of the richest, who buys: at 110,000 it is worth less than nothing.
            let short = COUNTERPARTIES + 1;
            venue.apply(0, 0, &VenueCommand::OpenAccount(short, perpcore::message::Settings::default()), &mut out);
            venue.apply(0, 0, &VenueCommand::Deposit(short, 0, 9_000 * i128::from(ONE)), &mut out);
            venue.apply(0, 0, &VenueCommand::Book(0, limit(0, COUNTERPARTIES + 9, 1_000, MARK)), &mut out);
            venue.apply(0, 0, &VenueCommand::Book(0, limit(short, 1, -1_000, MARK)), &mut out);
            assert_eq!(out.last().map(|event| event.kind), Some(Kind::Posting));
            out.clear();
            out.reserve(400_000);
            (venue, out)
        };
        let mut adls = 0;
        let runs = timed(make, |(venue, out)| {
            venue.apply(1, 0, &VenueCommand::Mark(0, MARK * TICK * 11 / 10, PriceState::Live), out);
            adls = count(out, Kind::Adl);
        });
        let told =
            format!("{adls} deleveraged of {COUNTERPARTIES}, the notices to all and the move of the mark included");
        println!("one deficit of {} contracts, {policy}: {told}: {}", 1_000 * LOT / ONE, runs.told("ms", 1e6));
    }
}

fn calm() {
    let mut mark = MARK * TICK;
    let make = || (traded(&closing("score"), COUNTERPARTIES, 100_000, 10), Vec::with_capacity(64));
    let runs = timed(make, |(venue, out)| {
        mark += TICK;
        venue.apply(1, 0, &VenueCommand::Mark(0, mark, PriceState::Live), out);
    });
    println!("a mark that concerns nobody of {COUNTERPARTIES}: {}", runs.told("µs", 1e3));
}

fn main() {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let parts: [(&str, fn()); 3] = [("cascade", cascade), ("adl", adl), ("calm", calm)];
    for (name, part) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            part();
        }
    }
}
