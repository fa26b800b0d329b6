use super::read;
use crate::num::{E8, ONE};
use crate::rules::{Charge, Families, InitialMethod, Measure, Rulebook, Tier};

fn preset(name: &str) -> Rulebook {
    Rulebook::preset(name).unwrap_or_else(|failure| panic!("{failure}"))
}

fn tiers<'a>(book: &'a Rulebook, name: &str) -> &'a [Tier] {
    &book.instruments()[book.instrument_index(name).expect("an instrument")].tiers
}

#[test]
fn presets_are_found_with_and_without_their_version() {
    for name in Rulebook::preset_names() {
        let book = preset(name);
        assert_eq!((book.name(), book.version()), (Some(*name), 1));
        assert_eq!(preset(&format!("{name}@{}", book.version())), book);
        assert_eq!(read(&format!("extends = \"{name}\"")), book);
    }
}

#[test]
fn every_value_of_a_preset_has_a_source() {
    for name in Rulebook::preset_names() {
        let book = preset(name);
        let top = book.source("version");
        for line in book.canonical().lines().filter(|line| line.contains('.')) {
            let path = line.split(" = ").next().expect("a path");
            let source = book.source(path);
            // Every table says where its own values come from; none relies on the line at the top.
            assert!(source.is_some() && source != top, "{name}: {path}");
        }
    }
}

#[test]
fn the_hong_kong_ladder_is_as_published() {
    let book = preset("hk-vatp-perp");
    // By hand from the ladder: cap, maintenance %, max leverage, ⌈10⁸ / max leverage⌉.
    let rows = [
        (0, 100_000, "0.5%", 20, 5_000_000),
        (3, 500_000, "2%", 20, 5_000_000),
        (5, 800_000, "3%", 10, 10_000_000),
        (10, 3_000_000, "5.5%", 9, 11_111_112),
        (12, 6_000_000, "7.5%", 7, 14_285_715),
        (13, 7_500_000, "8.5%", 6, 16_666_667),
        (16, 12_000_000, "16.5%", 3, 33_333_334),
        (18, 15_000_000, "50%", 1, 100_000_000),
    ];
    let (btc, eth) = (tiers(&book, "BTC-PERP"), tiers(&book, "ETH-PERP"));
    assert_eq!((btc.len(), eth.len()), (19, 19));
    for (index, cap, maintenance, leverage, initial) in rows {
        let tier = &btc[index];
        assert_eq!(tier.up_to, Some(cap * E8));
        assert_eq!(crate::num::text::percent(tier.maintenance), maintenance);
        assert_eq!((tier.max_leverage, tier.initial), (leverage * ONE, initial));
    }
    for (eth, btc) in eth.iter().zip(btc) {
        let scaled = Tier { up_to: btc.up_to.map(|cap| cap * 4 / 10), ..btc.clone() };
        assert_eq!(*eth, scaled);
    }
    assert!(book.instruments().iter().all(|i| i.initial_method == InitialMethod::Bracket && !i.thin_trades));
}

#[test]
fn the_global_ladder_is_as_stated() {
    let book = preset("global-multi-collateral");
    let (btc, eth) = (tiers(&book, "BTC-PERP"), tiers(&book, "ETH-PERP"));
    let caps =
        [500_000, 5_000_000, 20_000_000, 50_000_000, 100_000_000, 200_000_000, 300_000_000, 500_000_000, 1_000_000_000];
    assert_eq!(btc.iter().filter_map(|tier| tier.up_to).collect::<Vec<_>>(), caps.map(|cap: i128| cap * E8));
    assert_eq!(eth.iter().filter_map(|tier| tier.up_to).collect::<Vec<_>>(), caps.map(|cap: i128| cap * E8 / 2));
    assert_eq!(btc.iter().map(|tier| tier.max_leverage / ONE).collect::<Vec<_>>(), [100, 50, 20, 10, 5, 4, 3, 2, 1]);
    let maintenance: Vec<_> = btc.iter().map(|tier| tier.maintenance).collect();
    assert_eq!(maintenance, [5, 10, 25, 50, 100, 125, 150, 250, 500].map(|rate: i64| rate * ONE / 1_000));
    assert!(book.instruments().iter().all(|i| i.initial_method == InitialMethod::Marginal && i.thin_trades));
}

