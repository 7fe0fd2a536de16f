//! Stages with other collections, or other pipelines, in them.

use std::fmt;
use std::marker::PhantomData;

use bson::doc;
use serde::de::DeserializeOwned;

use crate::aggregation::assign::{self, Assignments, Facets};
use crate::aggregation::expression::IntoExpr;
use crate::aggregation::scope::{self, Bindings};
use crate::aggregation::{Aggregation, Shaped, fields_of};
use crate::document::Document;
use crate::error::{Error, Result};
use crate::field::{AsField, Field, FieldType, FilterOf, Stored};
use crate::pipeline::{Pipeline, Stage};

/// The documents of a model's collection, to be looked up.
pub fn from<D: Document>() -> Foreign<D> {
    Foreign { pipeline: Ok(Pipeline::new()), types: PhantomData }
}

/// Documents to be looked up, as a `T` each: all of a model's collection, or what a pipeline makes of them.
#[must_use = "it does nothing until a stage has it"]
pub struct Foreign<D, T = D> {
    pipeline: Result<Pipeline>,
    types: PhantomData<fn() -> (D, T)>,
}

impl<D: Document> Foreign<D> {
    /// What a pipeline makes of those that are found for a document: `.pipeline(|c| c.sort(|c| c.at().desc()).limit(3))`.
    pub fn pipeline<S2, F2, T2>(
        self,
        pipeline: impl FnOnce(Aggregation<D, D::Fields>) -> Aggregation<S2, F2, T2>,
    ) -> Foreign<D, T2> {
        let pipeline = pipeline(Aggregation::new()).to_request().map(|request| request.pipeline);
        Foreign { pipeline, types: PhantomData }
    }
}

impl<D, T> fmt::Debug for Foreign<D, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Foreign").field(&self.pipeline).finish()
    }
}

/// Types of fields that hold what is looked up: `Vec<T>`. Of whole documents of a model, which are no fields of others,
/// the field is `#[odm(opaque)]`; embedded structs that have some of their fields need no mark:
/// `from::<Customer>().pipeline(|c| c.reshape::<NameOnly>())`.
#[diagnostic::on_unimplemented(
    message = "a field of type `{Self}` does not hold the `{T}`s that are looked up",
    label = "expected a field of type `Vec<{T}>`",
    note = "`reshape` the documents into a struct that has such a field, before they are looked up; what is looked up, in `.pipeline(…)`"
)]
pub trait Holds<T> {}

impl<T> Holds<T> for Vec<T> {}
impl<T> Holds<T> for Option<Vec<T>> {}
impl<T, C> Holds<T> for Stored<Vec<T>, C> {}

/// Types whose values can be equal: the same one, or two of integers. `Option`s, arrays and newtypes do not count.
#[diagnostic::on_unimplemented(
    message = "a `{Self}` is never equal to a `{T}`",
    label = "the two fields are of different types",
    note = "if their values are the same all the same, say so by `cast` of one of the fields"
)]
pub trait JoinsWith<T: ?Sized> {}

impl<T: ?Sized> JoinsWith<T> for T {}
impl JoinsWith<i64> for i32 {}
impl JoinsWith<i32> for i64 {}

/// `$graphLookup`: how the graph of documents `D` is walked.
#[derive(Debug)]
pub struct GraphLookupOptions<D> {
    /// How far; 0 is one step.
    pub max_depth: Option<u32>,
    /// The field that says how far each document was, from 0.
    pub depth_field: Option<String>,
    /// What documents must match to be walked to.
    pub restrict: Option<FilterOf<D>>,
}

impl<D> Default for GraphLookupOptions<D> {
    fn default() -> Self {
        GraphLookupOptions { max_depth: None, depth_field: None, restrict: None }
    }
}

impl<D> Clone for GraphLookupOptions<D> {
    fn clone(&self) -> Self {
        GraphLookupOptions {
            max_depth: self.max_depth,
            depth_field: self.depth_field.clone(),
            restrict: self.restrict.clone(),
        }
    }
}

impl<S, F, T> Aggregation<S, F, T> {
    /// `$lookup`: puts the documents of another collection whose field equals one of these into an array:
    /// `.lookup(from::<Customer>(), |o| o.customer(), |c| c.id(), |o| o.customers())`.
    ///
    /// A field that is missing equals those that are null or missing there. If `S` has no field for the array,
    /// [`reshape`](Aggregation::reshape) into one that has, before.
    pub fn lookup<D, U, L, R, A>(
        self,
        from: Foreign<D, U>,
        local: impl FnOnce(&F) -> L,
        foreign: impl FnOnce(D::Fields) -> R,
        into: impl FnOnce(&F) -> A,
    ) -> Self
    where
        D: Document,
        L: AsField<Document = S, Type: FieldType>,
        R: AsField<Document = D, Type: FieldType>,
        <L::Type as FieldType>::Leaf: JoinsWith<<R::Type as FieldType>::Leaf>,
        A: AsField<Document = S, Type: Holds<U>>,
    {
        let fields = (self.fields)();
        let local = local(&fields).as_field().checked_path();
        let foreign = foreign(D::fields()).as_field().checked_path();
        let into = into(&fields).as_field().checked_path();
        let stage = (|| {
            let mut spec = doc! {
                "from": D::COLLECTION,
                "localField": local?.to_string(),
                "foreignField": foreign?.to_string(),
            };
            let pipeline = from.pipeline?.to_array();
            if !pipeline.is_empty() {
                spec.insert("pipeline", pipeline);
            }
            spec.insert("as", into?.to_string());
            Ok(Stage::new("$lookup", spec))
        })();
        self.try_stage(stage)
    }

