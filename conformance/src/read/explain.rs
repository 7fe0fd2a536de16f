//! `explain`: stages and figures, as far as they are the same on every server.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, Refused, Shell, check_commands, expect_eq, filled};

cases! { "read::explain":
    counts_use_the_keys_of_an_index,
    distinct_values_are_looked_up_one_by_one,
    writes_change_nothing,
    options_show_in_the_plan,
    verbosity_tells_how_much,
    malformed_requests_are_refused,
}

/// The stages of a plan from the top, and what the figures name.
async fn explained(shell: &Shell, command: &Document) -> Result<(String, Document), Failure> {
    let reply = shell.run(doc! { "explain": command, "verbosity": "executionStats" }).await?;
    let planner = reply.get_document("queryPlanner").cloned().unwrap_or_default();
    let mut stages = Vec::new();
    let mut next = planner.get_document("winningPlan").ok();
    while let Some(stage) = next {
        stages.push(stage.get_str("stage").unwrap_or("?").to_owned());
        next = stage.get_document("inputStage").ok();
    }
    let stats = reply.get_document("executionStats").cloned().unwrap_or_default();
    Ok((stages.join(" < "), stats))
}

/// The stages, and keys examined, of what each command would do.
async fn check(db: &Database, rows: &[(Document, &str, i32)]) -> Outcome {
    let shell = Shell::new(db).await?;
    let mut failures = Vec::new();
    for (command, stages, keys) in rows {
        let (found, stats) = explained(&shell, command).await?;
        let got = (found.as_str(), stats.get_i32("totalKeysExamined").ok());
        if let Err(failure) = expect_eq(&crate::show(command), &got, &(*stages, Some(*keys))) {
            failures.push(failure.to_string());
        }
    }
    Failure::unless_empty(&failures)
}

async fn thirty(db: &Database) -> Outcome {
    let docs: Vec<_> =
        (0..30).map(|n| doc! { "_id": n, "a": n % 3, "b": n, "m": [1, 2] }).collect();
    filled(db, &docs).await?;
    let indexes = [
        doc! { "key": { "a": 1 }, "name": "a" },
        doc! { "key": { "b": 1, "a": 1 }, "name": "b_a" },
        doc! { "key": { "m": 1 }, "name": "m" },
    ];
    check_commands(db, &[(doc! { "createIndexes": "c", "indexes": indexes }, Has(doc! {}))]).await
}

/// The server looks at one key more than it counts, where it does not stop at a limit: so keys are not compared here.
async fn counts_use_the_keys_of_an_index(db: Database) -> Outcome {
    thirty(&db).await?;
    let shell = Shell::new(&db).await?;
    for (query, stages) in [
        (doc! {}, "RECORD_STORE_FAST_COUNT"),
        (doc! { "a": 1 }, "COUNT < COUNT_SCAN"),
        (doc! { "a": { "$gt": 0 } }, "COUNT < COUNT_SCAN"),
        (doc! { "b": { "$gt": 3, "$lt": 9 } }, "COUNT < COUNT_SCAN"),
        (doc! { "b": 5, "a": 2 }, "COUNT < COUNT_SCAN"),
        (doc! { "c": 1 }, "COUNT < COLLSCAN"),
        (doc! { "_id": 1 }, "COUNT < IDHACK"),
    ] {
        let command = doc! { "count": "c", "query": query };
        let (found, stats) = explained(&shell, &command).await?;
        expect_eq(&crate::show(&command), &found.as_str(), &stages)?;
        if stages.ends_with("COUNT_SCAN") {
            let docs = stats.get_i32("totalDocsExamined").ok();
            expect_eq(&crate::show(&command), &docs, &Some(0))?;
        }
    }
    check(&db, &[(doc! { "count": "missing" }, "COUNT < EOF", 0)]).await
}

async fn distinct_values_are_looked_up_one_by_one(db: Database) -> Outcome {
    thirty(&db).await?;
    let distinct =
        |key: &str, query: Document| doc! { "distinct": "c", "key": key, "query": query };
    let scan = "PROJECTION_COVERED < DISTINCT_SCAN";
    check(
        &db,
        &[
            (distinct("a", doc! {}), scan, 3),
            (distinct("m", doc! {}), scan, 2),
            (distinct("b", doc! {}), scan, 30),
            (distinct("_id", doc! {}), scan, 30),
            (distinct("a", doc! { "a": { "$gt": 0 } }), scan, 2),
            (distinct("a", doc! { "b": { "$gt": 3 } }), scan, 26),
            (distinct("c", doc! {}), "COLLSCAN", 0),
            (doc! { "distinct": "missing", "key": "a" }, "EOF", 0),
        ],
    )
    .await
}

