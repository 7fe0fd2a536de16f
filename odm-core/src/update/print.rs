//! Printing updates.

use bson::Bson;

use super::Update;

impl Update {
    /// The update as a command takes it.
    #[must_use]
    pub fn to_bson(&self) -> Bson {
        todo!()
    }
}
