//! The four account tables of a call as columns that own or share their memory.

use super::ids::{AccountIds, Accounts, NOBODY};
use super::number::{Bounded, MoneyColumn, Null};
use super::text::Places;
use super::view::{Chunk, Source};
use arrow_buffer::ScalarBuffer;
use perpcore::fault::{Code, Failure, Fault, LISTED};
use perpcore::num::bounds::{self, Bound};
use perpcore::rules::Rulebook;
use perpcore::sweep::snapshot::{AccountRows, BalanceRows, Money, NO_TIER, OrderRows, PositionRows, Snapshot};

#[derive(Default)]
struct Positions {
    account: Accounts,
    instrument: Places,
    quantity: ScalarBuffer<i64>,
    entry_price: Option<ScalarBuffer<i64>>,
    cost: Option<MoneyColumn>,
    isolated: Option<Vec<bool>>,
    isolated_margin: Option<MoneyColumn>,
    leverage: Option<ScalarBuffer<i64>>,
    accrued: Option<MoneyColumn>,
}

#[derive(Default)]
struct Balances {
    account: Accounts,
    asset: Places,
    amount: Option<MoneyColumn>,
}

#[derive(Default)]
struct Orders {
    account: Accounts,
    instrument: Places,
    quantity: ScalarBuffer<i64>,
    price: ScalarBuffer<i64>,
    reduce_only: Option<Vec<bool>>,
    isolated: Option<Vec<bool>>,
}

#[derive(Default)]
struct Settings {
    account: Accounts,
    portfolio: Option<Vec<bool>>,
    leverage: Option<ScalarBuffer<i64>>,
    fee_tier: Option<Vec<u32>>,
}

/// The decoded tables.
pub(crate) struct Tables {
    accounts: usize,
    positions: Positions,
    balances: Balances,
    orders: Orders,
    settings: Settings,
    /// Cells that were refused, table by table.
    pub(crate) faults: Vec<Fault>,
    /// Whether an account id was among them, so that there is no account to mark.
    pub(crate) nameless: bool,
    /// Whether a float64 came that two grid values share.
    pub(crate) shared_doubles: bool,
}

impl Tables {
    /// Whether every number is still within the bounds that it was checked against. A column may be the producer's own
    /// memory, and its owner may have changed it since.
    pub(crate) fn within_bounds(&self) -> bool {
        let Tables { positions, balances, orders, settings, .. } = self;
        let given = |column: &Option<ScalarBuffer<i64>>, bound: &Bound| {
            // 0 is not given.
            column.as_ref().is_none_or(|values| values.iter().all(|&value| value == 0 || bound.holds(value.into())))
        };
        let money = |column: &Option<MoneyColumn>, bound| column.as_ref().is_none_or(|money| money.within(bound));
        i64::all_within(&positions.quantity, &bounds::QUANTITY)
            && given(&positions.entry_price, &bounds::PRICE)
            && money(&positions.cost, &bounds::COST)
            && money(&positions.isolated_margin, &bounds::POSTED)
            && given(&positions.leverage, &bounds::LEVERAGE)
            && money(&positions.accrued, &bounds::MONEY)
            && money(&balances.amount, &bounds::MONEY)
            && i64::all_within(&orders.quantity, &bounds::QUANTITY)
            && i64::all_within(&orders.price, &bounds::PRICE)
            && given(&settings.leverage, &bounds::LEVERAGE)
    }

    /// The columns as the core reads them.
    pub(crate) fn snapshot(&self) -> Snapshot<'_> {
        let Tables { positions, balances, orders, settings, .. } = self;
        Snapshot {
            accounts: self.accounts,
            positions: PositionRows {
                account: positions.account.view(),
                instrument: positions.instrument.view(),
                quantity: &positions.quantity,
                entry_price: positions.entry_price.as_deref(),
                cost: positions.cost.as_ref().map(MoneyColumn::view),
                isolated: positions.isolated.as_deref(),
                isolated_margin: positions.isolated_margin.as_ref().map(MoneyColumn::view),
                leverage: positions.leverage.as_deref(),
                accrued: positions.accrued.as_ref().map(MoneyColumn::view),
            },
            balances: BalanceRows {
                account: balances.account.view(),
                asset: balances.asset.view(),
                amount: balances.amount.as_ref().map_or(Money::Narrow(&[]), MoneyColumn::view),
            },
            orders: OrderRows {
                account: orders.account.view(),
                instrument: orders.instrument.view(),
                quantity: &orders.quantity,
                price: &orders.price,
                reduce_only: orders.reduce_only.as_deref(),
                isolated: orders.isolated.as_deref(),
            },
            settings: AccountRows {
                account: settings.account.view(),
                portfolio: settings.portfolio.as_deref(),
                leverage: settings.leverage.as_deref(),
                fee_tier: settings.fee_tier.as_deref(),
            },
        }
    }
}

