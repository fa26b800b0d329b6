//! What an event says, field by field: the same for the table `events` and for a single event.

use crate::contract::commands::{phase_at, state_place};
use crate::contract::{EVENT_STATES, status_place};
use perpcore::fault::Code;
use perpcore::margin::status::Status;
use perpcore::message::event::Kind;
use perpcore::message::{Event, NOBODY, PriceState, Word};
use perpcore::rule::Rule;
use perpcore::rules::Rulebook;
use std::borrow::Cow;

/// Whether an event says of which class its account is, or whose orders are halted.
#[inline(always)]
pub(crate) fn says_class(event: &Event) -> bool {
    match event.kind {
        // Those with a rule are about a rulebook, or the price of a settlement.
        Kind::Accepted | Kind::Canceled => event.rule.is_none(),
        Kind::Filled | Kind::Amended | Kind::Triggered | Kind::Expired => true,
        Kind::Halt | Kind::Resume => event.instrument == NOBODY && event.account == NOBODY,
        _ => false,
    }
}

/// Whether events of a kind say an amount, also where it is 0.
pub(crate) const fn says_amount(kind: Kind) -> bool {
    let alone =
        matches!(kind, Kind::Funding | Kind::FundingMissed | Kind::FundDepleted | Kind::FundUnavailable | Kind::Adl);
    alone || matches!(kind, Kind::AdlReport) || says_balance(kind)
}

/// Whether events of a kind say a balance, also where it is 0.
pub(crate) const fn says_balance(kind: Kind) -> bool {
    matches!(
        kind,
        Kind::Premium
            | Kind::Posting
            | Kind::Conversion
            | Kind::FundDraw
            | Kind::StatusChanged
            | Kind::MarginCall
            | Kind::WithdrawalRequested
            | Kind::WithdrawalConfirmed
            | Kind::WithdrawalReleased
            | Kind::LimitReached
            | Kind::LiquidationStep
            | Kind::BackstopFill
            | Kind::FundLow
    )
}

/// Whether an event says what a command would come to and what is allowed, one of which may be 0, or a score, which may be too.
#[inline(always)]
pub(crate) fn says_numbers(event: &Event) -> bool {
    let has_score = event.kind == Kind::Adl && event.after != 0;
    has_score || event.code.is_some() && (event.amount, event.balance) != (0, 0) && has_numbers(event)
}

#[cold]
fn has_numbers(event: &Event) -> bool {
    // Of money that is to come back from an isolated position only what was asked is said.
    let comes_back = event.code == Some(Code::NotWithdrawable) && event.instrument != NOBODY && event.amount < 0;
    event.code.is_some_and(|code| code.ground().numbers) && !comes_back
}

/// The rule that an event follows from; of a refusal that of its code.
#[inline(always)]
pub(crate) fn rule_of(event: &Event) -> Option<Rule> {
    match (event.kind, event.code) {
        (Kind::Rejected, Some(code)) => Some(code.ground().rule),
        _ => event.rule,
    }
}

/// Whether an event is about a rulebook, whose digests stand in the place of its orders.
#[inline(always)]
pub(crate) fn is_of_rulebook(event: &Event) -> bool {
    matches!(event.rule, Some(Rule::RulebookApprove | Rule::RulebookActivate)) && event.order != 0
}

/// Whether an event is about the price of an underlying, or of an asset by itself.
#[inline(always)]
fn is_of_index(event: &Event) -> bool {
    matches!(event.kind, Kind::Index | Kind::PriceState) && event.instrument == NOBODY
}

/// The underlying that an event is about.
#[inline(always)]
fn underlying_of(event: &Event) -> Option<u32> {
    (is_of_index(event) && event.client == 0).then_some(event.asset)
}

/// The asset that an event is about.
#[inline(always)]
pub(crate) fn asset_of(event: &Event) -> Option<u32> {
    let is_underlying = is_of_index(event) && event.client == 0;
    Some(event.asset).filter(|asset| *asset != NOBODY && !is_underlying)
}

/// Under which number the client's id of an event is remembered.
#[inline(always)]
pub(crate) fn client_of(event: &Event) -> Option<u32> {
    (event.client != 0 && !is_of_index(event) && !is_of_liquidation(event)).then_some(event.client)
}

/// Whether an event is about a bucket in liquidation, or a position against it, of which it says whether it is isolated.
#[inline(always)]
fn is_of_liquidation(event: &Event) -> bool {
    matches!(event.kind, Kind::LiquidationStep | Kind::BackstopFill | Kind::Adl | Kind::AdlReport | Kind::LastResort)
}

/// The place in [`EVENT_STATES`] of what an event says was before, or is after.
#[inline(always)]
pub(super) fn state_place_of(kind: Kind, state: u8) -> Option<u8> {
    match kind {
        Kind::Phase => phase_at(state).map(|_| state),
        Kind::PriceState => PriceState::ALL.get(usize::from(state)).map(|state| state_place(*state)),
        Kind::StatusChanged | Kind::LiquidationStep => {
            Status::ALL.get(usize::from(state)).and_then(|status| status_place(*status))
        }
        _ => None,
    }
}

/// The word of what an event says was before, or is after.
pub(crate) fn state_of(kind: Kind, state: u8) -> Option<&'static str> {
    state_place_of(kind, state).map(|place| EVENT_STATES[usize::from(place)])
}

/// Whether an event of a venue may say something in `note`.
#[inline(always)]
pub(crate) fn may_note(event: &Event) -> bool {
    let may = matches!(event.kind, Kind::Index | Kind::PriceState | Kind::Rejected);
    may || is_of_rulebook(event) || is_of_liquidation(event)
}

/// What an event of a venue says in `note`: an underlying, the parameter that refused a command, or digests of rulebooks by
/// the numbers that events have of them.
pub(crate) fn note_of<'a>(
    event: &Event,
    rules: &'a Rulebook,
    digest: impl Fn(u64) -> Option<&'a str>,
) -> Option<Cow<'a, str>> {
    if is_of_rulebook(event) {
        let after = digest(event.order)?;
        return Some(match digest(event.other_order) {
            Some(before) => format!("{before} → {after}").into(),
            None => after.into(),
        });
    }
    if event.kind == Kind::Rejected {
        return parameter_of(event, rules);
    }
    if is_of_liquidation(event) {
        return (event.client != 0).then_some("isolated".into());
    }
    rules.underlyings().get(underlying_of(event)? as usize).map(|of| (*of.name).into())
}

/// The parameter of the rulebook that refused a command, with the name of what the event is about in place of `*`.
fn parameter_of<'a>(event: &Event, rules: &'a Rulebook) -> Option<Cow<'a, str>> {
    let parameter = event.code?.ground().parameter?;
    let (kind, _) = parameter.split_once('.')?;
    let instrument = rules.instruments().get(event.instrument as usize);
    let asset = rules.assets().get(event.asset as usize);
    let name: Option<&str> = match kind {
        "instrument" => instrument.map(|of| &*of.name),
        "asset" => asset.map(|of| &*of.name),
        "underlying" => instrument.map(|of| &*of.underlying).or_else(|| asset.and_then(|of| of.underlying.as_deref())),
        _ => None,
    };
    Some(match name {
        Some(name) => parameter.replacen('*', name, 1).into(),
        None => parameter.into(),
    })
}
