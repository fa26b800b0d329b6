//! Settlement and funding where somebody cannot pay: what waits, who pays instead, and that nothing is made or lost.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;
use perpcore::rule::Rule;

const ANN: u32 = 0;
const BEN: u32 = 1;
const CARL: u32 = 2;
const DORA: u32 = 3;
const MAKER: u32 = 4;

fn deferred(desk: &Desk) -> Vec<(u32, u32)> {
    desk.of_kind(Kind::SettlementDeferred).map(|event| (event.instrument, event.account)).collect()
}

fn settled(desk: &Desk) -> Vec<u32> {
    desk.of_kind(Kind::Settlement).map(|event| event.instrument).collect()
}

#[test]
fn a_bankrupt_account_defers_what_it_holds_and_nothing_else() {
    let mut desk = Desk::with(RULES, &[60, 10_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    desk.trade(BETA, CARL, BEN, 10, 10_000);
    desk.mark(ALPHA, 8_500);
    desk.mark(BETA, 10_100);
    // Ann lost 75 of 60.
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(ALPHA, ANN)], vec![BETA]));
    // 10 contracts are 1 base unit, which gained 1.
    assert_eq!([ANN, BEN, CARL].map(|of| desk.wallet(of, USD)), [money(60), money(9_999), money(10_001)]);
    // Ben's gain of 75 is no money yet: 9,999 less 5·85·10 % and 101·10 %.
    desk.refuses(VenueCommand::Withdraw(BEN, USD, money(9_999) - money(426) / 10 + 1), Code::NotWithdrawable);
    // Once she can pay, it is.
    desk.does(VenueCommand::Deposit(ANN, USD, money(20)));
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![], vec![ALPHA]));
    assert_eq!([ANN, BEN].map(|of| desk.wallet(of, USD)), [money(5), money(10_074)]);
}

/// Ann and Carl have a coin each that counts 8,000 and no dollars; both lose 100 to Ben, Ann in ALPHA, Carl in BETA.
fn coins_only(converter: i64) -> Desk {
    let mut desk = Desk::with(RULES, &[0, 10_000, 0]);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    if converter != 0 {
        desk.does(VenueCommand::Topup(House::Converter, None, None, money(converter)));
    }
    for (account, instrument, contracts) in [(ANN, ALPHA, 20), (CARL, BETA, 200)] {
        desk.does(VenueCommand::Deposit(account, BTC, money(1)));
        desk.trade(instrument, account, BEN, contracts, 10_000);
        desk.mark(instrument, 9_500);
    }
    desk
}

#[test]
fn what_nobody_buys_defers_a_settlement() {
    let mut desk = coins_only(0);
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(ALPHA, ANN), (BETA, CARL)], vec![]));
    assert_eq!(desk.wallet(BEN, USD), money(10_000));
    assert_eq!([ANN, CARL].map(|of| desk.wallet(of, BTC)), [money(1); 2]);
}

#[test]
fn what_the_converter_has_goes_to_whoever_was_opened_first() {
    let mut desk = coins_only(150);
    desk.passes(8 * HOUR);
    // 100 ÷ 9,500 = 0.010526315…, up: 0.01052632 brings 100.00004.
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(BETA, CARL)], vec![ALPHA]));
    assert_eq!((desk.wallet(ANN, BTC), desk.wallet(ANN, USD)), (money(1) - 1_052_632, 4_000));
    assert_eq!((desk.wallet(BEN, USD), desk.house("converter")), (money(10_100), money(50) - 4_000));
    // With the fund behind it the second one can pay too: the converter has too little, the fund buys.
    desk.does(VenueCommand::Topup(House::Fund, None, None, money(101)));
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![], vec![BETA]));
    assert_eq!((desk.house("fund"), desk.house("converter")), (money(1) - 4_000, money(50) - 4_000));
}

#[test]
fn one_who_waits_takes_nothing_from_the_next() {
    // Ann loses 100 that 99 cannot buy; Carl loses 50 that they can.
    let mut desk = coins_only(99);
    desk.mark(BETA, 9_750);
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(ALPHA, ANN)], vec![BETA]));
    assert_eq!(desk.wallet(BEN, USD), money(10_050));
}

