//! Attacks on a venue: how somebody would try to leave it with a loss, or with money that is not his. Expected numbers by
//! hand.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "venue/collusion.rs"]
mod collusion;
#[path = "venue/desk.rs"]
mod desk;
#[path = "venue/money.rs"]
mod money;
#[path = "venue/probes.rs"]
mod probes;
