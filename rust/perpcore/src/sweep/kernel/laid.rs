//! Rows of tables in no order, laid out in account order, a bucket of accounts at a time.
//!
//! Read where they lie, the rows of one account are as many misses of the cache. So the rows of all accounts are first
//! moved to those of their bucket, in table order, which writes to as many places at a time as there are buckets; then
//! the rows of a bucket, which the second cache holds, are counted and put in account order. Of a large table only some
//! buckets are moved at a time, so that memory stays bounded. Which row of the table a row was is not kept: where that
//! matters, accounts go the other way.

use super::legs::MOST_NAMES;
use crate::num::bounds::{PRICE, QUANTITY};
use crate::sweep::snapshot::{Grouped, Money, Names, Snapshot};
use crate::sweep::stop::{STRIDE, Stop};
use std::ops::Range;

/// So many accounts are a bucket, as a power of two: what they mostly have stays in the second cache.
const BUCKET: u32 = 10;
/// At most so many bytes of a table are moved at a time, and so many for each account and number of a row.
const MOST_MOVED: usize = 6 << 20;
const MOST_MOVED_EACH: usize = 13;

/// Rows of accounts beside each other, in account order.
#[derive(Clone, Copy)]
pub(super) struct Beside<'a, const V: usize> {
    /// Where the rows of each account begin, and where those of the last one end.
    pub(super) starts: &'a [u32],
    /// Instrument or asset of every row of the table.
    pub(super) names: &'a [u8],
    /// Its numbers likewise.
    pub(super) values: [&'a [i64]; V],
}

impl<const V: usize> Beside<'_, V> {
    /// Those of some accounts, as far as there are any.
    pub(super) fn of(self, accounts: Range<usize>) -> Self {
        let starts = &self.starts[accounts.start.min(self.starts.len())..self.starts.len().min(accounts.end + 1)];
        Beside { starts, ..self }
    }

    /// Where the rows of all its accounts are.
    pub(super) fn rows(&self) -> Range<usize> {
        let at = |start: Option<&u32>| start.map_or(0, |&start| start as usize);
        at(self.starts.first())..at(self.starts.last())
    }
}

/// A part of the accounts that is smaller than this part of all is not laid out.
const LEAST_PART: usize = 4;

/// The tables of some accounts that are laid out: positions by quantity and entry price, balances by amount.
pub(in crate::sweep) struct Tables<'a> {
    pub(super) positions: Option<Table<'a, u128, 2>>,
    pub(super) balances: Option<Table<'a, Keyed, 1>>,
    accounts: Range<usize>,
}

impl<'a> Tables<'a> {
    /// Looks which tables of these accounts are to be laid out. None where `stop` ended it.
    pub(in crate::sweep) fn new(data: &Grouped<'a>, accounts: Range<usize>, stop: &Stop) -> Option<Self> {
        let Snapshot { positions, balances, orders, .. } = &data.snapshot;
        // Each time all rows are read: for a small part of the accounts that does not pay. Accounts with orders are left to
        // the valuation, which needs an order of the rows beside what is laid out: together that is too much memory.
        let pays = accounts.len() >= data.snapshot.accounts / LEAST_PART && orders.account.rows() == 0;
        let plain = positions.entry_price.filter(|_| pays && !positions.has_details());
        let positions = match (data.positions.in_no_order(), plain, positions.instrument) {
            (Some(holders), Some(entry_price), Names::Few(names)) => {
                Table::new(holders, names, [positions.quantity, entry_price], &accounts, stop)?
            }
            _ => None,
        };
        let balances = match (data.balances.in_no_order(), balances.amount, balances.asset) {
            (Some(holders), Money::Narrow(amounts), Names::Few(names)) if pays => {
                Table::new(holders, names, [amounts], &accounts, stop)?
            }
            _ => None,
        };
        Some(Tables { positions, balances, accounts })
    }

    /// The accounts in pieces that can be laid out at a time.
    pub(in crate::sweep) fn pieces(&self) -> impl Iterator<Item = Range<usize>> + use<> {
        let Range { start, end } = self.accounts;
        let all = self.positions.is_none() && self.balances.is_none();
        let size = if all { end.saturating_sub(start).max(1) } else { 1 << BUCKET };
        (start..end).step_by(size).map(move |from| from..end.min(from + size))
    }

    /// Lays out the rows of such a piece; the pieces come in order. None where `stop` ended it.
    pub(in crate::sweep) fn lay(&mut self, piece: &Range<usize>, stop: &Stop) -> Option<()> {
        let bucket = (piece.start - self.accounts.start) >> BUCKET;
        if let Some(positions) = &mut self.positions {
            positions.lay(bucket, stop)?;
        }
        if let Some(balances) = &mut self.balances {
            balances.lay(bucket, stop)?;
        }
        Some(())
    }
}

