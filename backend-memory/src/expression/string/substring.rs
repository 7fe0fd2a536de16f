//! `$substrBytes` and `$substrCP`.

use odm_core::Result;

use super::super::arithmetic::to_long;
use super::super::{Globals, Value, refused};
use super::{made, to_text};

/// `$substrBytes` and `$substr`: so many bytes from a position on; to the end if the number is negative.
/// Takes the text of numbers and dates too; null and missing are empty.
///
/// 16007 for what has no text, 16034 and 16035 if the position or the number is none, 50752 for a
/// position below 0, 28656 and 28657 if it begins or ends within a character.
pub(super) fn substr_bytes<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [text, start, count] = operands else { return Ok(Value::NULL) };
    let text = to_text(text)?;
    let Some(first) = start.as_number() else {
        let kind = start.type_name();
        return refused(16_034, format!("$substrBytes: the index must be numeric, not {kind}"));
    };
    let Some(number) = count.as_number() else {
        let kind = count.type_name();
        return refused(16_035, format!("$substrBytes: the length must be numeric, not {kind}"));
    };
    let Ok(start) = usize::try_from(to_long(first)?) else {
        return refused(50_752, "$substrBytes: the index must be non-negative");
    };
    let count = usize::try_from(to_long(number)?).unwrap_or(text.len());
    let end = start.saturating_add(count);
    let is_inside = |at: usize| at < text.len() && !text.is_char_boundary(at);
    if is_inside(start) {
        return refused(28_656, "$substrBytes: invalid range, it begins within a character");
    }
    if is_inside(end) {
        return refused(28_657, "$substrBytes: invalid range, it ends within a character");
    }
    made(text.get(start..end.min(text.len())).unwrap_or_default())
}

/// `$substrCP`: so many code points from a position on. Takes the text of numbers and dates too; null
/// and missing are empty.
///
/// 16007 for what has no text; 34450 and 34452 if the position or the number is none, 34451 and 34453
/// if it is not a whole 32-bit number, 34455 and 34454 if it is below 0.
pub(super) fn substr_cp<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let [text, start, count] = operands else { return Ok(Value::NULL) };
    let text = to_text(text)?;
    let start = whole(start, 34_450, 34_451, "starting index")?;
    let count = whole(count, 34_452, 34_453, "length")?;
    let Ok(count) = usize::try_from(count) else {
        return refused(34_454, "$substrCP: length must be a nonnegative integer");
    };
    let Ok(start) = usize::try_from(start) else {
        return refused(34_455, "$substrCP: the starting index must be a nonnegative integer");
    };
    let rest = text.char_indices().nth(start).and_then(|(at, _)| text.get(at..)).unwrap_or("");
    let end = rest.char_indices().nth(count).map_or(rest.len(), |(at, _)| at);
    made(rest.get(..end).unwrap_or_default())
}

fn whole(value: &Value<'_>, not_number: i32, not_whole: i32, what: &str) -> Result<i32> {
    let Some(number) = value.as_number() else {
        let kind = value.type_name();
        return refused(not_number, format!("$substrCP: {what} must be numeric, not {kind}"));
    };
    let exact = number.to_exact_integer().and_then(|n| i32::try_from(n).ok());
    match exact {
        Some(n) => Ok(n),
        None => refused(
            not_whole,
            format!("$substrCP: {what} cannot be represented as a 32-bit integer"),
        ),
    }
}
