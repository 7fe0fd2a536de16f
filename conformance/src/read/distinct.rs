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
    names_with_dots_and_without_letters,
    an_index_tells_what_it_has,
    an_index_has_null_for_what_is_missing,
    an_index_tells_what_negations_leave,
    values_are_limited_in_size,
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

async fn names_with_dots_and_without_letters(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "0": 5, "b": 1 } },
        doc! { "_id": 2, "a": [7, { "0": 8, "b": [2, [3]] }] },
        doc! { "_id": 3, "a": [[9, 10], { "b": null }] },
        doc! { "_id": 4, "a.b": 44 },
        doc! { "_id": 5, "": 6 },
        doc! { "_id": 6, "a": { "": 7 } },
    ];
    let rows: [(&str, Vec<Bson>); 15] = [
        ("a.b", vec![Bson::Null, 1.into(), 2.into(), 44.into(), bson::bson!([3])]),
        ("a.0", vec![5.into(), 7.into(), 9.into(), 10.into()]),
        ("a.1", vec![bson::bson!({ "b": null }), bson::bson!({ "0": 8, "b": [2, [3]] })]),
        ("a.0.0", vec![9.into()]),
        ("a.b.0", vec![2.into()]),
        ("a.b.1", vec![3.into()]),
        ("a.1.b", vec![Bson::Null, 2.into(), bson::bson!([3])]),
        ("a.1.0", vec![8.into()]),
        ("a.1.b.1", vec![3.into()]),
        ("a.1.b.1.0", vec![3.into()]),
        ("a.00", vec![]),
        ("a.-1", vec![]),
        ("a.$", vec![]),
        ("missing", vec![]),
        ("_id", (1..=6).map(Bson::Int32).collect()),
    ];
    let rows: Vec<_> = rows.into_iter().map(|(key, all)| (key, doc! {}, all)).collect();
    check(&db, &docs, &rows).await
}

