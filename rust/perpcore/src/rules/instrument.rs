//! `[instrument.X]`: one perpetual contract.

use super::duration::{DAY, Duration};
use super::kind::{Count, Name, Number, OrNone, Rate, SIZE, word};
use super::node::Node;
use super::pricing::{Funding, Mark};
use super::problems::Problems;
use super::rows::{Tier, rows};
use super::section::{Maybe, named, nested, section};
use crate::num::bounds::{PRICE, SHARE};
use crate::num::{E8, times};
use crate::word::words;

words! {
    /// How the tiers make the initial margin; the maintenance margin is always marginal.
    InitialMethod {
        /// The whole notional at the rate of the tier it falls in, so that the largest leverage is true for it.
        Bracket "bracket",
        /// Each slice of the notional at the rate of its tier.
        Marginal "marginal",
    }
}

section! {
    /// One perpetual contract, linear, settled in the settlement currency. Prices, quantities and rates are in g, 10⁻⁸.
    Instrument {
        "underlying" underlying: String = Required, Name, "What it follows.";
        "tick" tick: i64 = Required, Number(PRICE, "price"), "The step of its prices.";
        "lot" lot: i64 = Required, Number(SIZE, "contracts"), "The step of its quantities.";
        "contract_size" contract_size: i64 = Is(100_000_000), Number(SIZE, "base units a contract"), "Units of the underlying in one contract; lot × contract_size is on the grid.";
        "initial_method" initial_method: InitialMethod = Is(InitialMethod::Bracket), word::<InitialMethod>(), "How the tiers make the initial margin.";
        "tiers" tiers: Vec<Tier> = Required, rows::<Tier>(), "Margin by notional; beyond the last cap 100 %.";
        "min_size" min_size: Option<i64> = Is(None), Maybe(Number(SIZE, "contracts")), "The smallest order; without it one lot. What closes a position may be smaller.";
        "max_size" max_size: Option<i64> = Is(None), Maybe(Number(SIZE, "contracts")), "The largest order; without it any.";
        "collar" collar: Collar = Empty, nested::<Collar>(), "How far from a reference an incoming order may trade.";
        "limits" limits: Limits = Empty, nested::<Limits>(), "What an account may have in the instrument.";
        "mark" mark: Mark = Empty, nested::<Mark>(), "How the mark is made.";
        "funding" funding: Funding = Empty, nested::<Funding>(), "How the funding rate is made.";
        "settlement_window" settlement_window: Option<i64> = Is(None), Maybe(Duration(DAY)), "The time over whose whole seconds the index is averaged for the last settlement; without it the last index in quorum.";
        "maintenance_fee" maintenance_fee: i64 = Is(0), Rate(SHARE), "Share of the notional added to both margins for the cost of closing.";
    }
    derived {
        /// The name of the instrument.
        name: String;
        /// Whether its price is used while its index is thin: `underlying.X.index.thin` is `trade`.
        thin_trades: bool;
    }
    check Instrument::check;
}

words! {
    /// What a collar is around.
    CollarReference {
        /// The mark.
        Mark "mark",
        /// The mark or, where it is further, the best price opposite.
        Touch "touch",
        /// The index.
        Index "index",
    }
}

section! {
    /// The prices within which incoming orders trade (`market.collar`).
    Collar {
        "width" width: i64 = Is(3_000_000), Rate(SHARE), "How far from the reference, as a share of it.";
        "reference" reference: CollarReference = Is(CollarReference::Mark), word::<CollarReference>(), "What it is around.";
    }
}

section! {
    /// What an account may have in one instrument.
    Limits {
        "position" position: Option<i64> = Is(None), Maybe(Number(SIZE, "contracts")), "The largest position, the orders that add to it included; without it any.";
        "group_position" group_position: Option<i64> = Is(None), Maybe(Number(SIZE, "contracts")), "The same for all accounts of one beneficial-owner group together.";
        "client_position" client_position: Option<i64> = Is(None), Maybe(Number(SIZE, "contracts")), "The same for all accounts of one client together.";
        "open_interest" open_interest: Option<i64> = Is(None), OrNone(Number(SIZE, "contracts")), "The most open interest that an order may lead to.";
        "open_orders" open_orders: u32 = Is(200), Count(1, MOST_OPEN_ORDERS), "The most open orders.";
        "client_open_orders" client_open_orders: Option<u32> = Is(None), Maybe(Count(1, MOST_OPEN_ORDERS)), "The same for all accounts of one client together; without it any.";
        "group_open_orders" group_open_orders: Option<u32> = Is(None), Maybe(Count(1, MOST_OPEN_ORDERS)), "The same for all accounts of one beneficial-owner group together; without it any.";
    }
}

const SECOND: i64 = 1_000_000_000;

/// More open orders of one account say nothing.
const MOST_OPEN_ORDERS: u32 = 1_000_000;

named!(Instrument);

impl Instrument {
    /// A window must be of whole seconds. A lot must be an exact, admitted base quantity, or no order of one lot could be margined.
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if self.settlement_window.is_some_and(|window| window % SECOND != 0) {
            problems.contradiction(node, path, "settlement_window", &[], "a span of whole seconds".to_string());
        }
        let base_e16 = times(self.lot, self.contract_size);
        if base_e16 % E8 != 0 || !SIZE.holds(base_e16 / E8) {
            let accepted = "lot × contract_size of at most eight decimals, above 0 and at most 10⁹".to_string();
            problems.contradiction(node, path, "lot", &["contract_size"], accepted);
        }
    }
}
