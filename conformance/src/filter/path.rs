//! Dotted paths: through documents, through arrays, by position.

use bson::{Bson, doc};
use odm_core::Database;

use crate::case::{Outcome, cases};
use crate::check::check_filters;

cases! { "filter::path":
    paths_lead_through_documents,
    paths_lead_through_arrays_of_documents,
    paths_step_into_one_array_at_a_time,
    positions_and_numeric_names,
    positions_do_not_iterate_what_they_find,
    null_through_paths,
    ranges_through_paths,
    empty_and_odd_names,
    conditions_on_one_path_may_be_met_by_different_elements,
}

async fn paths_lead_through_documents(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": { "c": 1 } } },
        doc! { "_id": 2, "a": { "b": { "c": 2 } } },
        doc! { "_id": 3, "a": { "b": 1 } },
        doc! { "_id": 4, "a.b": 1 },
        doc! { "_id": 5, "a": { "b": { "c": [1, 2] } } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b.c": 1 }, &[1, 5]),
            (doc! { "a.b": 1 }, &[3]),
            (doc! { "a.b": { "c": 1 } }, &[1]),
            (doc! { "a": { "b": { "c": 2 } } }, &[2]),
            (doc! { "a.b.c": { "$gt": 1 } }, &[2, 5]),
            (doc! { "a.b.c.d": 1 }, &[]),
        ],
    )
    .await
}

async fn paths_lead_through_arrays_of_documents(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [{ "b": 1 }, { "b": 2 }] },
        doc! { "_id": 2, "a": [{ "b": [2, 3] }] },
        doc! { "_id": 3, "a": [{ "b": [{ "c": 5 }] }, { "b": { "c": 6 } }] },
        doc! { "_id": 4, "a": [1, 2] },
        doc! { "_id": 5, "a": { "b": 2 } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": 2 }, &[1, 2, 5]),
            (doc! { "a.b": [2, 3] }, &[2]),
            (doc! { "a.b.c": 5 }, &[3]),
            (doc! { "a.b.c": 6 }, &[3]),
            (doc! { "a.b": { "$ne": 2 } }, &[3, 4]),
            (doc! { "a.b": { "$in": [1, 3] } }, &[1, 2]),
        ],
    )
    .await
}

async fn paths_step_into_one_array_at_a_time(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [[{ "b": 2 }]] },
        doc! { "_id": 2, "a": [{ "b": 2 }] },
        doc! { "_id": 3, "a": [{ "b": [[2]] }] },
        doc! { "_id": 4, "a": [{ "b": [2] }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": 2 }, &[2, 4]),
            (doc! { "a.b": [2] }, &[3, 4]),
            (doc! { "a.0.b": 2 }, &[1, 2, 4]),
            (doc! { "a.0.0.b": 2 }, &[1]),
        ],
    )
    .await
}

async fn positions_and_numeric_names(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [1, 2] },
        doc! { "_id": 2, "a": { "0": 1, "1": 2 } },
        doc! { "_id": 3, "a": [{ "0": 1 }] },
        doc! { "_id": 4, "a": [2, 1] },
        doc! { "_id": 5, "a": [[1]] },
        doc! { "_id": 6, "a": [3, { "0": 1 }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.0": 1 }, &[1, 2, 3, 6]),
            (doc! { "a.1": 1 }, &[4]),
            (doc! { "a.1": 2 }, &[1, 2]),
            (doc! { "a.2": { "$exists": true } }, &[]),
            (doc! { "a.0": { "$gt": 1 } }, &[4, 6]),
            (doc! { "a.00": 1 }, &[]),
            (doc! { "a.0.0": 1 }, &[3, 5]),
            (doc! { "a.-1": 2 }, &[]),
        ],
    )
    .await
}

