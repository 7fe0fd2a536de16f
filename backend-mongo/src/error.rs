//! The driver's errors and the server's refusals as errors of `odm_core`.

use std::sync::Arc;

use bson::{Bson, Document};
use mongodb::error::ErrorKind;
use odm_core::{Error, ErrorCode, RETRYABLE_WRITE_ERROR, Result, WriteFailure, WriteSummary};

/// Replies and errors with these codes may be tried again by a read: the driver specification's list.
const RETRYABLE_READ_CODES: &[i32] =
    &[11600, 11602, 10107, 13435, 13436, 189, 91, 7, 6, 89, 9001, 134, 262];

/// What a failure of the driver means to a caller.
pub(crate) fn from_driver(error: mongodb::error::Error) -> Error {
    let labels: Vec<String> = error.labels().iter().cloned().collect();
    match &*error.kind {
        ErrorKind::Command(refused) => {
            let reply = error.server_response().and_then(|reply| Document::try_from(&**reply).ok());
            let refusal = reply.as_ref().and_then(Error::from_reply);
            let code = ErrorCode(refused.code);
            let refusal = refusal.unwrap_or_else(|| Error::command(code, refused.message.clone()));
            // The driver adds labels of its own.
            labels.into_iter().fold(refusal, |error, label| {
                if error.has_label(&label) { error } else { error.with_label(label) }
            })
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
            Error::command(ErrorCode::ILLEGAL_OPERATION, message.clone())
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
        Ok(reply) => labels_of(reply).any(|label| label == RETRYABLE_WRITE_ERROR),
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

/// Refuses a reply with `ok: 1` whose write concern was not met.
pub(crate) fn check_write_concern(reply: &Document) -> Result<()> {
    match WriteFailure::from_reply(reply, WriteSummary::default()) {
        Some(failure) => Err(failure.into()),
        None => Ok(()),
    }
}

fn labels_of(reply: &Document) -> impl Iterator<Item = &str> {
    reply.get_array("errorLabels").into_iter().flatten().filter_map(Bson::as_str)
}
