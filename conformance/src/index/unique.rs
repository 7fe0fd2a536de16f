//! Unique indexes, and the keys of documents.

use bson::{Bson, Document, doc};
use odm_core::{Database, Index, IndexKind};

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, check_commands, collection, expect_code, expect_docs, expect_eq, filled};
use crate::value::{date, dec, oid};

cases! { "index::unique":
    equal_keys_collide,
    missing_counts_as_null,
    compound_keys_collide_as_a_whole,
    every_element_is_a_key,
    one_document_may_repeat_a_key,
    paths_lead_to_keys,
    refused_writes_name_index_pattern_and_value,
    keys_hold_one_nan_of_each_type,
    messages_are_the_servers,
    updates_are_refused_too,
    an_update_of_itself_does_not_collide,
    deleted_keys_are_free_again,
    an_index_cannot_be_built_over_duplicates,
    upserts_are_refused_too,
    multi_updates_stop_at_the_first_duplicate,
}

/// Inserts `docs` one by one under unique `index`: which of them are refused as duplicates, by position.
async fn refused(db: &Database, index: Index, docs: Vec<Document>) -> Result<Vec<usize>, Failure> {
    let collection = collection(db);
    collection.create_index(index.unique()).await?;
    let mut refused = Vec::new();
    for (position, doc) in docs.iter().enumerate() {
        match collection.insert_one(doc).await {
            Ok(_) => {}
            Err(error) if error.code() == Some(11000) => refused.push(position),
            Err(error) => return Err(error.into()),
        }
    }
    Ok(refused)
}

fn values(values: impl IntoIterator<Item = Bson>) -> Vec<Document> {
    values.into_iter().map(|value| doc! { "a": value }).collect()
}

async fn equal_keys_collide(db: Database) -> Outcome {
    let docs = values([
        1.into(),
        1.0.into(),
        1_i64.into(),
        dec("1.00"),
        "1".into(),
        true.into(),
        bson::bson!({ "x": 1 }),
        bson::bson!({ "x": 1.0 }),
        0.0.into(),
        (-0.0).into(),
        f64::NAN.into(),
        dec("NaN"),
        date(1),
        "1".into(),
    ]);
    expect_eq("refused", &refused(&db, Index::asc("a"), docs).await?, &vec![1, 2, 3, 7, 9, 11, 13])
}

async fn missing_counts_as_null(db: Database) -> Outcome {
    let docs = vec![
        doc! {},
        doc! { "a": null },
        doc! { "b": 1 },
        doc! { "a": [] },
        doc! { "a": Bson::Undefined },
    ];
    expect_eq("refused", &refused(&db, Index::asc("a"), docs).await?, &vec![1, 2, 4])
}

async fn compound_keys_collide_as_a_whole(db: Database) -> Outcome {
    let docs = vec![
        doc! { "a": 1, "b": 1 },
        doc! { "a": 1, "b": 2 },
        doc! { "a": 2, "b": 1 },
        doc! { "b": 1, "a": 1 },
        doc! { "a": 1 },
        doc! { "a": 1, "b": null },
        doc! { "a": [1, 3], "b": 3 },
        doc! { "a": 3, "b": 3 },
    ];
    let index = Index::asc("a").then("b", IndexKind::Descending);
    expect_eq("refused", &refused(&db, index, docs).await?, &vec![3, 5, 7])
}

async fn every_element_is_a_key(db: Database) -> Outcome {
    let docs = values([
        bson::bson!([1, 2]),
        2.into(),
        bson::bson!([3, 1]),
        bson::bson!([3, 4]),
        bson::bson!([[1, 2]]),
        bson::bson!([[1, 2], 5]),
        bson::bson!([]),
        bson::bson!([]),
        bson::bson!([null]),
        Bson::Null,
    ]);
    expect_eq("refused", &refused(&db, Index::asc("a"), docs).await?, &vec![1, 2, 5, 7, 9])
}

async fn one_document_may_repeat_a_key(db: Database) -> Outcome {
    let docs = values([bson::bson!([1, 1, 1.0]), bson::bson!([2, 2]), bson::bson!([3, 2])]);
    expect_eq("refused", &refused(&db, Index::asc("a"), docs).await?, &vec![2])
}

