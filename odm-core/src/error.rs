//! One error type, split by what a caller can do about it.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use bson::{Bson, Document};

use crate::lookup::LookupError;

/// The result of everything in this crate.
pub type Result<T, E = Error> = std::result::Result<T, E>;

/// The label of an error after which the whole transaction may be tried again.
pub const TRANSIENT_TRANSACTION_ERROR: &str = "TransientTransactionError";
/// The label of an error after which the commit may be tried again.
pub const UNKNOWN_TRANSACTION_COMMIT_RESULT: &str = "UnknownTransactionCommitResult";
/// The label of an error after which a write may be tried again.
pub const RETRYABLE_WRITE_ERROR: &str = "RetryableWriteError";

/// A MongoDB error code. A newtype, since the server's list is open: unnamed codes pass through.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ErrorCode(pub i32);

macro_rules! error_codes {
    ($($constant:ident = $code:literal $name:literal,)*) => {
        impl ErrorCode {
            $(#[doc = concat!("`", $name, "` (", stringify!($code), ").")]
            pub const $constant: ErrorCode = ErrorCode($code);)*

            /// The server's name of the code; `Location<code>` for those that it leaves unnamed.
            #[must_use]
            pub fn name(self) -> std::borrow::Cow<'static, str> {
                match self.0 {
                    $($code => $name.into(),)*
                    code => format!("Location{code}").into(),
                }
            }
        }
    };
}

error_codes! {
    INTERNAL_ERROR = 1 "InternalError",
    BAD_VALUE = 2 "BadValue",
    NO_SUCH_KEY = 4 "NoSuchKey",
    GRAPH_CONTAINS_CYCLE = 5 "GraphContainsCycle",
    HOST_UNREACHABLE = 6 "HostUnreachable",
    FAILED_TO_PARSE = 9 "FailedToParse",
    USER_NOT_FOUND = 11 "UserNotFound",
    UNAUTHORIZED = 13 "Unauthorized",
    TYPE_MISMATCH = 14 "TypeMismatch",
    OVERFLOW = 15 "Overflow",
    INVALID_LENGTH = 16 "InvalidLength",
    PROTOCOL_ERROR = 17 "ProtocolError",
    AUTHENTICATION_FAILED = 18 "AuthenticationFailed",
    ILLEGAL_OPERATION = 20 "IllegalOperation",
    INVALID_BSON = 22 "InvalidBSON",
    LOCK_TIMEOUT = 24 "LockTimeout",
    NAMESPACE_NOT_FOUND = 26 "NamespaceNotFound",
    INDEX_NOT_FOUND = 27 "IndexNotFound",
    PATH_NOT_VIABLE = 28 "PathNotViable",
    CANNOT_BACKFILL_ARRAY = 34 "CannotBackfillArray",
    CANNOT_CREATE_INDEX = 67 "CannotCreateIndex",
    INDEX_ALREADY_EXISTS = 68 "IndexAlreadyExists",
    INVALID_OPTIONS = 72 "InvalidOptions",
    INVALID_NAMESPACE = 73 "InvalidNamespace",
    INDEX_OPTIONS_CONFLICT = 85 "IndexOptionsConflict",
    INDEX_KEY_SPECS_CONFLICT = 86 "IndexKeySpecsConflict",
    NETWORK_TIMEOUT = 89 "NetworkTimeout",
    OPERATION_FAILED = 96 "OperationFailed",
    CONFLICTING_UPDATE_OPERATORS = 40 "ConflictingUpdateOperators",
    CURSOR_NOT_FOUND = 43 "CursorNotFound",
    NAMESPACE_EXISTS = 48 "NamespaceExists",
    MAX_TIME_MS_EXPIRED = 50 "MaxTimeMSExpired",
    DOLLAR_PREFIXED_FIELD_NAME = 52 "DollarPrefixedFieldName",
    INVALID_ID_FIELD = 53 "InvalidIdField",
    NOT_SINGLE_VALUE_FIELD = 54 "NotSingleValueField",
    EMPTY_FIELD_NAME = 56 "EmptyFieldName",
    DOTTED_FIELD_NAME = 57 "DottedFieldName",
    COMMAND_NOT_FOUND = 59 "CommandNotFound",
    WRITE_CONCERN_FAILED = 64 "WriteConcernFailed",
    IMMUTABLE_FIELD = 66 "ImmutableField",
    UNKNOWN_REPL_WRITE_CONCERN = 79 "UnknownReplWriteConcern",
    UNSATISFIABLE_WRITE_CONCERN = 100 "UnsatisfiableWriteConcern",
    WRITE_CONFLICT = 112 "WriteConflict",
    COMMAND_NOT_SUPPORTED = 115 "CommandNotSupported",
    DOCUMENT_VALIDATION_FAILURE = 121 "DocumentValidationFailure",
    COMMAND_NOT_SUPPORTED_ON_VIEW = 166 "CommandNotSupportedOnView",
    OPTION_NOT_SUPPORTED_ON_VIEW = 167 "OptionNotSupportedOnView",
    INVALID_PIPELINE_OPERATOR = 168 "InvalidPipelineOperator",
    CANNOT_INDEX_PARALLEL_ARRAYS = 171 "CannotIndexParallelArrays",
    QUERY_FEATURE_NOT_ALLOWED = 224 "QueryFeatureNotAllowed",
    CAPPED_POSITION_LOST = 136 "CappedPositionLost",
    QUERY_PLAN_KILLED = 175 "QueryPlanKilled",
    INTERRUPTED_AT_SHUTDOWN = 11_600 "InterruptedAtShutdown",
    INTERRUPTED = 11_601 "Interrupted",
    CONVERSION_FAILURE = 241 "ConversionFailure",
    NO_SUCH_TRANSACTION = 251 "NoSuchTransaction",
    OPERATION_NOT_SUPPORTED_IN_TRANSACTION = 263 "OperationNotSupportedInTransaction",
    NO_QUERY_EXECUTION_PLANS = 291 "NoQueryExecutionPlans",
    BSON_OBJECT_TOO_LARGE = 10_334 "BSONObjectTooLarge",
    DUPLICATE_KEY = 11_000 "DuplicateKey",
    NOT_WRITABLE_PRIMARY = 10_107 "NotWritablePrimary",
    PRIMARY_STEPPED_DOWN = 189 "PrimarySteppedDown",
    SHUTDOWN_IN_PROGRESS = 91 "ShutdownInProgress",
    SOCKET_EXCEPTION = 9_001 "SocketException",
    NOT_PRIMARY_NO_SECONDARY_OK = 13_435 "NotPrimaryNoSecondaryOk",
    NOT_PRIMARY_OR_SECONDARY = 13_436 "NotPrimaryOrSecondary",
    INTERRUPTED_DUE_TO_REPL_STATE_CHANGE = 11_602 "InterruptedDueToReplStateChange",
    EXCEEDED_TIME_LIMIT = 262 "ExceededTimeLimit",
}

