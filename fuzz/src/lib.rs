//! What is fuzzed: each target takes any bytes and panics where something that must hold does not.
//!
//! On stable, `cargo test` replays the seed corpus with some thousand mutations; `make soak` runs the targets under
//! libFuzzer and the address sanitizer.

#[expect(clippy::expect_used, reason = "a target panics where what must hold does not")]
mod commands;
mod foreign;
mod guard;
mod number;
#[expect(clippy::expect_used, reason = "a target panics where what must hold does not")]
mod pricing;
mod rulebook;

pub use commands::commands;
pub use guard::guard;
pub use number::{number_decimal, number_float, number_text};
pub use pricing::pricing;
pub use rulebook::rulebook_text;

/// A target: any bytes.
pub type Target = fn(&[u8]);

/// The targets by the names of their corpora.
pub const TARGETS: [(&str, Target); 7] = [
    ("number_text", number_text),
    ("number_float", number_float),
    ("number_decimal", number_decimal),
    ("rulebook_text", rulebook_text),
    ("guard", guard),
    ("commands", commands),
    ("pricing", pricing),
];
