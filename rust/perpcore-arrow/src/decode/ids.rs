//! Account ids: each distinct value is an account, numbered in order of first appearance over the tables of a call.
//!
//! A dictionary's codes stand for ids only once its values are known to be distinct: if its bytes are those of a
//! dictionary already seen, or its values ascend. Then an account is found by its code alone. Otherwise, and for text
//! without a dictionary and integers, ids that rise are gone along, others hashed; a value equal to the row before is
//! neither.

use super::coded::Dictionary;
use super::distinct::runs_of;
use super::integers::each_integer;
use super::key::AccountKey;
use super::merge::{Bytes, merge, rising};
use super::origins::{Origin, Origins};
use super::text::Strings;
use super::view::{Chunk, Source};
use arrow_array::{Array, ArrayRef};
use arrow_schema::DataType;
use hashbrown::{DefaultHashBuilder, HashTable};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::sweep::runs::Runs;
use perpcore::sweep::snapshot::Holders;
use perpcore::sweep::stop::Stop;
use std::hash::BuildHasher;

/// The account of a row whose id was refused.
pub(super) const NOBODY: u32 = u32::MAX;

/// The account of every row of a table, as [`perpcore::sweep::snapshot::Holders`].
pub(crate) enum Accounts {
    Each(Vec<u32>),
    Runs(Vec<u32>),
}

impl Default for Accounts {
    fn default() -> Self {
        Accounts::Each(Vec::new())
    }
}

impl Accounts {
    pub(crate) fn view(&self) -> Holders<'_> {
        match self {
            Accounts::Each(accounts) => Holders::Each(accounts),
            Accounts::Runs(starts) => Holders::Runs(starts),
        }
    }
}

impl Accounts {
    /// Gives the accounts other numbers.
    pub(crate) fn renumber(&mut self, numbers: &[u32]) {
        if numbers.iter().zip(0..).all(|(&number, account)| number == account) {
            return;
        }
        let mut accounts = self.view().each();
        accounts.iter_mut().for_each(|account| *account = numbers[*account as usize]);
        *self = Accounts::Each(accounts);
    }
}

/// The ids of the accounts found.
pub(crate) enum Ids {
    /// Text: the arrays it stands in, and where each account's id is.
    Text { sources: Vec<ArrayRef>, origins: Origins },
    /// Integers.
    Integers(Vec<u64>),
}

/// Numbers the accounts of a call, table by table.
pub(crate) struct AccountIds {
    pub(crate) ids: Ids,
    /// The type that ids have in results: that of the first table that has any.
    pub(crate) output: Option<DataType>,
    pub(super) dictionaries: Vec<Dictionary>,
    /// Accounts by value; filled only once a value must be looked up.
    table: HashTable<u32>,
    /// Whether values are looked up: false while they are known to be distinct.
    pub(super) hashed: bool,
    /// Whether all ids rise, in text without a dictionary or integers: then they are gone along instead.
    pub(super) rises: bool,
    pub(super) hasher: DefaultHashBuilder,
    /// Refused ids: no account can be named for them.
    pub(crate) faults: Vec<Fault>,
}

impl AccountIds {
    pub(crate) fn new() -> Self {
        AccountIds {
            ids: Ids::Text { sources: Vec::new(), origins: Origins::default() },
            output: None,
            dictionaries: Vec::new(),
            table: HashTable::new(),
            hashed: false,
            rises: true,
            hasher: DefaultHashBuilder::default(),
            faults: Vec::new(),
        }
    }

    /// How many accounts were found.
    pub(crate) fn len(&self) -> usize {
        match &self.ids {
            Ids::Text { origins, .. } => origins.len(),
            Ids::Integers(ids) => ids.len(),
        }
    }

    /// The id of an account, for an error.
    pub(crate) fn shown(&self, account: u32) -> Option<String> {
        match &self.ids {
            Ids::Text { sources, origins } => {
                origins.get(account as usize).map(|origin| text_at(sources, origin).to_string())
            }
            Ids::Integers(ids) => ids.get(account as usize).map(ToString::to_string),
        }
    }

