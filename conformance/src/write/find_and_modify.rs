//! `findAndModify`.

use bson::{Bson, Document, doc};
use odm_core::{Database, FindAndModify, Modification, Sort};

use crate::case::{Outcome, cases};
use crate::check::{
    Answer, Has, Is, Refused, all_ids, check_commands, expect_code, expect_docs, expect_eq, filled,
};

cases! { "write::find_and_modify":
    the_document_before_is_handed_out,
    the_document_afterwards_is_handed_out,
    remove_hands_out_what_is_gone,
    sort_decides_which_of_several,
    upserts_insert,
    projections_shape_what_is_handed_out,
    no_match_gives_nothing,
    failures_are_command_errors,
    a_failed_projection_undoes_nothing,
    requests_give_the_same_outcome,
    malformed_requests_are_refused,
}

async fn check(db: &Database, docs: &[Document], rows: &[(Document, Answer)]) -> Outcome {
    filled(db, docs).await?;
    let rows: Vec<_> = rows
        .iter()
        .map(|(fields, answer)| {
            let mut command = doc! { "findAndModify": "c" };
            command.extend(fields.clone());
            (command, answer.clone())
        })
        .collect();
    check_commands(db, &rows).await
}

fn updated(value: impl Into<Bson>, n: i32) -> Answer {
    Is(doc! {
        "lastErrorObject": { "n": n, "updatedExisting": n == 1 }, "value": value.into(), "ok": 1.0,
    })
}

async fn the_document_before_is_handed_out(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1, "a": 1 }],
        &[
            (
                doc! { "query": { "_id": 1 }, "update": { "$inc": { "a": 1 } } },
                updated(doc! { "_id": 1, "a": 1 }, 1),
            ),
            (
                doc! { "query": { "_id": 1 }, "update": { "b": 1 } },
                updated(doc! { "_id": 1, "a": 2 }, 1),
            ),
            (
                doc! { "query": { "_id": 1 }, "update": { "$set": { "b": 1 } } },
                updated(doc! { "_id": 1, "b": 1 }, 1),
            ),
        ],
    )
    .await
}

async fn the_document_afterwards_is_handed_out(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1, "a": 1 }],
        &[
            (
                doc! { "query": { "a": 1 }, "update": { "$inc": { "a": 1 } }, "new": true },
                updated(doc! { "_id": 1, "a": 2 }, 1),
            ),
            (
                doc! { "query": {}, "update": { "b": 1 }, "new": true },
                updated(doc! { "_id": 1, "b": 1 }, 1),
            ),
        ],
    )
    .await
}

async fn remove_hands_out_what_is_gone(db: Database) -> Outcome {
    let removed =
        |value: Bson, n: i32| Is(doc! { "lastErrorObject": { "n": n }, "value": value, "ok": 1.0 });
    check(
        &db,
        &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }],
        &[
            (
                doc! { "query": { "a": 1 }, "remove": true },
                removed(bson::bson!({ "_id": 1, "a": 1 }), 1),
            ),
            (doc! { "query": { "a": 9 }, "remove": true }, removed(Bson::Null, 0)),
        ],
    )
    .await?;
    expect_eq("what is left", &all_ids(&db).await?, &vec![2.into()])
}

async fn sort_decides_which_of_several(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1, "a": 2 }, doc! { "_id": 2, "a": 3 }, doc! { "_id": 3, "a": 1 }],
        &[
            (
                doc! { "query": {}, "sort": { "a": 1 }, "update": { "$set": { "b": 1 } } },
                updated(doc! { "_id": 3, "a": 1 }, 1),
            ),
            (
                doc! { "query": {}, "sort": { "a": -1 }, "update": { "$set": { "b": 1 } } },
                updated(doc! { "_id": 2, "a": 3 }, 1),
            ),
            (
                doc! { "query": {}, "sort": { "_id": -1 }, "remove": true },
                Has(doc! { "value": { "_id": 3, "a": 1, "b": 1 } }),
            ),
        ],
    )
    .await
}

async fn upserts_insert(db: Database) -> Outcome {
    let upserted = |id: i32, value: Bson| {
        Is(doc! {
            "lastErrorObject": { "n": 1, "updatedExisting": false, "upserted": id },
            "value": value, "ok": 1.0,
        })
    };
    check(
        &db,
        &[],
        &[
            (
                doc! { "query": { "_id": 1, "a": 2 }, "update": { "$set": { "b": 3 } }, "upsert": true },
                upserted(1, Bson::Null),
            ),
            (
                doc! { "query": { "_id": 2 }, "update": { "$set": { "b": 3 } }, "upsert": true, "new": true },
                upserted(2, bson::bson!({ "_id": 2, "b": 3 })),
            ),
            (
                doc! { "query": { "_id": 1 }, "update": { "$set": { "b": 4 } }, "upsert": true },
                updated(doc! { "_id": 1, "a": 2, "b": 3 }, 1),
            ),
        ],
    )
    .await
}

async fn projections_shape_what_is_handed_out(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1, "a": 1, "b": { "c": 2, "d": 3 } }],
        &[
            (
                doc! { "query": {}, "update": { "$inc": { "a": 1 } }, "fields": { "a": 1, "_id": 0 } },
                updated(doc! { "a": 1 }, 1),
            ),
            (
                doc! { "query": {}, "update": { "$inc": { "a": 1 } }, "fields": { "b.c": 0 }, "new": true },
                updated(doc! { "_id": 1, "a": 3, "b": { "d": 3 } }, 1),
            ),
            (
                doc! { "query": {}, "remove": true, "fields": { "b.d": 1 } },
                Has(doc! { "value": { "_id": 1, "b": { "d": 3 } } }),
            ),
            // Whether or not anything matches.
            (
                doc! { "query": { "z": 1 }, "update": { "a": 1 }, "fields": { "b.$": 1 }, "new": true },
                Refused(2),
            ),
        ],
    )
    .await
}

