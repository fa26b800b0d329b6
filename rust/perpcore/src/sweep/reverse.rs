//! Reverse stress: the smallest move along a direction at which the deficit of a book exceeds an amount.
//!
//! Net value is linear in prices, so along a direction every bucket is a line in the move t, and the deficit Σ max(0, −line)
//! is convex and made of straight pieces. Nothing is rounded: a line's slope is a difference of two exact net values of
//! the valuation, and t is a ratio of whole numbers.

use super::gather::Gather;
use super::snapshot::Grouped;
use super::stop::Stop;
use super::threads;
use crate::margin::line::Discard;
use crate::margin::market::{Market, Movers};
use crate::margin::net::net_values;
use crate::margin::terms::Terms;
use crate::num::bounds::MOVE;
use crate::num::wide::Wide;
use crate::num::{E8, E16, ONE};
use std::ops::Range;

/// Below this many accounts a further thread costs more than it brings.
const ACCOUNTS_A_THREAD: usize = 5_000;

/// A sum over a book: a bucket's net value is below 2¹²³ and a move is at most 2³⁰, so a slope is below 2¹⁵³, the sum of
/// 2³² of them below 2¹⁸⁵.
type Sum = Wide<4>;
/// Two products of two such sums.
type Product = Wide<6>;

/// The net value of a bucket along the direction: `value` in 10⁻²⁴ + `change` × t in 10⁻³².
#[derive(Clone, Copy, Debug)]
struct Line {
    value: i128,
    change: Sum,
}

/// A ratio of whole numbers, the second above 0.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ratio {
    /// What is divided.
    pub above: Sum,
    /// By what.
    pub below: Sum,
}

/// Why there is no answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ended {
    /// An account could not be valued.
    Blocked(u32),
    /// `stop` was asked for.
    Stopped,
}

/// A direction: what moves each price, and the move of each mover at t = 1, in g.
#[derive(Clone, Debug)]
pub struct Direction {
    /// What moves each price.
    pub movers: Movers,
    /// By mover.
    pub moves: Vec<i64>,
}

/// The largest t ≥ 0 up to which the deficit stays at or below `amount` (in g): beyond it the deficit is larger. 0 where it
/// is larger before anything moves; none where it never is while every move t × direction is within −1 to 10. Undecided
/// buckets are nobody's deficit. `threads` is an upper limit.
///
/// # Errors
/// Where an account could not be valued, and where `stop` ended the work.
pub fn reverse_stress(
    terms: &Terms,
    market: &Market,
    data: &Grouped<'_>,
    direction: &Direction,
    amount: i128,
    threads: Option<usize>,
    stop: &Stop,
) -> Result<Option<Ratio>, Ended> {
    let lines = Lines::new(terms, market, data, direction, threads, stop)?;
    Ok(lines.first_beyond(direction, amount))
}

/// Markets at which some prices are 0, with the move that those prices make along the direction.
type Gone = Vec<(i64, Market)>;

struct Lines(Vec<Line>);

impl Lines {
    fn new(
        terms: &Terms,
        market: &Market,
        data: &Grouped<'_>,
        direction: &Direction,
        threads: Option<usize>,
        stop: &Stop,
    ) -> Result<Self, Ended> {
        let mut moves: Vec<i64> = direction.moves.iter().copied().filter(|by| *by != 0).collect();
        moves.sort_unstable();
        moves.dedup();
        // What moves alike is taken away together: a net value less the net value without it is what moves.
        let without = |by| {
            let of = |mover: u32| if direction.moves[mover as usize] == by { -ONE } else { 0 };
            (by, market.moved(&direction.movers, of))
        };
        let gone: Gone = moves.into_iter().map(without).collect();
        let accounts = data.snapshot.accounts;
        let size = accounts.div_ceil(threads::worth(accounts, ACCOUNTS_A_THREAD, threads)).max(1);
        let ranges = (0..accounts).step_by(size).map(|from| from..accounts.min(from + size));
        let mut all = Vec::new();
        for part in threads::run(ranges, |range| of_accounts(terms, market, data, &gone, range, stop)) {
            all.extend(part?);
        }
        Ok(Lines(all))
    }

