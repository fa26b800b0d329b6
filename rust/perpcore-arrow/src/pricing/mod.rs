//! Pricing behind Arrow tables. A run is what a call for each row would be: on a copy, so that nothing has changed where a
//! row is refused.
//!
//! A table is worked off some rows at a time, while what was decoded of them is in the nearest caches.

pub mod funding;
pub mod index;
pub mod mark;
pub mod mirror;

pub use crate::decode::{price_said, quoted, said};

use crate::assess::instrument_named;
use crate::contract::Table;
use crate::decode::Read;
use arrow_array::{Array, RecordBatch, StructArray};
use perpcore::fault::{Code, Failure, Fault, LISTED};
use perpcore::rules::{Instrument, Rulebook, Underlying};
use perpcore::sweep::stop::{STRIDE, Stop, stopped};

/// What a run found.
pub struct Ran {
    /// Its table.
    pub table: RecordBatch,
    /// Whether a float64 came that two grid values share.
    pub shared_doubles: bool,
}

/// As many rows are decoded together.
const BLOCK: usize = 2 * STRIDE;

/// Works a table off: `read` decodes some rows, of which the table's row of the first is given; `turn` takes a row, by its
/// place in what was read and in the table. Whether a float64 came that two grid values share.
///
/// # Errors
/// Whatever makes it not one of its schema; every refused cell, by row, and what `turn` refuses first; any failure where
/// `stop` ended it.
fn work_off<C>(
    table: &Table,
    batches: &[StructArray],
    stop: &Stop,
    read: impl Fn(StructArray, usize) -> Result<Read<C>, Failure>,
    mut turn: impl FnMut(&C, usize, usize) -> Result<(), Box<Fault>>,
) -> Result<bool, Failure> {
    let rows: usize = batches.iter().map(Array::len).sum();
    let (mut faults, mut shared_doubles, mut first) = (Vec::<Fault>::new(), false, 0);
    // Without rows the columns are looked at all the same.
    let batches = batches.iter().filter(|batch| !batch.is_empty() || rows == 0);
    for (batch, start) in batches.flat_map(|batch| (0..batch.len().max(1)).step_by(BLOCK).map(move |at| (batch, at))) {
        let count = (batch.len() - start).min(BLOCK);
        let read = read(batch.slice(start, count), first)?;
        shared_doubles |= read.shared_doubles;
        let clean = faults.is_empty();
        faults.extend(read.faults);
        // A stand-in is in the place of what was refused: no row is taken from the first one on.
        let end = if clean { faults.iter().filter_map(|fault| fault.row).min() } else { Some(first as u64) };
        let end = end.map_or(count, |row| row as usize - first);
        for at in 0..end {
            if let Err(fault) = turn(&read.columns, at, first + at) {
                let row = fault.row.map_or(first + at, |row| row as usize);
                faults.push(fault.at(table.name, "time", row));
                break;
            }
        }
        if faults.len() >= LISTED {
            break;
        }
        if stop.asked() {
            return Err(stopped());
        }
        first += count;
    }
    faults.sort_by_key(|fault| fault.row);
    Failure::of(faults).map_or(Ok(shared_doubles), Err)
}

/// An underlying by its name.
pub fn underlying<'a>(rules: &'a Rulebook, name: &str) -> Option<&'a Underlying> {
    rules.underlying_index(name).map(|at| &rules.underlyings()[at])
}

/// An instrument by its name, and its underlying.
///
/// # Errors
/// `unknown_instrument`.
pub fn instrument<'a>(rules: &'a Rulebook, name: &str) -> Result<(&'a Instrument, &'a Underlying), Failure> {
    let at = instrument_named(rules, name)?;
    let instrument = &rules.instruments()[at];
    // Every instrument's underlying is in the list.
    let underlying = underlying(rules, &instrument.underlying).ok_or_else(|| Fault::new(Code::Internal).value(name))?;
    Ok((instrument, underlying))
}
