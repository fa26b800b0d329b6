//! `[asset.X]`: what an asset is worth as collateral, and what it costs to owe it.

use super::kind::{Amount, Flag, Name, Rate, word};
use super::node::Node;
use super::problems::Problems;
use super::rows::{Slice, rows};
use super::section::{Maybe, named, nested, section};
use crate::num::bounds::{POSTED, SHARE};
use crate::num::text;
use crate::word::words;

words! {
    /// What kind of asset it is. No rule of `assess` depends on it; permissions will.
    AssetClass {
        /// A virtual asset as BTC.
        VirtualAsset "virtual_asset",
        /// Money of a state.
        Fiat "fiat",
        /// A stablecoin whose issuer is licensed where the venue is.
        LicensedStablecoin "licensed_stablecoin",
        /// A deposit at a bank in token form.
        TokenisedDeposit "tokenised_deposit",
        /// Any other stablecoin.
        Stablecoin "stablecoin",
        /// A share, a bond, a fund unit.
        Security "security",
    }
}

section! {
    /// One asset. Quantities and rates are in g, 10⁻⁸.
    Asset {
        "class" class: AssetClass = Is(AssetClass::VirtualAsset), word::<AssetClass>(), "What kind of asset it is; the settlement currency is fiat unless stated.";
        "eligible" eligible: bool = Is(false), Flag, "Whether a positive balance counts as collateral; that of the settlement currency always does.";
        "haircut" haircut: Vec<Slice> = Is(vec![Slice { up_to: None, rate: 0 }]), rows::<Slice>(), "Haircuts by quantity of the asset in an account; beyond the last cap it counts 0.";
        "close_cost" close_cost: i64 = Is(0), Rate(SHARE), "Price of forced conversion; of an eligible asset at most the first haircut.";
        "account_cap" account_cap: Option<i128> = Is(None), Maybe(Amount(POSTED, "quantity")), "Quantity of the asset that counts in one account.";
        "platform_cap" platform_cap: Option<i128> = Is(None), Maybe(Amount(POSTED, "quantity")), "Quantity of the asset that all clients together may hold; asked at deposits only.";
        "liability" liability: Option<Liability> = Is(None), Maybe(nested::<Liability>()), "Margin for a debt in the asset; without it the asset cannot be owed.";
        "underlying" underlying: Option<String> = Is(None), Maybe(Name), "The underlying whose scenario moves the asset and whose index prices it.";
    }
    derived {
        /// The name of the asset.
        name: String;
        /// Whether the asset's price is used while its index is thin: `underlying.X.index.thin` is `trade`.
        thin_trades: bool;
    }
    check Asset::check;
}

section! {
    /// Margin for a debt in an asset, rates in g of its value.
    Liability {
        "initial" initial: i64 = Required, Rate(SHARE), "Initial margin for a debt in the asset.";
        "maintenance" maintenance: i64 = Required, Rate(SHARE), "Maintenance margin for a debt in the asset, at most the initial one.";
    }
    check Liability::check;
}

named!(Asset);

impl Asset {
    /// A conversion at the close cost never takes more than the haircut already took.
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        let first = self.haircut.first().map_or(0, |slice| slice.rate);
        if self.eligible && self.close_cost > first {
            let accepted = format!("of an eligible asset at most its first haircut, {}", text::percent(first));
            problems.contradiction(node, path, "close_cost", &["haircut", "eligible"], accepted);
        }
    }
}

impl Liability {
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if self.maintenance > self.initial {
            let accepted = format!("at most initial, {}", text::percent(self.initial));
            problems.contradiction(node, path, "maintenance", &["initial"], accepted);
        }
    }
}
