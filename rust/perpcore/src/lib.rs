//! The pure core of perpcore: numbers, rulebook, outside prices, the one valuation, whole-book sweeps,
//! the resident book, the venue.
//!
//! Nothing here knows Python, Arrow, files, clocks or randomness. Floors, lowest first; an arrow points
//! only down: [`num`], [`word`] → [`fault`] → [`rule`] → [`rules`] → [`message`] → [`pricing`], [`margin`], [`book`] → [`sweep`] →
//! [`monitor`], [`ledger`] → [`venue`].

pub mod book;
pub mod control;
pub mod fault;
pub mod ledger;
pub mod liquidation;
pub mod margin;
pub mod message;
pub mod monitor;
pub mod num;
pub mod pricing;
pub mod rule;
pub mod rules;
pub mod sweep;
pub mod venue;
pub mod word;
