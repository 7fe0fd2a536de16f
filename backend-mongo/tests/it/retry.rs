//! A broken connection is met with one more try, and a write still happens once.

use std::time::Duration;

use backend_mongo::{MongoBackend, MongoOptions};
use bson::doc;
use odm_core::{
    Database, DeleteBatch, DeleteStatement, Error, FindAndModify, Insert, RETRYABLE_WRITE_ERROR,
    UpdateBatch, UpdateStatement,
};

use crate::proxy::Proxy;
use crate::support::{unique_name, uri};

struct Fixture {
    proxy: Proxy,
    direct: MongoBackend,
    name: String,
}

impl Fixture {
    async fn new(test: &str) -> Option<Fixture> {
        let uri = uri(test)?;
        let proxy = Proxy::start(&uri).await;
        let direct = MongoBackend::connect(&uri).await.unwrap();
        let name = unique_name(test);
        direct.database(name.as_str()).drop().await.unwrap();
        Some(Fixture { proxy, direct, name })
    }

    async fn through_proxy(&self, retry: bool) -> Database {
        let options = MongoOptions::new().uri(self.proxy.uri());
        let backend = options.retry_writes(retry).retry_reads(retry).connect().await.unwrap();
        backend.database(self.name.as_str())
    }

    async fn finish(self) {
        self.direct.database(self.name.as_str()).drop().await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn writes_happen_once() {
    let Some(fixture) = Fixture::new("retry_writes").await else { return };
    let db = fixture.through_proxy(true).await;
    let c = db.collection("c");
    c.insert_one(&doc! { "_id": 1, "n": 0 }).await.unwrap();
    let increment = || doc! { "$inc": { "n": 1 } };

    fixture.proxy.cut_at("update\0").await;
    let done = c.update_one(doc! { "_id": 1 }, increment()).await.unwrap();
    assert_eq!((done.matched, done.modified), (1, 1));

    fixture.proxy.cut_at("findAndModify\0").await;
    let request = FindAndModify::update(doc! { "_id": 1 }, increment());
    let before = c.find_and_modify(request).await.unwrap().unwrap();
    assert_eq!(before.as_raw().get_i32("n").unwrap(), 1);

    fixture.proxy.cut_at("insert\0").await;
    let documents = (2..12).map(|id| bson::rawdoc! { "_id": id, "n": 0 }).collect();
    let done = c.execute(Insert::new(documents)).await.unwrap();
    assert_eq!(done.inserted_ids.len(), 10);

    fixture.proxy.cut_at("update\0").await;
    let statements =
        (2..12).map(|id| UpdateStatement::one(doc! { "_id": id }, increment())).collect();
    let done = c.execute(UpdateBatch::new(statements)).await.unwrap();
    assert_eq!((done.matched, done.modified), (10, 10));

    fixture.proxy.cut_at("delete\0").await;
    let statements = (2..5).map(|id| DeleteStatement::one(doc! { "_id": id })).collect();
    assert_eq!(c.execute(DeleteBatch::new(statements)).await.unwrap().deleted, 3);

    assert_eq!(fixture.proxy.cuts(), 5);
    assert_eq!(c.count(doc! { "_id": 1, "n": 2 }).await.unwrap(), 1);
    assert_eq!(c.count(doc! { "_id": { "$gt": 1 }, "n": 1 }).await.unwrap(), 7);
    fixture.finish().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn reads_are_tried_again() {
    let Some(fixture) = Fixture::new("retry_reads").await else { return };
    let db = fixture.through_proxy(true).await;
    let c = db.collection("c");
    c.insert_one(&doc! { "_id": 1, "n": 0 }).await.unwrap();
    fixture.proxy.cut_at("find\0").await;
    assert!(c.find_one(doc! { "_id": 1 }).await.unwrap().is_some());
    fixture.proxy.cut_at("aggregate\0").await;
    assert_eq!(c.count(doc! {}).await.unwrap(), 1);
    fixture.proxy.cut_at("listIndexes\0").await;
    assert_eq!(c.list_indexes().await.unwrap().len(), 1);
    assert_eq!(fixture.proxy.cuts(), 3);
    fixture.finish().await;
}

/// What cannot be repeated safely is not; the error says what a caller may do.
#[tokio::test(flavor = "multi_thread")]
async fn other_writes_fail_with_a_connection_error() {
    let Some(fixture) = Fixture::new("retry_off").await else { return };
    let db = fixture.through_proxy(true).await;
    let c = db.collection("c");
    c.insert_one(&doc! { "_id": 1, "n": 0 }).await.unwrap();
    fixture.proxy.cut_at("update\0").await;
    let error = c.update_many(doc! {}, doc! { "$inc": { "n": 1 } }).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    assert!(!error.has_label(RETRYABLE_WRITE_ERROR));

    let without = fixture.through_proxy(false).await.collection("c");
    fixture.proxy.cut_at("update\0").await;
    let error = without.update_one(doc! {}, doc! { "$inc": { "n": 1 } }).await.unwrap_err();
    assert!(matches!(error, Error::Connection { .. }), "{error:?}");
    // The server had run both.
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert_eq!(c.count(doc! { "n": 2 }).await.unwrap(), 1);
    fixture.finish().await;
}

/// The driver's own writes number the sessions of its pool; ours must go on from there. A number that was used before
/// would make the server take a write for a repetition of another, and not do it.
#[tokio::test(flavor = "multi_thread")]
async fn sessions_are_shared_with_the_driver() {
    let Some(uri) = uri("shared_sessions") else { return };
    for before in 0..10_u64 {
        let backend = MongoBackend::connect(&uri).await.unwrap();
        let name = unique_name("shared_sessions");
        let db = backend.database(name.as_str());
        let client = backend.client().clone();
        let theirs = client.database(&name).collection::<bson::Document>("c");
        for n in 0..before {
            theirs.insert_one(doc! { "theirs": n as i64 }).await.unwrap();
        }
        // Sessions go back to the pool in tasks of their own.
        tokio::time::sleep(Duration::from_millis(20)).await;
        let ours = db.collection("c");
        for n in 0..12 {
            ours.insert_one(&doc! { "ours": n }).await.unwrap();
        }
        drop((ours, db, backend));
        tokio::time::sleep(Duration::from_millis(20)).await;
        for n in 0..5 {
            theirs.insert_one(doc! { "later": n }).await.unwrap();
        }
        assert_eq!(theirs.count_documents(doc! {}).await.unwrap(), before + 17, "{before} before");
        client.database(&name).drop().await.unwrap();
    }
}
