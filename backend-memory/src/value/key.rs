//! Order-preserving key bytes: comparing two encodings byte by byte gives what [`compare`] gives
//! on the values, and values that compare equal have one encoding.
//!
//! No encoding is a prefix of another one, so that the encodings of a compound key are written one
//! after the other, and each may be inverted for descending order.
//!
//! | part | encoding |
//! |---|---|
//! | every value | one byte for its type, never 0 or 255 |
//! | number | the type byte tells NaN, negative, zero and positive apart; then the double that is nearest towards zero, big-endian; then 0, or 1 and the exact decimal value for what that double is not. Inverted for negative numbers |
//! | string, code | the bytes, 0 as 0 255; ended by 0 0. Of a string under a collation, the bytes of its sort key |
//! | object | for each field type, name, value; ended by 0 |
//! | array | the elements; ended by 0 |
//! | others | big-endian, of fixed size, or after their length |
//!
//! [`compare`]: super::compare::compare

use std::borrow::Borrow;
use std::ops::Deref;

use smallvec::SmallVec;

use crate::collation::Collator;

use super::compare::canonical_type;
use super::decimal::{self, Decimal};
use super::raw::find_nul;
use super::{ElementType, RawVal};

/// The bytes of a key. Short ones, such as a number or an ObjectId, need no allocation.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct KeyBytes(SmallVec<[u8; 24]>);

impl KeyBytes {
    pub(crate) fn new() -> Self {
        KeyBytes::default()
    }

    /// The key of one value, ascending.
    pub(crate) fn of(value: RawVal<'_>) -> Self {
        let mut key = KeyBytes::new();
        key.push(value, false);
        key
    }

    /// The key of one value, ascending, for which strings and symbols are as a collation has it.
    pub(crate) fn collated(collator: Option<&Collator>, value: RawVal<'_>) -> Self {
        let mut key = KeyBytes::new();
        match collator {
            Some(collator) => encode(&Collated { collator, symbols: true }, value, &mut key.0),
            None => key.push(value, false),
        }
        key
    }

    /// Appends the next value of a compound key.
    pub(crate) fn push(&mut self, value: RawVal<'_>, descending: bool) {
        self.push_in(&Binary, value, descending);
    }

    /// As [`push`](KeyBytes::push), with strings as a collation has it. Symbols sort by their bytes.
    pub(crate) fn push_collated(
        &mut self,
        collator: &Collator,
        value: RawVal<'_>,
        descending: bool,
    ) {
        self.push_in(&Collated { collator, symbols: false }, value, descending);
    }

    #[inline]
    fn push_in(&mut self, strings: &impl StringKeys, value: RawVal<'_>, descending: bool) {
        let start = self.0.len();
        encode(strings, value, &mut self.0);
        if descending {
            for byte in &mut self.0[start..] {
                *byte = !*byte;
            }
        }
    }

