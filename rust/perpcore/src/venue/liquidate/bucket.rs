//! What a bucket is: its figures and positions, without orders.

use super::Bucket;
use super::queue::Badness;
use crate::ledger::{Held, Key, Ledger};
use crate::liquidation::plan::{Fallen, left};
use crate::margin::figures::Figures;
use crate::margin::line::Noted;
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::margin::threshold::bankruptcy::{Closing, amount_e16};
use crate::message::FUND;
use crate::num::times;
use crate::venue::desk::{Desk, Manner};
use crate::venue::state::State;

impl Bucket {
    /// The key of its position in an instrument.
    pub(super) fn key(self, instrument: u32) -> Key {
        Key { account: self.account, instrument, isolated: self.isolated.is_some() }
    }

    /// Whether a position is one of its own.
    pub(super) fn has(self, held: &Held) -> bool {
        match self.isolated {
            Some(instrument) => held.isolated && held.instrument == instrument,
            None => !held.isolated,
        }
    }
}

impl Fallen {
    pub(super) fn of(figures: &Figures) -> Fallen {
        let Figures { equity, net_value, maintenance_margin: maintenance, .. } = *figures;
        Fallen { equity, net_value, maintenance }
    }
}

/// How bad figures are; none where nothing is to be done.
pub(in crate::venue) fn badness(figures: &Figures) -> Option<Badness> {
    match figures.status {
        Status::Bankrupt => Some(Badness::Bankrupt(figures.net_value)),
        Status::Liquidation => Some(Badness::Solvent(figures.equity, figures.maintenance_margin)),
        _ => None,
    }
}

impl State {
    /// An account that was looked at and lies valued on the desk, its figures as given.
    #[cold]
    pub(in crate::venue) fn notes_fallen(&mut self, account: u32, cross: &Figures) {
        let opened = self.member(account).map_or(u32::MAX, |member| member.opened);
        let State { falls, desk, rules, .. } = self;
        let Some(rules) = rules.liquidation() else { return };
        let badness = |of: &Figures| badness(of).map(|badness| (badness, Fallen::of(of).is_deep(rules)));
        falls.seen(Bucket { account, isolated: None }, opened, badness(cross));
        let isolated: Vec<u32> = desk.buckets.iter().map(|bucket| bucket.instrument).collect();
        falls.only(account, &isolated);
        for bucket in &desk.buckets {
            falls.seen(Bucket { account, isolated: Some(bucket.instrument) }, opened, badness(&bucket.figures));
        }
    }

    /// The figures of a bucket without orders; none where it cannot be valued.
    pub(super) fn bare(&mut self, bucket: Bucket) -> Option<Figures> {
        let manner = self.manner(bucket.account);
        let State { desk, ledger, terms, market, .. } = self;
        desk.lay_bare(ledger, bucket.account, &manner);
        desk.bucket(terms, market, bucket)
    }

    /// The maintenance margin of a bucket with so much left of its positions in some instruments, in g.
    pub(super) fn maintenance_with(&mut self, bucket: Bucket, closes: &[u32], share: i64) -> Option<i128> {
        let manner = self.manner(bucket.account);
        let State { desk, ledger, terms, market, .. } = self;
        desk.lay_bare(ledger, bucket.account, &manner);
        desk.keep(bucket.isolated.is_some(), closes, share);
        desk.bucket(terms, market, bucket).map(|figures| figures.maintenance_margin)
    }

    /// Positions of a bucket that are not flat, by instrument.
    pub(super) fn positions_of(&self, bucket: Bucket) -> Vec<Held> {
        let all = self.ledger.of(bucket.account).positions().iter();
        let mut held: Vec<Held> = all.filter(|held| bucket.has(held) && held.quantity != 0).copied().collect();
        held.sort_unstable_by_key(|held| held.instrument);
        held
    }

    /// Σ Q·M − κ of a bucket, in 10⁻¹⁶.
    pub(super) fn gain_e16(&self, bucket: Bucket) -> i128 {
        let all = self.ledger.of(bucket.account).positions().iter().filter(|held| bucket.has(held));
        all.map(|held| times(held.quantity, self.market.mark(held.instrument).price) - held.cost_e16).sum()
    }

    /// A position of a bucket as it is closed at the bankruptcy amount, which is in 10⁻¹⁶.
    pub(super) fn bankruptcy(&self, bucket: Bucket, instrument: u32, net_value: i128) -> Option<(Closing, i128)> {
        let held = self.positions_of(bucket);
        let closing: Vec<Closing> =
            held.iter().filter_map(|held| Closing::new(&self.terms, &self.market, &held.view(0))).collect();
        let at = closing.iter().position(|of| of.instrument == instrument)?;
        Some((closing[at], amount_e16(&closing, at, net_value)))
    }
}

impl Desk {
    /// Lays out what an account has, without orders; the money of the fund is in no wallet.
    #[inline(always)]
    pub(in crate::venue) fn lay_bare(&mut self, ledger: &Ledger, account: u32, manner: &Manner) {
        self.lay(ledger.of(account), manner);
        if account == FUND {
            *self.balance(ledger.settlement()) = ledger.cash(FUND);
        }
    }

    /// The figures of a bucket of the account that is laid out; none where it cannot be valued.
    #[inline(always)]
    pub(super) fn bucket(&mut self, terms: &Terms, market: &Market, bucket: Bucket) -> Option<Figures> {
        let mut noted = Noted::default();
        let cross = self.value(terms, market, &mut noted);
        if noted.0.is_some() {
            return None;
        }
        match bucket.isolated {
            None => Some(cross),
            Some(at) => self.buckets.iter().find(|of| of.instrument == at).map(|of| of.figures),
        }
    }

    /// Leaves so much of the positions in some instruments.
    pub(super) fn keep(&mut self, isolated: bool, closes: &[u32], share: i64) {
        for position in self.positions_mut(isolated) {
            if closes.contains(&position.instrument)
                && let Ok(quantity) = i64::try_from(position.quantity)
            {
                position.quantity = left(quantity, share).into();
            }
        }
    }
}
