//! Duplicate keys carry index, key pattern and key value, whatever wrote.

use bson::{Document, doc};
use odm_core::{
    Collation, Collection, CreateIndexes, Error, FindAndModify, Index, Insert, UpdateBatch,
    UpdateStatement,
};

use crate::support::{assert_same, with_database, write_failure};

#[track_caller]
fn check(error: &Error, index: &str, key_pattern: Document, key_value: Document) {
    assert_eq!(error.code(), Some(11000), "{error:?}");
    assert_eq!(error.code_name().unwrap(), "DuplicateKey");
    let key = error.duplicate_key().unwrap();
    assert_eq!(key.index, index);
    assert_same(&key.key_pattern, &key_pattern);
    assert_same(&key.key_value, &key_value);
}

async fn with_unique_email(collection: &Collection) {
    let index = Index::asc("email").unique();
    collection.execute(CreateIndexes { indexes: vec![index], comment: None }).await.unwrap();
    let documents = [doc! { "_id": 1, "email": "a@b.c" }, doc! { "_id": 2, "email": "d@e.f" }];
    collection.insert_many(&documents).await.unwrap();
}

#[tokio::test]
async fn of_one_insert() {
    with_database("dup_insert", |db| async move {
        let c = db.collection("c");
        with_unique_email(&c).await;
        let error = c.insert_one(&doc! { "_id": 3, "email": "a@b.c" }).await.unwrap_err();
        check(&error, "email_1", doc! { "email": 1 }, doc! { "email": "a@b.c" });
        let error = c.insert_one(&doc! { "_id": 1 }).await.unwrap_err();
        check(&error, "_id_", doc! { "_id": 1 }, doc! { "_id": 1 });
    })
    .await;
}

#[tokio::test]
async fn of_many_inserts() {
    with_database("dup_inserts", |db| async move {
        for (ordered, failed, inserted) in [(true, vec![1], 1), (false, vec![1, 3], 2)] {
            let c = db.collection("c");
            c.drop().await.unwrap();
            with_unique_email(&c).await;
            let documents = [
                doc! { "_id": 10, "email": "new" },
                doc! { "_id": 11, "email": "a@b.c" },
                doc! { "_id": 12, "email": "newer" },
                doc! { "_id": 2, "email": "newest" },
            ];
            let documents = documents.iter().map(|doc| doc.try_into().unwrap()).collect();
            let request = Insert { ordered, ..Insert::new(documents) };
            let failure = write_failure(c.execute(request).await.unwrap_err());
            let positions: Vec<_> = failure.write_errors.iter().map(|error| error.index).collect();
            assert_eq!(positions, failed);
            assert_eq!(failure.done.inserted, inserted);
            let first = failure.write_errors[0].duplicate_key().unwrap();
            assert_same(&first.key_value, &doc! { "email": "a@b.c" });
            assert_eq!(c.count(doc! {}).await.unwrap(), 2 + inserted);
        }
    })
    .await;
}

#[tokio::test]
async fn of_updates_and_find_and_modify() {
    with_database("dup_update", |db| async move {
        let c = db.collection("c");
        with_unique_email(&c).await;
        let take = || doc! { "$set": { "email": "d@e.f" } };
        let (pattern, value) = (doc! { "email": 1 }, doc! { "email": "d@e.f" });
        let error = c.update_one(doc! { "_id": 1 }, take()).await.unwrap_err();
        check(&error, "email_1", pattern.clone(), value.clone());
        let request = FindAndModify::update(doc! { "_id": 1 }, take());
        let error = c.find_and_modify(request).await.unwrap_err();
        assert!(matches!(error, Error::Command(_)));
        check(&error, "email_1", pattern.clone(), value.clone());

        let statements = vec![
            UpdateStatement::one(doc! { "_id": 1 }, doc! { "$set": { "n": 1 } }),
            UpdateStatement::one(doc! { "_id": 1 }, take()),
            UpdateStatement::one(doc! { "_id": 2 }, doc! { "$set": { "n": 1 } }),
        ];
        let batch = UpdateBatch { ordered: false, ..UpdateBatch::new(statements) };
        let failure = write_failure(c.execute(batch).await.unwrap_err());
        assert_eq!(failure.write_errors.len(), 1);
        assert_eq!(failure.write_errors[0].index, 1);
        assert_eq!((failure.done.matched, failure.done.modified), (2, 2));
    })
    .await;
}

/// The server reports ICU sort keys; the caller wants the value that was refused.
#[tokio::test]
async fn of_a_collated_index() {
    with_database("dup_collated", |db| async move {
        let c = db.collection("c");
        let collation = Collation { strength: Some(2), ..Collation::locale("en") };
        let index = Index {
            collation: Some(collation),
            ..Index::asc("name.first").then("n", odm_core::IndexKind::Descending).unique()
        };
        c.execute(CreateIndexes { indexes: vec![index], comment: None }).await.unwrap();
        c.insert_one(&doc! { "_id": 1, "name": { "first": "Bob" }, "n": 1 }).await.unwrap();
        let again = doc! { "_id": 2, "name": { "first": "bOB" }, "n": 1 };
        let error = c.insert_one(&again).await.unwrap_err();
        let pattern = doc! { "name.first": 1, "n": -1 };
        check(&error, "name.first_1_n_-1", pattern, doc! { "name.first": "bOB", "n": 1 });
        assert!(!error.details().unwrap().contains_key("hexEncoded"));

        // Of an update we do not know the document: the server's own words, marked as such.
        c.insert_one(&doc! { "_id": 3, "name": { "first": "Al" }, "n": 1 }).await.unwrap();
        let rename = doc! { "$set": { "name.first": "bob" } };
        let error = c.update_one(doc! { "_id": 3 }, rename).await.unwrap_err();
        assert_eq!(error.duplicate_key().unwrap().index, "name.first_1_n_-1");
        assert!(error.details().unwrap().contains_key("hexEncoded"));
    })
    .await;
}
