//! Updates of what a query matches.

use bson::Document as BsonDocument;

use super::Query;
use crate::codec;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::field::UpdateOf;
use crate::request::{Find, UpdateBatch, UpdateOutcome, UpdateStatement};
use crate::update::Update;

/// An update of what a query matches; [`run`](UpdateQuery::run) does it.
#[derive(Debug)]
#[must_use = "an update does nothing until it is run"]
pub struct UpdateQuery<D> {
    query: Query<D>,
    update: Update,
    multi: bool,
    upsert: bool,
    array_filters: Vec<BsonDocument>,
}

impl<D> Clone for UpdateQuery<D> {
    fn clone(&self) -> Self {
        UpdateQuery {
            query: self.query.clone(),
            update: self.update.clone(),
            array_filters: self.array_filters.clone(),
            ..*self
        }
    }
}

impl<D: Document, T> Query<D, T> {
    pub(super) fn into_update(self, update: UpdateOf<D>) -> UpdateQuery<D> {
        let array_filters = update.array_filters().to_vec();
        match update.into_update() {
            Ok(update) => self.with_update(update, array_filters, true),
            Err(error) => self.with_error(error).with_update(Update::empty(), array_filters, true),
        }
    }

    /// A change of every match, as a document or pipeline in MongoDB's update language.
    pub fn update_raw(self, update: impl Into<Update>) -> UpdateQuery<D> {
        self.with_update(update.into(), Vec::new(), true)
    }

    /// A new document in the place of the first match; its `_id` stays.
    pub fn replace(self, replacement: &D) -> UpdateQuery<D> {
        match codec::encode(replacement, D::schema().model) {
            Ok(doc) => self.with_update(Update::Replacement(doc), Vec::new(), false),
            Err(error) => self.with_error(error).with_update(Update::empty(), Vec::new(), false),
        }
    }

    fn with_update(
        self,
        update: Update,
        array_filters: Vec<BsonDocument>,
        multi: bool,
    ) -> UpdateQuery<D> {
        let Query { find, error, all_documents, .. } = self;
        let query = Query { find, error, all_documents, types: std::marker::PhantomData };
        UpdateQuery { query, update, multi, upsert: false, array_filters }
    }
}

impl<D: Document> UpdateQuery<D> {
    /// Changes only the first match that is found.
    pub fn one(mut self) -> Self {
        self.multi = false;
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

    /// The statement that the update would send.
    ///
    /// # Errors
    ///
    /// What was wrong while the query was built.
    pub fn to_request(&self) -> Result<UpdateStatement> {
        self.clone().into_statement()
    }

    fn into_statement(self) -> Result<UpdateStatement> {
        self.query.check()?;
        self.query.check_unbounded("update")?;
        let Find { filter, collation, hint, .. } = *self.query.find;
        Ok(UpdateStatement {
            filter,
            update: self.update,
            multi: self.multi,
            upsert: self.upsert,
            array_filters: self.array_filters,
            collation,
            hint,
        })
    }

    /// The statement, if it may be sent.
    pub(crate) fn into_bulk_statement(self) -> Result<UpdateStatement> {
        self.check()?;
        self.query.check_in_bulk()?;
        self.into_statement()
    }

    fn check(&self) -> Result<()> {
        if self.multi {
            self.query.check_write("update")?;
        }
        self.query.check_unordered("update")
    }

    /// Does it.
    ///
    /// # Errors
    ///
    /// What was wrong while the query was built, or what the backend refused. [`Error::Config`]
    /// without a filter, unless [`Query::all_documents`] says that it is meant or it changes only
    /// one document, or with a sort, skip or limit.
    pub async fn run(self, on: &(impl Executor + ?Sized)) -> Result<UpdateOutcome> {
        self.check()?;
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        let Find { let_vars, max_time, comment, .. } = &*self.query.find;
        let (let_vars, max_time) = (let_vars.clone(), *max_time);
        let comment = comment.clone();
        let statements = vec![self.into_statement()?];
        let batch = UpdateBatch { let_vars, max_time, comment, ..UpdateBatch::new(statements) };
        target.execute(&ns, batch).await
    }

    /// [`run`](UpdateQuery::run), which must match something.
    ///
    /// # Errors
    ///
    /// As [`run`](UpdateQuery::run); [`Error::NotFound`] if nothing matched and nothing was upserted.
    pub async fn run_or_err(self, on: &(impl Executor + ?Sized)) -> Result<UpdateOutcome> {
        let filter = self.query.find.filter.clone();
        let outcome = self.run(on).await?;
        if outcome.matched == 0 && outcome.upserted.is_empty() {
            return Err(Error::NotFound {
                model: D::schema().model.to_owned(),
                filter: filter.to_document().to_string(),
            });
        }
        Ok(outcome)
    }
}
