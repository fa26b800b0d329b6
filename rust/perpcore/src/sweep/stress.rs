//! A book under joint moves: every bucket valued again at the moved prices, its status counted, its figures added up.

use super::assess::{AccountColumns, IsolatedBucket, Sweep};
use super::snapshot::Grouped;
use super::stop::Stop;
use super::threads;
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use std::cmp::Reverse;
use std::ops::Range;

/// How many statuses a valued bucket may have: all but [`Status::Unknown`].
pub const STATUSES: usize = Status::Unknown as usize;

/// A bucket whose net value is below 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bankrupt {
    /// The account's place.
    pub account: u32,
    /// The instrument of an isolated position; none for cross.
    pub instrument: Option<u32>,
    /// Equity, in g.
    pub equity: i128,
    /// Maintenance margin, in g.
    pub maintenance_margin: i128,
    /// −net value, in g.
    pub deficit: i128,
}

/// All buckets of a book in one scenario; money in g.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Stressed {
    /// How many buckets have each status, by its place in [`Status::ALL`].
    pub counts: [u64; STATUSES],
    /// Σ equity.
    pub equity: i128,
    /// Σ initial margin.
    pub initial_margin: i128,
    /// Σ maintenance margin.
    pub maintenance_margin: i128,
    /// Σ −net value of the bankrupt.
    pub deficit: i128,
    /// The bankrupt with the largest deficits, the largest first, then by account; as many as were asked for.
    pub largest: Vec<Bankrupt>,
    /// The first account that could not be valued at these prices; then the rest means nothing.
    pub blocked: Option<u32>,
}

/// Accounts that are valued in all scenarios before the next ones, so that what is read and written stays near.
const CHUNK: usize = 4_096;
/// Scenarios that are laid out at a time.
const LAID_OUT: usize = 64;
/// Below this many valuations a further thread costs more than it brings.
const VALUATIONS_A_THREAD: usize = 12_500;

/// Values the book at each market. `largest` bankrupt buckets are named a market; `threads` is an upper limit, none lets
/// the size of the work decide; the result does not depend on it. None where `stop` ended the work.
pub fn stress(
    terms: &Terms,
    markets: &[Market],
    data: &Grouped<'_>,
    largest: usize,
    threads: Option<usize>,
    stop: &Stop,
) -> Option<Vec<Stressed>> {
    let accounts = data.snapshot.accounts;
    let threads = threads::worth(accounts.saturating_mul(markets.len()), VALUATIONS_A_THREAD, threads);
    let size = accounts.div_ceil(threads).next_multiple_of(CHUNK).max(1);
    let ranges = (0..accounts).step_by(size).map(|from| from..accounts.min(from + size));
    let walk = Walk { terms, markets, data, largest, stop };
    let mut all = vec![Stressed::default(); markets.len()];
    for part in threads::run(ranges, |accounts| walk.part(&accounts)) {
        all.iter_mut().zip(part?).for_each(|(sum, more)| sum.join(more, largest));
    }
    Some(all)
}

/// What a call goes over.
struct Walk<'a> {
    terms: &'a Terms,
    markets: &'a [Market],
    data: &'a Grouped<'a>,
    largest: usize,
    stop: &'a Stop,
}

impl Walk<'_> {
    /// Some accounts at every market.
    fn part(&self, accounts: &Range<usize>) -> Option<Vec<Stressed>> {
        let mut all = vec![Stressed::default(); self.markets.len()];
        for (markets, sums) in self.markets.chunks(LAID_OUT).zip(all.chunks_mut(LAID_OUT)) {
            let sweep = |market| Sweep::new(self.terms, market, self.data, self.stop);
            let sweeps: Vec<_> = markets.iter().map(sweep).collect();
            for from in accounts.clone().step_by(CHUNK) {
                let mut columns = AccountColumns::new(CHUNK.min(accounts.end - from));
                for (sweep, sum) in sweeps.iter().zip(sums.iter_mut()) {
                    let Some(out) = columns.split(CHUNK).next() else { continue };
                    let part = sweep.part(from, out)?;
                    sum.blocked = sum.blocked.or(part.blocked.first().copied());
                    sum.add_accounts(&columns, from, self.largest > 0);
                    part.isolated.iter().for_each(|bucket| sum.add_isolated(bucket, self.largest > 0));
                    sum.keep_largest(self.largest);
                }
            }
        }
        Some(all)
    }
}

impl Stressed {
    /// Adds the cross buckets of the accounts from `first` on.
    fn add_accounts(&mut self, columns: &AccountColumns, first: usize, named: bool) {
        // The order of `Figures::money`.
        let [equity, net_value, .., initial, _, maintenance, _, _] = &columns.money;
        for (at, &status) in columns.status.iter().enumerate() {
            // What could not be valued is counted nowhere: it ends the call.
            let Some(count) = self.counts.get_mut(status as usize) else { continue };
            *count += 1;
            if status == Status::Bankrupt as i8 {
                self.add_bankrupt(
                    Bankrupt {
                        account: (first + at) as u32,
                        instrument: None,
                        equity: equity[at],
                        maintenance_margin: maintenance[at],
                        deficit: -net_value[at],
                    },
                    named,
                );
            }
        }
        self.equity += equity.iter().sum::<i128>();
        self.initial_margin += initial.iter().sum::<i128>();
        self.maintenance_margin += maintenance.iter().sum::<i128>();
    }

    fn add_isolated(&mut self, bucket: &IsolatedBucket, named: bool) {
        let figures = &bucket.figures;
        self.counts[figures.status as usize] += 1;
        self.equity += figures.equity;
        self.initial_margin += figures.initial_margin;
        self.maintenance_margin += figures.maintenance_margin;
        if figures.status == Status::Bankrupt {
            self.add_bankrupt(
                Bankrupt {
                    account: bucket.account,
                    instrument: Some(bucket.instrument),
                    equity: figures.equity,
                    maintenance_margin: figures.maintenance_margin,
                    deficit: -figures.net_value,
                },
                named,
            );
        }
    }

    /// Adds a deficit; who owes it is kept only where somebody asks.
    fn add_bankrupt(&mut self, bankrupt: Bankrupt, named: bool) {
        self.deficit += bankrupt.deficit;
        if named {
            self.largest.push(bankrupt);
        }
    }

    fn keep_largest(&mut self, most: usize) {
        self.largest.sort_unstable_by_key(|bucket| (Reverse(bucket.deficit), bucket.account, bucket.instrument));
        self.largest.truncate(most);
    }

    /// Adds what other accounts come to.
    fn join(&mut self, other: Stressed, largest: usize) {
        self.counts.iter_mut().zip(other.counts).for_each(|(count, more)| *count += more);
        self.equity += other.equity;
        self.initial_margin += other.initial_margin;
        self.maintenance_margin += other.maintenance_margin;
        self.deficit += other.deficit;
        self.largest.extend(other.largest);
        self.keep_largest(largest);
        self.blocked = self.blocked.or(other.blocked);
    }
}
