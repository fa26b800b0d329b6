//! A venue spoken to in whole units, for cases by hand. After every command it checks what must always hold.

#![allow(dead_code, reason = "each of its users takes a part")]

use perpcore::fault::Code;
use perpcore::margin::figures::Figures;
use perpcore::margin::status::Status;
use perpcore::message::*;
use perpcore::num::ONE;
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use perpcore::venue::{Holder, Venue};
use std::collections::BTreeMap;

/// 2026-12-01T00:00:00Z: funding and settlement are due in 8 hours.
pub const MIDNIGHT: i64 = 1_796_083_200 * SECOND;
pub const SECOND: i64 = 1_000_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
pub const YEAR: i64 = 365 * 24 * HOUR;

/// Initial margin 10 %, maintenance margin 5 %, no fees, collar 3 % around the mark; a contract of BETA is 0.1 base
/// units. An interval of funding never ends before a settlement does.
pub const RULES: &str = r#"
name = "small"
[venue]
settlement = "USD"
settle_every = "8h"
fees = { standard = { maker = "0%", taker = "0%" } }
[asset.USD]
class = "fiat"
eligible = true
[asset.BTC]
eligible = true
haircut = [["rest", "20%"]]
close_cost = "5%"
[underlying.ALPHA]
[underlying.BETA]
[instrument.ALPHA]
underlying = "ALPHA"
tick = 0.01
lot = 1
tiers = [["rest", "5%", 10]]
funding = { sample = "8h", impact_notional = 100 }
[instrument.BETA]
underlying = "BETA"
tick = 0.01
lot = 1
contract_size = 0.1
tiers = [["rest", "5%", 10]]
funding = { sample = "8h", impact_notional = 100 }
"#;

pub const ALPHA: u32 = 0;
pub const BETA: u32 = 1;
pub const BTC: u32 = 0;
pub const USD: u32 = 1;

/// Whole units.
pub const fn units(whole: i64) -> i64 {
    whole * ONE
}

/// Whole units of money.
pub const fn money(whole: i64) -> i128 {
    whole as i128 * ONE as i128
}

/// Hundredths, as prices are.
pub const fn cents(hundredths: i64) -> i64 {
    hundredths * (ONE / 100)
}

/// A limit order, contracts whole, the price in hundredths.
pub fn limit(account: u32, contracts: i64, price: i64) -> Place<'static> {
    Place { price: Some(cents(price)), tif: Tif::Gtc, ..market(account, contracts) }
}

/// A market order.
pub fn market(account: u32, contracts: i64) -> Place<'static> {
    Place {
        account,
        client_id: None,
        quantity: units(contracts),
        price: None,
        sent: None,
        tif: Tif::Ioc,
        until: None,
        post_only: None,
        reduce_only: false,
        isolated: false,
        trigger: None,
        stp: Stp::Taker,
        liquidation: false,
    }
}

