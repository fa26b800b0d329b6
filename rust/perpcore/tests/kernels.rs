//! Every way through a book gives the same columns: on random rows of every size, in any order. The unsafe code of the
//! widest runs here under the sanitizers too.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use perpcore::margin::market::Market;
use perpcore::margin::portfolio::scenarios::Scenarios;
use perpcore::margin::terms::Terms;
use perpcore::message::PriceState;
use perpcore::rules::Rulebook;
use perpcore::sweep::assess::{Book, Way, assess};
use perpcore::sweep::snapshot::{
    AccountRows, BalanceRows, Grouped, Holders, Money, Names, OrderRows, PositionRows, Snapshot,
};
use perpcore::sweep::stop::Stop;

/// Few names, so that rows too are added up many at a time.
const FEW: &str = r#"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
[asset.C]
class = "stablecoin"
eligible = true
haircut = [[1_000, "1%"], [10_000, "33.333333%"]]
account_cap = 9_000
[asset.N]
class = "virtual_asset"
eligible = true
haircut = [["rest", "20%"]]
[instrument.X]
underlying = "X"
tick = 0.1
lot = 0.001
tiers = [[1_000, "0.5%", 100], [100_000, "1.333333%", 33], [10_000_000_000, "7%", 9]]
[instrument.Y]
underlying = "Y"
tick = 0.1
lot = 0.001
initial_method = "marginal"
tiers = [[50_000, "0.5%", 100], ["rest", "50%", 2]]
"#;

struct Draw(u64);

impl Draw {
    fn below(&mut self, end: u64) -> u64 {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 11) % end
    }

    /// A number of up to so many bits, small ones as likely as large ones.
    fn size(&mut self, bits: u64) -> i64 {
        let bits = self.below(bits) + 1;
        self.below(1 << bits) as i64
    }

    /// The same, negative once in `once`.
    fn signed(&mut self, bits: u64, once: u64) -> i64 {
        let size = self.size(bits);
        if self.below(once) == 0 { -size } else { size }
    }

    /// Four rows an account: its number and that of a name.
    fn rows(&mut self, accounts: usize, names: usize, sorted: bool) -> (Vec<u32>, Vec<u8>) {
        let mut account: Vec<u32> = (0..4 * accounts).map(|_| self.below(accounts as u64) as u32).collect();
        if sorted {
            account.sort_unstable();
        }
        let name = account.iter().map(|_| self.below(names as u64) as u8).collect();
        (account, name)
    }
}

