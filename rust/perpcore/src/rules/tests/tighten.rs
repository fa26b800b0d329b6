//! Which changes loosen, key by key. Curves by size are in `curves.rs`.

use super::{Draw, read};
use crate::rules::tighten::{TABLE, Tightens};
use crate::rules::{Field, Rulebook, Value, read as toml};
use std::collections::BTreeSet;

/// A rulebook in which every key of the table stands or may stand.
pub(super) const FULL: &str = r#"
[venue]
settlement = "USD"
call_factor = 2
[asset.BTC]
eligible = true
haircut = [[10, "60%"], ["rest", "70%"]]
close_cost = "1%"
liability = { initial = "50%", maintenance = "20%" }
underlying = "BTC"
[asset.HKD]
class = "fiat"
[underlying.BTC]
sources = [{ id = "a", group = "A" }, { id = "b", group = "B" }]
[underlying.ETH]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
initial_method = "marginal"
tiers = [[500_000, "1%", 50], ["rest", "2.5%", 20]]
[portfolio]
enabled = true
im_factor = 4
[portfolio.underlying.BTC]
range = "16%"
[[portfolio.extended]]
move = "-66%"
factor = "24%"
"#;

/// A value as it stands in TOML.
pub(super) fn value(text: &str) -> Value {
    let tree = toml::read(&format!("v = {text}"), "").unwrap_or_else(|failure| panic!("{text}: {failure}"));
    tree.get("v").map_or(Value::Null, |node| node.value.clone())
}

/// The rulebook with a value at a path; with no text the path is removed. `None` where that is no rulebook.
pub(super) fn with(book: &Rulebook, path: &str, text: Option<&str>) -> Option<Rulebook> {
    book.edit(&[(path.to_string(), text.map_or(Value::Null, value))]).ok()
}

#[track_caller]
pub(super) fn set(book: &Rulebook, path: &str, text: &str) -> Rulebook {
    with(book, path, Some(text)).unwrap_or_else(|| panic!("{path} = {text}"))
}

pub(super) fn loosened(before: &Rulebook, after: &Rulebook) -> Vec<String> {
    before.loosens(after).into_iter().map(|change| change.path).collect()
}

/// A path of [`FULL`] for a path of the table.
fn in_full(pattern: &str) -> String {
    let name = match pattern.split('.').next() {
        Some("instrument") => "BTC-PERP",
        Some("venue") => "standard",
        _ => "BTC",
    };
    pattern.replace('*', name)
}

#[test]
fn every_key_has_a_row_and_every_row_a_key() {
    let keys: Vec<_> = Rulebook::fields().map(|field| field.path.as_str()).collect();
    let rows: Vec<_> = TABLE.iter().map(|row| row.path).collect();
    let sets: [BTreeSet<_>; 2] = [keys.iter().collect(), rows.iter().collect()];
    assert_eq!(sets[0].difference(&sets[1]).collect::<Vec<_>>(), [&&""; 0], "decide which way they tighten");
    assert_eq!(sets[1].difference(&sets[0]).collect::<Vec<_>>(), [&&""; 0], "no such keys");
    assert_eq!(rows.len(), sets[1].len());
}

#[test]
fn what_is_the_same_loosens_nothing() {
    let full = read(FULL);
    let presets = Rulebook::preset_names().iter().map(|name| Rulebook::preset(name).expect("a preset"));
    for book in presets.chain([full]) {
        let renamed = book.edit(&["name", "source"].map(|key| (key.to_string(), value("\"other\""))));
        let renamed = renamed.expect("a rulebook");
        let later = set(&set(&renamed, "version", "7"), "effective", "2027-01-01T00:00:00Z");
        assert_eq!((loosened(&book, &book), loosened(&book, &later)), (vec![], vec![]));
        assert_eq!(book.diff(&later).len(), 2);
    }
}

/// A number that a field may hold, as it sorts and as it is written.
fn drawn(field: &Field, draw: &mut Draw) -> (u64, String) {
    let most = if field.path.ends_with("factor") { 4 } else { 170 };
    let number = 1 + draw.below(most);
    let text = match field.unit {
        "rate" => format!("\"{}%\"", number % 100),
        "duration" => format!("\"{number}s\""),
        _ => number.to_string(),
    };
    (if field.unit == "rate" { number % 100 } else { number }, text)
}

