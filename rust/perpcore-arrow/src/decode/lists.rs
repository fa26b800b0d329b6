//! The names that rows of `commands` of a venue may have.

use crate::contract::commands::At;
use perpcore::fault::Code;
use perpcore::rules::Rulebook;

/// A source that an underlying does not have.
const STRANGER: u32 = u32::MAX;

/// The names that rows of a venue may have: those of its rulebook.
pub(crate) struct Lists {
    pub(crate) rulebook: Rulebook,
    /// The sources of all underlyings, ascending.
    sources: Vec<String>,
    /// By underlying and source, which of its sources that is.
    of: Vec<Vec<u32>>,
}

impl Lists {
    pub(crate) fn new(rulebook: &Rulebook) -> Lists {
        let named: Vec<Vec<&String>> = rulebook
            .underlyings()
            .iter()
            .map(|of| of.sources.iter().map(|one| &one.id).chain(of.rates.iter().map(|one| &one.source)).collect())
            .collect();
        let mut sources: Vec<String> = named.iter().flatten().map(|name| name.to_string()).collect();
        sources.sort_unstable();
        sources.dedup();
        let of = named.iter().map(|named| {
            let place = |source: &String| named.iter().position(|name| *name == source);
            sources.iter().map(|source| place(source).map_or(STRANGER, |at| at as u32)).collect()
        });
        Lists { of: of.collect(), rulebook: rulebook.clone(), sources }
    }

    /// The place of a name.
    pub(crate) fn place(&self, at: At, name: &str) -> Option<u32> {
        let found = match at {
            At::Instrument => self.rulebook.instrument_index(name),
            At::Asset => self.rulebook.asset_index(name),
            At::FeeTier => self.rulebook.fee_tier_index(name),
            At::Underlying => self.rulebook.underlying_index(name),
            At::Source => self.sources.binary_search_by(|known| known.as_str().cmp(name)).ok(),
            _ => None,
        };
        found.map(|at| at as u32)
    }

    /// Why a name is refused.
    pub(crate) fn unknown(at: At) -> Code {
        match at {
            At::Instrument => Code::UnknownInstrument,
            At::Asset => Code::UnknownAsset,
            At::FeeTier => Code::UnknownFeeTier,
            _ => Code::OutOfRange,
        }
    }

    /// The instrument of a venue that has one.
    pub(super) fn only_instrument(&self) -> Option<u32> {
        (self.rulebook.instruments().len() == 1).then_some(0)
    }

    /// Which of an underlying's sources a source is.
    pub(super) fn source(&self, underlying: u32, source: u32) -> Option<u32> {
        let found = self.of.get(underlying as usize)?.get(source as usize)?;
        Some(*found).filter(|found| *found != STRANGER)
    }
}
