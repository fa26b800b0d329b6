//! Runs of equal codes in a column: the accounts of a table that is in account order.

#[cfg(target_arch = "x86_64")]
use super::kernel::{Way, wide};

/// Runs of equal numbers.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Runs {
    /// The number of each run.
    pub numbers: Vec<u32>,
    /// The row with which each run begins, and the end of the last one.
    pub starts: Vec<u32>,
}

/// The runs of codes that never fall. None where a code falls, there are more than `most` runs, or there is no code. Each
/// code is read once.
pub fn runs(codes: &[u32], most: usize) -> Option<Runs> {
    #[cfg(target_arch = "x86_64")]
    if Way::chosen() == Way::Wide {
        return wide::runs(codes, most);
    }
    one_by_one(codes, most)
}

fn one_by_one(codes: &[u32], most: usize) -> Option<Runs> {
    let most = most.min(codes.len());
    // Written at every row, so that no branch is to be guessed: the number of a run, and where it ends so far.
    let mut runs = vec![(0, 0); most + 1];
    let (mut found, mut last, mut rises) = (0_usize, codes.first().copied()?, true);
    for (row, &code) in (1..).zip(codes) {
        rises &= last <= code;
        found += usize::from(code != last);
        last = code;
        // Beyond the most only the last place is spoiled, which is then not used.
        runs[found.min(most)] = (code, row);
    }
    if !rises || found >= most {
        return None;
    }
    runs.truncate(found + 1);
    let starts = std::iter::once(0).chain(runs.iter().map(|&(_, end)| end)).collect();
    Some(Runs { numbers: runs.into_iter().map(|(number, _)| number).collect(), starts })
}

impl Runs {
    /// Appends the number of every row.
    pub fn append_to(&self, out: &mut Vec<u32>) {
        for (&number, run) in self.numbers.iter().zip(self.starts.windows(2)) {
            out.resize(out.len() + (run[1] - run[0]) as usize, number);
        }
    }

    /// Where the rows of every account from 0 on begin, and the end of the last one, where the numbers are accounts that
    /// rise; some may have no rows.
    pub fn of_accounts(self) -> Vec<u32> {
        let Runs { numbers, starts } = self;
        let accounts = numbers.last().map_or(0, |&last| last as usize + 1);
        if accounts == numbers.len() {
            return starts;
        }
        let mut every = Vec::with_capacity(accounts + 1);
        for (&number, &start) in numbers.iter().zip(&starts) {
            every.resize(number as usize + 1, start);
        }
        every.extend(starts.last());
        every
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn runs_of_codes_that_never_fall_are_found_on_every_way() {
        for rows in [1, 2, 15, 16, 17, 31, 32, 33, 200] {
            for step in [1, 2, 3, 7, 16, 300] {
                let mut codes: Vec<u32> = (0..rows).map(|row| row / step * 5 + 3).collect();
                let distinct = (rows - 1) / step + 1;
                let numbers: Vec<u32> = (0..distinct).map(|number| number * 5 + 3).collect();
                let starts: Vec<u32> = (0..=distinct).map(|number| (number * step).min(rows)).collect();
                let wanted = Some(Runs { numbers, starts });
                for find in [runs, one_by_one] {
                    assert_eq!(find(&codes, distinct as usize), wanted);
                    assert_eq!(find(&codes, distinct as usize - 1), None);
                }
                for row in 1..codes.len() {
                    let old = std::mem::replace(&mut codes[row], 2);
                    assert_eq!([runs, one_by_one].map(|find| find(&codes, 1_000)), [None, None]);
                    codes[row] = old;
                }
            }
        }
        assert_eq!(runs(&[], 0), None);
    }

    #[test]
    fn accounts_without_rows_begin_where_the_next_one_does() {
        let every =
            |numbers: &[u32], starts: &[u32]| Runs { numbers: numbers.to_vec(), starts: starts.to_vec() }.of_accounts();
        assert_eq!(every(&[0, 1, 2], &[0, 2, 3, 7]), [0, 2, 3, 7]);
        assert_eq!(every(&[1, 2, 5], &[0, 2, 3, 7]), [0, 0, 2, 3, 3, 3, 7]);
        assert_eq!(every(&[], &[0]), [0]);
    }
}