async fn writes_change_nothing(db: Database) -> Outcome {
    thirty(&db).await?;
    let change = || doc! { "$set": { "z": 1 } };
    let update = |multi: bool| {
        doc! { "update": "c", "updates": [{ "q": { "z": null }, "u": change(), "multi": multi }] }
    };
    let delete =
        |limit: i32| doc! { "delete": "c", "deletes": [{ "q": { "z": null }, "limit": limit }] };
    let shell = Shell::new(&db).await?;
    for (command, stages, figure, n, returned) in [
        (update(false), "UPDATE < COLLSCAN", "nMatched", 1, 0),
        (update(true), "UPDATE < COLLSCAN", "nMatched", 30, 0),
        (delete(1), "DELETE < COLLSCAN", "nWouldDelete", 1, 0),
        (delete(0), "DELETE < COLLSCAN", "nWouldDelete", 30, 0),
        (
            doc! { "findAndModify": "c", "query": { "z": null }, "remove": true },
            "DELETE < COLLSCAN",
            "nWouldDelete",
            1,
            1,
        ),
        (
            doc! { "findAndModify": "c", "query": { "z": null }, "update": change() },
            "UPDATE < COLLSCAN",
            "nMatched",
            1,
            1,
        ),
    ] {
        let (found, stats) = explained(&shell, &command).await?;
        let figures = stats.get_document("executionStages").cloned().unwrap_or_default();
        let got = (found.as_str(), figures.get_i32(figure).ok(), stats.get_i32("nReturned").ok());
        expect_eq(&crate::show(&command), &got, &(stages, Some(n), Some(returned)))?;
    }
    check_commands(&db, &[(doc! { "count": "c", "query": { "z": null } }, Has(doc! { "n": 30 }))])
        .await
}

async fn options_show_in_the_plan(db: Database) -> Outcome {
    thirty(&db).await?;
    let find = |options: Document| {
        let mut command = doc! { "find": "c" };
        command.extend(options);
        command
    };
    check(
        &db,
        &[
            (find(doc! { "min": { "a": 2 }, "hint": "a" }), "FETCH < IXSCAN", 10),
            (
                find(doc! { "min": { "a": 0 }, "max": { "a": 2 }, "hint": "a" }),
                "FETCH < IXSCAN",
                20,
            ),
            (find(doc! { "showRecordId": true }), "PROJECTION_DEFAULT < COLLSCAN", 0),
            (find(doc! { "hint": { "$natural": -1 } }), "COLLSCAN", 0),
        ],
    )
    .await
}

async fn verbosity_tells_how_much(db: Database) -> Outcome {
    thirty(&db).await?;
    let shell = Shell::new(&db).await?;
    for (verbosity, stats, all) in [
        (Some("queryPlanner"), false, false),
        (Some("executionStats"), true, false),
        (Some("allPlansExecution"), true, true),
        (None, true, true),
    ] {
        let mut command = doc! { "explain": { "find": "c" } };
        command.extend(verbosity.map(|verbosity| ("verbosity".to_owned(), Bson::from(verbosity))));
        let reply = shell.run(command).await?;
        let figures = reply.get_document("executionStats").ok();
        let got = (figures.is_some(), figures.is_some_and(|f| f.contains_key("allPlansExecution")));
        expect_eq(&format!("{verbosity:?}"), &got, &(stats, all))?;
    }
    Ok(())
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let find = || doc! { "find": "c" };
    check_commands(
        &db,
        &[
            (doc! { "explain": find(), "verbosity": "x" }, Refused(2)),
            (doc! { "explain": find(), "verbosity": 1 }, Refused(14)),
            (doc! { "explain": find(), "unknown": 1 }, Refused(40415)),
            (doc! { "explain": { "ping": 1 } }, Refused(20)),
            (doc! { "explain": { "unknown": 1 } }, Refused(59)),
            (doc! { "explain": {} }, Refused(59)),
            (doc! { "explain": 1 }, Refused(14)),
            (doc! { "explain": { "find": "c", "limit": -1 } }, Refused(51024)),
            (doc! { "explain": { "find": "c", "filter": { "$x": 1 } } }, Refused(2)),
            (doc! { "explain": { "find": "c", "hint": "x" } }, Refused(2)),
            (doc! { "explain": { "find": "c", "min": { "a": 1 } } }, Refused(51173)),
            (doc! { "explain": { "insert": "c", "documents": [{}] } }, Refused(20)),
            (doc! { "explain": { "explain": find() } }, Refused(20)),
            (doc! { "explain": { "getMore": 1_i64, "collection": "c" } }, Refused(20)),
            (doc! { "explain": { "update": "c", "updates": [] } }, Refused(16)),
        ],
    )
    .await
}
