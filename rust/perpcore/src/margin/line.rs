//! Lines: the exact parts of every total, and the sinks that keep or drop them.

use crate::fault::Code;
use crate::rule::Rule;

/// The totals of a bucket that lines add up to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Total {
    /// Rounded down.
    CollateralValue,
    /// Rounded down.
    UnrealizedPnl,
    /// On the grid as given.
    AccruedFunding,
    /// Rounded up.
    InitialMargin,
    /// Rounded up.
    MaintenanceMargin,
}

impl Total {
    /// Their names in the tables, in order.
    pub const NAMES: [&'static str; 5] =
        ["collateral_value", "unrealized_pnl", "accrued_funding", "initial_margin", "maintenance_margin"];
}

/// What a line is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Subject {
    /// An instrument, by the rulebook's index.
    Instrument(u32),
    /// An asset, by the rulebook's index.
    Asset(u32),
    /// The bucket as a whole.
    Bucket,
}

/// One exact part of a total.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The total it is part of.
    pub total: Total,
    /// The rule that made it.
    pub rule: Rule,
    /// What it is about.
    pub subject: Subject,
    /// Quantity in g, where one entered.
    pub quantity: Option<i128>,
    /// Price in g, where one entered.
    pub price: Option<i64>,
    /// Rate in g, where a single one entered.
    pub rate: Option<i64>,
    /// The exact amount in 10⁻²⁴.
    pub amount_e24: i128,
    /// The arithmetic in words.
    pub note: String,
}

/// A line without its details.
pub(super) fn line(total: Total, rule: Rule, subject: Subject, amount_e24: i128) -> Line {
    Line { total, rule, subject, quantity: None, price: None, rate: None, amount_e24, note: String::new() }
}

/// Why an account cannot be valued.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Obstacle {
    /// The instrument of a position has no mark: (instrument, isolated).
    PositionPrice(u32, bool),
    /// The instrument of an order has no mark: (instrument, isolated).
    OrderPrice(u32, bool),
    /// An asset that counts has no price.
    AssetPrice(u32),
    /// In the portfolio model no scenario moves the underlying of a position: (instrument, isolated).
    PositionScenario(u32, bool),
    /// Nor that of an order: (instrument, isolated).
    OrderScenario(u32, bool),
    /// Nor that of an asset that counts.
    AssetScenario(u32),
    /// A debt in an asset that may not be owed.
    NegativeBalance(u32),
    /// Positions beyond the bounds: quantity, notional, cost, funding or isolated margin.
    PositionsTooLarge,
    /// Orders beyond the bounds.
    OrdersTooLarge,
    /// Assets or debts beyond the bounds.
    AssetsTooLarge,
}

impl Obstacle {
    /// The error code.
    pub fn code(self) -> Code {
        match self {
            Obstacle::PositionPrice(..) | Obstacle::OrderPrice(..) | Obstacle::AssetPrice(_) => Code::MissingPrice,
            Obstacle::PositionScenario(..) | Obstacle::OrderScenario(..) | Obstacle::AssetScenario(_) => {
                Code::MissingScenario
            }
            Obstacle::NegativeBalance(_) => Code::NegativeBalance,
            Obstacle::PositionsTooLarge | Obstacle::OrdersTooLarge | Obstacle::AssetsTooLarge => Code::AccountTooLarge,
        }
    }
}

/// Where the valuation puts what it finds. An account with an obstacle has no figures.
pub trait Sink {
    /// Whether lines are kept.
    const KEEPS: bool;
    /// The bucket that the next lines belong to: an isolated position's instrument, or the cross account.
    fn enter(&mut self, isolated: Option<u32>);
    /// One line; not made where it is dropped.
    fn line(&mut self, line: impl FnOnce() -> Line);
    /// One obstacle.
    fn obstacle(&mut self, obstacle: Obstacle);
}

/// Drops the lines and remembers only whether there was an obstacle.
#[derive(Debug, Default)]
pub struct Discard {
    /// Whether there was an obstacle.
    pub blocked: bool,
}

impl Sink for Discard {
    const KEEPS: bool = false;
    #[inline(always)]
    fn enter(&mut self, _: Option<u32>) {}
    #[inline(always)]
    fn line(&mut self, _: impl FnOnce() -> Line) {}
    #[cold]
    fn obstacle(&mut self, _: Obstacle) {
        self.blocked = true;
    }
}

/// Keeps everything.
#[derive(Debug, Default)]
pub struct Keep {
    /// The lines with their bucket: the instrument of an isolated position, none for cross.
    pub lines: Vec<(Option<u32>, Line)>,
    /// The obstacles.
    pub obstacles: Vec<Obstacle>,
    bucket: Option<u32>,
}

impl Sink for Keep {
    const KEEPS: bool = true;
    fn enter(&mut self, isolated: Option<u32>) {
        self.bucket = isolated;
    }
    fn line(&mut self, line: impl FnOnce() -> Line) {
        self.lines.push((self.bucket, line()));
    }
    fn obstacle(&mut self, obstacle: Obstacle) {
        self.obstacles.push(obstacle);
    }
}

/// Drops lines and remembers the first obstacle.
#[derive(Default)]
pub struct Noted(pub Option<Obstacle>);

impl Sink for Noted {
    const KEEPS: bool = false;
    #[inline(always)]
    fn enter(&mut self, _: Option<u32>) {}
    #[inline(always)]
    fn line(&mut self, _: impl FnOnce() -> Line) {}
    #[inline(always)]
    fn obstacle(&mut self, obstacle: Obstacle) {
        self.0.get_or_insert(obstacle);
    }
}