#[test]
fn a_deferral_of_one_instrument_can_keep_a_loser_of_another_from_paying() {
    // Carl's gain in ALPHA would pay his loss in BETA, but ALPHA waits for Ann, who is bankrupt.
    let mut desk = Desk::with(RULES, &[60, 10_000, 100, 10_000]);
    desk.trade(ALPHA, ANN, CARL, 5, 10_000);
    desk.trade(BETA, CARL, DORA, 50, 10_000);
    desk.mark(ALPHA, 8_500);
    desk.mark(BETA, 9_000);
    desk.does(VenueCommand::Withdraw(CARL, USD, 1));
    desk.does(VenueCommand::ReleaseWithdrawal(1));
    // 100 + 75 − 50: he can pay 50 of his 100 without the gain.
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(ALPHA, ANN)], vec![BETA]));
    assert_eq!(desk.wallet(CARL, USD), money(50));
    desk.mark(BETA, 7_900);
    // 50 + 75 − 5·11 = 70 of net value, and 50 of cash for a loss of 55.
    desk.passes(8 * HOUR);
    assert_eq!((deferred(&desk), settled(&desk)), (vec![(ALPHA, ANN), (BETA, CARL)], vec![]));
    assert_eq!(desk.wallet(CARL, USD), money(50));
}

#[test]
fn what_rounding_leaves_over_goes_to_rounding_and_stays_there() {
    // A tenth of a mark that has eight decimals is between two of them.
    let mut desk = Desk::with(RULES, &[1_000, 1_000, 1_000]);
    desk.trade(BETA, ANN, BEN, 1, 10_000);
    desk.trade(BETA, ANN, CARL, 1, 10_000);
    desk.does(VenueCommand::Mark(BETA, units(100) + 15, PriceState::Live));
    desk.passes(8 * HOUR);
    // Ann gains 0.2·15 = 3 exactly. The others lose 1.5 each, up to 2.
    assert_eq!([ANN, BEN, CARL].map(|of| desk.wallet(of, USD) - money(1_000)), [3, -2, -2]);
    assert_eq!(desk.house("rounding"), 1);
    desk.does(VenueCommand::Mark(BETA, units(100), PriceState::Live));
    desk.passes(8 * HOUR);
    // Back: Ann loses 3, the others gain 1.5 each, down to 1.
    assert_eq!([ANN, BEN, CARL].map(|of| desk.wallet(of, USD) - money(1_000)), [0, -1, -1]);
    assert_eq!(desk.house("rounding"), 2);
}

/// A funding of 0.95 % at 90.40, to be paid by those who are long: at the end of the interval the index is 90, and 1
/// contract is bid at 90.90, 1 % above it, of which 0.05 % is the dead zone.
fn before_funding(dollars: i64, long: i64, shorts: &[(u32, i64)], fund: i128) -> Desk {
    let rules = RULES.replacen("impact_notional = 100", "impact_notional = 90.9", 1);
    let mut desk = Desk::with(&rules, &[dollars, 10_000, 10_000, 10_000, 10_000]);
    if fund > 0 {
        desk.does(VenueCommand::Topup(House::Fund, None, None, fund));
    }
    for (account, contracts) in shorts {
        desk.trade(ALPHA, ANN, *account, *contracts, 10_000);
    }
    assert_eq!(desk.held(ANN, ALPHA, false), long);
    desk.time = MIDNIGHT + 8 * HOUR - SECOND;
    desk.mark(ALPHA, 9_040);
    desk.index(ALPHA, 9_000);
    desk.rests(ALPHA, limit(MAKER, 1, 9_090));
    desk.rests(ALPHA, limit(MAKER, -1, 9_150));
    desk
}

