//! Cursors: results in batches.

use std::collections::VecDeque;
use std::fmt;
use std::future::Future;
use std::pin::Pin;
use std::task::{Context, Poll};

use async_trait::async_trait;
use futures_core::Stream;

use crate::error::Result;
use crate::raw_doc::RawDoc;

/// The part of a cursor that a backend implements: where further batches come from.
#[async_trait]
pub trait RawCursor: Send {
    /// The next documents, or `None` at the end. An empty batch is not the end: a tailable cursor
    /// has nothing yet.
    ///
    /// # Errors
    ///
    /// `CursorNotFound` (43) if it timed out or was killed; then, as after any error, it is at its end.
    async fn next_batch(&mut self) -> Result<Option<Vec<RawDoc>>>;

    /// Frees what the cursor holds. Dropping it must free it too, if perhaps later.
    ///
    /// # Errors
    ///
    /// The deployment could not be told.
    async fn kill(&mut self) -> Result<()> {
        Ok(())
    }
}

/// Encoded documents, fetched in batches: a [`Stream`].
///
/// Dropping a cursor kills it.
pub struct Cursor {
    batch: VecDeque<RawDoc>,
    source: Source,
}

type Fetch =
    Pin<Box<dyn Future<Output = (Box<dyn RawCursor>, Result<Option<Vec<RawDoc>>>)> + Send>>;

enum Source {
    Idle(Box<dyn RawCursor>),
    Fetching(Fetch),
    Done,
}

impl Cursor {
    /// A cursor with its first batch and, unless that was all, where more comes from.
    #[must_use]
    pub fn new(first_batch: Vec<RawDoc>, rest: Option<Box<dyn RawCursor>>) -> Self {
        Cursor { batch: first_batch.into(), source: rest.map_or(Source::Done, Source::Idle) }
    }

    /// A cursor over nothing.
    #[must_use]
    pub fn empty() -> Self {
        Cursor::new(Vec::new(), None)
    }

    /// The next document, or `None` at the end.
    ///
    /// # Errors
    ///
    /// Fetching the next batch failed; the cursor is at its end then.
    pub async fn next(&mut self) -> Result<Option<RawDoc>> {
        std::future::poll_fn(|cx| self.poll_doc(cx)).await.transpose()
    }

    /// The documents at hand or, if there are none, the next batch; `None` at the end.
    ///
    /// # Errors
    ///
    /// As [`next`](Cursor::next).
    pub async fn next_batch(&mut self) -> Result<Option<VecDeque<RawDoc>>> {
        while self.batch.is_empty() {
            if std::future::poll_fn(|cx| self.poll_fetch(cx)).await? {
                return Ok(None);
            }
        }
        Ok(Some(std::mem::take(&mut self.batch)))
    }

    /// All remaining documents.
    ///
    /// # Errors
    ///
    /// As [`next`](Cursor::next).
    pub async fn collect(mut self) -> Result<Vec<RawDoc>> {
        let mut all = Vec::new();
        while let Some(batch) = self.next_batch().await? {
            all.extend(batch);
        }
        Ok(all)
    }

    /// Whether the end is known to be reached without asking the backend.
    #[must_use]
    pub fn is_exhausted(&self) -> bool {
        self.batch.is_empty() && matches!(self.source, Source::Done)
    }

    /// How many documents are at hand without asking the backend.
    #[must_use]
    pub fn batch_len(&self) -> usize {
        self.batch.len()
    }

    /// Closes the cursor and waits until its resources are free.
    ///
    /// # Errors
    ///
    /// The deployment could not be told; it will time the cursor out.
    pub async fn kill(self) -> Result<()> {
        match self.source {
            Source::Idle(mut raw) => raw.kill().await,
            Source::Fetching(fetch) => fetch.await.0.kill().await,
            Source::Done => Ok(()),
        }
    }

    fn poll_doc(&mut self, cx: &mut Context<'_>) -> Poll<Option<Result<RawDoc>>> {
        loop {
            if let Some(doc) = self.batch.pop_front() {
                return Poll::Ready(Some(Ok(doc)));
            }
            match std::task::ready!(self.poll_fetch(cx)) {
                Ok(false) => {}
                Ok(true) => return Poll::Ready(None),
                Err(error) => return Poll::Ready(Some(Err(error))),
            }
        }
    }

    /// Fetches one batch into `self.batch`; true at the end.
    fn poll_fetch(&mut self, cx: &mut Context<'_>) -> Poll<Result<bool>> {
        loop {
            match &mut self.source {
                Source::Done => return Poll::Ready(Ok(true)),
                Source::Idle(_) => {
                    let Source::Idle(mut raw) = std::mem::replace(&mut self.source, Source::Done)
                    else {
                        continue;
                    };
                    self.source = Source::Fetching(Box::pin(async move {
                        let batch = raw.next_batch().await;
                        (raw, batch)
                    }));
                }
                Source::Fetching(fetch) => {
                    let (raw, batch) = std::task::ready!(fetch.as_mut().poll(cx));
                    self.source = Source::Done;
                    return Poll::Ready(match batch {
                        Ok(Some(batch)) => {
                            self.batch = batch.into();
                            self.source = Source::Idle(raw);
                            Ok(false)
                        }
                        Ok(None) => Ok(true),
                        Err(error) => Err(error),
                    });
                }
            }
        }
    }
}

impl Stream for Cursor {
    type Item = Result<RawDoc>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.poll_doc(cx)
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.batch.len(), self.is_exhausted().then_some(0))
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Cursor")
            .field("batch_len", &self.batch.len())
            .field("done", &matches!(self.source, Source::Done))
            .finish()
    }
}
