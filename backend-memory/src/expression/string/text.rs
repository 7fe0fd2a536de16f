//! What text a value has, and texts that the server would make.

use std::borrow::Cow;

use odm_core::Result;

use super::super::date::civil::Civil;
use super::super::date::to_string::iso_8601;
use super::super::{Value, refused};
use crate::value::{ElementType, MAX_DOCUMENT_SIZE, Number};

/// The longest string there may be on the way, its terminator included.
const MAX_STRING: usize = MAX_DOCUMENT_SIZE + 16 * 1024;

/// The most that the server gathers in one buffer.
const MAX_BUFFER: usize = 64 * 1024 * 1024;

const MONTHS: [&str; 12] =
    ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];

/// A string that was made.
///
/// # Errors
///
/// 16493 if it is longer than any string may be.
pub(in crate::expression) fn made<'a>(text: &str) -> Result<Value<'a>> {
    if text.len() + 1 > MAX_STRING {
        return refused(16_493, "tried to create string longer than 16MB");
    }
    Ok(text.into())
}

/// Checks how long a text grows while it is made.
///
/// # Errors
///
/// 13548 if it is more than fits the server's buffer.
pub(super) fn check_buffer(len: usize) -> Result<()> {
    if len > MAX_BUFFER {
        return refused(13_548, format!("cannot grow to {len} bytes, past the 64MB limit"));
    }
    Ok(())
}

/// The text of a value: of numbers, dates, timestamps and code too; nothing for null and missing.
///
/// # Errors
///
/// 16007 for values of other types, 18537 for dates outside the years 0 to 9999.
pub(in crate::expression) fn to_text<'v>(value: &'v Value<'_>) -> Result<Cow<'v, str>> {
    let Some(raw) = value.as_raw() else { return Ok(Cow::Borrowed("")) };
    Ok(match raw.kind() {
        ElementType::String | ElementType::Symbol => Cow::Borrowed(raw.as_str().unwrap_or("")),
        ElementType::JavaScriptCode => {
            String::from_utf8_lossy(raw.as_code_bytes().unwrap_or_default())
        }
        ElementType::Null | ElementType::Undefined => Cow::Borrowed(""),
        ElementType::DateTime => iso_8601(raw.as_millis().unwrap_or(0))?.into(),
        ElementType::Timestamp => timestamp(raw.as_timestamp_bits().unwrap_or(0)).into(),
        _ => match Number::of(raw) {
            Some(Number::Int32(n)) => n.to_string().into(),
            Some(Number::Int64(n)) => n.to_string().into(),
            Some(Number::Double(n)) => double(n).into(),
            Some(Number::Decimal(n)) => {
                bson::Decimal128::from_bytes(n.to_bits().to_le_bytes()).to_string().into()
            }
            None => {
                let kind = raw.type_name();
                return refused(16_007, format!("can't convert from BSON type {kind} to String"));
            }
        },
    })
}

/// A double as C's `%g` writes it: six significant digits.
fn double(n: f64) -> String {
    const DIGITS: i32 = 6;
    if n.is_nan() {
        return if n.is_sign_negative() { "-nan" } else { "nan" }.to_owned();
    }
    if n.is_infinite() {
        return if n < 0.0 { "-inf" } else { "inf" }.to_owned();
    }
    let scientific = format!("{:.*e}", DIGITS as usize - 1, n);
    let (digits, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let without_zeros = |text: &str| match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text.to_owned(),
    };
    if (-4..DIGITS).contains(&exponent) {
        let places = usize::try_from(DIGITS - 1 - exponent).unwrap_or(0);
        return without_zeros(&format!("{n:.places$}"));
    }
    let sign = if exponent < 0 { '-' } else { '+' };
    format!("{}e{sign}{:02}", without_zeros(digits), exponent.unsigned_abs())
}

/// A timestamp as `"Jan  1 00:00:05:6"`: no year, and the increment at the end.
fn timestamp(bits: u64) -> String {
    let (seconds, increment) = (bits >> 32, bits as u32);
    let at = Civil::at(i64::try_from(seconds).unwrap_or(0) * 1000, 0);
    let month = usize::try_from(at.month - 1).ok().and_then(|month| MONTHS.get(month));
    let month = month.copied().unwrap_or_default();
    let Civil { day, hour, minute, second, .. } = at;
    format!("{month} {day:>2} {hour:02}:{minute:02}:{second:02}:{increment}")
}
