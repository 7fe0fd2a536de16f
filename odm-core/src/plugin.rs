//! Plugins: behaviour across the operations of a database.

use std::fmt::Debug;
use std::time::Duration;

use async_trait::async_trait;

use crate::backend::OpCx;
use crate::error::Result;
use crate::namespace::Namespace;
use crate::request::{Operation, Outcome};

/// Behaviour across all operations of a [`Database`](crate::Database): it sees, and may rewrite, each one.
///
/// Plugins run in the order in which they were added, and after the backend in reverse.
#[async_trait]
pub trait Plugin: Debug + Send + Sync {
    /// Sees an operation before the backend does, and may rewrite it.
    ///
    /// # Errors
    ///
    /// An error refuses the operation; the plugins before this one see it in [`after`](Plugin::after).
    async fn before(&self, _call: &mut Call) -> Result<()> {
        Ok(())
    }

    /// Sees what came out, and may rewrite it.
    async fn after(&self, _done: &Done, _result: &mut Result<Outcome>) {}
}

/// An operation on its way to the backend.
#[derive(Debug)]
#[non_exhaustive]
pub struct Call {
    /// The collection or database.
    pub ns: Namespace,
    /// The request.
    pub operation: Operation,
    /// What travels beside it.
    pub cx: OpCx,
}

/// What is known of an operation when it is done.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Done {
    /// The collection or database.
    pub ns: Namespace,
    /// The name of the server's command.
    pub operation: &'static str,
    /// How long the backend took; of a cursor, for its first batch.
    pub elapsed: Duration,
}

impl Call {
    pub(crate) fn new(ns: Namespace, operation: Operation, cx: OpCx) -> Self {
        Call { ns, operation, cx }
    }
}

impl Done {
    pub(crate) fn new(ns: Namespace, operation: &'static str, elapsed: Duration) -> Self {
        Done { ns, operation, elapsed }
    }
}
