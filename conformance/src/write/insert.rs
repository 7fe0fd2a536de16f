//! `insert`.

use bson::{Bson, RawDocumentBuf, doc};
use odm_core::{Database, Insert};

use crate::case::{Failure, Outcome, cases};
use crate::check::{
    Has, Is, Refused, all_ids, check_commands, collection, encode, expect_code, expect_docs,
    expect_eq, filled, trees,
};
use crate::value::{dec, re, ts};

cases! { "write::insert":
    inserted_ids_are_told_in_order,
    the_id_is_moved_to_the_front,
    missing_ids_are_object_ids,
    ids_may_be_of_any_type_but_three,
    equal_ids_collide,
    an_ordered_batch_stops_at_the_first_failure,
    an_unordered_batch_tries_all,
    duplicate_ids_are_told_with_their_index,
    empty_timestamps_become_the_time,
    names_may_hold_dots_and_dollars,
    duplicate_names_are_kept,
    replies_have_the_servers_shape,
    malformed_requests_are_refused,
}

async fn inserted_ids_are_told_in_order(db: Database) -> Outcome {
    let docs = [doc! { "_id": 2 }, doc! { "_id": "x" }, doc! { "_id": { "a": 1 } }];
    let outcome = collection(&db).insert_many(&docs).await?;
    expect_eq("ids", &outcome.inserted_ids, &vec![2.into(), "x".into(), bson::bson!({ "a": 1 })])
}

async fn the_id_is_moved_to_the_front(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "a": 1, "_id": 7, "b": 2 }]).await?;
    let found = collection.find_one(doc! {}).await?;
    expect_docs("the document", &Vec::from_iter(found), &[doc! { "_id": 7, "a": 1, "b": 2 }])
}

async fn missing_ids_are_object_ids(db: Database) -> Outcome {
    let outcome = collection(&db).insert_many(&[doc! { "a": 1 }, doc! { "a": 2 }]).await?;
    let found = trees(&collection(&db).find(doc! {}).await?.collect().await?)?;
    let ids: Vec<_> = found.iter().filter_map(|doc| doc.get("_id").cloned()).collect();
    expect_eq("told and stored", &outcome.inserted_ids, &ids)?;
    expect_eq("the first field", &found[0].keys().next().map(String::as_str), &Some("_id"))?;
    match ids.as_slice() {
        [Bson::ObjectId(first), Bson::ObjectId(second)] if first != second => Ok(()),
        other => Err(Failure::new(format!("not two object ids: {other:?}"))),
    }
}

async fn ids_may_be_of_any_type_but_three(db: Database) -> Outcome {
    let collection = collection(&db);
    let ids = crate::value::one_of_each_type();
    for id in ids.into_iter().filter(|id| !matches!(id, Bson::RegularExpression(_))) {
        collection.insert_one(&doc! { "_id": id }).await?;
    }
    let db_ref = bson::bson!({ "$ref": "c", "$id": 1 });
    collection.insert_one(&doc! { "_id": db_ref.clone() }).await?;
    collection.insert_one(&doc! { "_id": { "a": [db_ref] } }).await?;
    for (id, code) in [
        (bson::bson!({ "$ref": "c" }), 52),
        (bson::bson!({ "$ref": 1, "$id": 1 }), 52),
        (bson::bson!({ "$id": 1, "$ref": "c" }), 52),
        (bson::bson!({ "a": 1, "$ref": "c", "$id": 1 }), 52),
        (bson::bson!([1]), 53),
        (bson::bson!([]), 53),
        (re("a", ""), 53),
        (Bson::Undefined, 53),
        (bson::bson!({ "$a": 1 }), 52),
    ] {
        let what = format!("_id {id:?}");
        expect_code(&what, collection.insert_one(&doc! { "_id": id }).await, code)?;
    }
    Ok(())
}

async fn equal_ids_collide(db: Database) -> Outcome {
    let collection = collection(&db);
    for id in [1.into(), Bson::Null, bson::bson!({ "a": 1, "b": 2 }), "a".into(), dec("NaN")] {
        collection.insert_one(&doc! { "_id": id }).await?;
    }
    for id in [
        1_i64.into(),
        1.0.into(),
        dec("1.00"),
        Bson::Null,
        bson::bson!({ "a": 1.0, "b": 2 }),
        f64::NAN.into(),
    ] {
        let what = format!("_id {id:?} again");
        expect_code(&what, collection.insert_one(&doc! { "_id": id }).await, 11000)?;
    }
    for id in [Bson::Boolean(true), "A".into(), bson::bson!({ "b": 2, "a": 1 }), "1".into()] {
        collection.insert_one(&doc! { "_id": id }).await?;
    }
    Ok(())
}

async fn an_ordered_batch_stops_at_the_first_failure(db: Database) -> Outcome {
    let docs = [1, 2, 1, 3, 2].map(|id| doc! { "_id": id });
    let result = collection(&db).insert_many(&docs).await;
    let error = expect_code("an ordered insert", result, 11000)?;
    let indexes: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
    expect_eq("the failed write", &indexes, &vec![2])?;
    expect_eq("what was done", &error.done().map(|done| done.inserted), &Some(2))?;
    expect_eq("what is there", &all_ids(&db).await?, &vec![1.into(), 2.into()])
}

