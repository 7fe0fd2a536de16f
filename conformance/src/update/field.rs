//! `$set`, `$unset`, `$inc`, `$mul`, `$min`, `$max`, `$rename`, `$currentDate`, `$setOnInsert`.

use bson::{Bson, Decimal128, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Becomes, Refuses, Stays, check_updates, collection, expect_eq};
use crate::value::{date, dec, ts};

cases! { "update::field":
    set_replaces_or_adds,
    set_to_the_same_value_changes_nothing,
    new_fields_are_appended_in_lexicographic_order,
    set_takes_every_type,
    unset_removes,
    unset_in_arrays_leaves_null,
    inc_adds,
    inc_keeps_and_widens_types,
    inc_overflows,
    inc_refuses_what_is_no_number,
    nan_stays_what_it_is,
    mul_multiplies,
    mul_of_a_missing_field_is_zero,
    min_and_max_follow_the_order_of_values,
    min_and_max_set_what_is_missing,
    rename_moves_to_the_end_or_to_the_target,
    rename_refuses_arrays,
    current_date_has_two_types,
    set_on_insert_does_nothing_to_a_match,
    several_operators_at_once,
    the_id_cannot_change,
}

async fn set_replaces_or_adds(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": 1, "b": 2 },
                doc! { "$set": { "a": 9 } },
                Becomes(doc! { "a": 9, "b": 2 }),
            ),
            (doc! { "b": 2 }, doc! { "$set": { "a": 9 } }, Becomes(doc! { "b": 2, "a": 9 })),
            (
                doc! { "a": 1 },
                doc! { "$set": { "a": { "b": 1 } } },
                Becomes(doc! { "a": { "b": 1 } }),
            ),
            (doc! { "a": 1 }, doc! { "$set": { "a": null } }, Becomes(doc! { "a": null })),
            (doc! {}, doc! { "$set": { "a": { "$b": 1 } } }, Becomes(doc! { "a": { "$b": 1 } })),
            (doc! {}, doc! { "$set": { "a": { "b.c": 1 } } }, Becomes(doc! { "a": { "b.c": 1 } })),
            (doc! { "a": 1 }, doc! { "$set": {} }, Stays),
        ],
    )
    .await
}

async fn set_to_the_same_value_changes_nothing(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$set": { "a": 1 } }, Stays),
            (doc! { "a": { "x": 1, "y": 2 } }, doc! { "$set": { "a": { "x": 1, "y": 2 } } }, Stays),
            (doc! { "a": [1, 2] }, doc! { "$set": { "a.1": 2 } }, Stays),
            // Equal is not the same.
            (doc! { "a": 1 }, doc! { "$set": { "a": 1.0 } }, Becomes(doc! { "a": 1.0 })),
            (doc! { "a": 1 }, doc! { "$set": { "a": 1_i64 } }, Becomes(doc! { "a": 1_i64 })),
            (
                doc! { "a": dec("1") },
                doc! { "$set": { "a": dec("1.0") } },
                Becomes(doc! { "a": dec("1.0") }),
            ),
            (doc! { "a": 0.0 }, doc! { "$set": { "a": -0.0 } }, Becomes(doc! { "a": -0.0 })),
            (doc! { "a": f64::NAN }, doc! { "$set": { "a": f64::NAN } }, Stays),
            (
                doc! { "a": { "x": 1, "y": 2 } },
                doc! { "$set": { "a": { "y": 2, "x": 1 } } },
                Becomes(doc! { "a": { "y": 2, "x": 1 } }),
            ),
        ],
    )
    .await
}

async fn new_fields_are_appended_in_lexicographic_order(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "m": 1 },
                doc! { "$set": { "z": 1, "b": 2, "a": 3 } },
                Becomes(doc! { "m": 1, "a": 3, "b": 2, "z": 1 }),
            ),
            (
                doc! { "m": 1 },
                doc! { "$set": { "b": 1, "10": 2, "9": 3, "a": 4 } },
                Becomes(doc! { "m": 1, "9": 3, "10": 2, "a": 4, "b": 1 }),
            ),
            (
                doc! { "c": 1, "a": 2 },
                doc! { "$set": { "b": 1, "a": 3, "c": 4 } },
                Becomes(doc! { "c": 4, "a": 3, "b": 1 }),
            ),
            (
                doc! {},
                doc! { "$set": { "b.y": 1, "b.x": 2 }, "$inc": { "a": 3 } },
                Becomes(doc! { "a": 3, "b": { "x": 2, "y": 1 } }),
            ),
            (
                doc! {},
                doc! { "$set": { "B": 1, "a": 2, "_": 3, "é": 4 } },
                Becomes(doc! { "B": 1, "_": 3, "a": 2, "é": 4 }),
            ),
        ],
    )
    .await
}

