//! What the book knows of accounts: whose they are, and what they have open in it.

use super::store::Order;
use crate::message::{Class, NOBODY, Side};

/// An account, as the book sees it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Account {
    /// Its client.
    pub client: u32,
    /// Its beneficial-owner group.
    pub group: u32,
    /// Its class.
    pub class: Class,
    /// Its orders.
    pub orders: u32,
    /// Its resting orders that may only reduce.
    pub reducing: u32,
    /// Its orders that are for the isolated position.
    pub isolated: u32,
    /// What is left of its orders by side, in lots.
    pub open: [i64; 2],
}

/// Groups from here on are of one account each.
const ALONE: u32 = 1 << 31;

impl Account {
    /// An account of whom nothing was said: its own client and group.
    pub fn alone(account: u32) -> Account {
        let own = account | ALONE;
        Account {
            client: own,
            group: own,
            class: Class::Professional,
            orders: 0,
            reducing: 0,
            isolated: 0,
            open: [0; 2],
        }
    }

    /// The group of all accounts of a client for whom no other was named. Groups that are named have even numbers.
    pub fn group_of(client: u32) -> u32 {
        client << 1 | 1
    }

    /// Whether a group is such a client's.
    pub fn is_own(group: u32) -> bool {
        group & 1 == 1
    }

    /// Where nobody says whose an order is.
    pub(super) const NOBODY: Account = Account {
        client: NOBODY,
        group: NOBODY,
        class: Class::Professional,
        orders: 0,
        reducing: 0,
        isolated: 0,
        open: [0; 2],
    };
}

/// All accounts, and what is open in the book as a whole.
#[derive(Clone, Debug, Default)]
pub struct Accounts {
    known: Vec<Account>,
    /// What is left of all orders by side, in lots.
    open: [i64; 2],
}

impl Accounts {
    /// All that are known, by number.
    pub(super) fn all(&self) -> &[Account] {
        &self.known
    }

    /// What is left of all orders of a side, in lots.
    #[inline(always)]
    pub(super) fn open(&self, side: Side) -> i64 {
        self.open[side as usize]
    }

    /// An account.
    #[inline(always)]
    pub fn get(&self, account: u32) -> Account {
        match self.known.get(account as usize) {
            Some(known) => *known,
            None if account == NOBODY => Account::NOBODY,
            None => Account::alone(account),
        }
    }

    /// An account to be changed; none where nobody is.
    #[inline(always)]
    pub(super) fn known(&mut self, account: u32) -> Option<&mut Account> {
        if account as usize >= self.known.len() {
            if account == NOBODY {
                return None;
            }
            self.meet(account);
        }
        self.known.get_mut(account as usize)
    }

    #[cold]
    #[inline(never)]
    fn meet(&mut self, account: u32) {
        let first = self.known.len() as u32;
        self.known.extend((first..=account).map(Account::alone));
    }

    /// An order was accepted.
    #[inline(always)]
    pub(super) fn opened(&mut self, order: &Order) {
        self.open[order.side as usize] += order.left;
        if let Some(account) = self.known(order.account) {
            account.orders += 1;
            account.reducing += u32::from(order.flags.reduce_only());
            account.isolated += u32::from(order.flags.isolated());
            account.open[order.side as usize] += order.left;
        }
    }

    /// What is left of an order became less, or more where `lots` is below 0.
    #[inline(always)]
    pub(super) fn shrunk(&mut self, order: &Order, lots: i64) {
        self.open[order.side as usize] -= lots;
        if let Some(account) = self.known(order.account) {
            account.open[order.side as usize] -= lots;
        }
    }

    /// An order ended, with what is left of it.
    #[inline(always)]
    pub(super) fn closed(&mut self, order: &Order) {
        self.open[order.side as usize] -= order.left;
        if let Some(account) = self.known(order.account) {
            account.orders -= 1;
            account.reducing -= u32::from(order.flags.reduce_only());
            account.isolated -= u32::from(order.flags.isolated());
            account.open[order.side as usize] -= order.left;
        }
    }
}
