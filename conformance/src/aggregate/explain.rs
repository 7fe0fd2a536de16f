//! `explain` of pipelines: where the documents come from, and which stages are left behind that.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, Refused, Shell, check_commands, expect_eq, filled};

cases! { "aggregate::explain":
    filters_find_an_index_from_behind_other_stages needs(aggregation),
    a_plan_alone_is_shown_like_that_of_find needs(aggregation),
    figures_are_told_for_each_stage needs(aggregation),
    nothing_is_written needs(aggregation),
    malformed_requests_are_refused needs(aggregation),
}

async fn twenty(db: &Database) -> Outcome {
    let docs: Vec<_> =
        (0..20).map(|n| doc! { "_id": n, "a": n % 5, "b": n, "c": [1, 2, n] }).collect();
    filled(db, &docs).await?;
    let index = doc! { "key": { "a": 1 }, "name": "a_1" };
    check_commands(db, &[(doc! { "createIndexes": "c", "indexes": [index] }, Has(doc! {}))]).await
}

fn explain(pipeline: &[Document], verbosity: &str) -> Document {
    let aggregate = doc! { "aggregate": "c", "pipeline": pipeline, "cursor": {} };
    doc! { "explain": aggregate, "verbosity": verbosity }
}

/// The stages of a plan from the top; of an index, its name.
fn plan(planner: &Document) -> String {
    let mut stages = Vec::new();
    let mut next = planner.get_document("winningPlan").ok();
    while let Some(stage) = next {
        let name = stage.get_str("stage").unwrap_or("?");
        stages.push(match stage.get_str("indexName") {
            Ok(index) => format!("{name} {index}"),
            Err(_) => name.to_owned(),
        });
        next = stage.get_document("inputStage").ok();
    }
    stages.join(" < ")
}

/// The plan, and the stages behind it, each with what it gave if that is told.
pub(crate) fn shape(reply: &Document) -> String {
    if let Ok(planner) = reply.get_document("queryPlanner") {
        return plan(planner);
    }
    let mut shown = Vec::new();
    for stage in reply.get_array("stages").into_iter().flatten().filter_map(Bson::as_document) {
        let name = stage.keys().next().map_or("?", String::as_str);
        let mut one = match stage.get_document("$cursor") {
            Ok(cursor) => cursor.get_document("queryPlanner").map(plan).unwrap_or_default(),
            Err(_) => name.to_owned(),
        };
        if let Some(Bson::Int32(_) | Bson::Int64(_)) = stage.get("nReturned") {
            let returned = stage.get_i32("nReturned").map_or(-1, i64::from);
            let returned = stage.get_i64("nReturned").unwrap_or(returned);
            one = format!("{one} {returned}");
        }
        shown.push(one);
    }
    shown.join(" | ")
}

async fn check(db: &Database, verbosity: &str, rows: &[(Vec<Document>, &str)]) -> Outcome {
    twenty(db).await?;
    let shell = Shell::new(db).await?;
    let mut failures = Vec::new();
    for (pipeline, expected) in rows {
        let reply = shell.run(explain(pipeline, verbosity)).await?;
        let what = crate::show(&doc! { "pipeline": pipeline });
        if let Err(failure) = expect_eq(&what, &shape(&reply).as_str(), expected) {
            failures.push(failure.to_string());
        }
    }
    Failure::unless_empty(&failures)
}

