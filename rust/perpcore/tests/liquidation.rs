//! What a liquidation plans, each part by itself: the cases of `vectors/waterfall.json`, and more by hand.

#![expect(clippy::expect_used, reason = "a test")]

use perpcore::liquidation::fund::{Episode, Hour, budget};
use perpcore::liquidation::plan::{Fallen, fee, funds_part, left, lots};
use perpcore::liquidation::rank::{Counterparty, allocate, lights, queue};
use perpcore::liquidation::share::{Part, pro_rata};
use perpcore::margin::threshold::bankruptcy::{Closing, amount_e16};
use perpcore::num::{E8, E16, ONE, scaled, text};
use perpcore::rules::{AdlPolicy, Liquidation, Rulebook};

/// A number of at most eight decimals, in g.
fn g(text: &str) -> i128 {
    text::parse(text).expect("a number")
}

/// The same as a quantity or price.
fn small(text: &str) -> i64 {
    i64::try_from(g(text)).expect("small")
}

fn rules(more: &str) -> Liquidation {
    let text = format!("[venue]\nsettlement = \"USD\"\n[liquidation]\n{more}");
    Rulebook::parse(&text, "").expect("a rulebook").liquidation().expect("it has some").clone()
}

/// Positions as quantity, mark, maintenance margin and tick.
type Rows<'a> = &'a [[&'a str; 4]];

fn closing(rows: Rows<'_>) -> Vec<Closing> {
    let row = |(at, [quantity, mark, maintenance, tick]): (usize, &[&str; 4])| Closing {
        instrument: at as u32,
        quantity: small(quantity),
        mark: small(mark),
        tick: small(tick),
        maintenance_e24: g(maintenance) * E16,
    };
    rows.iter().enumerate().map(row).collect()
}

#[test]
fn bankruptcy_amounts_leave_nothing() {
    let cases: [(Rows<'_>, &str, &[i128]); 7] = [
        (&[["0.1", "50000", "50", "0.00000001"]], "499", &[4_501 * E16]),
        (&[["-0.1", "50000", "50", "0.00000001"]], "499", &[5_499 * E16]),
        (&[["0.1", "50000", "50", "0.00000001"]], "-100", &[5_100 * E16]),
        (&[["0.00021347", "0.13", "1", "0.00000001"]], "0", &[277_511_000_000]),
        (&[["500", "1", "5", "0.1"]], "490", &[50 * E16]),
        (
            &[["0.3", "50000.01", "75", "0.00000001"], ["-7", "3400", "119", "0.00000001"]],
            "100",
            &[149_613_432_061_855_670_104, 238_613_402_061_855_670_103],
        ),
        // Without maintenance margin by notional: 100 and 300, so that a quarter and three quarters of 40 go.
        (&[["1", "100", "0", "1"], ["3", "100", "0", "1"]], "40", &[90 * E16, 270 * E16]),
    ];
    for (rows, net_value, wanted) in cases {
        let positions = closing(rows);
        let found: Vec<i128> = (0..positions.len()).map(|at| amount_e16(&positions, at, g(net_value))).collect();
        assert_eq!(found, wanted, "{rows:?}");
    }
}

#[test]
fn parts_of_bankruptcy_amounts_are_rounded_against_the_bucket() {
    let positions = closing(&[["0.3", "50000.01", "75", "0.00000001"], ["-7", "3400", "119", "0.00000001"]]);
    for (at, (closed, wanted)) in [("0.1", "4987.11440207"), ("3", "10226.28865979")].into_iter().enumerate() {
        let amount = amount_e16(&positions, at, g("100"));
        assert_eq!(positions[at].part_e16(amount, small(closed)), g(wanted) * E8);
        assert_eq!(positions[at].part_e16(amount, positions[at].quantity.abs()), amount);
    }
}

/// Maintenance margin of some notional, in 10⁻¹⁶, at one rate in g, as it is with a share of it left.
fn flat(notional_e16: i128, rate: i64) -> impl FnMut(i64) -> Option<i128> {
    move |share| Some(scaled(scaled(notional_e16, rate) / E8, share) / E16)
}

#[test]
fn the_least_share_is_closed_that_is_enough() {
    // 0.1 × 54,800 + 1 × 3,400 = 8,880, of which 1 % is 88.8.
    let notional = 8_880 * E16;
    let fallen = |equity: &str, maintenance: &str| Fallen {
        equity: g(equity),
        net_value: g(equity),
        maintenance: g(maintenance),
    };
    let none = rules("fee = 0");
    assert_eq!(fallen("80", "88.8").share(&none, notional, flat(notional, ONE / 100)), ONE / 5);
    let half = rules("fee = \"0.5%\"");
    assert_eq!(fallen("80", "88.8").share(&half, notional, flat(notional, ONE / 100)), 2 * ONE / 5);
    // 90 · 0.8 = 72 = 0.9 · 80 is not below it.
    assert_eq!(fallen("80", "90").share(&none, 100 * E16, flat(100 * E16, 9 * ONE / 10)), 2 * ONE / 5);
    // ⅔ · 88.8 = 59.2
    assert!(fallen("59.19", "88.8").is_deep(&none) && !fallen("59.21", "88.8").is_deep(&none));
    assert_eq!(fallen("59.19", "88.8").share(&none, notional, |_| None), ONE);
    // Nothing is enough: with 30 % steps the last one is all.
    assert_eq!(fallen("80", "88.8").share(&rules("step = \"30%\""), notional, |_| Some(g("88.8"))), ONE);
}

#[test]
fn lots_are_rounded_up_and_dust_goes_too() {
    // 20 % of 1.23 lots; the position itself is of whole lots.
    for (held, share, least, wanted) in
        [(100, ONE / 5, 1, 20), (101, ONE / 5, 1, 21), (3, ONE / 5, 3, 3), (6, ONE / 5, 4, 2), (1, ONE, 5, 1)]
    {
        assert_eq!(lots(held, share, least), wanted, "{held} by {share}");
    }
    assert_eq!([left(small("0.00000003"), ONE / 2), left(-small("5"), 4 * ONE / 5)], [2, -small("4")]);
}

#[test]
fn a_fee_is_at_most_what_is_left_above_bankruptcy() {
    let rows = [
        (small("0.005"), 5_610 * E16, 510 * E16, "28.05"),
        (small("0.005"), g("5105.1") * E8, g("5.1") * E8, "5.1"),
        (small("0.025"), 4_410 * E16, 490 * E16, "110.25"),
        (1, 51_000_000_000_149 * 1_000_000, 148_999_999, "0.00000001"),
        (small("0.005"), g("333.33333333") * E8, g("33.33333333") * E8 - 1, "1.66666667"),
        (small("0.005"), 100 * E16, -5, "0"),
    ];
    for (rate, fill, surplus, wanted) in rows {
        assert_eq!(fee(rate, fill, surplus), g(wanted), "{fill}");
    }
}

#[test]
fn a_backstop_provider_buys_between_the_mark_and_bankruptcy() {
    // 10 at a mark of 100 and 95: the provider pays 97 each, the fund gets 2 each.
    assert_eq!(funds_part(small("0.6"), 50 * E16), g("20"));
    assert_eq!(funds_part(small("0.6"), -1), 0);
}

fn counterparty(at: usize, [quantity, pnl, cost, maintenance, net_value]: [&str; 5]) -> Counterparty {
    let lots = quantity.parse().expect("lots");
    Counterparty {
        account: at as u32,
        isolated: false,
        lots,
        most: lots,
        at_most: g(net_value),
        pnl_e16: g(pnl) * E8,
        cost_e16: g(cost) * E8,
        maintenance: g(maintenance),
        net_value: g(net_value),
    }
}

fn counterparties(rows: &[[&str; 5]]) -> Vec<Counterparty> {
    rows.iter().enumerate().map(|(at, row)| counterparty(at, *row)).collect()
}

const SIX: [[&str; 5]; 6] = [
    ["10", "100", "900", "10", "100"],
    ["20", "-100", "2100", "20", "50"],
    ["30", "600", "2400", "30", "600"],
    ["10", "100", "900", "10", "100"],
    ["40", "-400", "4400", "40", "1000"],
    ["5", "0", "500", "5", "500"],
];

#[test]
fn winners_come_before_losers_and_the_more_leveraged_first() {
    let all = counterparties(&SIX);
    assert_eq!(queue(&all).collect::<Vec<_>>(), [2, 0, 3, 5, 1, 4]);
    let scores: Vec<_> = all.iter().map(|of| of.score().expect("a score")).collect();
    let wanted = ["0.01111111", "-0.11904762", "0.0125", "0.01111111", "-2.27272728", "0"];
    assert_eq!(scores, wanted.map(g));
    assert_eq!(lights(&all), [2, 4, 2, 3, 5, 3]);
}

#[test]
fn no_cost_and_no_net_value_come_first_and_no_margin_last_of_its_class() {
    let all = counterparties(&[
        ["10", "100", "900", "10", "100"],
        ["10", "5", "0", "10", "50"],
        ["10", "-3", "1003", "10", "0"],
        ["10", "50", "950", "0", "100"],
        ["10", "-50", "1050", "0", "100"],
        ["10", "-100", "1100", "10", "40"],
        ["10", "0", "1000", "10", "30"],
    ]);
    assert_eq!(queue(&all).collect::<Vec<_>>(), [1, 2, 0, 6, 3, 5, 4]);
    let scores = all.iter().map(Counterparty::score).collect::<Vec<_>>();
    assert_eq!(scores, [Some(g("0.01111111")), None, None, None, None, Some(g("-0.36363637")), Some(0)]);
    assert_eq!(lights(&all), [3, 1, 2, 4, 5, 5, 3]);
}

#[test]
fn policies_take_exactly_the_deficit() {
    let six = counterparties(&SIX);
    assert_eq!(allocate(AdlPolicy::Score, &six, 45), [(2, 30), (0, 10), (3, 5)]);
    // 3.913, 7.826, 11.739, 3.913, 15.652, 1.957: floors 42, one more for the last, the first and the fourth.
    let by_quantity = [(0, 4), (1, 8), (2, 12), (3, 4), (4, 15), (5, 2)];
    assert_eq!(allocate(AdlPolicy::ProRata, &six, 45), by_quantity);
    let three = ["100", "200", "500"].map(|net_value| ["10", "100", "900", "10", net_value]);
    let three = counterparties(&three);
    assert_eq!(allocate(AdlPolicy::Minimax, &three, 5), [(0, 5)]);
    // To a level of 0.04: 6 of the first, 2 of the second. One more lot goes to 9/300 of it: 0.03666…, 6.33 and 2.66.
    assert_eq!(allocate(AdlPolicy::Minimax, &three, 8), [(0, 6), (1, 2)]);
    assert_eq!(allocate(AdlPolicy::Minimax, &three, 9), [(0, 6), (1, 3)]);
    assert_eq!(allocate(AdlPolicy::Minimax, &three, 30), [(0, 10), (1, 10), (2, 10)]);
    // Without net value first, without maintenance margin last.
    let odd = counterparties(&[
        ["10", "1", "900", "0", "100"],
        ["10", "1", "900", "10", "0"],
        ["10", "1", "900", "10", "100"],
    ]);
    assert_eq!(allocate(AdlPolicy::Minimax, &odd, 25), [(0, 5), (1, 10), (2, 10)]);
}

#[test]
fn many_stand_in_order_and_give_to_a_level() {
    // PnL of 0 to 1,008 whole units, many of them equal: the score is a thousandth of it, PnL/100 · 10/100.
    let pnl = |at: usize| at * 7_919 % 1_009;
    let one = |at: usize| counterparty(at, ["1", &pnl(at).to_string(), "100", "10", "100"]);
    let all: Vec<_> = (0..5_000).map(one).collect();
    let mut wanted: Vec<usize> = (0..5_000).collect();
    wanted.sort_by_key(|at| std::cmp::Reverse(pnl(*at)));
    assert_eq!(queue(&all).collect::<Vec<_>>(), wanted);
    let first: Vec<_> = wanted[..600].iter().map(|at| (*at, 1)).collect();
    assert_eq!(allocate(AdlPolicy::Score, &all, 600), first);

    // 40 of net value ÷ maintenance margin 1 among 1,000 of 5, 10 lots each.
    let of = |at: usize| counterparty(at, ["10", "1", "100", "10", if at.is_multiple_of(26) { "10" } else { "50" }]);
    let all: Vec<_> = (0..1_040).map(of).collect();
    let low = |lots| (0..40).map(|at| (26 * at, lots)).collect::<Vec<_>>();
    assert_eq!(allocate(AdlPolicy::Minimax, &all, 200), low(5));
    // At 8 given each has 400/80 = 5, as the others.
    assert_eq!(allocate(AdlPolicy::Minimax, &all, 320), low(8));
    // 360: 10,040 lots stay of 400·1 + 10,000·5 = 50,400, so 8.0079 and 0.0398 go: 320, and one more of each of 40 others.
    let mut wanted: Vec<_> = (0..1_040).filter(|at| at % 26 != 0).take(40).map(|at| (at, 1)).collect();
    wanted.extend(low(8));
    wanted.sort_unstable();
    assert_eq!(allocate(AdlPolicy::Minimax, &all, 360), wanted);
}

#[test]
fn nobody_gives_more_than_his_most() {
    let part = |weight, most| Part { weight, most };
    // 5 each; the first gives 2, so the others 6.5 each: the first of equals one more.
    assert_eq!(pro_rata(&[part(1, 2), part(1, 20), part(1, 20)], 15), [2, 7, 6]);
    assert_eq!(pro_rata(&[part(1, 2), part(1, 3)], 15), [2, 3]);
    assert_eq!(pro_rata(&[part(0, 9)], 0), [0]);
    let mut six = counterparties(&SIX);
    six[2].most = 0;
    assert_eq!(allocate(AdlPolicy::Score, &six, 45), [(0, 10), (3, 10), (5, 5), (1, 20)]);
}

#[test]
fn the_fund_pays_within_its_budgets() {
    let rules = rules("fund = { event_budget = \"20%\", interval_budget = \"30%\" }");
    let fund = &rules.fund;
    let hour = Hour::default().at(7_200_000_000_000, g("1000"));
    assert_eq!((hour.hour, hour.had, hour.paid), (2, g("1000"), 0));
    let paid = |paid: &str| Episode { had: g("1000"), paid: g(paid) };
    assert_eq!(budget(fund, g("1000"), &paid("0"), &hour), g("200"));
    assert_eq!(budget(fund, g("850"), &paid("150"), &Hour { paid: g("150"), ..hour }), g("50"));
    // Another bucket: of the hour 150 are left.
    assert_eq!(budget(fund, g("850"), &Episode { had: g("850"), paid: 0 }, &Hour { paid: g("150"), ..hour }), g("150"));
    assert_eq!(budget(fund, g("10"), &paid("0"), &hour), g("10"));
    assert_eq!(budget(fund, g("700"), &paid("250"), &hour), 0);
    assert_eq!(hour.at(10_799_999_999_999, g("5")), hour);
    assert_eq!(hour.at(10_800_000_000_000, g("5")).had, g("5"));
}
