//! The second step (`liquidation.backstop`): providers who registered take over, pro rata by what they may still take, while the
//! bucket is worth something.

use super::Bucket;
use super::round::Part;
use crate::fault::Code;
use crate::ledger::{About, Key};
use crate::liquidation::plan::funds_part;
use crate::liquidation::share;
use crate::liquidation::waterfall::BACKSTOP;
use crate::margin::line::Noted;
use crate::margin::status::Status;
use crate::message::event::Kind;
use crate::message::{Class, Event, NOBODY, Side};
use crate::num::round::{charge_from_e16, price_of};
use crate::num::{E8, times};
use crate::rule::Rule;
use crate::rules::Liquidation;
use crate::venue::Venue;
use crate::venue::state::Books;

impl Venue {
    /// Lets providers take parts over.
    pub(super) fn pass_to_backstop(
        &mut self,
        bucket: Bucket,
        parts: &mut [Part],
        rules: &Liquidation,
        out: &mut Vec<Event>,
    ) {
        for part in parts {
            let why = std::mem::replace(&mut part.why, BACKSTOP.unavailable);
            let Some(figures) = self.state.bare(bucket).filter(|figures| figures.net_value > 0) else { continue };
            let rooms = self.rooms(bucket, part);
            if rooms.is_empty() {
                continue;
            }
            part.why = BACKSTOP.exhausted;
            let numbers = [figures.net_value, figures.maintenance_margin];
            self.say_step(bucket, &BACKSTOP, Some(part), 0, Some(why), numbers, out);
            let shares = self.shares(bucket, part, rooms, figures.net_value, rules);
            for (provider, lots) in &shares {
                if self.takes_over(bucket, part, *provider, *lots, rules, out) {
                    part.lots -= lots;
                }
            }
            let cause = self.state.cause;
            self.on_book(part.instrument, out, |book, floor, out| {
                shares.iter().for_each(|(provider, _)| book.position_changed(floor, cause, *provider, out));
            });
        }
    }

    /// How many lots of a part each provider may take, in the order of opening.
    fn rooms(&mut self, bucket: Bucket, part: &Part) -> Vec<(u32, i64)> {
        let group = self.state.member(bucket.account).map_or(NOBODY, |member| member.group);
        let lot_e16 = times(self.state.lots[part.instrument as usize], self.state.market.mark(part.instrument).price);
        let mut rooms: Vec<(u32, u32, i64)> = Vec::new();
        let registered: Vec<(u32, i128)> =
            self.state.falls.capacities.iter().map(|(account, capacity)| (*account, *capacity)).collect();
        for (account, capacity) in registered {
            let Ok(member) = self.state.member(account) else { continue };
            let (opened, own) = (member.opened, member.group == group || account == bucket.account);
            if own || member.class != Class::Backstop {
                continue;
            }
            let figures = self.state.bare(Bucket { account, isolated: None });
            let falls = |status: Status| matches!(status, Status::Undecided | Status::Liquidation | Status::Bankrupt);
            if figures.is_none_or(|figures| falls(figures.status)) {
                continue;
            }
            let cross = self.state.ledger.of(account).positions().iter().filter(|held| !held.isolated);
            let market = &self.state.market;
            let has_e16: i128 = cross.map(|held| times(held.quantity.abs(), market.mark(held.instrument).price)).sum();
            let room = ((capacity * E8 - has_e16) / lot_e16.max(1)).clamp(0, i64::MAX.into()) as i64;
            if room > 0 {
                rooms.push((opened, account, room));
            }
        }
        rooms.sort_unstable();
        rooms.into_iter().map(|(_, account, room)| (account, room)).collect()
    }

    /// Who takes over how many lots of a part: pro rata, without those whose margin would not be covered.
    fn shares(
        &mut self,
        bucket: Bucket,
        part: &Part,
        mut rooms: Vec<(u32, i64)>,
        net_value: i128,
        rules: &Liquidation,
    ) -> Vec<(u32, i64)> {
        loop {
            let parts: Vec<_> = rooms.iter().map(|(_, room)| share::Part { weight: *room, most: *room }).collect();
            let shares = share::pro_rata(&parts, part.lots);
            let failing = rooms.iter().zip(&shares).position(|((account, _), lots)| {
                *lots > 0 && !self.stays_covered(bucket, part, *account, *lots, net_value, rules)
            });
            match failing {
                Some(at) => _ = rooms.remove(at),
                None => {
                    let takes = rooms.into_iter().zip(shares).map(|((account, _), lots)| (account, lots));
                    return takes.filter(|(_, lots)| *lots > 0).collect();
                }
            }
        }
    }

