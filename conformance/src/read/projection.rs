//! Projections: which fields are handed out.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::{Refused, check_commands, check_projections};
use crate::value::dec;

cases! { "read::projection":
    inclusion_keeps_the_order_of_the_document,
    exclusion_keeps_the_rest,
    id_is_there_unless_excluded,
    any_number_or_boolean_decides,
    paths_include_what_they_lead_to,
    paths_exclude_what_they_lead_to,
    nested_documents_are_paths,
    inclusion_through_arrays,
    exclusion_through_arrays,
    nothing_and_what_is_missing,
    slice needs(projection_operators),
    elem_match needs(projection_operators),
    the_position_that_matched needs(projection_operators),
    malformed_projections_are_refused,
}

async fn inclusion_keeps_the_order_of_the_document(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "c": 3, "a": 1, "b": 2 },
        &[
            (doc! { "a": 1, "b": 1 }, doc! { "_id": 1, "a": 1, "b": 2 }),
            (doc! { "b": 1, "c": 1, "a": 1 }, doc! { "_id": 1, "c": 3, "a": 1, "b": 2 }),
            (doc! { "c": 1, "_id": 1 }, doc! { "_id": 1, "c": 3 }),
            (doc! { "z": 1, "a": 1 }, doc! { "_id": 1, "a": 1 }),
        ],
    )
    .await
}

async fn exclusion_keeps_the_rest(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "c": 3, "a": { "x": 1, "y": 2 }, "b": 2 },
        &[
            (doc! { "a": 0 }, doc! { "_id": 1, "c": 3, "b": 2 }),
            (doc! { "b": 0, "c": 0 }, doc! { "_id": 1, "a": { "x": 1, "y": 2 } }),
            (doc! { "a.x": 0 }, doc! { "_id": 1, "c": 3, "a": { "y": 2 }, "b": 2 }),
            (doc! { "a.x": 0, "a.y": 0 }, doc! { "_id": 1, "c": 3, "a": {}, "b": 2 }),
            (doc! { "z": 0 }, doc! { "_id": 1, "c": 3, "a": { "x": 1, "y": 2 }, "b": 2 }),
        ],
    )
    .await
}

async fn id_is_there_unless_excluded(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": { "x": 1, "y": 2 }, "a": 1, "b": 2 },
        &[
            (doc! { "a": 1 }, doc! { "_id": { "x": 1, "y": 2 }, "a": 1 }),
            (doc! { "a": 1, "_id": 0 }, doc! { "a": 1 }),
            (doc! { "_id": 0, "a": 1 }, doc! { "a": 1 }),
            (doc! { "_id": 0 }, doc! { "a": 1, "b": 2 }),
            (doc! { "_id": 1 }, doc! { "_id": { "x": 1, "y": 2 } }),
            (doc! { "_id": 0, "a": 0 }, doc! { "b": 2 }),
            (doc! { "_id": 1, "z": 0 }, doc! { "_id": { "x": 1, "y": 2 }, "a": 1, "b": 2 }),
            (doc! { "a": 0, "_id": 1 }, doc! { "_id": { "x": 1, "y": 2 }, "b": 2 }),
            (doc! { "_id.x": 1 }, doc! { "_id": { "x": 1 } }),
        ],
    )
    .await
}

async fn any_number_or_boolean_decides(db: Database) -> Outcome {
    let only = doc! { "_id": 1, "a": 1 };
    let rest = doc! { "_id": 1, "b": 2 };
    check_projections(
        &db,
        doc! { "_id": 1, "a": 1, "b": 2 },
        &[
            (doc! { "a": true }, only.clone()),
            (doc! { "a": 1.5 }, only.clone()),
            (doc! { "a": -1 }, only.clone()),
            (doc! { "a": 7_i64 }, only.clone()),
            (doc! { "a": dec("0.1") }, only.clone()),
            (doc! { "a": f64::NAN }, only),
            (doc! { "a": false }, rest.clone()),
            (doc! { "a": 0.0 }, rest.clone()),
            (doc! { "a": dec("0") }, rest.clone()),
            (doc! { "a": -0.0 }, rest),
        ],
    )
    .await
}

