//! `update` as a command: statements, counts, failures.

use bson::doc;
use odm_core::{Database, UpdateBatch, UpdateOutcome, UpdateStatement};

use crate::case::{Outcome, cases};
use crate::check::{
    Has, Is, check_commands, collection, expect_code, expect_docs, expect_eq, filled, trees,
};

cases! { "write::update":
    one_changes_the_first_match,
    many_change_all_matches,
    statements_see_what_earlier_ones_did,
    an_ordered_batch_stops_at_the_first_failure,
    an_unordered_batch_tries_all,
    a_failing_document_stops_a_multi_update,
    nothing_matches_nothing_changes,
    replies_have_the_servers_shape,
}

async fn one_changes_the_first_match(db: Database) -> Outcome {
    let collection = filled(&db, &[1, 2, 3].map(|id| doc! { "_id": id, "a": 1 })).await?;
    let outcome = collection.update_one(doc! { "a": 1 }, doc! { "$set": { "a": 2 } }).await?;
    expect_eq(
        "the outcome",
        &outcome,
        &UpdateOutcome { matched: 1, modified: 1, upserted: vec![] },
    )?;
    let found = trees(&collection.find(doc! { "a": 2 }).await?.collect().await?)?;
    expect_docs("what changed", &found, &[doc! { "_id": 1, "a": 2 }])
}

async fn many_change_all_matches(db: Database) -> Outcome {
    let docs = [1, 2, 3, 4].map(|id| doc! { "_id": id, "a": id % 2 });
    let collection = filled(&db, &docs).await?;
    let outcome =
        collection.update_many(doc! { "_id": { "$lt": 4 } }, doc! { "$set": { "a": 1 } }).await?;
    expect_eq(
        "the outcome",
        &outcome,
        &UpdateOutcome { matched: 3, modified: 1, upserted: vec![] },
    )?;
    let outcome = collection.update_many(doc! {}, doc! { "$inc": { "a": 1 } }).await?;
    expect_eq(
        "the outcome",
        &outcome,
        &UpdateOutcome { matched: 4, modified: 4, upserted: vec![] },
    )?;
    let found = trees(&collection.find(doc! {}).await?.collect().await?)?;
    let expected = [(1, 2), (2, 2), (3, 2), (4, 1)].map(|(id, a)| doc! { "_id": id, "a": a });
    expect_docs("all documents", &found, &expected)
}

async fn statements_see_what_earlier_ones_did(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let statement =
        |from: i32, to: i32| UpdateStatement::one(doc! { "a": from }, doc! { "$set": { "a": to } });
    let batch = UpdateBatch::new(vec![statement(1, 2), statement(2, 3), statement(1, 9)]);
    let outcome = collection.execute(batch).await?;
    expect_eq(
        "the outcome",
        &outcome,
        &UpdateOutcome { matched: 2, modified: 2, upserted: vec![] },
    )?;
    let found = collection.find_one(doc! {}).await?;
    expect_docs("the document", &Vec::from_iter(found), &[doc! { "_id": 1, "a": 3 }])
}

/// Statements of which the second fails.
fn failing(ordered: bool) -> UpdateBatch {
    let statement = |id: i32| UpdateStatement::one(doc! { "_id": id }, doc! { "$inc": { "a": 1 } });
    UpdateBatch { ordered, ..UpdateBatch::new(vec![statement(1), statement(2), statement(3)]) }
}

async fn an_ordered_batch_stops_at_the_first_failure(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 1 }];
    let collection = filled(&db, &docs).await?;
    let error = expect_code("ordered", collection.execute(failing(true)).await, 14)?;
    let indexes: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
    expect_eq("the failed statement", &indexes, &vec![1])?;
    let done = error.done().map(|done| (done.matched, done.modified));
    expect_eq("what was done", &done, &Some((1, 1)))?;
    let expected =
        [doc! { "_id": 1, "a": 2 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 1 }];
    expect_docs("all", &trees(&collection.find(doc! {}).await?.collect().await?)?, &expected)
}

async fn an_unordered_batch_tries_all(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 1 }];
    let collection = filled(&db, &docs).await?;
    let error = expect_code("unordered", collection.execute(failing(false)).await, 14)?;
    let done = error.done().map(|done| (done.matched, done.modified));
    expect_eq("what was done", &done, &Some((2, 2)))?;
    let expected =
        [doc! { "_id": 1, "a": 2 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 2 }];
    expect_docs("all", &trees(&collection.find(doc! {}).await?.collect().await?)?, &expected)
}

async fn a_failing_document_stops_a_multi_update(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 1 }];
    let collection = filled(&db, &docs).await?;
    let result = collection.update_many(doc! {}, doc! { "$inc": { "a": 1 } }).await;
    expect_code("a multi update", result, 14)?;
    let expected =
        [doc! { "_id": 1, "a": 2 }, doc! { "_id": 2, "a": "x" }, doc! { "_id": 3, "a": 1 }];
    expect_docs("all", &trees(&collection.find(doc! {}).await?.collect().await?)?, &expected)
}

async fn nothing_matches_nothing_changes(db: Database) -> Outcome {
    let nothing = UpdateOutcome { matched: 0, modified: 0, upserted: vec![] };
    let outcome = collection(&db).update_many(doc! {}, doc! { "$set": { "a": 1 } }).await?;
    expect_eq("no collection", &outcome, &nothing)?;
    expect_eq("and none was made", &db.list_collection_names().await?, &vec![])?;
    let collection = filled(&db, &[doc! { "_id": 1 }]).await?;
    let outcome = collection.update_one(doc! { "_id": 2 }, doc! { "a": 1 }).await?;
    expect_eq("no match", &outcome, &nothing)
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": "x" }]).await?;
    let inc = |id: i32| doc! { "q": { "_id": id }, "u": { "$inc": { "a": 1 } } };
    check_commands(
        &db,
        &[
            (
                doc! { "update": "c", "updates": [inc(1), inc(3)] },
                Is(doc! { "n": 1, "nModified": 1, "ok": 1.0 }),
            ),
            (
                doc! { "update": "c", "updates": [inc(1), inc(2), inc(1)] },
                Is(doc! { "n": 1, "nModified": 1, "writeErrors": [{ "index": 1, "code": 14 }], "ok": 1.0 }),
            ),
            (
                doc! { "update": "c", "updates": [inc(2), inc(1)], "ordered": false },
                Is(doc! { "n": 1, "nModified": 1, "writeErrors": [{ "index": 0, "code": 14 }], "ok": 1.0 }),
            ),
            (doc! { "find": "c", "filter": { "a": 4 } }, Has(doc! { "ok": 1.0 })),
        ],
    )
    .await
}
