//! Events as columns: filled some events at a time, while they are in the nearest cache, and turned into arrays at the end.
//!
//! What an event does not say is a value that cannot stand there (0, or −1 of words); which rows have a value is found from
//! that at the end.

use super::column::{MONEY, decimal, dictionary, validity, words};
use super::ids::sparse_ids;
use crate::residents::Residents;
use arrow_array::builder::StringBuilder;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray, StringArray, TimestampNanosecondArray, UInt64Array};
use arrow_schema::ArrowError;
use perpcore::book::clients::Clients;
use perpcore::fault::Code;
use perpcore::message::event::Kind;
use perpcore::message::{Aggressor, Audience, Class, ClientId, Event, Phase};
use std::sync::Arc;

/// The audience of every kind of event.
const AUDIENCES: [i8; Kind::NAMES.len()] = {
    let (mut all, mut at) = ([0; Kind::NAMES.len()], 0);
    while at < all.len() {
        all[at] = Kind::KINDS[at].audience() as i8;
        at += 1;
    }
    all
};

/// A client's id of a command that was refused, of which the book remembers nothing: of which event, and the id.
pub(crate) struct Unremembered {
    pub(crate) event: usize,
    pub(crate) text: String,
    pub(crate) number: u64,
}

impl Unremembered {
    pub(crate) fn new(event: usize, id: &ClientId<'_>) -> Unremembered {
        match id {
            ClientId::Text(text) => Unremembered { event, text: text.to_string(), number: 0 },
            ClientId::Number(number) => Unremembered { event, text: String::new(), number: *number },
        }
    }
}

/// A column of client ids, of the kind that the stream has.
pub(crate) enum ClientIds {
    Texts(StringBuilder),
    Numbers { values: Vec<u64>, given: Vec<bool> },
}

impl ClientIds {
    pub(crate) fn new(texts: bool) -> ClientIds {
        if texts {
            ClientIds::Texts(StringBuilder::new())
        } else {
            ClientIds::Numbers { values: Vec::new(), given: Vec::new() }
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, id: Option<ClientId<'_>>) {
        match (self, id) {
            (ClientIds::Texts(texts), Some(ClientId::Text(text))) => texts.append_value(text),
            (ClientIds::Texts(texts), _) => texts.append_null(),
            (ClientIds::Numbers { values, given }, id) => {
                let number = if let Some(ClientId::Number(number)) = id { Some(number) } else { None };
                values.push(number.unwrap_or(0));
                given.push(number.is_some());
            }
        }
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            ClientIds::Texts(mut texts) => Arc::new(texts.finish()),
            ClientIds::Numbers { values, given } => {
                let nulls = validity(given.len(), |row| given[row]);
                Arc::new(UInt64Array::new(values.into(), nulls))
            }
        }
    }
}

/// Events, column by column.
pub(crate) struct EventColumns {
    seq: Vec<i64>,
    time: Vec<i64>,
    cause: Vec<i64>,
    kind: Vec<i8>,
    code: Vec<i32>,
    account: Vec<u32>,
    order: Vec<u64>,
    trade: Vec<i64>,
    quantity: Vec<i128>,
    price: Vec<i128>,
    other_account: Vec<u32>,
    other_order: Vec<u64>,
    class: Vec<i8>,
    other_class: Vec<i8>,
    aggressor: Vec<i8>,
    before: Vec<i8>,
    after: Vec<i8>,
    /// None as long as a book has no client ids.
    client_ids: Option<ClientIds>,
}

/// The class of an event's account, where the event says it: −1 where not.
#[inline(always)]
fn class_of(event: &Event) -> i8 {
    if says_class(event.kind) { event.class as i8 } else { -1 }
}

/// Whether events of a kind say of which class their account is.
#[inline(always)]
pub(crate) fn says_class(kind: Kind) -> bool {
    matches!(kind, Kind::Accepted | Kind::Filled | Kind::Canceled | Kind::Amended | Kind::Triggered | Kind::Expired)
}

impl EventColumns {
    /// Columns for about so many events; `texts` says whether client ids are text, where there are any.
    pub(crate) fn with_capacity(events: usize, texts: Option<bool>) -> EventColumns {
        EventColumns {
            seq: Vec::with_capacity(events),
            time: Vec::with_capacity(events),
            cause: Vec::with_capacity(events),
            kind: Vec::with_capacity(events),
            code: Vec::with_capacity(events),
            account: Vec::with_capacity(events),
            order: Vec::with_capacity(events),
            trade: Vec::with_capacity(events),
            quantity: Vec::with_capacity(events),
            price: Vec::with_capacity(events),
            other_account: Vec::with_capacity(events),
            other_order: Vec::with_capacity(events),
            class: Vec::with_capacity(events),
            other_class: Vec::with_capacity(events),
            aggressor: Vec::with_capacity(events),
            before: Vec::with_capacity(events),
            after: Vec::with_capacity(events),
            client_ids: texts.map(ClientIds::new),
        }
    }

