//! `collateral.haircut`: what a balance counts, by slices of its quantity (docs/margin.md).

use crate::num::ONE;
use crate::rules::Asset;

/// How the valuation treats one asset.
#[derive(Clone, Debug)]
pub struct Collateral {
    /// Whether positive balances count.
    pub eligible: bool,
    /// Whether a thin price may be used.
    pub thin_trades: bool,
    /// What a forced conversion costs, in g.
    pub close_cost: i64,
    /// At most this quantity of one balance counts, in g.
    pub account_cap: i128,
    /// The underlying whose scenario moves it, by the rulebook's index.
    pub underlying: Option<u32>,
    /// Liability rates (initial, maintenance) in g; none where a debt is refused.
    pub liability: Option<(i64, i64)>,
    /// (up to quantity, share that counts), both in g, rising.
    slices: Vec<(i128, i64)>,
}

impl Collateral {
    /// Lays out an asset of a rulebook with the index of its underlying.
    pub fn new(asset: &Asset, underlying: Option<u32>) -> Self {
        let slices = asset.haircut.iter().map(|slice| (slice.up_to.unwrap_or(i128::MAX), ONE - slice.rate)).collect();
        Collateral {
            eligible: asset.eligible,
            thin_trades: asset.thin_trades,
            close_cost: asset.close_cost,
            account_cap: asset.account_cap.unwrap_or(i128::MAX),
            underlying,
            liability: asset.liability.as_ref().map(|l| (l.initial, l.maintenance)),
            slices,
        }
    }

    /// The slices of a positive balance that count, lowest first: (quantity, share), both in g.
    #[inline(always)]
    pub fn slices(&self, amount: i128) -> impl Iterator<Item = (i128, i64)> {
        let counted = amount.min(self.account_cap);
        let mut from = 0;
        self.slices.iter().map_while(move |&(up_to, share)| {
            let width = counted.min(up_to) - from;
            from = up_to;
            (width > 0).then_some((width, share))
        })
    }
}