#[test]
fn funding_is_paid_by_those_who_are_long_and_rounded_against_each() {
    let mut desk = before_funding(50, 5, &[(BEN, 5)], 0);
    desk.does(VenueCommand::Deposit(ANN, USD, money(50)));
    desk.passes(SECOND);
    let funding: Vec<_> = desk.of_kind(Kind::Funding).map(|event| (event.instrument, event.amount)).collect();
    assert_eq!(funding, [(ALPHA, 950_000)]);
    // 5·90.40·0.95 % = 4.294. Settled before: 100 − 48, 10,000 + 48.
    assert_eq!(desk.posted(ANN, Rule::FundingSettle), [-429_400_000]);
    assert_eq!(desk.posted(BEN, Rule::FundingSettle), [429_400_000]);
    assert_eq!(desk.wallet(ANN, USD), money(52) - 429_400_000);
}

#[test]
fn the_fund_pays_what_a_payer_cannot_and_receivers_lose_what_the_fund_cannot() {
    // Net value 50 − 48 = 2 of 4.294; the fund has 1; 1.294 are cut.
    let mut desk = before_funding(50, 5, &[(BEN, 5)], money(1));
    desk.passes(SECOND);
    assert_eq!(desk.posted(ANN, Rule::FundingSettle), [-money(2)]);
    let draws: Vec<_> = desk.of_kind(Kind::FundDraw).map(|event| (event.amount, event.balance, event.code)).collect();
    assert_eq!(draws, [(money(1), 0, Some(Code::FundShort))]);
    assert_eq!(desk.posted(BEN, Rule::FundingSettle), [money(3)]);
    assert_eq!((desk.wallet(ANN, USD), desk.house("fund"), desk.house("rounding")), (0, 0, 0));
}

#[test]
fn a_cut_is_shared_by_what_each_would_receive_and_rounded_against_him() {
    // 30 − 3·9.60 = 1.20 of 3·0.8588 = 2.5764; the fund has 0.10; 1.2764 are cut, a third and two thirds, up.
    let mut desk = before_funding(30, 3, &[(BEN, 1), (CARL, 2)], money(1) / 10);
    desk.passes(SECOND);
    assert_eq!(desk.posted(ANN, Rule::FundingSettle), [-120_000_000]);
    // 0.8588 − 0.42546667; 1.7176 − 0.85093334.
    assert_eq!(desk.posted(BEN, Rule::FundingSettle), [43_333_333]);
    assert_eq!(desk.posted(CARL, Rule::FundingSettle), [86_666_666]);
    // 1.20 + 0.10 less both.
    assert_eq!(desk.house("rounding"), 1);
}

#[test]
fn with_a_fund_that_has_nothing_receivers_get_what_was_paid() {
    let mut desk = before_funding(50, 5, &[(BEN, 5)], 0);
    desk.mark(ALPHA, 9_000);
    // At 90 net value is 0 and the premium the same.
    desk.passes(SECOND);
    assert_eq!(desk.posted(ANN, Rule::FundingSettle), [0; 0]);
    assert_eq!(desk.posted(BEN, Rule::FundingSettle), [0; 0]);
    let draws: Vec<_> = desk.of_kind(Kind::FundDraw).map(|event| (event.amount, event.code)).collect();
    assert_eq!(draws, [(0, Some(Code::FundShort))]);
    assert_eq!((desk.wallet(ANN, USD), desk.wallet(BEN, USD)), (0, money(10_050)));
}

#[test]
fn a_bankrupt_payer_pays_no_funding_and_is_not_settled() {
    let mut desk = before_funding(50, 5, &[(BEN, 5)], money(10));
    desk.mark(ALPHA, 8_990);
    desk.passes(SECOND);
    assert_eq!(deferred(&desk), [(ALPHA, ANN)]);
    assert_eq!((desk.posted(ANN, Rule::FundingSettle).len(), desk.wallet(ANN, USD)), (0, money(50)));
    // 5·89.90·0.95 % = 4.27025.
    assert_eq!(
        (desk.posted(BEN, Rule::FundingSettle), desk.house("fund")),
        (vec![427_025_000], money(10) - 427_025_000)
    );
}

