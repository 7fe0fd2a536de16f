//! The parts of timestamps.

use odm_core::Result;

use crate::expression::{Globals, Operator, Value, refused};

pub(in crate::expression) const OPERATORS: &[Operator] = &[
    Operator::unary("$tsIncrement", ts_increment).null_to_null(),
    Operator::unary("$tsSecond", ts_second).null_to_null(),
];

/// `$tsIncrement`: the increment of a timestamp, a long. Null for null; 5687302 for another type.
fn ts_increment<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    bits("$tsIncrement", operands, 5_687_302).map(|bits| i64::from(bits as u32).into())
}

/// `$tsSecond`: the seconds since 1970 of a timestamp, a long. Null for null; 5687301 for another type.
fn ts_second<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    bits("$tsSecond", operands, 5_687_301).map(|bits| ((bits >> 32) as i64).into())
}

fn bits(operator: &str, operands: &[Value<'_>], code: i32) -> Result<u64> {
    let value = operands.first().unwrap_or(&Value::Missing);
    match value.as_raw().and_then(|value| value.as_timestamp_bits()) {
        Some(bits) => Ok(bits),
        None => refused(
            code,
            format!("argument to {operator} must be a timestamp, but is {}", value.type_name()),
        ),
    }
}
