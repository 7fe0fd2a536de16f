//! Typed aggregation: pipelines whose stages are built on the fields of what flows through them.

mod accumulator;
mod assign;
mod expression;
mod group;
mod operator;
mod stage;
mod view;
mod window;

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

pub use accumulator::{
    Accumulator, Accumulators, add_to_set, avg, bottom, bottom_n, count, first, first_n, last,
    last_n, max, max_n, merge_all, min, min_n, push, std_dev_pop, std_dev_samp, sum, top, top_n,
};
pub use assign::Facets;
pub use assign::{Accumulates, Assignments, Computes, Term};
pub use expression::{ExprOf, IntoExpr, Redaction, descend, keep, literal, prune};
pub use group::{BucketRange, Groups, Key, Keys, by, everything};
pub use operator::{Branches, DateUnit, Promote, if_, merge_objects, object, switch};
pub use stage::{
    DensifyBounds, DensifyStep, FillBy, GraphLookupOptions, Merge, UnwindOptions, WhenMatched,
    WhenNotMatched,
};
pub use window::{
    Bound, Partition, Window, WindowFunction, Windows, covariance_pop, covariance_samp, dense_rank,
    derivative, document_number, exp_moving_avg, integral, linear_fill, locf, rank, shift,
};

/// What [`Aggregation::group`] makes: pairs of key and accumulated values.
pub type GroupedBy<S, K, A> = Aggregation<
    Groups<<K as Keys<S>>::Key, <A as Accumulators<S>>::Row>,
    Groups<<K as Keys<S>>::Key, <A as Accumulators<S>>::Row>,
    (<K as Keys<S>>::Key, <A as Accumulators<S>>::Output),
>;

