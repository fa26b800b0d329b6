//! `adl.rank`: who is deleveraged first, and how much each.

use super::share::{Leveled, Part, level, pro_rata};
use crate::num::ratio::{grid_ratio_down, ratio_up};
use crate::rules::AdlPolicy;
use std::cmp::Reverse;

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
            (true, _) => (Class::Winner, Some(grid_ratio_down([pnl_e16, maintenance], [cost_e16.abs(), net_value]))),
            (false, _) => (Class::Loser, Some(grid_ratio_down([pnl_e16, net_value], [cost_e16.abs(), maintenance]))),
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
            (net_value, maintenance) => Some(grid_ratio_down([net_value, 1], [maintenance, 1])),
        }
    }
}

/// The places of counterparties in the order in which the score takes them. They come in the order of opening, of one account
/// the cross position first.
pub fn queue(all: &[Counterparty]) -> impl Iterator<Item = usize> {
    let place = |(at, of): (usize, &Counterparty)| {
        let (class, score) = of.standing();
        (class, Reverse(score), at)
    };
    let mut order: Vec<_> = all.iter().enumerate().map(place).collect();
    let (mut next, mut sorted) = (0, 0);
    std::iter::from_fn(move || {
        if next == sorted {
            // Mostly few of many are wanted: only as many are put in order, and each time more.
            let (from, all) = (sorted, order.len());
            sorted = (8 * from).max(64).min(all);
            if sorted < all {
                order[from..].select_nth_unstable(sorted - from);
            }
            order[from..sorted].sort_unstable();
        }
        next += 1;
        order[..sorted].get(next - 1).map(|(.., at)| *at)
    })
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
    of.map(|of| Part { weight: of.lots, most: of.most }).collect()
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
    let (mut first, mut between, mut last, mut leveled) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for (at, of) in all.iter().enumerate() {
        match of.ease() {
            Some(0) => first.push(at),
            Some(ease) => {
                between.push(at);
                leveled.push(Leveled { lots: of.lots, ease, most: of.most });
            }
            None => last.push(at),
        }
    }
    let among = |places: &[usize], lots: i64| pro_rata(&parts(places.iter().map(|at| &all[*at])), lots);
    let lots = give(&first, among(&first, lots));
    let lots = give(&between, level(&leveled, lots));
    give(&last, among(&last, lots));
    taken
}
