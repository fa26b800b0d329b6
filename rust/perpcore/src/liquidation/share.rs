//! Lots shared out: by weight or to a level, with the largest remainders rounded up, and by caps.

use crate::num::ratio::{Exact, product, ratio_down};
use std::cmp::Ordering;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// By which it is shared, at least 0.
    pub weight: i128,
    /// The most that it takes, in lots.
    pub most: i64,
}

/// Shares lots in proportion to weights by largest remainder, of equals the first one; nobody gets more than his most: what he
/// would is shared anew among the others.
pub fn pro_rata(parts: &[Part], lots: i64) -> Vec<i64> {
    let most: Vec<i64> = parts.iter().map(|part| part.most).collect();
    capped(&most, lots, |open, lots| {
        let all: i128 = open.iter().map(|at| parts[*at].weight).sum();
        rounded(open.iter().map(|at| exact(lots, parts[*at].weight, all.max(1))), lots)
    })
}

/// ⌊lots·weight / all⌋, and what is left of it.
fn exact(lots: i64, weight: i128, all: i128) -> (i64, i128) {
    let floor = ratio_down(lots.into(), weight, all);
    // Both products wrap alike; what is left is below `all`.
    (floor as i64, i128::from(lots).wrapping_mul(weight).wrapping_sub(floor.wrapping_mul(all)))
}

/// Rounds shares, each with what is left of it, to whole lots that add up.
fn rounded<R: PartialOrd + Copy>(shares: impl Iterator<Item = (i64, R)>, lots: i64) -> Vec<i64> {
    let (mut whole, left): (Vec<i64>, Vec<R>) = shares.unzip();
    let missing = (lots - whole.iter().sum::<i64>()).max(0) as usize;
    if missing > 0 {
        let mut order: Vec<usize> = (0..left.len()).collect();
        let most =
            |a: &usize, b: &usize| left[*b].partial_cmp(&left[*a]).unwrap_or(Ordering::Equal).then_with(|| a.cmp(b));
        if missing < order.len() {
            order.select_nth_unstable_by(missing, most);
        }
        order.into_iter().take(missing).for_each(|at| whole[at] += 1);
    }
    whole
}

/// Shares lots by a rule among those who are open; who would get more than his most gets that and is closed, until nobody
/// would.
fn capped(most: &[i64], lots: i64, mut share: impl FnMut(&[usize], i64) -> Vec<i64>) -> Vec<i64> {
    let mut found = vec![0; most.len()];
    let mut open: Vec<usize> = (0..most.len()).collect();
    let mut left = lots;
    while left > 0 && !open.is_empty() {
        let shares = share(&open, left);
        let (mut within, before) = (Vec::with_capacity(open.len()), open.len());
        for (&at, &lots) in open.iter().zip(&shares) {
            if lots > most[at] {
                (found[at], left) = (most[at], left - most[at]);
            } else {
                within.push(at);
            }
        }
        if within.len() == before {
            open.iter().zip(shares).for_each(|(at, lots)| found[*at] = lots);
            break;
        }
        open = within;
    }
    found
}

/// Who is brought to a level.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Leveled {
    /// What it holds, in lots.
    pub lots: i64,
    /// Net value ÷ maintenance margin, in g, above 0.
    pub ease: i128,
    /// The most that it gives, in lots.
    pub most: i64,
}

/// Takes lots from those with the least ease until all who give have the same, where ease rises as lots fall; by largest
/// remainder, of equals the first one, with caps as in [`pro_rata`].
pub fn level(all: &[Leveled], lots: i64) -> Vec<i64> {
    let most: Vec<i64> = all.iter().map(|of| of.most).collect();
    capped(&most, lots, |open, lots| {
        let of = |at: usize| all[open[at]];
        // Who gives has less ease than all who do not. What is known of the order is that those before `low` give and those from
        // `high` on do not.
        let mut order: Vec<usize> = (0..open.len()).collect();
        let (mut low, mut high, mut held, mut weighed) = (0, order.len(), 0, Exact::ZERO);
        while low < high {
            let middle = (high - low) / 2;
            order[low..high].select_nth_unstable_by_key(middle, |at| (of(*at).ease, *at));
            let (mut held_before, mut weighed_before) = (held, weighed);
            for &at in &order[low..low + middle] {
                held_before += i128::from(of(at).lots);
                weighed_before = weighed_before.plus(&product(of(at).lots.into(), of(at).ease));
            }
            let Leveled { lots: own, ease, .. } = of(order[low + middle]);
            // He gives nothing where those before come to no less ease than he has.
            let left = held_before - i128::from(lots);
            if left >= 0 && product(left, ease) >= weighed_before {
                high = low + middle;
            } else {
                low += middle + 1;
                held = held_before + i128::from(own);
                weighed = weighed_before.plus(&product(own.into(), ease));
            }
        }
        let mut givers = order;
        givers.truncate(low);
        givers.sort_unstable();
        let left = Exact::from((held - i128::from(lots)).max(0));
        let given = rounded(givers.iter().map(|at| gives(&of(*at), &left, &weighed)), lots);
        let mut shares = vec![0; open.len()];
        givers.into_iter().zip(given).for_each(|(at, lots)| shares[at] = lots);
        shares
    })
}

/// Q − Q·x·left / weighed, down, and what of `weighed` is left of it.
fn gives(of: &Leveled, left: &Exact, weighed: &Exact) -> (i64, Exact) {
    let keeps = product(of.lots.into(), of.ease).product(left);
    if keeps == Exact::ZERO {
        return (of.lots, Exact::ZERO);
    }
    let (whole, over) = keeps.divide(weighed);
    let inexact = over != Exact::ZERO;
    let rest = if inexact { weighed.minus(&over) } else { Exact::ZERO };
    (of.lots - whole as i64 - i64::from(inexact), rest)
}
