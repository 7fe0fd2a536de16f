//! The options of `find`: each obeyed, or refused as the server does.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Failure, Outcome, cases};
use crate::check::{Has, Is, Refused, Shell, check_commands, expect_docs, filled};
use crate::value::{dec, re};

cases! { "read::options":
    min_and_max_bound_the_hinted_index,
    min_and_max_of_many_keys,
    bounds_are_refused,
    hints_are_obeyed_or_refused,
    natural_order,
    return_key_hands_out_the_keys,
    show_record_id_adds_the_place_of_each_document,
    skip_and_limit_take_any_number,
    batch_size_takes_any_number,
    max_time_is_a_whole_number,
    malformed_options_are_refused,
    options_without_effect,
    tailable_cursors_need_a_capped_collection,
    variables_have_names,
    of_several_mistakes_one_is_told,
    the_time_runs_out,
    sorting_in_memory_has_a_limit,
}

/// What a find gives: these `_id`s in this order, or a refusal.
type Found = Result<&'static [i32], i32>;

/// What finds with these options give.
async fn check(db: &Database, collection: &str, rows: &[(Document, Found)]) -> Outcome {
    let shell = Shell::new(db).await?;
    let mut failures = Vec::new();
    for (options, expected) in rows {
        let what = crate::show(options);
        let row = match (first_batch(&shell, collection, options).await, expected) {
            (Ok(found), Ok(ids)) => {
                let found: Vec<Document> =
                    found.iter().map(|doc| doc! { "_id": doc.get("_id").cloned() }).collect();
                let ids: Vec<Document> = ids.iter().map(|id| doc! { "_id": id }).collect();
                expect_docs(&what, &found, &ids)
            }
            (Err(error), Err(code)) if error.code() == Some(*code) => Ok(()),
            (got, _) => {
                Err(Failure::new(format!("{what}\n  expected {expected:?}\n  got      {got:?}")))
            }
        };
        if let Err(failure) = row {
            failures.push(failure.to_string());
        }
    }
    Failure::unless_empty(&failures)
}

/// Which documents finds with these options give.
async fn check_documents(
    db: &Database,
    collection: &str,
    rows: &[(Document, Vec<Document>)],
) -> Outcome {
    let shell = Shell::new(db).await?;
    for (options, expected) in rows {
        let found = first_batch(&shell, collection, options).await?;
        expect_docs(&crate::show(options), &found, expected)?;
    }
    Ok(())
}

async fn first_batch(
    shell: &Shell,
    collection: &str,
    options: &Document,
) -> odm_core::Result<Vec<Document>> {
    let mut command = doc! { "find": collection };
    command.extend(options.clone());
    let reply = shell.run(command).await?;
    let batch = reply.get_document("cursor").and_then(|cursor| cursor.get_array("firstBatch"));
    let batch = batch.map(Vec::as_slice).unwrap_or_default();
    Ok(batch.iter().filter_map(Bson::as_document).cloned().collect())
}

/// Ten documents in `c`, indexed by `a`, by `a` and `b`, and by `b` descending.
async fn ten(db: &Database) -> Outcome {
    let docs: Vec<_> = (0..10).map(|n| doc! { "_id": n, "a": n % 5, "b": 10 - n }).collect();
    filled(db, &docs).await?;
    let indexes = [
        doc! { "key": { "a": 1 }, "name": "a_1" },
        doc! { "key": { "a": 1, "b": -1 }, "name": "a_1_b_-1" },
        doc! { "key": { "b": -1 }, "name": "b_-1" },
        doc! { "key": { "h": 1 }, "name": "h_1", "hidden": true },
        doc! { "key": { "s": 1 }, "name": "s_1", "sparse": true },
    ];
    check_commands(db, &[(doc! { "createIndexes": "c", "indexes": indexes }, Has(doc! {}))]).await
}

