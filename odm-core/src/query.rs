//! Queries: lazy, cloneable, run on an [`Executor`].

mod find_and_modify;
mod lookup;
mod update;

use std::fmt;
use std::marker::PhantomData;
use std::ops::Range;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use bson::{Bson, doc};
use futures_core::Stream;
use serde::de::DeserializeOwned;

use crate::aggregation::{Accumulators, Aggregation};
use crate::backend::Cursor;
use crate::codec;
use crate::collation::Collation;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::field::{AsField, FilterOf, SortOf, UpdateOf};
use crate::filter::{Filter, Predicate};
use crate::index::Hint;
use crate::namespace::FieldPath;
use crate::projection::Projection;
use crate::raw_doc::RawDoc;
use crate::request::{Count, DeleteBatch, DeleteOutcome, DeleteStatement, Distinct, Find};
use crate::sort::{Sort, SortOrder};

pub use find_and_modify::{FindAndUpdate, ReturnDocument};
pub use update::UpdateQuery;

/// A query on the collection of `D` that gives each match as a `T`: `D` itself, unless projected.
///
/// Building it does nothing; [`all`](Query::all), [`first`](Query::first), [`count`](Query::count), … run it.
/// An operand that has no BSON form, or a malformed document, is reported when the query runs.
///
/// ```no_run
/// # use odm_core::{Database, Document, Result};
/// # use odm_core::bson::oid::ObjectId;
/// # use serde::{Deserialize, Serialize};
/// #[derive(Debug, Serialize, Deserialize, Document)]
/// struct User {
///     #[serde(rename = "_id")]
///     id: ObjectId,
///     name: String,
///     age: i32,
/// }
///
/// # async fn f(db: Database) -> Result<()> {
/// let adults: Vec<User> =
///     User::find().filter(|u| u.age().gte(18)).sort(|u| u.name().asc()).limit(10).all(&db).await?;
/// # Ok(()) }
/// ```
pub struct Query<D, T = D> {
    /// Boxed, since it is large and each method of a builder moves it.
    find: Box<Find>,
    error: Option<Error>,
    all_documents: bool,
    types: PhantomData<fn() -> (D, T)>,
}

impl<D, T> Clone for Query<D, T> {
    fn clone(&self) -> Self {
        Query {
            find: self.find.clone(),
            error: self.error.clone(),
            all_documents: self.all_documents,
            types: PhantomData,
        }
    }
}

impl<D, T> fmt::Debug for Query<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Query").field("find", &self.find).field("error", &self.error).finish()
    }
}

impl<D: Document> Query<D> {
    pub(crate) fn new() -> Self {
        Query { find: Box::default(), error: None, all_documents: false, types: PhantomData }
    }

    pub(crate) fn by_id(id: &D::Id) -> Self {
        let mut query = Query::new();
        match codec::encode_id(id, format_args!("the _id of {}", D::schema().model)) {
            Ok(id) => {
                query.find.filter = Filter::Field(FieldPath::from_static("_id"), Predicate::Eq(id))
            }
            Err(error) => query.error = Some(error),
        }
        query
    }
}

impl<D: Document, T> Query<D, T> {
    /// Only documents that match: `.filter(|u| u.age().gte(18) & u.active().eq(true))`. Several add up.
    #[must_use]
    pub fn filter(self, filter: impl FnOnce(D::Fields) -> FilterOf<D>) -> Self {
        match filter(D::fields()).into_filter() {
            Ok(filter) => self.and(filter),
            Err(error) => self.with_error(error),
        }
    }

    /// Only documents that match this filter document, in MongoDB's query language.
    #[must_use]
    pub fn raw(self, filter: bson::Document) -> Self {
        self.and(Filter::Raw(filter))
    }

    /// Only documents that match this filter.
    #[must_use]
    pub fn and(mut self, filter: impl Into<Filter>) -> Self {
        self.find.filter = std::mem::take(&mut self.find.filter).and(filter);
        self
    }

    /// In this order: `.sort(|u| u.name().asc().then(u.age().desc()))`. Replaces an earlier one.
    #[must_use]
    pub fn sort(mut self, sort: impl FnOnce(D::Fields) -> SortOf<D>) -> Self {
        match sort(D::fields()).into_sort() {
            Ok(sort) => self.find.sort = sort,
            Err(error) => return self.with_error(error),
        }
        self
    }

