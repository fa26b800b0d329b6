//! The table of scenarios: a row each, a column an underlying of the rulebook; in stress also an asset.

use super::named::{named_columns, rename, renamed};
use super::number::Null;
use super::view::Source;
use crate::contract::{MOVES, SCENARIOS};
use arrow_array::{Array, StructArray};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::margin::market::Movers;
use perpcore::margin::portfolio::scenarios::{MOST_SCENARIOS, Scenarios};
use perpcore::num::text::plain;
use perpcore::rules::Rulebook;
use perpcore::sweep::stop::Stop;
use std::cell::RefCell;

/// Decodes the scenario table of the portfolio model.
///
/// # Errors
/// As [`read`].
pub(crate) fn scenarios(
    rules: &Rulebook,
    batches: Vec<StructArray>,
    ignore_extra: bool,
    stop: &Stop,
) -> Result<Scenarios, Failure> {
    let movers: Vec<&str> = rules.underlyings().iter().map(|underlying| underlying.name.as_str()).collect();
    read(&movers, batches, ignore_extra, stop)
}

/// Decodes a table of joint moves, and says what moves each price of a rulebook: a column of its underlying, or one of the
/// asset itself.
///
/// # Errors
/// As [`read`].
pub(crate) fn joint_moves(
    rules: &Rulebook,
    batches: Vec<StructArray>,
    stop: &Stop,
) -> Result<(Scenarios, Movers), Failure> {
    let settlement = rules.venue().settlement;
    let mut movers: Vec<&str> = rules.underlyings().iter().map(|underlying| underlying.name.as_str()).collect();
    let assets = rules.assets().iter().enumerate().filter(|(at, _)| *at != settlement).map(|(_, asset)| &*asset.name);
    for asset in assets {
        if !movers.contains(&asset) {
            movers.push(asset);
        }
    }
    let table = read(&movers, batches, false, stop)?;
    let given = |name: &str| {
        let place = movers.iter().position(|mover| *mover == name)?;
        table.moves[place].is_some().then_some(place as u32)
    };
    let movers = Movers {
        marks: rules.instruments().iter().map(|instrument| given(&instrument.underlying)).collect(),
        assets: rules
            .assets()
            .iter()
            .enumerate()
            .map(|(at, asset)| {
                let own = || given(&asset.name).or_else(|| given(asset.underlying.as_deref()?));
                if at == settlement { None } else { own() }
            })
            .collect(),
    };
    Ok((table, movers))
}

/// Reads a table that may have a column for each of `movers`: its moves by their places. A double that two grid values
/// share is far beyond a move.
///
/// # Errors
/// Whatever makes it not one of its schema; then every refused cell, by row; `missing_scenario` where it has no row,
/// `weights` where they do not add up.
fn read(movers: &[&str], batches: Vec<StructArray>, ignore_extra: bool, stop: &Stop) -> Result<Scenarios, Failure> {
    let columns = named_columns(&SCENARIOS, movers, &batches, ignore_extra)?;
    let mut faults = Vec::new();
    let mut moves = vec![None; movers.len()];
    for column in &columns {
        let name = movers[column.place];
        let alone = batches.iter().map(|batch| column.alone(batch, &MOVES)).collect();
        let mut source = Source::open(&MOVES, alone, false, stop)?;
        let values = source.numbers(MOVES.columns[0].name, Null::Refused).map_err(|failure| renamed(&failure, name))?;
        moves[column.place] = values.map(|values| values.to_vec());
        faults.extend(source.faults.into_iter().map(|fault| rename(fault, name)));
    }
    let mut source = Source::open(&SCENARIOS, batches, true, stop)?;
    if source.rows() > MOST_SCENARIOS {
        let fault = Fault::new(Code::OutOfRange).in_column(SCENARIOS.name, "scenario").value(source.rows());
        return Err(fault.accepts(format!("at most {MOST_SCENARIOS} scenarios")).into());
    }
    let names = names(&mut source)?;
    let weights = weights(&mut source)?;
    faults.append(&mut source.faults);
    faults.sort_by_key(|fault| fault.row);
    if let Some(failure) = Failure::of(faults) {
        return Err(failure);
    }
    let sum: i128 = weights.iter().flatten().map(|&weight| i128::from(weight)).sum();
    let table = Scenarios::supplied(names, weights, moves).map_err(|code| match code {
        Code::Weights => Fault::new(code).in_column(SCENARIOS.name, "weight").value(plain(sum)),
        _ => Fault::new(code).in_column(SCENARIOS.name, "scenario"),
    })?;
    Ok(table)
}

/// The name of every scenario.
fn names(source: &mut Source) -> Result<Vec<String>, Failure> {
    let seen = RefCell::new(Vec::new());
    let places = source.lookup("scenario", Code::OutOfRange, None, |name| {
        let mut seen = seen.borrow_mut();
        seen.push(name.to_string());
        Some(seen.len() as u32 - 1)
    })?;
    let seen = seen.into_inner();
    let name = |place: u32| seen.get(place as usize).cloned().unwrap_or_default();
    Ok(places.unwrap_or_default().into_iter().map(name).collect())
}

/// The weights; none where no row has one.
fn weights(source: &mut Source) -> Result<Option<Vec<i64>>, Failure> {
    let Some((at, _)) = source.find("weight") else { return Ok(None) };
    let given = |chunk: &super::view::Chunk| (0..chunk.values.len()).any(|row| !chunk.is_null(row));
    if !source.chunks(at).iter().any(given) {
        return Ok(None);
    }
    Ok(source.numbers("weight", Null::Refused)?.map(|weights| weights.to_vec()))
}
