//! Arrow in, Arrow out: the tables of perpcore ([`contract`]), the check of foreign memory ([`guard`]), decoding to
//! plain columns, encoding of results.
//!
//! It relies on the pure crate for every number and knows no Python.

pub mod assess;
pub mod book;
pub mod contract;
mod decode;
mod encode;
pub mod guard;
pub mod monitor;
pub mod observed;
pub mod pricing;
mod residents;
pub mod said;
pub mod shared;
pub mod single;
mod stress;
pub mod venue;

pub use encode::schema;
