//! The kernels of the common account: cross positions, balances owned, no orders, no chosen leverage.
//!
//! The rows of eight accounts at a time are added up ([`nets`]), of tables in no order once they are laid out ([`laid`]).
//! Then their buckets are closed: side by side where the processor has AVX-512 ([`wide`]), else one by one ([`base`]).
//! Both make the totals that [`crate::margin::value`] would make, and its text of
//! [`Figures`](crate::margin::figures) turns them into figures, at their width. An account that is not proved to be
//! within the bounds of a kernel is left to the next slower one, in the end to the valuation.
//! What they specialize, and why no bit differs:
//!
//! - `pnl.unrealized`: Σ Q·M − κ is Σ q·(M − entry) over the rows; the sum is exact whatever its order.
//! - `margin.maintenance`, `margin.initial`: the tier of |Q|·M is found by |Q| against ⌊cap / M⌋, since for integers
//!   |Q|·M ≤ cap exactly where |Q| ≤ ⌊cap / M⌋; then the same line, notional × rate + constant.
//! - `collateral.haircut`: the slices of an asset are such lines too, added up to where each begins; beyond the last
//!   one and beyond `account_cap` the rate is 0. `equity.net_value` is a line of one rate. The settlement currency,
//!   price 1 and haircut 0, is added on the grid after the rest was rounded: ⌊a + n⌋ = ⌊a⌋ + n.
//! - The portfolio model, one account at a time: [`base`] fills the exposures that the valuation would, the charge on
//!   them is the same text. A requirement of whole g is added after the rest was rounded.
//! - The portfolio model side by side, where no scenario has a factor or a weight: what each underlying is worth
//!   is |V| and a sign, so that a loss is |V| times a multiple that depends on the sign alone; multiples are raised by
//!   the same for all scenarios, which keeps their order, and what that adds is taken off again
//!   ([`Multiples`](crate::margin::portfolio::multiples::Multiples)). Losses are exact in two limbs, and the first
//!   of the largest is kept, in table order. Of the expected shortfall only losses that can be in the tail are rounded;
//!   the sum of the largest rounded ones does not depend on their order. Basis, concentration and minimum are products of the same sums as theirs
//!   and rounded as they are; the charge and its factors are one text
//!   ([`Components`](crate::margin::portfolio::addons::Components)).
//! - Bounds: what the rows of an account trade and own in absolute terms is added up beside them; every bound of the
//!   valuation follows from these sums. What would pass 64 bits stays at the largest number, beyond every bound.

mod base;
mod laid;
mod legs;
mod nets;
#[cfg(target_arch = "x86_64")]
pub(super) mod wide;

pub(super) use laid::Tables as Laid;
pub(super) use nets::{FEW, MANY, Nets};

use super::snapshot::Grouped;
use crate::margin::figures::{Figures, MONEY_FIGURES};
use crate::margin::market::Market;
use crate::margin::portfolio::Exposures;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::margin::width::Width;
use legs::Legs;
use std::ops::Range;
use std::sync::atomic::{AtomicU8, Ordering};

/// How many accounts are closed at a time.
pub(super) const LANES: usize = 8;

/// Which way the accounts of a book go. The result does not depend on it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Way {
    /// Every account through the valuation.
    Plain,
    /// Common accounts one by one, in 128 and 64 bits.
    Base,
    /// Eight common accounts side by side, by the 52-bit products of AVX-512 IFMA.
    Wide,
}

/// The way that was chosen for this process; 0 as long as none was.
static CHOSEN: AtomicU8 = AtomicU8::new(0);

impl Way {
    /// All ways, the slowest first.
    pub const ALL: [Way; 3] = [Way::Plain, Way::Base, Way::Wide];
    /// Their names, in the same order.
    pub const NAMES: [&'static str; 3] = ["plain", "base", "avx512"];

    /// Its name.
    pub const fn name(self) -> &'static str {
        Self::NAMES[self as usize]
    }

