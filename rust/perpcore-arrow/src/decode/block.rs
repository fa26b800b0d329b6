//! Some rows of `commands` as plain columns, and how a row becomes a command.
//!
//! A cell that was refused, or has a value that its kind does not use, is found by one comparison of bits a row; which one it
//! was is asked only then. Where a column says nothing, its place in the block is 0.

use crate::contract::commands::{At, CommandKind};
use perpcore::fault::Code;
use perpcore::message::{
    Amend, Cancel, CancelAll, Class, ClientId, Command, NOBODY, Named, Phase, Place, PostOnly, Stp, Tif, Trigger,
    TriggerBy, TriggerWhen, Word,
};

/// How many rows are decoded at a time: their columns stay in the nearest cache.
pub(crate) const BLOCK: usize = 128;

/// A row of which a cell was refused.
pub(crate) const REFUSED: u64 = 1 << 63;

/// The bit of a column.
pub(crate) const fn bit(at: At) -> u64 {
    1 << at as u8
}

/// Rows of `commands`, each column as far as it is given.
pub(crate) struct Block {
    /// Which columns have a value, by row, and whether one of them was refused.
    pub(crate) given: Vec<u64>,
    /// Places in [`CommandKind::ALL`].
    pub(crate) kind: Vec<u8>,
    pub(crate) time: Vec<i64>,
    pub(crate) account: Vec<u32>,
    pub(crate) client: Vec<u32>,
    pub(crate) group: Vec<u32>,
    pub(crate) order: Vec<u64>,
    /// Client ids that are integers.
    pub(crate) client_id: Vec<u64>,
    pub(crate) quantity: Vec<i64>,
    pub(crate) price: Vec<i64>,
    pub(crate) until: Vec<i64>,
    pub(crate) trigger: Vec<i64>,
    pub(crate) reduce_only: Vec<u8>,
    /// Places in the lists of words of these columns.
    pub(crate) words: [Vec<u8>; WORDS.len()],
    /// Refused cells.
    pub(crate) faults: Vec<(usize, At, Code)>,
}

/// The columns of words other than `kind`.
pub(crate) const WORDS: [At; 8] =
    [At::Tif, At::PostOnly, At::MarginMode, At::TriggerBy, At::TriggerWhen, At::Stp, At::Class, At::State];

const TIF: usize = 0;
const POST_ONLY: usize = 1;
const MARGIN_MODE: usize = 2;
const TRIGGER_BY: usize = 3;
const TRIGGER_WHEN: usize = 4;
const STP: usize = 5;
const CLASS: usize = 6;
const STATE: usize = 7;

/// What accounts are set to: [`Command::Account`] needs all of it.
pub(crate) struct Settings {
    pub(crate) account: u32,
    pub(crate) client: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) class: Option<Class>,
    /// Whether what is not said stays.
    pub(crate) keeps: bool,
}

/// What a row asks for.
pub(crate) enum Asked<'a> {
    Command(Command<'a>),
    Settings(Settings),
}

impl Block {
    pub(crate) fn new() -> Block {
        let numbers = || vec![0; BLOCK];
        Block {
            given: vec![0; BLOCK],
            kind: vec![0; BLOCK],
            time: numbers(),
            account: vec![NOBODY; BLOCK],
            client: vec![0; BLOCK],
            group: vec![0; BLOCK],
            order: vec![0; BLOCK],
            client_id: vec![0; BLOCK],
            quantity: numbers(),
            price: numbers(),
            until: numbers(),
            trigger: numbers(),
            reduce_only: vec![0; BLOCK],
            words: std::array::from_fn(|_| vec![0; BLOCK]),
            faults: Vec::new(),
        }
    }

    /// Remembers a refused cell.
    #[cold]
    pub(crate) fn refuse(&mut self, row: usize, at: At, code: Code) {
        self.given[row] |= REFUSED;
        self.faults.push((row, at, code));
    }

