//! Long random streams through a venue: what must hold after every command, whatever it was.
//!
//! `VENUE_COMMANDS` asks for more of them, `VENUE_SEED` for others.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "venue/desk.rs"]
mod desk;
#[path = "venue/stream.rs"]
mod stream;

use desk::*;
use perpcore::margin::figures::Figures;
use perpcore::margin::status::Status;
use perpcore::message::{Command, Event, House, Kind, PriceState, Priced, VenueCommand};
use std::collections::{BTreeMap, BTreeSet};
use stream::{ACCOUNTS, Stream, TERMS};

/// A bucket: the account, and the instrument of an isolated one.
type Bucket = (u32, Option<u32>);

fn asked(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|text| text.parse().ok()).unwrap_or(otherwise)
}

struct Run {
    desk: Desk,
    stream: Stream,
    /// The statuses that were told; what was not is healthy.
    told: BTreeMap<Bucket, u8>,
    /// Orders for isolated positions, by instrument and id.
    isolated: BTreeSet<(u32, u64)>,
    seen: BTreeMap<String, u64>,
}

impl Run {
    fn new(seed: u64) -> Run {
        let mut desk = Desk::closed(TERMS);
        let mut stream = Stream::new(seed);
        for (of, price) in [(BTC, 100.0), (ETH, 20.0)] {
            desk.index(of, price);
            desk.mark(of, price);
            desk.ok(VenueCommand::Phase(of, perpcore::message::Phase::Open));
        }
        desk.ok(VenueCommand::Index(Priced::Asset(desk.asset("TOKEN")), g(1.0), PriceState::Live));
        for account in 0..ACCOUNTS {
            let settings = stream.settings(account);
            let coins = account % 4 == 3;
            desk.open_as(account, settings, if coins { 0.0 } else { 500.0 });
            if coins {
                desk.deposit(account, "COIN", 8.0);
            }
        }
        desk.fund(20.0);
        desk.ok(VenueCommand::Topup(House::Converter, None, None, m(if seed % 4 == 3 { 200.0 } else { 3_000.0 })));
        Run { desk, stream, told: BTreeMap::new(), isolated: BTreeSet::new(), seen: BTreeMap::new() }
    }

    fn figures(&self) -> BTreeMap<Bucket, Figures> {
        let mut all = BTreeMap::new();
        for account in 0..ACCOUNTS {
            let valued = self.desk.venue.valued(account, false).unwrap();
            all.insert((account, None), valued.cross);
            all.extend(valued.isolated.into_iter().map(|(of, figures)| ((account, Some(of)), figures)));
        }
        all
    }

    /// The next command, with all that must hold after it.
    fn step(&mut self) -> Vec<Event> {
        let command = self.stream.next(&self.desk);
        let before_time = self.desk.time;
        self.desk.time += self.stream.step();
        // What is due comes first, so that what follows is the command's own.
        let mut said = Vec::new();
        if self.desk.time > before_time {
            said.extend(self.desk.ok(VenueCommand::AdvanceTime));
            self.take(&said, None);
            self.statuses(&command);
        }
        let before = self.figures();
        let own = self.desk.tell(command);
        self.take(&own, Some(&command));
        let after = self.figures();
        self.statuses_of(&after, &command);
        if let VenueCommand::Book(instrument, of) = &command {
            self.fills(*instrument, &before, &after, &own);
            self.own_order(*instrument, of, &before, &after, &own);
        }
        said.extend(own);
        said
    }

    /// Notes what was said.
    fn take(&mut self, said: &[Event], command: Option<&VenueCommand<'_>>) {
        let place = match command {
            Some(VenueCommand::Book(_, Command::Place(place))) => Some(place),
            _ => None,
        };
        for event in said {
            *self.seen.entry(format!("{:?} {:?}", event.kind, event.code)).or_default() += 1;
            let instrument = event.instrument;
            match event.kind {
                Kind::StatusChanged => {
                    let bucket = (event.account, (instrument != u32::MAX).then_some(instrument));
                    let known = self.told.insert(bucket, event.after).unwrap_or(Status::Healthy as u8);
                    assert_eq!(known, event.before, "{event:?}");
                }
                Kind::Accepted if event.order != 0 => {
                    self.stream.orders.push((instrument, event.order));
                    if place.is_some_and(|place| place.isolated) {
                        self.isolated.insert((instrument, event.order));
                    }
                }
                Kind::WithdrawalRequested => self.stream.withdrawals = event.order,
                _ => {}
            }
        }
    }

    fn statuses(&self, command: &VenueCommand<'_>) {
        self.statuses_of(&self.figures(), command);
    }

