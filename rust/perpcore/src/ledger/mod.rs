//! Who has what, and how it moves (docs/venue.md).
//!
//! A fill moves a quantity and what is paid for it between two positions, so that both add up to nothing over all accounts.
//! Money moves between two holders, or comes from outside or goes there; there is no other way to change it, and no holder
//! can have less than nothing. What moves is an event for the account that it concerns, without number and time: those are
//! given by who carries out the command.

mod accounts;
mod cash;
mod conserve;
mod convert;
mod holdings;
mod liquidate;
mod settle;
mod trade;

pub use accounts::Accounts;
pub use cash::Cash;
pub use convert::Buyers;
pub use holdings::{Held, Holdings, Wallet};
pub use liquidate::Key;
pub use settle::{Funding, Settling};
pub use trade::{SideOfTrade, fee_of, isolated_move};

use crate::margin::terms::Terms;
use crate::message::event::Kind;
use crate::message::{Event, FUND, NOBODY};
use crate::num::bounds::POSTED;
use crate::rule::Rule;
use crate::rules::Rulebook;
use crate::word::words;
use std::sync::Arc;

words! {
    /// An account of the venue's own.
    House {
        /// It pays what others cannot.
        Fund "fund",
        /// Fees come here, and rebates are paid from here.
        Fees "fees",
        /// It buys what is converted.
        Converter "converter",
        /// What divisions leave over.
        Rounding "rounding",
    }
}

/// How many accounts a venue has of its own.
pub const HOUSES: usize = House::NAMES.len();

/// Maker and taker fee of a tier, in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fees {
    /// Of the resting side; below 0 a rebate.
    pub maker: i64,
    /// Of the incoming side.
    pub taker: i64,
}

/// What a posting is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct About {
    /// The rule that it follows from.
    pub rule: Rule,
    /// The instrument; [`NOBODY`] for none.
    pub instrument: u32,
    /// The trade; 0 for none.
    pub trade: u64,
}

impl About {
    /// A rule by itself.
    pub fn rule(rule: Rule) -> About {
        About { rule, instrument: NOBODY, trade: 0 }
    }
}

/// The ledger of a venue.
#[derive(Clone, Debug)]
pub struct Ledger {
    terms: Arc<Terms>,
    fees: Vec<Fees>,
    /// What is converted where money is short, in this order.
    convertible: Vec<u32>,
    /// By account.
    clients: Vec<Holdings>,
    /// What the fund took over; its cash is that of the house.
    inventory: Holdings,
    /// By asset, each by house.
    house: Vec<[Cash; HOUSES]>,
    /// What came from outside less what went there, by asset.
    outside: Vec<i128>,
    /// What all clients have, by asset, isolated margin included.
    clients_have: Vec<i128>,
    /// The accounts with a position, by instrument; the fund is not among them.
    holders: Vec<Accounts>,
    /// Σ of what is long, by instrument, in g.
    open_interest: Vec<i128>,
    /// What cut gains left over of an instrument, in 10⁻¹⁶: money of `rounding` with the next settlement.
    left_over_e16: Vec<i128>,
}

impl Ledger {
    /// A ledger of nothing.
    pub fn new(rules: &Rulebook, terms: &Arc<Terms>) -> Ledger {
        let mut ledger = Ledger {
            fees: Vec::new(),
            convertible: Vec::new(),
            clients: Vec::new(),
            inventory: Holdings::default(),
            house: Vec::new(),
            outside: Vec::new(),
            clients_have: Vec::new(),
            holders: Vec::new(),
            open_interest: Vec::new(),
            left_over_e16: Vec::new(),
            terms: terms.clone(),
        };
        ledger.go_by(rules, terms);
        ledger
    }

    /// From now on it goes by a rulebook, which names whatever was named before by the same numbers.
    pub fn go_by(&mut self, rules: &Rulebook, terms: &Arc<Terms>) {
        let assets = terms.assets.len();
        let named = &rules.venue().conversion_order;
        let all = rules.assets_by_name().filter(|_| named.is_empty());
        let order = named.iter().filter_map(|name| rules.asset_index(name)).chain(all);
        let order = order.filter(|at| terms.assets[*at].eligible && *at != terms.settlement);
        self.convertible = order.map(|asset| asset as u32).collect();
        self.fees = rules.venue().fees.iter().map(|tier| Fees { maker: tier.maker, taker: tier.taker }).collect();
        self.house.resize(assets, [Cash::NONE; HOUSES]);
        self.outside.resize(assets, 0);
        self.clients_have.resize(assets, 0);
        self.holders.resize(terms.instruments.len(), Accounts::default());
        self.open_interest.resize(terms.instruments.len(), 0);
        self.left_over_e16.resize(terms.instruments.len(), 0);
        self.terms = terms.clone();
    }

