//! The Arrow schema of a table of the contract.

use super::column::{EXACT, MONEY, PRODUCT};
use crate::contract::{Column, Kind, Need, Table};
use arrow_schema::{DataType, Field, Schema, TimeUnit};
use std::collections::HashMap;

/// The schema of a table. For an input it is the one that is read fastest and exactly; others are accepted too.
pub fn schema(table: &Table) -> Schema {
    let fields: Vec<Field> = table.columns.iter().map(|column| field(table, column)).collect();
    Schema::new(fields)
}

fn field(table: &Table, column: &Column) -> Field {
    let dictionary = |key| DataType::Dictionary(Box::new(key), Box::new(DataType::Utf8));
    let data_type = match column.kind {
        Kind::Account if table.input => dictionary(DataType::Int32),
        Kind::Account => DataType::Utf8,
        Kind::ClientId => DataType::Utf8,
        Kind::Order => DataType::UInt64,
        Kind::Word(_) if !table.input => dictionary(DataType::Int8),
        Kind::Text if column.name == "note" => DataType::Utf8,
        Kind::Text | Kind::Word(_) | Kind::Instrument | Kind::Asset | Kind::Symbol | Kind::FeeTier => {
            dictionary(DataType::Int32)
        }
        Kind::Bool => DataType::Boolean,
        Kind::Time => DataType::Timestamp(TimeUnit::Nanosecond, Some("UTC".into())),
        Kind::Number(_) | Kind::Money => DataType::Decimal128(MONEY.0, MONEY.1),
        Kind::Exact => DataType::Decimal128(EXACT.0, EXACT.1),
        Kind::Product => DataType::Decimal128(PRODUCT.0, PRODUCT.1),
        Kind::Ratio => DataType::Float64,
        Kind::Count | Kind::UpdateId => DataType::Int64,
    };
    let nullable = !matches!(column.need, Need::Required | Need::Given);
    Field::new(column.name, data_type, nullable)
        .with_metadata(HashMap::from([(String::from("doc"), column.doc.to_string())]))
}
