//! Rows by size are compared at every size: against what they say of one size, size by size.

use super::tighten::{FULL, loosened, set};
use super::{Draw, read};
use crate::num::{E8, ONE};
use crate::rules::{InitialMethod, Instrument, Rulebook};

/// Rising caps, the last one perhaps missing.
fn caps(draw: &mut Draw) -> Vec<Option<i64>> {
    let mut cap = 0;
    let mut caps: Vec<_> = (0..1 + draw.below(4))
        .map(|_| {
            cap += 1 + draw.below(4) as i64;
            Some(cap)
        })
        .collect();
    if draw.below(2) == 0 {
        caps.push(None);
    }
    caps
}

fn cap(cap: Option<i64>) -> String {
    cap.map_or("\"rest\"".to_string(), |cap| cap.to_string())
}

/// Tiers whose rates rise.
fn tiers(draw: &mut Draw) -> String {
    let (mut maintenance, mut leverage) = (1, 20);
    let rows = caps(draw).into_iter().map(|up_to| {
        leverage = (leverage - draw.below(6) as i64).max(1);
        maintenance = (maintenance + draw.below(4) as i64).min(100 / leverage);
        format!("[{}, \"{maintenance}%\", {leverage}]", cap(up_to))
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

/// Slices of any rates, or of rates that rise.
fn slices(draw: &mut Draw, rising: bool) -> String {
    let mut rate = 0;
    let rows = caps(draw).into_iter().map(|up_to| {
        rate = if rising { (rate + draw.below(40)).min(100) } else { draw.below(101) };
        format!("[{}, \"{rate}%\"]", cap(up_to))
    });
    format!("[{}]", rows.collect::<Vec<_>>().join(", "))
}

/// Sizes in g about every cap of the draws, between them, and far beyond.
fn sizes() -> impl Iterator<Item = i128> {
    let about = (0..=24 * 4).flat_map(|quarter| [quarter * E8 / 4, quarter * E8 / 4 + 1]);
    about.chain([1_000 * E8, 1_000_000_000_000 * E8])
}

/// Each slice of a size at its rate, what is beyond the last cap at another.
fn sliced(rows: impl Iterator<Item = (Option<i128>, i64)>, size: i128, beyond: i64) -> i128 {
    let (mut from, mut sum) = (0, 0);
    for (up_to, rate) in rows.chain([(None, beyond)]) {
        let to = up_to.unwrap_or(size).min(size).max(from);
        sum += (to - from) * i128::from(rate);
        from = to;
    }
    sum
}

/// `margin.maintenance` and `margin.initial` of a notional, at the rate of a leverage.
fn requirements(of: &Instrument, notional: i128, leverage: i64) -> [i128; 2] {
    let initial = || of.tiers.iter().map(|tier| (tier.up_to, tier.initial.max(leverage)));
    let bracket = || {
        let falls_in = initial().find(|(up_to, _)| up_to.is_none_or(|cap| notional <= cap));
        let (_, rate) = falls_in.or(initial().next_back()).unwrap_or_default();
        let within = of.tiers.last().and_then(|tier| tier.up_to).unwrap_or(notional).min(notional);
        within * i128::from(rate) + (notional - within) * i128::from(ONE)
    };
    let maintenance = of.tiers.iter().map(|tier| (tier.up_to, tier.maintenance));
    [
        sliced(maintenance, notional, ONE),
        if of.initial_method == InitialMethod::Bracket { bracket() } else { sliced(initial(), notional, ONE) },
    ]
}

#[test]
fn tiers_loosen_where_some_notional_needs_less_at_some_leverage() {
    let full = read(FULL);
    let mut draw = Draw(11);
    let path = "instrument.BTC-PERP.tiers";
    // None, and every whole one up to more than any tier has.
    let leverages: Vec<i64> = [0].into_iter().chain((1..=25).map(|leverage| (ONE + leverage - 1) / leverage)).collect();
    let mut seen = [[0; 2]; 2];
    for round in 0..800 {
        let method = if round % 2 == 0 { "\"bracket\"" } else { "\"marginal\"" };
        let base = set(&full, "instrument.BTC-PERP.initial_method", method);
        let before = set(&base, path, &tiers(&mut draw));
        let after = set(&base, path, &tiers(&mut draw));
        let [old, new] = [&before, &after].map(|book| &book.instruments()[0]);
        let needs_less = sizes().any(|size| {
            leverages.iter().any(|&rate| {
                let (old, new) = (requirements(old, size, rate), requirements(new, size, rate));
                new[0] < old[0] || new[1] < old[1]
            })
        });
        let found = !loosened(&before, &after).is_empty();
        assert_eq!(found, needs_less, "{:?}", before.diff(&after));
        seen[round % 2][usize::from(found)] += 1;
    }
    assert!(seen.iter().flatten().all(|seen| *seen > 20), "{seen:?}");
}

#[test]
fn a_bracket_without_its_last_tier_needs_less_beyond_the_cap() {
    let full = set(&read(FULL), "instrument.BTC-PERP.initial_method", "\"bracket\"");
    let path = "instrument.BTC-PERP.tiers";
    let before = set(&full, path, "[[100, \"1%\", 20], [1_000, \"1%\", 2]]");
    // Of 101: half of it before, 5 + 1 after.
    let after = set(&full, path, "[[100, \"1%\", 20]]");
    assert_eq!(loosened(&before, &after), [path]);
    let slices = |book: &Rulebook| set(book, "instrument.BTC-PERP.initial_method", "\"marginal\"");
    assert_eq!(loosened(&slices(&before), &slices(&after)), [""; 0]);
}

#[test]
fn of_two_methods_tiers_are_compared_each_under_its_own() {
    let full = read(FULL);
    let [path, method] = ["instrument.BTC-PERP.tiers", "instrument.BTC-PERP.initial_method"];
    assert_eq!(full.instruments()[0].initial_method, InitialMethod::Marginal);
    // By slices 5 % of 100 and 10 % beyond; as a bracket 8 % and 10 %.
    let before = set(&full, path, "[[100, \"1%\", 20], [\"rest\", \"1%\", 10]]");
    let after = set(&set(&full, path, "[[100, \"1%\", 12.5], [\"rest\", \"1%\", 10]]"), method, "\"bracket\"");
    assert_eq!(loosened(&before, &after), [""; 0]);
    assert_eq!(loosened(&after, &before), [method, path]);
}

#[test]
fn haircuts_loosen_where_more_counts_of_some_quantity() {
    let full = read(FULL);
    let counts = |book: &Rulebook, quantity| {
        sliced(book.assets()[0].haircut.iter().map(|slice| (slice.up_to, ONE - slice.rate)), quantity, 0)
    };
    let mut draw = Draw(13);
    let mut seen = [0; 2];
    let base = set(&full, "asset.BTC.close_cost", "\"0%\"");
    for _ in 0..400 {
        let [before, after] = [(); 2].map(|()| set(&base, "asset.BTC.haircut", &slices(&mut draw, false)));
        let more = sizes().any(|size| counts(&after, size) > counts(&before, size));
        assert_eq!(!loosened(&before, &after).is_empty(), more, "{:?}", before.diff(&after));
        seen[usize::from(more)] += 1;
    }
    assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
}

#[test]
fn concentration_loosens_where_less_is_charged_of_some_notional() {
    let full = read(FULL);
    let charge = |book: &Rulebook, notional| {
        let slices = book.portfolio().underlyings[0].concentration.as_ref();
        slices.map_or(0, |slices| sliced(slices.iter().map(|slice| (slice.up_to, slice.rate)), notional, ONE))
    };
    let path = "portfolio.underlying.BTC.concentration";
    let mut draw = Draw(17);
    let mut seen = [0; 2];
    for round in 0..400 {
        let [before, after] = [0, 1].map(|side| match round % 20 == side {
            true => full.clone(),
            false => set(&full, path, &slices(&mut draw, true)),
        });
        let less = sizes().any(|size| charge(&after, size) < charge(&before, size));
        assert_eq!(!loosened(&before, &after).is_empty(), less, "{:?}", before.diff(&after));
        seen[usize::from(less)] += 1;
    }
    assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
}
