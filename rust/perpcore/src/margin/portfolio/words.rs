//! The arithmetic of a portfolio line in words, by underlying. Only for reading: no number is taken from here.

use super::{Exposure, Exposures, Portfolio, Risk};
use crate::margin::note;
use crate::num::ONE;
use crate::rules::Measure;

impl Portfolio {
    /// `correlated:-4: BTC 1,000 × −16 % + ETH −500 × −18 % × 80 %`: the profits and losses of the worst scenario.
    pub(super) fn risk_note(&self, exposures: &Exposures, risk: &Risk, filled: bool) -> String {
        let scenarios = &self.scenarios;
        let row = risk.worst as usize;
        let factor = scenarios.factors.iter().find(|(row, _)| *row == risk.worst).map(|(_, factor)| *factor);
        let part = |exposure: &Exposure, underlying: u32| {
            let moved = scenarios.moves[underlying as usize].as_ref().map_or(0, |column| column[row]);
            let (least, most) = exposure.range(filled);
            let value = if moved < 0 { most } else { least };
            let gains = value != 0 && (value < 0) == (moved < 0);
            let credit = (gains && self.offset_credit != ONE).then_some(self.offset_credit);
            (value != 0 && moved != 0).then(|| note::scenario_part(value, moved, factor, credit))
        };
        let name = &scenarios.names[row];
        let parts = self.parts(exposures, part);
        let name = if parts.is_empty() { name.clone() } else { format!("{name}: {parts}") };
        match self.measure {
            Measure::Worst => name,
            Measure::Shortfall(level) => note::shortfall(level, &name),
        }
    }

    /// `BTC 1,000 × 0.25 % + ETH 100 × 0.25 %`
    pub(super) fn basis_note(&self, exposures: &Exposures, filled: bool) -> String {
        self.parts(exposures, |exposure, underlying| {
            let gross = exposure.gross_e16[usize::from(filled)];
            let rate = self.underlyings[underlying as usize].basis;
            (gross != 0 && rate != 0).then(|| note::share(gross, rate))
        })
    }

    /// `BTC 25,000,000: 0 + 125,000`
    pub(super) fn concentration_note(&self, exposures: &Exposures, filled: bool) -> String {
        self.parts(exposures, |exposure, underlying| {
            let net_e16 = exposure.concentrated_e16(filled);
            let ladder = self.underlyings[underlying as usize].concentration.as_ref().filter(|_| net_e16 != 0)?;
            let slices = ladder.slices(net_e16).map(|(width, step)| width * i128::from(step.maintenance.rate));
            Some(note::slices(net_e16, slices))
        })
    }

    /// `1,100 × 0.5 % less the charge above`
    pub(super) fn minimum_note(&self, exposures: &Exposures, filled: bool) -> String {
        let gross_e16 = exposures.iter().map(|(_, exposure)| exposure.gross_e16[usize::from(filled)]).sum();
        format!("{} less the others", note::share(gross_e16, self.minimum))
    }

    fn parts(&self, exposures: &Exposures, part: impl Fn(&Exposure, u32) -> Option<String>) -> String {
        let mut parts: Vec<_> = exposures.iter().collect();
        parts.sort_unstable_by_key(|(underlying, _)| *underlying);
        let named = parts.iter().filter_map(|(underlying, exposure)| {
            let name = &self.underlyings[*underlying as usize].name;
            Some(format!("{name} {}", part(exposure, *underlying)?))
        });
        named.collect::<Vec<_>>().join(" + ")
    }
}
