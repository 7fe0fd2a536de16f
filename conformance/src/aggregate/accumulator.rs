//! What accumulators make of the values of a group.

use bson::{Bson, Document, bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Gives, RefusedWith, Yield, check_pipelines};
use crate::value::dec;

cases! { "aggregate::accumulator":
    sums_widen_where_they_must needs(aggregation),
    sums_of_doubles_are_compensated needs(aggregation),
    averages_are_doubles_or_decimals needs(aggregation),
    deviations needs(aggregation),
    what_is_no_number_does_not_count needs(aggregation),
    extremes_are_of_all_types_but_null needs(aggregation),
    missing_values_become_null_or_nothing needs(aggregation),
    arrays_of_values needs(aggregation),
    several_values needs(aggregation),
    how_many_may_depend_on_the_group needs(aggregation),
    firsts_of_an_order needs(aggregation),
    objects_are_merged needs(aggregation),
    malformed_ones_are_refused needs(aggregation),
}

/// What an accumulator makes of `x` of these documents, in their order.
async fn check(db: &Database, values: &[Option<Bson>], rows: &[(Bson, Bson)]) -> Outcome {
    let doc = |(id, value): (i32, &Option<Bson>)| match value {
        Some(value) => doc! { "_id": id, "x": value.clone() },
        None => doc! { "_id": id },
    };
    let docs: Vec<Document> = (1..).zip(values).map(doc).collect();
    let row = |(accumulator, expected): &(Bson, Bson)| {
        let group = doc! { "_id": null, "r": accumulator.clone() };
        let expected = doc! { "_id": null, "r": expected.clone() };
        (bson!([{ "$sort": { "_id": 1 } }, { "$group": group }]), Gives(vec![expected]))
    };
    let rows: Vec<(Bson, Yield)> = rows.iter().map(row).collect();
    check_pipelines(db, &docs, &rows).await?;
    Ok(db.drop().await?)
}

fn some<T: Into<Bson>>(values: impl IntoIterator<Item = T>) -> Vec<Option<Bson>> {
    values.into_iter().map(|value| Some(value.into())).collect()
}

async fn sums_widen_where_they_must(db: Database) -> Outcome {
    let sum = || bson!({ "$sum": "$x" });
    let long = Bson::Int64;
    let rows: &[(&[Bson], Bson)] = &[
        (&[1.into(), 2.into()], 3.into()),
        (&[i32::MAX.into(), 1.into()], long(2_147_483_648)),
        (&[long(1), 2.into()], long(3)),
        (&[long(i64::MAX), 1.into()], 9_223_372_036_854_775_808.0.into()),
        (&[long(i64::MAX), 1.into(), (-1).into()], long(i64::MAX)),
        (&[long(i64::MIN), (-1).into()], (-9_223_372_036_854_775_808.0).into()),
        (&[1.into(), 2.0.into()], 3.0.into()),
        (&[1.into(), dec("2.50")], dec("3.50")),
        (&[dec("0.1"), dec("0.2")], dec("0.3")),
    ];
    for (values, expected) in rows {
        check(&db, &some(values.iter().cloned()), &[(sum(), expected.clone())]).await?;
    }
    Ok(())
}

async fn sums_of_doubles_are_compensated(db: Database) -> Outcome {
    let sum = || bson!({ "$sum": "$x" });
    check(&db, &some([0.1; 10]), &[(sum(), 1.0.into())]).await?;
    // What is left over is not in a sum that is a double.
    check(&db, &some([1e16, 1.0, -1e16]), &[(sum(), 0.0.into())]).await?;
    check(&db, &some([f64::INFINITY, 1.0]), &[(sum(), f64::INFINITY.into())]).await?;
    check(&db, &some([-0.0]), &[(sum(), 0.0.into())]).await?;
    let mixed = [0.1.into(), 1.into(), dec("0.2")];
    check(&db, &some(mixed), &[(sum(), dec("1.300000000000000005551115123125782"))]).await
}

async fn averages_are_doubles_or_decimals(db: Database) -> Outcome {
    let avg = || bson!({ "$avg": "$x" });
    check(&db, &some([1, 2]), &[(avg(), 1.5.into())]).await?;
    check(&db, &some([2, 4]), &[(avg(), 3.0.into())]).await?;
    let thirds = [dec("1"), dec("0"), 0.into()];
    check(&db, &some(thirds), &[(avg(), dec("0.3333333333333333333333333333333333"))]).await
}

