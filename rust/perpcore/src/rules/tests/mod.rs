//! The behaviour of rulebooks, by rows.

mod changes;
mod curves;
mod forms;
mod numbers;
mod presets;
mod problems;
mod tighten;

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

/// Numbers from a seed (SplitMix64).
struct Draw(u64);

impl Draw {
    /// A number from 0 to below `end`.
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % end
    }
}
