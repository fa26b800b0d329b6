//! Notional tiers: `margin.maintenance` and `margin.initial` of one notional (RULES §3).
//!
//! Notionals are in 10⁻¹⁶, requirements in 10⁻²⁴, both exact. Caps are inclusive. What lies beyond the last cap counts
//! 100 %, as if a last tier of rate 1 followed.

use crate::num::{E8, ONE};
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
                let maintenance = s.maintenance_below_e24 + width * i128::from(s.maintenance);
                (s.to_e16, maintenance, s.initial_below_e24 + width * i128::from(s.initial))
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

    /// `margin.maintenance`: always marginal, in 10⁻²⁴.
    #[inline(always)]
    pub fn maintenance_e24(&self, notional_e16: i128) -> i128 {
        let step = &self.steps[self.step(notional_e16)];
        step.maintenance_below_e24 + (notional_e16 - step.from_e16) * i128::from(step.maintenance)
    }

    /// `margin.initial` with a chosen leverage's rate ⌈1/L⌉ (0: none chosen), in 10⁻²⁴.
    #[inline(always)]
    pub fn initial_e24(&self, notional_e16: i128, leverage_rate: i64) -> i128 {
        let at = self.step(notional_e16);
        let step = &self.steps[at];
        if self.beyond(at) {
            let last = &self.steps[at - 1];
            let below = match self.method {
                InitialMethod::Bracket => step.from_e16 * i128::from(last.initial.max(leverage_rate)),
                InitialMethod::Marginal => self.marginal_e24(step.from_e16, at - 1, leverage_rate),
            };
            return below + (notional_e16 - step.from_e16) * i128::from(ONE);
        }
        match self.method {
            InitialMethod::Bracket => notional_e16 * i128::from(step.initial.max(leverage_rate)),
            InitialMethod::Marginal => self.marginal_e24(notional_e16, at, leverage_rate),
        }
    }

    /// Whether the step is the 100 % beyond the last cap.
    fn beyond(&self, at: usize) -> bool {
        self.capped && at > 0 && at + 1 == self.steps.len()
    }

    fn marginal_e24(&self, notional_e16: i128, at: usize, leverage_rate: i64) -> i128 {
        let step = &self.steps[at];
        if leverage_rate <= self.steps[0].initial {
            // Rates do not fall, so the leverage binds in no tier.
            return step.initial_below_e24 + (notional_e16 - step.from_e16) * i128::from(step.initial);
        }
        self.slices(notional_e16).map(|(width, step)| width * i128::from(step.initial.max(leverage_rate))).sum()
    }

    /// The slices of a notional, lowest first: (width in 10⁻¹⁶, tier).
    pub fn slices(&self, notional_e16: i128) -> impl Iterator<Item = (i128, &Step)> {
        let steps = self.steps.iter().take_while(move |step| step.from_e16 < notional_e16);
        steps.map(move |step| (notional_e16.min(step.to_e16) - step.from_e16, step))
    }

    /// The parts of `margin.initial`, lowest first: (width in 10⁻¹⁶, rate in g). They add up to
    /// [`Ladder::initial_e24`].
    pub fn initial_parts(&self, notional_e16: i128, leverage_rate: i64) -> Vec<(i128, i64)> {
        let at = self.step(notional_e16);
        match self.method {
            InitialMethod::Marginal => {
                self.slices(notional_e16).map(|(width, step)| (width, step.initial.max(leverage_rate))).collect()
            }
            InitialMethod::Bracket if self.beyond(at) => {
                let (cap, last) = (self.steps[at].from_e16, self.steps[at - 1].initial);
                vec![(cap, last.max(leverage_rate)), (notional_e16 - cap, ONE)]
            }
            InitialMethod::Bracket => vec![(notional_e16, self.steps[at].initial.max(leverage_rate))],
        }
    }
}
