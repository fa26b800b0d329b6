//! What can be asked of a venue.

use super::Venue;
use super::desk::Desk;
use super::state::{Books, State};
use crate::book::Book;
use crate::book::clients::Clients;
use crate::book::fast::Fast;
use crate::ledger::Held;
use crate::margin::account::Account;
use crate::margin::figures::Figures;
use crate::margin::line::{Keep, Line, Noted};
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::message::FUND;
use crate::num::ONE;
use crate::num::round::price_of;
use crate::rules::Rulebook;

pub use super::handle::reserved;

/// One row of the table `ledger`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LedgerRow {
    /// Whose money.
    pub holder: Holder,
    /// The asset, by the rulebook's index.
    pub asset: u32,
    /// What is there, in g, what is held included.
    pub amount: i128,
    /// What of it waits for a withdrawal, in g.
    pub held: i128,
}

/// Who holds money.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holder {
    /// An account.
    Client(u32),
    /// One of the venue's own accounts, by its name.
    House(&'static str),
}

/// One row of the table `venue_positions`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PositionRow {
    /// The account.
    pub account: u32,
    /// The instrument.
    pub instrument: u32,
    /// Whether it is the isolated one.
    pub isolated: bool,
    /// Contracts in g.
    pub quantity: i64,
    /// κ in 10⁻¹⁶.
    pub cost_e16: i128,
    /// What it was entered at on average, in g, half to even; none where nothing is held.
    pub entry_price: Option<i64>,
    /// Its margin in g.
    pub isolated_margin: i128,
}

/// An account, valued.
#[derive(Clone, Debug)]
pub struct Valued {
    /// The cross bucket.
    pub cross: Figures,
    /// The isolated buckets by instrument.
    pub isolated: Vec<(u32, Figures)>,
    /// Every line with its bucket, where they were asked for.
    pub lines: Vec<(Option<u32>, Line)>,
}

impl Venue {
    /// The rulebook.
    pub fn rules(&self) -> &Rulebook {
        &self.state.rules
    }

    /// The digest of a number in the events of rulebooks.
    pub fn digest_of(&self, number: u64) -> Option<&str> {
        self.state.changes.digest(number)
    }

    /// The book of an instrument.
    pub fn book(&self, instrument: u32) -> Option<&Book<Fast>> {
        self.books.get(instrument as usize)?.as_deref()
    }

    /// Clients' ids by the numbers that events of an instrument have.
    pub fn clients(&self, instrument: u32) -> Option<&Clients> {
        self.book(instrument).map(Book::clients)
    }

    /// Whoever reads the events has read all of them: numbers of forgotten client ids may be used again.
    pub fn settle_ids(&mut self) {
        self.books.iter_mut().flatten().for_each(|book| book.settle());
    }

