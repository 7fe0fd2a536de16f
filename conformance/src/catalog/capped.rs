//! Capped collections: their options, and what goes when they are full. Their cursors are in
//! `read::tailable`.

use bson::{Bson, Document, doc};
use odm_core::{CreateCollection, Database, RenameCollection};

use crate::case::{Outcome, cases};
use crate::check::{Has, Is, Refused, check_commands, expect_code, expect_docs, expect_eq};

cases! { "catalog::capped":
    sizes_are_rounded_up needs(capped_collections),
    numbers_of_documents_have_a_limit needs(capped_collections),
    options_that_do_not_go_together_are_refused needs(capped_collections),
    limits_of_the_typed_door_are_checked needs(capped_collections),
    the_oldest_goes_when_the_size_is_exceeded needs(capped_collections),
    one_that_is_larger_than_all_stays_alone needs(capped_collections),
    the_oldest_goes_when_there_are_too_many needs(capped_collections),
    what_is_refused_evicts_nothing needs(capped_collections),
    an_id_may_come_again_after_its_document_went needs(capped_collections),
    eviction_frees_keys_of_unique_indexes needs(capped_collections),
    updates_may_exceed_the_size needs(capped_collections),
    upserts_evict needs(capped_collections),
    documents_can_be_deleted needs(capped_collections),
    natural_order_is_that_of_insertion needs(capped_collections),
    limits_can_be_changed needs(capped_collections),
    only_limits_of_capped_collections_can_be_changed needs(capped_collections),
    a_collection_becomes_capped needs(capped_collections),
    conversions_are_checked needs(capped_collections),
    a_capped_copy needs(capped_collections),
    copies_are_checked needs(capped_collections),
    renaming_keeps_the_limits needs(capped_collections),
}

/// A document with this `_id` that has as many bytes.
fn sized(id: i32, bytes: usize) -> Document {
    const REST: usize = 22;
    doc! { "_id": id, "p": "x".repeat(bytes - REST) }
}

fn sixty(ids: impl IntoIterator<Item = i32>) -> Vec<Document> {
    ids.into_iter().map(|id| sized(id, 60)).collect()
}

/// A new collection `c` with these limits.
async fn capped(db: &Database, size: i64, max: Option<i64>) -> Outcome {
    db.collection("c").drop().await?;
    let limits = CreateCollection { capped: true, size: Some(size), max, ..Default::default() };
    Ok(db.create_collection("c", limits).await?)
}

async fn insert(db: &Database, docs: Vec<Document>) -> Outcome {
    db.collection("c").insert_many(&docs).await?;
    Ok(())
}

async fn expect_ids(what: &str, db: &Database, expected: &[i32]) -> Outcome {
    expect_ids_in(what, db, "c", expected).await
}

async fn expect_ids_in(what: &str, db: &Database, name: &str, expected: &[i32]) -> Outcome {
    let found = db.collection(name).find(doc! {}).await?.collect().await?;
    let found: Result<Vec<i32>, _> = found.iter().map(|doc| doc.as_raw().get_i32("_id")).collect();
    expect_eq(what, &found.ok().as_deref(), &Some(expected))
}

async fn expect_options(db: &Database, name: &str, expected: Document) -> Outcome {
    let reply = db.run_command(doc! { "listCollections": 1, "filter": { "name": name } }).await?;
    let listed = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    let options = listed
        .ok()
        .and_then(|listed| listed.first())
        .and_then(|first| first.as_document()?.get_document("options").ok().cloned());
    expect_docs(&format!("the options of {name}"), &Vec::from_iter(options), &[expected])
}

/// What `create` with each of these options makes of them, or its refusal.
async fn check_create(db: &Database, rows: &[(Document, Result<Document, i32>)]) -> Outcome {
    for (options, answer) in rows {
        db.collection("c").drop().await?;
        let mut create = doc! { "create": "c" };
        create.extend(options.clone());
        match answer {
            Ok(stored) => {
                check_commands(db, &[(create, Has(doc! { "ok": 1.0 }))]).await?;
                expect_options(db, "c", stored.clone()).await?;
            }
            Err(code) => check_commands(db, &[(create, Refused(*code))]).await?,
        }
    }
    Ok(())
}

