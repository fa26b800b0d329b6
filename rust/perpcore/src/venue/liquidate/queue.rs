//! Who fell, worst first; who waits for the next second; and what else a liquidation remembers from one command to the next.

use super::Bucket;
use super::record::Record;
use crate::ledger::Accounts;
use crate::liquidation::fund::{Episode, Hour};
use crate::message::Side;
use crate::num::ratio::product;
use std::cmp::Ordering;
use std::collections::{BTreeMap, BTreeSet};

/// How bad it is: solvent ones by equity ÷ maintenance margin, then bankrupt ones by net value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::venue) enum Badness {
    /// Equity and maintenance margin, in g.
    Solvent(i128, i128),
    /// Net value, in g.
    Bankrupt(i128),
}

impl Ord for Badness {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Badness::Solvent(equity, margin), Badness::Solvent(other, under)) => {
                match equity.checked_mul(*under).zip(other.checked_mul(*margin)) {
                    Some((of, than)) => of.cmp(&than),
                    None => product(*equity, *under).cmp(&product(*other, *margin)),
                }
            }
            (Badness::Bankrupt(value), Badness::Bankrupt(other)) => value.cmp(other),
            (Badness::Solvent(..), Badness::Bankrupt(_)) => Ordering::Less,
            (Badness::Bankrupt(_), Badness::Solvent(..)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Badness {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

/// Badness, the account's place in the order of opening, the isolated position after the cross account.
type Rank = (Badness, u32, Option<u32>);

/// A bucket that fell: where it stands, and whether it is closed out at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Fell {
    rank: Rank,
    deep: bool,
}

/// Lots that rested on a side when a second began to be asked, and what liquidations took of it since.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::venue) struct Second {
    pub(in crate::venue) second: i64,
    pub(in crate::venue) allowed: i64,
    pub(in crate::venue) taken: i64,
}

/// All of it.
#[derive(Debug, Default)]
pub(in crate::venue) struct Falls {
    /// Where each stands who fell and is neither idle nor waiting.
    ranks: BTreeMap<Bucket, Fell>,
    order: BTreeMap<Rank, Bucket>,
    /// Who fell and can do nothing until he is looked at again.
    idle: BTreeSet<Bucket>,
    /// Who waits, until when.
    waiting: BTreeMap<Bucket, i64>,
    /// Rounds of this command.
    pub(in crate::venue) rounds: u32,
    /// Books in which liquidations traded in this command, whose triggers were not asked since.
    pub(in crate::venue) traded: BTreeSet<u32>,
    /// By instrument and side.
    pub(in crate::venue) seconds: BTreeMap<(u32, u8), Second>,
    /// What providers registered, in g.
    pub(in crate::venue) capacities: BTreeMap<u32, i128>,
    pub(in crate::venue) episodes: BTreeMap<Bucket, Episode>,
    pub(in crate::venue) hour: Hour,
    /// Who was told, by instrument, that the fund does not pay, until it does or gets more.
    pub(in crate::venue) told: BTreeMap<u32, Accounts>,
    /// What the fund had when it was last asked whether it is low, in g.
    pub(in crate::venue) fund_had: i128,
    /// Whether the fund has positions that it took over, or what is to be settled of them.
    pub(in crate::venue) fund_holds: bool,
    /// Its place in the order of opening, once it held something.
    pub(in crate::venue) fund_opened: u32,
    /// When it unwound them last.
    pub(in crate::venue) unwound: i64,
    /// How many reports there were, and which are due when.
    pub(in crate::venue) reports: u64,
    pub(in crate::venue) reports_due: BTreeSet<(i64, u64, u32)>,
    /// What happened to accounts since they last fell, and what each report is about: for whoever asks, nothing depends on it.
    pub(in crate::venue) record: Record,
}

impl Falls {
    #[inline(always)]
    pub(in crate::venue) fn is_anybody_due(&self) -> bool {
        !self.order.is_empty()
    }

    /// Whether anybody fell at all.
    #[inline(always)]
    pub(in crate::venue) fn is_nobody(&self) -> bool {
        self.order.is_empty() && self.idle.is_empty() && self.waiting.is_empty() && self.episodes.is_empty()
    }

    pub(super) fn worst(&self) -> Option<Bucket> {
        self.order.first_key_value().map(|(_, bucket)| *bucket)
    }

    /// A bucket was looked at: it fell, so badly and whether it is closed out at once, or did not. Only who is not closed out at
    /// once waits.
    pub(super) fn seen(&mut self, bucket: Bucket, opened: u32, badness: Option<(Badness, bool)>) {
        self.leave(bucket);
        match badness {
            Some((badness, deep)) if deep || !self.waiting.contains_key(&bucket) => {
                let rank = (badness, opened, bucket.isolated);
                self.ranks.insert(bucket, Fell { rank, deep });
                self.order.insert(rank, bucket);
            }
            Some(_) => {}
            None => {
                self.waiting.remove(&bucket);
                self.episodes.remove(&bucket);
            }
        }
    }

