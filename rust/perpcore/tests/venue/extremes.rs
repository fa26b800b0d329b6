//! The largest and the smallest of every number: refused or carried out, never a panic, nothing lost.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{
    Amend, Cancel, CancelAll, ClientId, Command, House, Named, Phase, Place, PriceState, Priced, Settings, Stp, Tif,
    Trigger, TriggerBy, TriggerWhen, VenueCommand,
};
use perpcore::num::bounds::{LEVERAGE, MONEY, PRICE, QUANTITY};

fn numbers() -> Vec<i64> {
    let bounds = [PRICE, QUANTITY].map(|bound| bound.max as i64);
    let mut all = vec![i64::MIN, i64::MIN + 1, -1, 0, 1, 99_999_999, 100_000_000, i64::MAX - 1, i64::MAX];
    all.extend(bounds.iter().flat_map(|most| [most - 1, *most, most + 1, -most, -most - 1]));
    all
}

fn amounts() -> Vec<i128> {
    let mut all = vec![i128::MIN, i128::MIN + 1, i64::MIN.into(), -1, 0, 1, i64::MAX.into(), i128::MAX - 1, i128::MAX];
    all.extend([MONEY.max - 1, MONEY.max, MONEY.max + 1, -MONEY.max, -MONEY.max - 1]);
    all
}

fn rich() -> Desk {
    let mut desk = Desk::with(&[("collar = { width = \"30%\" }", "collar = { width = \"100%\" }")]);
    for account in [1, 2] {
        desk.open_as(account, of_group(account, 2 * account), 0.0);
        let usd = desk.asset("USD");
        desk.ok(VenueCommand::Deposit(account, usd, MONEY.max));
    }
    desk
}

#[test]
fn every_amount() {
    let usd = rich().asset("USD");
    let mut desk = rich();
    desk.trade(1, 2, 1.0, 100.0);
    for amount in amounts() {
        for command in [
            VenueCommand::Deposit(1, usd, amount),
            VenueCommand::Deposit(2, 1 - usd, amount),
            VenueCommand::Withdraw(1, usd, amount),
            VenueCommand::Withdraw(2, 1 - usd, amount),
            VenueCommand::Transfer(1, 2, usd, amount),
            VenueCommand::Transfer(2, 1, 1 - usd, amount),
            VenueCommand::Margin(1, BTC, amount),
            VenueCommand::Topup(House::Fund, None, None, amount),
            VenueCommand::Topup(House::Converter, Some(2), Some(1 - usd), amount),
        ] {
            desk.tell(command);
        }
    }
    // What is above the bound is refused, the bound itself is not.
    let mut desk = rich();
    assert_eq!(desk.code(VenueCommand::Deposit(1, usd, 1)), Some(Code::OutOfRange));
    desk.ok(VenueCommand::Topup(House::Fund, None, None, MONEY.max));
    assert_eq!(desk.code(VenueCommand::Topup(House::Fund, None, None, 1)), Some(Code::OutOfRange));
    for number in [0, 1, u64::MAX, 1 << 32, (1 << 32) - 1] {
        assert_eq!(desk.code(VenueCommand::ConfirmWithdrawal(number)), Some(Code::UnknownWithdrawal));
        assert_eq!(desk.code(VenueCommand::ReleaseWithdrawal(number)), Some(Code::UnknownWithdrawal));
    }
}

