//! The tables `tops` and `funding_inputs`: what a mark and a funding are told, row by row.

use super::feed::{OFF_GRID, Odd};
use super::number::Null;
use super::view::{Read, Source};
use crate::contract::Table;
use arrow_array::StructArray;
use arrow_buffer::ScalarBuffer;
use perpcore::fault::Failure;
use perpcore::message::{PriceState, Word};
use perpcore::sweep::stop::Stop;

/// Some rows of what is told: those of the columns that came.
pub(crate) struct Told<const N: usize> {
    pub(crate) times: ScalarBuffer<i64>,
    numbers: [Option<ScalarBuffer<i64>>; N],
    states: Option<Vec<u8>>,
}

/// The only number of these tables that no feed says, so that it is one of the grid.
const RATE: &str = "funding_rate";

/// Reads some rows, the first of which is this one of the table; `names` are the columns of numbers.
///
/// # Errors
/// What makes it not one of its schema.
pub(crate) fn told<const N: usize>(
    table: &'static Table,
    names: [&str; N],
    batch: StructArray,
    first: usize,
    stop: &Stop,
) -> Result<Read<Told<N>>, Failure> {
    let mut source = Source::open(table, vec![batch], false, stop)?.at_row(first);
    let times = source.times("time", Null::Refused)?.unwrap_or_default();
    let mut numbers = [const { None }; N];
    for (column, name) in numbers.iter_mut().zip(names) {
        *column = source.feed(name, Null::Zero, if name == RATE { Odd::Refused } else { Odd::Said })?;
    }
    let states = match source.few_words("state")? {
        // Without a type it is named all the same, and null is the first word.
        None if source.given("state").is_some() => Some(vec![0; source.rows()]),
        states => states,
    };
    Ok(source.read(Told { times, numbers, states }))
}

impl<const N: usize> Told<N> {
    /// What a row says in a column, none where the table does not have it: a price, none where it is none.
    #[inline(always)]
    pub(crate) fn number(&self, column: usize, row: usize) -> Option<Option<i64>> {
        self.numbers[column].as_ref().map(|said| price(said[row]))
    }

    /// The state that a row says.
    #[inline(always)]
    pub(crate) fn state(&self, row: usize) -> Option<PriceState> {
        self.states.as_ref().map(|states| <PriceState as Word>::ALL[usize::from(states[row])])
    }
}

/// What was said, none where that is no number of the grid.
#[inline(always)]
pub fn price(said: i64) -> Option<i64> {
    (said > OFF_GRID).then_some(said)
}