async fn an_unordered_batch_tries_all(db: Database) -> Outcome {
    let docs = [1, 2, 1, 3, 2].map(|id| encode(&doc! { "_id": id })).to_vec();
    let result = collection(&db).execute(Insert { ordered: false, ..Insert::new(docs) }).await;
    let error = expect_code("an unordered insert", result, 11000)?;
    let indexes: Vec<_> = error.write_errors().iter().map(|error| error.index).collect();
    expect_eq("the failed writes", &indexes, &vec![2, 4])?;
    expect_eq("what was done", &error.done().map(|done| done.inserted), &Some(3))?;
    expect_eq("what is there", &all_ids(&db).await?, &vec![1.into(), 2.into(), 3.into()])
}

async fn duplicate_ids_are_told_with_their_index(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": { "a": 1 }, "b": 1 }]).await?;
    let result = collection.insert_one(&doc! { "_id": { "a": 1 }, "b": 2 }).await;
    let error = expect_code("the same _id", result, 11000)?;
    let Some(duplicate) = error.duplicate_key() else {
        return Err(Failure::new(format!("not a duplicate key: {error:?}")));
    };
    expect_eq("the index", &duplicate.index.as_str(), &"_id_")?;
    expect_docs("the key pattern", &[duplicate.key_pattern], &[doc! { "_id": 1 }])?;
    expect_docs("the key value", &[duplicate.key_value], &[doc! { "_id": { "a": 1 } }])
}

async fn empty_timestamps_become_the_time(db: Database) -> Outcome {
    let docs =
        [doc! { "_id": 1, "a": ts(0, 0), "b": { "c": ts(0, 0) }, "d": [ts(0, 0)], "e": ts(0, 1) }];
    let found = filled(&db, &docs).await?.find_one(doc! {}).await?.unwrap_or_default();
    match found.get("a") {
        Some(Bson::Timestamp(at)) if at.time > 1_000_000_000 => {}
        other => return Err(Failure::new(format!("the top level's: {other:?}"))),
    }
    let mut rest = found;
    rest.remove("a");
    let expected = doc! { "_id": 1, "b": { "c": ts(0, 0) }, "d": [ts(0, 0)], "e": ts(0, 1) };
    expect_docs("the others", &[rest], &[expected])
}

async fn names_may_hold_dots_and_dollars(db: Database) -> Outcome {
    let doc = doc! { "_id": 1, "a.b": 1, "$c": 2, "": 3, "d": { "$e": 4, "f.g": 5 } };
    let found = filled(&db, std::slice::from_ref(&doc)).await?.find_one(doc! {}).await?;
    expect_docs("the document", &Vec::from_iter(found), &[doc])
}

async fn duplicate_names_are_kept(db: Database) -> Outcome {
    let mut doc = RawDocumentBuf::new();
    for (name, value) in [("_id", 1), ("a", 1), ("a", 2)] {
        doc.append(bson::raw::CString::try_from(name).expect("no NUL byte"), value);
    }
    let collection = collection(&db);
    collection.insert_raw(vec![doc.clone()]).await?;
    let found = collection.find(doc! { "a": 1 }).await?.collect().await?;
    let bytes: Vec<_> = found.iter().map(|doc| doc.as_bytes().to_vec()).collect();
    expect_eq("found by the first, as it was", &bytes, &vec![doc.into_bytes()])
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    let insert = |ids: &[i32], ordered: bool| {
        let docs: Vec<_> = ids.iter().map(|id| doc! { "_id": id }).collect();
        doc! { "insert": "c", "documents": docs, "ordered": ordered }
    };
    let duplicate = |index: i32, id: i32| {
        doc! { "index": index, "code": 11000, "keyPattern": { "_id": 1 }, "keyValue": { "_id": id } }
    };
    check_commands(
        &db,
        &[
            (insert(&[1, 2], true), Is(doc! { "n": 2, "ok": 1.0 })),
            (
                insert(&[3, 1, 4], true),
                Is(doc! { "n": 1, "writeErrors": [duplicate(1, 1)], "ok": 1.0 }),
            ),
            (
                insert(&[2, 5, 5, 6], false),
                Is(doc! { "n": 2, "writeErrors": [duplicate(0, 2), duplicate(2, 5)], "ok": 1.0 }),
            ),
            (doc! { "count": "c" }, Has(doc! { "n": 5 })),
        ],
    )
    .await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "insert": "c" }, Refused(40414)),
            (doc! { "insert": "c", "documents": [] }, Refused(16)),
            (doc! { "insert": "c", "documents": 1 }, Refused(14)),
            (doc! { "insert": "c", "documents": [1] }, Refused(14)),
            (doc! { "insert": "", "documents": [{}] }, Refused(73)),
            (doc! { "insert": "$c", "documents": [{}] }, Refused(73)),
            (doc! { "insert": ".a", "documents": [{}] }, Refused(73)),
            (doc! { "insert": "c", "documents": [{}], "unknown": 1 }, Refused(40415)),
            (doc! { "insert": "c", "documents": [{}], "ordered": "x" }, Refused(14)),
            (doc! { "insert": 1, "documents": [{}] }, Refused(2)),
        ],
    )
    .await
}