async fn sizes_are_rounded_up(db: Database) -> Outcome {
    let size = |size: Bson| doc! { "capped": true, "size": size };
    check_create(
        &db,
        &[
            (size(0.into()), Err(51024)),
            (size((-1).into()), Err(51024)),
            (size(1.into()), Ok(size(256.into()))),
            (size(256.into()), Ok(size(256.into()))),
            (size(257.into()), Ok(size(512.into()))),
            (size(4097.into()), Ok(size(4352.into()))),
            (size(5000_i64.into()), Ok(size(5120.into()))),
            (size((1_i64 << 50).into()), Ok(size((1_i64 << 50).into()))),
            (size(((1_i64 << 50) + 1).into()), Err(51024)),
            (size(1.5.into()), Ok(size(256.into()))),
            (size(300.7.into()), Ok(size(512.into()))),
            (size(4096.5.into()), Ok(size(4096.into()))),
            (size(f64::NAN.into()), Err(51024)),
            (size("x".into()), Err(14)),
            (size(true.into()), Err(14)),
            (size(Bson::Null), Err(72)),
        ],
    )
    .await
}

async fn numbers_of_documents_have_a_limit(db: Database) -> Outcome {
    let max = |max: Bson| doc! { "capped": true, "size": 4096, "max": max };
    let most = i32::MAX;
    check_create(
        &db,
        &[
            (max(1.into()), Ok(max(1.into()))),
            (max(7_i64.into()), Ok(max(7.into()))),
            (max(5.5.into()), Ok(max(5.into()))),
            (max(0.into()), Ok(max(most.into()))),
            (max((-1).into()), Ok(max(most.into()))),
            (max((-(1_i64 << 62)).into()), Ok(max(most.into()))),
            (max(most.into()), Ok(max(most.into()))),
            (max((1_i64 << 31).into()), Err(51024)),
            (max("x".into()), Err(14)),
            (max(Bson::Null), Ok(doc! { "capped": true, "size": 4096 })),
        ],
    )
    .await
}

async fn options_that_do_not_go_together_are_refused(db: Database) -> Outcome {
    let limits = doc! { "capped": true, "size": 4096 };
    check_create(
        &db,
        &[
            (doc! { "capped": true }, Err(72)),
            (doc! { "capped": true, "max": 4 }, Err(72)),
            (doc! { "capped": false, "size": 4096 }, Err(72)),
            (doc! { "capped": null, "size": 4096 }, Err(72)),
            (doc! { "size": 4096 }, Err(72)),
            (doc! { "max": 3 }, Err(72)),
            (doc! { "capped": "x", "size": 4096 }, Err(14)),
            (doc! { "capped": true, "size": 4096, "temp": true }, Err(72)),
            (doc! { "capped": false, "size": null }, Ok(doc! {})),
            (doc! { "size": null, "max": null }, Ok(doc! {})),
            (doc! { "capped": 0 }, Ok(doc! {})),
            (doc! { "capped": 1, "size": 4096 }, Ok(limits.clone())),
            (doc! { "size": 4096, "capped": 1.5 }, Ok(limits)),
            (
                doc! { "validator": { "a": 1 }, "max": 3, "size": 4096, "capped": true },
                Ok(doc! { "capped": true, "size": 4096, "max": 3, "validator": { "a": 1 } }),
            ),
        ],
    )
    .await?;
    capped(&db, 256, None).await?;
    let again = doc! { "create": "c", "capped": true, "size": 512 };
    check_commands(&db, &[(again, Refused(48))]).await
}

