//! Whoever trades is looked at as he is afterwards, and told when a price concerns him.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::*;

const ANN: u32 = 0;
const BEN: u32 = 1;

#[test]
fn what_is_left_of_a_seller_in_an_auction_counts_at_its_own_limit() {
    // Reserved: 10·100·10 % and a loss of 10·2.
    let mut desk = Desk::with(RULES, &[120, 10_000]);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
    let order = desk.rests(ALPHA, limit(ANN, -10, 9_800));
    desk.rests(ALPHA, limit(BEN, 5, 10_200));
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    // 5 trade at the mark, 5 rest at 98.
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, false)), (5, -5));
    assert_eq!(desk.figures(ANN).initial_margin, money(110));
    // At 101: 120 − 5, less 101 and a loss of 5·3: short by 1, so the order goes.
    desk.mark(ALPHA, 10_100);
    let ended: Vec<_> = desk.of_kind(Kind::Canceled).map(|event| (event.order, event.code)).collect();
    assert_eq!(ended, [(order, Some(Code::AccountRestricted))]);
    assert_eq!(desk.status(ANN), Status::Healthy);
}

#[test]
fn each_line_is_told_as_the_mark_crosses_it() {
    // 100 for 5 at 100. Below 88.88… equity is under initial margin: 100 − 5·(100 − M) < M/2 from M = 88.88. Under 1.25
    // times maintenance, 5·M·6.25 %, below 85.33…; under maintenance, M/4, below 84.21…; bankrupt below 80.
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    let lines = [
        (8_889, Status::Healthy),
        (8_888, Status::Restricted),
        (8_534, Status::Restricted),
        (8_533, Status::MarginCall),
        (8_422, Status::MarginCall),
        (8_421, Status::Liquidation),
        (8_000, Status::Liquidation),
        (7_999, Status::Bankrupt),
    ];
    for (mark, status) in lines.iter().chain(lines.iter().rev()) {
        desk.mark(ALPHA, *mark);
        assert_eq!(desk.status(ANN), *status, "{mark}");
    }
}

#[test]
fn a_jump_over_all_lines_is_told_at_once() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    for (mark, status) in [(100, Status::Bankrupt), (1_000_000, Status::Healthy), (8_500, Status::MarginCall)] {
        desk.mark(ALPHA, mark);
        assert_eq!(desk.of_kind(Kind::StatusChanged).filter(|event| event.account == ANN).count(), 1, "{mark}");
        assert_eq!(desk.status(ANN), status);
    }
}

#[test]
fn accounts_that_hold_only_coins_or_orders_are_told_too() {
    let mut desk = Desk::with(RULES, &[0, 10_000]);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    desk.does(VenueCommand::Deposit(ANN, BTC, money(1)));
    desk.rests(ALPHA, limit(ANN, 800, 10_000));
    // The coin counts 1 dollar less than the order needs.
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(9_999), PriceState::Live));
    assert_eq!(desk.canceled(), Some(Code::AccountRestricted));
    desk.rests(ALPHA, limit(ANN, 799, 10_000));
    desk.mark(ALPHA, 9_999);
    // 799 bought at 100 would lose 7.99 and need 7,989.201; the coin counts 7,999.20.
    assert_eq!((desk.of_kind(Kind::Canceled).count(), desk.status(ANN)), (0, Status::Healthy));
    desk.mark(ALPHA, 9_997);
    // 23.97 and 7,987.603.
    assert_eq!(desk.canceled(), Some(Code::AccountRestricted));
}

#[test]
fn the_least_aggressive_orders_go_first_and_no_more_than_needed() {
    let mut desk = Desk::with(RULES, &[300, 10_000]);
    desk.rests(ALPHA, limit(ANN, 10, 9_900));
    let far = desk.rests(ALPHA, limit(ANN, 10, 9_700));
    desk.rests(BETA, limit(ANN, 100, 9_750));
    // 100 each. At 110 the orders of ALPHA need 220 together, and the other one 100: the one at 97 goes.
    desk.mark(ALPHA, 11_000);
    assert_eq!(desk.of_kind(Kind::Canceled).map(|event| event.order).collect::<Vec<_>>(), [far]);
    assert_eq!(desk.status(ANN), Status::Healthy);
}