    /// Whether this processor can go it.
    pub fn is_possible(self) -> bool {
        match self {
            Way::Plain | Way::Base => true,
            #[cfg(target_arch = "x86_64")]
            Way::Wide => wide::is_possible(),
            #[cfg(not(target_arch = "x86_64"))]
            Way::Wide => false,
        }
    }

    /// Runs work with the registers of this way: loops that the compiler turns into vectors are compiled for both kinds,
    /// as far as they are inlined into `work`.
    #[inline(always)]
    pub fn run<R>(self, work: impl FnOnce() -> R) -> R {
        #[cfg(target_arch = "x86_64")]
        if self == Way::Wide {
            return wide::run(work);
        }
        work()
    }

    /// The fastest one, as long as no other was chosen.
    pub fn chosen() -> Way {
        let chosen = CHOSEN.load(Ordering::Relaxed);
        let fastest = || Way::ALL.into_iter().rev().find(|way| way.is_possible()).unwrap_or(Way::Plain);
        chosen.checked_sub(1).and_then(|at| Way::ALL.get(usize::from(at)).copied()).unwrap_or_else(fastest)
    }

    /// Chooses for this process: none for the fastest. False, and nothing chosen, where it is not possible.
    pub fn choose(way: Option<Way>) -> bool {
        let possible = way.is_none_or(Way::is_possible);
        if possible {
            CHOSEN.store(way.map_or(0, |way| way as u8 + 1), Ordering::Relaxed);
        }
        possible
    }
}

/// The kernels for one book at one market.
pub(super) struct Kernel<'a> {
    terms: &'a Terms,
    legs: Legs,
    #[cfg(target_arch = "x86_64")]
    wide: Option<wide::Legs>,
    #[cfg(target_arch = "x86_64")]
    portfolio: Option<wide::Portfolio>,
}

/// The rows of some accounts that are to be written; every column has as many.
pub(super) struct Out<'a> {
    money: [&'a mut [i128]; MONEY_FIGURES],
    margin_ratio: &'a mut [f64],
    /// By its place in [`Status::ALL`].
    status: &'a mut [i8],
    /// Empty where no account chose the portfolio model.
    worst_scenario: &'a mut [u32],
}

/// What stands in one row: money, margin ratio and status.
type Figured = ([i128; MONEY_FIGURES], f64, i8);

