//! What an index can be made to say by those of its sources that are wrong.
//!
//! Groups whose live sources all say prices in [lo, hi] are honest, and hi − lo ≤ δ·lo for δ = `drop_beyond`. The others,
//! less than half of the live groups, say anything. Let d = `max_deviation` and ω what the wrong groups have of the weight
//! after the cap, at most their number × max(`max_group_weight`, 1/groups).
//!
//! **A.** Where honest sources are most of the live ones too: lo·(1 − ω·d) ≤ value ≤ hi·(1 + ω·d), before it is rounded.
//! The median m of the sources lies between two honest prices, so lo ≤ m ≤ hi and no honest source is farther from it than
//! δ·lo ≤ δ·m: none is dropped. So most of the groups that count are honest, and their median M lies in [lo, hi] too.
//! Clamped to M·(1 ± d), an honest group stays in [lo, hi], a wrong one in [lo·(1 − d), hi·(1 + d)]. It is the best that
//! can be said: wrong groups at the edge attain it where all honest ones say the same.
//!
//! **B.** Where only the groups are most (wrong ones have many sources), and whatever the spread of the honest ones: if
//! there is a value, some honest price h has h·(1 − δ)/(1 + δ) ≤ value ≤ h·(1 + δ)/(1 − δ). All that counts lies in
//! m·(1 ± δ), and so do means of it, the groups' median and what is clamped towards that. At least half of the groups count,
//! more than the wrong ones are, so an honest source does. Wrong groups come as near to it as they like. One wrong group
//! alone can take the quorum away, and cannot move an index of three groups or more beyond **A**: honest ones are most of
//! those that count.
//!
//! A source in another currency is as honest as its rate: all groups of that currency are wrong together.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/exact.rs"]
mod exact;
#[path = "pricing/feeds.rs"]
mod feeds;
#[path = "pricing/naive.rs"]
mod naive;

use draw::{Draw, soak};
use exact::Ratio;
use feeds::{TOP, quotes, told, underlying};
use naive::{Terms, Voter};
use perpcore::message::PriceState;
use perpcore::pricing::index::{Index, Quote};
use std::collections::BTreeSet;

const ONE: i64 = 100_000_000;
const SECOND: i64 = 1_000_000_000;
const DEFAULTS: Terms =
    Terms { min_sources: 3, drop_beyond: 10_000_000, max_deviation: 3_000_000, max_group_weight: 40_000_000 };

/// How many seeds: some in a normal run, PERPCORE_SOAK=1 runs a hundred times as many.
fn seeds(few: u64) -> std::ops::Range<u64> {
    0..if soak() { 100 * few } else { few }
}

#[test]
fn the_value_is_what_fractions_say() {
    for seed in seeds(5_000) {
        let (voters, terms) = feeds::any(&mut Draw(seed));
        let value = told(&voters, &terms);
        assert_eq!((value.groups, value.value), naive::value(&voters, &terms), "seed {seed}: {terms:?} {voters:?}");
    }
}

/// 22 groups, of which 19 are capped and two are bounded, one a side: the most denominators that there can be.
fn most_denominators(draw: &mut Draw) -> (Vec<Voter>, Terms) {
    let base = draw.within(TOP / 2, TOP / 105 * 100);
    let mut weights = [41_600_i64; 22];
    weights[10..12].fill(125_000);
    [0, 1, 21].into_iter().for_each(|at| weights[at] = 13_700);
    let weights = weights.map(|weight| weight - draw.within(0, 99));
    let voters = weights.into_iter().enumerate().map(|(at, weight)| {
        let percent =
            [(0, 95), (21, 104)].into_iter().find(|(edge, _)| *edge == at).map_or(100, |(_, percent)| percent);
        Voter { group: at, weight, rank: 0, price: base / 100 * percent + 7 * at as i64 }
    });
    (voters.collect(), Terms { max_group_weight: 5_000_000, ..DEFAULTS })
}

#[test]
fn the_most_denominators_fit() {
    for seed in seeds(200) {
        let (voters, terms) = most_denominators(&mut Draw(seed));
        let value = told(&voters, &terms);
        assert_eq!((value.groups, value.value), naive::value(&voters, &terms), "seed {seed}: {voters:?}");
    }
}

