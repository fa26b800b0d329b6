//! Who holds what, and how it moves.
