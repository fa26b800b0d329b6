//! The fourth step (`liquidation.adl`): who holds the opposite closes what is left at the bankruptcy amount.

use super::Bucket;
use super::round::Part;
use crate::fault::Code;
use crate::ledger::Key;
use crate::liquidation::rank::{Counterparty, allocate};
use crate::liquidation::waterfall::ADL;
use crate::margin::threshold::bankruptcy::Closing;
use crate::message::event::Kind;
use crate::message::{Event, NOBODY};
use crate::num::ratio::ratio_down;
use crate::num::round::{charge_from_e16, price_of};
use crate::num::{E8, times};
use crate::rule::Rule;
use crate::rules::{FundMode, Liquidation};
use crate::venue::Venue;

/// A day, in ns: then a report is due.
const DAY: i64 = 86_400_000_000_000;
/// So many lots are tried one after the other where rounding decides.
pub(super) const TRIES: i64 = 64;

/// What deleveraging some of a position costs a counterparty against the mark, in 10⁻¹⁶.
#[derive(Clone, Copy)]
pub(super) struct Loss {
    pub(super) closing: Closing,
    amount_e16: i128,
    lot: i64,
}

impl Loss {
    fn sign(&self) -> i128 {
        self.closing.quantity.signum().into()
    }

    fn of(&self, lots: i64) -> i128 {
        let quantity = lots * self.lot;
        self.sign() * (self.closing.part_e16(self.amount_e16, quantity) - times(quantity, self.closing.mark))
    }

    /// The most lots of which it is at most an amount in g.
    pub(super) fn most(&self, lots: i64, at_most: i128) -> i64 {
        let all_e16 = self.sign() * (self.amount_e16 - self.closing.notional_e16());
        if all_e16 <= 0 || cfg!(feature = "without_cap_of_losses") {
            return lots;
        }
        let size = i128::from(self.closing.quantity.abs());
        // A part is at most a unit more than its share: most may give all, and that is seen without a division.
        let (loses, may) = (all_e16.checked_mul((lots * self.lot).into()), ((at_most - 1) * E8).checked_mul(size));
        if loses.zip(may).is_some_and(|(loses, may)| loses <= may) {
            return lots;
        }
        let most = ratio_down(at_most * E8, size, all_e16 * i128::from(self.lot)).min(lots.into()) as i64;
        // Rounding makes a part at most a unit dearer: what is a unit less is always within it.
        let surely = ratio_down((at_most - 1) * E8, size, all_e16 * i128::from(self.lot)).max(0) as i64;
        let near = (surely.max(most - TRIES)..=most).rev();
        near.into_iter().find(|lots| self.of(*lots) <= at_most * E8).unwrap_or(surely.min(most))
    }
}

impl Venue {
    /// Deleverages counterparties of parts.
    pub(super) fn deleverage(&mut self, bucket: Bucket, parts: &mut [Part], rules: &Liquidation, out: &mut Vec<Event>) {
        for part in parts {
            let (why, told) = (std::mem::replace(&mut part.why, ADL.exhausted), out.len());
            self.tell_of_fund(bucket, part.instrument, rules, out);
            let from = out.len();
            let Some(figures) = self.state.bare(bucket) else { continue };
            let Some(loss) = self.loss(bucket, part, figures.net_value) else { continue };
            let price = price_of(loss.amount_e16, loss.closing.quantity.abs());
            let numbers = [figures.net_value, figures.maintenance_margin];
            self.say_step(bucket, &ADL, Some(part), price, Some(why), numbers, out);
            let opposite = self.against(bucket, part.instrument, &loss);
            let wanted = if cfg!(feature = "without_exact_deleveraging") { i64::MAX } else { part.lots };
            let taken = allocate(rules.adl, &opposite, wanted);
            for (at, _) in &taken {
                let account = opposite[*at].account;
                self.end_orders_in(part.instrument, account, Code::Deleveraged, out, |_| true);
            }
            let mut concerned: Vec<u32> = taken.iter().map(|(at, _)| opposite[*at].account).collect();
            concerned.push(bucket.account);
            concerned.sort_unstable();
            let (number, mut total, mut all) = (self.state.falls.reports + 1, 0, 0);
            for (at, lots) in taken {
                let (lots, lost) = self.deleverage_one(bucket, part, &opposite[at], lots, number, rules, out);
                (total, all) = (total + lots, all + lost);
            }
            part.lots -= total;
            if total > 0 {
                self.say_report(bucket, part, total, price, all, out);
                // Of the notices those to whom it concerns.
                let notices = out[told..from].iter().filter(|event| concerned.binary_search(&event.account).is_ok());
                self.state.falls.record.keep(notices.chain(&out[from..]).copied().collect());
            }
        }
    }

