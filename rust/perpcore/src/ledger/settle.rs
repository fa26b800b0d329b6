//! `ledger.settle` and `funding.settle`: what positions gained becomes money, and what longs and shorts pay each other.
//!
//! A settlement computes what flows, nets it by account, checks that everybody can pay, and only then posts. Where somebody
//! cannot, the instruments that he holds wait. Funding comes after it, when what was gained is there to be paid from.

use super::convert::Buyers;
use super::{About, Cash, Held, House, Ledger};
use crate::margin::account::{Account, Balance, Position};
use crate::margin::line::Discard;
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::value;
use crate::message::event::Kind;
use crate::message::{Event, FUND, NOBODY, PriceState};
use crate::num::ratio::ratio_up;
use crate::num::round::{charge_from_e16, credit_from_e16};
use crate::num::times;
use crate::pricing::funding::payment;
use crate::rule::Rule;

/// A settlement: at which prices, by instrument; none where it is not settled.
#[derive(Clone, Debug)]
pub struct Settling<'a> {
    /// Accounts in the order of their opening.
    pub order: &'a [u32],
    /// What positions are valued at.
    pub market: &'a Market,
    /// The price of each instrument.
    pub prices: Vec<Option<i64>>,
    /// Whether the positions end with it.
    pub last: bool,
}

/// A funding of one instrument.
#[derive(Clone, Copy, Debug)]
pub struct Funding<'a> {
    /// Accounts in the order of their opening.
    pub order: &'a [u32],
    /// What positions are valued at.
    pub market: &'a Market,
    /// The instrument.
    pub instrument: u32,
    /// Its mark in g.
    pub mark: i64,
    /// The rate in g.
    pub rate: i64,
}

/// ⌊Q·S − κ⌋ of a position.
fn gain(held: &Held, price: i64) -> i128 {
    let exact = times(held.quantity, price) - held.cost_e16;
    if cfg!(feature = "without_rounding_against") { charge_from_e16(exact) } else { credit_from_e16(exact) }
}

impl Settling<'_> {
    fn price(&self, held: &Held) -> Option<i64> {
        self.prices[held.instrument as usize].filter(|_| held.quantity != 0 || held.cost_e16 != 0)
    }
}

impl Ledger {
    /// Net value of an account's cross bucket, and equity of its isolated positions by instrument; orders play no part.
    pub fn net_values(&self, account: u32, market: &Market) -> (i128, Vec<(u32, i128)>) {
        let holdings = self.of(account);
        let mut balances: Vec<Balance> = holdings.wallets.iter().map(balance).collect();
        if account == FUND {
            balances.push(Balance { asset: self.settlement(), amount: self.cash(FUND) });
        }
        let of = |isolated: bool| -> Vec<Position> {
            let held = holdings.positions.iter().filter(|held| held.isolated == isolated && held.is_something());
            held.map(|held| held.view(0)).collect()
        };
        let (cross, isolated) = (of(false), of(true));
        let view = Account {
            cross: &cross,
            isolated: &isolated,
            balances: &balances,
            orders: &[],
            taker_fee: 0,
            portfolio: false,
        };
        let mut equities = Vec::with_capacity(isolated.len());
        let (mut exposures, mut sink) = (Exposures::new(), Discard::default());
        let figures = value::account(&self.terms, market, &view, &mut exposures, &mut sink, |at, figures| {
            equities.push((isolated[at].instrument, figures.equity));
        });
        (figures.net_value, equities)
    }

