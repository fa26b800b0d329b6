//! One round of one bucket: its orders end, what it must is converted, so much of it is planned, and the steps come one after the
//! other, each only with what the one before left. Who is not closed out at once has a round a second: the book may fill up again.

use super::{Bucket, INVENTORY};
use crate::fault::Code;
use crate::ledger::Held;
use crate::liquidation::fund::Episode;
use crate::liquidation::plan::{Fallen, lots};
use crate::liquidation::waterfall::{STEPS, Step};
use crate::margin::status::Status;
use crate::message::event::Kind;
use crate::message::{Event, NOBODY, Phase, Side};
use crate::num::times;
use crate::rule::Rule;
use crate::rules::{FundMode, Liquidation};
use crate::venue::Venue;

/// What is to be closed of a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Part {
    pub(super) instrument: u32,
    /// The side of the orders that close it.
    pub(super) side: Side,
    /// How much is left to do, in lots.
    pub(super) lots: i64,
    /// Why the step before ended without it.
    pub(super) why: Code,
}

impl Venue {
    /// One round; false where nothing of the bucket can be closed as things are.
    pub(super) fn round(&mut self, bucket: Bucket, rules: &Liquidation, out: &mut Vec<Event>) -> bool {
        // The fund would pay its fee to itself.
        let free = (bucket == INVENTORY).then(|| Liquidation { fee: 0, ..rules.clone() });
        let rules = free.as_ref().unwrap_or(rules);
        let held = self.state.positions_of(bucket);
        let closes: Vec<Held> = held.iter().filter(|held| self.trades(held.instrument)).copied().collect();
        let Some(figures) = self.state.bare(bucket) else { return false };
        if closes.is_empty() && !(held.is_empty() && figures.net_value < 0) {
            return false;
        }
        self.state.falls.stops_waiting(bucket);
        if !self.state.falls.episodes.contains_key(&bucket) {
            let had = self.state.fund();
            self.state.falls.episodes.insert(bucket, Episode { had, paid: 0 });
        }
        self.end_orders_of(bucket, Code::InLiquidation, out);
        self.convert_for(bucket, out);
        let Some(fallen) = self.due(bucket) else { return true };
        if held.is_empty() {
            self.cover(bucket, rules, out);
            return true;
        }
        let deep = fallen.is_deep(rules);
        let mut parts = self.plan(bucket, &closes, &fallen, rules);
        self.close_in_book(bucket, &mut parts, deep, rules, out);
        for step in &STEPS[1..] {
            parts.retain(|part| part.lots > 0);
            if parts.is_empty() || self.due(bucket).is_none() {
                break;
            }
            match step.rule {
                // The fund is helped by nobody, least of all by itself.
                Rule::LiquidationBackstop | Rule::LiquidationFund if bucket == INVENTORY => {
                    parts.iter_mut().for_each(|part| part.why = step.unavailable);
                }
                Rule::LiquidationFund if rules.fund.mode == FundMode::Take => {
                    self.pass_to_fund(bucket, &mut parts, out)
                }
                Rule::LiquidationBackstop => self.pass_to_backstop(bucket, &mut parts, rules, out),
                Rule::LiquidationFund => self.pay_from_fund(bucket, &mut parts, rules, deep, out),
                Rule::LiquidationAdl => self.deleverage(bucket, &mut parts, rules, out),
                _ => self.pass_on(bucket, &parts, out),
            }
        }
        true
    }

    /// Whether positions in an instrument can be closed.
    pub(super) fn trades(&self, instrument: u32) -> bool {
        matches!(self.phase_of(instrument), Phase::Open | Phase::ReduceOnly)
    }

    /// A bucket as it is now, where it is still to be closed.
    pub(super) fn due(&mut self, bucket: Bucket) -> Option<Fallen> {
        self.state.bare(bucket).map(|figures| Fallen::of(&figures)).filter(Fallen::is_due)
    }

    /// Orders of a bucket end, the newest first.
    fn end_orders_of(&mut self, bucket: Bucket, code: Code, out: &mut Vec<Event>) {
        for at in 0..self.books.len() as u32 {
            if bucket.isolated.is_none_or(|of| of == at) {
                let isolated = bucket.isolated.is_some();
                self.end_orders_in(at, bucket.account, code, out, |of_isolated| of_isolated == isolated);
            }
        }
    }

