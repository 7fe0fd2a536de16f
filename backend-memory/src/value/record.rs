//! [`Record`]: a stored document. Validated once, immutable, shared, with a table of its
//! top-level fields so that finding one costs the same whatever its place.
//!
//! A record is one allocation: `[offset of each field, u32][tag of each field, u8][BSON]`. A tag is
//! one byte of the hash of the field's name; eight tags are compared at once.

use std::ops::Range;
use std::sync::Arc;

use bson::Document;
use odm_core::{Error, ErrorCode};
use smallvec::SmallVec;

use super::raw::{self, EMPTY_DOCUMENT, Elements, RawVal};
use super::{ElementType, MAX_DOCUMENT_SIZE, MAX_STORED_DEPTH, write};

/// A field name with its hash: compiled once per query, looked up in many records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Name {
    // Compared first, for it tells most names apart.
    tag: u8,
    bytes: Box<[u8]>,
}

impl Name {
    pub(crate) fn new(name: &str) -> Self {
        // No stored name holds a NUL, so this one is never to be found: neither is a lone 0xff.
        let bytes = if name.contains('\0') { &[0xff] } else { name.as_bytes() };
        let mut hash = KeyHash::default();
        for word in bytes.chunks(8) {
            let mut padded = [0; 8];
            padded[..word.len()].copy_from_slice(word);
            hash.add(u64::from_le_bytes(padded));
        }
        Name { bytes: bytes.into(), tag: hash.tag() }
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes
    }

    pub(crate) fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes).unwrap_or_default()
    }
}

/// A stored document: see the [module](self).
#[derive(Clone)]
pub(crate) struct Record {
    buffer: Arc<[u8]>,
    /// Where the BSON starts in `buffer`.
    start: u32,
    fields: u32,
}

impl Record {
    /// Validates and copies an encoded document.
    ///
    /// # Errors
    ///
    /// The server's answers to an insert: 2 if the document is too large, 15 if it is nested too
    /// deeply, 22 if it is not valid BSON.
    pub(crate) fn from_bytes(bytes: &[u8]) -> Result<Self, Error> {
        if bytes.len() > MAX_DOCUMENT_SIZE {
            return Err(Error::command(
                ErrorCode::BAD_VALUE,
                format!(
                    "object to insert too large. size in bytes: {}, max size: {MAX_DOCUMENT_SIZE}",
                    bytes.len()
                ),
            ));
        }
        let mut table = Table::default();
        match validate(bytes, 0, Some(&mut table)) {
            Ok(end) if end == bytes.len() => Ok(Record::assemble(bytes, &table)),
            Ok(_) => Err(Invalid::Malformed.into()),
            Err(invalid) => Err(invalid.into()),
        }
    }

    /// Encodes, validates and stores a document.
    ///
    /// # Errors
    ///
    /// As [`from_bytes`](Record::from_bytes).
    pub(crate) fn from_document(document: &Document) -> Result<Self, Error> {
        let mut bytes = Vec::new();
        write::write_document(&mut bytes, document)?;
        Record::from_bytes(&bytes)
    }

    fn assemble(bytes: &[u8], table: &Table) -> Self {
        let fields = table.offsets.len();
        let tags_at = fields * 4;
        let start = tags_at + fields.next_multiple_of(8);
        let mut buffer: Arc<[u8]> = std::iter::repeat_n(0, start + bytes.len()).collect();
        if let Some(buffer) = Arc::get_mut(&mut buffer) {
            for (slot, offset) in buffer.chunks_exact_mut(4).zip(&table.offsets) {
                slot.copy_from_slice(&offset.to_le_bytes());
            }
            buffer[tags_at..tags_at + fields].copy_from_slice(&table.tags);
            buffer[start..].copy_from_slice(bytes);
        }
        // The size limit keeps both far below `u32::MAX`: no element is shorter than two bytes.
        Record { buffer, start: start as u32, fields: fields as u32 }
    }

    /// The BSON of the document.
    pub(crate) fn bytes(&self) -> &[u8] {
        self.buffer.get(self.start as usize..).unwrap_or(EMPTY_DOCUMENT)
    }

    /// The shared allocation, and where in it the BSON is: what it takes to hand the document out
    /// without copying it.
    pub(crate) fn shared(&self) -> (&Arc<[u8]>, Range<u32>) {
        (&self.buffer, self.start..self.buffer.len() as u32)
    }