async fn set_takes_every_type(db: Database) -> Outcome {
    let rows: Vec<_> = crate::value::one_of_each_type()
        .into_iter()
        .chain([bson::bson!([1, [2]]), Bson::Undefined, Bson::Symbol("s".to_owned())])
        .map(|value| {
            (
                doc! { "a": "before" },
                doc! { "$set": { "a": value.clone() } },
                Becomes(doc! { "a": value }),
            )
        })
        .collect();
    check_updates(&db, &rows).await
}

async fn unset_removes(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1, "b": 2 }, doc! { "$unset": { "a": "" } }, Becomes(doc! { "b": 2 })),
            (doc! { "a": 1 }, doc! { "$unset": { "a": 0 } }, Becomes(doc! {})),
            (doc! { "a": 1 }, doc! { "$unset": { "b": 1 } }, Stays),
            (doc! { "a": { "b": 1 } }, doc! { "$unset": { "a.b": 1 } }, Becomes(doc! { "a": {} })),
            (doc! { "a": { "b": 1 } }, doc! { "$unset": { "a.c.d": 1 } }, Stays),
            (doc! { "a": 1 }, doc! { "$unset": { "a.b": 1 } }, Stays),
            (
                doc! { "a": 1, "b": 1 },
                doc! { "$unset": { "a": 1, "b": 1, "c": 1 } },
                Becomes(doc! {}),
            ),
        ],
    )
    .await
}

async fn unset_in_arrays_leaves_null(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1, 2, 3] },
                doc! { "$unset": { "a.1": 1 } },
                Becomes(doc! { "a": [1, null, 3] }),
            ),
            (
                doc! { "a": [1, 2, 3] },
                doc! { "$unset": { "a.2": 1 } },
                Becomes(doc! { "a": [1, 2, null] }),
            ),
            (doc! { "a": [1] }, doc! { "$unset": { "a.5": 1 } }, Stays),
            (
                doc! { "a": [{ "b": 1 }] },
                doc! { "$unset": { "a.0.b": 1 } },
                Becomes(doc! { "a": [{}] }),
            ),
            (doc! { "a": [1] }, doc! { "$unset": { "a.b": 1 } }, Stays),
            (doc! { "a": [null] }, doc! { "$unset": { "a.0": 1 } }, Becomes(doc! { "a": [null] })),
        ],
    )
    .await
}

async fn inc_adds(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$inc": { "a": 2 } }, Becomes(doc! { "a": 3 })),
            (doc! { "a": 1 }, doc! { "$inc": { "a": -2 } }, Becomes(doc! { "a": -1 })),
            (doc! {}, doc! { "$inc": { "a": 2 } }, Becomes(doc! { "a": 2 })),
            (doc! {}, doc! { "$inc": { "a": 2.5 } }, Becomes(doc! { "a": 2.5 })),
            (doc! { "a": 1 }, doc! { "$inc": { "a": 0 } }, Stays),
            (doc! {}, doc! { "$inc": { "a": 0 } }, Becomes(doc! { "a": 0 })),
            (
                doc! { "a": { "b": 1 } },
                doc! { "$inc": { "a.b": 1, "a.c": 1 } },
                Becomes(doc! { "a": { "b": 2, "c": 1 } }),
            ),
            (doc! { "a": [1, 2] }, doc! { "$inc": { "a.1": 5 } }, Becomes(doc! { "a": [1, 7] })),
            (doc! { "a": 1 }, doc! { "$inc": {} }, Stays),
        ],
    )
    .await
}

async fn inc_keeps_and_widens_types(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$inc": { "a": 1_i64 } }, Becomes(doc! { "a": 2_i64 })),
            (doc! { "a": 1_i64 }, doc! { "$inc": { "a": 1 } }, Becomes(doc! { "a": 2_i64 })),
            (doc! { "a": 1 }, doc! { "$inc": { "a": 0.5 } }, Becomes(doc! { "a": 1.5 })),
            (doc! { "a": 1.5 }, doc! { "$inc": { "a": 1 } }, Becomes(doc! { "a": 2.5 })),
            (
                doc! { "a": 1 },
                doc! { "$inc": { "a": dec("0.10") } },
                Becomes(doc! { "a": dec("1.10") }),
            ),
            (
                doc! { "a": 0.1 },
                doc! { "$inc": { "a": dec("0.2") } },
                Becomes(doc! { "a": dec("0.300000000000000") }),
            ),
            (
                doc! { "a": dec("1.5") },
                doc! { "$inc": { "a": 2_i64 } },
                Becomes(doc! { "a": dec("3.5") }),
            ),
            (doc! { "a": 0.1 }, doc! { "$inc": { "a": 0.2 } }, Becomes(doc! { "a": 0.1 + 0.2 })),
            (doc! { "a": 1 }, doc! { "$inc": { "a": 0.0 } }, Becomes(doc! { "a": 1.0 })),
            (doc! { "a": 1 }, doc! { "$inc": { "a": f64::NAN } }, Becomes(doc! { "a": f64::NAN })),
        ],
    )
    .await
}

