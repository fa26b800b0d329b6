//! Which rows belong to which account: beside each other where the table is in account order, else in an order of its
//! rows that is made when it is first asked for.

use super::kernel::Way;
use super::runs::runs;
use super::snapshot::Holders;
use std::borrow::Cow;
use std::ops::Range;
use std::sync::OnceLock;

/// The rows of a table by account.
#[derive(Debug)]
pub struct Rows<'a> {
    accounts: usize,
    /// How many accounts are named by tables before this one.
    known: usize,
    grouped: By<'a>,
}

#[derive(Debug)]
enum By<'a> {
    /// Where the rows of every account begin, and where those of the last one end.
    Starts(Cow<'a, [u32]>),
    /// The account of every row, and the rows in account order.
    Order { account: &'a [u32], order: OnceLock<Vec<u32>> },
}

/// Where the rows of one account stand.
#[derive(Clone, Debug)]
pub enum Found<'a> {
    /// Beside each other.
    Beside(Range<usize>),
    /// At these places.
    Among(std::slice::Iter<'a, u32>),
}

impl Iterator for Found<'_> {
    type Item = usize;

    #[inline(always)]
    fn next(&mut self) -> Option<usize> {
        match self {
            Found::Beside(range) => range.next(),
            Found::Among(order) => order.next().map(|&row| row as usize),
        }
    }
}

impl<'a> Rows<'a> {
    /// Groups rows by their account; `known` accounts are named by tables before this one.
    pub fn new(account: Holders<'a>, accounts: usize, known: usize) -> Self {
        let grouped = match account {
            Holders::Runs(starts) => By::Starts(starts.into()),
            Holders::Each([]) => By::Starts(Cow::Borrowed(&[])),
            Holders::Each(account) => match runs(account, accounts) {
                Some(runs) => By::Starts(runs.of_accounts().into()),
                None => By::Order { account, order: OnceLock::new() },
            },
        };
        Rows { accounts, known, grouped }
    }

    /// No account of the table is above it.
    pub fn accounts_named(&self) -> usize {
        match &self.grouped {
            By::Starts(starts) => starts.len().saturating_sub(1),
            By::Order { account, .. } => {
                let above = |most: usize, &account: &u32| most.max(account as usize + 1);
                Way::chosen().run(|| account.iter().fold(0, above))
            }
        }
    }

    /// Where the rows of every account begin, and where those of the last one end; none where rows are not in account
    /// order.
    #[inline(always)]
    pub fn starts(&self) -> Option<&[u32]> {
        match &self.grouped {
            By::Starts(starts) => Some(starts),
            By::Order { .. } => None,
        }
    }

    /// The account of every row, where rows are not in account order.
    pub fn in_no_order(&self) -> Option<&'a [u32]> {
        match self.grouped {
            By::Starts(_) => None,
            By::Order { account, .. } => Some(account),
        }
    }

    /// The account of every row that was found for accounts beside each other, counted from the first of them.
    pub fn holders(&self, accounts: Range<usize>, found: &Found<'_>, holders: &mut Vec<u32>) {
        match (&self.grouped, found) {
            (By::Starts(starts), Found::Beside(_)) => {
                holders_of(&starts[accounts.start.min(starts.len())..starts.len().min(accounts.end + 1)], holders);
            }
            (By::Order { account, .. }, found) => {
                holders.clear();
                holders.extend(found.clone().map(|row| account[row] - accounts.start as u32));
            }
            (By::Starts(_), Found::Among(_)) => holders.clear(),
        }
    }

    /// The rows of one account, in table order.
    #[inline(always)]
    pub fn of(&self, account: usize) -> Found<'_> {
        self.of_all(account..account + 1, &mut 0)
    }

    /// The rows of accounts beside each other, account by account, in table order within each. Where the table is not in
    /// account order they are looked for from `near` on if that is not beyond them; then it points to their end.
    #[inline(always)]
    pub fn of_all(&self, accounts: Range<usize>, near: &mut usize) -> Found<'_> {
        match &self.grouped {
            By::Starts(starts) => {
                let start = |account: usize| starts.get(account).or(starts.last()).map_or(0, |&start| start as usize);
                Found::Beside(start(accounts.start)..start(accounts.end))
            }
            By::Order { account, order } => {
                let order = order.get_or_init(|| self.made_order(account));
                let range = within(order.len(), accounts, near, |at| account[order[at] as usize]);
                Found::Among(order[range].iter())
            }
        }
    }

    #[cold]
    fn made_order(&self, account: &[u32]) -> Vec<u32> {
        self.parted(account).unwrap_or_else(|| self.counted(account))
    }

    /// Rows of known accounts before those of new ones, where both ascend: so it is where the table before is in the same
    /// order but lacks some accounts. Looked into only as far as that.
    fn parted(&self, holders: &[u32]) -> Option<Vec<u32>> {
        let (mut parts, mut last) = ([Vec::new(), Vec::new()], [0; 2]);
        for (row, &account) in holders.iter().enumerate() {
            let part = usize::from(account as usize >= self.known);
            if account < last[part] {
                return None;
            }
            last[part] = account;
            parts[part].push(row as u32);
        }
        let [mut order, mut new] = parts;
        order.append(&mut new);
        Some(order)
    }

    /// One counting sort.
    fn counted(&self, holders: &[u32]) -> Vec<u32> {
        let mut next = vec![0; self.accounts];
        for &account in holders {
            next[account as usize] += 1;
        }
        let mut from = 0;
        for count in &mut next {
            from += std::mem::replace(count, from);
        }
        let mut order = vec![0; holders.len()];
        for (row, &account) in holders.iter().enumerate() {
            let next = &mut next[account as usize];
            order[*next as usize] = row as u32;
            *next += 1;
        }
        order
    }
}

