//! The arithmetic of a line in words. Only for reading: no number is taken from here.

use crate::num::text::{grouped, plain};

fn number(value: impl Into<i128>) -> String {
    grouped(value.into(), 8)
}

fn percent(rate: i64) -> String {
    format!("{} %", plain(i128::from(rate) * 100))
}

/// `4 × 58,000 − 244,000`
pub fn unrealized(quantity: i64, mark: i64, cost_e16: i128) -> String {
    let sign = if cost_e16 < 0 { '+' } else { '−' };
    let cost = grouped(cost_e16.saturating_abs(), 16);
    if quantity == 0 {
        format!("0 {sign} {cost}")
    } else {
        format!("{} × {} {sign} {cost}", number(quantity), number(mark))
    }
}

/// `20,000 × (1 − 0 %)`, with the price where it is not 1
pub fn haircut(quantity: i128, price: Option<i64>, share: i64) -> String {
    format!("{}{} × (1 − {})", number(quantity), factor(price), percent(crate::num::ONE - share))
}

/// `−100 × 2`, or the amount alone
pub fn amount(amount: i128, price: Option<i64>) -> String {
    format!("{}{}", number(amount), factor(price))
}

fn factor(price: Option<i64>) -> String {
    price.map_or(String::new(), |price| format!(" × {}", number(price)))
}

/// `5 × 58,000 × 5 %`
pub fn rated(quantity: i128, price: i64, rate: i64) -> String {
    format!("{} × {} × {}", number(quantity), number(price), percent(rate))
}

/// `232,000: 500 + 1,000 + 480`
pub fn slices(notional_e16: i128, parts: impl Iterator<Item = i128>) -> String {
    let parts: Vec<String> = parts.map(|part_e24| grouped(part_e24, 24)).collect();
    format!("{}: {}", grouped(notional_e16, 16), parts.join(" + "))
}

/// `buy 1 at 58,500, mark 58,000`
pub fn order_loss(quantity: i64, price: i64, mark: i64) -> String {
    let side = if quantity > 0 { "buy" } else { "sell" };
    format!("{side} {} at {}, mark {}", number(quantity.abs()), number(price), number(mark))
}

/// `58,500 × 0.05 %`
pub fn fee(value_e16: i128, rate: i64) -> String {
    format!("{} × {}", grouped(value_e16, 16), percent(rate))
}

/// `10 held, 15 with the orders: larger fill, loss and fee`
pub fn isolated_orders(held: i64, filled: i128) -> String {
    format!("{} held, {} with the orders: larger fill, loss, fee", number(held), number(filled))
}

/// `0.5 owed`, `0.5 to be received`
pub fn accrued(owed: i128) -> String {
    let which = if owed > 0 { "owed" } else { "to be received" };
    format!("{} {which}", number(owed.saturating_abs()))
}

/// `0.8 × 160, correlated:-4: …`: a factor, left out where it is 1, a component of the charge, and what that is.
pub fn component(factor: i64, amount: i128, what: &str) -> String {
    let factor = if factor == crate::num::ONE { String::new() } else { format!("{} × ", number(factor)) };
    let what = if what.is_empty() { String::new() } else { format!(", {what}") };
    format!("{factor}{}{what}", number(amount))
}

/// `1,000 × −16 %`, with the share that counts of a large move, and of a profit
pub fn scenario_part(value: i128, moved: i64, factor: Option<i64>, credit: Option<i64>) -> String {
    let sign = if moved < 0 { "−" } else { "" };
    let shares: String = [factor, credit].into_iter().flatten().map(|share| format!(" × {}", percent(share))).collect();
    format!("{} × {sign}{}{shares}", number(value), percent(moved.abs()))
}

/// `mean of the worst 2.5 %; correlated:-4: …`
pub fn shortfall(level: i64, worst: &str) -> String {
    format!("mean of the worst {}; {worst}", percent(crate::num::ONE - level))
}

/// `1,000 × 0.25 %`
pub fn share(notional_e16: i128, rate: i64) -> String {
    format!("{} × {}", grouped(notional_e16, 16), percent(rate))
}