#[test]
fn collateral_is_as_stated() {
    let rate = |percent: i64| percent * ONE / 100;
    let book = preset("hk-vatp-perp");
    let eligible: Vec<_> = book.assets().iter().filter(|a| a.eligible).map(|a| a.name.as_str()).collect();
    assert_eq!(eligible, ["HKD", "HKD-DEPOSIT", "HKD-STABLECOIN", "USD"]);
    assert!(book.assets().iter().all(|asset| asset.liability.is_none()));
    assert_eq!((book.venue().profit_credit, book.venue().call_factor), (0, 125_000_000));
    let fees = &book.venue().fees[0];
    assert_eq!((fees.name.as_str(), fees.maker, fees.taker), ("standard", 20_000, 50_000));
    let hkd = &book.assets()[book.asset_index("HKD").expect("HKD")];
    assert_eq!((hkd.haircut[0].up_to, hkd.haircut[0].rate, hkd.close_cost), (None, 500_000, 100_000));

    let book = preset("global-multi-collateral");
    assert_eq!(book.venue().profit_credit, ONE);
    let slices = |name: &str| {
        let asset = &book.assets()[book.asset_index(name).expect("an asset")];
        asset.haircut.iter().map(|slice| (slice.up_to.map(|cap| cap / E8), slice.rate)).collect::<Vec<_>>()
    };
    assert_eq!(slices("USDC"), [(Some(50_000_000), 0), (None, rate(2))]);
    assert_eq!(slices("BTC"), [(Some(50), rate(5)), (Some(200), rate(10)), (Some(500), rate(20)), (None, rate(50))]);
    assert_eq!(
        slices("ETH"),
        [(Some(500), rate(5)), (Some(2_000), rate(10)), (Some(5_000), rate(20)), (None, rate(50))]
    );
    for asset in book.assets() {
        let debt = asset.liability.as_ref().map(|liability| (liability.initial, liability.maintenance));
        assert_eq!(debt, (asset.name != "USDT").then_some((rate(10), rate(5))), "{}", asset.name);
    }
}

#[test]
fn portfolio_margin_is_as_stated() {
    let rate = |tenths: i64| tenths * ONE / 1_000;
    for (name, enabled) in [("global-multi-collateral", true), ("hk-vatp-perp", false)] {
        let book = preset(name);
        let portfolio = book.portfolio();
        assert_eq!((portfolio.enabled, portfolio.min_equity, portfolio.steps), (enabled, 100_000 * E8, 4));
        assert_eq!(
            (portfolio.offset_credit, portfolio.minimum, portfolio.measure),
            (rate(800), rate(5), Measure::Worst)
        );
        assert_eq!((portfolio.im_factor, portfolio.mm_factor), (ONE, rate(800)));
        let Families { correlated, single, opposite } = portfolio.families;
        assert_eq!([correlated, single, opposite], [1_000, 700, 350].map(rate));
        let moves: Vec<_> = portfolio.extended.iter().map(|extended| (extended.moved, extended.factor)).collect();
        assert_eq!(moves, [-660, -330, 500, 1_000].map(|tenths| (rate(tenths), None)));
        let ranges: Vec<_> = portfolio.underlyings.iter().map(|u| (u.name.as_str(), u.range, u.basis)).collect();
        let basis = ONE / 400;
        assert_eq!(ranges, [("BTC", rate(160), basis), ("ETH", rate(180), basis)]);
        let slices = [(Some(20), 0), (Some(50), 25), (Some(100), 50), (None, 100)];
        let slices =
            slices.map(|(cap, tenths)| Charge { up_to: cap.map(|cap| cap * 1_000_000 * E8), rate: rate(tenths) });
        assert!(portfolio.underlyings.iter().all(|u| u.concentration.as_deref() == Some(&slices)));
    }
}
