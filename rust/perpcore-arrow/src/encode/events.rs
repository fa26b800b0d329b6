//! Events as columns: filled some events at a time, while they are in the nearest cache, and turned into arrays at the end.
//!
//! What an event does not say is a value that cannot stand there (0, or −1 of words); which rows have a value is found from
//! that at the end.

use super::column::{MONEY, decimal, dictionary, no_money, no_names, validity, zero_keys};
use super::ids::sparse_ids;
use crate::contract::commands::{phase_at, state_place};
use crate::contract::{EVENT_STATES, status_place};
use crate::residents::Residents;
use arrow_array::builder::StringBuilder;
use arrow_array::types::{Int8Type, Int32Type};
use arrow_array::{ArrayRef, Int64Array, PrimitiveArray, StringArray, TimestampNanosecondArray, UInt64Array};
use arrow_schema::ArrowError;
use perpcore::book::clients::Clients;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::event::Kind;
use perpcore::message::{Aggressor, Audience, Class, ClientId, Event, NOBODY, PriceState, Word};
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
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

/// The words that stand in events: made once for all tables.
pub(crate) struct EventWords {
    kinds: ArrayRef,
    codes: ArrayRef,
    audiences: ArrayRef,
    instruments: ArrayRef,
    classes: ArrayRef,
    aggressors: ArrayRef,
    assets: ArrayRef,
    states: ArrayRef,
    rules: ArrayRef,
    underlyings: Vec<String>,
}

impl EventWords {
    /// Those of a venue.
    pub(crate) fn new(rules: &Rulebook) -> EventWords {
        fn list<'a>(words: impl Iterator<Item = &'a str>) -> ArrayRef {
            Arc::new(StringArray::from_iter_values(words))
        }
        EventWords {
            kinds: list(Kind::NAMES.iter().copied()),
            codes: list(Code::ALL.iter().map(|code| code.entry().name)),
            audiences: list(Audience::NAMES.iter().copied()),
            instruments: list(rules.instruments().iter().map(|of| &*of.name)),
            classes: list(Class::NAMES.iter().copied()),
            aggressors: list(Aggressor::NAMES.iter().copied()),
            assets: list(rules.assets().iter().map(|of| &*of.name)),
            states: list(EVENT_STATES.iter().copied()),
            rules: list(Rule::ALL.iter().map(|rule| rule.id())),
            underlyings: rules.underlyings().iter().map(|of| of.name.clone()).collect(),
        }
    }

    /// Those of the book of an instrument.
    pub(crate) fn of_book(rules: &Rulebook, instrument: &str) -> EventWords {
        EventWords { instruments: Arc::new(StringArray::from_iter_values([instrument])), ..EventWords::new(rules) }
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
    /// What only a venue says.
    of_venue: Option<OfVenue>,
}

/// What only the events of a venue say.
#[derive(Default)]
struct OfVenue {
    instrument: Vec<i32>,
    asset: Vec<i32>,
    amount: Vec<i128>,
    balance: Vec<i128>,
    rule: Vec<i32>,
    underlying: Vec<i32>,
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

/// Whether events of a kind say an amount, also where it is 0.
pub(crate) const fn says_amount(kind: Kind) -> bool {
    matches!(kind, Kind::Funding | Kind::FundingMissed) || says_balance(kind)
}

/// Whether events of a kind say a balance, also where it is 0.
pub(crate) const fn says_balance(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Premium
            | Kind::Posting
            | Kind::Conversion
            | Kind::FundDraw
            | Kind::StatusChanged
            | Kind::MarginCall
            | Kind::WithdrawalRequested
            | Kind::WithdrawalConfirmed
            | Kind::WithdrawalReleased
            | Kind::LimitReached
    )
}

/// Whether an event is about the price of an underlying, or of an asset by itself.
#[inline(always)]
fn is_of_index(event: &Event) -> bool {
    matches!(event.kind, Kind::Index | Kind::PriceState) && event.instrument == NOBODY
}

/// The underlying that an event is about.
pub(crate) fn underlying_of(event: &Event) -> Option<u32> {
    (is_of_index(event) && event.client == 0).then_some(event.asset)
}

/// The asset that an event is about.
#[inline(always)]
pub(crate) fn asset_of(event: &Event) -> Option<u32> {
    let is_underlying = is_of_index(event) && event.client == 0;
    Some(event.asset).filter(|asset| *asset != NOBODY && !is_underlying)
}

/// Under which number the client's id of an event is remembered.
#[inline(always)]
pub(crate) fn client_of(event: &Event) -> Option<u32> {
    (event.client != 0 && !is_of_index(event)).then_some(event.client)
}