    /// What some lots cost their provider, in 10⁻¹⁶, and what of it is the fund's, in g: at most what the bucket
    /// can pay.
    fn cost(
        &self,
        bucket: Bucket,
        part: &Part,
        lots: i64,
        net_value: i128,
        rules: &Liquidation,
    ) -> Option<(i128, i128)> {
        let quantity = lots * self.state.lots[part.instrument as usize];
        let (closing, amount_e16) = self.state.bankruptcy(bucket, part.instrument, net_value)?;
        let part_e16 = closing.part_e16(amount_e16, quantity);
        let sign = i128::from(closing.quantity.signum());
        let distance_e16 = sign * (times(quantity, closing.mark) - part_e16);
        let fund = funds_part(rules.backstop_share, distance_e16);
        let key = bucket.key(part.instrument);
        Some((part_e16, self.state.ledger.could_pay_fund(key, fund, &self.state.market)))
    }

    /// Whether a provider's initial margin is covered with what it would take over.
    fn stays_covered(
        &mut self,
        bucket: Bucket,
        part: &Part,
        provider: u32,
        lots: i64,
        net_value: i128,
        rules: &Liquidation,
    ) -> bool {
        let Some((part_e16, fund)) = self.cost(bucket, part, lots, net_value, rules) else { return false };
        let quantity = -part.side.sign() * lots * self.state.lots[part.instrument as usize];
        let paid_e16 = i128::from(quantity.signum()) * part_e16 + fund * E8;
        let (manner, state) = (self.state.manner(provider), &mut self.state);
        state.desk.lay(state.ledger.of(provider), &manner);
        state.desk.lay_orders(&Books::resting(&self.books, &state.lots), provider, manner.leverage, 0, None);
        let position = state.desk.position(part.instrument, false, manner.leverage);
        position.quantity += i128::from(quantity);
        position.cost_e16 += paid_e16;
        position.listed = true;
        let mut noted = Noted::default();
        let figures = state.desk.value(&state.terms, &state.market, &mut noted);
        noted.0.is_none() && figures.opening_equity >= figures.initial_margin
    }

    /// A provider takes over; false, and nothing done, where the bucket cannot be valued.
    fn takes_over(
        &mut self,
        bucket: Bucket,
        part: &Part,
        provider: u32,
        lots: i64,
        rules: &Liquidation,
        out: &mut Vec<Event>,
    ) -> bool {
        let Some(figures) = self.state.bare(bucket) else { return false };
        let Some((part_e16, fund)) = self.cost(bucket, part, lots, figures.net_value, rules) else { return false };
        let (key, instrument) = (bucket.key(part.instrument), part.instrument);
        let size = lots * self.state.lots[instrument as usize];
        let cost_e16 = match part.side {
            Side::Ask => part_e16 + fund * E8,
            Side::Bid => part_e16 - fund * E8,
        };
        let quantity = -part.side.sign() * size;
        let to = Key { account: provider, instrument, isolated: false };
        let state = &mut self.state;
        state.ledger.pass(key, to, quantity, i128::from(quantity.signum()) * cost_e16);
        let rule = Rule::LiquidationBackstop;
        let event = Event {
            kind: Kind::BackstopFill,
            account: bucket.account,
            other_account: provider,
            instrument,
            quantity: self.contracts(instrument, part.side, lots),
            price: price_of(cost_e16, size),
            amount: charge_from_e16(cost_e16),
            balance: fund,
            rule: Some(rule),
            client: bucket.isolated.is_some().into(),
            ..Event::NOTHING
        };
        self.say(event, out);
        let (from, state) = (out.len(), &mut self.state);
        state.ledger.pay_fund(key, fund, About { instrument, ..About::rule(rule) }, &state.market, out);
        self.stamp(from, out);
        self.state.touch(provider);
        true
    }

    /// A provider says what it would take over at most.
    pub(in crate::venue) fn register_backstop(
        &mut self,
        account: u32,
        capacity: i128,
        out: &mut Vec<Event>,
    ) -> Result<(), crate::message::Refusal> {
        let class = self.state.member(account)?.class;
        if class != Class::Backstop {
            return Err(Code::NotABackstop.into());
        }
        if !crate::num::bounds::POSTED.holds(capacity) || capacity < 0 {
            return Err(Code::OutOfRange.into());
        }
        match capacity {
            0 => _ = self.state.falls.capacities.remove(&account),
            _ => _ = self.state.falls.capacities.insert(account, capacity),
        }
        self.say(Event { kind: Kind::Accepted, account, class, amount: capacity, ..Event::NOTHING }, out);
        Ok(())
    }
}
