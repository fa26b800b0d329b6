//! What a book is told.

use super::{Class, ClientId, Phase, PostOnly, Side, Stp, Tif, TriggerBy, TriggerWhen};

/// A new order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Whose it is.
    pub account: u32,
    /// What he calls it.
    pub client_id: Option<ClientId<'a>>,
    /// Contracts in g, sellers below 0.
    pub quantity: i64,
    /// The limit in g; none for a market order.
    pub price: Option<i64>,
    /// When it left its sender, ns; no part of what is compared with a repeat.
    pub sent: Option<i64>,
    /// How long it lives; a market order is `Ioc` or `Fok`.
    pub tif: Tif,
    /// The end of `Gtd`.
    pub until: Option<i64>,
    /// Whether it must not take.
    pub post_only: Option<PostOnly>,
    /// Whether it may only reduce the position.
    pub reduce_only: bool,
    /// Whether it is for the isolated position.
    pub isolated: bool,
    /// It waits for a price.
    pub trigger: Option<Trigger>,
    /// Self-trade prevention.
    pub stp: Stp,
    /// It closes for somebody: an order of its own group in its way is canceled.
    pub liquidation: bool,
}

/// What an order waits for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Trigger {
    /// In g.
    pub price: i64,
    /// The price that is watched.
    pub by: TriggerBy,
    /// From which side it comes.
    pub when: TriggerWhen,
}

/// An order by name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Named<'a> {
    /// The book's id.
    Order(u64),
    /// What its account calls it.
    Client(u32, ClientId<'a>),
}

/// A change of an order; validated before anything changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Amend<'a> {
    /// Which one.
    pub order: Named<'a>,
    /// Whose it must be; none where the caller may change anybody's.
    pub account: Option<u32>,
    /// The new total in g, what is filled included, signed as the order.
    pub quantity: Option<i64>,
    /// The new limit in g.
    pub price: Option<i64>,
}

/// The end of an order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cancel<'a> {
    /// Which one.
    pub order: Named<'a>,
    /// Whose it must be; none where the caller may cancel anybody's.
    pub account: Option<u32>,
}

/// The end of every order that has all of what is set.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CancelAll {
    /// The account's.
    pub account: Option<u32>,
    /// The client's.
    pub client: Option<u32>,
    /// The group's.
    pub group: Option<u32>,
    /// The class's.
    pub class: Option<Class>,
}

/// What a book is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Command<'a> {
    /// A new order.
    Place(Place<'a>),
    /// A change of one.
    Amend(Amend<'a>),
    /// Its end.
    Cancel(Cancel<'a>),
    /// The end of many.
    CancelAll(CancelAll),
    /// Whose an account is, and of which class.
    Account {
        /// The account.
        account: u32,
        /// Its client.
        client: u32,
        /// Its beneficial-owner group.
        group: u32,
        /// Its class.
        class: Class,
    },
    /// The mark, in g.
    Mark(i64),
    /// The index, in g.
    Index(i64),
    /// The phase.
    Phase(Phase),
    /// Nothing but that time passes.
    AdvanceTime,
}

impl Place<'_> {
    /// Its side.
    #[inline(always)]
    pub fn side(&self) -> Side {
        Side::of(self.quantity)
    }
}
