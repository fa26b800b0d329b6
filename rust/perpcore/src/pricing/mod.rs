//! Prices that come from outside, and what is made of them: whole numbers of the grid, no account, no clock.

pub mod impact;
pub mod mirror;
