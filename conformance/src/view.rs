//! Views: what can be one, what is read through them, and that they are not written to.
//!
//! Most questions and MongoDB's answers are in files, for there are hundreds of them.

use bson::{Bson, doc};
use odm_core::{Aggregate, Database, Distinct, Document, Error, Pipeline, Stage};
use serde::{Deserialize, Serialize};

use crate::aggregate::explain::shape;
use crate::case::{Case, Failure, Outcome, cases};
use crate::check::{
    Has, Refused, Shell, check_commands, check_transcript, expect_code, expect_eq, trees,
};

pub(crate) const FAMILIES: &[&[Case]] = &[CASES];

cases! { "views":
    create needs(views, aggregation, collation),
    read needs(views, aggregation, collation),
    stages needs(views, aggregation, collation),
    writes_are_refused needs(views, aggregation, collation, capped_collections),
    modify needs(views, aggregation, collation),
    distinct_values needs(views, aggregation),
    cursors needs(views, aggregation),
    names needs(views),
    listed needs(views),
    a_plan_of_the_collection needs(views, aggregation),
    plans needs(views, aggregation),
    typed needs(views, aggregation),
    recorded_pipelines needs(views, aggregation),
}

async fn create(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../data/view/create.txt")).await
}

async fn read(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../data/view/read.txt")).await
}

async fn stages(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../data/view/stage.txt")).await
}

async fn writes_are_refused(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../data/view/write.txt")).await
}

async fn modify(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../data/view/modify.txt")).await
}

fn of(stages: &[bson::Document]) -> Result<Pipeline, Error> {
    Pipeline::parse(&stages.iter().cloned().map(Bson::Document).collect::<Vec<_>>())
}

async fn recorded_pipelines(db: Database) -> Outcome {
    let text = include_str!("../data/recorded/pipeline/lookup.txt");
    crate::recorded::check_through_views(db, text).await
}

/// In no order, unlike those of a collection.
async fn distinct_values(db: Database) -> Outcome {
    let collection = db.collection("c");
    let docs = [
        doc! { "_id": 1, "a": [{ "b": 1 }, { "b": [2, 3] }, 4, [{ "b": 5 }], [6]] },
        doc! { "_id": 2, "a": { "b": 7 } },
        doc! { "_id": 3, "a": null },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": [] },
        doc! { "_id": 6, "a": { "b": null } },
        doc! { "_id": 7, "a": [[1, 2], [3]] },
        doc! { "_id": 8, "a": { "b": [[8, 9], 10] } },
        doc! { "_id": 9, "a": [null] },
        doc! { "_id": 10, "a.b": 11 },
        doc! { "_id": 11, "a": { "0": 12, "1": { "b": 13 } } },
        doc! { "_id": 12, "a": { "b": { "c": 14 } } },
        doc! { "_id": 13, "a": { "b": [{ "c": 15 }, { "c": [16] }] } },
    ];
    collection.insert_many(&docs).await?;
    db.create_view("v", "c", of(&[doc! { "$match": { "_id": { "$ne": 2 } } }])?).await?;
    let rows: [(&str, Vec<Bson>); 7] = [
        ("_id", [1, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13].map(Bson::Int32).to_vec()),
        (
            "a.b",
            vec![
                1.into(),
                2.into(),
                3.into(),
                10.into(),
                Bson::Null,
                doc! { "c": 14 }.into(),
                doc! { "c": 15 }.into(),
                doc! { "c": [16] }.into(),
                vec![8, 9].into(),
            ],
        ),
        ("a.0", vec![1.into(), 2.into(), 12.into(), doc! { "b": 1 }.into(), Bson::Null]),
        ("a.1.b", [2, 3, 13].map(Bson::Int32).to_vec()),
        ("a.b.c", [14, 15, 16].map(Bson::Int32).to_vec()),
        ("a.b.0", vec![2.into(), 8.into(), 9.into(), doc! { "c": 15 }.into()]),
        ("a.0.b", vec![1.into()]),
    ];
    let sorted = |values: Vec<Bson>| {
        let mut shown: Vec<String> = values.iter().map(crate::show_value).collect();
        shown.sort();
        shown
    };
    for (key, expected) in rows {
        let found = db.collection("v").execute(Distinct::new(key)).await?;
        expect_eq(key, &sorted(found), &sorted(expected))?;
    }
    Ok(())
}

