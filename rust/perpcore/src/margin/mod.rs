//! Margin: the view of an account, the one valuation, and what it is made of (docs/margin.md).
//!
//! [`value`] makes every requirement and every equity; whoever needs a number (whole-book sweep, explanation, the
//! liquidation price, later the gate and the monitor) calls it with a [`line::Sink`] that keeps or drops its lines.

pub mod account;
pub mod admission;
pub mod collateral;
pub mod figures;
pub mod line;
pub mod market;
pub mod net;
mod note;
pub mod orders;
pub mod portfolio;
pub mod status;
mod sums;
pub mod terms;
pub mod threshold;
pub mod tiers;
pub mod value;
pub mod width;
