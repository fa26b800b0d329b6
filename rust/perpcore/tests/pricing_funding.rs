//! What must hold of every funding: its rates, its gaps, its cumulative index, and that its payments add up to nothing.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/market.rs"]
mod market;
#[path = "pricing/rows.rs"]
mod rows;

use draw::{Draw, soak};
use market::{DAY, FARTHEST, ONE, SECOND, TOP, any_rules, instrument, later, named, state};
use perpcore::message::PriceState;
use perpcore::pricing::funding::{Funding, Inputs, Slot, Update, payment, rounding};
use perpcore::rules::{Instrument, Underlying};
use rows::Laws;

fn any_update(draw: &mut Draw, near: i64, wild: bool) -> Update {
    if draw.once_in(5) {
        return Update::default();
    }
    let state = state(draw);
    Update {
        index: named(draw, near, wild),
        state: draw.of(&[None, Some(state)]),
        impact_bid: named(draw, near - near / 500, wild),
        impact_ask: named(draw, near + near / 500, wild),
        mark: named(draw, near, wild),
    }
}

/// A gap writes no more rows than that: slots with a fresh index, the first that has none, the end of the interval in
/// course, and one for whole intervals, for each.
fn most_rows(instrument: &Instrument, underlying: &Underlying) -> usize {
    (underlying.index.stale_after / instrument.funding.sample) as usize + 5
}

#[test]
fn every_row_follows_from_the_one_before_and_no_gap_writes_many() {
    for seed in 0..if soak() { 100_000 } else { 1_000 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let (wild, near) = (draw.once_in(2), draw.of(&[3, 999, 60_000 * ONE, TOP / 2]));
        let mut now = draw.of(&[7 * SECOND / 2, 1_700_000_000 * SECOND + 7, 1_700_006_400 * SECOND]);
        let (mut funding, mut laws) = (Funding::new(&instrument, &underlying), Laws::new(&instrument, now));
        let (mut slots, mut mark) = (Vec::new(), None);
        for _ in 0..100 {
            slots.clear();
            let update = any_update(&mut draw, near, wild);
            funding.update(now, &update, &mut slots).expect("time goes on");
            assert!(slots.len() <= most_rows(&instrument, &underlying), "seed {seed}: {} rows", slots.len());
            slots.iter().for_each(|slot| laws.check(slot, mark));
            assert!(now < laws.start + laws.every, "no settlement is left out");
            let price = |given: Option<i64>| given.filter(|given| (1..=TOP).contains(given));
            mark = update.mark.map_or(mark, price);
            let digest = funding.digest();
            assert!(funding.update(now - 1, &update, &mut slots).is_err());
            assert_eq!(funding.digest(), digest, "what is refused does nothing");
            now = later(&mut draw, now, wild);
        }
    }
}

#[test]
fn how_often_time_is_told_changes_no_rate_no_outcome_and_no_cumulative_index() {
    for seed in 0..if soak() { 50_000 } else { 500 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let mut seldom = Funding::new(&instrument, &underlying);
        let mut often = seldom.clone();
        let (mut now, wild) = (1_700_000_000 * SECOND, draw.once_in(2));
        let (mut told, mut also) = (Vec::new(), Vec::new());
        for _ in 0..60 {
            let update = any_update(&mut draw, 50_000 * ONE, wild);
            seldom.update(now, &update, &mut told).expect("time goes on");
            often.update(now, &update, &mut also).expect("time goes on");
            assert_eq!(seldom.digest(), often.digest(), "seed {seed} at {now}");
            let next = later(&mut draw, now, wild);
            for _ in 0..draw.below(4) {
                now = draw.within(now, next);
                often.update(now, &Update::default(), &mut also).expect("time goes on");
            }
            now = next;
        }
        for (funding, slots) in [(&mut seldom, &mut told), (&mut often, &mut also)] {
            funding.update(now, &Update::default(), slots).expect("time goes on");
        }
        // Missed intervals may be one row or several.
        let missed = |slots: &[Slot]| slots.iter().map(|slot| slot.missed).sum::<u64>();
        assert_eq!(missed(&told), missed(&also), "seed {seed}");
        let others = |slots: &[Slot]| slots.iter().filter(|slot| slot.missed == 0).copied().collect::<Vec<_>>();
        assert_eq!(others(&told), others(&also), "seed {seed}");
    }
}

