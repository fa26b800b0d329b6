//! What clients call their orders, as a column.

use super::column::validity;
use arrow_array::builder::StringBuilder;
use arrow_array::{ArrayRef, UInt64Array};
use perpcore::message::ClientId;
use std::sync::Arc;

/// A client's id of a command that was refused, of which the book remembers nothing: of which event, and the id.
pub(crate) struct Unremembered {
    pub(crate) event: usize,
    pub(crate) text: String,
    pub(crate) number: u64,
}

impl Unremembered {
    pub(crate) fn new(event: usize, id: &ClientId<'_>) -> Unremembered {
        match id {
            ClientId::Text(text) => Unremembered { event, text: text.to_string(), number: 0 },
            ClientId::Number(number) => Unremembered { event, text: String::new(), number: *number },
        }
    }
}

/// A column of client ids, of the kind that the stream has.
pub(crate) enum ClientIds {
    Texts(StringBuilder),
    Numbers { values: Vec<u64>, given: Vec<bool> },
}

impl ClientIds {
    pub(crate) fn new(texts: bool) -> ClientIds {
        if texts {
            ClientIds::Texts(StringBuilder::new())
        } else {
            ClientIds::Numbers { values: Vec::new(), given: Vec::new() }
        }
    }

    #[inline(always)]
    pub(crate) fn push(&mut self, id: Option<ClientId<'_>>) {
        match (self, id) {
            (ClientIds::Texts(texts), Some(ClientId::Text(text))) => texts.append_value(text),
            (ClientIds::Texts(texts), _) => texts.append_null(),
            (ClientIds::Numbers { values, given }, id) => {
                let number = if let Some(ClientId::Number(number)) = id { Some(number) } else { None };
                values.push(number.unwrap_or(0));
                given.push(number.is_some());
            }
        }
    }

    pub(crate) fn finish(self) -> ArrayRef {
        match self {
            ClientIds::Texts(mut texts) => Arc::new(texts.finish()),
            ClientIds::Numbers { values, given } => {
                let nulls = validity(given.len(), |row| given[row]);
                Arc::new(UInt64Array::new(values.into(), nulls))
            }
        }
    }
}
