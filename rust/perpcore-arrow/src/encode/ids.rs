//! Account ids in results: of the value type of the first table; a dictionary comes back with int32 indices.

use super::column::{dictionary, validity};
use crate::decode::{AccountIds, AccountKey, Ids};
use crate::residents::Residents;
use arrow_array::builder::{LargeStringBuilder, StringBuilder, StringViewBuilder};
use arrow_array::types::Int32Type;
use arrow_array::{
    Array, ArrayRef, Int8Array, Int16Array, Int32Array, Int64Array, PrimitiveArray, UInt8Array, UInt16Array,
    UInt32Array, UInt64Array, make_array,
};
use arrow_buffer::ScalarBuffer;
use arrow_schema::{ArrowError, DataType};
use perpcore::message::{FUND, NOBODY};
use std::sync::Arc;

/// The ids of all accounts, ready to be taken from.
pub(crate) struct IdColumn {
    /// One an account, or the dictionary that `places` point into.
    values: ArrayRef,
    /// Where each account's id stands in `values`; none where results are no dictionary.
    places: Option<ScalarBuffer<i32>>,
}

impl IdColumn {
    pub(crate) fn new(ids: &AccountIds) -> Self {
        let output = ids.output.clone().unwrap_or(DataType::Utf8);
        let (sources, origins) = match &ids.ids {
            Ids::Integers(ids) => return IdColumn { values: integers(ids, &output), places: None },
            Ids::Text { sources, origins } => (sources, origins),
        };
        let DataType::Dictionary(_, value_type) = &output else {
            let texts = origins.iter().map(|origin| crate::decode::text_at(sources, origin));
            return IdColumn { values: texts_of(&output, texts), places: None };
        };
        if let Some(places) = origins.of_first() {
            let places = places.iter().map(|&place| place as i32).collect();
            return IdColumn { values: sources[0].clone(), places: Some(places) };
        }
        let texts = origins.iter().map(|origin| crate::decode::text_at(sources, origin));
        IdColumn { values: texts_of(value_type, texts), places: Some((0..origins.len() as i32).collect()) }
    }

    /// The ids of all accounts in order.
    pub(crate) fn all(&self) -> Result<ArrayRef, ArrowError> {
        match &self.places {
            Some(places) => dictionary(PrimitiveArray::<Int32Type>::new(places.clone(), None), self.values.clone()),
            None => Ok(self.values.clone()),
        }
    }

    /// The ids of some accounts.
    pub(crate) fn of(&self, accounts: &[u32]) -> Result<ArrayRef, ArrowError> {
        let Some(places) = &self.places else { return Ok(take(&self.values, accounts)) };
        let places: Vec<i32> = accounts.iter().map(|&account| places[account as usize]).collect();
        dictionary(PrimitiveArray::<Int32Type>::from(places), self.values.clone())
    }
}

/// A column of ids, an account a row: of accounts that stand beside each other, each once in a dictionary.
pub(crate) fn resident_ids(known: &Residents, rows: &[u32]) -> Result<ArrayRef, ArrowError> {
    let mut distinct: Vec<u32> = Vec::new();
    let places: Vec<u32> = rows
        .iter()
        .map(|account| {
            if distinct.last() != Some(account) {
                distinct.push(*account);
            }
            distinct.len() as u32 - 1
        })
        .collect();
    IdColumn::new(&known.ids(&distinct)).of(&places)
}

/// A column of ids, null where there is no account, or none that has an id. `places` is scratch: as many as accounts, all below 0,
/// as it is left.
pub(crate) fn sparse_ids(known: &Residents, rows: &[u32], places: &mut Vec<i32>) -> Result<ArrayRef, ArrowError> {
    let output = known.output().cloned().unwrap_or(DataType::Utf8);
    let nulls = validity(rows.len(), |row| rows[row] != NOBODY && (rows[row] != FUND || !output.is_integer()));
    if output.is_integer() {
        let ids: Vec<u64> = rows.iter().map(|&account| known.integer(account)).collect();
        let data = integers(&ids, &output).to_data().into_builder().nulls(nulls);
        return Ok(make_array(data.build()?));
    }
    let text = |account: u32| match known.key(account) {
        Some(AccountKey::Text(text)) => Some(text),
        _ => None,
    };
    let DataType::Dictionary(_, value_type) = &output else {
        return Ok(some_texts_of(&output, rows.iter().map(|&account| text(account))));
    };
    // The last one is the fund's.
    places.resize(known.len() + 1, -1);
    let place_of = |account: u32| if account == FUND { known.len() } else { account as usize };
    let mut distinct: Vec<u32> = Vec::new();
    let keys: Vec<i32> = rows
        .iter()
        .map(|&account| match places.get_mut(place_of(account)) {
            Some(place) => {
                if *place < 0 {
                    *place = distinct.len() as i32;
                    distinct.push(account);
                }
                *place
            }
            None => 0,
        })
        .collect();
    distinct.iter().for_each(|&account| places[place_of(account)] = -1);
    // A column of nobody points to a value too.
    let values = if distinct.is_empty() && !rows.is_empty() {
        texts_of(value_type, std::iter::once(""))
    } else {
        texts_of(value_type, distinct.iter().map(|&account| text(account).unwrap_or_default()))
    };
    dictionary(PrimitiveArray::<Int32Type>::new(keys.into(), nulls), values)
}

fn take(values: &ArrayRef, accounts: &[u32]) -> ArrayRef {
    if let Some(strings) = crate::decode::Strings::of(&**values) {
        return texts_of(values.data_type(), accounts.iter().map(|&account| strings.value(account as usize)));
    }
    let ids = crate::decode::integers_of(&**values);
    let taken: Vec<u64> = accounts.iter().map(|&account| ids[account as usize]).collect();
    integers(&taken, values.data_type())
}

fn texts_of<'a>(data_type: &DataType, texts: impl Iterator<Item = &'a str>) -> ArrayRef {
    some_texts_of(data_type, texts.map(Some))
}

fn some_texts_of<'a>(data_type: &DataType, texts: impl Iterator<Item = Option<&'a str>>) -> ArrayRef {
    macro_rules! build {
        ($builder:ty) => {{
            let mut builder = <$builder>::new();
            texts.for_each(|text| builder.append_option(text));
            Arc::new(builder.finish())
        }};
    }
    match data_type {
        DataType::LargeUtf8 => build!(LargeStringBuilder),
        DataType::Utf8View => build!(StringViewBuilder),
        _ => build!(StringBuilder),
    }
}

/// Ids of the first table's integer type; as uint64 where a later table had one beyond it.
fn integers(ids: &[u64], data_type: &DataType) -> ArrayRef {
    macro_rules! all {
        ($($data_type:pat => $array:ty, $native:ty);*) => {
            match data_type {
                $($data_type => {
                    let fitting: Option<Vec<$native>> = ids.iter().map(|&id| <$native>::try_from(id).ok()).collect();
                    if let Some(fitting) = fitting {
                        return Arc::new(<$array>::from(fitting));
                    }
                })*
                _ => {}
            }
        };
    }
    all! {
        DataType::Int8 => Int8Array, i8; DataType::Int16 => Int16Array, i16; DataType::Int32 => Int32Array, i32;
        DataType::Int64 => Int64Array, i64; DataType::UInt8 => UInt8Array, u8; DataType::UInt16 => UInt16Array, u16;
        DataType::UInt32 => UInt32Array, u32
    }
    Arc::new(UInt64Array::from(ids.to_vec()))
}
