//! `[client]`: who may trade (`gate.account`).

use super::kind::{ListOf, word};
use super::section::section;
use crate::word::words;

words! {
    /// What an account is to the venue.
    Class {
        /// A client.
        Professional "professional",
        /// A market maker of the venue's own group: behind clients at the same price.
        AffiliatedMarketMaker "affiliated_market_maker",
        /// A market maker of somebody else.
        MarketMaker "market_maker",
        /// Who takes over positions in liquidation.
        Backstop "backstop",
    }
    /// What a professional account must be able to show, to a date.
    Requirement {
        /// That he is a professional investor: `investor_until`.
        Professional "professional",
        /// That he knows what he trades: `knowledge_until`.
        Knowledge "knowledge",
    }
}

section! {
    /// Who may trade.
    Client {
        "classes" classes: Vec<Class> = Is(vec![]), ListOf(word::<Class>(), "classes of accounts"), "Classes that the venue admits; empty for all.";
        "require" require: Vec<Requirement> = Is(vec![]), ListOf(word::<Requirement>(), "requirements"), "What an account of class professional must show to open positions.";
    }
}
