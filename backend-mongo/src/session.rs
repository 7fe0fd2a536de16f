//! Sessions: the user's, and those that make writes retryable.

use std::any::Any;
use std::sync::{Arc, Mutex, PoisonError};

use async_trait::async_trait;
use mongodb::ClientSession;
use mongodb::error::ErrorKind;
use odm_core::{Error, ErrorCode, Result, Session, SessionOptions, TransactionOptions};

use crate::complete::complete;
use crate::concern;
use crate::error::from_driver;
use crate::run::Inner;

/// A driver's session whose transaction numbers we know.
///
/// The driver numbers the retryable writes of its own actions but not those of a command document,
/// and keeps its count to itself. So each number used here is also used up on the driver's side,
/// and both counts stay the same: a session that goes back to the driver's pool stays usable.
#[derive(Debug)]
pub(crate) struct NumberedSession {
    pub(crate) session: ClientSession,
    /// The driver's count. Unknown, no write is numbered: a number that was used before would make
    /// the server take the write for a repetition, and answer without doing it.
    number: Option<i64>,
    in_transaction: bool,
}

impl NumberedSession {
    pub(crate) fn new(session: ClientSession) -> Self {
        // Sessions come from a pool, and somebody may have used this one.
        let number = driver_count(&format!("{session:?}"));
        NumberedSession { session, number, in_transaction: false }
    }

    pub(crate) fn in_transaction(&self) -> bool {
        self.in_transaction
    }

    /// A transaction number for a retryable write, if numbers are known.
    pub(crate) async fn next_number(&mut self) -> mongodb::error::Result<Option<i64>> {
        let Some(number) = self.number else { return Ok(None) };
        // A transaction that is aborted before its first operation is never sent.
        self.session.start_transaction().await?;
        self.session.abort_transaction().await?;
        self.number = Some(number + 1);
        Ok(self.number)
    }
}

/// The driver's count of a session's transaction numbers, which only its debug form tells.
fn driver_count(session: &str) -> Option<i64> {
    let (_, of_server) = session.split_once("server_session: ServerSession {")?;
    let (_, count) = of_server.split_once("txn_number: ")?;
    count.split(|c: char| !c.is_ascii_digit()).next()?.parse().ok()
}

/// Idle sessions for retryable writes.
#[derive(Debug, Default)]
pub(crate) struct SessionPool(Mutex<Vec<NumberedSession>>);

impl SessionPool {
    pub(crate) async fn take(
        &self,
        client: &mongodb::Client,
    ) -> mongodb::error::Result<NumberedSession> {
        let idle = self.0.lock().unwrap_or_else(PoisonError::into_inner).pop();
        match idle {
            Some(session) => Ok(session),
            None => {
                client.start_session().causal_consistency(false).await.map(NumberedSession::new)
            }
        }
    }

    pub(crate) fn give_back(&self, session: NumberedSession) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).push(session);
    }

    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

/// A session of a [`MongoBackend`](crate::MongoBackend); its operations run one after the other.
#[derive(Debug, Clone)]
pub(crate) struct MongoSession {
    inner: Arc<Inner>,
    pub(crate) session: Arc<tokio::sync::Mutex<NumberedSession>>,
    pub(crate) causal: bool,
}

impl MongoSession {
    pub(crate) async fn start(inner: Arc<Inner>, options: SessionOptions) -> Result<Self> {
        let snapshot = options.snapshot == Some(true);
        let causal = options.causal_consistency.unwrap_or(!snapshot);
        let mut action = inner.client.start_session().snapshot(snapshot);
        if let Some(causal) = options.causal_consistency {
            action = action.causal_consistency(causal);
        }
        if let Some(defaults) = options.default_transaction_options {
            action = action.default_transaction_options(concern::transaction_options(defaults));
        }
        let session = action.await.map_err(from_driver)?;
        let session = Arc::new(tokio::sync::Mutex::new(NumberedSession::new(session)));
        Ok(MongoSession { inner, session, causal })
    }

    pub(crate) fn belongs_to(&self, inner: &Arc<Inner>) -> bool {
        Arc::ptr_eq(&self.inner, inner)
    }
}

#[async_trait]
impl Session for MongoSession {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn start_transaction(&self, options: TransactionOptions) -> Result<()> {
        let mut held = self.session.lock().await;
        let options = concern::transaction_options(options);
        held.session.start_transaction().with_options(options).await.map_err(from_driver)?;
        held.number = held.number.map(|number| number + 1);
        held.in_transaction = true;
        Ok(())
    }

    async fn commit_transaction(&self) -> Result<()> {
        let session = self.session.clone();
        complete(async move {
            let mut held = session.lock().await;
            let result = held.session.commit_transaction().await;
            held.in_transaction = false;
            result.map_err(ending)
        })
        .await
    }

    async fn abort_transaction(&self) -> Result<()> {
        let session = self.session.clone();
        complete(async move {
            let mut held = session.lock().await;
            let result = held.session.abort_transaction().await;
            held.in_transaction = false;
            result.map_err(ending)
        })
        .await
    }
}

/// A driver's refusal to end a transaction: there is none.
fn ending(error: mongodb::error::Error) -> Error {
    match &*error.kind {
        ErrorKind::Transaction { message, .. } => {
            Error::command(ErrorCode::NO_SUCH_TRANSACTION, message.clone())
        }
        _ => from_driver(error),
    }
}

#[cfg(test)]
mod tests {
    use super::driver_count;

    #[test]
    fn the_count_is_read_only_where_it_is_sure() {
        let id = r#"id: Document({"id": Binary(Binary { subtype: Uuid, bytes: [1] })})"#;
        let of = |rest: &str| {
            let pool = "pool: [ServerSession { txn_number: 9 }]";
            driver_count(&format!(
                "ClientSession {{ server_session: ServerSession {{ {id}, {rest} }}, {pool} }}"
            ))
        };
        assert_eq!(of("dirty: false, txn_number: 17"), Some(17));
        assert_eq!(of("txn_number: 0"), Some(0));
        assert_eq!(of("txn_number: -1"), None);
        assert_eq!(driver_count("ClientSession { txn_number: 1 }"), None);
        assert_eq!(driver_count(""), None);
    }
}
