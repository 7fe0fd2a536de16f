//! `$exists` and `$type`.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::{dec, one_of_each_type};

cases! { "filter::element":
    exists_asks_for_the_field_not_its_value,
    exists_takes_anything_truthy,
    exists_through_paths_and_arrays,
    type_by_alias,
    type_by_number,
    type_looks_into_arrays,
    type_null_needs_a_present_null,
    type_takes_a_list,
    unknown_types_are_refused,
}

async fn exists_asks_for_the_field_not_its_value(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": null },
        doc! { "_id": 3 },
        doc! { "_id": 4, "a": [] },
        doc! { "_id": 5, "a": {} },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$exists": true } }, &[1, 2, 4, 5]),
            (doc! { "a": { "$exists": false } }, &[3]),
            (doc! { "a": { "$exists": true, "$ne": null } }, &[1, 4, 5]),
            (doc! { "a": { "$exists": false, "$eq": null } }, &[3]),
            (doc! { "b": { "$exists": false } }, &[1, 2, 3, 4, 5]),
            (doc! { "_id": { "$exists": true } }, &[1, 2, 3, 4, 5]),
        ],
    )
    .await
}

async fn exists_takes_anything_truthy(db: Database) -> Outcome {
    let docs = [doc! { "_id": 1, "a": 1 }, doc! { "_id": 2 }];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$exists": 1 } }, &[1]),
            (doc! { "a": { "$exists": "" } }, &[1]),
            (doc! { "a": { "$exists": [] } }, &[1]),
            (doc! { "a": { "$exists": {} } }, &[1]),
            (doc! { "a": { "$exists": f64::NAN } }, &[1]),
            (doc! { "a": { "$exists": 0 } }, &[2]),
            (doc! { "a": { "$exists": 0.0 } }, &[2]),
            (doc! { "a": { "$exists": dec("0") } }, &[2]),
            (doc! { "a": { "$exists": null } }, &[2]),
        ],
    )
    .await
}

async fn exists_through_paths_and_arrays(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": 1 } },
        doc! { "_id": 2, "a": { "c": 1 } },
        doc! { "_id": 3, "a": 1 },
        doc! { "_id": 4, "a": [{ "c": 1 }, { "b": 1 }] },
        doc! { "_id": 5, "a": [] },
        doc! { "_id": 6, "a": [1, 2] },
        doc! { "_id": 7 },
        doc! { "_id": 8, "a": [[{ "b": 1 }]] },
        doc! { "_id": 9, "a": { "b": null } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": { "$exists": true } }, &[1, 4, 9]),
            (doc! { "a.b": { "$exists": false } }, &[2, 3, 5, 6, 7, 8]),
            (doc! { "a.0": { "$exists": true } }, &[4, 6, 8]),
            (doc! { "a.1": { "$exists": true } }, &[4, 6]),
            (doc! { "a.1.b": { "$exists": true } }, &[4]),
        ],
    )
    .await
}

async fn type_by_alias(db: Database) -> Outcome {
    let docs: Vec<_> =
        (1..).zip(one_of_each_type()).map(|(id, value)| doc! { "_id": id, "a": value }).collect();
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$type": "minKey" } }, &[1]),
            (doc! { "a": { "$type": "null" } }, &[2]),
            (doc! { "a": { "$type": "int" } }, &[3]),
            (doc! { "a": { "$type": "long" } }, &[4]),
            (doc! { "a": { "$type": "double" } }, &[5]),
            (doc! { "a": { "$type": "decimal" } }, &[6]),
            (doc! { "a": { "$type": "number" } }, &[3, 4, 5, 6]),
            (doc! { "a": { "$type": "string" } }, &[7]),
            (doc! { "a": { "$type": "object" } }, &[8]),
            (doc! { "a": { "$type": "binData" } }, &[9]),
            (doc! { "a": { "$type": "objectId" } }, &[10]),
            (doc! { "a": { "$type": "bool" } }, &[11, 12]),
            (doc! { "a": { "$type": "date" } }, &[13]),
            (doc! { "a": { "$type": "timestamp" } }, &[14]),
            (doc! { "a": { "$type": "regex" } }, &[15]),
            (doc! { "a": { "$type": "javascript" } }, &[16]),
            (doc! { "a": { "$type": "javascriptWithScope" } }, &[17]),
            (doc! { "a": { "$type": "maxKey" } }, &[18]),
            (doc! { "a": { "$type": "array" } }, &[]),
            (doc! { "a": { "$type": "undefined" } }, &[]),
        ],
    )
    .await
}

