//! The server's total order of BSON values, and equality by it.
//!
//! Types are compared first (the four numeric types are one), then values: numbers exactly,
//! whatever their types; strings and symbols by bytes, or as a collation has it; code by bytes; documents field by field (type, then
//! name, then value); arrays element by element; binary data by length, subtype, bytes.

use std::cmp::Ordering;

use crate::collation::Collator;

use super::decimal::Decimal;
use super::number::Number;
use super::{ElementType, RawVal};

/// The rank of a value's type in the order. Types of one rank compare by value.
#[inline]
pub(crate) const fn canonical_type(value: RawVal<'_>) -> u8 {
    rank(value.kind())
}

/// The rank of a type.
#[inline]
pub(crate) const fn rank(kind: ElementType) -> u8 {
    match kind {
        ElementType::MinKey => 1,
        ElementType::Undefined => 3,
        ElementType::Null => 5,
        ElementType::Int32 | ElementType::Int64 | ElementType::Double | ElementType::Decimal128 => {
            10
        }
        ElementType::String | ElementType::Symbol => 15,
        ElementType::EmbeddedDocument => 20,
        ElementType::Array => 25,
        ElementType::Binary => 30,
        ElementType::ObjectId => 35,
        ElementType::Boolean => 40,
        ElementType::DateTime => 45,
        ElementType::Timestamp => 47,
        ElementType::RegularExpression => 50,
        ElementType::DbPointer => 55,
        ElementType::JavaScriptCode => 60,
        ElementType::JavaScriptCodeWithScope => 65,
        ElementType::MaxKey => 127,
    }
}

/// How strings compare, wherever they are in a value.
trait StringOrder {
    fn compare_strings(&self, a: RawVal<'_>, b: RawVal<'_>) -> Ordering;
}

/// Strings compare by their bytes.
struct Binary;

impl StringOrder for Binary {
    #[inline]
    fn compare_strings(&self, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
        a.as_string_bytes().cmp(&b.as_string_bytes())
    }
}

impl StringOrder for Collator {
    fn compare_strings(&self, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
        let (a, b) = (a.as_string_bytes(), b.as_string_bytes());
        self.compare(a.unwrap_or_default(), b.unwrap_or_default())
    }
}

/// Compares two values in the total order over all types.
#[inline]
pub(crate) fn compare(a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    compare_in(&Binary, a, b)
}

/// Compares two values as [`compare`] does, but strings as a collation has it, if there is one.
pub(crate) fn compare_collated(
    collator: Option<&Collator>,
    a: RawVal<'_>,
    b: RawVal<'_>,
) -> Ordering {
    match collator {
        Some(collator) => compare_in(collator, a, b),
        None => compare(a, b),
    }
}

#[inline]
fn compare_in(strings: &impl StringOrder, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    if a.kind() == b.kind() {
        return compare_within_type(strings, a, b);
    }
    canonical_type(a).cmp(&canonical_type(b)).then_with(|| compare_within_type(strings, a, b))
}

/// Whether two values are equal in the total order: `1` and `1.0` are, documents with the same
/// fields in another order are not.
#[inline]
pub(crate) fn equal(a: RawVal<'_>, b: RawVal<'_>) -> bool {
    use ElementType::{Array, Decimal128, Double, EmbeddedDocument, JavaScriptCodeWithScope};
    if a.kind() == b.kind() {
        // Values of most types are equal exactly if their bytes are; of the others, at least then.
        let by_value = matches!(
            a.kind(),
            Double | Decimal128 | EmbeddedDocument | Array | JavaScriptCodeWithScope
        );
        return a.bytes() == b.bytes() || (by_value && compare_within_type(&Binary, a, b).is_eq());
    }
    compare(a, b).is_eq()
}

