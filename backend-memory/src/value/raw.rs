//! [`RawVal`]: one encoded BSON value, and the scanner over the elements of a document.
//!
//! The scanner trusts that the bytes were validated once (by [`Record`](super::Record) or because
//! we wrote them) and so does not check UTF-8 or terminators again. Its slicing is checked all the
//! same: bytes that are not BSON end the iteration, they never panic.

use std::borrow::Cow;

use bson::oid::ObjectId;
use bson::spec::BinarySubtype;
use bson::{Binary, Bson, DateTime, Decimal128, Document, Timestamp};

use super::ElementType;

/// One encoded BSON value: its type and exactly its bytes, without the element's name.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct RawVal<'a> {
    kind: ElementType,
    bytes: &'a [u8],
}

/// The bytes of a document or array without elements.
pub(crate) const EMPTY_DOCUMENT: &[u8] = &[5, 0, 0, 0, 0];

impl<'a> RawVal<'a> {
    /// Deprecated, but what an empty array becomes in an index key or a sort key.
    pub(crate) const UNDEFINED: RawVal<'static> =
        RawVal { kind: ElementType::Undefined, bytes: &[] };
    /// `null`.
    pub(crate) const NULL: RawVal<'static> = RawVal { kind: ElementType::Null, bytes: &[] };
    /// Below every other value.
    pub(crate) const MIN_KEY: RawVal<'static> = RawVal { kind: ElementType::MinKey, bytes: &[] };
    /// Above every other value.
    pub(crate) const MAX_KEY: RawVal<'static> = RawVal { kind: ElementType::MaxKey, bytes: &[] };
    /// `[]`.
    pub(crate) const EMPTY_ARRAY: RawVal<'static> = RawVal::array(EMPTY_DOCUMENT);
    /// `{}`.
    pub(crate) const EMPTY_OBJECT: RawVal<'static> = RawVal::document(EMPTY_DOCUMENT);

    /// A value of `kind` whose encoding is exactly `bytes`.
    pub(crate) const fn new(kind: ElementType, bytes: &'a [u8]) -> Self {
        RawVal { kind, bytes }
    }

    /// A whole document, its length prefix included.
    pub(crate) const fn document(bytes: &'a [u8]) -> Self {
        RawVal { kind: ElementType::EmbeddedDocument, bytes }
    }

    /// A whole array, its length prefix included.
    pub(crate) const fn array(bytes: &'a [u8]) -> Self {
        RawVal { kind: ElementType::Array, bytes }
    }

