//! Random commands of every kind, from a seed.

#![allow(dead_code)]

use super::setting::{LOT, TICK};
use perpcore::message::*;

pub struct Random(pub u64);

impl Random {
    pub fn new(seed: u64) -> Random {
        Random(seed.wrapping_mul(0x9E37_79B9_7F4A_7C15) | 1)
    }

    pub fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    /// 0 ≤ number < n.
    pub fn below(&mut self, n: i64) -> i64 {
        ((self.next() >> 32) as i64 * n) >> 32
    }

    pub fn percent(&mut self, share: i64) -> bool {
        self.below(100) < share
    }

    pub fn pick<T: Copy>(&mut self, of: &[T]) -> T {
        of[self.below(of.len() as i64) as usize]
    }
}

const TEXTS: [&str; 6] =
    ["a", "b", "order-3", "", "é", "0123456789012345678901234567890123456789012345678901234567890123"];
/// One byte more than an id may have.
const TOO_LONG: &str = "01234567890123456789012345678901234567890123456789012345678901234";

/// Of what kind the commands of a stream are.
#[derive(Clone, Copy, Debug)]
pub struct Style {
    /// Where the middle starts, in ticks.
    pub middle: i64,
    /// How far from it limits are.
    pub spread: i64,
    /// Of 100 limits so many are anywhere within 60 % of the middle.
    pub far: i64,
    /// Over how many commands the middle falls by half and comes back; 0 for no drift.
    pub drift: i64,
    pub texts: bool,
    pub auctions: bool,
}

pub struct Stream {
    pub random: Random,
    style: Style,
    /// The middle, in ticks.
    pub middle: i64,
    pub time: i64,
    /// Prices and quantities are mostly multiples of these, in g.
    pub tick: i64,
    pub lot: i64,
    count: i64,
    /// Ids of orders that were accepted lately, the newest last.
    pub recent: Vec<(u64, i64)>,
    phase: Phase,
    /// What was placed with an id lately.
    placed: Vec<Place<'static>>,
    number: u64,
}

pub const ACCOUNTS: u32 = 12;

impl Stream {
    pub fn new(seed: u64, style: Style) -> Stream {
        Stream {
            random: Random::new(seed),
            style,
            middle: style.middle,
            time: 0,
            tick: TICK,
            lot: LOT,
            count: 0,
            recent: Vec::new(),
            phase: Phase::Open,
            placed: Vec::new(),
            number: 0,
        }
    }

    pub fn accepted(&mut self, order: u64, quantity: i64) {
        self.recent.push((order, quantity));
        if self.recent.len() > 40 {
            self.recent.remove(0);
        }
    }

    /// The next command and its time.
    pub fn next(&mut self) -> (i64, Command<'static>) {
        let Style { middle, drift, .. } = self.style;
        self.count += 1;
        if drift > 0 {
            // Down to half of it and up again, as a triangle.
            let at = self.count % (2 * drift);
            let down = if at < drift { at } else { 2 * drift - at };
            self.middle = middle - middle / 2 * down / drift;
        } else if self.random.percent(5) {
            self.middle = (self.middle + self.random.below(3) - 1).clamp(middle * 9 / 10, middle * 11 / 10);
        }
        let step = match self.random.below(100) {
            0..60 => 0,
            60..95 => self.random.below(40_000_000),
            95..99 => self.random.below(400_000_000),
            _ => -1,
        };
        let mut time = self.time + step;
        self.time = self.time.max(time);
        if self.random.percent(1) {
            // Exactly when something ends.
            time = self.time + self.random.pick(&[1_000_000_000, 500_000_000]);
            self.time = time;
        }
        (time, self.command())
    }

