//! Every way through a book gives the same columns: on random rows of every size, in any order. The unsafe code of the
//! widest runs here under the sanitizers too.
#![expect(clippy::unwrap_used, reason = "helpers of tests")]

use perpcore::margin::market::{Market, PriceState};
use perpcore::margin::terms::Terms;
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

fn books(rules: &Rulebook, seed: u64, accounts: usize, sorted: bool) -> Vec<Book> {
    let terms = Terms::new(rules);
    let mut draw = Draw(seed);
    let mut market = Market::new(&terms);
    for instrument in 0..terms.instruments.len() {
        market.set_mark(&terms, instrument, draw.size(50) + 1, PriceState::Live);
    }
    for asset in (0..terms.assets.len()).filter(|&asset| asset != terms.settlement) {
        market.set_asset(&terms, asset, draw.size(50) + 1, PriceState::Live);
    }
    let (holder, instrument) = draw.rows(accounts, terms.instruments.len(), sorted);
    // In every other book all numbers are ordinary; one that is not sends its rows another way.
    let (large, huge) = if seed % 4 < 2 { (34, 40) } else { (54, 60) };
    let quantity: Vec<i64> = holder.iter().map(|_| draw.signed(large, 2)).collect();
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
    let (orders, settings) = (OrderRows::default(), AccountRows::default());
    let grouped = Grouped::new(Snapshot { accounts, positions, balances, orders, settings });
    let way = |way| {
        assert!(Way::choose(Some(way)) && Way::chosen() == way);
        assess(&terms, &market, &grouped, Some(2), &Stop::default()).unwrap()
    };
    Way::ALL.into_iter().filter(|way| way.is_possible()).map(way).collect()
}

#[test]
fn every_way_gives_the_same_columns() {
    let rules = [Rulebook::preset("global-multi-collateral").unwrap(), Rulebook::parse(FEW, "few").unwrap()];
    for seed in 0..800 {
        let accounts = [1, 7, 8, 9, 100, 700][seed as usize % 6];
        let books = books(&rules[seed as usize % 2], seed, accounts, seed % 5 > 0);
        let plain = &books[0];
        for book in &books[1..] {
            assert_eq!(book.accounts.status, plain.accounts.status);
            assert_eq!(book.blocked, plain.blocked);
            for (column, wanted) in book.accounts.money.iter().zip(&plain.accounts.money) {
                assert_eq!(column[..], wanted[..], "seed {seed}");
            }
            let bits = |book: &Book| book.accounts.margin_ratio.iter().map(|ratio| ratio.to_bits()).collect::<Vec<_>>();
            assert_eq!(bits(book), bits(plain));
        }
    }
    assert!(Way::choose(None));
}
