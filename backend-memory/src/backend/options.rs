//! Options that the engine lacks are refused, by name. What only advises is accepted.

use std::sync::Arc;
use std::time::Duration;

use odm_core::{Collation, Error, ErrorCode, OpCx, Operation};

use super::unsupported;
use crate::collation::Collator;
use crate::storage::Cell;

/// Refuses sessions: the engine hands none out, so this one is another backend's.
pub(crate) fn check(cx: &OpCx) -> Result<(), Error> {
    match cx.session {
        Some(_) => Err(unsupported("sessions")),
        None => Ok(()),
    }
}

/// The time that an operation's context leaves it, where that is less than its own `maxTimeMS`.
pub(crate) struct TimeLimit {
    operation: &'static str,
    limit: Option<Duration>,
}

impl TimeLimit {
    /// Lowers `max_time` to what `cx` says.
    pub(crate) fn set(cx: &OpCx, operation: &'static str, max_time: &mut Option<Duration>) -> Self {
        let limit = cx.timeout.filter(|limit| max_time.is_none_or(|own| *limit < own));
        if limit.is_some() {
            *max_time = limit;
        }
        TimeLimit { operation, limit }
    }

    /// The same for an operation that came as a command.
    pub(crate) fn set_for(cx: &OpCx, operation: &mut Operation) -> Self {
        let name = operation.name();
        match operation {
            Operation::Find(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::Aggregate(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::Count(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::Distinct(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::UpdateBatch(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::DeleteBatch(request) => TimeLimit::set(cx, name, &mut request.max_time),
            Operation::FindAndModify(request) => TimeLimit::set(cx, name, &mut request.max_time),
            _ => TimeLimit { operation: name, limit: None },
        }
    }

    /// Tells of the context's limit what would be told of the operation's own.
    pub(crate) fn name<T>(&self, result: Result<T, Error>) -> Result<T, Error> {
        result.map_err(|error| match self.limit {
            Some(limit) if error.error_code() == Some(ErrorCode::MAX_TIME_MS_EXPIRED) => {
                Error::Timeout { operation: self.operation, limit }
            }
            _ => error,
        })
    }
}

/// What strings compare by in an operation on a collection, if not by their bytes.
///
/// # Errors
///
/// As [`Collator::new`].
pub(crate) fn collator(
    collation: Option<&Collation>,
    cell: Option<&Cell>,
) -> Result<Option<Arc<Collator>>, Error> {
    match collation {
        Some(collation) => Collator::new(collation),
        None => Ok(cell.and_then(|cell| cell.read(|state| state.collator().cloned()))),
    }
}