    /// A boolean.
    pub(crate) const fn bool(value: bool) -> RawVal<'static> {
        RawVal { kind: ElementType::Boolean, bytes: if value { &[1] } else { &[0] } }
    }

    pub(crate) const fn kind(self) -> ElementType {
        self.kind
    }

    /// The server's name of its type: `"int"`, ….
    pub(crate) const fn type_name(self) -> &'static str {
        match self.kind {
            ElementType::Double => "double",
            ElementType::String => "string",
            ElementType::EmbeddedDocument => "object",
            ElementType::Array => "array",
            ElementType::Binary => "binData",
            ElementType::Undefined => "undefined",
            ElementType::ObjectId => "objectId",
            ElementType::Boolean => "bool",
            ElementType::DateTime => "date",
            ElementType::Null => "null",
            ElementType::RegularExpression => "regex",
            ElementType::DbPointer => "dbPointer",
            ElementType::JavaScriptCode => "javascript",
            ElementType::Symbol => "symbol",
            ElementType::JavaScriptCodeWithScope => "javascriptWithScope",
            ElementType::Int32 => "int",
            ElementType::Timestamp => "timestamp",
            ElementType::Int64 => "long",
            ElementType::Decimal128 => "decimal",
            ElementType::MaxKey => "maxKey",
            ElementType::MinKey => "minKey",
        }
    }

    /// The encoding, without type and name.
    pub(crate) const fn bytes(self) -> &'a [u8] {
        self.bytes
    }

    pub(crate) const fn is_null(self) -> bool {
        matches!(self.kind, ElementType::Null)
    }

    pub(crate) const fn is_undefined(self) -> bool {
        matches!(self.kind, ElementType::Undefined)
    }

    pub(crate) const fn is_number(self) -> bool {
        use ElementType::{Decimal128, Double, Int32, Int64};
        matches!(self.kind, Int32 | Int64 | Double | Decimal128)
    }

    pub(crate) const fn is_array(self) -> bool {
        matches!(self.kind, ElementType::Array)
    }

    pub(crate) const fn is_object(self) -> bool {
        matches!(self.kind, ElementType::EmbeddedDocument)
    }

    pub(crate) const fn is_regex(self) -> bool {
        matches!(self.kind, ElementType::RegularExpression)
    }

    fn fixed<const N: usize>(self, kind: ElementType) -> Option<[u8; N]> {
        if self.kind == kind { self.bytes.first_chunk::<N>().copied() } else { None }
    }

    pub(crate) fn as_i32(self) -> Option<i32> {
        self.fixed(ElementType::Int32).map(i32::from_le_bytes)
    }

    pub(crate) fn as_i64(self) -> Option<i64> {
        self.fixed(ElementType::Int64).map(i64::from_le_bytes)
    }

    pub(crate) fn as_f64(self) -> Option<f64> {
        self.fixed(ElementType::Double).map(f64::from_le_bytes)
    }

    /// The bits of a Decimal128, in the BID encoding.
    pub(crate) fn as_decimal_bits(self) -> Option<u128> {
        self.fixed(ElementType::Decimal128).map(u128::from_le_bytes)
    }

    /// An `Int32` or `Int64`, widened.
    pub(crate) fn as_integer(self) -> Option<i64> {
        match self.kind {
            ElementType::Int32 => self.as_i32().map(i64::from),
            _ => self.as_i64(),
        }
    }

    pub(crate) fn as_bool(self) -> Option<bool> {
        self.fixed::<1>(ElementType::Boolean).map(|[byte]| byte != 0)
    }

    pub(crate) fn as_object_id(self) -> Option<ObjectId> {
        self.fixed(ElementType::ObjectId).map(ObjectId::from_bytes)
    }

    /// Milliseconds since 1970, of a `DateTime`.
    pub(crate) fn as_millis(self) -> Option<i64> {
        self.fixed(ElementType::DateTime).map(i64::from_le_bytes)
    }

    /// A timestamp as one number: seconds in the high half, increment in the low half.
    pub(crate) fn as_timestamp_bits(self) -> Option<u64> {
        self.fixed(ElementType::Timestamp).map(u64::from_le_bytes)
    }

    /// The bytes of a string; of a symbol too, which the server compares as a string.
    pub(crate) fn as_string_bytes(self) -> Option<&'a [u8]> {
        match self.kind {
            ElementType::String | ElementType::Symbol => Some(string_body(self.bytes)),
            _ => None,
        }
    }

    /// The text of a string or symbol.
    pub(crate) fn as_str(self) -> Option<&'a str> {
        std::str::from_utf8(self.as_string_bytes()?).ok()
    }

    /// The source of JavaScript code, with or without a scope.
    pub(crate) fn as_code_bytes(self) -> Option<&'a [u8]> {
        match self.kind {
            ElementType::JavaScriptCode => Some(string_body(self.bytes)),
            ElementType::JavaScriptCodeWithScope => Some(string_body(self.bytes.get(4..)?)),
            _ => None,
        }
    }

    /// The scope of JavaScript code with scope.
    pub(crate) fn as_scope(self) -> Option<RawVal<'a>> {
        if self.kind != ElementType::JavaScriptCodeWithScope {
            return None;
        }
        let code = read_len(self.bytes.get(4..)?)?;
        Some(RawVal::document(self.bytes.get(8 + code..)?))
    }

    /// Pattern and options of a regular expression.
    pub(crate) fn as_regex(self) -> Option<(&'a [u8], &'a [u8])> {
        if !self.is_regex() {
            return None;
        }
        let end = find_nul(self.bytes)?;
        let options = &self.bytes[end + 1..];
        Some((&self.bytes[..end], &options[..find_nul(options)?]))
    }

    /// Subtype and bytes of binary data, as they are stored.
    pub(crate) fn as_binary(self) -> Option<(u8, &'a [u8])> {
        if self.kind != ElementType::Binary {
            return None;
        }
        Some((*self.bytes.get(4)?, self.bytes.get(5..)?))
    }

    /// The elements of a document or array; of anything else, none.
    pub(crate) fn elements(self) -> Elements<'a> {
        match self.kind {
            ElementType::EmbeddedDocument | ElementType::Array => Elements::of(self.bytes),
            _ => Elements { rest: &[] },
        }
    }

    /// The first field called `key` of a document (or element of an array).
    pub(crate) fn get(self, key: &[u8]) -> Option<RawVal<'a>> {
        self.elements().find(|(name, _)| *name == key).map(|(_, value)| value)
    }

    /// The element of an array at `index`.
    pub(crate) fn at(self, index: usize) -> Option<RawVal<'a>> {
        if self.is_array() { self.elements().nth(index).map(|(_, value)| value) } else { None }
    }

    /// Whether a document or array has no elements.
    pub(crate) fn is_empty(self) -> bool {
        self.elements().next().is_none()
    }

    /// The same value as a tree. Of fields with one name the first is kept, the one that the
    /// server would find.
    pub(crate) fn to_bson(self) -> Bson {
        self.try_to_bson().unwrap_or(Bson::Undefined)
    }

    /// A document as a tree; anything else as the empty document.
    pub(crate) fn to_document(self) -> Document {
        let mut document = Document::new();
        if self.is_object() {
            for (name, value) in self.elements() {
                document.entry(text(name)).or_insert_with(|| value.to_bson());
            }
        }
        document
    }

    fn try_to_bson(self) -> Option<Bson> {
        Some(match self.kind {
            ElementType::Double => Bson::Double(self.as_f64()?),
            ElementType::String => Bson::String(text(self.as_string_bytes()?)),
            ElementType::EmbeddedDocument => Bson::Document(self.to_document()),
            ElementType::Array => {
                Bson::Array(self.elements().map(|(_, value)| value.to_bson()).collect())
            }
            ElementType::Binary => {
                let (subtype, mut bytes) = self.as_binary()?;
                if subtype == u8::from(BinarySubtype::BinaryOld) {
                    // The old subtype repeats the length, which the tree leaves out.
                    bytes = bytes.get(4..)?;
                }
                Bson::Binary(Binary { subtype: subtype.into(), bytes: bytes.to_vec() })
            }
            ElementType::Undefined => Bson::Undefined,
            ElementType::ObjectId => Bson::ObjectId(self.as_object_id()?),
            ElementType::Boolean => Bson::Boolean(self.as_bool()?),
            ElementType::DateTime => Bson::DateTime(DateTime::from_millis(self.as_millis()?)),
            ElementType::Null => Bson::Null,
            ElementType::RegularExpression => {
                let (pattern, options) = self.as_regex()?;
                Bson::RegularExpression(bson::Regex {
                    pattern: text(pattern).try_into().ok()?,
                    options: text(options).try_into().ok()?,
                })
            }
            ElementType::DbPointer => {
                // Its fields are private to the `bson` crate, so that crate has to read it.
                let mut wrapper = Vec::with_capacity(self.bytes.len() + 7);
                let start = super::write::begin(&mut wrapper);
                super::write::append(&mut wrapper, b"", self);
                super::write::finish(&mut wrapper, start);
                let wrapper = bson::RawDocumentBuf::from_bytes(wrapper).ok()?;
                wrapper.get("").ok()??.try_into().ok()?
            }
            ElementType::JavaScriptCode => Bson::JavaScriptCode(text(self.as_code_bytes()?)),
            ElementType::Symbol => Bson::Symbol(text(self.as_string_bytes()?)),
            ElementType::JavaScriptCodeWithScope => {
                Bson::JavaScriptCodeWithScope(bson::JavaScriptCodeWithScope {
                    code: text(self.as_code_bytes()?),
                    scope: self.as_scope()?.to_document(),
                })
            }
            ElementType::Int32 => Bson::Int32(self.as_i32()?),
            ElementType::Timestamp => {
                let bits = self.as_timestamp_bits()?;
                Bson::Timestamp(Timestamp { time: (bits >> 32) as u32, increment: bits as u32 })
            }
            ElementType::Int64 => Bson::Int64(self.as_i64()?),
            ElementType::Decimal128 => {
                Bson::Decimal128(Decimal128::from_bytes(self.as_decimal_bits()?.to_le_bytes()))
            }
            ElementType::MaxKey => Bson::MaxKey,
            ElementType::MinKey => Bson::MinKey,
        })
    }
}

