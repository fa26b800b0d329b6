//! Where the ids of accounts were first read.

/// A place in the values of a source.
#[derive(Clone, Copy)]
pub(crate) struct Origin {
    pub(crate) source: u32,
    pub(crate) place: u32,
}

/// The origin of every account. Those of the first source come first and mostly are all: of them the place alone is kept,
/// as results need it.
#[derive(Default)]
pub(crate) struct Origins {
    first: Vec<u32>,
    others: Vec<Origin>,
}

impl Origins {
    pub(crate) fn len(&self) -> usize {
        self.first.len() + self.others.len()
    }

    #[inline(always)]
    pub(crate) fn get(&self, account: usize) -> Option<Origin> {
        match self.first.get(account) {
            Some(&place) => Some(Origin { source: 0, place }),
            None => self.others.get(account.wrapping_sub(self.first.len())).copied(),
        }
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = Origin> {
        let first = self.first.iter().map(|&place| Origin { source: 0, place });
        first.chain(self.others.iter().copied())
    }

    /// The places in the first source, where no account came from another.
    pub(crate) fn of_first(&self) -> Option<&[u32]> {
        self.others.is_empty().then_some(&self.first)
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, origin: Origin) {
        if origin.source == 0 && self.others.is_empty() {
            self.first.push(origin.place);
        } else {
            self.others.push(origin);
        }
    }

    /// The same for one source, of which these are the first.
    pub(super) fn extend(&mut self, source: u32, mut places: Vec<u32>) {
        if source == 0 && self.others.is_empty() {
            if self.first.is_empty() {
                self.first = places;
            } else {
                self.first.append(&mut places);
            }
        } else {
            self.others.extend(places.into_iter().map(|place| Origin { source, place }));
        }
    }
}
