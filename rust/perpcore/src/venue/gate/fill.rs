//! `gate.fill`: what a trade may do to an account. Prices of trades are chosen by those who trade, so a trade must leave
//! either side where the venue can still close it, or better than it was.

use super::Floor;
use super::account::may_open;
use crate::book::owner::Fill;
use crate::fault::Code;
use crate::ledger::{SideOfTrade, fee_of, isolated_move};
use crate::margin::line::Noted;
use crate::num::wide::Wide;
use crate::venue::state::State;

/// What is asked of a bucket, in g.
#[derive(Clone, Copy)]
struct Bucket {
    equity: i128,
    net_value: i128,
    maintenance: i128,
}

#[inline(always)]
pub(super) fn check(floor: &mut Floor<'_>, fill: &Fill, taker: bool) -> Result<(), Code> {
    let side = floor.side(fill, taker);
    let price = floor.price(fill);
    let held = floor.state.ledger.quantity(side.account, floor.instrument, side.isolated);
    let after = held + side.quantity;
    if after.abs() > held.abs() || (after < 0) != (held < 0) && after != 0 && held != 0 {
        let state = &*floor.state;
        may_open(state.member(side.account)?, state.rules.client(), state.time)?;
    }
    let fee = fee_of(side.fee, side.quantity, price).max(0);
    let mut with = value(floor, &side, Some(price))?;
    with.equity -= fee;
    with.net_value -= fee;
    if with.equity >= with.maintenance || (after == 0 && with.net_value >= 0) {
        return Ok(());
    }
    let before = value(floor, &side, None)?;
    let better = before.maintenance > 0 && with.net_value >= 0 && {
        type Exact = Wide<4>;
        let product = |a: i128, b: i128| Exact::from(a).product(&Exact::from(b));
        let difference = product(with.equity, before.maintenance).minus(&product(before.equity, with.maintenance));
        !difference.is_negative()
    };
    if better { Ok(()) } else { Err(Code::FillRefused) }
}

/// The bucket of a side, with the trade at a price or without it; orders play no part.
#[inline(always)]
fn value(floor: &mut Floor<'_>, side: &SideOfTrade, price: Option<i64>) -> Result<Bucket, Code> {
    let SideOfTrade { account, isolated, quantity, .. } = *side;
    let (instrument, manner) = (floor.instrument, floor.state.manner(account));
    let State { desk, ledger, terms, market, .. } = &mut *floor.state;
    desk.lay(ledger.of(account), &manner);
    let position = desk.position(instrument, isolated, manner.leverage);
    position.listed = true;
    if let Some(price) = price {
        let before = position.quantity as i64;
        position.quantity += i128::from(quantity);
        position.add_cost(i128::from(quantity) * i128::from(price));
        if isolated {
            let (leverage, after) = (position.leverage, position.quantity as i64);
            let mark = market.mark(instrument).price;
            let amount = isolated_move(terms, instrument, leverage, [before, after], price, mark);
            position.isolated_margin += amount;
            if amount > 0 && !ledger.can_pay(account, amount, market) {
                return Err(Code::FillRefused);
            }
        }
    }
    let mut noted = Noted::default();
    let cross = desk.value(terms, market, &mut noted);
    if noted.0.is_some() {
        return Err(Code::FillRefused);
    }
    let bucket = desk.buckets.iter().find(|bucket| bucket.instrument == instrument).filter(|_| isolated);
    let figures = bucket.map_or(cross, |bucket| bucket.figures);
    Ok(Bucket { equity: figures.equity, net_value: figures.net_value, maintenance: figures.maintenance_margin })
}
