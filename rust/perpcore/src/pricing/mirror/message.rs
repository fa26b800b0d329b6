//! What an outside feed sends: which updates a change brings, and the levels that it sets.

use crate::fault::{Code, Fault};
use crate::num::bounds::{DEPTH, PRICE};

/// How a feed numbers its updates.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Feed {
    /// One by one: a change begins one after the end of the one before it. As Binance spot.
    Spot,
    /// With gaps: a change names the last update of the one before it. As Binance futures.
    Perpetual,
}

impl Feed {
    /// Their names, in order.
    pub const NAMES: [&'static str; 2] = ["spot", "perpetual"];

    /// The feed of a name.
    pub fn named(name: &str) -> Option<Self> {
        [Feed::Spot, Feed::Perpetual].into_iter().find(|&feed| Self::NAMES[feed as usize] == name)
    }
}

/// Which updates a change brings: all of the book's after `after`, up to `last`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    pub(super) after: i64,
    pub(super) last: i64,
}

impl Span {
    /// The span of a change, from the ids that it came with.
    ///
    /// # Errors
    /// `out_of_range` for an id below 0, `null_value` for a perpetual's change without `previous`, `conflicting_values`
    /// for ids that are not in this order: previous < first ≤ last, and for `previous` on a spot feed. The fault names the
    /// column, not the table.
    pub fn of(feed: Feed, first: i64, last: i64, previous: Option<i64>) -> Result<Self, Box<Fault>> {
        for (column, id) in [("first_id", Some(first)), ("last_id", Some(last)), ("previous_id", previous)] {
            if let Some(id) = id.filter(|&id| id < 0) {
                return Err(refused(Code::OutOfRange, column, Some(id), ID));
            }
        }
        if last < first {
            let accepted = format!("an id from first_id {first} on");
            return Err(refused(Code::ConflictingValues, "last_id", Some(last), &accepted));
        }
        let after = match (feed, previous) {
            (Feed::Spot, None) => first - 1,
            (Feed::Perpetual, Some(previous)) if previous < first => previous,
            (Feed::Spot, Some(_)) => {
                let accepted = "no previous_id: the changes of a spot feed have none";
                return Err(refused(Code::ConflictingValues, "previous_id", previous, accepted));
            }
            (Feed::Perpetual, Some(_)) => {
                let accepted = format!("an id below first_id {first}");
                return Err(refused(Code::ConflictingValues, "previous_id", previous, &accepted));
            }
            (Feed::Perpetual, None) => {
                let accepted = "the last id of the change before, with every change of a perpetual feed";
                return Err(refused(Code::NullValue, "previous_id", None, accepted));
            }
        };
        Ok(Span { after, last })
    }
}

/// What is accepted as an update id.
pub const ID: &str = "an update id: an integer from 0 to 2⁶³ − 1";

/// The id of a snapshot.
///
/// # Errors
/// `out_of_range` below 0; the fault names the column, not the table.
pub fn snapshot_id(id: i64) -> Result<i64, Box<Fault>> {
    if id < 0 { Err(refused(Code::OutOfRange, "last_id", Some(id), ID)) } else { Ok(id) }
}

fn refused(code: Code, column: &str, value: Option<i64>, accepted: &str) -> Box<Fault> {
    let value = value.map(|id| id.to_string());
    Box::new(Fault { column: Some(column.to_string()), value, ..Fault::new(code).accepts(accepted) })
}

/// A side of a book.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Side {
    /// Those who buy.
    Bid,
    /// Those who sell.
    Ask,
}

impl Side {
    /// Their names, in order.
    pub const NAMES: [&'static str; 2] = ["bid", "ask"];

    /// The side of a name.
    pub fn named(name: &str) -> Option<Self> {
        [Side::Bid, Side::Ask].into_iter().find(|&side| Self::NAMES[side as usize] == name)
    }
}

/// All that stands at one price of one side.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level {
    pub(super) side: Side,
    pub(super) price: i64,
    pub(super) quantity: i64,
}

impl Level {
    /// A level in g; a quantity of 0 removes it. None outside [`PRICE`] and [`DEPTH`].
    pub fn new(side: Side, price: i64, quantity: i64) -> Option<Self> {
        (PRICE.holds(price.into()) && DEPTH.holds(quantity.into())).then_some(Level { side, price, quantity })
    }
}
