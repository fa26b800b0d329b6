//! Looking at accounts: each is valued anew, and what is another than before is noted.

use super::shelf::{ACCOUNTS, Shelf};
use super::watch::{Horizon, Scout};
use super::{Cause, Change, Monitor};
use crate::margin::figures::Figures;
use crate::margin::line::Discard;
use crate::margin::portfolio::Exposures;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::sweep::assess::{IsolatedBucket, value_account};
use crate::sweep::gather::Gather;
use crate::sweep::snapshot::{Grouped, Table};
use crate::sweep::stop::Stop;
use crate::sweep::threads;

/// Below this many accounts a further thread costs more than it brings.
const ACCOUNTS_A_THREAD: usize = 4_096;

/// Up to so many accounts are few.
const FEW: usize = 4_096;

/// What a visit found.
pub(super) struct Seen {
    pub(super) account: u32,
    pub(super) status: Status,
    pub(super) horizon: Horizon,
    /// Instrument and status of the isolated buckets.
    pub(super) isolated: Vec<(u32, Status)>,
}

/// What the visits of some accounts found, and whom they could not value.
#[derive(Default)]
pub(super) struct Round {
    pub(super) seen: Vec<Seen>,
    pub(super) changes: Vec<Change>,
    pub(super) blocked: Vec<u32>,
}

impl Round {
    /// The rounds of parts of the accounts, one after the other; none where one was stopped.
    fn joined(rounds: Vec<Option<Round>>) -> Option<Round> {
        let mut rounds = rounds.into_iter();
        let mut whole = rounds.next().unwrap_or_else(|| Some(Round::default()))?;
        for round in rounds {
            let Round { seen, changes, blocked } = round?;
            whole.seen.extend(seen);
            whole.changes.extend(changes);
            whole.blocked.extend(blocked);
        }
        Some(whole)
    }
}

impl Monitor {
    /// Looks at some accounts, ascending.
    pub(super) fn visit(
        &self,
        accounts: &[u32],
        named: &[(u32, Table, u32)],
        threads: Option<usize>,
        stop: &Stop,
    ) -> Option<Round> {
        let threads = threads::worth(accounts.len(), ACCOUNTS_A_THREAD, threads);
        let shelf = |account: u32| &self.shelves[account as usize / ACCOUNTS];
        let work = |accounts: &[u32]| {
            let (mut desk, mut round) = (Desk::new(&self.terms, accounts.len() > FEW), Round::default());
            for (at, &account) in accounts.iter().enumerate() {
                if stop.asked_at(at) {
                    return None;
                }
                desk.gather.begin();
                self.look(shelf(account), &shelf(account).grouped(), account, &mut desk, named, &mut round);
            }
            Some(round)
        };
        Round::joined(threads::run(accounts.chunks(accounts.len().div_ceil(threads).max(1)), work))
    }

    /// Looks at every account.
    pub(super) fn visit_all(&self, named: &[(u32, Table, u32)], threads: Option<usize>, stop: &Stop) -> Option<Round> {
        let threads = threads::worth(self.accounts, ACCOUNTS_A_THREAD, threads);
        let size = self.shelves.len().div_ceil(threads).max(1);
        let work = |(first, shelves): (usize, &[Shelf])| {
            let (mut desk, mut round) = (Desk::new(&self.terms, true), Round::default());
            for (shelf, at) in shelves.iter().zip(first * size..) {
                if stop.asked() {
                    return None;
                }
                let data = shelf.grouped();
                desk.gather.begin();
                for local in 0..shelf.status.len() {
                    self.look(shelf, &data, (at * ACCOUNTS + local) as u32, &mut desk, named, &mut round);
                }
            }
            Some(round)
        };
        Round::joined(threads::run(self.shelves.chunks(size).enumerate(), work))
    }