async fn limits_of_the_typed_door_are_checked(db: Database) -> Outcome {
    let rows = [
        (true, Some(0), None, 51024),
        (true, Some((1 << 50) + 1), None, 51024),
        (true, Some(1), Some(1 << 31), 51024),
        (true, None, None, 72),
        (false, Some(1), None, 72),
        (false, None, Some(1), 72),
    ];
    for (capped, size, max, code) in rows {
        let request = CreateCollection { capped, size, max, ..Default::default() };
        let what = format!("{request:?}");
        expect_code(&what, db.create_collection("c", request).await, code)?;
    }
    Ok(())
}

async fn the_oldest_goes_when_the_size_is_exceeded(db: Database) -> Outcome {
    let rows: [(usize, &[i32]); 8] = [
        (63, &[2, 3, 4, 5]),
        (64, &[2, 3, 4, 5]),
        (65, &[3, 4, 5]),
        (100, &[4, 5]),
        (128, &[4, 5]),
        (129, &[5]),
        (256, &[5]),
        (257, &[5]),
    ];
    for (bytes, left) in rows {
        capped(&db, 256, None).await?;
        for id in 0..6 {
            insert(&db, vec![sized(id, bytes)]).await?;
        }
        expect_ids(&format!("of {bytes} bytes, one by one"), &db, left).await?;
        capped(&db, 256, None).await?;
        insert(&db, (0..6).map(|id| sized(id, bytes)).collect()).await?;
        expect_ids(&format!("of {bytes} bytes, at once"), &db, left).await?;
    }
    insert(&db, sixty(10..14)).await?;
    insert(&db, vec![sized(20, 200)]).await?;
    expect_ids("a large one makes several go", &db, &[20]).await
}

async fn one_that_is_larger_than_all_stays_alone(db: Database) -> Outcome {
    capped(&db, 256, None).await?;
    insert(&db, sixty(1..3)).await?;
    insert(&db, vec![sized(3, 300)]).await?;
    expect_ids("the large one", &db, &[3]).await?;
    insert(&db, sixty(4..5)).await?;
    expect_ids("a small one after it", &db, &[4]).await
}

async fn the_oldest_goes_when_there_are_too_many(db: Database) -> Outcome {
    capped(&db, 4096, Some(3)).await?;
    insert(&db, sixty(0..5)).await?;
    expect_ids("five", &db, &[2, 3, 4]).await?;
    insert(&db, sixty(9..10)).await?;
    expect_ids("one more", &db, &[3, 4, 9]).await
}

async fn what_is_refused_evicts_nothing(db: Database) -> Outcome {
    let add = |ids: &[i32], ordered: bool| {
        let documents = sixty(ids.iter().copied());
        doc! { "insert": "c", "documents": documents, "ordered": ordered }
    };
    capped(&db, 256, None).await?;
    insert(&db, sixty(0..4)).await?;
    check_commands(&db, &[(add(&[0], true), Refused(11000))]).await?;
    expect_ids("the size is reached", &db, &[0, 1, 2, 3]).await?;
    let rows: [(&[i32], bool, i32, &[i32]); 3] = [
        (&[0, 1, 2, 3, 3, 4], true, 4, &[1, 2, 3]),
        (&[0, 1, 2, 3, 3, 4], false, 5, &[2, 3, 4]),
        (&[0, 1, 2, 0, 4], false, 4, &[1, 2, 4]),
    ];
    for (ids, ordered, n, left) in rows {
        capped(&db, 4096, Some(3)).await?;
        let command = add(ids, ordered);
        check_commands(&db, &[(command, Has(doc! { "n": n }))]).await?;
        expect_ids(&format!("{ids:?}, ordered: {ordered}"), &db, left).await?;
    }
    Ok(())
}

async fn an_id_may_come_again_after_its_document_went(db: Database) -> Outcome {
    capped(&db, 4096, Some(3)).await?;
    insert(&db, sixty([0, 1, 2, 3, 0])).await?;
    expect_ids("in one batch", &db, &[2, 3, 0]).await
}