/// They have the view's name, and end with the collection.
async fn cursors(db: Database) -> Outcome {
    let docs: Vec<bson::Document> = (0..10).map(|n| doc! { "_id": n }).collect();
    db.collection("c").insert_many(&docs).await?;
    db.create_view("v", "c", of(&[doc! { "$match": { "_id": { "$gte": 2 } } }])?).await?;
    let shell = Shell::new(&db).await?;
    let ns = format!("{}.v", db.name());
    let commands = [
        doc! { "find": "v", "batchSize": 2 },
        doc! { "aggregate": "v", "pipeline": [], "cursor": { "batchSize": 2 } },
        doc! { "find": "v", "filter": {}, "batchSize": 2, "limit": 1, "singleBatch": true },
        doc! { "find": "v", "batchSize": 2 },
    ];
    let mut ids = Vec::new();
    for command in commands {
        let reply = shell.run(command).await?;
        let cursor = reply.get_document("cursor").cloned().unwrap_or_default();
        expect_eq("the namespace", &cursor.get_str("ns").unwrap_or_default(), &ns.as_str())?;
        ids.push(cursor.get_i64("id").unwrap_or_default());
    }
    let [find, aggregate, single, dropped] = ids[..] else {
        return Err(Failure::new("one cursor for each command"));
    };
    expect_eq("nothing is left of a single document", &single, &0)?;
    let next = |id: i64, docs: &[i32]| {
        let docs: Vec<Bson> = docs.iter().map(|n| doc! { "_id": n }.into()).collect();
        let command = doc! { "getMore": id, "collection": "v", "batchSize": 3 };
        (command, Has(doc! { "cursor": { "nextBatch": docs, "id": id, "ns": &ns } }))
    };
    let rows = [
        next(find, &[4, 5, 6]),
        next(aggregate, &[4, 5, 6]),
        (doc! { "getMore": find, "collection": "c" }, Refused(13)),
        (doc! { "drop": "v" }, Has(doc! { "ns": &ns })),
        next(find, &[7, 8, 9]),
        (doc! { "drop": "c" }, Has(doc! { "nIndexesWas": 1 })),
        (doc! { "getMore": dropped, "collection": "v" }, Refused(175)),
    ];
    shell.check(&rows).await
}

/// Views are not renamed, nor is anything to a view's name; what they are on may be.
async fn names(db: Database) -> Outcome {
    for name in ["c", "d"] {
        db.collection(name).insert_one(&doc! { "_id": name }).await?;
    }
    for (name, on) in [("v", "c"), ("w", "e")] {
        db.create_view(name, on, Pipeline::default()).await?;
    }
    let full = |name: &str| format!("{}.{name}", db.name());
    let rename = |from: &str, to: &str| doc! { "renameCollection": full(from), "to": full(to) };
    let admin = db.sibling("admin");
    let over = |from: &str, to: &str| {
        let mut command = rename(from, to);
        command.insert("dropTarget", true);
        command
    };
    let rows = [
        (rename("v", "x"), Refused(166)),
        (rename("v", "w"), Refused(166)),
        (rename("v", "v"), Refused(20)),
        (rename("c", "v"), Refused(48)),
        (over("c", "v"), Refused(48)),
        (rename("nope", "v"), Refused(26)),
        (rename("system.views", "x"), Refused(20)),
        (rename("c", "system.views"), Refused(20)),
        (rename("c", "e"), Has(doc! { "ok": 1.0 })),
    ];
    check_commands(&admin, &rows).await?;
    for (view, expected) in [("v", vec![]), ("w", vec![doc! { "_id": "c" }.into()])] {
        let ns = full(view);
        let cursor = doc! { "firstBatch": Bson::Array(expected), "id": 0_i64, "ns": ns };
        check_commands(&db, &[(doc! { "find": view }, Has(doc! { "cursor": cursor }))]).await?;
    }
    Ok(())
}

/// With them is the collection of their definitions, which stays when they are gone.
async fn listed(db: Database) -> Outcome {
    db.collection("c").insert_one(&doc! { "_id": 1 }).await?;
    expect_eq("before", &db.list_collection_names().await?.join(" "), &"c".to_owned())?;
    db.create_view("v", "c", Pipeline::default()).await?;
    db.create_view("b", "v", Pipeline::default()).await?;
    let names = db.list_collection_names().await?.join(" ");
    expect_eq("with views", &names, &"b c system.views v".to_owned())?;
    for (filter, expected) in [
        (doc! { "type": "view" }, "b v"),
        (doc! { "type": "collection" }, "c system.views"),
        (doc! { "options.viewOn": "c" }, ""),
    ] {
        let command = doc! { "listCollections": 1, "nameOnly": true, "filter": &filter };
        let reply = db.run_command(command).await?;
        let mut found: Vec<String> = Vec::new();
        let batch = reply.get_document("cursor").and_then(|it| it.get_array("firstBatch"));
        for entry in batch.ok().into_iter().flatten().filter_map(Bson::as_document) {
            found.push(entry.get_str("name").unwrap_or_default().to_owned());
        }
        found.sort();
        expect_eq(&crate::show(&filter), &found.join(" "), &expected.to_owned())?;
    }
    for name in ["b", "v"] {
        db.collection(name).drop().await?;
    }
    let names = db.list_collection_names().await?.join(" ");
    expect_eq("afterwards", &names, &"c system.views".to_owned())
}