async fn inc_overflows(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": i32::MAX },
                doc! { "$inc": { "a": 1 } },
                Becomes(doc! { "a": 2_147_483_648_i64 }),
            ),
            (
                doc! { "a": i32::MIN },
                doc! { "$inc": { "a": -1 } },
                Becomes(doc! { "a": -2_147_483_649_i64 }),
            ),
            (doc! { "a": i64::MAX }, doc! { "$inc": { "a": 1 } }, Refuses(2)),
            (doc! { "a": i64::MIN }, doc! { "$inc": { "a": -1_i64 } }, Refuses(2)),
            (
                doc! { "a": i64::MAX },
                doc! { "$inc": { "a": 1.0 } },
                Becomes(doc! { "a": 9_223_372_036_854_775_808.0 }),
            ),
            (
                doc! { "a": f64::MAX },
                doc! { "$inc": { "a": f64::MAX } },
                Becomes(doc! { "a": f64::INFINITY }),
            ),
            (
                doc! { "a": i64::MAX },
                doc! { "$inc": { "a": dec("1") } },
                Becomes(doc! { "a": dec("9223372036854775808") }),
            ),
        ],
    )
    .await
}

async fn inc_refuses_what_is_no_number(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": "1" }, doc! { "$inc": { "a": 1 } }, Refuses(14)),
            (doc! { "a": null }, doc! { "$inc": { "a": 1 } }, Refuses(14)),
            (doc! { "a": [1] }, doc! { "$inc": { "a": 1 } }, Refuses(14)),
            (doc! { "a": date(0) }, doc! { "$inc": { "a": 1 } }, Refuses(14)),
            (doc! { "a": true }, doc! { "$mul": { "a": 2 } }, Refuses(14)),
            (doc! { "a": 1 }, doc! { "$inc": { "a": "1" } }, Refuses(14)),
            (doc! { "a": 1 }, doc! { "$mul": { "a": null } }, Refuses(14)),
        ],
    )
    .await
}

/// A NaN has a sign, a payload of up to 33 digits, and may be signaling until it is in arithmetic. Of two, that of the
/// operator is the first.
async fn nan_stays_what_it_is(db: Database) -> Outcome {
    let nan = |high: u64, low: u64| {
        let bits = u128::from(high) << 64 | u128::from(low);
        Bson::Decimal128(Decimal128::from_bytes(bits.to_le_bytes()))
    };
    let negative = nan(0xfc00_0000_0000_0000, 0);
    let with_payload = nan(0x7c00_0000_0000_0000, 5);
    let other = nan(0xfc00_0000_0000_0000, 9);
    let mut rows = Vec::new();
    for operator in ["$inc", "$mul"] {
        for kept in [&negative, &with_payload] {
            for number in [Bson::Int32(2), Bson::Double(1.5), dec("1")] {
                rows.push((
                    doc! { "a": kept },
                    doc! { operator: { "a": number } },
                    Becomes(doc! { "a": kept }),
                ));
            }
            let becomes = Becomes(doc! { "a": kept });
            rows.push((doc! { "a": 1 }, doc! { operator: { "a": kept } }, becomes));
        }
        for (signaling, quiet) in [
            (nan(0x7e00_0000_0000_0000, 7), nan(0x7c00_0000_0000_0000, 7)),
            (nan(0x7c00_3fff_ffff_ffff, u64::MAX), nan(0x7c00_0000_0000_0000, 0)),
        ] {
            let becomes = Becomes(doc! { "a": quiet });
            rows.push((doc! { "a": signaling }, doc! { operator: { "a": 2 } }, becomes));
        }
        let becomes = Becomes(doc! { "a": &other });
        rows.push((doc! { "a": &with_payload }, doc! { operator: { "a": &other } }, becomes));
        let becomes = Becomes(doc! { "a": &negative });
        rows.push((doc! { "a": -f64::NAN }, doc! { operator: { "a": dec("1") } }, becomes));
    }
    check_updates(&db, &rows).await
}

