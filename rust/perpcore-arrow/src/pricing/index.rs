//! An index behind Arrow tables: quotes in, what it was after each update out.

use super::{Ran, work_off};
use crate::contract;
use crate::decode::{QuoteReader, Quotes};
use crate::encode::{self, IndexRows, written};
use arrow_array::{Array, RecordBatch, StructArray};
use perpcore::fault::{Failure, Fault};
use perpcore::pricing::index::{Index, Value};
use perpcore::sweep::stop::Stop;

/// Works off the quotes of the table `quotes`, in either form; the table `index`.
///
/// # Errors
/// What is wrong with the table, `time_order`; any failure where `stop` ended it; then nothing has changed.
pub fn run(index: &mut Index, batches: &[StructArray], stop: &Stop) -> Result<Ran, Failure> {
    let names = names(index);
    let reader = QuoteReader::new(&names, batches)?;
    let mut next = index.clone();
    let mut rows = IndexRows::with_capacity(batches.iter().map(Array::len).sum());
    let mut quotes = Vec::new();
    // Of a table of a row a quote: the time of the quotes that were gathered, and the row of the first.
    let mut gathered: Option<(i64, usize)> = None;
    let table = &contract::QUOTES;
    let read = |batch, first| reader.read(batch, first, stop);
    let shared_doubles = work_off(table, batches, stop, read, |columns, at, row| {
        match columns {
            Quotes::Wide(wide) => {
                let value = next.update(wide.times[at], wide.quotes(at, &mut quotes))?;
                rows.push((value, reason(&next, &value)));
            }
            Quotes::Long(long) => {
                let time = long.times[at];
                if let Some((before, first)) = gathered.filter(|(before, _)| *before != time) {
                    let value = next.update(before, &quotes).map_err(|fault| in_row(fault, first))?;
                    rows.push((value, reason(&next, &value)));
                    quotes.clear();
                    gathered = None;
                }
                gathered.get_or_insert((time, row));
                quotes.push(long.quote(at));
            }
        }
        Ok(())
    })?;
    if let Some((time, first)) = gathered {
        let value = next.update(time, &quotes).map_err(|fault| fault.at(table.name, "time", first))?;
        rows.push((value, reason(&next, &value)));
    }
    let table = written(&contract::INDEX_OUT, rows.finish(), None)?;
    *index = next;
    Ok(Ran { table, shared_doubles })
}

/// Why it is in its state and which sources are out, where that is not what it was before.
#[inline(always)]
pub fn reason(index: &Index, value: &Value) -> Option<String> {
    (value.state_changed || value.sources_changed).then(|| index.why())
}

/// The table `index.sources`.
///
/// # Errors
/// `internal` where Arrow refuses what was made for it.
pub fn sources(index: &Index) -> Result<RecordBatch, Failure> {
    written(&contract::INDEX_SOURCES_OUT, encode::index_sources(index.sources()), None)
}

/// The names of the sources, which stand at their numbers.
fn names(index: &Index) -> Vec<&str> {
    index.sources().map(|source| source.id).collect()
}

fn in_row(mut fault: Box<Fault>, row: usize) -> Box<Fault> {
    fault.row = Some(row as u64);
    fault
}
