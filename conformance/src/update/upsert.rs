//! Upserts: what is inserted when nothing matches.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Has, Is, check_commands, check_upserts};
use crate::value::re;

cases! { "update::upsert":
    equalities_of_the_filter_are_copied,
    other_conditions_are_not_copied,
    the_update_wins_over_the_filter,
    set_on_insert_sets,
    fields_have_an_order,
    filters_must_not_contradict_themselves,
    replacements_are_inserted_whole,
    the_id_comes_from_filter_or_update,
    operators_start_from_nothing,
    replies_tell_the_id,
    a_match_is_updated_not_inserted,
}

async fn equalities_of_the_filter_are_copied(db: Database) -> Outcome {
    let set = doc! { "$set": { "z": 1 } };
    check_upserts(
        &db,
        &[
            (doc! { "_id": 1, "a": 1 }, set.clone(), Ok(doc! { "_id": 1, "a": 1, "z": 1 })),
            (
                doc! { "_id": 1, "b.c": 2 },
                set.clone(),
                Ok(doc! { "_id": 1, "b": { "c": 2 }, "z": 1 }),
            ),
            (
                doc! { "_id": 1, "a": { "$eq": 3 } },
                set.clone(),
                Ok(doc! { "_id": 1, "a": 3, "z": 1 }),
            ),
            (
                doc! { "_id": 1, "a": { "$in": [3] } },
                set.clone(),
                Ok(doc! { "_id": 1, "a": 3, "z": 1 }),
            ),
            (
                doc! { "_id": 1, "a": { "$all": [3] } },
                set.clone(),
                Ok(doc! { "_id": 1, "a": 3, "z": 1 }),
            ),
            (
                doc! { "_id": 1, "$and": [{ "a": 1 }, { "b": 2 }] },
                set.clone(),
                Ok(doc! { "_id": 1, "a": 1, "b": 2, "z": 1 }),
            ),
            (
                doc! { "_id": 1, "$or": [{ "a": 1 }] },
                set.clone(),
                Ok(doc! { "_id": 1, "a": 1, "z": 1 }),
            ),
            (doc! { "_id": 1, "a": null }, set.clone(), Ok(doc! { "_id": 1, "a": null, "z": 1 })),
            (
                doc! { "_id": 1, "a": [1, 2] },
                set.clone(),
                Ok(doc! { "_id": 1, "a": [1, 2], "z": 1 }),
            ),
            (
                doc! { "_id": 1, "a": { "b": 1 } },
                set,
                Ok(doc! { "_id": 1, "a": { "b": 1 }, "z": 1 }),
            ),
        ],
    )
    .await
}

