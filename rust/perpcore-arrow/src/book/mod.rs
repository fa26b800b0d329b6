//! An order book behind Arrow tables: commands in, events out, what rests in it as tables.
//!
//! A table that is not one of commands is refused before anything is done. After that every row is carried out, or refused as
//! an event; how rows are cut into tables shows nowhere.

pub(crate) mod names;
mod one;

use crate::assess::{AccountKey, Rules, batch, instrument_named};
use crate::contract::commands::At;
use crate::contract::{self, Table as Declared};
use crate::decode::{Asked, Block, Commands, Numbering, Scope, Settings, Source, bit};
use crate::encode::{self, EventColumns, EventWords, Unremembered};
use arrow_array::{ArrayRef, RecordBatch, StructArray};
use arrow_schema::ArrowError;
use names::Names;
use perpcore::book::accounts::Account;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::book::store::Level;
use perpcore::book::terms::Terms;
use perpcore::book::{Ahead, Book, Indicative};
use perpcore::fault::{Code, Failure};
use perpcore::message::event::Kind;
use perpcore::message::{ClientId, Command, Event, Named, Phase, Side};
use perpcore::num::ONE;
use perpcore::pricing::impact::impact;
use perpcore::sweep::stop::Stop;
use std::sync::Arc;

/// The order book of one instrument.
pub struct OrderBook {
    rules: Rules,
    /// Its instrument.
    scope: Scope,
    instrument: Arc<str>,
    contract_size: i64,
    core: Book<Fast>,
    owner: Positions,
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

/// What commands did.
pub struct Applied {
    /// The table `events`.
    pub events: RecordBatch,
    /// Whether a float64 came that two grid values share.
    pub shared_doubles: bool,
}

/// What a row of a block is carried out on.
struct Turn<'a> {
    core: &'a mut Book<Fast>,
    owner: &'a mut Positions,
    count: &'a mut u64,
    time: &'a mut i64,
    events: &'a mut Vec<Event>,
    unremembered: &'a mut Vec<Unremembered>,
}

