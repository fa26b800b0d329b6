//! A single command as a call says it, and what it did as tuples: the same for a book and a venue.

use crate::assessment::{Key, key_of};
use crate::raise::bad_argument;
use crate::scalar::{decimal, feed, grid, grid_units};
use perpcore::message::{Class, ClientId, Phase, PostOnly, PriceState, Stp, Tif, TriggerBy, TriggerWhen, Word};
use perpcore::num::bounds::{LEVERAGE, MONEY, PRICE, QUANTITY};
use perpcore_arrow::contract::commands::{CommandKind, state_place};
use perpcore_arrow::contract::{COMMANDS, MARGIN_MODES, MODELS};
use perpcore_arrow::said::{Id, Said, Told};
use perpcore_arrow::single::Cells;
use pyo3::exceptions::{PyTypeError, PyValueError};
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDict, PyList, PyTuple};

/// The cells of a command, with what they refer to.
pub(crate) struct Given {
    pub(crate) kind: CommandKind,
    /// What refers to nothing.
    plain: Cells<'static>,
    account: Option<Key>,
    client: Option<Key>,
    group: Option<Key>,
    client_id: Option<Key>,
    to_account: Option<Key>,
    /// By [`TEXTS`].
    texts: [Option<String>; TEXTS.len()],
}

/// The cells that are texts as they are given.
const TEXTS: [&str; 10] =
    ["instrument", "note", "asset", "fee_tier", "flags", "approval", "source", "underlying", "confirm", "rulebook"];

impl Given {
    /// Reads the cells that a call gives by name; what is None is null.
    ///
    /// # Errors
    /// TypeError and ValueError for what can stand in no cell of its column.
    pub(crate) fn read(kind: &str, cells: Option<&Bound<'_, PyDict>>) -> PyResult<Given> {
        let kind = CommandKind::NAMES.iter().position(|name| *name == kind).map(|at| CommandKind::ALL[at]);
        let kind = kind.ok_or_else(|| PyValueError::new_err("no such kind of command"))?;
        let mut given = Given {
            kind,
            plain: Cells::default(),
            account: None,
            client: None,
            group: None,
            client_id: None,
            to_account: None,
            texts: Default::default(),
        };
        for (name, value) in cells.into_iter().flatten() {
            if !value.is_none() {
                given.take(&name.extract::<String>()?, &value)?;
            }
        }
        Ok(given)
    }

    fn take(&mut self, name: &str, value: &Bound<'_, PyAny>) -> PyResult<()> {
        let Given { kind, plain, .. } = self;
        let time = || value.extract::<i64>().map(Some);
        match name {
            "time" => plain.time = time()?,
            "account" => self.account = Some(key_of(value)?),
            "client" => self.client = Some(key_of(value)?),
            "group" => self.group = Some(key_of(value)?),
            "to_account" => self.to_account = Some(key_of(value)?),
            "order" => plain.order = Some(value.extract()?),
            "client_id" => self.client_id = Some(id_of(value)?),
            "quantity" => plain.quantity = Some(grid(name, value, &QUANTITY)?),
            "price" if *kind == CommandKind::Quote => plain.price = Some(feed(value, COMMANDS.name, "price")?),
            "price" => plain.price = Some(grid(name, value, &PRICE)?),
            "trigger" => plain.trigger = Some(grid(name, value, &PRICE)?),
            "bid" => plain.bid = Some(grid(name, value, &PRICE)?),
            "ask" => plain.ask = Some(grid(name, value, &PRICE)?),
            "leverage" => plain.leverage = Some(grid(name, value, &LEVERAGE)?),
            "amount" => plain.amount = Some(grid_units(name, value, MONEY.min, MONEY.max)?),
            "tif" => plain.tif = Some(word::<Tif>(name, value)?),
            "post_only" => plain.post_only = Some(word::<PostOnly>(name, value)?),
            "trigger_by" => plain.trigger_by = Some(word::<TriggerBy>(name, value)?),
            "trigger_when" => plain.trigger_when = Some(word::<TriggerWhen>(name, value)?),
            "stp" => plain.stp = Some(word::<Stp>(name, value)?),
            "account_class" => plain.class = Some(word::<Class>(name, value)?),
            "state" if *kind == CommandKind::Phase => plain.state = Some(word::<Phase>(name, value)? as u8),
            "state" => plain.state = Some(state_place(word::<PriceState>(name, value)?)),
            "margin_mode" => plain.isolated = Some(second_of(name, value, MARGIN_MODES)?),
            "model" => plain.portfolio = Some(second_of(name, value, MODELS)?),
            "reduce_only" => plain.reduce_only = Some(value.extract()?),
            "until" => plain.until = time()?,
            "investor_until" => plain.investor_until = time()?,
            "knowledge_until" => plain.knowledge_until = time()?,
            "sent" => plain.sent = time()?,
            _ => {
                let Some(at) = TEXTS.iter().position(|text| *text == name) else {
                    return Err(PyTypeError::new_err(format!("no command has {name}")));
                };
                let text = value.extract::<String>();
                self.texts[at] = Some(text.map_err(|_| PyTypeError::new_err(format!("{name} is text")))?);
            }
        }
        Ok(())
    }

