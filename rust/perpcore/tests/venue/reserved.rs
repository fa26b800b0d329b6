//! Who may open at all, and that what rests is what is reserved for.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::account::Order;
use perpcore::margin::line::Noted;
use perpcore::margin::portfolio::Exposures;
use perpcore::margin::value;
use perpcore::message::{Class, Flags, Kind, Place, Settings, Stp, Tif, VenueCommand};

const CLIENT: &str = "[asset.USD]";
const ASKED: &str = "[client]\nrequire = [\"professional\", \"knowledge\"]\n[asset.USD]";

fn proved(hours: i64) -> Settings {
    let until = Some(START + hours * HOUR);
    Settings { investor_until: until, knowledge_until: Some(START + 9 * HOUR), ..Settings::default() }
}

/// A proof that ends between order and fill: what adds risk ends with it, what reduces stays.
#[test]
fn no_opening_fill_once_a_proof_is_over() {
    let mut desk = Desk::with(&[(CLIENT, ASKED)]);
    desk.open_as(1, proved(1), 1_000.0);
    desk.open_as(2, as_maker(), 1e6);
    desk.trade(1, 2, 2.0, 100.0);
    let buys = order(&desk.place(limit(1, 1.0, 99.0)));
    let sells = order(&desk.place(limit(1, -1.0, 101.0)));
    desk.time = START + HOUR - 1;
    assert_eq!(traded(&desk.place(limit(2, -0.5, 99.0))), g(0.5));
    desk.time += 1;
    let said = desk.place(limit(2, -0.5, 99.0));
    assert_eq!((traded(&said), ended(&said)), (0, Some(Code::InvestorStatus)), "{said:?}");
    assert_eq!(kinds(&said, Kind::Canceled)[0].order, buys);
    desk.cancel(order(&said));
    // It still reduces, by what rests and by what comes.
    assert_eq!(traded(&desk.place(limit(2, 1.0, 101.0))), g(1.0));
    assert_ne!(sells, 0);
    assert_eq!(ended(&desk.place(limit(1, 0.1, 99.0))), Some(Code::InvestorStatus));
    assert_eq!(ended(&desk.place(limit(1, -1.501, 99.0))), Some(Code::InvestorStatus));
    desk.place(limit(2, 1.5, 99.0));
    assert_eq!(traded(&desk.place(limit(1, -1.5, 99.0))), g(1.5));
    // The other proof is asked too.
    desk.time = START + 9 * HOUR;
    desk.ok(VenueCommand::SetAccount(1, Settings { investor_until: Some(START + 99 * HOUR), ..Settings::default() }));
    assert_eq!(ended(&desk.place(limit(1, 0.1, 99.0))), Some(Code::KnowledgeStatus));
}

