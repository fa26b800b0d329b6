//! From figures to Arrow record batches, in the types that the contract declares.

mod accounts;
mod book;
mod client_ids;
mod column;
mod dry_run;
mod event_words;
mod events;
mod ids;
mod lines;
mod liquidation;
mod mirror;
mod monitor;
mod pricing;
mod says;
mod schema;
mod stress;
mod table;
mod venue;

pub(crate) use accounts::{accounts, isolated};
pub(crate) use book::{depth, l3, open_orders};
pub(crate) use client_ids::Unremembered;
pub(crate) use dry_run::dry_run;
pub(crate) use event_words::EventWords;
pub(crate) use events::EventColumns;
pub(crate) use ids::{IdColumn, resident_ids, sparse_ids};
pub(crate) use lines::Lines;
pub(crate) use liquidation::{ladder, liquidation_prices};
pub(crate) use mirror::{Row, mirror_depth, states};
pub(crate) use monitor::{Named, balances, changes, orders, positions, prices, settings};
pub(crate) use pricing::{FundingRows, IndexRows, MarkRows, funding_flows, index_sources};
pub(crate) use says::{
    asset_of, client_of, is_of_rulebook, may_note, note_of, rule_of, says_amount, says_balance, says_class,
    says_numbers, state_of,
};
pub use schema::schema;
pub(crate) use stress::{largest, stress};
pub(crate) use table::written;
pub(crate) use venue::{ledger, valued, venue_positions};