#[test]
fn every_number_of_an_order() {
    let mut desk = rich();
    desk.trade(1, 2, 1.0, 100.0);
    for number in numbers() {
        let trigger = |price| Some(Trigger { price, by: TriggerBy::Last, when: TriggerWhen::AtOrAbove });
        let of = limit(1, 1.0, 100.0);
        for isolated in [false, true] {
            let places = [
                Place { quantity: number, ..of },
                Place { quantity: number, price: None, tif: Tif::Ioc, ..of },
                Place { price: Some(number), ..of },
                Place { quantity: -number.max(-i64::MAX), price: Some(number), ..of },
                Place { trigger: trigger(number), ..of },
                Place { tif: Tif::Gtd, until: Some(number), ..of },
                Place { sent: Some(number), ..of },
                Place { quantity: number, reduce_only: true, ..of },
                Place { client_id: Some(ClientId::Number(number as u64)), stp: Stp::Decrement, ..of },
            ];
            places.into_iter().for_each(|place| _ = desk.place(Place { isolated, ..place }));
        }
        let rests = order(&desk.place(limit(1, 1.0, 90.0)));
        for (quantity, price) in [(Some(number), None), (None, Some(number)), (Some(number), Some(number))] {
            let amend = Amend { order: Named::Order(rests), account: None, quantity, price };
            desk.tell(VenueCommand::Book(BTC, Command::Amend(amend)));
        }
        for id in [number as u64, rests ^ (1 << 63), rests ^ (1 << 32), rests.wrapping_add(1 << 24)] {
            let cancel = Cancel { order: Named::Order(id), account: Some(number as u32) };
            desk.tell(VenueCommand::Book(BTC, Command::Cancel(cancel)));
            desk.tell(VenueCommand::Book(ETH, Command::Cancel(Cancel { account: None, ..cancel })));
        }
        desk.tell(VenueCommand::Deadman(1, Some(number)));
        desk.tell(VenueCommand::CancelAll(None, CancelAll { account: Some(1), ..CancelAll::default() }));
    }
}

#[test]
fn every_price() {
    let mut desk = rich();
    desk.trade(1, 2, 1_000.0, 100.0);
    desk.deposit(1, "COIN", 1_000.0);
    for number in numbers() {
        for state in [PriceState::Live, PriceState::Thin, PriceState::Halted] {
            desk.tell(VenueCommand::Mark(BTC, number, state));
            desk.tell(VenueCommand::Index(Priced::Underlying(BTC), number, state));
            desk.tell(VenueCommand::Index(Priced::Asset(0), number, state));
            desk.tell(VenueCommand::Top(BTC, Some(number), Some(number)));
            desk.tell(VenueCommand::Quote { underlying: BTC, source: 0, price: Some(number), sent: Some(number) });
            desk.place(limit(1, 1.0, 100.0));
            desk.place(limit(2, -1.0, 100.0));
        }
        desk.settle();
    }
    desk.ok(VenueCommand::Phase(BTC, Phase::Settling));
    for number in numbers() {
        for approval in ["", "first", "second"] {
            desk.tell(VenueCommand::Settle(BTC, Some(number), approval));
        }
    }
}

/// The largest positions at the largest price: beyond exact valuation an account is undecided, and nothing moves.
#[test]
fn the_largest_positions() {
    let mut desk = rich();
    for _ in 0..4 {
        desk.place(limit(2, -9e8, 100.0));
        desk.place(limit(1, 9e8, 100.0));
    }
    assert_eq!(desk.held(1, BTC, false), g(9e8));
    for price in [1e8, 1e3, 0.00000001, 1e8, 100.0] {
        desk.mark(BTC, price);
        desk.index(BTC, price);
        desk.place(limit(2, -1.0, 100.0));
        desk.place(limit(1, 1.0, 100.0));
        desk.place(Place { isolated: true, ..limit(1, -9e8, 100.0) });
        desk.withdraw(1, 1.0);
        desk.settle();
        assert!(desk.venue.valued(1, true).is_some());
    }
}

