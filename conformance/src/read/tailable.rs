//! Cursors over capped collections: they stay open at the end, wait, and lose their place.

use std::time::{Duration, Instant};

use bson::{Bson, Document, doc};
use futures_util::future::join;
use odm_core::{CreateCollection, Database, Find, RenameCollection};

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, Refused, Shell, check_commands, expect_code, expect_eq};

cases! { "read::tailable":
    they_stay_open_at_the_end needs(capped_collections),
    over_nothing_they_end needs(capped_collections),
    limits_and_skips_count_on needs(capped_collections),
    they_read_in_natural_order_whatever_the_hint needs(capped_collections),
    what_does_not_match_is_passed_over needs(capped_collections),
    only_those_that_wait_take_a_time needs(capped_collections),
    waiting_ends_with_the_time needs(capped_collections),
    waiting_ends_with_the_next_document needs(capped_collections),
    an_evicted_place_is_lost needs(capped_collections),
    a_deleted_place_is_lost needs(capped_collections),
    a_place_that_is_not_read_is_not_lost needs(capped_collections),
    other_cursors_lose_their_place_too needs(capped_collections),
    other_cursors_see_what_comes_behind needs(capped_collections),
    they_end_with_their_collection needs(capped_collections),
    they_outlive_other_limits needs(capped_collections),
    they_tell_record_ids_and_no_keys needs(capped_collections),
    killed_ones_are_gone needs(capped_collections),
    streams_wait_for_more needs(capped_collections),
    streams_lose_their_place needs(capped_collections),
}

fn documents(ids: impl IntoIterator<Item = i32>) -> Vec<Document> {
    ids.into_iter().map(|id| doc! { "_id": id }).collect()
}

async fn insert(db: &Database, ids: impl IntoIterator<Item = i32>) -> Outcome {
    db.collection("c").insert_many(&documents(ids)).await?;
    Ok(())
}

/// A new collection `c` of at most as many documents, with these.
async fn capped(db: &Database, max: i64, ids: impl IntoIterator<Item = i32>) -> Outcome {
    db.collection("c").drop().await?;
    let (size, max) = (Some(4096), Some(max));
    let limits = CreateCollection { capped: true, size, max, ..CreateCollection::default() };
    db.create_collection("c", limits).await?;
    let ids: Vec<i32> = ids.into_iter().collect();
    if ids.is_empty() { Ok(()) } else { insert(db, ids).await }
}

/// A cursor and whoever asks it.
struct Tail {
    shell: Shell,
    id: i64,
}

impl Tail {
    /// Opens a tailable cursor; its first batch must have these `_id`s.
    async fn open(db: &Database, options: Document, first: &[i32]) -> Result<Self, Failure> {
        let mut command = doc! { "find": "c", "tailable": true };
        command.extend(options);
        Tail::of(db, command, first).await
    }

    async fn of(db: &Database, find: Document, first: &[i32]) -> Result<Self, Failure> {
        let shell = Shell::new(db).await?;
        let reply = shell.run(find.clone()).await?;
        let (found, id) = batch(&reply, "firstBatch");
        expect_eq(&crate::show(&find), &found.as_slice(), &first)?;
        Ok(Tail { shell, id })
    }

    async fn ask(&self, options: Document) -> odm_core::Result<Document> {
        let mut command = doc! { "getMore": self.id, "collection": "c" };
        command.extend(options);
        self.shell.run(command).await
    }

    /// The next batch must have these `_id`s, and the cursor stay open.
    async fn gives(&self, ids: &[i32]) -> Outcome {
        self.gives_with(doc! {}, ids).await
    }

    async fn gives_with(&self, options: Document, ids: &[i32]) -> Outcome {
        let what = format!("getMore {}", crate::show(&options));
        let (found, id) = batch(&self.ask(options).await?, "nextBatch");
        expect_eq(&what, &(found.as_slice(), id), &(ids, self.id))
    }

    async fn fails(&self, what: &str, code: i32) -> Outcome {
        expect_code(what, self.ask(doc! {}).await, code).map(drop)
    }
}

