//! What an update says of one account, put into its rows: absolute values, key by key.

use super::Monitor;
use super::shelf::{ACCOUNTS, BalanceRow, Columns, OrderRow, PositionRow, Rows, SettingsRow, Shelf};
use crate::margin::market::Market;
use crate::margin::status::Status;
use crate::sweep::gather::RowFault;
use crate::sweep::snapshot::{NO_TIER, Snapshot, Table};

/// The rows of an update by account: (account, table, row), sorted.
pub(super) fn by_account(snapshot: &Snapshot<'_>) -> Vec<(u32, Table, u32)> {
    let tables = [
        (Table::Positions, snapshot.positions.account),
        (Table::Balances, snapshot.balances.account),
        (Table::Orders, snapshot.orders.account),
        (Table::Accounts, snapshot.settings.account),
    ];
    let rows = tables
        .into_iter()
        .flat_map(|(table, accounts)| (0..).zip(accounts.each()).map(move |(row, account)| (account, table, row)));
    let mut rows: Vec<_> = rows.collect();
    if !rows.is_sorted() {
        rows.sort_unstable();
    }
    rows
}

/// A row of one table, with the key whose rows it replaces and whether it keeps the key.
trait Keyed: Copy {
    type Key: PartialEq + Copy;
    fn key(&self) -> Self::Key;
    fn stays(&self) -> bool;
}

impl Keyed for PositionRow {
    type Key = (u32, bool);
    fn key(&self) -> Self::Key {
        (self.instrument, self.isolated)
    }
    fn stays(&self) -> bool {
        self.quantity != 0
    }
}

impl Keyed for BalanceRow {
    type Key = u32;
    fn key(&self) -> Self::Key {
        self.asset
    }
    fn stays(&self) -> bool {
        self.amount != 0
    }
}

impl Keyed for OrderRow {
    type Key = (u32, bool);
    fn key(&self) -> Self::Key {
        (self.instrument, self.isolated)
    }
    fn stays(&self) -> bool {
        self.quantity != 0
    }
}

/// What an update changes, as it was.
pub(super) struct Before {
    pub(super) market: Market,
    pub(super) accounts: usize,
    /// What the accounts that it names had, in the order in which it was changed.
    pub(super) rows: Vec<(u32, Old)>,
}

/// Rows as they were.
pub(super) enum Old {
    /// All of an account; of a new one none.
    All(Rows),
    /// One row, with its place on the shelf.
    Position(usize, PositionRow),
    Balance(usize, BalanceRow),
    Order(usize, OrderRow),
}

impl Monitor {
    /// Puts the rows of an update where they belong.
    pub(super) fn apply(&mut self, rows: &Snapshot<'_>, named: &[(u32, Table, u32)], before: &mut Before) {
        before.rows.reserve(named.len());
        for given in named.chunk_by(|a, b| a.0 == b.0) {
            let account = given[0].0;
            while self.accounts <= account as usize {
                let shelf = self.accounts / ACCOUNTS;
                if shelf == self.shelves.len() {
                    self.shelves.push(Shelf::default());
                }
                self.shelves[shelf].status.push(Status::Healthy);
                self.accounts += 1;
            }
            let (shelf, local) = (&mut self.shelves[account as usize / ACCOUNTS], account % ACCOUNTS as u32);
            let known = (account as usize) < before.accounts;
            if known && in_place(shelf, local, rows, given, &mut before.rows) {
                continue;
            }
            let kept = if known { shelf.rows(local) } else { Rows::default() };
            let mut changed = kept.clone();
            apply(&mut changed, rows, given, before.accounts == 0);
            let instruments = changed.positions.iter().map(|row| row.instrument);
            instruments.chain(changed.orders.iter().map(|row| row.instrument)).for_each(|at| self.watch.depend(at));
            let assets = changed.balances.iter().map(|row| self.terms.instruments.len() as u32 + row.asset);
            assets.for_each(|at| self.watch.depend(at));
            shelf.set(local, &changed);
            before.rows.push((account, Old::All(kept)));
        }
    }

