//! Ids of accounts, clients and groups as the dense numbers that a book knows them by, in order of first appearance.

use crate::assess::AccountKey;
use crate::residents::Residents;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef, StringArray};
use arrow_buffer::{OffsetBuffer, ScalarBuffer};
use arrow_schema::DataType;
use perpcore::fault::Fault;
use perpcore::message::NOBODY;
use std::sync::Arc;

/// Integer ids below this are found by their place.
const SMALL: u64 = 1 << 20;
/// So many ids have numbers: a book needs a bit of them for itself.
const MOST: usize = 1 << 30;
/// A larger dictionary is not remembered.
const KEPT_BYTES: usize = 4 << 20;

/// Ids of one kind of thing.
pub(crate) struct Names {
    known: Residents,
    /// One more than the number of a small integer id; 0 for none.
    small: Vec<u32>,
    /// The last dictionary, in memory of our own, and the numbers of its values.
    kept: Option<(ArrayRef, Vec<u32>)>,
}

impl Names {
    pub(crate) fn new() -> Names {
        Names { known: Residents::new(), small: Vec::new(), kept: None }
    }

    /// The ids themselves.
    pub(crate) fn known(&self) -> &Residents {
        &self.known
    }

    /// Whether ids of a type may come.
    ///
    /// # Errors
    /// `id_kind_mismatch`.
    pub(crate) fn admits(&self, given: &DataType) -> Result<(), Box<Fault>> {
        self.known.admits(given)
    }

    /// Ids of a type come.
    pub(crate) fn settle(&mut self, given: &DataType) {
        self.known.settle(given);
    }

    /// The number of an id; none where there are too many.
    #[inline(always)]
    pub(crate) fn integer(&mut self, id: u64) -> Option<u32> {
        match self.small.get(id as usize) {
            Some(&found) if found != 0 => Some(found - 1),
            _ => self.another(id),
        }
    }

    #[cold]
    #[inline(never)]
    fn another(&mut self, id: u64) -> Option<u32> {
        let number = self.number(&AccountKey::Integer(id))?;
        if id < SMALL {
            if self.small.len() <= id as usize {
                self.small.resize((id as usize + 1).next_power_of_two(), 0);
            }
            self.small[id as usize] = number + 1;
        }
        Some(number)
    }

    /// The number of an id; none where there are too many.
    pub(crate) fn number(&mut self, key: &AccountKey<'_>) -> Option<u32> {
        if self.known.len() >= MOST {
            return self.known.find(key);
        }
        Some(self.known.number(key))
    }

    /// The number of an id that is known.
    pub(crate) fn find(&self, key: &AccountKey<'_>) -> Option<u32> {
        self.known.find(key)
    }

    /// The numbers of the values of a dictionary, as far as they have any: [`NOBODY`] for the others.
    pub(crate) fn numbers_of(&mut self, values: &ArrayRef) -> Vec<u32> {
        match self.kept.take() {
            Some((kept, numbers)) if crate::decode::are_equal(&kept, values) => {
                self.kept = Some((kept, Vec::new()));
                numbers
            }
            _ => vec![NOBODY; values.len()],
        }
    }

    /// Remembers them, for the next table with the same dictionary.
    pub(crate) fn keep(&mut self, values: &ArrayRef, numbers: Vec<u32>) {
        match &mut self.kept {
            Some((_, kept)) => *kept = numbers,
            None => self.kept = own(values).map(|own| (own, numbers)),
        }
    }
}

/// A copy of texts, since their owner may change them.
fn own(values: &ArrayRef) -> Option<ArrayRef> {
    let texts: &StringArray = values.as_string_opt()?;
    let (first, last) = (*texts.value_offsets().first()?, *texts.value_offsets().last()?);
    let bytes = texts.value_data().get(first as usize..last as usize)?;
    if bytes.len() > KEPT_BYTES || texts.len() > KEPT_BYTES || texts.null_count() > 0 {
        return None;
    }
    let offsets: Vec<i32> = texts.value_offsets().iter().map(|offset| offset - first).collect();
    let offsets = OffsetBuffer::new(ScalarBuffer::from(offsets));
    StringArray::try_new(offsets, bytes.to_vec().into(), None).ok().map(|texts| Arc::new(texts) as ArrayRef)
}
