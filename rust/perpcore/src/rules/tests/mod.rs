//! The behaviour of rulebooks, by rows.

mod changes;
mod forms;
mod presets;
mod problems;

use super::Rulebook;
use crate::fault::Failure;

/// A small rulebook, written out.
const SMALL: &str = r#"
[venue]
settlement = "USD"

[asset.BTC]
eligible = true
haircut = [[10, "5%"], ["rest", "50%"]]
close_cost = "1%"

[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [[500_000, "1%", 50], ["rest", "2.5%", 20]]
"#;

fn parse(text: &str) -> Result<Rulebook, Failure> {
    Rulebook::parse(text, "book.toml")
}

#[track_caller]
fn read(text: &str) -> Rulebook {
    parse(text).unwrap_or_else(|failure| panic!("{failure}"))
}
