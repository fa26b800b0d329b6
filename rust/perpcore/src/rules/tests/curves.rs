//! Rows by size are compared at every size: against what the margin makes of them, size by size.

use super::tighten::{FULL, loosened, set};
use super::{Draw, read};
use crate::margin::tiers::Ladder;
use crate::num::{E8, ONE};
use crate::rules::{Charge, InitialMethod, Rulebook, Slice};

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
        let [old, new] = [&before, &after].map(|book| {
            let instrument = &book.instruments()[0];
            Ladder::new(&instrument.tiers, instrument.initial_method)
        });
        let needs_less = sizes().any(|size| {
            let at = size * E8;
            leverages.iter().any(|&rate| {
                let [old, new] = [&old, &new].map(|ladder| ladder.requirements_e24(at, rate));
                new.0 < old.0 || new.1 < old.1
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
    let counts = |slices: &[Slice], quantity: i128| {
        let mut from = 0;
        let parts = slices.iter().map(|slice| {
            let to = slice.up_to.unwrap_or(quantity).min(quantity).max(from);
            let part = (to - from) * i128::from(ONE - slice.rate);
            from = to;
            part
        });
        parts.sum::<i128>()
    };
    let mut draw = Draw(13);
    let mut seen = [0; 2];
    let base = set(&full, "asset.BTC.close_cost", "\"0%\"");
    for _ in 0..400 {
        let [before, after] = [(); 2].map(|()| set(&base, "asset.BTC.haircut", &slices(&mut draw, false)));
        let [old, new] = [&before, &after].map(|book| book.assets()[0].haircut.as_slice());
        let more = sizes().any(|size| counts(new, size) > counts(old, size));
        assert_eq!(!loosened(&before, &after).is_empty(), more, "{:?}", before.diff(&after));
        seen[usize::from(more)] += 1;
    }
    assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
}

#[test]
fn concentration_loosens_where_less_is_charged_of_some_notional() {
    let full = read(FULL);
    let charge = |slices: &Option<Vec<Charge>>, notional: i128| {
        let Some(slices) = slices else { return 0 };
        let mut from = 0;
        let mut parts = 0;
        for slice in slices {
            let to = slice.up_to.unwrap_or(notional).min(notional).max(from);
            parts += (to - from) * i128::from(slice.rate);
            from = to;
        }
        parts + (notional - from).max(0) * i128::from(ONE)
    };
    let path = "portfolio.underlying.BTC.concentration";
    let mut draw = Draw(17);
    let mut seen = [0; 2];
    for round in 0..400 {
        let [before, after] = [0, 1].map(|side| match round % 20 == side {
            true => full.clone(),
            false => set(&full, path, &slices(&mut draw, true)),
        });
        let [old, new] = [&before, &after].map(|book| &book.portfolio().underlyings[0].concentration);
        let less = sizes().any(|size| charge(new, size) < charge(old, size));
        assert_eq!(!loosened(&before, &after).is_empty(), less, "{:?}", before.diff(&after));
        seen[usize::from(less)] += 1;
    }
    assert!(seen.iter().all(|seen| *seen > 20), "{seen:?}");
}
