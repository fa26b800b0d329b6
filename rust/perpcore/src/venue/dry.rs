//! What another rulebook would do to everybody (`rulebook.activate`): at the last prices, with the same positions and orders.
//! Nothing changes.
//!
//! A price that may not be used today may be used tomorrow, and then it forces. So both rulebooks are asked at the last prices
//! whatever their states: an account that is undecided now has the status that it would have without that.

use super::Venue;
use super::desk::{Desk, Manner};
use super::prices::Prices;
use super::state::Books;
use crate::margin::figures::Figures;
use crate::margin::line::Noted;
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::message::{FUND, PriceState};
use crate::num::round::charge_from_e16;
use crate::num::{ONE, times};
use crate::rules::Rulebook;
use smallvec::SmallVec;

/// A bucket whose status would change, or a position that would pass its limit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Impact {
    /// Whose it is.
    pub account: u32,
    /// The instrument of an isolated bucket, or of a position; none for the cross bucket.
    pub instrument: Option<u32>,
    /// Status now and then, at the last prices whatever their states; none where it is about a limit.
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

/// The status of the cross bucket, and of the isolated ones by instrument.
type Statuses = SmallVec<[(Option<u32>, Status); 2]>;

/// Whether a bucket is closed by force.
fn is_forced(status: Status) -> bool {
    matches!(status, Status::Liquidation | Status::Bankrupt)
}

/// The prices of a venue under some terms, in the states that are made of theirs.
pub(super) fn market_of(terms: &Terms, prices: &Prices, state: impl Fn(PriceState) -> PriceState) -> Market {
    let mut market = Market::untold(terms);
    for (at, of) in prices.instruments.iter().enumerate().filter(|(_, of)| of.price != 0) {
        market.set_mark(terms, at, of.price, state(of.state));
    }
    for of in prices.underlyings.iter().filter(|of| of.now.price != 0) {
        let (price, state) = (of.now.price, state(of.now.state));
        of.assets.iter().for_each(|asset| market.set_asset(terms, *asset as usize, price, state));
    }
    for (at, told) in prices.assets.iter().enumerate().filter(|(_, told)| told.price != 0) {
        market.set_asset(terms, at, told.price, state(told.state));
    }
    market
}

/// A rulebook and the last prices under it.
struct Under<'a> {
    terms: &'a Terms,
    market: Market,
}

impl<'a> Under<'a> {
    fn new(terms: &'a Terms, prices: &Prices) -> Under<'a> {
        Under { terms, market: market_of(terms, prices, |_| PriceState::Live) }
    }

    fn value(&self, instrument: u32, quantity: i64) -> i128 {
        times(quantity.abs(), self.market.mark(instrument).price)
    }
}

impl Venue {
    /// What another rulebook would do, account by account in the order of their opening: the cross bucket, the isolated ones
    /// by instrument, then positions beyond their limits; none where it could not follow the one in force.
    pub fn dry_run(&self, rules: &Rulebook) -> Option<Vec<Impact>> {
        self.fitting(rules).ok().map(|rules| self.impacts(&rules))
    }

    /// The same of a rulebook that is fitting.
    fn impacts(&self, rules: &Rulebook) -> Vec<Impact> {
        let terms = Terms::new(rules);
        let prices = &self.state.prices;
        let [now, then] = [&*self.state.terms, &terms].map(|terms| Under::new(terms, prices));
        let (mut desk, mut found) = (Desk::default(), Vec::new());
        for &account in &self.state.order {
            if account != FUND && self.state.member(account).is_err() {
                continue;
            }
            self.statuses_change(account, [&now, &then], &mut desk, &mut found);
            if account != FUND {
                self.limits_are_passed(account, rules, &then, &mut found);
            }
        }
        found
    }

    /// Notional that would be forced, in g.
    pub(super) fn forced_by(&self, rules: &Rulebook) -> i128 {
        self.impacts(rules).iter().map(|impact| impact.forced).sum()
    }

