//! The table `commands`, block by block, into plain columns.
//!
//! What makes it no table of commands, as a column of a type that it never has, is refused before the first block. A cell that
//! is refused becomes a fault of its row alone. Accounts get their numbers as their rows come.

use super::block::{BLOCK, Block, bit};
use super::ids::is_text;
use super::lists::Lists;
use super::number::has_shared_doubles;
use super::text::{Strings, indexes};
use super::time::nanoseconds;
use super::view::{Chunk, Source};
use crate::book::names::Names;
use crate::contract::commands::{At, CommandKind, Reader};
use crate::contract::{COMMANDS, Column, Kind};
use arrow_array::cast::AsArray;
use arrow_array::{Array, ArrayRef};
use arrow_buffer::ScalarBuffer;
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::message::{ClientId, Phase};
use std::sync::Arc;

/// A word that is none of the list.
pub(super) const UNKNOWN: u8 = u8::MAX;
/// A name that the rulebook does not have.
pub(crate) const UNKNOWN_NAME: u32 = u32::MAX;

/// Who is to carry commands out, and which names stand in them.
#[derive(Clone)]
pub(crate) enum Scope {
    /// The book of one instrument, of this name.
    Book(Arc<str>),
    /// A venue.
    Venue(Arc<Lists>),
}

impl Scope {
    /// Whether a kind that is carried out uses a column: where none does, its cells say nothing.
    fn uses(&self, at: At) -> bool {
        let reader = match self {
            Scope::Book(_) => Reader::Book,
            Scope::Venue(_) => Reader::Venue,
        };
        CommandKind::columns(reader).iter().any(|columns| columns.allowed & bit(at) != 0)
    }

    /// The place of a name of the rulebook.
    pub(crate) fn name(&self, at: At, name: &str) -> u32 {
        match self {
            Scope::Book(instrument) => {
                if **instrument == *name {
                    0
                } else {
                    UNKNOWN_NAME
                }
            }
            Scope::Venue(lists) => lists.place(at, name).unwrap_or(UNKNOWN_NAME),
        }
    }

    /// The place of a word in the list of its column.
    pub(super) fn word(&self, at: At, word: &str) -> u8 {
        let Kind::Word(words) = COMMANDS.columns[at as usize].kind else { return UNKNOWN };
        let words = match self {
            // A book has no state but its phase.
            Scope::Book(_) if at == At::State => Phase::NAMES,
            _ => words,
        };
        words.iter().position(|known| *known == word).map_or(UNKNOWN, |place| place as u8)
    }
}

/// A batch of commands, its columns ready to be read.
pub(crate) struct Commands {
    rows: usize,
    columns: Vec<Ready>,
    /// Where client ids are text.
    texts: Option<usize>,
}

/// A column that says something.
pub(super) struct Ready {
    pub(super) at: At,
    pub(super) chunk: Chunk,
    pub(super) form: Form,
    pub(super) scope: Scope,
}

/// How its cells are read.
pub(super) enum Form {
    /// As nothing: that a value stands there is all that is asked, until a row wants the text.
    Unread,
    /// As words: a place for each value of a dictionary, and which value each row has.
    Codes {
        places: Vec<u8>,
        indexes: ScalarBuffer<u32>,
    },
    /// As words that stand there themselves.
    Words,
    /// The same of names of the rulebook.
    NameCodes {
        places: Vec<u32>,
        indexes: ScalarBuffer<u32>,
    },
    Names,
    Numbers {
        raw: bool,
    },
    Times,
    Flags,
    Integers,
    /// As ids: the number of each value of a dictionary, and which value each row has.
    Coded {
        values: ArrayRef,
        numbers: Vec<u32>,
        indexes: ScalarBuffer<u32>,
    },
    Texts,
    /// As ids of accounts that get no number here: they have one, or nothing is known of them.
    Known,
}

/// Whose numbers ids have.
pub(crate) struct Numbering<'a> {
    pub(crate) accounts: &'a mut Names,
    pub(crate) clients: &'a mut Names,
    pub(crate) groups: &'a mut Names,
}

impl Numbering<'_> {
    pub(crate) fn of(&mut self, at: At) -> Option<&mut Names> {
        match at {
            At::Account => Some(self.accounts),
            At::Client => Some(self.clients),
            At::Group => Some(self.groups),
            _ => None,
        }
    }
}