impl fmt::Display for ErrorCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.name(), self.0)
    }
}

/// What went wrong.
///
/// Callers ask ([`code`](Error::code), [`is_duplicate_key`](Error::is_duplicate_key), …) rather
/// than match: the list of variants may grow.
#[derive(Debug, Clone, thiserror::Error)]
#[non_exhaustive]
pub enum Error {
    /// The server, or an evaluator standing in for it, refused the command.
    #[error(transparent)]
    Command(Box<CommandError>),
    /// Some of the writes of a command failed; the rest may have been done.
    #[error(transparent)]
    Write(Box<WriteFailure>),
    /// A stored document does not fit the Rust type.
    #[error(transparent)]
    Decode(Box<DecodeError>),
    /// A Rust value has no BSON form.
    #[error("cannot encode {what}: {message}")]
    Encode {
        /// The model or field whose value it is.
        what: String,
        /// What the serializer said.
        message: String,
    },
    /// No document matched where one was required.
    #[error("no `{model}` found for {filter}")]
    NotFound {
        /// The Rust name of the model, or the namespace of an untyped collection.
        model: String,
        /// The filter, as the extended JSON of its document.
        filter: String,
    },
    /// More than one document matched where exactly one was required.
    #[error("more than one `{model}` found for {filter}")]
    MultipleFound {
        /// The Rust name of the model, or the namespace of an untyped collection.
        model: String,
        /// The filter, as the extended JSON of its document.
        filter: String,
    },
    /// The deployment could not be reached, or the connection broke.
    #[error("{message}")]
    Connection {
        /// What could not be reached, and why.
        message: String,
        /// The labels that the driver or server attached.
        labels: Vec<String>,
        /// The driver's own error.
        #[source]
        source: Option<Arc<dyn StdError + Send + Sync>>,
    },
    /// The deployment refused the credentials.
    #[error("authentication failed: {message}")]
    Authentication {
        /// What the server said.
        message: String,
        /// The driver's own error.
        #[source]
        source: Option<Arc<dyn StdError + Send + Sync>>,
    },
    /// A connection string, an option or a declaration is wrong.
    #[error("invalid configuration: {0}")]
    Config(String),
    /// A lookup, or a parameter of a query string, is refused.
    #[error(transparent)]
    Lookup(Box<LookupError>),
    /// The operation did not finish within its deadline.
    #[error("{operation} did not finish within {limit:?}")]
    Timeout {
        /// The operation's name.
        operation: &'static str,
        /// The deadline that it missed.
        limit: std::time::Duration,
    },
    /// The backend lacks the feature: see its [`Capabilities`](crate::Capabilities).
    #[error("the {backend} backend does not support {feature}")]
    Unsupported {
        /// The backend's name.
        backend: &'static str,
        /// The feature, in MongoDB's words.
        feature: String,
    },
}

