//! Typed fields: paths that know the Rust type of what is there.

mod array;
mod filter;
mod geo;
mod marker;
mod sort;
mod text;
mod top_level;
mod types;
mod update;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Deref;
use std::sync::Arc;

use bson::Document;

pub use array::PushOptions;
pub use filter::FilterOf;
pub(crate) use filter::elem_match;
pub use geo::GeoNear;
pub use marker::{ArrayOf, Bits, Geometry, Integer, Numeric, Ordered, Temporal, Text};
pub use sort::SortOf;
pub(crate) use text::{literal, regex};
pub use update::UpdateOf;

use crate::error::{Error, Result};
use crate::namespace::FieldPath;
use crate::schema::TypeSchema;

/// A Rust type that can be a field of a document.
///
/// Implemented for the scalars of Rust and BSON, for `Option`, `Box`, arrays, sets and
/// string-keyed maps of these, and by `#[derive(Embedded)]` for your own structs, enums and
/// newtypes.
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be a field of a document",
    label = "not known as a field type",
    note = "if `{Self}` is your own type, add `#[derive(odm_core::Embedded)]` to it",
    note = "if it is another crate's, mark the field `#[odm(opaque)]`: it is stored as serde writes it"
)]
pub trait FieldType: 'static {
    /// The path of a field of this type in documents `D`, where the field is declared as `F`:
    /// this type, or an `Option`, an array, … of it.
    type Path<D, F>;
    /// The path of an array of this type. Differs from `Path` for arrays only: MongoDB's paths do
    /// not lead through arrays that lie directly in arrays.
    type InArray<D, F>;
    /// The type without `Option`, `Box` and newtypes around it.
    type Value: ?Sized;
    /// The same, also without arrays: what filters compare with.
    type Leaf: ?Sized;

    /// Makes the path.
    fn path<D, F>(field: Field<D, F>) -> Self::Path<D, F>;

    /// Makes the path of an array of this type.
    fn in_array<D, F>(field: Field<D, F>) -> Self::InArray<D, F>;

    /// What is stored.
    fn type_schema() -> TypeSchema;

    /// A fresh value to be an `_id`, where the type has one: see
    /// [`DocumentId::generate`](crate::DocumentId::generate).
    #[must_use]
    fn generate_id() -> Option<Self>
    where
        Self: Sized,
    {
        None
    }
}

/// The path of a field of type `T` in documents `D`, and the operators that such a field has.
///
/// Cheap to clone. A path is asked for what it can do: filters (`eq`, `gte`, `exists`, …) give a
/// [`FilterOf<D>`], updates (`set`, `inc`, `push`, …) an [`UpdateOf<D>`], and `asc` and `desc` a
/// [`SortOf<D>`].
pub struct Field<D, T> {
    path: FieldPath,
    extra: Option<Arc<Extra>>,
    types: PhantomData<fn() -> (D, T)>,
}

/// What few paths have.
#[derive(Clone, Default)]
struct Extra {
    /// Why no operation can be built on the path.
    refused: Option<Error>,
    /// What the identifiers in the path stand for.
    array_filters: Vec<Document>,
}

impl<D, T> Field<D, T> {
    /// The field at `path`, taken to be of type `T`.
    #[must_use]
    pub fn new(path: FieldPath) -> Self {
        Field { path, extra: None, types: PhantomData }
    }

    /// The document itself (or the element, where the documents are elements of an array).
    #[must_use]
    pub(crate) fn root() -> Self {
        Field::new(FieldPath::from_static(""))
    }

    /// The stored path, to look at: operations use [`checked_path`](Self::checked_path).
    #[must_use]
    pub fn path(&self) -> &FieldPath {
        &self.path
    }

    /// The field `name` of the sub-document here.
    #[must_use]
    pub fn join<U>(&self, name: &'static str) -> Field<D, U> {
        Field { path: self.path.join(name), extra: self.extra.clone(), types: PhantomData }
    }

    /// A component of a path that is known only at run time.
    fn join_str<U>(&self, name: &str) -> Field<D, U> {
        Field { path: self.path.join_str(name), extra: self.extra.clone(), types: PhantomData }
    }

    /// The same path, of a field declared as `U`.
    #[must_use]
    pub fn cast<U>(self) -> Field<D, U> {
        Field { path: self.path, extra: self.extra, types: PhantomData }
    }

    /// The stored path, to be used in an operation.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if it leads through a map key that a path cannot hold.
    pub fn checked_path(&self) -> Result<FieldPath> {
        match self.extra.as_ref().and_then(|extra| extra.refused.as_ref()) {
            None => Ok(self.path.clone()),
            Some(error) => Err(error.clone()),
        }
    }

