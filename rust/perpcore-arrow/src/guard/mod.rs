//! Foreign memory: Arrow data that another library made is checked before a value of it is read.
//!
//! Record batches are not imported and then validated: the structures of the C interface are walked here, by a reader
//! that takes nothing for granted but that a pointer which is not NULL points to what the interface says stands there
//! (docs/boundary.md says what follows from that). Columns that the contract does not have are not looked at.

mod column;
mod foreign;
mod form;
mod text;
mod used;

pub use foreign::{ForeignArray, ForeignSchema, ForeignStream};
pub(crate) use form::UNREAD;

use crate::contract::{Need, Table};
use arrow_array::{ArrayRef, StructArray, new_empty_array};
use column::{Known, Memory, length};
use form::{Layout, Schema};
use perpcore::fault::{Code, Failure, Fault, LISTED};
use std::borrow::Cow;
use std::sync::Arc;

/// The most rows of a table, and of any array before its offset is taken off: places of rows are 32-bit numbers.
const MOST_ROWS: i64 = i32::MAX as i64;
/// The most batches of a stream, empty ones included, so that every stream ends.
const MOST_BATCHES: usize = 1 << 18;

/// What is refused, before it is known of which table.
struct Refusal {
    code: Code,
    column: Option<Cow<'static, str>>,
    /// In its batch.
    row: Option<usize>,
    value: String,
    accepted: String,
}

/// Memory that does not hold together.
#[cold]
fn refuse(value: impl ToString, accepted: impl ToString) -> Refusal {
    Refusal { code: Code::WrongType, column: None, row: None, value: value.to_string(), accepted: accepted.to_string() }
}

impl Refusal {
    fn at(self, row: usize) -> Self {
        Refusal { row: Some(row), ..self }
    }

    fn in_column(self, column: impl Into<Cow<'static, str>>) -> Self {
        Refusal { column: Some(column.into()), ..self }
    }

    /// A part of the column, whose rows are not those of the table.
    fn inside(self, part: &str) -> Self {
        Refusal { row: None, value: format!("{part}: {}", self.value), ..self }
    }

    fn fault(self, table: &Table, first_row: usize) -> Fault {
        Fault {
            table: Some(table.name.to_string()),
            column: self.column.map(Cow::into_owned),
            row: self.row.map(|row| (first_row + row) as u64),
            ..Fault::new(self.code).value(self.value).accepts(self.accepted)
        }
    }
}

/// The batches of a table, taken over one by one.
pub struct Batches {
    table: &'static Table,
    schema: Schema,
    /// For each column the dictionary of the batch before.
    known: Vec<Known>,
    /// The first batch, where of some dictionary only the values that its rows name were looked at.
    sparing: Option<Arc<ForeignArray>>,
    /// Rows that the producer claims to have delivered.
    rows: usize,
    batches: Vec<StructArray>,
}

/// A table that comes as a stream.
pub struct Stream {
    stream: ForeignStream,
    batches: Batches,
    pulled: usize,
}

/// A table that comes as one record batch.
///
/// # Errors
/// `wrong_type` where it is not a record batch, was consumed before, or does not hold together; `invalid_text`,
/// `out_of_range` for text that is not UTF-8 or too long.
pub fn batch(table: &'static Table, array: ForeignArray, schema: &ForeignSchema) -> Result<Vec<StructArray>, Failure> {
    // Before either is counted on: which of the two is right cannot be known.
    if !array.is_released() && array.n_children != schema.n_children() {
        let accepted = format!("{} columns, as the schema says", schema.n_children());
        return Err(refuse(format!("{} columns", array.n_children), accepted).fault(table, 0).into());
    }
    let mut batches = Batches::new(table, schema)?;
    batches.take(array)?;
    Ok(batches.finish())
}

impl Stream {
    /// Asks a stream for its schema.
    ///
    /// # Errors
    /// As [`batch`]; an error of the producer likewise.
    pub fn open(table: &'static Table, mut stream: ForeignStream) -> Result<Self, Failure> {
        if stream.is_released() {
            let refusal = refuse("a released stream", "a stream that was not consumed before");
            return Err(refusal.fault(table, 0).into());
        }
        let schema = stream.schema().map_err(|reason| failed(table, reason))?;
        Ok(Stream { stream, batches: Batches::new(table, &schema)?, pulled: 0 })
    }

    /// Takes the next batch over; false at the end.
    ///
    /// # Errors
    /// As [`Stream::open`]; `wrong_type` where there seems to be no end.
    pub fn pull(&mut self) -> Result<bool, Failure> {
        let array = self.stream.next().map_err(|reason| failed(self.batches.table, reason))?;
        if array.is_released() {
            self.stream.end();
            return Ok(false);
        }
        self.pulled += 1;
        if self.pulled > MOST_BATCHES {
            let refusal = refuse(format!("more than {MOST_BATCHES} batches"), "a table in fewer pieces");
            return Err(refusal.fault(self.batches.table, 0).into());
        }
        self.batches.take(array)?;
        Ok(true)
    }

