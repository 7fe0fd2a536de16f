//! Dates: their parts, texts and arithmetic, in time zones.

mod abbreviation;
pub(super) mod arithmetic;
pub(super) mod civil;
pub(super) mod from_parts;
pub(super) mod from_string;
pub(super) mod parts;
pub(super) mod timestamp;
pub(super) mod to_string;
pub(super) mod unit;
pub(super) mod zone;

use bson::{Bson, DateTime};
use odm_core::{Error, ErrorCode, Result};

use super::{Compiler, Node, Value, refused};
use crate::value::ElementType;

/// Milliseconds since 1970 of what the server takes for a date: dates, timestamps and ObjectIds.
///
/// # Errors
///
/// 16006 for anything else.
pub(super) fn millis_of(value: &Value<'_>) -> Result<i64> {
    match as_millis(value) {
        Some(millis) => Ok(millis),
        None => {
            refused(16_006, format!("can't convert from BSON type {} to Date", value.type_name()))
        }
    }
}

/// Milliseconds since 1970, if the server takes it for a date.
pub(super) fn as_millis(value: &Value<'_>) -> Option<i64> {
    let value = value.as_raw()?;
    if let Some(bits) = value.as_timestamp_bits() {
        return Some((bits >> 32) as i64 * 1000);
    }
    if let Some(id) = value.as_object_id() {
        // The server takes its four bytes of seconds for a signed number.
        let [a, b, c, d, ..] = id.bytes();
        return Some(i64::from(i32::from_be_bytes([a, b, c, d])) * 1000);
    }
    value.as_millis()
}

/// The text of a string; of no symbol.
pub(super) fn text<'v>(value: &'v Value<'_>) -> Option<&'v str> {
    value.as_raw().filter(|value| value.kind() == ElementType::String)?.as_str()
}

/// A date of milliseconds since 1970.
pub(super) fn date(millis: i64) -> Value<'static> {
    DateTime::from_millis(millis).into()
}

/// The refusal of a span of time that 64 bits cannot hold.
pub(super) fn overflow() -> Error {
    Error::command(
        ErrorCode(159),
        "Overflow casting from a lower-precision duration to a higher-precision duration",
    )
}

/// Compiles an argument that may be left out.
pub(super) fn optional(
    compiler: &mut Compiler<'_>,
    argument: Option<&Bson>,
) -> Result<Option<Node>> {
    argument.map(|argument| compiler.operand(argument)).transpose()
}
