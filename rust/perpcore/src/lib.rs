//! The pure core of perpcore: numbers, rulebook, the one valuation, whole-book sweeps, the resident book.
//!
//! Nothing here knows Python, Arrow, files, clocks or randomness. Floors, lowest first; an arrow points
//! only down: [`num`] → [`fault`] → [`rule`] → [`rules`] → [`message`] →
//! [`book`], [`margin`] → [`sweep`] → [`monitor`].

pub mod book;
pub mod fault;
pub mod margin;
pub mod message;
pub mod monitor;
pub mod num;
pub mod rule;
pub mod rules;
pub mod sweep;