#[test]
fn every_setting() {
    let mut desk = rich();
    let most = LEVERAGE.max as i64;
    for leverage in [LEVERAGE.min as i64, most, most - 1] {
        for key in [None, Some((BTC, true)), Some((ETH, false))] {
            desk.tell(VenueCommand::SetAccount(1, Settings { leverage: Some(leverage), key, ..Settings::default() }));
            desk.place(limit(1, 1.0, 90.0));
            desk.place(Place { isolated: true, ..limit(1, 1.0, 90.0) });
        }
    }
    for number in [0, 1, u32::MAX / 2, u32::MAX - 1] {
        desk.ok(VenueCommand::CancelAll(None, CancelAll::default()));
        desk.ok(VenueCommand::SetAccount(1, of_group(number, number)));
        desk.place(limit(1, 1.0, 90.0));
        desk.ok(VenueCommand::CancelAll(Some(ETH), CancelAll { group: Some(number), ..CancelAll::default() }));
    }
    for time in [i64::MIN, -1, 0, i64::MAX] {
        let settings = Settings { investor_until: Some(time), knowledge_until: Some(time), ..Settings::default() };
        desk.ok(VenueCommand::SetAccount(2, settings));
    }
}

/// Nobody of that number was ever opened.
#[test]
fn unknown_accounts() {
    let mut desk = rich();
    for account in [0, 3, u32::MAX / 2, u32::MAX - 1, u32::MAX] {
        for command in [
            VenueCommand::SetAccount(account, Settings::default()),
            VenueCommand::CloseAccount(account),
            VenueCommand::Hold(account, Default::default(), true),
            VenueCommand::Disconnect(account),
            VenueCommand::Deadman(account, None),
            VenueCommand::Deposit(account, 0, 1),
            VenueCommand::Withdraw(account, 0, 1),
            VenueCommand::Transfer(account, 1, 0, 1),
            VenueCommand::Transfer(1, account, 0, 1),
            VenueCommand::Margin(account, BTC, 1),
            VenueCommand::Topup(House::Fund, Some(account), None, 1),
            VenueCommand::CancelAll(None, CancelAll { account: Some(account), ..CancelAll::default() }),
        ] {
            assert_eq!(desk.code(command), Some(Code::UnknownHolder), "{command:?}");
        }
        assert!(refusal(&desk.place(limit(account, 1.0, 100.0))).is_some());
        assert!(desk.venue.valued(account, false).is_none());
    }
}

/// Decades without a command, there and on: what was due is due once, and in bounded time.
#[test]
fn decades_pass() {
    let mut desk = Desk::new(RULES);
    desk.rich(&[1, 2]);
    desk.trade(1, 2, 10.0, 100.0);
    let year = 365 * 24 * HOUR;
    for years in [1, 10, 30, 50, 80] {
        desk.place(limit(1, 1.0, 90.0));
        desk.ok(VenueCommand::Deadman(2, Some(desk.time + years / 2 * year + 1)));
        desk.time += years * year;
        let said = desk.ok(VenueCommand::AdvanceTime);
        // An interval without an index is said once by each contract, however many passed.
        assert!(said.len() < 500_000, "{years}: {}", said.len());
        desk.mark(BTC, 100.0 + years as f64);
        desk.index(BTC, 100.0);
    }
    assert_eq!(desk.code(VenueCommand::Deposit(1, 0, 1)), None);
    desk.time -= 1;
    assert_eq!(desk.code(VenueCommand::AdvanceTime), Some(Code::TimeRunsBack));
}

/// From 1970 to two days before the last instant that there is; nothing happens beyond, and what is due goes on.
#[test]
fn the_first_and_the_last_times() {
    for (time, taken) in [
        (i64::MIN, false),
        (-1, false),
        (0, true),
        (1, true),
        (i64::MAX - 48 * HOUR - 1, true),
        (i64::MAX - 48 * HOUR, true),
        (i64::MAX - 48 * HOUR + 1, false),
        (i64::MAX, false),
    ] {
        let mut desk = Desk::closed(RULES);
        desk.time = time;
        let told = VenueCommand::Mark(BTC, g(100.0), PriceState::Live);
        assert_eq!(desk.code(told), (!taken).then_some(Code::ImplausibleTime), "{time}");
        desk.time = 2 * 24 * HOUR;
        let late = time > desk.time && taken;
        assert_eq!(desk.code(told), late.then_some(Code::TimeRunsBack), "{time}");
        desk.time = i64::MAX - 48 * HOUR;
        desk.ok(VenueCommand::AdvanceTime);
    }
}
