//! Limits: the size and the depth of documents.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{collection, expect_code, expect_eq};

cases! { "write::limit":
    documents_hold_up_to_16_mib,
    an_update_cannot_outgrow_the_limit,
    nesting_has_a_limit,
}

const MIB: usize = 1 << 20;

async fn documents_hold_up_to_16_mib(db: Database) -> Outcome {
    let collection = collection(&db);
    // int32 size, _id: 1, a: string, terminator: 4 + 9 + (1 + 2 + 4 + n + 1) + 1.
    let filling = 16 * MIB - 22;
    collection.insert_one(&doc! { "_id": 1, "a": "x".repeat(filling) }).await?;
    let result = collection.insert_one(&doc! { "_id": 2, "a": "x".repeat(filling + 1) }).await;
    expect_code("one byte more", result, 2)?;
    expect_eq("what is there", &collection.count(doc! {}).await?, &1)
}

async fn an_update_cannot_outgrow_the_limit(db: Database) -> Outcome {
    let collection = collection(&db);
    collection.insert_one(&doc! { "_id": 1, "a": "x".repeat(9 * MIB) }).await?;
    for (more, code) in [(9 * MIB, 10334), (7 * MIB, 17419)] {
        let update = doc! { "$set": { "b": "x".repeat(more) } };
        let result = collection.update_one(doc! { "_id": 1 }, update).await;
        expect_code(&format!("growth by {more}"), result, code)?;
    }
    expect_eq("it stays", &collection.count(doc! { "b": { "$exists": true } }).await?, &0)
}

/// A document with `levels` documents in one another, itself included.
fn nested(levels: usize) -> bson::Document {
    let inner = (2..levels).fold(bson::bson!({}), |inner, _| bson::bson!({ "a": inner }));
    doc! { "_id": levels as i32, "a": inner }
}

async fn nesting_has_a_limit(db: Database) -> Outcome {
    let collection = collection(&db);
    collection.insert_one(&nested(150)).await?;
    expect_code("250 levels", collection.insert_one(&nested(250)).await, 15)?;
    collection.insert_one(&doc! { "_id": "flat", "a": Bson::Null }).await?;
    let path = vec!["a"; 250].join(".");
    let result = collection.update_one(doc! { "_id": 150 }, doc! { "$set": { path: 1 } }).await;
    expect_code("250 levels by a path", result, 15)?;
    Ok(())
}