/// What is asked of a view is for its collection's indexes.
async fn a_plan_of_the_collection(db: Database) -> Outcome {
    let docs: Vec<bson::Document> =
        (0..50).map(|n| doc! { "_id": n, "a": n % 5, "b": n }).collect();
    db.collection("c").insert_many(&docs).await?;
    db.collection("c").create_index(odm_core::Index::asc("b")).await?;
    db.create_view("v", "c", of(&[doc! { "$match": { "a": 1 } }])?).await?;
    let only = |n: i32| vec![doc! { "_id": n, "a": 1, "b": n }];
    let view = db.collection("v");
    let hinted = |stages: Vec<Stage>, hint: bson::Document| Aggregate {
        pipeline: stages.into(),
        hint: Some(hint.into()),
        ..Aggregate::default()
    };
    let matched = || vec![Stage::match_(doc! { "b": 11 })];
    let found = view.execute(hinted(matched(), doc! { "b": 1 })).await?.collect().await?;
    expect_eq("by the index", &trees(&found)?, &only(11))?;
    let refused = view.execute(hinted(matched(), doc! { "c": 1 })).await;
    expect_code("by none that there is", refused, 2).map(drop)
}

/// Those of pipelines.
async fn plans(db: Database) -> Outcome {
    let docs: Vec<bson::Document> =
        (0..50).map(|n| doc! { "_id": n, "a": n % 5, "b": n }).collect();
    db.collection("c").insert_many(&docs).await?;
    let index = doc! { "key": { "b": 1 }, "name": "b_1" };
    db.run_command(doc! { "createIndexes": "c", "indexes": [index] }).await?;
    db.create_view("v", "c", of(&[doc! { "$match": { "a": 1 } }])?).await?;
    let sum = doc! { "$addFields": { "d": { "$add": ["$b", 1] } } };
    db.create_view("w", "v", of(&[sum])?).await?;
    let small = vec![doc! { "$match": { "b": { "$lt": 3 } } }];
    let rows = [
        (doc! { "find": "v", "filter": { "b": { "$gt": 40 } } }, "FETCH < IXSCAN b_1"),
        (
            doc! { "find": "v", "filter": { "b": 3 }, "projection": { "b": 1 } },
            "PROJECTION_SIMPLE < FETCH < IXSCAN b_1",
        ),
        (doc! { "find": "w", "filter": { "b": 11 } }, "FETCH < IXSCAN b_1 | $addFields"),
        (doc! { "find": "w", "filter": { "d": 12 } }, "COLLSCAN | $addFields | $match"),
        (
            doc! { "aggregate": "w", "pipeline": small, "cursor": {} },
            "FETCH < IXSCAN b_1 | $addFields",
        ),
        (doc! { "count": "v", "query": { "b": 11 } }, "FETCH < IXSCAN b_1 | $group | $project"),
    ];
    let shell = Shell::new(&db).await?;
    let mut failures = Vec::new();
    for (command, expected) in rows {
        let what = crate::show(&command);
        let reply = shell.run(doc! { "explain": command, "verbosity": "queryPlanner" }).await?;
        if let Err(failure) = expect_eq(&what, &shape(&reply).as_str(), &expected) {
            failures.push(failure.to_string());
        }
    }
    Failure::unless_empty(&failures)
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "orders")]
struct Order {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: i32,
    customer: String,
    total: i32,
}

#[derive(Debug, Clone, PartialEq, Serialize, Deserialize, Document)]
#[odm(collection = "large_orders")]
struct LargeOrder {
    #[serde(rename = "_id")]
    #[odm(id)]
    id: i32,
    customer: String,
    total: i32,
}

async fn typed(db: Database) -> Outcome {
    for (id, customer, total) in [(1, "Ada", 5), (2, "Bob", 50), (3, "Ada", 70)] {
        Order { id, customer: customer.to_owned(), total }.insert(&db).await?;
    }
    Order::aggregate().match_(|o| o.total().gt(10)).create_view("large_orders", &db).await?;
    let of_ada = LargeOrder::find().filter(|o| o.customer().eq("Ada")).all(&db).await?;
    let expected = vec![LargeOrder { id: 3, customer: "Ada".to_owned(), total: 70 }];
    expect_eq("found", &of_ada, &expected)?;
    expect_eq("counted", &LargeOrder::find().count(&db).await?, &2)?;
    let first = LargeOrder::find().sort(|o| o.total().desc()).first(&db).await?;
    expect_eq("the first", &first.map(|order| order.id), &Some(3))?;
    let largest = LargeOrder::aggregate().sort(|o| o.total().desc()).limit(1).all(&db).await?;
    expect_eq("aggregated", &largest, &expected)?;
    let refused = LargeOrder { id: 4, customer: "Eve".to_owned(), total: 90 }.insert(&db).await;
    expect_code("written", refused, 166)?;
    let again = Order::aggregate().limit(1).create_view("large_orders", &db).await;
    expect_code("created again", again, 48)?;
    let hinted = Order::aggregate().hint("_id_").create_view("hinted", &db).await;
    match hinted {
        Err(Error::Config(_)) => Ok(()),
        other => Err(Failure::new(format!("with options that a view does not have: {other:?}"))),
    }
}