/// The sum of the rates of a day and how many, where the premium is the same all day.
fn of_a_day(every: i64, premium_e8: i64, text: &str) -> (i64, i64) {
    let (mut instrument, underlying) = instrument(text);
    (instrument.funding.every, instrument.funding.sample) = (every, 5 * SECOND);
    let mut funding = Funding::new(&instrument, &underlying);
    let (index, mut slots) = (10_000 * ONE, Vec::new());
    // The bid is above the index, or the ask below.
    let way = 10_000 * premium_e8;
    let sides = if premium_e8 > 0 { [index + way, index + way + ONE] } else { [index + way - ONE, index + way] };
    let [impact_bid, impact_ask] = sides.map(|price| Some(Some(price)));
    for second in (0..=DAY / SECOND).step_by(5) {
        let update = Update { index: Some(Some(index)), impact_bid, impact_ask, ..Update::default() };
        funding.update(second * SECOND, &update, &mut slots).expect("time goes on");
    }
    let rates: Vec<i64> = slots.iter().filter_map(|slot| slot.settled).map(|(rate, _)| rate).collect();
    (rates.iter().sum(), rates.len() as i64)
}

#[test]
fn the_same_premium_costs_the_same_a_day_however_often_it_is_settled() {
    let mut draw = Draw(1);
    let mut premiums = vec![1, -1, 9_999, 10_000, 60_000, 60_001, -40_000, -39_999, 12_345_678];
    premiums.extend((0..if soak() { 200 } else { 3 }).map(|_| draw.within(-50_000_000, 50_000_000)));
    for premium in premiums {
        let (thrice, count) = of_a_day(8 * 3_600 * SECOND, premium, "");
        assert_eq!(count, 3);
        // (P̄ + clamp(interest − P̄, ±dead zone)) three times, exact since a day of eight hours has no fraction.
        assert_eq!(thrice, 3 * (premium + (10_000 - premium).clamp(-50_000, 50_000)));
        for hours in [1, 2, 4, 24] {
            let (sum, count) = of_a_day(hours * 3_600 * SECOND, premium, "");
            assert_eq!(count, 24 / hours);
            // Each settlement is rounded to the nearest.
            assert!(2 * (sum - thrice).abs() <= count, "{premium}: {sum} in {count}, {thrice} in 3");
        }
    }
    let capped = "funding.cap = \"0.05%\"\n";
    assert_eq!(of_a_day(8 * 3_600 * SECOND, 1_000_000, capped).0, 3 * 50_000);
    assert_eq!(of_a_day(3_600 * SECOND, 1_000_000, capped).0, 24 * 50_000);
}

#[test]
fn a_gap_of_years_is_one_row_that_says_how_many_were_missed() {
    for (every, text) in
        [(8 * 3_600, ""), (3_600, "funding.every = \"1h\"\n"), (1, "funding = { every = \"1s\", sample = \"1s\" }\n")]
    {
        let (instrument, underlying) = instrument(text);
        let mut funding = Funding::new(&instrument, &underlying);
        let (start, mut slots) = (1_700_006_400 * SECOND, Vec::new());
        let update = Update {
            index: Some(Some(100 * ONE)),
            impact_bid: Some(Some(101 * ONE)),
            impact_ask: Some(Some(102 * ONE)),
            mark: Some(Some(100 * ONE)),
            ..Update::default()
        };
        funding.update(start, &update, &mut slots).expect("the first update");
        let years = 200 * 365 * DAY;
        funding.update(start + years, &Update::default(), &mut slots).expect("time goes on");
        let settled = slots.iter().filter(|slot| slot.settled.is_some());
        let ended: u64 = settled.map(|slot| slot.missed.max(1)).sum();
        assert_eq!(ended, (years / every / SECOND) as u64);
        assert!(slots.len() <= most_rows(&instrument, &underlying), "{} rows", slots.len());
        assert_eq!(slots.last().map(|slot| slot.time), Some(start + years));
    }
}