async fn paths_lead_to_keys(db: Database) -> Outcome {
    let docs = vec![
        doc! { "a": { "b": 1 } },
        doc! { "a": [{ "b": 2 }, { "b": 3 }] },
        doc! { "a": [{ "b": 1 }] },
        doc! { "a": { "b": [3, 4] } },
        doc! { "a": 5 },
        doc! { "a": { "c": 1 } },
        doc! { "a": [] },
        doc! { "a": [{ "b": 6 }, {}] },
    ];
    expect_eq("refused", &refused(&db, Index::asc("a.b"), docs).await?, &vec![2, 3, 5, 6, 7])
}

async fn refused_writes_name_index_pattern_and_value(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": "x", "b": { "c": 2 } }]).await?;
    let index = Index::asc("a").then("b.c", IndexKind::Descending).unique();
    collection.create_index(index.named("the name")).await?;
    let result = collection.insert_one(&doc! { "a": "x", "b": { "c": 2 } }).await;
    let error = expect_code("a duplicate", result, 11000)?;
    let Some(duplicate) = error.duplicate_key() else {
        return Err(Failure::new(format!("not a duplicate key: {error:?}")));
    };
    expect_eq("the index", &duplicate.index.as_str(), &"the name")?;
    expect_docs("the key pattern", &[duplicate.key_pattern], &[doc! { "a": 1, "b.c": -1 }])?;
    expect_docs("the key value", &[duplicate.key_value], &[doc! { "a": "x", "b.c": 2 }])?;
    // An empty array has a key, which is neither null nor missing.
    collection.insert_one(&doc! { "a": [], "b": { "c": 2 } }).await?;
    let result = collection.insert_one(&doc! { "a": [], "b": { "c": 2 } }).await;
    let error = expect_code("an empty array again", result, 11000)?;
    let value = error.duplicate_key().map(|duplicate| duplicate.key_value).unwrap_or_default();
    expect_docs("the key value", &[value], &[doc! { "a": Bson::Undefined, "b.c": 2 }])
}

/// Programs take the index's name out of the message: there is no other place for it.
/// What comes out of a key is not always what is in the document: a negative NaN is none there.
async fn keys_hold_one_nan_of_each_type(db: Database) -> Outcome {
    let (nan, negative) = (f64::NAN, f64::from_bits(0xfff8_0000_0000_0000));
    let rows = [
        (Bson::Double(negative), Bson::Double(nan)),
        (dec("-NaN"), dec("NaN")),
        (bson::bson!({ "x": [negative] }), bson::bson!({ "x": [nan] })),
        (Bson::Double(-0.0), Bson::Double(-0.0)),
        (dec("-0"), dec("-0")),
    ];
    let index = doc! { "key": { "a": 1 }, "name": "a_1", "unique": true };
    for (number, (value, shown)) in rows.into_iter().enumerate() {
        let name = format!("c{number}");
        let insert = |id: i32| doc! { "insert": &name, "documents": [{ "_id": id, "a": &value }] };
        let error = doc! { "index": 0, "code": 11000, "keyPattern": { "a": 1 }, "keyValue": { "a": &shown } };
        check_commands(
            &db,
            &[
                (doc! { "createIndexes": &name, "indexes": [index.clone()] }, Has(doc! {})),
                (insert(1), Has(doc! { "n": 1 })),
                (insert(2), Has(doc! { "writeErrors": [error] })),
                (doc! { "distinct": &name, "key": "a" }, Has(doc! { "values": [shown] })),
            ],
        )
        .await?;
    }
    Ok(())
}

