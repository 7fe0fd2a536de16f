//! What a backend is: one object-safe trait, and what it hands out.

use std::any::Any;
use std::fmt::Debug;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bson::{Bson, Document};

use crate::error::{Error, Result, Upserted, WriteError, WriteFailure, WriteSummary};
use crate::namespace::Namespace;
use crate::request::{
    Aggregate, BulkGroup, BulkWrite, BulkWriteOutcome, Count, CreateCollection, CreateIndexes,
    CreateIndexesOutcome, DeleteBatch, DeleteOutcome, Distinct, DropCollection, DropDatabase,
    DropIndexes, Find, FindAndModify, FindAndModifyOutcome, Insert, InsertOutcome, ListCollections,
    ListDatabases, ListIndexes, RenameCollection, RunCommand, UpdateBatch, UpdateOutcome, Watch,
};

mod change_stream;
mod cursor;

pub use change_stream::{ChangeStream, RawChangeStream};
pub use cursor::{Cursor, RawCursor};

/// A place where documents live: MongoDB, the memory engine, or your own.
///
/// Documents cross this boundary as encoded BSON, requests as structs whose queries are trees
/// ([`Filter`](crate::Filter), [`Update`](crate::Update), …): a backend evaluates them or prints them.
///
/// # Contract
///
/// What every method MUST do; `conformance` tests it.
///
/// - Refuse what the server refuses, with the server's code, as [`Error::Command`] or, for single
///   writes of a batch, [`Error::Write`]; and refuse it also where no document is looked at.
/// - Refuse what it cannot do with [`Error::Unsupported`], naming it; never ignore an option that
///   changes the answer. Options that only advise (`allow_disk_use`, `comment`, …) MAY be ignored.
/// - Treat a namespace that does not exist as empty; create it on the first write that needs it.
/// - Apply each single-document write atomically, index entries included.
/// - Leave the data as if the operation had happened wholly or not at all when its future is
///   dropped; of a batch, the writes before some point.
/// - Run inside `cx.session`'s transaction when it has one; refuse a session of another backend.
/// - Never panic on any input.
#[async_trait]
pub trait Backend: Any + Debug + Send + Sync {
    /// The backend's name in messages: `memory`, `mongo`.
    fn name(&self) -> &'static str;

    /// What this backend can do; constant over its life.
    fn capabilities(&self) -> &Capabilities;

    /// For those who know the concrete type: [`Database::backend`](crate::Database::backend).
    fn as_any(&self) -> &dyn Any;

    /// The documents that match, in `find.sort` order or, without one, in any order; natural order
    /// when no index serves the filter.
    ///
    /// The cursor MUST fetch in batches and MUST NOT miss a document that was there throughout.
    ///
    /// # Errors
    ///
    /// `BadValue` (2) if the filter is malformed, or the hint names no index.
    async fn find(&self, ns: &Namespace, find: Find, cx: OpCx) -> Result<Cursor>;

    /// The results of a pipeline. On a namespace without a collection, of the database.
    ///
    /// # Errors
    ///
    /// 40324 for an unknown stage; each stage's and expression's own.
    async fn aggregate(&self, ns: &Namespace, aggregate: Aggregate, cx: OpCx) -> Result<Cursor>;

    /// The number of documents that match, after `skip` and up to `limit`.
    ///
    /// # Errors
    ///
    /// As [`find`](Backend::find).
    async fn count(&self, ns: &Namespace, count: Count, cx: OpCx) -> Result<u64>;

    /// The different values of a field; array elements one by one; a missing field gives none.
    ///
    /// # Errors
    ///
    /// As [`find`](Backend::find).
    async fn distinct(&self, ns: &Namespace, distinct: Distinct, cx: OpCx) -> Result<Vec<Bson>>;

    /// Inserts documents, in order; an ordered batch MUST stop at the first failure, an unordered
    /// one MUST try them all. `_id` MUST become the first field, and be made if missing.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] with each failure's position: `DuplicateKey` (11000) with `keyPattern` and
    /// `keyValue`, `InvalidIdField` (53), ….
    async fn insert(&self, ns: &Namespace, insert: Insert, cx: OpCx) -> Result<InsertOutcome>;

    /// Runs update statements, in order. `modified` MUST count only documents whose bytes changed.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] with each failure's position. An update that fails on a document MUST leave
    /// that document as it was; documents that a `multi` statement changed before stay changed.
    async fn update(&self, ns: &Namespace, update: UpdateBatch, cx: OpCx) -> Result<UpdateOutcome>;

    /// Runs delete statements, in order.
    ///
    /// # Errors
    ///
    /// [`Error::Write`] with each failure's position.
    async fn delete(&self, ns: &Namespace, delete: DeleteBatch, cx: OpCx) -> Result<DeleteOutcome>;

