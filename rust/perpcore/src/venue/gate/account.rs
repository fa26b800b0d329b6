//! `gate.account`: who may open positions. Who may not may still reduce.

use super::Floor;
use crate::book::Book;
use crate::book::owner::Asked;
use crate::book::store::Store;
use crate::fault::Code;
use crate::message::Class;
use crate::rules::{Client, Requirement};
use crate::venue::member::Member;

/// Whether an account may open positions at a time.
#[inline(always)]
pub(in crate::venue) fn may_open(member: &Member, rules: &Client, time: i64) -> Result<(), Code> {
    if member.flags.frozen {
        return Err(Code::AccountFrozen);
    }
    if member.flags.no_open {
        return Err(Code::AccountNoOpen);
    }
    if member.class != Class::Professional {
        return Ok(());
    }
    for required in &rules.require {
        let (until, code) = match required {
            Requirement::Professional => (member.investor_until, Code::InvestorStatus),
            Requirement::Knowledge => (member.knowledge_until, Code::KnowledgeStatus),
        };
        if until.is_none_or(|until| time >= until) {
            return Err(code);
        }
    }
    Ok(())
}

#[inline(always)]
pub(super) fn check<S: Store>(floor: &mut Floor<'_>, book: &Book<S>, asked: &Asked) -> Result<(), Code> {
    let state = &*floor.state;
    let may = may_open(state.member(asked.account)?, state.rules.client(), state.time);
    match may {
        Err(_) if floor.reduces(book, asked) => Ok(()),
        may => may,
    }
}
