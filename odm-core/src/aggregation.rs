//! Typed aggregation: pipelines whose stages are built on the fields of what flows through them.

mod accumulator;
mod assign;
mod expression;
mod group;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use bson::{Bson, doc};
use serde::de::DeserializeOwned;

use crate::backend::Cursor;
use crate::codec;
use crate::collation::Collation;
use crate::document::{Document, Embedded};
use crate::error::{Error, Result};
use crate::executor::Executor;
use crate::field::{AsField, Field, FieldType, FilterOf, SortOf};
use crate::filter::Filter;
use crate::index::Hint;
use crate::pipeline::{Pipeline, Stage};
use crate::query::TypedCursor;
use crate::raw_doc::RawDoc;
use crate::request::{Aggregate, Find};

pub use accumulator::{Accumulator, Accumulators, avg, count, first, last, max, min, push, sum};
pub use assign::{Accumulates, Assignments, Computes, Term};
pub use expression::{ExprOf, IntoExpr, literal};
pub use group::{Groups, Key, Keys, by, everything};

/// What [`Aggregation::group`] makes: pairs of key and accumulated values.
pub type GroupedBy<S, K, A> = Aggregation<
    Groups<<K as Keys<S>>::Key, <A as Accumulators<S>>::Row>,
    Groups<<K as Keys<S>>::Key, <A as Accumulators<S>>::Row>,
    (<K as Keys<S>>::Key, <A as Accumulators<S>>::Output),
>;

/// How the documents that come out become values.
type Decode<T> = fn(&RawDoc, &str) -> Result<T>;

/// A pipeline on the collection of a model. What flows through it has the typed fields `F` of a shape
/// `S`, the model at first; what comes out is decoded as `T`.
///
/// Building it does nothing; [`all`](Aggregation::all), [`first`](Aggregation::first), … run it. What
/// was wrong while it was built is reported then.
///
/// ```no_run
/// # use odm_core::{Database, Document, Result};
/// # use odm_core::bson::oid::ObjectId;
/// # use serde::{Deserialize, Serialize};
/// use odm_core::aggregation::{by, count, sum};
///
/// #[derive(Debug, Serialize, Deserialize, Document)]
/// struct Order {
///     #[serde(rename = "_id")]
///     id: ObjectId,
///     status: String,
///     total: f64,
/// }
///
/// # async fn f(db: Database) -> Result<()> {
/// let by_status: Vec<(String, (i64, f64))> = Order::aggregate()
///     .match_(|o| o.total().gt(0.0))
///     .group(|o| by(o.status()), |o| (count(), sum(o.total())))
///     .sort(|g| g.value::<1>().desc())
///     .all(&db)
///     .await?;
/// # Ok(()) }
/// ```
#[must_use = "a pipeline does nothing until it is run"]
pub struct Aggregation<S, F, T = S> {
    collection: &'static str,
    model: &'static str,
    /// Boxed, since it is large and each method of a builder moves it.
    request: Box<Aggregate>,
    error: Option<Error>,
    fields: fn() -> F,
    decode: Decode<T>,
    shape: PhantomData<fn() -> S>,
}

impl<S, F, T> Clone for Aggregation<S, F, T> {
    fn clone(&self) -> Self {
        Aggregation {
            collection: self.collection,
            model: self.model,
            request: self.request.clone(),
            error: self.error.clone(),
            fields: self.fields,
            decode: self.decode,
            shape: PhantomData,
        }
    }
}

impl<S, F, T> fmt::Debug for Aggregation<S, F, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Aggregation")
            .field("collection", &self.collection)
            .field("request", &self.request)
            .field("error", &self.error)
            .finish_non_exhaustive()
    }
}

/// The fields of an embedded struct, as the whole of what flows through a pipeline.
fn fields_of<S: Embedded>() -> S::Path<S, S> {
    S::path(Field::<S, S>::root())
}

