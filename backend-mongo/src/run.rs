//! Sending commands: sessions, concerns, and one more try where that is safe.

use std::sync::Arc;

use bson::raw::cstr;
use bson::{Document, RawDocumentBuf};
use mongodb::options::SelectionCriteria;
use odm_core::{Acknowledgment, Cursor, Error, ErrorCode, OpCx, ReadConcern, Result, WriteConcern};
use tokio::sync::OwnedMutexGuard;

use crate::concern;
use crate::cursor::{self, CursorOptions};
use crate::error::{
    self, from_driver, is_network, is_retryable_read, is_retryable_write, label_retryable_write,
};
use crate::session::{MongoSession, NumberedSession, SessionPool};

/// What the clones of a backend share.
#[derive(Debug)]
pub(crate) struct Inner {
    pub(crate) client: mongodb::Client,
    /// The hosts, for messages.
    pub(crate) hosts: String,
    pub(crate) default_database: Option<String>,
    pub(crate) read_concern: Option<ReadConcern>,
    pub(crate) write_concern: Option<WriteConcern>,
    pub(crate) retry_reads: bool,
    /// Whether the user wants it and the deployment can.
    pub(crate) retry_writes: bool,
    pub(crate) limits: Limits,
    pub(crate) sessions: SessionPool,
}

/// What the server takes at once.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) document_bytes: usize,
    pub(crate) batch_statements: usize,
}

/// The kinds of command that differ in what is sent with them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Takes a read concern and a read preference; tried again after a network error.
    Read,
    /// Takes a write concern; has a transaction number, and so may be tried again.
    RetryableWrite,
    /// Takes a write concern.
    Write,
    /// An aggregation that ends in `$out` or `$merge`.
    ReadAndWrite,
    /// Takes neither; tried again after a network error.
    List,
    /// A user's command, sent as it is.
    Raw,
}

impl Kind {
    fn reads(self) -> bool {
        matches!(self, Kind::Read | Kind::ReadAndWrite)
    }

    fn writes(self) -> bool {
        matches!(self, Kind::RetryableWrite | Kind::Write | Kind::ReadAndWrite)
    }
}

impl Inner {
    /// The session of ours to run in, if any.
    pub(crate) fn session(self: &Arc<Self>, cx: &OpCx) -> Result<Option<MongoSession>> {
        let Some(session) = &cx.session else { return Ok(None) };
        match session.as_any().downcast_ref::<MongoSession>() {
            Some(ours) if ours.belongs_to(self) => Ok(Some(ours.clone())),
            _ => Err(Error::Config("the session belongs to another backend".to_owned())),
        }
    }

    /// Runs a command and gives its reply, which has `ok: 1`.
    pub(crate) async fn run(
        self: &Arc<Self>,
        database: &str,
        command: RawDocumentBuf,
        kind: Kind,
        cx: &OpCx,
    ) -> Result<Document> {
        self.run_encoding(database, &|| command.clone(), kind, cx).await
    }

    /// The same with a command that is encoded for each try: a batch is large, and tries are few.
    pub(crate) async fn run_encoding(
        self: &Arc<Self>,
        database: &str,
        encode: &(dyn Fn() -> RawDocumentBuf + Sync),
        kind: Kind,
        cx: &OpCx,
    ) -> Result<Document> {
        let session = self.session(cx)?;
        let mut held = lock(session.as_ref()).await;
        let concerns = self.concerns(kind, cx, session.as_ref(), held.as_deref())?;
        let encode = || concerns.append_to(encode());
        let criteria = self.selection_criteria(kind, cx, held.as_deref());
        let in_transaction = held.as_ref().is_some_and(|held| held.in_transaction());
        let numbered = kind == Kind::RetryableWrite
            && self.retry_writes
            && !in_transaction
            && !self.is_unacknowledged(cx);
        if numbered {
            return match &mut held {
                Some(held) => self.run_numbered(database, &encode, held).await.0,
                None => {
                    let mut own = self.sessions.take(&self.client).await.map_err(from_driver)?;
                    let (result, intact) = self.run_numbered(database, &encode, &mut own).await;
                    if intact {
                        self.sessions.give_back(own);
                    }
                    result
                }
            };
        }
        let retry = matches!(kind, Kind::Read | Kind::List) && self.retry_reads && !in_transaction;
        let first = self.send(database, encode(), criteria.clone(), held.as_deref_mut());
        let mut result = first.await;
        if retry && matches!(&result, Err(error) if is_retryable_read(error)) {
            result = self.send(database, encode(), criteria, held.as_deref_mut()).await;
        }
        result.map_err(from_driver)
    }

    /// Runs a command that opens a cursor.
    pub(crate) async fn run_cursor(
        self: &Arc<Self>,
        database: &str,
        command: RawDocumentBuf,
        kind: Kind,
        options: CursorOptions,
        cx: &OpCx,
    ) -> Result<Cursor> {
        let session = self.session(cx)?;
        let mut held = lock(session.as_ref()).await;
        let command =
            self.concerns(kind, cx, session.as_ref(), held.as_deref())?.append_to(command);
        let criteria = self.selection_criteria(kind, cx, held.as_deref());
        let in_transaction = held.as_ref().is_some_and(|held| held.in_transaction());
        let retry = matches!(kind, Kind::Read | Kind::List) && self.retry_reads && !in_transaction;
        let again = retry.then(|| command.clone());
        let open = async |command, held: Option<&mut NumberedSession>| {
            cursor::open(
                self,
                database,
                command,
                criteria.clone(),
                &options,
                session.as_ref(),
                held,
            )
            .await
        };
        let mut result = open(command, held.as_deref_mut()).await;
        let failed = matches!(&result, Err(error) if is_retryable_read(error));
        if let (true, Some(command)) = (failed, again) {
            result = open(command, held.as_deref_mut()).await;
        }
        result.map_err(from_driver)?
    }

