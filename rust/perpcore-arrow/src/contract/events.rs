//! What an order book and a venue give: events, depth, orders, who has what.

use super::commands::STATES;
use super::{Column, Kind, MARGIN_MODES, Need, Table};
use perpcore::margin::status::Status;
use perpcore::message::event::Kind as EventKind;
use perpcore::message::{Aggressor, Audience, Class, TriggerBy, TriggerWhen};

/// What `before` and `after` of an event hold: what [`STATES`] are, then the statuses but `unknown`.
pub static EVENT_STATES: [&str; STATES.len() + STATUSES] = {
    let mut all = [""; STATES.len() + STATUSES];
    let (states, mut at) = (STATES, 0);
    while at < all.len() {
        all[at] = if at < states.len() { states[at] } else { Status::NAMES[at - states.len()] };
        at += 1;
    }
    all
};

const STATUSES: usize = Status::Unknown as usize;

/// The place of a status in [`EVENT_STATES`]; none of one that no event has.
pub fn status_place(status: Status) -> Option<u8> {
    (status != Status::Unknown).then_some(STATES.len() as u8 + status as u8)
}

table! {
    /// What happened, one event a row.
    EVENTS "events" input false {
        "seq" Kind::Count, Given, "its number, from 0 without gaps; events that are given again keep theirs";
        "time" Kind::Time, Nullable, "when; null as long as no command had a time";
        "cause" Kind::Count, Given, "the position in its stream, from 0, of the command that caused it";
        "kind" Kind::Word(EventKind::NAMES), Given, "what happened";
        "code" Kind::Text, Nullable, "why, or why not";
        "audience" Kind::Word(Audience::NAMES), Given, "who may read it";
        "account" Kind::Account, Nullable, "whose; of a trade the taker, in an auction the buyer";
        "instrument" Kind::Instrument, Nullable, "the instrument; of a status or a posting that of the isolated position, null of the cross account";
        "order" Kind::Order, Nullable, "the order, of a trade the taker's; or the withdrawal, or the report";
        "client_id" Kind::ClientId, Nullable, "what the account calls it";
        "trade" Kind::Count, Nullable, "the number of the trade, from 1";
        "quantity" Kind::Money, Nullable, "contracts, signed as the order: of a trade what was traded, else what is left";
        "price" Kind::Money, Nullable, "the price of the trade, the limit of the order, the mark, the index, or what was settled at";
        "other_account" Kind::Account, Nullable, "of a trade the maker, in an auction the seller";
        "other_order" Kind::Order, Nullable, "the maker's order";
        "class" Kind::Word(Class::NAMES), Nullable, "the class of the account; or the one whose orders are halted, or are no longer";
        "other_class" Kind::Word(Class::NAMES), Nullable, "the class of the other account";
        "aggressor" Kind::Word(Aggressor::NAMES), Nullable, "who took: bid or ask; null in an auction";
        "asset" Kind::Asset, Nullable, "the asset of the amount; or the one whose price is told by itself";
        "amount" Kind::Money, Nullable, "what moved, signed; of a reject what it would come to, or what was asked; equity of a status; a rate of funding or a premium; see the kind";
        "balance" Kind::Money, Nullable, "what is there after it; of a reject what is allowed; maintenance margin of a status; see the kind";
        "before" Kind::Word(&EVENT_STATES), Nullable, "the phase, the state of the price or the status before";
        "after" Kind::Word(&EVENT_STATES), Nullable, "the same now";
        "rule" Kind::Text, Nullable, "the rule that it follows from; of a reject that of its code";
        "note" Kind::Text, Nullable, "of an index and its state the underlying; of a reject the parameter of the rulebook that decided; of a rulebook its digest, or the digests before and after";
    }
}
table! {
    /// The levels of a book, bids before asks, the best first.
    DEPTH "depth" input false {
        "price" Kind::Money, Given, "the price of the level";
        "quantity" Kind::Money, Given, "what rests there: bids > 0, asks < 0";
        "orders" Kind::Count, Given, "how many orders";
    }
}
table! {
    /// The resting orders of a book, bids before asks, in the order in which they would trade.
    L3 "l3" input false {
        "order" Kind::Order, Given, "its id";
        "client_id" Kind::ClientId, Nullable, "what its account calls it";
        "account" Kind::Account, Nullable, "whose";
        "class" Kind::Word(Class::NAMES), Given, "the class of the account";
        "price" Kind::Money, Given, "its limit";
        "quantity" Kind::Money, Given, "what is left: bids > 0, asks < 0";
        "time" Kind::Time, Nullable, "when it was placed";
    }
}
table! {
    /// The open orders of an account, by instrument in the order in which they were accepted, those that wait for a trigger too.
    OPEN_ORDERS "open_orders" input false {
        "order" Kind::Order, Given, "its id";
        "client_id" Kind::ClientId, Nullable, "what its account calls it";
        "account" Kind::Account, Nullable, "whose";
        "class" Kind::Word(Class::NAMES), Given, "the class of the account";
        "price" Kind::Money, Nullable, "its limit; null for a market order that waits";
        "quantity" Kind::Money, Given, "what is left: bids > 0, asks < 0";
        "time" Kind::Time, Nullable, "when it was placed";
        "instrument" Kind::Instrument, Given, "the instrument";
        "filled" Kind::Money, Given, "what was traded of it, signed likewise";
        "until" Kind::Time, Nullable, "the end of a gtd order";
        "reduce_only" Kind::Bool, Given, "whether it may only reduce the position";
        "margin_mode" Kind::Word(&MARGIN_MODES), Given, "the position that it is for: cross or isolated";
        "trigger" Kind::Money, Nullable, "the price that it waits for";
        "trigger_by" Kind::Word(TriggerBy::NAMES), Nullable, "the price that is watched";
        "trigger_when" Kind::Word(TriggerWhen::NAMES), Nullable, "from which side it comes";
    }
}
table! {
    /// Who has what money: clients in the order in which they were opened, then the venue's own accounts.
    LEDGER "ledger" input false {
        "account" Kind::Text, Given, "whose: a client's account, or fund, fees, converter, rounding";
        "asset" Kind::Asset, Given, "of what";
        "amount" Kind::Money, Given, "how much, what is held for withdrawals included";
        "held" Kind::Money, Given, "what of it is held for withdrawals";
    }
}
table! {
    /// The positions of a venue, by account in the order in which they were opened, by instrument, cross before isolated.
    VENUE_POSITIONS "venue_positions" input false {
        "account" Kind::Account, Nullable, "whose; `fund` of what the fund took over, null where ids are integers";
        "instrument" Kind::Instrument, Given, "the instrument";
        "margin_mode" Kind::Word(&MARGIN_MODES), Given, "cross or isolated";
        "quantity" Kind::Money, Given, "contracts, signed";
        "cost" Kind::Product, Given, "κ: the signed money paid for it, what was settled taken in";
        "entry_price" Kind::Money, Nullable, "what it was entered at on average, for display; null where nothing is held";
        "isolated_margin" Kind::Money, Given, "the margin of an isolated position";
    }
}
table! {
    /// What another rulebook would do at the prices of now: by account in the order in which they were opened the buckets whose
    /// status changes, cross first, then isolated by instrument, then the positions beyond its limits.
    DRY_RUN "dry_run" input false {
        "account" Kind::Account, Nullable, "whose; as in `venue_positions`";
        "instrument" Kind::Instrument, Nullable, "of an isolated bucket, or of a position beyond its limit; null: the cross bucket";
        "before" Kind::Word(&Status::NAMES), Nullable, "the status of the bucket as it was last seen; null of a position beyond its limit";
        "after" Kind::Word(&Status::NAMES), Nullable, "its status under the other rulebook";
        "equity" Kind::Money, Nullable, "of the bucket under the other rulebook";
        "maintenance_margin" Kind::Money, Nullable, "the same";
        "notional" Kind::Money, Given, "Σ|Q|·mark of the bucket, or |Q|·mark of the position";
        "forced" Kind::Money, Given, "the notional of a bucket that would be liquidated, and is not now; else 0";
        "limit" Kind::Money, Nullable, "contracts that the other rulebook allows, where the position is beyond them";
        "excess" Kind::Money, Nullable, "contracts beyond it";
    }
}
