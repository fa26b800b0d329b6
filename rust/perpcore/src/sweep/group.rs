//! Which rows belong to which account: found in the table where it is in account order, else in an order of its rows that
//! is made when it is first asked for.

use super::kernel::Way;
use std::ops::Range;
use std::sync::OnceLock;

/// The rows of a table by account.
#[derive(Debug)]
pub struct Rows<'a> {
    account: &'a [u32],
    accounts: usize,
    /// How many accounts are named by tables before this one.
    known: usize,
    ascending: bool,
    /// The rows in account order, where they are not.
    order: OnceLock<Vec<u32>>,
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
    pub fn new(account: &'a [u32], accounts: usize, known: usize) -> Self {
        Rows { account, accounts, known, ascending: ascends(account), order: OnceLock::new() }
    }

    /// Rows that are known to stand in account order.
    pub fn in_order(account: &'a [u32], accounts: usize) -> Self {
        Rows { account, accounts, known: 0, ascending: true, order: OnceLock::new() }
    }

    /// No account of the table is above it.
    pub fn accounts_named(&self) -> usize {
        let largest = if self.ascending { self.account.last() } else { self.account.iter().max() };
        largest.map_or(0, |&account| account as usize + 1)
    }

    /// The rows of one account, in table order.
    #[inline(always)]
    pub fn of(&self, account: usize) -> Found<'_> {
        self.of_all(account..account + 1, &mut 0)
    }

    /// The rows of accounts beside each other, account by account, in table order within each. They are looked for from
    /// `near` on if that is not beyond them; then it points to their end.
    #[inline(always)]
    pub fn of_all(&self, accounts: Range<usize>, near: &mut usize) -> Found<'_> {
        if self.ascending {
            Found::Beside(within(self.account.len(), accounts, near, |at| self.account[at]))
        } else {
            let order = self.order.get_or_init(|| self.made_order());
            let range = within(order.len(), accounts, near, |at| self.account[order[at] as usize]);
            Found::Among(order[range].iter())
        }
    }

    #[cold]
    fn made_order(&self) -> Vec<u32> {
        self.parted().unwrap_or_else(|| self.counted())
    }

    /// Rows of known accounts before those of new ones, where both ascend: so it is where the table before is in the same
    /// order but lacks some accounts.
    fn parted(&self) -> Option<Vec<u32>> {
        let is_known = |account: u32| (account as usize) < self.known;
        let mut next = [0, self.account.iter().map(|&account| usize::from(is_known(account))).sum()];
        let (mut order, mut last, mut ascend) = (vec![0; self.account.len()], [0; 2], true);
        for (row, &account) in self.account.iter().enumerate() {
            let part = usize::from(!is_known(account));
            order[next[part]] = row as u32;
            next[part] += 1;
            ascend &= last[part] <= account;
            last[part] = account;
        }
        ascend.then_some(order)
    }

    /// One counting sort.
    fn counted(&self) -> Vec<u32> {
        let mut next = vec![0; self.accounts];
        for &account in self.account {
            next[account as usize] += 1;
        }
        let mut from = 0;
        for count in &mut next {
            from += std::mem::replace(count, from);
        }
        let mut order = vec![0; self.account.len()];
        for (row, &account) in self.account.iter().enumerate() {
            let next = &mut next[account as usize];
            order[*next as usize] = row as u32;
            *next += 1;
        }
        order
    }
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

/// Whether numbers never fall.
fn ascends(numbers: &[u32]) -> bool {
    // In pieces without an early end, so that each is compared many at a time.
    let pieces = || numbers.chunks(1_024).zip(numbers.get(1..).unwrap_or_default().chunks(1_024));
    Way::chosen()
        .run(|| pieces().all(|(these, next)| these.iter().zip(next).fold(true, |rises, (a, b)| rises & (a <= b))))
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
            let rows = Rows::new(&account, 3, 2);
            let mut near = 0;
            for (a, wanted) in wanted.iter().enumerate() {
                assert_eq!(&rows.of(a).collect::<Vec<_>>(), wanted);
                assert_eq!(&rows.of_all(a..a + 1, &mut near).collect::<Vec<_>>(), wanted);
            }
        }
    }

    #[test]
    fn rows_are_found_from_any_row_before_them() {
        // Accounts 0, 3, 6 … with 1, 2, 3 … rows.
        let account: Vec<u32> = (0..40).flat_map(|n| std::iter::repeat_n(3 * n, n as usize + 1)).collect();
        let rows = Rows::new(&account, 120, 0);
        assert!(rows.ascending);
        for a in 0..120 {
            let wanted: Vec<usize> = (0..account.len()).filter(|&row| account[row] as usize == a).collect();
            let before = account.iter().filter(|&&row| (row as usize) < a).count();
            for mut near in 0..=account.len() {
                assert_eq!(rows.of_all(a..a + 1, &mut near).collect::<Vec<_>>(), wanted);
                assert_eq!(near, before + wanted.len());
            }
        }
    }
}
