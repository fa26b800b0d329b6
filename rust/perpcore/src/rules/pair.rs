//! What the rows of [`tighten`](super::tighten) ask of two rulebooks and a change between them.

use super::curve::{charges_take_no_less, haircuts_take_no_less, tiers_take_no_less};
use super::duration::{Duration, LONGEST};
use super::kind::{Leaf, NO_LIMIT};
use super::node::Value;
use super::portfolio::{Extended, Measure, PortfolioUnderlying};
use super::tighten::{Row, Tightens};
use super::{Asset, Change, Instrument, Rulebook};
use crate::num::{E16, ONE, text, times};

/// Two rulebooks, a change between them, and the name that it is of.
#[derive(Debug)]
pub(super) struct Pair<'a> {
    pub(super) before: &'a Rulebook,
    pub(super) after: &'a Rulebook,
    pub(super) change: &'a Change,
    /// The name in place of `*`; empty where the path has none.
    pub(super) name: &'a str,
}

impl<'a> Pair<'a> {
    fn assets(&self) -> Option<[&'a Asset; 2]> {
        let of = |book: &'a Rulebook| Some(&book.assets()[book.asset_index(self.name)?]);
        Some([of(self.before)?, of(self.after)?])
    }

    fn instruments(&self) -> Option<[&'a Instrument; 2]> {
        let of = |book: &'a Rulebook| Some(&book.instruments()[book.instrument_index(self.name)?]);
        Some([of(self.before)?, of(self.after)?])
    }

    fn portfolio_underlyings(&self) -> Option<[&'a PortfolioUnderlying; 2]> {
        let of = |book: &'a Rulebook| book.portfolio().underlyings.iter().find(|of| of.name == self.name);
        Some([of(self.before)?, of(self.after)?])
    }

    /// Whether both rulebooks have the name.
    fn both_have(&self, row: &Row) -> bool {
        let has = |book: &Rulebook| match row.path.split(".*").next() {
            Some("asset") => book.asset_index(self.name).is_some(),
            Some("underlying") => book.underlying_index(self.name).is_some(),
            Some("instrument") => book.instrument_index(self.name).is_some(),
            Some("venue.fees") => book.fee_tier_index(self.name).is_some(),
            Some("portfolio.underlying") => book.portfolio().underlyings.iter().any(|of| of.name == self.name),
            _ => true,
        };
        has(self.before) && has(self.after)
    }

    /// Whether a name that only `after` has lets nobody do anything: an underlying that nothing of before follows, or
    /// an asset that counts for nothing and cannot be owed.
    fn adds_nothing(&self, row: &Row) -> bool {
        let new_asset = || {
            let asset = &self.after.assets()[self.after.asset_index(self.name)?];
            Some(!asset.eligible && asset.liability.is_none() && self.before.asset_index(self.name).is_none())
        };
        match row.path.split('.').next() {
            Some("asset") => new_asset() == Some(true),
            Some("underlying") => self.before.underlying_index(self.name).is_none(),
            _ => false,
        }
    }

    /// Whether the change is known to tighten.
    pub(super) fn tightens(&self, row: &Row) -> bool {
        if !self.both_have(row) {
            return self.adds_nothing(row);
        }
        let is = match row.tightens {
            Tightens::Falls => self.is_limited(|before, after| after <= before),
            Tightens::Rises => self.is_limited(|before, after| after >= before),
            Tightens::Becomes(word) => self.change.after.as_deref() == Some(word),
            Tightens::Where(function, _) => function(self),
            Tightens::Never => false,
            Tightens::IsNoRule => return true,
        };
        is && (row.provided)(self)
    }

    /// Whether a number stands after, and where one stood before too, whether it is on this side.
    fn is_limited(&self, on_this_side: impl Fn(i128, i128) -> bool) -> bool {
        let [before, after] = [&self.change.before, &self.change.after].map(|side| limit(side.as_deref()));
        match (before, after) {
            (Some(before), Some(Some(after))) => before.is_none_or(|before| on_this_side(before, after)),
            _ => false,
        }
    }
}