async fn eviction_frees_keys_of_unique_indexes(db: Database) -> Outcome {
    capped(&db, 4096, Some(3)).await?;
    db.collection("c").create_index(odm_core::Index::asc("u").unique()).await?;
    let docs = |us: &[i32], from: i32| -> Vec<Document> {
        (from..).zip(us).map(|(id, u)| doc! { "_id": id, "u": u, "l": [u, 7] }).collect()
    };
    db.collection("c").create_index(odm_core::Index::asc("l")).await?;
    let insert = doc! { "insert": "c", "documents": docs(&[0, 1, 2, 0, 4], 0), "ordered": false };
    check_commands(&db, &[(insert, Has(doc! { "n": 4 }))]).await?;
    expect_ids("the key was still there", &db, &[1, 2, 4]).await?;
    let insert = doc! { "insert": "c", "documents": docs(&[0, 1], 5) };
    check_commands(&db, &[(insert, Has(doc! { "n": 2 }))]).await?;
    expect_ids("the keys are free", &db, &[4, 5, 6]).await?;
    for (filter, n) in
        [(doc! { "l": 7 }, 3), (doc! { "u": 2 }, 0), (doc! { "u": { "$gte": 0 } }, 3)]
    {
        let count = doc! { "count": "c", "query": filter };
        check_commands(&db, &[(count, Is(doc! { "n": n, "ok": 1.0 }))]).await?;
    }
    Ok(())
}

async fn updates_may_exceed_the_size(db: Database) -> Outcome {
    let grow = |id: i32, bytes: usize| {
        let to = doc! { "$set": { "p": "y".repeat(bytes) } };
        doc! { "update": "c", "updates": [{ "q": { "_id": id }, "u": to }] }
    };
    let done = || Has(doc! { "n": 1, "nModified": 1 });
    // Which one grows, and by how much; what is left when another one comes.
    let rows: [(i32, usize, &[i32]); 4] =
        [(2, 41, &[1, 2, 3, 9]), (3, 200, &[9]), (0, 230, &[1, 2, 3, 9]), (2, 400, &[3, 9])];
    for (id, bytes, left) in rows {
        capped(&db, 256, None).await?;
        insert(&db, sixty(0..4)).await?;
        check_commands(&db, &[(grow(id, bytes), done())]).await?;
        expect_ids("nothing goes yet", &db, &[0, 1, 2, 3]).await?;
        insert(&db, sixty(9..10)).await?;
        expect_ids(&format!("{id} to {bytes}, and another one"), &db, left).await?;
    }
    capped(&db, 256, None).await?;
    insert(&db, sixty(0..3)).await?;
    let replacement = doc! { "q": { "_id": 2 }, "u": { "p": "y".repeat(300) } };
    let all = doc! { "q": {}, "u": { "$set": { "p": "y".repeat(100) } }, "multi": true };
    check_commands(
        &db,
        &[
            (doc! { "update": "c", "updates": [replacement] }, done()),
            (doc! { "update": "c", "updates": [all] }, Has(doc! { "n": 3, "nModified": 3 })),
            (
                doc! {
                    "findAndModify": "c", "query": { "_id": 1 }, "new": true,
                    "update": { "p": "z".repeat(300) }, "fields": { "_id": 1 },
                },
                Has(doc! { "value": { "_id": 1 } }),
            ),
        ],
    )
    .await?;
    expect_ids("all of them", &db, &[0, 1, 2]).await
}

async fn upserts_evict(db: Database) -> Outcome {
    let upsert = |id: i32, bytes: usize| {
        let to = doc! { "$set": { "p": "y".repeat(bytes) } };
        doc! { "update": "c", "updates": [{ "q": { "_id": id }, "u": to, "upsert": true }] }
    };
    capped(&db, 256, None).await?;
    insert(&db, sixty(0..4)).await?;
    check_commands(&db, &[(upsert(7, 60), Has(doc! { "n": 1, "nModified": 0 }))]).await?;
    expect_ids("an upsert", &db, &[2, 3, 7]).await?;
    check_commands(&db, &[(upsert(8, 600), Has(doc! { "n": 1, "nModified": 0 }))]).await?;
    expect_ids("a large one", &db, &[8]).await?;
    let command = doc! {
        "findAndModify": "c", "query": { "_id": 30 }, "update": { "$set": { "p": "z" } },
        "upsert": true, "new": true,
    };
    let value = doc! { "value": { "_id": 30, "p": "z" } };
    check_commands(&db, &[(command, Has(value))]).await?;
    expect_ids("findAndModify", &db, &[30]).await
}

