//! The order of the steps, and what they are called. A step comes only when the one before has ended without closing all.

use crate::fault::Code;
use crate::rule::Rule;

/// A step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Step {
    /// The rule that it follows.
    pub rule: Rule,
    /// Why the next one comes where this one could do nothing.
    pub unavailable: Code,
    /// Why the next one comes where this one did what it could.
    pub exhausted: Code,
}

/// In this order, always.
pub const STEPS: [Step; 5] = [BOOK, BACKSTOP, FUND, ADL, LAST_RESORT];

/// Sales and purchases in the book, within the bankruptcy price.
pub const BOOK: Step =
    Step { rule: Rule::LiquidationBook, unavailable: Code::BookExhausted, exhausted: Code::BookExhausted };

/// Providers who registered take over.
pub const BACKSTOP: Step = Step {
    rule: Rule::LiquidationBackstop,
    unavailable: Code::BackstopUnavailable,
    exhausted: Code::BackstopExhausted,
};

/// The fund pays what fills lack, or takes over.
pub const FUND: Step =
    Step { rule: Rule::LiquidationFund, unavailable: Code::FundUnavailable, exhausted: Code::FundExhausted };

/// Others with the opposite position are deleveraged at the bankruptcy price.
pub const ADL: Step =
    Step { rule: Rule::LiquidationAdl, unavailable: Code::AdlExhausted, exhausted: Code::AdlExhausted };

/// What is left passes at the mark, and the deficit is cut from gains.
pub const LAST_RESORT: Step =
    Step { rule: Rule::LiquidationLastResort, unavailable: Code::AdlExhausted, exhausted: Code::AdlExhausted };
