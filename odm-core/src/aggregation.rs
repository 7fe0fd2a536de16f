//! Typed aggregation: pipelines whose stages are built on the fields of what flows through them.
//!
//! A pipeline begins with [`Document::aggregate`], [`Query::aggregate`](crate::Query::aggregate)
//! or [`documents`], and goes on by the methods of [`Aggregation`], which are MongoDB's stages by name. Their closures
//! are given the fields of the documents that flow there, so a misspelt field or a sum of texts does not compile:
//!
//! | what | made by |
//! |---|---|
//! | expressions | a field, a constant ([`literal`]), the methods of [`ExprOf`] and Rust's operators: `o.price().expr() * o.quantity()` |
//! | accumulators | [`count`], [`sum`], [`avg`], [`top_n`], …, in `$group` and in windows |
//! | window functions | [`rank`], [`shift`], …, and accumulators [`over`](Accumulator::over) a [`Window`] |
//! | new shapes | a struct with `#[derive(Embedded)]`, whose fields become: `line.amount().is(o.total())`, joined by `&` |
//!
//! What comes out is decoded: documents of a shape into its struct, groups into `(key, value)` or `(key, (value, …))`, any
//! stage by [`hands_out`](Aggregation::hands_out) into `bson::Document` or another type. [`raw`](Aggregation::raw) adds a
//! stage as a document, [`ExprOf::new`] an expression, [`Accumulator::new`] an accumulator.
//!
//! ```no_run
//! # use odm_core::{Database, Document, Embedded, Result};
//! # use odm_core::bson::DateTime;
//! # use serde::{Deserialize, Serialize};
//! use odm_core::aggregation::{DateUnit, Partition, Window, avg, by, count, from, max, sum};
//! use odm_core::aggregation::Bound::{Current, Offset};
//!
//! #[derive(Debug, Serialize, Deserialize, Document)]
//! struct Order {
//!     #[serde(rename = "_id")]
//!     id: i64,
//!     customer: i64,
//!     at: DateTime,
//!     lines: Vec<Line>,
//! }
//!
//! #[derive(Debug, Serialize, Deserialize, Embedded)]
//! struct Line {
//!     article: String,
//!     price: f64,
//! }
//!
//! #[derive(Debug, Serialize, Deserialize, Document)]
//! struct Customer {
//!     #[serde(rename = "_id")]
//!     id: i64,
//!     name: String,
//! }
//!
//! /// What a month brought, in the shape of a group: its key is `_id`.
//! #[derive(Debug, Serialize, Deserialize, Embedded)]
//! struct Month {
//!     #[serde(rename = "_id")]
//!     start: DateTime,
//!     orders: i64,
//!     turnover: f64,
//!     /// The mean of this month and the two before.
//!     trend: Option<f64>,
//! }
//!
//! # async fn f(db: Database) -> Result<()> {
//! // Once an array is unwound, its path stands for the element.
//! let months: Vec<Month> = Order::aggregate()
//!     .unwind(|o| o.lines())
//!     .group_into::<Month, _>(
//!         |o| by(o.at().expr().date_trunc(DateUnit::Month, 1, None)),
//!         |o, month| month.orders().is(count()) & month.turnover().is(sum(o.lines().price())),
//!     )
//!     .set_window_fields(
//!         |month| Partition::whole().sort(month.start().asc()),
//!         |month| {
//!             let quarter = Window::documents(Offset(-2), Current);
//!             month.trend().is(avg(month.turnover()).over(&quarter))
//!         },
//!     )
//!     .all(&db)
//!     .await?;
//!
//! /// An order, and a field that it does not have yet.
//! #[derive(Debug, Serialize, Deserialize, Embedded)]
//! struct WithCustomer {
//!     customer: i64,
//!     #[odm(opaque)]
//!     customers: Vec<Customer>,
//! }
//!
//! let joined: Vec<WithCustomer> = Order::aggregate()
//!     .reshape::<WithCustomer>()
//!     .lookup(from::<Customer>(), |o| o.customer(), |c| c.id(), |o| o.customers())
//!     .all(&db)
//!     .await?;
//!
//! // Over all that match, in one line.
//! let (orders, latest) = Order::find()
//!     .filter(|o| o.customer().eq(7_i64))
//!     .aggregate_one(|o| (count(), max(o.at())), &db)
//!     .await?;
//! # Ok(()) }
//! ```
//!
//! # Errors
//!
//! Building a pipeline does nothing and fails never; what was wrong with it (a constant without a BSON form, a map key that
//! no path can hold) is reported by the method that runs it, as are the server's refusals, with its codes. A document that
//! does not fit the type is [`Error::Decode`], with the type's name, the path, and what was found there.

mod accumulator;
mod assign;
mod expression;
mod group;
pub mod meta;
mod operator;
mod options;
mod query;
mod run;
mod scope;
mod stages;
mod view;
mod window;

