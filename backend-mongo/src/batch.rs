//! Write commands of any number of statements, cut into as many as the server takes at once.

use std::sync::Arc;

use bson::raw::CStr;
use bson::{Bson, Document, RawDocumentBuf, doc};
use odm_core::{ErrorCode, OpCx, Result};

use crate::command::number;
use crate::run::{Inner, Kind};

/// What an element of an array has beside its document: a type, its position as text, a terminator.
const FRAME: usize = 16;
/// Room for what is added before the command is sent: concerns, the transaction number.
const LATER_FIELDS: usize = 256;
/// The BSON types of the statements and of their array.
const DOCUMENT: u8 = 0x03;
const ARRAY: u8 = 0x04;

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
    /// Runs it, as one command or several, and gives the reply as if it had been one.
    pub(crate) async fn run(&self, inner: &Arc<Inner>, cx: &OpCx) -> Result<Document> {
        let limits = inner.limits;
        let mut total: Option<Document> = None;
        let mut next = 0;
        loop {
            let begin = next;
            let mut bytes = self.head.as_bytes().len();
            let mut refused = None;
            while let Some(item) = self.items.get(next) {
                let size = item.as_bytes().len();
                if size > limits.document_bytes {
                    refused = Some(self.too_large(next, size, limits.document_bytes));
                    break;
                }
                let framed = size + FRAME;
                let full = bytes + framed > limits.document_bytes
                    || next - begin == limits.batch_statements;
                if full && next > begin {
                    break;
                }
                bytes += framed;
                next += 1;
            }
            // A request without statements goes out as well: the server refuses it.
            if next > begin || (refused.is_none() && self.items.is_empty()) {
                let items = self.items.get(begin..next).unwrap_or_default();
                let encode = || self.encode(items);
                let reply = inner.run_encoding(self.database, &encode, self.kind, cx).await?;
                add(&mut total, reply, begin);
            }
            let stop = |total: &Option<Document>| {
                self.ordered
                    && total.as_ref().is_some_and(|reply| reply.contains_key("writeErrors"))
            };
            if !stop(&total)
                && let Some(error) = refused
            {
                add(&mut total, doc! { "ok": 1.0, "writeErrors": [error] }, 0);
                next += 1;
            }
            if next >= self.items.len() || stop(&total) {
                return Ok(total.unwrap_or_default());
            }
        }
    }

    /// The command with these statements, in one buffer that was large enough from the start.
    fn encode(&self, items: &[RawDocumentBuf]) -> RawDocumentBuf {
        let head = self.head.as_bytes();
        let size: usize = items.iter().map(|item| item.as_bytes().len() + FRAME).sum();
        let mut bytes = Vec::with_capacity(head.len() + size + LATER_FIELDS);
        bytes.extend_from_slice(head.strip_suffix(&[0]).unwrap_or(head));
        bytes.push(ARRAY);
        bytes.extend_from_slice(self.array.as_str().as_bytes());
        bytes.push(0);
        let array = bytes.len();
        bytes.extend_from_slice(&[0; 4]);
        for (position, item) in items.iter().enumerate() {
            bytes.push(DOCUMENT);
            bytes.extend_from_slice(position.to_string().as_bytes());
            bytes.push(0);
            bytes.extend_from_slice(item.as_bytes());
        }
        bytes.push(0);
        set_length(&mut bytes, array);
        bytes.push(0);
        set_length(&mut bytes, 0);
        RawDocumentBuf::from_bytes(bytes).expect("the lengths frame what was written")
    }

    /// The write error of a statement that cannot even be sent. Of a document to insert, the server's own.
    fn too_large(&self, index: usize, bytes: usize, limit: usize) -> Document {
        let (code, what) = match self.array.as_str() {
            "documents" => (ErrorCode::BAD_VALUE, "object to insert"),
            _ => (ErrorCode::BSON_OBJECT_TOO_LARGE, "statement"),
        };
        let message = format!("{what} too large. size in bytes: {bytes}, max size: {limit}");
        doc! { "index": position(index), "code": code.0, "errmsg": message }
    }
}

/// Writes the length of the document that begins at `begin` and ends the buffer.
fn set_length(bytes: &mut [u8], begin: usize) {
    let length = i32::try_from(bytes.len() - begin).expect("a command is far under 2 GiB");
    if let Some(place) = bytes.get_mut(begin..begin + 4) {
        place.copy_from_slice(&length.to_le_bytes());
    }
}

/// Adds a later command's reply; its first statement stands at `begin` in the whole request.
fn add(total: &mut Option<Document>, mut reply: Document, begin: usize) {
    for key in ["upserted", "writeErrors"] {
        for one in reply.get_array_mut(key).into_iter().flatten() {
            if let Bson::Document(one) = one {
                let index = usize::try_from(number(one, "index")).unwrap_or(usize::MAX);
                one.insert("index", position(begin.saturating_add(index)));
            }
        }
    }
    let Some(total) = total else {
        *total = Some(reply);
        return;
    };
    for key in ["n", "nModified"] {
        if reply.contains_key(key) {
            let sum = number(total, key).saturating_add(number(&reply, key));
            total.insert(key, i64::try_from(sum).unwrap_or(i64::MAX));
        }
    }
    for key in ["upserted", "writeErrors", "errorLabels"] {
        if let Some(Bson::Array(more)) = reply.remove(key) {
            match total.get_array_mut(key) {
                Ok(list) => list.extend(more),
                Err(_) => {
                    total.insert(key, more);
                }
            }
        }
    }
    if let (Some(error), false) =
        (reply.remove("writeConcernError"), total.contains_key("writeConcernError"))
    {
        total.insert("writeConcernError", error);
    }
}

fn position(index: usize) -> i64 {
    i64::try_from(index).unwrap_or(i64::MAX)
}
