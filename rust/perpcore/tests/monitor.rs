//! A monitor knows at every moment what a fresh valuation of its book says, whatever came before.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test")]

use perpcore::margin::market::Market;
use perpcore::margin::status::Status;
use perpcore::margin::terms::Terms;
use perpcore::message::PriceState;
use perpcore::monitor::{Change, Ended, Monitor, Rows};
use perpcore::rules::Rulebook;
use perpcore::sweep::snapshot::{
    AccountRows, BalanceRows, Holders, Money, NO_TIER, Names, OrderRows, PositionRows, Snapshot,
};
use perpcore::sweep::stop::Stop;
use std::collections::BTreeMap;
use std::sync::Arc;

const RULES: &str = r#"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
[asset.C]
class = "stablecoin"
eligible = true
haircut = [[1_000, "1%"], [10_000, "33.333333%"]]
[asset.N]
class = "virtual_asset"
eligible = true
underlying = "X"
haircut = [["rest", "20%"]]
liability = { initial = "20%", maintenance = "10%" }
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[1_000, "0.5%", 100], [2_000, "1%", 50], [4_000, "1.333333%", 33], [8_000, "7%", 9]]
[instrument.Y]
underlying = "Y"
tick = 0.1
lot = 0.001
initial_method = "marginal"
maintenance_fee = "0.1%"
tiers = [[3_000, "0.5%", 100], ["rest", "50%", 2]]
[instrument.Z]
underlying = "Z"
tick = 0.1
lot = 0.001
tiers = [["rest", "0.4%", 125]]
[instrument.ZZ]
underlying = "Z"
tick = 0.1
lot = 0.001
initial_method = "marginal"
tiers = [[500, "1%", 50], [5_000, "2%", 25]]
[portfolio]
enabled = true
offset_credit = "80%"
minimum = "0.5%"
extended = [{ move = "-66%", factor = "35%" }]
[portfolio.underlying.X]
range = "16%"
basis = "0.5%"
concentration = [[5_000, 0], [20_000, "5%"]]
[portfolio.underlying.Y]
range = "20%"
[portfolio.underlying.Z]
range = "20%"
"#;

struct Draw(u64);

impl Draw {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    fn within(&mut self, most: i64) -> i64 {
        self.below(2 * most as u64 + 1) as i64 - most
    }
}

/// An update as columns.
#[derive(Default)]
struct Update {
    positions: (Vec<u32>, Vec<u32>, Vec<i64>, Vec<i64>),
    isolated: Vec<bool>,
    margin: Vec<i128>,
    balances: (Vec<u32>, Vec<u32>, Vec<i64>),
    orders: (Vec<u32>, Vec<u32>, Vec<i64>, Vec<i64>),
    settings: (Vec<u32>, Vec<bool>, Vec<i64>),
    tiers: Vec<u32>,
}

const E8: i64 = 100_000_000;

impl Update {
    /// `heavy` books own much of what moves, and order much; a `narrow` one knows one instrument and no asset that moves.
    fn draw(draw: &mut Draw, accounts: u32, count: usize, new: u32, heavy: bool, narrow: bool) -> Self {
        let instruments = if narrow { 1 } else { 4 };
        let mut update = Update::default();
        let mut named = std::collections::BTreeSet::new();
        for at in 0..count {
            // New accounts are numbered as they come.
            let account =
                if (at as u32) < new { accounts + at as u32 } else { draw.below(u64::from(accounts + new)) as u32 };
            match if (at as u32) < new { 0 } else { draw.below(8) } {
                0..=3 => {
                    let isolated = draw.below(5) == 0;
                    update.positions.0.push(account);
                    update.positions.1.push(draw.below(instruments) as u32);
                    update.positions.2.push(if draw.below(4) == 0 { 0 } else { draw.within(60 * E8) });
                    update.positions.3.push(90 * E8 + draw.within(20 * E8));
                    update.isolated.push(isolated);
                    update.margin.push(if isolated { draw.below(300) as i128 * i128::from(E8) } else { 0 });
                }
                4 | 5 => {
                    update.balances.0.push(account);
                    let asset = if narrow { 2 } else { draw.below(3) as u32 };
                    update.balances.1.push(asset);
                    // Names are sorted: C, N, USD. Only N may be owed.
                    let owed = asset == 1 && draw.below(3) == 0;
                    let amount =
                        draw.below(if asset == 1 { if heavy { 400 } else { 10 } } else { 2_000 }) as i64 * E8 / 3;
                    update.balances.2.push(if draw.below(4) == 0 {
                        0
                    } else if owed {
                        -amount
                    } else {
                        amount
                    });
                }
                6 => {
                    update.orders.0.push(account);
                    update.orders.1.push(draw.below(instruments) as u32);
                    update.orders.2.push(if draw.below(3) == 0 {
                        0
                    } else {
                        draw.within(if heavy { 200 } else { 20 } * E8)
                    });
                    update.orders.3.push(90 * E8 + draw.within(30 * E8));
                }
                _ => {
                    if named.insert(account) {
                        update.settings.0.push(account);
                        update.settings.1.push(draw.below(2) == 0);
                        update.settings.2.push(draw.below(3) as i64 * 10 * E8);
                        update.tiers.push(NO_TIER);
                    }
                }
            }
        }
        update
    }

