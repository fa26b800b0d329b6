//! The one valuation (docs/margin.md). Every requirement, equity and status of perpcore comes from this text.
//!
//! Sums are exact: collateral and requirements in 10⁻²⁴, PnL in 10⁻¹⁶. Each total is rounded once, when its bucket is
//! closed, so the order of positions, orders and balances cannot change a bit. It relies on what [`Account`] promises
//! (one entry a key) and on inputs within [`crate::num::bounds`]; whatever an account adds up to beyond them is an obstacle, found
//! before the product that would overflow.

use super::account::{Account, Balance, Position};
use super::figures::Figures;
use super::line::{Line, Obstacle, Sink, Subject, Total, line};
use super::market::{Market, Quote};
use super::orders::{self, Sides, Worse};
use super::portfolio::Exposures;
pub use super::sums::Sums;
use super::terms::{Contract, Terms};
use super::{note, tiers::Ladder};
use crate::num::bounds::{ACCOUNT_E16, BASE_E8, MONEY};
use crate::num::{E8, E16, ONE, scaled, times};
use crate::rule::Rule;

/// Values an account: its cross figures are returned, those of each listed isolated position go to `isolated` with
/// its place in [`Account::isolated`].
///
/// Where `sink` was given an obstacle the figures mean nothing. `exposures` is room for an account of the portfolio
/// model; what stands in it afterwards means nothing.
#[inline]
pub fn account<S: Sink>(
    terms: &Terms,
    market: &Market,
    account: &Account<'_>,
    exposures: &mut Exposures,
    sink: &mut S,
    mut isolated: impl FnMut(usize, Figures),
) -> Figures {
    let mut run = Run::new(terms, market, account, sink);
    run.sink.enter(None);
    let mut cross = Sums::new();
    let portfolio = terms.portfolio.as_ref().filter(|_| account.portfolio);
    let worst_scenario = match portfolio {
        None => {
            run.standard(&mut cross);
            None
        }
        Some(portfolio) => Some(run.portfolio(portfolio, &mut cross, exposures)),
    };
    for position in account.isolated {
        run.isolated_orders(&mut cross, position);
    }
    let figures = Figures { worst_scenario, ..cross.close(terms, true, run.sink) };
    for (at, position) in account.isolated.iter().enumerate().filter(|(_, position)| position.listed) {
        run.sink.enter(Some(position.instrument));
        let mut bucket = Sums::new();
        run.isolated_margin(&mut bucket, position);
        run.position(&mut bucket, position, false);
        isolated(at, bucket.close(terms, false, run.sink));
    }
    figures
}

/// What the positions of an account add up to, over all its buckets.
#[derive(Default)]
struct Extent {
    notional_e16: i128,
    cost_e16: i128,
    accrued_e16: i128,
    margin_e16: i128,
}

/// One valuation on its way: what it reads, where its lines go, and how much of each bound is used up.
pub(super) struct Run<'a, S> {
    pub(super) terms: &'a Terms,
    pub(super) market: &'a Market,
    pub(super) account: &'a Account<'a>,
    pub(super) sink: &'a mut S,
    positions: Extent,
    orders_e16: i128,
    assets_e16: i128,
}

/// Adds to what an account holds of one kind; false, and nothing added, where that would be too large.
#[inline(always)]
fn admit(so_far_e16: &mut i128, more_e16: i128) -> bool {
    let fits = more_e16 <= ACCOUNT_E16 - *so_far_e16;
    if fits {
        *so_far_e16 += more_e16;
    }
    fits
}

/// What a position is at its mark.
#[derive(Clone, Copy)]
pub(super) struct Held {
    /// Q in g.
    pub(super) quantity: i64,
    /// M in g.
    pub(super) mark: i64,
    /// |Q|·M.
    pub(super) notional_e16: i128,
    /// `margin.maintenance_fee`, which is in both requirements already.
    pub(super) fee_e24: i128,
}

