//! What must hold after every command, whatever it was.

use super::{HOUSES, House, Ledger};
use crate::word::Word;

impl Ledger {
    /// What does not hold, in words; empty where all does: positions and what was paid for them add up to nothing, and what
    /// all holders have is what came less what went.
    pub fn verify(&self) -> Vec<String> {
        let mut wrong = Vec::new();
        let instruments = self.terms.instruments.len();
        let mut open = vec![(0_i128, 0_i128, 0_i128); instruments];
        let mut have = vec![0_i128; self.outside.len()];
        for (account, holdings) in self.clients.iter().chain([&self.inventory]).enumerate() {
            for wallet in &holdings.wallets {
                have[wallet.asset as usize] += wallet.cash.amount();
                if wallet.held < 0 {
                    wrong.push(format!("account {account}: less than nothing is held of asset {}", wallet.asset));
                }
            }
            for held in &holdings.positions {
                let (quantity, cost_e16, long) = &mut open[held.instrument as usize];
                *quantity += i128::from(held.quantity);
                *cost_e16 += held.cost_e16;
                *long += i128::from(held.quantity.max(0));
                have[self.terms.settlement] += held.margin.amount();
                if !held.isolated && held.margin.amount() != 0 {
                    wrong.push(format!("account {account}: a cross position has margin of its own"));
                }
            }
        }
        for instrument in 0..instruments as u32 {
            let holds = |account: &u32| [false, true].iter().any(|at| self.quantity(*account, instrument, *at) != 0);
            if !self.holders(instrument).all().eq((0..self.clients.len() as u32).filter(holds)) {
                wrong.push(format!("instrument {instrument}: who holds it is not known"));
            }
        }
        for (instrument, (quantity, cost_e16, long)) in open.into_iter().enumerate() {
            let (known, cost_e16) = (self.open_interest[instrument], cost_e16 - self.left_over_e16[instrument]);
            if (quantity, cost_e16, long) != (0, 0, known) {
                let sums = format!("Σ Q = {quantity}, Σ κ = {cost_e16}, long {long} of {known} known");
                wrong.push(format!("instrument {instrument}: {sums}"));
            }
        }
        for (asset, clients) in have.into_iter().enumerate() {
            let houses: i128 = self.house[asset].iter().map(|cash| cash.amount()).sum();
            let (known, outside) = (self.clients_have[asset], self.outside[asset]);
            if clients != known || clients + houses != outside {
                let sums = format!("clients {clients} of {known} known, houses {houses}, from outside {outside}");
                wrong.push(format!("asset {asset}: {sums}"));
            }
        }
        wrong
    }

    /// Everything that a further command could depend on, as numbers.
    pub(crate) fn numbers(&self, mut tell: impl FnMut(&[i128])) {
        for (account, holdings) in self.clients.iter().chain([&self.inventory]).enumerate() {
            let mut wallets: Vec<_> =
                holdings.wallets.iter().filter(|of| of.cash.amount() != 0 || of.held != 0).collect();
            wallets.sort_unstable_by_key(|wallet| wallet.asset);
            tell(&[wallets.len() as i128]);
            for wallet in wallets {
                tell(&[account as i128, wallet.asset.into(), wallet.cash.amount(), wallet.held]);
            }
            let mut positions: Vec<_> = holdings.positions.iter().collect();
            positions.retain(|held| held.is_something() || held.leverage != 0);
            positions.sort_unstable_by_key(|held| (held.instrument, held.isolated));
            tell(&[positions.len() as i128]);
            for held in positions {
                let key = [account as i128, held.instrument.into(), held.isolated.into(), held.quantity.into()];
                tell(&key);
                tell(&[held.leverage.into(), held.cost_e16, held.entry_e16, held.margin.amount()]);
            }
        }
        tell(&self.left_over_e16);
        for (houses, outside) in self.house.iter().zip(&self.outside) {
            let sums: [i128; HOUSES] = std::array::from_fn(|at| houses[at].amount());
            tell(&sums);
            tell(&[*outside]);
        }
    }

    /// What the venue's own accounts have: by asset and name.
    pub fn houses(&self) -> impl Iterator<Item = (u32, &'static str, i128)> + '_ {
        House::ALL.iter().flat_map(move |house| {
            (0..self.house.len() as u32).map(move |asset| (asset, house.text(), self.house(*house, asset)))
        })
    }
}