    /// The cells.
    pub(crate) fn cells(&self) -> Cells<'_> {
        let [instrument, note, asset, fee_tier, flags, approval, source, underlying, confirm, rulebook] =
            self.texts.each_ref().map(Option::as_deref);
        Cells {
            account: self.account.as_ref().map(Key::view),
            client: self.client.as_ref().map(Key::view),
            group: self.group.as_ref().map(Key::view),
            to_account: self.to_account.as_ref().map(Key::view),
            client_id: self.client_id.as_ref().map(|id| match id {
                Key::Text(text) => ClientId::Text(text),
                Key::Integer(id) => ClientId::Number(*id),
            }),
            instrument,
            note,
            asset,
            fee_tier,
            flags,
            approval,
            source,
            underlying,
            confirm,
            rulebook,
            ..self.plain
        }
    }
}

/// A word of a list.
pub(crate) fn word<T: Word>(name: &str, given: &Bound<'_, PyAny>) -> PyResult<T> {
    let given = text(name, given)?;
    let accepted = || T::ALL.iter().map(|word| word.text()).collect::<Vec<_>>();
    T::parse(&given).ok_or_else(|| bad_argument(name, &given, &accepted()))
}

/// Whether a word is the second of two.
fn second_of(name: &str, given: &Bound<'_, PyAny>, accepted: [&str; 2]) -> PyResult<bool> {
    let given = text(name, given)?;
    let place = accepted.iter().position(|word| *word == given);
    place.map(|place| place == 1).ok_or_else(|| bad_argument(name, &given, &accepted))
}

fn text(name: &str, given: &Bound<'_, PyAny>) -> PyResult<String> {
    given.extract().map_err(|_| PyTypeError::new_err(format!("{name} is text")))
}

/// A client's id.
fn id_of(id: &Bound<'_, PyAny>) -> PyResult<Key> {
    let refused = || PyTypeError::new_err("a client_id is text or a non-negative integer");
    if id.is_instance_of::<PyBool>() {
        return Err(refused());
    }
    key_of(id).map_err(|_| refused())
}

/// What a command did, as tuples in the order of the table `events`, without `audience`.
pub(crate) fn events<'py>(py: Python<'py>, said: &Said) -> PyResult<Bound<'py, PyList>> {
    let events = PyList::empty(py);
    said.told.iter().try_for_each(|told| events.append(event(py, said, told)?))?;
    Ok(events)
}

fn event<'py>(py: Python<'py>, said: &Said, told: &Told) -> PyResult<Bound<'py, PyTuple>> {
    let shown = said.shown(told);
    let id = |id: &Option<Id>| -> PyResult<Bound<'py, PyAny>> {
        match id {
            None => Ok(py.None().into_bound(py)),
            Some(Id::Text(text)) => Ok(text.into_pyobject(py)?.into_any()),
            Some(Id::Integer(id)) => Ok(id.into_pyobject(py)?.into_any()),
        }
    };
    let money = |units: Option<i128>| -> PyResult<Bound<'py, PyAny>> {
        units.map_or_else(|| Ok(py.None().into_bound(py)), |units| decimal(py, units))
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
        shown.instrument,
        shown.order,
        id(&told.client_id)?,
        shown.trade,
        money(shown.quantity.map(i128::from))?,
        money(shown.price.map(i128::from))?,
        id(&told.other_account)?,
        shown.other_order,
        shown.class.map(Word::text),
        shown.other_class.map(Word::text),
        shown.aggressor,
        shown.asset,
        money(shown.amount)?,
        money(shown.balance)?,
        shown.before,
        shown.after,
        shown.rule.map(|rule| rule.id()),
        shown.note,
    ]
}
