//! Attacks on a venue: how somebody would try to leave it with a loss, or with money that is not his. Expected numbers by
//! hand.

#![expect(clippy::unwrap_used, reason = "a test")]

#[path = "venue/collusion.rs"]
mod collusion;
#[path = "venue/degraded.rs"]
mod degraded;
#[path = "venue/desk.rs"]
mod desk;
#[path = "venue/extremes.rs"]
mod extremes;
#[path = "venue/fees.rs"]
mod fees;
#[path = "venue/halves.rs"]
mod halves;
#[path = "venue/isolated.rs"]
mod isolated;
#[path = "venue/money.rs"]
mod money;
#[path = "venue/reserved.rs"]
mod reserved;
#[path = "venue/settling.rs"]
mod settling;
