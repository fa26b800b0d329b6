//! `index.state`: whether the value of an index may be used, and every way into and out of each state.
//!
//! It sees samples (a value and how many groups made it), the passing of time and commands, and holds the last value that
//! it accepted. It knows nothing of sources.

use super::reason::Reason;
use crate::message::PriceState;
use crate::num::{ONE, times};
use crate::pricing::extremes::Extremes;
use crate::pricing::optional;
use crate::pricing::quorum::Quorum;
use crate::rules;
use std::collections::VecDeque;

/// The fewest groups that make an index.
pub(super) const FEWEST: u32 = 2;

/// One value of an index, made at one time by so many live groups.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Sample {
    /// In g; meaningless where there are fewer than [`FEWEST`] groups.
    pub(super) value: i64,
    /// Live groups.
    pub(super) groups: u32,
}

/// The state of an index.
#[derive(Clone, Debug)]
pub(super) struct Health {
    min_sources: u32,
    max_jump: i64,
    jump_window: i64,
    agree: usize,
    protected_for: i64,
    halt_after: i64,

    state: PriceState,
    /// Since when; none before the first time that it is told.
    since: Option<i64>,
    reason: Reason,
    held: Option<i64>,
    /// What was accepted of late, to see a jump.
    accepted: Extremes,
    /// The last samples of at least [`FEWEST`] groups without one of fewer between, with their times, while a price is
    /// protected or frozen.
    run: VecDeque<(i64, Sample)>,
    /// The latest sample since the halt.
    after_halt: Option<Sample>,
    in_quorum: Quorum,
}

impl Health {
    pub(super) fn new(rules: &rules::Index) -> Health {
        Health {
            min_sources: rules.min_sources,
            max_jump: rules.max_jump,
            jump_window: rules.jump_window,
            agree: rules.agree_samples as usize,
            protected_for: rules.protected_for,
            halt_after: rules.halt_after,
            state: PriceState::Frozen,
            since: None,
            reason: Reason::Start,
            held: None,
            accepted: Extremes::default(),
            run: VecDeque::new(),
            after_halt: None,
            in_quorum: Quorum::default(),
        }
    }

    #[inline(always)]
    pub(super) fn state(&self) -> PriceState {
        self.state
    }

    /// The last value that was accepted.
    #[inline(always)]
    pub(super) fn held(&self) -> Option<i64> {
        self.held
    }

    /// Why it is in its state.
    pub(super) fn reason(&self) -> Reason {
        self.reason
    }

    /// Time passes.
    #[inline]
    pub(super) fn advance(&mut self, now: i64) {
        let since = *self.since.get_or_insert(now);
        if matches!(self.state, PriceState::Live | PriceState::Thin | PriceState::Halted) {
            return;
        }
        if self.state == PriceState::Protected && now.saturating_sub(since) >= self.protected_for {
            self.enter(PriceState::Frozen, since.saturating_add(self.protected_for), Reason::NotAgreed);
        }
        let since = self.since.unwrap_or(now);
        if self.state == PriceState::Frozen && now.saturating_sub(since) > self.halt_after {
            self.run.clear();
            self.after_halt = None;
            self.enter(PriceState::Halted, since.saturating_add(self.halt_after), Reason::FrozenTooLong);
        }
    }

    /// Takes a sample that a quote of a source that counts made, after [`advance`](Health::advance) to its time.
    #[inline]
    pub(super) fn sample(&mut self, now: i64, sample: Sample) {
        if self.state == PriceState::Halted {
            self.after_halt = Some(sample);
            return;
        }
        if sample.groups < FEWEST {
            self.run.clear();
            if self.state != PriceState::Frozen {
                self.enter(PriceState::Frozen, now, Reason::NoQuorum { groups: sample.groups });
            }
            return;
        }
        match self.state {
            PriceState::Live | PriceState::Thin => match self.jump_from(now, sample.value) {
                Some(from) => {
                    self.run.clear();
                    self.run.push_back((now, sample));
                    self.enter(PriceState::Protected, now, Reason::Jump { from, to: sample.value });
                }
                None => self.accept(now, sample),
            },
            _ => self.wait(now, sample),
        }
    }

    /// Takes a sample that no source that counts made, but time or a bad quote: it can take quorum away, and never leads out
    /// of a state.
    pub(super) fn lapse(&mut self, now: i64, sample: Sample) {
        if self.state <= PriceState::Thin || sample.groups < FEWEST {
            self.sample(now, sample);
        } else if !self.has_quorum(&sample) {
            self.run.clear();
            self.after_halt = None;
        }
    }

    /// Halts.
    pub(super) fn halt(&mut self, now: i64) {
        self.run.clear();
        self.after_halt = None;
        self.enter(PriceState::Halted, now, Reason::Halt);
    }

    /// Leads out of a halt where the latest sample since was in quorum; whether it did.
    pub(super) fn resume(&mut self, now: i64) -> bool {
        let quorum = self.after_halt.filter(|sample| self.state == PriceState::Halted && self.has_quorum(sample));
        if let Some(sample) = quorum {
            self.leave(now, PriceState::Live, sample.value, Reason::Resume);
        }
        quorum.is_some()
    }