    /// In the order of this sort document: `doc! { "name": 1, "age": -1 }`.
    #[must_use]
    pub fn sort_raw(mut self, sort: &bson::Document) -> Self {
        match Sort::parse(sort) {
            Ok(sort) => self.find.sort = sort,
            Err(error) => return self.with_error(error),
        }
        self
    }

    /// Passes over the first `n` matches.
    #[must_use]
    pub fn skip(mut self, n: u64) -> Self {
        self.find.skip = n;
        self
    }

    /// At most `n` documents; 0 for all.
    #[must_use]
    pub fn limit(mut self, n: u64) -> Self {
        self.find.limit = n;
        self
    }

    /// The matches with these positions: `.range(20..30)` is the third page of ten.
    #[must_use]
    pub fn range(mut self, range: Range<u64>) -> Self {
        if range.end <= range.start {
            return self.with_error(Error::Config(format!("empty range {range:?}")));
        }
        self.find.skip = range.start;
        self.find.limit = range.end - range.start;
        self
    }

    /// Uses this index: its name, or its keys.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.find.hint = Some(hint.into());
        self
    }

    /// Compares strings by the rules of a locale.
    #[must_use]
    pub fn collation(mut self, collation: Collation) -> Self {
        self.find.collation = Some(collation);
        self
    }

    /// Fetches this many documents at a time.
    #[must_use]
    pub fn batch_size(mut self, n: u32) -> Self {
        self.find.batch_size = Some(n);
        self
    }

    /// Lets the server work at most this long (`maxTimeMS`).
    #[must_use]
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.find.max_time = Some(limit);
        self
    }

    /// Leaves a note in the server's logs and profiles.
    #[must_use]
    pub fn comment(mut self, comment: impl Into<Bson>) -> Self {
        self.find.comment = Some(comment.into());
        self
    }

    /// Lets the server sort on disk, or forbids it.
    #[must_use]
    pub fn allow_disk_use(mut self, allow: bool) -> Self {
        self.find.allow_disk_use = Some(allow);
        self
    }

    /// Defines variables for `$expr`.
    #[must_use]
    pub fn let_vars(mut self, vars: bson::Document) -> Self {
        self.find.let_vars = Some(vars);
        self
    }

    /// Starts at these values of the index that [`hint`](Query::hint) names: `doc! { "age": 18 }`.
    #[must_use]
    pub fn min(mut self, bound: bson::Document) -> Self {
        self.find.min = Some(bound);
        self
    }

    /// Ends before these values of the index that [`hint`](Query::hint) names.
    #[must_use]
    pub fn max(mut self, bound: bson::Document) -> Self {
        self.find.max = Some(bound);
        self
    }

    /// Closes the cursor after its first batch.
    #[must_use]
    pub fn single_batch(mut self) -> Self {
        self.find.single_batch = true;
        self
    }

    /// Lets the cursor outlive its idle time.
    #[must_use]
    pub fn no_cursor_timeout(mut self) -> Self {
        self.find.no_cursor_timeout = true;
        self
    }

    /// Takes what is there if a shard is missing.
    #[must_use]
    pub fn allow_partial_results(mut self) -> Self {
        self.find.allow_partial_results = true;
        self
    }

    /// Hands out only the keys of the index that is used, as `U`.
    #[must_use]
    pub fn return_key<U: DeserializeOwned>(mut self) -> Query<D, U> {
        self.find.return_key = true;
        self.hands_out()
    }

    /// Adds `$recordId`, the place of each document in its collection, and hands both out as `U`.
    #[must_use]
    pub fn show_record_id<U: DeserializeOwned>(mut self) -> Query<D, U> {
        self.find.show_record_id = true;
        self.hands_out()
    }

    /// Says that an [`update`](Query::update) or [`delete`](Query::delete) without a filter is meant.
    #[must_use]
    pub fn all_documents(mut self) -> Self {
        self.all_documents = true;
        self
    }

    /// Hands out only what the projection leaves, as another type.
    #[must_use]
    pub fn project<U: DeserializeOwned>(
        mut self,
        projection: impl Into<Projection>,
    ) -> Query<D, U> {
        self.find.projection = Some(projection.into());
        self.hands_out()
    }

    fn hands_out<U>(self) -> Query<D, U> {
        Query {
            find: self.find,
            error: self.error,
            all_documents: self.all_documents,
            types: PhantomData,
        }
    }

    /// The request that the query would send.
    ///
    /// # Errors
    ///
    /// What was wrong while the query was built.
    pub fn to_request(&self) -> Result<Find> {
        self.check().map(|()| (*self.find).clone())
    }

    pub(crate) fn as_filter(&self) -> &Filter {
        &self.find.filter
    }

    pub(crate) fn with_error(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }

    fn check(&self) -> Result<()> {
        self.error.clone().map_or(Ok(()), Err)
    }

    /// For writes: nothing was wrong, and a missing filter is meant.
    fn check_write(&self, operation: &str) -> Result<()> {
        self.check()?;
        if self.find.filter.is_empty() && !self.all_documents {
            return Err(Error::Config(format!(
                "{operation} of every `{}` needs `.all_documents()` on the query",
                D::schema().model
            )));
        }
        Ok(())
    }

    pub(crate) fn not_found(filter: &Filter) -> Error {
        Error::NotFound {
            model: D::schema().model.to_owned(),
            filter: filter.to_document().to_string(),
        }
    }

    async fn run(self, on: &(impl Executor + ?Sized)) -> Result<Cursor> {
        self.check()?;
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        target.execute(&ns, *self.find).await
    }

    /// How many documents match, after `skip` and up to `limit`.
    ///
    /// # Errors
    ///
    /// What was wrong while the query was built, or what the backend refused; [`Error::Config`]
    /// with `min` or `max`.
    pub async fn count(self, on: &(impl Executor + ?Sized)) -> Result<u64> {
        self.check()?;
        self.check_unbounded("count")?;
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        let Find { filter, skip, limit, collation, hint, max_time, comment, .. } = *self.find;
        let estimated = false;
        target
            .execute(
                &ns,
                Count { filter, skip, limit, estimated, collation, hint, max_time, comment },
            )
            .await
    }

    /// Whether any document matches.
    ///
    /// # Errors
    ///
    /// As [`count`](Query::count).
    pub async fn exists(mut self, on: &(impl Executor + ?Sized)) -> Result<bool> {
        self.find.limit = 1;
        self.find.sort = Sort::default();
        self.find.projection = Some(Projection::include(["_id"]));
        Ok(self.run(on).await?.next().await?.is_some())
    }

    /// The different values of a field among the matches; elements one by one if it is an array.
    ///
    /// Sort, skip and limit have no effect.
    ///
    /// # Errors
    ///
    /// As [`count`](Query::count); [`Error::Config`] also with a hint; [`Error::Decode`] if a value
    /// is no `V`.
    pub async fn distinct<V, P>(
        self,
        field: impl FnOnce(D::Fields) -> P,
        on: &(impl Executor + ?Sized),
    ) -> Result<Vec<V>>
    where
        V: DeserializeOwned,
        P: AsField<Document = D>,
    {
        self.check()?;
        self.check_unbounded("distinct")?;
        if self.find.hint.is_some() {
            return Err(Error::Config("distinct takes no hint".to_owned()));
        }
        let key = field(D::fields()).as_field().checked_path()?;
        let what = format!("{}.{key}", D::schema().model);
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        let Find { filter, collation, max_time, comment, .. } = *self.find;
        let values =
            target.execute(&ns, Distinct { key, filter, collation, max_time, comment }).await?;
        codec::decode_values(values, &what)
    }

    /// How the backend would run the query: the reply of its `explain` command.
    ///
    /// # Errors
    ///
    /// As [`count`](Query::count).
    pub async fn explain(self, on: &(impl Executor + ?Sized)) -> Result<bson::Document> {
        self.check()?;
        let target = on.target();
        let command = self.find.to_command(&target.namespace(D::COLLECTION));
        let explain = doc! { "explain": command, "verbosity": "executionStats" };
        target.database.run_command(explain).await
    }

    /// A change of every match (or, by [`UpdateQuery::one`], the first).
    pub fn update(self, update: impl FnOnce(D::Fields) -> UpdateOf<D>) -> UpdateQuery<D> {
        let update = update(D::fields());
        self.into_update(update)
    }

    /// Deletes every match.
    ///
    /// # Errors
    ///
    /// As [`count`](Query::count); [`Error::Config`] without a filter, unless
    /// [`all_documents`](Query::all_documents) says that it is meant, or with skip or limit.
    pub async fn delete(self, on: &(impl Executor + ?Sized)) -> Result<DeleteOutcome> {
        self.run_delete(true, on).await
    }

    /// Deletes the first match that is found.
    ///
    /// # Errors
    ///
    /// As [`delete`](Query::delete).
    pub async fn delete_one(self, on: &(impl Executor + ?Sized)) -> Result<DeleteOutcome> {
        self.run_delete(false, on).await
    }

    /// A write of a bulk shares these with the others.
    pub(crate) fn check_in_bulk(&self) -> Result<()> {
        let Find { let_vars: None, max_time: None, comment: None, .. } = &*self.find else {
            return Err(Error::Config(
                "in a bulk, `let_vars` and `comment` are the bulk's; it has no `max_time`"
                    .to_owned(),
            ));
        };
        Ok(())
    }

    pub(crate) fn into_delete_statement(self, multi: bool) -> Result<DeleteStatement> {
        self.check_write("delete")?;
        self.check_unordered("delete")?;
        let Find { filter, collation, hint, .. } = *self.find;
        Ok(DeleteStatement { filter, multi, collation, hint })
    }

    async fn run_delete(self, multi: bool, on: &(impl Executor + ?Sized)) -> Result<DeleteOutcome> {
        let Find { let_vars, max_time, comment, .. } = &*self.find;
        let (let_vars, max_time, comment) = (let_vars.clone(), *max_time, comment.clone());
        let statements = vec![self.into_delete_statement(multi)?];
        let target = on.target();
        let ns = target.namespace(D::COLLECTION);
        target
            .execute(&ns, DeleteBatch { statements, ordered: true, let_vars, max_time, comment })
            .await
    }

    /// Only the server's `find` has bounds: without them, an operation would see more than was meant.
    fn check_unbounded(&self, operation: &str) -> Result<()> {
        if self.find.min.is_none() && self.find.max.is_none() {
            return Ok(());
        }
        Err(Error::Config(format!("{operation} takes no min or max; say it by the filter")))
    }

    /// The server's `update` and `delete` know no order: refuse rather than forget it.
    fn check_unordered(&self, operation: &str) -> Result<()> {
        self.check_unbounded(operation)?;
        let Find { sort, skip, limit, .. } = &*self.find;
        if sort.is_empty() && *skip == 0 && *limit == 0 {
            return Ok(());
        }
        Err(Error::Config(format!(
            "{operation} takes no sort, skip or limit; use find_and_update or find_and_delete for \
             the first match of an order"
        )))
    }
}

