//! `gate.margin`: initial margin with the order, reserved before the book sees it.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Asked;
use crate::book::store::Store;
use crate::fault::Code;
use crate::margin::admission::{Asking, covers};
use crate::margin::line::Noted;
use crate::venue::state::State;

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Code> {
    let wish = floor.wish(book, asked).ok_or(Code::OutOfRange)?;
    floor.lay(book, asked, Some(&wish));
    let State { desk, terms, market, .. } = &mut *floor.state;
    let mut noted = Noted::default();
    let after = desk.value(terms, market, &mut noted);
    if noted.0.is_none() && covers(&after) && after.net_value >= 0 && market.mark(wish.instrument).usable {
        floor.state.admitted = Some((asked.account, wish, after));
        return Ok(());
    }
    // What does not simply cover is asked at length.
    let manner = floor.lay(book, asked, None);
    let State { desk, terms, market, .. } = &*floor.state;
    let asking = Asking { terms, market, account: &desk.view(), leverage: manner.leverage };
    asking.check(&wish)?.refused.map_or(Ok(()), Err)
}
