//! `status`: the first that applies (docs/margin.md).

use crate::num::narrow::Amount;

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
pub struct Standing<M> {
    /// Whether every price it depends on is usable.
    pub usable: bool,
    /// Value after closing all at the mark.
    pub net_value: M,
    /// Equity.
    pub equity: M,
    /// Maintenance margin.
    pub maintenance: M,
    /// Initial margin; none for an isolated bucket, which is never restricted.
    pub initial: Option<M>,
}

/// The first status that applies.
#[inline(always)]
pub fn status<M: Amount>(standing: &Standing<M>, call_factor: i64) -> Status {
    let Standing { usable, net_value, equity, maintenance, initial } = *standing;
    if !usable {
        Status::Undecided
    } else if net_value < M::default() {
        Status::Bankrupt
    } else if equity < maintenance {
        Status::Liquidation
    } else if equity < maintenance.charge_of(call_factor) {
        // A whole number is below a product exactly where it is below the product rounded up.
        Status::MarginCall
    } else if initial.is_some_and(|initial| equity < initial) {
        Status::Restricted
    } else {
        Status::Healthy
    }
}
