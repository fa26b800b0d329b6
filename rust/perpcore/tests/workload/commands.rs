//! The workload as commands of a book. Ids of orders are the book's own and the same in every book, so one run tells them, and
//! the commands can be carried out again as they are.

#![allow(dead_code, reason = "each of its users takes a part")]
#![allow(clippy::expect_used, clippy::unreachable, reason = "a workload that is not what it says is to stop the run")]

use super::workload::{Op, Step};
use perpcore::book::Book;
use perpcore::book::owner::Owner;
use perpcore::book::store::Store;
use perpcore::book::terms::Terms;
use perpcore::message::{Amend, Cancel, Class, ClientId, Command, Event, Kind, NOBODY, Named, Place, Stp, Tif};
use perpcore::rules::Rulebook;
use std::collections::HashMap;

/// A contract of tick 0.1 and lot 0.001.
pub const RULES: &str = r#"
name = "workload"
[venue]
settlement = "USD"
[asset.USD]
class = "fiat"
eligible = true
[underlying.BTC]
[instrument.BTC-PERP]
underlying = "BTC"
tick = 0.1
lot = 0.001
tiers = [["rest", "0.5%", 20]]
limits = { open_orders = 100_000 }
"#;

pub const TICK: i64 = 10_000_000;
pub const LOT: i64 = 100_000;

pub fn terms() -> Terms {
    Terms::of(&Rulebook::parse(RULES, "workload.toml").expect("the rulebook"), 0)
}

/// Who stands behind the orders.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Accounts {
    /// Nobody, as in a recorded market.
    Nobody,
    /// 10,000 accounts, two to a group, 1 % affiliated, with client ids and a mark every 64 steps.
    Many,
}

/// The stream as commands, and the workload's id of each of the book's ids.
pub fn commands(steps: &[Step], accounts: Accounts) -> (Vec<Command<'static>>, HashMap<u64, u64>) {
    let many = accounts == Accounts::Many;
    let account = |id: u64| if many { (id % 10_000) as u32 } else { NOBODY };
    let place = |step: &Step| {
        let quantity = i64::from(step.quantity) * LOT;
        Command::Place(Place {
            account: account(step.id),
            client_id: many.then_some(ClientId::Number(step.id)),
            quantity: if step.buy { quantity } else { -quantity },
            price: Some(step.price as i64 * TICK),
            sent: None,
            tif: if step.op == Op::Ioc { Tif::Ioc } else { Tif::Gtc },
            until: None,
            post_only: None,
            reduce_only: false,
            isolated: false,
            trigger: None,
            stp: Stp::Taker,
            liquidation: false,
        })
    };
    let mut run = Run::<perpcore::book::fast::Fast>::new(many);
    for (at, step) in steps.iter().enumerate() {
        if many && at % 64 == 0 {
            run.carry_out(Command::Mark(step.mid as i64 * TICK), None);
        }
        match step.op {
            Op::Add | Op::Ioc => run.carry_out(place(step), Some(step.id)),
            Op::Cancel => {
                let order = Named::Order(run.known(step.id));
                run.carry_out(Command::Cancel(Cancel { order, account: None }), None);
            }
            Op::Modify => {
                let id = run.known(step.id);
                let kept = run.book.order(&Named::Order(id)).map(|rested| rested.order);
                let sign = if step.buy { 1 } else { -1 };
                match kept {
                    // A smaller remainder at the same price would keep its place: the workload wants it to lose it.
                    Some(order)
                        if order.price == step.price as i64 && i64::from(step.quantity) <= order.left && !many =>
                    {
                        run.carry_out(Command::Cancel(Cancel { order: Named::Order(id), account: None }), None);
                        run.carry_out(place(step), Some(step.id));
                    }
                    _ => {
                        let filled = kept.map_or(0, |order| order.filled);
                        let quantity = Some(sign * (i64::from(step.quantity) + filled) * LOT);
                        let price = Some(step.price as i64 * TICK);
                        let order = Named::Order(id);
                        run.carry_out(Command::Amend(Amend { order, account: None, quantity, price }), None);
                    }
                }
            }
        }
    }
    (run.commands, run.names)
}

struct Run<S> {
    book: Book<S>,
    owner: perpcore::book::owner::Positions,
    events: Vec<Event>,
    ids: HashMap<u64, u64>,
    names: HashMap<u64, u64>,
    commands: Vec<Command<'static>>,
}