/// A row that was moved to those of its bucket, small, since all that is moved is written and read once more.
pub(super) trait Moved<const V: usize>: Copy {
    const NONE: Self;

    /// A row with its key: the account within the bucket, and the name in the lowest bits.
    fn new(key: u32, values: [i64; V]) -> Self;

    fn key(self) -> u32;

    fn values(self) -> [i64; V];
}

/// Bits of a name: there are at most [`MOST_NAMES`].
const NAME: u32 = 6;
/// Bits of a key, of an entry price, and of a quantity with its sign.
const KEY: u32 = BUCKET + NAME;
const ENTRY: u32 = 54;
const SIZE: u32 = 128 - KEY - ENTRY;
const _: () = assert!(MOST_NAMES <= 1 << NAME && PRICE.max < 1 << ENTRY && QUANTITY.max < 1 << (SIZE - 1));

/// From the lowest bits: key, entry price, quantity.
impl Moved<2> for u128 {
    const NONE: Self = 0;

    #[inline(always)]
    fn new(key: u32, [quantity, entry]: [i64; 2]) -> Self {
        // What is beyond its bound, as in a row that was refused, stays so.
        let quantity = quantity.clamp(-(1 << (SIZE - 1)), (1 << (SIZE - 1)) - 1);
        let entry = (entry as u64).min((1 << ENTRY) - 1);
        (quantity as u128) << (KEY + ENTRY) | u128::from(entry) << KEY | u128::from(key)
    }

    #[inline(always)]
    fn key(self) -> u32 {
        self as u32 & ((1 << KEY) - 1)
    }

    #[inline(always)]
    fn values(self) -> [i64; 2] {
        [(self as i128 >> (KEY + ENTRY)) as i64, (self >> KEY) as i64 & ((1 << ENTRY) - 1)]
    }
}

/// A key and a number.
#[derive(Clone, Copy)]
#[repr(C, packed(4))]
pub(super) struct Keyed(u32, i64);

impl Moved<1> for Keyed {
    const NONE: Self = Keyed(0, 0);

    #[inline(always)]
    fn new(key: u32, [value]: [i64; 1]) -> Self {
        Keyed(key, value)
    }

    #[inline(always)]
    fn key(self) -> u32 {
        self.0
    }

    #[inline(always)]
    fn values(self) -> [i64; 1] {
        [self.1]
    }
}

/// A table, of which one bucket is laid out.
pub(super) struct Table<'a, M, const V: usize> {
    holders: &'a [u32],
    names: &'a [u8],
    values: [&'a [i64]; V],
    /// The first account of the first bucket.
    first: usize,
    /// How many rows each bucket has.
    counts: Vec<u32>,
    /// At most so many rows are moved at a time.
    most: usize,
    /// The buckets whose rows are moved, where those of each end, and the rows.
    buckets: Range<usize>,
    ends: Vec<u32>,
    moved: Vec<M>,
    /// The first account of the bucket that is laid out, and its rows.
    account: usize,
    starts: Vec<u32>,
    laid_names: Vec<u8>,
    laid_values: [Vec<i64>; V],
}

impl<'a, M: Moved<V>, const V: usize> Table<'a, M, V> {
    /// A table, of which nothing is laid out yet. None where `stop` ended it; none within where a bucket has too many rows.
    fn new(
        holders: &'a [u32],
        names: &'a [u8],
        values: [&'a [i64]; V],
        accounts: &Range<usize>,
        stop: &Stop,
    ) -> Option<Option<Self>> {
        let buckets = accounts.len().div_ceil(1 << BUCKET);
        let mut counts = vec![0; buckets + 1];
        for holders in holders.chunks(STRIDE) {
            if stop.asked() {
                return None;
            }
            for &holder in holders {
                counts[bucket(holder, accounts.start).min(buckets)] += 1;
            }
        }
        counts.truncate(buckets);
        let rows: usize = counts.iter().map(|&count| count as usize).sum();
        let largest = counts.iter().max().map_or(0, |&count| count as usize);
        let most = (MOST_MOVED + MOST_MOVED_EACH * V * accounts.len()) / size_of::<M>();
        let most = most_moved(rows, most, largest);
        let rows = holders.len();
        Some((largest <= most).then(|| Table {
            holders,
            names: &names[..rows],
            values: values.map(|values| &values[..rows]),
            first: accounts.start,
            counts,
            most,
            buckets: 0..0,
            ends: Vec::new(),
            moved: Vec::new(),
            account: accounts.start,
            starts: Vec::new(),
            laid_names: Vec::new(),
            laid_values: std::array::from_fn(|_| Vec::new()),
        }))
    }

    /// The rows of some accounts of the bucket that is laid out.
    pub(super) fn of(&self, accounts: &Range<usize>) -> Beside<'_, V> {
        let values = self.laid_values.each_ref().map(Vec::as_slice);
        let all = Beside { starts: &self.starts, names: &self.laid_names, values };
        all.of(accounts.start - self.account..accounts.end - self.account)
    }