    /// Changes the first match, in `sort` order, and hands it out, atomically.
    ///
    /// # Errors
    ///
    /// [`Error::Command`]: the code of the write that failed, with its details.
    async fn find_and_modify(
        &self,
        ns: &Namespace,
        request: FindAndModify,
        cx: OpCx,
    ) -> Result<FindAndModifyOutcome>;

    /// Writes of several kinds. MAY be several commands: by default, one per group of
    /// [`BulkWrite::into_groups`].
    ///
    /// # Errors
    ///
    /// [`Error::Write`] with each failure's position in the whole request.
    async fn bulk_write(&self, bulk: BulkWrite, cx: OpCx) -> Result<BulkWriteOutcome> {
        bulk_write_in_groups(self, bulk, cx).await
    }

    /// Creates indexes, and the collection if need be: all of them or none. One that exists in the
    /// same form MUST be left alone.
    ///
    /// # Errors
    ///
    /// `CannotCreateIndex` (67), `IndexOptionsConflict` (85), `IndexKeySpecsConflict` (86),
    /// `DuplicateKey` (11000) if the documents break a unique index.
    async fn create_indexes(
        &self,
        ns: &Namespace,
        request: CreateIndexes,
        cx: OpCx,
    ) -> Result<CreateIndexesOutcome>;

    /// Drops indexes.
    ///
    /// # Errors
    ///
    /// `IndexNotFound` (27), `NamespaceNotFound` (26), `InvalidOptions` (72) for the `_id` index.
    async fn drop_indexes(&self, ns: &Namespace, request: DropIndexes, cx: OpCx) -> Result<()>;

    /// The specifications of the indexes, that of `_id` first.
    ///
    /// # Errors
    ///
    /// `NamespaceNotFound` (26).
    async fn list_indexes(&self, ns: &Namespace, request: ListIndexes, cx: OpCx) -> Result<Cursor>;

    /// Creates a collection.
    ///
    /// # Errors
    ///
    /// `NamespaceExists` (48), `InvalidNamespace` (73), `InvalidOptions` (72).
    async fn create_collection(
        &self,
        ns: &Namespace,
        request: CreateCollection,
        cx: OpCx,
    ) -> Result<()>;

    /// Drops a collection and its indexes. One that does not exist is not an error.
    ///
    /// # Errors
    ///
    /// `InvalidNamespace` (73).
    async fn drop_collection(
        &self,
        ns: &Namespace,
        request: DropCollection,
        cx: OpCx,
    ) -> Result<()>;

    /// Renames a collection, also into another database.
    ///
    /// # Errors
    ///
    /// `NamespaceNotFound` (26), `NamespaceExists` (48), `IllegalOperation` (20) onto itself.
    async fn rename_collection(
        &self,
        ns: &Namespace,
        request: RenameCollection,
        cx: OpCx,
    ) -> Result<()>;

    /// The collections of a database: `{name, type, options, info, idIndex}` each.
    ///
    /// # Errors
    ///
    /// As [`find`](Backend::find), for the filter.
    async fn list_collections(
        &self,
        ns: &Namespace,
        request: ListCollections,
        cx: OpCx,
    ) -> Result<Cursor>;

    /// Drops a database. One that does not exist is not an error.
    ///
    /// # Errors
    ///
    /// `InvalidNamespace` (73).
    async fn drop_database(&self, ns: &Namespace, request: DropDatabase, cx: OpCx) -> Result<()>;

    /// The databases: `{name, sizeOnDisk, empty}` each.
    ///
    /// # Errors
    ///
    /// As [`find`](Backend::find), for the filter.
    async fn list_databases(&self, request: ListDatabases, cx: OpCx) -> Result<Vec<Document>>;

    /// Runs a command document on a database, as a shell would send it, and gives the reply.
    ///
    /// A reply with `ok: 1` MUST be given as it is, `writeErrors` included.
    ///
    /// # Errors
    ///
    /// [`Error::Command`] for a reply with `ok: 0`; `CommandNotFound` (59) for an unknown name.
    async fn run_command(&self, database: &str, command: RunCommand, cx: OpCx) -> Result<Document>;

    /// A session, for causally ordered reads and for transactions.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] unless [`Capabilities::sessions`].
    async fn start_session(&self, _options: SessionOptions) -> Result<SessionRef> {
        Err(self.unsupported("sessions"))
    }

    /// The changes of a collection, a database or the deployment, as they happen.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] unless [`Capabilities::change_streams`].
    async fn watch(&self, _ns: &Namespace, _watch: Watch, _cx: OpCx) -> Result<ChangeStream> {
        Err(self.unsupported("change streams"))
    }

