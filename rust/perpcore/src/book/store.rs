//! Where orders rest. Two of them keep the same promises: [`super::reference`] is obvious, [`super::fast`] is fast, and
//! everything that decides stands above, written once for both.
//!
//! An order is in the store from its acceptance to its end. While it *rests* it stands in the queue of its price: better
//! prices first, at one price clients before an affiliated market maker, then who came first. Prices are in ticks,
//! quantities in lots.

use crate::message::{Class, PostOnly, Side, Stp};

/// An order that was accepted and has not ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Order {
    /// Its id, [`id_of`] its place; never 0.
    pub id: u64,
    /// Its limit in ticks.
    pub price: i64,
    /// What is left, in lots.
    pub left: i64,
    /// What is filled, in lots.
    pub filled: i64,
    /// Whose it is; [`crate::message::NOBODY`] where nobody says so.
    pub account: u32,
    /// The beneficial-owner group.
    pub group: u32,
    /// Under which number the client's id is remembered; 0 for none.
    pub client: u32,
    /// Its side.
    pub side: Side,
    /// The class of the account.
    pub class: Class,
    /// How it trades.
    pub flags: Flags,
}

/// What is asked of an order while it trades.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Flags(u8);

impl Flags {
    /// Of no order.
    pub(super) const NONE: Flags = Flags(0);
    const REDUCE_ONLY: u8 = 1;
    const ISOLATED: u8 = 2;
    const RESTING: u8 = 4;
    const POST_REJECT: u8 = 8;
    const POST_SLIDE: u8 = 16;
    const STP: u8 = 5;

    /// Of an order that does not rest yet.
    #[inline(always)]
    pub fn new(reduce_only: bool, isolated: bool, post_only: Option<PostOnly>, stp: Stp) -> Flags {
        let post = match post_only {
            None => 0,
            Some(PostOnly::Reject) => Self::POST_REJECT,
            Some(PostOnly::Slide) => Self::POST_SLIDE,
        };
        Flags(u8::from(reduce_only) | (u8::from(isolated) << 1) | post | ((stp as u8) << Self::STP))
    }

    /// All of it in one number.
    pub fn bits(self) -> u8 {
        self.0
    }

    /// Whether it may only reduce.
    #[inline(always)]
    pub fn reduce_only(self) -> bool {
        self.0 & Self::REDUCE_ONLY != 0
    }

    /// Whether it is for the isolated position.
    #[inline(always)]
    pub fn isolated(self) -> bool {
        self.0 & Self::ISOLATED != 0
    }

    /// Whether it stands in a queue.
    #[inline(always)]
    pub fn resting(self) -> bool {
        self.0 & Self::RESTING != 0
    }

    /// The same in or out of a queue.
    #[inline(always)]
    pub fn rests(self, resting: bool) -> Flags {
        Flags(if resting { self.0 | Self::RESTING } else { self.0 & !Self::RESTING })
    }

    /// Whether it must not take.
    #[inline(always)]
    pub fn post_only(self) -> Option<PostOnly> {
        match self.0 & (Self::POST_REJECT | Self::POST_SLIDE) {
            0 => None,
            Self::POST_REJECT => Some(PostOnly::Reject),
            _ => Some(PostOnly::Slide),
        }
    }

    /// Its self-trade prevention.
    #[inline(always)]
    pub fn stp(self) -> Stp {
        match self.0 >> Self::STP {
            0 => Stp::Taker,
            1 => Stp::Maker,
            2 => Stp::Both,
            _ => Stp::Decrement,
        }
    }
}

/// Its times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Life {
    /// When it was accepted, ns.
    pub time: i64,
    /// It lives while time < `until`; `i64::MAX` without an end.
    pub until: i64,
}

/// What stands at one price.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    /// In ticks.
    pub price: i64,
    /// All that is left, in lots.
    pub lots: i64,
    /// How many orders.
    pub orders: u32,
}