/// The same order for the isolated position.
pub fn isolated(place: Place<'static>) -> Place<'static> {
    Place { isolated: true, ..place }
}

pub struct Desk {
    pub venue: Venue,
    pub time: i64,
    pub cause: u64,
    /// The events of the last command.
    pub events: Vec<Event>,
    /// The number that the next event has.
    pub next: u64,
    /// Statuses of isolated buckets as events told them.
    isolated: BTreeMap<(u32, u32), u8>,
    /// Whether all accounts are valued anew after every command.
    pub thorough: bool,
}

impl Desk {
    /// Nothing told yet.
    pub fn bare(rules: &str) -> Desk {
        let rules = Rulebook::parse(rules, "small.toml").expect("the rulebook");
        Desk {
            venue: Venue::new(&rules),
            time: MIDNIGHT,
            cause: 0,
            events: Vec::new(),
            next: 0,
            isolated: BTreeMap::new(),
            thorough: true,
        }
    }

    /// Both instruments open at 100, indexes too.
    pub fn new(rules: &str) -> Desk {
        let mut desk = Desk::bare(rules);
        for at in [ALPHA, BETA] {
            desk.does(VenueCommand::Index(Priced::Underlying(at), units(100), PriceState::Live));
            desk.does(VenueCommand::Mark(at, units(100), PriceState::Live));
            desk.does(VenueCommand::Phase(at, Phase::Open));
        }
        desk
    }

    /// Accounts with so many dollars each, numbered from 0.
    pub fn with(rules: &str, dollars: &[i64]) -> Desk {
        let mut desk = Desk::new(rules);
        for (account, dollars) in dollars.iter().enumerate() {
            desk.opens(account as u32, *dollars);
        }
        desk
    }

    pub fn opens(&mut self, account: u32, dollars: i64) {
        self.does(VenueCommand::OpenAccount(account, Settings::default()));
        if dollars != 0 {
            self.does(VenueCommand::Deposit(account, USD, money(dollars)));
        }
    }

    /// Carries out a command and checks what must hold after any; why it was refused, if it was.
    pub fn tell(&mut self, command: VenueCommand<'_>) -> Option<Code> {
        self.events.clear();
        self.venue.apply(self.time, self.cause, &command, &mut self.events);
        self.cause += 1;
        let repeats = matches!(command, VenueCommand::Book(_, Command::Place(Place { client_id: Some(_), .. })));
        for event in &self.events {
            if event.seq != self.next && repeats && event.seq < self.next {
                continue;
            }
            assert_eq!(event.seq, self.next, "a number is left out: {event:?}");
            self.next += 1;
            assert!(event.time <= self.time, "an event of the future: {event:?}");
            if matches!(event.kind, Kind::Posting | Kind::Conversion) {
                assert!(event.balance >= 0 && event.amount != 0, "{event:?}");
            }
            if event.kind == Kind::StatusChanged && event.instrument != NOBODY {
                self.isolated.insert((event.account, event.instrument), event.after);
            }
        }
        assert_eq!(self.venue.verify(), [""; 0], "after {command:?}");
        if self.thorough {
            self.statuses_hold(&command);
        }
        // A command that is refused says so last, before statuses that only time changed.
        let last = self.events.iter().rev().find(|event| event.kind == Kind::Rejected);
        last.and_then(|event| event.code)
    }

    /// Every status that was told is that of a full valuation.
    fn statuses_hold(&self, command: &VenueCommand<'_>) {
        for account in self.venue.accounts() {
            let valued = self.venue.valued(account, false).expect("an open account");
            let seen = self.venue.status(account).expect("an open account");
            assert_eq!(seen, valued.cross.status, "account {account} after {command:?}: {:?}", valued.cross);
            let mut left = self.isolated.range((account, 0)..(account + 1, 0));
            for (instrument, figures) in &valued.isolated {
                let told = self.isolated.get(&(account, *instrument)).copied().unwrap_or(Status::Healthy as u8);
                assert_eq!(told, figures.status as u8, "account {account}, isolated {instrument}, after {command:?}");
            }
            let gone = |instrument: u32| valued.isolated.iter().all(|(of, _)| *of != instrument);
            assert!(
                left.all(|(&(_, instrument), &told)| !gone(instrument) || told == Status::Healthy as u8),
                "account {account}: an isolated position that is no more has a status after {command:?}"
            );
        }
    }

    /// What must not be refused.
    pub fn does(&mut self, command: VenueCommand<'_>) {
        let refused = self.tell(command);
        assert_eq!(refused.map(|code| code.entry().name), None, "{command:?}");
    }

    /// What must be refused for a reason, and change nothing but what is said.
    pub fn refuses(&mut self, command: VenueCommand<'_>, code: Code) {
        let before = self.holdings();
        let refused = self.tell(command);
        assert_eq!(refused.map(|code| code.entry().name), Some(code.entry().name), "{command:?}");
        assert_eq!(before, self.holdings(), "{command:?} was refused and moved something");
    }

    pub fn place(&mut self, instrument: u32, place: Place<'_>) -> Option<Code> {
        self.tell(VenueCommand::Book(instrument, Command::Place(place)))
    }

    /// Places what is accepted; its id.
    pub fn rests(&mut self, instrument: u32, place: Place<'_>) -> u64 {
        self.does(VenueCommand::Book(instrument, Command::Place(place)));
        self.events.iter().find(|event| event.kind == Kind::Accepted).expect("accepted").order
    }

    pub fn not_placed(&mut self, instrument: u32, place: Place<'_>, code: Code) {
        self.refuses(VenueCommand::Book(instrument, Command::Place(place)), code);
    }

    pub fn cancel(&mut self, instrument: u32, order: u64) {
        let order = Named::Order(order);
        self.does(VenueCommand::Book(instrument, Command::Cancel(Cancel { order, account: None })));
    }

    pub fn amend(&mut self, instrument: u32, order: u64, contracts: Option<i64>, price: Option<i64>) -> Option<Code> {
        let (order, quantity, price) = (Named::Order(order), contracts.map(units), price.map(cents));
        self.tell(VenueCommand::Book(instrument, Command::Amend(Amend { order, account: None, quantity, price })))
    }

    /// One sells to the other, who takes; both must be able to.
    pub fn trade(&mut self, instrument: u32, buyer: u32, seller: u32, contracts: i64, price: i64) {
        self.rests(instrument, limit(seller, -contracts, price));
        self.rests(instrument, limit(buyer, contracts, price));
        assert_eq!(self.filled(), contracts, "{:?}", self.events);
    }

    pub fn mark(&mut self, instrument: u32, price: i64) {
        self.does(VenueCommand::Mark(instrument, cents(price), PriceState::Live));
    }

    pub fn index(&mut self, underlying: u32, price: i64) {
        self.does(VenueCommand::Index(Priced::Underlying(underlying), cents(price), PriceState::Live));
    }

    /// Lets time pass.
    pub fn passes(&mut self, span: i64) {
        self.time += span;
        self.does(VenueCommand::AdvanceTime);
    }

    /// Contracts traded by the last command.
    pub fn filled(&self) -> i64 {
        self.of_kind(Kind::Filled).map(|event| event.quantity.abs() / ONE).sum()
    }

    pub fn of_kind(&self, kind: Kind) -> impl Iterator<Item = &Event> {
        self.events.iter().filter(move |event| event.kind == kind)
    }

    /// Why the first order that ended by the last command did.
    pub fn canceled(&self) -> Option<Code> {
        self.of_kind(Kind::Canceled).next().and_then(|event| event.code)
    }

    /// What was posted to an account by a rule in the last command.
    pub fn posted(&self, account: u32, rule: Rule) -> Vec<i128> {
        let of = |event: &&Event| event.account == account && event.rule == Some(rule);
        self.of_kind(Kind::Posting).filter(of).map(|event| event.amount).collect()
    }

    pub fn figures(&self, account: u32) -> Figures {
        self.venue.valued(account, false).expect("an open account").cross
    }

    pub fn bucket(&self, account: u32, instrument: u32) -> Figures {
        let valued = self.venue.valued(account, false).expect("an open account");
        valued.isolated.iter().find(|(of, _)| *of == instrument).expect("an isolated position").1
    }

    pub fn status(&self, account: u32) -> Status {
        self.venue.status(account).expect("an open account")
    }

    pub fn wallet(&self, account: u32, asset: u32) -> i128 {
        self.amount(Holder::Client(account), asset)
    }

    pub fn house(&self, name: &'static str) -> i128 {
        self.amount(Holder::House(name), USD)
    }

    fn amount(&self, holder: Holder, asset: u32) -> i128 {
        let rows = self.venue.ledger().filter(|row| row.holder == holder && row.asset == asset);
        rows.map(|row| row.amount).sum()
    }

    /// Contracts of a position.
    pub fn held(&self, account: u32, instrument: u32, isolated: bool) -> i64 {
        let key = (account, instrument, isolated);
        let rows = self.venue.positions().filter(|row| (row.account, row.instrument, row.isolated) == key);
        rows.map(|row| row.quantity / ONE).sum()
    }

    pub fn margin(&self, account: u32, instrument: u32) -> i128 {
        let rows = self.venue.positions().filter(|row| row.isolated && row.account == account);
        rows.filter(|row| row.instrument == instrument).map(|row| row.isolated_margin).sum()
    }

    /// Everything that is held, as text.
    fn holdings(&self) -> String {
        let (ledger, positions): (Vec<_>, Vec<_>) = (self.venue.ledger().collect(), self.venue.positions().collect());
        format!("{ledger:?} {positions:?}")
    }
}
