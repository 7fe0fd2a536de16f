//! `$bucket` and `$bucketAuto`.

use bson::{Bson, Document, bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Gives, RefusedWith, check_pipelines};
use crate::value::dec;

cases! { "aggregate::bucket":
    values_between_boundaries needs(aggregation),
    malformed_buckets_are_refused needs(aggregation),
    buckets_of_about_the_same_size needs(aggregation),
    boundaries_are_rounded needs(aggregation),
    malformed_automatic_buckets_are_refused needs(aggregation),
}

fn docs() -> Vec<Document> {
    let x = [bson!(1), bson!(2.0), bson!(3_i64), dec("4"), bson!(5), bson!(5), bson!(7), bson!(9)];
    (1..).zip(x).map(|(id, x)| doc! { "_id": id, "x": x }).collect()
}

async fn values_between_boundaries(db: Database) -> Outcome {
    let bucket = |spec: Bson| bson!([{ "$bucket": spec }]);
    let rows = [
        (
            bucket(bson!({ "groupBy": "$x", "boundaries": [0, 5, 100] })),
            Gives(vec![doc! { "_id": 0, "count": 4 }, doc! { "_id": 5, "count": 4 }]),
        ),
        (
            bucket(bson!({ "groupBy": "$x", "boundaries": [2, 5, 7], "default": "other" })),
            Gives(vec![
                doc! { "_id": 2, "count": 3 },
                doc! { "_id": 5, "count": 2 },
                doc! { "_id": "other", "count": 3 },
            ]),
        ),
        (
            bucket(bson!({
                "groupBy": { "$multiply": ["$x", 10] },
                "boundaries": [0, 40, { "$add": [50, 50] }],
                "output": { "n": { "$sum": 1 }, "most": { "$max": "$_id" } }
            })),
            Gives(vec![
                doc! { "_id": 0, "n": 3, "most": 3 },
                doc! { "_id": 40, "n": 5, "most": 8 },
            ]),
        ),
        (
            bucket(bson!({ "groupBy": "$none", "boundaries": [0, 5], "default": -1 })),
            Gives(vec![doc! { "_id": -1, "count": 8 }]),
        ),
        // Behind another stage, MongoDB evaluates these as any `$switch`.
        (
            bson!([
                { "$unwind": "$x" },
                { "$bucket": { "groupBy": "$x", "boundaries": [0, 5] } }
            ]),
            RefusedWith(40_066),
        ),
    ];
    check_pipelines(&db, &docs(), &rows).await
}

async fn malformed_buckets_are_refused(db: Database) -> Outcome {
    let row = |spec: Bson, code: i32| (bson!([{ "$bucket": spec }]), RefusedWith(code));
    let of = |boundaries: Bson| bson!({ "groupBy": "$x", "boundaries": boundaries });
    let rows = [
        row(bson!(1), 40_201),
        row(bson!({ "groupBy": "$x" }), 40_198),
        row(bson!({ "groupBy": "x", "boundaries": [0, 1] }), 40_202),
        row(of(bson!(1)), 40_200),
        row(of(bson!(["$x", 1])), 40_191),
        row(of(bson!([0])), 40_192),
        row(of(bson!([0, "a"])), 40_193),
        row(of(bson!([1, 0])), 40_194),
        row(of(bson!([0, 0.0])), 40_194),
        row(of(bson!([{ "$divide": [1, 0] }, 1])), 2),
        row(bson!({ "groupBy": "$x", "boundaries": [0, 2], "default": "$x" }), 40_195),
        row(bson!({ "groupBy": "$x", "boundaries": [0, 2], "default": 1 }), 40_199),
        row(bson!({ "groupBy": "$x", "boundaries": [0, 2], "output": 1 }), 40_196),
        row(bson!({ "groupBy": "$x", "boundaries": [0, 2], "output": { "n": 1 } }), 40_234),
        row(bson!({ "groupBy": "$x", "boundaries": [0, 2], "by": 1 }), 40_197),
    ];
    check_pipelines(&db, &docs(), &rows).await
}

