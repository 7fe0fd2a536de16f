//! Requests and their outcomes: one struct per operation, with every option of the server's command.
//!
//! An option left at its default is not sent. Times are durations, sizes are counts of documents
//! unless a field says bytes.

use std::borrow::Cow;
use std::time::Duration;

use bson::{Bson, Document, RawDocumentBuf, Timestamp};

use crate::backend::{ChangeStream, Cursor};
use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result, Upserted};
use crate::filter::Filter;
use crate::index::{Hint, Index};
use crate::namespace::{FieldPath, Namespace};
use crate::pipeline::Pipeline;
use crate::projection::Projection;
use crate::raw_doc::RawDoc;
use crate::sort::Sort;
use crate::update::{ArrayFilters, Update};

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

/// `insert`.
#[derive(Debug, Clone, PartialEq)]
pub struct Insert {
    /// Encoded documents; one without `_id` gets an `ObjectId`, as the first field.
    pub documents: Vec<RawDocumentBuf>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `update`: statements, run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateBatch {
    /// What to change, and how.
    pub statements: Vec<UpdateStatement>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// One statement of an [`UpdateBatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct UpdateStatement {
    /// Which documents.
    pub filter: Filter,
    /// What happens to them.
    pub update: Update,
    /// Whether all matches change, or only the first.
    pub multi: bool,
    /// Whether to insert a document when none matches.
    pub upsert: bool,
    /// Which elements `$[identifier]` means.
    pub array_filters: Vec<Document>,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
}

/// `delete`: statements, run in order.
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteBatch {
    /// What to delete.
    pub statements: Vec<DeleteStatement>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// `let`: variables for `$expr`.
    pub let_vars: Option<Document>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// One statement of a [`DeleteBatch`].
#[derive(Debug, Clone, PartialEq)]
pub struct DeleteStatement {
    /// Which documents.
    pub filter: Filter,
    /// Whether all matches go, or only the first.
    pub multi: bool,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
}

/// `findAndModify`: changes one document and hands it out.
#[derive(Debug, Clone, PartialEq)]
pub struct FindAndModify {
    /// What must match.
    pub filter: Filter,
    /// Which of several matches: the first in this order.
    pub sort: Sort,
    /// What happens to it.
    pub modification: Modification,
    /// Which of its fields to hand out.
    pub projection: Option<Projection>,
    /// How strings compare.
    pub collation: Option<Collation>,
    /// The index to use.
    pub hint: Option<Hint>,
    /// Whether to pass by the collection's validator.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// `maxTimeMS`.
    pub max_time: Option<Duration>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// What [`FindAndModify`] does to the document.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum Modification {
    /// Deletes it.
    Remove,
    /// Updates or replaces it.
    Update {
        /// The update.
        update: Update,
        /// Which elements `$[identifier]` means.
        array_filters: Vec<Document>,
        /// Whether to insert a document when none matches.
        upsert: bool,
        /// Whether to hand out the document as it is afterwards, rather than before.
        return_new: bool,
    },
}

/// Writes of several kinds, on several collections, in order.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct BulkWrite {
    /// The writes.
    pub writes: Vec<(Namespace, BulkOp)>,
    /// Whether to stop at the first failure.
    pub ordered: bool,
    /// Whether to pass by validators.
    pub bypass_document_validation: bool,
    /// `let`: variables for `$expr` and pipelines.
    pub let_vars: Option<Document>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// One write of a [`BulkWrite`].
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum BulkOp {
    /// Inserts an encoded document.
    Insert(RawDocumentBuf),
    /// Updates or replaces.
    Update(UpdateStatement),
    /// Deletes.
    Delete(DeleteStatement),
}

/// `createIndexes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateIndexes {
    /// The indexes; those that exist already in the same form stay.
    pub indexes: Vec<Index>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `dropIndexes`.
#[derive(Debug, Clone, PartialEq)]
#[non_exhaustive]
pub enum DropIndexes {
    /// All but the one on `_id`.
    All,
    /// These, by name.
    Names(Vec<String>),
    /// The one with these keys.
    Keys(Document),
}

/// `listIndexes`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListIndexes {
    /// How many specifications the cursor fetches at a time.
    pub batch_size: Option<u32>,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `create`: a collection or a view, with its options.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateCollection {
    /// Whether the oldest documents make room for new ones.
    pub capped: bool,
    /// The size of a capped collection in bytes.
    pub size: Option<i64>,
    /// The number of documents of a capped collection.
    pub max: Option<i64>,
    /// What documents must match.
    pub validator: Option<Document>,
    /// `off`, `strict` or `moderate`.
    pub validation_level: Option<String>,
    /// `error` or `warn`.
    pub validation_action: Option<String>,
    /// How strings compare by default.
    pub collation: Option<Collation>,
    /// The collection that a view looks at.
    pub view_on: Option<String>,
    /// What a view makes of it.
    pub pipeline: Option<Pipeline>,
    /// Options with no field here (`timeseries`, `clusteredIndex`, …), passed on as they are.
    pub extra: Document,
}

/// `drop`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropCollection {
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `renameCollection`.
#[derive(Debug, Clone, PartialEq)]
pub struct RenameCollection {
    /// The new name.
    pub to: Namespace,
    /// Whether a collection of that name is dropped.
    pub drop_target: bool,
}

/// `listCollections`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListCollections {
    /// Which of them, by a filter on the listed documents.
    pub filter: Filter,
    /// Whether only names and types are listed.
    pub name_only: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `dropDatabase`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct DropDatabase {
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
}

/// `listDatabases`.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct ListDatabases {
    /// Which of them, by a filter on the listed documents.
    pub filter: Filter,
    /// Whether only names are listed.
    pub name_only: bool,
    /// A note for logs and profiles.
    pub comment: Option<Bson>,
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

/// A command document, as a shell would send it.
#[derive(Debug, Clone, PartialEq)]
pub struct RunCommand(pub Document);

impl Insert {
    /// Inserts in order, until one fails.
    #[must_use]
    pub fn new(documents: Vec<RawDocumentBuf>) -> Self {
        Insert { documents, ordered: true, bypass_document_validation: false, comment: None }
    }
}

impl UpdateBatch {
    /// Runs in order, until one fails.
    #[must_use]
    pub fn new(statements: Vec<UpdateStatement>) -> Self {
        UpdateBatch {
            statements,
            ordered: true,
            bypass_document_validation: false,
            let_vars: None,
            comment: None,
        }
    }
}

impl UpdateStatement {
    /// Updates the first match.
    pub fn one(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        UpdateStatement {
            filter: filter.into(),
            update: update.into(),
            multi: false,
            upsert: false,
            array_filters: Vec::new(),
            collation: None,
            hint: None,
        }
    }

    /// Updates every match.
    pub fn many(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        UpdateStatement { multi: true, ..UpdateStatement::one(filter, update) }
    }

    /// The update and its array filters as an evaluator needs them: without raw documents, and
    /// checked for what is refused whatever the documents are.
    ///
    /// # Errors
    ///
    /// As [`Update::parse`] and [`ArrayFilters::parse`]; `FailedToParse` (9) for a replacement of
    /// several documents.
    pub fn normalized(&self) -> Result<(Cow<'_, Update>, ArrayFilters)> {
        let update = self.update.normalized()?;
        let array_filters = ArrayFilters::parse(&self.array_filters, &update)?;
        if self.multi && matches!(*update, Update::Replacement(_)) {
            return Err(Error::command(
                ErrorCode::FAILED_TO_PARSE,
                "multi update is not supported for replacement-style update",
            ));
        }
        Ok((update, array_filters))
    }
}

impl DeleteBatch {
    /// Runs in order, until one fails.
    #[must_use]
    pub fn new(statements: Vec<DeleteStatement>) -> Self {
        DeleteBatch { statements, ordered: true, let_vars: None, comment: None }
    }
}

impl DeleteStatement {
    /// Deletes the first match.
    pub fn one(filter: impl Into<Filter>) -> Self {
        DeleteStatement { filter: filter.into(), multi: false, collation: None, hint: None }
    }

    /// Deletes every match.
    pub fn many(filter: impl Into<Filter>) -> Self {
        DeleteStatement { multi: true, ..DeleteStatement::one(filter) }
    }
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

impl FindAndModify {
    /// Updates the first match and hands out what it was before.
    pub fn update(filter: impl Into<Filter>, update: impl Into<Update>) -> Self {
        FindAndModify::new(
            filter.into(),
            Modification::Update {
                update: update.into(),
                array_filters: Vec::new(),
                upsert: false,
                return_new: false,
            },
        )
    }

    /// Deletes the first match and hands it out.
    pub fn remove(filter: impl Into<Filter>) -> Self {
        FindAndModify::new(filter.into(), Modification::Remove)
    }

    fn new(filter: Filter, modification: Modification) -> Self {
        FindAndModify {
            filter,
            sort: Sort::default(),
            modification,
            projection: None,
            collation: None,
            hint: None,
            bypass_document_validation: false,
            let_vars: None,
            max_time: None,
            comment: None,
        }
    }
}

/// What [`Insert`] did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct InsertOutcome {
    /// The `_id` of each document, in request order.
    pub inserted_ids: Vec<Bson>,
}

/// What [`UpdateBatch`] did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct UpdateOutcome {
    /// Documents that matched, not counting upserts.
    pub matched: u64,
    /// Documents that changed.
    pub modified: u64,
    /// Documents that upserts inserted.
    pub upserted: Vec<Upserted>,
}

/// What [`DeleteBatch`] did.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct DeleteOutcome {
    /// Documents deleted.
    pub deleted: u64,
}