/// At most 10 contracts of ALPHA may be open.
fn bounded() -> Desk {
    let rules = RULES.replacen("funding = {", "limits = { open_interest = 10 }\nfunding = {", 1);
    Desk::with(&rules, &[10_000; 6])
}

fn open_interest(desk: &Desk) -> i64 {
    (0..6).map(|account| desk.held(account, ALPHA, false).max(0)).sum()
}

#[test]
fn orders_that_each_fit_do_not_pass_the_open_interest_together() {
    let mut desk = bounded();
    for account in 0..3 {
        desk.rests(ALPHA, limit(account, 10, 10_000));
    }
    for account in 3..6 {
        desk.place(ALPHA, limit(account, -10, 10_000));
    }
    assert_eq!(open_interest(&desk), 10);
    desk.not_placed(ALPHA, limit(5, -1, 10_000), Code::OpenInterest);
}

#[test]
fn an_auction_does_not_pass_the_open_interest() {
    let mut desk = bounded();
    desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
    for account in 0..6 {
        desk.rests(ALPHA, limit(account, if account < 3 { 10 } else { -10 }, 10_000));
    }
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    assert!(open_interest(&desk) <= 10, "{} contracts are open", open_interest(&desk));
}

#[test]
fn stop_orders_do_not_pass_the_open_interest() {
    let mut desk = bounded();
    let trigger = Some(Trigger { price: cents(9_900), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
    for account in 0..3 {
        desk.rests(ALPHA, Place { trigger, ..limit(account, -10, 9_900) });
        desk.rests(ALPHA, limit(account + 3, 10, 9_900));
    }
    desk.mark(ALPHA, 9_900);
    assert!(open_interest(&desk) <= 10, "{} contracts are open", open_interest(&desk));
}

#[test]
fn the_portfolio_model_is_for_accounts_that_keep_its_least_equity() {
    let rules = RULES.to_string()
        + r#"
[portfolio]
enabled = true
min_equity = 1_000
offset_credit = "80%"
im_factor = 1
mm_factor = 0.8
minimum = "0.5%"
measure = "worst"
families = { correlated = 1, single = 0.7, opposite = 0.35 }
steps = 4
[portfolio.underlying.ALPHA]
range = "5%"
[portfolio.underlying.BETA]
range = "5%"
"#;
    let mut desk = Desk::with(&rules, &[999, 10_000]);
    let portfolio = Settings { portfolio: Some(true), ..Settings::default() };
    desk.refuses(VenueCommand::SetAccount(ANN, portfolio), Code::BelowMinEquity);
    desk.does(VenueCommand::Deposit(ANN, USD, money(1)));
    desk.does(VenueCommand::SetAccount(ANN, portfolio));
    // 10 at 100 need 50 of the portfolio model, 100 of the standard one.
    desk.does(VenueCommand::Withdraw(ANN, USD, money(900)));
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    // 100 are no equity for the model: the gate asks for it too.
    assert!(desk.place(ALPHA, limit(ANN, 15, 10_000)).is_some());
}

/// Ann had 110 and is long 10 at 100; at 98 she has 90 and should have 98 to open anything.
fn restricted() -> Desk {
    let mut desk = Desk::with(RULES, &[110, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 10, 10_000);
    desk.mark(ALPHA, 9_800);
    assert_eq!((desk.figures(ANN).equity, desk.status(ANN)), (money(90), Status::Restricted));
    desk
}

#[test]
fn who_may_only_reduce_does_not_add_to_what_he_holds() {
    let mut desk = restricted();
    for place in [limit(ANN, 1, 9_800), limit(ANN, 1, 9_600), limit(ANN, -11, 9_800), limit(ANN, -20, 9_800)] {
        desk.not_placed(ALPHA, place, Code::InsufficientMargin);
        desk.not_placed(ALPHA, isolated(place), Code::InsufficientMargin);
    }
    // Nor by turning it with two orders, of which each closes.
    desk.rests(ALPHA, limit(ANN, -6, 9_850));
    desk.not_placed(ALPHA, limit(ANN, -5, 9_850), Code::InsufficientMargin);
    let order = desk.rests(ALPHA, limit(ANN, -4, 9_860));
    assert_eq!(desk.amend(ALPHA, order, Some(-5), None), Some(Code::InsufficientMargin));
    desk.not_placed(BETA, limit(ANN, 1, 10_000), Code::InsufficientMargin);
}
