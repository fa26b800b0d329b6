//! Which rows belong to which account: found in place where the table is in account order, else by one counting sort,
//! made when it is first asked for.

use std::ops::Range;
use std::sync::OnceLock;

/// The rows of a table by account.
#[derive(Debug)]
pub struct Rows<'a> {
    account: &'a [u32],
    accounts: usize,
    ascending: bool,
    sorted: OnceLock<Sorted>,
}

/// The rows of a table that is not in account order.
#[derive(Debug)]
struct Sorted {
    /// Where each account's rows begin in `order`, and where the last ones end.
    from: Vec<u32>,
    /// The rows in account order.
    order: Vec<u32>,
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
    /// Groups rows by their account.
    pub fn new(account: &'a [u32], accounts: usize) -> Self {
        Rows { account, accounts, ascending: ascends(account), sorted: OnceLock::new() }
    }

    /// Whether the table is in account order.
    pub fn are_ascending(&self) -> bool {
        self.ascending
    }

    /// The rows of one account, in table order.
    #[inline(always)]
    pub fn of(&self, account: usize) -> Found<'_> {
        self.of_near(account, &mut 0)
    }

    /// The same, looked for from `near` on if that is not beyond them; then it points to their end.
    #[inline(always)]
    pub fn of_near(&self, account: usize, near: &mut usize) -> Found<'_> {
        if self.ascending {
            let range = self.within(account..account + 1, near);
            return Found::Beside(range);
        }
        let Sorted { from, order } = self.sorted.get_or_init(|| Sorted::new(self.account, self.accounts));
        Found::Among(order[from[account] as usize..from[account + 1] as usize].iter())
    }

    /// The rows of accounts beside each other in a table in account order, looked for as in [`Rows::of_near`].
    #[inline(always)]
    pub fn within(&self, accounts: Range<usize>, near: &mut usize) -> Range<usize> {
        let beyond = near.checked_sub(1).is_some_and(|row| self.account[row] as usize >= accounts.start);
        let from = self.first_from(accounts.start, if beyond { 0 } else { *near });
        *near = self.first_from(accounts.end, from);
        from..*near
    }

    /// The rows of accounts beside each other, or of all accounts where the table is not in account order.
    pub fn of_all(&self, accounts: Range<usize>, near: &mut usize) -> Range<usize> {
        if self.ascending { self.within(accounts, near) } else { 0..self.account.len() }
    }

    /// The first row from `near` on whose account is not below `account`: steps that double, then halves.
    #[inline(always)]
    fn first_from(&self, account: usize, near: usize) -> usize {
        let rows = &self.account[near.min(self.account.len())..];
        let is_before = |row: usize| (rows[row] as usize) < account;
        let (mut step, mut before) = (1, 0);
        while before + step <= rows.len() && is_before(before + step - 1) {
            before += step;
            step *= 2;
        }
        let end = rows.len().min(before + step);
        near + before + rows[before..end].partition_point(|&row| (row as usize) < account)
    }
}

impl Sorted {
    fn new(account: &[u32], accounts: usize) -> Self {
        let mut from = vec![0; accounts + 1];
        for &a in account {
            from[a as usize + 1] += 1;
        }
        for a in 0..accounts {
            from[a + 1] += from[a];
        }
        let mut next = from.clone();
        let mut order = vec![0; account.len()];
        for (row, &a) in account.iter().enumerate() {
            let at = &mut next[a as usize];
            order[*at as usize] = row as u32;
            *at += 1;
        }
        Sorted { from, order }
    }
}

/// Whether numbers never fall.
pub fn ascends(numbers: &[u32]) -> bool {
    // In pieces without an early end, so that each is compared many at a time.
    let pieces = numbers.chunks(1_024).zip(numbers.get(1..).unwrap_or_default().chunks(1_024));
    pieces.map(|(these, next)| these.iter().zip(next).fold(true, |rises, (a, b)| rises & (a <= b))).all(|rises| rises)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_by_account_in_table_order() {
        for (account, wanted) in [
            (vec![0, 0, 1, 2], [vec![0, 1], vec![2], vec![3]]),
            (vec![2, 0, 2, 0], [vec![1, 3], vec![], vec![0, 2]]),
            (vec![1, 1, 1], [vec![], vec![0, 1, 2], vec![]]),
            (vec![], [vec![], vec![], vec![]]),
        ] {
            let rows = Rows::new(&account, 3);
            let mut near = 0;
            for (a, wanted) in wanted.iter().enumerate() {
                assert_eq!(&rows.of(a).collect::<Vec<_>>(), wanted);
                assert_eq!(&rows.of_near(a, &mut near).collect::<Vec<_>>(), wanted);
            }
        }
    }

    #[test]
    fn rows_are_found_from_any_row_before_them() {
        // Accounts 0, 3, 6 … with 1, 2, 3 … rows.
        let account: Vec<u32> = (0..40).flat_map(|n| std::iter::repeat_n(3 * n, n as usize + 1)).collect();
        let rows = Rows::new(&account, 120);
        assert!(rows.are_ascending());
        for a in 0..120 {
            let wanted: Vec<usize> = (0..account.len()).filter(|&row| account[row] as usize == a).collect();
            let before = account.iter().filter(|&&row| (row as usize) < a).count();
            for mut near in 0..=account.len() {
                assert_eq!(rows.of_near(a, &mut near).collect::<Vec<_>>(), wanted);
                assert_eq!(near, before + wanted.len());
            }
        }
    }
}
