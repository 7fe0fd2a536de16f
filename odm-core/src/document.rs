//! Documents: Rust types that are stored in a collection.

use std::fmt::Debug;
use std::future::Future;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aggregation::Aggregation;
use crate::crud;
use crate::error::Result;
use crate::executor::Executor;
use crate::field::{FieldType, UpdateOf};
use crate::query::{Query, UpdateQuery};
use crate::request::CreateIndexesOutcome;
use crate::schema::Schema;

/// A Rust type whose values are the documents of a collection.
///
/// Made by `#[derive(Document)]`, which reads serde's attributes too: the names that serde writes
/// are the names that filters, updates, sorts and indexes use.
///
/// ```
/// use odm_core::bson::oid::ObjectId;
/// use odm_core::Document;
/// use serde::{Deserialize, Serialize};
///
/// #[derive(Serialize, Deserialize, Document)]
/// #[odm(collection = "users", index(keys("last_name", "-age")))]
/// #[serde(rename_all = "camelCase")]
/// struct User {
///     #[serde(rename = "_id")]
///     #[odm(id)]
///     id: ObjectId,
///     #[odm(unique)]
///     email: String,
///     last_name: String,
///     age: i32,
/// }
///
/// let u = User::f();
/// let grown_up = u.age().gte(18) & u.email().ends_with("@example.com");
/// ```
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

    /// A query of all documents, to be narrowed.
    #[must_use]
    fn find() -> Query<Self> {
        Query::new()
    }

    /// A pipeline on all documents.
    fn aggregate() -> Aggregation<Self, Self::Fields> {
        Aggregation::new()
    }

    /// A query of the document with this `_id`.
    #[must_use]
    fn find_by_id(id: &Self::Id) -> Query<Self> {
        Query::by_id(id)
    }

    /// The document with this `_id`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) if there is none; otherwise as [`Query::all`].
    fn get<E: Executor + ?Sized>(
        id: Self::Id,
        on: &E,
    ) -> impl Future<Output = Result<Self>> + Send {
        crud::get(id, on)
    }

    /// Inserts the document; gives its `_id`, which is made first if it is not set.
    ///
    /// # Errors
    ///
    /// A duplicate key (11000) if a unique index refuses it, ….
    fn insert<E: Executor + ?Sized>(
        &mut self,
        on: &E,
    ) -> impl Future<Output = Result<Self::Id>> + Send {
        crud::insert(self, on)
    }

    /// Inserts documents in order, until one fails; gives their `_id`s.
    ///
    /// # Errors
    ///
    /// [`Error::Write`](crate::Error::Write) with the failure's position and what had succeeded.
    fn insert_many<E: Executor + ?Sized>(
        docs: &mut [Self],
        on: &E,
    ) -> impl Future<Output = Result<Vec<Self::Id>>> + Send {
        crud::insert_many(docs, on)
    }

    /// A change of the stored document with this one's `_id`; this value stays as it is.
    fn update(&self, update: impl FnOnce(Self::Fields) -> UpdateOf<Self>) -> UpdateQuery<Self> {
        crud::by_own_id(self).update(update).one()
    }

    /// Stores this value in the place of the document with its `_id`.
    ///
    /// # Errors
    ///
    /// [`Error::NotFound`](crate::Error::NotFound) if there is none; otherwise as [`Query::all`].
    fn replace<E: Executor + ?Sized>(&self, on: &E) -> impl Future<Output = Result<()>> + Send {
        crud::replace(self, on)
    }

    /// Deletes the document with this one's `_id`; gives whether it was there.
    ///
    /// # Errors
    ///
    /// As [`Query::all`].
    fn delete<E: Executor + ?Sized>(&self, on: &E) -> impl Future<Output = Result<bool>> + Send {
        crud::delete(self, on)
    }

    /// Creates the indexes that the type declares; those that are there already stay.
    ///
    /// # Errors
    ///
    /// `IndexOptionsConflict` (85) or `IndexKeySpecsConflict` (86) if another index stands in the
    /// way, `DuplicateKey` (11000) if the documents break a unique one.
    fn ensure_indexes<E: Executor + ?Sized>(
        on: &E,
    ) -> impl Future<Output = Result<CreateIndexesOutcome>> + Send {
        crud::ensure_indexes::<Self>(on)
    }

    /// How many documents there are, by the collection's metadata.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked.
    fn estimated_count<E: Executor + ?Sized>(on: &E) -> impl Future<Output = Result<u64>> + Send {
        crud::estimated_count::<Self>(on)
    }

    /// Drops the collection. One that does not exist is not an error.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked.
    fn drop_collection<E: Executor + ?Sized>(on: &E) -> impl Future<Output = Result<()>> + Send {
        crud::drop_collection::<Self>(on)
    }
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
