//! A single command as a caller says it, and its events with their ids: the same way as a row of a table.

use super::{OrderBook, Turn};
use crate::assess::AccountKey;
use crate::contract::COMMANDS;
use crate::contract::commands::{At, CommandKind};
use crate::decode::{Numbering, REFUSED, WORDS, YEAR_2000_NS, bit};
use crate::encode;
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::message::event::Kind;
use perpcore::message::{
    Aggressor, CLIENT_ID_BYTES, Class, ClientId, Event, Phase, PostOnly, Stp, Tif, TriggerBy, TriggerWhen, Word,
};

/// The cells of one row of `commands`; what is none is null.
#[derive(Clone, Copy, Default)]
pub struct Cells<'a> {
    /// Nanoseconds since 1970 UTC.
    pub time: Option<i64>,
    /// Whose.
    pub account: Option<AccountKey<'a>>,
    /// The client behind the account.
    pub client: Option<AccountKey<'a>>,
    /// The group behind the client.
    pub group: Option<AccountKey<'a>>,
    /// The order.
    pub order: Option<u64>,
    /// What the account calls the order.
    pub client_id: Option<ClientId<'a>>,
    /// In g.
    pub quantity: Option<i64>,
    /// In g.
    pub price: Option<i64>,
    /// How long it lives.
    pub tif: Option<Tif>,
    /// Until when, ns.
    pub until: Option<i64>,
    /// What happens instead of taking.
    pub post_only: Option<PostOnly>,
    /// Whether it may only reduce.
    pub reduce_only: Option<bool>,
    /// Whether it is for the isolated position.
    pub isolated: Option<bool>,
    /// What it waits for, in g.
    pub trigger: Option<i64>,
    /// The price that is watched.
    pub trigger_by: Option<TriggerBy>,
    /// From which side it comes.
    pub trigger_when: Option<TriggerWhen>,
    /// Whose order gives way.
    pub stp: Option<Stp>,
    /// The class of the account.
    pub class: Option<Class>,
    /// The phase.
    pub state: Option<Phase>,
}

/// An id that owns its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Id {
    /// Text.
    Text(String),
    /// An integer.
    Integer(u64),
}

/// An event with the ids of those whom it names.
#[derive(Clone, Debug)]
pub struct Told {
    /// The event.
    pub event: Event,
    /// The account.
    pub account: Option<Id>,
    /// The other one.
    pub other_account: Option<Id>,
    /// The client's id of the order.
    pub client_id: Option<Id>,
}

/// What an event says; none where it says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Shown {
    /// When, ns.
    pub time: Option<i64>,
    /// The order.
    pub order: Option<u64>,
    /// The number of the trade.
    pub trade: Option<u64>,
    /// In g.
    pub quantity: Option<i64>,
    /// In g.
    pub price: Option<i64>,
    /// The maker's order.
    pub other_order: Option<u64>,
    /// The class of the account.
    pub class: Option<Class>,
    /// The class of the other one.
    pub other_class: Option<Class>,
    /// Who took.
    pub aggressor: Option<&'static str>,
    /// The phase before.
    pub before: Option<Phase>,
    /// The phase now.
    pub after: Option<Phase>,
}

impl Told {
    /// What the event says, as the table `events` does.
    pub fn shown(&self) -> Shown {
        let event = &self.event;
        let some = |value: i64| (value != 0).then_some(value);
        let id = |value: u64| (value != 0).then_some(value);
        let phase = |at: u8| (event.kind == Kind::Phase).then(|| Phase::ALL.get(usize::from(at)).copied()).flatten();
        Shown {
            time: some(event.time),
            order: id(event.order),
            trade: id(event.trade),
            quantity: some(event.quantity),
            price: some(event.price),
            other_order: id(event.other_order),
            class: encode::says_class(event.kind).then_some(event.class),
            other_class: (event.kind == Kind::Filled).then_some(event.other_class),
            aggressor: match event.aggressor {
                Aggressor::Neither => None,
                Aggressor::Bid => Some(Aggressor::NAMES[0]),
                Aggressor::Ask => Some(Aggressor::NAMES[1]),
            },
            before: phase(event.before),
            after: phase(event.after),
        }
    }
}

fn type_of(is_text: bool) -> DataType {
    if is_text { DataType::Utf8 } else { DataType::Int64 }
}

