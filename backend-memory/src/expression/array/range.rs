//! `$range`.

use odm_core::Result;

use super::as_i32;
use crate::expression::{ArrayBuilder, Node, Scope, Value, refused};
use crate::value::{ElementType, Number, RawVal};

/// How many bytes the server lets an array of its take.
const MAX_MEMORY: i64 = 100 * 1024 * 1024;

/// `$range`: the integers from a start up to, and without, an end, by a step.
///
/// Of the start, 34443 if it is no number and 34444 if it is no 32-bit integer; of the end, 34445 and 34446; of the step,
/// 34447 and 34448, and 34449 if it is zero. 146 if there are too many.
pub(super) fn range<'a>(operands: &'a [Node], scope: &Scope<'a>) -> Result<Value<'a>> {
    let [start, end, step @ ..] = operands else { return Ok(Value::NULL) };
    let (first, end) = (start.eval(scope)?, end.eval(scope)?);
    let start = bound("starting", &first, 34_443, 34_444)?;
    let end = bound("ending", &end, 34_445, 34_446)?;
    let step = match step.first() {
        None => 1,
        Some(step) => match bound("step", &step.eval(scope)?, 34_447, 34_448)? {
            0 => return refused(34_449, "$range requires a non-zero step value"),
            step => step,
        },
    };
    check_memory(&first, start, end, step)?;
    let mut out = ArrayBuilder::new();
    let mut number = start;
    while if step > 0 { number < end } else { number > end } {
        // Between two 32-bit integers.
        let bytes = (number as i32).to_le_bytes();
        out.try_push(RawVal::new(ElementType::Int32, &bytes))?;
        number += step;
    }
    Ok(out.finish())
}

fn bound(name: &str, value: &Value<'_>, not_a_number: i32, not_an_integer: i32) -> Result<i64> {
    let Some(number) = value.as_raw().and_then(Number::of) else {
        let found = value.type_name();
        let message =
            format!("$range requires a numeric {name} value, found value of type: {found}");
        return refused(not_a_number, message);
    };
    match as_i32(number) {
        Some(number) => Ok(number.into()),
        None => {
            let message = format!(
                "$range requires a {name} value that can be represented as a 32-bit integer"
            );
            refused(not_an_integer, message)
        }
    }
}

/// Counts the memory that the server's array would take: a header, and for each number what the first one takes.
fn check_memory(first: &Value<'_>, start: i64, end: i64, step: i64) -> Result<()> {
    let steps = (end - start) / step;
    let len = if steps >= 0 { steps + 1 } else { 0 };
    let each = if first.kind() == Some(ElementType::Decimal128) { 48 } else { 16 };
    let needed = 24 + len * each;
    if needed < MAX_MEMORY {
        return Ok(());
    }
    let message = format!(
        "$range would use too much memory ({needed} bytes) and cannot spill to disk. Memory limit: {MAX_MEMORY} bytes"
    );
    refused(146, message)
}
