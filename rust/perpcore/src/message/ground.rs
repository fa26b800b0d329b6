//! What a refusal rests on: of each code the rule, the parameter of the rulebook that decided, and whether the event says
//! two numbers with it, what the command would come to and what is allowed.

use crate::fault::Code;
use crate::rule::Rule;

/// Why something was refused, beside its code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ground {
    /// The rule.
    pub rule: Rule,
    /// The rulebook's path, `*` for the name of what the event is about; none where no value of the rulebook decided.
    pub parameter: Option<&'static str>,
    /// Whether a rejected event says numbers: what it would come to in `amount`, what is allowed in `balance`.
    pub numbers: bool,
}

/// A refusal: its code, and the two numbers in g where its [`Ground`] says that it has some.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// Why.
    pub code: Code,
    /// What it would come to.
    pub comes_to: i128,
    /// What is allowed.
    pub allowed: i128,
}

impl Refusal {
    /// A refusal with its numbers.
    #[cold]
    pub fn new(code: Code, comes_to: impl Into<i128>, allowed: impl Into<i128>) -> Refusal {
        Refusal { code, comes_to: comes_to.into(), allowed: allowed.into() }
    }
}

impl From<Code> for Refusal {
    #[inline(always)]
    fn from(code: Code) -> Refusal {
        Refusal { code, comes_to: 0, allowed: 0 }
    }
}

const NUMBERS: bool = true;
const NONE: bool = false;

macro_rules! grounds {
    ($($code:ident $rule:ident $numbers:ident $($parameter:literal)?;)*) => {
        impl Code {
            /// What a refusal with this code rests on; of a code of tables and values, that a row must be a command.
            pub const fn ground(self) -> Ground {
                match self {
                    $(Code::$code => Ground {
                        rule: Rule::$rule,
                        parameter: { let parameters: &[&str] = &[$($parameter)?]; parameters.first().copied() },
                        numbers: $numbers,
                    },)*
                    _ => Ground { rule: Rule::CommandForm, parameter: None, numbers: NONE },
                }
            }
        }
    };
}

grounds! {
    AccountBankrupt GateMargin NONE;
    PriceUnusable IndexState NONE "underlying.*.index";
    InsufficientMargin GateMargin NUMBERS "instrument.*.tiers";
    PhaseRefused GatePhase NONE;
    OffTick GateSize NUMBERS "instrument.*.tick";
    OffLot GateSize NUMBERS "instrument.*.lot";
    BelowMinSize GateSize NUMBERS "instrument.*.min_size";
    AboveMaxSize GateSize NUMBERS "instrument.*.max_size";
    OutsideCollar MarketCollar NUMBERS "instrument.*.collar";
    TooManyOrders GateLimits NUMBERS "instrument.*.limits.open_orders";
    PositionLimit GateLimits NUMBERS "instrument.*.limits.position";
    ClientIdReused BookOrder NONE "venue.client_id_window";
    UnknownOrder BookOrder NONE;
    WouldTake BookOrder NONE;
    NotFillable BookOrder NONE;
    NothingToReduce BookOrder NONE;
    SelfTrade BookOrder NONE;
    BelowFilled BookOrder NONE;
    UntilReached BookOrder NONE;
    TooOld BookOrder NUMBERS "venue.rates.max_age";
    UnknownHolder GateAccount NONE;
    ReservedName GateAccount NONE;
    ClassNotAdmitted GateAccount NONE "client.classes";
    ApprovalMissing GateAccount NONE;
    AccountNotEmpty GateAccount NONE;
    AccountFrozen GateAccount NONE;
    AccountNoOpen GateAccount NONE;
    InvestorStatus GateAccount NONE "client.require";
    KnowledgeStatus GateAccount NONE "client.require";
    OtherGroup GateAccount NONE;
    AccountHalted GateHalt NONE;
    RateLimit GateLimits NUMBERS "venue.rates.orders_per_second";
    ClientRate GateLimits NUMBERS "venue.rates.client_orders_per_second";
    GroupRate GateLimits NUMBERS "venue.rates.group_orders_per_second";
    ClientOrders GateLimits NUMBERS "instrument.*.limits.client_open_orders";
    GroupOrders GateLimits NUMBERS "instrument.*.limits.group_open_orders";
    ClientLimit GateLimits NUMBERS "instrument.*.limits.client_position";
    GroupLimit GateLimits NUMBERS "instrument.*.limits.group_position";
    OpenInterest GateLimits NUMBERS "instrument.*.limits.open_interest";
    AccountRestricted GatePrune NONE;
    BreakerLoss GateBreaker NUMBERS "venue.breaker.loss_per_minute";
    BreakerTurnover GateBreaker NUMBERS "venue.breaker.turnover_per_minute";
    InsufficientBalance LedgerWithdraw NUMBERS;
    NotWithdrawable Withdrawable NUMBERS "venue.withdraw_ratio";
    WithdrawHeld LedgerWithdraw NONE;
    OutflowLimit LedgerWithdraw NUMBERS "venue.outflow_per_hour";
    PlatformCap LedgerDeposit NUMBERS "asset.*.platform_cap";
    UnknownWithdrawal LedgerWithdraw NONE;
    OtherClient LedgerTransfer NONE;
    PricedBySources IndexValue NONE "underlying.*.sources";
    BelowMinEquity GateMargin NUMBERS "portfolio.min_equity";
    ModelNotEnabled GateMargin NONE "portfolio.enabled";
    SettlementPrice SettlePrice NONE;
    SecondApproval SettlePrice NONE;
    UnderlyingIneligible GatePhase NONE "underlying.*.eligible";
    RulebookInvalid RulebookActivate NONE;
    RulebookUnfit RulebookActivate NONE;
    RulebookNotApproved RulebookApprove NONE "venue.changes.approved";
    ActivationTooEarly RulebookActivate NUMBERS "venue.changes.delay";
    RulebookForces RulebookActivate NUMBERS;
    Replaced RulebookActivate NONE;
    NotABackstop LiquidationBackstop NONE;
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::fault::Class;

    #[test]
    fn every_reject_has_a_rule_of_its_own_or_is_only_a_reason() {
        // What ends orders without refusing anything, and what is about the stream of commands.
        let others = [
            Code::TimeRunsBack,
            Code::UnusedColumn,
            Code::Unmatched,
            Code::FillRefused,
            Code::Requested,
            Code::BeyondPosition,
            Code::AuctionExtended,
            Code::Disconnected,
            Code::Deadman,
            Code::FundShort,
            Code::InLiquidation,
            Code::Deleveraged,
            Code::CloseOut,
            Code::BookExhausted,
            Code::BackstopUnavailable,
            Code::BackstopExhausted,
            Code::FundUnavailable,
            Code::FundExhausted,
            Code::AdlExhausted,
        ];
        for code in Code::ALL.iter().filter(|code| code.entry().class == Class::Reject) {
            let form = code.ground().rule == Rule::CommandForm;
            assert_eq!(form, others.contains(code), "{}", code.entry().name);
        }
    }
}
