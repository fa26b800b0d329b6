//! `gate.breaker`: who loses or trades more within a minute than his equity bears may only reduce, until he is released.
//!
//! It is asked after a command in which an account traded. Equity is that of all its buckets; it is noted after each such
//! command, and before a trade where nothing is noted of the minute, by whole seconds of the clock: the window is the second
//! at hand and the 60 before it. What came or went by command is left out. Nothing is decided on prices that may not be used.

use super::Venue;
use super::state::State;
use crate::fault::Code;
use crate::ledger::SideOfTrade;
use crate::margin::line::Noted;
use crate::margin::status::Status;
use crate::message::event::Kind;
use crate::message::{Event, Refusal};
use crate::num::{E8, times};
use crate::rule::Rule;
use crate::rules::Breaker;
use crate::venue::state::SECOND;
use std::collections::VecDeque;

/// How many whole seconds before the one at hand count.
const SECONDS: i64 = 60;

/// No equity.
const UNSEEN: i128 = i128::MIN;

/// A second in which something was noted.
#[derive(Clone, Copy, Debug)]
struct Beat {
    second: i64,
    /// The highest equity, less what came and went by command; in g. [`UNSEEN`] where none was noted.
    highest: i128,
    /// Filled notional at 10⁻¹⁶.
    turnover_e16: i128,
}

/// What an account was worth and traded within a minute.
#[derive(Clone, Debug, Default)]
pub(super) struct Pulse {
    beats: VecDeque<Beat>,
    /// What came by command less what went, as it changed the equity; in g.
    flows: i128,
    /// Σ of the beats.
    turnover_e16: i128,
    /// Its equity as it was last seen after it traded.
    equity: i128,
}

impl Pulse {
    /// Forgets what is before the window of a second.
    fn forget_before(&mut self, second: i64) {
        while let Some(beat) = self.beats.front().filter(|beat| beat.second < second - SECONDS) {
            self.turnover_e16 -= beat.turnover_e16;
            self.beats.pop_front();
        }
    }

    /// The beat of a second, which is no earlier than the last one.
    fn beat(&mut self, second: i64) -> &mut Beat {
        if self.beats.back().is_none_or(|beat| beat.second != second) {
            self.beats.push_back(Beat { second, highest: UNSEEN, turnover_e16: 0 });
        }
        let last = self.beats.len() - 1;
        &mut self.beats[last]
    }

    fn note(&mut self, second: i64, equity: i128) {
        let less_flows = equity - self.flows;
        let highest = &mut self.beat(second).highest;
        *highest = less_flows.max(*highest);
    }

    /// What was lost from the highest that was noted to an equity.
    fn loss(&self, equity: i128) -> i128 {
        match self.beats.iter().map(|beat| beat.highest).max() {
            None | Some(UNSEEN) => 0,
            Some(highest) => highest - (equity - self.flows),
        }
    }

    /// Everything of it, for a digest.
    pub(super) fn numbers(&self) -> impl Iterator<Item = [i128; 3]> + '_ {
        let beats = self.beats.iter();
        beats.map(|of| [of.second.into(), of.highest, of.turnover_e16]).chain([[self.flows, 0, 0]])
    }
}

/// Which line is passed, with the numbers; `equity` in g.
fn passes(breaker: &Breaker, equity: i128, loss: i128, turnover_e16: i128) -> Option<Refusal> {
    let line_e16 = |rate: i64| equity.saturating_mul(rate.into());
    let lost = breaker.loss_per_minute.map(line_e16).filter(|line| loss > 0 && loss.saturating_mul(E8) > *line);
    let traded = breaker.turnover_per_minute.map(line_e16).filter(|line| turnover_e16 > *line);
    let whole = |e16: i128| e16.div_euclid(E8);
    lost.map(|line| Refusal::new(Code::BreakerLoss, loss, whole(line)))
        .or_else(|| traded.map(|line| Refusal::new(Code::BreakerTurnover, whole(turnover_e16), whole(line))))
}

impl State {
    /// Whether the rulebook has a breaker.
    #[inline(always)]
    pub(super) fn has_breaker(&self) -> bool {
        self.rules.venue().breaker != Breaker::default()
    }

    /// The equity of all buckets of an account; none where it cannot be computed.
    fn equity(&mut self, account: u32) -> Option<i128> {
        let manner = self.manner(account);
        let State { scratch, ledger, terms, market, .. } = self;
        scratch.lay(ledger.of(account), &manner);
        let mut noted = Noted::default();
        let cross = scratch.value(terms, market, &mut noted);
        noted.0.is_none().then(|| cross.equity + scratch.buckets.iter().map(|of| of.figures.equity).sum::<i128>())
    }

