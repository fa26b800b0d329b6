//! `portfolio.basis`, `portfolio.concentration`, `portfolio.minimum`, and the charge that they make with the risk.

use super::{Exposure, Portfolio};
use crate::num::round::charge_from_e24;
use crate::num::scaled;

/// What the charge is made of, each rounded up to g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components {
    /// `portfolio.risk`
    pub risk: i128,
    /// `portfolio.basis`
    pub basis: i128,
    /// `portfolio.concentration`
    pub concentration: i128,
    /// `portfolio.minimum`: the least that the charge can be.
    pub minimum: i128,
}

impl Components {
    /// The charge, before its factors.
    pub fn total(&self) -> i128 {
        self.sum().max(self.minimum)
    }

    /// By how much the minimum is above the sum of the others; 0 where it does not bind.
    pub fn shortage(&self) -> i128 {
        (self.minimum - self.sum()).max(0)
    }

    fn sum(&self) -> i128 {
        self.risk + self.basis + self.concentration
    }
}

/// The add-ons of some exposures before their roundings, in 10⁻²⁴.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exact {
    /// `portfolio.basis`
    pub basis_e24: i128,
    /// `portfolio.concentration`
    pub concentration_e24: i128,
    /// `portfolio.minimum`
    pub minimum_e24: i128,
}

impl Exact {
    /// Of some exposures; `filled` says whether their orders count.
    pub fn of(portfolio: &Portfolio, exposures: impl Iterator<Item = (u32, Exposure)>, filled: bool) -> Self {
        let mut exact = Exact::default();
        for (underlying, exposure) in exposures {
            let rates = &portfolio.underlyings[underlying as usize];
            let gross_e16 = exposure.gross_e16[usize::from(filled)];
            exact.basis_e24 += scaled(gross_e16, rates.basis);
            exact.minimum_e24 += scaled(gross_e16, portfolio.minimum);
            if let Some(ladder) = &rates.concentration {
                exact.concentration_e24 += ladder.requirements_e24(exposure.concentrated_e16(filled), 0).0;
            }
        }
        exact
    }

    /// Rounded, with a risk.
    pub fn components(&self, risk: i128) -> Components {
        Components {
            risk,
            basis: charge_from_e24(self.basis_e24),
            concentration: charge_from_e24(self.concentration_e24),
            minimum: charge_from_e24(self.minimum_e24),
        }
    }
}
