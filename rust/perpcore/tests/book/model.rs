//! The rules of matching once more, by the plainest means: all orders in one list that is searched and sorted anew at every
//! step. It is written from the documents and shares nothing with the book but the messages; ids of orders are serial numbers.

#![allow(dead_code)]

use super::setting::Judge;
use perpcore::book::owner::{Fill, Owner};
use perpcore::book::terms::Terms;
use perpcore::fault::Code;
use perpcore::message::*;
use std::collections::BTreeMap;

const ONE: i128 = 100_000_000;
pub const PRICE_MAX: i64 = 100_000_000 * ONE as i64;
pub const QUANTITY_MAX: i64 = 1_000_000_000 * ONE as i64;

#[derive(Clone, Debug)]
pub struct Lives {
    pub id: u64,
    pub account: u32,
    pub buys: bool,
    /// In ticks; 0 of a market order.
    pub price: i64,
    pub left: i64,
    pub filled: i64,
    pub reduces: bool,
    pub isolated: bool,
    pub post: Option<PostOnly>,
    pub stp: Stp,
    pub liquidates: bool,
    pub tif: Tif,
    pub market: bool,
    pub group: Option<u32>,
    pub class: Class,
    pub born: i64,
    pub until: i64,
    pub waits: Option<Trigger>,
    /// The touch opposite when a market order came, in g: a collar around it does not move on with what it trades.
    pub touch: Option<i64>,
    /// When it came into its queue, of all that ever did.
    pub queued: u64,
}

#[derive(Clone, Debug, PartialEq)]
pub enum Called {
    Number(u64),
    Text(String),
}

struct Known {
    account: u32,
    called: Called,
    asked: Place<'static>,
    order: u64,
    said: Vec<Event>,
    since: i64,
    forgotten: bool,
}

/// Client, group, class.
type Who = (u32, Option<u32>, Class);

pub struct Model {
    pub terms: Terms,
    pub owner: Judge,
    pub orders: Vec<Lives>,
    pub phase: Phase,
    pub mark: i64,
    pub index: i64,
    /// In g.
    pub last: i64,
    pub time: i64,
    seq: u64,
    pub serial: u64,
    trades: u64,
    stamps: u64,
    cause: u64,
    who: BTreeMap<u32, Who>,
    known: Vec<Known>,
    out: Vec<Event>,
}

enum Stop {
    Filled,
    Beyond,
    By(Code),
}

fn called(id: &ClientId<'_>) -> Called {
    match id {
        ClientId::Number(number) => Called::Number(*number),
        ClientId::Text(text) => Called::Text((*text).to_string()),
    }
}

fn signed(buys: bool, value: i64) -> i64 {
    if buys { value } else { -value }
}

impl Model {
    pub fn new(terms: Terms, owner: Judge) -> Model {
        Model {
            terms,
            owner,
            orders: Vec::new(),
            phase: Phase::Open,
            mark: 0,
            index: 0,
            last: 0,
            time: i64::MIN,
            seq: 0,
            serial: 0,
            trades: 0,
            stamps: 0,
            cause: 0,
            who: BTreeMap::new(),
            known: Vec::new(),
            out: Vec::new(),
        }
    }

    fn tick(&self) -> i64 {
        self.terms.tick.size
    }

    fn lot(&self) -> i64 {
        self.terms.lot.size
    }

    pub fn who(&self, account: u32) -> Who {
        if account == NOBODY {
            return (NOBODY, None, Class::Professional);
        }
        self.who.get(&account).copied().unwrap_or((account | 1 << 31, Some(account | 1 << 31), Class::Professional))
    }

    fn trading(&self) -> bool {
        matches!(self.phase, Phase::Open | Phase::ReduceOnly)
    }

    fn say(&mut self, event: Event) {
        self.out.push(Event { instrument: 0, seq: self.seq, time: self.time, cause: self.cause, ..event });
        self.seq += 1;
    }

