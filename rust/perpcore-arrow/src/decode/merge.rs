//! Ids that rise, found by walking along them instead of by hashing.

use super::distinct::{is_below, is_equal};
use perpcore::sweep::runs::Runs;
use std::cmp::Ordering;

/// Text in the order of its bytes.
#[derive(Clone, Copy)]
pub(super) struct Bytes<'a>(pub(super) &'a [u8]);

impl PartialEq for Bytes<'_> {
    #[inline(always)]
    fn eq(&self, other: &Self) -> bool {
        is_equal(self.0, other.0)
    }
}

impl PartialOrd for Bytes<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.0.cmp(other.0))
    }

    #[inline(always)]
    fn lt(&self, other: &Self) -> bool {
        is_below(self.0, other.0)
    }
}

/// The runs of ids that never fall, each with its first row as number; found without a branch a row.
pub(super) fn rising<T: Copy + PartialOrd>(ids: impl ExactSizeIterator<Item = T> + Clone) -> Option<Runs> {
    let mut starts = vec![0; ids.len() + 1];
    let (mut found, mut last, mut rises) = (1, ids.clone().next()?, true);
    for (row, id) in (1..).zip(ids) {
        rises &= last <= id;
        found += usize::from(last != id);
        last = id;
        // The end of a run so far.
        starts[found] = row;
    }
    starts.truncate(found + 1);
    rises.then(|| Runs { numbers: starts[..found].to_vec(), starts })
}

/// What a walk found.
pub(super) struct Merged<T> {
    /// The rows that it took: up to the first that falls, or that has no id.
    pub(super) rows: usize,
    /// The ids that were new, with the row of each; they have the numbers after the known ones.
    pub(super) new: Vec<(usize, T)>,
    /// Whether the known ids with the new ones behind them still rise.
    pub(super) rises: bool,
}

/// Appends the account of every row as long as ids do not fall, where the `known` accounts have ids that rise: a merge
/// of two sorted lists. An id equal to the one before is not looked for.
pub(super) fn merge<T: Copy + PartialOrd>(
    values: impl Iterator<Item = Option<T>>,
    known: usize,
    id: impl Fn(usize) -> T,
    out: &mut Vec<u32>,
) -> Merged<T> {
    let mut merged = Merged { rows: 0, new: Vec::new(), rises: true };
    let (mut near, mut last) = (0, None);
    for value in values {
        let Some(value) = value else { break };
        let account = match last {
            Some((same, account)) if same == value => account,
            Some((before, _)) if value < before => break,
            _ => {
                while near < known && id(near) < value {
                    near += 1;
                }
                if near < known && id(near) == value {
                    near as u32
                } else {
                    merged.rises &= near == known;
                    merged.new.push((merged.rows, value));
                    (known + merged.new.len() - 1) as u32
                }
            }
        };
        last = Some((value, account));
        out.push(account);
        merged.rows += 1;
    }
    merged
}

impl<T> Merged<T> {
    /// Where the new ids were read.
    pub(super) fn places(&self) -> Vec<u32> {
        self.new.iter().map(|&(row, _)| row as u32).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_taken_until_one_falls() {
        let known = [2, 4, 6];
        for (values, accounts, new, rises) in [
            (&[2, 2, 4, 6, 6][..], &[0, 0, 1, 2, 2][..], &[][..], true),
            (&[4, 6, 7, 9], &[1, 2, 3, 4], &[(2, 7), (3, 9)], true),
            (&[1, 2, 3, 3, 7], &[3, 0, 4, 4, 5], &[(0, 1), (2, 3), (4, 7)], false),
            (&[4, 2, 6], &[1], &[], true),
            (&[], &[], &[], true),
        ] {
            let mut out = Vec::new();
            let merged = merge(values.iter().copied().map(Some), known.len(), |at| known[at], &mut out);
            assert_eq!((&out[..], merged.rows, &merged.new[..], merged.rises), (accounts, accounts.len(), new, rises));
        }
        let runs = |ids: &[u64]| rising(ids.iter().copied()).map(|runs| (runs.numbers, runs.starts));
        assert_eq!(runs(&[2, 2, 4, 7, 7]), Some((vec![0, 2, 3], vec![0, 2, 3, 5])));
        assert_eq!([runs(&[2, 1]), runs(&[])], [None, None]);
        let mut out = Vec::new();
        assert_eq!(merge([Some(1), None, Some(2)].into_iter(), 0, |_| 0, &mut out).rows, 1);
    }
}