    fn snapshot(&self, accounts: usize) -> Snapshot<'_> {
        Snapshot {
            accounts,
            positions: PositionRows {
                account: Holders::Each(&self.positions.0),
                instrument: Names::Many(&self.positions.1),
                quantity: &self.positions.2,
                entry_price: Some(&self.positions.3),
                isolated: Some(&self.isolated),
                isolated_margin: Some(Money::Wide(&self.margin)),
                ..PositionRows::default()
            },
            balances: BalanceRows {
                account: Holders::Each(&self.balances.0),
                asset: Names::Many(&self.balances.1),
                amount: Money::Narrow(&self.balances.2),
            },
            orders: OrderRows {
                account: Holders::Each(&self.orders.0),
                instrument: Names::Many(&self.orders.1),
                quantity: &self.orders.2,
                price: &self.orders.3,
                ..OrderRows::default()
            },
            settings: AccountRows {
                account: Holders::Each(&self.settings.0),
                portfolio: Some(&self.settings.1),
                leverage: Some(&self.settings.2),
                fee_tier: Some(&self.tiers),
            },
        }
    }
}

/// All statuses of a monitor.
fn statuses(monitor: &Monitor) -> BTreeMap<(u32, Option<u32>), Status> {
    let mut all = BTreeMap::new();
    for account in 0..monitor.accounts() as u32 {
        all.insert((account, None), monitor.status(account));
        all.extend(monitor.isolated(account).map(|(instrument, status)| ((account, Some(instrument)), status)));
    }
    all
}

/// The same book in a monitor that was never told of anything before.
fn fresh(monitor: &Monitor, terms: &Arc<Terms>) -> Monitor {
    let mut other = Monitor::new(terms.clone());
    let mut update = Update::default();
    for account in 0..monitor.accounts() as u32 {
        let Rows { positions, balances, orders, settings } = monitor.rows(account);
        for row in positions {
            update.positions.0.push(account);
            update.positions.1.push(row.instrument);
            update.positions.2.push(row.quantity);
            update.positions.3.push(row.entry_price);
            update.isolated.push(row.isolated);
            update.margin.push(row.isolated_margin);
        }
        for row in balances {
            update.balances.0.push(account);
            update.balances.1.push(row.asset);
            update.balances.2.push(row.amount as i64);
        }
        for row in orders {
            update.orders.0.push(account);
            update.orders.1.push(row.instrument);
            update.orders.2.push(row.quantity);
            update.orders.3.push(row.price);
        }
        for row in settings {
            update.settings.0.push(account);
            update.settings.1.push(row.portfolio);
            update.settings.2.push(row.leverage);
            update.tiers.push(row.fee_tier);
        }
    }
    let snapshot = update.snapshot(monitor.accounts());
    other.update(Some(monitor.market().clone()), Some(&snapshot), Some(1), &Stop::default()).unwrap();
    other
}

/// From this step on there are prices of everything where some come late.
const LATE: usize = 40;

fn market(terms: &Terms, prices: &[i64; 6], state: PriceState, some: bool) -> Market {
    let mut market = Market::new(terms);
    market.set_mark(terms, 0, prices[0], state);
    if some {
        return market;
    }
    market.set_mark(terms, 1, prices[1], PriceState::Live);
    market.set_asset(terms, 0, prices[2], PriceState::Live);
    market.set_asset(terms, 1, prices[3], PriceState::Live);
    market.set_mark(terms, 2, prices[4], PriceState::Live);
    market.set_mark(terms, 3, prices[5], PriceState::Live);
    market
}

