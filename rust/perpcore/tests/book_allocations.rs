//! After warm-up the fast book allocates nothing: counted over the workload with accounts, client ids and marks.
//!
//! What is remembered of client ids grows until the window is full. So of an account at most 16 ids are remembered, and the
//! stream is three times as long as published: each of 10,000 accounts places some 170 orders. Orders that outlive what is
//! remembered of them and the holes of a hash table take long to reach what they need; half of the stream is warm-up.

#![allow(clippy::expect_used, unused_qualifications, reason = "the workload is a test's")]

#[path = "workload/commands.rs"]
mod commands;
#[path = "workload/mod.rs"]
mod workload;

use commands::{Accounts, commands, terms};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::message::Event;
use std::alloc::{GlobalAlloc, Layout, System};
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use workload::{Shape, Variant, stream};

struct Counting;

static COUNT: AtomicU64 = AtomicU64::new(0);

// SAFETY: the system's allocator, which keeps the contract, is asked for everything; counting changes nothing of it.
#[allow(unsafe_code)]
unsafe impl GlobalAlloc for Counting {
    unsafe fn alloc(&self, layout: Layout) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.alloc(layout) }
    }

    unsafe fn dealloc(&self, at: *mut u8, layout: Layout) {
        // SAFETY: what the caller promises is passed on.
        unsafe { System.dealloc(at, layout) }
    }

    unsafe fn realloc(&self, at: *mut u8, layout: Layout, size: usize) -> *mut u8 {
        COUNT.fetch_add(1, Relaxed);
        // SAFETY: what the caller promises is passed on.
        unsafe { System.realloc(at, layout, size) }
    }
}

#[global_allocator]
static ALLOCATOR: Counting = Counting;

/// How often something was allocated in each tenth of the stream, the buffer of events being there.
fn tenths(accounts: Accounts) -> Vec<u64> {
    let steps = stream(Shape { steps: 3_000_000, ..Shape::published(Variant::Uniform) });
    let (commands, _) = commands(&steps, accounts);
    let mut terms = terms();
    terms.client_ids = 16;
    let mut book = Book::<Fast>::new(terms);
    let mut owner = Positions::default();
    let mut events: Vec<Event> = Vec::with_capacity(100_000);
    let (mut counts, mut time) = (Vec::new(), 0);
    for part in commands.chunks(commands.len() / 10 + 1) {
        let before = COUNT.load(Relaxed);
        for (cause, command) in part.iter().enumerate() {
            if events.len() > 50_000 || cause % 10_000 == 0 {
                events.clear();
                book.settle();
            }
            time += 1_000;
            book.apply(&mut owner, time, cause as u64, command, &mut events);
        }
        counts.push(COUNT.load(Relaxed) - before);
    }
    counts
}

#[test]
fn after_warm_up_nothing_is_allocated() {
    let bare = tenths(Accounts::Nobody);
    let full = tenths(Accounts::Many);
    eprintln!("allocations in each tenth of the stream: bare {bare:?}, with accounts and client ids {full:?}");
    assert_eq!(bare[5..], [0; 5], "bare");
    // A table whose holes are used up may still double: that is not per operation.
    assert!(full[5..].iter().sum::<u64>() <= 3, "with accounts and client ids");
}
