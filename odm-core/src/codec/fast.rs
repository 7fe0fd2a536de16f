//! Decoding straight from bytes, for the types that nearly all documents are made of.
//!
//! `bson`'s own deserializer takes every value apart twice, and a date through a map, two strings
//! and an untagged enum; decoding is most of what a point read costs. This one makes the same
//! calls to a type's visitors for the types that it knows, and gives up ([`GaveUp`]) on all else:
//! rare BSON types, malformed bytes, `bson`'s private newtypes, and whatever the type refuses.
//! Then `bson` decodes the whole document once more, and has the last word.

use std::any::type_name;
use std::fmt;

use bson::Bson;
use serde::Deserializer;
use serde::de::value::BorrowedStrDeserializer;
use serde::de::{self, DeserializeOwned, DeserializeSeed, Visitor};
use serde::forward_to_deserialize_any;

/// Decodes a document, or leaves it to `bson`.
pub(super) fn decode<T: DeserializeOwned>(document: &[u8]) -> Option<T> {
    T::deserialize(Value { kind: DOCUMENT, bytes: document }).ok()
}

const DOUBLE: u8 = 0x01;
const STRING: u8 = 0x02;
const DOCUMENT: u8 = 0x03;
const ARRAY: u8 = 0x04;
const BINARY: u8 = 0x05;
const OBJECT_ID: u8 = 0x07;
const BOOLEAN: u8 = 0x08;
const DATE_TIME: u8 = 0x09;
const NULL: u8 = 0x0A;
const INT32: u8 = 0x10;
const TIMESTAMP: u8 = 0x11;
const INT64: u8 = 0x12;
const DECIMAL128: u8 = 0x13;

/// Not decoded here: why does not matter, since `bson` will say it.
#[derive(Debug)]
struct GaveUp;

impl fmt::Display for GaveUp {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("to be decoded by bson")
    }
}

impl std::error::Error for GaveUp {}

impl de::Error for GaveUp {
    fn custom<T: fmt::Display>(_: T) -> Self {
        GaveUp
    }
}

type Result<T> = std::result::Result<T, GaveUp>;

/// A value: its type byte, and exactly its bytes.
#[derive(Clone, Copy)]
struct Value<'de> {
    kind: u8,
    bytes: &'de [u8],
}

impl<'de> Value<'de> {
    fn fixed<const N: usize>(self) -> Result<[u8; N]> {
        self.bytes.try_into().map_err(|_| GaveUp)
    }

    fn str(self) -> Result<&'de str> {
        let text = self.bytes.get(4..).and_then(|rest| rest.split_last());
        let Some((0, text)) = text else { return Err(GaveUp) };
        std::str::from_utf8(text).map_err(|_| GaveUp)
    }

    fn elements(self) -> Result<Elements<'de>> {
        let framed = self.bytes.len() >= 5
            && length(self.bytes) == Some(self.bytes.len())
            && self.bytes.last() == Some(&0);
        if !framed {
            return Err(GaveUp);
        }
        let rest = &self.bytes[4..self.bytes.len() - 1];
        Ok(Elements { rest, value: Value { kind: NULL, bytes: &[] } })
    }
}

/// The length that the first four bytes tell.
fn length(bytes: &[u8]) -> Option<usize> {
    let prefix = bytes.first_chunk::<4>()?;
    usize::try_from(i32::from_le_bytes(*prefix)).ok()
}

