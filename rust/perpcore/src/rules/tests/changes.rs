use super::{SMALL, read};
use crate::rules::{Node, Rulebook, Value};
use std::collections::BTreeMap;

fn text(text: &str) -> Value {
    Value::Text(text.to_string())
}

fn number(number: &str) -> Value {
    Value::Number(number.to_string())
}

fn table<const N: usize>(entries: [(&str, Value); N]) -> Value {
    Value::Table(entries.into_iter().map(|(key, value)| (key.to_string(), Node::from(value))).collect())
}

fn edit(book: &Rulebook, changes: &[(&str, Value)]) -> Result<Rulebook, crate::fault::Failure> {
    let changes: Vec<_> = changes.iter().map(|(path, value)| (path.to_string(), value.clone())).collect();
    book.edit(&changes)
}

#[track_caller]
fn edited(book: &Rulebook, changes: &[(&str, Value)]) -> Rulebook {
    edit(book, changes).unwrap_or_else(|failure| panic!("{failure}"))
}

#[test]
fn an_edit_is_what_the_text_would_be() {
    let small = read(SMALL);
    let tier = |cells: [Value; 3]| Value::Array(cells.map(Node::from).to_vec()).into();
    let tiers = Value::Array(vec![tier([text("rest"), text("5%"), number("10")])]);
    let rows: [(&[(&str, Value)], &str); 4] = [
        (&[("venue.call_factor", number("1.5"))], "settlement = \"USD\"\ncall_factor = 1.5"),
        (&[("venue.fees.standard.taker", text("0.05%"))], "settlement = \"USD\"\nfees.standard.taker = \"0.05%\""),
        (
            &[("asset.EUR", table([("class", text("fiat")), ("underlying", Value::Null)]))],
            "settlement = \"USD\"\n[asset.EUR]\nclass = \"fiat\"",
        ),
        (&[("venue.settlement", text("EUR")), ("asset.EUR.class", text("fiat"))], "settlement = \"EUR\""),
    ];
    for (changes, instead) in rows {
        assert_eq!(edited(&small, changes), read(&SMALL.replacen("settlement = \"USD\"", instead, 1)), "{instead}");
    }
    let one = edited(&small, &[("instrument.BTC-PERP.tiers", tiers)]);
    assert_eq!(
        one,
        read(&SMALL.replace("[[500_000, \"1%\", 50], [\"rest\", \"2.5%\", 20]]", "[[\"rest\", 0.05, 10]]"))
    );
}

#[test]
fn null_puts_a_key_back_to_its_default() {
    let small = read(SMALL);
    let changed = edited(&small, &[("asset.BTC.close_cost", Value::Null), ("venue.call_factor", Value::Null)]);
    assert_eq!(changed, read(&SMALL.replace("close_cost = \"1%\"", "")));
    assert_eq!(edited(&changed, &[("asset.BTC.close_cost", text("1%"))]), small);
    assert!(edited(&small, &[("instrument.BTC-PERP", Value::Null)]).instruments().is_empty());
    for path in ["asset.BTC.account_cap", "underlying.BTC", "venue.breaker", "venue.breaker.loss_per_minute"] {
        assert_eq!(edited(&small, &[(path, Value::Null)]), small, "{path}");
    }
    let named = read(&format!("name = \"a\"\n{SMALL}"));
    assert_eq!(edited(&named, &[("name", Value::Null)]).name(), None);
}

#[test]
fn an_edit_reports_all_its_problems_and_changes_nothing() {
    let small = read(SMALL);
    let before = small.canonical();
    let failure = edit(
        &small,
        &[
            ("venue..x", number("1")),
            ("extends", text("hk-vatp-perp")),
            ("venue.settlement.x", number("1")),
            ("venue.cal_factor", Value::Null),
            ("instrument.BTC-PRP", Value::Null),
            ("instrument.BTC-PRP.tick", Value::Null),
            ("instrument.BTC-PERP.tik", number("1")),
            ("instrument.BTC-PERP.lot", Value::Null),
            ("asset.BTC.close_cost", number("0.06")),
            ("venue.call_factor", Value::Array(vec![Value::Null.into()])),
        ],
    )
    .expect_err("ten problems");
    let found: Vec<_> = failure
        .problems()
        .map(|fault| format!("{} {}", fault.code.entry().name, fault.column.as_deref().unwrap_or("")))
        .collect();
    let wanted = [
        "unknown_key venue..x",
        "invalid_value extends",
        "unknown_key venue.settlement.x",
        "unknown_key venue.cal_factor",
        "unknown_key instrument.BTC-PRP",
        "unknown_key instrument.BTC-PRP.tick",
        "invalid_value venue.call_factor",
        "inconsistent asset.BTC.close_cost",
        "unknown_key instrument.BTC-PERP.tik",
        "missing_key instrument.BTC-PERP.lot",
    ];
    assert_eq!(found, wanted);
    let accepted: Vec<_> = failure.problems().map(|fault| fault.accepted.as_str()).collect();
    assert!(accepted[3].starts_with("did you mean call_factor?") && accepted[4].starts_with("did you mean BTC-PERP?"));
    assert!(accepted[8].starts_with("did you mean tick?"));
    assert_eq!(small.canonical(), before);
}