async fn documents_can_be_deleted(db: Database) -> Outcome {
    capped(&db, 4096, Some(3)).await?;
    insert(&db, sixty(0..3)).await?;
    let delete = |q: Document, limit: i32| {
        doc! { "delete": "c", "deletes": [{ "q": q, "limit": limit }] }
    };
    check_commands(&db, &[(delete(doc! { "_id": 1 }, 1), Has(doc! { "n": 1 }))]).await?;
    insert(&db, sixty(5..6)).await?;
    expect_ids("there is room again", &db, &[0, 2, 5]).await?;
    insert(&db, sixty(6..7)).await?;
    expect_ids("and no more", &db, &[2, 5, 6]).await?;
    let remove = doc! { "findAndModify": "c", "query": { "_id": 5 }, "remove": true };
    check_commands(
        &db,
        &[(remove, Has(doc! { "ok": 1.0 })), (delete(doc! {}, 0), Has(doc! { "n": 2 }))],
    )
    .await?;
    expect_ids("nothing", &db, &[]).await
}

async fn natural_order_is_that_of_insertion(db: Database) -> Outcome {
    capped(&db, 4096, Some(3)).await?;
    insert(&db, sixty([5, 1, 4, 3])).await?;
    let shrink = doc! { "q": { "_id": 4 }, "u": { "_id": 4 } };
    let rows = [
        (doc! { "update": "c", "updates": [shrink] }, Has(doc! { "n": 1 })),
        (
            doc! { "distinct": "c", "key": "_id", "query": { "_id": { "$gt": 1 } } },
            Has(doc! { "values": [3, 4] }),
        ),
    ];
    check_commands(&db, &rows).await?;
    expect_ids("forward", &db, &[1, 4, 3]).await?;
    let backward = doc! { "find": "c", "sort": { "$natural": -1 }, "projection": { "_id": 1 } };
    let reply = db.run_command(backward).await?;
    let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    let found: Vec<_> =
        batch.into_iter().flatten().filter_map(Bson::as_document).cloned().collect();
    let expected = [doc! { "_id": 3 }, doc! { "_id": 4 }, doc! { "_id": 1 }];
    expect_docs("backward", &found, &expected)
}

