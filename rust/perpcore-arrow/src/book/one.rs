//! A single command: the same way as a row of a table.

use super::{OrderBook, Turn};
use crate::contract::commands::CommandKind;
use crate::decode::Numbering;
use crate::said::Said;
use crate::single::Cells;
use perpcore::fault::Failure;

impl OrderBook {
    /// Carries out one command; what it did.
    ///
    /// # Errors
    /// `id_kind_mismatch` where an id is of another kind than those before it; then nothing was done.
    pub fn one(&mut self, kind: CommandKind, cells: &Cells<'_>) -> Result<Said, Failure> {
        let OrderBook { core, owner, scope, block, count, time, events, unremembered, .. } = self;
        let OrderBook { accounts, clients, groups, text_ids, rules, .. } = self;
        let mut numbering = Numbering { accounts, clients, groups };
        cells.admit(&mut numbering, scope, text_ids)?;
        cells.fill(kind, scope, &mut numbering, block);
        events.clear();
        unremembered.clear();
        Turn { core, owner, count, time, events, unremembered }.carry_out(block, 0, cells.client_id);
        let said =
            Said::new(&rules.rulebook, &numbering, *text_ids, |_| Some(core.clients()), None, (events, unremembered));
        core.settle();
        Ok(said)
    }
}
