//! What each kind of command does, one file a family.

mod accounts;
mod anew;
mod halts;
mod money;
mod orders;
mod phases;
mod prices;
mod rulebooks;

pub use money::reserved;

use super::Venue;
use crate::message::{
    Amend, Cancel, Command, Event, Halted, NOBODY, Named, Place, Priced, Refusal, Settings, VenueCommand,
};
use crate::num::bounds::PRICE;

/// What the event of a command that is refused says of it.
pub(super) fn about(command: &VenueCommand<'_>) -> Event {
    let account = |account: u32| Event { account, ..Event::NOTHING };
    let money = |account: u32, asset: u32, amount: i128| Event { account, asset, amount, ..Event::NOTHING };
    let instrument = |instrument: u32| Event { instrument, ..Event::NOTHING };
    match *command {
        VenueCommand::Book(at, command) => Event { instrument: at, ..about_order(&command) },
        VenueCommand::CancelAll(at, scope) => Event { account: scope.account.unwrap_or(NOBODY), ..of(at) },
        VenueCommand::SetAccount(of, Settings { key: Some((at, _)), .. }) => Event { instrument: at, ..account(of) },
        VenueCommand::OpenAccount(of, _)
        | VenueCommand::SetAccount(of, _)
        | VenueCommand::CloseAccount(of)
        | VenueCommand::Hold(of, ..)
        | VenueCommand::Disconnect(of)
        | VenueCommand::Deadman(of, _) => account(of),
        VenueCommand::Deposit(of, asset, amount)
        | VenueCommand::Withdraw(of, asset, amount)
        | VenueCommand::Transfer(of, _, asset, amount) => money(of, asset, amount),
        VenueCommand::ConfirmWithdrawal(order) | VenueCommand::ReleaseWithdrawal(order) => {
            Event { order, ..Event::NOTHING }
        }
        VenueCommand::Margin(of, instrument, amount) => Event { instrument, ..money(of, NOBODY, amount) },
        VenueCommand::Topup(_, of, asset, amount) => money(of.unwrap_or(NOBODY), asset.unwrap_or(NOBODY), amount),
        VenueCommand::RegisterBackstop(of, amount) => money(of, NOBODY, amount),
        VenueCommand::Mark(at, price, _) => Event { price, ..instrument(at) },
        VenueCommand::Index(Priced::Asset(asset), price, _) => Event { asset, price, ..Event::NOTHING },
        VenueCommand::Index(Priced::Underlying(_), price, _) => Event { price, ..Event::NOTHING },
        VenueCommand::Quote { price, .. } => {
            Event { price: price.filter(|price| PRICE.holds((*price).into())).unwrap_or(0), ..Event::NOTHING }
        }
        VenueCommand::Top(at, ..) | VenueCommand::Phase(at, _) => instrument(at),
        VenueCommand::Settle(at, price, _) => Event { price: price.unwrap_or(0), ..instrument(at) },
        VenueCommand::Halt(at) | VenueCommand::Resume(at) => of(at),
        VenueCommand::HaltOrders(Halted::Account(of)) | VenueCommand::ResumeOrders(Halted::Account(of)) => account(of),
        VenueCommand::AdvanceTime
        | VenueCommand::Restart
        | VenueCommand::HaltIndex(_)
        | VenueCommand::ResumeIndex(_)
        | VenueCommand::HaltOrders(_)
        | VenueCommand::ResumeOrders(_)
        | VenueCommand::ApproveRulebook(..)
        | VenueCommand::ActivateRulebook(..) => Event::NOTHING,
    }
}

fn of(instrument: Option<u32>) -> Event {
    Event { instrument: instrument.unwrap_or(NOBODY), ..Event::NOTHING }
}

fn about_order(command: &Command<'_>) -> Event {
    let (order, account, quantity, price) = match command {
        Command::Place(of) => {
            let Place { account, quantity, price, .. } = *of;
            return Event { account, quantity, price: price.unwrap_or(0), ..Event::NOTHING };
        }
        Command::Amend(Amend { order, account, quantity, price }) => (order, account, *quantity, *price),
        Command::Cancel(Cancel { order, account }) => (order, account, None, None),
        _ => return Event::NOTHING,
    };
    let (order, account) = match order {
        Named::Client(account, _) => (0, *account),
        Named::Order(id) => (*id, account.unwrap_or(NOBODY)),
    };
    let (quantity, price) = (quantity.unwrap_or(0), price.unwrap_or(0));
    Event { order, account, quantity, price, ..Event::NOTHING }
}

impl Venue {
    /// Carries out a command, or says why not; then nothing has changed.
    #[inline(always)]
    pub(super) fn carry_out(&mut self, command: &VenueCommand<'_>, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if let VenueCommand::Book(instrument, command) = command {
            return self.order(*instrument, command, out);
        }
        self.carry_out_other(command, out)
    }

    #[inline(never)]
    fn carry_out_other(&mut self, command: &VenueCommand<'_>, out: &mut Vec<Event>) -> Result<(), Refusal> {
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
            VenueCommand::RegisterBackstop(account, capacity) => self.register_backstop(account, capacity, out),
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
            VenueCommand::HaltOrders(whose) => self.halt_orders(whose, out),
            VenueCommand::ResumeOrders(whose) => self.resume_orders(whose, out),
            VenueCommand::ApproveRulebook(digest, approval) => self.approve_rulebook(digest, approval, out),
            VenueCommand::ActivateRulebook(text, confirmed) => self.activate_rulebook(text, confirmed, out),
            VenueCommand::HaltIndex(underlying) => self.halt_index(underlying, true, out),
            VenueCommand::ResumeIndex(underlying) => self.halt_index(underlying, false, out),
            VenueCommand::Settle(instrument, price, approval) => self.settle_last(instrument, price, approval, out),
        }
    }
}
