//! The backend: the driver's client, and each request as the command that it is.

use std::any::Any;
use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use bson::raw::cstr;
use bson::{Bson, Document, RawDocumentBuf, rawdoc};
use mongodb::error::ErrorKind;
use mongodb::event::EventHandler;
use mongodb::event::sdam::SdamEvent;
use mongodb::options::ClientOptions;
use odm_core::{
    Aggregate, Backend, Capabilities, ChangeStream, Count, CreateCollection, CreateIndexes,
    CreateIndexesOutcome, Cursor, Database, DeleteBatch, DeleteOutcome, Distinct, DropCollection,
    DropDatabase, DropIndexes, Error, ErrorCode, Find, FindAndModify, FindAndModifyOutcome, Insert,
    InsertOutcome, ListCollections, ListDatabases, ListIndexes, Namespace, OpCx, RenameCollection,
    Result, RunCommand, SessionOptions, SessionRef, UpdateBatch, UpdateOutcome, Watch,
};

use crate::batch::Batch;
use crate::command::{self, encode, head, number};
use crate::complete::complete;
use crate::cursor::CursorOptions;
use crate::error::{check_write_concern, from_driver};
use crate::options::MongoOptions;
use crate::run::{Inner, Kind, Limits};
use crate::session::{MongoSession, SessionPool};
use crate::single::{SingleDelete, SingleUpdate};
use crate::{change_stream, concern, insert};

static CAPABILITIES: Capabilities = Capabilities::all();

/// A MongoDB deployment: a server, a replica set or a sharded cluster. Cheap to clone.
///
/// A retryable write (an insert, an update or delete of one document, `findAndModify`, and batches
/// of these) is sent once more if the connection breaks or the primary changes; a read as well.
#[derive(Clone)]
pub struct MongoBackend(Arc<Inner>);

impl MongoBackend {
    /// Connects to a deployment and waits for its first answer, for at most 10 seconds;
    /// [`MongoOptions`] has more to choose.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if the connection string is wrong, [`Error::Connection`] if nobody answers
    /// in time, [`Error::Authentication`] if the deployment refuses the credentials.
    pub async fn connect(uri: impl AsRef<str>) -> Result<Self> {
        MongoOptions::new().uri(uri.as_ref()).connect().await
    }

    pub(crate) async fn connect_with(mut options: ClientOptions, wait: Duration) -> Result<Self> {
        let hosts: Vec<String> = options.hosts.iter().map(ToString::to_string).collect();
        let hosts = hosts.join(", ");
        let last_failure = Arc::new(Mutex::new(None::<String>));
        let seen = last_failure.clone();
        options.sdam_event_handler = Some(EventHandler::callback(move |event| {
            if let SdamEvent::ServerHeartbeatFailed(event) = event {
                let mut last = seen.lock().unwrap_or_else(PoisonError::into_inner);
                *last = Some(event.failure.kind.to_string());
            }
        }));

        let default_database = options.default_database.clone();
        let read_concern = options.read_concern.as_ref().map(concern::read_concern_of);
        let write_concern = options.write_concern.as_ref().map(concern::write_concern_of);
        let retry_reads = options.retry_reads != Some(false);
        let wants_retry_writes = options.retry_writes != Some(false);
        let client =
            mongodb::Client::with_options(options).map_err(|error| match from_driver(error) {
                Error::Connection { message, .. } => Error::Config(message),
                other => other,
            })?;

        let unreachable = |source: Option<mongodb::error::Error>| {
            let reason = last_failure.lock().unwrap_or_else(PoisonError::into_inner).take();
            let reason = reason.map_or_else(String::new, |reason| format!(": {reason}"));
            Error::Connection {
                message: format!("no answer from {hosts} within {wait:?}{reason}"),
                labels: Vec::new(),
                source: source.map(|source| Arc::new(source) as _),
            }
        };
        let admin = client.database("admin");
        let hello = complete(async move { admin.run_raw_command(rawdoc! { "hello": 1 }).await });
        let hello = match tokio::time::timeout(wait, hello).await {
            Ok(Ok(hello)) => hello,
            Ok(Err(error)) if matches!(&*error.kind, ErrorKind::ServerSelection { .. }) => {
                return Err(unreachable(Some(error)));
            }
            Ok(Err(error)) => return Err(from_driver(error)),
            Err(_) => return Err(unreachable(None)),
        };

        // A server on its own has no transaction numbers.
        let numbers = hello.contains_key("logicalSessionTimeoutMinutes")
            && (hello.contains_key("setName") || matches!(hello.get_str("msg"), Ok("isdbgrid")));
        let limit = |key, default| match number(&hello, key) {
            0 => default,
            limit => usize::try_from(limit).unwrap_or(default),
        };
        let limits = Limits {
            document_bytes: limit("maxBsonObjectSize", 16 * 1024 * 1024),
            batch_statements: limit("maxWriteBatchSize", 100_000),
        };
        Ok(MongoBackend(Arc::new(Inner {
            client,
            hosts,
            default_database,
            read_concern,
            write_concern,
            retry_reads,
            retry_writes: wants_retry_writes && numbers,
            limits,
            sessions: SessionPool::default(),
        })))
    }

