//! `count`.

use bson::doc;
use odm_core::{Count, Database};

use crate::case::{Outcome, cases};
use crate::check::{Is, Refused, check_commands, collection, expect_eq, filled};

cases! { "read::count":
    matches_are_counted,
    skip_and_limit_count,
    the_command_takes_a_negative_limit,
    nothing_is_zero,
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
