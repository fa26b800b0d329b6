//! Prices that come from outside, and what is made of them: whole numbers of the grid, no account, no clock.

mod ema;
mod extremes;
pub mod funding;
pub mod impact;
pub mod index;
pub mod mark;
pub mod mirror;
pub(crate) mod quorum;

use crate::fault::{Code, Fault};
use crate::num::bounds::PRICE;
use sha2::{Digest, Sha256};

/// The times that are taken: between two of them there is a number of nanoseconds, and a day more is still a time.
pub(crate) const TIMES: std::ops::RangeInclusive<i64> = 0..=i64::MAX - 2 * DAY;
/// Nanoseconds of a day.
const DAY: i64 = 86_400_000_000_000;

/// Lets time pass to `now`.
///
/// # Errors
/// `time_order` where that would be back, `implausible_time` where it is no time that anybody means; then nothing has
/// changed.
#[inline]
fn passes(time: &mut Option<i64>, now: i64) -> Result<(), Box<Fault>> {
    if !TIMES.contains(&now) {
        return Err(Box::new(Fault::new(Code::ImplausibleTime).value(now).accepts("a time from 1970 to 2262-04-09")));
    }
    if let Some(time) = time.filter(|time| now < *time) {
        return Err(Box::new(Fault::new(Code::TimeOrder).value(now).accepts(format!("at least {time}"))));
    }
    *time = Some(now);
    Ok(())
}

/// What a feed gives as a price, where it is one.
#[inline(always)]
fn price(given: Option<i64>) -> Option<i64> {
    given.filter(|price| PRICE.holds((*price).into()))
}

/// A number that need not be there, for a digest.
fn optional(given: Option<i64>) -> [i64; 2] {
    [i64::from(given.is_some()), given.unwrap_or(0)]
}

/// SHA-256 over numbers.
fn digest(numbers: impl IntoIterator<Item = i64>) -> [u8; 32] {
    let mut hash = Sha256::new();
    numbers.into_iter().for_each(|number| hash.update(number.to_le_bytes()));
    hash.finalize().into()
}
