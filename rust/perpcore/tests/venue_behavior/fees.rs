//! Fees: nobody gets out more than was paid in, whoever trades with whom.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::*;
use perpcore::num::ONE;
use perpcore::rule::Rule;

const ANN: u32 = 0;
const BEN: u32 = 1;
const CARL: u32 = 2;

/// The resting side gets 0.02 %, the incoming one pays 0.05 %.
fn with_rebate() -> String {
    RULES.replace("maker = \"0%\", taker = \"0%\"", "maker = \"-0.02%\", taker = \"0.05%\"")
}

#[test]
fn a_rebate_is_rounded_down_and_a_fee_up_so_that_no_quantity_gains() {
    // A rebate as large as the smallest fee: the rulebook admits no larger one.
    let finest = RULES.replace("lot = 1", "lot = 0.00000001").replace("contract_size = 0.1", "");
    let rules = finest.replace("maker = \"0%\", taker = \"0%\"", "maker = \"-0.05%\", taker = \"0.05%\"");
    let mut desk = Desk::with(&rules, &[1_000, 1_000]);
    let mut place = |account: u32, quantity: i64, price: i64| {
        desk.place(ALPHA, Place { quantity, ..limit(account, 1, price) });
        (desk.filled_exactly(), desk.wallet(ANN, USD) + desk.wallet(BEN, USD), desk.house("fees"))
    };
    let (mut had, mut fees) = (money(2_000), 0);
    for step in 1..=300_i64 {
        let (quantity, price) = (step * step % 977 + 1, 9_700 + step * 7 % 600);
        let (maker, taker) = if step % 2 == 0 { (ANN, BEN) } else { (BEN, ANN) };
        place(maker, if step % 3 == 0 { quantity } else { -quantity }, price);
        let (filled, has, collected) = place(taker, if step % 3 == 0 { -quantity } else { quantity }, price);
        assert_eq!(filled, quantity);
        assert!(has <= had && collected >= fees, "{quantity} at {price}: {had} to {has}, fees {fees} to {collected}");
        assert_eq!(has + collected, money(2_000));
        (had, fees) = (has, collected);
    }
}

impl Desk {
    fn filled_exactly(&self) -> i64 {
        self.of_kind(Kind::Filled).map(|event| event.quantity.abs()).sum()
    }
}

#[test]
fn accounts_of_one_client_are_of_one_group() {
    let mut desk = Desk::with(&with_rebate(), &[]);
    let of = |group| Settings { client: Some(7), group, ..Settings::default() };
    desk.does(VenueCommand::OpenAccount(ANN, of(Some(2))));
    desk.refuses(VenueCommand::OpenAccount(BEN, of(Some(4))), Code::OtherGroup);
    desk.does(VenueCommand::OpenAccount(BEN, of(None)));
    desk.does(VenueCommand::Deposit(ANN, USD, money(1_000)));
    let order = desk.rests(ALPHA, limit(ANN, -5, 10_000));
    // All of a client move, so none may have orders.
    let group = |group| Settings { group: Some(group), ..Settings::default() };
    desk.refuses(VenueCommand::SetAccount(BEN, group(4)), Code::ConflictingValues);
    desk.cancel(ALPHA, order);
    desk.does(VenueCommand::SetAccount(BEN, group(4)));
    assert_eq!([ANN, BEN].map(|account| desk.venue.whose(account)), [Some((7, 4)); 2]);
}

#[test]
fn a_group_does_not_trade_with_itself_and_is_not_changed_while_orders_rest() {
    let mut desk = Desk::with(RULES, &[1_000, 1_000]);
    let group = |group| Settings { group: Some(group), ..Settings::default() };
    desk.does(VenueCommand::SetAccount(ANN, group(5)));
    let order = desk.rests(ALPHA, limit(ANN, -5, 10_000));
    desk.does(VenueCommand::SetAccount(BEN, group(5)));
    desk.place(ALPHA, limit(BEN, 5, 10_000));
    assert_eq!((desk.filled(), desk.canceled()), (0, Some(Code::SelfTrade)));
    // Neither by leaving the group while its order rests, nor while one waits for its trigger.
    desk.refuses(VenueCommand::SetAccount(ANN, group(6)), Code::ConflictingValues);
    desk.cancel(ALPHA, order);
    let trigger = Some(Trigger { price: cents(9_000), by: TriggerBy::Mark, when: TriggerWhen::AtOrBelow });
    let waits = desk.rests(ALPHA, Place { trigger, ..limit(ANN, -5, 9_000) });
    desk.refuses(VenueCommand::SetAccount(ANN, group(6)), Code::ConflictingValues);
    desk.cancel(ALPHA, waits);
    desk.does(VenueCommand::SetAccount(ANN, group(6)));
    desk.trade(ALPHA, BEN, ANN, 5, 10_000);
    desk.does(VenueCommand::SetAccount(ANN, group(5)));
    desk.rests(ALPHA, limit(ANN, 5, 10_000));
    desk.place(ALPHA, limit(BEN, -5, 10_000));
    assert_eq!(desk.filled(), 0);
}

