//! A venue with a stream of commands, and what the rules say of every step.

use super::shadow::{Held, Key, Known, Reserved, Shadow, base, reserved};
use super::stream::{ACCOUNTS, HOUR, MIDNIGHT, RULES, Stream};
use perpcore::fault::Code;
use perpcore::margin::account::Order;
use perpcore::margin::figures::Figures;
use perpcore::margin::market::Market;
use perpcore::margin::status::Status;
use perpcore::margin::terms::Terms;
use perpcore::message::*;
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use perpcore::venue::{Holder, Venue};
use std::collections::BTreeMap;

pub struct Run {
    pub venue: Venue,
    pub next: u64,
    pub seen: BTreeMap<String, u64>,
    rules: Rulebook,
    terms: Terms,
    stream: Stream,
    time: i64,
    known: Known,
    flags: BTreeMap<u32, Flags>,
    investor_until: BTreeMap<u32, i64>,
    /// Orders for isolated positions.
    isolated: BTreeMap<(u32, u64), bool>,
    statuses: BTreeMap<(u32, u32), u8>,
    rounding: i128,
}

impl Run {
    pub fn new(seed: u64) -> Run {
        let rules = Rulebook::parse(RULES, "gates.toml").expect("the rulebook");
        let mut run = Run {
            venue: Venue::new(&rules),
            next: 0,
            seen: BTreeMap::new(),
            terms: Terms::new(&rules),
            rules,
            stream: Stream::new(seed),
            time: MIDNIGHT,
            known: Known::default(),
            flags: BTreeMap::new(),
            investor_until: BTreeMap::new(),
            isolated: BTreeMap::new(),
            statuses: BTreeMap::new(),
            rounding: 0,
        };
        for (at, price) in [(0, 10_000 * ONE), (1, 500 * ONE)] {
            run.tell(&VenueCommand::Index(Priced::Underlying(at), price, PriceState::Live));
            run.tell(&VenueCommand::Mark(at, price, PriceState::Live));
            run.tell(&VenueCommand::Phase(at, Phase::Open));
        }
        for account in 0..ACCOUNTS {
            let settings = Settings {
                client: Some(account / 2),
                group: Some(account / 2),
                class: Some(if account % 3 == 0 { Class::MarketMaker } else { Class::Professional }),
                fee_tier: Some((account % 2).into()),
                investor_until: Some(MIDNIGHT + 1_000 * HOUR),
                ..Settings::default()
            };
            run.tell(&VenueCommand::OpenAccount(account, settings));
            let (asset, amount) = if account % 4 == 1 { (0, ONE / 10) } else { (1, 1_000 * ONE) };
            run.tell(&VenueCommand::Deposit(account, asset, amount.into()));
        }
        run.tell(&VenueCommand::Topup(House::Converter, None, None, 2_000 * i128::from(ONE)));
        run
    }

    /// The prices at hand.
    fn market(&self) -> Market {
        self.venue.laid_out(0, |_, market, _| market.clone()).expect("an open account")
    }

    fn shadow(&self) -> Shadow {
        Shadow::of(&self.venue, &self.terms)
    }

    /// Carries out a command; what must hold after any.
    fn tell(&mut self, command: &VenueCommand<'_>) -> Vec<Event> {
        let mut said = Vec::new();
        self.venue.apply(self.time, 0, command, &mut said);
        assert_eq!(self.venue.verify(), [""; 0], "{command:?}");
        let rows: Vec<_> = self.venue.ledger().collect();
        assert!(rows.iter().all(|row| row.amount >= 0 && row.held >= 0), "{command:?}");
        let rounding = rows.iter().find(|row| row.holder == Holder::House("rounding")).map_or(0, |row| row.amount);
        assert!(rounding >= self.rounding, "{command:?}");
        self.rounding = rounding;
        let repeats = matches!(command, VenueCommand::Book(_, Command::Place(Place { client_id: Some(_), .. })));
        said.retain(|event| !repeats || event.seq >= self.next);
        for event in &said {
            assert_eq!(event.seq, self.next, "{command:?}");
            self.next += 1;
            self.note(event, command);
        }
        self.settings(command, &said);
        self.statuses_hold(command);
        said
    }

    fn note(&mut self, event: &Event, command: &VenueCommand<'_>) {
        let code = event.code.map_or("", |code| code.entry().name);
        *self.seen.entry(format!("{} {code}", event.kind.text())).or_default() += 1;
        match (event.kind, command) {
            (Kind::Accepted, VenueCommand::Book(instrument, Command::Place(place))) => {
                self.stream.orders.push((*instrument, event.order, event.account));
                self.isolated.insert((*instrument, event.order), place.isolated);
            }
            (Kind::WithdrawalRequested, _) => self.stream.requests = event.order,
            (Kind::StatusChanged, _) => {
                let told = self.statuses.insert((event.account, event.instrument), event.after);
                assert_eq!(told.unwrap_or(Status::Healthy as u8), event.before, "{event:?}");
            }
            _ => {}
        }
    }

