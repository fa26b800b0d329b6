//! Isolated positions: what they take from the wallet, what they give back, and that their losses are their own.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::*;
use perpcore::rule::Rule;

const ANN: u32 = 0;
const BEN: u32 = 1;

fn trades(desk: &mut Desk, contracts: i64, price: i64) {
    desk.rests(ALPHA, limit(BEN, -contracts, price));
    desk.rests(ALPHA, isolated(limit(ANN, contracts, price)));
    assert_eq!(desk.filled(), contracts.abs());
}

#[test]
fn an_increase_takes_its_initial_margin_and_its_loss() {
    let mut desk = Desk::with(RULES, &[200, 10_000]);
    trades(&mut desk, 5, 10_000);
    assert_eq!(desk.posted(ANN, Rule::LedgerIsolated), [-money(50), money(50)]);
    // 3 more at 101: 30, and a loss of 3·1.
    trades(&mut desk, 3, 10_100);
    assert_eq!(desk.posted(ANN, Rule::LedgerIsolated), [-money(33), money(33)]);
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (money(117), money(83)));
    // 1 more below the mark: what it gains is not taken off.
    trades(&mut desk, 1, 9_900);
    assert_eq!(desk.posted(ANN, Rule::LedgerIsolated), [-money(10), money(10)]);
}

#[test]
fn a_turn_takes_the_loss_of_what_it_opens_and_a_reduction_nothing() {
    let mut desk = Desk::with(RULES, &[200, 10_000]);
    trades(&mut desk, 8, 10_000);
    // From 8 to −4 at 99: 40 of initial margin where 80 are; the 4 that are opened lose 1 each.
    trades(&mut desk, -12, 9_900);
    assert_eq!(desk.posted(ANN, Rule::LedgerIsolated), [-money(4), money(4)]);
    // κ = 800 − 1188 = −388: PnL = −400 + 388 = −12, margin 84.
    assert_eq!(desk.bucket(ANN, ALPHA).equity, money(72));
    trades(&mut desk, 2, 10_000);
    assert_eq!((desk.posted(ANN, Rule::LedgerIsolated).len(), desk.margin(ANN, ALPHA)), (0, money(84)));
    // 72 less 2·100·10 %.
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -money(52) - 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Margin(ANN, ALPHA, -money(52)));
    // From −2 to 10: 100 where 20 are.
    trades(&mut desk, 12, 10_000);
    assert_eq!(desk.posted(ANN, Rule::LedgerIsolated), [-money(80), money(80)]);
}

#[test]
fn a_lower_leverage_takes_more_and_a_higher_one_gives_back_by_command_only() {
    let mut desk = Desk::with(RULES, &[1_000, 10_000]);
    let key = Some((ALPHA, true));
    let chosen = |leverage| Settings { key, leverage: Some(units(leverage)), ..Settings::default() };
    desk.does(VenueCommand::SetAccount(ANN, chosen(2)));
    trades(&mut desk, 4, 10_000);
    assert_eq!(desk.margin(ANN, ALPHA), money(200));
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -1), Code::NotWithdrawable);
    desk.does(VenueCommand::SetAccount(ANN, chosen(100)));
    assert_eq!(desk.margin(ANN, ALPHA), money(200));
    // The tier allows 10 times, no more.
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -money(160) - 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Margin(ANN, ALPHA, -money(160)));
}

#[test]
fn a_bankrupt_isolated_position_leaves_the_wallet_alone() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    trades(&mut desk, 5, 10_000);
    desk.mark(ALPHA, 8_000);
    assert_eq!(desk.bucket(ANN, ALPHA).equity, -money(50));
    assert_eq!((desk.bucket(ANN, ALPHA).status, desk.status(ANN)), (Status::Bankrupt, Status::Healthy));
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -1), Code::NotWithdrawable);
    desk.passes(8 * HOUR);
    assert_eq!(desk.of_kind(Kind::SettlementDeferred).map(|event| event.account).collect::<Vec<_>>(), [ANN]);
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (money(50), money(50)));
    desk.does(VenueCommand::Withdraw(ANN, USD, money(50)));
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    desk.passes(16 * HOUR);
    assert_eq!(desk.margin(ANN, ALPHA), money(50));
}

#[test]
fn a_cross_position_does_not_lean_on_an_isolated_one_and_the_other_way_round() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    trades(&mut desk, 5, 10_000);
    desk.trade(ALPHA, BEN, ANN, 5, 10_000);
    // Long 5 in one bucket, short 5 in the other: both need 50.
    assert_eq!(desk.figures(ANN).initial_margin, money(50));
    desk.not_placed(ALPHA, limit(ANN, -1, 10_000), Code::InsufficientMargin);
    desk.mark(ALPHA, 11_000);
    // The short one has lost what the long one gained.
    assert_eq!((desk.figures(ANN).equity, desk.bucket(ANN, ALPHA).equity), (0, money(100)));
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -1), Code::NotWithdrawable);
    desk.passes(8 * HOUR);
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (0, money(100)));
    desk.does(VenueCommand::Margin(ANN, ALPHA, -money(45)));
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -1), Code::NotWithdrawable);
}