    /// Open accounts, in the order in which they were opened.
    pub fn accounts(&self) -> impl Iterator<Item = u32> + '_ {
        self.state.order.iter().copied().filter(|account| self.state.member(*account).is_ok())
    }

    /// The status of an open account's cross bucket, as it was last seen.
    pub fn status(&self, account: u32) -> Option<Status> {
        self.state.member(account).ok().map(|member| member.status)
    }

    /// Client and group of an account that was opened.
    pub fn whose(&self, account: u32) -> Option<(u32, u32)> {
        let member = self.state.members.get(account as usize)?.as_ref()?;
        Some((member.client, member.group))
    }

    /// An open account as the valuation sees it, with the terms and prices that it is valued under.
    pub fn laid_out<T>(&self, account: u32, work: impl FnOnce(&Terms, &Market, &Account<'_>) -> T) -> Option<T> {
        self.state.member(account).ok()?;
        let State { terms, market, .. } = &self.state;
        Some(work(terms, market, &self.lay(account).view()))
    }

    fn lay(&self, account: u32) -> Desk {
        let (manner, mut desk) = (self.state.manner(account), Desk::default());
        desk.lay(self.state.ledger.of(account), &manner);
        let books = Books::resting(&self.books, &self.state.lots);
        desk.lay_orders(&books, account, manner.leverage, 0, None);
        desk
    }

    /// An account's figures, and its lines where they are asked for; none where it is not open.
    pub fn valued(&self, account: u32, lines: bool) -> Option<Valued> {
        self.state.member(account).ok()?;
        let State { terms, market, .. } = &self.state;
        let mut desk = self.lay(account);
        let (mut noted, mut keep) = (Noted::default(), Keep::default());
        let mut cross =
            if lines { desk.value(terms, market, &mut keep) } else { desk.value(terms, market, &mut noted) };
        if noted.0.is_some() || !keep.obstacles.is_empty() {
            cross.status = Status::Undecided;
        }
        let isolated = desk.buckets.iter().map(|bucket| (bucket.instrument, bucket.figures)).collect();
        Some(Valued { cross, isolated, lines: keep.lines })
    }

    /// Every wallet that is not empty: clients in the order of their opening, then the venue's own.
    pub fn ledger(&self) -> impl Iterator<Item = LedgerRow> + '_ {
        let ledger = &self.state.ledger;
        let clients = self.state.order.iter().flat_map(|&account| {
            let mut wallets = ledger.of(account).wallets().to_vec();
            wallets.sort_unstable_by_key(|wallet| wallet.asset);
            wallets.into_iter().map(move |wallet| LedgerRow {
                holder: Holder::Client(account),
                asset: wallet.asset,
                amount: wallet.cash.amount(),
                held: wallet.held,
            })
        });
        let houses = ledger.houses();
        let houses =
            houses.map(|(asset, name, amount)| LedgerRow { holder: Holder::House(name), asset, amount, held: 0 });
        clients.chain(houses).filter(|row| row.amount != 0 || row.held != 0)
    }

    /// Every position, by account and instrument, cross before isolated.
    pub fn positions(&self) -> impl Iterator<Item = PositionRow> + '_ {
        self.state.order.iter().flat_map(move |&account| {
            let mut held: Vec<Held> = self.state.ledger.of(account).positions().to_vec();
            held.retain(Held::is_something);
            held.sort_unstable_by_key(|held| (held.instrument, held.isolated));
            held.into_iter().map(move |held| self.row(account, &held))
        })
    }

    fn row(&self, account: u32, held: &Held) -> PositionRow {
        let size = self.state.terms.instruments[held.instrument as usize].contract_size;
        let contracts = i128::from(held.quantity) * i128::from(ONE) / i128::from(size);
        let entry = (held.quantity != 0).then(|| match held.quantity > 0 {
            true => price_of(held.entry_e16, held.quantity),
            false => price_of(-held.entry_e16, -held.quantity),
        });
        PositionRow {
            account,
            instrument: held.instrument,
            isolated: held.isolated,
            quantity: contracts as i64,
            cost_e16: held.cost_e16,
            entry_price: entry,
            isolated_margin: held.margin.amount(),
        }
    }

    /// The prices that everybody is valued at.
    pub fn market(&self) -> &Market {
        &self.state.market
    }

    /// What all buckets lack that would be worth less than nothing at some prices, and what the fund would be worth there, at
    /// least 0; in g.
    pub fn stressed(&self, market: &Market) -> (i128, i128) {
        let ledger = &self.state.ledger;
        let lacks = |value: i128| (-value).max(0);
        let of = |account: u32| {
            let (cross, isolated) = ledger.net_values(account, market);
            lacks(cross) + isolated.into_iter().map(|(_, value)| lacks(value)).sum::<i128>()
        };
        let deficit = self.state.order.iter().map(|account| of(*account)).sum();
        (deficit, ledger.net_values(FUND, market).0.max(0))
    }

    /// Checks that nothing was lost: what does not hold, in words; empty where all does.
    pub fn verify(&self) -> Vec<String> {
        self.state.ledger.verify()
    }

    /// How many commands came, the time of the last one, and the number of the next event.
    pub fn counts(&self) -> (u64, i64, u64) {
        (self.count, self.state.time, self.state.seq)
    }
}