async fn min_and_max_bound_the_hinted_index(db: Database) -> Outcome {
    ten(&db).await?;
    let rows: [(Document, Found); 18] = [
        (doc! { "min": { "a": 3 }, "hint": { "a": 1 } }, Ok(&[3, 8, 4, 9])),
        (doc! { "min": { "a": 3 }, "hint": "a_1" }, Ok(&[3, 8, 4, 9])),
        (doc! { "max": { "a": 2 }, "hint": { "a": 1 } }, Ok(&[0, 5, 1, 6])),
        (doc! { "min": { "a": 1 }, "max": { "a": 3 }, "hint": { "a": 1 } }, Ok(&[1, 6, 2, 7])),
        (
            doc! { "min": { "a": 1, "b": 6 }, "hint": { "a": 1, "b": -1 } },
            Ok(&[6, 2, 7, 3, 8, 4, 9]),
        ),
        (
            doc! { "max": { "a": 3, "b": 6 }, "hint": { "a": 1, "b": -1 } },
            Ok(&[0, 5, 1, 6, 2, 7, 3]),
        ),
        (doc! { "min": { "b": 7 }, "max": { "b": 3 }, "hint": { "b": -1 } }, Ok(&[3, 4, 5, 6])),
        (doc! { "min": {}, "hint": { "a": 1 }, "limit": 3 }, Ok(&[0, 5, 1])),
        (
            doc! { "min": { "a": 1 }, "hint": { "a": 1 }, "sort": { "a": -1 } },
            Ok(&[9, 4, 8, 3, 7, 2, 6, 1]),
        ),
        (
            doc! { "min": { "a": 1 }, "hint": { "a": 1 }, "sort": { "b": 1 } },
            Ok(&[9, 8, 7, 6, 4, 3, 2, 1]),
        ),
        (
            doc! {
                "min": { "a": 1 }, "hint": { "a": 1 }, "filter": { "a": { "$lt": 3 }, "b": { "$gt": 3 } },
            },
            Ok(&[1, 6, 2]),
        ),
        (doc! { "min": { "_id": 3 }, "max": { "_id": 5 }, "hint": "_id_" }, Ok(&[3, 4])),
        (doc! { "min": { "_id": 3 }, "filter": { "_id": 2 }, "hint": "_id_" }, Ok(&[])),
        (doc! { "min": { "a": 1.5 }, "hint": { "a": 1 } }, Ok(&[2, 7, 3, 8, 4, 9])),
        (doc! { "min": { "a": "x" }, "hint": { "a": 1 } }, Ok(&[])),
        (doc! { "min": { "a": { "$gt": 1 } }, "hint": { "a": 1 } }, Ok(&[])),
        (
            doc! { "min": { "a": Bson::MinKey }, "max": { "a": Bson::MaxKey }, "hint": { "a": 1 }, "limit": 3 },
            Ok(&[0, 5, 1]),
        ),
        (doc! { "min": { "a": 1 }, "hint": { "a": 1 }, "limit": 2, "skip": 1 }, Ok(&[6, 2])),
    ];
    check(&db, "c", &rows).await
}

/// A document is found once, and sparse and partial indexes have not all of them.
async fn min_and_max_of_many_keys(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "m": [1, 2] }, doc! { "_id": 2, "m": 3 }, doc! { "_id": 3 }];
    filled(&db, &docs).await?;
    let indexes = [
        doc! { "key": { "m": 1 }, "name": "m" },
        doc! { "key": { "n": 1 }, "name": "n", "sparse": true },
        doc! { "key": { "p": 1 }, "name": "p", "partialFilterExpression": { "p": { "$gt": 5 } } },
    ];
    check_commands(&db, &[(doc! { "createIndexes": "c", "indexes": indexes }, Has(doc! {}))])
        .await?;
    let rows: [(Document, Found); 5] = [
        (doc! { "min": { "m": 2 }, "hint": "m" }, Ok(&[1, 2])),
        (doc! { "max": { "m": 2 }, "hint": "m" }, Ok(&[3, 1])),
        (doc! { "max": { "m": 3 }, "hint": "m" }, Ok(&[3, 1])),
        (doc! { "min": { "n": null }, "hint": "n" }, Ok(&[])),
        (doc! { "min": { "p": 1 }, "hint": "p" }, Ok(&[])),
    ];
    check(&db, "c", &rows).await
}

