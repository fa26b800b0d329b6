//! The value of an index as the rule reads, in fractions: every step by itself, nothing shared with the core.

#![allow(dead_code, reason = "each of its users takes a part")]

use super::exact::{Nat, Ratio};
use std::collections::{BTreeMap, BTreeSet};

/// A source whose quote may count.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Voter {
    pub group: usize,
    pub weight: i64,
    pub rank: u32,
    pub price: i64,
}

/// Shares in g.
#[derive(Clone, Copy, Debug)]
pub struct Terms {
    pub min_sources: u32,
    pub drop_beyond: i64,
    pub max_deviation: i64,
    pub max_group_weight: i64,
}

const ONE: u128 = 100_000_000;

fn groups(voters: &[Voter]) -> BTreeSet<usize> {
    voters.iter().map(|voter| voter.group).collect()
}

fn whole(number: i64) -> u128 {
    number as u128
}

/// How a vote went.
#[derive(Clone, Debug, Default)]
pub struct Vote {
    /// Those asked that are near the median.
    pub near: Vec<Voter>,
    /// Their groups; none where most of the groups that were asked are not near.
    pub groups: u32,
    /// Whoever has a higher rank was not asked.
    pub last_rank: u32,
}

/// Asks rank after rank until enough groups are near the median of all that were asked.
pub fn vote(live: &[Voter], terms: &Terms) -> Vote {
    let ranks: BTreeSet<u32> = live.iter().map(|voter| voter.rank).collect();
    let mut vote = Vote::default();
    for rank in ranks {
        let asked: Vec<Voter> = live.iter().filter(|voter| voter.rank <= rank).copied().collect();
        let mut prices: Vec<i64> = asked.iter().map(|voter| voter.price).collect();
        prices.sort_unstable();
        let (upper, lower) = (prices[prices.len() / 2], prices[(prices.len() - 1) / 2]);
        // |p − m| > drop·m for m = (lower + upper) / 2.
        let twice = i128::from(lower) + i128::from(upper);
        let is_near = |voter: &Voter| {
            (2 * i128::from(voter.price) - twice).abs() * ONE as i128 <= i128::from(terms.drop_beyond) * twice
        };
        let near: Vec<Voter> = asked.iter().filter(|voter| is_near(voter)).copied().collect();
        let (some, all) = (groups(&near).len() as u32, groups(&asked).len() as u32);
        vote = Vote { near, groups: if 2 * some < all { 0 } else { some }, last_rank: rank };
        if vote.groups >= terms.min_sources.max(2) {
            break;
        }
    }
    vote
}

/// What a group says, and what it weighs.
fn group_values(voters: &[Voter]) -> Vec<(Ratio, u128)> {
    let mut by_group: BTreeMap<usize, (u128, u128)> = BTreeMap::new();
    for voter in voters {
        let (sum, weight) = by_group.entry(voter.group).or_default();
        *sum += whole(voter.price) * whole(voter.weight);
        *weight += whole(voter.weight);
    }
    by_group.values().map(|(sum, weight)| (Ratio::new(*sum, *weight), *weight)).collect()
}

fn median(values: &[(Ratio, u128)]) -> Ratio {
    let mut rising: Vec<&Ratio> = values.iter().map(|(value, _)| value).collect();
    rising.sort_by(|a, b| a.compare(b));
    rising[rising.len() / 2].plus(rising[(rising.len() - 1) / 2]).times(&Ratio::new(1, 2))
}

/// The shares of the weight: nobody above max(`most`, 1/n), what is cut to the others in proportion, again until it holds.
pub fn shares(weights: &[u128], most: i64) -> Vec<Ratio> {
    let cap = Ratio::new(whole(most), ONE).greatest(Ratio::new(1, weights.len() as u128));
    let total = weights.iter().sum();
    let mut shares: Vec<Ratio> = weights.iter().map(|weight| Ratio::new(*weight, total)).collect();
    let mut capped = BTreeSet::new();
    loop {
        let above: Vec<usize> = (0..shares.len()).filter(|at| shares[*at].compare(&cap).is_gt()).collect();
        if above.is_empty() {
            return shares;
        }
        capped.extend(above);
        let others: u128 = (0..weights.len()).filter(|at| !capped.contains(at)).map(|at| weights[at]).sum();
        let Ratio { over, under } = cap.times(&Ratio::new(capped.len() as u128, 1));
        let rest = Ratio { over: under.minus(&over), under };
        for (at, weight) in weights.iter().enumerate() {
            shares[at] = if capped.contains(&at) { cap.clone() } else { rest.times(&Ratio::new(*weight, others)) };
        }
    }
}

/// The value of those that count, exactly.
pub fn exact(voters: &[Voter], terms: &Terms) -> Ratio {
    let values = group_values(voters);
    let median = median(&values);
    let [low, high] = [ONE - whole(terms.max_deviation), ONE + whole(terms.max_deviation)]
        .map(|share| median.times(&Ratio::new(share, ONE)));
    let weights: Vec<u128> = values.iter().map(|(_, weight)| *weight).collect();
    let parts = values.into_iter().zip(shares(&weights, terms.max_group_weight));
    parts.fold(Ratio { over: Nat::new(0), under: Nat::new(1) }, |sum, ((value, _), share)| {
        sum.plus(&value.greatest(low.clone()).least(high.clone()).times(&share))
    })
}

/// Groups that count, and the value that they make where they are two or more.
pub fn value(live: &[Voter], terms: &Terms) -> (u32, Option<i64>) {
    let Vote { near, groups, .. } = vote(live, terms);
    (groups, (groups >= 2).then(|| exact(&near, terms).half_even() as i64))
}