async fn buckets_of_about_the_same_size(db: Database) -> Outcome {
    let auto = |spec: Bson| bson!([{ "$bucketAuto": spec }]);
    let rows = [
        (
            auto(bson!({ "groupBy": "$x", "buckets": 1 })),
            Gives(vec![doc! { "_id": { "min": 1, "max": 9 }, "count": 8 }]),
        ),
        // Equal values stay together.
        (
            auto(bson!({ "groupBy": "$x", "buckets": 5 })),
            Gives(vec![
                doc! { "_id": { "min": 1, "max": 3_i64 }, "count": 2 },
                doc! { "_id": { "min": 3_i64, "max": 5 }, "count": 2 },
                doc! { "_id": { "min": 5, "max": 7 }, "count": 2 },
                doc! { "_id": { "min": 7, "max": 9 }, "count": 2 },
            ]),
        ),
        (
            auto(bson!({
                "groupBy": "$x", "buckets": 2, "output": { "ids": { "$push": "$_id" } }
            })),
            Gives(vec![
                doc! { "_id": { "min": 1, "max": 5 }, "ids": [1, 2, 3, 4] },
                doc! { "_id": { "min": 5, "max": 9 }, "ids": [5, 6, 7, 8] },
            ]),
        ),
        (
            auto(bson!({ "groupBy": "$none", "buckets": 3 })),
            Gives(vec![doc! { "_id": { "min": null, "max": null }, "count": 8 }]),
        ),
    ];
    check_pipelines(&db, &docs(), &rows).await
}

async fn boundaries_are_rounded(db: Database) -> Outcome {
    let row = |granularity: &str, boundaries: &[(Bson, Bson, i32)]| {
        let spec = doc! { "groupBy": "$x", "buckets": 2, "granularity": granularity };
        let bucket = |(min, max, count): &(Bson, Bson, i32)| {
            doc! { "_id": { "min": min.clone(), "max": max.clone() }, "count": *count }
        };
        (bson!([{ "$bucketAuto": spec }]), Gives(boundaries.iter().map(bucket).collect()))
    };
    let docs: Vec<Document> =
        [0, 1, 2, 30].into_iter().zip(1..).map(|(x, id)| doc! { "_id": id, "x": x }).collect();
    let rows = [
        row("R5", &[(bson!(0), bson!(1.6), 2), (bson!(1.6), bson!(40.0), 2)]),
        row("1-2-5", &[(bson!(0), bson!(2.0), 2), (bson!(2.0), bson!(50.0), 2)]),
        row("E24", &[(bson!(0), bson!(1.1), 2), (bson!(1.1), bson!(33.0), 2)]),
        row("POWERSOF2", &[(bson!(0), bson!(2), 2), (bson!(2), bson!(32), 2)]),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn malformed_automatic_buckets_are_refused(db: Database) -> Outcome {
    let row = |spec: Bson, code: i32| (bson!([{ "$bucketAuto": spec }]), RefusedWith(code));
    let rows = [
        row(bson!(1), 40_240),
        row(bson!({ "groupBy": "$x" }), 40_246),
        row(bson!({ "groupBy": "x", "buckets": 1 }), 40_239),
        row(bson!({ "groupBy": "$x", "buckets": "1" }), 40_241),
        row(bson!({ "groupBy": "$x", "buckets": 1.5 }), 40_242),
        row(bson!({ "groupBy": "$x", "buckets": 0 }), 40_243),
        row(bson!({ "groupBy": "$x", "buckets": 1, "output": 1 }), 40_244),
        row(bson!({ "groupBy": "$x", "buckets": 1, "by": 1 }), 40_245),
        row(bson!({ "groupBy": "$x", "buckets": 1, "granularity": "R6" }), 40_257),
        row(bson!({ "groupBy": "$x", "buckets": 1, "granularity": 5 }), 40_261),
        row(bson!({ "groupBy": "a", "buckets": 1, "granularity": "R5" }), 40_239),
        row(bson!({ "groupBy": { "$literal": "a" }, "buckets": 1, "granularity": "R5" }), 40_258),
        row(bson!({ "groupBy": { "$literal": -1 }, "buckets": 1, "granularity": "R5" }), 40_260),
        row(
            bson!({ "groupBy": { "$literal": (f64::NAN) }, "buckets": 1, "granularity": "R5" }),
            40_259,
        ),
        row(
            bson!({
                "groupBy": "$x", "buckets": 1,
                "output": { "f": { "$firstN": { "input": "$x", "n": "$min" } } }
            }),
            4_544_714,
        ),
    ];
    check_pipelines(&db, &docs(), &rows).await
}
