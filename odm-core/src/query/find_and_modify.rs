//! Changing one document and handing it out, atomically.

use bson::Document as BsonDocument;
use serde::de::DeserializeOwned;

use super::Query;
use crate::codec;
use crate::document::Document;
use crate::error::Result;
use crate::executor::Executor;
use crate::field::UpdateOf;
use crate::filter::Filter;
use crate::request::{Find, FindAndModify, Modification};
use crate::update::Update;

/// Which version of the document to hand out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum ReturnDocument {
    /// As it was before the change.
    #[default]
    Before,
    /// As it is after the change.
    After,
}

/// A change of the first match that hands the document out; [`run`](FindAndUpdate::run) does it.
#[derive(Debug, Clone)]
#[must_use = "an update does nothing until it is run"]
pub struct FindAndUpdate<D, T = D> {
    query: Query<D, T>,
    update: Update,
    array_filters: Vec<BsonDocument>,
    upsert: bool,
    returning: ReturnDocument,
}

impl<D: Document, T: DeserializeOwned> Query<D, T> {
    /// A change of the first match, in sort order, that hands the document out.
    pub fn find_and_update(
        self,
        update: impl FnOnce(D::Fields) -> UpdateOf<D>,
    ) -> FindAndUpdate<D, T> {
        let update = update(D::fields());
        let array_filters = update.array_filters().to_vec();
        match update.into_update() {
            Ok(update) => FindAndUpdate { array_filters, ..self.find_and_update_raw(update) },
            Err(error) => self.with_error(error).find_and_update_raw(Update::empty()),
        }
    }

    /// [`find_and_update`](Query::find_and_update), with a document or pipeline in MongoDB's update language.
    pub fn find_and_update_raw(self, update: impl Into<Update>) -> FindAndUpdate<D, T> {
        FindAndUpdate {
            query: self,
            update: update.into(),
            array_filters: Vec::new(),
            upsert: false,
            returning: ReturnDocument::Before,
        }
    }

    /// A new document in the place of the first match, in sort order; hands the old one out.
    pub fn find_and_replace(self, replacement: &D) -> FindAndUpdate<D, T> {
        match codec::encode(replacement, D::schema().model) {
            Ok(doc) => self.find_and_update_raw(Update::Replacement(doc)),
            Err(error) => self.with_error(error).find_and_update_raw(Update::empty()),
        }
    }

    /// Deletes the first match, in sort order, and hands it out.
    ///
    /// # Errors
    ///
    /// As [`Query::all`].
    pub async fn find_and_delete(self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        self.find_and_modify(Modification::Remove, on).await
    }

    async fn find_and_modify(
        self,
        modification: Modification,
        on: &(impl Executor + ?Sized),
    ) -> Result<Option<T>> {
        self.check()?;
        self.check_unbounded("findAndModify")?;
        if self.find.skip != 0 || self.find.limit != 0 {
            return Err(crate::Error::Config(
                "findAndModify takes no skip or limit: it changes the first match".to_owned(),
            ));
        }
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        let Find { filter, sort, projection, collation, hint, let_vars, max_time, comment, .. } =
            *self.find;
        let request = FindAndModify {
            sort,
            modification,
            projection,
            collation,
            hint,
            let_vars,
            max_time,
            comment,
            ..FindAndModify::remove(Filter::all())
        };
        let outcome = target.execute(&ns, FindAndModify { filter, ..request }).await?;
        outcome.value.map(|doc| codec::decode(&doc, D::schema().model)).transpose()
    }
}

impl<D: Document, T: DeserializeOwned> FindAndUpdate<D, T> {
    /// Hands out this version of the document; [`ReturnDocument::Before`] unless told otherwise.
    pub fn returning(mut self, version: ReturnDocument) -> Self {
        self.returning = version;
        self
    }

    /// Inserts a document, made of the filter's equalities and the update, when nothing matches.
    pub fn upsert(mut self) -> Self {
        self.upsert = true;
        self
    }

    /// Says which array elements `$[identifier]` means: `doc! { "identifier.score": { "$gte": 10 } }`.
    pub fn array_filter(mut self, filter: BsonDocument) -> Self {
        self.array_filters.push(filter);
        self
    }

    /// Does it. `None` if nothing matched (or, before the change, if a document was upserted).
    ///
    /// # Errors
    ///
    /// As [`Query::all`].
    pub async fn run(self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        let modification = Modification::Update {
            update: self.update,
            array_filters: self.array_filters,
            upsert: self.upsert,
            return_new: self.returning == ReturnDocument::After,
        };
        self.query.find_and_modify(modification, on).await
    }
}