    /// By Newton's steps from the far end: each goes to where the straight piece at hand meets the amount, which is never
    /// before the answer since the deficit is convex; the pieces are finitely many.
    fn first_beyond(&self, direction: &Direction, amount: i128) -> Option<Ratio> {
        if self.beyond(&Ratio { above: Sum::ZERO, below: Sum::from(1) }, amount).over {
            return Some(Ratio { above: Sum::ZERO, below: Sum::from(1) });
        }
        let mut at = direction.end()?;
        let mut piece = self.beyond(&at, amount);
        if !piece.over {
            return None;
        }
        while let Some(next) = piece.root(amount) {
            at = next;
            piece = self.beyond(&at, amount);
            if !piece.over {
                break;
            }
        }
        Some(at)
    }

    /// The straight piece of the deficit that begins before t and reaches it, and whether it is above the amount there.
    fn beyond(&self, at: &Ratio, amount: i128) -> Piece {
        let mut piece = Piece { value: Sum::ZERO, change: Sum::ZERO, over: false };
        let [below, above] = [at.below, at.above].map(|part| part.to::<6>());
        let whole = |value: &Sum, change: &Sum| -> Product {
            value.times(E8 as u64).to().product(&below).plus(&change.to().product(&above))
        };
        for line in &self.0 {
            let value = Sum::from(line.value);
            if whole(&value, &line.change).is_negative() {
                piece.value = piece.value.plus(&value);
                piece.change = piece.change.plus(&line.change);
            }
        }
        let allowed = Sum::from(amount).times(E16 as u64);
        piece.over = whole(&piece.value.plus(&allowed), &piece.change).is_negative();
        piece
    }
}

/// The sum of the lines below 0 at some t.
struct Piece {
    value: Sum,
    change: Sum,
    /// Whether −sum is above the amount.
    over: bool,
}

impl Piece {
    /// Where −(value + change·t) is the amount; none where it does not grow with t.
    fn root(&self, amount: i128) -> Option<Ratio> {
        let above = self.value.plus(&Sum::from(amount).times(E16 as u64)).times(E8 as u64);
        self.change.is_negative().then(|| Ratio { above, below: self.change.negated() })
    }
}

impl Direction {
    /// The largest t at which every move is within its bound; none where nothing moves.
    fn end(&self) -> Option<Ratio> {
        let ends = self.moves.iter().filter(|by| **by != 0).map(|&by| {
            let most = if by < 0 { MOVE.min } else { MOVE.max };
            (most.unsigned_abs(), by.unsigned_abs())
        });
        let (above, below) = ends.min_by(|(a, b), (c, d)| (a * u128::from(*d)).cmp(&(c * u128::from(*b))))?;
        Some(Ratio { above: Sum::from(above as i128), below: Sum::from(i128::from(below)) })
    }
}

/// The lines of some accounts that are not 0 for good.
fn of_accounts(
    terms: &Terms,
    market: &Market,
    data: &Grouped<'_>,
    gone: &Gone,
    accounts: Range<usize>,
    stop: &Stop,
) -> Result<Vec<Line>, Ended> {
    let mut gather = Gather::new(terms);
    let mut lines = Vec::with_capacity(accounts.len());
    let mut buckets: Vec<(bool, Line)> = Vec::new();
    for account in accounts {
        if stop.asked_at(account) {
            return Err(Ended::Stopped);
        }
        let mut sink = Discard::default();
        gather.account(data, account, |_, _| false, |_| sink.blocked = true);
        let view = gather.view();
        buckets.clear();
        net_values(terms, market, &view, &mut sink, |_, usable, value| {
            buckets.push((usable, Line { value, change: Sum::ZERO }));
        });
        for (by, market) in gone {
            let mut at = 0;
            net_values(terms, market, &view, &mut sink, |_, _, left| {
                let line = &mut buckets[at].1;
                line.change = line.change.plus(&Sum::from(line.value - left).signed_times(*by));
                at += 1;
            });
        }
        if sink.blocked {
            return Err(Ended::Blocked(account as u32));
        }
        let counted = buckets.iter().filter(|(usable, line)| *usable && (line.value < 0 || line.change != Sum::ZERO));
        lines.extend(counted.map(|(_, line)| *line));
    }
    Ok(lines)
}
