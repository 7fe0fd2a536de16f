//! Sessions and transactions.

use std::any::Any;
use std::sync::Arc;

use async_trait::async_trait;
use bson::doc;
use odm_core::{
    Collection, Database, Error, ErrorCode, Find, Insert, OpCx, ReadConcern, Result, Session,
    SessionOptions, SessionRef, TRANSIENT_TRANSACTION_ERROR, TransactionOptions, WriteConcern,
};

use crate::support::{uri, with_database};

async fn count(db: &Database) -> u64 {
    db.collection("c").count(doc! {}).await.unwrap()
}

#[tokio::test]
async fn commit_and_abort() {
    with_database("transaction", |db| async move {
        db.collection("c").insert_one(&doc! { "_id": 0 }).await.unwrap();
        let tx = db.begin().await.unwrap();
        let inside = Collection::on(&tx, "c");
        inside.insert_one(&doc! { "_id": 1 }).await.unwrap();
        assert_eq!((inside.count(doc! {}).await.unwrap(), count(&db).await), (2, 1));
        tx.commit().await.unwrap();
        assert_eq!(count(&db).await, 2);

        let tx = db.begin().await.unwrap();
        let inside = Collection::on(&tx, "c");
        inside.delete_many(doc! {}).await.unwrap();
        assert_eq!(inside.count(doc! {}).await.unwrap(), 0);
        tx.abort().await.unwrap();
        assert_eq!(count(&db).await, 2);
        let error = tx.commit().await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NO_SUCH_TRANSACTION));

        let tx = db.begin().await.unwrap();
        Collection::on(&tx, "c").insert_one(&doc! { "_id": 5 }).await.unwrap();
        drop(tx);
        // The driver aborts in the background; a write to the same document waits or conflicts.
        db.collection("c").insert_one(&doc! { "_id": 5 }).await.unwrap();
        assert_eq!(count(&db).await, 3);
    })
    .await;
}

#[tokio::test]
async fn a_write_conflict_is_labelled() {
    with_database("write_conflict", |db| async move {
        db.collection("c").insert_one(&doc! { "_id": 1, "n": 0 }).await.unwrap();
        let (one, two) = (db.begin().await.unwrap(), db.begin().await.unwrap());
        let set = |n: i32| doc! { "$set": { "n": n } };
        Collection::on(&one, "c").update_one(doc! { "_id": 1 }, set(1)).await.unwrap();
        let late = Collection::on(&two, "c");
        let error = late.update_one(doc! { "_id": 1 }, set(2)).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::WRITE_CONFLICT));
        assert!(error.has_label(TRANSIENT_TRANSACTION_ERROR), "{error:?}");
        assert!(error.is_retryable());
        let error = late.count(doc! {}).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NO_SUCH_TRANSACTION));
        one.commit().await.unwrap();
        assert_eq!(db.collection("c").count(doc! { "n": 1 }).await.unwrap(), 1);
    })
    .await;
}

/// The helper runs the body again until it goes through.
#[tokio::test(flavor = "multi_thread")]
async fn transactions_are_tried_again() {
    with_database("tx_retry", |db| async move {
        db.collection("c").insert_one(&doc! { "_id": 1, "n": 0 }).await.unwrap();
        let tasks: Vec<_> = (0..6)
            .map(|_| {
                let db = db.clone();
                tokio::spawn(async move {
                    db.transaction(|tx| async move {
                        let c = Collection::on(&tx, "c");
                        let n = c.find_one(doc! { "_id": 1 }).await?.unwrap().get_i32("n").unwrap();
                        c.update_one(doc! { "_id": 1 }, doc! { "$set": { "n": n + 1 } }).await
                    })
                    .await
                })
            })
            .collect();
        for task in tasks {
            task.await.unwrap().unwrap();
        }
        assert_eq!(db.collection("c").count(doc! { "n": 6 }).await.unwrap(), 1);
    })
    .await;
}

