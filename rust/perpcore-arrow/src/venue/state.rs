//! What can be asked of a venue, as tables.

use super::Venue;
use crate::assess::{Rules, batch, instrument_named};
use crate::contract;
use crate::decode::{AccountKey, joint_moves};
use crate::encode::{self, EventColumns, IdColumn, Lines};
use arrow_array::{RecordBatch, StructArray};
use perpcore::fault::{Code, Failure, Fault};
use perpcore::ledger::House;
use perpcore::margin::account::Account;
use perpcore::margin::figures::Figures;
use perpcore::margin::line::Line;
use perpcore::margin::status::Status;
use perpcore::margin::threshold::{Moves, Threshold, Thresholds};
use perpcore::message::{Event, FUND, Phase, Side};
use perpcore::sweep::assess::IsolatedBucket;
use perpcore::sweep::liquidation::LiquidationPrice;
use perpcore::sweep::stop::Stop;
use perpcore::venue::{Holder, LedgerRow, PositionRow, Valued};
use perpcore::word::Word;
use std::collections::HashSet;

/// One account: its row of the table `accounts`, its isolated positions, lines and liquidation prices as of an assessment.
pub struct Explained {
    /// One row.
    pub accounts: RecordBatch,
    /// Its isolated positions.
    pub isolated: RecordBatch,
    /// Its lines.
    pub lines: RecordBatch,
    /// Where it is liquidated.
    pub liquidation: RecordBatch,
}

/// The liquidation of an account told again, and how far it is from one; without rows where it is not open.
pub struct Story {
    /// Rows of the table `events`.
    pub events: RecordBatch,
    /// Its row of `accounts`.
    pub accounts: RecordBatch,
    /// Its isolated positions.
    pub isolated: RecordBatch,
    /// Where it is liquidated.
    pub liquidation: RecordBatch,
}

/// Price, quantity and how many orders, in g.
type Level = (i64, i64, u32);