async fn paths_include_what_they_lead_to(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": { "b": { "c": 1, "d": 2 }, "e": 3 }, "f": 4 },
        &[
            (doc! { "a.b.c": 1 }, doc! { "_id": 1, "a": { "b": { "c": 1 } } }),
            (doc! { "a.e": 1, "f": 1 }, doc! { "_id": 1, "a": { "e": 3 }, "f": 4 }),
            (doc! { "a.e": 1, "a.b.d": 1 }, doc! { "_id": 1, "a": { "b": { "d": 2 }, "e": 3 } }),
            (doc! { "a.z": 1 }, doc! { "_id": 1, "a": {} }),
            (doc! { "f.z": 1 }, doc! { "_id": 1 }),
            (doc! { "a.b.c.z": 1 }, doc! { "_id": 1, "a": { "b": {} } }),
        ],
    )
    .await
}

async fn paths_exclude_what_they_lead_to(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": { "b": { "c": 1, "d": 2 }, "e": 3 }, "f": 4 },
        &[
            (doc! { "a.b.c": 0 }, doc! { "_id": 1, "a": { "b": { "d": 2 }, "e": 3 }, "f": 4 }),
            (
                doc! { "a.b.c": 0, "a.e": 0, "f.z": 0 },
                doc! { "_id": 1, "a": { "b": { "d": 2 } }, "f": 4 },
            ),
        ],
    )
    .await
}

async fn nested_documents_are_paths(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": { "b": 1, "c": 2 }, "d": 3 },
        &[
            (doc! { "a": { "b": 1 } }, doc! { "_id": 1, "a": { "b": 1 } }),
            (doc! { "a": { "b": 0 } }, doc! { "_id": 1, "a": { "c": 2 }, "d": 3 }),
            (doc! { "a": { "b": 1, "c": 1 }, "_id": 0 }, doc! { "a": { "b": 1, "c": 2 } }),
        ],
    )
    .await
}

async fn inclusion_through_arrays(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, 5, { "c": 3 }, [{ "b": 4, "c": 5 }, 6], []], "n": 7 },
        &[
            (doc! { "a.b": 1 }, doc! { "_id": 1, "a": [{ "b": 1 }, {}, [{ "b": 4 }], []] }),
            (doc! { "a.0": 1 }, doc! { "_id": 1, "a": [{}, {}, [{}], []] }),
            (doc! { "a": 1 }, doc! {
                "_id": 1, "a": [{ "b": 1, "c": 2 }, 5, { "c": 3 }, [{ "b": 4, "c": 5 }, 6], []],
            }),
        ],
    )
    .await
}

async fn exclusion_through_arrays(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, 5, { "b": 3 }, [{ "b": 4, "c": 5 }, 6]] },
        &[
            (
                doc! { "a.b": 0 },
                doc! { "_id": 1, "a": [{ "c": 2 }, 5, {}, [{ "c": 5 }, 6]] },
            ),
            (
                doc! { "a.0": 0 },
                doc! { "_id": 1, "a": [{ "b": 1, "c": 2 }, 5, { "b": 3 }, [{ "b": 4, "c": 5 }, 6]] },
            ),
        ],
    )
    .await
}

async fn nothing_and_what_is_missing(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": null, "b": [] },
        &[
            (doc! {}, doc! { "_id": 1, "a": null, "b": [] }),
            (doc! { "z": 1 }, doc! { "_id": 1 }),
            (doc! { "z": 1, "_id": 0 }, doc! {}),
            (doc! { "a": 1 }, doc! { "_id": 1, "a": null }),
            (doc! { "a.x": 1, "b.x": 1 }, doc! { "_id": 1, "b": [] }),
        ],
    )
    .await
}

