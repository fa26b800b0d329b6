//! Numbers by a seed, the same on every machine.

#![allow(dead_code, reason = "each of its users takes a part")]

/// Whether the tests may take their time: PERPCORE_SOAK=1.
pub fn soak() -> bool {
    std::env::var_os("PERPCORE_SOAK").is_some()
}

/// SplitMix64 (Steele, Lea and Flood 2014).
#[derive(Clone)]
pub struct Draw(pub u64);

impl Draw {
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// 0 ≤ … < end.
    pub fn below(&mut self, end: u64) -> u64 {
        self.next() % end.max(1)
    }

    /// Both ends included.
    pub fn within(&mut self, least: i64, most: i64) -> i64 {
        let width = (i128::from(most) - i128::from(least)) as u128 + 1;
        (i128::from(least) + (u128::from(self.next()) % width) as i128) as i64
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.below(choices.len() as u64) as usize]
    }

    /// Once in so many times.
    pub fn once_in(&mut self, times: u64) -> bool {
        self.below(times) == 0
    }
}
