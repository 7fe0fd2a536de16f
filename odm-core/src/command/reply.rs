//! The reply documents of a server, for backends that answer commands themselves.

use bson::{Bson, Document, doc};

use crate::error::{CommandError, Error, ErrorCode, Result, Upserted, WriteError, WriteSummary};
use crate::namespace::Namespace;
use crate::raw_doc::RawDoc;
use crate::request::{
    CreateIndexesOutcome, DeleteOutcome, FindAndModifyOutcome, InsertOutcome, UpdateOutcome,
};

/// `{ok: 1.0}`: done, and nothing to tell.
#[must_use]
pub fn ok() -> Document {
    doc! { "ok": 1.0 }
}

/// The reply to what opens a cursor. `cursor_id` is 0 if the batch is all there is.
///
/// # Errors
///
/// [`Error::Decode`] if a document cannot be decoded.
pub fn first_batch(ns: &str, cursor_id: i64, batch: &[RawDoc]) -> Result<Document> {
    cursor("firstBatch", ns, cursor_id, batch)
}

/// As [`first_batch`], in the order of fields that listings have, and `find` on a collection that
/// does not exist.
///
/// # Errors
///
/// [`Error::Decode`] if a document cannot be decoded.
pub fn first_listed(ns: &str, cursor_id: i64, batch: &[RawDoc]) -> Result<Document> {
    let batch = batch.iter().map(RawDoc::to_document).collect::<Result<Vec<_>>>()?;
    Ok(doc! { "cursor": { "id": cursor_id, "ns": ns, "firstBatch": batch }, "ok": 1.0 })
}

/// The reply to `getMore`. `cursor_id` is 0 if the cursor is exhausted.
///
/// # Errors
///
/// [`Error::Decode`] if a document cannot be decoded.
pub fn next_batch(ns: &str, cursor_id: i64, batch: &[RawDoc]) -> Result<Document> {
    cursor("nextBatch", ns, cursor_id, batch)
}

fn cursor(batch_name: &str, ns: &str, cursor_id: i64, batch: &[RawDoc]) -> Result<Document> {
    let batch = batch.iter().map(RawDoc::to_document).collect::<Result<Vec<_>>>()?;
    Ok(doc! { "cursor": { batch_name: batch, "id": cursor_id, "ns": ns }, "ok": 1.0 })
}

/// The namespace that the cursor of `listCollections` has.
#[must_use]
pub fn list_collections_namespace(database: &str) -> String {
    format!("{database}.$cmd.listCollections")
}

/// The namespace that the cursor of a pipeline on a database has.
#[must_use]
pub fn aggregate_namespace(ns: &Namespace) -> String {
    match ns.collection() {
        "" => format!("{}.$cmd.aggregate", ns.database()),
        _ => ns.to_string(),
    }
}

/// The reply to `killCursors`.
#[must_use]
pub fn kill_cursors(killed: Vec<i64>, not_found: Vec<i64>) -> Document {
    doc! {
        "cursorsKilled": killed,
        "cursorsNotFound": not_found,
        "cursorsAlive": [],
        "cursorsUnknown": [],
        "ok": 1.0,
    }
}

/// The reply to `count`.
#[must_use]
pub fn count(n: u64) -> Document {
    doc! { "n": number(n), "ok": 1.0 }
}

/// The reply to `distinct`.
#[must_use]
pub fn distinct(values: Vec<Bson>) -> Document {
    doc! { "values": values, "ok": 1.0 }
}

/// The reply to `insert`: also when some of the writes failed.
///
/// # Errors
///
/// Those that are no failures of single writes.
pub fn insert(result: Result<InsertOutcome>) -> Result<Document> {
    writes(result, |done| WriteSummary {
        inserted: done.inserted_ids.len() as u64,
        ..WriteSummary::default()
    })
    .map(|(done, errors)| finish(doc! { "n": number(done.inserted) }, errors))
}

