//! What the rows of the cases are given to.
//!
//! Each check takes all of a case's rows and reports every one that does not hold. Documents are compared by their
//! encoded bytes: order of fields and types of numbers count.

mod aggregate;
mod command;
mod find;
mod transcript;
mod update;

pub(crate) use Effect::{Becomes, Refuses, Stays};
pub(crate) use aggregate::{Gives, Holds, RefusedWith, Yield, check_pipelines};
pub(crate) use command::{
    Answer, Has, Is, Refused, Shell, check_commands, without_deployment_fields,
};
pub(crate) use find::{
    all_ids, check_filters, check_order, check_projections, check_refused_filters,
};
pub(crate) use transcript::check_transcript;
pub(crate) use update::{Effect, check_updates, check_upserts};

use bson::{Document, RawDocumentBuf};
use odm_core::{Collection, Database, Error, RawDoc};

use crate::case::{Failure, Outcome};
pub(crate) use crate::show::{show, show_all};

/// The collection that most cases use.
pub(crate) const COLLECTION: &str = "c";

/// [`COLLECTION`] of `db`.
pub(crate) fn collection(db: &Database) -> Collection {
    db.collection(COLLECTION)
}

/// [`COLLECTION`] of `db`, with these documents.
pub(crate) async fn filled(db: &Database, docs: &[Document]) -> Result<Collection, Failure> {
    let collection = collection(db);
    if !docs.is_empty() {
        collection.insert_raw(docs.iter().map(encode).collect()).await?;
    }
    Ok(collection)
}

/// The encoded document.
pub(crate) fn encode(doc: &Document) -> RawDocumentBuf {
    RawDocumentBuf::try_from(doc).expect("the suite's documents have no names with NUL bytes")
}

/// Whether the documents are the same to the byte.
pub(crate) fn same(left: &Document, right: &Document) -> bool {
    encode(left).as_bytes() == encode(right).as_bytes()
}

/// All of `docs` as trees.
pub(crate) fn trees(docs: &[RawDoc]) -> Result<Vec<Document>, Error> {
    docs.iter().map(RawDoc::to_document).collect()
}

/// Fails, saying `what`, unless `actual` is `expected`.
pub(crate) fn expect_eq<T: PartialEq + std::fmt::Debug>(
    what: &str,
    actual: &T,
    expected: &T,
) -> Outcome {
    if actual == expected {
        return Ok(());
    }
    Err(Failure::new(format!("{what}\n  expected {expected:?}\n  got      {actual:?}")))
}

/// Fails, saying `what`, unless the documents are the same to the byte.
pub(crate) fn expect_docs(what: &str, actual: &[Document], expected: &[Document]) -> Outcome {
    let all_same = actual.len() == expected.len()
        && actual.iter().zip(expected).all(|(left, right)| same(left, right));
    if all_same {
        return Ok(());
    }
    let (expected, actual) = (show_all(expected), show_all(actual));
    Err(Failure::new(format!("{what}\n  expected {expected}\n  got      {actual}")))
}

/// Fails, saying `what`, unless `result` is a refusal with this code.
pub(crate) fn expect_code<T: std::fmt::Debug>(
    what: &str,
    result: Result<T, Error>,
    code: i32,
) -> Result<Error, Failure> {
    match result {
        Err(error) if error.code() == Some(code) => Ok(error),
        Err(error) => {
            Err(Failure::new(format!("{what}\n  expected error {code}\n  got      {error}")))
        }
        Ok(value) => {
            Err(Failure::new(format!("{what}\n  expected error {code}\n  got      {value:?}")))
        }
    }
}

/// Adds what a row failed with to the others'.
pub(crate) fn note(failures: &mut Vec<String>, row: Outcome) {
    if let Err(failure) = row {
        failures.push(failure.to_string());
    }
}