/// What the buckets of an aggregation are: pairs of key and accumulated values.
pub type BucketsOf<S, A, K> = Aggregation<
    Groups<K, <A as Accumulators<S>>::Row>,
    Groups<K, <A as Accumulators<S>>::Row>,
    (K, <A as Accumulators<S>>::Output),
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

    /// `$lookup` with a pipeline: puts what comes out of it, for each document, into an array. Its expressions see
    /// this document's values as the variables of `vars`: `$$name`.
    pub fn lookup_pipeline<D, S2, F2, T2, A>(
        self,
        vars: impl FnOnce(&F) -> Vec<(&'static str, ExprOf<S, Bson>)>,
        pipeline: impl FnOnce(Aggregation<D, D::Fields>) -> Aggregation<S2, F2, T2>,
        into: impl FnOnce(&F) -> A,
    ) -> Self
    where
        D: Document,
        A: AsField<Document = S>,
    {
        let fields = (self.fields)();
        let (vars, into) = (vars(&fields), into(&fields).as_field().checked_path());
        let stage = (|| {
            let mut bound = bson::Document::new();
            for (name, value) in vars {
                bound.insert(name, value.into_bson()?);
            }
            let pipeline = pipeline(Aggregation::new()).to_request()?.pipeline;
            Ok(Stage::new(
                "$lookup",
                doc! {
                    "from": D::COLLECTION,
                    "let": bound,
                    "pipeline": pipeline.to_array(),
                    "as": into?.to_string(),
                },
            ))
        })();
        self.try_stage(stage)
    }

    /// `$graphLookup`: the documents of a collection that can be reached from `start`: those whose `connect_to`
    /// equals it, then those whose `connect_to` equals the `connect_from` of these, ….
    pub fn graph_lookup<D, E, L, R, A>(
        self,
        start: impl FnOnce(&F) -> E,
        connect: impl FnOnce(D::Fields) -> (L, R),
        into: impl FnOnce(&F) -> A,
        options: GraphLookupOptions,
    ) -> Self
    where
        D: Document,
        E: IntoExpr<S>,
        L: AsField<Document = D>,
        R: AsField<Document = D>,
        A: AsField<Document = S>,
    {
        let fields = (self.fields)();
        let start = start(&fields).into_expr().into_bson();
        let into = into(&fields).as_field().checked_path();
        let (from, to) = connect(D::fields());
        let stage = (|| {
            let mut spec = doc! {
                "from": D::COLLECTION,
                "startWith": start?,
                "connectFromField": from.as_field().checked_path()?.to_string(),
                "connectToField": to.as_field().checked_path()?.to_string(),
                "as": into?.to_string(),
            };
            let GraphLookupOptions { max_depth, depth_field, restrict } = options;
            spec.extend(max_depth.map(|depth| ("maxDepth".to_owned(), i64::from(depth).into())));
            spec.extend(depth_field.map(|field| ("depthField".to_owned(), field.into())));
            spec.extend(
                restrict.map(|filter| ("restrictSearchWithMatch".to_owned(), filter.into())),
            );
            Ok(Stage::new("$graphLookup", spec))
        })();
        self.try_stage(stage)
    }

    /// `$unionWith`: followed by what comes out of a pipeline on another collection.
    pub fn union_with<D: Document, S2, F2>(
        self,
        pipeline: impl FnOnce(Aggregation<D, D::Fields>) -> Aggregation<S2, F2, T>,
    ) -> Self {
        let pipeline = pipeline(Aggregation::new()).to_request();
        self.try_stage(pipeline.map(|request| {
            let pipeline = request.pipeline.to_array();
            Stage::new("$unionWith", doc! { "coll": D::COLLECTION, "pipeline": pipeline })
        }))
    }

    /// `$facet`: several pipelines on the same documents, each into an array of one document:
    /// `.facet(|start, report: ReportPath<_, _>| report.cheap().of(start.clone().limit(3)) & …)`.
    pub fn facet<U: Embedded + DeserializeOwned>(
        self,
        facets: impl FnOnce(Aggregation<S, F, T>, U::Path<U, U>) -> Assignments<(), U, Facets>,
    ) -> Aggregation<U, U::Path<U, U>, U> {
        let start = Aggregation { request: Box::default(), error: None, ..self.clone() };
        let facets = facets(start, fields_of::<U>()).into_document();
        self.try_stage(facets.map(|facets| Stage::new("$facet", facets))).reshape()
    }

    /// `$bucket`: groups by ranges of a value. What is outside them goes into the bucket `default`, or fails.
    pub fn bucket<E, A>(
        self,
        by: impl FnOnce(F) -> E,
        boundaries: impl IntoIterator<Item: Into<Bson>>,
        default: Option<Bson>,
        accumulators: impl FnOnce(F) -> A,
    ) -> BucketsOf<S, A, Bson>
    where
        E: IntoExpr<S>,
        A: Accumulators<S>,
    {
        let by = by((self.fields)()).into_expr().into_bson();
        let output = accumulators((self.fields)()).into_document();
        let boundaries: Vec<Bson> = boundaries.into_iter().map(Into::into).collect();
        let stage = (|| {
            let mut spec = doc! { "groupBy": by?, "boundaries": boundaries };
            spec.extend(default.map(|default| ("default".to_owned(), default)));
            spec.insert("output", output?);
            Ok(Stage::new("$bucket", spec))
        })();
        self.try_stage(stage).with(Groups::new, group::decode_bucket::<S, Bson, A>)
    }

    /// `$bucketAuto`: groups by so many ranges of a value that hold about as many documents each.
    pub fn bucket_auto<E, A>(
        self,
        by: impl FnOnce(F) -> E,
        buckets: u32,
        accumulators: impl FnOnce(F) -> A,
    ) -> BucketsOf<S, A, BucketRange<E::Type>>
    where
        E: IntoExpr<S, Type: DeserializeOwned>,
        A: Accumulators<S>,
    {
        let by = by((self.fields)()).into_expr().into_bson();
        let output = accumulators((self.fields)()).into_document();
        let stage = (|| {
            let buckets = i64::from(buckets);
            let spec = doc! { "groupBy": by?, "buckets": buckets, "output": output? };
            Ok(Stage::new("$bucketAuto", spec))
        })();
        self.try_stage(stage).with(Groups::new, group::decode_bucket::<S, BucketRange<E::Type>, A>)
    }

    /// `$sortByCount`: groups by a value, the largest groups first.
    pub fn sort_by_count<E>(
        self,
        by: impl FnOnce(F) -> E,
    ) -> BucketsOf<S, Accumulator<S, i64>, E::Type>
    where
        E: IntoExpr<S, Type: DeserializeOwned>,
    {
        // As the server writes it out, so that the counts have the name that other groups' values have.
        let by = by((self.fields)()).into_expr().into_bson();
        let group = by.map(|by| Stage::new("$group", doc! { "_id": by, "v0": { "$sum": 1 } }));
        let this = self.try_stage(group).stage(Stage::new("$sort", doc! { "v0": -1 }));
        this.with(Groups::new, group::decode_bucket::<S, E::Type, Accumulator<S, i64>>)
    }

    /// `$replaceRoot`: a part of each document takes its place.
    pub fn replace_root<E, U>(self, by: impl FnOnce(F) -> E) -> Aggregation<U, U::Path<U, U>, U>
    where
        E: IntoExpr<S, Type: FieldType<Value = U>>,
        U: Embedded + DeserializeOwned,
    {
        let root = by((self.fields)()).into_expr().into_bson();
        self.try_stage(root.map(|root| Stage::new("$replaceRoot", doc! { "newRoot": root })))
            .reshape()
    }

    /// `$redact`: an expression says what becomes of each level of the documents: [`descend`], [`prune`] or [`keep`].
    pub fn redact<E: IntoExpr<S, Type = Redaction>>(self, by: impl FnOnce(F) -> E) -> Self {
        let decision = by((self.fields)()).into_expr().into_bson();
        self.try_stage(decision.map(|decision| Stage::new("$redact", decision)))
    }

    /// `$setWindowFields`: sets fields by functions over the documents around each.
    pub fn set_window_fields(
        self,
        partition: impl FnOnce(F) -> Partition<S>,
        output: impl FnOnce(F) -> Assignments<S, S, Windows>,
    ) -> Self {
        let partition = partition((self.fields)()).into_document();
        let output = output((self.fields)()).into_document();
        let stage = partition.and_then(|mut spec| {
            spec.insert("output", output?);
            Ok(Stage::new("$setWindowFields", spec))
        });
        self.try_stage(stage)
    }

    /// `$densify`: adds documents where values of a field are missing between others.
    pub fn densify<P: AsField<Document = S>>(
        self,
        field: impl FnOnce(F) -> P,
        partition_by: &[&str],
        step: &DensifyStep,
    ) -> Self {
        let path = field((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| {
            let mut spec = doc! { "field": path.to_string() };
            if !partition_by.is_empty() {
                spec.insert("partitionByFields", partition_by);
            }
            spec.insert("range", step.to_document());
            Stage::new("$densify", spec)
        }))
    }

    /// `$fill`: sets values that are null or missing.
    pub fn fill<P: AsField<Document = S>>(
        self,
        partition: impl FnOnce(F) -> Partition<S>,
        field: impl FnOnce(F) -> P,
        by: &FillBy,
    ) -> Self {
        let partition = partition((self.fields)()).into_document();
        let path = field((self.fields)()).as_field().checked_path();
        let stage = (|| {
            let mut spec = partition?;
            spec.insert("output", doc! { path?.to_string(): by.to_document() });
            Ok(Stage::new("$fill", spec))
        })();
        self.try_stage(stage)
    }

    /// `$merge`: puts the results into a collection. The last stage: see [`run`](Aggregation::run).
    pub fn merge(self, merge: &Merge) -> Self {
        self.stage(Stage::new("$merge", merge.to_document()))
    }

    /// `$out`: the results become a collection of the same database. The last stage: see
    /// [`run`](Aggregation::run).
    pub fn out(self, collection: impl Into<String>) -> Self {
        self.stage(Stage::new("$out", collection.into()))
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

impl<U, X: FieldType> Field<U, Vec<X>> {
    /// This array holds what comes out of a pipeline: for [`Aggregation::facet`].
    pub fn of<S, F>(&self, pipeline: Aggregation<S, F, X>) -> Assignments<(), U, Facets> {
        let pipeline = pipeline.to_request().map(|request| request.pipeline.to_array().into());
        assign::assign_result(self, pipeline)
    }
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
