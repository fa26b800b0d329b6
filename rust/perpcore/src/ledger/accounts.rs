//! Sets of accounts: who has a position in an instrument, so that nobody else is asked when it is deleveraged.

/// A bit an account, by its number.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Vec<u64>);

impl Accounts {
    /// Whether an account is one of them from now on.
    #[inline(always)]
    pub fn set(&mut self, account: u32, holds: bool) {
        let (word, bit) = (account as usize / 64, 1 << (account % 64));
        if self.0.len() <= word {
            self.0.resize(word + 1, 0);
        }
        if holds {
            self.0[word] |= bit;
        } else {
            self.0[word] &= !bit;
        }
    }

    /// Whether an account is one of them.
    pub fn has(&self, account: u32) -> bool {
        self.0.get(account as usize / 64).is_some_and(|word| word & 1 << (account % 64) != 0)
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.0.iter().enumerate().flat_map(|(at, &word)| {
            let some = |word: u64| Some(word).filter(|word| *word != 0);
            let left = std::iter::successors(some(word), move |word| some(word & (word - 1)));
            left.map(move |word| 64 * at as u32 + word.trailing_zeros())
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn they_come_and_go() {
        let mut holders = Accounts::default();
        [0, 63, 64, 200, 63].iter().for_each(|account| holders.set(*account, true));
        assert_eq!(holders.all().collect::<Vec<_>>(), [0, 63, 64, 200]);
        [64, 7].iter().for_each(|account| holders.set(*account, false));
        assert_eq!(holders.all().collect::<Vec<_>>(), [0, 63, 200]);
        assert_eq!([63, 64, 1_000].map(|account| holders.has(account)), [true, false, false]);
    }
}
