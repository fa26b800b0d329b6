//! What the matrix in the documentation says is what the machine does: every act, in every phase, in every state of an account.

use super::desk::*;
use perpcore::fault::Code;
use perpcore::message::*;
use perpcore::venue::permit::{Act, State, permitted};

const ANN: u32 = 0;
const BEN: u32 = 1;
const SIBLING: u32 = 2;
const GAMMA: u32 = 2;

/// ALPHA is the instrument whose phase matters, BETA the one that decides how Ann is off, GAMMA is only listed.
fn rules(classes: &str, turnover: &str) -> String {
    let gamma =
        "\n[instrument.GAMMA]\nunderlying = \"GAMMA\"\ntick = 0.01\nlot = 1\ntiers = [[\"rest\", \"5%\", 10]]\n";
    let client = format!("\n[client]\nrequire = [\"professional\", \"knowledge\"]\nclasses = [{classes}]\n");
    let breaker = format!("[venue]\nbreaker = {{ turnover_per_minute = {turnover} }}");
    RULES.replace("[venue]", &breaker) + gamma + &client
}

const ALL: &str = "\"professional\", \"market_maker\", \"affiliated_market_maker\"";

/// The money that Ann has, in dollars, and the mark of BETA, in hundredths, that bring her to a state.
fn margin_of(state: State) -> (i64, i64) {
    match state {
        // 90 − 5·10 = 40 is below 450·10 %, also without the position in ALPHA, and above 450·5 % + 300·5 % with it.
        State::Restricted => (90, 9_000),
        // 90 − 5·30 is below 0.
        State::Bankrupt => (90, 7_000),
        _ => (10_000, 10_000),
    }
}

fn proved(class: Class, client: Option<u32>) -> Settings {
    let (investor_until, knowledge_until) = (Some(MIDNIGHT + YEAR), Some(MIDNIGHT + YEAR));
    Settings { client, class: Some(class), investor_until, knowledge_until, approved: true, ..Settings::default() }
}

/// Ann, of a class, is long 3 of ALPHA and 50 of BETA, 5 base units, at 100, and has a reduce-only order of 2 at 110.
fn desk(class: Class, phase: Phase, state: State) -> (Desk, u64) {
    let tripped = state == State::Tripped;
    let mut desk = Desk::new(&rules(ALL, if tripped { "0.1" } else { "1000" }));
    let (dollars, mark) = margin_of(state);
    desk.does(VenueCommand::OpenAccount(ANN, proved(class, Some(7))));
    desk.does(VenueCommand::OpenAccount(BEN, proved(Class::MarketMaker, None)));
    desk.does(VenueCommand::OpenAccount(SIBLING, proved(class, Some(7))));
    desk.does(VenueCommand::Deposit(ANN, USD, money(dollars)));
    desk.does(VenueCommand::Deposit(BEN, USD, money(1_000_000)));
    desk.trade(ALPHA, ANN, BEN, 3, 10_000);
    desk.trade(BETA, ANN, BEN, 50, 10_000);
    let order = desk.rests(ALPHA, Place { reduce_only: true, ..limit(ANN, -2, 11_000) });
    match phase {
        Phase::Open | Phase::Listed => {}
        Phase::Halted => desk.does(VenueCommand::Halt(Some(ALPHA))),
        Phase::Settled => {
            desk.does(VenueCommand::Phase(ALPHA, Phase::Settling));
            desk.does(VenueCommand::Settle(ALPHA, None, ""));
        }
        phase => desk.does(VenueCommand::Phase(ALPHA, phase)),
    }
    desk.mark(BETA, mark);
    bring(&mut desk, class, state);
    (desk, order)
}

