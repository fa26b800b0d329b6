//! How far prices may move before the status of an account can change: a bound that is proved, not a second rule.
//!
//! Let every price that a bucket depends on be multiplied by a factor from 1/(1 + δ) to 1 + δ, δ ≤ 1. Then it changes by
//! at most δ times itself, and
//!
//! - net value and equity change by at most δ·G, where G = Σ|Q|·M + Σ|amount|·price: positions and debts count in full,
//!   eligible assets a share of at most 1, and both are linear in prices (haircut slices are slices of quantity);
//! - maintenance margin of a position changes by at most δ·N·r: as a function of N = |Q|·M it is a sum of slices whose
//!   rates do not fall, so no slope up to (1 + δ)·N ≤ 2·N is above r, the rate at 2·N; fees and liabilities are linear;
//! - initial margin likewise, by each of |Q|, |Q + bids| and |Q − asks|; a maximum of sums changes by at most the largest
//!   change. Where it goes by the tier of the whole (`bracket`) it jumps at a cap: then either no cap is reached, or the
//!   rate at 2·N is taken for all of it at once. An order's loss and fee change by at most δ·|Q|·M·(1 + fee);
//! - of the portfolio model no scenario's loss changes by more than δ·G × the largest move, and the charges beside it by
//!   no more than δ·N × their rates, of which concentration has at most 1.
//!
//! A bucket's status is the first line that is crossed. It stays as long as this line stays crossed and none before it
//! becomes so: each of these is a difference of two of the above, and δ is the least distance ÷ slope. Roundings move a
//! figure by less than 1 g each; [`SLACK`] is more than a line has of them. The bounds of an account are lines too: beyond
//! them it could not be valued. Everything is rounded so that δ only becomes smaller.
//!
//! Who is far needs none of it ([`is_far`]). Let X be Σ|Q|·M + Σ|order|·max(limit, M) + Σ|amount|·price, the settlement
//! currency left out. Rates and fees are at most 1 (taker fees 10 %), so G ≤ X, maintenance margin and its slope are at most
//! 2·X, initial margin by one rate a position is at most 3·X and the slope of initial margin too. With f = call_factor each
//! line is as far as its slope where equity and net value are at least (8 + 4·f)·X: net value X; maintenance 2·X + 3·X;
//! the call f·2·X + X + f·2·X; initial 3·X + 4·X.

use crate::margin::account::{Account, Position};
use crate::margin::figures::Figures;
use crate::margin::market::Market;
use crate::margin::portfolio::Portfolio;
use crate::margin::status::Status;
use crate::margin::terms::Terms;
use crate::num::bounds::ACCOUNT_E16;
use crate::num::{E8, E16, ONE, scaled};
use crate::sweep::assess::IsolatedBucket;

/// Units of a relative move in 1.
pub const UNITS: u64 = 1 << UNIT_BITS;
const UNIT_BITS: u32 = 24;

/// More than the roundings that a line has, in g: a cent. The portfolio model rounds the value of each underlying before
/// it is moved, at most tenfold, and multiplied by a factor.
pub(super) const SLACK: i128 = 1_000_000;

/// What changes how fast, per relative move, in 10⁻²⁴.
#[derive(Clone, Copy, Default)]
struct Slopes {
    /// Equity and net value.
    gross: i128,
    maintenance: i128,
    initial: i128,
    /// The most that initial margin may be while nothing moves beyond twice, by one rate a position.
    envelope: i128,
    /// How far until initial margin jumps, in [`UNITS`].
    until_jump: u64,
    /// Whether a portfolio charge stands in place of tiers.
    portfolio: bool,
}

/// A lower bound of slack ÷ slope in [`UNITS`], at most 1. The largest slope stands for all that are larger.
#[inline(always)]
fn ratio(slack: i128, slope: i128) -> u64 {
    // What nothing moves stays, whatever it is rounded from.
    if slope == 0 {
        return UNITS;
    }
    if slack <= 0 || slope == i128::MAX {
        return 0;
    }
    if slack >= slope {
        return UNITS;
    }
    // Both to at most 39 bits, the slope up and the slack down.
    let shift = (128 - slope.leading_zeros()).saturating_sub(39);
    (((slack >> shift) as u64) << UNIT_BITS) / (((slope >> shift) as u64) + 1)
}

