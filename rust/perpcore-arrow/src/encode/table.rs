//! A record batch of a table of the contract.

use crate::contract::{Need, Table};
use arrow_array::{Array, ArrayRef, RecordBatch, RecordBatchOptions};
use arrow_schema::{ArrowError, Field, Schema};
use perpcore::fault::{Code, Failure, Fault};
use std::collections::HashMap;
use std::sync::Arc;

/// A table of the contract, under a rulebook or none.
///
/// # Errors
/// `internal` where Arrow refuses what was made for it.
pub(crate) fn written(
    table: &Table,
    columns: Result<Vec<ArrayRef>, ArrowError>,
    digest: Option<&str>,
) -> Result<RecordBatch, Failure> {
    let failed = |error: ArrowError| Failure::from(Fault::new(Code::Internal).value(error));
    let columns = columns.map_err(failed)?;
    let fields: Vec<Field> = table
        .columns
        .iter()
        .zip(&columns)
        .map(|(column, array)| Field::new(column.name, array.data_type().clone(), column.need == Need::Nullable))
        .collect();
    let version = (String::from("perpcore.version"), env!("CARGO_PKG_VERSION").to_string());
    let rulebook = digest.map(|digest| (String::from("perpcore.rulebook"), digest.to_string()));
    let metadata: HashMap<String, String> = rulebook.into_iter().chain([version]).collect();
    let rows = columns.first().map_or(0, |column| column.len());
    let schema = Arc::new(Schema::new(fields).with_metadata(metadata));
    let options = RecordBatchOptions::new().with_row_count(Some(rows));
    RecordBatch::try_new_with_options(schema, columns, &options).map_err(failed)
}