    /// Takes events over. Of `unremembered` the events are places in them, ascending.
    pub(crate) fn append(&mut self, events: &[Event], clients: &Clients, unremembered: &[Unremembered]) {
        self.seq.extend(events.iter().map(|event| event.seq as i64));
        self.time.extend(events.iter().map(|event| event.time));
        self.cause.extend(events.iter().map(|event| event.cause as i64));
        self.kind.extend(events.iter().map(|event| event.kind as i8));
        self.code.extend(events.iter().map(|event| event.code.map_or(-1, |code| code as i32)));
        self.account.extend(events.iter().map(|event| event.account));
        self.order.extend(events.iter().map(|event| event.order));
        self.trade.extend(events.iter().map(|event| event.trade as i64));
        self.quantity.extend(events.iter().map(|event| i128::from(event.quantity)));
        self.price.extend(events.iter().map(|event| i128::from(event.price)));
        self.other_account.extend(events.iter().map(|event| event.other_account));
        self.other_order.extend(events.iter().map(|event| event.other_order));
        self.class.extend(events.iter().map(class_of));
        let filled = |event: &Event| event.kind == Kind::Filled;
        self.other_class.extend(events.iter().map(|it| if filled(it) { it.other_class as i8 } else { -1 }));
        self.aggressor.extend(events.iter().map(|it| match it.aggressor {
            Aggressor::Neither => -1,
            Aggressor::Bid => 0,
            Aggressor::Ask => 1,
        }));
        let phase = |event: &Event| event.kind == Kind::Phase;
        self.before.extend(events.iter().map(|it| if phase(it) { it.before as i8 } else { -1 }));
        self.after.extend(events.iter().map(|it| if phase(it) { it.after as i8 } else { -1 }));
        let Some(ids) = &mut self.client_ids else { return };
        let mut unremembered = unremembered.iter().peekable();
        for (at, event) in events.iter().enumerate() {
            let of_command = unremembered.next_if(|of| of.event == at);
            let id = match of_command {
                Some(of) if matches!(ids, ClientIds::Texts(_)) => Some(ClientId::Text(&of.text)),
                Some(of) => Some(ClientId::Number(of.number)),
                None if event.client == 0 => None,
                None => clients.id(event.client),
            };
            ids.push(id);
        }
    }

    /// The columns of `events`, in the contract's order.
    pub(crate) fn finish(
        self,
        accounts: &Residents,
        places: &mut Vec<i32>,
        instrument: &str,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let rows = self.seq.len();
        let audience = self.kind.iter().map(|kind| AUDIENCES[*kind as usize]).collect();
        let ids = |column: Vec<u64>| -> ArrayRef {
            let nulls = validity(rows, |row| column[row] != 0);
            Arc::new(UInt64Array::new(column.into(), nulls))
        };
        let money = |column: Vec<i128>| {
            let nulls = validity(rows, |row| column[row] != 0);
            decimal(column, nulls, MONEY)
        };
        let client_ids = match self.client_ids {
            Some(ids) => ids.finish(),
            None => Arc::new(StringArray::new_null(rows)),
        };
        let trades = validity(rows, |row| self.trade[row] != 0);
        let account = sparse_ids(accounts, &self.account, places)?;
        let other_account = sparse_ids(accounts, &self.other_account, places)?;
        Ok(vec![
            Arc::new(Int64Array::from(self.seq)),
            times(self.time),
            Arc::new(Int64Array::from(self.cause)),
            words(self.kind, None, Kind::NAMES)?,
            codes(self.code)?,
            words(audience, None, Audience::NAMES)?,
            account,
            names_of_one(rows, instrument)?,
            ids(self.order),
            client_ids,
            Arc::new(Int64Array::new(self.trade.into(), trades)),
            money(self.quantity),
            money(self.price),
            other_account,
            ids(self.other_order),
            some_words(self.class, Class::NAMES)?,
            some_words(self.other_class, Class::NAMES)?,
            some_words(self.aggressor, Aggressor::NAMES)?,
            some_words(self.before, Phase::NAMES)?,
            some_words(self.after, Phase::NAMES)?,
        ])
    }
}

/// A column of times; 0 is none.
pub(super) fn times(column: Vec<i64>) -> ArrayRef {
    let nulls = validity(column.len(), |row| column[row] != 0);
    Arc::new(TimestampNanosecondArray::new(column.into(), nulls).with_timezone("UTC"))
}

/// A column of words; null where a key is below 0.
pub(super) fn some_words(mut keys: Vec<i8>, list: &[&str]) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int8Type>::new(keys.into(), nulls);
    dictionary(keys, Arc::new(StringArray::from_iter_values(list)))
}

fn codes(mut keys: Vec<i32>) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int32Type>::new(keys.into(), nulls);
    dictionary(keys, Arc::new(StringArray::from_iter_values(Code::ALL.iter().map(|code| code.entry().name))))
}

fn names_of_one(rows: usize, name: &str) -> Result<ArrayRef, ArrowError> {
    let keys = PrimitiveArray::<Int32Type>::new(super::column::zero_keys(rows), None);
    dictionary(keys, Arc::new(StringArray::from_iter_values([name])))
}