    /// Makes everything as it was.
    pub(super) fn undo(&mut self, before: Before) {
        self.market = before.market;
        for (account, old) in before.rows.iter().rev() {
            put_back(&mut self.shelves[*account as usize / ACCOUNTS], account % ACCOUNTS as u32, old);
        }
        while self.accounts > before.accounts {
            self.accounts -= 1;
            self.shelves[self.accounts / ACCOUNTS].status.pop();
        }
        self.shelves.truncate(before.accounts.div_ceil(ACCOUNTS));
    }
}

/// Puts the rows of an account where they replace one row each, as most do: nothing moves then. False where they do not, and
/// nothing was done.
fn in_place(
    shelf: &mut Shelf,
    local: u32,
    snapshot: &Snapshot<'_>,
    given: &[(u32, Table, u32)],
    old: &mut Vec<(u32, Old)>,
) -> bool {
    /// So few that it does not matter that each is compared with each.
    const MOST: usize = 8;
    let alike = |a: &(u32, Table, u32), b: &(u32, Table, u32)| {
        a.1 == b.1 && key(snapshot, a.1, a.2 as usize) == key(snapshot, b.1, b.2 as usize)
    };
    let distinct = || (1..given.len()).all(|at| given[..at].iter().all(|before| !alike(before, &given[at])));
    if given.len() > MOST || !distinct() {
        return false;
    }
    let first = old.len();
    for &(account, table, row) in given {
        let row = row as usize;
        let done = match table {
            Table::Positions => replace_one(&mut shelf.positions, local, &position(snapshot, row))
                .map(|(at, row)| Old::Position(at, row)),
            Table::Balances => {
                replace_one(&mut shelf.balances, local, &balance(snapshot, row)).map(|(at, row)| Old::Balance(at, row))
            }
            Table::Orders => {
                replace_one(&mut shelf.orders, local, &order(snapshot, row)).map(|(at, row)| Old::Order(at, row))
            }
            Table::Accounts => None,
        };
        let Some(done) = done else {
            old.drain(first..).rev().for_each(|(_, old)| put_back(shelf, local, &old));
            return false;
        };
        old.push((account, done));
    }
    true
}

/// Puts a row in the place of the only one of its key, which is returned with its place.
fn replace_one<C: Columns>(columns: &mut C, local: u32, row: &C::Row) -> Option<(usize, C::Row)>
where
    C::Row: Keyed,
{
    if !row.stays() {
        return None;
    }
    let key = row.key();
    let mut found = columns.rows(local).filter(|&at| columns.at(at).key() == key);
    let (at, None) = (found.next()?, found.next()) else { return None };
    drop(found);
    let old = columns.at(at);
    if columns.put(at, row) {
        return Some((at, old));
    }
    columns.put(at, &old);
    None
}

/// Puts what an account had where it was.
fn put_back(shelf: &mut Shelf, local: u32, old: &Old) {
    // A row that stood in a column fits into it.
    let _fits = match old {
        Old::All(rows) => {
            shelf.set(local, rows);
            true
        }
        Old::Position(at, row) => shelf.positions.put(*at, row),
        Old::Balance(at, row) => shelf.balances.put(*at, row),
        Old::Order(at, row) => shelf.orders.put(*at, row),
    };
}

/// The key of a row, within its table.
fn key(snapshot: &Snapshot<'_>, table: Table, row: usize) -> (u32, bool) {
    match table {
        Table::Positions => (snapshot.positions.instrument.get(row), snapshot.positions.is_isolated(row)),
        Table::Balances => (snapshot.balances.asset.get(row), false),
        Table::Orders => (snapshot.orders.instrument.get(row), snapshot.orders.is_isolated(row)),
        Table::Accounts => (0, false),
    }
}

/// Replaces the rows of every key that `given` names: by all its rows, or by none where all of them say 0.
fn replace<R: Keyed>(rows: &mut Vec<R>, given: &[R]) {
    for (at, row) in given.iter().enumerate() {
        let key = row.key();
        if given[..at].iter().any(|before| before.key() == key) {
            continue;
        }
        let place = rows.iter().position(|row| row.key() == key).unwrap_or(rows.len());
        rows.retain(|row| row.key() != key);
        let of_key = || given.iter().filter(|row| row.key() == key);
        if of_key().any(Keyed::stays) {
            let place = place.min(rows.len());
            rows.splice(place..place, of_key().copied());
        }
    }
}

