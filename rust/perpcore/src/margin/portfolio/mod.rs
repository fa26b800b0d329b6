//! The portfolio model (docs/margin.md): one charge on the whole cross bucket, from what joint moves of the underlyings
//! would cost it.
//!
//! [`Portfolio`] is what the valuation reads of a rulebook and a scenario table, laid out once for a call; [`Exposures`]
//! is what an account has in each underlying. `account` walks an account into it, [`offset`] and [`tail`] make the
//! risk of it, [`addons`] the rest of the charge. [`hull`] says which scenarios need not be looked at.

mod account;
pub mod addons;
mod exposure;
pub mod hull;
pub mod multiples;
pub mod offset;
mod risk;
pub mod scenarios;
pub mod tail;
mod threshold;
mod words;

#[cfg(test)]
mod tests;

pub use account::Required;
pub use exposure::{Exposure, Exposures};
pub use risk::Risk;
pub(super) use threshold::{Charged, Scratch};

use super::tiers::Ladder;
use crate::num::{ONE, times};
use crate::rules::{Charge, InitialMethod, Measure, PortfolioUnderlying, Rulebook, Tier};
use offset::Credit;
use scenarios::{Lanes, Scenarios};
use std::sync::Arc;

/// The terms of the portfolio model.
#[derive(Clone, Debug)]
pub struct Portfolio {
    /// Initial margin is this multiple of the charge, in g.
    pub im_factor: i64,
    /// Maintenance margin likewise.
    pub mm_factor: i64,
    /// The charge is at least this share of Σ|Q|·M, in g.
    pub minimum: i64,
    measure: Measure,
    credit: Credit,
    /// The share of a profit that counts, in g.
    offset_credit: i64,
    /// By the rulebook's index.
    underlyings: Vec<Underlying>,
    /// The charge changes by no more than this share, in g, of what all that is held and ordered changes: the largest move
    /// of a scenario, the rates beside it, and 1 for concentration.
    pub steepest: i64,
    /// The scenarios in force.
    pub scenarios: Arc<Scenarios>,
    lanes: Lanes,
}

/// The terms of one underlying.
#[derive(Clone, Debug)]
struct Underlying {
    name: String,
    basis: i64,
    concentration: Option<Ladder>,
}

impl Portfolio {
    /// The portfolio model of a rulebook under the scenarios that it generates; none where it is not enabled.
    pub fn new(rules: &Rulebook) -> Option<Self> {
        let portfolio = rules.portfolio();
        if !portfolio.enabled {
            return None;
        }
        let underlyings = rules.underlyings().iter().map(|underlying| {
            let rates = portfolio.underlyings.iter().find(|rates| rates.name == underlying.name);
            Underlying {
                name: underlying.name.clone(),
                basis: rates.map_or(0, |rates| rates.basis),
                concentration: rates.and_then(concentration),
            }
        });
        let underlyings: Vec<Underlying> = underlyings.collect();
        let scenarios = Arc::new(Scenarios::generated(rules));
        Some(Portfolio {
            steepest: steepest(&scenarios, &underlyings, portfolio.minimum),
            im_factor: portfolio.im_factor,
            mm_factor: portfolio.mm_factor,
            minimum: portfolio.minimum,
            measure: portfolio.measure,
            credit: Credit::new(portfolio.offset_credit),
            offset_credit: portfolio.offset_credit,
            underlyings,
            lanes: Lanes::new(&scenarios, portfolio.measure != Measure::Worst),
            scenarios,
        })
    }

    /// The same model under other scenarios, which have a place for each underlying of the rulebook.
    #[must_use]
    pub fn under(&self, scenarios: Scenarios) -> Self {
        let lanes = Lanes::new(&scenarios, self.measure != Measure::Worst);
        let steepest = steepest(&scenarios, &self.underlyings, self.minimum);
        Portfolio { scenarios: Arc::new(scenarios), lanes, steepest, ..self.clone() }
    }

    /// Makes exposures ready for an account.
    pub fn clear(&self, exposures: &mut Exposures) {
        exposures.clear(self.underlyings.len());
    }

    /// The rate of `portfolio.basis` in g and the slices of `portfolio.concentration` of an underlying.
    pub fn charges(&self, underlying: u32) -> (i64, Option<&Ladder>) {
        let Underlying { basis, concentration, .. } = &self.underlyings[underlying as usize];
        (*basis, concentration.as_ref())
    }

    /// Whether the scenarios move an underlying.
    pub fn moves(&self, underlying: u32) -> bool {
        self.scenarios.moves[underlying as usize].is_some()
    }
}

/// See [`Portfolio::steepest`].
fn steepest(scenarios: &Scenarios, underlyings: &[Underlying], minimum: i64) -> i64 {
    let moves = scenarios.moves.iter().flatten().flatten().map(|moved| moved.abs()).max().unwrap_or(0);
    let factor = scenarios.factors.iter().map(|(_, factor)| *factor).max().unwrap_or(0).max(ONE);
    let basis = underlyings.iter().map(|underlying| underlying.basis).max().unwrap_or(0);
    let moved = (times(moves, factor) / i128::from(ONE) + 1).min(1 << 40) as i64;
    moved + basis + minimum + ONE
}

/// The concentration charge is marginal, as the tiers of an instrument are.
fn concentration(rates: &PortfolioUnderlying) -> Option<Ladder> {
    let tier =
        |slice: &Charge| Tier { up_to: slice.up_to, maintenance: slice.rate, max_leverage: 0, initial: slice.rate };
    let tiers: Vec<Tier> = rates.concentration.as_ref()?.iter().map(tier).collect();
    Some(Ladder::new(&tiers, InitialMethod::Marginal))
}
