//! How a row of `commands` becomes a command of a book.

use super::block::{
    Block, CLASS, MARGIN_MODE, POST_ONLY, PRICE, QUANTITY, STATE, STP, TIF, TRIGGER, TRIGGER_BY, TRIGGER_WHEN, UNTIL,
    bit,
};
use crate::contract::commands::{At, CommandKind, Reader};
use perpcore::fault::Code;
use perpcore::message::{
    Amend, Cancel, CancelAll, Class, ClientId, Command, Named, Phase, Place, PostOnly, Stp, Tif, Trigger, TriggerBy,
    TriggerWhen,
};

/// What accounts are set to: [`Command::Account`] needs all of it.
pub(crate) struct Settings {
    pub(crate) account: u32,
    pub(crate) client: Option<u32>,
    pub(crate) group: Option<u32>,
    pub(crate) class: Option<Class>,
    /// Whether what is not said stays.
    pub(crate) keeps: bool,
}

/// What a row asks a book for.
pub(crate) enum Asked<'a> {
    Command(Command<'a>),
    Settings(Settings),
}

impl Block {
    /// What a row asks for; `client_id` is its client id.
    ///
    /// # Errors
    /// Why it is refused.
    #[inline(always)]
    pub(crate) fn asked<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Asked<'a>, Code> {
        let columns = CommandKind::columns(Reader::Book);
        let refused = || Err(self.reason(row, columns, |_| None).unwrap_or(Code::Internal));
        let (Some(kind), Some(used)) = (self.kind_of(row), columns.get(usize::from(self.kind[row]))) else {
            return refused();
        };
        if !self.holds(row, *used) {
            return refused();
        }
        let command = match kind {
            CommandKind::Place => Command::Place(self.place(row, client_id)?),
            CommandKind::Amend => Command::Amend(self.amend(row, client_id)?),
            CommandKind::Cancel => Command::Cancel(self.cancel(row, client_id)?),
            CommandKind::CancelAll => Command::CancelAll(self.scope(row)),
            CommandKind::OpenAccount | CommandKind::SetAccount => {
                return Ok(Asked::Settings(Settings {
                    account: self.account[row],
                    client: self.client_of(row),
                    group: self.group_of(row),
                    class: self.some_word(row, CLASS),
                    keeps: kind == CommandKind::SetAccount,
                }));
            }
            CommandKind::Phase => Command::Phase(self.word_at(row, STATE, Phase::Open)),
            CommandKind::Mark => Command::Mark(self.numbers[PRICE][row]),
            CommandKind::Index => Command::Index(self.numbers[PRICE][row]),
            CommandKind::AdvanceTime => Command::AdvanceTime,
            // Not carried out by a book, so that no column is allowed.
            _ => return refused(),
        };
        Ok(Asked::Command(command))
    }

    #[inline(always)]
    pub(super) fn place<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Place<'a>, Code> {
        const OF_TRIGGER: u64 = bit(At::Trigger) | bit(At::TriggerBy) | bit(At::TriggerWhen);
        let given = self.given[row];
        let trigger = if given & OF_TRIGGER == 0 {
            None
        } else if given & bit(At::Trigger) == 0 {
            return Err(Code::ConflictingValues);
        } else {
            let when = self.some_word::<TriggerWhen>(row, TRIGGER_WHEN).ok_or(Code::NullValue)?;
            let by = self.word(row, TRIGGER_BY, TriggerBy::Mark);
            Some(Trigger { price: self.numbers[TRIGGER][row], by, when })
        };
        if client_id.is_some() && given & bit(At::Account) == 0 {
            return Err(Code::NullValue);
        }
        let price = self.number(row, PRICE);
        Ok(Place {
            account: self.account_of(row),
            client_id,
            quantity: self.numbers[QUANTITY][row],
            price,
            sent: None,
            tif: self.word(row, TIF, if price.is_some() { Tif::Gtc } else { Tif::Ioc }),
            until: self.time(row, UNTIL),
            post_only: self.some_word::<PostOnly>(row, POST_ONLY),
            reduce_only: self.has(row, At::ReduceOnly) && self.reduce_only[row] != 0,
            isolated: self.is_isolated(row),
            trigger,
            stp: self.word(row, STP, Stp::Taker),
            liquidation: false,
        })
    }

    #[inline(always)]
    pub(super) fn amend<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Amend<'a>, Code> {
        let (order, account) = self.named(row, client_id)?;
        Ok(Amend { order, account, quantity: self.number(row, QUANTITY), price: self.number(row, PRICE) })
    }

    #[inline(always)]
    pub(super) fn cancel<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<Cancel<'a>, Code> {
        let (order, account) = self.named(row, client_id)?;
        Ok(Cancel { order, account })
    }

    pub(super) fn scope(&self, row: usize) -> CancelAll {
        CancelAll {
            account: self.has(row, At::Account).then(|| self.account[row]),
            client: self.client_of(row),
            group: self.group_of(row),
            class: self.some_word(row, CLASS),
        }
    }

    #[inline(always)]
    pub(super) fn is_isolated(&self, row: usize) -> bool {
        self.has(row, At::MarginMode) && self.words[MARGIN_MODE][row] != 0
    }

    pub(super) fn client_of(&self, row: usize) -> Option<u32> {
        self.has(row, At::Client).then(|| self.client[row])
    }

    pub(super) fn group_of(&self, row: usize) -> Option<u32> {
        self.has(row, At::Group).then(|| named_group(self.group[row]))
    }

    /// The order that a row names, and the account that it must belong to.
    #[inline(always)]
    fn named<'a>(&self, row: usize, client_id: Option<ClientId<'a>>) -> Result<(Named<'a>, Option<u32>), Code> {
        let account = self.has(row, At::Account).then(|| self.account[row]);
        match (self.has(row, At::Order), client_id, account) {
            (true, None, _) => Ok((Named::Order(self.order[row]), account)),
            (false, Some(id), Some(account)) => Ok((Named::Client(account, id), Some(account))),
            (true, Some(_), _) => Err(Code::ConflictingValues),
            (false, ..) => Err(Code::NullValue),
        }
    }
}

/// The group of a name: an even number, unlike that of a client for whom none was named.
fn named_group(name: u32) -> u32 {
    name << 1
}
