//! `adl.rank`: who is deleveraged first, and how much each.

use super::share::{Leveled, Part, level, pro_rata};
use crate::num::E8;
use crate::num::ratio::{ratio_down, ratio_up};
use crate::num::wide::Wide;
use crate::rules::AdlPolicy;
use std::cmp::Reverse;

/// A position on the opposite side, with its bucket; money in g.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Counterparty {
    /// Its account.
    pub account: u32,
    /// Whether it is the isolated position.
    pub isolated: bool,
    /// The account's place in the order of opening.
    pub opened: u32,
    /// What it holds, in lots.
    pub lots: i64,
    /// The most lots that it may give.
    pub most: i64,
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

type Exact = Wide<4>;

/// ⌊a·b / (c·d)⌋ in g of a of either sign, the others above 0.
fn score_of([a, b]: [i128; 2], [c, d]: [i128; 2]) -> i128 {
    // What divides is brought to 64 bits and more only where it has them: both are amounts of an account.
    let (size, below) = (a.abs(), Exact::from(c).product(&Exact::from(d)));
    let above = Exact::from(size).product(&Exact::from(b)).product(&Exact::from(E8));
    let fits = |q: i128| !above.minus(&below.product(&Exact::from(q))).is_negative();
    let floor = (0..126).rev().fold(0_i128, |q, bit| if fits(q | 1 << bit) { q | 1 << bit } else { q });
    let exact = above.minus(&below.product(&Exact::from(floor))) == Exact::ZERO;
    if a < 0 { -floor - i128::from(!exact) } else { floor }
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
pub fn queue(all: &[Counterparty]) -> Vec<usize> {
    let standing: Vec<_> = all.iter().map(Counterparty::standing).collect();
    let mut order: Vec<usize> = (0..all.len()).collect();
    order.sort_by_key(|at| {
        let (class, score) = standing[*at];
        (class, Reverse(score))
    });
    order
}

/// Rank lights: in which fifth of all quantity each stands, by its place in the queue, 1 first.
pub fn lights(all: &[Counterparty], queue: &[usize]) -> Vec<u8> {
    let total: i128 = all.iter().map(|of| i128::from(of.lots)).sum();
    let (mut lights, mut cumulative) = (vec![0; all.len()], 0);
    for &at in queue {
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
    let mut give = |places: Vec<usize>, share: &dyn Fn(&[usize], i64) -> Vec<i64>| {
        let shares = share(&places, left);
        for (at, lots) in places.into_iter().zip(shares) {
            taken[at] = lots;
            left -= lots;
        }
    };
    let among = |places: &[usize], lots: i64| pro_rata(&parts(places.iter().map(|at| &all[*at])), lots);
    let leveled = |places: &[usize], lots: i64| {
        let of = |at: &usize| Leveled { lots: all[*at].lots, ease: all[*at].ease().unwrap_or(0), most: all[*at].most };
        level(&places.iter().map(of).collect::<Vec<_>>(), lots)
    };
    let places = |wanted: &dyn Fn(Option<i128>) -> bool| (0..all.len()).filter(|at| wanted(all[*at].ease())).collect();
    give(places(&|ease| ease == Some(0)), &among);
    give(places(&|ease| ease.is_some_and(|ease| ease > 0)), &leveled);
    give(places(&|ease| ease.is_none()), &among);
    taken
}