    /// The account of an id.
    pub(crate) fn find(&self, key: &AccountKey<'_>) -> Option<u32> {
        let found = match (&self.ids, key) {
            (Ids::Text { sources, origins }, AccountKey::Text(text)) => {
                origins.iter().position(|origin| text_at(sources, origin) == *text)
            }
            (Ids::Integers(ids), AccountKey::Integer(key)) => ids.iter().position(|id| id == key),
            _ => None,
        };
        found.map(|account| account as u32)
    }

    /// The account of every row of a table.
    ///
    /// # Errors
    /// `wrong_type`; `id_kind_mismatch` where an earlier table had ids of another kind.
    pub(crate) fn of(&mut self, source: &mut Source) -> Result<Accounts, Failure> {
        let mut out = Vec::new();
        let Some((at, column)) = source.find("account") else { return Ok(Accounts::Each(out)) };
        let (chunks, rows) = (source.chunks(at), source.rows());
        let alone = chunks.len() == 1;
        for chunk in chunks {
            let start = out.len();
            let data_type = chunk.values.data_type();
            let integers = data_type.is_integer();
            if !integers && !is_text(data_type) && *data_type != DataType::Null {
                return Err(source.wrong_type(column, data_type).into());
            }
            if *data_type != DataType::Null {
                self.settle_kind(source, data_type, integers)?;
            }
            let mut all_named = false;
            let runs = match data_type {
                DataType::Dictionary(..) => self.dictionary(&chunk, &mut out, &source.stop),
                _ if integers => self.integer_runs(&chunk),
                _ => self.text_runs(&chunk),
            };
            if let Some(runs) = runs {
                if alone && runs.numbers.is_sorted_by(|a, b| a < b) && runs.numbers.last() != Some(&NOBODY) {
                    source.go_on()?;
                    return Ok(Accounts::Runs(runs.of_accounts()));
                }
                all_named = !runs.numbers.contains(&NOBODY);
                runs.append_to(&mut out);
            } else if !matches!(data_type, DataType::Dictionary(..)) {
                out.reserve(rows - start);
                match data_type {
                    DataType::Null => out.resize(start + chunk.values.len(), NOBODY),
                    _ if integers => self.integers(&chunk, &mut out, &source.stop),
                    _ => self.text(&chunk, &mut out, &source.stop),
                }
            }
            source.go_on()?;
            // Looked at without an early end, many at a time.
            if all_named || !out[start..].iter().fold(false, |any, &account| any | (account == NOBODY)) {
                continue;
            }
            for (row, _) in out[start..].iter().enumerate().filter(|(_, account)| **account == NOBODY) {
                let code = if chunk.is_null(row) { Code::NullValue } else { Code::OutOfRange };
                source.refuse(code, column, &chunk, row);
                if let Some(mut fault) = source.faults.pop() {
                    if code == Code::OutOfRange {
                        fault.accepted = String::from("text, or integers ≥ 0");
                    }
                    self.faults.push(fault);
                }
            }
        }
        Ok(Accounts::Each(out))
    }

    fn settle_kind(&mut self, source: &Source, data_type: &DataType, integers: bool) -> Result<(), Failure> {
        match &self.output {
            Some(output) if output.is_integer() != integers => {
                let fault = Fault::new(Code::IdKindMismatch).in_column(source.table.name, "account");
                let fault = fault.value(data_type).accepts(format!("ids as in the tables before it: {output}"));
                return Err(fault.into());
            }
            Some(_) => {}
            None => {
                self.output = Some(data_type.clone());
                if integers {
                    self.ids = Ids::Integers(Vec::new());
                }
            }
        }
        Ok(())
    }

    pub(super) fn add_source(&mut self, values: &ArrayRef) -> u32 {
        let Ids::Text { sources, .. } = &mut self.ids else { return 0 };
        sources.push(values.clone());
        sources.len() as u32 - 1
    }

