//! Deposits, conversions and withdrawals in several assets, and what is held for a withdrawal meanwhile.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;

const ANN: u32 = 0;
const BEN: u32 = 1;

/// Ann has a coin of 10,000 that counts 8,000 and is sold at 9,500; the converter has 20,000 dollars.
fn with_a_coin(dollars: i64) -> Desk {
    let mut desk = Desk::with(RULES, &[dollars, 100_000]);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    desk.does(VenueCommand::Deposit(ANN, BTC, money(1)));
    desk.does(VenueCommand::Topup(House::Converter, None, None, money(20_000)));
    desk
}

#[test]
fn a_coin_opens_what_it_counts_after_its_haircut() {
    let mut desk = with_a_coin(0);
    desk.not_placed(ALPHA, limit(ANN, 801, 10_000), Code::InsufficientMargin);
    desk.trade(ALPHA, ANN, BEN, 800, 10_000);
    desk.refuses(VenueCommand::Withdraw(ANN, BTC, 1), Code::NotWithdrawable);
}

#[test]
fn a_conversion_leaves_net_value_as_it_was() {
    let mut desk = with_a_coin(0);
    desk.trade(ALPHA, ANN, BEN, 800, 10_000);
    desk.mark(ALPHA, 9_900);
    assert_eq!(desk.figures(ANN).net_value, money(8_700));
    desk.passes(8 * HOUR);
    // 800 ÷ 9,500 = 0.0842105263…, up, brings 800.000035.
    assert_eq!(desk.wallet(ANN, BTC), money(1) - 8_421_053);
    assert_eq!((desk.wallet(ANN, USD), desk.house("converter")), (3_500, money(19_200) - 3_500));
    assert_eq!(desk.figures(ANN).net_value, money(8_700));
    assert_eq!(desk.wallet(BEN, USD), money(100_800));
}

#[test]
fn a_loss_to_a_friend_sells_a_coin_for_no_more_than_its_close_cost_leaves() {
    // What Ann loses Ben gains: of 10,000 in coins at most 9,500 in dollars come out, and none before they are settled.
    let mut desk = with_a_coin(0);
    desk.trade(ALPHA, ANN, BEN, 800, 10_000);
    desk.mark(ALPHA, 8_900);
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(100_000) - money(7_120) + 1), Code::NotWithdrawable);
    desk.passes(8 * HOUR);
    let gone = money(1) - desk.wallet(ANN, BTC);
    let brought = desk.wallet(BEN, USD) + desk.wallet(ANN, USD) - money(100_000);
    // 8,800 ÷ 9,500 = 0.92631578…, up.
    assert_eq!((gone, brought), (92_631_579, 880_000_000_500));
}

#[test]
fn a_request_does_not_survive_a_position_that_needs_the_money() {
    let mut desk = Desk::with(RULES, &[1_000, 100_000]);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(600)));
    // Held money is collateral still: 100 at 100 need 1,000.
    desk.trade(ALPHA, ANN, BEN, 50, 10_000);
    desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::NotWithdrawable);
    desk.trade(ALPHA, BEN, ANN, 10, 10_000);
    // 1,000 − 600 = 400 = 40·100·10 %.
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::UnknownWithdrawal);
    desk.refuses(VenueCommand::ReleaseWithdrawal(1), Code::UnknownWithdrawal);
    assert_eq!(desk.wallet(ANN, USD), money(400));
}

#[test]
fn a_request_does_not_survive_an_order_or_a_loss_either() {
    let mut desk = Desk::with(RULES, &[1_000, 100_000]);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(600)));
    let order = desk.rests(ALPHA, limit(ANN, 41, 10_000));
    desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::NotWithdrawable);
    desk.cancel(ALPHA, order);
    desk.trade(ALPHA, ANN, BEN, 40, 10_000);
    desk.mark(ALPHA, 9_999);
    // 400 − 0.40 < 399.96. Confirmed the loss stays hers, released the money too.
    desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::NotWithdrawable);
    desk.does(VenueCommand::ReleaseWithdrawal(1));
    assert_eq!(desk.wallet(ANN, USD), money(1_000));
}

#[test]
fn requests_together_are_no_more_than_one_may_be() {
    let mut desk = Desk::with(RULES, &[1_000, 100_000]);
    desk.trade(ALPHA, ANN, BEN, 50, 10_000);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(300)));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(200) + 1), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Margin(ANN, BETA, money(200) + 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(200)));
    // Nor may what is held go elsewhere meanwhile.
    desk.refuses(VenueCommand::Margin(ANN, BETA, 1), Code::NotWithdrawable);
    desk.trade(ALPHA, BEN, ANN, 50, 10_000);
    desk.refuses(VenueCommand::Margin(ANN, BETA, money(500) + 1), Code::InsufficientBalance);
    desk.does(VenueCommand::Margin(ANN, BETA, money(500)));
    desk.does(VenueCommand::ConfirmWithdrawal(2));
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    assert_eq!(desk.wallet(ANN, USD), 0);
}

#[test]
fn a_held_coin_that_was_converted_does_not_leave() {
    let mut desk = with_a_coin(0);
    desk.does(VenueCommand::Withdraw(ANN, BTC, money(1)));
    desk.trade(ALPHA, ANN, BEN, 100, 10_000);
    desk.mark(ALPHA, 9_900);
    desk.passes(8 * HOUR);
    // 100 ÷ 9,500, up.
    assert_eq!(desk.wallet(ANN, BTC), money(1) - 1_052_632);
    desk.trade(ALPHA, BEN, ANN, 100, 9_900);
    desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::NotWithdrawable);
    desk.does(VenueCommand::ReleaseWithdrawal(1));
    desk.refuses(VenueCommand::Withdraw(ANN, BTC, money(1)), Code::InsufficientBalance);
    desk.does(VenueCommand::Withdraw(ANN, BTC, money(1) - 1_052_632));
}