/// The account of every row, counted from the first one, by where the rows of each begin and those of the last one end.
pub fn holders_of(starts: &[u32], holders: &mut Vec<u32>) {
    /// So many are written at a time: most accounts have no more rows.
    const AHEAD: usize = 8;
    let [first, .., end] = *starts else { return holders.clear() };
    let rows = (end - first) as usize;
    holders.clear();
    holders.resize(rows + AHEAD, 0);
    for (account, run) in (0..).zip(starts.windows(2)) {
        let [from, to] = [run[0], run[1]].map(|row| (row - first) as usize);
        // What is written beyond the end is written again for the next account.
        for at in (from..to.max(from + 1)).step_by(AHEAD) {
            holders[at..at + AHEAD].fill(account);
        }
    }
    holders.truncate(rows);
}

/// Where accounts beside each other stand among `len` rows in account order.
#[inline(always)]
fn within(len: usize, accounts: Range<usize>, near: &mut usize, account: impl Fn(usize) -> u32) -> Range<usize> {
    let beyond = near.checked_sub(1).is_some_and(|at| account(at) as usize >= accounts.start);
    let from = first_from(len, accounts.start, if beyond { 0 } else { *near }, &account);
    *near = first_from(len, accounts.end, from, &account);
    from..*near
}

/// The first row from `near` on whose account is not below `wanted`: steps that double, then halves.
#[inline(always)]
fn first_from(len: usize, wanted: usize, near: usize, account: &impl Fn(usize) -> u32) -> usize {
    let is_before = |at: usize| (account(at) as usize) < wanted;
    let (mut step, mut low) = (1, near);
    while low + step <= len && is_before(low + step - 1) {
        low += step;
        step *= 2;
    }
    let mut high = len.min(low + step);
    while low < high {
        let middle = low.midpoint(high);
        if is_before(middle) { low = middle + 1 } else { high = middle }
    }
    low
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_by_account_in_table_order() {
        for (account, wanted) in [
            (vec![0, 0, 1, 2], [vec![0, 1], vec![2], vec![3]]),
            (vec![2, 0, 2, 0], [vec![1, 3], vec![], vec![0, 2]]),
            (vec![0, 2, 2, 1, 2], [vec![0], vec![3], vec![1, 2, 4]]),
            (vec![1, 1, 1], [vec![], vec![0, 1, 2], vec![]]),
            (vec![], [vec![], vec![], vec![]]),
        ] {
            let rows = Rows::new(Holders::Each(&account), 3, 2);
            let mut near = 0;
            for (a, wanted) in wanted.iter().enumerate() {
                assert_eq!(&rows.of(a).collect::<Vec<_>>(), wanted);
                assert_eq!(&rows.of_all(a..a + 1, &mut near).collect::<Vec<_>>(), wanted);
            }
        }
    }

    #[test]
    fn rows_are_found_from_any_row_before_them() {
        // Accounts 0, 3, 6 … with 1, 2, 3 … rows, the last row first or in its place.
        let mut account: Vec<u32> = (0..40).flat_map(|n| std::iter::repeat_n(3 * n, n as usize + 1)).collect();
        for turned in [false, true] {
            if turned {
                account.rotate_right(1);
            }
            let rows = Rows::new(Holders::Each(&account), 120, 0);
            assert_eq!(rows.starts().is_none(), turned);
            for a in 0..120 {
                let wanted: Vec<usize> = (0..account.len()).filter(|&row| account[row] as usize == a).collect();
                for mut near in 0..=account.len() {
                    assert_eq!(rows.of_all(a..a + 1, &mut near).collect::<Vec<_>>(), wanted);
                }
            }
        }
    }
}
