//! From the rows of one account to the view that the valuation reads: rows of one key add up (docs/margin.md).

use super::snapshot::{Grouped, NO_TIER, Table};
use crate::fault::Code;
use crate::margin::account::{Account, Balance, Order, Position};
use crate::margin::terms::Terms;

/// A row that is refused by what stands beside it; its cells by themselves were in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RowFault {
    /// The table.
    pub table: Table,
    /// The row.
    pub row: usize,
    /// The column at fault.
    pub column: &'static str,
    /// What is wrong.
    pub code: Code,
}

const NONE: u32 = u32::MAX;
/// Marks the isolated key in a key number; the rest is its place.
const ISOLATED: u32 = 1 << 31;

/// One account laid out for the valuation, reused from account to account so that nothing is allocated per row.
#[derive(Debug)]
pub struct Gather<'a> {
    terms: &'a Terms,
    cross: Vec<Position>,
    isolated: Vec<Position>,
    /// The first row of each isolated key.
    first_rows: Vec<u32>,
    balances: Vec<Balance>,
    orders: Vec<Order>,
    /// Orders with the key they act on and their row, before they are grouped.
    pending: Vec<(u32, u32, Order)>,
    /// (cross, isolated) key of each instrument, [`NONE`] where the account has none.
    keys: Vec<[u32; 2]>,
    /// Place of each asset in `balances`.
    places: Vec<u32>,
    taker_fee: i64,
    portfolio: bool,
    /// Where in each table the rows of the account last gathered end.
    near: [usize; 4],
}

impl<'a> Gather<'a> {
    /// An empty layout.
    pub fn new(terms: &'a Terms) -> Self {
        Gather {
            terms,
            cross: Vec::new(),
            isolated: Vec::new(),
            first_rows: Vec::new(),
            balances: Vec::new(),
            orders: Vec::new(),
            pending: Vec::new(),
            keys: vec![[NONE; 2]; terms.instruments.len()],
            places: vec![NONE; terms.assets.len()],
            taker_fee: 0,
            portfolio: false,
            near: [0; 4],
        }
    }

    /// Begins with another snapshot than that of the account last gathered.
    pub fn begin(&mut self) {
        self.near = [0; 4];
    }