    /// `$lookup` with a pipeline: puts what comes out of it, for each document, into an array. The pipeline is told
    /// values of the document, as typed variables:
    ///
    /// ```text
    /// .lookup_pipeline(
    ///     |o| (o.city(), o.total()),
    ///     |(city, total)| Shop::aggregate().match_expr(|s| s.city().expr().eq(city) & s.least().expr().lte(total)),
    ///     |o| o.shops(),
    /// )
    /// ```
    ///
    /// It may begin with [`documents`](super::documents) of its own.
    pub fn lookup_pipeline<B, S2, F2, T2, A>(
        self,
        vars: impl FnOnce(&F) -> B,
        pipeline: impl FnOnce(B::Variables) -> Aggregation<S2, F2, T2>,
        into: impl FnOnce(&F) -> A,
    ) -> Self
    where
        B: Bindings<S>,
        A: AsField<Document = S, Type: Holds<T2>>,
    {
        let fields = (self.fields)();
        let into = into(&fields).as_field().checked_path();
        let (vars, pipeline) = scope::bind_pipeline(vars(&fields), pipeline);
        let stage = (|| {
            let mut spec = pipeline.of_collection("from");
            let vars = vars?;
            if !vars.is_empty() {
                spec.insert("let", vars);
            }
            spec.insert("pipeline", pipeline.to_request()?.pipeline.to_array());
            spec.insert("as", into?.to_string());
            Ok(Stage::new("$lookup", spec))
        })();
        self.try_stage(stage)
    }

    /// `{name: collection}`; nothing for a pipeline with documents of its own.
    fn of_collection(&self, name: &str) -> bson::Document {
        match self.collection {
            "" => bson::Document::new(),
            collection => doc! { name: collection },
        }
    }

    /// `$graphLookup`: the documents of a collection that can be reached from `start`: those whose second field of
    /// `connect` equals it, then those whose second field equals the first field of these, …:
    ///
    /// ```text
    /// .graph_lookup(
    ///     from::<Employee>(),
    ///     |e| e.boss(),
    ///     |e| (e.boss(), e.id()),
    ///     |e| e.chain(),
    ///     GraphLookupOptions::default(),
    /// )
    /// ```
    ///
    /// They come in no particular order. Other stages cannot be in `from`'s pipeline, which may say their shape.
    pub fn graph_lookup<D, U, E, L, R, A>(
        self,
        from: Foreign<D, U>,
        start: impl FnOnce(&F) -> E,
        connect: impl FnOnce(D::Fields) -> (L, R),
        into: impl FnOnce(&F) -> A,
        options: GraphLookupOptions<D>,
    ) -> Self
    where
        D: Document,
        E: IntoExpr<S>,
        L: AsField<Document = D>,
        R: AsField<Document = D>,
        A: AsField<Document = S, Type: Holds<U>>,
    {
        let fields = (self.fields)();
        let start = start(&fields).into_expr().into_bson();
        let into = into(&fields).as_field().checked_path();
        let (connect_from, connect_to) = connect(D::fields());
        let stage = (|| {
            if !from.pipeline?.0.is_empty() {
                let message = "$graphLookup takes no pipeline: see `GraphLookupOptions::restrict`";
                return Err(Error::Config(message.to_owned()));
            }
            let mut spec = doc! {
                "from": D::COLLECTION,
                "startWith": start?,
                "connectFromField": connect_from.as_field().checked_path()?.to_string(),
                "connectToField": connect_to.as_field().checked_path()?.to_string(),
                "as": into?.to_string(),
            };
            let GraphLookupOptions { max_depth, depth_field, restrict } = options;
            spec.extend(max_depth.map(|depth| ("maxDepth".to_owned(), i64::from(depth).into())));
            spec.extend(depth_field.map(|field| ("depthField".to_owned(), field.into())));
            if let Some(filter) = restrict {
                spec.insert("restrictSearchWithMatch", filter.into_filter()?.to_document());
            }
            Ok(Stage::new("$graphLookup", spec))
        })();
        self.try_stage(stage)
    }

    /// `$unionWith`: followed by what comes out of another pipeline, which must be of the same shape:
    /// `.union_with(Archived::aggregate().reshape_to_model::<Order>())`.
    ///
    /// It may be one of [`documents`](super::documents).
    pub fn union_with<F2>(self, other: Aggregation<S, F2, T>) -> Self {
        let stage = other.to_request().map(|request| {
            let mut spec = other.of_collection("coll");
            spec.insert("pipeline", request.pipeline.to_array());
            Stage::new("$unionWith", spec)
        });
        self.try_stage(stage)
    }

    /// `$facet`: several pipelines on the same documents, each into an array of one document:
    /// `.facet::<Report>(|all, report| report.cheap().of(all.clone().limit(3)) & report.months().of(all.group_into(…)))`.
    pub fn facet<U: FieldType + DeserializeOwned>(
        self,
        facets: impl FnOnce(Aggregation<S, F, T>, U::Path<U, U>) -> Assignments<(), U, Facets>,
    ) -> Shaped<U> {
        let start = Aggregation { request: Box::default(), error: None, ..self.clone() };
        let facets = facets(start, fields_of::<U>()).into_document();
        self.try_stage(facets.map(|facets| Stage::new("$facet", facets))).reshape()
    }
}

impl<U, X: FieldType> Field<U, Vec<X>> {
    /// This array holds what comes out of a pipeline: for [`Aggregation::facet`].
    pub fn of<S, F>(&self, pipeline: Aggregation<S, F, X>) -> Assignments<(), U, Facets> {
        let pipeline = pipeline.to_request().map(|request| request.pipeline.to_array().into());
        assign::assign_result(self, pipeline)
    }
}