    /// Settles what can be settled. Who waits, and why: instruments with the first account that could not pay.
    pub fn settle(&mut self, mut settling: Settling<'_>, out: &mut Vec<Event>) -> Vec<(u32, u32)> {
        let moved = |ledger: &Ledger, instrument: usize, price: i64| {
            let at = instrument as u32;
            let of = |account: &u32| ledger.of(*account).positions.iter().filter(move |held| held.instrument == at);
            settling.order.iter().flat_map(of).any(|held| held.cost_e16 != times(held.quantity, price))
        };
        let wanted: Vec<bool> = (settling.prices.iter().enumerate())
            .map(|(at, price)| price.is_some_and(|price| settling.last || moved(self, at, price)))
            .collect();
        settling.prices.iter_mut().zip(wanted).for_each(|(price, wanted)| *price = price.filter(|_| wanted));
        let check = !cfg!(feature = "without_check_of_payers");
        let deferred = if check { self.defer(&mut settling) } else { Vec::new() };
        for &(instrument, account) in &deferred {
            out.push(Event { kind: Kind::SettlementDeferred, instrument, account, ..Event::NOTHING });
        }
        for (at, price) in settling.prices.iter().enumerate() {
            if price.is_some() {
                self.left_over_e16[at] = 0;
            }
            let (kind, instrument, rule) = (Kind::Settlement, at as u32, Some(Rule::LedgerSettle));
            let said = price.map(|price| Event { kind, instrument, price, rule, ..Event::NOTHING });
            out.extend(said);
        }
        let mut rest = 0;
        for &account in settling.order {
            rest += self.settle_account(account, &settling, out);
        }
        self.house_mut(House::Rounding).put(rest);
        deferred
    }

    /// Takes out the instruments of everybody who is bankrupt or could not pay, until all can.
    fn defer(&self, settling: &mut Settling<'_>) -> Vec<(u32, u32)> {
        // What somebody is worth is asked at the prices of the settlement, which need not be the marks.
        let mut market = settling.market.clone();
        for (at, price) in settling.prices.iter().enumerate() {
            price.iter().for_each(|&price| market.set_mark(&self.terms, at, price, PriceState::Live));
        }
        let values: Vec<_> = settling.order.iter().map(|&account| self.net_values(account, &market)).collect();
        let mut deferred: Vec<(u32, u32)> = Vec::new();
        loop {
            let (before, mut buyers) = (deferred.len(), self.buyers(settling.market));
            for (&account, (net_value, isolated)) in settling.order.iter().zip(&values) {
                let blocked = self.blocked(account, settling, *net_value, isolated, &mut buyers);
                for held in self.of(account).positions.iter().filter(|held| blocked(held)) {
                    if settling.price(held).is_some() && deferred.iter().all(|(of, _)| *of != held.instrument) {
                        deferred.push((held.instrument, account));
                    }
                }
            }
            if deferred.len() == before {
                deferred.sort_unstable();
                return deferred;
            }
            deferred[before..].iter().for_each(|(instrument, _)| settling.prices[*instrument as usize] = None);
        }
    }

