//! Money that is not there yet, or not any more.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{Flags, House, Kind, Place, PriceState, Priced, Settings, VenueCommand};
use perpcore::venue::Holder;

fn requested(said: &[perpcore::message::Event]) -> u64 {
    kinds(said, Kind::WithdrawalRequested)[0].order
}

/// 1 buys 10 at 100 for 100; at 150 he gains 500, which neither counts while he holds them nor once he has closed.
#[test]
fn closing_does_not_make_money_of_profit() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.index(BTC, 150.0);
    desk.mark(BTC, 150.0);
    desk.trade(1, 2, -10.0, 150.0);
    assert_eq!(desk.held(1, BTC, false), 0);
    let figures = desk.cross(1);
    assert_eq!((figures.equity, figures.opening_equity, figures.withdrawable), (m(600.0), m(100.0), m(100.0)));
    // 100 carry 1,000 of notional: 6.666 at 150 need 99.99, 6.667 need 100.005.
    assert_eq!(ended(&desk.place(limit(1, 6.667, 150.0))), Some(Code::InsufficientMargin));
    desk.trade(1, 2, 6.666, 150.0);
    desk.trade(1, 2, -6.666, 150.0);
    assert_eq!(desk.withdraw(1, 100.00000001), Some(Code::InsufficientBalance));
    // In the other contract it counts no more.
    let other = limit(1, 10.001, 100.0);
    let place = VenueCommand::Book(ETH, perpcore::message::Command::Place(other));
    assert_eq!(ended(&desk.tell(place)), Some(Code::InsufficientMargin));
    desk.settle();
    assert_eq!(desk.cash(1), m(600.0));
    desk.trade(1, 2, 40.0, 150.0);
}

/// A loss that is closed is no less a loss: 1 has 100, loses 60, and may withdraw 40.
#[test]
fn closing_does_not_hide_a_loss() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.mark(BTC, 94.0);
    desk.trade(1, 2, -10.0, 94.0);
    assert_eq!(desk.withdraw(1, 40.00000001), Some(Code::NotWithdrawable));
    assert_eq!(desk.withdraw(1, 40.0), None);
}

/// Unsettled profit leaves in none of the ways out; settled it does. 1 has 200 and gains 500 on 10, whose margin is 150.
#[test]
fn profit_leaves_only_once_it_is_settled() {
    let mut desk = Desk::new(RULES);
    desk.open_as(1, of_group(7, 7), 200.0);
    desk.open_as(4, of_group(7, 7), 0.0);
    desk.open_as(5, of_group(8, 7), 0.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 10.0, 100.0);
    desk.mark(BTC, 150.0);
    let (usd, least) = (desk.asset("USD"), 1);
    let ways = |amount: i128| {
        [
            VenueCommand::Withdraw(1, usd, amount),
            VenueCommand::Transfer(1, 4, usd, amount),
            VenueCommand::Margin(1, ETH, amount),
            VenueCommand::Topup(House::Fund, Some(1), None, amount),
        ]
    };
    for way in ways(m(50.0) + least) {
        assert_eq!(desk.code(way), Some(Code::NotWithdrawable), "{way:?}");
    }
    assert_eq!(desk.code(VenueCommand::Transfer(1, 5, usd, 1)), Some(Code::OtherClient));
    assert_eq!(desk.code(VenueCommand::Transfer(1, 1, usd, 1)), Some(Code::ConflictingValues));
    // What is the account's own leaves, once.
    desk.ok(ways(m(50.0))[1]);
    for way in ways(1) {
        assert_eq!(desk.code(way), Some(Code::NotWithdrawable), "{way:?}");
    }
    desk.settle();
    // 150 + 500, less 150 of margin.
    assert_eq!(desk.cash(1), m(650.0));
    assert_eq!(desk.withdraw(1, 500.00000001), Some(Code::NotWithdrawable));
    assert_eq!(desk.withdraw(1, 500.0), None);
}

/// To an isolated position and back: 1 puts 100 for 10 at 100; at 150 the 500 of gain keep nothing of it free.
#[test]
fn isolated_margin_does_not_carry_profit_out() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 200.0);
    desk.rich(&[2]);
    desk.place(limit(2, -10.0, 100.0));
    desk.place(Place { isolated: true, ..limit(1, 10.0, 100.0) });
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(100.0), m(100.0)));
    desk.mark(BTC, 150.0);
    assert_eq!(desk.code(VenueCommand::Margin(1, BTC, -1)), Some(Code::NotWithdrawable));
    // Initial margin is 150 by now: 50 more are needed before anything comes back.
    desk.ok(VenueCommand::Margin(1, BTC, m(60.0)));
    assert_eq!(desk.code(VenueCommand::Margin(1, BTC, m(-10.0) - 1)), Some(Code::NotWithdrawable));
    desk.ok(VenueCommand::Margin(1, BTC, m(-10.0)));
    // Closed, the gain of 500 stays until it is settled; what was put in may go.
    desk.place(limit(2, 10.0, 150.0));
    desk.place(Place { isolated: true, ..limit(1, -10.0, 150.0) });
    assert_eq!(desk.code(VenueCommand::Margin(1, BTC, m(-150.0) - 1)), Some(Code::InsufficientBalance));
    desk.ok(VenueCommand::Margin(1, BTC, m(-150.0)));
    assert_eq!(desk.cash(1), m(200.0));
    desk.settle();
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(700.0), 0));
}

