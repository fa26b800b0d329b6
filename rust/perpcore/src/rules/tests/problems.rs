use super::{SMALL, parse};
use crate::rules::Rulebook;

#[test]
fn all_problems_are_reported_at_once_in_the_order_of_the_file() {
    let text = r#"extends = "hk-vatp-perp"
nme = "mine"
source = 12

[venue]
settlement = "USD"
cal_factor = 1.5
profit_credit = "101%"
fees = { standard = { taker = "0.01%" }, makers = { maker = "-0.02%", taker = "0.03%" } }

[asset.USD]
eligible = false
haircut = [["rest", "1%"]]

[asset.HKD]
close_cost = "0.6%"
liability = { initial = "5%", maintenance = "6%" }

[asset."BTC-PERP"]
class = "coin"

[instrument.BTC-PERP]
tick = 0.000000001
lot = "1e-3"
contract_size = true
tiers = [["rest", "1%", 50], [500, "2%", 100], [100, "1%", 0.5], [1]]

[instrument.NEW]
underlying = ""
tick = 1
lot = 0.00000001
contract_size = 0.1
"#;
    let wanted = [
        "2:1  1002 unknown_key  nme = \"mine\"   accepted: did you mean name? one of name, extends, version, effective, venue, asset, underlying, instrument, client, liquidation, portfolio, source",
        "3:10  1004 invalid_value  source = 12   accepted: a text that says where the values of the table come from",
        "7:1  1002 unknown_key  venue.cal_factor = 1.5   accepted: did you mean call_factor? one of settlement, profit_credit, call_factor, withdraw_ratio, outflow_per_hour, settle_every, conversion_order, client_id_window, breaker, changes, rates, fees, source",
        "8:17  1004 invalid_value  venue.profit_credit = \"101%\"   accepted: \"1%\" or 0.01, at most eight decimals, 0 ≤ rate ≤ 1 (100 %)",
        "9:61  1005 inconsistent  venue.fees.makers.maker = \"-0.02%\"   accepted: a rebate of at most the smallest taker fee, 0.01%",
        "12:12  1005 inconsistent  asset.USD.eligible = false   accepted: true or no such key: it is the settlement currency",
        "13:11  1005 inconsistent  asset.USD.haircut = [[\"rest\", \"1%\"]]   accepted: no haircut: it is the settlement currency",
        "16:14  1005 inconsistent  asset.HKD.close_cost = \"0.6%\"   accepted: of an eligible asset at most its first haircut, 0.5%",
        "17:45  1005 inconsistent  asset.HKD.liability.maintenance = \"6%\"   accepted: at most initial, 5%",
        "20:9  1004 invalid_value  asset.BTC-PERP.class = \"coin\"   accepted: \"virtual_asset\" or \"fiat\" or \"licensed_stablecoin\" or \"tokenised_deposit\" or \"stablecoin\" or \"security\"",
        "22:13  1005 inconsistent  instrument.BTC-PERP   accepted: a name that no asset has: prices are given by name",
        "23:8  1004 invalid_value  instrument.BTC-PERP.tick = 0.000000001   accepted: a number of at most eight decimals, 0 < price ≤ 10⁸",
        "24:7  1004 invalid_value  instrument.BTC-PERP.lot = \"1e-3\"   accepted: a number of at most eight decimals, 0 < quantity ≤ 10⁹",
        "25:17  1004 invalid_value  instrument.BTC-PERP.contract_size = true   accepted: a number of at most eight decimals, 0 < quantity ≤ 10⁹",
        "26:11  1005 inconsistent  instrument.BTC-PERP.tiers = \"rest\"   accepted: up to notional: \"rest\" only in the last row",
        "26:36  1005 inconsistent  instrument.BTC-PERP.tiers = \"2%\"   accepted: maintenance rate: at most the initial rate ⌈1 / max leverage⌉ = 1%",
        "26:42  1005 inconsistent  instrument.BTC-PERP.tiers = 100   accepted: max leverage: initial rates do not fall: at most 50",
        "26:60  1004 invalid_value  instrument.BTC-PERP.tiers = 0.5   accepted: max leverage: a number of at most eight decimals, 1 ≤ leverage ≤ 10⁶",
        "26:66  1004 invalid_value  instrument.BTC-PERP.tiers = [1]   accepted: [up to notional, maintenance rate, max leverage]",
        "28:13  1003 missing_key  instrument.NEW.tiers   accepted: rows [up to notional, maintenance rate, max leverage], at least one",
        "29:14  1004 invalid_value  instrument.NEW.underlying = \"\"   accepted: a name: 1 to 64 bytes without control characters",
        "31:7  1005 inconsistent  instrument.NEW.lot = 0.00000001   accepted: lot × contract_size of at most eight decimals, above 0 and at most 10⁹",
    ];
    let failure = parse(text).expect_err("a bad file");
    let found: Vec<_> = failure.problems().map(ToString::to_string).collect();
    assert_eq!(found, wanted.map(|line| format!("book.toml:{line}")));
}