impl<'a> Out<'a> {
    /// Columns of one length; what one has beyond another is left out.
    pub(super) fn new(
        money: [&'a mut [i128]; MONEY_FIGURES],
        margin_ratio: &'a mut [f64],
        status: &'a mut [i8],
        worst_scenario: &'a mut [u32],
    ) -> Self {
        let shortest = money.iter().map(|column| column.len()).min().unwrap_or(0);
        let rows = shortest.min(margin_ratio.len()).min(status.len());
        Out {
            money: money.map(|column| &mut column[..rows]),
            margin_ratio: &mut margin_ratio[..rows],
            status: &mut status[..rows],
            worst_scenario,
        }
    }

    /// How many rows there are.
    #[inline(always)]
    pub(super) fn rows(&self) -> usize {
        self.status.len()
    }

    /// Says that an account has no figures.
    pub(super) fn write_unknown(&mut self, at: usize) {
        self.money.iter_mut().for_each(|column| column[at] = 0);
        self.margin_ratio[at] = f64::NAN;
        self.status[at] = Status::Unknown as i8;
    }

    /// What stands in the rows of a block from `at` on.
    fn rows_from(&self, at: usize) -> [Figured; LANES] {
        let rows = LANES.min(self.rows() - at);
        std::array::from_fn(|lane| {
            let at = at + lane.min(rows - 1);
            (self.money.each_ref().map(|column| column[at]), self.margin_ratio[at], self.status[at])
        })
    }

    /// Puts back what stood in some rows of a block.
    fn put_back(&mut self, at: usize, lanes: u8, before: &[Figured; LANES]) {
        let rows = LANES.min(self.rows() - at);
        for (lane, (money, ratio, status)) in before.iter().enumerate().take(rows) {
            if lanes >> lane & 1 != 0 {
                self.money.iter_mut().zip(money).for_each(|(column, figure)| column[at + lane] = *figure);
                (self.margin_ratio[at + lane], self.status[at + lane]) = (*ratio, *status);
            }
        }
    }

    /// Writes the figures of one account.
    #[inline(always)]
    pub(super) fn write<W: Width<Status = Status> + Into<i128>>(&mut self, at: usize, figures: &Figures<W>) {
        for (column, figure) in self.money.iter_mut().zip(figures.money()) {
            column[at] = figure.into();
        }
        self.margin_ratio[at] = figures.margin_ratio();
        self.status[at] = figures.status as i8;
        if let (Some(row), Some(place)) = (figures.worst_scenario, self.worst_scenario.get_mut(at)) {
            *place = row;
        }
    }
}

impl<'a> Kernel<'a> {
    /// The kernels, where the book is one for them: not too many names, and not the plain way chosen.
    pub(super) fn new(terms: &'a Terms, market: &Market, way: Way) -> Option<Self> {
        if way == Way::Plain || !Legs::fit(terms) {
            return None;
        }
        let legs = Legs::new(terms, market);
        #[cfg(target_arch = "x86_64")]
        let wide = (way == Way::Wide).then(|| wide::Legs::new(&legs));
        Some(Kernel {
            terms,
            #[cfg(target_arch = "x86_64")]
            portfolio: wide.as_ref().and_then(|wide| wide::Portfolio::new(terms, &legs, wide)),
            #[cfg(target_arch = "x86_64")]
            wide,
            legs,
        })
    }

    /// Whether a block of [`FEW`] numbers is enough.
    pub(super) fn has_few_names(&self) -> bool {
        nets::are_few(&self.legs)
    }

    /// Room for the rows of so many blocks of accounts.
    pub(super) fn nets<const N: usize>(&self, blocks: usize) -> Nets<N> {
        #[cfg(target_arch = "x86_64")]
        let wide = self.wide.is_some();
        #[cfg(not(target_arch = "x86_64"))]
        let wide = false;
        Nets::new(&self.legs, blocks, wide)
    }

    /// Adds up the rows of accounts beside each other, for which there is room, each table looked into from `near` on.
    pub(super) fn net<const N: usize>(
        &self,
        nets: &mut Nets<N>,
        (data, laid): (&Grouped<'_>, &Laid<'_>),
        accounts: Range<usize>,
        near: &mut [usize; 4],
    ) {
        nets.clear();
        nets.add(&self.legs, (data, laid), accounts, near);
    }

    /// Closes the accounts of a block and writes their figures to the rows from `at` on; bits of those it did not take.
    #[inline(always)]
    pub(super) fn close<const N: usize>(
        &self,
        nets: &Nets<N>,
        block: usize,
        exposures: &mut Exposures,
        out: &mut Out<'_>,
        at: usize,
    ) -> u8 {
        let block = nets.block(block);
        let lanes = LANES.min(out.rows() - at);
        let mut left = u8::MAX >> (LANES - lanes);
        #[cfg(target_arch = "x86_64")]
        if let Some(wide) = &self.wide {
            left &= !wide.close(self.terms, &self.legs, block, out, at);
            if let Some(portfolio) = self.portfolio.as_ref().filter(|_| left != 0) {
                left &= !portfolio.close(self.terms, (&self.legs, wide), block, exposures, out, at);
            }
        }
        let mut untaken = 0;
        while left != 0 {
            let lane = left.trailing_zeros() as usize;
            left &= left - 1;
            match base::figures(self.terms, &self.legs, block, lane, exposures) {
                Some(figures) => out.write(at + lane, &figures),
                None => untaken |= 1 << lane,
            }
        }
        untaken
    }
}
