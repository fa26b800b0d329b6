//! Rulebooks that are approved, that wait, and that are in force one after the other.

use crate::rules::Rulebook;
use std::collections::BTreeSet;

/// A rulebook that is to come into force.
#[derive(Clone, Debug)]
pub(super) struct Waiting {
    /// In the order of the one in force.
    pub(super) rules: Rulebook,
    /// When, in ns.
    pub(super) time: i64,
    /// Whether even if it forces positions to be closed.
    pub(super) confirmed: bool,
}

/// What is known of rulebooks beside the one in force.
#[derive(Clone, Debug, Default)]
pub(super) struct Changes {
    /// Digests that events speak of, by the order in which they first did.
    named: Vec<Box<str>>,
    pub(super) approved: BTreeSet<Box<str>>,
    pub(super) waiting: Option<Waiting>,
}

impl Changes {
    /// When one comes into force, if one waits.
    pub(super) fn next(&self) -> Option<i64> {
        self.waiting.as_ref().map(|waiting| waiting.time)
    }

    /// The number of a digest in events, from 1.
    pub(super) fn number(&mut self, digest: &str) -> u64 {
        let known = self.named.iter().position(|named| **named == *digest);
        let at = known.unwrap_or_else(|| {
            self.named.push(digest.into());
            self.named.len() - 1
        });
        at as u64 + 1
    }

    /// The digest of a number.
    pub(super) fn digest(&self, number: u64) -> Option<&str> {
        self.named.get((number as usize).checked_sub(1)?).map(|digest| &**digest)
    }
}