    /// The document as a value.
    pub(crate) fn as_raw(&self) -> RawVal<'_> {
        RawVal::document(self.bytes())
    }

    pub(crate) fn elements(&self) -> Elements<'_> {
        Elements::of(self.bytes())
    }

    pub(crate) fn to_document(&self) -> Document {
        self.as_raw().to_document()
    }

    /// The first top-level field of that name.
    #[inline]
    pub(crate) fn get(&self, name: &Name) -> Option<RawVal<'_>> {
        let tags_at = self.fields as usize * 4;
        let tags = self.buffer.get(tags_at..self.start as usize)?;
        for (group, word) in tags.chunks_exact(8).enumerate() {
            let word = u64::from_le_bytes(*word.first_chunk()?);
            let mut found = raw::equal_bytes(word, name.tag);
            while found != 0 {
                let index = group * 8 + found.trailing_zeros() as usize / 8;
                if let Some(value) = self.field_called(index, name.as_bytes()) {
                    return Some(value);
                }
                found &= found - 1;
            }
        }
        None
    }

    /// The `_id`, which storage moves to the front.
    pub(crate) fn id(&self) -> Option<RawVal<'_>> {
        if self.fields == 0 {
            return None;
        }
        let found = self.field_called(0, b"_id");
        found.or_else(|| self.as_raw().get(b"_id"))
    }

    /// The value of the field at `index`, if that is its name.
    #[inline]
    fn field_called(&self, index: usize, name: &[u8]) -> Option<RawVal<'_>> {
        let element = self.bytes().get(self.offset(index)?..)?;
        let (&kind, rest) = element.split_first()?;
        let (value_at, end) = (name.len() + 1, self.field_end(index)?);
        if rest.get(..name.len())? != name || rest.get(name.len()) != Some(&0) {
            return None;
        }
        let len = end.checked_sub(self.offset(index)? + 1)?;
        Some(RawVal::new(ElementType::from(kind)?, rest.get(value_at..len)?))
    }

    /// Where the field at `index` begins in the BSON.
    #[inline]
    fn offset(&self, index: usize) -> Option<usize> {
        let slot = self.buffer.get(index * 4..)?.first_chunk()?;
        Some(u32::from_le_bytes(*slot) as usize)
    }

    /// Where the field at `index` ends: at the next one, or at the document's terminator.
    #[inline]
    fn field_end(&self, index: usize) -> Option<usize> {
        if index + 1 < self.fields as usize {
            self.offset(index + 1)
        } else {
            (self.buffer.len() - self.start as usize).checked_sub(1)
        }
    }
}

impl std::fmt::Debug for Record {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        self.to_document().fmt(f)
    }
}

/// The top-level fields of a document: what validation finds out on its way.
#[derive(Default)]
struct Table {
    offsets: SmallVec<[u32; 32]>,
    tags: SmallVec<[u8; 32]>,
}

/// The hash of a field name, fed with its bytes in little-endian words padded with zeros.
#[derive(Default)]
struct KeyHash(u64);

impl KeyHash {
    #[inline]
    fn add(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x517c_c1b7_2722_0a95);
    }

    /// Never zero, which is what pads the table.
    #[inline]
    fn tag(&self) -> u8 {
        ((self.0 >> 56) as u8).max(1)
    }
}

/// Why bytes are not a document that can be stored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Invalid {
    Malformed,
    TooDeep,
}

impl From<Invalid> for Error {
    fn from(invalid: Invalid) -> Self {
        match invalid {
            Invalid::Malformed => {
                Error::command(ErrorCode::INVALID_BSON, "the document is not valid BSON")
            }
            Invalid::TooDeep => Error::command(
                ErrorCode::OVERFLOW,
                format!(
                    "cannot insert document because it exceeds {MAX_STORED_DEPTH} levels of nesting"
                ),
            ),
        }
    }
}

/// Checks the document at the start of `bytes` and gives its length.
fn validate(bytes: &[u8], depth: usize, mut table: Option<&mut Table>) -> Result<usize, Invalid> {
    use Invalid::Malformed;
    if depth > MAX_STORED_DEPTH {
        return Err(Invalid::TooDeep);
    }
    let len = raw::read_len(bytes).ok_or(Malformed)?;
    let bytes = bytes.get(..len).ok_or(Malformed)?;
    if len < EMPTY_DOCUMENT.len() || bytes.last() != Some(&0) {
        return Err(Malformed);
    }
    let mut rest = &bytes[4..len - 1];
    while let Some((&kind, after)) = rest.split_first() {
        let Some(key) = scan_key(after) else { return Err(Malformed) };
        if !key.ascii {
            check_utf8(&after[..key.len])?;
        }
        if let Some(table) = table.as_deref_mut() {
            table.offsets.push((len - 1 - rest.len()) as u32);
            table.tags.push(key.tag);
        }
        let value = &after[key.len + 1..];
        let kind = ElementType::from(kind).ok_or(Malformed)?;
        rest = value.get(validate_value(kind, value, depth)?..).ok_or(Malformed)?;
    }
    Ok(len)
}

