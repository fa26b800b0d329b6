//! What an update says of one account, put into its rows: absolute values, key by key.

use super::shelf::{BalanceRow, OrderRow, PositionRow, Rows, SettingsRow};
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
pub(super) fn apply(rows: &mut Rows, snapshot: &Snapshot<'_>, given: &[(u32, Table, u32)], whole: bool) {
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
    let key = |snapshot: &Snapshot<'_>, row: usize| match fault.table {
        Table::Positions => (snapshot.positions.instrument.get(row), snapshot.positions.is_isolated(row)),
        Table::Balances => (snapshot.balances.asset.get(row), false),
        Table::Orders => (snapshot.orders.instrument.get(row), snapshot.orders.is_isolated(row)),
        Table::Accounts => (0, false),
    };
    let wanted = key(resident, fault.row);
    let from = named.partition_point(|(named, ..)| *named < account);
    let own = named[from..].iter().take_while(|(named, ..)| *named == account);
    let mut rows = own.filter(|(_, table, _)| *table == fault.table).map(|(.., row)| *row as usize);
    rows.find(|&row| key(update, row) == wanted)
}
