//! The first step (`liquidation.book`): positions are closed in the book, never beyond the bankruptcy amount, which is found anew
//! before each fill. The step of the fund trades in the same way, and pays what a fill lacks.

use super::Bucket;
use super::round::Part;
use crate::book::forced::Forced;
use crate::book::owner::{Fill, Refused};
use crate::fault::Code;
use crate::ledger::About;
use crate::liquidation::plan::fee;
use crate::liquidation::waterfall::BOOK;
use crate::message::event::Kind;
use crate::message::{Event, Side};
use crate::num::round::{charge_from_e16, credit_from_e16, div_floor};
use crate::num::{ONE, scaled, times};
use crate::rule::Rule;
use crate::rules::Liquidation;
use crate::venue::Venue;
use crate::venue::gate::Floor;
use crate::venue::state::{SECOND, State};

/// An order of a liquidation while it trades.
#[derive(Clone, Copy, Debug)]
pub(in crate::venue) struct Closing {
    pub(super) bucket: Bucket,
    /// Whether it may trade at any price: the fund unwinds.
    pub(super) unwinds: bool,
    /// Whether the bucket is closed out at once, and takes of the book what there is.
    pub(super) deep: bool,
    /// Rate of the fee, in g.
    pub(super) fee: i64,
    /// What the fund may pay still, in g; none where it pays nothing.
    pub(super) budget: Option<i128>,
    /// Of the fill that was let pass: what it brings more than bankruptcy in 10⁻¹⁶, and what the fund pays in g.
    pub(super) surplus_e16: i128,
    pub(super) pays: i128,
    /// The fill that was beyond the budget: its lots and price, and what the fund would have paid.
    pub(super) beyond: Option<(i64, i64, i128)>,
}

impl Closing {
    pub(super) fn new(bucket: Bucket, rules: &Liquidation, deep: bool, budget: Option<i128>) -> Closing {
        let (fee, unwinds) = (rules.fee, false);
        Closing { bucket, unwinds, deep, fee, budget, surplus_e16: 0, pays: 0, beyond: None }
    }
}

impl State {
    /// What a fill of a bucket brings more than bankruptcy, in 10⁻¹⁶, and what it lacks, in g.
    pub(super) fn distance(
        &mut self,
        bucket: Bucket,
        instrument: u32,
        quantity: i64,
        price: i64,
    ) -> Option<(i128, i128)> {
        let net_value = self.bare(bucket)?.net_value;
        let (closing, amount_e16) = self.bankruptcy(bucket, instrument, net_value)?;
        let (sign, fill_e16) = (i128::from(closing.quantity.signum()), times(quantity, price));
        let surplus_e16 = sign * (fill_e16 - closing.part_e16(amount_e16, quantity));
        let lacks = if quantity == closing.quantity.abs() && self.positions_of(bucket).len() == 1 {
            // After it nothing is left but money: exactly none.
            let (gain_e16, worse_e16) = (self.gain_e16(bucket), sign * (times(quantity, closing.mark) - fill_e16));
            -(net_value - credit_from_e16(gain_e16) + credit_from_e16(gain_e16 - worse_e16))
        } else {
            charge_from_e16(-surplus_e16)
        };
        Some((surplus_e16, lacks.max(0)))
    }
}

/// Whether a fill of a liquidation may be made: it stops where the bucket would get less than bankruptcy, or the fund would pay
/// more than it may. Neither side is asked for more.
pub(in crate::venue) fn refuses(floor: &mut Floor<'_>, closing: Closing, fill: &Fill) -> Option<Refused> {
    if closing.unwinds {
        return None;
    }
    let quantity = fill.lots * floor.state.lots[floor.instrument as usize];
    let price = floor.price(fill);
    let stop = Some(Refused::Taker);
    let Some((surplus_e16, lacks)) = floor.state.distance(closing.bucket, floor.instrument, quantity, price) else {
        return stop;
    };
    let Some(now) = &mut floor.state.closing else { return stop };
    match closing.budget {
        None if surplus_e16 < 0 => return stop,
        Some(budget) if lacks > budget => {
            now.beyond = Some((fill.lots, price, lacks));
            return stop;
        }
        budget => (now.surplus_e16, now.pays) = (surplus_e16, budget.map_or(0, |_| lacks)),
    }
    None
}

/// A fill of a liquidation was made: it pays no taker fee; its own goes to the fund, or the fund pays.
pub(in crate::venue) fn filled(floor: &mut Floor<'_>, closing: Closing, fill: &Fill) {
    let price = floor.price(fill);
    let [mut taker, maker] = [true, false].map(|taker| floor.side(fill, taker));
    taker.fee = 0;
    if floor.state.has_breaker() {
        floor.state.beats(&maker, price);
    }
    let (instrument, state) = (floor.instrument, &mut *floor.state);
    state.ledger.trade(instrument, price, [taker, maker], fill.trade, &state.market, &mut state.pending);
    let key = closing.bucket.key(instrument);
    if closing.pays > 0 {
        let mut out = std::mem::take(&mut state.pending);
        let about = About { rule: Rule::LiquidationFund, instrument, trade: fill.trade };
        let paid = state.draws(closing.bucket, instrument, closing.pays, about, &mut out);
        state.pending = out;
        if let Some(now) = &mut state.closing {
            now.budget = now.budget.map(|budget| budget - paid);
        }
    } else {
        let fee = fee(closing.fee, times(taker.quantity.abs(), price), closing.surplus_e16);
        let about = About { rule: Rule::LiquidationFee, instrument, trade: fill.trade };
        state.ledger.pay_fund(key, fee, about, &state.market, &mut state.pending);
    }
    state.passed = None;
    state.touch(fill.taker);
    state.touch(fill.maker);
}