async fn filters_find_an_index_from_behind_other_stages(db: Database) -> Outcome {
    let by_a = || doc! { "$match": { "a": 3 } };
    let rows = [
        (vec![doc! { "$addFields": { "z": 1 } }, by_a()], "FETCH < IXSCAN a_1 | $addFields"),
        (
            vec![doc! { "$set": { "z": "$a" } }, doc! { "$match": { "z": 3 } }],
            "FETCH < IXSCAN a_1 | $set",
        ),
        (vec![doc! { "$set": { "a": "$b" } }, by_a()], "COLLSCAN | $set"),
        (vec![doc! { "$set": { "a": 1 } }, by_a()], "COLLSCAN | $set | $match"),
        (
            vec![doc! { "$set": { "z": 1 } }, doc! { "$match": { "a": 3, "z": 1 } }],
            "FETCH < IXSCAN a_1 | $set | $match",
        ),
        (
            vec![doc! { "$set": { "z": 1 } }, doc! { "$match": { "a": { "$size": 3 } } }],
            "COLLSCAN | $set | $match",
        ),
        (vec![doc! { "$unset": "b" }, by_a()], "FETCH < IXSCAN a_1 | $project"),
        (vec![doc! { "$unset": "a" }, by_a()], "COLLSCAN | $project | $match"),
        (vec![doc! { "$unwind": "$c" }, by_a()], "FETCH < IXSCAN a_1 | $unwind"),
        (
            vec![doc! { "$unwind": "$c" }, doc! { "$match": { "c": 1 } }],
            "COLLSCAN | $unwind | $match",
        ),
        (
            vec![doc! { "$unwind": "$c" }, doc! { "$sort": { "a": 1 } }],
            "FETCH < IXSCAN a_1 | $unwind",
        ),
        (
            vec![doc! { "$unwind": "$c" }, doc! { "$sort": { "c": 1 } }, doc! { "$limit": 2 }],
            "COLLSCAN | $unwind | $sort",
        ),
        (vec![doc! { "$limit": 5 }, by_a()], "LIMIT < COLLSCAN | $match"),
        (
            vec![
                doc! { "$replaceWith": { "$mergeObjects": ["$$ROOT"] } },
                doc! { "$skip": 2 },
                by_a(),
            ],
            "SKIP < COLLSCAN | $replaceRoot | $match",
        ),
        (
            vec![doc! { "$sort": { "b": 1 } }, doc! { "$set": { "z": 1 } }, doc! { "$limit": 2 }],
            "SORT < COLLSCAN | $set",
        ),
        (
            vec![doc! { "$set": { "z": 1 } }, doc! { "$sort": { "z": 1 } }, doc! { "$skip": 1 }],
            "COLLSCAN | $set | $sort | $skip",
        ),
        (vec![doc! { "$indexStats": {} }, by_a()], "$indexStats | $match"),
    ];
    check(&db, "queryPlanner", &rows).await
}

async fn a_plan_alone_is_shown_like_that_of_find(db: Database) -> Outcome {
    let rows = [
        (vec![], "COLLSCAN"),
        (vec![doc! { "$match": { "a": 1 } }], "FETCH < IXSCAN a_1"),
        (vec![doc! { "$match": { "_id": 1 } }], "IDHACK"),
        (
            vec![doc! { "$sort": { "b": -1 } }, doc! { "$match": { "a": 1 } }],
            "SORT < FETCH < IXSCAN a_1",
        ),
        (vec![doc! { "$sort": { "b": 1 } }, doc! { "$sort": { "a": 1 } }], "FETCH < IXSCAN a_1"),
        (
            vec![doc! { "$sort": { "b": 1 } }, doc! { "$skip": 3 }, doc! { "$limit": 4 }],
            "SKIP < SORT < COLLSCAN",
        ),
        (vec![doc! { "$match": { "a": 1 } }, doc! { "$limit": 3 }], "LIMIT < FETCH < IXSCAN a_1"),
        (
            vec![doc! { "$project": { "a": 1 } }, doc! { "$match": { "a": 1 } }],
            "PROJECTION_SIMPLE < FETCH < IXSCAN a_1",
        ),
        (
            vec![doc! { "$project": { "z": "$a" } }, doc! { "$match": { "z": 1 } }],
            "PROJECTION_DEFAULT < FETCH < IXSCAN a_1",
        ),
        (vec![doc! { "$match": { "$expr": { "$gt": [{ "$add": ["$b", 1] }, 1] } } }], "COLLSCAN"),
    ];
    check(&db, "queryPlanner", &rows).await
}