#[test]
fn a_number_tightens_in_one_direction_alone_and_where_none_stood() {
    let full = read(FULL);
    let mut draw = Draw(7);
    for row in TABLE.iter().filter(|row| matches!(row.tightens, Tightens::Falls | Tightens::Rises)) {
        let field = Rulebook::fields().find(|field| field.path == row.path).expect("a field");
        let path = in_full(row.path);
        let falls = matches!(row.tightens, Tightens::Falls);
        let mut seen = [0; 2];
        for _ in 0..80 {
            let [(low, one), (high, other)] = [drawn(field, &mut draw), drawn(field, &mut draw)];
            let Some(before) = with(&full, &path, Some(&one)) else { continue };
            let Some(after) = with(&full, &path, Some(&other)) else { continue };
            let loosens = if falls { high > low } else { high < low };
            let wanted = if loosens { vec![path.clone()] } else { vec![] };
            assert_eq!(loosened(&before, &after), wanted, "{path}: {one} → {other}");
            seen[usize::from(loosens)] += 1;
        }
        assert!(seen.iter().all(|seen| *seen > 5), "{path}: {seen:?}");
        if field.default.is_empty() {
            let (none, some) = (with(&full, &path, None).expect(&path), set(&full, &path, &drawn(field, &mut draw).1));
            assert_eq!((loosened(&none, &some), loosened(&some, &none)), (vec![], vec![path.clone()]), "{path}");
        }
    }
}

#[test]
fn a_word_tightens_to_one_side() {
    let full = read(FULL);
    let rows = TABLE.iter().filter_map(|row| match row.tightens {
        Tightens::Becomes(word) => Some((row.path, word)),
        _ => None,
    });
    let others = [("false", "true"), ("true", "false"), ("\"protect\"", "\"trade\""), ("\"bracket\"", "\"marginal\"")];
    for (pattern, word) in rows {
        let path = in_full(pattern);
        let (_, other) = others.iter().find(|(tight, _)| *tight == word).expect(pattern);
        let (tight, loose) = (set(&full, &path, word), set(&full, &path, other));
        assert_eq!((loosened(&loose, &tight), loosened(&tight, &loose)), (vec![], vec![path]), "{pattern}");
    }
}

#[test]
fn what_no_direction_is_known_of_waits_in_both() {
    let full = read(FULL);
    let rows = [
        ("venue.settlement", "\"HKD\""),
        ("venue.settle_every", "\"4h\""),
        ("venue.conversion_order", "[\"BTC\"]"),
        ("venue.client_id_window.time", "\"1h\""),
        ("venue.client_id_window.per_account", "7"),
        ("venue.fees.*.maker", "\"0.01%\""),
        ("venue.fees.*.taker", "\"0.02%\""),
        ("asset.*.class", "\"stablecoin\""),
        ("asset.*.underlying", "\"ETH\""),
        ("underlying.*.index.drop_beyond", "\"5%\""),
        ("underlying.*.index.max_deviation", "\"1%\""),
        ("underlying.*.index.max_group_weight", "\"50%\""),
        ("underlying.*.sources", "[{ id = \"a\", group = \"A\" }]"),
        ("underlying.*.rates", "[{ currency = \"EUR\", source = \"x\" }]"),
        ("instrument.*.underlying", "\"ETH\""),
        ("instrument.*.tick", "0.5"),
        ("instrument.*.lot", "0.01"),
        ("instrument.*.contract_size", "2"),
        ("instrument.*.collar.reference", "\"touch\""),
        ("instrument.*.mark.method", "\"fair_basis\""),
        ("instrument.*.mark.band", "\"1%\""),
        ("instrument.*.mark.ema", "0.5"),
        ("instrument.*.mark.samples", "7"),
        ("instrument.*.mark.last_for", "\"7s\""),
        ("instrument.*.mark.speed", "\"1%\""),
        ("instrument.*.funding.every", "\"4h\""),
        ("instrument.*.funding.interest_8h", "\"0.02%\""),
        ("instrument.*.funding.dead_zone", "\"0.01%\""),
        ("instrument.*.funding.cap", "\"1%\""),
        ("instrument.*.funding.cap_factor_maintenance", "\"50%\""),
        ("instrument.*.funding.cap_factor_difference", "\"50%\""),
        ("instrument.*.funding.impact_notional", "7"),
        ("instrument.*.funding.sample", "\"10s\""),
        ("instrument.*.funding.min_coverage", "\"10%\""),
        ("instrument.*.settlement_window", "\"1h\""),
        ("liquidation.step", "\"10%\""),
        ("liquidation.target", "\"80%\""),
        ("liquidation.close_out", "\"50%\""),
        ("liquidation.fee", "\"1%\""),
        ("liquidation.depth_share", "\"10%\""),
        ("liquidation.backstop_share", "\"50%\""),
        ("liquidation.fund.mode", "\"take\""),
        ("liquidation.fund.max_slippage", "\"1%\""),
        ("liquidation.fund.event_budget", "\"10%\""),
        ("liquidation.fund.interval_budget", "\"10%\""),
        ("liquidation.fund.unwind_share", "\"20%\""),
        ("liquidation.fund.low", "7"),
        ("liquidation.adl", "\"minimax\""),
        ("liquidation.per_command", "7"),
        ("portfolio.enabled", "false"),
        ("portfolio.steps", "7"),
    ];
    for (pattern, text) in rows {
        let (path, other) = (in_full(pattern), set(&full, &in_full(pattern), text));
        for (before, after) in [(&full, &other), (&other, &full)] {
            assert!(loosened(before, after).contains(&path), "{path} = {text}");
        }
    }
    let never = TABLE.iter().filter(|row| matches!(row.tightens, Tightens::Never)).map(|row| row.path);
    assert_eq!(rows.map(|(pattern, _)| pattern).to_vec(), never.collect::<Vec<_>>());
}