/// The reply to `update`: also when some of the writes failed.
///
/// # Errors
///
/// Those that are no failures of single writes.
pub fn update(result: Result<UpdateOutcome>) -> Result<Document> {
    let (done, errors) = writes(result, |done| WriteSummary {
        matched: done.matched,
        modified: done.modified,
        upserted: done.upserted,
        ..WriteSummary::default()
    })?;
    let upserts = done.upserted.len() as u64;
    let mut reply = doc! { "n": number(done.matched.saturating_add(upserts)) };
    if let Some(write_errors) = errors.write_errors {
        reply.insert("writeErrors", write_errors);
    }
    if !done.upserted.is_empty() {
        let upserted = |one: Upserted| doc! { "index": number(one.index as u64), "_id": one.id };
        reply.insert("upserted", done.upserted.into_iter().map(upserted).collect::<Vec<_>>());
    }
    reply.insert("nModified", number(done.modified));
    Ok(finish(reply, Failures { write_errors: None, ..errors }))
}

/// The reply to `delete`: also when some of the writes failed.
///
/// # Errors
///
/// Those that are no failures of single writes.
pub fn delete(result: Result<DeleteOutcome>) -> Result<Document> {
    writes(result, |done| WriteSummary { deleted: done.deleted, ..WriteSummary::default() })
        .map(|(done, errors)| finish(doc! { "n": number(done.deleted) }, errors))
}

/// What the reply to a write of several documents or statements says if nobody waits for it
/// (`w: 0`): that nothing was done, and nothing failed.
#[must_use]
pub fn unacknowledged(reply: &Document) -> Document {
    let counts = ["n", "nModified"].into_iter().filter(|name| reply.contains_key(name));
    let mut shown: Document = counts.map(|name| (name.to_owned(), Bson::Int32(0))).collect();
    shown.insert("ok", 1.0);
    shown
}

/// What a write command's reply says of failures.
struct Failures {
    write_errors: Option<Vec<Document>>,
    write_concern_error: Option<Document>,
    labels: Vec<String>,
}

fn writes<T>(
    result: Result<T>,
    summary: impl FnOnce(T) -> WriteSummary,
) -> Result<(WriteSummary, Failures)> {
    let none = Failures { write_errors: None, write_concern_error: None, labels: Vec::new() };
    match result {
        Ok(done) => Ok((summary(done), none)),
        Err(Error::Write(failure)) => {
            let write_errors: Vec<_> = failure.write_errors.iter().map(write_error).collect();
            let write_concern_error = failure.write_concern_error.map(|error| not_met(*error));
            let failures = Failures {
                write_errors: (!write_errors.is_empty()).then_some(write_errors),
                write_concern_error,
                labels: failure.labels,
            };
            Ok((failure.done, failures))
        }
        Err(other) => Err(other),
    }
}

/// The `writeConcernError` of a reply: why a write concern is not met.
#[must_use]
pub fn write_concern_error(error: &Error) -> Document {
    match error {
        Error::Command(error) => not_met((**error).clone()),
        other => doc! { "code": ErrorCode::INTERNAL_ERROR.0, "errmsg": other.to_string() },
    }
}

fn not_met(error: CommandError) -> Document {
    let mut printed = doc! {
        "code": error.code.0,
        "codeName": error.code.name().as_ref(),
        "errmsg": error.message,
    };
    printed.extend(error.details);
    printed
}

fn write_error(error: &WriteError) -> Document {
    let mut printed = doc! {
        "index": number(error.index as u64),
        "code": error.code.0,
        "errmsg": error.message.as_str(),
    };
    printed.extend(error.details.clone());
    printed
}

fn finish(mut reply: Document, failures: Failures) -> Document {
    if let Some(write_errors) = failures.write_errors {
        reply.insert("writeErrors", write_errors);
    }
    if let Some(error) = failures.write_concern_error {
        reply.insert("writeConcernError", error);
    }
    if !failures.labels.is_empty() {
        reply.insert("errorLabels", failures.labels);
    }
    reply.insert("ok", 1.0);
    reply
}

/// The reply to `findAndModify`; `removed` if that was what it did.
///
/// # Errors
///
/// [`Error::Decode`] if the document cannot be decoded.
pub fn find_and_modify(outcome: &FindAndModifyOutcome, removed: bool) -> Result<Document> {
    let mut last = doc! { "n": number(outcome.n) };
    if !removed {
        last.insert("updatedExisting", outcome.updated_existing);
    }
    if let Some(id) = &outcome.upserted {
        last.insert("upserted", id.clone());
    }
    let value = match &outcome.value {
        Some(doc) => Bson::Document(doc.to_document()?),
        None => Bson::Null,
    };
    Ok(doc! { "lastErrorObject": last, "value": value, "ok": 1.0 })
}

