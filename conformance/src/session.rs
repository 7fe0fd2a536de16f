//! Transactions and change streams.

use std::time::Duration;

use bson::{Document, doc};
use odm_core::{Collection, Database, Watch};

use crate::case::{Case, Failure, Outcome, cases};
use crate::check::{expect_code, expect_eq, filled, show};

pub(crate) const FAMILIES: &[&[Case]] = &[CASES];

cases! { "session":
    a_transaction_sees_its_own_writes_and_others_do_not needs(transactions),
    an_aborted_transaction_leaves_nothing needs(transactions),
    a_transaction_reads_one_snapshot needs(transactions),
    a_conflicting_write_is_refused_and_may_be_tried_again needs(transactions),
    an_error_aborts_the_transaction needs(transactions),
    a_change_stream_tells_each_write needs(change_streams),
    a_change_stream_goes_on_after_a_token needs(change_streams),
}

async fn a_transaction_sees_its_own_writes_and_others_do_not(db: Database) -> Outcome {
    let outside = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let tx = db.begin().await?;
    let inside = Collection::on(&tx, "c");
    inside.insert_one(&doc! { "_id": 2 }).await?;
    inside.update_one(doc! { "_id": 1 }, doc! { "$set": { "a": 2 } }).await?;
    let count = |collection: &Collection| {
        let collection = collection.clone();
        async move { collection.find(doc! { "a": 2 }).await?.collect().await }
    };
    expect_eq("inside", &count(&inside).await?.len(), &1)?;
    expect_eq("outside", &count(&outside).await?.len(), &0)?;
    tx.commit().await?;
    expect_eq("afterwards", &count(&outside).await?.len(), &1)?;
    expect_eq("all", &outside.count(doc! {}).await?, &2)
}

async fn an_aborted_transaction_leaves_nothing(db: Database) -> Outcome {
    let outside = filled(&db, &[doc! { "_id": 1 }]).await?;
    let tx = db.begin().await?;
    Collection::on(&tx, "c").delete_many(doc! {}).await?;
    tx.abort().await?;
    expect_eq("by abort", &outside.count(doc! {}).await?, &1)?;
    let failed: odm_core::Result<()> = db
        .transaction(|tx| async move {
            Collection::on(&tx, "c").delete_many(doc! {}).await?;
            Collection::on(&tx, "c").update_one(doc! {}, doc! { "$unknown": { "a": 1 } }).await?;
            Ok(())
        })
        .await;
    expect_code("the body's error", failed, 9)?;
    expect_eq("by an error", &outside.count(doc! {}).await?, &1)
}

async fn a_transaction_reads_one_snapshot(db: Database) -> Outcome {
    let outside = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let tx = db.begin().await?;
    let inside = Collection::on(&tx, "c");
    let read = async || -> Result<Option<i32>, Failure> {
        Ok(inside.find_one(doc! {}).await?.and_then(|doc| doc.get_i32("a").ok()))
    };
    expect_eq("first", &read().await?, &Some(1))?;
    outside.update_one(doc! {}, doc! { "$set": { "a": 2 } }).await?;
    expect_eq("still", &read().await?, &Some(1))?;
    tx.commit().await?;
    expect_eq("outside", &outside.count(doc! { "a": 2 }).await?, &1)
}

async fn a_conflicting_write_is_refused_and_may_be_tried_again(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let (first, second) = (db.begin().await?, db.begin().await?);
    let inc = doc! { "$inc": { "a": 1 } };
    Collection::on(&first, "c").update_one(doc! {}, inc.clone()).await?;
    let result = Collection::on(&second, "c").update_one(doc! {}, inc).await;
    let error = expect_code("the second writer", result, 112)?;
    expect_eq("label", &error.has_label(odm_core::TRANSIENT_TRANSACTION_ERROR), &true)?;
    first.commit().await?;
    let found = db.collection("c").find_one(doc! {}).await?;
    expect_eq("the first writer's", &found, &Some(doc! { "_id": 1, "a": 2 }))
}

async fn an_error_aborts_the_transaction(db: Database) -> Outcome {
    let outside = filled(&db, &[doc! { "_id": 1 }]).await?;
    let tx = db.begin().await?;
    let inside = Collection::on(&tx, "c");
    inside.insert_one(&doc! { "_id": 2 }).await?;
    expect_code("a duplicate", inside.insert_one(&doc! { "_id": 1 }).await, 11000)?;
    expect_code("the next", inside.insert_one(&doc! { "_id": 3 }).await, 251)?;
    expect_eq("nothing is left", &outside.count(doc! {}).await?, &1)
}

/// The next event, without what differs from run to run.
async fn next(stream: &mut odm_core::ChangeStream) -> Result<Document, Failure> {
    let event = tokio::time::timeout(Duration::from_secs(30), stream.next());
    let event = event.await.map_err(|_| Failure::new("no event within 30 seconds"))??;
    let event = event.ok_or_else(|| Failure::new("the stream has ended"))?.to_document()?;
    let kept = ["operationType", "fullDocument", "documentKey", "updateDescription"];
    Ok(event.into_iter().filter(|(name, _)| kept.contains(&name.as_str())).collect())
}

async fn a_change_stream_tells_each_write(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let mut stream = collection.execute(Watch::default()).await?;
    collection.insert_one(&doc! { "_id": 2 }).await?;
    collection
        .update_one(doc! { "_id": 1 }, doc! { "$set": { "b": [1] }, "$unset": { "a": 1 } })
        .await?;
    collection.update_one(doc! { "_id": 1 }, doc! { "c": 1 }).await?;
    collection.delete_one(doc! { "_id": 2 }).await?;
    for expected in [
        doc! { "operationType": "insert", "fullDocument": { "_id": 2 }, "documentKey": { "_id": 2 } },
        doc! {
            "operationType": "update", "documentKey": { "_id": 1 },
            "updateDescription": {
                "updatedFields": { "b": [1] }, "removedFields": ["a"], "truncatedArrays": [],
            },
        },
        doc! { "operationType": "replace", "fullDocument": { "_id": 1, "c": 1 }, "documentKey": { "_id": 1 } },
        doc! { "operationType": "delete", "documentKey": { "_id": 2 } },
    ] {
        let event = next(&mut stream).await?;
        expect_eq(&show(&expected), &event, &expected)?;
    }
    Ok(())
}

async fn a_change_stream_goes_on_after_a_token(db: Database) -> Outcome {
    let collection = filled(&db, &[]).await?;
    let mut stream = collection.execute(Watch::default()).await?;
    collection.insert_one(&doc! { "_id": 1 }).await?;
    next(&mut stream).await?;
    let token = stream.resume_token();
    drop(stream);
    collection.insert_one(&doc! { "_id": 2 }).await?;
    let mut stream = collection.execute(Watch { resume_after: token, ..Watch::default() }).await?;
    let event = next(&mut stream).await?;
    expect_eq("the next event", &event.get_document("documentKey").ok(), &Some(&doc! { "_id": 2 }))
}
