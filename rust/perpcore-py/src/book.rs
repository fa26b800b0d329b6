//! The order book: one lock, calls from any thread, commands one by one or as a table.

use crate::assessment::{Key, key_of};
use crate::batch::Batch;
use crate::capsule::import;
use crate::raise::{bad_argument, warn_shared_doubles};
use crate::resident::Resident;
use crate::rulebook::Rulebook;
use crate::run::caught;
use crate::scalar::{decimal, grid};
use arrow_array::Array;
use perpcore::message::{ClientId, Side, Word};
use perpcore::num::bounds::{PRICE, QUANTITY};
use perpcore_arrow::book as core;
use perpcore_arrow::book::{Cells, Id, Told};
use perpcore_arrow::contract;
use perpcore_arrow::contract::commands::CommandKind;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyBytes, PyList, PyTuple};

/// A command of a table takes as long as so many rows of an assessment.
const ROWS_A_COMMAND: usize = 5;

/// The book of one instrument; `perpcore.OrderBook` is what users see of it.
#[pyclass(frozen, module = "perpcore._core")]
pub(crate) struct OrderBook(Resident<core::OrderBook>);

/// Price, quantity and how many orders.
type Level<'py> = (Bound<'py, PyAny>, Bound<'py, PyAny>, u32);

#[pymethods]
impl OrderBook {
    /// The book of an instrument, without orders.
    #[new]
    fn new(py: Python<'_>, rules: &Bound<'_, Rulebook>, instrument: &str) -> PyResult<Self> {
        let rules = &rules.get().0;
        let book = crate::run::run(py, 0, |_| core::OrderBook::new(rules, instrument))?;
        Ok(OrderBook(Resident::new(book)))
    }

