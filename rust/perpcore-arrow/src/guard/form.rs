//! What a schema says: which columns of the contract there are, and of which of the types that are read.
//!
//! Of a column that the contract does not have nothing but its name is looked at.

use super::foreign::{ForeignSchema, lossy};
use super::{Refusal, refuse};
use crate::contract::{self, Table};
use arrow_schema::{DataType, Field, Fields, TimeUnit};
use std::borrow::Cow;
use std::collections::HashMap;

/// A longer format is none of those that are read.
const FORMAT_BYTES: usize = 64;
/// A longer name is none of the contract's, and is shown up to here.
const NAME_BYTES: usize = 128;
/// More columns are a mistake.
const MOST_COLUMNS: i64 = 1 << 24;

/// How the values of a type lie in memory.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Layout {
    /// Nowhere: every value is null.
    Nowhere,
    /// One bit each.
    Bits,
    /// So many bytes each.
    Bytes(usize),
    /// Text, each from one 32-bit offset to the next.
    Offsets32,
    /// Text, each from one 64-bit offset to the next.
    Offsets64,
    /// Text in views of 16 bytes.
    Views,
}

/// A type that is read.
pub(super) struct Form {
    pub(super) data_type: DataType,
    pub(super) layout: Layout,
    /// Where the values are indexes: into what.
    pub(super) dictionary: Option<Dictionary>,
}

/// Text that indexes point into.
pub(super) struct Dictionary {
    pub(super) index: DataType,
    /// The bytes of an index.
    pub(super) width: usize,
    pub(super) data_type: DataType,
    pub(super) layout: Layout,
}

/// A column that is read.
pub(super) struct Column {
    /// Its place among the children.
    pub(super) at: usize,
    /// Its name, without `_e8`; none where it stands for all that the contract does not have.
    pub(super) name: Option<Cow<'static, str>>,
    pub(super) form: Form,
}

/// The schema of a table, read once for all of its batches.
pub(super) struct Schema {
    /// How many columns every batch has.
    pub(super) width: usize,
    /// Those that are read, and the first of those that the contract does not have.
    pub(super) columns: Vec<Column>,
    pub(super) fields: Fields,
}

impl Schema {
    /// Reads a schema.
    ///
    /// # Errors
    /// `wrong_type` where it is released, not that of a record batch, or has a column of a type that its kind never
    /// takes.
    pub(super) fn read(table: &'static Table, schema: &ForeignSchema) -> Result<Self, Refusal> {
        if schema.is_released() {
            return Err(refuse("a released schema", "a schema that was not consumed before"));
        }
        let format = schema.format(FORMAT_BYTES);
        if format != Some(b"+s") || schema.dictionary().is_some() {
            return Err(refuse(type_name(schema), "a record batch: a struct of columns"));
        }
        let width = schema.n_children();
        if !(0..=MOST_COLUMNS).contains(&width) {
            return Err(refuse(format!("{width} columns"), format!("0 to {MOST_COLUMNS} columns")));
        }
        let (mut columns, mut fields) = (Vec::new(), Vec::new());
        let mut foreign = false;
        for at in 0..width as usize {
            let Some(child) = schema.child(at) else {
                return Err(refuse(format!("no schema of column {at}"), "a schema of every column"));
            };
            let name = child.name(NAME_BYTES).unwrap_or_default();
            let known = std::str::from_utf8(name).ok().and_then(|name| table.place(name));
            if let (None, Some(_)) = (known, &table.others) {
                let (field, form) = other(name, child);
                let read = !field.metadata().contains_key(UNREAD);
                let name = field.name().strip_suffix("_e8").unwrap_or(field.name()).to_string();
                fields.push(field);
                columns.push(Column { at, name: read.then_some(Cow::Owned(name)), form });
                continue;
            }
            let Some((place, raw)) = known else {
                // Refused by the first one's name or ignored: what such columns hold does not matter.
                if !std::mem::replace(&mut foreign, true) {
                    let form = Form { data_type: DataType::Null, layout: Layout::Nowhere, dictionary: None };
                    fields.push(Field::new(lossy(name), DataType::Null, true));
                    columns.push(Column { at, name: None, form });
                }
                continue;
            };
            let declared = &table.columns[place];
            let accepted = if raw { contract::RAW_TYPE } else { declared.kind.types() };
            let form = Form::read(child)
                .ok_or_else(|| refuse(type_name(child), accepted))
                .map_err(|refusal| refusal.in_column(declared.name))?;
            fields.push(Field::new(lossy(name), form.data_type.clone(), true));
            columns.push(Column { at, name: Some(Cow::Borrowed(declared.name)), form });
        }
        Ok(Schema { width: width as usize, columns, fields: fields.into() })
    }
}

/// The metadata key under which a column whose name is one of a rulebook's says of which type it is, where none is read
/// from it: whether that matters is known only with the rulebook.
pub(crate) const UNREAD: &str = "perpcore.unread";

/// A column whose name is not the contract's but may be one of a rulebook's.
fn other(name: &[u8], schema: &ForeignSchema) -> (Field, Form) {
    if let Some(form) = Form::read(schema) {
        return (Field::new(lossy(name), form.data_type.clone(), true), form);
    }
    let unread = HashMap::from([(UNREAD.to_string(), type_name(schema))]);
    let field = Field::new(lossy(name), DataType::Null, true).with_metadata(unread);
    (field, Form { data_type: DataType::Null, layout: Layout::Nowhere, dictionary: None })
}

