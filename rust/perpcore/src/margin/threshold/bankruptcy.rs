//! `threshold.bankruptcy`: what closing each position of a bucket costs so that all closed so leave net value 0.

use crate::margin::account::{Account, Position};
use crate::margin::line::Discard;
use crate::margin::market::Market;
use crate::margin::sums::Sums;
use crate::margin::terms::Terms;
use crate::margin::value::Run;
use crate::num::ratio::{ratio_down, ratio_up};
use crate::num::{E8, times};

/// A position that is to be closed; its weight is its maintenance margin in the standard model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Closing {
    /// The instrument, by the rulebook's index.
    pub instrument: u32,
    /// Q in g, not 0.
    pub quantity: i64,
    /// M in g.
    pub mark: i64,
    /// The step of prices in g.
    pub tick: i64,
    /// Maintenance margin in 10⁻²⁴.
    pub maintenance_e24: i128,
}

impl Closing {
    /// A position at the prices at hand; none where it is flat, or beyond what can be valued.
    pub fn new(terms: &Terms, market: &Market, position: &Position) -> Option<Closing> {
        let Position { instrument, quantity, .. } = *position;
        let quantity = i64::try_from(quantity).ok().filter(|quantity| *quantity != 0)?;
        let alone = Account { cross: &[], isolated: &[], balances: &[], orders: &[], taker_fee: 0, portfolio: false };
        let (mut sums, mut sink) = (Sums::new(), Discard::default());
        Run::new(terms, market, &alone, &mut sink).position(&mut sums, position, false);
        let mark = market.mark(instrument).price;
        let tick = terms.instruments[instrument as usize].tick;
        Some(Closing { instrument, quantity, mark, tick, maintenance_e24: sums.maintenance_e24 })
    }

    /// |Q|·M in 10⁻¹⁶.
    pub fn notional_e16(&self) -> i128 {
        times(self.quantity.abs(), self.mark)
    }

    /// What a part of it costs of an amount for all, both in 10⁻¹⁶: of less than all on the grid, a long's proceeds up, a
    /// short's cost down.
    pub fn part_e16(&self, amount_e16: i128, closed: i64) -> i128 {
        let whole = i128::from(self.quantity.abs());
        match i128::from(closed) {
            closed if closed == whole => amount_e16,
            closed if self.quantity > 0 => ratio_up(amount_e16, closed, whole * E8) * E8,
            closed => ratio_down(amount_e16, closed, whole * E8) * E8,
        }
    }
}

/// The amount at which one of the positions is closed, in 10⁻¹⁶: |Q|·M ∓ w·net value (long, short), w = MM/ΣMM, or by
/// notional where ΣMM is 0; a long's proceeds up, a short's cost down; at least one tick·|Q|.
pub fn amount_e16(positions: &[Closing], at: usize, net_value: i128) -> i128 {
    let of = &positions[at];
    let weighs = |of: &Closing| of.maintenance_e24;
    let (mut weight, mut all) = (weighs(of), positions.iter().map(weighs).sum::<i128>());
    if all == 0 {
        (weight, all) = (of.notional_e16(), positions.iter().map(Closing::notional_e16).sum());
    }
    let value_e16 = net_value * E8;
    let amount_e16 = match of.quantity > 0 {
        true => of.notional_e16() + ratio_up(-value_e16, weight, all.max(1)),
        false => of.notional_e16() + ratio_down(value_e16, weight, all.max(1)),
    };
    amount_e16.max(times(of.quantity.abs(), of.tick))
}