/// Decodes the account tables that came: positions, balances, orders, accounts.
///
/// # Errors
/// Whatever makes a table not one of its schema. Refused cells are in [`Tables::faults`].
pub(crate) fn decode(rules: &Rulebook, sources: [Option<Source>; 4], ids: &mut AccountIds) -> Result<Tables, Failure> {
    let mut tables = Tables {
        accounts: 0,
        positions: Positions::default(),
        balances: Balances::default(),
        orders: Orders::default(),
        settings: Settings::default(),
        faults: Vec::new(),
        nameless: false,
        shared_doubles: false,
    };
    let [positions, balances, orders, settings] = sources;
    if let Some(mut source) = positions {
        tables.positions = self::positions(rules, &mut source, ids)?;
        tables.take_faults(source);
    }
    if let Some(mut source) = balances {
        tables.balances = self::balances(rules, &mut source, ids)?;
        tables.take_faults(source);
    }
    if let Some(mut source) = orders {
        tables.orders = self::orders(rules, &mut source, ids)?;
        tables.take_faults(source);
    }
    if let Some(mut source) = settings {
        tables.settings = self::settings(rules, &mut source, ids)?;
        tables.take_faults(source);
    }
    tables.accounts = ids.len();
    if !ids.faults.is_empty() {
        tables.give_to_nobody();
        // Before the others of their rows: the id is the first column.
        tables.faults.splice(0..0, ids.faults.drain(..));
        tables.nameless = true;
    }
    Ok(tables)
}

impl Tables {
    /// Gives the accounts other numbers, of which there are `accounts` in all.
    pub(crate) fn renumber(&mut self, numbers: &[u32], accounts: usize) {
        let Tables { positions, balances, orders, settings, .. } = self;
        for rows in [&mut positions.account, &mut balances.account, &mut orders.account, &mut settings.account] {
            rows.renumber(numbers);
        }
        self.accounts = accounts;
    }

    /// How many rows the tables have together.
    pub(crate) fn rows(&self) -> usize {
        let Tables { positions, balances, orders, settings, .. } = self;
        let accounts = [&positions.account, &balances.account, &orders.account, &settings.account];
        accounts.map(|accounts| accounts.view().rows()).iter().sum()
    }

    /// Rows whose account could not be named go to an account of their own, after all others.
    fn give_to_nobody(&mut self) {
        let Tables { positions, balances, orders, settings, .. } = self;
        for accounts in [&mut positions.account, &mut balances.account, &mut orders.account, &mut settings.account] {
            // Where rows are in runs, each has a name.
            let Accounts::Each(accounts) = accounts else { continue };
            accounts
                .iter_mut()
                .filter(|account| **account == NOBODY)
                .for_each(|account| *account = self.accounts as u32);
        }
        self.accounts += 1;
    }

    fn take_faults(&mut self, mut source: Source) {
        self.faults.append(&mut source.faults);
        self.shared_doubles |= source.shared_doubles;
    }
}

fn positions(rules: &Rulebook, source: &mut Source, ids: &mut AccountIds) -> Result<Positions, Failure> {
    let positions = Positions {
        account: ids.of(source)?,
        instrument: source.instruments(rules)?,
        quantity: source.numbers("quantity", Null::Refused)?.unwrap_or_default(),
        entry_price: source.numbers("entry_price", Null::Zero)?,
        cost: source.money("cost", Null::Zero)?,
        isolated: source.second_words("margin_mode")?,
        isolated_margin: source.money("isolated_margin", Null::Zero)?,
        leverage: source.numbers("leverage", Null::Zero)?,
        accrued: source.money("accrued_funding", Null::Zero)?,
    };
    source.one_of("entry_price", "cost");
    Ok(positions)
}

