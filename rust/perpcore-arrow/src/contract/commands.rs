//! The table `commands`: its columns, and which of them each kind of command uses.
//!
//! A command is one row. What its kind does not use is null in it: a value there refuses the command, as does a null where the
//! kind needs a value. So a row never says more than what is done. One table serves the venue and the book of one instrument,
//! which knows fewer kinds and, of some, fewer columns.

use super::{Column, Kind, MARGIN_MODES, MODELS, Need, Table};
use perpcore::message::{Class, Phase, PostOnly, PriceState, Stp, Tif, TriggerBy, TriggerWhen, Word};
use perpcore::num::bounds;

/// The words of sides that give way; the first is the default.
const STP: Kind = Kind::Word(Stp::NAMES);

/// What `state` holds: the phases in the order of their numbers, then the states of a price that are no name of a phase.
pub static STATES: [&str; Phase::NAMES.len() + OWN_STATES] = {
    let mut all = [""; Phase::NAMES.len() + OWN_STATES];
    let (mut at, mut state) = (0, 0);
    while at < Phase::NAMES.len() {
        all[at] = Phase::NAMES[at];
        at += 1;
    }
    while state < PriceState::NAMES.len() {
        if state != PriceState::Halted as usize {
            all[at] = PriceState::NAMES[state];
            at += 1;
        }
        state += 1;
    }
    all
};

/// All states of a price but `halted`, which is a phase too.
const OWN_STATES: usize = PriceState::NAMES.len() - 1;

/// The phase of a place in [`STATES`].
pub fn phase_at(place: u8) -> Option<Phase> {
    Phase::ALL.get(usize::from(place)).copied()
}

/// The state of a price of a place in [`STATES`].
pub fn price_state_at(place: u8) -> Option<PriceState> {
    if place == Phase::Halted as u8 {
        return Some(PriceState::Halted);
    }
    let own = usize::from(place).checked_sub(Phase::NAMES.len())?;
    PriceState::ALL.iter().filter(|state| **state != PriceState::Halted).nth(own).copied()
}

/// The place of the state of a price in [`STATES`].
pub const fn state_place(state: PriceState) -> u8 {
    match state {
        PriceState::Halted => Phase::Halted as u8,
        other => Phase::NAMES.len() as u8 + other as u8,
    }
}

// `halted` is the last, so that the others stand in STATES as they are numbered.
const _: () = assert!(PriceState::Halted as usize == OWN_STATES);

/// Of which account of the venue's own `note` speaks in `fund_topup`; the first is the default.
pub const HOUSES: [&str; 2] = ["fund", "converter"];

