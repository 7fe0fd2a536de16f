//! What is not an update.

use bson::{Bson, Document, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Refused, check_commands};

cases! { "update::malformed":
    unknown_operators_are_refused,
    operands_must_be_documents,
    malformed_updates_are_refused_without_a_match,
    statements_are_checked,
    the_first_thing_wrong_is_told,
}

fn update(u: impl Into<Bson>) -> Document {
    doc! { "update": "missing", "updates": [{ "q": { "a": 1 }, "u": u.into() }] }
}

async fn unknown_operators_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (update(doc! { "$unknown": { "a": 1 } }), Refused(9)),
            (update(doc! { "$Set": { "a": 1 } }), Refused(9)),
            (update(doc! { "$set": { "a": 1 }, "$unknown": { "b": 1 } }), Refused(9)),
            (update(doc! { "$set": { "a": 1 }, "b": 1 }), Refused(9)),
            (update(doc! { "$gt": 1 }), Refused(9)),
            (update(1), Refused(9)),
            (update("x"), Refused(9)),
        ],
    )
    .await
}

async fn operands_must_be_documents(db: Database) -> Outcome {
    let mut rows = Vec::new();
    for operator in [
        "$set",
        "$unset",
        "$inc",
        "$mul",
        "$min",
        "$max",
        "$rename",
        "$currentDate",
        "$setOnInsert",
        "$push",
        "$addToSet",
        "$pop",
        "$pull",
        "$pullAll",
    ] {
        for operand in [Bson::Int32(1), Bson::Null, "x".into(), bson::bson!([{ "a": 1 }])] {
            rows.push((update(doc! { operator: operand }), Refused(9)));
        }
    }
    check_commands(&db, &rows).await
}

async fn malformed_updates_are_refused_without_a_match(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (update(doc! { "$inc": { "a": "x" } }), Refused(14)),
            (update(doc! { "$set": { "a": 1, "a.b": 1 } }), Refused(40)),
            (update(doc! { "$rename": { "a": "a" } }), Refused(2)),
            (update(doc! { "$pop": { "a": 2 } }), Refused(9)),
            (update(doc! { "$pullAll": { "a": 1 } }), Refused(2)),
            (update(doc! { "$push": { "a": { "$each": 1 } } }), Refused(2)),
            (update(doc! { "$pull": { "a": { "$unknown": 1 } } }), Refused(2)),
            (update(doc! { "$set": { "a..b": 1 } }), Refused(56)),
        ],
    )
    .await
}

async fn statements_are_checked(db: Database) -> Outcome {
    let statement = |statement: Document| doc! { "update": "c", "updates": [statement] };
    check_commands(
        &db,
        &[
            (statement(doc! { "q": {} }), Refused(40414)),
            (statement(doc! { "u": {} }), Refused(40414)),
            (statement(doc! { "q": 1, "u": {} }), Refused(14)),
            (statement(doc! { "q": {}, "u": {}, "unknown": 1 }), Refused(40415)),
            (statement(doc! { "q": {}, "u": {}, "multi": "x" }), Refused(14)),
            (statement(doc! { "q": { "$unknown": 1 }, "u": { "$set": { "a": 1 } } }), Refused(2)),
            (statement(doc! { "q": {}, "u": { "a": 1 }, "multi": true }), Refused(9)),
            (doc! { "update": "c" }, Refused(40414)),
            (doc! { "update": "c", "updates": [] }, Refused(16)),
            (doc! { "update": "c", "updates": 1 }, Refused(14)),
            (doc! { "update": "", "updates": [{ "q": {}, "u": {} }] }, Refused(73)),
        ],
    )
    .await
}

/// Found by the differential tests: of several things wrong, which one the code tells.
async fn the_first_thing_wrong_is_told(db: Database) -> Outcome {
    crate::check::filled(&db, &[doc! { "_id": 1, "a": 1, "b": {} }]).await?;
    let bad_filter = doc! { "a": { "$type": "unknown" } };
    let on_one = |u: Document| doc! { "update": "c", "updates": [{ "q": { "_id": 1 }, "u": u }] };
    check_commands(
        &db,
        &[
            // The update is read before the filter, the filter before sort and projection.
            (
                doc! { "update": "c", "updates": [{ "q": bad_filter.clone(), "u": { "$unknown": 1 } }] },
                Refused(9),
            ),
            (
                doc! { "findAndModify": "c", "query": bad_filter.clone(), "update": { "$unknown": 1 } },
                Refused(9),
            ),
            (
                doc! { "findAndModify": "c", "query": bad_filter, "remove": true, "sort": { "a": 2 } },
                Refused(2),
            ),
            (
                doc! { "find": "c", "filter": { "a": { "$size": -1 } }, "sort": { "a": 2 } },
                Refused(2),
            ),
            (doc! { "find": "c", "sort": { "a": 2 }, "projection": { "a": 1, "b": 0 } }, Refused(31254)),
            (doc! { "find": "c", "sort": { "a": 2 }, "limit": -1 }, Refused(51024)),
            // A conflict is told when it is met, before what is wrong with later fields.
            (
                on_one(doc! { "$set": { "a": 0 }, "$pull": { "a": 0 }, "$pop": { "b": 2 } }),
                Refused(40),
            ),
            (
                on_one(doc! { "$set": { "a": 0 }, "$pop": { "b": 2 }, "$pull": { "a": 0 } }),
                Refused(9),
            ),
            // When applied, fields have their turns in the order of new fields.
            (on_one(doc! { "$set": { "$x": 1, "a.b": 1 } }), Refused(52)),
            (on_one(doc! { "$push": { "b": 1 }, "$set": { "a.b": 1 } }), Refused(28)),
            (on_one(doc! { "$push": { "b": 1 }, "$set": { "c.$x": 1 } }), Refused(2)),
        ],
    )
    .await
}