/// A refusal of a whole command.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct CommandError {
    /// The same on every backend.
    pub code: ErrorCode,
    /// For people; may differ between backends.
    pub message: String,
    /// Labels such as [`TRANSIENT_TRANSACTION_ERROR`].
    pub labels: Vec<String>,
    /// What else the reply held: `keyPattern`, `keyValue`, `errInfo`, ….
    pub details: Document,
}

impl fmt::Display for CommandError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl StdError for CommandError {}

/// Why one write of a command failed.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct WriteError {
    /// The position of the document or statement in the request.
    pub index: usize,
    /// The same on every backend.
    pub code: ErrorCode,
    /// For people; may differ between backends.
    pub message: String,
    /// `keyPattern` and `keyValue` of a duplicate key, `errInfo` of a failed validation.
    pub details: Document,
}

impl WriteError {
    /// A write error without details.
    #[must_use]
    pub fn new(index: usize, code: ErrorCode, message: impl Into<String>) -> Self {
        WriteError { index, code, message: message.into(), details: Document::new() }
    }

    /// Adds what the server reports beside code and message.
    #[must_use]
    pub fn with_details(mut self, details: Document) -> Self {
        self.details = details;
        self
    }

    /// The index that refused the write, if it was a duplicate key.
    #[must_use]
    pub fn duplicate_key(&self) -> Option<DuplicateKey> {
        DuplicateKey::new(self.code, &self.message, &self.details)
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "write {}: {}: {}", self.index, self.code, self.message)
    }
}

/// The failure of some of the writes of a command, with what succeeded.
#[derive(Debug, Clone, PartialEq, Default)]
#[non_exhaustive]
pub struct WriteFailure {
    /// The writes that failed, by position.
    pub write_errors: Vec<WriteError>,
    /// The write concern that was not met, if that is (also) what failed.
    pub write_concern_error: Option<Box<CommandError>>,
    /// What had been done all the same.
    pub done: WriteSummary,
    /// Labels such as [`RETRYABLE_WRITE_ERROR`].
    pub labels: Vec<String>,
}

impl WriteFailure {
    /// A failure of `write_errors`, with what had been `done` all the same.
    #[must_use]
    pub fn new(write_errors: Vec<WriteError>, done: WriteSummary) -> Self {
        WriteFailure { write_errors, done, ..WriteFailure::default() }
    }
}

impl fmt::Display for WriteFailure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.write_errors.as_slice(), &self.write_concern_error) {
            ([], Some(error)) => write!(f, "write concern not met: {error}"),
            ([], None) => f.write_str("write failed"),
            ([only], _) => only.fmt(f),
            ([first, rest @ ..], _) => write!(f, "{first} (and {} more)", rest.len()),
        }
    }
}

impl StdError for WriteFailure {}

/// What a write command did, whether or not all of it succeeded.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct WriteSummary {
    /// Documents inserted, not counting upserts.
    pub inserted: u64,
    /// Documents that matched an update or replacement, not counting upserts.
    pub matched: u64,
    /// Documents that an update or replacement changed.
    pub modified: u64,
    /// Documents deleted.
    pub deleted: u64,
    /// Documents that upserts inserted: position of the statement and `_id`.
    pub upserted: Vec<Upserted>,
}

