//! Collations: how strings compare in a locale, wherever strings compare.
//!
//! Each row is a command and what MongoDB 6.0 made of it, one after the other.

mod catalog;
mod find;
mod index;
mod locale;
mod order;
mod write;

use bson::{Bson, Document, doc};
use odm_core::{Database, Error};

use crate::case::{Case, Failure, Outcome};
use crate::check::{Shell, expect_docs, note, show};

pub(crate) const FAMILIES: &[&[Case]] =
    &[catalog::CASES, find::CASES, index::CASES, locale::CASES, order::CASES, write::CASES];

/// What each command comes to, one after the other: see [`summary`].
async fn check(db: &Database, rows: &[(Document, Document)]) -> Outcome {
    let shell = Shell::new(db).await?;
    let mut failures = Vec::new();
    for (command, expected) in rows {
        let got = summary(shell.run(command.clone()).await)?;
        let all: &[Document] = &[got];
        note(&mut failures, expect_docs(&show(command), all, std::slice::from_ref(expected)));
    }
    Failure::unless_empty(&failures)
}

/// What was found (`ids`, if nothing but those was asked for), what was counted and changed, the codes of what failed.
fn summary(result: odm_core::Result<Document>) -> Result<Document, Failure> {
    const KEPT: [&str; 9] = [
        "n",
        "nModified",
        "values",
        "value",
        "upserted",
        "lastErrorObject",
        "numIndexesBefore",
        "numIndexesAfter",
        "nIndexesWas",
    ];
    let reply = match result {
        Ok(reply) => reply,
        Err(Error::Unsupported { feature, .. }) => {
            return Err(Failure::new(format!("not supported: {feature}")));
        }
        Err(error) => match error.code() {
            Some(code) => return Ok(doc! { "code": code }),
            None => return Err(error.into()),
        },
    };
    if let Ok(cursor) = reply.get_document("cursor") {
        return Ok(found(cursor.get_array("firstBatch").map(Vec::as_slice).unwrap_or_default()));
    }
    let field = |name: &str| Some((name.to_owned(), reply.get(name)?.clone()));
    let mut kept: Document = KEPT.into_iter().filter_map(field).collect();
    if let Ok(errors) = reply.get_array("writeErrors") {
        let code = |error: &Bson| error.as_document()?.get("code").cloned();
        kept.insert("codes", errors.iter().filter_map(code).collect::<Vec<_>>());
    }
    Ok(kept)
}

fn found(batch: &[Bson]) -> Document {
    let docs = batch.iter().filter_map(Bson::as_document);
    if docs.clone().all(|doc| doc.keys().eq(["_id"])) {
        return doc! { "ids": docs.filter_map(|doc| doc.get("_id").cloned()).collect::<Vec<_>>() };
    }
    // Each deployment has other identifiers.
    let without_info = |doc: &Document| -> Document {
        let fields = doc.iter().filter(|(name, _)| *name != "info");
        fields.map(|(name, value)| (name.clone(), value.clone())).collect()
    };
    doc! { "batch": docs.map(without_info).collect::<Vec<_>>() }
}
