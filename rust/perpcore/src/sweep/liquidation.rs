//! The whole book's liquidation prices (`threshold.liquidation`), and how they lie beside each other.

use super::gather::Gather;
use super::snapshot::Grouped;
use super::stop::Stop;
use super::threads;
use crate::margin::market::Market;
use crate::margin::terms::Terms;
use crate::margin::threshold::{Moves, Threshold, Thresholds};
use crate::num::bounds::PRICE;
use crate::num::times;
use std::collections::BTreeMap;
use std::ops::Range;

/// One position that is not flat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LiquidationPrice {
    /// The account's place.
    pub account: u32,
    /// The instrument by the rulebook's index.
    pub instrument: u32,
    /// Whether it is isolated.
    pub isolated: bool,
    /// Base quantity Q in g.
    pub quantity: i64,
    /// Its mark, in g.
    pub mark: i64,
    /// The lowest price, in g, at which its bucket is not in liquidation; 0 where there is none.
    pub below: i64,
    /// The highest one likewise.
    pub above: i64,
}

/// A bucket at its marks: its account, the first row of an isolated position, equity and maintenance margin in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// The account's place.
    pub account: u32,
    /// The first row of an isolated position's key; none for cross.
    pub first_row: Option<u32>,
    /// Equity.
    pub equity: i128,
    /// Maintenance margin.
    pub maintenance: i128,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// A bucket did not stand as `agrees` knows it.
    Disagreed,
    /// `stop` was asked for.
    Stopped,
}

/// Below this many accounts a further thread costs more than it brings.
const ACCOUNTS_A_THREAD: usize = 2_500;

/// What a call of [`liquidation_prices`] goes over.
pub struct Scope<'a> {
    /// The rulebook.
    pub terms: &'a Terms,
    /// The prices.
    pub market: &'a Market,
    /// The book.
    pub data: &'a Grouped<'a>,
    /// Whether an account was valued; others have no rows.
    pub valued: &'a (dyn Fn(u32) -> bool + Sync),
    /// Whether a bucket stands as the valuation found it.
    pub agrees: &'a (dyn Fn(&Standing) -> bool + Sync),
}

/// The liquidation prices of every position that is not flat, by account; cross positions in the order that an account
/// has them, then isolated ones. `threads` is an upper limit; the result does not depend on it.
///
/// # Errors
/// Where a bucket does not stand as it did when it was valued, and where `stop` ended the work.
pub fn liquidation_prices(
    scope: &Scope<'_>,
    accounts: Range<usize>,
    threads: Option<usize>,
    stop: &Stop,
) -> Result<Vec<LiquidationPrice>, Ended> {
    let threads = threads::worth(accounts.len(), ACCOUNTS_A_THREAD, threads);
    let moves = Moves::new(scope.terms, scope.market);
    let size = accounts.len().div_ceil(threads).max(1);
    let ranges = accounts.clone().step_by(size).map(|from| from..accounts.end.min(from + size));
    let parts = threads::run(ranges, |range| scope.part(&moves, range, stop));
    let mut parts = parts.into_iter();
    let mut all = parts.next().unwrap_or(Ok(Vec::new()))?;
    for part in parts {
        all.extend(part?);
    }
    Ok(all)
}

impl Scope<'_> {
    fn part(&self, moves: &Moves<'_>, accounts: Range<usize>, stop: &Stop) -> Result<Vec<LiquidationPrice>, Ended> {
        let mut gather = Gather::new(self.terms);
        let mut thresholds = Thresholds::new(moves);
        let mut found: Vec<LiquidationPrice> = Vec::with_capacity(2 * accounts.len());
        let mut places = Vec::new();
        for (at, account) in accounts.enumerate() {
            // An account takes longer than in a valuation, so it is asked more often.
            if at.is_multiple_of(256) && stop.asked() {
                return Err(Ended::Stopped);
            }
            if !(self.valued)(account as u32) {
                continue;
            }
            gather.account(self.data, account, |_, _| false, |_| ());
            let (view, mut agree) = (gather.view(), true);
            let account = account as u32;
            let mut push = |position: &crate::margin::account::Position,
                            isolated: Option<usize>,
                            found: &mut Vec<_>,
                            threshold| {
                let Threshold { mark, below, above, now: (equity, maintenance) } = threshold;
                let first_row = isolated.map(|at| gather.first_row(at));
                agree &= (self.agrees)(&Standing { account, first_row, equity, maintenance });
                let (instrument, quantity) = (position.instrument, position.quantity as i64);
                let isolated = isolated.is_some();
                found.push(LiquidationPrice { account, instrument, isolated, quantity, mark, below, above });
            };
            let from = found.len();
            places.clear();
            thresholds.cross(&view, |at, threshold| {
                places.push(at);
                push(&view.cross[at], None, &mut found, threshold);
            });
            if !places.is_sorted() {
                in_order(&mut found[from..], &places);
            }
            for (at, position) in view.isolated.iter().enumerate().filter(|(_, position)| position.quantity != 0) {
                push(position, Some(at), &mut found, thresholds.isolated(&view, position));
            }
            if !agree {
                return Err(Ended::Disagreed);
            }
        }
        Ok(found)
    }
}

/// Puts rows in the order of their places, which are as many.
#[cold]
fn in_order(rows: &mut [LiquidationPrice], places: &[usize]) {
    let mut placed: Vec<_> = places.iter().copied().zip(rows.iter().copied()).collect();
    placed.sort_unstable_by_key(|(place, _)| *place);
    rows.iter_mut().zip(placed).for_each(|(row, (_, placed))| *row = placed);
}

/// What a range of prices liquidates of one instrument.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rung {
    /// Where the range begins, in g: on the side of the mark inclusive where it is above the mark, else exclusive.
    pub from: i64,
    /// Where it ends.
    pub to: i64,
    /// Σ|Q|·M of long positions, in 10⁻¹⁶.
    pub long_e16: i128,
    /// Σ|Q|·M of short positions, in 10⁻¹⁶.
    pub short_e16: i128,
    /// How many positions.
    pub buckets: u64,
}

/// How many ranges of one step there are on either side of the mark; one more takes what lies beyond.
pub const MOST_STEPS: i64 = 50;

/// The notional at the mark of one instrument by the price that liquidates it, in ranges of `step` counted from the mark:
/// below it (from, to], above it [from, to). Only ranges that hold something, lowest first.
pub fn ladder(prices: &[LiquidationPrice], instrument: u32, step: i64) -> Vec<Rung> {
    let mut rungs: BTreeMap<i64, Rung> = BTreeMap::new();
    for row in prices.iter().filter(|row| row.instrument == instrument) {
        let sides = [(row.below, row.mark - row.below), (row.above, row.above - row.mark)];
        for (below, (price, distance)) in [true, false].into_iter().zip(sides) {
            if price == 0 {
                continue;
            }
            let steps = (distance / step).min(MOST_STEPS);
            let rung = rungs.entry(if below { -1 - steps } else { steps }).or_insert_with(|| {
                let near = steps * step;
                let room = if below { row.mark } else { PRICE.max as i64 - row.mark };
                let far = if steps == MOST_STEPS { room } else { (near + step).min(room) };
                match below {
                    true => Rung { from: row.mark - far, to: row.mark - near, ..Rung::default() },
                    false => Rung { from: row.mark + near, to: row.mark + far, ..Rung::default() },
                }
            });
            let sum = if row.quantity > 0 { &mut rung.long_e16 } else { &mut rung.short_e16 };
            *sum += times(row.quantity.abs(), row.mark);
            rung.buckets += 1;
        }
    }
    rungs.into_values().collect()
}
