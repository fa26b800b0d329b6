//! Arrow memory of foreign producers.

use crate::foreign::{Array, Buffer, Count, Feed, Schema, Stream};
use arrow_array::{Array as _, StructArray};
use perpcore::fault::Failure;
use perpcore::rules::Rulebook;
use perpcore::sweep::stop::Stop;
use perpcore_arrow::assess::{Inputs, Options, Rules, assess};
use perpcore_arrow::contract::{ACCOUNTS, BALANCES, ORDERS, POSITIONS, PRICES, Table};
use perpcore_arrow::guard::{self, ForeignArray, ForeignSchema, ForeignStream};
use std::ptr::NonNull;
use std::rc::Rc;
use std::sync::LazyLock;

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    let book = Rulebook::preset("hk-vatp-perp");
    Rules::new(book.unwrap_or_else(|failure| unreachable!("{failure}")))
});

const TABLES: [&Table; 5] = [&POSITIONS, &BALANCES, &ORDERS, &ACCOUNTS, &PRICES];

/// The formats of the C interface that a column may have, and some that it may not.
const FORMATS: [&str; 34] = [
    "n",
    "b",
    "c",
    "C",
    "s",
    "S",
    "i",
    "I",
    "l",
    "L",
    "g",
    "u",
    "U",
    "vu",
    "d:28,8",
    "d:38,24",
    "d:18,8,64",
    "d:9,2,32",
    "d:10,-2",
    "tsn:UTC",
    "tsu:+00:00",
    "tsm:",
    "tss:Z",
    "f",
    "e",
    "z",
    "w:4",
    "tdD",
    "+s",
    "+l",
    "+ud:0",
    "+r",
    "",
    "d:",
];

/// A column as its schema says.
struct Form {
    name: Vec<u8>,
    format: Vec<u8>,
    /// The format of the values that the column's own ones are indexes into.
    values: Option<Vec<u8>>,
}

/// Any bytes as tables of a foreign producer: whatever they claim, they are refused or can be worked with, and are
/// released once.
pub fn guard(data: &[u8]) {
    let mut feed = Feed(data);
    let count = Rc::new(Count::default());
    let place = feed.below(TABLES.len());
    let table = TABLES[place];
    let forms: Vec<Form> = (0..feed.below(7)).map(|_| form(&mut feed, table)).collect();
    let schema = schema(&forms, &mut feed, &count);
    let batches = feed.below(4);
    let taken = if batches == 0 {
        let array = batch(&forms, &mut feed, &count);
        one(table, schema, array)
    } else {
        let arrays = (1..batches).map(|_| batch(&forms, &mut feed, &count)).collect();
        let schema = if feed.below(40) == 39 {
            drop_schema(schema);
            None
        } else {
            Some(schema)
        };
        all(table, Stream::new(schema, arrays, feed.below(8) == 7, &count))
    };
    let ended = match taken {
        Ok(batches) => worked_with(place, batches, &mut feed),
        Err(failure) => Some(failure),
    };
    if let Some(failure) = ended {
        assert!(!failure.to_string().is_empty());
        assert_eq!(failure.first().table.as_deref(), Some(table.name), "{failure}");
    }
    assert_eq!(count.released.get(), count.made.get(), "structures released");
}

fn one(table: &'static Table, mut schema: Schema, mut array: Array) -> Result<Vec<StructArray>, Failure> {
    // SAFETY: both follow the interface, and nobody else uses them.
    let (schema, array) = unsafe {
        let schema = ForeignSchema::take(NonNull::from(&mut schema).cast());
        (schema, ForeignArray::take(NonNull::from(&mut array).cast()))
    };
    guard::batch(table, array, &schema)
}

fn all(table: &'static Table, mut stream: Stream) -> Result<Vec<StructArray>, Failure> {
    // SAFETY: as above.
    let stream = unsafe { ForeignStream::take(NonNull::from(&mut stream).cast()) };
    let mut stream = guard::Stream::open(table, stream)?;
    while stream.pull()? {}
    Ok(stream.finish())
}

