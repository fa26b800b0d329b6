//! `threshold.liquidation`: the marks at which a bucket goes into liquidation (docs/margin.md).
//!
//! Every mark and asset price of one underlying moves by p/M, all else stays. [`Moves`] divides the prices of each
//! underlying by what they have in common, once for a call; the valuation at those reduced prices gives what an account
//! has in the underlying as whole numbers, to be multiplied by t = p / (reduced price of the instrument). [`parts`] and
//! the portfolio model make a concave function of t from them, [`search`] finds where it leaves 0. No number here comes
//! from another text than the valuation's: sums, tiers, charges and roundings are its own.

pub mod bankruptcy;
mod line;
mod parts;
mod search;

pub use line::{Line, Point, Price};
pub use parts::{Parts, charged};
pub use search::Curve;

use super::account::{Account, Balance, Position};
use super::line::Discard;
use super::market::Market;
use super::portfolio::hull::gcd;
use super::portfolio::{Charged, Exposures, Scratch};
use super::sums::Sums;
use super::terms::{Contract, Terms};
use super::value::Run;
use crate::message::PriceState;
use parts::{Standard, hold};
use search::{Place, Search};

/// The prices of a call, and the same divided by what those of one underlying have in common.
#[derive(Clone, Debug)]
pub struct Moves<'a> {
    terms: &'a Terms,
    market: &'a Market,
    reduced: Market,
}

impl<'a> Moves<'a> {
    /// Lays a market out.
    pub fn new(terms: &'a Terms, market: &'a Market) -> Self {
        let instruments = || terms.instruments.iter().enumerate().map(|(at, contract)| (at, contract.underlying));
        let assets = || {
            let moved = |(at, asset): (usize, &super::collateral::Collateral)| asset.underlying.map(|of| (at, of));
            terms.assets.iter().enumerate().filter_map(moved)
        };
        let most = instruments().map(|(_, of)| of).chain(assets().map(|(_, of)| of)).max().unwrap_or(0);
        let mut common = vec![0_u64; most as usize + 1];
        let mut meet = |of: u32, price: i64| {
            common[of as usize] = gcd(common[of as usize], price.unsigned_abs());
        };
        instruments().for_each(|(at, of)| meet(of, market.mark(at as u32).price));
        assets().for_each(|(at, of)| meet(of, market.asset(at as u32).price));
        let mut reduced = market.clone();
        let part = |of: u32, price: i64| price / (common[of as usize].max(1) as i64);
        for (at, of) in instruments() {
            reduced.set_mark(terms, at, part(of, market.mark(at as u32).price), PriceState::Live);
        }
        for (at, of) in assets() {
            reduced.set_asset(terms, at, part(of, market.asset(at as u32).price), PriceState::Live);
        }
        Moves { terms, market, reduced }
    }
}

/// The liquidation prices of one position.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Threshold {
    /// Its mark, in g.
    pub mark: i64,
    /// The lowest price, in g, at which its bucket is not in liquidation; 0 where there is none.
    pub below: i64,
    /// The highest one likewise.
    pub above: i64,
    /// Equity and maintenance margin of its bucket at the mark, in g: what the valuation says too.
    pub now: (i128, i128),
}

/// Finds liquidation prices, account by account, in room that is used again.
#[derive(Debug)]
pub struct Thresholds<'a> {
    moves: &'a Moves<'a>,
    moving: Vec<(i128, &'a Contract)>,
    exposures: Exposures,
    moved: Exposures,
    scratch: Scratch,
}

impl<'a> Thresholds<'a> {
    /// Room for the accounts of a call.
    pub fn new(moves: &'a Moves<'a>) -> Self {
        Thresholds {
            moves,
            moving: Vec::new(),
            exposures: Exposures::new(),
            moved: Exposures::new(),
            scratch: Scratch::default(),
        }
    }

    /// The liquidation prices of each cross position of an account that is not flat, with its place in
    /// [`Account::cross`], underlying by underlying. The account is one that can be valued.
    #[inline(always)]
    pub fn cross(&mut self, account: &Account<'_>, mut found: impl FnMut(usize, Threshold)) {
        let terms = self.moves.terms;
        let underlying = |position: &Position| terms.instruments[position.instrument as usize].underlying;
        let held = |position: &&Position| position.quantity != 0;
        let portfolio = terms.portfolio.as_ref().filter(|_| account.portfolio);
        let level = if portfolio.is_some() { Sums::new() } else { self.level(account) };
        for (at, first) in account.cross.iter().enumerate().filter(|(_, position)| held(position)) {
            let of = underlying(first);
            if account.cross[..at].iter().filter(held).any(|before| underlying(before) == of) {
                continue;
            }
            let among = account.cross[at..].iter().zip(at..);
            let positions = among.filter(|(position, _)| held(position) && underlying(position) == of);
            match portfolio {
                None => {
                    let parts = self.standard(account, level, of);
                    let mut curve = Standard::new(parts, &self.moving);
                    positions.for_each(|(position, at)| found(at, self.moves.standard(&mut curve, position)));
                }
                Some(portfolio) => {
                    let Thresholds { moves, exposures, moved, scratch, .. } = self;
                    let parts = moves.portfolio(portfolio, account, of, [&mut *exposures, &mut *moved]);
                    let mut curve = Charged::new(portfolio, parts, of, exposures, moved, scratch);
                    positions.for_each(|(position, at)| found(at, moves.threshold::<6>(&mut curve, position)));
                }
            }
        }
    }