    /// Holds what another one held, and remembers what was in quorum; a halt stays one.
    pub(super) fn succeed(&mut self, before: &Health) {
        (self.state, self.since, self.reason) = (before.state, before.since, before.reason);
        (self.held, self.in_quorum) = (before.held, before.in_quorum.clone());
    }

    /// Begins anew: frozen, but that a halt stays one.
    pub(super) fn restart(&mut self, now: i64) {
        self.run.clear();
        self.accepted.clear();
        self.after_halt = None;
        if self.state != PriceState::Halted {
            self.enter(PriceState::Frozen, now, Reason::Restart);
        }
    }

    /// `settle.price`.
    pub(super) fn average(&self, now: i64, seconds: i64) -> Option<i64> {
        self.in_quorum.average(now, seconds)
    }

    pub(super) fn spans(&self, now: i64, price: i64) -> bool {
        self.in_quorum.spans(now, price)
    }

    pub(super) fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        self.in_quorum.settle_price(now, price, approval)
    }

    fn has_quorum(&self, sample: &Sample) -> bool {
        sample.groups >= self.min_sources.max(FEWEST)
    }

    /// An accepted value of the last moment that a value is too far from.
    #[inline]
    fn jump_from(&mut self, now: i64, value: i64) -> Option<i64> {
        let from = now.saturating_sub(self.jump_window);
        self.accepted.forget_before(from);
        let (least, greatest) = self.accepted.ends()?;
        let beyond = |from: i64| times((value - from).abs(), ONE) > times(from, self.max_jump);
        [least, greatest].into_iter().find(|from| beyond(*from))
    }

    #[inline]
    fn accept(&mut self, now: i64, sample: Sample) {
        let (state, reason) = if self.has_quorum(&sample) {
            (PriceState::Live, Reason::Quorum { groups: sample.groups })
        } else {
            (PriceState::Thin, Reason::Thin { groups: sample.groups, needed: self.min_sources })
        };
        if state != self.state {
            self.enter(state, now, reason);
        }
        self.hold(now, sample.value);
    }

    /// Holds a value from now on; what is held while live was in quorum.
    #[inline]
    fn hold(&mut self, now: i64, value: i64) {
        self.held = Some(value);
        self.accepted.push(now, value);
        if self.state == PriceState::Live {
            self.in_quorum.accept(now, value);
        }
    }

    /// A sample while the price is protected or frozen: enough of them that agree lead out.
    fn wait(&mut self, now: i64, sample: Sample) {
        // Of one moment only the last word counts.
        self.run.retain(|(time, _)| *time < now);
        self.run.push_back((now, sample));
        while self.run.len() > self.agree {
            self.run.pop_front();
        }
        if self.run.len() < self.agree {
            return;
        }
        let values = self.run.iter().map(|(_, sample)| sample.value);
        let (Some(least), Some(greatest)) = (values.clone().min(), values.max()) else { return };
        if times(greatest, ONE) > times(least, ONE + self.max_jump) {
            return;
        }
        let samples = self.agree as u32;
        if self.run.iter().all(|(_, sample)| self.has_quorum(sample)) {
            self.leave(now, PriceState::Live, sample.value, Reason::Agreed { samples });
        } else if self.state == PriceState::Frozen {
            self.leave(now, PriceState::Thin, sample.value, Reason::Agreed { samples });
        }
    }

    fn leave(&mut self, now: i64, to: PriceState, value: i64, reason: Reason) {
        self.run.clear();
        self.accepted.clear();
        self.enter(to, now, reason);
        self.hold(now, value);
    }

    fn enter(&mut self, state: PriceState, since: i64, reason: Reason) {
        (self.state, self.since, self.reason) = (state, Some(since), reason);
    }

    /// What a further call could depend on, as numbers.
    pub(super) fn numbers(&self) -> Vec<i64> {
        let pair = |sample: &Sample| [sample.value, sample.groups.into()];
        let counts = [self.run.len() as i64, self.state as i64, i64::from(self.after_halt.is_some())];
        let mut numbers: Vec<i64> = counts.to_vec();
        numbers.extend([self.since, self.held].into_iter().flat_map(optional));
        numbers.extend(self.run.iter().map(|(time, _)| *time));
        numbers.extend(self.run.iter().map(|(_, sample)| sample).chain(&self.after_halt).flat_map(pair));
        numbers.extend(self.accepted.all().flat_map(|(time, value)| [*time, *value]).chain(self.in_quorum.numbers()));
        // What is said of a later change of sources begins with it.
        numbers.extend(self.reason.to_string().bytes().map(i64::from));
        numbers
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::Rulebook;
    use crate::word::Word;

    const SECOND: i64 = 1_000_000_000;

    /// Follows `time value groups` (in tenths of a second), `time` alone, or `time command`, a step a line, from frozen, or
    /// live at 100 since 0; says the states and what is held.
    fn followed(start: &str, steps: &str) -> String {
        let rules = Rulebook::preset("hk-vatp-perp").unwrap();
        let mut health = Health::new(&rules.underlyings()[0].index);
        if start == "live" {
            (health.state, health.since) = (PriceState::Live, Some(0));
            health.hold(0, 100 * ONE);
        }
        let told = steps.split(',').map(|step| {
            let words: Vec<&str> = step.split_whitespace().collect();
            let now = words[0].parse::<i64>().unwrap() * SECOND / 10;
            health.advance(now);
            match words[1..] {
                [] => {}
                ["halt"] => health.halt(now),
                ["resume"] => drop(health.resume(now)),
                ["restart"] => health.restart(now),
                [value, groups] => {
                    let (value, groups) = (value.parse::<i64>().unwrap() * ONE, groups.parse().unwrap());
                    health.sample(now, Sample { value, groups });
                }
                _ => panic!("{step}"),
            }
            format!("{} {}", health.state().text(), health.held().map_or(-1, |held| held / ONE))
        });
        told.collect::<Vec<_>>().join(", ")
    }

    #[test]
    fn every_way_into_a_state_and_out_of_it() {
        for (start, steps, expected) in [
            // Five samples in quorum that agree lead out of frozen.
            (
                "frozen",
                "0, 10 100 3, 20 100 3, 30 100 3, 40 100 3, 50 101 3",
                "frozen -1, frozen -1, frozen -1, frozen -1, frozen -1, live 101",
            ),
            // Five of two groups lead to thin, a third group then makes it live.
            (
                "frozen",
                "0 100 2, 10 100 2, 20 100 2, 30 100 2, 40 100 2, 50 100 3",
                "frozen -1, frozen -1, frozen -1, frozen -1, thin 100, live 100",
            ),
            // Also if the fifth is in quorum: the five were not.
            (
                "frozen",
                "0 100 2, 10 100 2, 20 100 3, 30 101 3, 40 101 3, 50 101 3",
                "frozen -1, frozen -1, frozen -1, frozen -1, thin 101, live 101",
            ),
            // A sample of one group breaks the row.
            (
                "frozen",
                "0 100 3, 10 100 3, 20 100 1, 30 100 3, 40 100 3, 50 100 3",
                "frozen -1, frozen -1, frozen -1, frozen -1, frozen -1, frozen -1",
            ),
            ("live", "10 100 2, 20 100 3, 30 100 2, 40 0 1", "thin 100, live 100, thin 100, frozen 100"),
            // 11 % within a second is a jump, 10 % is none, nor is it later.
            ("live", "10 111 3, 20 100 3", "protected 100, protected 100"),
            ("live", "10 110 3, 20 99 3, 31 110 3", "live 110, live 99, live 110"),
            ("live", "10 89 3", "protected 100"),
            // Two steps of 6 % within a second are one of 12 %.
            ("live", "4 106 3, 8 112 3", "live 106, protected 106"),
            // Five in quorum lead out of protected, the jumping one included; one out of quorum breaks the row.
            (
                "live",
                "10 120 3, 20 120 3, 30 120 3, 40 120 3, 50 120 3",
                "protected 100, protected 100, protected 100, protected 100, live 120",
            ),
            (
                "live",
                "10 120 3, 20 120 2, 30 120 3, 40 120 3, 50 120 3, 60 120 3, 70 121 3",
                "protected 100, protected 100, protected 100, protected 100, protected 100, protected 100, live 121",
            ),
            // After 60 s protected is frozen, and the row of samples goes on.
            (
                "live",
                "10 120 2, 300 150 3, 609, 610, 620 150 3, 630 150 3, 640 150 3, 650 150 3",
                "protected 100, protected 100, protected 100, frozen 100, frozen 100, frozen 100, frozen 100, live 150",
            ),
            ("live", "10 120 3, 20 0 1", "protected 100, frozen 100"),
            // Frozen for more than 180 s is halted, also from protected: 1 + 60 + 180 s.
            (
                "live",
                "10 0 0, 1810, 1811, 1820 100 3, 1830 resume",
                "frozen 100, frozen 100, halted 100, halted 100, live 100",
            ),
            ("live", "10 120 3, 2410, 2411", "protected 100, frozen 100, halted 100"),
            // Resume needs a quorum since the halt.
            (
                "live",
                "10 halt, 20 resume, 30 90 2, 40 resume, 50 90 3, 60 resume",
                "halted 100, halted 100, halted 100, halted 100, halted 100, live 90",
            ),
            ("live", "10 halt, 20 90 3, 30 90 1, 40 resume", "halted 100, halted 100, halted 100, halted 100"),
            // A restart freezes, but a halt stays one and forgets its quorum.
            ("live", "10 restart, 20 500 3", "frozen 100, frozen 100"),
            ("live", "10 halt, 20 90 3, 30 restart, 40 resume", "halted 100, halted 100, halted 100, halted 100"),
        ] {
            assert_eq!(followed(start, steps), expected, "{start}: {steps}");
        }
    }
}
