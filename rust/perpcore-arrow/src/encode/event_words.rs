//! The words that stand in events.

use crate::contract::EVENT_STATES;
use arrow_array::{ArrayRef, StringArray};
use perpcore::fault::Code;
use perpcore::message::event::Kind;
use perpcore::message::{Aggressor, Audience, Class};
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use std::sync::Arc;

/// The words that stand in events: made once for all tables under a rulebook.
pub(crate) struct EventWords {
    pub(super) kinds: ArrayRef,
    pub(super) codes: ArrayRef,
    pub(super) audiences: ArrayRef,
    pub(super) instruments: ArrayRef,
    pub(super) classes: ArrayRef,
    pub(super) aggressors: ArrayRef,
    pub(super) assets: ArrayRef,
    pub(super) states: ArrayRef,
    pub(super) rules: ArrayRef,
}

impl EventWords {
    /// Those of a venue.
    pub(crate) fn new(rules: &Rulebook) -> EventWords {
        fn list<'a>(words: impl Iterator<Item = &'a str>) -> ArrayRef {
            Arc::new(StringArray::from_iter_values(words))
        }
        EventWords {
            kinds: list(Kind::NAMES.iter().copied()),
            codes: list(Code::ALL.iter().map(|code| code.entry().name)),
            audiences: list(Audience::NAMES.iter().copied()),
            instruments: list(rules.instruments().iter().map(|of| &*of.name)),
            classes: list(Class::NAMES.iter().copied()),
            aggressors: list(Aggressor::NAMES.iter().copied()),
            assets: list(rules.assets().iter().map(|of| &*of.name)),
            states: list(EVENT_STATES.iter().copied()),
            rules: list(Rule::ALL.iter().map(|rule| rule.id())),
        }
    }

    /// Those of the book of an instrument.
    pub(crate) fn of_book(rules: &Rulebook, instrument: &str) -> EventWords {
        EventWords { instruments: Arc::new(StringArray::from_iter_values([instrument])), ..EventWords::new(rules) }
    }
}