/// The first problem of a text, without its place; `None` where it stands.
fn first(text: &str) -> Option<String> {
    let failure = parse(text).err()?;
    let fault = failure.first();
    Some(format!("{} {}", fault.code.entry().name, fault.column.as_deref().unwrap_or("")))
}

#[test]
fn a_change_of_one_line_is_refused_or_stands() {
    // What a line of the small rulebook becomes, and the first problem of that.
    let rows: [(&str, &str, Option<&str>); 69] = [
        ("settlement = \"USD\"", "", Some("missing_key venue.settlement")),
        ("settlement = \"USD\"", "settlement = 1", Some("invalid_value venue.settlement")),
        ("settlement = \"USD\"", "settlement = \"BTC\"", Some("inconsistent asset.BTC.haircut")),
        ("settlement = \"USD\"", "settlement = \"BTC-PERP\"", Some("inconsistent instrument.BTC-PERP")),
        ("settlement = \"USD\"", "settlement = \"USD\"\nfees = {}", Some("missing_key venue.fees.standard")),
        ("settlement = \"USD\"", "settlement = \"USD\"\nfees = { standard = {} }", None),
        (
            "settlement = \"USD\"",
            "settlement = \"USD\"\nfees = { standard = { taker = -1 } }",
            Some("invalid_value venue.fees.standard.taker"),
        ),
        (
            "settlement = \"USD\"",
            "settlement = \"USD\"\nfees = { standard = { maker = \"-0.05%\", taker = \"0.05%\" } }",
            None,
        ),
        ("[venue]", "[[venue]]", Some("invalid_value venue")),
        ("[venue]", "asset = 1\n[venue]", Some("rulebook_syntax ")),
        ("[venue]", "version = 0\n[venue]", Some("invalid_value version")),
        ("[venue]", "version = 1.0\n[venue]", Some("invalid_value version")),
        ("[venue]", "effective = 2026-12-01T00:00:00\n[venue]", Some("invalid_value effective")),
        ("[venue]", "effective = 2026-12-01T00:00:00Z\n[venue]", None),
        ("[venue]", "extends = 1\n[venue]", Some("invalid_value extends")),
        ("[venue]", "liquidation = 1\n[venue]", Some("invalid_value liquidation")),
        ("[venue]", "portfolio = {}\n[venue]", None),
        ("[venue]", "portfolio = { mm_factor = 1.1 }\n[venue]", Some("inconsistent portfolio.mm_factor")),
        ("[venue]", "portfolio = { im_factor = 0.7 }\n[venue]", Some("inconsistent portfolio.mm_factor")),
        ("[venue]", "portfolio = { im_factor = 4.1 }\n[venue]", Some("invalid_value portfolio.im_factor")),
        ("[venue]", "portfolio = { offset_credit = 1.1 }\n[venue]", Some("invalid_value portfolio.offset_credit")),
        ("[venue]", "portfolio = { measure = \"mean\" }\n[venue]", Some("invalid_value portfolio.measure")),
        ("[venue]", "portfolio = { measure = { shortfall = 0 } }\n[venue]", None),
        (
            "[venue]",
            "portfolio = { measure = { shortfall = 1 } }\n[venue]",
            Some("invalid_value portfolio.measure.shortfall"),
        ),
        ("[venue]", "portfolio = { measure = {} }\n[venue]", Some("invalid_value portfolio.measure")),
        (
            "[venue]",
            "portfolio = { families = { single = -1 } }\n[venue]",
            Some("invalid_value portfolio.families.single"),
        ),
        ("[venue]", "portfolio = { steps = 51 }\n[venue]", Some("invalid_value portfolio.steps")),
        (
            "[venue]",
            "portfolio = { underlying = { X = {} } }\n[venue]",
            Some("missing_key portfolio.underlying.X.range"),
        ),
        (
            "[venue]",
            "portfolio = { underlying = { X = { range = 0.6 } }, families = { opposite = 2 } }\n[venue]",
            Some("inconsistent portfolio.underlying.X.range"),
        ),
        (
            "[venue]",
            "portfolio.underlying.X = { range = 1, concentration = [[1, \"2%\"], [\"rest\", \"1%\"]] }\n[venue]",
            Some("inconsistent portfolio.underlying.X.concentration"),
        ),
        ("[venue]", "portfolio.extended = [{ move = 0 }]\n[venue]", Some("inconsistent portfolio.extended.move")),
        ("[venue]", "portfolio.extended = [{ move = 0, factor = 1 }]\n[venue]", None),
        ("[venue]", "portfolio.extended = [{ move = -1.1 }]\n[venue]", Some("invalid_value portfolio.extended.move")),
        ("[venue]", "portfolio.extended = [1]\n[venue]", Some("invalid_value portfolio.extended")),
        ("[venue]", "portfolio.extended = { move = 1 }\n[venue]", Some("invalid_value portfolio.extended")),
        ("[asset.BTC]", "[asset.\"\"]", Some("invalid_value asset.\"\"")),
        ("[asset.BTC]", "[asset.USD]\naccount_cap = 1\n[asset.BTC]", Some("inconsistent asset.USD.account_cap")),
        (
            "[asset.BTC]",
            "[asset.USD]\nliability = { initial = 0, maintenance = 0 }\n[asset.BTC]",
            Some("inconsistent asset.USD.liability"),
        ),
        ("[asset.BTC]", "[asset.USD]\n[asset.BTC]", None),
        ("[asset.BTC]", "[asset.source]\n[asset.BTC]", Some("invalid_value asset.source")),
        ("eligible = true", "eligible = 1", Some("invalid_value asset.BTC.eligible")),
        ("eligible = true", "eligible = true\naccount_cap = -1", Some("invalid_value asset.BTC.account_cap")),
        ("eligible = true", "eligible = true\naccount_cap = 1_000_000_000_000", None),
        (
            "eligible = true",
            "eligible = true\naccount_cap = 1_000_000_000_001",
            Some("invalid_value asset.BTC.account_cap"),
        ),
        (
            "eligible = true",
            "eligible = true\nliability = { initial = 1 }",
            Some("missing_key asset.BTC.liability.maintenance"),
        ),
        ("close_cost = \"1%\"", "close_cost = \"5.000001%\"", Some("inconsistent asset.BTC.close_cost")),
        ("close_cost = \"1%\"", "close_cost = 0.05", None),
        ("haircut = [[10, \"5%\"], [\"rest\", \"50%\"]]", "haircut = \"5%\"", Some("invalid_value asset.BTC.haircut")),
        ("haircut = [[10, \"5%\"], [\"rest\", \"50%\"]]", "haircut = []", Some("invalid_value asset.BTC.haircut")),
        ("[[10, \"5%\"], [\"rest\", \"50%\"]]", "[[0, \"5%\"]]", Some("invalid_value asset.BTC.haircut")),
        ("[[10, \"5%\"], [\"rest\", \"50%\"]]", "[[10, \"5%\"], [10, \"6%\"]]", Some("inconsistent asset.BTC.haircut")),
        ("[[10, \"5%\"], [\"rest\", \"50%\"]]", "[[10, \"5%\"], [11, \"4%\"]]", None),
        ("underlying = \"BTC\"", "", Some("missing_key instrument.BTC-PERP.underlying")),
        ("tick = 0.1", "tick = 0", Some("invalid_value instrument.BTC-PERP.tick")),
        ("tick = 0.1", "tick = 100_000_000", None),
        ("tick = 0.1", "tick = 100_000_000.00000001", Some("invalid_value instrument.BTC-PERP.tick")),
        ("tick = 0.1", "tick = 1e-1", Some("invalid_value instrument.BTC-PERP.tick")),
        ("tick = 0.1", "tick = inf", Some("invalid_value instrument.BTC-PERP.tick")),
        ("tick = 0.1", "tick = 0x10", Some("invalid_value instrument.BTC-PERP.tick")),
        ("lot = 0.001", "lot = -1", Some("invalid_value instrument.BTC-PERP.lot")),
        ("lot = 0.001", "lot = 1_000_000_000\ncontract_size = 1.1", Some("inconsistent instrument.BTC-PERP.lot")),
        ("lot = 0.001", "lot = 0.00000001\ncontract_size = 1_000_000_000", None),
        ("[[500_000, \"1%\", 50], [\"rest\", \"2.5%\", 20]]", "[]", Some("invalid_value instrument.BTC-PERP.tiers")),
        ("\"2.5%\", 20]]", "\"0.99%\", 20]]", Some("inconsistent instrument.BTC-PERP.tiers")),
        ("\"2.5%\", 20]]", "\"5%\", 20]]", None),
        ("\"2.5%\", 20]]", "\"5.000001%\", 20]]", Some("inconsistent instrument.BTC-PERP.tiers")),
        ("\"1%\", 50]", "\"1%\", 0.99999999]", Some("invalid_value instrument.BTC-PERP.tiers")),
        ("\"1%\", 50]", "\"1%\", 1_000_001]", Some("invalid_value instrument.BTC-PERP.tiers")),
        ("\"1%\", 50]", "\"1%\", 50, 1]", Some("invalid_value instrument.BTC-PERP.tiers")),
    ];
    for (line, instead, wanted) in rows {
        assert!(SMALL.contains(line), "{line}");
        let text = SMALL.replacen(line, instead, 1);
        assert_eq!(first(&text).as_deref(), wanted, "{instead}");
    }
}

