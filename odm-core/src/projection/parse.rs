//! Reading and printing projections.

use bson::Document;

use super::Projection;
use crate::error::Result;

impl Projection {
    /// Reads a projection document.
    ///
    /// # Errors
    ///
    /// The server's: 31254 and 31253 for a mix of inclusion and exclusion, 31249 and 31250 for paths that collide, ….
    pub fn parse(_doc: &Document) -> Result<Self> {
        todo!()
    }

    /// The projection as a document.
    #[must_use]
    pub fn to_document(&self) -> Document {
        todo!()
    }
}
