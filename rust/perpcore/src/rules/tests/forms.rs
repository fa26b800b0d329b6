use super::{SMALL, parse, read};
use crate::rule::Rule;
use crate::rules::json::Json;
use crate::rules::section::Section;
use crate::rules::{Rulebook, book::Book};
use sha2::{Digest, Sha256};
use std::collections::HashSet;

#[test]
fn the_canonical_form_of_a_small_rulebook_is_this() {
    let wanted = r#"asset.BTC.class = "virtual_asset"
asset.BTC.close_cost = "1%"
asset.BTC.eligible = true
asset.BTC.haircut = [[10, "5%"], ["rest", "50%"]]
asset.USD.class = "fiat"
asset.USD.close_cost = "0%"
asset.USD.eligible = true
asset.USD.haircut = [["rest", "0%"]]
client.classes = []
client.require = []
instrument.BTC-PERP.collar.reference = "mark"
instrument.BTC-PERP.collar.width = "3%"
instrument.BTC-PERP.contract_size = 1
instrument.BTC-PERP.funding.dead_zone = "0.05%"
instrument.BTC-PERP.funding.every = "8h"
instrument.BTC-PERP.funding.impact_notional = 50000
instrument.BTC-PERP.funding.interest_8h = "0.01%"
instrument.BTC-PERP.funding.min_coverage = "50%"
instrument.BTC-PERP.funding.sample = "5s"
instrument.BTC-PERP.initial_method = "bracket"
instrument.BTC-PERP.limits.open_interest = "none"
instrument.BTC-PERP.limits.open_orders = 200
instrument.BTC-PERP.lot = 0.001
instrument.BTC-PERP.maintenance_fee = "0%"
instrument.BTC-PERP.mark.band = "0.5%"
instrument.BTC-PERP.mark.ema = "96.72161%"
instrument.BTC-PERP.mark.last_for = "1m"
instrument.BTC-PERP.mark.method = "median3"
instrument.BTC-PERP.mark.samples = 30
instrument.BTC-PERP.tick = 0.1
instrument.BTC-PERP.tiers = [[500000, "1%", 50], ["rest", "2.5%", 20]]
instrument.BTC-PERP.underlying = "BTC"
portfolio.enabled = false
portfolio.extended = []
portfolio.families.correlated = "100%"
portfolio.families.opposite = "35%"
portfolio.families.single = "70%"
portfolio.im_factor = 1
portfolio.measure = "worst"
portfolio.min_equity = 0
portfolio.minimum = "0%"
portfolio.mm_factor = 0.8
portfolio.offset_credit = "0%"
portfolio.steps = 4
underlying.BTC.eligible = true
underlying.BTC.index.agree_samples = 5
underlying.BTC.index.drop_beyond = "10%"
underlying.BTC.index.halt_after = "3m"
underlying.BTC.index.jump_window = "1s"
underlying.BTC.index.max_ahead = "1s"
underlying.BTC.index.max_deviation = "3%"
underlying.BTC.index.max_group_weight = "40%"
underlying.BTC.index.max_jump = "10%"
underlying.BTC.index.min_sources = 3
underlying.BTC.index.protected_for = "1m"
underlying.BTC.index.stale_after = "10s"
underlying.BTC.index.thin = "protect"
underlying.BTC.rates = []
underlying.BTC.sources = []
venue.call_factor = 1.25
venue.changes.approved = false
venue.client_id_window.per_account = 1000
venue.client_id_window.time = "1d"
venue.conversion_order = []
venue.fees.standard.maker = "0%"
venue.fees.standard.taker = "0%"
venue.profit_credit = "0%"
venue.rates.max_age = "7d"
venue.settle_every = "8h"
venue.settlement = "USD"
venue.withdraw_ratio = "0%"
version = 1
"#;
    assert_eq!(read(SMALL).canonical(), wanted);
}

/// Another way to write the small rulebook.
const OTHERWISE: &str = r#"
name = "other" # a comment
source = "somewhere"
instrument.BTC-PERP = { tiers = [["500000.00", 0.01, "50"], ["rest", "2.50 %", 20.0]], lot = "0.0010", tick = 0.10, underlying = "BTC", contract_size = 1, maintenance_fee = "0%" }
asset.BTC = { close_cost = 0.01, haircut = [[1_0, 0.05], ["rest", ".5"]], eligible = true, class = "virtual_asset" }
asset.USD = { class = "fiat", source = "elsewhere" }
underlying = { source = "a third place", BTC = { index = { min_sources = 3 } } }
venue = { call_factor = "1.250", settlement = "USD", fees = { standard = { maker = 0, taker = -0.0 } } }
"#;

#[test]
fn the_digest_is_of_the_meaning_and_not_of_the_writing() {
    let (small, other) = (read(SMALL), read(OTHERWISE));
    assert_eq!(small.canonical(), other.canonical());
    assert_eq!(small.digest(), other.digest());
    assert_eq!(small, other);
    let changed = read(&SMALL.replace("\"2.5%\"", "\"2.500001%\""));
    assert_ne!(small.digest(), changed.digest());
    let at = |time: &str| read(&format!("effective = {time}\n{SMALL}"));
    assert_eq!(at("2026-12-01T08:00:00+08:00"), at("2026-12-01T00:00:00Z"));
    assert_ne!(at("2026-12-01T08:00:00Z"), at("2026-12-01T00:00:00Z"));
    assert_eq!(at("2026-12-01T00:00:00Z").effective(), Some(1_796_083_200_000_000_000));
}

