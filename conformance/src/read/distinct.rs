//! `distinct`.

use bson::{Bson, Document, doc};
use odm_core::{Database, Distinct};

use crate::case::Failure;
use crate::case::{Outcome, cases};
use crate::check::{Has, Refused, check_commands, expect_docs, filled};
use crate::value::dec;

cases! { "read::distinct":
    values_once_each,
    array_elements_one_by_one,
    numbers_are_the_same_across_types,
    null_but_not_missing,
    paths_and_arrays,
    only_of_matches,
    of_nothing,
    values_come_in_their_order,
    malformed_requests_are_refused,
}

/// Values in the order of values; which of two equal numbers is handed out is the first in natural order.
async fn check(db: &Database, docs: &[Document], rows: &[(&str, Document, Vec<Bson>)]) -> Outcome {
    let collection = filled(db, docs).await?;
    for (key, filter, expected) in rows {
        let request = Distinct { filter: filter.clone().into(), ..Distinct::new(*key) };
        let values = collection.execute(request).await?;
        let (got, expected) = (doc! { "values": values }, doc! { "values": expected.clone() });
        let what = format!("distinct {key} of {}", crate::show(filter));
        expect_docs(&what, &[got], &[expected])?;
    }
    Ok::<(), Failure>(())
}

async fn values_once_each(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": "x" },
        doc! { "_id": 2, "a": "y" },
        doc! { "_id": 3, "a": "x" },
        doc! { "_id": 4, "a": { "b": 1 } },
        doc! { "_id": 5, "a": { "b": 1 } },
        doc! { "_id": 6, "a": { "b": 2 } },
    ];
    let all = vec!["x".into(), "y".into(), bson::bson!({ "b": 1 }), bson::bson!({ "b": 2 })];
    check(&db, &docs, &[("a", doc! {}, all), ("_id", doc! { "a": "x" }, vec![1.into(), 3.into()])])
        .await
}

async fn array_elements_one_by_one(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, 2] },
        doc! { "_id": 2, "a": [2, [3, 4]] },
        doc! { "_id": 3, "a": [] },
        doc! { "_id": 4, "a": 5 },
    ];
    let all = vec![1.into(), 2.into(), 5.into(), bson::bson!([3, 4])];
    check(&db, &docs, &[("a", doc! {}, all), ("a", doc! { "a": 1 }, vec![1.into(), 2.into()])])
        .await
}

async fn numbers_are_the_same_across_types(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": 1.0 },
        doc! { "_id": 3, "a": dec("1.0") },
        doc! { "_id": 4, "a": 2_i64 },
        doc! { "_id": 5, "a": 2.5 },
        doc! { "_id": 6, "a": "1" },
    ];
    let all = vec![1.into(), 2_i64.into(), 2.5.into(), "1".into()];
    check(&db, &docs, &[("a", doc! {}, all)]).await
}

async fn null_but_not_missing(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": null },
        doc! { "_id": 2 },
        doc! { "_id": 3, "a": [null] },
        doc! { "_id": 4, "a": { "b": null } },
    ];
    check(
        &db,
        &docs,
        &[
            ("a", doc! {}, vec![Bson::Null, bson::bson!({ "b": null })]),
            ("a.b", doc! {}, vec![Bson::Null]),
            ("b", doc! {}, vec![]),
        ],
    )
    .await
}

async fn paths_and_arrays(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [{ "b": 1 }, { "b": [2, 3] }] },
        doc! { "_id": 2, "a": { "b": 4 } },
        doc! { "_id": 3, "a": [[{ "b": 5 }]] },
        doc! { "_id": 4, "a": 6 },
    ];
    check(
        &db,
        &docs,
        &[
            ("a.b", doc! {}, vec![1.into(), 2.into(), 3.into(), 4.into()]),
            ("a.0", doc! {}, vec![bson::bson!({ "b": 1 }), bson::bson!({ "b": 5 })]),
            ("a.1.b", doc! {}, vec![2.into(), 3.into()]),
        ],
    )
    .await
}

async fn only_of_matches(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1, "b": 1 }, doc! { "_id": 2, "a": 2, "b": 2 }];
    check(
        &db,
        &docs,
        &[
            ("a", doc! { "b": { "$gt": 1 } }, vec![2.into()]),
            ("a", doc! { "b": { "$gt": 2 } }, vec![]),
        ],
    )
    .await
}

async fn of_nothing(db: Database) -> Outcome {
    check(&db, &[], &[("a", doc! {}, vec![]), ("a", doc! { "a": 1 }, vec![])]).await
}

async fn values_come_in_their_order(db: Database) -> Outcome {
    let docs = [3, 1, 2, 1].map(|a| doc! { "a": a });
    filled(&db, &docs).await?;
    let index = doc! { "key": { "a": 1 }, "name": "a_1" };
    check_commands(
        &db,
        &[
            (doc! { "distinct": "c", "key": "a" }, Has(doc! { "values": [1, 2, 3] })),
            (doc! { "createIndexes": "c", "indexes": [index] }, Has(doc! { "ok": 1.0 })),
            (doc! { "distinct": "c", "key": "a" }, Has(doc! { "values": [1, 2, 3] })),
        ],
    )
    .await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "distinct": "c" }, Refused(40414)),
            (doc! { "distinct": "c", "key": 1 }, Refused(14)),
            (doc! { "distinct": "c", "key": "a", "query": { "$unknown": 1 } }, Refused(2)),
            (doc! { "distinct": "c", "key": "a", "query": 1 }, Refused(14)),
            (doc! { "distinct": "c", "key": "a", "unknown": 1 }, Refused(40415)),
            (doc! { "distinct": "c", "key": "" }, Refused(40352)),
        ],
    )
    .await
}
