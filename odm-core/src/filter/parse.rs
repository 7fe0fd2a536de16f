//! Reading filter documents.

use bson::Document;

use super::Filter;
use crate::error::Result;

impl Filter {
    /// Reads a filter document.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed, mostly `BadValue` (2).
    pub fn parse(_doc: &Document) -> Result<Self> {
        todo!()
    }
}
