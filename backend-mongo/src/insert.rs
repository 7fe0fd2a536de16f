//! `insert`: documents go to the server as they are.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::raw::cstr;
use bson::{Bson, RawDocumentBuf, rawdoc};
use odm_core::{
    Error, ErrorCode, Insert, InsertOutcome, Namespace, OpCx, Result, WriteError, WriteSummary,
};

use crate::batch::Batch;
use crate::command::Command;
use crate::duplicate_key;
use crate::run::{Inner, Kind};

pub(crate) async fn insert(
    inner: &Arc<Inner>,
    ns: &Namespace,
    insert: Insert,
    cx: &OpCx,
) -> Result<InsertOutcome> {
    let Insert { mut documents, ordered, bypass_document_validation, comment } = insert;
    let mut inserted_ids = Vec::with_capacity(documents.len());
    for document in &mut documents {
        inserted_ids.push(id_of(document)?);
    }
    let head = Command::new("insert", ns.collection())
        .option("ordered", (!ordered).then_some(false))
        .flag("bypassDocumentValidation", bypass_document_validation)
        .option("comment", comment)
        .encode()?;
    let request = Batch {
        database: ns.database(),
        head,
        array: cstr!("documents"),
        items: &documents,
        ordered,
        kind: Kind::RetryableWrite,
    };
    let mut reply = request.run(inner, cx, too_large).await?;
    for error in &mut reply.write_errors {
        if let Some(refused) = documents.get(error.index) {
            duplicate_key::restore_values(error, refused);
        }
    }
    reply.check(|reply| WriteSummary { inserted: reply.n, ..WriteSummary::default() })?;
    Ok(InsertOutcome { inserted_ids })
}

/// The `_id`, made and put first if it is missing.
fn id_of(document: &mut RawDocumentBuf) -> Result<Bson> {
    let malformed = |error: &dyn std::fmt::Display| {
        Error::command(ErrorCode::INVALID_BSON, format!("the document is not valid BSON: {error}"))
    };
    if let Some(id) = document.get("_id").map_err(|error| malformed(&error))? {
        return Bson::try_from(id).map_err(|error| malformed(&error));
    }
    let id = ObjectId::new();
    let mut with_id = rawdoc! { "_id": id };
    for field in document.iter() {
        let (key, value) = field.map_err(|error| malformed(&error))?;
        with_id.append(key, value);
    }
    *document = with_id;
    Ok(Bson::ObjectId(id))
}

/// What the server says to a document over its limit; one that the driver cannot even send.
fn too_large(index: usize, bytes: usize, limit: usize) -> WriteError {
    let message = format!("object to insert too large. size in bytes: {bytes}, max size: {limit}");
    WriteError::new(index, ErrorCode::BAD_VALUE, message)
}
