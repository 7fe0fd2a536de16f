//! `$sort`, `$limit`, `$skip`, `$sample`.

use bson::{Bson, Document, bson, doc};
use odm_core::{Database, Index};

use crate::case::{Outcome, cases};
use crate::check::{Gives, RefusedWith, Yield, check_pipelines, collection};

cases! { "aggregate::sort":
    documents_are_put_in_order needs(aggregation),
    limits_and_skips_add_up needs(aggregation),
    what_stages_make_is_sorted_too needs(aggregation),
    an_index_gives_the_same_order needs(aggregation),
    malformed_sorts_are_refused needs(aggregation),
    samples needs(aggregation),
}

fn docs() -> Vec<Document> {
    let a = [bson!([3, 1]), bson!(2), bson!([]), Bson::Null, bson!("s"), bson!({ "b": 1 })];
    let mut docs: Vec<Document> =
        (1..).zip(a).map(|(id, a)| doc! { "_id": id, "a": a, "b": id % 2 }).collect();
    docs.push(doc! { "_id": 7 });
    docs
}

/// The `_id`s that a pipeline gives.
fn row(stages: &[Bson], ids: &[i32]) -> (Bson, Yield) {
    let mut stages = stages.to_vec();
    stages.push(bson!({ "$project": { "_id": 1 } }));
    (Bson::Array(stages), Gives(ids.iter().map(|id| doc! { "_id": *id }).collect()))
}

fn rows() -> Vec<(Bson, Yield)> {
    let by = |sort: Document| bson!({ "$sort": sort });
    vec![
        row(&[by(doc! { "a": 1, "_id": 1 })], &[3, 4, 7, 1, 2, 5, 6]),
        row(&[by(doc! { "a": -1, "_id": 1 })], &[6, 5, 1, 2, 4, 7, 3]),
        row(&[by(doc! { "b": 1, "_id": -1 })], &[7, 6, 4, 2, 5, 3, 1]),
        row(&[by(doc! { "a": 1, "_id": 1 }), bson!({ "$limit": 3 })], &[3, 4, 7]),
        row(
            &[by(doc! { "a": -1, "_id": 1 }), bson!({ "$skip": 2 }), bson!({ "$limit": 2 })],
            &[1, 2],
        ),
        row(
            &[
                by(doc! { "a": 1, "_id": 1 }),
                bson!({ "$match": { "b": 1 } }),
                bson!({ "$limit": 2 }),
            ],
            &[3, 1],
        ),
        row(
            &[
                by(doc! { "a": 1, "_id": 1 }),
                bson!({ "$limit": 4 }),
                bson!({ "$match": { "b": 1 } }),
            ],
            &[3, 1],
        ),
        row(
            &[
                bson!({ "$match": { "b": 0 } }),
                by(doc! { "a": -1, "_id": 1 }),
                bson!({ "$limit": 2 }),
            ],
            &[6, 2],
        ),
    ]
}

async fn documents_are_put_in_order(db: Database) -> Outcome {
    check_pipelines(&db, &docs(), &rows()).await
}

async fn an_index_gives_the_same_order(db: Database) -> Outcome {
    let collection = collection(&db);
    for index in [Index::asc("a").then("_id", odm_core::IndexKind::Ascending), Index::asc("b")] {
        collection.create_index(index).await?;
    }
    check_pipelines(&db, &docs(), &rows()).await
}

async fn limits_and_skips_add_up(db: Database) -> Outcome {
    let by_id = bson!({ "$sort": { "_id": 1 } });
    let (limit, skip) = (|n: i64| bson!({ "$limit": n }), |n: i64| bson!({ "$skip": n }));
    let rows = [
        row(&[by_id.clone(), limit(5), limit(3)], &[1, 2, 3]),
        row(&[by_id.clone(), limit(3), limit(5)], &[1, 2, 3]),
        row(&[by_id.clone(), skip(2), skip(3)], &[6, 7]),
        row(&[by_id.clone(), limit(4), skip(1), limit(2), skip(1)], &[3]),
        row(&[by_id.clone(), limit(i64::MAX), skip(6)], &[7]),
        row(&[by_id.clone(), skip(0), limit(1)], &[1]),
        row(&[by_id, skip(100)], &[]),
    ];
    check_pipelines(&db, &docs(), &rows).await
}