async fn other_conditions_are_not_copied(db: Database) -> Outcome {
    let set = doc! { "$set": { "z": 1 } };
    let only = || Ok(doc! { "_id": 1, "z": 1 });
    check_upserts(
        &db,
        &[
            (doc! { "_id": 1, "a": { "$gt": 1 } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$ne": 1 } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$in": [1, 2] } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$all": [1, 2] } }, set.clone(), Err(54)),
            (doc! { "_id": 1, "$or": [{ "a": 1 }, { "b": 2 }] }, set.clone(), only()),
            (doc! { "_id": 1, "$nor": [{ "a": 1 }] }, set.clone(), only()),
            (doc! { "_id": 1, "a": re("^x", "") }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$exists": true } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$elemMatch": { "b": 1 } } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$not": { "$eq": 1 } } }, set.clone(), only()),
            (doc! { "_id": 1, "a": { "$size": 1 } }, set, only()),
        ],
    )
    .await
}

async fn the_update_wins_over_the_filter(db: Database) -> Outcome {
    check_upserts(
        &db,
        &[
            (doc! { "_id": 1, "a": 1 }, doc! { "$set": { "a": 2 } }, Ok(doc! { "_id": 1, "a": 2 })),
            (doc! { "_id": 1, "a": 1 }, doc! { "$inc": { "a": 2 } }, Ok(doc! { "_id": 1, "a": 3 })),
            (doc! { "_id": 1, "a": 1 }, doc! { "$unset": { "a": 1 } }, Ok(doc! { "_id": 1 })),
            (
                doc! { "_id": 1, "a": [1] },
                doc! { "$push": { "a": 2 } },
                Ok(doc! { "_id": 1, "a": [1, 2] }),
            ),
            (doc! { "_id": 1, "a": 1 }, doc! { "$push": { "a": 2 } }, Err(2)),
            (
                doc! { "_id": 1, "a": 1 },
                doc! { "$rename": { "a": "b" } },
                Ok(doc! { "_id": 1, "b": 1 }),
            ),
            (doc! { "_id": 1, "a": 1 }, doc! { "$set": { "a.b": 1 } }, Err(28)),
        ],
    )
    .await
}

async fn set_on_insert_sets(db: Database) -> Outcome {
    check_upserts(
        &db,
        &[
            (doc! { "_id": 1 }, doc! { "$setOnInsert": { "a": 1 } }, Ok(doc! { "_id": 1, "a": 1 })),
            (
                doc! { "_id": 1 },
                doc! { "$setOnInsert": { "b": 1 }, "$set": { "c": 2, "a": 3 } },
                Ok(doc! { "_id": 1, "a": 3, "b": 1, "c": 2 }),
            ),
            (doc! { "a": 1 }, doc! { "$setOnInsert": { "_id": 7 } }, Ok(doc! { "_id": 7, "a": 1 })),
        ],
    )
    .await
}

async fn fields_have_an_order(db: Database) -> Outcome {
    check_upserts(
        &db,
        &[
            (
                doc! { "c": 1, "a": 2, "_id": 5 },
                doc! { "$set": { "z": 1, "b": 2 } },
                Ok(doc! { "_id": 5, "a": 2, "c": 1, "b": 2, "z": 1 }),
            ),
            (
                doc! { "c": 1 },
                doc! { "$inc": { "10": 1, "9": 1, "a": 1 } },
                Ok(doc! { "_id": Bson::Undefined, "c": 1, "9": 1, "10": 1, "a": 1 }),
            ),
        ],
    )
    .await
}

async fn filters_must_not_contradict_themselves(db: Database) -> Outcome {
    let set = doc! { "$set": { "z": 1 } };
    check_upserts(
        &db,
        &[
            (doc! { "a": 1, "$and": [{ "a": 1 }] }, set.clone(), Err(54)),
            (doc! { "a": 1, "$and": [{ "a": 2 }] }, set.clone(), Err(54)),
            (doc! { "a": { "b": 1 }, "a.b": 1 }, set.clone(), Err(54)),
            (doc! { "a.b": 1, "a": { "b": 1 } }, set.clone(), Err(54)),
            (doc! { "a": 1, "a.b": 2 }, set.clone(), Err(54)),
            (
                doc! { "_id": 1, "a": { "$eq": 1, "$gt": 0 } },
                set,
                Ok(doc! { "_id": 1, "a": 1, "z": 1 }),
            ),
        ],
    )
    .await
}

async fn replacements_are_inserted_whole(db: Database) -> Outcome {
    check_upserts(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "b": 2 }, Ok(doc! { "_id": Bson::Undefined, "b": 2 })),
            (doc! { "_id": 1, "a": 1 }, doc! { "b": 2 }, Ok(doc! { "_id": 1, "b": 2 })),
            (doc! { "_id": 1 }, doc! { "_id": 1, "b": 2 }, Ok(doc! { "_id": 1, "b": 2 })),
            (doc! { "_id": 1 }, doc! { "_id": 2, "b": 2 }, Err(66)),
            (doc! { "a": 1 }, doc! { "b": 2, "_id": 3 }, Ok(doc! { "_id": 3, "b": 2 })),
            (doc! { "a": 1 }, doc! {}, Ok(doc! { "_id": Bson::Undefined })),
        ],
    )
    .await
}