fn batch(reply: &Document, name: &str) -> (Vec<i32>, i64) {
    let Ok(cursor) = reply.get_document("cursor") else { return (Vec::new(), -1) };
    let docs = cursor.get_array(name).into_iter().flatten().filter_map(Bson::as_document);
    let ids = docs.map(|doc| doc.get_i32("_id").unwrap_or(-1)).collect();
    (ids, cursor.get_i64("id").unwrap_or(-1))
}

async fn they_stay_open_at_the_end(db: Database) -> Outcome {
    capped(&db, 99, 0..3).await?;
    let tail = Tail::open(&db, doc! {}, &[0, 1, 2]).await?;
    tail.gives(&[]).await?;
    tail.gives(&[]).await?;
    insert(&db, [3, 4]).await?;
    tail.gives(&[3, 4]).await?;
    tail.gives(&[]).await?;
    insert(&db, [5, 6]).await?;
    for ids in [&[5][..], &[6], &[]] {
        tail.gives_with(doc! { "batchSize": 1 }, ids).await?;
    }
    let none = Tail::open(&db, doc! { "batchSize": 0 }, &[]).await?;
    none.gives(&[0, 1, 2, 3, 4, 5, 6]).await?;
    none.gives(&[]).await
}

async fn over_nothing_they_end(db: Database) -> Outcome {
    capped(&db, 99, []).await?;
    for options in [doc! {}, doc! { "awaitData": true }, doc! { "batchSize": 0 }] {
        let tail = Tail::open(&db, options, &[]).await?;
        expect_eq("the cursor's id", &tail.id, &0)?;
    }
    Ok(())
}

async fn limits_and_skips_count_on(db: Database) -> Outcome {
    capped(&db, 99, 0..7).await?;
    let two = Tail::open(&db, doc! { "limit": 2 }, &[0, 1]).await?;
    two.gives(&[]).await?;
    let nine = Tail::open(&db, doc! { "limit": 9 }, &[0, 1, 2, 3, 4, 5, 6]).await?;
    nine.gives(&[]).await?;
    let later = Tail::open(&db, doc! { "skip": 9, "limit": 2 }, &[]).await?;
    insert(&db, 7..10).await?;
    nine.gives(&[7, 8]).await?;
    nine.gives(&[]).await?;
    later.gives(&[9]).await?;
    insert(&db, 10..13).await?;
    later.gives(&[10]).await?;
    later.gives(&[]).await?;
    two.gives(&[]).await
}

async fn they_read_in_natural_order_whatever_the_hint(db: Database) -> Outcome {
    capped(&db, 99, [2, 0, 1]).await?;
    db.collection("c").create_index(odm_core::Index::asc("a")).await?;
    for options in [
        doc! { "hint": { "_id": 1 } },
        doc! { "hint": { "_id": -1 } },
        doc! { "hint": "no" },
        doc! { "hint": { "$natural": 1 } },
        doc! { "sort": { "$natural": 1 } },
        doc! { "sort": {} },
        doc! { "filter": { "_id": { "$gte": 0 } } },
        doc! { "filter": { "a": null } },
        doc! { "min": { "a": 1 }, "max": { "a": 2 }, "hint": { "a": 1 } },
    ] {
        let tail = Tail::open(&db, options, &[2, 0, 1]).await?;
        tail.gives(&[]).await?;
    }
    let one = Tail::open(&db, doc! { "filter": { "_id": 0 } }, &[0]).await?;
    one.gives(&[]).await?;
    let backward = Tail::open(&db, doc! { "hint": { "$natural": -1 } }, &[1, 0, 2]).await?;
    insert(&db, [3]).await?;
    backward.gives(&[]).await?;
    let find = |options: Document| {
        let mut find = doc! { "find": "c", "tailable": true };
        find.extend(options);
        find
    };
    let stage = doc! { "find": "c", "tailable": true, "filter": { "_id": 1 } };
    check_commands(
        &db,
        &[
            (find(doc! { "sort": { "$natural": -1 } }), Refused(2)),
            (find(doc! { "sort": { "_id": 1 } }), Refused(2)),
            (find(doc! { "singleBatch": true }), Refused(2)),
            (find(doc! { "sort": { "$natural": 1 }, "hint": { "$natural": -1 } }), Refused(2)),
            (find(doc! { "sort": { "$natural": 1 }, "hint": { "_id": 1 } }), Refused(2)),
            (doc! { "find": "c", "awaitData": true }, Refused(9)),
            (doc! { "explain": stage, "verbosity": "queryPlanner" }, Has(doc! { "ok": 1.0 })),
        ],
    )
    .await
}

