//! [`MemoryBackend`]: the engine behind the [`Backend`] trait.

mod aggregate;
mod collections;
pub(crate) mod concern;
mod distinct;
mod indexes;
pub(crate) mod located;
pub(crate) mod options;
mod read;
mod view;
mod write;

use std::any::Any;
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use async_trait::async_trait;
use odm_core::bson::{Bson, DateTime, Document, Timestamp};
use odm_core::{
    Aggregate, Backend, Capabilities, Count, CreateCollection, CreateIndexes, CreateIndexesOutcome,
    Cursor, Database, DeleteBatch, DeleteOutcome, Distinct, DropCollection, DropDatabase,
    DropIndexes, Error, Find, FindAndModify, FindAndModifyOutcome, Insert, InsertOutcome,
    ListCollections, ListDatabases, ListIndexes, Namespace, OpCx, RenameCollection, Request,
    Result, RunCommand, UpdateBatch, UpdateOutcome,
};

use crate::clock::{Clock, IdSource, RandomIds, SeededIds, SystemClock};
use crate::cursor::Cursors;
use crate::storage::Catalog;
use options::TimeLimit;

pub(crate) use aggregate::Source;
pub(crate) use read::{counted, needs_matching, tail};

/// MongoDB's engine in memory. Clones are the same engine.
///
/// Each operation happens on the calling thread, before its future is first suspended: dropping a
/// future undoes nothing. Only a cursor that waits for a capped collection's next document is
/// suspended; it needs no runtime of a particular kind.
#[derive(Clone)]
pub struct MemoryBackend {
    engine: Arc<Engine>,
}

/// What an operation works on.
pub(crate) struct Engine {
    pub(crate) catalog: Catalog,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) ids: Arc<dyn IdSource>,
    /// Of commands; those of the typed door are in the hands of their users.
    pub(crate) cursors: Cursors,
    last_timestamp: AtomicU64,
    /// How many bytes a sort or a stage may hold that needs all of its input.
    pub(crate) max_memory: usize,
}

/// What a [`MemoryBackend`] is made with.
#[derive(Debug, Clone, Default)]
pub struct Builder {
    clock: Option<Arc<dyn Clock>>,
    ids: Option<Arc<dyn IdSource>>,
    max_memory: Option<usize>,
}

/// As on the server.
const MAX_MEMORY: usize = 100 * 1024 * 1024;

const CAPABILITIES: Capabilities = {
    let mut can = Capabilities::none();
    can.sparse_indexes = true;
    can.bitwise = true;
    can.positional_updates = true;
    can.push_modifiers = true;
    can.projection_operators = true;
    can.json_schema = true;
    can.validators = true;
    can.partial_indexes = true;
    can.collation = true;
    can.capped_collections = true;
    can.aggregation = true;
    can.views = true;
    can
};

impl MemoryBackend {
    /// An empty engine, with the computer's clock and random ids.
    #[must_use]
    pub fn new() -> Self {
        MemoryBackend::builder().build()
    }

    /// An engine whose clock and ids a test decides about.
    #[must_use]
    pub fn builder() -> Builder {
        Builder::default()
    }

    /// A database of this engine. It is there as soon as something is written to it.
    #[must_use]
    pub fn database(&self, name: &str) -> Database {
        Database::new(Arc::new(self.clone()), name)
    }

    /// An independent copy of all databases, in constant time: what is not changed is shared.
    ///
    /// Cursors do not come along. The copy has the same clock, and ids that go on from here.
    #[must_use]
    pub fn fork(&self) -> MemoryBackend {
        MemoryBackend { engine: Arc::new(self.engine.fork()) }
    }

    /// Forgets all databases and cursors.
    pub fn reset(&self) {
        self.engine.catalog.reset();
        self.engine.cursors.clear();
    }

