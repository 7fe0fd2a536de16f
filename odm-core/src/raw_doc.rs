//! Encoded documents in shared buffers: what crosses the [`Backend`](crate::Backend) boundary.

use std::fmt;
use std::sync::Arc;

use bson::{Document, RawDocument, RawDocumentBuf};

use crate::error::{DecodeError, Error, ErrorCode, Result};

/// An encoded document inside a shared buffer.
///
/// Cloning and handing it out copies no bytes. Several documents may share one buffer (a batch of
/// a server's reply); a buffer may hold more than the document.
#[derive(Clone)]
pub struct RawDoc {
    buffer: Arc<[u8]>,
    start: u32,
    end: u32,
}

impl RawDoc {
    /// The document at `start..end` of `buffer`.
    ///
    /// # Errors
    ///
    /// `InvalidBSON` (22) if the range does not frame a document: only its length and terminator
    /// are looked at.
    pub fn new(buffer: Arc<[u8]>, start: usize, end: usize) -> Result<Self> {
        let framed =
            buffer.get(start..end).is_some_and(|bytes| RawDocument::from_bytes(bytes).is_ok());
        match (framed, u32::try_from(start), u32::try_from(end)) {
            (true, Ok(start), Ok(end)) => Ok(RawDoc { buffer, start, end }),
            _ => Err(Error::command(ErrorCode::INVALID_BSON, "not an encoded document")),
        }
    }

    /// The document that is the whole of `bytes`.
    ///
    /// # Errors
    ///
    /// As [`RawDoc::new`].
    pub fn from_bytes(bytes: impl Into<Arc<[u8]>>) -> Result<Self> {
        let buffer = bytes.into();
        let end = buffer.len();
        RawDoc::new(buffer, 0, end)
    }

    /// The document's bytes.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.buffer[self.start as usize..self.end as usize]
    }

    /// The document, to be read field by field.
    #[must_use]
    pub fn as_raw(&self) -> &RawDocument {
        RawDocument::from_bytes(self.as_bytes()).expect("the frame was checked on construction")
    }

    /// The document as a tree.
    ///
    /// # Errors
    ///
    /// [`Error::Decode`] if the bytes are not valid BSON.
    pub fn to_document(&self) -> Result<Document> {
        Document::try_from(self.as_raw())
            .map_err(|error| DecodeError::new("Document", error.to_string()).into())
    }
}

impl From<RawDocumentBuf> for RawDoc {
    fn from(doc: RawDocumentBuf) -> Self {
        RawDoc::from_bytes(doc.into_bytes()).expect("a RawDocumentBuf frames a document")
    }
}

impl fmt::Debug for RawDoc {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_raw().fmt(f)
    }
}

impl PartialEq for RawDoc {
    fn eq(&self, other: &Self) -> bool {
        self.as_bytes() == other.as_bytes()
    }
}
