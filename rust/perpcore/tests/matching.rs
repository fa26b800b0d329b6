//! Both books carry out the published workload to the published hashes.

#[path = "workload/commands.rs"]
mod commands;
#[path = "workload/mod.rs"]
mod workload;

use commands::{Accounts, LOT, TICK, commands, replay, terms};
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::Positions;
use perpcore::book::reference::Reference;
use perpcore::book::store::Store;
use perpcore::message::{Kind, Side};
use sha2::{Digest, Sha256};
use workload::{Mix, Op, Shape, Step, Variant, stream};

fn file_digest(steps: &[Step]) -> String {
    let mut hash = Sha256::new();
    steps.iter().for_each(|step| hash.update(step.bytes()));
    hash.finalize().iter().map(|byte| format!("{byte:02x}")).collect()
}

fn hashes<S: Store>(steps: &[Step]) -> (usize, u64, u64) {
    let (commands, names) = commands(steps, Accounts::Nobody);
    let mut book = Book::<S>::new(terms());
    let mut events = Vec::new();
    replay(&mut book, &mut Positions::default(), &commands, &mut events);
    let mut trades = Mix::default();
    let mut count = 0;
    for event in events.iter().filter(|event| event.kind == Kind::Filled) {
        let quantity = (event.quantity.abs() / LOT) as u64;
        trades.add([names[&event.other_order], names[&event.order], (event.price / TICK) as u64, quantity]);
        count += 1;
    }
    assert!(events.iter().all(|event| event.kind != Kind::Rejected), "nothing of the workload is refused");
    let mut rest = Mix::default();
    for side in [Side::Bid, Side::Ask] {
        for level in book.levels(side) {
            rest.add([side as u64, level.price as u64, level.lots as u64, u64::from(level.orders)]);
        }
    }
    (count, trades.0, rest.0)
}

#[test]
fn the_generator_makes_the_published_stream() {
    let steps = stream(Shape::published(Variant::Uniform));
    assert_eq!(file_digest(&steps), "646e86d7b39332cd7be682ba6f05bd975f697ae6e9e5f7ca94167c282b486f86");
    // 500,364 additions are published for the measured phase; 20,000 come before it.
    let count = |op| steps.iter().filter(|step| step.op == op).count();
    assert_eq!([Op::Add, Op::Cancel, Op::Modify, Op::Ioc].map(count), [520_364, 349_430, 100_080, 50_126]);
}

#[test]
fn both_books_trade_the_uniform_variant_as_published() {
    let steps = stream(Shape::published(Variant::Uniform));
    let published = (199_909, 0x86bc_5c8d_412a_85a0, 0xa78a_a3c6_b58a_beba);
    assert_eq!(hashes::<Fast>(&steps), published);
    assert_eq!(hashes::<Reference>(&steps), published);
}

#[test]
fn both_books_trade_the_hot_variant_as_published() {
    let steps = stream(Shape::published(Variant::Hot));
    assert_eq!(file_digest(&steps), "e3a08754472dc60811a24acb06332734231212cc3647880f5ff545fc5ac1f1c9");
    let published = (200_505, 0xfed7_ae81_cdd3_c232, 0xb722_caf4_b49c_3121);
    assert_eq!(hashes::<Fast>(&steps), published);
    assert_eq!(hashes::<Reference>(&steps), published);
}
