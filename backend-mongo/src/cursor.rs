//! Cursors: batches of encoded documents that share the server's reply.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use bson::raw::{RawBsonRef, cstr};
use bson::{Bson, RawDocumentBuf, rawdoc};
use futures_util::StreamExt;
use mongodb::error::Result as DriverResult;
use mongodb::options::SelectionCriteria;
use mongodb::raw_batch_cursor::{RawBatch, RawBatchCursor, SessionRawBatchCursor};
use odm_core::{Cursor, Error, ErrorCode, RawCursor, RawDoc, Result};

use crate::complete::complete;
use crate::error::from_driver;
use crate::run::Inner;
use crate::session::{MongoSession, NumberedSession};

/// What goes with each later fetch.
#[derive(Debug, Clone, Default)]
pub(crate) struct CursorOptions {
    pub(crate) batch_size: Option<u32>,
    /// How long a tailable cursor's server waits for documents.
    pub(crate) max_await_time: Option<Duration>,
    pub(crate) comment: Option<Bson>,
}

/// Runs a command that opens a cursor; the first batch comes with it.
pub(crate) async fn open(
    inner: &Arc<Inner>,
    database: &str,
    command: RawDocumentBuf,
    criteria: Option<SelectionCriteria>,
    options: &CursorOptions,
    session: Option<&MongoSession>,
    held: Option<&mut NumberedSession>,
) -> DriverResult<Result<Cursor>> {
    let on = inner.client.database(database);
    let mut action = on.run_raw_cursor_command(command);
    if let Some(criteria) = criteria {
        action = action.selection_criteria(criteria);
    }
    if let Some(batch_size) = options.batch_size {
        action = action.batch_size(batch_size);
    }
    if let Some(wait) = options.max_await_time {
        action = action.max_time(wait);
    }
    if let Some(comment) = &options.comment {
        action = action.comment(comment.clone());
    }
    let (source, first) = match (held, session) {
        (Some(held), Some(session)) => {
            let mut cursor = action.session(&mut held.session).batch().await?;
            let first = cursor.stream(&mut held.session).next().await.transpose()?;
            (Source::Session(cursor, session.clone()), first)
        }
        _ => {
            let mut cursor = action.batch().await?;
            let first = cursor.next().await.transpose()?;
            (Source::Implicit(cursor), first)
        }
    };
    let Some(first) = first else { return Ok(Ok(Cursor::empty())) };
    Ok(Batch::read(&first).map(|batch| {
        let rest = (batch.id != 0).then(|| {
            let killing = Killing { inner: inner.clone(), ns: batch.ns, id: batch.id };
            Box::new(MongoCursor { source: Some(source), killing }) as Box<dyn RawCursor>
        });
        Cursor::new(batch.docs, rest)
    }))
}

/// Where further batches come from.
enum Source {
    Implicit(RawBatchCursor),
    /// Fetches hold the session's lock, one batch at a time.
    Session(SessionRawBatchCursor, MongoSession),
}

impl Source {
    async fn next(&mut self) -> Option<DriverResult<RawBatch>> {
        match self {
            Source::Implicit(cursor) => cursor.next().await,
            Source::Session(cursor, session) => {
                let mut held = session.session.lock().await;
                cursor.stream(&mut held.session).next().await
            }
        }
    }
}

struct MongoCursor {
    /// None at the end, and while a fetch is under way.
    source: Option<Source>,
    killing: Killing,
}

#[async_trait]
impl RawCursor for MongoCursor {
    async fn next_batch(&mut self) -> Result<Option<Vec<RawDoc>>> {
        let Some(mut source) = self.source.take() else { return Ok(None) };
        let (source, fetched) = complete(async move {
            let fetched = source.next().await;
            (source, fetched)
        })
        .await;
        let Some(batch) = fetched else { return Ok(None) };
        let batch = Batch::read(&batch.map_err(from_driver)?)?;
        if batch.id != 0 {
            self.source = Some(source);
        }
        Ok(Some(batch.docs))
    }

    async fn kill(&mut self) -> Result<()> {
        // The driver kills a dropped cursor too, on the member that has it, but tells nobody when.
        match self.source.take() {
            Some(_) => self.killing.run().await,
            None => Ok(()),
        }
    }
}

/// What `killCursors` needs to know.
struct Killing {
    inner: Arc<Inner>,
    ns: String,
    id: i64,
}

impl Killing {
    async fn run(&self) -> Result<()> {
        let Some((database, collection)) = self.ns.split_once('.') else { return Ok(()) };
        let mut command = rawdoc! { "killCursors": collection };
        let mut ids = bson::RawArrayBuf::new();
        ids.push(self.id);
        command.append(cstr!("cursors"), ids);
        let database = self.inner.client.database(database);
        complete(async move { database.run_raw_command(command).await })
            .await
            .map(drop)
            .map_err(from_driver)
    }
}

/// One reply of a cursor.
struct Batch {
    docs: Vec<RawDoc>,
    /// 0 at the end.
    id: i64,
    ns: String,
}

impl Batch {
    fn read(batch: &RawBatch) -> Result<Batch> {
        let reply = batch.as_raw_document();
        let malformed = |error: &dyn std::fmt::Display| {
            Error::command(ErrorCode::INVALID_BSON, format!("the server's reply: {error}"))
        };
        let cursor = reply.get_document("cursor").map_err(|error| malformed(&error))?;
        let id = cursor.get_i64("id").map_err(|error| malformed(&error))?;
        let ns = cursor.get_str("ns").map_err(|error| malformed(&error))?.to_owned();
        let slices = batch.doc_slices().map_err(|error| malformed(&error))?;

        let buffer: Arc<[u8]> = Arc::from(reply.as_bytes());
        let base = reply.as_bytes().as_ptr() as usize;
        let docs = slices.into_iter().map(|slice| match slice {
            Ok(RawBsonRef::Document(doc)) => {
                let start = doc.as_bytes().as_ptr() as usize - base;
                RawDoc::new(buffer.clone(), start, start + doc.as_bytes().len())
            }
            Ok(_) => Err(malformed(&"a batch holds something else than documents")),
            Err(error) => Err(malformed(&error)),
        });
        Ok(Batch { docs: docs.collect::<Result<_>>()?, id, ns })
    }
}
