//! What one account has: wallets and positions.

use super::cash::Cash;
use crate::margin::account::Position;
use crate::num::round::div_even;
use smallvec::SmallVec;

/// What an account has of one asset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Wallet {
    /// The asset, by the rulebook's index.
    pub asset: u32,
    /// What is there.
    pub cash: Cash,
    /// What of it waits for a withdrawal, in g.
    pub held: i128,
}

/// A position of an account, by its key.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Held {
    /// The instrument.
    pub instrument: u32,
    /// Whether it is the isolated one.
    pub isolated: bool,
    /// Q in g.
    pub quantity: i64,
    /// The leverage that was chosen for it, in g; 0 for none.
    pub leverage: i64,
    /// κ in 10⁻¹⁶.
    pub cost_e16: i128,
    /// What was paid for what is held, in 10⁻¹⁶, settlements left out; for display.
    pub entry_e16: i128,
    /// The margin of an isolated position.
    pub margin: Cash,
}

/// What one account has.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Holdings {
    pub(super) wallets: SmallVec<[Wallet; 2]>,
    pub(super) positions: SmallVec<[Held; 2]>,
}

impl Held {
    /// Whether there is anything to value.
    #[inline(always)]
    pub fn is_something(&self) -> bool {
        self.quantity != 0 || self.cost_e16 != 0 || self.margin != Cash::NONE
    }

    /// As the valuation sees it, without orders. `leverage` is for positions that choose none.
    #[inline(always)]
    pub fn view(&self, leverage: i64) -> Position {
        Position {
            instrument: self.instrument,
            listed: self.is_something(),
            leverage: if self.leverage == 0 { leverage } else { self.leverage },
            quantity: self.quantity.into(),
            cost_e16: self.cost_e16,
            isolated_margin: self.margin.amount(),
            ..Position::default()
        }
    }

    /// Takes a signed base quantity in at a price, both in g.
    #[inline(always)]
    pub(super) fn trade(&mut self, quantity: i64, price: i64) {
        self.take(quantity, i128::from(quantity) * i128::from(price));
    }

    /// Takes a signed base quantity in for what is paid for it, in 10⁻¹⁶.
    #[inline(always)]
    pub(super) fn take(&mut self, quantity: i64, paid_e16: i128) {
        let (before, after) = (self.quantity, self.quantity + quantity);
        self.entry_e16 = match () {
            () if before == 0 || (before < 0) == (quantity < 0) => self.entry_e16 + paid_e16,
            () if after == 0 => 0,
            () if (before < 0) == (after < 0) => shared(self.entry_e16, after, before),
            () => shared(paid_e16, after, quantity),
        };
        self.cost_e16 += paid_e16;
        self.quantity = after;
    }
}

/// The share part/whole of an entry cost, half to even; within the bounds of an account that is exact in two steps.
fn shared(entry_e16: i128, part: i64, whole: i64) -> i128 {
    let whole = i128::from(whole);
    let (each, rest) = (entry_e16 / whole, entry_e16 % whole);
    let more = rest * i128::from(part);
    each * i128::from(part) + if whole < 0 { div_even(-more, -whole) } else { div_even(more, whole) }
}

impl Holdings {
    /// Its wallets.
    pub fn wallets(&self) -> &[Wallet] {
        &self.wallets
    }

    /// Its positions, those that are nothing left too while a leverage is chosen for them.
    pub fn positions(&self) -> &[Held] {
        &self.positions
    }

    /// What it has of an asset, and how much of it is held.
    #[inline(always)]
    pub fn balance(&self, asset: u32) -> (i128, i128) {
        let wallet = self.wallets.iter().find(|wallet| wallet.asset == asset);
        wallet.map_or((0, 0), |wallet| (wallet.cash.amount(), wallet.held))
    }

    /// A position.
    #[inline(always)]
    pub fn position(&self, instrument: u32, isolated: bool) -> Option<&Held> {
        self.positions.iter().find(|held| held.instrument == instrument && held.isolated == isolated)
    }

    #[inline(always)]
    pub(super) fn wallet(&mut self, asset: u32) -> &mut Wallet {
        let at = self.wallets.iter().position(|wallet| wallet.asset == asset).unwrap_or_else(|| {
            self.wallets.push(Wallet { asset, cash: Cash::NONE, held: 0 });
            self.wallets.len() - 1
        });
        &mut self.wallets[at]
    }

    #[inline(always)]
    pub(super) fn key(&mut self, instrument: u32, isolated: bool) -> &mut Held {
        let same = |held: &Held| held.instrument == instrument && held.isolated == isolated;
        let at = self.positions.iter().position(same).unwrap_or_else(|| {
            self.positions.push(Held { instrument, isolated, ..Held::default() });
            self.positions.len() - 1
        });
        &mut self.positions[at]
    }

    /// Whether there is nothing at all.
    pub fn is_empty(&self) -> bool {
        let no_money = self.wallets.iter().all(|wallet| wallet.cash == Cash::NONE && wallet.held == 0);
        no_money && !self.positions.iter().any(Held::is_something)
    }
}
