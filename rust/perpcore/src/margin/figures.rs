//! From the rounded totals of a bucket to its figures and status (docs/margin.md).

use super::status::{Standing, status};
use super::terms::Terms;
use super::width::Width;
use crate::num::ONE;

/// The totals of a bucket, each rounded once, in g.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals<W = i128> {
    /// What the collateral counts, down.
    pub collateral: W,
    /// Σ Q·M − κ, down.
    pub pnl: W,
    /// Funding owed.
    pub accrued: W,
    /// Initial margin without any order, up.
    pub held: W,
    /// Initial margin, up.
    pub initial: W,
    /// Maintenance margin, up.
    pub maintenance: W,
    /// Eligible assets after close_cost, less debts, down; none in an isolated bucket.
    pub net_assets: Option<W>,
    /// ⌈withdraw_ratio·N⌉.
    pub kept: W,
}

/// The figures of one bucket, in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures<W: Width = i128> {
    /// collateral_value + unrealized_pnl − accrued_funding.
    pub equity: W,
    /// Value after closing all at the mark and converting all collateral.
    pub net_value: W,
    /// What the collateral counts.
    pub collateral_value: W,
    /// Σ Q·M − κ.
    pub unrealized_pnl: W,
    /// Funding owed.
    pub accrued_funding: W,
    /// Equity with the credited share of unsettled gain.
    pub opening_equity: W,
    /// Initial margin with orders.
    pub initial_margin: W,
    /// What the orders add to it.
    pub order_margin: W,
    /// Maintenance margin.
    pub maintenance_margin: W,
    /// What may be used to open.
    pub available: W,
    /// What may be withdrawn.
    pub withdrawable: W,
    /// The status.
    pub status: W::Status,
    /// In the portfolio model the row of the first scenario that attains the worst loss.
    pub worst_scenario: Option<u32>,
}

/// How many money figures a bucket has.
pub const MONEY_FIGURES: usize = 11;

impl<W: Width> Figures<W> {
    /// The figures of some totals; `usable` says whether every price they depend on may be used.
    #[inline(always)]
    pub fn of(terms: &Terms, totals: &Totals<W>, usable: bool) -> Self {
        let Totals { collateral, pnl, accrued, held, initial, maintenance, net_assets, kept } = *totals;
        let zero = W::of(0);
        let unsettled = pnl.minus(accrued);
        let equity = collateral.plus(unsettled);
        let net_value = net_assets.map_or(equity, |assets| assets.plus(unsettled));
        let gain = unsettled.larger(zero);
        let kept_back = if cfg!(feature = "without_unsettled_gain") { zero } else { gain };
        let opening_equity = equity.minus(gain.charge_of(ONE - terms.profit_credit));
        let initial_counts = net_assets.is_some().then_some(initial);
        let standing = Standing { usable, net_value, equity, maintenance, initial: initial_counts };
        Figures {
            equity,
            net_value,
            collateral_value: collateral,
            unrealized_pnl: pnl,
            accrued_funding: accrued,
            opening_equity,
            initial_margin: initial,
            order_margin: initial.minus(held),
            maintenance_margin: maintenance,
            available: opening_equity.minus(initial).larger(zero),
            withdrawable: equity.minus(kept_back).minus(initial.larger(kept)).larger(zero),
            status: status(&standing, terms.call_factor),
            worst_scenario: None,
        }
    }

    /// The money figures.
    #[inline(always)]
    pub fn money(&self) -> [W; MONEY_FIGURES] {
        [
            self.equity,
            self.net_value,
            self.collateral_value,
            self.unrealized_pnl,
            self.accrued_funding,
            self.opening_equity,
            self.initial_margin,
            self.order_margin,
            self.maintenance_margin,
            self.available,
            self.withdrawable,
        ]
    }
}

impl<W: Width + Into<i128>> Figures<W> {
    /// Maintenance margin ÷ equity, one division of the raw integers; NaN where equity ≤ 0. For display only.
    #[inline(always)]
    pub fn margin_ratio(&self) -> f64 {
        let equity = self.equity.into();
        if equity > 0 { double(self.maintenance_margin.into()) / double(equity) } else { f64::NAN }
    }
}

/// The nearest double; what fits in 64 bits converts in one instruction, to the same double.
#[inline(always)]
fn double(money: i128) -> f64 {
    i64::try_from(money).map_or_else(|_| wide_double(money), |money| money as f64)
}

// Apart, or the compiler takes the slow conversion for both.
#[cold]
#[inline(never)]
fn wide_double(money: i128) -> f64 {
    money as f64
}