/// Puts the rows of an update that are an account's into what it has. Those of a `whole` book are all kept as they are: what
/// is flat may still owe, or choose a leverage.
fn apply(rows: &mut Rows, snapshot: &Snapshot<'_>, given: &[(u32, Table, u32)], whole: bool) {
    let of = |table: Table| given.iter().filter(move |(_, of, _)| *of == table).map(|(.., row)| *row as usize);
    let positions: Vec<_> = of(Table::Positions).map(|row| position(snapshot, row)).collect();
    let balances: Vec<_> = of(Table::Balances).map(|row| balance(snapshot, row)).collect();
    let orders: Vec<_> = of(Table::Orders).map(|row| order(snapshot, row)).collect();
    if whole {
        (rows.positions, rows.balances, rows.orders) = (positions, balances, orders);
    } else {
        replace(&mut rows.positions, &positions);
        replace(&mut rows.balances, &balances);
        replace(&mut rows.orders, &orders);
    }
    let settings: Vec<_> = of(Table::Accounts).map(|row| settings(snapshot, row)).collect();
    if !settings.is_empty() {
        rows.settings = settings;
    }
    // An account that was named once stays, even where it has nothing.
    if *rows == Rows::default() {
        rows.settings.push(SettingsRow { portfolio: false, leverage: 0, fee_tier: NO_TIER });
    }
}

fn position(snapshot: &Snapshot<'_>, row: usize) -> PositionRow {
    let rows = &snapshot.positions;
    PositionRow {
        instrument: rows.instrument.get(row),
        quantity: rows.quantity[row],
        entry_price: rows.entry_price.map_or(0, |entry| entry[row]),
        cost: rows.cost.map_or(0, |cost| cost.get(row)),
        isolated: rows.is_isolated(row),
        isolated_margin: rows.isolated_margin.map_or(0, |margin| margin.get(row)),
        leverage: rows.leverage.map_or(0, |leverage| leverage[row]),
        accrued: rows.accrued.map_or(0, |accrued| accrued.get(row)),
    }
}

fn balance(snapshot: &Snapshot<'_>, row: usize) -> BalanceRow {
    BalanceRow { asset: snapshot.balances.asset.get(row), amount: snapshot.balances.amount.get(row) }
}

fn order(snapshot: &Snapshot<'_>, row: usize) -> OrderRow {
    let rows = &snapshot.orders;
    OrderRow {
        instrument: rows.instrument.get(row),
        quantity: rows.quantity[row],
        price: rows.price[row],
        reduce_only: rows.reduce_only.is_some_and(|flags| flags[row]),
        isolated: rows.is_isolated(row),
    }
}

fn settings(snapshot: &Snapshot<'_>, row: usize) -> SettingsRow {
    let rows = &snapshot.settings;
    SettingsRow {
        portfolio: rows.portfolio.is_some_and(|portfolio| portfolio[row]),
        leverage: rows.leverage.map_or(0, |leverage| leverage[row]),
        fee_tier: rows.fee_tier.map_or(NO_TIER, |tier| tier[row]),
    }
}

/// The row of an update that has the key of a row at fault, the first of an account.
pub(super) fn same_key(
    resident: &Snapshot<'_>,
    fault: &RowFault,
    update: &Snapshot<'_>,
    account: u32,
    named: &[(u32, Table, u32)],
) -> Option<usize> {
    let wanted = key(resident, fault.table, fault.row);
    let from = named.partition_point(|(named, ..)| *named < account);
    let own = named[from..].iter().take_while(|(named, ..)| *named == account);
    let mut rows = own.filter(|(_, table, _)| *table == fault.table).map(|(.., row)| *row as usize);
    rows.find(|&row| key(update, fault.table, row) == wanted)
}
