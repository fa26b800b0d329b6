//! The table `depth_updates` as the messages of a feed.

use super::integers::NO_ID;
use super::number::Null;
use super::view::Source;
use crate::contract::DEPTH_UPDATES;
use arrow_array::StructArray;
use arrow_buffer::ScalarBuffer;
use perpcore::fault::{Code, Failure, Fault, LISTED};
use perpcore::pricing::mirror::{Feed, Level, Side, Span, snapshot_id};
use perpcore::sweep::stop::Stop;
use std::ops::Range;

/// What a message is.
#[derive(Clone, Copy)]
pub(crate) enum Sent {
    /// A snapshot at an update.
    Snapshot(i64),
    /// A change.
    Change(Span),
}

/// One message.
pub(crate) struct Message {
    /// When it came, in ns; 0 where that was not given.
    pub(crate) time: i64,
    /// Its last update.
    pub(crate) last: i64,
    pub(crate) sent: Sent,
    /// Its levels.
    pub(crate) levels: Range<usize>,
}

/// Everything that a table says.
pub(crate) struct Tape {
    pub(crate) messages: Vec<Message>,
    pub(crate) levels: Vec<Level>,
    /// Whether a float64 came that two grid values share.
    pub(crate) shared_doubles: bool,
}

/// Decodes a table of messages.
///
/// # Errors
/// Whatever makes it not one of its schema, and every refused cell: the first is that of the first row.
pub(crate) fn tape(feed: Feed, batches: Vec<StructArray>, stop: &Stop) -> Result<Tape, Failure> {
    let mut source = Source::open(&DEPTH_UPDATES, batches, false, stop)?;
    let columns = Columns::of(&mut source)?;
    let mut faults = std::mem::take(&mut source.faults);
    // Where a cell was refused a stand-in is in its place: then only cells are looked at.
    let clean = faults.is_empty();
    let (mut messages, mut levels) = (Vec::<Message>::new(), Vec::with_capacity(source.rows()));
    let mut last = None;
    for row in 0..source.rows() {
        source.go_on_at(row)?;
        let head = columns.head(row);
        if clean && last != Some(head) {
            last = Some(head);
            match head.sent(feed) {
                Ok(sent) => {
                    let time = columns.times.as_ref().map_or(0, |times| times[row]);
                    messages.push(Message { time, last: head.last, sent, levels: levels.len()..levels.len() });
                }
                Err(fault) => faults.push(placed(*fault, row)),
            }
        }
        match (columns.level(row), messages.last_mut()) {
            (Err(fault), _) => faults.push(placed(*fault, row)),
            (Ok(Some(level)), Some(message)) => {
                levels.push(level);
                message.levels.end = levels.len();
            }
            _ => {}
        }
        if faults.len() >= LISTED {
            break;
        }
    }
    faults.sort_by_key(|fault| fault.row);
    match Failure::of(faults) {
        Some(failure) => Err(failure),
        None => Ok(Tape { messages, levels, shared_doubles: source.shared_doubles }),
    }
}

/// A fault that names its column, in the row of the table.
fn placed(fault: Fault, row: usize) -> Fault {
    let column = fault.column.clone().unwrap_or_default();
    fault.at(DEPTH_UPDATES.name, &column, row)
}

fn in_column(code: Code, column: &str) -> Fault {
    Fault { column: Some(column.to_string()), ..Fault::new(code) }
}

/// What tells a message from the next one: whether it is a snapshot, and its ids.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Head {
    snapshot: bool,
    first: i64,
    last: i64,
    previous: i64,
}

impl Head {
    fn sent(self, feed: Feed) -> Result<Sent, Box<Fault>> {
        let Head { snapshot, first, last, previous } = self;
        if last == NO_ID {
            return Err(Box::new(in_column(Code::NullValue, "last_id")));
        }
        if snapshot {
            return snapshot_id(last).map(Sent::Snapshot);
        }
        if first == NO_ID {
            return Err(Box::new(in_column(Code::NullValue, "first_id").accepts("an id in every row of a change")));
        }
        Span::of(feed, first, last, (previous != NO_ID).then_some(previous)).map(Sent::Change)
    }
}

/// The columns, each value a stand-in where it was null or refused.
struct Columns {
    times: Option<ScalarBuffer<i64>>,
    snapshots: Option<Vec<bool>>,
    firsts: Option<Vec<i64>>,
    lasts: Option<Vec<i64>>,
    previous: Option<Vec<i64>>,
    /// Whether each is the second of the contract's words: an ask.
    asks: Option<Vec<bool>>,
    prices: Option<ScalarBuffer<i64>>,
    quantities: Option<ScalarBuffer<i64>>,
    /// Which rows have no side, no price, no quantity.
    missing: [Option<Vec<bool>>; 3],
}

impl Columns {
    fn of(source: &mut Source) -> Result<Self, Failure> {
        Ok(Columns {
            times: source.times("time", Null::Zero)?,
            snapshots: source.flags("snapshot")?,
            firsts: source.update_ids("first_id")?,
            lasts: source.update_ids("last_id")?,
            previous: source.update_ids("previous_id")?,
            asks: source.second_words("side")?,
            prices: source.numbers("price", Null::Zero)?,
            quantities: source.numbers("quantity", Null::Zero)?,
            missing: LEVEL.map(|name| source.missing(name)),
        })
    }

    fn head(&self, row: usize) -> Head {
        let id = |column: &Option<Vec<i64>>| column.as_ref().map_or(NO_ID, |ids| ids[row]);
        Head {
            snapshot: self.snapshots.as_ref().is_some_and(|snapshots| snapshots[row]),
            first: id(&self.firsts),
            last: id(&self.lasts),
            previous: id(&self.previous),
        }
    }

    /// The level of a row; none where it has none.
    fn level(&self, row: usize) -> Result<Option<Level>, Box<Fault>> {
        let missing = self.missing.each_ref().map(|missing| missing.as_ref().is_some_and(|missing| missing[row]));
        match missing {
            [false, false, false] => {}
            [true, true, true] => return Ok(None),
            _ => {
                let column = LEVEL.into_iter().zip(missing).find(|(_, missing)| *missing).map_or("", |(name, _)| name);
                let accepted = "side, price and quantity together, or none of them in a message without levels";
                return Err(Box::new(in_column(Code::NullValue, column).accepts(accepted)));
            }
        }
        let number = |column: &Option<ScalarBuffer<i64>>| column.as_ref().map_or(0, |column| column[row]);
        let side = if self.asks.as_ref().is_some_and(|asks| asks[row]) { Side::Ask } else { Side::Bid };
        // The numbers are within bounds, unless their owner changes them at this very moment.
        let level = Level::new(side, number(&self.prices), number(&self.quantities));
        level.map(Some).ok_or_else(|| Box::new(in_column(Code::InputsChanged, "price")))
    }
}

/// What makes a level.
const LEVEL: [&str; 3] = ["side", "price", "quantity"];