async fn what_does_not_match_is_passed_over(db: Database) -> Outcome {
    capped(&db, 99, 0..3).await?;
    let tail = Tail::open(&db, doc! { "filter": { "_id": { "$gt": 5 } } }, &[]).await?;
    tail.gives(&[]).await?;
    insert(&db, [4]).await?;
    tail.gives(&[]).await?;
    insert(&db, [7, 3, 6]).await?;
    tail.gives(&[7, 6]).await?;
    let projected = doc! { "filter": { "_id": 7 }, "projection": { "b": 1 } };
    Tail::open(&db, projected, &[7]).await?.gives(&[]).await
}

async fn only_those_that_wait_take_a_time(db: Database) -> Outcome {
    capped(&db, 99, 0..3).await?;
    let tail = Tail::open(&db, doc! { "maxTimeMS": 60_000 }, &[0, 1, 2]).await?;
    expect_code("maxTimeMS", tail.ask(doc! { "maxTimeMS": 50 }).await, 2)?;
    expect_code("maxTimeMS: 0", tail.ask(doc! { "maxTimeMS": 0 }).await, 2)?;
    tail.gives(&[]).await
}

async fn waiting_ends_with_the_time(db: Database) -> Outcome {
    capped(&db, 99, 0..3).await?;
    let tail = Tail::open(&db, doc! { "awaitData": true }, &[0, 1, 2]).await?;
    let begun = Instant::now();
    tail.gives_with(doc! { "maxTimeMS": 0 }, &[]).await?;
    tail.gives_with(doc! { "maxTimeMS": 1 }, &[]).await?;
    tail.gives_with(doc! { "maxTimeMS": 200 }, &[]).await?;
    let waited = begun.elapsed();
    let long_enough = waited >= Duration::from_millis(190);
    expect_eq(&format!("has waited, {waited:?}"), &long_enough, &true)?;
    // A second unless it is told; nor does it wait for what does not match.
    let seventh = doc! { "awaitData": true, "filter": { "_id": 7 } };
    let tail = Tail::open(&db, seventh, &[]).await?;
    let begun = Instant::now();
    let (more, inserted) = join(tail.gives(&[]), later(&db, [3])).await;
    more.and(inserted)?;
    let waited = begun.elapsed();
    let long_enough = waited >= Duration::from_millis(950);
    expect_eq(&format!("has waited, {waited:?}"), &long_enough, &true)
}

async fn later(db: &Database, ids: impl IntoIterator<Item = i32>) -> Outcome {
    tokio::time::sleep(Duration::from_millis(100)).await;
    insert(db, ids).await
}

async fn waiting_ends_with_the_next_document(db: Database) -> Outcome {
    capped(&db, 99, 0..3).await?;
    let tail = Tail::open(&db, doc! { "awaitData": true }, &[0, 1, 2]).await?;
    let begun = Instant::now();
    let long = || doc! { "maxTimeMS": 60_000 };
    let (more, inserted) = join(tail.gives_with(long(), &[3]), later(&db, [3])).await;
    more.and(inserted)?;
    insert(&db, [4]).await?;
    tail.gives_with(long(), &[4]).await?;
    let seventh = doc! { "awaitData": true, "filter": { "_id": 7 } };
    let tail = Tail::open(&db, seventh, &[]).await?;
    let two = async {
        later(&db, [5]).await?;
        later(&db, [7]).await
    };
    let (more, inserted) = join(tail.gives_with(long(), &[7]), two).await;
    more.and(inserted)?;
    let waited = begun.elapsed();
    expect_eq(&format!("is told, {waited:?}"), &(waited < Duration::from_secs(30)), &true)
}

