//! Who may be deleveraged (`adl.rank`): positions of one side whose buckets are in order, and the lights that show clients where
//! they stand.

use super::Bucket;
use super::adl::Loss;
use crate::liquidation::plan::Fallen;
use crate::liquidation::rank::{Counterparty, lights};
use crate::margin::status::Status;
use crate::message::{FUND, Side};
use crate::num::times;
use crate::venue::Venue;
use crate::venue::desk::Desk;
use crate::venue::state::State;

/// A row of the table `rank_lights`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Light {
    /// The account.
    pub account: u32,
    /// Whether it is the isolated position.
    pub isolated: bool,
    /// Contracts in g.
    pub quantity: i64,
    /// In which fifth of its side's quantity it stands: of 1 those who are deleveraged first.
    pub light: u8,
}

impl State {
    /// Positions of some accounts on a side of an instrument whose buckets are in order; with a loss, as much of each as may be
    /// deleveraged at it.
    fn ranked(&self, accounts: &[u32], instrument: u32, side: Side, loss: Option<&Loss>) -> Vec<Counterparty> {
        let (mut desk, mut found) = (Desk::default(), Vec::with_capacity(accounts.len()));
        let (mark, lot) = (self.market.mark(instrument).price, self.lots[instrument as usize]);
        for &account in accounts.iter().filter(|account| **account != FUND) {
            for isolated in [false, true] {
                let Some(held) = self.ledger.of(account).position(instrument, isolated) else { continue };
                if held.quantity * side.sign() <= 0 {
                    continue;
                }
                desk.lay(self.ledger.of(account), &self.manner(account));
                let bucket = Bucket { account, isolated: isolated.then_some(instrument) };
                let Some(figures) = desk.bucket(&self.terms, &self.market, bucket) else { continue };
                if figures.status == Status::Undecided || Fallen::of(&figures).is_due() {
                    continue;
                }
                let at_most = figures.net_value.min(figures.unrealized_pnl.max(0));
                let lots = held.quantity.abs() / lot;
                found.push(Counterparty {
                    account,
                    isolated,
                    lots,
                    most: loss.map_or(lots, |loss| loss.most(lots, at_most)),
                    at_most,
                    pnl_e16: times(held.quantity, mark) - held.cost_e16,
                    cost_e16: held.cost_e16,
                    maintenance: figures.maintenance_margin,
                    net_value: figures.net_value,
                });
            }
        }
        found
    }
}

impl Venue {
    /// Positions that may be deleveraged for a bucket's, in the order of opening.
    pub(super) fn against(&self, bucket: Bucket, instrument: u32, loss: &Loss) -> Vec<Counterparty> {
        let mut holders = self.holders_of(instrument);
        holders.retain(|account| *account != bucket.account);
        self.state.ranked(&holders, instrument, Side::of(-loss.closing.quantity), Some(loss))
    }

    /// Where positions of an instrument stand that may be deleveraged, by the score: longs, then shorts, each in the order of
    /// opening.
    pub fn lights(&self, instrument: u32) -> Vec<Light> {
        let holders = self.holders_of(instrument);
        let side = |side: Side| {
            let all = self.state.ranked(&holders, instrument, side, None);
            let light = move |(of, light): (&Counterparty, u8)| Light {
                account: of.account,
                isolated: of.isolated,
                quantity: self.contracts(instrument, side, of.lots),
                light,
            };
            all.iter().zip(lights(&all)).map(light).collect::<Vec<_>>()
        };
        [side(Side::Bid), side(Side::Ask)].concat()
    }
}
