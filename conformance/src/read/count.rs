//! `count`.

use bson::{Bson, doc};
use odm_core::{Count, Database};

use crate::case::{Outcome, cases};
use crate::check::{Answer, Has, Is, Refused, check_commands, collection, expect_eq, filled};
use crate::value::dec;

cases! { "read::count":
    matches_are_counted,
    skip_and_limit_count,
    the_command_takes_a_negative_limit,
    nothing_is_zero,
    limits_and_skips_of_every_kind,
    hints_are_obeyed_or_refused,
    old_fields_have_no_meaning,
    malformed_requests_are_refused,
}

async fn matches_are_counted(db: Database) -> Outcome {
    let docs: Vec<_> = (0..10).map(|n| doc! { "_id": n, "a": n % 3 }).collect();
    let collection = filled(&db, &docs).await?;
    for (filter, expected) in
        [(doc! {}, 10), (doc! { "a": 0 }, 4), (doc! { "a": 1 }, 3), (doc! { "a": 9 }, 0)]
    {
        expect_eq(
            &format!("count {}", crate::show(&filter)),
            &collection.count(filter).await?,
            &expected,
        )?;
    }
    expect_eq("the estimated count", &collection.estimated_count().await?, &10)
}

async fn skip_and_limit_count(db: Database) -> Outcome {
    let docs: Vec<_> = (0..10).map(|n| doc! { "_id": n, "a": n % 2 }).collect();
    let collection = filled(&db, &docs).await?;
    for (skip, limit, expected) in [(0, 3, 3), (2, 0, 3), (4, 3, 1), (9, 0, 0), (0, 99, 5)] {
        let count = Count { filter: doc! { "a": 0 }.into(), skip, limit, ..Count::default() };
        let counted = collection.execute(count).await?;
        expect_eq(&format!("skip {skip} limit {limit}"), &counted, &expected)?;
    }
    Ok(())
}

async fn the_command_takes_a_negative_limit(db: Database) -> Outcome {
    let docs: Vec<_> = (0..5).map(|n| doc! { "_id": n }).collect();
    filled(&db, &docs).await?;
    check_commands(
        &db,
        &[
            (doc! { "count": "c" }, Is(doc! { "n": 5, "ok": 1.0 })),
            (
                doc! { "count": "c", "query": { "_id": { "$gte": 1 } } },
                Is(doc! { "n": 4, "ok": 1.0 }),
            ),
            (doc! { "count": "c", "limit": -2 }, Is(doc! { "n": 2, "ok": 1.0 })),
            (doc! { "count": "c", "limit": 2, "skip": 4 }, Is(doc! { "n": 1, "ok": 1.0 })),
            (doc! { "count": "c", "skip": 9 }, Is(doc! { "n": 0, "ok": 1.0 })),
        ],
    )
    .await
}

async fn nothing_is_zero(db: Database) -> Outcome {
    expect_eq("count of nothing", &collection(&db).count(doc! { "a": 1 }).await?, &0)?;
    check_commands(&db, &[(doc! { "count": "missing" }, Is(doc! { "n": 0, "ok": 1.0 }))]).await
}

async fn limits_and_skips_of_every_kind(db: Database) -> Outcome {
    let docs: Vec<_> = (0..10).map(|n| doc! { "_id": n, "a": n % 5 }).collect();
    filled(&db, &docs).await?;
    let n = |n: i32| Is(doc! { "n": n, "ok": 1.0 });
    let nan = f64::NAN;
    let limits: [(Bson, Answer); 15] = [
        (0.into(), n(10)),
        (3.into(), n(3)),
        ((-3).into(), n(3)),
        (1.0.into(), n(1)),
        (dec("2"), n(2)),
        (i64::MAX.into(), n(10)),
        ((-i64::MAX).into(), n(10)),
        (i64::MIN.into(), Refused(2)),
        (2.7.into(), Refused(9)),
        (dec("2.5"), Refused(9)),
        (nan.into(), Refused(9)),
        (1e300.into(), Refused(9)),
        (Bson::Null, Refused(2)),
        ("x".into(), Refused(2)),
        (true.into(), Refused(2)),
    ];
    let skips: [(Bson, Answer); 7] = [
        (Bson::Null, n(10)),
        (3.into(), n(7)),
        (1.7.into(), n(9)),
        (20.into(), n(0)),
        ((-1).into(), Refused(51024)),
        ("x".into(), Refused(14)),
        (true.into(), Refused(14)),
    ];
    let mut rows = vec![
        (doc! { "count": "c", "skip": 8, "limit": 5 }, n(2)),
        (doc! { "count": "c", "query": { "a": 4 }, "limit": 1 }, n(1)),
        (doc! { "count": "c", "query": { "a": 4 }, "skip": 1 }, n(1)),
        (doc! { "count": "c", "query": { "a": 4 }, "skip": 1, "limit": 1 }, n(1)),
        (doc! { "count": "c", "query": { "a": 4 }, "skip": 2, "limit": 1 }, n(0)),
        (doc! { "count": "c", "query": { "a": 4 }, "skip": 1, "limit": -1 }, n(1)),
    ];
    let row = |name: &str, (value, answer)| (doc! { "count": "c", name: value }, answer);
    rows.extend(limits.into_iter().map(|limit| row("limit", limit)));
    rows.extend(skips.into_iter().map(|skip| row("skip", skip)));
    check_commands(&db, &rows).await
}

