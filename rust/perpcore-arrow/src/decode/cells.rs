//! How the cells of a column of `commands` become those of a block.

use super::block::{BLOCK, Block, NAMES, NUMBERS, TIMES, WORDS, bit};
use super::commands::{Form, Numbering, Ready, UNKNOWN, UNKNOWN_NAME};
use super::feed::said;
use super::integers::each_integer;
use super::key::AccountKey;
use super::lists::Lists;
use super::number::{Bounded, append_narrow, walk};
use super::text::{Strings, indexes, shown};
use super::time::{YEAR_2000_NS, nanoseconds};
use super::view::Chunk;
use crate::contract::commands::{At, CommandKind};
use crate::contract::{COMMANDS, Kind};
use arrow_array::cast::AsArray;
use arrow_array::types::{Decimal128Type, Int64Type};
use arrow_array::{Array, ArrayRef};
use arrow_buffer::NullBuffer;
use arrow_schema::DataType;
use perpcore::fault::Code;
use perpcore::message::{CLIENT_ID_BYTES, NOBODY};
use perpcore::num::bounds::Bound;
use perpcore::sweep::stop::Stop;

impl Ready {
    /// Decodes some rows of the column.
    pub(super) fn fill(&mut self, start: usize, rows: usize, block: &mut Block, numbering: &mut Numbering<'_>) {
        let at = self.at;
        give(&mut block.given[..rows], self.chunk.nulls.as_ref(), start, bit(at));
        let all = self.chunk.nulls.is_none();
        match &mut self.form {
            Form::Unread => {}
            Form::Codes { places, indexes } => {
                let place = |index: &u32| places.get(*index as usize).copied().unwrap_or(UNKNOWN);
                let found = indexes[start..start + rows].iter().map(place);
                words(block, at, rows, found);
            }
            Form::Words => {
                let Some(strings) = Strings::of(&*self.chunk.values) else { return };
                let found = each(&self.chunk, &strings, start, rows, |word| self.scope.word(at, word));
                words(block, at, rows, found);
            }
            Form::NameCodes { places, indexes } => {
                let place = |index: &u32| places.get(*index as usize).copied().unwrap_or(UNKNOWN_NAME);
                let found = indexes[start..start + rows].iter().map(place);
                names(block, at, rows, found);
            }
            Form::Names => {
                let Some(strings) = Strings::of(&*self.chunk.values) else { return };
                let found = each(&self.chunk, &strings, start, rows, |name| self.scope.name(at, name));
                names(block, at, rows, found);
            }
            Form::Numbers { raw } => {
                let chunk = part(&self.chunk, start, rows);
                numbers(block, at, &chunk, *raw, all);
            }
            Form::Times => times(block, at, &self.chunk.values.slice(start, rows)),
            Form::Known => known(block, at, &part(&self.chunk, start, rows), numbering),
            Form::Flags => flags(block, &part(&self.chunk, start, rows)),
            Form::Integers => integers(block, at, &self.chunk.values.slice(start, rows), numbering),
            Form::Coded { values, numbers, indexes } => {
                let Some(names) = numbering.of(at) else {
                    return lengths(block, rows, |row| {
                        Strings::of(&**values).map_or(0, |strings| strings.value(indexes[start + row] as usize).len())
                    });
                };
                for row in 0..rows {
                    if block.given[row] & bit(at) == 0 {
                        continue;
                    }
                    let index = indexes[start + row] as usize;
                    let known = numbers.get(index).copied().unwrap_or(NOBODY);
                    let number = if known == NOBODY {
                        let text = Strings::of(&**values).map_or("", |strings| strings.value(index));
                        let number = names.number(&AccountKey::Text(text));
                        if let (Some(place), Some(number)) = (numbers.get_mut(index), number) {
                            *place = number;
                        }
                        number
                    } else {
                        Some(known)
                    };
                    named(block, at, row, number);
                }
            }
            Form::Texts => {
                let Some(strings) = Strings::of(&*self.chunk.values) else { return };
                let Some(names) = numbering.of(at) else {
                    return lengths(block, rows, |row| strings.value(start + row).len());
                };
                for row in 0..rows {
                    if block.given[row] & bit(at) != 0 {
                        named(block, at, row, names.number(&AccountKey::Text(strings.value(start + row))));
                    }
                }
            }
        }
    }

    /// The client id of a row, where ids are text.
    pub(super) fn text(&self, row: usize) -> &str {
        match &self.form {
            Form::Coded { values, indexes, .. } => {
                Strings::of(&**values).map_or("", |strings| strings.value(indexes[row] as usize))
            }
            _ => Strings::of(&*self.chunk.values).map_or("", |strings| strings.value(row)),
        }
    }
}

/// What becomes of each text of some rows, where rows beside each other often have the same; under a null anything.
fn each<'a, T: Copy>(
    chunk: &'a Chunk,
    strings: &'a Strings<'a>,
    start: usize,
    rows: usize,
    of: impl Fn(&str) -> T,
) -> impl Iterator<Item = T> {
    let mut last = ("", of(""));
    (start..start + rows).map(move |row| {
        let word = if chunk.is_null(row) { last.0 } else { strings.value(row) };
        if word != last.0 {
            last = (word, of(word));
        }
        last.1
    })
}

