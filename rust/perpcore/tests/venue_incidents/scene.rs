//! A venue of one contract, and short ways to tell it things and to look at it.

use perpcore::fault::Code;
use perpcore::message::{
    Class, Command, Event, Kind, Phase, Place, PriceState, Priced, Settings, Stp, Tif, VenueCommand,
};
use perpcore::rules::Rulebook;
use perpcore::venue::Venue;

pub const E8: i128 = 100_000_000;
pub const SECOND: i64 = 1_000_000_000;
pub const HOUR: i64 = 3_600 * SECOND;
pub const USD: u32 = 0;
pub const X: u32 = 0;

pub const RULES: &str = r#"
[venue]
settlement = "USD"
settle_every = "8h"
[asset.USD]
class = "fiat"
eligible = true
[instrument.X-PERP]
underlying = "X"
tick = 0.0001
lot = 0.01
tiers = [[1_000_000_000_000, "5%", 10]]
"#;

/// A decimal of at most eight places in g.
pub fn g(text: &str) -> i64 {
    let (whole, part) = text.split_once('.').unwrap_or((text, ""));
    let digits = format!("{whole}{part:0<8}");
    digits.parse().expect("a number")
}

/// A venue whose prices are told, at midnight of the first day.
pub struct Scene(pub Venue, pub i64);

impl Scene {
    pub fn new(rules: &str, price: &str, cash: &[i128]) -> Scene {
        let mut scene = Scene(Venue::new(&Rulebook::parse(rules, "incident.toml").expect("the rulebook")), 1);
        for (account, &amount) in cash.iter().enumerate() {
            scene.join(account as u32, Class::Professional, amount);
        }
        scene.price(price);
        scene.tell(VenueCommand::Phase(X, Phase::Open));
        scene
    }

    pub fn tell(&mut self, command: VenueCommand<'_>) -> Vec<Event> {
        let mut out = Vec::new();
        self.0.apply(self.1, 0, &command, &mut out);
        out
    }

    pub fn join(&mut self, account: u32, class: Class, amount: i128) {
        let settings = Settings { class: Some(class), approved: true, ..Settings::default() };
        self.tell(VenueCommand::OpenAccount(account, settings));
        if amount > 0 {
            self.tell(VenueCommand::Deposit(account, USD, amount * E8));
        }
    }

    /// Index and mark.
    pub fn price(&mut self, price: &str) -> Vec<Event> {
        self.price_of(X, price)
    }

    /// Index and mark of one of two contracts.
    pub fn price_of(&mut self, instrument: u32, price: &str) -> Vec<Event> {
        let mut told = self.tell(VenueCommand::Index(Priced::Underlying(instrument), g(price), PriceState::Live));
        told.extend(self.tell(VenueCommand::Mark(instrument, g(price), PriceState::Live)));
        told
    }

    pub fn later(&mut self, time: i64) -> Vec<Event> {
        self.1 = time + 1;
        self.tell(VenueCommand::AdvanceTime)
    }

    pub fn place(&mut self, account: u32, quantity: &str, price: &str) -> Vec<Event> {
        self.place_in(X, account, quantity, price)
    }

    fn place_in(&mut self, instrument: u32, account: u32, quantity: &str, price: &str) -> Vec<Event> {
        let (sign, size) = quantity.strip_prefix('-').map_or((1, quantity), |size| (-1, size));
        let place = Place {
            account,
            client_id: None,
            quantity: sign * g(size),
            price: Some(g(price)),
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
        self.tell(VenueCommand::Book(instrument, Command::Place(place)))
    }

    /// The first buys from the second.
    pub fn trade(&mut self, buyer: u32, seller: u32, size: &str, price: &str) -> Vec<Event> {
        self.trade_in(X, buyer, seller, size, price)
    }

    /// The first buys one of two contracts from the second.
    pub fn trade_in(&mut self, instrument: u32, buyer: u32, seller: u32, size: &str, price: &str) -> Vec<Event> {
        self.place_in(instrument, seller, &format!("-{size}"), price);
        self.place_in(instrument, buyer, size, price)
    }

    /// A withdrawal in g that is asked for and confirmed, or why it is not.
    pub fn send(&mut self, account: u32, amount: i128) -> Result<(), Code> {
        let asked = self.tell(VenueCommand::Withdraw(account, USD, amount));
        refused(&asked)?;
        let number = asked.last().expect("an event").order;
        refused(&self.tell(VenueCommand::ConfirmWithdrawal(number)))
    }

    pub fn figures(&self, account: u32) -> perpcore::margin::figures::Figures {
        self.0.valued(account, false).expect("an account").cross
    }

    pub fn adds_up(&self) -> bool {
        self.0.verify().is_empty()
    }
}

pub fn refused(events: &[Event]) -> Result<(), Code> {
    match events.iter().find(|event| event.kind == Kind::Rejected) {
        Some(event) => Err(event.code.expect("a code")),
        None => Ok(()),
    }
}

pub fn of(events: &[Event], kind: Kind) -> Vec<&Event> {
    events.iter().filter(|event| event.kind == kind).collect()
}
