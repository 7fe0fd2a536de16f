//! Stages of MongoDB 6.0 that this engine does not have. Names that no stage has are refused otherwise.

use odm_core::{Error, ErrorCode, Namespace, Result};

use crate::backend::unsupported;
use crate::expression::refused;

/// Stages that the engine lacks.
const LACKING: &[&str] = &[
    "$_internalAllCollectionStats",
    "$_internalApplyOplogUpdate",
    "$_internalBoundedSort",
    "$_internalComputeGeoNearDistance",
    "$_internalConvertBucketIndexStats",
    "$_internalInhibitOptimization",
    "$_internalSetWindowFields",
    "$_internalSplitPipeline",
    "$_internalUnpackBucket",
    "$_unpackBucket",
    "$changeStream",
    "$currentOp",
    "$geoNear",
    "$listCachedAndActiveUsers",
    "$listCatalog",
    "$listLocalSessions",
    "$listSessions",
    "$mergeCursors",
];

/// Stages that MongoDB itself, as one server on its own, refuses.
const REFUSED: &[(&str, i32)] = &[
    ("$_addReshardingResumeId", 5_491_300),
    ("$_internalChangeStreamAddPostImage", 5_491_300),
    ("$_internalChangeStreamAddPreImage", 5_491_300),
    ("$_internalChangeStreamCheckInvalidate", 5_491_300),
    ("$_internalChangeStreamCheckResumability", 5_491_300),
    ("$_internalChangeStreamCheckTopologyChange", 5_491_300),
    ("$_internalChangeStreamOplogMatch", 5_491_300),
    ("$_internalChangeStreamTransform", 5_491_300),
    ("$_internalChangeStreamUnwindTransaction", 5_491_300),
    ("$_internalDensify", 5_491_300),
    ("$_internalFindAndModifyImageLookup", 5_491_300),
    ("$_internalReshardingIterateTransaction", 5_491_300),
    ("$_internalReshardingOwnershipMatch", 5_491_300),
    ("$operationMetrics", 115),
    ("$queue", 5_491_300),
    ("$setVariableFromSubPipeline", 5_491_300),
    ("$shardedDataDistribution", 6_789_101),
];

/// Refuses the name of a stage that is in no family.
///
/// # Errors
///
/// [`Error::Unsupported`] for those that the engine lacks; the server's code for those that it does not let
/// users have; 40324 for unknown ones.
pub(super) fn refuse<T>(name: &str) -> Result<T> {
    if LACKING.contains(&name) {
        return Err(unsupported(format!("the stage {name}")));
    }
    match REFUSED.iter().find(|(refused, _)| *refused == name) {
        Some((_, code)) => refused(*code, format!("{name} is not allowed in user requests")),
        None => refused(40_324, format!("unrecognized pipeline stage name: '{name}'")),
    }
}

/// Refuses stages that do not read a collection, or one only, where they are asked of another.
///
/// # Errors
///
/// 73.
pub(crate) fn check_namespace(name: &str, ns: &Namespace) -> Result<()> {
    let of_database = ns.collection().is_empty();
    let (fits, place) = match name {
        "$currentOp" => {
            (of_database && ns.database() == "admin", "the 'admin' database with {aggregate: 1}")
        }
        "$listCachedAndActiveUsers" | "$listLocalSessions" => {
            (of_database, "the database with {aggregate: 1}")
        }
        "$listSessions" => (
            ns.database() == "config" && ns.collection() == "system.sessions",
            "config.system.sessions",
        ),
        // Those that read a collection or a database.
        "$_internalComputeGeoNearDistance" | "$changeStream" | "$listCatalog" => (true, ""),
        _ if LACKING.contains(&name) => (!of_database, "a collection"),
        _ => (true, ""),
    };
    if fits {
        return Ok(());
    }
    let message = format!("{name} must be run against {place}");
    Err(Error::command(ErrorCode::INVALID_NAMESPACE, message))
}
