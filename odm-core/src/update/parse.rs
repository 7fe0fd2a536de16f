//! Reading updates.

use bson::Bson;

use super::Update;
use crate::error::Result;

impl Update {
    /// Reads an update: a document of operators, a replacement document or a pipeline.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed, mostly `FailedToParse` (9).
    pub fn parse(_update: &Bson) -> Result<Self> {
        todo!()
    }
}
