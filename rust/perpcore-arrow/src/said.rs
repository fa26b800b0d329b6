//! What a single command did: its events with the ids of those whom they name, as the table `events` tells them.

use crate::decode::{AccountKey, Numbering};
use crate::encode::{self, Unremembered};
use perpcore::book::clients::Clients;
use perpcore::message::event::Kind;
use perpcore::message::{Aggressor, Class, ClientId, Event};
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use std::borrow::Cow;

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
    /// What it says beside its fields.
    pub note: Option<String>,
}

/// What one command did, with the rulebook that names what events are about.
pub struct Said {
    /// Its events.
    pub told: Vec<Told>,
    rulebook: Rulebook,
    /// A book by itself knows no rules and no numbers.
    of_venue: bool,
}

/// What an event says; none where it says nothing.
#[derive(Clone, Copy, Debug)]
pub struct Shown<'a> {
    /// When, ns.
    pub time: Option<i64>,
    /// The instrument.
    pub instrument: Option<&'a str>,
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
    /// The asset.
    pub asset: Option<&'a str>,
    /// In g.
    pub amount: Option<i128>,
    /// In g.
    pub balance: Option<i128>,
    /// What it was before.
    pub before: Option<&'static str>,
    /// What it is now.
    pub after: Option<&'static str>,
    /// The rule.
    pub rule: Option<Rule>,
    /// The underlying of an index, the parameter of a reject, the digests of rulebooks.
    pub note: Option<&'a str>,
}

impl Said {
    /// Names those whom events are about; `digest` has the digests of rulebooks by number, none where a book speaks.
    pub(crate) fn new<'a>(
        rulebook: &'a Rulebook,
        numbering: &Numbering<'_>,
        text_ids: Option<bool>,
        clients: impl Fn(u32) -> Option<&'a Clients>,
        digest: Option<&dyn Fn(u64) -> Option<&'a str>>,
        (events, unremembered): (&[Event], &[Unremembered]),
    ) -> Said {
        let account = |number: u32| {
            numbering.accounts.known().key(number).map(|key| match key {
                AccountKey::Text(text) => Id::Text(text.to_string()),
                AccountKey::Integer(id) => Id::Integer(id),
            })
        };
        let client_id = |event: &Event| {
            let number = encode::client_of(event)?;
            Some(match clients(event.instrument)?.id(number)? {
                ClientId::Text(text) => Id::Text(text.to_string()),
                ClientId::Number(id) => Id::Integer(id),
            })
        };
        let note = |event: &Event| {
            let digest = digest.filter(|_| encode::may_note(event))?;
            encode::note_of(event, rulebook, digest).map(Cow::into_owned)
        };
        let mut told: Vec<Told> = events
            .iter()
            .map(|event| Told {
                event: *event,
                account: account(event.account),
                other_account: account(event.other_account),
                client_id: client_id(event),
                note: note(event),
            })
            .collect();
        for of in unremembered {
            let id = if text_ids == Some(true) { Id::Text(of.text.clone()) } else { Id::Integer(of.number) };
            told[of.event].client_id = Some(id);
        }
        Said { told, rulebook: rulebook.clone(), of_venue: digest.is_some() }
    }

    /// What an event says, as the table `events` does.
    pub fn shown<'a>(&'a self, told: &'a Told) -> Shown<'a> {
        let event = &told.event;
        let some = |value: i64| (value != 0).then_some(value);
        let order = |value: u64| (value != 0 && !encode::is_of_rulebook(event)).then_some(value);
        let numbers = encode::says_numbers(event);
        let money = |value: i128, always: bool| (self.of_venue && (value != 0 || always || numbers)).then_some(value);
        let rules = &self.rulebook;
        Shown {
            time: some(event.time),
            instrument: rules.instruments().get(event.instrument as usize).map(|of| &*of.name),
            order: order(event.order),
            trade: (event.trade != 0).then_some(event.trade),
            quantity: some(event.quantity),
            price: some(event.price),
            other_order: order(event.other_order),
            class: encode::says_class(event).then_some(event.class),
            other_class: (event.kind == Kind::Filled).then_some(event.other_class),
            aggressor: match event.aggressor {
                Aggressor::Neither => None,
                Aggressor::Bid => Some(Aggressor::NAMES[0]),
                Aggressor::Ask => Some(Aggressor::NAMES[1]),
            },
            asset: encode::asset_of(event).and_then(|at| rules.assets().get(at as usize)).map(|of| &*of.name),
            amount: money(event.amount, encode::says_amount(event.kind)),
            balance: money(event.balance, encode::says_balance(event.kind)),
            before: encode::state_of(event.kind, event.before),
            after: encode::state_of(event.kind, event.after),
            rule: encode::rule_of(event).filter(|_| self.of_venue),
            note: told.note.as_deref(),
        }
    }
}