fn walk(seed: u64, steps: usize, accounts: usize) {
    let terms = Arc::new(Terms::new(&Rulebook::parse(RULES, "walk").unwrap()));
    let (mut draw, heavy, late) = (Draw(seed), seed % 2 == 1, seed.is_multiple_of(3));
    let mut monitor = Monitor::new(terms.clone());
    let mut prices = [100 * E8, 100 * E8, E8, 100 * E8, 100 * E8, 100 * E8];
    // Where prices go on in one direction, an account comes near its lines by what one takes and another gives.
    let mut trend = [0; 6];
    let stop = Stop::default();
    let first = Update::draw(&mut draw, 0, 6 * accounts, accounts as u32, heavy, late);
    let start = market(&terms, &prices, PriceState::Live, late);
    monitor.update(Some(start), Some(&first.snapshot(accounts)), None, &stop).unwrap();
    let mut known = statuses(&monitor);
    let mut refused = 0;
    for step in 0..steps {
        // Mostly small moves, now and then a jump, sometimes there and back.
        let scale = [0, 1, 1, 1, 1, 10, 10, 100, 3_000][draw.below(9) as usize];
        if seed % 4 == 2 && step.is_multiple_of(25) {
            trend = std::array::from_fn(|_| draw.within(20));
        }
        for (price, trend) in prices.iter_mut().zip(trend) {
            let by = draw.within(10) * scale + trend;
            let tiny = if scale == 0 { draw.within(3) } else { 0 };
            *price = (*price + (i128::from(*price) * i128::from(by) / 100_000) as i64 + tiny).max(1);
        }
        let state = if draw.below(40) == 0 { PriceState::Frozen } else { PriceState::Live };
        let at = market(&terms, &prices, state, late && step < LATE / 2);
        let rows = (draw.below(3) == 0).then(|| {
            let new = draw.below(3) as u32;
            let count = draw.below(12) as usize + new as usize;
            (Update::draw(&mut draw, monitor.accounts() as u32, count, new, heavy, late && step < LATE), new)
        });
        let before = monitor.clone();
        let snapshot = rows.as_ref().map(|(update, new)| update.snapshot(monitor.accounts() + *new as usize));
        let changes = match monitor.update(Some(at), snapshot.as_ref(), None, &stop) {
            Ok(changes) => changes,
            Err(Ended::Stopped) => panic!("nobody asked"),
            Err(Ended::Refused(rows)) => {
                // Then nothing has changed.
                assert!(!rows.is_empty());
                refused += 1;
                assert_eq!(statuses(&monitor), known);
                for account in 0..before.accounts() as u32 {
                    assert_eq!(monitor.rows(account), before.rows(account));
                }
                assert_eq!(monitor.accounts(), before.accounts());
                continue;
            }
        };
        let now = statuses(&monitor);
        assert_eq!(now, statuses(&fresh(&monitor, &terms)), "seed {seed}, step {step}");
        let healthy = |of: &BTreeMap<_, Status>, key| of.get(&key).copied().unwrap_or(Status::Healthy);
        let keys: std::collections::BTreeSet<_> = now.keys().chain(known.keys()).copied().collect();
        let wanted: Vec<_> = keys
            .into_iter()
            .map(|key| (key, healthy(&known, key), healthy(&now, key)))
            .filter(|(_, before, after)| before != after)
            .collect();
        let mut told: Vec<_> = changes
            .iter()
            .map(|&Change { account, instrument, before, after, .. }| ((account, instrument), before, after))
            .collect();
        told.sort_by_key(|(key, ..)| *key);
        assert_eq!(told, wanted, "seed {seed}, step {step}");
        known = now;
    }
    assert!(refused < steps / 2);
    let counters = monitor.counters();
    // It does not look at everybody all the time.
    assert!(counters.visits < counters.updates * accounts as u64 * 2 / 3, "{counters:?}");
}

#[test]
fn statuses_are_those_of_a_fresh_valuation_after_any_walk() {
    for seed in 0..16 {
        walk(seed, 200, 120);
    }
    walk(99, 60, 700);
}