/// A document that an upsert inserted.
#[derive(Debug, Clone, PartialEq)]
pub struct Upserted {
    /// The position of the statement in the request.
    pub index: usize,
    /// The `_id` of the new document.
    pub id: Bson,
}

/// The unique index that refused a write, and the key that was there already.
#[derive(Debug, Clone, PartialEq)]
pub struct DuplicateKey {
    /// The name of the index.
    pub index: String,
    /// The index's keys, for example `{email: 1}`.
    pub key_pattern: Document,
    /// The key of the refused document, for example `{email: "a@b.c"}`.
    pub key_value: Document,
}

impl DuplicateKey {
    fn new(code: ErrorCode, message: &str, details: &Document) -> Option<Self> {
        if code != ErrorCode::DUPLICATE_KEY {
            return None;
        }
        // The server names the index in the message alone:
        // "E11000 duplicate key error collection: db.c index: email_1 dup key: { email: "a" }".
        let index = message
            .split_once(" index: ")
            .map(|(_, rest)| rest.split_once(" dup key:").map_or(rest, |(name, _)| name))
            // A collated index: "index: name_1 collation: { locale: "en", … } dup key: …".
            .map(|name| name.split_once(" collation: {").map_or(name, |(name, _)| name))
            .unwrap_or_default();
        let document = |key| details.get_document(key).cloned().unwrap_or_default();
        Some(DuplicateKey {
            index: index.trim().to_owned(),
            key_pattern: document("keyPattern"),
            key_value: document("keyValue"),
        })
    }
}

/// Why a stored document does not fit the Rust type that was to hold it.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub struct DecodeError {
    /// The Rust type.
    pub model: String,
    /// The `_id` of the document, if it has one.
    pub id: Option<Bson>,
    /// The stored path of the offending field; empty for the document as a whole.
    pub path: String,
    /// What the Rust type needs there.
    pub expected: String,
    /// What is stored there.
    pub found: String,
    /// What the deserializer said.
    pub message: String,
}

impl DecodeError {
    /// A decoding error of `model`; the rest is filled in by whoever knows it.
    #[must_use]
    pub fn new(model: impl Into<String>, message: impl Into<String>) -> Self {
        DecodeError {
            model: model.into(),
            id: None,
            path: String::new(),
            expected: String::new(),
            found: String::new(),
            message: message.into(),
        }
    }
}

impl fmt::Display for DecodeError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "cannot decode `{}`", self.model)?;
        if let Some(id) = &self.id {
            write!(f, " with _id {id}")?;
        }
        if !self.path.is_empty() {
            write!(f, ": field `{}`", self.path)?;
        }
        if self.expected.is_empty() {
            write!(f, ": {}", self.message)
        } else {
            write!(f, ": expected {}, found {}", self.expected, self.found)
        }
    }
}

impl StdError for DecodeError {}

impl Error {
    /// A refusal with the server's code.
    pub fn command(code: ErrorCode, message: impl Into<String>) -> Self {
        Error::command_with(code, message, Document::new())
    }

    /// A refusal with the server's code, and what else its reply holds.
    pub fn command_with(code: ErrorCode, message: impl Into<String>, details: Document) -> Self {
        Error::Command(Box::new(CommandError {
            code,
            message: message.into(),
            labels: Vec::new(),
            details,
        }))
    }

    /// Adds an error label; ignored by errors that cannot carry one.
    #[must_use]
    pub fn with_label(mut self, label: impl Into<String>) -> Self {
        match &mut self {
            Error::Command(error) => error.labels.push(label.into()),
            Error::Write(failure) => failure.labels.push(label.into()),
            Error::Connection { labels, .. } => labels.push(label.into()),
            _ => {}
        }
        self
    }

    /// The server's code: of the command, or of its first failed write.
    #[must_use]
    pub fn code(&self) -> Option<i32> {
        self.error_code().map(|code| code.0)
    }

