//! Events as columns: filled some events at a time, while they are in the nearest cache, and turned into arrays at the end.
//!
//! What an event does not say is a value that cannot stand there (0, or −1 of words); which rows have a value is found from
//! that at the end.

use super::client_ids::{ClientIds, Unremembered};
use super::column::{MONEY, decimal, dictionary, few_keys, no_money, no_names, some_keys, times, validity, zero_keys};
use super::event_words::EventWords;
use super::ids::sparse_ids;
use super::says::{
    asset_of, client_of, is_of_rulebook, may_note, rule_of, says_amount, says_balance, says_class, says_numbers,
    state_place_of,
};
use crate::residents::Residents;
use arrow_array::builder::{ArrayBuilder, StringBuilder};
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray, StringArray, UInt64Array};
use arrow_schema::ArrowError;
use perpcore::book::clients::Clients;
use perpcore::message::event::Kind;
use perpcore::message::{Aggressor, ClientId, Event, NOBODY};
use std::borrow::Cow;
use std::sync::Arc;

/// Which kinds of events say an amount, which a balance.
const AMOUNTS: [bool; Kind::NAMES.len()] = kinds_that(true);
const BALANCES: [bool; Kind::NAMES.len()] = kinds_that(false);

const fn kinds_that(say_amounts: bool) -> [bool; Kind::NAMES.len()] {
    let (mut all, mut at) = ([false; Kind::NAMES.len()], 0);
    while at < all.len() {
        all[at] = if say_amounts { says_amount(Kind::KINDS[at]) } else { says_balance(Kind::KINDS[at]) };
        at += 1;
    }
    all
}

/// Events, column by column.
pub(crate) struct EventColumns {
    seq: Vec<i64>,
    time: Vec<i64>,
    cause: Vec<i64>,
    kind: Vec<i8>,
    audience: Vec<i8>,
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
    /// What only a venue says.
    of_venue: Option<OfVenue>,
}

/// What only the events of a venue say.
struct OfVenue {
    instrument: Vec<i32>,
    asset: Vec<i32>,
    amount: Vec<i128>,
    balance: Vec<i128>,
    rule: Vec<i32>,
    /// Whether a code has numbers: what it would come to, what is allowed.
    numbers: Vec<bool>,
    /// As many as rows up to the last that says one.
    notes: StringBuilder,
}

impl EventColumns {
    /// Columns for about so many events of a venue.
    pub(crate) fn of_venue(events: usize, texts: Option<bool>) -> EventColumns {
        let of_venue = OfVenue {
            instrument: Vec::with_capacity(events),
            asset: Vec::with_capacity(events),
            amount: Vec::with_capacity(events),
            balance: Vec::with_capacity(events),
            rule: Vec::with_capacity(events),
            numbers: Vec::with_capacity(events),
            notes: StringBuilder::new(),
        };
        EventColumns { of_venue: Some(of_venue), ..EventColumns::with_capacity(events, texts) }
    }

    /// Columns for about so many events; `texts` says whether client ids are text, where there are any.
    pub(crate) fn with_capacity(events: usize, texts: Option<bool>) -> EventColumns {
        EventColumns {
            seq: Vec::with_capacity(events),
            time: Vec::with_capacity(events),
            cause: Vec::with_capacity(events),
            kind: Vec::with_capacity(events),
            audience: Vec::with_capacity(events),
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
            of_venue: None,
        }
    }