    /// Carries out one command; its events as tuples in the order of the table `events`, without `audience` and `instrument`.
    #[pyo3(signature = (
        kind, *, time=None, account=None, client=None, group=None, order=None, client_id=None, quantity=None, price=None,
        tif=None, until=None, post_only=None, reduce_only=None, margin_mode=None, trigger=None, trigger_by=None,
        trigger_when=None, stp=None, account_class=None, state=None
    ))]
    #[expect(clippy::too_many_arguments, reason = "the columns of a command")]
    fn act<'py>(
        &self,
        py: Python<'py>,
        kind: &str,
        time: Option<i64>,
        account: Option<&Bound<'py, PyAny>>,
        client: Option<&Bound<'py, PyAny>>,
        group: Option<&Bound<'py, PyAny>>,
        order: Option<u64>,
        client_id: Option<&Bound<'py, PyAny>>,
        quantity: Option<&Bound<'py, PyAny>>,
        price: Option<&Bound<'py, PyAny>>,
        tif: Option<&str>,
        until: Option<i64>,
        post_only: Option<&str>,
        reduce_only: Option<bool>,
        margin_mode: Option<&str>,
        trigger: Option<&Bound<'py, PyAny>>,
        trigger_by: Option<&str>,
        trigger_when: Option<&str>,
        stp: Option<&str>,
        account_class: Option<&str>,
        state: Option<&str>,
    ) -> PyResult<Bound<'py, PyList>> {
        let kind = CommandKind::NAMES.iter().position(|name| *name == kind).map(|at| CommandKind::ALL[at]);
        let kind = kind.ok_or_else(|| PyValueError::new_err("no such kind of command"))?;
        let key = |id: Option<&Bound<'_, PyAny>>| id.map(key_of).transpose();
        let (account, client, group) = (key(account)?, key(client)?, key(group)?);
        let client_id = client_id.map(id_of).transpose()?;
        let isolated = match margin_mode {
            None => None,
            Some("cross") => Some(false),
            Some("isolated") => Some(true),
            Some(other) => return Err(bad_argument("margin_mode", other, &contract::MARGIN_MODES)),
        };
        let price_of = |name, value: Option<&Bound<'_, PyAny>>| value.map(|it| grid(name, it, &PRICE)).transpose();
        let cells = Cells {
            time,
            account: account.as_ref().map(Key::view),
            client: client.as_ref().map(Key::view),
            group: group.as_ref().map(Key::view),
            order,
            client_id: client_id.as_ref().map(|id| match id {
                Key::Text(text) => ClientId::Text(text),
                Key::Integer(id) => ClientId::Number(*id),
            }),
            quantity: quantity.map(|it| grid("quantity", it, &QUANTITY)).transpose()?,
            price: price_of("price", price)?,
            tif: word("tif", tif)?,
            until,
            post_only: word("post_only", post_only)?,
            reduce_only,
            isolated,
            trigger: price_of("trigger", trigger)?,
            trigger_by: word("trigger_by", trigger_by)?,
            trigger_when: word("trigger_when", trigger_when)?,
            stp: word("stp", stp)?,
            class: word("account_class", account_class)?,
            state: word("state", state)?,
        };
        let told = self.0.work(py, 0, |book, _| book.one(kind, &cells))?;
        caught(py, || {
            let events = PyList::empty(py);
            told.iter().try_for_each(|told| events.append(event(py, told)?))?;
            Ok(events)
        })
    }

    /// Carries out a table of commands; the table `events`.
    fn apply(&self, py: Python<'_>, commands: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let batches = import(&contract::COMMANDS, commands)?;
        // A batch is done as a whole or not at all: a signal is looked for before it begins, and then waits for its end.
        py.check_signals()?;
        let rows: usize = batches.iter().map(Array::len).sum();
        // The producers' memory is let go of with the GIL.
        let _held = batches.clone();
        let applied = self.0.work(py, rows.saturating_mul(ROWS_A_COMMAND), |book, _| book.apply(batches))?;
        if applied.shared_doubles {
            caught(py, || warn_shared_doubles(py))?;
        }
        Ok(Batch(applied.events))
    }

    /// The table `depth`, of so many levels a side.
    #[pyo3(signature = (levels=None))]
    fn depth(&self, py: Python<'_>, levels: Option<usize>) -> PyResult<Batch> {
        self.0.work(py, 0, |book, _| book.depth(levels)).map(Batch)
    }

    /// The table `l3`.
    fn l3(&self, py: Python<'_>) -> PyResult<Batch> {
        self.0.work(py, 0, |book, _| book.l3()).map(Batch)
    }

    /// The table `open_orders` of an account.
    fn orders(&self, py: Python<'_>, account: &Bound<'_, PyAny>) -> PyResult<Batch> {
        let key = key_of(account)?;
        self.0.work(py, 0, |book, _| book.orders(&key.view())).map(Batch)
    }

    /// The best bid and ask: price, quantity, orders.
    fn best<'py>(&self, py: Python<'py>) -> PyResult<(Option<Level<'py>>, Option<Level<'py>>)> {
        let [bid, ask] = self.0.work(py, 0, |book, _| Ok([Side::Bid, Side::Ask].map(|side| book.best(side))))?;
        caught(py, || {
            let level = |found: Option<(i64, i64, u32)>| {
                found.map(|(price, quantity, orders)| {
                    Ok::<_, PyErr>((decimal(py, price.into())?, decimal(py, quantity.into())?, orders))
                })
            };
            Ok((level(bid).transpose()?, level(ask).transpose()?))
        })
    }

    /// The price of so much notional, in g, walked through a side.
    fn impact_price<'py>(&self, py: Python<'py>, side: &str, notional: i128) -> PyResult<Option<Bound<'py, PyAny>>> {
        let side: Side = word("side", Some(side))?.unwrap_or(Side::Bid);
        let price = self.0.work(py, 0, |book, _| Ok(book.impact(side, notional)))?;
        price.map(|price| decimal(py, price.into())).transpose()
    }

    /// What stands before an order in its queue: how many orders and which quantity.
    fn queue_position<'py>(&self, py: Python<'py>, order: u64) -> PyResult<Option<(u32, Bound<'py, PyAny>)>> {
        let found = self.0.work(py, 0, |book, _| Ok(book.queue_position(order)))?;
        caught(py, || found.map(|(orders, quantity)| Ok((orders, decimal(py, quantity.into())?))).transpose())
    }

    /// What an auction would do now: price, quantity, surplus.
    fn indicative<'py>(&self, py: Python<'py>) -> PyResult<Option<Bound<'py, PyTuple>>> {
        let found = self.0.work(py, 0, |book, _| Ok(book.indicative()))?;
        caught(py, || {
            let Some((price, quantity, surplus)) = found else { return Ok(None) };
            let told = [price, quantity, surplus].map(|number| decimal(py, number.into()));
            PyTuple::new(py, told.into_iter().collect::<PyResult<Vec<_>>>()?).map(Some)
        })
    }

    /// The phase.
    fn phase(&self, py: Python<'_>) -> PyResult<&'static str> {
        self.0.work(py, 0, |book, _| Ok(book.phase().text()))
    }

    /// The instrument, how many orders there are and how many commands came.
    fn counts(&self, py: Python<'_>) -> PyResult<(String, usize, u64)> {
        self.0.work(py, 0, |book, _| Ok((book.instrument().to_string(), book.len(), book.count())))
    }

    /// The state in 256 bits.
    fn digest<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyBytes>> {
        let digest = self.0.work(py, 0, |book, _| Ok(book.digest()))?;
        caught(py, || Ok(PyBytes::new(py, &digest)))
    }

    /// Panics inside a call, for the test that a book of which nothing is known says so.
    fn _provoke_panic(&self, py: Python<'_>) -> PyResult<()> {
        #[expect(clippy::panic, reason = "what this method is for")]
        self.0.work(py, 0, |_, _| panic!("provoked"))
    }
}

