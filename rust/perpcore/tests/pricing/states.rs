//! The states of an index as the table of the rule reads (RULES `index.state`): samples are lists, nothing is forgotten.

use perpcore::message::PriceState;
use perpcore::rules::Index as Rules;

/// A value and how many groups made it.
pub type Sample = (i64, u32);

#[derive(Clone)]
pub struct States {
    rules: Rules,
    pub state: PriceState,
    since: i64,
    pub held: Option<i64>,
    window: Vec<(i64, i64)>,
    run: Vec<Sample>,
    after_halt: Option<Sample>,
    quorum: Vec<(i64, i64)>,
}

impl States {
    /// Frozen since `now`.
    pub fn new(rules: &Rules, now: i64) -> States {
        States {
            rules: rules.clone(),
            state: PriceState::Frozen,
            since: now,
            held: None,
            window: Vec::new(),
            run: Vec::new(),
            after_halt: None,
            quorum: Vec::new(),
        }
    }

    pub fn pass(&mut self, now: i64) {
        if self.state == PriceState::Protected && now - self.since >= self.rules.protected_for {
            (self.state, self.since) = (PriceState::Frozen, self.since + self.rules.protected_for);
        }
        if self.state == PriceState::Frozen && now - self.since > self.rules.halt_after {
            (self.state, self.since) = (PriceState::Halted, self.since + self.rules.halt_after);
            self.after_halt = None;
        }
    }

    pub fn sample(&mut self, now: i64, sample: Sample) {
        self.pass(now);
        let (value, groups) = sample;
        match self.state {
            PriceState::Halted => self.after_halt = Some(sample),
            _ if groups < 2 => {
                self.run.clear();
                if self.state != PriceState::Frozen {
                    (self.state, self.since) = (PriceState::Frozen, now);
                }
            }
            PriceState::Live | PriceState::Thin => {
                let recent = self.window.iter().filter(|(time, _)| *time >= now - self.rules.jump_window);
                let far = |(_, from): &(i64, i64)| {
                    i128::from((value - from).abs()) * 100_000_000 > i128::from(*from) * i128::from(self.rules.max_jump)
                };
                if recent.clone().any(far) {
                    (self.state, self.since, self.run) = (PriceState::Protected, now, vec![sample]);
                } else {
                    self.state = if groups >= self.rules.min_sources { PriceState::Live } else { PriceState::Thin };
                    self.hold(now, value);
                }
            }
            PriceState::Protected | PriceState::Frozen => {
                self.run.push(sample);
                let agree = self.rules.agree_samples as usize;
                let last = &self.run[self.run.len().saturating_sub(agree)..];
                let values = last.iter().map(|(value, _)| *value);
                let (least, most) = (values.clone().min().unwrap_or(0), values.max().unwrap_or(0));
                let spread =
                    i128::from(most) * 100_000_000 <= i128::from(least) * i128::from(100_000_000 + self.rules.max_jump);
                if last.len() < agree || !spread {
                    return;
                }
                if last.iter().all(|(_, groups)| *groups >= self.rules.min_sources) {
                    self.leave(PriceState::Live, now, value);
                } else if self.state == PriceState::Frozen {
                    self.leave(PriceState::Thin, now, value);
                }
            }
        }
    }

    pub fn halt(&mut self, now: i64) {
        self.pass(now);
        (self.state, self.since, self.after_halt) = (PriceState::Halted, now, None);
        self.run.clear();
    }

    pub fn resume(&mut self, now: i64) {
        self.pass(now);
        let quorum = self.after_halt.filter(|(_, groups)| *groups >= self.rules.min_sources);
        if let (PriceState::Halted, Some((value, _))) = (self.state, quorum) {
            self.leave(PriceState::Live, now, value);
        }
    }

    /// Who was stopped saw no time pass.
    pub fn restart(&mut self, now: i64) {
        if self.state != PriceState::Halted {
            (self.state, self.since) = (PriceState::Frozen, now);
        }
        (self.run, self.window, self.after_halt) = (Vec::new(), Vec::new(), None);
    }

    /// What `settle` takes: the last value in quorum; another only with approval and within those of the last hour.
    pub fn settle_price(&self, now: i64, price: Option<i64>, approval: bool) -> Option<i64> {
        let Some(price) = price else { return self.quorum.last().map(|(_, value)| *value) };
        let hour = self.quorum.iter().filter(|(time, _)| now - *time <= 3_600_000_000_000).map(|(_, value)| *value);
        let within = hour.clone().min().is_some_and(|least| least <= price) && hour.max() >= Some(price);
        (approval && within).then_some(price)
    }

    fn leave(&mut self, state: PriceState, now: i64, value: i64) {
        self.state = state;
        self.run.clear();
        self.window.clear();
        self.hold(now, value);
    }

    fn hold(&mut self, now: i64, value: i64) {
        self.run.clear();
        self.held = Some(value);
        self.window.push((now, value));
        if self.state == PriceState::Live {
            self.quorum.push((now, value));
        }
    }
}