async fn deviations(db: Database) -> Outcome {
    let (pop, samp) = (bson!({ "$stdDevPop": "$x" }), bson!({ "$stdDevSamp": "$x" }));
    let rows = [(pop.clone(), 2.0.into()), (samp.clone(), 2.138_089_935_299_395.into())];
    check(&db, &some([2, 4, 4, 4, 5, 5, 7, 9]), &rows).await?;
    check(&db, &some([7]), &[(pop.clone(), 0.0.into()), (samp.clone(), Bson::Null)]).await?;
    check(&db, &some(["a"]), &[(pop, Bson::Null), (samp, Bson::Null)]).await
}

async fn what_is_no_number_does_not_count(db: Database) -> Outcome {
    let values = [bson!("5"), bson!([1, 2]), Bson::Null, true.into(), bson!({ "a": 1 })];
    let rows = [(bson!({ "$sum": "$x" }), 0.into()), (bson!({ "$avg": "$x" }), Bson::Null)];
    check(&db, &some(values), &rows).await
}

async fn extremes_are_of_all_types_but_null(db: Database) -> Outcome {
    let values = [
        None,
        Some(Bson::Null),
        Some(5.into()),
        Some("a".into()),
        Some(bson!([9])),
        Some(3.into()),
    ];
    let several = |name: &str| bson!({ name: { "input": "$x", "n": 2 } });
    let rows = [
        (bson!({ "$min": "$x" }), 3.into()),
        (bson!({ "$max": "$x" }), bson!([9])),
        (several("$minN"), bson!([3, 5])),
        (several("$maxN"), bson!([[9], "a"])),
    ];
    check(&db, &values, &rows).await?;
    let nothing = [(bson!({ "$min": "$x" }), Bson::Null), (several("$maxN"), bson!([]))];
    check(&db, &[None, Some(Bson::Null)], &nothing).await
}

async fn missing_values_become_null_or_nothing(db: Database) -> Outcome {
    let several = |name: &str| bson!({ name: { "input": "$x", "n": 2 } });
    let rows = [
        (bson!({ "$first": "$x" }), Bson::Null),
        (bson!({ "$last": "$x" }), Bson::Null),
        (bson!({ "$push": "$x" }), bson!([1, null])),
        (bson!({ "$count": {} }), 4.into()),
        (several("$firstN"), bson!([null, 1])),
        (several("$lastN"), bson!([null, null])),
    ];
    check(&db, &[None, Some(1.into()), Some(Bson::Null), None], &rows).await
}

async fn arrays_of_values(db: Database) -> Outcome {
    let values = some([bson!([1]), bson!(2), bson!([1.0]), bson!(2.0), bson!([])]);
    check(&db, &values, &[(bson!({ "$push": "$x" }), bson!([[1], 2, [1.0], 2.0, []]))]).await?;
    let equal = some([bson!(1), bson!(1.0), dec("1"), bson!(1_i64)]);
    check(&db, &equal, &[(bson!({ "$addToSet": "$x" }), bson!([1]))]).await
}

async fn several_values(db: Database) -> Outcome {
    let several = |name: &str, n: i32| bson!({ name: { "input": "$x", "n": n } });
    let rows = [
        (several("$firstN", 2), bson!([3, 1])),
        (several("$lastN", 2), bson!([4, 2])),
        (several("$minN", 9), bson!([1, 2, 3, 4])),
        (several("$maxN", 3), bson!([4, 3, 2])),
    ];
    check(&db, &some([3, 1, 4, 2]), &rows).await
}