async fn slice(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "a": [1, 2, 3, 4, 5], "b": 2, "c": { "d": [1, 2], "e": 1 } },
        &[
            (
                doc! { "a": { "$slice": 2 } },
                doc! { "_id": 1, "a": [1, 2], "b": 2, "c": { "d": [1, 2], "e": 1 } },
            ),
            (doc! { "a": { "$slice": -2 }, "c": 0 }, doc! { "_id": 1, "a": [4, 5], "b": 2 }),
            (doc! { "a": { "$slice": [1, 2] }, "b": 1 }, doc! { "_id": 1, "a": [2, 3], "b": 2 }),
            (doc! { "a": { "$slice": [-3, 2] }, "b": 1 }, doc! { "_id": 1, "a": [3, 4], "b": 2 }),
            (doc! { "a": { "$slice": [-9, 2] }, "b": 1 }, doc! { "_id": 1, "a": [1, 2], "b": 2 }),
            (doc! { "a": { "$slice": [9, 2] }, "b": 1 }, doc! { "_id": 1, "a": [], "b": 2 }),
            (doc! { "a": { "$slice": 0 }, "b": 1 }, doc! { "_id": 1, "a": [], "b": 2 }),
            (
                doc! { "c.d": { "$slice": 1 }, "a": 0 },
                doc! { "_id": 1, "b": 2, "c": { "d": [1], "e": 1 } },
            ),
            (doc! { "b": { "$slice": 1 }, "a": 0, "c": 0 }, doc! { "_id": 1, "b": 2 }),
        ],
    )
    .await
}

async fn elem_match(db: Database) -> Outcome {
    check_projections(
        &db,
        doc! { "_id": 1, "b": 1, "a": [{ "x": 1 }, { "x": 2, "y": 1 }, { "x": 2 }], "n": [1, 5, 9] },
        &[
            (doc! { "a": { "$elemMatch": { "x": 2 } } }, doc! { "_id": 1, "a": [{ "x": 2, "y": 1 }] }),
            (doc! { "a": { "$elemMatch": { "x": 9 } } }, doc! { "_id": 1 }),
            (
                doc! { "n": { "$elemMatch": { "$gt": 2 } }, "b": 1 },
                doc! { "_id": 1, "b": 1, "n": [5] },
            ),
            (doc! { "b": { "$elemMatch": { "$gt": 0 } } }, doc! { "_id": 1 }),
        ],
    )
    .await
}

