//! A resident book that threads read while one writes, behind the lock that the Python class uses, and sweeps of two
//! threads. `make soak` runs this under the thread sanitizer, which sees what these assertions cannot.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use arrow_array::{ArrayRef, Float64Array, Int64Array, RecordBatch, StringArray, StructArray};
use perpcore::rules::Rulebook;
use perpcore::sweep::stop::Stop;
use perpcore_arrow::assess::{AccountKey, Inputs, Rules};
use perpcore_arrow::monitor::{Monitor, Order};
use perpcore_arrow::observed::Observed;
use perpcore_arrow::shared::{Busy, Held, Shared};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Instant;

/// So many that a sweep is worth two threads.
const ACCOUNTS: usize = 8_192;
const TICKS: i64 = 40;
const READERS: usize = 3;
const ONE: i64 = 100_000_000;

fn table(columns: &[(&str, ArrayRef)]) -> Option<Vec<StructArray>> {
    let columns = columns.iter().map(|(name, column)| (*name, column.clone()));
    Some(vec![RecordBatch::try_from_iter(columns).unwrap().into()])
}

fn texts(text: impl Fn(usize) -> String, rows: usize) -> ArrayRef {
    Arc::new(StringArray::from_iter_values((0..rows).map(text)))
}

fn integers(value: impl Fn(usize) -> i64, rows: usize) -> ArrayRef {
    Arc::new(Int64Array::from_iter_values((0..rows).map(value)))
}

/// Each account holds 1 BTC bought at 60,000, on 5,000 and as many more as its number.
fn book() -> Inputs {
    let ids = texts(|account| format!("A{account:05}"), ACCOUNTS);
    let positions = table(&[
        ("account", ids.clone()),
        ("instrument", texts(|_| "BTC-PERP".into(), ACCOUNTS)),
        ("quantity_e8", integers(|_| ONE, ACCOUNTS)),
        ("cost_e8", integers(|_| 60_000 * ONE, ACCOUNTS)),
    ]);
    let balances = table(&[
        ("account", ids),
        ("asset", texts(|_| "USD".into(), ACCOUNTS)),
        ("amount_e8", integers(|account| (5_000 + account as i64) * ONE, ACCOUNTS)),
    ]);
    Inputs { tables: [positions, balances, None, None], prices: price(60_000), scenarios: None }
}

fn price(mark: i64) -> Option<Vec<StructArray>> {
    table(&[("symbol", texts(|_| "BTC-PERP".into(), 1)), ("price", Arc::new(Float64Array::from(vec![mark as f64])))])
}

/// The balance of one account, absolute.
fn balance(account: usize, amount: i64) -> Inputs {
    let row = [
        ("account", texts(|_| format!("A{account:05}"), 1)),
        ("asset", texts(|_| "USD".into(), 1)),
        ("amount_e8", integers(|_| amount * ONE, 1)),
    ];
    Inputs { tables: [None, table(&row), None, None], ..Inputs::default() }
}

fn held<'a>(shared: &'a Shared<Monitor>) -> Held<'a, Monitor> {
    loop {
        match shared.hold() {
            Ok(held) => return held,
            Err(Busy::Elsewhere) => shared.wait(),
            Err(Busy::Never(code)) => panic!("{code:?}"),
        }
    }
}

fn update(shared: &Shared<Monitor>, observed: &Observed, inputs: Inputs) -> usize {
    let begun = Instant::now();
    let (changes, counters, accounts) = held(shared).work().run(|monitor| {
        let updated = monitor.update(inputs, None, &Stop::default()).unwrap_or_else(|_| panic!("refused"));
        (updated.changes.num_rows(), monitor.counters(), monitor.len())
    });
    observed.note(begun, 1, accounts, &counters);
    changes
}

#[test]
fn readers_beside_a_writer_see_whole_updates_only() {
    let rules = Rules::new(Rulebook::preset("hk-vatp-perp").unwrap());
    let monitor = Monitor::new(&rules, None, Some(2)).unwrap_or_else(|_| panic!("refused"));
    let (shared, observed, done) = (Shared::new(monitor), Observed::new(), AtomicBool::new(false));
    assert_eq!(update(&shared, &observed, book()), 0, "5,000 are more than the initial margin of 3,000");
    std::thread::scope(|scope| {
        for reader in 0..READERS {
            let (shared, observed, done) = (&shared, &observed, &done);
            scope.spawn(move || {
                let name = format!("A{:05}", reader * 1_000);
                let mut last = 0;
                while !done.load(Ordering::Relaxed) {
                    let (updates, rows) = held(shared).work().run(|monitor| {
                        let key = AccountKey::Text(&name);
                        let order = Order { instrument: "BTC-PERP", quantity: ONE, price: None, reduce_only: false };
                        assert!(monitor.check_order(&key, &order).is_ok());
                        let account = monitor.find(&key).unwrap_or_else(|_| panic!("unknown"));
                        let book = monitor.snapshot(&[account], &Stop::default()).unwrap_or_else(|_| panic!("none"));
                        (monitor.counters().updates, book.0.map(|table| table.num_rows()))
                    });
                    // A position, a balance, a price: whatever else is being said of other accounts.
                    assert_eq!(rows, [1, 1, 0, 0, 1]);
                    assert!(updates >= last);
                    last = updates;
                    // Without the lock: counters never wait.
                    assert!(observed.told().counters[0] == ("accounts", ACCOUNTS as u64));
                }
            });
        }
        for tick in 0..TICKS {
            // At 45,000 whoever has less than 15,000 is bankrupt: a jump that looks at everybody, with two threads.
            let mark = if tick % 2 == 0 { 45_000 } else { 60_000 };
            let changed = update(&shared, &observed, Inputs { prices: price(mark), ..Inputs::default() });
            assert_eq!(changed, ACCOUNTS, "5,000 + 8,191 are less than 15,000; all are healthy at 60,000");
            update(&shared, &observed, balance(tick as usize, 5_000 + tick));
        }
        done.store(true, Ordering::Relaxed);
    });
    let counted = observed.told();
    assert_eq!(counted.counters[1], ("updates", 2 * TICKS as u64 + 1));
    // Of the last minute, and under a sanitizer it may take longer.
    let timed: u64 = counted.latency_us.iter().map(|(_, count)| count).sum();
    assert!((1..=2 * TICKS as u64 + 1).contains(&timed));
    let counters = held(&shared).work().run(|monitor| monitor.counters());
    assert!(counters.sweeps >= TICKS as u64);
}
