//! Accounts are looked at: their statuses (`status`), and which orders a restricted account loses (`gate.prune`).

use super::Venue;
use super::liquidate::badness;
use super::reducing::reduces;
use super::state::{Books, State};
use crate::book::Book;
use crate::book::fast::Fast;
use crate::fault::Code;
use crate::margin::account::Account;
use crate::margin::admission::Wish;
use crate::margin::figures::Figures;
use crate::margin::line::Noted;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::message::event::Kind;
use crate::message::{Event, NOBODY};
use crate::monitor::watch::{Concerned, Horizon, Watch};
use crate::monitor::{Difference, differences};
use std::cmp::Ordering;

impl State {
    /// Whether nothing is wrong with the cross bucket of an account, as it was last seen.
    #[inline(always)]
    pub(super) fn is_healthy(&self, account: u32) -> bool {
        let member = self.members.get(account as usize).and_then(Option::as_ref);
        member.is_none_or(|member| member.status == Status::Healthy)
    }
}

/// An account that was looked at.
struct Looked {
    cross: Figures,
    horizon: Horizon,
}

impl State {
    /// Whether an account that lies valued on the desk has the status that it had, without isolated buckets; then how far it
    /// sees is noted.
    #[inline(always)]
    pub(super) fn is_as_seen(&mut self, account: u32, cross: &Figures) -> bool {
        let known = self.member(account);
        let same = known.is_ok_and(|member| member.status == cross.status && member.isolated.is_empty());
        let State { desk, terms, market, scout, watch, .. } = self;
        if !same || !desk.buckets.is_empty() {
            return false;
        }
        let view = desk.view();
        depend(watch, terms, &view);
        watch.seen(account, scout.horizon(terms, market, &view, cross, &[]));
        self.sees_equity(account, cross.equity);
        true
    }
}

impl Venue {
    /// Looks at the accounts that the command touched, in the order of their opening.
    #[inline(always)]
    pub(super) fn look_at_touched(&mut self, out: &mut Vec<Event>) {
        while !self.state.touched.is_empty() {
            let mut touched = std::mem::take(&mut self.state.touched);
            if touched.len() > 1 {
                let opened = |account: &u32| self.state.member(*account).map_or(u32::MAX, |member| member.opened);
                touched.sort_unstable_by_key(opened);
            }
            for account in touched.drain(..) {
                if let Some(member) = self.state.member_mut(account) {
                    member.touched = false;
                }
                self.look(account, out);
            }
            if self.state.touched.is_empty() {
                self.state.touched = touched;
            }
        }
    }

    /// Looks at the accounts that the command touched, then asks the breakers of those that traded, and looks again at whom
    /// that concerned.
    #[inline(always)]
    pub(super) fn conclude(&mut self, out: &mut Vec<Event>) {
        self.look_at_touched(out);
        loop {
            while !self.state.traded.is_empty() {
                self.ask_breakers(out);
                self.look_at_touched(out);
            }
            self.liquidate(out);
            if self.state.traded.is_empty() {
                break;
            }
        }
        self.tell_low(out);
    }

    /// Looks at everybody whom a move of prices concerns.
    pub(super) fn look_after_move(&mut self, concerned: &Concerned, out: &mut Vec<Event>) {
        self.touch_the_fallen();
        match concerned.accounts() {
            None => {
                for at in 0..self.state.order.len() {
                    self.look(self.state.order[at], out);
                }
                self.look_at_touched(out);
            }
            Some(accounts) => {
                accounts.iter().for_each(|account| self.state.touch(*account));
                self.look_at_touched(out);
            }
        }
    }

    /// Looks at one account.
    #[inline(always)]
    fn look(&mut self, account: u32, out: &mut Vec<Event>) {
        let before = match self.state.member(account) {
            Ok(member) => member.status,
            Err(_) => return,
        };
        let after = self.review(account, out);
        if after != before && prunes(before, after) {
            self.prune(account, out);
        }
    }

    /// Values an account, says what changed, and notes how far it sees; the status of the cross bucket.
    #[inline(always)]
    fn review(&mut self, account: u32, out: &mut Vec<Event>) -> Status {
        let Looked { cross, horizon } = self.state.value(account, &self.books);
        self.state.watch.seen(account, horizon);
        self.state.sees_equity(account, cross.equity);
        if !self.state.falls.is_nobody() || badness(&cross).is_some() || !self.state.desk.buckets.is_empty() {
            self.state.notes_fallen(account, &cross);
        }
        let State { members, desk, falls, rules, seq, time, cause, .. } = &mut self.state;
        let Some(Some(member)) = members.get_mut(account as usize) else { return Status::Healthy };
        if member.status == cross.status && member.isolated.is_empty() && desk.buckets.is_empty() {
            return cross.status;
        }
        let from = out.len();
        let mut say = |event: Event| {
            out.push(Event { seq: *seq, time: *time, cause: *cause, ..event });
            *seq += 1;
        };
        differences(member.status, member.isolated.iter().copied(), &cross, &desk.buckets, |difference| {
            let Difference { instrument, before, after, equity, maintenance_margin } = difference;
            let changed = Event {
                kind: Kind::StatusChanged,
                account,
                instrument: instrument.unwrap_or(NOBODY),
                before: before as u8,
                after: after as u8,
                amount: equity,
                balance: maintenance_margin,
                ..Event::NOTHING
            };
            say(changed);
            let fell = !matches!(before, Status::Bankrupt | Status::Liquidation);
            if after == Status::MarginCall && fell {
                say(Event { kind: Kind::MarginCall, before: 0, after: 0, ..changed });
            }
        });
        if rules.liquidation().is_some() && !falls.is_falling(account) {
            falls.record.looked(account, &out[from..]);
        }
        member.status = cross.status;
        member.isolated.clear();
        member.isolated.extend(desk.buckets.iter().map(|bucket| (bucket.instrument, bucket.figures.status)));
        cross.status
    }