    fn lay(&mut self, bucket: usize, stop: &Stop) -> Option<()> {
        if !self.buckets.contains(&bucket) {
            self.move_from(bucket, stop)?;
        }
        let at = bucket - self.buckets.start;
        let rows = &self.moved[at.checked_sub(1).map_or(0, |at| self.ends[at] as usize)..self.ends[at] as usize];
        self.account = self.first + (bucket << BUCKET);
        // Counted one place further on, and written up from there, the starts are then where they belong.
        self.starts.clear();
        self.starts.resize((1 << BUCKET) + 2, 0);
        for row in rows {
            let count = &mut self.starts[(row.key() >> NAME) as usize + 2];
            *count = count.wrapping_add(1);
        }
        let mut sum = 0;
        self.starts.iter_mut().for_each(|start| {
            sum += *start;
            *start = sum;
        });
        self.laid_names.resize(rows.len(), 0);
        self.laid_values.iter_mut().for_each(|values| values.resize(rows.len(), 0));
        let (starts, names) = (&mut self.starts[1..], &mut self.laid_names[..rows.len()]);
        let mut values = self.laid_values.each_mut().map(|values| &mut values[..rows.len()]);
        for row in rows {
            let start = &mut starts[(row.key() >> NAME) as usize];
            let place = *start as usize;
            *start = start.wrapping_add(1);
            names[place] = row.key() as u8 % (1 << NAME);
            values.iter_mut().zip(row.values()).for_each(|(values, number)| values[place] = number);
        }
        self.starts.truncate((1 << BUCKET) + 1);
        Some(())
    }

    /// Moves the rows of as many buckets as are moved at a time.
    fn move_from(&mut self, from: usize, stop: &Stop) -> Option<()> {
        let mut rows = 0;
        let fits = |count: &&u32| {
            rows += **count as usize;
            rows <= self.most
        };
        let buckets = self.counts[from..].iter().take_while(fits).count();
        let counts = &self.counts[from..from + buckets];
        let mut next: Vec<u32> = Vec::with_capacity(buckets);
        let mut end = 0;
        for count in counts {
            next.push(end);
            end += count;
        }
        self.moved.reserve_exact(self.most.saturating_sub(self.moved.len()));
        self.moved.resize(end as usize, M::NONE);
        let moved = &mut self.moved[..end as usize];
        let first = self.first + (from << BUCKET);
        let (all, accounts) = (end as usize == self.holders.len(), buckets << BUCKET);
        let mut chosen: [u32; STRIDE] = std::array::from_fn(|row| row as u32);
        for chunk in (0..self.holders.len()).step_by(STRIDE) {
            if stop.asked() {
                return None;
            }
            let chunk = chunk..self.holders.len().min(chunk + STRIDE);
            let (holders, names) = (&self.holders[chunk.clone()], &self.names[chunk.clone()]);
            let values = self.values.map(|values| &values[chunk.clone()]);
            let mut count = holders.len();
            if !all {
                // Chosen before they are read, so that no branch is to be guessed.
                count = 0;
                for (row, holder) in (0..).zip(holders) {
                    chosen[count % STRIDE] = row;
                    count += usize::from((holder.wrapping_sub(first as u32) as usize) < accounts);
                }
            }
            for &row in &chosen[..count] {
                let row = row as usize;
                let account = holders[row].wrapping_sub(first as u32);
                let next = &mut next[(account >> BUCKET) as usize];
                let key = (account & ((1 << BUCKET) - 1)) << NAME | (u32::from(names[row]) & ((1 << NAME) - 1));
                moved[*next as usize] = M::new(key, values.map(|values| values[row]));
                *next = next.wrapping_add(1);
            }
        }
        self.ends = next;
        self.buckets = from..from + buckets;
        Some(())
    }
}

/// The bucket of an account, from the one of `first` on; a large one where it is before that.
#[inline(always)]
fn bucket(account: u32, first: usize) -> usize {
    (account.wrapping_sub(first as u32) >> BUCKET) as usize
}

/// How many rows are moved at a time: all of them in as few times as `most` allows, about as many each time. Buckets are
/// moved whole.
fn most_moved(rows: usize, most: usize, largest: usize) -> usize {
    most.min(rows.div_ceil(rows.div_ceil(most).max(1)) + largest)
}

#[cfg(test)]
mod tests;