/// A closed isolated loss cannot be left behind: margin 100, loss 30, 70 may go.
#[test]
fn isolated_margin_does_not_leave_a_loss_behind() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 100.0);
    desk.rich(&[2]);
    desk.place(limit(2, -10.0, 100.0));
    desk.place(Place { isolated: true, ..limit(1, 10.0, 100.0) });
    desk.mark(BTC, 97.0);
    desk.place(limit(2, 10.0, 97.0));
    desk.place(Place { isolated: true, ..limit(1, -10.0, 97.0) });
    assert_eq!(desk.code(VenueCommand::Margin(1, BTC, m(-70.0) - 1)), Some(Code::NotWithdrawable));
    desk.ok(VenueCommand::Margin(1, BTC, m(-70.0)));
    desk.settle();
    assert_eq!((desk.cash(1), desk.margin(1, BTC)), (m(70.0), 0));
}

/// 10 coins at 100 count 800. Held for a withdrawal they still do; then it is not confirmed while they are needed.
#[test]
fn what_is_held_serves_once() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1_000.0);
    desk.rich(&[2]);
    let usd = desk.asset("USD");
    let first = requested(&desk.ok(VenueCommand::Withdraw(1, usd, m(600.0))));
    assert_eq!(desk.withdraw(1, 400.00000001), Some(Code::InsufficientBalance));
    // All 1,000 carry 100 of notional 10,000.
    desk.trade(1, 2, 100.0, 100.0);
    let confirm = VenueCommand::ConfirmWithdrawal(first);
    assert_eq!(desk.code(confirm), Some(Code::NotWithdrawable));
    desk.trade(1, 2, -60.0, 100.0);
    // 400 are needed and left.
    desk.ok(confirm);
    assert_eq!(desk.cash(1), m(400.0));
    for again in [confirm, VenueCommand::ReleaseWithdrawal(first)] {
        assert_eq!(desk.code(again), Some(Code::UnknownWithdrawal));
    }
    assert_eq!(desk.withdraw(1, 0.00000001), Some(Code::NotWithdrawable));
}

/// A held amount that a loss took is neither confirmed nor lost twice.
#[test]
fn what_is_held_may_be_lost() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1_000.0);
    desk.rich(&[2]);
    let usd = desk.asset("USD");
    desk.trade(1, 2, 40.0, 100.0);
    let number = requested(&desk.ok(VenueCommand::Withdraw(1, usd, m(600.0))));
    desk.mark(BTC, 80.0);
    desk.settle();
    // 1,000 − 800; 600 are still held.
    assert_eq!(desk.cash(1), m(200.0));
    assert_eq!(desk.code(VenueCommand::ConfirmWithdrawal(number)), Some(Code::NotWithdrawable));
    assert_eq!(desk.withdraw(1, 1.0), Some(Code::InsufficientBalance));
    desk.ok(VenueCommand::ReleaseWithdrawal(number));
    desk.trade(1, 2, -40.0, 80.0);
    assert_eq!(desk.withdraw(1, 200.0), None);
}

/// A tenth of client money an hour, exactly: of 10,000 in 1 and 1,000 as 10 coins of 2, 1,100.
#[test]
fn the_hourly_limit_is_exact() {
    let mut desk = Desk::with(&[("[venue]\n", "[venue]\noutflow_per_hour = \"10%\"\n")]);
    desk.open(1, 10_000.0);
    desk.open(2, 0.0);
    desk.deposit(2, "COIN", 10.0);
    let (usd, coin) = (desk.asset("USD"), desk.asset("COIN"));
    let began = desk.time;
    let first = requested(&desk.ok(VenueCommand::Withdraw(1, usd, m(700.0))));
    desk.time += HOUR / 2;
    desk.ok(VenueCommand::Withdraw(2, coin, m(4.0)));
    // Held money is still the clients'.
    let said = desk.tell(VenueCommand::Withdraw(1, usd, 1));
    assert_eq!(refusal(&said), Some(Code::OutflowLimit));
    let reached = kinds(&said, Kind::LimitReached)[0];
    assert_eq!((reached.amount, reached.balance), (m(1_100.0), m(1_100.0)));
    // A coin of 1e-8 is worth 1e-6; what is worth less than the grid weighs nothing.
    assert_eq!(desk.code(VenueCommand::Withdraw(2, coin, 1)), Some(Code::OutflowLimit));
    desk.ok(VenueCommand::ReleaseWithdrawal(first));
    assert_eq!(desk.withdraw(1, 700.00000001), Some(Code::OutflowLimit));
    let second = requested(&desk.ok(VenueCommand::Withdraw(1, usd, m(700.0))));
    // Confirmed money has left: client money is 10,300.
    desk.ok(VenueCommand::ConfirmWithdrawal(second));
    desk.time = began + HOUR / 2 + HOUR - 1;
    assert_eq!(desk.withdraw(1, 0.00000001), Some(Code::OutflowLimit));
    desk.time += 1;
    assert_eq!(desk.withdraw(1, 1_030.00000001), Some(Code::OutflowLimit));
    assert_eq!(desk.withdraw(1, 1_030.0), None);
}