    /// The accounts of a chunk in runs, where ids rise, of one common length and without nulls.
    fn text_runs(&mut self, chunk: &Chunk) -> Option<Runs> {
        let mut runs = runs_of(&chunk.values).filter(|_| self.rises && chunk.nulls.is_none())?;
        let strings = Strings::of(&*chunk.values)?;
        let source = self.add_source(&chunk.values);
        let Ids::Text { sources, origins } = &mut self.ids else { return None };
        let value = |&row: &u32| Some(Bytes(strings.value(row as usize).as_bytes()));
        let id = |at: usize| Bytes(id_at(sources, origins, at).as_bytes());
        let mut accounts = Vec::with_capacity(runs.numbers.len());
        let merged = merge(runs.numbers.iter().map(value), origins.len(), id, &mut accounts);
        // All of them, or the producer changed its memory meanwhile.
        if accounts.len() < runs.numbers.len() {
            return None;
        }
        let (rises, places) = (merged.rises, merged.places());
        origins.extend(source, places.into_iter().map(|run| runs.numbers[run as usize]).collect());
        self.rises &= rises;
        runs.numbers = accounts;
        Some(runs)
    }

    fn text(&mut self, chunk: &Chunk, out: &mut Vec<u32>, stop: &Stop) {
        let Some(strings) = Strings::of(&*chunk.values) else { return };
        let source = self.add_source(&chunk.values);
        let merged = if self.rises { self.merged_text(chunk, &strings, source, out, stop) } else { 0 };
        if merged == chunk.values.len() {
            return;
        }
        self.hash_all();
        let mut last: Option<(&str, u32)> = None;
        for at in merged..chunk.values.len() {
            if stop.asked_at(at) {
                return;
            }
            if chunk.is_null(at) {
                out.push(NOBODY);
                continue;
            }
            let text = strings.value(at);
            let account = match last {
                Some((same, account)) if same == text => account,
                _ => self.account_at(Origin { source, place: at as u32 }),
            };
            last = Some((text, account));
            out.push(account);
        }
    }

    /// How many rows of a chunk are found by going along ids that rise.
    fn merged_text(
        &mut self,
        chunk: &Chunk,
        strings: &Strings<'_>,
        source: u32,
        out: &mut Vec<u32>,
        stop: &Stop,
    ) -> usize {
        let Ids::Text { sources, origins } = &mut self.ids else { return 0 };
        let wanted = |at: &usize| !stop.asked_at(*at);
        let value = |at: usize| (!chunk.is_null(at)).then(|| Bytes(strings.value(at).as_bytes()));
        let id = |at: usize| Bytes(id_at(sources, origins, at).as_bytes());
        let rows = (0..chunk.values.len()).take_while(wanted).map(value);
        let merged = merge(rows, origins.len(), id, out);
        let places = merged.places();
        let (rises, rows) = (merged.rises, merged.rows);
        origins.extend(source, places);
        self.rises &= rises;
        rows
    }

    /// From now on every account stands in the hash table.
    pub(super) fn hash_all(&mut self) {
        (self.hashed, self.rises) = (true, false);
        let (table, hasher) = (&mut self.table, &self.hasher);
        match &self.ids {
            Ids::Text { sources, origins } => {
                let hash = |account: &u32| hasher.hash_one(id_at(sources, origins, *account as usize));
                for account in table.len() as u32..origins.len() as u32 {
                    table.insert_unique(hash(&account), account, hash);
                }
            }
            Ids::Integers(ids) => {
                let hash = |account: &u32| hasher.hash_one(ids[*account as usize]);
                for account in table.len() as u32..ids.len() as u32 {
                    table.insert_unique(hash(&account), account, hash);
                }
            }
        }
    }

