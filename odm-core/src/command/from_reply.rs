//! Outcomes and errors out of a server's reply documents.

use bson::{Bson, Document, RawDocumentBuf};

use crate::error::{
    CommandError, Error, ErrorCode, Result, Upserted, WriteError, WriteFailure, WriteSummary,
};
use crate::number::lenient_i64;
use crate::raw_doc::RawDoc;
use crate::request::{
    CreateIndexesOutcome, DeleteOutcome, FindAndModifyOutcome, InsertOutcome, UpdateOutcome,
};

/// What a reply holds beside its error's details: code and message, and what the deployment adds.
const NO_DETAILS: &[&str] = &[
    "ok",
    "errmsg",
    "code",
    "codeName",
    "errorLabels",
    "index",
    "$clusterTime",
    "operationTime",
    "electionId",
    "opTime",
    "topologyVersion",
    "$configTime",
    "$topologyTime",
];

impl Error {
    /// The refusal that a reply is; `None` for a reply with `ok: 1`, also if writes failed.
    #[must_use]
    pub fn from_reply(reply: &Document) -> Option<Self> {
        let ok = reply.get("ok").is_some_and(|ok| match ok {
            Bson::Boolean(ok) => *ok,
            other => crate::number::is_number(other) && !crate::number::is_zero(other),
        });
        (!ok).then(|| command_error(reply).into())
    }
}

impl WriteFailure {
    /// The failures of single writes, or of their write concern, that the reply of a write command
    /// tells beside what was `done`; `None` if there were none.
    #[must_use]
    pub fn from_reply(reply: &Document, done: WriteSummary) -> Option<Self> {
        let write_errors: Vec<_> = documents(reply, "writeErrors").map(write_error).collect();
        let concern = reply.get_document("writeConcernError").ok();
        (!write_errors.is_empty() || concern.is_some()).then(|| WriteFailure {
            write_errors,
            write_concern_error: concern.map(|error| Box::new(command_error(error))),
            done,
            labels: labels(reply),
        })
    }
}

fn refused(reply: &Document, done: impl FnOnce() -> WriteSummary) -> Result<()> {
    if let Some(error) = Error::from_reply(reply) {
        return Err(error);
    }
    // The summary is made only if there is somebody to tell.
    match WriteFailure::from_reply(reply, WriteSummary::default()) {
        Some(failure) => Err(WriteFailure { done: done(), ..failure }.into()),
        None => Ok(()),
    }
}

impl InsertOutcome {
    /// Reads the reply to an `insert` of documents with these `_id`s.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for `ok: 0`, [`Error::Write`] if some of the writes failed.
    pub fn from_reply(reply: &Document, ids: Vec<Bson>) -> Result<Self> {
        let inserted = || WriteSummary { inserted: count(reply, "n"), ..WriteSummary::default() };
        refused(reply, inserted)?;
        Ok(InsertOutcome { inserted_ids: ids })
    }
}

impl UpdateOutcome {
    /// Reads the reply to an `update`.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for `ok: 0`, [`Error::Write`] if some of the writes failed.
    pub fn from_reply(reply: &Document) -> Result<Self> {
        let upserted: Vec<_> = documents(reply, "upserted")
            .map(|one| Upserted {
                index: index(one),
                id: one.get("_id").cloned().unwrap_or(Bson::Null),
            })
            .collect();
        let outcome = UpdateOutcome {
            // The server counts an upsert as a match.
            matched: count(reply, "n").saturating_sub(upserted.len() as u64),
            modified: count(reply, "nModified"),
            upserted,
        };
        refused(reply, || WriteSummary {
            matched: outcome.matched,
            modified: outcome.modified,
            upserted: outcome.upserted.clone(),
            ..WriteSummary::default()
        })?;
        Ok(outcome)
    }
}

