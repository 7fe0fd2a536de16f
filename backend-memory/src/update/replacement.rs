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

    /// Refuses top-level fields that begin with `$`, except those of a DBRef in their order, and
    /// such fields of the `_id`.
    pub(super) fn check_names(&self) -> Result<(), Error> {
        check_id_names(self.id())?;
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

/// Refuses fields of an `_id` that begin with `$`, other than those of a DBRef.
pub(super) fn check_id_names(id: Option<RawVal<'_>>) -> Result<(), Error> {
    let Some(id) = id.filter(|id| id.is_object()) else { return Ok(()) };
    let is_bad = |name: &[u8]| name.starts_with(b"$") && !matches!(name, b"$ref" | b"$id" | b"$db");
    match id.elements().find(|(name, _)| is_bad(name)) {
        Some((name, _)) => Err(dollar_name(&String::from_utf8_lossy(name))),
        None => Ok(()),
    }
}
