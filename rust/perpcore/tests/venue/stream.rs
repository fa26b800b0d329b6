//! Random commands for a venue: prices that walk and break, orders near and far, money in and out, holds, halts, time.

use super::desk::*;
use perpcore::message::{
    Amend, Cancel, CancelAll, Class, ClientId, Command, Flags, House, Named, Phase, Place, PostOnly, PriceState,
    Priced, Settings, Stp, Tif, Trigger, TriggerBy, TriggerWhen, VenueCommand,
};

pub const ACCOUNTS: u32 = 12;

pub const TERMS: &str = r#"
[venue]
settlement = "USD"
profit_credit = "30%"
outflow_per_hour = "20%"
withdraw_ratio = "2%"
fees = { standard = { maker = "0.02%", taker = "0.05%" }, rebate = { maker = "-0.03%", taker = "0.05%" } }
rates = { orders_per_second = 1_000_000, max_age = "7d" }
[asset.USD]
class = "fiat"
eligible = true
[asset.COIN]
eligible = true
haircut = [[50, "10%"], ["rest", "30%"]]
close_cost = "5%"
underlying = "BTC"
[asset.TOKEN]
eligible = true
haircut = [["rest", "50%"]]
close_cost = "2%"
account_cap = 2_000
[underlying.BTC]
index = { stale_after = "180s" }
[underlying.ETH]
index = { thin = "trade", stale_after = "180s" }
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [[20_000, "1%", 25], [100_000, "2.5%", 10], ["rest", "10%", 5]]
collar = { width = "20%" }
funding = { interest_8h = "0.5%", dead_zone = "2%", impact_notional = 100, every = "1h", sample = "30m", min_coverage = "10%" }
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.01
lot = 0.1
contract_size = 0.1
initial_method = "marginal"
maintenance_fee = "0.1%"
tiers = [[10_000, "2%", 20], ["rest", "20%", 4]]
collar = { width = "10%", reference = "touch" }
funding = { interest_8h = "-0.5%", dead_zone = "2%", impact_notional = 100, every = "8h", sample = "1h", min_coverage = "10%" }
limits = { position = 20_000, group_position = 30_000, open_interest = 100_000 }
[portfolio]
enabled = true
offset_credit = "50%"
[portfolio.underlying.BTC]
range = "16%"
[portfolio.underlying.ETH]
range = "18%"
"#;

/// The numbers of a stream.
#[derive(Clone, Debug)]
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 11
    }

    pub fn below(&mut self, most: u64) -> u64 {
        self.next() % most
    }

    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        low + self.below((high - low + 1) as u64) as i64
    }

    pub fn one_in(&mut self, of: u64) -> bool {
        self.below(of) == 0
    }

    pub fn of<T: Copy>(&mut self, all: &[T]) -> T {
        all[self.below(all.len() as u64) as usize]
    }
}

/// What makes the commands.
pub struct Stream {
    pub draw: Draw,
    /// Marks in g.
    marks: [i64; 2],
    /// Orders that were accepted lately: instrument, order.
    pub orders: Vec<(u32, u64)>,
    pub withdrawals: u64,
}

impl Stream {
    pub fn new(seed: u64) -> Stream {
        Stream { draw: Draw::new(seed), marks: [g(100.0), g(20.0)], orders: Vec::new(), withdrawals: 0 }
    }

    /// How time goes on: mostly by less than a second, at times by hours.
    pub fn step(&mut self) -> i64 {
        match self.draw.below(100) {
            0 if self.draw.one_in(3) => self.draw.between(1, 12) * HOUR / 2,
            0..=7 => self.draw.between(1, 240) * 1_000_000_000,
            _ => self.draw.between(0, 400) * 1_000_000,
        }
    }

    fn account(&mut self) -> u32 {
        self.draw.below(ACCOUNTS.into()) as u32
    }

