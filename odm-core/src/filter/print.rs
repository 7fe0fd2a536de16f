//! Printing filters.

use bson::Document;

use super::Filter;

impl Filter {
    /// The filter as a document.
    #[must_use]
    pub fn to_document(&self) -> Document {
        todo!()
    }
}
