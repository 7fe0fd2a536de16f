//! Requests as command documents.
//!
//! Only options that are set are printed. The fields of a session, of a transaction and of the
//! connection (`lsid`, `$db`, `readConcern`, …) are the caller's to add.

use std::time::Duration;

use bson::{Bson, Document, doc};

use crate::collation::Collation;
use crate::error::{Error, ErrorCode, Result};
use crate::filter::Filter;
use crate::index::{Hint, Index};
use crate::namespace::Namespace;
use crate::projection::Projection;
use crate::request::{
    Aggregate, Count, CreateCollection, CreateIndexes, DeleteBatch, DeleteStatement, Distinct,
    DropCollection, DropDatabase, DropIndexes, Find, FindAndModify, Insert, ListCollections,
    ListDatabases, ListIndexes, Modification, Operation, RenameCollection, UpdateBatch,
    UpdateStatement, Watch,
};
use crate::sort::Sort;

impl Operation {
    /// The command document, to be run on the database of `ns` or, if
    /// [`runs_on_admin`](Operation::runs_on_admin), on `admin`.
    ///
    /// # Errors
    ///
    /// `InvalidBSON` (22) if encoded documents in it are no documents; `CommandNotFound` (59) for a
    /// bulk write, which is several commands ([`BulkWrite::into_groups`](crate::BulkWrite::into_groups)).
    pub fn to_command(&self, ns: &Namespace) -> Result<Document> {
        Ok(match self {
            Operation::Find(request) => request.to_command(ns),
            Operation::Aggregate(request) => request.to_command(ns),
            Operation::Count(request) => request.to_command(ns),
            Operation::Distinct(request) => request.to_command(ns),
            Operation::Insert(request) => request.to_command(ns)?,
            Operation::UpdateBatch(request) => request.to_command(ns)?,
            Operation::DeleteBatch(request) => request.to_command(ns),
            Operation::FindAndModify(request) => request.to_command(ns)?,
            Operation::BulkWrite(_) => {
                return Err(Error::command(
                    ErrorCode::COMMAND_NOT_FOUND,
                    "a bulk write is several commands before MongoDB 8.0",
                ));
            }
            Operation::CreateIndexes(request) => request.to_command(ns),
            Operation::DropIndexes(request) => request.to_command(ns),
            Operation::ListIndexes(request) => request.to_command(ns),
            Operation::CreateCollection(request) => request.to_command(ns),
            Operation::DropCollection(request) => request.to_command(ns),
            Operation::RenameCollection(request) => request.to_command(ns),
            Operation::ListCollections(request) => request.to_command(ns),
            Operation::DropDatabase(request) => request.to_command(ns),
            Operation::ListDatabases(request) => request.to_command(ns),
            Operation::Watch(request) => request.to_command(ns),
            Operation::RunCommand(request) => request.0.clone(),
        })
    }

    /// Whether the command is sent to the database `admin`, whatever the namespace.
    #[must_use]
    pub fn runs_on_admin(&self) -> bool {
        match self {
            Operation::RenameCollection(_) | Operation::ListDatabases(_) => true,
            Operation::Watch(watch) => watch.all_databases,
            _ => false,
        }
    }
}

/// A command document under construction: options that are not set leave no trace.
struct Command(Document);

impl Command {
    fn on(name: &str, ns: &Namespace) -> Self {
        Command(doc! { name: ns.collection() })
    }

    fn field(mut self, name: &str, value: impl Into<Bson>) -> Self {
        self.0.insert(name, value.into());
        self
    }

    fn option(self, name: &str, value: Option<impl Into<Bson>>) -> Self {
        match value {
            Some(value) => self.field(name, value),
            None => self,
        }
    }

    /// A flag whose default is false.
    fn flag(self, name: &str, set: bool) -> Self {
        if set { self.field(name, true) } else { self }
    }

    /// A count whose default is 0.
    fn count(self, name: &str, n: u64) -> Self {
        if n == 0 { self } else { self.field(name, long(n)) }
    }

    fn filter(self, name: &str, filter: &Filter) -> Self {
        if filter.is_empty() { self } else { self.field(name, filter.to_document()) }
    }