    /// What the identifiers in the path stand for.
    fn array_filters(&self) -> &[Document] {
        self.extra.as_ref().map_or(&[], |extra| &extra.array_filters)
    }

    fn extra_mut(&mut self) -> &mut Extra {
        Arc::make_mut(self.extra.get_or_insert_default())
    }

    fn refuse(&mut self, error: Error) {
        self.extra_mut().refused.get_or_insert(error);
    }
}

impl<D, T> Clone for Field<D, T> {
    fn clone(&self) -> Self {
        Field { path: self.path.clone(), extra: self.extra.clone(), types: PhantomData }
    }
}

impl<D, T> fmt::Debug for Field<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Field").field(&self.path.as_str()).finish()
    }
}

impl<D, T> fmt::Display for Field<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.path.fmt(f)
    }
}

/// A typed path of any shape: of a scalar, of a map, of an embedded struct.
pub trait AsField {
    /// The documents that it is a path in.
    type Document;
    /// The Rust type of the field.
    type Type;

    /// The path with its operators.
    fn as_field(&self) -> &Field<Self::Document, Self::Type>;
}

impl<D, T> AsField for Field<D, T> {
    type Document = D;
    type Type = T;

    fn as_field(&self) -> &Field<D, T> {
        self
    }
}

impl<F: AsField> AsField for &F {
    type Document = F::Document;
    type Type = F::Type;

    fn as_field(&self) -> &Field<Self::Document, Self::Type> {
        (**self).as_field()
    }
}

/// The path of a map (or of a value of any shape) with string keys: a [`Field`], and the paths of its values.
pub struct MapField<D, F, V> {
    field: Field<D, F>,
    values: PhantomData<fn() -> V>,
}

impl<D, F, V: FieldType> MapField<D, F, V> {
    pub(crate) fn new(field: Field<D, F>) -> Self {
        MapField { field, values: PhantomData }
    }

    /// The value at `key`.
    ///
    /// A key that a path cannot hold (empty, with a dot, or starting with a dollar sign) is
    /// reported when the query runs.
    #[must_use]
    pub fn key(&self, key: &str) -> V::Path<D, V> {
        let mut field = self.field.join_str(key);
        if !is_one_component(key) {
            field.refuse(Error::Config(format!(
                "the key {key:?} of the map `{}` cannot be part of a path",
                self.field.path
            )));
        }
        V::path(field)
    }
}

/// Whether `key` in a path means itself and nothing else.
fn is_one_component(key: &str) -> bool {
    !key.is_empty() && !key.starts_with('$') && !key.contains(['.', '\0'])
}

impl<D, F, V> Deref for MapField<D, F, V> {
    type Target = Field<D, F>;

    fn deref(&self) -> &Field<D, F> {
        &self.field
    }
}

impl<D, F, V> AsField for MapField<D, F, V> {
    type Document = D;
    type Type = F;

    fn as_field(&self) -> &Field<D, F> {
        &self.field
    }
}

impl<D, F, V> Clone for MapField<D, F, V> {
    fn clone(&self) -> Self {
        MapField { field: self.field.clone(), values: PhantomData }
    }
}

impl<D, F, V> fmt::Debug for MapField<D, F, V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.field.fmt(f)
    }
}

/// The type of a `#[serde(flatten)]`ed field: its own fields are its parent's, and it has no path
/// and no operators itself.
#[derive(Debug)]
pub enum Flattened {}

/// How the values of one field are stored, where that is not by `T`'s own `Serialize`.
pub trait Codec<T>: 'static {
    /// Writes the value as it is stored.
    ///
    /// # Errors
    ///
    /// The serializer's.
    fn serialize<S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error>;
}

/// The type of a field whose values `C` writes: one with `#[serde(with = "…")]`, or
/// `#[odm(opaque)]`.
#[derive(Debug)]
pub struct Stored<T, C>(PhantomData<fn() -> (T, C)>);

/// Writes a value as its own `Serialize` does: what `#[odm(opaque)]` fields use.
#[derive(Debug)]
pub enum AsIs {}

impl<T: serde::Serialize> Codec<T> for AsIs {
    fn serialize<S: serde::Serializer>(value: &T, serializer: S) -> Result<S::Ok, S::Error> {
        value.serialize(serializer)
    }
}

/// The stored path of a key of a declared index.
#[doc(hidden)]
pub fn path_of(field: &impl AsField) -> FieldPath {
    field.as_field().path().clone()
}
