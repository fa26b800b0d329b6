//! Where instruments are in their lives.

use super::super::Venue;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{self, Command, Event, Phase, Refusal};
use crate::rule::Rule;

impl Venue {
    pub(in crate::venue) fn phase_of(&self, instrument: u32) -> Phase {
        self.books[instrument as usize].as_ref().map_or(Phase::Settled, |book| book.phase())
    }

    /// An instrument enters a phase. Out of a halt leads only [`Venue::resume`], to the end only the last settlement.
    pub(super) fn phase(&mut self, instrument: u32, phase: Phase, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let before = self.phase_of(instrument);
        let leads = match (before, phase) {
            (Phase::Settled, _) | (_, Phase::Settled | Phase::Listed) => false,
            (Phase::Halted, phase) => phase == Phase::Settling,
            (Phase::Settling, phase) => phase == Phase::Settling,
            _ => true,
        };
        if !leads {
            return Err(Code::PhaseRefused.into());
        }
        if matches!(phase, Phase::Preopen | Phase::Auction | Phase::Open) && !self.is_eligible(instrument) {
            return Err(Code::UnderlyingIneligible.into());
        }
        let trades = matches!(phase, Phase::Open | Phase::ReduceOnly | Phase::Auction);
        if trades && !self.is_approved() {
            return Err(Code::RulebookNotApproved.into());
        }
        if trades && !self.state.prices.instruments[instrument as usize].usable {
            return Err(Code::PriceUnusable.into());
        }
        self.enter(instrument, phase, out);
        Ok(())
    }

    /// Whether what an instrument follows may be traded.
    pub(in crate::venue) fn is_eligible(&self, instrument: u32) -> bool {
        let underlying = self.state.prices.instruments[instrument as usize].underlying;
        self.state.rules.underlyings()[underlying as usize].eligible
    }

    pub(in crate::venue) fn enter(&mut self, instrument: u32, phase: Phase, out: &mut Vec<Event>) {
        let (time, cause) = (self.state.time, self.state.cause);
        let command = Command::Phase(phase);
        self.touch_the_fallen();
        self.on_book(instrument, out, |book, floor, out| book.apply(floor, time, cause, &command, out));
    }

    fn each(&self, instrument: Option<u32>) -> std::ops::Range<u32> {
        instrument.map_or(0..self.books.len() as u32, |at| at..at + 1)
    }

    pub(super) fn halt_one(&mut self, instrument: u32, out: &mut Vec<Event>) {
        self.say(Event { kind: Kind::Halt, instrument, ..Event::NOTHING }, out);
        self.enter(instrument, Phase::Halted, out);
    }

    /// Instruments that trade, or collect orders to trade, are halted: nothing of their prices is known any more.
    pub(super) fn halt_what_trades(&mut self, out: &mut Vec<Event>) {
        for at in 0..self.books.len() as u32 {
            let phase = self.phase_of(at);
            if matches!(phase, Phase::Preopen | Phase::Auction | Phase::Open | Phase::ReduceOnly) {
                self.halt_one(at, out);
            }
        }
    }

    pub(super) fn halt(&mut self, instrument: Option<u32>, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let halts = |phase: Phase| !matches!(phase, Phase::Halted | Phase::Settling | Phase::Settled);
        if instrument.is_some_and(|at| !halts(self.phase_of(at))) {
            return Err(Code::PhaseRefused.into());
        }
        for at in self.each(instrument) {
            if halts(self.phase_of(at)) {
                self.halt_one(at, out);
            }
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, instrument: Option<u32>, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let usable = |venue: &Venue, at: u32| venue.state.prices.instruments[at as usize].usable;
        if let Some(at) = instrument {
            if self.phase_of(at) != Phase::Halted {
                return Err(Code::PhaseRefused.into());
            }
            if !usable(self, at) {
                return Err(Code::PriceUnusable.into());
            }
        }
        for at in self.each(instrument) {
            if self.phase_of(at) == Phase::Halted && usable(self, at) {
                self.say(Event { kind: Kind::Resume, instrument: at, ..Event::NOTHING }, out);
                match self.is_eligible(at) {
                    true => self.enter(at, Phase::Preopen, out),
                    false => self.close_to_openings(at, out),
                }
            }
        }
        Ok(())
    }

    /// The last settlement of an instrument: all positions end at one price, that of the index, or another one that two
    /// approve.
    pub(super) fn settle_last(
        &mut self,
        instrument: u32,
        price: Option<i64>,
        approval: &str,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.phase_of(instrument) != Phase::Settling {
            return Err(Code::PhaseRefused.into());
        }
        let price = match price {
            None => {
                self.state.offered.remove(&instrument);
                self.settlement_price(instrument).ok_or(Code::SettlementPrice)?
            }
            Some(price) => {
                let approval = &message::approval(approval);
                if approval.is_empty() {
                    return Err(Code::ApprovalMissing.into());
                }
                if !self.may_settle_at(instrument, price) {
                    return Err(Code::SettlementPrice.into());
                }
                if !self.is_approved_twice(instrument, price, approval)? {
                    let (kind, rule) = (Kind::Accepted, Some(Rule::SettlePrice));
                    self.say(Event { kind, instrument, price, rule, ..Event::NOTHING }, out);
                    return Ok(());
                }
                price
            }
        };
        let mut prices = vec![None; self.books.len()];
        prices[instrument as usize] = Some(price);
        if self.settle(prices, true, out) {
            self.state.offered.remove(&instrument);
            self.enter(instrument, Phase::Settled, out);
        }
        Ok(())
    }

    /// Whether a price was approved before, by another approval; else it waits for one.
    fn is_approved_twice(&mut self, instrument: u32, price: i64, approval: &str) -> Result<bool, Refusal> {
        if cfg!(feature = "without_second_approval") {
            return Ok(true);
        }
        match self.state.offered.get(&instrument) {
            Some((of, first)) if *of == price && **first == *approval => Err(Code::SecondApproval.into()),
            Some((of, _)) if *of == price => Ok(true),
            _ => {
                self.state.offered.insert(instrument, (price, approval.into()));
                Ok(false)
            }
        }
    }
}
