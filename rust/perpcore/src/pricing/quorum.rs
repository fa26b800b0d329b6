//! `settle.price`: at which price an instrument may be settled for the last time, wherever its index comes from.

use super::extremes::Extremes;

const HOUR: i64 = 3_600_000_000_000;

/// Values of an index that were in quorum: the last one, and those of the last hour.
#[derive(Clone, Debug, Default)]
pub(crate) struct Quorum {
    values: Extremes,
    last: Option<i64>,
}

impl Quorum {
    /// A value is in quorum; times never fall.
    #[inline]
    pub(crate) fn accept(&mut self, now: i64, value: i64) {
        self.last = Some(value);
        self.values.forget_before(now.saturating_sub(HOUR));
        self.values.push(now, value);
    }

    /// The last value in quorum; or another one, if it is approved and within what was in quorum in the last hour, ends
    /// included.
    pub(crate) fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        let Some(price) = price.filter(|price| self.last != Some(*price)) else { return self.last };
        let (least, greatest) = self.values.since(now.saturating_sub(HOUR))?;
        let within = (least..=greatest).contains(&price) || cfg!(feature = "without_settlement_range");
        (approval && within).then_some(price)
    }

    /// Everything of it, for a digest.
    pub(crate) fn numbers(&self) -> impl Iterator<Item = i64> {
        let values = self.values.all().flat_map(|(time, value)| [*time, *value]);
        super::optional(self.last).into_iter().chain(values)
    }
}
