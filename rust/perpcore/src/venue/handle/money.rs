//! Money in, money out, money between.
//!
//! What leaves the cross account by command is asked the same everywhere ([`Venue::may_leave`]): only settled money, beyond
//! what the account needs, at prices that may be used.

use super::super::Venue;
use super::super::state::{Pending, State};
use crate::fault::Code;
use crate::ledger;
use crate::margin::figures::Figures;
use crate::margin::line::{Noted, Obstacle};
use crate::margin::status::Status;
use crate::message::event::Kind;
use crate::message::{Event, House, NOBODY, Refusal};
use crate::num::bounds::MONEY;
use crate::num::round::credit_from_e16;
use crate::num::{ONE, scaled};
use crate::rule::Rule;
use crate::word::Word;

const HOUR: i64 = 3_600_000_000_000;

/// An amount that is moved: above 0 and within the bounds.
fn positive(amount: i128) -> Result<(), Refusal> {
    if amount > 0 && MONEY.holds(amount) { Ok(()) } else { Err(Code::OutOfRange.into()) }
}

impl State {
    /// The figures of an account as it is.
    pub(in crate::venue) fn figures(&mut self, account: u32, all: &[super::super::state::Slot]) -> Figures {
        self.without(account, all, |_, _| 0)
    }

    /// The figures of an account if it had less: `less` says of each asset how much, by what it has and what is held.
    fn without(
        &mut self,
        account: u32,
        all: &[super::super::state::Slot],
        less: impl Fn(u32, i128) -> i128,
    ) -> Figures {
        let manner = self.manner(account);
        let State { desk, ledger, lots, terms, market, .. } = self;
        let holdings = ledger.of(account);
        desk.lay(holdings, &manner);
        for asset in 0..terms.assets.len() as u32 {
            let (_, held) = holdings.balance(asset);
            *desk.balance(asset) -= less(asset, held);
        }
        desk.lay_orders(&super::super::state::Books::resting(all, lots), account, manner.leverage, 0, None);
        let mut noted = Noted::default();
        let figures = desk.value(terms, market, &mut noted);
        match noted.0 {
            None => figures,
            // More is held of an asset than is left of it.
            Some(Obstacle::NegativeBalance(_)) => Figures { status: Status::Healthy, withdrawable: 0, ..figures },
            Some(_) => Figures { status: Status::Undecided, ..figures },
        }
    }

    /// What an amount of an asset is worth in the settlement currency, down; 0 where it has no price.
    fn worth(&self, asset: u32, amount: i128) -> i128 {
        credit_from_e16(scaled(amount, self.market.asset(asset).price))
    }
}

impl Venue {
    /// Whether an amount of an asset may leave the cross account; `own` of what is held is this very amount.
    fn may_leave(&mut self, account: u32, asset: u32, amount: i128, own: i128) -> Result<(), Refusal> {
        let (has, held) = self.state.ledger.of(account).balance(asset);
        if amount > has - (held - own) {
            return Err(Refusal::new(Code::InsufficientBalance, amount, has - (held - own)));
        }
        let settlement = self.state.ledger.settlement();
        let less =
            |of: u32, held: i128| held + if of == asset { amount - own } else { 0 } - i128::from(of == settlement);
        let left = self.state.without(account, &self.books, less);
        if left.status == Status::Undecided {
            return Err(Code::PriceUnusable.into());
        }
        // With the smallest unit more: what may be withdrawn is cut off at 0.
        if left.withdrawable >= 1 { Ok(()) } else { Err(self.not_withdrawable(account, amount)) }
    }

    #[cold]
    fn not_withdrawable(&mut self, account: u32, amount: i128) -> Refusal {
        Refusal::new(Code::NotWithdrawable, amount, self.state.figures(account, &self.books).withdrawable)
    }

