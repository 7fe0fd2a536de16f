//! Scalars straight as [`Bson`]: what most operands are. Of anything else it says so, and the way
//! through bytes takes over.

use std::fmt::{self, Display};

use bson::Bson;
use serde::Serialize;
use serde::ser::{Error, Impossible, Serializer};

/// The value, in the form that it has in a document, if it is a scalar.
pub(super) fn of<T: Serialize + ?Sized>(value: &T) -> Option<Bson> {
    value.serialize(Scalar).ok()
}

struct Scalar;

/// It is no scalar, or none that is sure to be encoded so.
#[derive(Debug)]
struct Other;

impl Display for Other {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("not a scalar")
    }
}

impl std::error::Error for Other {}

impl Error for Other {
    fn custom<T: Display>(_: T) -> Self {
        Other
    }
}

type Encoded = Result<Bson, Other>;
type Compound = Impossible<Bson, Other>;

impl Serializer for Scalar {
    type Ok = Bson;
    type Error = Other;
    type SerializeSeq = Compound;
    type SerializeTuple = Compound;
    type SerializeTupleStruct = Compound;
    type SerializeTupleVariant = Compound;
    type SerializeMap = Compound;
    type SerializeStruct = Compound;
    type SerializeStructVariant = Compound;

    fn is_human_readable(&self) -> bool {
        false
    }

    fn serialize_bool(self, value: bool) -> Encoded {
        Ok(Bson::Boolean(value))
    }

    fn serialize_i8(self, value: i8) -> Encoded {
        Ok(Bson::Int32(value.into()))
    }

    fn serialize_i16(self, value: i16) -> Encoded {
        Ok(Bson::Int32(value.into()))
    }

    fn serialize_i32(self, value: i32) -> Encoded {
        Ok(Bson::Int32(value))
    }

    fn serialize_i64(self, value: i64) -> Encoded {
        Ok(Bson::Int64(value))
    }

    fn serialize_u8(self, value: u8) -> Encoded {
        Ok(Bson::Int32(value.into()))
    }

    fn serialize_u16(self, value: u16) -> Encoded {
        Ok(Bson::Int32(value.into()))
    }

    fn serialize_u32(self, value: u32) -> Encoded {
        Ok(Bson::Int64(value.into()))
    }

    fn serialize_u64(self, _: u64) -> Encoded {
        Err(Other)
    }

    fn serialize_f32(self, value: f32) -> Encoded {
        Ok(Bson::Double(value.into()))
    }

    fn serialize_f64(self, value: f64) -> Encoded {
        Ok(Bson::Double(value))
    }

    fn serialize_char(self, value: char) -> Encoded {
        Ok(Bson::String(value.to_string()))
    }

    fn serialize_str(self, value: &str) -> Encoded {
        Ok(Bson::String(value.to_owned()))
    }

    fn serialize_bytes(self, _: &[u8]) -> Encoded {
        Err(Other)
    }

    fn serialize_none(self) -> Encoded {
        Ok(Bson::Null)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Encoded {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Encoded {
        Ok(Bson::Null)
    }

    fn serialize_unit_struct(self, _: &'static str) -> Encoded {
        Ok(Bson::Null)
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Encoded {
        self.serialize_str(variant)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        name: &'static str,
        value: &T,
    ) -> Encoded {
        // The bson crate's own types say so by their names.
        if name.starts_with('$') { Err(Other) } else { value.serialize(self) }
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Encoded {
        Err(Other)
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_tuple(self, _: usize) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Compound, Other> {
        Err(Other)
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Compound, Other> {
        Err(Other)
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Encoded {
        Ok(Bson::String(value.to_string()))
    }
}
