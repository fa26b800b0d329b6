//! Two accounts cannot trade a loss to the venue, at once or in parts, whatever the way (`gate.fill`).

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::*;

const ANN: u32 = 0;
const BEN: u32 = 1;
const FRIEND: u32 = 2;

/// Ann had 60 and is long 5 at 100. At 89 she has lost 55: equity 5 of 5·89·5 % = 22.25 that it should be. A friend
/// would take her position over at a price below the mark; incoming sellers may go down to 89·97 % = 86.33.
fn ann_fell(isolates: bool) -> Desk {
    let mut desk = Desk::with(RULES, &[60, 10_000, 10_000]);
    if isolates {
        desk.rests(ALPHA, limit(BEN, -5, 10_000));
        desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
        desk.does(VenueCommand::Margin(ANN, ALPHA, money(10)));
        desk.does(VenueCommand::Deposit(ANN, USD, money(1_000)));
    } else {
        desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    }
    desk.mark(ALPHA, 8_900);
    let equity = if isolates { desk.bucket(ANN, ALPHA).equity } else { desk.figures(ANN).equity };
    assert_eq!(equity, money(5));
    desk
}

fn sale(isolates: bool, contracts: i64, price: i64) -> Place<'static> {
    Place { isolated: isolates, ..limit(ANN, -contracts, price) }
}

/// The friend's order stays, hers is gone, and she holds what she held.
fn was_refused(desk: &Desk, isolates: bool) {
    assert_eq!(desk.filled(), 0, "{:?}", desk.events);
    let of = |event: &&Event| event.account == ANN && event.code == Some(Code::FillRefused);
    assert_eq!(desk.of_kind(Kind::Canceled).filter(of).count(), 1, "{:?}", desk.events);
    assert_eq!(desk.held(ANN, ALPHA, isolates), 5);
    let book = desk.venue.book(ALPHA).expect("the book");
    assert_eq!(book.account(ANN).orders, 0);
}

#[test]
fn a_whole_position_is_not_closed_beyond_its_bankruptcy() {
    for isolates in [false, true] {
        for reduce_only in [false, true] {
            let mut desk = ann_fell(isolates);
            // 5·(89 − 87.99) = 5.05 is more than 5.
            desk.rests(ALPHA, limit(FRIEND, 5, 8_799));
            desk.place(ALPHA, Place { reduce_only, ..sale(isolates, 5, 8_633) });
            was_refused(&desk, isolates);
            assert_eq!(desk.venue.book(ALPHA).expect("the book").account(FRIEND).orders, 1);
            // At 88 nothing is left, and nothing missing.
            desk.rests(ALPHA, limit(FRIEND, 5, 8_800));
            desk.place(ALPHA, Place { reduce_only, ..sale(isolates, 5, 8_800) });
            assert_eq!((desk.filled(), desk.held(ANN, ALPHA, isolates)), (5, 0));
        }
    }
}

#[test]
fn a_market_order_closes_nothing_beyond_bankruptcy_either() {
    let mut desk = ann_fell(false);
    desk.rests(ALPHA, limit(FRIEND, 5, 8_650));
    desk.place(ALPHA, market(ANN, -5));
    was_refused(&desk, false);
}

#[test]
fn a_position_is_not_given_away_in_parts() {
    for isolates in [false, true] {
        let mut desk = ann_fell(isolates);
        // One sold at p: (5 − (89 − p)) ÷ 17.8 is at least 5 ÷ 22.25 from p = 88 on.
        desk.rests(ALPHA, limit(FRIEND, 1, 8_799));
        desk.place(ALPHA, sale(isolates, 1, 8_799));
        was_refused(&desk, isolates);
        (0..5).for_each(|_| _ = desk.rests(ALPHA, limit(FRIEND, 1, 8_800)));
        for sold in 1..=5 {
            desk.place(ALPHA, sale(isolates, 1, 8_800));
            assert_eq!((desk.filled(), desk.held(ANN, ALPHA, isolates)), (1, 5 - sold));
        }
        // Each one cost 1 of the 5: nothing is left, and nothing missing.
        let left = if isolates { desk.bucket(ANN, ALPHA).equity } else { desk.figures(ANN).net_value };
        assert_eq!(left, 0);
    }
}

