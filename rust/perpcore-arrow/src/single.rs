//! A single command as a caller says it: the same way as a row of a table.

use crate::contract::COMMANDS;
use crate::contract::commands::{At, CommandKind};
use crate::decode::{
    AccountKey, Block, Lists, NAMES, NUMBERS, Numbering, REFUSED, Scope, TIMES, Texts, UNKNOWN_NAME, WORDS,
    YEAR_2000_NS, bit,
};
use arrow_schema::DataType;
use perpcore::fault::{Code, Failure, Fault};
use perpcore::message::{CLIENT_ID_BYTES, Class, ClientId, NOBODY, PostOnly, Stp, Tif, TriggerBy, TriggerWhen};

/// The cells of one row of `commands`; what is none is null. Numbers are in g, times in ns since 1970 UTC.
#[derive(Clone, Copy, Default)]
pub struct Cells<'a> {
    /// When.
    pub time: Option<i64>,
    /// Whose.
    pub account: Option<AccountKey<'a>>,
    /// The client behind the account.
    pub client: Option<AccountKey<'a>>,
    /// The group behind the client.
    pub group: Option<AccountKey<'a>>,
    /// The instrument.
    pub instrument: Option<&'a str>,
    /// The order, or the withdrawal.
    pub order: Option<u64>,
    /// What the account calls the order.
    pub client_id: Option<ClientId<'a>>,
    /// Contracts.
    pub quantity: Option<i64>,
    /// The limit, or the price that is told; of a quote anything that a feed can say.
    pub price: Option<i64>,
    /// How long it lives.
    pub tif: Option<Tif>,
    /// Until when.
    pub until: Option<i64>,
    /// What happens instead of taking.
    pub post_only: Option<PostOnly>,
    /// Whether it may only reduce.
    pub reduce_only: Option<bool>,
    /// Whether it is for the isolated position.
    pub isolated: Option<bool>,
    /// What it waits for.
    pub trigger: Option<i64>,
    /// The price that is watched.
    pub trigger_by: Option<TriggerBy>,
    /// From which side it comes.
    pub trigger_when: Option<TriggerWhen>,
    /// Whose order gives way.
    pub stp: Option<Stp>,
    /// The class of the account.
    pub class: Option<Class>,
    /// The phase or the state of a price, by its place in [`crate::contract::commands::STATES`].
    pub state: Option<u8>,
    /// Anything.
    pub note: Option<&'a str>,
    /// Of what.
    pub asset: Option<&'a str>,
    /// How much.
    pub amount: Option<i128>,
    /// To whom.
    pub to_account: Option<AccountKey<'a>>,
    /// Whether it is the portfolio model.
    pub portfolio: Option<bool>,
    /// The chosen leverage.
    pub leverage: Option<i64>,
    /// The fee tier.
    pub fee_tier: Option<&'a str>,
    /// Until when he is a professional investor.
    pub investor_until: Option<i64>,
    /// Until when his knowledge is proved.
    pub knowledge_until: Option<i64>,
    /// What the account is held back from.
    pub flags: Option<&'a str>,
    /// The reference of an approval.
    pub approval: Option<&'a str>,
    /// Whether even if positions are closed by force.
    pub confirm: Option<&'a str>,
    /// A rulebook, or its digest.
    pub rulebook: Option<&'a str>,
    /// The source of a quote.
    pub source: Option<&'a str>,
    /// The underlying.
    pub underlying: Option<&'a str>,
    /// The best bid outside.
    pub bid: Option<i64>,
    /// The best ask outside.
    pub ask: Option<i64>,
    /// When it left its sender.
    pub sent: Option<i64>,
}

impl<'a> Texts<'a> for &Cells<'a> {
    fn text(self, at: At) -> Option<&'a str> {
        match at {
            At::Note => self.note,
            At::Flags => self.flags,
            At::Approval => self.approval,
            At::Confirm => self.confirm,
            At::Rulebook => self.rulebook,
            _ => None,
        }
    }
}

