//! Commands as such: unknown ones, their fields, and those that ask about the deployment.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Is, Refused, check_commands, expect_eq};

cases! { "catalog::command":
    unknown_commands_are_refused,
    unknown_fields_are_refused,
    generic_fields_are_taken,
    ping_answers,
    hello_tells_limits,
    build_info_tells_a_version,
    explain_tells_a_plan,
    case_of_names_counts,
}

async fn unknown_commands_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "noSuchCommand": 1 }, Refused(59)),
            (doc! { "": 1 }, Refused(59)),
            (doc! { "$find": "c" }, Refused(59)),
        ],
    )
    .await
}

async fn unknown_fields_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "Filter": {} }, Refused(40415)),
            (doc! { "count": "c", "filter": {} }, Refused(40415)),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }], "x": 1 }, Refused(40415)),
            (doc! { "createIndexes": "c", "indexes": [{ "key": { "a": 1 }, "name": "x" }], "x": 1 }, Refused(40415)),
        ],
    )
    .await
}

async fn generic_fields_are_taken(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "comment": "why" }, Has(doc! { "ok": 1.0 })),
            (doc! { "find": "c", "maxTimeMS": 10_000 }, Has(doc! { "ok": 1.0 })),
            (doc! { "find": "c", "readConcern": { "level": "local" } }, Has(doc! { "ok": 1.0 })),
            (
                doc! { "insert": "c", "documents": [{ "_id": 1 }], "writeConcern": { "w": 1 }, "comment": { "a": 1 } },
                Is(doc! { "n": 1, "ok": 1.0 }),
            ),
            (doc! { "count": "c", "query": {}, "comment": 1 }, Is(doc! { "n": 1, "ok": 1.0 })),
        ],
    )
    .await
}

async fn ping_answers(db: Database) -> Outcome {
    check_commands(&db, &[(doc! { "ping": 1 }, Is(doc! { "ok": 1.0 }))]).await
}

async fn hello_tells_limits(db: Database) -> Outcome {
    check_commands(
        &db,
        &[(
            doc! { "hello": 1 },
            Has(doc! {
                "isWritablePrimary": true, "maxBsonObjectSize": 16_777_216,
                "maxMessageSizeBytes": 48_000_000, "maxWriteBatchSize": 100_000, "ok": 1.0,
            }),
        )],
    )
    .await
}

async fn build_info_tells_a_version(db: Database) -> Outcome {
    let reply = db.run_command(doc! { "buildInfo": 1 }).await?;
    let major = reply.get_str("version").ok().and_then(|version| version.split('.').next());
    let numbers = reply.get_array("versionArray").ok().map(Vec::len);
    expect_eq("major version and numbers", &(major.is_some(), numbers), &(true, Some(4)))
}

async fn explain_tells_a_plan(db: Database) -> Outcome {
    crate::check::filled(&db, &[1, 2, 3].map(|id| doc! { "_id": id, "a": id })).await?;
    let stages = async |filter: bson::Document| -> odm_core::Result<Vec<String>> {
        let command =
            doc! { "explain": { "find": "c", "filter": filter }, "verbosity": "queryPlanner" };
        let reply = db.run_command(command).await?;
        let plan =
            reply.get_document("queryPlanner").and_then(|plan| plan.get_document("winningPlan"));
        let mut stage = plan.ok().cloned();
        let mut names = Vec::new();
        while let Some(current) = stage {
            names.extend(current.get_str("stage").ok().map(str::to_owned));
            stage = current.get_document("inputStage").ok().cloned();
        }
        Ok(names)
    };
    let owned = |names: &[&str]| names.iter().map(|name| (*name).to_owned()).collect::<Vec<_>>();
    expect_eq("a scan", &stages(doc! { "a": 1 }).await?, &owned(&["COLLSCAN"]))?;
    expect_eq("by _id", &stages(doc! { "_id": 1 }).await?, &owned(&["IDHACK"]))?;
    db.collection("c").create_index(odm_core::Index::asc("a")).await?;
    expect_eq("by index", &stages(doc! { "a": 1 }).await?, &owned(&["FETCH", "IXSCAN"]))?;
    check_commands(
        &db,
        &[
            (doc! { "explain": 1 }, Refused(14)),
            (doc! { "explain": { "noSuchCommand": 1 } }, Refused(59)),
            (doc! { "explain": { "find": "c" }, "verbosity": "unknown" }, Refused(2)),
        ],
    )
    .await
}

async fn case_of_names_counts(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "Find": "c" }, Refused(59)),
            (doc! { "COUNT": "c" }, Refused(59)),
            // One alias has another case.
            (doc! { "findandmodify": "c", "remove": true }, Has(doc! { "ok": 1.0 })),
        ],
    )
    .await
}
