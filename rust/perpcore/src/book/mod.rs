//! The order book of one instrument: price, then class, then time; exact in ticks and lots.
//!
//! [`Book`] decides and a [`store::Store`] holds what rests, the same for both stores. A command is taken in three steps: time
//! passes (orders expire), the command is carried out, and what it triggered is carried out. Everything that happens is an
//! [`Event`]; a command that is refused is one too, and changes nothing. Before a trade the book asks its [`owner::Owner`].

pub mod accounts;
mod amend;
mod auction;
mod cancel;
pub mod clients;
mod digest;
pub mod fast;
pub mod forced;
mod lifetime;
mod matching;
pub mod owner;
mod phase;
mod place;
pub mod query;
mod reduce;
pub mod reference;
mod regrid;
pub mod store;
pub mod terms;
mod trigger;

pub use auction::Indicative;
pub use phase::Form;
pub use query::{Ahead, Rested};

use crate::fault::Code;
use crate::message::{Amend, Cancel, Command, Event, Kind, NOBODY, Named, Phase, Place, Refusal, Side};
use accounts::Accounts;
use clients::Clients;
use lifetime::Ends;
use owner::Owner;
use store::{Order, Slot, Store};
use terms::Terms;
use trigger::Triggers;

/// The orders of one instrument.
#[derive(Clone, Debug)]
pub struct Book<S> {
    terms: Terms,
    store: S,
    accounts: Accounts,
    clients: Clients,
    triggers: Triggers,
    ends: Ends,
    phase: Phase,
    /// The mark, in g; 0 for none.
    mark: i64,
    /// The index, in g; 0 for none.
    index: i64,
    /// The worst ticks at which incoming buyers and sellers may trade, where that does not go by the touch.
    edges: [i64; 2],
    /// The last trade, in g, since ticks may become others; 0 for none.
    last: i64,
    time: i64,
    /// How many events there were.
    seq: u64,
    /// How many orders were accepted.
    serial: u64,
    trades: u64,
}

/// A command being carried out.
struct Turn<'a, S, O> {
    book: &'a mut Book<S>,
    owner: &'a mut O,
    out: &'a mut Vec<Event>,
    cause: u64,
}

impl<S: Store> Book<S> {
    /// A book without orders, open.
    pub fn new(terms: Terms) -> Self {
        Book {
            edges: terms.no_edges(),
            terms,
            store: S::new(),
            accounts: Accounts::default(),
            clients: Clients::default(),
            triggers: Triggers::default(),
            ends: Ends::new(),
            phase: Phase::Open,
            mark: 0,
            index: 0,
            last: 0,
            time: i64::MIN,
            seq: 0,
            serial: 0,
            trades: 0,
        }
    }

    /// Carries out a command that stands at `cause` in its stream and comes at `time`, ns; what happens is added to `out`.
    #[inline]
    pub fn apply<O: Owner>(
        &mut self,
        owner: &mut O,
        time: i64,
        cause: u64,
        command: &Command<'_>,
        out: &mut Vec<Event>,
    ) {
        let mut turn = Turn { book: self, owner, out, cause };
        if time < turn.book.time {
            return turn.refuse(command, Code::TimeRunsBack);
        }
        turn.book.time = time;
        turn.pass();
        match command {
            Command::Place(place) => turn.place(place),
            Command::Amend(amend) => turn.amend(command, amend),
            Command::Cancel(cancel) => turn.cancel(command, cancel),
            Command::CancelAll(scope) => turn.cancel_all(scope, Code::Requested),
            Command::Account { account, client, group, class } => turn.account(*account, *client, *group, *class),
            Command::Mark(price) => turn.price(Kind::Mark, *price),
            Command::Index(price) => turn.price(Kind::Index, *price),
            Command::Phase(phase) => turn.phase(*phase),
            Command::AdvanceTime => turn.indicate(),
        }
        turn.cascade();
    }

    /// The position of an account changed by something else than a trade of this book: its orders that may only reduce are
    /// cut to it.
    pub fn position_changed<O: Owner>(&mut self, owner: &mut O, cause: u64, account: u32, out: &mut Vec<Event>) {
        let mut turn = Turn { book: self, owner, out, cause };
        turn.cut(account, false);
        turn.cut(account, true);
    }

    /// A command that cannot be carried out, for a reason that whoever decoded it found: only time passes.
    pub fn refuse<O: Owner>(&mut self, owner: &mut O, time: i64, cause: u64, event: Event, out: &mut Vec<Event>) {
        let mut turn = Turn { book: self, owner, out, cause };
        turn.book.time = turn.book.time.max(time);
        turn.pass();
        let said = turn.say(Kind::Rejected);
        let (seq, time, instrument) = (said.seq, said.time, said.instrument);
        *said = Event { seq, time, instrument, cause, kind: Kind::Rejected, ..event };
    }

    /// What is due at a time: orders expire.
    pub fn pass<O: Owner>(&mut self, owner: &mut O, time: i64, cause: u64, out: &mut Vec<Event>) {
        let mut turn = Turn { book: self, owner, out, cause };
        turn.book.time = turn.book.time.max(time);
        turn.pass();
    }