    /// A side is about to trade at a price in g.
    pub(super) fn beats(&mut self, side: &SideOfTrade, price: i64) {
        let SideOfTrade { account, quantity, .. } = *side;
        let second = self.time.div_euclid(SECOND);
        let Some(member) = self.member_mut(account) else { return };
        let new = !std::mem::replace(&mut member.traded, true);
        let pulse = member.pulse.get_or_insert_default();
        pulse.forget_before(second);
        let unknown = pulse.beats.iter().all(|beat| beat.highest == UNSEEN);
        let equity = if unknown { self.equity(account) } else { None };
        if new {
            self.traded.push(account);
        }
        let Some(pulse) = self.member_mut(account).and_then(|member| member.pulse.as_mut()) else { return };
        if let Some(equity) = equity {
            pulse.note(second, equity);
        }
        let notional_e16 = times(quantity.abs(), price);
        pulse.beat(second).turnover_e16 += notional_e16;
        pulse.turnover_e16 += notional_e16;
    }

    /// The equity of an account that traded, as it lies valued on the desk.
    #[inline(always)]
    pub(super) fn sees_equity(&mut self, account: u32, cross: i128) {
        let State { members, desk, .. } = self;
        if let Some(Some(member)) = members.get_mut(account as usize)
            && member.traded
            && let Some(pulse) = member.pulse.as_mut()
        {
            pulse.equity = cross + desk.buckets.iter().map(|of| of.figures.equity).sum::<i128>();
        }
    }
}

impl Venue {
    /// Asks the breakers of all accounts that traded and were looked at since.
    #[cold]
    pub(super) fn ask_breakers(&mut self, out: &mut Vec<Event>) {
        let mut traded = std::mem::take(&mut self.state.traded);
        let opened = |account: &u32| self.state.member(*account).map_or(u32::MAX, |member| member.opened);
        traded.sort_unstable_by_key(opened);
        for account in traded.drain(..) {
            if let Some(why) = self.state.ask_breaker(account) {
                self.trip(account, why, out);
            }
        }
        if self.state.traded.is_empty() {
            self.state.traded = traded;
        }
    }

    fn trip(&mut self, account: u32, why: Refusal, out: &mut Vec<Event>) {
        let Some(member) = self.state.member_mut(account) else { return };
        member.tripped = Some(Box::new(why));
        let (kind, code, rule) = (Kind::LimitReached, Some(why.code), Some(Rule::GateBreaker));
        let (amount, balance) = (why.allowed, why.comes_to);
        self.say(Event { kind, account, code, rule, amount, balance, ..Event::NOTHING }, out);
        self.prune_all(account, why.code, out);
    }

    /// Lets money of accounts come or go by command, which is no loss and no gain.
    pub(super) fn flows<T>(&mut self, accounts: [u32; 2], work: impl FnOnce(&mut Venue) -> T) -> T {
        let noted = |venue: &Venue, account: u32| venue.state.member(account).is_ok_and(|of| of.pulse.is_some());
        let before = accounts.map(|account| noted(self, account).then(|| self.state.equity(account)).flatten());
        let done = work(self);
        for (account, before) in accounts.into_iter().zip(before) {
            if !noted(self, account) {
                continue;
            }
            let after = self.state.equity(account);
            let Some(member) = self.state.member_mut(account) else { continue };
            match (before.zip(after), &mut member.pulse) {
                (Some((before, after)), Some(pulse)) => pulse.flows += after - before,
                // What cannot be computed is compared with nothing.
                _ => member.pulse = None,
            }
        }
        done
    }
}

impl State {
    fn ask_breaker(&mut self, account: u32) -> Option<Refusal> {
        let second = self.time.div_euclid(SECOND);
        let breaker = self.rules.venue().breaker.clone();
        let member = self.member_mut(account)?;
        member.traded = false;
        let pulse = member.pulse.as_mut()?;
        let undecided = |status: Status| status == Status::Undecided;
        let unknown = undecided(member.status) || member.isolated.iter().any(|(_, status)| undecided(*status));
        if unknown || member.tripped.is_some() {
            return None;
        }
        let equity = pulse.equity;
        let loss = pulse.loss(equity);
        pulse.note(second, equity);
        passes(&breaker, equity, loss, pulse.turnover_e16)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ONE;

    /// The worked case of the rules: above 10 % of equity, or above 50 times it; equal does not exceed.
    #[test]
    fn a_breaker_trips_above_its_line_and_not_on_it() {
        let breaker = Breaker { loss_per_minute: Some(10_000_000), turnover_per_minute: Some(50 * ONE) };
        let g = |units: i128| units * E8;
        let e16 = |units: i128| g(units) * E8;
        let code = |loss, turnover_e16| passes(&breaker, g(100), loss, turnover_e16).map(|why| why.code);
        assert_eq!(code(g(10), e16(5_000)), None);
        assert_eq!(code(g(10) + 1, 0), Some(Code::BreakerLoss));
        assert_eq!(code(0, e16(5_000) + g(1)), Some(Code::BreakerTurnover));
        assert_eq!(code(g(-5), e16(4_999)), None);
    }

    #[test]
    fn a_window_is_the_second_at_hand_and_the_sixty_before_it() {
        let mut pulse = Pulse::default();
        pulse.note(100, 50);
        pulse.note(130, 40);
        pulse.forget_before(160);
        assert_eq!(pulse.loss(30), 20);
        pulse.forget_before(161);
        assert_eq!(pulse.loss(30), 10);
    }
}