#[test]
fn names_that_come_and_go() {
    let full = read(FULL);
    let perpetual = "{ underlying = \"ETH\", tick = 1, lot = 1, tiers = [[\"rest\", \"50%\", 1]] }";
    let owed = "{ liability = { initial = 1, maintenance = 1 } }";
    // (path, value, whether it loosens that it comes)
    let rows = [
        ("instrument.ETH-PERP", perpetual, true),
        ("asset.ETH", "{ eligible = true, haircut = [[\"rest\", \"99%\"]] }", true),
        ("asset.ETH", "{ eligible = false, underlying = \"ETH\", platform_cap = 7 }", false),
        ("asset.ETH", owed, true),
        ("underlying.SOL", "{ index = { min_sources = 1, thin = \"trade\" } }", false),
        ("venue.fees", "{ standard = {}, maker = { maker = \"0%\" } }", true),
        ("portfolio.underlying.ETH", "{ range = \"50%\" }", true),
    ];
    for (path, text, loosens) in rows {
        let more = set(&full, path, text);
        let below = |paths: Vec<String>| paths.iter().all(|found| found.starts_with(path));
        let (comes, goes) = (loosened(&full, &more), loosened(&more, &full));
        assert_eq!(!comes.is_empty(), loosens, "{path} = {text}: {comes:?}");
        assert!(!goes.is_empty() && below(comes) && below(goes), "{path} = {text}");
    }
    // The asset of old that follows a new underlying is a change of the asset.
    let moved = set(&full, "asset.HKD.underlying", "\"SOL\"");
    assert_eq!(loosened(&full, &moved), ["asset.HKD.underlying"]);
    // An aligned rulebook is the rulebook.
    let more = set(&full, "instrument.AAVE-PERP", perpetual);
    let aligned = more.aligned_to(&full).expect("nothing is missing");
    assert_eq!(full.loosens(&aligned), full.loosens(&more));
    assert!(aligned.loosens(&more).is_empty());
}