/// What [`FindAndModify`] did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct FindAndModifyOutcome {
    /// The document before or afterwards, as asked; none if nothing matched (or, before, for an upsert).
    pub value: Option<RawDoc>,
    /// Whether a document that was there changed or was deleted, or one was upserted.
    pub n: u64,
    /// Whether a document that was there matched an update.
    pub updated_existing: bool,
    /// The `_id` of the document that an upsert inserted.
    pub upserted: Option<Bson>,
}

/// What [`BulkWrite`] did.
pub type BulkWriteOutcome = crate::error::WriteSummary;

/// What [`CreateIndexes`] did.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct CreateIndexesOutcome {
    /// The names of the indexes asked for, in order.
    pub names: Vec<String>,
    /// How many indexes there were before.
    pub indexes_before: u32,
    /// How many there are now.
    pub indexes_after: u32,
    /// Whether the collection had to be created first.
    pub created_collection: bool,
}

/// A request together with the outcome that belongs to it.
pub trait Request: Sized {
    /// What the request gives when it succeeds.
    type Outcome;

    /// The request as what plugins see.
    fn into_operation(self) -> Operation;

    /// The outcome out of what plugins saw; `None` if one of them swapped its kind.
    fn outcome(outcome: Outcome) -> Option<Self::Outcome>;
}

