//! `gate.margin`: initial margin with the order, reserved before the book sees it.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Asked;
use crate::book::store::Store;
use crate::fault::Code;
use crate::margin::admission::{Asking, covers};
use crate::margin::line::Noted;
use crate::margin::status::Status;
use crate::message::{Class, Refusal};
use crate::venue::state::State;

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
    if cfg!(feature = "without_equal_accounts")
        && floor.state.member(asked.account)?.class == Class::AffiliatedMarketMaker
    {
        return Ok(());
    }
    let wish = floor.wish(book, asked).ok_or(Code::OutOfRange)?;
    floor.lay(book, asked, Some(&wish));
    let State { desk, terms, market, rules, .. } = &mut *floor.state;
    let mut noted = Noted::default();
    let after = desk.value(terms, market, &mut noted);
    let min_equity = rules.portfolio().min_equity;
    let fits = !desk.view().portfolio || after.equity >= min_equity;
    if fits && noted.0.is_none() && covers(&after) && after.net_value >= 0 && market.mark(wish.instrument).usable {
        floor.state.admitted = Some((asked.account, wish, after));
        return Ok(());
    }
    // What does not simply cover is asked at length.
    let manner = floor.lay(book, asked, None);
    let State { desk, terms, market, .. } = &*floor.state;
    let asking = Asking { terms, market, account: &desk.view(), leverage: manner.leverage };
    let checked = asking.check(&wish)?;
    let usable = after.status != Status::Undecided && market.mark(wish.instrument).usable;
    let numbers = |code: Code| match code {
        Code::InsufficientMargin => Refusal::new(code, checked.initial_margin_after, checked.opening_equity),
        code => code.into(),
    };
    match checked.refused {
        Some(code) => Err(numbers(code)),
        None if fits && usable && covers(&after) => Ok(()),
        // Let pass since it reduces: then it must do so together with the others too.
        None if floor.reduces(book, asked) => Ok(()),
        None if !fits => Err(Refusal::new(Code::BelowMinEquity, after.equity, min_equity)),
        None if usable => Err(numbers(Code::InsufficientMargin)),
        None => Err(Code::PriceUnusable.into()),
    }
}
