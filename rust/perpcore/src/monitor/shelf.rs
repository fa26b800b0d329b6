//! The rows of some accounts beside each other, kept in account order in the columns that a snapshot is made of. So
//! whatever values a snapshot values a shelf, and a changed account moves the rows of its own shelf only.

use crate::margin::status::Status;
use crate::sweep::snapshot::{
    AccountRows, BalanceRows, Grouped, Holders, Money, Names, OrderRows, PositionRows, Snapshot,
};
use std::ops::Range;

/// How many accounts stand on a shelf.
pub(super) const ACCOUNTS: usize = 256;

/// The cells of one column.
trait Cells<T> {
    fn get(&self, at: usize) -> T;
    /// Puts a value in the place of another. False where the column cannot hold it as it is; then nothing was done.
    fn put(&mut self, at: usize, value: T) -> bool;
    /// Puts values in the place of some rows; `rows` is how many there are before.
    fn splice(&mut self, rows: usize, range: Range<usize>, values: impl Iterator<Item = T> + Clone);
}

impl<T: Copy> Cells<T> for Vec<T> {
    fn get(&self, at: usize) -> T {
        self[at]
    }

    fn put(&mut self, at: usize, value: T) -> bool {
        self[at] = value;
        true
    }

    fn splice(&mut self, _: usize, range: Range<usize>, values: impl Iterator<Item = T> + Clone) {
        Vec::splice(self, range, values);
    }
}

/// A column that is there only where some row says more than nothing.
#[derive(Clone, Debug, Default)]
struct Sparse<T>(Option<Vec<T>>);

impl<T: Copy + Default + PartialEq> Cells<T> for Sparse<T> {
    fn get(&self, at: usize) -> T {
        self.0.as_ref().map_or(T::default(), |column| column[at])
    }

    fn put(&mut self, at: usize, value: T) -> bool {
        match &mut self.0 {
            Some(column) => column[at] = value,
            None => return value == T::default(),
        }
        true
    }

    fn splice(&mut self, rows: usize, range: Range<usize>, values: impl Iterator<Item = T> + Clone) {
        if self.0.is_none() && values.clone().any(|value| value != T::default()) {
            self.0 = Some(vec![T::default(); rows]);
        }
        if let Some(column) = &mut self.0 {
            column.splice(range, values);
        }
    }
}

/// Amounts: narrow as long as all of them fit.
#[derive(Clone, Debug)]
enum Amounts {
    Narrow(Vec<i64>),
    Wide(Vec<i128>),
}

impl Default for Amounts {
    fn default() -> Self {
        Amounts::Narrow(Vec::new())
    }
}

impl Cells<i128> for Amounts {
    fn get(&self, at: usize) -> i128 {
        self.view().get(at)
    }

    fn put(&mut self, at: usize, value: i128) -> bool {
        match self {
            Amounts::Narrow(column) => match value.try_into() {
                Ok(value) => column[at] = value,
                Err(_) => return false,
            },
            Amounts::Wide(column) => column[at] = value,
        }
        true
    }

    fn splice(&mut self, rows: usize, range: Range<usize>, values: impl Iterator<Item = i128> + Clone) {
        if let Amounts::Narrow(column) = self {
            let narrow: Option<Vec<i64>> = values.clone().map(|amount| amount.try_into().ok()).collect();
            match narrow {
                Some(narrow) => return Cells::splice(column, rows, range, narrow.into_iter()),
                None => *self = Amounts::Wide(column.iter().map(|&amount| amount.into()).collect()),
            }
        }
        if let Amounts::Wide(column) = self {
            Cells::splice(column, rows, range, values);
        }
    }
}

impl Amounts {
    fn view(&self) -> Money<'_> {
        match self {
            Amounts::Narrow(column) => Money::Narrow(column),
            Amounts::Wide(column) => Money::Wide(column),
        }
    }
}

/// Names by the rulebook's index: a byte each as long as all of them fit.
#[derive(Clone, Debug)]
enum Places {
    Few(Vec<u8>),
    Many(Vec<u32>),
}

