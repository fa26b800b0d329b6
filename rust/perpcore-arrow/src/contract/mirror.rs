//! What the mirror of an outside book is made from, and what it is.

use super::{Column, Kind, Need, Table};
use perpcore::num::bounds;
use perpcore::pricing::mirror::{Side, State};

table! {
    /// What the feed of an outside book sent: the rows of a message one after the other.
    DEPTH_UPDATES "depth_updates" input true {
        "time" Kind::Time, Optional, "when the message came; that of its first row counts";
        "snapshot" Kind::Bool, Optional, "true in the rows of a snapshot, false (default) in those of a change";
        "first_id" Kind::UpdateId, Optional, "the first update of a change; not read in a snapshot";
        "last_id" Kind::UpdateId, Required, "the last update of the message";
        "previous_id" Kind::UpdateId, Optional, "the last update of the change before, as a perpetual feed has it; not read in a snapshot";
        "side" Kind::Word(&Side::NAMES), Optional, "bid or ask";
        "price" Kind::Number(&bounds::PRICE), Optional, "the price of a level; a row without price, side and quantity is a message without levels";
        "quantity" Kind::Number(&bounds::DEPTH), Optional, "all that stands there now; 0 removes the level";
    }
}
table! {
    /// What a depth mirror was after each message of a run.
    MIRROR_STATES_OUT "mirror.states" input false {
        "time" Kind::Time, Nullable, "when the message came";
        "last_id" Kind::UpdateId, Given, "the last update of the message";
        "state" Kind::Word(&State::NAMES), Given, "waiting, good, gap or crossed; what is not good serves nothing";
        "bid" Kind::Money, Nullable, "the highest bid";
        "bid_quantity" Kind::Money, Nullable, "what stands there";
        "ask" Kind::Money, Nullable, "the lowest ask";
        "ask_quantity" Kind::Money, Nullable, "what stands there";
        "reason" Kind::Text, Nullable, "why it is in that state, where that is not what it was before";
    }
}
table! {
    /// The levels of a depth mirror: the bids, then the asks, each from the best on.
    MIRROR_DEPTH_OUT "mirror.depth" input false {
        "price" Kind::Money, Given, "the price of the level";
        "quantity" Kind::Money, Given, "all that stands there; bids > 0, asks < 0";
    }
}
