//! `insert`: documents go to the server as they are.

use std::sync::Arc;

use bson::oid::ObjectId;
use bson::raw::cstr;
use bson::{Bson, RawDocumentBuf, rawdoc};
use odm_core::{Error, ErrorCode, Insert, InsertOutcome, Namespace, OpCx, Result};

use crate::batch::Batch;
use crate::command::head;
use crate::duplicate_key;
use crate::run::{Inner, Kind};
use crate::single::SingleInsert;

pub(crate) async fn insert(
    inner: &Arc<Inner>,
    ns: &Namespace,
    mut insert: Insert,
    cx: &OpCx,
) -> Result<InsertOutcome> {
    let mut documents = std::mem::take(&mut insert.documents);
    let mut inserted_ids = Vec::with_capacity(documents.len());
    for document in &mut documents {
        inserted_ids.push(id_of(document)?);
    }
    if let Some(single) = SingleInsert::of(inner, &insert, &documents, cx)
        && let Some(result) = single.run(inner, ns, cx).await
    {
        return result.map(|()| InsertOutcome { inserted_ids });
    }
    let request = Batch {
        database: ns.database(),
        head: head(insert.to_command(ns)?, "documents")?,
        array: cstr!("documents"),
        items: &documents,
        ordered: insert.ordered,
        kind: Kind::RetryableWrite,
    };
    let reply = request.run(inner, cx).await?;
    InsertOutcome::from_reply(&reply, inserted_ids).map_err(|error| match error {
        Error::Write(mut failure) => {
            for error in &mut failure.write_errors {
                if let Some(refused) = documents.get(error.index) {
                    duplicate_key::restore_values(error, refused);
                }
            }
            Error::Write(failure)
        }
        other => other,
    })
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
