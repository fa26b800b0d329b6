//! The terms: what the valuation reads of a rulebook, without names, with tiers added up.

use super::collateral::Collateral;
use super::portfolio::Portfolio;
use super::tiers::Ladder;
use crate::fault::Code;
use crate::num::bounds::QUANTITY;
use crate::num::{ONE, times};
use crate::rules::{Rulebook, STANDARD};

/// One instrument's terms.
#[derive(Clone, Debug)]
pub struct Contract {
    /// The step of its prices, in g.
    pub tick: i64,
    /// Contract size in g; Q = quantity × contract_size.
    pub contract_size: i64,
    /// Its tiers.
    pub ladder: Ladder,
    /// `margin.maintenance_fee` rate in g.
    pub maintenance_fee: i64,
    /// Whether a thin mark may be used.
    pub thin_trades: bool,
    /// Its underlying by the rulebook's index.
    pub underlying: u32,
}

impl Contract {
    /// The base quantity Q of a quantity of contracts, both in g.
    ///
    /// # Errors
    /// `off_grid` or `out_of_range`, where the product is.
    #[inline(always)]
    pub fn base(&self, quantity: i64) -> Result<i64, Code> {
        if self.contract_size == ONE {
            return Ok(quantity);
        }
        let product = times(quantity, self.contract_size);
        let base = product / i128::from(ONE);
        if !QUANTITY.holds(base) {
            Err(Code::OutOfRange)
        } else if base * i128::from(ONE) != product {
            Err(Code::OffGrid)
        } else {
            Ok(base as i64)
        }
    }
}

/// The terms of a rulebook.
#[derive(Clone, Debug)]
pub struct Terms {
    /// Index of the settlement currency among the assets.
    pub settlement: usize,
    /// Share of unsettled profit that counts for opening, in g.
    pub profit_credit: i64,
    /// Margin call factor in g.
    pub call_factor: i64,
    /// Share of the notional that stays after a withdrawal, in g.
    pub withdraw_ratio: i64,
    /// Taker fee by fee tier, in g.
    pub taker_fees: Vec<i64>,
    /// Index of the fee tier of accounts that name none.
    pub standard_tier: usize,
    /// Instruments by the rulebook's index.
    pub instruments: Vec<Contract>,
    /// Assets by the rulebook's index.
    pub assets: Vec<Collateral>,
    /// The portfolio model, where the rulebook enables it.
    pub portfolio: Option<Portfolio>,
}

impl Terms {
    /// Lays out a rulebook.
    pub fn new(rules: &Rulebook) -> Self {
        let venue = rules.venue();
        let instruments = rules.instruments().iter().map(|i| Contract {
            tick: i.tick,
            contract_size: i.contract_size,
            ladder: Ladder::new(&i.tiers, i.initial_method),
            maintenance_fee: i.maintenance_fee,
            thin_trades: i.thin_trades,
            // Every underlying that is named is one of the rulebook's.
            underlying: rules.underlying_index(&i.underlying).unwrap_or(0) as u32,
        });
        let assets = rules.assets().iter().enumerate().map(|(at, asset)| {
            let underlying = asset.underlying.as_deref().and_then(|name| rules.underlying_index(name));
            // The settlement currency is the unit of everything: no scenario moves it.
            let underlying = underlying.filter(|_| at != venue.settlement);
            Collateral::new(asset, underlying.map(|at| at as u32))
        });
        Terms {
            settlement: venue.settlement,
            profit_credit: venue.profit_credit,
            call_factor: venue.call_factor,
            withdraw_ratio: venue.withdraw_ratio,
            taker_fees: venue.fees.iter().map(|tier| tier.taker).collect(),
            standard_tier: rules.fee_tier_index(STANDARD).unwrap_or(0),
            instruments: instruments.collect(),
            assets: assets.collect(),
            portfolio: Portfolio::new(rules),
        }
    }
}
