//! From figures to Arrow record batches, in the types that the contract declares.

mod accounts;
mod column;
mod ids;
mod lines;
mod liquidation;
mod mirror;
mod monitor;
mod schema;
mod stress;

pub(crate) use accounts::{accounts, isolated};
pub(crate) use ids::IdColumn;
pub(crate) use lines::Lines;
pub(crate) use liquidation::{ladder, liquidation_prices};
pub(crate) use mirror::{Row, depth, states};
pub(crate) use monitor::{Named, balances, changes, orders, positions, prices, settings};
pub use schema::schema;
pub(crate) use stress::{largest, stress};
