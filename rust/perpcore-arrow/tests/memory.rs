//! Memory that changes hands: foreign columns in, pooled columns out, by the C interface both ways. `make soak` runs
//! this under the address and leak sanitizer, which sees what these assertions cannot.

#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use arrow_array::ffi::{FFI_ArrowArray, FFI_ArrowSchema, from_ffi};
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Decimal128Array, DictionaryArray, Int64Array, LargeStringArray, RecordBatch, RecordBatchIterator,
    StringArray, StringViewArray, StructArray,
};
use arrow_schema::ArrowError;
use perpcore::fault::{Code, Failure};
use perpcore::rules::Rulebook;
use perpcore::sweep::stop::Stop;
use perpcore_arrow::assess::{AccountKey, Assessment, Inputs, Options, Rules, assess};
use perpcore_arrow::contract::{BALANCES, POSITIONS, PRICES, Table};
use perpcore_arrow::guard::{self, ForeignArray, ForeignSchema, ForeignStream};
use std::ptr::NonNull;
use std::sync::Arc;

const OPTIONS: Options = Options { mark_errors: false, ignore_extra: false, threads: None };
const ONE: i128 = 100_000_000;

fn rules() -> Rules {
    Rules::new(Rulebook::preset("hk-vatp-perp").unwrap())
}

fn record(columns: &[(&str, ArrayRef)]) -> RecordBatch {
    RecordBatch::try_from_iter(columns.iter().map(|(name, column)| (*name, column.clone()))).unwrap()
}

/// Out of arrow-rs by the C data interface, and in by the guard.
fn by_array(table: &'static Table, batch: &RecordBatch) -> Result<Vec<StructArray>, Failure> {
    let data = StructArray::from(batch.clone()).into_data();
    let (mut array, mut schema) = (FFI_ArrowArray::new(&data), FFI_ArrowSchema::try_from(data.data_type()).unwrap());
    // SAFETY: arrow-rs fills the structures as the interface says, and nobody else uses them.
    let (array, schema) = unsafe {
        (ForeignArray::take(NonNull::from(&mut array).cast()), ForeignSchema::take(NonNull::from(&mut schema).cast()))
    };
    guard::batch(table, array, &schema)
}

/// The same as a stream of pieces.
fn by_stream(table: &'static Table, batch: &RecordBatch, rows: usize) -> Result<Vec<StructArray>, Failure> {
    let pieces = (0..batch.num_rows()).step_by(rows).map(|from| {
        let piece = batch.slice(from, rows.min(batch.num_rows() - from));
        Ok::<_, ArrowError>(piece)
    });
    let pieces: Vec<_> = pieces.collect();
    let reader = RecordBatchIterator::new(pieces, batch.schema());
    let mut stream = FFI_ArrowArrayStream::new(Box::new(reader));
    // SAFETY: as above.
    let stream = unsafe { ForeignStream::take(NonNull::from(&mut stream).cast()) };
    let mut stream = guard::Stream::open(table, stream)?;
    while stream.pull()? {}
    Ok(stream.finish())
}

/// Texts in every layout that a producer may choose.
fn layouts(texts: &[String]) -> Vec<ArrayRef> {
    let all = || texts.iter().map(String::as_str);
    vec![
        Arc::new(StringArray::from_iter_values(all())),
        Arc::new(LargeStringArray::from_iter_values(all())),
        Arc::new(StringViewArray::from_iter_values(all())),
        Arc::new(all().collect::<DictionaryArray<Int32Type>>()),
    ]
}

fn ids(accounts: usize) -> Vec<String> {
    (0..accounts).map(|account| format!("account-{:05}-of-many", account * 7 % accounts)).collect()
}

fn positions(ids: &ArrayRef) -> RecordBatch {
    let rows = ids.len();
    let texts = |text: &str| -> ArrayRef { Arc::new(StringArray::from_iter_values(std::iter::repeat_n(text, rows))) };
    let cost = Decimal128Array::from_iter_values((0..rows as i128).map(|row| (60_000 + row) * ONE));
    record(&[
        ("account", ids.clone()),
        ("instrument", texts("BTC-PERP")),
        ("quantity", texts("1.00")),
        ("cost", Arc::new(cost.with_precision_and_scale(28, 8).unwrap())),
    ])
}

fn balances(ids: &ArrayRef) -> RecordBatch {
    let rows = ids.len();
    record(&[
        ("account", ids.clone()),
        ("asset", Arc::new(std::iter::repeat_n("USD", rows).collect::<DictionaryArray<Int32Type>>())),
        ("amount_e8", Arc::new(Int64Array::from_iter_values((0..rows as i64).map(|row| (20_000 + row) * ONE as i64)))),
    ])
}

fn prices() -> RecordBatch {
    let (symbol, price) = (StringArray::from(vec!["BTC-PERP"]), StringViewArray::from(vec!["58000"]));
    record(&[("symbol", Arc::new(symbol)), ("price", Arc::new(price))])
}

/// What row `row` of such a book is worth: 20,000 + row, and 58,000 − 60,000 − row on its position.
fn equity(_row: usize) -> i128 {
    18_000 * ONE
}

