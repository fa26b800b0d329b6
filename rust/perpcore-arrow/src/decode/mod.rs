//! From Arrow batches to the plain columns of a snapshot.
//!
//! A cell that is refused becomes a fault and a harmless stand-in; what a call then does with its faults is decided in
//! [`crate::assess`]. A table that is not of its schema's form is refused at once.

mod asked;
mod block;
mod cells;
mod coded;
mod commands;
mod depth;
mod distinct;
mod feed;
mod ids;
mod integers;
mod key;
mod lists;
mod market;
mod merge;
mod named;
mod number;
mod origins;
mod price;
mod quotes;
mod scenarios;
mod tables;
mod text;
mod time;
mod venue;
mod view;

pub(crate) use asked::{Asked, Settings};
pub(crate) use block::{Block, NAMES, NUMBERS, REFUSED, TIMES, WORDS, bit};
pub(crate) use commands::{Commands, Numbering, Scope, UNKNOWN_NAME};
pub(crate) use depth::{Message, Sent, Tape, tape};
pub(crate) use distinct::are_equal;
pub use feed::said;
pub(crate) use ids::{AccountIds, Ids, text_at};
pub(crate) use integers::integers_of;
pub use key::AccountKey;
pub(crate) use lists::Lists;
pub use market::price as price_said;
pub(crate) use market::{Told, told};
pub(crate) use number::Null;
pub(crate) use origins::{Origin, Origins};
pub(crate) use price::{Priced, market, prices, set};
pub use quotes::price as quoted;
pub(crate) use quotes::{QuoteReader, Quotes};
pub(crate) use scenarios::{joint_moves, scenarios};
pub(crate) use tables::{Tables, decode};
pub(crate) use text::Strings;
pub(crate) use time::YEAR_2000_NS;
pub(crate) use venue::{Row, Texts};
pub(crate) use view::{Read, Source};