/// The number of a canonical value: `Some(None)` where there is no limit, `None` where it is no number.
fn limit(text: Option<&str>) -> Option<Option<i128>> {
    let Some(text) = text.map(|text| text.trim_matches('"')).filter(|text| *text != NO_LIMIT) else {
        return Some(None);
    };
    let span = Duration(LONGEST).parse(&Value::Text(text.to_string())).map(i128::from);
    span.or_else(|| text::parse_rate(text).ok()).map(Some)
}

/// Less collateral never leaves more above a requirement, or above the line of a margin call: what it had to be margined
/// with in the scenarios falls by no more than it counted.
pub(super) fn collateral_outweighs_its_risk(pair: &Pair<'_>) -> bool {
    let portfolio = pair.after.portfolio();
    let scales = &portfolio.families;
    let widest = scales.correlated.max(scales.single).max(scales.opposite).max(ONE);
    let ranges = portfolio.underlyings.iter().map(|of| times(of.range, widest));
    let falls = portfolio.extended.iter().map(|of| times(-of.moved, of.factor.unwrap_or(0)));
    let fall_e16 = ranges.chain(falls).max().unwrap_or(0);
    let call_e16 = times(portfolio.mm_factor, pair.after.venue().call_factor);
    let multiple_e16 = call_e16.max(times(portfolio.im_factor, ONE));
    !portfolio.enabled || fall_e16 * multiple_e16 <= E16 * E16
}

/// A larger move, or one more, costs no account less: of losses the worst counts, and no gain counts against them.
pub(super) fn larger_moves_lose_more(pair: &Pair<'_>) -> bool {
    let portfolio = pair.after.portfolio();
    portfolio.measure == Measure::Worst && portfolio.offset_credit == 0
}

/// An asset that nobody could owe is owed from now on; what was owed has no margin any more.
pub(super) fn could_be_owed(pair: &Pair<'_>) -> bool {
    pair.assets().is_some_and(|both| both.iter().all(|asset| asset.liability.is_some()))
}

/// Sources of a further rank count where those before are too few: to ask for more of the first is to let in the next.
pub(super) fn has_one_rank(pair: &Pair<'_>) -> bool {
    let of = pair.after.underlying_index(pair.name).map(|at| &pair.after.underlyings()[at].sources);
    of.is_some_and(|sources| sources.iter().all(|source| source.rank == sources[0].rank))
}

pub(super) fn haircuts_rise(pair: &Pair<'_>) -> bool {
    pair.assets().is_some_and(|[before, after]| haircuts_take_no_less(&before.haircut, &after.haircut))
}

pub(super) fn tiers_rise(pair: &Pair<'_>) -> bool {
    pair.instruments().is_some_and(|[before, after]| tiers_take_no_less(before, after))
}

/// Whether every class that is admitted was; none named are all.
pub(super) fn classes_go(pair: &Pair<'_>) -> bool {
    let [before, after] = [pair.before, pair.after].map(|book| &book.client().classes);
    before.is_empty() || !after.is_empty() && after.iter().all(|class| before.contains(class))
}

pub(super) fn requirements_come(pair: &Pair<'_>) -> bool {
    pair.before.client().require.iter().all(|requirement| pair.after.client().require.contains(requirement))
}

/// The worst loss is no less than any expected shortfall, and that of a higher level is of worse scenarios.
pub(super) fn measure_rises(pair: &Pair<'_>) -> bool {
    match (pair.before.portfolio().measure, pair.after.portfolio().measure) {
        (_, Measure::Worst) => true,
        (Measure::Shortfall(before), Measure::Shortfall(after)) => before <= after,
        (Measure::Worst, Measure::Shortfall(_)) => false,
    }
}

pub(super) fn concentration_rises(pair: &Pair<'_>) -> bool {
    let slices = |of: &'_ PortfolioUnderlying| of.concentration.clone();
    pair.portfolio_underlyings().is_some_and(|both| {
        let [before, after] = both.map(slices);
        charges_take_no_less(before.as_deref(), after.as_deref())
    })
}

/// One more scenario never makes the worst loss smaller.
pub(super) fn scenarios_come(pair: &Pair<'_>) -> bool {
    let [before, after]: [&[Extended]; 2] = [pair.before, pair.after].map(|book| &*book.portfolio().extended);
    pair.after.portfolio().measure == Measure::Worst && before.iter().all(|scenario| after.contains(scenario))
}
