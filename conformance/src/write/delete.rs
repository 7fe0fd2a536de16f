//! `delete`.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Is, Refused, all_ids, check_commands, collection, expect_eq, filled};

cases! { "write::delete":
    one_deletes_the_first_match,
    many_delete_all_matches,
    nothing_matches_nothing_goes,
    replies_have_the_servers_shape,
    malformed_requests_are_refused,
}

async fn one_deletes_the_first_match(db: Database) -> Outcome {
    let collection = filled(&db, &[1, 2, 3].map(|id| doc! { "_id": id, "a": 1 })).await?;
    expect_eq("deleted", &collection.delete_one(doc! { "a": 1 }).await?.deleted, &1)?;
    expect_eq("left", &all_ids(&db).await?, &vec![2.into(), 3.into()])?;
    expect_eq("deleted", &collection.delete_one(doc! { "_id": 3 }).await?.deleted, &1)?;
    expect_eq("left", &all_ids(&db).await?, &vec![2.into()])
}

async fn many_delete_all_matches(db: Database) -> Outcome {
    let collection = filled(&db, &[1, 2, 3, 4].map(|id| doc! { "_id": id, "a": id % 2 })).await?;
    expect_eq("deleted", &collection.delete_many(doc! { "a": 0 }).await?.deleted, &2)?;
    expect_eq("left", &all_ids(&db).await?, &vec![1.into(), 3.into()])?;
    expect_eq("deleted", &collection.delete_many(doc! {}).await?.deleted, &2)?;
    expect_eq("left", &all_ids(&db).await?, &vec![])
}

async fn nothing_matches_nothing_goes(db: Database) -> Outcome {
    expect_eq("no collection", &collection(&db).delete_many(doc! {}).await?.deleted, &0)?;
    expect_eq("and none was made", &db.list_collection_names().await?, &vec![])?;
    let collection = filled(&db, &[doc! { "_id": 1 }]).await?;
    expect_eq("no match", &collection.delete_one(doc! { "_id": 2 }).await?.deleted, &0)
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    filled(&db, &[1, 2, 3, 4].map(|id| doc! { "_id": id })).await?;
    check_commands(
        &db,
        &[
            (
                doc! { "delete": "c", "deletes": [{ "q": { "_id": 1 }, "limit": 1 }, { "q": { "_id": 9 }, "limit": 0 }] },
                Is(doc! { "n": 1, "ok": 1.0 }),
            ),
            (
                doc! { "delete": "c", "deletes": [
                    { "q": { "_id": 2 }, "limit": 1 }, { "q": { "$unknown": 1 }, "limit": 1 },
                    { "q": { "_id": 3 }, "limit": 1 },
                ] },
                Is(doc! { "n": 1, "writeErrors": [{ "index": 1, "code": 2 }], "ok": 1.0 }),
            ),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, Is(doc! { "n": 2, "ok": 1.0 })),
            (doc! { "count": "c" }, Has(doc! { "n": 0 })),
        ],
    )
    .await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    let statement = |statement: bson::Document| doc! { "delete": "c", "deletes": [statement] };
    check_commands(
        &db,
        &[
            (statement(doc! { "q": {}, "limit": 2 }), Refused(9)),
            (statement(doc! { "q": {}, "limit": -1 }), Refused(9)),
            (statement(doc! { "q": {} }), Refused(40414)),
            (statement(doc! { "limit": 1 }), Refused(40414)),
            (statement(doc! { "q": 1, "limit": 1 }), Refused(14)),
            (statement(doc! { "q": {}, "limit": 1, "unknown": 1 }), Refused(40415)),
            (doc! { "delete": "c" }, Refused(40414)),
            (doc! { "delete": "c", "deletes": [] }, Refused(16)),
            (doc! { "delete": "", "deletes": [{ "q": {}, "limit": 0 }] }, Refused(73)),
        ],
    )
    .await
}