impl<S: Store> Run<S> {
    fn new(many: bool) -> Self {
        let mut run = Run {
            book: Book::new(terms()),
            owner: Default::default(),
            events: Vec::new(),
            ids: HashMap::new(),
            names: HashMap::new(),
            commands: Vec::new(),
        };
        for account in 0..if many { 10_000 } else { 0 } {
            let class = if account % 100 == 0 { Class::AffiliatedMarketMaker } else { Class::Professional };
            run.carry_out(Command::Account { account, client: account, group: account / 2, class }, None);
        }
        run
    }

    fn known(&self, id: u64) -> u64 {
        self.ids.get(&id).copied().unwrap_or(u64::MAX)
    }

    fn carry_out(&mut self, command: Command<'static>, id: Option<u64>) {
        self.events.clear();
        let cause = self.commands.len() as u64;
        self.book.apply(&mut self.owner, 0, cause, &command, &mut self.events);
        if let (Some(id), Some(event)) = (id, self.events.iter().find(|event| event.kind == Kind::Accepted)) {
            self.ids.insert(id, event.order);
            self.names.insert(event.order, id);
        }
        self.commands.push(command);
    }
}

/// Carries out commands from the first on.
pub fn replay<S: Store, O: Owner>(
    book: &mut Book<S>,
    owner: &mut O,
    commands: &[Command<'_>],
    events: &mut Vec<Event>,
) {
    for (cause, command) in commands.iter().enumerate() {
        book.apply(owner, 0, cause as u64, command, events);
    }
}

/// A command of the workload in 40 bytes: what a stream of the past looks like, from which each command is made when it comes.
#[derive(Clone, Copy, Debug)]
pub struct Packed {
    kind: Packing,
    account: u32,
    /// The client's id, or the order.
    id: u64,
    quantity: i64,
    price: i64,
    group: u32,
}

#[derive(Clone, Copy, Debug)]
enum Packing {
    Place { ioc: bool, named: bool },
    Amend,
    Cancel,
    Account(Class),
    Mark,
}

/// Commands of the workload, packed.
pub fn packed(commands: &[Command<'_>]) -> Vec<Packed> {
    let nothing = Packed { kind: Packing::Mark, account: NOBODY, id: 0, quantity: 0, price: 0, group: 0 };
    let pack = |command: &Command<'_>| match *command {
        Command::Place(Place { account, client_id, quantity, price, tif, .. }) => {
            let named = client_id.is_some();
            let id = client_id.map_or(0, |id| if let ClientId::Number(id) = id { id } else { 0 });
            let kind = Packing::Place { ioc: tif == Tif::Ioc, named };
            Packed { kind, account, id, quantity, price: price.unwrap_or(0), ..nothing }
        }
        Command::Amend(Amend { order: Named::Order(id), quantity, price, .. }) => {
            let (quantity, price) = (quantity.unwrap_or(0), price.unwrap_or(0));
            Packed { kind: Packing::Amend, id, quantity, price, ..nothing }
        }
        Command::Cancel(Cancel { order: Named::Order(id), .. }) => Packed { kind: Packing::Cancel, id, ..nothing },
        Command::Account { account, group, class, .. } => {
            Packed { kind: Packing::Account(class), account, group, ..nothing }
        }
        Command::Mark(price) => Packed { kind: Packing::Mark, price, ..nothing },
        _ => unreachable!("no command of the workload"),
    };
    commands.iter().map(pack).collect()
}

impl Packed {
    /// The command.
    #[inline(always)]
    pub fn command(&self) -> Command<'static> {
        let Packed { kind, account, id, quantity, price, group } = *self;
        match kind {
            Packing::Place { ioc, named } => Command::Place(Place {
                account,
                client_id: named.then_some(ClientId::Number(id)),
                quantity,
                price: Some(price),
                sent: None,
                tif: if ioc { Tif::Ioc } else { Tif::Gtc },
                until: None,
                post_only: None,
                reduce_only: false,
                isolated: false,
                trigger: None,
                stp: Stp::Taker,
                liquidation: false,
            }),
            Packing::Amend => {
                let order = Named::Order(id);
                Command::Amend(Amend { order, account: None, quantity: Some(quantity), price: Some(price) })
            }
            Packing::Cancel => Command::Cancel(Cancel { order: Named::Order(id), account: None }),
            Packing::Account(class) => Command::Account { account, client: account, group, class },
            Packing::Mark => Command::Mark(price),
        }
    }
}