impl Default for Places {
    fn default() -> Self {
        Places::Few(Vec::new())
    }
}

impl Cells<u32> for Places {
    fn get(&self, at: usize) -> u32 {
        self.view().get(at)
    }

    fn put(&mut self, at: usize, value: u32) -> bool {
        match self {
            Places::Few(column) => match value.try_into() {
                Ok(value) => column[at] = value,
                Err(_) => return false,
            },
            Places::Many(column) => column[at] = value,
        }
        true
    }

    fn splice(&mut self, rows: usize, range: Range<usize>, values: impl Iterator<Item = u32> + Clone) {
        if let Places::Few(column) = self {
            if values.clone().all(|name| u8::try_from(name).is_ok()) {
                return Cells::splice(column, rows, range, values.map(|name| name as u8));
            }
            *self = Places::Many(column.iter().map(|&name| name.into()).collect());
        }
        if let Places::Many(column) = self {
            Cells::splice(column, rows, range, values);
        }
    }
}

impl Places {
    fn view(&self) -> Names<'_> {
        match self {
            Places::Few(column) => Names::Few(column),
            Places::Many(column) => Names::Many(column),
        }
    }
}

/// The rows of one kind of some accounts.
pub(super) trait Columns {
    type Row: Copy;
    /// Where the rows of an account are.
    fn rows(&self, account: u32) -> Range<usize>;
    /// A row.
    fn at(&self, row: usize) -> Self::Row;
    /// Puts a row in the place of another. False where a column cannot hold it as it is; then others may.
    fn put(&mut self, row: usize, values: &Self::Row) -> bool;
}

