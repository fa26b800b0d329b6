//! Who may do what, when: the phase of an instrument and the state of an account, as the gate asks them (docs/controls.md).
//!
//! The gate itself goes by [`Standing`] and [`Phase::admits`]; [`permitted`] puts them together with what margin decides, for
//! the matrix in the documentation, which a test compares with what the machine does.

use super::gate::account::{admits, over};
use super::member::Member;
use crate::book::Form;
use crate::fault::Code;
use crate::message::{Class, Phase, Refusal, Word};
use crate::rules::Client;
use crate::word::words;
use std::collections::BTreeSet;

words! {
    /// What keeps an account from orders, whatever its margin; the first that applies.
    Standing {
        /// Nothing.
        Free "free",
        /// The account, its client or its class is halted.
        Halted "halted",
        /// It is frozen.
        Frozen "frozen",
        /// It may not open.
        NoOpen "no_open",
        /// The venue no longer admits its class.
        NotAdmitted "class_not_admitted",
        /// The proof of a professional investor is missing or over.
        Investor "investor_over",
        /// The proof of knowledge is missing or over.
        Knowledge "knowledge_over",
        /// Its breaker tripped.
        Tripped "tripped",
    }
    /// The state of an account in the matrix: what keeps it from orders or from sending money, or what its margin is.
    State {
        /// Nothing is wrong.
        Healthy "healthy",
        /// Below initial margin; a margin call and liquidation are the same to the gate.
        Restricted "restricted",
        /// It depends on a price that may not be used.
        Undecided "undecided",
        /// Worth less than nothing.
        Bankrupt "bankrupt",
        /// Held back from withdrawing.
        NoWithdraw "no_withdraw",
        /// Held back from opening.
        NoOpen "no_open",
        /// Held back from both.
        Frozen "frozen",
        /// Of a class that is no longer admitted.
        NotAdmitted "class_not_admitted",
        /// A proof of a professional investor that is over.
        Investor "investor_over",
        /// A proof of knowledge that is over.
        Knowledge "knowledge_over",
        /// Its breaker tripped.
        Tripped "tripped",
        /// Halted: the account, its client or its class.
        Halted "halted",
    }
    /// What is tried.
    Act {
        /// An order that opens.
        Open "place, opens",
        /// An order that reduces risk by itself.
        Reduce "place, reduces",
        /// The same, flagged `reduce_only`.
        ReduceOnly "place, reduce_only",
        /// An order that waits for a price and would open.
        Stop "place, stop that opens",
        /// A smaller remainder of a resting `reduce_only` order.
        Less "amend, less",
        /// A larger one.
        More "amend, more",
        /// Its end.
        Cancel "cancel",
        /// The end of all orders of the account.
        CancelAll "cancel_all",
        /// The same, since it is gone.
        Disconnect "disconnect",
        /// The same, at a time.
        Deadman "deadman",
        /// Money comes.
        Deposit "deposit",
        /// Money is to go.
        Withdraw "withdraw",
        /// Money to another account of the client.
        Transfer "transfer",
        /// Money to the isolated position in the instrument.
        Margin "transfer, to an isolated position",
        /// Another leverage.
        SetAccount "set_account, leverage",
        /// The end of an account that has something.
        Close "close_account",
    }
}

/// Clients and classes whose orders are halted; accounts know it of themselves.
#[derive(Debug, Default)]
pub(super) struct Halts {
    pub(super) clients: BTreeSet<u32>,
    pub(super) classes: [bool; Class::ALL.len()],
}

impl Halts {
    /// Whether an account may send no order at all.
    #[inline(always)]
    pub(super) fn stop(&self, member: &Member) -> bool {
        member.halted || self.classes[member.class as usize] || self.clients.contains(&member.client)
    }

    /// Whether an account would shed a halt by what it becomes: that of its client, or of its class.
    pub(super) fn are_shed(&self, before: &Member, after: &Member) -> bool {
        let client = before.client != after.client && self.clients.contains(&before.client);
        client || before.class != after.class && self.classes[before.class as usize]
    }
}

impl Standing {
    /// What keeps an account from orders at a time.
    #[inline(always)]
    pub(super) fn of(member: &Member, halts: &Halts, rules: &Client, time: i64) -> Standing {
        if halts.stop(member) {
            Standing::Halted
        } else if member.flags.frozen {
            Standing::Frozen
        } else if member.flags.no_open {
            Standing::NoOpen
        } else if !admits(rules, member.class) {
            Standing::NotAdmitted
        } else {
            match over(member, rules, time) {
                Some(Code::InvestorStatus) => Standing::Investor,
                Some(_) => Standing::Knowledge,
                None if member.tripped.is_some() => Standing::Tripped,
                None => Standing::Free,
            }
        }
    }