impl Form {
    fn read(schema: &ForeignSchema) -> Option<Self> {
        let (data_type, layout) = plain(schema)?;
        let Some(values) = schema.dictionary() else { return Some(Form { data_type, layout, dictionary: None }) };
        let (value_type, value_layout) = plain(values?)?;
        let text = matches!(value_layout, Layout::Offsets32 | Layout::Offsets64 | Layout::Views);
        let (true, true, Layout::Bytes(width), None) = (data_type.is_integer(), text, layout, values?.dictionary())
        else {
            return None;
        };
        let whole = DataType::Dictionary(data_type.clone().into(), value_type.clone().into());
        let dictionary = Dictionary { index: data_type, width, data_type: value_type, layout: value_layout };
        Some(Form { data_type: whole, layout, dictionary: Some(dictionary) })
    }
}

/// The type that a format names, and its layout; none where no column of any table is read from it.
fn plain(schema: &ForeignSchema) -> Option<(DataType, Layout)> {
    let format = schema.format(FORMAT_BYTES).filter(|format| format.len() <= FORMAT_BYTES)?;
    if schema.n_children() != 0 {
        return None;
    }
    Some(match std::str::from_utf8(format).ok()? {
        "n" => (DataType::Null, Layout::Nowhere),
        "b" => (DataType::Boolean, Layout::Bits),
        "c" => (DataType::Int8, Layout::Bytes(1)),
        "C" => (DataType::UInt8, Layout::Bytes(1)),
        "s" => (DataType::Int16, Layout::Bytes(2)),
        "S" => (DataType::UInt16, Layout::Bytes(2)),
        "i" => (DataType::Int32, Layout::Bytes(4)),
        "I" => (DataType::UInt32, Layout::Bytes(4)),
        "l" => (DataType::Int64, Layout::Bytes(8)),
        "L" => (DataType::UInt64, Layout::Bytes(8)),
        "g" => (DataType::Float64, Layout::Bytes(8)),
        "u" => (DataType::Utf8, Layout::Offsets32),
        "U" => (DataType::LargeUtf8, Layout::Offsets64),
        "vu" => (DataType::Utf8View, Layout::Views),
        other => match other.split_once(':')? {
            ("d", digits) => decimal(digits)?,
            (unit, zone) => {
                let zone = Some(zone).filter(|zone| !zone.is_empty()).map(Into::into);
                (DataType::Timestamp(time_unit(unit)?, zone), Layout::Bytes(8))
            }
        },
    })
}

/// A decimal by `precision,scale` or `precision,scale,bits`.
fn decimal(digits: &str) -> Option<(DataType, Layout)> {
    let parts: Vec<&str> = digits.split(',').collect();
    let (precision, scale, bits) = match parts[..] {
        [precision, scale] => (precision, scale, "128"),
        [precision, scale, bits] => (precision, scale, bits),
        _ => return None,
    };
    let plain = |number: &str| number.bytes().all(|byte| byte.is_ascii_digit());
    if !plain(precision) || !plain(scale.strip_prefix('-').unwrap_or(scale)) {
        return None;
    }
    let (precision, scale): (u8, i8) = (precision.parse().ok()?, scale.parse().ok()?);
    let (most, data_type, bytes) = match bits {
        "32" => (9, DataType::Decimal32(precision, scale), 4),
        "64" => (18, DataType::Decimal64(precision, scale), 8),
        "128" => (38, DataType::Decimal128(precision, scale), 16),
        _ => return None,
    };
    (1..=most).contains(&precision).then_some((data_type, Layout::Bytes(bytes)))
}

fn time_unit(unit: &str) -> Option<TimeUnit> {
    match unit {
        "tss" => Some(TimeUnit::Second),
        "tsm" => Some(TimeUnit::Millisecond),
        "tsu" => Some(TimeUnit::Microsecond),
        "tsn" => Some(TimeUnit::Nanosecond),
        _ => None,
    }
}

/// A type in words, for an error.
fn type_name(schema: &ForeignSchema) -> String {
    const EXACT: [(&str, &str); 14] = [
        ("e", "Float16"),
        ("f", "Float32"),
        ("z", "Binary"),
        ("Z", "LargeBinary"),
        ("vz", "BinaryView"),
        ("tdD", "Date32"),
        ("tdm", "Date64"),
        ("+l", "List"),
        ("+L", "LargeList"),
        ("+vl", "ListView"),
        ("+vL", "LargeListView"),
        ("+s", "Struct"),
        ("+m", "Map"),
        ("+r", "RunEndEncoded"),
    ];
    const BEGINNING: [(&str, &str); 8] = [
        ("w:", "FixedSizeBinary"),
        ("d:", "Decimal"),
        ("+w:", "FixedSizeList"),
        ("+ud:", "Union"),
        ("+us:", "Union"),
        ("tt", "Time"),
        ("tD", "Duration"),
        ("ti", "Interval"),
    ];
    let Some(format) = schema.format(FORMAT_BYTES).map(lossy) else { return String::from("no format") };
    let exact = EXACT.iter().find(|(known, _)| *known == format);
    let known = exact.or_else(|| BEGINNING.iter().find(|(known, _)| format.starts_with(known)));
    let mut said = known.map_or(format!("format {format:?}"), |(_, name)| format!("{name} (format {format:?})"));
    if schema.dictionary().is_some() {
        said.push_str(" with a dictionary");
    }
    if schema.n_children() != 0 {
        said.push_str(&format!(", {} children", schema.n_children()));
    }
    said
}