impl<D: Document> Query<D> {
    /// Accumulates over the matches: `.aggregate_one(|o| (count(), sum(o.total())), &db)`. Without a match,
    /// sums and counts are 0, and all else is `None` or empty.
    ///
    /// # Errors
    ///
    /// As [`Aggregation::all`].
    pub async fn aggregate_one<A: Accumulators<D>>(
        self,
        accumulators: impl FnOnce(D::Fields) -> A,
        on: &(impl Executor + ?Sized),
    ) -> Result<A::Output> {
        self.aggregate().accumulate(accumulators, on).await
    }
}

impl<D: Document, T: DeserializeOwned> Query<D, T> {
    /// Every match.
    ///
    /// # Errors
    ///
    /// What was wrong while the query was built, or what the backend refused; [`Error::Decode`] if
    /// a document does not fit the type.
    pub async fn all(self, on: &(impl Executor + ?Sized)) -> Result<Vec<T>> {
        let mut cursor = self.run(on).await?;
        let model = D::schema().model;
        let mut all = Vec::with_capacity(cursor.batch_len());
        while let Some(batch) = cursor.next_batch().await? {
            all.reserve(batch.len());
            for doc in &batch {
                all.push(codec::decode(doc, model)?);
            }
        }
        Ok(all)
    }

