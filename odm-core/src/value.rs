//! What parsers ask about a BSON value.

use bson::{Bson, Decimal128, Document};

use crate::error::{Error, ErrorCode, Result};

/// How deep the server lets documents and arrays of a command nest.
const MAX_DEPTH: usize = 200;

/// Refuses a document nested deeper than the server reads; parsers recurse freely after it.
///
/// # Errors
///
/// `Overflow` (15).
pub(crate) fn check_depth(doc: &Document) -> Result<()> {
    if document_fits(doc, MAX_DEPTH) {
        return Ok(());
    }
    Err(Error::command(
        ErrorCode::OVERFLOW,
        format!("document exceeds the maximum nesting depth of {MAX_DEPTH}"),
    ))
}

fn document_fits(doc: &Document, depth: usize) -> bool {
    depth > 0 && doc.values().all(|value| value_fits(value, depth - 1))
}

fn value_fits(value: &Bson, depth: usize) -> bool {
    match value {
        Bson::Document(doc) => document_fits(doc, depth),
        Bson::Array(values) => depth > 0 && values.iter().all(|value| value_fits(value, depth - 1)),
        Bson::JavaScriptCodeWithScope(code) => document_fits(&code.scope, depth),
        _ => true,
    }
}

/// Whether the server takes the value for true: all but false, zero, null and undefined.
pub(crate) fn is_truthy(value: &Bson) -> bool {
    match value {
        Bson::Boolean(b) => *b,
        Bson::Null | Bson::Undefined => false,
        Bson::Int32(n) => *n != 0,
        Bson::Int64(n) => *n != 0,
        Bson::Double(n) => *n != 0.0,
        Bson::Decimal128(n) => Decimal::new(*n) != Decimal::Finite { coefficient: 0 },
        _ => true,
    }
}

/// Whether the value is an int, a long, a double or a decimal.
pub(crate) fn is_number(value: &Bson) -> bool {
    matches!(value, Bson::Int32(_) | Bson::Int64(_) | Bson::Double(_) | Bson::Decimal128(_))
}

/// A number as the nearest double.
pub(crate) fn as_f64(value: &Bson) -> Option<f64> {
    match value {
        Bson::Int32(n) => Some(f64::from(*n)),
        Bson::Int64(n) => Some(*n as f64),
        Bson::Double(n) => Some(*n),
        Bson::Decimal128(n) => n.to_string().parse().ok(),
        _ => None,
    }
}

/// A number truncated toward zero; `None` if it is no number, not finite or too large.
pub(crate) fn truncated_i64(value: &Bson) -> Option<i64> {
    integer(value).map(|(n, _)| n)
}

/// A number without a fraction; `None` for everything else.
pub(crate) fn exact_i64(value: &Bson) -> Option<i64> {
    integer(value).filter(|(_, exact)| *exact).map(|(n, _)| n)
}

/// The least double that is too large for a long.
const TWO_POW_63: f64 = 9_223_372_036_854_775_808.0;

fn integer(value: &Bson) -> Option<(i64, bool)> {
    match value {
        Bson::Int32(n) => Some((i64::from(*n), true)),
        Bson::Int64(n) => Some((*n, true)),
        Bson::Double(n) => {
            let whole = n.trunc();
            (-TWO_POW_63..TWO_POW_63).contains(&whole).then(|| (whole as i64, whole == *n))
        }
        Bson::Decimal128(n) => match Decimal::new(*n) {
            Decimal::Finite { coefficient } => Some((i64::try_from(coefficient).ok()?, true)),
            Decimal::Fractional { whole } => Some((i64::try_from(whole).ok()?, false)),
            Decimal::TooLarge | Decimal::NotFinite => None,
        },
        _ => None,
    }
}

/// A decimal as far as integers are concerned.
#[derive(PartialEq)]
enum Decimal {
    /// A whole number.
    Finite {
        coefficient: i128,
    },
    /// A number with a fraction, truncated.
    Fractional {
        whole: i128,
    },
    TooLarge,
    NotFinite,
}