/// Whether a column may be of a type.
fn admits(column: &Column, raw: bool, data_type: &DataType) -> bool {
    match column.kind {
        _ if *data_type == DataType::Null => column.name != COMMANDS.columns[At::Kind as usize].name,
        Kind::Account | Kind::ClientId => is_text(data_type) || data_type.is_integer(),
        Kind::Order => data_type.is_integer(),
        Kind::Bool => *data_type == DataType::Boolean || (is_text(data_type) && !is_dictionary(data_type)),
        Kind::Time => nanoseconds(&*arrow_array::new_empty_array(data_type)).is_some(),
        Kind::Number(_) if raw => *data_type == DataType::Int64,
        Kind::Number(_) => {
            let number = data_type.is_numeric() && !matches!(data_type, DataType::Float32 | DataType::Float16);
            number || (is_text(data_type) && !is_dictionary(data_type))
        }
        _ => is_text(data_type),
    }
}

fn is_dictionary(data_type: &DataType) -> bool {
    matches!(data_type, DataType::Dictionary(..))
}

impl Commands {
    /// Checks the columns of a table, and gives its batches. Nothing has changed where it fails.
    ///
    /// # Errors
    /// `wrong_type`; `id_kind_mismatch` where ids are of another kind than those before. `text_ids` says whether client
    /// ids are text, where that is known.
    pub(crate) fn open(
        source: &Source,
        scope: &Scope,
        numbering: &mut Numbering<'_>,
        text_ids: &mut Option<bool>,
    ) -> Result<Vec<Commands>, Failure> {
        let columns: Vec<(At, &Column, Vec<Chunk>)> = At::ALL
            .iter()
            .zip(COMMANDS.columns)
            .filter_map(|(&at, column)| {
                let (place, _) = source.find(column.name)?;
                Some((at, column, source.chunks(place)))
            })
            .collect();
        let typed = |chunks: &[Chunk]| {
            chunks.iter().map(|chunk| chunk.values.data_type().clone()).find(|is| *is != DataType::Null)
        };
        for (at, column, chunks) in &columns {
            for chunk in chunks {
                let data_type = chunk.values.data_type();
                if !admits(column, source.is_raw(*at as usize), data_type) {
                    return Err(source.wrong_type(column, data_type).into());
                }
            }
            let Some(data_type) = typed(chunks) else { continue };
            let mixed = |accepted: &str| {
                Err(Fault::new(Code::IdKindMismatch).value(&data_type).accepts(accepted.to_string()).into())
            };
            let admitted = match (*at, numbering.of(*at)) {
                (_, Some(names)) => names.admits(&data_type),
                (At::ClientId, _) if text_ids.is_some_and(|text| text == data_type.is_integer()) => {
                    mixed("client ids as those before: text, or integers")
                }
                (At::ToAccount, _) if matches!(scope, Scope::Venue(_)) => {
                    let beside = columns.iter().find(|(at, ..)| *at == At::Account).and_then(|(.., of)| typed(of));
                    match beside {
                        Some(of) if of.is_integer() != data_type.is_integer() => mixed("ids as those of account"),
                        Some(_) => Ok(()),
                        None => numbering.accounts.admits(&data_type),
                    }
                }
                _ => Ok(()),
            };
            admitted.map_err(|fault: Box<Fault>| (*fault).in_column(COMMANDS.name, column.name))?;
        }
        for (at, _, chunks) in &columns {
            let Some(data_type) = typed(chunks) else { continue };
            match numbering.of(*at) {
                Some(names) => names.settle(&data_type),
                None if *at == At::ClientId => *text_ids = Some(!data_type.is_integer()),
                None => {}
            }
        }
        let batches = columns.first().map_or(0, |(.., chunks)| chunks.len());
        let mut found: Vec<Commands> =
            (0..batches).map(|_| Commands { rows: 0, columns: Vec::new(), texts: None }).collect();
        for (at, _, chunks) in columns {
            for (chunk, commands) in chunks.into_iter().zip(&mut found) {
                commands.rows = chunk.values.len();
                if *chunk.values.data_type() == DataType::Null {
                    continue;
                }
                if at == At::ClientId && !chunk.values.data_type().is_integer() {
                    commands.texts = Some(commands.columns.len());
                }
                let form = form(at, &chunk, source.is_raw(at as usize), scope, numbering);
                commands.columns.push(Ready { at, chunk, form, scope: scope.clone() });
            }
        }
        Ok(found)
    }