async fn limits_can_be_changed(db: Database) -> Outcome {
    let options = |size: i32, max: i32| doc! { "capped": true, "size": size, "max": max };
    // What is changed, what it becomes, and what is left after two more documents.
    let rows: [(Document, Result<Document, i32>, &[i32]); 14] = [
        (doc! { "cappedSize": 512 }, Ok(options(512, 5)), &[2, 3, 4, 5, 6]),
        (doc! { "cappedSize": 100 }, Ok(options(256, 5)), &[3, 4, 5, 6]),
        (doc! { "cappedSize": 300.5 }, Ok(options(512, 5)), &[2, 3, 4, 5, 6]),
        (doc! { "cappedSize": 0 }, Err(51024), &[2, 3, 4, 5, 6]),
        (doc! { "cappedSize": -1 }, Err(51024), &[2, 3, 4, 5, 6]),
        (doc! { "cappedSize": (1_i64 << 50) + 1 }, Err(51024), &[2, 3, 4, 5, 6]),
        (doc! { "cappedSize": "x" }, Err(14), &[2, 3, 4, 5, 6]),
        (doc! { "cappedMax": 2 }, Ok(options(4096, 2)), &[5, 6]),
        (doc! { "cappedMax": 2.5 }, Ok(options(4096, 2)), &[5, 6]),
        (doc! { "cappedMax": 0 }, Ok(options(4096, i32::MAX)), &[0, 1, 2, 3, 4, 5, 6]),
        (doc! { "cappedMax": -1 }, Ok(options(4096, i32::MAX)), &[0, 1, 2, 3, 4, 5, 6]),
        (doc! { "cappedMax": 1_i64 << 31 }, Err(51024), &[2, 3, 4, 5, 6]),
        (
            doc! { "cappedMax": 10, "cappedSize": 1024 },
            Ok(options(1024, 10)),
            &[0, 1, 2, 3, 4, 5, 6],
        ),
        (doc! { "cappedSize": null, "cappedMax": null }, Ok(options(4096, 5)), &[2, 3, 4, 5, 6]),
    ];
    for (change, answer, left) in rows {
        capped(&db, 4096, Some(5)).await?;
        insert(&db, sixty(0..5)).await?;
        let mut command = doc! { "collMod": "c" };
        command.extend(change.clone());
        let expected = match &answer {
            Ok(_) => Has(doc! { "ok": 1.0 }),
            Err(code) => Refused(*code),
        };
        check_commands(&db, &[(command, expected)]).await?;
        expect_options(&db, "c", answer.unwrap_or(options(4096, 5))).await?;
        expect_ids("nothing goes yet", &db, &[0, 1, 2, 3, 4]).await?;
        insert(&db, sixty(5..7)).await?;
        expect_ids(&crate::show(&change), &db, left).await?;
    }
    capped(&db, 4096, None).await?;
    let change = doc! { "collMod": "c", "cappedMax": 3, "validator": { "_id": { "$gt": 0 } } };
    check_commands(&db, &[(change, Has(doc! { "ok": 1.0 }))]).await?;
    let options = doc! {
        "capped": true, "size": 4096, "max": 3, "validator": { "_id": { "$gt": 0 } },
        "validationLevel": "strict", "validationAction": "error",
    };
    expect_options(&db, "c", options).await
}

async fn only_limits_of_capped_collections_can_be_changed(db: Database) -> Outcome {
    insert(&db, sixty(0..2)).await?;
    check_commands(
        &db,
        &[
            (doc! { "collMod": "c", "cappedSize": 512 }, Refused(72)),
            (doc! { "collMod": "c", "cappedMax": 512 }, Refused(72)),
            (doc! { "collMod": "c", "cappedMax": "x" }, Refused(14)),
            (doc! { "collMod": "missing", "cappedMax": 512 }, Refused(26)),
        ],
    )
    .await
}

async fn a_collection_becomes_capped(db: Database) -> Outcome {
    let plain = async || {
        db.collection("c").drop().await?;
        insert(&db, sixty(0..6)).await
    };
    let size = |size: i32| doc! { "capped": true, "size": size };
    let rows: [(Bson, i32, &[i32]); 5] = [
        (256.into(), 256, &[2, 3, 4, 5]),
        (1.into(), 256, &[2, 3, 4, 5]),
        (256_i64.into(), 256, &[2, 3, 4, 5]),
        (300.5.into(), 512, &[0, 1, 2, 3, 4, 5]),
        (4096.into(), 4096, &[0, 1, 2, 3, 4, 5]),
    ];
    for (asked, stored, left) in rows {
        plain().await?;
        db.collection("c").create_index(odm_core::Index::asc("p")).await?;
        let command = doc! { "convertToCapped": "c", "size": asked, "max": 1, "other": 1 };
        check_commands(&db, &[(command, Has(doc! { "ok": 1.0 }))]).await?;
        expect_options(&db, "c", size(stored)).await?;
        expect_ids("what fits", &db, left).await?;
        let indexes = db.collection("c").list_indexes().await?;
        expect_eq("no index but that on _id", &indexes.len(), &1)?;
    }
    insert(&db, sixty(6..7)).await?;
    capped(&db, 4096, Some(5)).await?;
    insert(&db, sixty(0..3)).await?;
    let again = doc! { "convertToCapped": "c", "size": 512 };
    check_commands(&db, &[(again, Has(doc! { "ok": 1.0 }))]).await?;
    expect_options(&db, "c", doc! { "capped": true, "size": 512, "max": 5 }).await?;
    expect_ids("of a capped one", &db, &[0, 1, 2]).await?;
    db.collection("c").drop().await?;
    insert(&db, (0..3).map(|id| sized(id, 300)).collect()).await?;
    let convert = doc! { "convertToCapped": "c", "size": 256 };
    check_commands(&db, &[(convert, Has(doc! { "ok": 1.0 }))]).await?;
    expect_ids("the last one stays in any case", &db, &[2]).await
}

