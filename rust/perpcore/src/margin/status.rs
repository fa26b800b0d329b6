//! `status`: the first that applies (docs/margin.md).

use super::width::Width;

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
    /// All of them, in order.
    pub const ALL: [Status; 7] = [
        Status::Undecided,
        Status::Bankrupt,
        Status::Liquidation,
        Status::MarginCall,
        Status::Restricted,
        Status::Healthy,
        Status::Unknown,
    ];
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
pub struct Standing<W> {
    /// Whether every price it depends on is usable.
    pub usable: bool,
    /// Value after closing all at the mark.
    pub net_value: W,
    /// Equity.
    pub equity: W,
    /// Maintenance margin.
    pub maintenance: W,
    /// Initial margin; none for an isolated bucket, which is never restricted.
    pub initial: Option<W>,
}

/// The first status that applies: asked from the last to the first, so that the worst has the last word.
#[inline(always)]
pub fn status<W: Width>(standing: &Standing<W>, call_factor: i64) -> W::Status {
    let Standing { usable, net_value, equity, maintenance, initial } = *standing;
    if !usable {
        return W::status(Status::Undecided);
    }
    let mut found = W::status(Status::Healthy);
    let mut worse = |holds, status| found = W::choose(holds, W::status(status), found);
    if let Some(initial) = initial {
        worse(equity.below(initial), Status::Restricted);
    }
    worse(equity.below_times(maintenance, call_factor), Status::MarginCall);
    worse(equity.below(maintenance), Status::Liquidation);
    worse(net_value.below(W::of(0)), Status::Bankrupt);
    found
}