/// Honest groups, which come first, and wrong ones.
struct Attack {
    honest: usize,
    voters: Vec<Voter>,
    terms: Terms,
    lo: i64,
    hi: i64,
}

/// More honest groups than wrong ones; `wrong_sources` for each wrong group, else as many as the honest have.
fn attack(draw: &mut Draw, wrong_sources: Option<u64>) -> Attack {
    let wrong = draw.within(1, 5) as usize;
    let honest = wrong + draw.within(1, 3) as usize;
    let same = 1 + draw.below(3);
    let lo = draw.of(&[1, 9, 100, 30_000 * ONE, TOP / 2]) + draw.within(0, 99);
    let terms = Terms {
        max_deviation: draw.of(&[0, 3_000_000, 25_000_000]),
        drop_beyond: draw.of(&[3_000_000, 10_000_000, 30_000_000]),
        max_group_weight: draw.of(&[5_000_000, 40_000_000, ONE]),
        ..DEFAULTS
    };
    let width = (i128::from(lo) * i128::from(terms.drop_beyond) / i128::from(ONE)) as i64;
    let hi = lo + draw.of(&[0, 1, width / 2, width]).min(width);
    let mut voters = Vec::new();
    for group in 0..honest + wrong {
        let many = if group < honest { same } else { wrong_sources.unwrap_or(same) };
        for _ in 0..many {
            let price = if draw.once_in(4) { draw.of(&[lo, hi]) } else { draw.within(lo, hi) };
            let weight = draw.of(&[1, 1, 7, 12_345]) * if group < honest { 1 } else { draw.of(&[1, 3]) };
            voters.push(Voter { group, weight, rank: 0, price });
        }
    }
    Attack { honest, voters, terms, lo, hi }
}

/// Changes what wrong sources say until the value is as far to one side as it comes; `holds` is asked all the way.
fn climb(draw: &mut Draw, attack: &mut Attack, up: bool, steps: usize, holds: impl Fn(&Attack, i64)) {
    let Attack { honest, terms, lo, hi, .. } = *attack;
    let wrong: Vec<usize> = (0..attack.voters.len()).filter(|at| attack.voters[*at].group >= honest).collect();
    let mut best = None;
    for _ in 0..steps {
        let before = attack.voters.clone();
        for _ in 0..=draw.below(2) {
            let at = draw.of(&wrong);
            let part = |share: i64, of: i64| (i128::from(of) * i128::from(share) / i128::from(ONE)) as i64;
            let other = draw.of(&before).price;
            let far = draw.of(&[lo, hi, other]);
            let now = before[at].price;
            let price = match draw.below(8) {
                0 => draw.within(1, TOP),
                1 => far,
                2 => part(ONE - terms.drop_beyond, far),
                3 => part(ONE + terms.drop_beyond, far),
                4 => (i128::from(far) * i128::from(ONE) / i128::from(ONE - terms.drop_beyond)) as i64,
                5 => (i128::from(far) * i128::from(ONE) / i128::from(ONE + terms.drop_beyond)) as i64,
                6 => now + draw.within(-2, 2),
                _ => now + part(draw.within(-10_000_000, 10_000_000), now),
            };
            attack.voters[at].price = price.clamp(1, TOP);
        }
        let value = told(&attack.voters, &attack.terms).value;
        value.into_iter().for_each(|value| holds(attack, value));
        let score = value.map(|value| if up { value } else { -value });
        if score < best {
            attack.voters = before;
        } else {
            best = score;
        }
    }
}

/// value ≤ bound + ½ and bound − ½ ≤ value.
fn is_within(value: i64, least: &Ratio, most: &Ratio) -> bool {
    let (half, value) = (Ratio::new(1, 2), Ratio::new(value as u128, 1));
    value.compare(&most.plus(&half)).is_le() && least.compare(&value.plus(&half)).is_le()
}

