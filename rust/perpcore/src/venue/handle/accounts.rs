//! Accounts begin, are set, are held back, and end.

use super::super::Venue;
use super::super::member::Member;
use crate::book::accounts::Account;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{Class, Event, Flags, Settings};

impl Venue {
    fn accepted(&mut self, account: u32, out: &mut Vec<Event>) {
        let class = self.state.member(account).map_or(Class::Professional, |member| member.class);
        self.say(Event { kind: Kind::Accepted, account, class, ..Event::NOTHING }, out);
    }

    /// Whether the venue takes what an account is set to.
    fn admits(&self, settings: &Settings) -> Result<(), Code> {
        let classes = &self.state.rules.client().classes;
        if settings.class.is_some_and(|class| !classes.is_empty() && !classes.contains(&class)) {
            return Err(Code::ClassNotAdmitted);
        }
        if settings.class == Some(Class::AffiliatedMarketMaker) && !settings.approved {
            return Err(Code::ApprovalMissing);
        }
        if settings.portfolio == Some(true) && self.state.terms.portfolio.is_none() {
            return Err(Code::ModelNotEnabled);
        }
        Ok(())
    }

    pub(super) fn open_account(&mut self, account: u32, settings: &Settings, out: &mut Vec<Event>) -> Result<(), Code> {
        if self.state.members.get(account as usize).is_some_and(Option::is_some) {
            return Err(Code::DuplicateAccount);
        }
        let settings = &Settings { class: settings.class.or(Some(Class::Professional)), ..*settings };
        self.admits(settings)?;
        if settings.portfolio == Some(true) && self.state.rules.portfolio().min_equity > 0 {
            return Err(Code::BelowMinEquity);
        }
        let alone = Account::alone(account).client;
        let member = Member::new(self.state.order.len() as u32, alone, settings, self.state.terms.standard_tier);
        if self.state.members.len() <= account as usize {
            self.state.members.resize_with(account as usize + 1, || None);
        }
        self.state.groups.entry(member.group).or_default().push(account);
        self.introduce(account, &member);
        self.state.members[account as usize] = Some(member);
        self.state.ledger.open(account);
        self.state.order.push(account);
        self.accepted(account, out);
        Ok(())
    }

    /// Tells every book whose an account is; whether all took it.
    fn introduce(&mut self, account: u32, member: &Member) -> bool {
        let mut books = self.books.iter_mut().flatten();
        books.all(|book| book.introduce(account, member.client, member.group, member.class))
    }

    pub(super) fn set_account(&mut self, account: u32, settings: &Settings, out: &mut Vec<Event>) -> Result<(), Code> {
        let before = self.state.member(account)?.clone();
        self.admits(settings)?;
        let mut member = before.clone();
        member.set(settings);
        let moves = (member.group, member.class) != (before.group, before.class);
        let has_orders = self.books.iter().flatten().any(|book| book.account(account).orders != 0);
        if moves && has_orders {
            return Err(Code::ConflictingValues);
        }
        let figures = self.state.figures(account, &self.books);
        let chosen = settings.key.zip(settings.leverage);
        let chosen_before = settings.key.map_or(0, |(instrument, isolated)| {
            let held = self.state.ledger.of(account).position(instrument, isolated);
            held.map_or(0, |held| held.leverage)
        });
        if settings.portfolio == Some(true) && !before.portfolio {
            let least = self.state.rules.portfolio().min_equity;
            if figures.equity < least {
                return Err(Code::BelowMinEquity);
            }
        }
        self.state.members[account as usize] = Some(member.clone());
        if let Some(((instrument, isolated), leverage)) = chosen {
            self.state.ledger.choose_leverage(account, instrument, isolated, leverage);
        }
        let after = self.state.figures(account, &self.books);
        let covered = |of: &crate::margin::figures::Figures| of.opening_equity >= of.initial_margin;
        if covered(&figures) && !covered(&after) {
            self.state.members[account as usize] = Some(before);
            if let Some(((instrument, isolated), _)) = chosen {
                self.state.ledger.choose_leverage(account, instrument, isolated, chosen_before);
            }
            return Err(Code::InsufficientMargin);
        }
        if member.group != before.group {
            if let Some(members) = self.state.groups.get_mut(&before.group) {
                members.retain(|of| *of != account);
            }
            self.state.groups.entry(member.group).or_default().push(account);
        }
        self.introduce(account, &member);
        self.accepted(account, out);
        self.state.touch(account);
        Ok(())
    }

    pub(super) fn close_account(&mut self, account: u32, out: &mut Vec<Event>) -> Result<(), Code> {
        let deadman = self.state.member(account)?.deadman;
        let orders = self.books.iter().flatten().any(|book| book.account(account).orders != 0);
        let withdrawals = self.state.withdrawals.values().any(|of| of.account == account);
        if orders || withdrawals || !self.state.ledger.of(account).is_empty() {
            return Err(Code::AccountNotEmpty);
        }
        self.accepted(account, out);
        if let Some(until) = deadman {
            self.state.deadlines.remove(&(until, account));
        }
        if let Some(member) = self.state.member_mut(account) {
            member.closed = true;
        }
        Ok(())
    }

    pub(super) fn hold(
        &mut self,
        account: u32,
        flags: Flags,
        approved: bool,
        out: &mut Vec<Event>,
    ) -> Result<(), Code> {
        let before = self.state.member(account)?.flags;
        if flags.frozen && !approved {
            return Err(Code::ApprovalMissing);
        }
        if let Some(member) = self.state.member_mut(account) {
            member.flags = flags;
        }
        self.accepted(account, out);
        if (flags.no_open && !before.no_open) || (flags.frozen && !before.frozen) {
            self.prune_all(account, out);
        }
        Ok(())
    }

    pub(super) fn deadman(&mut self, account: u32, until: Option<i64>, out: &mut Vec<Event>) -> Result<(), Code> {
        let before = self.state.member(account)?.deadman;
        if until.is_some_and(|until| until <= self.state.time) {
            return Err(Code::UntilReached);
        }
        if let Some(before) = before {
            self.state.deadlines.remove(&(before, account));
        }
        if let Some(until) = until {
            self.state.deadlines.insert((until, account));
            self.next_due = self.next_due.min(until);
        }
        if let Some(member) = self.state.member_mut(account) {
            member.deadman = until;
        }
        self.accepted(account, out);
        Ok(())
    }
}
