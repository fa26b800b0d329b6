//! Random streams of commands of every kind: both books and an independent model say the same, and what must always be true
//! of a book is, after every command. A few seeds in a normal run; PERPCORE_SOAK=1 runs 200 of 20,000 commands.

#![expect(clippy::expect_used, reason = "a test")]

#[path = "book/check.rs"]
mod check;
#[path = "book/model.rs"]
mod model;
#[path = "book/other_terms.rs"]
mod other_terms;
#[path = "book/setting.rs"]
mod setting;
#[path = "book/stream.rs"]
mod stream;

use check::{Counts, clients_come_first, recount, resting};
use model::Model;
use other_terms::other_terms;
use perpcore::book::Book;
use perpcore::book::fast::Fast;
use perpcore::book::owner::{Fill, Refused};
use perpcore::book::reference::Reference;
use perpcore::book::store::serial_of;
use perpcore::book::terms::Terms;
use perpcore::message::{Command, Event, Kind};
use setting::{Judge, Rule, terms, terms_around};
use std::collections::{BTreeMap, BTreeSet};
use stream::{Stream, Style};

const NARROW: Style = Style { middle: 1_000, spread: 12, far: 0, drift: 0, texts: false, auctions: true };
const TEXTS: Style = Style { texts: true, ..NARROW };
const WIDE: Style = Style { middle: 200_000, spread: 40, far: 25, drift: 0, texts: false, auctions: true };
const DRIFT: Style = Style { middle: 150_000, spread: 60, far: 10, drift: 4_000, texts: false, auctions: false };

/// Refuses one trade in about twenty, one side or both.
fn picky(fill: &Fill) -> Option<Refused> {
    match (fill.price * 7 + fill.lots * 13 + i64::from(fill.maker % 64) * 5) % 61 {
        0 => Some(Refused::Taker),
        1 => Some(Refused::Maker),
        2 => Some(Refused::Both),
        _ => None,
    }
}

fn lenient(_: &Fill) -> Option<Refused> {
    None
}

/// What the model says of an event.
fn plain(event: &Event) -> Event {
    let rejected = event.kind == Kind::Rejected;
    let order = if rejected { event.order } else { serial_of(event.order) };
    // The numbers of a refusal are compared by the model of a venue.
    let (amount, balance) = if rejected { (0, 0) } else { (event.amount, event.balance) };
    Event { order, other_order: serial_of(event.other_order), client: 0, amount, balance, ..*event }
}

/// Counts events by kind and reason.
fn note(kinds: &mut BTreeMap<String, usize>, events: &[Event]) {
    for event in events {
        let code = event.code.map_or("", |code| code.entry().name);
        *kinds.entry(format!("{:?} {code}", event.kind)).or_default() += 1;
    }
}

struct Outcome {
    kinds: BTreeMap<String, usize>,
}

fn run(seed: u64, steps: u64, style: Style, terms: &Terms, rule: Rule) -> Outcome {
    run_with_changes(seed, steps, style, terms, rule, 0)
}

/// Of 1,000 commands so many are preceded by a change of the terms.
fn run_with_changes(seed: u64, steps: u64, style: Style, terms: &Terms, rule: Rule, changes: i64) -> Outcome {
    let mut stream = Stream::new(seed, style);
    let mut fast = Book::<Fast>::new(terms.clone());
    let mut reference = Book::<Reference>::new(terms.clone());
    let mut model = Model::new(terms.clone(), Judge::new(rule));
    let mut owners = [Judge::new(rule), Judge::new(rule)];
    let (mut counts, mut ids, mut names) = (Counts::default(), BTreeSet::new(), BTreeMap::new());
    let mut kinds = BTreeMap::new();
    let (mut said, mut also) = (Vec::new(), Vec::new());
    counts.go_by(terms);
    for cause in 0..steps {
        if changes > 0 && stream.random.below(1_000) < changes {
            let other = other_terms(&mut stream.random, terms);
            (stream.tick, stream.lot) = (other.tick.size, other.lot.size);
            counts.go_by(&other);
            said.clear();
            also.clear();
            fast.change_terms(&mut owners[0], cause, other.clone(), &mut said);
            reference.change_terms(&mut owners[1], cause, other.clone(), &mut also);
            owners.iter_mut().for_each(|owner| owner.lot = other.lot.size);
            let expected = model.change_terms(cause, other);
            let plain: Vec<Event> = said.iter().map(plain).collect();
            assert_eq!(said, also, "both books; seed {seed}, terms before command {cause}");
            assert_eq!(plain, expected, "the book, then the model; seed {seed}, terms before command {cause}");
            note(&mut kinds, &said);
            counts.count(&said);
            ids.retain(|id| fast.order(&perpcore::message::Named::Order(*id)).is_some());
            recount(&fast, &owners[0], &counts, &ids);
            counts.forget(&ids);
            assert_eq!(fast.digest(&owners[0]), reference.digest(&owners[1]), "seed {seed}, terms before {cause}");
        }
        let (time, command) = stream.next();
        let before = resting(&fast);
        said.clear();
        also.clear();
        fast.apply(&mut owners[0], time, cause, &command, &mut said);
        reference.apply(&mut owners[1], time, cause, &command, &mut also);
        let at = || format!("seed {seed} of {style:?}, command {cause} at {time}: {command:?}");
        assert_eq!(said, also, "both books; {}", at());
        for event in said.iter().filter(|event| event.kind == Kind::Accepted && event.order != 0) {
            names.insert(event.order, serial_of(event.order));
            ids.insert(event.order);
            stream.accepted(event.order, event.quantity);
        }
        let expected = model.apply(time, cause, &command, &names);
        let plain: Vec<Event> = said.iter().map(plain).collect();
        assert_eq!(plain, expected, "the book, then the model; {}", at());
        note(&mut kinds, &said);
        if let Command::Account { account, group, .. } = command
            && said.iter().any(|event| event.kind == Kind::Accepted)
        {
            counts.account(account, group);
        }
        let checked = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| {
            // What a repeated client id brings was said before.
            let fresh: Vec<Event> = said.iter().filter(|event| event.seq >= counts.seq).copied().collect();
            counts.count(&said);
            clients_come_first(&before, &fresh, fast.terms().lot.size);
            ids.retain(|id| fast.order(&perpcore::message::Named::Order(*id)).is_some());
            recount(&fast, &owners[0], &counts, &ids);
        }));
        assert!(checked.is_ok(), "{}", at());
        counts.forget(&ids);
        if cause % 4 == 0 {
            stream.recent.retain(|(order, _)| ids.contains(order));
        }
        let found = fast.indicative().map(|found| (found.price, found.lots, found.surplus));
        assert_eq!(found, model.indicative(), "indicative; {}", at());
        if cause % 16 == 0 {
            assert_eq!(fast.digest(&owners[0]), reference.digest(&owners[1]), "digests; {}", at());
        }
        if cause % 3 == 0 {
            fast.settle();
            reference.settle();
        }
        owners.iter_mut().chain([&mut model.owner]).for_each(|owner| owner.asked.clear());
    }
    assert_eq!(fast.digest(&owners[0]), reference.digest(&owners[1]));
    let held =
        |judge: &Judge| judge.held.iter().filter(|(_, lots)| **lots != 0).map(|(a, b)| (*a, *b)).collect::<Vec<_>>();
    assert_eq!(held(&owners[0]), held(&model.owner));
    Outcome { kinds }
}