#[test]
fn a_held_coin_that_was_converted_does_not_make_other_prices_unusable() {
    let mut desk = with_a_coin(0);
    desk.does(VenueCommand::Withdraw(ANN, BTC, money(1)));
    desk.trade(ALPHA, ANN, BEN, 100, 10_000);
    desk.mark(ALPHA, 9_900);
    desk.passes(8 * HOUR);
    desk.trade(ALPHA, BEN, ANN, 100, 9_900);
    desk.does(VenueCommand::Deposit(ANN, USD, money(1_000)));
    // 0.01052632 less than is held counts −105.2632: 894 of the 1,000 may go, and no price is to blame.
    assert_ne!(desk.tell(VenueCommand::Withdraw(ANN, USD, money(1))), Some(Code::PriceUnusable));
}

#[test]
fn the_order_of_deposits_and_withdrawals_across_assets_frees_nothing() {
    let mut desk = with_a_coin(2_000);
    // 8,000 + 2,000 carry 1,000 at 100.
    desk.trade(ALPHA, ANN, BEN, 900, 10_000);
    // 1,000 are free: in dollars, or 0.125 coins.
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(1_000) + 1), Code::NotWithdrawable);
    desk.refuses(VenueCommand::Withdraw(ANN, BTC, 12_500_001), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(ANN, BTC, 6_250_000));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(500) + 1), Code::NotWithdrawable);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(500)));
    desk.refuses(VenueCommand::Withdraw(ANN, BTC, 1), Code::NotWithdrawable);
    desk.does(VenueCommand::ConfirmWithdrawal(2));
    desk.does(VenueCommand::ConfirmWithdrawal(1));
    assert_eq!(desk.figures(ANN).withdrawable, 0);
}

#[test]
fn a_price_that_may_not_be_used_keeps_everything_that_depends_on_it() {
    let mut desk = with_a_coin(2_000);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Protected));
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(1)), Code::PriceUnusable);
    desk.refuses(VenueCommand::Withdraw(ANN, BTC, 1), Code::PriceUnusable);
    desk.not_placed(ALPHA, limit(ANN, 1, 10_000), Code::PriceUnusable);
    // Ben has no coins.
    desk.does(VenueCommand::Withdraw(BEN, USD, money(1)));
    // Nothing is sold at it: the loss of Ann waits.
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    desk.trade(ALPHA, ANN, BEN, 300, 10_000);
    desk.mark(ALPHA, 9_000);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Frozen));
    desk.passes(8 * HOUR);
    assert_eq!((desk.of_kind(Kind::SettlementDeferred).count(), desk.of_kind(Kind::Conversion).count()), (1, 0));
}

#[test]
fn the_outflow_of_an_hour_is_limited_and_released_requests_count_no_more() {
    let rules = RULES.replace("settle_every", "outflow_per_hour = \"10%\"\nsettle_every");
    let mut desk = Desk::with(&rules, &[1_000, 1_000]);
    desk.does(VenueCommand::Withdraw(ANN, USD, money(150)));
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(50) + 1), Code::OutflowLimit);
    desk.does(VenueCommand::Withdraw(BEN, USD, money(50)));
    desk.does(VenueCommand::ReleaseWithdrawal(1));
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(150) + 1), Code::OutflowLimit);
    desk.does(VenueCommand::ConfirmWithdrawal(2));
    // 1,950 now, of which 195 less 50 may go.
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(145) + 1), Code::OutflowLimit);
    desk.time += HOUR - 1;
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(145) + 1), Code::OutflowLimit);
    desk.time += 1;
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(195) + 1), Code::OutflowLimit);
    desk.does(VenueCommand::Withdraw(BEN, USD, money(195)));
    // Between siblings nothing leaves the venue: there is no limit for it.
    let client = Settings { client: Some(7), ..Settings::default() };
    desk.does(VenueCommand::SetAccount(ANN, client));
    desk.does(VenueCommand::SetAccount(BEN, client));
    desk.does(VenueCommand::Transfer(ANN, BEN, USD, money(1_000)));
    desk.refuses(VenueCommand::Transfer(BEN, ANN, USD, money(1_755) + 1), Code::InsufficientBalance);
}

#[test]
fn held_and_frozen_accounts_send_nothing() {
    let mut desk = Desk::with(RULES, &[1_000, 1_000]);
    let client = Settings { client: Some(7), ..Settings::default() };
    desk.does(VenueCommand::SetAccount(ANN, client));
    desk.does(VenueCommand::SetAccount(BEN, client));
    desk.does(VenueCommand::Withdraw(ANN, USD, money(1)));
    for (flags, confirms) in
        [(Flags { no_withdraw: true, ..Flags::default() }, true), (Flags { frozen: true, ..Flags::default() }, false)]
    {
        desk.does(VenueCommand::Hold(ANN, flags, true));
        desk.refuses(VenueCommand::Withdraw(ANN, USD, money(1)), Code::WithdrawHeld);
        desk.refuses(VenueCommand::Transfer(ANN, BEN, USD, money(1)), Code::WithdrawHeld);
        desk.refuses(VenueCommand::Topup(House::Fund, Some(ANN), None, money(1)), Code::WithdrawHeld);
        if !confirms {
            desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::WithdrawHeld);
        }
    }
}