/// Claim A in its strongest form.
fn holds_by_weight(attack: &Attack, value: i64) {
    let counted = naive::vote(&attack.voters, &attack.terms).near;
    let groups: BTreeSet<usize> = counted.iter().map(|voter| voter.group).collect();
    assert!((0..attack.honest).all(|group| groups.contains(&group)), "no honest group is dropped");
    let own = |group: usize| counted.iter().filter(move |voter| voter.group == group);
    let weights: Vec<u128> = groups.iter().map(|group| own(*group).map(|voter| voter.weight as u128).sum()).collect();
    let shares = naive::shares(&weights, attack.terms.max_group_weight);
    let wrong = groups.iter().zip(shares).filter(|(group, _)| **group >= attack.honest).map(|(_, share)| share);
    let way = wrong.fold(Ratio::new(0, 1), |sum, share| sum.plus(&share));
    let way = way.times(&Ratio::new(attack.terms.max_deviation as u128, ONE as u128));
    let below = Ratio { over: way.under.minus(&way.over), under: way.under.clone() };
    let [lo, hi] = [attack.lo, attack.hi].map(|price| Ratio::new(price as u128, 1));
    let [least, most] = [lo.times(&below), hi.times(&Ratio::new(1, 1).plus(&way))];
    assert!(is_within(value, &least, &most), "{value} for {:?} {:?}", attack.terms, attack.voters);
}

/// Claim B.
fn holds_by_a_price(attack: &Attack, value: i64) {
    let drop = attack.terms.drop_beyond;
    let [less, more] = [ONE - drop, ONE + drop].map(|share| share as u128);
    let honest = attack.voters.iter().filter(|voter| voter.group < attack.honest);
    let near = |voter: &Voter| {
        let price = Ratio::new(voter.price as u128, 1);
        is_within(value, &price.times(&Ratio::new(less, more)), &price.times(&Ratio::new(more, less)))
    };
    assert!(honest.into_iter().any(near), "{value} for {:?} {:?}", attack.terms, attack.voters);
}

#[test]
fn wrong_groups_move_the_value_by_no_more_than_their_weight_times_the_deviation() {
    for seed in seeds(150) {
        let mut draw = Draw(seed);
        let mut attack = attack(&mut draw, None);
        climb(&mut draw, &mut attack, seed % 2 == 0, 60, holds_by_weight);
    }
}

#[test]
fn wrong_groups_with_most_of_the_sources_leave_the_value_near_an_honest_one() {
    for seed in seeds(150) {
        let mut draw = Draw(seed);
        let sources = 1 + draw.below(6);
        let mut attack = attack(&mut draw, Some(sources));
        // Honest ones may also be far apart.
        if draw.once_in(2) {
            let (honest, drop) = (attack.honest, attack.terms.drop_beyond);
            let apart =
                |price: i64| (i128::from(price) * i128::from(draw.within(ONE, ONE + 2 * drop)) / 100_000_000) as i64;
            let prices: Vec<i64> = attack.voters.iter().map(|voter| voter.price).map(apart).collect();
            let voters = attack.voters.iter_mut().zip(prices).filter(|(voter, _)| voter.group < honest);
            voters.for_each(|(voter, price)| voter.price = price.clamp(1, TOP));
        }
        climb(&mut draw, &mut attack, seed % 2 == 0, 60, holds_by_a_price);
    }
}

fn voters(rows: &[(usize, i64, i64)]) -> Vec<Voter> {
    rows.iter().map(|(group, price, weight)| Voter { group: *group, weight: *weight, rank: 0, price: *price }).collect()
}

#[test]
fn both_bounds_are_attained() {
    // A third of the weight, 3 %: 1 %.
    let attacked = voters(&[(0, 100 * ONE, 1), (1, 100 * ONE, 1), (2, 107 * ONE, 1)]);
    assert_eq!(told(&attacked, &DEFAULTS).value, Some(101 * ONE));
    // Three wrong groups of seven have nine of 13 sources. With these the median is 111.11111111; of the honest only 100 is
    // left, and 122.22222222 is the value to the last but one unit that its weight leaves.
    let mut rows = vec![(0, 100 * ONE, 1), (1, 100 * ONE - 1, 1), (2, 100 * ONE - 1, 1), (3, 100 * ONE - 1, 1)];
    for group in 4..7 {
        rows.extend([(group, 11_111_111_111, 1), (group, 12_222_222_222, 99_999), (group, 12_222_222_222, 99_999)]);
    }
    let value = told(&voters(&rows), &DEFAULTS);
    let most = 100 * ONE / 90 * 110;
    assert_eq!((value.state, value.groups), (PriceState::Live, 4));
    assert!(value.value.is_some_and(|value| most - 20_000 < value && value <= most), "{value:?}");
}

