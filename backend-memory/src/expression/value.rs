//! [`Value`]: what an expression gives.

use std::borrow::Cow;
use std::cmp::Ordering;

use bson::{Bson, DateTime, Decimal128, Timestamp};
use odm_core::{Error, ErrorCode};

use crate::collation::Collator;
use crate::value::write::{append, append_at, begin, finish};
use crate::value::{ElementType, Number, RawVal, ValueBuf, compare_collated};

/// What an expression gives: nothing, a part of the document, or something new.
///
/// Missing and null are two things: most operators take them alike, but a field that is missing is
/// not stored.
#[derive(Clone, Debug)]
pub(crate) enum Value<'a> {
    /// No value: a field that is not there.
    Missing,
    /// Bytes of the document, of a variable, or of a constant.
    Raw(RawVal<'a>),
    /// Bytes of its own.
    Owned(ValueBuf),
}

impl<'a> Value<'a> {
    pub(crate) const NULL: Value<'static> = Value::Raw(RawVal::NULL);

    /// The value, unless it is missing.
    pub(crate) fn as_raw(&self) -> Option<RawVal<'_>> {
        match self {
            Value::Missing => None,
            Value::Raw(value) => Some(*value),
            Value::Owned(value) => Some(value.as_raw()),
        }
    }

    /// The value, or null if it is missing: what stands for it in an array.
    pub(crate) fn or_null(&self) -> RawVal<'_> {
        self.as_raw().unwrap_or(RawVal::NULL)
    }

    pub(crate) const fn is_missing(&self) -> bool {
        matches!(self, Value::Missing)
    }

    /// What is found in it: borrowed from the document if the value is.
    pub(crate) fn part(
        &self,
        find: impl for<'v> FnOnce(RawVal<'v>) -> Option<RawVal<'v>>,
    ) -> Value<'a> {
        match self {
            Value::Missing => Value::Missing,
            Value::Raw(value) => find(*value).into(),
            Value::Owned(value) => Value::from(find(value.as_raw())).into_owned(),
        }
    }

    /// Whether it is missing, null or undefined.
    pub(crate) fn is_nullish(&self) -> bool {
        self.as_raw().is_none_or(|value| value.is_null() || value.is_undefined())
    }

    /// Whether a condition with this outcome holds: all but false, zeros, null, undefined and missing do.
    pub(crate) fn is_true(&self) -> bool {
        let Some(value) = self.as_raw() else { return false };
        match value.kind() {
            ElementType::Null | ElementType::Undefined => false,
            ElementType::Boolean => value.as_bool() == Some(true),
            _ => Number::of(value).is_none_or(|number| !number.is_zero()),
        }
    }

    pub(crate) fn kind(&self) -> Option<ElementType> {
        self.as_raw().map(RawVal::kind)
    }

    pub(crate) fn as_number(&self) -> Option<Number> {
        self.as_raw().and_then(Number::of)
    }

    /// The text of a string; not of a symbol.
    pub(crate) fn as_string(&self) -> Option<&str> {
        self.as_raw().filter(|value| value.kind() == ElementType::String).and_then(RawVal::as_str)
    }

    /// Milliseconds since 1970, of a date.
    pub(crate) fn as_millis(&self) -> Option<i64> {
        self.as_raw().and_then(RawVal::as_millis)
    }

    /// The server's name of its type: `"missing"`, `"int"`, ….
    pub(crate) fn type_name(&self) -> &'static str {
        self.as_raw().map_or("missing", RawVal::type_name)
    }

    /// The same without borrowing.
    pub(crate) fn into_owned(self) -> Value<'static> {
        match self {
            Value::Missing => Value::Missing,
            Value::Raw(value) => Value::Owned(value.into()),
            Value::Owned(value) => Value::Owned(value),
        }
    }

    /// The order of all values: missing is below all but MinKey, and equal to undefined.
    pub(crate) fn compare(&self, other: &Value<'_>, collator: Option<&Collator>) -> Ordering {
        match (self.as_raw(), other.as_raw()) {
            (Some(a), Some(b)) => compare_collated(collator, a, b),
            (None, None) => Ordering::Equal,
            (None, Some(b)) => missing_below(b),
            (Some(a), None) => missing_below(a).reverse(),
        }
    }

    /// An array of these; missing ones become null.
    pub(crate) fn array<'v>(elements: impl IntoIterator<Item = RawVal<'v>>) -> Value<'static> {
        let mut array = ArrayBuilder::new();
        elements.into_iter().for_each(|element| array.push(element));
        array.finish()
    }

    /// A document of these fields.
    pub(crate) fn object<'v>(
        fields: impl IntoIterator<Item = (&'v [u8], RawVal<'v>)>,
    ) -> Value<'static> {
        let mut out = Vec::new();
        let start = begin(&mut out);
        for (name, value) in fields {
            append(&mut out, name, value);
        }
        finish(&mut out, start);
        Value::Owned(ValueBuf::from_vec(ElementType::EmbeddedDocument, out))
    }

    /// A value from a tree.
    ///
    /// # Errors
    ///
    /// As [`ValueBuf::from_bson`].
    pub(crate) fn from_bson(value: &Bson) -> Result<Value<'static>, Error> {
        ValueBuf::from_bson(value).map(Value::Owned)
    }
}

