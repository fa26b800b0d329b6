//! A venue spoken to in whole units. After every command it is asked whether anything was lost.

#![allow(dead_code, reason = "each of its users takes a part")]

use perpcore::fault::Code;
use perpcore::margin::figures::Figures;
use perpcore::message::{
    Amend, Cancel, Class, Command, Event, Flags, House, Kind, Named, Phase, Place, PriceState, Priced, Settings, Stp,
    Tif, VenueCommand,
};
use perpcore::rules::Rulebook;
use perpcore::venue::{Holder, Valued, Venue};

/// Two contracts with 5 % maintenance and 10 times leverage, trades up to 30 % from the mark, nothing paid as a fee.
pub const RULES: &str = r#"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[asset.COIN]
eligible = true
haircut = [["rest", "20%"]]
close_cost = "5%"
underlying = "BTC"
[underlying.BTC]
[underlying.ETH]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [["rest", "5%", 10]]
collar = { width = "30%" }
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.1
lot = 0.001
tiers = [["rest", "5%", 10]]
collar = { width = "30%" }
"#;

pub const HOUR: i64 = 3_600_000_000_000;
/// A midnight.
pub const START: i64 = 20_000 * 24 * HOUR;
pub const BTC: u32 = 0;
pub const ETH: u32 = 1;

/// Units in g.
pub fn g(units: f64) -> i64 {
    (units * 1e8).round() as i64
}

/// Units of money in g.
pub fn m(units: f64) -> i128 {
    g(units).into()
}

pub struct Desk {
    pub venue: Venue,
    pub rules: Rulebook,
    pub time: i64,
    pub cause: u64,
    /// All that was ever said.
    pub log: Vec<Event>,
}

impl Desk {
    /// A venue whose two contracts are open at 100.
    pub fn new(rules: &str) -> Desk {
        let mut desk = Desk::closed(rules);
        for of in [BTC, ETH] {
            desk.index(of, 100.0);
            desk.mark(of, 100.0);
            desk.ok(VenueCommand::Phase(of, Phase::Open));
        }
        desk
    }

    /// Nothing is told and open.
    pub fn closed(rules: &str) -> Desk {
        let rules = Rulebook::parse(rules, "test.toml").unwrap();
        Desk { venue: Venue::new(&rules), rules, time: START, cause: 0, log: Vec::new() }
    }

    /// With other terms: each pair is a text of the rules and what stands in its place.
    pub fn with(changes: &[(&str, &str)]) -> Desk {
        Desk::new(&changed(changes))
    }

    /// Carries out a command; what was said.
    pub fn tell(&mut self, command: VenueCommand<'_>) -> Vec<Event> {
        let (mut out, (.., next)) = (Vec::new(), self.venue.counts());
        self.venue.apply(self.time, self.cause, &command, &mut out);
        self.cause += 1;
        self.venue.settle_ids();
        assert_eq!(self.venue.verify(), [""; 0], "{command:?}");
        for (at, event) in out.iter().enumerate() {
            assert_eq!(event.seq, next + at as u64, "{command:?} {event:?}");
        }
        assert_eq!(self.venue.counts().2, next + out.len() as u64, "{command:?}");
        for row in self.venue.ledger() {
            assert!(row.amount >= 0 && row.held >= 0, "{command:?} {row:?}");
        }
        self.log.extend(&out);
        out
    }

    /// Carries out what must not be refused.
    pub fn ok(&mut self, command: VenueCommand<'_>) -> Vec<Event> {
        let said = self.tell(command);
        assert_eq!(refusal(&said), None, "{command:?}");
        said
    }

    /// Why a command is refused.
    pub fn code(&mut self, command: VenueCommand<'_>) -> Option<Code> {
        refusal(&self.tell(command))
    }

    pub fn asset(&self, name: &str) -> u32 {
        self.rules.asset_index(name).unwrap() as u32
    }

    /// Opens an account with money.
    pub fn open(&mut self, account: u32, money: f64) {
        self.open_as(account, Settings::default(), money);
    }

    pub fn open_as(&mut self, account: u32, settings: Settings, money: f64) {
        self.ok(VenueCommand::OpenAccount(account, settings));
        if money > 0.0 {
            self.deposit(account, "USD", money);
        }
    }

    /// Opens accounts with much money.
    pub fn rich(&mut self, accounts: &[u32]) {
        accounts.iter().for_each(|account| self.open(*account, 1e6));
    }

    pub fn deposit(&mut self, account: u32, asset: &str, amount: f64) {
        let asset = self.asset(asset);
        self.ok(VenueCommand::Deposit(account, asset, m(amount)));
    }

    pub fn withdraw(&mut self, account: u32, amount: f64) -> Option<Code> {
        let asset = self.asset("USD");
        self.code(VenueCommand::Withdraw(account, asset, m(amount)))
    }

    pub fn fund(&mut self, amount: f64) {
        self.ok(VenueCommand::Topup(House::Fund, None, None, m(amount)));
    }

    pub fn mark(&mut self, instrument: u32, price: f64) -> Vec<Event> {
        self.ok(VenueCommand::Mark(instrument, g(price), PriceState::Live))
    }

    pub fn index(&mut self, underlying: u32, price: f64) -> Vec<Event> {
        self.ok(VenueCommand::Index(Priced::Underlying(underlying), g(price), PriceState::Live))
    }