async fn the_position_that_matched(db: Database) -> Outcome {
    crate::check::filled(
        &db,
        &[doc! {
            "_id": 1,
            "a": [{ "x": 1 }, { "x": 2, "y": 3 }, { "x": 2 }],
            "n": [5, { "x": 1 }, ["y"]],
        }],
    )
    .await?;
    let find = |filter: bson::Document, projection: bson::Document| {
        doc! { "find": "c", "filter": filter, "projection": projection }
    };
    let found = |doc: bson::Document| {
        crate::check::Has(doc! { "cursor": {
            "firstBatch": [doc], "id": 0_i64, "ns": format!("{}.c", db.name()),
        } })
    };
    check_commands(
        &db,
        &[
            (
                find(doc! { "a.x": 2 }, doc! { "a.$": 1 }),
                found(doc! { "_id": 1, "a": [{ "x": 2, "y": 3 }] }),
            ),
            (
                find(doc! { "a": { "$elemMatch": { "x": { "$lt": 2 } } } }, doc! { "a.$": 1 }),
                found(doc! { "_id": 1, "a": [{ "x": 1 }] }),
            ),
            // Where `c` leads to no document, the server looks for the rest of the path beside it.
            (
                find(doc! { "a.x": 2 }, doc! { "a": 1, "c.a.$": 1 }),
                found(doc! {
                    "_id": 1,
                    "a": [{ "x": 1 }, { "x": 2, "y": 3 }, { "x": 2 }],
                    "c": { "a": [{ "x": 2, "y": 3 }] },
                }),
            ),
            // The position is the stored array's, whichever elements the projection leaves.
            (
                find(doc! { "n": { "$elemMatch": { "x": 1 } } }, doc! { "n.x.$": 1 }),
                found(doc! { "_id": 1, "n": [{ "x": 1 }] }),
            ),
            (
                find(doc! { "n": { "$elemMatch": { "$eq": ["y"] } } }, doc! { "n.x.$": 1 }),
                found(doc! { "_id": 1, "n": [[]] }),
            ),
            (find(doc! { "n": 5 }, doc! { "n.x.$": 1 }), Refused(51247)),
            (find(doc! {}, doc! { "c.a.$": 1 }), found(doc! { "_id": 1 })),
            (find(doc! {}, doc! { "a": 1, "c.a.$": 1 }), Refused(51246)),
            (find(doc! { "_id": 1 }, doc! { "a.$": 1 }), Refused(51246)),
            (find(doc! { "$jsonSchema": {}, "a.x": 1 }, doc! { "a.$": 1 }), Refused(224)),
            (find(doc! { "$nor": [{ "$jsonSchema": {} }] }, doc! { "a.$": 1 }), Refused(224)),
            (find(doc! { "$expr": true, "a.x": 1 }, doc! { "a.$": 1 }), Refused(224)),
            (find(doc! { "a.x": 2 }, doc! { "a.$.x": 1 }), Refused(31394)),
            (find(doc! { "a.x": 2 }, doc! { "a.$": 1, "b.$": 1 }), Refused(31276)),
            (find(doc! { "a.x": 2 }, doc! { "a.$": 0 }), Refused(31395)),
        ],
    )
    .await
}

async fn malformed_projections_are_refused(db: Database) -> Outcome {
    let rows: Vec<_> = [
        (doc! { "a": 1, "b": 0 }, 31254),
        (doc! { "a": 0, "b": 1 }, 31253),
        (doc! { "a": { "b": 1, "c": 0 } }, 31254),
        (doc! { "a": 1, "a.b": 1 }, 31249),
        (doc! { "a.b": 1, "a": 1 }, 31250),
        (doc! { "a": {} }, 51270),
        (doc! { "a": 1, "a.b": 0 }, 31249),
        (doc! { "a.b": 0, "a": 1 }, 31250),
        (doc! { "a.b": 0, "a": "text" }, 31250),
        (doc! { "a": 1, "a.b": { "$slice": [0, 1] } }, 31249),
        (doc! { "a.$": 1, "a": { "b": 0 } }, 31250),
        (doc! { "a.b": 1, "a": { "b": { "c": 1 } } }, 31250),
        (doc! { "a.b": 1, "a": { "b.c": 1 } }, 31249),
        (doc! { "a": 0, "a.$": 1 }, 31250),
        (doc! { "a": { "$slice": [1, 0] } }, 28724),
        (doc! { "a": { "$slice": [1, 0] }, "a.b": 0 }, 31249),
        (doc! { "a": 0, "a.b": { "$slice": 1 } }, 31252),
        (doc! { "": 1 }, 40352),
        (doc! { "a..b": 1 }, 15998),
        (doc! { "a.": 1 }, 40353),
        (doc! { "a": { "$slice": "1" } }, 28667),
        (doc! { "a": { "$elemMatch": 1 } }, 31274),
        (doc! { "$a": 1 }, 16410),
    ]
    .into_iter()
    .map(|(projection, code)| (doc! { "find": "missing", "projection": projection }, Refused(code)))
    .collect();
    check_commands(&db, &rows).await?;
    check_commands(
        &db,
        &[
            (doc! { "find": "c", "projection": 1 }, Refused(14)),
            (doc! { "find": "c", "projection": Bson::Array(vec![]) }, Refused(14)),
        ],
    )
    .await
}