    /// What was taken over; one empty batch where there was none, so that the columns are known.
    pub fn finish(self) -> Vec<StructArray> {
        self.batches.finish()
    }
}

fn failed(table: &Table, reason: String) -> Failure {
    refuse(reason, "a stream that its producer can deliver").fault(table, 0).into()
}

impl Batches {
    fn new(table: &'static Table, schema: &ForeignSchema) -> Result<Self, Failure> {
        let schema = Schema::read(table, schema).map_err(|refusal| refusal.fault(table, 0))?;
        let known = schema.columns.iter().map(|_| Known::default()).collect();
        Ok(Batches { table, schema, known, sparing: None, rows: 0, batches: Vec::new() })
    }

    fn take(&mut self, array: ForeignArray) -> Result<(), Failure> {
        let (table, first) = (self.table, self.rows);
        self.record(array).map_err(|refusal| refusal.fault(table, first).into())
    }

    fn record(&mut self, array: ForeignArray) -> Result<(), Refusal> {
        if array.is_released() {
            return Err(refuse("a released array", "an array that was not consumed before"));
        }
        let array = Arc::new(array);
        if let Some(first) = self.sparing.take() {
            // Batches that share a dictionary: it is checked once, whole, rather than sought through by each of them.
            self.batches.clear();
            self.rows = 0;
            self.read(&first, false)?;
        }
        let alone = self.batches.is_empty();
        self.read(&array, alone)?;
        if alone && self.known.iter().any(|known| known.sparing) {
            self.sparing = Some(array);
        }
        Ok(())
    }

    fn read(&mut self, array: &Arc<ForeignArray>, alone: bool) -> Result<(), Refusal> {
        let width = self.schema.width;
        if array.n_children != width as i64 {
            return Err(refuse(
                format!("{} columns", array.n_children),
                format!("{width} columns, as the schema says"),
            ));
        }
        if array.n_buffers != 1 || !array.lists_buffers() {
            return Err(refuse(format!("{} buffers", array.n_buffers), "one buffer, the validity of a record batch"));
        }
        if array.dictionary().is_some() {
            return Err(refuse("a dictionary", "a record batch: a struct of columns"));
        }
        let claimed = length(array)?;
        if self.rows + claimed > MOST_ROWS as usize {
            return Err(refuse(format!("{} rows", self.rows + claimed), format!("at most {MOST_ROWS} rows")));
        }
        let rows = self.backed(claimed);
        let owner = array;
        let validity = Memory { owner, array: owner, from: 0, rows }.nulls(claimed, Layout::Bits)?;
        let from = owner.offset as usize;
        let mut values: Vec<ArrayRef> = Vec::with_capacity(self.schema.columns.len());
        for (column, known) in self.schema.columns.iter().zip(&mut self.known) {
            let Some(name) = &column.name else {
                values.push(Arc::new(arrow_array::NullArray::new(rows)));
                continue;
            };
            let array = owner.child(column.at).ok_or_else(|| refuse("no array", "an array that is not released"));
            let made = array.and_then(|array| column::import(owner, array, &column.form, from, rows, known, alone));
            values.push(made.map_err(|refusal| refusal.in_column(name.clone()))?);
        }
        self.rows += claimed;
        if rows > 0 || values.is_empty() {
            let batch = StructArray::try_new_with_length(self.schema.fields.clone(), values, validity, rows);
            self.batches.push(batch.map_err(|error| refuse(error, "columns of one length"))?);
        }
        Ok(())
    }

    /// How many of the rows are kept. Where the first required column, mostly the ids, has no memory every row is refused,
    /// and rows cost nothing to claim: then no more are kept than an error lists.
    fn backed(&self, rows: usize) -> usize {
        let ids = self.table.columns.iter().find(|column| column.need == Need::Required).map(|column| column.name);
        let mut first = self.schema.columns.iter().filter(|column| column.name.as_deref() == ids);
        if first.all(|column| column.form.layout == Layout::Nowhere) {
            rows.min(LISTED.saturating_sub(self.rows))
        } else {
            rows
        }
    }

    fn finish(mut self) -> Vec<StructArray> {
        if self.batches.is_empty() {
            let values = self.schema.fields.iter().map(|field| new_empty_array(field.data_type())).collect();
            self.batches.extend(StructArray::try_new_with_length(self.schema.fields.clone(), values, None, 0));
        }
        self.batches
    }
}