impl std::fmt::Debug for RawVal<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_bson().fmt(f)
    }
}

/// The elements of a document or array, in order: name and value.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Elements<'a> {
    rest: &'a [u8],
}

impl<'a> Elements<'a> {
    /// The elements of the document or array whose whole encoding is `bytes`.
    pub(crate) fn of(bytes: &'a [u8]) -> Self {
        let end = bytes.len().saturating_sub(1);
        Elements { rest: bytes.get(4..end).unwrap_or_default() }
    }

    /// How many bytes the elements have that are still to come.
    pub(crate) const fn left(&self) -> usize {
        self.rest.len()
    }

    /// The last elements of that document or array, which have so many bytes.
    pub(crate) fn last(bytes: &'a [u8], left: usize) -> Self {
        let end = bytes.len().saturating_sub(1);
        Elements { rest: bytes.get(end.saturating_sub(left)..end).unwrap_or_default() }
    }
}

#[cfg(test)]
thread_local! {
    /// How many elements this thread has scanned: what reading costs, whatever the machine.
    pub(crate) static STEPS: std::cell::Cell<u64> = const { std::cell::Cell::new(0) };
}

impl<'a> Iterator for Elements<'a> {
    type Item = (&'a [u8], RawVal<'a>);

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        #[cfg(test)]
        STEPS.with(|steps| steps.set(steps.get() + 1));
        // What is not BSON ends the iteration for good: `rest` stays empty.
        let (&tag, rest) = std::mem::take(&mut self.rest).split_first()?;
        let end = find_nul(rest)?;
        let kind = ElementType::from(tag)?;
        let (name, value) = (&rest[..end], &rest[end + 1..]);
        let len = value_len(kind, value)?;
        if len > value.len() {
            return None;
        }
        self.rest = &value[len..];
        Some((name, RawVal { kind, bytes: &value[..len] }))
    }
}

