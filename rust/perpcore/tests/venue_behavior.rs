//! What a venue does where somebody tries to get out of it what is not his; expected numbers by hand.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "venue_behavior/collusion.rs"]
mod collusion;
#[path = "venue_behavior/credit.rs"]
mod credit;
#[path = "venue_behavior/degraded.rs"]
mod degraded;
#[path = "venue_behavior/desk.rs"]
mod desk;
#[path = "venue_behavior/fees.rs"]
mod fees;
#[path = "venue_behavior/funds.rs"]
mod funds;
#[path = "venue_behavior/isolated.rs"]
mod isolated;
#[path = "venue_behavior/settlement.rs"]
mod settlement;
#[path = "venue_behavior/watch.rs"]
mod watch;