    fn about(&self, kind: Kind, order: &Lives, lots: i64, code: Option<Code>) -> Event {
        Event {
            order: order.id,
            account: order.account,
            class: order.class,
            quantity: signed(order.buys, lots) * self.lot(),
            price: if order.market { 0 } else { order.price * self.tick() },
            code,
            kind,
            ..Event::NOTHING
        }
    }

    /// Carries out a command. `names` tells serial numbers of the book's ids.
    pub fn apply(&mut self, time: i64, cause: u64, command: &Command<'_>, names: &BTreeMap<u64, u64>) -> Vec<Event> {
        self.cause = cause;
        if time < self.time {
            self.refuse(command, Code::TimeRunsBack);
            return std::mem::take(&mut self.out);
        }
        self.time = time;
        self.expire();
        self.remember_less();
        match command {
            Command::Place(place) => self.place(place),
            Command::Amend(amend) => self.amend(command, amend, names),
            Command::Cancel(cancel) => match self.find(&cancel.order, cancel.account, names) {
                Some(id) => self.end(id, Kind::Canceled, Code::Requested),
                None => self.refuse(command, Code::UnknownOrder),
            },
            Command::CancelAll(scope) => self.cancel_all(scope),
            Command::Account { account, client, group, class } => self.account(*account, *client, *group, *class),
            Command::Mark(price) => {
                if self.price(Kind::Mark, *price) {
                    self.mark = *price;
                }
            }
            Command::Index(price) => {
                if self.price(Kind::Index, *price) {
                    self.index = *price;
                }
            }
            Command::Phase(phase) => self.enter_phase(*phase),
            Command::AdvanceTime => self.indicate(),
        }
        self.fire_triggers();
        std::mem::take(&mut self.out)
    }

    fn refuse(&mut self, command: &Command<'_>, code: Code) {
        let mut event = Event { code: Some(code), kind: Kind::Rejected, ..Event::NOTHING };
        match command {
            Command::Place(place) => {
                (event.account, event.quantity, event.price) =
                    (place.account, place.quantity, place.price.unwrap_or(0));
            }
            Command::Amend(Amend { order, account, .. }) | Command::Cancel(Cancel { order, account }) => match order {
                Named::Order(order) => (event.order, event.account) = (*order, account.unwrap_or(NOBODY)),
                Named::Client(account, _) => event.account = *account,
            },
            _ => {}
        }
        self.say(event);
    }

    fn find(&self, named: &Named<'_>, account: Option<u32>, names: &BTreeMap<u64, u64>) -> Option<u64> {
        let id = match named {
            Named::Order(id) => *names.get(id)?,
            Named::Client(account, id) => {
                let same = |known: &&Known| known.account == *account && known.called == called(id);
                self.known.iter().find(same)?.order
            }
        };
        let order = self.orders.iter().find(|order| order.id == id)?;
        account.is_none_or(|account| account == order.account).then_some(id)
    }

    fn at(&self, id: u64) -> usize {
        self.orders.iter().position(|order| order.id == id).expect("a living order")
    }

    pub fn end(&mut self, id: u64, kind: Kind, code: Code) {
        let order = self.orders.remove(self.at(id));
        let event = self.about(kind, &order, order.left, Some(code));
        self.say(event);
    }

    /// Lives while time < until, and no longer than the age.
    fn expire(&mut self) {
        let due = |order: &Lives| order.until.min(order.born.saturating_add(self.terms.max_age));
        let mut over: Vec<(i64, u64, Code)> = self
            .orders
            .iter()
            .filter(|order| due(order) <= self.time)
            .map(|order| {
                (due(order), order.id, if order.until == due(order) { Code::UntilReached } else { Code::TooOld })
            })
            .collect();
        over.sort_by_key(|(due, id, _)| (*due, *id));
        over.into_iter().for_each(|(_, id, code)| self.end(id, Kind::Expired, code));
    }

    fn remember_less(&mut self) {
        let horizon = self.time.saturating_sub(self.terms.client_window);
        let orders = &self.orders;
        self.known.iter_mut().filter(|known| known.since <= horizon).for_each(|known| known.forgotten = true);
        self.known.retain(|known| !known.forgotten || orders.iter().any(|order| order.id == known.order));
    }