/// Compares two values of one canonical type.
fn compare_within_type(strings: &impl StringOrder, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    match a.kind() {
        ElementType::Int32 | ElementType::Int64 | ElementType::Double | ElementType::Decimal128 => {
            compare_numbers(a, b)
        }
        ElementType::String | ElementType::Symbol => strings.compare_strings(a, b),
        ElementType::EmbeddedDocument => compare_documents(strings, a, b),
        ElementType::Array => compare_arrays(strings, a, b),
        ElementType::Binary | ElementType::DbPointer => {
            // Length comes first, then the bytes: for binary data, the subtype is the first.
            (a.bytes().len().cmp(&b.bytes().len())).then_with(|| a.bytes().cmp(b.bytes()))
        }
        ElementType::ObjectId | ElementType::Boolean => a.bytes().cmp(b.bytes()),
        ElementType::DateTime => a.as_millis().cmp(&b.as_millis()),
        ElementType::Timestamp => a.as_timestamp_bits().cmp(&b.as_timestamp_bits()),
        ElementType::RegularExpression => a.as_regex().cmp(&b.as_regex()),
        ElementType::JavaScriptCode => a.as_code_bytes().cmp(&b.as_code_bytes()),
        ElementType::JavaScriptCodeWithScope => {
            a.as_code_bytes().cmp(&b.as_code_bytes()).then_with(|| {
                let empty = RawVal::EMPTY_OBJECT;
                // No collation has to do with code.
                compare_documents(
                    &Binary,
                    a.as_scope().unwrap_or(empty),
                    b.as_scope().unwrap_or(empty),
                )
            })
        }
        ElementType::Undefined | ElementType::Null | ElementType::MinKey | ElementType::MaxKey => {
            Ordering::Equal
        }
    }
}

fn compare_documents(strings: &impl StringOrder, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    let (mut left, mut right) = (a.elements(), b.elements());
    loop {
        match (left.next(), right.next()) {
            (Some((a_name, a)), Some((b_name, b))) => {
                let ordering = (canonical_type(a).cmp(&canonical_type(b)))
                    .then_with(|| a_name.cmp(b_name))
                    .then_with(|| compare_within_type(strings, a, b));
                if ordering.is_ne() {
                    return ordering;
                }
            }
            (a, b) => return a.is_some().cmp(&b.is_some()),
        }
    }
}

fn compare_arrays(strings: &impl StringOrder, a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    let (mut left, mut right) = (a.elements(), b.elements());
    loop {
        match (left.next(), right.next()) {
            (Some((_, a)), Some((_, b))) => {
                let ordering = compare_in(strings, a, b);
                if ordering.is_ne() {
                    return ordering;
                }
            }
            (a, b) => return a.is_some().cmp(&b.is_some()),
        }
    }
}

/// Compares two numbers of any types by value, without rounding. NaN is below all others and equal
/// to itself; zeros are equal whatever their sign.
pub(crate) fn compare_numbers(a: RawVal<'_>, b: RawVal<'_>) -> Ordering {
    if let (Some(a), Some(b)) = (a.as_i32(), b.as_i32()) {
        return a.cmp(&b);
    }
    match (Number::of(a), Number::of(b)) {
        (Some(a), Some(b)) => match (a, b) {
            (Number::Int32(a), Number::Int32(b)) => a.cmp(&b),
            (Number::Double(a), Number::Double(b)) => compare_doubles(a, b),
            (Number::Decimal(a), b) => compare_decimal(a, b),
            (a, Number::Decimal(b)) => compare_decimal(b, a).reverse(),
            (Number::Double(a), Number::Int32(b)) => compare_doubles(a, b.into()),
            (Number::Int32(a), Number::Double(b)) => compare_doubles(a.into(), b),
            (Number::Double(a), Number::Int64(b)) => compare_integer(b, a).reverse(),
            (Number::Int64(a), Number::Double(b)) => compare_integer(a, b),
            (Number::Int32(a), Number::Int64(b)) => i64::from(a).cmp(&b),
            (Number::Int64(a), Number::Int32(b)) => a.cmp(&i64::from(b)),
            (Number::Int64(a), Number::Int64(b)) => a.cmp(&b),
        },
        (a, b) => a.is_some().cmp(&b.is_some()),
    }
}

