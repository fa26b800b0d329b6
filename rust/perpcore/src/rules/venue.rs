//! `[venue]`: what holds for the venue as a whole.

use super::duration::{DAY, Duration, LONGEST};
use super::kind::{Count, Flag, ListOf, Name, Number, Rate};
use super::node::Node;
use super::path::join;
use super::problems::Problems;
use super::section::{Maybe, by_name, index_of, named, nested, section};
use crate::fault::Code;
use crate::num::bounds::{FACTOR, FEE, SHARE};
use crate::num::{E8, bounds::Bound, text};

section! {
    /// What holds for the venue as a whole. Rates are in g, 10⁻⁸.
    Venue {
        "settlement" settlement_name: String = Required, Name, "The asset that everything is settled in: price 1, haircut 0.";
        "profit_credit" profit_credit: i64 = Is(0), Rate(SHARE), "Share of the unsettled gain that counts for opening.";
        "call_factor" call_factor: i64 = Is(125_000_000), Number(FACTOR, "factor"), "A margin call below this multiple of the maintenance margin.";
        "withdraw_ratio" withdraw_ratio: i64 = Is(0), Rate(SHARE), "Share of the notional of cross positions that cannot be withdrawn.";
        "outflow_per_hour" outflow_per_hour: Option<i64> = Is(None), Maybe(Rate(SHARE)), "Share of client money that may be withdrawn within an hour; without it any.";
        "settle_every" settle_every: i64 = Is(28_800_000_000_000), Duration(DAY), "How often positions are settled, beside every funding; it divides a day.";
        "conversion_order" conversion_order: Vec<String> = Is(vec![]), ListOf(Name, "assets"), "Which assets are converted where money is short, in this order, as far as they are eligible; where none is named all of these, by name.";
        "client_id_window" client_id_window: ClientIdWindow = Empty, nested::<ClientIdWindow>(), "How long clients' order ids are remembered.";
        "breaker" breaker: Breaker = Empty, nested::<Breaker>(), "When an account may only reduce (`gate.breaker`).";
        "changes" changes: Changes = Empty, nested::<Changes>(), "How another rulebook comes into force.";
        "rates" rates: Rates = Empty, nested::<Rates>(), "How fast orders may come, and how old they may become.";
        "fees" fees: Vec<FeeTier> = Is(vec![FeeTier { name: STANDARD.to_string(), ..FeeTier::default() }]), by_name::<FeeTier>(), "Fees by tier; `standard` is everybody's who has no other.";
    }
    derived {
        /// The index of the settlement asset in the assets.
        settlement: usize;
    }
    check Venue::check;
}

section! {
    /// How long the order ids of clients are remembered, to answer a repeat as before.
    ClientIdWindow {
        "time" time: i64 = Is(86_400_000_000_000), Duration(LONGEST), "For how long.";
        "per_account" per_account: u32 = Is(1_000), Count(1, MOST_CLIENT_IDS), "How many of an account.";
    }
}

/// More ids of one account are no protection against repeats.
const MOST_CLIENT_IDS: u32 = 1_000_000;

/// More orders a second of one account are no limit.
const MOST_ORDERS_PER_SECOND: u32 = 1_000_000;

section! {
    /// How fast orders may come, and how old they may become.
    Rates {
        "orders_per_second" orders_per_second: Option<u32> = Is(None), Maybe(Count(1, MOST_ORDERS_PER_SECOND)), "Orders and amendments of an account within a second of the clock; without it any.";
        "client_orders_per_second" client_orders_per_second: Option<u32> = Is(None), Maybe(Count(1, MOST_ORDERS_PER_SECOND)), "The same of all accounts of a client.";
        "group_orders_per_second" group_orders_per_second: Option<u32> = Is(None), Maybe(Count(1, MOST_ORDERS_PER_SECOND)), "The same of all accounts of a group.";
        "max_age" max_age: i64 = Is(604_800_000_000_000), Duration(LONGEST), "The age at which an order expires; one that was sent longer ago is refused.";
    }
}

section! {
    /// What an account may lose and trade within a minute, as shares and multiples of its equity, in g.
    Breaker {
        "loss_per_minute" loss_per_minute: Option<i64> = Is(None), Maybe(Rate(SHARE)), "The most that it may lose; without it any.";
        "turnover_per_minute" turnover_per_minute: Option<i64> = Is(None), Maybe(Number(TURNOVER, "times equity")), "The most that it may trade; without it any.";
    }
}

/// More than that would be no breaker.
const TURNOVER: Bound = Bound { name: "turnover", min: 1, max: 1_000_000 * E8, accepted: "0 < turnover ≤ 10⁶" };

section! {
    /// How another rulebook comes into force.
    Changes {
        "approved" approved: bool = Is(false), Flag, "Whether its digest must be approved before: to come into force, and for an instrument to open under it.";
        "delay" delay: Option<i64> = Is(None), Maybe(Duration(LONGEST)), "How long before it holds a rulebook that loosens must be told; without it none.";
    }
}

section! {
    /// The fees of one tier, rates of the notional in g.
    FeeTier {
        "maker" maker: i64 = Is(0), Rate(FEE), "Fee of the resting side; negative is a rebate.";
        "taker" taker: i64 = Is(0), Rate(TAKER), "Fee of the aggressive side.";
    }
    derived {
        /// The name of the tier.
        name: String;
    }
}

named!(FeeTier);

/// The fee tier that every venue has.
pub const STANDARD: &str = "standard";

const TAKER: Bound = Bound { min: 0, accepted: "0 ≤ taker fee ≤ 10 %", ..FEE };

impl Venue {
    /// A rebate is never more than what the taker opposite pays, whatever the tiers of the two.
    fn check(&self, node: &Node, path: &str, problems: &mut Problems) {
        if self.settle_every > 0 && DAY % self.settle_every != 0 {
            problems.contradiction(node, path, "settle_every", &[], "a span that divides a day".to_string());
        }
        let path = join(path, "fees");
        let Some(fees) = node.get("fees").filter(|_| !problems.any_at(&path)) else { return };
        if index_of(&self.fees, STANDARD).is_none() {
            problems.add(Code::MissingKey, &join(&path, STANDARD), fees.entry_place()).accepts("{ maker, taker }");
        }
        let smallest = self.fees.iter().map(|tier| tier.taker).min().unwrap_or(0);
        for tier in self.fees.iter().filter(|tier| -tier.maker > smallest) {
            let Some(entry) = fees.get(&tier.name) else { continue };
            let accepted = format!("a rebate of at most the smallest taker fee, {}", text::percent(smallest));
            problems.contradiction(entry, &join(&path, &tier.name), "maker", &[], accepted);
        }
    }
}
