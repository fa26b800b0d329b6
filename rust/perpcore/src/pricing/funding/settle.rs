//! `funding.settle`: what each account pays or receives.

use crate::fault::{Code, Fault};
use crate::num::bounds::{ACCOUNT_E16, Bound};
use crate::num::round::credit_from_e24;
use crate::num::{E8, scaled, times};

/// What a rate may be: with it the largest notional is exact in 128 bits, 10²⁸·10¹⁰.
pub const RATE: Bound = Bound { name: "rate", min: -100 * E8, max: 100 * E8, accepted: "−100 ≤ rate ≤ 100" };

/// −Q·M·F of one position, all in g: rounded down, so that payers pay up and receivers receive down.
///
/// # Errors
/// `account_too_large` where the notional is beyond what is computed exactly, `out_of_range` where the rate is.
pub fn payment(quantity: i64, mark: i64, rate: i64) -> Result<i128, Box<Fault>> {
    if !RATE.holds(rate.into()) {
        return Err(Box::new(Fault::new(Code::OutOfRange).value(rate).accepts(RATE.accepted)));
    }
    let notional_e16 = times(quantity, mark);
    if notional_e16.abs() > ACCOUNT_E16 {
        return Err(Box::new(Fault::new(Code::AccountTooLarge).value(quantity)));
    }
    Ok(credit_from_e24(-scaled(notional_e16, rate)))
}

/// What remains of the payments of one funding: together with it they are 0. None where the positions do not add up to 0,
/// since then somebody's is not among them.
pub fn rounding(quantities: impl IntoIterator<Item = i64>, payments: impl IntoIterator<Item = i128>) -> Option<i128> {
    let open: i128 = quantities.into_iter().map(i128::from).sum();
    (open == 0).then(|| -payments.into_iter().sum::<i128>())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::num::ONE;

    #[test]
    fn payers_pay_up_and_receivers_receive_down() {
        // 0.33333333 · 100.01 · 0.0001 = 0.00333366…, 0.66666667 · 100.01 · 0.0001 = 0.006667333…, 1 pays 0.010001.
        let quantities = [ONE, -33_333_333, -66_666_667];
        let paid = quantities.map(|quantity| payment(quantity, 10_001_000_000, 10_000).unwrap());
        assert_eq!(paid, [-1_000_100, 333_366, 666_733]);
        assert_eq!(rounding(quantities, paid), Some(1));
        assert_eq!(rounding([ONE], [-1_000_100]), None);
    }

    #[test]
    fn what_is_not_exact_is_refused() {
        // 10¹² + 1 unit of g.
        let refused = payment(100_000_000_000_000_000, 1_000 * ONE + 1, 1).unwrap_err();
        assert_eq!(refused.code, Code::AccountTooLarge);
    }
}
