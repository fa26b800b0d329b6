//! Account ids that come as a dictionary: its codes stand for them once its values are known to be distinct.

use super::distinct::{are_distinct, are_equal};
use super::ids::{AccountIds, Ids, NOBODY};
use super::origins::Origin;
use super::text::{append_indexes, indexes};
use super::view::Chunk;
use arrow_array::ArrayRef;
use arrow_array::cast::AsArray;
use perpcore::sweep::assess::Way;
use perpcore::sweep::runs::{Runs, runs};
use perpcore::sweep::stop::{STRIDE, Stop};

/// A dictionary whose values are distinct, with the account of each, [`NOBODY`] where no row named it yet.
pub(super) struct Dictionary {
    values: ArrayRef,
    accounts: Vec<u32>,
    /// So many of the first values have the account of their own place.
    same: usize,
    source: u32,
}

/// Turns codes of distinct values into accounts, of which `known` are there already; the codes of new ones, in order of
/// first appearance. A code without a value becomes [`NOBODY`]. Ends early
/// where `stop` says so; then nobody looks at the accounts.
fn number(codes: &mut [u32], accounts: &mut [u32], known: usize, stop: &Stop) -> Vec<u32> {
    let unnamed = Way::chosen().run(|| accounts.iter().filter(|&&account| account == NOBODY).count());
    // Written at every row, so that no branch is to be guessed: the code that would be the next new one.
    let (mut new, mut found) = (vec![0; unnamed + 1], 0);
    for codes in codes.chunks_mut(STRIDE) {
        if stop.asked() {
            break;
        }
        for code in codes {
            let Some(account) = accounts.get_mut(*code as usize) else {
                *code = NOBODY;
                continue;
            };
            let is_new = *account == NOBODY;
            *account = if is_new { (known + found) as u32 } else { *account };
            // There is a place for each that is unnamed, and one more.
            if let Some(place) = new.get_mut(found) {
                *place = *code;
            }
            found += usize::from(is_new);
            *code = *account;
        }
    }
    new.truncate(found);
    new
}

impl AccountIds {
    /// The accounts of a chunk in runs, [`NOBODY`] where a place is none; none where codes fall or are null, then the
    /// account of every row was appended.
    pub(super) fn dictionary(&mut self, chunk: &Chunk, out: &mut Vec<u32>, stop: &Stop) -> Option<Runs> {
        let dictionary = chunk.values.as_any_dictionary_opt()?;
        self.rises = false;
        let known = self.dictionaries.iter().position(|known| are_equal(&known.values, dictionary.values()));
        let at = known.unwrap_or_else(|| self.add_dictionary(dictionary.values()));
        let mut accounts = std::mem::take(&mut self.dictionaries[at].accounts);
        let Dictionary { source, mut same, .. } = self.dictionaries[at];
        let start = out.len();
        let found = Some(&*chunk.values).filter(|_| chunk.nulls.is_none()).and_then(|values| {
            // A dictionary has at most as many distinct codes as values.
            runs(&indexes(values), accounts.len())
        });
        let (hashed, known) = (self.hashed, self.len());
        let is_first = known == 0 && !hashed;
        let mut account_of = |accounts: &mut [u32], place: u32| match accounts.get_mut(place as usize) {
            Some(account) if *account != NOBODY => *account,
            Some(account) => {
                *account = self.account_at(Origin { source, place });
                *account
            }
            None => NOBODY,
        };
        let named = match found {
            None if !hashed && chunk.nulls.is_none() => {
                append_indexes(&*chunk.values, out);
                let new = number(&mut out[start..], &mut accounts, known, stop);
                if let Ids::Text { origins, .. } = &mut self.ids {
                    origins.extend(source, new);
                }
                None
            }
            None => {
                append_indexes(&*chunk.values, out);
                for (row, code) in out[start..].iter_mut().enumerate() {
                    *code = if chunk.is_null(row) { NOBODY } else { account_of(&mut accounts, *code) };
                }
                None
            }
            Some(mut found) => {
                let places = &mut found.numbers;
                // Codes rise, so the last one is the largest.
                let largest = places.last().map_or(0, |&place| place as usize);
                if is_first && largest < accounts.len() {
                    // The first rows of all: their runs are new accounts, in order of appearance.
                    let numbers = (0..places.len() as u32).collect();
                    if largest < places.len() {
                        same = places.len();
                        accounts[..same].copy_from_slice(places);
                    } else {
                        (0..).zip(&*places).for_each(|(account, &place)| accounts[place as usize] = account);
                    }
                    if let Ids::Text { origins, .. } = &mut self.ids {
                        origins.extend(source, std::mem::replace(places, numbers));
                    }
                } else if largest >= same.min(places.len()) {
                    // Else nobody is new, and places are accounts already.
                    places.iter_mut().for_each(|place| *place = account_of(&mut accounts, *place));
                }
                Some(found)
            }
        };
        (self.dictionaries[at].accounts, self.dictionaries[at].same) = (accounts, same);
        named
    }

    fn add_dictionary(&mut self, values: &ArrayRef) -> usize {
        let source = self.add_source(values);
        // Values of the first dictionary need no look-up where they are distinct.
        let first = self.len() == 0 && self.dictionaries.is_empty();
        if !(first && are_distinct(values, &self.hasher)) {
            self.hash_all();
        }
        let accounts = vec![NOBODY; values.len()];
        self.dictionaries.push(Dictionary { values: values.clone(), accounts, same: 0, source });
        self.dictionaries.len() - 1
    }
}
