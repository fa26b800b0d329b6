//! What the two numbers of a refusal are: of every code whose [`Ground`](super::Ground) says that it has some.

use crate::fault::Code;

macro_rules! numbers {
    ($($code:ident $comes_to:literal, $allowed:literal;)*) => {
        impl Code {
            /// What `amount` and `balance` of a rejected event are, in words; none where the code has no numbers.
            pub const fn numbers(self) -> Option<[&'static str; 2]> {
                match self {
                    $(Code::$code => Some([$comes_to, $allowed]),)*
                    _ => None,
                }
            }
        }
    };
}

numbers! {
    InsufficientMargin "initial margin with the order", "opening equity";
    OffTick "the price", "the tick";
    OffLot "the quantity, signed as asked", "the lot";
    BelowMinSize "the size of the order, of an amendment its new total", "min_size, one lot where there is none";
    AboveMaxSize "the size of the order, of an amendment its new total", "max_size";
    OutsideCollar "the limit price", "the last price within the collar";
    TooManyOrders "orders of the account with this one", "the limit";
    PositionLimit "contracts of the account that it would come to on its side", "the limit";
    TooOld "seconds since it was sent", "max_age in seconds";
    RateLimit "orders and amendments of the account within the second, with this one", "the limit";
    ClientRate "orders and amendments of the client within the second, with this one", "the limit";
    GroupRate "orders and amendments of the group within the second, with this one", "the limit";
    ClientOrders "orders of the client with this one", "the limit";
    GroupOrders "orders of the group with this one", "the limit";
    ClientLimit "contracts of the client that it would come to on its side", "the limit";
    GroupLimit "contracts of the group that it would come to on its side", "the limit";
    OpenInterest "contracts of open interest that it would come to", "the limit";
    BreakerLoss "the loss that tripped the breaker", "the line that it passed";
    BreakerTurnover "the turnover that tripped the breaker", "the line that it passed";
    InsufficientBalance "the amount asked", "what is free: the balance less what is held; of an isolated position its margin";
    NotWithdrawable "the amount asked", "what is withdrawable, in the settlement currency; null of an isolated position";
    OutflowLimit "the outflow of the hour with this, at its worth", "the limit";
    PlatformCap "what all clients together would have", "the cap";
    BelowMinEquity "the equity, 0 of an account that is opened", "min_equity";
    ActivationTooEarly "seconds from now to the stated time", "the delay in seconds";
    RulebookForces "the notional that would be closed by force", "0";
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_numbers_are_is_said_of_every_code_that_has_some() {
        for code in Code::ALL {
            assert_eq!(code.numbers().is_some(), code.ground().numbers, "{}", code.entry().name);
        }
    }
}
