//! What a book says.

use super::{Class, NOBODY, Refusal, Word};
use crate::fault::Code;
use crate::rule::Rule;

macro_rules! kinds {
    ($($variant:ident $text:literal $audience:ident $doc:literal;)*) => {
        /// What happened.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[repr(u8)]
        pub enum Kind { $(#[doc = $doc] $variant,)* }

        impl Word for Kind {
            const ALL: &'static [Self] = Kind::KINDS;
            fn text(self) -> &'static str {
                match self { $(Kind::$variant => $text),* }
            }
        }

        impl Kind {
            /// How they are written, in the order of their numbers.
            pub const NAMES: &'static [&'static str] = &[$($text),*];

            /// All of them, in the order of their numbers.
            pub const KINDS: &'static [Kind] = &[$(Kind::$variant),*];

            /// Who may read it.
            pub const fn audience(self) -> Audience {
                match self { $(Kind::$variant => Audience::$audience),* }
            }

            /// What it means.
            pub const fn doc(self) -> &'static str {
                match self { $(Kind::$variant => $doc),* }
            }
        }
    };
}

kinds! {
    Accepted "accepted" Account "An order, with its quantity and limit; or an account.";
    Rejected "rejected" Account "A command that is refused, with its code, rule and, in note, parameter; where numbers decided, what it would come to in amount, what is allowed in balance.";
    Filled "filled" Public "A trade: the taker in account, the maker in other_account; in an auction the buyer and the seller.";
    Canceled "canceled" Account "The end of an order or of a part of it, with its reason.";
    Amended "amended" Account "An order, with its new remainder and limit.";
    Triggered "triggered" Account "An order whose trigger was reached.";
    Expired "expired" Account "The end of an order by time.";
    Indicative "indicative" Public "What an auction would trade now, and at which price.";
    Mark "mark" Public "The mark that the book goes by.";
    Index "index" Public "The index that the book goes by.";
    Phase "phase" Public "The phase, before and after.";
    Halt "halt" Public "An instrument is halted; or the orders of an account or of a class are.";
    Resume "resume" Public "It is no longer.";
    PriceState "price_state" Public "Whether a mark or an index may be used, before and after.";
    Premium "premium" Public "A sample of the funding: the premium in amount, the predicted rate in balance.";
    Funding "funding" Public "The rate of a funding interval in amount, and the mark it was at.";
    FundingMissed "funding_missed" Public "A funding interval without a valid sample.";
    Settlement "settlement" Public "Positions are settled at a price.";
    SettlementDeferred "settlement_deferred" Venue "Positions of an instrument are not settled, since an account could not pay.";
    Posting "posting" Account "Money moved: the amount, the balance after it, and the rule.";
    Conversion "conversion" Account "An asset was sold for the settlement currency: the amount of it, at a price.";
    FundDraw "fund_draw" Venue "The fund paid: the amount, and what it has left.";
    LiquidationStep "liquidation_step" Account "A step of a liquidation begins, by its rule: what is to be closed, why the step before ended, figures of the bucket in amount and balance (docs/liquidation.md).";
    BackstopFill "backstop_fill" Account "A provider took over: the cost in amount, the fund's part in balance.";
    FundLow "fund_low" Venue "The fund fell below liquidation.fund.low, which is in balance.";
    FundDepleted "fund_depleted" Account "The fund cannot pay, and the account may be deleveraged: what the fund has in amount.";
    FundUnavailable "fund_unavailable" Account "The fund does not pay, and the account may be deleveraged: what the fund has in amount.";
    Adl "adl" Account "A position was deleveraged: what it lost against the mark in amount, its score in balance where it has one.";
    AdlReport "adl_report" Venue "All that was deleveraged for a bucket, under a number in order.";
    AdlReportDue "adl_report_due" Venue "The report with this number is due.";
    LastResort "last_resort" Account "A position was passed on at the mark; or a gain was cut, by amount, for the deficit of a bucket.";
    StatusChanged "status_changed" Account "The status of a bucket, with equity in amount and maintenance margin in balance.";
    MarginCall "margin_call" Account "A bucket fell below the call line: equity in amount, maintenance margin in balance.";
    WithdrawalRequested "withdrawal_requested" Account "Money is held for a withdrawal, which has its number in order.";
    WithdrawalConfirmed "withdrawal_confirmed" Account "It has left.";
    WithdrawalReleased "withdrawal_released" Account "It stays.";
    LimitReached "limit_reached" Venue "A limit of the venue refused a command, or the breaker of an account tripped: the limit in amount, what is used of it in balance.";
    RulebookActivated "rulebook_activated" Public "Another rulebook is in force: the digests before and after in note.";
}

