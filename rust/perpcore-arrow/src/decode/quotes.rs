//! The table `quotes`: a row a quote, or a row an update with a column a source.

use super::feed::{NOTHING, OFF_GRID, Odd};
use super::named::{NamedColumn, named_columns, rename, renamed};
use super::number::Null;
use super::view::{Read, Source};
use crate::contract::{QUOTE, QUOTES, WIDE_QUOTES};
use arrow_array::StructArray;
use arrow_buffer::ScalarBuffer;
use perpcore::fault::{Code, Failure};
use perpcore::pricing::index::{Out, Quote};
use perpcore::sweep::stop::Stop;

/// A source that the rulebook does not name.
const STRANGER: u32 = u32::MAX - 1;

/// How a table of quotes is read, for sources of these names, which stand at their numbers.
pub(crate) struct QuoteReader<'a> {
    names: &'a [&'a str],
    /// The columns of sources; none in a table of a row a quote.
    columns: Option<Vec<NamedColumn>>,
}

/// Some rows of quotes.
pub(crate) enum Quotes {
    /// A row a quote.
    Long(Long),
    /// A row an update.
    Wide(Wide),
}

/// A row a quote.
pub(crate) struct Long {
    pub(crate) times: ScalarBuffer<i64>,
    sources: Vec<u32>,
    prices: ScalarBuffer<i64>,
    sent: Option<ScalarBuffer<i64>>,
    /// Which rows have no stamp; none where all have one.
    unsent: Option<Vec<bool>>,
}

/// A column a source.
pub(crate) struct Wide {
    pub(crate) times: ScalarBuffer<i64>,
    prices: Vec<(usize, ScalarBuffer<i64>)>,
}

impl<'a> QuoteReader<'a> {
    /// Finds the form of a table, and its columns.
    ///
    /// # Errors
    /// `unknown_column`, `duplicate_column`, `wrong_type`.
    pub(crate) fn new(names: &'a [&'a str], batches: &[StructArray]) -> Result<Self, Failure> {
        let fields = batches.first().map_or(&[][..], |batch| &**batch.fields());
        let is_long = |name: &str| {
            QUOTES.place(name).is_some_and(|(at, _)| ["source", "price"].contains(&QUOTES.columns[at].name))
        };
        if fields.iter().any(|field| is_long(field.name())) {
            return Ok(QuoteReader { names, columns: None });
        }
        Ok(QuoteReader { names, columns: Some(named_columns(&WIDE_QUOTES, names, batches, false)?) })
    }

    /// Reads some rows, the first of which is this one of the table.
    ///
    /// # Errors
    /// What makes it not one of its schema.
    pub(crate) fn read(&self, batch: StructArray, first: usize, stop: &Stop) -> Result<Read<Quotes>, Failure> {
        match &self.columns {
            None => self.long(batch, first, stop),
            Some(columns) => self.wide(columns, batch, first, stop),
        }
    }

    fn long(&self, batch: StructArray, first: usize, stop: &Stop) -> Result<Read<Quotes>, Failure> {
        let mut source = Source::open(&QUOTES, vec![batch], false, stop)?.at_row(first);
        let times = source.times("time", Null::Refused)?.unwrap_or_default();
        let place = |name: &str| self.names.iter().position(|known| *known == name).map_or(STRANGER, |at| at as u32);
        let sources = source.lookup("source", Code::OutOfRange, None, |name| Some(place(name)))?.unwrap_or_default();
        let prices = source.feed("price", Null::Refused, Odd::Said)?.unwrap_or_default();
        let sent = source.stamps("sent")?;
        let unsent = if sent.is_some() { source.missing("sent") } else { None };
        Ok(source.read(Quotes::Long(Long { times, sources, prices, sent, unsent })))
    }

    fn wide(
        &self,
        columns: &[NamedColumn],
        batch: StructArray,
        first: usize,
        stop: &Stop,
    ) -> Result<Read<Quotes>, Failure> {
        let mut prices = Vec::with_capacity(columns.len());
        let (mut faults, mut shared_doubles) = (Vec::new(), false);
        for column in columns {
            let name = self.names[column.place];
            let mut source = Source::open(&QUOTE, vec![column.alone(&batch, &QUOTE)], false, stop)?.at_row(first);
            let values = source.feed(QUOTE.columns[0].name, Null::Zero, Odd::Said);
            prices.push((column.place, values.map_err(|failure| renamed(&failure, name))?.unwrap_or_default()));
            faults.extend(source.faults.into_iter().map(|fault| rename(fault, name)));
            shared_doubles |= source.shared_doubles;
        }
        let mut source = Source::open(&WIDE_QUOTES, vec![batch], true, stop)?.at_row(first);
        let times = source.times("time", Null::Refused)?.unwrap_or_default();
        source.faults.append(&mut faults);
        source.shared_doubles |= shared_doubles;
        Ok(source.read(Quotes::Wide(Wide { times, prices })))
    }
}

impl Long {
    /// The quote of a row.
    #[inline(always)]
    pub(crate) fn quote(&self, row: usize) -> Quote {
        let stamped = self.sent.as_ref().filter(|_| !self.unsent.as_ref().is_some_and(|unsent| unsent[row]));
        let sent = stamped.map_or(self.times[row], |sent| sent[row]);
        Quote { source: self.sources[row] as usize, price: price(self.prices[row]), sent }
    }
}

impl Wide {
    /// The quotes of a row; `quotes` is scratch.
    #[inline(always)]
    pub(crate) fn quotes<'a>(&self, row: usize, quotes: &'a mut Vec<Quote>) -> &'a [Quote] {
        let sent = self.times[row];
        quotes.resize(self.prices.len(), Quote { source: 0, price: Ok(0), sent: 0 });
        let mut count = 0;
        // Each is written, and the next one over it where it says nothing: no branch is to be guessed.
        for (source, prices) in &self.prices {
            let said = prices[row];
            quotes[count] = Quote { source: *source, price: price(said), sent };
            count += usize::from(said != NOTHING);
        }
        &quotes[..count]
    }
}

/// What was said, as a quote has it.
#[inline(always)]
pub fn price(said: i64) -> Result<i64, Out> {
    if said == OFF_GRID { Err(Out::OffGrid) } else { Ok(said) }
}
