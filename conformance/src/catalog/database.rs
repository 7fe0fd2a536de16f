//! Listing and dropping databases.

use bson::{Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Is, Refused, check_commands, expect_code, expect_eq, filled};

cases! { "catalog::database":
    dropping_removes_everything,
    databases_are_listed_once_they_hold_something,
    names_are_checked,
}

async fn dropping_removes_everything(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    db.collection("d").insert_one(&doc! {}).await?;
    check_commands(
        &db,
        &[
            (doc! { "dropDatabase": 1 }, Is(doc! { "ok": 1.0 })),
            (doc! { "dropDatabase": 1 }, Is(doc! { "ok": 1.0 })),
        ],
    )
    .await?;
    expect_eq("collections", &db.list_collection_names().await?, &vec![])
}

async fn databases_are_listed_once_they_hold_something(db: Database) -> Outcome {
    let admin = db.sibling("admin");
    let list = async || -> odm_core::Result<Vec<Document>> {
        let command =
            doc! { "listDatabases": 1, "filter": { "name": db.name() }, "nameOnly": true };
        let reply = admin.run_command(command).await?;
        let listed = reply.get_array("databases").cloned().unwrap_or_default();
        Ok(listed.iter().filter_map(|entry| entry.as_document().cloned()).collect())
    };
    expect_eq("before", &list().await?, &vec![])?;
    filled(&db, &[doc! { "_id": 1 }]).await?;
    expect_eq("after", &list().await?, &vec![doc! { "name": db.name() }])?;
    let elsewhere = db.run_command(doc! { "listDatabases": 1 }).await;
    expect_code("elsewhere than on admin", elsewhere, 13)?;
    check_commands(
        &admin,
        &[(doc! { "listDatabases": 1, "filter": { "$unknown": 1 } }, Refused(2))],
    )
    .await
}

async fn names_are_checked(db: Database) -> Outcome {
    for name in ["a b", "a/b", "a\\b", "a\"b", "$a", "a.b"] {
        let result = db.sibling(name).collection("c").insert_one(&doc! {}).await;
        expect_code(&format!("database {name:?}"), result, 73)?;
    }
    let long = "x".repeat(64);
    let result = db.sibling(long).collection("c").insert_one(&doc! {}).await;
    expect_code("a name of 64 bytes", result, 73)?;
    Ok(())
}