    /// The refusal of a feature that this backend lacks.
    fn unsupported(&self, feature: &str) -> Error {
        Error::Unsupported { backend: self.name(), feature: feature.to_owned() }
    }
}

/// What travels beside every request.
#[derive(Debug, Clone, Default)]
pub struct OpCx {
    /// The session, and so the transaction, to run in.
    pub session: Option<SessionRef>,
    /// How long the operation may take; afterwards [`Error::Timeout`].
    pub timeout: Option<Duration>,
    /// Which writes a read may see.
    pub read_concern: Option<ReadConcern>,
    /// How far a write must have spread.
    pub write_concern: Option<WriteConcern>,
    /// Which members may answer a read.
    pub read_preference: Option<ReadPreference>,
}

/// `readConcern.level`: `local`, `majority`, `snapshot`, ….
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadConcern(pub String);

/// `writeConcern`.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct WriteConcern {
    /// How many members must have the write, or `majority`.
    pub w: Option<Acknowledgment>,
    /// Whether it must be in the journal.
    pub journal: Option<bool>,
    /// How long to wait.
    pub timeout: Option<Duration>,
}

/// The `w` of a write concern.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum Acknowledgment {
    /// This many members; 0 for none.
    Nodes(u32),
    /// Most of them.
    Majority,
    /// The members that a tag set names.
    Custom(String),
}

/// Which members of a replica set may answer a read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum ReadPreference {
    /// `primary`.
    Primary,
    /// `primaryPreferred`.
    PrimaryPreferred,
    /// `secondary`.
    Secondary,
    /// `secondaryPreferred`.
    SecondaryPreferred,
    /// `nearest`.
    Nearest,
}

/// A shared session handle; operations on it run one after the other.
pub type SessionRef = Arc<dyn Session>;

/// A session of a backend.
///
/// Dropping the last handle ends it and aborts a transaction that is open.
#[async_trait]
pub trait Session: Any + Debug + Send + Sync {
    /// For the backend that made it.
    fn as_any(&self) -> &dyn Any;

    /// Starts a transaction.
    ///
    /// # Errors
    ///
    /// A transaction is open already.
    async fn start_transaction(&self, options: TransactionOptions) -> Result<()>;

    /// Commits the open transaction.
    ///
    /// # Errors
    ///
    /// Labelled `UnknownTransactionCommitResult` if it may be tried again, `TransientTransactionError` if
    /// the transaction may.
    async fn commit_transaction(&self) -> Result<()>;

    /// Aborts the open transaction.
    ///
    /// # Errors
    ///
    /// No transaction is open.
    async fn abort_transaction(&self) -> Result<()>;
}

/// How a session behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SessionOptions {
    /// Whether reads see the session's earlier writes on any member; the server's default is true.
    pub causal_consistency: Option<bool>,
    /// Whether all reads see one snapshot.
    pub snapshot: Option<bool>,
    /// What transactions of the session use unless told otherwise.
    pub default_transaction_options: Option<TransactionOptions>,
}

/// How a transaction behaves.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TransactionOptions {
    /// Which writes its reads see.
    pub read_concern: Option<ReadConcern>,
    /// How far its commit must have spread.
    pub write_concern: Option<WriteConcern>,
    /// Which members answer its reads.
    pub read_preference: Option<ReadPreference>,
    /// How long the commit may take.
    pub max_commit_time: Option<Duration>,
}

/// What a backend can do. What is false is refused with [`Error::Unsupported`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub struct Capabilities {
    /// `aggregate`, and expressions wherever they occur: `$expr`, computed projections, pipeline updates.
    pub aggregation: bool,
    /// Comparison of strings other than by bytes.
    pub collation: bool,
    /// `$text` and text indexes.
    pub text_search: bool,
    /// `$near`, `$geoWithin`, `$geoIntersects` and their indexes.
    pub geospatial: bool,
    /// `$where` and other JavaScript.
    pub javascript: bool,
    /// `$jsonSchema`.
    pub json_schema: bool,
    /// `$bitsAllSet` and the like, `$bit`.
    pub bitwise: bool,
    /// `$[]`, `$[identifier]` and the positional `$` in updates.
    pub positional_updates: bool,
    /// `$slice`, `$sort` and `$position` of `$push`.
    pub push_modifiers: bool,
    /// `$slice`, `$elemMatch`, `$meta` and the positional `$` in projections.
    pub projection_operators: bool,
    /// Sparse indexes.
    pub sparse_indexes: bool,
    /// Partial indexes.
    pub partial_indexes: bool,
    /// Indexes whose documents expire.
    pub ttl_indexes: bool,
    /// Hashed and wildcard indexes.
    pub special_indexes: bool,
    /// Capped collections, tailable cursors.
    pub capped_collections: bool,
    /// Collection validators.
    pub validators: bool,
    /// Views.
    pub views: bool,
    /// Sessions.
    pub sessions: bool,
    /// Transactions.
    pub transactions: bool,
    /// Change streams.
    pub change_streams: bool,
}