    /// The database `name`. Nothing is asked of the server: it need not exist.
    pub fn database(&self, name: impl Into<Arc<str>>) -> Database {
        Database::new(Arc::new(self.clone()), name)
    }

    /// The database that the connection string or the options name.
    ///
    /// # Errors
    ///
    /// [`Error::Config`] if they name none.
    pub fn default_database(&self) -> Result<Database> {
        match &self.0.default_database {
            Some(name) => Ok(self.database(name.as_str())),
            None => Err(Error::Config(format!(
                "the database name is missing: write it after the hosts, mongodb://{}/NAME, \
                 or set `default_database`",
                self.0.hosts.replace(", ", ","),
            ))),
        }
    }

    /// The driver's client, for what this crate does not cover.
    #[must_use]
    pub fn client(&self) -> &mongodb::Client {
        &self.0.client
    }

    /// Closes the connections, after the operations under way. Later operations, also on clones,
    /// fail.
    pub async fn shutdown(self) {
        self.0.sessions.clear();
        self.0.client.clone().shutdown().await;
    }

    /// Runs an operation to its end, also if nobody waits for it any more.
    async fn complete<T, F>(&self, operation: impl FnOnce(Arc<Inner>) -> F) -> Result<T>
    where
        T: Send + 'static,
        F: Future<Output = Result<T>> + Send + 'static,
    {
        complete(operation(self.0.clone())).await
    }

    /// Runs a command whose reply says nothing but whether it worked.
    async fn write_command(
        &self,
        database: &str,
        command: RawDocumentBuf,
        cx: OpCx,
    ) -> Result<Document> {
        let database = database.to_owned();
        self.complete(|inner| async move {
            let reply = inner.run(&database, command, Kind::Write, &cx).await?;
            check_write_concern(&reply)?;
            Ok(reply)
        })
        .await
    }

    async fn cursor(
        &self,
        database: &str,
        command: RawDocumentBuf,
        kind: Kind,
        options: CursorOptions,
        cx: OpCx,
    ) -> Result<Cursor> {
        let database = database.to_owned();
        self.complete(|inner| async move {
            inner.run_cursor(&database, command, kind, options, &cx).await
        })
        .await
    }
}

impl fmt::Debug for MongoBackend {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("MongoBackend").field("hosts", &self.0.hosts).finish_non_exhaustive()
    }
}

