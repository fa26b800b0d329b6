//! Another rulebook comes into force while the venue runs; and the price of the last settlement.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;
use perpcore::rules::Rulebook;

const ANN: u32 = 0;
const BEN: u32 = 1;

fn activate(text: &str) -> VenueCommand<'_> {
    VenueCommand::ActivateRulebook(text, false)
}

fn effective(rules: &str, time: &str) -> String {
    format!("effective = {time}\n{rules}")
}

fn digest(rules: &str) -> String {
    Rulebook::parse(rules, "small.toml").expect("the rulebook").digest().to_string()
}

#[test]
fn orders_off_the_new_tick_end_and_others_keep_their_places() {
    let mut desk = Desk::with(RULES, &[10_000, 10_000]);
    let [off, first, second] =
        [(ANN, 9_905), (ANN, 9_900), (BEN, 9_900)].map(|(account, price)| desk.rests(ALPHA, limit(account, 1, price)));
    // 0.01 becomes 0.02: 99.05 is no multiple of it.
    desk.does(activate(&RULES.replacen("tick = 0.01", "tick = 0.02", 1)));
    let ended: Vec<_> = desk.events.iter().filter(|event| event.kind == Kind::Canceled).collect();
    assert_eq!(ended.iter().map(|event| (event.order, event.code)).collect::<Vec<_>>(), [(off, Some(Code::OffTick))]);
    desk.not_placed(ALPHA, limit(ANN, 1, 9_905), Code::OffTick);
    desk.does(VenueCommand::Book(ALPHA, Command::Place(limit(BEN, -1, 9_900))));
    let filled = desk.events.iter().find(|event| event.kind == Kind::Filled).expect("a trade");
    assert_eq!((filled.other_order, filled.price), (first, cents(9_900)));
    assert_eq!(desk.venue.book(ALPHA).expect("the book").left_of(second), 1);
}

#[test]
fn a_contract_size_is_another_only_while_nobody_holds_any() {
    let mut desk = Desk::with(RULES, &[10_000, 10_000]);
    let other = RULES.replace("contract_size = 0.1", "contract_size = 0.2");
    desk.trade(BETA, ANN, BEN, 10, 10_000);
    desk.refuses(activate(&other), Code::RulebookUnfit);
    desk.trade(BETA, BEN, ANN, 10, 10_000);
    desk.does(activate(&other));
    desk.trade(BETA, ANN, BEN, 10, 10_000);
    // 10 · 0.2 · 100 · 10 %
    assert_eq!(desk.figures(ANN).initial_margin, money(20));
}

#[test]
fn what_would_force_positions_is_refused_unless_confirmed() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 9, 10_000);
    // 12 % of 900 are more than 100: all 900 of Ann, nothing of Ben.
    let higher = RULES.replacen("[[\"rest\", \"5%\", 10]]", "[[\"rest\", \"12%\", 8]]", 1);
    desk.refuses(activate(&higher), Code::RulebookForces);
    let said = *desk.events.last().expect("an event");
    assert_eq!((said.amount, said.balance), (money(900), 0));
    desk.does(VenueCommand::ActivateRulebook(&higher, true));
    assert_eq!(desk.figures(ANN).maintenance_margin, money(108));
}

#[test]
fn a_rulebook_waits_for_its_time_and_is_dropped_without_approval() {
    let changes = "changes = { approved = true, delay = \"1h\" }";
    let strict = RULES.replace("[venue]", &format!("[venue]\n{changes}"));
    let mut desk = Desk::bare(&strict);
    desk.does(VenueCommand::Index(Priced::Underlying(ALPHA), units(100), PriceState::Live));
    desk.does(VenueCommand::Mark(ALPHA, units(100), PriceState::Live));
    desk.refuses(VenueCommand::Phase(ALPHA, Phase::Open), Code::RulebookNotApproved);
    desk.refuses(VenueCommand::ApproveRulebook(&digest(&strict), ""), Code::ApprovalMissing);
    desk.does(VenueCommand::ApproveRulebook(&digest(&strict), "minutes 1"));
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    // More leverage loosens: an hour before at least.
    let looser = strict.replacen("\"5%\", 10", "\"4%\", 20", 1);
    desk.refuses(activate(&effective(&looser, "2026-12-01T00:59:59Z")), Code::ActivationTooEarly);
    let said = *desk.events.last().expect("an event");
    assert_eq!((said.amount, said.balance), (money(3_599), money(3_600)));
    let looser = effective(&looser, "2026-12-01T01:00:00Z");
    desk.does(activate(&looser));
    desk.time = MIDNIGHT + HOUR;
    desk.does(VenueCommand::AdvanceTime);
    let dropped: Vec<_> = desk.events.iter().map(|event| (event.kind, event.code)).collect();
    assert_eq!(dropped, [(Kind::Canceled, Some(Code::RulebookNotApproved))]);
    // Again, and approved: it holds from its time on.
    let looser = looser.replace("T01:00:00Z", "T02:00:00Z");
    desk.does(activate(&looser));
    desk.does(VenueCommand::ApproveRulebook(&digest(&looser), "minutes 2"));
    desk.time = MIDNIGHT + 2 * HOUR - 1;
    desk.does(VenueCommand::AdvanceTime);
    assert_eq!(desk.venue.rules().digest(), digest(&strict));
    desk.time += 1;
    desk.does(VenueCommand::AdvanceTime);
    assert_eq!(desk.venue.rules().digest(), digest(&looser));
}