#[test]
fn any_gap_between_two_times_that_are_taken_is_passed() {
    let (instrument, underlying) = instrument("");
    let mut funding = Funding::new(&instrument, &underlying);
    for now in [0, FARTHEST] {
        funding.update(now, &Update::default(), &mut Vec::new()).expect("time goes on");
    }
    for now in [-1, i64::MIN, i64::MAX] {
        assert!(Funding::new(&instrument, &underlying).update(now, &Update::default(), &mut Vec::new()).is_err());
    }
}

fn any_number(draw: &mut Draw) -> i64 {
    let any = draw.next() as i64;
    let short = any >> draw.below(63);
    draw.of(&[any, short, i64::MIN, i64::MAX, 0, 1, TOP, -1])
}

#[test]
fn any_number_in_any_field_is_taken() {
    for seed in 0..if soak() { 200_000 } else { 2_000 } {
        let mut draw = Draw(seed);
        let (instrument, underlying) = any_rules(&mut draw);
        let (mut funding, mut slots) = (Funding::new(&instrument, &underlying), Vec::new());
        let mut now = draw.of(&[i64::MIN, 0, draw.clone().next() as i64]);
        for _ in 0..40 {
            let [index, impact_bid, impact_ask, mark] = std::array::from_fn(|_| Some(Some(any_number(&mut draw))));
            let state = draw.of(&[None, Some(PriceState::Live)]);
            let update = Update { index, state, impact_bid, impact_ask, mark };
            let before = funding.digest();
            if funding.update(now, &update, &mut slots).is_err() {
                assert_eq!(funding.digest(), before, "what is refused does nothing");
            }
            let before = funding.digest();
            let (mark, cumulative) = (any_number(&mut draw), i128::from(any_number(&mut draw)) << draw.below(65));
            if funding.restore(now, mark, cumulative, &mut slots).is_err() {
                assert_eq!(funding.digest(), before, "what is refused does nothing");
            }
            now =
                draw.of(&[now, now.saturating_add(SECOND), now.saturating_add(DAY), now.saturating_add(i64::MAX / 4)]);
        }
        assert!(slots.len() <= 80 * most_rows(&instrument, &underlying));
    }
}

#[test]
fn a_cumulative_index_is_restored_within_the_largest_rate_for_each_interval() {
    for (text, most_e16) in
        [("", 10_000_000_000_000_000_i64), ("funding.cap_factor_maintenance = 0.3\n", 36_000_000_000_000)]
    {
        let (instrument, underlying) = instrument(text);
        let (own, eight_hours) = (5_000_000_000_000_000_007, DAY / 3);
        // In the interval of the last settlement, and in the third after it; by the mark that is known, not the one told.
        for (later, intervals) in [(0, 1), (eight_hours - 1, 1), (3 * eight_hours, 3)] {
            let step = 77 * i128::from(most_e16) * intervals;
            for (cumulative, taken) in
                [(own + step, true), (own - step, true), (own + step + 1, false), (own - step - 1, false)]
            {
                let mut funding = Funding::new(&instrument, &underlying);
                let restore = |funding: &mut Funding, now, mark, cumulative| {
                    funding.restore(now, mark, cumulative, &mut Vec::new()).is_ok()
                };
                assert!(restore(&mut funding, 0, 77 * ONE, own));
                assert_eq!(restore(&mut funding, later, 1_000 * ONE, cumulative), taken, "{cumulative} after {later}");
            }
        }
    }
}

/// An instrument that was restored with a cumulative index, and settles once.
fn restored(now: i64, cumulative_e16: i128, then: i64) -> Funding {
    let (instrument, underlying) = instrument("");
    let mut funding = Funding::new(&instrument, &underlying);
    let update = Update {
        index: Some(Some(100 * ONE)),
        impact_bid: Some(Some(101 * ONE)),
        impact_ask: Some(Some(102 * ONE)),
        ..Update::default()
    };
    if funding.restore(now, 100 * ONE, cumulative_e16, &mut Vec::new()).is_ok() {
        for at in 0..8 * 3_600 / 5 {
            funding.update(now + at * 5 * SECOND, &update, &mut Vec::new()).expect("time goes on");
        }
        funding.update(now + 8 * 3_600 * SECOND, &update, &mut Vec::new()).expect("time goes on");
    }
    let _ = funding.restore(then, ONE, cumulative_e16, &mut Vec::new());
    funding
}

