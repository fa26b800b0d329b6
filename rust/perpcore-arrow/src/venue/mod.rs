//! A venue behind Arrow tables: commands in, events out, what everybody has as tables.
//!
//! A table that is not one of commands is refused before anything is done. After that every row is carried out, or refused as
//! an event; how rows are cut into tables shows nowhere. Rows after the one with which another rulebook came into force may
//! name what only that one has: they are read again from there.

mod in_force;
mod one;
mod state;

pub use state::{Explained, Story};

use crate::assess::{Rules, batch};
use crate::book::Applied;
use crate::book::names::Names;
use crate::contract;
use crate::contract::commands::At;
use crate::decode::{AccountKey, Block, Commands, Numbering, Row, Source, Texts, bit};
use crate::encode::{self, EventColumns, Unremembered};
use arrow_array::StructArray;
use in_force::InForce;
use perpcore::fault::{Code, Failure};
use perpcore::message::event::Kind;
use perpcore::message::{ClientId, Event, VenueCommand};
use perpcore::num::bounds::PRICE;
use perpcore::sweep::stop::Stop;
use perpcore::venue::{Venue as Core, reserved};

/// A venue.
pub struct Venue {
    core: Core,
    now: InForce,
    accounts: Names,
    clients: Names,
    groups: Names,
    /// Whether client ids are text; none as long as there are none.
    text_ids: Option<bool>,
    /// How many commands came.
    count: u64,
    /// The time of the last command that had one, ns.
    time: i64,
    block: Block,
    /// Scratch.
    events: Vec<Event>,
    unremembered: Vec<Unremembered>,
    places: Vec<i32>,
}

/// What a row of a block is carried out on.
struct Turn<'a> {
    core: &'a mut Core,
    accounts: &'a Names,
    count: &'a mut u64,
    time: &'a mut i64,
    events: &'a mut Vec<Event>,
    unremembered: &'a mut Vec<Unremembered>,
}

/// A row of a table of commands.
#[derive(Clone, Copy)]
struct OfTable<'a> {
    table: &'a Commands,
    row: usize,
}

impl<'a> Texts<'a> for OfTable<'a> {
    fn text(self, at: At) -> Option<&'a str> {
        self.table.text(at, self.row)
    }
}

impl Venue {
    /// A venue without accounts and prices, its instruments listed.
    pub fn new(rules: &Rules) -> Venue {
        Venue {
            core: Core::new(&rules.rulebook),
            now: InForce::new(rules.clone()),
            accounts: Names::new(),
            clients: Names::new(),
            groups: Names::new(),
            text_ids: None,
            count: 0,
            time: 0,
            block: Block::new(),
            events: Vec::new(),
            unremembered: Vec::new(),
            places: Vec::new(),
        }
    }

