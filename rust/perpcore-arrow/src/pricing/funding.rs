//! A funding behind Arrow tables: what it is told in, samples and rates out; who pays whom.

use super::{Ran, work_off};
use crate::contract;
use crate::decode::{AccountIds, Null, Source, Told, told};
use crate::encode::{FundingRows, IdColumn, funding_flows, written};
use arrow_array::{RecordBatch, StructArray};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::num::bounds::QUANTITY;
use perpcore::num::text::plain;
use perpcore::pricing::funding::{Funding, Update, payment, rounding};
use perpcore::sweep::stop::Stop;

/// The columns of numbers.
const NUMBERS: [&str; 4] = ["index", "impact_bid", "impact_ask", "mark"];

/// Works off the table `funding_inputs`, row by row; the table `funding`.
///
/// # Errors
/// What is wrong with the table, `time_order`; any failure where `stop` ended it; then nothing has changed.
pub fn run(funding: &mut Funding, batches: &[StructArray], stop: &Stop) -> Result<Ran, Failure> {
    let mut next = funding.clone();
    let (mut slots, mut rows) = (Vec::new(), FundingRows::with_capacity(0));
    let table = &contract::FUNDING_INPUTS;
    let read = |batch, first| told(table, NUMBERS, batch, first, stop);
    let shared_doubles = work_off(table, batches, stop, read, |told, at, _| {
        next.update(told.times[at], &update(told, at), &mut slots)?;
        slots.drain(..).for_each(|slot| rows.push(slot));
        Ok(())
    })?;
    let table = written(&contract::FUNDING_OUT, rows.finish(), None)?;
    *funding = next;
    Ok(Ran { table, shared_doubles })
}

#[inline(always)]
fn update(told: &Told<4>, at: usize) -> Update {
    Update {
        index: told.number(0, at),
        state: told.state(at),
        impact_bid: told.number(1, at),
        impact_ask: told.number(2, at),
        mark: told.number(3, at),
    }
}

/// What a funding costs whom.
pub struct Flows {
    /// The table `funding.flows`.
    pub table: RecordBatch,
    /// What remains, in g; none where the positions do not add up to 0.
    pub rounding: Option<i128>,
    /// Whether a float64 came that two grid values share.
    pub shared_doubles: bool,
}

/// Settles a rate at a mark, both in g, with the positions of the table `funding_positions`.
///
/// # Errors
/// What is wrong with the table, by row; `account_too_large` where a position is beyond what is computed exactly.
pub fn settle(batches: Vec<StructArray>, mark: i64, rate: i64, stop: &Stop) -> Result<Flows, Failure> {
    let table = &contract::FUNDING_POSITIONS;
    let mut source = Source::open(table, batches, false, stop)?;
    let mut ids = AccountIds::new();
    let accounts = ids.of(&mut source)?.view().each();
    let quantities = source.numbers("quantity", Null::Refused)?.unwrap_or_default();
    let mut faults = std::mem::take(&mut ids.faults);
    faults.append(&mut source.faults);
    faults.sort_by_key(|fault| fault.row);
    if let Some(failure) = Failure::of(faults) {
        return Err(failure);
    }
    let (mut sums, mut last) = (vec![0_i128; ids.len()], vec![0; ids.len()]);
    for (row, (&account, &quantity)) in accounts.iter().zip(&*quantities).enumerate() {
        sums[account as usize] += i128::from(quantity);
        last[account as usize] = row;
    }
    let (mut nets, mut payments) = (Vec::with_capacity(sums.len()), Vec::with_capacity(sums.len()));
    for (sum, row) in sums.into_iter().zip(last) {
        let too_large = || Fault::new(Code::AccountTooLarge).at(table.name, "quantity", row).value(plain(sum));
        let net = i64::try_from(sum).ok().filter(|_| QUANTITY.holds(sum)).ok_or_else(too_large)?;
        payments.push(payment(net, mark, rate).map_err(|_| too_large())?);
        nets.push(net);
    }
    let rounding = rounding(nets.iter().copied(), payments.iter().copied());
    let columns = IdColumn::new(&ids).all().map(|ids| funding_flows(ids, &nets, payments));
    Ok(Flows {
        table: written(&contract::FUNDING_FLOWS_OUT, columns, None)?,
        rounding,
        shared_doubles: source.shared_doubles,
    })
}
