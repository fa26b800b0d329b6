//! The pure core of perpcore: numbers, rulebook, the one valuation, whole-book sweeps.
//!
//! Nothing here knows Python, Arrow, files, clocks or randomness. Floors, lowest first; an arrow points
//! only down: [`num`] → [`fault`] → [`rule`] → [`rules`] → [`margin`] → [`sweep`].

pub mod fault;
pub mod margin;
pub mod num;
pub mod rule;
pub mod rules;
pub mod sweep;