#[test]
fn an_underlying_that_is_no_longer_eligible_is_only_reduced() {
    let mut desk = Desk::with(RULES, &[10_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    let rests = desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.does(activate(&RULES.replace("[underlying.ALPHA]", "[underlying.ALPHA]\neligible = false")));
    assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::ReduceOnly);
    assert_eq!(desk.venue.book(ALPHA).expect("the book").left_of(rests), 0);
    desk.refuses(VenueCommand::Phase(ALPHA, Phase::Open), Code::UnderlyingIneligible);
    desk.rests(ALPHA, Place { reduce_only: true, ..limit(ANN, -5, 10_000) });
}

#[test]
fn a_new_instrument_is_listed_with_everybody_known() {
    let mut desk = Desk::with(RULES, &[10_000]);
    let maker = Settings { class: Some(Class::AffiliatedMarketMaker), approved: true, ..Settings::default() };
    desk.does(VenueCommand::OpenAccount(BEN, maker));
    desk.does(VenueCommand::Deposit(BEN, USD, money(10_000)));
    // Its name comes first; its number is the next one.
    let rules = format!(
        "{RULES}\n[instrument.ABLE]\nunderlying = \"ALPHA\"\ntick = 0.01\nlot = 1\ntiers = [[\"rest\", \"5%\", 10]]\n"
    );
    desk.does(activate(&rules));
    desk.does(VenueCommand::Mark(2, units(100), PriceState::Live));
    desk.does(VenueCommand::Phase(2, Phase::Open));
    desk.rests(2, limit(BEN, 1, 9_900));
    let class = desk.events.iter().find(|event| event.kind == Kind::Accepted).map(|event| event.class);
    assert_eq!(class, Some(Class::AffiliatedMarketMaker));
    desk.trade(2, ANN, BEN, 1, 10_000);
    assert_eq!(desk.held(ANN, 2, false), 1);
}

#[test]
fn the_last_settlement_is_at_the_average_of_whole_seconds() {
    let rules = RULES.replacen("tick = 0.01", "settlement_window = \"10s\"\ntick = 0.01", 1);
    let mut desk = Desk::with(&rules, &[10_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    // Seconds 1 to 10: 100 stands at 1 and 2, 103 (told at 2.5) from 3 to 9, 110 at 10.
    for (tenths, price) in [(25, 10_300), (95, 11_000), (100, 11_000)] {
        desk.time = MIDNIGHT + tenths * SECOND / 10;
        desk.index(ALPHA, price);
    }
    desk.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    desk.does(VenueCommand::Settle(ALPHA, None, ""));
    let price = desk.events.iter().find(|event| event.kind == Kind::Settlement).map(|event| event.price);
    // (2·100 + 7·103 + 110) / 10
    assert_eq!(price, Some(cents(10_310)));
}

#[test]
fn what_a_price_hides_that_may_not_be_used_is_forced_all_the_same() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 9, 10_000);
    let higher = RULES.replacen("[[\"rest\", \"5%\", 10]]", "[[\"rest\", \"12%\", 8]]", 1);
    // Her own market, then another one of which she holds little.
    desk.does(VenueCommand::Mark(ALPHA, units(100), PriceState::Frozen));
    desk.refuses(activate(&higher), Code::RulebookForces);
    assert_eq!(desk.events.last().map(|event| event.amount), Some(money(900)));
    desk.mark(ALPHA, 10_000);
    desk.trade(BETA, ANN, BEN, 1, 10_000);
    desk.does(VenueCommand::Mark(BETA, units(100), PriceState::Frozen));
    desk.refuses(activate(&higher), Code::RulebookForces);
    // 9 · 100 and 1 · 0.1 · 100
    assert_eq!(desk.events.last().map(|event| event.amount), Some(money(910)));
    // Nor where it waited until then.
    let waits = effective(&higher, "2026-12-01T01:00:00Z");
    desk.does(VenueCommand::Deposit(ANN, USD, money(900)));
    desk.does(activate(&waits));
    desk.mark(BETA, 10_000);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(900)));
    let number = desk.events.iter().find(|event| event.kind == Kind::WithdrawalRequested).expect("a request").order;
    desk.does(VenueCommand::ConfirmWithdrawal(number));
    desk.does(VenueCommand::Restart);
    desk.time = MIDNIGHT + HOUR;
    desk.does(VenueCommand::AdvanceTime);
    let dropped: Vec<_> = desk.events.iter().filter(|event| event.kind == Kind::Canceled).map(|of| of.code).collect();
    assert_eq!(dropped, [Some(Code::RulebookForces)]);
}

