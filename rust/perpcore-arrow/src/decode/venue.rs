//! How a row of `commands` becomes a command of a venue.

use super::block::{
    ASK, ASSET, BID, Block, CLASS, FEE_TIER, INSTRUMENT, INVESTOR_UNTIL, KNOWLEDGE_UNTIL, LEVERAGE, MODEL, NAMES,
    PRICE, SENT, SOURCE, STATE, UNDERLYING, UNTIL,
};
use super::feed::OFF_GRID;
use super::lists::Lists;
use crate::contract::commands::{At, CommandKind, FLAGS, HOUSES, Reader, phase_at, price_state_at};
use perpcore::fault::Code;
use perpcore::message::{
    ClientId, Command, Flags, Halted, House, NOBODY, Place, PriceState, Priced, Settings, VenueCommand, approval,
};

/// Texts of a row that are read only where its kind asks for them.
pub(crate) trait Texts<'a>: Copy {
    /// The text of a column; none where it is not given.
    fn text(self, at: At) -> Option<&'a str>;
}

/// A row of a block, and what is beside it.
#[derive(Clone, Copy)]
pub(crate) struct Row<'a, T> {
    pub(crate) block: &'a Block,
    pub(crate) at: usize,
    pub(crate) lists: &'a Lists,
    pub(crate) texts: T,
}

