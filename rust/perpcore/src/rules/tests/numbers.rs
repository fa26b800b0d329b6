use super::{Draw, SMALL, read};
use crate::rules::Rulebook;

/// A rulebook with these assets, underlyings, instruments and fee tiers beside those that it must have.
fn with_names(names: &[&[&str]; 4]) -> Rulebook {
    let [assets, underlyings, instruments, tiers] = names;
    let mut text = String::from("[venue]\nsettlement = \"USD\"\n[venue.fees.standard]\ntaker = \"1%\"\n");
    assets.iter().for_each(|name| text += &format!("[asset.{name}]\nclass = \"stablecoin\"\n"));
    underlyings.iter().for_each(|name| text += &format!("[underlying.{name}]\n"));
    let perpetual = "tick = 1\nlot = 1\ntiers = [[\"rest\", \"1%\", 50]]";
    instruments
        .iter()
        .for_each(|name| text += &format!("[instrument.{name}-P]\nunderlying = \"{name}\"\n{perpetual}\n"));
    tiers.iter().for_each(|name| text += &format!("[venue.fees.{name}]\ntaker = \"2%\"\n"));
    read(&text)
}

/// The names of the four lists, in their order.
fn names(rules: &Rulebook) -> [Vec<&str>; 4] {
    [
        rules.assets().iter().map(|one| &*one.name).collect(),
        rules.underlyings().iter().map(|one| &*one.name).collect(),
        rules.instruments().iter().map(|one| &*one.name).collect(),
        rules.venue().fees.iter().map(|one| &*one.name).collect(),
    ]
}

/// Whether every name is found where it stands, and nothing else is found.
#[track_caller]
fn assert_found(rules: &Rulebook) {
    let [assets, underlyings, instruments, tiers] = names(rules);
    let find = |list: &[&str], of: &dyn Fn(&str) -> Option<usize>| {
        let found: Vec<_> = list.iter().map(|name| of(name)).collect();
        assert_eq!(found, (0..list.len()).map(Some).collect::<Vec<_>>());
        for strange in ["", "0", "USD ", "zz"] {
            assert_eq!(of(strange), None, "{strange:?}");
        }
    };
    find(&assets, &|name| rules.asset_index(name));
    find(&underlyings, &|name| rules.underlying_index(name));
    find(&instruments, &|name| rules.instrument_index(name));
    find(&tiers, &|name| rules.fee_tier_index(name));
    assert_eq!(assets[rules.venue().settlement], "USD");
    let by_name: Vec<_> = rules.assets_by_name().map(|at| assets[at]).collect();
    assert!(by_name.len() == assets.len() && by_name.is_sorted());
}

#[test]
fn an_aligned_rulebook_keeps_the_numbers_and_adds_new_names_sorted() {
    let before = with_names(&[&["M", "V"], &["M"], &["K", "P"], &["maker"]]);
    let after = with_names(&[&["V", "Z", "A", "M", "B"], &["M", "C"], &["P", "L", "A", "K"], &["maker", "a"]]);
    let aligned = after.aligned_to(&before).expect("nothing is missing");
    let wanted: [&[&str]; 4] = [
        &["M", "USD", "V", "A", "B", "Z"],
        &["K", "M", "P", "A", "C", "L"],
        &["K-P", "P-P", "A-P", "L-P"],
        &["maker", "standard", "a"],
    ];
    assert_eq!(names(&aligned), wanted.map(<[&str]>::to_vec));
    assert_found(&aligned);
}

#[test]
fn an_aligned_rulebook_is_the_same_rulebook() {
    let before = with_names(&[&["M", "V"], &["M"], &["K", "P"], &[]]);
    let after = with_names(&[&["A", "M", "V"], &["A", "M"], &["A", "K", "P"], &["a"]]);
    let aligned = after.aligned_to(&before).expect("nothing is missing");
    assert_ne!(names(&aligned), names(&after));
    assert_eq!((aligned.digest(), aligned.canonical()), (after.digest(), after.canonical()));
    assert_eq!((aligned.to_toml(), &aligned), (after.to_toml(), &after));
    assert!(aligned.diff(&after).is_empty() && before.diff(&aligned) == before.diff(&after));
    assert_eq!(aligned.suggest_asset("USDD"), Some("USD"));
    // What is changed or read back is sorted again.
    for sorted in [aligned.edit(&[]).expect("no change"), read(&aligned.to_toml())] {
        assert_eq!(names(&sorted), names(&after));
        assert_found(&sorted);
    }
}

#[test]
fn what_follows_from_other_sections_follows_the_names() {
    let thin = "[underlying.BTC]\nindex.thin = \"trade\"\n";
    let before = read(SMALL);
    let after = read(&format!("{SMALL}\n{thin}[asset.AAVE]\nunderlying = \"BTC\"\n[asset.USDC]\nunderlying = \"EUR\""));
    let aligned = after.aligned_to(&before).expect("nothing is missing");
    let thin: Vec<_> = aligned.assets().iter().map(|asset| (&*asset.name, asset.thin_trades)).collect();
    assert_eq!(thin, [("BTC", false), ("USD", false), ("AAVE", true), ("USDC", false)]);
    assert!(aligned.instruments()[0].thin_trades);
    assert_eq!(aligned.venue().settlement, 1);
}

#[test]
fn a_missing_name_of_any_list_aligns_nothing() {
    let all = with_names(&[&["A"], &["B"], &["C"], &["d"]]);
    let rows: [[&[&str]; 4]; 4] = [
        [&[], &["B"], &["C"], &["d"]],
        [&["A"], &[], &["C"], &["d"]],
        [&["A"], &["B"], &[], &["d"]],
        [&["A"], &["B"], &["C"], &[]],
    ];
    for row in rows {
        let fewer = with_names(&row);
        assert!(fewer.aligned_to(&all).is_none(), "{row:?}");
        assert!(all.aligned_to(&fewer).is_some(), "{row:?}");
    }
}

#[test]
fn numbers_are_kept_through_any_chain_of_rulebooks() {
    let mut draw = Draw(20_261_201);
    for _ in 0..60 {
        let pool: Vec<String> = (0..12).map(|_| format!("N{}", draw.below(1_000))).collect();
        let mut known: [Vec<&str>; 4] = Default::default();
        let mut before = with_names(&[&[]; 4]);
        for _ in 0..4 {
            for list in &mut known {
                list.extend(pool.iter().filter(|_| draw.below(4) == 0).map(String::as_str));
                list.sort_unstable();
                list.dedup();
            }
            let after = with_names(&known.each_ref().map(|list| &**list));
            let aligned = after.aligned_to(&before).expect("names only come");
            for (old, new) in names(&before).iter().zip(names(&aligned)) {
                assert!(new.starts_with(old) && new[old.len()..].is_sorted());
            }
            assert_found(&aligned);
            assert_eq!(aligned, after);
            before = aligned;
        }
    }
}
