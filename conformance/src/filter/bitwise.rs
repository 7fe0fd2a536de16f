//! `$bitsAllSet`, `$bitsAnySet`, `$bitsAllClear`, `$bitsAnyClear`.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{check_filters, check_refused_filters};
use crate::value::{bin, dec};

cases! { "filter::bitwise":
    masks_of_numbers needs(bitwise),
    masks_of_positions needs(bitwise),
    masks_of_bytes needs(bitwise),
    malformed_masks_are_refused,
}

async fn masks_of_numbers(db: Database) -> Outcome {
    let docs: Vec<_> = (1..)
        .zip([
            Bson::Int32(20),
            Bson::Int64(20),
            Bson::Double(20.0),
            dec("20"),
            Bson::Int32(16),
            Bson::Int32(-1),
            Bson::Double(20.5),
            "20".into(),
            bin(0, &[0b1_0100]),
            Bson::Int32(0),
            bson::bson!([20]),
            Bson::Double(f64::NAN),
            Bson::Null,
        ])
        .map(|(id, value)| doc! { "_id": id, "a": value })
        .collect();
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$bitsAllSet": 20 } }, &[1, 2, 3, 4, 6, 9, 11]),
            (doc! { "a": { "$bitsAnySet": 20 } }, &[1, 2, 3, 4, 5, 6, 9, 11]),
            (doc! { "a": { "$bitsAllClear": 20 } }, &[10]),
            (doc! { "a": { "$bitsAnyClear": 20 } }, &[5, 10]),
            (doc! { "a": { "$bitsAllSet": 0 } }, &[1, 2, 3, 4, 5, 6, 9, 10, 11]),
            (doc! { "a": { "$bitsAllSet": 4.0 } }, &[1, 2, 3, 4, 6, 9, 11]),
        ],
    )
    .await
}

async fn masks_of_positions(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 54 },
        doc! { "_id": 2, "a": -1_i64 },
        doc! { "_id": 3, "a": bin(0, &[0x36, 0xFF]) },
        doc! { "_id": 4, "a": 1 },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$bitsAllSet": [1, 5] } }, &[1, 2, 3]),
            (doc! { "a": { "$bitsAllSet": [200] } }, &[2]),
            (doc! { "a": { "$bitsAllSet": [8, 15] } }, &[2, 3]),
            (doc! { "a": { "$bitsAllClear": [1, 5] } }, &[4]),
            (doc! { "a": { "$bitsAnyClear": [1, 200] } }, &[1, 3, 4]),
            (doc! { "a": { "$bitsAllSet": [] } }, &[1, 2, 3, 4]),
            (doc! { "a": { "$bitsAnySet": [] } }, &[]),
        ],
    )
    .await
}

async fn masks_of_bytes(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": 0b1010 },
        doc! { "_id": 2, "a": bin(0, &[0b1010]) },
        doc! { "_id": 3, "a": bin(5, &[0b0010, 1]) },
        doc! { "_id": 4, "a": 0 },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a": { "$bitsAllSet": bin(0, &[0b1010]) } }, &[1, 2]),
            (doc! { "a": { "$bitsAnySet": bin(0, &[0b1010]) } }, &[1, 2, 3]),
            (doc! { "a": { "$bitsAllSet": bin(0, &[0, 1]) } }, &[3]),
            (doc! { "a": { "$bitsAllClear": bin(0, &[0xFF, 0xFF]) } }, &[4]),
        ],
    )
    .await
}

async fn malformed_masks_are_refused(db: Database) -> Outcome {
    let mut rows = Vec::new();
    for operator in ["$bitsAllSet", "$bitsAnySet", "$bitsAllClear", "$bitsAnyClear"] {
        rows.push((doc! { "a": { operator: -1 } }, 9));
        rows.push((doc! { "a": { operator: 1.5 } }, 9));
        rows.push((doc! { "a": { operator: "1" } }, 2));
        rows.push((doc! { "a": { operator: null } }, 2));
        rows.push((doc! { "a": { operator: [-1] } }, 2));
        rows.push((doc! { "a": { operator: ["1"] } }, 2));
        rows.push((doc! { "a": { operator: [1.5] } }, 2));
    }
    check_refused_filters(&db, &rows).await
}
