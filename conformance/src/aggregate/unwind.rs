//! `$unwind`.

use bson::{Bson, bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Gives, RefusedWith, check_pipelines};

cases! { "aggregate::unwind":
    each_element_has_a_document needs(aggregation),
    what_is_empty_may_be_preserved needs(aggregation),
    positions needs(aggregation),
    paths_lead_through_documents_only needs(aggregation),
    malformed_unwinds_are_refused needs(aggregation),
}

async fn each_element_has_a_document(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, "x", [2, 3], { "b": 1 }], "z": 9 },
        doc! { "_id": 2, "a": [] },
        doc! { "_id": 3, "a": null },
        doc! { "_id": 4 },
        doc! { "_id": 5, "a": 7, "z": 1 },
    ];
    let expected = vec![
        doc! { "_id": 1, "a": 1, "z": 9 },
        doc! { "_id": 1, "a": "x", "z": 9 },
        doc! { "_id": 1, "a": [2, 3], "z": 9 },
        doc! { "_id": 1, "a": { "b": 1 }, "z": 9 },
        doc! { "_id": 5, "a": 7, "z": 1 },
    ];
    let twice = vec![
        doc! { "_id": 1, "a": 1, "z": 9 },
        doc! { "_id": 1, "a": "x", "z": 9 },
        doc! { "_id": 1, "a": 2, "z": 9 },
        doc! { "_id": 1, "a": 3, "z": 9 },
        doc! { "_id": 1, "a": { "b": 1 }, "z": 9 },
        doc! { "_id": 5, "a": 7, "z": 1 },
    ];
    let rows = [
        (bson!([{ "$unwind": "$a" }]), Gives(expected.clone())),
        (bson!([{ "$unwind": { "path": "$a" } }]), Gives(expected)),
        (bson!([{ "$unwind": "$a" }, { "$unwind": "$a" }]), Gives(twice)),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn what_is_empty_may_be_preserved(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [] , "z": 1 },
        doc! { "_id": 2, "a": null },
        doc! { "_id": 3 },
        doc! { "_id": 4, "a": [1] },
        doc! { "_id": 5, "a": { "b": [] } },
    ];
    let preserve =
        |path: &str| bson!([{ "$unwind": { "path": path, "preserveNullAndEmptyArrays": true } }]);
    let rows = [
        (
            preserve("$a"),
            Gives(vec![
                doc! { "_id": 1, "z": 1 },
                doc! { "_id": 2, "a": null },
                doc! { "_id": 3 },
                doc! { "_id": 4, "a": 1 },
                doc! { "_id": 5, "a": { "b": [] } },
            ]),
        ),
        (
            preserve("$a.b"),
            Gives(vec![
                doc! { "_id": 1, "a": [], "z": 1 },
                doc! { "_id": 2, "a": null },
                doc! { "_id": 3 },
                doc! { "_id": 4, "a": [1] },
                doc! { "_id": 5, "a": {} },
            ]),
        ),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn positions(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": ["x", "y"], "z": 1 },
        doc! { "_id": 2, "a": "scalar", "z": { "q": 1, "r": 2 } },
        doc! { "_id": 3, "a": [] },
    ];
    let at = |index: &str| bson!({ "path": "$a", "includeArrayIndex": index });
    let rows = [
        (
            bson!([{ "$unwind": at("i") }]),
            Gives(vec![
                doc! { "_id": 1, "a": "x", "z": 1, "i": 0_i64 },
                doc! { "_id": 1, "a": "y", "z": 1, "i": 1_i64 },
                doc! { "_id": 2, "a": "scalar", "z": { "q": 1, "r": 2 }, "i": null },
            ]),
        ),
        (
            bson!([{ "$unwind": at("z.q") }]),
            Gives(vec![
                doc! { "_id": 1, "a": "x", "z": { "q": 0_i64 } },
                doc! { "_id": 1, "a": "y", "z": { "q": 1_i64 } },
                doc! { "_id": 2, "a": "scalar", "z": { "q": null, "r": 2 } },
            ]),
        ),
        (
            bson!([{ "$unwind": at("a") }, { "$match": { "_id": 1 } }]),
            Gives(vec![
                doc! { "_id": 1, "a": 0_i64, "z": 1 },
                doc! { "_id": 1, "a": 1_i64, "z": 1 },
            ]),
        ),
        (
            bson!([
                { "$match": { "_id": 3 } },
                { "$unwind": {
                    "path": "$a", "includeArrayIndex": "i", "preserveNullAndEmptyArrays": true
                } }
            ]),
            Gives(vec![doc! { "_id": 3, "i": null }]),
        ),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn paths_lead_through_documents_only(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": { "c": [1, 2] }, "d": "long enough to move" }, "e": 1 },
        doc! { "_id": 2, "a": [{ "b": { "c": [1] } }] },
        doc! { "_id": 3, "a": { "b": [{ "c": [1] }] } },
    ];
    let expected =
        |c: i32| doc! { "_id": 1, "a": { "b": { "c": c }, "d": "long enough to move" }, "e": 1 };
    let rows = [
        (bson!([{ "$unwind": "$a.b.c" }]), Gives(vec![expected(1), expected(2)])),
        (bson!([{ "$unwind": "$a.0" }]), Gives(vec![])),
    ];
    check_pipelines(&db, &docs, &rows).await
}

async fn malformed_unwinds_are_refused(db: Database) -> Outcome {
    let row = |unwind: Bson, code: i32| (bson!([{ "$unwind": unwind }]), RefusedWith(code));
    let rows = [
        row(bson!(1), 15_981),
        row(bson!("a"), 28_818),
        row(bson!(""), 28_812),
        row(bson!({}), 28_812),
        row(bson!("$"), 40_352),
        row(bson!("$a."), 40_353),
        row(bson!("$a..b"), 15_998),
        row(bson!("$$ROOT.a"), 16_410),
        row(bson!("$a\0b"), 16_419),
        row(bson!({ "path": 1 }), 28_808),
        row(bson!({ "path": "$a", "preserveNullAndEmptyArrays": 1 }), 28_809),
        row(bson!({ "path": "$a", "includeArrayIndex": "" }), 28_810),
        row(bson!({ "path": "$a", "includeArrayIndex": "$i" }), 28_822),
        row(bson!({ "path": "$a", "includeArrayIndex": "i." }), 40_353),
        row(bson!({ "path": "$a", "index": "i" }), 28_811),
    ];
    check_pipelines(&db, &[], &rows).await
}
