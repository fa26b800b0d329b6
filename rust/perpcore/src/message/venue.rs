//! What a venue is told.

use super::{CancelAll, Class, Command, Phase, PriceState};

/// What tells one reference of an approval from another: its letters and digits, whatever their case. Nothing where it has none.
pub fn approval(text: &str) -> String {
    text.chars().filter(|of| of.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// What an account is set to; what is none stays as it was, or is as in an account of which nothing was said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// Its client.
    pub client: Option<u32>,
    /// Its beneficial-owner group.
    pub group: Option<u32>,
    /// Its class.
    pub class: Option<Class>,
    /// Whether the cross account is margined by the portfolio model.
    pub portfolio: Option<bool>,
    /// Its leverage in g; of one position where `key` names it.
    pub leverage: Option<i64>,
    /// The instrument of the position, and whether it is the isolated one.
    pub key: Option<(u32, bool)>,
    /// Its fee tier, by the rulebook's index.
    pub fee_tier: Option<u32>,
    /// Until when it is proved that he is a professional investor, ns.
    pub investor_until: Option<i64>,
    /// Until when it is proved that he knows what he trades, ns.
    pub knowledge_until: Option<i64>,
    /// Whether an approval is referred to.
    pub approved: bool,
}

/// What an account is held back from.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Flags {
    /// Opening positions.
    pub no_open: bool,
    /// Withdrawing.
    pub no_withdraw: bool,
    /// Both, by order of somebody who is referred to.
    pub frozen: bool,
}

/// To which account of the venue's own money goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum House {
    /// It pays what others cannot.
    Fund,
    /// It buys what is converted.
    Converter,
}

/// Whose price is told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Priced {
    /// An underlying, by the rulebook's index.
    Underlying(u32),
    /// An asset, by the rulebook's index.
    Asset(u32),
}

/// Whose orders are halted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Halted {
    /// Those of an account.
    Account(u32),
    /// Those of all accounts of a client.
    Client(u32),
    /// Those of all accounts of a class.
    Class(Class),
}

/// What a venue is told. Accounts are dense numbers in the order in which they were first named, instruments, assets and
/// underlyings those of the rulebook; money, prices and quantities are in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum VenueCommand<'a> {
    /// An order, an amendment or a cancel in the book of an instrument.
    Book(u32, Command<'a>),
    /// The end of orders in one book, or in all.
    CancelAll(Option<u32>, CancelAll),
    /// An account begins.
    OpenAccount(u32, Settings),
    /// An account is set otherwise.
    SetAccount(u32, Settings),
    /// An account ends.
    CloseAccount(u32),
    /// What an account is held back from; and whether an approval is referred to.
    Hold(u32, Flags, bool),
    /// An account is gone: its orders end.
    Disconnect(u32),
    /// Its orders end at a time, unless another one is told before; none is never.
    Deadman(u32, Option<i64>),
    /// Money comes: account, asset, amount.
    Deposit(u32, u32, i128),
    /// Money is to go: account, asset, amount.
    Withdraw(u32, u32, i128),
    /// It has gone.
    ConfirmWithdrawal(u64),
    /// It stays.
    ReleaseWithdrawal(u64),
    /// Money between two accounts of one client: from, to, asset, amount.
    Transfer(u32, u32, u32, i128),
    /// Money to the isolated position in an instrument, or back where the amount is below 0.
    Margin(u32, u32, i128),
    /// Money to one of the venue's own accounts, from outside or from an account.
    Topup(House, Option<u32>, Option<u32>, i128),
    /// What a backstop provider would take over, at most, in notional.
    RegisterBackstop(u32, i128),
    /// A price of a source of an underlying, and when that stamped it, ns.
    Quote {
        /// The underlying.
        underlying: u32,
        /// The source, by its place in [`crate::pricing::index::Index::source`].
        source: u32,
        /// None where it has none.
        price: Option<i64>,
        /// None where it says nothing of time.
        sent: Option<i64>,
    },
    /// An index that is made elsewhere.
    Index(Priced, i64, PriceState),
    /// A mark that is made elsewhere.
    Mark(u32, i64, PriceState),
    /// The best bid and ask of an outside book.
    Top(u32, Option<i64>, Option<i64>),
    /// Nothing but that time passes.
    AdvanceTime,
    /// The process begins anew: what was known of prices is not known to be true.
    Restart,
    /// An instrument enters a phase.
    Phase(u32, Phase),
    /// An instrument, or all, admits cancels only.
    Halt(Option<u32>),
    /// It collects orders again.
    Resume(Option<u32>),
    /// Accounts send nothing, and their orders end.
    HaltOrders(Halted),
    /// They may again; an account that its breaker holds, too.
    ResumeOrders(Halted),
    /// The index of an underlying is stopped.
    HaltIndex(u32),
    /// It goes on.
    ResumeIndex(u32),
    /// The last settlement of an instrument: at the index, or at a price, with the reference of an approval.
    Settle(u32, Option<i64>, &'a str),
    /// A rulebook's digest is approved, with the reference of the approval.
    ApproveRulebook(&'a str, &'a str),
    /// A rulebook, as TOML, is to come into force; and whether even if it forces positions to be closed.
    ActivateRulebook(&'a str, bool),
}