    /// Carries out a table of commands, row by row.
    ///
    /// # Errors
    /// Whatever makes it no table of commands; then nothing was done. A single command that cannot be carried out is an event.
    pub fn apply(&mut self, batches: Vec<StructArray>) -> Result<Applied, Failure> {
        let source = Source::open(&contract::COMMANDS, batches, false, &Stop::default())?;
        let rows = source.rows();
        let Venue { core, now, accounts, clients, groups, count, time, block, events, unremembered, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        let mut tables = Commands::open(&source, &now.scope, &mut numbering, &mut self.text_ids)?;
        let shared_doubles = tables.iter().any(Commands::shares_doubles);
        // A command has an event at least, and seldom more than two.
        let mut columns = EventColumns::of_venue(2 * rows + 16, self.text_ids);
        for at in 0..tables.len() {
            let mut start = 0;
            while start < tables[at].rows() {
                let rows = tables[at].fill(start, block, &mut numbering);
                events.clear();
                unremembered.clear();
                let (table, accounts, lists) = (&tables[at], &*numbering.accounts, &*now.lists);
                let mut turn = Turn { core, accounts, count, time, events, unremembered };
                let changed = (0..rows).find(|&at| {
                    let has_id = block.given[at] & bit(At::ClientId) != 0;
                    let id = has_id.then(|| table.client_id(start + at, block.client_id[at]));
                    let texts = OfTable { table, row: start + at };
                    turn.carry_out(Row { block, at, lists, texts }, id)
                });
                if changed.is_some() {
                    *now = InForce::of(core);
                    tables[at..].iter_mut().for_each(|table| table.rename(&now.scope));
                }
                let note = |event: &Event| encode::note_of(event, &now.rules.rulebook, |at| core.digest_of(at));
                columns.append(events, |instrument| core.clients(instrument), note, unremembered);
                core.settle_ids();
                start += changed.map_or(rows, |at| at + 1);
            }
        }
        tables.into_iter().for_each(|table| table.close(&mut numbering));
        let columns = columns.finish(self.accounts.known(), &mut self.places, &self.now.words);
        Ok(Applied { events: batch(&contract::EVENTS, columns, &self.now.rules)?, shared_doubles })
    }

    /// The rulebook in force.
    pub fn rules(&self) -> &Rules {
        &self.now.rules
    }

    /// How many commands came, how many accounts are open, and the time of the last command, ns.
    pub fn counts(&self) -> (u64, usize, i64) {
        (self.count, self.core.accounts().count(), self.core.counts().1)
    }
}

impl Turn<'_> {
    /// Carries out a row of a block, or refuses it; whether another rulebook is in force since.
    #[inline(always)]
    fn carry_out<'a, T: Texts<'a>>(&mut self, row: Row<'a, T>, id: Option<ClientId<'a>>) -> bool {
        let from = self.events.len();
        self.act(row, id);
        self.events[from..].iter().any(|event| event.kind == Kind::RulebookActivated)
    }

    #[inline(always)]
    fn act<'a, T: Texts<'a>>(&mut self, row: Row<'a, T>, id: Option<ClientId<'a>>) {
        let cause = *self.count;
        *self.count += 1;
        let asked = row.asked(id);
        let now = *self.time;
        let time = row.block.time_of(row.at).unwrap_or(now);
        // A time that runs back is that of no later command.
        *self.time = now.max(time);
        let command = match asked {
            Ok(VenueCommand::OpenAccount(account, _)) if self.is_reserved(account) => {
                let code = if time < now { Code::TimeRunsBack } else { Code::ReservedName };
                return self.refuse(row, id, time, cause, code);
            }
            Ok(command) => command,
            Err(code) => return self.refuse(row, id, time, cause, code),
        };
        let from = self.events.len();
        self.core.apply(time, cause, &command, self.events);
        if let Some(id) = id {
            self.show(from, &id);
        }
    }

    /// Shows the client id of a command that was refused, where the book remembers nothing of it.
    #[inline(always)]
    fn show(&mut self, from: usize, id: &ClientId<'_>) {
        for at in from..self.events.len() {
            let event = &self.events[at];
            if event.kind == Kind::Rejected && event.client == 0 {
                self.unremembered.push(Unremembered::new(at, id));
            }
        }
    }

    #[cold]
    fn refuse<'a, T: Texts<'a>>(
        &mut self,
        row: Row<'a, T>,
        id: Option<ClientId<'a>>,
        time: i64,
        cause: u64,
        code: Code,
    ) {
        let Row { block, at, .. } = row;
        let (quantity, price) = block.amounts_of(at);
        let price = if PRICE.holds(price.into()) { price } else { 0 };
        let (account, order, instrument) = (block.account_of(at), block.order_of(at), row.instrument_said());
        let (asset, amount) = row.money_said();
        let code = Some(code);
        let event = Event { account, order, quantity, price, instrument, asset, amount, code, ..Event::NOTHING };
        let from = self.events.len();
        self.core.refuse(time, cause, event, self.events);
        if let Some(id) = id.filter(|_| !block.is_refused(at, At::ClientId)) {
            self.show(from, &id);
        }
    }

    /// Whether a name is one of the ledger's own.
    #[cold]
    fn is_reserved(&self, account: u32) -> bool {
        matches!(self.accounts.known().key(account), Some(AccountKey::Text(name)) if reserved(name))
    }
}