/// The place in [`EVENT_STATES`] of what an event says was before, or is after.
#[inline(always)]
fn state_place_of(kind: Kind, state: u8) -> Option<u8> {
    match kind {
        Kind::Phase => phase_at(state).map(|_| state),
        Kind::PriceState => PriceState::ALL.get(usize::from(state)).map(|state| state_place(*state)),
        Kind::StatusChanged => Status::ALL.get(usize::from(state)).and_then(|status| status_place(*status)),
        _ => None,
    }
}

/// The word of what an event says was before, or is after.
pub(crate) fn state_of(kind: Kind, state: u8) -> Option<&'static str> {
    state_place_of(kind, state).map(|place| EVENT_STATES[usize::from(place)])
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
            underlying: Vec::new(),
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
    /// instrument.
    #[inline(always)]
    pub(crate) fn append<'a>(
        &mut self,
        events: &[Event],
        clients: impl Fn(u32) -> Option<&'a Clients>,
        unremembered: &[Unremembered],
    ) {
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
        let state = |kind: Kind, state: u8| state_place_of(kind, state).map_or(-1, |place| place as i8);
        self.before.extend(events.iter().map(|it| state(it.kind, it.before)));
        self.after.extend(events.iter().map(|it| state(it.kind, it.after)));
        if let Some(OfVenue { instrument, asset, amount, balance, rule, underlying }) = &mut self.of_venue {
            let place = |at: u32| if at == NOBODY { -1 } else { at as i32 };
            instrument.extend(events.iter().map(|event| place(event.instrument)));
            asset.extend(events.iter().map(|event| asset_of(event).map_or(-1, |at| at as i32)));
            amount.extend(events.iter().map(|event| event.amount));
            balance.extend(events.iter().map(|event| event.balance));
            rule.extend(events.iter().map(|event| event.rule.map_or(-1, |rule| rule as i32)));
            if !underlying.is_empty() || events.iter().any(|event| underlying_of(event).is_some()) {
                underlying.resize(instrument.len() - events.len(), -1);
                underlying.extend(events.iter().map(|event| underlying_of(event).map_or(-1, |at| at as i32)));
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
        let audience: Vec<i8> = self.kind.iter().map(|kind| AUDIENCES[*kind as usize]).collect();
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
        let always = |says: [bool; Kind::NAMES.len()], column: Vec<i128>| {
            let nulls = validity(rows, |row| column[row] != 0 || says[self.kind[row] as usize]);
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
            Some(OfVenue { instrument, asset, amount, balance, rule, mut underlying }) => {
                underlying.resize(if underlying.is_empty() { 0 } else { rows }, -1);
                let note = if underlying.is_empty() {
                    StringArray::new_null(rows)
                } else {
                    underlying.iter().map(|at| words.underlyings.get(*at as usize)).collect()
                };
                (
                    some_keys(instrument, &words.instruments)?,
                    some_keys(asset, &words.assets)?,
                    always(AMOUNTS, amount),
                    always(BALANCES, balance),
                    some_keys(rule, &words.rules)?,
                    Arc::new(note),
                )
            }
        };
        let kinds = PrimitiveArray::<Int8Type>::new(self.kind.into(), None);
        let audiences = PrimitiveArray::<Int8Type>::new(audience.into(), None);
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

/// A column of times; 0 is none.
pub(super) fn times(column: Vec<i64>) -> ArrayRef {
    let nulls = validity(column.len(), |row| column[row] != 0);
    Arc::new(TimestampNanosecondArray::new(column.into(), nulls).with_timezone("UTC"))
}

/// A column of words; null where a key is below 0.
pub(super) fn some_words(keys: Vec<i8>, list: &[&str]) -> Result<ArrayRef, ArrowError> {
    let words: ArrayRef = Arc::new(StringArray::from_iter_values(list));
    few_keys(keys, &words)
}

fn few_keys(mut keys: Vec<i8>, words: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int8Type>::new(keys.into(), nulls);
    dictionary(keys, words.clone())
}

/// The same of many words, or none of which any stands there.
pub(super) fn some_keys(mut keys: Vec<i32>, words: &ArrayRef) -> Result<ArrayRef, ArrowError> {
    let nulls = validity(keys.len(), |row| keys[row] >= 0);
    if nulls.is_some() {
        keys.iter_mut().for_each(|key| *key = (*key).max(0));
    }
    let keys = PrimitiveArray::<Int32Type>::new(keys.into(), nulls);
    dictionary(keys, words.clone())
}
