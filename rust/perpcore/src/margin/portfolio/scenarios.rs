//! `portfolio.scenarios`: joint relative moves of the underlyings, generated from a rulebook or supplied as a table.

use super::hull::{candidates, gcd};
use crate::fault::Code;
use crate::num::round::div_even;
use crate::num::text::plain;
use crate::num::{ONE, times};
use crate::rules::{Portfolio, Rulebook};

/// The probabilities of the scenarios; only expected shortfall reads them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Weights {
    /// The same for each.
    Equal,
    /// In g, the sum 1.
    Given(Vec<i64>),
}

impl Weights {
    /// The weight of a row: in g, or 1/n of it each where they are equal.
    pub fn of(&self, row: u32) -> i128 {
        match self {
            Weights::Equal => i128::from(ONE),
            Weights::Given(weights) => i128::from(weights[row as usize]),
        }
    }
}

/// A scenario table.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scenarios {
    /// The names, in table order.
    pub names: Vec<String>,
    /// The probabilities.
    pub weights: Weights,
    /// The moves of every scenario in g by the rulebook's index of the underlying; none where the table has no column.
    pub moves: Vec<Option<Vec<i64>>>,
    /// The rows whose profit and loss counts in part only, ascending, with the share in g.
    pub factors: Vec<(u32, i64)>,
}

/// The most scenarios of a table.
pub const MOST_SCENARIOS: usize = 1_000_000;

impl Scenarios {
    /// A table that a caller supplies. Each move is within its bound, each weight a share; all columns are of one length.
    ///
    /// # Errors
    /// `missing_scenario` where there is none at all; `weights` where they do not add up to 1.
    pub fn supplied(names: Vec<String>, weights: Option<Vec<i64>>, moves: Vec<Option<Vec<i64>>>) -> Result<Self, Code> {
        if names.is_empty() {
            return Err(Code::MissingScenario);
        }
        if weights.as_ref().is_some_and(|weights| weights.iter().map(|&w| i128::from(w)).sum::<i128>() != ONE.into()) {
            return Err(Code::Weights);
        }
        Ok(Scenarios { names, weights: weights.map_or(Weights::Equal, Weights::Given), moves, factors: Vec::new() })
    }

    /// The table that a rulebook generates: `zero`, `correlated`, `single` and `opposite` by underlying, `extended`.
    pub fn generated(rules: &Rulebook) -> Self {
        let portfolio = rules.portfolio();
        let mut table = Generated::new(portfolio);
        let (steps, families) = (i64::from(portfolio.steps), &portfolio.families);
        table.push(String::from("zero"), |_| 0);
        let ranges: Vec<i64> = portfolio.underlyings.iter().map(|underlying| underlying.range).collect();
        let step = |of: usize, scale: i64, k: i64| {
            let whole = times(ranges[of], scale) * i128::from(k);
            div_even(whole, i128::from(ONE) * i128::from(steps)) as i64
        };
        let sides = || (-steps..=steps).filter(|k| *k != 0);
        for k in sides() {
            table.push(format!("correlated:{k:+}"), |u| step(u, families.correlated, k));
        }
        for (one, underlying) in portfolio.underlyings.iter().enumerate() {
            for k in sides() {
                let name = format!("single:{}:{k:+}", underlying.name);
                table.push(name, |u| if u == one { step(u, families.single, k) } else { 0 });
            }
        }
        for (one, underlying) in portfolio.underlyings.iter().enumerate() {
            for k in sides() {
                let name = format!("opposite:{}:{k:+}", underlying.name);
                table.push(name, |u| step(u, families.opposite, if u == one { k } else { -k }));
            }
        }
        let mut factors = Vec::new();
        for extended in &portfolio.extended {
            let moved = extended.moved;
            let sign = if moved < 0 { "" } else { "+" };
            let row = table.push(format!("extended:{sign}{}", plain(moved.into())), |u| match extended.factor {
                // Without a factor the effective move is exactly the range.
                None if moved < 0 => -ranges[u],
                None => ranges[u],
                Some(_) => moved,
            });
            factors.extend(extended.factor.map(|factor| (row, factor)));
        }
        let mut moves = vec![None; rules.underlyings().len()];
        for (underlying, column) in portfolio.underlyings.iter().zip(table.columns) {
            if let Some(at) = rules.underlying_index(&underlying.name) {
                moves[at] = Some(column);
            }
        }
        Scenarios { names: table.names, weights: Weights::Equal, moves, factors }
    }
}

