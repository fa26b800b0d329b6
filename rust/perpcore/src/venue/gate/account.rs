//! `gate.account` and `gate.halt`: who may send orders, and who may open positions with them.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Asked;
use crate::book::store::Store;
use crate::fault::Code;
use crate::message::{Class, Refusal};
use crate::rules::{Client, Requirement};
use crate::venue::member::Member;
use crate::venue::permit::Standing;
use crate::venue::state::State;

impl State {
    /// Whether an account may open positions under some rules. Who may not may still reduce.
    #[inline(always)]
    pub(in crate::venue) fn may_open(&self, member: &Member, rules: &Client) -> Result<(), Refusal> {
        Standing::of(member, &self.halts, rules, self.time).refuses(member)
    }
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
    let standing = Standing::of(member, &state.halts, state.rules.client(), state.time);
    match standing.refuses(member) {
        Err(_) if !standing.stops_all() && floor.reduces(book, asked) => Ok(()),
        may => may,
    }
}