    /// Ends the orders of an account that add risk, the least aggressive first, until initial margin is covered again.
    #[cold]
    fn prune(&mut self, account: u32, out: &mut Vec<Event>) {
        let mut ended = false;
        while self.state.value(account, &self.books).cross.is_short() {
            let Some((instrument, order)) = self.least_aggressive(account) else { break };
            self.end(account, instrument, order, Code::AccountRestricted, out);
            ended = true;
        }
        if ended {
            self.review(account, out);
        }
    }

    /// Ends every order of an account that adds risk, the least aggressive first.
    pub(super) fn prune_all(&mut self, account: u32, code: Code, out: &mut Vec<Event>) {
        while let Some((instrument, order)) = self.least_aggressive(account) {
            self.end(account, instrument, order, code, out);
        }
    }

    fn end(&mut self, account: u32, instrument: u32, order: u64, code: Code, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        self.on_book(instrument, out, |book, floor, out| book.withdraw(floor, cause, order, code, out));
        self.state.touch(account);
    }

    /// The order of an account that adds risk and whose limit is farthest from the mark.
    fn least_aggressive(&mut self, account: u32) -> Option<(u32, u64)> {
        let mut least: Option<(Farness, u32, u64)> = None;
        for instrument in 0..self.books.len() as u32 {
            let Some(book) = &self.books[instrument as usize] else { continue };
            let (lot, mark) = (self.state.lots[instrument as usize], self.state.market.mark(instrument).price);
            let orders: Vec<_> = book.resting_of(account).filter(|order| !order.flags.reduce_only()).copied().collect();
            let tick = book.terms().tick;
            for order in orders {
                let price = tick.value(order.price);
                let farness = Farness { away: (price - mark).unsigned_abs(), mark: mark.unsigned_abs().max(1) };
                let rank = (farness, instrument, order.id);
                // Of equals the later one, then that of the later instrument.
                let farther = least.is_none_or(|(of, at, id)| {
                    farness.cmp(&of).then(order.id.cmp(&id)).then(instrument.cmp(&at)) == Ordering::Greater
                });
                let wish = Wish {
                    instrument,
                    quantity: order.side.sign() * order.left * lot,
                    price: Some(price),
                    reduce_only: false,
                    isolated: order.flags.isolated(),
                };
                let nobody = None::<&Book<Fast>>;
                if farther && !reduces(&mut self.state, &self.books, nobody, account, order.id, &wish) {
                    least = Some(rank);
                }
            }
        }
        least.map(|(_, instrument, order)| (instrument, order))
    }
}

/// How far a limit is from the mark, relative to it.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Farness {
    away: u64,
    mark: u64,
}

impl Farness {
    fn cmp(&self, other: &Farness) -> Ordering {
        let product = |a: u64, b: u64| u128::from(a) * u128::from(b);
        product(self.away, other.mark).cmp(&product(other.away, self.mark))
    }
}

impl Figures {
    /// Whether initial margin is not covered.
    fn is_short(&self) -> bool {
        self.equity < self.initial_margin
    }
}

/// An account depends on the prices of what it has and ordered.
#[inline(always)]
fn depend(watch: &mut Watch, terms: &Terms, view: &Account<'_>) {
    for position in view.cross.iter().chain(view.isolated) {
        watch.depend(position.instrument);
    }
    let first = terms.instruments.len() as u32;
    view.balances.iter().for_each(|balance| watch.depend(first + balance.asset));
}

/// Whether an account that had a status loses orders with another one.
fn prunes(before: Status, after: Status) -> bool {
    matches!(before, Status::Healthy | Status::Undecided)
        && matches!(after, Status::Restricted | Status::MarginCall | Status::Liquidation | Status::Bankrupt)
}

impl State {
    /// Values an account as it is; its isolated buckets stay on the desk.
    #[inline(always)]
    fn value(&mut self, account: u32, all: &[super::state::Slot]) -> Looked {
        let manner = self.manner(account);
        let State { desk, ledger, lots, terms, market, scout, watch, .. } = self;
        desk.lay(ledger.of(account), &manner);
        desk.lay_orders(&Books::resting(all, lots), account, manner.leverage, 0, None);
        let mut noted = Noted::default();
        let mut cross = desk.value(terms, market, &mut noted);
        if noted.0.is_some() {
            // What cannot be valued is not decided.
            cross = Figures { status: Status::Undecided, equity: 0, maintenance_margin: 0, ..cross };
            for bucket in &mut desk.buckets {
                let figures = bucket.figures;
                bucket.figures = Figures { status: Status::Undecided, equity: 0, maintenance_margin: 0, ..figures };
            }
        }
        let view = desk.view();
        depend(watch, terms, &view);
        let horizon = match noted.0 {
            None => scout.horizon(terms, market, &view, &cross, &desk.buckets),
            Some(_) => Horizon::nowhere(),
        };
        Looked { cross, horizon }
    }
}