/// How far every price of an account may move, in [`UNITS`], so that nothing of some kind happens.
#[derive(Clone, Copy, Debug)]
pub(super) struct Reach {
    /// No bucket's status changes, and the account can be valued.
    pub(super) most: u64,
    /// The same, but that the cross bucket may cross the two lines it stands between.
    pub(super) beside: u64,
    /// What initial margin is at most, in 10⁻²⁴, where the account's line is drawn by it and not by initial margin itself.
    pub(super) envelope: Option<i128>,
}

/// Whether an account of the standard model without isolated positions is so far from every line that no line can be
/// crossed while nothing moves beyond twice.
#[inline(always)]
fn is_far(terms: &Terms, market: &Market, account: &Account<'_>, cross: &Figures) -> bool {
    if account.portfolio || !account.isolated.is_empty() || cross.status != Status::Healthy {
        return false;
    }
    let (mut moves_e16, mut assets_e16) = (0_i128, 0_i128);
    for balance in account.balances {
        let value_e16 = scaled(balance.amount.abs(), market.asset(balance.asset).price);
        assets_e16 += value_e16;
        moves_e16 += if balance.asset as usize == terms.settlement { 0 } else { value_e16 };
    }
    for position in account.cross {
        let mark = market.mark(position.instrument).price;
        moves_e16 += scaled(position.quantity.abs(), mark);
        for order in account.orders_of(position) {
            moves_e16 += scaled(i128::from(order.quantity.abs()), mark.max(order.price));
        }
    }
    let factor = 8 + 4 * (i128::from(terms.call_factor) / i128::from(ONE) + 1);
    let own = cross.equity.min(cross.net_value) - SLACK;
    // A bound of an account is left by half of it at most where it is twice what there is.
    own * E8 >= moves_e16 * factor && moves_e16.max(assets_e16) <= ACCOUNT_E16 / 2
}

/// The reach of an account. `isolated` are its isolated buckets.
#[inline(always)]
pub(super) fn reach(
    terms: &Terms,
    market: &Market,
    account: &Account<'_>,
    cross: &Figures,
    isolated: &[IsolatedBucket],
) -> Reach {
    if is_far(terms, market, account, cross) {
        return Reach { most: UNITS, beside: UNITS, envelope: None };
    }
    full(terms, market, account, cross, isolated)
}

/// The reach of an account that is not simply far.
fn full(terms: &Terms, market: &Market, account: &Account<'_>, cross: &Figures, isolated: &[IsolatedBucket]) -> Reach {
    let portfolio = terms.portfolio.as_ref().filter(|_| account.portfolio);
    let (mut slopes, mut extent) = (Slopes::new(portfolio.is_some()), Extent::default());
    for balance in account.balances {
        let asset = &terms.assets[balance.asset as usize];
        if balance.asset as usize == terms.settlement {
            // It does not move, but is part of what is bounded.
            extent.assets_e16 += balance.amount.abs() * E8;
            continue;
        }
        if balance.amount > 0 && !asset.eligible {
            continue;
        }
        let value_e16 = scaled(balance.amount.abs(), market.asset(balance.asset).price);
        extent.assets_e16 += value_e16;
        slopes.gross += value_e16 * E8;
        if let (true, Some((initial, maintenance))) = (balance.amount < 0, asset.liability) {
            slopes.maintenance += scaled(value_e16, maintenance);
            slopes.initial += scaled(value_e16, initial);
            slopes.envelope += scaled(value_e16, initial);
        }
    }
    for position in account.cross {
        slopes.add(terms, market, account, position, &mut extent);
    }
    for position in account.isolated {
        slopes.add_isolated_orders(terms, market, account, position, &mut extent);
    }
    if let Some(portfolio) = portfolio {
        slopes.charge(portfolio, extent.orders_e16);
    }
    let (lines, envelope) = slopes.lines(terms, cross, true);
    let envelope = envelope.then_some(slopes.envelope);
    let mut others = UNITS;
    for position in account.isolated {
        let mut slopes = Slopes::new(false);
        slopes.hold(terms, market, position, &mut extent);
        // One that only an order names has no bucket.
        if let Some(bucket) = isolated.iter().find(|bucket| bucket.instrument == position.instrument) {
            others = others.min(least(&slopes.lines(terms, &bucket.figures, false).0));
        }
    }
    others = others.min(extent.room());
    let before = (cross.status as usize).saturating_sub(Status::Bankrupt as usize + 1);
    let jump = if cross.status >= Status::Restricted && envelope.is_none() { slopes.until_jump } else { UNITS };
    Reach { most: others.min(least(&lines)), beside: others.min(least(&lines[..before])).min(jump), envelope }
}

