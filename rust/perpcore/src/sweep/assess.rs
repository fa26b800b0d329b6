//! The whole book: every account valued, its figures written into columns.

use super::gather::Gather;
use super::kernel::Kernel;
use super::pool::{Column, POOL};
use super::snapshot::Grouped;
use super::stop::Stop;
use crate::margin::figures::{Figures, MONEY_FIGURES};
use crate::margin::line::Discard;
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::margin::value;
use std::thread::available_parallelism;

/// The figures of all accounts, a row an account in order of first appearance. A row whose status is
/// [`Status::Unknown`] has no figures.
#[derive(Debug, Default)]
pub struct AccountColumns {
    /// One column a figure, in the order of [`Figures::money`], in g.
    pub money: [Column; MONEY_FIGURES],
    /// Maintenance margin ÷ equity; NaN where equity ≤ 0.
    pub margin_ratio: Vec<f64>,
    /// The status.
    pub status: Vec<Status>,
    /// The worst status among the isolated buckets.
    pub isolated_status: Vec<Option<Status>>,
    /// The row of the worst scenario, [`NO_SCENARIO`] in the standard model; empty where no account chose another.
    pub worst_scenario: Vec<u32>,
}

/// No scenario: the account is one of the standard model.
pub const NO_SCENARIO: u32 = u32::MAX;

/// One isolated bucket.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct IsolatedBucket {
    /// The account's row in [`AccountColumns`].
    pub account: u32,
    /// The instrument by the rulebook's index.
    pub instrument: u32,
    /// The first row of the key in positions.
    pub first_row: u32,
    /// Base quantity Q in g.
    pub quantity: i128,
    /// Margin posted, in g.
    pub isolated_margin: i128,
    /// Its figures.
    pub figures: Figures,
}

/// A valued book.
#[derive(Debug, Default)]
pub struct Book {
    /// The cross buckets.
    pub accounts: AccountColumns,
    /// The isolated buckets, in order of their first row in positions.
    pub isolated: Vec<IsolatedBucket>,
    /// The accounts that could not be valued, ascending.
    pub blocked: Vec<u32>,
}

/// Below this many accounts a further thread costs more than it brings.
const ACCOUNTS_A_THREAD: usize = 12_500;

/// Values every account. `threads` is an upper limit; none lets the size of the book decide. The result does not
/// depend on it. None where `stop` ended the work.
pub fn assess(terms: &Terms, market: &Market, data: &Grouped<'_>, threads: Option<usize>, stop: &Stop) -> Option<Book> {
    let accounts = data.snapshot.accounts;
    let threads = match accounts / ACCOUNTS_A_THREAD {
        // Asking the system how many processors there are takes longer than a small book.
        0 | 1 => 1,
        most => threads.unwrap_or_else(|| available_parallelism().map_or(1, usize::from)).clamp(1, most),
    };
    let mut columns = AccountColumns {
        money: std::array::from_fn(|_| POOL.column(accounts)),
        margin_ratio: vec![0.0; accounts],
        status: vec![Status::Healthy; accounts],
        isolated_status: vec![None; accounts],
        worst_scenario: Vec::new(),
    };
    if data.snapshot.settings.portfolio.is_some_and(|portfolio| portfolio.contains(&true)) {
        columns.worst_scenario = vec![NO_SCENARIO; accounts];
    }
    let size = accounts.div_ceil(threads);
    let parts: Vec<Option<(Vec<IsolatedBucket>, Vec<u32>)>> = std::thread::scope(|scope| {
        let mut slices = columns.split(size).enumerate();
        let first = slices.next();
        let others: Vec<_> =
            slices.map(|(at, part)| scope.spawn(move || range(terms, market, data, at * size, part, stop))).collect();
        let mut parts: Vec<_> = first.into_iter().map(|(_, part)| range(terms, market, data, 0, part, stop)).collect();
        for other in others {
            parts.push(other.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)));
        }
        parts
    });
    let mut book = Book { accounts: columns, ..Book::default() };
    for part in parts {
        let (isolated, blocked) = part?;
        book.isolated.extend(isolated);
        book.blocked.extend(blocked);
    }
    if !book.isolated.is_sorted_by_key(|bucket| bucket.first_row) {
        book.isolated.sort_unstable_by_key(|bucket| bucket.first_row);
    }
    Some(book)
}

