//! `gate.margin`: whether the margin of an account admits one more order, before any book sees it (docs/venue.md).
//!
//! It values the account with the order by [`value`] and adds no figure of its own.

use super::account::{Account, Order, Position};
use super::figures::Figures;
use super::line::{Keep, Line, Noted, Total};
use super::market::Market;
use super::portfolio::Exposures;
use super::status::Status;
use super::terms::Terms;
use super::value;
use crate::fault::Code;

/// An order that is asked about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wish {
    /// The instrument.
    pub instrument: u32,
    /// Base quantity in g, signed, not 0.
    pub quantity: i64,
    /// Limit in g; none for one that trades at the mark.
    pub price: Option<i64>,
    /// Whether it may only reduce.
    pub reduce_only: bool,
    /// Whether it is for the isolated position.
    pub isolated: bool,
}

/// The answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Checked {
    /// Why it is refused; none where it is accepted.
    pub refused: Option<Code>,
    /// Initial margin with the order, in g.
    pub initial_margin_after: i128,
    /// What it is held against, in g.
    pub opening_equity: i128,
}

/// Whether an account that was valued with an order in it covers it.
#[inline(always)]
pub fn covers(after: &Figures) -> bool {
    after.status != Status::Undecided && after.opening_equity >= after.initial_margin
}

/// An account and the prices that it is asked at.
#[derive(Clone, Copy, Debug)]
pub struct Asking<'a> {
    /// The rulebook's terms.
    pub terms: &'a Terms,
    /// The prices.
    pub market: &'a Market,
    /// The account, without the order.
    pub account: &'a Account<'a>,
    /// The leverage that it chose for positions that choose none, in g.
    pub leverage: i64,
}

impl Asking<'_> {
    /// Whether the margin admits an order: one that reduces risk passes unless the account is bankrupt, any other needs
    /// opening equity of at least the initial margin with it, at prices that may be used.
    ///
    /// # Errors
    /// `missing_price`, or `account_too_large`, where the account cannot be valued with it.
    pub fn check(&self, wish: &Wish) -> Result<Checked, Code> {
        let mark = self.market.mark(wish.instrument);
        if !mark.given {
            return Err(Code::MissingPrice);
        }
        let now = self.valued(self.account)?;
        let after = match wish.reduce_only {
            true => now,
            false => {
                let with = self.with(wish, |_, price| price, wish.price.unwrap_or(mark.price));
                self.valued(&with.view(self.account, self.account.taker_fee))?
            }
        };
        let usable = now.status != Status::Undecided && mark.usable;
        // Whether it reduces is asked last: it takes two more valuations.
        let refused = if now.status == Status::Bankrupt {
            Some(Code::AccountBankrupt)
        } else if (usable && covers(&after)) || self.reduces(wish)? {
            None
        } else if usable {
            Some(Code::InsufficientMargin)
        } else {
            Some(Code::PriceUnusable)
        };
        let Figures { initial_margin: initial_margin_after, opening_equity, .. } = after;
        Ok(Checked { refused, initial_margin_after, opening_equity })
    }

    /// Whether an order reduces risk: initial margin without losses and fees of orders is not higher with it, and the
    /// position does not end on the other side of zero.
    ///
    /// # Errors
    /// As [`Asking::check`].
    pub fn reduces(&self, wish: &Wish) -> Result<bool, Code> {
        let positions = if wish.isolated { self.account.isolated } else { self.account.cross };
        let held = positions.iter().find(|position| position.instrument == wish.instrument);
        let held = held.map_or(0, |position| position.quantity);
        let ends = held + i128::from(wish.quantity);
        if held == 0 || (held < 0) != (ends < 0) && ends != 0 {
            return Ok(false);
        }
        // At the mark and without a fee an order loses nothing and costs nothing.
        let at_mark = |instrument: u32, _: i64| self.market.mark(instrument).price;
        let mark = self.market.mark(wish.instrument).price;
        let bare = |wish: &Wish| self.valued(&self.with(wish, at_mark, mark).view(self.account, 0));
        let without = bare(&Wish { quantity: 0, ..*wish })?;
        Ok(bare(wish)?.initial_margin <= without.initial_margin)
    }

    /// The lines of the initial margin of the account with an order.
    ///
    /// # Errors
    /// As [`Asking::check`].
    pub fn lines(&self, wish: &Wish) -> Result<Vec<Line>, Code> {
        let mark = self.market.mark(wish.instrument).price;
        let quantity = if wish.reduce_only { 0 } else { wish.quantity };
        let wish = &Wish { quantity, ..*wish };
        let with = self.with(wish, |_, price| price, wish.price.unwrap_or(mark));
        let (mut keep, mut exposures) = (Keep::default(), Exposures::new());
        let view = with.view(self.account, self.account.taker_fee);
        value::account(self.terms, self.market, &view, &mut exposures, &mut keep, |_, _| ());
        if let Some(obstacle) = keep.obstacles.first() {
            return Err(obstacle.code());
        }
        let cross = keep.lines.into_iter().filter(|(bucket, _)| bucket.is_none()).map(|(_, line)| line);
        Ok(cross.filter(|line| line.total == Total::InitialMargin).collect())
    }

    fn valued(&self, account: &Account<'_>) -> Result<Figures, Code> {
        let (mut exposures, mut noted) = (Exposures::new(), Noted::default());
        let figures = value::account(self.terms, self.market, account, &mut exposures, &mut noted, |_, _| ());
        noted.0.map_or(Ok(figures), |obstacle| Err(obstacle.code()))
    }

    /// The orders of the account at other prices, and one more, unless its quantity is 0.
    fn with(&self, wish: &Wish, priced: impl Fn(u32, i64) -> i64, price: i64) -> With {
        let view = self.account;
        let (mut cross, mut isolated) = (view.cross.to_vec(), view.isolated.to_vec());
        let mut orders = Vec::with_capacity(view.orders.len() + 1);
        let key = if wish.isolated { &mut isolated } else { &mut cross };
        if wish.quantity != 0 && key.iter().all(|position| position.instrument != wish.instrument) {
            key.push(Position { instrument: wish.instrument, leverage: self.leverage, ..Position::default() });
        }
        let mut take = |position: &mut Position, isolated: bool| {
            let from = orders.len() as u32;
            let own = view.orders_of(position).iter();
            orders.extend(own.map(|order| Order { price: priced(position.instrument, order.price), ..*order }));
            if wish.quantity != 0 && wish.isolated == isolated && position.instrument == wish.instrument {
                orders.push(Order { quantity: wish.quantity, price });
            }
            (position.orders_from, position.orders_to) = (from, orders.len() as u32);
        };
        cross.iter_mut().for_each(|position| take(position, false));
        isolated.iter_mut().for_each(|position| take(position, true));
        With { cross, isolated, orders }
    }
}

/// An account with other orders.
struct With {
    cross: Vec<Position>,
    isolated: Vec<Position>,
    orders: Vec<Order>,
}

impl With {
    /// The account with them.
    fn view<'a>(&'a self, view: &Account<'a>, taker_fee: i64) -> Account<'a> {
        Account { cross: &self.cross, orders: &self.orders, isolated: &self.isolated, taker_fee, ..*view }
    }
}