impl<'a, S: Sink> Run<'a, S> {
    /// A valuation that has seen nothing yet.
    #[inline(always)]
    pub(super) fn new(terms: &'a Terms, market: &'a Market, account: &'a Account<'a>, sink: &'a mut S) -> Self {
        Run { terms, market, account, sink, positions: Extent::default(), orders_e16: 0, assets_e16: 0 }
    }
}

impl<S: Sink> Run<'_, S> {
    /// The cross bucket of the standard model, but for the orders on isolated positions.
    #[inline(always)]
    pub(super) fn standard(&mut self, sums: &mut Sums) {
        for balance in self.account.balances {
            self.balance(sums, balance);
        }
        for position in self.account.cross {
            self.position(sums, position, true);
        }
    }

    /// What both models take of a position: PnL, funding, notional, the fee. None where it is beyond the bounds.
    #[inline(always)]
    pub(super) fn hold(&mut self, sums: &mut Sums, position: &Position, ordered: bool) -> Option<Held> {
        let mark = self.mark(sums, position, ordered);
        let (quantity, notional_e16) = self.admit_position(position, mark)?;
        sums.pnl_e16 += times(quantity, mark) - position.cost_e16;
        sums.accrued += position.accrued;
        sums.notional_e16 += notional_e16;
        let fee_e24 = match self.terms.instruments[position.instrument as usize].maintenance_fee {
            0 => 0,
            rate => scaled(notional_e16, rate),
        };
        sums.maintenance_e24 += fee_e24;
        sums.held_e24 += fee_e24;
        Some(Held { quantity, mark, notional_e16, fee_e24 })
    }

    /// A position and, in the cross account, its orders.
    #[inline(always)]
    pub(super) fn position(&mut self, sums: &mut Sums, position: &Position, cross: bool) {
        let orders = if cross { self.account.orders_of(position) } else { &[] };
        let Some(held) = self.hold(sums, position, !orders.is_empty()) else { return };
        let Held { quantity, mark, notional_e16, fee_e24 } = held;
        let contract = &self.terms.instruments[position.instrument as usize];
        let (maintenance_e24, held_e24) = contract.ladder.requirements_e24(notional_e16, position.leverage_rate());
        sums.maintenance_e24 += maintenance_e24;
        sums.held_e24 += held_e24;

        if S::KEEPS && position.listed {
            self.position_lines(position, quantity, mark, [maintenance_e24, fee_e24]);
        }
        if orders.is_empty() {
            if S::KEEPS && held_e24 != 0 {
                let filled = i128::from(quantity.abs());
                self.sink.line(|| initial_line(contract, position, filled, mark, held_e24));
            }
            return;
        }
        let Some(fill) = self.fill(position, quantity, mark) else { return };
        sums.orders_e24 += fill.initial_e24 + fill.worse.charge_e24 - held_e24;
        self.sink.line(|| initial_line(contract, position, fill.quantity, mark, fill.initial_e24));
        self.order_lines(position, mark, &fill.worse);
    }

    /// `margin.orders` of an isolated position: the increase over what is held is a charge to the cross account.
    #[inline(always)]
    pub(super) fn isolated_orders(&mut self, sums: &mut Sums, position: &Position) {
        if self.account.orders_of(position).is_empty() {
            return;
        }
        let mark = self.mark(sums, position, true);
        let quantity = bounded(position).unwrap_or(0);
        let Some(fill) = self.fill(position, quantity, mark) else { return };
        let contract = &self.terms.instruments[position.instrument as usize];
        let notional_e16 = times(quantity.abs(), mark);
        if notional_e16 > ACCOUNT_E16 {
            return; // its own bucket reports it
        }
        let held_e24 = contract.ladder.initial_e24(notional_e16, position.leverage_rate());
        let increase_e24 = fill.initial_e24 + fill.worse.charge_e24 - held_e24;
        sums.orders_e24 += increase_e24;
        self.sink.line(|| Line {
            note: note::isolated_orders(quantity, fill.quantity),
            quantity: Some(fill.quantity),
            ..line(Total::InitialMargin, Rule::MarginOrders, Subject::Instrument(position.instrument), increase_e24)
        });
    }

    /// The mark of a position's instrument, where it is needed; 0 where it is not.
    #[inline(always)]
    fn mark(&mut self, sums: &mut Sums, position: &Position, ordered: bool) -> i64 {
        if position.quantity == 0 && !ordered {
            return 0;
        }
        let Quote { price, given, usable } = self.market.mark(position.instrument);
        sums.usable &= usable;
        if !given {
            self.missing_mark(position, ordered);
        }
        price
    }

    #[cold]
    fn missing_mark(&mut self, position: &Position, ordered: bool) {
        let (instrument, isolated) =
            (position.instrument, self.account.isolated.iter().any(|p| std::ptr::eq(p, position)));
        if position.quantity != 0 {
            self.sink.obstacle(Obstacle::PositionPrice(instrument, isolated));
        }
        if ordered {
            self.sink.obstacle(Obstacle::OrderPrice(instrument, isolated));
        }
    }

    /// (Q, |Q|·M in 10⁻¹⁶) of a position that keeps its account within the bounds.
    #[inline(always)]
    fn admit_position(&mut self, position: &Position, mark: i64) -> Option<(i64, i128)> {
        let admitted = self.within_bounds(position, mark);
        if admitted.is_none() {
            self.sink.obstacle(Obstacle::PositionsTooLarge);
        }
        admitted
    }

    #[inline(always)]
    fn within_bounds(&mut self, position: &Position, mark: i64) -> Option<(i64, i128)> {
        let quantity = bounded(position)?;
        let notional_e16 = times(quantity.abs(), mark);
        let fits = position.cost_carry == 0
            && admit(&mut self.positions.notional_e16, notional_e16)
            && admit(&mut self.positions.cost_e16, position.cost_e16.saturating_abs())
            && (position.accrued == 0 || self.admit_accrued(position.accrued));
        fits.then_some((quantity, notional_e16))
    }

    fn admit_accrued(&mut self, accrued: i128) -> bool {
        MONEY.holds(accrued) && admit(&mut self.positions.accrued_e16, accrued.abs() * E8)
    }

    /// The larger fill of a position's orders and the charge of the worse side.
    fn fill(&mut self, position: &Position, quantity: i64, mark: i64) -> Option<Fill> {
        let sides = self.sides(position, mark)?;
        let ladder = &self.terms.instruments[position.instrument as usize].ladder;
        let worse = sides.worse(self.account.taker_fee);
        Some(Fill::larger(ladder, position.leverage_rate(), quantity, mark, &sides, worse))
    }

    /// The sides of a position's orders, where they keep the account within the bounds.
    pub(super) fn sides(&mut self, position: &Position, mark: i64) -> Option<Sides> {
        let room_e16 = ACCOUNT_E16 - self.orders_e16;
        let Some(sides) = orders::sides(self.account.orders_of(position), mark, room_e16) else {
            self.sink.obstacle(Obstacle::OrdersTooLarge);
            return None;
        };
        self.orders_e16 += sides.value_e16();
        Some(sides)
    }

    /// `collateral.haircut`, `equity.net_value` and `margin.liability` of one asset.
    #[inline(always)]
    pub(super) fn balance(&mut self, sums: &mut Sums, balance: &Balance) {
        let Balance { asset, amount } = *balance;
        let terms = &self.terms.assets[asset as usize];
        let settlement = asset as usize == self.terms.settlement;
        if amount == 0 || (amount > 0 && !terms.eligible) {
            self.sink.line(|| Line {
                quantity: Some(amount),
                note: if amount == 0 { String::from("0") } else { note::haircut(amount, None, 0) + ", not eligible" },
                ..line(Total::CollateralValue, Rule::CollateralHaircut, Subject::Asset(asset), 0)
            });
            return;
        }
        let Quote { price, given, usable } = self.market.asset(asset);
        sums.usable &= usable;
        if !given {
            self.sink.obstacle(Obstacle::AssetPrice(asset));
        }
        if amount < 0 && !settlement && terms.liability.is_none() {
            self.sink.obstacle(Obstacle::NegativeBalance(asset));
        }
        let size = amount.saturating_abs();
        if !MONEY.holds(size) || !admit(&mut self.assets_e16, scaled(size, price)) {
            self.sink.obstacle(Obstacle::AssetsTooLarge);
            return;
        }
        let shown = (!settlement).then_some(price);
        if amount < 0 {
            let value_e16 = scaled(size, price);
            sums.collateral_e24 -= scaled(value_e16, ONE);
            sums.net_e24 -= scaled(value_e16, ONE);
            self.sink.line(|| Line {
                quantity: Some(amount),
                price: Some(price),
                note: note::amount(amount, shown),
                ..line(Total::CollateralValue, Rule::CollateralHaircut, Subject::Asset(asset), -scaled(value_e16, ONE))
            });
            if let Some(rates) = terms.liability.filter(|_| !settlement) {
                self.liability(sums, asset, (size, price), rates);
            }
            return;
        }
        sums.net_e24 += scaled(scaled(amount, price), ONE - terms.close_cost);
        for (quantity, share) in terms.slices(amount) {
            let value_e24 = scaled(scaled(quantity, price), share);
            sums.collateral_e24 += value_e24;
            self.sink.line(|| Line {
                quantity: Some(quantity),
                price: Some(price),
                rate: Some(ONE - share),
                note: note::haircut(quantity, shown, share),
                ..line(Total::CollateralValue, Rule::CollateralHaircut, Subject::Asset(asset), value_e24)
            });
        }
    }

    fn liability(
        &mut self,
        sums: &mut Sums,
        asset: u32,
        (size, price): (i128, i64),
        (initial, maintenance): (i64, i64),
    ) {
        let value_e16 = scaled(size, price);
        for (total, rate) in [(Total::InitialMargin, initial), (Total::MaintenanceMargin, maintenance)] {
            self.sink.line(|| Line {
                quantity: Some(size),
                price: Some(price),
                rate: Some(rate),
                note: note::rated(size, price, rate),
                ..line(total, Rule::MarginLiability, Subject::Asset(asset), scaled(value_e16, rate))
            });
        }
        sums.held_e24 += scaled(value_e16, initial);
        sums.maintenance_e24 += scaled(value_e16, maintenance);
    }

    /// `collateral.isolated`: the margin posted to an isolated position.
    pub(super) fn isolated_margin(&mut self, sums: &mut Sums, position: &Position) {
        let margin = position.isolated_margin;
        if !MONEY.holds(margin) || !admit(&mut self.positions.margin_e16, margin * E8) {
            self.sink.obstacle(Obstacle::PositionsTooLarge);
            return;
        }
        sums.collateral_e24 += margin * E16;
        let settlement = Subject::Asset(self.terms.settlement as u32);
        self.sink.line(|| Line {
            quantity: Some(margin),
            note: note::amount(margin, None),
            ..line(Total::CollateralValue, Rule::CollateralIsolated, settlement, margin * E16)
        });
    }

    #[inline(always)]
    pub(super) fn position_lines(
        &mut self,
        position: &Position,
        quantity: i64,
        mark: i64,
        [maintenance_e24, fee_e24]: [i128; 2],
    ) {
        let subject = Subject::Instrument(position.instrument);
        let contract = &self.terms.instruments[position.instrument as usize];
        let notional_e16 = times(quantity.abs(), mark);
        let size = i128::from(quantity.abs());
        let pnl_e16 = times(quantity, mark) - position.cost_e16;
        self.sink.line(|| Line {
            quantity: Some(i128::from(quantity)),
            price: (quantity != 0).then_some(mark),
            note: note::unrealized(quantity, mark, position.cost_e16),
            ..line(Total::UnrealizedPnl, Rule::PnlUnrealized, subject, pnl_e16 * E8)
        });
        if position.accrued != 0 {
            self.sink.line(|| Line {
                note: note::accrued(position.accrued),
                ..line(Total::AccruedFunding, Rule::FundingAccrued, subject, position.accrued * E16)
            });
        }
        if maintenance_e24 != 0 {
            self.sink.line(|| {
                let slices = contract.ladder.slices(notional_e16);
                let parts = slices.map(|(width, step)| scaled(width, step.maintenance.rate));
                Line {
                    quantity: Some(size),
                    price: Some(mark),
                    note: note::slices(notional_e16, parts),
                    ..line(Total::MaintenanceMargin, Rule::MarginMaintenance, subject, maintenance_e24)
                }
            });
        }
        if fee_e24 != 0 {
            for total in [Total::InitialMargin, Total::MaintenanceMargin] {
                self.sink.line(|| Line {
                    quantity: Some(size),
                    price: Some(mark),
                    rate: Some(contract.maintenance_fee),
                    note: note::rated(size, mark, contract.maintenance_fee),
                    ..line(total, Rule::MarginMaintenanceFee, subject, fee_e24)
                });
            }
        }
    }

    /// The lines of the side that charges more: what each order loses, and the fee of all.
    pub(super) fn order_lines(&mut self, position: &Position, mark: i64, worse: &Worse) {
        let subject = Subject::Instrument(position.instrument);
        let charged = self.account.orders_of(position).iter().filter(|order| (order.quantity > 0) == worse.bids);
        for order in charged {
            let loss_e16 = orders::loss_e16(order, mark);
            if loss_e16 != 0 {
                self.sink.line(|| Line {
                    quantity: Some(i128::from(order.quantity)),
                    price: Some(order.price),
                    note: note::order_loss(order.quantity, order.price, mark),
                    ..line(Total::InitialMargin, Rule::MarginOrders, subject, loss_e16 * E8)
                });
            }
        }
        let (fee, side) = (self.account.taker_fee, worse.side);
        if fee != 0 {
            self.sink.line(|| Line {
                quantity: Some(side.quantity),
                rate: Some(fee),
                note: note::fee(side.value_e16, fee),
                ..line(Total::InitialMargin, Rule::MarginOrders, subject, scaled(side.value_e16, fee))
            });
        }
    }
}