/// What an account is held back from, as `flags` names it.
pub const FLAGS: [&str; 3] = ["no_open", "no_withdraw", "frozen"];

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
    Account "account" Kind::Account, Optional, "whose; of halt and resume whose orders; in an OrderBook an order without one is nobody's: no limit and no self-trade prevention";
    Client "client" Kind::Account, Optional, "the client behind the account; of halt and resume the one whose accounts are meant, all of them";
    Group "group" Kind::Account, Optional, "the beneficial-owner group behind the client, one of all his accounts; without it that of the client, or his own";
    Instrument "instrument" Kind::Instrument, Optional, "the instrument; null: the book's, or the only one of the venue; of cancel_all all; of halt and resume all, where nobody and no underlying is named";
    Order "order" Kind::Order, Optional, "the order, by the id that its accepted event has; or the withdrawal, by that of its event";
    ClientId "client_id" Kind::ClientId, Optional, "what the account calls the order: text of at most 64 bytes, or an integer, one kind in a stream";
    Quantity "quantity" Kind::Number(&bounds::QUANTITY), Optional, "contracts, positive to buy; of an amendment the new total, what is filled included";
    Price "price" Kind::Number(&bounds::PRICE), Optional, "the limit, null for a market order; or the mark, the index, the price of settlement; of a quote any number, or null: one that is no price says that the source has none";
    Tif "tif" Kind::Word(Tif::NAMES), Optional, "how long the order lives: gtc, of a market order ioc, where null";
    Until "until" Kind::Time, Optional, "the end of a gtd order: it lives while time < until; of deadman when the orders end, null: never";
    PostOnly "post_only" Kind::Word(PostOnly::NAMES), Optional, "what happens instead of taking; null: it may take";
    ReduceOnly "reduce_only" Kind::Bool, Optional, "whether it may only reduce the position";
    MarginMode "margin_mode" Kind::Word(&MARGIN_MODES), Optional, "cross (default) or isolated";
    Trigger "trigger" Kind::Number(&bounds::PRICE), Optional, "the price that the order waits for";
    TriggerBy "trigger_by" Kind::Word(TriggerBy::NAMES), Optional, "the price that is watched: mark where null";
    TriggerWhen "trigger_when" Kind::Word(TriggerWhen::NAMES), Optional, "from which side it comes; needed with trigger";
    Stp "stp" STP, Optional, "whose order gives way to the other of one group: taker where null";
    Class "class" Kind::Word(Class::NAMES), Optional, "the class of the account; professional where null; of cancel_all, halt and resume all accounts of it";
    State "state" Kind::Word(&STATES), Optional, "the phase; of mark and index whether the price may be used, live where null";
    Note "note" Kind::Text, Optional, "anything; it changes nothing, but in fund_topup it is fund (default) or converter";
    Asset "asset" Kind::Asset, Optional, "of what the amount is, or whose price it is; in fund_topup the settlement currency where null";
    Amount "amount" Kind::Number(&bounds::MONEY), Optional, "how much; to an isolated position, from it where below 0";
    ToAccount "to_account" Kind::Account, Optional, "to whom";
    Model "model" Kind::Word(&MODELS), Optional, "standard (default) or portfolio, where the rulebook enables it";
    Leverage "leverage" Kind::Number(&bounds::LEVERAGE), Optional, "chosen leverage: of the account, or of its position in the instrument";
    FeeTier "fee_tier" Kind::FeeTier, Optional, "a tier of venue.fees; standard where null";
    InvestorUntil "investor_until" Kind::Time, Optional, "until when it is proved that he is a professional investor";
    KnowledgeUntil "knowledge_until" Kind::Time, Optional, "until when it is proved that he knows what he trades";
    Flags "flags" Kind::Text, Optional, "what the account is held back from: no_open, no_withdraw, frozen, with commas between; null: from nothing";
    Approval "approval" Kind::Text, Optional, "the reference of an approval; of two that are needed each has another";
    Confirm "confirm" Kind::Text, Optional, "any text that is not empty: the rulebook may force positions to be closed";
    Source "source" Kind::Text, Optional, "the source of a quote, one of those of the underlying";
    Underlying "underlying" Kind::Text, Optional, "the underlying, by its name in the rulebook";
    Bid "bid" Kind::Number(&bounds::PRICE), Optional, "the best bid of an outside book; null: there is none";
    Ask "ask" Kind::Number(&bounds::PRICE), Optional, "the best ask of an outside book; null: there is none";
    Sent "sent" Kind::Time, Optional, "when it left its sender, as he says: any time";
    Rulebook "rulebook" Kind::Text, Optional, "of approve_rulebook the digest of a rulebook, 64 hexadecimal digits; of activate_rulebook the text of a whole one, which may extend a preset";
}

/// Columns of a kind of command, as bits by [`At`].
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Columns {
    /// A value must stand there.
    pub needed: u64,
    /// A value may stand there; none anywhere where the kind is not carried out.
    pub allowed: u64,
}

impl Columns {
    /// Not carried out.
    const NONE: Columns = Columns { needed: 0, allowed: 0 };

    /// Of every command `time`, `kind` and `note` may say something.
    const fn of(needed: &[At], may: &[At]) -> Columns {
        let needed = bits(needed) | bits(&[At::Kind]);
        Columns { needed, allowed: needed | bits(may) | bits(&[At::Time, At::Note]) }
    }