    /// When the next order expires, if none ends otherwise or comes meanwhile.
    pub fn find_next_end(&mut self) -> i64 {
        let Book { ends, store, terms, .. } = self;
        ends.find_next(store, terms.max_age)
    }

    /// When the next order may expire: none does before.
    #[inline(always)]
    pub fn next_end(&self) -> i64 {
        self.ends.next()
    }

    /// The mark, or the index, where somebody else has said it; what it triggers is carried out.
    pub fn go_by<O: Owner>(&mut self, owner: &mut O, cause: u64, mark: bool, price: i64, out: &mut Vec<Event>) {
        self.goes_by(mark, price);
        Turn { book: self, owner, out, cause }.cascade();
    }

    /// Begins in another phase than open.
    #[must_use]
    pub fn listed(mut self) -> Self {
        self.phase = Phase::Listed;
        self
    }

    /// Ends an order that is there, for a reason.
    pub fn withdraw<O: Owner>(&mut self, owner: &mut O, cause: u64, order: u64, code: Code, out: &mut Vec<Event>) {
        if let Some(slot) = self.store.find(order) {
            Turn { book: self, owner, out, cause }.end(slot, Kind::Canceled, code);
        }
    }

    /// The number of the next event.
    #[inline(always)]
    pub fn seq(&self) -> u64 {
        self.seq
    }

    /// How many orders were accepted, those of the books that it joined too.
    #[inline(always)]
    pub fn serial(&self) -> u64 {
        self.serial
    }

    /// Its events and orders are some among others from here on: they have this number, time and serial number.
    #[inline(always)]
    pub fn join(&mut self, seq: u64, time: i64, serial: u64) {
        (self.seq, self.serial) = (seq, serial);
        self.time = self.time.max(time);
    }

    /// Clients' ids by the numbers that events have.
    pub fn clients(&self) -> &Clients {
        &self.clients
    }

    /// Whoever reads the events has read all of them: numbers of forgotten client ids may be used again.
    pub fn settle(&mut self) {
        self.clients.settle();
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    /// Says that something happened; what else there is to say is written into the event where it lies.
    #[inline(always)]
    fn say(&mut self, kind: Kind) -> &mut Event {
        let (seq, time, cause) = (self.book.seq, self.book.time, self.cause);
        self.book.seq += 1;
        let at = self.out.len();
        let instrument = self.book.terms.instrument;
        self.out.push(Event { seq, time, cause, kind, instrument, ..Event::NOTHING });
        &mut self.out[at]
    }

    /// Says that something happened to an order, of which so many lots are meant.
    #[inline(always)]
    fn say_of(&mut self, kind: Kind, order: &Order, lots: i64) -> &mut Event {
        let terms = &self.book.terms;
        let (quantity, price) = (order.side.sign() * terms.lot.value(lots), terms.tick.value(order.price));
        let event = self.say(kind);
        (event.order, event.account, event.client, event.class) = (order.id, order.account, order.client, order.class);
        (event.quantity, event.price) = (quantity, price);
        event
    }

    /// Refuses a command.
    #[cold]
    fn refuse(&mut self, command: &Command<'_>, why: impl Into<Refusal>) {
        let (account, order) = match command {
            Command::Place(place) => return self.refuse_order(place, 0, why),
            Command::Amend(Amend { order, account, .. }) | Command::Cancel(Cancel { order, account }) => {
                (account, order)
            }
            _ => {
                self.say(Kind::Rejected).refused(why.into());
                return;
            }
        };
        let (account, id, client) = match order {
            Named::Order(id) => (account.unwrap_or(NOBODY), *id, 0),
            Named::Client(account, id) => (*account, 0, self.book.clients.find(*account, id).unwrap_or(0)),
        };
        let event = self.say(Kind::Rejected).refused(why.into());
        (event.account, event.order, event.client) = (account, id, client);
    }

    /// Refuses a new order.
    #[cold]
    fn refuse_order(&mut self, place: &Place<'_>, client: u32, why: impl Into<Refusal>) {
        let event = self.say(Kind::Rejected).refused(why.into());
        (event.account, event.client) = (place.account, client);
        (event.quantity, event.price) = (place.quantity, place.price.unwrap_or(0));
    }

    /// Ends an order, all that is left of it, for a reason.
    fn end(&mut self, slot: Slot, kind: Kind, code: Code) {
        let order = *self.book.store.order(slot);
        self.close(slot, &order);
        self.say_of(kind, &order, order.left).code = Some(code);
    }

    /// Takes an order off the book.
    #[inline(always)]
    fn close(&mut self, slot: Slot, order: &Order) {
        let book = &mut *self.book;
        if order.flags.resting() {
            book.store.unrest(slot);
        } else {
            book.triggers.remove(order.id);
        }
        book.store.remove(slot);
        book.store.release(slot);
        book.accounts.closed(order);
        book.clients.ended(order.id);
    }
}

/// Whether an order of a side with a limit meets a price of the other side, in ticks.
#[inline(always)]
fn meets(side: Side, limit: i64, price: i64) -> bool {
    match side {
        Side::Bid => price <= limit,
        Side::Ask => price >= limit,
    }
}
