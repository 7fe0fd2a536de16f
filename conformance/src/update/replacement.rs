//! Replacements.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Becomes, Is, Refused, Refuses, Stays, check_commands, check_updates, filled};

cases! { "update::replacement":
    replacement_keeps_only_the_id,
    replacement_may_repeat_the_id_but_not_change_it,
    replacement_names_are_taken_literally,
    the_id_stays_first,
    replies_count_what_changed,
}

async fn replacement_keeps_only_the_id(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1, "b": 2 }, doc! { "c": 3 }, Becomes(doc! { "c": 3 })),
            (doc! { "a": 1 }, doc! {}, Becomes(doc! {})),
            (doc! { "a": 1, "b": 2 }, doc! { "b": 2, "a": 1 }, Becomes(doc! { "b": 2, "a": 1 })),
        ],
    )
    .await
}

async fn replacement_may_repeat_the_id_but_not_change_it(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "_id": 0_i64, "a": 1 }, Stays),
            (doc! { "a": 1 }, doc! { "_id": 1_i64, "b": 1 }, Becomes(doc! { "b": 1 })),
            (doc! { "a": 1 }, doc! { "_id": 99, "b": 1 }, Refuses(66)),
            (doc! { "a": 1 }, doc! { "_id": null }, Refuses(66)),
        ],
    )
    .await
}

async fn replacement_names_are_taken_literally(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "b.c": 1 }, Becomes(doc! { "b.c": 1 })),
            (doc! { "a": 1 }, doc! { "b": { "$set": 1 } }, Becomes(doc! { "b": { "$set": 1 } })),
            (doc! { "a": 1 }, doc! { "b": 1, "$set": { "c": 1 } }, Refuses(52)),
            (doc! { "a": 1 }, doc! { "": 1 }, Becomes(doc! { "": 1 })),
        ],
    )
    .await
}

async fn the_id_stays_first(db: Database) -> Outcome {
    check_updates(
        &db,
        &[(
            doc! { "a": 1 },
            doc! { "b": 1, "_id": 0_i64, "c": 2 },
            Becomes(doc! { "b": 1, "c": 2 }),
        )],
    )
    .await
}

async fn replies_count_what_changed(db: Database) -> Outcome {
    filled(&db, &[doc! { "_id": 1, "a": 1 }, doc! { "_id": 2, "a": 1 }]).await?;
    let replace =
        |u: bson::Document| doc! { "update": "c", "updates": [{ "q": { "a": 1 }, "u": u }] };
    check_commands(
        &db,
        &[
            (replace(doc! { "b": 1 }), Is(doc! { "n": 1, "nModified": 1, "ok": 1.0 })),
            (replace(doc! { "_id": 2, "a": 1 }), Is(doc! { "n": 1, "nModified": 0, "ok": 1.0 })),
            (
                doc! { "update": "c", "updates": [{ "q": {}, "u": { "b": 1 }, "multi": true }] },
                Refused(9),
            ),
        ],
    )
    .await
}
