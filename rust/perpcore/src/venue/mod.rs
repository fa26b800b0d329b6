//! A venue as one state machine: commands in, events out (docs/venue.md).

use crate::book::clients::Clients;
use crate::margin::figures::Figures;
use crate::margin::line::Line;
use crate::message::{Event, VenueCommand};
use crate::rules::Rulebook;

/// One row of the table `ledger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Whose money.
    pub holder: Holder,
    /// The asset, by the rulebook's index.
    pub asset: u32,
    /// What is there, in g, what is held included.
    pub amount: i128,
    /// What of it waits for a withdrawal, in g.
    pub held: i128,
}

/// Who holds money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An account.
    Client(u32),
    /// One of the venue's own accounts, by its name.
    House(&'static str),
}

/// One row of the table `venue_positions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionRow {
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// Whether it is the isolated one.
    pub isolated: bool,
    /// Contracts in g.
    pub quantity: i64,
    /// κ in 10⁻¹⁶.
    pub cost_e16: i128,
    /// What it was entered at on average, in g; none where nothing is held.
    pub entry_price: Option<i64>,
    /// Its margin in g.
    pub isolated_margin: i128,
}

/// An account, valued.
#[derive(Clone, Debug)]
pub struct Valued {
    /// The cross bucket.
    pub cross: Figures,
    /// The isolated buckets by instrument.
    pub isolated: Vec<(u32, Figures)>,
    /// Every line, where they were asked for.
    pub lines: Vec<Line>,
}

/// A venue.
#[derive(Clone, Debug)]
pub struct Venue {
    books: Vec<crate::book::Book<crate::book::fast::Fast>>,
}

impl Venue {
    /// A venue without accounts, its instruments listed.
    pub fn new(rules: &Rulebook) -> Venue {
        let of = |at| crate::book::Book::new(crate::book::terms::Terms::of(rules, at));
        Venue { books: (0..rules.instruments().len()).map(of).collect() }
    }

    /// Carries out a command that stands at `cause` in its stream and comes at `time`, ns; what happens is added to `out`.
    pub fn apply(&mut self, time: i64, cause: u64, command: &VenueCommand<'_>, out: &mut Vec<Event>) {
        let _ = (time, cause, command, out);
    }

    /// A command that cannot be carried out, for a reason that whoever decoded it found: only time passes.
    pub fn refuse(&mut self, time: i64, cause: u64, event: Event, out: &mut Vec<Event>) {
        let _ = (time, cause, event, out);
    }

    /// Clients' ids by the numbers that events of an instrument have.
    pub fn clients(&self, instrument: u32) -> &Clients {
        self.books[instrument as usize].clients()
    }

    /// Whoever reads the events has read all of them: numbers of forgotten client ids may be used again.
    pub fn settle_ids(&mut self) {
        self.books.iter_mut().for_each(|book| book.settle());
    }

    /// Open accounts, in the order in which they were opened.
    pub fn accounts(&self) -> Vec<u32> {
        Vec::new()
    }

    /// An account's figures; none where it is not open, or where a price is missing (the code says so).
    pub fn valued(&self, account: u32, lines: bool) -> Option<Valued> {
        let _ = (account, lines);
        None
    }

    /// Every wallet that is not empty: clients in the order of their opening, then the venue's own.
    pub fn ledger(&self) -> Vec<LedgerRow> {
        Vec::new()
    }

    /// Every position, by account and instrument, cross before isolated.
    pub fn positions(&self) -> Vec<PositionRow> {
        Vec::new()
    }

    /// Checks that nothing was lost: what does not hold, in words; empty where all does.
    pub fn verify(&self) -> Vec<String> {
        Vec::new()
    }

    /// How many commands were carried out or refused, the last time, the next event's number.
    pub fn counts(&self) -> (u64, i64, u64) {
        (0, 0, 0)
    }

    /// SHA-256 over everything that a further command could depend on.
    pub fn digest(&self) -> [u8; 32] {
        [0; 32]
    }
}