    pub(super) fn deposit(
        &mut self,
        account: u32,
        asset: u32,
        amount: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.state.member(account)?;
        positive(amount)?;
        if !self.state.ledger.has_room(account, asset, amount) {
            return Err(Code::OutOfRange.into());
        }
        let have = self.state.ledger.clients_have(asset) + amount;
        if let Some(cap) = self.state.rules.assets()[asset as usize].platform_cap
            && have > cap
        {
            return Err(Refusal::new(Code::PlatformCap, have, cap));
        }
        let from = out.len();
        self.flows([account, NOBODY], |venue| venue.state.ledger.deposit(account, asset, amount, out));
        self.stamp(from, out);
        self.state.touch(account);
        Ok(())
    }

    pub(super) fn withdraw(
        &mut self,
        account: u32,
        asset: u32,
        amount: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.may_send(account)?;
        positive(amount)?;
        self.may_leave(account, asset, amount, 0)?;
        let value = self.state.worth(asset, amount);
        self.within_outflow(value, out)?;
        self.state.requests += 1;
        let number = self.state.requests;
        self.state.outflow.push_back((self.state.time, number, value));
        self.state.withdrawals.insert(number, Pending { account, asset, amount });
        self.state.ledger.hold(account, asset, amount);
        self.say_withdrawal(Kind::WithdrawalRequested, number, account, asset, amount, out);
        Ok(())
    }

    /// Whether money of an account may leave at all.
    fn may_send(&self, account: u32) -> Result<(), Refusal> {
        let flags = self.state.member(account)?.flags;
        if flags.no_withdraw || flags.frozen { Err(Code::WithdrawHeld.into()) } else { Ok(()) }
    }

    /// The hourly limit of the venue.
    fn within_outflow(&mut self, value: i128, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let state = &mut self.state;
        while state.outflow.front().is_some_and(|(time, ..)| state.time - time >= HOUR) {
            state.outflow.pop_front();
        }
        let Some(share) = state.rules.venue().outflow_per_hour else { return Ok(()) };
        // What does not count as collateral is no money: else a worthless coin would raise the limit.
        let assets = (0..state.terms.assets.len() as u32).filter(|asset| state.terms.assets[*asset as usize].eligible);
        let money: i128 = assets.map(|asset| state.worth(asset, state.ledger.clients_have(asset))).sum();
        let limit = scaled(money, share) / i128::from(ONE);
        let used: i128 = state.outflow.iter().map(|(.., value)| value).sum();
        if used + value <= limit {
            return Ok(());
        }
        let (kind, rule) = (Kind::LimitReached, Some(Rule::LedgerWithdraw));
        self.say(Event { kind, amount: limit, balance: used, rule, ..Event::NOTHING }, out);
        Err(Refusal::new(Code::OutflowLimit, used + value, limit))
    }

    fn say_withdrawal(&mut self, kind: Kind, order: u64, account: u32, asset: u32, amount: i128, out: &mut Vec<Event>) {
        let (balance, _) = self.state.ledger.of(account).balance(asset);
        let rule = Some(Rule::LedgerWithdraw);
        self.say(Event { kind, order, account, asset, amount, balance, rule, ..Event::NOTHING }, out);
    }

    pub(super) fn confirm(&mut self, number: u64, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let &Pending { account, asset, amount } = self.state.withdrawals.get(&number).ok_or(Code::UnknownWithdrawal)?;
        self.may_send(account)?;
        match self.may_leave(account, asset, amount, amount) {
            // It was there when it was asked for; the account has needed it since.
            Err(why) if why.code == Code::InsufficientBalance => return Err(self.not_withdrawable(account, amount)),
            answer => answer?,
        }
        self.state.withdrawals.remove(&number);
        self.state.ledger.hold(account, asset, -amount);
        let from = out.len();
        self.flows([account, NOBODY], |venue| venue.state.ledger.withdraw(account, asset, amount, out));
        self.stamp(from, out);
        self.say_withdrawal(Kind::WithdrawalConfirmed, number, account, asset, amount, out);
        self.state.touch(account);
        Ok(())
    }

