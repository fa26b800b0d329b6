//! Laws of the risk: what is pruned, and what is cut, decides nothing.

use super::scenarios::{Lanes, Scenarios, Weights};
use super::tail::of_rows;
use super::{Exposures, Portfolio, Risk};
use crate::num::ONE;
use crate::num::round::charge_from_e24;
use crate::rules::{Measure, Rulebook};
use std::sync::Arc;

/// Numbers without a pattern, the same in every run.
struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % end
    }

    /// −size to size.
    fn around(&mut self, size: i64) -> i64 {
        self.below(2 * size.unsigned_abs() + 1) as i64 - size
    }

    fn one_of<T: Copy>(&mut self, items: &[T]) -> T {
        items[self.below(items.len() as u64) as usize]
    }
}

fn portfolio(underlyings: usize, credit: i64) -> Portfolio {
    let sections: String = (0..underlyings).map(|u| format!("[portfolio.underlying.U{u}]\nrange = 0.1\n")).collect();
    let credit = crate::num::text::plain(credit.into());
    let text =
        format!("[venue]\nsettlement = \"USD\"\n[portfolio]\nenabled = true\noffset_credit = {credit}\n{sections}");
    let rules = Rulebook::parse(&text, "").unwrap_or_else(|failure| panic!("{failure}"));
    Portfolio::new(&rules).expect("it is enabled")
}

/// Moves of few values, so that many scenarios tie, coincide and lie on one line.
fn table(draw: &mut Draw, underlyings: usize) -> Scenarios {
    let rows = 1 + draw.below(24) as usize;
    let (size, unit) = (draw.one_of(&[1, 2, 3, 1_000]), draw.one_of(&[1, 7, 1_000_000]));
    let mut column = || (0..rows).map(|_| draw.around(size).max(-ONE / unit) * unit).collect();
    let moves = (0..underlyings).map(|_| Some(column())).collect();
    let mut factors = Vec::new();
    for row in (0..rows as u32).filter(|row| row % 5 == 4) {
        factors.push((row, draw.one_of(&[0, 1, 33_333_333, ONE])));
    }
    Scenarios { names: vec![String::new(); rows], weights: Weights::Equal, moves, factors }
}

fn exposures(draw: &mut Draw, underlyings: usize) -> Exposures {
    let mut exposures = Exposures::new();
    exposures.clear(underlyings);
    // 10⁸ is one unit of g; the largest is half of what an account may hold.
    let size = draw.one_of(&[100_000_000, 3, 5_000_000_000_000_000_000, 5_000_000_000_000_000_000_000_000_000]);
    for underlying in 0..underlyings as u32 {
        if draw.below(4) == 0 {
            continue;
        }
        let exposure = exposures.at(underlying);
        exposure.net_e16 = i128::from(draw.around(3)) * size / 3;
        exposure.assets_e24 = i128::from(draw.around(3)) * size / 3 * 50_000_000;
        if draw.below(2) == 0 {
            exposure.orders_e16 = [draw.below(4), draw.below(4)].map(|part| i128::from(part) * size / 6);
        }
    }
    exposures
}

/// Whether nothing that an underlying may be worth passes a size.
fn within(exposures: &Exposures, size: i128) -> bool {
    exposures.iter().all(|(_, exposure)| {
        let (least, most) = exposure.range(true);
        -size <= least && most <= size && exposure.value().abs() <= size
    })
}

/// What the definition says, scenario by scenario in i128 of 10⁻²⁴: only for exposures that leave room for a factor.
fn by_definition(table: &Scenarios, credit: i64, exposures: &Exposures, filled: bool) -> Risk {
    let loss = |row: usize| {
        let of_one = |(underlying, exposure): (u32, super::Exposure)| {
            let moved = table.moves[underlying as usize].as_ref().map_or(0, |column| column[row]);
            let (least, most) = exposure.range(filled);
            let worst = [exposure.value(), least, most].map(|value| value * i128::from(moved)).into_iter().min();
            let worst = worst.unwrap_or(0);
            if worst < 0 { -worst * i128::from(ONE) } else { -worst * i128::from(credit) }
        };
        let factor = table.factors.iter().find(|(at, _)| *at as usize == row).map_or(ONE, |(_, factor)| *factor);
        exposures.iter().map(of_one).sum::<i128>() * i128::from(factor)
    };
    let losses: Vec<i128> = (0..table.names.len()).map(loss).collect();
    let most = losses.iter().copied().max().unwrap_or(0);
    let worst = losses.iter().position(|loss| *loss == most).unwrap_or(0) as u32;
    Risk { amount: crate::num::round::div_ceil(most, 10_i128.pow(24)).max(0), worst }
}

