//! The last resort (`liquidation.last_resort`): what is left passes at the mark to everybody on the other side, and a deficit is cut
//! from all gains. That always suffices: nobody has less cash than none, and what all gain and lose together is 0 less what earlier
//! cuts left over, so a deficit is at most what others gain with what was left over.

use super::Bucket;
use super::round::Part;
use crate::ledger::Key;
use crate::liquidation::share;
use crate::liquidation::waterfall::{ADL, LAST_RESORT};
use crate::message::Event;
use crate::message::event::Kind;
use crate::num::ratio::ratio_up;
use crate::num::round::{charge_from_e16, credit_from_e16};
use crate::num::{E8, times};
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
        for account in self.holders_of(instrument) {
            for isolated in [false, true] {
                let lots = sign * self.state.ledger.quantity(account, instrument, isolated) / lot;
                if lots > 0 {
                    to.push((Key { account, instrument, isolated }, lots));
                }
            }
        }
        let parts: Vec<_> = to.iter().map(|(_, lots)| share::Part { weight: *lots, most: *lots }).collect();
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
        let (gains, deficit) = (self.gains(bucket), -figures.net_value);
        let exact_e16 = deficit * E8 - (self.state.gain_e16(bucket) - figures.unrealized_pnl * E8);
        let (cuts, gets_e16) = cuts(&gains, deficit, exact_e16);
        let left_over_e16 = cuts.iter().sum::<i128>() - gets_e16;
        let keys: Vec<Key> = gains.iter().map(|gain| gain.of.key(gain.of.isolated.unwrap_or(instrument))).collect();
        let to = bucket.key(instrument);
        self.state.ledger.cut_gains(keys.iter().copied().zip(cuts.iter().copied()), to, gets_e16);
        let rule = Some(Rule::LiquidationLastResort);
        let event = Event { kind: Kind::LastResort, rule, ..Event::NOTHING };
        for ((key, gain), cut_e16) in keys.into_iter().zip(&gains).zip(cuts).filter(|(_, cut)| *cut != 0) {
            let Key { account, instrument, isolated } = key;
            let (amount, balance) = (charge_from_e16(cut_e16), gain.gain);
            let (other_account, client) = (bucket.account, isolated.into());
            self.say(Event { account, other_account, instrument, amount, balance, client, ..event }, out);
            self.state.touch(account);
        }
        let (account, balance, client) =
            (bucket.account, credit_from_e16(left_over_e16), bucket.isolated.is_some().into());
        self.say(Event { account, instrument, amount: deficit, balance, client, ..event }, out);
    }

    /// The buckets of others that gain, in the order of opening, of one account the cross one first.
    fn gains(&mut self, bucket: Bucket) -> Vec<Gain> {
        let mut found = Vec::new();
        for at in 0..self.state.order.len() {
            let account = self.state.order[at];
            let positions = self.state.ledger.of(account).positions().iter();
            let mut isolated: Vec<u32> = positions.filter(|held| held.isolated).map(|held| held.instrument).collect();
            isolated.sort_unstable();
            let buckets = std::iter::once(None).chain(isolated.into_iter().map(Some));
            for of in buckets.map(|isolated| Bucket { account, isolated }).filter(|of| *of != bucket) {
                let gain_e16 = self.state.gain_e16(of);
                if gain_e16 > 0 {
                    found.push(Gain { of, gain_e16, gain: credit_from_e16(gain_e16) });
                }
            }
        }
        found
    }
}

/// A bucket that gains: so much exactly, in 10⁻¹⁶, and as it is shown, in g.
struct Gain {
    of: Bucket,
    gain_e16: i128,
    gain: i128,
}

/// What is cut from each gain, and what the bucket gets, in 10⁻¹⁶: ⌈D·U/ΣU⌉ of gains as they are shown; where these are less than
/// the deficit, which is rounded up, everybody pays exactly what it gains, and the bucket gets exactly what it lacks.
fn cuts(gains: &[Gain], deficit: i128, exact_e16: i128) -> (Vec<i128>, i128) {
    let all: i128 = gains.iter().map(|of| of.gain).sum();
    if all >= deficit {
        let cut = |of: &Gain| ratio_up(deficit, of.gain, all).min(of.gain) * E8;
        return (gains.iter().map(cut).collect(), deficit * E8);
    }
    (gains.iter().map(|of| of.gain_e16).collect(), exact_e16)
}
