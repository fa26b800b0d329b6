//! What an account has in each underlying, exactly: the sums that the portfolio charge is made from.

use super::offset::{Credit, Slopes};
use super::risk::Scratch;
use crate::num::round::even_from_e24;
use crate::num::{ONE, scaled};

/// What an account has in one underlying.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Exposure {
    /// Σ Q·M of its instruments.
    pub net_e16: i128,
    /// Σ|Q|·M as held, and with |Q| of each instrument at the larger fill of its orders.
    pub gross_e16: [i128; 2],
    /// The haircut value of its assets, debts in full.
    pub assets_e24: i128,
    /// Σ bids·M and Σ asks·M.
    pub orders_e16: [i128; 2],
}

impl Exposure {
    /// Adds a position: Q·M and |Q|·M.
    #[inline(always)]
    pub fn hold(&mut self, value_e16: i128, notional_e16: i128) {
        self.net_e16 += value_e16;
        self.gross_e16 = self.gross_e16.map(|gross| gross + notional_e16);
    }

    /// What the underlying is worth to the account, in g.
    pub fn value(&self) -> i128 {
        self.worth(self.net_e16)
    }

    /// The least and the most that it may be worth once orders fill, in g; both as held where they do not count.
    pub fn range(&self, filled: bool) -> (i128, i128) {
        let held = self.value();
        let [bids, asks] = self.orders_e16;
        if !filled || bids == 0 && asks == 0 {
            return (held, held);
        }
        (self.worth(self.net_e16 - asks), self.worth(self.net_e16 + bids))
    }

    fn worth(&self, net_e16: i128) -> i128 {
        even_from_e24(scaled(net_e16, ONE) + self.assets_e24)
    }

    /// What it is worth as held, before its rounding, in 10⁻²⁴.
    pub(super) fn worth_e24(&self) -> i128 {
        scaled(self.net_e16, ONE) + self.assets_e24
    }

    /// |Σ Q·M| of its instruments, the larger of both sides where orders count.
    pub fn concentrated_e16(&self, filled: bool) -> i128 {
        let [bids, asks] = if filled { self.orders_e16 } else { [0, 0] };
        (self.net_e16 + bids).abs().max((self.net_e16 - asks).abs())
    }

    pub(super) fn slopes(&self, credit: &Credit, filled: bool) -> Slopes {
        let (least, most) = self.range(filled);
        credit.slopes(least, most)
    }
}

/// The exposures of one account, and room for the losses of its scenarios: used again from account to account.
#[derive(Clone, Debug, Default)]
pub struct Exposures {
    by_underlying: Vec<Exposure>,
    /// The underlyings that the account has something in, each once.
    touched: Vec<u32>,
    pub(super) scratch: Scratch,
    room: Vec<[u64; 8]>,
}

impl Exposures {
    /// Room for an account.
    pub fn new() -> Self {
        Exposures::default()
    }

    /// Room for a kernel; what stands in it means nothing.
    pub fn room(&mut self) -> &mut Vec<[u64; 8]> {
        &mut self.room
    }

    /// Forgets the account before; there are so many underlyings.
    pub(super) fn clear(&mut self, underlyings: usize) {
        self.by_underlying.resize(underlyings, Exposure::default());
        for underlying in self.touched.drain(..) {
            self.by_underlying[underlying as usize] = Exposure::default();
        }
    }

    /// What the account has in an underlying, to be added to.
    #[inline(always)]
    pub fn at(&mut self, underlying: u32) -> &mut Exposure {
        if !self.touched.contains(&underlying) {
            self.touched.push(underlying);
        }
        &mut self.by_underlying[underlying as usize]
    }

    /// What the account has something in.
    pub fn iter(&self) -> impl Iterator<Item = (u32, Exposure)> {
        self.touched.iter().map(|&underlying| (underlying, self.by_underlying[underlying as usize]))
    }
}
