//! `adl.rank`: who is deleveraged first, and how much each.

use super::share::{Leveled, Part, level, pro_rata};
use crate::num::E8;
use crate::num::ratio::{Exact, product, ratio_down, ratio_up};
use crate::rules::AdlPolicy;
use std::cmp::Reverse;
use std::collections::BinaryHeap;

/// A position on the opposite side, with its bucket; money in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counterparty {
    /// Its account.
    pub account: u32,
    /// Whether it is the isolated position.
    pub isolated: bool,
    /// What it holds, in lots.
    pub lots: i64,
    /// The most lots that it may give.
    pub most: i64,
    /// The most that it may lose by that, in g.
    pub at_most: i128,
    /// Q·M − κ in 10⁻¹⁶.
    pub pnl_e16: i128,
    /// κ in 10⁻¹⁶.
    pub cost_e16: i128,
    /// Maintenance margin of its bucket.
    pub maintenance: i128,
    /// Net value of its bucket.
    pub net_value: i128,
}

/// Where one stands in the queue: the first class first, of one class the highest score.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Class {
    FirstWinner,
    Winner,
    LastWinner,
    Loser,
    LastLoser,
}

/// ⌊a·b / (c·d)⌋ in g of a of either sign, the others above 0.
fn score_of([a, b]: [i128; 2], [c, d]: [i128; 2]) -> i128 {
    let (floor, left) = product(a.abs(), b).product(&Exact::from(E8)).divide(&product(c, d));
    if a < 0 { -floor - i128::from(left != Exact::ZERO) } else { floor }
}

impl Counterparty {
    fn standing(&self) -> (Class, Option<i128>) {
        let Counterparty { pnl_e16, cost_e16, maintenance, net_value, .. } = *self;
        if cost_e16 == 0 || net_value == 0 {
            return (Class::FirstWinner, None);
        }
        let wins = pnl_e16 >= 0;
        match (wins, maintenance) {
            (true, 0) => (Class::LastWinner, None),
            (false, 0) => (Class::LastLoser, None),
            (true, _) => (Class::Winner, Some(score_of([pnl_e16, maintenance], [cost_e16.abs(), net_value]))),
            (false, _) => (Class::Loser, Some(score_of([pnl_e16, net_value], [cost_e16.abs(), maintenance]))),
        }
    }

    /// Its score in g, rounded down; none where a rule puts it first or last.
    pub fn score(&self) -> Option<i128> {
        self.standing().1
    }

    /// ⌊net value / maintenance margin⌋ in g, 0 without net value; none without maintenance margin.
    fn ease(&self) -> Option<i128> {
        match (self.net_value, self.maintenance) {
            (0, _) => Some(0),
            (_, 0) => None,
            (net_value, maintenance) => Some(ratio_down(net_value, E8, maintenance)),
        }
    }
}

/// The places of counterparties in the order in which the score takes them. They come in the order of opening, of one account
/// the cross position first.
pub fn queue(all: &[Counterparty]) -> impl Iterator<Item = usize> {
    let place = |(at, of): (usize, &Counterparty)| {
        let (class, score) = of.standing();
        Reverse((class, Reverse(score), at))
    };
    // Mostly few of many are wanted.
    let mut heap: BinaryHeap<_> = all.iter().enumerate().map(place).collect();
    std::iter::from_fn(move || heap.pop().map(|Reverse((.., at))| at))
}

/// Rank lights: in which fifth of all quantity each stands, by its place in the queue, 1 first.
pub fn lights(all: &[Counterparty]) -> Vec<u8> {
    let total: i128 = all.iter().map(|of| i128::from(of.lots)).sum();
    let (mut lights, mut cumulative) = (vec![0; all.len()], 0);
    for at in queue(all) {
        cumulative += i128::from(all[at].lots);
        lights[at] = ratio_up(cumulative, 5, total.max(1)) as u8;
    }
    lights
}

/// Whom to take how many lots from, in the order in which it is done: by the queue for the score, else as they come.
pub fn allocate(policy: AdlPolicy, all: &[Counterparty], lots: i64) -> Vec<(usize, i64)> {
    let taken = match policy {
        AdlPolicy::Score => return from_the_top(all, lots),
        AdlPolicy::ProRata => pro_rata(&parts(all.iter()), lots),
        AdlPolicy::Minimax => minimax(all, lots),
    };
    taken.into_iter().enumerate().filter(|(_, lots)| *lots > 0).collect()
}

fn parts<'a>(of: impl Iterator<Item = &'a Counterparty>) -> Vec<Part> {
    of.map(|of| Part { weight: of.lots.into(), most: of.most }).collect()
}

fn from_the_top(all: &[Counterparty], lots: i64) -> Vec<(usize, i64)> {
    let (mut left, mut taken) = (lots, Vec::new());
    for at in queue(all) {
        let lots = all[at].most.min(left);
        if lots > 0 {
            taken.push((at, lots));
            left -= lots;
        }
        if left == 0 {
            break;
        }
    }
    taken
}

/// Those without net value first, those without maintenance margin last, pro rata among themselves; between them the highest
/// maintenance margin ÷ net value until it is level.
fn minimax(all: &[Counterparty], lots: i64) -> Vec<i64> {
    let (mut taken, mut left) = (vec![0; all.len()], lots);
    let mut give = |places: &[usize], shares: Vec<i64>| {
        for (at, lots) in places.iter().zip(shares) {
            taken[*at] = lots;
            left -= lots;
        }
        left
    };
    let eases: Vec<Option<i128>> = all.iter().map(Counterparty::ease).collect();
    let places =
        |wanted: fn(&Option<i128>) -> bool| (0..all.len()).filter(|at| wanted(&eases[*at])).collect::<Vec<_>>();
    let among = |places: &[usize], lots: i64| pro_rata(&parts(places.iter().map(|at| &all[*at])), lots);
    let leveled = |at: &usize| Leveled { lots: all[*at].lots, ease: eases[*at].unwrap_or(0), most: all[*at].most };
    let [first, between, last] =
        [places(|ease| *ease == Some(0)), places(|ease| ease.is_some_and(|ease| ease > 0)), places(Option::is_none)];
    let lots = give(&first, among(&first, lots));
    let lots = give(&between, level(&between.iter().map(leveled).collect::<Vec<_>>(), lots));
    give(&last, among(&last, lots));
    taken
}