fn drop_schema(mut schema: Schema) {
    // SAFETY: as above.
    drop(unsafe { ForeignSchema::take(NonNull::from(&mut schema).cast()) });
}

/// Values a book of these batches; reads all that comes of it.
fn worked_with(place: usize, batches: Vec<StructArray>, feed: &mut Feed<'_>) -> Option<Failure> {
    for batch in &batches {
        assert!(batch.columns().iter().all(|column| column.len() == batch.len()));
        // What arrow-rs itself says of them; it looks at every value.
        let sound = batch.to_data().validate_full();
        assert!(sound.is_ok(), "{sound:?}");
    }
    let mut inputs = Inputs::default();
    match inputs.tables.get_mut(place) {
        Some(table) => *table = Some(batches),
        None => inputs.prices = Some(batches),
    }
    let options = Options { mark_errors: feed.below(2) == 1, ignore_extra: feed.below(4) > 0, threads: Some(1) };
    let result = match assess(&RULES, inputs, options, &Stop::default()) {
        Ok(result) => result,
        Err(failure) => return Some(failure),
    };
    let lines = result.lines(None, &Stop::default());
    for batch in [Some(result.accounts()), Some(result.isolated()), lines.as_ref().ok()].into_iter().flatten() {
        let sound = StructArray::from(batch.clone()).to_data().validate_full();
        assert!(sound.is_ok(), "{sound:?}");
    }
    assert!(lines.is_ok(), "an unchanged book is explained");
    None
}

fn form(feed: &mut Feed<'_>, table: &Table) -> Form {
    let name = match feed.below(8) {
        7 => {
            let bytes = feed.below(12);
            feed.bytes(bytes)
        }
        kind => {
            let column = &table.columns[feed.below(table.columns.len())];
            let raw = if kind == 6 { "_e8" } else { "" };
            format!("{}{raw}", column.name).into_bytes()
        }
    };
    let format = format(feed);
    // Mostly for integers, where it belongs.
    let dictionary = format.len() == 1 && b"cCsSiIlL".contains(&format[0]) && feed.below(3) > 0 || feed.below(30) == 29;
    let values = dictionary.then(|| if feed.below(8) == 7 { self::format(feed) } else { b"u".to_vec() });
    Form { name, format, values }
}

fn format(feed: &mut Feed<'_>) -> Vec<u8> {
    match feed.below(FORMATS.len() + 3) {
        at if at < FORMATS.len() => FORMATS[at].as_bytes().to_vec(),
        at if at == FORMATS.len() => {
            let bytes = feed.below(9);
            feed.bytes(bytes)
        }
        // The usual ones again.
        at if at == FORMATS.len() + 1 => b"u".to_vec(),
        _ => b"d:28,8".to_vec(),
    }
}

fn schema(forms: &[Form], feed: &mut Feed<'_>, count: &Rc<Count>) -> Schema {
    let children = forms.iter().map(|form| {
        let values = form.values.as_ref().map(|format| Schema::new(format, b"", vec![], None, count));
        Schema::new(&form.format, &form.name, vec![], values, count)
    });
    let children = children.collect();
    let format: &[u8] = if feed.below(60) == 59 { b"u" } else { b"+s" };
    Schema::new(format, b"", children, None, count)
}

/// A lie in a count, small or large; the pointers stay honest.
fn lie(feed: &mut Feed<'_>, honest: i64, lies: &[i64]) -> i64 {
    if feed.below(24) < 23 { honest } else { lies[feed.below(lies.len())] }
}