impl DeleteOutcome {
    /// Reads the reply to a `delete`.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for `ok: 0`, [`Error::Write`] if some of the writes failed.
    pub fn from_reply(reply: &Document) -> Result<Self> {
        let deleted = count(reply, "n");
        refused(reply, || WriteSummary { deleted, ..WriteSummary::default() })?;
        Ok(DeleteOutcome { deleted })
    }
}

impl FindAndModifyOutcome {
    /// Reads the reply to a `findAndModify`.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for `ok: 0`, [`Error::Write`] for a write concern that was not met.
    pub fn from_reply(reply: &Document) -> Result<Self> {
        let empty = Document::new();
        let last = reply.get_document("lastErrorObject").unwrap_or(&empty);
        let value = match reply.get("value") {
            Some(Bson::Document(doc)) => Some(encode(doc)?),
            _ => None,
        };
        let outcome = FindAndModifyOutcome {
            value,
            n: count(last, "n"),
            updated_existing: last.get_bool("updatedExisting").unwrap_or(false),
            upserted: last.get("upserted").cloned(),
        };
        refused(reply, || {
            let updated = u64::from(outcome.updated_existing);
            let upserted = outcome.upserted.clone().map(|id| Upserted { index: 0, id });
            let deletes = !last.contains_key("updatedExisting");
            WriteSummary {
                matched: updated,
                modified: updated,
                deleted: if deletes { outcome.n } else { 0 },
                upserted: upserted.into_iter().collect(),
                ..WriteSummary::default()
            }
        })?;
        Ok(outcome)
    }
}

impl CreateIndexesOutcome {
    /// Reads the reply to a `createIndexes` of indexes with these names.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for `ok: 0`.
    pub fn from_reply(reply: &Document, names: Vec<String>) -> Result<Self> {
        refused(reply, WriteSummary::default)?;
        let number = |name| u32::try_from(count(reply, name)).unwrap_or(u32::MAX);
        Ok(CreateIndexesOutcome {
            names,
            indexes_before: number("numIndexesBefore"),
            indexes_after: number("numIndexesAfter"),
            created_collection: reply.get_bool("createdCollectionAutomatically").unwrap_or(false),
        })
    }
}

fn command_error(reply: &Document) -> CommandError {
    CommandError {
        code: code(reply),
        message: message(reply),
        labels: labels(reply),
        details: details(reply),
    }
}

fn write_error(error: &Document) -> WriteError {
    WriteError::new(index(error), code(error), message(error)).with_details(details(error))
}

/// A reply without a code is from a very old server, or from what is none.
fn code(reply: &Document) -> ErrorCode {
    let code = reply.get("code").and_then(lenient_i64).and_then(|code| i32::try_from(code).ok());
    ErrorCode(code.unwrap_or(ErrorCode::INTERNAL_ERROR.0))
}

fn message(reply: &Document) -> String {
    reply.get_str("errmsg").unwrap_or_default().to_owned()
}

fn labels(reply: &Document) -> Vec<String> {
    let labels = reply.get_array("errorLabels").map(Vec::as_slice).unwrap_or_default();
    labels.iter().filter_map(|label| label.as_str().map(str::to_owned)).collect()
}

fn details(reply: &Document) -> Document {
    let rest = reply.iter().filter(|(name, _)| !NO_DETAILS.contains(&name.as_str()));
    rest.map(|(name, value)| (name.clone(), value.clone())).collect()
}

fn documents<'a>(reply: &'a Document, name: &str) -> impl Iterator<Item = &'a Document> {
    reply.get_array(name).into_iter().flatten().filter_map(Bson::as_document)
}

fn count(reply: &Document, name: &str) -> u64 {
    reply.get(name).and_then(lenient_i64).and_then(|n| u64::try_from(n).ok()).unwrap_or(0)
}

fn index(of: &Document) -> usize {
    usize::try_from(count(of, "index")).unwrap_or(usize::MAX)
}

fn encode(doc: &Document) -> Result<RawDoc> {
    RawDocumentBuf::try_from(doc)
        .map(RawDoc::from)
        .map_err(|error| Error::command(ErrorCode::INVALID_BSON, error.to_string()))
}
