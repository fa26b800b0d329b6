//! Prices are told, or made of what sources say. Whatever moves a price goes the same way: the market is another one, the
//! accounts that it concerns are looked at, and then the books go by it, which fires triggers.

use super::super::Venue;
use super::super::prices::Told;
use super::super::state::SECOND;
use crate::fault::Code;
use crate::message::event::Kind;
use crate::message::{Event, Phase, PriceState, Refusal, Side};
use crate::num::bounds::PRICE;
use crate::pricing::funding;
use crate::pricing::index::{Out, Quote, Value};
use crate::pricing::mark;
use crate::rules::Thin;

/// What a price event is about: an underlying, an asset by itself, an instrument.
#[derive(Clone, Copy)]
pub(super) enum Of {
    Underlying(u32),
    Asset(u32),
    Instrument(u32),
}

impl Venue {
    /// Changes prices and lets everybody feel it.
    pub(super) fn move_prices(&mut self, out: &mut Vec<Event>, change: impl FnOnce(&mut Venue, &mut Vec<Event>)) {
        let before = self.state.market.clone();
        change(self, out);
        let state = &mut self.state;
        let concerned = state.watch.concerned(&before, &state.market, (state.order.len() / 2).max(64));
        state.watch.moved(&state.market, &concerned);
        self.look_after_move(&concerned, out);
        self.liquidate(out);
        self.books_go_by_them(out);
    }

    /// Tells the books marks and indexes that may be used.
    pub(super) fn books_go_by_them(&mut self, out: &mut Vec<Event>) {
        let cause = self.state.cause;
        for at in 0..self.books.len() {
            let of = &self.state.prices.instruments[at];
            let underlying = self.state.prices.underlyings[of.underlying as usize].now;
            let index = Some(underlying.price).filter(|price| {
                let usable = underlying.state.usable(self.state.terms.instruments[at].thin_trades);
                usable && *price != 0 && *price != of.book_index
            });
            let mark = Some(of.price).filter(|price| of.usable && *price != 0 && *price != of.book_mark);
            for (price, is_mark) in [(mark, true), (index, false)] {
                let Some(price) = price else { continue };
                let of = &mut self.state.prices.instruments[at];
                *(if is_mark { &mut of.book_mark } else { &mut of.book_index }) = price;
                self.on_book(at as u32, out, |book, floor, out| book.go_by(floor, cause, is_mark, price, out));
            }
        }
    }

    /// Says what a price is now, and where its state is another one.
    pub(super) fn say_price(&mut self, of: Of, before: Told, now: Told, told: bool, out: &mut Vec<Event>) {
        let mut event = Event { price: now.price, ..Event::NOTHING };
        event.kind = match of {
            Of::Underlying(underlying) => {
                event.asset = underlying;
                Kind::Index
            }
            Of::Asset(asset) => {
                (event.asset, event.client) = (asset, 1);
                Kind::Index
            }
            Of::Instrument(instrument) => {
                event.instrument = instrument;
                Kind::Mark
            }
        };
        if now.price != 0 && (told || now.price != before.price) {
            self.say(event, out);
        }
        if now.state != before.state {
            let (before, after) = (before.state as u8, now.state as u8);
            self.say(Event { kind: Kind::PriceState, price: 0, before, after, ..event }, out);
        }
    }

    /// The mark of an instrument is another one.
    pub(super) fn set_mark(&mut self, instrument: u32, now: Told, told: bool, out: &mut Vec<Event>) {
        let of = &mut self.state.prices.instruments[instrument as usize];
        let before = Told { price: of.price, state: of.state };
        of.usable = now.price != 0 && now.state.usable(self.state.terms.instruments[instrument as usize].thin_trades);
        (of.price, of.state) = (now.price, now.state);
        if now.price != 0 {
            self.state.market.set_mark(&self.state.terms, instrument as usize, now.price, now.state);
        }
        self.say_price(Of::Instrument(instrument), before, now, told, out);
    }

    pub(super) fn tell_mark(
        &mut self,
        instrument: u32,
        price: i64,
        state: PriceState,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.state.prices.instruments[instrument as usize].mark.is_some() {
            return Err(Code::PricedBySources.into());
        }
        if !PRICE.holds(price.into()) {
            return Err(Code::OutOfRange.into());
        }
        let underlying = self.state.prices.instruments[instrument as usize].underlying;
        let state = self.state_as_told(underlying, state);
        self.move_prices(out, |venue, out| venue.set_mark(instrument, Told { price, state }, true, out));
        Ok(())
    }

    /// The state of what is told of an underlying, which may be halted by command.
    fn state_as_told(&self, underlying: u32, state: PriceState) -> PriceState {
        if self.state.prices.underlyings[underlying as usize].halted { PriceState::Halted } else { state }
    }

