//! The average of irregular steps, as a mark shows it, against fractions of whole numbers without an end: dⁿ half to even at g
//! once, both sums half to even at 10⁻¹⁶.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "pricing/draw.rs"]
mod draw;
#[path = "pricing/exact.rs"]
mod exact;
#[path = "pricing/market.rs"]
mod market;

use draw::{Draw, soak};
use exact::{Nat, Ratio};
use market::{DAY, ONE, SECOND, TOP, instrument};
use perpcore::message::PriceState;
use perpcore::pricing::mark::{Mark, MarkRule, Update};

const E16: u128 = 10_000_000_000_000_000;

/// dⁿ·10⁸ rounded once, from every digit of it.
fn power(decay: i64, seconds: u64) -> u128 {
    let over = Nat::power(decay as u128, seconds).times(&Nat::new(ONE as u128));
    Ratio { over, under: Nat::power(ONE as u128, seconds) }.half_even()
}

/// The same for very many seconds, where no digit beyond 300 decides: between two powers that are cut and raised.
fn far_power(decay: i64, mut seconds: u64) -> u128 {
    let unit = Nat::power(1 << 32, 32);
    let scaled = Ratio { over: unit.times(&Nat::new(decay as u128)), under: Nat::new(ONE as u128) };
    let mut squares = [scaled.floor(), scaled.floor().plus(&Nat::new(1))];
    let mut results = [unit.clone(), unit.clone()];
    let product = |a: &Nat, b: &Nat, up: bool| {
        let cut = a.times(b).without_digits(32);
        if up { cut.plus(&Nat::new(1)) } else { cut }
    };
    while seconds > 0 {
        for (result, (square, up)) in results.iter_mut().zip(squares.iter_mut().zip([false, true])) {
            if seconds % 2 == 1 {
                *result = product(result, square, up);
            }
            *square = product(square, square, up);
        }
        seconds /= 2;
    }
    let [low, high] =
        results.map(|over| Ratio { over: over.times(&Nat::new(ONE as u128)), under: unit.clone() }.half_even());
    assert_eq!(low, high, "not decided within 300 digits");
    low
}

/// Both sums at 10⁻¹⁶.
#[derive(Default)]
struct Average {
    num: u128,
    den: u128,
}

impl Average {
    /// Twice a mid that held for so many seconds, of which the past keeps `left` in g.
    fn step(&mut self, twice: i64, seconds: u64, left: u128) {
        let faded = |sum: u128| Ratio { over: Nat::new(sum).times(&Nat::new(left)), under: Nat::new(ONE as u128) };
        let fresh = Ratio::new(twice as u128 * ONE as u128 * u128::from(seconds), 2);
        self.num = faded(self.num).plus(&fresh).half_even();
        self.den = faded(self.den).plus(&Ratio::new(E16 * u128::from(seconds), 1)).half_even();
    }

    /// A share `over` / `under` that held for so many seconds.
    fn step_share(&mut self, over: i64, under: i64, seconds: u64, left: u128) {
        let faded = |sum: u128| Ratio { over: Nat::new(sum).times(&Nat::new(left)), under: Nat::new(ONE as u128) };
        let fresh = Ratio::new(over as u128 * E16 * u128::from(seconds), under as u128);
        self.num = faded(self.num).plus(&fresh).half_even();
        self.den = faded(self.den).plus(&Ratio::new(E16 * u128::from(seconds), 1)).half_even();
    }

    fn price(&self) -> i64 {
        Ratio { over: Nat::new(self.num).times(&Nat::new(ONE as u128)), under: Nat::new(self.den) }.half_even() as i64
    }
}

/// A market whose book stands for some seconds, then another one; its average is told with a trade and no book.
struct Market {
    mark: Mark,
    now: i64,
}

impl Market {
    fn new(decay: i64) -> Market {
        let (mut instrument, underlying) = instrument("");
        (instrument.mark.ema, instrument.mark.last_for) = (decay, DAY);
        let mut market = Market { mark: Mark::new(&instrument, &underlying), now: 0 };
        // Frozen: without samples of the basis the average stands in.
        let update = Update { index: Some(Some(TOP)), state: Some(PriceState::Frozen), ..Update::default() };
        market.mark.update(0, &update).expect("the first update");
        market
    }

    fn stands(&mut self, bid: i64, ask: i64, seconds: u64) {
        let update = Update { bid: Some(Some(bid)), ask: Some(Some(ask)), ..Update::default() };
        self.mark.update(self.now, &update).expect("time goes on");
        self.now += seconds as i64 * SECOND;
    }

    fn average(&mut self) -> i64 {
        let update = Update { bid: Some(None), ask: Some(None), last: Some(TOP), ..Update::default() };
        let marked = self.mark.update(self.now, &update).expect("time goes on");
        assert_eq!(marked.rule, Some(MarkRule::Average));
        marked.average.expect("an average")
    }
}