/// A place for an order, from its acceptance to its end.
pub type Slot = u32;

/// Where orders rest.
pub trait Store {
    /// A store without orders.
    fn new() -> Self;

    /// A free place, kept free for somebody.
    fn reserve(&mut self) -> Slot;

    /// Gives a place back that nobody is at.
    fn release(&mut self, slot: Slot);

    /// Puts an order that does not rest at a reserved place: the newest of all, and of its account.
    fn add(&mut self, slot: Slot, order: Order, life: Life);

    /// Takes an order away that does not rest; its place stays reserved.
    fn remove(&mut self, slot: Slot);

    /// Where an order of an id is.
    fn find(&self, id: u64) -> Option<Slot>;

    /// The order at a place.
    fn order(&self, slot: Slot) -> &Order;

    /// Its times.
    fn life(&self, slot: Slot) -> Life;

    /// Puts an order at the end of its class's queue at a price.
    fn rest(&mut self, slot: Slot, price: i64);

    /// Takes an order out of its queue.
    fn unrest(&mut self, slot: Slot);

    /// Changes what is left of an order and what is filled.
    fn resize(&mut self, slot: Slot, left: i64, filled: i64);

    /// Sets the limit of an order that does not rest.
    fn reprice(&mut self, slot: Slot, price: i64);

    /// The best price of a side.
    fn best(&self, side: Side) -> Option<i64>;

    /// The first order of a side.
    fn first(&self, side: Side) -> Option<Slot>;

    /// The first order at an occupied price of a side.
    fn first_at(&self, side: Side, price: i64) -> Option<Slot>;

    /// The order behind one that rests, at its price or a worse one.
    fn after(&self, slot: Slot) -> Option<Slot>;

    /// The best level of a side, or the next worse one after a price.
    fn level(&self, side: Side, after: Option<i64>) -> Option<Level>;

    /// The newest order of an account.
    fn newest(&self, account: u32) -> Option<Slot>;

    /// The order of the same account accepted before this one.
    fn older(&self, slot: Slot) -> Option<Slot>;

    /// The order of all that was accepted first.
    fn oldest(&self) -> Option<Slot>;

    /// The order that was accepted after this one.
    fn younger(&self, slot: Slot) -> Option<Slot>;

    /// How many orders there are.
    fn len(&self) -> usize;

    /// Whether there is none.
    fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

/// How many bits of an id say where the order is.
const SLOT_BITS: u32 = 24;
/// The most orders of one book.
pub const MOST_ORDERS: usize = 1 << SLOT_BITS;

/// The id of the order with a serial number at a place.
#[inline(always)]
pub fn id_of(serial: u64, slot: Slot) -> u64 {
    (serial << SLOT_BITS) | u64::from(slot)
}

/// How many orders were accepted before the one of an id.
pub fn serial_of(id: u64) -> u64 {
    id >> SLOT_BITS
}

/// The place in an id.
#[inline(always)]
pub fn slot_of(id: u64) -> Slot {
    (id & (MOST_ORDERS as u64 - 1)) as Slot
}

/// Places that are free, the one that was left last first: so ids are the same in every store.
#[derive(Clone, Debug, Default)]
pub struct Places {
    free: Vec<Slot>,
    used: u32,
}

impl Places {
    /// A free place.
    #[inline(always)]
    pub fn take(&mut self) -> Slot {
        self.free.pop().unwrap_or_else(|| self.open())
    }

    /// One more place, and room to note all of them as free: so giving one back never allocates.
    #[cold]
    #[inline(never)]
    fn open(&mut self) -> Slot {
        self.used += 1;
        if self.free.capacity() < self.used as usize {
            self.free.reserve(2 * self.used as usize);
        }
        self.used - 1
    }

    /// Gives a place back.
    #[inline(always)]
    pub fn give(&mut self, slot: Slot) {
        self.free.push(slot);
    }
}
