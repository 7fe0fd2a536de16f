//! `convertToCapped` and `cloneCollectionAsCapped`.

use odm_core::bson::{Bson, Document};
use odm_core::{Error, ErrorCode, Namespace, Result, reply};

use crate::backend::Engine;
use crate::storage::check_name;
use crate::value::{Number, ValueBuf};

/// The largest size, in bytes.
const MAX_SIZE: i64 = 1 << 50;

impl Engine {
    /// Keeps of a collection what fits into a capped one, without its indexes.
    pub(super) fn convert_to_capped(&self, ns: &Namespace, command: &Document) -> Result<Document> {
        let size = size(command)?;
        let is_there = self.catalog.collection(ns)?.is_some();
        if is_there && self.catalog.convert_to_capped(ns, within(size)?, self.ids.uuid())? {
            return Ok(reply::ok());
        }
        Err(no_source(ns))
    }

    /// Copies what fits into a new, capped collection.
    pub(super) fn clone_capped(&self, database: &str, command: &Document) -> Result<Document> {
        let from = collection(database, command, "cloneCollectionAsCapped")?;
        let to = collection(database, command, "toCollection")?;
        let size = size(command)?;
        let writing = self.catalog.start_write();
        let is_there = writing.find(&from)?.is_some();
        if is_there && writing.clone_capped(&from, &to, within(size)?, self.ids.uuid())? {
            return Ok(reply::ok());
        }
        Err(no_source(&from))
    }
}

fn collection(database: &str, command: &Document, field: &str) -> Result<Namespace> {
    let Some(Bson::String(name)) = command.get(field) else {
        let message = format!("'{field}' must be of type String");
        return Err(Error::command(ErrorCode::TYPE_MISMATCH, message));
    };
    let ns = Namespace::new(database, name.clone());
    check_name(&ns)?;
    if name.contains('$') {
        let message = format!("Invalid collection name: {name}");
        return Err(Error::command(ErrorCode::INVALID_NAMESPACE, message));
    }
    Ok(ns)
}

/// The size that a command says: without its fraction, and 0 if it is no number.
fn size(command: &Document) -> Result<i64> {
    let size = match command.get("size") {
        // Too large a number is the largest.
        Some(Bson::Double(size)) => *size as i64,
        Some(size) => {
            let number = ValueBuf::from_bson(size).ok().and_then(|size| Number::of(size.as_raw()));
            number.map_or(0, |number| number.truncate().unwrap_or(i64::MAX))
        }
        None => 0,
    };
    if size != 0 {
        return Ok(size);
    }
    // The one refusal for which the server has no code.
    Err(Error::command(ErrorCode(0), "invalid command spec: `size` must be a number, and not 0"))
}

fn within(size: i64) -> Result<i64> {
    if (1..=MAX_SIZE).contains(&size) {
        return Ok(size);
    }
    Err(Error::command(ErrorCode::BAD_VALUE, "the size must be positive, and at most 1 PB"))
}

fn no_source(ns: &Namespace) -> Error {
    let message = format!("source collection {ns} does not exist");
    Error::command(ErrorCode::NAMESPACE_NOT_FOUND, message)
}
