//! Lots shared out: by weight or to a level, with the largest remainders rounded up, and by caps.

use crate::num::ratio::{Exact, product};
use crate::num::round::div_floor;
use crate::num::times;
use std::cmp::Ordering;

/// Who takes part.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Part {
    /// By which it is shared, at least 0.
    pub weight: i64,
    /// The most that it takes, in lots.
    pub most: i64,
}

/// Shares lots in proportion to weights by largest remainder, of equals the first one; nobody gets more than his most: what he
/// would is shared anew among the others.
pub fn pro_rata(parts: &[Part], lots: i64) -> Vec<i64> {
    let most: Vec<i64> = parts.iter().map(|part| part.most).collect();
    capped(&most, lots, |closed, lots| {
        let open: Vec<usize> = (0..parts.len()).filter(|at| !closed[*at]).collect();
        let all: i128 = open.iter().map(|at| i128::from(parts[*at].weight)).sum();
        // ⌊lots·weight / all⌋, and what is left of it.
        let exact = |at: &usize| div_floor(times(lots, parts[*at].weight), all.max(1));
        let shares = rounded(open.iter().map(exact).map(|(floor, left)| (floor as i64, left)), lots);
        open.into_iter().zip(shares).collect()
    })
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

/// Shares lots by a rule among those who are not closed; who would get more than his most gets that and is closed, until nobody
/// would. The rule says who gets how many, each once.
fn capped(most: &[i64], lots: i64, mut share: impl FnMut(&[bool], i64) -> Vec<(usize, i64)>) -> Vec<i64> {
    let (mut found, mut closed) = (vec![0; most.len()], vec![false; most.len()]);
    let mut left = lots;
    while left > 0 {
        let (shares, mut all_are_within) = (share(&closed, left), true);
        for &(at, _) in shares.iter().filter(|(at, lots)| *lots > most[*at]) {
            (found[at], closed[at], left) = (most[at], true, left - most[at]);
            all_are_within = false;
        }
        if all_are_within {
            shares.into_iter().for_each(|(at, lots)| found[at] = lots);
            break;
        }
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
    let mut order: Vec<(i128, usize)> = all.iter().enumerate().map(|(at, of)| (of.ease, at)).collect();
    capped(&most, lots, |closed, lots| {
        order.retain(|(_, at)| !closed[*at]);
        // Who gives has less ease than all who do not. What is known of the order is that those before `low` give and those from
        // `high` on do not.
        let (mut low, mut high, mut held, mut weighed) = (0, order.len(), 0, Exact::ZERO);
        while low < high {
            let middle = (high - low) / 2;
            let (before, &mut (ease, last), _) = order[low..high].select_nth_unstable(middle);
            let (mut held_before, mut weighed_before) = (held, weighed);
            for (ease, lots) in before.iter().map(|(ease, at)| (*ease, all[*at].lots)) {
                held_before += i128::from(lots);
                weighed_before = weighed_before.plus(&product(lots.into(), ease));
            }
            // He gives nothing where those before come to no less ease than he has.
            let left = held_before - i128::from(lots);
            if left >= 0 && product(left, ease) >= weighed_before {
                high = low + middle;
            } else {
                low += middle + 1;
                held = held_before + i128::from(all[last].lots);
                weighed = weighed_before.plus(&product(all[last].lots.into(), ease));
            }
        }
        let mut givers: Vec<usize> = order[..low].iter().map(|(_, at)| *at).collect();
        givers.sort_unstable();
        let left = (held - i128::from(lots)).max(0);
        let given = rounded(givers.iter().map(|at| gives(&all[*at], left, &weighed)), lots);
        givers.into_iter().zip(given).collect()
    })
}

/// Q − Q·x·left / weighed, down, and what of `weighed` is left of it.
fn gives(of: &Leveled, left: i128, weighed: &Exact) -> (i64, Exact) {
    let held = product(of.lots.into(), of.ease);
    // As good as always it fits 64 bits, by which products are cheap.
    let keeps = u64::try_from(left).map_or_else(|_| held.product(&Exact::from(left)), |left| held.times(left));
    if keeps == Exact::ZERO {
        return (of.lots, Exact::ZERO);
    }
    let (whole, over) = keeps.divide(weighed);
    let inexact = over != Exact::ZERO;
    let rest = if inexact { weighed.minus(&over) } else { Exact::ZERO };
    (of.lots - whole as i64 - i64::from(inexact), rest)
}
