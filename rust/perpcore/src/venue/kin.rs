//! Whose accounts are counted together: those of a client, and those of a beneficial-owner group. Every order asks for them
//! where there are limits of both, so they stand by place; names are looked up only when an account comes or goes.

use super::state::{Kin, Pace};
use smallvec::SmallVec;
use std::collections::BTreeMap;

/// The place of who has none.
const NOWHERE: u32 = u32::MAX;

/// The accounts of one name, and their orders within a second.
#[derive(Debug, Default)]
struct Family {
    accounts: SmallVec<[u32; 4]>,
    /// None where no order was counted yet.
    pace: Option<Pace>,
}

/// All names of one kind. Who left all his names leaves them as they are: their orders of this second still count.
#[derive(Debug, Default)]
pub(super) struct Families {
    places: BTreeMap<u32, u32>,
    /// By place.
    all: Vec<Family>,
    /// The place of each account.
    of: Vec<u32>,
}

/// Clients and groups.
#[derive(Debug, Default)]
pub(super) struct Kins([Families; 2]);

impl Families {
    /// The accounts of a name.
    pub(super) fn named(&self, name: u32) -> &[u32] {
        self.places.get(&name).map_or(&[], |place| &self.all[*place as usize].accounts)
    }

    /// The accounts of an account's name, itself among them.
    #[inline(always)]
    pub(super) fn of(&self, account: u32) -> &[u32] {
        let family = self.of.get(account as usize).and_then(|place| self.all.get(*place as usize));
        family.map_or(&[], |family| &family.accounts)
    }

    /// The orders within a second of an account's name.
    #[inline(always)]
    pub(super) fn pace(&mut self, account: u32) -> Option<&mut Pace> {
        let place = self.of.get(account as usize)?;
        Some(self.all.get_mut(*place as usize)?.pace.get_or_insert_default())
    }

    /// The orders within a second, by name.
    pub(super) fn paces(&self) -> impl Iterator<Item = (u32, Pace)> + '_ {
        self.places.iter().filter_map(|(name, place)| Some((*name, self.all[*place as usize].pace?)))
    }

    fn join(&mut self, account: u32, name: u32) {
        let next = self.all.len() as u32;
        let place = *self.places.entry(name).or_insert(next);
        if place == next {
            self.all.push(Family::default());
        }
        self.all[place as usize].accounts.push(account);
        if self.of.len() <= account as usize {
            self.of.resize(account as usize + 1, NOWHERE);
        }
        self.of[account as usize] = place;
    }

    fn leave(&mut self, account: u32) {
        let Some(place) = self.of.get_mut(account as usize).map(|place| std::mem::replace(place, NOWHERE)) else {
            return;
        };
        if let Some(family) = self.all.get_mut(place as usize) {
            family.accounts.retain(|of| *of != account);
        }
    }
}

impl Kins {
    #[inline(always)]
    pub(super) fn get(&self, kin: Kin) -> &Families {
        &self.0[kin as usize]
    }

    #[inline(always)]
    pub(super) fn get_mut(&mut self, kin: Kin) -> &mut Families {
        &mut self.0[kin as usize]
    }

    /// An account is one of its client's and of its group's.
    pub(super) fn join(&mut self, account: u32, client: u32, group: u32) {
        self.0.iter_mut().zip([client, group]).for_each(|(families, name)| families.join(account, name));
    }

    /// It is no longer.
    pub(super) fn leave(&mut self, account: u32) {
        self.0.iter_mut().for_each(|families| families.leave(account));
    }
}