    /// Why an order that opens is refused.
    const fn code(self) -> Option<Code> {
        match self {
            Standing::Free => None,
            Standing::Halted => Some(Code::AccountHalted),
            Standing::Frozen => Some(Code::AccountFrozen),
            Standing::NoOpen => Some(Code::AccountNoOpen),
            Standing::NotAdmitted => Some(Code::ClassNotAdmitted),
            Standing::Investor => Some(Code::InvestorStatus),
            Standing::Knowledge => Some(Code::KnowledgeStatus),
            Standing::Tripped => Some(Code::BreakerLoss),
        }
    }

    /// Whether an order is refused that reduces risk, too.
    pub(super) const fn stops_all(self) -> bool {
        matches!(self, Standing::Halted)
    }

    /// Why an order that opens is refused, with the numbers of a breaker.
    #[inline(always)]
    pub(super) fn refuses(self, member: &Member) -> Result<(), Refusal> {
        match (self, &member.tripped) {
            (Standing::Free, _) => Ok(()),
            (Standing::Tripped, Some(why)) => Err(**why),
            _ => self.code().map_or(Ok(()), |code| Err(code.into())),
        }
    }
}

impl State {
    /// What keeps such an account from orders, and why margin refuses what opens.
    const fn parts(self) -> (Standing, Option<Code>) {
        match self {
            State::Healthy | State::NoWithdraw => (Standing::Free, None),
            State::Restricted => (Standing::Free, Some(Code::InsufficientMargin)),
            State::Undecided => (Standing::Free, Some(Code::PriceUnusable)),
            State::Bankrupt => (Standing::Free, Some(Code::AccountBankrupt)),
            State::NoOpen => (Standing::NoOpen, None),
            State::Frozen => (Standing::Frozen, None),
            State::NotAdmitted => (Standing::NotAdmitted, None),
            State::Investor => (Standing::Investor, None),
            State::Knowledge => (Standing::Knowledge, None),
            State::Tripped => (Standing::Tripped, None),
            State::Halted => (Standing::Halted, None),
        }
    }
}

/// Why something is refused to an account in a state, while the instrument is in a phase; none where it may be done. Of the
/// orders that are amended and canceled one rested before, if it could.
pub fn permitted(act: Act, phase: Phase, state: State) -> Option<Code> {
    let (standing, of_margin) = state.parts();
    let form = |reduce_only: bool| Form::Order { at_once: false, reduce_only };
    let order = |reduce_only: bool, opens: bool| {
        let asked = match (standing.code(), of_margin) {
            (Some(code), _) if opens || standing.stops_all() => Some(code),
            (_, Some(Code::AccountBankrupt)) => Some(Code::AccountBankrupt),
            (_, of_margin) => of_margin.filter(|_| opens),
        };
        if phase.admits(form(reduce_only)) { asked } else { Some(Code::PhaseRefused) }
    };
    let rests = !matches!(phase, Phase::Listed | Phase::Settled) && state != State::Halted;
    let money = match state {
        State::NoWithdraw | State::Frozen => Some(Code::WithdrawHeld),
        State::Restricted | State::Bankrupt => Some(Code::NotWithdrawable),
        State::Undecided => Some(Code::PriceUnusable),
        _ => None,
    };
    match act {
        Act::Open => order(false, true),
        Act::Reduce => order(false, false),
        Act::ReduceOnly => order(true, false),
        // What waits is asked for margin when it fires.
        Act::Stop => Some(Code::PhaseRefused).filter(|_| !phase.admits(form(false))).or(standing.code()),
        Act::Less | Act::More | Act::Cancel if !rests => Some(Code::UnknownOrder),
        Act::Less | Act::More if !phase.admits(Form::Change { keeps: act == Act::Less, reduce_only: true }) => {
            Some(Code::PhaseRefused)
        }
        Act::More => of_margin.filter(|code| *code == Code::AccountBankrupt),
        Act::Less | Act::Cancel | Act::Deposit => None,
        Act::CancelAll | Act::Disconnect | Act::Deadman | Act::SetAccount => None,
        // It stays in the account, whoever holds that back.
        Act::Margin => money.filter(|code| *code != Code::WithdrawHeld),
        Act::Withdraw | Act::Transfer => money,
        Act::Close => Some(Code::AccountNotEmpty),
    }
}
