//! `find`, `aggregate`, `count`, `distinct`, change streams.

use std::time::Duration;

use bson::{Bson, Document, Timestamp};

use crate::collation::Collation;
use crate::filter::Filter;
use crate::index::Hint;
use crate::namespace::FieldPath;
use crate::pipeline::Pipeline;
use crate::projection::Projection;
use crate::sort::Sort;

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
