//! `portfolio.basis`, `portfolio.concentration`, `portfolio.minimum`, and the charge that they make with the risk.

use super::{Exposure, Portfolio};
use crate::margin::width::Width;
use crate::num::round::charge_from_e24;
use crate::num::scaled;

/// What the charge is made of, each rounded up to g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Components<W = i128> {
    /// `portfolio.risk`
    pub risk: W,
    /// `portfolio.basis`
    pub basis: W,
    /// `portfolio.concentration`
    pub concentration: W,
    /// `portfolio.minimum`: the least that the charge can be.
    pub minimum: W,
}

impl<W: Width> Components<W> {
    /// The charge, before its factors.
    #[inline(always)]
    pub fn total(&self) -> W {
        self.sum().larger(self.minimum)
    }

    /// By how much the minimum is above the sum of the others; 0 where it does not bind.
    pub fn shortage(&self) -> W {
        self.minimum.minus(self.sum()).larger(W::of(0))
    }

    /// A requirement: factor × charge, rounded up to g.
    #[inline(always)]
    pub fn required(&self, factor: i64) -> W {
        self.total().charge_of(factor)
    }

    #[inline(always)]
    fn sum(&self) -> W {
        self.risk.plus(self.basis).plus(self.concentration)
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