/// What an account has of each kind that is bounded.
#[derive(Default)]
struct Extent {
    notional_e16: i128,
    orders_e16: i128,
    assets_e16: i128,
}

impl Extent {
    /// How far prices may move before one of them passes the bound of an account.
    fn room(&self) -> u64 {
        let most = self.notional_e16.max(self.orders_e16).max(self.assets_e16);
        ratio(ACCOUNT_E16 - most, most)
    }
}

impl Slopes {
    fn new(portfolio: bool) -> Self {
        Slopes { until_jump: UNITS, portfolio, ..Slopes::default() }
    }

    /// What a position adds without its orders; |Q|·M.
    #[inline(always)]
    fn hold(&mut self, terms: &Terms, market: &Market, position: &Position, extent: &mut Extent) -> i128 {
        let contract = &terms.instruments[position.instrument as usize];
        let notional_e16 = scaled(position.quantity.abs(), market.mark(position.instrument).price);
        extent.notional_e16 += notional_e16;
        self.gross += notional_e16 * E8;
        let fee = contract.maintenance_fee;
        let rate = if self.portfolio { 0 } else { contract.ladder.maintenance_rate_below_twice(notional_e16) };
        self.maintenance += scaled(notional_e16, rate + fee);
        self.initial += scaled(notional_e16, fee);
        self.envelope += scaled(notional_e16, fee);
        notional_e16
    }

    /// What a cross position adds with its orders.
    #[inline(always)]
    fn add(&mut self, terms: &Terms, market: &Market, account: &Account<'_>, position: &Position, extent: &mut Extent) {
        let notional_e16 = self.hold(terms, market, position, extent);
        let rate = self.require(terms, position, notional_e16);
        let orders = account.orders_of(position);
        if orders.is_empty() {
            self.initial += scaled(notional_e16, rate);
            self.envelope += scaled(notional_e16, rate);
        } else {
            self.fill(terms, market, account, position, extent);
        }
    }

    /// The rate that initial margin of a notional has at most, and where it jumps.
    #[inline(always)]
    fn require(&mut self, terms: &Terms, position: &Position, notional_e16: i128) -> i64 {
        if self.portfolio {
            return 0;
        }
        let ladder = &terms.instruments[position.instrument as usize].ladder;
        if let Some((from_e16, to_e16)) = ladder.initial_step(notional_e16) {
            // N·(1 + δ) ≤ to, and N ÷ (1 + δ) > from.
            let above = ratio(to_e16 - notional_e16, notional_e16);
            let below = if from_e16 == 0 { UNITS } else { ratio(notional_e16 - from_e16 - 1, from_e16) };
            self.until_jump = self.until_jump.min(above).min(below);
        }
        ladder.initial_rate_below_twice(notional_e16, position.leverage_rate())
    }

    /// Orders: whichever side is filled, all of them together bound it.
    fn fill(
        &mut self,
        terms: &Terms,
        market: &Market,
        account: &Account<'_>,
        position: &Position,
        extent: &mut Extent,
    ) {
        let mark = market.mark(position.instrument).price;
        let (mut sizes, mut losses_e24) = ([0_i128; 2], 0);
        for order in account.orders_of(position) {
            let size = i128::from(order.quantity.abs());
            sizes[usize::from(order.quantity < 0)] += size;
            let value_e16 = scaled(size, mark.max(order.price));
            extent.orders_e16 += value_e16;
            losses_e24 +=
                scaled(crate::margin::orders::loss_e16(order, mark), ONE) + scaled(value_e16, account.taker_fee);
        }
        let moved_e16 = scaled(sizes[0] + sizes[1], mark);
        self.initial += scaled(moved_e16, ONE + account.taker_fee);
        self.envelope += losses_e24;
        let quantity = position.quantity;
        let fills = [quantity, quantity + sizes[0], quantity - sizes[1]].map(|filled| scaled(filled.abs(), mark));
        let needs = fills.map(|notional_e16| scaled(notional_e16, self.require(terms, position, notional_e16)));
        let most = needs.into_iter().max().unwrap_or(0);
        self.initial += most;
        self.envelope += most;
    }

