//! What an order would do to its account, before any book sees it: the margin answer of the gate (`gate.margin`).

use super::Monitor;
use super::shelf::ACCOUNTS;
use crate::fault::Code;
use crate::margin::account::{Account, Order, Position};
use crate::margin::figures::Figures;
use crate::margin::line::{Keep, Line, Obstacle, Sink, Total};
use crate::margin::portfolio::Exposures;
use crate::margin::status::Status;
use crate::margin::value;
use crate::sweep::gather::Gather;

/// An order of the cross account that is asked about.
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

/// An account with an order more.
struct With {
    cross: Vec<Position>,
    isolated: Vec<Position>,
    orders: Vec<Order>,
}

/// Drops lines and remembers the first obstacle.
#[derive(Default)]
struct Noted(Option<Obstacle>);

impl Sink for Noted {
    const KEEPS: bool = false;
    fn enter(&mut self, _: Option<u32>) {}
    fn line(&mut self, _: impl FnOnce() -> Line) {}
    fn obstacle(&mut self, obstacle: Obstacle) {
        self.0.get_or_insert(obstacle);
    }
}

impl Monitor {
    /// Whether the margin of an account admits an order: one that reduces risk passes unless the account is bankrupt, any
    /// other needs opening equity of at least the initial margin with it, at prices that may be used.
    ///
    /// # Errors
    /// `missing_price`, or `account_too_large`, where the account cannot be valued with it.
    pub fn check_order(&self, account: u32, wish: &Wish) -> Result<Checked, Code> {
        self.laid_out(account, |view, leverage| {
            let now = self.valued(view)?;
            let mark = self.market.mark(wish.instrument);
            if !mark.given {
                return Err(Code::MissingPrice);
            }
            let after = match wish.reduce_only {
                true => now,
                false => {
                    let with = With::new(view, wish, leverage, |_, price| price, wish.price.unwrap_or(mark.price));
                    self.valued(&with.view(view, view.taker_fee))?
                }
            };
            let reduces = || -> Result<bool, Code> {
                let held = view.cross.iter().find(|position| position.instrument == wish.instrument);
                let held = held.map_or(0, |position| position.quantity);
                let ends = held + i128::from(wish.quantity);
                if held == 0 || (held < 0) != (ends < 0) && ends != 0 {
                    return Ok(false);
                }
                // At the mark and without a fee an order loses nothing and costs nothing.
                let at_mark = |instrument: u32, _: i64| self.market.mark(instrument).price;
                let bare = |wish: &Wish| {
                    let with = With::new(view, wish, leverage, at_mark, mark.price);
                    self.valued(&with.view(view, 0))
                };
                let without = bare(&Wish { quantity: 0, ..*wish })?;
                Ok(bare(wish)?.initial_margin <= without.initial_margin)
            };
            let usable = now.status != Status::Undecided && mark.usable;
            let covered = usable && after.opening_equity >= after.initial_margin;
            // Whether it reduces is asked last: it takes two more valuations.
            let refused = if now.status == Status::Bankrupt {
                Some(Code::AccountBankrupt)
            } else if covered || reduces()? {
                None
            } else if usable {
                Some(Code::InsufficientMargin)
            } else {
                Some(Code::PriceUnusable)
            };
            let Figures { initial_margin: initial_margin_after, opening_equity, .. } = after;
            Ok(Checked { refused, initial_margin_after, opening_equity })
        })
    }

    /// The lines of the initial margin of an account with an order.
    ///
    /// # Errors
    /// As [`Monitor::check_order`].
    pub fn order_lines(&self, account: u32, wish: &Wish) -> Result<Vec<Line>, Code> {
        self.laid_out(account, |view, leverage| {
            let mark = self.market.mark(wish.instrument).price;
            let quantity = if wish.reduce_only { 0 } else { wish.quantity };
            let wish = &Wish { quantity, ..*wish };
            let with = With::new(view, wish, leverage, |_, price| price, wish.price.unwrap_or(mark));
            let (mut keep, mut exposures) = (Keep::default(), Exposures::new());
            let view = with.view(view, view.taker_fee);
            value::account(&self.terms, &self.market, &view, &mut exposures, &mut keep, |_, _| ());
            if let Some(obstacle) = keep.obstacles.first() {
                return Err(obstacle.code());
            }
            let cross = keep.lines.into_iter().filter(|(bucket, _)| bucket.is_none()).map(|(_, line)| line);
            Ok(cross.filter(|line| line.total == Total::InitialMargin).collect())
        })
    }

    /// An account as the valuation sees it, with the leverage of positions that choose none.
    fn laid_out<T>(&self, account: u32, work: impl FnOnce(&Account<'_>, i64) -> Result<T, Code>) -> Result<T, Code> {
        let shelf = &self.shelves[account as usize / ACCOUNTS];
        let local = account % ACCOUNTS as u32;
        let mut gather = Gather::new(&self.terms);
        gather.account(&shelf.grouped(), local as usize, |_, _| false, |_| ());
        work(&gather.view(), shelf.leverage(local))
    }

    fn valued(&self, account: &Account<'_>) -> Result<Figures, Code> {
        let (mut exposures, mut noted) = (Exposures::new(), Noted::default());
        let figures = value::account(&self.terms, &self.market, account, &mut exposures, &mut noted, |_, _| ());
        noted.0.map_or(Ok(figures), |obstacle| Err(obstacle.code()))
    }
}

impl With {
    /// The orders of an account at other prices, and one more, unless its quantity is 0.
    fn new(view: &Account<'_>, wish: &Wish, leverage: i64, priced: impl Fn(u32, i64) -> i64, price: i64) -> With {
        let (mut cross, mut isolated) = (view.cross.to_vec(), view.isolated.to_vec());
        let mut orders = Vec::with_capacity(view.orders.len() + 1);
        if wish.quantity != 0 && cross.iter().all(|position| position.instrument != wish.instrument) {
            cross.push(Position { instrument: wish.instrument, leverage, ..Position::default() });
        }
        let mut take = |position: &mut Position, wished: bool| {
            let from = orders.len() as u32;
            let own = view.orders_of(position).iter();
            orders.extend(own.map(|order| Order { price: priced(position.instrument, order.price), ..*order }));
            if wished {
                orders.push(Order { quantity: wish.quantity, price });
            }
            (position.orders_from, position.orders_to) = (from, orders.len() as u32);
        };
        for position in &mut cross {
            let wished = wish.quantity != 0 && position.instrument == wish.instrument;
            take(position, wished);
        }
        isolated.iter_mut().for_each(|position| take(position, false));
        With { cross, isolated, orders }
    }

    /// The account with them.
    fn view<'a>(&'a self, view: &Account<'a>, taker_fee: i64) -> Account<'a> {
        Account { cross: &self.cross, orders: &self.orders, isolated: &self.isolated, taker_fee, ..*view }
    }
}
