//! The call auction.

use crate::desk::{Desk, rejected};
use crate::setting::{Judge, limit, market, terms};
use perpcore::book::owner::{Fill, Refused};
use perpcore::book::store::Store;
use perpcore::fault::Code;
use perpcore::message::*;

macro_rules! collects {
    ($desk:ident, $($account:literal $lots:literal at $price:literal),*) => {
        $desk.phase(Phase::Auction);
        $($desk.rests(limit($account, $lots, $price));)*
    };
}

behaviors! {
    orders_are_collected_and_do_not_trade(desk) {
        collects!(desk, 1 5 at 105, 2 -5 at 100);
        assert_eq!((desk.queue(Side::Bid), desk.queue(Side::Ask)), (vec![(1, 5, 105)], vec![(2, 5, 100)]));
        rejected(&desk.place(market(3, 5)), Code::PhaseRefused);
        rejected(&desk.place(Place { tif: Tif::Fok, ..limit(3, 5, 100) }), Code::PhaseRefused);
    }

    the_price_with_the_most_volume_is_taken(desk) {
        // At 101: 9 bought, 4 sold; at 102: 9 and 10; at 103: 5 and 10.
        collects!(desk, 1 5 at 103, 2 4 at 102, 3 -4 at 101, 4 -6 at 102);
        let found = desk.book.indicative().expect("crossed");
        assert_eq!((found.price, found.lots, found.surplus), (102, 9, -1));
        assert_eq!(desk.at(1), ["indicative 9@102"]);
        assert_eq!(desk.phase(Phase::Open),
            ["phase open", "filled #1 with #3 4@102", "filled #1 with #4 1@102", "filled #2 with #4 4@102"]);
        assert_eq!(desk.events[1].aggressor, Aggressor::Neither);
        assert_eq!(desk.queue(Side::Ask), [(4, 1, 102)], "what is left keeps its place");
    }

    of_equal_volume_the_least_surplus(desk) {
        // 5 trade from 100 to 104; above 102 the buyers' surplus of 3 is gone.
        collects!(desk, 1 5 at 104, 2 3 at 102, 3 -5 at 100);
        let found = desk.book.indicative().expect("crossed");
        assert_eq!((found.price, found.lots, found.surplus), (103, 5, 0));
    }

    of_equal_surplus_nearest_the_reference_then_the_lower(desk) {
        collects!(desk, 1 5 at 1_010, 2 -5 at 1_000);
        let price = |desk: &Desk<S>| desk.book.indicative().expect("crossed").price;
        assert_eq!(price(&desk), 1_000, "without a reference the lower");
        desk.mark(1_007);
        assert_eq!(price(&desk), 1_007);
        desk.mark(1_020);
        assert_eq!(price(&desk), 1_010);
        desk.mark(990);
        assert_eq!(price(&desk), 1_000);
        desk.tell(&Command::Mark(1_004 * crate::setting::TICK + crate::setting::TICK / 2));
        assert_eq!(price(&desk), 1_004, "halfway the lower");
    }

    the_last_trade_is_the_reference_without_a_mark(desk) {
        desk.rests(limit(8, -3, 105));
        desk.place(limit(9, 3, 105));
        collects!(desk, 1 5 at 110, 2 -5 at 100);
        assert_eq!(desk.book.indicative().expect("crossed").price, 105);
    }

    beyond_the_collar_the_auction_goes_on(desk) {
        collects!(desk, 1 5 at 1_010, 2 -5 at 1_000);
        desk.mark(980);
        assert_eq!(desk.phase(Phase::Open), ["phase auction_extended auction", "indicative 5@1000"]);
        assert_eq!(desk.book.phase(), Phase::Auction);
        desk.mark(995);
        assert_eq!(desk.phase(Phase::Open), ["phase open", "filled #1 with #2 5@1000"]);
    }

    clients_are_filled_before_an_affiliated_market_maker(desk) {
        desk.account(1, 1, Class::AffiliatedMarketMaker);
        collects!(desk, 1 5 at 100, 2 5 at 100, 3 -7 at 100);
        assert_eq!(desk.phase(Phase::Open)[1..], ["filled #2 with #3 5@100", "filled #1 with #3 2@100"]);
    }

    orders_that_would_meet_their_own_group_end_before_by_the_prevention_of_the_later_one(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        collects!(desk, 1 5 at 100, 2 -5 at 100, 3 -5 at 100);
        assert_eq!(desk.phase(Phase::Open), ["canceled self_trade #2 -5@100", "phase open", "filled #1 with #3 5@100"]);
        for (stp, ends) in [(Stp::Maker, vec![4]), (Stp::Both, vec![6, 7]), (Stp::Decrement, vec![9])] {
            desk.phase(Phase::Auction);
            desk.rests(limit(1, 5, 100));
            desk.rests(Place { stp, ..limit(2, -5, 100) });
            let said = desk.phase(Phase::Open);
            let canceled: Vec<String> = ends.iter().map(|id| format!("canceled self_trade #{id}")).collect();
            let found: Vec<&str> = said[..said.len() - 1].iter().map(|line| &line[..line.rfind(' ').unwrap_or(0)]).collect();
            assert_eq!(found, canceled);
            desk.tell(&Command::CancelAll(CancelAll::default()));
        }
    }

    the_price_is_found_anew_without_the_orders_that_failed(desk) {
        desk.account(1, 7, Class::Professional);
        desk.account(2, 7, Class::Professional);
        // With #3 10 trade at 102 (its own group's); without it 4 at 105.
        collects!(desk, 1 10 at 105, 3 -4 at 105, 2 -6 at 102);
        assert_eq!(desk.book.indicative().expect("crossed").price, 105);
        let said = desk.phase(Phase::Open);
        assert_eq!(said, ["canceled self_trade #3 -6@102", "phase open", "filled #1 with #2 4@105"]);
    }

    whoever_meets_others_since_one_failed_is_looked_at_again_at_the_same_price(desk) {
        for (account, group) in [(1, 7), (2, 7), (3, 8), (4, 8)] {
            desk.account(account, group, Class::Professional);
        }
        // #3 would take all of #1 and then meet its own group in #2; without it #4 meets its own group in #1.
        collects!(desk, 3 -3 at 100, 1 -10 at 100, 2 5 at 100, 4 5 at 100);
        assert_eq!(desk.phase(Phase::Open),
            ["canceled self_trade #3 5@100", "canceled self_trade #4 5@100", "phase open"]);
    }

    what_an_uncross_leaves_crossed_passes_the_checks_again(desk) {
        // Account 1 holds 5 and buys with orders that may only reduce after it sold: as its plain order buys, those are cut.
        desk.hold(1, -10);
        desk.account(2, 2, Class::Professional);
        desk.phase(Phase::Auction);
        desk.rests(limit(1, 10, 110));
        desk.rests(Place { reduce_only: true, ..limit(1, 10, 110) });
        desk.rests(Place { stp: Stp::Maker, ..limit(2, 5, 105) });
        desk.rests(limit(4, -10, 100));
        desk.rests(limit(2, -10, 101));
        assert_eq!(desk.phase(Phase::Open), [
            "phase open", "filled #1 with #4 10@106", "canceled beyond_position #2 10@110",
            "canceled self_trade #5 -10@101",
        ]);
    }

    whoever_meets_because_others_were_cut_passes_the_checks_too(desk) {
        // As the plain order of account 1 buys, its reduce-only one is cut: account 2 would meet itself at the same price.
        desk.hold(1, -10);
        desk.phase(Phase::Auction);
        desk.rests(limit(1, 10, 110));
        desk.rests(Place { reduce_only: true, ..limit(1, 10, 110) });
        desk.rests(limit(2, 5, 110));
        desk.rests(limit(4, -10, 100));
        desk.rests(limit(2, -3, 101));
        desk.rests(limit(5, -3, 101));
        // 16 are sold from 101 on and 25 bought up to 110: the lowest price of all that are equal.
        assert_eq!(desk.phase(Phase::Open), [
            "phase open", "filled #1 with #4 10@101", "canceled beyond_position #2 10@110",
            "canceled self_trade #5 -3@101", "filled #3 with #6 3@101",
        ]);
    }

    indicative_is_none_where_nothing_crosses(desk) {
        collects!(desk, 1 5 at 99, 2 -5 at 100);
        assert_eq!(desk.book.indicative(), None);
        assert_eq!(desk.at(1), [""; 0]);
    }

    a_halt_admits_only_cancels(desk) {
        desk.rests(limit(1, 5, 100));
        for phase in [Phase::Halted, Phase::Settling, Phase::Listed] {
            assert_eq!(desk.phase(phase), [format!("phase {}", phase.text())]);
            rejected(&desk.place(limit(1, 5, 100)), Code::PhaseRefused);
            rejected(&desk.amend(1, Some(4), None), Code::PhaseRefused);
        }
        assert_eq!(desk.cancel(1).len(), 1);
        desk.phase(Phase::Settled);
        rejected(&desk.phase(Phase::Open), Code::PhaseRefused);
    }

    settled_ends_every_order(desk) {
        desk.rests(limit(1, 5, 100));
        assert_eq!(desk.phase(Phase::Settled), ["canceled phase_refused #1 5@100", "phase settled"]);
    }
}

fn refuses_account_1(fill: &Fill) -> Option<Refused> {
    (fill.taker == 1).then_some(Refused::Taker).or((fill.maker == 1).then_some(Refused::Maker))
}

fn owner_is_asked_before<S: Store>() {
    let mut desk = Desk::<S>::of(terms(), Judge::new(refuses_account_1));
    collects!(desk, 1 5 at 105, 2 4 at 104, 3 -5 at 100);
    let said = desk.phase(Phase::Open);
    // Alone 4 against 5: the same surplus from 100 to 104, no reference, so the lowest.
    assert_eq!(said, ["canceled fill_refused #1 5@105", "phase open", "filled #2 with #3 4@100"]);
}

#[test]
fn the_owner_is_asked_before_and_who_may_not_trade_is_canceled() {
    owner_is_asked_before::<perpcore::book::fast::Fast>();
    owner_is_asked_before::<perpcore::book::reference::Reference>();
}
