//! The state of a book in 256 bits: the same after the same commands, whatever holds its orders.

use super::accounts::Account;
use super::owner::Owner;
use super::store::Store;
use super::{Book, Rested};
use crate::message::{ClientId, Side};
use sha2::{Digest, Sha256};

impl<S: Store> Book<S> {
    /// SHA-256 over everything that a further command could depend on: prices, counters, phase; accounts and their
    /// positions; resting orders as they would
    /// trade; waiting orders as they were accepted; client ids by account, as they were remembered.
    pub fn digest<O: Owner>(&self, owner: &O) -> [u8; 32] {
        let mut hash = Sha256::new();
        let numbers = [self.mark, self.index, self.last, self.time, self.seq as i64, self.serial as i64];
        numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
        hash.update(self.trades.to_le_bytes());
        hash.update([self.phase as u8]);
        for (account, of) in (0..).zip(self.accounts.all()) {
            let Account { client, group, class, .. } = *of;
            [account, client, group].iter().for_each(|number: &u32| hash.update(number.to_le_bytes()));
            hash.update([class as u8]);
        }
        hash.update([0xFF]);
        for account in 0..owner.accounts() {
            for lots in [false, true].map(|isolated| owner.position(account, isolated)) {
                hash.update(lots.to_le_bytes());
            }
        }
        for side in [Side::Bid, Side::Ask] {
            self.resting(side).for_each(|rested| self.add(&mut hash, &rested));
            hash.update([0xFF]);
        }
        for (_, waiting) in self.triggers.all() {
            self.add(&mut hash, &self.at(waiting.slot));
            hash.update([waiting.tif as u8, u8::from(waiting.market)]);
        }
        hash.update([0xFF]);
        for (account, id, order) in self.clients.remembered(self.time.saturating_sub(self.terms.client_window)) {
            hash.update(account.to_le_bytes());
            order.iter().for_each(|number| hash.update(number.to_le_bytes()));
            add_id(&mut hash, &id);
        }
        hash.finalize().into()
    }

    fn add(&self, hash: &mut Sha256, rested: &Rested) {
        let Rested { order, life, trigger, .. } = rested;
        let numbers = [order.id as i64, order.price, order.left, order.filled, life.time, life.until];
        numbers.iter().for_each(|number| hash.update(number.to_le_bytes()));
        hash.update(order.account.to_le_bytes());
        hash.update(order.group.to_le_bytes());
        hash.update([order.side as u8, order.class as u8, order.flags.bits()]);
        if let Some(id) = self.clients.id(order.client) {
            add_id(hash, &id);
        }
        if let Some(trigger) = trigger {
            hash.update(trigger.price.to_le_bytes());
            hash.update([trigger.by as u8, trigger.when as u8]);
        }
    }
}

fn add_id(hash: &mut Sha256, id: &ClientId<'_>) {
    match id {
        ClientId::Number(id) => {
            hash.update([1]);
            hash.update(id.to_le_bytes());
        }
        ClientId::Text(text) => {
            hash.update([2, text.len() as u8]);
            hash.update(text);
        }
    }
}
