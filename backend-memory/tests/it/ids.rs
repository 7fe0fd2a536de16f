//! Ids that a test decides about.

use backend_memory::MemoryBackend;
use odm_core::bson::{Bson, doc};

use crate::support::{find, insert};

async fn made_ids(backend: &MemoryBackend, count: usize) -> Vec<Bson> {
    insert(backend, "c", vec![doc! { "a": 1 }; count]).await.unwrap().inserted_ids
}

#[tokio::test]
async fn seeded_ids_repeat() {
    let first = MemoryBackend::builder().seed(7).build();
    let same = MemoryBackend::builder().seed(7).build();
    let other = MemoryBackend::builder().seed(8).build();
    let ids = made_ids(&first, 3).await;
    assert_eq!(ids, made_ids(&same, 3).await);
    assert_ne!(ids, made_ids(&other, 3).await);
    let found = find(&first, "c", doc! {}).await;
    assert_eq!(found.iter().map(|doc| doc.get("_id").unwrap().clone()).collect::<Vec<_>>(), ids);
}

#[tokio::test]
async fn ids_of_a_fork_go_on_where_the_original_was() {
    let original = MemoryBackend::builder().seed(7).build();
    let all = made_ids(&MemoryBackend::builder().seed(7).build(), 4).await;
    assert_eq!(made_ids(&original, 2).await, all[..2]);
    let fork = original.fork();
    assert_eq!(made_ids(&original, 2).await, all[2..]);
    assert_eq!(made_ids(&fork, 2).await, all[2..]);
}

#[tokio::test]
async fn a_made_id_comes_first() {
    let backend = MemoryBackend::builder().seed(7).build();
    insert(&backend, "c", [doc! { "a": 1, "_id": 5 }, doc! { "b": 1 }]).await.unwrap();
    for doc in find(&backend, "c", doc! {}).await {
        assert_eq!(doc.keys().next().map(String::as_str), Some("_id"), "{doc}");
    }
}