    /// Orders of an account in a book end, the newest first.
    pub(super) fn end_orders_in(
        &mut self,
        instrument: u32,
        account: u32,
        code: Code,
        out: &mut Vec<Event>,
        wanted: impl Fn(bool) -> bool,
    ) {
        let Some(book) = &self.books[instrument as usize] else { return };
        if book.account(account).orders == 0 {
            return;
        }
        let orders = book.orders_of(account).filter(|of| wanted(of.order.flags.isolated()));
        let orders: Vec<u64> = orders.map(|of| of.order.id).collect();
        let cause = self.state.cause;
        if !orders.is_empty() {
            self.on_book(instrument, out, |book, floor, out| {
                orders.iter().for_each(|order| book.withdraw(floor, cause, *order, code, out));
            });
        }
    }

    /// Losses that the cash of a cross account does not cover are covered by what it has else.
    fn convert_for(&mut self, bucket: Bucket, out: &mut Vec<Event>) {
        let Some(figures) = self.state.bare(bucket).filter(|_| bucket.isolated.is_none()) else { return };
        let settlement = self.state.ledger.settlement();
        let (cash, _) = self.state.ledger.of(bucket.account).balance(settlement);
        let missing = -(cash + figures.unrealized_pnl);
        if missing > 0 {
            let (from, state) = (out.len(), &mut self.state);
            state.ledger.convert(bucket.account, missing, &state.market, out);
            self.stamp(from, out);
        }
    }

    /// How much of each position is closed.
    fn plan(&mut self, bucket: Bucket, closes: &[Held], fallen: &Fallen, rules: &Liquidation) -> Vec<Part> {
        let state = &mut self.state;
        let mark = |held: &Held| state.market.mark(held.instrument).price;
        let notional_e16 = closes.iter().map(|held| times(held.quantity.abs(), mark(held))).sum();
        let instruments: Vec<u32> = closes.iter().map(|held| held.instrument).collect();
        let share = fallen.share(rules, notional_e16, |share| state.maintenance_with(bucket, &instruments, share));
        let part = |held: &Held| {
            let (lot, of) =
                (state.lots[held.instrument as usize], &state.rules.instruments()[held.instrument as usize]);
            let least = of.min_size.map_or(0, |least| least.div_euclid(of.lot) + i64::from(least % of.lot != 0));
            Part {
                instrument: held.instrument,
                side: Side::of(-held.quantity),
                lots: lots(held.quantity.abs() / lot, share, least),
                why: Code::BookExhausted,
            }
        };
        closes.iter().map(part).collect()
    }

    /// A step begins.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn say_step(
        &mut self,
        bucket: Bucket,
        step: &Step,
        part: Option<&Part>,
        price: i64,
        code: Option<Code>,
        [amount, balance]: [i128; 2],
        out: &mut Vec<Event>,
    ) {
        let status = self.state.status_of(bucket);
        let instrument = part.map(|part| part.instrument).or(bucket.isolated).unwrap_or(NOBODY);
        self.say(
            Event {
                kind: Kind::LiquidationStep,
                account: bucket.account,
                instrument,
                quantity: part.map_or(0, |part| self.contracts(part.instrument, part.side, part.lots)),
                price,
                code,
                rule: Some(step.rule),
                before: status as u8,
                after: u8::MAX,
                amount,
                balance,
                client: bucket.isolated.is_some().into(),
                ..Event::NOTHING
            },
            out,
        );
    }

    /// Lots as signed contracts, in g.
    pub(super) fn contracts(&self, instrument: u32, side: Side, lots: i64) -> i64 {
        side.sign() * lots * self.state.rules.instruments()[instrument as usize].lot
    }
}

impl crate::venue::state::State {
    /// The status of a bucket as its figures are now.
    fn status_of(&mut self, bucket: Bucket) -> Status {
        self.bare(bucket).map_or(Status::Undecided, |figures| figures.status)
    }

    /// What the fund has, in g.
    pub(in crate::venue) fn fund(&self) -> i128 {
        self.ledger.house(crate::ledger::House::Fund, self.ledger.settlement())
    }
}
