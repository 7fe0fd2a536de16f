//! Operands: the values that typed filters and updates take.

use std::borrow::Cow;
use std::collections::{BTreeSet, HashSet};

use bson::{Bson, oid::ObjectId};
use serde::Serialize;

use crate::codec::encode_value;
use crate::error::Result;
use crate::field::{Codec, Stored};

/// A value that can be written to a field of type `T`.
///
/// A field of type `Option<T>` also takes a plain `T`, a `String` field a `&str`, an array field
/// Rust arrays and slices, and every field a reference.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` does not take a `{Self}`",
    label = "expected a value for a field of type `{T}`"
)]
pub trait Operand<T: ?Sized> {
    /// The value as it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`](crate::Error::Encode) if serde cannot write the value, or it has no BSON form.
    fn encode(self) -> Result<Bson>;
}

/// A value that a field of type `T` can be compared with.
///
/// What can be written to the field ([`Operand`]), and also, for arrays, a value of the element
/// type: MongoDB compares it with each element.
#[diagnostic::on_unimplemented(
    message = "a field of type `{T}` is not compared with a `{Self}`",
    label = "expected a value for a field of type `{T}`"
)]
pub trait Comparand<T: ?Sized> {
    /// The value as it is stored.
    ///
    /// # Errors
    ///
    /// [`Error::Encode`](crate::Error::Encode) if serde cannot write the value, or it has no BSON form.
    fn encode(self) -> Result<Bson>;
}

fn encode<T: Serialize + ?Sized>(value: &T) -> Result<Bson> {
    encode_value(value, std::any::type_name::<T>())
}

/// Implements both traits for values that serde can write.
macro_rules! operands {
    ($([$($generics:tt)*] $value:ty => $field:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Operand<$field> for $value {
            fn encode(self) -> Result<Bson> {
                encode(&self)
            }
        }

        comparands! { [$($generics)*] $value => $field; }
    )*};
}

macro_rules! comparands {
    ($([$($generics:tt)*] $value:ty => $field:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Comparand<$field> for $value {
            fn encode(self) -> Result<Bson> {
                encode(&self)
            }
        }
    )*};
}

macro_rules! array_operands {
    ($([$($generics:tt)*] $value:ty => $field:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Operand<$field> for $value {
            fn encode(self) -> Result<Bson> {
                encode(self.as_slice())
            }
        }

        #[diagnostic::do_not_recommend]
        impl<$($generics)*> Comparand<$field> for $value {
            fn encode(self) -> Result<Bson> {
                encode(self.as_slice())
            }
        }
    )*};
}

operands! {
    [T: Serialize] T => T;
    [T: Serialize] T => Option<T>;
    [T: Serialize] T => Box<T>;
    [T: Serialize] T => Option<Box<T>>;
    [T: Serialize] &T => T;
    [T: Serialize] &T => Option<T>;
    [T: Serialize] &T => Box<T>;
    [T: Serialize] &T => Option<Box<T>>;
    [] &str => String;
    [] &str => Option<String>;
    [] &str => Box<str>;
    [] &str => Cow<'static, str>;
    [] &str => Option<Cow<'static, str>>;
    [T: Serialize] &[T] => Vec<T>;
    [T: Serialize] &[T] => Option<Vec<T>>;
    [] i32 => Bson;
    [] i64 => Bson;
    [] f64 => Bson;
    [] bool => Bson;
    [] &str => Bson;
    [] String => Bson;
    [] ObjectId => Bson;
    [] bson::DateTime => Bson;
    [] bson::Document => Bson;
    [] Vec<Bson> => Bson;
}

// Rust arrays, which serde knows only up to some length.
array_operands! {
    [T: Serialize, const N: usize] [T; N] => Vec<T>;
    [T: Serialize, const N: usize] [T; N] => Option<Vec<T>>;
    [const N: usize] [&str; N] => Vec<String>;
    [const N: usize] [&str; N] => Option<Vec<String>>;
    [T: Serialize, const N: usize] [T; N] => BTreeSet<T>;
    [T: Serialize, S, const N: usize] [T; N] => HashSet<T, S>;
}

// An element, where the field is an array.
comparands! {
    [T: Serialize] T => Vec<T>;
    [T: Serialize] &T => Vec<T>;
    [T: Serialize] T => Option<Vec<T>>;
    [T: Serialize] &T => Option<Vec<T>>;
    [] &str => Vec<String>;
    [] &str => Option<Vec<String>>;
    [T: Serialize] T => BTreeSet<T>;
    [T: Serialize] &T => BTreeSet<T>;
    [] &str => BTreeSet<String>;
    [T: Serialize, S] T => HashSet<T, S>;
    [T: Serialize, S] &T => HashSet<T, S>;
    [S] &str => HashSet<String, S>;
}

/// A value in the form that its field's own serializer gives it.
fn encode_stored<T, C: Codec<T>>(value: &T) -> Result<Bson> {
    struct By<'a, T, C>(&'a T, std::marker::PhantomData<C>);

    impl<T, C: Codec<T>> Serialize for By<'_, T, C> {
        fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
            C::serialize(self.0, serializer)
        }
    }

    encode(&By(value, std::marker::PhantomData::<C>))
}

macro_rules! stored_operands {
    ($($operand:ident: $value:ty;)*) => {$(
        #[diagnostic::do_not_recommend]
        impl<T, C: Codec<T>> $operand<Stored<T, C>> for $value {
            fn encode(self) -> Result<Bson> {
                encode_stored::<T, C>(std::borrow::Borrow::borrow(&self))
            }
        }
    )*};
}

stored_operands! {
    Operand: T;
    Operand: &T;
    Comparand: T;
    Comparand: &T;
}
