//! A write of one document, as most are: the driver's own actions, which number and repeat it at less
//! cost than we could. What they do not take, or would refuse in words of their own, goes out as a
//! command.

use std::sync::Arc;

use bson::{Bson, Document, RawDocument, RawDocumentBuf, doc};
use mongodb::Collection;
use mongodb::error::{ErrorKind, WriteFailure};
use odm_core::{
    DeleteBatch, DeleteOutcome, Error, Insert, InsertOutcome, Namespace, OpCx, Result, Update,
    UpdateBatch, UpdateOutcome, Upserted,
};

use crate::concern;
use crate::error::{from_driver, label_retryable_write};
use crate::run::Inner;

/// An insert of one document.
pub(crate) struct SingleInsert<'a> {
    document: &'a RawDocumentBuf,
    bypass_document_validation: bool,
}

impl<'a> SingleInsert<'a> {
    /// The request, if it is one.
    pub(crate) fn of(
        inner: &Inner,
        insert: &Insert,
        documents: &'a [RawDocumentBuf],
        cx: &OpCx,
    ) -> Option<Self> {
        let [document] = documents else { return None };
        let is_plain = insert.comment.is_none() && takes(inner, cx);
        (is_plain && Room::of(inner).takes(document.as_bytes().len())).then_some(SingleInsert {
            document,
            bypass_document_validation: insert.bypass_document_validation,
        })
    }

    /// Nothing if the server refused the document: the driver keeps only the message of why, and a
    /// command has to ask for the rest.
    pub(crate) async fn run(self, inner: &Inner, ns: &Namespace, cx: &OpCx) -> Option<Result<()>> {
        let mut options = mongodb::options::InsertOneOptions::default();
        options.bypass_document_validation = self.bypass_document_validation.then_some(true);
        options.write_concern = cx.write_concern.clone().map(concern::write_concern);
        let collection = collection::<RawDocumentBuf>(inner, ns);
        let error = match collection.insert_one(self.document).with_options(options).await {
            Ok(_) => return Some(Ok(())),
            Err(error) => error,
        };
        match &*error.kind {
            ErrorKind::Write(WriteFailure::WriteConcernError(unmet)) => {
                let mut told = doc! { "code": unmet.code, "codeName": &unmet.code_name, "errmsg": &unmet.message };
                told.extend(
                    unmet.details.clone().map(|details| ("errInfo".to_owned(), details.into())),
                );
                let labels: Vec<&str> = error.labels().iter().map(String::as_str).collect();
                let reply =
                    doc! { "n": 1, "writeConcernError": told, "errorLabels": labels, "ok": 1.0 };
                Some(InsertOutcome::from_reply(&reply, Vec::new()).map(drop))
            }
            ErrorKind::Write(_) => None,
            _ => Some(Err(undone(inner, error))),
        }
    }
}

/// An update of one document.
pub(crate) struct SingleUpdate {
    filter: Document,
    change: Change,
    upsert: bool,
    array_filters: Vec<Document>,
    bypass_document_validation: bool,
}

enum Change {
    Operators(Document),
    Replacement(RawDocumentBuf),
}

impl SingleUpdate {
    /// The request, if it is one.
    ///
    /// # Errors
    ///
    /// As [`Update::to_bson`].
    pub(crate) fn of(inner: &Inner, batch: &UpdateBatch, cx: &OpCx) -> Result<Option<Self>> {
        let [statement] = &batch.statements[..] else { return Ok(None) };
        let is_plain = !statement.multi
            && statement.collation.is_none()
            && statement.hint.is_none()
            && batch.let_vars.is_none()
            && batch.max_time.is_none()
            && batch.comment.is_none();
        if !is_plain || !takes(inner, cx) {
            return Ok(None);
        }
        let change = match &statement.update {
            Update::Replacement(document) if !has_operators(document) => {
                Change::Replacement(document.clone())
            }
            Update::Replacement(_) => return Ok(None),
            update => match update.to_bson()? {
                Bson::Document(update)
                    if update.keys().next().is_some_and(|name| name.starts_with('$')) =>
                {
                    Change::Operators(update)
                }
                _ => return Ok(None),
            },
        };
        let filter = statement.filter.to_document();
        let mut room = Room::of(inner);
        let fits = match &change {
            Change::Operators(update) => room.takes_document(update),
            Change::Replacement(document) => room.takes(document.as_bytes().len()),
        } && room.takes_document(&filter)
            && statement.array_filters.iter().all(|filter| room.takes_document(filter));
        Ok(fits.then(|| SingleUpdate {
            filter,
            change,
            upsert: statement.upsert,
            array_filters: statement.array_filters.clone(),
            bypass_document_validation: batch.bypass_document_validation,
        }))
    }

