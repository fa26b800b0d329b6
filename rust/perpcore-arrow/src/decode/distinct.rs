//! Whether the values of a dictionary are distinct, so that its codes may stand for them.
//!
//! They are if they ascend, or if their bytes are those of a dictionary that was proved before; else they are hashed.
//! What was proved by hashing is remembered for later calls, in bytes of our own: memory of the producer may change.
//! [`PROVED`] keeps at most [`KEPT`] dictionaries and [`KEPT_BYTES`], the last ones used, and never waits for its lock.

use super::merge::rising;
use super::text::Strings;
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hashbrown::{DefaultHashBuilder, HashTable};
use perpcore::sweep::assess::Way;
use perpcore::sweep::runs::Runs;
use std::collections::VecDeque;
use std::hash::BuildHasher;
use std::sync::Mutex;

/// The most dictionaries that are remembered.
const KEPT: usize = 8;
/// The most bytes that they may have together.
const KEPT_BYTES: usize = 32 << 20;

/// Dictionaries whose values are distinct, the last one used at the end.
static PROVED: Mutex<VecDeque<Proved>> = Mutex::new(VecDeque::new());

/// The values of a dictionary as offsets and bytes.
#[derive(PartialEq, Eq)]
struct Proved {
    offsets: Vec<i32>,
    bytes: Vec<u8>,
}

impl Proved {
    fn size(&self) -> usize {
        size_of_val(&*self.offsets) + self.bytes.len()
    }
}

/// Whether no two values are equal.
pub(super) fn are_distinct(values: &ArrayRef, hasher: &DefaultHashBuilder) -> bool {
    let Some(strings) = Strings::of(&**values) else { return false };
    if values.null_count() > 0 {
        return false;
    }
    ascend(values, &strings) || is_proved(values) || differ(&strings, values, hasher)
}

/// Whether values ascend strictly.
fn ascend(values: &ArrayRef, strings: &Strings<'_>) -> bool {
    if let Some((offsets, bytes)) = parts(values) {
        if let Some(size) = one_size(offsets) {
            return ascend_in_pieces(bytes, size);
        }
        let value = |from: i32, to: i32| {
            bytes.get(from.wrapping_sub(offsets[0]) as usize..to.wrapping_sub(offsets[0]) as usize).unwrap_or_default()
        };
        return offsets.windows(3).all(|at| is_below(value(at[0], at[1]), value(at[1], at[2])));
    }
    (1..values.len()).all(|at| strings.value(at - 1) < strings.value(at))
}

/// The length of all values where it is one from 8 to 16 bytes, the common one of ids.
fn one_size(offsets: &[i32]) -> Option<usize> {
    let [first, second, ..] = *offsets else { return None };
    let size = second.wrapping_sub(first);
    let is_one = || offsets.windows(2).fold(0, |any, pair| any | (pair[1].wrapping_sub(pair[0]) ^ size)) == 0;
    ((8..=16).contains(&size) && Way::chosen().run(is_one)).then_some(size as usize)
}

/// The runs of ids that never fall, of one length from 8 to 16 bytes, each with its first row as number.
pub(super) fn runs_of(values: &ArrayRef) -> Option<Runs> {
    let (offsets, bytes) = parts(values)?;
    rising(bytes.chunks_exact(one_size(offsets)?).map(ends))
}

/// Whether ids of one length from 8 to 16 bytes ascend, without a branch a value.
fn ascend_in_pieces(bytes: &[u8], size: usize) -> bool {
    let mut last = None;
    bytes.chunks_exact(size).fold(true, |ascend, id| {
        let ends = ends(id);
        ascend & last.replace(ends).is_none_or(|last| last < ends)
    })
}

/// The first and the last eight bytes as a number. For ids of one length from 8 to 16 bytes, the common ones, numbers are
/// in the order of the ids: where the first eight bytes are equal, so are those that the last eight share with them.
#[inline(always)]
fn ends(id: &[u8]) -> u128 {
    let number = |bytes: Option<&[u8; 8]>| bytes.map_or(0, |bytes| u64::from_be_bytes(*bytes));
    u128::from(number(id.first_chunk())) << 64 | u128::from(number(id.last_chunk()))
}

/// a < b
#[inline(always)]
pub(super) fn is_below(a: &[u8], b: &[u8]) -> bool {
    if a.len() == b.len() && (8..=16).contains(&a.len()) { ends(a) < ends(b) } else { a < b }
}

/// a = b
#[inline(always)]
pub(super) fn is_equal(a: &[u8], b: &[u8]) -> bool {
    a.len() == b.len() && if (8..=16).contains(&a.len()) { ends(a) == ends(b) } else { a == b }
}