    /// Values an account under a rulebook: the cross figures; the isolated ones go to the buckets of the desk.
    fn valued_under(&self, account: u32, under: &Under<'_>, desk: &mut Desk) -> Figures {
        let manner = match self.state.member(account) {
            Ok(member) => Manner {
                taker_fee: under.terms.taker_fees[member.fee_tier],
                portfolio: member.portfolio && under.terms.portfolio.is_some(),
                leverage: member.leverage,
            },
            Err(_) => self.state.manner(account),
        };
        desk.lay_bare(&self.state.ledger, account, &manner);
        desk.lay_orders(&Books::resting(&self.books, &self.state.lots), account, manner.leverage, 0, None);
        // What has no price yet hides nothing: it counts as if it were not there.
        desk.leave_out_assets(|asset| under.market.asset(asset).price == 0);
        let mut noted = Noted::default();
        let mut cross = desk.value(under.terms, &under.market, &mut noted);
        if noted.0.is_some() {
            cross.status = Status::Undecided;
            desk.buckets.iter_mut().for_each(|bucket| bucket.figures.status = Status::Undecided);
        }
        cross
    }

    /// The statuses that an account has now: as they were last seen, or at the last prices where that is undecided.
    fn statuses_now(&self, account: u32, now: &Under<'_>, desk: &mut Desk) -> Statuses {
        if let Ok(member) = self.state.member(account) {
            let isolated = member.isolated.iter().map(|(instrument, status)| (Some(*instrument), *status));
            let seen: Statuses = std::iter::once((None, member.status)).chain(isolated).collect();
            if seen.iter().all(|(_, status)| *status != Status::Undecided) {
                return seen;
            }
        }
        let cross = self.valued_under(account, now, desk);
        let isolated = desk.buckets.iter().map(|of| (Some(of.instrument), of.figures.status));
        std::iter::once((None, cross.status)).chain(isolated).collect()
    }

    fn statuses_change(&self, account: u32, [now, then]: [&Under<'_>; 2], desk: &mut Desk, found: &mut Vec<Impact>) {
        let known = self.statuses_now(account, now, desk);
        let cross = self.valued_under(account, then, desk);
        let isolated = desk.buckets.iter().map(|of| (Some(of.instrument), of.figures));
        for (instrument, figures) in std::iter::once((None, cross)).chain(isolated) {
            let before = known.iter().find(|(of, _)| *of == instrument).map_or(Status::Healthy, |(_, status)| *status);
            let Figures { status: after, equity, maintenance_margin, .. } = figures;
            if after == before {
                continue;
            }
            let held = self.state.ledger.of(account).positions().iter();
            let held = held.filter(|held| match instrument {
                None => !held.isolated,
                Some(instrument) => held.isolated && held.instrument == instrument,
            });
            let notional = charge_from_e16(held.map(|held| then.value(held.instrument, held.quantity)).sum());
            let forced = if is_forced(after) && !is_forced(before) { notional } else { 0 };
            let statuses = Some([before, after]);
            let limit = None;
            found.push(Impact { account, instrument, statuses, equity, maintenance_margin, notional, forced, limit });
        }
    }

    fn limits_are_passed(&self, account: u32, rules: &Rulebook, then: &Under<'_>, found: &mut Vec<Impact>) {
        let holdings = self.state.ledger.of(account);
        for (at, instrument) in rules.instruments().iter().enumerate() {
            let Some(limit) = instrument.limits.position else { continue };
            let held = [false, true].map(|isolated| holdings.position(at as u32, isolated).map_or(0, |of| of.quantity));
            let side = |long: bool| held.iter().filter(|held| (**held > 0) == long).sum::<i64>();
            let quantity = side(true).max(-side(false));
            let size = i128::from(then.terms.instruments[at].contract_size);
            let contracts = (i128::from(quantity.abs()) * i128::from(ONE) / size) as i64;
            if contracts > limit {
                found.push(Impact {
                    account,
                    instrument: Some(at as u32),
                    statuses: None,
                    equity: 0,
                    maintenance_margin: 0,
                    notional: charge_from_e16(then.value(at as u32, quantity)),
                    forced: 0,
                    limit: Some([limit, contracts - limit]),
                });
            }
        }
    }
}
