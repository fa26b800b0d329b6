//! `gate.fill`: what a trade may do to an account. Prices of trades are chosen by those who trade, so a trade must leave
//! either side where the venue can still close it, or better than it was.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Fill;
use crate::book::store::Store;
use crate::fault::Code;
use crate::ledger::{Buyers, SideOfTrade, fee_of, isolated_move};
use crate::margin::admission::Wish;
use crate::margin::figures::Figures;
use crate::margin::line::Noted;
use crate::message::Refusal;
use crate::num::wide::Wide;
use crate::venue::state::{Books, State};

/// What is asked of a bucket, in g.
#[derive(Clone, Copy)]
struct Bucket {
    equity: i128,
    net_value: i128,
    maintenance: i128,
}

#[inline(always)]
pub(super) fn check<S: Store>(
    floor: &mut Floor<'_>,
    book: &Book<S>,
    fill: &Fill,
    taker: bool,
    buyers: &mut Buyers,
) -> Result<(), Refusal> {
    let side = floor.side(fill, taker);
    let price = floor.price(fill);
    let held = floor.state.ledger.quantity(side.account, floor.instrument, side.isolated);
    let after = held + side.quantity;
    let opens = after.abs() > held.abs() || (after < 0) != (held < 0) && after != 0 && held != 0;
    if opens {
        let state = &*floor.state;
        state.may_open(state.member(side.account)?, state.rules.client())?;
    }
    let fee = fee_of(side.fee, side.quantity, price).max(0);
    lay(floor, &side);
    let paid = trade(floor, &side, price, fee, buyers)?;
    if opens && !paid {
        return Err(Code::FillRefused.into());
    }
    // Where many are asked about first, a look at each account after all of them costs less.
    let looked_at_later = taker || fill.auction;
    if !looked_at_later {
        lay_rest(floor, book, fill);
    }
    let cross = floor.state.value_desk()?;
    let with = bucket_of(floor, &side, &cross);
    let gives = side.isolated && opens;
    if gives && (cross.equity < cross.maintenance_margin || cross.net_value < 0) {
        // What an isolated position takes leaves the cross account where it can still be closed.
        return Err(Code::FillRefused.into());
    }
    if with.equity >= with.maintenance || (after == 0 && with.maintenance == 0 && with.net_value >= 0) {
        let settlement = floor.state.ledger.settlement();
        // Who has to sell something for the fee, or gets one, is looked at afterwards.
        let simple = !looked_at_later && !side.isolated && side.fee >= 0 && *floor.state.desk.balance(settlement) >= 0;
        floor.state.passed = simple.then_some((*fill, cross));
        return Ok(());
    }
    lay(floor, &side);
    let cross = floor.state.value_desk()?;
    let before = bucket_of(floor, &side, &cross);
    let better = before.maintenance > 0 && with.net_value >= 0 && {
        type Exact = Wide<4>;
        let product = |a: i128, b: i128| Exact::from(a).product(&Exact::from(b));
        let difference = product(with.equity, before.maintenance).minus(&product(before.equity, with.maintenance));
        !difference.is_negative()
    };
    if better || cfg!(feature = "without_fill_rule") { Ok(()) } else { Err(Code::FillRefused.into()) }
}

/// Lays out the account of a side, without orders.
#[inline(always)]
fn lay(floor: &mut Floor<'_>, side: &SideOfTrade) {
    let (instrument, manner) = (floor.instrument, floor.state.manner(side.account));
    let State { desk, ledger, .. } = &mut *floor.state;
    desk.lay(ledger.of(side.account), &manner);
    desk.position(instrument, side.isolated, manner.leverage).listed = true;
}

/// Makes the trade on the desk: the position, the fee, the margin that goes to an isolated position. Whether the fee can be
/// paid.
#[inline(always)]
fn trade(
    floor: &mut Floor<'_>,
    side: &SideOfTrade,
    price: i64,
    fee: i128,
    buyers: &mut Buyers,
) -> Result<bool, Refusal> {
    let SideOfTrade { account, isolated, quantity, leverage, .. } = *side;
    let instrument = floor.instrument;
    let State { desk, ledger, terms, market, .. } = &mut *floor.state;
    let settlement = ledger.settlement();
    let position = desk.position(instrument, isolated, leverage);
    let before = position.quantity as i64;
    position.quantity += i128::from(quantity);
    position.add_cost(i128::from(quantity) * i128::from(price));
    if !isolated {
        let cash = desk.balance(settlement);
        *cash -= fee;
        if *cash < 0 {
            // What he sells for the fee is sold before the other side's.
            return Ok(ledger.could_pay(account, fee, market, buyers) == fee);
        }
        return Ok(true);
    }
    let mark = market.mark(instrument).price;
    let amount = isolated_move(terms, instrument, position.leverage, [before, before + quantity], price, mark);
    position.isolated_margin += amount - fee;
    *desk.balance(settlement) -= amount;
    if amount > 0 && ledger.could_pay(account, amount, market, buyers) < amount {
        return Err(Code::FillRefused.into());
    }
    Ok(true)
}

/// Adds the orders of the maker as they will be, so that he need not be looked at again.
#[inline(always)]
fn lay_rest<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, fill: &Fill) {
    let (instrument, manner) = (floor.instrument, floor.state.manner(fill.maker));
    let left = book.left_of(fill.maker_order) - fill.lots;
    let quantity = -fill.side.sign() * left * floor.state.lots[instrument as usize];
    let (price, isolated) = (book.limit_of(fill.maker_order), fill.maker_isolated);
    let wish = Wish { instrument, quantity, price, reduce_only: book.only_reduces(fill.maker_order), isolated };
    let State { desk, lots, .. } = &mut *floor.state;
    let books = Books { all: floor.books, here: Some(book), lots };
    desk.lay_orders(&books, fill.maker, manner.leverage, fill.maker_order, Some(&wish).filter(|_| left > 0));
}

/// What is asked of the bucket of a side.
#[inline(always)]
fn bucket_of(floor: &Floor<'_>, side: &SideOfTrade, cross: &Figures) -> Bucket {
    let buckets = floor.state.desk.buckets.iter();
    let bucket = buckets.filter(|_| side.isolated).find(|bucket| bucket.instrument == floor.instrument);
    let figures = bucket.map_or(cross, |bucket| &bucket.figures);
    Bucket { equity: figures.equity, net_value: figures.net_value, maintenance: figures.maintenance_margin }
}

impl State {
    /// Values what lies on the desk; refused where it is beyond what is computed exactly.
    #[inline(always)]
    fn value_desk(&mut self) -> Result<Figures, Refusal> {
        let State { desk, terms, market, .. } = self;
        let mut noted = Noted::default();
        let cross = desk.value(terms, market, &mut noted);
        if noted.0.is_some() { Err(Code::FillRefused.into()) } else { Ok(cross) }
    }
}
