//! A single command: the same way as a row of a table.

use super::in_force::InForce;
use super::{Turn, Venue};
use crate::contract::commands::CommandKind;
use crate::decode::{Numbering, Row};
use crate::said::Said;
use crate::single::Cells;
use perpcore::fault::Failure;

impl Venue {
    /// Carries out one command; what it did.
    ///
    /// # Errors
    /// `id_kind_mismatch` where an id is of another kind than those before it; then nothing was done.
    pub fn one(&mut self, kind: CommandKind, cells: &Cells<'_>) -> Result<Said, Failure> {
        let Venue { core, now, accounts, clients, groups, text_ids, .. } = self;
        let Venue { block, count, time, events, unremembered, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        cells.admit(&mut numbering, &now.scope, text_ids)?;
        cells.fill(kind, &now.scope, &mut numbering, block);
        events.clear();
        unremembered.clear();
        let mut turn = Turn { core, accounts: &*numbering.accounts, count, time, events, unremembered };
        if turn.carry_out(Row { block, at: 0, lists: &now.lists, texts: cells }, cells.client_id) {
            *now = InForce::of(core);
        }
        let said = Said::new(
            &now.rules.rulebook,
            &numbering,
            *text_ids,
            |instrument| core.clients(instrument),
            Some(&|at| core.digest_of(at)),
            (events, unremembered),
        );
        core.settle_ids();
        Ok(said)
    }
}