async fn figures_are_told_for_each_stage(db: Database) -> Outcome {
    let rows = [
        (
            vec![
                doc! { "$match": { "a": 1 } },
                doc! { "$unwind": "$c" },
                doc! { "$match": { "c": 2 } },
            ],
            "FETCH < IXSCAN a_1 4 | $unwind 12 | $match 4",
        ),
        (
            vec![doc! { "$match": { "a": 1 } }, doc! { "$set": { "z": 1 } }, doc! { "$limit": 2 }],
            "LIMIT < FETCH < IXSCAN a_1 2 | $set 2",
        ),
        (vec![doc! { "$unwind": "$c" }, doc! { "$limit": 1 }], "COLLSCAN 1 | $unwind 1 | $limit 1"),
        (
            vec![doc! { "$set": { "z": "$b" } }, doc! { "$sort": { "z": 1 } }, doc! { "$skip": 1 }],
            "COLLSCAN 20 | $set 20 | $sort 20 | $skip 19",
        ),
    ];
    check(&db, "executionStats", &rows).await?;
    let shell = Shell::new(&db).await?;
    for (pipeline, figures) in [
        (vec![doc! { "$match": { "a": 1 } }], [4, 4, 4]),
        (vec![doc! { "$match": { "a": 1 } }, doc! { "$limit": 3 }], [3, 3, 3]),
        (vec![doc! { "$match": { "b": { "$lt": 7 } } }], [7, 0, 20]),
    ] {
        let reply = shell.run(explain(&pipeline, "executionStats")).await?;
        let stats = reply.get_document("executionStats").cloned().unwrap_or_default();
        let names = ["nReturned", "totalKeysExamined", "totalDocsExamined"];
        let got = names.map(|name| stats.get_i32(name).unwrap_or(-1));
        expect_eq(&crate::show(&doc! { "pipeline": pipeline }), &got, &figures)?;
    }
    Ok(())
}

async fn nothing_is_written(db: Database) -> Outcome {
    let rows = [
        (vec![doc! { "$out": "o" }], "COLLSCAN 20 | $out 0"),
        (
            vec![doc! { "$match": { "a": 1 } }, doc! { "$merge": "o" }],
            "FETCH < IXSCAN a_1 4 | $merge 0",
        ),
    ];
    check(&db, "executionStats", &rows).await?;
    check_commands(&db, &[(doc! { "count": "o" }, Has(doc! { "n": 0 }))]).await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    twenty(&db).await?;
    let explain = |pipeline: &[Document]| explain(pipeline, "executionStats");
    let without_cursor = doc! { "aggregate": "c", "pipeline": [] };
    let twice = doc! { "aggregate": "c", "pipeline": [], "cursor": {}, "explain": true };
    let bad = doc! { "$set": { "x": { "$divide": [1, "$a"] } } };
    let hinted = doc! { "aggregate": "c", "pipeline": [], "cursor": {}, "hint": { "zz": 1 } };
    check_commands(
        &db,
        &[
            (explain(&[doc! { "$foo": 1 }]), Refused(40_324)),
            (explain(std::slice::from_ref(&bad)), Refused(2)),
            (explain(&[bad.clone(), doc! { "$group": { "_id": "$x" } }]), Refused(2)),
            (doc! { "explain": without_cursor }, Refused(9)),
            (doc! { "explain": twice }, Refused(9)),
            (doc! { "explain": hinted }, Refused(2)),
            (doc! { "aggregate": "c", "pipeline": [], "explain": 1 }, Refused(14)),
            (
                doc! { "aggregate": "c", "pipeline": [bad], "explain": true },
                Has(doc! { "explainVersion": "1" }),
            ),
        ],
    )
    .await
}
