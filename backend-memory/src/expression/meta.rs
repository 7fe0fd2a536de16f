//! `$meta`: what is known about a document beside its fields.

use bson::Bson;
use odm_core::{Error, Result};

use super::{Compiler, Node, Operator, Value, refused};

pub(super) const OPERATORS: &[Operator] = &[Operator::custom("$meta", meta)];

/// `$meta`: nothing but what no document here ever has, which is missing: index keys without
/// `returnKey`, and what a search of Atlas or a time series tells.
///
/// 17307 for what is not a string, 17308 for an unknown name; 40218 for what only a text search or
/// `$geoNear` tells. Sort keys, record ids and random numbers are not supported.
fn meta(_: &mut Compiler<'_>, operand: &Bson) -> Result<Node> {
    let Bson::String(name) = operand else {
        return refused(17_307, "$meta only supports string arguments");
    };
    match name.as_str() {
        "textScore" | "geoNearDistance" | "geoNearPoint" => {
            refused(40_218, format!("query requires {name} metadata, but it is not available"))
        }
        "indexKey"
        | "searchScore"
        | "searchHighlights"
        | "searchScoreDetails"
        | "timeseriesBucketMinTime"
        | "timeseriesBucketMaxTime" => Ok(Node::Constant(Value::Missing)),
        "sortKey" | "recordId" | "randVal" => Err(Error::Unsupported {
            backend: "memory",
            feature: format!("{{$meta: \"{name}\"}} in an expression"),
        }),
        other => refused(17_308, format!("unsupported argument to $meta: {other}")),
    }
}