/// The terms of the portfolio model: two underlyings or four, one of them with two instruments and an asset; what else
/// it takes, and where the scenarios come from, by the seed.
fn portfolio(seed: u64) -> Terms {
    let mut draw = Draw(seed ^ 0x5eed);
    let mut one_of = |words: &[&'static str]| words[draw.below(words.len() as u64) as usize];
    let mut text = FEW.replace("class = \"virtual_asset\"", "class = \"virtual_asset\"\nunderlying = \"X\"");
    text = text
        .replace("settlement = \"USD\"", &format!("settlement = \"USD\"\nwithdraw_ratio = {}", one_of(&["0", "0.03"])));
    text.push_str("[instrument.X2]\nunderlying = \"X\"\ntick = 0.1\nlot = 0.001\nmaintenance_fee = \"0.06%\"\n");
    text.push_str("tiers = [[\"rest\", \"1%\", 50]]\n");
    let more: &[&str] = if seed.is_multiple_of(3) { &["V", "W"] } else { &[] };
    for name in more {
        text.push_str(&format!("[instrument.{name}]\nunderlying = \"{name}\"\ntick = 0.1\nlot = 0.001\n"));
        text.push_str("tiers = [[\"rest\", \"1%\", 50]]\n");
    }
    text.push_str("[portfolio]\nenabled = true\n");
    let settings = [
        ("offset_credit", one_of(&["0", "0.8", "0.33333333", "1"])),
        ("im_factor", one_of(&["1", "1.3", "4"])),
        ("mm_factor", one_of(&["0.8", "0.77777777", "1", "0"])),
        ("minimum", one_of(&["0", "0.005", "0.5"])),
        (
            "measure",
            one_of(&[
                "\"worst\"",
                "\"worst\"",
                "{ shortfall = 0.9 }",
                "{ shortfall = 0.33333333 }",
                "{ shortfall = 0 }",
            ]),
        ),
        ("steps", one_of(&["1", "3"])),
        ("extended", one_of(&["[]", "[]", "[{ move = 1 }]", "[{ move = -0.66, factor = 0.33333333 }]"])),
    ];
    for (name, value) in settings {
        text.push_str(&format!("{name} = {value}\n"));
    }
    let slices =
        ["", ", concentration = [[5, 0], [1_000, 0.02], [100_000, 0.07]]", ", concentration = [[\"rest\", 0.01]]"];
    text.push_str("[portfolio.underlying]\n");
    for name in ["X", "Y"].iter().chain(more) {
        let (range, basis) = (one_of(&["0.16", "0.20000001", "1"]), one_of(&["0", "0.0025"]));
        text.push_str(&format!("{name} = {{ range = {range}, basis = {basis}{} }}\n", one_of(&slices)));
    }
    let mut terms = Terms::new(&Rulebook::parse(&text, "portfolio").unwrap());
    if seed % 4 == 1 {
        let (rows, unit) = (1 + draw.size(9), [1, 7, 10_000, 100_000_000][draw.below(4) as usize]);
        let mut moves = || {
            let size = (1_000_000_000 / unit) as u64;
            (0..rows)
                .map(|_| (draw.below(size) as i64 >> draw.below(8)) * unit)
                .map(|m| (m - 90_000_000).max(-100_000_000))
                .collect()
        };
        // Underlyings by name; one that no column moves now and then.
        let count = 2 + more.len() - usize::from(seed % 8 == 5);
        let columns = (0..2 + more.len()).map(|at| (at < count).then(&mut moves)).collect();
        let names = (0..rows).map(|row| row.to_string()).collect();
        let model = terms.portfolio.take().unwrap();
        terms.portfolio = Some(model.under(Scenarios::supplied(names, None, columns).unwrap()));
    }
    terms
}

/// The columns of every way; `models`: some accounts are of the portfolio model, or all.
fn books(terms: &Terms, seed: u64, accounts: usize, sorted: bool, models: bool) -> Vec<Book> {
    let mut draw = Draw(seed);
    let mut market = Market::new(terms);
    // Halves of a unit come of quantities and marks like these.
    let (unit, step) = if models && seed % 5 == 2 { (1_000_000, 50) } else { (1, 1) };
    let bits = if models { 40 } else { 50 };
    for instrument in 0..terms.instruments.len() {
        market.set_mark(terms, instrument, (draw.size(bits) / step + 1) * step, PriceState::Live);
    }
    for asset in (0..terms.assets.len()).filter(|&asset| asset != terms.settlement) {
        market.set_asset(terms, asset, draw.size(bits) + 1, PriceState::Live);
    }
    let (holder, instrument) = draw.rows(accounts, terms.instruments.len(), sorted);
    // In every other book all numbers are ordinary; one that is not sends its rows another way.
    let (large, huge) = if seed % 4 < 2 { (34, 40) } else { (54, 60) };
    let quantity: Vec<i64> = holder.iter().map(|_| draw.signed(large, 2) / unit * unit).collect();
    let entry_price: Vec<i64> = holder.iter().map(|_| draw.size(48) + 1).collect();
    let (owner, asset) = draw.rows(accounts, terms.assets.len(), sorted);
    // Four of 2⁶² come to 0 in 64 bits.
    let mut amount: Vec<i64> = owner.iter().map(|_| draw.signed(huge, 40)).collect();
    if seed % 16 == 15 {
        amount.fill(1 << 62);
    }
    let positions = PositionRows {
        account: Holders::Each(&holder),
        instrument: Names::Few(&instrument),
        quantity: &quantity,
        entry_price: Some(&entry_price),
        ..PositionRows::default()
    };
    let balances =
        BalanceRows { account: Holders::Each(&owner), asset: Names::Few(&asset), amount: Money::Narrow(&amount) };
    let holders: Vec<u32> = (0..accounts as u32).collect();
    let chosen: Vec<bool> = holders.iter().map(|_| !seed.is_multiple_of(3) || draw.below(3) > 0).collect();
    let settings = AccountRows { account: Holders::Each(&holders), portfolio: Some(&chosen), ..AccountRows::default() };
    let (orders, settings) = (OrderRows::default(), if models { settings } else { AccountRows::default() });
    let grouped = Grouped::new(Snapshot { accounts, positions, balances, orders, settings });
    let way = |way| {
        assert!(Way::choose(Some(way)) && Way::chosen() == way);
        assess(terms, &market, &grouped, Some(2), &Stop::default()).unwrap()
    };
    Way::ALL.into_iter().filter(|way| way.is_possible()).map(way).collect()
}

/// The columns of every way for a book of many accounts, its rows in no order; what its tables say by the seed.
fn shuffled(terms: &Terms, seed: u64, accounts: usize) -> Vec<Book> {
    let mut draw = Draw(seed);
    let mut market = Market::new(terms);
    for instrument in 0..terms.instruments.len() {
        market.set_mark(terms, instrument, draw.size(50) + 1, PriceState::Live);
    }
    for asset in (0..terms.assets.len()).filter(|&asset| asset != terms.settlement) {
        market.set_asset(terms, asset, draw.size(50) + 1, PriceState::Live);
    }
    // One table may be in account order beside another that is not.
    let (holder, instrument) = draw.rows(accounts, terms.instruments.len(), seed % 8 == 7);
    let (owner, asset) = draw.rows(accounts, terms.assets.len(), seed % 8 == 6);
    let once = if seed.is_multiple_of(2) { u64::MAX } else { 3_000 };
    let bits = |draw: &mut Draw, few, many| if draw.below(once) == 1 { many } else { few };
    let number = |draw: &mut Draw| {
        let bits = bits(draw, 34, 56);
        draw.signed(bits, 2)
    };
    let quantity: Vec<i64> = holder.iter().map(|_| number(&mut draw)).collect();
    let mut entry_price: Vec<i64> = holder.iter().map(|_| draw.size(44) + 1).collect();
    let amount: Vec<i64> = owner.iter().map(|_| number(&mut draw)).collect();
    let wide: Vec<i128> = amount.iter().map(|&amount| i128::from(amount) << draw.below(9)).collect();
    let cost: Vec<i64> = holder.iter().map(|_| draw.signed(50, 2)).collect();
    let has_costs = seed % 5 == 4;
    if has_costs {
        entry_price.iter_mut().step_by(3).for_each(|entry| *entry = 0);
    }
    let many = |names: &[u8]| names.iter().map(|&name| name.into()).collect::<Vec<u32>>();
    let (many_instruments, many_assets) = (many(&instrument), many(&asset));
    let has_many = seed % 6 == 5;
    let positions = PositionRows {
        account: Holders::Each(&holder),
        instrument: if has_many { Names::Many(&many_instruments) } else { Names::Few(&instrument) },
        quantity: &quantity,
        entry_price: Some(&entry_price),
        cost: has_costs.then_some(Money::Narrow(&cost)),
        ..PositionRows::default()
    };
    let balances = BalanceRows {
        account: Holders::Each(&owner),
        asset: if has_many { Names::Many(&many_assets) } else { Names::Few(&asset) },
        amount: if seed % 7 == 3 { Money::Wide(&wide) } else { Money::Narrow(&amount) },
    };
    let orders = OrderRows { account: Holders::Each(&owner[..accounts / 50]), ..OrderRows::default() };
    let (names, one) = (vec![0; accounts / 50], vec![1; accounts / 50]);
    let orders = OrderRows { instrument: Names::Few(&names), quantity: &one, price: &one, ..orders };
    let orders = if seed % 4 == 1 { orders } else { OrderRows::default() };
    let grouped = Grouped::new(Snapshot { accounts, positions, balances, orders, settings: AccountRows::default() });
    let way = |way| {
        assert!(Way::choose(Some(way)));
        assess(terms, &market, &grouped, Some(1 + seed as usize % 2), &Stop::default()).unwrap()
    };
    Way::ALL.into_iter().filter(|way| way.is_possible()).map(way).collect()
}

fn assert_equal(books: &[Book], seed: u64) {
    let plain = &books[0];
    for book in &books[1..] {
        assert_eq!(book.accounts.status, plain.accounts.status, "seed {seed}");
        assert_eq!(book.accounts.worst_scenario, plain.accounts.worst_scenario, "seed {seed}");
        assert_eq!(book.blocked, plain.blocked);
        for (column, wanted) in book.accounts.money.iter().zip(&plain.accounts.money) {
            assert_eq!(column[..], wanted[..], "seed {seed}");
        }
        let bits = |book: &Book| book.accounts.margin_ratio.iter().map(|ratio| ratio.to_bits()).collect::<Vec<_>>();
        assert_eq!(bits(book), bits(plain));
    }
}

#[test]
fn every_way_gives_the_same_columns() {
    let rules = [Rulebook::preset("global-multi-collateral").unwrap(), Rulebook::parse(FEW, "few").unwrap()];
    let terms = rules.each_ref().map(Terms::new);
    for seed in 0..800 {
        let accounts = [1, 7, 8, 9, 100, 700][seed as usize % 6];
        assert_equal(&books(&terms[seed as usize % 2], seed, accounts, seed % 5 > 0, false), seed);
    }
    for seed in 0..1_200 {
        let accounts = [1, 7, 8, 9, 100, 300][seed as usize / 3 % 6];
        assert_equal(&books(&portfolio(seed), seed, accounts, seed % 7 > 0, true), seed);
    }
    // Fewer accounts than are laid out at a time, several times as many, and enough for two threads.
    for seed in 0..60 {
        let accounts = [30, 2_047, 2_049, 9_000, 26_000][seed as usize / 3 % 5];
        assert_equal(&shuffled(&terms[seed as usize % 2], seed, accounts), seed);
    }
    assert!(Way::choose(None));
}
