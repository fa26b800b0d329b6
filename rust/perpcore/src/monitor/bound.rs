//! Which way prices may go before an account near a line crosses it: a bound that knows directions, where a reach
//! ([`super::reach`]) knows none. A price that rises takes nothing from who is long, and what one takes another may give.
//!
//! Let prices be multiplied by 1 + xₛ each, which is from ½ to 2. Then
//!
//! - equity and net value change by g·x, where g is the value of the position with its sign, or what counts of a balance:
//!   both are linear in prices;
//! - a requirement R of a position is convex in N = |Q|·M, since the rates of slices do not fall. Let no slope between
//!   N ÷ 2 and N be below r₀, none up to N above r₁ and none from there on below it, and none up to 2·N above r₂. As the
//!   price rises, R grows by r₁·N·x to r₂·N·x; as it falls, R shrinks by r₀·N·|x| to r₁·N·|x|. Fees, debts and the
//!   envelope have one slope. So has initial margin that jumps, until it does: there the bound ends.
//!
//! Each symbol has its own position or balance, so these add up. Of a line E − R that is to stay at 0 or above, a price
//! that rises takes at most (r₂·N − g)·x, and one that falls (g − r₀·N)·|x|; to one that is to stay below 0 they add at most
//! (g − r₁·N)·x and (r₁·N − g)·|x|. What is negative among these counts too: it gives. As long as the sum over all
//! symbols is no more than the distance, the line is not crossed. A bucket stands between two lines. Of all others, of
//! isolated buckets and of the bounds of an account it is asked that prices stay within a reach that leaves these two
//! out. An account with orders, or in the portfolio model, has no such bound.
//!
//! Where prices are within 1 + d now and move on by a factor within 1 + ρ, no xₛ changes by more than (1 + d)·ρ, and the sum
//! by no more than that times the steeper side of each symbol: what is left of the distance, divided by that, is how far
//! all prices may still go. Slopes are rounded up and distances down.

use super::reach::{Reach, SLACK, UNITS};
use crate::margin::account::Account;
use crate::margin::figures::Figures;
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::num::{E8, E16, ONE, scaled};

/// So many symbols of an account count by their direction, what is beyond them by the farthest move of all.
const NAMED: usize = 4;
/// Less than this part of how far the other lines are, and the account is valued anew.
const LITTLE: u64 = 32;
/// Up to this factor of a margin call no slope passes 128 bits: an account holds 10²⁸ at 10⁻¹⁶, of positions and of assets,
/// and both its rate and its fee are at most 1.
const MOST_FACTOR: i128 = 10 * E8;
/// A slope has so many bits at most, and a price that it is of.
const BITS: u32 = 30;

/// What prices may do to an account.
#[derive(Clone, Copy, Debug)]
pub(super) struct Bound {
    /// How far every price may move before something else happens than that a line of these two is crossed.
    most: u32,
    symbols: [u16; NAMED],
    /// How many bits of each price do not count.
    cut: [u8; NAMED],
    /// The line that is not crossed, and the one that is.
    faces: [Face; 2],
}

/// How near a line is, in a unit of its own.
#[derive(Clone, Copy, Debug)]
struct Face {
    slack: i64,
    /// What every price together takes at most, per relative move in [`UNITS`].
    steepness: u64,
    /// What a rise of each symbol takes, and what a fall, as its price is cut.
    rise: [i32; NAMED],
    fall: [i32; NAMED],
    /// What all other symbols together take at most, per relative move in [`UNITS`].
    others: i32,
}

/// A price without its last bits.
#[inline(always)]
fn cut(price: i64) -> (u8, i64) {
    let bits = (64 - price.leading_zeros()).saturating_sub(BITS);
    (bits as u8, price >> bits)
}

/// What one symbol does to an account, per relative move, in 10⁻²⁴.
#[derive(Clone, Copy, Debug, Default)]
struct Pull {
    symbol: u16,
    price: i64,
    equity: i128,
    net_value: i128,
    /// Of each requirement r₀·N, r₁·N, r₂·N.
    maintenance: [i128; 3],
    initial: [i128; 3],
    /// Of what initial margin is at most.
    envelope: i128,
}