    /// Checks that all indexes agree with the documents: for tests of the engine.
    ///
    /// # Errors
    ///
    /// What is wrong, in words.
    pub fn check_consistency(&self) -> std::result::Result<(), String> {
        for database in self.engine.catalog.databases() {
            for collection in self.engine.catalog.collections(&database) {
                let state = collection.cell.snapshot();
                state
                    .check()
                    .map_err(|problem| format!("{database}.{}: {problem}", collection.name))?;
            }
        }
        Ok(())
    }
}

impl Default for MemoryBackend {
    fn default() -> Self {
        MemoryBackend::new()
    }
}

impl fmt::Debug for MemoryBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MemoryBackend")
            .field("databases", &self.engine.catalog.databases())
            .finish_non_exhaustive()
    }
}

impl Builder {
    /// What tells the time.
    #[must_use]
    pub fn clock(mut self, clock: impl Clock) -> Self {
        self.clock = Some(Arc::new(clock));
        self
    }

    /// What makes ids.
    #[must_use]
    pub fn ids(mut self, ids: impl IdSource) -> Self {
        self.ids = Some(Arc::new(ids));
        self
    }

    /// The same ids for the same seed: [`SeededIds`].
    #[must_use]
    pub fn seed(self, seed: u64) -> Self {
        self.ids(SeededIds::new(seed))
    }

    /// How many bytes a sort may hold, or a stage that needs all of its input: 100 MiB unless it is set, as on the server.
    ///
    /// It matters to operations that do not allow the use of a disk (`allowDiskUse: false`), which are refused
    /// beyond it (292). The others hold in memory what the server would put on its disk.
    #[must_use]
    pub const fn max_memory(mut self, bytes: usize) -> Self {
        self.max_memory = Some(bytes);
        self
    }

    /// The engine.
    #[must_use]
    pub fn build(self) -> MemoryBackend {
        let engine = Engine {
            catalog: Catalog::default(),
            clock: self.clock.unwrap_or_else(|| Arc::new(SystemClock)),
            ids: self.ids.unwrap_or_else(|| Arc::new(RandomIds)),
            cursors: Cursors::default(),
            last_timestamp: AtomicU64::new(0),
            max_memory: self.max_memory.unwrap_or(MAX_MEMORY),
        };
        MemoryBackend { engine: Arc::new(engine) }
    }
}

impl Engine {
    fn fork(&self) -> Engine {
        Engine {
            catalog: self.catalog.fork(),
            clock: self.clock.clone(),
            ids: self.ids.fork(),
            cursors: Cursors::default(),
            last_timestamp: AtomicU64::new(self.last_timestamp.load(Ordering::SeqCst)),
            max_memory: self.max_memory,
        }
    }

    pub(crate) fn now(&self) -> DateTime {
        self.clock.now()
    }

    /// A timestamp of now; no two are the same.
    pub(crate) fn timestamp(&self) -> Timestamp {
        let seconds = self.now().timestamp_millis().div_euclid(1000);
        let least = u64::from(u32::try_from(seconds).unwrap_or(0)) << 32 | 1;
        let next = |last: u64| Some(least.max(last.saturating_add(1)));
        let last = self.last_timestamp.fetch_update(Ordering::SeqCst, Ordering::SeqCst, next);
        let now = next(last.unwrap_or_default()).unwrap_or(least);
        Timestamp { time: (now >> 32) as u32, increment: now as u32 }
    }
}

/// The refusal of a feature that the engine lacks.
pub(crate) fn unsupported(feature: impl Into<String>) -> Error {
    Error::Unsupported { backend: "memory", feature: feature.into() }
}

