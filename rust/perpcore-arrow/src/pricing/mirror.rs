//! A depth mirror behind Arrow tables: a recorded tape in, what the mirror was after each message out.

use super::Ran;
use crate::contract;
use crate::decode::{Message, Sent, Tape, tape};
use crate::encode::{self, Row, written};
use arrow_array::{RecordBatch, StructArray};
use perpcore::fault::Failure;
use perpcore::pricing::mirror::{Mirror, Side};
use perpcore::sweep::stop::{STRIDE, Stop, stopped};

/// Works off the messages of the table `depth_updates`, one after the other; the table `mirror.states`.
///
/// # Errors
/// What is wrong with the table, any failure where `stop` ended it; then nothing has changed.
pub fn run(mirror: &mut Mirror, batches: &[StructArray], stop: &Stop) -> Result<Ran, Failure> {
    let Tape { messages, levels, shared_doubles } = tape(mirror.feed(), batches.to_vec(), stop)?;
    let mut next = mirror.clone();
    let mut rows = Vec::with_capacity(messages.len());
    let mut asked = 0;
    for Message { time, last, sent, levels: range } in messages {
        if range.end - asked >= STRIDE {
            asked = range.end;
            if stop.asked() {
                return Err(stopped());
            }
        }
        let before = next.reason();
        match sent {
            Sent::Snapshot(id) => next.snapshot(id, &levels[range]),
            Sent::Change(span) => next.change(span, &levels[range]),
        }
        let reason = (next.reason() != before).then(|| next.reason().to_string());
        rows.push(Row { time, last, state: next.state(), best: next.best(), reason });
    }
    let table = written(&contract::MIRROR_STATES_OUT, encode::states(&rows), None)?;
    *mirror = next;
    Ok(Ran { table, shared_doubles })
}

/// The table `mirror.depth`: at most `count` levels of each side.
///
/// # Errors
/// `internal` where Arrow refuses what was made for it.
pub fn depth(mirror: &Mirror, count: usize) -> Result<RecordBatch, Failure> {
    let bids = mirror.side(Side::Bid).take(count);
    let asks = mirror.side(Side::Ask).take(count).map(|(price, quantity)| (price, -quantity));
    let levels: Vec<(i64, i64)> = bids.chain(asks).collect();
    written(&contract::MIRROR_DEPTH_OUT, Ok(encode::mirror_depth(&levels)), None)
}
