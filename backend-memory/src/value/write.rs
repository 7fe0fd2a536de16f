//! Writing encoded values: [`ValueBuf`], and the steps that build a document in a `Vec<u8>`.

use bson::spec::BinarySubtype;
use bson::{Bson, Document};
use odm_core::{Error, ErrorCode};
use smallvec::SmallVec;

use super::raw::{EMPTY_DOCUMENT, RawVal};
use super::{ElementType, MAX_DEPTH};

/// An owned, encoded value. Numbers, ObjectIds, dates and short strings need no allocation.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct ValueBuf {
    kind: ElementType,
    bytes: SmallVec<[u8; 24]>,
}

impl ValueBuf {
    /// Encodes a value.
    ///
    /// # Errors
    ///
    /// 15 if it is nested deeper than the server takes; 22 if a name holds a NUL.
    pub(crate) fn from_bson(value: &Bson) -> Result<Self, Error> {
        let bytes = match value {
            Bson::Int32(n) => SmallVec::from_slice(&n.to_le_bytes()),
            Bson::Int64(n) => SmallVec::from_slice(&n.to_le_bytes()),
            Bson::Double(n) => SmallVec::from_slice(&n.to_le_bytes()),
            Bson::ObjectId(id) => SmallVec::from_slice(&id.bytes()),
            _ => {
                let mut out = Vec::new();
                write_value(&mut out, value, 0)?;
                SmallVec::from_slice(&out)
            }
        };
        Ok(ValueBuf { kind: value.element_type(), bytes })
    }

    pub(crate) fn as_raw(&self) -> RawVal<'_> {
        RawVal::new(self.kind, &self.bytes)
    }

    /// What was built with [`begin`] and [`finish`], without a copy of it.
    pub(crate) fn from_vec(kind: ElementType, bytes: Vec<u8>) -> Self {
        ValueBuf { kind, bytes: SmallVec::from_vec(bytes) }
    }

    /// A document that was built with [`begin`] and [`finish`].
    pub(crate) fn document(bytes: &[u8]) -> Self {
        RawVal::document(bytes).into()
    }

    /// An array that was built with [`begin`] and [`finish`].
    pub(crate) fn array(bytes: &[u8]) -> Self {
        RawVal::array(bytes).into()
    }
}

impl From<RawVal<'_>> for ValueBuf {
    fn from(value: RawVal<'_>) -> Self {
        ValueBuf { kind: value.kind(), bytes: SmallVec::from_slice(value.bytes()) }
    }
}

impl From<i32> for ValueBuf {
    fn from(value: i32) -> Self {
        RawVal::new(ElementType::Int32, &value.to_le_bytes()).into()
    }
}

impl From<i64> for ValueBuf {
    fn from(value: i64) -> Self {
        RawVal::new(ElementType::Int64, &value.to_le_bytes()).into()
    }
}

impl From<f64> for ValueBuf {
    fn from(value: f64) -> Self {
        RawVal::new(ElementType::Double, &value.to_le_bytes()).into()
    }
}

impl From<bson::oid::ObjectId> for ValueBuf {
    fn from(value: bson::oid::ObjectId) -> Self {
        RawVal::new(ElementType::ObjectId, &value.bytes()).into()
    }
}

impl From<&str> for ValueBuf {
    fn from(value: &str) -> Self {
        let mut out = Vec::with_capacity(value.len() + 5);
        write_string(&mut out, value);
        RawVal::new(ElementType::String, &out).into()
    }
}

impl std::fmt::Debug for ValueBuf {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.as_raw().fmt(f)
    }
}

/// Starts a document or array at the end of `out`; what it gives is for [`finish`].
pub(crate) fn begin(out: &mut Vec<u8>) -> usize {
    let start = out.len();
    out.extend_from_slice(&[0; 4]);
    start
}

/// Starts the document or array called `name` inside the one being written.
pub(crate) fn begin_nested(out: &mut Vec<u8>, name: &[u8], kind: ElementType) -> usize {
    write_name(out, kind, name);
    begin(out)
}

/// Appends a field to the document being written.
pub(crate) fn append(out: &mut Vec<u8>, name: &[u8], value: RawVal<'_>) {
    write_name(out, value.kind(), name);
    out.extend_from_slice(value.bytes());
}

/// Appends an element to the array being written; `index` is its position.
pub(crate) fn append_at(out: &mut Vec<u8>, index: usize, value: RawVal<'_>) {
    append(out, index_name(index, &mut [0; 20]), value);
}

/// The name that the element at `index` of an array has.
pub(crate) fn index_name(mut index: usize, digits: &mut [u8; 20]) -> &[u8] {
    let mut at = digits.len();
    loop {
        at -= 1;
        digits[at] = b'0' + (index % 10) as u8;
        index /= 10;
        if index == 0 {
            return &digits[at..];
        }
    }
}

/// Ends the document or array that began at `start`.
pub(crate) fn finish(out: &mut Vec<u8>, start: usize) {
    out.push(0);
    // A length that does not fit is far over the server's limit, which is checked on the whole.
    let len = i32::try_from(out.len() - start).unwrap_or(i32::MAX);
    out[start..start + 4].copy_from_slice(&len.to_le_bytes());
}

/// Encodes a whole document at the end of `out`.
///
/// # Errors
///
/// 15 if it is nested deeper than the server takes; 22 if a name holds a NUL.
pub(crate) fn write_document(out: &mut Vec<u8>, document: &Document) -> Result<(), Error> {
    write_fields(out, document, 0)
}

fn write_fields(out: &mut Vec<u8>, document: &Document, depth: usize) -> Result<(), Error> {
    let start = begin(out);
    for (name, value) in document {
        if name.as_bytes().contains(&0) {
            return Err(invalid("a field name must not contain a null byte"));
        }
        write_name(out, value.element_type(), name.as_bytes());
        write_value(out, value, depth)?;
    }
    finish(out, start);
    Ok(())
}

