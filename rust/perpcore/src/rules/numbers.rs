//! The number of a name: its place in the list that it stands in. Lists are sorted by name, unless a rulebook was
//! [aligned](Rulebook::aligned_to) to an earlier one: what runs holds numbers, and they must go on meaning the same.
//!
//! Numbers mean nothing to the rules: the canonical text, the digest and what is compared or edited do not know them.

use super::section::{Named, index_of};
use super::{Asset, FeeTier, Inner, Instrument, Rulebook, Underlying};
use std::sync::Arc;

/// How the lists of a rulebook are searched by name.
#[derive(Debug, Default)]
pub(super) struct Numbers {
    assets: ByName,
    underlyings: ByName,
    instruments: ByName,
    fees: ByName,
}

/// The numbers of a list in the order of its names; none where the list itself stands in that order.
#[derive(Debug, Default)]
struct ByName(Option<Box<[usize]>>);

impl ByName {
    fn of<S: Named>(list: &[S]) -> ByName {
        if list.is_sorted_by(|one, next| one.name() < next.name()) {
            return ByName(None);
        }
        let mut numbers: Box<[usize]> = (0..list.len()).collect();
        numbers.sort_unstable_by_key(|at| list[*at].name());
        ByName(Some(numbers))
    }

    /// The number of a name.
    fn find<S: Named>(&self, list: &[S], name: &str) -> Option<usize> {
        let Some(numbers) = &self.0 else { return index_of(list, name) };
        let place = numbers.binary_search_by(|at| list[*at].name().cmp(name)).ok()?;
        Some(numbers[place])
    }

    /// All numbers, by name.
    fn all(&self, count: usize) -> impl Iterator<Item = usize> + '_ {
        (0..count).map(|place| self.0.as_ref().map_or(place, |numbers| numbers[place]))
    }
}

/// A list, and how it is searched.
type Searched<'a, S> = (&'a [S], &'a ByName);

/// The entries of a list, those of `before` first and in its order, then the others by name; `None` where one of
/// `before` is missing.
fn aligned<S: Named + Clone>((list, names): Searched<'_, S>, before: Searched<'_, S>) -> Option<(Vec<S>, ByName)> {
    let kept = before.0.iter().map(|old| names.find(list, old.name()));
    let is_new = |at: &usize| before.1.find(before.0, list[*at].name()).is_none();
    let numbers: Vec<usize> = kept.chain(names.all(list.len()).filter(is_new).map(Some)).collect::<Option<_>>()?;
    let list: Vec<S> = numbers.into_iter().map(|at| list[at].clone()).collect();
    let names = ByName::of(&list);
    Some((list, names))
}

impl Rulebook {
    /// The same rules, whose lists begin with the names of `before` in their order: what has a number in `before`
    /// keeps it, and new names follow, sorted. It holds for the assets, the underlyings, the instruments and the fee
    /// tiers. `None` where one of `before` has a name that this rulebook has not.
    ///
    /// ```
    /// use perpcore::rules::{Rulebook, Value};
    /// let before = Rulebook::preset("hk-vatp-perp")?;
    /// let after = before.edit(&[("asset.AAVE.eligible".to_string(), Value::Bool(false))])?;
    /// let aligned = after.aligned_to(&before).expect("after only adds");
    /// assert_ne!(after.asset_index("BTC"), before.asset_index("BTC")); // AAVE comes first by name
    /// assert_eq!(aligned.asset_index("BTC"), before.asset_index("BTC"));
    /// assert_eq!(aligned.asset_index("AAVE"), Some(before.assets().len()));
    /// assert_eq!(aligned.digest(), after.digest());
    /// assert!(before.aligned_to(&after).is_none());
    /// # Ok::<(), perpcore::fault::Failure>(())
    /// ```
    pub fn aligned_to(&self, before: &Rulebook) -> Option<Rulebook> {
        let (assets, by_asset) = aligned(self.searched_assets(), before.searched_assets())?;
        let (underlyings, by_underlying) = aligned(self.searched_underlyings(), before.searched_underlyings())?;
        let (instruments, by_instrument) = aligned(self.searched_instruments(), before.searched_instruments())?;
        let (fees, by_fee) = aligned(self.searched_fees(), before.searched_fees())?;
        let Inner { file, tree, book, lines, digest, .. } = &*self.0;
        let numbers =
            Numbers { assets: by_asset, underlyings: by_underlying, instruments: by_instrument, fees: by_fee };
        let mut book = book.clone();
        (book.assets, book.underlyings, book.instruments, book.venue.fees) = (assets, underlyings, instruments, fees);
        // The one number that a book holds of itself; all else that it holds goes by name.
        book.venue.settlement = numbers.assets.find(&book.assets, &book.venue.settlement_name)?;
        let (file, tree, lines, digest) = (file.clone(), tree.clone(), lines.clone(), digest.clone());
        Some(Rulebook(Arc::new(Inner { file, tree, book, numbers, lines, digest })))
    }

    /// The index of an underlying in [`underlyings`](Rulebook::underlyings).
    pub fn underlying_index(&self, name: &str) -> Option<usize> {
        let (list, names) = self.searched_underlyings();
        names.find(list, name)
    }

    /// The index of an asset in [`assets`](Rulebook::assets).
    pub fn asset_index(&self, name: &str) -> Option<usize> {
        let (list, names) = self.searched_assets();
        names.find(list, name)
    }

    /// The index of an instrument in [`instruments`](Rulebook::instruments).
    pub fn instrument_index(&self, name: &str) -> Option<usize> {
        let (list, names) = self.searched_instruments();
        names.find(list, name)
    }

    /// The index of a fee tier in `venue().fees`.
    pub fn fee_tier_index(&self, name: &str) -> Option<usize> {
        let (list, names) = self.searched_fees();
        names.find(list, name)
    }

    /// The indexes of all assets, by name: what a rule does to one asset after the other it does in this order.
    pub fn assets_by_name(&self) -> impl Iterator<Item = usize> + '_ {
        self.0.numbers.assets.all(self.assets().len())
    }

    fn searched_assets(&self) -> Searched<'_, Asset> {
        (self.assets(), &self.0.numbers.assets)
    }

    fn searched_underlyings(&self) -> Searched<'_, Underlying> {
        (self.underlyings(), &self.0.numbers.underlyings)
    }

    fn searched_instruments(&self) -> Searched<'_, Instrument> {
        (self.instruments(), &self.0.numbers.instruments)
    }

    fn searched_fees(&self) -> Searched<'_, FeeTier> {
        (&self.venue().fees, &self.0.numbers.fees)
    }
}
