//! The cross bucket of an account of the portfolio model: the same walk over balances, positions and orders as in
//! [`crate::margin::value`], with one charge in place of the tiers.

use super::addons::{Components, Exact};
use super::{Exposures, Portfolio, Risk};
use crate::margin::account::{Balance, Position};
use crate::margin::line::{Line, Obstacle, Sink, Subject, Total, line};
use crate::margin::note;
use crate::margin::value::{Held, Run, Sums};
use crate::num::{E8, E16, scaled, times};
use crate::rule::Rule;

/// The charge of an account, as held or with its orders filled where that is worse.
struct Charge {
    risk: Risk,
    components: Components,
    filled: bool,
}

impl Charge {
    fn new(portfolio: &Portfolio, exposures: &mut Exposures, filled: bool) -> Self {
        let risk = portfolio.risk(exposures, filled);
        Charge { risk, components: Exact::of(portfolio, exposures.iter(), filled).components(risk.amount), filled }
    }

    /// A requirement: factor × charge, rounded up to g.
    fn required(&self, factor: i64) -> i128 {
        self.components.required(factor)
    }
}

/// What an account without orders is charged, in g.
#[derive(Clone, Copy, Debug)]
pub struct Required {
    /// Initial margin.
    pub initial: i128,
    /// Maintenance margin.
    pub maintenance: i128,
    /// The row of the worst scenario.
    pub worst: u32,
}

impl Portfolio {
    /// What exposures without orders are charged.
    pub fn required(&self, exposures: &mut Exposures) -> Required {
        let held = Charge::new(self, exposures, false);
        let [initial, maintenance] = [self.im_factor, self.mm_factor].map(|factor| held.required(factor));
        Required { initial, maintenance, worst: held.risk.worst }
    }
}

impl<S: Sink> Run<'_, S> {
    /// The cross bucket but for the orders on isolated positions; the row of its worst scenario, orders left out.
    pub(in crate::margin) fn portfolio(
        &mut self,
        portfolio: &Portfolio,
        sums: &mut Sums,
        exposures: &mut Exposures,
    ) -> u32 {
        portfolio.clear(exposures);
        for balance in self.account.balances {
            self.exposed_balance(portfolio, sums, exposures, balance);
        }
        let mut ordered = false;
        for position in self.account.cross {
            ordered |= self.exposed_position(portfolio, sums, exposures, position);
        }
        let held = Charge::new(portfolio, exposures, false);
        let filled = if ordered { Charge::new(portfolio, exposures, true) } else { Charge { ..held } };
        self.require(portfolio, sums, exposures, [&filled, &held]);
        held.risk.worst
    }

    /// A balance, and the part of its value that moves with an underlying.
    pub(in crate::margin) fn exposed_balance(
        &mut self,
        portfolio: &Portfolio,
        sums: &mut Sums,
        exposures: &mut Exposures,
        balance: &Balance,
    ) {
        let before_e24 = sums.collateral_e24;
        self.balance(sums, balance);
        let terms = &self.terms.assets[balance.asset as usize];
        let counts = balance.amount < 0 || balance.amount > 0 && terms.eligible;
        let Some(underlying) = terms.underlying.filter(|_| counts) else { return };
        if !portfolio.moves(underlying) {
            self.sink.obstacle(Obstacle::AssetScenario(balance.asset));
        }
        exposures.at(underlying).assets_e24 += sums.collateral_e24 - before_e24;
    }

    /// A position and its orders; whether it has any that count.
    pub(in crate::margin) fn exposed_position(
        &mut self,
        portfolio: &Portfolio,
        sums: &mut Sums,
        exposures: &mut Exposures,
        position: &Position,
    ) -> bool {
        let ordered = !self.account.orders_of(position).is_empty();
        let Some(held) = self.hold(sums, position, ordered) else { return false };
        let Held { quantity, mark, notional_e16, fee_e24 } = held;
        if S::KEEPS && position.listed {
            self.position_lines(position, quantity, mark, [0, fee_e24]);
        }
        let underlying = self.terms.instruments[position.instrument as usize].underlying;
        if !portfolio.moves(underlying) {
            if quantity != 0 {
                self.sink.obstacle(Obstacle::PositionScenario(position.instrument, false));
            }
            if ordered {
                self.sink.obstacle(Obstacle::OrderScenario(position.instrument, false));
            }
        }
        if quantity == 0 && !ordered {
            return false;
        }
        let exposure = exposures.at(underlying);
        exposure.hold(times(quantity, mark), notional_e16);
        if !ordered {
            return false;
        }
        let Some(sides) = self.sides(position, mark) else { return false };
        let [bids, asks] = sides.fills(quantity);
        exposure.gross_e16[1] += scaled(bids.max(asks), mark) - notional_e16;
        exposure.orders_e16[0] += scaled(sides.bids.quantity, mark);
        exposure.orders_e16[1] += scaled(sides.asks.quantity, mark);
        let worse = sides.worse(self.account.taker_fee);
        sums.orders_e24 += worse.charge_e24;
        self.order_lines(position, mark, &worse);
        true
    }

    /// Both requirements of the charges with and without orders: each factor × charge rounded up to g.
    fn require(&mut self, portfolio: &Portfolio, sums: &mut Sums, exposures: &Exposures, [filled, held]: [&Charge; 2]) {
        let &Portfolio { im_factor, mm_factor, .. } = portfolio;
        let required_e24 = |charge: &Charge, factor| charge.required(factor) * E16;
        let exact_e24 = |charge: &Charge, factor| scaled(charge.components.total(), factor) * E8;
        let initial_e24 = [filled, held].map(|charge| required_e24(charge, im_factor));
        let maintenance_e24 = required_e24(held, mm_factor);
        sums.held_e24 += initial_e24[1];
        sums.orders_e24 += initial_e24[0] - initial_e24[1];
        sums.maintenance_e24 += maintenance_e24;
        sums.rounded_e24[0] += initial_e24[0] - exact_e24(filled, im_factor);
        sums.rounded_e24[1] += maintenance_e24 - exact_e24(held, mm_factor);
        if S::KEEPS {
            self.charge_lines(portfolio, exposures, filled, Total::InitialMargin, im_factor);
            self.charge_lines(portfolio, exposures, held, Total::MaintenanceMargin, mm_factor);
        }
    }

    /// A line a component, each factor × component.
    fn charge_lines(
        &mut self,
        portfolio: &Portfolio,
        exposures: &Exposures,
        charge: &Charge,
        total: Total,
        factor: i64,
    ) {
        let Components { risk, basis, concentration, .. } = charge.components;
        let note = |amount: i128, what: String| note::component(factor, amount, &what);
        let parts = [
            (Rule::PortfolioRisk, risk, portfolio.risk_note(exposures, &charge.risk, charge.filled)),
            (Rule::PortfolioBasis, basis, portfolio.basis_note(exposures, charge.filled)),
            (Rule::PortfolioConcentration, concentration, portfolio.concentration_note(exposures, charge.filled)),
            (Rule::PortfolioMinimum, charge.components.shortage(), portfolio.minimum_note(exposures, charge.filled)),
        ];
        for (rule, amount, what) in
            parts.into_iter().filter(|(rule, amount, _)| *rule == Rule::PortfolioRisk || *amount != 0)
        {
            self.sink.line(|| Line {
                rate: Some(factor),
                note: note(amount, what),
                ..line(total, rule, Subject::Bucket, scaled(amount, factor) * E8)
            });
        }
    }
}