async fn the_id_comes_from_filter_or_update(db: Database) -> Outcome {
    let set = doc! { "$set": { "z": 1 } };
    check_upserts(
        &db,
        &[
            (doc! { "a": 1 }, set.clone(), Ok(doc! { "_id": Bson::Undefined, "a": 1, "z": 1 })),
            (doc! {}, set.clone(), Ok(doc! { "_id": Bson::Undefined, "z": 1 })),
            (
                doc! { "_id": { "$gt": 3 } },
                set.clone(),
                Ok(doc! { "_id": Bson::Undefined, "z": 1 }),
            ),
            (doc! { "_id": { "x": 1 } }, set.clone(), Ok(doc! { "_id": { "x": 1 }, "z": 1 })),
            (doc! { "_id": null }, set.clone(), Ok(doc! { "_id": null, "z": 1 })),
            (doc! { "_id": 1 }, doc! { "$set": { "_id": 2 } }, Err(66)),
            (doc! { "a": 1 }, doc! { "$set": { "_id": 2 } }, Ok(doc! { "_id": 2, "a": 1 })),
            (doc! { "_id": [1] }, set, Err(53)),
        ],
    )
    .await
}

async fn operators_start_from_nothing(db: Database) -> Outcome {
    check_upserts(
        &db,
        &[
            (doc! { "_id": 1 }, doc! { "$inc": { "a": 2 } }, Ok(doc! { "_id": 1, "a": 2 })),
            (doc! { "_id": 1 }, doc! { "$mul": { "a": 2 } }, Ok(doc! { "_id": 1, "a": 0 })),
            (doc! { "_id": 1 }, doc! { "$max": { "a": 2 } }, Ok(doc! { "_id": 1, "a": 2 })),
            (doc! { "_id": 1 }, doc! { "$push": { "a": 2 } }, Ok(doc! { "_id": 1, "a": [2] })),
            (
                doc! { "_id": 1 },
                doc! { "$addToSet": { "a.b": 2 } },
                Ok(doc! { "_id": 1, "a": { "b": [2] } }),
            ),
            (doc! { "_id": 1 }, doc! { "$pull": { "a": 2 } }, Ok(doc! { "_id": 1 })),
            (doc! { "_id": 1 }, doc! { "$unset": { "a": 2 } }, Ok(doc! { "_id": 1 })),
        ],
    )
    .await
}

async fn replies_tell_the_id(db: Database) -> Outcome {
    let upsert = |id: i32| doc! { "q": { "_id": id }, "u": { "$set": { "a": 1 } }, "upsert": true };
    check_commands(
        &db,
        &[
            (
                doc! { "update": "c", "updates": [upsert(1)] },
                Is(doc! { "n": 1, "upserted": [{ "index": 0, "_id": 1 }], "nModified": 0, "ok": 1.0 }),
            ),
            (
                doc! { "update": "c", "updates": [upsert(1), upsert(2), upsert(1), upsert(3)] },
                Is(doc! {
                    "n": 4, "upserted": [{ "index": 1, "_id": 2 }, { "index": 3, "_id": 3 }],
                    "nModified": 0, "ok": 1.0,
                }),
            ),
            (doc! { "count": "c" }, Has(doc! { "n": 3 })),
        ],
    )
    .await
}

async fn a_match_is_updated_not_inserted(db: Database) -> Outcome {
    crate::check::filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await?;
    let upsert = |multi: bool| {
        doc! { "update": "c", "updates": [{
            "q": { "a": 1 }, "u": { "$inc": { "n": 1 } }, "upsert": true, "multi": multi,
        }] }
    };
    check_commands(
        &db,
        &[
            (upsert(false), Is(doc! { "n": 1, "nModified": 1, "ok": 1.0 })),
            (upsert(true), Is(doc! { "n": 2, "nModified": 2, "ok": 1.0 })),
        ],
    )
    .await
}