impl<D: Document> Aggregation<D, D::Fields> {
    pub(crate) fn new() -> Self {
        Aggregation {
            collection: D::COLLECTION,
            model: D::schema().model,
            request: Box::default(),
            error: None,
            fields: D::fields,
            decode: codec::decode,
            shape: PhantomData,
        }
    }
}

impl<D: Document, T: DeserializeOwned> Aggregation<D, D::Fields, T> {
    /// A query as the first stages: what it matches, in its order, its part, then what it leaves of each.
    pub(crate) fn of_query(find: Result<Find>) -> Self {
        let mut pipeline = Aggregation::<D, D::Fields>::new().hands_out::<T>();
        let find = match find {
            Ok(find) => find,
            Err(error) => return pipeline.with_error(error),
        };
        let only_of_find = [
            ("min", find.min.is_some()),
            ("max", find.max.is_some()),
            ("return_key", find.return_key),
            ("show_record_id", find.show_record_id),
            ("tailable", find.tailable),
        ];
        if let Some((option, _)) = only_of_find.iter().find(|(_, is_set)| *is_set) {
            return pipeline.with_error(Error::Config(format!("aggregate takes no {option}")));
        }
        let limit = (find.limit > 0).then_some(find.limit);
        let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
        let stages = [
            (!find.filter.is_empty()).then(|| Stage::match_(find.filter)),
            (!find.sort.is_empty()).then(|| Stage::sort(find.sort)),
            (find.skip > 0).then(|| Stage::skip(whole(find.skip))),
            limit.map(|limit| Stage::limit(whole(limit))),
            find.projection.map(Stage::project),
        ];
        pipeline.request.pipeline = Pipeline(stages.into_iter().flatten().collect());
        pipeline.request.collation = find.collation;
        pipeline.request.hint = find.hint;
        pipeline.request.batch_size = find.batch_size;
        pipeline.request.max_time = find.max_time;
        pipeline.request.comment = find.comment;
        pipeline.request.let_vars = find.let_vars;
        pipeline.request.allow_disk_use = find.allow_disk_use;
        pipeline
    }
}

impl<S, F, T> Aggregation<S, F, T> {
    /// Adds a stage of any kind. The fields stay what they are: see
    /// [`reshape`](Aggregation::reshape) where it changes them.
    pub fn stage(mut self, stage: Stage) -> Self {
        self.request.pipeline.0.push(stage);
        self
    }

    /// Adds a stage by its document: `doc! { "$sample": { "size": 3 } }`.
    pub fn raw(self, stage: &bson::Document) -> Self {
        match Stage::parse(stage) {
            Ok(stage) => self.stage(stage),
            Err(error) => self.with_error(error),
        }
    }

    /// `$match`: only what matches.
    pub fn match_(self, filter: impl FnOnce(F) -> FilterOf<S>) -> Self {
        let filter = filter((self.fields)()).into_filter();
        self.try_stage(filter.map(Stage::match_))
    }

    /// `$match` by a filter that was built without types.
    pub fn match_raw(self, filter: impl Into<Filter>) -> Self {
        self.stage(Stage::match_(filter))
    }

    /// `$sort`: in this order.
    pub fn sort(self, sort: impl FnOnce(F) -> SortOf<S>) -> Self {
        let sort = sort((self.fields)()).into_sort();
        self.try_stage(sort.map(Stage::sort))
    }

    /// `$skip`: passes over the first `n`.
    pub fn skip(self, n: u64) -> Self {
        self.stage(Stage::skip(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// `$limit`: at most `n`.
    pub fn limit(self, n: u64) -> Self {
        self.stage(Stage::limit(i64::try_from(n).unwrap_or(i64::MAX)))
    }

    /// `$sample`: `n` of them, at random.
    pub fn sample(self, n: u64) -> Self {
        let size = i64::try_from(n).unwrap_or(i64::MAX);
        self.stage(Stage::new("$sample", doc! { "size": size }))
    }

    /// `$unwind`: one document for each element of an array; those without elements are left out.
    ///
    /// The array's path then stands for the element.
    pub fn unwind<P: AsField<Document = S>>(self, field: impl FnOnce(F) -> P) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| Stage::new("$unwind", format!("${path}"))))
    }

