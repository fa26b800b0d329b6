//! A book with its owner, spoken to in lots and ticks, for cases by hand.

#![allow(dead_code)]

use super::setting::{Judge, LOT, TICK, terms};
use perpcore::book::Book;
use perpcore::book::store::{Store, serial_of};
use perpcore::book::terms::Terms;
use perpcore::fault::Code;
use perpcore::message::*;

pub struct Desk<S> {
    pub book: Book<S>,
    pub judge: Judge,
    pub time: i64,
    pub cause: u64,
    pub events: Vec<Event>,
    /// The book's ids by serial number, from 1.
    pub ids: Vec<u64>,
}

impl<S: Store> Desk<S> {
    /// Without a mark, so without a collar.
    pub fn new() -> Self {
        Desk::of(terms(), Judge::lenient())
    }

    pub fn of(terms: Terms, judge: Judge) -> Self {
        Desk { book: Book::new(terms), judge, time: 0, cause: 0, events: Vec::new(), ids: vec![0] }
    }

    /// Carries out a command; what was said, one line an event.
    pub fn tell(&mut self, command: &Command<'_>) -> Vec<String> {
        self.events.clear();
        self.book.apply(&mut self.judge, self.time, self.cause, command, &mut self.events);
        self.cause += 1;
        for event in self.events.iter().filter(|event| event.kind == Kind::Accepted && event.order != 0) {
            if serial_of(event.order) as usize == self.ids.len() {
                self.ids.push(event.order);
            }
        }
        self.events.iter().map(line).collect()
    }

    pub fn place(&mut self, place: Place<'_>) -> Vec<String> {
        self.tell(&Command::Place(place))
    }

    /// Places what must be accepted and rest untouched; its serial number.
    pub fn rests(&mut self, place: Place<'_>) -> u64 {
        let said = self.place(place);
        assert_eq!(said.len(), 1, "{said:?}");
        assert!(said[0].starts_with("accepted"), "{said:?}");
        self.ids.len() as u64 - 1
    }

    pub fn cancel(&mut self, serial: u64) -> Vec<String> {
        let order = Named::Order(self.ids[serial as usize]);
        self.tell(&Command::Cancel(Cancel { order, account: None }))
    }

    pub fn amend(&mut self, serial: u64, lots: Option<i64>, price: Option<i64>) -> Vec<String> {
        let order = Named::Order(self.ids[serial as usize]);
        let (quantity, price) = (lots.map(|lots| lots * LOT), price.map(|price| price * TICK));
        self.tell(&Command::Amend(Amend { order, account: None, quantity, price }))
    }

    pub fn mark(&mut self, price: i64) -> Vec<String> {
        self.tell(&Command::Mark(price * TICK))
    }

    pub fn index(&mut self, price: i64) -> Vec<String> {
        self.tell(&Command::Index(price * TICK))
    }

    pub fn phase(&mut self, phase: Phase) -> Vec<String> {
        self.tell(&Command::Phase(phase))
    }

    pub fn at(&mut self, time: i64) -> Vec<String> {
        self.time = time;
        self.tell(&Command::AdvanceTime)
    }

    pub fn account(&mut self, account: u32, group: u32, class: Class) {
        let said = self.tell(&Command::Account { account, client: group, group, class });
        assert_eq!(said.len(), 1);
        assert_eq!(self.events[0].kind, Kind::Accepted);
    }

    /// The book goes by other terms; what was said.
    pub fn change_terms(&mut self, terms: Terms) -> Vec<String> {
        self.events.clear();
        self.judge.lot = terms.lot.size;
        self.book.change_terms(&mut self.judge, self.cause, terms, &mut self.events);
        self.cause += 1;
        self.events.iter().map(line).collect()
    }

    /// Ends the orders of a scope for a reason; what was said.
    pub fn withdraw_scope(&mut self, scope: &CancelAll, code: Code) -> Vec<String> {
        self.events.clear();
        self.book.withdraw_scope(&mut self.judge, self.cause, scope, code, &mut self.events);
        self.cause += 1;
        self.events.iter().map(line).collect()
    }

    /// Lets an account hold so many lots, against account 99.
    pub fn hold(&mut self, account: u32, lots: i64) {
        *self.judge.held.entry((account, false)).or_default() += lots * LOT;
        *self.judge.held.entry((99, false)).or_default() -= lots * LOT;
    }

    /// Who rests on a side, as they would trade: serial, lots left, ticks.
    pub fn queue(&self, side: Side) -> Vec<(u64, i64, i64)> {
        let of = |rested: perpcore::book::Rested| (serial_of(rested.order.id), rested.order.left, rested.order.price);
        self.book.resting(side).map(of).collect()
    }
}

/// An event in short: kind, reason, order, lots@ticks, and the other order of a trade.
fn line(event: &Event) -> String {
    let mut line = event.kind.text().to_string();
    if let Some(code) = event.code {
        line += &format!(" {}", code.entry().name);
    }
    if event.kind == Kind::Phase {
        return line + &format!(" {}", Phase::ALL[event.after as usize].text());
    }
    let order = if event.kind == Kind::Rejected { 0 } else { serial_of(event.order) };
    if order != 0 {
        line += &format!(" #{order}");
    }
    if event.kind == Kind::Filled {
        line += &format!(" with #{}", serial_of(event.other_order));
    }
    if event.quantity != 0 || event.price != 0 {
        line += &format!(" {}@{}", event.quantity / LOT, event.price / TICK);
    }
    line
}

pub fn rejected(said: &[String], code: Code) {
    assert_eq!(said.len(), 1, "{said:?}");
    let expected = format!("rejected {}", code.entry().name);
    assert!(said[0].starts_with(&expected), "{said:?} is not {expected}");
}

/// Tests a behaviour of both stores.
#[macro_export]
macro_rules! behaviors {
    ($($name:ident($desk:ident) $body:block)*) => {$(
        mod $name {
            #[allow(unused_imports)]
            use super::*;
            fn check<S: perpcore::book::store::Store>(mut $desk: $crate::desk::Desk<S>) {
                $desk.time = 0;
                $body
            }
            #[test]
            fn fast() {
                check($crate::desk::Desk::<perpcore::book::fast::Fast>::new());
            }
            #[test]
            fn reference() {
                check($crate::desk::Desk::<perpcore::book::reference::Reference>::new());
            }
        }
    )*};
}