/// Without any proof, held or frozen: no opening as taker, maker, stop order or amendment.
#[test]
fn no_opening_fill_for_who_is_held() {
    let held = [
        (Flags { no_open: true, ..Flags::default() }, Code::AccountNoOpen),
        (Flags { frozen: true, ..Flags::default() }, Code::AccountFrozen),
    ];
    for (flags, code) in held {
        let mut desk = Desk::new(RULES);
        desk.open(1, 1_000.0);
        desk.rich(&[2]);
        desk.trade(1, 2, 2.0, 100.0);
        let buys = order(&desk.place(limit(1, 1.0, 99.0)));
        let sells = order(&desk.place(limit(1, -2.0, 101.0)));
        let turns = order(&desk.place(limit(1, -3.0, 120.0)));
        use perpcore::message::{Trigger, TriggerBy, TriggerWhen};
        let trigger = Some(Trigger { price: g(99.0), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
        desk.place(Place { trigger, ..limit(1, 1.0, 110.0) });
        let said = desk.hold(1, flags);
        let gone: Vec<u64> = kinds(&said, Kind::Canceled).iter().map(|event| event.order).collect();
        assert_eq!(gone, [turns, buys], "{said:?}");
        let said = desk.mark(BTC, 99.0);
        assert_eq!(ended(&said), Some(code), "{said:?}");
        for (quantity, price) in [(1.0, 99.0), (-2.001, 99.0)] {
            assert_eq!(ended(&desk.place(limit(1, quantity, price))), Some(code));
        }
        assert_eq!(refusal(&desk.amend(sells, Some(-2.001), None)), Some(code));
        assert_eq!(refusal(&desk.amend(sells, None, Some(100.0))), None);
        assert_eq!(traded(&desk.place(limit(2, 2.0, 100.0))), g(2.0));
        assert_eq!(desk.held(1, BTC, false), 0);
    }
}

/// Initial margin by the venue is that of the same account with what still rests, laid out by hand.
fn reserves(desk: &Desk, account: u32, orders: &[(f64, f64)]) {
    let by_hand = desk.venue.laid_out(account, |terms, market, view| {
        let orders: Vec<Order> =
            (orders.iter()).map(|(quantity, price)| Order { quantity: g(*quantity), price: g(*price) }).collect();
        let mut cross = view.cross.to_vec();
        for position in &mut cross {
            (position.orders_from, position.orders_to) =
                (0, if position.instrument == BTC { orders.len() as u32 } else { 0 });
        }
        let account = perpcore::margin::account::Account { cross: &cross, orders: &orders, ..*view };
        let (mut exposures, mut noted) = (Exposures::new(), Noted::default());
        value::account(terms, market, &account, &mut exposures, &mut noted, |_, _| ()).initial_margin
    });
    assert_eq!(Some(desk.cross(account).initial_margin), by_hand);
}

#[test]
fn what_rests_is_what_is_reserved_for() {
    let fees = "settlement = \"USD\"\nfees = { standard = { taker = \"0.05%\" } }";
    let mut desk = Desk::with(&[("settlement = \"USD\"", fees)]);
    desk.open_as(1, of_group(1, 9), 10_000.0);
    desk.open_as(3, of_group(3, 9), 10_000.0);
    desk.rich(&[2]);
    desk.trade(1, 2, 1.0, 100.0);
    reserves(&desk, 1, &[]);
    let first = order(&desk.place(limit(1, 10.0, 99.0)));
    let second = order(&desk.place(limit(1, 5.0, 98.0)));
    // 16 at 100, and 10·99·0.05 % + 5·98·0.05 % in fees at the mark: 160 + 16·… by the valuation.
    reserves(&desk, 1, &[(10.0, 99.0), (5.0, 98.0)]);
    // (1 + 15)·100·10 % + 15·100·0.05 %.
    assert_eq!(desk.cross(1).initial_margin, m(160.75));
    // Partly filled.
    assert_eq!(traded(&desk.place(limit(2, -4.0, 99.0))), g(4.0));
    reserves(&desk, 1, &[(6.0, 99.0), (5.0, 98.0)]);
    // Amended down, up and away.
    desk.amend(first, Some(7.0), None);
    reserves(&desk, 1, &[(3.0, 99.0), (5.0, 98.0)]);
    desk.amend(second, Some(8.0), Some(97.5));
    reserves(&desk, 1, &[(3.0, 99.0), (8.0, 97.5)]);
    // Self-trade prevention takes 2 off.
    desk.place(Place { stp: Stp::Decrement, ..limit(3, -2.0, 99.0) });
    reserves(&desk, 1, &[(1.0, 99.0), (8.0, 97.5)]);
    // Above the mark: a limit that the mark fell under.
    desk.place(limit(1, -3.0, 104.0));
    desk.mark(BTC, 96.0);
    reserves(&desk, 1, &[(1.0, 99.0), (8.0, 97.5), (-3.0, 104.0)]);
    // Orders that only reduce, wait or are canceled are not counted, nor one that ended by time.
    desk.place(Place { reduce_only: true, ..limit(1, -1.0, 105.0) });
    let until = Some(desk.time + HOUR);
    desk.place(Place { tif: Tif::Gtd, until, ..limit(1, 2.0, 90.0) });
    reserves(&desk, 1, &[(1.0, 99.0), (8.0, 97.5), (-3.0, 104.0), (2.0, 90.0)]);
    desk.wait(1.0);
    reserves(&desk, 1, &[(1.0, 99.0), (8.0, 97.5), (-3.0, 104.0)]);
    desk.cancel(first);
    reserves(&desk, 1, &[(8.0, 97.5), (-3.0, 104.0)]);
    desk.ok(VenueCommand::Disconnect(1));
    reserves(&desk, 1, &[]);
}

/// Affiliates by approval only, portfolio margin where it is enabled, classes as listed.
#[test]
fn what_an_account_is_must_be_admitted() {
    let mut desk =
        Desk::with(&[(CLIENT, "[client]\nclasses = [\"professional\", \"affiliated_market_maker\"]\n[asset.USD]")]);
    let class = |class| Settings { class: Some(class), ..Settings::default() };
    let open = |settings| VenueCommand::OpenAccount(1, settings);
    assert_eq!(desk.code(open(class(Class::MarketMaker))), Some(Code::ClassNotAdmitted));
    assert_eq!(desk.code(open(class(Class::AffiliatedMarketMaker))), Some(Code::ApprovalMissing));
    let portfolio = Settings { portfolio: Some(true), ..Settings::default() };
    assert_eq!(desk.code(open(portfolio)), Some(Code::ModelNotEnabled));
    desk.ok(open(Settings { approved: true, ..class(Class::AffiliatedMarketMaker) }));
    assert_eq!(desk.code(VenueCommand::SetAccount(1, class(Class::MarketMaker))), Some(Code::ClassNotAdmitted));
    assert_eq!(
        desk.code(VenueCommand::Hold(1, Flags { frozen: true, ..Flags::default() }, false)),
        Some(Code::ApprovalMissing)
    );
}
