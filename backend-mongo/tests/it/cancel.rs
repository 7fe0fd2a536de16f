//! Futures that are dropped half way.

use std::collections::BTreeSet;
use std::time::Duration;

use backend_mongo::MongoOptions;
use bson::{Bson, Document, doc};
use odm_core::{Aggregate, Database, Error, Find, Insert, Namespace, OpCx, Stage};

use crate::support::{unique_name, uri, with_database};

/// A filter that takes a while.
fn slow(millis: u32) -> Document {
    doc! { "$where": format!("sleep({millis}) || true") }
}

/// The same for aggregations, where `$where` is not allowed.
fn slow_expression() -> Document {
    let body = "function() { sleep(150); return true; }";
    doc! { "$expr": { "$function": { "body": body, "args": [], "lang": "js" } } }
}

/// The connections of an application that are no monitors, by the server's numbers.
async fn connections(db: &Database, app_name: &str) -> BTreeSet<i64> {
    let stages = vec![
        Stage::new("$currentOp", doc! { "allUsers": true, "idleConnections": true }),
        Stage::match_(doc! { "appName": app_name, "command.hello": { "$exists": false } }),
    ];
    let request = Aggregate { pipeline: stages.into(), ..Aggregate::default() };
    let admin = Namespace::of_database("admin");
    let found = db.execute(&admin, request, OpCx::default()).await.unwrap();
    let number = |doc: &odm_core::RawDoc| match doc.to_document().unwrap().get("connectionId") {
        Some(Bson::Int32(number)) => i64::from(*number),
        Some(Bson::Int64(number)) => *number,
        other => panic!("no number: {other:?}"),
    };
    found.collect().await.unwrap().iter().map(number).collect()
}

/// Operations that timed out give their connections back: no connection is closed, none is new.
#[tokio::test(flavor = "multi_thread")]
async fn a_timeout_leaves_the_pool_usable() {
    let Some(uri) = uri("timeout_pool") else { return };
    let name = unique_name("timeout_pool");
    let options = MongoOptions::new().uri(uri).max_pool_size(2_u32).app_name(name.as_str());
    let db = options.connect().await.unwrap().database(name.as_str());
    let c = db.collection("c");
    c.insert_one(&doc! { "_id": 1 }).await.unwrap();
    let (one, two) = tokio::join!(c.count(slow_expression()), c.count(slow_expression()));
    assert_eq!((one.unwrap(), two.unwrap()), (1, 1));
    let before = connections(&db, &name).await;

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
    let after = connections(&db, &name).await;
    assert!(before.len() >= 2 && after.is_subset(&before), "{before:?}, then {after:?}");
    db.drop().await.unwrap();
}

/// A write that nobody waits for any more happens wholly, also what had not been sent yet.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_write_is_finished() {
    with_database("dropped_write", |db| async move {
        let c = db.collection("c");
        // Three documents fill a command: these are four commands.
        let large = |n: i32| bson::rawdoc! { "_id": n, "s": "x".repeat(5 * 1024 * 1024) };
        let insert = c.execute(Insert::new((0..12).map(large).collect()));
        let short = tokio::time::timeout(Duration::from_millis(1), insert).await;
        assert!(short.is_err(), "the insert was faster than the timeout");
        let mut found = 0;
        for _ in 0..300 {
            found = c.count(doc! {}).await.unwrap();
            if found == 12 {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("only {found} of 12 documents");
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
