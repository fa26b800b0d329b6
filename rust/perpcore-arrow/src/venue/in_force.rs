//! The rulebook in force, and what follows from it: made anew where another comes into force.

use crate::assess::Rules;
use crate::decode::{Lists, Scope};
use crate::encode::EventWords;
use perpcore::venue::Venue;
use std::sync::Arc;

/// The rulebook in force.
pub(super) struct InForce {
    pub(super) rules: Rules,
    /// The names that commands may have.
    pub(super) lists: Arc<Lists>,
    pub(super) scope: Scope,
    /// The names that events may have. Numbers of instruments and assets never change, so those of an earlier rulebook
    /// stand in events by the numbers that they have in this one.
    pub(super) words: EventWords,
}

impl InForce {
    pub(super) fn new(rules: Rules) -> InForce {
        let lists = Arc::new(Lists::new(&rules.rulebook));
        InForce { scope: Scope::Venue(lists.clone()), words: EventWords::new(&rules.rulebook), lists, rules }
    }

    /// That of a venue.
    pub(super) fn of(venue: &Venue) -> InForce {
        InForce::new(Rules::new(venue.rules().clone()))
    }
}