async fn conversions_are_checked(db: Database) -> Outcome {
    insert(&db, sixty(0..6)).await?;
    let convert = |name: &str, size: Bson| doc! { "convertToCapped": name, "size": size };
    check_commands(
        &db,
        &[
            (convert("c", (-1).into()), Refused(2)),
            (convert("c", ((1_i64 << 50) + 1).into()), Refused(2)),
            (convert("c", 1e300.into()), Refused(2)),
            (convert("missing", 256.into()), Refused(26)),
            (convert("missing", (-1).into()), Refused(26)),
            (convert("", 256.into()), Refused(73)),
            (doc! { "convertToCapped": 1, "size": 256 }, Refused(73)),
        ],
    )
    .await?;
    expect_options(&db, "c", doc! {}).await?;
    expect_ids("all", &db, &[0, 1, 2, 3, 4, 5]).await
}

async fn a_capped_copy(db: Database) -> Outcome {
    insert(&db, sixty(0..6)).await?;
    let copy = |to: &str| doc! { "cloneCollectionAsCapped": "c", "toCollection": to, "size": 256 };
    check_commands(&db, &[(copy("copy"), Has(doc! { "ok": 1.0 }))]).await?;
    expect_options(&db, "copy", doc! { "capped": true, "size": 256 }).await?;
    expect_ids_in("the copy", &db, "copy", &[2, 3, 4, 5]).await?;
    expect_options(&db, "c", doc! {}).await?;
    expect_ids("the original", &db, &[0, 1, 2, 3, 4, 5]).await?;
    capped(&db, 4096, Some(5)).await?;
    insert(&db, sixty(0..2)).await?;
    check_commands(&db, &[(copy("other"), Has(doc! { "ok": 1.0 }))]).await?;
    expect_options(&db, "other", doc! { "capped": true, "size": 256, "max": 5 }).await?;
    expect_ids_in("the copy of a capped one", &db, "other", &[0, 1]).await
}

async fn copies_are_checked(db: Database) -> Outcome {
    insert(&db, sixty(0..2)).await?;
    let copy = |from: Bson, to: Bson, size: i32| {
        doc! { "cloneCollectionAsCapped": from, "toCollection": to, "size": size }
    };
    check_commands(
        &db,
        &[
            (copy("c".into(), "c".into(), 256), Refused(48)),
            (copy("missing".into(), "d".into(), 256), Refused(26)),
            (copy("missing".into(), "d".into(), -1), Refused(26)),
            (copy("c".into(), "d".into(), -1), Refused(2)),
            (copy("c".into(), "".into(), 256), Refused(73)),
            (copy("c".into(), "a$b".into(), 256), Refused(73)),
            (copy("".into(), "d".into(), 256), Refused(73)),
            (copy(1.into(), "d".into(), 256), Refused(14)),
            (copy("c".into(), 1.into(), 256), Refused(14)),
            (doc! { "cloneCollectionAsCapped": "c", "size": 256 }, Refused(14)),
        ],
    )
    .await
}

async fn renaming_keeps_the_limits(db: Database) -> Outcome {
    capped(&db, 256, Some(3)).await?;
    insert(&db, sixty(0..3)).await?;
    let request = RenameCollection { to: db.namespace("d"), drop_target: false };
    db.collection("c").execute(request).await?;
    expect_options(&db, "d", doc! { "capped": true, "size": 256, "max": 3 }).await?;
    db.collection("d").insert_one(&sized(9, 60)).await?;
    expect_ids_in("under its new name", &db, "d", &[1, 2, 9]).await
}