    /// Takes events over. Of `unremembered` the events are places in them, ascending; `clients` has the ids of the orders of an
    /// instrument, `note` what an event of a venue says beside its fields.
    #[inline(always)]
    pub(crate) fn append<'a>(
        &mut self,
        events: &[Event],
        clients: impl Fn(u32) -> Option<&'a Clients>,
        note: impl Fn(&Event) -> Option<Cow<'a, str>>,
        unremembered: &[Unremembered],
    ) {
        self.seq.extend(events.iter().map(|event| event.seq as i64));
        self.time.extend(events.iter().map(|event| event.time));
        self.cause.extend(events.iter().map(|event| event.cause as i64));
        self.kind.extend(events.iter().map(|event| event.kind as i8));
        self.audience.extend(events.iter().map(|event| event.audience() as i8));
        self.code.extend(events.iter().map(|event| event.code.map_or(-1, |code| code as i32)));
        self.account.extend(events.iter().map(|event| event.account));
        let order = |event: &Event, order: u64| if is_of_rulebook(event) { 0 } else { order };
        self.order.extend(events.iter().map(|event| order(event, event.order)));
        self.trade.extend(events.iter().map(|event| event.trade as i64));
        self.quantity.extend(events.iter().map(|event| i128::from(event.quantity)));
        self.price.extend(events.iter().map(|event| i128::from(event.price)));
        self.other_account.extend(events.iter().map(|event| event.other_account));
        self.other_order.extend(events.iter().map(|event| order(event, event.other_order)));
        self.class.extend(events.iter().map(|it| if says_class(it) { it.class as i8 } else { -1 }));
        let filled = |event: &Event| event.kind == Kind::Filled;
        self.other_class.extend(events.iter().map(|it| if filled(it) { it.other_class as i8 } else { -1 }));
        self.aggressor.extend(events.iter().map(|it| match it.aggressor {
            Aggressor::Neither => -1,
            Aggressor::Bid => 0,
            Aggressor::Ask => 1,
        }));
        let state = |kind: Kind, state: u8| state_place_of(kind, state).map_or(-1, |place| place as i8);
        self.before.extend(events.iter().map(|it| state(it.kind, it.before)));
        self.after.extend(events.iter().map(|it| state(it.kind, it.after)));
        if let Some(OfVenue { instrument, asset, amount, balance, rule, numbers, notes }) = &mut self.of_venue {
            let (before, place) = (instrument.len(), |at: u32| if at == NOBODY { -1 } else { at as i32 });
            instrument.extend(events.iter().map(|event| place(event.instrument)));
            asset.extend(events.iter().map(|event| asset_of(event).map_or(-1, |at| at as i32)));
            amount.extend(events.iter().map(|event| event.amount));
            balance.extend(events.iter().map(|event| event.balance));
            rule.extend(events.iter().map(|event| rule_of(event).map_or(-1, |rule| rule as i32)));
            numbers.extend(events.iter().map(says_numbers));
            for (at, event) in events.iter().enumerate().filter(|(_, event)| may_note(event)) {
                notes.append_nulls(before + at - notes.len());
                notes.append_option(note(event));
            }
        }
        let Some(ids) = &mut self.client_ids else { return };
        let mut unremembered = unremembered.iter().peekable();
        for (at, event) in events.iter().enumerate() {
            let of_command = unremembered.next_if(|of| of.event == at);
            let id = match of_command {
                Some(of) if matches!(ids, ClientIds::Texts(_)) => Some(ClientId::Text(&of.text)),
                Some(of) => Some(ClientId::Number(of.number)),
                None => client_of(event).and_then(|number| clients(event.instrument)?.id(number)),
            };
            ids.push(id);
        }
    }

    /// The columns of `events`, in the contract's order.
    pub(crate) fn finish(
        self,
        accounts: &Residents,
        places: &mut Vec<i32>,
        words: &EventWords,
    ) -> Result<Vec<ArrayRef>, ArrowError> {
        let rows = self.seq.len();
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
        let always = |says: [bool; Kind::NAMES.len()], numbers: &[bool], column: Vec<i128>| {
            let nulls = validity(rows, |row| column[row] != 0 || says[self.kind[row] as usize] || numbers[row]);
            decimal(column, nulls, MONEY)
        };
        let (instrument, asset, amount, balance, rule, note): (_, _, _, _, _, ArrayRef) = match self.of_venue {
            None => {
                let keys = PrimitiveArray::<Int32Type>::new(zero_keys(rows), None);
                let instrument = dictionary(keys, words.instruments.clone())?;
                let nothing = no_names::<Int32Type>(rows, &[])?;
                let note = Arc::new(StringArray::new_null(rows));
                (instrument, nothing.clone(), no_money(rows), no_money(rows), nothing, note)
            }
            Some(OfVenue { instrument, asset, amount, balance, rule, numbers, mut notes }) => {
                notes.append_nulls(rows - notes.len());
                (
                    some_keys(instrument, &words.instruments)?,
                    some_keys(asset, &words.assets)?,
                    always(AMOUNTS, &numbers, amount),
                    always(BALANCES, &numbers, balance),
                    some_keys(rule, &words.rules)?,
                    Arc::new(notes.finish()),
                )
            }
        };
        let kinds = PrimitiveArray::<Int8Type>::new(self.kind.into(), None);
        let audiences = PrimitiveArray::<Int8Type>::new(self.audience.into(), None);
        Ok(vec![
            Arc::new(Int64Array::from(self.seq)),
            times(self.time),
            Arc::new(Int64Array::from(self.cause)),
            dictionary(kinds, words.kinds.clone())?,
            some_keys(self.code, &words.codes)?,
            dictionary(audiences, words.audiences.clone())?,
            account,
            instrument,
            ids(self.order),
            client_ids,
            Arc::new(Int64Array::new(self.trade.into(), trades)),
            money(self.quantity),
            money(self.price),
            other_account,
            ids(self.other_order),
            few_keys(self.class, &words.classes)?,
            few_keys(self.other_class, &words.classes)?,
            few_keys(self.aggressor, &words.aggressors)?,
            asset,
            amount,
            balance,
            few_keys(self.before, &words.states)?,
            few_keys(self.after, &words.states)?,
            rule,
            note,
        ])
    }
}
