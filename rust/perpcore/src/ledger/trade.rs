//! A trade: positions and what is paid for them change hands, and fees are paid (`ledger.fee`).

use super::{About, House, Ledger};
use crate::margin::market::Market;
use crate::margin::terms::Terms;
use crate::message::Event;
use crate::num::round::{charge_from_e16, charge_from_e24, credit_from_e24, rate_of_leverage};
use crate::num::{scaled, times};
use crate::rule::Rule;

/// One side of a trade.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SideOfTrade {
    /// Whose it is.
    pub account: u32,
    /// Whether it is for the isolated position.
    pub isolated: bool,
    /// Signed base quantity in g.
    pub quantity: i64,
    /// What its account chose for positions that choose none, in g.
    pub leverage: i64,
    /// Fee rate in g; below 0 a rebate.
    pub fee: i64,
}

/// What a trade moves from the wallet to an isolated position (`ledger.isolated`): initial margin that is needed more, and
/// the loss of what was opened against the mark. Base quantities and prices in g; the leverage is that of the position.
pub fn isolated_move(
    terms: &Terms,
    instrument: u32,
    leverage: i64,
    [before, after]: [i64; 2],
    price: i64,
    mark: i64,
) -> i128 {
    let turned = (before < 0) != (after < 0) && before != 0;
    let opened = if turned { after.abs() } else { after.abs() - before.abs() };
    if after == 0 || opened <= 0 {
        return 0;
    }
    let rate = if leverage == 0 { 0 } else { rate_of_leverage(leverage) };
    let ladder = &terms.instruments[instrument as usize].ladder;
    let initial = |quantity: i64| charge_from_e24(ladder.initial_e24(times(quantity.abs(), mark), rate));
    let worse = if after > 0 { price - mark } else { mark - price };
    (initial(after) - initial(before)).max(0) + charge_from_e16(times(opened, worse.max(0)))
}

/// What a side of a trade pays, in g: a fee up, a rebate, below 0, down.
pub fn fee_of(rate: i64, quantity: i64, price: i64) -> i128 {
    let exact_e24 = scaled(times(quantity.abs(), price), rate);
    if exact_e24 < 0 { -credit_from_e24(-exact_e24) } else { charge_from_e24(exact_e24) }
}

impl Ledger {
    /// Fee rates of a tier: maker, taker.
    #[inline(always)]
    pub fn fees(&self, tier: usize) -> super::Fees {
        self.fees[tier]
    }

    /// Makes a trade between two sides at a price, in g; the taker comes first.
    pub fn trade(
        &mut self,
        instrument: u32,
        price: i64,
        sides: [SideOfTrade; 2],
        trade: u64,
        market: &Market,
        out: &mut Vec<Event>,
    ) {
        let (mark, mut collected) = (market.mark(instrument).price, 0);
        for side in sides {
            let SideOfTrade { account, isolated, quantity, leverage, fee } = side;
            let key = self.holdings(account).key(instrument, isolated);
            let (before, chosen) = (key.quantity, if key.leverage == 0 { leverage } else { key.leverage });
            key.trade(quantity, price);
            let after = key.quantity;
            if !cfg!(feature = "without_open_interest") {
                self.open_interest[instrument as usize] += i128::from(after.max(0)) - i128::from(before.max(0));
            }
            if isolated {
                let amount = isolated_move(&self.terms, instrument, chosen, [before, after], price, mark);
                self.fund_margin(account, instrument, amount, market, out);
            }
            let about = About { rule: Rule::LedgerFee, instrument, trade };
            collected += self.charge_fee(side, fee_of(fee, quantity, price), collected, about, market, out);
        }
    }

    /// Moves money to an isolated position, selling what the account must.
    #[cold]
    fn fund_margin(&mut self, account: u32, instrument: u32, amount: i128, market: &Market, out: &mut Vec<Event>) {
        let (cash, _) = self.of(account).balance(self.settlement());
        if cash < amount {
            self.convert(account, amount - cash, market, out);
        }
        let (cash, _) = self.of(account).balance(self.settlement());
        self.move_margin(account, instrument, amount.min(cash), out);
    }

    /// Charges a fee, or pays a rebate of at most what was collected in the trade; what came in.
    #[inline(always)]
    fn charge_fee(
        &mut self,
        side: SideOfTrade,
        fee: i128,
        collected: i128,
        about: About,
        market: &Market,
        out: &mut Vec<Event>,
    ) -> i128 {
        let SideOfTrade { account, isolated, .. } = side;
        if fee < 0 {
            let rebate = self.house_mut(House::Fees).take((-fee).min(collected));
            match isolated {
                true => _ = self.post_margin(account, about.instrument, rebate, about, out),
                false => self.credit(account, self.settlement(), rebate, about, out),
            }
            return -rebate;
        }
        let paid = match isolated {
            true => -self.post_margin(account, about.instrument, -fee, about, out),
            false => self.debit(account, fee, about, market, out),
        };
        self.house_mut(House::Fees).put(paid);
        paid
    }
}
