//! The driver's errors and the server's refusals as errors of `odm_core`.

use std::sync::Arc;

use bson::{Bson, Document};
use mongodb::error::ErrorKind;
use odm_core::{
    CommandError, Error, ErrorCode, RETRYABLE_WRITE_ERROR, Result, Upserted, WriteError,
    WriteFailure, WriteSummary,
};

/// Replies and errors with these codes may be tried again by a read: the driver specification's list.
const RETRYABLE_READ_CODES: &[i32] =
    &[11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262];

/// What a failure of the driver means to a caller.
pub(crate) fn from_driver(error: mongodb::error::Error) -> Error {
    let labels: Vec<String> = error.labels().iter().cloned().collect();
    match &*error.kind {
        ErrorKind::Command(refused) => {
            let reply = error.server_response().and_then(|reply| Document::try_from(&**reply).ok());
            let mut refusal = match reply {
                Some(reply) => refusal(reply),
                None => command_error(ErrorCode(refused.code), refused.message.clone()),
            };
            add_labels(&mut refusal, labels);
            refusal
        }
        ErrorKind::Authentication { message, .. } => {
            let message = message.clone();
            Error::Authentication { message, source: Some(Arc::new(error)) }
        }
        ErrorKind::InvalidArgument { message, .. }
        | ErrorKind::InvalidTlsConfig { message, .. }
        | ErrorKind::DnsResolve { message, .. }
        | ErrorKind::IncompatibleServer { message, .. } => Error::Config(message.clone()),
        ErrorKind::Transaction { message, .. } => {
            command_error(ErrorCode::ILLEGAL_OPERATION, message.clone())
        }
        ErrorKind::SessionsNotSupported => {
            Error::Unsupported { backend: crate::NAME, feature: "sessions".to_owned() }
        }
        ErrorKind::Bson(message) => Error::command(ErrorCode::INVALID_BSON, message.to_string()),
        kind => {
            let message = kind.to_string();
            Error::Connection { message, labels, source: Some(Arc::new(error)) }
        }
    }
}

/// Whether the connection broke, so that nobody knows whether the server ran the command.
pub(crate) fn is_network(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::Io(_) | ErrorKind::ConnectionPoolCleared { .. })
}

/// Whether a read that failed this way may be tried once more.
pub(crate) fn is_retryable_read(error: &mongodb::error::Error) -> bool {
    is_network(error) || code(error).is_some_and(|code| RETRYABLE_READ_CODES.contains(&code))
}

/// Whether the command was never sent, for want of a server.
pub(crate) fn is_unsent(error: &mongodb::error::Error) -> bool {
    matches!(&*error.kind, ErrorKind::ServerSelection { .. })
        || error.contains_label("NoWritesPerformed")
}

/// The server's code of a refusal.
pub(crate) fn code(error: &mongodb::error::Error) -> Option<i32> {
    match &*error.kind {
        ErrorKind::Command(refused) => Some(refused.code),
        _ => None,
    }
}

/// Whether a write that failed this way may be sent once more under its transaction number.
pub(crate) fn is_retryable_write(outcome: &mongodb::error::Result<Document>) -> bool {
    match outcome {
        Err(error) => is_network(error) || error.contains_label(RETRYABLE_WRITE_ERROR),
        Ok(reply) => labels_of(reply).iter().any(|label| label == RETRYABLE_WRITE_ERROR),
    }
}

/// A connection error of a retryable write carries its label, as from a driver's own action.
pub(crate) fn label_retryable_write(error: &mut Error) {
    if let Error::Connection { labels, .. } = error
        && !labels.iter().any(|label| label == RETRYABLE_WRITE_ERROR)
    {
        labels.push(RETRYABLE_WRITE_ERROR.to_owned());
    }
}

/// What a write command's reply says was done, and what failed; `index` is where its first
/// statement stands in the whole request.
#[derive(Debug, Default)]
pub(crate) struct WriteReply {
    pub(crate) n: u64,
    pub(crate) modified: u64,
    pub(crate) upserted: Vec<Upserted>,
    pub(crate) write_errors: Vec<WriteError>,
    pub(crate) write_concern_error: Option<Box<CommandError>>,
    pub(crate) labels: Vec<String>,
}

