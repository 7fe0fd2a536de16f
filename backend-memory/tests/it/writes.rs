//! Writes: what the engine does beyond what every backend must.

use std::time::Duration;

use backend_memory::{ManualClock, MemoryBackend};
use odm_core::bson::{DateTime, doc};
use odm_core::{Backend, FindAndModify, OpCx, UpdateBatch, UpdateStatement};

use crate::support::{find, insert, ns};

#[tokio::test]
async fn the_clock_is_what_the_builder_was_given() {
    let clock = ManualClock::new(DateTime::from_millis(1_000_000));
    let backend = MemoryBackend::builder().clock(clock.clone()).build();
    insert(&backend, "c", [doc! { "_id": 1 }]).await.unwrap();
    for expected in [1_000_000, 1_005_000] {
        let update = doc! { "$currentDate": { "at": true } };
        let batch = UpdateBatch::new(vec![UpdateStatement::one(doc! { "_id": 1 }, update)]);
        backend.update(&ns("c"), batch, OpCx::default()).await.unwrap();
        let at = DateTime::from_millis(expected);
        assert_eq!(find(&backend, "c", doc! {}).await, [doc! { "_id": 1, "at": at }]);
        clock.advance(Duration::from_secs(5));
    }
}

#[tokio::test]
async fn updates_keep_the_place_and_the_indexes() {
    let backend = MemoryBackend::new();
    insert(&backend, "c", (0..100).map(|n| doc! { "_id": n, "a": n % 10 })).await.unwrap();
    let many = UpdateStatement::many(doc! { "a": 3 }, doc! { "$inc": { "a": 100 } });
    let upsert = UpdateStatement {
        upsert: true,
        ..UpdateStatement::one(doc! { "_id": "new" }, doc! { "$set": { "a": 103 } })
    };
    let batch = UpdateBatch::new(vec![many, upsert]);
    let outcome = backend.update(&ns("c"), batch, OpCx::default()).await.unwrap();
    assert_eq!((outcome.matched, outcome.modified, outcome.upserted.len()), (10, 10, 1));
    let found = find(&backend, "c", doc! { "a": 103 }).await;
    let ids: Vec<_> = found.iter().map(|doc| doc.get("_id").unwrap().clone()).collect();
    let mut expected: Vec<_> = (0..10).map(|n| (n * 10 + 3).into()).collect();
    expected.push("new".into());
    assert_eq!(ids, expected);
    backend.check_consistency().unwrap();
}

#[tokio::test]
async fn find_and_modify_takes_the_first_in_order() {
    let backend = MemoryBackend::new();
    insert(&backend, "c", [3, 1, 2].map(|n| doc! { "_id": n })).await.unwrap();
    let request =
        FindAndModify { sort: odm_core::Sort::asc("_id"), ..FindAndModify::remove(doc! {}) };
    for expected in [1, 2, 3] {
        let outcome =
            backend.find_and_modify(&ns("c"), request.clone(), OpCx::default()).await.unwrap();
        let value = outcome.value.unwrap().to_document().unwrap();
        assert_eq!((value, outcome.n), (doc! { "_id": expected }, 1));
    }
    let none = backend.find_and_modify(&ns("c"), request, OpCx::default()).await.unwrap();
    assert_eq!((none.value, none.n), (None, 0));
}
