//! The table of prices: a mark an instrument, an index price an asset.

use super::number::Null;
use super::view::Source;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::margin::market::Market;
use perpcore::margin::terms::Terms;
use perpcore::message::{PriceState, Word};
use perpcore::num::ONE;
use perpcore::rules::Rulebook;
use std::collections::HashSet;

/// A symbol that the rulebook does not have: its row is ignored whole.
const IGNORED: u32 = u32::MAX - 1;

/// A price of the rulebook's: instruments come first, assets after them; in g, with its state.
pub(crate) type Priced = (usize, i64, PriceState);

/// The market of a price table; whether a float64 came that two grid values share.
///
/// # Errors
/// As [`prices`].
pub(crate) fn market(rules: &Rulebook, terms: &Terms, source: Option<Source>) -> Result<(Market, bool), Failure> {
    let (mut market, mut shared_doubles) = (Market::new(terms), false);
    if let Some(source) = source {
        let (found, shared) = prices(rules, terms, source)?;
        found.into_iter().for_each(|priced| set(&mut market, terms, priced));
        shared_doubles = shared;
    }
    Ok((market, shared_doubles))
}

/// Sets a price.
pub(crate) fn set(market: &mut Market, terms: &Terms, (symbol, price, state): Priced) {
    match symbol.checked_sub(terms.instruments.len()) {
        None => market.set_mark(terms, symbol, price, state),
        Some(asset) => market.set_asset(terms, asset, price, state),
    }
}

/// The prices of a table, but for that of the settlement currency; whether a float64 came that two grid values share.
///
/// # Errors
/// Every fault of the rows whose symbol the rulebook has, by row: refused cells, `duplicate_price`,
/// `settlement_price`.
pub(crate) fn prices(rules: &Rulebook, terms: &Terms, mut source: Source) -> Result<(Vec<Priced>, bool), Failure> {
    let instruments = terms.instruments.len();
    let find = |name: &str| {
        let place = rules.instrument_index(name).or_else(|| rules.asset_index(name).map(|asset| instruments + asset));
        Some(place.map_or(IGNORED, |place| place as u32))
    };
    let symbols = source.lookup("symbol", Code::OutOfRange, None, find)?.unwrap_or_default();
    let prices = source.numbers("price", Null::Refused)?.unwrap_or_default();
    source.numbers("index", Null::Zero)?;
    source.times("time", Null::Zero)?;
    let states = source.words("state")?;

    let mut faults: Vec<Fault> = std::mem::take(&mut source.faults);
    faults.retain(|fault| fault.row.is_none_or(|row| symbols[row as usize] != IGNORED));
    let refused: HashSet<u64> = faults.iter().filter_map(|fault| fault.row).collect();
    let (mut seen, mut found) = (vec![false; instruments + terms.assets.len()], Vec::new());
    for (row, &symbol) in symbols.iter().enumerate().filter(|(_, symbol)| **symbol != IGNORED) {
        if refused.contains(&(row as u64)) {
            continue;
        }
        let symbol = symbol as usize;
        let state = states.as_ref().map_or(PriceState::Live, |states| <PriceState as Word>::ALL[states[row] as usize]);
        if std::mem::replace(&mut seen[symbol], true) {
            faults.push(Fault::new(Code::DuplicatePrice).at("prices", "symbol", row).value(name(rules, symbol)));
        } else if symbol != instruments + terms.settlement {
            found.push((symbol, prices[row], state));
        } else if prices[row] != ONE {
            let price = perpcore::num::text::plain(prices[row].into());
            faults.push(Fault::new(Code::SettlementPrice).at("prices", "price", row).value(price));
        }
    }
    faults.sort_by_key(|fault| fault.row);
    Failure::of(faults).map_or(Ok((found, source.shared_doubles)), Err)
}

fn name(rules: &Rulebook, symbol: usize) -> &str {
    let instruments = rules.instruments();
    match instruments.get(symbol) {
        Some(instrument) => &instrument.name,
        None => &rules.assets()[symbol - instruments.len()].name,
    }
}