    /// The first match, if any: in sort order or, without one, any.
    ///
    /// # Errors
    ///
    /// As [`all`](Query::all).
    pub async fn first(mut self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        self.find.limit = 1;
        self.find.single_batch = true;
        let found = self.run(on).await?.next().await?;
        found.map(|doc| codec::decode(&doc, D::schema().model)).transpose()
    }

    /// The last match, if any: the first of the reverse order; without a sort, by `_id`.
    ///
    /// # Errors
    ///
    /// As [`all`](Query::all); [`Error::Config`] with skip or limit.
    pub async fn last(mut self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        if self.find.skip != 0 || self.find.limit != 0 {
            return Err(Error::Config("`last` takes no skip or limit".to_owned()));
        }
        if self.find.sort.is_empty() {
            self.find.sort.keys.push((FieldPath::from_static("_id"), SortOrder::Ascending));
        }
        self.find.sort = std::mem::take(&mut self.find.sort).reverse();
        self.first(on).await
    }

    /// The first match.
    ///
    /// # Errors
    ///
    /// As [`all`](Query::all); [`Error::NotFound`] if there is none.
    pub async fn first_or_err(self, on: &(impl Executor + ?Sized)) -> Result<T> {
        let filter = self.find.filter.clone();
        self.first(on).await?.ok_or_else(|| Self::not_found(&filter))
    }

