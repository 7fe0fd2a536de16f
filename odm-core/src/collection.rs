//! The untyped handle: collections of documents without a Rust type.

mod stats;

use bson::{Bson, Document, RawDocumentBuf};

use crate::backend::{Cursor, OpCx};
use crate::codec;
use crate::database::Database;
use crate::error::Result;
use crate::executor::Executor;
use crate::filter::Filter;
use crate::index::Index;
use crate::namespace::{FieldPath, Namespace};
use crate::pipeline::Pipeline;
use crate::raw_doc::RawDoc;
use crate::request::{
    Aggregate, Count, CreateIndexes, DeleteBatch, DeleteOutcome, DeleteStatement, Distinct,
    DropCollection, DropIndexes, Find, FindAndModify, Insert, InsertOutcome, ListIndexes,
    RenameCollection, Request, UpdateBatch, UpdateOutcome, UpdateStatement,
};
use crate::update::Update;

pub use stats::CollectionStats;

/// A collection of documents without a Rust type.
///
/// The one-line forms are here; requests with every option go through
/// [`execute`](Collection::execute).
#[derive(Debug, Clone)]
pub struct Collection {
    database: Database,
    ns: Namespace,
    cx: OpCx,
}

impl Database {
    /// The collection `name`, untyped.
    #[must_use]
    pub fn collection(&self, name: impl Into<String>) -> Collection {
        Collection::on(self, name)
    }
}

impl Collection {
    /// The collection `name` of a database, in a transaction or with the options of a scope.
    pub fn on(on: &(impl Executor + ?Sized), name: impl Into<String>) -> Self {
        let target = on.target();
        Collection {
            database: target.database.clone(),
            ns: target.database.namespace(name.into()),
            cx: target.cx,
        }
    }

    /// Database and name.
    #[must_use]
    pub fn namespace(&self) -> &Namespace {
        &self.ns
    }

