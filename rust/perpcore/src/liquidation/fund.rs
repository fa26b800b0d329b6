//! What the fund may pay in the step that is its own.

use crate::num::round::div_floor;
use crate::num::{ONE, scaled};
use crate::rules::Fund;

/// What it paid in an hour of the clock, and what it had before.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hour {
    /// Its number since 1970.
    pub hour: i64,
    /// What the fund had at the first payment, in g.
    pub had: i128,
    /// What it paid since, in g.
    pub paid: i128,
}

/// An hour, in ns.
const HOUR: i64 = 3_600_000_000_000;

impl Hour {
    /// The hour of a time, with what is known of it.
    pub fn at(self, time: i64, balance: i128) -> Hour {
        let hour = time.div_euclid(HOUR);
        if hour == self.hour && self.had != 0 { self } else { Hour { hour, had: balance, paid: 0 } }
    }
}

/// What an episode of a bucket cost the fund, and what that had when it began, in g.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Episode {
    /// What the fund had.
    pub had: i128,
    /// What it paid.
    pub paid: i128,
}

/// What it may pay now, in g.
pub fn budget(rules: &Fund, balance: i128, episode: &Episode, hour: &Hour) -> i128 {
    let share = |had: i128, share: i64| div_floor(scaled(had, share), ONE.into()).0;
    let of_event = share(episode.had, rules.event_budget) - episode.paid;
    let of_hour = share(hour.had, rules.interval_budget) - hour.paid;
    balance.min(of_event).min(of_hour).max(0)
}
