//! The database handle, and the one place where operations meet plugins, sessions and the backend.

use std::borrow::Cow;
use std::future::Future;
use std::sync::Arc;
use std::time::{Duration, Instant};

use bson::Document;

use crate::backend::{Backend, Capabilities, OpCx, SessionOptions, SessionRef, TransactionOptions};
use crate::error::{Error, Result, TRANSIENT_TRANSACTION_ERROR, UNKNOWN_TRANSACTION_COMMIT_RESULT};
use crate::executor::{Scope, Tx};
use crate::namespace::Namespace;
use crate::pipeline::Pipeline;
use crate::plugin::{Call, Done, Plugin};
use crate::request::{
    CreateCollection, DropDatabase, ListCollections, Outcome, Request, RunCommand, Running,
};

/// How long [`Database::transaction`] keeps trying, as the drivers do.
const TRANSACTION_RETRY_LIMIT: Duration = Duration::from_secs(120);

/// A database of some backend, with the plugins that see its operations. Cheap to clone.
#[derive(Debug, Clone)]
pub struct Database {
    name: Arc<str>,
    backend: Arc<dyn Backend>,
    plugins: Arc<[Arc<dyn Plugin>]>,
}

/// What is running, for as long as it may take.
async fn within<T>(
    limit: Option<Duration>,
    name: &'static str,
    running: Running<'_, T>,
) -> Result<T> {
    let Some(limit) = limit else { return running.await };
    let refused = Err(Error::Timeout { operation: name, limit });
    tokio::time::timeout(limit, running).await.unwrap_or(refused)
}

impl Database {
    /// The database `name` of `backend`.
    pub fn new(backend: Arc<dyn Backend>, name: impl Into<Arc<str>>) -> Self {
        Database { name: name.into(), backend, plugins: Arc::new([]) }
    }

    /// The same database with one more plugin.
    #[must_use]
    pub fn with_plugin(mut self, plugin: impl Plugin + 'static) -> Self {
        let added: Arc<dyn Plugin> = Arc::new(plugin);
        self.plugins = self.plugins.iter().cloned().chain([added]).collect();
        self
    }

    /// Another database of the same backend, with the same plugins.
    #[must_use]
    pub fn sibling(&self, name: impl Into<Arc<str>>) -> Self {
        Database { name: name.into(), ..self.clone() }
    }

    /// The database's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What the backend can do.
    #[must_use]
    pub fn capabilities(&self) -> &Capabilities {
        self.backend.capabilities()
    }

    /// The backend, if it is a `B`.
    #[must_use]
    pub fn backend<B: Backend>(&self) -> Option<&B> {
        self.backend.as_any().downcast_ref()
    }

    /// The namespace of a collection of this database.
    #[must_use]
    pub fn namespace(&self, collection: impl Into<Cow<'static, str>>) -> Namespace {
        Namespace::new(self.name.clone(), collection)
    }

    /// Runs a request: plugins see it first, then the backend, then the plugins its outcome.
    ///
    /// Every operation of this crate goes through here.
    ///
    /// # Errors
    ///
    /// A plugin's or the backend's refusal; [`Error::Timeout`] past `cx.timeout`.
    pub async fn execute<R: Request>(
        &self,
        ns: &Namespace,
        request: R,
        cx: OpCx,
    ) -> Result<R::Outcome> {
        if self.plugins.is_empty() {
            let limit = cx.timeout;
            let running = request.run(&*self.backend, ns, cx);
            return within(limit, R::NAME, running).await;
        }
        let outcome =
            self.execute_with_plugins(Call::new(ns.clone(), request.into_operation(), cx)).await?;
        R::outcome(outcome).ok_or_else(|| {
            Error::Config(format!("a plugin changed the kind of the operation `{}`", R::NAME))
        })
    }

    async fn execute_with_plugins(&self, mut call: Call) -> Result<Outcome> {
        let started = Instant::now();
        let mut seen = 0;
        let mut refused = None;
        for plugin in self.plugins.iter() {
            seen += 1;
            if let Err(error) = plugin.before(&mut call).await {
                refused = Some(error);
                seen -= 1;
                break;
            }
        }
        let name = call.operation.name();
        let mut result = match refused {
            None => {
                let limit = call.cx.timeout;
                let running = call.operation.run(&*self.backend, &call.ns, call.cx);
                within(limit, name, Box::pin(running)).await
            }
            Some(error) => Err(error),
        };
        let done = Done::new(call.ns, name, started.elapsed());
        for plugin in self.plugins[..seen].iter().rev() {
            plugin.after(&done, &mut result).await;
        }
        result
    }

    /// Runs a command document, as a shell would send it, and gives the reply.
    ///
    /// A reply with `ok: 1` is given as it is: look at its `writeErrors`.
    ///
    /// # Errors
    ///
    /// The server's code of a reply with `ok: 0`; `CommandNotFound` (59) for an unknown name.
    pub async fn run_command(&self, command: Document) -> Result<Document> {
        self.execute(&self.as_namespace(), RunCommand(command), OpCx::default()).await
    }

