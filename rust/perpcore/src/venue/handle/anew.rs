//! Prices begin anew: all of them after a restart, those whose rules are others with another rulebook. They are frozen until
//! they are told, or agreed on by their sources.

use super::super::Venue;
use super::super::prices::{Anew, Told};
use super::prices::Of;
use crate::message::{Event, PriceState, Refusal};
use crate::monitor::watch::Watch;

/// A price of which nothing is known to be true any more. A halt stays one.
fn frozen(now: Told) -> Told {
    match now.state {
        PriceState::Halted => now,
        _ => Told { state: PriceState::Frozen, ..now },
    }
}

impl Venue {
    /// What was known of prices is not known to be true any more.
    pub(super) fn restart(&mut self, out: &mut Vec<Event>) -> Result<(), Refusal> {
        if cfg!(feature = "without_frozen_restart") {
            return Ok(());
        }
        self.move_prices(out, |venue, out| {
            let time = venue.state.time;
            for at in 0..venue.state.prices.underlyings.len() {
                let of = &mut venue.state.prices.underlyings[at];
                let now = match &mut of.index {
                    Some(index) => match index.restart(time) {
                        Ok(value) => Told { price: value.value.unwrap_or(0), state: value.state },
                        Err(_) => continue,
                    },
                    None => frozen(of.now),
                };
                venue.set_index(at as u32, now, false, out);
            }
            for at in 0..venue.state.prices.assets.len() {
                let before = venue.state.prices.assets[at];
                let now = frozen(before);
                venue.state.prices.assets[at] = now;
                if now.price != 0 {
                    venue.state.market.set_asset(&venue.state.terms, at, now.price, now.state);
                }
                venue.say_price(Of::Asset(at as u32), before, now, false, out);
            }
            for at in 0..venue.books.len() as u32 {
                let of = &venue.state.prices.instruments[at as usize];
                if of.mark.is_some() {
                    venue.make_mark(at as usize, out);
                    continue;
                }
                let now = frozen(Told { price: of.price, state: of.state });
                venue.set_mark(at, now, false, out);
            }
        });
        self.halt_what_trades(out);
        Ok(())
    }

    /// What another rulebook makes otherwise is frozen; nobody is looked at yet.
    pub(super) fn begin_anew(&mut self, anew: &Anew, out: &mut Vec<Event>) {
        let time = self.state.time;
        for &at in &anew.indexes {
            let index = self.state.prices.underlyings[at].index.as_mut();
            // Times never fall here.
            let Some(Ok(value)) = index.map(|index| index.restart(time)) else { continue };
            self.take_over(at as u32, value, out);
        }
        for &at in &anew.marks {
            let of = &self.state.prices.instruments[at];
            let now = frozen(Told { price: of.price, state: of.state });
            self.set_mark(at as u32, now, false, out);
        }
        self.state.watch = Watch::new(&self.state.market);
    }
}
