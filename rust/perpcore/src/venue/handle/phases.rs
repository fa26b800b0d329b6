//! Where instruments are in their lives.

use super::super::Venue;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{Command, Event, Phase};

impl Venue {
    fn phase_of(&self, instrument: u32) -> Phase {
        self.books[instrument as usize].as_ref().map_or(Phase::Settled, |book| book.phase())
    }

    /// An instrument enters a phase. Out of a halt leads only [`Venue::resume`], to the end only the last settlement.
    pub(super) fn phase(&mut self, instrument: u32, phase: Phase, out: &mut Vec<Event>) -> Result<(), Code> {
        let before = self.phase_of(instrument);
        let leads = match (before, phase) {
            (Phase::Settled, _) | (_, Phase::Settled) => false,
            (Phase::Halted, phase) => phase == Phase::Settling,
            (Phase::Settling, phase) => phase == Phase::Settling,
            _ => true,
        };
        if !leads {
            return Err(Code::PhaseRefused);
        }
        let trades = matches!(phase, Phase::Open | Phase::ReduceOnly | Phase::Auction);
        if trades && !self.state.prices.instruments[instrument as usize].usable {
            return Err(Code::PriceUnusable);
        }
        self.enter(instrument, phase, out);
        Ok(())
    }

    fn enter(&mut self, instrument: u32, phase: Phase, out: &mut Vec<Event>) {
        let (time, cause) = (self.state.time, self.state.cause);
        let command = Command::Phase(phase);
        self.on_book(instrument, out, |book, floor, out| book.apply(floor, time, cause, &command, out));
    }

    fn each(&self, instrument: Option<u32>) -> std::ops::Range<u32> {
        instrument.map_or(0..self.books.len() as u32, |at| at..at + 1)
    }

    pub(super) fn halt(&mut self, instrument: Option<u32>, out: &mut Vec<Event>) -> Result<(), Code> {
        let halts = |phase: Phase| !matches!(phase, Phase::Halted | Phase::Settling | Phase::Settled);
        if instrument.is_some_and(|at| !halts(self.phase_of(at))) {
            return Err(Code::PhaseRefused);
        }
        for at in self.each(instrument) {
            if halts(self.phase_of(at)) {
                self.say(Event { kind: Kind::Halt, instrument: at, ..Event::NOTHING }, out);
                self.enter(at, Phase::Halted, out);
            }
        }
        Ok(())
    }

    pub(super) fn resume(&mut self, instrument: Option<u32>, out: &mut Vec<Event>) -> Result<(), Code> {
        let usable = |venue: &Venue, at: u32| venue.state.prices.instruments[at as usize].usable;
        if let Some(at) = instrument {
            if self.phase_of(at) != Phase::Halted {
                return Err(Code::PhaseRefused);
            }
            if !usable(self, at) {
                return Err(Code::PriceUnusable);
            }
        }
        for at in self.each(instrument) {
            if self.phase_of(at) == Phase::Halted && usable(self, at) {
                self.say(Event { kind: Kind::Resume, instrument: at, ..Event::NOTHING }, out);
                self.enter(at, Phase::Preopen, out);
            }
        }
        Ok(())
    }

    /// The last settlement of an instrument: all positions end at one price.
    pub(super) fn settle_last(
        &mut self,
        instrument: u32,
        price: Option<i64>,
        approved: bool,
        out: &mut Vec<Event>,
    ) -> Result<(), Code> {
        if self.phase_of(instrument) != Phase::Settling {
            return Err(Code::PhaseRefused);
        }
        if price.is_some() && !approved {
            return Err(Code::ApprovalMissing);
        }
        let price = self.settle_price(instrument, price, approved).ok_or(Code::SettlementPrice)?;
        let mut prices = vec![None; self.books.len()];
        prices[instrument as usize] = Some(price);
        if self.settle(prices, true, out) {
            self.enter(instrument, Phase::Settled, out);
        }
        Ok(())
    }
}
