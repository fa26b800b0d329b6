//! Profit is money once it is settled: before, it neither opens positions nor leaves, whichever way it is turned.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;
use perpcore::rule::Rule;

const ANN: u32 = 0;
const BEN: u32 = 1;
const SIBLING: u32 = 2;
const FRIEND: u32 = 3;

/// Ann has 100 and is long 5 at 100; the mark is 110, so that her unsettled gain is 5·10 = 50.
fn ann_gains(instrument: u32, contracts: i64) -> Desk {
    let mut desk = Desk::new(RULES);
    for account in [ANN, SIBLING] {
        let settings = Settings { client: Some(7), ..Settings::default() };
        desk.does(VenueCommand::OpenAccount(account, settings));
    }
    desk.opens(BEN, 10_000);
    desk.does(VenueCommand::Deposit(ANN, USD, money(100)));
    desk.trade(instrument, ANN, BEN, contracts, 10_000);
    desk.mark(instrument, 11_000);
    assert_eq!(desk.figures(ANN).equity, money(150));
    desk
}

#[test]
fn an_unsettled_gain_opens_nothing() {
    for (instrument, one) in [(ALPHA, 1), (BETA, 10)] {
        let mut desk = ann_gains(instrument, 5 * one);
        // 100 of opening equity; 10 contracts at 110 need 110, 9 need 99.
        desk.not_placed(instrument, limit(ANN, 5 * one, 11_000), Code::InsufficientMargin);
        desk.rests(instrument, limit(ANN, 4 * one, 11_000));
        // One more is 10 contracts again.
        desk.not_placed(instrument, limit(ANN, one, 11_000), Code::InsufficientMargin);
    }
}

#[test]
fn closing_and_opening_again_makes_no_credit_of_a_gain() {
    for step in [5, 1] {
        let mut desk = ann_gains(ALPHA, 5);
        for _ in 0..5 / step {
            desk.trade(ALPHA, BEN, ANN, step, 11_000);
        }
        assert_eq!(desk.held(ANN, ALPHA, false), 0);
        // Nothing is held, 50 are gained and not settled: opening equity is 100 still.
        assert_eq!((desk.figures(ANN).equity, desk.figures(ANN).opening_equity), (money(150), money(100)));
        desk.not_placed(ALPHA, limit(ANN, 10, 11_000), Code::InsufficientMargin);
        desk.not_placed(BETA, limit(ANN, 101, 10_000), Code::InsufficientMargin);
        desk.trade(ALPHA, ANN, BEN, 9, 11_000);
        // 9·110·10 % = 99.
        assert_eq!(desk.figures(ANN).initial_margin, money(99));
        desk.not_placed(ALPHA, limit(ANN, 1, 11_000), Code::InsufficientMargin);
    }
}

#[test]
fn a_gain_opens_positions_once_it_is_settled() {
    let mut desk = ann_gains(ALPHA, 5);
    desk.passes(8 * HOUR);
    assert_eq!(desk.posted(ANN, Rule::LedgerSettle), [money(50)]);
    assert_eq!(desk.wallet(ANN, USD), money(150));
    // 150 of opening equity: 13 at 110 need 143, 14 need 154.
    desk.not_placed(ALPHA, limit(ANN, 9, 11_000), Code::InsufficientMargin);
    desk.rests(ALPHA, limit(ANN, 8, 11_000));
}

#[test]
fn a_gain_in_one_instrument_and_a_loss_in_another_are_one_gain() {
    let mut desk = ann_gains(ALPHA, 5);
    // 5 at 100 need 50 beside 55 for what is held: too much for 100. 4 need 40.
    desk.not_placed(BETA, limit(ANN, 50, 10_000), Code::InsufficientMargin);
    desk.trade(BETA, ANN, BEN, 40, 10_000);
    desk.mark(BETA, 9_500);
    // Gain 50 − 4·5 = 30, equity 130, opening equity 100, initial margin 55 + 38 = 93: 7 are withdrawable.
    let figures = desk.figures(ANN);
    assert_eq!((figures.opening_equity, figures.withdrawable), (money(100), money(7)));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(7) + 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(7)));
}

