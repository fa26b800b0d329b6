//! The table `commands`: its columns, and which of them each kind of command uses.
//!
//! A command is one row. What its kind does not use is null in it: a value there refuses the command, as does a null where the
//! kind needs a value. So a row never says more than what is done.

use super::{Column, Kind, MARGIN_MODES, MODELS, Need, Table};
use perpcore::message::{Class, Phase, PostOnly, Stp, Tif, TriggerBy, TriggerWhen};
use perpcore::num::bounds;

/// The words of sides that give way; the first is the default.
const STP: Kind = Kind::Word(Stp::NAMES);

macro_rules! columns {
    ($($at:ident $name:literal $kind:expr, $need:ident, $doc:literal;)*) => {
        /// A column of `commands`.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum At { $(#[doc = $doc] $at,)* }

        impl At {
            /// All of them in order.
            pub const ALL: &'static [At] = &[$(At::$at),*];
        }

        /// What is done, one command a row.
        pub static COMMANDS: Table = Table {
            name: "commands",
            input: true,
            columns: &[$(Column { name: $name, kind: $kind, need: Need::$need, doc: $doc }),*],
            others: None,
        };
    };
}

columns! {
    Time "time" Kind::Time, Optional, "when it comes; null: with the command before";
    Kind "kind" Kind::Word(CommandKind::NAMES), Required, "what is to be done";
    Account "account" Kind::Account, Optional, "whose; an order without one is nobody's: no limit and no self-trade prevention";
    Client "client" Kind::Account, Optional, "the client behind the account";
    Group "group" Kind::Account, Optional, "the beneficial-owner group behind the client; without it all accounts of the client";
    Instrument "instrument" Kind::Instrument, Optional, "the instrument; null: the book's";
    Order "order" Kind::Order, Optional, "the order, by the id that its accepted event has";
    ClientId "client_id" Kind::ClientId, Optional, "what the account calls the order: text of at most 64 bytes, or an integer, one kind in a stream";
    Quantity "quantity" Kind::Number(&bounds::QUANTITY), Optional, "contracts, positive to buy; of an amendment the new total, what is filled included";
    Price "price" Kind::Number(&bounds::PRICE), Optional, "the limit, null for a market order; or the mark, or the index";
    Tif "tif" Kind::Word(Tif::NAMES), Optional, "how long the order lives: gtc, of a market order ioc, where null";
    Until "until" Kind::Time, Optional, "the end of a gtd order: it lives while time < until";
    PostOnly "post_only" Kind::Word(PostOnly::NAMES), Optional, "what happens instead of taking; null: it may take";
    ReduceOnly "reduce_only" Kind::Bool, Optional, "whether it may only reduce the position";
    MarginMode "margin_mode" Kind::Word(&MARGIN_MODES), Optional, "cross (default) or isolated";
    Trigger "trigger" Kind::Number(&bounds::PRICE), Optional, "the price that the order waits for";
    TriggerBy "trigger_by" Kind::Word(TriggerBy::NAMES), Optional, "the price that is watched: mark where null";
    TriggerWhen "trigger_when" Kind::Word(TriggerWhen::NAMES), Optional, "from which side it comes; needed with trigger";
    Stp "stp" STP, Optional, "whose order gives way to the other of one group: taker where null";
    Class "class" Kind::Word(Class::NAMES), Optional, "the class of the account; professional where null";
    State "state" Kind::Word(Phase::NAMES), Optional, "the phase";
    Note "note" Kind::Text, Optional, "anything; it changes nothing";
    Asset "asset" Kind::Asset, Optional, "no kind of a book uses it";
    Amount "amount" Kind::Number(&bounds::MONEY), Optional, "no kind of a book uses it";
    ToAccount "to_account" Kind::Account, Optional, "no kind of a book uses it";
    Model "model" Kind::Word(&MODELS), Optional, "no kind of a book uses it";
    Leverage "leverage" Kind::Number(&bounds::LEVERAGE), Optional, "no kind of a book uses it";
    FeeTier "fee_tier" Kind::FeeTier, Optional, "no kind of a book uses it";
    InvestorUntil "investor_until" Kind::Time, Optional, "no kind of a book uses it";
    KnowledgeUntil "knowledge_until" Kind::Time, Optional, "no kind of a book uses it";
    Flags "flags" Kind::Text, Optional, "no kind of a book uses it";
    Approval "approval" Kind::Text, Optional, "no kind of a book uses it";
    Confirm "confirm" Kind::Text, Optional, "no kind of a book uses it";
    Source "source" Kind::Text, Optional, "no kind of a book uses it";
    Underlying "underlying" Kind::Text, Optional, "no kind of a book uses it";
    Bid "bid" Kind::Number(&bounds::PRICE), Optional, "no kind of a book uses it";
    Ask "ask" Kind::Number(&bounds::PRICE), Optional, "no kind of a book uses it";
    Sent "sent" Kind::Time, Optional, "no kind of a book uses it";
    Rulebook "rulebook" Kind::Text, Optional, "no kind of a book uses it";
}

/// Which columns a kind of command uses, as bits by [`At`].
#[derive(Clone, Copy, Debug)]
pub struct Use {
    /// The kind.
    pub name: &'static str,
    /// A value must stand there.
    pub needed: u64,
    /// A value may stand there.
    pub allowed: u64,
    /// What it does.
    pub doc: &'static str,
}

const fn bits(columns: &[At]) -> u64 {
    let (mut found, mut at) = (0, 0);
    while at < columns.len() {
        found |= 1 << columns[at] as u8;
        at += 1;
    }
    found
}

macro_rules! kinds {
    ($($variant:ident $name:literal needs [$($needed:ident)*] may [$($may:ident)*] $doc:literal;)*) => {
        /// What a book carries out.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum CommandKind { $(#[doc = $doc] $variant,)* }

        impl CommandKind {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [CommandKind] = &[$(CommandKind::$variant),*];
            /// How they are written.
            pub const NAMES: &'static [&'static str] = &[$($name),*];
            /// The columns of each.
            pub const USES: &'static [Use] = &[$(Use {
                name: $name,
                needed: bits(&[At::Kind, $(At::$needed),*]),
                allowed: bits(&[At::Time, At::Kind, At::Note, $(At::$needed,)* $(At::$may),*]),
                doc: $doc,
            }),*];
        }
    };
}

kinds! {
    Place "place" needs [Quantity]
        may [Account Instrument ClientId Price Tif Until PostOnly ReduceOnly MarginMode Trigger TriggerBy TriggerWhen Stp]
        "A new order. A client_id needs an account.";
    Amend "amend" needs [] may [Account Instrument Order ClientId Quantity Price]
        "A new total or limit of the order that order, or account and client_id, names.";
    Cancel "cancel" needs [] may [Account Instrument Order ClientId]
        "The end of the order that order, or account and client_id, names.";
    CancelAll "cancel_all" needs [] may [Account Client Group Class Instrument]
        "The end of every order that has all of what is given.";
    OpenAccount "open_account" needs [Account] may [Client Group Class]
        "Whose an account is: by itself, a client and a group of its own, professional.";
    SetAccount "set_account" needs [Account] may [Client Group Class]
        "The same; what is null stays as it was.";
    Phase "phase" needs [State] may [Instrument]
        "The phase of the instrument.";
    Mark "mark" needs [Price] may [Instrument]
        "The mark.";
    Index "index" needs [Price] may [Instrument]
        "The index.";
    AdvanceTime "advance_time" needs [Time] may []
        "Nothing but that time passes: orders expire, and in an auction the indicative price is told.";
}