fn bring(desk: &mut Desk, class: Class, state: State) {
    let hold = |no_open, no_withdraw, frozen| VenueCommand::Hold(ANN, Flags { no_open, no_withdraw, frozen }, frozen);
    match state {
        State::Healthy | State::Restricted | State::Bankrupt => {}
        State::Undecided => desk.does(VenueCommand::Mark(BETA, units(100), PriceState::Protected)),
        State::NoWithdraw => desk.does(hold(false, true, false)),
        State::NoOpen => desk.does(hold(true, false, false)),
        State::Frozen => desk.does(hold(false, false, true)),
        State::Halted => desk.does(VenueCommand::HaltOrders(Halted::Account(ANN))),
        State::NotAdmitted => {
            let others = ALL.replace(&format!("\"{}\"", class.text()), "\"backstop\"");
            desk.does(VenueCommand::ActivateRulebook(&rules(&others, "1000"), false));
        }
        State::Investor | State::Knowledge => {
            let until = Some(desk.time + HOUR);
            let over = match state {
                State::Investor => Settings { investor_until: until, ..Settings::default() },
                _ => Settings { knowledge_until: until, ..Settings::default() },
            };
            desk.does(VenueCommand::SetAccount(ANN, over));
            desk.time += HOUR;
        }
        // 800 were traded before; with 300 more it is above a tenth of 10,000.
        State::Tripped => desk.trade(BETA, ANN, BEN, 30, 10_000),
    }
}

/// What the machine answers.
fn answer(class: Class, act: Act, phase: Phase, state: State) -> Option<Code> {
    let (mut desk, order) = desk(class, phase, state);
    let at = if phase == Phase::Listed { GAMMA } else { ALPHA };
    let named = Named::Order(order);
    match act {
        Act::Open => desk.place(at, limit(ANN, 1, 10_000)),
        Act::Reduce => desk.place(at, limit(ANN, -1, 10_100)),
        Act::ReduceOnly => desk.place(at, Place { reduce_only: true, ..limit(ANN, -1, 10_100) }),
        Act::Stop => {
            let trigger = Trigger { price: units(200), by: TriggerBy::Mark, when: TriggerWhen::AtOrAbove };
            desk.place(at, Place { trigger: Some(trigger), ..limit(ANN, 1, 10_000) })
        }
        Act::Less => desk.amend(at, order, Some(-1), None),
        Act::More => desk.amend(at, order, Some(-3), None),
        Act::Cancel => desk.tell(VenueCommand::Book(at, Command::Cancel(Cancel { order: named, account: Some(ANN) }))),
        Act::CancelAll => {
            desk.tell(VenueCommand::CancelAll(None, CancelAll { account: Some(ANN), ..CancelAll::default() }))
        }
        Act::Disconnect => desk.tell(VenueCommand::Disconnect(ANN)),
        Act::Deadman => desk.tell(VenueCommand::Deadman(ANN, Some(desk.time + HOUR))),
        Act::Deposit => desk.tell(VenueCommand::Deposit(ANN, USD, money(1))),
        Act::Withdraw => desk.tell(VenueCommand::Withdraw(ANN, USD, money(1))),
        Act::Transfer => desk.tell(VenueCommand::Transfer(ANN, SIBLING, USD, money(1))),
        Act::Margin => desk.tell(VenueCommand::Margin(ANN, at, money(1))),
        Act::SetAccount => {
            let leverage = Some(units(5));
            desk.tell(VenueCommand::SetAccount(ANN, Settings { leverage, ..Settings::default() }))
        }
        Act::Close => desk.tell(VenueCommand::CloseAccount(ANN)),
    }
}

#[test]
fn the_machine_does_what_the_matrix_says() {
    for &state in State::ALL {
        for &phase in Phase::ALL {
            for &act in Act::ALL {
                let name = |code: Option<Code>| code.map(|code| code.entry().name);
                let tripped = |code| if code == Some(Code::BreakerTurnover) { Some(Code::BreakerLoss) } else { code };
                let answered = tripped(answer(Class::Professional, act, phase, state));
                let wanted = permitted(act, phase, state);
                assert_eq!(name(answered), name(wanted), "{} while {} is {}", act.text(), state.text(), phase.text());
            }
        }
    }
}

#[test]
fn affiliated_market_makers_may_do_what_other_market_makers_may() {
    for &state in State::ALL {
        for &phase in Phase::ALL {
            for &act in Act::ALL {
                let [other, affiliated] =
                    [Class::MarketMaker, Class::AffiliatedMarketMaker].map(|class| answer(class, act, phase, state));
                assert_eq!(affiliated, other, "{} while {} is {}", act.text(), state.text(), phase.text());
            }
        }
    }
}