fn write_value(out: &mut Vec<u8>, value: &Bson, depth: usize) -> Result<(), Error> {
    if depth > MAX_DEPTH {
        return Err(Error::command(
            ErrorCode::OVERFLOW,
            "BSONObj exceeds maximum nested object depth",
        ));
    }
    match value {
        Bson::Double(n) => out.extend_from_slice(&n.to_le_bytes()),
        Bson::String(text) | Bson::JavaScriptCode(text) | Bson::Symbol(text) => {
            write_string(out, text);
        }
        Bson::Array(values) => {
            let start = begin(out);
            for (index, value) in values.iter().enumerate() {
                write_name(out, value.element_type(), index_name(index, &mut [0; 20]));
                write_value(out, value, depth + 1)?;
            }
            finish(out, start);
        }
        Bson::Document(document) => write_fields(out, document, depth + 1)?,
        Bson::Boolean(value) => out.push(u8::from(*value)),
        Bson::RegularExpression(regex) => {
            for text in [regex.pattern.as_str(), regex.options.as_str()] {
                out.extend_from_slice(text.as_bytes());
                out.push(0);
            }
        }
        Bson::JavaScriptCodeWithScope(code) => {
            let start = out.len();
            out.extend_from_slice(&[0; 4]);
            write_string(out, &code.code);
            write_fields(out, &code.scope, depth + 1)?;
            let len = i32::try_from(out.len() - start).unwrap_or(i32::MAX);
            out[start..start + 4].copy_from_slice(&len.to_le_bytes());
        }
        Bson::Int32(n) => out.extend_from_slice(&n.to_le_bytes()),
        Bson::Int64(n) => out.extend_from_slice(&n.to_le_bytes()),
        Bson::Timestamp(timestamp) => {
            out.extend_from_slice(&timestamp.increment.to_le_bytes());
            out.extend_from_slice(&timestamp.time.to_le_bytes());
        }
        Bson::Binary(binary) => {
            // The old subtype repeats the length inside.
            let old = binary.subtype == BinarySubtype::BinaryOld;
            let len = i32::try_from(binary.bytes.len()).unwrap_or(i32::MAX);
            let outer = if old { len.saturating_add(4) } else { len };
            out.extend_from_slice(&outer.to_le_bytes());
            out.push(binary.subtype.into());
            if old {
                out.extend_from_slice(&len.to_le_bytes());
            }
            out.extend_from_slice(&binary.bytes);
        }
        Bson::ObjectId(id) => out.extend_from_slice(&id.bytes()),
        Bson::DateTime(date) => out.extend_from_slice(&date.timestamp_millis().to_le_bytes()),
        Bson::Decimal128(decimal) => out.extend_from_slice(&decimal.bytes()),
        Bson::Null | Bson::Undefined | Bson::MaxKey | Bson::MinKey => {}
        Bson::DbPointer(_) => {
            // Its fields are private to the `bson` crate, so that crate has to write it.
            let mut document = Document::new();
            document.insert("", value.clone());
            let bytes = bson::serialize_to_vec(&document)
                .map_err(|error| invalid(&format!("cannot encode a DBPointer: {error}")))?;
            let end = bytes.len().saturating_sub(1);
            out.extend_from_slice(bytes.get(6..end).unwrap_or(EMPTY_DOCUMENT));
        }
    }
    Ok(())
}

fn write_name(out: &mut Vec<u8>, kind: ElementType, name: &[u8]) {
    out.push(kind as u8);
    out.extend_from_slice(name);
    out.push(0);
}

fn write_string(out: &mut Vec<u8>, text: &str) {
    let len = i32::try_from(text.len() + 1).unwrap_or(i32::MAX);
    out.extend_from_slice(&len.to_le_bytes());
    out.extend_from_slice(text.as_bytes());
    out.push(0);
}

fn invalid(message: &str) -> Error {
    Error::command(ErrorCode::INVALID_BSON, message)
}

#[cfg(test)]
mod tests {
    use bson::doc;

    use super::*;
    use crate::value::samples;

    #[test]
    fn every_value_survives() {
        for value in samples::values() {
            let buffer = ValueBuf::from_bson(&value).unwrap();
            // Debug, because `Bson`'s equality takes NaN for unequal.
            assert_eq!(format!("{:?}", buffer.as_raw().to_bson()), format!("{value:?}"));
        }
    }

    #[test]
    fn built_step_by_step() {
        let one = ValueBuf::from(1);
        let mut out = Vec::new();
        let document = begin(&mut out);
        append(&mut out, b"a", one.as_raw());
        let array = begin_nested(&mut out, b"b", ElementType::Array);
        for index in 0..12 {
            append_at(&mut out, index, ValueBuf::from("x").as_raw());
        }
        finish(&mut out, array);
        append(&mut out, b"c", RawVal::NULL);
        finish(&mut out, document);
        let expected = doc! { "a": 1, "b": vec!["x"; 12], "c": null };
        assert_eq!(out, bson::serialize_to_vec(&expected).unwrap());
    }

    #[test]
    fn what_cannot_be_written_is_refused() {
        let mut deep = Bson::Null;
        for _ in 0..10_000 {
            deep = Bson::Array(vec![deep]);
        }
        let check = |value: &Bson, code| {
            let error = ValueBuf::from_bson(value).unwrap_err();
            assert_eq!(error.error_code(), Some(code));
        };
        check(&deep, ErrorCode::OVERFLOW);
        check(&doc! { "a\0b": 1 }.into(), ErrorCode::INVALID_BSON);
    }
}
