//! What a venue does where somebody tries to get out of it what is not his; expected numbers by hand.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "venue/credit.rs"]
mod credit;
#[path = "venue/desk.rs"]
mod desk;
#[path = "venue/collusion.rs"]
mod collusion;
#[path = "venue/fees.rs"]
mod fees;
#[path = "venue/isolated.rs"]
mod isolated;
#[path = "venue/degraded.rs"]
mod degraded;
#[path = "venue/funds.rs"]
mod funds;
#[path = "venue/settlement.rs"]
mod settlement;
