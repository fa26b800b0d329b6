//! Text in foreign memory: offsets, views and UTF-8 are checked, so that every row is a text of ours.

use super::column::Memory;
use super::{Refusal, refuse};
use arrow_buffer::{ArrowNativeType, Buffer, ScalarBuffer, ToByteSlice};
use perpcore::fault::Code;

/// No name, id, number or word is longer. An offset that lies is so found before memory is read by it, and a few bytes
/// of input cannot stand for more text than their size deserves. It has all bits set, so the bits of all lengths taken
/// together tell whether one of them is beyond it.
const MOST_BYTES: u64 = 0xffff;
/// Views into more buffers are a mistake.
pub(super) const MOST_BUFFERS: i64 = 1 << 20;

/// An offset: a number that counts bytes.
pub(super) trait Offset: ArrowNativeType {
    /// The bits that are set in any of the offsets, with what is set in any of the steps between them.
    fn bits(offsets: &[Self]) -> (i64, u64);

    fn number(self) -> i64;
}

macro_rules! offset {
    ($signed:ty, $unsigned:ty) => {
        impl Offset for $signed {
            fn bits(offsets: &[Self]) -> (i64, u64) {
                let bits = offsets.windows(2).fold((offsets[0], 0), |(any, steps), pair| {
                    (any | pair[1], steps | pair[1].wrapping_sub(pair[0]) as $unsigned)
                });
                (bits.0.into(), bits.1.into())
            }

            fn number(self) -> i64 {
                self.into()
            }
        }
    };
}
offset!(i32, u32);
offset!(i64, u64);

/// Offsets and bytes of text.
pub(super) fn by_offsets<O: Offset>(memory: &Memory<'_>) -> Result<Vec<Buffer>, Refusal> {
    let offsets: ScalarBuffer<O> = memory.items(1, memory.rows + 1)?;
    let (any, steps) = O::bits(&offsets);
    if any < 0 || steps > MOST_BYTES {
        return Err(stray(&offsets));
    }
    // From here on offsets rise from 0 or more.
    let (first, last) = (offsets[0].as_usize(), offsets[memory.rows].as_usize());
    let bytes = memory.buffer(2, 0, last)?;
    let text = &bytes[first..last];
    if !text.is_ascii() {
        let cut_between = |text: &str| offsets.iter().all(|at| text.is_char_boundary(at.as_usize() - first));
        if !std::str::from_utf8(text).is_ok_and(cut_between) {
            return Err(not_utf8(offsets.windows(2).map(|pair| &bytes[pair[0].as_usize()..pair[1].as_usize()])));
        }
    }
    Ok(vec![offsets.into_inner(), bytes])
}

/// Which of the offsets strays.
#[cold]
fn stray<O: Offset>(offsets: &[O]) -> Refusal {
    let falls = |pair: &[O]| pair[0].number() < 0 || pair[1].number() < pair[0].number();
    if let Some(row) = offsets.windows(2).position(falls) {
        let found = format!("offsets {:?} and {:?}", offsets[row], offsets[row + 1]);
        return refuse(found, "offsets that rise from 0 or more").at(row);
    }
    let bytes = |pair: &[O]| pair[1].number().abs_diff(pair[0].number());
    let row = offsets.windows(2).position(|pair| bytes(pair) > MOST_BYTES).unwrap_or(0);
    too_long(row, bytes(&offsets[row..]))
}

/// Text by offsets of which single ones are looked at.
pub(super) struct Texts<O: Offset> {
    offsets: ScalarBuffer<O>,
    bytes: Buffer,
}

impl<O: Offset> Texts<O> {
    pub(super) fn of(memory: &Memory<'_>) -> Result<Self, Refusal> {
        let offsets: ScalarBuffer<O> = memory.items(1, memory.rows + 1)?;
        // The last offset says how many bytes there are.
        let Ok(last) = usize::try_from(offsets[memory.rows].number()) else {
            return Err(stray(&offsets[memory.rows - 1..]));
        };
        Ok(Texts { bytes: memory.buffer(2, 0, last)?, offsets })
    }

    pub(super) fn value(&self, at: usize) -> Result<&str, Refusal> {
        let pair = &self.offsets[at..at + 2];
        let (from, to) = (pair[0].number(), pair[1].number());
        if from < 0 || to < from || to.abs_diff(from) > MOST_BYTES {
            return Err(stray(pair));
        }
        let Some(text) = self.bytes.get(from as usize..to as usize) else {
            let found = format!("offset {to} of {}", self.bytes.len());
            return Err(refuse(found, "offsets that rise from 0 or more"));
        };
        std::str::from_utf8(text).map_err(|_| not_utf8(std::iter::once(text)))
    }
}