/// The rows of some accounts, to be written.
struct Part<'a> {
    money: [&'a mut [i128]; MONEY_FIGURES],
    margin_ratio: &'a mut [f64],
    status: &'a mut [Status],
    isolated_status: &'a mut [Option<Status>],
    /// Empty where no account chose the portfolio model.
    worst_scenario: &'a mut [u32],
}

impl AccountColumns {
    fn split(&mut self, size: usize) -> impl Iterator<Item = Part<'_>> {
        let size = size.max(1);
        let mut money = self.money.each_mut().map(|column| column.chunks_mut(size));
        let mut worst_scenario = self.worst_scenario.chunks_mut(size);
        let others = self.margin_ratio.chunks_mut(size).zip(self.status.chunks_mut(size));
        others.zip(self.isolated_status.chunks_mut(size)).map(move |((margin_ratio, status), isolated_status)| {
            // All columns but the last are of one length, so each has a chunk wherever one has.
            let money = money.each_mut().map(|chunks| chunks.next().unwrap_or_default());
            let worst_scenario = worst_scenario.next().unwrap_or_default();
            Part { money, margin_ratio, status, isolated_status, worst_scenario }
        })
    }
}

fn range(
    terms: &Terms,
    market: &Market,
    data: &Grouped<'_>,
    first: usize,
    part: Part<'_>,
    stop: &Stop,
) -> Option<(Vec<IsolatedBucket>, Vec<u32>)> {
    let mut gather = Gather::new(terms, data);
    let mut kernel = Kernel::new(terms, market, data);
    let (mut isolated, mut blocked) = (Vec::new(), Vec::new());
    let Part { mut money, margin_ratio, status, isolated_status, worst_scenario } = part;
    let mut exposures = Exposures::new();
    for at in 0..status.len() {
        if stop.asked_at(at) {
            return None;
        }
        let account = first + at;
        let buckets = isolated.len();
        let mut sink = Discard::default();
        let figures = match kernel.as_mut().and_then(|kernel| kernel.sums(account)) {
            Some(sums) => sums.close(terms, true, &mut sink),
            None => {
                gather.account(account, |_, _| false, |_| sink.blocked = true);
                value_account(terms, market, &gather, account, &mut exposures, &mut sink, &mut isolated)
            }
        };
        if sink.blocked {
            isolated.truncate(buckets);
            blocked.push(account as u32);
            status[at] = Status::Unknown;
            money.iter_mut().for_each(|column| column[at] = 0);
            continue;
        }
        for (column, figure) in money.iter_mut().zip(figures.money()) {
            column[at] = figure;
        }
        margin_ratio[at] = figures.margin_ratio();
        status[at] = figures.status;
        isolated_status[at] = isolated[buckets..].iter().map(|bucket| bucket.figures.status).min();
        if let (Some(row), Some(place)) = (figures.worst_scenario, worst_scenario.get_mut(at)) {
            *place = row;
        }
    }
    Some((isolated, blocked))
}

/// Values the account that was gathered, adding its isolated buckets to `isolated`.
#[inline(always)]
pub(super) fn value_account<S: crate::margin::line::Sink>(
    terms: &Terms,
    market: &Market,
    gather: &Gather<'_>,
    account: usize,
    exposures: &mut Exposures,
    sink: &mut S,
    isolated: &mut Vec<IsolatedBucket>,
) -> Figures {
    let view = gather.view();
    value::account(terms, market, &view, exposures, sink, |at, figures| {
        let position = &view.isolated[at];
        isolated.push(IsolatedBucket {
            account: account as u32,
            instrument: position.instrument,
            first_row: gather.first_row(at),
            quantity: position.quantity,
            isolated_margin: position.isolated_margin,
            figures,
        });
    })
}