/// Checks the value at the start of `bytes` and gives its length, which may be more than there is.
#[inline]
fn validate_value(kind: ElementType, bytes: &[u8], depth: usize) -> Result<usize, Invalid> {
    use Invalid::Malformed;
    Ok(match kind {
        ElementType::String | ElementType::Symbol | ElementType::JavaScriptCode => {
            validate_string(bytes)?
        }
        ElementType::EmbeddedDocument | ElementType::Array => validate(bytes, depth + 1, None)?,
        ElementType::Boolean => match bytes.first() {
            Some(0 | 1) => 1,
            _ => return Err(Malformed),
        },
        ElementType::Binary => {
            let len = raw::read_len(bytes).ok_or(Malformed)?;
            let (&subtype, body) = bytes.get(4..).and_then(<[u8]>::split_first).ok_or(Malformed)?;
            if subtype == 2 && raw::read_len(body) != len.checked_sub(4) {
                return Err(Malformed);
            }
            5 + len
        }
        ElementType::RegularExpression => {
            let len = raw::value_len(kind, bytes).ok_or(Malformed)?;
            check_utf8(&bytes[..len])?;
            len
        }
        ElementType::DbPointer => validate_string(bytes)? + 12,
        ElementType::JavaScriptCodeWithScope => {
            let len = raw::read_len(bytes).ok_or(Malformed)?;
            let rest = bytes.get(4..len).ok_or(Malformed)?;
            let code = validate_string(rest)?;
            if validate(&rest[code..], depth + 1, None)? != rest.len() - code {
                return Err(Malformed);
            }
            len
        }
        _ => raw::value_len(kind, bytes).ok_or(Malformed)?,
    })
}

/// Checks the encoded string at the start of `bytes` and gives its length.
#[inline]
fn validate_string(bytes: &[u8]) -> Result<usize, Invalid> {
    let len = 4 + raw::read_len(bytes).ok_or(Invalid::Malformed)?;
    match bytes.get(4..len) {
        Some([text @ .., 0]) => check_utf8(text)?,
        _ => return Err(Invalid::Malformed),
    }
    Ok(len)
}

#[inline]
fn check_utf8(text: &[u8]) -> Result<(), Invalid> {
    if text.is_ascii() || std::str::from_utf8(text).is_ok() {
        Ok(())
    } else {
        Err(Invalid::Malformed)
    }
}

/// What one pass over a field name finds.
struct Key {
    len: usize,
    tag: u8,
    ascii: bool,
}

/// Finds the end of the name at the start of `bytes`, hashing it on the way.
#[inline]
fn scan_key(bytes: &[u8]) -> Option<Key> {
    let mut hash = KeyHash::default();
    let mut seen = 0;
    let mut at = 0;
    loop {
        let rest = bytes.get(at..)?;
        let (word, have) = match rest.first_chunk::<8>() {
            Some(chunk) => (u64::from_le_bytes(*chunk), 8),
            // Shifted together in a register: a copy through memory would stall the next load.
            None => {
                (rest.iter().rev().fold(0, |word, &byte| word << 8 | u64::from(byte)), rest.len())
            }
        };
        let zeros = raw::zero_bytes(word);
        if zeros == 0 {
            hash.add(word);
            seen |= word;
            at += 8;
            continue;
        }
        let in_word = zeros.trailing_zeros() / 8;
        if in_word as usize >= have {
            return None;
        }
        if in_word > 0 {
            let word = word & (u64::MAX >> (64 - 8 * in_word));
            hash.add(word);
            seen |= word;
        }
        let ascii = seen & 0x8080_8080_8080_8080 == 0;
        return Some(Key { len: at + in_word as usize, tag: hash.tag(), ascii });
    }
}

#[cfg(test)]
mod tests {
    use bson::{Bson, doc};
    use proptest::prelude::*;

    use super::*;
    use crate::value::samples;

    fn nested(levels: usize, array: bool) -> Document {
        let mut value = Bson::Document(doc! {});
        for _ in 0..levels {
            value = if array { Bson::Array(vec![value]) } else { doc! { "a": value }.into() };
        }
        doc! { "_id": 1, "a": value }
    }

