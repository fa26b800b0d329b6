//! A small contract whose every limit binds often, and an owner that may refuse.

#![allow(dead_code)]

use perpcore::book::owner::{Fill, Owner, Refused};
use perpcore::book::terms::Terms;
use perpcore::message::{Place, Side, Stp, Tif};
use perpcore::rules::Rulebook;
use std::collections::BTreeMap;

pub const TICK: i64 = 10_000_000;
pub const LOT: i64 = 100_000;

const RULES: &str = r#"
name = "small"
[venue]
settlement = "USD"
client_id_window = { time = "1s", per_account = 4 }
rates = { max_age = "4s" }
[asset.USD]
class = "fiat"
eligible = true
[underlying.BTC]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
min_size = 0.003
max_size = 0.06
tiers = [["rest", "0.5%", 20]]
collar = { width = "1.25%", reference = "mark" }
limits = { open_orders = 6, position = 0.09 }
"#;

/// Minimum 3 lots, maximum 60, collar 1.25 % of the mark, 6 orders, position 90 lots, ids for 1 s and 4 of an account, age 4 s.
pub fn terms() -> Terms {
    Terms::of(&Rulebook::parse(RULES, "small.toml").expect("the rulebook"), 0)
}

/// The same with a collar around something else.
pub fn terms_around(reference: &str) -> Terms {
    let rules = RULES.replace("\"mark\"", &format!("\"{reference}\""));
    Terms::of(&Rulebook::parse(&rules, "small.toml").expect("the rulebook"), 0)
}

/// A limit order, good till canceled; lots signed, price in ticks.
pub fn limit(account: u32, lots: i64, price: i64) -> Place<'static> {
    Place { price: Some(price * TICK), tif: Tif::Gtc, ..market(account, lots) }
}

/// A market order.
pub fn market(account: u32, lots: i64) -> Place<'static> {
    Place {
        account,
        client_id: None,
        quantity: lots * LOT,
        price: None,
        sent: None,
        tif: Tif::Ioc,
        until: None,
        post_only: None,
        reduce_only: false,
        isolated: false,
        trigger: None,
        stp: Stp::Taker,
        liquidation: false,
    }
}

/// Who refuses which trade.
pub type Rule = fn(&Fill) -> Option<Refused>;

/// Knows positions by counting what it is told, and refuses by a rule of the fill alone.
#[derive(Clone)]
pub struct Judge {
    /// In g: the lot may become another one.
    pub held: BTreeMap<(u32, bool), i64>,
    pub lot: i64,
    pub rule: Rule,
    /// What it was asked, since somebody looked.
    pub asked: Vec<Fill>,
}

impl Judge {
    /// Notes what he is asked, and answers by his rule.
    pub fn judges(&mut self, fill: &Fill) -> Option<Refused> {
        self.asked.push(*fill);
        (self.rule)(fill)
    }

    pub fn new(rule: Rule) -> Judge {
        Judge { held: BTreeMap::new(), lot: LOT, rule, asked: Vec::new() }
    }

    pub fn lenient() -> Judge {
        Judge::new(|_| None)
    }

    /// In whole lots.
    pub fn of(&self, account: u32, isolated: bool) -> i64 {
        self.contracts(account, isolated) / self.lot
    }

    /// In g.
    pub fn contracts(&self, account: u32, isolated: bool) -> i64 {
        self.held.get(&(account, isolated)).copied().unwrap_or(0)
    }
}

impl Owner for Judge {
    fn accounts(&self) -> u32 {
        self.held
            .keys()
            .map(|(account, _)| *account)
            .filter(|account| *account != perpcore::message::NOBODY)
            .max()
            .map_or(0, |last| last + 1)
    }

    fn position(&self, account: u32, isolated: bool) -> i64 {
        if account == perpcore::message::NOBODY { 0 } else { self.of(account, isolated) }
    }

    fn refuses<S: perpcore::book::store::Store>(
        &mut self,
        _: &perpcore::book::Book<S>,
        fill: &Fill,
    ) -> Option<Refused> {
        self.judges(fill)
    }

    fn filled(&mut self, fill: &Fill) {
        let bought = if fill.side == Side::Bid { fill.lots * self.lot } else { -fill.lots * self.lot };
        *self.held.entry((fill.taker, fill.taker_isolated)).or_default() += bought;
        *self.held.entry((fill.maker, fill.maker_isolated)).or_default() -= bought;
    }
}