/// Where something missing stands beside a value.
fn missing_below(value: RawVal<'_>) -> Ordering {
    match value.kind() {
        ElementType::MinKey => Ordering::Greater,
        ElementType::Undefined => Ordering::Equal,
        _ => Ordering::Less,
    }
}

/// How many bytes a value may have while it is computed. No result has nearly as many; the server lets
/// what is only looked at on the way be larger, until it has no memory left.
const MAX_SIZE: usize = 100 * 1024 * 1024;

/// Checks that a value of so many bytes may go on growing.
///
/// # Errors
///
/// 10334 if it has more than 100 MiB.
pub(crate) fn check_size(bytes: usize) -> Result<(), Error> {
    if bytes <= MAX_SIZE {
        return Ok(());
    }
    let message =
        format!("a value of {bytes} bytes is larger than the {MAX_SIZE} that may be computed");
    Err(Error::command(ErrorCode(10_334), message))
}

/// An array that is being written.
pub(crate) struct ArrayBuilder {
    out: Vec<u8>,
    len: usize,
}

impl ArrayBuilder {
    pub(crate) fn new() -> Self {
        let mut out = Vec::with_capacity(64);
        begin(&mut out);
        ArrayBuilder { out, len: 0 }
    }

    pub(crate) fn push(&mut self, element: RawVal<'_>) {
        append_at(&mut self.out, self.len, element);
        self.len += 1;
    }

    /// As [`push`](ArrayBuilder::push), but not beyond all bounds.
    ///
    /// # Errors
    ///
    /// As [`check_size`].
    pub(crate) fn try_push(&mut self, element: RawVal<'_>) -> Result<(), Error> {
        self.push(element);
        check_size(self.out.len())
    }

    /// How many bytes it has so far.
    pub(crate) fn size(&self) -> usize {
        self.out.len()
    }

    pub(crate) fn len(&self) -> usize {
        self.len
    }

    pub(crate) fn finish(mut self) -> Value<'static> {
        finish(&mut self.out, 0);
        Value::Owned(ValueBuf::from_vec(ElementType::Array, self.out))
    }
}

impl<'a> From<RawVal<'a>> for Value<'a> {
    fn from(value: RawVal<'a>) -> Self {
        Value::Raw(value)
    }
}

impl<'a> From<Option<RawVal<'a>>> for Value<'a> {
    fn from(value: Option<RawVal<'a>>) -> Self {
        value.map_or(Value::Missing, Value::Raw)
    }
}

impl From<bool> for Value<'_> {
    fn from(value: bool) -> Self {
        Value::Raw(RawVal::bool(value))
    }
}

/// Values that encode themselves.
macro_rules! from_owned {
    ($($type:ty),*) => {$(
        impl From<$type> for Value<'_> {
            fn from(value: $type) -> Self {
                Value::Owned(value.into())
            }
        }
    )*};
}

from_owned!(i32, i64, f64, &str, bson::oid::ObjectId);

impl From<Number> for Value<'_> {
    fn from(value: Number) -> Self {
        Value::Owned(value.into())
    }
}

impl From<ValueBuf> for Value<'_> {
    fn from(value: ValueBuf) -> Self {
        Value::Owned(value)
    }
}

impl From<String> for Value<'_> {
    fn from(value: String) -> Self {
        value.as_str().into()
    }
}

impl From<Cow<'_, str>> for Value<'_> {
    fn from(value: Cow<'_, str>) -> Self {
        value.as_ref().into()
    }
}

impl From<DateTime> for Value<'_> {
    fn from(value: DateTime) -> Self {
        let bytes = value.timestamp_millis().to_le_bytes();
        Value::Owned(RawVal::new(ElementType::DateTime, &bytes).into())
    }
}

impl From<Decimal128> for Value<'_> {
    fn from(value: Decimal128) -> Self {
        Value::Owned(RawVal::new(ElementType::Decimal128, &value.bytes()).into())
    }
}

impl From<Timestamp> for Value<'_> {
    fn from(value: Timestamp) -> Self {
        let bits = u64::from(value.time) << 32 | u64::from(value.increment);
        Value::Owned(RawVal::new(ElementType::Timestamp, &bits.to_le_bytes()).into())
    }
}