/// Text in views of which single ones are looked at.
pub(super) struct Views {
    views: ScalarBuffer<u128>,
    buffers: Vec<Buffer>,
}

impl Views {
    pub(super) fn of(memory: &Memory<'_>) -> Result<Self, Refusal> {
        let views: ScalarBuffer<u128> = memory.items(1, memory.rows)?;
        // After bitmap and views, before the list of their sizes.
        let last = memory.array.n_buffers as usize - 1;
        let mut buffers = Vec::new();
        if last > 2 {
            let Some(sizes) = memory.array.buffer(last) else {
                return Err(refuse("no sizes of the buffers", "the size of every buffer that views point into"));
            };
            for at in 2..last {
                // SAFETY: the last buffer has one size for each; it may lie anywhere.
                let size = unsafe { sizes.cast::<i64>().add(at - 2).read_unaligned() };
                let Ok(bytes) = usize::try_from(size) else {
                    return Err(refuse(format!("size {size} of buffer {at}"), "a size from 0"));
                };
                buffers.push(memory.buffer(at, 0, bytes)?);
            }
        }
        Ok(Views { views, buffers })
    }

    pub(super) fn value(&self, at: usize) -> Result<&str, Refusal> {
        viewed(&self.views[at], &self.buffers)
    }
}

/// Views and the buffers that they point into.
pub(super) fn by_views(memory: &Memory<'_>) -> Result<Vec<Buffer>, Refusal> {
    let Views { views, buffers } = Views::of(memory)?;
    for (row, view) in views.iter().enumerate() {
        if !is_short_ascii(*view) {
            viewed(view, &buffers).map_err(|refusal| refusal.at(row))?;
        }
    }
    Ok(std::iter::once(views.into_inner()).chain(buffers).collect())
}

/// Whether a view is the common one: at most twelve bytes of ASCII, zeros behind them.
#[inline(always)]
fn is_short_ascii(view: u128) -> bool {
    const HIGH_BITS: u128 = u128::from_ne_bytes([0x80; 16]);
    let (length, text) = (view as u32, view >> 32);
    length <= 12 && text >> (8 * length) == 0 && text & HIGH_BITS == 0
}

/// Follows a view: four bytes of length, then up to twelve of text, or a prefix, a buffer and an offset.
fn viewed<'a>(view: &'a u128, buffers: &'a [Buffer]) -> Result<&'a str, Refusal> {
    // As they lie in memory; numbers in them are little-endian.
    let bytes = std::slice::from_ref(view).to_byte_slice();
    let part = |at: usize| i32::from_le_bytes([bytes[at], bytes[at + 1], bytes[at + 2], bytes[at + 3]]);
    let Ok(length) = usize::try_from(part(0)) else {
        return Err(refuse(format!("a view of {} bytes", part(0)), "a length from 0"));
    };
    let text = if length <= 12 {
        if bytes[4 + length..].iter().any(|&byte| byte != 0) {
            return Err(refuse("a short view with more than its text", "zeros behind the text"));
        }
        &bytes[4..4 + length]
    } else if length as u64 > MOST_BYTES {
        return Err(too_long(0, length as u64));
    } else {
        let found = usize::try_from(part(8)).ok().and_then(|buffer| buffers.get(buffer));
        let from = usize::try_from(part(12)).ok();
        let text = found.and_then(|buffer| from.and_then(|from| buffer.as_slice().get(from..)?.get(..length)));
        let Some(text) = text else {
            let found = format!("a view of {length} bytes from {} in buffer {}", part(12), part(8));
            return Err(refuse(found, "a view into one of its buffers"));
        };
        if text[..4] != bytes[4..8] {
            return Err(refuse("a view whose prefix is not that of its text", "the first four bytes of the text"));
        }
        text
    };
    std::str::from_utf8(text).map_err(|_| not_utf8(std::iter::once(text)))
}

fn too_long(row: usize, bytes: u64) -> Refusal {
    let refusal = refuse(format!("a text of {bytes} bytes"), format!("text of at most {MOST_BYTES} bytes"));
    Refusal { code: Code::OutOfRange, ..refusal }.at(row)
}

/// The first of the rows that is not UTF-8.
#[cold]
fn not_utf8<'a>(mut rows: impl Iterator<Item = &'a [u8]>) -> Refusal {
    let wrong = |text: &&[u8]| std::str::from_utf8(text).is_err();
    let (row, text) = rows.by_ref().enumerate().find(|(_, text)| wrong(text)).unwrap_or_default();
    let shown = text[..text.len().min(64)].escape_ascii().to_string();
    Refusal { code: Code::InvalidText, ..refuse(shown, Code::InvalidText.entry().accepted) }.at(row)
}
