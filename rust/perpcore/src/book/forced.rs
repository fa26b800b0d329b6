//! Orders that a liquidation sends (`liquidation.book`): they take no number, never rest, and what is of their own group gives
//! way.

use super::matching::Taker;
use super::owner::Owner;
use super::store::{Flags, Life, Order, Store};
use super::{Book, Turn, meets};
use crate::message::{NOBODY, Side, Stp, Tif};

/// An order of a liquidation.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Forced {
    /// Whose position is closed.
    pub account: u32,
    /// Whether it is the isolated one.
    pub isolated: bool,
    /// Its side.
    pub side: Side,
    /// How much, in lots.
    pub lots: i64,
    /// Its limit in ticks.
    pub price: i64,
}

impl<S: Store> Book<S> {
    /// Trades such an order as far as its owner lets it; the lots that are left.
    pub fn force<O: Owner>(
        &mut self,
        owner: &mut O,
        cause: u64,
        order: &Forced,
        out: &mut Vec<crate::message::Event>,
    ) -> i64 {
        let Forced { account, isolated, side, lots, price } = *order;
        let known = self.accounts.get(account);
        let order = Order {
            id: 0,
            price,
            left: lots,
            filled: 0,
            account,
            group: known.group,
            client: 0,
            side,
            class: known.class,
            flags: Flags::new(false, isolated, None, Stp::Maker),
        };
        let life = Life { time: self.time, until: i64::MAX };
        let mut taker = Taker { order, slot: 0, stored: false, life, tif: Tif::Ioc, market: false, liquidation: true };
        Turn { book: self, owner, out, cause }.sweep(&mut taker);
        taker.order.left
    }

    /// What trades reached is carried out: orders that wait for a price.
    pub fn go_on<O: Owner>(&mut self, owner: &mut O, cause: u64, out: &mut Vec<crate::message::Event>) {
        Turn { book: self, owner, out, cause }.cascade();
    }

    /// The worst ticks at which buyers and sellers may trade within the collar around a price in g.
    pub fn edges_around(&self, price: i64) -> [i64; 2] {
        self.terms.edges(price)
    }

    /// All lots that rest on a side.
    pub fn depth(&self, side: Side) -> i64 {
        self.levels(side).fold(0, |lots, level| lots.saturating_add(level.lots))
    }

    /// Whether an account would meet somebody of another group who rests on the other side within a limit.
    pub fn meets_others(&self, account: u32, side: Side, limit: i64) -> bool {
        let group = self.accounts.get(account).group;
        let mut next = self.store.first(side.opposite());
        while let Some(slot) = next {
            let order = self.store.order(slot);
            if !meets(side, limit, order.price) {
                return false;
            }
            if order.group != group || group == NOBODY {
                return true;
            }
            next = self.store.after(slot);
        }
        false
    }
}