async fn type_by_number(db: Database) -> Outcome {
    let docs: Vec<_> =
        (1..).zip(one_of_each_type()).map(|(id, value)| doc! { "_id": id, "a": value }).collect();
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$type": -1 } }, &[1]),
            (doc! { "a": { "$type": 10 } }, &[2]),
            (doc! { "a": { "$type": 16.0 } }, &[3]),
            (doc! { "a": { "$type": 18_i64 } }, &[4]),
            (doc! { "a": { "$type": 1 } }, &[5]),
            (doc! { "a": { "$type": dec("19") } }, &[6]),
            (doc! { "a": { "$type": 2 } }, &[7]),
            (doc! { "a": { "$type": 127 } }, &[18]),
            (doc! { "a": { "$type": 4 } }, &[]),
        ],
    )
    .await
}

async fn type_looks_into_arrays(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, "x"] },
        doc! { "_id": 2, "a": [] },
        doc! { "_id": 3, "a": [[1]] },
        doc! { "_id": 4, "a": 1 },
        doc! { "_id": 5, "a": { "b": [true] } },
        doc! { "_id": 6, "a": [{ "b": 1 }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$type": "int" } }, &[1, 4]),
            (doc! { "a": { "$type": "string" } }, &[1]),
            (doc! { "a": { "$type": "array" } }, &[1, 2, 3, 6]),
            (doc! { "a": { "$type": "object" } }, &[5, 6]),
            (doc! { "a.b": { "$type": "bool" } }, &[5]),
            (doc! { "a.b": { "$type": "array" } }, &[5]),
            (doc! { "a.0": { "$type": "array" } }, &[3]),
            (doc! { "a": { "$not": { "$type": "int" } } }, &[2, 3, 5, 6]),
        ],
    )
    .await
}

async fn type_null_needs_a_present_null(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": null },
        doc! { "_id": 2 },
        doc! { "_id": 3, "a": [null] },
        doc! { "_id": 4, "a": { "b": null } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$type": "null" } }, &[1, 3]),
            (doc! { "a": { "$type": 10 } }, &[1, 3]),
            (doc! { "a.b": { "$type": "null" } }, &[4]),
        ],
    )
    .await
}

async fn type_takes_a_list(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 1 },
        doc! { "_id": 2, "a": "x" },
        doc! { "_id": 3, "a": 1.5 },
        doc! { "_id": 4, "a": [true, 2] },
        doc! { "_id": 5, "a": null },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$type": ["string", "double"] } }, &[2, 3]),
            (doc! { "a": { "$type": [2, "bool", 10] } }, &[2, 4, 5]),
            (doc! { "a": { "$type": ["number"] } }, &[1, 3, 4]),
            (doc! { "a": { "$type": ["array", "null"] } }, &[4, 5]),
        ],
    )
    .await
}

async fn unknown_types_are_refused(db: Database) -> Outcome {
    let rows: Vec<_> = [
        bson::bson!("number "),
        bson::bson!("Int"),
        bson::bson!(""),
        bson::bson!(0),
        bson::bson!(20),
        bson::bson!(1.5),
        bson::bson!(-2),
        Bson::Null,
        bson::bson!({}),
        bson::bson!([]),
        bson::bson!(["int", "integer"]),
        bson::bson!([null]),
        bson::bson!(true),
    ]
    .into_iter()
    .map(|operand| doc! { "a": { "$type": operand } })
    .zip([2, 2, 2, 2, 2, 2, 2, 14, 14, 9, 2, 14, 14])
    .collect();
    check_refused_filters(&db, &rows).await
}
