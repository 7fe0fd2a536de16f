//! Arithmetic operators. Unless said otherwise they give null for null and missing.
//!
//! The result has the wider type of the operands, from int over long and double to decimal; integers
//! that do not fit become longs, and longs doubles. A double beside a decimal counts with 15 digits,
//! in sums with all of them.

mod nary;
mod power;
mod rounding;

use odm_core::{ErrorCode, Result};

use super::{Globals, Operator, Value, refused};
use crate::value::decimal::Decimal;
use crate::value::{ElementType, Number};

pub(super) use nary::{Accumulate, Nary};

pub(super) const OPERATORS: &[Operator] = &[
    Operator::unary("$abs", abs).null_to_null(),
    Operator::custom("$add", nary::add),
    Operator::unary("$ceil", rounding::ceil).null_to_null(),
    Operator::binary("$divide", divide).null_to_null().right_to_left(),
    Operator::unary("$exp", power::exp).null_to_null(),
    Operator::unary("$floor", rounding::floor).null_to_null(),
    Operator::unary("$ln", power::ln).null_to_null(),
    Operator::binary("$log", power::log).null_to_null(),
    Operator::unary("$log10", power::log10).null_to_null(),
    Operator::binary("$mod", mod_).null_to_null(),
    Operator::custom("$multiply", nary::multiply),
    Operator::binary("$pow", power::pow).null_to_null(),
    Operator::custom("$round", rounding::round),
    Operator::unary("$sqrt", power::sqrt).null_to_null(),
    Operator::binary("$subtract", subtract).null_to_null().right_to_left(),
    Operator::custom("$trunc", rounding::trunc),
];

/// The one operand, which has to be a number; 28765 if it is not.
pub(super) fn number(name: &str, operands: &[Value<'_>]) -> Result<Number> {
    let operand = operands.first().unwrap_or(&Value::NULL);
    match operand.as_number() {
        Some(number) => Ok(number),
        None => refused(
            28_765,
            format!("{name} only supports numeric types, not {}", operand.type_name()),
        ),
    }
}

/// The two operands.
fn pair<'v, 'a>(operands: &'v [Value<'a>]) -> (&'v Value<'a>, &'v Value<'a>) {
    match operands {
        [a, b] => (a, b),
        _ => (&Value::NULL, &Value::NULL),
    }
}

/// `$abs`: the magnitude of a number, of its own type; that of the least int is a long.
///
/// 28765 for anything else, 28680 for the least long, whose magnitude does not fit.
fn abs<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    Ok(match number("$abs", operands)? {
        Number::Int32(n) => match n.checked_abs() {
            Some(n) => Number::Int32(n),
            None => Number::Int64(i64::from(n).abs()),
        },
        Number::Int64(n) => match n.checked_abs() {
            Some(n) => Number::Int64(n),
            None => return refused(28_680, "can't take $abs of long long min"),
        },
        Number::Double(n) => Number::Double(n.abs()),
        Number::Decimal(n) => Number::Decimal(n.abs()),
    }
    .into())
}

/// `$divide`: the quotient, a double or a decimal.
///
/// 2 for a divisor of zero, 16609 for what is not a number.
fn divide<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let (a, b) = pair(operands);
    let (Some(dividend), Some(divisor)) = (a.as_number(), b.as_number()) else {
        let message = format!(
            "$divide only supports numeric types, not {} and {}",
            a.type_name(),
            b.type_name()
        );
        return refused(ErrorCode::TYPE_MISMATCH.0, message);
    };
    if divisor.is_zero() {
        return refused(ErrorCode::BAD_VALUE.0, "can't $divide by zero");
    }
    Ok(if dividend.is_decimal() || divisor.is_decimal() {
        Number::Decimal(dividend.to_decimal().divide(divisor.to_decimal()))
    } else {
        Number::Double(dividend.to_f64() / divisor.to_f64())
    }
    .into())
}

