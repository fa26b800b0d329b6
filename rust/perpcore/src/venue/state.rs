//! What a venue knows beside its books.

use super::changes::Changes;
use super::desk::{Desk, Manner};
use super::dry::market_of;
use super::kin::Kins;
use super::liquidate::{Closing, Falls};
use super::member::Member;
use super::permit::Halts;
use super::prices::{Anew, Prices};
use crate::book::Book;
use crate::book::fast::Fast;
use crate::book::owner::Fill;
use crate::book::store::Store;
use crate::fault::Code;
use crate::ledger::Ledger;
use crate::margin::account::Order;
use crate::margin::admission::Wish;
use crate::margin::figures::Figures;
use crate::margin::market::Market;
use crate::margin::terms::Terms;
use crate::message::{Event, Side};
use crate::monitor::watch::{Scout, Watch};
use crate::num::ONE;
use crate::pricing::funding::Slot as Sample;
use crate::rules::{Instrument, Rulebook};
use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::sync::Arc;

/// A book of the venue; none while it carries out a command.
pub(super) type Slot = Option<Box<Book<Fast>>>;

/// A second, in ns.
pub(super) const SECOND: i64 = 1_000_000_000;

/// Whose accounts are counted together.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kin {
    Client,
    Group,
}

/// How many orders came in a second of the clock.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Pace {
    pub(super) second: i64,
    pub(super) orders: u32,
}

/// A withdrawal that was requested.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Pending {
    pub(super) account: u32,
    pub(super) asset: u32,
    pub(super) amount: i128,
}

/// Everything but the books.
#[derive(Debug)]
pub(super) struct State {
    pub(super) rules: Rulebook,
    pub(super) terms: Arc<Terms>,
    pub(super) ledger: Ledger,
    /// By account number; none where it was never opened.
    pub(super) members: Vec<Option<Member>>,
    /// Accounts in the order of their opening.
    pub(super) order: Vec<u32>,
    /// Whether that is the order of their numbers.
    pub(super) numbered_in_order: bool,
    /// The accounts of each client, and of each beneficial-owner group, with their orders a second.
    pub(super) kin: Kins,
    pub(super) halts: Halts,
    pub(super) market: Market,
    pub(super) prices: Prices,
    pub(super) watch: Watch,
    pub(super) scout: Scout,
    pub(super) desk: Desk,
    /// The order that margin admitted last, with the figures of its account with it, as it is laid out on the desk.
    pub(super) admitted: Option<(u32, Wish, Figures)>,
    /// The trade that was let pass last, with the figures of its maker after it, as he is laid out on the desk.
    pub(super) passed: Option<(Fill, Figures)>,
    /// Who fell below maintenance margin, and what liquidations remember.
    pub(super) falls: Falls,
    /// The order of a liquidation that trades just now.
    pub(super) closing: Option<Closing>,
    /// Accounts to be looked at.
    pub(super) touched: Vec<u32>,
    /// Postings of fills, until the book has said all that it has to say.
    pub(super) pending: Vec<Event>,
    /// Samples of the funding that are not said yet.
    pub(super) slots: Vec<(u32, Sample)>,
    /// Base quantity of one lot, by instrument, in g.
    pub(super) lots: Vec<i64>,
    /// Accounts that traded in this command, where the rulebook has a breaker.
    pub(super) traded: Vec<u32>,
    /// Where the equity of an account is found just before it trades.
    pub(super) scratch: Desk,
    /// When proofs of accounts are over that may add risk.
    pub(super) lapses: BTreeSet<(i64, u32)>,
    /// Prices for last settlements that wait for a second approval: of an instrument, the price and the first one.
    pub(super) offered: BTreeMap<u32, (i64, Box<str>)>,
    pub(super) changes: Changes,
    /// When accounts' orders end unless another time is told.
    pub(super) deadlines: BTreeSet<(i64, u32)>,
    pub(super) withdrawals: BTreeMap<u64, Pending>,
    /// What left in the last hour or asked to: time, withdrawal, value in g.
    pub(super) outflow: VecDeque<(i64, u64, i128)>,
    pub(super) requests: u64,
    pub(super) time: i64,
    pub(super) cause: u64,
    /// The number of the next event.
    pub(super) seq: u64,
    /// How many orders were accepted.
    pub(super) serial: u64,
}

impl State {
    pub(super) fn new(rules: &Rulebook) -> State {
        let terms = Arc::new(Terms::new(rules));
        let market = Market::untold(&terms);
        State {
            ledger: Ledger::new(rules, &terms),
            members: Vec::new(),
            order: Vec::new(),
            numbered_in_order: true,
            kin: Kins::default(),
            halts: Halts::default(),
            prices: Prices::new(rules),
            watch: Watch::new(&market),
            scout: Scout::new(true),
            desk: Desk::default(),
            admitted: None,
            passed: None,
            falls: Falls::default(),
            closing: None,
            touched: Vec::new(),
            pending: Vec::new(),
            slots: Vec::new(),
            lots: lots_of(rules, &terms),
            traded: Vec::new(),
            scratch: Desk::default(),
            lapses: BTreeSet::new(),
            offered: BTreeMap::new(),
            changes: Changes::default(),
            deadlines: BTreeSet::new(),
            withdrawals: BTreeMap::new(),
            outflow: VecDeque::new(),
            requests: 0,
            time: 0,
            cause: 0,
            seq: 0,
            serial: 0,
            rules: rules.clone(),
            market,
            terms,
        }
    }

