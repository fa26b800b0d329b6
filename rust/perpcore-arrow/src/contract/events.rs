//! What an order book gives: its events, its depth, its orders.

use super::{Column, Kind, Need, Table};
use perpcore::message::event::Kind as EventKind;
use perpcore::message::{Aggressor, Audience, Class, Phase, TriggerBy, TriggerWhen};

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
        "instrument" Kind::Instrument, Given, "the instrument of the book";
        "order" Kind::Order, Nullable, "the order; of a trade the taker's";
        "client_id" Kind::ClientId, Nullable, "what the account calls it";
        "trade" Kind::Count, Nullable, "the number of the trade, from 1";
        "quantity" Kind::Money, Nullable, "contracts, signed as the order: of a trade what was traded, else what is left";
        "price" Kind::Money, Nullable, "the price of the trade, the limit of the order, the mark or the index";
        "other_account" Kind::Account, Nullable, "of a trade the maker, in an auction the seller";
        "other_order" Kind::Order, Nullable, "the maker's order";
        "class" Kind::Word(Class::NAMES), Nullable, "the class of the account";
        "other_class" Kind::Word(Class::NAMES), Nullable, "the class of the other account";
        "aggressor" Kind::Word(Aggressor::NAMES), Nullable, "who took: bid or ask; null in an auction";
        "before" Kind::Word(Phase::NAMES), Nullable, "the phase before";
        "after" Kind::Word(Phase::NAMES), Nullable, "the phase now";
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
    /// The open orders of an account, in the order in which they were accepted, those that wait for a trigger too.
    OPEN_ORDERS "open_orders" input false {
        "order" Kind::Order, Given, "its id";
        "client_id" Kind::ClientId, Nullable, "what its account calls it";
        "account" Kind::Account, Nullable, "whose";
        "class" Kind::Word(Class::NAMES), Given, "the class of the account";
        "price" Kind::Money, Nullable, "its limit; null for a market order that waits";
        "quantity" Kind::Money, Given, "what is left: bids > 0, asks < 0";
        "time" Kind::Time, Nullable, "when it was placed";
        "filled" Kind::Money, Given, "what was traded of it, signed likewise";
        "until" Kind::Time, Nullable, "the end of a gtd order";
        "reduce_only" Kind::Bool, Given, "whether it may only reduce the position";
        "trigger" Kind::Money, Nullable, "the price that it waits for";
        "trigger_by" Kind::Word(TriggerBy::NAMES), Nullable, "the price that is watched";
        "trigger_when" Kind::Word(TriggerWhen::NAMES), Nullable, "from which side it comes";
    }
}