impl std::iter::FusedIterator for Elements<'_> {}

/// How many bytes the value of `kind` at the start of `bytes` takes.
#[inline]
pub(super) fn value_len(kind: ElementType, bytes: &[u8]) -> Option<usize> {
    Some(match kind {
        ElementType::Double
        | ElementType::DateTime
        | ElementType::Int64
        | ElementType::Timestamp => 8,
        ElementType::Int32 => 4,
        ElementType::String | ElementType::Symbol | ElementType::JavaScriptCode => {
            4 + read_len(bytes)?
        }
        ElementType::EmbeddedDocument
        | ElementType::Array
        | ElementType::JavaScriptCodeWithScope => read_len(bytes)?,
        ElementType::Binary => 5 + read_len(bytes)?,
        ElementType::ObjectId => 12,
        ElementType::Boolean => 1,
        ElementType::Decimal128 => 16,
        ElementType::RegularExpression => {
            let pattern = find_nul(bytes)? + 1;
            pattern + find_nul(&bytes[pattern..])? + 1
        }
        ElementType::DbPointer => 4 + read_len(bytes)? + 12,
        ElementType::Null | ElementType::Undefined | ElementType::MinKey | ElementType::MaxKey => 0,
    })
}

/// The non-negative length at the start of `bytes`.
#[inline]
pub(super) fn read_len(bytes: &[u8]) -> Option<usize> {
    usize::try_from(i32::from_le_bytes(*bytes.first_chunk()?)).ok()
}

/// The text of an encoded string: without its length and terminator.
fn string_body(bytes: &[u8]) -> &[u8] {
    let end = read_len(bytes).unwrap_or(0).saturating_add(3);
    bytes.get(4..end).unwrap_or_default()
}

fn text(bytes: &[u8]) -> String {
    match String::from_utf8_lossy(bytes) {
        Cow::Borrowed(text) => text.to_owned(),
        Cow::Owned(text) => text,
    }
}

const ONES: u64 = 0x0101_0101_0101_0101;
const HIGH_BITS: u64 = 0x8080_8080_8080_8080;

/// The position of the first zero byte, eight bytes at a time.
#[inline]
pub(super) fn find_nul(bytes: &[u8]) -> Option<usize> {
    let mut at = 0;
    while let Some(chunk) = bytes.get(at..).and_then(<[u8]>::first_chunk::<8>) {
        let zeros = zero_bytes(u64::from_le_bytes(*chunk));
        if zeros != 0 {
            return Some(at + zeros.trailing_zeros() as usize / 8);
        }
        at += 8;
    }
    bytes[at..].iter().position(|&byte| byte == 0).map(|found| at + found)
}

/// The high bit of each zero byte of `word`; exact for the lowest one.
#[inline]
pub(super) const fn zero_bytes(word: u64) -> u64 {
    word.wrapping_sub(ONES) & !word & HIGH_BITS
}

/// The high bit of each byte of `word` that equals `byte`; exact for the lowest one.
#[inline]
pub(super) const fn equal_bytes(word: u64, byte: u8) -> u64 {
    zero_bytes(word ^ (ONES * byte as u64))
}
