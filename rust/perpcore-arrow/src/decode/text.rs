//! Text columns: names of the rulebook, words of a list, flags of true and false.

use super::view::{Chunk, Source};
use crate::contract::{Column, Kind};
use arrow_array::cast::AsArray;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{Array, LargeStringArray, StringArray, StringViewArray, downcast_dictionary_array};
use arrow_buffer::{ArrowNativeType, ScalarBuffer};
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure};
use perpcore::sweep::assess::Way;
use perpcore::sweep::snapshot::Names;
use perpcore::sweep::stop::Stop;

/// As many names as 8 bits can tell apart.
const MOST_FEW: usize = 256;

/// A name that was not found.
const UNKNOWN: u32 = u32::MAX;

/// Names of the rulebook by their places, as [`perpcore::sweep::snapshot::Names`].
pub(crate) enum Places {
    Few(Vec<u8>),
    Many(Vec<u32>),
}

impl Default for Places {
    fn default() -> Self {
        Places::Few(Vec::new())
    }
}

impl Places {
    pub(crate) fn view(&self) -> Names<'_> {
        match self {
            Places::Few(places) => Names::Few(places),
            Places::Many(places) => Names::Many(places),
        }
    }
}

/// A text array of any layout.
pub(crate) enum Strings<'a> {
    Offsets32(&'a StringArray),
    Offsets64(&'a LargeStringArray),
    Views(&'a StringViewArray),
}

impl<'a> Strings<'a> {
    pub(crate) fn of(array: &'a dyn Array) -> Option<Self> {
        match array.data_type() {
            DataType::Utf8 => Some(Strings::Offsets32(array.as_string())),
            DataType::LargeUtf8 => Some(Strings::Offsets64(array.as_string())),
            DataType::Utf8View => Some(Strings::Views(array.as_string_view())),
            _ => None,
        }
    }

    #[inline(always)]
    pub(crate) fn value(&self, at: usize) -> &'a str {
        match self {
            Strings::Offsets32(array) => array.value(at),
            Strings::Offsets64(array) => array.value(at),
            Strings::Views(array) => array.value(at),
        }
    }
}

/// Appends the indexes of a dictionary, whatever their width; those under a null mean nothing.
pub(super) fn append_indexes(array: &dyn Array, out: &mut Vec<u32>) {
    // No dictionary has more than 2³¹ values.
    each_index(array, out, |index| index as u32);
}

/// Appends what becomes of each index.
#[inline(always)]
fn each_index(array: &dyn Array, out: &mut Vec<u32>, of: impl Fn(usize) -> u32) {
    downcast_dictionary_array!(
        array => {
            let keys: &[_] = array.keys().values();
            Way::chosen().run(|| out.extend(keys.iter().map(|key| of(key.as_usize()))));
        },
        _ => {}
    );
}

/// The indexes of a dictionary; those of 32 bits stay where they are.
pub(super) fn indexes(array: &dyn Array) -> ScalarBuffer<u32> {
    match array.as_dictionary_opt::<Int32Type>() {
        Some(array) => array.keys().values().inner().clone().into(),
        None => {
            let mut out = Vec::with_capacity(array.len());
            append_indexes(array, &mut out);
            out.into()
        }
    }
}

/// A cell as text, for an error.
pub(super) fn shown(array: &dyn Array, at: usize) -> String {
    if let Some(number) = super::number::shown(array, at) {
        return number;
    }
    if let Some(strings) = Strings::of(array) {
        return shortened(strings.value(at));
    }
    let text = downcast_dictionary_array!(
        array => array.key(at).and_then(|index| Strings::of(array.values()).map(|strings| shortened(strings.value(index)))),
        _ => None
    );
    text.unwrap_or_else(|| String::from("?"))
}

/// As much of a text as helps to find it; many rows may show the same long one.
fn shortened(text: &str) -> String {
    const SHOWN: usize = 200;
    match text.char_indices().nth(SHOWN) {
        Some((end, _)) => format!("{}…", &text[..end]),
        None => text.to_string(),
    }
}

impl Source {
    /// Looks every name of a column up; none where the column did not come. What is not found is refused with `code`,
    /// what is null with `null_value` or, where `default` is given, counts as that.
    pub(crate) fn lookup(
        &mut self,
        name: &str,
        code: Code,
        default: Option<u32>,
        find: impl Fn(&str) -> Option<u32>,
    ) -> Result<Option<Vec<u32>>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        let mut out = Vec::with_capacity(self.rows());
        for chunk in self.chunks(at) {
            let start = out.len();
            self.go_on()?;
            match found(&chunk, &find, &mut out, &self.stop) {
                None => return Err(self.wrong_type(column, chunk.values.data_type()).into()),
                Some(true) => continue,
                Some(false) => self.go_on()?,
            }
            for (row, place) in out[start..].iter_mut().enumerate() {
                self.go_on_at(row)?;
                let null = chunk.is_null(row);
                if !null && *place != UNKNOWN {
                    continue;
                }
                *place = default.filter(|_| null).unwrap_or(0);
                if !null || default.is_none() {
                    self.refuse(if null { Code::NullValue } else { code }, column, &chunk, row);
                }
            }
        }
        Ok(Some(out))
    }

    /// Looks every name of a column up among `count`, as [`Source::lookup`] without a default.
    pub(crate) fn places(
        &mut self,
        name: &str,
        code: Code,
        count: usize,
        find: impl Fn(&str) -> Option<u32>,
    ) -> Result<Places, Failure> {
        if count <= MOST_FEW
            && let Some(few) = self.few_places(name, &find)
        {
            return Ok(Places::Few(few));
        }
        let places = self.lookup(name, code, None, find)?.unwrap_or_default();
        Ok(match count {
            0..=MOST_FEW => Places::Few(places.into_iter().map(|place| place as u8).collect()),
            _ => Places::Many(places),
        })
    }

    /// The places of a column of 8-bit indexes into names of which each is one of the first 256, without nulls.
    fn few_places(&self, name: &str, find: &impl Fn(&str) -> Option<u32>) -> Option<Vec<u8>> {
        let (at, _) = self.find(name)?;
        let mut out = Vec::with_capacity(self.rows());
        for chunk in self.chunks(at) {
            let array = chunk.values.as_dictionary_opt::<Int8Type>().filter(|_| chunk.nulls.is_none())?;
            let strings = Strings::of(array.values())?;
            // As many as indexes can tell apart, so that none needs to be looked at.
            let mut places = [0_u8; MOST_FEW];
            for (at, place) in places.iter_mut().enumerate().take(array.values().len()) {
                *place = find(strings.value(at)).and_then(|place| u8::try_from(place).ok())?;
            }
            let count = array.values().len();
            Way::chosen().run(|| translate(array.keys().values(), &places, count, &mut out));
        }
        Some(out)
    }

    /// A column of words: the place of each in the contract's list, 0 where null.
    pub(crate) fn words(&mut self, name: &str) -> Result<Option<Vec<u32>>, Failure> {
        let Some((_, Column { kind: Kind::Word(words), .. })) = self.find(name) else { return Ok(None) };
        let place = |text: &str| words.iter().position(|word| *word == text).map(|place| place as u32);
        self.lookup(name, Code::OutOfRange, Some(0), place)
    }

    /// The same where there are at most 256 words.
    pub(crate) fn few_words(&mut self, name: &str) -> Result<Option<Vec<u8>>, Failure> {
        let Some((_, Column { kind: Kind::Word(words), .. })) = self.find(name) else { return Ok(None) };
        let place = |text: &str| words.iter().position(|word| *word == text).map(|place| place as u32);
        match self.few_places(name, &place) {
            Some(few) => Ok(Some(few)),
            None => Ok(self.words(name)?.map(|places| places.into_iter().map(|place| place as u8).collect())),
        }
    }

    /// Whether each word of a column is the second of its list of two.
    pub(crate) fn second_words(&mut self, name: &str) -> Result<Option<Vec<bool>>, Failure> {
        Ok(self.words(name)?.map(|places| places.into_iter().map(|place| place == 1).collect()))
    }

    /// A column of any text that changes no figure: only its type is looked at.
    pub(crate) fn any_text(&mut self, name: &str) -> Result<(), Failure> {
        self.lookup(name, Code::OutOfRange, Some(0), |_| Some(0)).map(|_| ())
    }

    /// A column of true and false, false where null.
    pub(crate) fn flags(&mut self, name: &str) -> Result<Option<Vec<bool>>, Failure> {
        let Some((at, column)) = self.find(name) else { return Ok(None) };
        let mut out = Vec::with_capacity(self.rows());
        for chunk in self.chunks(at) {
            match (chunk.values.as_boolean_opt(), Strings::of(&*chunk.values)) {
                (Some(values), _) => out.extend((0..values.len()).map(|row| !chunk.is_null(row) && values.value(row))),
                (None, Some(strings)) => {
                    for row in 0..chunk.values.len() {
                        let word = if chunk.is_null(row) { "false" } else { strings.value(row) };
                        if !matches!(word, "true" | "false") {
                            self.refuse(Code::OutOfRange, column, &chunk, row);
                        }
                        out.push(word == "true");
                    }
                }
                (None, None) if *chunk.values.data_type() == DataType::Null => {
                    out.resize(out.len() + chunk.values.len(), false);
                }
                (None, None) => {
                    return Err(self.wrong_type(column, chunk.values.data_type()).into());
                }
            }
        }
        Ok(Some(out))
    }
}