    /// The settlement currency.
    #[inline(always)]
    pub fn settlement(&self) -> u32 {
        self.terms.settlement as u32
    }

    /// Makes room for an account.
    pub fn open(&mut self, account: u32) {
        if self.clients.len() <= account as usize {
            self.clients.resize_with(account as usize + 1, Holdings::default);
        }
    }

    /// What an account has.
    #[inline(always)]
    pub fn of(&self, account: u32) -> &Holdings {
        if account == FUND { &self.inventory } else { &self.clients[account as usize] }
    }

    #[inline(always)]
    fn holdings(&mut self, account: u32) -> &mut Holdings {
        if account == FUND { &mut self.inventory } else { &mut self.clients[account as usize] }
    }

    /// What an account has of the settlement currency, in g.
    #[inline(always)]
    pub fn cash(&self, account: u32) -> i128 {
        let settlement = self.settlement();
        if account == FUND { self.house(House::Fund, settlement) } else { self.of(account).balance(settlement).0 }
    }

    /// Q of a position, in g.
    #[inline(always)]
    pub fn quantity(&self, account: u32, instrument: u32, isolated: bool) -> i64 {
        let holdings = if account == FUND { Some(&self.inventory) } else { self.clients.get(account as usize) };
        holdings.and_then(|of| of.position(instrument, isolated)).map_or(0, |held| held.quantity)
    }

    /// The accounts with a position in an instrument; the fund is not among them.
    pub fn holders(&self, instrument: u32) -> &Accounts {
        &self.holders[instrument as usize]
    }

    /// A position was opened or closed.
    #[inline(always)]
    fn note_holder(&mut self, account: u32, instrument: u32) {
        let holds = [false, true].iter().any(|isolated| self.quantity(account, instrument, *isolated) != 0);
        if account != FUND {
            self.holders[instrument as usize].set(account, holds);
        }
    }

    /// What one of the venue's own accounts has of an asset.
    #[inline(always)]
    pub fn house(&self, house: House, asset: u32) -> i128 {
        self.house[asset as usize][house as usize].amount()
    }

    /// What all clients have of an asset.
    pub fn clients_have(&self, asset: u32) -> i128 {
        self.clients_have[asset as usize]
    }

    /// What is long in an instrument, in g.
    pub fn open_interest(&self, instrument: u32) -> i128 {
        self.open_interest[instrument as usize]
    }

    /// Chooses a leverage for a position, in g.
    pub fn choose_leverage(&mut self, account: u32, instrument: u32, isolated: bool, leverage: i64) {
        self.clients[account as usize].key(instrument, isolated).leverage = leverage;
    }

    /// Whether an account may have so much more of an asset.
    pub fn has_room(&self, account: u32, asset: u32, amount: i128) -> bool {
        POSTED.holds(self.of(account).balance(asset).0 + amount)
    }

    /// Money comes from outside to an account.
    pub fn deposit(&mut self, account: u32, asset: u32, amount: i128, out: &mut Vec<Event>) {
        self.outside[asset as usize] += amount;
        self.credit(account, asset, amount, About::rule(Rule::LedgerDeposit), out);
    }

    /// Money of an account goes outside; false, and nothing done, where it is not there.
    pub fn withdraw(&mut self, account: u32, asset: u32, amount: i128, out: &mut Vec<Event>) -> bool {
        let there = self.take(account, asset, amount, About::rule(Rule::LedgerWithdraw), out);
        self.outside[asset as usize] -= if there { amount } else { 0 };
        there
    }

    /// Money goes from one account to another; false, and nothing done, where it is not there.
    pub fn transfer(&mut self, from: u32, to: u32, asset: u32, amount: i128, out: &mut Vec<Event>) -> bool {
        let about = About::rule(Rule::LedgerTransfer);
        let there = self.take(from, asset, amount, about, out);
        if there {
            self.credit(to, asset, amount, about, out);
        }
        there
    }

    /// Money comes to one of the venue's own accounts, from outside or from an account; false, and nothing done, where it is
    /// not there.
    pub fn top_up(&mut self, house: House, from: Option<u32>, asset: u32, amount: i128, out: &mut Vec<Event>) -> bool {
        let about = About::rule(Rule::LedgerTopup);
        match from {
            Some(account) if !self.take(account, asset, amount, about, out) => return false,
            Some(_) => {}
            None => self.outside[asset as usize] += amount,
        }
        let of_house = &mut self.house[asset as usize][house as usize];
        of_house.put(amount);
        if from.is_none() {
            let balance = of_house.amount();
            out.push(Event { kind: Kind::Posting, asset, amount, balance, rule: Some(about.rule), ..Event::NOTHING });
        }
        true
    }

