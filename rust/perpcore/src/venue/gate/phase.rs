//! Whether the price of the instrument lets any order come: where it is halted, cancels only. The phase itself is the book's.

use super::Floor;
use crate::fault::Code;
use crate::message::{PriceState, Refusal};

#[inline(always)]
pub(super) fn check(floor: &Floor<'_>) -> Result<(), Refusal> {
    match floor.state.prices.instruments[floor.instrument as usize].state {
        PriceState::Halted => Err(Code::PriceUnusable.into()),
        _ => Ok(()),
    }
}
