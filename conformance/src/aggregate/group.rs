//! `$group`, `$count`, `$sortByCount`.

use bson::{Bson, Document, bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Gives, Holds, RefusedWith, Yield, check_pipelines};
use crate::value::dec;

cases! { "aggregate::group":
    equal_values_are_one_group needs(aggregation),
    missing_is_null_but_not_beside_another_field needs(aggregation),
    ids_may_be_any_expression needs(aggregation),
    fields_keep_their_order needs(aggregation),
    nothing_gives_nothing needs(aggregation),
    groups_of_groups needs(aggregation),
    malformed_groups_are_refused needs(aggregation),
    counts needs(aggregation),
    counts_by_value needs(aggregation),
}

async fn equal_values_are_one_group(db: Database) -> Outcome {
    let values = [
        bson!(1),
        bson!(1_i64),
        bson!(1.0),
        dec("1"),
        bson!(f64::NAN),
        dec("NaN"),
        bson!("a"),
        bson!("A"),
        bson!([1]),
        bson!([1.0]),
        bson!({ "a": 1, "b": 2 }),
        bson!({ "b": 2, "a": 1 }),
        bson!({ "a": 1.0, "b": 2_i64 }),
        bson!(0.1),
        dec("0.1"),
        bson!(9_007_199_254_740_993_i64),
        bson!(9_007_199_254_740_992.0),
    ];
    let docs: Vec<Document> = (0..).zip(values).map(|(id, x)| doc! { "_id": id, "x": x }).collect();
    let groups: &[&[i32]] = &[
        &[0, 1, 2, 3],
        &[4, 5],
        &[6],
        &[7],
        &[8, 9],
        &[10, 12],
        &[11],
        &[13],
        &[14],
        &[15],
        &[16],
    ];
    let expected = groups.iter().map(|ids| doc! { "ids": ids.to_vec() }).collect();
    let pipeline = bson!([
        { "$sort": { "_id": 1 } },
        { "$group": { "_id": "$x", "ids": { "$push": "$_id" } } },
        { "$project": { "_id": 0 } }
    ]);
    check_pipelines(&db, &docs, &[(pipeline, Holds(expected))]).await
}

async fn missing_is_null_but_not_beside_another_field(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1 }, doc! { "_id": 2, "a": null }, doc! { "_id": 3, "a": 1, "b": 1 }];
    let count = |id: Bson| bson!([{ "$group": { "_id": id, "n": { "$sum": 1 } } }]);
    let rows = [
        (count(bson!("$a")), Holds(vec![doc! { "_id": null, "n": 2 }, doc! { "_id": 1, "n": 1 }])),
        (
            count(bson!({ "a": "$a" })),
            Holds(vec![doc! { "_id": { "a": null }, "n": 2 }, doc! { "_id": { "a": 1 }, "n": 1 }]),
        ),
        (
            count(bson!({ "a": "$a", "b": "$b" })),
            Holds(vec![
                doc! { "_id": {}, "n": 1 },
                doc! { "_id": { "a": null }, "n": 1 },
                doc! { "_id": { "a": 1, "b": 1 }, "n": 1 },
            ]),
        ),
        (
            count(bson!({ "o": { "a": "$a" } })),
            Holds(vec![
                doc! { "_id": { "o": {} }, "n": 1 },
                doc! { "_id": { "o": { "a": null } }, "n": 1 },
                doc! { "_id": { "o": { "a": 1 } }, "n": 1 },
            ]),
        ),
        (
            count(bson!(["$a", "$b"])),
            Holds(vec![doc! { "_id": [null, null], "n": 2 }, doc! { "_id": [1, 1], "n": 1 }]),
        ),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn ids_may_be_any_expression(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }, doc! { "_id": 3, "a": 3 }];
    let count = |id: Bson| bson!([{ "$group": { "_id": id, "n": { "$sum": 1 } } }]);
    let one = |id: Bson| Gives(vec![doc! { "_id": id, "n": 3 }]);
    let rows = [
        (count(Bson::Null), one(Bson::Null)),
        (count(bson!("all")), one(bson!("all"))),
        (count(bson!({})), one(bson!({}))),
        (count(bson!([])), one(bson!([]))),
        (count(bson!("$$REMOVE")), one(Bson::Null)),
        (count(bson!({ "a": "$$REMOVE", "b": "$$REMOVE" })), one(bson!({}))),
        (count(bson!({ "$literal": { "a": 1 } })), one(bson!({ "a": 1 }))),
        (
            count(bson!({ "$mod": ["$a", 2] })),
            Holds(vec![doc! { "_id": 1, "n": 2 }, doc! { "_id": 0, "n": 1 }]),
        ),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn fields_keep_their_order(db: Database) -> Outcome {
    let pipeline = bson!([{ "$group": {
        "z": { "$sum": 1 }, "_id": null, "": { "$max": "$a" }, "a": { "$min": "$a" }
    } }]);
    let expected = doc! { "_id": null, "z": 2, "": 2, "a": 1 };
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 2 }];
    check_pipelines(&db, &docs, &[(pipeline, Gives(vec![expected]))]).await
}