async fn mul_multiplies(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 3 }, doc! { "$mul": { "a": 2 } }, Becomes(doc! { "a": 6 })),
            (doc! { "a": 3 }, doc! { "$mul": { "a": 1 } }, Stays),
            (doc! { "a": 3 }, doc! { "$mul": { "a": 2_i64 } }, Becomes(doc! { "a": 6_i64 })),
            (doc! { "a": 3 }, doc! { "$mul": { "a": 0.5 } }, Becomes(doc! { "a": 1.5 })),
            (
                doc! { "a": 3 },
                doc! { "$mul": { "a": dec("1.10") } },
                Becomes(doc! { "a": dec("3.30") }),
            ),
            (
                doc! { "a": i32::MAX },
                doc! { "$mul": { "a": 2 } },
                Becomes(doc! { "a": 4_294_967_294_i64 }),
            ),
            (doc! { "a": i64::MAX }, doc! { "$mul": { "a": 2 } }, Refuses(2)),
            (doc! { "a": -0.0 }, doc! { "$mul": { "a": -1 } }, Stays),
        ],
    )
    .await
}

async fn mul_of_a_missing_field_is_zero(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! {}, doc! { "$mul": { "a": 2 } }, Becomes(doc! { "a": 0 })),
            (doc! {}, doc! { "$mul": { "a": 2_i64 } }, Becomes(doc! { "a": 0_i64 })),
            (doc! {}, doc! { "$mul": { "a": 2.5 } }, Becomes(doc! { "a": 0.0 })),
            (doc! {}, doc! { "$mul": { "a": dec("2.5") } }, Becomes(doc! { "a": dec("0.0") })),
        ],
    )
    .await
}

async fn min_and_max_follow_the_order_of_values(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 5 }, doc! { "$min": { "a": 3 } }, Becomes(doc! { "a": 3 })),
            (doc! { "a": 5 }, doc! { "$min": { "a": 7 } }, Stays),
            (doc! { "a": 5 }, doc! { "$max": { "a": 7 } }, Becomes(doc! { "a": 7 })),
            (doc! { "a": 5 }, doc! { "$max": { "a": 3 } }, Stays),
            (doc! { "a": 5 }, doc! { "$max": { "a": 5.0 } }, Stays),
            (doc! { "a": 5 }, doc! { "$max": { "a": "0" } }, Becomes(doc! { "a": "0" })),
            (doc! { "a": 5 }, doc! { "$min": { "a": null } }, Becomes(doc! { "a": null })),
            (doc! { "a": null }, doc! { "$min": { "a": 5 } }, Stays),
            (doc! { "a": null }, doc! { "$max": { "a": 5 } }, Becomes(doc! { "a": 5 })),
            (
                doc! { "a": date(5) },
                doc! { "$max": { "a": date(7) } },
                Becomes(doc! { "a": date(7) }),
            ),
            (doc! { "a": 5 }, doc! { "$min": { "a": f64::NAN } }, Becomes(doc! { "a": f64::NAN })),
            (doc! { "a": [5] }, doc! { "$min": { "a": 9 } }, Becomes(doc! { "a": 9 })),
            (
                doc! { "a": { "x": 1 } },
                doc! { "$max": { "a": { "x": 2 } } },
                Becomes(doc! { "a": { "x": 2 } }),
            ),
        ],
    )
    .await
}

async fn min_and_max_set_what_is_missing(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! {}, doc! { "$min": { "a": 5 } }, Becomes(doc! { "a": 5 })),
            (doc! {}, doc! { "$max": { "a.b": 5 } }, Becomes(doc! { "a": { "b": 5 } })),
            (doc! {}, doc! { "$max": { "a": null } }, Becomes(doc! { "a": null })),
        ],
    )
    .await
}

