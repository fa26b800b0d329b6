//! Halts, breakers, proofs, and what a client's accounts may have together.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;

const ANN: u32 = 0;
const BEN: u32 = 1;
const CAT: u32 = 2;

fn of_client(client: u32, class: Class) -> Settings {
    Settings { client: Some(client), class: Some(class), approved: true, ..Settings::default() }
}

/// Two affiliated market makers of one client and one client, 1,000 each.
fn house() -> Desk {
    let mut desk = Desk::new(RULES);
    for (account, class) in [(ANN, Class::AffiliatedMarketMaker), (BEN, Class::AffiliatedMarketMaker)] {
        desk.does(VenueCommand::OpenAccount(account, of_client(7, class)));
        desk.does(VenueCommand::Deposit(account, USD, money(1_000)));
    }
    desk.opens(CAT, 1_000);
    desk
}

fn kinds(desk: &Desk) -> Vec<(Kind, u32, Option<Code>)> {
    desk.events.iter().map(|event| (event.kind, event.account, event.code)).collect()
}

#[test]
fn a_class_is_halted_by_one_event_after_which_none_of_it_trades() {
    let mut desk = house();
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.rests(BETA, limit(BEN, -1, 10_100));
    let others = desk.rests(ALPHA, limit(CAT, 1, 9_900));
    desk.does(VenueCommand::HaltOrders(Halted::Class(Class::AffiliatedMarketMaker)));
    let canceled = |account| (Kind::Canceled, account, Some(Code::AccountHalted));
    assert_eq!(kinds(&desk), [(Kind::Halt, NOBODY, None), canceled(ANN), canceled(BEN)]);
    assert_eq!(desk.events[0].class, Class::AffiliatedMarketMaker);
    desk.not_placed(ALPHA, limit(ANN, 1, 9_900), Code::AccountHalted);
    // Who comes to the class meanwhile, too; a client's order rests on.
    desk.does(VenueCommand::OpenAccount(3, of_client(8, Class::AffiliatedMarketMaker)));
    desk.not_placed(ALPHA, limit(3, 1, 9_900), Code::AccountHalted);
    assert_eq!(desk.venue.book(ALPHA).expect("the book").left_of(others), 1);
    desk.does(VenueCommand::ResumeOrders(Halted::Class(Class::AffiliatedMarketMaker)));
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.refuses(VenueCommand::ResumeOrders(Halted::Class(Class::AffiliatedMarketMaker)), Code::PhaseRefused);
}

#[test]
fn halts_of_account_client_and_class_are_independent() {
    let mut desk = house();
    for whose in [Halted::Account(ANN), Halted::Client(7), Halted::Class(Class::AffiliatedMarketMaker)] {
        desk.does(VenueCommand::HaltOrders(whose));
    }
    for whose in [Halted::Class(Class::AffiliatedMarketMaker), Halted::Account(ANN)] {
        desk.does(VenueCommand::ResumeOrders(whose));
        desk.not_placed(ALPHA, limit(ANN, 1, 9_900), Code::AccountHalted);
    }
    desk.does(VenueCommand::ResumeOrders(Halted::Client(7)));
    assert_eq!(kinds(&desk), [(Kind::Resume, ANN, None), (Kind::Resume, BEN, None)]);
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.refuses(VenueCommand::HaltOrders(Halted::Client(9)), Code::UnknownHolder);
}

#[test]
fn a_breaker_trips_on_what_was_lost_within_a_minute_and_is_released_by_hand() {
    let rules = RULES.replace("[venue]", "[venue]\nbreaker = { loss_per_minute = \"10%\" }");
    let mut desk = Desk::with(&rules, &[1_000, 100_000]);
    // 10 bought at 102 with the mark at 100 lose 20; five times that is 100, of 900 left more than a tenth.
    for lost in [20, 40, 60, 80] {
        desk.trade(ALPHA, ANN, BEN, 10, 10_200);
        desk.trade(ALPHA, BEN, ANN, 10, 10_000);
        assert_eq!(desk.figures(ANN).equity, money(1_000 - lost));
        desk.time += SECOND;
    }
    // Money that comes is no gain: it does not hide the loss.
    desk.does(VenueCommand::Deposit(ANN, USD, money(10)));
    let resting = desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.rests(ALPHA, limit(BEN, -10, 10_200));
    desk.does(VenueCommand::Book(ALPHA, Command::Place(limit(ANN, 10, 10_200))));
    let tripped: Vec<_> = desk.events.iter().filter(|event| event.kind == Kind::LimitReached).collect();
    // 1,010 − 100 = 910: the line is 91, the loss 100.
    assert_eq!(tripped.len(), 1);
    assert_eq!(
        (tripped[0].code, tripped[0].amount, tripped[0].balance),
        (Some(Code::BreakerLoss), money(91), money(100))
    );
    assert_eq!(desk.canceled(), Some(Code::BreakerLoss));
    assert_eq!(desk.venue.book(ALPHA).expect("the book").left_of(resting), 0);
    desk.not_placed(ALPHA, limit(ANN, 1, 9_900), Code::BreakerLoss);
    desk.trade(ALPHA, BEN, ANN, 2, 10_000);
    desk.time += 120 * SECOND;
    desk.not_placed(ALPHA, limit(ANN, 1, 9_900), Code::BreakerLoss);
    desk.does(VenueCommand::ResumeOrders(Halted::Account(ANN)));
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
}