use std::fmt;
use std::marker::PhantomData;

use serde::de::DeserializeOwned;

use crate::codec;
use crate::document::Document;
use crate::error::{Error, Result};
use crate::field::{Field, FieldType};
use crate::pipeline::Stage;
use crate::raw_doc::RawDoc;
use crate::request::Aggregate;

pub use accumulator::{
    Accumulator, Accumulators, add_to_set, avg, bottom, bottom_n, count, first, first_n, last,
    last_n, max, max_n, merge_all, min, min_n, push, std_dev_pop, std_dev_samp, sum, top, top_n,
};
pub use assign::{Accumulates, Assignments, Computes, Facets, Fills, Term};
pub use expression::{
    ExprOf, IntoExpr, Redaction, cluster_time, descend, keep, literal, now, prune, remove, root,
    variable,
};
pub use group::{BucketRange, Groups, Key, Keys, Nth, by, everything};
pub use operator::{
    Branches, DateParts, DateUnit, Promote, array, date_from_iso_parts, date_from_parts, if_,
    merge_objects, object, rand, switch,
};
pub use scope::{Bindings, Variable};
pub use stages::{
    CollStats, Counted, DensifyBounds, DensifyStep, Foreign, GeoNearOptions, GraphLookupOptions,
    Holds, JoinsWith, Merge, UnwindOptions, WhenMatched, WhenNotMatched, documents, from,
};
pub use window::{
    Bound, Partition, Window, WindowFunction, Windows, covariance_pop, covariance_samp, dense_rank,
    derivative, document_number, exp_moving_avg, exp_moving_avg_alpha, integral, linear_fill, locf,
    rank, shift, shift_or,
};

/// A pipeline of documents of one shape, decoded as that.
pub type Shaped<U> = Aggregation<U, <U as FieldType>::Path<U, U>, U>;

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
    /// The collection; empty for a pipeline that begins with documents of its own.
    collection: &'static str,
    /// What errors of decoding name.
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

/// The fields of a shape, as the whole of what flows through a pipeline.
fn fields_of<S: FieldType>() -> S::Path<S, S> {
    S::path(Field::<S, S>::root())
}

/// The name of a type, without its path.
fn name_of<T>() -> &'static str {
    let name = std::any::type_name::<T>();
    if name.contains(['<', '(', '[']) { name } else { name.rsplit("::").next().unwrap_or(name) }
}

impl<D: Document> Aggregation<D, D::Fields> {
    pub(crate) fn new() -> Self {
        Aggregation::on(D::COLLECTION, D::schema().model, D::fields)
    }
}

impl<S: DeserializeOwned, F> Aggregation<S, F> {
    fn on(collection: &'static str, model: &'static str, fields: fn() -> F) -> Self {
        Aggregation {
            collection,
            model,
            request: Box::default(),
            error: None,
            fields,
            decode: codec::decode,
            shape: PhantomData,
        }
    }
}

impl<S, F, T> Aggregation<S, F, T> {
    /// Adds a stage of any kind. The fields stay what they are: see
    /// [`reshape`](Aggregation::reshape) where it changes them.
    pub fn stage(mut self, stage: Stage) -> Self {
        self.request.pipeline.0.push(stage);
        self
    }

    /// Adds a stage by its document: `doc! { "$sample": { "size": 3 } }`. The fields stay what they are: see
    /// [`reshape`](Aggregation::reshape) where it changes them.
    ///
    /// A document that has not one field, whose name begins with `$`, is reported when the pipeline runs: 40323, 40324.
    pub fn raw(self, stage: &bson::Document) -> Self {
        self.try_stage(Stage::parse(stage))
    }

    /// Says what flows through from here on: after stages that were added without types, or before one that sets a
    /// field which `S` does not have. Adds no stage.
    ///
    /// `reshape::<bson::Document>()` is for documents of any shape: `|d| d.key("count").gt(5)`.
    pub fn reshape<U: FieldType + DeserializeOwned>(self) -> Shaped<U> {
        Aggregation { model: name_of::<U>(), ..self.with(fields_of::<U>, codec::decode) }
    }

    /// Says that what flows through from here on is a model: as [`reshape`](Aggregation::reshape) does for embedded
    /// structs. Adds no stage.
    pub fn reshape_to_model<D: Document>(self) -> Aggregation<D, D::Fields> {
        Aggregation { model: D::schema().model, ..self.with(D::fields, codec::decode) }
    }

    /// Hands out each document as `U`: a struct, or `bson::Document`. Adds no stage, and the fields stay what they are.
    pub fn hands_out<U: DeserializeOwned>(self) -> Aggregation<S, F, U> {
        let fields = self.fields;
        Aggregation { model: name_of::<U>(), ..self.with(fields, codec::decode) }
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
}
