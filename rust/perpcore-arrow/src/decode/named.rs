//! Columns whose names are those of a rulebook: each becomes a table of one column, and is read as any other.

use super::view::unknown_column;
use crate::contract::Table;
use crate::guard::UNREAD;
use arrow_array::{Array, StructArray};
use arrow_schema::{DataType, Field, Fields};
use perpcore::fault::{Code, Failure, Fault};

/// A column of one of the names: where it stands, and whether it came as raw grid units.
pub(super) struct NamedColumn {
    /// The place of its name.
    pub(super) place: usize,
    at: usize,
    raw: bool,
}

impl NamedColumn {
    /// The column as a table of its own, under the name of the only column of `one`.
    pub(super) fn alone(&self, batch: &StructArray, one: &'static Table) -> StructArray {
        let column = batch.column(self.at).clone();
        let name = one.columns.first().map_or("", |column| column.name);
        let name = if self.raw { format!("{name}_e8") } else { name.to_string() };
        let fields = Fields::from(vec![Field::new(name, column.data_type().clone(), true)]);
        let nulls = batch.nulls().cloned();
        let alone = StructArray::try_new_with_length(fields, vec![column], nulls, batch.len());
        // One column of the batch's own length: there is nothing that could not fit.
        alone.unwrap_or_else(|_| StructArray::new_empty_fields(0, None))
    }
}

/// The columns of a table whose names are not of the contract.
///
/// # Errors
/// `unknown_column` where one has none of `names` either (unless ignored), `duplicate_column`, `wrong_type`.
pub(super) fn named_columns(
    table: &'static Table,
    names: &[&str],
    batches: &[StructArray],
    ignore_extra: bool,
) -> Result<Vec<NamedColumn>, Failure> {
    let fields = batches.first().map_or(&[][..], |batch| &**batch.fields());
    let mut columns: Vec<NamedColumn> = Vec::new();
    for (at, field) in fields.iter().enumerate() {
        let name = field.name();
        if table.place(name).is_some() {
            continue;
        }
        let place = |name: &str| names.iter().position(|known| *known == name);
        let raw = || Some((place(name.strip_suffix("_e8")?)?, true));
        let found = place(name).map(|place| (place, false)).or_else(raw);
        let Some((place, raw)) = found else {
            if ignore_extra {
                continue;
            }
            return Err(unknown_column(table, names.iter().copied(), name).into());
        };
        let column = names[place];
        if columns.iter().any(|known| known.place == place) {
            return Err(Fault::new(Code::DuplicateColumn).in_column(table.name, column).value(name).into());
        }
        if let Some(unread) = field.metadata().get(UNREAD).filter(|_| *field.data_type() == DataType::Null) {
            let fault = Fault::new(Code::WrongType).in_column(table.name, column).value(unread);
            return Err(fault.accepts(table.others.map_or("", |others| others.kind.types())).into());
        }
        columns.push(NamedColumn { place, at, raw });
    }
    Ok(columns)
}

/// A fault of a table of one column, under the name that the column came with.
pub(super) fn rename(fault: Fault, column: &str) -> Fault {
    Fault { column: Some(column.to_string()), ..fault }
}

/// All faults likewise.
pub(super) fn renamed(failure: &Failure, column: &str) -> Failure {
    let first = rename(failure.first().clone(), column);
    Failure::of(failure.problems().map(|fault| rename(fault.clone(), column))).unwrap_or_else(|| first.into())
}
