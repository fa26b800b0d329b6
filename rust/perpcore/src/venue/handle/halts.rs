//! `gate.halt`: the kill switch. Whoever is halted sends no order, and those that rest end, by one command.

use super::super::Venue;
use super::super::member::Member;
use super::super::permit::Halts;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{CancelAll, Event, Halted, Refusal};
use crate::venue::state::Kin;

impl Venue {
    /// The open accounts of a scope, in the order of their opening.
    fn accounts_of(&self, whose: Halted) -> Result<Vec<u32>, Refusal> {
        let open = |account: &u32| self.state.member(*account).is_ok();
        match whose {
            Halted::Account(account) => self.state.member(account).map(|_| vec![account]).map_err(Refusal::from),
            Halted::Client(client) => {
                let of = self.state.kin.get(Kin::Client).named(client);
                let mut accounts: Vec<u32> = of.iter().copied().filter(open).collect();
                accounts.sort_unstable_by_key(|account| self.state.member(*account).map_or(0, |member| member.opened));
                if accounts.is_empty() { Err(Code::UnknownHolder.into()) } else { Ok(accounts) }
            }
            Halted::Class(_) => Ok(Vec::new()),
        }
    }

    /// Says of whom orders are halted, or are no longer.
    fn say_of(&mut self, kind: Kind, whose: Halted, accounts: &[u32], out: &mut Vec<Event>) {
        if let Halted::Class(class) = whose {
            return self.say(Event { kind, class, ..Event::NOTHING }, out);
        }
        accounts.iter().for_each(|&account| self.say(Event { kind, account, ..Event::NOTHING }, out));
    }

    /// Notes that a scope is halted, or is no longer; whether it was.
    fn note(&mut self, whose: Halted, halted: bool) -> bool {
        let Halts { clients, classes } = &mut self.state.halts;
        match whose {
            Halted::Client(client) if halted => !clients.insert(client),
            Halted::Client(client) => clients.remove(&client),
            Halted::Class(class) => std::mem::replace(&mut classes[class as usize], halted),
            Halted::Account(account) => {
                let member = self.state.member_mut(account);
                member.is_some_and(|member| std::mem::replace(&mut member.halted, halted))
            }
        }
    }

    pub(super) fn halt_orders(&mut self, whose: Halted, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let accounts = self.accounts_of(whose)?;
        self.note(whose, true);
        self.say_of(Kind::Halt, whose, &accounts, out);
        let scope = match whose {
            Halted::Account(account) => CancelAll { account: Some(account), ..CancelAll::default() },
            Halted::Client(client) => CancelAll { client: Some(client), ..CancelAll::default() },
            Halted::Class(class) => CancelAll { class: Some(class), ..CancelAll::default() },
        };
        if !cfg!(feature = "without_halt") {
            self.cancel_scope(None, scope, Code::AccountHalted, out);
        }
        Ok(())
    }

    pub(super) fn resume_orders(&mut self, whose: Halted, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let accounts = self.accounts_of(whose)?;
        let mut was = self.note(whose, false);
        if let Halted::Account(account) = whose
            && let Some(member) = self.state.member_mut(account)
            && member.tripped.take().is_some()
        {
            member.pulse = None;
            was = true;
        }
        if !was {
            return Err(Code::PhaseRefused.into());
        }
        // Of a client's accounts only those are said to go on that nothing else stops.
        let goes_on = |account: &u32| {
            let stops = |member: &Member| self.state.halts.stop(member);
            matches!(whose, Halted::Account(_)) || !self.state.member(*account).is_ok_and(stops)
        };
        let accounts: Vec<u32> = accounts.into_iter().filter(goes_on).collect();
        self.say_of(Kind::Resume, whose, &accounts, out);
        Ok(())
    }
}
