//! What the controls of a venue cost: `cargo bench -p perpcore --bench controls [halt|auction|dry|gates]`.
//!
//! The halt of a class with 100,000 resting orders of 1,000 accounts, in one instrument and in two; the uncross of 100,000
//! orders of 2,000 accounts, in a book alone and through the venue, which asks `gate.fill` of every pair; a dry run over
//! 100,000 accounts with two positions and two orders each under the ladders of hk-vatp-perp; and the matching workload MW-1A
//! with every control on against the same with none. Each figure is the median of some runs, the least in brackets:
//! of the time that this thread was on the processor, and by the wall.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "controls/setting.rs"]
mod setting;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, TICK, commands};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::message::{Class, Command, Event, Halted, Kind, Phase, PriceState, VenueCommand};
use setting::{Clock, MARK, ORDERS, RUNS, Runs, limit, parsed, professional, rules, scattered, timed, venue};
use workload::{PREFILL, Shape, Variant, stream};

const HK: &str = include_str!("../presets/hk-vatp-perp.toml");

/// Orders of a class end: 100 of each of 1,000 accounts, at 500 prices a side.
fn halt() {
    for instruments in [1, 2] {
        let make = || {
            let mut venue = venue(&rules(), 1_000, 1, 100_000_000, professional, Phase::Open);
            let mut out = Vec::with_capacity(2 * ORDERS as usize);
            for at in 0..ORDERS {
                let away = 10_000 + scattered(at, 500);
                let (lots, price) = if at % 2 == 0 { (5, MARK - away) } else { (-5, MARK + away) };
                let order = limit(at / 2 % 1_000, at, lots, price);
                venue.apply(0, 0, &VenueCommand::Book(at / 4 % instruments, order), &mut out);
            }
            assert_eq!(out.iter().filter(|event| event.kind == Kind::Accepted).count(), ORDERS as usize);
            out.clear();
            (venue, out)
        };
        let runs = timed(make, |(venue, out)| {
            venue.apply(1, 0, &VenueCommand::HaltOrders(Halted::Class(Class::Professional)), out);
            assert_eq!(out.iter().filter(|event| event.kind == Kind::Canceled).count(), ORDERS as usize);
        });
        println!("halt of a class, {ORDERS} orders in {instruments} instruments: {}", runs.told("ms", 1e6));
    }
}

/// Orders of an auction: buyers are even accounts, sellers odd ones, all of which cross; 1 to 9 lots.
fn collected() -> impl Iterator<Item = Command<'static>> {
    (0..ORDERS).map(|at| {
        let (lots, away) = (1 + scattered(at, 9), scattered(at / 3, 100));
        let (lots, price) = if at % 2 == 0 { (lots, MARK + away) } else { (-lots, MARK - away) };
        limit(at % 2_000, at, lots, price)
    })
}

fn auction() {
    let count = |out: &[Event], kind: Kind| out.iter().filter(|event| event.kind == kind).count();
    let alone = || {
        let (mut book, mut owner) = (Book::<Fast>::new(commands::terms()), Positions::default());
        let mut out = Vec::with_capacity(3 * ORDERS as usize);
        book.apply(&mut owner, 0, 0, &Command::Mark(MARK * TICK), &mut out);
        book.apply(&mut owner, 0, 0, &Command::Phase(Phase::Auction), &mut out);
        collected().for_each(|order| book.apply(&mut owner, 0, 0, &order, &mut out));
        assert_eq!(book.len(), ORDERS as usize);
        out.clear();
        (book, owner, out)
    };
    let mut trades = [0; 2];
    let book = timed(alone, |(book, owner, out)| {
        book.apply(owner, 1, 0, &Command::Phase(Phase::Open), out);
        trades[0] = count(out, Kind::Filled);
    });
    let make = || {
        let mut venue = venue(&rules(), 2_000, 1, 100_000_000, professional, Phase::Auction);
        let mut out = Vec::with_capacity(10 * ORDERS as usize);
        collected().for_each(|order| venue.apply(0, 0, &VenueCommand::Book(0, order), &mut out));
        assert_eq!(count(&out, Kind::Accepted), ORDERS as usize);
        out.clear();
        (venue, out)
    };
    let whole = timed(make, |(venue, out)| {
        venue.apply(1, 0, &VenueCommand::Phase(0, Phase::Open), out);
        trades[1] = count(out, Kind::Filled);
    });
    assert_eq!(trades[0], trades[1], "the same trades");
    println!("uncross of {ORDERS} orders, {} trades, the book alone: {}", trades[0], book.told("ms", 1e6));
    println!("through the venue: {}; {:.2?} times the book alone", whole.told("ms", 1e6), whole.to(&book)[0]);
}

/// The ladder of an instrument of the preset.
fn ladder(instrument: &str) -> &'static str {
    let from = &HK[HK.find(instrument).expect("the instrument")..];
    let from = &from[from.find("tiers = [").expect("its ladder")..];
    &from[..from.find("\n]").expect("its end") + 2]
}

