//! The third step (`liquidation.fund`): the bucket trades as far as `max_slippage` from the mark, and the fund pays what its fills
//! lack to bankruptcy, within its budgets.

use super::adl::TRIES;
use super::book::Closing;
use super::round::Part;
use super::{Bucket, INVENTORY};
use crate::fault::Code;
use crate::ledger::About;
use crate::liquidation::fund::budget;
use crate::liquidation::waterfall::FUND;
use crate::message::Event;
use crate::message::event::Kind;
use crate::num::ratio::ratio_down;
use crate::rule::Rule;
use crate::rules::{FundMode, Liquidation};
use crate::venue::Venue;

impl Venue {
    /// Whether the fund fell below the line since this was asked last: with every command and instant, whatever it paid for.
    #[inline(always)]
    pub(in crate::venue) fn tell_low(&mut self, out: &mut Vec<Event>) {
        let amount = self.state.fund();
        let before = std::mem::replace(&mut self.state.falls.fund_had, amount);
        let low = self.state.rules.liquidation().and_then(|rules| rules.fund.low);
        if let Some(balance) = low.filter(|low| before >= *low && amount < *low) {
            let asset = self.state.ledger.settlement();
            self.say(Event { kind: Kind::FundLow, asset, amount, balance, ..Event::NOTHING }, out);
        }
    }

    /// Closes parts with the money of the fund.
    pub(super) fn pay_from_fund(
        &mut self,
        bucket: Bucket,
        parts: &mut [Part],
        rules: &Liquidation,
        deep: bool,
        out: &mut Vec<Event>,
    ) {
        for part in parts {
            let why = std::mem::replace(&mut part.why, FUND.unavailable);
            let limit = self.slipped(part, rules.fund.max_slippage);
            let budget = self.budget(bucket, rules);
            let Some(figures) = self.state.bare(bucket) else { continue };
            if budget == 0 || !self.meets_somebody(bucket.account, part, limit) {
                continue;
            }
            part.why = FUND.exhausted;
            let tick = self.state.terms.instruments[part.instrument as usize].tick;
            self.say_step(
                bucket,
                &FUND,
                Some(part),
                limit * tick,
                Some(why),
                [figures.net_value, self.state.fund()],
                out,
            );
            let closing = Closing::new(bucket, rules, deep, Some(budget));
            let Some(ended) = self.force(part, limit, closing, out) else { continue };
            let (Some((lots, price, lacks)), Some(budget)) = (ended.beyond, ended.budget) else { continue };
            // Of the fill that was beyond the budget as much as is within it.
            let less = self.affordable(bucket, part.instrument, lots, price, lacks, budget);
            if less > 0 {
                let mut fewer = Part { lots: less, ..*part };
                self.force(&mut fewer, limit, Closing { beyond: None, ..ended }, out);
                part.lots -= less - fewer.lots;
            }
        }
    }

    /// What the fund may pay for a bucket now, in g.
    pub(super) fn budget(&mut self, bucket: Bucket, rules: &Liquidation) -> i128 {
        let balance = self.state.fund();
        if rules.fund.mode == FundMode::Take {
            return self.state.spare_of_fund().clamp(0, balance);
        }
        let hour = self.state.falls.hour.at(self.state.time, balance);
        let episode = self.state.falls.episodes.get(&bucket).copied().unwrap_or_default();
        budget(&rules.fund, self.state.ledger.fund_is_free(&self.state.market), &episode, &hour)
    }

    /// How many lots of a fill the fund can pay for.
    fn affordable(&mut self, bucket: Bucket, instrument: u32, lots: i64, price: i64, lacks: i128, budget: i128) -> i64 {
        let lot = self.state.lots[instrument as usize];
        // What a part lacks is at most a unit more than its share: with a unit less it is always enough.
        let [most, surely] = [budget, budget - 1].map(|budget| ratio_down(lots.into(), budget.max(0), lacks) as i64);
        let is_enough = |lots: &i64| {
            let lacks = self.state.distance(bucket, instrument, *lots * lot, price).map(|(_, lacks)| lacks);
            lacks.is_some_and(|lacks| lacks <= budget)
        };
        (surely.max(most - TRIES)..=most).rev().find(is_enough).unwrap_or(surely)
    }

    /// A bucket without positions that is worth less than nothing: the fund pays, then gains are cut.
    pub(super) fn cover(&mut self, bucket: Bucket, rules: &Liquidation, out: &mut Vec<Event>) {
        let Some(figures) = self.state.bare(bucket).filter(|figures| figures.net_value < 0) else { return };
        let budget = if bucket == INVENTORY { 0 } else { self.budget(bucket, rules) };
        if budget > 0 {
            let (code, numbers) = (Some(Code::BackstopUnavailable), [figures.net_value, self.state.fund()]);
            self.say_step(bucket, &FUND, None, 0, code, numbers, out);
            let (from, amount) = (out.len(), budget.min(-figures.net_value));
            let instrument = bucket.isolated.unwrap_or(crate::message::NOBODY);
            let about = About { instrument, ..About::rule(Rule::LiquidationFund) };
            self.state.draws(bucket, instrument, amount, about, out);
            self.stamp(from, out);
        }
        self.cut(bucket, None, out);
    }
}