    /// From now on another rulebook is in force; what begins anew of the prices.
    pub(super) fn go_by(&mut self, rules: &Rulebook) -> Anew {
        let terms = Arc::new(Terms::new(rules));
        let anew = self.prices.go_by(&self.rules, rules, self.time);
        self.ledger.go_by(rules, &terms);
        self.lots = lots_of(rules, &terms);
        self.market = market_of(&terms, &self.prices, |state| state);
        // Nobody was valued under it yet.
        self.watch = Watch::new(&self.market);
        (self.admitted, self.passed) = (None, None);
        (self.rules, self.terms) = (rules.clone(), terms);
        let (has_breaker, has_portfolio) = (self.has_breaker(), self.terms.portfolio.is_some());
        for member in self.members.iter_mut().flatten() {
            member.portfolio &= has_portfolio;
            member.pulse = member.pulse.take().filter(|_| has_breaker);
        }
        anew
    }

    /// An account that is open.
    #[inline(always)]
    pub(super) fn member(&self, account: u32) -> Result<&Member, Code> {
        let member = self.members.get(account as usize).and_then(Option::as_ref);
        member.filter(|member| !member.closed).ok_or(Code::UnknownHolder)
    }

    #[inline(always)]
    pub(super) fn member_mut(&mut self, account: u32) -> Option<&mut Member> {
        self.members.get_mut(account as usize).and_then(Option::as_mut)
    }

    /// All accounts of an account's client, or of its group.
    #[inline(always)]
    pub(super) fn kin(&self, kin: Kin, account: u32) -> &[u32] {
        self.kin.get(kin).of(account)
    }

    /// How an account is margined.
    #[inline(always)]
    pub(super) fn manner(&self, account: u32) -> Manner {
        match self.members.get(account as usize) {
            Some(Some(member)) => Manner {
                taker_fee: self.terms.taker_fees[member.fee_tier],
                portfolio: member.portfolio,
                leverage: member.leverage,
            },
            _ => Manner { taker_fee: 0, portfolio: false, leverage: 0 },
        }
    }

    /// An account is to be looked at when the command is done.
    #[inline(always)]
    pub(super) fn touch(&mut self, account: u32) {
        let State { members, touched, .. } = self;
        if let Some(Some(member)) = members.get_mut(account as usize)
            && !member.touched
        {
            member.touched = true;
            touched.push(account);
        }
    }

    /// Numbers what was said without numbers, from some event on.
    pub(super) fn stamp(&mut self, out: &mut [Event]) {
        for event in out {
            (event.seq, event.time, event.cause) = (self.seq, self.time, self.cause);
            self.seq += 1;
        }
    }
}

/// Base quantity of one lot of each instrument, in g.
fn lots_of(rules: &Rulebook, terms: &Terms) -> Vec<i64> {
    let lot = |(at, of): (usize, &Instrument)| terms.instruments[at].base(of.lot).unwrap_or(ONE);
    rules.instruments().iter().enumerate().map(lot).collect()
}

/// The books, one of which may be carrying out a command.
#[derive(Clone, Copy)]
pub(super) struct Books<'a, S> {
    pub(super) all: &'a [Slot],
    pub(super) here: Option<&'a Book<S>>,
    /// Base quantity of a lot, by instrument.
    pub(super) lots: &'a [i64],
}

impl<'a> Books<'a, Fast> {
    /// None of which carries out anything.
    pub(super) fn resting(all: &'a [Slot], lots: &'a [i64]) -> Self {
        Books { all, here: None, lots }
    }
}

impl<S: Store> Books<'_, S> {
    #[inline(always)]
    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    /// Whether an account has orders in a book.
    #[inline(always)]
    pub(super) fn has_orders(&self, instrument: u32, account: u32) -> bool {
        match self.here.filter(|book| book.terms().instrument == instrument) {
            Some(book) => book.account(account).orders != 0,
            None => self.all[instrument as usize].as_ref().is_some_and(|book| book.account(account).orders != 0),
        }
    }

    /// What rests of an account's orders of a key and side that may add, but for one, in lots.
    pub(super) fn adding(&self, instrument: u32, account: u32, side: Side, isolated: bool, but: u64) -> i64 {
        match self.here.filter(|book| book.terms().instrument == instrument) {
            Some(book) => book.adding(account, side, isolated, but),
            None => self.all[instrument as usize].as_ref().map_or(0, |book| book.adding(account, side, isolated, but)),
        }
    }

    /// Orders of an account that rest and may add, but for one, and whether they are for the isolated position.
    #[inline(always)]
    pub(super) fn each_order(&self, instrument: u32, account: u32, replaced: u64, mut take: impl FnMut(Order, bool)) {
        let lot = self.lots[instrument as usize];
        match self.here.filter(|book| book.terms().instrument == instrument) {
            Some(book) => each(book, account, replaced, lot, &mut take),
            None => {
                if let Some(book) = &self.all[instrument as usize] {
                    each(book, account, replaced, lot, &mut take);
                }
            }
        }
    }
}

#[inline(always)]
fn each<S: Store>(book: &Book<S>, account: u32, replaced: u64, lot: i64, take: &mut impl FnMut(Order, bool)) {
    let tick = book.terms().tick;
    for order in book.resting_of(account) {
        if !order.flags.reduce_only() && order.id != replaced {
            let quantity = order.side.sign() * order.left * lot;
            take(Order { quantity, price: tick.value(order.price) }, order.flags.isolated());
        }
    }
}
