//! What another rulebook would do to everybody (`rulebook.activate`): at the same prices, with the same positions and orders.
//! Nothing changes.

use super::Venue;
use super::desk::{Desk, Manner};
use super::prices::Prices;
use super::state::Books;
use crate::margin::line::Noted;
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::num::round::charge_from_e16;
use crate::num::{ONE, times};
use crate::rules::Rulebook;

/// A bucket whose status would change, or a position that would pass its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impact {
    /// Whose it is.
    pub account: u32,
    /// The instrument of an isolated bucket, or of a position; none for the cross bucket.
    pub instrument: Option<u32>,
    /// Status now and then; none where it is about a limit.
    pub statuses: Option<[Status; 2]>,
    /// Of the bucket under the other rulebook, in g.
    pub equity: i128,
    /// The same.
    pub maintenance_margin: i128,
    /// Σ|Q|·M, up, in g.
    pub notional: i128,
    /// What of it would be liquidated, in g.
    pub forced: i128,
    /// The limit of a position and what is beyond it, contracts in g.
    pub limit: Option<[i64; 2]>,
}

/// Whether a bucket is closed by force.
fn is_forced(status: Status) -> bool {
    matches!(status, Status::Liquidation | Status::Bankrupt)
}

/// The prices of a venue under some terms.
pub(super) fn market_of(terms: &Terms, prices: &Prices) -> Market {
    let mut market = Market::untold(terms);
    for (at, of) in prices.instruments.iter().enumerate().filter(|(_, of)| of.price != 0) {
        market.set_mark(terms, at, of.price, of.state);
    }
    for of in prices.underlyings.iter().filter(|of| of.now.price != 0) {
        of.assets.iter().for_each(|asset| market.set_asset(terms, *asset as usize, of.now.price, of.now.state));
    }
    for (at, told) in prices.assets.iter().enumerate().filter(|(_, told)| told.price != 0) {
        market.set_asset(terms, at, told.price, told.state);
    }
    market
}

impl Venue {
    /// What another rulebook would do, account by account in the order of their opening: the cross bucket, the isolated ones
    /// by instrument, then positions beyond their limits; none where it could not follow the one in force.
    pub fn dry_run(&self, rules: &Rulebook) -> Option<Vec<Impact>> {
        self.fitting(rules).ok().map(|rules| self.impacts(&rules))
    }

    /// The same of a rulebook that is fitting.
    pub(super) fn impacts(&self, rules: &Rulebook) -> Vec<Impact> {
        let terms = Terms::new(rules);
        let market = market_of(&terms, &self.state.prices);
        let (mut desk, mut found) = (Desk::default(), Vec::new());
        for account in self.accounts() {
            self.impact(account, rules, &terms, &market, &mut desk, &mut found);
        }
        found
    }

    /// Notional that would be forced, in g.
    pub(super) fn forced_by(&self, rules: &Rulebook) -> i128 {
        self.impacts(rules).iter().map(|impact| impact.forced).sum()
    }

    fn impact(
        &self,
        account: u32,
        rules: &Rulebook,
        terms: &Terms,
        market: &Market,
        desk: &mut Desk,
        found: &mut Vec<Impact>,
    ) {
        let Ok(member) = self.state.member(account) else { return };
        let manner = Manner {
            taker_fee: terms.taker_fees[member.fee_tier],
            portfolio: member.portfolio && terms.portfolio.is_some(),
            leverage: member.leverage,
        };
        let holdings = self.state.ledger.of(account);
        desk.lay(holdings, &manner);
        desk.lay_orders(&Books::resting(&self.books, &self.state.lots), account, manner.leverage, 0, None);
        let mut noted = Noted::default();
        let cross = desk.value(terms, market, &mut noted);
        let unknown = noted.0.is_some();
        let value = |instrument: u32, quantity: i64| times(quantity.abs(), market.mark(instrument).price);
        let of_bucket = |isolated: Option<u32>| {
            let held = holdings.positions().iter().filter(|held| match isolated {
                None => !held.isolated,
                Some(instrument) => held.isolated && held.instrument == instrument,
            });
            charge_from_e16(held.map(|held| value(held.instrument, held.quantity)).sum())
        };
        let isolated_before = |instrument: u32| {
            let known = member.isolated.iter().find(|(of, _)| *of == instrument);
            known.map_or(Status::Healthy, |(_, status)| *status)
        };
        let isolated = desk.buckets.iter().map(|of| (Some(of.instrument), isolated_before(of.instrument), of.figures));
        for (instrument, before, figures) in std::iter::once((None, member.status, cross)).chain(isolated) {
            let after = if unknown { Status::Undecided } else { figures.status };
            if after == before {
                continue;
            }
            let notional = of_bucket(instrument);
            let forced = if is_forced(after) && !is_forced(before) { notional } else { 0 };
            let (equity, maintenance_margin, statuses) =
                (figures.equity, figures.maintenance_margin, Some([before, after]));
            let limit = None;
            found.push(Impact { account, instrument, statuses, equity, maintenance_margin, notional, forced, limit });
        }
        for (at, instrument) in rules.instruments().iter().enumerate() {
            let Some(limit) = instrument.limits.position else { continue };
            let held = [false, true].map(|isolated| holdings.position(at as u32, isolated).map_or(0, |of| of.quantity));
            let quantity = held[0] + held[1];
            let size = i128::from(terms.instruments[at].contract_size);
            let contracts = (i128::from(quantity.abs()) * i128::from(ONE) / size) as i64;
            if contracts > limit {
                let notional = charge_from_e16(value(at as u32, quantity));
                let (instrument, limit) = (Some(at as u32), Some([limit, contracts - limit]));
                let none = Impact {
                    account,
                    instrument,
                    statuses: None,
                    equity: 0,
                    maintenance_margin: 0,
                    notional,
                    forced: 0,
                    limit,
                };
                found.push(none);
            }
        }
    }
}
