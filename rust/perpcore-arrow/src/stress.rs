//! What an assessed book would be under joint moves of prices.

use crate::assess::{Assessment, batch, faults};
use crate::contract;
use crate::decode::joint_moves;
use crate::encode;
use arrow_array::{RecordBatch, StructArray};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::margin::market::Market;
use perpcore::margin::portfolio::scenarios::Scenarios;
use perpcore::sweep::reverse::{Direction, Ended, Ratio, reverse_stress};
use perpcore::sweep::snapshot::Grouped;
use perpcore::sweep::stop::{Stop, stopped};
use perpcore::sweep::stress::{Stressed, stress};

/// What a table of money holds at most, in g: 28 digits.
const MOST: u128 = 10_u128.pow(28);

impl Assessment {
    /// The table `stress`: the book valued again in every scenario; `fund` is what an insurance fund holds, in g.
    ///
    /// # Errors
    /// What is wrong with the table of scenarios; what makes the book impossible to value in one of them; any failure where
    /// `stop` ended it.
    pub fn stress(&self, scenarios: Vec<StructArray>, fund: Option<i128>, stop: &Stop) -> Result<RecordBatch, Failure> {
        let (table, rows) = self.stressed(scenarios, 0, stop)?;
        let sums = rows.iter().flat_map(|row| [row.equity, row.initial_margin, row.maintenance_margin, row.deficit]);
        if sums.into_iter().any(|sum| sum.unsigned_abs() >= MOST) {
            let fault = Fault::new(Code::OutOfRange).in_column(contract::STRESS_OUT.name, "equity");
            return Err(fault.accepts("a book whose sums are below 10²⁰").into());
        }
        batch(&contract::STRESS_OUT, Ok(encode::stress(&table.names, &rows, fund)), &self.rules)
    }

    /// The table `stress.largest`: in every scenario the bankrupt buckets with the largest deficits, at most `count`.
    ///
    /// # Errors
    /// As [`Assessment::stress`].
    pub fn largest_deficits(
        &self,
        scenarios: Vec<StructArray>,
        count: usize,
        stop: &Stop,
    ) -> Result<RecordBatch, Failure> {
        let (table, rows) = self.stressed(scenarios, count, stop)?;
        let columns = encode::largest(&table.names, &rows, &self.id_column, &self.rules.rulebook);
        batch(&contract::LARGEST_OUT, columns, &self.rules)
    }

    /// The largest t up to which the deficit after the moves t × direction is at most `amount` (in g); `direction` is a
    /// table of one scenario. None where it never is more.
    ///
    /// # Errors
    /// As [`Assessment::stress`].
    pub fn reverse_stress(
        &self,
        direction: Vec<StructArray>,
        amount: i128,
        stop: &Stop,
    ) -> Result<Option<Ratio>, Failure> {
        let (table, movers) = joint_moves(&self.rules.rulebook, direction, stop)?;
        let moves = table.moves.iter().map(|column| column.as_ref().and_then(|moves| moves.first().copied()));
        let direction = Direction { movers, moves: moves.map(Option::unwrap_or_default).collect() };
        let grouped = self.grouped()?;
        reverse_stress(&self.rules.terms, &self.market, &grouped, &direction, amount, self.threads, stop).map_err(
            |ended| match ended {
                Ended::Stopped => stopped(),
                Ended::Blocked(account) => self.blocked(&self.market, &grouped, account, "at its prices"),
            },
        )
    }

    fn stressed(
        &self,
        scenarios: Vec<StructArray>,
        largest: usize,
        stop: &Stop,
    ) -> Result<(Scenarios, Vec<Stressed>), Failure> {
        let (table, movers) = joint_moves(&self.rules.rulebook, scenarios, stop)?;
        let moves = |row: usize, mover: u32| table.moves[mover as usize].as_ref().map_or(0, |moves| moves[row]);
        let markets: Vec<Market> =
            (0..table.names.len()).map(|row| self.market.moved(&movers, |mover| moves(row, mover))).collect();
        let grouped = self.grouped()?;
        let terms = &self.rules.terms;
        let rows = stress(terms, &markets, &grouped, largest, self.threads, stop).ok_or_else(stopped)?;
        for ((row, market), name) in rows.iter().zip(&markets).zip(&table.names) {
            if let Some(account) = row.blocked {
                return Err(self.blocked(market, &grouped, account, &format!("in scenario {name}")));
            }
        }
        Ok((table, rows))
    }

    /// The rows of the inputs by account.
    fn grouped(&self) -> Result<Grouped<'_>, Failure> {
        if !self.tables.within_bounds() {
            return Err(Fault::new(Code::InputsChanged).into());
        }
        Ok(Grouped::new(self.tables.snapshot()))
    }

    /// Why an account cannot be valued.
    fn blocked(&self, market: &Market, grouped: &Grouped<'_>, account: u32, place: &str) -> Failure {
        let found = faults(&self.rules, &self.ids, market, grouped, &[], &[account]);
        let first = found.into_iter().next().map_or_else(|| Fault::new(Code::Internal), |(_, fault)| fault);
        first.accepts(format!("a book that can be valued {place}")).into()
    }
}
