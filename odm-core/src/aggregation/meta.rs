//! `$meta`: what is known about a document beside its fields.
//!
//! Where it is not known, MongoDB gives a missing value or refuses the pipeline (40218).

use bson::{Bson, Document, doc};

use super::expression::ExprOf;

macro_rules! keywords {
    ($($(#[$doc:meta])* $function:ident $keyword:literal -> $out:ty;)*) => {$(
        $(#[$doc])*
        pub fn $function<S>() -> ExprOf<S, $out> {
            ExprOf::new(doc! { "$meta": $keyword })
        }
    )*};
}

keywords! {
    /// `"textScore"`: how well it matches a `$text`.
    text_score "textScore" -> f64;
    /// `"geoNearDistance"`: how far it is from the point of a `$geoNear`, in metres if that is GeoJSON.
    geo_near_distance "geoNearDistance" -> f64;
    /// `"geoNearPoint"`: which of its places is near to the point of a `$geoNear`, as it is stored.
    geo_near_point "geoNearPoint" -> Bson;
    /// `"randVal"`: the number by which `$sample` chose it.
    rand_val "randVal" -> f64;
    /// `"recordId"`: the number of the stored record.
    record_id "recordId" -> i64;
    /// `"sortKey"`: by what it was sorted: one value for each key of the order.
    sort_key "sortKey" -> Vec<Bson>;
    /// `"indexKey"`: the key of the index by which it was found.
    index_key "indexKey" -> Document;
    /// `"searchScore"`: how well it matches a `$search` of Atlas.
    search_score "searchScore" -> f64;
    /// `"searchHighlights"`: what matched a `$search` of Atlas.
    search_highlights "searchHighlights" -> Vec<Document>;
}