    pub(super) fn release(&mut self, number: u64, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let Pending { account, asset, amount } =
            self.state.withdrawals.remove(&number).ok_or(Code::UnknownWithdrawal)?;
        self.state.ledger.hold(account, asset, -amount);
        self.state.outflow.retain(|(_, of, _)| *of != number);
        self.say_withdrawal(Kind::WithdrawalReleased, number, account, asset, amount, out);
        Ok(())
    }

    pub(super) fn transfer(
        &mut self,
        from: u32,
        to: u32,
        asset: u32,
        amount: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.may_send(from)?;
        if from == to {
            return Err(Code::ConflictingValues.into());
        }
        if self.state.member(from)?.client != self.state.member(to)?.client {
            return Err(Code::OtherClient.into());
        }
        positive(amount)?;
        self.may_leave(from, asset, amount, 0)?;
        if !self.state.ledger.has_room(to, asset, amount) {
            return Err(Code::OutOfRange.into());
        }
        let at = out.len();
        self.flows([from, to], |venue| venue.state.ledger.transfer(from, to, asset, amount, out));
        self.stamp(at, out);
        self.state.touch(from);
        self.state.touch(to);
        Ok(())
    }

    /// Money to an isolated position, or back from it.
    pub(super) fn margin(
        &mut self,
        account: u32,
        instrument: u32,
        amount: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        self.state.member(account)?;
        if amount == 0 || !MONEY.holds(amount) {
            return Err(Code::OutOfRange.into());
        }
        if amount > 0 {
            self.may_leave(account, self.state.ledger.settlement(), amount, 0)?;
        } else {
            self.may_return(account, instrument, -amount)?;
        }
        let from = out.len();
        self.state.ledger.move_margin(account, instrument, amount, out);
        self.stamp(from, out);
        self.state.touch(account);
        Ok(())
    }

    /// Whether so much of the margin of an isolated position may go back.
    fn may_return(&mut self, account: u32, instrument: u32, amount: i128) -> Result<(), Refusal> {
        let held = self.state.ledger.of(account).position(instrument, true).copied().unwrap_or_default();
        if amount > held.margin.amount() {
            return Err(Refusal::new(Code::InsufficientBalance, amount, held.margin.amount()));
        }
        if held.quantity == 0 && held.cost_e16 == 0 {
            return Ok(());
        }
        if held.quantity != 0 && !self.state.prices.instruments[instrument as usize].usable {
            return Err(Code::PriceUnusable.into());
        }
        self.state.figures(account, &self.books);
        let bucket = self.state.desk.buckets.iter().find(|bucket| bucket.instrument == instrument);
        let covered = bucket.is_some_and(|bucket| {
            let Figures { equity, unrealized_pnl, initial_margin, .. } = bucket.figures;
            equity - amount - unrealized_pnl.max(0) >= initial_margin
        });
        if covered { Ok(()) } else { Err(Code::NotWithdrawable.into()) }
    }

    pub(super) fn top_up(
        &mut self,
        house: House,
        from: Option<u32>,
        asset: Option<u32>,
        amount: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let asset = asset.unwrap_or(self.state.ledger.settlement());
        if let Some(account) = from {
            self.may_send(account)?;
        }
        positive(amount)?;
        if let Some(account) = from {
            self.may_leave(account, asset, amount, 0)?;
        }
        let house = match house {
            House::Fund => ledger::House::Fund,
            House::Converter => ledger::House::Converter,
        };
        if !MONEY.holds(self.state.ledger.house(house, asset) + amount) {
            return Err(Code::OutOfRange.into());
        }
        if house == ledger::House::Fund {
            self.state.falls.told.clear();
        }
        let at = out.len();
        self.flows([from.unwrap_or(NOBODY), NOBODY], |venue| {
            venue.state.ledger.top_up(house, from, asset, amount, out)
        });
        self.stamp(at, out);
        self.state.touch(from.unwrap_or(NOBODY));
        Ok(())
    }
}

/// The names that no account may have.
pub fn reserved(name: &str) -> bool {
    ledger::House::ALL.iter().any(|house| house.text() == name)
}
