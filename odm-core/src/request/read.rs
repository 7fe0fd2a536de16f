//! `find`, `aggregate`, `count`, `distinct`, change streams.

use std::time::Duration;

use bson::{Bson, Document, Timestamp};

use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::index::Hint;
use crate::namespace::FieldPath;
use crate::pipeline::Pipeline;
use crate::projection::Projection;
use crate::sort::{Sort, SortOrder};

/// `find`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Find {
    /// What must match.
    pub filter: Filter,
    /// Which fields to hand out.
    pub projection: Option<Projection>,
    /// In which order; any without it.
    pub sort: Sort,
    /// How many matches to pass over.
    pub skip: u64,
    /// How many documents at most; 0 for all.
    pub limit: u64,
    /// How many documents the cursor fetches at a time.
    pub batch_size: Option<u32>,
    /// Whether the cursor closes after its first batch.
    pub single_batch: bool,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
    /// The inclusive lower bound of the hinted index.
    pub min: Option<Document>,
    /// The exclusive upper bound of the hinted index.
    pub max: Option<Document>,
    /// Whether to hand out the index keys alone.
    pub return_key: bool,
    /// Whether to add `$recordId`.
    pub show_record_id: bool,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// `maxAwaitTimeMS`, of tailable cursors.
    pub max_await_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
    /// `let`: variables for `$expr`.
    pub let_vars: Option<Document>,
    /// Whether sorts may spill to disk.
    pub allow_disk_use: Option<bool>,
    /// Whether the cursor outlives its idle time.
    pub no_cursor_timeout: bool,
    /// Whether the cursor stays open at the end of a capped collection.
    pub tailable: bool,
    /// Whether a tailable cursor waits for data.
    pub await_data: bool,
    /// Whether missing shards are tolerated.
    pub allow_partial_results: bool,
}

impl Find {
    /// Checks what does not depend on the collection, beside filter, projection, sort and hint.
    ///
    /// # Errors
    ///
    /// - `FailedToParse` (9): `awaitData` without `tailable`; a malformed name in `let`.
    /// - `BadValue` (2): a sort, or `singleBatch`, beside `tailable`.
    /// - 51176: different fields in `min` and `max`.
    pub fn check(&self) -> Result<()> {
        let refuse = |code, message: &str| Err(Error::command(code, message));
        if self.await_data && !self.tailable {
            let message = "cannot set 'awaitData' without also setting 'tailable'";
            return refuse(ErrorCode::FAILED_TO_PARSE, message);
        }
        if self.tailable && self.single_batch {
            let message = "cannot use tailable option with the 'singleBatch' option";
            return refuse(ErrorCode::BAD_VALUE, message);
        }
        let is_natural = |(path, order): &(FieldPath, SortOrder)| {
            path.as_str() == "$natural" && *order == SortOrder::Ascending
        };
        if self.tailable && !self.sort.keys.iter().all(is_natural) {
            let message = "cannot use tailable option with a sort other than {$natural: 1}";
            return refuse(ErrorCode::BAD_VALUE, message);
        }
        let bound = |bound: &Option<Document>| bound.clone().filter(|bound| !bound.is_empty());
        if let (Some(min), Some(max)) = (bound(&self.min), bound(&self.max))
            && !min.keys().eq(max.keys())
        {
            return refuse(ErrorCode(51_176), "min and max must have the same field names");
        }
        self.let_vars.iter().try_for_each(check_variables)
    }
}

/// Checks the names of variables in `let`.
///
/// # Errors
///
/// `FailedToParse` (9) for a malformed name, 4738901 for that of a constant.
pub fn check_variables(vars: &Document) -> Result<()> {
    const CONSTANTS: [&str; 6] =
        ["NOW", "CLUSTER_TIME", "JS_SCOPE", "IS_MR", "USER_ROLES", "SEARCH_META"];
    for name in vars.keys() {
        if CONSTANTS.contains(&name.as_str()) {
            let message = format!("attempt to set internal constant: {name}");
            return Err(Error::command(ErrorCode(4_738_901), message));
        }
        if name == "CURRENT" {
            continue;
        }
        let begins = |first: char| first.is_ascii_lowercase() || !first.is_ascii();
        let goes_on = |next: char| next.is_ascii_alphanumeric() || next == '_' || !next.is_ascii();
        if !name.starts_with(begins) || !name.chars().all(goes_on) {
            let message = format!("invalid 'let' parameter: '{name}' is no name of a variable");
            return Err(Error::command(ErrorCode::FAILED_TO_PARSE, message));
        }
    }
    Ok(())
}

/// `aggregate`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Aggregate {
    /// The stages. On a namespace without a collection: `aggregate: 1`.
    pub pipeline: Pipeline,
    /// How many documents the cursor fetches at a time.
    pub batch_size: Option<u32>,
    /// Whether stages may spill to disk.
    pub allow_disk_use: Option<bool>,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// Whether `$out` and `$merge` pass by the validator.
    pub bypass_document_validation: bool,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
    /// `let`: variables of the pipeline.
    pub let_vars: Option<Document>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// How many documents match.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Count {
    /// What must match.
    pub filter: Filter,
    /// How many matches to pass over.
    pub skip: u64,
    /// How many to count at most; 0 for all.
    pub limit: u64,
    /// Whether the collection's metadata may answer; only without a filter.
    pub estimated: bool,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `distinct`: the different values of a field.
#[derive(Debug, Clone, PartialEq)]
pub struct Distinct {
    /// The field; arrays count by their elements.
    pub key: FieldPath,
    /// What must match.
    pub filter: Filter,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

impl Distinct {
    /// The different values of `key` in all documents.
    pub fn new(key: impl Into<FieldPath>) -> Self {
        Distinct {
            key: key.into(),
            filter: Filter::all(),
            collation: None,
            max_time: None,
            comment: None,
        }
    }
}

/// A change stream: on a collection, on a database (no collection name) or on the deployment.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Watch {
    /// Stages that filter or shape the events.
    pub pipeline: Pipeline,
    /// `updateLookup`, `whenAvailable`, `required`, ….
    pub full_document: Option<String>,
    /// `whenAvailable`, `required` or `off`.
    pub full_document_before_change: Option<String>,
    /// Goes on after the event with this token.
    pub resume_after: Option<Document>,
    /// As `resume_after`, also past an `invalidate`.
    pub start_after: Option<Document>,
    /// Starts at this time.
    pub start_at_operation_time: Option<Timestamp>,
    /// How long the server waits for new events.
    pub max_await_time: Option<Duration>,
    /// How many events to fetch at a time.
    pub batch_size: Option<u32>,
    /// How strings compare in the pipeline.
    pub collation: Option<Collation>,
    /// Whether to watch the whole deployment.
    pub all_databases: bool,
    /// Whether events of the newer kinds are sent as well.
    pub show_expanded_events: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}
