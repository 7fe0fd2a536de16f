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
    coll_stats_tell_counts_and_sizes,
    coll_stats_of_capped_collections_tell_limits needs(capped_collections),
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

async fn coll_stats_tell_counts_and_sizes(db: Database) -> Outcome {
    let docs: Vec<_> = (0..5).map(|id| doc! { "_id": id, "a": "x".repeat(10) }).collect();
    let collection = crate::check::filled(&db, &docs).await?;
    collection.create_index(odm_core::Index::asc("a")).await?;
    let ns = format!("{}.c", db.name());
    let told = doc! {
        "ns": ns, "size": 160, "count": 5, "avgObjSize": 32, "numOrphanDocs": 0, "capped": false,
        "nindexes": 2, "scaleFactor": 1, "ok": 1.0,
    };
    let scaled = |scale: bson::Bson, size: i32, factor: i32| {
        (
            doc! { "collStats": "c", "scale": scale },
            Has(doc! { "size": size, "avgObjSize": 32, "count": 5, "scaleFactor": factor }),
        )
    };
    check_commands(
        &db,
        &[
            (doc! { "collStats": "c" }, Has(told.clone())),
            (doc! { "collstats": "c", "x": 1, "verbose": true }, Has(told)),
            scaled(100.into(), 1, 100),
            scaled(1.9.into(), 160, 1),
            scaled(bson::Bson::Null, 160, 1),
            scaled((1_i64 << 31).into(), 0, i32::MAX),
            (
                doc! { "collStats": "missing" },
                Has(doc! {
                    "size": 0, "count": 0, "numOrphanDocs": 0, "storageSize": 0, "totalSize": 0,
                    "nindexes": 0, "totalIndexSize": 0, "indexSizes": {}, "scaleFactor": 1, "ok": 1.0,
                }),
            ),
            (doc! { "collStats": "$x" }, Has(doc! { "count": 0, "ok": 1.0 })),
            (doc! { "collStats": 1 }, Refused(73)),
            (doc! { "collStats": "" }, Refused(73)),
            (doc! { "collStats": "c", "scale": 0 }, Refused(51024)),
            (doc! { "collStats": "c", "scale": -1 }, Refused(51024)),
            (doc! { "collStats": "c", "scale": "x" }, Refused(14)),
            (doc! { "collStats": "c", "scale": true }, Refused(14)),
            (doc! { "collStats": "c", "verbose": 1 }, Refused(14)),
            (doc! { "collStats": "c", "waitForLock": bson::Bson::Null }, Refused(14)),
        ],
    )
    .await?;
    let stats = collection.stats().await?;
    expect_eq(
        "count and sizes",
        &(stats.count, stats.size, stats.average_size),
        &(5, 160, Some(32)),
    )?;
    let mut indexes: Vec<_> = stats.index_sizes.iter().map(|(name, _)| name.as_str()).collect();
    indexes.sort_unstable();
    expect_eq("indexes", &indexes, &vec!["_id_", "a_1"])?;
    expect_eq("limits", &(stats.capped, stats.max, stats.max_size), &(false, None, None))?;
    let missing = db.collection("missing").stats().await?;
    expect_eq("of none", &(missing.count, missing.average_size), &(0, None))
}

async fn coll_stats_of_capped_collections_tell_limits(db: Database) -> Outcome {
    let told = |max: i32, size: i32| {
        Has(doc! { "capped": true, "max": max, "maxSize": size, "count": 0, "nindexes": 1 })
    };
    check_commands(
        &db,
        &[
            (doc! { "create": "a", "capped": true, "size": 5000 }, Has(doc! { "ok": 1.0 })),
            (
                doc! { "create": "b", "capped": true, "size": 5000, "max": 7 },
                Has(doc! { "ok": 1.0 }),
            ),
            (doc! { "collStats": "a" }, told(0, 5120)),
            (doc! { "collStats": "b" }, told(7, 5120)),
            (doc! { "collStats": "b", "scale": 3.7 }, told(7, 1706)),
        ],
    )
    .await?;
    let stats = async |name: &str| db.collection(name).stats().await;
    let (a, b) = (stats("a").await?, stats("b").await?);
    expect_eq("by size", &(a.capped, a.max, a.max_size), &(true, None, Some(5120)))?;
    expect_eq("by number", &(b.capped, b.max, b.max_size), &(true, Some(7), Some(5120)))
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
