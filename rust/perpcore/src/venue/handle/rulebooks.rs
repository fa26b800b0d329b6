//! `rulebook.approve` and `rulebook.activate`: another rulebook comes into force while the venue runs.

use super::super::Venue;
use super::super::changes::Waiting;
use super::super::state::SECOND;
use crate::book::Book;
use crate::book::fast::Fast;
use crate::book::terms::Terms;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{self, CancelAll, Event, Phase, Refusal};
use crate::num::ONE;
use crate::rule::Rule;
use crate::rules::{Instrument, Rulebook};

/// Hexadecimal digits of a digest.
const DIGITS: usize = 64;

/// A time in ns as seconds in g.
fn seconds(ns: i64) -> i128 {
    i128::from(ns) * i128::from(ONE) / i128::from(SECOND)
}

impl Venue {
    pub(super) fn approve_rulebook(
        &mut self,
        digest: &str,
        approval: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if digest.len() != DIGITS || !digest.bytes().all(|digit| matches!(digit, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(Code::OutOfRange.into());
        }
        if message::approval(approval).is_empty() {
            return Err(Code::ApprovalMissing.into());
        }
        self.state.changes.approved.insert(digest.into());
        let (order, rule) = (self.state.changes.number(digest), Some(Rule::RulebookApprove));
        self.say(Event { kind: Kind::Accepted, order, rule, ..Event::NOTHING }, out);
        Ok(())
    }

    /// Whether an instrument may open under the rulebook in force.
    pub(in crate::venue) fn is_approved(&self) -> bool {
        self.is_approved_digest(self.state.rules.digest())
    }

    /// Whether a rulebook of a digest may come into force, as far as approval goes.
    fn is_approved_digest(&self, digest: &str) -> bool {
        let asked = self.state.rules.venue().changes.approved;
        !asked || self.state.changes.approved.contains(digest)
    }

    /// Says something of a rulebook that is to follow the one in force.
    fn say_change(&mut self, kind: Kind, digest: &str, why: Option<Refusal>, out: &mut Vec<Event>) {
        let before = self.state.rules.digest().to_string();
        let changes = &mut self.state.changes;
        let (other_order, order) = (changes.number(&before), changes.number(digest));
        let mut event = Event { kind, order, other_order, rule: Some(Rule::RulebookActivate), ..Event::NOTHING };
        if let Some(why) = why {
            event.refused(why);
        }
        self.say(event, out);
    }

    /// What waited does no longer.
    fn drop_waiting(&mut self, why: Refusal, out: &mut Vec<Event>) {
        if let Some(Waiting { rules, .. }) = self.state.changes.waiting.take() {
            self.say_change(Kind::Canceled, rules.digest(), Some(why), out);
        }
    }

    pub(super) fn activate_rulebook(
        &mut self,
        text: &str,
        confirmed: bool,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let rules = Rulebook::parse(text, "activate_rulebook").map_err(|_| Code::RulebookInvalid)?;
        if rules.digest() == self.state.rules.digest() {
            self.say_change(Kind::Accepted, rules.digest(), None, out);
            self.drop_waiting(Code::Replaced.into(), out);
            return Ok(());
        }
        let rules = self.fitting(&rules)?;
        let now = self.state.time;
        let time = rules.effective().map_or(now, |effective| effective.max(now));
        // A stream that has not told a time yet cannot tell how long it is until another one.
        let told_ahead = if self.begun { time - now } else { 0 };
        let delay = self.state.rules.venue().changes.delay.unwrap_or(0);
        if told_ahead < delay && !self.state.rules.loosens(&rules).is_empty() {
            return Err(Refusal::new(Code::ActivationTooEarly, seconds(told_ahead), seconds(delay)));
        }
        self.forces_nothing(&rules, confirmed)?;
        if time == now && !self.is_approved_digest(rules.digest()) {
            return Err(Code::RulebookNotApproved.into());
        }
        self.say_change(Kind::Accepted, rules.digest(), None, out);
        self.drop_waiting(Code::Replaced.into(), out);
        if time == now {
            self.put_in_force(rules, out);
        } else {
            self.state.changes.waiting = Some(Waiting { rules, time, confirmed });
            self.next_due = self.next_due.min(time);
        }
        Ok(())
    }

    /// Whether a rulebook forces no position to be closed, or was confirmed.
    fn forces_nothing(&self, rules: &Rulebook, confirmed: bool) -> Result<(), Refusal> {
        let forced = if confirmed || cfg!(feature = "without_dry_run") { 0 } else { self.forced_by(rules) };
        if forced > 0 { Err(Refusal::new(Code::RulebookForces, forced, 0)) } else { Ok(()) }
    }

    /// What waits comes into force, if it is time and it still may.
    pub(in crate::venue) fn activate_waiting(&mut self, out: &mut Vec<Event>) {
        let due = self.state.changes.next().is_some_and(|time| time <= self.state.time);
        let Some(Waiting { rules, confirmed, .. }) = self.state.changes.waiting.clone().filter(|_| due) else { return };
        let may = if !self.is_approved_digest(rules.digest()) {
            Err(Code::RulebookNotApproved.into())
        } else {
            self.fitting(&rules).and_then(|rules| self.forces_nothing(&rules, confirmed).map(|()| rules))
        };
        match may {
            Ok(rules) => {
                self.state.changes.waiting = None;
                self.put_in_force(rules, out);
            }
            Err(why) => self.drop_waiting(why, out),
        }
    }

    /// A rulebook in the order of the one in force.
    ///
    /// # Errors
    /// `rulebook_unfit` where it cannot follow it as long as the venue runs.
    pub(in crate::venue) fn fitting(&self, rules: &Rulebook) -> Result<Rulebook, Refusal> {
        let before = &self.state.rules;
        let rules = rules.aligned_to(before).ok_or(Code::RulebookUnfit)?;
        let settlement = rules.venue().settlement_name == before.venue().settlement_name;
        let assets = before.assets().iter().zip(rules.assets()).all(|(old, new)| old.underlying == new.underlying);
        let mut underlyings = before.underlyings().iter().zip(rules.underlyings());
        let sources = underlyings.all(|(old, new)| old.sources.is_empty() == new.sources.is_empty());
        let mut contracts = before.instruments().iter().zip(rules.instruments()).enumerate();
        let fit = contracts.all(|(at, (old, new))| self.fits_contract(at as u32, old, new));
        if settlement && assets && sources && fit { Ok(rules) } else { Err(Code::RulebookUnfit.into()) }
    }

    fn fits_contract(&self, at: u32, old: &Instrument, new: &Instrument) -> bool {
        let sized = new.contract_size == old.contract_size && old.lot % new.lot == 0;
        old.underlying == new.underlying && (sized || self.state.ledger.open_interest(at) == 0)
    }

    /// From now on another rulebook is in force.
    fn put_in_force(&mut self, rules: Rulebook, out: &mut Vec<Event>) {
        let before = self.state.rules.clone();
        self.say_change(Kind::RulebookActivated, rules.digest(), None, out);
        let anew = self.state.go_by(&rules);
        self.change_books(&before, &rules, out);
        self.begin_anew(&anew, out);
        if rules.venue().settle_every != before.venue().settle_every {
            self.set_next_settlement();
        }
        for at in 0..self.books.len() as u32 {
            let phase = self.phase_of(at);
            if matches!(phase, Phase::Preopen | Phase::Auction | Phase::Open) && !self.is_eligible(at) {
                self.close_to_openings(at, out);
            }
        }
        self.state.lapses.clear();
        for at in 0..self.state.order.len() {
            let account = self.state.order[at];
            self.note_lapses(account);
            self.state.touch(account);
        }
        self.look_at_touched(out);
        // Nothing is triggered before everybody was looked at. Who falls is liquidated when all this is done.
        self.books_go_by_them(out);
        self.look_at_touched(out);
        self.hold_back(&before, out);
        self.next_due = i64::MIN;
    }

    /// An instrument whose underlying is no longer eligible is only reduced; it is halted where what was collected cannot trade
    /// first: at a price that may not be used, or beyond the collar.
    pub(super) fn close_to_openings(&mut self, at: u32, out: &mut Vec<Event>) {
        if self.state.prices.instruments[at as usize].usable {
            self.enter(at, Phase::ReduceOnly, out);
        }
        if self.phase_of(at) != Phase::ReduceOnly {
            self.halt_one(at, out);
        }
    }

    /// Books go by other terms, and new instruments are listed.
    fn change_books(&mut self, before: &Rulebook, rules: &Rulebook, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        for at in 0..rules.instruments().len() {
            let terms = Terms::of(rules, at);
            if at < self.books.len() {
                if rules.instruments()[at].contract_size != before.instruments()[at].contract_size {
                    // What they ask for, in contracts, is no longer what was meant.
                    self.cancel_scope(Some(at as u32), CancelAll::default(), Code::OffLot, out);
                }
                self.on_book(at as u32, out, |book, floor, out| book.change_terms(floor, cause, terms, out));
            } else {
                self.books.push(Some(Box::new(self.list(terms))));
            }
        }
    }

    /// The book of a new instrument, which knows all accounts.
    fn list(&self, terms: Terms) -> Book<Fast> {
        let mut book = Book::<Fast>::new(terms).listed();
        for &account in &self.state.order {
            let Ok(member) = self.state.member(account) else { continue };
            book.introduce(account, member.client, member.group, member.class);
        }
        book
    }

    /// Who may no longer open, and might before, loses the orders that add risk.
    fn hold_back(&mut self, before: &Rulebook, out: &mut Vec<Event>) {
        for at in 0..self.state.order.len() {
            let account = self.state.order[at];
            let Ok(member) = self.state.member(account) else { continue };
            let might = self.state.may_open(member, before.client()).is_ok();
            if let Err(why) = self.state.may_open(member, self.state.rules.client())
                && might
            {
                self.prune_all(account, why.code, out);
            }
        }
    }
}
