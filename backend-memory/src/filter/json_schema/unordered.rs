//! Equality as `enum` and `uniqueItems` have it: numbers of any type are equal by value, and the
//! order of fields does not count.

use bson::Bson;
use odm_core::{Error, ErrorCode};
use rustc_hash::FxHashSet;

use crate::value::write::{append, begin, begin_nested, finish};
use crate::value::{ElementType, KeyBytes, RawVal, ValueBuf};

/// Values, each once.
#[derive(Debug, Default)]
pub(super) struct Distinct {
    keys: FxHashSet<KeyBytes>,
}

/// The values of an `enum`.
#[derive(Debug)]
pub(super) struct Values(Distinct);

impl Distinct {
    /// Whether no equal value was there before.
    pub(super) fn insert(&mut self, value: RawVal<'_>) -> bool {
        self.keys.insert(key(value))
    }
}

impl Values {
    /// # Errors
    ///
    /// `FailedToParse` (9) if two values are equal.
    pub(super) fn new(values: &[Bson]) -> Result<Self, Error> {
        let mut distinct = Distinct::default();
        for value in values {
            if !distinct.insert(ValueBuf::from_bson(value)?.as_raw()) {
                return Err(Error::command(
                    ErrorCode::FAILED_TO_PARSE,
                    "$jsonSchema keyword 'enum' array cannot contain duplicate values",
                ));
            }
        }
        Ok(Values(distinct))
    }

    pub(super) fn contains(&self, value: RawVal<'_>) -> bool {
        self.0.keys.contains(&key(value))
    }
}

/// Bytes that equal values share.
fn key(value: RawVal<'_>) -> KeyBytes {
    if !value.is_object() && !value.is_array() {
        return KeyBytes::of(value);
    }
    let mut bytes = Vec::with_capacity(value.bytes().len());
    let start = begin(&mut bytes);
    append_sorted(&mut bytes, value);
    finish(&mut bytes, start);
    KeyBytes::of(RawVal::new(value.kind(), &bytes))
}

/// Appends the elements of an object, sorted by name, or of an array; and so of those in them.
///
/// Stored values are nested 180 deep at most.
fn append_sorted(out: &mut Vec<u8>, value: RawVal<'_>) {
    let mut elements: Vec<(&[u8], RawVal<'_>)> = value.elements().collect();
    if value.is_object() {
        elements.sort_by_key(|(name, _)| *name);
    }
    for (name, element) in elements {
        if element.is_object() || element.is_array() {
            let kind =
                if element.is_array() { ElementType::Array } else { ElementType::EmbeddedDocument };
            let start = begin_nested(out, name, kind);
            append_sorted(out, element);
            finish(out, start);
        } else {
            append(out, name, element);
        }
    }
}