async fn how_many_may_depend_on_the_group(db: Database) -> Outcome {
    let docs: Vec<Document> =
        (0..6).map(|i| doc! { "_id": i, "k": i % 2, "s": { "k": i % 2 + 1 } }).collect();
    let first = |id: Bson, n: Bson| {
        let firsts = doc! { "$firstN": { "input": "$_id", "n": n } };
        bson!([{ "$sort": { "_id": 1 } }, { "$group": { "_id": id, "r": firsts } }])
    };
    let rows = [
        (
            first(bson!({ "k": "$k" }), bson!({ "$add": ["$k", 1] })),
            crate::check::Holds(vec![
                doc! { "_id": { "k": 0 }, "r": [0] },
                doc! { "_id": { "k": 1 }, "r": [1, 3] },
            ]),
        ),
        (
            first(bson!("$s"), bson!("$k")),
            crate::check::Holds(vec![
                doc! { "_id": { "k": 1 }, "r": [0] },
                doc! { "_id": { "k": 2 }, "r": [1, 3] },
            ]),
        ),
        (first(bson!("$k"), bson!("$k")), RefusedWith(5_787_902)),
        (first(bson!("$k"), bson!("1")), RefusedWith(5_787_902)),
        (first(bson!("$k"), bson!(1.5)), RefusedWith(5_787_903)),
        (first(bson!("$k"), bson!(0)), RefusedWith(5_787_908)),
        (first(bson!("$k"), bson!(1e30)), RefusedWith(31_109)),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn firsts_of_an_order(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [3, 1] },
        doc! { "_id": 2, "a": 2 },
        doc! { "_id": 3, "a": [] },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": { "b": 1 } },
    ];
    let group = |accumulator: Bson| bson!([{ "$group": { "_id": null, "r": accumulator } }]);
    let gives = |value: Bson| Gives(vec![doc! { "_id": null, "r": value }]);
    let all =
        |order: Document| group(bson!({ "$topN": { "output": "$_id", "sortBy": order, "n": 9 } }));
    let rows = [
        // Unlike `$sort`, which takes the least or greatest element of an array, these take the array.
        (all(doc! { "a": 1 }), gives(bson!([3, 4, 2, 5, 1]))),
        (all(doc! { "a": -1 }), gives(bson!([1, 5, 2, 4, 3]))),
        (
            group(bson!({ "$bottomN": { "output": "$_id", "sortBy": { "_id": 1 }, "n": 2 } })),
            gives(bson!([4, 5])),
        ),
        (
            group(bson!({ "$top": { "output": ["$_id", "$a"], "sortBy": { "_id": 1 } } })),
            gives(bson!([1, [3, 1]])),
        ),
        (
            group(bson!({ "$bottom": { "output": "$b", "sortBy": { "_id": 1 } } })),
            gives(Bson::Null),
        ),
        (all(doc! { "a": 1, "_id": 1 }), gives(bson!([3, 4, 2, 5, 1]))),
        (all(doc! { "a": 2 }), RefusedWith(15_975)),
        (all(doc! { "$a": 1 }), RefusedWith(16_410)),
        (all(doc! { "a": { "$meta": "textScore" } }), RefusedWith(40_218)),
        (group(bson!({ "$top": { "output": 1 } })), RefusedWith(5_788_005)),
        (group(bson!({ "$top": { "sortBy": {} } })), RefusedWith(5_788_004)),
        (group(bson!({ "$topN": { "sortBy": {}, "output": 1 } })), RefusedWith(5_788_003)),
        (group(bson!({ "$top": { "n": 1, "sortBy": {}, "output": 1 } })), RefusedWith(5_788_002)),
        (group(bson!({ "$top": { "sortBy": 1, "output": 1 } })), RefusedWith(10_065)),
        (group(bson!({ "$top": 1 })), RefusedWith(5_788_001)),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn objects_are_merged(db: Database) -> Outcome {
    let values = [
        Some(bson!({ "a": 1, "b": { "x": 1 } })),
        Some(Bson::Null),
        Some(bson!({ "b": { "y": 1 }, "a": 2, "c": 3 })),
        None,
    ];
    let merged = bson!({ "a": 2, "b": { "y": 1 }, "c": 3 });
    check(&db, &values, &[(bson!({ "$mergeObjects": "$x" }), merged)]).await?;
    check(&db, &[None], &[(bson!({ "$mergeObjects": "$x" }), bson!({}))]).await
}

async fn malformed_ones_are_refused(db: Database) -> Outcome {
    let row = |accumulator: Bson, code: i32| {
        (bson!([{ "$group": { "_id": null, "r": accumulator } }]), RefusedWith(code))
    };
    let rows = [
        row(bson!(1), 40_234),
        row(bson!({}), 40_234),
        row(bson!({ "sum": 1 }), 40_234),
        row(bson!({ "$sum": 1, "$avg": 1 }), 40_238),
        row(bson!({ "$sum": ["$x", 1] }), 40_237),
        row(bson!({ "$abs": 1 }), 15_952),
        row(bson!({ "$rank": {} }), 15_952),
        row(bson!({ "$covariancePop": 1 }), 15_952),
        row(bson!({ "$count": 1 }), 14),
        row(bson!({ "$sum": { "$none": 1 } }), 168),
        row(bson!({ "$firstN": 1 }), 5_787_801),
        row(bson!({ "$minN": 1 }), 5_787_900),
        row(bson!({ "$firstN": { "input": 1 } }), 5_787_906),
        row(bson!({ "$firstN": { "n": 1 } }), 5_787_907),
        row(bson!({ "$firstN": { "n": 1, "of": 1 } }), 5_787_901),
    ];
    check_pipelines(&db, &[], &rows).await
}