impl<'de> Deserializer<'de> for Value<'de> {
    type Error = GaveUp;

    #[inline]
    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.kind {
            STRING => visitor.visit_borrowed_str(self.str()?),
            INT32 => visitor.visit_i32(i32::from_le_bytes(self.fixed()?)),
            INT64 => visitor.visit_i64(i64::from_le_bytes(self.fixed()?)),
            DOUBLE => visitor.visit_f64(f64::from_le_bytes(self.fixed()?)),
            BOOLEAN => match self.bytes {
                [0] => visitor.visit_bool(false),
                [1] => visitor.visit_bool(true),
                _ => Err(GaveUp),
            },
            NULL => visitor.visit_unit(),
            DOCUMENT => visitor.visit_map(self.elements()?),
            ARRAY => visitor.visit_seq(self.elements()?),
            DATE_TIME => {
                let millis = i64::from_le_bytes(self.fixed()?);
                let inner =
                    if is_bson::<V>() { Inner::Millis(millis) } else { Inner::Date(millis) };
                visitor.visit_map(Wrapped { key: Some("$date"), inner })
            }
            OBJECT_ID => {
                let id = self.fixed()?;
                let inner = if is_bson::<V>() { Inner::Bytes(self.bytes) } else { Inner::Id(id) };
                visitor.visit_map(Wrapped { key: Some("$oid"), inner })
            }
            DECIMAL128 => {
                self.fixed::<16>()?;
                let inner = Inner::Bytes(self.bytes);
                visitor.visit_map(Wrapped { key: Some("$numberDecimalBytes"), inner })
            }
            BINARY if self.bytes.get(4) == Some(&0) => {
                visitor.visit_borrowed_bytes(&self.bytes[5..])
            }
            _ => Err(GaveUp),
        }
    }

    #[inline]
    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        if self.kind == NULL { visitor.visit_none() } else { visitor.visit_some(self) }
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _name: &'static str,
        _variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        match self.kind {
            STRING => visitor.visit_enum(BorrowedStrDeserializer::new(self.str()?)),
            DOCUMENT => visitor.visit_enum(self.elements()?),
            _ => Err(GaveUp),
        }
    }

    #[inline]
    fn deserialize_bytes<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self.kind {
            OBJECT_ID => visitor.visit_borrowed_bytes(self.bytes),
            _ => self.deserialize_any(visitor),
        }
    }

    #[inline]
    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        // The names of no Rust type: by them `bson`'s own types ask for another form.
        if name.starts_with('$') {
            return Err(GaveUp);
        }
        visitor.visit_newtype_struct(self)
    }

    #[inline]
    fn deserialize_ignored_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        visitor.visit_unit()
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    forward_to_deserialize_any! {
        bool char str byte_buf unit unit_struct string identifier seq tuple tuple_struct struct map
        i8 i16 i32 i64 u8 u16 u32 u64 f32 f64
    }
}

/// Whether `V` makes a [`Bson`], which takes bytes and numbers where others expect strings.
///
/// Names of types are no proof; the visitor of any type of this name understands both forms.
fn is_bson<'de, V: Visitor<'de>>() -> bool {
    type_name::<V::Value>() == type_name::<Bson>()
}

/// The elements of a document or an array, and the value of the latest.
struct Elements<'de> {
    rest: &'de [u8],
    value: Value<'de>,
}

impl<'de> Elements<'de> {
    /// Steps to the next element and gives its key, which may not be UTF-8.
    #[inline]
    fn advance(&mut self) -> Result<Option<&'de [u8]>> {
        let Some((&kind, rest)) = self.rest.split_first() else { return Ok(None) };
        let end = rest.iter().position(|&byte| byte == 0).ok_or(GaveUp)?;
        let (key, rest) = (&rest[..end], &rest[end + 1..]);
        let size = match kind {
            STRING => length(rest).and_then(|length| length.checked_add(4)).filter(|&n| n > 4),
            DOCUMENT | ARRAY => length(rest),
            BINARY => length(rest).and_then(|length| length.checked_add(5)),
            DOUBLE | DATE_TIME | INT64 | TIMESTAMP => Some(8),
            INT32 => Some(4),
            BOOLEAN => Some(1),
            NULL => Some(0),
            OBJECT_ID => Some(12),
            DECIMAL128 => Some(16),
            // Rarer ones, and what is no type: the struct may not even look at them, but `bson` knows.
            _ => None,
        };
        let (bytes, rest) = size.and_then(|size| rest.split_at_checked(size)).ok_or(GaveUp)?;
        self.value = Value { kind, bytes };
        self.rest = rest;
        Ok(Some(key))
    }

    #[inline]
    fn advance_key(&mut self) -> Result<Option<BorrowedStrDeserializer<'de, GaveUp>>> {
        let Some(key) = self.advance()? else { return Ok(None) };
        let key = std::str::from_utf8(key).map_err(|_| GaveUp)?;
        Ok(Some(BorrowedStrDeserializer::new(key)))
    }
}