/// A table in the making: a column each of the rulebook's portfolio underlyings.
struct Generated {
    names: Vec<String>,
    columns: Vec<Vec<i64>>,
}

impl Generated {
    fn new(portfolio: &Portfolio) -> Self {
        Generated { names: Vec::new(), columns: vec![Vec::new(); portfolio.underlyings.len()] }
    }

    /// Adds a scenario; its row.
    fn push(&mut self, name: String, moved: impl Fn(usize) -> i64) -> u32 {
        self.names.push(name);
        self.columns.iter_mut().enumerate().for_each(|(at, column)| column.push(moved(at)));
        self.names.len() as u32 - 1
    }
}

/// The scenarios that are evaluated, a lane each: those without a factor first, by row, then those with one.
#[derive(Clone, Debug)]
pub struct Lanes {
    /// The row of each lane in the table.
    pub rows: Vec<u32>,
    /// The factors of the last lanes.
    pub factors: Vec<i64>,
    /// The moves by underlying, in units; empty where the table has no column.
    pub columns: Vec<Lane>,
    /// The unit of the moves in g.
    pub unit: i64,
}

/// The moves of one underlying in all lanes.
#[derive(Clone, Debug, Default)]
pub struct Lane {
    /// The moves.
    pub moves: Vec<i64>,
    /// The largest of them either way.
    pub largest: i64,
}