    pub fn settings(&mut self, account: u32) -> Settings {
        let class = self.draw.of(&[Class::Professional, Class::MarketMaker]);
        Settings {
            client: Some(account / 3),
            group: Some(account / 6),
            class: Some(class),
            portfolio: Some(account % 5 == 4),
            leverage: account.is_multiple_of(3).then_some(g(3.0)),
            fee_tier: Some(account % 2),
            ..Settings::default()
        }
    }

    fn tick(instrument: u32) -> i64 {
        if instrument == BTC { 10_000_000 } else { 1_000_000 }
    }

    fn price(&mut self, instrument: u32) -> i64 {
        let mark = self.marks[instrument as usize];
        let spread = if self.draw.one_in(6) { 2_200 } else { 120 };
        let price = mark + mark / 10_000 * self.draw.between(-spread, spread);
        (price / Self::tick(instrument)).max(1) * Self::tick(instrument)
    }

    fn quantity(&mut self, instrument: u32) -> i64 {
        let lots = match self.draw.below(12) {
            0 => self.draw.between(1, 60),
            1..=3 => self.draw.between(100, 2_000) * 30,
            _ => self.draw.between(1, 40) * 500,
        };
        let lots = if self.draw.one_in(2) { lots } else { -lots };
        lots * if instrument == BTC { 100_000 } else { 10_000_000 }
    }

