//! Sources with quotes, and the index of them by one update.

use super::draw::Draw;
use super::naive::{Terms, Voter};
use perpcore::pricing::index::{Index, Quote, Value};
use perpcore::rules::{IndexSource, Rulebook, Underlying};
use std::sync::LazyLock;

/// The largest price.
pub const TOP: i64 = 10_000_000_000_000_000;
const ONE: i64 = 100_000_000;

/// An underlying that a single sample makes live, with the sources of these voters.
pub fn underlying(voters: &[Voter], terms: &Terms) -> Underlying {
    static DEFAULTS: LazyLock<Rulebook> =
        LazyLock::new(|| Rulebook::parse("venue.settlement = \"USD\"\n[underlying.X]\n", "test").expect("a rulebook"));
    let mut rules = DEFAULTS.underlyings()[0].clone();
    rules.index.min_sources = terms.min_sources;
    rules.index.drop_beyond = terms.drop_beyond;
    rules.index.max_deviation = terms.max_deviation;
    rules.index.max_group_weight = terms.max_group_weight;
    rules.index.agree_samples = 1;
    let source = |(at, voter): (usize, &Voter)| {
        let (id, group) = (format!("s{at}"), format!("g{}", voter.group));
        IndexSource { id, group, weight: voter.weight, rank: voter.rank, currency: None }
    };
    rules.sources = voters.iter().enumerate().map(source).collect();
    rules
}

/// A quote of each, stamped when it comes.
pub fn quotes(voters: &[Voter], now: i64) -> Vec<Quote> {
    let quote = |(source, voter): (usize, &Voter)| Quote { source, price: Ok(voter.price), sent: now };
    voters.iter().enumerate().map(quote).collect()
}

/// What one sample of all of them makes.
pub fn told(voters: &[Voter], terms: &Terms) -> Value {
    Index::new(&underlying(voters, terms)).update(0, &quotes(voters, 0)).expect("the first update")
}

/// Weights that are at most 10⁶ together, then all times one unit.
fn weights(draw: &mut Draw, count: usize) -> Vec<i64> {
    let style = draw.below(5);
    let share = 1_000_000 / count as i64;
    let mut weights: Vec<i64> = (0..count)
        .map(|_| match style {
            0 => 1,
            1 => draw.within(1, share),
            2 => 1 << draw.below(share.ilog2().into()),
            3 => draw.within(share - share / 8, share),
            _ => draw.of(&[1, 2, 3, share]),
        })
        .collect();
    // One or two have what the others leave.
    for _ in 0..draw.below(3) {
        let at = draw.below(count as u64) as usize;
        let left = 1_000_000 - weights.iter().sum::<i64>();
        weights[at] += draw.of(&[0, left, left / 2, left / 3]);
    }
    let unit = draw.of(&[1, 7, ONE / 2, ONE]);
    weights.iter().map(|weight| weight * unit).collect()
}

fn price(draw: &mut Draw, base: i64, shares: [i64; 2], style: u64) -> i64 {
    let part = |share: i64| (i128::from(base) * i128::from(share) / i128::from(ONE)) as i64;
    let [near, far] = shares.map(part);
    let way = match style {
        0 => 0,
        1 => draw.within(-3, 3),
        2 => draw.within(-near - near / 2, near + near / 2),
        3 => draw.within(-far - far / 4, far + far / 4),
        // At an edge, or a unit beside.
        4 => draw.of(&[near, -near, far, -far, 0]) + draw.within(-1, 1),
        _ => draw.within(-base, base),
    };
    base.saturating_add(way).clamp(1, TOP)
}

/// Any sources with their quotes.
pub fn any(draw: &mut Draw) -> (Vec<Voter>, Terms) {
    let count = match draw.below(4) {
        0 => draw.within(1, 6),
        1 => draw.within(7, 24),
        2 => 64,
        _ => draw.within(2, 64),
    } as usize;
    let groups = if draw.once_in(3) { count as i64 } else { draw.within(1, count as i64) };
    let share = |draw: &mut Draw| draw.of(&[0, 10_000, 333_333, 3_000_000, 10_000_000, 50_000_000, ONE]);
    let terms = Terms {
        min_sources: draw.of(&[1, 2, 3, 3, 5, 9]),
        drop_beyond: share(draw),
        max_deviation: share(draw),
        max_group_weight: draw.of(&[5_000_000, 5_000_001, 7_300_000, 25_000_000, 33_333_333, 40_000_000, ONE]),
    };
    let base = draw.of(&[1, 2, 3, 10, 12_345_678, 6_500_000_000_001, TOP / 2 + 1, TOP - 5, TOP]);
    let style = draw.below(6);
    let most_ranks = draw.of(&[0, 0, 1, 3]);
    let voters = weights(draw, count).into_iter().enumerate().map(|(at, weight)| {
        let group = if at < groups as usize { at } else { draw.below(groups as u64) as usize };
        let style = if draw.once_in(8) { draw.below(6) } else { style };
        let price = price(draw, base, [terms.max_deviation, terms.drop_beyond], style);
        Voter { group, weight, rank: draw.below(most_ranks + 1) as u32, price }
    });
    (voters.collect(), terms)
}