    /// Which positions of an account are in a bucket that cannot be settled.
    fn blocked<'a>(
        &self,
        account: u32,
        settling: &Settling<'_>,
        net_value: i128,
        isolated: &'a [(u32, i128)],
        buyers: &mut Buyers,
    ) -> impl Fn(&Held) -> bool + use<'a> {
        let cross = self.of(account).positions.iter().filter(|held| !held.isolated);
        let flow: i128 = cross.filter_map(|held| settling.price(held).map(|price| gain(held, price))).sum();
        // Who waits takes nothing from those who buy what others convert.
        let mut left = *buyers;
        let pays = match account {
            _ if flow >= 0 => true,
            FUND => self.cash(FUND) - left.fund_paid >= -flow,
            _ => self.could_pay(account, -flow, settling.market, &mut left) == -flow,
        };
        let cross_blocked = net_value < 0 || !pays;
        if !cross_blocked {
            *buyers = left;
        }
        move |held: &Held| match held.isolated {
            false => cross_blocked,
            true => isolated.iter().any(|(instrument, equity)| *instrument == held.instrument && *equity < 0),
        }
    }

    /// Settles the positions of one account; what rounding leaves over.
    fn settle_account(&mut self, account: u32, settling: &Settling<'_>, out: &mut Vec<Event>) -> i128 {
        let (mut cross, mut moved) = (0, 0);
        let mut isolated: Vec<(u32, i128)> = Vec::new();
        let holdings = if account == FUND { &mut self.inventory } else { &mut self.clients[account as usize] };
        for held in &mut holdings.positions {
            let Some(price) = settling.price(held) else { continue };
            let flow = gain(held, price);
            let worth_e16 = times(held.quantity, price);
            held.cost_e16 = worth_e16;
            if settling.last {
                self.open_interest[held.instrument as usize] -= i128::from(held.quantity.max(0));
                (held.quantity, held.cost_e16, held.entry_e16) = (0, 0, 0);
                if account != FUND {
                    self.holders[held.instrument as usize].set(account, false);
                }
            }
            match held.isolated {
                true => isolated.push((held.instrument, flow)),
                false => cross += flow,
            }
        }
        let about = About::rule(Rule::LedgerSettle);
        if cross >= 0 {
            self.credit(account, self.settlement(), cross, about, out);
            moved += cross;
        } else {
            moved -= self.debit(account, -cross, about, settling.market, out);
        }
        isolated.sort_unstable();
        for (instrument, flow) in isolated {
            moved += self.post_margin(account, instrument, flow, about, out);
            self.return_margin(account, instrument, out);
        }
        // What all gain together is exactly 0: what was not paid out is what rounding left over.
        -moved
    }

    /// The margin of an isolated position that is no more goes back to the wallet.
    fn return_margin(&mut self, account: u32, instrument: u32, out: &mut Vec<Event>) {
        let held = self.of(account).position(instrument, true).copied().unwrap_or_default();
        if held.quantity == 0 && held.margin != Cash::NONE {
            self.move_margin(account, instrument, -held.margin.amount(), out);
        }
    }

    /// Funding of one instrument: payers pay at most what they are worth, the fund the rest as far as it goes, and what is
    /// missing then is cut from the receivers. False, and nothing done, where a position is beyond what is computed exactly.
    pub fn fund(&mut self, funding: &Funding<'_>, out: &mut Vec<Event>) -> bool {
        let Funding { order, market, instrument, mark, rate } = *funding;
        let mut flows: Vec<(u32, bool, i128)> = Vec::new();
        for &account in order {
            for isolated in [false, true] {
                let quantity = self.quantity(account, instrument, isolated);
                if quantity == 0 {
                    continue;
                }
                let Ok(flow) = payment(quantity, mark, rate) else { return false };
                flows.push((account, isolated, flow));
            }
        }
        let about = About { instrument, ..About::rule(Rule::FundingSettle) };
        let (mut collected, mut owed) = (0, 0);
        for &(account, isolated, flow) in flows.iter().filter(|(.., flow)| *flow < 0) {
            let (net_value, equities) = self.net_values(account, market);
            owed -= flow;
            if isolated {
                let equity = equities.iter().find(|(of, _)| *of == instrument).map_or(0, |(_, equity)| *equity);
                collected -= self.post_margin(account, instrument, -(-flow).min(equity.max(0)), about, out);
            } else {
                collected += self.debit(account, (-flow).min(net_value.max(0)), about, market, out);
            }
        }
        let shortage = owed - collected;
        let free = if cfg!(feature = "without_floor_of_cash") { shortage } else { self.fund_is_free(market) };
        let drawn = self.house_mut(House::Fund).take(shortage.min(free));
        if shortage > 0 {
            let (amount, balance) = (drawn, self.house(House::Fund, self.settlement()));
            let code = (drawn < shortage).then_some(crate::fault::Code::FundShort);
            let (kind, asset, rule) = (Kind::FundDraw, self.settlement(), Some(Rule::FundingSettle));
            out.push(Event { kind, instrument, asset, amount, balance, rule, code, account: NOBODY, ..Event::NOTHING });
        }
        let receipts: i128 = flows.iter().map(|(.., flow)| flow.max(&0)).sum();
        let mut left = collected + drawn;
        for &(account, isolated, flow) in flows.iter().filter(|(.., flow)| *flow > 0) {
            let cut = ratio_up(shortage - drawn, flow, receipts).min(flow);
            left -= flow - cut;
            match isolated {
                true => _ = self.post_margin(account, instrument, flow - cut, about, out),
                false => self.credit(account, self.settlement(), flow - cut, about, out),
            }
        }
        self.house_mut(House::Rounding).put(left);
        true
    }
}

fn balance(wallet: &super::Wallet) -> Balance {
    Balance { asset: wallet.asset, amount: wallet.cash.amount() }
}
