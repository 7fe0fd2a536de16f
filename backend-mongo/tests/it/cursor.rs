//! Batches, the end, killing, and cursors that somebody else killed.

use std::time::Duration;

use bson::{Document, doc};
use odm_core::{Aggregate, CreateCollection, Database, ErrorCode, Find, OpCx, Stage};

use crate::support::with_database;

async fn fill(db: &Database, n: i32) {
    let documents: Vec<Document> = (0..n).map(|n| doc! { "_id": n }).collect();
    db.collection("c").insert_many(&documents).await.unwrap();
}

async fn open_cursors(db: &Database) -> i32 {
    let status = db.run_command(doc! { "serverStatus": 1 }).await.unwrap();
    let cursor = status.get_document("metrics").unwrap().get_document("cursor").unwrap();
    i32::try_from(cursor.get_document("open").unwrap().get_i64("total").unwrap()).unwrap()
}

/// The ids of the idle cursors on a namespace.
async fn idle_cursors(db: &Database) -> Vec<i64> {
    let stages = vec![
        Stage::new("$currentOp", doc! { "idleCursors": true, "allUsers": true }),
        Stage::match_(doc! { "type": "idleCursor", "ns": format!("{}.c", db.name()) }),
    ];
    let admin = db.sibling("admin");
    let request = Aggregate { pipeline: stages.into(), ..Aggregate::default() };
    let ns = odm_core::Namespace::of_database("admin");
    let found = admin.execute(&ns, request, OpCx::default()).await.unwrap();
    let id = |doc: &odm_core::RawDoc| {
        let doc = doc.to_document().unwrap();
        doc.get_document("cursor").unwrap().get_i64("cursorId").unwrap()
    };
    found.collect().await.unwrap().iter().map(id).collect()
}

#[tokio::test]
async fn fetches_in_batches() {
    with_database("batches", |db| async move {
        fill(&db, 250).await;
        let c = db.collection("c");
        for (batch_size, sizes) in [
            (None, vec![101, 149]),
            (Some(100), vec![100, 100, 50]),
            (Some(125), vec![125, 125]),
            (Some(1000), vec![250]),
        ] {
            let mut cursor = c.execute(Find { batch_size, ..Find::default() }).await.unwrap();
            let mut found = Vec::new();
            while let Some(batch) = cursor.next_batch().await.unwrap() {
                found.push(batch.len());
            }
            assert_eq!(found, sizes, "{batch_size:?}");
        }
        let mut cursor = c.execute(Find { batch_size: Some(0), ..Find::default() }).await.unwrap();
        assert_eq!(cursor.batch_len(), 0);
        assert!(cursor.next().await.unwrap().is_some());
        let once = Find { single_batch: true, batch_size: Some(7), ..Find::default() };
        assert_eq!(c.execute(once).await.unwrap().collect().await.unwrap().len(), 7);
        assert!(idle_cursors(&db).await.len() <= 1);
    })
    .await;
}

#[tokio::test]
async fn kill_and_drop_free_the_servers_cursor() {
    with_database("kill", |db| async move {
        fill(&db, 10).await;
        let c = db.collection("c");
        let open = || c.execute(Find { batch_size: Some(2), ..Find::default() });
        let cursor = open().await.unwrap();
        assert_eq!(idle_cursors(&db).await.len(), 1);
        cursor.kill().await.unwrap();
        assert_eq!(idle_cursors(&db).await.len(), 0);

        let mut cursor = open().await.unwrap();
        cursor.next_batch().await.unwrap();
        cursor.next_batch().await.unwrap();
        drop(cursor);
        for _ in 0..50 {
            if idle_cursors(&db).await.is_empty() {
                return;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        panic!("the dropped cursor is still open; {} in all", open_cursors(&db).await);
    })
    .await;
}

#[tokio::test]
async fn a_killed_cursor_is_not_found() {
    with_database("killed", |db| async move {
        fill(&db, 10).await;
        let request = Find { batch_size: Some(2), ..Find::default() };
        let mut cursor = db.collection("c").execute(request).await.unwrap();
        let kill = doc! { "killCursors": "c", "cursors": idle_cursors(&db).await };
        db.run_command(kill).await.unwrap();
        cursor.next_batch().await.unwrap();
        let error = cursor.next().await.unwrap_err();
        assert_eq!(error.error_code(), Some(ErrorCode::CURSOR_NOT_FOUND));
        assert!(cursor.next().await.unwrap().is_none());
    })
    .await;
}

#[tokio::test]
async fn a_tailable_cursor_waits_for_more() {
    with_database("tailable", |db| async move {
        let capped =
            CreateCollection { capped: true, size: Some(4096), ..CreateCollection::default() };
        db.create_collection("c", capped).await.unwrap();
        fill(&db, 1).await;
        let c = db.collection("c");
        let find = Find {
            tailable: true,
            await_data: true,
            max_await_time: Some(Duration::from_millis(100)),
            ..Find::default()
        };
        let mut cursor = c.execute(find).await.unwrap();
        assert_eq!(cursor.next().await.unwrap().unwrap().as_raw().get_i32("_id").unwrap(), 0);
        let writer = c.clone();
        tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(300)).await;
            writer.insert_one(&doc! { "_id": 1 }).await.unwrap();
        });
        let next = tokio::time::timeout(Duration::from_secs(10), cursor.next()).await.unwrap();
        assert_eq!(next.unwrap().unwrap().as_raw().get_i32("_id").unwrap(), 1);
    })
    .await;
}

/// Documents of a batch share the reply's buffer, and outlive the cursor.
#[tokio::test]
async fn documents_outlive_the_cursor() {
    with_database("outlive", |db| async move {
        fill(&db, 300).await;
        let cursor = db.collection("c").find(doc! {}).await.unwrap();
        let all = cursor.collect().await.unwrap();
        for (n, doc) in (0..).zip(&all) {
            assert_eq!(doc.as_raw().get_i32("_id").unwrap(), n);
        }
        assert_eq!(all.len(), 300);
    })
    .await;
}