async fn messages_are_the_servers(db: Database) -> Outcome {
    let collection = collection(&db);
    collection.create_index(Index::asc("a").unique()).await?;
    for (value, printed) in [
        (Bson::Int32(1), "1"),
        (Bson::Int64(2), "2"),
        (Bson::Double(1.5), "1.5"),
        (Bson::Double(3.0), "3.0"),
        ("x\"y".into(), "\"x\"y\""),
        (Bson::Null, "null"),
        (true.into(), "true"),
        (oid(1), "ObjectId('010101010101010101010101')"),
        (dec("1.50"), "1.50"),
        (bson::bson!({ "x": 1 }), "{ x: 1 }"),
        (date(1_000), "new Date(1000)"),
        (Bson::MinKey, "MinKey"),
    ] {
        collection.delete_many(doc! {}).await?;
        collection.insert_one(&doc! { "a": value.clone() }).await?;
        let error = match collection.insert_one(&doc! { "a": value }).await {
            Err(error) => error,
            Ok(_) => return Err(Failure::new(format!("{printed} was not refused"))),
        };
        let expected = format!(
            "E11000 duplicate key error collection: {}.c index: a_1 dup key: {{ a: {printed} }}",
            db.name()
        );
        let message = error.write_errors().first().map(|error| error.message.clone());
        expect_eq("the message", &message, &Some(expected))?;
    }
    Ok(())
}

async fn updates_are_refused_too(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }]).await?;
    collection.create_index(Index::asc("a").unique()).await?;
    for update in [
        doc! { "$set": { "a": 1 } },
        doc! { "$inc": { "a": -1 } },
        doc! { "a": 1 },
        doc! { "$set": { "a": [5, 1] } },
    ] {
        let what = crate::show(&update);
        expect_code(&what, collection.update_one(doc! { "_id": 2 }, update).await, 11000)?;
        let found = collection.find_one(doc! { "_id": 2 }).await?;
        expect_docs(&what, &Vec::from_iter(found), &[doc! { "_id": 2, "a": 2 }])?;
    }
    Ok(())
}

async fn an_update_of_itself_does_not_collide(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": [1, 2] }]).await?;
    collection.create_index(Index::asc("a").unique()).await?;
    for update in [doc! { "$set": { "a": 1 } }, doc! { "$set": { "a": 1.0 } }, doc! { "a": [2, 1] }]
    {
        let outcome = collection.update_one(doc! {}, update).await?;
        expect_eq("modified", &outcome.modified, &1)?;
    }
    Ok(())
}

async fn deleted_keys_are_free_again(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": [1, 2] }]).await?;
    collection.create_index(Index::asc("a").unique()).await?;
    collection.update_one(doc! {}, doc! { "$pull": { "a": 2 } }).await?;
    collection.insert_one(&doc! { "_id": 2, "a": 2 }).await?;
    collection.delete_one(doc! { "_id": 1 }).await?;
    collection.insert_one(&doc! { "_id": 3, "a": 1 }).await?;
    expect_code("taken", collection.insert_one(&doc! { "a": 1 }).await, 11000)?;
    Ok(())
}

async fn an_index_cannot_be_built_over_duplicates(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1.0 }]).await?;
    expect_code("a build", collection.create_index(Index::asc("a").unique()).await, 11000)?;
    expect_eq("indexes", &collection.list_indexes().await?.len(), &1)?;
    collection.insert_one(&doc! { "a": 1 }).await?;
    Ok(())
}

async fn upserts_are_refused_too(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    collection.create_index(Index::asc("a").unique()).await?;
    let statement = odm_core::UpdateStatement {
        upsert: true,
        ..odm_core::UpdateStatement::one(doc! { "_id": 2 }, doc! { "$set": { "a": 1 } })
    };
    let batch = odm_core::UpdateBatch::new(vec![statement]);
    expect_code("an upsert", collection.execute(batch).await, 11000)?;
    expect_eq("count", &collection.count(doc! {}).await?, &1)
}

async fn multi_updates_stop_at_the_first_duplicate(db: Database) -> Outcome {
    let collection = filled(&db, &[1, 2, 3].map(|id| doc! { "_id": id, "a": id })).await?;
    collection.create_index(Index::asc("a").unique()).await?;
    let result = collection.update_many(doc! {}, doc! { "$set": { "a": 1 } }).await;
    expect_code("all the same", result, 11000)?;
    expect_eq("count", &collection.count(doc! { "a": { "$in": [2, 3] } }).await?, &2)
}
