//! Change streams: what happens to documents, as it happens.

use std::fmt;

use async_trait::async_trait;
use bson::Document;

use crate::error::Result;
use crate::raw_doc::RawDoc;

/// The part of a change stream that a backend implements.
#[async_trait]
pub trait RawChangeStream: Send {
    /// The next event, waiting for it; `None` after the stream was invalidated.
    ///
    /// # Errors
    ///
    /// The stream broke and cannot be resumed.
    async fn next(&mut self) -> Result<Option<RawDoc>>;

    /// The next event if there is one by now.
    ///
    /// # Errors
    ///
    /// As [`next`](RawChangeStream::next).
    async fn next_if_any(&mut self) -> Result<Option<RawDoc>>;

    /// The token after which the stream can be taken up again.
    fn resume_token(&self) -> Option<Document>;
}

/// The events of a collection, a database or the deployment.
pub struct ChangeStream(Box<dyn RawChangeStream>);

impl ChangeStream {
    /// A stream over a backend's events.
    #[must_use]
    pub fn new(raw: Box<dyn RawChangeStream>) -> Self {
        ChangeStream(raw)
    }

    /// The next event, waiting for it; `None` after the stream was invalidated.
    ///
    /// # Errors
    ///
    /// The stream broke and cannot be resumed.
    pub async fn next(&mut self) -> Result<Option<RawDoc>> {
        self.0.next().await
    }

    /// The next event if there is one by now.
    ///
    /// # Errors
    ///
    /// As [`next`](ChangeStream::next).
    pub async fn next_if_any(&mut self) -> Result<Option<RawDoc>> {
        self.0.next_if_any().await
    }

    /// The token after which the stream can be taken up again.
    #[must_use]
    pub fn resume_token(&self) -> Option<Document> {
        self.0.resume_token()
    }
}

impl fmt::Debug for ChangeStream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ChangeStream").field("resume_token", &self.resume_token()).finish()
    }
}