async fn what_stages_make_is_sorted_too(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": [3, 1, 2] }, doc! { "_id": 2, "a": [5, 0] }];
    let rows = [
        (
            bson!([{ "$unwind": "$a" }, { "$sort": { "a": -1 } }, { "$limit": 3 }]),
            Gives(vec![
                doc! { "_id": 2, "a": 5 },
                doc! { "_id": 1, "a": 3 },
                doc! { "_id": 1, "a": 2 },
            ]),
        ),
        (
            bson!([
                { "$unwind": "$a" },
                { "$group": { "_id": "$_id", "s": { "$sum": "$a" } } },
                { "$sort": { "s": 1 } }
            ]),
            Gives(vec![doc! { "_id": 2, "s": 5 }, doc! { "_id": 1, "s": 6 }]),
        ),
        (
            bson!([{ "$sort": { "a": 1 } }, { "$project": { "_id": 1 } }]),
            Gives(vec![doc! { "_id": 2 }, doc! { "_id": 1 }]),
        ),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn malformed_sorts_are_refused(db: Database) -> Outcome {
    let row = |sort: Bson, code: i32| (bson!([{ "$sort": sort }]), RefusedWith(code));
    let many: Document = (0..33).map(|i| (format!("f{i}"), Bson::Int32(1))).collect();
    let rows = [
        row(bson!(1), 15_973),
        row(bson!({}), 15_976),
        row(bson!({ "a": 2 }), 15_975),
        row(bson!({ "a": "x" }), 15_974),
        row(bson!({ "a": true }), 15_974),
        row(bson!({ "a": {} }), 17_312),
        row(bson!({ "a": { "$meta": "textScore" } }), 40_218),
        row(bson!({ "a": { "$meta": "x" } }), 31_138),
        row(bson!({ "$natural": 1 }), 16_410),
        row(bson!({ "": 1 }), 40_352),
        row(bson!({ "a.": 1 }), 40_353),
        row(bson!({ "a..b": 1 }), 15_998),
        row(many.into(), 13_103),
    ];
    check_pipelines(&db, &[doc! { "_id": 1 }], &rows).await?;
    let parallel = [doc! { "_id": 2, "a": [1], "b": [1] }];
    let rows = [row(bson!({ "a": 1, "b": 1 }), 2)];
    check_pipelines(&db, &parallel, &rows).await
}

async fn samples(db: Database) -> Outcome {
    let count = |size: Bson| bson!([{ "$sample": { "size": size } }, { "$count": "n" }]);
    let row = |sample: Bson, code: i32| (bson!([{ "$sample": sample }]), RefusedWith(code));
    let rows = [
        (count(bson!(3)), Gives(vec![doc! { "n": 3 }])),
        (count(bson!(2.9)), Gives(vec![doc! { "n": 2 }])),
        (count(bson!(100)), Gives(vec![doc! { "n": 7 }])),
        (count(bson!(0)), Gives(vec![])),
        (
            bson!([{ "$sample": { "size": 7 } }, { "$group": { "_id": null, "s": { "$sum": "$_id" } } }]),
            Gives(vec![doc! { "_id": null, "s": 28 }]),
        ),
        row(bson!(1), 28_745),
        row(bson!({ "size": "1" }), 28_746),
        row(bson!({ "size": -1 }), 28_747),
        row(bson!({ "n": 1 }), 28_748),
        row(bson!({}), 28_749),
    ];
    check_pipelines(&db, &docs(), &rows).await
}