async fn an_evicted_place_is_lost(db: Database) -> Outcome {
    for options in [doc! {}, doc! { "awaitData": true }] {
        let with = |more: Document| {
            let mut options = options.clone();
            options.extend(more);
            options
        };
        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, with(doc! { "batchSize": 1 }), &[0]).await?;
        insert(&db, [3, 4]).await?;
        tail.fails("its place is gone", 136).await?;
        tail.fails("the cursor is gone", 43).await?;

        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, with(doc! {}), &[0, 1, 2]).await?;
        insert(&db, [3, 4]).await?;
        tail.gives(&[3, 4]).await?;
        insert(&db, 5..8).await?;
        tail.fails("all are gone", 136).await?;

        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, with(doc! { "filter": { "a": 1 } }), &[]).await?;
        insert(&db, [3, 4]).await?;
        tail.gives(&[]).await?;
        insert(&db, 5..9).await?;
        tail.fails("what it passed over is gone", 136).await?;

        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, with(doc! { "limit": 1 }), &[0]).await?;
        insert(&db, [3, 4]).await?;
        tail.fails("beyond its limit", 136).await?;
    }
    Ok(())
}

async fn a_deleted_place_is_lost(db: Database) -> Outcome {
    let rows: [(Document, &[i32], Document); 3] = [
        (doc! {}, &[0, 1, 2], doc! { "_id": 2 }),
        (doc! {}, &[0, 1, 2], doc! {}),
        (doc! { "batchSize": 1 }, &[0], doc! { "_id": 0 }),
    ];
    for (options, first, deleted) in rows {
        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, options, first).await?;
        db.collection("c").delete_many(deleted).await?;
        tail.fails("its place is gone", 136).await?;
    }
    capped(&db, 3, 0..3).await?;
    let tail = Tail::open(&db, doc! { "batchSize": 1 }, &[0]).await?;
    db.collection("c").delete_many(doc! { "_id": 1 }).await?;
    tail.gives(&[2]).await
}

async fn a_place_that_is_not_read_is_not_lost(db: Database) -> Outcome {
    capped(&db, 3, 0..3).await?;
    let tail = Tail::open(&db, doc! { "batchSize": 0 }, &[]).await?;
    insert(&db, [3, 4]).await?;
    tail.gives(&[2, 3, 4]).await?;
    capped(&db, 3, 0..3).await?;
    let tail = Tail::open(&db, doc! { "batchSize": 1 }, &[0]).await?;
    db.collection("c").update_one(doc! { "_id": 0 }, doc! { "$set": { "a": 1 } }).await?;
    tail.gives(&[1, 2]).await
}

async fn other_cursors_lose_their_place_too(db: Database) -> Outcome {
    for (sort, first) in [(1, 0), (-1, 2)] {
        capped(&db, 3, 0..3).await?;
        let find = doc! { "find": "c", "batchSize": 1, "sort": { "$natural": sort } };
        let cursor = Tail::of(&db, find, &[first]).await?;
        insert(&db, 3..6).await?;
        cursor.fails("its place is gone", 136).await?;
    }
    Ok(())
}

async fn other_cursors_see_what_comes_behind(db: Database) -> Outcome {
    capped(&db, 3, 0..3).await?;
    let cursor = Tail::of(&db, doc! { "find": "c", "batchSize": 2 }, &[0, 1]).await?;
    insert(&db, [3]).await?;
    let found = batch(&cursor.ask(doc! {}).await?, "nextBatch");
    expect_eq("the rest, and the end", &found, &(vec![2, 3], 0))
}

async fn they_end_with_their_collection(db: Database) -> Outcome {
    let convert = doc! { "convertToCapped": "c", "size": 512 };
    for options in [doc! {}, doc! { "awaitData": true }] {
        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, options.clone(), &[0, 1, 2]).await?;
        db.collection("d").drop().await?;
        let to = RenameCollection { to: db.namespace("d"), drop_target: false };
        db.collection("c").execute(to).await?;
        tail.fails("renamed", 175).await?;

        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, options.clone(), &[0, 1, 2]).await?;
        db.collection("c").drop().await?;
        tail.fails("dropped", 175).await?;

        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, options, &[0, 1, 2]).await?;
        check_commands(&db, &[(convert.clone(), Has(doc! { "ok": 1.0 }))]).await?;
        tail.fails("converted", 175).await?;
    }
    capped(&db, 3, 0..3).await?;
    let tail = Tail::open(&db, doc! { "awaitData": true }, &[0, 1, 2]).await?;
    let dropping = async {
        tokio::time::sleep(Duration::from_millis(100)).await;
        db.collection("c").drop().await
    };
    let (more, dropped) = join(tail.ask(doc! { "maxTimeMS": 500 }), dropping).await;
    dropped?;
    expect_code("dropped while it waits", more, 175).map(drop)
}

