//! While a price may not be used: cancels and orders that reduce pass, nothing else does.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::*;

const ANN: u32 = 0;
const BEN: u32 = 1;
const DEGRADED: [PriceState; 4] = [PriceState::Thin, PriceState::Protected, PriceState::Frozen, PriceState::Halted];

/// Ann is long 5 against Ben; both have an order that opens, Ann a stop that waits.
fn at(state: PriceState) -> (Desk, u64) {
    let mut desk = Desk::with(RULES, &[1_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    let order = desk.rests(ALPHA, limit(ANN, 2, 9_800));
    desk.rests(ALPHA, limit(BEN, 2, 9_850));
    let trigger = Some(Trigger { price: cents(9_900), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
    desk.rests(ALPHA, Place { trigger, reduce_only: true, ..limit(ANN, -1, 9_700) });
    desk.does(VenueCommand::Mark(ALPHA, units(98), state));
    (desk, order)
}

#[test]
fn nothing_is_opened_and_no_trigger_fires() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        assert_eq!(desk.of_kind(Kind::Triggered).count(), 0, "{state:?}");
        assert_eq!((desk.status(ANN), desk.status(BEN)), (Status::Undecided, Status::Undecided));
        for place in [
            limit(ANN, 1, 9_800),
            limit(ANN, -6, 9_850),
            isolated(limit(ANN, 1, 9_800)),
            isolated(limit(ANN, -1, 9_850)),
            limit(BEN, -1, 9_900),
            market(BEN, -1),
        ] {
            desk.not_placed(ALPHA, place, Code::PriceUnusable);
        }
        // Nor in the other instrument, whose price is fine: the account is undecided.
        desk.not_placed(BETA, limit(ANN, 1, 10_000), Code::PriceUnusable);
    }
}

#[test]
fn what_reduces_passes_unless_the_price_is_halted() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        let refused = desk.place(ALPHA, limit(ANN, -2, 9_850));
        if state == PriceState::Halted {
            assert_eq!(refused, Some(Code::PriceUnusable));
            continue;
        }
        assert_eq!((refused, desk.filled(), desk.held(ANN, ALPHA, false)), (None, 2, 3), "{state:?}");
        desk.rests(ALPHA, Place { reduce_only: true, ..limit(ANN, -3, 10_000) });
    }
}

#[test]
fn cancels_pass_and_smaller_amendments_but_no_larger_ones() {
    for state in DEGRADED {
        let (mut desk, order) = at(state);
        assert_eq!(desk.amend(ALPHA, order, Some(3), None), Some(Code::PriceUnusable), "{state:?}");
        assert_eq!(desk.amend(ALPHA, order, None, Some(9_801)), Some(Code::PriceUnusable), "{state:?}");
        assert_eq!(desk.amend(ALPHA, order, Some(1), None), None);
        desk.cancel(ALPHA, order);
        desk.does(VenueCommand::CancelAll(None, CancelAll { account: Some(BEN), ..CancelAll::default() }));
        assert_eq!(desk.of_kind(Kind::Canceled).count(), 1);
        desk.does(VenueCommand::Disconnect(ANN));
        assert_eq!(desk.of_kind(Kind::Canceled).count(), 1);
    }
}

#[test]
fn no_money_leaves_accounts_that_depend_on_it() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        desk.does(VenueCommand::Deposit(ANN, USD, money(1)));
        desk.refuses(VenueCommand::Withdraw(ANN, USD, money(1)), Code::PriceUnusable);
        desk.refuses(VenueCommand::Margin(ANN, BETA, money(1)), Code::PriceUnusable);
        desk.refuses(VenueCommand::Topup(House::Fund, Some(ANN), None, money(1)), Code::PriceUnusable);
    }
}

#[test]
fn a_request_is_not_confirmed_on_it() {
    for state in DEGRADED {
        let mut desk = Desk::with(RULES, &[1_000, 10_000]);
        desk.trade(ALPHA, ANN, BEN, 5, 10_000);
        desk.does(VenueCommand::Withdraw(ANN, USD, money(1)));
        desk.does(VenueCommand::Mark(ALPHA, units(100), state));
        desk.refuses(VenueCommand::ConfirmWithdrawal(1), Code::PriceUnusable);
        desk.does(VenueCommand::ReleaseWithdrawal(1));
    }
}

#[test]
fn an_isolated_position_gives_nothing_back_on_it() {
    for state in DEGRADED {
        let mut desk = Desk::with(RULES, &[1_000, 10_000]);
        desk.rests(ALPHA, limit(BEN, -5, 10_000));
        desk.rests(ALPHA, isolated(limit(ANN, 5, 10_000)));
        desk.does(VenueCommand::Margin(ANN, ALPHA, money(10)));
        desk.does(VenueCommand::Mark(ALPHA, units(100), state));
        desk.refuses(VenueCommand::Margin(ANN, ALPHA, -money(1)), Code::PriceUnusable);
        // More may come: the wallet does not depend on it.
        desk.does(VenueCommand::Margin(ANN, ALPHA, money(1)));
        desk.does(VenueCommand::Withdraw(ANN, USD, money(1)));
    }
}