    /// The liquidation prices of an isolated position that is not flat.
    pub fn isolated(&mut self, account: &Account<'_>, position: &Position) -> Threshold {
        let Moves { terms, market, reduced } = self.moves;
        let (mut stays, mut moves) = (Sums::new(), Sums::new());
        let (mut sink, mut other) = (Discard::default(), Discard::default());
        Run::new(terms, market, account, &mut sink).isolated_margin(&mut stays, position);
        self.moving.clear();
        let notional = hold(&mut Run::new(terms, reduced, account, &mut other), &mut moves, position);
        self.moving.extend(notional.map(|notional| (notional, &terms.instruments[position.instrument as usize])));
        let parts = Parts::new(&stays, &moves, position.cost_e16);
        self.moves.standard(&mut Standard::new(parts, &self.moving), position)
    }

    /// The balances that no underlying moves: the same for each.
    #[inline(always)]
    fn level(&self, account: &Account<'_>) -> Sums {
        let Moves { terms, market, .. } = self.moves;
        let (mut sums, mut sink) = (Sums::new(), Discard::default());
        let mut run = Run::new(terms, market, account, &mut sink);
        let level = |balance: &&Balance| terms.assets[balance.asset as usize].underlying.is_none();
        account.balances.iter().filter(level).for_each(|balance| run.balance(&mut sums, balance));
        sums
    }

    /// The cross bucket of the standard model as an underlying moves, `stays` so far; what moves of it goes to `moving`.
    #[inline(always)]
    fn standard(&mut self, account: &Account<'_>, mut stays: Sums, of: u32) -> Parts {
        let Moves { terms, market, reduced } = self.moves;
        let (mut moves, mut cost_e16) = (Sums::new(), 0);
        let (mut sink, mut other) = (Discard::default(), Discard::default());
        let mut still = Run::new(terms, market, account, &mut sink);
        let mut moved = Run::new(terms, reduced, account, &mut other);
        self.moving.clear();
        for balance in account.balances {
            match terms.assets[balance.asset as usize].underlying {
                None => {}
                Some(other) if other == of => moved.balance(&mut moves, balance),
                Some(_) => still.balance(&mut stays, balance),
            }
        }
        for position in account.cross {
            let contract = &terms.instruments[position.instrument as usize];
            if contract.underlying == of {
                cost_e16 += position.cost_e16;
                let notional = hold(&mut moved, &mut moves, position);
                self.moving.extend(notional.map(|notional| (notional, contract)));
            } else {
                let held_e16 = hold(&mut still, &mut stays, position).unwrap_or(0);
                stays.maintenance_e24 += contract.ladder.requirements_e24(held_e16, 0).0;
            }
        }
        Parts::new(&stays, &moves, cost_e16)
    }
}

impl Moves<'_> {
    /// The cross bucket of the portfolio model as an underlying moves; exposures of what stays and of what moves.
    fn portfolio(
        &self,
        portfolio: &super::portfolio::Portfolio,
        account: &Account<'_>,
        of: u32,
        [still, moved]: [&mut Exposures; 2],
    ) -> Parts {
        let Moves { terms, market, reduced } = self;
        let (mut stays, mut moves, mut cost_e16) = (Sums::new(), Sums::new(), 0);
        let (mut sink, mut other) = (Discard::default(), Discard::default());
        let mut runs = (Run::new(terms, market, account, &mut sink), Run::new(terms, reduced, account, &mut other));
        portfolio.clear(still);
        portfolio.clear(moved);
        for balance in account.balances {
            if terms.assets[balance.asset as usize].underlying == Some(of) {
                runs.1.exposed_balance(portfolio, &mut moves, moved, balance);
            } else {
                runs.0.exposed_balance(portfolio, &mut stays, still, balance);
            }
        }
        for position in account.cross {
            if terms.instruments[position.instrument as usize].underlying == of {
                cost_e16 += position.cost_e16;
                runs.1.exposed_position(portfolio, &mut moves, moved, position);
            } else {
                runs.0.exposed_position(portfolio, &mut stays, still, position);
            }
        }
        Parts::new(&stays, &moves, cost_e16)
    }

    /// Both sides of a position's mark in the standard model, in two words where that is wide enough.
    #[inline(always)]
    fn standard(&self, curve: &mut Standard<'_>, position: &Position) -> Threshold {
        if self.reduced.mark(position.instrument).price == 1 && curve.is_narrow() {
            self.threshold::<2>(curve, position)
        } else {
            self.threshold::<4>(curve, position)
        }
    }

    /// Both sides of one position's mark.
    #[inline(always)]
    fn threshold<const N: usize>(&self, curve: &mut impl Curve, position: &Position) -> Threshold {
        let Moves { terms, market, reduced } = self;
        let mark = market.mark(position.instrument).price;
        let base = reduced.mark(position.instrument).price;
        let place = Place { mark, base, tick: terms.instruments[position.instrument as usize].tick };
        // An admitted account is within the bounds of the valuation at its mark.
        let now = curve.figures(&place.at(mark)).unwrap_or_default();
        let mut side = |below| Search::<_, N> { curve: &mut *curve, place, below }.price().unwrap_or(0);
        let [below, above] = if now.0 < now.1 { [0, 0] } else { [side(true), side(false)] };
        Threshold { mark, below, above, now }
    }
}
