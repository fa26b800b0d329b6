//! What a liquidation costs: `cargo bench -p perpcore --bench liquidation [cascade|adl|calm]`.
//!
//! A cascade: 20,000 accounts that are long 1,000 lots of BTC-PERP at 100,000 with 10,500 of cash each fall below maintenance
//! margin with one mark, against a book that takes them; all of it, over the commands that it needs. The deleveraging of one
//! deficit among 100,000 counterparties, by policy. A mark update with 1,000,000 accounts, none of which falls. Each figure is the
//! median of some runs, the least in brackets: of the time that this thread was on the processor, and by the wall.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "controls/setting.rs"]
mod setting;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{LOT, TICK};
use perpcore::message::{Event, House, Kind, Phase, PriceState, Settings, VenueCommand};
use perpcore::num::ONE;
use perpcore::venue::Venue;
use setting::{Clock, MARK, RUNS, Runs, limit, professional, rules, timed, venue};

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
        let (mut venue, mut out) = (traded(&closing("score"), FALLEN, 10_500, 1_000), Vec::new());
        // At 90,000 each is worth 500 above bankruptcy and needs 450: at 89,900 it falls.
        // Of what is bid a fifth may go within a second, which is all that they have.
        for at in 0..50 {
            let order = limit(FALLEN, FALLEN + at, i64::from(FALLEN) * 1_000 / 10, MARK * 899 / 1_000 - i64::from(at));
            venue.apply(0, 0, &VenueCommand::Book(0, order), &mut out);
        }
        assert_eq!(count(&out, Kind::Rejected), 0);
        out.clear();
        (venue, out)
    };
    let (mut commands, mut filled) = (0, 0);
    let runs = timed(make, |(venue, out)| {
        venue.apply(1, 0, &VenueCommand::Mark(0, MARK * TICK * 899 / 1_000, PriceState::Live), out);
        (commands, filled) = (0, 0);
        // Until a command does nothing more.
        while !out.is_empty() {
            filled += count(out, Kind::Filled);
            commands += 1;
            out.clear();
            venue.apply(1, 0, &VenueCommand::AdvanceTime, out);
        }
    });
    assert!(filled >= FALLEN as usize);
    println!("{FALLEN} accounts fall at once, {filled} fills over {commands} commands: {}", runs.told("ms", 1e6));
}

const COUNTERPARTIES: u32 = 100_000;

/// Deficits, one after the other, in a venue that stays: of each the mark falls, and is brought back before the next.
fn adl() {
    for policy in ["score", "pro_rata", "minimax"] {
        let mut venue = traded(&closing(policy), COUNTERPARTIES, 100_000, 10);
        for notices in [true, false] {
            let (mut runs, mut taken, mut out) = (Runs::default(), 0, Vec::new());
            for run in 0..RUNS as u32 {
                out.clear();
                deficit(&mut venue, run + RUNS as u32 * u32::from(notices), &mut out);
                if notices {
                    // Money for the fund: when it is gone everybody is told anew.
                    venue.apply(1, 0, &VenueCommand::Topup(House::Fund, None, None, 1), &mut out);
                }
                out.clear();
                let clock = Clock::start();
                venue.apply(1, 0, &VenueCommand::Mark(0, MARK * TICK * 11 / 10, PriceState::Live), &mut out);
                runs.add(clock.stop());
                // Who came for this deficit is told in any case.
                assert_eq!(count(&out, Kind::FundUnavailable) + count(&out, Kind::FundDepleted) > 9, notices);
                taken = count(&out, Kind::Adl);
            }
            let with = if notices { "with notices to all" } else { "of which the others were told before" };
            println!(
                "a deficit of {} contracts, {policy}, {taken} deleveraged of {COUNTERPARTIES}, {with}: {}",
                1_000 * LOT / ONE,
                runs.told("ms", 1e6)
            );
        }
    }
}

/// One more account is short 1,000 lots of another one's: at 110,000 it is worth less than nothing, at 105,000 it is healthy.
fn deficit(venue: &mut Venue, run: u32, out: &mut Vec<Event>) {
    let short = COUNTERPARTIES + 1 + run;
    let mut tell = |command| venue.apply(1, 0, &command, out);
    tell(VenueCommand::Mark(0, MARK * TICK, PriceState::Live));
    tell(VenueCommand::OpenAccount(short, Settings::default()));
    tell(VenueCommand::Deposit(short, 0, 9_000 * i128::from(ONE)));
    tell(VenueCommand::Book(0, limit(run, COUNTERPARTIES + 9 + run, 1_000, MARK)));
    tell(VenueCommand::Book(0, limit(short, 1, -1_000, MARK)));
    tell(VenueCommand::Mark(0, MARK * TICK * 103 / 100, PriceState::Live));
    assert_eq!(count(out, Kind::Filled), 1);
}

/// Marks that concern nobody, one after the other.
fn calm() {
    let (accounts, marks) = (1_000_000, 1_000);
    let (mut venue, mut out) = (traded(&closing("score"), accounts, 100_000, 10), Vec::with_capacity(64));
    let mut runs = Runs::default();
    for run in 0..RUNS as i64 {
        let clock = Clock::start();
        for at in 0..marks {
            // A tick up or down, and as much again with every run.
            let mark = MARK + (run + 1) * (1 - 2 * (at % 2));
            venue.apply(1, 0, &VenueCommand::Mark(0, mark * TICK, PriceState::Live), &mut out);
        }
        runs.add(clock.stop().map(|ns| ns / marks as f64));
        assert!(out.drain(..).all(|event| event.kind == Kind::Mark));
    }
    println!("a mark that concerns nobody of {accounts}: {}", runs.told("µs", 1e3));
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