    fn place(&mut self, instrument: u32, time: i64) -> Place<'static> {
        let account = self.account();
        let tif = self.draw.of(&[Tif::Gtc, Tif::Gtc, Tif::Gtc, Tif::Ioc, Tif::Fok, Tif::Gtd]);
        let until = (tif == Tif::Gtd).then(|| time + self.draw.between(1, 7_200) * 1_000_000_000);
        let market = matches!(tif, Tif::Ioc | Tif::Fok) && self.draw.one_in(2);
        let trigger = self.draw.one_in(12).then(|| Trigger {
            price: self.price(instrument),
            by: self.draw.of(&[TriggerBy::Mark, TriggerBy::Index, TriggerBy::Last]),
            when: self.draw.of(&[TriggerWhen::AtOrAbove, TriggerWhen::AtOrBelow]),
        });
        let post = tif == Tif::Gtc && trigger.is_none() && self.draw.one_in(8);
        Place {
            account,
            client_id: self.draw.one_in(4).then(|| ClientId::Number(self.draw.below(400))),
            quantity: self.quantity(instrument),
            price: if market { None } else { Some(self.price(instrument)) },
            sent: None,
            tif,
            until,
            post_only: post.then(|| self.draw.of(&[PostOnly::Reject, PostOnly::Slide])),
            reduce_only: self.draw.one_in(10),
            isolated: self.draw.one_in(4),
            trigger,
            stp: self.draw.of(&[Stp::Taker, Stp::Maker, Stp::Both, Stp::Decrement]),
            liquidation: false,
        }
    }

    fn known(&mut self) -> Option<(u32, u64)> {
        let back = self.draw.below(30) as usize;
        self.orders.len().checked_sub(1 + back).map(|at| self.orders[at])
    }

    fn amount(&mut self) -> i128 {
        i128::from(match self.draw.below(4) {
            0 => self.draw.between(1, 1_000_000),
            1 if self.draw.one_in(10) => self.draw.between(1, 20_000) * 100_000_000,
            _ => self.draw.between(1, 150) * 100_000_000,
        })
    }

    fn state(&mut self) -> PriceState {
        match self.draw.below(400) {
            0 => self.draw.of(&[PriceState::Frozen, PriceState::Protected, PriceState::Halted]),
            1 => PriceState::Thin,
            _ => PriceState::Live,
        }
    }

    fn told(&mut self) -> VenueCommand<'static> {
        let of = self.draw.below(2) as u32;
        let now = self.marks[of as usize];
        let step = if self.draw.one_in(40) { 900 } else { 40 };
        let base = if of == BTC { g(100.0) } else { g(20.0) };
        let pull = (base - now) / 50;
        let next = (now + now / 10_000 * self.draw.between(-step, step) + pull).max(g(0.5));
        let state = self.state();
        if self.draw.one_in(3) {
            let index = next + next / 10_000 * self.draw.between(-30, 30);
            return VenueCommand::Index(Priced::Underlying(of), index, state);
        }
        self.marks[of as usize] = next;
        VenueCommand::Mark(of, next, state)
    }

    pub fn next(&mut self, desk: &Desk) -> VenueCommand<'static> {
        let (of, account) = (self.draw.below(2) as u32, self.account());
        let asset = self.draw.below(3) as u32;
        let phase = desk.venue.book(of).map(|book| book.phase());
        if phase != Some(Phase::Open) && self.draw.one_in(6) {
            return if phase == Some(Phase::Halted) {
                VenueCommand::Resume(None)
            } else {
                VenueCommand::Phase(of, Phase::Open)
            };
        }
        match self.draw.below(1_000) {
            0..=499 => VenueCommand::Book(of, Command::Place(self.place(of, desk.time))),
            500..=559 => match self.known() {
                Some((of, order)) => {
                    let quantity = self.draw.one_in(2).then(|| self.quantity(of));
                    let price = self.draw.one_in(2).then(|| self.price(of));
                    let amend = Amend { order: Named::Order(order), account: None, quantity, price };
                    VenueCommand::Book(of, Command::Amend(amend))
                }
                None => VenueCommand::AdvanceTime,
            },
            560..=589 => match self.known() {
                Some((of, order)) => {
                    VenueCommand::Book(of, Command::Cancel(Cancel { order: Named::Order(order), account: None }))
                }
                None => VenueCommand::AdvanceTime,
            },
            590..=829 => self.told(),
            830..=844 => VenueCommand::Deposit(account, asset, self.amount()),
            845..=889 => VenueCommand::Withdraw(account, asset, self.amount()),
            890..=904 => {
                let number = self.withdrawals.saturating_sub(self.draw.below(4));
                if self.draw.one_in(2) {
                    VenueCommand::ConfirmWithdrawal(number)
                } else {
                    VenueCommand::ReleaseWithdrawal(number)
                }
            }
            905..=919 => VenueCommand::Transfer(account, self.account(), asset, self.amount()),
            920..=939 => {
                let amount = self.amount() / 10;
                VenueCommand::Margin(account, of, if self.draw.one_in(2) { amount } else { -amount })
            }
            940..=944 => {
                let house = self.draw.of(&[House::Fund, House::Converter]);
                let from = self.draw.one_in(2).then_some(account);
                VenueCommand::Topup(house, from, None, self.amount() / 5)
            }
            945..=954 => {
                let flag = self.draw.below(60);
                let flags = Flags { no_open: flag == 0, no_withdraw: flag == 1, frozen: flag == 2 };
                VenueCommand::Hold(account, flags, true)
            }
            955..=964 => {
                let key = self.draw.one_in(2).then(|| (of, self.draw.one_in(2)));
                let leverage = Some(g(self.draw.of(&[1.0, 2.0, 5.0, 10.0, 25.0])));
                let portfolio = (key.is_none() && self.draw.one_in(3)).then(|| self.draw.one_in(2));
                VenueCommand::SetAccount(account, Settings { key, leverage, portfolio, ..Settings::default() })
            }
            965..=969 => VenueCommand::Index(Priced::Asset(2), g(self.draw.of(&[0.9, 1.0, 1.1])), self.state()),
            970..=974 => VenueCommand::CancelAll(None, CancelAll { account: Some(account), ..CancelAll::default() }),
            975..=979 => {
                let until = self.draw.one_in(2).then(|| desk.time + self.draw.between(1, 600) * 1_000_000_000);
                VenueCommand::Deadman(account, until)
            }
            980..=981 => VenueCommand::Disconnect(account),
            982..=983 => VenueCommand::Phase(of, self.draw.of(&[Phase::Auction, Phase::ReduceOnly, Phase::Preopen])),
            984..=994 => VenueCommand::Phase(of, Phase::Open),
            995 => VenueCommand::Halt(Some(of)),
            996..=997 => VenueCommand::Resume(None),
            998 => VenueCommand::Restart,
            _ => VenueCommand::AdvanceTime,
        }
    }
}