    fn sort(self, sort: &Sort) -> Self {
        if sort.is_empty() { self } else { self.field("sort", sort.to_document()) }
    }

    fn projection(self, name: &str, projection: Option<&Projection>) -> Self {
        self.option(name, projection.map(Projection::to_document))
    }

    fn collation(self, collation: Option<&Collation>) -> Self {
        self.option("collation", collation.map(Collation::to_document))
    }

    fn hint(self, hint: Option<&Hint>) -> Self {
        self.option("hint", hint.map(Hint::to_bson))
    }

    fn max_time(self, limit: Option<Duration>) -> Self {
        self.option("maxTimeMS", limit.map(milliseconds))
    }

    fn comment(self, comment: Option<&Bson>) -> Self {
        self.option("comment", comment.cloned())
    }

    fn let_vars(self, vars: Option<&Document>) -> Self {
        self.option("let", vars.cloned())
    }

    /// `ordered`, whose default is true.
    fn ordered(self, ordered: bool) -> Self {
        if ordered { self } else { self.field("ordered", false) }
    }

    fn bypass(self, bypass: bool) -> Self {
        self.flag("bypassDocumentValidation", bypass)
    }
}

fn long(n: u64) -> i64 {
    i64::try_from(n).unwrap_or(i64::MAX)
}

/// At least 1, since 0 means no limit; at most what the server takes.
fn milliseconds(limit: Duration) -> i64 {
    let whole = limit.as_nanos().div_ceil(1_000_000);
    i64::from(i32::try_from(whole).unwrap_or(i32::MAX).max(1))
}

impl Find {
    /// The `find` command. [`Find::max_await_time`] is an option of `getMore` and not in it.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command::on("find", ns)
            .filter("filter", &self.filter)
            .projection("projection", self.projection.as_ref())
            .sort(&self.sort)
            .hint(self.hint.as_ref())
            .collation(self.collation.as_ref())
            .count("skip", self.skip)
            .count("limit", self.limit)
            .option("batchSize", self.batch_size.map(i64::from))
            .flag("singleBatch", self.single_batch)
            .option("allowDiskUse", self.allow_disk_use)
            .max_time(self.max_time)
            .option("max", self.max.clone())
            .option("min", self.min.clone())
            .flag("returnKey", self.return_key)
            .flag("showRecordId", self.show_record_id)
            .flag("tailable", self.tailable)
            .flag("awaitData", self.await_data)
            .flag("noCursorTimeout", self.no_cursor_timeout)
            .flag("allowPartialResults", self.allow_partial_results)
            .let_vars(self.let_vars.as_ref())
            .comment(self.comment.as_ref())
            .0
    }
}

fn cursor(batch_size: Option<u32>) -> Document {
    batch_size.map_or_else(Document::new, |size| doc! { "batchSize": i64::from(size) })
}

impl Aggregate {
    /// The `aggregate` command; `aggregate: 1` on a namespace without a collection.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command(doc! { "aggregate": collection_or_one(ns) })
            .field("pipeline", self.pipeline.to_array())
            .field("cursor", cursor(self.batch_size))
            .option("allowDiskUse", self.allow_disk_use)
            .max_time(self.max_time)
            .bypass(self.bypass_document_validation)
            .collation(self.collation.as_ref())
            .hint(self.hint.as_ref())
            .let_vars(self.let_vars.as_ref())
            .comment(self.comment.as_ref())
            .0
    }
}

fn collection_or_one(ns: &Namespace) -> Bson {
    match ns.collection() {
        "" => Bson::Int32(1),
        name => name.into(),
    }
}

impl Count {
    /// The `count` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command::on("count", ns)
            .filter("query", &self.filter)
            .count("limit", self.limit)
            .count("skip", self.skip)
            .hint(self.hint.as_ref())
            .collation(self.collation.as_ref())
            .max_time(self.max_time)
            .comment(self.comment.as_ref())
            .0
    }
}

