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
    the_last_batch_may_be_empty,
    any_namespace_kills_a_cursor,
    renaming_the_collection_kills_the_cursor,
    dropping_its_index_kills_the_cursor,
    a_batch_fits_into_a_reply,
    only_cursors_that_wait_take_a_time,
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

/// Whether a full batch is the last one shows only if the query has a limit, unless that is the limit of a sort, or
/// finds one document by its `_id`.
async fn the_last_batch_may_be_empty(db: Database) -> Outcome {
    numbered(&db, 10).await?;
    let shell = Shell::new(&db).await?;
    for (options, docs, stays_open) in [
        (doc! { "batchSize": 0 }, 0, true),
        (doc! { "batchSize": 3 }, 3, true),
        (doc! { "batchSize": 10 }, 10, true),
        (doc! { "batchSize": 11 }, 10, false),
        (doc! { "batchSize": 3, "singleBatch": true }, 3, false),
        (doc! { "batchSize": 0, "singleBatch": true }, 0, false),
        (doc! { "limit": 3 }, 3, false),
        (doc! { "limit": 3, "batchSize": 2 }, 2, true),
        (doc! { "limit": 3, "batchSize": 3 }, 3, false),
        (doc! { "limit": 3, "batchSize": 4 }, 3, false),
        (doc! { "limit": 2, "batchSize": 0 }, 0, true),
        (doc! { "limit": 10 }, 10, false),
        (doc! { "skip": 10 }, 0, false),
        (doc! { "skip": 10, "batchSize": 0 }, 0, true),
        (doc! { "filter": { "_id": 3 }, "batchSize": 1 }, 1, false),
        (doc! { "filter": { "_id": 3 }, "batchSize": 0 }, 0, true),
        (doc! { "filter": { "_id": 99 }, "batchSize": 0 }, 0, true),
        (doc! { "sort": { "b": 1 }, "batchSize": 10 }, 10, true),
        (doc! { "sort": { "b": 1 }, "batchSize": 5, "limit": 5 }, 5, true),
        (doc! { "sort": { "b": 1 }, "batchSize": 5, "limit": 5, "skip": 1 }, 5, true),
        (doc! { "sort": { "b": 1 }, "batchSize": 5, "limit": 5, "returnKey": true }, 5, true),
        (doc! { "sort": { "b": 1 }, "batchSize": 6, "limit": 5 }, 5, false),
        (doc! { "sort": { "_id": 1 }, "batchSize": 5, "limit": 5 }, 5, false),
        (doc! { "hint": { "$natural": -1 }, "batchSize": 10 }, 10, true),
    ] {
        let mut command = doc! { "find": "c" };
        command.extend(options.clone());
        let reply = shell.run(command).await?;
        let cursor = reply.get_document("cursor").cloned().unwrap_or_default();
        let id = cursor.get_i64("id").unwrap_or(0);
        let found = cursor.get_array("firstBatch").map_or(0, Vec::len);
        expect_eq(&crate::show(&options), &(found, id != 0), &(docs, stays_open))?;
        if id != 0 {
            let kill = doc! { "killCursors": "c", "cursors": [id] };
            shell.check(&[(kill, Has(doc! { "cursorsKilled": [id] }))]).await?;
        }
    }
    let ns = format!("{}.c", db.name());
    let id = open(&shell, 2).await?;
    let full = shell.run(doc! { "getMore": id, "collection": "c", "batchSize": 8 }).await?;
    expect_eq(
        "still open",
        &full.get_document("cursor").and_then(|c| c.get_i64("id")).ok(),
        &Some(id),
    )?;
    let end = doc! { "cursor": { "nextBatch": [], "id": 0_i64, "ns": ns }, "ok": 1.0 };
    shell.check(&[(doc! { "getMore": id, "collection": "c" }, Is(end))]).await
}

async fn any_namespace_kills_a_cursor(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    let no: [i64; 0] = [];
    shell
        .check(&[
            (
                doc! { "killCursors": "other", "cursors": [id, id, 0_i64, -3_i64, null] },
                Is(doc! {
                    "cursorsKilled": [id], "cursorsNotFound": [id, 0_i64, -3_i64],
                    "cursorsAlive": no, "cursorsUnknown": no, "ok": 1.0,
                }),
            ),
            (doc! { "getMore": id, "collection": "c" }, Refused(43)),
            (
                doc! { "killCursors": "c", "cursors": no },
                Has(doc! { "cursorsKilled": no, "cursorsNotFound": no }),
            ),
        ])
        .await
}

async fn renaming_the_collection_kills_the_cursor(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    db.collection("c").rename("d").await?;
    shell
        .check(&[
            (doc! { "getMore": id, "collection": "d" }, Refused(13)),
            (doc! { "getMore": id, "collection": "c" }, Refused(175)),
            (doc! { "getMore": id, "collection": "c" }, Refused(43)),
        ])
        .await
}

