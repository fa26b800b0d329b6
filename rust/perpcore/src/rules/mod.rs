//! Placeholder types until the rulebook room lands.
#![allow(missing_docs)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum InitialMethod {
    Bracket,
    Marginal,
}
#[derive(Clone, Debug)]
pub struct Tier {
    pub up_to: Option<i128>,
    pub maintenance: i64,
    pub max_leverage: i64,
    pub initial: i64,
}
#[derive(Clone, Debug)]
pub struct Slice {
    pub up_to: Option<i128>,
    pub rate: i64,
}
#[derive(Clone, Debug)]
pub struct Liability {
    pub initial: i64,
    pub maintenance: i64,
}
#[derive(Clone, Debug)]
pub struct Asset {
    pub name: String,
    pub eligible: bool,
    pub haircut: Vec<Slice>,
    pub close_cost: i64,
    pub account_cap: Option<i128>,
    pub liability: Option<Liability>,
    pub thin_trades: bool,
}
#[derive(Clone, Debug)]
pub struct Instrument {
    pub name: String,
    pub underlying: String,
    pub contract_size: i64,
    pub initial_method: InitialMethod,
    pub tiers: Vec<Tier>,
    pub maintenance_fee: i64,
    pub thin_trades: bool,
}
#[derive(Clone, Debug)]
pub struct FeeTier {
    pub name: String,
    pub maker: i64,
    pub taker: i64,
}
#[derive(Clone, Debug)]
pub struct Venue {
    pub settlement: usize,
    pub profit_credit: i64,
    pub call_factor: i64,
    pub withdraw_ratio: i64,
    pub fees: Vec<FeeTier>,
}
#[derive(Clone, Debug)]
pub struct Rulebook {
    pub venue: Venue,
    pub assets: Vec<Asset>,
    pub instruments: Vec<Instrument>,
}
impl Rulebook {
    pub fn venue(&self) -> &Venue {
        &self.venue
    }
    pub fn assets(&self) -> &[Asset] {
        &self.assets
    }
    pub fn instruments(&self) -> &[Instrument] {
        &self.instruments
    }
    pub fn fee_tier_index(&self, name: &str) -> Option<usize> {
        self.venue.fees.iter().position(|t| t.name == name)
    }
}
