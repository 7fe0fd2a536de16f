//! Write commands of any number of statements, cut into as many as the server takes at once.

use std::sync::Arc;

use bson::raw::CStr;
use bson::{RawArrayBuf, RawDocumentBuf};
use odm_core::{OpCx, Result, WriteError};

use crate::error::WriteReply;
use crate::run::{Inner, Kind};

/// A write command.
pub(crate) struct Batch<'a> {
    pub(crate) database: &'a str,
    /// The command but for its statements.
    pub(crate) head: RawDocumentBuf,
    /// The field that holds the statements.
    pub(crate) array: &'static CStr,
    pub(crate) items: &'a [RawDocumentBuf],
    pub(crate) ordered: bool,
    pub(crate) kind: Kind,
}

impl Batch<'_> {
    /// Runs it, as one command or several. `too_large` says what becomes of a statement that is
    /// larger than a document may be.
    pub(crate) async fn run(
        &self,
        inner: &Arc<Inner>,
        cx: &OpCx,
        too_large: fn(usize, usize, usize) -> WriteError,
    ) -> Result<WriteReply> {
        let limits = inner.limits;
        let mut total = WriteReply::default();
        let mut next = 0;
        loop {
            let begin = next;
            let (mut statements, mut bytes) = (RawArrayBuf::new(), self.head.as_bytes().len());
            let mut refused = None;
            while let Some(item) = self.items.get(next) {
                let size = item.as_bytes().len();
                if size > limits.document_bytes {
                    refused = Some(too_large(next, size, limits.document_bytes));
                    break;
                }
                // An element also has a type, its position as text and a terminator.
                let framed = size + 16;
                let full = bytes + framed > limits.document_bytes
                    || next - begin == limits.batch_statements;
                if full && next > begin {
                    break;
                }
                statements.push(item);
                bytes += framed;
                next += 1;
            }
            // A request without statements goes out as well: the server refuses it.
            if next > begin || (refused.is_none() && self.items.is_empty()) {
                let mut command = self.head.clone();
                command.append(self.array, statements);
                let reply = inner.run(self.database, command, self.kind, cx).await?;
                total.add(WriteReply::new(reply, begin));
            }
            if self.ordered && !total.write_errors.is_empty() {
                return Ok(total);
            }
            if let Some(refused) = refused {
                total.write_errors.push(refused);
                next += 1;
            }
            if next >= self.items.len() || (self.ordered && !total.write_errors.is_empty()) {
                return Ok(total);
            }
        }
    }
}