    fn cancel_all(&mut self, scope: &CancelAll) {
        let has = |order: &&Lives| {
            let (client, group, _) = self.who(order.account);
            scope.account.is_none_or(|account| account == order.account && account != NOBODY)
                && scope.client.is_none_or(|set| set == client)
                && scope.group.is_none_or(|set| Some(set) == group.or(Some(NOBODY)))
                && scope.class.is_none_or(|set| set == order.class)
        };
        let mut found: Vec<u64> = self.orders.iter().filter(has).map(|order| order.id).collect();
        found.sort_unstable();
        found.into_iter().for_each(|id| self.end(id, Kind::Canceled, Code::Requested));
    }

    fn account(&mut self, account: u32, client: u32, group: u32, class: Class) {
        if account == NOBODY {
            return;
        }
        let (_, before, as_before) = self.who(account);
        let event = Event { account, class, kind: Kind::Accepted, ..Event::NOTHING };
        let open = self.orders.iter().any(|order| order.account == account);
        if open && (before, as_before) != (Some(group), class) {
            return self.say(Event { kind: Kind::Rejected, code: Some(Code::ConflictingValues), ..event });
        }
        self.who.insert(account, (client, Some(group), class));
        self.say(event);
    }

    fn price(&mut self, kind: Kind, price: i64) -> bool {
        let fits = (1..=PRICE_MAX).contains(&price);
        let (kind, code) = if fits { (kind, None) } else { (Kind::Rejected, Some(Code::OutOfRange)) };
        self.say(Event { price, code, kind, ..Event::NOTHING });
        fits
    }

    // What rests, in the order in which it would trade.

    pub fn queue(&self, buys: bool) -> Vec<Lives> {
        let mut queue: Vec<Lives> =
            self.orders.iter().filter(|order| order.waits.is_none() && order.buys == buys).cloned().collect();
        queue.sort_by_key(|order| {
            (signed(!buys, order.price), order.class == Class::AffiliatedMarketMaker, order.queued)
        });
        queue
    }

    fn first(&self, buys: bool) -> Option<Lives> {
        self.queue(buys).into_iter().next()
    }

    /// Whether a taker may trade at a price in ticks.
    fn inside(&self, buys: bool, price: i64) -> bool {
        self.inside_of(buys, price, self.touch(!buys))
    }

    pub fn touch(&self, buys: bool) -> Option<i64> {
        self.first(buys).map(|order| order.price * self.tick())
    }

    fn inside_of(&self, buys: bool, price: i64, touch: Option<i64>) -> bool {
        use perpcore::rules::CollarReference::*;
        let base = match self.terms.collar_reference {
            Index => self.index,
            Mark | Touch => self.mark,
        };
        if base == 0 {
            return true;
        }
        let mut around = base;
        if self.terms.collar_reference == Touch
            && let Some(touch) = touch
        {
            around = if buys { around.max(touch) } else { around.min(touch) };
        }
        let (price, width) = (i128::from(price) * i128::from(self.tick()) * ONE, i128::from(self.terms.collar_width));
        if buys { price <= i128::from(around) * (ONE + width) } else { price >= i128::from(around) * (ONE - width) }
    }

    fn reaches(&self, order: &Lives, price: i64) -> bool {
        if order.market {
            return self.inside_of(order.buys, price, order.touch);
        }
        if order.buys { price <= order.price } else { price >= order.price }
    }

    fn own(&self, one: &Lives, other: &Lives) -> bool {
        one.group.is_some() && one.group == other.group
    }

    // Limits.

    fn held(&self, account: u32, isolated: bool) -> i64 {
        self.owner.position(account, isolated)
    }

