//! A mark behind Arrow tables: what it is told in, marks with their lineage out.

use super::{Ran, work_off};
use crate::assess::written;
use crate::contract;
use crate::decode::{Told, told};
use crate::encode::MarkRows;
use arrow_array::{Array, StructArray};
use perpcore::fault::{Failure, Fault};
use perpcore::message::PriceState;
use perpcore::pricing::mark::{Mark, Marked, Update};
use perpcore::sweep::stop::Stop;

/// A mark, and what it was last.
#[derive(Clone, Debug)]
pub struct Marking {
    mark: Mark,
    latest: Option<Marked>,
}

impl Marking {
    /// One that was told nothing yet.
    pub fn new(mark: Mark) -> Marking {
        Marking { mark, latest: None }
    }

    /// Takes what an update names, and makes the mark.
    ///
    /// # Errors
    /// As [`Mark::update`].
    #[inline]
    pub fn update(&mut self, now: i64, update: &Update) -> Result<&Marked, Box<Fault>> {
        self.mark.update(now, update).map(|marked| &*self.latest.insert(marked))
    }

    /// The latest mark.
    pub fn mark(&self) -> Option<i64> {
        self.latest.and_then(|marked| marked.mark)
    }

    /// Its state.
    pub fn state(&self) -> PriceState {
        self.latest.map_or(PriceState::Frozen, |marked| marked.state)
    }

    /// SHA-256 over everything that a further call could depend on.
    pub fn digest(&self) -> [u8; 32] {
        self.mark.digest()
    }
}

/// The columns of numbers.
const NUMBERS: [&str; 7] = ["index", "bid", "ask", "impact_bid", "impact_ask", "last", "funding_rate"];

/// Works off the table `tops`, row by row; the table `mark`.
///
/// # Errors
/// What is wrong with the table, `time_order`; any failure where `stop` ended it; then nothing has changed.
pub fn run(marking: &mut Marking, batches: &[StructArray], stop: &Stop) -> Result<Ran, Failure> {
    let mut next = marking.clone();
    let mut rows = MarkRows::with_capacity(batches.iter().map(Array::len).sum());
    let read = |batch, first| told(&contract::TOPS, NUMBERS, batch, first, stop);
    let shared_doubles = work_off(&contract::TOPS, batches, stop, read, |told, at, _| {
        let marked = next.mark.update(told.times[at], &update(told, at))?;
        next.latest = Some(marked);
        rows.push(marked);
        Ok(())
    })?;
    let table = written(&contract::MARK_OUT, rows.finish(), None)?;
    *marking = next;
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
