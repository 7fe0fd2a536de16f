//! Views: with forks, and where somebody makes too many of them.

use std::fmt::Debug;

use backend_memory::MemoryBackend;
use odm_core::bson::{Bson, Document, doc};
use odm_core::{Database, Error, Pipeline};

use crate::support::{find, insert};

fn of(stages: impl IntoIterator<Item = Document>) -> Pipeline {
    let stages: Vec<Bson> = stages.into_iter().map(Bson::Document).collect();
    Pipeline::parse(&stages).unwrap()
}

fn refused(answer: Result<impl Debug, Error>) -> i32 {
    answer.unwrap_err().code().unwrap_or_default()
}

#[tokio::test]
async fn a_fork_has_them_and_changes_its_own() {
    let original = MemoryBackend::new();
    insert(&original, "c", [doc! { "_id": 1 }, doc! { "_id": 2 }]).await.unwrap();
    let db = original.database("test");
    db.create_view("v", "c", of([doc! { "$match": { "_id": 1 } }])).await.unwrap();
    let fork = original.fork();
    let forked = fork.database("test");

    let other = doc! { "collMod": "v", "viewOn": "c", "pipeline": [{ "$match": { "_id": 2 } }] };
    forked.run_command(other).await.unwrap();
    forked.create_view("w", "v", Pipeline::default()).await.unwrap();
    assert_eq!(find(&original, "v", doc! {}).await, [doc! { "_id": 1 }]);
    assert_eq!(find(&original, "w", doc! {}).await, [] as [Document; 0]);
    assert_eq!(find(&fork, "w", doc! {}).await, [doc! { "_id": 2 }]);

    db.collection("v").drop().await.unwrap();
    assert_eq!(db.list_collection_names().await.unwrap(), ["c", "system.views"]);
    assert_eq!(forked.list_collection_names().await.unwrap(), ["c", "system.views", "v", "w"]);
    for backend in [&original, &fork] {
        backend.check_consistency().unwrap();
    }
    original.reset();
    assert_eq!(find(&original, "v", doc! {}).await, [] as [Document; 0]);
    assert_eq!(find(&fork, "v", doc! {}).await, [doc! { "_id": 2 }]);
}

/// `v0`, and views that each read the one before many times.
async fn multiplying(db: &Database, times: usize) {
    for n in 0..19 {
        let before = if n == 0 { "c".to_owned() } else { format!("v{}", n - 1) };
        let stages = (0..times).map(|_| doc! { "$unionWith": &before });
        db.create_view(&format!("v{n}"), "c", of(stages)).await.unwrap();
    }
}

#[tokio::test]
async fn views_that_multiply_are_refused_when_they_are_too_many() {
    let backend = MemoryBackend::new();
    let db = backend.database("test");
    multiplying(&db, 10).await;
    let count = doc! { "count": "v2" };
    assert_eq!(db.run_command(count).await.unwrap().get_i32("n").unwrap(), 0);
    for command in [
        doc! { "find": "v18" },
        doc! { "aggregate": "c", "pipeline": [{ "$unionWith": "v18" }], "cursor": {} },
        doc! { "distinct": "v18", "key": "a" },
    ] {
        let answer = db.run_command(command).await;
        assert!(matches!(answer, Err(Error::Unsupported { .. })), "{answer:?}");
    }
}

#[tokio::test]
async fn many_views_are_checked_at_once() {
    let backend = MemoryBackend::new();
    let db = backend.database("test");
    multiplying(&db, 30).await;
    // Of as many ways as there are from one to the other, each view is looked at once.
    assert_eq!(refused(db.create_view("c", "v18", Pipeline::default()).await), 5);
    assert!(db.create_view("top", "v18", Pipeline::default()).await.is_ok());
    assert_eq!(refused(db.create_view("above", "top", Pipeline::default()).await), 165);
}

/// See `KNOWN-DIFFERENCES.md`.
#[tokio::test]
async fn known_differences() {
    let backend = MemoryBackend::new();
    insert(&backend, "c", (0..4).map(|n| doc! { "_id": n, "a": n % 2 })).await.unwrap();
    let db = backend.database("test");
    let renamed = doc! { "$project": { "k": "$_id", "x": { "$divide": [1, "$a"] } } };
    db.create_view("v", "c", of([renamed])).await.unwrap();
    let joined = doc! { "from": "v", "localField": "_id", "foreignField": "k", "as": "x" };
    let stages = vec![doc! { "$match": { "_id": 1 } }, doc! { "$lookup": joined }];
    let lookup = doc! { "aggregate": "c", "pipeline": stages, "cursor": {} };
    assert_eq!(refused(db.run_command(lookup).await), 2);
    db.create_view("w", "c", Pipeline::default()).await.unwrap();
    let counted = db.run_command(doc! { "count": "w", "limit": 0 }).await.unwrap();
    assert_eq!(counted.get_i32("n").unwrap(), 4);
    assert_eq!(refused(db.run_command(doc! { "collMod": "w", "cappedSize": 1000 }).await), 72);
}
