//! The bounds of every input, declared once (docs/numbers.md).
//!
//! Checks, test generators and the documentation read this table. Within it `Q·M` at 10⁻¹⁶ and `Q·M·rate`
//! at 10⁻²⁴ are exact in `i128`, and no sum over an admitted account overflows: an account holds at most
//! [`ACCOUNT_E16`] of each kind, a rate is at most 1, so a total is below 10³⁸ < 2¹²⁷.

use super::{E8, ONE};

/// A closed interval of grid units with the words that say what is accepted.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Bound {
    /// The name under which the documentation lists it.
    pub name: &'static str,
    /// Smallest accepted value, in g.
    pub min: i128,
    /// Largest accepted value, in g.
    pub max: i128,
    /// What is accepted, in words.
    pub accepted: &'static str,
}

impl Bound {
    /// Whether a value in g lies inside.
    #[inline(always)]
    pub const fn holds(&self, value: i128) -> bool {
        self.min <= value && value <= self.max
    }
}

/// A price: of an instrument, an asset, an order or an entry.
pub const PRICE: Bound = Bound { name: "price", min: 1, max: 100_000_000 * E8, accepted: "0 < price ≤ 10⁸" };
/// A signed quantity of contracts, and the base quantity Q made from it.
pub const QUANTITY: Bound = Bound {
    name: "quantity",
    min: -1_000_000_000 * E8,
    max: 1_000_000_000 * E8,
    accepted: "−10⁹ ≤ quantity ≤ 10⁹, also times contract_size",
};
/// The signed cost of one row of a position: what the largest quantity costs at the largest price. What an account's
/// costs may add up to is [`ACCOUNT_E16`].
pub const COST: Bound = Bound {
    name: "cost",
    min: -100_000_000_000_000_000 * E8,
    max: 100_000_000_000_000_000 * E8,
    accepted: "−10¹⁷ ≤ cost ≤ 10¹⁷, Σ|cost| of an account ≤ 10¹²",
};
/// Signed money: a balance, accrued funding.
pub const MONEY: Bound = Bound {
    name: "money",
    min: -1_000_000_000_000 * E8,
    max: 1_000_000_000_000 * E8,
    accepted: "−10¹² ≤ amount ≤ 10¹²",
};
/// Money that cannot be negative: isolated margin, a held amount.
pub const POSTED: Bound =
    Bound { name: "posted", min: 0, max: 1_000_000_000_000 * E8, accepted: "0 ≤ amount ≤ 10¹²" };
/// A chosen leverage.
pub const LEVERAGE: Bound =
    Bound { name: "leverage", min: E8, max: 1_000_000 * E8, accepted: "1 ≤ leverage ≤ 10⁶" };
/// A share of something: a haircut, a margin rate, a credit.
pub const SHARE: Bound = Bound { name: "share", min: 0, max: E8, accepted: "0 ≤ rate ≤ 1 (100 %)" };
/// A relative move of a price in a scenario.
pub const MOVE: Bound = Bound { name: "move", min: -E8, max: 10 * E8, accepted: "−1 ≤ move ≤ 10" };
/// A multiple, as `call_factor`.
pub const FACTOR: Bound = Bound { name: "factor", min: 0, max: 1_000 * E8, accepted: "0 ≤ factor ≤ 1,000" };
/// A fee rate; negative is a rebate.
pub const FEE: Bound = Bound { name: "fee", min: -(E8 / 10), max: E8 / 10, accepted: "−10 % ≤ fee ≤ 10 %" };

/// What stands at one price of an outside book: as much as 64 bits hold, since coins worth very little are quoted in very
/// large quantities. It enters no position.
pub const DEPTH: Bound =
    Bound {
        name: "depth", min: 0, max: 90_000_000_000 * E8, accepted: "0 ≤ quantity ≤ 9·10¹⁰; 0 removes the level"
    };

/// What a feed may say: as much as 64 bits hold. What of it is no price is for the receiver to say.
pub const QUOTE: Bound = Bound {
    name: "quote",
    min: i64::MIN as i128,
    max: i64::MAX as i128,
    accepted: "any number; what is no price counts as none",
};

/// Every bound beyond which a number is refused, for documentation and test generators.
pub const ALL: [Bound; 11] = [PRICE, QUANTITY, COST, MONEY, POSTED, LEVERAGE, SHARE, MOVE, FACTOR, FEE, DEPTH];

/// What one account may hold, in units of 10⁻¹⁶ money: 10¹² whole units. It binds, each by itself, gross
/// notional, Σ|κ|, Σ of orders at max(limit, mark), gross eligible assets with debts, isolated margin, and
/// Σ|accrued funding|.
pub const ACCOUNT_E16: i128 = 1_000_000_000_000 * E8 * E8;

/// A bound on netted base quantity per position key and order side, in g.
pub const BASE_E8: i128 = QUANTITY.max;

const _: () = assert!(
    DEPTH.max <= i64::MAX as i128 && PRICE.max <= QUANTITY.max && QUANTITY.max <= i64::MAX as i128 && ONE as i128 == E8
);
// Positions plus one order side at a rate of 1, their loss and fee, the same for isolated keys, liabilities: below i128.
const _: () = assert!(ACCOUNT_E16 * E8 <= i128::MAX / 100);
