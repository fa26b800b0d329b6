//! Random commands of small accounts: most of them are near a line at one time or another.

use perpcore::message::*;
use perpcore::num::ONE;

pub const ACCOUNTS: u32 = 10;
pub const MIDNIGHT: i64 = 1_796_083_200 * SECOND;
pub const SECOND: i64 = 1_000_000_000;
pub const HOUR: i64 = 3_600 * SECOND;

pub const RULES: &str = r#"
[venue]
settlement = "USD"
outflow_per_hour = "50%"
fees = { standard = { maker = "0.02%", taker = "0.06%" }, maker = { maker = "-0.04%", taker = "0.05%" } }
rates = { orders_per_second = 200 }
[client]
require = ["professional"]
[asset.USD]
class = "fiat"
eligible = true
[asset.BTC]
eligible = true
haircut = [[1, "10%"], ["rest", "40%"]]
close_cost = "4%"
underlying = "BTC"
[underlying.BTC]
index = { stale_after = "180s" }
[underlying.ETH]
index = { stale_after = "180s" }
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.5
lot = 0.001
tiers = [[20_000, "2%", 25], [60_000, "4%", 12], ["rest", "10%", 5]]
collar = { width = "4%" }
funding = { every = "1h", sample = "5m", impact_notional = 500, interest_8h = "1%", min_coverage = "5%" }
[instrument.ETH-PERP]
underlying = "ETH"
tick = 0.01
lot = 1
contract_size = 0.01
initial_method = "marginal"
maintenance_fee = "0.2%"
tiers = [[5_000, "3%", 20], ["rest", "12%", 4]]
collar = { width = "6%" }
funding = { every = "4h", sample = "30m", impact_notional = 300, interest_8h = "-1%", min_coverage = "5%" }
"#;

/// xorshift64* (Vigna 2016).
pub struct Draw(u64);

impl Draw {
    pub fn new(seed: u64) -> Draw {
        Draw(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// Both ends included.
    pub fn within(&mut self, least: i64, most: i64) -> i64 {
        least + (self.next() % (most - least + 1) as u64) as i64
    }

    pub fn one_in(&mut self, times: u64) -> bool {
        self.next() % times == 0
    }

    pub fn of<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[self.next() as usize % choices.len()]
    }
}

pub struct Stream {
    pub draw: Draw,
    marks: [i64; 2],
    pub orders: Vec<(u32, u64, u32)>,
    pub requests: u64,
    client_ids: u64,
    now: i64,
}

const TICKS: [i64; 2] = [ONE / 2, ONE / 100];

impl Stream {
    pub fn new(seed: u64) -> Stream {
        let marks = [10_000 * ONE, 500 * ONE];
        Stream { draw: Draw::new(seed), marks, orders: Vec::new(), requests: 0, client_ids: 0, now: MIDNIGHT }
    }

    /// When the next command comes.
    pub fn time(&mut self) -> i64 {
        self.now += match self.draw.within(0, 199) {
            0 => self.draw.within(1, 10) * HOUR,
            1..=9 => self.draw.within(1, 400) * SECOND,
            10..=99 => self.draw.within(0, 900_000_000),
            _ => 0,
        };
        self.now
    }

    /// Some hours from now, or ago.
    fn hours(&mut self, least: i64, most: i64) -> i64 {
        self.now + self.draw.within(least * HOUR, most * HOUR)
    }

    fn account(&mut self) -> u32 {
        self.draw.within(0, i64::from(ACCOUNTS) - 1) as u32
    }

    fn price(&mut self, instrument: u32) -> i64 {
        let (mark, tick) = (self.marks[instrument as usize], TICKS[instrument as usize]);
        let width = if self.draw.one_in(4) { 400 } else { 30 };
        let price = mark / 10_000 * (10_000 + self.draw.within(-width, width));
        (price / tick).max(1) * tick
    }

    /// Contracts worth up to so many dollars, in g.
    fn quantity(&mut self, instrument: u32) -> i64 {
        let dollars = self.draw.of(&[20, 200, 2_000, 12_000, 40_000]);
        let lots = match instrument {
            0 => dollars * 1_000 / (self.marks[0] / ONE).max(1),
            _ => dollars * 100 / (self.marks[1] / ONE).max(1),
        };
        let lots = self.draw.within(1, lots.max(1));
        lots * if instrument == 0 { ONE / 1_000 } else { ONE } * self.draw.of(&[1, -1])
    }

    fn place(&mut self) -> VenueCommand<'static> {
        let instrument = self.draw.within(0, 1) as u32;
        let mut place = Place {
            account: self.account(),
            client_id: None,
            quantity: self.quantity(instrument),
            price: Some(self.price(instrument)),
            sent: None,
            tif: Tif::Gtc,
            until: None,
            post_only: None,
            reduce_only: self.draw.one_in(8),
            isolated: self.draw.one_in(4),
            trigger: None,
            stp: self.draw.of(&[Stp::Taker, Stp::Maker, Stp::Both, Stp::Decrement]),
            liquidation: false,
        };
        match self.draw.within(0, 15) {
            0 => (place.price, place.tif) = (None, Tif::Ioc),
            1 => place.tif = self.draw.of(&[Tif::Ioc, Tif::Fok]),
            2 => (place.tif, place.until) = (Tif::Gtd, Some(self.hours(0, 2))),
            3 => place.post_only = Some(self.draw.of(&[PostOnly::Reject, PostOnly::Slide])),
            4 => {
                let by = self.draw.of(&[TriggerBy::Mark, TriggerBy::Index, TriggerBy::Last]);
                let when = self.draw.of(&[TriggerWhen::AtOrAbove, TriggerWhen::AtOrBelow]);
                place.trigger = Some(Trigger { price: self.price(instrument), by, when });
            }
            5 => {
                self.client_ids += u64::from(!self.draw.one_in(4));
                place.client_id = Some(ClientId::Number(self.client_ids));
            }
            _ => {}
        }
        VenueCommand::Book(instrument, Command::Place(place))
    }

