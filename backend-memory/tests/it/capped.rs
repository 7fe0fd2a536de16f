//! Capped collections, beyond what `conformance` asks of every backend.

use std::time::{Duration, Instant};

use backend_memory::MemoryBackend;
use odm_core::bson::{Document, doc};
use odm_core::{CreateCollection, Database, Error, Find, Index};

use crate::support::{count, find, insert};

async fn capped(backend: &MemoryBackend, size: i64, max: Option<i64>) -> Database {
    let db = backend.database("test");
    let limits = CreateCollection { capped: true, size: Some(size), max, ..Default::default() };
    db.create_collection("c", limits).await.unwrap();
    db
}

#[tokio::test]
async fn a_fork_keeps_the_limits() {
    let original = MemoryBackend::new();
    capped(&original, 4096, Some(2)).await;
    insert(&original, "c", [doc! { "_id": 1 }, doc! { "_id": 2 }]).await.unwrap();
    let fork = original.fork();
    insert(&fork, "c", [doc! { "_id": 3 }]).await.unwrap();
    insert(&original, "c", [doc! { "_id": 4 }, doc! { "_id": 5 }]).await.unwrap();
    assert_eq!(find(&fork, "c", doc! {}).await, [doc! { "_id": 2 }, doc! { "_id": 3 }]);
    assert_eq!(find(&original, "c", doc! {}).await, [doc! { "_id": 4 }, doc! { "_id": 5 }]);
}

/// Whatever is written, the indexes agree with what is left, and that is within the limits after
/// every insertion.
#[tokio::test]
async fn indexes_agree_after_evictions() {
    for (seed, (size, max)) in (1_u64..).zip([(2048, None), (1 << 20, Some(7)), (1024, Some(20))]) {
        let backend = MemoryBackend::new();
        let db = capped(&backend, size, max).await;
        let c = db.collection("c");
        c.create_index(Index::asc("u").unique()).await.unwrap();
        c.create_index(Index::asc("l").then("n", odm_core::IndexKind::Descending)).await.unwrap();
        let mut state = seed;
        let mut random = |below: u64| {
            state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
            (state >> 33) % below
        };
        for step in 0..600_i64 {
            let (n, length) = (random(40) as i64, random(120) as usize);
            match random(6) {
                0 => {
                    let change = doc! { "$set": { "p": "y".repeat(length), "l": [n, 7] } };
                    c.update_many(doc! { "n": { "$gt": n } }, change).await.unwrap();
                }
                1 => {
                    c.delete_many(doc! { "n": n }).await.unwrap();
                }
                _ => {
                    let docs = (0..=random(3) as i64).map(|k| {
                        let id = step * 10 + k;
                        doc! { "_id": id, "u": n + k, "n": n, "l": [n, id], "p": "x".repeat(length) }
                    });
                    // Keys collide now and then, and nothing is added then.
                    let inserted = insert(&backend, "c", docs).await.is_ok();
                    let stored = find(&backend, "c", doc! {}).await;
                    let bytes: usize =
                        stored.iter().map(|doc| Document::to_vec(doc).unwrap().len()).sum();
                    let fits =
                        bytes as i64 <= size && max.is_none_or(|max| stored.len() as i64 <= max);
                    assert!(!inserted || fits, "{} documents, {bytes} bytes", stored.len());
                }
            }
            backend.check_consistency().unwrap();
        }
    }
}

async fn tail(db: &Database) -> odm_core::Cursor {
    let find = Find { tailable: true, await_data: true, ..Find::default() };
    db.collection("c").execute(find).await.unwrap()
}

/// The task that inserts runs on the same thread as the one that waits.
#[tokio::test(flavor = "current_thread")]
async fn waiting_blocks_no_other_task() {
    let backend = MemoryBackend::new();
    let db = capped(&backend, 4096, None).await;
    insert(&backend, "c", [doc! { "_id": 0 }]).await.unwrap();
    let mut cursor = tail(&db).await;
    cursor.next().await.unwrap();
    let reader = tokio::spawn(async move {
        let mut found = Vec::new();
        while found.len() < 100 {
            let doc = cursor.next().await.unwrap().unwrap();
            found.push(doc.as_raw().get_i32("_id").unwrap());
        }
        found
    });
    for id in 1..=100 {
        insert(&backend, "c", [doc! { "_id": id }]).await.unwrap();
        tokio::task::yield_now().await;
    }
    let found = tokio::time::timeout(Duration::from_secs(30), reader).await.unwrap().unwrap();
    assert_eq!(found, Vec::from_iter(1..=100));
}

#[tokio::test]
async fn who_waits_hears_that_the_collection_is_gone() {
    let backend = MemoryBackend::new();
    type End = fn(&MemoryBackend, Database) -> tokio::task::JoinHandle<()>;
    let ends: [End; 3] = [
        |_, db| tokio::spawn(async move { db.collection("c").drop().await.unwrap() }),
        |_, db| tokio::spawn(async move { db.drop().await.unwrap() }),
        |backend, _| {
            let backend = backend.clone();
            tokio::spawn(async move { backend.reset() })
        },
    ];
    for end in ends {
        let db = capped(&backend, 4096, None).await;
        insert(&backend, "c", [doc! { "_id": 0 }]).await.unwrap();
        let mut cursor = tail(&db).await;
        cursor.next().await.unwrap();
        let waiting = tokio::spawn(async move { cursor.next().await });
        tokio::time::sleep(Duration::from_millis(20)).await;
        end(&backend, db).await.unwrap();
        let heard = tokio::time::timeout(Duration::from_secs(30), waiting).await.unwrap();
        let error: Error = heard.unwrap().unwrap_err();
        assert_eq!(error.code(), Some(175));
    }
    assert_eq!(count(&backend, "c").await, 0);
}

/// `getMore` keeps its time without the clock of a runtime.
#[test]
fn a_runtime_without_a_clock_is_enough() {
    let runtime = tokio::runtime::Builder::new_current_thread().build().unwrap();
    runtime.block_on(async {
        let backend = MemoryBackend::new();
        let db = capped(&backend, 4096, None).await;
        insert(&backend, "c", [doc! { "_id": 0 }]).await.unwrap();
        let find = doc! { "find": "c", "tailable": true, "awaitData": true };
        let reply = db.run_command(find).await.unwrap();
        let id = reply.get_document("cursor").unwrap().get_i64("id").unwrap();
        let more = doc! { "getMore": id, "collection": "c", "maxTimeMS": 30 };
        let begun = Instant::now();
        let reply = db.run_command(more).await.unwrap();
        assert!(begun.elapsed() >= Duration::from_millis(25));
        let cursor = reply.get_document("cursor").unwrap();
        assert_eq!(cursor.get_i64("id").unwrap(), id);
        assert!(cursor.get_array("nextBatch").unwrap().is_empty());
        // Killed while it waits, which it hears at the end at the latest.
        let more = doc! { "getMore": id, "collection": "c", "maxTimeMS": 30 };
        let kill = doc! { "killCursors": "c", "cursors": [id] };
        let (more, kill) = tokio::join!(db.run_command(more), db.run_command(kill));
        kill.unwrap();
        assert_eq!(more.unwrap_err().code(), Some(237));
    });
}