async fn positions_do_not_iterate_what_they_find(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [[1, 2], 3] },
        doc! { "_id": 2, "a": [{ "b": [1, 2] }] },
        doc! { "_id": 3, "a": [1] },
        doc! { "_id": 4, "a": [[[1, 2]]] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.0": [1, 2] }, &[1]),
            (doc! { "a.0": 2 }, &[]),
            (doc! { "a.0": { "$size": 2 } }, &[1]),
            (doc! { "a.0.b": 2 }, &[2]),
            (doc! { "a.0.b.1": 2 }, &[2]),
            (doc! { "a.0.1": 2 }, &[1]),
        ],
    )
    .await
}

async fn null_through_paths(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1 },
        doc! { "_id": 2, "a": null },
        doc! { "_id": 3, "a": 1 },
        doc! { "_id": 4, "a": {} },
        doc! { "_id": 5, "a": { "b": null } },
        doc! { "_id": 6, "a": { "b": 1 } },
        doc! { "_id": 7, "a": [] },
        doc! { "_id": 8, "a": [1, 2] },
        doc! { "_id": 9, "a": [{ "b": 1 }, {}] },
        doc! { "_id": 10, "a": [{ "b": 1 }] },
        doc! { "_id": 11, "a": [[{ "b": 2 }]] },
        doc! { "_id": 12, "a": [{ "b": null }] },
        doc! { "_id": 13, "a": [1, {}] },
        doc! { "_id": 14, "a": { "b": [] } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": null }, &[1, 2, 3, 4, 5, 9, 12, 13]),
            (doc! { "a.b": { "$ne": null } }, &[6, 7, 8, 10, 11, 14]),
            (doc! { "a.b": { "$in": [null] } }, &[1, 2, 3, 4, 5, 9, 12, 13]),
            (doc! { "a.b": { "$gte": null } }, &[1, 2, 3, 4, 5, 9, 12, 13]),
            (doc! { "a.b.c": null }, &[1, 2, 3, 4, 5, 6, 9, 10, 12, 13]),
            (doc! { "a.0": null }, &[1, 2, 3, 4, 5, 6, 9, 10, 12, 13, 14]),
        ],
    )
    .await
}

async fn ranges_through_paths(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": { "b": 5 } },
        doc! { "_id": 2, "a": [{ "b": 1 }, { "b": 9 }] },
        doc! { "_id": 3, "a": [{ "b": [1, 9] }] },
        doc! { "_id": 4, "a": { "b": "5" } },
        doc! { "_id": 5, "a": { "b": Bson::MinKey } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": { "$gt": 4 } }, &[1, 2, 3]),
            (doc! { "a.b": { "$gt": 4, "$lt": 6 } }, &[1, 2, 3]),
            (doc! { "a": { "$elemMatch": { "b": { "$gt": 4, "$lt": 6 } } } }, &[3]),
            (doc! { "a.b": { "$lt": Bson::MaxKey } }, &[1, 2, 3, 4, 5]),
        ],
    )
    .await
}

async fn empty_and_odd_names(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "": 1 },
        doc! { "_id": 2, "a": { "": 1 } },
        doc! { "_id": 3, "a b": 1 },
        doc! { "_id": 4, "é": 1 },
        doc! { "_id": 5, "a": { "$b": 1 } },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "": 1 }, &[1]),
            (doc! { "a.": 1 }, &[2]),
            (doc! { "a b": 1 }, &[3]),
            (doc! { "é": 1 }, &[4]),
            (doc! { "a.$b": 1 }, &[5]),
        ],
    )
    .await
}

async fn conditions_on_one_path_may_be_met_by_different_elements(db: Database) -> Outcome {
    let docs = [
        doc! { "_id": 1, "a": [{ "b": 1, "c": 1 }, { "b": 2, "c": 2 }] },
        doc! { "_id": 2, "a": [{ "b": 1, "c": 2 }] },
    ];
    check_filters(
        &db,
        &docs,
        &[
            (doc! { "a.b": 1, "a.c": 2 }, &[1, 2]),
            (doc! { "a": { "$elemMatch": { "b": 1, "c": 2 } } }, &[2]),
            (doc! { "a.b": { "$all": [1, 2] } }, &[1]),
        ],
    )
    .await
}
