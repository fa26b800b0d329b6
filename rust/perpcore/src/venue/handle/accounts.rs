//! Accounts begin, are set, are held back, and end.

use super::super::Venue;
use super::super::gate::account::{admits, over, proofs};
use super::super::member::Member;
use super::super::state::Kin;
use crate::book::accounts::Account;
use crate::fault::Code;
use crate::margin::figures::Figures;
use crate::message::event::Kind;
use crate::message::{Class, Event, Flags, Refusal, Settings};

impl Venue {
    fn accepted(&mut self, account: u32, out: &mut Vec<Event>) {
        let class = self.state.member(account).map_or(Class::Professional, |member| member.class);
        self.say(Event { kind: Kind::Accepted, account, class, ..Event::NOTHING }, out);
    }

    /// Whether the venue takes what an account is set to.
    fn admits(&self, settings: &Settings) -> Result<(), Refusal> {
        if settings.class.is_some_and(|class| !admits(self.state.rules.client(), class)) {
            return Err(Code::ClassNotAdmitted.into());
        }
        if settings.class == Some(Class::AffiliatedMarketMaker) && !settings.approved {
            return Err(Code::ApprovalMissing.into());
        }
        if settings.portfolio == Some(true) && self.state.terms.portfolio.is_none() {
            return Err(Code::ModelNotEnabled.into());
        }
        Ok(())
    }

    /// The group that an account comes to with a client: that of his accounts, which is the only one he may come to; else
    /// the one that is named; else one of the client's own, in place of a group that nobody named.
    fn group_with(&self, account: u32, settings: &Settings, now: Option<u32>) -> Result<Option<u32>, Refusal> {
        let Some(client) = settings.client else { return Ok(settings.group) };
        let of_client = self.state.kin.get(Kin::Client).named(client).iter();
        let known = of_client.filter(|of| **of != account).find_map(|of| self.state.members[*of as usize].as_ref());
        match known.map(|member| member.group) {
            Some(known) if settings.group.is_some_and(|group| group != known) => Err(Code::OtherGroup.into()),
            Some(known) => Ok(Some(known)),
            None => {
                let unnamed = now.is_none_or(|group| group == Account::alone(account).group || Account::is_own(group));
                Ok(settings.group.or(unnamed.then(|| Account::group_of(client))))
            }
        }
    }

    pub(super) fn open_account(
        &mut self,
        account: u32,
        settings: &Settings,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.state.members.get(account as usize).is_some_and(Option::is_some) {
            return Err(Code::DuplicateAccount.into());
        }
        let settings = &Settings { class: settings.class.or(Some(Class::Professional)), ..*settings };
        self.admits(settings)?;
        let settings = &Settings { group: self.group_with(account, settings, None)?, ..*settings };
        let least = self.state.rules.portfolio().min_equity;
        if settings.portfolio == Some(true) && least > 0 {
            return Err(Refusal::new(Code::BelowMinEquity, 0, least));
        }
        let alone = Account::alone(account).client;
        let member = Member::new(self.state.order.len() as u32, alone, settings, self.state.terms.standard_tier);
        if self.state.members.len() <= account as usize {
            self.state.members.resize_with(account as usize + 1, || None);
        }
        self.state.kin.join(account, member.client, member.group);
        self.introduce(account, &member);
        self.state.members[account as usize] = Some(member);
        self.state.ledger.open(account);
        self.state.numbered_in_order &= self.state.order.last().is_none_or(|last| *last < account);
        self.state.order.push(account);
        self.note_lapses(account);
        self.accepted(account, out);
        Ok(())
    }

    /// Tells every book whose an account is; whether all took it.
    fn introduce(&mut self, account: u32, member: &Member) -> bool {
        let mut books = self.books.iter_mut().flatten();
        books.all(|book| book.introduce(account, member.client, member.group, member.class))
    }

    fn has_orders(&self, account: u32) -> bool {
        self.books.iter().flatten().any(|book| book.account(account).orders != 0)
    }

    pub(super) fn set_account(
        &mut self,
        account: u32,
        settings: &Settings,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let before = self.state.member(account)?.clone();
        self.admits(settings)?;
        let leaves = settings.class.is_some_and(|class| class != before.class);
        if leaves && before.class == Class::AffiliatedMarketMaker && !settings.approved {
            return Err(Code::ApprovalMissing.into());
        }
        let settings = &Settings { client: settings.client.filter(|client| *client != before.client), ..*settings };
        let settings = &Settings { group: self.group_with(account, settings, Some(before.group))?, ..*settings };
        let mut member = before.clone();
        member.set(settings);
        if self.state.halts.are_shed(&before, &member) {
            return Err(Code::AccountHalted.into());
        }
        // A group is that of the client: with it all his accounts move.
        let others = |of: &Member| (of.client, of.class);
        let moving: Vec<u32> = match (member.client == before.client, member.group == before.group) {
            (true, false) => self.state.kin(Kin::Client, account).to_vec(),
            _ if others(&member) != others(&before) => vec![account],
            _ => Vec::new(),
        };
        if moving.iter().any(|account| self.has_orders(*account)) {
            return Err(Code::ConflictingValues.into());
        }
        self.set_margining(account, settings, &before, &member)?;
        for &of in &moving {
            let Some(mut moved) = self.state.members[of as usize].clone() else { continue };
            self.state.kin.leave(of);
            moved.group = member.group;
            self.state.kin.join(of, moved.client, moved.group);
            self.introduce(of, &moved);
            self.state.members[of as usize] = Some(moved);
        }
        self.forget_lapses(account, &before);
        self.note_lapses(account);
        self.accepted(account, out);
        self.state.touch(account);
        if let Some(code) = over(&member, self.state.rules.client(), self.state.time) {
            self.prune_all(account, code, out);
        }
        Ok(())
    }

