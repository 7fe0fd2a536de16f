//! `$bit`.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Becomes, Refuses, Stays, check_updates};

cases! { "update::bitwise":
    bit_changes_integers needs(bitwise),
    bit_refuses_what_is_no_integer needs(bitwise),
}

async fn bit_changes_integers(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 13 }, doc! { "$bit": { "a": { "and": 10 } } }, Becomes(doc! { "a": 8 })),
            (doc! { "a": 3 }, doc! { "$bit": { "a": { "or": 5 } } }, Becomes(doc! { "a": 7 })),
            (doc! { "a": 1 }, doc! { "$bit": { "a": { "xor": 5 } } }, Becomes(doc! { "a": 4 })),
            (doc! { "a": 1 }, doc! { "$bit": { "a": { "or": 1 } } }, Stays),
            (
                doc! { "a": 1_i64 },
                doc! { "$bit": { "a": { "or": 2 } } },
                Becomes(doc! { "a": 3_i64 }),
            ),
            (
                doc! { "a": 1 },
                doc! { "$bit": { "a": { "or": 2_i64 } } },
                Becomes(doc! { "a": 3_i64 }),
            ),
            (doc! {}, doc! { "$bit": { "a": { "or": 5 } } }, Becomes(doc! { "a": 5 })),
            (doc! {}, doc! { "$bit": { "a": { "and": 5 } } }, Becomes(doc! { "a": 0 })),
            (
                doc! { "a": 12 },
                doc! { "$bit": { "a": { "and": 10, "or": 1 } } },
                Becomes(doc! { "a": 9 }),
            ),
        ],
    )
    .await
}

async fn bit_refuses_what_is_no_integer(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1.0 }, doc! { "$bit": { "a": { "or": 1 } } }, Refuses(2)),
            (doc! { "a": "1" }, doc! { "$bit": { "a": { "or": 1 } } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$bit": { "a": { "or": 1.0 } } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$bit": { "a": { "not": 1 } } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$bit": { "a": {} } }, Refuses(2)),
            (doc! { "a": 1 }, doc! { "$bit": { "a": 1 } }, Refuses(2)),
        ],
    )
    .await
}