#[test]
fn tables_merge_over_a_preset_and_arrays_replace() {
    let text = r#"
extends = "hk-vatp-perp@1"
[instrument.BTC-PERP]
tick = 0.5
tiers = [["rest", "5%", 10]]
[instrument.SOL-PERP]
underlying = "SOL"
tick = 0.01
lot = 0.1
tiers = [["rest", "5%", 10]]
"#;
    let (preset, book) = (Rulebook::preset("hk-vatp-perp").expect("a preset"), read(text));
    let btc = &book.instruments()[book.instrument_index("BTC-PERP").expect("BTC-PERP")];
    assert_eq!((btc.tick, btc.lot, btc.tiers.len()), (50_000_000, 100_000, 1));
    assert_eq!(book.instruments().len(), preset.instruments().len() + 1);
    let changed: Vec<_> = preset.diff(&book).into_iter().map(|change| change.path).collect();
    let sol = [
        "collar.reference",
        "collar.width",
        "contract_size",
        "funding.dead_zone",
        "funding.every",
        "funding.impact_notional",
        "funding.interest_8h",
        "funding.min_coverage",
        "funding.sample",
        "initial_method",
        "limits.open_interest",
        "limits.open_orders",
        "lot",
        "maintenance_fee",
        "mark.band",
        "mark.ema",
        "mark.last_for",
        "mark.method",
        "mark.samples",
        "tick",
        "tiers",
        "underlying",
    ];
    let index = [
        "agree_samples",
        "drop_beyond",
        "halt_after",
        "jump_window",
        "max_ahead",
        "max_deviation",
        "max_group_weight",
        "max_jump",
        "min_sources",
        "protected_for",
        "stale_after",
        "thin",
    ];
    let mut wanted = vec!["instrument.BTC-PERP.tick".to_string(), "instrument.BTC-PERP.tiers".to_string()];
    wanted.extend(sol.map(|key| format!("instrument.SOL-PERP.{key}")));
    wanted.extend(index.map(|key| format!("underlying.SOL.index.{key}")));
    wanted.extend(["eligible", "rates", "sources"].map(|key| format!("underlying.SOL.{key}")));
    wanted.sort_unstable();
    assert_eq!(changed, wanted);
}

#[test]
fn a_diff_shows_both_values_and_both_sources() {
    let before = read(&format!("source = \"paper 1\"\n{SMALL}"));
    let after = edited(
        &before,
        &[
            ("venue.call_factor", number("1.5")),
            ("venue.source", text("paper 2")),
            ("asset.BTC.account_cap", number("7")),
            ("name", text("not compared")),
        ],
    );
    let found: BTreeMap<_, _> = before
        .diff(&after)
        .into_iter()
        .map(|c| (c.path, [c.before, c.after, c.before_source, c.after_source].map(|side| side.unwrap_or_default())))
        .collect();
    let wanted = [
        ("asset.BTC.account_cap", ["", "7", "", "paper 1"]),
        ("venue.call_factor", ["1.25", "1.5", "paper 1", "paper 2"]),
    ];
    assert_eq!(found, wanted.map(|(path, sides)| (path.to_string(), sides.map(str::to_string))).into());
    assert!(before.diff(&before).is_empty());
}

#[test]
fn a_source_is_the_nearest_at_or_above_also_through_extends() {
    let text = r#"
extends = "hk-vatp-perp"
source = "paper 12"
[venue]
source = "paper 13"
call_factor = 1.5
[asset.EUR]
class = "fiat"
[asset."A/B"]
source = "paper 14"
liability = { initial = 1, maintenance = 1, source = "paper 15" }
"#;
    let (book, preset) = (read(text), Rulebook::preset("hk-vatp-perp").expect("a preset"));
    let ladder = preset.source("instrument.BTC-PERP.tiers");
    assert!(ladder.as_deref().is_some_and(|source| source.contains("published ladder")));
    let rows = [
        ("venue.call_factor", Some("paper 13")),
        ("venue", Some("paper 13")),
        ("asset.EUR.class", Some("paper 12")),
        ("asset.EUR.eligible", Some("paper 12")),
        ("asset.A/B.class", Some("paper 14")),
        ("asset.\"A/B\".class", Some("paper 14")),
        ("asset.\"A/B\".liability.initial", Some("paper 15")),
        ("instrument.BTC-PERP.tiers", ladder.as_deref()),
        ("version", Some("paper 12")),
        ("venue.nothing", None),
        ("instrument.NONE.tick", None),
        ("", None),
    ];
    for (path, wanted) in rows {
        assert_eq!(book.source(path).as_deref(), wanted, "{path}");
    }
    assert_eq!(read(SMALL).source("venue.settlement"), None);
}
