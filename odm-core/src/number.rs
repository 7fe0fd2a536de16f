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
    let decimal = Parts::new(n)?;
    let whole = decimal.signed(decimal.whole)?;
    Some((i64::try_from(whole).ok()?, decimal.is_exact()))
}

/// The number as the server makes an int of it: doubles truncate, decimals round half to even, what
/// does not fit becomes the nearest int, NaN zero. `None` if it is no number.
pub(crate) fn clamped_i32(value: &Bson) -> Option<i32> {
    let clamp = |n: i64| n.clamp(i64::from(i32::MIN), i64::from(i32::MAX)) as i32;
    match value {
        Bson::Int32(n) => Some(*n),
        Bson::Int64(n) => Some(clamp(*n)),
        // A cast from a double truncates and clamps by itself.
        Bson::Double(n) => Some(*n as i32),
        Bson::Decimal128(n) => {
            let text = n.to_string();
            let extreme = if text.starts_with('-') { i32::MIN } else { i32::MAX };
            Some(match Parts::new(*n) {
                None if text.contains("NaN") => 0,
                None => extreme,
                Some(parts) => match parts.rounded().and_then(|n| i64::try_from(n).ok()) {
                    Some(n) => clamp(n),
                    None => extreme,
                },
            })
        }
        _ => None,
    }
}

/// A finite decimal, split at its point.
struct Parts {
    negative: bool,
    /// The magnitude's whole part; `None` if it does not fit.
    whole: Option<i128>,
    /// The first digit after the point.
    tenths: i128,
    /// Whether any digit after that is not zero.
    more: bool,
}

impl Parts {
    fn new(n: Decimal128) -> Option<Self> {
        let bits = u128::from_le_bytes(n.bytes());
        let negative = bits >> 127 == 1;
        let mut parts = Parts { negative, whole: Some(0), tenths: 0, more: false };
        // Infinity, NaN and the non-canonical forms, which count as zero.
        if (bits >> 125) & 0b11 == 0b11 {
            return ((bits >> 123) & 0b1111 != 0b1111).then_some(parts);
        }
        let mut exponent = i32::try_from((bits >> 113) & 0x3fff).ok()? - 6176;
        let mut whole = i128::try_from(bits & ((1 << 113) - 1)).ok()?;
        while exponent < 0 && (whole != 0 || parts.tenths != 0) {
            parts.more |= parts.tenths != 0;
            parts.tenths = whole % 10;
            whole /= 10;
            exponent += 1;
        }
        parts.whole = Some(whole);
        while exponent > 0 && parts.whole.is_some_and(|whole| whole != 0) {
            parts.whole = parts.whole.and_then(|whole| whole.checked_mul(10));
            exponent -= 1;
        }
        Some(parts)
    }

    fn is_exact(&self) -> bool {
        self.tenths == 0 && !self.more
    }

    fn signed(&self, magnitude: Option<i128>) -> Option<i128> {
        if self.negative { magnitude.map(|n| -n) } else { magnitude }
    }

    /// The nearest whole number, half to even.
    fn rounded(&self) -> Option<i128> {
        let whole = self.whole?;
        let up = match self.tenths {
            5 if !self.more => whole % 2 == 1,
            tenths => tenths >= 5,
        };
        self.signed(whole.checked_add(i128::from(up)))
    }
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

    #[test]
    fn ints() {
        let check =
            |value: Bson, expected| assert_eq!(clamped_i32(&value), Some(expected), "{value}");
        check(Bson::Double(-1.9), -1);
        check(Bson::Double(f64::NAN), 0);
        check(Bson::Double(1e10), i32::MAX);
        check(Bson::Int64(-1 << 33), i32::MIN);
        check(decimal("2.5"), 2);
        check(decimal("2.5000000000000000000000001"), 3);
        check(decimal("3.5"), 4);
        check(decimal("-1.5"), -2);
        check(decimal("2.4"), 2);
        check(decimal("0.5"), 0);
        check(decimal("0.05"), 0);
        check(decimal("1E+20"), i32::MAX);
        check(decimal("-1E+6000"), i32::MIN);
        check(decimal("NaN"), 0);
        check(decimal("-Infinity"), i32::MIN);
        assert_eq!(clamped_i32(&Bson::Null), None);
    }
}