    /// Orders on an isolated position are charged to the cross account.
    fn add_isolated_orders(
        &mut self,
        terms: &Terms,
        market: &Market,
        account: &Account<'_>,
        position: &Position,
        extent: &mut Extent,
    ) {
        if account.orders_of(position).is_empty() {
            return;
        }
        // By tiers in both models.
        let portfolio = std::mem::take(&mut self.portfolio);
        self.fill(terms, market, account, position, extent);
        self.portfolio = portfolio;
        // What is held already is taken off again.
        let notional_e16 = scaled(position.quantity.abs(), market.mark(position.instrument).price);
        let ladder = &terms.instruments[position.instrument as usize].ladder;
        let rate = ladder.initial_rate_below_twice(notional_e16, position.leverage_rate());
        self.initial += scaled(notional_e16, rate);
    }

    /// The portfolio model in place of tiers: a charge of no more than a rate of all that is held and ordered.
    fn charge(&mut self, portfolio: &Portfolio, orders_e16: i128) {
        let steepest = i128::from(portfolio.steepest);
        let charge =
            ((self.gross + orders_e16 * E8) / i128::from(ONE) + 1).saturating_mul(steepest) / i128::from(ONE) + 1;
        self.maintenance = self.maintenance.saturating_add(charge.saturating_mul(portfolio.mm_factor.into()));
        self.initial = self.initial.saturating_add(charge.saturating_mul(portfolio.im_factor.into()));
        // There is no envelope.
        self.envelope = i128::MAX;
    }

    /// How far until each line is crossed that the bucket's status depends on: bankruptcy first, initial margin last; and
    /// whether that is drawn by the envelope.
    #[inline(always)]
    fn lines(&self, terms: &Terms, figures: &Figures, cross: bool) -> ([u64; 4], bool) {
        let &Slopes { gross, maintenance, initial, envelope, until_jump, .. } = self;
        let Figures { equity, net_value, maintenance_margin, initial_margin, status, .. } = *figures;
        let away = |line: i128, slope: i128| ratio(line.saturating_abs() - SLACK * E16, slope);
        let mut lines = [UNITS; 4];
        if status == Status::Undecided {
            // Whatever prices do.
            return (lines, false);
        }
        lines[0] = away(net_value * E16, gross);
        if status >= Status::Liquidation {
            lines[1] = away((equity - maintenance_margin) * E16, gross.saturating_add(maintenance));
        }
        if status >= Status::MarginCall {
            let factor = i128::from(terms.call_factor);
            let called = equity * E8 - maintenance_margin * factor;
            let called_for = (maintenance / i128::from(ONE) + i128::from(maintenance != 0)).saturating_mul(factor);
            let slope = gross.saturating_add(called_for);
            lines[2] = away(called.saturating_mul(E8), slope);
        }
        if status < Status::Restricted || !cross {
            return (lines, false);
        }
        let by_step = away((equity - initial_margin) * E16, gross.saturating_add(initial)).min(until_jump);
        // While healthy, equity above the envelope is above initial margin.
        let by_envelope = match status {
            Status::Healthy if envelope < i128::MAX => {
                ratio(equity * E16 - envelope - SLACK * E16, gross.saturating_add(initial))
            }
            _ => 0,
        };
        lines[3] = by_step.max(by_envelope);
        (lines, by_envelope > by_step)
    }
}

