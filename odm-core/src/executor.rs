//! What queries run on: a database, a transaction, a scope.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use crate::backend::{OpCx, ReadConcern, ReadPreference, SessionRef, WriteConcern};
use crate::database::Database;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::request::Request;

/// What a query runs on: a [`Database`], a transaction ([`Tx`]) or a [`Scope`].
pub trait Executor: Send + Sync {
    /// Where operations go, and what travels beside them.
    fn target(&self) -> Target<'_>;
}

/// Where an executor's operations go.
#[derive(Debug)]
pub struct Target<'a> {
    /// The database.
    pub database: &'a Database,
    /// What travels beside each request.
    pub cx: OpCx,
    /// The collection to use instead of the model's.
    pub collection: Option<&'a str>,
}

impl Target<'_> {
    /// The namespace of a model's collection, unless the executor switches it.
    #[must_use]
    pub fn namespace(&self, collection: impl Into<Cow<'static, str>>) -> Namespace {
        match self.collection {
            Some(other) => self.database.namespace(other.to_owned()),
            None => self.database.namespace(collection),
        }
    }

    /// Runs a request.
    ///
    /// # Errors
    ///
    /// As [`Database::execute`].
    pub fn execute<'a, R: Request>(
        self,
        ns: &'a Namespace,
        request: R,
    ) -> impl Future<Output = Result<R::Outcome>> + use<'a, R>
    where
        Self: 'a,
    {
        self.database.execute(ns, request, self.cx)
    }
}

impl Executor for Database {
    fn target(&self) -> Target<'_> {
        Target { database: self, cx: OpCx::default(), collection: None }
    }
}

impl<E: Executor + ?Sized> Executor for &E {
    fn target(&self) -> Target<'_> {
        (**self).target()
    }
}

impl<E: Executor + ?Sized> Executor for Arc<E> {
    fn target(&self) -> Target<'_> {
        (**self).target()
    }
}

/// A transaction. Cheap to clone; operations on it run one after the other.
///
/// Dropping the last clone without [`commit`](Tx::commit) aborts it.
#[derive(Debug, Clone)]
pub struct Tx {
    database: Database,
    session: SessionRef,
}

impl Tx {
    pub(crate) fn new(database: Database, session: SessionRef) -> Self {
        Tx { database, session }
    }

    /// Makes the writes durable and visible to others.
    ///
    /// # Errors
    ///
    /// `NoSuchTransaction` (251) if an earlier error aborted it; see also the labels of
    /// [`Session::commit_transaction`](crate::Session::commit_transaction).
    pub async fn commit(&self) -> Result<()> {
        self.session.commit_transaction().await
    }

    /// Undoes the writes.
    ///
    /// # Errors
    ///
    /// The transaction is over already.
    pub async fn abort(&self) -> Result<()> {
        self.session.abort_transaction().await
    }

    /// The session that the transaction runs in.
    #[must_use]
    pub fn session(&self) -> &SessionRef {
        &self.session
    }
}

impl Executor for Tx {
    fn target(&self) -> Target<'_> {
        let cx = OpCx { session: Some(self.session.clone()), ..OpCx::default() };
        Target { database: &self.database, cx, collection: None }
    }
}

/// A database with other options, or another collection, for what runs on it.
///
/// ```
/// # use odm_core::{Database, Executor};
/// # use std::time::Duration;
/// fn archive(db: &Database) -> impl Executor + use<> {
///     db.scope().collection("archive").timeout(Duration::from_secs(2))
/// }
/// ```
#[derive(Debug, Clone)]
pub struct Scope {
    database: Database,
    cx: OpCx,
    collection: Option<String>,
}

impl Scope {
    pub(crate) fn new(database: Database) -> Self {
        Scope { database, cx: OpCx::default(), collection: None }
    }

    /// Uses this collection instead of the model's.
    #[must_use]
    pub fn collection(mut self, name: impl Into<String>) -> Self {
        self.collection = Some(name.into());
        self
    }

    /// Limits each operation to this time; afterwards [`Error::Timeout`](crate::Error::Timeout).
    #[must_use]
    pub fn timeout(mut self, limit: Duration) -> Self {
        self.cx.timeout = Some(limit);
        self
    }

    /// Runs operations in a session.
    #[must_use]
    pub fn session(mut self, session: SessionRef) -> Self {
        self.cx.session = Some(session);
        self
    }

    /// Which writes reads may see.
    #[must_use]
    pub fn read_concern(mut self, level: impl Into<String>) -> Self {
        self.cx.read_concern = Some(ReadConcern(level.into()));
        self
    }

    /// How far writes must have spread.
    #[must_use]
    pub fn write_concern(mut self, concern: WriteConcern) -> Self {
        self.cx.write_concern = Some(concern);
        self
    }

    /// Which members may answer reads.
    #[must_use]
    pub fn read_preference(mut self, preference: ReadPreference) -> Self {
        self.cx.read_preference = Some(preference);
        self
    }
}

impl Executor for Scope {
    fn target(&self) -> Target<'_> {
        Target {
            database: &self.database,
            cx: self.cx.clone(),
            collection: self.collection.as_deref(),
        }
    }
}
