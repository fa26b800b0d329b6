//! Many accounts at once: a snapshot of columns in, columns of figures out.
//!
//! [`gather`] turns the rows of one account into the view that [`crate::margin::value`] reads; [`kernel`] makes the
//! totals of common accounts without it; [`assess`] walks all accounts, into columns of the [`pool`]; [`inspect`] walks
//! one again, keeping lines and finding which row is at fault; [`liquidation`] finds where each bucket ends, [`stress`]
//! values all of them under joint moves, [`reverse`] finds the move that costs an amount. [`group`] finds the rows of an
//! account, [`runs`] where accounts begin in a column of codes, [`threads`] divide the work. Nothing is allocated or hashed
//! per row, and the order of rows decides nothing but the order of output. A long sweep asks [`stop`] whether it is still
//! wanted.

pub mod assess;
pub mod gather;
mod group;
pub mod inspect;
mod kernel;
pub mod liquidation;
pub mod pool;
pub mod reverse;
pub mod runs;
pub mod snapshot;
pub mod stop;
pub mod stress;
pub(crate) mod threads;
