//! What is not a filter.

use bson::{Bson, Document, doc};
use odm_core::{Database, Filter};

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters, collection, expect_code};

cases! { "filter::malformed":
    unknown_operators_are_refused,
    operators_and_names_do_not_mix,
    a_document_of_names_is_a_value,
    nesting_has_a_limit,
    raw_filters_are_checked_like_any_other,
}

async fn unknown_operators_are_refused(db: Database) -> Outcome {
    check_refused_filters(
        &db,
        &[
            (doc! { "$unknown": 1 }, 2),
            (doc! { "a": { "$unknown": 1 } }, 2),
            (doc! { "a": { "$": 1 } }, 2),
            (doc! { "a": { "$Gt": 1 } }, 2),
            (doc! { "a": { "$gt": 1, "$unknown": 2 } }, 2),
            (doc! { "a": { "$elemMatch": { "b": { "$unknown": 2 } } } }, 2),
            (doc! { "$or": [{ "a": 1 }, { "b": { "$unknown": 2 } }] }, 2),
            (doc! { "$gt": 1 }, 2),
            (doc! { "$in": [1] }, 2),
        ],
    )
    .await
}

async fn operators_and_names_do_not_mix(db: Database) -> Outcome {
    check_refused_filters(
        &db,
        &[(doc! { "a": { "$gt": 0, "b": 2 } }, 2), (doc! { "a": { "$in": [1], "$b": 2 } }, 2)],
    )
    .await
}

async fn a_document_of_names_is_a_value(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": { "b": 2, "$gt": 0 } }, doc! { "_id": 2, "a": { "b": 2 } }];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "b": 2, "$gt": 0 } }, &[1]),
            (doc! { "a": { "b": 2 } }, &[2]),
            (doc! { "a": { "$eq": { "b": 2, "$gt": 0 } } }, &[1]),
        ],
    )
    .await
}

/// `levels` of `$nor` around a condition.
fn nested(levels: usize) -> Document {
    (0..levels).fold(doc! { "a": 1 }, |inner, _| doc! { "$nor": [inner] })
}

/// A nested filter must not exhaust the stack: beyond the server's limit it is refused.
async fn nesting_has_a_limit(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }];
    check_filters(&db, &docs, &[(nested(80), &[1]), (nested(81), &[2])]).await?;
    let found = collection(&db).find_one(nested(110)).await;
    expect_code("110 levels of $nor", found, 15)?;
    Ok(())
}

async fn raw_filters_are_checked_like_any_other(db: Database) -> Outcome {
    let collection = collection(&db);
    for (filter, code) in [
        (Filter::Raw(doc! { "a": { "$unknown": 1 } }), 2),
        (Filter::eq("b", 1).and(doc! { "$or": [] }), 2),
        (Filter::Raw(doc! { "a": { "$in": Bson::Null } }).negate(), 2),
    ] {
        expect_code(&format!("{filter:?}"), collection.find_one(filter).await, code)?;
    }
    Ok(())
}