/// Coins in and out: what is converted for a fee costs 5 %, and nobody is richer for it.
#[test]
fn converting_gains_nothing() {
    let fees = "settlement = \"USD\"\nfees = { standard = { taker = \"0.05%\" } }";
    let mut desk = Desk::with(&[("settlement = \"USD\"", fees)]);
    desk.open(1, 0.0);
    desk.rich(&[2]);
    desk.deposit(1, "COIN", 10.0);
    desk.ok(VenueCommand::Topup(House::Converter, None, None, m(100.0)));
    assert_eq!((desk.cross(1).equity, desk.cross(1).net_value), (m(800.0), m(950.0)));
    desk.place(limit(2, -10.0, 100.0));
    let said = desk.place(limit(1, 10.0, 100.0));
    // 0.5 of fee need 0.5 ÷ 95 = 0.005263157… coins, 0.00526316, which bring 0.5000002.
    let sale = kinds(&said, Kind::Conversion)[0];
    assert_eq!((sale.amount, sale.price), (-526_316, g(100.0)));
    assert_eq!(desk.has(Holder::Client(1), "COIN"), m(10.0) - 526_316);
    assert_eq!(desk.cash(1), 20);
    assert_eq!((desk.house("fees"), desk.house("converter")), (m(0.5), m(100.0) - 50_000_020));
    // 9.99473684·95 = 949.4999998, and 0.0000002 in cash: exactly 0.5 less.
    assert_eq!(desk.cross(1).net_value, m(949.5));
    // All coins leave once nothing is held any more: 9.99473684, not more.
    desk.trade(2, 1, 10.0, 100.0);
    let coin = desk.asset("COIN");
    let all = desk.has(Holder::Client(1), "COIN");
    assert_eq!(desk.code(VenueCommand::Withdraw(1, coin, all + 1)), Some(Code::InsufficientBalance));
    desk.ok(VenueCommand::Withdraw(1, coin, all));
}

/// What is taken out is counted as it counted: of 800, with 100 needed, 8.75 coins may go.
#[test]
fn a_haircut_is_not_taken_out_with_the_coins() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 0.0);
    desk.rich(&[2]);
    desk.deposit(1, "COIN", 10.0);
    desk.trade(1, 2, 10.0, 100.0);
    let coin = desk.asset("COIN");
    assert_eq!(desk.code(VenueCommand::Withdraw(1, coin, m(8.75000001))), Some(Code::NotWithdrawable));
    desk.ok(VenueCommand::Withdraw(1, coin, m(8.75)));
    // The rest is needed, and no price moves it out.
    assert_eq!(desk.code(VenueCommand::Withdraw(1, coin, 1)), Some(Code::NotWithdrawable));
    desk.ok(VenueCommand::Index(Priced::Underlying(BTC), g(100.0), PriceState::Frozen));
    assert_eq!(desk.code(VenueCommand::ConfirmWithdrawal(1)), Some(Code::PriceUnusable));
    desk.index(BTC, 99.0);
    assert_eq!(desk.code(VenueCommand::ConfirmWithdrawal(1)), Some(Code::NotWithdrawable));
    desk.index(BTC, 100.0);
    desk.hold(1, Flags { frozen: true, ..Flags::default() });
    assert_eq!(desk.code(VenueCommand::ConfirmWithdrawal(1)), Some(Code::WithdrawHeld));
    assert_eq!(desk.code(VenueCommand::Withdraw(1, coin, 1)), Some(Code::WithdrawHeld));
}

/// An account ends empty, for good.
#[test]
fn an_account_with_anything_does_not_end() {
    let mut desk = Desk::new(RULES);
    desk.open(1, 0.0);
    desk.rich(&[2]);
    desk.deposit(1, "USD", 10.0);
    let close = VenueCommand::CloseAccount(1);
    assert_eq!(desk.code(close), Some(Code::AccountNotEmpty));
    let usd = desk.asset("USD");
    let number = requested(&desk.ok(VenueCommand::Withdraw(1, usd, m(10.0))));
    assert_eq!(desk.code(close), Some(Code::AccountNotEmpty));
    desk.ok(VenueCommand::ConfirmWithdrawal(number));
    desk.ok(close);
    assert_eq!(desk.code(VenueCommand::Deposit(1, usd, 1)), Some(Code::UnknownHolder));
    assert_eq!(desk.code(VenueCommand::Transfer(2, 1, usd, 1)), Some(Code::UnknownHolder));
    assert_eq!(ended(&desk.place(limit(1, 1.0, 100.0))), Some(Code::UnknownHolder));
    let open = VenueCommand::OpenAccount(1, Settings::default());
    assert_eq!(desk.code(open), Some(Code::DuplicateAccount));
}
