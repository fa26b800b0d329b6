//! What an order would do to its account: `gate.margin` asked of a resident book.

use super::Monitor;
use super::shelf::ACCOUNTS;
use crate::fault::Code;
use crate::margin::admission::{Asking, Checked, Wish};
use crate::margin::line::Line;
use crate::sweep::gather::Gather;

impl Monitor {
    /// Whether the margin of an account admits an order ([`Asking::check`]).
    ///
    /// # Errors
    /// As there.
    pub fn check_order(&self, account: u32, wish: &Wish) -> Result<Checked, Code> {
        self.asked(account, |asking| asking.check(wish))
    }

    /// The lines of the initial margin of an account with an order.
    ///
    /// # Errors
    /// As [`Monitor::check_order`].
    pub fn order_lines(&self, account: u32, wish: &Wish) -> Result<Vec<Line>, Code> {
        self.asked(account, |asking| asking.lines(wish))
    }

    fn asked<T>(&self, account: u32, answer: impl FnOnce(&Asking<'_>) -> T) -> T {
        let shelf = &self.shelves[account as usize / ACCOUNTS];
        let local = account % ACCOUNTS as u32;
        let mut gather = Gather::new(&self.terms);
        gather.account(&shelf.grouped(), local as usize, |_, _| false, |_| ());
        let leverage = shelf.leverage(local);
        answer(&Asking { terms: &self.terms, market: &self.market, account: &gather.view(), leverage })
    }
}