impl<'a, T: Texts<'a>> Row<'a, T> {
    /// What a row asks for; `client_id` is its client id.
    ///
    /// # Errors
    /// Why it is refused.
    #[inline(always)]
    pub(crate) fn asked(self, client_id: Option<ClientId<'a>>) -> Result<VenueCommand<'a>, Code> {
        let Row { block, at: row, .. } = self;
        let columns = CommandKind::columns(Reader::Venue);
        let (Some(kind), Some(used)) = (block.kind_of(row), columns.get(usize::from(block.kind[row]))) else {
            return Err(self.reason());
        };
        if !block.holds(row, *used) {
            return Err(self.reason());
        }
        Ok(match kind {
            CommandKind::Place => {
                let place = Place { sent: block.time(row, SENT), ..block.place(row, client_id)? };
                VenueCommand::Book(self.instrument()?, Command::Place(place))
            }
            CommandKind::Amend => VenueCommand::Book(self.book(), Command::Amend(block.amend(row, client_id)?)),
            CommandKind::Cancel => VenueCommand::Book(self.book(), Command::Cancel(block.cancel(row, client_id)?)),
            CommandKind::Mark => VenueCommand::Mark(self.instrument()?, block.numbers[PRICE][row], self.price_state()?),
            CommandKind::Quote => return self.quote(),
            _ => return self.seldom(kind),
        })
    }

    #[cold]
    #[inline(never)]
    fn seldom(self, kind: CommandKind) -> Result<VenueCommand<'a>, Code> {
        let Row { block, at: row, .. } = self;
        let account = || block.account_of(row);
        let amount = || block.amount[row];
        let asset = || block.names[ASSET][row];
        let instrument = block.name(row, INSTRUMENT);
        let underlying = block.name(row, UNDERLYING);
        Ok(match kind {
            CommandKind::CancelAll => VenueCommand::CancelAll(instrument, block.scope(row)),
            CommandKind::OpenAccount => VenueCommand::OpenAccount(account(), self.settings()?),
            CommandKind::SetAccount => VenueCommand::SetAccount(account(), self.settings()?),
            CommandKind::CloseAccount => VenueCommand::CloseAccount(account()),
            CommandKind::Hold => {
                let flags = self.texts.text(At::Flags).map_or(Some(Flags::default()), flags);
                VenueCommand::Hold(account(), flags.ok_or(Code::OutOfRange)?, self.is_approved())
            }
            CommandKind::Disconnect => VenueCommand::Disconnect(account()),
            CommandKind::Deadman => VenueCommand::Deadman(account(), block.time(row, UNTIL)),
            CommandKind::Deposit => VenueCommand::Deposit(account(), asset(), amount()),
            CommandKind::Withdraw => VenueCommand::Withdraw(account(), asset(), amount()),
            CommandKind::ConfirmWithdrawal => VenueCommand::ConfirmWithdrawal(block.order[row]),
            CommandKind::ReleaseWithdrawal => VenueCommand::ReleaseWithdrawal(block.order[row]),
            CommandKind::Transfer => match (instrument, block.name(row, ASSET), block.has(row, At::ToAccount)) {
                (Some(instrument), None, false) => VenueCommand::Margin(account(), instrument, amount()),
                (Some(_), ..) => return Err(Code::ConflictingValues),
                (None, Some(asset), true) => VenueCommand::Transfer(account(), block.to_account[row], asset, amount()),
                (None, ..) => return Err(Code::NullValue),
            },
            CommandKind::Index => {
                let priced = match (underlying, block.name(row, ASSET)) {
                    (Some(underlying), None) => Priced::Underlying(underlying),
                    (None, Some(asset)) => Priced::Asset(asset),
                    (None, None) => return Err(Code::NullValue),
                    _ => return Err(Code::ConflictingValues),
                };
                VenueCommand::Index(priced, block.numbers[PRICE][row], self.price_state()?)
            }
            CommandKind::Top => VenueCommand::Top(self.instrument()?, block.number(row, BID), block.number(row, ASK)),
            CommandKind::AdvanceTime => VenueCommand::AdvanceTime,
            CommandKind::Restart => VenueCommand::Restart,
            CommandKind::Phase => {
                let phase = phase_at(block.words[STATE][row]).ok_or(Code::OutOfRange)?;
                VenueCommand::Phase(self.instrument()?, phase)
            }
            CommandKind::Halt | CommandKind::Resume => return self.halt(kind == CommandKind::Halt),
            CommandKind::FundTopup => {
                let house = house(self.texts.text(At::Note)).ok_or(Code::OutOfRange)?;
                let account = block.has(row, At::Account).then(account);
                VenueCommand::Topup(house, account, block.name(row, ASSET), amount())
            }
            CommandKind::RegisterBackstop => VenueCommand::RegisterBackstop(account(), amount()),
            CommandKind::Settle => {
                VenueCommand::Settle(self.instrument()?, block.number(row, PRICE), self.said(At::Approval))
            }
            CommandKind::ApproveRulebook => {
                VenueCommand::ApproveRulebook(self.said(At::Rulebook), self.said(At::Approval))
            }
            CommandKind::ActivateRulebook => {
                VenueCommand::ActivateRulebook(self.said(At::Rulebook), !self.said(At::Confirm).trim().is_empty())
            }
            CommandKind::Place | CommandKind::Amend | CommandKind::Cancel | CommandKind::Mark | CommandKind::Quote => {
                return self.asked(None);
            }
        })
    }

    /// What is halted, or goes on: one thing or person, or all instruments.
    #[cold]
    fn halt(self, halts: bool) -> Result<VenueCommand<'a>, Code> {
        let Row { block, at: row, .. } = self;
        let (instrument, underlying) = (block.name(row, INSTRUMENT), block.name(row, UNDERLYING));
        let account = block.has(row, At::Account).then(|| Halted::Account(block.account_of(row)));
        let people =
            [account, block.client_of(row).map(Halted::Client), block.some_word(row, CLASS).map(Halted::Class)];
        let named = people.iter().flatten().count();
        if named + usize::from(instrument.is_some()) + usize::from(underlying.is_some()) > 1 {
            return Err(Code::ConflictingValues);
        }
        Ok(match (people.into_iter().flatten().next(), underlying) {
            (Some(whose), _) if halts => VenueCommand::HaltOrders(whose),
            (Some(whose), _) => VenueCommand::ResumeOrders(whose),
            (None, Some(underlying)) if halts => VenueCommand::HaltIndex(underlying),
            (None, Some(underlying)) => VenueCommand::ResumeIndex(underlying),
            (None, None) if halts => VenueCommand::Halt(instrument),
            (None, None) => VenueCommand::Resume(instrument),
        })
    }

    /// Why a row is refused.
    #[cold]
    #[inline(never)]
    fn reason(self) -> Code {
        let Row { block, at: row, .. } = self;
        let kind = block.kind_of(row);
        let is = |of: CommandKind| kind == Some(of);
        let wrong = |at: At| {
            let fits = match at {
                At::State if is(CommandKind::Phase) => phase_at(block.words[STATE][row]).is_some(),
                At::State => price_state_at(block.words[STATE][row]).is_some(),
                At::Flags => self.texts.text(At::Flags).is_none_or(|text| flags(text).is_some()),
                At::Note if is(CommandKind::FundTopup) => house(self.texts.text(At::Note)).is_some(),
                _ => true,
            };
            (!fits).then_some(Code::OutOfRange)
        };
        block.reason(row, CommandKind::columns(Reader::Venue), wrong).unwrap_or(Code::Internal)
    }

    /// The instrument of a row, or the only one there is; where there are several the venue finds the order.
    fn book(self) -> u32 {
        self.instrument().unwrap_or(NOBODY)
    }

    /// The instrument of a row, or the only one there is.
    #[inline(always)]
    fn instrument(self) -> Result<u32, Code> {
        let given = self.block.name(self.at, INSTRUMENT);
        given.or_else(|| self.lists.only_instrument()).ok_or(Code::NullValue)
    }

    /// The instrument of a row that is refused, as far as it is told; [`NOBODY`] where it is not.
    pub(crate) fn instrument_said(self) -> u32 {
        let Row { block, at: row, lists, .. } = self;
        if block.has(row, At::Instrument) {
            return if block.is_said(row, At::Instrument) { block.names[INSTRUMENT][row] } else { NOBODY };
        }
        let of_one = matches!(
            block.kind_of(row),
            Some(
                CommandKind::Place
                    | CommandKind::Amend
                    | CommandKind::Cancel
                    | CommandKind::Mark
                    | CommandKind::Top
                    | CommandKind::Phase
                    | CommandKind::Settle
            )
        );
        lists.only_instrument().filter(|_| of_one && block.has(row, At::Kind)).unwrap_or(NOBODY)
    }

    /// The asset and the amount of a row that is refused, as far as they are told.
    pub(crate) fn money_said(self) -> (u32, i128) {
        let Row { block, at: row, .. } = self;
        let asset = if block.is_said(row, NAMES[ASSET]) { block.names[ASSET][row] } else { NOBODY };
        (asset, if block.is_said(row, At::Amount) { block.amount[row] } else { 0 })
    }

    #[inline(always)]
    fn price_state(self) -> Result<PriceState, Code> {
        if !self.block.has(self.at, At::State) {
            return Ok(PriceState::Live);
        }
        price_state_at(self.block.words[STATE][self.at]).ok_or(Code::OutOfRange)
    }

    /// Whether an approval is referred to: an empty text is none.
    fn is_approved(self) -> bool {
        !approval(self.said(At::Approval)).is_empty()
    }

    /// A text; empty where it is not given.
    fn said(self, at: At) -> &'a str {
        self.texts.text(at).unwrap_or_default()
    }

    fn settings(self) -> Result<Settings, Code> {
        let Row { block, at: row, .. } = self;
        let leverage = block.number(row, LEVERAGE);
        let key = match block.name(row, INSTRUMENT) {
            Some(_) if leverage.is_none() => return Err(Code::NullValue),
            None if block.has(row, At::MarginMode) => return Err(Code::ConflictingValues),
            instrument => instrument.map(|instrument| (instrument, block.is_isolated(row))),
        };
        Ok(Settings {
            client: block.client_of(row),
            group: block.group_of(row),
            class: block.some_word(row, CLASS),
            portfolio: block.has(row, At::Model).then(|| block.words[MODEL][row] != 0),
            leverage,
            key,
            fee_tier: block.name(row, FEE_TIER),
            investor_until: block.time(row, INVESTOR_UNTIL),
            knowledge_until: block.time(row, KNOWLEDGE_UNTIL),
            approved: self.is_approved(),
        })
    }

    fn quote(self) -> Result<VenueCommand<'a>, Code> {
        let Row { block, at: row, lists, .. } = self;
        let underlying = block.names[UNDERLYING][row];
        let source = lists.source(underlying, block.names[SOURCE][row]).ok_or(Code::OutOfRange)?;
        let price = block.number(row, PRICE).filter(|price| *price != OFF_GRID);
        Ok(VenueCommand::Quote { underlying, source, price, sent: block.time(row, SENT) })
    }
}

/// The flags of a text; none where it names another.
fn flags(text: &str) -> Option<Flags> {
    let mut found = Flags::default();
    for name in text.split(',').filter(|_| !text.is_empty()) {
        let [no_open, no_withdraw, frozen] = FLAGS.map(|flag| flag == name);
        if !(no_open || no_withdraw || frozen) {
            return None;
        }
        found.no_open |= no_open;
        found.no_withdraw |= no_withdraw;
        found.frozen |= frozen;
    }
    Some(found)
}

/// The account of the venue's own that a note names.
fn house(note: Option<&str>) -> Option<House> {
    let place = note.map_or(Some(0), |note| HOUSES.iter().position(|house| *house == note))?;
    [House::Fund, House::Converter].get(place).copied()
}