impl OrderBook {
    /// Carries out one command; what it did.
    ///
    /// # Errors
    /// `id_kind_mismatch` where an id is of another kind than those before it; then nothing was done.
    pub fn one(&mut self, kind: CommandKind, cells: &Cells<'_>) -> Result<Vec<Told>, Failure> {
        self.admit(cells)?;
        let OrderBook { core, owner, accounts, clients, groups, count, time, block, events, unremembered, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        block.faults.clear();
        block.kind[0] = kind as u8;
        let mut given = bit(At::Kind);
        let mut take = |at: At, there: bool| {
            given |= if there { bit(at) } else { 0 };
            there
        };
        macro_rules! plain {
            ($($at:ident $column:ident $cell:expr;)*) => {
                $(if let Some(value) = $cell {
                    take(At::$at, true);
                    block.$column[0] = value;
                })*
            };
        }
        plain! {
            Time time cells.time; Order order cells.order; Quantity quantity cells.quantity; Price price cells.price;
            Until until cells.until; Trigger trigger cells.trigger; ReduceOnly reduce_only cells.reduce_only.map(u8::from);
        }
        let words = [
            cells.tif.map(|it| it as u8),
            cells.post_only.map(|it| it as u8),
            cells.isolated.map(u8::from),
            cells.trigger_by.map(|it| it as u8),
            cells.trigger_when.map(|it| it as u8),
            cells.stp.map(|it| it as u8),
            cells.class.map(|it| it as u8),
            cells.state.map(|it| it as u8),
        ];
        for ((at, word), column) in WORDS.into_iter().zip(words).zip(&mut block.words) {
            if take(at, word.is_some()) {
                column[0] = word.unwrap_or(0);
            }
        }
        let mut refused = Vec::new();
        for (at, id) in [(At::Account, cells.account), (At::Client, cells.client), (At::Group, cells.group)] {
            let Some(id) = id else { continue };
            take(at, true);
            let number = numbering.of(at).and_then(|names| names.number(&id));
            match number {
                Some(number) if at == At::Account => block.account[0] = number,
                Some(number) if at == At::Client => block.client[0] = number,
                Some(number) => block.group[0] = number,
                None => refused.push((at, Code::OutOfRange)),
            }
        }
        match cells.client_id {
            Some(ClientId::Number(number)) => block.client_id[0] = number,
            Some(ClientId::Text(text)) if text.len() > CLIENT_ID_BYTES => {
                refused.push((At::ClientId, Code::OutOfRange))
            }
            _ => {}
        }
        take(At::ClientId, cells.client_id.is_some());
        for (at, time) in [(At::Time, cells.time), (At::Until, cells.until)] {
            if time.is_some_and(|time| time < YEAR_2000_NS) {
                refused.push((at, Code::ImplausibleTime));
            }
        }
        block.given[0] = given & !REFUSED;
        refused.into_iter().for_each(|(at, code)| block.refuse(0, at, code));
        events.clear();
        unremembered.clear();
        Turn { core, owner, count, time, events, unremembered }.carry_out(block, 0, cells.client_id);
        let told = self.told();
        self.core.settle();
        Ok(told)
    }

    /// Whether ids are of the kinds of those before.
    fn admit(&mut self, cells: &Cells<'_>) -> Result<(), Failure> {
        let OrderBook { accounts, clients, groups, text_ids, .. } = self;
        let ids = [
            (At::Account, accounts, cells.account),
            (At::Client, clients, cells.client),
            (At::Group, groups, cells.group),
        ];
        let named = |at: At| move |fault: Fault| fault.in_column(COMMANDS.name, COMMANDS.columns[at as usize].name);
        let of_key = |key: &AccountKey<'_>| type_of(matches!(key, AccountKey::Text(_)));
        for (at, names, id) in &ids {
            if let Some(id) = id {
                names.admits(&of_key(id)).map_err(|fault| named(*at)(*fault))?;
            }
        }
        let is_text = cells.client_id.map(|id| matches!(id, ClientId::Text(_)));
        if let (Some(known), Some(given)) = (*text_ids, is_text)
            && known != given
        {
            let fault = Fault::new(Code::IdKindMismatch).value(type_of(given));
            return Err(named(At::ClientId)(fault.accepts("client ids as those before: text, or integers")).into());
        }
        *text_ids = text_ids.or(is_text);
        for (_, names, id) in ids {
            if let Some(id) = id {
                names.settle(&of_key(&id));
            }
        }
        Ok(())
    }

    /// The events of the last command with their ids.
    fn told(&self) -> Vec<Told> {
        let account = |number: u32| {
            self.accounts.known().key(number).map(|key| match key {
                AccountKey::Text(text) => Id::Text(text.to_string()),
                AccountKey::Integer(id) => Id::Integer(id),
            })
        };
        let mut told: Vec<Told> = self
            .events
            .iter()
            .map(|event| Told {
                event: *event,
                account: account(event.account),
                other_account: account(event.other_account),
                client_id: (event.client != 0).then(|| self.core.clients().id(event.client)).flatten().map(
                    |id| match id {
                        ClientId::Text(text) => Id::Text(text.to_string()),
                        ClientId::Number(id) => Id::Integer(id),
                    },
                ),
            })
            .collect();
        for of in &self.unremembered {
            let id = if self.text_ids == Some(true) { Id::Text(of.text.clone()) } else { Id::Integer(of.number) };
            told[of.event].client_id = Some(id);
        }
        told
    }
}