impl WriteReply {
    pub(crate) fn new(mut reply: Document, index: usize) -> WriteReply {
        let labels = labels_of(&reply);
        let upserted = documents(&mut reply, "upserted").map(|mut one| Upserted {
            index: index + count(&one, "index") as usize,
            id: one.remove("_id").unwrap_or(Bson::Null),
        });
        let upserted = upserted.collect();
        let write_errors = documents(&mut reply, "writeErrors").map(|mut one| {
            let at = index + count(&one, "index") as usize;
            let code = ErrorCode(integer(&one, "code") as i32);
            let message = take_string(&mut one, "errmsg");
            one.remove("index");
            one.remove("code");
            WriteError::new(at, code, message).with_details(one)
        });
        WriteReply {
            n: count(&reply, "n"),
            modified: count(&reply, "nModified"),
            upserted,
            write_errors: write_errors.collect(),
            write_concern_error: write_concern_error(&mut reply),
            labels,
        }
    }

    /// Adds what a later command of the same request did.
    pub(crate) fn add(&mut self, later: WriteReply) {
        self.n += later.n;
        self.modified += later.modified;
        self.upserted.extend(later.upserted);
        self.write_errors.extend(later.write_errors);
        self.write_concern_error = self.write_concern_error.take().or(later.write_concern_error);
        for label in later.labels {
            if !self.labels.contains(&label) {
                self.labels.push(label);
            }
        }
    }

    /// The failure, if anything failed; `done` says what was done all the same.
    pub(crate) fn check(&mut self, done: impl FnOnce(&WriteReply) -> WriteSummary) -> Result<()> {
        if self.write_errors.is_empty() && self.write_concern_error.is_none() {
            return Ok(());
        }
        let mut failure = WriteFailure::new(std::mem::take(&mut self.write_errors), done(self));
        failure.write_concern_error = self.write_concern_error.take();
        failure.labels = std::mem::take(&mut self.labels);
        Err(failure.into())
    }
}

/// Refuses a reply with `ok: 1` whose write concern was not met.
pub(crate) fn check_write_concern(reply: &mut Document, done: WriteSummary) -> Result<()> {
    let Some(error) = write_concern_error(reply) else { return Ok(()) };
    let mut failure = WriteFailure::new(Vec::new(), done);
    failure.write_concern_error = Some(error);
    failure.labels = labels_of(reply);
    Err(failure.into())
}

/// A count of a reply, whatever its number type.
pub(crate) fn count(doc: &Document, key: &str) -> u64 {
    integer(doc, key).try_into().unwrap_or(0)
}

fn integer(doc: &Document, key: &str) -> i64 {
    match doc.get(key) {
        Some(Bson::Int32(n)) => i64::from(*n),
        Some(Bson::Int64(n)) => *n,
        Some(Bson::Double(n)) => *n as i64,
        _ => 0,
    }
}

fn command_error(code: ErrorCode, message: String) -> Error {
    Error::command(code, message)
}

/// The error of a reply with `ok: 0`.
fn refusal(mut reply: Document) -> Error {
    let code = ErrorCode(integer(&reply, "code") as i32);
    let message = take_string(&mut reply, "errmsg");
    let labels = labels_of(&reply);
    for known in [
        "ok",
        "code",
        "codeName",
        "errorLabels",
        "$clusterTime",
        "operationTime",
        "topologyVersion",
    ] {
        reply.remove(known);
    }
    let mut error = Error::command_with(code, message, reply);
    add_labels(&mut error, labels);
    error
}

fn add_labels(error: &mut Error, labels: Vec<String>) {
    if let Error::Command(error) = error {
        for label in labels {
            if !error.labels.contains(&label) {
                error.labels.push(label);
            }
        }
    }
}

fn write_concern_error(reply: &mut Document) -> Option<Box<CommandError>> {
    let Some(Bson::Document(error)) = reply.remove("writeConcernError") else { return None };
    match refusal(error) {
        Error::Command(error) => Some(error),
        _ => None,
    }
}

fn labels_of(reply: &Document) -> Vec<String> {
    let labels = reply.get_array("errorLabels").map(Vec::as_slice).unwrap_or_default();
    labels.iter().filter_map(Bson::as_str).map(str::to_owned).collect()
}

fn documents(reply: &mut Document, key: &str) -> impl Iterator<Item = Document> + use<> {
    let found = match reply.remove(key) {
        Some(Bson::Array(found)) => found,
        _ => Vec::new(),
    };
    found.into_iter().filter_map(|one| match one {
        Bson::Document(one) => Some(one),
        _ => None,
    })
}

fn take_string(doc: &mut Document, key: &str) -> String {
    match doc.remove(key) {
        Some(Bson::String(text)) => text,
        _ => String::new(),
    }
}
