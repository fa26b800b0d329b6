//! Exact net values (`equity.net_value`), from the sums of the valuation.

use super::account::Account;
use super::line::Sink;
use super::market::Market;
use super::sums::Sums;
use super::terms::Terms;
use super::value::Run;

/// The exact net value of each bucket in 10⁻²⁴, before any rounding, with the place of an isolated position and whether
/// every price that the bucket's status depends on may be used. Net value has no part
/// that depends on the model.
pub fn net_values<S: Sink>(
    terms: &Terms,
    market: &Market,
    account: &Account<'_>,
    sink: &mut S,
    mut each: impl FnMut(Option<usize>, bool, i128),
) {
    let mut run = Run::new(terms, market, account, sink);
    let mut cross = Sums::new();
    run.standard(&mut cross);
    account.isolated.iter().for_each(|position| run.isolated_orders(&mut cross, position));
    each(None, cross.usable, cross.net_e24 + cross.unsettled_e24());
    for (at, position) in account.isolated.iter().enumerate().filter(|(_, position)| position.listed) {
        let mut bucket = Sums::new();
        run.isolated_margin(&mut bucket, position);
        run.position(&mut bucket, position, false);
        each(Some(at), bucket.usable, bucket.collateral_e24 + bucket.unsettled_e24());
    }
}
