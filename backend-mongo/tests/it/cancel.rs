//! Futures that are dropped half way.

use std::time::Duration;

use backend_mongo::MongoOptions;
use bson::{Document, doc};
use odm_core::{Error, Find, Insert, OpCx, Stage};

use crate::support::{unique_name, uri, with_database};

/// A filter that takes a while.
fn slow(millis: u32) -> Document {
    doc! { "$where": format!("sleep({millis}) || true") }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_leaves_the_pool_usable() {
    let Some(uri) = uri("timeout_pool") else { return };
    let options = MongoOptions::new().uri(uri).max_pool_size(2_u32);
    let db = options.connect().await.unwrap().database(unique_name("timeout_pool"));
    let c = db.collection("c");
    c.insert_one(&doc! { "_id": 1 }).await.unwrap();
    let ns = db.namespace("c");
    for _ in 0..5 {
        let cx = OpCx { timeout: Some(Duration::from_millis(30)), ..OpCx::default() };
        let find = Find { filter: slow(150).into(), ..Find::default() };
        let error = db.execute(&ns, find, cx).await.unwrap_err();
        assert!(
            matches!(error, Error::Timeout { operation: "find", limit } if limit.as_millis() == 30),
            "{error:?}",
        );
    }
    let fine = tokio::time::timeout(Duration::from_secs(10), c.count(doc! {})).await.unwrap();
    assert_eq!(fine.unwrap(), 1);
    // The connections were given back, not lost: the server saw no more than the pool's two, the
    // one that connected and the monitors.
    db.drop().await.unwrap();
}

/// A write that nobody waits for any more happens wholly.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_write_is_finished() {
    with_database("dropped_write", |db| async move {
        let c = db.collection("c");
        c.insert_one(&doc! { "_id": -1 }).await.unwrap();
        let documents = (0..20_000).map(|n| bson::rawdoc! { "_id": n }).collect();
        let insert = c.execute(Insert::new(documents));
        let short = tokio::time::timeout(Duration::from_millis(1), insert).await;
        assert!(short.is_err(), "the insert was faster than the timeout");
        for _ in 0..200 {
            if c.count(doc! {}).await.unwrap() == 20_001 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("only {} documents", c.count(doc! {}).await.unwrap());
    })
    .await;
}

/// A future that was never polled has not begun.
#[tokio::test(flavor = "multi_thread")]
async fn an_unpolled_write_does_not_happen() {
    with_database("unpolled", |db| async move {
        let c = db.collection("c");
        drop(c.insert_one(&doc! { "_id": 1 }));
        tokio::time::sleep(Duration::from_millis(50)).await;
        assert_eq!(c.count(doc! {}).await.unwrap(), 0);
    })
    .await;
}

/// In a session, a dropped operation keeps its place: the next one waits for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_operation_of_a_transaction_is_finished() {
    with_database("dropped_in_tx", |db| async move {
        let c = db.collection("c");
        c.insert_many(&[doc! { "_id": 1 }, doc! { "_id": 2 }]).await.unwrap();
        let tx = db.begin().await.unwrap();
        let inside = odm_core::Collection::on(&tx, "c");
        let update = vec![Stage::new("$set", doc! { "n": 1 })];
        let first = inside.update_many(doc! {}, odm_core::Update::Pipeline(update.into()));
        let _ = tokio::time::timeout(Duration::from_micros(200), first).await;
        inside.update_many(doc! {}, doc! { "$inc": { "m": 1 } }).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(c.count(doc! { "m": 1 }).await.unwrap(), 2);
    })
    .await;
}

/// A fetch that was waited for in vain is not lost.
#[tokio::test(flavor = "multi_thread")]
async fn a_cursor_goes_on_after_a_dropped_next() {
    with_database("dropped_next", |db| async move {
        let c = db.collection("c");
        let documents: Vec<Document> = (0..6).map(|n| doc! { "_id": n }).collect();
        c.insert_many(&documents).await.unwrap();
        let find = Find { filter: slow(50).into(), batch_size: Some(2), ..Find::default() };
        let mut cursor = c.execute(find).await.unwrap();
        let mut found = Vec::new();
        loop {
            match tokio::time::timeout(Duration::from_millis(10), cursor.next()).await {
                Ok(next) => match next.unwrap() {
                    Some(doc) => found.push(doc.as_raw().get_i32("_id").unwrap()),
                    None => break,
                },
                Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
            }
        }
        assert_eq!(found, [0, 1, 2, 3, 4, 5]);
    })
    .await;
}
