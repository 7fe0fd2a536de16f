//! Why a lookup, or a parameter of a query string, is refused.

use std::fmt;

use bson::Bson;

use crate::error::Error;

/// A lookup, or a parameter of a query string, that was refused.
///
/// The texts are shortened: they may come from strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct LookupError {
    /// The lookup or parameter, as it was given.
    pub lookup: String,
    /// The value, where it is the value that is wrong.
    pub value: Option<String>,
    /// What would have been taken.
    pub expected: String,
}

impl LookupError {
    pub(crate) fn new(lookup: &str, expected: impl Into<String>) -> Self {
        LookupError { lookup: clip(lookup), value: None, expected: expected.into() }
    }

    pub(crate) fn of_text(lookup: &str, value: &str, expected: impl Into<String>) -> Self {
        LookupError { value: Some(clip(value)), ..LookupError::new(lookup, expected) }
    }

    pub(crate) fn of_value(lookup: &str, value: &Bson, expected: &str) -> Self {
        LookupError::of_text(lookup, &value.to_string(), expected)
    }
}

/// The beginning of a text.
pub(crate) fn clip(text: &str) -> String {
    const MAX: usize = 100;
    match text.char_indices().nth(MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

impl fmt::Display for LookupError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.value {
            Some(value) => {
                write!(f, "`{}`: expected {}, found {value}", self.lookup, self.expected)
            }
            None => write!(f, "`{}`: expected {}", self.lookup, self.expected),
        }
    }
}

impl std::error::Error for LookupError {}

impl From<LookupError> for Error {
    fn from(error: LookupError) -> Self {
        Error::Lookup(Box::new(error))
    }
}
