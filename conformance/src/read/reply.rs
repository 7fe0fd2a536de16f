//! The replies to reads, with their fields in order.

use bson::{Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Refused, Shell, check_commands, expect_eq, filled};

cases! { "read::reply":
    cursors_have_the_servers_order_of_fields,
    listings_come_in_batches,
    find_and_modify_by_id_does_not_read_the_sort,
}

/// The names of the fields of the reply's cursor.
fn fields(reply: &Document) -> Vec<String> {
    let cursor = reply.get_document("cursor");
    cursor.map(|cursor| cursor.keys().cloned().collect()).unwrap_or_default()
}

async fn cursors_have_the_servers_order_of_fields(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }, doc! { "_id": 2 }]).await?;
    let shell = Shell::new(&db).await?;
    let listed = ["id", "ns", "firstBatch"];
    let found = ["firstBatch", "id", "ns"];
    for (command, expected) in [
        (doc! { "find": "c" }, found),
        (doc! { "find": "c", "filter": { "_id": 1 } }, found),
        (doc! { "find": "c", "filter": { "_id": 9 } }, found),
        (doc! { "find": "c", "filter": { "a": 9 } }, found),
        (doc! { "find": "missing" }, listed),
        (doc! { "find": "missing", "batchSize": 0 }, listed),
        (doc! { "listIndexes": "c" }, listed),
        (doc! { "listCollections": 1 }, listed),
    ] {
        let what = crate::show(&command);
        let reply = shell.run(command).await?;
        expect_eq(&what, &fields(&reply), &expected.map(str::to_owned).to_vec())?;
        expect_eq(&what, &reply.keys().next().map(String::as_str), &Some("cursor"))?;
    }
    let opened = shell.run(doc! { "find": "c", "batchSize": 1 }).await?;
    let id = opened.get_document("cursor").and_then(|cursor| cursor.get_i64("id")).unwrap_or(0);
    let more = shell.run(doc! { "getMore": id, "collection": "c" }).await?;
    expect_eq("getMore", &fields(&more), &["nextBatch", "id", "ns"].map(str::to_owned).to_vec())
}

async fn listings_come_in_batches(db: Database) -> Outcome {
    let shell = Shell::new(&db).await?;
    let nothing = doc! { "listCollections": 1, "cursor": { "batchSize": 0 } };
    let ns = format!("{}.$cmd.listCollections", db.name());
    let none: [Document; 0] = [];
    shell
        .check(&[(nothing, Has(doc! { "cursor": { "id": 0_i64, "ns": &ns, "firstBatch": none } }))])
        .await?;
    for name in ["a", "b", "c"] {
        shell.check(&[(doc! { "create": name }, Has(doc! {}))]).await?;
    }
    let listings = [
        (
            doc! { "listCollections": 1, "nameOnly": true, "cursor": { "batchSize": 1 } },
            "$cmd.listCollections",
            3,
        ),
        (doc! { "listIndexes": "a", "cursor": { "batchSize": 0 } }, "a", 1),
    ];
    for (command, collection, expected) in listings {
        let what = crate::show(&command);
        let reply = shell.run(command).await?;
        let cursor = reply.get_document("cursor").cloned().unwrap_or_default();
        let first = cursor.get_array("firstBatch").map_or(0, Vec::len);
        let id = cursor.get_i64("id").unwrap_or(0);
        let reply = shell.run(doc! { "getMore": id, "collection": collection }).await?;
        let cursor = reply.get_document("cursor").cloned().unwrap_or_default();
        let rest = cursor.get_array("nextBatch").map_or(0, Vec::len);
        expect_eq(&what, &(first + rest), &expected)?;
        expect_eq(&what, &(first < expected, cursor.get_i64("id").ok()), &(true, Some(0)))?;
    }
    shell
        .check(&[
            // That there is no more is known at once.
            (
                doc! { "listIndexes": "a", "cursor": { "batchSize": 1 } },
                Has(doc! { "cursor": {
                    "id": 0_i64, "ns": format!("{}.a", db.name()),
                    "firstBatch": [{ "v": 2, "key": { "_id": 1 }, "name": "_id_" }],
                } }),
            ),
            (doc! { "listCollections": 1, "cursor": 1 }, Refused(14)),
            (doc! { "listCollections": 1, "cursor": { "x": 1 } }, Refused(40415)),
            (doc! { "listIndexes": "a", "cursor": { "batchSize": -1 } }, Refused(51024)),
        ])
        .await
}

/// One document needs no order, so the server does not look at it, unless something else is asked for.
async fn find_and_modify_by_id_does_not_read_the_sort(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 1 }]).await?;
    let modify = |query: Document, sort: Document| {
        doc! { "findAndModify": "c", "query": query, "sort": sort, "update": { "$set": { "z": 1 } } }
    };
    let with = |mut command: Document, more: Document| {
        command.extend(more);
        command
    };
    let by_id = || doc! { "_id": 1 };
    let rows = [
        (modify(by_id(), doc! { "a": 2 }), Has(doc! { "ok": 1.0 })),
        (modify(by_id(), doc! { "a": "x" }), Has(doc! { "ok": 1.0 })),
        (modify(by_id(), doc! { "": 1 }), Has(doc! { "ok": 1.0 })),
        (modify(by_id(), doc! { "$natural": 1, "a": 1 }), Has(doc! { "ok": 1.0 })),
        (modify(doc! {}, doc! { "a": 2 }), Refused(15975)),
        (modify(doc! { "a": 1 }, doc! { "a": 2 }), Refused(15975)),
        (modify(doc! { "a": 1 }, doc! { "a": "x" }), Refused(15974)),
        (with(modify(by_id(), doc! { "a": 2 }), doc! { "fields": { "a": 1 } }), Refused(15975)),
        (with(modify(by_id(), doc! { "a": 1 }), doc! { "hint": "nope" }), Refused(2)),
        (with(modify(by_id(), doc! { "a": 1 }), doc! { "batchSize": 1 }), Has(doc! { "ok": 1.0 })),
        (with(modify(by_id(), doc! { "a": 1 }), doc! { "limit": 1 }), Refused(40415)),
        (with(modify(by_id(), doc! { "a": 1 }), doc! { "projection": {} }), Refused(40415)),
    ];
    check_commands(&db, &rows).await
}