impl Distinct {
    /// The `distinct` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command::on("distinct", ns)
            .field("key", self.key.as_str())
            .filter("query", &self.filter)
            .collation(self.collation.as_ref())
            .max_time(self.max_time)
            .comment(self.comment.as_ref())
            .0
    }
}

impl Insert {
    /// The `insert` command, with its documents decoded.
    ///
    /// # Errors
    ///
    /// `InvalidBSON` (22) if one of them cannot be.
    pub fn to_command(&self, ns: &Namespace) -> Result<Document> {
        let decode = |encoded: &bson::RawDocumentBuf| {
            Document::try_from(encoded.as_ref()).map(Bson::Document).map_err(|error| {
                Error::command(ErrorCode::INVALID_BSON, format!("cannot decode: {error}"))
            })
        };
        let documents = self.documents.iter().map(decode).collect::<Result<Vec<_>>>()?;
        Ok(Command::on("insert", ns)
            .field("documents", documents)
            .ordered(self.ordered)
            .bypass(self.bypass_document_validation)
            .comment(self.comment.as_ref())
            .0)
    }
}

impl UpdateStatement {
    /// The statement as an element of `updates`.
    ///
    /// # Errors
    ///
    /// As [`Update::to_bson`](crate::Update::to_bson).
    pub fn to_document(&self) -> Result<Document> {
        Ok(Command(doc! { "q": self.filter.to_document(), "u": self.update.to_bson()? })
            .flag("multi", self.multi)
            .flag("upsert", self.upsert)
            .option("arrayFilters", array_filters(&self.array_filters))
            .collation(self.collation.as_ref())
            .hint(self.hint.as_ref())
            .0)
    }
}

fn array_filters(filters: &[Document]) -> Option<Vec<Document>> {
    (!filters.is_empty()).then(|| filters.to_vec())
}

impl UpdateBatch {
    /// The `update` command.
    ///
    /// # Errors
    ///
    /// As [`Update::to_bson`](crate::Update::to_bson).
    pub fn to_command(&self, ns: &Namespace) -> Result<Document> {
        let statements =
            self.statements.iter().map(UpdateStatement::to_document).collect::<Result<Vec<_>>>()?;
        Ok(Command::on("update", ns)
            .field("updates", statements)
            .ordered(self.ordered)
            .bypass(self.bypass_document_validation)
            .let_vars(self.let_vars.as_ref())
            .max_time(self.max_time)
            .comment(self.comment.as_ref())
            .0)
    }
}

impl DeleteStatement {
    /// The statement as an element of `deletes`.
    #[must_use]
    pub fn to_document(&self) -> Document {
        Command(doc! { "q": self.filter.to_document(), "limit": i32::from(!self.multi) })
            .collation(self.collation.as_ref())
            .hint(self.hint.as_ref())
            .0
    }
}

impl DeleteBatch {
    /// The `delete` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        let statements: Vec<_> = self.statements.iter().map(DeleteStatement::to_document).collect();
        Command::on("delete", ns)
            .field("deletes", statements)
            .ordered(self.ordered)
            .let_vars(self.let_vars.as_ref())
            .max_time(self.max_time)
            .comment(self.comment.as_ref())
            .0
    }
}

impl FindAndModify {
    /// The `findAndModify` command.
    ///
    /// # Errors
    ///
    /// As [`Update::to_bson`](crate::Update::to_bson).
    pub fn to_command(&self, ns: &Namespace) -> Result<Document> {
        let command =
            Command::on("findAndModify", ns).filter("query", &self.filter).sort(&self.sort);
        let command = match &self.modification {
            Modification::Remove => command.field("remove", true),
            Modification::Update { update, array_filters: filters, upsert, return_new } => command
                .field("update", update.to_bson()?)
                .flag("new", *return_new)
                .flag("upsert", *upsert)
                .option("arrayFilters", array_filters(filters)),
        };
        Ok(command
            .projection("fields", self.projection.as_ref())
            .bypass(self.bypass_document_validation)
            .collation(self.collation.as_ref())
            .hint(self.hint.as_ref())
            .let_vars(self.let_vars.as_ref())
            .max_time(self.max_time)
            .comment(self.comment.as_ref())
            .0)
    }
}

