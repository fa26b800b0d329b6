//! Controls of a venue: who may do what when, halts, breakers, proofs, limits, last settlements and changes of the rulebook;
//! expected numbers by hand.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "venue_controls/accounts.rs"]
mod accounts;
#[path = "venue_behavior/desk.rs"]
mod desk;
#[path = "venue_controls/permissions.rs"]
mod permissions;
#[path = "venue_controls/rulebooks.rs"]
mod rulebooks;
