//! An instrument, and updates of its market: plausible ones and any.

#![allow(dead_code, reason = "each of its users takes a part")]

use super::draw::Draw;
use perpcore::message::PriceState;
use perpcore::rules::{Instrument, MarkMethod, Rulebook, Underlying};

pub const ONE: i64 = 100_000_000;
pub const SECOND: i64 = 1_000_000_000;
pub const DAY: i64 = 86_400 * SECOND;
/// The largest price.
pub const TOP: i64 = 10_000_000_000_000_000;
/// The farthest time that is taken, less a day.
pub const FARTHEST: i64 = i64::MAX - 3 * DAY;

/// An instrument with `text` in its section, and its underlying.
pub fn instrument(text: &str) -> (Instrument, Underlying) {
    let head = "venue.settlement = \"USD\"\n[underlying.X]\n[instrument.X-PERP]\nunderlying = \"X\"\n";
    let text = format!("{head}tick = 0.5\nlot = 0.001\ntiers = [[\"rest\", \"1.2%\", 50]]\n{text}");
    let rules = Rulebook::parse(&text, "test").expect("a rulebook");
    (rules.instruments()[0].clone(), rules.underlyings()[0].clone())
}

/// Any rules of a mark and of a funding.
pub fn any_rules(draw: &mut Draw) -> (Instrument, Underlying) {
    let (mut instrument, mut underlying) = instrument("");
    underlying.index.stale_after = draw.of(&[SECOND / 1_000, 10 * SECOND, 180 * SECOND]);
    let mark = &mut instrument.mark;
    mark.method = draw.of(&[MarkMethod::Median3, MarkMethod::FairBasis]);
    mark.band = draw.of(&[0, 500_000, 1_000_000, ONE / 4, ONE / 2]);
    mark.ema = draw.of(&[0, 1, ONE / 2, 96_721_610, ONE - 1]);
    mark.samples = draw.of(&[1, 2, 30, 3_600]);
    mark.last_for = draw.of(&[SECOND / 1_000, 60 * SECOND, DAY]);
    mark.speed = draw.of(&[None, Some(0), Some(1), Some(100_000), Some(ONE)]);
    let funding = &mut instrument.funding;
    funding.every = draw.of(&[SECOND, 3_600 * SECOND, DAY / 3, DAY]);
    funding.sample = draw.of(&[SECOND, funding.every, funding.every.min(30 * SECOND)]);
    funding.interest_8h = draw.of(&[-ONE, 0, 10_000, ONE]);
    funding.dead_zone = draw.of(&[0, 50_000, ONE]);
    funding.min_coverage = draw.of(&[0, ONE / 2, ONE]);
    funding.cap = draw.of(&[None, Some(0), Some(3), Some(750_000), Some(ONE)]);
    if funding.cap.is_none() {
        funding.cap_factor_maintenance = draw.of(&[None, Some(33_333_333), Some(1_000 * ONE)]);
    }
    instrument.tiers[0].maintenance = draw.of(&[0, 400_001, ONE]);
    instrument.thin_trades = draw.once_in(2);
    (instrument, underlying)
}

/// A state.
pub fn state(draw: &mut Draw) -> PriceState {
    use PriceState::{Frozen, Halted, Live, Protected, Thin};
    draw.of(&[Live, Live, Live, Live, Thin, Thin, Protected, Frozen, Halted])
}

/// Any number: mostly a price near another one; else what a broken feed could say.
pub fn number(draw: &mut Draw, near: i64, wild: bool) -> i64 {
    let width = near / draw.of(&[1_000_000, 10_000, 300, 3]);
    let price = near.saturating_add(draw.within(-width, width)).clamp(1, TOP);
    let any = draw.next() as i64;
    let short = any >> draw.below(63);
    match (wild, draw.below(4)) {
        (true, 0) => draw.of(&[any, short, i64::MIN, i64::MAX, 0, -1, 1, TOP, TOP + 1, -price]),
        _ => price,
    }
}

/// What an update names: mostly a number, sometimes that there is none, sometimes nothing.
pub fn named(draw: &mut Draw, near: i64, wild: bool) -> Option<Option<i64>> {
    match draw.below(8) {
        0 => Some(None),
        1..4 => None,
        _ => Some(Some(number(draw, near, wild))),
    }
}

/// A later time, mostly soon.
pub fn later(draw: &mut Draw, now: i64, wild: bool) -> i64 {
    let ways = [0, 1, SECOND / 3, SECOND / 2, SECOND, 3 * SECOND, 20 * SECOND, 100 * SECOND, 4_000 * SECOND];
    let way = if wild && draw.once_in(50) { draw.within(0, 40 * 365 * DAY) } else { draw.of(&ways) };
    now.saturating_add(way).min(FARTHEST)
}
