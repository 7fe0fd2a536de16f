//! Reading and printing index specifications.

use bson::Document;

use super::Index;
use crate::error::Result;

impl Index {
    /// Reads an index specification: `{key: {…}, name: …, unique: …, …}`.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed: `CannotCreateIndex` (67), `TypeMismatch` (14), ….
    pub fn parse(_spec: &Document) -> Result<Self> {
        todo!()
    }

    /// The specification as `createIndexes` takes it, with its name.
    #[must_use]
    pub fn to_document(&self) -> Document {
        todo!()
    }

    /// The index's name, given or made of its keys.
    #[must_use]
    pub fn name(&self) -> String {
        todo!()
    }
}