    /// The account of a value, a new one where it was not seen yet.
    pub(super) fn account_at(&mut self, origin: Origin) -> u32 {
        let Ids::Text { sources, origins } = &mut self.ids else { return 0 };
        let new = origins.len() as u32;
        if !self.hashed {
            origins.push(origin);
            return new;
        }
        let text = text_at(sources, origin);
        let hash = self.hasher.hash_one(text);
        if let Some(&account) = self.table.find(hash, |&account| id_at(sources, origins, account as usize) == text) {
            return account;
        }
        origins.push(origin);
        let rehash = |account: &u32| self.hasher.hash_one(id_at(sources, origins, *account as usize));
        self.table.insert_unique(hash, new, rehash);
        new
    }

    /// The accounts of a chunk in runs, where ids rise, without nulls.
    fn integer_runs(&mut self, chunk: &Chunk) -> Option<Runs> {
        let Ids::Integers(known) = &mut self.ids else { return None };
        if !self.rises || chunk.nulls.is_some() {
            return None;
        }
        let (mut ids, mut all) = (Vec::with_capacity(chunk.values.len()), true);
        each_integer(&*chunk.values, |_, id| {
            all &= id.is_some();
            ids.push(id.unwrap_or(0));
        });
        let mut runs = rising(ids.iter().copied()).filter(|_| all)?;
        let mut accounts = Vec::with_capacity(runs.numbers.len());
        let id = |&row: &u32| Some(ids[row as usize]);
        let merged = merge(runs.numbers.iter().map(id), known.len(), |at| known[at], &mut accounts);
        known.extend(merged.new.iter().map(|(_, id)| id));
        self.rises = merged.rises;
        runs.numbers = accounts;
        Some(runs)
    }

    fn integers(&mut self, chunk: &Chunk, out: &mut Vec<u32>, stop: &Stop) {
        // Those that are negative, or under a null, have none.
        let mut values: Vec<Option<u64>> = Vec::with_capacity(chunk.values.len());
        each_integer(&*chunk.values, |at, value| values.push(value.filter(|_| !chunk.is_null(at))));
        let Ids::Integers(ids) = &mut self.ids else { return };
        let mut merged = 0;
        if self.rises {
            let rows = values.iter().enumerate().take_while(|(at, _)| !stop.asked_at(*at)).map(|(_, value)| *value);
            let found = merge(rows, ids.len(), |at| ids[at], out);
            ids.extend(found.new.iter().map(|(_, id)| id));
            (self.rises, merged) = (found.rises, found.rows);
        }
        if merged == values.len() {
            return;
        }
        self.hash_all();
        let Ids::Integers(ids) = &mut self.ids else { return };
        let (table, hasher) = (&mut self.table, &self.hasher);
        let mut last: Option<(u64, u32)> = None;
        for (at, value) in values.into_iter().enumerate().skip(merged) {
            if stop.asked_at(at) {
                return;
            }
            let Some(id) = value else {
                out.push(NOBODY);
                continue;
            };
            let account = match last {
                Some((same, account)) if same == id => account,
                _ => {
                    let hash = hasher.hash_one(id);
                    let known = table.find(hash, |&account| ids[account as usize] == id).copied();
                    known.unwrap_or_else(|| {
                        ids.push(id);
                        let new = ids.len() as u32 - 1;
                        table.insert_unique(hash, new, |account| hasher.hash_one(ids[*account as usize]));
                        new
                    })
                }
            };
            last = Some((id, account));
            out.push(account);
        }
    }
}

pub(super) fn is_text(data_type: &DataType) -> bool {
    match data_type {
        DataType::Utf8 | DataType::LargeUtf8 | DataType::Utf8View => true,
        DataType::Dictionary(_, values) => is_text(values),
        _ => false,
    }
}

/// The text at a place.
pub(crate) fn text_at(sources: &[ArrayRef], origin: Origin) -> &str {
    Strings::of(&*sources[origin.source as usize]).map_or("", |strings| strings.value(origin.place as usize))
}

/// The id of an account.
fn id_at<'a>(sources: &'a [ArrayRef], origins: &Origins, account: usize) -> &'a str {
    origins.get(account).map_or("", |origin| text_at(sources, origin))
}