/// Some rows of a chunk.
fn part(chunk: &Chunk, start: usize, rows: usize) -> Chunk {
    let nulls = chunk.nulls.as_ref().map(|nulls| nulls.slice(start, rows));
    Chunk { values: chunk.values.slice(start, rows), nulls, first: chunk.first + start }
}

/// Says which rows have a value.
#[inline(always)]
fn give(given: &mut [u64], nulls: Option<&NullBuffer>, start: usize, bit: u64) {
    let Some(nulls) = nulls else { return given.iter_mut().for_each(|given| *given |= bit) };
    let valid = nulls.inner().slice(start, given.len());
    for (given, valid) in given.chunks_mut(64).zip(valid.bit_chunks().iter_padded()) {
        for (at, given) in given.iter_mut().enumerate() {
            *given |= (valid >> at & 1) * bit;
        }
    }
}

/// Takes words over; one that is unknown is a fault of its row.
#[inline(always)]
fn words(block: &mut Block, at: At, rows: usize, found: impl Iterator<Item = u8>) {
    let mut spare = [0; BLOCK];
    let target: &mut [u8] = match WORDS.iter().position(|word| *word == at) {
        Some(place) => &mut block.words[place],
        None if at == At::Kind => &mut block.kind,
        None => &mut spare,
    };
    let mut unknown = false;
    for (target, found) in target.iter_mut().zip(found) {
        *target = found;
        unknown |= found == UNKNOWN;
    }
    if !unknown {
        return;
    }
    let unknown: Vec<usize> = (0..rows).filter(|row| target[*row] == UNKNOWN).collect();
    for row in unknown {
        if block.given[row] & bit(at) != 0 {
            block.refuse(row, at, Code::OutOfRange);
        }
    }
}

/// Takes names over; one that the rulebook does not have is a fault of its row.
#[inline(always)]
fn names(block: &mut Block, at: At, rows: usize, found: impl Iterator<Item = u32>) {
    let Some(place) = NAMES.iter().position(|name| *name == at) else { return };
    let mut unknown = false;
    for (target, found) in block.names[place].iter_mut().zip(found) {
        *target = found;
        unknown |= found == UNKNOWN_NAME;
    }
    for row in (0..rows).filter(|_| unknown) {
        if block.names[place][row] == UNKNOWN_NAME && block.given[row] & bit(at) != 0 {
            block.refuse(row, at, Lists::unknown(at));
        }
    }
}

/// Takes numbers over, in g.
fn numbers(block: &mut Block, at: At, chunk: &Chunk, raw: bool, all: bool) {
    let Kind::Number(bound) = COMMANDS.columns[at as usize].kind else { return };
    let Some(place) = NUMBERS.iter().position(|number| *number == at) else {
        return amounts(block, at, chunk, raw, bound);
    };
    let target = &mut block.numbers[place];
    let rows = chunk.values.len();
    let quick = match (chunk.values.data_type(), raw) {
        (DataType::Int64, true) => {
            target[..rows].copy_from_slice(chunk.values.as_primitive::<Int64Type>().values());
            true
        }
        (DataType::Decimal128(_, 8), false) => {
            target.clear();
            let narrow = append_narrow(chunk.values.as_primitive::<Decimal128Type>().values(), target);
            target.resize(BLOCK, 0);
            narrow
        }
        _ => false,
    };
    let (least, most) = (bound.min as i64, bound.max as i64);
    let fits = |(value, given): (&i64, &u64)| (given & bit(at) == 0) | ((least <= *value) & (*value <= most));
    let all_fit = || match all {
        true => i64::all_within(&target[..rows], bound),
        // What stands under a null means nothing.
        false => target.iter().zip(&block.given[..rows]).fold(true, |fit, cell| fit & fits(cell)),
    };
    if quick && all_fit() {
        return;
    }
    let mut refused: Vec<(usize, Code)> = Vec::new();
    let is_feed = |row: usize| at == At::Price && usize::from(block.kind[row]) == CommandKind::Quote as usize;
    walk(chunk, raw, &Stop::default(), |row, value| {
        let found = value.map_err(Code::from).and_then(|value| within(bound, value));
        target[row] = found.unwrap_or(0);
        if let Err(code) = found {
            // What a feed says is no price is said as well.
            let is_negative = || shown(&*chunk.values, row).starts_with('-');
            match is_feed(row).then(|| said(value, is_negative)).flatten() {
                Some(said) => target[row] = said,
                None => refused.push((row, code)),
            }
        }
    });
    refuse_given(block, at, refused);
}

/// Takes amounts of money over, in g.
fn amounts(block: &mut Block, at: At, chunk: &Chunk, raw: bool, bound: &Bound) {
    let mut refused: Vec<(usize, Code)> = Vec::new();
    walk(chunk, raw, &Stop::default(), |row, value| {
        let within = |value| if bound.holds(value) { Ok(value) } else { Err(Code::OutOfRange) };
        let found = value.map_err(Code::from).and_then(within);
        block.amount[row] = found.unwrap_or(0);
        if let Err(code) = found {
            refused.push((row, code));
        }
    });
    refuse_given(block, at, refused);
}

