//! Orders, amendments, cancels: the book of the instrument carries them out.

use super::super::Venue;
use crate::book::Book;
use crate::book::fast::Fast;
use crate::fault::Code;
use crate::message::{Amend, Cancel, CancelAll, Command, Event, NOBODY, Named, Place, Refusal};

impl Venue {
    /// What concerns one book.
    #[inline(always)]
    pub(super) fn order(
        &mut self,
        instrument: u32,
        command: &Command<'_>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let named = |order: &Named<'_>, account: Option<u32>| match order {
            Named::Client(account, _) => Some(*account),
            Named::Order(_) => account,
        };
        let account = match command {
            Command::Place(place) if place.account == NOBODY => return Err(Code::NullValue.into()),
            Command::Place(place) => Some(place.account),
            Command::Amend(of) => named(&of.order, of.account),
            Command::Cancel(of) => named(&of.order, of.account),
            // What else a book is told has commands of the venue.
            _ => return Err(Code::ConflictingValues.into()),
        };
        if let Some(account) = account {
            self.state.member(account)?;
        }
        let instrument = match command {
            Command::Place(place) => {
                self.names_nothing_elsewhere(instrument, place)?;
                instrument
            }
            Command::Amend(Amend { order, .. }) | Command::Cancel(Cancel { order, .. }) if instrument == NOBODY => {
                self.book_of(order).ok_or(Code::UnknownOrder)?
            }
            _ => instrument,
        };
        let (time, cause) = (self.state.time, self.state.cause);
        self.on_book(instrument, out, |book, floor, out| book.apply(floor, time, cause, command, out));
        Ok(())
    }

    /// A client's id names one order of the venue: it is not one that another book remembers.
    #[inline(always)]
    fn names_nothing_elsewhere(&self, instrument: u32, place: &Place<'_>) -> Result<(), Refusal> {
        let Some(id) = place.client_id.filter(|_| self.books.len() > 1) else { return Ok(()) };
        let mut others = self.books.iter().enumerate().filter(|(at, _)| *at != instrument as usize);
        let time = self.state.time;
        let known = others.any(|(_, book)| book.as_ref().is_some_and(|book| book.remembers(place.account, &id, time)));
        if known { Err(Code::ClientIdReused.into()) } else { Ok(()) }
    }

    /// The instrument in whose book an order is, or is remembered by its client's id.
    fn book_of(&self, order: &Named<'_>) -> Option<u32> {
        let time = self.state.time;
        let knows = |book: &Book<Fast>| match order {
            Named::Order(_) => book.order(order).is_some(),
            Named::Client(account, id) => book.remembers(*account, id, time),
        };
        let at = self.books.iter().position(|book| book.as_ref().is_some_and(|book| knows(book)))?;
        Some(at as u32)
    }

    pub(super) fn cancel_all(
        &mut self,
        instrument: Option<u32>,
        scope: CancelAll,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        scope.account.map_or(Ok(()), |account| self.state.member(account).map(|_| ()))?;
        self.cancel_scope(instrument, scope, Code::Requested, out);
        Ok(())
    }

    pub(super) fn disconnect(&mut self, account: u32, out: &mut Vec<Event>) -> Result<(), Refusal> {
        self.state.member(account)?;
        self.cancel_of(account, Code::Disconnected, out);
        Ok(())
    }

    /// Nothing but that time passes: in an auction it is told what it would trade.
    pub(super) fn advance(&mut self, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let (time, cause) = (self.state.time, self.state.cause);
        for at in 0..self.books.len() as u32 {
            self.on_book(at, out, |book, floor, out| book.apply(floor, time, cause, &Command::AdvanceTime, out));
        }
        Ok(())
    }
}