    /// [`code`](Error::code) as an [`ErrorCode`].
    #[must_use]
    pub fn error_code(&self) -> Option<ErrorCode> {
        match self {
            Error::Command(error) => Some(error.code),
            Error::Write(failure) => match failure.write_errors.first() {
                Some(error) => Some(error.code),
                None => failure.write_concern_error.as_ref().map(|error| error.code),
            },
            Error::Authentication { .. } => Some(ErrorCode::AUTHENTICATION_FAILED),
            _ => None,
        }
    }

    /// The server's name of [`code`](Error::code).
    #[must_use]
    pub fn code_name(&self) -> Option<String> {
        self.error_code().map(|code| code.name().into_owned())
    }

    /// The labels that say what a caller may do: try the transaction, the commit or the write again.
    #[must_use]
    pub fn labels(&self) -> &[String] {
        match self {
            Error::Command(error) => &error.labels,
            Error::Write(failure) => &failure.labels,
            Error::Connection { labels, .. } => labels,
            _ => &[],
        }
    }

    /// Whether the error carries `label`.
    #[must_use]
    pub fn has_label(&self, label: &str) -> bool {
        self.labels().iter().any(|have| have == label)
    }

    /// Whether a unique index refused a write.
    #[must_use]
    pub fn is_duplicate_key(&self) -> bool {
        self.duplicate_key().is_some()
    }

    /// The unique index that refused a write: its name, key pattern and key value.
    #[must_use]
    pub fn duplicate_key(&self) -> Option<DuplicateKey> {
        match self {
            Error::Command(error) => DuplicateKey::new(error.code, &error.message, &error.details),
            Error::Write(failure) => {
                failure.write_errors.iter().find_map(WriteError::duplicate_key)
            }
            _ => None,
        }
    }

    /// Whether no document matched where one was required.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        matches!(self, Error::NotFound { .. })
    }

    /// Whether the same operation may succeed if it is simply tried again: the deployment was
    /// unreachable or electing, or a transaction ran into a transient conflict.
    #[must_use]
    pub fn is_retryable(&self) -> bool {
        const RETRYABLE: &[ErrorCode] = &[
            ErrorCode::HOST_UNREACHABLE,
            ErrorCode(7), // HostNotFound
            ErrorCode::NETWORK_TIMEOUT,
            ErrorCode::SHUTDOWN_IN_PROGRESS,
            ErrorCode::WRITE_CONFLICT,
            ErrorCode::PRIMARY_STEPPED_DOWN,
            ErrorCode::EXCEEDED_TIME_LIMIT,
            ErrorCode::SOCKET_EXCEPTION,
            ErrorCode::NOT_WRITABLE_PRIMARY,
            ErrorCode::INTERRUPTED_AT_SHUTDOWN,
            ErrorCode::INTERRUPTED_DUE_TO_REPL_STATE_CHANGE,
            ErrorCode::NOT_PRIMARY_NO_SECONDARY_OK,
            ErrorCode::NOT_PRIMARY_OR_SECONDARY,
        ];
        self.has_label(TRANSIENT_TRANSACTION_ERROR)
            || self.has_label(RETRYABLE_WRITE_ERROR)
            || matches!(self, Error::Connection { .. })
            || self.error_code().is_some_and(|code| RETRYABLE.contains(&code))
    }

    /// The writes that failed, by position; empty unless it is a failure of writes.
    #[must_use]
    pub fn write_errors(&self) -> &[WriteError] {
        match self {
            Error::Write(failure) => &failure.write_errors,
            _ => &[],
        }
    }

    /// What had been done before, or beside, the writes that failed.
    #[must_use]
    pub fn done(&self) -> Option<&WriteSummary> {
        match self {
            Error::Write(failure) => Some(&failure.done),
            _ => None,
        }
    }

    /// What else the server's reply held.
    #[must_use]
    pub fn details(&self) -> Option<&Document> {
        match self {
            Error::Command(error) => Some(&error.details),
            Error::Write(failure) => failure.write_errors.first().map(|error| &error.details),
            _ => None,
        }
    }
}

impl From<CommandError> for Error {
    fn from(error: CommandError) -> Self {
        Error::Command(Box::new(error))
    }
}

impl From<WriteFailure> for Error {
    fn from(failure: WriteFailure) -> Self {
        Error::Write(Box::new(failure))
    }
}

impl From<DecodeError> for Error {
    fn from(error: DecodeError) -> Self {
        Error::Decode(Box::new(error))
    }
}