async fn no_match_gives_nothing(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1 }],
        &[
            (
                doc! { "query": { "_id": 2 }, "update": { "$set": { "a": 1 } } },
                updated(Bson::Null, 0),
            ),
            (
                doc! { "query": { "_id": 2 }, "update": { "a": 1 }, "new": true },
                updated(Bson::Null, 0),
            ),
        ],
    )
    .await
}

async fn failures_are_command_errors(db: Database) -> Outcome {
    let collection =
        filled(&db, &[doc! { "_id": 1, "a": "x" }, doc! { "_id": 2, "a": "y" }]).await?;
    collection.create_index(odm_core::Index::asc("a").unique()).await?;
    let request = FindAndModify::update(doc! { "_id": 1 }, doc! { "$set": { "a": "y" } });
    let error = expect_code("a duplicate", collection.find_and_modify(request).await, 11000)?;
    let index = error.duplicate_key().map(|duplicate| duplicate.index);
    expect_eq("the index", &index.as_deref(), &Some("a_1"))?;
    let request = FindAndModify::update(doc! { "_id": 1 }, doc! { "$inc": { "a": 1 } });
    expect_code("a number", collection.find_and_modify(request).await, 14)?;
    let found = collection.find_one(doc! { "_id": 1 }).await?;
    expect_docs("it stays", &Vec::from_iter(found), &[doc! { "_id": 1, "a": "x" }])
}

async fn requests_give_the_same_outcome(db: Database) -> Outcome {
    let collection = filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }]).await?;
    let update = |upsert: bool, return_new: bool| Modification::Update {
        update: doc! { "$inc": { "a": 1 } }.into(),
        array_filters: vec![],
        upsert,
        return_new,
    };
    let request = FindAndModify {
        sort: Sort::desc("a"),
        modification: update(false, true),
        ..FindAndModify::remove(doc! {})
    };
    let outcome = collection.execute(request).await?;
    let value = outcome.value.map(|doc| doc.to_document()).transpose()?;
    expect_docs("the new one", &Vec::from_iter(value), &[doc! { "_id": 2, "a": 3 }])?;
    expect_eq(
        "counts",
        &(outcome.n, outcome.updated_existing, outcome.upserted),
        &(1, true, None),
    )?;
    let request = FindAndModify {
        modification: update(true, false),
        ..FindAndModify::remove(doc! { "_id": 9 })
    };
    let outcome = collection.execute(request).await?;
    expect_eq("nothing before", &outcome.value, &None)?;
    let counts = (outcome.n, outcome.updated_existing, outcome.upserted);
    expect_eq("counts", &counts, &(1, false, Some(Bson::Int32(9))))
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    check(
        &db,
        &[doc! { "_id": 1, "a": [1, 2] }],
        &[
            (doc! { "query": {} }, Refused(9)),
            (doc! { "query": {}, "remove": true, "update": { "a": 1 } }, Refused(9)),
            (doc! { "query": {}, "remove": true, "new": true }, Refused(9)),
            (doc! { "query": {}, "remove": true, "upsert": true }, Refused(9)),
            (doc! { "query": { "$unknown": 1 }, "remove": true }, Refused(2)),
            (doc! { "query": {}, "update": { "$unknown": { "a": 1 } } }, Refused(9)),
            (doc! { "query": {}, "update": { "$set": { "_id": 9 } } }, Refused(66)),
            (doc! { "query": {}, "update": { "_id": 9 } }, Refused(66)),
            (doc! { "query": 1, "remove": true }, Refused(14)),
            (doc! { "query": {}, "update": 1 }, Refused(9)),
            (doc! { "query": {}, "remove": true, "unknown": 1 }, Refused(40415)),
            (doc! { "query": {}, "remove": true, "sort": { "a": 2 } }, Refused(15975)),
            (doc! { "query": {}, "remove": true, "fields": { "a": 1, "b": 0 } }, Refused(31254)),
        ],
    )
    .await
}

/// The server projects after it has written. It refuses only what it knows beforehand.
async fn a_failed_projection_undoes_nothing(db: Database) -> Outcome {
    let (set, fields) = (doc! { "$set": { "z": 1 } }, doc! { "b.$": 1 });
    let change = |id: i32| doc! { "query": { "_id": id, "a": 1 }, "fields": fields.clone() };
    let with = |id: i32, rest: Document| change(id).into_iter().chain(rest).collect::<Document>();
    // A constant that cannot be computed is told later than that.
    let constant = doc! { "b.$": 1, "c": { "$slice": [1, 0] } };
    let docs: Vec<_> = (0..4).map(|id| doc! { "_id": id, "a": [1], "b": [] }).collect();
    check(
        &db,
        &docs,
        &[
            (with(0, doc! { "remove": true }), Refused(51_247)),
            (with(1, doc! { "update": set.clone() }), Refused(51_247)),
            (with(2, doc! { "update": { "z": 1 } }), Refused(51_247)),
            (with(3, doc! { "update": &set, "new": true }), Refused(2)),
            (with(3, doc! { "update": &set, "new": true, "fields": &constant }), Refused(2)),
            (with(3, doc! { "update": set, "fields": constant }), Refused(28_724)),
        ],
    )
    .await?;
    let left = crate::check::trees(&db.collection("c").find(doc! {}).await?.collect().await?)?;
    let expected = [
        doc! { "_id": 1, "a": [1], "b": [], "z": 1 },
        doc! { "_id": 2, "z": 1 },
        doc! { "_id": 3, "a": [1], "b": [] },
    ];
    expect_docs("what is there", &left, &expected)
}