impl Decimal {
    fn new(decimal: Decimal128) -> Self {
        Decimal::read(&decimal.to_string()).unwrap_or(Decimal::NotFinite)
    }

    /// Reads the text form: `-12.50`, `1E+30`, `NaN`.
    fn read(text: &str) -> Option<Self> {
        let (negative, text) = match text.strip_prefix('-') {
            Some(rest) => (true, rest),
            None => (false, text),
        };
        let (digits, exponent) = match text.split_once(['E', 'e']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i64>().ok()?),
            None => (text, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let magnitude: i128 = format!("{whole}{fraction}").parse().ok()?;
        let exponent = exponent.checked_sub(i64::try_from(fraction.len()).ok()?)?;
        let coefficient = if negative { -magnitude } else { magnitude };
        if coefficient == 0 {
            return Some(Decimal::Finite { coefficient: 0 });
        }
        let power =
            u32::try_from(exponent.unsigned_abs()).ok().and_then(|n| 10_i128.checked_pow(n));
        Some(match power {
            Some(power) if exponent >= 0 => coefficient
                .checked_mul(power)
                .map_or(Decimal::TooLarge, |coefficient| Decimal::Finite { coefficient }),
            Some(power) if coefficient % power == 0 => {
                Decimal::Finite { coefficient: coefficient / power }
            }
            Some(power) => Decimal::Fractional { whole: coefficient / power },
            None if exponent > 0 => Decimal::TooLarge,
            None => Decimal::Fractional { whole: 0 },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn integers_of_decimals() {
        let check = |text: &str, exact: Option<i64>, truncated: Option<i64>| {
            let value = Bson::Decimal128(text.parse().unwrap());
            assert_eq!((exact_i64(&value), truncated_i64(&value)), (exact, truncated), "{text}");
        };
        check("0", Some(0), Some(0));
        check("-0", Some(0), Some(0));
        check("2.0", Some(2), Some(2));
        check("-2.9", None, Some(-2));
        check("1E+3", Some(1000), Some(1000));
        check("1E-6000", None, Some(0));
        check("1E+6000", None, None);
        check("9223372036854775807", Some(i64::MAX), Some(i64::MAX));
        check("9223372036854775808", None, None);
        check("NaN", None, None);
        check("-Infinity", None, None);
    }

    #[test]
    fn integers_of_doubles() {
        assert_eq!(exact_i64(&Bson::Double(-0.0)), Some(0));
        assert_eq!(exact_i64(&Bson::Double(1.5)), None);
        assert_eq!(truncated_i64(&Bson::Double(-1.5)), Some(-1));
        assert_eq!(truncated_i64(&Bson::Double(TWO_POW_63)), None);
        assert_eq!(truncated_i64(&Bson::Double(-TWO_POW_63)), Some(i64::MIN));
        assert_eq!(truncated_i64(&Bson::Double(f64::NAN)), None);
    }

    #[test]
    fn truth() {
        for value in [Bson::Int32(2), Bson::Double(f64::NAN), "".into(), Bson::Array(Vec::new())] {
            assert!(is_truthy(&value), "{value}");
        }
        for text in ["0", "-0E+5"] {
            assert!(!is_truthy(&Bson::Decimal128(text.parse().unwrap())), "{text}");
        }
        for value in [Bson::Int64(0), Bson::Double(-0.0), Bson::Null, Bson::Boolean(false)] {
            assert!(!is_truthy(&value), "{value}");
        }
        assert!(is_truthy(&Bson::Decimal128("NaN".parse().unwrap())));
    }

    #[test]
    fn depth() {
        let nested = |depth: usize| {
            let mut doc = Document::new();
            for _ in 1..depth {
                doc = bson::doc! { "a": doc };
            }
            doc
        };
        assert!(check_depth(&nested(200)).is_ok());
        assert_eq!(check_depth(&nested(201)).unwrap_err().code(), Some(15));
    }
}
