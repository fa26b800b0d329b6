//! Notional tiers: `margin.maintenance` and `margin.initial` of one notional (docs/margin.md).
//!
//! Notionals are in 10⁻¹⁶, requirements in 10⁻²⁴, both exact. Caps are inclusive. What lies beyond the last cap counts
//! 100 %, as if a last tier of rate 1 followed.

use crate::num::{E8, ONE, scaled};
use crate::rules::{InitialMethod, Tier};
use std::cmp::Ordering;

/// A requirement within one tier: notional × rate + constant. The constant is what the slices below the tier, at
/// their own rates, differ from this rate.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Linear {
    /// Rate in g.
    pub rate: i64,
    /// Constant in 10⁻²⁴.
    pub constant_e24: i128,
}

impl Linear {
    /// The requirement of a notional within the tier.
    #[inline(always)]
    pub fn of_e24(&self, notional_e16: i128) -> i128 {
        scaled(notional_e16, self.rate) + self.constant_e24
    }

    /// Marginal: the next slice begins at `from_e16` with this rate, after slices that need `below_e24`.
    fn after(below_e24: i128, from_e16: i128, rate: i64) -> Self {
        Linear { rate, constant_e24: below_e24 - scaled(from_e16, rate) }
    }
}

/// One tier.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    /// Where the tier begins, exclusive, in 10⁻¹⁶.
    pub from_e16: i128,
    /// Where it ends, inclusive, in 10⁻¹⁶.
    pub to_e16: i128,
    /// Maintenance margin within it.
    pub maintenance: Linear,
    /// Initial margin within it, where no leverage was chosen.
    pub initial: Linear,
}

/// The tiers of one instrument, covering every notional.
#[derive(Clone, Debug)]
pub struct Ladder {
    method: InitialMethod,
    steps: Vec<Step>,
    /// Whether the last step is the 100 % beyond the last cap.
    capped: bool,
    largest_constant_e24: i128,
}

impl Ladder {
    /// Lays out the tiers of a rulebook.
    pub fn new(tiers: &[Tier], method: InitialMethod) -> Self {
        let mut steps: Vec<Step> = Vec::with_capacity(tiers.len() + 1);
        let mut push = |up_to: Option<i128>, maintenance: i64, initial: i64, beyond: bool| {
            let (from_e16, below) = steps.last().map_or((0, [0, 0]), |last| {
                (last.to_e16, [last.maintenance.of_e24(last.to_e16), last.initial.of_e24(last.to_e16)])
            });
            let whole = method == InitialMethod::Bracket && !beyond;
            steps.push(Step {
                from_e16,
                to_e16: up_to.map_or(i128::MAX, |cap| cap * E8),
                maintenance: Linear::after(below[0], from_e16, maintenance),
                initial: match whole {
                    true => Linear { rate: initial, constant_e24: 0 },
                    false => Linear::after(below[1], from_e16, initial),
                },
            });
        };
        for tier in tiers {
            push(tier.up_to, tier.maintenance, tier.initial, false);
        }
        let capped = tiers.last().is_none_or(|tier| tier.up_to.is_some());
        if capped {
            push(None, ONE, ONE, true);
        }
        let constants = steps.iter().map(|step| step.maintenance.constant_e24.abs());
        let largest_constant_e24 = constants.max().unwrap_or(0);
        Ladder { method, steps, capped, largest_constant_e24 }
    }

    /// The tiers, lowest first; the last one ends nowhere.
    pub fn steps(&self) -> &[Step] {
        &self.steps
    }

    /// The step a notional falls in.
    #[inline(always)]
    fn step(&self, notional_e16: i128) -> usize {
        // The last step ends at the largest i128, so the search always finds one.
        self.steps.iter().position(|step| notional_e16 <= step.to_e16).unwrap_or(self.steps.len() - 1)
    }

    /// The lowest and the highest rate of maintenance margin, in g.
    #[inline(always)]
    pub fn maintenance_rates(&self) -> [i64; 2] {
        [&self.steps[0], &self.steps[self.steps.len() - 1]].map(|step| step.maintenance.rate)
    }

    /// The rate, in g, that no slice of maintenance margin passes as long as the notional is at most twice this one.
    #[inline(always)]
    pub fn maintenance_rate_below_twice(&self, notional_e16: i128) -> i64 {
        self.steps[self.step(2 * notional_e16)].maintenance.rate
    }

    /// The same of initial margin: neither does any slice, nor the rate of the whole.
    #[inline(always)]
    pub fn initial_rate_below_twice(&self, notional_e16: i128, leverage_rate: i64) -> i64 {
        self.steps[self.step(2 * notional_e16)].initial.rate.max(leverage_rate)
    }

