//! Any table of commands is refused as a whole or carried out to its end, and how it is cut shows nowhere.

use crate::foreign::Feed;
use arrow_array::builder::{BooleanBuilder, Decimal128Builder, Int64Builder, StringBuilder, UInt64Builder};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_array::{DictionaryArray, Int8Array, types::Int8Type};
use perpcore::rules::Rulebook;
use perpcore_arrow::assess::Rules;
use perpcore_arrow::book::OrderBook;
use std::sync::Arc;

const RULES: &str = "[venue]\nsettlement = \"USD\"\n[asset.USD]\n[underlying.X]\n[instrument.X-PERP]\nunderlying = \"X\"\n\
                     tick = 0.5\nlot = 0.1\ntiers = [[\"rest\", \"5%\", 20]]\n";
const KINDS: [&str; 12] = [
    "place",
    "place",
    "place",
    "amend",
    "cancel",
    "cancel_all",
    "open_account",
    "set_account",
    "phase",
    "mark",
    "advance_time",
    "settle",
];
const WORDS: [(&str, &[&str]); 8] = [
    ("tif", &["gtc", "ioc", "fok", "gtd", "day"]),
    ("post_only", &["reject", "slide"]),
    ("margin_mode", &["cross", "isolated"]),
    ("trigger_by", &["mark", "index", "last"]),
    ("trigger_when", &["at_or_above", "at_or_below"]),
    ("stp", &["taker", "maker", "both", "decrement"]),
    ("class", &["professional", "affiliated_market_maker", "?"]),
    ("state", &["open", "auction", "halted", "reduce_only", "settled"]),
];
const NUMBERS: [&str; 3] = ["quantity", "price", "trigger"];

/// Carries out a table made of bytes, whole and cut.
pub fn commands(data: &[u8]) {
    let mut feed = Feed(data);
    let rows = 1 + feed.below(40);
    let cut = feed.below(rows + 1);
    let table = table(&mut feed, rows);
    let rules = Rules::new(Rulebook::parse(RULES, "fuzz").expect("the rulebook"));
    let book = || OrderBook::new(&rules, "X-PERP").expect("the instrument");
    let part = |from: usize, count: usize| vec![StructArray::from(table.slice(from, count))];
    let (mut whole, mut pieces) = (book(), book());
    let Ok(told) = whole.apply(part(0, rows)) else {
        assert_eq!(whole.digest(), book().digest(), "a table that is refused does nothing");
        return;
    };
    let first = pieces.apply(part(0, cut)).expect("the same table");
    let second = pieces.apply(part(cut, rows - cut)).expect("the same table");
    assert_eq!(first.events.num_rows() + second.events.num_rows(), told.events.num_rows());
    assert_eq!(pieces.digest(), whole.digest(), "how a table is cut shows nowhere");
    assert!(told.events.columns().iter().all(|column| column.len() == told.events.num_rows()));
    let (bid, ask) = (whole.best(perpcore::message::Side::Bid), whole.best(perpcore::message::Side::Ask));
    if let (perpcore::message::Phase::Open, Some(bid), Some(ask)) = (whole.phase(), bid, ask) {
        assert!(bid.0 < ask.0, "an open book is not crossed");
    }
}

fn table(feed: &mut Feed<'_>, rows: usize) -> RecordBatch {
    let mut columns: Vec<(&str, ArrayRef)> = Vec::new();
    let keys: Vec<Option<i8>> = (0..rows).map(|_| Some(feed.below(KINDS.len() + 1) as i8)).collect();
    let keys: Int8Array = keys.into_iter().map(|key| key.filter(|key| (*key as usize) < KINDS.len())).collect();
    let kinds = arrow_array::StringArray::from(KINDS.to_vec());
    columns.push(("kind", Arc::new(DictionaryArray::<Int8Type>::new(keys, Arc::new(kinds)))));
    let has = feed.bytes(3);
    let some = |at: usize| has[at / 8] >> (at % 8) & 1 == 0;
    for (at, (name, words)) in WORDS.iter().enumerate().filter(|(at, _)| some(*at)) {
        let mut column = StringBuilder::new();
        (0..rows).for_each(|_| column.append_option(words.get(feed.below(4 * words.len() + at))));
        columns.push((name, Arc::new(column.finish())));
    }
    for (_, name) in NUMBERS.iter().enumerate().filter(|(at, _)| some(8 + at)) {
        let mut column = Decimal128Builder::new().with_precision_and_scale(38, 8).expect("digits");
        for _ in 0..rows {
            let (steps, odd) = (i128::from(feed.byte() as i8), feed.byte());
            let value = match odd % 32 {
                0 => None,
                1 => Some(i128::MAX >> 2),
                2 => Some(steps * 100_000_000_000_000_000),
                3 => Some(steps),
                _ => Some(steps * 50_000_000),
            };
            column.append_option(value);
        }
        columns.push((name, Arc::new(column.finish())));
    }
    for (at, name) in ["account", "client_id", "time", "until"].iter().enumerate().filter(|(at, _)| some(11 + at)) {
        let mut column = Int64Builder::new();
        let base = if at < 2 { 0 } else { 1_700_000_000_000_000_000 };
        (0..rows).for_each(|_| {
            let value = i64::from(feed.byte() as i8);
            column.append_option((value % 7 != 0).then_some(base + value));
        });
        columns.push((name, Arc::new(column.finish())));
    }
    if some(15) {
        let mut column = UInt64Builder::new();
        (0..rows).for_each(|row| column.append_option((feed.below(3) > 0).then_some(((row as u64) << 24) | 1)));
        columns.push(("order", Arc::new(column.finish())));
    }
    if some(16) {
        let mut column = BooleanBuilder::new();
        (0..rows).for_each(|_| column.append_value(feed.byte().is_multiple_of(4)));
        columns.push(("reduce_only", Arc::new(column.finish())));
    }
    for (_, name) in ["client", "group", "note", "amount"].iter().enumerate().filter(|(at, _)| some(17 + at)) {
        let mut column = StringBuilder::new();
        let names = [Some("1"), Some("2"), None, None];
        (0..rows).for_each(|_| column.append_option(names[feed.below(4)]));
        columns.push((name, Arc::new(column.finish())));
    }
    RecordBatch::try_from_iter_with_nullable(columns.into_iter().map(|(name, column)| (name, column, true)))
        .expect("columns of one length")
}