impl Bound {
    /// The bound of an account that was valued just now; none where it is not one of those that have one.
    #[inline(always)]
    pub(super) fn new(
        terms: &Terms,
        market: &Market,
        account: &Account<'_>,
        cross: &Figures,
        reach: &Reach,
        room: &mut Room,
    ) -> Option<Self> {
        let symbols = terms.instruments.len() + terms.assets.len();
        let fits = symbols <= u16::MAX.into() && i128::from(terms.call_factor) <= MOST_FACTOR;
        let common = !account.portfolio && account.orders.is_empty();
        if !common || !fits || cross.status == Status::Undecided {
            return None;
        }
        room.fill(terms, market, account);
        let pulls = &room.0;
        let line = |line: Status| lines(terms, cross, reach, line);
        let above = |status: Status| Face::new(pulls, line(status), |[_, r1, _], g| [g - r1, r1 - g]);
        let below = |status: Status| Face::new(pulls, line(status), |[r0, _, r2], g| [r2 - g, g - r0]);
        let faces = match cross.status {
            Status::Bankrupt => [Face::FREE, above(Status::Bankrupt)],
            Status::Liquidation => [below(Status::Bankrupt), above(Status::Liquidation)],
            Status::MarginCall => [below(Status::Liquidation), above(Status::MarginCall)],
            Status::Restricted => [below(Status::MarginCall), above(Status::Restricted)],
            _ => [below(Status::Restricted), Face::FREE],
        };
        let (mut symbols, mut cuts) = ([0; NAMED], [0; NAMED]);
        for ((symbol, bits), pull) in symbols.iter_mut().zip(&mut cuts).zip(pulls) {
            (*symbol, *bits) = (pull.symbol, cut(pull.price).0);
        }
        Some(Bound { most: reach.beside as u32, symbols, cut: cuts, faces })
    }

    /// How far every price may move from where it is now; none where a line may have been crossed. `distance` is how far
    /// any price is from where the account was valued, `change` by how much one changed since.
    #[inline(always)]
    pub(super) fn rest(&self, distance: u64, change: impl Fn(u16) -> i64) -> Option<u64> {
        let most = u64::from(self.most);
        if distance.saturating_add(most / LITTLE) >= most {
            return None;
        }
        // Away from 0, and by one at most too far.
        let changes = std::array::from_fn(|at| {
            let change = change(self.symbols[at]);
            let size = (change.abs() >> self.cut[at]) + i64::from(change != 0);
            if change < 0 { -size } else { size }
        });
        // A factor of 1 + distance and then one of 1 + rest is at most one of 1 + most.
        let mut rest = (most - distance) * UNITS / (UNITS + distance);
        for face in &self.faces {
            rest = rest.min(face.rest(&changes, distance)?);
        }
        Some(rest)
    }
}

/// A line: its distance in 10⁻²⁴, and of a symbol the slopes of the requirement and of what stands against it.
type Line<S> = (i128, S);

/// The line below which a bucket has a status, or a worse one.
#[inline(always)]
fn lines<'a>(
    terms: &'a Terms,
    cross: &'a Figures,
    reach: &'a Reach,
    line: Status,
) -> Line<impl Fn(&Pull) -> ([i128; 3], i128) + 'a> {
    let &Figures { equity, net_value, maintenance_margin, initial_margin, .. } = cross;
    let factor = i128::from(terms.call_factor);
    let line_e24 = match (line, reach.envelope) {
        (Status::Bankrupt, _) => net_value * E16,
        (Status::Liquidation, _) => (equity - maintenance_margin) * E16,
        (Status::MarginCall, _) => (equity * E8 - maintenance_margin * factor).saturating_mul(E8),
        (_, None) => (equity - initial_margin) * E16,
        (_, Some(envelope)) => equity * E16 - envelope,
    };
    let slopes = move |pull: &Pull| match (line, reach.envelope) {
        (Status::Bankrupt, _) => ([0; 3], pull.net_value),
        (Status::Liquidation, _) => (pull.maintenance, pull.equity),
        // What is cut off here is less than the factor, in 10⁻²⁴: far below a cent for all symbols that there can be.
        (Status::MarginCall, _) => {
            (pull.maintenance.map(|slope| (slope / i128::from(ONE)).saturating_mul(factor)), pull.equity)
        }
        (_, None) => (pull.initial, pull.equity),
        (_, Some(_)) => ([pull.envelope; 3], pull.equity),
    };
    (line_e24.saturating_abs() - SLACK * E16, slopes)
}

/// Room for what the symbols of one account do.
#[derive(Debug, Default)]
pub(super) struct Room(Vec<Pull>);