    /// The account last gathered.
    #[inline(always)]
    pub fn view(&self) -> Account<'_> {
        Account {
            cross: &self.cross,
            isolated: &self.isolated,
            balances: &self.balances,
            orders: &self.orders,
            taker_fee: self.taker_fee,
            portfolio: self.portfolio,
        }
    }

    /// The first row of an isolated position of the account last gathered, by its place.
    pub fn first_row(&self, isolated: usize) -> u32 {
        self.first_rows[isolated]
    }

    /// Lays out one account of a snapshot. Rows for which `skip` holds are left out; a row that is
    /// refused is reported and left out.
    #[inline(always)]
    pub fn account(
        &mut self,
        data: &Grouped<'_>,
        account: usize,
        skip: impl Fn(Table, usize) -> bool,
        mut report: impl FnMut(RowFault),
    ) {
        self.clear();
        let mut near = std::mem::take(&mut self.near);
        for row in data.positions.of_all(account..account + 1, &mut near[0]).filter(|&row| !skip(Table::Positions, row))
        {
            if let Err((column, code)) = self.position(data, row) {
                report(RowFault { table: Table::Positions, row, column, code });
            }
        }
        for row in data.balances.of_all(account..account + 1, &mut near[1]).filter(|&row| !skip(Table::Balances, row)) {
            self.balance(data, row);
        }
        for row in data.orders.of_all(account..account + 1, &mut near[2]).filter(|&row| !skip(Table::Orders, row)) {
            if let Err((column, code)) = self.order(data, row) {
                report(RowFault { table: Table::Orders, row, column, code });
            }
        }
        self.group_orders();
        self.taker_fee = self.terms.taker_fees[self.terms.standard_tier];
        self.portfolio = false;
        for (at, row) in data
            .settings
            .of_all(account..account + 1, &mut near[3])
            .filter(|&row| !skip(Table::Accounts, row))
            .enumerate()
        {
            if let Err((column, code)) = self.settings(data, row, at) {
                report(RowFault { table: Table::Accounts, row, column, code });
            }
        }
        self.near = near;
    }

    fn clear(&mut self) {
        for (positions, mode) in [(&mut self.cross, 0), (&mut self.isolated, 1)] {
            for position in positions.drain(..) {
                self.keys[position.instrument as usize][mode] = NONE;
            }
        }
        for balance in self.balances.drain(..) {
            self.places[balance.asset as usize] = NONE;
        }
        self.first_rows.clear();
        self.orders.clear();
    }

    /// The position of a key, made where the account has none yet.
    #[inline(always)]
    fn key(&mut self, instrument: u32, isolated: bool, row: usize) -> u32 {
        let key = &mut self.keys[instrument as usize][isolated as usize];
        if *key == NONE {
            let position = Position { instrument, ..Position::default() };
            if isolated {
                *key = self.isolated.len() as u32 | ISOLATED;
                self.isolated.push(position);
                self.first_rows.push(row as u32);
            } else {
                *key = self.cross.len() as u32;
                self.cross.push(position);
            }
        }
        *key
    }

    #[inline(always)]
    fn at(&mut self, key: u32) -> &mut Position {
        if key & ISOLATED == 0 { &mut self.cross[key as usize] } else { &mut self.isolated[(key ^ ISOLATED) as usize] }
    }

    #[inline(always)]
    fn position(&mut self, data: &Grouped<'_>, row: usize) -> Result<(), (&'static str, Code)> {
        let rows = &data.snapshot.positions;
        let instrument = rows.instrument.get(row);
        let base = self.terms.instruments[instrument as usize].base(rows.quantity[row]);
        let quantity = base.map_err(|code| ("quantity", code))?;
        let isolated = rows.is_isolated(row);
        let margin = rows.isolated_margin.map_or(0, |margin| margin.get(row));
        if margin != 0 && !isolated {
            return Err(("isolated_margin", Code::OutOfRange));
        }
        let cost_e16 = rows.cost_e16(row, quantity);
        let leverage = rows.leverage.map_or(0, |leverage| leverage[row]);
        let key = self.key(instrument, isolated, row);
        let position = self.at(key);
        if leverage != 0 && position.leverage != 0 && position.leverage != leverage {
            return Err(("leverage", Code::ConflictingValues));
        }
        position.listed = true;
        position.quantity += i128::from(quantity);
        position.add_cost(cost_e16);
        position.leverage |= leverage;
        position.accrued += rows.accrued.map_or(0, |accrued| accrued.get(row));
        position.isolated_margin += margin;
        Ok(())
    }

    #[inline(always)]
    fn balance(&mut self, data: &Grouped<'_>, row: usize) {
        let rows = &data.snapshot.balances;
        let (asset, amount) = (rows.asset.get(row), rows.amount.get(row));
        let place = &mut self.places[asset as usize];
        if *place == NONE {
            *place = self.balances.len() as u32;
            self.balances.push(Balance { asset, amount });
        } else {
            self.balances[*place as usize].amount += amount;
        }
    }

    fn order(&mut self, data: &Grouped<'_>, row: usize) -> Result<(), (&'static str, Code)> {
        let rows = &data.snapshot.orders;
        let instrument = rows.instrument.get(row);
        let base = self.terms.instruments[instrument as usize].base(rows.quantity[row]);
        let quantity = base.map_err(|code| ("quantity", code))?;
        if quantity == 0 || rows.reduce_only.is_some_and(|reduce_only| reduce_only[row]) {
            return Ok(());
        }
        let order = Order { quantity, price: rows.price[row] };
        let isolated = rows.is_isolated(row);
        let key = self.key(instrument, isolated, row);
        self.pending.push((key, row as u32, order));
        Ok(())
    }

    /// Puts the orders of each key beside each other.
    #[inline(always)]
    fn group_orders(&mut self) {
        if self.pending.is_empty() {
            return;
        }
        let mut pending = std::mem::take(&mut self.pending);
        pending.sort_unstable_by_key(|&(key, row, _)| (key, row));
        for (key, _, order) in pending.drain(..) {
            self.orders.push(order);
            let end = self.orders.len() as u32;
            let position = self.at(key);
            if position.orders_to == 0 {
                position.orders_from = end - 1;
            }
            position.orders_to = end;
        }
        self.pending = pending;
    }

    fn settings(&mut self, data: &Grouped<'_>, row: usize, at: usize) -> Result<(), (&'static str, Code)> {
        let rows = &data.snapshot.settings;
        if at > 0 {
            return Err(("account", Code::DuplicateAccount));
        }
        self.portfolio = rows.portfolio.is_some_and(|portfolio| portfolio[row]);
        if self.portfolio && self.terms.portfolio.is_none() {
            return Err(("model", Code::ModelNotEnabled));
        }
        let tier = rows.fee_tier.map_or(NO_TIER, |tier| tier[row]);
        if tier != NO_TIER {
            self.taker_fee = self.terms.taker_fees[tier as usize];
        }
        let leverage = rows.leverage.map_or(0, |leverage| leverage[row]);
        for position in self.cross.iter_mut().chain(&mut self.isolated).filter(|position| position.leverage == 0) {
            position.leverage = leverage;
        }
        Ok(())
    }
}