    const fn instead(self, other: Columns) -> Columns {
        let _ = self;
        other
    }

    /// Whether the kind is carried out.
    pub const fn is_carried_out(self) -> bool {
        self.allowed != 0
    }
}

const fn bits(columns: &[At]) -> u64 {
    let (mut found, mut at) = (0, 0);
    while at < columns.len() {
        found |= 1 << columns[at] as u8;
        at += 1;
    }
    found
}

/// Who carries commands out.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reader {
    /// A venue.
    Venue,
    /// The book of one instrument.
    Book,
}

macro_rules! kinds {
    ($(
        $variant:ident $name:literal needs [$($needed:ident)*] may [$($may:ident)*]
            $(book needs [$($book_needed:ident)*] may [$($book_may:ident)*])?
            $doc:literal;
    )*) => {
        /// What is done.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[repr(u8)]
        pub enum CommandKind { $(#[doc = $doc] $variant,)* }

        impl CommandKind {
            /// All of them, in the order of their numbers.
            pub const ALL: &'static [CommandKind] = &[$(CommandKind::$variant),*];
            /// How they are written.
            pub const NAMES: &'static [&'static str] = &[$($name),*];
            /// What they do.
            pub const DOCS: &'static [&'static str] = &[$($doc),*];
        }

        /// The columns of each kind in a venue.
        static IN_VENUE: &[Columns] = &[$(Columns::of(&[$(At::$needed),*], &[$(At::$may),*])),*];

        /// The same in a book.
        static IN_BOOK: &[Columns] = &[$(
            Columns::NONE $(.instead(Columns::of(&[$(At::$book_needed),*], &[$(At::$book_may),*])))?
        ),*];
    };
}

impl CommandKind {
    /// The columns of each kind, as somebody carries it out.
    #[inline(always)]
    pub fn columns(reader: Reader) -> &'static [Columns] {
        match reader {
            Reader::Venue => IN_VENUE,
            Reader::Book => IN_BOOK,
        }
    }
}