    fn loss(&self, bucket: Bucket, part: &Part, net_value: i128) -> Option<Loss> {
        let (closing, amount_e16) = self.state.bankruptcy(bucket, part.instrument, net_value)?;
        Some(Loss { closing, amount_e16, lot: self.state.lots[part.instrument as usize] })
    }

    /// Everybody who has a position and was not told yet is told that the fund does not pay.
    fn tell_of_fund(&mut self, bucket: Bucket, instrument: u32, rules: &Liquidation, out: &mut Vec<Event>) {
        let mut told = self.state.falls.told.remove(&instrument).unwrap_or_default();
        let untold = self.in_order(self.state.ledger.holders(instrument).but(&told));
        let amount = self.state.fund();
        let pays = match rules.fund.mode {
            FundMode::Pay => self.budget(bucket, rules),
            FundMode::Take => amount,
        };
        let kind = if pays == 0 { Kind::FundDepleted } else { Kind::FundUnavailable };
        let rule = Some(Rule::LiquidationFund);
        for account in untold {
            told.set(account, true);
            self.say(Event { kind, account, instrument, amount, rule, ..Event::NOTHING }, out);
        }
        self.state.falls.told.insert(instrument, told);
    }

    /// Deleverages one position by at most so many lots; how many it were, and what that cost, in g.
    #[allow(clippy::too_many_arguments)]
    fn deleverage_one(
        &mut self,
        bucket: Bucket,
        part: &Part,
        who: &Counterparty,
        lots: i64,
        number: u64,
        rules: &Liquidation,
        out: &mut Vec<Event>,
    ) -> (i64, i128) {
        let Some(figures) = self.state.bare(bucket) else { return (0, 0) };
        let Some(loss) = self.loss(bucket, part, figures.net_value) else { return (0, 0) };
        let lots = loss.most(lots, who.at_most);
        if lots == 0 {
            return (0, 0);
        }
        let (size, lost) = (lots * loss.lot, charge_from_e16(loss.of(lots)));
        let amount_e16 = loss.closing.part_e16(loss.amount_e16, size);
        let instrument = part.instrument;
        let to = Key { account: who.account, instrument, isolated: who.isolated };
        let quantity = -part.side.sign() * size;
        let paid_e16 = i128::from(quantity.signum()) * amount_e16;
        self.state.ledger.pass(bucket.key(instrument), to, quantity, paid_e16);
        let score = if rules.adl == crate::rules::AdlPolicy::Score { who.score() } else { None };
        let event = Event {
            kind: Kind::Adl,
            account: who.account,
            other_account: bucket.account,
            instrument,
            order: number,
            quantity: self.contracts(instrument, part.side.opposite(), lots),
            price: price_of(amount_e16, size),
            amount: lost,
            balance: score.unwrap_or(0),
            // Whether there is one, which may be 0.
            after: score.is_some().into(),
            rule: Some(Rule::AdlRank),
            client: who.isolated.into(),
            ..Event::NOTHING
        };
        self.say(event, out);
        self.state.touch(who.account);
        (lots, lost)
    }

    /// What was deleveraged for a part is reported, and the report is due a day later.
    fn say_report(&mut self, bucket: Bucket, part: &Part, lots: i64, price: i64, lost: i128, out: &mut Vec<Event>) {
        self.state.falls.reports += 1;
        let (number, due) = (self.state.falls.reports, self.state.time.saturating_add(DAY));
        let instrument = part.instrument;
        self.state.falls.reports_due.insert((due, number, instrument));
        self.next_due = self.next_due.min(due);
        let event = Event {
            kind: Kind::AdlReport,
            account: bucket.account,
            instrument,
            order: number,
            quantity: self.contracts(instrument, part.side, lots),
            price,
            amount: lost,
            rule: Some(Rule::LiquidationAdl),
            client: bucket.isolated.is_some().into(),
            ..Event::NOTHING
        };
        self.say(event, out);
    }

    /// Reports that are due by a time.
    pub(in crate::venue) fn remind_of_reports(&mut self, now: i64, out: &mut Vec<Event>) {
        while let Some((due, order, instrument)) =
            self.state.falls.reports_due.first().copied().filter(|(due, ..)| *due <= now)
        {
            self.state.falls.reports_due.remove(&(due, order, instrument));
            let (kind, account) = (Kind::AdlReportDue, NOBODY);
            self.say(Event { kind, account, order, instrument, ..Event::NOTHING }, out);
        }
    }
}
