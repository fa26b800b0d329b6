//! `gate.limits`: orders a second, the position of a group, the open interest. The limits of an account are the book's.

use super::Floor;
use crate::book::Book;
use crate::book::owner::{Asked, Owner};
use crate::book::store::Store;
use crate::fault::Code;
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

/// What of an order is more than the one in whose place it comes, in lots.
fn more<S: Store>(book: &Book<S>, asked: &Asked) -> i64 {
    let before = if asked.replaces == 0 { 0 } else { book.left_of(asked.replaces) };
    asked.lots - before
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
    let lots = members.iter().map(of).sum::<i128>() + i128::from(more(book, asked));
    let contracts = lots * i128::from(book.terms().lot.size);
    if contracts > i128::from(limit) { Err(Code::GroupLimit) } else { Ok(()) }
}

/// What would be long, or short, if all of an account's orders of the side traded with new positions, in contracts.
#[cold]
fn interest<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked, limit: i64) -> Result<(), Code> {
    let adding = |order: &&crate::book::store::Order| order.side == asked.side && !order.flags.reduce_only();
    let own: i64 = book.resting_of(asked.account).filter(adding).map(|order| order.left).sum();
    let open =
        floor.state.ledger.open_interest(floor.instrument) / i128::from(floor.state.lots[floor.instrument as usize]);
    let lots = open + i128::from(own) + i128::from(more(book, asked));
    let over = lots * i128::from(book.terms().lot.size) > i128::from(limit);
    if over && !floor.reduces(book, asked) { Err(Code::OpenInterest) } else { Ok(()) }
}