async fn rename_moves_to_the_end_or_to_the_target(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": 1, "b": 2 },
                doc! { "$rename": { "a": "c" } },
                Becomes(doc! { "b": 2, "c": 1 }),
            ),
            (
                doc! { "a": 1, "b": 2, "c": 3 },
                doc! { "$rename": { "c": "a" } },
                Becomes(doc! { "a": 3, "b": 2 }),
            ),
            (doc! { "a": 1 }, doc! { "$rename": { "z": "a" } }, Stays),
            (doc! { "a": 1 }, doc! { "$rename": { "z": "y.x" } }, Stays),
            (
                doc! { "a": { "b": 1, "c": 2 } },
                doc! { "$rename": { "a.b": "d" } },
                Becomes(doc! { "a": { "c": 2 }, "d": 1 }),
            ),
            (
                doc! { "a": 1 },
                doc! { "$rename": { "a": "b.c" } },
                Becomes(doc! { "b": { "c": 1 } }),
            ),
            (
                doc! { "a": 1, "b": 2 },
                doc! { "$rename": { "a": "d", "b": "c" } },
                Becomes(doc! { "c": 2, "d": 1 }),
            ),
            (doc! { "a": 1 }, doc! { "$rename": { "a": "a" } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$rename": { "a": 1 } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$rename": { "a": "a.b" } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$rename": { "a": "" } }, Refuses(56)),
            (doc! { "a": 1 }, doc! { "$rename": { "a": "b" }, "$set": { "b": 1 } }, Refuses(40)),
        ],
    )
    .await
}

async fn rename_refuses_arrays(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [{ "b": 1 }] }, doc! { "$rename": { "a.0.b": "c" } }, Refuses(2)),
            (doc! { "a": [1], "b": 2 }, doc! { "$rename": { "b": "a.0" } }, Refuses(2)),
            (doc! { "a": [1] }, doc! { "$rename": { "a": "b" } }, Becomes(doc! { "b": [1] })),
        ],
    )
    .await
}

async fn current_date_has_two_types(db: Database) -> Outcome {
    let collection = collection(&db);
    collection.insert_one(&doc! { "_id": "x", "a": 1 }).await?;
    let update = doc! { "$currentDate": {
        "a": true, "b": { "$type": "date" }, "c": { "$type": "timestamp" }, "d": false,
    } };
    collection.update_one(doc! { "_id": "x" }, update).await?;
    let found = collection.find_one(doc! { "_id": "x" }).await?.unwrap_or_default();
    let types: Vec<_> =
        found.iter().map(|(name, value)| (name.as_str(), value.element_type())).collect();
    use bson::spec::ElementType::{DateTime, Timestamp};
    let expected = [
        ("_id", bson::spec::ElementType::String),
        ("a", DateTime),
        ("b", DateTime),
        ("c", Timestamp),
        ("d", DateTime),
    ];
    expect_eq("types", &types, &expected.to_vec())?;
    check_updates(
        &db,
        &[
            (doc! {}, doc! { "$currentDate": { "a": 1 } }, Refuses(2)),
            (doc! {}, doc! { "$currentDate": { "a": { "$type": "time" } } }, Refuses(2)),
            (doc! {}, doc! { "$currentDate": { "a": { "type": "date" } } }, Refuses(2)),
            (doc! {}, doc! { "$currentDate": { "a": {} } }, Refuses(2)),
        ],
    )
    .await
}

async fn set_on_insert_does_nothing_to_a_match(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$setOnInsert": { "b": 1 } }, Stays),
            (
                doc! { "a": 1 },
                doc! { "$setOnInsert": { "b": 1 }, "$set": { "a": 2 } },
                Becomes(doc! { "a": 2 }),
            ),
            (doc! { "a": 1 }, doc! { "$setOnInsert": { "a": 1 }, "$set": { "a": 2 } }, Refuses(40)),
        ],
    )
    .await
}

async fn several_operators_at_once(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "n": 1, "s": "x", "l": [1], "gone": 1, "old": 5 },
                doc! {
                    "$inc": { "n": 1 }, "$set": { "s": "y" }, "$push": { "l": 2 }, "$unset": { "gone": 1 },
                    "$rename": { "old": "new" }, "$min": { "m": 3 },
                },
                Becomes(doc! { "n": 2, "s": "y", "l": [1, 2], "m": 3, "new": 5 }),
            ),
            // If one part is refused, nothing happens.
            (doc! { "n": 1, "s": "x" }, doc! { "$set": { "n": 2 }, "$inc": { "s": 1 } }, Refuses(14)),
        ],
    )
    .await
}

async fn the_id_cannot_change(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$set": { "_id": 99 } }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "$unset": { "_id": 1 } }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "$inc": { "_id": 1 } }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "$rename": { "_id": "b" } }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "$rename": { "a": "_id" } }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "$set": { "_id": ts(1, 1) } }, Refuses(66)),
            // The seventh document here has `_id` 6: an equal value is no change.
            (doc! { "a": 1 }, doc! { "$set": { "_id": 6_i64, "a": 2 } }, Becomes(doc! { "a": 2 })),
        ],
    )
    .await
}