/// An index does not tell missing from null, nor an array in an array from its elements, and the server does not look
/// further: so the answer depends on whether there is one.
async fn an_index_tells_what_it_has(db: Database) -> Outcome {
    let null = || Bson::Null;
    type Row = (Vec<Document>, Document, &'static str, Document, Vec<Bson>, Vec<Bson>);
    let rows: Vec<Row> = vec![
        (vec![doc! { "b": 1 }], doc! { "a": 1 }, "a", doc! {}, vec![], vec![null()]),
        (vec![doc! { "a": [] }], doc! { "a": 1 }, "a", doc! {}, vec![], vec![Bson::Undefined]),
        (
            vec![doc! { "a": [[1, 2], 3] }],
            doc! { "a": 1 },
            "a",
            doc! {},
            vec![3.into(), bson::bson!([1, 2])],
            vec![1.into(), 2.into(), 3.into()],
        ),
        (
            vec![doc! { "a": 1_i64 }, doc! { "a": 1.0 }, doc! { "a": 0 }],
            doc! { "a": -1 },
            "a",
            doc! {},
            vec![0.into(), 1_i64.into()],
            vec![0.into(), 1_i64.into()],
        ),
        (
            vec![doc! { "a": { "b": 1 } }, doc! { "a": [{ "b": 2 }, { "b": [3, 1] }] }, doc! {}],
            doc! { "a.b": 1 },
            "a.b",
            doc! {},
            vec![1.into(), 2.into(), 3.into()],
            vec![null(), 1.into(), 2.into(), 3.into()],
        ),
        (
            vec![doc! { "a": [5, 6] }, doc! { "a": 7 }],
            doc! { "a.0": 1 },
            "a.0",
            doc! {},
            vec![5.into()],
            vec![5.into()],
        ),
        (
            vec![doc! { "b": 1 }, doc! { "b": [1, 2], "a": 1 }],
            doc! { "a": 1, "b": 1 },
            "a",
            doc! {},
            vec![1.into()],
            vec![null(), 1.into()],
        ),
        (
            vec![doc! { "a": 1 }, doc! { "b": 1 }, doc! { "a": 2 }],
            doc! { "a": 1 },
            "a",
            doc! { "a": { "$in": [1, 2] } },
            vec![1.into(), 2.into()],
            vec![1.into(), 2.into()],
        ),
        (
            vec![doc! { "a": [1, 2] }, doc! { "a": 3 }],
            doc! { "a": 1 },
            "a",
            doc! { "a": { "$gt": 1 } },
            vec![1.into(), 2.into(), 3.into()],
            vec![1.into(), 2.into(), 3.into()],
        ),
        (
            vec![doc! { "a": 1, "b": 1 }, doc! { "a": 2 }],
            doc! { "a": 1, "b": 1 },
            "b",
            doc! { "a": { "$in": [1, 2] } },
            vec![1.into()],
            vec![null(), 1.into()],
        ),
        (
            vec![doc! { "b": 1 }, doc! { "b": 2, "a": 5 }],
            doc! { "b": 1, "a": 1 },
            "a",
            doc! { "b": 1 },
            vec![],
            vec![null()],
        ),
        (vec![doc! { "b": 1 }], doc! { "a": 1, "b": 1 }, "a", doc! { "b": 1 }, vec![], vec![]),
        (
            vec![doc! { "a": 1 }, doc! { "b": 1 }],
            doc! { "a": 1 },
            "a",
            doc! { "a": { "$exists": true } },
            vec![1.into()],
            vec![1.into()],
        ),
    ];
    for (number, (docs, index, key, filter, without, with)) in rows.into_iter().enumerate() {
        let name = format!("c{number}");
        let distinct = || doc! { "distinct": &name, "key": key, "query": filter.clone() };
        let index = doc! { "key": index, "name": "i" };
        check_commands(
            &db,
            &[
                (doc! { "insert": &name, "documents": docs }, Has(doc! {})),
                (distinct(), Has(doc! { "values": without })),
                (doc! { "createIndexes": &name, "indexes": [index] }, Has(doc! {})),
                (distinct(), Has(doc! { "values": with })),
            ],
        )
        .await?;
    }
    Ok(())
}

/// Where the bounds of an index say all that the filter says, the values come out of its keys, in which null stands for
/// a missing field. They do not where a filter is left to be asked: of documents with arrays (in `docs`, the field `m`) for
/// several conditions, negations and the least and greatest keys; for `$nor` of several; for alternatives beside others.
async fn an_index_has_null_for_what_is_missing(db: Database) -> Outcome {
    let docs = [
        doc! { "a": 1, "b": 1, "m": [1, 5], "r": ["xy"] },
        doc! { "b": 1, "m": [1], "r": "ab" },
        doc! { "a": 5, "b": 2, "m": 2 },
        doc! { "a": "s" },
        doc! {},
    ];
    let (least, greatest) = (|| Bson::MinKey, || Bson::MaxKey);
    let a = || doc! { "a": 1 };
    let (with_null, without) = (true, false);
    let rows: Vec<(Document, Document, Vec<Bson>, bool)> = vec![
        (a(), doc! { "a": { "$gt": least() } }, vec![1.into(), 5.into(), "s".into()], with_null),
        (a(), doc! { "a": { "$gte": least() } }, vec![1.into(), 5.into(), "s".into()], with_null),
        (a(), doc! { "a": { "$lt": greatest() } }, vec![1.into(), 5.into(), "s".into()], with_null),
        (
            a(),
            doc! { "a": { "$lte": greatest() } },
            vec![1.into(), 5.into(), "s".into()],
            with_null,
        ),
        (a(), doc! { "a": { "$gt": least(), "$ne": 5 } }, vec![1.into(), "s".into()], with_null),
        (a(), doc! { "a": { "$gt": greatest() } }, vec![], without),
        (a(), doc! { "a": { "$lte": least() } }, vec![], without),
        (a(), doc! { "a": { "$not": { "$gt": least() } } }, vec![], without),
        (
            a(),
            doc! { "a": { "$gte": least(), "$exists": true } },
            vec![1.into(), 5.into(), "s".into()],
            without,
        ),
        (
            a(),
            doc! { "a": { "$not": { "$lt": f64::NAN } } },
            vec![1.into(), 5.into(), "s".into()],
            with_null,
        ),
        (a(), doc! { "$nor": [{ "a": { "$in": [1, 5] } }] }, vec!["s".into()], with_null),
        (a(), doc! { "$nor": [{ "a": { "$all": [1] } }] }, vec![5.into(), "s".into()], with_null),
        (a(), doc! { "$nor": [{ "$or": [{ "a": 1 }, { "a": 5 }] }] }, vec!["s".into()], with_null),
        (a(), doc! { "$nor": [{ "$and": [{ "a": 1 }] }] }, vec![5.into(), "s".into()], with_null),
        (a(), doc! { "$nor": [{ "a": 1 }, { "a": 5 }] }, vec!["s".into()], without),
        (a(), doc! { "$nor": [{ "a": { "$ne": 1 } }] }, vec![1.into()], without),
        (
            a(),
            doc! { "$or": [{ "a": { "$ne": 1 } }, { "a": 5 }] },
            vec![5.into(), "s".into()],
            with_null,
        ),
        (
            a(),
            doc! { "$or": [{ "$and": [{ "a": { "$lt": 3 } }] }, { "a": { "$ne": 1 } }] },
            vec![1.into(), 5.into(), "s".into()],
            with_null,
        ),
        (
            a(),
            doc! { "$or": [{ "a": { "$lt": 3, "$gt": 0 } }, { "a": { "$ne": 9 } }] },
            vec![1.into(), 5.into(), "s".into()],
            without,
        ),
        (
            a(),
            doc! { "$and": [{ "$or": [{ "a": { "$lt": 3 } }, { "a": { "$ne": 9 } }] }, { "a": { "$ne": 8 } }] },
            vec![1.into(), 5.into(), "s".into()],
            without,
        ),
        (doc! { "b": 1, "a": 1 }, doc! { "b": { "$gt": 0 } }, vec![1.into(), 5.into()], with_null),
        (doc! { "a": 1, "b": 1 }, doc! { "b": 1 }, vec![1.into()], without),
        (doc! { "a": 1, "b": 1 }, doc! { "b": 1, "a": { "$ne": 4 } }, vec![1.into()], with_null),
        (doc! { "m": 1, "a": 1 }, doc! { "m": 1 }, vec![1.into()], with_null),
        (
            doc! { "m": 1, "a": 1 },
            doc! { "m": { "$in": [1, 2] } },
            vec![1.into(), 5.into()],
            with_null,
        ),
        (
            doc! { "m": 1, "a": 1 },
            doc! { "m": { "$type": "number" } },
            vec![1.into(), 5.into()],
            with_null,
        ),
        (doc! { "r": 1, "a": 1 }, doc! { "r": { "$regex": "^a" } }, vec![], with_null),
        (doc! { "r": 1, "a": 1 }, doc! { "r": { "$regex": "^x" } }, vec![1.into()], without),
        (doc! { "r": 1, "a": 1 }, doc! { "r": { "$regex": "b" } }, vec![], without),
        (
            doc! { "r": 1, "a": 1 },
            doc! { "r": { "$not": { "$regex": "^x" } } },
            vec![5.into(), "s".into()],
            without,
        ),
        (
            doc! { "m": 1, "a": 1 },
            doc! { "$or": [{ "m": 1 }, { "m": { "$gt": 4 } }] },
            vec![1.into()],
            with_null,
        ),
        (
            doc! { "m": 1, "a": 1 },
            doc! { "m": { "$gt": 0 }, "a": { "$ne": 4 } },
            vec![1.into(), 5.into()],
            with_null,
        ),
        (doc! { "m": 1, "a": 1 }, doc! { "m": { "$gt": 0, "$lt": 2 } }, vec![1.into()], without),
        (
            doc! { "m": 1, "a": 1 },
            doc! { "m": { "$ne": 9 } },
            vec![1.into(), 5.into(), "s".into()],
            without,
        ),
        (
            doc! { "a": 1, "m": 1 },
            doc! { "a": { "$ne": 4 } },
            vec![1.into(), 5.into(), "s".into()],
            with_null,
        ),
        (
            doc! { "a": 1, "m": 1 },
            doc! { "m": 1, "a": { "$gt": least() } },
            vec![1.into()],
            without,
        ),
    ];
    filled(&db, &docs).await?;
    for (index, filter, values, finds_null) in rows {
        let distinct = doc! { "distinct": "c", "key": "a", "query": filter };
        let mut by_index = values.clone();
        if finds_null {
            by_index.insert(0, Bson::Null);
        }
        let create = doc! { "createIndexes": "c", "indexes": [{ "key": index, "name": "i" }] };
        check_commands(
            &db,
            &[
                (distinct.clone(), Has(doc! { "values": values })),
                (create, Has(doc! {})),
                (distinct, Has(doc! { "values": by_index })),
                (doc! { "dropIndexes": "c", "index": "i" }, Has(doc! {})),
            ],
        )
        .await?;
    }
    Ok(())
}

/// What is negated has ranges in an index, a missing field (as null) among them; a negation of several or of a
/// negation has none.
async fn an_index_tells_what_negations_leave(db: Database) -> Outcome {
    let docs = [doc! { "a": 1 }, doc! {}, doc! { "a": 5 }, doc! { "a": "s" }, doc! { "a": 7 }];
    let null = || Bson::Null;
    let rows: Vec<(Document, Vec<Bson>)> = vec![
        (doc! { "a": { "$ne": 5 } }, vec![null(), 1.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$nin": [5, "s"] } }, vec![null(), 1.into(), 7.into()]),
        (doc! { "a": { "$nin": [] } }, vec![null(), 1.into(), 5.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$not": { "$gt": 2 } } }, vec![null(), 1.into(), "s".into()]),
        (doc! { "a": { "$not": { "$gt": 2, "$lt": 9 } } }, vec![1.into(), "s".into()]),
        (doc! { "a": { "$not": { "$in": [5] } } }, vec![null(), 1.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$not": { "$ne": 5 } } }, vec![5.into()]),
        (doc! { "$nor": [{ "a": 5 }] }, vec![null(), 1.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$ne": null } }, vec![1.into(), 5.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$ne": 5, "$exists": true } }, vec![1.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$ne": f64::NAN } }, vec![null(), 1.into(), 5.into(), 7.into(), "s".into()]),
        (doc! { "a": { "$not": { "$type": "string" } } }, vec![1.into(), 5.into(), 7.into()]),
        (doc! { "a": { "$gte": null } }, vec![]),
    ];
    filled(&db, &docs).await?;
    let index = doc! { "key": { "a": 1 }, "name": "i" };
    check_commands(&db, &[(doc! { "createIndexes": "c", "indexes": [index] }, Has(doc! {}))])
        .await?;
    for (filter, values) in rows {
        let distinct = doc! { "distinct": "c", "key": "a", "query": filter };
        check_commands(&db, &[(distinct, Has(doc! { "values": values }))]).await?;
    }
    Ok(())
}

async fn values_are_limited_in_size(db: Database) -> Outcome {
    for n in 0..17 {
        let text = format!("{n}{}", "x".repeat(1024 * 1024));
        filled(&db, &[doc! { "_id": n, "a": text, "b": "x".repeat(1000) }]).await?;
    }
    check_commands(
        &db,
        &[
            (doc! { "distinct": "c", "key": "a" }, Refused(17217)),
            (doc! { "distinct": "c", "key": "b" }, Has(doc! { "values": ["x".repeat(1000)] })),
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
            (doc! { "distinct": "missing", "key": "" }, Refused(40352)),
            (doc! { "distinct": "c", "key": null }, Refused(40414)),
            (doc! { "distinct": "c", "key": ["a"] }, Refused(14)),
            (doc! { "distinct": "c", "key": "." }, Refused(40353)),
            (doc! { "distinct": "c", "key": "a." }, Refused(40353)),
            (doc! { "distinct": "c", "key": ".a" }, Refused(15998)),
            (doc! { "distinct": "c", "key": "a..b" }, Refused(15998)),
            (doc! { "distinct": "c", "key": "$a" }, Refused(16410)),
            (doc! { "distinct": "c", "key": "$" }, Refused(16410)),
            (doc! { "distinct": "c", "key": "a.$b" }, Refused(16410)),
            (doc! { "distinct": "missing", "key": "$a" }, Refused(16410)),
            (doc! { "distinct": "c", "key": "a\0b" }, Refused(31032)),
            (doc! { "distinct": "c", "key": "a", "query": null }, Has(doc! { "values": [] })),
            (doc! { "distinct": "c", "key": "a", "collation": null }, Has(doc! { "values": [] })),
            (doc! { "distinct": "c", "key": "a", "collation": 1 }, Refused(14)),
            (doc! { "distinct": "c", "key": "a", "hint": { "a": 1 } }, Refused(40415)),
            (doc! { "distinct": "c", "key": "a", "limit": 1 }, Refused(40415)),
            (doc! { "distinct": "c", "key": "a", "sort": {} }, Refused(40415)),
            (doc! { "distinct": "c", "key": "a", "maxTimeMS": -1 }, Refused(2)),
            (doc! { "distinct": 1, "key": "a" }, Refused(73)),
            (doc! { "distinct": "", "key": "a" }, Refused(73)),
        ],
    )
    .await
}
