//! Venues for what is measured, and how it is measured.

#![allow(dead_code, reason = "each bench takes what it needs")]

use super::commands::{LOT, RULES, TICK};
use perpcore::message::{Class, ClientId, Command, Kind, Phase, Place, PriceState, Settings, Stp, Tif, VenueCommand};
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;
use std::fmt::{self, Display};
use std::time::Instant;

pub const RUNS: usize = 9;
pub const ORDERS: u32 = 100_000;
/// The mark, in ticks.
pub const MARK: i64 = 1_000_000;

/// The rules of the workload with fees and a second instrument.
pub fn rules() -> String {
    let fees = "settlement = \"USD\"\nfees = { standard = { maker = \"0.02%\", taker = \"0.05%\" } }";
    let second = RULES[RULES.find("[underlying.BTC]").unwrap_or(0)..].replace("BTC", "ETH");
    RULES.replace("settlement = \"USD\"", fees) + &second
}

pub fn parsed(rules: &str) -> Rulebook {
    Rulebook::parse(rules, "controls.toml").expect("the rulebook")
}

/// A venue of some accounts with the same money and proofs, all instruments marked and in a phase.
pub fn venue(
    rules: &str,
    accounts: u32,
    of_group: u32,
    money: i64,
    class: impl Fn(u32) -> Class,
    phase: Phase,
) -> Venue {
    let rules = parsed(rules);
    let (mut venue, mut out) = (Venue::new(&rules), Vec::new());
    let mut tell = |command| venue.apply(0, 0, &command, &mut out);
    for account in 0..accounts {
        let settings = Settings {
            client: Some(account),
            group: Some(2 * (account / of_group)),
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

pub fn professional(_: u32) -> Class {
    Class::Professional
}

/// A limit order of so many lots, sellers below 0.
pub fn limit(account: u32, id: u32, lots: i64, price: i64) -> Command<'static> {
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
pub fn scattered(at: u32, below: u32) -> i64 {
    i64::from(at.wrapping_mul(2_654_435_761) >> 8) % i64::from(below)
}

/// Nanoseconds that this thread was on the processor; 0 where the system does not tell.
fn on_processor() -> f64 {
    let told = std::fs::read_to_string("/proc/thread-self/schedstat").unwrap_or_default();
    told.split(' ').next().and_then(|ns| ns.parse().ok()).unwrap_or(0.0)
}

/// Both clocks: others may have had the processor meanwhile, of which the second one knows nothing.
pub struct Clock(Instant, f64);

impl Clock {
    pub fn start() -> Clock {
        Clock(Instant::now(), on_processor())
    }

    /// Nanoseconds since, by the wall and on the processor.
    pub fn stop(&self) -> [f64; 2] {
        let processor = on_processor() - self.1;
        [self.0.elapsed().as_nanos() as f64, processor]
    }
}

/// Some runs of one thing: nanoseconds by the wall and on the processor.
#[derive(Default)]
pub struct Runs(Vec<[f64; 2]>);

impl Runs {
    pub fn add(&mut self, run: [f64; 2]) {
        self.0.push(run);
    }

    /// Median and least, by the wall or on the processor.
    fn of(&self, clock: usize) -> [f64; 2] {
        let mut times: Vec<f64> = self.0.iter().map(|run| run[clock]).collect();
        times.sort_by(f64::total_cmp);
        [times[times.len() / 2], times[0]]
    }

    /// How many times as long these took, run by run on the processor: the median and its range.
    pub fn to(&self, others: &Runs) -> [f64; 3] {
        let mut ratios: Vec<f64> = self.0.iter().zip(&others.0).map(|(of, by)| of[1] / by[1]).collect();
        ratios.sort_by(f64::total_cmp);
        [ratios[ratios.len() / 2], ratios[0], ratios[ratios.len() - 1]]
    }

    /// In a unit of so many nanoseconds.
    pub fn told<'a>(&'a self, unit: &'a str, ns: f64) -> impl Display + 'a {
        Told { runs: self, unit, ns }
    }
}

struct Told<'a> {
    runs: &'a Runs,
    unit: &'a str,
    ns: f64,
}

impl Display for Told<'_> {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Told { runs, unit, ns } = self;
        let [[wall, wall_least], [processor, processor_least]] = [0, 1].map(|clock| runs.of(clock).map(|of| of / ns));
        write!(to, "{processor:.1} {unit} [{processor_least:.1}] on the processor, ")?;
        write!(to, "{wall:.1} {unit} [{wall_least:.1}] by the wall")
    }
}

/// Something done once to something made before, some times over.
pub fn timed<T>(mut make: impl FnMut() -> T, mut work: impl FnMut(&mut T)) -> Runs {
    let mut runs = Runs::default();
    for _ in 0..RUNS {
        let mut made = make();
        let clock = Clock::start();
        work(&mut made);
        runs.add(clock.stop());
    }
    runs
}