#[test]
fn an_unsettled_gain_does_not_leave_by_any_way() {
    let mut desk = ann_gains(ALPHA, 5);
    // Equity 150, gain 50, initial margin 55: 45 may leave.
    let over = money(45) + 1;
    desk.refuses(VenueCommand::Withdraw(ANN, USD, over), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Transfer(ANN, SIBLING, USD, over), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, over), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Margin(ANN, BETA, over), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Topup(House::Fund, Some(ANN), None, over), Code::NotWithdrawable);
    // In parts neither: 20 to a sibling and 20 to an isolated position leave 5.
    desk.does(VenueCommand::Transfer(ANN, SIBLING, USD, money(20)));
    desk.does(VenueCommand::Margin(ANN, BETA, money(20)));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(5) + 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(5)));
    desk.refuses(VenueCommand::Topup(House::Fund, Some(ANN), None, 1), Code::NotWithdrawable);
    // Flat, with 55 of margin free and 50 gained: of 60 in the wallet 5 are held, 55 may leave.
    desk.trade(ALPHA, BEN, ANN, 5, 11_000);
    assert_eq!(desk.wallet(ANN, USD), money(60));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(55) + 1), Code::InsufficientBalance);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(55)));
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    desk.does(VenueCommand::ConfirmWithdrawal(2));
    assert_eq!(desk.wallet(ANN, USD), 0);
    desk.passes(8 * HOUR);
    assert_eq!(desk.wallet(ANN, USD), money(50));
}

#[test]
fn a_gain_that_went_through_a_fill_to_somebody_else_is_still_unsettled() {
    let mut desk = ann_gains(ALPHA, 5);
    desk.opens(FRIEND, 40);
    // The friend buys Ann's 3 at 107: he takes over 3·3 = 9 of her gain, unsettled with him too.
    desk.trade(ALPHA, FRIEND, ANN, 3, 10_700);
    let figures = desk.figures(FRIEND);
    assert_eq!((figures.equity, figures.opening_equity), (money(49), money(40)));
    // 40 less 3·110·10 % = 33.
    desk.refuses(VenueCommand::Withdraw(FRIEND, USD, money(7) + 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(FRIEND, USD, money(7)));
}

#[test]
fn an_unsettled_gain_of_an_isolated_position_does_not_come_back_as_margin() {
    let mut desk = Desk::with(RULES, &[100, 10_000]);
    desk.rests(ALPHA, limit(BEN, -5, 10_000));
    desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
    // 5·100·10 % = 50 went to the position.
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (money(50), money(50)));
    desk.does(VenueCommand::Margin(ANN, ALPHA, money(10)));
    desk.mark(ALPHA, 10_400);
    // Equity 60 + 20, less the gain 20, less 5·104·10 % = 52: 8 may come back.
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -money(8) - 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Margin(ANN, ALPHA, -money(8)));
    // Closed, the margin comes back, the gain only with the settlement.
    desk.rests(ALPHA, limit(BEN, 5, 10_400));
    desk.rests(ALPHA, isolated(limit(ANN, -5, 10_400)));
    desk.refuses(VenueCommand::Margin(ANN, ALPHA, -money(52) - 1), Code::InsufficientBalance);
    desk.does(VenueCommand::Margin(ANN, ALPHA, -money(52)));
    assert_eq!(desk.wallet(ANN, USD), money(100));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(100) + 1), Code::InsufficientBalance);
    desk.passes(8 * HOUR);
    assert_eq!((desk.wallet(ANN, USD), desk.margin(ANN, ALPHA)), (money(120), 0));
}

#[test]
fn a_share_of_the_gain_counts_where_the_rulebook_says_so() {
    let rules = RULES.replace("settle_every", "profit_credit = \"50%\"\nsettle_every");
    let mut desk = Desk::with(&rules, &[100, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    desk.mark(ALPHA, 11_000);
    // 100 + 25: 11 at 110 need 121, 12 need 132. None of the gain may leave: 150 − 50 − 55 = 45.
    desk.not_placed(ALPHA, limit(ANN, 7, 11_000), Code::InsufficientMargin);
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(45) + 1), Code::NotWithdrawable);
    desk.rests(ALPHA, limit(ANN, 6, 11_000));
}