async fn bounds_are_refused(db: Database) -> Outcome {
    ten(&db).await?;
    let rows: [(Document, Found); 17] = [
        (doc! { "min": { "a": 3 } }, Err(51173)),
        (doc! { "min": { "a": 3 }, "hint": {} }, Err(51173)),
        (doc! { "min": { "a": 3 }, "filter": { "_id": 3 } }, Err(51173)),
        (doc! { "min": { "b": 1 }, "hint": { "a": 1 } }, Err(51174)),
        (doc! { "min": { "a": 1, "b": 1 }, "hint": { "a": 1 } }, Err(51174)),
        (doc! { "min": { "a": 1 }, "hint": { "a": 1, "b": -1 } }, Err(51174)),
        (doc! { "min": { "b": 6, "a": 1 }, "hint": { "a": 1, "b": -1 } }, Err(51174)),
        (doc! { "min": { "a": 3 }, "max": { "a": 1 }, "hint": { "a": 1 } }, Err(51175)),
        (doc! { "min": { "a": 3 }, "max": { "a": 3 }, "hint": { "a": 1 } }, Err(51175)),
        (doc! { "min": { "b": 3 }, "max": { "b": 7 }, "hint": { "b": -1 } }, Err(51175)),
        (doc! { "min": { "a": 1 }, "max": { "b": 3 }, "hint": { "a": 1 } }, Err(51176)),
        (doc! { "min": { "a": 1 }, "hint": { "$natural": 1 } }, Err(291)),
        (doc! { "min": { "a": 1 }, "sort": { "$natural": 1 } }, Err(291)),
        (doc! { "min": { "a": 1 }, "hint": "nope" }, Err(2)),
        (doc! { "min": { "h": 1 }, "hint": "h_1" }, Err(2)),
        (doc! { "min": null }, Err(14)),
        (doc! { "max": 1 }, Err(14)),
    ];
    check(&db, "c", &rows).await?;
    let rows: [(Document, Found); 3] = [
        (doc! { "min": { "a": 1 } }, Ok(&[])),
        (doc! { "min": { "a": 1 }, "max": { "a": 0 }, "hint": { "a": 1 } }, Ok(&[])),
        (doc! { "min": { "a": 1 }, "max": { "b": 1 }, "hint": { "a": 1 } }, Err(51176)),
    ];
    check(&db, "missing", &rows).await
}

async fn hints_are_obeyed_or_refused(db: Database) -> Outcome {
    ten(&db).await?;
    let rows: [(Document, Found); 20] = [
        (doc! { "hint": { "a": 1 }, "limit": 3 }, Ok(&[0, 5, 1])),
        (doc! { "hint": { "a": 1.0 }, "limit": 3 }, Ok(&[0, 5, 1])),
        (doc! { "hint": { "a": 1_i64 }, "limit": 3 }, Ok(&[0, 5, 1])),
        (doc! { "hint": "b_-1", "limit": 3 }, Ok(&[0, 1, 2])),
        (doc! { "hint": { "s": 1 } }, Ok(&[])),
        (doc! { "hint": {}, "limit": 1 }, Ok(&[0])),
        (doc! { "hint": { "a": 2 } }, Err(2)),
        (doc! { "hint": { "a": "1" } }, Err(2)),
        (doc! { "hint": { "a": -1 } }, Err(2)),
        (doc! { "hint": "$natural" }, Err(2)),
        (doc! { "hint": "" }, Err(2)),
        (doc! { "hint": "nope" }, Err(2)),
        (doc! { "hint": "h_1" }, Err(2)),
        (doc! { "hint": { "h": 1 } }, Err(2)),
        (doc! { "hint": "nope", "filter": { "_id": 1 } }, Err(2)),
        (doc! { "hint": null }, Err(9)),
        (doc! { "hint": 1 }, Err(9)),
        (doc! { "hint": [] }, Err(9)),
        (doc! { "hint": true }, Err(9)),
        (doc! { "hint": { "$natural": 1, "a": 1 } }, Err(2)),
    ];
    check(&db, "c", &rows).await?;
    let indexes = [
        doc! { "key": { "x": 1 }, "name": "x_1" },
        doc! { "key": { "x": 1 }, "name": "x_sparse", "sparse": true },
    ];
    check_commands(&db, &[(doc! { "createIndexes": "c", "indexes": indexes }, Has(doc! {}))])
        .await?;
    let rows: [(Document, Found); 3] = [
        (doc! { "hint": { "x": 1 } }, Err(27)),
        (doc! { "hint": { "x": 1 }, "min": { "x": 1 } }, Err(27)),
        (doc! { "hint": "x_1", "limit": 1 }, Ok(&[0])),
    ];
    check(&db, "c", &rows).await?;
    let anything = [(doc! { "hint": "x" }, Ok::<&[i32], i32>(&[]))];
    check(&db, "missing", &anything).await
}

