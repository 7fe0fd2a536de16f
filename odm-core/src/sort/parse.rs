//! Reading sort documents.

use bson::{Bson, Document};

use super::{Sort, SortOrder};
use crate::error::{Error, ErrorCode, Result};
use crate::namespace::FieldPath;
use crate::number;

/// As many keys as the server compares by.
const MAX_KEYS: usize = 32;

pub(super) fn parse(doc: &Document) -> Result<Sort> {
    if let Some(value) = doc.get("$natural") {
        return parse_natural(doc, value);
    }
    let keys: Vec<_> =
        doc.iter().map(|(name, value)| parse_key(name, value)).collect::<Result<_>>()?;
    if keys.len() > MAX_KEYS {
        return refuse(13_103, "too many compound keys");
    }
    Ok(Sort { keys })
}

/// Any value will do: numbers below zero mean backward, all others forward.
fn parse_natural(doc: &Document, value: &Bson) -> Result<Sort> {
    if doc.len() > 1 {
        return refuse(ErrorCode::BAD_VALUE.0, "cannot include '$natural' in compound sort");
    }
    let order = match number::clamped_i32(value) {
        Some(..0) => SortOrder::Descending,
        _ => SortOrder::Ascending,
    };
    Ok(Sort { keys: vec![("$natural".into(), order)] })
}

fn parse_key(name: &str, value: &Bson) -> Result<(FieldPath, SortOrder)> {
    if let Bson::Document(expression) = value {
        // Its name is only a label, so that nothing is wrong with it.
        return Ok((name.into(), parse_meta(expression)?));
    }
    let order = match number::clamped_i32(value) {
        Some(1) => SortOrder::Ascending,
        Some(-1) => SortOrder::Descending,
        Some(_) => {
            return refuse(
                15_975,
                "$sort key ordering must be 1 (for ascending) or -1 (for descending)",
            );
        }
        None => return refuse(15_974, format!("illegal key in $sort specification: {name}")),
    };
    Ok((FieldPath::parse(name)?, order))
}

fn parse_meta(expression: &Document) -> Result<SortOrder> {
    let Some(("$meta", keyword)) = expression.iter().next().map(|(name, v)| (name.as_str(), v))
    else {
        return refuse(17_312, "$meta is the only expression supported by $sort");
    };
    if expression.len() > 1 {
        return refuse(
            ErrorCode::FAILED_TO_PARSE.0,
            "cannot have additional keys in a $meta sort specification",
        );
    }
    match keyword {
        Bson::String(keyword) => match keyword.as_str() {
            "textScore" | "geoNearDistance" | "randVal" => Ok(SortOrder::Meta(keyword.clone())),
            "searchScore" => refuse(31_218, "$meta sort by 'searchScore' is not supported"),
            "searchHighlights" => {
                refuse(31_219, "$meta sort by 'searchHighlights' is not supported")
            }
            _ => refuse(31_138, format!("illegal $meta sort: {keyword:?}")),
        },
        _ => refuse(31_138, "illegal $meta sort"),
    }
}

fn refuse<T>(code: i32, message: impl Into<String>) -> Result<T> {
    Err(Error::command(ErrorCode(code), message))
}