fn compare_doubles(a: f64, b: f64) -> Ordering {
    a.partial_cmp(&b).unwrap_or_else(|| b.is_nan().cmp(&a.is_nan()))
}

fn compare_integer(a: i64, b: f64) -> Ordering {
    const TWO_TO_63: f64 = 9_223_372_036_854_775_808.0;
    if b.is_nan() || b < -TWO_TO_63 {
        Ordering::Greater
    } else if b >= TWO_TO_63 {
        Ordering::Less
    } else {
        let whole = b.trunc();
        a.cmp(&(whole as i64)).then_with(|| compare_doubles(whole, b))
    }
}

fn compare_decimal(a: Decimal, b: Number) -> Ordering {
    match b {
        Number::Int32(n) => a.compare(Decimal::from(i64::from(n))),
        Number::Int64(n) => a.compare(Decimal::from(n)),
        Number::Double(n) => a.compare_double(n),
        Number::Decimal(b) => a.compare(b),
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, bson};

    use super::*;
    use crate::value::{ValueBuf, samples};

    fn check(a: impl Into<Bson>, expected: Ordering, b: impl Into<Bson>) {
        let (a, b) =
            (ValueBuf::from_bson(&a.into()).unwrap(), ValueBuf::from_bson(&b.into()).unwrap());
        let (a, b) = (a.as_raw(), b.as_raw());
        assert_eq!(compare(a, b), expected, "{a:?} {b:?}");
        assert_eq!(compare(b, a), expected.reverse(), "{b:?} {a:?}");
        assert_eq!(equal(a, b), expected.is_eq(), "{a:?} {b:?}");
        assert_eq!(equal(b, a), expected.is_eq(), "{b:?} {a:?}");
    }

    fn decimal(text: &str) -> Bson {
        Bson::Decimal128(text.parse().unwrap())
    }

    /// The server's order, from `sort` and `$lt` over the same values: each row is above the one
    /// before it, and the values within a row are equal.
    #[test]
    fn numbers() {
        let rows = [
            vec![decimal("NaN"), Bson::Double(f64::NAN), Bson::Double(-f64::NAN)],
            vec![decimal("-Infinity"), Bson::Double(f64::NEG_INFINITY)],
            vec![Bson::Int64(i64::MIN), Bson::Double(-9_223_372_036_854_775_808.0)],
            vec![decimal("-1E-400")],
            vec![decimal("0E-6000"), decimal("-0"), bson!(-0.0), bson!(0), Bson::Int64(0)],
            vec![decimal("1E-400")],
            vec![decimal("4.940656458412465441765687928682213E-324")],
            vec![bson!(5e-324)],
            vec![decimal("4.940656458412465441765687928682214E-324")],
            vec![decimal("0.1"), decimal("0.100")],
            vec![decimal("0.1000000000000000055511151231257827")],
            vec![bson!(0.1)],
            vec![decimal("0.1000000000000000055511151231257828")],
            vec![decimal("0.100000000000000005551115123125783")],
            vec![bson!(1), Bson::Int64(1), bson!(1.0), decimal("1"), decimal("1.00")],
            vec![bson!(9_007_199_254_740_992.0)],
            vec![Bson::Int64((1 << 53) + 1), decimal("9007199254740993")],
            vec![Bson::Int64(i64::MAX), decimal("9223372036854775807")],
            vec![bson!(9_223_372_036_854_775_808.0), decimal("9223372036854775808")],
            vec![decimal("1.797693134862315708145274237317043E+308")],
            vec![bson!(f64::MAX)],
            vec![decimal("1.797693134862315708145274237317044E+308")],
            vec![decimal("1E400")],
            vec![bson!(f64::INFINITY), decimal("Infinity")],
        ];
        check_rows(&rows);
    }

    fn check_rows(rows: &[Vec<Bson>]) {
        for (rank, row) in rows.iter().enumerate() {
            for (other_rank, other_row) in rows.iter().enumerate() {
                for (a, b) in row.iter().flat_map(|a| other_row.iter().map(move |b| (a, b))) {
                    check(a.clone(), rank.cmp(&other_rank), b.clone());
                }
            }
        }
    }

    /// The server's order, as in [`numbers`].
    #[test]
    fn all_types() {
        let symbol = |text: &str| Bson::Symbol(text.to_owned());
        let regex = |pattern: &str, options: &str| {
            Bson::RegularExpression(bson::Regex {
                pattern: pattern.to_owned().try_into().unwrap(),
                options: options.to_owned().try_into().unwrap(),
            })
        };
        let binary = |subtype: u8, bytes: &[u8]| {
            Bson::Binary(bson::Binary { subtype: subtype.into(), bytes: bytes.to_vec() })
        };
        let timestamp = |time, increment| Bson::Timestamp(bson::Timestamp { time, increment });
        let code = |text: &str| Bson::JavaScriptCode(text.to_owned());
        let scoped = |text: &str, scope| {
            Bson::JavaScriptCodeWithScope(bson::JavaScriptCodeWithScope {
                code: text.to_owned(),
                scope,
            })
        };
        let rows = [
            vec![Bson::MinKey],
            vec![Bson::Undefined],
            vec![Bson::Null],
            vec![bson!(f64::INFINITY)],
            vec![bson!("")],
            vec![bson!("a"), symbol("a")],
            vec![bson!("a\0")],
            vec![bson!("a\0b")],
            vec![symbol("a1")],
            vec![bson!("ab")],
            vec![bson!({})],
            vec![bson!({ "c": Bson::MinKey })],
            vec![bson!({ "a": Bson::Undefined })],
            vec![bson!({ "a": null })],
            vec![bson!({ "a": 1 }), bson!({ "a": 1.0 })],
            vec![bson!({ "a": 1, "b": null })],
            vec![bson!({ "aa": 1 })],
            vec![bson!({ "b": 0 })],
            vec![bson!({ "b": 1 })],
            vec![bson!({ "z": f64::NAN })],
            vec![bson!({ "a": "x" })],
            vec![bson!({ "a": Bson::MaxKey })],
            vec![bson!([])],
            vec![bson!([null])],
            vec![bson!([1]), bson!([1.0])],
            vec![bson!([[]])],
            vec![binary(0, b"z")],
            vec![binary(0, b"ab")],
            vec![binary(5, b"aa")],
            vec![binary(200, b"zz")],
            vec![binary(0, b"aaaaa")],
            vec![binary(2, b"z")],
            vec![Bson::ObjectId(bson::oid::ObjectId::from_bytes([0; 12]))],
            vec![bson!(false)],
            vec![bson!(true)],
            vec![Bson::DateTime(bson::DateTime::MIN)],
            vec![Bson::DateTime(bson::DateTime::from_millis(-1))],
            vec![Bson::DateTime(bson::DateTime::MAX)],
            vec![timestamp(1, 2)],
            vec![timestamp(1, u32::MAX)],
            vec![timestamp(u32::MAX, 0)],
            vec![regex("", "")],
            vec![regex("a", "")],
            vec![regex("a", "i")],
            vec![regex("ab", "")],
            vec![samples::db_pointer("n", 2)],
            vec![samples::db_pointer("ns", 0)],
            vec![samples::db_pointer("ns", 1)],
            vec![samples::db_pointer("os", 0)],
            vec![samples::db_pointer("abc", 0)],
            vec![code("a")],
            vec![code("a\0b")],
            vec![code("b")],
            vec![scoped("a", bson::doc! {})],
            vec![scoped("a", bson::doc! { "a": 2 })],
            vec![scoped("a", bson::doc! { "x": 1 }), scoped("a", bson::doc! { "x": 1.0 })],
            vec![scoped("a", bson::doc! { "w": "s" })],
            vec![scoped("b", bson::doc! {})],
            vec![Bson::MaxKey],
        ];
        check_rows(&rows);
    }
}