async fn natural_order(db: Database) -> Outcome {
    ten(&db).await?;
    let rows: [(Document, Found); 22] = [
        (doc! { "sort": { "$natural": 1 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "sort": { "$natural": -1 }, "limit": 2 }, Ok(&[9, 8])),
        (doc! { "sort": { "$natural": 2 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "sort": { "$natural": 0 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "sort": { "$natural": "x" }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "sort": { "$natural": -1 }, "filter": { "_id": 3 } }, Ok(&[3])),
        (doc! { "hint": { "$natural": 1 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "hint": { "$natural": -1 }, "limit": 2 }, Ok(&[9, 8])),
        (doc! { "hint": { "$natural": -3 }, "limit": 2 }, Ok(&[9, 8])),
        (doc! { "hint": { "$natural": 0 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "hint": { "$natural": 5 }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "hint": { "$natural": "x" }, "limit": 2 }, Ok(&[0, 1])),
        (doc! { "hint": { "$natural": 1 }, "filter": { "a": 1 } }, Ok(&[1, 6])),
        (doc! { "hint": { "$natural": -1 }, "filter": { "a": 1 } }, Ok(&[6, 1])),
        (doc! { "hint": { "$natural": -1 }, "sort": { "b": 1 }, "limit": 2 }, Ok(&[9, 8])),
        (doc! { "hint": { "$natural": 1 }, "sort": { "$natural": 1 }, "limit": 1 }, Ok(&[0])),
        (doc! { "hint": { "$natural": -1 }, "sort": { "$natural": 1 } }, Err(2)),
        (doc! { "hint": { "a": 1 }, "sort": { "$natural": 1 } }, Err(2)),
        (doc! { "hint": "a_1", "sort": { "$natural": 1 } }, Err(2)),
        (doc! { "hint": "$natural", "sort": { "$natural": 1 } }, Err(2)),
        (doc! { "sort": { "$natural": -1, "a": 1 } }, Err(2)),
        (doc! { "sort": { "a": 1, "$natural": 1 } }, Err(2)),
    ];
    check(&db, "c", &rows).await
}

async fn return_key_hands_out_the_keys(db: Database) -> Outcome {
    ten(&db).await?;
    let a = |values: &[i32]| values.iter().map(|a| doc! { "a": a }).collect::<Vec<_>>();
    let asked = |options: Document| {
        let mut asked = doc! { "returnKey": true, "limit": 2 };
        asked.extend(options);
        asked
    };
    check_documents(
        &db,
        "c",
        &[
            (asked(doc! {}), vec![doc! {}, doc! {}]),
            (asked(doc! { "hint": "a_1" }), a(&[0, 0])),
            (
                asked(doc! { "hint": "a_1_b_-1" }),
                vec![doc! { "a": 0, "b": 10 }, doc! { "a": 0, "b": 5 }],
            ),
            (asked(doc! { "hint": "a_1", "filter": { "a": { "$gt": 1 } } }), a(&[2, 2])),
            (asked(doc! { "filter": { "_id": 3 } }), vec![doc! { "_id": 3 }]),
            (asked(doc! { "hint": "a_1", "projection": { "b": 1 } }), a(&[0, 0])),
            (asked(doc! { "hint": "a_1", "sort": { "a": -1 } }), a(&[4, 4])),
            (asked(doc! { "hint": "a_1", "sort": { "b": 1 } }), a(&[4, 3])),
            (asked(doc! { "hint": "a_1", "skip": 3 }), a(&[1, 2])),
            (asked(doc! { "hint": "a_1", "min": { "a": 2 } }), a(&[2, 2])),
            (asked(doc! { "hint": "a_1", "showRecordId": true }), a(&[0, 0])),
            (asked(doc! { "sort": { "q": 1 } }), vec![doc! {}, doc! {}]),
        ],
    )
    .await?;
    let docs = [
        doc! { "_id": 1, "x": { "y": 5 }, "z": 4_i64, "m": [1, 2] },
        doc! { "_id": 2, "z": 5.0, "m": 3 },
    ];
    let names = ["x.y", "z", "m", "none"];
    let indexes: Vec<_> =
        names.iter().map(|path| doc! { "key": { *path: 1 }, "name": *path }).collect();
    check_commands(
        &db,
        &[
            (doc! { "insert": "d", "documents": docs.to_vec() }, Has(doc! { "n": 2 })),
            (doc! { "createIndexes": "d", "indexes": indexes }, Has(doc! {})),
        ],
    )
    .await?;
    check_documents(
        &db,
        "d",
        &[
            (asked(doc! { "hint": "x.y" }), vec![doc! { "x.y": null }, doc! { "x.y": 5 }]),
            (asked(doc! { "hint": "z" }), vec![doc! { "z": 4_i64 }, doc! { "z": 5.0 }]),
            (asked(doc! { "hint": "m" }), vec![doc! { "m": 1 }, doc! { "m": 3 }]),
            (asked(doc! { "hint": "none" }), vec![doc! { "none": null }, doc! { "none": null }]),
        ],
    )
    .await
}

async fn show_record_id_adds_the_place_of_each_document(db: Database) -> Outcome {
    ten(&db).await?;
    let shown = |a: i32, id: i64| doc! { "_id": a, "a": a, "$recordId": id };
    let projection = || doc! { "a": 1 };
    check_documents(
        &db,
        "c",
        &[
            (
                doc! { "showRecordId": true, "limit": 1 },
                vec![doc! { "_id": 0, "a": 0, "b": 10, "$recordId": 1_i64 }],
            ),
            (
                doc! { "showRecordId": true, "limit": 2, "projection": projection() },
                vec![shown(0, 1), shown(1, 2)],
            ),
            (
                doc! { "showRecordId": true, "filter": { "_id": 3 }, "projection": projection() },
                vec![shown(3, 4)],
            ),
            (
                doc! { "showRecordId": true, "skip": 1, "limit": 1, "sort": { "b": 1 }, "projection": { "_id": 1 } },
                vec![doc! { "_id": 8, "$recordId": 9_i64 }],
            ),
            (
                doc! { "showRecordId": true, "hint": "b_-1", "skip": 2, "limit": 1, "projection": { "b": 0 } },
                vec![doc! { "_id": 2, "a": 2, "$recordId": 3_i64 }],
            ),
        ],
    )
    .await?;
    // A place is not given again.
    check_commands(
        &db,
        &[
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }] }, Has(doc! { "n": 10 })),
            (doc! { "insert": "c", "documents": [{ "_id": 1 }] }, Has(doc! { "n": 1 })),
        ],
    )
    .await?;
    let shown = doc! { "_id": 1, "$recordId": 11_i64 };
    check_documents(&db, "c", &[(doc! { "showRecordId": true }, vec![shown])]).await
}

/// Numbers of every kind, and what is no number: with how many documents of ten that leaves.
fn numbers() -> Vec<(Bson, Result<u64, i32>)> {
    vec![
        (Bson::Null, Ok(0)),
        (0.into(), Ok(0)),
        (3.into(), Ok(3)),
        (1.5.into(), Ok(1)),
        ((-0.5).into(), Ok(0)),
        (f64::NAN.into(), Ok(0)),
        (dec("2.5"), Ok(2)),
        (dec("0.4"), Ok(0)),
        (dec("NaN"), Ok(0)),
        (f64::INFINITY.into(), Ok(u64::MAX)),
        ((1_i64 << 40).into(), Ok(u64::MAX)),
        (i64::MAX.into(), Ok(u64::MAX)),
        ((-1).into(), Err(51024)),
        ((-1.5).into(), Err(51024)),
        (f64::NEG_INFINITY.into(), Err(51024)),
        ("1".into(), Err(14)),
        (true.into(), Err(14)),
        (Bson::Array(vec![]), Err(14)),
        (doc! {}.into(), Err(14)),
    ]
}

async fn check_numbers(db: &Database, option: &str, left: impl Fn(&Bson, u64) -> usize) -> Outcome {
    let shell = Shell::new(db).await?;
    for (value, expected) in numbers() {
        let options = doc! { option: value.clone() };
        let found = first_batch(&shell, "c", &options).await;
        match (found, expected) {
            (Ok(found), Ok(n)) if found.len() == left(&value, n) => {}
            (Err(error), Err(code)) if error.code() == Some(code) => {}
            (got, _) => {
                let what = crate::show(&options);
                return Err(Failure::new(format!("{what}: got {got:?}, expected {expected:?}")));
            }
        }
    }
    Ok(())
}

async fn skip_and_limit_take_any_number(db: Database) -> Outcome {
    ten(&db).await?;
    let ten = |n: u64| usize::try_from(n.min(10)).unwrap_or(10);
    check_numbers(&db, "skip", |_, n| 10 - ten(n)).await?;
    check_numbers(&db, "limit", |_, n| if n == 0 { 10 } else { ten(n) }).await
}

async fn batch_size_takes_any_number(db: Database) -> Outcome {
    ten(&db).await?;
    let ten = |n: u64| usize::try_from(n.min(10)).unwrap_or(10);
    check_numbers(&db, "batchSize", |value, n| if *value == Bson::Null { 10 } else { ten(n) }).await
}

async fn max_time_is_a_whole_number(db: Database) -> Outcome {
    ten(&db).await?;
    let ok: [Bson; 4] = [0.into(), i32::MAX.into(), 5000.0.into(), dec("5000.5")];
    let refused: [Bson; 9] = [
        Bson::Null,
        (-1).into(),
        1.5.into(),
        (1_i64 << 31).into(),
        f64::NAN.into(),
        f64::INFINITY.into(),
        "1".into(),
        true.into(),
        doc! {}.into(),
    ];
    let of = |value: Bson| doc! { "maxTimeMS": value, "limit": 1 };
    let ok = ok.into_iter().map(|value| (of(value), Ok::<&'static [i32], i32>(&[0])));
    let refused = refused.into_iter().map(|value| (of(value), Err(2)));
    check(&db, "c", &ok.chain(refused).collect::<Vec<_>>()).await
}

async fn malformed_options_are_refused(db: Database) -> Outcome {
    ten(&db).await?;
    let mut rows: Vec<(Document, Found)> = Vec::new();
    let flags = [
        "returnKey",
        "showRecordId",
        "singleBatch",
        "noCursorTimeout",
        "allowPartialResults",
        "tailable",
        "awaitData",
        "oplogReplay",
        "allowDiskUse",
        "readOnce",
    ];
    for flag in flags {
        for value in [Bson::Null, 1.into(), "x".into()] {
            rows.push((doc! { flag: value }, Err(14)));
        }
    }
    for object in ["filter", "projection", "sort", "collation", "min", "max"] {
        for value in [Bson::Null, 1.into(), "x".into(), Bson::Array(vec![]), true.into()] {
            rows.push((doc! { object: value }, Err(14)));
        }
    }
    for value in [Bson::from(1), "x".into(), Bson::Array(vec![])] {
        rows.push((doc! { "let": value.clone() }, Err(14)));
        rows.push((doc! { "options": value }, Err(14)));
    }
    for value in [Bson::Null, 1.into(), "x".into(), Bson::Array(vec![])] {
        rows.push((doc! { "readConcern": value }, Err(9)));
    }
    for unknown in ["maxScan", "snapshot", "ntoskip", "partial", "batchsize", "exhaust", "fields"] {
        rows.push((doc! { unknown: 1 }, Err(40415)));
    }
    rows.extend([
        (doc! { "ntoreturn": true }, Err(14)),
        (doc! { "ntoreturn": -2 }, Err(51024)),
        (doc! { "ntoreturn": 2 }, Err(5_746_102)),
        (doc! { "ntoreturn": 2, "limit": 1 }, Err(2)),
        (doc! { "ntoreturn": 2, "batchSize": 1 }, Err(2)),
    ]);
    check(&db, "c", &rows).await
}

async fn options_without_effect(db: Database) -> Outcome {
    ten(&db).await?;
    let mut rows: Vec<(Document, Found)> = Vec::new();
    for flag in
        ["noCursorTimeout", "allowPartialResults", "oplogReplay", "allowDiskUse", "readOnce"]
    {
        rows.extend([true, false].map(|set| (doc! { flag: set, "limit": 1 }, Ok(&[0][..]))));
    }
    for comment in [Bson::Null, doc! {}.into(), 1.into(), "x".into(), Bson::Array(vec![])] {
        rows.push((doc! { "comment": comment, "limit": 1 }, Ok(&[0])));
    }
    for empty in ["projection", "sort", "let", "collation", "readConcern", "options", "filter"] {
        rows.push((doc! { empty: {}, "limit": 1 }, Ok(&[0])));
    }
    for null in ["let", "options", "ntoreturn"] {
        rows.push((doc! { null: null, "limit": 1 }, Ok(&[0])));
    }
    check(&db, "c", &rows).await
}

async fn tailable_cursors_need_a_capped_collection(db: Database) -> Outcome {
    ten(&db).await?;
    let rows: [(Document, Found); 7] = [
        (doc! { "tailable": true }, Err(2)),
        (doc! { "tailable": true, "awaitData": true }, Err(2)),
        (doc! { "tailable": true, "filter": { "_id": 3 } }, Err(2)),
        (doc! { "tailable": true, "hint": "no" }, Err(2)),
        (doc! { "tailable": true, "sort": { "a": 1 } }, Err(2)),
        (doc! { "tailable": true, "singleBatch": true }, Err(2)),
        (doc! { "awaitData": true }, Err(9)),
    ];
    check(&db, "c", &rows).await?;
    let rows: [(Document, Found); 7] = [
        (doc! { "tailable": true }, Ok(&[])),
        (doc! { "tailable": true, "awaitData": true, "limit": 1 }, Ok(&[])),
        (doc! { "tailable": true, "sort": { "$natural": 1 } }, Ok(&[])),
        (doc! { "tailable": true, "sort": { "$natural": -1 } }, Err(2)),
        (doc! { "tailable": true, "sort": { "a": 1 } }, Err(2)),
        (doc! { "tailable": true, "singleBatch": true }, Err(2)),
        (doc! { "awaitData": true }, Err(9)),
    ];
    check(&db, "missing", &rows).await
}

async fn variables_have_names(db: Database) -> Outcome {
    ten(&db).await?;
    let good = ["x", "aB_9", "aé", "éa", "CURRENT"];
    let bad = ["X", "$x", "x.y", "", "1a", "_a", "a b", "a-b"];
    let good = good.map(|name| (doc! { "let": { name: 1 }, "limit": 1 }, Ok(&[0][..])));
    let bad = bad.map(|name| (doc! { "let": { name: 1 } }, Err(9)));
    let others: [(Document, Found); 3] = [
        (doc! { "let": { "NOW": 1 } }, Err(4_738_901)),
        (doc! { "let": { "x": "$a" } }, Err(4_890_500)),
        (doc! { "let": { "x": 1 }, "filter": { "_id": 4 } }, Ok(&[4])),
    ];
    check(&db, "c", &[&good[..], &bad[..], &others[..]].concat()).await?;
    let wrong = || doc! { "$x": 1 };
    check_commands(
        &db,
        &[
            (
                doc! { "update": "c", "updates": [{ "q": {}, "u": { "$set": { "z": 1 } } }], "let": wrong() },
                Refused(9),
            ),
            (doc! { "delete": "c", "deletes": [{ "q": {}, "limit": 0 }], "let": wrong() }, Refused(9)),
            (
                doc! { "findAndModify": "c", "query": {}, "remove": true, "let": wrong() },
                Refused(9),
            ),
            (doc! { "count": "c" }, Is(doc! { "n": 10, "ok": 1.0 })),
            (doc! { "count": "c", "let": {} }, Refused(40415)),
        ],
    )
    .await
}

async fn of_several_mistakes_one_is_told(db: Database) -> Outcome {
    ten(&db).await?;
    let bounds = || doc! { "min": { "a": 1 }, "max": { "b": 1 } };
    let with = |mut options: Document, more: Document| {
        options.extend(more);
        options
    };
    let filter = || doc! { "filter": { "a": { "$regex": re("a", "i"), "$options": "" } } };
    let collation =
        || doc! { "collation": { "locale": "en", "strength": 1, "caseFirst": "upper" } };
    let projection = || doc! { "projection": { "a": 1, "b": 0 } };
    let rows: [(Document, Found); 14] = [
        (with(filter(), collation()), Err(2)),
        (with(projection(), collation()), Err(2)),
        (with(filter(), projection()), Err(51075)),
        (with(filter(), doc! { "hint": "no" }), Err(51075)),
        (doc! { "hint": "no", "sort": { "a": 2 } }, Err(15975)),
        (with(bounds(), doc! { "filter": { "$x": 1 } }), Err(51176)),
        (with(bounds(), doc! { "sort": { "a": 2 } }), Err(51176)),
        (with(bounds(), doc! { "projection": { "a": 1, "b": 0 } }), Err(51176)),
        (with(bounds(), doc! { "tailable": true }), Err(51176)),
        (with(bounds(), doc! { "hint": { "$natural": 1 } }), Err(51176)),
        (doc! { "let": { "$x": 1 }, "filter": { "$x": 1 } }, Err(9)),
        (doc! { "let": { "$x": 1 }, "sort": { "a": 2 } }, Err(9)),
        (doc! { "min": { "a": 1 }, "max": { "a": 0 }, "hint": { "b": -1 } }, Err(51174)),
        (doc! { "returnKey": true, "sort": { "$x": 1 } }, Err(16410)),
    ];
    check(&db, "c", &rows).await
}

/// Matches nothing, after trying many patterns: slow on any machine.
fn slow() -> Document {
    let holds = |n: i32| doc! { "a": { "$not": re(&format!("a*a*c{n}"), "") } };
    doc! { "$nor": [{ "$and": (0..30).map(holds).collect::<Vec<_>>() }] }
}

async fn the_time_runs_out(db: Database) -> Outcome {
    let text = "a".repeat(100);
    let docs: Vec<_> = (0..20_000).map(|n| doc! { "_id": n, "a": &text }).collect();
    filled(&db, &docs).await?;
    let shell = Shell::new(&db).await?;
    let limit = 1;
    let update = doc! { "q": slow(), "u": { "$set": { "b": 1 } }, "multi": true };
    let delete = doc! { "q": slow(), "limit": 0 };
    shell
        .check(&[
            (
                doc! { "find": "c", "filter": slow(), "batchSize": 20_001, "maxTimeMS": limit },
                Refused(50),
            ),
            (doc! { "count": "c", "query": slow(), "maxTimeMS": limit }, Refused(50)),
            (
                doc! { "distinct": "c", "key": "a", "query": slow(), "maxTimeMS": limit },
                Refused(50),
            ),
            (
                doc! { "find": "c", "filter": slow(), "sort": { "b": 1 }, "maxTimeMS": limit },
                Refused(50),
            ),
            (doc! { "update": "c", "updates": [update], "maxTimeMS": limit }, Refused(50)),
            (doc! { "delete": "c", "deletes": [delete], "maxTimeMS": limit }, Refused(50)),
            (
                doc! { "findAndModify": "c", "query": slow(), "remove": true, "maxTimeMS": limit },
                Refused(50),
            ),
            (
                doc! { "find": "c", "limit": 1, "projection": { "_id": 1 }, "maxTimeMS": 60_000 },
                Has(doc! { "ok": 1.0 }),
            ),
            (doc! { "count": "c" }, Is(doc! { "n": 20_000, "ok": 1.0 })),
        ])
        .await?;
    // What the first batch leaves of the time is for the others.
    let opened =
        shell.run(doc! { "find": "c", "filter": slow(), "batchSize": 0, "maxTimeMS": 5 }).await?;
    let id = opened.get_document("cursor").and_then(|cursor| cursor.get_i64("id")).unwrap_or(0);
    let next = || doc! { "getMore": id, "collection": "c" };
    shell.check(&[(next(), Refused(50)), (next(), Refused(43))]).await
}

async fn sorting_in_memory_has_a_limit(db: Database) -> Outcome {
    let text = "x".repeat(1024 * 1024);
    for n in 0..11 {
        let docs: Vec<_> = (0..10).map(|m| doc! { "_id": n * 10 + m, "p": &text }).collect();
        filled(&db, &docs).await?;
    }
    let sort = doc! { "sort": { "q": 1, "_id": 1 }, "projection": { "_id": 1 } };
    let with = |more: Document| {
        let mut options = sort.clone();
        options.extend(more);
        options
    };
    let rows: [(Document, Found); 4] = [
        (with(doc! { "batchSize": 2 }), Ok(&[0, 1])),
        (with(doc! { "batchSize": 2, "allowDiskUse": true }), Ok(&[0, 1])),
        (with(doc! { "limit": 2, "allowDiskUse": false }), Ok(&[0, 1])),
        (with(doc! { "allowDiskUse": false }), Err(292)),
    ];
    check(&db, "c", &rows).await
}