#[test]
fn lists_of_words_and_scenarios() {
    let full = read(FULL);
    let (shortfall, worst) = ("{ shortfall = \"97.5%\" }", "\"worst\"");
    let one = "[{ move = \"-66%\", factor = \"24%\" }]";
    let two = "[{ move = \"50%\" }, { move = \"-66%\", factor = \"24%\" }]";
    let other = "[{ move = \"-66%\", factor = \"25%\" }]";
    // (path, before, after, loosens there, loosens back)
    let rows = [
        ("client.classes", "[]", "[\"professional\"]", false, true),
        ("client.classes", "[\"backstop\", \"professional\"]", "[\"professional\"]", false, true),
        ("client.classes", "[\"professional\", \"backstop\"]", "[\"backstop\", \"professional\"]", false, false),
        ("client.classes", "[\"backstop\"]", "[\"professional\"]", true, true),
        ("client.require", "[]", "[\"knowledge\"]", false, true),
        ("client.require", "[\"knowledge\"]", "[\"professional\", \"knowledge\"]", false, true),
        ("client.require", "[\"knowledge\"]", "[\"professional\"]", true, true),
        ("portfolio.measure", shortfall, worst, false, true),
        ("portfolio.measure", "{ shortfall = \"90%\" }", shortfall, false, true),
        ("portfolio.extended", one, two, false, true),
        ("portfolio.extended", one, other, true, true),
        ("portfolio.extended", "[]", one, false, true),
    ];
    for (path, before, after, there, back) in rows {
        let (one, two) = (set(&full, path, before), set(&full, path, after));
        let found = [loosened(&one, &two), loosened(&two, &one)];
        assert_eq!(found.each_ref().map(|paths| !paths.is_empty()), [there, back], "{path}: {before} → {after}");
        assert!(found.iter().flatten().all(|found| found.starts_with(path)));
    }
}

#[test]
fn some_tighten_beside_certain_others_alone() {
    let full = read(FULL);
    let ranks = "[{ id = \"a\", group = \"A\" }, { id = \"b\", group = \"B\", rank = 1 }]";
    let (sources, measure) = (("underlying.BTC.sources", ranks), ("portfolio.measure", "{ shortfall = \"97.5%\" }"));
    let credit = ("portfolio.offset_credit", "\"1%\"");
    let two = "[{ move = \"50%\" }, { move = \"-66%\", factor = \"24%\" }]";
    // 4 × 26 % of a fall, also where it is extended, and 2 × 4 × 13 %: a requirement falls by more than the collateral.
    let wide = ("portfolio", "{ enabled = true, im_factor = 4, underlying.BTC.range = \"26%\" }");
    let extended = ("portfolio", "{ enabled = true, im_factor = 4, extended = [{ move = \"-1\", factor = \"26%\" }] }");
    let called = ("portfolio", "{ enabled = true, im_factor = 4, mm_factor = 4, underlying.BTC.range = \"13%\" }");
    // (path, value that tightens, and beside what it does not)
    let rows = [
        ("underlying.BTC.index.min_sources", "5", sources),
        ("underlying.BTC.index.stale_after", "\"5s\"", sources),
        ("portfolio.underlying.BTC.range", "\"20%\"", credit),
        ("portfolio.underlying.BTC.range", "\"20%\"", measure),
        ("portfolio.families.single", "\"80%\"", credit),
        ("portfolio.extended", two, measure),
        ("asset.BTC.haircut", "[[\"rest\", \"80%\"]]", wide),
        ("asset.BTC.account_cap", "7", wide),
        ("asset.BTC.eligible", "false", extended),
        ("asset.BTC.eligible", "false", called),
    ];
    for (path, text, (other, beside)) in rows {
        assert_eq!(loosened(&full, &set(&full, path, text)), [""; 0], "{path}");
        let full = set(&full, other, beside);
        assert_eq!(loosened(&full, &set(&full, path, text)), [path], "{path} beside {other} = {beside}");
    }
}

#[test]
fn less_collateral_tightens_where_no_model_is_or_it_takes_as_much() {
    let unused = "{ enabled = false, im_factor = 4, underlying.BTC.range = \"26%\" }";
    let as_much = "{ enabled = true, im_factor = 4, underlying.BTC.range = \"25%\" }";
    for beside in [unused, as_much] {
        let full = set(&read(FULL), "portfolio", beside);
        assert_eq!(loosened(&full, &set(&full, "asset.BTC.eligible", "false")), [""; 0], "{beside}");
    }
}

#[test]
fn a_debt_that_comes_or_goes_loosens() {
    let full = read(FULL);
    let none = with(&full, "asset.BTC.liability", None).expect("a rulebook");
    let both = ["asset.BTC.liability.initial", "asset.BTC.liability.maintenance"];
    assert_eq!(
        (loosened(&none, &full), loosened(&full, &none)),
        (both.map(String::from).into(), both.map(String::from).into())
    );
}