#[async_trait]
impl Backend for MemoryBackend {
    fn name(&self) -> &'static str {
        "memory"
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn find(&self, ns: &Namespace, mut find: Find, cx: OpCx) -> Result<Cursor> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, Find::NAME, &mut find.max_time);
        limit.name(self.engine.find(ns, &find))
    }

    async fn aggregate(&self, ns: &Namespace, mut request: Aggregate, cx: OpCx) -> Result<Cursor> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, Aggregate::NAME, &mut request.max_time);
        limit.name(self.engine.aggregate(ns, &request))
    }

    async fn count(&self, ns: &Namespace, mut count: Count, cx: OpCx) -> Result<u64> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, Count::NAME, &mut count.max_time);
        limit.name(self.engine.count(ns, &count))
    }

    async fn distinct(
        &self,
        ns: &Namespace,
        mut distinct: Distinct,
        cx: OpCx,
    ) -> Result<Vec<Bson>> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, Distinct::NAME, &mut distinct.max_time);
        limit.name(self.engine.distinct(ns, &distinct))
    }

    async fn insert(&self, ns: &Namespace, insert: Insert, cx: OpCx) -> Result<InsertOutcome> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.insert(ns, &insert), &cx)
    }

    async fn update(
        &self,
        ns: &Namespace,
        mut update: UpdateBatch,
        cx: OpCx,
    ) -> Result<UpdateOutcome> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, UpdateBatch::NAME, &mut update.max_time);
        concern::acknowledged(limit.name(self.engine.update(ns, &update)), &cx)
    }

    async fn delete(
        &self,
        ns: &Namespace,
        mut delete: DeleteBatch,
        cx: OpCx,
    ) -> Result<DeleteOutcome> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, DeleteBatch::NAME, &mut delete.max_time);
        concern::acknowledged(limit.name(self.engine.delete(ns, &delete)), &cx)
    }

    async fn find_and_modify(
        &self,
        ns: &Namespace,
        mut request: FindAndModify,
        cx: OpCx,
    ) -> Result<FindAndModifyOutcome> {
        options::check(&cx)?;
        let limit = TimeLimit::set(&cx, FindAndModify::NAME, &mut request.max_time);
        concern::acknowledged(limit.name(self.engine.find_and_modify(ns, &request)), &cx)
    }

    async fn create_indexes(
        &self,
        ns: &Namespace,
        request: CreateIndexes,
        cx: OpCx,
    ) -> Result<CreateIndexesOutcome> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.create_indexes(ns, &request), &cx)
    }

    async fn drop_indexes(&self, ns: &Namespace, request: DropIndexes, cx: OpCx) -> Result<()> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.drop_indexes(ns, &request).map(drop), &cx)
    }

    async fn list_indexes(&self, ns: &Namespace, request: ListIndexes, cx: OpCx) -> Result<Cursor> {
        options::check(&cx)?;
        self.engine.list_indexes(ns, &request)
    }

    async fn create_collection(
        &self,
        ns: &Namespace,
        request: CreateCollection,
        cx: OpCx,
    ) -> Result<()> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.create_collection(ns, &request), &cx)
    }

    async fn drop_collection(
        &self,
        ns: &Namespace,
        _request: DropCollection,
        cx: OpCx,
    ) -> Result<()> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.drop_collection(ns).map(drop), &cx)
    }

    async fn rename_collection(
        &self,
        ns: &Namespace,
        request: RenameCollection,
        cx: OpCx,
    ) -> Result<()> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.rename_collection(ns, &request), &cx)
    }

    async fn list_collections(
        &self,
        ns: &Namespace,
        request: ListCollections,
        cx: OpCx,
    ) -> Result<Cursor> {
        options::check(&cx)?;
        let listed = self.engine.list_collections(ns.database(), &request)?;
        Ok(Cursor::new(listed, None))
    }

    async fn drop_database(&self, ns: &Namespace, _request: DropDatabase, cx: OpCx) -> Result<()> {
        options::check(&cx)?;
        concern::acknowledged(self.engine.drop_database(ns.database()), &cx)
    }

    async fn list_databases(&self, request: ListDatabases, cx: OpCx) -> Result<Vec<Document>> {
        options::check(&cx)?;
        self.engine.list_databases(&request)
    }

    async fn run_command(&self, database: &str, command: RunCommand, cx: OpCx) -> Result<Document> {
        options::check(&cx)?;
        self.engine.run_command(database, &command.0, &cx).await
    }
}