#[test]
fn nothing_is_settled_and_no_funding_paid_on_it() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        desk.passes(24 * HOUR);
        assert_eq!(desk.of_kind(Kind::Settlement).count(), 0);
        assert_eq!(desk.of_kind(Kind::Posting).count(), 0);
        assert!(desk.of_kind(Kind::Funding).all(|event| event.amount == 0));
        assert_eq!((desk.wallet(ANN, USD), desk.wallet(BEN, USD)), (money(1_000), money(10_000)));
    }
}

#[test]
fn no_trading_phase_is_entered_on_it() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        desk.does(VenueCommand::Halt(Some(ALPHA)));
        desk.refuses(VenueCommand::Resume(Some(ALPHA)), Code::PriceUnusable);
        desk.does(VenueCommand::Resume(None));
        assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::Halted);
        desk.does(VenueCommand::Mark(ALPHA, units(100), PriceState::Live));
        desk.does(VenueCommand::Resume(Some(ALPHA)));
        desk.does(VenueCommand::Mark(ALPHA, units(100), state));
        for phase in [Phase::Open, Phase::Auction, Phase::ReduceOnly] {
            desk.refuses(VenueCommand::Phase(ALPHA, phase), Code::PriceUnusable);
        }
    }
}

#[test]
fn everything_goes_on_when_it_may_be_used_again() {
    for state in DEGRADED {
        let (mut desk, _) = at(state);
        desk.mark(ALPHA, 9_900);
        assert_eq!(desk.of_kind(Kind::Triggered).count(), 1);
        assert_eq!((desk.status(ANN), desk.status(BEN)), (Status::Healthy, Status::Healthy));
        desk.rests(ALPHA, limit(ANN, 1, 9_800));
        desk.does(VenueCommand::Withdraw(ANN, USD, money(1)));
    }
}

#[test]
fn a_thin_price_is_used_where_the_rulebook_trades_on_it() {
    let rules = RULES.replace("[underlying.ALPHA]", "[underlying.ALPHA.index]\nthin = \"trade\"");
    let mut desk = Desk::with(&rules, &[1_000, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    desk.does(VenueCommand::Mark(ALPHA, units(99), PriceState::Thin));
    assert_eq!(desk.status(ANN), Status::Healthy);
    desk.rests(ALPHA, limit(ANN, 1, 9_900));
    desk.does(VenueCommand::Withdraw(ANN, USD, money(1)));
    desk.passes(8 * HOUR);
    assert_eq!(desk.wallet(ANN, USD), money(995));
}

#[test]
fn after_a_restart_no_price_is_used_until_it_is_told_again() {
    let (mut desk, order) = at(PriceState::Live);
    desk.does(VenueCommand::Restart);
    assert_eq!(desk.status(ANN), Status::Undecided);
    // Nothing trades until somebody resumes, who needs a price that may be used; orders stay, and cancels pass.
    desk.not_placed(ALPHA, limit(ANN, -1, 9_850), Code::PhaseRefused);
    desk.refuses(VenueCommand::Resume(Some(ALPHA)), Code::PriceUnusable);
    desk.cancel(ALPHA, order);
    desk.mark(ALPHA, 9_800);
    assert_eq!(desk.status(ANN), Status::Healthy);
    desk.does(VenueCommand::Resume(Some(ALPHA)));
    assert_eq!(desk.venue.book(ALPHA).expect("the book").phase(), Phase::Preopen);
}

#[test]
fn a_halted_phase_lets_cancels_pass_only() {
    let (mut desk, order) = at(PriceState::Live);
    desk.does(VenueCommand::Halt(None));
    desk.not_placed(ALPHA, limit(ANN, -1, 9_850), Code::PhaseRefused);
    assert_eq!(desk.amend(ALPHA, order, Some(1), None), Some(Code::PhaseRefused));
    // A mark moves: the stop waits until the instrument is open.
    desk.mark(ALPHA, 9_500);
    assert_eq!(desk.of_kind(Kind::Triggered).count(), 0);
    desk.cancel(ALPHA, order);
}

#[test]
fn before_any_price_an_account_with_money_alone_is_decided() {
    let mut desk = Desk::bare(RULES);
    desk.opens(ANN, 100);
    desk.does(VenueCommand::Deposit(ANN, BTC, money(1)));
    assert_eq!(desk.status(ANN), Status::Undecided);
    desk.refuses(VenueCommand::Withdraw(ANN, USD, money(1)), Code::PriceUnusable);
    desk.opens(BEN, 100);
    desk.does(VenueCommand::Withdraw(BEN, USD, money(100)));
    desk.refuses(VenueCommand::Phase(ALPHA, Phase::Open), Code::PriceUnusable);
    desk.does(VenueCommand::Phase(ALPHA, Phase::Preopen));
    desk.not_placed(ALPHA, limit(BEN, 1, 10_000), Code::PriceUnusable);
}
