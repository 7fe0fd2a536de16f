//! A backend-agnostic object-document mapper for MongoDB.

mod error;

pub use bson;
pub use error::{
    CommandError, DecodeError, DuplicateKey, Error, ErrorCode, RETRYABLE_WRITE_ERROR, Result,
    TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT, Upserted, WriteError,
    WriteFailure, WriteSummary,
};

/// What the backend can do: a placeholder until the trait is there.
#[derive(Debug)]
pub struct Capabilities;
