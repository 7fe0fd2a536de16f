//! Creating, dropping, renaming and listing collections.

use bson::{Document, doc};
use odm_core::{CreateCollection, Database, RenameCollection};

use crate::case::{Outcome, cases};
use crate::check::{Has, Is, Refused, check_commands, expect_code, expect_eq, filled};

cases! { "catalog::collection":
    the_first_write_creates_it,
    creating_one_that_exists_is_refused,
    names_are_checked,
    dropping_removes_documents_and_indexes,
    renaming_takes_documents_and_indexes_along,
    renaming_onto_another_is_refused_unless_asked,
    listing_takes_a_filter,
    the_same_name_in_two_databases,
    replies_have_the_servers_shape,
}

fn none() -> CreateCollection {
    CreateCollection::default()
}

async fn the_first_write_creates_it(db: Database) -> Outcome {
    expect_eq("none at first", &db.list_collection_names().await?, &vec![])?;
    db.collection("read").find(doc! {}).await?.collect().await?;
    db.collection("deleted").delete_many(doc! {}).await?;
    db.collection("inserted").insert_one(&doc! {}).await?;
    db.collection("indexed").create_index(odm_core::Index::asc("a")).await?;
    db.create_collection("created", none()).await?;
    let names = ["created", "indexed", "inserted"].map(str::to_owned).to_vec();
    expect_eq("the names", &db.list_collection_names().await?, &names)
}

async fn creating_one_that_exists_is_refused(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    expect_code("again", db.create_collection("c", none()).await, 48)?;
    expect_eq("it stays", &db.collection("c").count(doc! {}).await?, &1)
}

async fn names_are_checked(db: Database) -> Outcome {
    for name in ["", "$c", "a$b", ".c", "system."] {
        let result = db.run_command(doc! { "create": name }).await;
        expect_code(&format!("create {name:?}"), result, 73)?;
    }
    for name in ["a.b", "é", "with space", "Ä-1", "c.", "d..e"] {
        db.create_collection(name, none()).await?;
    }
    Ok(())
}

async fn dropping_removes_documents_and_indexes(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    collection.create_index(odm_core::Index::asc("a").unique()).await?;
    collection.drop().await?;
    expect_eq("names", &db.list_collection_names().await?, &vec![])?;
    expect_eq("count", &collection.count(doc! {}).await?, &0)?;
    expect_code("indexes", collection.list_indexes().await, 26)?;
    collection.insert_many(&[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await?;
    db.collection("missing").drop().await?;
    Ok(())
}

async fn renaming_takes_documents_and_indexes_along(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    collection.create_index(odm_core::Index::asc("a").unique()).await?;
    collection.rename("d").await?;
    expect_eq("names", &db.list_collection_names().await?, &vec!["d".to_owned()])?;
    expect_eq("indexes", &db.collection("d").list_indexes().await?.len(), &2)?;
    expect_code("unique", db.collection("d").insert_one(&doc! { "a": 1 }).await, 11000)?;
    expect_eq("the old name", &collection.count(doc! {}).await?, &0)
}

async fn renaming_onto_another_is_refused_unless_asked(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1 }]).await?;
    db.collection("d").insert_one(&doc! { "_id": 2 }).await?;
    expect_code("a target", collection.rename("d").await, 48)?;
    expect_code("no source", db.collection("missing").rename("e").await, 26)?;
    expect_code("itself", collection.rename("c").await, 20)?;
    expect_code("a bad name", collection.rename("$x").await, 20)?;
    let request = RenameCollection { to: db.namespace("d"), drop_target: true };
    collection.execute(request).await?;
    let left = db.collection("d").find_one(doc! {}).await?;
    expect_eq("what is there", &left, &Some(doc! { "_id": 1 }))
}

async fn listing_takes_a_filter(db: Database) -> Outcome {
    for name in ["a", "b", "c"] {
        db.create_collection(name, none()).await?;
    }
    let names = |reply: &Document| -> Vec<String> {
        let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
        let names = batch.map(|batch| {
            batch
                .iter()
                .filter_map(|entry| entry.as_document()?.get_str("name").ok().map(str::to_owned))
                .collect()
        });
        names.unwrap_or_default()
    };
    for (filter, expected) in [
        (doc! { "name": "b" }, vec!["b"]),
        (doc! { "name": { "$in": ["a", "c", "d"] } }, vec!["a", "c"]),
        (doc! { "type": "view" }, vec![]),
        (doc! { "options.capped": true }, vec![]),
    ] {
        let reply = db.run_command(doc! { "listCollections": 1, "filter": filter.clone() }).await?;
        let mut found = names(&reply);
        found.sort();
        expect_eq(
            &crate::show(&filter),
            &found,
            &expected.into_iter().map(str::to_owned).collect(),
        )?;
    }
    Ok(())
}

async fn the_same_name_in_two_databases(db: Database) -> Outcome {
    let other = db.sibling(format!("{}_other", db.name()));
    filled(&db, &[doc! { "_id": 1 }]).await?;
    other.collection("c").insert_one(&doc! { "_id": 1 }).await?;
    other.collection("c").delete_many(doc! {}).await?;
    expect_eq("this one", &db.collection("c").count(doc! {}).await?, &1)?;
    other.drop().await?;
    expect_eq("still", &db.collection("c").count(doc! {}).await?, &1)
}

async fn replies_have_the_servers_shape(db: Database) -> Outcome {
    let ns = format!("{}.c", db.name());
    let named = |names_only: bool| {
        doc! { "listCollections": 1, "nameOnly": names_only, "filter": { "name": "c" } }
    };
    check_commands(
        &db,
        &[
            (doc! { "create": "c" }, Is(doc! { "ok": 1.0 })),
            (doc! { "create": "c" }, Refused(48)),
            (doc! { "create": "d", "unknown": 1 }, Refused(40415)),
            (doc! { "create": 1 }, Refused(2)),
            (
                named(true),
                Is(doc! {
                    "cursor": {
                        "id": 0_i64, "ns": format!("{}.$cmd.listCollections", db.name()),
                        "firstBatch": [{ "name": "c", "type": "collection" }],
                    },
                    "ok": 1.0,
                }),
            ),
            (doc! { "listCollections": 1, "filter": { "$unknown": 1 } }, Refused(2)),
            (doc! { "drop": "c" }, Is(doc! { "nIndexesWas": 1, "ns": ns, "ok": 1.0 })),
            (doc! { "drop": "" }, Refused(73)),
            (doc! { "count": "c" }, Has(doc! { "n": 0 })),
        ],
    )
    .await
}
