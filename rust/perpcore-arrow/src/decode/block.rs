//! Some rows of `commands` as plain columns.
//!
//! A cell that was refused, or has a value that its kind does not use, is found by one comparison of bits a row; which one it
//! was is asked only then. Where a column says nothing, its place in the block is 0. How a row becomes a command stands with
//! who carries it out: `asked` for a book, `venue` for a venue.

use crate::contract::commands::{At, Columns, CommandKind};
use perpcore::fault::Code;
use perpcore::message::{NOBODY, Word};

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
    pub(crate) account: Vec<u32>,
    pub(crate) client: Vec<u32>,
    pub(crate) group: Vec<u32>,
    pub(crate) order: Vec<u64>,
    /// Client ids that are integers.
    pub(crate) client_id: Vec<u64>,
    /// Accounts to whom something goes, as far as they are known.
    pub(crate) to_account: Vec<u32>,
    pub(crate) reduce_only: Vec<u8>,
    /// By the place of the column in [`NUMBERS`], in g.
    pub(crate) numbers: [Vec<i64>; NUMBERS.len()],
    pub(crate) amount: Vec<i128>,
    /// By the place of the column in [`TIMES`], in ns.
    pub(crate) times: [Vec<i64>; TIMES.len()],
    /// By the place of the column in [`WORDS`]: places in its list.
    pub(crate) words: [Vec<u8>; WORDS.len()],
    /// By the place of the column in [`NAMES`]: places in the rulebook.
    pub(crate) names: [Vec<u32>; NAMES.len()],
    /// Refused cells.
    pub(crate) faults: Vec<(usize, At, Code)>,
}

