//! Which changes of a rulebook tighten. A change tightens where nobody may take more risk or more money out than before
//! and nobody needs less margin, whatever else is in the rulebook; all others are said to loosen, also those of which it
//! is merely not known. [`TABLE`] decides for every key, and a test sees to it that no key is forgotten.
//!
//! Rows hold one by one, so they hold together. Where a row holds only beside certain other values, these are values
//! of the rulebook after: it is as if the others changed first, what a portfolio account must have before what its
//! collateral counts. What a rate decides beside the margin follows it and is no change of its own: the cap of the
//! funding and the impact notional of `fair_basis`, which the first tier makes.

use super::pair::{
    Pair, classes_go, collateral_outweighs_its_risk, concentration_rises, could_be_owed, haircuts_rise, has_one_rank,
    larger_moves_lose_more, measure_rises, requirements_come, scenarios_come, tiers_rise,
};
use super::path::parts;
use super::{Change, Field, Rulebook};

/// What makes a change of a key one that tightens.
#[derive(Clone, Copy, Debug)]
pub(super) enum Tightens {
    /// A lower value, or one where none stood: none is no limit.
    Falls,
    /// A higher value, or one where none stood.
    Rises,
    /// This value.
    Becomes(&'static str),
    /// What a function says of the two rulebooks, and so in words.
    Where(fn(&Pair<'_>) -> bool, &'static str),
    /// Nothing does.
    Never,
    /// The key is no rule: no change of it counts.
    IsNoRule,
}
use Tightens::{Becomes, Falls, IsNoRule, Never, Rises, Where};

/// What is known of one key.
#[derive(Clone, Copy, Debug)]
pub(super) struct Row {
    /// Its path, `*` for any name, as in [`Field::path`](super::Field::path).
    pub(super) path: &'static str,
    pub(super) tightens: Tightens,
    /// What else must be true, and that in words.
    pub(super) provided: fn(&Pair<'_>) -> bool,
    beside: &'static str,
}

const fn row(path: &'static str, tightens: Tightens) -> Row {
    Row { path, tightens, provided: |_| true, beside: "" }
}

impl Row {
    const fn provided(self, (provided, beside): Beside) -> Row {
        Row { provided, beside, ..self }
    }

    /// What tightens, in words.
    fn words(&self) -> String {
        let words = match self.tightens {
            Falls => "lower",
            Rises => "higher",
            Becomes(word) => word,
            Where(_, words) => words,
            Never => "waits",
            IsNoRule => return String::new(),
        };
        format!("{words}{}{}", if self.beside.is_empty() { "" } else { ", " }, self.beside)
    }
}

/// What must be true beside a change, and that in words.
type Beside = (fn(&Pair<'_>) -> bool, &'static str);

const COLLATERAL: Beside = (
    collateral_outweighs_its_risk,
    "unless the largest fall of a scenario, times im_factor or mm_factor × call_factor, is above 1",
);
const ONE_RANK: Beside = (has_one_rank, "with sources of one rank");
const OWED: Beside = (could_be_owed, "where it could be owed before");
const MOVES: Beside = (larger_moves_lose_more, "under the worst loss and no offset_credit");

/// Every key of a rulebook.
pub(super) const TABLE: &[Row] = &[
    row("name", IsNoRule),
    row("extends", IsNoRule),
    row("version", IsNoRule),
    row("effective", IsNoRule),
    row("venue.settlement", Never),
    row("venue.profit_credit", Falls),
    row("venue.call_factor", Rises),
    row("venue.withdraw_ratio", Rises),
    row("venue.outflow_per_hour", Falls),
    // Settled more often, gains may leave sooner, and losses must be paid sooner.
    row("venue.settle_every", Never),
    row("venue.conversion_order", Never),
    // Ids that are forgotten may be used again; ids that are kept make repeats answer as before.
    row("venue.client_id_window.time", Never),
    row("venue.client_id_window.per_account", Never),
    row("venue.rates.orders_per_second", Falls),
    row("venue.rates.client_orders_per_second", Falls),
    row("venue.rates.group_orders_per_second", Falls),
    row("venue.rates.max_age", Falls),
    row("venue.breaker.loss_per_minute", Falls),
    row("venue.breaker.turnover_per_minute", Falls),
    row("venue.changes.approved", Becomes("true")),
    row("venue.changes.delay", Rises),
    // A fee that rises takes from accounts, one that falls takes from the venue: both are told in advance.
    row("venue.fees.*.maker", Never),
    row("venue.fees.*.taker", Never),
    row("asset.*.class", Never),
    row("asset.*.eligible", Becomes("false")).provided(COLLATERAL),
    row("asset.*.haircut", Where(haircuts_rise, "no quantity counts more")).provided(COLLATERAL),
    row("asset.*.close_cost", Rises),
    row("asset.*.account_cap", Falls).provided(COLLATERAL),
    row("asset.*.platform_cap", Falls),
    row("asset.*.liability.initial", Rises).provided(OWED),
    row("asset.*.liability.maintenance", Rises).provided(OWED),
    row("asset.*.underlying", Never),
    row("underlying.*.eligible", Becomes("false")),
    row("underlying.*.index.min_sources", Rises).provided(ONE_RANK),
    row("underlying.*.index.stale_after", Falls).provided(ONE_RANK),
    row("underlying.*.index.max_ahead", Falls).provided(ONE_RANK),
    row("underlying.*.index.unchanged_for", Falls).provided(ONE_RANK),
    // These choose among values, and any choice may suit somebody.
    row("underlying.*.index.drop_beyond", Never),
    row("underlying.*.index.max_deviation", Never),
    row("underlying.*.index.max_group_weight", Never),
    row("underlying.*.index.max_jump", Falls),
    row("underlying.*.index.jump_window", Rises),
    row("underlying.*.index.agree_samples", Rises),
    row("underlying.*.index.protected_for", Falls),
    row("underlying.*.index.halt_after", Falls),
    row("underlying.*.index.thin", Becomes("\"protect\"")),
    row("underlying.*.sources", Never),
    row("underlying.*.rates", Never),
    row("instrument.*.underlying", Never),
    row("instrument.*.tick", Never),
    row("instrument.*.lot", Never),
    row("instrument.*.contract_size", Never),
    // Rates do not fall from tier to tier, so the bracket of a notional takes no less than its slices.
    row("instrument.*.initial_method", Becomes("\"bracket\"")),
    row("instrument.*.tiers", Where(tiers_rise, "no notional needs less at any leverage")),
    row("instrument.*.min_size", Rises),
    row("instrument.*.max_size", Falls),
    row("instrument.*.collar.width", Falls),
    row("instrument.*.collar.reference", Never),
    row("instrument.*.limits.position", Falls),
    row("instrument.*.limits.client_position", Falls),
    row("instrument.*.limits.group_position", Falls),
    row("instrument.*.limits.open_interest", Falls),
    row("instrument.*.limits.open_orders", Falls),
    row("instrument.*.limits.client_open_orders", Falls),
    row("instrument.*.limits.group_open_orders", Falls),
    // What moves a mark or a funding rate takes from one side what it gives to the other.
    row("instrument.*.mark.method", Never),
    row("instrument.*.mark.band", Never),
    row("instrument.*.mark.ema", Never),
    row("instrument.*.mark.samples", Never),
    row("instrument.*.mark.last_for", Never),
    row("instrument.*.mark.speed", Never),
    row("instrument.*.funding.every", Never),
    row("instrument.*.funding.interest_8h", Never),
    row("instrument.*.funding.dead_zone", Never),
    row("instrument.*.funding.cap", Never),
    row("instrument.*.funding.cap_factor_maintenance", Never),
    row("instrument.*.funding.cap_factor_difference", Never),
    row("instrument.*.funding.impact_notional", Never),
    row("instrument.*.funding.sample", Never),
    row("instrument.*.funding.min_coverage", Never),
    row("instrument.*.settlement_window", Never),
    row("instrument.*.maintenance_fee", Rises),
    row("client.classes", Where(classes_go, "fewer; none named are all")),
    row("client.require", Where(requirements_come, "more")),
    // What one bucket is closed for takes from it what it gives to others.
    row("liquidation.step", Never),
    row("liquidation.target", Never),
    row("liquidation.close_out", Never),
    row("liquidation.fee", Never),
    row("liquidation.depth_share", Never),
    row("liquidation.backstop_share", Never),
    row("liquidation.fund.mode", Never),
    row("liquidation.fund.max_slippage", Never),
    row("liquidation.fund.event_budget", Never),
    row("liquidation.fund.interval_budget", Never),
    row("liquidation.fund.unwind_share", Never),
    row("liquidation.fund.low", Never),
    row("liquidation.adl", Never),
    row("liquidation.per_command", Never),
    // Without the model an account needs what the tiers say, which may be less.
    row("portfolio.enabled", Never),
    row("portfolio.min_equity", Rises),
    row("portfolio.offset_credit", Falls),
    row("portfolio.im_factor", Rises),
    row("portfolio.mm_factor", Rises),
    row("portfolio.minimum", Rises),
    row("portfolio.measure", Where(measure_rises, "the worst loss, or a higher level")),
    row("portfolio.families.correlated", Rises).provided(MOVES),
    row("portfolio.families.single", Rises).provided(MOVES),
    row("portfolio.families.opposite", Rises).provided(MOVES),
    row("portfolio.steps", Never),
    row("portfolio.underlying.*.range", Rises).provided(MOVES),
    row("portfolio.underlying.*.basis", Rises),
    row("portfolio.underlying.*.concentration", Where(concentration_rises, "no notional is charged less")),
    row("portfolio.extended", Where(scenarios_come, "more, under the worst loss")),
];

/// The row of a key.
fn row_of(parts: &[String]) -> Option<&'static Row> {
    TABLE.iter().find(|row| {
        let keys = row.path.split('.');
        keys.clone().count() <= parts.len() && keys.zip(parts).all(|(key, part)| key == "*" || key == part)
    })
}

/// The name in a path, where the row has a `*`.
fn name_in<'a>(row: &Row, parts: &'a [String]) -> &'a str {
    let place = row.path.split('.').position(|key| key == "*");
    place.and_then(|place| parts.get(place)).map_or("", |name| name)
}

impl Field {
    /// What of its value tightens, in words: `lower`, `higher`, a value, or what must be true; `waits` where no change is
    /// known to, and nothing where the key is no rule.
    pub fn tightens(&self) -> String {
        TABLE.iter().find(|row| row.path == self.path).map_or("waits".to_string(), Row::words)
    }
}

impl Rulebook {
    /// What differs in `other` and is not known to tighten, by path: what lets somebody take more risk or money, asks
    /// somebody for less margin, or may. Names, sources, the version and the time from which a rulebook holds are no rules.
    ///
    /// ```
    /// use perpcore::rules::{Rulebook, Value};
    /// let rules = Rulebook::preset("hk-vatp-perp")?;
    /// let with = |text: &str| {
    ///     let limit = Value::Number(text.to_string());
    ///     rules.edit(&[("instrument.BTC-PERP.limits.open_orders".to_string(), limit)])
    /// };
    /// assert!(rules.loosens(&with("100")?).is_empty());
    /// assert_eq!(rules.loosens(&with("300")?)[0].path, "instrument.BTC-PERP.limits.open_orders");
    /// # Ok::<(), perpcore::fault::Failure>(())
    /// ```
    pub fn loosens(&self, other: &Rulebook) -> Vec<Change> {
        let mut changes = self.diff(other);
        changes.retain(|change| {
            let Some(parts) = parts(&change.path) else { return true };
            let Some(row) = row_of(&parts) else { return true };
            let pair = Pair { before: self, after: other, change, name: name_in(row, &parts) };
            !pair.tightens(row)
        });
        changes
    }
}
