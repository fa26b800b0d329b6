//! Notional tiers: `margin.maintenance` and `margin.initial` of one notional (RULES §3).
//!
//! Notionals are in 10⁻¹⁶, requirements in 10⁻²⁴, both exact. Caps are inclusive. What lies beyond the last cap counts
//! 100 %, as if a last tier of rate 1 followed.

use crate::num::{E8, ONE, scaled};
use crate::rules::{InitialMethod, Tier};

/// One tier with what lies below it already added up.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Where the tier begins, exclusive, in 10⁻¹⁶.
    pub from_e16: i128,
    /// Where it ends, inclusive, in 10⁻¹⁶.
    pub to_e16: i128,
    /// Maintenance rate in g.
    pub maintenance: i64,
    /// Initial rate in g.
    pub initial: i64,
    maintenance_below_e24: i128,
    initial_below_e24: i128,
}

/// The tiers of one instrument, covering every notional.
#[derive(Clone, Debug)]
pub struct Ladder {
    method: InitialMethod,
    steps: Vec<Step>,
    /// Whether the last step is the 100 % beyond the last cap.
    capped: bool,
}

impl Ladder {
    /// Lays out the tiers of a rulebook.
    pub fn new(tiers: &[Tier], method: InitialMethod) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(tiers.len() + 1);
        let mut push = |up_to: Option<i128>, maintenance: i64, initial: i64| {
            let below = steps.last().map_or((0, 0, 0), |s| {
                let width = s.to_e16 - s.from_e16;
                let maintenance = s.maintenance_below_e24 + scaled(width, s.maintenance);
                (s.to_e16, maintenance, s.initial_below_e24 + scaled(width, s.initial))
            });
            steps.push(Step {
                from_e16: below.0,
                to_e16: up_to.map_or(i128::MAX, |cap| cap * E8),
                maintenance,
                initial,
                maintenance_below_e24: below.1,
                initial_below_e24: below.2,
            });
        };
        for tier in tiers {
            push(tier.up_to, tier.maintenance, tier.initial);
        }
        let capped = tiers.last().is_none_or(|tier| tier.up_to.is_some());
        if capped {
            push(None, ONE, ONE);
        }
        Ladder { method, steps, capped }
    }

    /// The step a notional falls in.
    #[inline(always)]
    fn step(&self, notional_e16: i128) -> usize {
        // The last step ends at the largest i128, so the search always finds one.
        self.steps.iter().position(|step| notional_e16 <= step.to_e16).unwrap_or(self.steps.len() - 1)
    }

    /// `margin.maintenance` (always marginal) and `margin.initial` with a chosen leverage's rate ⌈1/L⌉ (0: none
    /// chosen), in 10⁻²⁴.
    #[inline(always)]
    pub fn requirements_e24(&self, notional_e16: i128, leverage_rate: i64) -> (i128, i128) {
        let at = self.step(notional_e16);
        let step = &self.steps[at];
        let maintenance = step.maintenance_below_e24 + scaled(notional_e16 - step.from_e16, step.maintenance);
        (maintenance, self.initial_at_e24(at, notional_e16, leverage_rate))
    }

    /// `margin.initial` alone, in 10⁻²⁴.
    pub fn initial_e24(&self, notional_e16: i128, leverage_rate: i64) -> i128 {
        self.initial_at_e24(self.step(notional_e16), notional_e16, leverage_rate)
    }

    #[inline(always)]
    fn initial_at_e24(&self, at: usize, notional_e16: i128, leverage_rate: i64) -> i128 {
        match self.method {
            InitialMethod::Bracket if !self.beyond(at) => {
                scaled(notional_e16, self.steps[at].initial.max(leverage_rate))
            }
            // Rates do not fall, so a leverage below the first binds in no tier.
            InitialMethod::Marginal if leverage_rate <= self.steps[0].initial => {
                let step = &self.steps[at];
                step.initial_below_e24 + scaled(notional_e16 - step.from_e16, step.initial)
            }
            _ => self.initial_parts(notional_e16, leverage_rate).map(|(width, rate)| scaled(width, rate)).sum(),
        }
    }

    /// Whether the step is the 100 % beyond the last cap.
    fn beyond(&self, at: usize) -> bool {
        self.capped && at > 0 && at + 1 == self.steps.len()
    }

    /// The parts of `margin.initial`, lowest first: (width in 10⁻¹⁶, rate in g). Beyond the last cap `bracket` takes
    /// the part up to it at the last tier's rate.
    pub fn initial_parts(&self, notional_e16: i128, leverage_rate: i64) -> impl Iterator<Item = (i128, i64)> {
        let whole = match (self.method, self.step(notional_e16)) {
            (InitialMethod::Bracket, at) if self.beyond(at) => Some(at - 1),
            (InitialMethod::Bracket, at) => Some(at),
            (InitialMethod::Marginal, _) => None,
        };
        self.slices(notional_e16).enumerate().filter_map(move |(at, (width, step))| {
            let rate = step.initial.max(leverage_rate);
            match whole {
                Some(whole) if at < whole => None,
                Some(whole) if at == whole => Some((step.from_e16 + width, rate)),
                _ => Some((width, rate)),
            }
        })
    }

    /// The slices of a notional, lowest first: (width in 10⁻¹⁶, tier).
    pub fn slices(&self, notional_e16: i128) -> impl Iterator<Item = (i128, &Step)> {
        let steps = self.steps.iter().take_while(move |step| step.from_e16 < notional_e16);
        steps.map(move |step| (notional_e16.min(step.to_e16) - step.from_e16, step))
    }
}