/// Whether the values are those of a dictionary that was proved before.
fn is_proved(values: &ArrayRef) -> bool {
    let (Ok(mut proved), Some((offsets, bytes))) = (PROVED.try_lock(), parts(values)) else { return false };
    let Some(at) = proved.iter().position(|proved| proved.offsets == offsets && proved.bytes == bytes) else {
        return false;
    };
    let found = proved.remove(at);
    proved.extend(found);
    true
}

/// Whether the values are found distinct by hashing them; then they are remembered.
fn differ(strings: &Strings<'_>, values: &ArrayRef, hasher: &DefaultHashBuilder) -> bool {
    // In bytes of our own first, so that what is proved is what is remembered.
    let own = parts(values).map(|(offsets, bytes)| Proved { offsets: offsets.to_vec(), bytes: bytes.to_vec() });
    let value = |at: usize| match &own {
        Some(Proved { offsets, bytes }) => {
            let from = |at: usize| offsets[at].wrapping_sub(offsets[0]) as usize;
            bytes.get(from(at)..from(at + 1)).unwrap_or_default()
        }
        None => strings.value(at).as_bytes(),
    };
    let mut seen: HashTable<u32> = HashTable::with_capacity(values.len());
    for at in 0..values.len() {
        let hash = hasher.hash_one(value(at));
        if seen.find(hash, |&other| value(other as usize) == value(at)).is_some() {
            return false;
        }
        seen.insert_unique(hash, at as u32, |&other| hasher.hash_one(value(other as usize)));
    }
    if let (Ok(mut proved), Some(own)) = (PROVED.try_lock(), own.filter(|own| own.size() <= KEPT_BYTES)) {
        proved.push_back(own);
        while proved.len() > KEPT || proved.iter().map(Proved::size).sum::<usize>() > KEPT_BYTES {
            proved.pop_front();
        }
    }
    true
}

/// Whether two arrays hold the same values.
pub(crate) fn are_equal(a: &ArrayRef, b: &ArrayRef) -> bool {
    let same_memory = || a.to_data().ptr_eq(&b.to_data());
    let equal = || match (parts(a), parts(b)) {
        (Some(a_parts), Some(b_parts)) if a.null_count() == 0 && b.null_count() == 0 => a_parts == b_parts || a == b,
        _ => a == b,
    };
    a.len() == b.len() && a.data_type() == b.data_type() && (same_memory() || equal())
}

/// Offsets and bytes of the values, where they have 32-bit offsets.
fn parts(values: &ArrayRef) -> Option<(&[i32], &[u8])> {
    if *values.data_type() != DataType::Utf8 {
        return None;
    }
    let strings = values.as_string::<i32>();
    let offsets = strings.value_offsets();
    let (first, last) = (*offsets.first()?, *offsets.last()?);
    Some((offsets, strings.value_data().get(first as usize..last as usize)?))
}

#[cfg(test)]
mod tests {
    use super::*;
    use arrow_array::{LargeStringArray, StringArray};
    use std::sync::Arc;

    fn distinct(values: &[&str]) -> bool {
        let hasher = DefaultHashBuilder::default();
        let array: ArrayRef = Arc::new(StringArray::from(values.to_vec()));
        let large: ArrayRef = Arc::new(LargeStringArray::from(values.to_vec()));
        let found = are_distinct(&array, &hasher);
        // Asked again, it may be remembered.
        assert_eq!(are_distinct(&array, &hasher), found);
        assert_eq!(are_distinct(&large, &hasher), found);
        found
    }

    #[test]
    fn equal_values_are_found_wherever_they_stand() {
        assert!(distinct(&[]) && distinct(&["a"]) && distinct(&["b", "a"]) && distinct(&["a", "b", "aa"]));
        assert!(!distinct(&["a", "a"]) && !distinct(&["b", "a", "b"]) && !distinct(&["", "a", ""]));
        assert!(!distinct(&["ACC-00000002", "ACC-00000001", "ACC-00000002"]));
        assert!(distinct(&["ab", "a"]) && distinct(&["a", "ab"]), "the same bytes, cut elsewhere");
    }

    #[test]
    fn the_order_of_ids_is_that_of_their_bytes() {
        let parts = ["", "A", "AAAAAAAA", "AAAAAAAB", "ACC-00000001", "ACC-00000002", "BCC-00000001", "é", "z"];
        for a in parts.iter().flat_map(|a| parts.map(|end| format!("{a}{end}"))) {
            for b in parts.iter().flat_map(|b| parts.map(|end| format!("{b}{end}"))) {
                assert_eq!(is_below(a.as_bytes(), b.as_bytes()), a < b, "{a} {b}");
                assert_eq!(is_equal(a.as_bytes(), b.as_bytes()), a == b, "{a} {b}");
            }
        }
    }
}
