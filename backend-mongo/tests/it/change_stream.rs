//! Change streams.

use std::time::Duration;

use bson::{Document, doc};
use odm_core::{ChangeStream, Database, ErrorCode, Namespace, OpCx, SessionOptions, Stage, Watch};

use crate::support::{assert_same, with_database};

async fn watch(db: &Database, ns: &Namespace, watch: Watch) -> ChangeStream {
    db.execute(ns, watch, OpCx::default()).await.unwrap()
}

async fn next(stream: &mut ChangeStream) -> Document {
    let event = tokio::time::timeout(Duration::from_secs(20), stream.next()).await.unwrap();
    event.unwrap().unwrap().to_document().unwrap()
}

fn kind(event: &Document) -> &str {
    event.get_str("operationType").unwrap()
}

#[tokio::test]
async fn of_a_collection() {
    with_database("watch_collection", |db| async move {
        let c = db.collection("c");
        let options = Watch {
            full_document: Some("updateLookup".to_owned()),
            max_await_time: Some(Duration::from_millis(200)),
            batch_size: Some(5),
            comment: Some("note".into()),
            ..Watch::default()
        };
        let mut stream = watch(&db, c.namespace(), options.clone()).await;
        assert!(stream.next_if_any().await.unwrap().is_none());
        c.insert_one(&doc! { "_id": 1, "a": 1 }).await.unwrap();
        c.update_one(doc! { "_id": 1 }, doc! { "$set": { "a": 2 } }).await.unwrap();
        c.delete_one(doc! { "_id": 1 }).await.unwrap();

        let insert = next(&mut stream).await;
        assert_eq!(kind(&insert), "insert");
        assert_same(insert.get_document("fullDocument").unwrap(), &doc! { "_id": 1, "a": 1 });
        let token = stream.resume_token().unwrap();
        assert_eq!(&token, insert.get_document("_id").unwrap());
        let update = next(&mut stream).await;
        let updated = update.get_document("updateDescription").unwrap();
        assert_same(updated.get_document("updatedFields").unwrap(), &doc! { "a": 2 });
        assert_eq!(kind(&next(&mut stream).await), "delete");

        let mut resumed =
            watch(&db, c.namespace(), Watch { resume_after: Some(token), ..options.clone() }).await;
        assert_eq!(kind(&next(&mut resumed).await), "update");

        c.drop().await.unwrap();
        assert_eq!(kind(&next(&mut stream).await), "drop");
        assert_eq!(kind(&next(&mut stream).await), "invalidate");
        let after = stream.resume_token().unwrap();
        assert!(stream.next().await.unwrap().is_none());
        assert!(stream.next_if_any().await.unwrap().is_none());
        let mut again =
            watch(&db, c.namespace(), Watch { start_after: Some(after), ..options }).await;
        c.insert_one(&doc! { "_id": 2 }).await.unwrap();
        assert_eq!(kind(&next(&mut again).await), "insert");
    })
    .await;
}

#[tokio::test]
async fn of_a_database_and_a_deployment() {
    with_database("watch_wider", |db| async move {
        let here = doc! { "ns.db": db.name(), "operationType": "insert" };
        let pipeline = vec![Stage::match_(here), Stage::new("$set", doc! { "seen": true })];
        let options = Watch { pipeline: pipeline.into(), ..Watch::default() };
        let ns = Namespace::of_database(db.name());
        let mut of_database = watch(&db, &ns, options.clone()).await;
        let all = Watch { all_databases: true, show_expanded_events: true, ..options };
        let mut of_deployment = watch(&db, &ns, all).await;
        db.collection("x").insert_one(&doc! { "_id": 1 }).await.unwrap();
        db.collection("y").insert_one(&doc! { "_id": 2 }).await.unwrap();
        for stream in [&mut of_database, &mut of_deployment] {
            for collection in ["x", "y"] {
                let event = next(stream).await;
                let ns = event.get_document("ns").unwrap();
                assert_eq!(ns.get_str("coll").unwrap(), collection);
                assert!(event.get_bool("seen").unwrap());
            }
        }
    })
    .await;
}

/// An event is not lost with the future that waited for it.
#[tokio::test(flavor = "multi_thread")]
async fn a_dropped_wait_loses_nothing() {
    with_database("watch_dropped", |db| async move {
        let c = db.collection("c");
        let mut stream = watch(&db, c.namespace(), Watch::default()).await;
        let writer = c.clone();
        let writing = tokio::spawn(async move {
            for n in 0..30 {
                writer.insert_one(&doc! { "_id": n }).await.unwrap();
                tokio::time::sleep(Duration::from_millis(3)).await;
            }
        });
        let mut found = Vec::new();
        while found.len() < 30 {
            if let Ok(event) = tokio::time::timeout(Duration::from_millis(2), stream.next()).await {
                let event = event.unwrap().unwrap().to_document().unwrap();
                found.push(event.get_document("documentKey").unwrap().get_i32("_id").unwrap());
            }
        }
        writing.await.unwrap();
        assert_eq!(found, (0..30).collect::<Vec<_>>());
    })
    .await;
}

#[tokio::test]
async fn in_a_session() {
    with_database("watch_session", |db| async move {
        let session = db.start_session(SessionOptions::default()).await.unwrap();
        let cx = OpCx { session: Some(session), ..OpCx::default() };
        let c = db.collection("c");
        let mut stream = db.execute(c.namespace(), Watch::default(), cx).await.unwrap();
        c.insert_one(&doc! { "_id": 1 }).await.unwrap();
        assert_eq!(kind(&next(&mut stream).await), "insert");
    })
    .await;
}

#[tokio::test]
async fn wrong_options() {
    with_database("watch_wrong", |db| async move {
        let c = db.collection("c");
        let bad_stage = vec![Stage::new("$group", doc! { "_id": 1 })];
        for (request, code) in [
            (
                Watch { full_document: Some("whatever".to_owned()), ..Watch::default() },
                ErrorCode::BAD_VALUE,
            ),
            (
                Watch { full_document_before_change: Some("x".to_owned()), ..Watch::default() },
                ErrorCode::BAD_VALUE,
            ),
            (
                Watch { pipeline: bad_stage.into(), ..Watch::default() },
                ErrorCode::ILLEGAL_OPERATION,
            ),
        ] {
            let error = db.execute(c.namespace(), request, OpCx::default()).await.unwrap_err();
            assert_eq!(error.error_code(), Some(code), "{error:?}");
        }
    })
    .await;
}