async fn they_outlive_other_limits(db: Database) -> Outcome {
    for max in [9, 1] {
        capped(&db, 3, 0..3).await?;
        let tail = Tail::open(&db, doc! {}, &[0, 1, 2]).await?;
        let change = doc! { "collMod": "c", "cappedMax": max };
        check_commands(&db, &[(change, Has(doc! { "ok": 1.0 }))]).await?;
        tail.gives(&[]).await?;
        insert(&db, [3]).await?;
        if max == 9 {
            tail.gives(&[3]).await?;
        } else {
            tail.fails("its place went with the others", 136).await?;
        }
    }
    Ok(())
}

async fn they_tell_record_ids_and_no_keys(db: Database) -> Outcome {
    let shown = |id: i32, record: i64| doc! { "_id": id, "$recordId": record };
    let rows = [
        (doc! { "showRecordId": true }, [shown(1, 1), shown(2, 2), shown(3, 3), shown(4, 4)]),
        (
            doc! { "showRecordId": true, "projection": { "_id": 0 } },
            [1_i64, 2, 3, 4].map(|record| doc! { "$recordId": record }),
        ),
        (doc! { "returnKey": true }, [doc! {}, doc! {}, doc! {}, doc! {}]),
        (doc! { "returnKey": true, "showRecordId": true }, [doc! {}, doc! {}, doc! {}, doc! {}]),
    ];
    for (options, [first, second, third, fourth]) in rows {
        capped(&db, 10, 1..=3).await?;
        let shell = Shell::new(&db).await?;
        let mut find = doc! { "find": "c", "tailable": true, "batchSize": 2 };
        find.extend(options.clone());
        let reply = shell.run(find).await?;
        let what = crate::show(&options);
        let docs = |reply: &Document, name| -> Vec<Bson> {
            let cursor = reply.get_document("cursor").cloned().unwrap_or_default();
            cursor.get_array(name).cloned().unwrap_or_default()
        };
        expect_eq(&what, &docs(&reply, "firstBatch"), &vec![first.into(), second.into()])?;
        let (_, id) = batch(&reply, "firstBatch");
        for (next, more) in [(third, Some(4)), (fourth, None)] {
            let reply = shell.run(doc! { "getMore": id, "collection": "c" }).await?;
            expect_eq(&what, &docs(&reply, "nextBatch"), &vec![next.into()])?;
            if let Some(more) = more {
                insert(&db, [more]).await?;
            }
        }
    }
    Ok(())
}

async fn killed_ones_are_gone(db: Database) -> Outcome {
    capped(&db, 3, 0..3).await?;
    let tail = Tail::open(&db, doc! { "awaitData": true }, &[0, 1, 2]).await?;
    let kill = |id: i64| doc! { "killCursors": "c", "cursors": [id] };
    let killed = Has(doc! { "cursorsKilled": [tail.id] });
    tail.shell.check(&[(kill(tail.id), killed)]).await?;
    tail.fails("killed", 43).await
}

async fn streams_wait_for_more(db: Database) -> Outcome {
    capped(&db, 99, 0..2).await?;
    for await_data in [true, false] {
        let find = Find { tailable: true, await_data, ..Find::default() };
        let mut cursor = db.collection("c").execute(find).await?;
        let count = db.collection("c").count(doc! {}).await?;
        for _ in 0..count {
            cursor.next().await?;
        }
        let new = i32::try_from(count).unwrap_or_default();
        let (next, inserted) = join(cursor.next(), later(&db, [new])).await;
        inserted?;
        let next = next?.and_then(|doc| doc.as_raw().get_i32("_id").ok());
        expect_eq("the next document", &next, &Some(new))?;
    }
    Ok(())
}

async fn streams_lose_their_place(db: Database) -> Outcome {
    for tailable in [true, false] {
        capped(&db, 3, 0..3).await?;
        let find = Find { tailable, batch_size: Some(1), ..Find::default() };
        let mut cursor = db.collection("c").execute(find).await?;
        cursor.next().await?;
        insert(&db, 3..6).await?;
        expect_code("its place is gone", cursor.next().await, 136)?;
        expect_eq("the end", &cursor.next().await?.is_none(), &true)?;
    }
    Ok(())
}