    /// Creates a collection or a view.
    ///
    /// # Errors
    ///
    /// `NamespaceExists` (48), `InvalidNamespace` (73), `InvalidOptions` (72).
    pub async fn create_collection(&self, name: &str, options: CreateCollection) -> Result<()> {
        self.execute(&self.namespace(name.to_owned()), options, OpCx::default()).await
    }

    /// Creates a view: what another collection or view of this database looks like through a pipeline. It is read like
    /// a collection, and not written to.
    ///
    /// On typed fields, the pipeline is the definition: see
    /// [`Aggregation::create_view`](crate::aggregation::Aggregation::create_view).
    ///
    /// ```no_run
    /// # use odm_core::{Database, Pipeline, Result, Stage};
    /// # use odm_core::bson::doc;
    /// # async fn f(db: Database) -> Result<()> {
    /// let adults = [Stage::match_(doc! { "age": { "$gte": 18 } })];
    /// db.create_view("adults", "users", Pipeline::from(adults.to_vec())).await?;
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// `NamespaceExists` (48), `InvalidNamespace` (73), `OptionNotSupportedOnView` (167) for a pipeline that writes; 5 if
    /// it would read itself; what the stages refuse.
    pub async fn create_view(
        &self,
        name: &str,
        on: impl Into<String>,
        pipeline: impl Into<Pipeline>,
    ) -> Result<()> {
        let view_on = Some(on.into());
        let pipeline = Some(pipeline.into());
        let options = CreateCollection { view_on, pipeline, ..CreateCollection::default() };
        self.create_collection(name, options).await
    }

    /// The names of the collections and views, sorted.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked.
    pub async fn list_collection_names(&self) -> Result<Vec<String>> {
        let request = ListCollections { name_only: true, ..ListCollections::default() };
        let listed = self.execute(&self.as_namespace(), request, OpCx::default()).await?;
        let name = |doc: &crate::RawDoc| doc.as_raw().get_str("name").map(str::to_owned).ok();
        let mut names: Vec<String> = listed.collect().await?.iter().filter_map(name).collect();
        names.sort();
        Ok(names)
    }

    /// Drops the database. One that does not exist is not an error.
    ///
    /// # Errors
    ///
    /// The deployment could not be asked, or refused.
    pub async fn drop(&self) -> Result<()> {
        self.execute(&self.as_namespace(), DropDatabase::default(), OpCx::default()).await
    }

    fn as_namespace(&self) -> Namespace {
        Namespace::of_database(self.name.clone())
    }

    /// The same database with other options, or another collection, for what runs on it.
    #[must_use]
    pub fn scope(&self) -> Scope {
        Scope::new(self.clone())
    }

    /// A session of the backend.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the backend has none.
    pub async fn start_session(&self, options: SessionOptions) -> Result<SessionRef> {
        self.backend.start_session(options).await
    }

    /// Begins a transaction; dropping it without [`Tx::commit`] aborts it.
    ///
    /// # Errors
    ///
    /// [`Error::Unsupported`] if the backend has no transactions.
    pub async fn begin(&self) -> Result<Tx> {
        self.begin_with(TransactionOptions::default()).await
    }

    /// [`begin`](Database::begin), with options.
    ///
    /// # Errors
    ///
    /// As [`begin`](Database::begin).
    pub async fn begin_with(&self, options: TransactionOptions) -> Result<Tx> {
        if !self.capabilities().transactions {
            return Err(self.backend.unsupported("transactions"));
        }
        let session = self.start_session(SessionOptions::default()).await?;
        session.start_transaction(options).await?;
        Ok(Tx::new(self.clone(), session))
    }

    /// Runs `body` in a transaction: committed if it succeeds, aborted if not.
    ///
    /// The body runs again after an error labelled `TransientTransactionError`, the commit after
    /// one labelled `UnknownTransactionCommitResult`, for up to two minutes. So the body must have
    /// no effects but those on the transaction.
    ///
    /// # Errors
    ///
    /// The body's or the commit's last error; [`Error::Unsupported`] if the backend has no transactions.
    pub async fn transaction<T, F, Fut>(&self, body: F) -> Result<T>
    where
        F: Fn(Tx) -> Fut,
        Fut: Future<Output = Result<T>>,
    {
        let started = Instant::now();
        let may_retry = |error: &Error, label: &str| {
            error.has_label(label) && started.elapsed() < TRANSACTION_RETRY_LIMIT
        };
        loop {
            let tx = self.begin().await?;
            let value = match body(tx.clone()).await {
                Ok(value) => value,
                Err(error) => {
                    // The server has often aborted it already; what failed first is what counts.
                    let _ = tx.abort().await;
                    if may_retry(&error, TRANSIENT_TRANSACTION_ERROR) {
                        continue;
                    }
                    return Err(error);
                }
            };
            let committed = loop {
                match tx.commit().await {
                    Err(error) if may_retry(&error, UNKNOWN_TRANSACTION_COMMIT_RESULT) => {}
                    result => break result,
                }
            };
            match committed {
                Ok(()) => return Ok(value),
                Err(error) if may_retry(&error, TRANSIENT_TRANSACTION_ERROR) => {}
                Err(error) => return Err(error),
            }
        }
    }
}