/// The reply to `createIndexes`.
#[must_use]
pub fn create_indexes(outcome: &CreateIndexesOutcome) -> Document {
    let CreateIndexesOutcome { names, indexes_before, indexes_after, created_collection } = outcome;
    let mut reply = doc! {
        "numIndexesBefore": number(u64::from(*indexes_before)),
        "numIndexesAfter": number(u64::from(*indexes_after)),
    };
    let created = indexes_after.saturating_sub(*indexes_before) as usize;
    if created == 0 {
        reply.insert("note", "all indexes already exist");
    } else {
        reply.insert("createdCollectionAutomatically", *created_collection);
        reply.insert("commitQuorum", "votingMembers");
        if created < names.len() {
            reply.insert("note", "index already exists");
        }
    }
    reply.insert("ok", 1.0);
    reply
}

/// The reply to `dropIndexes`: how many indexes there were, and whether `*` was asked for.
#[must_use]
pub fn drop_indexes(indexes_before: u32, all: bool) -> Document {
    let mut reply = doc! { "nIndexesWas": number(u64::from(indexes_before)) };
    if all {
        reply.insert("msg", "non-_id indexes dropped for collection");
    }
    reply.insert("ok", 1.0);
    reply
}

/// The reply to `drop`: how many indexes the collection had.
#[must_use]
pub fn drop(ns: &Namespace, indexes_before: u32) -> Document {
    doc! { "nIndexesWas": number(u64::from(indexes_before)), "ns": ns.to_string(), "ok": 1.0 }
}

/// The reply to `listDatabases`, of `{name, sizeOnDisk, empty}` or, with `name_only`, `{name}` each.
#[must_use]
pub fn list_databases(databases: Vec<Document>, name_only: bool) -> Document {
    let size = |database: &Document| match database.get("sizeOnDisk") {
        Some(Bson::Int64(size)) => *size,
        Some(Bson::Int32(size)) => i64::from(*size),
        _ => 0,
    };
    let total = databases.iter().map(size).fold(0, i64::saturating_add);
    let mut reply = doc! { "databases": databases };
    if !name_only {
        reply.insert("totalSize", total);
        reply.insert("totalSizeMb", total / (1024 * 1024));
    }
    reply.insert("ok", 1.0);
    reply
}

/// The reply to a command that was refused: `{ok: 0.0, errmsg, code, codeName, …}`.
///
/// What is no refusal by code is reported with the nearest: `CommandNotSupported` (115) for a
/// feature that the backend lacks, `MaxTimeMSExpired` (50) for a missed deadline, else
/// `InternalError` (1).
#[must_use]
pub fn error(error: &Error) -> Document {
    let code = error.error_code().unwrap_or(match error {
        Error::Unsupported { .. } => ErrorCode::COMMAND_NOT_SUPPORTED,
        Error::Timeout { .. } => ErrorCode::MAX_TIME_MS_EXPIRED,
        _ => ErrorCode::INTERNAL_ERROR,
    });
    let message = match error {
        Error::Command(error) => error.message.clone(),
        Error::Write(failure) => match failure.write_errors.first() {
            Some(error) => error.message.clone(),
            None => failure.to_string(),
        },
        other => other.to_string(),
    };
    let mut reply = Document::new();
    if !error.labels().is_empty() {
        reply.insert("errorLabels", error.labels().to_vec());
    }
    reply.insert("ok", 0.0);
    reply.insert("errmsg", message);
    reply.insert("code", code.0);
    reply.insert("codeName", code.name().as_ref());
    reply.extend(error.details().cloned().unwrap_or_default());
    reply
}

/// Counts are ints as long as they fit.
fn number(n: u64) -> Bson {
    match (i32::try_from(n), i64::try_from(n)) {
        (Ok(int), _) => Bson::Int32(int),
        (_, Ok(long)) => Bson::Int64(long),
        _ => Bson::Int64(i64::MAX),
    }
}