/// A record batch of such columns.
fn batch(forms: &[Form], feed: &mut Feed<'_>, count: &Rc<Count>) -> Array {
    let (rows, offset) = (feed.below(20), feed.below(8).saturating_sub(5));
    let children = forms.iter().map(|form| {
        if feed.below(80) == 79 {
            return None;
        }
        let rows = if feed.below(24) == 23 { feed.below(30) } else { offset + rows };
        Some(column(&form.format, form.values.as_deref(), rows, feed, count))
    });
    let mut children: Vec<Option<Array>> = children.collect();
    if feed.below(60) == 59 {
        release(children.pop().flatten());
    }
    // Longer than its columns is a lie that has to be noticed; longer than its bitmap is one of memory.
    let validity = if feed.below(5) == 4 { Some(memory(feed, (offset + rows).div_ceil(8))) } else { None };
    let length =
        if validity.is_some() { rows as i64 } else { lie(feed, rows as i64, &[-1, i64::MAX, i64::MIN, 25, 1 << 31]) };
    let nulls = nulls(feed, validity.is_some());
    let offset = lie(feed, offset as i64, &[-1, i64::MAX, i64::MIN]);
    let mut array = Array::new([length, nulls, offset], vec![validity], children, None, count);
    array.n_buffers = lie(feed, array.n_buffers, &[0, -1]);
    array.n_children = lie(feed, array.n_children, &[0, -1, i64::MIN]);
    array
}

fn release(array: Option<Array>) {
    if let Some(mut array) = array {
        // SAFETY: as for any other.
        drop(unsafe { ForeignArray::take(NonNull::from(&mut array).cast()) });
    }
}

fn nulls(feed: &mut Feed<'_>, bitmap: bool) -> i64 {
    let honest = if bitmap { -1 } else { 0 };
    lie(feed, honest, &[1, -2, i64::MAX, i64::MIN, 3])
}

/// Bytes somewhere in memory, mostly where they are aligned.
fn memory(feed: &mut Feed<'_>, bytes: usize) -> Buffer {
    let shift = feed.below(16).saturating_sub(12);
    Buffer::new(feed.bytes(bytes), shift)
}

/// A column of so many rows behind an offset of its own.
fn column(format: &[u8], values: Option<&[u8]>, rows: usize, feed: &mut Feed<'_>, count: &Rc<Count>) -> Array {
    let offset = feed.below(8).saturating_sub(5);
    let all = offset + rows;
    let validity = (feed.below(4) == 3).then(|| memory(feed, all.div_ceil(8)));
    let bitmap = validity.is_some();
    let buffers = match format {
        b"n" => vec![],
        b"u" | b"z" => text::<4>(validity, all, feed),
        b"U" => text::<8>(validity, all, feed),
        b"vu" => views(validity, all, feed),
        b"b" => vec![validity, Some(memory(feed, all.div_ceil(8)))],
        _ => vec![validity, Some(numbers(format, values.is_some(), all, feed))],
    };
    let dictionary = values.filter(|_| feed.below(40) < 39).map(|format| {
        let rows = feed.below(6);
        column(format, None, rows, feed, count)
    });
    let length = lie(feed, rows as i64, &[-1, i64::MAX, i64::MIN, 0]);
    let nulls = nulls(feed, bitmap);
    let offset = lie(feed, offset as i64, &[-1, i64::MAX, i64::MIN]);
    let mut array = Array::new([length, nulls, offset], buffers, vec![], dictionary, count);
    array.n_buffers = lie(feed, array.n_buffers, &[0, -1, 1, i64::MIN]);
    array.n_children = lie(feed, 0, &[-1, i64::MIN]);
    array
}

fn width(format: &[u8]) -> usize {
    match format {
        [b'c' | b'C'] => 1,
        [b's' | b'S' | b'e'] => 2,
        [b'i' | b'I' | b'f'] => 4,
        [b'd', b':', .., b',', b'3', b'2'] => 4,
        [b'd', b':', .., b',', b'6', b'4'] => 8,
        [b'd', ..] => 16,
        _ => 8,
    }
}

/// Numbers of a byte each, so that many are in range, or of any bytes.
fn numbers(format: &[u8], indexes: bool, rows: usize, feed: &mut Feed<'_>) -> Buffer {
    let width = width(format);
    if feed.below(4) == 3 {
        return memory(feed, rows * width);
    }
    let unit: i128 = if indexes || feed.below(2) == 0 { 1 } else { 100_000_000 };
    let bytes = (0..rows).flat_map(|_| {
        let value = i128::from(feed.byte() % 8) * unit;
        if format == b"g" { (value as f64).to_le_bytes().to_vec() } else { value.to_le_bytes()[..width].to_vec() }
    });
    let bytes = bytes.collect();
    Buffer::new(bytes, feed.below(16).saturating_sub(12))
}

