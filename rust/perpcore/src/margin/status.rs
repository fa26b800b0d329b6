//! `status`: the first that applies (docs/margin.md).

use crate::num::{ONE, scaled};

/// The status of a bucket, worst first as `isolated_status` ranks them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// A price it depends on is not usable.
    Undecided,
    /// Net value below zero.
    Bankrupt,
    /// Equity below maintenance margin.
    Liquidation,
    /// Equity below call_factor × maintenance margin.
    MarginCall,
    /// Equity below initial margin: may only reduce.
    Restricted,
    /// None of these.
    Healthy,
    /// Not valued: a row of the account was refused.
    Unknown,
}

impl Status {
    /// Their names in the tables, in order.
    pub const NAMES: [&'static str; 7] =
        ["undecided", "bankrupt", "liquidation", "margin_call", "restricted", "healthy", "unknown"];

    /// The name in the tables.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }
}

/// What a status depends on, in g.
#[derive(Clone, Copy, Debug)]
pub struct Standing {
    /// Whether every price it depends on is usable.
    pub usable: bool,
    /// Value after closing all at the mark.
    pub net_value: i128,
    /// Equity.
    pub equity: i128,
    /// Maintenance margin.
    pub maintenance: i128,
    /// Initial margin; none for an isolated bucket, which is never restricted.
    pub initial: Option<i128>,
}

/// The first status that applies.
#[inline(always)]
pub fn status(standing: &Standing, call_factor: i64) -> Status {
    let Standing { usable, net_value, equity, maintenance, initial } = *standing;
    if !usable {
        Status::Undecided
    } else if net_value < 0 {
        Status::Bankrupt
    } else if equity < maintenance {
        Status::Liquidation
    } else if scaled(equity, ONE) < scaled(maintenance, call_factor) {
        Status::MarginCall
    } else if initial.is_some_and(|initial| equity < initial) {
        Status::Restricted
    } else {
        Status::Healthy
    }
}