    #[inline(always)]
    fn has(&self, row: usize, at: At) -> bool {
        self.given[row] & bit(at) != 0
    }

    #[inline(always)]
    fn word<T: Word>(&self, row: usize, at: usize, default: T) -> T {
        if self.has(row, WORDS[at]) { self.word_at(row, at, default) } else { default }
    }

    #[inline(always)]
    fn word_at<T: Word>(&self, row: usize, at: usize, default: T) -> T {
        T::ALL.get(usize::from(self.words[at][row])).copied().unwrap_or(default)
    }

    #[inline(always)]
    fn some_word<T: Word>(&self, row: usize, at: usize) -> Option<T> {
        if !self.has(row, WORDS[at]) {
            return None;
        }
        T::ALL.get(usize::from(self.words[at][row])).copied()
    }

    /// The account of a row; [`NOBODY`] where there is none.
    #[inline(always)]
    pub(crate) fn account_of(&self, row: usize) -> u32 {
        if self.has(row, At::Account) { self.account[row] } else { NOBODY }
    }

    /// The time of a row; none where it has none that counts.
    #[inline(always)]
    pub(crate) fn time_of(&self, row: usize) -> Option<i64> {
        let refused = self.given[row] & REFUSED != 0 && self.is_refused(row, At::Time);
        (self.has(row, At::Time) && !refused).then(|| self.time[row])
    }

    /// Whether a cell was refused.
    #[cold]
    pub(crate) fn is_refused(&self, row: usize, at: At) -> bool {
        self.faults.iter().any(|(refused, column, _)| *refused == row && *column == at)
    }

    /// Quantity and price, as far as they are given, for the event of a command that is refused.
    pub(crate) fn amounts_of(&self, row: usize) -> (i64, i64) {
        let of = |at, column: &[i64]| {
            if self.has(row, at) && !self.is_refused(row, at) { column[row] } else { 0 }
        };
        (of(At::Quantity, &self.quantity), of(At::Price, &self.price))
    }

    /// The order of a row; 0 where there is none.
    pub(crate) fn order_of(&self, row: usize) -> u64 {
        if self.has(row, At::Order) { self.order[row] } else { 0 }
    }