#[test]
fn an_auction_does_not_trade_a_group_with_itself() {
    let mut desk = Desk::with(RULES, &[1_000, 1_000]);
    for account in [ANN, BEN] {
        desk.does(VenueCommand::SetAccount(account, Settings { group: Some(5), ..Settings::default() }));
    }
    desk.does(VenueCommand::Phase(ALPHA, Phase::Auction));
    desk.rests(ALPHA, limit(ANN, -5, 10_000));
    desk.rests(ALPHA, limit(BEN, 5, 10_000));
    desk.does(VenueCommand::Phase(ALPHA, Phase::Open));
    assert_eq!(desk.filled(), 0);
}

#[test]
fn a_rebate_is_not_paid_where_nothing_was_collected() {
    // Carl has no dollars and nobody buys his coins, so he pays no fee. What others paid is not the maker's.
    let mut desk = Desk::with(&with_rebate(), &[1_000, 1_000, 0]);
    desk.does(VenueCommand::Index(Priced::Asset(BTC), units(10_000), PriceState::Live));
    desk.does(VenueCommand::Deposit(CARL, BTC, money(1)));
    desk.trade(ALPHA, ANN, BEN, 10, 10_000);
    // 0.50 − 0.20.
    let collected = money(3) / 10;
    assert_eq!(desk.house("fees"), collected);
    for at in 0..4 {
        let (buyer, seller) = if at % 2 == 0 { (CARL, BEN) } else { (BEN, CARL) };
        let (maker, taker) = if at % 2 == 0 { (-10, 10) } else { (10, -10) };
        assert_ne!(buyer, seller);
        desk.rests(ALPHA, limit(BEN, maker, 10_000));
        desk.rests(ALPHA, limit(CARL, taker, 10_000));
        assert_eq!(desk.posted(CARL, Rule::LedgerFee), [0; 0]);
        assert!(desk.house("fees") >= collected, "trade {at}: {} of {collected} is left", desk.house("fees"));
    }
}

#[test]
fn a_rebate_that_heals_an_account_is_told() {
    // 60.02, less 0.25 for 5 at 100. At 95.70: 59.77 − 21.50 = 38.27 where 47.85 are needed. 1 sold at 95.70 leaves
    // 38.28 to be needed, and brings 95.70·0.02 % = 0.01914.
    let mut desk = Desk::with(&with_rebate(), &[0, 10_000]);
    desk.does(VenueCommand::Deposit(ANN, USD, money(6_002) / 100));
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    desk.mark(ALPHA, 9_570);
    assert_eq!((desk.figures(ANN).equity, desk.status(ANN)), (money(3_827) / 100, Status::Restricted));
    desk.rests(ALPHA, limit(ANN, -1, 9_570));
    desk.rests(ALPHA, limit(BEN, 1, 9_570));
    assert_eq!(desk.filled(), 1);
    assert_eq!(desk.figures(ANN).equity, money(3_827) / 100 + i128::from(ONE) * 1_914 / 100_000);
    assert_eq!(desk.status(ANN), Status::Healthy);
}

#[test]
fn a_fee_is_never_more_than_what_is_there() {
    let rules = RULES.replace("maker = \"0%\", taker = \"0%\"", "maker = \"1%\", taker = \"1%\"");
    let mut desk = Desk::with(&rules, &[60, 10_000]);
    // 5 at 100: 50 of initial margin and 5 of fee are reserved, and 5 paid.
    desk.not_placed(ALPHA, limit(ANN, 6, 10_000), Code::InsufficientMargin);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    assert_eq!(desk.wallet(ANN, USD), money(55));
    // At 90 net value is 5. To close costs 4.50.
    desk.mark(ALPHA, 9_000);
    desk.rests(ALPHA, limit(BEN, 5, 9_000));
    desk.place(ALPHA, limit(ANN, -5, 9_000));
    assert_eq!((desk.filled(), desk.figures(ANN).net_value), (5, money(1) / 2));
    let mut desk = Desk::with(&rules, &[60, 10_000]);
    desk.trade(ALPHA, ANN, BEN, 5, 10_000);
    // At 89.80 it is 4, and to close costs 4.49.
    desk.mark(ALPHA, 8_980);
    desk.rests(ALPHA, limit(BEN, 5, 8_980));
    desk.place(ALPHA, limit(ANN, -5, 8_980));
    assert_eq!((desk.filled(), desk.canceled()), (0, Some(Code::FillRefused)));
}