impl Cells<'_> {
    /// Whether ids are of the kinds of those before; if so, those of later ones are as these.
    ///
    /// # Errors
    /// `id_kind_mismatch`; then nothing has changed.
    pub(crate) fn admit(
        &self,
        numbering: &mut Numbering<'_>,
        scope: &Scope,
        text_ids: &mut Option<bool>,
    ) -> Result<(), Failure> {
        let named = |at: At| move |fault: Fault| fault.in_column(COMMANDS.name, COMMANDS.columns[at as usize].name);
        let of_key = |key: AccountKey<'_>| type_of(matches!(key, AccountKey::Text(_)));
        let mixed = |given: bool, accepted: &str| {
            Fault::new(Code::IdKindMismatch).value(type_of(given)).accepts(accepted.to_string())
        };
        let ids = [(At::Account, self.account), (At::Client, self.client), (At::Group, self.group)];
        for (at, id) in ids {
            if let (Some(id), Some(names)) = (id, numbering.of(at)) {
                names.admits(&of_key(id)).map_err(|fault| named(at)(*fault))?;
            }
        }
        if let (Some(to), Scope::Venue(_)) = (self.to_account, scope) {
            let is_text = matches!(to, AccountKey::Text(_));
            match self.account {
                Some(account) if of_key(account) != of_key(to) => {
                    return Err(named(At::ToAccount)(mixed(is_text, "ids as those of account")).into());
                }
                Some(_) => {}
                None => numbering.accounts.admits(&of_key(to)).map_err(|fault| named(At::ToAccount)(*fault))?,
            }
        }
        let is_text = self.client_id.map(|id| matches!(id, ClientId::Text(_)));
        if let (Some(known), Some(given)) = (*text_ids, is_text)
            && known != given
        {
            let fault = mixed(given, "client ids as those before: text, or integers");
            return Err(named(At::ClientId)(fault).into());
        }
        *text_ids = text_ids.or(is_text);
        for (at, id) in ids {
            if let (Some(id), Some(names)) = (id, numbering.of(at)) {
                names.settle(&of_key(id));
            }
        }
        Ok(())
    }

    /// Writes the cells into the first row of a block.
    pub(crate) fn fill(&self, kind: CommandKind, scope: &Scope, numbering: &mut Numbering<'_>, block: &mut Block) {
        let mut given = bit(At::Kind);
        let mut refused = Vec::new();
        let mut take = |at: At, there: bool| {
            given |= if there { bit(at) } else { 0 };
            there
        };
        block.faults.clear();
        block.kind[0] = kind as u8;
        macro_rules! columns {
            ($columns:expr, $target:ident, $($cell:expr),*) => {
                for ((at, value), target) in $columns.into_iter().zip([$($cell),*]).zip(&mut block.$target) {
                    if take(at, value.is_some()) {
                        target[0] = value.unwrap_or_default();
                    }
                }
            };
        }
        columns!(NUMBERS, numbers, self.quantity, self.price, self.trigger, self.leverage, self.bid, self.ask);
        let times = [self.time, self.until, self.investor_until, self.knowledge_until, self.sent];
        columns!(TIMES, times, times[0], times[1], times[2], times[3], times[4]);
        columns!(
            WORDS,
            words,
            self.tif.map(|it| it as u8),
            self.post_only.map(|it| it as u8),
            self.isolated.map(u8::from),
            self.trigger_by.map(|it| it as u8),
            self.trigger_when.map(|it| it as u8),
            self.stp.map(|it| it as u8),
            self.class.map(|it| it as u8),
            self.state,
            self.portfolio.map(u8::from)
        );
        for (at, time) in TIMES.into_iter().zip(times) {
            if at != At::Sent && time.is_some_and(|time| time < YEAR_2000_NS) {
                refused.push((at, Code::ImplausibleTime));
            }
        }
        let names = [self.instrument, self.asset, self.fee_tier, self.source, self.underlying];
        for ((at, name), target) in NAMES.into_iter().zip(names).zip(&mut block.names) {
            if let Some(name) = name {
                take(at, true);
                target[0] = scope.name(at, name);
                if target[0] == UNKNOWN_NAME {
                    refused.push((at, Lists::unknown(at)));
                }
            }
        }
        for (at, id) in [(At::Account, self.account), (At::Client, self.client), (At::Group, self.group)] {
            let Some(id) = id else { continue };
            take(at, true);
            let number = numbering.of(at).and_then(|names| names.number(&id));
            let target = match at {
                At::Account => &mut block.account,
                At::Client => &mut block.client,
                _ => &mut block.group,
            };
            target[0] = number.unwrap_or(NOBODY);
            if number.is_none() {
                refused.push((at, Code::OutOfRange));
            }
        }
        if let Some(to) = self.to_account.filter(|_| matches!(scope, Scope::Venue(_))) {
            block.to_account[0] = numbering.accounts.find(&to).unwrap_or(NOBODY);
        }
        match self.client_id {
            Some(ClientId::Number(number)) => block.client_id[0] = number,
            Some(ClientId::Text(text)) if text.len() > CLIENT_ID_BYTES => {
                refused.push((At::ClientId, Code::OutOfRange));
            }
            _ => {}
        }
        block.order[0] = self.order.unwrap_or_default();
        block.amount[0] = self.amount.unwrap_or_default();
        block.reduce_only[0] = u8::from(self.reduce_only.unwrap_or_default());
        for (at, there) in [
            (At::Order, self.order.is_some()),
            (At::ClientId, self.client_id.is_some()),
            (At::ReduceOnly, self.reduce_only.is_some()),
            (At::Amount, self.amount.is_some()),
            (At::ToAccount, self.to_account.is_some()),
            (At::Note, self.note.is_some()),
            (At::Flags, self.flags.is_some()),
            (At::Approval, self.approval.is_some()),
            (At::Confirm, self.confirm.is_some()),
            (At::Rulebook, self.rulebook.is_some()),
        ] {
            take(at, there);
        }
        block.given[0] = given & !REFUSED;
        refused.into_iter().for_each(|(at, code)| block.refuse(0, at, code));
    }
}

fn type_of(is_text: bool) -> DataType {
    if is_text { DataType::Utf8 } else { DataType::Int64 }
}
