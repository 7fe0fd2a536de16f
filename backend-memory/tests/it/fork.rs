//! Forks and resets.

use backend_memory::MemoryBackend;
use odm_core::bson::doc;

use crate::support::{count, delete, find, insert};

#[tokio::test]
async fn a_fork_and_its_original_do_not_see_each_other() {
    let original = MemoryBackend::new();
    insert(&original, "c", (0..100).map(|n| doc! { "_id": n })).await.unwrap();
    insert(&original, "only_read", [doc! { "_id": 1 }]).await.unwrap();
    let fork = original.fork();
    let second = original.fork();

    insert(&original, "c", [doc! { "_id": "original" }]).await.unwrap();
    assert_eq!(delete(&fork, "c", doc! { "_id": { "$lt": 50 } }).await, 50);
    insert(&fork, "new", [doc! { "_id": 1 }]).await.unwrap();

    assert_eq!(count(&original, "c").await, 101);
    assert_eq!(count(&fork, "c").await, 50);
    assert_eq!(count(&second, "c").await, 100);
    assert_eq!((count(&original, "new").await, count(&second, "new").await), (0, 0));
    for backend in [&original, &fork, &second] {
        assert_eq!(find(backend, "only_read", doc! {}).await, [doc! { "_id": 1 }]);
        backend.check_consistency().unwrap();
    }
}

#[tokio::test]
async fn forks_of_forks() {
    let mut backends = vec![MemoryBackend::new()];
    for depth in 0..20 {
        let last = backends.last().unwrap();
        insert(last, "c", [doc! { "_id": depth }]).await.unwrap();
        backends.push(last.fork());
    }
    for (depth, backend) in backends.iter().enumerate() {
        let expected = (depth + 1).min(20) as u64;
        assert_eq!(count(backend, "c").await, expected, "fork {depth}");
        backend.check_consistency().unwrap();
    }
}

#[tokio::test]
async fn a_clone_is_the_same_engine() {
    let one = MemoryBackend::new();
    let other = one.clone();
    insert(&one, "c", [doc! { "_id": 1 }]).await.unwrap();
    assert_eq!(count(&other, "c").await, 1);
}

#[tokio::test]
async fn a_reset_forgets_everything_but_leaves_forks_alone() {
    let backend = MemoryBackend::new();
    insert(&backend, "c", (0..10).map(|n| doc! { "_id": n })).await.unwrap();
    let fork = backend.fork();
    backend.reset();
    assert_eq!(count(&backend, "c").await, 0);
    assert_eq!(count(&fork, "c").await, 10);
    insert(&backend, "c", [doc! { "_id": 1 }]).await.unwrap();
    assert_eq!(count(&backend, "c").await, 1);
}
