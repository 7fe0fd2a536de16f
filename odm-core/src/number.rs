//! Numbers in operands: the server takes any of its four types wherever a whole number is meant.

use bson::{Bson, Decimal128};

/// The whole number that `value` is exactly, if it is one and fits.
pub(crate) fn exact_i64(value: &Bson) -> Option<i64> {
    integer(value).filter(|(_, exact)| *exact).map(|(n, _)| n)
}

/// The number truncated toward zero; `None` if it is no number, not finite, or does not fit.
pub(crate) fn truncated_i64(value: &Bson) -> Option<i64> {
    integer(value).map(|(n, _)| n)
}

/// The nearest double.
pub(crate) fn as_f64(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        Bson::Decimal128(n) => n.to_string().parse().ok(),
        _ => None,
    }
}

/// The number as the server reads limits and sizes: doubles lose their fraction, decimals are
/// rounded to even, what does not fit becomes the nearest that does, and NaN is 0.
pub(crate) fn lenient_i64(value: &Bson) -> Option<i64> {
    #[allow(clippy::cast_possible_truncation)]
    match (exact_i64(value), value) {
        (Some(n), _) => Some(n),
        (None, Bson::Double(n)) => Some(*n as i64),
        (None, decimal) => as_f64(decimal).map(|n| n.round_ties_even() as i64),
    }
}

/// Whether `value` is of one of the four numeric types.
pub(crate) fn is_number(value: &Bson) -> bool {
    matches!(value, Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_))
}

/// Whether `value` is the number zero.
pub(crate) fn is_zero(value: &Bson) -> bool {
    match value {
        Bson::Double(n) => *n == 0.0,
        other => exact_i64(other) == Some(0),
    }
}

/// The number truncated toward zero, and whether that is all of it.
fn integer(value: &Bson) -> Option<(i64, bool)> {
    match value {
        Bson::Int32(n) => Some((i64::from(*n), true)),
        Bson::Int64(n) => Some((*n, true)),
        Bson::Double(n) => integer_of_double(*n),
        Bson::Decimal128(n) => integer_of_decimal(*n),
        _ => None,
    }
}

fn integer_of_double(n: f64) -> Option<(i64, bool)> {
    let whole = n.trunc();
    // 2^63 itself is the first double that does not fit.
    let fits = (-9_223_372_036_854_775_808.0..9_223_372_036_854_775_808.0).contains(&whole);
    #[allow(clippy::cast_possible_truncation)]
    fits.then_some((whole as i64, whole == n))
}

fn integer_of_decimal(n: Decimal128) -> Option<(i64, bool)> {
    let bits = u128::from_le_bytes(n.bytes());
    let negative = bits >> 127 == 1;
    // Infinity, NaN and the non-canonical forms, which count as zero.
    if (bits >> 125) & 0b11 == 0b11 {
        return ((bits >> 123) & 0b1111 != 0b1111).then_some((0, true));
    }
    let mut exponent = i32::try_from((bits >> 113) & 0x3fff).ok()? - 6176;
    let mut coefficient = i128::try_from(bits & ((1 << 113) - 1)).ok()?;
    let mut exact = true;
    while exponent < 0 && coefficient != 0 {
        exact &= coefficient % 10 == 0;
        coefficient /= 10;
        exponent += 1;
    }
    while exponent > 0 && coefficient != 0 {
        coefficient = coefficient.checked_mul(10)?;
        exponent -= 1;
    }
    let whole = i64::try_from(if negative { -coefficient } else { coefficient }).ok()?;
    Some((whole, exact))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: impl Into<Bson>, expected: Option<i64>) {
        let value = value.into();
        assert_eq!(exact_i64(&value), expected, "{value}");
    }

    fn decimal(text: &str) -> Bson {
        Bson::Decimal128(text.parse().unwrap())
    }

    #[test]
    fn lenient_numbers() {
        let check = |value: Bson, expected| assert_eq!(lenient_i64(&value), expected, "{value}");
        check(1.9.into(), Some(1));
        check((-1.9).into(), Some(-1));
        check(f64::NAN.into(), Some(0));
        check(f64::INFINITY.into(), Some(i64::MAX));
        check(decimal("1.5"), Some(2));
        check(decimal("2.5"), Some(2));
        check(decimal("-2.51"), Some(-3));
        check(decimal("1E-6000"), Some(0));
        check(decimal("1E+30"), Some(i64::MAX));
        check(decimal("-1E+6000"), Some(i64::MIN));
        check(decimal("NaN"), Some(0));
        check(decimal("-Infinity"), Some(i64::MIN));
        check("1".into(), None);
    }

    #[test]
    fn whole_numbers() {
        check(7, Some(7));
        check(i64::MIN, Some(i64::MIN));
        check(2.0, Some(2));
        check(2.5, None);
        check(f64::NAN, None);
        check(f64::INFINITY, None);
        check(-9_223_372_036_854_775_808.0, Some(i64::MIN));
        check(9_223_372_036_854_775_808.0, None);
        check(decimal("1"), Some(1));
        check(decimal("-12.00"), Some(-12));
        check(decimal("1E+3"), Some(1000));
        check(decimal("1.5"), None);
        check(decimal("0E-6000"), Some(0));
        check(decimal("1E+6000"), None);
        check(decimal("-9223372036854775808"), Some(i64::MIN));
        check(decimal("9223372036854775808"), None);
        check(decimal("NaN"), None);
        check(decimal("-Infinity"), None);
        check("1", None);
        check(true, None);
    }

    #[test]
    fn truncation() {
        let check = |value: Bson, expected| assert_eq!(truncated_i64(&value), expected, "{value}");
        check(Bson::Double(-1.5), Some(-1));
        check(Bson::Double(9_223_372_036_854_775_808.0), None);
        check(Bson::Double(f64::NAN), None);
        check(decimal("-2.9"), Some(-2));
        check(decimal("0.99"), Some(0));
        check(decimal("1E-6000"), Some(0));
        check(decimal("-Infinity"), None);
    }

    #[test]
    fn zero() {
        for zero in [Bson::Int64(0), Bson::Double(-0.0), decimal("-0E+5")] {
            assert!(is_zero(&zero), "{zero}");
        }
        for other in [Bson::Double(0.5), decimal("1E-6000"), decimal("NaN"), Bson::Null] {
            assert!(!is_zero(&other), "{other}");
        }
    }
}
