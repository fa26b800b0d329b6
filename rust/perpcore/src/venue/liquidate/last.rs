//! The last resort (`liquidation.last_resort`): what is left passes at the mark to everybody on the other side, and a deficit is cut
//! from all gains. That always suffices: nobody has less cash than none and what all gain in an instrument adds up to nothing, so
//! a deficit is at most what others gain.

use super::Bucket;
use super::round::Part;
use crate::ledger::Key;
use crate::liquidation::share;
use crate::liquidation::waterfall::{ADL, LAST_RESORT};
use crate::margin::line::Noted;
use crate::message::Event;
use crate::message::event::Kind;
use crate::num::ratio::ratio_up;
use crate::num::times;
use crate::rule::Rule;
use crate::venue::Venue;

impl Venue {
    /// Passes parts on at the mark, and cuts gains for what the bucket lacks then.
    pub(super) fn pass_on(&mut self, bucket: Bucket, parts: &[Part], out: &mut Vec<Event>) {
        for part in parts {
            let Some(figures) = self.state.bare(bucket) else { continue };
            let mark = self.state.market.mark(part.instrument).price;
            let numbers = [figures.net_value, figures.maintenance_margin];
            self.say_step(bucket, &LAST_RESORT, Some(part), mark, Some(part.why), numbers, out);
            self.pass_part_on(bucket, part, mark, out);
        }
        let last = parts.last().map(|part| part.instrument);
        self.cut(bucket, last, out);
    }

    fn pass_part_on(&mut self, bucket: Bucket, part: &Part, mark: i64, out: &mut Vec<Event>) {
        let (instrument, from) = (part.instrument, bucket.key(part.instrument));
        let (lot, sign) = (self.state.lots[instrument as usize], part.side.sign());
        let mut to: Vec<(Key, i64)> = Vec::new();
        for &account in &self.state.order {
            for isolated in [false, true] {
                let lots = sign * self.state.ledger.quantity(account, instrument, isolated) / lot;
                if lots > 0 {
                    to.push((Key { account, instrument, isolated }, lots));
                }
            }
        }
        let parts: Vec<_> = to.iter().map(|(_, lots)| share::Part { weight: (*lots).into(), most: *lots }).collect();
        let shares = share::pro_rata(&parts, part.lots);
        for (key, lots) in to.iter().map(|(key, _)| *key).zip(shares).filter(|(_, lots)| *lots > 0) {
            let quantity = -sign * lots * lot;
            self.state.ledger.pass(from, key, quantity, times(quantity, mark));
            let event = Event {
                kind: Kind::LastResort,
                account: key.account,
                other_account: bucket.account,
                instrument,
                quantity: self.contracts(instrument, part.side.opposite(), lots),
                price: mark,
                rule: Some(Rule::LiquidationLastResort),
                client: key.isolated.into(),
                ..Event::NOTHING
            };
            self.say(event, out);
            self.state.touch(key.account);
        }
        let cause = self.state.cause;
        self.on_book(instrument, out, |book, floor, out| {
            to.iter().for_each(|(key, _)| book.position_changed(floor, cause, key.account, out));
        });
    }

    /// Cuts gains, pro rata, for what a bucket lacks that has no position left.
    pub(super) fn cut(&mut self, bucket: Bucket, last: Option<u32>, out: &mut Vec<Event>) {
        let Some(figures) = self.state.bare(bucket) else { return };
        if figures.net_value >= 0 || !self.state.positions_of(bucket).is_empty() {
            return;
        }
        let costs = self.state.ledger.of(bucket.account).positions().iter();
        let costs = costs.filter(|held| bucket.has(held) && held.cost_e16 != 0).map(|held| held.instrument).min();
        let Some(instrument) = last.or(costs) else { return };
        if last.is_none() {
            let numbers = [figures.net_value, figures.maintenance_margin];
            self.say_step(bucket, &LAST_RESORT, None, 0, Some(ADL.exhausted), numbers, out);
        }
        let gains = self.gains(bucket);
        let (deficit, all) = (-figures.net_value, gains.iter().map(|(.., gain)| gain).sum::<i128>());
        if all < deficit {
            return;
        }
        let cuts: Vec<(Key, i128, i128)> = (gains.iter())
            .map(|(of, gain)| {
                (of.key(of.isolated.unwrap_or(instrument)), ratio_up(deficit, *gain, all).min(*gain), *gain)
            })
            .collect();
        let total: i128 = cuts.iter().map(|(_, cut, _)| cut).sum();
        self.state.ledger.cut_gains(cuts.iter().map(|(key, cut, _)| (*key, *cut)), bucket.key(instrument), deficit);
        let rule = Some(Rule::LiquidationLastResort);
        let event = Event { kind: Kind::LastResort, instrument, rule, ..Event::NOTHING };
        for (key, amount, balance) in cuts {
            let (account, other_account, client) = (key.account, bucket.account, key.isolated.into());
            self.say(
                Event { account, other_account, instrument: key.instrument, amount, balance, client, ..event },
                out,
            );
            self.state.touch(account);
        }
        let (account, amount, balance) = (bucket.account, deficit, total - deficit);
        self.say(Event { account, amount, balance, client: bucket.isolated.is_some().into(), ..event }, out);
    }

    /// The buckets of others that gain, in the order of opening, of one account the cross one first; in g.
    fn gains(&mut self, bucket: Bucket) -> Vec<(Bucket, i128)> {
        let mut found = Vec::new();
        for at in 0..self.state.order.len() {
            let account = self.state.order[at];
            let manner = self.state.manner(account);
            let state = &mut self.state;
            state.desk.lay(state.ledger.of(account), &manner);
            let mut noted = Noted::default();
            let cross = state.desk.value(&state.terms, &state.market, &mut noted);
            if noted.0.is_some() {
                continue;
            }
            let isolated = state.desk.buckets.iter().map(|of| (Some(of.instrument), of.figures.unrealized_pnl));
            let all = std::iter::once((None, cross.unrealized_pnl)).chain(isolated);
            let all = all.map(|(isolated, gain)| (Bucket { account, isolated }, gain));
            found.extend(all.filter(|(of, gain)| *gain > 0 && *of != bucket));
        }
        found
    }
}
