//! The Rust and BSON types that fields can have.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet, VecDeque};

use bson::{Bson, Decimal128, JavaScriptCodeWithScope, Regex, Timestamp, oid::ObjectId};

use crate::field::{Codec, Field, FieldType, MapField, Stored};
use crate::filter::BsonType;
use crate::schema::TypeSchema;

/// What a type has that is neither a wrapper nor a container: its path is a plain [`Field`].
macro_rules! plain {
    ($schema:expr) => {
        type Path<D, F> = Field<D, F>;
        type InArray<D, F> = Field<D, F>;
        type Value = Self;
        type Leaf = Self;

        fn path<D, F>(field: Field<D, F>) -> Field<D, F> {
            field
        }

        fn in_array<D, F>(field: Field<D, F>) -> Field<D, F> {
            field
        }

        fn type_schema() -> TypeSchema {
            $schema
        }
    };
}

macro_rules! scalars {
    ($($ty:ty => $bson:ident;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl FieldType for $ty {
            plain!(TypeSchema::Scalar(BsonType::$bson));
        }
    )*};
}

scalars! {
    bool => Bool;
    i8 => Int;
    i16 => Int;
    i32 => Int;
    i64 => Long;
    isize => Long;
    u8 => Int;
    u16 => Int;
    u32 => Long;
    u64 => Long;
    usize => Long;
    f32 => Double;
    f64 => Double;
    Decimal128 => Decimal;
    char => String;
    String => String;
    Cow<'static, str> => String;
    bson::DateTime => Date;
    Timestamp => Timestamp;
    bson::Binary => BinData;
    Regex => Regex;
    JavaScriptCodeWithScope => JavaScriptWithScope;
    bson::DbPointer => DbPointer;
    () => Null;
}

#[diagnostic::do_not_recommend]
impl FieldType for ObjectId {
    plain!(TypeSchema::Scalar(BsonType::ObjectId));

    fn generate_id() -> Option<Self> {
        Some(ObjectId::new())
    }
}

#[diagnostic::do_not_recommend]
impl FieldType for bson::Uuid {
    plain!(TypeSchema::Scalar(BsonType::BinData));

    fn generate_id() -> Option<Self> {
        Some(bson::Uuid::new())
    }
}

#[diagnostic::do_not_recommend]
impl<T: 'static, C: Codec<T>> FieldType for Stored<T, C> {
    plain!(TypeSchema::Any);
}

/// A type that stands for another one: the wrapper is written as what it holds.
macro_rules! transparent {
    ($inner:ident, $wrap:expr) => {
        type Path<D, F> = $inner::Path<D, F>;
        type InArray<D, F> = $inner::InArray<D, F>;
        type Value = $inner::Value;
        type Leaf = $inner::Leaf;

        fn path<D, F>(field: Field<D, F>) -> Self::Path<D, F> {
            $inner::path(field)
        }

        fn in_array<D, F>(field: Field<D, F>) -> Self::InArray<D, F> {
            $inner::in_array(field)
        }

        fn type_schema() -> TypeSchema {
            $wrap($inner::type_schema())
        }
    };
}

impl<T: FieldType> FieldType for Option<T> {
    transparent!(T, |inner| TypeSchema::Optional(Box::new(inner)));
}

impl<T: FieldType> FieldType for Box<T> {
    transparent!(T, std::convert::identity);

    fn generate_id() -> Option<Self> {
        T::generate_id().map(Box::new)
    }
}

#[diagnostic::do_not_recommend]
impl FieldType for Box<str> {
    plain!(TypeSchema::Scalar(BsonType::String));
}

/// Paths lead through an array to its elements, but not through an array of arrays.
macro_rules! arrays {
    ($([$($generics:tt)*] $ty:ty;)*) => {$(
        impl<T: FieldType, $($generics)*> FieldType for $ty {
            type Path<D, F> = T::InArray<D, F>;
            type InArray<D, F> = Field<D, F>;
            type Value = Self;
            type Leaf = T::Leaf;

            fn path<D, F>(field: Field<D, F>) -> Self::Path<D, F> {
                T::in_array(field)
            }

            fn in_array<D, F>(field: Field<D, F>) -> Field<D, F> {
                field
            }

            fn type_schema() -> TypeSchema {
                TypeSchema::Array(Box::new(T::type_schema()))
            }
        }
    )*};
}

arrays! {
    [] Vec<T>;
    [] VecDeque<T>;
    [const N: usize] [T; N];
    [] BTreeSet<T>;
    [S: 'static] HashSet<T, S>;
}

/// A type with string keys: its path also gives the paths of its values.
macro_rules! keyed {
    ([$($generics:tt)*] $ty:ty, $value:ty, $schema:expr) => {
        impl<$($generics)*> FieldType for $ty {
            type Path<D, F> = MapField<D, F, $value>;
            type InArray<D, F> = MapField<D, F, $value>;
            type Value = Self;
            type Leaf = Self;

            fn path<D, F>(field: Field<D, F>) -> Self::Path<D, F> {
                MapField::new(field)
            }

            fn in_array<D, F>(field: Field<D, F>) -> Self::InArray<D, F> {
                MapField::new(field)
            }

            fn type_schema() -> TypeSchema {
                $schema
            }
        }
    };
}

keyed!([V: FieldType] BTreeMap<String, V>, V, TypeSchema::Map(Box::new(V::type_schema())));
keyed!([V: FieldType, S: 'static] HashMap<String, V, S>, V, TypeSchema::Map(Box::new(V::type_schema())));
keyed!([] bson::Document, Bson, TypeSchema::Map(Box::new(TypeSchema::Any)));
keyed!([] bson::RawDocumentBuf, Bson, TypeSchema::Map(Box::new(TypeSchema::Any)));
keyed!([] Bson, Bson, TypeSchema::Any);