/// Appends what each index stands for; of a few names by comparing, many indexes at a time.
#[inline(always)]
fn translate(indexes: &[i8], places: &[u8; MOST_FEW], count: usize, out: &mut Vec<u8>) {
    const COMPARED: usize = 8;
    match places.first_chunk::<COMPARED>() {
        Some(places) if count <= COMPARED => out.extend(
            indexes
                .iter()
                .map(|&index| (0..).zip(places).fold(0, |found, (at, &place)| if index == at { place } else { found })),
        ),
        _ => out.extend(indexes.iter().map(|&index| places[usize::from(index as u8)])),
    }
}

/// Appends the place of every name of a chunk, [`UNKNOWN`] where there is none; says whether all were found without
/// looking further. None where it is no text. Where it is stopped, places are missing.
fn found(chunk: &Chunk, find: &impl Fn(&str) -> Option<u32>, out: &mut Vec<u32>, stop: &Stop) -> Option<bool> {
    let array = &*chunk.values;
    if *array.data_type() == DataType::Null {
        out.resize(out.len() + array.len(), UNKNOWN);
        return Some(false);
    }
    if let Some(dictionary) = array.as_any_dictionary_opt() {
        let values = dictionary.values();
        let strings = Strings::of(values)?;
        let places: Vec<u32> = (0..values.len()).map(|at| find(strings.value(at)).unwrap_or(UNKNOWN)).collect();
        // Names are few: in a table of one length no index needs to be looked at.
        let mut few = [UNKNOWN; 256];
        match few.get_mut(..places.len()) {
            Some(first) => {
                first.copy_from_slice(&places);
                each_index(array, out, |index| few[index % few.len()]);
            }
            None => each_index(array, out, |index| places.get(index).copied().unwrap_or(UNKNOWN)),
        }
        return Some(chunk.nulls.is_none() && !places.contains(&UNKNOWN));
    }
    let strings = Strings::of(array)?;
    let mut last = ("", find("").unwrap_or(UNKNOWN));
    out.extend((0..array.len()).take_while(|at| !stop.asked_at(*at)).map(|at| {
        let name = strings.value(at);
        if name != last.0 {
            last = (name, find(name).unwrap_or(UNKNOWN));
        }
        last.1
    }));
    Some(false)
}
