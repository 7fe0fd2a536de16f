//! What a sort or a stage may hold, with the codes that MongoDB 6.0.5 answers when it may hold as little.

use backend_memory::MemoryBackend;
use bson::{Bson, Document, doc};
use odm_core::Database;

async fn filled() -> Database {
    let db = MemoryBackend::builder().max_memory(100_000).build().database("memory");
    let document = |n: i32| doc! { "_id": n, "a": n, "g": n % 3, "s": "x".repeat(200) };
    let documents: Vec<Document> = (0..2000).map(document).collect();
    db.run_command(doc! { "insert": "c", "documents": documents }).await.unwrap();
    db
}

/// The code of the refusal without a disk; with one, everything is answered but what `always` names.
async fn check(db: &Database, pipeline: &[Document], code: Option<i32>, always: bool) {
    for (disk, code) in [(Some(false), code), (Some(true), code.filter(|_| always))] {
        let mut command = doc! { "aggregate": "c", "pipeline": pipeline, "cursor": {} };
        command.extend(disk.map(|disk| ("allowDiskUse".to_owned(), Bson::Boolean(disk))));
        let refused = run(db, command).await.err().map(|error| error.code().unwrap());
        assert_eq!(refused, code, "{pipeline:?} allowDiskUse: {disk:?}");
    }
}

async fn run(db: &Database, command: Document) -> odm_core::Result<()> {
    let mut reply = db.run_command(command).await?;
    loop {
        let id = reply.get_document("cursor").unwrap().get_i64("id").unwrap();
        if id == 0 {
            return Ok(());
        }
        reply = db.run_command(doc! { "getMore": id, "collection": "c" }).await?;
    }
}

#[tokio::test]
async fn stages_are_limited() {
    let db = filled().await;
    let (sort, group) = (doc! { "$sort": { "a": -1 } }, doc! { "$push": "$s" });
    let total = doc! { "x": { "$sum": "$a" } };
    let window = |spec: Document| {
        let mut all = doc! { "output": total.clone() };
        all.extend(spec);
        doc! { "$setWindowFields": all }
    };
    let pushed = doc! { "$push": "$s", "window": { "documents": ["unbounded", "current"] } };
    let pushed = doc! { "sortBy": { "_id": 1 }, "output": { "x": pushed } };
    let buckets = |output: Document| {
        doc! { "$bucketAuto": { "groupBy": "$a", "buckets": 2, "output": output } }
    };
    for (pipeline, code) in [
        (vec![sort.clone()], Some(292)),
        (vec![sort.clone(), doc! { "$limit": 5 }], None),
        (vec![sort, doc! { "$limit": 1500 }], Some(292)),
        (vec![doc! { "$group": { "_id": "$a", "x": group.clone() } }], Some(292)),
        (vec![doc! { "$group": { "_id": "$g", "n": { "$sum": 1 } } }], None),
        (vec![buckets(doc! { "x": group })], Some(292)),
        (vec![window(doc! { "sortBy": { "a": 1 } })], Some(292)),
        (vec![window(doc! { "partitionBy": "$a", "sortBy": { "a": 1 } })], Some(292)),
        (vec![window(doc! {})], Some(5_643_011)),
        (vec![doc! { "$sample": { "size": 1900 } }], Some(292)),
        (vec![doc! { "$facet": { "n": [{ "$count": "n" }] } }], None),
    ] {
        check(&db, &pipeline, code, false).await;
    }
    // No disk could take what window functions hold.
    let db = filled().await;
    let pushed = [doc! { "$limit": 100 }, doc! { "$unset": ["a", "g"] }, window(pushed)];
    let mut command = doc! { "aggregate": "c", "pipeline": pushed.to_vec(), "cursor": {} };
    assert!(run(&db, command.clone()).await.is_ok());
    command.insert("pipeline", pushed[1..].to_vec());
    command.insert("allowDiskUse", true);
    assert_eq!(run(&db, command).await.unwrap_err().code().unwrap(), 5_414_201);
}

#[tokio::test]
async fn sorts_of_find_are_limited() {
    let db = filled().await;
    let find = |disk: Option<bool>, limit: i32| {
        let mut find = doc! { "find": "c", "sort": { "a": -1 }, "limit": limit };
        find.extend(disk.map(|disk| ("allowDiskUse".to_owned(), Bson::Boolean(disk))));
        find
    };
    assert!(run(&db, find(None, 0)).await.is_ok());
    assert!(run(&db, find(Some(true), 0)).await.is_ok());
    assert!(run(&db, find(Some(false), 5)).await.is_ok());
    let refused = run(&db, find(Some(false), 0)).await.unwrap_err();
    assert_eq!(refused.code().unwrap(), 292);
}
