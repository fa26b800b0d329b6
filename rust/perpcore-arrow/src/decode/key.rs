//! How a caller names an account.

/// An account id as a caller names it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum AccountKey<'a> {
    /// Text.
    Text(&'a str),
    /// An integer.
    Integer(u64),
}

impl std::fmt::Display for AccountKey<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            AccountKey::Text(text) => write!(f, "{text}"),
            AccountKey::Integer(id) => write!(f, "{id}"),
        }
    }
}
