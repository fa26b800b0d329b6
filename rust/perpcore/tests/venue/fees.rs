//! Fees, rebates and groups.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{CancelAll, Class, Kind, Place, PriceState, Settings, Stp, VenueCommand};

/// With a rebate that is all that a taker pays.
fn desk() -> Desk {
    let fees = "settlement = \"USD\"\nfees = { standard = { maker = \"-0.03%\", taker = \"0.03%\" } }";
    Desk::with(&[
        ("settlement = \"USD\"", fees),
        ("lot = 0.001", "lot = 0.00000001"),
        ("tick = 0.1", "tick = 0.00000001"),
    ])
}

/// Postings of fees of some events.
fn paid(said: &[perpcore::message::Event]) -> i128 {
    let fees = kinds(said, Kind::Posting).into_iter();
    fees.filter(|event| event.rule == Some(perpcore::rule::Rule::LedgerFee)).map(|event| event.amount).sum()
}

/// In the smallest quantities: of 1e-8 at 100 a fee of 3e-10 is 1e-8, a rebate nothing; whatever the size, what goes out in
/// a trade is at most what came in with it.
#[test]
fn the_smallest_trades_do_not_pay_out_more_than_they_bring() {
    let mut desk = desk();
    desk.rich(&[1, 2]);
    let all = |desk: &Desk| desk.cash(1) + desk.cash(2);
    let mut before = all(&desk);
    for lots in (1..200).chain([333, 1_000, 3_333, 3_334, 33_333_333, 33_333_334, 99_999_999]) {
        for price in [0.00000001, 0.01, 33.33333333, 99.99999999, 100.0, 123.45678901] {
            desk.mark(BTC, price);
            let quantity = lots as f64 * 1e-8;
            desk.place(limit(2, -quantity, price));
            let said = desk.place(limit(1, quantity, price));
            assert_eq!(traded(&said), lots, "{price}");
            assert!(paid(&said) <= 0, "{lots} at {price}: {}", paid(&said));
            assert!(all(&desk) <= before);
            before = all(&desk);
        }
    }
    assert_eq!(all(&desk) + desk.house("fees"), m(2e6));
}

/// The first one: 1e-8 at 100.
#[test]
fn a_fee_is_rounded_up_and_a_rebate_down() {
    let mut desk = desk();
    desk.rich(&[1, 2]);
    desk.place(limit(2, -0.00000001, 100.0));
    desk.place(limit(1, 0.00000001, 100.0));
    assert_eq!((desk.cash(1), desk.cash(2), desk.house("fees")), (m(1e6) - 1, m(1e6), 1));
    // 0.00000334 at 100: 1.002e-7, up to 11, down to 10.
    desk.place(limit(2, -0.00000334, 100.0));
    desk.place(limit(1, 0.00000334, 100.0));
    assert_eq!((desk.cash(1), desk.cash(2), desk.house("fees")), (m(1e6) - 12, m(1e6) + 10, 2));
}

/// A rulebook whose rebate is more than some taker pays is none.
#[test]
fn no_tier_gets_back_more_than_another_pays() {
    let fees = "settlement = \"USD\"\nfees = { standard = { taker = \"0.02%\" }, other = { maker = \"-0.021%\", taker = \"0.05%\" } }";
    let rules = changed(&[("settlement = \"USD\"", fees)]);
    assert!(perpcore::rules::Rulebook::parse(&rules, "test.toml").is_err());
}

/// 1 and 2 are of one group: whatever the prevention, however they meet, they do not trade.
#[test]
fn a_group_does_not_trade_with_itself() {
    for stp in [Stp::Taker, Stp::Maker, Stp::Both, Stp::Decrement] {
        for isolated in [false, true] {
            let mut desk = desk();
            for account in [1, 2] {
                desk.open_as(account, of_group(account, 9), 1_000.0);
            }
            desk.rich(&[3]);
            desk.place(Place { stp, isolated, ..limit(2, -1.0, 100.0) });
            let said = desk.place(Place { stp, ..limit(1, 1.0, 100.0) });
            assert_eq!((traded(&said), ended(&said)), (0, Some(Code::SelfTrade)), "{stp:?}");
            desk.ok(VenueCommand::CancelAll(None, CancelAll::default()));
            // In an auction.
            desk.ok(VenueCommand::Phase(BTC, perpcore::message::Phase::Auction));
            desk.place(Place { stp, isolated, ..limit(2, -1.0, 100.0) });
            desk.place(Place { stp, ..limit(1, 1.0, 100.0) });
            let said = desk.ok(VenueCommand::Phase(BTC, perpcore::message::Phase::Open));
            assert_eq!(traded(&said), 0, "{stp:?}");
        }
    }
}

/// A group is left only without orders, and those who trade afterwards were two groups then.
#[test]
fn a_group_is_not_left_with_open_orders() {
    let mut desk = desk();
    for account in [1, 2] {
        desk.open_as(account, of_group(account, 9), 1_000.0);
    }
    let rests = order(&desk.place(limit(2, -1.0, 110.0)));
    let settings = Settings { group: Some(10), ..Settings::default() };
    let class = Settings { class: Some(Class::MarketMaker), ..Settings::default() };
    for change in [settings, class] {
        assert_eq!(desk.code(VenueCommand::SetAccount(2, change)), Some(Code::ConflictingValues));
    }
    // One that waits for its trigger is open too.
    desk.cancel(rests);
    use perpcore::message::{Trigger, TriggerBy, TriggerWhen};
    let trigger = Some(Trigger { price: g(110.0), by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove });
    let waits = order(&desk.place(Place { trigger, ..limit(2, -1.0, 100.0) }));
    assert_eq!(desk.code(VenueCommand::SetAccount(2, settings)), Some(Code::ConflictingValues));
    desk.cancel(waits);
    desk.ok(VenueCommand::SetAccount(2, settings));
    desk.place(limit(2, -1.0, 100.0));
    assert_eq!(traded(&desk.place(limit(1, 1.0, 100.0))), g(1.0));
}

/// What a group may hold together counts those who left and came only where they are.
#[test]
fn the_limit_of_a_group_follows_its_accounts() {
    let limits = "collar = { width = \"30%\" }\nlimits = { group_position = 10 }";
    let mut desk = Desk::with(&[("collar = { width = \"30%\" }", limits)]);
    for account in [1, 2] {
        desk.open_as(account, of_group(account, 9), 1e5);
    }
    desk.rich(&[3]);
    desk.trade(1, 3, 6.0, 100.0);
    assert_eq!(ended(&desk.place(limit(2, 4.001, 100.0))), Some(Code::GroupLimit));
    let rests = order(&desk.place(limit(2, 4.0, 90.0)));
    assert_eq!(ended(&desk.place(limit(1, 0.001, 90.0))), Some(Code::GroupLimit));
    assert_eq!(refusal(&desk.amend(rests, Some(4.001), None)), Some(Code::GroupLimit));
    // 3 is short 6 by himself: another 4.
    assert_eq!(ended(&desk.place(limit(3, -4.001, 110.0))), Some(Code::GroupLimit));
    desk.cancel(rests);
    desk.ok(VenueCommand::SetAccount(2, Settings { group: Some(10), ..Settings::default() }));
    assert_eq!(ended(&desk.place(limit(2, 10.0, 90.0))), None);
    assert_eq!(ended(&desk.place(limit(1, 4.0, 90.0))), None);
    desk.ok(VenueCommand::Mark(BTC, g(100.0), PriceState::Live));
}
