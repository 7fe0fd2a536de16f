//! One field of a command document, and what it may hold.
//!
//! The server reads most fields in one of few ways; null and undefined mostly mean that the field is absent.

use bson::{Bson, Document};

use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::BsonType;
use crate::index::Hint;
use crate::number::{is_number, is_zero, lenient_i64};
use crate::pipeline::Pipeline;

/// A field of a command or of one of its parts.
#[derive(Clone, Copy)]
pub(super) struct Field<'a> {
    pub(super) command: &'static str,
    pub(super) name: &'a str,
    pub(super) value: &'a Bson,
}

pub(super) fn missing(command: &str, name: &str) -> Error {
    Error::command(
        ErrorCode(40414),
        format!("BSON field '{command}.{name}' is missing but a required field"),
    )
}

impl<'a> Field<'a> {
    pub(super) fn unknown(self) -> Error {
        let Field { command, name, .. } = self;
        Error::command(
            ErrorCode(40415),
            format!("BSON field '{command}.{name}' is an unknown field"),
        )
    }

    pub(super) fn wrong_type(self, expected: &str) -> Error {
        let Field { command, name, value } = self;
        let found = BsonType::of(value).alias();
        Error::command(
            ErrorCode::TYPE_MISMATCH,
            format!(
                "BSON field '{command}.{name}' is the wrong type '{found}', expected {expected}"
            ),
        )
    }

    /// A string that is none of those meant.
    pub(super) fn not_a_value(self, found: &str) -> Error {
        let Field { command, name, .. } = self;
        Error::command(
            ErrorCode::BAD_VALUE,
            format!(
                "enumeration value '{found}' for field '{command}.{name}' is not a valid value"
            ),
        )
    }

    /// Whether it counts as not there, as `undefined` does, too.
    pub(super) fn is_null(self) -> bool {
        matches!(self.value, Bson::Null | Bson::Undefined)
    }

    /// A document, and nothing else.
    pub(super) fn object(self) -> Result<Document> {
        match self.value {
            Bson::Document(doc) => Ok(doc.clone()),
            _ => Err(self.wrong_type("object")),
        }
    }

    pub(super) fn optional_object(self) -> Result<Option<Document>> {
        if self.is_null() { Ok(None) } else { self.object().map(Some) }
    }

    /// A document that must be there.
    pub(super) fn required_object(self) -> Result<Document> {
        if self.is_null() { Err(missing(self.command, self.name)) } else { self.object() }
    }

    /// True or false, and nothing else.
    pub(super) fn bool(self) -> Result<bool> {
        self.value.as_bool().ok_or_else(|| self.wrong_type("bool"))
    }

    /// Of null, `default`.
    pub(super) fn bool_or(self, default: bool) -> Result<bool> {
        if self.is_null() { Ok(default) } else { self.bool() }
    }

    /// A flag as a bool or a number; null is false.
    pub(super) fn lenient_bool(self) -> Result<bool> {
        match self.value {
            Bson::Boolean(set) => Ok(*set),
            Bson::Null | Bson::Undefined => Ok(false),
            value if is_number(value) => Ok(!is_zero(value)),
            _ => Err(self.wrong_type("bool or number")),
        }
    }

    /// Any number, as [`lenient_i64`] reads it.
    pub(super) fn optional_number(self) -> Result<Option<i64>> {
        match lenient_i64(self.value) {
            _ if self.is_null() => Ok(None),
            Some(n) => Ok(Some(n)),
            None => Err(self.wrong_type("number")),
        }
    }

    /// An `int`, and no other number.
    pub(super) fn optional_int(self) -> Result<Option<i32>> {
        match self.value {
            Bson::Int32(n) => Ok(Some(*n)),
            _ if self.is_null() => Ok(None),
            _ => Err(self.wrong_type("int")),
        }
    }

    /// A number of at least `least` and at most `most`.
    pub(super) fn number_within(self, least: i64, most: i64) -> Result<Option<i64>> {
        match self.optional_number()? {
            Some(n) if !(least..=most).contains(&n) => Err(Error::command(
                ErrorCode(51024),
                format!("BSON field '{}' value must be within {least} and {most}", self.name),
            )),
            found => Ok(found),
        }
    }

    /// A number that is not negative; null is 0.
    pub(super) fn count(self) -> Result<u64> {
        Ok(self.number_within(0, i64::MAX)?.map_or(0, i64::unsigned_abs))
    }

    pub(super) fn batch_size(self) -> Result<Option<u32>> {
        let size = self.number_within(0, i64::MAX)?;
        Ok(size.map(|size| u32::try_from(size).unwrap_or(u32::MAX)))
    }

    pub(super) fn optional_string(self) -> Result<Option<&'a str>> {
        match self.value {
            Bson::Null | Bson::Undefined => Ok(None),
            Bson::String(text) => Ok(Some(text)),
            _ => Err(self.wrong_type("string")),
        }
    }

    /// A string that must be there.
    pub(super) fn string(self) -> Result<&'a str> {
        self.optional_string()?.ok_or_else(|| missing(self.command, self.name))
    }

    /// An array; the server has a code of its own for null.
    pub(super) fn array(self) -> Result<&'a [Bson]> {
        match self.value {
            Bson::Array(elements) => Ok(elements),
            Bson::Null | Bson::Undefined => Err(Error::command(
                ErrorCode(10065),
                format!("invalid parameter: expected an object ({})", self.name),
            )),
            _ => Err(self.wrong_type("array")),
        }
    }

    /// An array of documents. The server passes over nulls in it, and over `undefined`.
    pub(super) fn objects(self) -> Result<Vec<&'a Document>> {
        let object = |value: &'a Bson| match value {
            Bson::Null | Bson::Undefined => None,
            Bson::Document(doc) => Some(Ok(doc)),
            _ => Some(Err(Field { value, ..self }.wrong_type("object"))),
        };
        self.array()?.iter().filter_map(object).collect()
    }

    pub(super) fn pipeline(self) -> Result<Pipeline> {
        match self.value {
            Bson::Array(stages) => Pipeline::parse(stages),
            _ => Err(self.wrong_type("array")),
        }
    }

    /// A hint; none for an empty document.
    pub(super) fn hint(self) -> Result<Option<Hint>> {
        match self.value {
            Bson::Document(keys) if keys.is_empty() => Ok(None),
            value => Hint::parse(value).map(Some),
        }
    }

    /// A collation; none for an empty document.
    pub(super) fn collation(self) -> Result<Option<Collation>> {
        match self.optional_object()? {
            Some(doc) if !doc.is_empty() => Collation::parse(&doc).map(Some),
            _ => Ok(None),
        }
    }

    /// A collation where null is refused.
    pub(super) fn strict_collation(self) -> Result<Option<Collation>> {
        if self.is_null() { Err(self.wrong_type("object")) } else { self.collation() }
    }

    /// The fields of `doc`, which is the value or an element of it.
    pub(super) fn fields_of(self, doc: &'a Document) -> impl Iterator<Item = Field<'a>> {
        doc.iter().map(move |(name, value)| Field { name, value, command: self.command })
    }

    /// The `batchSize` of a `cursor` document.
    pub(super) fn cursor(self) -> Result<Option<u32>> {
        let Bson::Document(doc) = self.value else {
            return Err(self.wrong_type("object"));
        };
        let mut batch_size = None;
        for field in self.fields_of(doc) {
            match field.name {
                "batchSize" => batch_size = field.batch_size()?,
                _ => return Err(field.unknown()),
            }
        }
        Ok(batch_size)
    }
}
