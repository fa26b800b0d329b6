//! From the rounded totals of a bucket to its figures and status (docs/margin.md).
//!
//! Generic over the width of money, so that whoever made the totals in narrow lanes derives the rest by this text too.

use super::status::{Standing, Status, status};
use super::terms::Terms;
use crate::num::ONE;
use crate::num::narrow::Amount;

/// The totals of a bucket, each rounded once, in g.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals<M> {
    /// What the collateral counts, down.
    pub collateral: M,
    /// Σ Q·M − κ, down.
    pub pnl: M,
    /// Funding owed.
    pub accrued: M,
    /// Initial margin without any order, up.
    pub held: M,
    /// Initial margin, up.
    pub initial: M,
    /// Maintenance margin, up.
    pub maintenance: M,
    /// Eligible assets after close_cost, less debts, down; none in an isolated bucket.
    pub net_assets: Option<M>,
    /// ⌈withdraw_ratio·N⌉.
    pub kept: M,
}

/// The figures of one bucket, in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures<M = i128> {
    /// collateral_value + unrealized_pnl − accrued_funding.
    pub equity: M,
    /// Value after closing all at the mark and converting all collateral.
    pub net_value: M,
    /// What the collateral counts.
    pub collateral_value: M,
    /// Σ Q·M − κ.
    pub unrealized_pnl: M,
    /// Funding owed.
    pub accrued_funding: M,
    /// Equity with the credited share of unsettled gain.
    pub opening_equity: M,
    /// Initial margin with orders.
    pub initial_margin: M,
    /// What the orders add to it.
    pub order_margin: M,
    /// Maintenance margin.
    pub maintenance_margin: M,
    /// What may be used to open.
    pub available: M,
    /// What may be withdrawn.
    pub withdrawable: M,
    /// The status.
    pub status: Status,
}

/// How many money figures a bucket has.
pub const MONEY_FIGURES: usize = 11;

/// The names of the money figures, in the order of [`Figures::money`].
pub const MONEY_NAMES: [&str; MONEY_FIGURES] = [
    "equity",
    "net_value",
    "collateral_value",
    "unrealized_pnl",
    "accrued_funding",
    "opening_equity",
    "initial_margin",
    "order_margin",
    "maintenance_margin",
    "available",
    "withdrawable",
];

impl<M: Amount> Figures<M> {
    /// The figures of some totals; `usable` says whether every price they depend on may be used.
    #[inline(always)]
    pub fn of(terms: &Terms, totals: &Totals<M>, usable: bool) -> Self {
        let none = M::default();
        let Totals { collateral, pnl, accrued, held, initial, maintenance, net_assets, kept } = *totals;
        let equity = collateral + pnl - accrued;
        let net_value = net_assets.map_or(equity, |assets| assets + pnl - accrued);
        let gain = (pnl - accrued).max(none);
        let opening_equity = equity - gain.charge_of(ONE - terms.profit_credit);
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
            order_margin: initial - held,
            maintenance_margin: maintenance,
            available: (opening_equity - initial).max(none),
            withdrawable: (equity - gain - initial.max(kept)).max(none),
            status: status(&standing, terms.call_factor),
        }
    }

    /// The money figures.
    #[inline(always)]
    pub fn money(&self) -> [M; MONEY_FIGURES] {
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

/// Maintenance margin ÷ equity, one division of the raw integers; NaN where equity ≤ 0. For display only.
#[inline(always)]
pub fn margin_ratio(maintenance: i128, equity: i128) -> f64 {
    // What fits in 64 bits converts in one instruction, to the same double.
    match (i64::try_from(maintenance), i64::try_from(equity)) {
        _ if equity <= 0 => f64::NAN,
        (Ok(maintenance), Ok(equity)) => maintenance as f64 / equity as f64,
        _ => maintenance as f64 / equity as f64,
    }
}