    /// Between which rates, in g, the slices of maintenance margin are that a move of the notional passes: the first two
    /// as it falls to no less than half of this one, the last two as it rises to no more than twice.
    #[inline(always)]
    pub fn maintenance_slopes(&self, notional_e16: i128) -> [i64; 3] {
        [notional_e16 / 2, notional_e16, 2 * notional_e16].map(|at| self.steps[self.step(at)].maintenance.rate)
    }

    /// The same of initial margin; where it jumps, as long as it does not.
    #[inline(always)]
    pub fn initial_slopes(&self, notional_e16: i128, leverage_rate: i64) -> [i64; 3] {
        let rate = |at| self.steps[self.step(at)].initial.rate.max(leverage_rate);
        match self.method {
            InitialMethod::Bracket => [rate(notional_e16); 3],
            InitialMethod::Marginal => [notional_e16 / 2, notional_e16, 2 * notional_e16].map(rate),
        }
    }

    /// Where initial margin jumps: the notionals between which, the first exclusive, this one stands in one step; none where
    /// it never jumps.
    #[inline(always)]
    pub fn initial_step(&self, notional_e16: i128) -> Option<(i128, i128)> {
        let step = &self.steps[self.step(notional_e16)];
        (self.method == InitialMethod::Bracket).then_some((step.from_e16, step.to_e16))
    }

    /// The largest constant of maintenance margin, in 10⁻²⁴.
    pub fn largest_constant_e24(&self) -> i128 {
        self.largest_constant_e24
    }

    /// The step at whose notional a threshold search stands: `compare` tells how that notional stands to a cap. At a cap
    /// itself, the step on the asked side of it.
    #[inline(always)]
    pub fn step_at(&self, compare: impl Fn(i128) -> Ordering, upward: bool) -> &Step {
        let (last, capped) = (self.steps.len() - 1, self.steps.iter());
        let within = |step: &&Step| match compare(step.to_e16) {
            Ordering::Less => true,
            Ordering::Equal => !upward,
            Ordering::Greater => false,
        };
        capped.take(last).find(within).unwrap_or(&self.steps[last])
    }

    /// `margin.maintenance` (always marginal) and `margin.initial` with a chosen leverage's rate ⌈1/L⌉ (0: none
    /// chosen), in 10⁻²⁴.
    #[inline(always)]
    pub fn requirements_e24(&self, notional_e16: i128, leverage_rate: i64) -> (i128, i128) {
        let step = &self.steps[self.step(notional_e16)];
        let maintenance_e24 = step.maintenance.of_e24(notional_e16);
        if self.binds_nowhere(leverage_rate) {
            return (maintenance_e24, step.initial.of_e24(notional_e16));
        }
        (maintenance_e24, self.initial_e24(notional_e16, leverage_rate))
    }

    /// `margin.initial` alone, in 10⁻²⁴.
    pub fn initial_e24(&self, notional_e16: i128, leverage_rate: i64) -> i128 {
        if self.binds_nowhere(leverage_rate) {
            return self.steps[self.step(notional_e16)].initial.of_e24(notional_e16);
        }
        self.initial_parts(notional_e16, leverage_rate).map(|(width, rate)| scaled(width, rate)).sum()
    }

    /// Whether a chosen leverage raises no tier: initial rates do not fall, so the first is the lowest.
    #[inline(always)]
    fn binds_nowhere(&self, leverage_rate: i64) -> bool {
        leverage_rate <= self.steps[0].initial.rate
    }

    /// The parts of `margin.initial`, lowest first: (width in 10⁻¹⁶, rate in g). `bracket` takes the whole notional,
    /// beyond the last cap the part up to it, at the rate of its tier.
    pub fn initial_parts(&self, notional_e16: i128, leverage_rate: i64) -> impl Iterator<Item = (i128, i64)> {
        let at = self.step(notional_e16);
        let beyond = self.capped && at > 0 && at + 1 == self.steps.len();
        let whole = match self.method {
            InitialMethod::Bracket => at - usize::from(beyond),
            InitialMethod::Marginal => 0,
        };
        self.slices(notional_e16).enumerate().skip(whole).map(move |(at, (width, step))| {
            let below = if at == whole { step.from_e16 } else { 0 };
            (below + width, step.initial.rate.max(leverage_rate))
        })
    }

    /// The slices of a notional, lowest first: (width in 10⁻¹⁶, tier).
    pub fn slices(&self, notional_e16: i128) -> impl Iterator<Item = (i128, &Step)> {
        let steps = self.steps.iter().take_while(move |step| step.from_e16 < notional_e16);
        steps.map(move |step| (notional_e16.min(step.to_e16) - step.from_e16, step))
    }
}