    fn check_refused(document: &Document, code: ErrorCode) {
        let error = Record::from_document(document).expect_err("refused");
        assert_eq!(error.error_code(), Some(code), "{error}");
    }

    #[test]
    fn a_field_is_found_whatever_its_place_and_name() {
        for count in [0, 1, 7, 8, 9, 15, 16, 17, 40, 300] {
            let name = |n: usize| "f".repeat(n % 19) + &n.to_string();
            let document: Document = (0..count).map(|n| (name(n), Bson::Int32(n as i32))).collect();
            let record = Record::from_document(&document).unwrap();
            for n in 0..count {
                let found = record.get(&Name::new(&name(n))).and_then(RawVal::as_i32);
                assert_eq!(found, Some(n as i32));
            }
            for missing in ["", "x", "f", "ffffffffffffffff", "0\0", "f1\0", "ÿ"] {
                assert_eq!(record.get(&Name::new(missing)), None, "{missing:?}");
            }
        }
    }

    #[test]
    fn the_first_of_two_fields_with_one_name_is_found() {
        let bytes = [
            &[26, 0, 0, 0][..],
            &[0x10, b'a', 0, 1, 0, 0, 0],
            &[0x10, b'b', 0, 2, 0, 0, 0],
            &[0x10, b'a', 0, 3, 0, 0, 0],
            &[0],
        ]
        .concat();
        let record = Record::from_bytes(&bytes).unwrap();
        assert_eq!(record.get(&Name::new("a")).and_then(RawVal::as_i32), Some(1));
        assert_eq!(record.bytes(), bytes);
        assert_eq!(record.elements().count(), 3);
        assert_eq!(record.to_document(), doc! { "a": 1, "b": 2 });
    }

    #[test]
    fn the_id_is_found_wherever_it_is() {
        for document in [doc! { "_id": 7, "a": 1 }, doc! { "a": 1, "_id": 7 }] {
            let record = Record::from_document(&document).unwrap();
            assert_eq!(record.id().and_then(RawVal::as_i32), Some(7));
        }
        assert_eq!(Record::from_document(&doc! { "a": 1 }).unwrap().id(), None);
        assert_eq!(Record::from_document(&doc! {}).unwrap().id(), None);
    }

    /// The limits, codes and messages are the server's, of an `insert`.
    #[test]
    fn limits() {
        for array in [false, true] {
            assert!(Record::from_document(&nested(179, array)).is_ok());
            check_refused(&nested(180, array), ErrorCode::OVERFLOW);
            check_refused(&nested(260, array), ErrorCode::OVERFLOW);
        }
        let padding = MAX_DOCUMENT_SIZE - 22;
        assert!(Record::from_document(&doc! { "_id": 1, "s": "x".repeat(padding) }).is_ok());
        check_refused(&doc! { "_id": 1, "s": "x".repeat(padding + 1) }, ErrorCode::BAD_VALUE);
    }

    #[test]
    fn all_kinds_survive() {
        let document: Document = samples::values()
            .into_iter()
            .enumerate()
            .map(|(index, value)| (format!("f{index}"), value))
            .collect();
        let record = Record::from_document(&document).unwrap();
        let theirs = bson::serialize_to_vec(&document).unwrap();
        assert_eq!(record.bytes(), theirs, "the bson crate encodes it so");
        assert_eq!(bson::serialize_to_vec(&record.to_document()).unwrap(), theirs);
        let (buffer, range) = record.shared();
        assert_eq!(buffer[range.start as usize..range.end as usize], theirs);
        for (name, value) in &document {
            let found = record.get(&Name::new(name)).expect("the field is there");
            assert_eq!(found.kind(), value.element_type());
        }
    }

    proptest! {
        #[test]
        fn odd_bytes_are_refused_or_walked(
            at in any::<prop::sample::Index>(), byte in any::<u8>(), cut in any::<bool>(),
        ) {
            let document: Document = samples::values()
                .into_iter()
                .enumerate()
                .map(|(index, value)| (format!("f{index}"), value))
                .collect();
            let mut bytes = bson::serialize_to_vec(&document).unwrap();
            let at = at.index(bytes.len());
            if cut {
                bytes.truncate(at);
            } else {
                bytes[at] = byte;
            }
            if let Ok(record) = Record::from_bytes(&bytes) {
                // What was accepted, the bson crate can read to its end.
                prop_assert!(Document::from_reader(record.bytes()).is_ok());
                prop_assert_eq!(record.bytes(), &bytes);
            }
            // The scanner does not panic on what was refused either.
            for (_, value) in Elements::of(&bytes) {
                let _ = value.to_bson();
            }
        }
    }
}
