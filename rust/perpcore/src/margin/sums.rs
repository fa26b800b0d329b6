//! The exact sums of one bucket, and their one rounding (docs/margin.md).

use super::figures::{Figures, Totals};
use super::line::{Sink, Subject, Total, line};
use super::terms::Terms;
use crate::num::round::{charge_from_e24, credit_from_e16, credit_from_e24};
use crate::num::{E8, E16, scaled};
use crate::rule::Rule;

/// The exact sums of one bucket, before any rounding.
#[derive(Clone, Copy, Debug)]
pub struct Sums {
    /// Whether every price it depends on may be used.
    pub usable: bool,
    /// What the collateral counts.
    pub collateral_e24: i128,
    /// Eligible assets after close_cost, less debts.
    pub net_e24: i128,
    /// Σ Q·M − κ.
    pub pnl_e16: i128,
    /// Funding owed, in g.
    pub accrued: i128,
    /// Initial margin of what is held, without any order.
    pub held_e24: i128,
    /// What the orders add to it.
    pub orders_e24: i128,
    /// Maintenance margin.
    pub maintenance_e24: i128,
    /// Σ|Q|·M.
    pub notional_e16: i128,
    /// What initial and maintenance margin hold of roundings on the way, which no line shows but the rounding.
    pub rounded_e24: [i128; 2],
}

impl Default for Sums {
    fn default() -> Self {
        Sums::new()
    }
}

impl Sums {
    /// The sums of a bucket that holds nothing.
    #[inline(always)]
    pub fn new() -> Self {
        Sums {
            usable: true,
            collateral_e24: 0,
            net_e24: 0,
            pnl_e16: 0,
            accrued: 0,
            held_e24: 0,
            orders_e24: 0,
            maintenance_e24: 0,
            notional_e16: 0,
            rounded_e24: [0; 2],
        }
    }

    /// Unrealized PnL less accrued funding, exact.
    #[inline(always)]
    pub fn unsettled_e24(&self) -> i128 {
        self.pnl_e16 * E8 - self.accrued * E16
    }

    /// Rounds each total once and derives the rest.
    #[inline(always)]
    pub fn close<S: Sink>(&self, terms: &Terms, cross: bool, sink: &mut S) -> Figures {
        let held = charge_from_e24(self.held_e24);
        let totals = Totals {
            collateral: credit_from_e24(self.collateral_e24),
            pnl: credit_from_e16(self.pnl_e16),
            accrued: self.accrued,
            held,
            initial: if self.orders_e24 == 0 { held } else { charge_from_e24(self.held_e24 + self.orders_e24) },
            maintenance: charge_from_e24(self.maintenance_e24),
            net_assets: cross.then(|| credit_from_e24(self.net_e24)),
            kept: match terms.withdraw_ratio {
                0 => 0,
                ratio => charge_from_e24(scaled(self.notional_e16, ratio)),
            },
        };
        if S::KEEPS {
            self.rounding_lines([totals.collateral, totals.pnl, totals.initial, totals.maintenance], sink);
        }
        Figures::of(terms, &totals, self.usable)
    }
}

impl Sums {
    /// What each rounded total is beyond its exact lines.
    fn rounding_lines<S: Sink>(&self, rounded: [i128; 4], sink: &mut S) {
        let [initial_e24, maintenance_e24] = self.rounded_e24;
        let initial_e24 = self.held_e24 + self.orders_e24 - initial_e24;
        let exact_e24 = [self.collateral_e24, self.pnl_e16 * E8, initial_e24, self.maintenance_e24 - maintenance_e24];
        let totals = [Total::CollateralValue, Total::UnrealizedPnl, Total::InitialMargin, Total::MaintenanceMargin];
        for ((total, rounded), exact_e24) in totals.into_iter().zip(rounded).zip(exact_e24) {
            if rounded * E16 != exact_e24 {
                sink.line(|| line(total, Rule::Rounding, Subject::Bucket, rounded * E16 - exact_e24));
            }
        }
    }
}