impl<'de> de::MapAccess<'de> for Elements<'de> {
    type Error = GaveUp;

    #[inline]
    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        self.advance_key()?.map(|key| seed.deserialize(key)).transpose()
    }

    #[inline]
    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.value)
    }
}

impl<'de> de::SeqAccess<'de> for Elements<'de> {
    type Error = GaveUp;

    #[inline]
    fn next_element_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<Option<S::Value>> {
        match self.advance_key()? {
            Some(_) => seed.deserialize(self.value).map(Some),
            None => Ok(None),
        }
    }
}

impl<'de> de::EnumAccess<'de> for Elements<'de> {
    type Error = GaveUp;
    type Variant = Value<'de>;

    fn variant_seed<S: DeserializeSeed<'de>>(mut self, seed: S) -> Result<(S::Value, Value<'de>)> {
        let key = self.advance_key()?.ok_or(GaveUp)?;
        Ok((seed.deserialize(key)?, self.value))
    }
}

impl<'de> de::VariantAccess<'de> for Value<'de> {
    type Error = GaveUp;

    fn unit_variant(self) -> Result<()> {
        Err(GaveUp)
    }

    fn newtype_variant_seed<S: DeserializeSeed<'de>>(self, seed: S) -> Result<S::Value> {
        seed.deserialize(self)
    }

    fn tuple_variant<V: Visitor<'de>>(self, _len: usize, visitor: V) -> Result<V::Value> {
        self.deserialize_seq(visitor)
    }

    fn struct_variant<V: Visitor<'de>>(
        self,
        _fields: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value> {
        self.deserialize_map(visitor)
    }
}

/// A value in the form of extended JSON: a map with one key, as `bson` shows what serde has no
/// type for.
struct Wrapped<'de> {
    key: Option<&'static str>,
    inner: Inner<'de>,
}

#[derive(Clone, Copy)]
enum Inner<'de> {
    /// Of a date, for others than [`Bson`]: `{"$numberLong": "…"}`.
    Date(i64),
    /// Of `$numberLong`.
    Digits(i64),
    Millis(i64),
    Id([u8; 12]),
    Bytes(&'de [u8]),
}

impl<'de> de::MapAccess<'de> for Wrapped<'de> {
    type Error = GaveUp;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>> {
        let key = self.key.take();
        key.map(|key| seed.deserialize(BorrowedStrDeserializer::new(key))).transpose()
    }

    fn next_value_seed<S: DeserializeSeed<'de>>(&mut self, seed: S) -> Result<S::Value> {
        seed.deserialize(self.inner)
    }
}

impl<'de> Deserializer<'de> for Inner<'de> {
    type Error = GaveUp;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value> {
        match self {
            Inner::Date(millis) => {
                let inner = Inner::Digits(millis);
                visitor.visit_map(Wrapped { key: Some("$numberLong"), inner })
            }
            Inner::Digits(millis) => visitor.visit_string(millis.to_string()),
            Inner::Millis(millis) => visitor.visit_i64(millis),
            Inner::Id(id) => visitor.visit_string(bson::oid::ObjectId::from_bytes(id).to_hex()),
            Inner::Bytes(bytes) => visitor.visit_bytes(bytes),
        }
    }

    fn is_human_readable(&self) -> bool {
        false
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(
        self,
        _name: &'static str,
        visitor: V,
    ) -> Result<V::Value> {
        match self {
            Inner::Date(_) | Inner::Digits(_) => visitor.visit_newtype_struct(self),
            Inner::Millis(_) | Inner::Id(_) | Inner::Bytes(_) => self.deserialize_any(visitor),
        }
    }

    forward_to_deserialize_any! {
        bool char str string bytes byte_buf option unit unit_struct seq tuple tuple_struct struct
        map enum identifier ignored_any i8 i16 i32 i64 u8 u16 u32 u64 f32 f64
    }
}

#[cfg(test)]
mod tests;