    fn known_order(&mut self) -> Option<(u32, u64, u32)> {
        (!self.orders.is_empty()).then(|| {
            let from = self.orders.len().saturating_sub(60);
            self.orders[self.draw.within(from as i64, self.orders.len() as i64 - 1) as usize]
        })
    }

    fn amend(&mut self) -> VenueCommand<'static> {
        let Some((instrument, order, account)) = self.known_order() else { return self.place() };
        let (order, account) = (Named::Order(order), Some(account));
        if self.draw.one_in(3) {
            return VenueCommand::Book(instrument, Command::Cancel(Cancel { order, account }));
        }
        let quantity = self.draw.one_in(2).then(|| self.quantity(instrument));
        let price = (quantity.is_none() || self.draw.one_in(2)).then(|| self.price(instrument));
        VenueCommand::Book(instrument, Command::Amend(Amend { order, account, quantity, price }))
    }

    fn mark(&mut self) -> VenueCommand<'static> {
        let instrument = self.draw.within(0, 1) as u32;
        let widest = match self.draw.within(0, 39) {
            0 => 3_000,
            1..=4 => 400,
            _ => 40,
        };
        let mark = &mut self.marks[instrument as usize];
        let drift = if instrument == 0 { 10_000 } else { 500 } * ONE - *mark;
        let moved = *mark / 10_000 * self.draw.within(-widest, widest);
        *mark = (*mark + moved + drift / 400).max(TICKS[instrument as usize]);
        let price = *mark;
        let state = match self.draw.within(0, 59) {
            0 => self.draw.of(&[PriceState::Thin, PriceState::Protected, PriceState::Frozen, PriceState::Halted]),
            _ => PriceState::Live,
        };
        if self.draw.one_in(3) {
            return VenueCommand::Index(Priced::Underlying(instrument), price, state);
        }
        VenueCommand::Mark(instrument, price, state)
    }

    fn money(&mut self) -> VenueCommand<'static> {
        let (account, other) = (self.account(), self.account());
        let amount = i128::from(self.draw.within(1, 400 * ONE));
        let asset = if self.draw.one_in(4) { 0 } else { 1 };
        let amount = if asset == 0 { amount / 5_000 + 1 } else { amount };
        let request = self.draw.within(0, self.requests as i64 + 1) as u64;
        match self.draw.within(0, 13) {
            0..=2 => VenueCommand::Deposit(account, asset, amount),
            3..=5 => VenueCommand::Withdraw(account, asset, amount),
            6 => VenueCommand::ConfirmWithdrawal(request),
            7 => VenueCommand::ReleaseWithdrawal(request),
            8 => VenueCommand::Transfer(account, other, asset, amount),
            9 | 10 => VenueCommand::Margin(account, self.draw.within(0, 1) as u32, amount),
            11 => VenueCommand::Margin(account, self.draw.within(0, 1) as u32, -amount),
            12 => {
                VenueCommand::Topup(House::Fund, self.draw.one_in(2).then_some(account), Some(asset), amount / 20 + 1)
            }
            _ => VenueCommand::Topup(House::Converter, None, None, amount),
        }
    }

    fn other(&mut self) -> VenueCommand<'static> {
        let (account, instrument) = (self.account(), self.draw.within(0, 1) as u32);
        match self.draw.within(0, 15) {
            0..=2 => {
                let flags = self.draw.within(0, 12);
                let flags = Flags { no_open: flags == 1, no_withdraw: flags == 2, frozen: flags == 3 };
                VenueCommand::Hold(account, flags, true)
            }
            3 => {
                let until = Some(self.hours(-1, 99));
                VenueCommand::SetAccount(account, Settings { investor_until: until, ..Settings::default() })
            }
            4 | 5 => {
                let leverage = Some(self.draw.within(1, 30) * ONE);
                VenueCommand::SetAccount(account, Settings { leverage, ..Settings::default() })
            }
            6 => {
                let (group, tier) = (Some(self.draw.within(0, 5) as u32), Some(self.draw.within(0, 1) as u32));
                VenueCommand::SetAccount(account, Settings { group, fee_tier: tier, ..Settings::default() })
            }
            7 => VenueCommand::CancelAll(None, CancelAll { account: Some(account), ..CancelAll::default() }),
            8 => VenueCommand::Disconnect(account),
            9 => VenueCommand::Deadman(account, self.draw.one_in(2).then(|| self.hours(0, 9))),
            10 if self.draw.one_in(3) => VenueCommand::Halt(Some(instrument)),
            11 if self.draw.one_in(3) => VenueCommand::Phase(instrument, Phase::ReduceOnly),
            12 => VenueCommand::Phase(instrument, Phase::Auction),
            13 if self.draw.one_in(4) => VenueCommand::Restart,
            _ => VenueCommand::AdvanceTime,
        }
    }

    pub fn next(&mut self) -> VenueCommand<'static> {
        match self.draw.within(0, 99) {
            0..=54 => self.place(),
            55..=64 => self.amend(),
            65..=85 => self.mark(),
            86..=92 => self.money(),
            93..=95 => VenueCommand::Phase(self.draw.within(0, 1) as u32, Phase::Open),
            96 => VenueCommand::Resume(None),
            _ => self.other(),
        }
    }
}
