//! A database of its own for each test.

use std::future::Future;
use std::sync::atomic::{AtomicU32, Ordering};

use backend_mongo::MongoBackend;
use bson::{Document, RawDocumentBuf};
use odm_core::{Cursor, Database, Error, WriteFailure};

/// The server's connection string; none if the tests may pass without one.
#[expect(clippy::print_stderr, reason = "a test that does not run must say so")]
pub(crate) fn uri(test: &str) -> Option<String> {
    match std::env::var("MONGODB_URI") {
        Ok(uri) if !uri.trim().is_empty() => Some(uri),
        _ if std::env::var("ODM_REQUIRE_MONGODB").is_ok_and(|required| required == "1") => {
            panic!("ODM_REQUIRE_MONGODB=1, but MONGODB_URI names no server");
        }
        _ => {
            eprintln!("\n!!! DID NOT RUN: `{test}` needs a MongoDB; set MONGODB_URI !!!\n");
            None
        }
    }
}

/// Runs a test on a database of its own, which is dropped afterwards, also if the test fails.
pub(crate) async fn with_database<F: Future<Output = ()> + Send + 'static>(
    test: &str,
    body: impl FnOnce(Database) -> F,
) {
    let Some(uri) = uri(test) else { return };
    let backend = MongoBackend::connect(&uri).await.unwrap();
    let db = backend.database(unique_name(test));
    db.drop().await.unwrap();
    let outcome = tokio::spawn(body(db.clone())).await;
    db.drop().await.unwrap();
    if let Err(failed) = outcome {
        std::panic::resume_unwind(failed.into_panic());
    }
}

pub(crate) fn unique_name(test: &str) -> String {
    static COUNTER: AtomicU32 = AtomicU32::new(0);
    let n = COUNTER.fetch_add(1, Ordering::Relaxed);
    format!("mongo_{test}_{}_{n}", std::process::id())
}

/// Equal with field order and number types, unlike `==` on documents.
#[track_caller]
pub(crate) fn assert_same(found: &Document, expected: &Document) {
    let bytes = |doc: &Document| RawDocumentBuf::try_from(doc).unwrap().into_bytes();
    assert_eq!(bytes(found), bytes(expected), "found {found}, expected {expected}");
}

pub(crate) async fn documents(cursor: Cursor) -> Vec<Document> {
    cursor.collect().await.unwrap().iter().map(|doc| doc.to_document().unwrap()).collect()
}

#[track_caller]
pub(crate) fn write_failure(error: Error) -> WriteFailure {
    match error {
        Error::Write(failure) => *failure,
        other => panic!("not a write failure: {other:?}"),
    }
}
