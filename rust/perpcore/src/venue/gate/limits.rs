//! `gate.limits`: open orders, orders a second and positions of a client and of a group, and the open interest. The orders and
//! the position of the account itself are asked by the book.

use super::Floor;
use crate::book::Book;
use crate::book::owner::{Asked, Fill, Owner};
use crate::book::query::Comes;
use crate::book::store::Store;
use crate::fault::Code;
use crate::message::Refusal;
use crate::num::ONE;
use crate::rules::{Limits, Rates};
use crate::venue::state::{Kin, Pace, SECOND};

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
    let Limits { client_open_orders, group_open_orders, client_position, group_position, open_interest, .. } =
        floor.state.rules.instruments()[floor.instrument as usize].limits;
    if asked.is_more {
        for (limit, kin) in [(client_open_orders, Kin::Client), (group_open_orders, Kin::Group)] {
            limit.map_or(Ok(()), |limit| orders(floor, book, asked, kin, limit))?;
        }
    }
    pace(floor, asked.account)?;
    for (limit, kin) in [(client_position, Kin::Client), (group_position, Kin::Group)] {
        limit.map_or(Ok(()), |limit| position(floor, book, asked, kin, limit))?;
    }
    open_interest.map_or(Ok(()), |limit| interest(floor, book, asked, limit))
}

/// A number as it stands in an event.
fn count(number: u32) -> i128 {
    i128::from(number) * i128::from(ONE)
}

/// Open orders of all accounts of a client or a group.
#[inline(never)]
fn orders<S: Store>(floor: &Floor<'_>, book: &Book<S>, asked: &Asked, kin: Kin, limit: u32) -> Result<(), Refusal> {
    let members = floor.state.kin(kin, asked.account);
    let orders: u32 = members.iter().map(|account| book.account(*account).orders).sum();
    let code = if kin == Kin::Client { Code::ClientOrders } else { Code::GroupOrders };
    if orders < limit { Ok(()) } else { Err(Refusal::new(code, count(orders) + count(1), count(limit))) }
}

/// Orders and amendments within a second of the clock: of the account, its client, its group.
#[inline(always)]
fn pace(floor: &mut Floor<'_>, account: u32) -> Result<(), Refusal> {
    let Rates { orders_per_second, client_orders_per_second, group_orders_per_second, .. } =
        floor.state.rules.venue().rates;
    let second = floor.state.time.div_euclid(SECOND);
    if let Some(most) = orders_per_second
        && let Some(member) = floor.state.member_mut(account)
    {
        within(&mut member.pace, second, most, Code::RateLimit)?;
    }
    if client_orders_per_second.is_some() || group_orders_per_second.is_some() {
        pace_of_kin(floor, account, second, [client_orders_per_second, group_orders_per_second])?;
    }
    Ok(())
}

#[inline(never)]
fn pace_of_kin(floor: &mut Floor<'_>, account: u32, second: i64, most: [Option<u32>; 2]) -> Result<(), Refusal> {
    for ((kin, code), most) in [(Kin::Client, Code::ClientRate), (Kin::Group, Code::GroupRate)].into_iter().zip(most) {
        let Some(most) = most else { continue };
        within(floor.state.kin.get_mut(kin).pace(account).ok_or(Code::UnknownHolder)?, second, most, code)?;
    }
    Ok(())
}

/// Counts one more.
#[inline(always)]
fn within(pace: &mut Pace, second: i64, most: u32, code: Code) -> Result<(), Refusal> {
    let before = if pace.second == second { pace.orders } else { 0 };
    *pace = Pace { second, orders: before.saturating_add(1) };
    if before < most { Ok(()) } else { Err(Refusal::new(code, count(before) + count(1), count(most))) }
}

/// What of an order counts, in lots: of one that only reduces at most the position, but in full while it waits for its trigger,
/// as what rests counts.
fn enters(floor: &Floor<'_>, asked: &Asked) -> i64 {
    let Asked { account, side, lots, reduce_only, isolated, waits, .. } = *asked;
    let held = (-side.sign() * floor.position(account, isolated)).max(0);
    if reduce_only && !waits { lots.min(held) } else { lots }
}

/// What of an order is more than the one in whose place it comes, in lots.
fn more<S: Store>(floor: &Floor<'_>, book: &Book<S>, asked: &Asked) -> i64 {
    enters(floor, asked) - book.left_of(asked.replaces)
}

/// Positions and orders of a side of all accounts of a client or a group, in contracts.
#[inline(never)]
fn position<S: Store>(floor: &Floor<'_>, book: &Book<S>, asked: &Asked, kin: Kin, limit: i64) -> Result<(), Refusal> {
    let Asked { account, side, isolated, replaces, .. } = *asked;
    let of = |of: u32, comes: Option<Comes>| {
        let held = [false, true].map(|isolated| floor.position(of, isolated));
        book.counted(of, side, held, comes).max(0)
    };
    let comes = Some(Comes { isolated, lots: enters(floor, asked), replaces });
    let all = floor.state.kin(kin, account).iter();
    let lots: i128 = all.map(|other| of(*other, comes.filter(|_| *other == account))).sum();
    // An order that adds nothing to what there is passes a limit that was lowered.
    let adds = of(account, comes) > of(account, None);
    let contracts = lots * i128::from(book.terms().lot.size);
    let code = if kin == Kin::Client { Code::ClientLimit } else { Code::GroupLimit };
    if contracts > i128::from(limit) && adds { Err(Refusal::new(code, contracts, limit)) } else { Ok(()) }
}

/// What would be long, or short, if all of an account's orders of the side traded with new positions, in contracts.
#[cold]
fn interest<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked, limit: i64) -> Result<(), Refusal> {
    let own = [false, true].map(|isolated| book.adding(asked.account, asked.side, isolated, 0)).iter().sum::<i64>();
    let open =
        floor.state.ledger.open_interest(floor.instrument) / i128::from(floor.state.lots[floor.instrument as usize]);
    let lots = open + i128::from(own) + i128::from(more(floor, book, asked));
    let contracts = lots * i128::from(book.terms().lot.size);
    let over = contracts > i128::from(limit) && !floor.reduces(book, asked);
    if over { Err(Refusal::new(Code::OpenInterest, contracts, limit)) } else { Ok(()) }
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
