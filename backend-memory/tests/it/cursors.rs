//! Cursors read a snapshot, and fetch it in batches.

use std::time::Duration;

use backend_memory::{ManualClock, MemoryBackend};
use odm_core::bson::{DateTime, doc};
use odm_core::{Backend, Find, OpCx, Sort};

use crate::support::{count, delete, insert, ns};

async fn filled(count: i32) -> MemoryBackend {
    let backend = MemoryBackend::new();
    insert(&backend, "c", (0..count).map(|n| doc! { "_id": n, "rest": n % 7 })).await.unwrap();
    backend
}

#[tokio::test]
async fn later_writes_do_not_show() {
    let backend = filled(500).await;
    let find = Find { batch_size: Some(10), ..Find::default() };
    let mut cursor = backend.find(&ns("c"), find, OpCx::default()).await.unwrap();
    assert_eq!(cursor.batch_len(), 10);
    assert!(cursor.next().await.unwrap().is_some());
    assert_eq!(delete(&backend, "c", doc! {}).await, 500);
    insert(&backend, "c", [doc! { "_id": "new" }]).await.unwrap();
    let rest = cursor.collect().await.unwrap();
    assert_eq!(rest.len(), 499);
    assert_eq!(count(&backend, "c").await, 1);
}

#[tokio::test]
async fn every_document_comes_once_in_batches_of_any_size() {
    let backend = filled(300).await;
    for size in [None, Some(0), Some(1), Some(7), Some(299), Some(300), Some(301)] {
        for (sort, skip, limit) in [
            (Sort::default(), 0, 0),
            (Sort::desc("_id"), 0, 0),
            (Sort::asc("rest").then(Sort::desc("_id")), 3, 0),
            (Sort::desc("$natural"), 10, 100),
            (Sort::default(), 290, 100),
        ] {
            let mut expected: Vec<i32> = (0..300).collect();
            match sort.keys.first().map(|(path, _)| path.as_str()) {
                Some("rest") => expected.sort_by_key(|n| (n % 7, -n)),
                Some(_) => expected.reverse(),
                None => {}
            }
            let limit_or_all = if limit == 0 { usize::MAX } else { limit as usize };
            let expected: Vec<i32> =
                expected.into_iter().skip(skip as usize).take(limit_or_all).collect();
            let find =
                Find { sort: sort.clone(), skip, limit, batch_size: size, ..Find::default() };
            let cursor = backend.find(&ns("c"), find, OpCx::default()).await.unwrap();
            let found = cursor.collect().await.unwrap();
            let found: Vec<i32> =
                found.iter().map(|doc| doc.as_raw().get_i32("_id").unwrap()).collect();
            assert_eq!(found, expected, "batches of {size:?}, {sort:?}");
        }
    }
}

#[tokio::test]
async fn a_single_batch_ends_the_cursor() {
    let backend = filled(300).await;
    let find = Find { batch_size: Some(5), single_batch: true, ..Find::default() };
    let cursor = backend.find(&ns("c"), find, OpCx::default()).await.unwrap();
    assert_eq!(cursor.collect().await.unwrap().len(), 5);
}

/// Those of commands are closed after ten minutes of the backend's clock, unless they were used.
#[tokio::test]
async fn idle_cursors_are_closed() {
    let clock = ManualClock::new(DateTime::from_millis(0));
    let backend = MemoryBackend::builder().clock(clock.clone()).build();
    insert(&backend, "c", (0..9).map(|n| doc! { "_id": n })).await.unwrap();
    let db = backend.database(ns("c").database());
    let open = |options| {
        let mut find = doc! { "find": "c", "batchSize": 1 };
        find.extend(options);
        let db = db.clone();
        async move {
            let reply = db.run_command(find).await.unwrap();
            reply.get_document("cursor").unwrap().get_i64("id").unwrap()
        }
    };
    let more = |id: i64| db.run_command(doc! { "getMore": id, "collection": "c", "batchSize": 1 });
    let idle = open(doc! {}).await;
    let used = open(doc! {}).await;
    let kept = open(doc! { "noCursorTimeout": true }).await;
    clock.advance(Duration::from_secs(599));
    more(used).await.unwrap();
    clock.advance(Duration::from_secs(1));
    assert_eq!(more(idle).await.unwrap_err().code(), Some(43));
    more(used).await.unwrap();
    clock.advance(Duration::from_secs(3600));
    more(kept).await.unwrap();
    assert_eq!(more(used).await.unwrap_err().code(), Some(43));
    // Opening one sweeps the others.
    let unused = open(doc! {}).await;
    assert!(![idle, used, kept].contains(&unused), "an id was given out twice");
}