#[test]
fn a_part_that_worsens_what_is_left_is_refused_after_a_part_that_did_not() {
    let mut desk = ann_fell(false);
    desk.rests(ALPHA, limit(FRIEND, 2, 8_900));
    desk.rests(ALPHA, limit(FRIEND, 3, 8_700));
    // 2 at the mark: 5 ÷ 13.35. Then 3 at 87 cost 6.
    desk.place(ALPHA, sale(false, 5, 8_700));
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, false)), (2, 3));
    assert_eq!(desk.canceled(), Some(Code::FillRefused));
}

#[test]
fn a_resting_order_gives_nothing_away() {
    for isolates in [false, true] {
        for reduce_only in [false, true] {
            let mut desk = ann_fell(isolates);
            desk.rests(ALPHA, Place { reduce_only, ..sale(isolates, 5, 8_799) });
            desk.place(ALPHA, limit(FRIEND, 5, 8_799));
            was_refused(&desk, isolates);
        }
    }
}

#[test]
fn an_auction_gives_nothing_away() {
    for isolates in [false, true] {
        let mut desk = ann_fell(isolates);
        desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
        desk.rests(ALPHA, sale(isolates, 5, 8_799));
        desk.rests(ALPHA, limit(FRIEND, 5, 8_799));
        desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
        was_refused(&desk, isolates);
    }
}

#[test]
fn an_auction_gives_nothing_away_in_parts() {
    let mut desk = ann_fell(false);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
    for _ in 0..5 {
        desk.rests(ALPHA, sale(false, 1, 8_799));
        desk.rests(ALPHA, limit(FRIEND, 1, 8_799));
    }
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, false)), (0, 5));
}

#[test]
fn fills_of_one_auction_are_judged_one_after_the_other() {
    // 1 at 88 each keeps the ratio: asked from where the one before it led to, all five pass.
    let mut desk = ann_fell(false);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
    for _ in 0..5 {
        desk.rests(ALPHA, sale(false, 1, 8_700));
        desk.rests(ALPHA, limit(FRIEND, 1, 8_800));
    }
    // From 87 to 88 all trade; 88 is nearest to the mark.
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, false), desk.figures(ANN).net_value), (5, 0, 0));
}

#[test]
fn a_stop_order_gives_nothing_away() {
    for isolates in [false, true] {
        let mut desk = ann_fell(isolates);
        desk.rests(ALPHA, limit(FRIEND, 5, 8_799));
        let trigger = Trigger { price: cents(8_890), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow };
        desk.place(ALPHA, Place { trigger: Some(trigger), ..sale(isolates, 5, 8_750) });
        assert_eq!(desk.of_kind(Kind::Triggered).count(), 0);
        // At 88.90 equity is 4.50; 5·(88.90 − 87.99) = 4.55.
        desk.mark(ALPHA, 8_890);
        assert_eq!(desk.of_kind(Kind::Triggered).count(), 1);
        was_refused(&desk, isolates);
    }
}

#[test]
fn an_amendment_gives_nothing_away() {
    for isolates in [false, true] {
        let mut desk = ann_fell(isolates);
        desk.rests(ALPHA, limit(FRIEND, 5, 8_799));
        let order = desk.rests(ALPHA, sale(isolates, 5, 9_000));
        desk.amend(ALPHA, order, None, Some(8_799));
        was_refused(&desk, isolates);
    }
}

#[test]
fn who_may_not_fill_does_not_clear_the_orders_of_others() {
    let mut desk = ann_fell(false);
    let orders: Vec<u64> = (0..3).map(|at| desk.rests(ALPHA, limit(FRIEND, 5, 8_700 + at))).collect();
    for _ in 0..3 {
        desk.place(ALPHA, market(ANN, -5));
        was_refused(&desk, false);
    }
    let book = desk.venue.book(ALPHA).expect("the book");
    assert!(orders.iter().all(|order| book.left_of(*order) == 5));
}