#[async_trait]
impl Backend for MongoBackend {
    fn name(&self) -> &'static str {
        crate::NAME
    }

    fn capabilities(&self) -> &Capabilities {
        &CAPABILITIES
    }

    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn find(&self, ns: &Namespace, find: Find, cx: OpCx) -> Result<Cursor> {
        let command = encode(&find.to_command(ns))?;
        let options = CursorOptions {
            batch_size: find.batch_size,
            max_await_time: find.max_await_time,
            comment: find.comment,
        };
        self.cursor(ns.database(), command, Kind::Read, options, cx).await
    }

    async fn aggregate(&self, ns: &Namespace, aggregate: Aggregate, cx: OpCx) -> Result<Cursor> {
        let command = encode(&aggregate.to_command(ns))?;
        let kind =
            if command::writes(&aggregate.pipeline) { Kind::ReadAndWrite } else { Kind::Read };
        let options = CursorOptions {
            batch_size: aggregate.batch_size,
            max_await_time: None,
            comment: aggregate.comment,
        };
        self.cursor(ns.database(), command, kind, options, cx).await
    }

    async fn count(&self, ns: &Namespace, request: Count, cx: OpCx) -> Result<u64> {
        let command = command::count(ns, request)?;
        let database = ns.database().to_owned();
        self.complete(|inner| async move {
            let reply = inner.run(&database, command, Kind::Read, &cx).await?;
            let group =
                reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
            Ok(match group {
                Ok(groups) => {
                    groups.first().and_then(Bson::as_document).map_or(0, |group| number(group, "n"))
                }
                Err(_) => number(&reply, "n"),
            })
        })
        .await
    }

    async fn distinct(&self, ns: &Namespace, distinct: Distinct, cx: OpCx) -> Result<Vec<Bson>> {
        let command = encode(&distinct.to_command(ns))?;
        let database = ns.database().to_owned();
        self.complete(|inner| async move {
            let mut reply = inner.run(&database, command, Kind::Read, &cx).await?;
            match reply.remove("values") {
                Some(Bson::Array(values)) => Ok(values),
                _ => Ok(Vec::new()),
            }
        })
        .await
    }

    async fn insert(&self, ns: &Namespace, request: Insert, cx: OpCx) -> Result<InsertOutcome> {
        let ns = ns.clone();
        self.complete(|inner| async move { insert::insert(&inner, &ns, request, &cx).await }).await
    }

    async fn update(
        &self,
        ns: &Namespace,
        mut update: UpdateBatch,
        cx: OpCx,
    ) -> Result<UpdateOutcome> {
        if let Some(single) = SingleUpdate::of(&self.0, &update, &cx)? {
            let ns = ns.clone();
            return self.complete(|inner| single.run(inner, ns, cx)).await;
        }
        let statements = std::mem::take(&mut update.statements);
        let retryable = !statements.iter().any(|statement| statement.multi);
        let items: Vec<RawDocumentBuf> =
            statements.into_iter().map(command::update_statement).collect::<Result<_>>()?;
        let head = head(update.to_command(ns)?, "updates")?;
        let (ns, ordered) = (ns.clone(), update.ordered);
        self.complete(|inner| async move {
            let batch = Batch {
                database: ns.database(),
                head,
                array: cstr!("updates"),
                items: &items,
                ordered,
                kind: if retryable { Kind::RetryableWrite } else { Kind::Write },
            };
            UpdateOutcome::from_reply(&batch.run(&inner, &cx).await?)
        })
        .await
    }

    async fn delete(
        &self,
        ns: &Namespace,
        mut delete: DeleteBatch,
        cx: OpCx,
    ) -> Result<DeleteOutcome> {
        if let Some(single) = SingleDelete::of(&self.0, &delete, &cx) {
            let ns = ns.clone();
            return self.complete(|inner| single.run(inner, ns, cx)).await;
        }
        let statements = std::mem::take(&mut delete.statements);
        let retryable = !statements.iter().any(|statement| statement.multi);
        let items: Vec<RawDocumentBuf> = statements
            .iter()
            .map(|statement| encode(&statement.to_document()))
            .collect::<Result<_>>()?;
        let head = head(delete.to_command(ns), "deletes")?;
        let (ns, ordered) = (ns.clone(), delete.ordered);
        self.complete(|inner| async move {
            let batch = Batch {
                database: ns.database(),
                head,
                array: cstr!("deletes"),
                items: &items,
                ordered,
                kind: if retryable { Kind::RetryableWrite } else { Kind::Write },
            };
            DeleteOutcome::from_reply(&batch.run(&inner, &cx).await?)
        })
        .await
    }

    async fn find_and_modify(
        &self,
        ns: &Namespace,
        request: FindAndModify,
        cx: OpCx,
    ) -> Result<FindAndModifyOutcome> {
        let command = command::find_and_modify(ns, request)?;
        let database = ns.database().to_owned();
        self.complete(|inner| async move {
            let reply = inner.run(&database, command, Kind::RetryableWrite, &cx).await?;
            FindAndModifyOutcome::from_reply(&reply)
        })
        .await
    }

    async fn create_indexes(
        &self,
        ns: &Namespace,
        request: CreateIndexes,
        cx: OpCx,
    ) -> Result<CreateIndexesOutcome> {
        let command = encode(&request.to_command(ns))?;
        let reply = self.write_command(ns.database(), command, cx).await?;
        let names = request.indexes.iter().map(|index| index.name()).collect();
        CreateIndexesOutcome::from_reply(&reply, names)
    }

    async fn drop_indexes(&self, ns: &Namespace, request: DropIndexes, cx: OpCx) -> Result<()> {
        let command = encode(&request.to_command(ns))?;
        self.write_command(ns.database(), command, cx).await.map(drop)
    }

    async fn list_indexes(&self, ns: &Namespace, request: ListIndexes, cx: OpCx) -> Result<Cursor> {
        let command = encode(&request.to_command(ns))?;
        let options = CursorOptions {
            batch_size: request.batch_size,
            max_await_time: None,
            comment: request.comment,
        };
        self.cursor(ns.database(), command, Kind::List, options, cx).await
    }

    async fn create_collection(
        &self,
        ns: &Namespace,
        request: CreateCollection,
        cx: OpCx,
    ) -> Result<()> {
        let command = encode(&request.to_command(ns))?;
        self.write_command(ns.database(), command, cx).await.map(drop)
    }

    async fn drop_collection(
        &self,
        ns: &Namespace,
        request: DropCollection,
        cx: OpCx,
    ) -> Result<()> {
        let command = encode(&request.to_command(ns))?;
        match self.write_command(ns.database(), command, cx).await {
            // Servers before 7.0 say so; to the caller it is gone either way.
            Err(error) if error.error_code() == Some(ErrorCode::NAMESPACE_NOT_FOUND) => Ok(()),
            result => result.map(drop),
        }
    }

    async fn rename_collection(
        &self,
        ns: &Namespace,
        request: RenameCollection,
        cx: OpCx,
    ) -> Result<()> {
        let command = encode(&request.to_command(ns))?;
        self.write_command("admin", command, cx).await.map(drop)
    }

    async fn list_collections(
        &self,
        ns: &Namespace,
        request: ListCollections,
        cx: OpCx,
    ) -> Result<Cursor> {
        let command = encode(&request.to_command(ns))?;
        let options = CursorOptions { comment: request.comment, ..CursorOptions::default() };
        self.cursor(ns.database(), command, Kind::List, options, cx).await
    }

    async fn drop_database(&self, ns: &Namespace, request: DropDatabase, cx: OpCx) -> Result<()> {
        let command = encode(&request.to_command(ns))?;
        self.write_command(ns.database(), command, cx).await.map(drop)
    }

    async fn list_databases(&self, request: ListDatabases, cx: OpCx) -> Result<Vec<Document>> {
        let command = encode(&request.to_command(&Namespace::of_database("admin")))?;
        self.complete(|inner| async move {
            let mut reply = inner.run("admin", command, Kind::List, &cx).await?;
            let Some(Bson::Array(found)) = reply.remove("databases") else {
                return Ok(Vec::new());
            };
            Ok(found
                .into_iter()
                .filter_map(|one| match one {
                    Bson::Document(one) => Some(one),
                    _ => None,
                })
                .collect())
        })
        .await
    }

    async fn run_command(&self, database: &str, command: RunCommand, cx: OpCx) -> Result<Document> {
        let command = encode(&command.0)?;
        let database = database.to_owned();
        self.complete(|inner| async move { inner.run(&database, command, Kind::Raw, &cx).await })
            .await
    }

    async fn start_session(&self, options: SessionOptions) -> Result<SessionRef> {
        let session = MongoSession::start(self.0.clone(), options).await?;
        Ok(Arc::new(session))
    }

    async fn watch(&self, ns: &Namespace, watch: Watch, cx: OpCx) -> Result<ChangeStream> {
        let ns = ns.clone();
        self.complete(|inner| change_stream::watch(inner, ns, watch, cx)).await
    }
}