    /// Appends bytes as they are: a record's number, say, that tells equal keys apart.
    pub(crate) fn push_bytes(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    /// The least byte string above all that begin with this key: the upper bound of a prefix.
    pub(crate) fn after_prefix(mut self) -> Self {
        // Neither an ascending nor a descending value begins with 255, so nothing that extends
        // this key has it next.
        self.0.push(0xff);
        self
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl Deref for KeyBytes {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        &self.0
    }
}

impl Borrow<[u8]> for KeyBytes {
    fn borrow(&self) -> &[u8] {
        &self.0
    }
}

impl From<&[u8]> for KeyBytes {
    fn from(bytes: &[u8]) -> Self {
        KeyBytes(SmallVec::from_slice(bytes))
    }
}

type Out = SmallVec<[u8; 24]>;

// The four classes of numbers take consecutive type bytes from the rank of numbers on.
const NAN: u8 = 10;
const NEGATIVE: u8 = 11;
const ZERO: u8 = 12;
const POSITIVE: u8 = 13;

/// How strings are encoded, wherever they are in a value.
trait StringKeys {
    fn encode_string(&self, value: RawVal<'_>, out: &mut Out);
}

/// By their bytes.
struct Binary;

/// By their sort keys; symbols only if asked for.
struct Collated<'c> {
    collator: &'c Collator,
    symbols: bool,
}

impl StringKeys for Binary {
    #[inline]
    fn encode_string(&self, value: RawVal<'_>, out: &mut Out) {
        encode_text(value.as_string_bytes().unwrap_or_default(), out);
    }
}

impl StringKeys for Collated<'_> {
    fn encode_string(&self, value: RawVal<'_>, out: &mut Out) {
        if value.kind() == ElementType::Symbol && !self.symbols {
            return Binary.encode_string(value, out);
        }
        encode_text(&self.collator.sort_key(value.as_string_bytes().unwrap_or_default()), out);
    }
}

fn encode(strings: &impl StringKeys, value: RawVal<'_>, out: &mut Out) {
    let kind = canonical_type(value);
    match value.kind() {
        ElementType::Int32 | ElementType::Int64 => {
            encode_integer(value.as_integer().unwrap_or_default(), out);
        }
        ElementType::Double => encode_double(value.as_f64().unwrap_or_default(), out),
        ElementType::Decimal128 => {
            encode_decimal(Decimal::from_bits(value.as_decimal_bits().unwrap_or_default()), out);
        }
        ElementType::String | ElementType::Symbol => {
            out.push(kind);
            strings.encode_string(value, out);
        }
        ElementType::ObjectId => {
            let mut bytes = [kind; 13];
            if let Some(id) = value.bytes().first_chunk::<12>() {
                bytes[1..].copy_from_slice(id);
            }
            out.extend_from_slice(&bytes);
        }
        ElementType::EmbeddedDocument => {
            out.push(kind);
            encode_fields(strings, value, out);
        }
        ElementType::Array => {
            out.push(kind);
            for (_, element) in value.elements() {
                encode(strings, element, out);
            }
            out.push(0);
        }
        ElementType::Binary | ElementType::DbPointer => {
            out.push(kind);
            out.extend_from_slice(&(value.bytes().len() as u32).to_be_bytes());
            // The rest of a binary value's own length prefix is the same for the same length.
            out.extend_from_slice(value.bytes().get(4..).unwrap_or_default());
        }
        ElementType::Boolean => {
            out.extend_from_slice(&[kind, u8::from(value.as_bool() == Some(true))]);
        }
        ElementType::DateTime => {
            let millis = value.as_millis().unwrap_or_default();
            encode_word(kind, millis as u64 ^ 1 << 63, out);
        }
        ElementType::Timestamp => {
            encode_word(kind, value.as_timestamp_bits().unwrap_or_default(), out);
        }
        ElementType::RegularExpression => {
            out.push(kind);
            let (pattern, options) = value.as_regex().unwrap_or_default();
            encode_text(pattern, out);
            encode_text(options, out);
        }
        ElementType::JavaScriptCode => {
            out.push(kind);
            encode_text(value.as_code_bytes().unwrap_or_default(), out);
        }
        ElementType::JavaScriptCodeWithScope => {
            out.push(kind);
            encode_text(value.as_code_bytes().unwrap_or_default(), out);
            encode_fields(&Binary, value.as_scope().unwrap_or(RawVal::EMPTY_OBJECT), out);
        }
        ElementType::Undefined | ElementType::Null | ElementType::MinKey | ElementType::MaxKey => {
            out.push(kind);
        }
    }
}

fn encode_word(kind: u8, word: u64, out: &mut Out) {
    let mut bytes = [kind; 9];
    bytes[1..].copy_from_slice(&word.to_be_bytes());
    out.extend_from_slice(&bytes);
}

fn encode_text(text: &[u8], out: &mut Out) {
    let mut rest = text;
    while let Some(at) = find_nul(rest) {
        out.extend_from_slice(&rest[..=at]);
        out.push(0xff);
        rest = &rest[at + 1..];
    }
    out.extend_from_slice(rest);
    out.extend_from_slice(&[0, 0]);
}

fn encode_fields(strings: &impl StringKeys, document: RawVal<'_>, out: &mut Out) {
    for (name, value) in document.elements() {
        out.push(canonical_type(value));
        encode_text(name, out);
        encode(strings, value, out);
    }
    out.push(0);
}

fn encode_integer(value: i64, out: &mut Out) {
    let magnitude = value.unsigned_abs();
    if magnitude < 1 << 53 {
        encode_double(value as f64, out);
    } else {
        // Cut the bits that a double has no room for.
        let cut = 11 - magnitude.leading_zeros();
        let whole = magnitude >> cut << cut;
        let exact = (whole != magnitude).then_some((u128::from(magnitude), 0));
        encode_number(value < 0, whole as f64, exact, out);
    }
}

#[inline]
fn encode_double(value: f64, out: &mut Out) {
    if value == 0.0 {
        out.push(ZERO);
    } else if value.is_nan() {
        out.push(NAN);
    } else {
        encode_number(value < 0.0, value.abs(), None, out);
    }
}

fn encode_decimal(value: Decimal, out: &mut Out) {
    match value {
        Decimal::NaN(_) => out.push(NAN),
        Decimal::Infinite { negative } => encode_number(negative, f64::INFINITY, None, out),
        Decimal::Finite { coefficient: 0, .. } => out.push(ZERO),
        Decimal::Finite { negative, coefficient, exponent } => {
            let (double, is_exact) = decimal::truncate_to_double(coefficient, exponent);
            let exact = (!is_exact).then_some((coefficient, exponent));
            encode_number(negative, double, exact, out);
        }
    }
}

/// Writes a number that is not zero: the double towards zero from it, and what it exactly is
/// (coefficient and decimal exponent) if that double is something else.
#[inline]
fn encode_number(negative: bool, double: f64, exact: Option<(u128, i32)>, out: &mut Out) {
    let start = out.len();
    let mut bytes = [0; 10];
    bytes[0] = POSITIVE;
    bytes[1..9].copy_from_slice(&double.to_bits().to_be_bytes());
    bytes[9] = u8::from(exact.is_some());
    out.extend_from_slice(&bytes);
    if let Some((coefficient, exponent)) = exact {
        let (coefficient, exponent) = decimal::normalize(coefficient, exponent);
        out.extend_from_slice(&((exponent + 0x4000) as u16).to_be_bytes());
        out.extend_from_slice(&coefficient.to_be_bytes()[1..]);
    }
    if negative {
        out[start] = NEGATIVE;
        for byte in &mut out[start + 1..] {
            *byte = !*byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use std::cmp::Ordering;

    use proptest::prelude::*;

    use super::*;
    use crate::value::compare::compare;
    use crate::value::{ValueBuf, samples};

    fn check(a: RawVal<'_>, b: RawVal<'_>) {
        let expected = compare(a, b);
        assert_eq!(KeyBytes::of(a).cmp(&KeyBytes::of(b)), expected, "{a:?} {b:?}");
        let key = |value, descending, suffix: u8| {
            let mut key = KeyBytes::new();
            key.push(value, descending);
            key.push_bytes(&[suffix; 3]);
            key
        };
        for suffixes in [(1, 254), (254, 1), (1, 1)] {
            let then = suffixes.0.cmp(&suffixes.1);
            let order =
                |descending| key(a, descending, suffixes.0).cmp(&key(b, descending, suffixes.1));
            assert_eq!(order(false), expected.then(then), "ascending {a:?} {b:?}");
            assert_eq!(order(true), expected.reverse().then(then), "descending {a:?} {b:?}");
        }
        if expected == Ordering::Equal {
            assert!(KeyBytes::of(b) < KeyBytes::of(a).after_prefix());
            assert!(key(b, false, 254) < KeyBytes::of(a).after_prefix());
        }
    }

    #[test]
    fn key_order_is_value_order_on_the_samples() {
        let values: Vec<ValueBuf> =
            samples::values().iter().map(|value| ValueBuf::from_bson(value).unwrap()).collect();
        for a in &values {
            for b in &values {
                check(a.as_raw(), b.as_raw());
            }
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(4000))]
        #[test]
        fn key_order_is_value_order(a in samples::value(), b in samples::value()) {
            let (a, b) = (ValueBuf::from_bson(&a).unwrap(), ValueBuf::from_bson(&b).unwrap());
            check(a.as_raw(), b.as_raw());
            check(a.as_raw(), a.as_raw());
        }

        #[test]
        fn key_order_is_number_order(a in samples::number(), b in samples::number()) {
            let (a, b) = (ValueBuf::from_bson(&a).unwrap(), ValueBuf::from_bson(&b).unwrap());
            check(a.as_raw(), b.as_raw());
        }
    }
}
