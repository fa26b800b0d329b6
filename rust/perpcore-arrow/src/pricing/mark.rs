//! A mark behind Arrow tables: what it is told in, marks with their lineage out.

use super::{Ran, work_off};
use crate::contract;
use crate::decode::{Told, told};
use crate::encode::{MarkRows, written};
use arrow_array::{Array, StructArray};
use perpcore::fault::Failure;
use perpcore::pricing::mark::{Mark, Update};
use perpcore::sweep::stop::Stop;

/// The columns of numbers.
const NUMBERS: [&str; 7] = ["index", "bid", "ask", "impact_bid", "impact_ask", "last", "funding_rate"];

/// Works off the table `tops`, row by row; the table `mark`.
///
/// # Errors
/// What is wrong with the table, `time_order`; any failure where `stop` ended it; then nothing has changed.
pub fn run(mark: &mut Mark, batches: &[StructArray], stop: &Stop) -> Result<Ran, Failure> {
    let mut next = mark.clone();
    let mut rows = MarkRows::with_capacity(batches.iter().map(Array::len).sum());
    let read = |batch, first| told(&contract::TOPS, NUMBERS, batch, first, stop);
    let shared_doubles = work_off(&contract::TOPS, batches, stop, read, |told, at, _| {
        rows.push(next.update(told.times[at], &update(told, at))?);
        Ok(())
    })?;
    let table = written(&contract::MARK_OUT, rows.finish(), None)?;
    *mark = next;
    Ok(Ran { table, shared_doubles })
}

#[inline(always)]
fn update(told: &Told<7>, at: usize) -> Update {
    Update {
        index: told.number(0, at),
        state: told.state(at),
        bid: told.number(1, at),
        ask: told.number(2, at),
        impact_bid: told.number(3, at),
        impact_ask: told.number(4, at),
        last: told.number(5, at).flatten(),
        funding_rate: told.number(6, at).flatten(),
    }
}