    /// What a row asks for; `client_id` is its client id.
    ///
    /// # Errors
    /// Why it is refused.
    #[inline(always)]
    pub(crate) fn asked<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Asked<'a>, Code> {
        let given = self.given[row];
        let kind = usize::from(self.kind[row]);
        let Some(uses) = CommandKind::USES.get(kind) else { return Err(self.reason(row)) };
        if given & !uses.allowed != 0 || uses.needed & !given != 0 {
            return Err(self.reason(row));
        }
        let command = match CommandKind::ALL[kind] {
            CommandKind::Place => Command::Place(self.place(row, client_id)?),
            CommandKind::Amend => {
                let (order, account) = self.named(row, client_id)?;
                let quantity = self.has(row, At::Quantity).then(|| self.quantity[row]);
                let price = self.has(row, At::Price).then(|| self.price[row]);
                Command::Amend(Amend { order, account, quantity, price })
            }
            CommandKind::Cancel => {
                let (order, account) = self.named(row, client_id)?;
                Command::Cancel(Cancel { order, account })
            }
            CommandKind::CancelAll => Command::CancelAll(CancelAll {
                account: self.has(row, At::Account).then(|| self.account[row]),
                client: self.has(row, At::Client).then(|| self.client[row]),
                group: self.has(row, At::Group).then(|| named_group(self.group[row])),
                class: self.some_word(row, CLASS),
            }),
            CommandKind::OpenAccount | CommandKind::SetAccount => {
                return Ok(Asked::Settings(Settings {
                    account: self.account[row],
                    client: self.has(row, At::Client).then(|| self.client[row]),
                    group: self.has(row, At::Group).then(|| named_group(self.group[row])),
                    class: self.some_word(row, CLASS),
                    keeps: CommandKind::ALL[kind] == CommandKind::SetAccount,
                }));
            }
            CommandKind::Phase => Command::Phase(self.word_at(row, STATE, Phase::Open)),
            CommandKind::Mark => Command::Mark(self.price[row]),
            CommandKind::Index => Command::Index(self.price[row]),
            CommandKind::AdvanceTime => Command::AdvanceTime,
        };
        Ok(Asked::Command(command))
    }

    #[inline(always)]
    fn place<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Place<'a>, Code> {
        const OF_TRIGGER: u64 = bit(At::Trigger) | bit(At::TriggerBy) | bit(At::TriggerWhen);
        let given = self.given[row];
        let trigger = if given & OF_TRIGGER == 0 {
            None
        } else if given & bit(At::Trigger) == 0 {
            return Err(Code::ConflictingValues);
        } else {
            let when = self.some_word::<TriggerWhen>(row, TRIGGER_WHEN).ok_or(Code::NullValue)?;
            Some(Trigger { price: self.trigger[row], by: self.word(row, TRIGGER_BY, TriggerBy::Mark), when })
        };
        if client_id.is_some() && given & bit(At::Account) == 0 {
            return Err(Code::NullValue);
        }
        let price = self.has(row, At::Price).then(|| self.price[row]);
        Ok(Place {
            account: self.account_of(row),
            client_id,
            quantity: self.quantity[row],
            price,
            sent: None,
            tif: self.word(row, TIF, if price.is_some() { Tif::Gtc } else { Tif::Ioc }),
            until: self.has(row, At::Until).then(|| self.until[row]),
            post_only: self.some_word::<PostOnly>(row, POST_ONLY),
            reduce_only: self.has(row, At::ReduceOnly) && self.reduce_only[row] != 0,
            isolated: self.has(row, At::MarginMode) && self.words[MARGIN_MODE][row] != 0,
            trigger,
            stp: self.word(row, STP, Stp::Taker),
            liquidation: false,
        })
    }

    /// The order that a row names, and the account that it must belong to.
    #[inline(always)]
    fn named<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<(Named<'a>, Option<u32>), Code> {
        let account = self.has(row, At::Account).then(|| self.account[row]);
        match (self.has(row, At::Order), client_id, account) {
            (true, None, _) => Ok((Named::Order(self.order[row]), account)),
            (false, Some(id), Some(account)) => Ok((Named::Client(account, id), Some(account))),
            (true, Some(_), _) => Err(Code::ConflictingValues),
            (false, ..) => Err(Code::NullValue),
        }
    }

    /// Why a row is refused: of several reasons the one of the first column.
    #[cold]
    fn reason(&self, row: usize) -> Code {
        let given = self.given[row];
        let fault = |at: At| self.faults.iter().find(|(refused, column, _)| *refused == row && *column == at);
        if !self.has(row, At::Kind) {
            return Code::NullValue;
        }
        let Some(uses) = CommandKind::USES.get(usize::from(self.kind[row])) else { return Code::OutOfRange };
        let found = At::ALL.iter().find_map(|&at| {
            if given & bit(at) & !uses.allowed != 0 {
                return Some(Code::UnusedColumn);
            }
            if let Some((.., code)) = fault(at) {
                return Some(*code);
            }
            (uses.needed & !given & bit(at) != 0).then_some(Code::NullValue)
        });
        found.unwrap_or(Code::Internal)
    }
}

/// The group of a name: an even number; that of a client without a named group is odd ([`client_group`]).
fn named_group(name: u32) -> u32 {
    name << 1
}

/// The group of all accounts of a client for whom no other was named.
pub(crate) fn client_group(client: u32) -> u32 {
    client << 1 | 1
}

/// Whether a group is that of a client.
pub(crate) fn follows_client(group: u32) -> bool {
    group & 1 == 1
}
