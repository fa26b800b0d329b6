//! Nanoseconds an operation of perpcore's books and of public ones on the matching workload MW-1, in turns.
//!
//! `make bench-matching`. Every book gets the same million operations after the 20,000 that fill it; a book that cannot change
//! an order cancels it and places a new one. What each trades must be what is published.

#[path = "../../../rust/perpcore/tests/workload/commands.rs"]
mod commands;
#[path = "../../../rust/perpcore/tests/workload/mod.rs"]
mod workload;

use commands::{Accounts, Packed, commands, packed, terms};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::book::reference::Reference;
use perpcore::book::store::Store;
use perpcore::message::{Event, Kind};
use std::hint::black_box;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Instant;
use workload::{Op, PREFILL, Shape, Step, Variant, stream};

/// Turns of every book.
const TURNS: usize = 5;
/// Lots that the workload trades, as published.
const VOLUME: u64 = 7_510_205;

/// Nanoseconds an operation, and how many lots were traded.
type Timed = (f64, u64);

fn ours<S: Store>(commands: &[Packed]) -> Timed {
    let (mut book, mut owner, mut events) = (Book::<S>::new(terms()), Positions::default(), Vec::<Event>::new());
    // What fills the book is additions, a command each.
    let (before, measured) = commands.split_at(PREFILL);
    let (mut lots, mut spent) = (0, 0);
    for (commands, timed) in [(before, false), (measured, true)] {
        for batch in commands.chunks(256) {
            events.clear();
            let start = Instant::now();
            for command in batch {
                book.apply(&mut owner, 0, 0, &command.command(), &mut events);
            }
            book.settle();
            spent += if timed { start.elapsed().as_nanos() } else { 0 };
            let filled = events.iter().filter(|event| event.kind == Kind::Filled);
            lots += filled.map(|event| event.quantity.unsigned_abs() / commands::LOT as u64).sum::<u64>();
        }
    }
    (spent as f64 / measured.len() as f64, lots)
}

fn lobster_book(steps: &[Step]) -> Timed {
    use lobster::{OrderBook, OrderEvent, OrderType, Side};
    let mut book = OrderBook::new(25_000, 100, false);
    let (mut lots, mut start) = (0, Instant::now());
    let mut count = |event: OrderEvent| match event {
        OrderEvent::PartiallyFilled { filled_qty, .. } | OrderEvent::Filled { filled_qty, .. } => lots += filled_qty,
        _ => {}
    };
    for (at, step) in steps.iter().enumerate() {
        if at == PREFILL {
            start = Instant::now();
        }
        let (id, qty, price) = (step.id.into(), step.quantity.into(), step.price);
        let side = if step.buy { Side::Bid } else { Side::Ask };
        if matches!(step.op, Op::Cancel | Op::Modify) {
            count(book.execute(OrderType::Cancel { id }));
        }
        if step.op != Op::Cancel {
            count(book.execute(OrderType::Limit { id, side, qty, price }));
        }
        if step.op == Op::Ioc {
            count(book.execute(OrderType::Cancel { id }));
        }
    }
    (start.elapsed().as_nanos() as f64 / (steps.len() - PREFILL) as f64, lots)
}

fn orderbook_rs_book(steps: &[Step]) -> Timed {
    use orderbook_rs::prelude::*;
    let lots = Arc::new(AtomicU64::new(0));
    let counted = lots.clone();
    let count = move |trade: &TradeResult| {
        let traded = trade.match_result.executed_quantity().map_or(0, |quantity| quantity.as_u64());
        counted.fetch_add(traded, Ordering::Relaxed);
    };
    let book = OrderBook::<()>::with_trade_listener("BTC-PERP", Arc::new(count));
    let mut start = Instant::now();
    for (at, step) in steps.iter().enumerate() {
        if at == PREFILL {
            start = Instant::now();
        }
        let id = Id::from_u64(step.id);
        let side = if step.buy { Side::Buy } else { Side::Sell };
        if matches!(step.op, Op::Cancel | Op::Modify) {
            let _ = black_box(book.cancel_order(id));
        }
        if step.op != Op::Cancel {
            let tif = if step.op == Op::Ioc { TimeInForce::Ioc } else { TimeInForce::Gtc };
            let _ = black_box(book.add_limit_order(id, step.price.into(), step.quantity.into(), side, tif, None));
        }
    }
    (start.elapsed().as_nanos() as f64 / (steps.len() - PREFILL) as f64, lots.load(Ordering::Relaxed))
}

fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn main() {
    let steps = stream(Shape::published(Variant::Uniform));
    let ours_packed = packed(&commands(&steps, Accounts::Nobody).0);
    let books: [(&str, &dyn Fn() -> Timed); 4] = [
        ("perpcore, fast", &|| ours::<Fast>(&ours_packed)),
        ("perpcore, reference", &|| ours::<Reference>(&ours_packed)),
        ("lobster 0.7.0", &|| lobster_book(&steps)),
        ("orderbook-rs 0.15.3", &|| orderbook_rs_book(&steps)),
    ];
    let mut times = vec![Vec::new(); books.len()];
    for _ in 0..TURNS {
        for (at, (name, book)) in books.iter().enumerate() {
            let (ns, lots) = book();
            assert_eq!(lots, VOLUME, "{name} trades what is published");
            times[at].push(ns);
        }
    }
    let fast = median(times[0].clone());
    println!("| book | ns an operation | × the fast one |\n|---|--:|--:|");
    for ((name, _), times) in books.iter().zip(times) {
        let ns = median(times);
        println!("| {name} | {ns:.0} | {:.1} |", ns / fast);
    }
}
