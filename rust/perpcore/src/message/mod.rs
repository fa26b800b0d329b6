//! What goes into a book or a venue and what comes out of it: plain data, declared once.
//!
//! Prices and quantities are in g, times in nanoseconds since 1970 UTC. Accounts and groups are dense numbers that
//! whoever decodes the commands gives; ids of orders are given by the book.

pub mod command;
pub mod event;
mod ground;
mod numbers;
pub mod venue;
mod words;

pub use crate::rules::Class;
pub use crate::word::Word;
pub use command::{Amend, Cancel, CancelAll, Command, Named, Place, Trigger};
pub use event::{Aggressor, Audience, Event, Kind};
pub use ground::{Ground, Refusal};
pub use venue::{Flags, Halted, House, Priced, Settings, VenueCommand, approval};
pub use words::{Phase, PostOnly, PriceState, Side, Stp, Tif, TriggerBy, TriggerWhen};

/// No account.
pub const NOBODY: u32 = u32::MAX;
/// The fund as the holder of what it took over (`liquidation.fund`): no account that a command can name.
pub const FUND: u32 = u32::MAX - 1;

/// What a client calls his order: one kind in a stream.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClientId<'a> {
    /// A number.
    Number(u64),
    /// A text of at most [`CLIENT_ID_BYTES`] bytes.
    Text(&'a str),
}

/// The longest text of a client's order id.
pub const CLIENT_ID_BYTES: usize = 64;
