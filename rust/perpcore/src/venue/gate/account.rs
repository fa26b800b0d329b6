//! `gate.account` and `gate.halt`: who may send orders, and who may open positions with them.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Asked;
use crate::book::store::Store;
use crate::fault::Code;
use crate::message::{Class, Refusal};
use crate::rules::{Client, Requirement};
use crate::venue::member::Member;

/// Whether an account may open positions at a time. Who may not may still reduce.
#[inline(always)]
pub(in crate::venue) fn may_open(member: &Member, rules: &Client, time: i64) -> Result<(), Refusal> {
    if member.flags.frozen {
        return Err(Code::AccountFrozen.into());
    }
    if member.flags.no_open {
        return Err(Code::AccountNoOpen.into());
    }
    if !admits(rules, member.class) {
        return Err(Code::ClassNotAdmitted.into());
    }
    if let Some(code) = over(member, rules, time) {
        return Err(code.into());
    }
    member.tripped.as_ref().map_or(Ok(()), |why| Err(**why))
}

/// Whether the venue has accounts of a class.
#[inline(always)]
pub(in crate::venue) fn admits(rules: &Client, class: Class) -> bool {
    rules.classes.is_empty() || rules.classes.contains(&class)
}

/// Which proof of an account is missing or over at a time.
#[inline(always)]
pub(in crate::venue) fn over(member: &Member, rules: &Client, time: i64) -> Option<Code> {
    proofs(member, rules).find(|(until, _)| until.is_none_or(|until| time >= until)).map(|(_, code)| code)
}

/// Until when each proof holds that is asked of an account.
pub(in crate::venue) fn proofs(member: &Member, rules: &Client) -> impl Iterator<Item = (Option<i64>, Code)> {
    let (asked, investor, knowledge) =
        (member.class == Class::Professional, member.investor_until, member.knowledge_until);
    rules.require.iter().filter(move |_| asked).map(move |required| match required {
        Requirement::Professional => (investor, Code::InvestorStatus),
        Requirement::Knowledge => (knowledge, Code::KnowledgeStatus),
    })
}

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Refusal> {
    let state = &*floor.state;
    let member = state.member(asked.account)?;
    if member.is_halted() {
        return Err(Code::AccountHalted.into());
    }
    match may_open(member, state.rules.client(), state.time) {
        Err(_) if floor.reduces(book, asked) => Ok(()),
        may => may,
    }
}