#[test]
fn what_was_collected_does_not_trade_at_a_price_that_may_not_be_used() {
    let not_eligible = RULES.replace("[underlying.ALPHA]", "[underlying.ALPHA]\neligible = false");
    // They would meet at 100, at a mark that may not be used, or beyond the collar of one that is 80 by then.
    for (mark, state) in [(100, PriceState::Frozen), (80, PriceState::Live)] {
        let mut desk = Desk::with(RULES, &[10_000, 10_000]);
        desk.trade(ALPHA, ANN, BEN, 5, 10_000);
        desk.does(VenueCommand::Phase(ALPHA, Phase::Preopen));
        desk.rests(ALPHA, Place { reduce_only: true, ..limit(ANN, -5, 10_000) });
        desk.rests(ALPHA, Place { reduce_only: true, ..limit(BEN, 5, 10_000) });
        desk.does(VenueCommand::Mark(ALPHA, units(mark), state));
        desk.does(activate(&not_eligible));
        assert_eq!(desk.filled(), 0);
        assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::Halted);
    }
}

#[test]
fn orders_of_another_contract_size_end() {
    let mut desk = Desk::with(RULES, &[10_000, 10_000]);
    let order = desk.rests(BETA, limit(ANN, 1, 10_000));
    desk.does(activate(&RULES.replace("contract_size = 0.1", "contract_size = 0.2")));
    let ended: Vec<_> = desk.events.iter().filter(|event| event.kind == Kind::Canceled).collect();
    assert_eq!(ended.iter().map(|event| (event.order, event.code)).collect::<Vec<_>>(), [(order, Some(Code::OffLot))]);
}

#[test]
fn a_window_that_is_new_looks_back() {
    let mut desk = Desk::with(RULES, &[10_000, 10_000]);
    // 100 for an hour, and 120 for its last second.
    desk.time = MIDNIGHT + HOUR;
    desk.index(ALPHA, 12_000);
    desk.does(activate(&RULES.replacen("tick = 0.01", "settlement_window = \"10s\"\ntick = 0.01", 1)));
    desk.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    desk.does(VenueCommand::Settle(ALPHA, None, ""));
    let price = desk.events.iter().find(|event| event.kind == Kind::Settlement).map(|event| event.price);
    // (9·100 + 120) / 10
    assert_eq!(price, Some(units(102)));
}

#[test]
fn two_approvals_are_two_references() {
    let mut desk = Desk::with(RULES, &[10_000]);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    let settle = |approval| VenueCommand::Settle(ALPHA, Some(units(100)), approval);
    desk.refuses(settle(" "), Code::ApprovalMissing);
    desk.does(settle("minutes 1"));
    desk.refuses(settle(" minutes 1\n"), Code::SecondApproval);
    desk.refuses(VenueCommand::ApproveRulebook(&digest(RULES), "\t"), Code::ApprovalMissing);
}

#[test]
fn what_was_approved_is_not_taken_for_another_approval_in_the_digest() {
    let named = "ab".repeat(32);
    let mut first = Desk::with(RULES, &[10_000]);
    first.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    first.does(VenueCommand::ApproveRulebook(&named, "minutes"));
    first.does(VenueCommand::Settle(ALPHA, Some(units(100)), "a"));
    let mut second = Desk::with(RULES, &[10_000]);
    second.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    second.does(VenueCommand::Settle(ALPHA, Some(units(100)), &format!("a{named}")));
    second.refuses(VenueCommand::ReleaseWithdrawal(999), Code::UnknownWithdrawal);
    assert_eq!(first.venue.counts().2, second.venue.counts().2);
    assert_ne!(first.venue.digest(), second.venue.digest());
}

#[test]
fn a_stream_without_a_clock_cannot_wait() {
    let rules = RULES.replace("[venue]", "[venue]\nchanges = { delay = \"1h\" }");
    let mut desk = Desk::bare(&rules);
    desk.time = 0;
    let looser = effective(&rules.replacen("\"5%\", 10", "\"4%\", 20", 1), "2026-12-01T00:00:00Z");
    desk.refuses(activate(&looser), Code::ActivationTooEarly);
}