#[test]
fn one_group_with_most_of_the_sources_can_take_the_quorum_away_and_not_move_the_value() {
    let mut rows = vec![(0, 100 * ONE, 1), (1, 100 * ONE, 1), (2, 100 * ONE, 1), (3, 100 * ONE, 1)];
    rows.extend([(4, 200 * ONE, 1); 5]);
    let value = told(&voters(&rows), &DEFAULTS);
    assert_eq!((value.state, value.groups), (PriceState::Frozen, 0));
    for seed in seeds(150) {
        let mut draw = Draw(seed);
        let sources = 1 + draw.below(12);
        let mut attack = attack(&mut draw, Some(sources));
        let honest = attack.honest;
        attack.voters.retain(|voter| voter.group <= honest);
        climb(&mut draw, &mut attack, seed % 2 == 0, 60, |attack, value| {
            if told(&attack.voters, &attack.terms).groups < 3 {
                return;
            }
            let Attack { lo, hi, terms, .. } = attack;
            let [below, above] = [ONE - terms.max_deviation, ONE + terms.max_deviation];
            let edge = |price: i64, share: i64| Ratio::new(price as u128 * share as u128, ONE as u128);
            assert!(is_within(value, &edge(*lo, below), &edge(*hi, above)), "{value} for {:?}", attack.voters);
        });
    }
}

#[test]
fn wrong_groups_do_not_stop_an_index_whose_honest_sources_agree() {
    for seed in seeds(60) {
        let mut draw = Draw(seed);
        let wrong = draw.within(1, 4) as usize;
        let honest = (wrong + 1 + draw.below(3) as usize).max(3);
        let many = 1 + draw.below(3) as usize;
        let count = many * (honest + wrong);
        let all: Vec<Voter> = (0..count).map(|at| Voter { group: at / many, weight: 1, rank: 0, price: 1 }).collect();
        let mut rules = underlying(&all, &DEFAULTS);
        rules.index.agree_samples = 5;
        let (mut index, mut price, mut now) = (Index::new(&rules), 1_000_000 * ONE, SECOND);
        for step in 0..300 {
            now += draw.within(0, SECOND / 2);
            price += draw.within(-price / 1_000, price / 1_000);
            let steady = all[..many * honest].iter().map(|voter| Voter { price, ..*voter }).collect::<Vec<_>>();
            let mut quotes = quotes(&steady, now);
            for _ in 0..draw.below(6) {
                let source = draw.within((many * honest) as i64, count as i64 + 1) as usize;
                let shares = [0, 1, 10_000_000, 88_000_000, 97_000_000, 103_000_000, 109_000_000, 1_000 * ONE];
                let said = (i128::from(price) * i128::from(draw.of(&shares)) / 100_000_000) as i64;
                let sent = draw.of(&[now, now, now, now + SECOND, now + SECOND + 1, 0, i64::MIN, i64::MAX]);
                let said = draw.of(&[said, said, said, -said, i64::MIN, i64::MAX, 1]);
                let quote = Quote { source, price: Ok(said), sent };
                quotes.insert(draw.below(quotes.len() as u64) as usize, quote);
            }
            let value = index.update(now, &quotes).expect("time goes on");
            assert_eq!(value.state == PriceState::Live, step >= 4, "seed {seed}, step {step}: {}", index.why());
            let off = value.value.map_or(0, |value| (value - price).abs());
            assert!(off <= price / 100 * 3 + 1, "seed {seed}, step {step}: {value:?} for {price}");
        }
    }
}