#[test]
fn a_loss_over_more_than_a_minute_trips_nothing() {
    let rules = RULES.replace("[venue]", "[venue]\nbreaker = { loss_per_minute = \"10%\" }");
    let mut desk = Desk::with(&rules, &[1_000, 100_000]);
    for _ in 0..8 {
        desk.trade(ALPHA, ANN, BEN, 10, 10_200);
        desk.trade(ALPHA, BEN, ANN, 10, 10_000);
        desk.time += 61 * SECOND;
    }
    assert_eq!(desk.figures(ANN).equity, money(1_000 - 8 * 20));
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
}

#[test]
fn what_adds_risk_ends_when_a_proof_is_over() {
    let rules = format!("{RULES}\n[client]\nrequire = [\"professional\", \"knowledge\"]\n");
    let mut desk = Desk::new(&rules);
    let settings = Settings {
        investor_until: Some(MIDNIGHT + HOUR),
        knowledge_until: Some(MIDNIGHT + 2 * HOUR),
        ..Settings::default()
    };
    desk.does(VenueCommand::OpenAccount(ANN, settings));
    desk.does(VenueCommand::OpenAccount(BEN, of_client(8, Class::MarketMaker)));
    for account in [ANN, BEN] {
        desk.does(VenueCommand::Deposit(account, USD, money(1_000)));
    }
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    let [adds, reduces] = [limit(ANN, 1, 9_900), limit(ANN, -5, 10_100)].map(|order| desk.rests(ALPHA, order));
    desk.time = MIDNIGHT + HOUR - 1;
    desk.does(VenueCommand::AdvanceTime);
    desk.time = MIDNIGHT + HOUR;
    desk.does(VenueCommand::AdvanceTime);
    assert_eq!(kinds(&desk), [(Kind::Canceled, ANN, Some(Code::InvestorStatus))]);
    assert_eq!((desk.events[0].order, desk.events[0].time), (adds, MIDNIGHT + HOUR));
    assert_eq!(desk.venue.book(ALPHA).expect("the book").left_of(reduces), 5);
}

#[test]
fn accounts_of_a_client_share_their_limits() {
    let limits = "limits = { client_position = 10, client_open_orders = 3 }\ntick = 0.01";
    let rules = RULES.replacen("tick = 0.01", limits, 1);
    let rules = rules.replace("[venue]", "[venue]\nrates = { client_orders_per_second = 6 }");
    let mut desk = Desk::new(&rules);
    for account in [ANN, BEN] {
        desk.does(VenueCommand::OpenAccount(account, of_client(7, Class::Professional)));
        desk.does(VenueCommand::Deposit(account, USD, money(1_000)));
    }
    desk.rests(ALPHA, limit(ANN, 6, 9_900));
    desk.not_placed(ALPHA, limit(BEN, 5, 9_900), Code::ClientLimit);
    let said = *desk.events.last().expect("an event");
    assert_eq!((said.amount, said.balance), (money(11), money(10)));
    desk.rests(ALPHA, limit(BEN, 4, 9_900));
    desk.rests(ALPHA, limit(BEN, -1, 10_100));
    desk.not_placed(ALPHA, limit(ANN, -1, 10_100), Code::ClientOrders);
    let said = *desk.events.last().expect("an event");
    assert_eq!((said.amount, said.balance), (money(4), money(3)));
    // What was refused for the number of orders was not counted: this is the fifth, then the sixth, then one too many.
    let ioc = |account| Place { tif: Tif::Ioc, ..limit(account, -1, 10_100) };
    assert_eq!([ANN, BEN, ANN].map(|account| desk.place(ALPHA, ioc(account))), [None, None, Some(Code::ClientRate)]);
    desk.time += SECOND;
    assert_eq!(desk.place(ALPHA, ioc(ANN)), None);
}

#[test]
fn nobody_sheds_the_halt_of_his_client_or_class() {
    let mut desk = house();
    desk.does(VenueCommand::HaltOrders(Halted::Client(7)));
    let to = |client, class| Settings { client, class, approved: true, ..Settings::default() };
    desk.refuses(VenueCommand::SetAccount(ANN, to(Some(8), None)), Code::AccountHalted);
    desk.does(VenueCommand::ResumeOrders(Halted::Client(7)));
    desk.does(VenueCommand::HaltOrders(Halted::Class(Class::AffiliatedMarketMaker)));
    desk.refuses(VenueCommand::SetAccount(ANN, to(None, Some(Class::MarketMaker))), Code::AccountHalted);
    // By itself it may go to another client, where it is halted still.
    desk.does(VenueCommand::SetAccount(ANN, to(Some(8), None)));
    desk.not_placed(ALPHA, limit(ANN, 1, 9_900), Code::AccountHalted);
}

#[test]
fn nobody_comes_to_another_client_with_orders() {
    let mut desk = Desk::with(RULES, &[1_000, 1_000]);
    let of = |client, group| Settings { client: Some(client), group: Some(group), ..Settings::default() };
    desk.does(VenueCommand::SetAccount(ANN, of(7, 2)));
    desk.does(VenueCommand::SetAccount(BEN, of(8, 2)));
    let order = desk.rests(ALPHA, limit(BEN, 1, 9_900));
    desk.refuses(VenueCommand::SetAccount(BEN, of(7, 2)), Code::ConflictingValues);
    desk.cancel(ALPHA, order);
    desk.does(VenueCommand::SetAccount(BEN, of(7, 2)));
}