/// Rulebooks of every form for the laws.
fn books() -> Vec<Rulebook> {
    let full = r#"
extends = "global-multi-collateral"
name = "all \"keys\" \\ used"
version = 7
effective = 2026-12-01T00:00:00.5Z
source = "top"
[venue]
withdraw_ratio = "0.1%"
fees = { source = "the fees", makers = { maker = "-0.005%", taker = "0.03%", source = "the makers" } }
[asset]
source = "the assets"
[asset."A.B \"c\" 幣"]
class = "security"
account_cap = 0.00000001
liability = { initial = 0.2, maintenance = 0.1, source = "debts" }
underlying = "x.y"
[underlying."x.y".index]
thin = "trade"
[portfolio]
measure = { shortfall = 0.975, source = "the measure" }
[portfolio.underlying."x.y"]
range = "20%"
source = "the range"
concentration = [[1, 0], [2.5, "1%"]]
[[portfolio.extended]]
move = -0.66
factor = "24%"
[[portfolio.extended]]
move = 10
"#;
    let presets = Rulebook::preset_names().iter().map(|name| Rulebook::preset(name).expect("a preset"));
    presets.chain([read(SMALL), read(OTHERWISE), read(full)]).collect()
}

#[test]
fn the_digest_is_the_hash_of_the_canonical_form() {
    for book in books() {
        let hash = Sha256::digest(book.canonical().as_bytes());
        assert_eq!(book.digest(), hash.iter().map(|byte| format!("{byte:02x}")).collect::<String>());
    }
}

#[test]
fn the_canonical_form_is_a_rulebook_of_the_same_digest() {
    for book in books() {
        assert_eq!(read(&book.canonical()).canonical(), book.canonical());
    }
}

#[test]
fn toml_reads_back_to_the_same_rules_name_and_sources() {
    for book in books() {
        let text = book.to_toml();
        let again = parse(&text).unwrap_or_else(|failure| panic!("{failure}\n{text}"));
        assert_eq!((again.digest(), again.name()), (book.digest(), book.name()), "{text}");
        for line in book.canonical().lines() {
            let path = line.split(" = ").next().expect("a path");
            assert_eq!(again.source(path), book.source(path), "{path}");
        }
        assert_eq!(again.to_toml(), text);
        assert!(!text.contains("extends"));
    }
}

#[test]
fn derived_values_are_filled_in() {
    let book = books().pop().expect("the full one");
    let odd = &book.assets()[book.asset_index("A.B \"c\" 幣").expect("the odd name")];
    assert_eq!((odd.thin_trades, odd.account_cap), (true, Some(1)));
    assert_eq!(book.assets()[book.venue().settlement].name, "USDT");
    assert!(book.instruments().iter().all(|instrument| instrument.thin_trades));
    assert!(!book.assets()[book.venue().settlement].thin_trades);
    let small = read(SMALL);
    assert_eq!(small.assets().iter().map(|asset| asset.name.as_str()).collect::<Vec<_>>(), ["BTC", "USD"]);
    assert_eq!(
        (small.asset_index("USD"), small.asset_index("EUR"), small.fee_tier_index("standard")),
        (Some(1), None, Some(0))
    );
    assert_eq!(small.suggest_instrument("BTC-PRP"), Some("BTC-PERP"));
    assert_eq!((small.suggest_asset("btc"), small.suggest_asset("XYZ")), (Some("BTC"), None));
}

#[test]
fn every_field_is_in_the_schema() {
    for field in Rulebook::fields() {
        let mut schema = Book::schema();
        for key in field.path.split('.') {
            schema = match key {
                "*" => member(&schema, "additionalProperties"),
                _ => member(&member(&schema, "properties"), key),
            };
        }
        let Json::Text(description) = member(&schema, "description") else { panic!("{}", field.path) };
        assert!(description.starts_with(field.doc), "{}", field.path);
    }
}

fn member(json: &Json, key: &str) -> Json {
    let Json::Object(members) = json else { panic!("no object: {json}") };
    let found = members.iter().find(|(name, _)| name == key);
    found.unwrap_or_else(|| panic!("no {key} in {json}")).1.clone()
}

#[test]
fn fields_are_documented_and_unique() {
    let mut seen = HashSet::new();
    for field in Rulebook::fields() {
        assert!(seen.insert(&field.path), "{}", field.path);
        assert!(!field.form.is_empty() && field.doc.ends_with('.'), "{}", field.path);
    }
    let default = |path: &str| Rulebook::fields().find(|field| field.path == path).map(|field| field.default.as_str());
    assert_eq!(default("venue.settlement"), Some("required"));
    assert_eq!(default("venue.call_factor"), Some("1.25"));
    assert_eq!(default("asset.*.account_cap"), Some(""));
    assert_eq!(default("underlying.*.index.thin"), Some("\"protect\""));
}

#[test]
fn every_parameter_of_a_rule_is_a_field() {
    for rule in Rule::ALL {
        for parameter in rule.entry().parameters {
            let has =
                Rulebook::fields().any(|field| field.rules().any(|r| r == *rule) && field.path.starts_with(parameter));
            assert!(has, "{} reads {parameter}", rule.id());
        }
    }
}

#[test]
fn a_span_of_time_is_a_whole_number_with_its_unit() {
    let with = |age: &str| format!("[venue]\nsettlement = \"USD\"\nrates = {{ max_age = {age} }}\n[asset.USD]\n");
    let spans = [("\"1ms\"", 1_000_000), ("\"90s\"", 90_000_000_000), ("\"24h\"", 86_400_000_000_000)];
    for (text, ns) in spans {
        assert_eq!(read(&with(text)).venue().rates.max_age, ns, "{text}");
    }
    for wrong in ["7", "\"7\"", "\"0s\"", "\"-1s\"", "\"1.5h\"", "\"1 h\"", "\"3651d\"", "\"1w\"", "\"\""] {
        assert!(parse(&with(wrong)).is_err(), "{wrong}");
    }
}