    /// Forgets isolated buckets of an account that are no more.
    pub(super) fn only(&mut self, account: u32, isolated: &[u32]) {
        let all = Bucket { account, isolated: Some(0) }..=Bucket { account, isolated: Some(u32::MAX) };
        let known = self.ranks.range(all.clone()).map(|(bucket, _)| *bucket);
        let waiting = self.waiting.range(all.clone()).map(|(bucket, _)| *bucket);
        let others = self.idle.range(all.clone()).copied().chain(waiting);
        let others = others.chain(self.episodes.range(all).map(|(bucket, _)| *bucket));
        let gone = |bucket: &Bucket| bucket.isolated.is_some_and(|at| !isolated.contains(&at));
        for bucket in known.chain(others).filter(gone).collect::<Vec<_>>() {
            self.seen(bucket, 0, None);
        }
    }

    /// Whether a bucket of an account was closed in part since it fell.
    pub(in crate::venue) fn is_falling(&self, account: u32) -> bool {
        let all = Bucket { account, isolated: None }..=Bucket { account, isolated: Some(u32::MAX) };
        self.episodes.range(all).next().is_some()
    }

    fn leave(&mut self, bucket: Bucket) {
        if let Some(fell) = self.ranks.remove(&bucket) {
            self.order.remove(&fell.rank);
        }
        self.idle.remove(&bucket);
    }

    /// Nothing of it can be closed until it is looked at again.
    pub(super) fn idle(&mut self, bucket: Bucket) {
        if self.ranks.contains_key(&bucket) {
            self.leave(bucket);
            self.idle.insert(bucket);
        }
    }

    /// After a round it waits until a time, where it is not closed out at once; whether it does.
    pub(super) fn waits(&mut self, bucket: Bucket, until: i64) -> bool {
        let waits = self.ranks.get(&bucket).is_some_and(|fell| !fell.deep);
        if waits {
            self.leave(bucket);
            self.waiting.insert(bucket, until);
        }
        waits
    }

    /// It waits no longer.
    pub(super) fn stops_waiting(&mut self, bucket: Bucket) {
        self.waiting.remove(&bucket);
    }

    /// When somebody goes on.
    pub(in crate::venue) fn next(&self) -> Option<i64> {
        self.waiting.values().min().copied()
    }

    /// The accounts that go on by a time.
    pub(super) fn wake(&mut self, time: i64) -> Vec<u32> {
        let woken: Vec<Bucket> = self.waiting.iter().filter(|(_, until)| **until <= time).map(|(of, _)| *of).collect();
        woken.iter().for_each(|bucket| _ = self.waiting.remove(bucket));
        woken.into_iter().map(|bucket| bucket.account).collect()
    }

    /// Accounts with a bucket that fell.
    pub(super) fn accounts(&self) -> Vec<u32> {
        let all = self.ranks.keys().chain(&self.idle).chain(self.waiting.keys());
        all.map(|bucket| bucket.account).collect()
    }

    /// What may be taken of a side within this second, in lots; `share` finds it, again as long as nothing rests.
    pub(super) fn allowance(
        &mut self,
        instrument: u32,
        side: Side,
        second: i64,
        share: impl FnOnce() -> i64,
    ) -> &mut Second {
        let of = self.seconds.entry((instrument, side as u8)).or_default();
        if of.second != second || of.allowed == 0 {
            *of = Second { second, allowed: share(), taken: 0 };
        }
        of
    }

    /// Everything that a further command could depend on, as numbers.
    pub(in crate::venue) fn numbers(&self, mut tell: impl FnMut(&[i128])) {
        let bucket = |of: &Bucket| [of.account.into(), of.isolated.map_or(-1, i128::from)];
        tell(&[self.ranks.len() as i128, self.idle.len() as i128, self.waiting.len() as i128]);
        self.ranks.keys().chain(&self.idle).for_each(|of| tell(&bucket(of)));
        for (of, until) in &self.waiting {
            tell(&bucket(of));
            tell(&[(*until).into()]);
        }
        tell(&[self.seconds.len() as i128]);
        for ((instrument, side), of) in &self.seconds {
            tell(&[(*instrument).into(), (*side).into(), of.second.into(), of.allowed.into(), of.taken.into()]);
        }
        tell(&[self.capacities.len() as i128]);
        self.capacities.iter().for_each(|(account, amount)| tell(&[(*account).into(), *amount]));
        tell(&[self.episodes.len() as i128]);
        for (of, episode) in &self.episodes {
            tell(&bucket(of));
            tell(&[episode.had, episode.paid]);
        }
        tell(&[
            self.hour.hour.into(),
            self.hour.had,
            self.hour.paid,
            self.reports.into(),
            self.fund_holds.into(),
            self.fund_opened.into(),
            self.unwound.into(),
        ]);
        tell(&[self.told.len() as i128, self.reports_due.len() as i128]);
        for (instrument, accounts) in &self.told {
            tell(&[(*instrument).into(), accounts.all().count() as i128]);
            accounts.all().for_each(|account| tell(&[account.into()]));
        }
        self.reports_due.iter().for_each(|(time, number, at)| tell(&[(*time).into(), (*number).into(), (*at).into()]));
    }
}