impl Lanes {
    /// Lays out all scenarios, or only those that the worst loss needs.
    pub fn new(table: &Scenarios, all: bool) -> Self {
        let scaled = |row: &u32| table.factors.binary_search_by_key(row, |(row, _)| *row).is_ok();
        let plain: Vec<u32> = (0..table.names.len() as u32).filter(|row| !scaled(row)).collect();
        let columns: Vec<&[i64]> = table.moves.iter().flatten().map(Vec::as_slice).collect();
        let mut rows = if all { plain } else { candidates(&columns, &plain) };
        rows.extend(table.factors.iter().map(|(row, _)| *row));
        let taken = |column: &Vec<i64>| rows.iter().map(|&row| column[row as usize]).collect::<Vec<_>>();
        let columns: Vec<Vec<i64>> = table.moves.iter().map(|column| column.as_ref().map_or(vec![], taken)).collect();
        let unit = columns.iter().flatten().fold(0, |unit, moved| gcd(unit, moved.unsigned_abs())).max(1) as i64;
        let lane = |moves: Vec<i64>| {
            let moves: Vec<i64> = moves.into_iter().map(|moved| moved / unit).collect();
            let largest = moves.iter().fold(0, |largest: i64, moved| largest.max(moved.abs()));
            Lane { moves, largest }
        };
        let columns = columns.into_iter().map(lane).collect();
        Lanes { rows, factors: table.factors.iter().map(|(_, factor)| *factor).collect(), columns, unit }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn generated(portfolio: &str) -> Scenarios {
        let text = format!("[venue]\nsettlement = \"USD\"\n[underlying.A]\n[portfolio]\n{portfolio}");
        Scenarios::generated(&Rulebook::parse(&text, "").unwrap_or_else(|failure| panic!("{failure}")))
    }

    #[test]
    fn rows_stand_in_their_order_with_their_names() {
        let table = generated(
            "steps = 2\nextended = [{ move = \"-66%\" }, { move = 1, factor = 0.3 }]\n\
             underlying = { Y = { range = 0.2 }, X = { range = 0.16 } }",
        );
        let names = [
            "zero",
            "correlated:-2",
            "correlated:-1",
            "correlated:+1",
            "correlated:+2",
            "single:X:-2",
            "single:X:-1",
            "single:X:+1",
            "single:X:+2",
            "single:Y:-2",
            "single:Y:-1",
            "single:Y:+1",
            "single:Y:+2",
            "opposite:X:-2",
            "opposite:X:-1",
            "opposite:X:+1",
            "opposite:X:+2",
            "opposite:Y:-2",
            "opposite:Y:-1",
            "opposite:Y:+1",
            "opposite:Y:+2",
            "extended:-0.66",
            "extended:+1",
        ];
        assert_eq!(table.names, names);
        // By hand: 16 % and 20 %, halves of them; × 0.7; × 0.35; the range for −66 %; the move where a factor stands.
        let x = [
            0, -1600, -800, 800, 1600, -1120, -560, 560, 1120, 0, 0, 0, 0, -560, -280, 280, 560, 560, 280, -280, -560,
            -1600, 10_000,
        ];
        let y = [
            0, -2000, -1000, 1000, 2000, 0, 0, 0, 0, -1400, -700, 700, 1400, 700, 350, -350, -700, -700, -350, 350,
            700, -2000, 10_000,
        ];
        let column = |basis_points: [i64; 23]| Some(basis_points.map(|moved| moved * 10_000).to_vec());
        // Underlyings by name: A, which is not moved, X, Y.
        assert_eq!(table.moves, [None, column(x), column(y)]);
        assert_eq!((table.factors, table.weights), (vec![(22, 30_000_000)], Weights::Equal));
    }

    #[test]
    fn moves_are_rounded_half_to_even_once() {
        // 2/3 of 16 % × 0.7 = 0.0746666… ; 1/2 of 0.00000003 = 1.5 → 2 units, of 0.00000001 = 0.5 → 0.
        let table = generated("steps = 3\nunderlying.X.range = 0.16");
        assert_eq!(table.moves[1].as_ref().map(|column| column[8]), Some(-7_466_667));
        let halves = generated("steps = 2\nunderlying = { X.range = 0.00000003, Y.range = 0.00000001 }");
        let second = |at: usize| halves.moves[at].as_ref().map(|column| (column[2], column[3]));
        assert_eq!((second(1), second(2)), (Some((-2, 2)), Some((0, 0))));
    }

    #[test]
    fn a_supplied_table_has_scenarios_and_weights_that_add_up() {
        let table = |rows: usize, weights| {
            let names = (0..rows).map(|row| row.to_string()).collect();
            Scenarios::supplied(names, weights, vec![Some(vec![0; rows])]).err()
        };
        assert_eq!(table(0, None), Some(Code::MissingScenario));
        assert_eq!(table(2, Some(vec![ONE / 2, ONE / 2 - 1])), Some(Code::Weights));
        assert_eq!(table(2, Some(vec![0, ONE])), None);
    }

    #[test]
    fn lanes_hold_what_is_evaluated_in_units() {
        let table = generated("steps = 2\nextended = [{ move = -1, factor = 0.3 }]\nunderlying.X.range = 0.16");
        let worst = Lanes::new(&table, false);
        // zero, both ends of the line, the one with a factor; 8 % is the common unit of 16 % and 100 %: 4 %.
        assert_eq!((worst.rows, worst.factors, worst.unit), (vec![0, 1, 4, 13], vec![30_000_000], 4_000_000));
        assert_eq!((&worst.columns[1].moves[..], worst.columns[1].largest), (&[0, -4, 4, -25][..], 25));
        let all = Lanes::new(&table, true);
        assert_eq!((all.rows, all.unit), ((0..14).collect(), 400_000));
    }
}