/// Words that stand in tables.
const WORDS: [&str; 16] = [
    "A",
    "B",
    "BTC-PERP",
    "ETH-PERP",
    "USD",
    "BTC",
    "USDC",
    "1",
    "-2.5",
    "58000",
    "isolated",
    "cross",
    "true",
    "live",
    "frozen",
    "0.00000001",
];

fn word(feed: &mut Feed<'_>) -> Vec<u8> {
    match feed.below(20) {
        at if at < WORDS.len() => WORDS[at].as_bytes().to_vec(),
        at => feed.bytes(at - WORDS.len()),
    }
}

/// Text by offsets of so many bytes.
fn text<const WIDTH: usize>(validity: Option<Buffer>, rows: usize, feed: &mut Feed<'_>) -> Vec<Option<Buffer>> {
    let (mut offsets, mut bytes) = (vec![0_i64], vec![]);
    for _ in 0..rows {
        bytes.extend(word(feed));
        offsets.push(bytes.len() as i64);
    }
    if feed.below(6) == 5 {
        // Offsets that go anywhere; the last of them says how much memory there is.
        let at = feed.below(offsets.len());
        let last = bytes.len() as i64;
        offsets[at] = match feed.below(5) {
            0 => -1,
            1 => i64::from(i32::MIN),
            2 if at + 1 < offsets.len() => i64::from(i32::MAX),
            _ => i64::from(feed.byte()),
        };
        bytes.resize(offsets[rows].clamp(last, 1 << 20) as usize, b'x');
    }
    let offsets = offsets.iter().flat_map(|offset| offset.to_le_bytes()[..WIDTH].to_vec()).collect();
    vec![
        validity,
        Some(Buffer::new(offsets, feed.below(16).saturating_sub(12))),
        Some(Buffer::new(bytes, feed.below(4))),
    ]
}

/// Text by views into up to two buffers.
fn views(validity: Option<Buffer>, rows: usize, feed: &mut Feed<'_>) -> Vec<Option<Buffer>> {
    let buffers: Vec<Vec<u8>> = (0..feed.below(3))
        .map(|_| {
            let bytes = feed.below(40);
            feed.bytes(bytes)
        })
        .collect();
    let mut out = Vec::new();
    for _ in 0..rows {
        let view: [u8; 16] = match feed.below(8) {
            7 => feed.bytes(16).try_into().unwrap_or_default(),
            6 if !buffers.is_empty() => {
                let at = feed.below(buffers.len());
                let from = feed.below(8);
                let length = buffers[at].len().saturating_sub(from);
                let prefix = buffers[at].get(from..from + 4).unwrap_or(&[0; 4]);
                let mut view = [0; 16];
                view[..4].copy_from_slice(&(length as u32).to_le_bytes());
                view[4..8].copy_from_slice(prefix);
                view[8] = at as u8;
                view[12] = from as u8;
                view
            }
            _ => {
                let text = word(feed);
                let text = &text[..text.len().min(12)];
                let mut view = [0; 16];
                view[0] = text.len() as u8;
                view[4..4 + text.len()].copy_from_slice(text);
                view
            }
        };
        out.extend(view);
    }
    let lie_at = feed.below(30);
    let sizes = buffers.iter().enumerate().flat_map(|(at, buffer)| {
        let size = if lie_at == 29 && at == 0 { -1 } else { buffer.len() as i64 };
        size.to_le_bytes()
    });
    let sizes = sizes.collect();
    let mut list = vec![validity, Some(Buffer::new(out, feed.below(16).saturating_sub(12)))];
    list.extend(buffers.into_iter().map(|buffer| Some(Buffer::new(buffer, 0))));
    list.push(Some(Buffer::new(sizes, feed.below(3))));
    list
}