impl State {
    /// The fund pays a bucket: the posting and the draw; what it paid.
    pub(super) fn draws(
        &mut self,
        bucket: Bucket,
        instrument: u32,
        amount: i128,
        about: About,
        out: &mut Vec<Event>,
    ) -> i128 {
        let before = self.fund();
        self.falls.hour = self.falls.hour.at(self.time, before);
        let paid = self.ledger.draw(bucket.key(instrument), amount, about, out);
        self.falls.hour.paid += paid;
        if let Some(episode) = self.falls.episodes.get_mut(&bucket) {
            episode.paid += paid;
        }
        self.falls.told.clear();
        let (balance, asset) = (self.fund(), self.ledger.settlement());
        let draw = Event { kind: Kind::FundDraw, asset, amount: paid, balance, ..Event::NOTHING };
        out.push(Event { account: bucket.account, instrument, rule: Some(about.rule), ..draw });
        paid
    }
}

impl Venue {
    /// Closes what is planned in the book; what is not closed stays in the parts, but for what is more than may be taken within
    /// this second.
    pub(super) fn close_in_book(
        &mut self,
        bucket: Bucket,
        parts: &mut [Part],
        deep: bool,
        rules: &Liquidation,
        out: &mut Vec<Event>,
    ) {
        for part in parts {
            let allowed = if deep { part.lots } else { self.allowed(part, rules) };
            part.lots = allowed;
            let Some(figures) = self.state.bare(bucket).filter(|_| allowed > 0) else { continue };
            let limit = self.edge(part);
            let code = deep.then_some(Code::CloseOut);
            let tick = self.state.terms.instruments[part.instrument as usize].tick;
            let numbers = [figures.equity, figures.maintenance_margin];
            self.say_step(bucket, &BOOK, Some(part), limit * tick, code, numbers, out);
            self.force(part, limit, Closing::new(bucket, rules, deep, None), out);
        }
    }

    /// How much of a part may trade within this second, in lots; all where nothing rests opposite.
    fn allowed(&mut self, part: &Part, rules: &Liquidation) -> i64 {
        let (side, second) = (part.side.opposite(), self.state.time.div_euclid(SECOND));
        let Some(book) = &self.books[part.instrument as usize] else { return 0 };
        let share = |lots: i64| div_floor(scaled(lots.into(), rules.depth_share), ONE.into()).0 as i64;
        let depth = || match book.depth(side) {
            0 => 0,
            lots => share(lots).max(1),
        };
        let of = self.state.falls.allowance(part.instrument, side, second, depth);
        if of.allowed == 0 { part.lots } else { part.lots.min((of.allowed - of.taken).max(0)) }
    }

    /// The limit of an order in the book, in ticks: the edge of the collar around the mark.
    fn edge(&self, part: &Part) -> i64 {
        let mark = self.state.market.mark(part.instrument).price;
        let book = self.books[part.instrument as usize].as_ref();
        book.map_or(1, |book| book.edges_around(mark)[part.side as usize])
    }

    /// Sends an order; what is left of it stays in the part. How it ended.
    pub(super) fn force(
        &mut self,
        part: &mut Part,
        limit: i64,
        closing: Closing,
        out: &mut Vec<Event>,
    ) -> Option<Closing> {
        let Bucket { account, isolated } = closing.bucket;
        let order = Forced { account, isolated: isolated.is_some(), side: part.side, lots: part.lots, price: limit };
        let (cause, mut left) = (self.state.cause, part.lots);
        self.state.closing = Some(closing);
        self.on_book(part.instrument, out, |book, floor, out| left = book.force(floor, cause, &order, out));
        let taken = part.lots - left;
        if taken > 0 {
            self.state.falls.traded.insert(part.instrument);
            let hit = (part.instrument, part.side.opposite() as u8);
            if let Some(of) = self.state.falls.seconds.get_mut(&hit).filter(|_| !closing.deep) {
                of.taken += taken;
            }
        }
        part.lots = left;
        self.state.closing.take()
    }

    /// The side of a book that an order of a part meets.
    pub(super) fn meets_somebody(&self, account: u32, part: &Part, limit: i64) -> bool {
        let book = self.books[part.instrument as usize].as_ref();
        book.is_some_and(|book| book.meets_others(account, part.side, limit))
    }

    /// M worsened by the slippage that the fund pays, toward the mark to a tick, in ticks.
    pub(super) fn slipped(&self, part: &Part, slippage: i64) -> i64 {
        let mark = self.state.market.mark(part.instrument).price;
        let tick = i128::from(self.state.terms.instruments[part.instrument as usize].tick) * i128::from(ONE);
        let worse = |share: i64| i128::from(mark) * i128::from(share);
        let ticks = match part.side {
            Side::Ask => -(-worse(ONE - slippage)).div_euclid(tick),
            Side::Bid => worse(ONE + slippage).div_euclid(tick),
        };
        ticks.clamp(1, i64::MAX.into()) as i64
    }
}
