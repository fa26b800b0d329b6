//! The least and the greatest of the values of a time that slides.

use std::collections::VecDeque;

/// Values with their times, of which only those are kept that can still be the least or the greatest.
#[derive(Clone, Debug, Default)]
pub(super) struct Extremes {
    least: VecDeque<(i64, i64)>,
    greatest: VecDeque<(i64, i64)>,
}

impl Extremes {
    /// Adds a value; times never fall.
    #[inline]
    pub(super) fn push(&mut self, time: i64, value: i64) {
        while self.least.back().is_some_and(|(_, last)| *last >= value) {
            self.least.pop_back();
        }
        self.least.push_back((time, value));
        while self.greatest.back().is_some_and(|(_, last)| *last <= value) {
            self.greatest.pop_back();
        }
        self.greatest.push_back((time, value));
    }

    /// Forgets what is before a time.
    #[inline]
    pub(super) fn forget_before(&mut self, time: i64) {
        for values in [&mut self.least, &mut self.greatest] {
            while values.front().is_some_and(|(at, _)| *at < time) {
                values.pop_front();
            }
        }
    }

    /// The least and the greatest of what is kept.
    #[inline]
    pub(super) fn ends(&self) -> Option<(i64, i64)> {
        let (_, least) = self.least.front()?;
        let (_, greatest) = self.greatest.front()?;
        Some((*least, *greatest))
    }

    /// The least and the greatest of what is not before a time.
    pub(super) fn since(&self, time: i64) -> Option<(i64, i64)> {
        let first = |values: &VecDeque<(i64, i64)>| {
            let from = values.partition_point(|(at, _)| *at < time);
            values.get(from).map(|(_, value)| *value)
        };
        first(&self.least).zip(first(&self.greatest))
    }

    pub(super) fn clear(&mut self) {
        self.least.clear();
        self.greatest.clear();
    }

    /// Everything that is kept, for a digest.
    pub(super) fn all(&self) -> impl Iterator<Item = &(i64, i64)> {
        self.least.iter().chain(&self.greatest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_extremes_are_those_of_the_values_since_a_time() {
        let mut state: u64 = 7;
        let (mut kept, mut all) = (Extremes::default(), Vec::new());
        for step in 0..2_000_i64 {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
            let (time, value) = (step / 3, (state >> 60) as i64);
            kept.push(time, value);
            all.push((time, value));
            if step % 7 == 0 {
                kept.forget_before(time - 40);
            }
            let latest: Vec<_> = all.iter().filter(|(at, _)| *at >= time - 4).map(|(_, value)| *value).collect();
            let mut recent = kept.clone();
            recent.forget_before(time - 4);
            assert_eq!(recent.ends(), latest.iter().copied().min().zip(latest.iter().copied().max()));
            for since in [time, time - 1, time - 5, time - 40] {
                let values = all.iter().filter(|(at, _)| *at >= since).map(|(_, value)| *value);
                assert_eq!(kept.since(since), values.clone().min().zip(values.max()));
            }
        }
    }
}