    /// Holds more of an asset of an account, or less.
    pub fn hold(&mut self, account: u32, asset: u32, more: i128) {
        self.clients[account as usize].wallet(asset).held += more;
    }

    /// Moves money between the wallet and an isolated position, to it or, below 0, from it; false, and nothing done, where it
    /// is not there.
    pub fn move_margin(&mut self, account: u32, instrument: u32, amount: i128, out: &mut Vec<Event>) -> bool {
        let settlement = self.settlement();
        let holdings = &mut self.clients[account as usize];
        let there = match amount >= 0 {
            true => holdings.wallet(settlement).cash.amount() >= amount,
            false => holdings.position(instrument, true).is_some_and(|held| held.margin.amount() >= -amount),
        };
        if !there || amount == 0 {
            return there;
        }
        if amount > 0 {
            holdings.wallet(settlement).cash.take(amount);
            holdings.key(instrument, true).margin.put(amount);
        } else {
            holdings.key(instrument, true).margin.take(-amount);
            holdings.wallet(settlement).cash.put(-amount);
        }
        let (wallet, margin) = (holdings.wallet(settlement).cash, holdings.key(instrument, true).margin);
        let mut sides = [(NOBODY, -amount, wallet), (instrument, amount, margin)];
        if amount < 0 {
            sides.reverse();
        }
        for (instrument, amount, balance) in sides {
            out.push(self.posting(
                account,
                settlement,
                amount,
                balance.amount(),
                About { instrument, ..About::rule(Rule::LedgerIsolated) },
            ));
        }
        true
    }

    /// An account is paid.
    #[inline(always)]
    fn credit(&mut self, account: u32, asset: u32, amount: i128, about: About, out: &mut Vec<Event>) {
        let cash = match account {
            FUND => &mut self.house[asset as usize][House::Fund as usize],
            _ => &mut self.clients[account as usize].wallet(asset).cash,
        };
        cash.put(amount);
        let balance = cash.amount();
        self.clients_have[asset as usize] += if account == FUND { 0 } else { amount };
        if amount != 0 {
            out.push(self.posting(account, asset, amount, balance, about));
        }
    }

    /// An account pays all of an amount, or nothing and false.
    fn take(&mut self, account: u32, asset: u32, amount: i128, about: About, out: &mut Vec<Event>) -> bool {
        let there = self.of(account).balance(asset).0 >= amount;
        if there {
            self.pay(account, asset, amount, about, out);
        }
        there
    }

    /// An account pays as much of an amount as it has; what that is.
    #[inline(always)]
    fn pay(&mut self, account: u32, asset: u32, amount: i128, about: About, out: &mut Vec<Event>) -> i128 {
        let cash = match account {
            FUND => &mut self.house[asset as usize][House::Fund as usize],
            _ => &mut self.clients[account as usize].wallet(asset).cash,
        };
        let paid = cash.take(amount);
        let balance = cash.amount();
        self.clients_have[asset as usize] -= if account == FUND { 0 } else { paid };
        if paid != 0 {
            out.push(self.posting(account, asset, -paid, balance, about));
        }
        paid
    }

    /// Pays an isolated position, or lets it pay as much as it has; what moved, signed.
    #[inline(always)]
    fn post_margin(&mut self, account: u32, instrument: u32, amount: i128, about: About, out: &mut Vec<Event>) -> i128 {
        let margin = &mut self.clients[account as usize].key(instrument, true).margin;
        let moved = match amount >= 0 {
            true => {
                margin.put(amount);
                amount
            }
            false => -margin.take(-amount),
        };
        let (balance, settlement) = (margin.amount(), self.settlement());
        self.clients_have[settlement as usize] += moved;
        if moved != 0 {
            out.push(self.posting(account, settlement, moved, balance, About { instrument, ..about }));
        }
        moved
    }

    #[inline(always)]
    fn posting(&self, account: u32, asset: u32, amount: i128, balance: i128, about: About) -> Event {
        let About { rule, instrument, trade } = about;
        let rule = Some(rule);
        Event { kind: Kind::Posting, account, asset, amount, balance, rule, instrument, trade, ..Event::NOTHING }
    }

    #[inline(always)]
    fn house_mut(&mut self, house: House) -> &mut Cash {
        &mut self.house[self.terms.settlement][house as usize]
    }
}
