//! What a monitor did, readable while it works.

use perpcore::monitor::Counters;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;

/// Bounds of the latency histogram, in microseconds: each bucket holds what took at most so long, the last all beyond.
const BOUNDS_US: [u64; 14] =
    [25, 50, 100, 200, 400, 800, 1_600, 3_200, 6_400, 12_800, 25_600, 51_200, 102_400, u64::MAX];
/// How many seconds the histogram goes back.
const SECONDS: usize = 60;

/// The updates of one second.
#[derive(Clone, Copy)]
struct Second {
    /// Seconds since the monitor was made.
    at: u64,
    counts: [u64; BOUNDS_US.len()],
}

/// Counters of one monitor. Each is written by the call that holds the monitor and read by anybody.
pub struct Observed {
    made: Instant,
    accounts: AtomicU64,
    rows: AtomicU64,
    updates: AtomicU64,
    visits: AtomicU64,
    sweeps: AtomicU64,
    changes: AtomicU64,
    /// Held for a few instructions only, never during work.
    seconds: Mutex<[Second; SECONDS]>,
}

/// What is told of a monitor.
pub struct Told {
    /// Counters by name.
    pub counters: [(&'static str, u64); 6],
    /// How many updates of the last minute took at most so many microseconds; none for beyond.
    pub latency_us: Vec<(Option<u64>, u64)>,
}

impl Default for Observed {
    fn default() -> Self {
        Observed::new()
    }
}

impl Observed {
    /// Of a monitor that did nothing yet.
    pub fn new() -> Self {
        let zero = || AtomicU64::new(0);
        Observed {
            made: Instant::now(),
            accounts: zero(),
            rows: zero(),
            updates: zero(),
            visits: zero(),
            sweeps: zero(),
            changes: zero(),
            seconds: Mutex::new([Second { at: 0, counts: [0; BOUNDS_US.len()] }; SECONDS]),
        }
    }

    /// How many accounts there were after the last update.
    pub fn accounts(&self) -> usize {
        self.accounts.load(Ordering::Relaxed) as usize
    }

    /// An update that began at `begun` is done.
    pub fn note(&self, begun: Instant, rows: usize, accounts: usize, counters: &Counters) {
        let &Counters { updates, visits, sweeps, changes } = counters;
        // A repeat is no update.
        if updates == self.updates.load(Ordering::Relaxed) {
            return;
        }
        self.accounts.store(accounts as u64, Ordering::Relaxed);
        self.rows.fetch_add(rows as u64, Ordering::Relaxed);
        for (counter, value) in
            [(&self.updates, updates), (&self.visits, visits), (&self.sweeps, sweeps), (&self.changes, changes)]
        {
            counter.store(value, Ordering::Relaxed);
        }
        let took = begun.elapsed().as_micros();
        let bucket = BOUNDS_US.iter().position(|&bound| took <= u128::from(bound)).unwrap_or(BOUNDS_US.len() - 1);
        let now = self.made.elapsed().as_secs();
        let Ok(mut seconds) = self.seconds.lock() else { return };
        let second = &mut seconds[now as usize % SECONDS];
        if second.at != now {
            *second = Second { at: now, counts: [0; BOUNDS_US.len()] };
        }
        second.counts[bucket] += 1;
    }

    /// All of it.
    pub fn told(&self) -> Told {
        let counters = [
            ("accounts", &self.accounts),
            ("updates", &self.updates),
            ("rows", &self.rows),
            ("visits", &self.visits),
            ("sweeps", &self.sweeps),
            ("changes", &self.changes),
        ];
        let now = self.made.elapsed().as_secs();
        let mut counts = [0; BOUNDS_US.len()];
        if let Ok(seconds) = self.seconds.lock() {
            // Another thread may have begun a second meanwhile.
            for second in seconds.iter().filter(|second| now.saturating_sub(second.at) < SECONDS as u64) {
                counts.iter_mut().zip(second.counts).for_each(|(sum, count)| *sum += count);
            }
        }
        let bounds = BOUNDS_US.into_iter().map(|bound| (bound != u64::MAX).then_some(bound));
        Told {
            counters: counters.map(|(name, counter)| (name, counter.load(Ordering::Relaxed))),
            latency_us: bounds.zip(counts).collect(),
        }
    }
}
