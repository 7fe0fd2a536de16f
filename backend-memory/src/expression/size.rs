//! What is asked about a value itself: its size, and whether it is a number.

use odm_core::Result;

use super::{Globals, Operator, Value, refused};
use crate::value::ElementType;

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$binarySize", binary_size).null_to_null(),
    Operator::unary("$bsonSize", bson_size).null_to_null(),
    Operator::unary("$isNumber", is_number),
];

/// `$binarySize`: how many bytes a string or binary data has; null for null and missing.
///
/// 51276 for anything else.
fn binary_size<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let value = operands.first().unwrap_or(&Value::NULL);
    let size = match value.as_raw() {
        Some(raw) if raw.kind() == ElementType::Binary => {
            raw.as_binary().map_or(0, |(_, bytes)| bytes.len())
        }
        _ => match value.as_string() {
            Some(text) => text.len(),
            None => {
                let kind = value.type_name();
                let message =
                    format!("$binarySize requires a string or BinData argument, found: {kind}");
                return refused(51_276, message);
            }
        },
    };
    Ok(i32::try_from(size).unwrap_or(i32::MAX).into())
}

/// `$bsonSize`: how many bytes a document takes; null for null and missing.
///
/// 31393 for anything else.
fn bson_size<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let value = operands.first().unwrap_or(&Value::NULL);
    match value.as_raw().filter(|raw| raw.is_object()) {
        Some(raw) => Ok(i32::try_from(raw.bytes().len()).unwrap_or(i32::MAX).into()),
        None => {
            let kind = value.type_name();
            refused(31_393, format!("$bsonSize requires a document input, found: {kind}"))
        }
    }
}

/// `$isNumber`: whether it is an int, a long, a double or a decimal.
fn is_number<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(operands.first().is_some_and(|value| value.as_number().is_some()).into())
}