/// Refuses cells, but those under a null.
fn refuse_given(block: &mut Block, at: At, refused: Vec<(usize, Code)>) {
    for (row, code) in refused {
        if block.given[row] & bit(at) != 0 {
            block.refuse(row, at, code);
        }
    }
}

fn within(bound: &Bound, value: i128) -> Result<i64, Code> {
    let narrow = i64::try_from(value).ok().filter(|_| bound.holds(value));
    narrow.ok_or(Code::OutOfRange)
}

/// Takes times over, in ns.
fn times(block: &mut Block, at: At, values: &ArrayRef) {
    let Some((found, factor)) = nanoseconds(&**values) else { return };
    let Some(place) = TIMES.iter().position(|time| *time == at) else { return };
    if at == At::Sent {
        // Somebody else's clock: whatever it says, beyond 64 bits as far as they reach.
        for (target, value) in block.times[place].iter_mut().zip(&*found) {
            *target = value.saturating_mul(factor);
        }
        return;
    }
    let least = if *values.data_type() == DataType::Int64 { YEAR_2000_NS } else { i64::MIN };
    let mut refused: Vec<(usize, Code)> = Vec::new();
    for (row, (target, value)) in block.times[place].iter_mut().zip(&*found).enumerate() {
        let time = value.checked_mul(factor);
        *target = time.unwrap_or(0);
        match time {
            None => refused.push((row, Code::OutOfRange)),
            Some(time) if time < least => refused.push((row, Code::ImplausibleTime)),
            Some(_) => {}
        }
    }
    refuse_given(block, at, refused);
}

/// Takes true and false over.
fn flags(block: &mut Block, chunk: &Chunk) {
    if let Some(values) = chunk.values.as_boolean_opt() {
        for (row, target) in block.reduce_only.iter_mut().enumerate().take(values.len()) {
            *target = u8::from(values.value(row));
        }
        return;
    }
    let Some(strings) = Strings::of(&*chunk.values) else { return };
    for row in (0..chunk.values.len()).filter(|row| !chunk.is_null(*row)) {
        let word = strings.value(row);
        block.reduce_only[row] = u8::from(word == "true");
        if !matches!(word, "true" | "false") {
            block.refuse(row, At::ReduceOnly, Code::OutOfRange);
        }
    }
}

/// Takes integers over: ids of orders, of clients' orders, of accounts.
fn integers(block: &mut Block, at: At, values: &ArrayRef, numbering: &mut Numbering<'_>) {
    let mut names = numbering.of(at);
    each_integer(&**values, |row, value| {
        if block.given[row] & bit(at) == 0 {
            return;
        }
        match (value, &mut names) {
            (Some(value), Some(names)) => named(block, at, row, names.integer(value)),
            (Some(value), None) if at == At::Order => block.order[row] = value,
            (Some(value), None) => block.client_id[row] = value,
            (None, _) => block.refuse(row, at, Code::OutOfRange),
        }
    });
}

/// Takes ids of accounts over that are known: nobody gets a number by being paid, or numbers would depend on how commands are
/// cut into tables.
fn known(block: &mut Block, at: At, chunk: &Chunk, numbering: &Numbering<'_>) {
    let mut take = |row: usize, key: AccountKey<'_>| {
        block.to_account[row] = numbering.accounts.find(&key).unwrap_or(NOBODY);
    };
    let given = |row: &usize| !chunk.is_null(*row);
    let mut negative = Vec::new();
    if let Some(dictionary) = chunk.values.as_any_dictionary_opt() {
        let Some(strings) = Strings::of(&**dictionary.values()) else { return };
        let places = indexes(&*chunk.values);
        for row in (0..chunk.values.len()).filter(given) {
            take(row, AccountKey::Text(strings.value(places[row] as usize)));
        }
    } else if let Some(strings) = Strings::of(&*chunk.values) {
        for row in (0..chunk.values.len()).filter(given) {
            take(row, AccountKey::Text(strings.value(row)));
        }
    } else {
        each_integer(&*chunk.values, |row, value| match value {
            Some(value) => take(row, AccountKey::Integer(value)),
            None => negative.push((row, Code::OutOfRange)),
        });
    }
    refuse_given(block, at, negative);
}

/// Takes the number of an id over; none where there are too many.
#[inline(always)]
fn named(block: &mut Block, at: At, row: usize, number: Option<u32>) {
    let target = match at {
        At::Account => &mut block.account,
        At::Client => &mut block.client,
        _ => &mut block.group,
    };
    match number {
        Some(number) => target[row] = number,
        None => {
            target[row] = NOBODY;
            block.refuse(row, at, Code::OutOfRange);
        }
    }
}

/// Refuses client ids that are too long.
fn lengths(block: &mut Block, rows: usize, length: impl Fn(usize) -> usize) {
    for row in 0..rows {
        if block.given[row] & bit(At::ClientId) != 0 && length(row) > CLIENT_ID_BYTES {
            block.refuse(row, At::ClientId, Code::OutOfRange);
        }
    }
}