fn valued(rules: &Rules, ids: &ArrayRef, pieces: Option<usize>) -> Assessment {
    let take = |table, batch: &RecordBatch| match pieces {
        None => by_array(table, batch).unwrap(),
        Some(rows) => by_stream(table, batch, rows).unwrap(),
    };
    let tables = [Some(take(&POSITIONS, &positions(ids))), Some(take(&BALANCES, &balances(ids))), None, None];
    let inputs = Inputs { tables, prices: Some(take(&PRICES, &prices())), scenarios: None };
    assess(rules, inputs, OPTIONS, &Stop::default()).unwrap_or_else(|failure| unreachable!("{failure}"))
}

/// A result out by the C data interface and back, as pyarrow takes it.
fn round_trip(batch: &RecordBatch) -> StructArray {
    let data = StructArray::from(batch.clone()).into_data();
    let (array, schema) = (FFI_ArrowArray::new(&data), FFI_ArrowSchema::try_from(data.data_type()).unwrap());
    drop(data);
    // SAFETY: both were made by arrow-rs just now.
    let data = unsafe { from_ffi(array, &schema) }.unwrap();
    data.validate_full().unwrap();
    StructArray::from(data)
}

fn equities(accounts: &StructArray) -> Vec<i128> {
    let column = accounts.column_by_name("equity").unwrap().as_any().downcast_ref::<Decimal128Array>().unwrap();
    column.values().to_vec()
}

#[test]
fn every_layout_goes_in_and_comes_back_out() {
    let rules = rules();
    for pieces in [None, Some(1_000), Some(7)] {
        for ids in layouts(&ids(300)) {
            let result = valued(&rules, &ids, pieces);
            let accounts = round_trip(result.accounts());
            let lines = round_trip(&result.lines(None, &Stop::default()).unwrap());
            let (row, _) = result.find(&AccountKey::Text("account-00007-of-many")).unwrap();
            let page = round_trip(&result.lines(Some(row), &Stop::default()).unwrap());
            drop(result);
            assert_eq!(equities(&accounts), (0..300).map(equity).collect::<Vec<_>>(), "{:?}", ids.data_type());
            assert!(lines.len() >= 300 && page.len() < 10);
        }
    }
}

#[test]
fn results_outlive_inputs_and_each_other_in_any_order() {
    let rules = rules();
    let mut held = Vec::new();
    for turn in 0..24 {
        let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids(500 + turn % 3)));
        held.push(round_trip(valued(&rules, &ids, (turn % 2 == 1).then_some(64)).accounts()));
        if turn % 4 == 3 {
            held.remove(turn % held.len());
        }
        for accounts in &held {
            assert!(equities(accounts).iter().all(|found| *found == equity(0)), "memory was handed out while in use");
        }
    }
}

#[test]
fn columns_go_from_thread_to_thread() {
    let rules = rules();
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids(2_000)));
    let (send, take) = std::sync::mpsc::channel::<StructArray>();
    std::thread::scope(|scope| {
        for _ in 0..4 {
            let (send, rules, ids) = (send.clone(), &rules, &ids);
            scope.spawn(move || {
                for _ in 0..12 {
                    send.send(round_trip(valued(rules, ids, None).accounts())).unwrap();
                }
            });
        }
        drop(send);
        for accounts in take {
            assert!(equities(&accounts).iter().all(|found| *found == equity(0)));
        }
    });
}

#[test]
fn what_is_never_consumed_or_refused_is_let_go() {
    let rules = rules();
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids(50)));
    let result = valued(&rules, &ids, None);
    for _ in 0..50 {
        let data = StructArray::from(result.accounts().clone()).into_data();
        drop((FFI_ArrowArray::new(&data), FFI_ArrowSchema::try_from(data.data_type()).unwrap()));
    }
    // The wrong table, by both ways; then a row that is refused late.
    for pieces in [None, Some(10)] {
        let batch = balances(&ids);
        let taken = pieces.map_or_else(|| by_array(&POSITIONS, &batch), |rows| by_stream(&POSITIONS, &batch, rows));
        let inputs = Inputs { tables: [taken.ok(), None, None, None], prices: None, scenarios: None };
        let failure = assess(&rules, inputs, OPTIONS, &Stop::default()).map(|_| ()).unwrap_err();
        assert!(matches!(failure.first().code, Code::UnknownColumn | Code::MissingColumn));
        let tables = [Some(by_array(&POSITIONS, &positions(&ids)).unwrap()), None, None, None];
        let failure =
            assess(&rules, Inputs { tables, prices: None, scenarios: None }, OPTIONS, &Stop::default()).map(|_| ());
        assert_eq!(failure.unwrap_err().first().code, Code::MissingPrice);
    }
}

#[test]
fn a_stopped_call_lets_everything_go_wherever_it_is_stopped() {
    let rules = rules();
    let ids: ArrayRef = Arc::new(StringArray::from_iter_values(ids(9_000)));
    for last in 0..40 {
        let asked = std::sync::atomic::AtomicUsize::new(0);
        let stop = Stop::new(move || asked.fetch_add(1, std::sync::atomic::Ordering::Relaxed) >= last);
        let tables = [
            Some(by_array(&POSITIONS, &positions(&ids)).unwrap()),
            Some(by_stream(&BALANCES, &balances(&ids), 1_000).unwrap()),
            None,
            None,
        ];
        let inputs = Inputs { tables, prices: Some(by_array(&PRICES, &prices()).unwrap()), scenarios: None };
        match assess(&rules, inputs, OPTIONS, &stop) {
            Ok(result) => assert!(result.lines(None, &stop).is_err() || last > 30),
            Err(failure) => assert_eq!(failure.first().code, Code::Internal),
        }
    }
}
