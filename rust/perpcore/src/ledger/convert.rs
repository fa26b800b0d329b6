//! `ledger.convert`: where an account would pay more than it has, eligible assets are sold first, in the rulebook's order.

use super::{About, Cash, Held, House, Ledger};
use crate::margin::market::{Market, Quote};
use crate::message::event::Kind;
use crate::message::{Event, FUND, NOBODY};
use crate::num::round::{credit_from_e16, credit_from_e24, div_ceil};
use crate::num::{E16, ONE, scaled, times};
use crate::rule::Rule;

/// A sale: of which asset how much, for how much, to whom.
#[derive(Clone, Copy, Debug)]
struct Sale {
    asset: u32,
    quantity: i128,
    price: i64,
    proceeds: i128,
    buyer: House,
}

/// What converter and fund can pay.
#[derive(Clone, Copy, Debug)]
pub struct Buyers {
    converter: i128,
    fund: i128,
    /// What of it the fund has paid already.
    pub(super) fund_paid: i128,
}

impl Ledger {
    /// What those who buy what is converted can pay.
    pub fn buyers(&self, market: &Market) -> Buyers {
        let converter = self.house(House::Converter, self.settlement());
        Buyers { converter, fund: self.fund_is_free(market), fund_paid: 0 }
    }

    /// What the fund has that it does not owe for what it took over, in g.
    pub fn fund_is_free(&self, market: &Market) -> i128 {
        let gain = |held: &Held| times(held.quantity, market.mark(held.instrument).price) - held.cost_e16;
        let gain_e16: i128 = self.inventory.positions.iter().map(gain).sum();
        (self.cash(FUND) + credit_from_e16(gain_e16).min(0)).max(0)
    }

    /// The sales that bring an account what it misses, as far as there are any.
    fn sales(&self, account: u32, mut missing: i128, market: &Market, buyers: &mut Buyers) -> Vec<Sale> {
        let mut sales = Vec::new();
        for &asset in &self.convertible {
            if missing <= 0 {
                break;
            }
            let (has, _) = self.of(account).balance(asset);
            let Quote { price, usable, .. } = market.asset(asset);
            let share = ONE - self.terms.assets[asset as usize].close_cost;
            if has == 0 || !usable || price == 0 || share == 0 {
                continue;
            }
            let brings = |quantity: i128| credit_from_e24(scaled(scaled(quantity, price), share));
            let quantity = div_ceil(missing * E16, times(price, share)).min(has);
            let proceeds = brings(quantity);
            let buyer = match proceeds {
                0 => continue,
                _ if buyers.converter >= proceeds => House::Converter,
                _ if buyers.fund >= proceeds => House::Fund,
                _ => continue,
            };
            if buyer == House::Converter {
                buyers.converter -= proceeds;
            } else {
                buyers.fund -= proceeds;
                buyers.fund_paid += proceeds;
            }
            missing -= proceeds;
            sales.push(Sale { asset, quantity, price, proceeds, buyer });
        }
        sales
    }

    /// What an account could pay in the settlement currency if it had to pay so much; those who buy what it would have to
    /// sell have less to pay others with.
    pub fn could_pay(&self, account: u32, amount: i128, market: &Market, buyers: &mut Buyers) -> i128 {
        let cash = self.cash(account);
        let sales = self.sales(account, amount - cash, market, buyers);
        (cash + sales.iter().map(|sale| sale.proceeds).sum::<i128>()).min(amount)
    }

    /// An account pays in the settlement currency, selling what it must; what it could pay.
    #[inline(always)]
    pub(super) fn debit(
        &mut self,
        account: u32,
        amount: i128,
        about: About,
        market: &Market,
        out: &mut Vec<Event>,
    ) -> i128 {
        let settlement = self.settlement();
        let cash = self.cash(account);
        if cash < amount {
            self.convert(account, amount - cash, market, out);
        }
        self.pay(account, settlement, amount, about, out)
    }

    /// Sells what brings an account so much, as far as it goes.
    #[cold]
    pub fn convert(&mut self, account: u32, missing: i128, market: &Market, out: &mut Vec<Event>) {
        let settlement = self.settlement();
        for Sale { asset, quantity, price, proceeds, buyer } in
            self.sales(account, missing, market, &mut self.buyers(market))
        {
            let wallet: &mut Cash = &mut self.clients[account as usize].wallet(asset).cash;
            wallet.take(quantity);
            let balance = wallet.amount();
            self.clients_have[asset as usize] -= quantity;
            self.house[asset as usize][buyer as usize].put(quantity);
            self.house_mut(buyer).take(proceeds);
            let rule = Some(Rule::LedgerConvert);
            let (kind, amount) = (Kind::Conversion, -quantity);
            out.push(Event { kind, account, asset, amount, price, balance, rule, ..Event::NOTHING });
            let about = About { rule: Rule::LedgerConvert, instrument: NOBODY, trade: 0 };
            self.credit(account, settlement, proceeds, about, out);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::terms::Terms;
    use crate::rules::Rulebook;
    use std::sync::Arc;

    #[test]
    fn where_no_order_is_named_it_is_that_of_the_names_whatever_their_numbers() {
        let text = |names: &[&str]| {
            let asset = |name: &&str| format!("[asset.{name}]\neligible = true\n");
            format!("[venue]\nsettlement = \"USD\"\n{}", names.iter().map(asset).collect::<String>())
        };
        let parse = |text: &str| Rulebook::parse(text, "").unwrap_or_else(|failure| panic!("{failure}"));
        let rules =
            parse(&text(&["A", "B", "C", "D"])).aligned_to(&parse(&text(&["B", "D"]))).expect("none is missing");
        let ledger = Ledger::new(&rules, &Arc::new(Terms::new(&rules)));
        let order = ledger.convertible.iter().map(|asset| &*rules.assets()[*asset as usize].name);
        assert_eq!(order.collect::<Vec<_>>(), ["A", "B", "C", "D"]);
        assert_eq!(ledger.convertible, [3, 0, 4, 1]);
    }
}