impl Capabilities {
    /// Nothing beyond what every backend must do.
    #[must_use]
    pub const fn none() -> Self {
        Capabilities {
            aggregation: false,
            collation: false,
            text_search: false,
            geospatial: false,
            javascript: false,
            json_schema: false,
            bitwise: false,
            positional_updates: false,
            push_modifiers: false,
            projection_operators: false,
            sparse_indexes: false,
            partial_indexes: false,
            ttl_indexes: false,
            special_indexes: false,
            capped_collections: false,
            validators: false,
            views: false,
            sessions: false,
            transactions: false,
            change_streams: false,
        }
    }

    /// Everything that MongoDB can do.
    #[must_use]
    pub const fn all() -> Self {
        Capabilities {
            aggregation: true,
            collation: true,
            text_search: true,
            geospatial: true,
            javascript: true,
            json_schema: true,
            bitwise: true,
            positional_updates: true,
            push_modifiers: true,
            projection_operators: true,
            sparse_indexes: true,
            partial_indexes: true,
            ttl_indexes: true,
            special_indexes: true,
            capped_collections: true,
            validators: true,
            views: true,
            sessions: true,
            transactions: true,
            change_streams: true,
        }
    }
}

async fn bulk_write_in_groups<B: Backend + ?Sized>(
    backend: &B,
    bulk: BulkWrite,
    cx: OpCx,
) -> Result<BulkWriteOutcome> {
    let ordered = bulk.ordered;
    let bypass_document_validation = bulk.bypass_document_validation;
    let (let_vars, comment) = (bulk.let_vars.clone(), bulk.comment.clone());
    let mut all = WriteFailure::default();
    for group in bulk.into_groups() {
        let (positions, result) = match group {
            BulkGroup::Insert(ns, positions, documents) => {
                let insert = Insert {
                    documents,
                    ordered,
                    bypass_document_validation,
                    comment: comment.clone(),
                };
                let result = backend.insert(&ns, insert, cx.clone()).await;
                let summary = |done: InsertOutcome| WriteSummary {
                    inserted: done.inserted_ids.len() as u64,
                    ..WriteSummary::default()
                };
                (positions, result.map(summary))
            }
            BulkGroup::Update(ns, positions, statements) => {
                let update = UpdateBatch {
                    statements,
                    ordered,
                    bypass_document_validation,
                    let_vars: let_vars.clone(),
                    max_time: None,
                    comment: comment.clone(),
                };
                let summary = |done: UpdateOutcome| WriteSummary {
                    matched: done.matched,
                    modified: done.modified,
                    upserted: done.upserted,
                    ..WriteSummary::default()
                };
                (positions, backend.update(&ns, update, cx.clone()).await.map(summary))
            }
            BulkGroup::Delete(ns, positions, statements) => {
                let delete = DeleteBatch {
                    statements,
                    ordered,
                    let_vars: let_vars.clone(),
                    max_time: None,
                    comment: comment.clone(),
                };
                let summary = |done: DeleteOutcome| WriteSummary {
                    deleted: done.deleted,
                    ..WriteSummary::default()
                };
                (positions, backend.delete(&ns, delete, cx.clone()).await.map(summary))
            }
        };
        let position = |index: usize| positions.get(index).copied().unwrap_or(index);
        match result {
            Ok(done) => add_summary(&mut all.done, done, position),
            Err(Error::Write(failure)) => {
                let WriteFailure { write_errors, write_concern_error, done, labels } = *failure;
                add_summary(&mut all.done, done, position);
                let placed =
                    |error: WriteError| WriteError { index: position(error.index), ..error };
                all.write_errors.extend(write_errors.into_iter().map(placed));
                // What was written is there, even if too few members have it yet: that stops nothing.
                all.write_concern_error = all.write_concern_error.or(write_concern_error);
                all.labels.extend(labels);
                if ordered && !all.write_errors.is_empty() {
                    break;
                }
            }
            Err(other) => return Err(other),
        }
    }
    if all.write_errors.is_empty() && all.write_concern_error.is_none() {
        return Ok(all.done);
    }
    all.write_errors.sort_by_key(|error| error.index);
    Err(all.into())
}

fn add_summary(total: &mut WriteSummary, done: WriteSummary, position: impl Fn(usize) -> usize) {
    total.inserted += done.inserted;
    total.matched += done.matched;
    total.modified += done.modified;
    total.deleted += done.deleted;
    total.upserted.extend(
        done.upserted.into_iter().map(|one| Upserted { index: position(one.index), id: one.id }),
    );
}