    pub(super) fn tell_index(
        &mut self,
        underlying: u32,
        price: i64,
        state: PriceState,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if self.state.prices.underlyings[underlying as usize].index.is_some() {
            return Err(Code::PricedBySources.into());
        }
        if !PRICE.holds(price.into()) {
            return Err(Code::OutOfRange.into());
        }
        let state = self.state_as_told(underlying, state);
        self.move_prices(out, |venue, out| venue.set_index(underlying, Told { price, state }, true, out));
        Ok(())
    }

    /// The index of an underlying is another one, or was told again.
    pub(super) fn set_index(&mut self, underlying: u32, now: Told, told: bool, out: &mut Vec<Event>) {
        let time = self.state.time;
        let of = &mut self.state.prices.underlyings[underlying as usize];
        let before = std::mem::replace(&mut of.now, now);
        let thin_trades = self.state.rules.underlyings()[underlying as usize].index.thin == Thin::Trade;
        if told && now.state.usable(thin_trades) {
            of.told.accept(time, now.price);
        }
        let (assets, instruments) = (of.assets.clone(), of.instruments.clone());
        if now.price != 0 {
            for asset in assets {
                self.state.market.set_asset(&self.state.terms, asset as usize, now.price, now.state);
            }
        }
        for instrument in instruments {
            if self.books[instrument as usize].as_ref().is_some_and(|book| book.phase() == Phase::Settled) {
                continue;
            }
            let update = funding::Update {
                index: Some((now.price != 0).then_some(now.price)),
                state: Some(now.state),
                ..funding::Update::default()
            };
            let funding = &mut self.state.prices.instruments[instrument as usize].funding;
            let mut slots = Vec::new();
            // Times never fall here.
            let _ = funding.update(time, &update, &mut slots);
            self.next_due = self.next_due.min(funding.next());
            // A slot of this very moment is said when it is its turn.
            self.state.slots.extend(slots.into_iter().map(|slot| (instrument, slot)));
        }
        self.say_price(Of::Underlying(underlying), before, now, told, out);
    }

    pub(super) fn tell_asset(
        &mut self,
        asset: u32,
        price: i64,
        state: PriceState,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        if asset == self.state.ledger.settlement() {
            return Err(Code::SettlementPrice.into());
        }
        if !PRICE.holds(price.into()) {
            return Err(Code::OutOfRange.into());
        }
        if self.state.rules.assets()[asset as usize].underlying.is_some() {
            return Err(Code::ConflictingValues.into());
        }
        self.move_prices(out, |venue, out| {
            let now = Told { price, state };
            let before = std::mem::replace(&mut venue.state.prices.assets[asset as usize], now);
            venue.state.market.set_asset(&venue.state.terms, asset as usize, price, state);
            venue.say_price(Of::Asset(asset), before, now, true, out);
        });
        Ok(())
    }

    pub(super) fn quote(
        &mut self,
        underlying: u32,
        source: u32,
        price: Option<i64>,
        sent: Option<i64>,
        out: &mut Vec<Event>,
    ) -> Result<(), Refusal> {
        let time = self.state.time;
        let Some(index) = &mut self.state.prices.underlyings[underlying as usize].index else {
            return Err(Code::PricedBySources.into());
        };
        let price = price.ok_or(Out::Missing);
        let quote = Quote { source: source as usize, price, sent: sent.unwrap_or(time) };
        let value = index.update(time, &[quote]).map_err(|fault| fault.code)?;
        self.index_is(underlying, value, out);
        Ok(())
    }

    /// What an index made of sources is now.
    fn index_is(&mut self, underlying: u32, value: Value, out: &mut Vec<Event>) {
        self.move_prices(out, |venue, out| {
            venue.take_over(underlying, value, out);
            venue.make_marks(out);
        });
    }

    pub(super) fn take_over(&mut self, underlying: u32, value: Value, out: &mut Vec<Event>) {
        let now = Told { price: value.value.unwrap_or(0), state: value.state };
        self.set_index(underlying, now, false, out);
    }

    /// Time passed: sources grow old, and marks take what the books say by now.
    pub(in crate::venue) fn prices_feel_time(&mut self, out: &mut Vec<Event>) {
        if !self.state.prices.made {
            return;
        }
        self.move_prices(out, |venue, out| {
            let time = venue.state.time;
            for at in 0..venue.state.prices.underlyings.len() {
                let Some(index) = &mut venue.state.prices.underlyings[at].index else { continue };
                let (before, Ok(value)) = (index.value(), index.update(time, &[])) else { continue };
                if (before.value, before.state) != (value.value, value.state) {
                    venue.take_over(at as u32, value, out);
                }
            }
            venue.make_marks(out);
        });
    }

