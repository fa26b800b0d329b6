//! Sets of accounts: who has a position in an instrument, so that nobody else is asked when it is deleveraged.

/// A bit an account, by its number.
#[derive(Clone, Debug, Default)]
pub struct Accounts(Vec<u64>);

static NONE: Accounts = Accounts(Vec::new());

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

    /// All of them but some, by number.
    pub fn but<'a>(&'a self, others: &'a Accounts) -> impl Iterator<Item = u32> + 'a {
        let others = others.0.iter().copied().chain(std::iter::repeat(0));
        let words = self.0.iter().zip(others).map(|(word, others)| word & !others).enumerate();
        words.flat_map(|(at, word)| {
            let some = |word: u64| Some(word).filter(|word| *word != 0);
            let left = std::iter::successors(some(word), move |word| some(word & (word - 1)));
            left.map(move |word| 64 * at as u32 + word.trailing_zeros())
        })
    }

    /// All of them, by number.
    pub fn all(&self) -> impl Iterator<Item = u32> + '_ {
        self.but(&NONE)
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
        let mut others = Accounts::default();
        others.set(63, true);
        assert_eq!(holders.but(&others).collect::<Vec<_>>(), [0, 200]);
        assert_eq!(others.but(&holders).count(), 0);
    }
}
