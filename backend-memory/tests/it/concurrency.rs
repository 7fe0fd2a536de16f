//! Many tasks on one engine.

use backend_memory::MemoryBackend;
use odm_core::bson::doc;

use crate::support::{count, delete, find, insert};

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn many_tasks() {
    const TASKS: i32 = 16;
    const EACH: i32 = 200;
    let backend = MemoryBackend::new();
    let tasks = (0..TASKS).map(|task| {
        let backend = backend.clone();
        tokio::spawn(async move {
            for n in 0..EACH {
                insert(&backend, "c", [doc! { "_id": task * EACH + n, "task": task }])
                    .await
                    .unwrap();
                if n % 4 == 0 {
                    assert_eq!(delete(&backend, "c", doc! { "_id": task * EACH + n }).await, 1);
                }
                if n % 50 == 0 {
                    // Nobody else writes this task's documents.
                    let mine = find(&backend, "c", doc! { "task": task }).await.len() as i32;
                    assert_eq!(mine, n - n / 4);
                    let fork = backend.fork();
                    let there = count(&fork, "c").await;
                    insert(&fork, "c", [doc! { "_id": "in the fork" }]).await.unwrap();
                    assert_eq!(count(&fork, "c").await, there + 1);
                    fork.check_consistency().unwrap();
                }
            }
        })
    });
    for task in tasks.collect::<Vec<_>>() {
        task.await.unwrap();
    }
    assert_eq!(count(&backend, "c").await as i32, TASKS * EACH * 3 / 4);
    backend.check_consistency().unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn of_many_inserts_with_one_id_one_succeeds() {
    let backend = MemoryBackend::new();
    for round in 0..50 {
        let tasks = (0..8).map(|task| {
            let backend = backend.clone();
            tokio::spawn(async move {
                insert(&backend, "c", [doc! { "_id": round, "task": task }]).await
            })
        });
        let mut succeeded = 0;
        for task in tasks.collect::<Vec<_>>() {
            match task.await.unwrap() {
                Ok(_) => succeeded += 1,
                Err(error) => assert!(error.is_duplicate_key(), "{error}"),
            }
        }
        assert_eq!(succeeded, 1, "round {round}");
    }
    backend.check_consistency().unwrap();
}