/// Rows of one kind, and the columns in which they stand.
macro_rules! columns {
    ($(#[$doc:meta])* $columns:ident of $row:ident { $($name:ident: $type:ty as $cells:ty,)* }) => {
        $(#[$doc])*
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub struct $row {
            $(#[doc = "As in the snapshot."] pub $name: $type,)*
        }

        #[derive(Clone, Debug, Default)]
        pub(super) struct $columns {
            /// Where the rows of every account begin, and where those of the last one end.
            starts: Vec<u32>,
            $($name: $cells,)*
        }

        impl Columns for $columns {
            type Row = $row;

            fn rows(&self, account: u32) -> Range<usize> {
                let starts = self.starts.as_slice();
                let start = |at: u32| starts.get(at as usize).or(starts.last()).map_or(0, |&at| at as usize);
                start(account)..start(account + 1)
            }

            #[inline(always)]
            fn at(&self, row: usize) -> $row {
                $row { $($name: self.$name.get(row),)* }
            }

            fn put(&mut self, row: usize, values: &$row) -> bool {
                let mut fit = true;
                $(fit &= Cells::put(&mut self.$name, row, values.$name);)*
                fit
            }
        }

        impl $columns {
            fn of(&self, account: u32) -> Vec<$row> {
                self.rows(account).map(|row| self.at(row)).collect()
            }

            fn set(&mut self, account: u32, rows: &[$row]) {
                let (range, len) = (self.rows(account), self.starts.last().map_or(0, |&end| end));
                $(Cells::splice(&mut self.$name, len as usize, range.clone(), rows.iter().map(|row| row.$name));)*
                if self.starts.len() < account as usize + 2 {
                    self.starts.resize(account as usize + 2, len);
                }
                let (before, after) = (range.len() as u32, rows.len() as u32);
                if before != after {
                    let behind = &mut self.starts[account as usize + 1..];
                    behind.iter_mut().for_each(|start| *start = *start - before + after);
                }
            }
        }
    };
}

columns! {
    /// A row of positions.
    Positions of PositionRow {
        instrument: u32 as Places,
        quantity: i64 as Vec<i64>,
        entry_price: i64 as Sparse<i64>,
        cost: i128 as Sparse<i128>,
        isolated: bool as Sparse<bool>,
        isolated_margin: i128 as Sparse<i128>,
        leverage: i64 as Sparse<i64>,
        accrued: i128 as Sparse<i128>,
    }
}
columns! {
    /// A row of balances.
    Balances of BalanceRow {
        asset: u32 as Places,
        amount: i128 as Amounts,
    }
}
columns! {
    /// A row of orders.
    Orders of OrderRow {
        instrument: u32 as Places,
        quantity: i64 as Vec<i64>,
        price: i64 as Vec<i64>,
        reduce_only: bool as Sparse<bool>,
        isolated: bool as Sparse<bool>,
    }
}
columns! {
    /// A row of account settings.
    Settings of SettingsRow {
        portfolio: bool as Sparse<bool>,
        leverage: i64 as Sparse<i64>,
        fee_tier: u32 as Vec<u32>,
    }
}

/// All rows of one account.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// Its positions.
    pub positions: Vec<PositionRow>,
    /// Its balances.
    pub balances: Vec<BalanceRow>,
    /// Its orders.
    pub orders: Vec<OrderRow>,
    /// Its settings: one row at most.
    pub settings: Vec<SettingsRow>,
}

/// The accounts of a shelf, numbered from 0.
#[derive(Clone, Debug, Default)]
pub(super) struct Shelf {
    pub(super) positions: Positions,
    pub(super) balances: Balances,
    pub(super) orders: Orders,
    settings: Settings,
    /// The status of every account's cross bucket.
    pub(super) status: Vec<Status>,
    /// The isolated buckets: account, instrument, status, in the order of their accounts and rows.
    pub(super) isolated: Vec<(u32, u32, Status)>,
}

impl Shelf {
    /// The rows of an account.
    pub(super) fn rows(&self, account: u32) -> Rows {
        Rows {
            positions: self.positions.of(account),
            balances: self.balances.of(account),
            orders: self.orders.of(account),
            settings: self.settings.of(account),
        }
    }

    /// Puts other rows in their place.
    pub(super) fn set(&mut self, account: u32, rows: &Rows) {
        self.positions.set(account, &rows.positions);
        self.balances.set(account, &rows.balances);
        self.orders.set(account, &rows.orders);
        self.settings.set(account, &rows.settings);
    }

    /// The leverage that an account chose for positions that choose none, in g; 0 for none.
    pub(super) fn leverage(&self, account: u32) -> i64 {
        self.settings.rows(account).next().map_or(0, |at| self.settings.leverage.get(at))
    }

    /// The statuses of an account's isolated buckets.
    pub(super) fn isolated_of(&self, account: u32) -> Range<usize> {
        let from = self.isolated.partition_point(|(at, ..)| *at < account);
        from..from + self.isolated[from..].iter().take_while(|(at, ..)| *at == account).count()
    }

    /// The columns as the sweep reads them.
    pub(super) fn grouped(&self) -> Grouped<'_> {
        let Shelf { positions, balances, orders, settings, status, .. } = self;
        Grouped::new(Snapshot {
            accounts: status.len(),
            positions: PositionRows {
                account: Holders::Runs(&positions.starts),
                instrument: positions.instrument.view(),
                quantity: &positions.quantity,
                entry_price: positions.entry_price.0.as_deref(),
                cost: positions.cost.0.as_deref().map(Money::Wide),
                isolated: positions.isolated.0.as_deref(),
                isolated_margin: positions.isolated_margin.0.as_deref().map(Money::Wide),
                leverage: positions.leverage.0.as_deref(),
                accrued: positions.accrued.0.as_deref().map(Money::Wide),
            },
            balances: BalanceRows {
                account: Holders::Runs(&balances.starts),
                asset: balances.asset.view(),
                amount: balances.amount.view(),
            },
            orders: OrderRows {
                account: Holders::Runs(&orders.starts),
                instrument: orders.instrument.view(),
                quantity: &orders.quantity,
                price: &orders.price,
                reduce_only: orders.reduce_only.0.as_deref(),
                isolated: orders.isolated.0.as_deref(),
            },
            settings: AccountRows {
                account: Holders::Runs(&settings.starts),
                portfolio: settings.portfolio.0.as_deref(),
                leverage: settings.leverage.0.as_deref(),
                fee_tier: Some(&settings.fee_tier),
            },
        })
    }
}
