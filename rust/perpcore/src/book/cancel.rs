//! The end of orders by command (`book.cancel`). Cancels pass in every phase.

use super::owner::Owner;
use super::store::{Slot, Store};
use super::{Book, Turn};
use crate::fault::Code;
use crate::message::{Cancel, CancelAll, Command, Event, Kind, Named};

impl<S: Store> Book<S> {
    /// Where a living order is that is named, and belongs to the account that is named.
    #[inline(always)]
    pub(super) fn named(&self, order: &Named<'_>, account: Option<u32>) -> Option<Slot> {
        let id = match order {
            Named::Order(id) => *id,
            Named::Client(account, id) => self.clients.order(*account, id)?,
        };
        let slot = self.store.find(id)?;
        account.is_none_or(|account| self.store.order(slot).account == account).then_some(slot)
    }

    /// Ends every order that has all of what is set, for a reason, in the order in which they were accepted.
    pub fn withdraw_scope<O: Owner>(
        &mut self,
        owner: &mut O,
        cause: u64,
        scope: &CancelAll,
        code: Code,
        out: &mut Vec<Event>,
    ) {
        Turn { book: self, owner, out, cause }.cancel_all(scope, code);
    }
}

impl<S: Store, O: Owner> Turn<'_, S, O> {
    #[inline(always)]
    pub(super) fn cancel(&mut self, command: &Command<'_>, cancel: &Cancel<'_>) {
        match self.book.named(&cancel.order, cancel.account) {
            Some(slot) => self.end(slot, Kind::Canceled, Code::Requested),
            None => self.refuse(command, Code::UnknownOrder),
        }
    }

    /// Ends every order that has all of what is set, those that wait too, in the order in which they were accepted.
    pub(super) fn cancel_all(&mut self, scope: &CancelAll, code: Code) {
        let CancelAll { account, client, group, class } = *scope;
        let has = |set: Option<u32>, is: u32| set.is_none_or(|set| set == is);
        let mut found = Vec::new();
        let mut next = match account {
            Some(account) => self.book.store.newest(account),
            None => self.book.store.oldest(),
        };
        while let Some(slot) = next {
            let order = self.book.store.order(slot);
            let of = self.book.accounts.get(order.account);
            if has(client, of.client) && has(group, order.group) && class.is_none_or(|class| class == order.class) {
                found.push(slot);
            }
            next = match account {
                Some(_) => self.book.store.older(slot),
                None => self.book.store.younger(slot),
            };
        }
        if account.is_some() {
            found.reverse();
        }
        found.into_iter().for_each(|slot| self.end(slot, Kind::Canceled, code));
    }
}
