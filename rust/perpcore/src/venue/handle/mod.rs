//! What each kind of command does, one file a family.

mod accounts;
mod money;
mod orders;
mod phases;
mod prices;

pub use money::reserved;

use super::{Refusal, Venue};
use crate::message::{Command, Event, NOBODY, Named, Priced, VenueCommand};

/// The account that a command names.
pub(super) fn account_of(command: &VenueCommand<'_>) -> u32 {
    match *command {
        VenueCommand::Book(_, command) => match command {
            Command::Place(place) => place.account,
            Command::Amend(of) => named(of.account, &of.order),
            Command::Cancel(of) => named(of.account, &of.order),
            _ => NOBODY,
        },
        VenueCommand::OpenAccount(account, _)
        | VenueCommand::SetAccount(account, _)
        | VenueCommand::CloseAccount(account)
        | VenueCommand::Hold(account, ..)
        | VenueCommand::Disconnect(account)
        | VenueCommand::Deadman(account, _)
        | VenueCommand::Deposit(account, ..)
        | VenueCommand::Withdraw(account, ..)
        | VenueCommand::Transfer(account, ..)
        | VenueCommand::Margin(account, ..) => account,
        VenueCommand::CancelAll(_, scope) => scope.account.unwrap_or(NOBODY),
        VenueCommand::Topup(_, account, ..) => account.unwrap_or(NOBODY),
        _ => NOBODY,
    }
}

fn named(account: Option<u32>, order: &Named<'_>) -> u32 {
    match order {
        Named::Client(account, _) => *account,
        Named::Order(_) => account.unwrap_or(NOBODY),
    }
}

impl Venue {
    /// Carries out a command, or says why not; then nothing has changed.
    #[inline(always)]
    pub(super) fn carry_out(&mut self, command: &VenueCommand<'_>, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if let VenueCommand::Book(instrument, command) = command {
            return self.order(*instrument, command, out);
        }
        self.carry_out_other(command, out).map_err(|code| (code, account_of(command)))
    }

    #[inline(never)]
    fn carry_out_other(&mut self, command: &VenueCommand<'_>, out: &mut Vec<Event>) -> Result<(), crate::fault::Code> {
        match *command {
            VenueCommand::Book(..) => Ok(()),
            VenueCommand::CancelAll(instrument, scope) => self.cancel_all(instrument, scope, out),
            VenueCommand::OpenAccount(account, settings) => self.open_account(account, &settings, out),
            VenueCommand::SetAccount(account, settings) => self.set_account(account, &settings, out),
            VenueCommand::CloseAccount(account) => self.close_account(account, out),
            VenueCommand::Hold(account, flags, approved) => self.hold(account, flags, approved, out),
            VenueCommand::Disconnect(account) => self.disconnect(account, out),
            VenueCommand::Deadman(account, until) => self.deadman(account, until, out),
            VenueCommand::Deposit(account, asset, amount) => self.deposit(account, asset, amount, out),
            VenueCommand::Withdraw(account, asset, amount) => self.withdraw(account, asset, amount, out),
            VenueCommand::ConfirmWithdrawal(number) => self.confirm(number, out),
            VenueCommand::ReleaseWithdrawal(number) => self.release(number, out),
            VenueCommand::Transfer(from, to, asset, amount) => self.transfer(from, to, asset, amount, out),
            VenueCommand::Margin(account, instrument, amount) => self.margin(account, instrument, amount, out),
            VenueCommand::Topup(house, from, asset, amount) => self.top_up(house, from, asset, amount, out),
            VenueCommand::Quote { underlying, source, price, sent } => self.quote(underlying, source, price, sent, out),
            VenueCommand::Index(Priced::Underlying(of), price, state) => self.tell_index(of, price, state, out),
            VenueCommand::Index(Priced::Asset(of), price, state) => self.tell_asset(of, price, state, out),
            VenueCommand::Mark(instrument, price, state) => self.tell_mark(instrument, price, state, out),
            VenueCommand::Top(instrument, bid, ask) => self.top(instrument, bid, ask),
            VenueCommand::AdvanceTime => self.advance(out),
            VenueCommand::Restart => self.restart(out),
            VenueCommand::Phase(instrument, phase) => self.phase(instrument, phase, out),
            VenueCommand::Halt(instrument) => self.halt(instrument, out),
            VenueCommand::Resume(instrument) => self.resume(instrument, out),
            VenueCommand::HaltIndex(underlying) => self.halt_index(underlying, true, out),
            VenueCommand::ResumeIndex(underlying) => self.halt_index(underlying, false, out),
            VenueCommand::Settle(instrument, price, approved) => self.settle_last(instrument, price, approved, out),
        }
    }
}