    pub(crate) async fn run(
        self,
        inner: Arc<Inner>,
        ns: Namespace,
        cx: OpCx,
    ) -> Result<UpdateOutcome> {
        let concern = cx.write_concern.map(concern::write_concern);
        let bypass = self.bypass_document_validation.then_some(true);
        let upsert = self.upsert.then_some(true);
        let result = match self.change {
            Change::Operators(update) => {
                let collection = collection::<Document>(&inner, &ns);
                let mut options = mongodb::options::UpdateOptions::default();
                options.upsert = upsert;
                options.array_filters = Some(self.array_filters).filter(|all| !all.is_empty());
                options.bypass_document_validation = bypass;
                options.write_concern = concern;
                collection.update_one(self.filter, update).with_options(options).await
            }
            Change::Replacement(document) => {
                let collection = collection::<RawDocumentBuf>(&inner, &ns);
                let mut options = mongodb::options::ReplaceOptions::default();
                options.upsert = upsert;
                options.bypass_document_validation = bypass;
                options.write_concern = concern;
                collection.replace_one(self.filter, document).with_options(options).await
            }
        };
        match result {
            Ok(done) => Ok(UpdateOutcome {
                matched: done.matched_count,
                modified: done.modified_count,
                upserted: done
                    .upserted_id
                    .map(|id| Upserted { index: 0, id })
                    .into_iter()
                    .collect(),
            }),
            Err(error) => Err(failure(&inner, error, UpdateOutcome::from_reply)),
        }
    }
}

/// A delete of one document.
pub(crate) struct SingleDelete {
    filter: Document,
}

impl SingleDelete {
    /// The request, if it is one.
    pub(crate) fn of(inner: &Inner, batch: &DeleteBatch, cx: &OpCx) -> Option<Self> {
        let [statement] = &batch.statements[..] else { return None };
        let is_plain = !statement.multi
            && statement.collation.is_none()
            && statement.hint.is_none()
            && batch.let_vars.is_none()
            && batch.max_time.is_none()
            && batch.comment.is_none();
        if !is_plain || !takes(inner, cx) {
            return None;
        }
        let filter = statement.filter.to_document();
        Room::of(inner).takes_document(&filter).then_some(SingleDelete { filter })
    }

    pub(crate) async fn run(
        self,
        inner: Arc<Inner>,
        ns: Namespace,
        cx: OpCx,
    ) -> Result<DeleteOutcome> {
        let mut options = mongodb::options::DeleteOptions::default();
        options.write_concern = cx.write_concern.map(concern::write_concern);
        let collection = collection::<Document>(&inner, &ns);
        match collection.delete_one(self.filter).with_options(options).await {
            Ok(done) => Ok(DeleteOutcome { deleted: done.deleted_count }),
            Err(error) => Err(failure(&inner, error, DeleteOutcome::from_reply)),
        }
    }
}

/// Whether the driver's actions do what is asked for: sessions count their numbers here.
fn takes(inner: &Inner, cx: &OpCx) -> bool {
    cx.session.is_none() && !inner.is_unacknowledged(cx)
}

fn collection<T: Send + Sync>(inner: &Inner, ns: &Namespace) -> Collection<T> {
    inner.client.database(ns.database()).collection(ns.collection())
}

/// What the driver's error says, by the reply if the server refused the write.
fn failure<T>(
    inner: &Inner,
    error: mongodb::error::Error,
    read: fn(&Document) -> Result<T>,
) -> Error {
    if let ErrorKind::Write(_) = &*error.kind
        && let Some(reply) = error.server_response()
        && let Ok(reply) = Document::try_from(&**reply)
        && let Err(refused) = read(&reply)
    {
        return error.labels().iter().fold(refused, |refused, label| {
            if refused.has_label(label) { refused } else { refused.with_label(label.clone()) }
        });
    }
    undone(inner, error)
}

/// What the driver's error says if no server told what became of the write.
fn undone(inner: &Inner, error: mongodb::error::Error) -> Error {
    let mut error = from_driver(error);
    if inner.retry_writes {
        label_retryable_write(&mut error);
    }
    error
}

/// Whether the first field of a replacement is an operator, which the server refuses.
fn has_operators(document: &RawDocument) -> bool {
    match document.iter().next() {
        Some(Ok((name, _))) => name.as_str().starts_with('$'),
        Some(Err(_)) => true,
        None => false,
    }
}

/// What the driver can encode, and the server take, without a measure of every byte.
struct Room(usize);

impl Room {
    fn of(inner: &Inner) -> Self {
        Room(inner.limits.document_bytes / 2)
    }

    fn takes(&mut self, bytes: usize) -> bool {
        // What an element has beside its name and its value, and the value if it has a fixed size.
        const FIXED: usize = 24;
        let left = self.0.checked_sub(bytes + FIXED);
        self.0 = left.unwrap_or(0);
        left.is_some()
    }

    fn takes_document(&mut self, document: &Document) -> bool {
        document.iter().all(|(name, value)| self.takes_text(name) && self.takes_value(value))
    }

    /// Names and patterns end at a zero byte.
    fn takes_text(&mut self, text: &str) -> bool {
        !text.contains('\0') && self.takes(text.len())
    }

    fn takes_value(&mut self, value: &Bson) -> bool {
        match value {
            Bson::String(text) | Bson::Symbol(text) | Bson::JavaScriptCode(text) => {
                self.takes(text.len())
            }
            Bson::Binary(binary) => self.takes(binary.bytes.len()),
            Bson::Document(document) => self.takes_document(document),
            Bson::Array(elements) => {
                elements.iter().all(|element| self.takes(0) && self.takes_value(element))
            }
            Bson::JavaScriptCodeWithScope(code) => {
                self.takes(code.code.len()) && self.takes_document(&code.scope)
            }
            Bson::RegularExpression(regex) => {
                self.takes_text(regex.pattern.as_str()) && self.takes_text(regex.options.as_str())
            }
            Bson::DbPointer(_) => false,
            _ => true,
        }
    }
}