/// Who may read an event.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Audience {
    /// Everybody, without the ids that are not their own.
    Public,
    /// The account.
    Account,
    /// The venue.
    Venue,
}

impl Audience {
    /// How they are written, in the order of their numbers.
    pub const NAMES: &'static [&'static str] = &["public", "account", "venue"];
}

impl Word for Audience {
    const ALL: &'static [Self] = &[Audience::Public, Audience::Account, Audience::Venue];
    fn text(self) -> &'static str {
        match self {
            Audience::Public => "public",
            Audience::Account => "account",
            Audience::Venue => "venue",
        }
    }
}

/// Who took.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub enum Aggressor {
    /// Nobody, as in an auction.
    Neither,
    /// A buyer.
    Bid,
    /// A seller.
    Ask,
}

impl Aggressor {
    /// How they are written, the bid first; neither is null.
    pub const NAMES: &'static [&'static str] = &["bid", "ask"];
}

/// One event. What a kind does not use is at its default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// Its number, without gaps.
    pub seq: u64,
    /// Nanoseconds since 1970 UTC.
    pub time: i64,
    /// The position in its stream of the command that caused it.
    pub cause: u64,
    /// The order; 0 for none.
    pub order: u64,
    /// The resting order of a trade; 0 for none.
    pub other_order: u64,
    /// The trade's number; 0 for none.
    pub trade: u64,
    /// Contracts in g, signed as the order.
    pub quantity: i64,
    /// In g; 0 for none.
    pub price: i64,
    /// Money or a rate, in g; see the kind.
    pub amount: i128,
    /// What is there after it, in g; see the kind.
    pub balance: i128,
    /// The instrument by the rulebook's index; [`NOBODY`] for none.
    pub instrument: u32,
    /// The asset by the rulebook's index, of an index the underlying; [`NOBODY`] for none.
    pub asset: u32,
    /// The rule that it follows from.
    pub rule: Option<Rule>,
    /// The account; [`NOBODY`] for none.
    pub account: u32,
    /// The account of the resting order.
    pub other_account: u32,
    /// Under which number the book remembers the client's id; 0 for none.
    pub client: u32,
    /// Why, or why not.
    pub code: Option<Code>,
    /// What.
    pub kind: Kind,
    /// The class of the account.
    pub class: Class,
    /// The class of the other one.
    pub other_class: Class,
    /// Who took.
    pub aggressor: Aggressor,
    /// What it was before, as a number of its words.
    pub before: u8,
    /// What it is now.
    pub after: u8,
}

impl Event {
    /// An event that says nothing yet.
    pub const NOTHING: Event = Event {
        seq: 0,
        time: 0,
        cause: 0,
        order: 0,
        other_order: 0,
        trade: 0,
        quantity: 0,
        price: 0,
        amount: 0,
        balance: 0,
        instrument: NOBODY,
        asset: NOBODY,
        rule: None,
        account: NOBODY,
        other_account: NOBODY,
        client: 0,
        code: None,
        kind: Kind::Rejected,
        class: Class::Professional,
        other_class: Class::Professional,
        aggressor: Aggressor::Neither,
        before: 0,
        after: 0,
    };

    /// Says why it is a refusal: the code, and the numbers where the code has some.
    #[cold]
    pub fn refused(&mut self, why: Refusal) -> &mut Event {
        self.code = Some(why.code);
        if why.code.ground().numbers && (why.comes_to, why.allowed) != (0, 0) {
            (self.amount, self.balance) = (why.comes_to, why.allowed);
        }
        self
    }

    /// Who may read it.
    #[inline(always)]
    pub fn audience(&self) -> Audience {
        match self.kind {
            Kind::Halt | Kind::Resume | Kind::LimitReached if self.account != NOBODY => Audience::Account,
            kind => kind.audience(),
        }
    }
}
