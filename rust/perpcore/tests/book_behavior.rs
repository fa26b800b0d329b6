//! What an order book does, behavior by behavior, of both stores; expected events by hand.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "book/desk.rs"]
#[macro_use]
mod desk;
#[path = "book/amend.rs"]
mod amend;
#[path = "book/auction.rs"]
mod auction;
#[path = "book/collar_and_limits.rs"]
mod collar_and_limits;
#[path = "book/lifetime.rs"]
mod lifetime;
#[path = "book/orders.rs"]
mod orders;
#[path = "book/priority.rs"]
mod priority;
#[path = "book/reduce_only.rs"]
mod reduce_only;
#[path = "book/regrid.rs"]
mod regrid;
#[path = "book/setting.rs"]
mod setting;
#[path = "book/stp.rs"]
mod stp;
#[path = "book/trigger.rs"]
mod trigger;