    /// Names are those of another rulebook from now on.
    pub(crate) fn rename(&mut self, scope: &Scope) {
        for Ready { at, chunk, form, scope: of } in &mut self.columns {
            *of = scope.clone();
            let dictionary = chunk.values.as_any_dictionary_opt();
            if let (Form::NameCodes { places, .. }, Some(dictionary)) = (form, dictionary)
                && let Some(strings) = Strings::of(&**dictionary.values())
            {
                (0..).zip(places).for_each(|(value, place)| *place = scope.name(*at, strings.value(value)));
            }
        }
    }

    /// How many there are.
    pub(crate) fn rows(&self) -> usize {
        self.rows
    }

    /// Whether a float64 stands there that two grid values share.
    pub(crate) fn shares_doubles(&self) -> bool {
        self.columns.iter().any(|ready| has_shared_doubles(&ready.chunk))
    }

    /// Decodes at most [`BLOCK`] rows from `start` on; how many there were.
    pub(crate) fn fill(&mut self, start: usize, block: &mut Block, numbering: &mut Numbering<'_>) -> usize {
        let rows = BLOCK.min(self.rows - start);
        block.faults.clear();
        block.given[..rows].fill(0);
        for ready in &mut self.columns {
            ready.fill(start, rows, block, numbering);
        }
        rows
    }

    /// The client id of a row, where it has one: `number` where ids are integers.
    #[inline(always)]
    pub(crate) fn client_id(&self, row: usize, number: u64) -> ClientId<'_> {
        match self.texts {
            None => ClientId::Number(number),
            Some(at) => ClientId::Text(self.columns[at].text(row)),
        }
    }

    /// The text of a column of texts, where a row has one.
    pub(crate) fn text(&self, at: At, row: usize) -> Option<&str> {
        let ready = self.columns.iter().find(|ready| ready.at == at)?;
        let chunk = &ready.chunk;
        if chunk.is_null(row) {
            return None;
        }
        match chunk.values.as_any_dictionary_opt() {
            Some(dictionary) => {
                let index = *indexes(&*chunk.values.slice(row, 1)).first()?;
                Strings::of(&**dictionary.values()).map(|strings| strings.value(index as usize))
            }
            None => Strings::of(&*chunk.values).map(|strings| strings.value(row)),
        }
    }

    /// Gives back what outlives a batch.
    pub(crate) fn close(self, numbering: &mut Numbering<'_>) {
        for ready in self.columns {
            if let (Form::Coded { values, numbers, .. }, Some(names)) = (ready.form, numbering.of(ready.at)) {
                names.keep(&values, numbers);
            }
        }
    }
}

/// How the cells of a column are read.
fn form(at: At, chunk: &Chunk, raw: bool, scope: &Scope, numbering: &mut Numbering<'_>) -> Form {
    if !scope.uses(at) {
        return Form::Unread;
    }
    let dictionary = chunk.values.as_any_dictionary_opt();
    let strings = dictionary.and_then(|dictionary| Strings::of(&**dictionary.values()));
    let values = 0..dictionary.map_or(0, |dictionary| dictionary.values().len());
    match COMMANDS.columns[at as usize].kind {
        _ if at == At::ToAccount => Form::Known,
        Kind::Account | Kind::ClientId => match dictionary {
            Some(dictionary) => {
                let values = dictionary.values().clone();
                let numbers = numbering.of(at).map(|names| names.numbers_of(&values)).unwrap_or_default();
                Form::Coded { values, numbers, indexes: indexes(&*chunk.values) }
            }
            None if chunk.values.data_type().is_integer() => Form::Integers,
            None => Form::Texts,
        },
        Kind::Order => Form::Integers,
        Kind::Number(_) => Form::Numbers { raw },
        Kind::Time => Form::Times,
        Kind::Bool => Form::Flags,
        Kind::Word(_) => match strings {
            Some(strings) => {
                let places = values.map(|value| scope.word(at, strings.value(value))).collect();
                Form::Codes { places, indexes: indexes(&*chunk.values) }
            }
            None => Form::Words,
        },
        Kind::Text if !super::block::NAMES.contains(&at) => Form::Unread,
        _ => match strings {
            Some(strings) => {
                let places = values.map(|value| scope.name(at, strings.value(value))).collect();
                Form::NameCodes { places, indexes: indexes(&*chunk.values) }
            }
            None => Form::Names,
        },
    }
}
