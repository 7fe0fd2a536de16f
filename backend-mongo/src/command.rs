//! Requests as encoded commands. `odm_core` prints them; documents that are encoded already stay so.

use bson::raw::{CStr, cstr};
use bson::{Bson, Document, RawDocumentBuf};
use odm_core::{
    Aggregate, Count, Error, FindAndModify, Modification, Namespace, Pipeline, Result, Stage,
    Update, UpdateStatement,
};

pub(crate) fn encode(command: &Document) -> Result<RawDocumentBuf> {
    RawDocumentBuf::try_from(command).map_err(unencodable)
}

/// A name with a zero byte, and the like.
pub(crate) fn unencodable(error: impl std::fmt::Display) -> Error {
    Error::Encode { what: "a command".to_owned(), message: error.to_string() }
}

/// A command of several statements without them: they follow encoded, in `array`.
pub(crate) fn head(mut command: Document, array: &str) -> Result<RawDocumentBuf> {
    command.remove(array);
    encode(&command)
}

/// Whether a pipeline writes: its last stage is `$out` or `$merge`.
pub(crate) fn writes(pipeline: &Pipeline) -> bool {
    pipeline.0.last().is_some_and(|stage| matches!(stage.name(), "$out" | "$merge"))
}

/// A count that is exact: the drivers' aggregation, which also works in transactions. With
/// `estimated`, the command `count`, which may answer from the collection's metadata.
pub(crate) fn count(ns: &Namespace, count: Count) -> Result<RawDocumentBuf> {
    if count.estimated {
        return encode(&count.to_command(ns));
    }
    let whole = |n: u64| i64::try_from(n).unwrap_or(i64::MAX);
    let mut stages = vec![Stage::match_(count.filter)];
    if count.skip > 0 {
        stages.push(Stage::skip(whole(count.skip)));
    }
    if count.limit > 0 {
        stages.push(Stage::limit(whole(count.limit)));
    }
    stages.push(Stage::new("$group", bson::doc! { "_id": 1, "n": { "$sum": 1 } }));
    let aggregate = Aggregate {
        pipeline: stages.into(),
        collation: count.collation,
        hint: count.hint,
        max_time: count.max_time,
        comment: count.comment,
        ..Aggregate::default()
    };
    encode(&aggregate.to_command(ns))
}

pub(crate) fn update_statement(mut statement: UpdateStatement) -> Result<RawDocumentBuf> {
    let replacement = take_replacement(&mut statement.update);
    with_replacement(statement.to_document()?, cstr!("u"), replacement)
}

pub(crate) fn find_and_modify(
    ns: &Namespace,
    mut request: FindAndModify,
) -> Result<RawDocumentBuf> {
    let replacement = match &mut request.modification {
        Modification::Update { update, .. } => take_replacement(update),
        _ => None,
    };
    with_replacement(request.to_command(ns)?, cstr!("update"), replacement)
}

fn take_replacement(update: &mut Update) -> Option<RawDocumentBuf> {
    match std::mem::replace(update, Update::empty()) {
        Update::Replacement(document) => Some(document),
        other => {
            *update = other;
            None
        }
    }
}

fn with_replacement(
    mut printed: Document,
    key: &CStr,
    replacement: Option<RawDocumentBuf>,
) -> Result<RawDocumentBuf> {
    let Some(replacement) = replacement else { return encode(&printed) };
    printed.remove(key.as_str());
    let mut encoded = encode(&printed)?;
    encoded.append(key, replacement);
    Ok(encoded)
}

/// A count of a reply, whatever its number type.
pub(crate) fn number(reply: &Document, key: &str) -> u64 {
    let n = match reply.get(key) {
        Some(Bson::Int32(n)) => i64::from(*n),
        Some(Bson::Int64(n)) => *n,
        Some(Bson::Double(n)) => *n as i64,
        _ => 0,
    };
    n.try_into().unwrap_or(0)
}
