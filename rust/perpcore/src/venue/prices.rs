//! The prices that a venue goes by: of each underlying an index, told or made of sources; of each instrument a mark.

use crate::message::PriceState;
use crate::pricing::funding::{self, Funding};
use crate::pricing::index::Index;
use crate::pricing::mark::{self, Mark};
use crate::pricing::quorum::Quorum;
use crate::rules::Rulebook;

/// A price and whether it may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Told {
    /// In g; 0 before the first.
    pub(super) price: i64,
    pub(super) state: PriceState,
}

/// Nothing was told yet.
const UNTOLD: Told = Told { price: 0, state: PriceState::Frozen };

/// An underlying.
#[derive(Clone, Debug)]
pub(super) struct Underlying {
    /// What makes its index, where the rulebook names sources.
    pub(super) index: Option<Box<Index>>,
    pub(super) now: Told,
    /// What was told and could be used.
    pub(super) told: Quorum,
    /// Whether it is told and halted by command: then what is told of it, and of the marks that follow it, may not be used.
    pub(super) halted: bool,
    /// The assets that it prices.
    pub(super) assets: Vec<u32>,
    /// The instruments that follow it.
    pub(super) instruments: Vec<u32>,
}

/// An instrument.
#[derive(Clone, Debug)]
pub(super) struct Instrument {
    pub(super) underlying: u32,
    /// What makes its mark, where its underlying has sources.
    pub(super) mark: Option<Box<Mark>>,
    pub(super) funding: Funding,
    pub(super) price: i64,
    pub(super) state: PriceState,
    /// Whether the state lets it be used.
    pub(super) usable: bool,
    /// The mark and the index that its book goes by; 0 for none.
    pub(super) book_mark: i64,
    pub(super) book_index: i64,
    /// Best bid and ask of an outside book, where they are told.
    pub(super) outside: Option<[Option<i64>; 2]>,
    /// The last trade that the mark knows.
    pub(super) last: u64,
}

/// All of them.
#[derive(Clone, Debug)]
pub(super) struct Prices {
    pub(super) underlyings: Vec<Underlying>,
    pub(super) instruments: Vec<Instrument>,
    /// Assets that no underlying prices.
    pub(super) assets: Vec<Told>,
    /// Whether any index is made of sources.
    pub(super) made: bool,
}

impl Instrument {
    /// A funding rate was settled.
    pub(super) fn tell_rate(&mut self, time: i64, rate: i64) {
        let update = mark::Update { funding_rate: Some(rate), ..mark::Update::default() };
        // Times never fall here, and the mark itself is taken when it is made next.
        let _ = self.mark.as_mut().map(|mark| mark.update(time, &update));
    }
}

/// What begins anew since its rules are others: indexes by underlying, marks by instrument.
#[derive(Clone, Debug, Default)]
pub(super) struct Anew {
    pub(super) indexes: Vec<usize>,
    pub(super) marks: Vec<usize>,
}

impl Prices {
    /// From now on they go by another rulebook. What is told, and what has the rules that it had, goes on.
    pub(super) fn go_by(&mut self, before: &Rulebook, after: &Rulebook, now: i64) -> Anew {
        let mut anew = Anew::default();
        let old = std::mem::replace(self, Prices::new(after));
        let rules = before.underlyings().iter().zip(after.underlyings());
        for (at, (was, (old_rules, rules))) in old.underlyings.into_iter().zip(rules).enumerate() {
            let of = &mut self.underlyings[at];
            (of.now, of.told, of.halted) = (was.now, was.told, was.halted);
            let same = (&old_rules.index, &old_rules.sources, &old_rules.rates)
                == (&rules.index, &rules.sources, &rules.rates);
            match was.index {
                Some(index) if same => of.index = Some(index),
                Some(index) => {
                    of.index = Some(Box::new(Index::succeed(rules, &index)));
                    anew.indexes.push(at);
                }
                None => {}
            }
        }
        for (at, was) in old.instruments.into_iter().enumerate() {
            let of = &mut self.instruments[at];
            let made_anew = anew.indexes.contains(&(of.underlying as usize));
            let (mark, funding) = (of.mark.take(), of.funding.clone());
            *of = Instrument { underlying: of.underlying, ..was };
            of.usable = of.price != 0 && of.state.usable(after.instruments()[at].thin_trades);
            if let (Some(mark), Some(known)) = (mark, &mut of.mark)
                && (made_anew || !mark.has_rules_of(known))
            {
                *known = mark;
                anew.marks.push(at);
            }
            if !funding.has_rules_of(&of.funding) {
                let before = std::mem::replace(&mut of.funding, funding);
                of.funding.succeed(now, &before);
            }
        }
        for of in &mut self.instruments[before.instruments().len()..] {
            // A clock that starts has no earlier time to be compared with.
            let _ = of.funding.update(now, &funding::Update::default(), &mut Vec::new());
        }
        let known = old.assets.len();
        self.assets[..known].copy_from_slice(&old.assets);
        anew
    }

    pub(super) fn new(rules: &Rulebook) -> Prices {
        let settlement = rules.venue().settlement;
        let underlyings: Vec<Underlying> = (rules.underlyings().iter().enumerate())
            .map(|(at, underlying)| {
                let follows = |name: &str| rules.underlying_index(name) == Some(at);
                let assets = rules.assets().iter().enumerate().filter(|(asset, _)| *asset != settlement);
                let assets = assets.filter(|(_, asset)| asset.underlying.as_deref().is_some_and(follows));
                let instruments = rules.instruments().iter().enumerate().filter(|(_, of)| follows(&of.underlying));
                Underlying {
                    index: (!underlying.sources.is_empty()).then(|| Box::new(Index::new(underlying))),
                    now: UNTOLD,
                    told: Quorum::default(),
                    halted: false,
                    assets: assets.map(|(asset, _)| asset as u32).collect(),
                    instruments: instruments.map(|(instrument, _)| instrument as u32).collect(),
                }
            })
            .collect();
        let instruments = rules.instruments().iter().map(|instrument| {
            // Every underlying that is named is one of the rulebook's.
            let at = rules.underlying_index(&instrument.underlying).unwrap_or(0);
            let underlying = &rules.underlyings()[at];
            Instrument {
                underlying: at as u32,
                mark: (!underlying.sources.is_empty()).then(|| Box::new(Mark::new(instrument, underlying))),
                funding: Funding::new(instrument, underlying),
                price: 0,
                state: PriceState::Frozen,
                usable: false,
                book_mark: 0,
                book_index: 0,
                outside: None,
                last: 0,
            }
        });
        Prices {
            instruments: instruments.collect(),
            made: underlyings.iter().any(|underlying| underlying.index.is_some()),
            assets: vec![UNTOLD; rules.assets().len()],
            underlyings,
        }
    }
}