/// A word of a list.
fn word<T: Word>(name: &str, given: Option<&str>) -> PyResult<Option<T>> {
    let Some(given) = given else { return Ok(None) };
    let accepted = || T::ALL.iter().map(|word| word.text()).collect::<Vec<_>>();
    T::parse(given).map(Some).ok_or_else(|| bad_argument(name, given, &accepted()))
}

/// A client's id.
fn id_of(id: &Bound<'_, PyAny>) -> PyResult<Key> {
    let refused = || PyTypeError::new_err("a client_id is text or a non-negative integer");
    if id.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    key_of(id).map_err(|_| refused())
}

/// An event as a tuple.
fn event<'py>(py: Python<'py>, told: &Told) -> PyResult<Bound<'py, PyTuple>> {
    let shown = told.shown();
    let id = |id: &Option<Id>| -> PyResult<Bound<'py, PyAny>> {
        match id {
            None => Ok(py.None().into_bound(py)),
            Some(Id::Text(text)) => Ok(text.into_pyobject(py)?.into_any()),
            Some(Id::Integer(id)) => Ok(id.into_pyobject(py)?.into_any()),
        }
    };
    let money = |units: Option<i64>| -> PyResult<Bound<'py, PyAny>> {
        units.map_or_else(|| Ok(py.None().into_bound(py)), |units| decimal(py, units.into()))
    };
    let event = &told.event;
    macro_rules! fields {
        ($($field:expr),* $(,)?) => { PyTuple::new(py, [$($field.into_pyobject(py)?.into_any()),*]) };
    }
    fields![
        event.seq,
        shown.time,
        event.cause,
        event.kind.text(),
        event.code.map(|code| code.entry().name),
        id(&told.account)?,
        shown.order,
        id(&told.client_id)?,
        shown.trade,
        money(shown.quantity)?,
        money(shown.price)?,
        id(&told.other_account)?,
        shown.other_order,
        shown.class.map(Word::text),
        shown.other_class.map(Word::text),
        shown.aggressor,
        shown.before.map(Word::text),
        shown.after.map(Word::text),
    ]
}