/// `$mod`: the rest of a division toward zero, with the dividend's sign.
///
/// 16610 for a divisor of zero, 5733415 if either is a decimal; 16611 for what is not a number.
fn mod_<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let (a, b) = pair(operands);
    let (Some(dividend), Some(divisor)) = (a.as_number(), b.as_number()) else {
        let message = format!(
            "$mod only supports numeric types, not {} and {}",
            a.type_name(),
            b.type_name()
        );
        return refused(16_611, message);
    };
    if dividend.is_decimal() || divisor.is_decimal() {
        if divisor.is_zero() {
            return refused(5_733_415, "can't $mod by zero");
        }
        return Ok(Number::Decimal(dividend.to_decimal().remainder(divisor.to_decimal())).into());
    }
    if divisor.is_zero() {
        return refused(16_610, "can't $mod by zero");
    }
    // A divisor like 3.0 counts as an integer.
    let divisor_int = match divisor {
        Number::Double(n) if n.fract() == 0.0 => i32::try_from(n as i64).ok().map(i64::from),
        Number::Double(_) => None,
        integer => integer.as_integer(),
    };
    Ok(match (dividend, divisor_int) {
        (Number::Int32(a), Some(b)) if !matches!(divisor, Number::Int64(_)) => {
            Number::Int32((i64::from(a) % b) as i32)
        }
        (Number::Int32(_) | Number::Int64(_), Some(b)) => {
            // The least long has no rest by -1, though its quotient does not fit.
            Number::Int64(dividend.as_integer().unwrap_or(0).wrapping_rem(b))
        }
        _ => Number::Double(dividend.to_f64() % divisor.to_f64()),
    }
    .into())
}

/// `$subtract`: the difference of two numbers; of two dates, in milliseconds; or a date, so many
/// milliseconds earlier.
///
/// 14 for anything else; from a date, 31109 for a double that is no 64-bit integer, and 159 if the
/// difference is none.
fn subtract<'a>(_: &Globals, operands: &[Value<'a>]) -> Result<Value<'a>> {
    let (a, b) = pair(operands);
    if let (Some(left), Some(right)) = (a.as_number(), b.as_number()) {
        let difference = left.subtract(right);
        return Ok(difference.unwrap_or(Number::Double(left.to_f64() - right.to_f64())).into());
    }
    let (Some(date), Some(right)) = (a.as_millis(), b.as_raw()) else {
        return not_subtractable(a, b);
    };
    if right.kind() == ElementType::DateTime {
        return Ok(date.wrapping_sub(right.as_millis().unwrap_or(0)).into());
    }
    let Some(millis) = Number::of(right) else { return not_subtractable(a, b) };
    let millis = to_long(millis)?;
    match date.checked_sub(millis) {
        // The server negates first.
        Some(difference) if millis != i64::MIN => {
            Ok(bson::DateTime::from_millis(difference).into())
        }
        _ => refused(159, "the date is out of range"),
    }
}

fn not_subtractable<T>(a: &Value<'_>, b: &Value<'_>) -> Result<T> {
    let message = format!("can't $subtract {} from {}", b.type_name(), a.type_name());
    refused(ErrorCode::TYPE_MISMATCH.0, message)
}

/// A number as a 64-bit integer: doubles without their fraction, decimals rounded. 31109 for a double
/// that does not fit; a decimal that does not counts as the least long.
pub(super) fn to_long(number: Number) -> Result<i64> {
    match (number, number.truncate()) {
        (Number::Decimal(decimal), _) => Ok(decimal.to_i64_rounded()),
        (_, Some(n)) => Ok(n),
        (_, None) => {
            refused(31_109, format!("can't coerce out of range value {} to long", number.to_f64()))
        }
    }
}

/// Whether a number is NaN.
fn is_nan(number: Number) -> bool {
    match number {
        Number::Double(n) => n.is_nan(),
        Number::Decimal(n) => n.is_nan(),
        _ => false,
    }
}

/// Whether a number is above zero.
fn is_positive(number: Number) -> bool {
    match number {
        Number::Int32(n) => n > 0,
        Number::Int64(n) => n > 0,
        Number::Double(n) => n > 0.0,
        Number::Decimal(n) => n.compare(Decimal::from(0)).is_gt(),
    }
}