    /// Time passes by hours.
    pub fn wait(&mut self, hours: f64) -> Vec<Event> {
        self.time += (hours * HOUR as f64) as i64;
        self.ok(VenueCommand::AdvanceTime)
    }

    /// To the next settlement, 8 hours of the clock.
    pub fn settle(&mut self) -> Vec<Event> {
        self.time = (self.time / (8 * HOUR) + 1) * 8 * HOUR;
        self.ok(VenueCommand::AdvanceTime)
    }

    pub fn place(&mut self, place: Place<'_>) -> Vec<Event> {
        self.tell(VenueCommand::Book(BTC, Command::Place(place)))
    }

    /// Two accounts trade at a price: who takes, and whose order rests; the first buys.
    pub fn trade(&mut self, taker: u32, maker: u32, quantity: f64, price: f64) {
        self.trade_in(BTC, taker, maker, quantity, price);
    }

    pub fn trade_in(&mut self, instrument: u32, taker: u32, maker: u32, quantity: f64, price: f64) {
        self.ok(VenueCommand::Book(instrument, Command::Place(limit(maker, -quantity, price))));
        let said = self.ok(VenueCommand::Book(instrument, Command::Place(limit(taker, quantity, price))));
        assert_eq!(traded(&said), g(quantity.abs()), "{said:?}");
    }

    pub fn cancel(&mut self, order: u64) -> Vec<Event> {
        let order = Named::Order(order);
        self.tell(VenueCommand::Book(BTC, Command::Cancel(Cancel { order, account: None })))
    }

    pub fn amend(&mut self, order: u64, quantity: Option<f64>, price: Option<f64>) -> Vec<Event> {
        let (quantity, price) = (quantity.map(g), price.map(g));
        let amend = Amend { order: Named::Order(order), account: None, quantity, price };
        self.tell(VenueCommand::Book(BTC, Command::Amend(amend)))
    }

    pub fn hold(&mut self, account: u32, flags: Flags) -> Vec<Event> {
        self.ok(VenueCommand::Hold(account, flags, true))
    }

    /// What a holder has of an asset, in g.
    pub fn has(&self, holder: Holder, asset: &str) -> i128 {
        let asset = self.asset(asset);
        self.venue.ledger().filter(|row| row.holder == holder && row.asset == asset).map(|row| row.amount).sum()
    }

    pub fn cash(&self, account: u32) -> i128 {
        self.has(Holder::Client(account), "USD")
    }

    pub fn house(&self, name: &'static str) -> i128 {
        self.has(Holder::House(name), "USD")
    }

    /// Q of a position in g.
    pub fn held(&self, account: u32, instrument: u32, isolated: bool) -> i64 {
        let rows = self.venue.positions();
        let mut rows = rows.filter(|of| (of.account, of.instrument, of.isolated) == (account, instrument, isolated));
        rows.next().map_or(0, |row| row.quantity)
    }

    /// The margin of an isolated position in g.
    pub fn margin(&self, account: u32, instrument: u32) -> i128 {
        let mut rows = self.venue.positions().filter(|of| (of.account, of.instrument) == (account, instrument));
        rows.find(|row| row.isolated).map_or(0, |row| row.isolated_margin)
    }

    pub fn valued(&self, account: u32) -> Valued {
        self.venue.valued(account, false).unwrap()
    }

    pub fn cross(&self, account: u32) -> Figures {
        self.valued(account).cross
    }

    pub fn isolated(&self, account: u32) -> Figures {
        self.valued(account).isolated[0].1
    }
}

/// The rules with other terms.
pub fn changed(changes: &[(&str, &str)]) -> String {
    changes.iter().fold(RULES.to_string(), |rules, (from, to)| {
        assert!(rules.contains(from), "{from}");
        rules.replace(from, to)
    })
}

/// A limit order, sellers below 0.
pub fn limit(account: u32, quantity: f64, price: f64) -> Place<'static> {
    Place {
        account,
        client_id: None,
        quantity: g(quantity),
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
    }
}

/// Who is somebody else's.
pub fn of_group(client: u32, group: u32) -> Settings {
    Settings { client: Some(client), group: Some(group), ..Settings::default() }
}

pub fn as_maker() -> Settings {
    Settings { class: Some(Class::MarketMaker), ..Settings::default() }
}

/// Why the command was refused.
pub fn refusal(said: &[Event]) -> Option<Code> {
    said.iter().find(|event| event.kind == Kind::Rejected).and_then(|event| event.code)
}

/// Why the first order that ended did, or was refused.
pub fn ended(said: &[Event]) -> Option<Code> {
    let ends = |event: &&Event| matches!(event.kind, Kind::Rejected | Kind::Canceled | Kind::Expired);
    said.iter().find(ends).and_then(|event| event.code)
}

/// Contracts that traded, in g.
pub fn traded(said: &[Event]) -> i64 {
    said.iter().filter(|event| event.kind == Kind::Filled).map(|event| event.quantity.abs()).sum()
}

/// The order that was accepted.
pub fn order(said: &[Event]) -> u64 {
    said.iter().find(|event| event.kind == Kind::Accepted).map_or(0, |event| event.order)
}

pub fn kinds(said: &[Event], kind: Kind) -> Vec<Event> {
    said.iter().filter(|event| event.kind == kind).copied().collect()
}