kinds! {
    Place "place"
        needs [Account Quantity]
        may [Instrument ClientId Price Tif Until PostOnly ReduceOnly MarginMode Trigger TriggerBy TriggerWhen Stp Sent]
        book needs [Quantity]
        may [Account Instrument ClientId Price Tif Until PostOnly ReduceOnly MarginMode Trigger TriggerBy TriggerWhen Stp]
        "A new order. A client_id needs an account.";
    Amend "amend"
        needs [] may [Account Instrument Order ClientId Quantity Price]
        book needs [] may [Account Instrument Order ClientId Quantity Price]
        "A new total or limit of the order that order, or account and client_id, names.";
    Cancel "cancel"
        needs [] may [Account Instrument Order ClientId]
        book needs [] may [Account Instrument Order ClientId]
        "The end of the order that order, or account and client_id, names.";
    CancelAll "cancel_all"
        needs [] may [Account Client Group Class Instrument]
        book needs [] may [Account Client Group Class Instrument]
        "The end of every order that has all of what is given.";
    OpenAccount "open_account"
        needs [Account] may [Client Group Class Model Leverage FeeTier InvestorUntil KnowledgeUntil Approval]
        book needs [Account] may [Client Group Class]
        "An account begins, or in a book whose it is: by itself, a client and a group of its own, professional.";
    SetAccount "set_account"
        needs [Account]
        may [Client Group Instrument MarginMode Class Model Leverage FeeTier InvestorUntil KnowledgeUntil Approval]
        book needs [Account] may [Client Group Class]
        "The same; what is null stays as it was. With an instrument the leverage is that of its position.";
    CloseAccount "close_account"
        needs [Account] may []
        "An account that holds nothing ends for good.";
    Hold "hold"
        needs [Account] may [Flags Approval]
        "What an account is held back from, in place of what it was.";
    Disconnect "disconnect"
        needs [Account] may []
        "All orders of the account end.";
    Deadman "deadman"
        needs [Account] may [Until]
        "All orders of the account end at until, unless another time is told before.";
    Deposit "deposit"
        needs [Account Asset Amount] may []
        "Money comes.";
    Withdraw "withdraw"
        needs [Account Asset Amount] may []
        "Money is to go: it is held, and its event has the number of the withdrawal in order.";
    ConfirmWithdrawal "confirm_withdrawal"
        needs [Order] may []
        "It has gone.";
    ReleaseWithdrawal "release_withdrawal"
        needs [Order] may []
        "It stays.";
    Transfer "transfer"
        needs [Account Amount] may [Instrument Asset ToAccount]
        "Money of an asset to another account of the client; or, with an instrument, to the isolated position in it or back.";
    Quote "quote"
        needs [Source Underlying] may [Price Sent]
        "The price of one source of an underlying whose index is made of sources.";
    Index "index"
        needs [Price] may [State Asset Underlying]
        book needs [Price] may [Instrument]
        "The index of an underlying, or of an asset by itself; in a book the book's.";
    Mark "mark"
        needs [Price] may [Instrument State]
        book needs [Price] may [Instrument]
        "The mark.";
    Top "top"
        needs [] may [Instrument Bid Ask]
        "The best of an outside book, which the mark goes by from then on.";
    AdvanceTime "advance_time"
        needs [Time] may []
        book needs [Time] may []
        "Nothing but that time passes: what is due is done, as orders that expire; a book tells the indicative price of an auction.";
    Restart "restart"
        needs [] may []
        "The process began anew: no price may be used until it is told again.";
    Phase "phase"
        needs [State] may [Instrument]
        book needs [State] may [Instrument]
        "The phase of the instrument.";
    Halt "halt"
        needs [] may [Account Client Instrument Class Underlying]
        "An instrument, or all, admits cancels only; or the index of an underlying is stopped; or an account, all accounts of a client or of a class send no orders, and those that they have end.";
    Resume "resume"
        needs [] may [Account Client Instrument Class Underlying]
        "An instrument, or all, collects orders again; or the index goes on; or those who were halted may send orders, an account that its breaker stopped too.";
    FundTopup "fund_topup"
        needs [Amount] may [Account Asset]
        "Money for the fund or the converter: from outside, or from an account.";
    RegisterBackstop "register_backstop"
        needs [Account Amount] may []
        "A backstop provider says up to which notional it takes positions over; 0 ends that.";
    Settle "settle"
        needs [] may [Instrument Price Approval]
        "The last settlement of an instrument: at the average of its index, or at a price that two approvals name, one a command.";
    ApproveRulebook "approve_rulebook"
        needs [Rulebook] may [Approval]
        "The digest of a rulebook is approved: with it a rulebook may come into force, and instruments open.";
    ActivateRulebook "activate_rulebook"
        needs [Rulebook] may [Confirm]
        "A rulebook is to come into force: at its effective time, at once where it has none or that is past.";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_word_of_a_state_has_one_place() {
        for (place, name) in (0..).zip(STATES) {
            let phase = phase_at(place).map(Word::text);
            let state = price_state_at(place).map(Word::text);
            assert!([phase, state].contains(&Some(name)) && [phase, state].into_iter().flatten().all(|is| is == name));
        }
        for state in PriceState::ALL {
            assert_eq!(price_state_at(state_place(*state)), Some(*state));
        }
    }

    #[test]
    fn what_a_book_uses_a_venue_uses_too_but_for_the_instrument_of_an_index() {
        for ((kind, book), venue) in CommandKind::NAMES.iter().zip(IN_BOOK).zip(IN_VENUE) {
            let index = if *kind == "index" { bits(&[At::Instrument]) } else { 0 };
            assert_eq!(book.allowed & !(venue.allowed | index), 0, "{kind}");
            assert!(venue.is_carried_out());
        }
    }
}