    /// Runs a request, with whatever options it has.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub async fn execute<R: Request>(&self, request: R) -> Result<R::Outcome> {
        self.database.execute(&self.ns, request, self.cx.clone()).await
    }

    /// Inserts a document; gives its `_id`.
    ///
    /// # Errors
    ///
    /// `DuplicateKey` (11000), ….
    pub async fn insert_one(&self, doc: &Document) -> Result<Bson> {
        let done = self.insert_many([doc]).await?;
        Ok(done.inserted_ids.into_iter().next().unwrap_or(Bson::Null))
    }

    /// Inserts documents in order, until one fails.
    ///
    /// # Errors
    ///
    /// [`Error::Write`](crate::Error::Write) with the failure's position.
    pub async fn insert_many<'a>(
        &self,
        docs: impl IntoIterator<Item = &'a Document>,
    ) -> Result<InsertOutcome> {
        let what = self.ns.to_string();
        let documents =
            docs.into_iter().map(|doc| codec::encode(doc, &what)).collect::<Result<_>>()?;
        self.insert_raw(documents).await
    }

    /// Inserts encoded documents in order, until one fails.
    ///
    /// # Errors
    ///
    /// As [`insert_many`](Collection::insert_many).
    pub async fn insert_raw(&self, documents: Vec<RawDocumentBuf>) -> Result<InsertOutcome> {
        self.execute(Insert::new(documents)).await
    }

    /// The documents that match.
    ///
    /// # Errors
    ///
    /// `BadValue` (2) if the filter is malformed.
    pub async fn find(&self, filter: impl Into<Filter>) -> Result<Cursor> {
        self.execute(Find { filter: filter.into(), ..Find::default() }).await
    }

    /// The first match, if any.
    ///
    /// # Errors
    ///
    /// As [`find`](Collection::find).
    pub async fn find_one(&self, filter: impl Into<Filter>) -> Result<Option<Document>> {
        let find = Find { filter: filter.into(), limit: 1, single_batch: true, ..Find::default() };
        let found = self.execute(find).await?.next().await?;
        found.map(|doc| doc.to_document()).transpose()
    }

    /// How many documents match.
    ///
    /// # Errors
    ///
    /// As [`find`](Collection::find).
    pub async fn count(&self, filter: impl Into<Filter>) -> Result<u64> {
        self.execute(Count { filter: filter.into(), ..Count::default() }).await
    }

    /// How many documents there are, by the collection's metadata.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked.
    pub async fn estimated_count(&self) -> Result<u64> {
        self.execute(Count { estimated: true, ..Count::default() }).await
    }

    /// The different values of a field among the matches.
    ///
    /// # Errors
    ///
    /// As [`find`](Collection::find).
    pub async fn distinct(
        &self,
        key: impl Into<FieldPath>,
        filter: impl Into<Filter>,
    ) -> Result<Vec<Bson>> {
        self.execute(Distinct { filter: filter.into(), ..Distinct::new(key) }).await
    }

    /// The results of a pipeline.
    ///
    /// # Errors
    ///
    /// Each stage's and expression's own.
    pub async fn aggregate(&self, pipeline: impl Into<Pipeline>) -> Result<Cursor> {
        self.execute(Aggregate { pipeline: pipeline.into(), ..Aggregate::default() }).await
    }

    /// Updates the first match, or replaces it if `update` has no operators.
    ///
    /// # Errors
    ///
    /// [`Error::Write`](crate::Error::Write) with the server's code.
    pub async fn update_one(
        &self,
        filter: impl Into<Filter>,
        update: impl Into<Update>,
    ) -> Result<UpdateOutcome> {
        self.execute(UpdateBatch::new(vec![UpdateStatement::one(filter, update)])).await
    }

    /// Updates every match.
    ///
    /// # Errors
    ///
    /// As [`update_one`](Collection::update_one).
    pub async fn update_many(
        &self,
        filter: impl Into<Filter>,
        update: impl Into<Update>,
    ) -> Result<UpdateOutcome> {
        self.execute(UpdateBatch::new(vec![UpdateStatement::many(filter, update)])).await
    }

    /// Deletes the first match.
    ///
    /// # Errors
    ///
    /// As [`find`](Collection::find).
    pub async fn delete_one(&self, filter: impl Into<Filter>) -> Result<DeleteOutcome> {
        self.execute(DeleteBatch::new(vec![DeleteStatement::one(filter)])).await
    }

    /// Deletes every match.
    ///
    /// # Errors
    ///
    /// As [`find`](Collection::find).
    pub async fn delete_many(&self, filter: impl Into<Filter>) -> Result<DeleteOutcome> {
        self.execute(DeleteBatch::new(vec![DeleteStatement::many(filter)])).await
    }

    /// Changes one document and hands it out.
    ///
    /// # Errors
    ///
    /// The code of the write that failed.
    pub async fn find_and_modify(&self, request: FindAndModify) -> Result<Option<RawDoc>> {
        Ok(self.execute(request).await?.value)
    }

    /// Creates an index; gives its name.
    ///
    /// # Errors
    ///
    /// `IndexOptionsConflict` (85), `IndexKeySpecsConflict` (86), `DuplicateKey` (11000), ….
    pub async fn create_index(&self, index: Index) -> Result<String> {
        let name = index.name();
        self.execute(CreateIndexes { indexes: vec![index], comment: None }).await?;
        Ok(name)
    }

    /// The specifications of the indexes, that of `_id` first.
    ///
    /// # Errors
    ///
    /// `NamespaceNotFound` (26).
    pub async fn list_indexes(&self) -> Result<Vec<Document>> {
        let listed = self.execute(ListIndexes::default()).await?.collect().await?;
        listed.iter().map(RawDoc::to_document).collect()
    }

    /// Drops the index of this name.
    ///
    /// # Errors
    ///
    /// `IndexNotFound` (27).
    pub async fn drop_index(&self, name: impl Into<String>) -> Result<()> {
        self.execute(DropIndexes::Names(vec![name.into()])).await
    }

    /// Drops the collection. One that does not exist is not an error.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked.
    pub async fn drop(&self) -> Result<()> {
        self.execute(DropCollection::default()).await
    }

    /// Renames the collection within its database.
    ///
    /// # Errors
    ///
    /// `NamespaceNotFound` (26), `NamespaceExists` (48).
    pub async fn rename(&self, name: impl Into<String>) -> Result<()> {
        let to = self.database.namespace(name.into());
        self.execute(RenameCollection { to, drop_target: false }).await
    }
}