impl Room {
    fn fill(&mut self, terms: &Terms, market: &Market, account: &Account<'_>) {
        self.0.clear();
        for position in account.cross {
            let contract = &terms.instruments[position.instrument as usize];
            let mark = market.mark(position.instrument).price;
            let (notional_e16, lever) = (scaled(position.quantity.abs(), mark), position.leverage_rate());
            let charge = |rate: i64| scaled(notional_e16, rate + contract.maintenance_fee);
            let value = scaled(notional_e16, ONE) * position.quantity.signum();
            self.0.push(Pull {
                symbol: position.instrument as u16,
                price: mark,
                equity: value,
                net_value: value,
                maintenance: contract.ladder.maintenance_slopes(notional_e16).map(charge),
                initial: contract.ladder.initial_slopes(notional_e16, lever).map(charge),
                envelope: charge(contract.ladder.initial_rate_below_twice(notional_e16, lever)),
            });
        }
        for balance in account.balances.iter().filter(|balance| balance.asset as usize != terms.settlement) {
            let (asset, price) = (&terms.assets[balance.asset as usize], market.asset(balance.asset).price);
            let symbol = (terms.instruments.len() as u32 + balance.asset) as u16;
            let value_e16 = scaled(balance.amount, price);
            let mut pull = Pull { symbol, price, ..Pull::default() };
            if balance.amount > 0 {
                if !asset.eligible {
                    continue;
                }
                let slices = asset.slices(balance.amount);
                pull.equity = slices.map(|(quantity, share)| scaled(scaled(quantity, price), share)).sum();
                pull.net_value = scaled(value_e16, ONE - asset.close_cost);
            } else {
                (pull.equity, pull.net_value) = (scaled(value_e16, ONE), scaled(value_e16, ONE));
                let (initial, maintenance) = asset.liability.unwrap_or_default();
                pull.maintenance = [scaled(-value_e16, maintenance); 3];
                pull.initial = [scaled(-value_e16, initial); 3];
                pull.envelope = scaled(-value_e16, initial);
            }
            self.0.push(pull);
        }
    }
}

impl Face {
    /// A line that is not there.
    const FREE: Face = Face { slack: i64::MAX, steepness: 0, rise: [0; NAMED], fall: [0; NAMED], others: 0 };

    /// `takes` says what a rise and a fall take from the distance, by the slopes of a requirement and the one against it.
    #[inline(always)]
    fn new(
        pulls: &[Pull],
        (slack, slopes): Line<impl Fn(&Pull) -> ([i128; 3], i128)>,
        takes: impl Fn([i128; 3], i128) -> [i128; 2],
    ) -> Face {
        let takes = |pull: &Pull| {
            let (requirement, against) = slopes(pull);
            takes(requirement, against)
        };
        let (named, others) = pulls.split_at(NAMED.min(pulls.len()));
        let mut sides = [[0; 2]; NAMED];
        sides.iter_mut().zip(named).for_each(|(side, pull)| *side = takes(pull));
        let others: i128 = others.iter().map(|pull| takes(pull).into_iter().fold(0, i128::max)).sum();
        // First to 62 bits, all alike and up; then per unit of the price, up again.
        let steepest = sides.iter().flatten().fold(others, |most, side| most.max(side.abs()));
        let first = (128 - steepest.leading_zeros()).saturating_sub(62);
        let mut slopes = [[0_i64; 2]; NAMED];
        for ((slopes, sides), pull) in slopes.iter_mut().zip(&sides).zip(named) {
            let (_, price) = cut(pull.price);
            *slopes = sides.map(|side| match (side >> first) as i64 {
                0.. if side == 0 => 0,
                up @ 0.. => (up + 1) / price + 1,
                down => (down + 1) / (price + 1),
            });
        }
        let others = if others == 0 { 0 } else { ((others >> first) as i64 >> UNITS.ilog2()) + 1 };
        let steepest = slopes.iter().flatten().fold(others, |most, slope| most.max(slope.abs()));
        let second = (64 - steepest.leading_zeros()).saturating_sub(BITS);
        let narrow = |slope: i64| if slope == 0 { 0 } else { (slope >> second) as i32 + 1 };
        let (rise, fall) = (slopes.map(|[rise, _]| narrow(rise)), slopes.map(|[_, fall]| narrow(fall)));
        let others = narrow(others);
        let most: [i64; NAMED] = std::array::from_fn(|at| rise[at].unsigned_abs().max(fall[at].unsigned_abs()).into());
        let prices = named.iter().map(|pull| cut(pull.price).1 + 1);
        let moved: i64 = most.iter().zip(prices).map(|(most, price)| most * price).sum();
        // A change may seem one larger than it is, which must not count where it gives.
        let slack = (slack >> (first + second)).clamp(-1 << 61, 1 << 61) as i64 - most.iter().sum::<i64>();
        Face { slack, steepness: (moved as u64 >> UNITS.ilog2()) + 1 + others as u64, rise, fall, others }
    }

    /// How far every price may move from where it is now before this line can be crossed.
    #[inline(always)]
    fn rest(&self, changes: &[i64; NAMED], distance: u64) -> Option<u64> {
        let mut left = self.slack - i64::from(self.others) * distance as i64;
        for ((&change, &rise), &fall) in changes.iter().zip(&self.rise).zip(&self.fall) {
            left -= i64::from(if change < 0 { fall } else { rise }) * change.abs();
        }
        let left = u64::try_from(left).ok()?;
        Some(left / (self.steepness * (UNITS + distance) / UNITS + 1))
    }
}