#[tokio::test]
async fn errors_in_a_transaction() {
    with_database("tx_errors", |db| async move {
        db.collection("c").insert_one(&doc! { "_id": 1 }).await.unwrap();
        let session = db.start_session(SessionOptions::default()).await.unwrap();
        let cx = OpCx { session: Some(session.clone()), ..OpCx::default() };
        let ns = db.namespace("c");

        let error = session.commit_transaction().await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NO_SUCH_TRANSACTION));
        let error = session.abort_transaction().await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NO_SUCH_TRANSACTION));
        session.start_transaction(TransactionOptions::default()).await.unwrap();
        assert!(session.start_transaction(TransactionOptions::default()).await.is_err());

        let read_concern = Some(ReadConcern("majority".to_owned()));
        let with_concern = OpCx { read_concern, ..cx.clone() };
        let error = db.execute(&ns, Find::default(), with_concern).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::INVALID_OPTIONS));
        let duplicate = Insert::new(vec![bson::rawdoc! { "_id": 1 }]);
        let error = db.execute(&ns, duplicate, cx.clone()).await.unwrap_err();
        assert_eq!(error.code(), Some(11000));
        // Any error has aborted it.
        let error = db.execute(&ns, Find::default(), cx.clone()).await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::NO_SUCH_TRANSACTION));
        session.abort_transaction().await.unwrap();

        // The session goes on, also with retryable writes and further transactions.
        for id in 10..13 {
            let insert = Insert::new(vec![bson::rawdoc! { "_id": id }]);
            db.execute(&ns, insert, cx.clone()).await.unwrap();
            session.start_transaction(TransactionOptions::default()).await.unwrap();
            let insert = Insert::new(vec![bson::rawdoc! { "_id": id + 10 }]);
            db.execute(&ns, insert, cx.clone()).await.unwrap();
            session.commit_transaction().await.unwrap();
        }
        assert_eq!(count(&db).await, 7);
    })
    .await;
}

#[tokio::test]
async fn cursors_of_a_transaction() {
    with_database("tx_cursor", |db| async move {
        let documents: Vec<_> = (0..10).map(|n| doc! { "_id": n }).collect();
        db.collection("c").insert_many(&documents).await.unwrap();
        let options = TransactionOptions {
            read_concern: Some(ReadConcern("snapshot".to_owned())),
            write_concern: Some(WriteConcern {
                w: Some(odm_core::Acknowledgment::Majority),
                ..WriteConcern::default()
            }),
            ..TransactionOptions::default()
        };
        let tx = db.begin_with(options).await.unwrap();
        let inside = Collection::on(&tx, "c");
        let find = Find { batch_size: Some(3), ..Find::default() };
        let mut cursor = inside.execute(find).await.unwrap();
        assert_eq!(cursor.next_batch().await.unwrap().unwrap().len(), 3);
        // Other operations between two batches; others' writes are not seen.
        assert_eq!(inside.count(doc! {}).await.unwrap(), 10);
        db.collection("c").insert_one(&doc! { "_id": 99 }).await.unwrap();
        assert_eq!(cursor.collect().await.unwrap().len(), 7);
        tx.commit().await.unwrap();
    })
    .await;
}

/// A session of some other backend.
#[derive(Debug)]
struct OtherSession;

#[async_trait]
impl Session for OtherSession {
    fn as_any(&self) -> &dyn Any {
        self
    }

    async fn start_transaction(&self, _options: TransactionOptions) -> Result<()> {
        Ok(())
    }

    async fn commit_transaction(&self) -> Result<()> {
        Ok(())
    }

    async fn abort_transaction(&self) -> Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn a_foreign_session_is_refused() {
    let Some(uri) = uri("foreign_session") else { return };
    with_database("foreign_session", |db| async move {
        let other = backend_mongo::MongoBackend::connect(uri).await.unwrap().database("x");
        let of_another_client = other.start_session(SessionOptions::default()).await.unwrap();
        let of_another_kind: SessionRef = Arc::new(OtherSession);
        for session in [of_another_client, of_another_kind] {
            let cx = OpCx { session: Some(session), ..OpCx::default() };
            let error = db.execute(&db.namespace("c"), Find::default(), cx).await.unwrap_err();
            // The driver refuses some of them too, in other words.
            assert!(matches!(&error, Error::Config(text) if text.contains("another backend")));
        }
    })
    .await;
}

#[tokio::test]
async fn snapshot_and_causal_sessions() {
    with_database("snapshot", |db| async move {
        db.collection("c").insert_one(&doc! { "_id": 1 }).await.unwrap();
        let ns = db.namespace("c");
        let options = SessionOptions { snapshot: Some(true), ..SessionOptions::default() };
        let session = db.start_session(options).await.unwrap();
        let cx = OpCx { session: Some(session), ..OpCx::default() };
        let read = || async {
            db.execute(&ns, Find::default(), cx.clone()).await.unwrap().collect().await.unwrap()
        };
        // The server refuses a snapshot that is older than the collection.
        let first = read().await.len();
        db.collection("c").insert_one(&doc! { "_id": 2 }).await.unwrap();
        assert_eq!(read().await.len(), first);

        let session = db.start_session(SessionOptions::default()).await.unwrap();
        let cx = OpCx { session: Some(session), ..OpCx::default() };
        let insert = Insert::new(vec![bson::rawdoc! { "_id": 3 }]);
        db.execute(&ns, insert, cx.clone()).await.unwrap();
        let found = db.execute(&ns, Find::default(), cx).await.unwrap().collect().await.unwrap();
        assert_eq!(found.len(), 3);
    })
    .await;
}