#[test]
fn what_is_left_out_never_comes_first_and_is_never_needed() {
    let mut draw = Draw(1);
    let mut dropped = 0;
    for round in 0..6_000 {
        let underlyings = 1 + round % 4;
        let credit = draw.one_of(&[0, 1, 50_000_000, 80_000_000, 99_999_999, ONE]);
        let (portfolio, table) = (portfolio(underlyings, credit), table(&mut draw, underlyings));
        let pruned = portfolio.under(table.clone());
        let whole = Portfolio { lanes: Lanes::new(&table, true), scenarios: Arc::new(table.clone()), ..portfolio };
        dropped += whole.lanes.rows.len() - pruned.lanes.rows.len();
        for _ in 0..4 {
            let mut exposures = exposures(&mut draw, underlyings);
            for filled in [false, true] {
                let found = pruned.risk(&mut exposures, filled);
                assert_eq!(found, whole.risk(&mut exposures, filled), "{table:?} {credit} {exposures:?}");
                if within(&exposures, 1_000_000_000) {
                    assert_eq!(found, by_definition(&table, credit, &exposures, filled), "{table:?} {exposures:?}");
                }
            }
        }
    }
    assert!(dropped > 10_000, "the law was put to the test");
}

/// Losses of every lane in 10⁻²⁴ by their slopes, with the row of each.
fn exact_losses(portfolio: &Portfolio, exposures: &Exposures, filled: bool) -> Vec<(i128, u32)> {
    let lanes = &portfolio.lanes;
    let unit = i128::from(lanes.unit * portfolio.credit.unit);
    let loss = |lane: usize| {
        let of_one = |(underlying, exposure): (u32, super::Exposure)| {
            let moved = lanes.columns[underlying as usize].moves[lane];
            exposure.slopes(&portfolio.credit, filled).loss(moved)
        };
        exposures.iter().map(of_one).sum::<i128>() * unit
    };
    (0..lanes.rows.len()).map(|lane| (loss(lane), lanes.rows[lane])).collect()
}

#[test]
fn what_is_cut_to_64_bits_decides_nothing() {
    let mut draw = Draw(2);
    for round in 0..6_000 {
        let underlyings = 1 + round % 4;
        let mut table = table(&mut draw, underlyings);
        table.factors.clear();
        let level = draw.one_of(&[0, 50_000_000, 90_000_000, 97_500_000, ONE - 1]);
        let measure = Measure::Shortfall(level);
        let portfolio = Portfolio { measure, ..portfolio(underlyings, 80_000_000) }.under(table);
        let mut exposures = exposures(&mut draw, underlyings);
        let Risk { amount, worst } = portfolio.risk(&mut exposures, true);
        let mut losses = exact_losses(&portfolio, &exposures, true);
        let most = losses.iter().map(|(loss, _)| *loss).max();
        let first = losses.iter().find(|(loss, _)| Some(*loss) == most).map(|(_, row)| *row);
        losses.iter_mut().for_each(|(loss, _)| *loss = charge_from_e24(*loss));
        let mean = of_rows(&mut losses, &Weights::Equal, level).max(0);
        assert_eq!((amount, Some(worst)), (mean, first), "{exposures:?}");
    }
}

#[test]
fn a_share_of_a_loss_is_exact() {
    // By hand, one underlying worth 3 units of g: at −1 a loss of 3; a third of it is 0.99999999, rounded up to 1.
    let portfolio = portfolio(1, ONE);
    let risk = |factors: Vec<(u32, i64)>, moved: [i64; 2], units: i128| {
        let (names, weights) = (vec![String::new(); 2], Weights::Equal);
        let table = Scenarios { names, weights, moves: vec![Some(moved.to_vec())], factors };
        let mut exposures = Exposures::new();
        exposures.clear(1);
        exposures.at(0).net_e16 = units * i128::from(ONE);
        let Risk { amount, worst } = portfolio.under(table).risk(&mut exposures, false);
        (amount, worst)
    };
    assert_eq!(risk(vec![(0, 33_333_333)], [-ONE, 0], 3), (1, 0));
    assert_eq!(risk(vec![(0, 33_333_333)], [-ONE, -ONE / 3], 3), (1, 0), "two of the same loss: the first");
    // A third of a loss against a move of one unit of g less, and of one more: only the exact losses tell them apart.
    assert_eq!(risk(vec![(1, 33_333_333)], [-33_333_332, -ONE], 3), (1, 1));
    assert_eq!(risk(vec![(1, 33_333_333)], [-33_333_334, -ONE], 3), (2, 0));
    // 10⁻³² of a unit decides: 0.33333333 × −0.99999999 is more than −0.33333332.
    assert_eq!(risk(vec![(1, 33_333_333)], [-33_333_332, -99_999_999], 3), (1, 1));
}