impl Venue {
    /// Every open account, valued: the table `accounts` of an assessment.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn accounts(&self) -> Result<RecordBatch, Failure> {
        self.valued(self.core.accounts().collect())
    }

    fn valued(&self, accounts: Vec<u32>) -> Result<RecordBatch, Failure> {
        let posted: HashSet<(u32, u32)> =
            self.core.positions().filter(|row| row.isolated).map(|row| (row.account, row.instrument)).collect();
        let mut rows: Vec<(Figures, Option<Status>)> = Vec::with_capacity(accounts.len());
        let mut valued: Vec<u32> = Vec::with_capacity(accounts.len());
        for account in accounts {
            let Some(Valued { cross, isolated, .. }) = self.core.valued(account, false) else { continue };
            // A position of which only a leverage was chosen is none yet.
            let held = isolated.iter().filter(|(instrument, _)| posted.contains(&(account, *instrument)));
            rows.push((cross, held.map(|(_, figures)| figures.status).min()));
            valued.push(account);
        }
        let scenarios = self.now.rules.terms.portfolio.as_ref().map_or(&[][..], |portfolio| &portfolio.scenarios.names);
        let ids = encode::resident_ids(self.accounts.known(), &valued);
        batch(&contract::ACCOUNTS_OUT, ids.and_then(|ids| encode::valued(&rows, ids, scenarios)), &self.now.rules)
    }

    /// Who has what: the table `ledger`.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn ledger(&self) -> Result<RecordBatch, Failure> {
        let rows: Vec<LedgerRow> = self.core.ledger().collect();
        let holders = rows.iter().map(|row| match row.holder {
            Holder::Client(account) => self.accounts.known().shown(account),
            Holder::House(name) => name.to_string(),
        });
        batch(&contract::LEDGER, encode::ledger(&rows, holders, &self.now.rules.rulebook), &self.now.rules)
    }

    /// Who holds what: the table `venue_positions`.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn positions(&self) -> Result<RecordBatch, Failure> {
        let rows: Vec<PositionRow> = self.core.positions().collect();
        let accounts: Vec<u32> = rows.iter().map(|row| row.account).collect();
        let ids = encode::sparse_ids(self.accounts.known(), &accounts, &mut Vec::new());
        let columns = ids.and_then(|ids| encode::venue_positions(&rows, ids, &self.now.rules.rulebook));
        batch(&contract::VENUE_POSITIONS, columns, &self.now.rules)
    }

    /// One account, line by line.
    ///
    /// # Errors
    /// `unknown_account`.
    pub fn explain(&self, key: &AccountKey<'_>) -> Result<Explained, Failure> {
        let unknown = || Fault::new(Code::UnknownAccount).value(key);
        let account = self.accounts.find(key).ok_or_else(unknown)?;
        let Valued { isolated, lines, .. } = self.core.valued(account, true).ok_or_else(unknown)?;
        let (rulebook, ids) = (&self.now.rules.rulebook, IdColumn::new(&self.accounts.known().ids(&[account])));
        let mut table = Lines::new(rulebook);
        // A wallet that is empty again says nothing.
        let says = |line: &Line| line.amount_e24 != 0 || line.quantity != Some(0);
        lines.iter().filter(|(_, line)| says(line)).for_each(|(bucket, line)| table.push(0, *bucket, line));
        let thresholds = self.thresholds(account);
        let liquidation = encode::liquidation_prices(&thresholds, &ids, rulebook);
        Ok(Explained {
            accounts: self.valued(vec![account])?,
            isolated: self.isolated_of(account, &isolated)?,
            lines: batch(&contract::LINES_OUT, table.columns(&ids), &self.now.rules)?,
            liquidation: batch(&contract::LIQUIDATION_PRICES_OUT, liquidation, &self.now.rules)?,
        })
    }

    /// The isolated positions of an account with their figures: the table `isolated` of an assessment.
    fn isolated_of(&self, account: u32, figures: &[(u32, Figures)]) -> Result<RecordBatch, Failure> {
        let held = self.core.positions().filter(|row| row.account == account && row.isolated);
        let buckets: Vec<IsolatedBucket> = held
            .filter_map(|row| {
                let figures = figures.iter().find(|(instrument, _)| *instrument == row.instrument)?.1;
                let quantity = self.now.rules.terms.instruments[row.instrument as usize].base(row.quantity).ok()?;
                let PositionRow { instrument, isolated_margin, .. } = row;
                let quantity = quantity.into();
                Some(IsolatedBucket { account: 0, instrument, first_row: 0, quantity, isolated_margin, figures })
            })
            .collect();
        let (rules, ids) = (&self.now.rules, IdColumn::new(&self.accounts.known().ids(&[account])));
        batch(&contract::ISOLATED_OUT, encode::isolated(&buckets, &ids, &rules.rulebook), rules)
    }

    /// What happened to an account since it last fell into liquidation, and how far it is from that.
    ///
    /// # Errors
    /// `unknown_account`.
    pub fn liquidation_story(&self, key: &AccountKey<'_>) -> Result<Story, Failure> {
        let account = match key {
            AccountKey::Text(name) if *name == House::Fund.text() => FUND,
            _ => self.accounts.find(key).ok_or_else(|| Fault::new(Code::UnknownAccount).value(key))?,
        };
        let (rulebook, ids) = (&self.now.rules.rulebook, IdColumn::new(&self.accounts.known().ids(&[account])));
        let prices = encode::liquidation_prices(&self.thresholds(account), &ids, rulebook);
        let isolated = self.core.valued(account, false).map(|valued| valued.isolated).unwrap_or_default();
        Ok(Story {
            events: self.told_again(self.core.story(account))?,
            accounts: self.valued(vec![account])?,
            isolated: self.isolated_of(account, &isolated)?,
            liquidation: batch(&contract::LIQUIDATION_PRICES_OUT, prices, &self.now.rules)?,
        })
    }

    /// What a report of deleveraging is about: rows of the table `events`.
    ///
    /// # Errors
    /// `unknown_report`.
    pub fn adl_report(&self, number: u64) -> Result<RecordBatch, Failure> {
        let events = self.core.report(number).ok_or_else(|| Fault::new(Code::UnknownReport).value(number))?;
        self.told_again(events)
    }

    /// Events that were told before, as a table.
    fn told_again(&self, events: &[Event]) -> Result<RecordBatch, Failure> {
        let mut columns = EventColumns::of_venue(events.len(), self.text_ids);
        let note = |event: &Event| encode::note_of(event, &self.now.rules.rulebook, |at| self.core.digest_of(at));
        columns.append(events, |instrument| self.core.clients(instrument), note, &[]);
        let columns = columns.finish(self.accounts.known(), &mut Vec::new(), &self.now.words);
        batch(&contract::EVENTS, columns, &self.now.rules)
    }

    /// Where the positions of an account are liquidated, by instrument, cross before isolated.
    fn thresholds(&self, account: u32) -> Vec<LiquidationPrice> {
        let found = self.core.laid_out(account, |terms, market, view: &Account<'_>| {
            let held = || view.cross.iter().chain(view.isolated).filter(|position| position.quantity != 0);
            // What has no mark yet has no distance from it either.
            if held().any(|position| market.mark(position.instrument).price == 0) {
                return Vec::new();
            }
            let moves = Moves::new(terms, market);
            let mut thresholds = Thresholds::new(&moves);
            let row = |at: &perpcore::margin::account::Position, isolated: bool, threshold: Threshold| {
                let Threshold { mark, below, above, .. } = threshold;
                let (instrument, quantity) = (at.instrument, at.quantity as i64);
                LiquidationPrice { account: 0, instrument, isolated, quantity, mark, below, above }
            };
            let mut rows = Vec::new();
            thresholds.cross(view, |at, threshold| rows.push(row(&view.cross[at], false, threshold)));
            for position in view.isolated.iter().filter(|position| position.quantity != 0) {
                rows.push(row(position, true, thresholds.isolated(view, position)));
            }
            rows.sort_by_key(|row| (row.instrument, row.isolated));
            rows
        });
        found.unwrap_or_default()
    }

    /// So many levels of each side of a book, all without a number: the table `depth`.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn depth(&self, instrument: &str, levels: Option<usize>) -> Result<RecordBatch, Failure> {
        let columns = self.core.book(self.instrument(instrument)?).map(|book| encode::depth(book, levels));
        batch(&contract::DEPTH, Ok(columns.unwrap_or_default()), &self.now.rules)
    }

    /// Every resting order of a book: the table `l3`.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn l3(&self, instrument: &str) -> Result<RecordBatch, Failure> {
        let book = self.core.book(self.instrument(instrument)?);
        let columns = book.map(|book| encode::l3(book, self.text_ids, self.accounts.known()));
        batch(&contract::L3, columns.unwrap_or_else(|| Ok(Vec::new())), &self.now.rules)
    }

    /// The open orders of an account: the table `open_orders`; empty where it has none.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn orders(&self, account: &AccountKey<'_>) -> Result<RecordBatch, Failure> {
        let (known, rulebook) = (self.accounts.known(), &self.now.rules.rulebook);
        let books = (0..rulebook.instruments().len() as u32).filter_map(|at| self.core.book(at));
        let columns = encode::open_orders(books, self.accounts.find(account), self.text_ids, known, rulebook);
        batch(&contract::OPEN_ORDERS, columns, &self.now.rules)
    }

    /// The best levels of a book: bid and ask.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn best(&self, instrument: &str) -> Result<[Option<Level>; 2], Failure> {
        let book = self.core.book(self.instrument(instrument)?);
        Ok([Side::Bid, Side::Ask].map(|side| {
            let (book, level) = book.and_then(|book| Some((book, book.best(side)?)))?;
            let terms = book.terms();
            Some((terms.tick.value(level.price), terms.lot.value(level.lots), level.orders))
        }))
    }

    /// The phase of an instrument.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn phase(&self, instrument: &str) -> Result<Phase, Failure> {
        let book = self.core.book(self.instrument(instrument)?);
        Ok(book.map_or(Phase::Listed, |book| book.phase()))
    }

    fn instrument(&self, name: &str) -> Result<u32, Failure> {
        instrument_named(&self.now.rules.rulebook, name).map(|at| at as u32)
    }

    /// Where positions of an instrument stand that may be deleveraged: the table `rank_lights`.
    ///
    /// # Errors
    /// `unknown_instrument`.
    pub fn rank_lights(&self, instrument: &str) -> Result<RecordBatch, Failure> {
        let rows = self.core.lights(self.instrument(instrument)?);
        let accounts: Vec<u32> = rows.iter().map(|row| row.account).collect();
        let ids = encode::resident_ids(self.accounts.known(), &accounts);
        batch(&contract::RANK_LIGHTS, ids.and_then(|ids| encode::rank_lights(&rows, ids)), &self.now.rules)
    }

    /// What the fund is to what everybody would lack in scenarios: the table `coverage`.
    ///
    /// # Errors
    /// What is wrong with the table of scenarios, `out_of_range` where a sum is beyond what is shown.
    pub fn coverage(&self, scenarios: Vec<StructArray>, stop: &Stop) -> Result<RecordBatch, Failure> {
        let (table, movers) = joint_moves(&self.now.rules.rulebook, scenarios, stop)?;
        let moves = |row: usize, mover: u32| table.moves[mover as usize].as_ref().map_or(0, |moves| moves[row]);
        let market = |row: usize| self.core.market().moved(&movers, |mover| moves(row, mover));
        let rows: Vec<(i128, i128)> = (0..table.names.len()).map(|row| self.core.stressed(&market(row))).collect();
        batch(&contract::COVERAGE, Ok(encode::coverage(&table.names, &rows)), &self.now.rules)
    }

    /// What another rulebook would do at the prices of now: the table `dry_run`; none where it could not follow the one in
    /// force.
    ///
    /// # Errors
    /// None that its makers do not exclude.
    pub fn dry_run(&self, rules: &Rules) -> Result<Option<RecordBatch>, Failure> {
        let Some(rows) = self.core.dry_run(&rules.rulebook) else { return Ok(None) };
        let accounts: Vec<u32> = rows.iter().map(|row| row.account).collect();
        let ids = encode::sparse_ids(self.accounts.known(), &accounts, &mut Vec::new());
        // Only what is held is told of, and so what the rulebook in force has.
        let columns = ids.and_then(|ids| encode::dry_run(&rows, ids, &self.now.rules.rulebook));
        batch(&contract::DRY_RUN, columns, rules).map(Some)
    }

    /// What does not add up, in words: nothing where all does.
    pub fn verify(&self) -> Vec<String> {
        self.core.verify()
    }

    /// The state in 256 bits.
    pub fn digest(&mut self) -> [u8; 32] {
        self.core.digest()
    }
}