    /// Statuses as they were told are those of a fresh valuation of everybody.
    fn statuses_of(&self, all: &BTreeMap<Bucket, Figures>, command: &VenueCommand<'_>) {
        for (bucket, figures) in all {
            let told = self.told.get(bucket).copied().unwrap_or(Status::Healthy as u8);
            assert_eq!(told, figures.status as u8, "{bucket:?} {figures:?} after {command:?}");
        }
        let gone = self.told.iter().filter(|(bucket, _)| !all.contains_key(bucket));
        for (bucket, status) in gone {
            assert_eq!(*status, Status::Healthy as u8, "{bucket:?} is no more, after {command:?}");
        }
    }

    /// `gate.fill`, from outside: after its fills a bucket has its maintenance margin, or is closed and worth nothing less
    /// than nothing, or has a ratio that is not lower.
    fn fills(
        &self,
        instrument: u32,
        before: &BTreeMap<Bucket, Figures>,
        after: &BTreeMap<Bucket, Figures>,
        own: &[Event],
    ) {
        let mut sides: BTreeSet<(u32, bool)> = BTreeSet::new();
        for event in own.iter().filter(|event| event.kind == Kind::Filled) {
            for (account, order) in [(event.account, event.order), (event.other_account, event.other_order)] {
                sides.insert((account, self.isolated.contains(&(instrument, order))));
            }
        }
        for &(account, isolated) in &sides {
            // Who trades both ways moves margin between them.
            if !isolated && sides.contains(&(account, true)) {
                continue;
            }
            let bucket = (account, isolated.then_some(instrument));
            let Some(now) = after.get(&bucket) else { continue };
            let was = before.get(&bucket);
            let closed = self.desk.held(account, instrument, isolated) == 0 && now.net_value >= 0;
            let ratio = was.is_some_and(|was| {
                was.maintenance_margin > 0
                    && now.net_value >= 0
                    && now.equity * was.maintenance_margin >= was.equity * now.maintenance_margin
            });
            assert!(now.equity >= now.maintenance_margin || closed || ratio, "{bucket:?} {was:?} {now:?} {own:?}");
        }
    }

    /// Who was covered is covered after an order of his own that adds.
    fn own_order(
        &self,
        instrument: u32,
        command: &Command<'_>,
        before: &BTreeMap<Bucket, Figures>,
        after: &BTreeMap<Bucket, Figures>,
        own: &[Event],
    ) {
        let Command::Place(place) = command else { return };
        let accepted = own.iter().any(|event| event.kind == Kind::Accepted && event.account == place.account);
        let (was, now) = (&before[&(place.account, None)], &after[&(place.account, None)]);
        let covered = was.status == Status::Healthy && was.opening_equity >= was.initial_margin;
        // An order that reduces may lose more than it frees, and let others open that reduced before.
        let filled = own.iter().filter(|event| event.kind == Kind::Filled && event.account == place.account);
        let traded: i64 = filled.map(|event| event.quantity).sum();
        let held = self.desk.held(place.account, instrument, place.isolated) - traded;
        let adds = !place.reduce_only && (held == 0 || (held < 0) == (place.quantity < 0));
        if accepted && covered && adds && now.status != Status::Undecided {
            assert!(now.opening_equity >= now.initial_margin, "{was:?} {now:?} {place:?} {own:?}");
        }
    }
}

/// What came of a stream.
struct Outcome {
    digest: [u8; 32],
    log: Vec<Event>,
    seen: BTreeMap<String, u64>,
}

fn run(seed: u64, commands: u64) -> Outcome {
    let mut run = Run::new(seed);
    for _ in 0..commands {
        run.step();
    }
    Outcome { digest: run.desk.venue.digest(), log: run.desk.log, seen: run.seen }
}

#[test]
fn whatever_comes_nothing_is_lost_and_nobody_is_missed() {
    let (commands, seed) = (asked("VENUE_COMMANDS", 20_000), asked("VENUE_SEED", 1));
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    // A venue in which everybody lost what he had shows nothing any more: the next one begins.
    for part in 0..commands.div_ceil(5_000) {
        run(seed + part, 5_000).seen.into_iter().for_each(|(kind, count)| *seen.entry(kind).or_default() += count);
    }
    let kinds = ["Filled", "StatusChanged", "MarginCall", "Settlement", "SettlementDeferred", "Funding", "FundDraw"];
    for kind in kinds.into_iter().chain(["Conversion", "Triggered", "WithdrawalConfirmed"]) {
        assert!(seen.keys().any(|of| of.starts_with(&format!("{kind} "))), "{kind} never came");
    }
    let trades = seen.get("Filled None").copied().unwrap_or(0);
    assert!(trades * 50 > commands, "{trades} trades of {commands} commands show little");
}

#[test]
fn the_same_commands_give_the_same_events_and_digest() {
    let seed = asked("VENUE_SEED", 1);
    let (first, second) = (run(seed, 2_000), run(seed, 2_000));
    assert_eq!(first.digest, second.digest);
    let differs = first.log.iter().zip(&second.log).position(|(a, b)| a != b);
    assert_eq!((first.log.len(), differs), (second.log.len(), None));
}
