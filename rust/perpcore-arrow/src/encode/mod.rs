//! From figures to Arrow record batches, in the types that the contract declares.

mod accounts;
mod column;
mod ids;
mod lines;
mod liquidation;
mod schema;
mod stress;

pub(crate) use accounts::{accounts, isolated};
pub(crate) use ids::IdColumn;
pub(crate) use lines::Lines;
pub(crate) use liquidation::{ladder, liquidation_prices};
pub use schema::schema;
pub(crate) use stress::{largest, stress};