#[test]
fn an_isolated_position_pays_funding_from_its_margin_and_no_more() {
    let rules = RULES.replacen("impact_notional = 100", "impact_notional = 90.9", 1);
    let mut desk = Desk::with(&rules, &[1_000, 10_000, 0, 0, 10_000]);
    desk.rests(ALPHA, limit(BEN, -5, 10_000));
    desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
    desk.time = MIDNIGHT + 8 * HOUR - SECOND;
    desk.mark(ALPHA, 9_040);
    desk.index(ALPHA, 9_000);
    desk.rests(ALPHA, limit(MAKER, 1, 9_090));
    desk.rests(ALPHA, limit(MAKER, -1, 9_150));
    desk.passes(SECOND);
    // Margin 50 − 48 = 2 of 4.294; the wallet of 950 has no part in it.
    assert_eq!(desk.posted(ANN, Rule::FundingSettle), [-money(2)]);
    assert_eq!((desk.margin(ANN, ALPHA), desk.wallet(ANN, USD)), (0, money(950)));
    assert_eq!(desk.posted(BEN, Rule::FundingSettle), [money(2)]);
}

/// Everybody is long or short 5 of ALPHA, which is about to be settled for good; the index was 88 and is 100, as the
/// mark is.
fn settling(isolates: bool) -> Desk {
    let mut desk = Desk::with(RULES, &[50, 10_000]);
    desk.rests(ALPHA, limit(BEN, -5, 10_000));
    desk.rests(ALPHA, Place { isolated: isolates, ..limit(ANN, 5, 10_000) });
    desk.index(ALPHA, 8_800);
    desk.index(ALPHA, 10_000);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Settling));
    desk
}

#[test]
fn the_last_settlement_waits_for_whoever_would_be_bankrupt_at_its_price() {
    for isolates in [false, true] {
        let mut desk = settling(isolates);
        // 5·(100 − 88) = 60 is more than 50.
        desk.does(VenueCommand::Settle(ALPHA, Some(units(88)), "first"));
        desk.tell(VenueCommand::Settle(ALPHA, Some(units(88)), "second"));
        assert_eq!(deferred(&desk), [(ALPHA, ANN)]);
        assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::Settling);
        assert_eq!(desk.held(ANN, ALPHA, isolates), 5);
        desk.does(VenueCommand::Settle(ALPHA, None, ""));
        assert_eq!((desk.held(ANN, ALPHA, isolates), desk.wallet(ANN, USD)), (0, money(50)));
        assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::Settled);
    }
}

#[test]
fn the_last_settlement_does_not_wait_for_whoever_is_bankrupt_at_the_mark_but_not_at_its_price() {
    for isolates in [false, true] {
        let mut desk = settling(isolates);
        desk.mark(ALPHA, 8_900);
        // At 89 she has lost 55 of 50. The index, 100, is what is settled at.
        desk.does(VenueCommand::Settle(ALPHA, None, ""));
        assert_eq!(deferred(&desk), []);
        assert_eq!(desk.wallet(ANN, USD), money(50));
    }
}

#[test]
fn a_price_for_the_last_settlement_lies_within_the_index_of_the_last_hour() {
    let mut desk = settling(false);
    let settle = |price, approval| VenueCommand::Settle(ALPHA, Some(cents(price)), approval);
    desk.refuses(settle(10_000, ""), Code::ApprovalMissing);
    desk.refuses(settle(8_799, "first"), Code::SettlementPrice);
    desk.refuses(settle(10_001, "first"), Code::SettlementPrice);
    desk.time += HOUR;
    desk.index(ALPHA, 9_900);
    desk.time += 1;
    // The 88 and the 100 are more than an hour old.
    desk.refuses(settle(9_899, "first"), Code::SettlementPrice);
    desk.does(settle(9_900, "first"));
    desk.refuses(settle(9_900, "first"), Code::SecondApproval);
    assert_eq!(desk.wallet(ANN, USD), money(50));
    desk.does(settle(9_900, "second"));
    assert_eq!((desk.wallet(ANN, USD), desk.wallet(BEN, USD)), (money(45), money(10_005)));
    desk.not_placed(ALPHA, limit(BEN, 1, 9_900), Code::PhaseRefused);
    desk.refuses(settle(9_900, "third"), Code::PhaseRefused);
}
