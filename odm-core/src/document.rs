//! Documents: Rust types that are stored in a collection.

use std::fmt::Debug;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::field::FieldType;
use crate::schema::Schema;

/// A Rust type whose values are the documents of a collection.
///
/// Made by `#[derive(Document)]`, which reads serde's attributes too: the names that serde writes
/// are the names that filters, updates, sorts and indexes use.
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a document: it has no collection",
    label = "not a document",
    note = "add `#[derive(odm_core::Document)]` to `{Self}`"
)]
pub trait Document: Serialize + DeserializeOwned + Send + Sync + Sized + 'static {
    /// The type of `_id`, without `Option`.
    type Id: DocumentId;
    /// The typed paths of the fields.
    type Fields;
    /// The name of the collection.
    const COLLECTION: &'static str;

    /// What is known about the type, as data.
    fn schema() -> &'static Schema;

    /// The typed paths of the fields: what closures such as that of `filter` are given.
    fn fields() -> Self::Fields;

    /// The short form of [`fields`](Document::fields).
    #[must_use]
    fn f() -> Self::Fields {
        Self::fields()
    }

    /// The `_id`; `None` only where it is an `Option` and not yet set.
    fn id(&self) -> Option<&Self::Id>;

    /// Sets the `_id`.
    fn set_id(&mut self, id: Self::Id);
}

/// What can be an `_id`.
///
/// Every type that can be a field can be an id, if it is `Clone` and `Debug`. (The server refuses
/// arrays and regular expressions.)
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be an `_id`",
    label = "not an id type",
    note = "an id is a scalar such as `ObjectId`, `Uuid`, `String` or `i64`, or a type with `#[derive(Clone, Debug, Serialize, Deserialize, Embedded)]`"
)]
pub trait DocumentId: Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static {
    /// A fresh id, for types that have one without asking anybody: `ObjectId`, `Uuid`, and
    /// newtypes of these. Others must be set before a document is inserted.
    #[must_use]
    fn generate() -> Option<Self> {
        None
    }
}

impl<T> DocumentId for T
where
    T: FieldType + Serialize + DeserializeOwned + Clone + Debug + Send + Sync + 'static,
{
    fn generate() -> Option<Self> {
        T::generate_id()
    }
}

/// A Rust struct that is stored inside documents, as a sub-document.
///
/// Made by `#[derive(Embedded)]`. (The same derive on an enum or a newtype makes a
/// [`FieldType`] only: these have no fields of their own.)
pub trait Embedded: FieldType {
    /// The typed paths of the fields, in documents `D`, where the struct is in a field of type `F`.
    type Fields<D, F>;

    /// What is known about the type, as data.
    fn schema() -> &'static Schema;
}