    /// Makes the marks that are made here.
    fn make_marks(&mut self, out: &mut Vec<Event>) {
        (0..self.books.len()).for_each(|at| self.make_mark(at, out));
    }

    /// Makes the mark of an instrument, where it is made here.
    pub(super) fn make_mark(&mut self, at: usize, out: &mut Vec<Event>) {
        let Some(book) = &self.books[at] else { return };
        if self.state.prices.instruments[at].mark.is_none() || book.phase() == Phase::Settled {
            return;
        }
        let tick = book.terms().tick;
        let own = [Side::Bid, Side::Ask].map(|side| book.best(side).map(|level| tick.value(level.price)));
        let (trades, last) = book.last_trade();
        let impacts = self.known_impacts(at);
        let prices = &mut self.state.prices;
        let of = &mut prices.instruments[at];
        let index = prices.underlyings[of.underlying as usize].now;
        let [bid, ask] = of.outside.unwrap_or(own);
        let traded = trades != std::mem::replace(&mut of.last, trades);
        let update = mark::Update {
            index: Some((index.price != 0).then_some(index.price)),
            state: Some(index.state),
            bid: Some(bid),
            ask: Some(ask),
            impact_bid: Some(impacts[0]),
            impact_ask: Some(impacts[1]),
            last: traded.then_some(last),
            funding_rate: None,
        };
        let Some(mark) = &mut of.mark else { return };
        let Ok(marked) = mark.update(self.state.time, &update) else { return };
        let now = Told { price: marked.mark.unwrap_or(of.price), state: marked.state };
        if (now.price, now.state) != (of.price, of.state) {
            self.set_mark(at as u32, now, false, out);
        }
    }

    pub(super) fn top(&mut self, instrument: u32, bid: Option<i64>, ask: Option<i64>) -> Result<(), Refusal> {
        self.state.prices.instruments[instrument as usize].outside = Some([bid, ask]);
        Ok(())
    }

    pub(super) fn halt_index(&mut self, underlying: u32, halts: bool, out: &mut Vec<Event>) -> Result<(), Refusal> {
        let time = self.state.time;
        match &mut self.state.prices.underlyings[underlying as usize].index {
            Some(index) => {
                let value = if halts { index.halt(time) } else { index.resume(time) };
                let value = value.map_err(|fault| fault.code)?;
                if !halts && value.state == PriceState::Halted {
                    return Err(Code::PriceUnusable.into());
                }
                self.index_is(underlying, value, out);
            }
            None if halts => self.halt_what_is_told(underlying, out),
            // An index that is told goes on when it is told after this.
            None => {
                let of = &mut self.state.prices.underlyings[underlying as usize];
                if !std::mem::take(&mut of.halted) {
                    return Err(Code::PriceUnusable.into());
                }
            }
        }
        Ok(())
    }

    /// An index that is told is halted, and so are the marks that follow it.
    fn halt_what_is_told(&mut self, underlying: u32, out: &mut Vec<Event>) {
        self.move_prices(out, |venue, out| {
            let of = &mut venue.state.prices.underlyings[underlying as usize];
            of.halted = true;
            let (now, instruments) = (Told { state: PriceState::Halted, ..of.now }, of.instruments.clone());
            venue.set_index(underlying, now, false, out);
            for at in instruments {
                let of = &venue.state.prices.instruments[at as usize];
                let now = Told { price: of.price, state: PriceState::Halted };
                venue.set_mark(at, now, false, out);
            }
        });
    }

    /// The price at which an instrument is settled for the last time (`settle.price`).
    pub(super) fn settlement_price(&self, instrument: u32) -> Option<i64> {
        let at = self.state.prices.instruments[instrument as usize].underlying as usize;
        let (of, now) = (&self.state.prices.underlyings[at], self.state.time);
        let window = self.state.rules.instruments()[instrument as usize].settlement_window;
        match (&of.index, window.map(|window| window / SECOND)) {
            (Some(index), Some(seconds)) => index.average(now, seconds),
            (None, Some(seconds)) => of.told.average(now, seconds),
            (Some(index), None) => index.settle_price(now, None, false),
            (None, None) => of.told.settle_price(now, None, false),
        }
    }

    /// Whether an instrument may be settled at a price that was approved.
    pub(super) fn may_settle_at(&self, instrument: u32, price: i64) -> bool {
        let at = self.state.prices.instruments[instrument as usize].underlying as usize;
        let (of, now) = (&self.state.prices.underlyings[at], self.state.time);
        of.index.as_ref().map_or_else(|| of.told.spans(now, price), |index| index.spans(now, price))
    }
}