impl CreateIndexes {
    /// The `createIndexes` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        let indexes: Vec<_> = self.indexes.iter().map(Index::to_document).collect();
        Command::on("createIndexes", ns).field("indexes", indexes).comment(self.comment.as_ref()).0
    }
}

impl DropIndexes {
    /// The `dropIndexes` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        let index: Bson = match self {
            DropIndexes::All => "*".into(),
            DropIndexes::Names(names) => names.clone().into(),
            DropIndexes::Keys(keys) => keys.clone().into(),
        };
        Command::on("dropIndexes", ns).field("index", index).0
    }
}

impl ListIndexes {
    /// The `listIndexes` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command::on("listIndexes", ns)
            .option("cursor", self.batch_size.map(|size| cursor(Some(size))))
            .comment(self.comment.as_ref())
            .0
    }
}

impl CreateCollection {
    /// The `create` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        let mut command = Command::on("create", ns)
            .flag("capped", self.capped)
            .option("size", self.size)
            .option("max", self.max)
            .option("validator", self.validator.clone())
            .option("validationLevel", self.validation_level.as_deref())
            .option("validationAction", self.validation_action.as_deref())
            .collation(self.collation.as_ref())
            .option("viewOn", self.view_on.as_deref())
            .option("pipeline", self.pipeline.as_ref().map(crate::Pipeline::to_array))
            .0;
        command.extend(self.extra.clone());
        command
    }
}

impl DropCollection {
    /// The `drop` command.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command::on("drop", ns).comment(self.comment.as_ref()).0
    }
}

impl RenameCollection {
    /// The `renameCollection` command, which runs on `admin`.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        Command(doc! { "renameCollection": ns.to_string(), "to": self.to.to_string() })
            .flag("dropTarget", self.drop_target)
            .0
    }
}

impl ListCollections {
    /// The `listCollections` command.
    #[must_use]
    pub fn to_command(&self, _ns: &Namespace) -> Document {
        Command(doc! { "listCollections": 1 })
            .filter("filter", &self.filter)
            .flag("nameOnly", self.name_only)
            .option("cursor", self.batch_size.map(|size| cursor(Some(size))))
            .comment(self.comment.as_ref())
            .0
    }
}

impl DropDatabase {
    /// The `dropDatabase` command.
    #[must_use]
    pub fn to_command(&self, _ns: &Namespace) -> Document {
        Command(doc! { "dropDatabase": 1 }).comment(self.comment.as_ref()).0
    }
}

impl ListDatabases {
    /// The `listDatabases` command, which runs on `admin`.
    #[must_use]
    pub fn to_command(&self, _ns: &Namespace) -> Document {
        Command(doc! { "listDatabases": 1 })
            .filter("filter", &self.filter)
            .flag("nameOnly", self.name_only)
            .comment(self.comment.as_ref())
            .0
    }
}

impl Watch {
    /// The `aggregate` command that opens the change stream; on `admin` for all databases.
    /// [`Watch::max_await_time`] is an option of `getMore` and not in it.
    #[must_use]
    pub fn to_command(&self, ns: &Namespace) -> Document {
        let options = Command(Document::new())
            .option("fullDocument", self.full_document.as_deref())
            .option("fullDocumentBeforeChange", self.full_document_before_change.as_deref())
            .option("resumeAfter", self.resume_after.clone())
            .option("startAfter", self.start_after.clone())
            .option("startAtOperationTime", self.start_at_operation_time)
            .flag("allChangesForCluster", self.all_databases)
            .flag("showExpandedEvents", self.show_expanded_events)
            .0;
        let mut pipeline = vec![Bson::Document(doc! { "$changeStream": options })];
        pipeline.extend(self.pipeline.to_array());
        let of = if self.all_databases { Bson::Int32(1) } else { collection_or_one(ns) };
        Command(doc! { "aggregate": of })
            .field("pipeline", pipeline)
            .field("cursor", cursor(self.batch_size))
            .collation(self.collation.as_ref())
            .comment(self.comment.as_ref())
            .0
    }
}