macro_rules! operations {
    ($($(#[$doc:meta])* $request:ident -> $outcome:ident($type:ty) $name:literal,)*) => {
        /// Any request: what [plugins](crate::Plugin) see and may rewrite.
        #[derive(Debug, Clone, PartialEq)]
        #[non_exhaustive]
        pub enum Operation {
            $(#[doc = concat!("`", $name, "`.")] $request($request),)*
        }

        impl Operation {
            /// The name of the server's command.
            #[must_use]
            pub const fn name(&self) -> &'static str {
                match self { $(Operation::$request(_) => $name,)* }
            }
        }

        $(impl Request for $request {
            type Outcome = $type;

            fn into_operation(self) -> Operation {
                Operation::$request(self)
            }

            fn outcome(outcome: Outcome) -> Option<$type> {
                match outcome {
                    Outcome::$outcome(value) => Some(value),
                    _ => None,
                }
            }
        })*
    };
}

operations! {
    Find -> Cursor(Cursor) "find",
    Aggregate -> Cursor(Cursor) "aggregate",
    Count -> Count(u64) "count",
    Distinct -> Values(Vec<Bson>) "distinct",
    Insert -> Insert(InsertOutcome) "insert",
    UpdateBatch -> Update(UpdateOutcome) "update",
    DeleteBatch -> Delete(DeleteOutcome) "delete",
    FindAndModify -> FindAndModify(FindAndModifyOutcome) "findAndModify",
    BulkWrite -> BulkWrite(BulkWriteOutcome) "bulkWrite",
    CreateIndexes -> CreateIndexes(CreateIndexesOutcome) "createIndexes",
    DropIndexes -> Done(()) "dropIndexes",
    ListIndexes -> Cursor(Cursor) "listIndexes",
    CreateCollection -> Done(()) "create",
    DropCollection -> Done(()) "drop",
    RenameCollection -> Done(()) "renameCollection",
    ListCollections -> Cursor(Cursor) "listCollections",
    DropDatabase -> Done(()) "dropDatabase",
    ListDatabases -> Documents(Vec<Document>) "listDatabases",
    Watch -> ChangeStream(ChangeStream) "watch",
    RunCommand -> Reply(Document) "command",
}

/// Any outcome: what [plugins](crate::Plugin) see after the backend.
#[derive(Debug)]
#[non_exhaustive]
pub enum Outcome {
    /// Of `find`, `aggregate`, `listIndexes`, `listCollections`.
    Cursor(Cursor),
    /// Of `count`.
    Count(u64),
    /// Of `distinct`.
    Values(Vec<Bson>),
    /// Of `insert`.
    Insert(InsertOutcome),
    /// Of `update`.
    Update(UpdateOutcome),
    /// Of `delete`.
    Delete(DeleteOutcome),
    /// Of `findAndModify`.
    FindAndModify(FindAndModifyOutcome),
    /// Of a bulk write.
    BulkWrite(BulkWriteOutcome),
    /// Of `createIndexes`.
    CreateIndexes(CreateIndexesOutcome),
    /// Of `listDatabases`.
    Documents(Vec<Document>),
    /// Of a change stream.
    ChangeStream(ChangeStream),
    /// Of a command document.
    Reply(Document),
    /// Of operations that have nothing to tell.
    Done(()),
}

/// Groups consecutive writes of one kind on one collection, the way servers before 8.0 take them.
///
/// Each group has the positions of its writes in the whole request.
#[derive(Debug)]
#[non_exhaustive]
pub enum BulkGroup {
    /// Consecutive inserts.
    Insert(Namespace, Vec<usize>, Vec<RawDocumentBuf>),
    /// Consecutive updates.
    Update(Namespace, Vec<usize>, Vec<UpdateStatement>),
    /// Consecutive deletes.
    Delete(Namespace, Vec<usize>, Vec<DeleteStatement>),
}

impl BulkWrite {
    /// The writes in groups that are one command each.
    ///
    /// Ordered writes keep their order; of unordered ones, all of a kind on a collection are one group.
    #[must_use]
    pub fn into_groups(self) -> Vec<BulkGroup> {
        let mut groups: Vec<BulkGroup> = Vec::new();
        for (position, (ns, op)) in self.writes.into_iter().enumerate() {
            let candidates = if self.ordered {
                let last = groups.len().saturating_sub(1);
                &mut groups[last..]
            } else {
                &mut groups[..]
            };
            match (candidates.iter_mut().find(|group| group.takes(&ns, &op)), op) {
                (Some(BulkGroup::Insert(_, positions, docs)), BulkOp::Insert(doc)) => {
                    positions.push(position);
                    docs.push(doc);
                }
                (Some(BulkGroup::Update(_, positions, updates)), BulkOp::Update(update)) => {
                    positions.push(position);
                    updates.push(update);
                }
                (Some(BulkGroup::Delete(_, positions, deletes)), BulkOp::Delete(delete)) => {
                    positions.push(position);
                    deletes.push(delete);
                }
                (_, BulkOp::Insert(doc)) => {
                    groups.push(BulkGroup::Insert(ns, vec![position], vec![doc]));
                }
                (_, BulkOp::Update(update)) => {
                    groups.push(BulkGroup::Update(ns, vec![position], vec![update]));
                }
                (_, BulkOp::Delete(delete)) => {
                    groups.push(BulkGroup::Delete(ns, vec![position], vec![delete]));
                }
            }
        }
        groups
    }
}

impl BulkGroup {
    fn takes(&self, ns: &Namespace, op: &BulkOp) -> bool {
        match (self, op) {
            (BulkGroup::Insert(at, ..), BulkOp::Insert(_))
            | (BulkGroup::Update(at, ..), BulkOp::Update(_))
            | (BulkGroup::Delete(at, ..), BulkOp::Delete(_)) => at == ns,
            _ => false,
        }
    }
}
