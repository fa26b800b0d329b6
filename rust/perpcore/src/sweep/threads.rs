//! Work on many accounts in parts, a thread each.

use std::thread::available_parallelism;

/// How many threads `accounts` are worth, where each is to have `least` of them; `most` is an upper limit, none as many as
/// there are processors.
pub fn worth(accounts: usize, least: usize, most: Option<usize>) -> usize {
    match accounts / least {
        // Asking the system how many processors there are takes longer than a small book.
        0 | 1 => 1,
        threads => most.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).clamp(1, threads),
    }
}

/// The results of all parts, in order; the first is worked on here, each other in a thread of its own.
pub fn run<P: Send, T: Send>(parts: impl Iterator<Item = P>, work: impl Fn(P) -> T + Sync) -> Vec<T> {
    let (mut parts, work) = (parts, &work);
    std::thread::scope(|scope| {
        let first = parts.next();
        let others: Vec<_> = parts.map(|part| scope.spawn(move || work(part))).collect();
        let mut results: Vec<T> = first.into_iter().map(work).collect();
        for other in others {
            results.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        results
    })
}