#[test]
fn an_order_on_an_isolated_position_is_reserved_in_the_cross_account() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.rests(ALPHA, isolated(limit(ANN, 6, 10_000)));
    assert_eq!(desk.figures(ANN).initial_margin, money(60));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(40) + 1), Code::NotWithdrawable);
    desk.not_placed(BETA, limit(ANN, 41, 10_000), Code::InsufficientMargin);
    desk.rests(BETA, limit(ANN, 40, 10_000));
    // At 90 the order has a loss of 60 and needs 54: it goes, and with it the shortage.
    desk.mark(ALPHA, 9_000);
    assert_eq!(desk.canceled(), Some(Code::AccountRestricted));
    assert_eq!((desk.status(ANN), desk.figures(ANN).initial_margin), (Status::Healthy, money(40)));
}

#[test]
fn a_fill_whose_margin_the_wallet_cannot_pay_is_refused() {
    let mut desk = Desk::with(RULES, &[0, 10_000]);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    desk.does(VenueCommand::Deposit(ANN, BTC, money(1)));
    // It counts 8,000, but nobody would buy it.
    let order = desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
    desk.place(ALPHA, limit(BEN, -5, 10_000));
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, true)), (0, 0));
    let canceled: Vec<_> = desk.of_kind(Kind::Canceled).map(|event| (event.order == order, event.code)).collect();
    assert_eq!(canceled, [(true, Some(Code::FillRefused)), (false, Some(Code::FillRefused))]);
    // With 50 to buy it, the smallest quantity that brings 50 is sold: 50 ÷ 9,500, up.
    desk.does(VenueCommand::Topup(House::Converter, None, None, money(51)));
    desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
    desk.rests(ALPHA, limit(BEN, -5, 10_000));
    let sold: Vec<_> = desk.of_kind(Kind::Conversion).map(|event| event.amount).collect();
    assert_eq!((sold, desk.margin(ANN, ALPHA)), (vec![-526_316], money(50)));
}

#[test]
fn margin_without_a_position_comes_back_whole() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.does(VenueCommand::Margin(ANN, BETA, money(100)));
    desk.refuses(VenueCommand::Margin(ANN, BETA, -money(100) - 1), Code::InsufficientBalance);
    desk.refuses(VenueCommand::CloseAccount(ANN), Code::AccountNotEmpty);
    desk.does(VenueCommand::Mark(BETA, units(100), PriceState::Frozen));
    desk.does(VenueCommand::Margin(ANN, BETA, -money(100)));
    assert_eq!(desk.wallet(ANN, USD), money(100));
}

#[test]
fn a_bankrupt_account_pays_for_no_new_isolated_position() {
    let mut desk = Desk::with(RULES, &[250, 10_000]);
    trades(&mut desk, -5, 10_000);
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (money(200), money(50)));
    // Both orders close what is held; the first that trades leaves the other one to open.
    desk.rests(ALPHA, isolated(Place { reduce_only: true, ..limit(ANN, 5, 9_800) }));
    desk.rests(ALPHA, isolated(limit(ANN, 5, 9_750)));
    desk.trade(BETA, ANN, BEN, 100, 10_000);
    desk.mark(BETA, 7_500);
    // The wallet's 200 less 250.
    assert_eq!((desk.figures(ANN).net_value, desk.status(ANN)), (-money(50), Status::Bankrupt));
    desk.place(ALPHA, limit(BEN, -10, 9_750));
    // Long 5 would take 50 more from those to whom it is owed.
    assert_eq!((desk.held(ANN, ALPHA, true), desk.figures(ANN).net_value), (0, -money(50)));
}

#[test]
fn an_account_below_maintenance_pays_for_no_new_isolated_position() {
    let mut desk = Desk::with(RULES, &[250, 10_000]);
    trades(&mut desk, -5, 10_000);
    desk.rests(ALPHA, isolated(Place { reduce_only: true, ..limit(ANN, 5, 9_800) }));
    desk.rests(ALPHA, isolated(limit(ANN, 5, 9_750)));
    desk.trade(BETA, ANN, BEN, 100, 10_000);
    desk.mark(BETA, 8_500);
    // 200 − 150, where 42.50 must be and 85 should be. 50 for the position would leave nothing.
    assert_eq!((desk.figures(ANN).equity, desk.status(ANN)), (money(50), Status::MarginCall));
    desk.place(ALPHA, limit(BEN, -10, 9_750));
    assert!(desk.figures(ANN).equity >= desk.figures(ANN).maintenance_margin, "{:?}", desk.figures(ANN));
}