/// The first book is as dear and stands as long as can be, the second is cheap: a unit of dⁿ shows in the average.
fn shows(decay: i64, seconds: u64, left: u128) {
    let (mut market, mut average) = (Market::new(decay), Average::default());
    for (bid, ask, seconds, left) in [(TOP - 2, TOP, 1_000_000, 0), (1, 2, seconds, left)] {
        market.stands(bid, ask, seconds);
        average.step(bid + ask, seconds, left);
    }
    assert_eq!(market.average(), average.price(), "{decay}^{seconds} should be {left}");
    if left > 0 && seconds <= 1_000_000 {
        let mut other = Average { num: (TOP as u128 - 1) * ONE as u128 * 1_000_000, den: E16 * 1_000_000 };
        other.step(3, seconds, left - 1);
        assert_ne!(other.price(), average.price(), "a unit of {decay}^{seconds} shows");
    }
}

fn any_decay(draw: &mut Draw) -> i64 {
    let any = draw.within(0, ONE - 1);
    let near_one = ONE - 1 - draw.within(0, 1_000_000);
    draw.of(&[96_721_610, any, near_one, near_one, ONE - 1, ONE / 2, ONE / 10 * 9, 1, 0])
}

#[test]
fn what_seconds_leave_is_rounded_once() {
    for seed in 0..if soak() { 1_500 } else { 40 } {
        let mut draw = Draw(seed);
        let most = draw.of(&[10, 33, 100, 2_000]);
        let (decay, seconds) = (any_decay(&mut draw), draw.within(1, most) as u64);
        let left = power(decay, seconds);
        // Shorter ones may end in a half.
        assert!(seconds <= 9 || far_power(decay, seconds) == left, "{decay}^{seconds}");
        shows(decay, seconds, left);
    }
}

#[test]
fn what_very_many_seconds_leave_is_rounded_once() {
    for seed in 0..if soak() { 5_000 } else { 100 } {
        let mut draw = Draw(seed);
        let decay = draw.of(&[ONE - 1, ONE - 2, ONE - draw.clone().within(1, 100), 99_999_000, 96_721_610]);
        let seconds = draw.within(10, 1 << draw.clone().within(11, 32)) as u64;
        shows(decay, seconds, far_power(decay, seconds));
    }
}

#[test]
fn halves_that_a_power_ends_in_go_to_the_even_neighbor() {
    // 0.5⁹ and 0.2⁹·…: powers of nine digits at most that end in 5 at the ninth.
    for (decay, seconds, left) in [(50_000_000, 9, 195_312), (15_000_000, 4, 50_625), (12_500_000, 3, 195_312)] {
        assert_eq!(power(decay, seconds), left);
        shows(decay, seconds, left);
    }
}

#[test]
fn an_average_of_many_steps_is_exact() {
    for seed in 0..if soak() { 5_000 } else { 100 } {
        let mut draw = Draw(seed);
        let decay = any_decay(&mut draw);
        let (mut market, mut average) = (Market::new(decay), Average::default());
        for _ in 0..draw.within(1, 40) {
            let bid = draw.of(&[1, 1_000, 60_000 * ONE, TOP - 100]) + draw.within(0, 98);
            let (ask, seconds) = (bid + 1, draw.within(1, 40) as u64);
            market.stands(bid, ask, seconds);
            average.step(bid + ask, seconds, power(decay, seconds));
            let told = Market { mark: market.mark.clone(), now: market.now }.average();
            assert_eq!(told, average.price(), "seed {seed}, decay {decay}");
        }
    }
}

#[test]
fn the_average_of_a_basis_is_exact_above_and_below_the_index() {
    for seed in 0..if soak() { 5_000 } else { 100 } {
        let mut draw = Draw(seed);
        let (mut instrument, mut underlying) = instrument("mark.method = \"fair_basis\"\nmark.band = \"50%\"\n");
        (instrument.mark.ema, instrument.tiers[0].maintenance) = (any_decay(&mut draw), ONE);
        underlying.index.stale_after = 180 * SECOND;
        let (mut mark, mut average, mut now) = (Mark::new(&instrument, &underlying), Average::default(), 0);
        let above = draw.once_in(2);
        for _ in 0..draw.within(1, 40) {
            let index = draw.of(&[999, 60_000 * ONE, TOP / 2]) + draw.within(0, 98);
            let [near, far] = [1, 2].map(|part| draw.within(0, index / 9 * part / 2));
            let sides =
                if above { [index + near, index + near + far + 1] } else { [index - near - far - 1, index - near] };
            let [impact_bid, impact_ask] = sides.map(|price| Some(Some(price)));
            let update = Update { index: Some(Some(index)), impact_bid, impact_ask, ..Update::default() };
            let told = mark.update(now, &update).expect("time goes on").mark;
            if average.den > 0 {
                let [num, den] = [average.num, average.den].map(Nat::new);
                let factor = if above { den.plus(&num) } else { den.minus(&num) };
                let expected = Ratio { over: factor.times(&Nat::new(index as u128)), under: den }.half_even() as i64;
                assert_eq!(told, Some(expected), "seed {seed}");
            }
            let seconds = draw.within(1, 40);
            now += seconds * SECOND;
            let away = (sides[0] + sides[1] - 2 * index).abs();
            let left = power(instrument.mark.ema, seconds as u64);
            average.step_share(away, 2 * index, seconds as u64, left);
        }
    }
}