    /// What counts of an account on a side, in lots: each of its modes, which do not make up for each other, with its orders.
    fn counted(&self, account: u32, buys: bool, (isolated, more): (bool, i64)) -> i64 {
        let own = |order: &&Lives| order.account == account && order.buys == buys;
        let held = [false, true].map(|isolated| signed(buys, self.held(account, isolated)));
        let has_isolated = self.orders.iter().any(|order| order.account == account && order.isolated);
        if held[1] == 0 && !has_isolated && !isolated {
            let open: i64 = self.orders.iter().filter(own).map(|order| order.left).sum();
            return held[0] + open + more;
        }
        let by_itself = |mode: bool| {
            let open: i64 = self.orders.iter().filter(own).filter(|order| order.isolated == mode).map(|o| o.left).sum();
            (held[usize::from(mode)] + open + if mode == isolated { more } else { 0 }).max(0)
        };
        by_itself(false) + by_itself(true)
    }

    /// Whether a position is within the limit with `more`, or no farther beyond it than without.
    fn position_with(&self, account: u32, buys: bool, (isolated, more): (bool, i64)) -> bool {
        let with = self.counted(account, buys, (isolated, more));
        with <= self.terms.position || with <= self.counted(account, buys, (false, 0))
    }

    fn admit(&self, place: &Place<'_>) -> Result<(i64, i64), Code> {
        let at_once = matches!(place.tif, Tif::Ioc | Tif::Fok);
        let buys = place.quantity > 0;
        if place.price.is_none() && !at_once
            || at_once && place.post_only.is_some()
            || (place.tif == Tif::Gtd) != place.until.is_some()
        {
            return Err(Code::ConflictingValues);
        }
        let passes = match self.phase {
            Phase::Open => true,
            Phase::Preopen | Phase::Auction => !at_once,
            Phase::ReduceOnly => place.reduce_only,
            _ => false,
        };
        if !passes {
            return Err(Code::PhaseRefused);
        }
        if place.until.is_some_and(|until| until <= self.time) {
            return Err(Code::UntilReached);
        }
        if !(-QUANTITY_MAX..=QUANTITY_MAX).contains(&place.quantity) {
            return Err(Code::OutOfRange);
        }
        if place.quantity == 0 || place.quantity % self.lot() != 0 {
            return Err(Code::OffLot);
        }
        let lots = place.quantity.abs() / self.lot();
        let price = self.limit(place.price)?;
        if lots > self.terms.max_lots {
            return Err(Code::AboveMaxSize);
        }
        let closes = signed(buys, self.held(place.account, place.isolated)) == -lots;
        if lots < self.terms.min_lots && !closes {
            return Err(Code::BelowMinSize);
        }
        if place.trigger.is_some_and(|trigger| !(1..=PRICE_MAX).contains(&trigger.price)) {
            return Err(Code::OutOfRange);
        }
        if place.price.is_some() && place.trigger.is_none() && !self.inside(buys, price) {
            return Err(Code::OutsideCollar);
        }
        if place.account == NOBODY {
            return Ok((lots, price));
        }
        let stays = !at_once || place.trigger.is_some();
        let has = self.orders.iter().filter(|order| order.account == place.account).count();
        if stays && has >= self.terms.open_orders as usize {
            return Err(Code::TooManyOrders);
        }
        let mut counts = lots;
        if place.reduce_only && place.trigger.is_none() {
            counts = lots.min(-signed(buys, self.held(place.account, place.isolated)));
            if counts <= 0 {
                return Err(Code::NothingToReduce);
            }
        }
        if self.position_with(place.account, buys, (place.isolated, counts)) {
            Ok((lots, price))
        } else {
            Err(Code::PositionLimit)
        }
    }

    fn limit(&self, price: Option<i64>) -> Result<i64, Code> {
        match price {
            None => Ok(0),
            Some(price) if !(1..=PRICE_MAX).contains(&price) => Err(Code::OutOfRange),
            Some(price) if price % self.tick() != 0 => Err(Code::OffTick),
            Some(price) => Ok(price / self.tick()),
        }
    }
}

#[path = "model_auction.rs"]
mod auction;
#[path = "model_change.rs"]
mod change;
#[path = "model_regrid.rs"]
mod regrid;
#[path = "model_trading.rs"]
mod trading;