    /// Values one account and notes what is another than before.
    #[inline(always)]
    fn look(
        &self,
        shelf: &Shelf,
        data: &Grouped<'_>,
        account: u32,
        desk: &mut Desk<'_>,
        named: &[(u32, Table, u32)],
        round: &mut Round,
    ) {
        let local = account % ACCOUNTS as u32;
        let (Desk { gather, exposures, buckets, scout }, mut sink) = (desk, Discard::default());
        buckets.clear();
        gather.account(data, local as usize, |_, _| false, |_| sink.blocked = true);
        let (terms, market) = (&self.terms, &self.market);
        let figures = value_account(terms, market, gather, local as usize, exposures, &mut sink, buckets);
        if sink.blocked {
            round.blocked.push(account);
            return;
        }
        let view = gather.view();
        let horizon = scout.horizon(terms, market, &view, &figures, buckets);
        let known = &shelf.isolated[shelf.isolated_of(local)];
        let known = known.iter().map(|(_, instrument, status)| (*instrument, *status));
        differences(shelf.status[local as usize], known, &figures, buckets, |difference| {
            let Difference { instrument, before, after, equity, maintenance_margin } = difference;
            let cause = cause(account, named);
            round.changes.push(Change { account, instrument, before, after, equity, maintenance_margin, cause });
        });
        let isolated = buckets.iter().map(|bucket| (bucket.instrument, bucket.figures.status)).collect();
        round.seen.push(Seen { account, status: figures.status, horizon, isolated });
    }
}

/// A bucket whose status is another one than before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Difference {
    /// The instrument of an isolated position; none for cross.
    pub instrument: Option<u32>,
    /// The status before; what was not there was healthy.
    pub before: Status,
    /// The status now; what is no longer there is healthy.
    pub after: Status,
    /// Equity, in g.
    pub equity: i128,
    /// Maintenance margin, in g.
    pub maintenance_margin: i128,
}

/// Which buckets of an account have another status than is known, cross before isolated, those that are no more last.
#[inline(always)]
pub fn differences(
    cross: Status,
    known: impl Iterator<Item = (u32, Status)> + Clone,
    figures: &Figures,
    buckets: &[IsolatedBucket],
    mut tell: impl FnMut(Difference),
) {
    let mut compare = |instrument, before, after, equity, maintenance_margin| {
        if before != after {
            tell(Difference { instrument, before, after, equity, maintenance_margin });
        }
    };
    compare(None, cross, figures.status, figures.equity, figures.maintenance_margin);
    for bucket in buckets {
        let before = known.clone().find(|(instrument, _)| *instrument == bucket.instrument);
        let before = before.map_or(Status::Healthy, |(_, status)| status);
        let Figures { status, equity, maintenance_margin, .. } = bucket.figures;
        compare(Some(bucket.instrument), before, status, equity, maintenance_margin);
    }
    for (instrument, before) in known {
        if buckets.iter().all(|bucket| bucket.instrument != instrument) {
            compare(Some(instrument), before, Status::Healthy, 0, 0);
        }
    }
}

/// Where accounts are laid out.
struct Desk<'a> {
    gather: Gather<'a>,
    exposures: Exposures,
    buckets: Vec<IsolatedBucket>,
    scout: Scout,
}

impl<'a> Desk<'a> {
    fn new(terms: &'a Terms, many: bool) -> Self {
        Desk { gather: Gather::new(terms), exposures: Exposures::new(), buckets: Vec::new(), scout: Scout::new(many) }
    }
}

/// The first table that names an account, else prices.
fn cause(account: u32, named: &[(u32, Table, u32)]) -> Cause {
    let at = named.partition_point(|(named, ..)| *named < account);
    match named.get(at).filter(|(named, ..)| *named == account) {
        Some((_, Table::Positions, _)) => Cause::Positions,
        Some((_, Table::Balances, _)) => Cause::Balances,
        Some((_, Table::Orders, _)) => Cause::Orders,
        Some((_, Table::Accounts, _)) => Cause::Accounts,
        None => Cause::Prices,
    }
}
