//! Updates that replace a document as a whole.

use odm_core::{Error, ErrorCode};

use super::ApplyCx;
use super::plan::{dollar_name, invalid_dbref};
use crate::value::write::{append, begin, finish};
use crate::value::{ElementType, RawVal, equal};

/// A whole new document.
#[derive(Debug)]
pub(super) struct Replacement {
    bytes: Box<[u8]>,
}

impl Replacement {
    pub(super) fn new(bytes: &[u8]) -> Self {
        Replacement { bytes: bytes.into() }
    }

    /// Whether the document is the same to the byte, its `_id` included.
    pub(super) fn is(&self, document: &[u8]) -> bool {
        *self.bytes == *document
    }

    fn elements(&self) -> impl Iterator<Item = (&[u8], RawVal<'_>)> {
        RawVal::document(&self.bytes).elements()
    }

    pub(super) fn id(&self) -> Option<RawVal<'_>> {
        RawVal::document(&self.bytes).get(b"_id")
    }

    /// Refuses an `_id` that cannot be stored, and top-level fields that begin with `$`, except those of a DBRef in
    /// their order.
    pub(super) fn check_names(&self) -> Result<(), Error> {
        check_id_names(self.id())?;
        if let Some(id) = self.id() {
            check_id_type(id)?;
        }
        let mut before: &[u8] = b"";
        for (name, value) in self.elements() {
            let is_dbref = match name {
                b"$ref" => value.kind() == ElementType::String,
                b"$id" => before == b"$ref",
                b"$db" => before == b"$id" && value.kind() == ElementType::String,
                _ if name.starts_with(b"$") => {
                    return Err(dollar_name(&String::from_utf8_lossy(name)));
                }
                _ => true,
            };
            if !is_dbref {
                return Err(invalid_dbref(&String::from_utf8_lossy(name)));
            }
            before = name;
        }
        Ok(())
    }

    /// The document with the `_id` of the one that it replaces.
    ///
    /// # Errors
    ///
    /// 66 if it has another one; 54 if that is an array.
    pub(super) fn apply(&self, old_id: Option<RawVal<'_>>, cx: &ApplyCx) -> Result<Vec<u8>, Error> {
        let own = self.id();
        if own.or(old_id).is_some_and(RawVal::is_array) {
            return Err(array_id());
        }
        if let (Some(own), Some(old)) = (own, old_id)
            && !equal(own, old)
        {
            return Err(Error::command(
                ErrorCode::IMMUTABLE_FIELD,
                "after applying the update, the (immutable) field '_id' was found to have been \
                 altered",
            ));
        }
        let mut out = Vec::with_capacity(self.bytes.len() + 24);
        let start = begin(&mut out);
        if let Some(id) = own.or(old_id) {
            append(&mut out, b"_id", id);
        }
        let bits = u64::from(cx.timestamp.time) << 32 | u64::from(cx.timestamp.increment);
        let (now, mut seen_id) = (bits.to_le_bytes(), false);
        for (name, value) in self.elements() {
            if name == b"_id" && !seen_id {
                seen_id = true;
            } else if value.as_timestamp_bits() == Some(0) {
                append(&mut out, name, RawVal::new(ElementType::Timestamp, &now));
            } else {
                append(&mut out, name, value);
            }
        }
        finish(&mut out, start);
        Ok(out)
    }
}

pub(super) fn array_id() -> Error {
    Error::command(
        ErrorCode::NOT_SINGLE_VALUE_FIELD,
        "after applying the update, the (immutable) field '_id' was found to be an array",
    )
}

/// Refuses fields that begin with `$` at any depth of an `_id`, except those of a DBRef: `$ref` first, then `$id`, then
/// perhaps `$db`.
pub(crate) fn check_id_names(id: Option<RawVal<'_>>) -> Result<(), Error> {
    fn check(value: RawVal<'_>, depth: usize) -> Result<(), Error> {
        // What is nested more deeply is refused for that.
        if depth > crate::value::MAX_STORED_DEPTH {
            return Ok(());
        }
        let first_two: Vec<&[u8]> = value.elements().take(2).map(|(name, _)| name).collect();
        let is_dbref = first_two == [b"$ref".as_slice(), b"$id"];
        for (position, (name, inner)) in value.elements().enumerate() {
            let is_expected = match (position, name) {
                (0, b"$ref") => is_dbref && inner.kind() == ElementType::String,
                (1, b"$id") => is_dbref,
                (2, b"$db") => is_dbref && inner.kind() == ElementType::String,
                _ => !name.starts_with(b"$"),
            };
            if value.is_object() && !is_expected {
                return Err(dollar_name(&String::from_utf8_lossy(name)));
            }
            if inner.is_object() || inner.is_array() {
                check(inner, depth + 1)?;
            }
        }
        Ok(())
    }
    match id.filter(|id| id.is_object()) {
        Some(id) => check(id, 0),
        None => Ok(()),
    }
}

/// Refuses an `_id` of a type that cannot be stored.
pub(crate) fn check_id_type(id: RawVal<'_>) -> Result<(), Error> {
    if id.is_array() || id.is_regex() || id.is_undefined() {
        return Err(Error::command(
            ErrorCode::INVALID_ID_FIELD,
            format!("the '_id' value cannot be of type {}", id.type_name()),
        ));
    }
    Ok(())
}