    /// `$unwind` that keeps documents without elements, and may say which element it was.
    pub fn unwind_with<P: AsField<Document = S>>(
        self,
        field: impl FnOnce(F) -> P,
        options: UnwindOptions,
    ) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| {
            let mut spec = doc! { "path": format!("${path}") };
            if let Some(name) = options.include_array_index {
                spec.insert("includeArrayIndex", name);
            }
            spec.insert("preserveNullAndEmptyArrays", options.preserve_null_and_empty_arrays);
            Stage::new("$unwind", spec)
        }))
    }

    /// `$addFields`: sets fields by expressions: `.set(|o| o.total().is(o.price().times(o.quantity())))`.
    pub fn set(self, fields: impl FnOnce(F) -> Assignments<S, S, Computes>) -> Self {
        let fields = fields((self.fields)()).into_document();
        self.try_stage(fields.map(|fields| Stage::new("$addFields", fields)))
    }

    /// `$unset`: removes a field.
    pub fn unset<P: AsField<Document = S>>(self, field: impl FnOnce(F) -> P) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| Stage::new("$unset", path.to_string())))
    }

    /// `$project` into another shape, whose fields are computed from these:
    /// `.project(|o, line: LinePath<_, _>| line.amount().is(o.total()))`.
    pub fn project<U: Embedded + DeserializeOwned>(
        self,
        fields: impl FnOnce(F, U::Path<U, U>) -> Assignments<S, U, Computes>,
    ) -> Aggregation<U, U::Path<U, U>, U> {
        let fields = fields((self.fields)(), fields_of::<U>()).into_document();
        let stage = fields.map(|mut fields| {
            // Only what is named: `_id` stays unless it is said.
            if !fields.contains_key("_id") {
                fields.insert("_id", 0);
            }
            Stage::new("$project", fields)
        });
        self.try_stage(stage).reshape()
    }

    /// `$group` by a key, or several: what comes out are pairs of key and accumulated values.
    pub fn group<K: Keys<S>, A: Accumulators<S>>(
        self,
        key: impl FnOnce(F) -> Key<S, K>,
        accumulators: impl FnOnce(F) -> A,
    ) -> GroupedBy<S, K, A> {
        let spec = group::spec(key((self.fields)()), accumulators((self.fields)()));
        let this = self.try_stage(spec.map(|spec| Stage::new("$group", spec)));
        this.with(Groups::new, group::decode::<S, K, A>)
    }

    /// `$group` into another shape: its `_id` is the key, its other fields are accumulated.
    pub fn group_into<U: Embedded + DeserializeOwned, K: Keys<S>>(
        self,
        key: impl FnOnce(F) -> Key<S, K>,
        fields: impl FnOnce(F, U::Path<U, U>) -> Assignments<S, U, Accumulates>,
    ) -> Aggregation<U, U::Path<U, U>, U> {
        let key = key((self.fields)()).into_bson();
        let fields = fields((self.fields)(), fields_of::<U>()).into_document();
        let stage = key.and_then(|key| {
            let mut spec = doc! { "_id": key };
            spec.extend(fields?);
            Ok(Stage::new("$group", spec))
        });
        self.try_stage(stage).reshape()
    }

    /// `$lookup`: puts the documents of another collection whose field equals one of these into an array.
    pub fn lookup<D, L, R, A>(
        self,
        local: impl FnOnce(&F) -> L,
        foreign: impl FnOnce(D::Fields) -> R,
        into: impl FnOnce(&F) -> A,
    ) -> Self
    where
        D: Document,
        L: AsField<Document = S>,
        R: AsField<Document = D>,
        A: AsField<Document = S>,
    {
        let fields = (self.fields)();
        let local = local(&fields).as_field().checked_path();
        let foreign = foreign(D::fields()).as_field().checked_path();
        let into = into(&fields).as_field().checked_path();
        let stage = (|| {
            let spec = doc! {
                "from": D::COLLECTION,
                "localField": local?.to_string(),
                "foreignField": foreign?.to_string(),
                "as": into?.to_string(),
            };
            Ok(Stage::new("$lookup", spec))
        })();
        self.try_stage(stage)
    }

    /// `$count`: how many there are. No documents give none, not 0.
    pub fn count_documents(self) -> Aggregation<Counted, Field<Counted, i64>, i64> {
        fn fields() -> Field<Counted, i64> {
            Field::<Counted, Counted>::root().join("n")
        }
        fn decode(doc: &RawDoc, model: &str) -> Result<i64> {
            codec::decode::<CountedRow>(doc, model).map(|row| row.n)
        }
        self.stage(Stage::new("$count", "n")).with(fields, decode)
    }

    /// Says what flows through from here on, after stages that were added without types.
    pub fn reshape<U: Embedded + DeserializeOwned>(self) -> Aggregation<U, U::Path<U, U>, U> {
        self.with(fields_of::<U>, codec::decode)
    }

    /// Hands out each document as `U`: a struct, or `bson::Document`.
    pub fn hands_out<U: DeserializeOwned>(self) -> Aggregation<S, F, U> {
        let fields = self.fields;
        self.with(fields, codec::decode)
    }

    fn with<S2, F2, T2>(self, fields: fn() -> F2, decode: Decode<T2>) -> Aggregation<S2, F2, T2> {
        Aggregation {
            collection: self.collection,
            model: self.model,
            request: self.request,
            error: self.error,
            fields,
            decode,
            shape: PhantomData,
        }
    }

    fn try_stage(self, stage: Result<Stage>) -> Self {
        match stage {
            Ok(stage) => self.stage(stage),
            Err(error) => self.with_error(error),
        }
    }

    fn with_error(mut self, error: Error) -> Self {
        self.error.get_or_insert(error);
        self
    }

    /// Lets stages that hold much use the disk, or forbids it.
    pub fn allow_disk_use(mut self, allow: bool) -> Self {
        self.request.allow_disk_use = Some(allow);
        self
    }

    /// Fetches this many documents at a time.
    pub fn batch_size(mut self, n: u32) -> Self {
        self.request.batch_size = Some(n);
        self
    }

    /// Lets the server work at most this long (`maxTimeMS`).
    pub fn max_time(mut self, limit: Duration) -> Self {
        self.request.max_time = Some(limit);
        self
    }

    /// Compares strings by the rules of a locale.
    pub fn collation(mut self, collation: Collation) -> Self {
        self.request.collation = Some(collation);
        self
    }

    /// Uses this index: its name, or its keys.
    pub fn hint(mut self, hint: impl Into<Hint>) -> Self {
        self.request.hint = Some(hint.into());
        self
    }

    /// Defines variables, for expressions that name them: `$$name`.
    pub fn let_vars(mut self, vars: bson::Document) -> Self {
        self.request.let_vars = Some(vars);
        self
    }

    /// Leaves a note in the server's logs and profiles.
    pub fn comment(mut self, comment: impl Into<Bson>) -> Self {
        self.request.comment = Some(comment.into());
        self
    }

    /// Lets `$out` and `$merge` pass by the validator.
    pub fn bypass_document_validation(mut self) -> Self {
        self.request.bypass_document_validation = true;
        self
    }

    /// The request that would be sent.
    ///
    /// # Errors
    ///
    /// What was wrong while the pipeline was built.
    pub fn to_request(&self) -> Result<Aggregate> {
        match &self.error {
            None => Ok((*self.request).clone()),
            Some(error) => Err(error.clone()),
        }
    }

    /// How the backend would run the pipeline: the reply of its `explain` command.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn explain(self, on: &(impl Executor + ?Sized)) -> Result<bson::Document> {
        let request = self.to_request()?;
        let target = on.target();
        let command = request.to_command(&target.namespace(self.collection));
        let explain = doc! { "explain": command, "verbosity": "executionStats" };
        target.database.run_command(explain).await
    }

    /// Runs a pipeline that ends in `$out` or `$merge`, or whose results do not matter.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn run(self, on: &(impl Executor + ?Sized)) -> Result<()> {
        let mut cursor = self.into_cursor(on).await?;
        while cursor.next_batch().await?.is_some() {}
        Ok(())
    }

    /// The documents undecoded.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn into_cursor(self, on: &(impl Executor + ?Sized)) -> Result<Cursor> {
        if let Some(error) = self.error {
            return Err(error);
        }
        let target = on.target();
        let ns = target.namespace(self.collection);
        target.execute(&ns, *self.request).await
    }

    /// All that comes out.
    ///
    /// # Errors
    ///
    /// What was wrong while the pipeline was built, or what the backend refused; [`Error::Decode`]
    /// if a document does not fit the type.
    pub async fn all(self, on: &(impl Executor + ?Sized)) -> Result<Vec<T>> {
        let (model, decode) = (self.model, self.decode);
        let mut cursor = self.into_cursor(on).await?;
        let mut all = Vec::with_capacity(cursor.batch_len());
        while let Some(batch) = cursor.next_batch().await? {
            all.reserve(batch.len());
            for doc in &batch {
                all.push(decode(doc, model)?);
            }
        }
        Ok(all)
    }

    /// The first that comes out, if any.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all).
    pub async fn first(self, on: &(impl Executor + ?Sized)) -> Result<Option<T>> {
        let (model, decode) = (self.model, self.decode);
        let found = self.limit(1).into_cursor(on).await?.next().await?;
        found.map(|doc| decode(&doc, model)).transpose()
    }

    /// What comes out one by one, fetched in batches.
    ///
    /// # Errors
    ///
    /// As [`all`](Aggregation::all); later batches' errors come through the stream.
    pub async fn stream(self, on: &(impl Executor + ?Sized)) -> Result<TypedCursor<T>> {
        let (model, decode) = (self.model, self.decode);
        Ok(TypedCursor::new(self.into_cursor(on).await?, model, decode))
    }
}

