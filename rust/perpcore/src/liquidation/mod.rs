//! What is done with a bucket below maintenance margin (RULES §10, docs/liquidation.md): what to close, at what, against whom.
//! Plans only: nothing here trades, posts or knows an account by more than its number; whoever asks carries it out.

pub mod fund;
pub mod plan;
pub mod rank;
pub mod share;
pub mod waterfall;
