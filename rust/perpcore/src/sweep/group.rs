//! Which rows belong to which account: ranges where the table is in account order, else one counting sort.

use std::ops::Range;

/// The rows of a table by account.
#[derive(Debug)]
pub struct Rows {
    /// Where each account's rows begin, and where the last ones end; empty where the table is empty.
    from: Vec<u32>,
    /// The rows in account order; none where they already are.
    order: Option<Vec<u32>>,
}

impl Rows {
    /// Groups rows by their account.
    pub fn new(account: &[u32], accounts: usize) -> Self {
        if account.is_empty() {
            return Rows { from: Vec::new(), order: None };
        }
        let mut from = vec![0; accounts + 1];
        for &a in account {
            from[a as usize + 1] += 1;
        }
        for a in 0..accounts {
            from[a + 1] += from[a];
        }
        let order = (!account.is_sorted()).then(|| {
            let mut next = from.clone();
            let mut order = vec![0; account.len()];
            for (row, &a) in account.iter().enumerate() {
                let at = &mut next[a as usize];
                order[*at as usize] = row as u32;
                *at += 1;
            }
            order
        });
        Rows { from, order }
    }

    /// Where the rows of one account stand, in the table or in its order.
    #[inline(always)]
    fn range(&self, account: usize) -> Range<usize> {
        match self.from.get(account + 1) {
            Some(&to) => self.from[account] as usize..to as usize,
            None => 0..0,
        }
    }

    /// How many rows one account has.
    #[inline(always)]
    pub fn count(&self, account: usize) -> usize {
        self.range(account).len()
    }

    /// Whether any account has more than one row.
    pub fn repeats(&self) -> bool {
        self.from.windows(2).any(|pair| pair[1] - pair[0] > 1)
    }

    /// Hands over the rows of one account.
    #[inline(always)]
    pub fn each(&self, account: usize, mut take: impl FnMut(usize)) {
        match &self.order {
            None => self.range(account).for_each(take),
            Some(order) => order[self.range(account)].iter().for_each(|&row| take(row as usize)),
        }
    }

    /// The rows of one account, in table order.
    pub fn of(&self, account: usize) -> impl Iterator<Item = usize> {
        self.range(account).map(move |at| self.order.as_ref().map_or(at, |order| order[at] as usize))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_come_by_account_in_table_order() {
        for (account, wanted) in [
            (vec![0, 0, 1, 2], [vec![0, 1], vec![2], vec![3]]),
            (vec![2, 0, 2, 0], [vec![1, 3], vec![], vec![0, 2]]),
            (vec![], [vec![], vec![], vec![]]),
        ] {
            let rows = Rows::new(&account, 3);
            for (a, wanted) in wanted.iter().enumerate() {
                assert_eq!(&rows.of(a).collect::<Vec<_>>(), wanted);
            }
        }
    }
}
