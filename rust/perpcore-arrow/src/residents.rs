//! The ids of a monitor's accounts, in memory of its own: they outlive the tables that they came in.

use crate::decode::{AccountIds, AccountKey, Ids, Origin, Origins, text_at};
use arrow_array::{ArrayRef, LargeStringArray};
use arrow_schema::DataType;
use hashbrown::{DefaultHashBuilder, HashTable};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::ledger::House;
use perpcore::message::FUND;
use perpcore::word::Word;
use std::hash::BuildHasher;
use std::sync::Arc;

/// Accounts by id, numbered as they came.
pub(crate) struct Residents {
    /// The type of ids in results; none as long as there are none.
    output: Option<DataType>,
    /// All texts one after another, and where each ends.
    text: String,
    ends: Vec<usize>,
    integers: Vec<u64>,
    table: HashTable<u32>,
    hasher: DefaultHashBuilder,
}

impl Residents {
    pub(crate) fn new() -> Self {
        Residents {
            output: None,
            text: String::new(),
            ends: Vec::new(),
            integers: Vec::new(),
            table: HashTable::new(),
            hasher: DefaultHashBuilder::default(),
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> usize {
        self.ends.len() + self.integers.len()
    }

    /// The account of an id.
    pub(crate) fn find(&self, key: &AccountKey<'_>) -> Option<u32> {
        let found = match *key {
            AccountKey::Text(text) => {
                self.table.find(self.hasher.hash_one(text), |&account| self.text_of(account) == Some(text))
            }
            AccountKey::Integer(id) => {
                self.table.find(self.hasher.hash_one(id), |&account| self.integers.get(account as usize) == Some(&id))
            }
        };
        found.copied()
    }

    /// The id of an account, for an error.
    pub(crate) fn shown(&self, account: u32) -> String {
        match self.text_of(account) {
            Some(text) => text.to_string(),
            None => self.integers.get(account as usize).map_or(String::new(), ToString::to_string),
        }
    }

    fn text_of(&self, account: u32) -> Option<&str> {
        let end = *self.ends.get(account as usize)?;
        let from = if account == 0 { 0 } else { self.ends[account as usize - 1] };
        self.text.get(from..end)
    }

    /// The account of every account of a call; those that are not known yet are added behind the others.
    ///
    /// # Errors
    /// `id_kind_mismatch`.
    pub(crate) fn take(&mut self, ids: &AccountIds) -> Result<Vec<u32>, Failure> {
        if let Some(given) = &ids.output {
            self.admits(given).map_err(|fault| *fault)?;
            // A table without rows names nobody, and so chooses nothing.
            if ids.len() > 0 {
                self.settle(given);
            }
        }
        Ok(match &ids.ids {
            Ids::Text { sources, origins } => {
                origins.iter().map(|origin| self.number(&AccountKey::Text(text_at(sources, origin)))).collect()
            }
            Ids::Integers(ids) => ids.iter().map(|&id| self.number(&AccountKey::Integer(id))).collect(),
        })
    }

    /// Whether ids of a type are of the kind of those that are known.
    ///
    /// # Errors
    /// `id_kind_mismatch`.
    pub(crate) fn admits(&self, given: &DataType) -> Result<(), Box<Fault>> {
        match &self.output {
            Some(output) if output.is_integer() != given.is_integer() => {
                let fault = Fault::new(Code::IdKindMismatch).value(given);
                Err(fault.accepts(format!("ids as those of the book: {output}")).into())
            }
            _ => Ok(()),
        }
    }

    /// The first ids that come say of which type ids are in results.
    pub(crate) fn settle(&mut self, given: &DataType) {
        self.output.get_or_insert_with(|| given.clone());
    }

    /// The type of ids in results.
    pub(crate) fn output(&self) -> Option<&DataType> {
        self.output.as_ref()
    }

    /// The id of an account; none where there is no such account. The fund has none among integers.
    pub(crate) fn key(&self, account: u32) -> Option<AccountKey<'_>> {
        match self.text_of(account) {
            None if account == FUND && self.integers.is_empty() => Some(AccountKey::Text(House::Fund.text())),
            Some(text) => Some(AccountKey::Text(text)),
            None => self.integers.get(account as usize).map(|id| AccountKey::Integer(*id)),
        }
    }

    /// The integer id of an account; 0 where there is no such account.
    #[inline(always)]
    pub(crate) fn integer(&self, account: u32) -> u64 {
        self.integers.get(account as usize).copied().unwrap_or(0)
    }

    /// The account of an id, a new one behind the others where it is not known yet.
    pub(crate) fn number(&mut self, key: &AccountKey<'_>) -> u32 {
        if let Some(account) = self.find(key) {
            return account;
        }
        let new = self.len() as u32;
        match *key {
            AccountKey::Text(text) => {
                self.text.push_str(text);
                self.ends.push(self.text.len());
            }
            AccountKey::Integer(id) => self.integers.push(id),
        }
        let Residents { table, hasher, ends, text, integers, .. } = self;
        let hash = |account: &u32| match integers.get(*account as usize) {
            Some(id) => hasher.hash_one(id),
            None => {
                let at = *account as usize;
                let from = if at == 0 { 0 } else { ends[at - 1] };
                hasher.hash_one(&text[from..ends[at]])
            }
        };
        table.insert_unique(hash(&new), new, hash);
        new
    }

    /// Forgets the accounts from `first` on.
    pub(crate) fn truncate(&mut self, first: usize) {
        for account in (first as u32..self.len() as u32).rev() {
            let hash = match self.text_of(account) {
                Some(text) => self.hasher.hash_one(text),
                None => self.hasher.hash_one(self.integers[account as usize]),
            };
            if let Ok(entry) = self.table.find_entry(hash, |&at| at == account) {
                entry.remove();
            }
        }
        self.ends.truncate(first);
        self.text.truncate(self.ends.last().copied().unwrap_or(0));
        self.integers.truncate(first);
        if self.len() == 0 {
            self.output = None;
        }
    }

    /// The ids of some accounts, as those of a call.
    pub(crate) fn ids(&self, accounts: &[u32]) -> AccountIds {
        let mut ids = AccountIds::new();
        ids.output.clone_from(&self.output);
        ids.ids = if self.integers.is_empty() {
            let texts = accounts.iter().map(|&account| self.text_of(account).unwrap_or_default());
            let texts: ArrayRef = Arc::new(LargeStringArray::from_iter_values(texts));
            // Results are of their own type only where they are built anew, which a second source makes sure of.
            let mut origins = Origins::default();
            (0..accounts.len() as u32).for_each(|place| origins.push(Origin { source: 1, place }));
            Ids::Text { sources: vec![texts.clone(), texts], origins }
        } else {
            Ids::Integers(accounts.iter().map(|&account| self.integer(account)).collect())
        };
        ids
    }
}
