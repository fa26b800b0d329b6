//! Changes that wait for a snapshot.

use super::message::{Level, Span};
use std::collections::VecDeque;

/// How many levels wait at most, a change counting one more: about 24 MB, minutes of a busy feed.
pub const PENDING: usize = 1 << 20;

/// The latest changes, oldest first. What no longer fits is forgotten from the old end, where the snapshot to come most
/// likely makes it superfluous; where it does not, the ids show the gap.
#[derive(Clone, Debug, Default)]
pub(super) struct Pending {
    changes: VecDeque<(Span, Box<[Level]>)>,
    size: usize,
}

impl Pending {
    pub(super) fn push(&mut self, span: Span, levels: &[Level]) {
        self.size += levels.len() + 1;
        self.changes.push_back((span, levels.into()));
        while self.size > PENDING {
            let Some((_, oldest)) = self.changes.pop_front() else { break };
            self.size -= oldest.len() + 1;
        }
    }

    pub(super) fn len(&self) -> usize {
        self.changes.len()
    }

    pub(super) fn into_changes(self) -> VecDeque<(Span, Box<[Level]>)> {
        self.changes
    }
}