/// Q of a position, where its rows add up to one within the bounds.
#[inline(always)]
fn bounded(position: &Position) -> Option<i64> {
    let fits = -BASE_E8 <= position.quantity && position.quantity <= BASE_E8;
    fits.then_some(position.quantity as i64)
}

/// What the orders of one position may become (`margin.orders`, docs/margin.md).
struct Fill {
    /// |Q| of the fill that needs most.
    quantity: i128,
    /// Its initial margin in 10⁻²⁴.
    initial_e24: i128,
    /// The side that charges more.
    worse: Worse,
}

impl Fill {
    fn larger(ladder: &Ladder, leverage_rate: i64, quantity: i64, mark: i64, sides: &Sides, worse: Worse) -> Fill {
        let initial = |quantity: i128| (ladder.initial_e24(scaled(quantity, mark), leverage_rate), quantity);
        let fills = sides.fills(quantity).map(initial);
        let mut most = initial(i128::from(quantity).abs());
        for fill in fills {
            if fill.0 > most.0 {
                most = fill;
            }
        }
        Fill { quantity: most.1, initial_e24: most.0, worse }
    }
}

/// The `margin.initial` line of a position at the fill that counts.
fn initial_line(contract: &Contract, position: &Position, filled: i128, mark: i64, initial_e24: i128) -> Line {
    let notional_e16 = scaled(filled, mark);
    let parts: Vec<_> = contract.ladder.initial_parts(notional_e16, position.leverage_rate()).collect();
    let (rate, note) = match parts[..] {
        [(_, rate)] => (Some(rate), note::rated(filled, mark, rate)),
        _ => (None, note::slices(notional_e16, parts.iter().map(|&(width, rate)| scaled(width, rate)))),
    };
    Line {
        quantity: Some(filled),
        price: Some(mark),
        rate,
        note,
        ..line(Total::InitialMargin, Rule::MarginInitial, Subject::Instrument(position.instrument), initial_e24)
    }
}
