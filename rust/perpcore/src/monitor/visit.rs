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
        let cause = || cause(account, named);
        let mut change = |instrument, before, after, figures: &Figures| {
            if before != after {
                let &Figures { equity, maintenance_margin, .. } = figures;
                let cause = cause();
                round.changes.push(Change { account, instrument, before, after, equity, maintenance_margin, cause });
            }
        };
        change(None, shelf.status[local as usize], figures.status, &figures);
        let known = &shelf.isolated[shelf.isolated_of(local)];
        for bucket in buckets.iter() {
            let before = known.iter().find(|(_, instrument, _)| *instrument == bucket.instrument);
            let before = before.map_or(Status::Healthy, |(.., status)| *status);
            change(Some(bucket.instrument), before, bucket.figures.status, &bucket.figures);
        }
        for &(_, instrument, before) in known {
            if buckets.iter().all(|bucket| bucket.instrument != instrument) {
                change(Some(instrument), before, Status::Healthy, &NOTHING);
            }
        }
        let isolated = buckets.iter().map(|bucket| (bucket.instrument, bucket.figures.status)).collect();
        round.seen.push(Seen { account, status: figures.status, horizon, isolated });
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

/// The figures of a bucket that is no longer there.
const NOTHING: Figures = Figures {
    equity: 0,
    net_value: 0,
    collateral_value: 0,
    unrealized_pnl: 0,
    accrued_funding: 0,
    opening_equity: 0,
    initial_margin: 0,
    order_margin: 0,
    maintenance_margin: 0,
    available: 0,
    withdrawable: 0,
    status: Status::Healthy,
    worst_scenario: None,
};

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