    async fn send(
        &self,
        database: &str,
        command: RawDocumentBuf,
        criteria: Option<SelectionCriteria>,
        session: Option<&mut NumberedSession>,
    ) -> mongodb::error::Result<Document> {
        let database = self.client.database(database);
        let mut action = database.run_raw_command(command);
        if let Some(criteria) = criteria {
            action = action.selection_criteria(criteria);
        }
        if let Some(held) = session {
            action = action.session(&mut held.session);
        }
        action.await
    }

    /// Runs a write under a transaction number, and once more if nobody knows whether it happened:
    /// the server answers the second with the first's reply if it did.
    ///
    /// The flag says whether the session may be used again.
    async fn run_numbered(
        &self,
        database: &str,
        encode: &(dyn Fn() -> RawDocumentBuf + Sync),
        session: &mut NumberedSession,
    ) -> (Result<Document>, bool) {
        let number = match session.next_number().await {
            Ok(number) => number,
            Err(error) => return (Err(from_driver(error)), false),
        };
        let (mut retried, mut intact) = (false, true);
        let mut first_error = None;
        loop {
            let mut numbered = encode();
            if let Some(number) = number {
                numbered.append(cstr!("txnNumber"), number);
            }
            let outcome = self.send(database, numbered, None, Some(session)).await;
            intact &= !matches!(&outcome, Err(error) if is_network(error));
            if number.is_some() && !retried && is_retryable_write(&outcome) {
                retried = true;
                first_error = outcome.err();
                continue;
            }
            let result = outcome.map_err(|error| {
                // An error before anything was sent says less than what the first try met.
                let unsent = error::is_unsent(&error);
                let mut error = from_driver(match first_error {
                    Some(first) if unsent => first,
                    _ => error,
                });
                label_retryable_write(&mut error);
                error
            });
            return (result, intact);
        }
    }

    /// The concerns of `cx` or, outside transactions, of the connection string.
    fn concerns(
        &self,
        kind: Kind,
        cx: &OpCx,
        session: Option<&MongoSession>,
        held: Option<&NumberedSession>,
    ) -> Result<Concerns> {
        if held.is_some_and(NumberedSession::in_transaction) {
            if cx.read_concern.is_some() || cx.write_concern.is_some() {
                return Err(Error::command(
                    ErrorCode::INVALID_OPTIONS,
                    "concerns belong to the transaction, not to its operations",
                ));
            }
            return Ok(Concerns::default());
        }
        let mut concerns = Concerns::default();
        if kind.reads() || (kind == Kind::Raw && cx.read_concern.is_some()) {
            let level = cx.read_concern.as_ref().or(self.read_concern.as_ref());
            let after = match (session, held) {
                (Some(session), Some(held)) if session.causal => held.session.operation_time(),
                _ => None,
            };
            concerns.read = concern::read_concern_field(level, after);
        }
        if kind.writes() || (kind == Kind::Raw && cx.write_concern.is_some()) {
            let concern = cx.write_concern.as_ref().or(self.write_concern.as_ref());
            concerns.write = concern.map(concern::write_concern_field);
        }
        Ok(concerns)
    }

    pub(crate) fn is_unacknowledged(&self, cx: &OpCx) -> bool {
        let concern = cx.write_concern.as_ref().or(self.write_concern.as_ref());
        concern.is_some_and(|concern| concern.w == Some(Acknowledgment::Nodes(0)))
    }

    /// Which members may answer; in a transaction, the transaction's own choice.
    fn selection_criteria(
        &self,
        kind: Kind,
        cx: &OpCx,
        held: Option<&NumberedSession>,
    ) -> Option<SelectionCriteria> {
        let asked_for = cx.read_preference.map(concern::selection_criteria);
        let in_transaction = held.is_some_and(NumberedSession::in_transaction);
        if asked_for.is_some() || in_transaction || !kind.reads() {
            return asked_for;
        }
        self.client.selection_criteria().cloned()
    }
}

/// What is sent with a command, unless it says so itself.
#[derive(Default)]
struct Concerns {
    read: Option<RawDocumentBuf>,
    write: Option<RawDocumentBuf>,
}

impl Concerns {
    fn append_to(&self, mut command: RawDocumentBuf) -> RawDocumentBuf {
        if let Some(read) = &self.read
            && !has_field(&command, "readConcern")
        {
            command.append(cstr!("readConcern"), read.as_ref());
        }
        if let Some(write) = &self.write
            && !has_field(&command, "writeConcern")
        {
            command.append(cstr!("writeConcern"), write.as_ref());
        }
        command
    }
}

fn has_field(command: &RawDocumentBuf, key: &str) -> bool {
    matches!(command.get(key), Ok(Some(_)))
}

async fn lock(session: Option<&MongoSession>) -> Option<OwnedMutexGuard<NumberedSession>> {
    match session {
        Some(session) => Some(session.session.clone().lock_owned().await),
        None => None,
    }
}