async fn nothing_gives_nothing(db: Database) -> Outcome {
    let rows = [
        (bson!([{ "$group": { "_id": null, "n": { "$sum": 1 } } }]), Gives(vec![])),
        (bson!([{ "$count": "n" }]), Gives(vec![])),
        (bson!([{ "$sortByCount": "$a" }]), Gives(vec![])),
    ];
    check_pipelines(&db, &[], &rows).await
}

async fn groups_of_groups(db: Database) -> Outcome {
    let docs: Vec<Document> = (0..12).map(|i| doc! { "_id": i, "a": i % 4, "b": i % 3 }).collect();
    let pipeline = bson!([
        { "$match": { "_id": { "$gte": 2 } } },
        { "$group": { "_id": { "a": "$a", "b": "$b" }, "n": { "$sum": 1 }, "s": { "$sum": "$_id" } } },
        { "$group": { "_id": "$_id.a", "n": { "$sum": "$n" }, "s": { "$max": "$s" } } },
        { "$sort": { "s": -1 } },
        { "$limit": 2 }
    ]);
    let expected = vec![doc! { "_id": 3, "n": 3, "s": 11 }, doc! { "_id": 2, "n": 3, "s": 10 }];
    check_pipelines(&db, &docs, &[(pipeline, Gives(expected))]).await
}

async fn malformed_groups_are_refused(db: Database) -> Outcome {
    let row = |group: Bson, code: i32| (bson!([{ "$group": group }]), RefusedWith(code));
    let rows = [
        row(bson!(1), 15_947),
        row(bson!({}), 15_955),
        row(bson!({ "a": { "$sum": 1 } }), 15_955),
        row(bson!({ "_id": 1, "a.b": { "$sum": 1 } }), 40_235),
        row(bson!({ "_id": 1, "$a": { "$sum": 1 } }), 40_236),
        row(bson!({ "_id": { "a": 1 } }), 17_390),
        row(bson!({ "_id": { "b": "$b", "a": true } }), 17_390),
        row(bson!({ "_id": { "": "$a" } }), 15_998),
        row(bson!({ "_id": { "a.b": "$a" } }), 16_412),
        row(bson!({ "_id": { "a": "$a", "$b": "$b" } }), 16_410),
        row(bson!({ "_id": { "$abs": 1, "b": 1 } }), 15_983),
        row(bson!({ "_id": { "$none": 1 } }), 168),
        row(bson!({ "_id": "$$none" }), 17_276),
        row(bson!({ "_id": { "$divide": [1, 0] } }), 2),
        // What comes first is told first.
        row(bson!({ "a": { "$none": 1 }, "_id": { "$none": 1 } }), 15_952),
    ];
    check_pipelines(&db, &[], &rows).await
}

async fn counts(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1 }, doc! { "_id": 2 }, doc! { "_id": 3 }];
    let row = |name: Bson, code: i32| (bson!([{ "$count": name }]), RefusedWith(code));
    let rows: Vec<(Bson, Yield)> = vec![
        (bson!([{ "$count": "n" }]), Gives(vec![doc! { "n": 3 }])),
        (
            bson!([{ "$match": { "_id": { "$gt": 1 } } }, { "$skip": 1 }, { "$count": "n" }]),
            Gives(vec![doc! { "n": 1 }]),
        ),
        row(bson!(1), 40_156),
        row(bson!(""), 40_157),
        row(bson!("$n"), 40_158),
        row(bson!("a\0b"), 40_159),
        row(bson!("a.b"), 40_160),
        row(bson!("_id"), 15_948),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn counts_by_value(db: Database) -> Outcome {
    let docs: Vec<Document> =
        [1, 2, 2, 3, 3, 3].into_iter().zip(0..).map(|(a, id)| doc! { "_id": id, "a": a }).collect();
    let by = |value: Bson| bson!([{ "$sortByCount": value }]);
    let rows = [
        (
            by(bson!("$a")),
            Gives(vec![
                doc! { "_id": 3, "count": 3 },
                doc! { "_id": 2, "count": 2 },
                doc! { "_id": 1, "count": 1 },
            ]),
        ),
        (
            by(bson!({ "$mod": ["$a", 2] })),
            Gives(vec![doc! { "_id": 1, "count": 4 }, doc! { "_id": 0, "count": 2 }]),
        ),
        (by(bson!({ "a": "$a" })), RefusedWith(40_147)),
        (by(bson!("a")), RefusedWith(40_148)),
        (by(bson!(1)), RefusedWith(40_149)),
    ];
    check_pipelines(&db, &docs, &rows).await
}