/// A count with a hint counts what the index has.
async fn hints_are_obeyed_or_refused(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "m": [1, 2] }, doc! { "_id": 2, "m": 3 }, doc! { "_id": 3 }];
    filled(&db, &docs).await?;
    let indexes = [
        doc! { "key": { "m": 1 }, "name": "m_1" },
        doc! { "key": { "n": 1 }, "name": "n_1", "sparse": true },
        doc! { "key": { "p": 1 }, "name": "p_1", "partialFilterExpression": { "p": { "$gt": 5 } } },
    ];
    let n = |n: i32| Is(doc! { "n": n, "ok": 1.0 });
    check_commands(
        &db,
        &[
            (doc! { "createIndexes": "c", "indexes": indexes }, Has(doc! {})),
            (doc! { "count": "c", "hint": "m_1" }, n(3)),
            (doc! { "count": "c", "hint": { "m": 1 }, "query": { "m": { "$gte": 1 } } }, n(2)),
            (doc! { "count": "c", "query": { "m": { "$in": [1, 2] } } }, n(1)),
            (doc! { "count": "c", "query": { "m": { "$gte": 1 } }, "skip": 1 }, n(1)),
            (doc! { "count": "c", "hint": { "n": 1 } }, n(0)),
            (doc! { "count": "c", "hint": { "p": 1 } }, n(0)),
            (doc! { "count": "c", "hint": { "$natural": -1 } }, n(3)),
            (doc! { "count": "c", "hint": {} }, n(3)),
            (doc! { "count": "c", "hint": "nope" }, Refused(2)),
            (doc! { "count": "c", "hint": { "nope": 1 } }, Refused(2)),
            (doc! { "count": "c", "hint": null }, Refused(9)),
            (doc! { "count": "c", "hint": 1 }, Refused(9)),
            (doc! { "count": "missing", "hint": "nope" }, n(0)),
        ],
    )
    .await
}

async fn old_fields_have_no_meaning(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1 }]).await?;
    let fields: [Bson; 5] =
        [doc! {}.into(), 1.into(), Bson::Null, "x".into(), doc! { "a": 1, "b": 0 }.into()];
    let one = || Is(doc! { "n": 1, "ok": 1.0 });
    let mut rows: Vec<_> =
        fields.into_iter().map(|fields| (doc! { "count": "c", "fields": fields }, one())).collect();
    for name in ["query", "collation"] {
        rows.push((doc! { "count": "c", name: null }, one()));
        rows.push((doc! { "count": "c", name: {} }, one()));
        rows.push((doc! { "count": "c", name: 1 }, Refused(14)));
        rows.push((doc! { "count": "c", name: [] }, Refused(14)));
    }
    for name in ["batchSize", "projection", "sort", "let"] {
        rows.push((doc! { "count": "c", name: {} }, Refused(40415)));
    }
    rows.push((doc! { "count": "c", "maxTimeMS": -1 }, Refused(2)));
    rows.push((doc! { "count": "missing", "query": { "$x": 1 } }, Refused(2)));
    check_commands(&db, &rows).await
}

async fn malformed_requests_are_refused(db: Database) -> Outcome {
    check_commands(
        &db,
        &[
            (doc! { "count": "c", "query": { "$unknown": 1 } }, Refused(2)),
            (doc! { "count": "c", "query": 1 }, Refused(14)),
            (doc! { "count": "c", "skip": -1 }, Refused(51024)),
            (doc! { "count": "c", "skip": "1" }, Refused(14)),
            (doc! { "count": "c", "unknown": 1 }, Refused(40415)),
            (doc! { "count": "" }, Refused(73)),
            (doc! { "count": 1 }, Refused(73)),
        ],
    )
    .await
}