#[test]
fn a_bankrupt_position_is_not_traded_at_all() {
    for isolates in [false, true] {
        let mut desk = ann_fell(isolates);
        // At 87.90 equity is −0.50.
        desk.mark(ALPHA, 8_790);
        desk.rests(ALPHA, limit(FRIEND, 5, 8_790));
        let refused = desk.place(ALPHA, sale(isolates, 5, 8_790));
        if isolates {
            was_refused(&desk, true);
        } else {
            assert_eq!(refused, Some(Code::AccountBankrupt));
        }
    }
}

/// Ann is long 10 at 100 and, in the other instrument, 50 of 0.1 at 100, with 150. At 88 the first has lost 120: equity
/// 30, of 44 + 25 that it should be.
fn ann_fell_with_two() -> Desk {
    let mut desk = Desk::with(RULES, &[150, 10_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 10, 10_000);
    desk.trade(BETA, ANN, BEN, 50, 10_000);
    desk.mark(ALPHA, 8_800);
    let figures = desk.figures(ANN);
    assert_eq!(
        (figures.equity, figures.maintenance_margin, desk.status(ANN)),
        (money(30), money(69), Status::Liquidation)
    );
    desk
}

#[test]
fn closing_one_of_two_positions_does_not_give_away_what_covers_the_other() {
    let mut desk = ann_fell_with_two();
    // All of the second at 97 costs 15: 15 of 44 are left where 30 of 69 were. A part of it would be refused: 49 at 97
    // leave 30 − 14.70 of 44 + 0.50, and so must the whole be, since the bucket is not closed with it.
    desk.rests(BETA, limit(FRIEND, 50, 9_700));
    desk.place(BETA, limit(ANN, -49, 9_700));
    assert_eq!((desk.filled(), desk.canceled()), (0, Some(Code::FillRefused)));
    desk.place(BETA, limit(ANN, -50, 9_700));
    assert_eq!((desk.filled(), desk.canceled()), (0, Some(Code::FillRefused)), "{:?}", desk.figures(ANN));
}

#[test]
fn closing_one_of_two_positions_at_the_mark_passes() {
    let mut desk = ann_fell_with_two();
    desk.rests(BETA, limit(FRIEND, 50, 10_000));
    desk.place(BETA, limit(ANN, -50, 10_000));
    assert_eq!((desk.filled(), desk.held(ANN, BETA, false)), (50, 0));
    // And the last one, at a price that leaves nothing: 30 ÷ 10 below 88.
    desk.rests(ALPHA, limit(FRIEND, 5, 8_700));
    desk.rests(ALPHA, limit(FRIEND, 10, 8_550));
    desk.place(ALPHA, limit(ANN, -10, 8_550));
    // 5 at 87 leave 25 of 22. 5 at 85.50 would leave 12.50 and close all.
    assert_eq!((desk.filled(), desk.held(ANN, ALPHA, false)), (10, 0));
    assert_eq!(desk.figures(ANN).net_value, money(25) - money(25) / 2);
}

#[test]
fn an_opening_far_from_the_mark_reserves_what_it_loses() {
    // Initial margin goes by the mark: 50. At 103 they lose 15 at once.
    for (dollars, fits) in [(65, true), (64, false)] {
        let mut desk = Desk::with(RULES, &[dollars, 10_000, 10_000]);
        desk.rests(ALPHA, limit(FRIEND, -5, 10_300));
        let refused = desk.place(ALPHA, limit(ANN, 5, 10_300));
        assert_eq!((refused.is_none(), desk.filled()), (fits, if fits { 5 } else { 0 }));
        if fits {
            assert_eq!((desk.figures(ANN).equity, desk.status(ANN)), (money(50), Status::Healthy));
        }
    }
}

#[test]
fn a_resting_order_that_the_mark_left_behind_opens_nothing_below_maintenance() {
    let mut desk = Desk::with(RULES, &[65, 10_000, 10_000]);
    desk.rests(ALPHA, limit(ANN, 5, 10_000));
    // At 92 the order would lose 40 at once, and 46 of initial margin: more than 65, so it is pruned.
    desk.mark(ALPHA, 9_200);
    assert_eq!(desk.canceled(), Some(Code::AccountRestricted));
    desk.place(ALPHA, limit(FRIEND, -5, 9_200));
    assert_eq!(desk.filled(), 0);
}
