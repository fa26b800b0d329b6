//! The whole book: every account valued, its figures written into columns.

use super::gather::Gather;
pub use super::kernel::Way;
use super::kernel::{FEW, Kernel, LANES, Laid, MANY, Out};
use super::pool::{Column, POOL};
use super::snapshot::Grouped;
use super::stop::{STRIDE, Stop};
use super::threads;
use crate::margin::figures::{Figures, MONEY_FIGURES};
use crate::margin::line::Discard;
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::terms::Terms;
use crate::margin::value;

/// The figures of all accounts, a row an account in order of first appearance. A row whose status is
/// [`Status::Unknown`](crate::margin::status::Status::Unknown) has no figures.
#[derive(Debug, Default)]
pub struct AccountColumns {
    /// One column a figure, in the order of [`Figures::money`], in g.
    pub money: [Column; MONEY_FIGURES],
    /// Maintenance margin ÷ equity; NaN where equity ≤ 0.
    pub margin_ratio: Vec<f64>,
    /// The status, by its place in [`Status::ALL`](crate::margin::status::Status::ALL).
    pub status: Vec<i8>,
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

/// How many numbers of eight accounts the rows are added up in at a time, 64 bytes each: they stay in the first cache.
const NUMBERS: usize = 384;

/// Values every account. `threads` is an upper limit; none lets the size of the book decide. The result does not
/// depend on it. None where `stop` ended the work.
pub fn assess(terms: &Terms, market: &Market, data: &Grouped<'_>, threads: Option<usize>, stop: &Stop) -> Option<Book> {
    let accounts = data.snapshot.accounts;
    let threads = threads::worth(accounts, ACCOUNTS_A_THREAD, threads);
    let mut columns = AccountColumns::new(accounts);
    if data.snapshot.settings.portfolio.is_some_and(|portfolio| portfolio.contains(&true)) {
        columns.worst_scenario = vec![NO_SCENARIO; accounts];
    }
    let sweep = Sweep::new(terms, market, data, stop);
    let size = accounts.div_ceil(threads).next_multiple_of(LANES);
    let parts = threads::run(columns.split(size).enumerate(), |(at, out)| sweep.part(at * size, out));
    let mut book = Book { accounts: columns, ..Book::default() };
    for part in parts {
        let Part { isolated, blocked } = part?;
        book.isolated.extend(isolated);
        book.blocked.extend(blocked);
    }
    if !book.isolated.is_sorted_by_key(|bucket| bucket.first_row) {
        book.isolated.sort_unstable_by_key(|bucket| bucket.first_row);
    }
    Some(book)
}

impl AccountColumns {
    /// Columns of some length, without one of scenarios. What stands in them means nothing yet.
    pub(super) fn new(accounts: usize) -> Self {
        AccountColumns {
            money: std::array::from_fn(|_| POOL.column(accounts)),
            margin_ratio: vec![0.0; accounts],
            status: vec![0; accounts],
            worst_scenario: Vec::new(),
        }
    }

    /// Their rows in pieces of one size, to be written.
    pub(super) fn split(&mut self, size: usize) -> impl Iterator<Item = Out<'_>> {
        let size = size.max(1);
        let mut money = self.money.each_mut().map(|column| column.chunks_mut(size));
        let mut worst_scenario = self.worst_scenario.chunks_mut(size);
        let others = self.margin_ratio.chunks_mut(size).zip(self.status.chunks_mut(size));
        others.map(move |(margin_ratio, status)| {
            // All columns but the last are of one length, so each has a chunk wherever one has.
            let money = money.each_mut().map(|chunks| chunks.next().unwrap_or_default());
            Out::new(money, margin_ratio, status, worst_scenario.next().unwrap_or_default())
        })
    }
}

/// What a part of the accounts has beside its columns.
#[derive(Default)]
pub(super) struct Part {
    pub(super) isolated: Vec<IsolatedBucket>,
    pub(super) blocked: Vec<u32>,
}

/// Where one account is laid out for the valuation.
struct Desk<'a> {
    gather: Gather<'a>,
    exposures: Exposures,
}

/// One walk over a book.
pub(super) struct Sweep<'a> {
    terms: &'a Terms,
    market: &'a Market,
    data: &'a Grouped<'a>,
    kernel: Option<Kernel<'a>>,
    stop: &'a Stop,
}

impl<'a> Sweep<'a> {
    /// Made ready for a market.
    pub(super) fn new(terms: &'a Terms, market: &'a Market, data: &'a Grouped<'a>, stop: &'a Stop) -> Self {
        Sweep { terms, market, data, kernel: Kernel::new(terms, market, Way::chosen()), stop }
    }

    /// Values the accounts from `first` on, as many as there are rows to write. None where it was stopped.
    pub(super) fn part(&self, first: usize, mut out: Out<'_>) -> Option<Part> {
        let mut desk = Desk { gather: Gather::new(self.terms), exposures: Exposures::new() };
        let mut part = Part::default();
        let accounts = out.rows();
        let Some(kernel) = &self.kernel else {
            for at in 0..accounts {
                if self.stop.asked_at(at) {
                    return None;
                }
                self.plain(&mut desk, first, at, &mut out, &mut part);
            }
            return Some(part);
        };
        if kernel.has_few_names() {
            self.by_kernel::<FEW>(kernel, &mut desk, first, &mut out, &mut part)?;
        } else {
            self.by_kernel::<MANY>(kernel, &mut desk, first, &mut out, &mut part)?;
        }
        Some(part)
    }

    fn by_kernel<const N: usize>(
        &self,
        kernel: &Kernel<'_>,
        desk: &mut Desk<'_>,
        first: usize,
        out: &mut Out<'_>,
        part: &mut Part,
    ) -> Option<()> {
        let (all, blocks) = (first..first + out.rows(), NUMBERS / N);
        let (mut nets, mut near, size) = (kernel.nets::<N>(blocks), [0; 4], blocks * LANES);
        let mut laid = Laid::new(self.data, all, self.stop)?;
        for piece in laid.pieces() {
            laid.lay(&piece, self.stop)?;
            for from in piece.clone().step_by(size) {
                if (from - first) % STRIDE < size && self.stop.asked() {
                    return None;
                }
                let accounts = from..piece.end.min(from + size);
                kernel.net(&mut nets, (self.data, &laid), accounts.clone(), &mut near);
                for (block, account) in accounts.step_by(LANES).enumerate() {
                    let at = account - first;
                    let mut left = kernel.close(&nets, block, &mut desk.exposures, out, at);
                    while left != 0 {
                        self.plain(desk, first, at + left.trailing_zeros() as usize, out, part);
                        left &= left - 1;
                    }
                }
            }
        }
        Some(())
    }

    /// One account through the valuation.
    #[inline(never)]
    fn plain(&self, desk: &mut Desk<'_>, first: usize, at: usize, out: &mut Out<'_>, part: &mut Part) {
        let account = first + at;
        let (buckets, mut sink) = (part.isolated.len(), Discard::default());
        let Desk { gather, exposures } = desk;
        gather.account(self.data, account, |_, _| false, |_| sink.blocked = true);
        let isolated = &mut part.isolated;
        let figures = value_account(self.terms, self.market, gather, account, exposures, &mut sink, isolated);
        if sink.blocked {
            part.isolated.truncate(buckets);
            part.blocked.push(account as u32);
            out.write_unknown(at);
        } else {
            out.write(at, &figures);
        }
    }
}

/// Values the account that was gathered, adding its isolated buckets to `isolated`.
#[inline(always)]
pub(crate) fn value_account<S: crate::margin::line::Sink>(
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
