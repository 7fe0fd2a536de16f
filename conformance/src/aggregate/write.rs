//! `$out` and `$merge`, with what is in the collections afterwards; the stages that tell of a collection.
//!
//! The questions and MongoDB's answers are in files, for there are hundreds of them.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, check_commands, check_transcript};

cases! { "aggregate::write":
    out needs(aggregation, validators, collation, capped_collections, sparse_indexes),
    merge needs(aggregation, validators, collation, sparse_indexes, partial_indexes),
    malformed_merges_are_refused needs(aggregation),
    stats needs(aggregation, sparse_indexes),
    another_database_is_written_to needs(aggregation),
    nothing_is_written_before_it_is_asked_for needs(aggregation),
}

async fn out(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/out.txt")).await
}

async fn merge(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/merge.txt")).await
}

async fn malformed_merges_are_refused(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/merge_spec.txt")).await
}

async fn stats(db: Database) -> Outcome {
    check_transcript(&db, include_str!("../../data/aggregate/stats.txt")).await
}

/// The other database is dropped in the end.
async fn another_database_is_written_to(db: Database) -> Outcome {
    let other = format!("{}_2", db.name());
    let mut rows = vec![(
        doc! { "insert": "c", "documents": [{ "_id": 1 }, { "_id": 2 }] },
        Has(doc! { "n": 2 }),
    )];
    for stage in [
        doc! { "$out": { "db": &other, "coll": "o" } },
        doc! { "$merge": { "into": { "db": &other, "coll": "o" }, "whenMatched": [{ "$set": { "a": 1 } }] } },
        doc! { "$merge": { "into": { "db": &other, "coll": "p" } } },
    ] {
        rows.push((
            doc! { "aggregate": "c", "pipeline": [{ "$sort": { "_id": 1 } }, stage], "cursor": {} },
            Has(doc! { "ok": 1.0 }),
        ));
    }
    let outcome = check_commands(&db, &rows).await;
    let there = db.sibling(other.as_str());
    let found = |n: i32| Has(doc! { "n": n });
    let rows = [
        (doc! { "count": "o", "query": { "a": 1 } }, found(2)),
        (doc! { "count": "p" }, found(2)),
        (doc! { "dropDatabase": 1 }, Has(doc! { "ok": 1.0 })),
    ];
    outcome.and(check_commands(&there, &rows).await)
}

/// With an empty first batch, `$out` waits for the first `getMore`.
async fn nothing_is_written_before_it_is_asked_for(db: Database) -> Outcome {
    let rows = [
        (doc! { "insert": "c", "documents": [{ "_id": 1 }] }, Has(doc! { "n": 1 })),
        (
            doc! { "aggregate": "c", "pipeline": [{ "$out": "o" }], "cursor": { "batchSize": 0 } },
            Has(doc! { "ok": 1.0 }),
        ),
        (doc! { "count": "o" }, Has(doc! { "n": 0 })),
        (
            doc! { "aggregate": "c", "pipeline": [{ "$out": "o" }], "cursor": { "batchSize": 1 } },
            Has(doc! { "ok": 1.0 }),
        ),
        (doc! { "count": "o" }, Has(doc! { "n": 1 })),
    ];
    check_commands(&db, &rows).await
}