/// What a rulebook with 0.4 % more maintenance on two steps of the ladders would do to everybody.
fn dry() {
    const MANY: u32 = 100_000;
    let own = "tiers = [[\"rest\", \"0.5%\", 20]]";
    let with = |rules: String, instrument: &str| {
        let limits = "limits = { open_orders = 100_000 }";
        let at = rules.find(&format!("[instrument.{instrument}]")).expect("the instrument");
        let changed = rules[at..].replacen(own, &format!("{}\ninitial_method = \"bracket\"", ladder(instrument)), 1);
        rules[..at].to_string() + &changed.replacen(limits, "limits = { open_orders = 100_000, position = 2_000 }", 1)
    };
    let now = with(with(rules(), "ETH-PERP"), "BTC-PERP");
    let other = parsed(&now.replace("\"0.5%\",", "\"0.9%\",").replace("\"1.5%\",", "\"1.9%\","));
    let mut venue = venue(&now, MANY, 1, 100_000, professional, Phase::Open);
    let mut out = Vec::new();
    for pair in 0..MANY / 2 {
        for instrument in 0..2 {
            // From 100 to 400,000 at the mark.
            let lots = 1 + scattered(pair, 4_000);
            for (account, lots) in [(2 * pair, -lots), (2 * ((pair + 1) % (MANY / 2)) + 1, lots)] {
                let order = limit(account, 2 * instrument, lots, MARK);
                venue.apply(0, 0, &VenueCommand::Book(instrument, order), &mut out);
            }
        }
        out.clear();
    }
    for account in 0..MANY {
        for instrument in 0..2 {
            let order = limit(account, 2 * instrument + 1, 1, MARK - 10_000 - i64::from(account % 5_000));
            venue.apply(0, 0, &VenueCommand::Book(instrument, order), &mut out);
        }
        out.clear();
    }
    let (held, orders) =
        (venue.positions().count(), (0..2).filter_map(|at| venue.book(at)).map(Book::len).sum::<usize>());
    let mut rows = 0;
    let runs = timed(|| (), |()| rows = venue.dry_run(&other).map_or(0, |rows| rows.len()));
    println!("dry run over {MANY} accounts, {held} positions, {orders} orders, {rows} rows: {}", runs.told("ms", 1e6));
}

/// The rules of the workload with every control, none of which binds.
fn with_controls() -> String {
    let rates =
        "{ orders_per_second = 1_000_000, client_orders_per_second = 1_000_000, group_orders_per_second = 1_000_000 }";
    let breaker = "{ loss_per_minute = \"50%\", turnover_per_minute = 1_000 }";
    let venue = format!("settlement = \"USD\"\nbreaker = {breaker}\nrates = {rates}");
    let large = ["position", "client_position", "group_position"].map(|limit| format!("{limit} = 1_000_000_000"));
    let many = ["open_orders", "client_open_orders", "group_open_orders"].map(|limit| format!("{limit} = 100_000"));
    let limits = format!("limits = {{ {}, {} }}", large.join(", "), many.join(", "));
    let classes = "[\"professional\", \"affiliated_market_maker\"]";
    rules().replace("settlement = \"USD\"", &venue).replace("limits = { open_orders = 100_000 }", &limits)
        + &format!("\n[client]\nclasses = {classes}\nrequire = [\"professional\", \"knowledge\"]\n")
}

/// MW-1A with every control on against none: nanoseconds a command.
fn gates() {
    /// Time between two commands: 100 a second of an account.
    const STEP: i64 = 10_000;
    let steps = stream(Shape::published(Variant::Uniform));
    let filled = commands(&steps[..PREFILL], Accounts::Many).0.len();
    let made = commands(&steps, Accounts::Many).0;
    let class = |account: u32| match account % 100 {
        0 => Class::AffiliatedMarketMaker,
        _ => Class::Professional,
    };
    let run = |rules: &str| {
        let mut venue = venue(rules, 10_000, 2, 100_000_000, class, Phase::Open);
        let (mut out, mut time, mut said, mut clock) = (Vec::with_capacity(65_536), 0, [0; 2], Clock::start());
        let kept = made.iter().enumerate().filter(|(_, command)| !matches!(command, Command::Account { .. }));
        let mut measured = 0;
        for (at, command) in kept {
            if at == filled {
                (clock, said) = (Clock::start(), [0; 2]);
            }
            measured += usize::from(at >= filled);
            time += STEP;
            let command = match *command {
                Command::Mark(price) => VenueCommand::Mark(0, price, PriceState::Live),
                command => VenueCommand::Book(0, command),
            };
            venue.apply(time, 0, &command, &mut out);
            if at % 256 == 0 {
                said[0] += out.iter().filter(|event: &&Event| event.kind == Kind::Filled).count();
                said[1] += out.iter().filter(|event| event.kind == Kind::Rejected).count();
                out.clear();
                venue.settle_ids();
            }
        }
        (clock.stop().map(|ns| ns / measured as f64), said)
    };
    let (mut off, mut on, mut counts) = (Runs::default(), Runs::default(), [0; 2]);
    for _ in 0..RUNS {
        let ((without, said), (with, also)) = (run(&rules()), run(&with_controls()));
        assert_eq!(said, also, "no control binds: trades, rejects");
        off.add(without);
        on.add(with);
        counts = said;
    }
    println!("MW-1A, {} trades, {} rejected, no controls, a command: {}", counts[0], counts[1], off.told("ns", 1.0));
    println!("with all of them: {}; ratio, least and most: {:.3?}", on.told("ns", 1.0), on.to(&off));
}

fn main() {
    let only = std::env::args().nth(1).filter(|name| !name.starts_with("--"));
    let parts: [(&str, fn()); 4] = [("halt", halt), ("auction", auction), ("dry", dry), ("gates", gates)];
    for (name, part) in parts {
        if only.as_deref().is_none_or(|only| only == name) {
            part();
        }
    }
}