    fn command(&mut self) -> Command<'static> {
        if !matches!(self.phase, Phase::Open) && self.random.percent(8) {
            self.phase = self.random.pick(&[Phase::Open, Phase::Open, Phase::Auction]);
            return Command::Phase(self.phase);
        }
        match self.random.below(1_000) {
            0..640 => Command::Place(self.place()),
            640..755 => {
                let (order, account) = self.named();
                let of = |id: &u64| self.recent.iter().find(|(order, _)| order == id).map_or(0, |(_, was)| *was);
                let was = if let Named::Order(id) = &order { of(id) } else { 0 };
                let mut quantity = self.random.percent(60).then(|| self.quantity());
                if self.random.percent(90) && was != 0 {
                    quantity = quantity.map(|quantity| quantity.abs() * was.signum());
                }
                let price = self.random.percent(60).then(|| self.limit());
                Command::Amend(Amend { order, account, quantity, price })
            }
            755..790 => {
                let (order, account) = self.named();
                Command::Cancel(Cancel { order, account })
            }
            790..805 => Command::CancelAll(self.scope()),
            805..825 => {
                let account = self.account();
                let classes = [Class::Professional, Class::MarketMaker, Class::AffiliatedMarketMaker];
                let class = if account % 4 == 3 { Class::AffiliatedMarketMaker } else { self.random.pick(&classes) };
                let client = account / 3;
                Command::Account { account, client, group: account / 2, class }
            }
            825..895 => {
                let off = self.random.below(7) - 3;
                Command::Mark(if self.random.percent(3) { self.hostile() } else { (self.middle + off) * TICK + off })
            }
            895..925 => {
                let off = self.random.below(7) - 3;
                Command::Index(if self.random.percent(3) { self.hostile() } else { (self.middle + off) * TICK })
            }
            925..940 if self.style.auctions => {
                self.phase = self.phase();
                Command::Phase(self.phase)
            }
            _ => Command::AdvanceTime,
        }
    }

    fn phase(&mut self) -> Phase {
        match self.random.below(20) {
            0..4 => Phase::Open,
            4..10 => Phase::Auction,
            10..15 => Phase::Preopen,
            15..17 => Phase::ReduceOnly,
            17 => Phase::Halted,
            18 => Phase::Listed,
            _ => Phase::Settling,
        }
    }

    fn scope(&mut self) -> CancelAll {
        let mut scope = CancelAll::default();
        match self.random.below(6) {
            0 => scope.account = Some(self.account()),
            1 => scope.client = Some(self.account() / 3),
            2 => scope.group = Some(self.account() / 2),
            3 => scope.class = Some(self.random.pick(Class::ALL)),
            4 => (scope.account, scope.class) = (Some(self.account()), Some(Class::Professional)),
            _ if self.random.percent(30) => {}
            _ => (scope.account, scope.group) = (Some(NOBODY), None),
        }
        scope
    }

    fn hostile(&mut self) -> i64 {
        self.random.pick(&[
            0,
            -1,
            1,
            i64::MIN,
            i64::MAX,
            -TICK,
            TICK / 2,
            i64::MAX / TICK * TICK,
            10_000_000_000_000_001,
        ])
    }

    fn account(&mut self) -> u32 {
        if self.random.percent(4) { NOBODY } else { self.random.below(i64::from(ACCOUNTS)) as u32 }
    }

    fn lots(&mut self) -> i64 {
        let lots = match self.random.below(20) {
            0 => 1,
            1 => 70,
            2..5 => 3 + self.random.below(58),
            _ => 3 + self.random.below(12),
        };
        if self.random.percent(50) { lots } else { -lots }
    }

    /// Lots of the setting in the present ones, mostly.
    fn quantity(&mut self) -> i64 {
        let quantity = self.lots() * LOT;
        if self.lot == LOT || self.random.percent(10) {
            return quantity;
        }
        let size = (quantity.abs() / self.lot).max(1) * self.lot;
        quantity.signum() * (size + if self.lot < LOT { self.random.below(LOT / self.lot) * self.lot } else { 0 })
    }

    /// A price in the present ticks, mostly.
    fn limit(&mut self) -> i64 {
        let price = self.price() * TICK;
        if self.tick == TICK || self.random.percent(10) {
            return price;
        }
        let price = (price / self.tick).max(1) * self.tick;
        price + if self.tick < TICK { self.random.below(TICK / self.tick) * self.tick } else { 0 }
    }

    fn price(&mut self) -> i64 {
        let Style { spread, far, .. } = self.style;
        if self.random.percent(far) {
            let reach = self.middle * 6 / 10;
            return (self.middle + self.random.below(2 * reach) - reach).max(1);
        }
        (self.middle + self.random.below(2 * spread + 1) - spread).max(1)
    }

    fn named(&mut self) -> (Named<'static>, Option<u32>) {
        let with_id = self.placed.len() as i64;
        if with_id > 0 && self.random.percent(25) {
            let at = self.random.below(with_id) as usize;
            let Place { account, client_id, .. } = self.placed[at];
            let id = client_id.unwrap_or(ClientId::Number(0));
            return (Named::Client(account, id), self.random.percent(20).then_some(account));
        }
        let order = match self.random.below(50) {
            0 => 0,
            1 => u64::MAX,
            2 => self.random.next(),
            _ if self.recent.is_empty() => 7,
            _ => self.recent[self.random.below(self.recent.len() as i64) as usize].0,
        };
        (Named::Order(order), if self.random.percent(5) { Some(self.account()) } else { None })
    }

    fn place(&mut self) -> Place<'static> {
        if !self.placed.is_empty() && self.random.percent(6) {
            // Again, or another under the same id.
            let mut place = self.placed[self.random.below(self.placed.len() as i64) as usize];
            if self.random.percent(30) {
                place.quantity = self.quantity();
            }
            return place;
        }
        let tif = match self.random.below(20) {
            0..11 => Tif::Gtc,
            11..15 => Tif::Ioc,
            15..17 => Tif::Fok,
            _ => Tif::Gtd,
        };
        let market = matches!(tif, Tif::Ioc | Tif::Fok) && self.random.percent(40) || self.random.percent(1);
        let at_once = matches!(tif, Tif::Ioc | Tif::Fok);
        let posts = if at_once { 2 } else { 20 };
        let mut place = Place {
            account: self.account(),
            client_id: None,
            quantity: self.quantity(),
            price: (!market).then(|| self.limit()),
            sent: None,
            tif,
            until: (tif == Tif::Gtd).then(|| self.time + self.random.pick(&[-1, 0, 1, 1_000_000_000, 500_000_000])),
            post_only: self.random.percent(posts).then(|| self.random.pick(PostOnly::ALL)),
            reduce_only: self.random.percent(20),
            isolated: self.random.percent(15),
            trigger: None,
            stp: self.random.pick(Stp::ALL),
            liquidation: self.random.percent(4),
        };
        if self.random.percent(15) {
            let price = if self.random.percent(2) { self.hostile() } else { self.price() * TICK };
            let (by, when) = (self.random.pick(TriggerBy::ALL), self.random.pick(TriggerWhen::ALL));
            place.trigger = Some(Trigger { price, by, when });
        }
        match self.random.below(200) {
            0 => place.quantity = self.hostile(),
            1 => place.price = Some(self.hostile()),
            2 => place.until = Some(self.time + 5),
            3 => place.quantity += 1,
            _ => {}
        }
        if self.random.percent(30) {
            self.number += 1;
            place.client_id = Some(if !self.style.texts {
                ClientId::Number(if self.random.percent(20) { self.number % 9 } else { self.number })
            } else if self.random.percent(5) {
                ClientId::Text(TOO_LONG)
            } else {
                ClientId::Text(self.random.pick(&TEXTS))
            });
            self.placed.push(place);
            if self.placed.len() > 30 {
                self.placed.remove(0);
            }
        }
        place
    }
}