fn balances(rules: &Rulebook, source: &mut Source, ids: &mut AccountIds) -> Result<Balances, Failure> {
    let balances = Balances {
        account: ids.of(source)?,
        asset: source.assets(rules)?,
        amount: source.money("amount", Null::Refused)?,
    };
    source.money("held", Null::Zero)?;
    Ok(balances)
}

fn orders(rules: &Rulebook, source: &mut Source, ids: &mut AccountIds) -> Result<Orders, Failure> {
    Ok(Orders {
        account: ids.of(source)?,
        instrument: source.instruments(rules)?,
        quantity: source.numbers("quantity", Null::Refused)?.unwrap_or_default(),
        price: source.numbers("price", Null::Refused)?.unwrap_or_default(),
        reduce_only: source.flags("reduce_only")?,
        isolated: source.second_words("margin_mode")?,
    })
}

fn settings(rules: &Rulebook, source: &mut Source, ids: &mut AccountIds) -> Result<Settings, Failure> {
    let tier = |name: &str| rules.fee_tier_index(name).map(|at| at as u32);
    let settings = Settings {
        account: ids.of(source)?,
        portfolio: source.second_words("model")?,
        leverage: source.numbers("leverage", Null::Zero)?,
        fee_tier: source.lookup("fee_tier", Code::UnknownFeeTier, Some(NO_TIER), tier)?,
    };
    for name in ["class", "client", "group", "flags"] {
        source.any_text(name)?;
    }
    for name in ["investor_until", "knowledge_until"] {
        source.times(name, Null::Zero)?;
    }
    Ok(settings)
}

impl Source {
    fn instruments(&mut self, rules: &Rulebook) -> Result<Places, Failure> {
        let find = |name: &str| rules.instrument_index(name).map(|at| at as u32);
        let places = self.places("instrument", Code::UnknownInstrument, rules.instruments().len(), find)?;
        self.suggest(Code::UnknownInstrument, |wrong| rules.suggest_instrument(wrong).map(str::to_string));
        Ok(places)
    }

    fn assets(&mut self, rules: &Rulebook) -> Result<Places, Failure> {
        let find = |name: &str| rules.asset_index(name).map(|at| at as u32);
        let places = self.places("asset", Code::UnknownAsset, rules.assets().len(), find)?;
        self.suggest(Code::UnknownAsset, |wrong| rules.suggest_asset(wrong).map(str::to_string));
        Ok(places)
    }

    /// Says which name may have been meant, as far as an error lists faults.
    fn suggest(&mut self, code: Code, near: impl Fn(&str) -> Option<String>) {
        for fault in self.faults.iter_mut().filter(|fault| fault.code == code).take(LISTED) {
            if let Some(near) = fault.value.as_deref().and_then(&near) {
                fault.accepted = format!("did you mean {near}?");
            }
        }
    }

    /// Refuses rows in which none or both of two columns stand.
    fn one_of(&mut self, first: &'static str, second: &'static str) {
        let columns = [self.find(first), self.find(second)];
        let [firsts, seconds] = columns.map(|found| found.map_or(Vec::new(), |(at, _)| self.chunks(at)));
        let given =
            |chunks: &[Chunk], chunk: usize, row: usize| chunks.get(chunk).is_some_and(|chunk| !chunk.is_null(row));
        let some_null = |chunks: &[Chunk]| chunks.iter().any(|chunk| chunk.nulls.is_some());
        if firsts.is_empty() != seconds.is_empty() && !some_null(&firsts) && !some_null(&seconds) {
            return;
        }
        let accepted = format!("{first} or {second}, one of them in every row");
        let Some((_, column)) = columns[0].or(columns[1]) else {
            // Both came without a type: no row has either.
            let neither = |row| Fault::new(Code::NullValue).at(self.table.name, first, row).accepts(&accepted);
            return self.faults.extend((0..self.rows()).map(neither));
        };
        for at in 0..firsts.len().max(seconds.len()) {
            let Some(chunk) = firsts.get(at).or(seconds.get(at)) else { continue };
            for row in 0..chunk.values.len() {
                let code = match (given(&firsts, at, row), given(&seconds, at, row)) {
                    (true, true) => Code::ConflictingValues,
                    (false, false) => Code::NullValue,
                    _ => continue,
                };
                self.refuse(code, column, chunk, row);
                if let Some(fault) = self.faults.last_mut() {
                    fault.accepted.clone_from(&accepted);
                }
            }
        }
    }
}