async fn dropping_its_index_kills_the_cursor(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let index = |path: &str| doc! { "key": { path: 1 }, "name": path };
    let create = doc! { "createIndexes": "c", "indexes": [index("x"), index("y")] };
    shell.check(&[(create, Has(doc! {}))]).await?;
    let find = |hint: Document| doc! { "find": "c", "batchSize": 2, "hint": hint };
    let by_x = opened(&shell.run(find(doc! { "x": 1 })).await?)?.0;
    let by_y = opened(&shell.run(find(doc! { "y": 1 })).await?)?.0;
    let by_id = opened(&shell.run(find(doc! { "_id": 1 })).await?)?.0;
    let more = |id: i64| doc! { "getMore": id, "collection": "c", "batchSize": 1 };
    shell
        .check(&[
            (doc! { "dropIndexes": "c", "index": "x" }, Has(doc! {})),
            (more(by_x), Refused(175)),
            (more(by_x), Refused(43)),
            (more(by_y), Has(doc! { "ok": 1.0 })),
            (more(by_id), Has(doc! { "ok": 1.0 })),
            (doc! { "createIndexes": "c", "indexes": [index("z")] }, Has(doc! {})),
            (more(by_y), Has(doc! { "ok": 1.0 })),
            (doc! { "killCursors": "c", "cursors": [by_y, by_id] }, Has(doc! { "ok": 1.0 })),
        ])
        .await
}

/// Sixteen mebibytes, to the byte; but always at least one document.
async fn a_batch_fits_into_a_reply(db: Database) -> Outcome {
    const MIB: usize = 1024 * 1024;
    let shell = Shell::new(&db).await?;
    for (size, count, expected) in [
        (MIB, 20, 15),
        (6 * MIB, 3, 2),
        // With 22 bytes for `_id` and names.
        (8 * MIB - 50, 3, 2),
        (8 * MIB - 49, 3, 1),
        (16 * MIB - 100, 2, 1),
    ] {
        let name = format!("c{size}");
        for n in 0..count {
            let insert =
                doc! { "insert": &name, "documents": [{ "_id": n, "p": "x".repeat(size) }] };
            shell.check(&[(insert, Has(doc! { "n": 1 }))]).await?;
        }
        let reply = shell.run(doc! { "find": &name }).await?;
        let (id, first) = opened(&reply)?;
        let reply = shell.run(doc! { "getMore": id, "collection": &name }).await?;
        let next = reply.get_document("cursor").and_then(|cursor| cursor.get_array("nextBatch"));
        let rest = usize::try_from(count).unwrap_or(0) - first;
        let batches = (first, next.map_or(0, Vec::len));
        expect_eq(&format!("documents of {size}"), &batches, &(expected, expected.min(rest)))?;
        shell.check(&[(doc! { "drop": &name }, Has(doc! {}))]).await?;
    }
    Ok(())
}

async fn only_cursors_that_wait_take_a_time(db: Database) -> Outcome {
    numbered(&db, 5).await?;
    let shell = Shell::new(&db).await?;
    let id = open(&shell, 2).await?;
    shell
        .check(&[
            (doc! { "getMore": id, "collection": "c", "maxTimeMS": 100 }, Refused(2)),
            (doc! { "getMore": id, "collection": "c", "batchSize": 0 }, Has(doc! { "ok": 1.0 })),
            (doc! { "getMore": id, "collection": "c", "maxTimeMS": 100 }, Refused(43)),
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
            (doc! { "getMore": 1, "collection": "c" }, Refused(14)),
            (doc! { "getMore": null, "collection": "c" }, Refused(40414)),
            (doc! { "getMore": 0_i64, "collection": "c" }, Refused(43)),
            (doc! { "getMore": id, "collection": null }, Refused(40414)),
            (doc! { "getMore": id, "collection": "" }, Refused(73)),
            (doc! { "getMore": id, "collection": "$x" }, Refused(13)),
            (doc! { "getMore": id, "collection": "c", "batchSize": "1" }, Refused(14)),
            (doc! { "getMore": id, "collection": "c", "unknown": 1 }, Refused(40415)),
            (doc! { "killCursors": "c", "cursors": [1] }, Refused(14)),
            (doc! { "killCursors": "c", "cursors": null }, Refused(10065)),
            (doc! { "killCursors": "", "cursors": [1_i64] }, Refused(73)),
            (doc! { "killCursors": 5, "cursors": [1_i64] }, Refused(2)),
            (doc! { "killCursors": "c", "cursors": [1_i64], "unknown": 1 }, Refused(40415)),
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
