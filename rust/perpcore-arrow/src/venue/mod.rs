//! A venue behind Arrow tables: commands in, events out, what everybody has as tables.
//!
//! A table that is not one of commands is refused before anything is done. After that every row is carried out, or refused as
//! an event; how rows are cut into tables shows nowhere.

mod one;
mod state;

pub use state::Explained;

use crate::assess::{Rules, batch};
use crate::book::Applied;
use crate::book::names::Names;
use crate::contract;
use crate::contract::commands::At;
use crate::decode::{
    AccountKey, Block, Commands, Lists, Numbering, Row, Scope, Source, Texts, bit, client_group, follows_client,
};
use crate::encode::{EventColumns, EventWords, Unremembered};
use arrow_array::StructArray;
use perpcore::book::accounts::Account;
use perpcore::fault::{Code, Failure};
use perpcore::message::event::Kind;
use perpcore::message::{ClientId, Event, Settings, VenueCommand};
use perpcore::num::bounds::PRICE;
use perpcore::sweep::stop::Stop;
use perpcore::venue::{Venue as Core, reserved};
use std::sync::Arc;

/// A venue.
pub struct Venue {
    rules: Rules,
    core: Core,
    scope: Scope,
    lists: Arc<Lists>,
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
    words: EventWords,
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
        let lists = Arc::new(Lists::new(&rules.rulebook));
        Venue {
            core: Core::new(&rules.rulebook),
            scope: Scope::Venue(lists.clone()),
            lists,
            accounts: Names::new(),
            clients: Names::new(),
            groups: Names::new(),
            text_ids: None,
            count: 0,
            time: 0,
            block: Block::new(),
            words: EventWords::new(&rules.rulebook),
            events: Vec::new(),
            unremembered: Vec::new(),
            places: Vec::new(),
            rules: rules.clone(),
        }
    }

    /// Carries out a table of commands, row by row.
    ///
    /// # Errors
    /// Whatever makes it no table of commands; then nothing was done. A single command that cannot be carried out is an event.
    pub fn apply(&mut self, batches: Vec<StructArray>) -> Result<Applied, Failure> {
        let source = Source::open(&contract::COMMANDS, batches, false, &Stop::default())?;
        let rows = source.rows();
        let Venue { core, accounts, clients, groups, count, time, block, events, unremembered, lists, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        let tables = Commands::open(&source, &self.scope, &mut numbering, &mut self.text_ids)?;
        let shared_doubles = tables.iter().any(Commands::shares_doubles);
        // A command has an event at least, and seldom more than two.
        let mut columns = EventColumns::of_venue(2 * rows + 16, self.text_ids);
        for mut table in tables {
            let mut start = 0;
            while start < table.rows() {
                let rows = table.fill(start, block, &mut numbering);
                events.clear();
                unremembered.clear();
                let accounts = &*numbering.accounts;
                let mut turn = Turn { core, accounts, count, time, events, unremembered };
                for at in 0..rows {
                    let has_id = block.given[at] & bit(At::ClientId) != 0;
                    let id = has_id.then(|| table.client_id(start + at, block.client_id[at]));
                    let texts = OfTable { table: &table, row: start + at };
                    turn.carry_out(Row { block, at, lists, texts }, id);
                }
                columns.append(events, |instrument| core.clients(instrument), unremembered);
                core.settle_ids();
                start += rows;
            }
            table.close(&mut numbering);
        }
        let columns = columns.finish(self.accounts.known(), &mut self.places, &self.words);
        Ok(Applied { events: batch(&contract::EVENTS, columns, &self.rules)?, shared_doubles })
    }

    /// How many commands came, how many accounts are open, and the time of the last command, ns.
    pub fn counts(&self) -> (u64, usize, i64) {
        (self.count, self.core.accounts().count(), self.core.counts().1)
    }
}

impl Turn<'_> {
    /// Carries out a row of a block, or refuses it.
    #[inline(always)]
    fn carry_out<'a, T: Texts<'a>>(&mut self, row: Row<'a, T>, id: Option<ClientId<'a>>) {
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
            Ok(VenueCommand::OpenAccount(account, settings)) => {
                VenueCommand::OpenAccount(account, grouped(settings, true))
            }
            Ok(VenueCommand::SetAccount(account, settings)) => {
                VenueCommand::SetAccount(account, grouped(settings, self.follows(account)))
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

    /// Whether the group of an account is that of its client, or none was ever named.
    #[cold]
    fn follows(&self, account: u32) -> bool {
        let group = self.core.whose(account).map(|(_, group)| group);
        group.is_some_and(|group| group == Account::alone(account).group || follows_client(group))
    }
}

/// A group that was never named follows the client.
fn grouped(settings: Settings, follows: bool) -> Settings {
    let of_client = settings.client.map(client_group).filter(|_| follows);
    Settings { group: settings.group.or(of_client), ..settings }
}
