//! From the rounded totals of a bucket to its figures and status (docs/margin.md).

use super::status::{Standing, Status, status};
use super::terms::Terms;
use crate::num::ONE;
use crate::num::round::charge_of;

/// The totals of a bucket, each rounded once, in g.
#[derive(Clone, Copy, Debug, Default)]
pub struct Totals {
    /// What the collateral counts, down.
    pub collateral: i128,
    /// Σ Q·M − κ, down.
    pub pnl: i128,
    /// Funding owed.
    pub accrued: i128,
    /// Initial margin without any order, up.
    pub held: i128,
    /// Initial margin, up.
    pub initial: i128,
    /// Maintenance margin, up.
    pub maintenance: i128,
    /// Eligible assets after close_cost, less debts, down; none in an isolated bucket.
    pub net_assets: Option<i128>,
    /// ⌈withdraw_ratio·N⌉.
    pub kept: i128,
}

/// The figures of one bucket, in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Figures {
    /// collateral_value + unrealized_pnl − accrued_funding.
    pub equity: i128,
    /// Value after closing all at the mark and converting all collateral.
    pub net_value: i128,
    /// What the collateral counts.
    pub collateral_value: i128,
    /// Σ Q·M − κ.
    pub unrealized_pnl: i128,
    /// Funding owed.
    pub accrued_funding: i128,
    /// Equity with the credited share of unsettled gain.
    pub opening_equity: i128,
    /// Initial margin with orders.
    pub initial_margin: i128,
    /// What the orders add to it.
    pub order_margin: i128,
    /// Maintenance margin.
    pub maintenance_margin: i128,
    /// What may be used to open.
    pub available: i128,
    /// What may be withdrawn.
    pub withdrawable: i128,
    /// The status.
    pub status: Status,
    /// In the portfolio model the row of the first scenario that attains the worst loss.
    pub worst_scenario: Option<u32>,
}

/// How many money figures a bucket has.
pub const MONEY_FIGURES: usize = 11;

impl Figures {
    /// The figures of some totals; `usable` says whether every price they depend on may be used.
    #[inline(always)]
    pub fn of(terms: &Terms, totals: &Totals, usable: bool) -> Self {
        let Totals { collateral, pnl, accrued, held, initial, maintenance, net_assets, kept } = *totals;
        let equity = collateral + pnl - accrued;
        let net_value = net_assets.map_or(equity, |assets| assets + pnl - accrued);
        let gain = (pnl - accrued).max(0);
        let opening_equity = if gain == 0 { equity } else { equity - charge_of(gain, ONE - terms.profit_credit) };
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
            available: (opening_equity - initial).max(0),
            withdrawable: (equity - gain - initial.max(kept)).max(0),
            status: status(&standing, terms.call_factor),
            worst_scenario: None,
        }
    }

    /// The money figures.
    #[inline(always)]
    pub fn money(&self) -> [i128; MONEY_FIGURES] {
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

    /// Maintenance margin ÷ equity, one division of the raw integers; NaN where equity ≤ 0. For display only.
    #[inline(always)]
    pub fn margin_ratio(&self) -> f64 {
        if self.equity > 0 { double(self.maintenance_margin) / double(self.equity) } else { f64::NAN }
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
