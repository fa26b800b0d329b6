//! `gate.limits`: orders a second, the position of a group, the open interest. The limits of an account are the book's.

use super::Floor;
use crate::book::Book;
use crate::book::owner::{Asked, Fill, Owner};
use crate::book::store::Store;
use crate::fault::Code;
use crate::num::ONE;
use crate::rules::Limits;

const SECOND: i64 = 1_000_000_000;

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Code> {
    pace(floor, asked.account)?;
    let Limits { group_position, open_interest, .. } =
        floor.state.rules.instruments()[floor.instrument as usize].limits;
    if let Some(limit) = group_position {
        group(floor, book, asked, limit)?;
    }
    match open_interest {
        Some(limit) => interest(floor, book, asked, limit),
        None => Ok(()),
    }
}

/// Orders and amendments of an account within a second of the clock.
#[inline(always)]
fn pace(floor: &mut Floor<'_>, account: u32) -> Result<(), Code> {
    let Some(most) = floor.state.rules.venue().rates.orders_per_second else { return Ok(()) };
    let second = floor.state.time.div_euclid(SECOND);
    let Some(member) = floor.state.member_mut(account) else { return Ok(()) };
    let count = if member.pace.0 == second { member.pace.1 } else { 0 };
    member.pace = (second, count.saturating_add(1));
    if count < most { Ok(()) } else { Err(Code::RateLimit) }
}

/// What of an order is more than the one in whose place it comes, in lots; of one that only reduces at most the position.
fn more<S: Store>(floor: &Floor<'_>, book: &Book<S>, asked: &Asked) -> i64 {
    let Asked { account, side, lots, reduce_only, isolated, replaces, .. } = *asked;
    let before = if replaces == 0 { 0 } else { book.left_of(replaces) };
    let held = (-side.sign() * floor.position(account, isolated)).max(0);
    if reduce_only { lots.min(held) - before } else { lots - before }
}

/// Positions and orders of a side of all accounts of a group, in contracts.
#[cold]
fn group<S: Store>(floor: &Floor<'_>, book: &Book<S>, asked: &Asked, limit: i64) -> Result<(), Code> {
    let group = floor.state.member(asked.account)?.group;
    let members = floor.state.groups.get(&group).map_or(&[][..], Vec::as_slice);
    let side = asked.side;
    let of = |account: &u32| {
        let held = floor.position(*account, false) + floor.position(*account, true);
        i128::from(side.sign() * held) + i128::from(book.account(*account).open[side as usize])
    };
    let lots = members.iter().map(of).sum::<i128>() + i128::from(more(floor, book, asked));
    let contracts = lots * i128::from(book.terms().lot.size);
    if contracts > i128::from(limit) { Err(Code::GroupLimit) } else { Ok(()) }
}

/// What would be long, or short, if all of an account's orders of the side traded with new positions, in contracts.
#[cold]
fn interest<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked, limit: i64) -> Result<(), Code> {
    let own = [false, true].map(|isolated| book.adding(asked.account, asked.side, isolated, 0)).iter().sum::<i64>();
    let open =
        floor.state.ledger.open_interest(floor.instrument) / i128::from(floor.state.lots[floor.instrument as usize]);
    let lots = open + i128::from(own) + i128::from(more(floor, book, asked));
    let over = lots * i128::from(book.terms().lot.size) > i128::from(limit);
    if over && !floor.reduces(book, asked) { Err(Code::OpenInterest) } else { Ok(()) }
}

/// Whether a trade would let the open interest pass its limit: exact, where orders of others that were let in meanwhile trade.
#[inline(always)]
pub(super) fn passes_interest(floor: &Floor<'_>, fill: &Fill) -> bool {
    let limit = floor.state.rules.instruments()[floor.instrument as usize].limits.open_interest;
    limit.is_some_and(|limit| beyond(floor, fill, limit))
}

#[cold]
fn beyond(floor: &Floor<'_>, fill: &Fill, limit: i64) -> bool {
    let long = [true, false].map(|taker| {
        let side = floor.side(fill, taker);
        let held = floor.state.ledger.quantity(side.account, floor.instrument, side.isolated);
        i128::from((held + side.quantity).max(0)) - i128::from(held.max(0))
    });
    let more: i128 = long.iter().sum();
    let size = floor.state.terms.instruments[floor.instrument as usize].contract_size;
    let open = floor.state.ledger.open_interest(floor.instrument) + more;
    more > 0 && open * i128::from(ONE) > i128::from(limit) * i128::from(size)
}