/// How many seeds, and how many commands each.
fn long() -> (u64, u64) {
    if std::env::var_os("PERPCORE_SOAK").is_some() { (50, 20_000) } else { (3, 4_000) }
}

fn all(style: Style, terms: &Terms) -> BTreeMap<String, usize> {
    let (seeds, steps) = long();
    let mut kinds = BTreeMap::new();
    for seed in 1..=seeds {
        let rule: Rule = if seed % 2 == 0 { picky } else { lenient };
        for (kind, count) in run(seed, steps, style, terms, rule).kinds {
            *kinds.entry(kind).or_default() += count;
        }
    }
    kinds
}

#[test]
fn books_and_model_agree_where_prices_are_near() {
    let kinds = all(NARROW, &terms());
    eprintln!("{kinds:?}");
    let expected = [
        "Filled ",
        "Amended ",
        "Triggered ",
        "Indicative ",
        "Expired until_reached",
        "Expired too_old",
        "Rejected client_id_reused",
        "Rejected would_take",
        "Rejected not_fillable",
        "Rejected position_limit",
        "Rejected too_many_orders",
        "Rejected outside_collar",
        "Rejected below_min_size",
        "Rejected above_max_size",
        "Rejected off_lot",
        "Rejected out_of_range",
        "Rejected below_filled",
        "Rejected self_trade",
        "Rejected phase_refused",
        "Rejected nothing_to_reduce",
        "Rejected unknown_order",
        "Rejected conflicting_values",
        "Rejected time_runs_back",
        "Rejected until_reached",
        "Rejected null_value",
        "Canceled self_trade",
        "Canceled fill_refused",
        "Canceled beyond_position",
        "Canceled unmatched",
        "Canceled requested",
        "Canceled phase_refused",
    ];
    for kind in expected {
        assert!(kinds.contains_key(kind), "the streams bring about {kind}");
    }
}

#[test]
fn books_and_model_agree_where_client_ids_are_texts() {
    all(TEXTS, &terms());
}

#[test]
fn books_and_model_agree_where_prices_are_far() {
    let mut loose = terms();
    loose.collar_width = 99_000_000;
    all(WIDE, &loose);
}

#[test]
fn books_and_model_agree_where_the_market_drifts_by_half() {
    let mut loose = terms_around("touch");
    loose.collar_width = 70_000_000;
    all(DRIFT, &loose);
}

#[test]
fn books_and_model_agree_where_the_collar_follows_the_touch_or_the_index() {
    for reference in ["touch", "index"] {
        let (_, steps) = long();
        run(77, steps, NARROW, &terms_around(reference), picky);
        run(78, steps, TEXTS, &terms_around(reference), lenient);
    }
}

#[test]
fn books_and_model_agree_where_terms_become_others_between_commands() {
    let (seeds, steps) = long();
    let mut loose = terms();
    loose.collar_width = 99_000_000;
    let styles = [(NARROW, terms()), (TEXTS, terms_around("touch")), (WIDE, loose)];
    let mut kinds: BTreeMap<String, usize> = BTreeMap::new();
    for seed in 0..seeds.max(3) {
        let (style, terms) = &styles[seed as usize % 3];
        let rule: Rule = if seed % 2 == 0 { picky } else { lenient };
        for (kind, count) in run_with_changes(91 + seed, steps, *style, terms, rule, 30).kinds {
            *kinds.entry(kind).or_default() += count;
        }
    }
    eprintln!("{kinds:?}");
    for kind in
        ["Filled ", "Triggered ", "Canceled off_tick", "Canceled off_lot", "Rejected off_tick", "Expired too_old"]
    {
        assert!(kinds.contains_key(kind), "the streams bring about {kind}");
    }
}