    /// Sets an account, unless initial margin is no longer covered that was before.
    fn set_margining(
        &mut self,
        account: u32,
        settings: &Settings,
        before: &Member,
        member: &Member,
    ) -> Result<(), Refusal> {
        let figures = self.state.figures(account, &self.books);
        let chosen = settings.key.zip(settings.leverage);
        let chosen_before = settings.key.map_or(0, |(instrument, isolated)| {
            let held = self.state.ledger.of(account).position(instrument, isolated);
            held.map_or(0, |held| held.leverage)
        });
        let least = self.state.rules.portfolio().min_equity;
        if settings.portfolio == Some(true) && !before.portfolio && figures.equity < least {
            return Err(Refusal::new(Code::BelowMinEquity, figures.equity, least));
        }
        self.state.members[account as usize] = Some(member.clone());
        if let Some(((instrument, isolated), leverage)) = chosen {
            self.state.ledger.choose_leverage(account, instrument, isolated, leverage);
        }
        let after = self.state.figures(account, &self.books);
        let covered = |of: &Figures| of.opening_equity >= of.initial_margin;
        if covered(&figures) && !covered(&after) {
            self.state.members[account as usize] = Some(before.clone());
            if let Some(((instrument, isolated), _)) = chosen {
                self.state.ledger.choose_leverage(account, instrument, isolated, chosen_before);
            }
            return Err(Refusal::new(Code::InsufficientMargin, after.initial_margin, after.opening_equity));
        }
        Ok(())
    }

    pub(super) fn close_account(&mut self, account: u32, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let deadman = self.state.member(account)?.deadman;
        let withdrawals = self.state.withdrawals.values().any(|of| of.account == account);
        if self.has_orders(account) || withdrawals || !self.state.ledger.of(account).is_empty() {
            return Err(Code::AccountNotEmpty.into());
        }
        self.accepted(account, out);
        if let Some(until) = deadman {
            self.state.deadlines.remove(&(until, account));
        }
        let member = self.state.member(account)?.clone();
        self.state.kin.leave(account);
        self.forget_lapses(account, &member);
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
    ) -> Result<(), Refusal> {
        let before = self.state.member(account)?.flags;
        if flags.frozen && !approved {
            return Err(Code::ApprovalMissing.into());
        }
        if let Some(member) = self.state.member_mut(account) {
            member.flags = flags;
        }
        self.accepted(account, out);
        if (flags.no_open && !before.no_open) || (flags.frozen && !before.frozen) {
            self.prune_all(account, Code::AccountRestricted, out);
        }
        Ok(())
    }

    pub(super) fn deadman(&mut self, account: u32, until: Option<i64>, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let before = self.state.member(account)?.deadman;
        if until.is_some_and(|until| until <= self.state.time) {
            return Err(Code::UntilReached.into());
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

    /// When its proofs are over it may lose orders.
    pub(in crate::venue) fn note_lapses(&mut self, account: u32) {
        let Ok(member) = self.state.member(account) else { return };
        let ends: Vec<i64> = proofs(member, self.state.rules.client()).filter_map(|(until, _)| until).collect();
        for until in ends.into_iter().filter(|until| *until > self.state.time) {
            self.state.lapses.insert((until, account));
            self.next_due = self.next_due.min(until);
        }
    }

    fn forget_lapses(&mut self, account: u32, before: &Member) {
        for until in [before.investor_until, before.knowledge_until].into_iter().flatten() {
            self.state.lapses.remove(&(until, account));
        }
    }

    /// Proofs are over: orders that add risk end, in the order of opening.
    pub(in crate::venue) fn lapse(&mut self, now: i64, out: &mut Vec<Event>) {
        let mut lapsed = Vec::new();
        while let Some((until, account)) = self.state.lapses.first().copied().filter(|(until, _)| *until <= now) {
            self.state.lapses.remove(&(until, account));
            lapsed.push(account);
        }
        lapsed.sort_unstable_by_key(|account| self.state.member(*account).map_or(u32::MAX, |member| member.opened));
        for account in lapsed {
            let Ok(member) = self.state.member(account) else { continue };
            if let Some(code) = over(member, self.state.rules.client(), now) {
                self.prune_all(account, code, out);
            }
        }
    }
}
