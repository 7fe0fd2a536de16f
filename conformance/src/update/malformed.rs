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