/// The least of some, and no more than all that a reach can be.
#[inline(always)]
fn least(lines: &[u64]) -> u64 {
    lines.iter().fold(UNITS, |least, &line| least.min(line))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::margin::account::{Balance, Order};
    use crate::margin::line::Discard;
    use crate::margin::portfolio::Exposures;
    use crate::margin::value;
    use crate::message::PriceState;
    use crate::rules::Rulebook;
    use std::cell::Cell;

    /// One contract at 60,000 and coins at 50,000.
    fn terms_and_market() -> (Terms, Market) {
        let text = r#"
            [venue]
            settlement = "USD"
            call_factor = 1.25
            fees = { standard = { maker = "0%", taker = "0.05%" } }
            [asset.BTC]
            eligible = true
            haircut = [["rest", "10%"]]
            [instrument.X]
            underlying = "X"
            tick = 0.1
            lot = 0.001
            tiers = [[100_000, "0.5%", 50], [1_000_000, "2%", 20], ["rest", "50%", 1]]
        "#;
        let rules = Rulebook::parse(text, "far.toml").expect("the rulebook");
        let terms = Terms::new(&rules);
        let mut market = Market::new(&terms);
        market.set_mark(&terms, 0, 60_000 * ONE, PriceState::Live);
        market.set_asset(&terms, 0, 50_000 * ONE, PriceState::Live);
        (terms, market)
    }

    #[test]
    fn who_holds_nothing_that_moves_is_reached_by_no_price() {
        let (terms, market) = terms_and_market();
        // Nothing, less than the roundings, and a loss that is not settled of what was closed.
        for (money, cost_e16) in [(0, 0), (SLACK / 2, 0), (7, 9 * E8), (0, 9 * E8)] {
            let cross = [Position { cost_e16, listed: true, ..Position::default() }];
            let balances = [Balance { asset: 1, amount: money }];
            let none = Account {
                cross: &cross,
                isolated: &[],
                balances: &balances,
                orders: &[],
                taker_fee: 0,
                portfolio: false,
            };
            let mut sink = Discard::default();
            let figures = value::account(&terms, &market, &none, &mut Exposures::new(), &mut sink, |_, _| ());
            assert_eq!(reach(&terms, &market, &none, &figures, &[]).most, UNITS, "{money} {cost_e16}");
        }
    }

    #[test]
    fn who_is_far_has_the_whole_reach() {
        let (terms, market) = terms_and_market();
        let state = Cell::new(7_u64);
        let draw = |below: u64| {
            let mut next = state.get();
            next ^= next << 13;
            next ^= next >> 7;
            next ^= next << 17;
            state.set(next);
            next % below
        };
        let (mut far, mut near) = (0, 0);
        for _ in 0..20_000 {
            let size = 1 + draw(1 << (1 + draw(33))) as i64;
            let quantity = if draw(2) == 0 { size } else { -size };
            let orders: Vec<Order> = (0..draw(4))
                .map(|_| {
                    let quantity = (1 + draw(2 * size as u64)) as i64 * if draw(2) == 0 { 1 } else { -1 };
                    Order { quantity, price: (50_000 + draw(20_000) as i64) * ONE }
                })
                .collect();
            let cost_e16 = i128::from(quantity) * i128::from((58_000 + draw(4_000) as i64) * ONE);
            let cross = [Position {
                quantity: quantity.into(),
                cost_e16,
                listed: true,
                orders_to: orders.len() as u32,
                ..Position::default()
            }];
            let money = i128::from(draw(1 << (10 + draw(52))));
            let coins = i128::from(draw(1 << (1 + draw(30))) * draw(2));
            let balances = [Balance { asset: 1, amount: money }, Balance { asset: 0, amount: coins }];
            let account = Account {
                cross: &cross,
                isolated: &[],
                balances: &balances,
                orders: &orders,
                taker_fee: terms.taker_fees[0],
                portfolio: false,
            };
            let mut sink = Discard::default();
            let figures = value::account(&terms, &market, &account, &mut Exposures::new(), &mut sink, |_, _| ());
            if sink.blocked {
                continue;
            }
            if is_far(&terms, &market, &account, &figures) {
                far += 1;
                assert_eq!(full(&terms, &market, &account, &figures, &[]).most, UNITS);
            } else {
                near += 1;
            }
        }
        assert!(far > 2_000 && near > 2_000, "{far} far, {near} near");
    }
}