#[test]
fn no_restored_index_is_too_large_to_go_on_from() {
    for cumulative in [i128::MAX, i128::MIN, 10_i128.pow(36), -10_i128.pow(36)] {
        restored(0, cumulative, DAY);
    }
}

#[test]
fn a_restore_at_no_time_is_refused() {
    for then in [i64::MAX, i64::MIN, -1] {
        restored(0, 0, then);
    }
}

#[test]
fn payments_and_rounding_are_nothing_together() {
    for seed in 0..if soak() { 1_000_000 } else { 10_000 } {
        let mut draw = Draw(seed);
        let count = draw.within(1, 12) as usize;
        let mark = draw.of(&[1, 99, 60_000 * ONE, TOP]);
        // Notionals of at most 10¹².
        let most =
            (1_000_000_000_000 * i128::from(ONE) * i128::from(ONE) / i128::from(mark)).min(i128::from(TOP)) as i64;
        let mut quantities: Vec<i64> = (0..count).map(|_| draw.within(-most / 12, most / 12)).collect();
        quantities.push(-quantities.iter().sum::<i64>());
        let rate = draw.of(&[0, 1, -1, 10_000, -33_333, 100 * ONE, -100 * ONE]);
        let paid = |quantity: &i64| payment(*quantity, mark, rate).expect("within bounds");
        let payments: Vec<i128> = quantities.iter().map(paid).collect();
        let left = rounding(quantities.iter().copied(), payments.iter().copied()).expect("a balance");
        assert_eq!(payments.iter().sum::<i128>() + left, 0);
        assert!(0 <= left && left < quantities.len() as i128, "seed {seed}: {left}");
        // −Q·M·F at 10⁻²⁴, down.
        for (quantity, paid) in quantities.iter().zip(&payments) {
            let exact = -i128::from(*quantity) * i128::from(mark) * i128::from(rate);
            assert_eq!(exact.div_euclid(10_i128.pow(16)), *paid);
        }
        quantities.push(1);
        assert_eq!(rounding(quantities.iter().copied(), payments.iter().copied()), None);
    }
}

#[test]
fn a_payment_is_exact_or_refused() {
    for (quantity, mark, rate) in [(1 << 45, 1 << 45, 1 << 37), (TOP, 100 * ONE, i64::MAX), (-TOP, 100 * ONE, i64::MIN)]
    {
        if let Ok(paid) = payment(quantity, mark, rate) {
            let exact = i128::from(quantity).checked_mul(i128::from(mark)).and_then(|n| n.checked_mul(rate.into()));
            assert_eq!(exact.map(|exact| (-exact).div_euclid(10_i128.pow(16))), Some(paid), "{quantity} {mark} {rate}");
        }
    }
}

#[test]
fn what_a_slot_was_made_of_stands_beside_it() {
    let (instrument, underlying) = instrument("");
    let (mut funding, mut slots) = (Funding::new(&instrument, &underlying), Vec::new());
    let update = Update {
        index: Some(Some(100 * ONE)),
        impact_bid: Some(Some(101 * ONE)),
        impact_ask: Some(Some(102 * ONE)),
        ..Update::default()
    };
    funding.update(0, &update, &mut slots).expect("the first update");
    // The index of 5 s is not that of the slot at 5 s.
    let moved = Update { index: Some(Some(200 * ONE)), ..Update::default() };
    funding.update(5 * SECOND, &moved, &mut slots).expect("time goes on");
    let inputs = Inputs {
        index: Some(100 * ONE),
        state: PriceState::Live,
        impact_bid: Some(101 * ONE),
        impact_ask: Some(102 * ONE),
    };
    let told: Vec<_> = slots.iter().map(|slot| (slot.time, slot.inputs, slot.premium)).collect();
    assert_eq!(told, [(5 * SECOND, inputs, Ok(1_000_000))]);
}
