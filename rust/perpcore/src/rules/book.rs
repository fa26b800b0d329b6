//! The rulebook as a whole: its own keys, its sections, and what must fit between them.

use super::asset::Asset;
use super::client::Client;
use super::instant::Instant;
use super::instrument::Instrument;
use super::kind::{Count, Name, Text};
use super::liquidation::Liquidation;
use super::node::{Node, Value};
use super::path::join;
use super::portfolio::Portfolio;
use super::problems::Problems;
use super::section::{Maybe, SOURCE, by_name, index_of, nested, section};
use super::underlying::{Thin, Underlying};
use super::venue::Venue;
use crate::fault::Code;

section! {
    /// Every section of a rulebook.
    Book {
        "name" name: Option<String> = Is(None), Maybe(Text), "What the rulebook is called; no part of the digest.";
        "extends" extends: Option<String> = Is(None), Maybe(Text), "The preset that this rulebook changes: tables merge over it, all else replaces.";
        "version" version: u32 = Is(1), Count(1, 999_999_999), "Counted by whoever keeps the rulebook.";
        "effective" effective: Option<i64> = Is(None), Maybe(Instant), "From when the rulebook holds.";
        "venue" venue: Venue = Empty, nested::<Venue>(), "What holds for the venue as a whole.";
        "asset" assets: Vec<Asset> = Is(vec![]), by_name::<Asset>(), "The assets.";
        "underlying" underlyings: Vec<Underlying> = Is(vec![]), by_name::<Underlying>(), "The underlyings.";
        "instrument" instruments: Vec<Instrument> = Is(vec![]), by_name::<Instrument>(), "The instruments.";
        "client" client: Client = Empty, nested::<Client>(), "Who may trade.";
        "liquidation" liquidation: Option<Liquidation> = Is(None), Maybe(nested::<Liquidation>()), "How buckets below maintenance margin are closed; without the table nothing is.";
        "portfolio" portfolio: Portfolio = Empty, nested::<Portfolio>(), "The portfolio margin model.";
    }
    check Book::check;
}

/// Adds what a rulebook implies: the settlement currency as an eligible asset, and every underlying that an asset, an
/// instrument or the portfolio model names. What follows needs no special case for either.
pub(super) fn with_implied(mut root: Node) -> Node {
    let settlement = root.get("venue").and_then(|venue| venue.get("settlement")).and_then(valid_name);
    let asset = settlement.and_then(|name| root.table_at("asset")?.table_at(&name)?.table_mut());
    if let Some(asset) = asset {
        asset.entry("class".to_string()).or_insert_with(|| Value::Text("fiat".to_string()).into());
        asset.entry("eligible".to_string()).or_insert_with(|| Value::Bool(true).into());
    }
    let sections = ["asset", "instrument"].into_iter().filter_map(|key| root.get(key)?.table());
    let named = sections.flat_map(|section| section.values()).filter_map(|entry| valid_name(entry.get("underlying")?));
    let moved = root.get("portfolio").and_then(|portfolio| portfolio.get("underlying")?.table());
    let moved = moved.into_iter().flat_map(|table| table.keys()).filter(|name| *name != SOURCE && Name::holds(name));
    let names: Vec<_> = named.chain(moved.cloned()).collect();
    for name in names {
        root.table_at("underlying").and_then(|underlyings| underlyings.table_at(&name));
    }
    root
}

fn valid_name(node: &Node) -> Option<String> {
    super::kind::Leaf::parse(&Name, &node.value)
}

impl Book {
    fn check(&self, root: &Node, path: &str, problems: &mut Problems) {
        self.check_settlement(root, path, problems);
        self.check_conversions(root, path, problems);
        // Prices are keyed by symbol, so one name for two things would be one price for two things.
        for instrument in self.instruments.iter().filter(|i| index_of(&self.assets, &i.name).is_some()) {
            let entry = root.get("instrument").and_then(|instruments| instruments.get(&instrument.name));
            let path = join(&join(path, "instrument"), &instrument.name);
            problems
                .add(Code::Inconsistent, &path, entry.and_then(Node::entry_place))
                .accepts("a name that no asset has: prices are given by name");
        }
    }

    /// What is converted must be an asset. One that does not count is left out.
    fn check_conversions(&self, root: &Node, path: &str, problems: &mut Problems) {
        let known = |name: &String| index_of(&self.assets, name).is_some();
        let venue = root.get("venue").filter(|_| !self.venue.conversion_order.iter().all(known));
        if let Some(venue) = venue {
            let accepted = "assets of the rulebook".to_string();
            problems.contradiction(venue, &join(path, "venue"), "conversion_order", &[], accepted);
        }
    }

    /// The settlement currency is the unit of everything: it counts in full and cannot be owed at a rate.
    fn check_settlement(&self, root: &Node, path: &str, problems: &mut Problems) {
        let name = &self.venue.settlement_name;
        let asset = index_of(&self.assets, name).map(|index| &self.assets[index]);
        let node = root.get("asset").and_then(|assets| assets.get(name));
        let (Some(asset), Some(node)) = (asset, node) else { return };
        let rules = [
            ("eligible", asset.eligible, "true or no such key"),
            ("haircut", asset.haircut.iter().all(|slice| slice.rate == 0 && slice.up_to.is_none()), "no haircut"),
            ("close_cost", asset.close_cost == 0, "no close_cost"),
            ("account_cap", asset.account_cap.is_none(), "no account_cap"),
            ("liability", asset.liability.is_none(), "no liability"),
        ];
        let path = join(&join(path, "asset"), name);
        for (key, _, accepted) in rules.into_iter().filter(|(_, stands, _)| !stands) {
            problems.contradiction(node, &path, key, &[], format!("{accepted}: it is the settlement currency"));
        }
    }

    /// Fills in what follows from other sections.
    pub(super) fn link(&mut self) {
        let trades = |name: &str| {
            let underlying = index_of(&self.underlyings, name).map(|index| &self.underlyings[index]);
            underlying.is_some_and(|underlying| underlying.index.thin == Thin::Trade)
        };
        for asset in &mut self.assets {
            asset.thin_trades = asset.underlying.as_deref().is_some_and(trades);
        }
        for instrument in &mut self.instruments {
            instrument.thin_trades = trades(&instrument.underlying);
        }
        self.venue.settlement = index_of(&self.assets, &self.venue.settlement_name).unwrap_or_default();
    }
}