    fn settings(&mut self, command: &VenueCommand<'_>, said: &[Event]) {
        if said.iter().any(|event| event.kind == Kind::Rejected) {
            return;
        }
        match *command {
            VenueCommand::OpenAccount(account, of) | VenueCommand::SetAccount(account, of) => {
                of.leverage.map(|leverage| self.known.leverage.insert(account, leverage));
                of.fee_tier.map(|tier| self.known.tier.insert(account, tier as usize));
                of.investor_until.map(|until| self.investor_until.insert(account, until));
            }
            VenueCommand::Hold(account, flags, _) => _ = self.flags.insert(account, flags),
            _ => {}
        }
    }

    /// Statuses as they were told are those of everybody valued anew.
    fn statuses_hold(&self, command: &VenueCommand<'_>) {
        for account in self.venue.accounts() {
            let valued = self.venue.valued(account, false).expect("an open account");
            let buckets = valued.isolated.iter().map(|(of, figures)| (*of, figures.status));
            let buckets: BTreeMap<u32, Status> = buckets.chain([(NOBODY, valued.cross.status)]).collect();
            for instrument in [0, 1, NOBODY] {
                let told = self.statuses.get(&(account, instrument)).copied().unwrap_or(Status::Healthy as u8);
                let is = buckets.get(&instrument).copied().unwrap_or(Status::Healthy);
                assert_eq!(told, is as u8, "account {account}, {instrument}, {valued:?} after {command:?}");
            }
        }
    }

    /// One command, with what is due by its time before it.
    pub fn step(&mut self) {
        self.time = self.stream.time();
        self.tell(&VenueCommand::AdvanceTime);
        let command = self.stream.next();
        let (before, market) = (self.shadow(), self.market());
        let figures: Vec<_> = (0..ACCOUNTS).map(|account| self.valued(&before, &market, account)).collect();
        let expected = self.expect_of(&command, &before, &market);
        let said = self.tell(&command);
        if let Some((allowed, why)) = expected {
            self.answered(&command, &said, allowed, &why);
        }
        self.trades(before, &command, &said);
        if said.len() == 1 && said[0].kind == Kind::Rejected {
            let now = self.shadow();
            let after: Vec<_> = (0..ACCOUNTS).map(|account| self.valued(&now, &market, account)).collect();
            assert_eq!(figures, after, "{command:?} was refused and changed something");
        }
    }

    /// Cross figures of an account as it rests.
    fn valued(&self, shadow: &Shadow, market: &Market, account: u32) -> Option<Figures> {
        let orders = reserved(&self.venue, &self.terms, account, 0);
        shadow.value(&self.terms, market, &self.known, account, &orders).map(|(cross, _)| cross)
    }

    /// What the margin says of a limit order: whether it may come, and the figures.
    fn expect_of(&self, command: &VenueCommand<'_>, before: &Shadow, market: &Market) -> Option<(bool, String)> {
        let VenueCommand::Book(instrument, Command::Place(place)) = command else { return None };
        if place.trigger.is_some() || place.client_id.is_some() || place.price.is_none() {
            return None;
        }
        let key: Key = (place.account, *instrument, place.isolated);
        let held = before.quantity(key);
        let mut quantity = base(&self.terms, *instrument, place.quantity);
        if place.reduce_only {
            quantity =
                if (held < 0) == (quantity < 0) { 0 } else { quantity.signum() * quantity.abs().min(held.abs()) };
        }
        let orders = reserved(&self.venue, &self.terms, place.account, 0);
        let with = |add: Option<i64>, at_mark: bool, fee: bool| {
            let mut orders = orders.clone();
            let order = Order { quantity, price: place.price.expect("a limit") };
            orders.extend(add.map(|_| Reserved { key, order }));
            if at_mark {
                orders.iter_mut().for_each(|of| of.order.price = market.mark(of.key.1).price);
            }
            let mut terms = self.terms.clone();
            if !fee {
                terms.taker_fees.iter_mut().for_each(|fee| *fee = 0);
            }
            before.value(&terms, market, &self.known, place.account, &orders).map(|(cross, _)| cross)
        };
        let now = with(None, false, true)?;
        let after = if place.reduce_only { now } else { with(Some(1), false, true)? };
        let usable = after.status != Status::Undecided && market.mark(*instrument).usable;
        let covered = usable && after.opening_equity >= after.initial_margin;
        let ends = held + quantity;
        let same_side = held != 0 && (ends == 0 || (ends < 0) == (held < 0));
        let reduces = same_side && quantity != 0 && {
            let [bare, bare_with] = [with(None, true, false)?, with(Some(1), true, false)?];
            bare_with.initial_margin <= bare.initial_margin
        };
        let allowed = now.status != Status::Bankrupt && (covered || reduces);
        Some((allowed, format!("{now:?} {after:?} covered {covered} reduces {reduces}")))
    }

