//! A table as it came: batches, and where each column of the contract stands in them.

use crate::contract::{self, Column, Kind, Need, Table};
use arrow_array::{Array, ArrayRef, StructArray};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure, Fault, nearest};
use perpcore::pricing::mirror::ID;
use perpcore::sweep::stop::{Stop, stopped};

/// Where a column stands.
#[derive(Clone, Copy)]
struct Found {
    index: usize,
    /// Whether it came as raw grid units, `<name>_e8`.
    raw: bool,
}

/// The batches of one table with their columns found. How a column is read stands with its kind: `number`, `text`,
/// `time`, and `tables` for names of the rulebook.
pub(crate) struct Source {
    /// The declaration.
    pub(crate) table: &'static Table,
    batches: Vec<StructArray>,
    /// The table's row of the first one.
    first: usize,
    found: Vec<Option<Found>>,
    /// Cells that were refused, in any order.
    pub(crate) faults: Vec<Fault>,
    /// Whether a float64 came that two grid values share.
    pub(crate) shared_doubles: bool,
    /// Whether the call is still wanted.
    pub(crate) stop: Stop,
}

/// What was read of some rows.
pub(crate) struct Read<C> {
    pub(crate) columns: C,
    /// Cells that were refused, in any order; a stand-in is in the place of each.
    pub(crate) faults: Vec<Fault>,
    /// Whether a float64 came that two grid values share.
    pub(crate) shared_doubles: bool,
}

/// One column of one batch.
pub(crate) struct Chunk {
    pub(crate) values: ArrayRef,
    pub(crate) nulls: Option<NullBuffer>,
    /// The table's row of the chunk's first value.
    pub(crate) first: usize,
}

impl Chunk {
    #[inline(always)]
    pub(crate) fn is_null(&self, at: usize) -> bool {
        self.nulls.as_ref().is_some_and(|nulls| nulls.is_null(at))
    }
}

impl Source {
    /// Finds the columns of a table.
    ///
    /// # Errors
    /// `missing_column`, `unknown_column` (unless ignored), `duplicate_column`.
    pub(crate) fn open(
        table: &'static Table,
        batches: Vec<StructArray>,
        ignore_extra: bool,
        stop: &Stop,
    ) -> Result<Self, Failure> {
        let mut found: Vec<Option<Found>> = vec![None; table.columns.len()];
        let names = batches.first().map_or(&[][..], |batch| &**batch.fields());
        for (index, field) in names.iter().enumerate() {
            let name = field.name();
            let (at, raw) = match table.place(name) {
                Some(place) => place,
                None if ignore_extra => continue,
                None => return Err(unknown_column(table, std::iter::empty(), name).into()),
            };
            if found[at].is_some() {
                let fault = Fault::new(Code::DuplicateColumn).in_column(table.name, table.columns[at].name);
                return Err(fault.value(name).into());
            }
            found[at] = Some(Found { index, raw });
        }
        let source =
            Source { table, batches, first: 0, found, faults: Vec::new(), shared_doubles: false, stop: stop.clone() };
        source.check_required()?;
        Ok(source)
    }

    /// The same for batches that are not the first of their table.
    pub(crate) fn at_row(self, first: usize) -> Self {
        Source { first, ..self }
    }

    fn check_required(&self) -> Result<(), Failure> {
        let columns = || self.table.columns.iter().zip(&self.found);
        let one_of: Vec<&str> = columns().filter(|(c, _)| c.need == Need::OneOf).map(|(c, _)| c.name).collect();
        for (column, found) in columns() {
            let satisfied = match column.need {
                Need::Required => found.is_some(),
                Need::OneOf => columns().any(|(other, found)| other.need == Need::OneOf && found.is_some()),
                _ => true,
            };
            if !satisfied {
                let fault = Fault::new(Code::MissingColumn).in_column(self.table.name, column.name);
                let fault = if column.need == Need::OneOf { fault.accepts(one_of.join(" or ")) } else { fault };
                return Err(fault.into());
            }
        }
        Ok(())
    }

    /// What was read of it.
    pub(crate) fn read<C>(self, columns: C) -> Read<C> {
        Read { columns, faults: self.faults, shared_doubles: self.shared_doubles }
    }

    /// Ends the call where it is no longer wanted: asked for every chunk of a column.
    pub(crate) fn go_on(&self) -> Result<(), Failure> {
        self.go_on_at(0)
    }

