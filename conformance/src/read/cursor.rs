//! Cursors: batches, `getMore`, `killCursors`.

use bson::{Document, doc};
use odm_core::{Database, Find};

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, Is, Refused, Shell, expect_eq, filled, trees};

cases! { "read::cursor":
    batches_hold_as_many_as_asked,
    the_first_batch_holds_101_by_default,
    get_more_continues,
    a_batch_size_of_zero_opens_a_cursor,
    killed_cursors_are_gone,
    cursors_belong_to_a_collection,
    a_cursor_is_not_disturbed_by_writes_behind_it,
    dropping_the_collection_kills_the_cursor,
    malformed_requests_are_refused,
}

async fn numbered(db: &Database, count: i32) -> Result<odm_core::Collection, Failure> {
    filled(db, &(0..count).map(|id| doc! { "_id": id }).collect::<Vec<_>>()).await
}

async fn batches_hold_as_many_as_asked(db: Database) -> Outcome {
    let collection = numbered(&db, 7).await?;
    let find = Find { batch_size: Some(3), ..Find::default() };
    let mut cursor = collection.execute(find).await?;
    let mut sizes = Vec::new();
    while let Some(batch) = cursor.next_batch().await? {
        sizes.push(batch.len());
    }
    expect_eq("batch sizes", &sizes, &vec![3, 3, 1])?;
    let find = Find { batch_size: Some(3), limit: 5, ..Find::default() };
    let found = trees(&collection.execute(find).await?.collect().await?)?;
    expect_eq("a limit over batches", &found.len(), &5)
}

async fn the_first_batch_holds_101_by_default(db: Database) -> Outcome {
    numbered(&db, 250).await?;
    let shell = Shell::new(&db).await?;
    let reply = shell.run(doc! { "find": "c" }).await?;
    let (id, batch) = opened(&reply)?;
    expect_eq("the first batch", &batch, &101)?;
    let reply = shell.run(doc! { "getMore": id, "collection": "c" }).await?;
    let cursor = reply.get_document("cursor").map_err(|error| Failure::new(error.to_string()))?;
    let rest = cursor.get_array("nextBatch").map_or(0, Vec::len);
    expect_eq("the rest, and the cursor's end", &(rest, cursor.get_i64("id").ok()), &(149, Some(0)))
}

/// The id of the cursor in a reply, and how many documents its first batch has.
fn opened(reply: &Document) -> Result<(i64, usize), Failure> {
    let cursor = reply.get_document("cursor");
    let cursor =
        cursor.map_err(|error| Failure::new(format!("{error} in {}", crate::show(reply))))?;
    let id = cursor.get_i64("id").unwrap_or(0);
    if id == 0 {
        return Err(Failure::new(format!("the cursor is closed: {}", crate::show(reply))));
    }
    Ok((id, cursor.get_array("firstBatch").map_or(0, Vec::len)))
}

async fn open(shell: &Shell, batch_size: i32) -> Result<i64, Failure> {
    let reply = shell.run(doc! { "find": "c", "batchSize": batch_size }).await?;
    Ok(opened(&reply)?.0)
}

async fn get_more_continues(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    let ns = format!("{}.c", db.name());
    let ids = |ids: &[i32]| ids.iter().map(|id| doc! { "_id": id }).collect::<Vec<_>>();
    shell.check(&[
            (
                doc! { "getMore": id, "collection": "c", "batchSize": 1 },
                Is(doc! { "cursor": { "nextBatch": ids(&[2]), "id": id, "ns": &ns }, "ok": 1.0 }),
            ),
            (
                doc! { "getMore": id, "collection": "c" },
                Is(doc! { "cursor": { "nextBatch": ids(&[3, 4]), "id": 0_i64, "ns": &ns }, "ok": 1.0 }),
            ),
            (doc! { "getMore": id, "collection": "c" }, Refused(43)),
        ],
    )
    .await
}

async fn a_batch_size_of_zero_opens_a_cursor(db: Database) -> Outcome {
    numbered(&db, 2).await?;
    let shell = Shell::new(&db).await?;
    let reply = shell.run(doc! { "find": "c", "batchSize": 0 }).await?;
    let (id, batch) = opened(&reply)?;
    expect_eq("the first batch", &batch, &0)?;
    let ns = format!("{}.c", db.name());
    shell
        .check(&[(
            doc! { "getMore": id, "collection": "c" },
            Is(doc! {
                "cursor": { "nextBatch": [{ "_id": 0 }, { "_id": 1 }], "id": 0_i64, "ns": ns },
                "ok": 1.0,
            }),
        )])
        .await
}

async fn killed_cursors_are_gone(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    shell
        .check(&[
            (
                doc! { "killCursors": "c", "cursors": [id, 123_456_789_i64] },
                Is(doc! {
                    "cursorsKilled": [id], "cursorsNotFound": [123_456_789_i64], "cursorsAlive": [],
                    "cursorsUnknown": [], "ok": 1.0,
                }),
            ),
            (doc! { "getMore": id, "collection": "c" }, Refused(43)),
            (
                doc! { "killCursors": "c", "cursors": [id] },
                Has(doc! { "cursorsKilled": [], "cursorsNotFound": [id] }),
            ),
        ])
        .await
}

async fn cursors_belong_to_a_collection(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    shell
        .check(&[
            (doc! { "getMore": id, "collection": "other" }, Refused(13)),
            (doc! { "getMore": 77_i64, "collection": "c" }, Refused(43)),
            (doc! { "getMore": id, "collection": "c", "batchSize": 1 }, Has(doc! { "ok": 1.0 })),
            (doc! { "killCursors": "c", "cursors": [id] }, Has(doc! { "cursorsKilled": [id] })),
        ])
        .await
}

/// A document that was there throughout is found once, whatever happens to others.
async fn a_cursor_is_not_disturbed_by_writes_behind_it(db: Database) -> Outcome {
    let collection = numbered(&db, 6).await?;
    let find = Find { batch_size: Some(2), ..Find::default() };
    let mut cursor = collection.execute(find).await?;
    let first = cursor.next_batch().await?.map_or(0, |batch| batch.len());
    expect_eq("the first batch", &first, &2)?;
    collection.delete_one(doc! { "_id": 0 }).await?;
    collection.update_one(doc! { "_id": 1 }, doc! { "$set": { "a": "x".repeat(10_000) } }).await?;
    let rest: Vec<_> = trees(&cursor.collect().await?)?
        .iter()
        .filter_map(|doc| doc.get_i32("_id").ok())
        .filter(|id| *id < 6)
        .collect();
    expect_eq("the rest", &rest, &vec![2, 3, 4, 5])
}

async fn dropping_the_collection_kills_the_cursor(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    shell
        .check(&[
            (doc! { "drop": "c" }, Has(doc! { "ok": 1.0 })),
            (doc! { "getMore": id, "collection": "c" }, Refused(175)),
        ])
        .await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 1).await?;
    shell
        .check(&[
            (doc! { "getMore": "1", "collection": "c" }, Refused(14)),
            (doc! { "getMore": id }, Refused(40414)),
            (doc! { "getMore": id, "collection": "c", "batchSize": -1 }, Refused(51024)),
            (doc! { "getMore": id, "collection": 1 }, Refused(14)),
            (doc! { "killCursors": "c" }, Refused(40414)),
            (doc! { "killCursors": "c", "cursors": 1_i64 }, Refused(14)),
            (doc! { "killCursors": "c", "cursors": ["1"] }, Refused(14)),
            (doc! { "killCursors": "c", "cursors": [id] }, Has(doc! { "cursorsKilled": [id] })),
        ])
        .await
}
