//! First stages: by distance, documents of the pipeline's own, and what tells of a collection.

use bson::{Bson, doc};
use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::aggregation::{Aggregation, Shaped, fields_of, name_of};
use crate::codec;
use crate::error::Result;
use crate::field::{AsField, FieldType, GeoNear};
use crate::filter::Filter;
use crate::operand::Operand;
use crate::pipeline::Stage;

/// A pipeline that begins with these documents (`$documents`), on no collection.
///
/// ```no_run
/// # use odm_core::{Database, Result};
/// # use odm_core::bson::{Document, doc};
/// # async fn f(db: Database) -> Result<()> {
/// use odm_core::aggregation::documents;
///
/// let two: Vec<Document> = documents([doc! { "n": 1 }, doc! { "n": 2 }]).all(&db).await?;
/// # Ok(()) }
/// ```
pub fn documents<U>(docs: impl IntoIterator<Item = U>) -> Shaped<U>
where
    U: FieldType + Serialize + DeserializeOwned,
{
    let name = name_of::<U>();
    let docs: Result<Vec<Bson>> =
        docs.into_iter().map(|doc| codec::encode_value(&doc, name)).collect();
    // The stage takes an expression: what looks like one in the documents is not.
    let stage = docs.map(|docs| Stage::new("$documents", doc! { "$literal": docs }));
    Aggregation::on("", name, fields_of::<U>).try_stage(stage)
}

/// What [`Aggregation::geo_near`] does beside measuring.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct GeoNearOptions {
    /// The field with the place; needed if there are several geospatial indexes.
    pub key: Option<String>,
    /// What else documents must match.
    pub query: Option<Filter>,
    /// What distances are multiplied by: 0.001 makes kilometres of metres.
    pub distance_multiplier: Option<f64>,
    /// The field that the place is copied to.
    pub include_locs: Option<String>,
}

/// What `$collStats` tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CollStats {
    /// `count`: how many documents there are.
    Count,
    /// `storageStats`: sizes, in units of `scale` bytes.
    StorageStats {
        /// 1 unless told.
        scale: Option<u32>,
    },
    /// `latencyStats`: how long operations took, in microseconds.
    LatencyStats {
        /// Whether by classes of duration.
        histograms: bool,
    },
    /// `queryExecStats`: how many scans of the whole collection there were.
    QueryExecStats,
}

impl<S, F, T> Aggregation<S, F, T> {
    /// `$geoNear`: the documents by their distance from a point, the nearest first, with the distance in metres in a
    /// field. Must be the first stage, and needs a geospatial index.
    ///
    /// If `S` has no field for the distance, [`reshape`](Aggregation::reshape) into one that has, before.
    pub fn geo_near<P>(
        self,
        near: GeoNear,
        distance: impl FnOnce(F) -> P,
        options: GeoNearOptions,
    ) -> Self
    where
        P: AsField<Document = S>,
        f64: Operand<P::Type>,
    {
        let path = distance((self.fields)()).as_field().checked_path();
        self.try_stage(path.map(|path| {
            let (point, limits) = near.into_parts();
            let mut spec = doc! {
                "near": { "type": "Point", "coordinates": point.to_vec() },
                "distanceField": path.to_string(),
                "spherical": true,
            };
            for (name, limit) in ["minDistance", "maxDistance"].into_iter().zip(limits) {
                spec.extend(limit.map(|limit| (name.to_owned(), limit.into())));
            }
            let GeoNearOptions { key, query, distance_multiplier, include_locs } = options;
            spec.extend(query.map(|query| ("query".to_owned(), query.to_document().into())));
            spec.extend(key.map(|key| ("key".to_owned(), key.into())));
            spec.extend(distance_multiplier.map(|by| ("distanceMultiplier".to_owned(), by.into())));
            spec.extend(include_locs.map(|field| ("includeLocs".to_owned(), field.into())));
            Stage::new("$geoNear", spec)
        }))
    }

    /// `$indexStats`: a document for each index, with how often it was used. Must be the first stage.
    pub fn index_stats(self) -> Shaped<bson::Document> {
        self.stage(Stage::new("$indexStats", bson::Document::new())).reshape()
    }

    /// `$collStats`: one document about the collection. Must be the first stage.
    pub fn coll_stats(self, what: impl IntoIterator<Item = CollStats>) -> Shaped<bson::Document> {
        let one = |what: CollStats| match what {
            CollStats::Count => ("count".to_owned(), doc! {}.into()),
            CollStats::StorageStats { scale: None } => ("storageStats".to_owned(), doc! {}.into()),
            CollStats::StorageStats { scale: Some(scale) } => {
                ("storageStats".to_owned(), doc! { "scale": i64::from(scale) }.into())
            }
            CollStats::LatencyStats { histograms } => {
                ("latencyStats".to_owned(), doc! { "histograms": histograms }.into())
            }
            CollStats::QueryExecStats => ("queryExecStats".to_owned(), doc! {}.into()),
        };
        let spec: bson::Document = what.into_iter().map(one).collect();
        self.stage(Stage::new("$collStats", spec)).reshape()
    }

    /// `$planCacheStats`: a document for each plan that is remembered. Must be the first stage.
    pub fn plan_cache_stats(self) -> Shaped<bson::Document> {
        self.stage(Stage::new("$planCacheStats", bson::Document::new())).reshape()
    }
}