macro_rules! places {
    ($(#[$doc:meta])* $list:ident: $($place:ident $at:ident),*) => {
        $(#[$doc])*
        pub(crate) const $list: [At; [$(At::$at),*].len()] = [$(At::$at),*];
        places!(@ 0; $($place)*);
    };
    (@ $at:expr; $place:ident $($rest:ident)*) => {
        pub(crate) const $place: usize = $at;
        places!(@ $at + 1; $($rest)*);
    };
    (@ $at:expr;) => {};
}

places! {
    /// The columns of numbers but `amount`.
    NUMBERS: QUANTITY Quantity, PRICE Price, TRIGGER Trigger, LEVERAGE Leverage, BID Bid, ASK Ask
}
places! {
    /// The columns of times.
    TIMES: TIME Time, UNTIL Until, INVESTOR_UNTIL InvestorUntil, KNOWLEDGE_UNTIL KnowledgeUntil, SENT Sent
}
places! {
    /// The columns of words other than `kind`.
    WORDS: TIF Tif, POST_ONLY PostOnly, MARGIN_MODE MarginMode, TRIGGER_BY TriggerBy, TRIGGER_WHEN TriggerWhen, STP Stp,
        CLASS Class, STATE State, MODEL Model
}
places! {
    /// The columns of names of the rulebook.
    NAMES: INSTRUMENT Instrument, ASSET Asset, FEE_TIER FeeTier, SOURCE Source, UNDERLYING Underlying
}

impl Block {
    pub(crate) fn new() -> Block {
        Block {
            given: vec![0; BLOCK],
            kind: vec![0; BLOCK],
            account: vec![NOBODY; BLOCK],
            client: vec![0; BLOCK],
            group: vec![0; BLOCK],
            order: vec![0; BLOCK],
            client_id: vec![0; BLOCK],
            to_account: vec![NOBODY; BLOCK],
            reduce_only: vec![0; BLOCK],
            numbers: std::array::from_fn(|_| vec![0; BLOCK]),
            amount: vec![0; BLOCK],
            times: std::array::from_fn(|_| vec![0; BLOCK]),
            words: std::array::from_fn(|_| vec![0; BLOCK]),
            names: std::array::from_fn(|_| vec![0; BLOCK]),
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
    pub(crate) fn has(&self, row: usize, at: At) -> bool {
        self.given[row] & bit(at) != 0
    }

    /// A number of a row, where it is given.
    #[inline(always)]
    pub(super) fn number(&self, row: usize, at: usize) -> Option<i64> {
        self.has(row, NUMBERS[at]).then(|| self.numbers[at][row])
    }

    /// A time of a row, where it is given.
    #[inline(always)]
    pub(super) fn time(&self, row: usize, at: usize) -> Option<i64> {
        self.has(row, TIMES[at]).then(|| self.times[at][row])
    }

    /// A name of a row, where it is given.
    #[inline(always)]
    pub(super) fn name(&self, row: usize, at: usize) -> Option<u32> {
        self.has(row, NAMES[at]).then(|| self.names[at][row])
    }

    #[inline(always)]
    pub(super) fn word<T: Word>(&self, row: usize, at: usize, default: T) -> T {
        if self.has(row, WORDS[at]) { self.word_at(row, at, default) } else { default }
    }

    #[inline(always)]
    pub(super) fn word_at<T: Word>(&self, row: usize, at: usize, default: T) -> T {
        T::ALL.get(usize::from(self.words[at][row])).copied().unwrap_or(default)
    }

    #[inline(always)]
    pub(super) fn some_word<T: Word>(&self, row: usize, at: usize) -> Option<T> {
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
        (self.has(row, At::Time) && !refused).then(|| self.times[TIME][row])
    }

    /// Whether a cell was refused.
    #[cold]
    pub(crate) fn is_refused(&self, row: usize, at: At) -> bool {
        self.faults.iter().any(|(refused, column, _)| *refused == row && *column == at)
    }

    /// Whether a cell is given and was not refused.
    pub(crate) fn is_said(&self, row: usize, at: At) -> bool {
        self.has(row, at) && !self.is_refused(row, at)
    }

    /// Quantity and price, as far as they are given, for the event of a command that is refused.
    pub(crate) fn amounts_of(&self, row: usize) -> (i64, i64) {
        let of = |at: usize| if self.is_said(row, NUMBERS[at]) { self.numbers[at][row] } else { 0 };
        (of(QUANTITY), of(PRICE))
    }

    /// The order of a row; 0 where there is none.
    pub(crate) fn order_of(&self, row: usize) -> u64 {
        if self.has(row, At::Order) { self.order[row] } else { 0 }
    }

    /// Whether a row has what its kind needs and no more, and no cell of it was refused.
    #[inline(always)]
    pub(super) fn holds(&self, row: usize, columns: Columns) -> bool {
        let given = self.given[row];
        given & !columns.allowed == 0 && columns.needed & !given == 0
    }

    /// Why a row is refused: of several reasons the one of the first column. `wrong` says what else is wrong with a cell that
    /// is given and that its kind uses.
    #[cold]
    pub(super) fn reason(&self, row: usize, columns: &[Columns], wrong: impl Fn(At) -> Option<Code>) -> Option<Code> {
        let given = self.given[row];
        let fault = |at: At| self.faults.iter().find(|(refused, column, _)| *refused == row && *column == at);
        if !self.has(row, At::Kind) {
            return Some(Code::NullValue);
        }
        let columns = columns.get(usize::from(self.kind[row])).filter(|columns| columns.is_carried_out());
        let Some(columns) = columns else { return Some(Code::OutOfRange) };
        At::ALL.iter().find_map(|&at| {
            if given & bit(at) & !columns.allowed != 0 {
                return Some(Code::UnusedColumn);
            }
            if let Some((.., code)) = fault(at) {
                return Some(*code);
            }
            if given & bit(at) == 0 {
                return (columns.needed & bit(at) != 0).then_some(Code::NullValue);
            }
            wrong(at)
        })
    }

    /// The kind of a row that has one.
    #[inline(always)]
    pub(super) fn kind_of(&self, row: usize) -> Option<CommandKind> {
        CommandKind::ALL.get(usize::from(self.kind[row])).copied()
    }
}