impl OrderBook {
    /// The book of an instrument, without orders.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn new(rules: &Rules, instrument: &str) -> Result<OrderBook, Failure> {
        let at = instrument_named(&rules.rulebook, instrument)?;
        let words = EventWords::of_book(&rules.rulebook, instrument);
        let instrument: Arc<str> = instrument.into();
        Ok(OrderBook {
            rules: rules.clone(),
            scope: Scope::Book(instrument.clone()),
            instrument,
            contract_size: rules.rulebook.instruments()[at].contract_size,
            core: Book::new(Terms::of(&rules.rulebook, at)),
            owner: Positions::default(),
            accounts: Names::new(),
            clients: Names::new(),
            groups: Names::new(),
            text_ids: None,
            count: 0,
            time: 0,
            block: Block::new(),
            words,
            events: Vec::new(),
            unremembered: Vec::new(),
            places: Vec::new(),
        })
    }

    /// The instrument.
    pub fn instrument(&self) -> &str {
        &self.instrument
    }

    /// Carries out a table of commands, row by row.
    ///
    /// # Errors
    /// Whatever makes it no table of commands; then nothing was done. A single command that cannot be carried out is an event.
    pub fn apply(&mut self, batches: Vec<StructArray>) -> Result<Applied, Failure> {
        let source = Source::open(&contract::COMMANDS, batches, false, &Stop::default())?;
        let rows = source.rows();
        let OrderBook { core, owner, accounts, clients, groups, count, time, block, events, unremembered, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        let tables = Commands::open(&source, &self.scope, &mut numbering, &mut self.text_ids)?;
        let shared_doubles = tables.iter().any(Commands::shares_doubles);
        // A command has an event at least, and seldom more than two.
        let mut columns = EventColumns::with_capacity(2 * rows + 16, self.text_ids);
        for mut table in tables {
            let mut start = 0;
            while start < table.rows() {
                let rows = table.fill(start, block, &mut numbering);
                events.clear();
                unremembered.clear();
                let mut turn = Turn { core, owner, count, time, events, unremembered };
                for row in 0..rows {
                    let has_id = block.given[row] & bit(At::ClientId) != 0;
                    let id = has_id.then(|| table.client_id(start + row, block.client_id[row]));
                    turn.carry_out(block, row, id);
                }
                columns.append(events, |_| Some(core.clients()), |_| None, unremembered);
                core.settle();
                start += rows;
            }
            table.close(&mut numbering);
        }
        let columns = columns.finish(self.accounts.known(), &mut self.places, &self.words);
        Ok(Applied { events: batch(&contract::EVENTS, columns, &self.rules)?, shared_doubles })
    }

    fn table(&self, table: &Declared, columns: Result<Vec<ArrayRef>, ArrowError>) -> Result<RecordBatch, Failure> {
        batch(table, columns, &self.rules)
    }

    /// So many levels of each side, all without a number: the table `depth`.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn depth(&self, levels: Option<usize>) -> Result<RecordBatch, Failure> {
        self.table(&contract::DEPTH, Ok(encode::depth(&self.core, levels)))
    }

    /// Every resting order: the table `l3`.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn l3(&self) -> Result<RecordBatch, Failure> {
        self.table(&contract::L3, encode::l3(&self.core, self.text_ids, self.accounts.known()))
    }

    /// The open orders of an account: the table `open_orders`; empty where it has none.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn orders(&self, account: &AccountKey<'_>) -> Result<RecordBatch, Failure> {
        let known = self.accounts.known();
        let number = self.accounts.find(account);
        self.table(
            &contract::OPEN_ORDERS,
            encode::open_orders(std::iter::once(&self.core), number, self.text_ids, known, &self.rules.rulebook),
        )
    }

    /// The best level of a side: price and quantity in g, and how many orders.
    pub fn best(&self, side: Side) -> Option<(i64, i64, u32)> {
        let Level { price, lots, orders } = self.core.best(side)?;
        let Terms { tick, lot, .. } = self.core.terms();
        Some((tick.value(price), lot.value(lots), orders))
    }

    /// The price of so much notional, in g, walked through a side (`impact`); none where the side is too thin.
    pub fn impact(&self, side: Side, notional: i128) -> Option<i64> {
        let Terms { tick, lot, .. } = self.core.terms();
        let size = self.contract_size;
        // A lot is an exact base quantity, as the rulebook is checked for.
        let base = |lots: i64| (i128::from(lot.value(lots)) * i128::from(size) / i128::from(ONE)) as i64;
        impact(self.core.levels(side).map(|level| (tick.value(level.price), base(level.lots))), notional)
    }

    /// What stands before an order in its queue: how many orders and how much in g. None where it does not rest.
    pub fn queue_position(&self, order: u64) -> Option<(u32, i64)> {
        let Ahead { orders, lots } = self.core.queue_position(&Named::Order(order))?;
        Some((orders, self.core.terms().lot.value(lots)))
    }

    /// What an auction would do now: price, quantity and surplus in g.
    pub fn indicative(&self) -> Option<(i64, i64, i64)> {
        let Indicative { price, lots, surplus } = self.core.indicative()?;
        let Terms { tick, lot, .. } = self.core.terms();
        Some((tick.value(price), lot.value(lots), lot.value(surplus)))
    }

    /// The phase.
    pub fn phase(&self) -> Phase {
        self.core.phase()
    }

    /// How many orders there are.
    pub fn len(&self) -> usize {
        self.core.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.core.is_empty()
    }

    /// How many commands came.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The state in 256 bits.
    pub fn digest(&self) -> [u8; 32] {
        self.core.digest(&self.owner)
    }
}

impl Turn<'_> {
    /// Carries out a row of a block, or refuses it.
    #[inline(always)]
    fn carry_out(&mut self, block: &Block, row: usize, id: Option<ClientId<'_>>) {
        let cause = *self.count;
        *self.count += 1;
        let asked = block.asked(row, id);
        let time = block.time_of(row).unwrap_or(*self.time);
        // A time that runs back is that of no later command.
        *self.time = (*self.time).max(time);
        let command = match asked {
            Ok(Asked::Command(command)) => command,
            Ok(Asked::Settings(settings)) => self.settled(&settings),
            Err(code) => return self.refuse(block, row, id, time, cause, code),
        };
        let from = self.events.len();
        self.core.apply(self.owner, time, cause, &command, self.events);
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
    fn refuse(&mut self, block: &Block, row: usize, id: Option<ClientId<'_>>, time: i64, cause: u64, code: Code) {
        let (quantity, price) = block.amounts_of(row);
        let (account, order) = (block.account_of(row), block.order_of(row));
        let event = Event { account, order, quantity, price, code: Some(code), ..Event::NOTHING };
        if let Some(id) = id.filter(|_| !block.is_refused(row, At::ClientId)) {
            self.unremembered.push(Unremembered::new(self.events.len(), &id));
        }
        self.core.refuse(self.owner, time, cause, event, self.events);
    }

    /// What an account is set to, with what is not said.
    #[cold]
    fn settled(&self, settings: &Settings) -> Command<'static> {
        let Settings { account, client, group, class, keeps } = *settings;
        let alone = Account::alone(account);
        let before = if keeps { self.core.account(account) } else { alone };
        let of_client = client.map(Account::group_of);
        // A group that was never named follows the client.
        let follows = before.group == alone.group || Account::is_own(before.group);
        let group = group.or(of_client.filter(|_| follows)).unwrap_or(before.group);
        let client = client.unwrap_or(before.client);
        Command::Account { account, client, group, class: class.unwrap_or(before.class) }
    }
}
