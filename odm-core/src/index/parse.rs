//! Reading index specifications and hints.

mod key;
mod partial;

use std::time::Duration;

use bson::{Bson, Document};

use super::{Hint, Index, IndexKind};
use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::projection::{Projection, ProjectionItem};
use crate::{number, value};

/// `InvalidIndexSpecificationOption`.
const INVALID_OPTION: i32 = 197;

impl Index {
    /// Reads an index specification as `createIndexes` takes it: `{key: {…}, name: …, unique: …, …}`.
    ///
    /// Not judged here, but by whoever builds the index: `bits`, `min` and `max` of a `2d` index, the
    /// languages of a text index, versions other than `v`, and options of a storage engine.
    ///
    /// # Errors
    ///
    /// The server's code for what is malformed: `CannotCreateIndex` (67), `TypeMismatch` (14),
    /// `FailedToParse` (9) without key or name, `InvalidIndexSpecificationOption` (197) for options
    /// that are unknown or that an `_id` index cannot have, ….
    pub fn parse(spec: &Document) -> Result<Self> {
        value::check_depth(spec)?;
        let mut index = Index::default();
        let (mut has_key, mut has_name) = (false, false);
        for (name, value) in spec {
            match name.as_str() {
                "key" => {
                    index.keys = key::parse(document(name, value)?)?;
                    has_key = true;
                }
                "name" => {
                    index.name = Some(parse_name(value)?);
                    has_name = true;
                }
                _ => index.parse_option(name, value)?,
            }
        }
        if !has_key || !has_name {
            let missing = if has_key { "name" } else { "key" };
            return refuse(
                ErrorCode::FAILED_TO_PARSE,
                format!("the '{missing}' field is a required property of an index specification"),
            );
        }
        if index.is_id_index(spec)? {
            // Whatever it is called, it is the index that every collection has.
            index.name = Some("_id_".to_owned());
        } else {
            if let Some(projection) = spec.get("wildcardProjection") {
                index.wildcard_projection = Some(index.parse_wildcard_projection(projection)?);
            }
            index.check()?;
        }
        Ok(index)
    }

    fn parse_option(&mut self, name: &str, value: &Bson) -> Result<()> {
        match name {
            "unique" => self.unique = flag(name, value)?,
            "sparse" => self.sparse = flag(name, value)?,
            "hidden" => match value {
                Bson::Boolean(hidden) => self.hidden = *hidden,
                _ => return wrong_type(name, "a boolean"),
            },
            "expireAfterSeconds" => self.expire_after = Some(parse_expiry(value)?),
            "partialFilterExpression" => {
                self.partial_filter = Some(partial::parse(document(name, value)?)?);
            }
            "collation" => {
                let collation = document(name, value)?;
                if collation.is_empty() {
                    return refuse(
                        ErrorCode::BAD_VALUE,
                        "the collation of an index cannot be empty",
                    );
                }
                self.collation = Some(Collation::parse(collation)?);
            }
            // Checked when the keys are known.
            "wildcardProjection" => {}
            "weights" => self.weights = Some(parse_weights(value)?),
            "default_language" => self.default_language = Some(text(name, value)?),
            "language_override" => self.language_override = Some(text(name, value)?),
            _ => {
                check_other_option(name, value)?;
                self.extra.insert(name, value.clone());
            }
        }
        Ok(())
    }

    /// Whether the options go with each other and with the keys.
    fn check(&self) -> Result<()> {
        let collates = self.collation.as_ref().is_some_and(|collation| !collation.is_simple());
        let is_text = self.has_kind(&IndexKind::Text);
        let old = self.extra.get("v").and_then(number::exact_i64) == Some(1);
        let refusal = if self.weights.is_some() && !is_text {
            "the option 'weights' is only for text indexes"
        } else if self.sparse && self.partial_filter.is_some() {
            "cannot mix \"partialFilterExpression\" and \"sparse\" options"
        } else if self.expire_after.is_some() && self.keys.len() > 1 {
            "TTL indexes are single-field indexes"
        } else if self.is_wildcard() && (self.unique || self.sparse || old) {
            "wildcard indexes cannot be unique, sparse or of version 1"
        } else if self.is_wildcard() && self.expire_after.is_some() {
            "wildcard indexes cannot be TTL indexes"
        } else if collates && (is_text || self.has_kind(&IndexKind::Geo2d)) {
            "text and 2d indexes do not support collation"
        } else if collates && old {
            "indexes of version 1 do not support collation"
        } else if self.unique && self.extra.get("prepareUnique").is_some_and(value::is_truthy) {
            "cannot mix \"unique\" and \"prepareUnique\" options"
        } else if is_text
            && self.keys.iter().any(|(path, _)| path.as_str() == "_fts")
            && self.weights.is_none()
        {
            "a text index on '_fts' needs weights"
        } else {
            ""
        };
        if !refusal.is_empty() {
            return refuse(ErrorCode::CANNOT_CREATE_INDEX, refusal);
        }
        if self.unique && self.has_kind(&IndexKind::Hashed) {
            return refuse(ErrorCode(16_764), "hashed indexes cannot guarantee uniqueness");
        }
        Ok(())
    }

