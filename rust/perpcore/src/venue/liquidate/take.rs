//! The step of the fund in mode `take` (`liquidation.fund`): it takes positions over at the bankruptcy amount as long as its own
//! margin allows. What it took is a bucket whose margin is the fund, unwound a minute after the other.

use super::book::Closing;
use super::round::Part;
use super::{Bucket, INVENTORY};
use crate::fault::Code;
use crate::ledger::{Held, Key};
use crate::liquidation::plan::Fallen;
use crate::liquidation::waterfall::FUND as STEP;
use crate::margin::figures::Figures;
use crate::margin::status::Status;
use crate::message::event::Kind;
use crate::message::{Event, FUND, Side};
use crate::num::round::{charge_from_e16, div_floor, price_of};
use crate::num::{ONE, scaled};
use crate::rule::Rule;
use crate::venue::Venue;
use crate::venue::due::next_multiple;
use crate::venue::state::State;

/// A minute, in ns.
const MINUTE: i64 = 60_000_000_000;

/// What the fund would hold more: the signed base quantity in g, and what it costs, in 10⁻¹⁶.
type More = (u32, i64, i128);

impl State {
    /// The figures of what the fund holds, with something more.
    fn inventory_with(&mut self, more: Option<More>) -> Option<Figures> {
        let manner = self.manner(FUND);
        let State { desk, ledger, terms, market, .. } = self;
        desk.lay_bare(ledger, FUND, &manner);
        if let Some((instrument, quantity, paid_e16)) = more {
            let position = desk.position(instrument, false, manner.leverage);
            position.quantity += i128::from(quantity);
            position.add_cost(paid_e16);
            position.listed = true;
        }
        desk.bucket(terms, market, INVENTORY)
    }

    /// What the fund's equity is more than the maintenance margin of what it holds, in g; below 0 where it cannot be valued.
    pub(super) fn spare_of_fund(&mut self) -> i128 {
        self.inventory_with(None).map_or(-1, |figures| figures.equity - figures.maintenance_margin)
    }

    /// What the fund took over is looked at: with every command, and after every round.
    #[cold]
    pub(super) fn looks_at_inventory(&mut self) {
        self.falls.fund_holds = self.ledger.of(FUND).positions().iter().any(Held::is_something);
        let figures = self.inventory_with(None);
        let Some(rules) = self.rules.liquidation() else { return };
        let fell = figures.and_then(|figures| Some((super::badness(&figures)?, Fallen::of(&figures).is_deep(rules))));
        self.falls.seen(INVENTORY, self.falls.fund_opened, fell);
    }
}

impl Venue {
    /// The fund takes parts over that it can carry.
    pub(super) fn pass_to_fund(&mut self, bucket: Bucket, parts: &mut [Part], out: &mut Vec<Event>) {
        for part in parts {
            let why = std::mem::replace(&mut part.why, STEP.unavailable);
            let (instrument, size) = (part.instrument, part.lots * self.state.lots[part.instrument as usize]);
            let Some(figures) = self.state.bare(bucket) else { continue };
            let Some((closing, amount_e16)) = self.state.bankruptcy(bucket, instrument, figures.net_value) else {
                continue;
            };
            let (quantity, part_e16) = (-part.side.sign() * size, closing.part_e16(amount_e16, size));
            let paid_e16 = i128::from(quantity.signum()) * part_e16;
            let with = self.state.inventory_with(Some((instrument, quantity, paid_e16)));
            let carries =
                with.is_some_and(|with| with.status != Status::Undecided && with.equity >= with.maintenance_margin);
            if self.state.fund() == 0 || !carries {
                continue;
            }
            let price = price_of(amount_e16, closing.quantity.abs());
            let numbers = [figures.net_value, self.state.fund()];
            self.say_step(bucket, &STEP, Some(part), price, Some(why), numbers, out);
            self.say(
                Event {
                    kind: Kind::BackstopFill,
                    account: bucket.account,
                    other_account: FUND,
                    instrument,
                    quantity: self.contracts(instrument, part.side, part.lots),
                    price: price_of(part_e16, size),
                    amount: charge_from_e16(part_e16),
                    rule: Some(Rule::LiquidationFund),
                    client: bucket.isolated.is_some().into(),
                    ..Event::NOTHING
                },
                out,
            );
            let to = Key { account: FUND, instrument, isolated: false };
            self.state.ledger.pass(bucket.key(instrument), to, quantity, paid_e16);
            part.lots = 0;
            self.begin_inventory();
        }
    }

    /// The fund holds something.
    fn begin_inventory(&mut self) {
        let state = &mut self.state;
        state.falls.told.clear();
        if !state.falls.fund_holds {
            state.falls.record.begin(FUND);
        }
        state.falls.fund_holds = true;
        if !state.order.contains(&FUND) {
            state.falls.fund_opened = state.order.len() as u32;
            state.order.push(FUND);
        }
        // A minute later it unwinds.
        self.next_due = i64::MIN;
    }

    /// When the fund unwinds next: at a full minute of the clock, while it has positions and rules for it.
    pub(in crate::venue) fn next_unwinding(&self) -> Option<i64> {
        let unwinds = self.state.falls.fund_holds && self.state.rules.liquidation().is_some();
        (unwinds && !self.state.positions_of(INVENTORY).is_empty()).then(|| next_multiple(self.state.time, MINUTE))
    }

    /// What the fund holds is closed, a little of what rests opposite at a time, while it is above its maintenance margin.
    pub(in crate::venue) fn unwind(&mut self, out: &mut Vec<Event>) {
        let (now, done) = (self.state.time, self.state.falls.unwound);
        if !self.state.falls.fund_holds || now % MINUTE != 0 || now == done {
            return;
        }
        let Some(rules) = self.state.rules.liquidation().cloned() else { return };
        self.state.falls.unwound = now;
        let from = out.len();
        for held in self.state.positions_of(INVENTORY) {
            let (at, lot) = (held.instrument as usize, self.state.lots[held.instrument as usize]);
            let Some(figures) = self.state.bare(INVENTORY).filter(|figures| !Fallen::of(figures).is_due()) else {
                continue;
            };
            if !self.trades(held.instrument) || !self.state.prices.instruments[at].usable {
                continue;
            }
            let side = Side::of(-held.quantity);
            let depth = self.books[at].as_ref().map_or(0, |book| book.depth(side.opposite()));
            let share = div_floor(scaled(depth.into(), rules.fund.unwind_share), ONE.into()).0 as i64;
            let lots = (held.quantity.abs() / lot).min(share.max(1));
            let mut part = Part { instrument: held.instrument, side, lots, why: Code::BookExhausted };
            let limit = self.slipped(&part, rules.fund.max_slippage);
            if !self.meets_somebody(FUND, &part, limit) {
                continue;
            }
            let numbers = [figures.equity, figures.maintenance_margin];
            let tick = self.state.terms.instruments[at].tick;
            self.say_step(INVENTORY, &STEP, Some(&part), limit * tick, None, numbers, out);
            let closing = Closing { unwinds: true, ..Closing::new(INVENTORY, &rules, true, None) };
            self.force(&mut part, limit, closing, out);
        }
        self.look_at_touched(out);
        self.go_on_after_rounds(out);
        self.state.falls.record.tell(FUND, false, &out[from..]);
    }
}
