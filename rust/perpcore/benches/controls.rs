//! What the controls of a venue cost: `cargo bench -p perpcore --bench controls [halt|auction|dry|gates]`.
//!
//! The halt of a class with 100,000 resting orders of 1,000 accounts, in one instrument and in two; the uncross of 100,000
//! orders of 2,000 accounts, in a book alone and through the venue, which asks `gate.fill` of every pair; a dry run over
//! 100,000 accounts with two positions and two orders each under the ladders of hk-vatp-perp; and the matching workload MW-1A
//! with every control on against the same with none. Each figure is the median of some runs, the least in brackets.

#![allow(clippy::expect_used, reason = "a bench whose rulebook does not stand is to stop")]

#[path = "../tests/workload/commands.rs"]
mod commands;
#[path = "../tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, LOT, RULES, TICK, commands};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::message::{
    Class, ClientId, Command, Event, Halted, Kind, Phase, Place, PriceState, Settings, Stp, Tif, VenueCommand,
};
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;
use std::time::Instant;
use workload::{PREFILL, Shape, Variant, stream};

const RUNS: usize = 5;
const ORDERS: u32 = 100_000;
/// The mark, in ticks.
const MARK: i64 = 1_000_000;
const HK: &str = include_str!("../presets/hk-vatp-perp.toml");

/// The rules of the workload with fees and a second instrument.
fn rules() -> String {
    let fees = "settlement = \"USD\"\nfees = { standard = { maker = \"0.02%\", taker = \"0.05%\" } }";
    let second = RULES[RULES.find("[underlying.BTC]").unwrap_or(0)..].replace("BTC", "ETH");
    RULES.replace("settlement = \"USD\"", fees) + &second
}

fn parsed(rules: &str) -> Rulebook {
    Rulebook::parse(rules, "controls.toml").expect("the rulebook")
}

/// A venue of some accounts with the same money and proofs, all instruments marked and in a phase.
fn venue(rules: &str, accounts: u32, money: i64, class: impl Fn(u32) -> Class, phase: Phase) -> Venue {
    let rules = parsed(rules);
    let (mut venue, mut out) = (Venue::new(&rules), Vec::new());
    let mut tell = |command| venue.apply(0, 0, &command, &mut out);
    for account in 0..accounts {
        let settings = Settings {
            client: Some(account),
            group: Some(2 * (account / 2)),
            class: Some(class(account)),
            investor_until: Some(i64::MAX / 4),
            knowledge_until: Some(i64::MAX / 4),
            approved: true,
            ..Settings::default()
        };
        tell(VenueCommand::OpenAccount(account, settings));
        tell(VenueCommand::Deposit(account, 0, i128::from(money) * i128::from(ONE)));
    }
    for instrument in 0..rules.instruments().len() as u32 {
        tell(VenueCommand::Mark(instrument, MARK * TICK, PriceState::Live));
        tell(VenueCommand::Phase(instrument, phase));
    }
    assert!(out.iter().all(|event| event.kind != Kind::Rejected), "what the workload needs");
    venue
}

fn professional(_: u32) -> Class {
    Class::Professional
}

/// A limit order of so many lots, sellers below 0.
fn limit(account: u32, id: u32, lots: i64, price: i64) -> Command<'static> {
    Command::Place(Place {
        account,
        client_id: Some(ClientId::Number(id.into())),
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
    })
}

/// Numbers that are the same in every run.
fn scattered(at: u32, below: u32) -> i64 {
    i64::from(at.wrapping_mul(2_654_435_761) >> 8) % i64::from(below)
}

/// Milliseconds of something done once to something made before, some times over: median and least.
fn timed<T>(mut make: impl FnMut() -> T, mut work: impl FnMut(&mut T)) -> [f64; 2] {
    let mut times: Vec<f64> = (0..RUNS)
        .map(|_| {
            let mut made = make();
            let start = Instant::now();
            work(&mut made);
            start.elapsed().as_nanos() as f64 / 1e6
        })
        .collect();
    times.sort_by(f64::total_cmp);
    [times[RUNS / 2], times[0]]
}

/// Orders of a class end: 100 of each of 1,000 accounts, at 500 prices a side.
fn halt() {
    for instruments in [1, 2] {
        let make = || {
            let mut venue = venue(&rules(), 1_000, 100_000_000, professional, Phase::Open);
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
        let [median, least] = timed(make, |(venue, out)| {
            venue.apply(1, 0, &VenueCommand::HaltOrders(Halted::Class(Class::Professional)), out);
            assert_eq!(out.iter().filter(|event| event.kind == Kind::Canceled).count(), ORDERS as usize);
        });
        println!("halt of a class, {ORDERS} orders in {instruments} instruments: {median:.1} ms [{least:.1}]");
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
        let mut venue = venue(&rules(), 2_000, 100_000_000, professional, Phase::Auction);
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
    println!("uncross of {ORDERS} orders, {} trades: the book alone {:.1} ms [{:.1}]", trades[0], book[0], book[1]);
    let times = whole[0] / book[0];
    println!("through the venue {:.1} ms [{:.1}], {times:.2} times the book alone", whole[0], whole[1]);
}

/// The ladder of an instrument of the preset.
fn ladder(instrument: &str) -> &'static str {
    let from = &HK[HK.find(instrument).expect("the instrument")..];
    let from = &from[from.find("tiers = [").expect("its ladder")..];
    &from[..from.find("\n]").expect("its end") + 2]
}

/// What a rulebook with one percent more maintenance in the middle of the ladders would do to everybody.
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
    let other = parsed(&now.replace("\"2%\", ", "\"3%\", ").replace("\"1.5%\",", "\"2.5%\","));
    let mut venue = venue(&now, MANY, 100_000, professional, Phase::Open);
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
    let [median, least] = timed(|| (), |()| rows = venue.dry_run(&other).map_or(0, |rows| rows.len()));
    println!(
        "dry run over {MANY} accounts, {held} positions, {orders} orders, {rows} rows: {median:.1} ms [{least:.1}]"
    );
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
        let mut venue = venue(rules, 10_000, 100_000_000, class, Phase::Open);
        let (mut out, mut time, mut said, mut start) = (Vec::with_capacity(65_536), 0, [0; 2], Instant::now());
        let kept = made.iter().enumerate().filter(|(_, command)| !matches!(command, Command::Account { .. }));
        let mut measured = 0;
        for (at, command) in kept {
            if at == filled {
                (start, said) = (Instant::now(), [0; 2]);
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
        (start.elapsed().as_nanos() as f64 / measured as f64, said)
    };
    let (mut off, mut on) = (Vec::new(), Vec::new());
    for _ in 0..RUNS {
        let (without, with) = (run(&rules()), run(&with_controls()));
        assert_eq!(without.1, with.1, "no control binds: trades, rejects");
        off.push(without);
        on.push(with.0);
    }
    let [trades, rejected] = off[0].1;
    let mut ratios: Vec<f64> = off.iter().zip(&on).map(|((off, _), on)| on / off).collect();
    ratios.sort_by(f64::total_cmp);
    let median = |values: &mut Vec<f64>| {
        values.sort_by(f64::total_cmp);
        (values[RUNS / 2], values[0])
    };
    let (off, on) = (median(&mut off.iter().map(|(ns, _)| *ns).collect()), median(&mut on));
    println!("MW-1A, {trades} trades, {rejected} rejected: without controls {:.0} ns a command [{:.0}]", off.0, off.1);
    println!("with all of them {:.0} ns [{:.0}]; ratios of pairs of runs: {ratios:.3?}", on.0, on.1);
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