#[test]
fn a_name_has_at_most_64_bytes_and_no_control_characters() {
    for (name, stands) in [("é".repeat(32), true), ("é".repeat(33), false), ("a\\tb".to_string(), false)] {
        let text = SMALL.replace("[asset.BTC]", &format!("[asset.\"{name}\"]"));
        assert_eq!(parse(&text).is_ok(), stands, "{name}");
    }
}

#[test]
fn problems_of_what_is_extended_point_into_the_preset() {
    let failure = parse("extends = \"hk-vatp-perp\"\nvenue.settlement = \"HKD\"").expect_err("HKD has a haircut");
    let found: Vec<_> = failure.problems().map(|f| (f.column.clone(), f.place.clone().map(|p| p.file))).collect();
    let preset = || Some("hk-vatp-perp@1".to_string());
    let wanted = ["asset.HKD.haircut", "asset.HKD.close_cost"].map(|path| (Some(path.to_string()), preset()));
    assert_eq!(found, wanted);
}

#[test]
fn an_unknown_preset_is_suggested_and_hides_only_what_may_follow_from_it() {
    let failure =
        parse("extends = \"hk-vapt-perp@1\"\nvenue.call_factor = -1\ninstrument.A.tick = 1").expect_err("unknown");
    assert_eq!(
        failure.to_string(),
        "book.toml:1:11  1006 unknown_preset  extends = \"hk-vapt-perp@1\"   accepted: did you mean hk-vatp-perp@1? one of \
         global-multi-collateral@1, hk-vatp-perp@1, with or without its version\n\
         book.toml:2:21  1004 invalid_value  venue.call_factor = -1   accepted: a number of at most eight decimals, \
         0 ≤ factor ≤ 1,000"
    );
    let failure = Rulebook::preset("hk-vatp-perp@2").expect_err("unknown");
    assert!(failure.to_string().contains("did you mean hk-vatp-perp@1?"), "{failure}");
}

#[test]
fn a_text_that_is_not_toml_is_refused_for_that_alone() {
    let failure = parse("venue = {\nnme = 3\n").expect_err("not TOML");
    assert!(failure.problems().all(|fault| fault.code.entry().name == "rulebook_syntax"), "{failure}");
    assert!(parse("").expect_err("empty").to_string().starts_with("book.toml:1:1  1003 missing_key  venue.settlement"));
}
