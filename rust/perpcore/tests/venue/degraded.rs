//! While a price may not be used.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::{Amend, Command, Kind, Named, Phase, PriceState, VenueCommand};

const BROKEN: [PriceState; 4] = [PriceState::Thin, PriceState::Protected, PriceState::Frozen, PriceState::Halted];

/// 1 is long 10, 2 short 10, 2 has an order on each side; then the mark of BTC breaks.
fn desk(state: Option<PriceState>) -> (Desk, u64) {
    let mut desk = Desk::new(RULES);
    desk.open(1, 1_000.0);
    desk.rich(&[2, 3]);
    desk.trade(1, 2, 10.0, 100.0);
    let rests = order(&desk.place(limit(1, 1.0, 90.0)));
    match state {
        Some(state) => desk.ok(VenueCommand::Mark(BTC, g(101.0), state)),
        None => desk.ok(VenueCommand::Restart),
    };
    (desk, rests)
}

#[test]
fn only_what_reduces_passes() {
    for state in BROKEN.map(Some).into_iter().chain([None]) {
        let (mut desk, rests) = desk(state);
        let halted = state == Some(PriceState::Halted);
        let usd = desk.asset("USD");
        if state.is_none() {
            // After a restart nothing is sent at all until somebody resumes: here not even what reduces.
            assert_eq!(ended(&desk.place(limit(1, -1.0, 100.0))), Some(Code::PhaseRefused));
            continue;
        }
        // Nothing opens: neither more nor anew, nor by one order through zero.
        for place in [limit(1, 1.0, 100.0), limit(3, -1.0, 100.0), limit(1, -10.001, 100.0)] {
            assert_eq!(ended(&desk.place(place)), Some(Code::PriceUnusable), "{state:?} {place:?}");
        }
        // An amendment that adds is asked like an order.
        let more = Amend { order: Named::Order(rests), account: None, quantity: Some(g(2.0)), price: None };
        let said = desk.tell(VenueCommand::Book(BTC, Command::Amend(more)));
        assert_eq!(refusal(&said), Some(Code::PriceUnusable), "{state:?}");
        // No money leaves, by no way.
        for way in [VenueCommand::Withdraw(1, usd, 1), VenueCommand::Margin(1, BTC, 1), VenueCommand::Margin(1, ETH, 1)]
        {
            assert_eq!(desk.code(way), Some(Code::PriceUnusable), "{state:?} {way:?}");
        }
        // Who has nothing in it is free.
        assert_eq!(desk.withdraw(3, 1.0), None, "{state:?}");
        // Reducing passes, but for a halt; cancels always.
        let said = desk.place(limit(1, -5.0, 95.0));
        assert_eq!(refusal(&said), halted.then_some(Code::PriceUnusable), "{state:?}");
        if !halted {
            assert_eq!(traded(&desk.place(limit(2, 5.0, 95.0))), g(5.0), "{state:?}");
        }
        assert_eq!(refusal(&desk.cancel(rests)), None, "{state:?}");
        // Neither funding nor settlement.
        let said = desk.settle();
        assert!(kinds(&said, Kind::Settlement).is_empty(), "{state:?}");
        assert!(kinds(&said, Kind::Posting).is_empty(), "{state:?}");
        assert_eq!(desk.cash(1), m(1_000.0), "{state:?}");
        // Once it is told again all passes.
        desk.index(BTC, 101.0);
        desk.mark(BTC, 101.0);
        desk.index(ETH, 100.0);
        desk.mark(ETH, 100.0);
        assert_eq!(kinds(&desk.settle(), Kind::Settlement).len(), 1, "{state:?}");
        assert_eq!(desk.withdraw(1, 1.0), None, "{state:?}");
    }
}

/// A stop order that fires by another price is asked when it fires.
#[test]
fn a_stop_that_opens_does_not_fire_into_a_broken_price() {
    use perpcore::message::{Place, Trigger, TriggerBy, TriggerWhen};
    let (mut desk, _) = desk(Some(PriceState::Frozen));
    let trigger = Some(Trigger { price: g(110.0), by: TriggerBy::Index, when: TriggerWhen::AtOrAbove });
    desk.place(Place { trigger, ..limit(3, 1.0, 110.0) });
    let said = desk.index(BTC, 111.0);
    assert_eq!(ended(&said), Some(Code::PriceUnusable), "{said:?}");
    // A told mark that may not be used fires nothing.
    let trigger = Some(Trigger { price: g(80.0), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
    desk.place(Place { trigger, ..limit(1, -10.0, 80.0) });
    let said = desk.ok(VenueCommand::Mark(BTC, g(70.0), PriceState::Protected));
    assert!(kinds(&said, Kind::Triggered).is_empty(), "{said:?}");
}

/// Phases that trade need a price, and so does the end of a halt.
#[test]
fn no_phase_trades_without_a_price() {
    let mut desk = Desk::new(RULES);
    desk.ok(VenueCommand::Halt(Some(BTC)));
    assert_eq!(desk.code(VenueCommand::Phase(BTC, Phase::Open)), Some(Code::PhaseRefused));
    desk.ok(VenueCommand::Restart);
    assert_eq!(desk.code(VenueCommand::Resume(Some(BTC))), Some(Code::PriceUnusable));
    desk.mark(BTC, 100.0);
    desk.ok(VenueCommand::Resume(Some(BTC)));
    desk.ok(VenueCommand::Restart);
    for phase in [Phase::Open, Phase::Auction, Phase::ReduceOnly] {
        assert_eq!(desk.code(VenueCommand::Phase(BTC, phase)), Some(Code::PhaseRefused));
    }
    // A broken price settles nothing for the last time either, unless an index was told that could be used.
    let mut untold = Desk::closed(RULES);
    untold.mark(BTC, 100.0);
    untold.ok(VenueCommand::Phase(BTC, Phase::Settling));
    assert_eq!(untold.code(VenueCommand::Settle(BTC, None, "")), Some(Code::SettlementPrice));
}