impl<D: Document> Aggregation<D, D::Fields> {
    /// Accumulates over all documents: the values, or what they are of nothing.
    pub(crate) async fn accumulate<A: Accumulators<D>>(
        self,
        accumulators: impl FnOnce(D::Fields) -> A,
        on: &(impl Executor + ?Sized),
    ) -> Result<A::Output> {
        let accumulators = accumulators(D::fields());
        let of_nothing = accumulators.of_nothing();
        let found = self.group(|_| everything(), |_| accumulators).first(on).await?;
        match found {
            Some(((), values)) => Ok(values),
            None => group::decode_values::<D, A>(of_nothing),
        }
    }
}

/// What [`Aggregation::unwind_with`] does beside unwinding.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct UnwindOptions {
    /// The field that says which element it was.
    pub include_array_index: Option<String>,
    /// Whether documents without elements stay.
    pub preserve_null_and_empty_arrays: bool,
}

/// The shape of a `$count`'s result.
#[derive(Debug, Clone, Copy)]
pub struct Counted;

#[derive(serde::Deserialize)]
struct CountedRow {
    n: i64,
}

impl<D: FieldType, S> Field<S, D> {
    /// This field is set by an expression, or accumulated: for [`Aggregation::set`],
    /// [`project`](Aggregation::project) and [`group_into`](Aggregation::group_into).
    pub fn is<B, V>(&self, value: V) -> Assignments<B, S, V::Kind>
    where
        V: Term<B>,
        V::Type: crate::operand::Operand<D>,
    {
        assign::assign(self, value)
    }
}
