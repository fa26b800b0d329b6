//! The matching workload MW-1: a deterministic stream of orders with published trade and book hashes, made here by a plain book
//! of its own (ordered maps and queues), which shares nothing with the books under test.

#![allow(dead_code, reason = "each of its users takes a part")]
#![allow(clippy::expect_used, reason = "a generator that goes wrong is to stop the run")]

use std::collections::{BTreeMap, HashMap, VecDeque};

/// Which orders are picked to be canceled and modified.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Variant {
    /// Any with the same probability.
    Uniform,
    /// Mostly the newest.
    Hot,
}

/// What is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Op {
    Add,
    Cancel,
    Modify,
    Ioc,
}

/// One step of the stream, in ticks and lots.
#[derive(Clone, Copy, Debug)]
pub struct Step {
    pub op: Op,
    pub buy: bool,
    pub quantity: u32,
    pub id: u64,
    pub price: u64,
    /// The middle at this step.
    pub mid: u64,
}

impl Step {
    /// As it stands in the file.
    pub fn bytes(&self) -> [u8; 24] {
        let mut bytes = [0; 24];
        bytes[0] = self.op as u8;
        bytes[1] = u8::from(!self.buy);
        bytes[4..8].copy_from_slice(&self.quantity.to_le_bytes());
        bytes[8..16].copy_from_slice(&self.id.to_le_bytes());
        bytes[16..].copy_from_slice(&self.price.to_le_bytes());
        bytes
    }
}

/// How many orders come before what is measured.
pub const PREFILL: usize = 20_000;

/// What the generator may be told: how many steps, how many of a thousand prices are spread over how many ticks.
#[derive(Clone, Copy)]
pub struct Shape {
    pub variant: Variant,
    pub steps: usize,
    /// Of 100 orders so many have a price anywhere within `wide_ticks` of the middle.
    pub wide_percent: u64,
    pub wide_ticks: u64,
}

impl Shape {
    /// The stream as it is published.
    pub fn published(variant: Variant) -> Shape {
        Shape { variant, steps: 1_000_000, wide_percent: 0, wide_ticks: 0 }
    }
}

struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }

    fn below(&mut self, n: u64) -> u64 {
        ((self.next() >> 32) * n) >> 32
    }
}

/// The plain book of the generator: what rests, so that it knows who lives.
struct Plain {
    sides: [BTreeMap<u64, VecDeque<u64>>; 2],
    orders: HashMap<u64, (bool, u64, u64)>,
    live: Vec<u64>,
    place: HashMap<u64, usize>,
}

impl Plain {
    fn swap_remove(&mut self, id: u64) {
        let at = self.place.remove(&id).expect("a live order");
        self.live.swap_remove(at);
        if let Some(moved) = self.live.get(at) {
            self.place.insert(*moved, at);
        }
    }

    fn unrest(&mut self, id: u64) {
        let (buy, price, _) = self.orders.remove(&id).expect("a resting order");
        let side = &mut self.sides[usize::from(buy)];
        let queue = side.get_mut(&price).expect("its level");
        queue.retain(|other| *other != id);
        if queue.is_empty() {
            side.remove(&price);
        }
    }

    /// Trades an order; what is left.
    fn matched(&mut self, buy: bool, price: u64, mut quantity: u64) -> u64 {
        while quantity > 0 {
            let side = &mut self.sides[usize::from(!buy)];
            let best = if buy { side.first_entry() } else { side.last_entry() };
            let Some(mut level) = best.filter(|level| if buy { *level.key() <= price } else { *level.key() >= price })
            else {
                break;
            };
            let maker = level.get()[0];
            let left = &mut self.orders.get_mut(&maker).expect("the maker").2;
            let traded = quantity.min(*left);
            quantity -= traded;
            *left -= traded;
            if *left == 0 {
                level.get_mut().pop_front();
                if level.get().is_empty() {
                    level.remove();
                }
                self.orders.remove(&maker);
                self.swap_remove(maker);
            }
        }
        quantity
    }

    fn rest(&mut self, id: u64, buy: bool, price: u64, quantity: u64) {
        self.sides[usize::from(buy)].entry(price).or_default().push_back(id);
        self.orders.insert(id, (buy, price, quantity));
    }

    fn enlist(&mut self, id: u64) {
        self.place.insert(id, self.live.len());
        self.live.push(id);
    }
}

/// The stream of a shape.
pub fn stream(shape: Shape) -> Vec<Step> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let mut book = Plain { sides: Default::default(), orders: HashMap::new(), live: Vec::new(), place: HashMap::new() };
    let (mut mid, mut next_id) = (1_000_000_u64, 1_u64);
    let mut steps = Vec::with_capacity(PREFILL + shape.steps);
    let price = |random: &mut Random, buy: bool, mid: u64| {
        let wide = shape.wide_percent > 0 && random.below(100) < shape.wide_percent;
        let off = if wide {
            random.below(shape.wide_ticks)
        } else {
            let u = random.below(1024);
            (u * u) >> 11
        };
        if buy { mid - 1 - off } else { mid + 1 + off }
    };
    for at in 0..PREFILL + shape.steps {
        let measured = at.checked_sub(PREFILL);
        if measured.is_some_and(|at| at % 64 == 0) {
            mid = mid + random.below(3) - 1;
        }
        let op = match measured.map(|_| random.below(100)) {
            None | Some(..50) => Op::Add,
            Some(..85) => Op::Cancel,
            Some(..95) => Op::Modify,
            Some(_) => Op::Ioc,
        };
        let step = match op {
            Op::Add => {
                let buy = random.below(2) == 0;
                let price = price(&mut random, buy, mid);
                let quantity = 1 + random.below(100);
                let id = next_id;
                next_id += 1;
                let left = book.matched(buy, price, quantity);
                if left > 0 {
                    book.rest(id, buy, price, left);
                    book.enlist(id);
                }
                Step { op, buy, quantity: quantity as u32, id, price, mid }
            }
            Op::Cancel | Op::Modify => {
                let length = book.live.len() as u64;
                let hot = shape.variant == Variant::Hot && random.below(100) < 80;
                let at = if hot { length - 1 - random.below(length.min(512)) } else { random.below(length) };
                let id = book.live[at as usize];
                let buy = book.orders[&id].0;
                if op == Op::Cancel {
                    book.unrest(id);
                    book.swap_remove(id);
                    Step { op, buy, quantity: 0, id, price: 0, mid }
                } else {
                    let price = price(&mut random, buy, mid);
                    let quantity = 1 + random.below(100);
                    book.unrest(id);
                    match book.matched(buy, price, quantity) {
                        0 => book.swap_remove(id),
                        left => book.rest(id, buy, price, left),
                    }
                    Step { op, buy, quantity: quantity as u32, id, price, mid }
                }
            }
            Op::Ioc => {
                let buy = random.below(2) == 0;
                let price = if buy { mid + 64 } else { mid - 64 };
                let most = if book.live.len() > 20_000 { 400 } else { 200 };
                let quantity = 1 + random.below(most);
                let id = next_id;
                next_id += 1;
                book.matched(buy, price, quantity);
                Step { op, buy, quantity: quantity as u32, id, price, mid }
            }
        };
        steps.push(step);
    }
    steps
}

/// The published mixing of numbers into a hash.
pub struct Mix(pub u64);

impl Default for Mix {
    fn default() -> Self {
        Mix(1_469_598_103_934_665_603)
    }
}

impl Mix {
    pub fn add(&mut self, numbers: [u64; 4]) {
        for number in numbers {
            self.0 = (self.0 ^ number).wrapping_mul(1_099_511_628_211);
        }
    }
}