    /// Whether it is the index on `_id` alone, which has hardly any options.
    fn is_id_index(&self, spec: &Document) -> Result<bool> {
        let bad = |why: &str| refuse(ErrorCode::BAD_VALUE, why);
        let is_id = match spec.get("key") {
            Some(Bson::Document(key)) if key.len() == 1 => {
                key.get("_id").and_then(number::clamped_i32).is_some_and(|n| n == 1 || n == -1)
            }
            _ => false,
        };
        if !is_id {
            return match self.name.as_deref() {
                Some("_id_") => bad("the name '_id_' is reserved for the index on {_id: 1}"),
                Some("*") => bad("the index name '*' is not valid"),
                _ => Ok(false),
            };
        }
        const ALLOWED: [&str; 5] = ["key", "name", "ns", "v", "collation"];
        if let Some(other) = spec.keys().find(|option| !ALLOWED.contains(&option.as_str())) {
            return refuse(
                ErrorCode(INVALID_OPTION),
                format!("the field '{other}' is not valid for an _id index specification"),
            );
        }
        if self.keys.iter().any(|(_, kind)| *kind == IndexKind::Descending) {
            return bad("the key of an _id index must be {_id: 1}");
        }
        Ok(true)
    }

    fn parse_wildcard_projection(&self, projection: &Bson) -> Result<Document> {
        if !self.is_wildcard() {
            return refuse(
                ErrorCode::BAD_VALUE,
                "the field 'wildcardProjection' is only allowed in a wildcard index",
            );
        }
        let projection = document("wildcardProjection", projection)?;
        if projection.is_empty() || self.keys.iter().any(|(path, _)| path.as_str() != "$**") {
            return refuse(
                ErrorCode::FAILED_TO_PARSE,
                "the field 'wildcardProjection' must be a non-empty object, and is only allowed on '$**'",
            );
        }
        check_covered(projection)?;
        Ok(projection.clone())
    }

    fn has_kind(&self, kind: &IndexKind) -> bool {
        self.keys.iter().any(|(_, other)| other == kind)
    }

    fn is_wildcard(&self) -> bool {
        self.keys.iter().any(|(path, kind)| {
            kind.is_descending() == Some(false) && key::is_wildcard_path(path.as_str())
        })
    }
}

/// Refuses projections that do more than name fields.
fn check_covered(projection: &Document) -> Result<()> {
    let computes =
        || refuse(ErrorCode(51_271), "a wildcardProjection can only include or exclude fields");
    let is_name = |value: &Bson| {
        matches!(value, Bson::Boolean(_) | Bson::Document(_)) || number::is_number(value)
    };
    if !projection.values().all(is_name) {
        return computes();
    }
    let Projection::Fields(fields) = Projection::parse(projection)? else {
        return Ok(());
    };
    for (_, item) in &fields {
        match item {
            ProjectionItem::Include | ProjectionItem::Exclude => {}
            ProjectionItem::Positional => {
                return refuse(ErrorCode(31_324), "a wildcardProjection cannot be positional");
            }
            ProjectionItem::ElemMatch(_) => {
                return refuse(
                    ErrorCode::INVALID_PIPELINE_OPERATOR,
                    "a wildcardProjection cannot hold $elemMatch",
                );
            }
            _ => return computes(),
        }
    }
    Ok(())
}

impl Hint {
    /// Reads the `hint` of a command.
    ///
    /// # Errors
    ///
    /// `FailedToParse` (9) if it is neither a string nor a document, `BadValue` (2) for `$natural`
    /// beside other keys.
    pub fn parse(value: &Bson) -> Result<Self> {
        match value {
            Bson::String(name) => Ok(Hint::Name(name.clone())),
            Bson::Document(keys) if keys.len() > 1 && keys.contains_key("$natural") => {
                refuse(ErrorCode::BAD_VALUE, "cannot include '$natural' in compound hint")
            }
            Bson::Document(keys) => Ok(Hint::Keys(keys.clone())),
            _ => refuse(ErrorCode::FAILED_TO_PARSE, "hint must be a string or an object"),
        }
    }
}

fn parse_name(value: &Bson) -> Result<String> {
    let name = text("name", value)?;
    if name.is_empty() || name.contains('\0') {
        return refuse(
            ErrorCode::CANNOT_CREATE_INDEX,
            "index names cannot be empty or contain null bytes",
        );
    }
    Ok(name)
}