    fn answered(&self, command: &VenueCommand<'_>, said: &[Event], allowed: bool, why: &str) {
        let accepted = said.iter().any(|event| event.kind == Kind::Accepted);
        let margin = [Code::InsufficientMargin, Code::AccountBankrupt];
        let refused = said
            .iter()
            .any(|event| event.kind == Kind::Rejected && event.code.is_some_and(|code| margin.contains(&code)));
        assert!(!accepted || allowed, "{command:?} was accepted: {why}");
        assert!(!refused || !allowed, "{command:?} was refused: {why}");
    }

    /// Judges trades one after the other.
    fn trades(&mut self, mut shadow: Shadow, command: &VenueCommand<'_>, said: &[Event]) {
        let market = self.market();
        let filled: Vec<&Event> = said.iter().filter(|event| event.kind == Kind::Filled).collect();
        if filled.is_empty() {
            return;
        }
        for event in &filled {
            let instrument = event.instrument;
            let quantity = base(&self.terms, instrument, event.quantity);
            let of = |account: u32, order: u64| (account, instrument, self.isolated[&(instrument, order)]);
            let sides = [
                (of(event.account, event.order), quantity, true),
                (of(event.other_account, event.other_order), -quantity, false),
            ];
            for (key, quantity, takes) in sides {
                self.may_trade(&shadow, &market, key, quantity, event.price, takes, command);
            }
            for (key, quantity, takes) in sides {
                let rate = self.rate(key.0, takes);
                shadow.trade(&self.terms, &market, &self.known, key, quantity, event.price, rate);
            }
        }
        let now = self.shadow();
        let something = |held: &BTreeMap<Key, Held>| -> BTreeMap<Key, (i64, i128)> {
            let held = held.iter().filter(|(_, of)| of.quantity != 0 || of.cost_e16 != 0);
            held.map(|(key, of)| (*key, (of.quantity, of.cost_e16))).collect()
        };
        assert_eq!(something(&shadow.held), something(&now.held), "{command:?}");
        if said.iter().any(|event| event.kind == Kind::Conversion) {
            return;
        }
        for account in (0..ACCOUNTS).filter(|account| !shadow.lost.contains(account)) {
            let cash = |of: &Shadow| of.wallets.get(&(account, 1)).copied().unwrap_or(0);
            assert_eq!(cash(&shadow), cash(&now), "the dollars of {account} after {command:?} {said:?}");
            for instrument in 0..2 {
                let margin = |of: &Shadow| of.held.get(&(account, instrument, true)).map_or(0, |held| held.margin);
                assert_eq!(margin(&shadow), margin(&now), "the margin of {account} after {command:?} {said:?}");
            }
        }
    }

    fn rate(&self, account: u32, takes: bool) -> i64 {
        let tiers = &self.rules.venue().fees;
        let tier = &tiers[self.known.tier[&account]];
        if takes { tier.taker } else { tier.maker }
    }

    /// `gate.fill` and `gate.account` in the words of the rules.
    fn may_trade(
        &self,
        shadow: &Shadow,
        market: &Market,
        key: Key,
        quantity: i64,
        price: i64,
        takes: bool,
        command: &VenueCommand<'_>,
    ) {
        let (account, instrument, isolated) = key;
        let (held, after) = (shadow.quantity(key), shadow.quantity(key) + quantity);
        if after.abs() > held.abs() || (after < 0) != (held < 0) && after != 0 && held != 0 {
            let flags = self.flags.get(&account).copied().unwrap_or_default();
            let proved = account % 3 == 0 || self.time < self.investor_until[&account];
            assert!(!flags.no_open && !flags.frozen && proved, "{account} opened by {command:?}");
        }
        if shadow.lost.contains(&account) {
            return;
        }
        let bucket = |of: &Shadow| {
            let (cross, buckets) = of.value(&self.terms, market, &self.known, account, &[])?;
            if isolated { buckets.get(&instrument).copied() } else { Some(cross) }
        };
        let mut with = shadow.clone();
        let rate = self.rate(account, takes).max(0);
        with.trade(&self.terms, market, &self.known, key, quantity, price, rate);
        let Some(now) = bucket(&with) else { panic!("{account} traded beyond what is computed exactly") };
        let was = bucket(shadow);
        let better = was.is_some_and(|was| {
            // All of it is small here: no product passes 128 bits.
            was.maintenance_margin > 0
                && now.net_value >= 0
                && now.equity * was.maintenance_margin >= was.equity * now.maintenance_margin
        });
        let closed = after == 0 && now.net_value >= 0;
        let holds = now.equity >= now.maintenance_margin || closed || better;
        assert!(holds, "{key:?} {quantity} at {price}: {was:?} {now:?} by {command:?}");
    }
}
