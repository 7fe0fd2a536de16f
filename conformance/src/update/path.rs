//! Paths in updates: what they create, and where they cannot lead.

use bson::doc;
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Becomes, Refuses, Stays, check_updates};

cases! { "update::path":
    paths_create_documents,
    paths_lead_into_arrays_by_position,
    positions_beyond_the_end_pad_with_null,
    paths_cannot_lead_through_values,
    paths_must_not_conflict,
    malformed_paths_are_refused,
}

async fn paths_create_documents(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! {}, doc! { "$set": { "a.b.c": 1 } }, Becomes(doc! { "a": { "b": { "c": 1 } } })),
            (doc! { "a": {} }, doc! { "$set": { "a.b": 1 } }, Becomes(doc! { "a": { "b": 1 } })),
            (doc! {}, doc! { "$set": { "a.0": 1 } }, Becomes(doc! { "a": { "0": 1 } })),
            (
                doc! { "a": { "z": 1 } },
                doc! { "$set": { "a.y": 2, "a.x": 3 } },
                Becomes(doc! { "a": { "z": 1, "x": 3, "y": 2 } }),
            ),
            (doc! { "a": { "b": 1 } }, doc! { "$set": { "a.b": 1 } }, Stays),
        ],
    )
    .await
}

async fn paths_lead_into_arrays_by_position(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": [1, 2] }, doc! { "$set": { "a.0": 9 } }, Becomes(doc! { "a": [9, 2] })),
            (doc! { "a": [1] }, doc! { "$set": { "a.1": 9 } }, Becomes(doc! { "a": [1, 9] })),
            (
                doc! { "a": [{ "b": 1 }] },
                doc! { "$set": { "a.0.b": 9 } },
                Becomes(doc! { "a": [{ "b": 9 }] }),
            ),
            (
                doc! { "a": [{}] },
                doc! { "$set": { "a.0.b.c": 9 } },
                Becomes(doc! { "a": [{ "b": { "c": 9 } }] }),
            ),
            (doc! { "a": [[1]] }, doc! { "$set": { "a.0.0": 9 } }, Becomes(doc! { "a": [[9]] })),
            (
                doc! { "a": [] },
                doc! { "$set": { "a.0.b": 9 } },
                Becomes(doc! { "a": [{ "b": 9 }] }),
            ),
            (
                doc! { "a": [] },
                doc! { "$set": { "a.0.0": 9 } },
                Becomes(doc! { "a": [{ "0": 9 }] }),
            ),
            (
                doc! { "a": [1, 2] },
                doc! { "$set": { "a.1": 8, "a.0": 9 } },
                Becomes(doc! { "a": [9, 8] }),
            ),
        ],
    )
    .await
}

async fn positions_beyond_the_end_pad_with_null(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (
                doc! { "a": [1] },
                doc! { "$set": { "a.3": 9 } },
                Becomes(doc! { "a": [1, null, null, 9] }),
            ),
            (doc! { "a": [] }, doc! { "$inc": { "a.1": 1 } }, Becomes(doc! { "a": [null, 1] })),
            (
                doc! { "a": [] },
                doc! { "$set": { "a.2": 3, "a.0": 1 } },
                Becomes(doc! { "a": [1, null, 3] }),
            ),
            (doc! { "a": [] }, doc! { "$set": { "a.2000000": 3 } }, Refuses(34)),
        ],
    )
    .await
}

async fn paths_cannot_lead_through_values(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$set": { "a.b": 1 } }, Refuses(28)),
            (doc! { "a": null }, doc! { "$set": { "a.b": 1 } }, Refuses(28)),
            (doc! { "a": "x" }, doc! { "$inc": { "a.b.c": 1 } }, Refuses(28)),
            (doc! { "a": [] }, doc! { "$set": { "a.b": 1 } }, Refuses(28)),
            (doc! { "a": [] }, doc! { "$set": { "a.-1": 1 } }, Refuses(28)),
            (doc! { "a": [1] }, doc! { "$set": { "a.0.b": 1 } }, Refuses(28)),
            (doc! { "a": [1] }, doc! { "$push": { "a.x": 1 } }, Refuses(28)),
        ],
    )
    .await
}

async fn paths_must_not_conflict(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! { "a": 1 }, doc! { "$set": { "a": 1 }, "$inc": { "a": 1 } }, Refuses(40)),
            (doc! { "a": 1 }, doc! { "$set": { "a": 1, "a.b": 1 } }, Refuses(40)),
            (doc! { "a": 1 }, doc! { "$set": { "a.b": 1 }, "$unset": { "a": 1 } }, Refuses(40)),
            (
                doc! { "a": {} },
                doc! { "$set": { "a.b": 1, "a.bc": 2 } },
                Becomes(doc! { "a": { "b": 1, "bc": 2 } }),
            ),
        ],
    )
    .await
}

async fn malformed_paths_are_refused(db: Database) -> Outcome {
    check_updates(
        &db,
        &[
            (doc! {}, doc! { "$set": { "": 1 } }, Refuses(56)),
            (doc! {}, doc! { "$set": { "a.": 1 } }, Refuses(56)),
            (doc! {}, doc! { "$set": { ".a": 1 } }, Refuses(56)),
            (doc! {}, doc! { "$set": { "a..b": 1 } }, Refuses(56)),
            (doc! {}, doc! { "$set": { "$a": 1 } }, Refuses(52)),
        ],
    )
    .await
}