fn parse_expiry(value: &Bson) -> Result<Duration> {
    // The server keeps an int; NaN, of all numbers, it takes for the largest.
    let is_nan = number::as_f64(value).is_some_and(f64::is_nan);
    let seconds = if is_nan { Some(i64::from(i32::MAX)) } else { seconds(value) };
    match seconds.map(u64::try_from) {
        Some(Ok(seconds)) if seconds <= i32::MAX as u64 => Ok(Duration::from_secs(seconds)),
        Some(_) => refuse(
            ErrorCode::CANNOT_CREATE_INDEX,
            "expireAfterSeconds must be within 0 and 2147483647",
        ),
        None => refuse(ErrorCode::CANNOT_CREATE_INDEX, "expireAfterSeconds must be numeric"),
    }
}

/// A number in whole seconds, as the server makes one of it.
fn seconds(value: &Bson) -> Option<i64> {
    match value {
        Bson::Int64(n) => Some(*n),
        Bson::Double(n) => Some(*n as i64),
        other => number::clamped_i32(other).map(i64::from),
    }
}

fn parse_weights(value: &Bson) -> Result<Document> {
    let bad = |why: &str| refuse(ErrorCode::CANNOT_CREATE_INDEX, why);
    match value {
        Bson::Document(weights) => {
            for (path, weight) in weights {
                if path != "$**" && !key::is_path(path) {
                    return bad("weights must be of valid field paths");
                }
                match number::clamped_i32(weight) {
                    Some(1..=99_999) => {}
                    _ => return bad("weights must be numbers from 1 to 99999"),
                }
            }
            Ok(weights.clone())
        }
        Bson::String(all) if all == "$**" => Ok(bson::doc! { "$**": 1 }),
        Bson::String(_) | Bson::Array(_) => bad("weights must be a document, or \"$**\""),
        _ => wrong_type("weights", "an object"),
    }
}

/// Checks the types of options that are passed on as they are.
fn check_other_option(name: &str, value: &Bson) -> Result<()> {
    match name {
        "background"
        | "dropDups"
        | "prepareUnique"
        | "coarsestIndexedLevel"
        | "finestIndexedLevel" => flag(name, value).map(drop),
        "textIndexVersion" | "2dsphereIndexVersion" | "bits" | "min" | "max" => {
            if number::is_number(value) { Ok(()) } else { wrong_type(name, "a number") }
        }
        "v" => check_version(value),
        "ns" => Ok(()),
        "storageEngine" => match value {
            Bson::Document(options) if !options.is_empty() => Ok(()),
            _ => refuse(
                ErrorCode::CANNOT_CREATE_INDEX,
                "\"storageEngine\" must be a document of an engine's options",
            ),
        },
        "clustered" => {
            if flag(name, value)? {
                refuse(
                    ErrorCode::CANNOT_CREATE_INDEX,
                    "the clustered index is made with its collection",
                )
            } else {
                refuse(ErrorCode(6_492_800), "\"clustered\" cannot be false")
            }
        }
        _ => refuse(
            ErrorCode(INVALID_OPTION),
            format!("the field '{name}' is not valid for an index specification"),
        ),
    }
}

fn check_version(value: &Bson) -> Result<()> {
    if !number::is_number(value) {
        return wrong_type("v", "a number");
    }
    match number::exact_i64(value).map(i32::try_from) {
        Some(Ok(1 | 2)) => Ok(()),
        Some(Ok(other)) => {
            refuse(ErrorCode::CANNOT_CREATE_INDEX, format!("invalid index version: {other}"))
        }
        _ => refuse(ErrorCode::BAD_VALUE, "the index version must be an integer"),
    }
}

fn document<'a>(name: &str, value: &'a Bson) -> Result<&'a Document> {
    match value {
        Bson::Document(doc) => Ok(doc),
        _ => wrong_type(name, "an object"),
    }
}

fn text(name: &str, value: &Bson) -> Result<String> {
    match value {
        Bson::String(text) => Ok(text.clone()),
        _ => wrong_type(name, "a string"),
    }
}

/// A boolean, or a number for one.
fn flag(name: &str, value: &Bson) -> Result<bool> {
    if matches!(value, Bson::Boolean(_)) || number::is_number(value) {
        return Ok(value::is_truthy(value));
    }
    wrong_type(name, "a boolean")
}

fn wrong_type<T>(name: &str, expected: &str) -> Result<T> {
    refuse(ErrorCode::TYPE_MISMATCH, format!("the field '{name}' must be {expected}"))
}

fn refuse<T>(code: ErrorCode, message: impl Into<String>) -> Result<T> {
    Err(Error::command(code, message))
}