    /// The same within a loop that takes long, at its row.
    pub(crate) fn go_on_at(&self, row: usize) -> Result<(), Failure> {
        if self.stop.asked_at(row) { Err(stopped()) } else { Ok(()) }
    }

    /// How many rows the table has.
    pub(crate) fn rows(&self) -> usize {
        self.batches.iter().map(Array::len).sum()
    }

    /// A column's place in the contract; none where it did not come, or came without a type and so without a value.
    pub(crate) fn find(&self, name: &str) -> Option<(usize, &'static Column)> {
        let (at, column) = self.given(name)?;
        let found = self.found[at]?;
        let untyped = self.batches.iter().all(|batch| *batch.column(found.index).data_type() == DataType::Null);
        (!untyped || column.need == Need::Required).then_some((at, column))
    }

    /// The same where a column without a type is one of nulls.
    pub(crate) fn given(&self, name: &str) -> Option<(usize, &'static Column)> {
        self.table.column(name).filter(|(at, _)| self.found[*at].is_some())
    }

    /// Whether a found column came as raw grid units.
    pub(crate) fn is_raw(&self, at: usize) -> bool {
        self.found[at].is_some_and(|found| found.raw)
    }

    /// A found column, batch by batch. The validity of a batch counts for each of its columns.
    pub(crate) fn chunks(&self, at: usize) -> Vec<Chunk> {
        let Some(found) = self.found[at] else { return Vec::new() };
        let mut first = self.first;
        let mut chunks = Vec::with_capacity(self.batches.len());
        for batch in &self.batches {
            let values = batch.column(found.index).clone();
            let nulls = NullBuffer::union(batch.nulls(), values.logical_nulls().as_ref());
            let nulls = nulls.filter(|nulls| nulls.null_count() > 0);
            first += chunks.last().map_or(0, |chunk: &Chunk| chunk.values.len());
            chunks.push(Chunk { values, nulls, first });
        }
        chunks
    }

    /// Whether each cell of a column is null or did not come; none where every row has a value.
    pub(crate) fn missing(&self, name: &str) -> Option<Vec<bool>> {
        let Some((at, _)) = self.find(name) else { return Some(vec![true; self.rows()]) };
        let chunks = self.chunks(at);
        if chunks.iter().all(|chunk| chunk.nulls.is_none()) {
            return None;
        }
        Some(chunks.iter().flat_map(|chunk| (0..chunk.values.len()).map(|row| chunk.is_null(row))).collect())
    }

    /// Remembers a refused cell.
    #[cold]
    pub(crate) fn refuse(&mut self, code: Code, column: &'static Column, chunk: &Chunk, at: usize) {
        let mut fault = Fault::new(code).at(self.table.name, column.name, chunk.first + at);
        if code != Code::NullValue {
            fault.value = Some(super::text::shown(&*chunk.values, at));
        }
        if code == Code::OutOfRange {
            match column.kind {
                Kind::Number(bound) => fault.accepted = bound.accepted.to_string(),
                Kind::UpdateId => fault.accepted = ID.to_string(),
                Kind::Word(words) => fault.accepted = words.join(", "),
                _ => {}
            }
        }
        self.faults.push(fault);
    }

    /// The fault of a column whose type is not accepted.
    pub(crate) fn wrong_type(&self, column: &Column, found: &DataType) -> Fault {
        let raw = self.table.column(column.name).is_some_and(|(at, _)| self.is_raw(at));
        let accepted = if raw { contract::RAW_TYPE } else { column.kind.types() };
        Fault::new(Code::WrongType).in_column(self.table.name, column.name).value(found).accepts(accepted)
    }
}

/// A column that a table does not have; `others` are the names that it may have beside those of the contract.
pub(super) fn unknown_column<'a>(table: &'static Table, others: impl Iterator<Item = &'a str>, name: &str) -> Fault {
    let columns: Vec<&str> = table.columns.iter().map(|column| column.name).chain(others).collect();
    let near = nearest(name, columns.iter().copied());
    let columns = columns.join(", ");
    let accepted = match near {
        Some(near) => format!("did you mean {near}? The columns are {columns}"),
        None => format!("the columns are {columns}"),
    };
    Fault::new(Code::UnknownColumn).in_column(table.name, name).accepts(accepted)
}