    /// The only match.
    ///
    /// # Errors
    ///
    /// As [`all`](Query::all); [`Error::NotFound`] if there is none, [`Error::MultipleFound`] if
    /// there are several.
    pub async fn one(mut self, on: &(impl Executor + ?Sized)) -> Result<T> {
        let filter = self.find.filter.clone();
        self.find.limit = 2;
        let mut found = self.run(on).await?.collect().await?.into_iter();
        match (found.next(), found.next()) {
            (Some(only), None) => codec::decode(&only, D::schema().model),
            (None, _) => Err(Self::not_found(&filter)),
            (Some(_), Some(_)) => Err(Error::MultipleFound {
                model: D::schema().model.to_owned(),
                filter: filter.to_document().to_string(),
            }),
        }
    }

    /// A pipeline that begins with the query: what it matches, in its order, its part, then what it leaves of each.
    pub fn aggregate(self) -> Aggregation<D, D::Fields, T> {
        Aggregation::of_query(self.to_request())
    }

    /// The matches one by one, fetched in batches.
    ///
    /// # Errors
    ///
    /// As [`all`](Query::all); later batches' errors come through the stream.
    pub async fn stream(self, on: &(impl Executor + ?Sized)) -> Result<TypedCursor<T>> {
        Ok(TypedCursor::new(self.run(on).await?, D::schema().model, codec::decode))
    }
}

/// Documents decoded one by one from a [`Cursor`]: a [`Stream`].
pub struct TypedCursor<T> {
    cursor: Cursor,
    model: &'static str,
    decode: fn(&RawDoc, &str) -> Result<T>,
}

impl<T> TypedCursor<T> {
    pub(crate) fn new(
        cursor: Cursor,
        model: &'static str,
        decode: fn(&RawDoc, &str) -> Result<T>,
    ) -> Self {
        TypedCursor { cursor, model, decode }
    }

    /// The next document, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Fetching failed (the cursor is at its end then), or [`Error::Decode`] (it is not).
    pub async fn next(&mut self) -> Result<Option<T>> {
        self.cursor.next().await?.map(|doc| self.decode(&doc)).transpose()
    }

    /// The documents undecoded.
    #[must_use]
    pub fn into_raw(self) -> Cursor {
        self.cursor
    }

    fn decode(&self, doc: &RawDoc) -> Result<T> {
        (self.decode)(doc, self.model)
    }
}

impl<T> Stream for TypedCursor<T> {
    type Item = Result<T>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let next = std::task::ready!(Pin::new(&mut self.cursor).poll_next(cx));
        Poll::Ready(next.map(|doc| doc.and_then(|doc| self.decode(&doc))))
    }
}

impl<T> fmt::Debug for TypedCursor<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("TypedCursor")
            .field("model", &self.model)
            .field("cursor", &self.cursor)
            .finish()
    }
}
